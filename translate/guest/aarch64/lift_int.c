/* SPDX-License-Identifier: MIT */
/*
 * lift_int.c: data processing on general registers, in the order of base.dec.
 *
 * Aliases are recognised where their IR is cheaper than that of the general instruction
 * (MOV, LSL, UXTB, CSET, NEG ...), since back-ends see single ops, not instructions.
 */
#include "translate/guest/aarch64/lift.h"

/* ---- PC-relative addresses ---- */

bool a64_adr(Lift *l, const a64_adr_args *a)
{
    set_x(l, IR_I64, a->rd, target_pc(l, a->imm));
    return true;
}

bool a64_adrp(Lift *l, const a64_adrp_args *a)
{
    uint64_t page = align_down(l->pc.va, PAGE_BYTES);

    set_x(l, IR_I64, a->rd, imm(l, IR_I64, page + (uint64_t)a->imm));
    return true;
}

/* ---- add and subtract ---- */

/* with_flags: op on x and y, which also sets NZCV. */
static IrVal with_flags(Lift *l, IrOpcode op, IrVal x, IrVal y)
{
    return ir_emit(l->ir, op, x.type, IRF_SETF, x, y, IR_NONE, 0);
}

/* ADD (immediate). Register 31 is SP on both sides. ADRP+ADD becomes one constant. */
bool a64_add_imm(Lift *l, const a64_add_imm_args *a)
{
    IrType ty = x_type(a->sf);
    IrVal n = get_xsp(l, ty, a->rn);
    uint64_t k;

    if (a->rn == a->rd && a->rd != 31 && known_x(l, a->rn, &k)) {
        n = imm(l, ty, k);
    }
    set_xsp(l, ty, a->rd, a->imm ? ir_add(l->ir, n, imm(l, ty, a->imm)) : n);
    return true;
}

bool a64_adds_imm(Lift *l, const a64_adds_imm_args *a)
{
    IrType ty = x_type(a->sf);
    IrVal n = get_xsp(l, ty, a->rn);

    set_x(l, ty, a->rd, with_flags(l, IR_add, n, imm(l, ty, a->imm)));
    return true;
}

bool a64_sub_imm(Lift *l, const a64_sub_imm_args *a)
{
    IrType ty = x_type(a->sf);
    IrVal n = get_xsp(l, ty, a->rn);

    set_xsp(l, ty, a->rd, a->imm ? ir_sub(l->ir, n, imm(l, ty, a->imm)) : n);
    return true;
}

bool a64_subs_imm(Lift *l, const a64_subs_imm_args *a)
{
    IrType ty = x_type(a->sf);
    IrVal n = get_xsp(l, ty, a->rn);

    set_x(l, ty, a->rd, with_flags(l, IR_sub, n, imm(l, ty, a->imm)));
    return true;
}

/* ---- logical, immediate ---- */

bool a64_and_imm(Lift *l, const a64_and_imm_args *a)
{
    IrType ty = x_type(a->sf);
    uint64_t mask;

    if (!a64_bit_mask(a->sf, a->n, a->imms, a->immr, &mask)) {
        return false;
    }
    set_xsp(l, ty, a->rd, ir_and(l->ir, get_x(l, ty, a->rn), imm(l, ty, mask)));
    return true;
}

bool a64_orr_imm(Lift *l, const a64_orr_imm_args *a)
{
    IrType ty = x_type(a->sf);
    uint64_t mask;

    if (!a64_bit_mask(a->sf, a->n, a->imms, a->immr, &mask)) {
        return false;
    }
    set_xsp(l, ty, a->rd, ir_or(l->ir, get_x(l, ty, a->rn), imm(l, ty, mask)));
    return true;
}

bool a64_eor_imm(Lift *l, const a64_eor_imm_args *a)
{
    IrType ty = x_type(a->sf);
    uint64_t mask;

    if (!a64_bit_mask(a->sf, a->n, a->imms, a->immr, &mask)) {
        return false;
    }
    set_xsp(l, ty, a->rd, ir_xor(l->ir, get_x(l, ty, a->rn), imm(l, ty, mask)));
    return true;
}

bool a64_ands_imm(Lift *l, const a64_ands_imm_args *a)
{
    IrType ty = x_type(a->sf);
    uint64_t mask;

    if (!a64_bit_mask(a->sf, a->n, a->imms, a->immr, &mask)) {
        return false;
    }
    set_x(l, ty, a->rd, with_flags(l, IR_and, get_x(l, ty, a->rn), imm(l, ty, mask)));
    return true;
}

/* ---- move wide ---- */

bool a64_movn(Lift *l, const a64_movn_args *a)
{
    IrType ty = x_type(a->sf);

    set_x(l, ty, a->rd, imm(l, ty, ~((uint64_t)a->imm16 << a->lsb)));
    return true;
}

bool a64_movz(Lift *l, const a64_movz_args *a)
{
    IrType ty = x_type(a->sf);

    set_x(l, ty, a->rd, imm(l, ty, (uint64_t)a->imm16 << a->lsb));
    return true;
}

/* After a MOVZ, MOVN or MOVK of the same register the result is one more constant. */
bool a64_movk(Lift *l, const a64_movk_args *a)
{
    IrType ty = x_type(a->sf);
    uint64_t k;
    IrVal v;

    if (a->rd == 31) {
        return true;
    }
    if (known_x(l, a->rd, &k)) {
        k = (k & ~(0xffffull << a->lsb)) | (uint64_t)a->imm16 << a->lsb;
        v = imm(l, ty, k);
    } else {
        v = ir_op2i(l->ir, IR_bfi, get_x(l, ty, a->rd), imm(l, ty, a->imm16),
                    (uint32_t)a->lsb | 16u << 8);
    }
    set_x(l, ty, a->rd, v);
    return true;
}

/* ---- bitfields ---- */

/* low_bits: the low n bits of x, extended to its type. */
static IrVal low_bits(Lift *l, bool is_signed, IrVal x, unsigned n)
{
    if (n == 8 || n == 16 || n == 32) {
        return is_signed ? ir_sext(l->ir, x.type, x, n) : ir_zext(l->ir, x.type, x, n);
    }
    return ir_op1i(l->ir, is_signed ? IR_bfx_s : IR_bfx_u, x, n << 8);
}

/* extract: bits from immr to imms (or, with imms below immr, the low ones put at -immr).
 */
static IrVal extract(Lift *l, bool is_signed, IrVal x, unsigned immr, unsigned imms)
{
    unsigned width = 8 * ir_type_bytes(x.type);

    if (imms < immr) { /* LSL, UBFIZ, SBFIZ */
        unsigned lsb = width - immr, n = imms + 1;
        IrVal field = lsb + n == width ? x : low_bits(l, is_signed, x, n);

        return ir_shl(l->ir, field, imm(l, x.type, lsb));
    }
    if (immr == 0) { /* UXTB, SXTW ... */
        return imms == width - 1 ? x : low_bits(l, is_signed, x, imms + 1);
    }
    if (imms == width - 1) { /* LSR, ASR */
        return ir_op2(l->ir, is_signed ? IR_shr_s : IR_shr_u, x, imm(l, x.type, immr));
    }
    return ir_op1i(l->ir, is_signed ? IR_bfx_s : IR_bfx_u, x,
                   immr | (imms - immr + 1) << 8);
}

bool a64_sbfm(Lift *l, const a64_sbfm_args *a)
{
    IrType ty = x_type(a->sf);

    set_x(l, ty, a->rd, extract(l, true, get_x(l, ty, a->rn), a->immr, a->imms));
    return true;
}

bool a64_ubfm(Lift *l, const a64_ubfm_args *a)
{
    IrType ty = x_type(a->sf);

    set_x(l, ty, a->rd, extract(l, false, get_x(l, ty, a->rn), a->immr, a->imms));
    return true;
}

bool a64_bfm(Lift *l, const a64_bfm_args *a)
{
    IrType ty = x_type(a->sf);
    IrVal d = get_x(l, ty, a->rd), n = get_x(l, ty, a->rn);
    unsigned width = a->sf ? 64 : 32, lsb = 0, count = a->imms + 1;

    if (a->imms < a->immr) { /* BFI, BFC */
        lsb = width - a->immr;
    } else if (a->immr) { /* BFXIL */
        n = ir_shr_u(l->ir, n, imm(l, ty, a->immr));
        count -= a->immr;
    }
    if (a->rd == 31) {
        return true;
    }
    if (count == width) {
        set_x(l, ty, a->rd, n);
    } else if (ir_is_const(n.ref) && a->rn == 31) {
        uint64_t hole = bits(~0ull, 0, count) << lsb;

        set_x(l, ty, a->rd, ir_and(l->ir, d, imm(l, ty, ~hole)));
    } else {
        set_x(l, ty, a->rd, ir_op2i(l->ir, IR_bfi, d, n, lsb | count << 8));
    }
    return true;
}

/* EXTR; with both sources the same it is ROR (immediate). */
bool a64_extr(Lift *l, const a64_extr_args *a)
{
    IrType ty = x_type(a->sf);
    IrVal n = get_x(l, ty, a->rn), m = get_x(l, ty, a->rm), v;

    if (a->lsb == 0) {
        v = m;
    } else if (a->rn == a->rm) {
        v = ir_ror(l->ir, m, imm(l, ty, a->lsb));
    } else {
        v = ir_op2i(l->ir, IR_extr, n, m, (uint32_t)a->lsb);
    }
    set_x(l, ty, a->rd, v);
    return true;
}

/* ---- two sources ---- */

typedef struct {
    unsigned sf, rm, rn, rd;
} TwoSource;

static bool two_source(Lift *l, IrOpcode op, TwoSource a)
{
    IrType ty = x_type(a.sf);

    set_x(l, ty, a.rd, ir_op2(l->ir, op, get_x(l, ty, a.rn), get_x(l, ty, a.rm)));
    return true;
}

// clang-format off
#define TWO_SOURCE(name, op) \
    bool a64_##name(Lift *l, const a64_##name##_args *a) \
    { \
        return two_source(l, op, (TwoSource){ a->sf, a->rm, a->rn, a->rd }); \
    }
TWO_SOURCE(udiv, IR_div_u)
TWO_SOURCE(sdiv, IR_div_s)
TWO_SOURCE(lslv, IR_shl)
TWO_SOURCE(lsrv, IR_shr_u)
TWO_SOURCE(asrv, IR_shr_s)
TWO_SOURCE(rorv, IR_ror)
// clang-format on

static bool crc(Lift *l, IrOpcode op, unsigned size, TwoSource a)
{
    set_x(l, IR_I32, a.rd,
          ir_emit(l->ir, op, IR_I32, 0, get_x(l, IR_I32, a.rn), get_x(l, IR_I64, a.rm),
                  IR_NONE, 8u << size));
    return true;
}

bool a64_crc32(Lift *l, const a64_crc32_args *a)
{
    return crc(l, IR_crc32, a->size, (TwoSource){ 0, a->rm, a->rn, a->rd });
}

bool a64_crc32c(Lift *l, const a64_crc32c_args *a)
{
    return crc(l, IR_crc32c, a->size, (TwoSource){ 0, a->rm, a->rn, a->rd });
}

/* ---- one source ---- */

static bool one_source(Lift *l, IrOpcode op, unsigned sf, unsigned rn, unsigned rd)
{
    IrType ty = x_type(sf);

    set_x(l, ty, rd, ir_op1(l->ir, op, get_x(l, ty, rn)));
    return true;
}

bool a64_rbit(Lift *l, const a64_rbit_args *a)
{
    return one_source(l, IR_rbit, a->sf, a->rn, a->rd);
}

bool a64_rev16(Lift *l, const a64_rev16_args *a)
{
    return one_source(l, IR_bswap16, a->sf, a->rn, a->rd);
}

bool a64_rev32(Lift *l, const a64_rev32_args *a)
{
    return one_source(l, IR_bswap32, 1, a->rn, a->rd);
}

bool a64_rev(Lift *l, const a64_rev_args *a)
{
    return one_source(l, IR_bswap, a->sf, a->rn, a->rd);
}

bool a64_clz(Lift *l, const a64_clz_args *a)
{
    return one_source(l, IR_clz, a->sf, a->rn, a->rd);
}

bool a64_cls(Lift *l, const a64_cls_args *a)
{
    return one_source(l, IR_cls, a->sf, a->rn, a->rd);
}

bool a64_ctz(Lift *l, const a64_ctz_args *a)
{
    return one_source(l, IR_ctz, a->sf, a->rn, a->rd);
}

bool a64_cnt(Lift *l, const a64_cnt_args *a)
{
    return one_source(l, IR_popcnt, a->sf, a->rn, a->rd);
}

bool a64_abs(Lift *l, const a64_abs_args *a)
{
    IrType ty = x_type(a->sf);
    IrVal n = get_x(l, ty, a->rn), minus = ir_sub(l->ir, imm(l, ty, 0), n);

    set_x(l, ty, a->rd, ir_op2(l->ir, IR_max_s, n, minus));
    return true;
}

/* ---- minimum and maximum ---- */

#define MIN_MAX(name, op)                                                                \
    bool a64_##name##_reg(Lift *l, const a64_##name##_reg_args *a)                       \
    {                                                                                    \
        IrType ty = x_type(a->sf);                                                       \
                                                                                         \
        set_x(l, ty, a->rd,                                                              \
              ir_op2(l->ir, IR_##op, get_x(l, ty, a->rn), get_x(l, ty, a->rm)));         \
        return true;                                                                     \
    }                                                                                    \
    bool a64_##name##_imm(Lift *l, const a64_##name##_imm_args *a)                       \
    {                                                                                    \
        IrType ty = x_type(a->sf);                                                       \
                                                                                         \
        set_x(l, ty, a->rd,                                                              \
              ir_op2(l->ir, IR_##op, get_x(l, ty, a->rn), imm(l, ty, (uint64_t)a->imm))); \
        return true;                                                                     \
    }

// clang-format off
MIN_MAX(smax, max_s)
MIN_MAX(umax, max_u)
MIN_MAX(smin, min_s)
MIN_MAX(umin, min_u)
// clang-format on

/* ---- logical and add/subtract, shifted register ---- */

typedef struct {
    unsigned sf, shift, amount, rm, rn, rd;
} Shifted;

#define SHIFTED(a) (&(Shifted){ a->sf, a->shift, a->amount, a->rm, a->rn, a->rd })

/* shifted: the second operand, shift 0 to 3 being LSL, LSR, ASR, ROR. */
static IrVal shifted(Lift *l, const Shifted *a)
{
    static const uint16_t op[] = { IR_shl, IR_shr_u, IR_shr_s, IR_ror };
    IrType ty = x_type(a->sf);
    IrVal m = get_x(l, ty, a->rm);

    return a->amount ? ir_op2(l->ir, op[a->shift], m, imm(l, ty, a->amount)) : m;
}

static bool logical(Lift *l, IrOpcode op, const Shifted *a)
{
    IrType ty = x_type(a->sf);
    IrVal m = shifted(l, a);

    set_x(l, ty, a->rd, ir_op2(l->ir, op, get_x(l, ty, a->rn), m));
    return true;
}

static bool logical_flags(Lift *l, IrOpcode op, const Shifted *a)
{
    IrType ty = x_type(a->sf);
    IrVal m = shifted(l, a);

    set_x(l, ty, a->rd, with_flags(l, op, get_x(l, ty, a->rn), m));
    return true;
}

bool a64_and(Lift *l, const a64_and_args *a)
{
    return logical(l, IR_and, SHIFTED(a));
}

bool a64_bic(Lift *l, const a64_bic_args *a)
{
    return logical(l, IR_andn, SHIFTED(a));
}

/* ORR; MOV (register) when the first source is the zero register. */
bool a64_orr(Lift *l, const a64_orr_args *a)
{
    if (a->rn == 31) {
        set_x(l, x_type(a->sf), a->rd, shifted(l, SHIFTED(a)));
        return true;
    }
    return logical(l, IR_or, SHIFTED(a));
}

/* ORN; MVN when the first source is the zero register. */
bool a64_orn(Lift *l, const a64_orn_args *a)
{
    IrType ty = x_type(a->sf);

    if (a->rn == 31) {
        IrVal m = shifted(l, SHIFTED(a));

        set_x(l, ty, a->rd, ir_xor(l->ir, m, imm(l, ty, ~0ull)));
        return true;
    }
    return logical(l, IR_orn, SHIFTED(a));
}

bool a64_eor(Lift *l, const a64_eor_args *a)
{
    return logical(l, IR_xor, SHIFTED(a));
}

bool a64_eon(Lift *l, const a64_eon_args *a)
{
    return logical(l, IR_xorn, SHIFTED(a));
}

bool a64_ands(Lift *l, const a64_ands_args *a)
{
    return logical_flags(l, IR_and, SHIFTED(a));
}

bool a64_bics(Lift *l, const a64_bics_args *a)
{
    return logical_flags(l, IR_andn, SHIFTED(a));
}

/* Shift 3 is reserved in additions. */
static bool arith(Lift *l, IrOpcode op, bool flags, const Shifted *a)
{
    IrType ty = x_type(a->sf);
    IrVal n = get_x(l, ty, a->rn), m;

    if (a->shift == 3) {
        return false;
    }
    m = shifted(l, a);
    set_x(l, ty, a->rd, flags ? with_flags(l, op, n, m) : ir_op2(l->ir, op, n, m));
    return true;
}

bool a64_add(Lift *l, const a64_add_args *a)
{
    return arith(l, IR_add, false, SHIFTED(a));
}

bool a64_adds(Lift *l, const a64_adds_args *a)
{
    return arith(l, IR_add, true, SHIFTED(a));
}

bool a64_sub(Lift *l, const a64_sub_args *a)
{
    return arith(l, IR_sub, false, SHIFTED(a));
}

bool a64_subs(Lift *l, const a64_subs_args *a)
{
    return arith(l, IR_sub, true, SHIFTED(a));
}

/* ---- add/subtract, extended register ---- */

typedef struct {
    unsigned sf, option, shift, rm, rn, rd;
} Extended;

#define EXTENDED(a) (&(Extended){ a->sf, a->option, a->imm3, a->rm, a->rn, a->rd })

/* extended: option 0 to 7 is UXTB UXTH UXTW UXTX SXTB SXTH SXTW SXTX, then a left shift.
 */
static IrVal extended(Lift *l, const Extended *a)
{
    IrType ty = x_type(a->sf);
    IrVal m = get_x(l, ty, a->rm);
    unsigned from_bits = 8u << (a->option & 3);

    m = a->option & 4 ? ir_sext(l->ir, ty, m, from_bits)
                      : ir_zext(l->ir, ty, m, from_bits);
    return a->shift ? ir_shl(l->ir, m, imm(l, ty, a->shift)) : m;
}

static bool arith_ext(Lift *l, IrOpcode op, bool flags, const Extended *a)
{
    IrType ty = x_type(a->sf);
    IrVal n = get_xsp(l, ty, a->rn), m;

    if (a->shift > 4) {
        return false;
    }
    m = extended(l, a);
    if (flags) {
        set_x(l, ty, a->rd, with_flags(l, op, n, m));
    } else {
        set_xsp(l, ty, a->rd, ir_op2(l->ir, op, n, m));
    }
    return true;
}

bool a64_add_ext(Lift *l, const a64_add_ext_args *a)
{
    return arith_ext(l, IR_add, false, EXTENDED(a));
}

bool a64_adds_ext(Lift *l, const a64_adds_ext_args *a)
{
    return arith_ext(l, IR_add, true, EXTENDED(a));
}

bool a64_sub_ext(Lift *l, const a64_sub_ext_args *a)
{
    return arith_ext(l, IR_sub, false, EXTENDED(a));
}

bool a64_subs_ext(Lift *l, const a64_subs_ext_args *a)
{
    return arith_ext(l, IR_sub, true, EXTENDED(a));
}

/* ---- with carry ---- */

static bool carry(Lift *l, IrOpcode op, unsigned flags, TwoSource a)
{
    IrType ty = x_type(a.sf);

    set_x(l, ty, a.rd,
          ir_emit(l->ir, op, ty, flags, get_x(l, ty, a.rn), get_x(l, ty, a.rm), IR_NONE,
                  0));
    return true;
}

// clang-format off
#define CARRY(name, op, flags) \
    bool a64_##name(Lift *l, const a64_##name##_args *a) \
    { \
        return carry(l, op, flags, (TwoSource){ a->sf, a->rm, a->rn, a->rd }); \
    }
CARRY(adc,  IR_adc, 0)
CARRY(adcs, IR_adc, IRF_SETF)
CARRY(sbc,  IR_sbc, 0)
CARRY(sbcs, IR_sbc, IRF_SETF)
// clang-format on

/* ---- flag manipulation ---- */

/* RMIF: rotate right, then bits 3 to 0 into those of NZCV that the mask names. */
bool a64_rmif(Lift *l, const a64_rmif_args *a)
{
    IrVal n = ir_ror(l->ir, get_x(l, IR_I64, a->rn), imm(l, IR_I64, a->imm6));
    IrVal old = ir_emit(l->ir, IR_getf, IR_I64, 0, IR_NONE, IR_NONE, IR_NONE, 0);
    uint64_t mask = (uint64_t)a->mask << 28;

    n = ir_and(l->ir, ir_shl(l->ir, n, imm(l, IR_I64, 28)), imm(l, IR_I64, mask));
    old = ir_and(l->ir, old, imm(l, IR_I64, ~mask));
    ir_emit(l->ir, IR_setf, IR_I64, 0, ir_or(l->ir, n, old), IR_NONE, IR_NONE, 0);
    return true;
}

/* SETF8, SETF16: N and Z of the byte or halfword, V where the next higher bit differs, C
 * kept. */
bool a64_setf(Lift *l, const a64_setf_args *a)
{
    unsigned n_bits = a->sz ? 16 : 8;
    IrVal n = get_x(l, IR_I64, a->rn);
    IrVal old = ir_emit(l->ir, IR_getf, IR_I64, 0, IR_NONE, IR_NONE, IR_NONE, 0);
    IrVal low = ir_zext(l->ir, IR_I64, n, n_bits);
    /* (low - 1) >> 63 is 1 for 0 only */
    IrVal z = ir_shr_u(l->ir, ir_sub(l->ir, low, imm(l, IR_I64, 1)), imm(l, IR_I64, 63));
    IrVal sign = ir_op1i(l->ir, IR_bfx_u, n, (n_bits - 1) | 1u << 8);
    IrVal over = ir_xor(l->ir, sign, ir_op1i(l->ir, IR_bfx_u, n, n_bits | 1u << 8));
    IrVal f = ir_and(l->ir, old, imm(l, IR_I64, 1u << 29));

    f = ir_or(l->ir, f, ir_shl(l->ir, sign, imm(l, IR_I64, 31)));
    f = ir_or(l->ir, f, ir_shl(l->ir, z, imm(l, IR_I64, 30)));
    f = ir_or(l->ir, f, ir_shl(l->ir, over, imm(l, IR_I64, 28)));
    ir_emit(l->ir, IR_setf, IR_I64, 0, f, IR_NONE, IR_NONE, 0);
    return true;
}

/* ---- conditional compare ---- */

/* cond_compare: op is ccmp or ccmn. Conditions 14 and 15 both mean always: CMP, CMN. */
static bool cond_compare(Lift *l, IrOpcode op, IrVal n, IrVal m, unsigned cond,
                         unsigned nzcv)
{
    if (cond >= IR_AL) {
        with_flags(l, op == IR_ccmp ? IR_sub : IR_add, n, m);
    } else {
        ir_emit(l->ir, op, n.type, 0, n, m, IR_NONE, cond | nzcv << 8);
    }
    return true;
}

bool a64_ccmn(Lift *l, const a64_ccmn_args *a)
{
    IrType ty = x_type(a->sf);

    return cond_compare(l, IR_ccmn, get_x(l, ty, a->rn), get_x(l, ty, a->rm), a->cond,
                        a->nzcv);
}

bool a64_ccmn_imm(Lift *l, const a64_ccmn_imm_args *a)
{
    IrType ty = x_type(a->sf);

    return cond_compare(l, IR_ccmn, get_x(l, ty, a->rn), imm(l, ty, a->imm5), a->cond,
                        a->nzcv);
}

bool a64_ccmp(Lift *l, const a64_ccmp_args *a)
{
    IrType ty = x_type(a->sf);

    return cond_compare(l, IR_ccmp, get_x(l, ty, a->rn), get_x(l, ty, a->rm), a->cond,
                        a->nzcv);
}

bool a64_ccmp_imm(Lift *l, const a64_ccmp_imm_args *a)
{
    IrType ty = x_type(a->sf);

    return cond_compare(l, IR_ccmp, get_x(l, ty, a->rn), imm(l, ty, a->imm5), a->cond,
                        a->nzcv);
}

/* ---- conditional select ---- */

/* select: cond ? x : y. Conditions 14 and 15 both mean always. */
static IrVal select(Lift *l, unsigned cond, IrVal x, IrVal y)
{
    if (cond >= IR_AL || x.ref == y.ref) {
        return x;
    }
    return ir_emit(l->ir, IR_select, x.type, 0, x, y, IR_NONE, cond);
}

/* cset: not cond ? 1 : 0. */
static IrVal cset_inverted(Lift *l, IrType ty, unsigned cond)
{
    if (cond >= IR_AL) {
        return imm(l, ty, 0);
    }
    return ir_emit(l->ir, IR_cset, ty, 0, IR_NONE, IR_NONE, IR_NONE, cond ^ 1);
}

bool a64_csel(Lift *l, const a64_csel_args *a)
{
    IrType ty = x_type(a->sf);

    set_x(l, ty, a->rd, select(l, a->cond, get_x(l, ty, a->rn), get_x(l, ty, a->rm)));
    return true;
}

/* CSINC; CSET when both sources are the zero register. */
bool a64_csinc(Lift *l, const a64_csinc_args *a)
{
    IrType ty = x_type(a->sf);
    IrVal v;

    if (a->rn == 31 && a->rm == 31) {
        v = cset_inverted(l, ty, a->cond);
    } else {
        IrVal m = ir_add(l->ir, get_x(l, ty, a->rm), imm(l, ty, 1));

        v = select(l, a->cond, get_x(l, ty, a->rn), m);
    }
    set_x(l, ty, a->rd, v);
    return true;
}

/* CSINV; CSETM when both sources are the zero register. */
bool a64_csinv(Lift *l, const a64_csinv_args *a)
{
    IrType ty = x_type(a->sf);
    IrVal v;

    if (a->rn == 31 && a->rm == 31) {
        v = ir_sub(l->ir, imm(l, ty, 0), cset_inverted(l, ty, a->cond));
    } else {
        IrVal m = ir_xor(l->ir, get_x(l, ty, a->rm), imm(l, ty, ~0ull));

        v = select(l, a->cond, get_x(l, ty, a->rn), m);
    }
    set_x(l, ty, a->rd, v);
    return true;
}

bool a64_csneg(Lift *l, const a64_csneg_args *a)
{
    IrType ty = x_type(a->sf);
    IrVal m = ir_sub(l->ir, imm(l, ty, 0), get_x(l, ty, a->rm));

    set_x(l, ty, a->rd, select(l, a->cond, get_x(l, ty, a->rn), m));
    return true;
}

/* ---- three sources ---- */

/* multiply_add: rd = ra + or - x * y; without ra it is MUL, MNEG, SMULL ... */
static bool multiply_add(Lift *l, IrOpcode op, IrVal x, IrVal y, unsigned ra, unsigned rd)
{
    IrVal product = ir_mul(l->ir, x, y);

    if (ra != 31 || op == IR_sub) {
        product = ir_op2(l->ir, op, get_x(l, x.type, ra), product);
    }
    set_x(l, x.type, rd, product);
    return true;
}

bool a64_madd(Lift *l, const a64_madd_args *a)
{
    IrType ty = x_type(a->sf);

    return multiply_add(l, IR_add, get_x(l, ty, a->rn), get_x(l, ty, a->rm), a->ra,
                        a->rd);
}

bool a64_msub(Lift *l, const a64_msub_args *a)
{
    IrType ty = x_type(a->sf);

    return multiply_add(l, IR_sub, get_x(l, ty, a->rn), get_x(l, ty, a->rm), a->ra,
                        a->rd);
}

static IrVal sext_w(Lift *l, unsigned r)
{
    return ir_sext(l->ir, IR_I64, get_x(l, IR_I64, r), 32);
}

static IrVal zext_w(Lift *l, unsigned r)
{
    return ir_zext(l->ir, IR_I64, get_x(l, IR_I64, r), 32);
}

bool a64_smaddl(Lift *l, const a64_smaddl_args *a)
{
    return multiply_add(l, IR_add, sext_w(l, a->rn), sext_w(l, a->rm), a->ra, a->rd);
}

bool a64_smsubl(Lift *l, const a64_smsubl_args *a)
{
    return multiply_add(l, IR_sub, sext_w(l, a->rn), sext_w(l, a->rm), a->ra, a->rd);
}

bool a64_umaddl(Lift *l, const a64_umaddl_args *a)
{
    return multiply_add(l, IR_add, zext_w(l, a->rn), zext_w(l, a->rm), a->ra, a->rd);
}

bool a64_umsubl(Lift *l, const a64_umsubl_args *a)
{
    return multiply_add(l, IR_sub, zext_w(l, a->rn), zext_w(l, a->rm), a->ra, a->rd);
}

bool a64_smulh(Lift *l, const a64_smulh_args *a)
{
    return two_source(l, IR_mulh_s, (TwoSource){ 1, a->rm, a->rn, a->rd });
}

bool a64_umulh(Lift *l, const a64_umulh_args *a)
{
    return two_source(l, IR_mulh_u, (TwoSource){ 1, a->rm, a->rn, a->rd });
}
