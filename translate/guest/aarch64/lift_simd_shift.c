/* SPDX-License-Identifier: MIT */
/*
 * lift_simd_shift.c: Advanced SIMD modified immediate and shift by immediate (simd_shift.dec).
 *
 * A shift's immh:immb is the lane width plus a left count, or twice the width minus a right
 * count; the highest 1 of immh tells the width.
 */
#include "translate/guest/aarch64/lift_simd.h"

/* ---- modified immediate ---- */

static uint64_t repeat16(uint64_t x)
{
    return x * 0x0001000100010001;
}

static uint64_t repeat32(uint64_t x)
{
    return x * 0x0000000100000001;
}

static uint64_t repeat_float(uint64_t sz, uint64_t x)
{
    return sz == 3 ? repeat16(x) : sz ? x : repeat32(x);
}

/* expand_bits: each bit of imm8 as a byte of eight such bits. */
static uint64_t expand_bits(uint64_t imm8)
{
    uint64_t out = 0;

    for (unsigned i = 0; i < 8; i++) {
        out |= (imm8 >> i & 1) * 0xffull << 8 * i;
    }
    return out;
}

static bool move_imm(Lift *l, unsigned q, unsigned rd, uint64_t value)
{
    set_v(l, rd, v_const(l, vl_q(q), value));
    return true;
}

/* combine_imm: rd = rd op value (ORR, BIC). */
static bool combine_imm(Lift *l, IrOpcode op, unsigned q, unsigned rd, uint64_t value)
{
    IrVal k = v_const(l, vl_q(q), value);

    set_v(l, rd, ir_v2(l->ir, op, IR_I8, vl_q(q), get_v(l, rd), k, 0));
    return true;
}

#define MOVE_IMM(name, value)                                                            \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return move_imm(l, a->q, a->rd, value);                                          \
    }
#define COMBINE_IMM(name, op, value)                                                     \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return combine_imm(l, IR_##op, a->q, a->rd, value);                              \
    }

// clang-format off
MOVE_IMM(movi_8,    repeat16(a->imm8 * 0x0101))
MOVE_IMM(movi_16,   repeat16(a->imm8 << 8 * a->sh))
MOVE_IMM(movi_32,   repeat32(a->imm8 << 8 * a->sh))
MOVE_IMM(movi_msl,  repeat32(a->imm8 * (a->ones + 1) | a->ones))
MOVE_IMM(movi_64,   expand_bits(a->imm8))
MOVE_IMM(mvni_16,   ~repeat16(a->imm8 << 8 * a->sh))
MOVE_IMM(mvni_32,   ~repeat32(a->imm8 << 8 * a->sh))
MOVE_IMM(mvni_msl,  ~repeat32(a->imm8 * (a->ones + 1) | a->ones))
MOVE_IMM(fmov_vec_imm, repeat_float(a->sz, fp_expand_imm(a->sz, a->imm8)))
COMBINE_IMM(orr_16, vor,   repeat16(a->imm8 << 8 * a->sh))
COMBINE_IMM(orr_32, vor,   repeat32(a->imm8 << 8 * a->sh))
COMBINE_IMM(bic_16, vandn, repeat16(a->imm8 << 8 * a->sh))
COMBINE_IMM(bic_32, vandn, repeat32(a->imm8 << 8 * a->sh))
// clang-format on

/* ---- shifts ---- */

typedef struct {
    bool ok;            /* allocated: immh is not 0, and not a vector of one 64-bit lane */
    unsigned vl;
    unsigned q;
    unsigned size;      /* 0 to 3, of the (narrow) lane */
    unsigned left;      /* 0 to width - 1 */
    unsigned right;     /* 1 to width */
    unsigned rd, rn;
} Shift;

static Shift shift_of(uint64_t immh, uint64_t immb, unsigned vl, unsigned q, unsigned rd,
                      unsigned rn)
{
    Shift s = { .vl = vl, .q = q, .rd = rd, .rn = rn };
    unsigned value = (unsigned)(immh << 3 | immb);

    if (!immh) {
        return s;
    }
    s.size = 31 - (unsigned)__builtin_clz((unsigned)immh);
    s.left = value - (8u << s.size);
    s.right = (16u << s.size) - value;
    s.ok = !(vl == IR_VL_64 && s.size == 3);
    return s;
}

#define SHIFT_S shift_of(a->immh, a->immb, vl_of(a->scalar, a->q), a->q, a->rd, a->rn)
/* SHIFT_W: one side is a full vector (or a scalar), q chooses the half of the other. */
#define SHIFT_W                                                                          \
    shift_of(a->immh, a->immb, a->scalar ? IR_VL_LANE : IR_VL_128, a->q, a->rd, a->rn)

/* shift: rd = rn op count, with acc added to rd. */
static bool shift(Lift *l, IrOpcode op, IrOpcode acc, Shift s, unsigned count)
{
    IrType ty = int_type(s.size);

    if (!s.ok) {
        return false;
    }
    IrVal v = ir_v1(l->ir, op, ty, s.vl, get_v(l, s.rn), count);

    set_v(l, s.rd, v_accumulate(l, acc, ty, s.vl, s.rd, v));
    return true;
}

/* shift_insert: SLI, SRI keep some bits of rd. */
static bool shift_insert(Lift *l, IrOpcode op, Shift s, unsigned count)
{
    if (!s.ok) {
        return false;
    }
    set_v(l, s.rd, ir_v2(l->ir, op, int_type(s.size), s.vl, get_v(l, s.rd), get_v(l, s.rn),
                         count));
    return true;
}

#define RIGHT(name, op, acc)                                                             \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        Shift s = SHIFT_S;                                                               \
                                                                                         \
        return shift(l, IR_##op, acc, s, s.right);                                       \
    }
#define LEFT(name, op)                                                                   \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        Shift s = SHIFT_S;                                                               \
                                                                                         \
        return shift(l, IR_##op, ACC_NONE, s, s.left);                                   \
    }

// clang-format off
RIGHT(sshr,  vshr_s_i,  ACC_NONE)
RIGHT(ushr,  vshr_u_i,  ACC_NONE)
RIGHT(srshr, vrshr_s_i, ACC_NONE)
RIGHT(urshr, vrshr_u_i, ACC_NONE)
RIGHT(ssra,  vshr_s_i,  IR_vadd)
RIGHT(usra,  vshr_u_i,  IR_vadd)
RIGHT(srsra, vrshr_s_i, IR_vadd)
RIGHT(ursra, vrshr_u_i, IR_vadd)
LEFT(shl,       vshl_i)
LEFT(sqshl_imm, vqshl_s_i)
LEFT(uqshl_imm, vqshl_u_i)
LEFT(sqshlu,    vqshl_su_i)
// clang-format on

bool a64_sri(Lift *l, const a64_sri_args *a)
{
    Shift s = SHIFT_S;

    return shift_insert(l, IR_vsri_i, s, s.right);
}

bool a64_sli(Lift *l, const a64_sli_args *a)
{
    Shift s = SHIFT_S;

    return shift_insert(l, IR_vsli_i, s, s.left);
}

/* ---- shifts that narrow or widen ---- */

/* shift_narrow: wide lanes shifted right by op, then made narrow by pack. */
static bool shift_narrow(Lift *l, IrOpcode op, IrOpcode pack, Shift s)
{
    IrType ty = int_type(s.size + 1);

    if (!s.ok || s.size == 3) {
        return false;
    }
    IrVal v = ir_v1(l->ir, op, ty, s.vl, get_v(l, s.rn), s.right);

    set_v_narrow(l, s.rd, s.q, ir_v1(l->ir, pack, ty, s.vl, v, 0));
    return true;
}

#define SHIFT_NARROW(name, op, pack)                                                     \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return shift_narrow(l, IR_##op, IR_##pack, SHIFT_W);                             \
    }
#define SHIFT_NARROW_V(name, op, pack)                                                   \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        Shift s = shift_of(a->immh, a->immb, IR_VL_128, a->q, a->rd, a->rn);             \
                                                                                         \
        return shift_narrow(l, IR_##op, IR_##pack, s);                                   \
    }

// clang-format off
SHIFT_NARROW_V(shrn,   vshr_u_i,  vnarrow)
SHIFT_NARROW_V(rshrn,  vrshr_u_i, vnarrow)
SHIFT_NARROW(sqshrn,   vshr_s_i,  vqnarrow_s)
SHIFT_NARROW(sqrshrn,  vrshr_s_i, vqnarrow_s)
SHIFT_NARROW(uqshrn,   vshr_u_i,  vqnarrow_u)
SHIFT_NARROW(uqrshrn,  vrshr_u_i, vqnarrow_u)
SHIFT_NARROW(sqshrun,  vshr_s_i,  vqnarrow_su)
SHIFT_NARROW(sqrshrun, vrshr_s_i, vqnarrow_su)
// clang-format on

/* shift_long: extend, then shift left; no shift for the SXTL and UXTL aliases. */
static bool shift_long(Lift *l, IrOpcode ext, Shift s)
{
    IrType ty = int_type(s.size + 1);

    if (!s.ok || s.size == 3) {
        return false;
    }
    IrVal v = ir_v1(l->ir, ext, ty, IR_VL_128, get_v(l, s.rn), s.q);

    set_v(l, s.rd, s.left ? ir_v1(l->ir, IR_vshl_i, ty, IR_VL_128, v, s.left) : v);
    return true;
}

bool a64_sshll(Lift *l, const a64_sshll_args *a)
{
    return shift_long(l, IR_vext_s, shift_of(a->immh, a->immb, 0, a->q, a->rd, a->rn));
}

bool a64_ushll(Lift *l, const a64_ushll_args *a)
{
    return shift_long(l, IR_vext_u, shift_of(a->immh, a->immb, 0, a->q, a->rd, a->rn));
}

/* ---- fixed point: the right count is the number of fraction bits ---- */

static bool fixed(Lift *l, IrOpcode op, IrRound round, uint64_t half, Shift s)
{
    if (!s.ok || (s.size < 2 && !half)) {
        return false;
    }
    set_v(l, s.rd, ir_v1(l->ir, op, fp_type(half ? 3 : s.size == 3), s.vl, get_v(l, s.rn),
                         round | s.right << 8));
    return true;
}

#define FIXED(name, op, round)                                                           \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fixed(l, IR_##op, round, a->half, SHIFT_S);                               \
    }

// clang-format off
FIXED(scvtf_vec_fix,  sto_f, 0)
FIXED(ucvtf_vec_fix,  uto_f, 0)
FIXED(fcvtzs_vec_fix, fto_s, IR_RN_ZERO)
FIXED(fcvtzu_vec_fix, fto_u, IR_RN_ZERO)
// clang-format on
