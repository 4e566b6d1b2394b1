/* SPDX-License-Identifier: MIT */
/*
 * lift_fp.c: scalar floating point. One IR op for each operation: doubles with IR_VL_LANE, narrower
 * numbers with IR_VL_BOX, which is what NaN boxing is in the IR.
 *
 * Rounding: frm is the IR's rounding mode, so rm = DYN costs nothing. A mode in the instruction that
 * is RNE is the same while frm is RNE too (code is translated for that: RV_MODE_FRM_SET); else it
 * goes into the op.
 */
#include "translate/guest/riscv64/lift.h"

#define LIFT(name) bool rv_##name(Lift *l, const rv_##name##_args *a)

/* Formats as instructions number them. */
enum { FMT_S, FMT_D, FMT_H };

static IrType fmt_type(unsigned fmt)
{
    static const uint8_t type[] = { [FMT_S] = IR_F32, [FMT_D] = IR_F64, [FMT_H] = IR_F16 };

    return (IrType)type[fmt];
}

static IrType fmt_int(unsigned fmt)
{
    static const uint8_t type[] = { [FMT_S] = IR_I32, [FMT_D] = IR_I64, [FMT_H] = IR_I16 };

    return (IrType)type[fmt];
}

static unsigned fmt_vl(unsigned fmt)
{
    return fmt == FMT_D ? IR_VL_LANE : IR_VL_BOX;
}

static IrVal get_f(Lift *l, unsigned r)
{
    return ir_reg(l->ir, RV_F0 + r, IR_V128);
}

static void set_f(Lift *l, unsigned r, IrVal v)
{
    ir_set(l->ir, RV_F0 + r, v);
}

/* ---- rounding modes ---- */

static bool rm_ok(const Lift *l, unsigned rm)
{
    return rm == RV_DYN ? !(l->mode & RV_MODE_FRM_RESERVED) : rm <= RV_RMM;
}

static IrRound rm_round(unsigned rm)
{
    static const uint8_t round[] = { [RV_RNE] = IR_RN_EVEN, [RV_RTZ] = IR_RN_ZERO,
                                     [RV_RDN] = IR_RN_DOWN, [RV_RUP] = IR_RN_UP,
                                     [RV_RMM] = IR_RN_AWAY, [RV_DYN] = IR_RN_CUR };

    return (IrRound)round[rm];
}

/* fixed: the immediate of an op that rounds as rm says. */
static uint32_t fixed(const Lift *l, unsigned rm)
{
    bool same = rm == RV_RNE && !(l->mode & RV_MODE_FRM_SET);

    return same ? 0 : ir_fixed_round(rm_round(rm));
}

/* ---- arithmetic ---- */

static bool fp1(Lift *l, IrOpcode op, unsigned fmt, unsigned rd, unsigned rs1, uint32_t k)
{
    set_f(l, rd, ir_v1(l->ir, op, fmt_type(fmt), fmt_vl(fmt), get_f(l, rs1), k));
    return true;
}

static bool fp2(Lift *l, IrOpcode op, unsigned fmt, unsigned rd, unsigned rs1, unsigned rs2,
                uint32_t k)
{
    set_f(l, rd, ir_v2(l->ir, op, fmt_type(fmt), fmt_vl(fmt), get_f(l, rs1), get_f(l, rs2), k));
    return true;
}

/* The product is the op's a and b, of which it can negate a. */
#define FP3(name, negate)                                                                \
    LIFT(name)                                                                           \
    {                                                                                    \
        if (!rm_ok(l, a->rm)) {                                                          \
            return false;                                                                \
        }                                                                                \
        set_f(l, a->rd, ir_v3(l->ir, IR_fma, fmt_type(a->fmt), fmt_vl(a->fmt),           \
                              get_f(l, a->rs1), get_f(l, a->rs2), get_f(l, a->rs3),      \
                              (negate) | fixed(l, a->rm)));                              \
        return true;                                                                     \
    }
#define FP2(name)                                                                        \
    LIFT(name)                                                                           \
    {                                                                                    \
        return rm_ok(l, a->rm) &&                                                        \
               fp2(l, IR_##name, a->fmt, a->rd, a->rs1, a->rs2, fixed(l, a->rm));        \
    }
#define FP2_EXACT(name, op, k)                                                           \
    LIFT(name)                                                                           \
    {                                                                                    \
        return fp2(l, IR_##op, a->fmt, a->rd, a->rs1, a->rs2, k);                        \
    }

// clang-format off
FP3(fmadd,  0)              /*  rs1 * rs2 + rs3 */
FP3(fmsub,  2)              /*  rs1 * rs2 - rs3 */
FP3(fnmsub, 1)              /* -rs1 * rs2 + rs3 */
FP3(fnmadd, 1 | 2)          /* -rs1 * rs2 - rs3 */

FP2(fadd)
FP2(fsub)
FP2(fmul)
FP2(fdiv)

FP2_EXACT(fmin, fminnm, 0)
FP2_EXACT(fmax, fmaxnm, 0)
FP2_EXACT(fminm, fmin, 0)
FP2_EXACT(fmaxm, fmax, 0)
// clang-format on

LIFT(fsqrt)
{
    return rm_ok(l, a->rm) && fp1(l, IR_fsqrt, a->fmt, a->rd, a->rs1, fixed(l, a->rm));
}

/* ---- signs: of one register they are FMV, FNEG and FABS ---- */

LIFT(fsgnj)
{
    if (a->rs1 == a->rs2) {
        return fp1(l, IR_vmov, a->fmt, a->rd, a->rs1, 0);
    }
    return fp2(l, IR_fsgnj, a->fmt, a->rd, a->rs1, a->rs2, 0);
}

LIFT(fsgnjn)
{
    if (a->rs1 == a->rs2) {
        return fp1(l, IR_fneg, a->fmt, a->rd, a->rs1, 0);
    }
    return fp2(l, IR_fsgnj, a->fmt, a->rd, a->rs1, a->rs2, 1);
}

LIFT(fsgnjx)
{
    if (a->rs1 == a->rs2) {
        return fp1(l, IR_fabs, a->fmt, a->rd, a->rs1, 0);
    }
    return fp2(l, IR_fsgnj, a->fmt, a->rd, a->rs1, a->rs2, 2);
}

/* ---- comparison ---- */

void rv_compare(Lift *l, IrOpcode op, IrCond cond, unsigned fmt, unsigned rd, unsigned rs1,
                unsigned rs2)
{
    ir_v2(l->ir, op, fmt_type(fmt), fmt_vl(fmt), get_f(l, rs1), get_f(l, rs2), 0);
    rv_set_x(l, rd, rv_cset(l, cond));
}

#define COMPARE(name, op, cond)                                                          \
    LIFT(name)                                                                           \
    {                                                                                    \
        rv_compare(l, IR_##op, IR_##cond, a->fmt, a->rd, a->rs1, a->rs2);                \
        return true;                                                                     \
    }

// clang-format off
COMPARE(feq, fcmp,  EQ)
COMPARE(flt, fcmpe, MI)
COMPARE(fle, fcmpe, LS)
COMPARE(fltq, fcmp, MI)
COMPARE(fleq, fcmp, LS)
// clang-format on

/*
 * FCLASS: with the sign away, the bit pattern's place among the least number of each class: zero is
 * class 4, subnormal 5, normal 6, infinite 7, and mirrored 3 to 0 when negative; above are NaNs.
 */
LIFT(fclass)
{
    static const uint64_t normal[] = { 1ull << 23, 1ull << 52, 1ull << 10 };
    static const uint64_t inf[] = { 0x7f800000, 0x7ff0000000000000, 0x7c00 };
    IrType ty = fmt_type(a->fmt);
    uint64_t sign = a->fmt == FMT_D ? 1ull << 63 : a->fmt == FMT_S ? 1ull << 31 : 1ull << 15;
    unsigned quiet = a->fmt == FMT_D ? 51 : a->fmt == FMT_S ? 22 : 9;
    IrVal v = ir_v1(l->ir, IR_vmov, ty, fmt_vl(a->fmt), get_f(l, a->rs1), 0);
    IrVal x = ir_v1(l->ir, IR_vget_u, fmt_int(a->fmt), 0, v, 0);
    IrVal mag = ir_and(l->ir, x, imm64(l, sign - 1));
    IrVal nan, place, mirrored;

    /* place: how many of the classes' least numbers mag reaches */
    rv_set_flags(l, mag, imm64(l, 1));
    place = rv_cset(l, IR_HS);
    rv_set_flags(l, mag, imm64(l, normal[a->fmt]));
    place = ir_add(l->ir, place, rv_cset(l, IR_HS));
    rv_set_flags(l, mag, imm64(l, inf[a->fmt]));
    place = ir_add(l->ir, place, rv_cset(l, IR_HS));
    mirrored = ir_sub(l->ir, imm(l, 3), place);
    place = ir_add(l->ir, place, imm(l, 4));
    rv_set_flags(l, ir_and(l->ir, x, imm64(l, sign)), imm64(l, 0));
    place = rv_select(l, IR_EQ, place, mirrored);
    /* of a NaN instead: 8 signalling, 9 quiet */
    nan = ir_and(l->ir, ir_shr_u(l->ir, mag, imm64(l, quiet)), imm64(l, 1));
    nan = ir_emit(l->ir, IR_mov, rv_xlen(l), 0, nan, IR_NONE, IR_NONE, 0);
    nan = ir_add(l->ir, nan, imm(l, 8));
    rv_set_flags(l, mag, imm64(l, inf[a->fmt]));
    rv_set_x(l, a->rd, ir_shl(l->ir, imm(l, 1), rv_select(l, IR_HI, nan, place)));
    return true;
}

/* ---- conversions ---- */

/* A wider format holds every number of a narrower one, whatever the rounding mode. */
LIFT(fcvt_f)
{
    static const uint8_t bits[] = { [FMT_S] = 32, [FMT_D] = 64, [FMT_H] = 16 };
    uint32_t round = bits[a->fmt] > bits[a->from] ? 0 : fixed(l, a->rm);

    if (!rm_ok(l, a->rm)) {
        return false;
    }
    set_f(l, a->rd, ir_v1(l->ir, IR_fcvt, fmt_type(a->from), IR_VL_BOX, get_f(l, a->rs1),
                          fmt_type(a->fmt) | round));
    return true;
}

static IrType int_type(unsigned dbl)
{
    return dbl ? IR_I64 : IR_I32;
}

LIFT(fcvt_to_i)
{
    IrRound round = rm_round(a->rm & 7);
    IrVal v;

    if (!rm_ok(l, a->rm) || (a->dbl && rv_is_32(l))) {
        return false;
    }
    v = ir_emit(l->ir, a->uns ? IR_fto_i_u : IR_fto_i_s, int_type(a->dbl), fmt_vl(a->fmt),
                get_f(l, a->rs1), IR_NONE, IR_NONE,
                round | (uint32_t)fmt_type(a->fmt) << 16);
    if (a->dbl) {
        rv_set_x(l, a->rd, v);
    } else {
        rv_set_w(l, a->rd, v);
    }
    return true;
}

LIFT(fcvt_from_i)
{
    uint32_t round = a->fmt == FMT_D && !a->dbl ? 0 : fixed(l, a->rm);
    IrVal x = a->dbl ? rv_get_x(l, a->rs1) : rv_get_w(l, a->rs1);

    if (!rm_ok(l, a->rm) || (a->dbl && rv_is_32(l))) {
        return false;
    }
    set_f(l, a->rd, ir_emit(l->ir, a->uns ? IR_i_uto_f : IR_i_sto_f, int_type(a->dbl),
                            fmt_vl(a->fmt), x, IR_NONE, IR_NONE,
                            (uint32_t)fmt_type(a->fmt) << 16 | round));
    return true;
}

/* ---- Zfa: rounding to integers, modulo 2^32, constants ---- */

LIFT(fround)
{
    return rm_ok(l, a->rm) && fp1(l, IR_fround, a->fmt, a->rd, a->rs1, rm_round(a->rm));
}

LIFT(froundnx)
{
    return rm_ok(l, a->rm) &&
           fp1(l, IR_fround, a->fmt, a->rd, a->rs1, rm_round(a->rm) | IR_ROUND_EXACT);
}

LIFT(fcvtmod_w_d)
{
    IrVal v = ir_v1(l->ir, IR_fto_js, IR_F64, IR_VL_LANE, get_f(l, a->rs1), 0);

    rv_set_x(l, a->rd, rv_is_32(l) ? v : ir_sext(l->ir, IR_I64, v, 32));
    return true;
}

/* fli_double: what FLI means; but for 1, the least normal number, 30 and 31, infinity and NaN. */
static double fli_double(unsigned k)
{
    static const double of[32] = {
        -1, 0, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125, 0.25, 0.3125, 0.375, 0.4375, 0.5,
        0.625, 0.75, 0.875, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256, 0x1p15, 0x1p16,
    };

    return of[k];
}

/* fli_half: 2^-15 and 2^-16 are subnormal, 2^16 is beyond all halves. */
static uint64_t fli_half(uint64_t as_double)
{
    int exp = (int)(as_double >> 52 & 0x7ff) - 1023 + 15;
    uint64_t sign = as_double >> 63 << 15, frac = as_double >> 42 & 0x3ff;

    return exp > 30  ? sign | 0x7c00
           : exp > 0 ? sign | (uint64_t)exp << 10 | frac
                     : sign | (frac | 0x400) >> (1 - exp);
}

static uint64_t fli_bits(unsigned fmt, unsigned k)
{
    static const uint64_t special[3][32] = {
        [FMT_S] = { [1] = 1u << 23, [30] = 0x7f800000, [31] = 0x7fc00000 },
        [FMT_D] = { [1] = 1ull << 52, [30] = 0x7ff0000000000000, [31] = 0x7ff8000000000000 },
        [FMT_H] = { [1] = 1u << 10, [30] = 0x7c00, [31] = 0x7e00 },
    };
    double d = fli_double(k);
    float s = (float)d;
    uint64_t bits;
    uint32_t word;

    memcpy(&bits, &d, sizeof(bits));
    memcpy(&word, &s, sizeof(word));
    return special[fmt][k] ? special[fmt][k]
           : fmt == FMT_D  ? bits
           : fmt == FMT_S  ? word
                           : fli_half(bits);
}

static IrVal f_const(Lift *l, uint64_t bits)
{
    return ir_v1(l->ir, IR_vconst, IR_I64, IR_VL_LANE, imm64(l, bits), 0);
}

LIFT(fli)
{
    static const uint64_t above[] = { [FMT_S] = ~0ull << 32, [FMT_D] = 0, [FMT_H] = ~0ull << 16 };

    set_f(l, a->rd, f_const(l, fli_bits(a->fmt, a->k) | above[a->fmt]));
    return true;
}

/* ---- Zfbfmin ---- */

/*
 * The upper half of a single: multiplied by 1 for the sake of NaNs. What is not boxed is the
 * canonical NaN of bfloat16.
 */
LIFT(fcvt_s_bf16)
{
    const uint64_t one = 0xffffffff3f800000, nan = 0x7fc0;
    IrVal x, half, bad, v;

    if (!rm_ok(l, a->rm)) {
        return false;
    }
    x = ir_v1(l->ir, IR_vget_u, IR_I64, 0, get_f(l, a->rs1), 0);
    half = ir_and(l->ir, x, imm64(l, 0xffff));
    /* bad: all ones when there are zeros above; no flags, as the product below may leave */
    bad = ir_xor(l->ir, ir_shr_u(l->ir, x, imm64(l, 16)), imm64(l, ~0ull >> 16));
    bad = ir_sub(l->ir, imm64(l, 0), ir_op2(l->ir, IR_min_u, bad, imm64(l, 1)));
    half = ir_or(l->ir, ir_op2(l->ir, IR_andn, half, bad), ir_and(l->ir, bad, imm64(l, nan)));
    v = ir_emit(l->ir, IR_vmov_i, IR_I32, IR_VL_BOX, ir_shl(l->ir, half, imm64(l, 16)), IR_NONE,
                IR_NONE, 0);
    set_f(l, a->rd, ir_v2(l->ir, IR_fmul, IR_F32, IR_VL_BOX, v, f_const(l, one), 0));
    return true;
}

LIFT(fcvt_bf16_s)
{
    if (!rm_ok(l, a->rm)) {
        return false;
    }
    set_f(l, a->rd, ir_v1(l->ir, IR_bfnarrow, IR_F32, IR_VL_BOX, get_f(l, a->rs1),
                          fixed(l, a->rm)));
    return true;
}

/* ---- moves: of bits, boxed or not ---- */

LIFT(fmv_x_f)
{
    IrOpcode op = a->fmt == FMT_D ? IR_vget_u : IR_vget_s;

    rv_set_x(l, a->rd, ir_v1(l->ir, op, fmt_int(a->fmt), 0, get_f(l, a->rs1), 0));
    return true;
}

LIFT(fmv_f_x)
{
    IrVal x = a->fmt == FMT_D ? rv_get_x(l, a->rs1) : rv_get_w(l, a->rs1);

    set_f(l, a->rd, ir_emit(l->ir, IR_vmov_i, fmt_int(a->fmt), fmt_vl(a->fmt), x, IR_NONE, IR_NONE, 0));
    return true;
}

/* ---- memory ---- */

static bool load(Lift *l, unsigned fmt, unsigned rd, unsigned rs1, int64_t disp)
{
    IrVal base = rv_address(l, rs1, &disp);

    set_f(l, rd, ir_vload(l->ir, fmt_int(fmt), fmt == FMT_D ? 0 : IR_VL_BOX, base, IR_NONE, 0,
                          (int32_t)disp));
    return true;
}

static bool store(Lift *l, unsigned fmt, unsigned rs2, unsigned rs1, int64_t disp)
{
    IrVal base = rv_address(l, rs1, &disp);

    ir_vstore(l->ir, fmt_int(fmt), 0, base, IR_NONE, 0, (int32_t)disp, get_f(l, rs2));
    return true;
}

#define LOAD(name, fmt)                                                                  \
    LIFT(name)                                                                           \
    {                                                                                    \
        return load(l, fmt, a->rd, a->rs1, (int64_t)a->imm);                             \
    }
#define STORE(name, fmt)                                                                 \
    LIFT(name)                                                                           \
    {                                                                                    \
        return store(l, fmt, a->rs2, a->rs1, (int64_t)a->imm);                           \
    }

// clang-format off
LOAD(flh, FMT_H)
LOAD(flw, FMT_S)
LOAD(fld, FMT_D)
STORE(fsh, FMT_H)
STORE(fsw, FMT_S)
STORE(fsd, FMT_D)
// clang-format on

/* The upper half of a double, which x registers of RV32 cannot hold. */
LIFT(fmvh_x_d)
{
    rv_set_x(l, a->rd, ir_v1(l->ir, IR_vget_u, IR_I32, 0, get_f(l, a->rs1), 1));
    return true;
}

LIFT(fmvp_d_x)
{
    IrVal x = rv_get_both(l, a->rs1, a->rs2);

    set_f(l, a->rd, ir_emit(l->ir, IR_vmov_i, IR_I64, fmt_vl(FMT_D), x, IR_NONE, IR_NONE, 0));
    return true;
}
