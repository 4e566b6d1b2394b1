/* SPDX-License-Identifier: MIT */
/*
 * rules_vec.c: the table of vector rules, parts they share, and the rules for bitwise, lane
 * arithmetic and compare ops. Sequences and alternatives: x86 has no 8-bit multiply or shift,
 * no unsigned compare before AVX-512 and no 64-bit arithmetic shift; those cost extra here.
 */
#include "translate/host/x86_64/rules_vec.h"

VecRule *const vec_rules[IR_OP_COUNT] = {
#define X(name) [IR_##name] = rule_##name,
    VEC_RULES(X)
#undef X
};

// clang-format off
const VOp vop_add[4] = { V_paddb, V_paddw, V_paddd, V_paddq };
const VOp vop_sub[4] = { V_psubb, V_psubw, V_psubd, V_psubq };
const VOp vop_cmp_eq[4] = { V_pcmpeqb, V_pcmpeqw, V_pcmpeqd, V_pcmpeqq };
const VOp vop_cmp_gt[4] = { V_pcmpgtb, V_pcmpgtw, V_pcmpgtd, V_pcmpgtq };
static const VOp vop_min_s[4] = { V_pminsb, V_pminsw, V_pminsd };
static const VOp vop_max_s[4] = { V_pmaxsb, V_pmaxsw, V_pmaxsd };
static const VOp vop_min_u[4] = { V_pminub, V_pminuw, V_pminud };
static const VOp vop_max_u[4] = { V_pmaxub, V_pmaxuw, V_pmaxud };
static const VOp vop_abs[4] = { V_pabsb, V_pabsw, V_pabsd };
static const VOp vop_adds_s[4] = { V_paddsb, V_paddsw };
static const VOp vop_adds_u[4] = { V_paddusb, V_paddusw };
static const VOp vop_subs_s[4] = { V_psubsb, V_psubsw };
static const VOp vop_subs_u[4] = { V_psubusb, V_psubusw };
static const VOp vop_avg[4] = { V_pavgb, V_pavgw };
// clang-format on

/* ---- shared parts ---- */

uint64_t lane_splat(unsigned type, uint64_t v)
{
    static const uint64_t ones[] = { 0x0101010101010101, 0x0001000100010001, 0x100000001, 1 };
    unsigned l = lane_log2(type);

    return l < 3 ? ones[l] * (v & ((1ull << (8u << l)) - 1)) : v;
}

Mem emit_splat(Emit *e, unsigned type, uint64_t v)
{
    v = lane_splat(type, v);
    return emit_const128(e, v, v);
}

void emit_ones(Emit *e, int d)
{
    vop3(&e->as, V_pcmpeqd, d, d, d);
}

void emit_vconst(Emit *e, int d, uint64_t lo, uint64_t hi)
{
    if (lo == 0 && hi == 0)
        vzero(&e->as, d);
    else if (lo == ~0ull && hi == ~0ull)
        emit_ones(e, d);
    else if (hi == 0)
        vop2m(&e->as, V_movq, d, emit_const128(e, lo, hi));
    else
        vop2m(&e->as, V_movaps, d, emit_const128(e, lo, hi));
}

void emit_vl_to(Emit *e, int d, int s, unsigned vl, unsigned type)
{
    unsigned l = lane_log2(type);

    if (vl == IR_VL_128 || l == 4)
        asm_vmov(&e->as, d, s);
    else if (vl == IR_VL_64 || l == 3)
        vop2(&e->as, V_movq, d, s);
    else if (vl == IR_VL_BOX)
        vop3m(&e->as, V_por, d, s, emit_const128(e, ~0ull << (8u << l), 0));
    else if (l == 2)
        vop3i(&e->as, V_insertps, d, s, s, 0x0e);
    else
        vop3m(&e->as, V_pand, d, s, emit_const128(e, l ? 0xffff : 0xff, 0));
}

void emit_vl(Emit *e, int d, unsigned vl, unsigned type)
{
    if (vl == IR_VL_128)
        return;
    emit_vl_to(e, d, d, vl, type);
    emit_zero_note(e, d, vl, type);
}

void emit_set_qc_if(Emit *e, int x, unsigned vl, unsigned type)
{
    Asm *as = &e->as;
    uint8_t *over;

    emit_vl(e, x, vl, type);
    vop2(as, V_ptest, x, x);
    over = asm_jcc8(as, CC_Z);
    asm_mov_mi(as, 4, emit_rt(qc), 1);
    asm_patch8(as, over);
}

void emit_not(Emit *e, int d)
{
    emit_ones(e, VT2);
    vop3(&e->as, V_pxor, d, d, VT2);
}

static VOp by_lane(const VOp row[4], const IrOp *op)
{
    unsigned l = lane_log2(op->type);

    return l < 4 ? row[l] : V_NONE;
}

/* The common rule: one instruction by lane size. */
static bool lane3(Emit *e, const IrOp *op, const VOp row[4], int d, int a, int b)
{
    VOp v = by_lane(row, op);

    if (!v)
        return false;
    vop3(&e->as, v, d, a, b);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/* ---- moves and bitwise ---- */

RULE(vmov)
{
    if (emit_zero_known(e, a, op_vl(op), op->type)) {
        emit_vmov(e, d, a);
        e->zero_noted |= 1u << d;
    } else {
        emit_vl_to(e, d, a, op_vl(op), op->type);
        emit_zero_note(e, d, op_vl(op), op->type);
    }
    return true;
}

static bool bitwise(Emit *e, const IrOp *op, VOp v, int d, int a, int b)
{
    vop3(&e->as, v, d, a, b);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vand)
{
    return bitwise(e, op, V_pand, d, a, b);
}

RULE(vor)
{
    return bitwise(e, op, V_por, d, a, b);
}

RULE(vxor)
{
    return bitwise(e, op, V_pxor, d, a, b);
}

RULE(vandn)
{
    return bitwise(e, op, V_pandn, d, b, a);
}

RULE(vorn)
{
    emit_ones(e, VT0);
    vop3(&e->as, V_pxor, VT0, VT0, b);
    return bitwise(e, op, V_por, d, a, VT0);
}

RULE(vnot)
{
    emit_ones(e, VT0);
    return bitwise(e, op, V_pxor, d, a, VT0);
}

void emit_ternary(Emit *e, unsigned table, int d, int a, int b, int c)
{
    int t = d != a && (d == b || d == c) ? VT0 : d;

    asm_vmov(&e->as, t, a);
    asm_vpternlog(&e->as, t, b, c, table);
    asm_vmov(&e->as, d, t);
}

RULE(vxor3)
{
    if (!e->hf->avx512vl) {
        vop3(&e->as, V_pxor, VT0, a, b);
        return bitwise(e, op, V_pxor, d, VT0, c);
    }
    emit_ternary(e, TERNARY_XOR, d, a, b, c);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vbcax)
{
    if (!e->hf->avx512vl) {
        vop3(&e->as, V_pandn, VT0, c, b);
        return bitwise(e, op, V_pxor, d, VT0, a);
    }
    emit_ternary(e, TERNARY_BCAX, d, a, b, c);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vbsl)
{
    if (e->hf->avx512vl) {
        emit_ternary(e, 0xe4, d, a, b, c);
        emit_vl(e, d, op_vl(op), op->type);
        return true;
    }
    vop3(&e->as, V_pandn, VT0, c, b);
    vop3(&e->as, V_pand, VT1, a, c);
    return bitwise(e, op, V_por, d, VT0, VT1);
}

/* ---- arithmetic ---- */

RULE(vadd)
{
    return lane3(e, op, vop_add, d, a, b);
}

RULE(vsub)
{
    return lane3(e, op, vop_sub, d, a, b);
}

/* Bytes: odd and even ones as words. */
static void mul_bytes(Asm *as, Mem low_bytes, int d, int a, int b)
{
    vshift(as, V_psrlw_i, VT0, a, 8);
    vshift(as, V_psrlw_i, VT1, b, 8);
    vop3(as, V_pmullw, VT0, VT0, VT1);
    vshift(as, V_psllw_i, VT0, VT0, 8);
    vop3(as, V_pmullw, VT1, a, b);
    vop3m(as, V_pand, VT1, VT1, low_bytes);
    vop3(as, V_por, d, VT0, VT1);
}

RULE(vmul)
{
    switch (op->type) {
    case IR_I8: mul_bytes(&e->as, emit_splat(e, IR_I16, 0xff), d, a, b); break;
    case IR_I16: vop3(&e->as, V_pmullw, d, a, b); break;
    case IR_I32: vop3(&e->as, V_pmulld, d, a, b); break;
    default: return false;
    }
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vneg)
{
    vzero(&e->as, VT0);
    return lane3(e, op, vop_sub, d, VT0, a);
}

/* 64-bit lanes: (a ^ m) - m with m the sign. */
static void abs64(Asm *as, int d, int a)
{
    vzero(as, VT0);
    vop3(as, V_pcmpgtq, VT0, VT0, a);
    vop3(as, V_pxor, VT1, a, VT0);
    vop3(as, V_psubq, d, VT1, VT0);
}

static void emit_abs(Emit *e, const IrOp *op, int d, int a)
{
    VOp v = by_lane(vop_abs, op);

    if (v)
        vop2(&e->as, v, d, a);
    else
        abs64(&e->as, d, a);
}

RULE(vabs)
{
    emit_abs(e, op, d, a);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vmin_s)
{
    return lane3(e, op, vop_min_s, d, a, b);
}

RULE(vmax_s)
{
    return lane3(e, op, vop_max_s, d, a, b);
}

RULE(vmin_u)
{
    return lane3(e, op, vop_min_u, d, a, b);
}

RULE(vmax_u)
{
    return lane3(e, op, vop_max_u, d, a, b);
}

static bool abs_difference(Emit *e, const IrOp *op, const VOp max[4], const VOp min[4], int d,
                           int a, int b)
{
    if (!by_lane(max, op))
        return false;
    vop3(&e->as, by_lane(max, op), VT0, a, b);
    vop3(&e->as, by_lane(min, op), VT1, a, b);
    return lane3(e, op, vop_sub, d, VT0, VT1);
}

RULE(vabd_s)
{
    return abs_difference(e, op, vop_max_s, vop_min_s, d, a, b);
}

RULE(vabd_u)
{
    return abs_difference(e, op, vop_max_u, vop_min_u, d, a, b);
}

/* Halving: the carry of a + b is a & b, its sum without carries a ^ b. */
RULE(vhadd_s)
{
    vop3(&e->as, V_pxor, VT0, a, b);
    emit_shr_s(e, op->type, VT0, VT0, 1);
    vop3(&e->as, V_pand, VT1, a, b);
    return lane3(e, op, vop_add, d, VT0, VT1);
}

RULE(vhadd_u)
{
    vop3(&e->as, V_pxor, VT0, a, b);
    emit_shr_u(e, op->type, VT0, VT0, 1);
    vop3(&e->as, V_pand, VT1, a, b);
    return lane3(e, op, vop_add, d, VT0, VT1);
}

/* a - b is (a ^ b) - 2 * (~a & b). */
RULE(vhsub_s)
{
    vop3(&e->as, V_pxor, VT0, a, b);
    emit_shr_s(e, op->type, VT0, VT0, 1);
    vop3(&e->as, V_pandn, VT1, a, b);
    return lane3(e, op, vop_sub, d, VT0, VT1);
}

RULE(vhsub_u)
{
    vop3(&e->as, V_pxor, VT0, a, b);
    emit_shr_u(e, op->type, VT0, VT0, 1);
    vop3(&e->as, V_pandn, VT1, a, b);
    return lane3(e, op, vop_sub, d, VT0, VT1);
}

/* Rounded up: (a | b) - ((a ^ b) >> 1). */
RULE(vrhadd_s)
{
    vop3(&e->as, V_pxor, VT0, a, b);
    emit_shr_s(e, op->type, VT0, VT0, 1);
    vop3(&e->as, V_por, VT1, a, b);
    return lane3(e, op, vop_sub, d, VT1, VT0);
}

RULE(vrhadd_u)
{
    if (by_lane(vop_avg, op))
        return lane3(e, op, vop_avg, d, a, b);
    vop3(&e->as, V_pxor, VT0, a, b);
    emit_shr_u(e, op->type, VT0, VT0, 1);
    vop3(&e->as, V_por, VT1, a, b);
    return lane3(e, op, vop_sub, d, VT1, VT0);
}

/* ---- saturating ---- */

/* Finish with the result in r and, in x, something that is not zero where it saturated. */
static bool sat_end(Emit *e, const IrOp *op, int d, int r, int x)
{
    emit_set_qc_if(e, x, op_vl(op), op->type);
    emit_vl_to(e, d, r, op_vl(op), op->type);
    return true;
}

/* 8 and 16 bits: the saturating instruction against the wrapping one. */
static bool sat_small(Emit *e, const IrOp *op, VOp sat, VOp wrap, int d, int a, int b)
{
    vop3(&e->as, sat, VT0, a, b);
    vop3(&e->as, wrap, VT1, a, b);
    vop3(&e->as, V_pxor, VT1, VT1, VT0);
    return sat_end(e, op, d, VT0, VT1);
}

/*
 * 32 and 64 bits, signed: VT0 = wrapped result, the sign of VT1 says overflow. The bound is
 * MAX for a >= 0, else MIN.
 */
static bool sat_signed(Emit *e, const IrOp *op, int d, int a)
{
    Asm *as = &e->as;
    unsigned top = lane_bits(op->type) - 1;

    emit_shr_s(e, op->type, VT1, VT1, top);
    emit_shr_s(e, op->type, VT2, a, top);
    vop3m(as, V_pxor, VT2, VT2, emit_splat(e, op->type, (1ull << top) - 1));
    vblend(as, VT0, VT0, VT2, VT1);
    return sat_end(e, op, d, VT0, VT1);
}

RULE(vqadd_s)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    if (by_lane(vop_adds_s, op))
        return sat_small(e, op, by_lane(vop_adds_s, op), by_lane(vop_add, op), d, a, b);
    vop3(as, by_lane(vop_add, op), VT0, a, b);
    vop3(as, V_pxor, VT1, VT0, a);
    vop3(as, V_pxor, VT2, VT0, b);
    vop3(as, V_pand, VT1, VT1, VT2);
    return sat_signed(e, op, d, a);
}

RULE(vqsub_s)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    if (by_lane(vop_subs_s, op))
        return sat_small(e, op, by_lane(vop_subs_s, op), by_lane(vop_sub, op), d, a, b);
    vop3(as, by_lane(vop_sub, op), VT0, a, b);
    vop3(as, V_pxor, VT1, a, b);
    vop3(as, V_pxor, VT2, a, VT0);
    vop3(as, V_pand, VT1, VT1, VT2);
    return sat_signed(e, op, d, a);
}

/* VT1 = x > y, unsigned 64-bit lanes, by way of VT2. */
static void cmp_gt_u64(Emit *e, int x, int y)
{
    Mem sign = emit_splat(e, IR_I64, 1ull << 63);

    vop2m(&e->as, V_movaps, VT1, sign);
    vop3(&e->as, V_pxor, VT2, VT1, y);
    vop3(&e->as, V_pxor, VT1, VT1, x);
    vop3(&e->as, V_pcmpgtq, VT1, VT1, VT2);
}

RULE(vqadd_u)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    if (by_lane(vop_adds_u, op))
        return sat_small(e, op, by_lane(vop_adds_u, op), by_lane(vop_add, op), d, a, b);
    if (op->type == IR_I32) {       /* a + min(b, ~a) */
        emit_ones(e, VT0);
        vop3(as, V_pxor, VT0, VT0, a);
        vop3(as, V_pminud, VT0, VT0, b);
        vop3(as, V_pxor, VT1, VT0, b);
        vop3(as, V_paddd, VT0, VT0, a);
        return sat_end(e, op, d, VT0, VT1);
    }
    vop3(as, V_paddq, VT0, a, b);
    cmp_gt_u64(e, a, VT0);
    vop3(as, V_por, VT0, VT0, VT1);
    return sat_end(e, op, d, VT0, VT1);
}

RULE(vqsub_u)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    if (by_lane(vop_subs_u, op))
        return sat_small(e, op, by_lane(vop_subs_u, op), by_lane(vop_sub, op), d, a, b);
    if (op->type == IR_I32) {       /* a - min(a, b) */
        vop3(as, V_pminud, VT2, a, b);
        vop3(as, V_pxor, VT1, VT2, b);
        vop3(as, V_psubd, VT0, a, VT2);
        return sat_end(e, op, d, VT0, VT1);
    }
    vop3(as, V_psubq, VT0, a, b);
    cmp_gt_u64(e, b, a);
    vop3(as, V_pandn, VT0, VT1, VT0);
    return sat_end(e, op, d, VT0, VT1);
}

/* a with its sign flipped is unsigned and counts from MIN: the sum saturates as it should. */
RULE(vuqadd_s)
{
    Asm *as = &e->as;
    Mem sign = emit_splat(e, op->type, 1ull << (lane_bits(op->type) - 1));

    if (op->type == IR_I64)
        return false;
    emit_clobber_flags(e);
    vop3m(as, V_pxor, VT0, a, sign);
    if (op->type == IR_I32) {
        emit_ones(e, VT1);
        vop3(as, V_pxor, VT1, VT1, VT0);
        vop3(as, V_pminud, VT1, VT1, b);        /* what can be added */
        vop3(as, V_paddd, VT0, VT0, VT1);
        vop3(as, V_pxor, VT1, VT1, b);
    } else {
        vop3(as, by_lane(vop_adds_u, op), VT0, VT0, b);
        vop3(as, by_lane(vop_add, op), VT1, a, b);
        vop3(as, V_pxor, VT1, VT1, VT0);
        vop3m(as, V_pxor, VT1, VT1, sign);
    }
    vop3m(as, V_pxor, VT0, VT0, sign);
    return sat_end(e, op, d, VT0, VT1);
}

/* b's positive lanes are added and its negative ones taken off, of which either are 0. */
RULE(vsqadd_u)
{
    Asm *as = &e->as;

    if (!by_lane(vop_adds_u, op))
        return false;
    emit_clobber_flags(e);
    vzero(as, VT0);
    vop3(as, by_lane(vop_cmp_gt, op), VT2, VT0, b);
    vop3(as, by_lane(vop_sub, op), VT1, VT0, b);
    vop3(as, V_pand, VT1, VT1, VT2);
    vop3(as, V_pandn, VT2, VT2, b);
    vop3(as, by_lane(vop_adds_u, op), VT0, a, VT2);
    vop3(as, by_lane(vop_subs_u, op), VT0, VT0, VT1);
    vop3(as, by_lane(vop_add, op), VT1, a, b);
    vop3(as, V_pxor, VT1, VT1, VT0);
    return sat_end(e, op, d, VT0, VT1);
}

/* VT0 = a result that is MIN exactly where it should be MAX, seen in the sign of x. */
static bool sat_min_to_max(Emit *e, const IrOp *op, int d, int x)
{
    vzero(&e->as, VT2);
    vop3(&e->as, by_lane(vop_cmp_gt, op), VT1, VT2, x);
    vop3(&e->as, by_lane(vop_add, op), VT0, VT0, VT1);
    return sat_end(e, op, d, VT0, VT1);
}

RULE(vqabs)
{
    emit_clobber_flags(e);
    if (op->type == IR_I64) {
        abs64(&e->as, VT2, a);
        asm_vmov(&e->as, VT0, VT2);
    } else {
        emit_abs(e, op, VT0, a);
    }
    return sat_min_to_max(e, op, d, VT0);
}

RULE(vqneg)
{
    emit_clobber_flags(e);
    vzero(&e->as, VT0);
    vop3(&e->as, by_lane(vop_sub, op), VT0, VT0, a);
    vop3(&e->as, V_pand, VT1, VT0, a);
    return sat_min_to_max(e, op, d, VT1);
}

/* VT0 = high half of twice the 32-bit lanes' product plus addend. */
static void mul_high32(Emit *e, uint32_t addend, int a, int b)
{
    Asm *as = &e->as;

    vshift(as, V_psrlq_i, VT1, a, 32);
    vshift(as, V_psrlq_i, VT2, b, 32);
    vop3(as, V_pmuldq, VT1, VT1, VT2);
    vop3(as, V_pmuldq, VT0, a, b);
    vop3(as, V_paddq, VT0, VT0, VT0);
    vop3(as, V_paddq, VT1, VT1, VT1);
    if (addend) {
        vop2m(as, V_movaps, VT2, emit_splat(e, IR_I64, addend));
        vop3(as, V_paddq, VT0, VT0, VT2);
        vop3(as, V_paddq, VT1, VT1, VT2);
    }
    vshift(as, V_psrlq_i, VT0, VT0, 32);
    vop3i(as, V_pblendw, VT0, VT0, VT1, 0xcc);
}

/* MIN * MIN is the only overflow, and the only product that comes out as MIN: flip it. */
static bool mul_high_end(Emit *e, const IrOp *op, int d)
{
    Asm *as = &e->as;

    vop2m(as, V_movaps, VT1, emit_splat(e, op->type, 1ull << (lane_bits(op->type) - 1)));
    vop3(as, by_lane(vop_cmp_eq, op), VT1, VT1, VT0);
    vop3(as, V_pxor, VT0, VT0, VT1);
    return sat_end(e, op, d, VT0, VT1);
}

RULE(vqdmulh)
{
    Asm *as = &e->as;

    if (op->type != IR_I16 && op->type != IR_I32)
        return false;
    emit_clobber_flags(e);
    if (op->type == IR_I16) {
        vop3(as, V_pmulhw, VT0, a, b);
        vop3(as, V_pmullw, VT1, a, b);
        vop3(as, V_paddw, VT0, VT0, VT0);
        vshift(as, V_psrlw_i, VT1, VT1, 15);
        vop3(as, V_por, VT0, VT0, VT1);
    } else {
        mul_high32(e, 0, a, b);
    }
    return mul_high_end(e, op, d);
}

RULE(vqrdmulh)
{
    if (op->type != IR_I16 && op->type != IR_I32)
        return false;
    emit_clobber_flags(e);
    if (op->type == IR_I16)
        vop3(&e->as, V_pmulhrsw, VT0, a, b);
    else
        mul_high32(e, 1u << 31, a, b);
    return mul_high_end(e, op, d);
}

/*
 * vqrdmlah, vqrdmlsh: the accumulator is added to the rounded high half h, whose only overflow is
 * MIN * MIN: MAX + 1 then, and the only time it comes out as MIN. Subtracting c - h would round
 * ties the wrong way, so h is made with one less than half.
 */
static bool rdm_16(Emit *e, const IrOp *op, bool sub, int d, int a, int b, int c)
{
    Asm *as = &e->as;
    Mem min = emit_splat(e, IR_I16, 0x8000);

    vop3(as, V_pmulhrsw, VT0, a, b);
    vop2m(as, V_movaps, VT1, min);
    vop3(as, V_pcmpeqw, VT1, VT1, VT0);         /* where it is MAX + 1 */
    if (sub) {
        vop3(as, V_pmullw, VT2, a, b);
        vop3(as, V_paddw, VT2, VT2, VT2);
        vop3m(as, V_pcmpeqw, VT2, VT2, min);
        vop3(as, V_paddw, VT0, VT0, VT2);       /* a tie */
    }
    vop3(as, sub ? V_psubw : V_paddw, XMM15, c, VT0);
    vop3(as, V_paddw, VT0, VT0, VT1);
    vop3(as, sub ? V_psubsw : V_paddsw, VT2, c, VT0);
    vop3(as, sub ? V_paddsw : V_psubsw, VT2, VT2, VT1);
    vop3(as, V_pxor, VT1, VT2, XMM15);
    return sat_end(e, op, d, VT2, VT1);
}

static bool rdm_32(Emit *e, const IrOp *op, bool sub, int d, int a, int b, int c)
{
    Asm *as = &e->as;

    mul_high32(e, sub ? 0x7fffffff : 1u << 31, a, b);
    vop2m(as, V_movaps, VT2, emit_splat(e, IR_I32, 1u << 31));
    vop3(as, V_pcmpeqd, VT2, VT2, VT0);
    vop3(as, V_pxor, VT2, VT2, VT0);            /* with the sign h has really */
    if (sub) {
        vop3(as, V_pxor, VT1, VT2, c);
        vop3(as, V_psubd, VT0, c, VT0);
        vop3(as, V_pxor, VT2, VT0, c);
    } else {
        vop3(as, V_paddd, VT0, VT0, c);
        vop3(as, V_pxor, VT1, VT0, c);
        vop3(as, V_pxor, VT2, VT2, VT0);
    }
    vop3(as, V_pand, VT1, VT1, VT2);
    return sat_signed(e, op, d, c);
}

RULE(vqrdmlah)
{
    if (op->type != IR_I16 && op->type != IR_I32)
        return false;
    emit_clobber_flags(e);
    return (op->type == IR_I16 ? rdm_16 : rdm_32)(e, op, false, d, a, b, c);
}

RULE(vqrdmlsh)
{
    if (op->type != IR_I16 && op->type != IR_I32)
        return false;
    emit_clobber_flags(e);
    return (op->type == IR_I16 ? rdm_16 : rdm_32)(e, op, true, d, a, b, c);
}

/* ---- compares ---- */

RULE(vcmp_eq)
{
    return lane3(e, op, vop_cmp_eq, d, a, b);
}

RULE(vcmp_gt_s)
{
    return lane3(e, op, vop_cmp_gt, d, a, b);
}

/* Finish with ~VT1. */
static bool cmp_not(Emit *e, const IrOp *op, int d)
{
    emit_ones(e, VT0);
    return bitwise(e, op, V_pxor, d, VT0, VT1);
}

RULE(vcmp_ge_s)
{
    if (op->type == IR_I64) {
        vop3(&e->as, V_pcmpgtq, VT1, b, a);
        return cmp_not(e, op, d);
    }
    vop3(&e->as, by_lane(vop_max_s, op), VT0, a, b);
    return lane3(e, op, vop_cmp_eq, d, VT0, a);
}

RULE(vcmp_gt_u)
{
    if (op->type == IR_I64) {
        cmp_gt_u64(e, a, b);
        emit_vl_to(e, d, VT1, op_vl(op), op->type);
        return true;
    }
    vop3(&e->as, by_lane(vop_max_u, op), VT0, a, b);
    vop3(&e->as, by_lane(vop_cmp_eq, op), VT1, VT0, b);
    return cmp_not(e, op, d);
}

RULE(vcmp_ge_u)
{
    if (op->type == IR_I64) {
        cmp_gt_u64(e, b, a);
        return cmp_not(e, op, d);
    }
    vop3(&e->as, by_lane(vop_max_u, op), VT0, a, b);
    return lane3(e, op, vop_cmp_eq, d, VT0, a);
}

RULE(vtst)
{
    vop3(&e->as, V_pand, VT1, a, b);
    vzero(&e->as, VT0);
    vop3(&e->as, by_lane(vop_cmp_eq, op), VT1, VT1, VT0);
    return cmp_not(e, op, d);
}

/* ---- bit counts: tables of 16 indexed by nibble ---- */

/* VT0, VT1 = low and high nibbles of the bytes of a. */
static void nibbles(Emit *e, int a)
{
    Asm *as = &e->as;

    vop2m(as, V_movaps, VT2, emit_splat(e, IR_I8, 0x0f));
    vshift(as, V_psrlw_i, VT1, a, 4);
    vop3(as, V_pand, VT0, a, VT2);
    vop3(as, V_pand, VT1, VT1, VT2);
}

/* x = table[x], by bytes; VT2 is lost. */
static void lookup(Emit *e, int x, uint64_t lo, uint64_t hi)
{
    vop2m(&e->as, V_movaps, VT2, emit_const128(e, lo, hi));
    vop3(&e->as, V_pshufb, VT2, VT2, x);
    asm_vmov(&e->as, x, VT2);
}

RULE(vcnt)
{
    const uint64_t lo = 0x0302020102010100, hi = 0x0403030203020201;

    nibbles(e, a);
    lookup(e, VT0, lo, hi);
    lookup(e, VT1, lo, hi);
    vop3(&e->as, V_paddb, d, VT0, VT1);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/*
 * VT0 = leading zeros of each lane of twice the size: the upper half's, plus the lower's where
 * the upper is empty. VT0 holds the counts of lanes of `half` bits.
 */
static void clz_double(Emit *e, unsigned type, unsigned half)
{
    Asm *as = &e->as;

    emit_shr_u(e, type, VT1, VT0, half);
    vop3m(as, V_pand, VT0, VT0, emit_splat(e, type, (1u << half) - 1));
    vop2m(as, V_movaps, VT2, emit_splat(e, type, half));
    vop3(as, vop_cmp_eq[lane_log2(type)], VT2, VT2, VT1);
    vop3(as, V_pand, VT0, VT0, VT2);
    vop3(as, vop_add[lane_log2(type)], VT0, VT0, VT1);
}

/* VT0 = leading zeros of a; up to 32 bits. */
static void clz(Emit *e, unsigned type, int a)
{
    const uint64_t lo = 0x0101010102020304, hi = 0;
    Asm *as = &e->as;

    nibbles(e, a);
    lookup(e, VT0, lo, hi);
    vzero(as, VT2);
    vop3(as, V_pcmpeqb, VT2, VT2, VT1);
    vop3(as, V_pand, VT0, VT0, VT2);
    lookup(e, VT1, lo, hi);
    vop3(as, V_paddb, VT0, VT0, VT1);
    if (type != IR_I8)
        clz_double(e, IR_I16, 8);
    if (type == IR_I32)
        clz_double(e, IR_I32, 16);
}

RULE(vclz)
{
    if (lane_log2(op->type) > 2)
        return false;
    clz(e, op->type, a);
    emit_vl_to(e, d, VT0, op_vl(op), op->type);
    return true;
}

RULE(vcls)
{
    if (lane_log2(op->type) > 2)
        return false;
    emit_shr_s(e, op->type, VT0, a, lane_bits(op->type) - 1);
    vop3(&e->as, V_pxor, VT0, VT0, a);
    clz(e, op->type, VT0);
    emit_ones(e, VT1);
    return lane3(e, op, vop_add, d, VT0, VT1);
}

RULE(vrbit)
{
    Asm *as = &e->as;

    if (e->hf->gfni && as->has_avx) {   /* the bit matrix with ones on the other diagonal */
        vop3mi(as, V_gf2p8affineqb, d, a,
               emit_const128(e, 0x8040201008040201, 0x8040201008040201), 0);
    } else {
        nibbles(e, a);
        lookup(e, VT0, 0xe060a020c0408000, 0xf070b030d0509010);
        lookup(e, VT1, 0x0e060a020c040800, 0x0f070b030d050901);
        vop3(as, V_por, d, VT0, VT1);
    }
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/*
 * With VNNI: of two signed or two unsigned operands one is moved by 128, and 128 times the sum of the
 * other taken off again. Nothing saturates on the way.
 */
static bool dot_vnni(Emit *e, const IrOp *op, int d, int a, int b, int c)
{
    Asm *as = &e->as;
    bool is_signed = op->op == IR_vdot_s;
    Mem by = emit_splat(e, IR_I8, 0x80);

    asm_vmov(as, VT0, c);
    if (op->op == IR_vdot_us) {
        asm_vpdpbusd(as, VT0, a, b);
        emit_vl_to(e, d, VT0, op_vl(op), IR_I32);
        return true;
    }
    vop2m(as, V_movaps, VT2, by);
    vop3(as, V_pxor, VT1, is_signed ? a : b, VT2);
    asm_vpdpbusd(as, VT0, is_signed ? VT1 : a, is_signed ? b : VT1);
    vzero(as, VT1);
    asm_vpdpbusd(as, VT1, is_signed ? VT2 : a, is_signed ? b : VT2);
    vop3(as, V_psubd, d, VT0, VT1);
    emit_vl(e, d, op_vl(op), IR_I32);
    return true;
}

/* Even and odd bytes as words, multiplied and added in pairs, give whole 32-bit lanes. */
static bool dot(Emit *e, const IrOp *op, VOp right_a, VOp right_b, int d, int a, int b, int c)
{
    Asm *as = &e->as;

    if (e->hf->avx512vnni)
        return dot_vnni(e, op, d, a, b, c);
    vshift(as, V_psllw_i, VT0, a, 8);
    vshift(as, V_psllw_i, VT1, b, 8);
    vshift(as, right_a, VT0, VT0, 8);
    vshift(as, right_b, VT1, VT1, 8);
    vop3(as, V_pmaddwd, VT0, VT0, VT1);
    vshift(as, right_a, VT1, a, 8);
    vshift(as, right_b, VT2, b, 8);
    vop3(as, V_pmaddwd, VT1, VT1, VT2);
    vop3(as, V_paddd, VT0, VT0, VT1);
    vop3(as, V_paddd, d, c, VT0);
    emit_vl(e, d, op_vl(op), IR_I32);
    return true;
}

RULE(vdot_s)
{
    return dot(e, op, V_psraw_i, V_psraw_i, d, a, b, c);
}

RULE(vdot_u)
{
    return dot(e, op, V_psrlw_i, V_psrlw_i, d, a, b, c);
}

RULE(vdot_us)
{
    return dot(e, op, V_psrlw_i, V_psraw_i, d, a, b, c);
}
