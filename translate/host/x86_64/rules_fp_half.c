/* SPDX-License-Identifier: MIT */
/*
 * rules_fp_half.c: half precision, by way of single precision.
 *
 * Widening is exact and raises invalid for a signalling NaN, so the note on exactness in
 * rules_vec.h holds for what follows. With 24 bits, more than twice 11 and two, a sum, product,
 * quotient or root that was rounded to single rounds to half as if it never had been, in every
 * mode; inexact is raised by one of the two steps, overflow and underflow by narrowing, which
 * rounds as MXCSR says and knows denormals whatever the modes are. A fused multiply-add has no
 * such room: see half_fma().
 *
 * Four lanes at a time: two such halves make 128 bits. All this needs F16C and so has AVX, where
 * xmm15 is one more scratch register.
 */
#include "translate/host/x86_64/rules_fp.h"

enum { VT3 = XMM15 };

void half_widen(Emit *e, int d, int a, unsigned vl)
{
    if (vl == IR_VL_LANE) {
        emit_vl_to(e, d, a, vl, IR_F16);
        a = d;
    }
    vop2(&e->as, V_cvtph2ps, d, a);
}

void half_narrow(Emit *e, int d, int a)
{
    vop2i(&e->as, V_cvtps2ph, a, d, 4);
}

/* half_as_single: the op on widened lanes: one, or four. */
static IrOp half_as_single(const IrOp *op)
{
    IrOp f = *op;

    f.type = IR_F32;
    f.flags = op_vl(op) == IR_VL_LANE ? IR_VL_LANE : IR_VL_128;
    return f;
}

bool half_ok(const Emit *e)
{
    return e->hf->f16c;
}

/* widen_part: d = lanes 0 to 3, or with upper 4 to 7, of a. */
static void widen_part(Emit *e, const IrOp *op, int d, int a, bool upper)
{
    if (upper) {
        vop2i(&e->as, V_pshufd, d, a, 0xee);
        a = d;
    }
    half_widen(e, d, a, op_vl(op));
}

/* finish: d = x, whose lanes beyond VL are zero. */
static void finish(Emit *e, const IrOp *op, bool watch, int d, int x)
{
    if (watch)
        fp_watch(e, IR_F16, fp_scalar(op), x);
    if (d != x)
        asm_vmov(&e->as, d, x);
    emit_zero_note(e, d, op_vl(op), op_vl(op) == IR_VL_LANE ? IR_F32 : op->type);
}

/* A part of a rule: VT0 = lanes of F32 of VT0 and VT1; VT1 and VT2 are lost. f is the op of F32. */
typedef void HalfPart(Emit *e, const IrOp *f);

/* by_parts: d = part(a, b), or part(a) when b is -1. */
static bool by_parts(Emit *e, const IrOp *op, HalfPart *part, bool watch, int d, int a, int b)
{
    IrOp f = half_as_single(op);
    bool both = op_vl(op) == IR_VL_128;

    if (!half_ok(e))
        return false;
    for (int upper = both; upper >= 0; upper--) {
        widen_part(e, op, VT0, a, upper);
        if (b >= 0)
            widen_part(e, op, VT1, b, upper);
        part(e, &f);
        half_narrow(e, upper ? VT3 : VT0, VT0);
    }
    if (both)
        vop3(&e->as, V_punpcklqdq, VT0, VT0, VT3);
    finish(e, op, watch && fp_watching(e), d, VT0);
    return true;
}

/* ---- arithmetic ---- */

#define HALF_ARITH(name, row)                                                                  \
    static void part_##name(Emit *e, const IrOp *f)                                            \
    {                                                                                          \
        vop3(&e->as, fp_pick(row, f), VT0, VT0, VT1);                                          \
    }

HALF_ARITH(add, vop_fp_add)
HALF_ARITH(sub, vop_fp_sub)
HALF_ARITH(mul, vop_fp_mul)
HALF_ARITH(div, vop_fp_div)

static void part_sqrt(Emit *e, const IrOp *f)
{
    if (fp_scalar(f))
        vop3(&e->as, V_sqrtss, VT0, VT0, VT0);
    else
        vop2(&e->as, V_sqrtps, VT0, VT0);
}

static void part_max(Emit *e, const IrOp *f)
{
    fp_min_max(e, f, true, VT0, VT0, VT1);
}

static void part_min(Emit *e, const IrOp *f)
{
    fp_min_max(e, f, false, VT0, VT0, VT1);
}

static void part_round(Emit *e, const IrOp *f)
{
    unsigned round = f->imm & 15;

    if (round == IR_RN_AWAY) {
        fp_away(e, f, VT0);
        asm_vmov(&e->as, VT0, VT1);
        return;
    }
    vop2i(&e->as, V_roundps, VT0, VT0,
          fp_round_imm(round) | (f->imm & IR_ROUND_EXACT ? 0 : FP_ROUND_QUIET));
}

static HalfPart *const half_parts[IR_OP_COUNT] = {
    [IR_fadd] = part_add, [IR_fsub] = part_sub, [IR_fmul] = part_mul, [IR_fmulx] = part_mul,
    [IR_fdiv] = part_div, [IR_fsqrt] = part_sqrt, [IR_fmax] = part_max, [IR_fmin] = part_min,
    [IR_fmaxnm] = part_max, [IR_fminnm] = part_min, [IR_fround] = part_round,
    [IR_fadd_pair] = part_add, [IR_fmax_pair] = part_max, [IR_fmin_pair] = part_min,
    [IR_fmaxnm_pair] = part_max, [IR_fminnm_pair] = part_min,
};

bool half_arith(Emit *e, const IrOp *op, int d, int a, int b)
{
    bool watch = op->op == IR_fmul || op->op == IR_fmulx;

    if (op->op == IR_fround && (op->imm & 15) == IR_RN_AWAY && (op->imm & IR_ROUND_EXACT))
        return false;
    if (watch && half_ok(e))
        emit_clobber_flags(e);
    return by_parts(e, op, half_parts[op->op], watch, d, a, b);
}

/*
 * fma_part: VT0 = c + a * b in single precision, which then is right for half but in one case: it is
 * half way between two numbers, and was not before it was rounded. Such results go to the
 * interpreter, exact ones among them, and all that become denormals, where half way is elsewhere.
 */
static void fma_part(Emit *e, const IrOp *op, int a, int b, int c, bool upper)
{
    IrOp f = half_as_single(op);
    Asm *as = &e->as;

    widen_part(e, op, VT0, c, upper);
    widen_part(e, op, VT1, a, upper);
    widen_part(e, op, VT2, b, upper);
    vop3(as, fp_pick(vop_fp_fma[op->imm & 3], &f), VT0, VT1, VT2);
    emit_deopt_jcc(e, fp_test_nan(e, &f));
    /* 0 < |x| < 2^-14: as bits less 1, which makes zero the largest number */
    vop3m(as, V_pand, VT1, VT0, emit_splat(e, IR_I32, ~0u >> 1));
    vop3m(as, V_paddd, VT1, VT1, emit_splat(e, IR_I32, ~0u));
    vop3m(as, V_pminud, VT2, VT1, emit_splat(e, IR_I32, 0x387ffffe));
    vop3(as, V_pcmpeqd, VT1, VT1, VT2);
    /* the bits that half precision has no room for: the first alone is set */
    vshift(as, V_pslld_i, VT2, VT0, 19);
    vop3m(as, V_pcmpeqd, VT2, VT2, emit_splat(e, IR_I32, 1u << 31));
    vop3(as, V_por, VT1, VT1, VT2);
    vop2(as, V_ptest, VT1, VT1);
    emit_deopt_jcc(e, CC_NZ);
}

bool half_fma(Emit *e, const IrOp *op, int d, int a, int b, int c)
{
    bool both = op_vl(op) == IR_VL_128;

    if (!half_ok(e) || !e->hf->fma)
        return false;
    emit_clobber_flags(e);
    for (int upper = both; upper >= 0; upper--) {
        fma_part(e, op, a, b, c, upper);
        half_narrow(e, upper ? VT3 : VT0, VT0);
    }
    if (both)
        vop3(&e->as, V_punpcklqdq, VT0, VT0, VT3);
    finish(e, op, fp_watching(e), d, VT0);
    return true;
}

/* ---- neighbours and all lanes ---- */

/* pick_pairs: VT0, VT1 = the first, the second of the pairs in s, n of them, as F32. */
static void pick_pairs(Emit *e, unsigned n, int s)
{
    uint64_t first = 0x0d0c090805040100, second = 0x0f0e0b0a07060302;
    uint64_t none = n == 4 ? 0 : ~0ull << 16;

    vop3m(&e->as, V_pshufb, VT0, s, emit_const128(e, first | none, ~0ull));
    vop3m(&e->as, V_pshufb, VT1, s, emit_const128(e, second | none, ~0ull));
    half_widen(e, VT0, VT0, IR_VL_64);
    half_widen(e, VT1, VT1, IR_VL_64);
}

bool half_pairs(Emit *e, const IrOp *op, int d, int a, int b)
{
    HalfPart *part = half_parts[op->op];
    IrOp f = half_as_single(op);
    Asm *as = &e->as;

    if (!half_ok(e))
        return false;
    if (op_vl(op) == IR_VL_128) {
        pick_pairs(e, 4, b);
        part(e, &f);
        half_narrow(e, VT3, VT0);
        pick_pairs(e, 4, a);
    } else if (op_vl(op) == IR_VL_64) {
        vop3(as, V_punpcklqdq, VT2, a, b);
        pick_pairs(e, 4, VT2);
    } else {
        pick_pairs(e, 1, a);
    }
    part(e, &f);
    half_narrow(e, VT0, VT0);
    if (op_vl(op) == IR_VL_128)
        vop3(as, V_punpcklqdq, VT0, VT0, VT3);
    finish(e, op, false, d, VT0);
    return true;
}

bool half_across(Emit *e, const IrOp *op, bool max, int d, int a)
{
    static const IrOp f = { .type = IR_F32, .flags = IR_VL_128 };
    Asm *as = &e->as;

    if (!half_ok(e) || op_vl(op) == IR_VL_LANE)
        return false;
    half_widen(e, VT0, a, IR_VL_64);
    if (op_vl(op) == IR_VL_128) {
        vop2i(as, V_pshufd, VT1, a, 0xee);
        half_widen(e, VT1, VT1, IR_VL_64);
        fp_min_max(e, &f, max, VT0, VT0, VT1);
    }
    vop2i(as, V_pshufd, VT1, VT0, 0xee);
    fp_min_max(e, &f, max, VT0, VT0, VT1);
    vop2i(as, V_pshufd, VT1, VT0, 0x55);
    fp_min_max(e, &f, max, VT0, VT0, VT1);
    emit_vl_to(e, VT0, VT0, IR_VL_LANE, IR_F32);
    half_narrow(e, d, VT0);
    emit_zero_note(e, d, IR_VL_LANE, IR_F32);
    return true;
}

/* ---- compares ---- */

bool half_compare(Emit *e, const IrOp *op, unsigned predicate, int d, int x, int y)
{
    bool both = op_vl(op) == IR_VL_128;
    Asm *as = &e->as;

    if (!half_ok(e))
        return false;
    for (int upper = both; upper >= 0; upper--) {
        widen_part(e, op, VT0, x, upper);
        widen_part(e, op, VT1, y, upper);
        vop3i(as, op_vl(op) == IR_VL_LANE ? V_cmpss : V_cmpps, upper ? VT3 : VT0, VT0, VT1,
              predicate);
    }
    if (both) {
        vop3(as, V_packssdw, d, VT0, VT3);
        return true;
    }
    vzero(as, VT1);
    vop3(as, V_packssdw, d, VT0, VT1);
    emit_zero_note(e, d, op_vl(op), op_vl(op) == IR_VL_LANE ? IR_F32 : op->type);
    return true;
}

/* ---- lanes to and from integers ---- */

/* to_int_part: VT0 = VT0 as integers, inexact raised; all are in range. */
static void to_int_part(Emit *e, unsigned round)
{
    static const IrOp f = { .type = IR_F32, .flags = IR_VL_128 };
    Asm *as = &e->as;

    if (round == IR_RN_ZERO || round == IR_RN_CUR) {
        vop2(as, round == IR_RN_ZERO ? V_cvttps2dq : V_cvtps2dq, VT0, VT0);
        return;
    }
    if (round == IR_RN_AWAY) {
        vop2i(as, V_roundps, VT1, VT0, 3);      /* for inexact alone */
        fp_away(e, &f, VT0);
    } else {
        vop2i(as, V_roundps, VT1, VT0, fp_round_imm(round));
    }
    vop2(as, V_cvttps2dq, VT0, VT1);
}

/*
 * out_of_range: what does not fit 16 bits, or is less than zero for unsigned ones, to the
 * interpreter: the bits of a half are in the order of the numbers.
 */
static void out_of_range(Emit *e, const IrOp *op, bool sign, int a)
{
    Mem limit = emit_splat(e, IR_I16, sign ? 0x77ff : 0x7bff);
    Asm *as = &e->as;
    int x = a;

    if (op_vl(op) != IR_VL_128) {
        emit_vl_to(e, VT0, a, op_vl(op), IR_F16);
        x = VT0;
    }
    if (sign) {
        vop3m(as, V_pand, VT0, x, emit_splat(e, IR_I16, 0x7fff));
        x = VT0;
    }
    vop3m(as, V_pmaxuw, VT0, x, limit);
    vop3m(as, V_pxor, VT0, VT0, limit);
    vop2(as, V_ptest, VT0, VT0);
    emit_deopt_jcc(e, CC_NZ);
}

bool half_to_int(Emit *e, const IrOp *op, bool sign, int d, int a)
{
    VOp pack = sign ? V_packssdw : V_packusdw;
    bool both = op_vl(op) == IR_VL_128;
    Asm *as = &e->as;

    if (!half_ok(e) || op->imm >> 8)
        return false;
    emit_clobber_flags(e);
    out_of_range(e, op, sign, a);
    for (int upper = both; upper >= 0; upper--) {
        widen_part(e, op, VT0, a, upper);
        to_int_part(e, op->imm & 255);
        if (upper)
            asm_vmov(as, VT3, VT0);
    }
    if (!both)
        vzero(as, VT3);
    vop3(as, pack, d, VT0, VT3);
    if (!both)
        emit_zero_note(e, d, op_vl(op), op_vl(op) == IR_VL_LANE ? IR_F32 : op->type);
    return true;
}

bool half_from_int(Emit *e, const IrOp *op, bool sign, int d, int a)
{
    unsigned fbits = op->imm >> 8 & 255;
    VOp widen = sign ? V_pmovsxwd : V_pmovzxwd;
    bool both = op_vl(op) == IR_VL_128, watch = fbits && fp_watching(e);
    Asm *as = &e->as;

    if (!half_ok(e))
        return false;
    if (watch)
        emit_clobber_flags(e);
    for (int upper = both; upper >= 0; upper--) {
        if (upper)
            vop2i(as, V_pshufd, VT0, a, 0xee);
        else
            emit_vl_to(e, VT0, a, both ? IR_VL_64 : op_vl(op), IR_F16);
        vop2(as, widen, VT0, VT0);
        vop2(as, V_cvtdq2ps, VT0, VT0);
        if (fbits)
            vop3m(as, V_mulps, VT0, VT0, fp_splat(e, IR_F32, 1.0 / (1ull << fbits)));
        half_narrow(e, upper ? VT3 : VT0, VT0);
    }
    if (both)
        vop3(as, V_punpcklqdq, VT0, VT0, VT3);
    finish(e, op, watch, d, VT0);
    return true;
}
