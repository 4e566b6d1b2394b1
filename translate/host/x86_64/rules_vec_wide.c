/* SPDX-License-Identifier: MIT */
/*
 * rules_vec_wide.c: ops whose result has lanes of twice or half the size of its operands'.
 * op->type is always the wider lane; the narrow vector is the lower or (imm) upper 64 bits.
 */
#include "translate/host/x86_64/rules_vec.h"

/* The register that has the narrow lanes of a in its low half: a, or t. */
static int low_half(Emit *e, const IrOp *op, int t, int a)
{
    if (!op->imm)
        return a;
    vop2i(&e->as, V_pshufd, t, a, 0xee);
    return t;
}

// clang-format off
static const VOp vop_sx[4] = { V_NONE, V_pmovsxbw, V_pmovsxwd, V_pmovsxdq };
static const VOp vop_zx[4] = { V_NONE, V_pmovzxbw, V_pmovzxwd, V_pmovzxdq };
// clang-format on

static bool extend(Emit *e, const IrOp *op, const VOp row[4], int d, int a)
{
    vop2(&e->as, row[lane_log2(op->type)], d, low_half(e, op, VT0, a));
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vext_s)
{
    return extend(e, op, vop_sx, d, a);
}

RULE(vext_u)
{
    return extend(e, op, vop_zx, d, a);
}

/* ---- products ---- */

/* The register with two 32-bit lanes of a in its even places: t, or a itself if all are equal. */
static int spread_even(Emit *e, int t, int a, unsigned spread)
{
    if (e->splat32 >> a & 1)
        return a;
    vop2i(&e->as, V_pshufd, t, a, spread);
    return t;
}

/* d = products of the narrow lanes. */
static void products(Emit *e, const IrOp *op, bool sign, int d, int a, int b)
{
    Asm *as = &e->as;
    unsigned spread = op->imm ? 0xfa : 0x50;    /* two 32-bit lanes to the even places */

    switch (op->type) {
    case IR_I16:
        vop2(as, sign ? V_pmovsxbw : V_pmovzxbw, VT0, low_half(e, op, VT0, a));
        vop2(as, sign ? V_pmovsxbw : V_pmovzxbw, VT1, low_half(e, op, VT1, b));
        vop3(as, V_pmullw, d, VT0, VT1);
        break;
    case IR_I32:
        vop3(as, V_pmullw, VT0, a, b);
        vop3(as, sign ? V_pmulhw : V_pmulhuw, VT1, a, b);
        vop3(as, op->imm ? V_punpckhwd : V_punpcklwd, d, VT0, VT1);
        break;
    default:
        a = spread_even(e, VT0, a, spread);
        b = spread_even(e, VT1, b, spread);
        vop3(as, sign ? V_pmuldq : V_pmuludq, d, a, b);
    }
}

RULE(vmull_s)
{
    products(e, op, true, d, a, b);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vmull_u)
{
    products(e, op, false, d, a, b);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/* MIN * MIN doubled is the only overflow, and the only way to get MIN: flip it to MAX. */
RULE(vqdmull)
{
    Asm *as = &e->as;
    unsigned l = lane_log2(op->type);

    if (l < 2)
        return false;
    emit_clobber_flags(e);
    products(e, op, true, VT0, a, b);
    vop3(as, vop_add[l], VT0, VT0, VT0);
    vop2m(as, V_movaps, VT1, emit_splat(e, op->type, 1ull << (lane_bits(op->type) - 1)));
    vop3(as, vop_cmp_eq[l], VT1, VT1, VT0);
    vop3(as, V_pxor, VT0, VT0, VT1);
    emit_set_qc_if(e, VT1, op_vl(op), op->type);
    emit_vl_to(e, d, VT0, op_vl(op), op->type);
    return true;
}

RULE(vmull_p)
{
    if (op->type != IR_I128 || !e->hf->pclmul)
        return false;
    vop3i(&e->as, V_pclmulqdq, d, a, b, op->imm ? 0x11 : 0x00);
    return true;
}

/* ---- sums of neighbours ---- */

/* 16 to 32 and 32 to 64 bits without sign: each half shifted into place. */
static void add_halves(Emit *e, const IrOp *op, int d, int a)
{
    unsigned half = lane_bits(op->type) / 2;

    emit_shl(e, op->type, VT0, a, half);
    emit_shr_u(e, op->type, VT0, VT0, half);
    emit_shr_u(e, op->type, VT1, a, half);
    vop3(&e->as, vop_add[lane_log2(op->type)], d, VT0, VT1);
}

RULE(vaddl_pair_u)
{
    if (op->type == IR_I16)
        vop3m(&e->as, V_pmaddubsw, d, a, emit_splat(e, IR_I8, 1));
    else
        add_halves(e, op, d, a);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vaddl_pair_s)
{
    Asm *as = &e->as;

    switch (op->type) {
    case IR_I16:
        vop2m(as, V_movaps, VT0, emit_splat(e, IR_I8, 1));
        vop3(as, V_pmaddubsw, d, VT0, a);
        break;
    case IR_I32: vop3m(as, V_pmaddwd, d, a, emit_splat(e, IR_I16, 1)); break;
    default:
        vop2i(as, V_pshufd, VT0, a, 0x08);
        vop2i(as, V_pshufd, VT1, a, 0x0d);
        vop2(as, V_pmovsxdq, VT0, VT0);
        vop2(as, V_pmovsxdq, VT1, VT1);
        vop3(as, V_paddq, d, VT0, VT1);
    }
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/* ---- narrowing ---- */

/* d = the packed x: its low half holds a whole vector's lanes, the upper half is zero already
 * where the op's VL is 128. */
static void narrow_end(Emit *e, const IrOp *op, int d, int x)
{
    switch (op_vl(op)) {
    case IR_VL_128: asm_vmov(&e->as, d, x); break;
    case IR_VL_64: emit_vl_to(e, d, x, IR_VL_LANE, IR_I32); break;
    default: emit_vl_to(e, d, x, IR_VL_LANE, op->type - 1);
    }
}

RULE(vnarrow)
{
    static const uint64_t low_lanes[4] = { 0, 0x0e0c0a0806040200, 0x0d0c090805040100,
                                           0x0b0a090803020100 };
    Mem shuffle = emit_const128(e, low_lanes[lane_log2(op->type)], 0x8080808080808080);

    vop3m(&e->as, V_pshufb, d, a, shuffle);
    if (op_vl(op) != IR_VL_128)
        narrow_end(e, op, d, d);
    return true;
}

/* Finish: VT0 the packed result, VT1 (in wide lanes) not zero where it saturated. */
static bool narrow_sat_end(Emit *e, const IrOp *op, int d)
{
    emit_set_qc_if(e, VT1, op_vl(op), op->type);
    narrow_end(e, op, d, VT0);
    return true;
}

/* VT0 = the packed a, then VT1 = what widening it again changes. */
static bool narrow_pack(Emit *e, const IrOp *op, VOp pack, VOp widen, int d, int a)
{
    vzero(&e->as, VT1);
    vop3(&e->as, pack, VT0, a, VT1);
    vop2(&e->as, widen, VT1, VT0);
    vop3(&e->as, V_pxor, VT1, VT1, a);
    return narrow_sat_end(e, op, d);
}

/* 64 bits: VT0 = low, VT1 = high 32-bit halves of a, in the low half; the upper half zero. */
static void split64(Emit *e, int a)
{
    vop3m(&e->as, V_pshufb, VT0, a,
          emit_const128(e, 0x0b0a090803020100, 0x8080808080808080));
    vop3m(&e->as, V_pshufb, VT1, a,
          emit_const128(e, 0x0f0e0d0c07060504, 0x8080808080808080));
}

/* Finish for 64 bits: VT0, VT1 both in narrow lanes. */
static bool narrow64_end(Emit *e, const IrOp *op, int d)
{
    emit_set_qc_if(e, VT1, op_vl(op) == IR_VL_128 ? IR_VL_64 : IR_VL_LANE, IR_I32);
    narrow_end(e, op, d, VT0);
    return true;
}

RULE(vqnarrow_s)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    if (op->type == IR_I16)
        return narrow_pack(e, op, V_packsswb, V_pmovsxbw, d, a);
    if (op->type == IR_I32)
        return narrow_pack(e, op, V_packssdw, V_pmovsxwd, d, a);
    split64(e, a);
    vshift(as, V_psrad_i, VT2, VT0, 31);
    vop3(as, V_pxor, XMM15, VT1, VT2);          /* 0 where the high half is just sign */
    vshift(as, V_psrad_i, VT1, VT1, 31);
    vop3m(as, V_pxor, VT1, VT1, emit_const128(e, 0x7fffffff7fffffff, 0));
    vzero(as, VT2);
    vop3(as, V_pcmpeqd, VT2, VT2, XMM15);       /* where it fits */
    vop3(as, V_pand, VT0, VT0, VT2);
    vop3(as, V_pandn, VT2, VT2, VT1);
    vop3(as, V_por, VT0, VT0, VT2);
    asm_vmov(as, VT1, XMM15);
    return narrow64_end(e, op, d);
}

RULE(vqnarrow_u)
{
    Asm *as = &e->as;
    bool w = op->type == IR_I16;

    emit_clobber_flags(e);
    if (op->type == IR_I64) {
        split64(e, a);
        vzero(as, VT2);
        vop3(as, V_pcmpeqd, VT2, VT2, VT1);
        vop3m(as, V_pxor, VT2, VT2, emit_const128(e, ~0ull, ~0ull));
        vop3(as, V_por, VT0, VT0, VT2);
        return narrow64_end(e, op, d);
    }
    vop3m(as, w ? V_pminuw : V_pminud, VT0, a, emit_splat(e, op->type, w ? 0xff : 0xffff));
    vop3(as, V_pxor, VT1, VT0, a);
    vzero(as, VT2);
    vop3(as, w ? V_packuswb : V_packusdw, VT0, VT0, VT2);
    return narrow_sat_end(e, op, d);
}

RULE(vqnarrow_su)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    if (op->type == IR_I16)
        return narrow_pack(e, op, V_packuswb, V_pmovzxbw, d, a);
    if (op->type == IR_I32)
        return narrow_pack(e, op, V_packusdw, V_pmovzxwd, d, a);
    split64(e, a);
    vzero(as, VT2);
    vop3(as, V_pcmpeqd, VT2, VT2, VT1);
    vop3m(as, V_pxor, VT2, VT2, emit_const128(e, ~0ull, ~0ull));
    vop3(as, V_por, VT0, VT0, VT2);
    vshift(as, V_psrad_i, VT2, VT1, 31);
    vop3(as, V_pandn, VT0, VT2, VT0);
    return narrow64_end(e, op, d);
}
