/* SPDX-License-Identifier: MIT */
/*
 * rules_fp_half.c: arithmetic of half precision, by way of single precision.
 *
 * Operands become F32, which is exact and traps on a signalling NaN; the operation is done there;
 * the result is rounded to half. With 24 bits, more than 2 * 11 + 1, rounding twice gives what
 * rounding once does for sums, products, quotients and roots, in every mode, and the flags add
 * up to those of the whole: what is inexact in F32 is so in F16, F32 overflows and underflows
 * nowhere. For fma 24 bits are not enough; see there.
 *
 * Underflow is exact here without asking the interpreter: the host finds it after rounding, but when
 * the rounding is toward zero that is what Arm has in mind. So in MODE_UNDERFLOW a result is converted
 * once more, toward zero, for its flags.
 *
 * Eight lanes take a 256-bit register. Needs F16C, so AVX is there, instructions have three
 * operands, and xmm15, which vop3 would use without AVX, is free.
 */
#include "translate/host/x86_64/rules_fp.h"

enum { VT3 = XMM15 };

/* The op that the F32 part is, for the shared parts of rules_fp. */
static const IrOp single4 = { .type = IR_F32, .flags = IR_VL_128 };

/* ---- between F16 and F32 ---- */

bool half_ok(const Emit *e)
{
    return e->hf->f16c;
}

void half_widen(Emit *e, int d, int a, unsigned vl)
{
    /* of scratch registers nothing is known that lasts */
    bool known = a < VT0 && emit_zero_known(e, a, vl, IR_F16);

    if (vl == IR_VL_LANE && !known) {
        emit_vl_to(e, d, a, vl, IR_F16);
        a = d;
    }
    vop2(&e->as, V_cvtph2ps, d, a);
}

/* wide_begin, wide_end: in between, operations are 256 bits wide if the op has eight lanes. */
static void wide_begin(Emit *e, const IrOp *op)
{
    e->as.vex_l = op_vl(op) == IR_VL_128 ? 4 : 0;
}

static void wide_end(Emit *e)
{
    if (e->as.vex_l)
        asm_vzeroupper(&e->as);
    e->as.vex_l = 0;
}

void half_narrow(Emit *e, int d, int x, bool tiny)
{
    if (tiny && fp_watching(e))
        vop2i(&e->as, V_cvtps2ph, x, VT3, 3);
    vop2i(&e->as, V_cvtps2ph, x, d, 4);
}

/* finish: d = VT0's lanes as F16, the end of a rule. */
static bool finish(Emit *e, const IrOp *op, int d, bool tiny)
{
    half_narrow(e, d, VT0, tiny);
    wide_end(e);
    emit_zero_note(e, d, op_vl(op), op->type);
    return true;
}

/* ---- arithmetic ---- */

static VOp pick(const FpRow row, const IrOp *op)
{
    return row[op_vl(op) == IR_VL_LANE ? 0 : 2];
}

bool half_arith(Emit *e, const IrOp *op, const FpRow row, bool tiny, int d, int a, int b)
{
    if (!half_ok(e))
        return false;
    wide_begin(e, op);
    half_widen(e, VT0, a, op_vl(op));
    if (a != b)
        half_widen(e, VT1, b, op_vl(op));
    vop3(&e->as, pick(row, op), VT0, VT0, a == b ? VT0 : VT1);
    return finish(e, op, d, tiny);
}

bool half_sqrt(Emit *e, const IrOp *op, int d, int a)
{
    if (!half_ok(e))
        return false;
    wide_begin(e, op);
    half_widen(e, VT0, a, op_vl(op));
    vop2(&e->as, V_sqrtps, VT0, VT0);
    return finish(e, op, d, false);
}

bool half_min_max(Emit *e, const IrOp *op, bool max, int d, int a, int b)
{
    if (!half_ok(e))
        return false;
    wide_begin(e, op);
    half_widen(e, VT0, a, op_vl(op));
    half_widen(e, VT1, b, op_vl(op));
    fp_min_max(e, &single4, max, VT0, VT0, VT1);
    return finish(e, op, d, false);
}

/* low_words: d = VT0's 32-bit lanes, all ones or zeros, or numbers of 16 bits, as 16-bit lanes. */
static void low_words(Emit *e, VOp pack, int d)
{
    Asm *as = &e->as;

    if (as->vex_l) {
        vop2i(as, V_extractf128, VT0, VT1, 1);
        wide_end(e);
    } else {
        vzero(as, VT1);
    }
    vop3(as, pack, d, VT0, VT1);
}

bool half_compare(Emit *e, const IrOp *op, unsigned predicate, int d, int x, int y)
{
    if (!half_ok(e))
        return false;
    wide_begin(e, op);
    half_widen(e, VT0, x, op_vl(op));
    half_widen(e, VT1, y, op_vl(op));
    vop3i(&e->as, op_vl(op) == IR_VL_LANE ? V_cmpss : V_cmpps, VT0, VT0, VT1, predicate);
    low_words(e, V_packssdw, d);
    emit_zero_note(e, d, op_vl(op), op->type);
    return true;
}

/* ---- fused multiply-add ---- */

/*
 * VT0 = its F64 lanes with what F32 has no room for as one sticky bit, its lowest: rounding again
 * is then as good as rounding once. NaNs and infinities stay what they are. mask: all lanes
 * 2^29 - 1. VT3 is lost.
 */
static void to_odd(Emit *e, int x, int mask)
{
    Asm *as = &e->as;

    vop3(as, V_pand, VT3, x, mask);
    vop3(as, V_paddq, VT3, VT3, mask);
    vop3(as, V_por, x, x, VT3);
    vop3(as, V_pandn, x, mask, x);
}

static Mem odd_mask(Emit *e)
{
    return emit_splat(e, IR_I64, (1u << 29) - 1);
}

/* x's F16 lanes with their signs changed if so, in t; or x. */
static int negated(Emit *e, bool negate, int t, int x)
{
    if (!negate)
        return x;
    vop3m(&e->as, V_pxor, t, x, emit_splat(e, IR_F16, 0x8000));
    return t;
}

/*
 * sum: p = four F16 lanes of c, the upper ones or the lower, + p's lanes, rounded to odd. p has
 * F32 lanes before and after. VT2 is the mask of to_odd(); VT3 is lost.
 */
static void sum(Emit *e, const IrOp *op, int p, int c, bool upper)
{
    Asm *as = &e->as;

    if (upper) {
        vop2i(as, V_pshufd, VT3, c, 0xee);
        c = VT3;
    }
    c = negated(e, op->imm & 2, VT3, c);
    half_widen(e, VT3, c, op_vl(op));
    as->vex_l = op_vl(op) == IR_VL_LANE ? 0 : 4;
    vop2(as, V_cvtps2pd, p, p);
    vop2(as, V_cvtps2pd, VT3, VT3);
    vop3(as, V_addpd, p, VT3, p);
    to_odd(e, p, VT2);
    vop2(as, V_cvtpd2ps, p, p);
    as->vex_l = 0;
}

/*
 * The product of two halves is exact in F32. The sum in F64 is inexact only when the summands are so
 * far apart that the smaller is nothing but sticky: a product that large overflows, a c that large
 * is a half, so that rounding again is right. Of NaNs the host takes c's, then a's, as Arm does; what
 * differs, signalling ones and zero times infinity, traps.
 */
bool half_fma(Emit *e, const IrOp *op, int d, int a, int b, int c)
{
    Asm *as = &e->as;
    bool all = op_vl(op) == IR_VL_128, one = op_vl(op) == IR_VL_LANE;

    if (!half_ok(e) || (!one && !e->hf->avx2))
        return false;
    a = negated(e, op->imm & 1, VT0, a);
    wide_begin(e, op);
    half_widen(e, VT0, a, op_vl(op));
    half_widen(e, VT1, b, op_vl(op));
    vop3(as, V_mulps, VT0, VT0, VT1);
    if (all)
        vop2i(as, V_extractf128, VT0, VT1, 1);
    as->vex_l = one ? 0 : 4;
    vop2m(as, one ? V_movddup : V_pbroadcastq, VT2, odd_mask(e));
    as->vex_l = 0;
    sum(e, op, VT0, c, false);
    if (all)
        sum(e, op, VT1, c, true);
    wide_begin(e, op);
    if (all)
        vop3i(as, V_insertf128, VT0, VT0, VT1, 1);
    half_narrow(e, d, VT0, true);
    as->vex_l = one ? 0 : 4;
    wide_end(e);
    emit_zero_note(e, d, op_vl(op), op->type);
    return true;
}

/* ---- in four lanes at a time, where the steps are of 128 bits ---- */

/* A step takes four F32 lanes in VT0 and leaves four of 16 bits in VT1, the rest zero. */
typedef void HalfStep(Emit *e, const IrOp *op);

static bool by_four(Emit *e, const IrOp *op, HalfStep *step, int d, int a)
{
    Asm *as = &e->as;

    half_widen(e, VT0, a, op_vl(op));
    step(e, op);
    if (op_vl(op) == IR_VL_128) {
        asm_vmov(as, VT3, VT1);
        vop2i(as, V_pshufd, VT0, a, 0xee);
        vop2(as, V_cvtph2ps, VT0, VT0);
        step(e, op);
        vop3(as, V_punpcklqdq, d, VT3, VT1);
    } else {
        asm_vmov(as, d, VT1);
    }
    emit_zero_note(e, d, op_vl(op), op->type);
    return true;
}

/* ---- to integral ---- */

static void step_away(Emit *e, const IrOp *op)
{
    (void)op;
    fp_away(e, &single4, VT0);
    half_narrow(e, VT1, VT1, false);
}

bool half_round(Emit *e, const IrOp *op, int d, int a)
{
    unsigned round = op->imm & 15;
    bool exact = op->imm & IR_ROUND_EXACT;

    if (!half_ok(e) || (round == IR_RN_AWAY && exact))
        return false;
    if (round == IR_RN_AWAY)
        return by_four(e, op, step_away, d, a);
    wide_begin(e, op);
    half_widen(e, VT0, a, op_vl(op));
    vop2i(&e->as, V_roundps, VT0, VT0, fp_round_imm(round) | (exact ? 0 : FP_ROUND_QUIET));
    return finish(e, op, d, false);
}

/* ---- neighbours, and all lanes ---- */

/* Bytes of even and odd 16-bit lanes, for pshufb. */
static Mem even_odd(Emit *e)
{
    return emit_const128(e, 0x0d0c090805040100, 0x0f0e0b0a07060302);
}

/* VT0, VT1 = first and second of each pair, as F32. */
static void half_pairs(Emit *e, const IrOp *op, int a, int b)
{
    Asm *as = &e->as;

    if (op_vl(op) == IR_VL_LANE) {
        vshift(as, V_psrld_i, VT1, a, 16);
        half_widen(e, VT1, VT1, IR_VL_LANE);
        emit_vl_to(e, VT0, a, IR_VL_LANE, IR_F16);
        vop2(as, V_cvtph2ps, VT0, VT0);
        return;
    }
    if (op_vl(op) == IR_VL_64) {
        vop3(as, V_punpcklqdq, VT0, a, b);
        vop3m(as, V_pshufb, VT0, VT0, even_odd(e));
        vop2i(as, V_pshufd, VT1, VT0, 0xee);
    } else {
        vop2m(as, V_movaps, VT2, even_odd(e));
        vop3(as, V_pshufb, VT0, a, VT2);
        vop3(as, V_pshufb, VT1, b, VT2);
        vop3(as, V_punpckhqdq, VT2, VT0, VT1);
        vop3(as, V_punpcklqdq, VT0, VT0, VT1);
        asm_vmov(as, VT1, VT2);
        wide_begin(e, op);
    }
    vop2(as, V_cvtph2ps, VT0, VT0);
    vop2(as, V_cvtph2ps, VT1, VT1);
}

bool half_add_pair(Emit *e, const IrOp *op, int d, int a, int b)
{
    if (!half_ok(e))
        return false;
    half_pairs(e, op, a, b);
    vop3(&e->as, pick(vop_fp_add, op), VT0, VT0, VT1);
    return finish(e, op, d, false);
}

bool half_min_max_pair(Emit *e, const IrOp *op, bool max, int d, int a, int b)
{
    if (!half_ok(e))
        return false;
    half_pairs(e, op, a, b);
    fp_min_max(e, &single4, max, VT0, VT0, VT1);
    return finish(e, op, d, false);
}

/* With any NaN the first step traps, so the order does not matter. */
bool half_across(Emit *e, const IrOp *op, bool max, int d, int a)
{
    Asm *as = &e->as;

    if (!half_ok(e) || op_vl(op) == IR_VL_LANE)
        return false;
    vop2(as, V_cvtph2ps, VT0, a);
    if (op_vl(op) == IR_VL_128) {
        vop2i(as, V_pshufd, VT1, a, 0xee);
        vop2(as, V_cvtph2ps, VT1, VT1);
        fp_min_max(e, &single4, max, VT0, VT0, VT1);
    }
    vop2i(as, V_pshufd, VT1, VT0, 0xee);
    fp_min_max(e, &single4, max, VT0, VT0, VT1);
    vop2i(as, V_pshufd, VT1, VT0, 0x55);
    fp_min_max(e, &single4, max, VT0, VT0, VT1);
    emit_vl_to(e, VT0, VT0, IR_VL_LANE, IR_F32);
    half_narrow(e, d, VT0, false);
    emit_zero_note(e, d, IR_VL_LANE, IR_F16);
    return true;
}

/* ---- to and from integers ---- */

/* scale_lanes: VT0's F32 lanes times 2^n, which is exact. VT2 is lost. */
static void scale_lanes(Emit *e, double scale)
{
    if (scale == 1)
        return;
    vop2m(&e->as, V_broadcastss, VT2, fp_splat(e, IR_F32, scale));
    vop3(&e->as, V_mulps, VT0, VT0, VT2);
}

/*
 * Numbers that are out of range, or might be, go to the interpreter: 16 bits do not trap. Of the
 * others those next to the limit are integers, so rounding leads to no limit either.
 */
static void range_check(Emit *e, bool sign, unsigned fbits, int x)
{
    Asm *as = &e->as;

    if (sign) {
        vop3m(as, V_pand, VT1, x, emit_splat(e, IR_F16, 0x7fff));
        vop3m(as, V_pcmpgtw, VT1, VT1, emit_splat(e, IR_F16, 0x77ff - (fbits << 10)));
    } else {
        vop3m(as, V_psubusw, VT1, x, emit_splat(e, IR_F16, 0x7bff - (fbits << 10)));
    }
    vop2(as, V_ptest, VT1, VT1);
    emit_deopt_jcc(e, CC_NZ);
}

static double two_to(unsigned n)
{
    return (double)(1ull << n);
}

/* With ties away: the original, rounded toward zero, is what raises inexact. */
static void step_to_int(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;

    vop2i(as, V_roundps, VT1, VT0, 3);
    fp_away(e, &single4, VT0);
    vop2(as, V_cvttps2dq, VT1, VT1);
    vzero(as, VT0);
    vop3(as, op->op == IR_fto_s ? V_packssdw : V_packusdw, VT1, VT1, VT0);
}

bool half_to_int(Emit *e, const IrOp *op, bool sign, int d, int a)
{
    Asm *as = &e->as;
    unsigned round = op->imm & 15, fbits = op->imm >> 8;
    int x = a;

    if (!half_ok(e) || fbits > 16 || (fbits && round == IR_RN_AWAY))
        return false;
    emit_clobber_flags(e);
    if (op_vl(op) != IR_VL_128) {
        emit_vl_to(e, VT0, a, op_vl(op), IR_F16);
        x = VT0;
    }
    range_check(e, sign, fbits, x);
    if (round == IR_RN_AWAY)
        return by_four(e, op, step_to_int, d, a);
    wide_begin(e, op);
    vop2(as, V_cvtph2ps, VT0, x);
    scale_lanes(e, two_to(fbits));
    if (round != IR_RN_ZERO && round != IR_RN_CUR)
        vop2i(as, V_roundps, VT0, VT0, fp_round_imm(round));
    vop2(as, round == IR_RN_CUR ? V_cvtps2dq : V_cvttps2dq, VT0, VT0);
    low_words(e, sign ? V_packssdw : V_packusdw, d);
    emit_zero_note(e, d, op_vl(op), op->type);
    return true;
}

bool half_from_int(Emit *e, const IrOp *op, bool sign, int d, int a)
{
    Asm *as = &e->as;
    int x = a;

    if (!half_ok(e) || (op_vl(op) == IR_VL_128 && !e->hf->avx2))
        return false;
    if (op_vl(op) == IR_VL_LANE) {
        emit_vl_to(e, VT0, a, IR_VL_LANE, IR_F16);
        x = VT0;
    }
    wide_begin(e, op);
    vop2(as, sign ? V_pmovsxwd : V_pmovzxwd, VT0, x);
    vop2(as, V_cvtdq2ps, VT0, VT0);
    scale_lanes(e, 1 / two_to(op->imm >> 8 & 255));
    return finish(e, op, d, true);
}

/* A double takes all integers below 2^53; the others, which mostly overflow, are for the interpreter. */
bool half_from_gen(Emit *e, const IrOp *op, bool sign, int d, int a)
{
    Asm *as = &e->as;
    unsigned fbits = op->imm >> 8 & 255;
    int w = op->type == IR_I64;

    if (!half_ok(e))
        return false;
    if (w) {
        emit_clobber_flags(e);
        asm_mov_rr(as, 1, RAX, a);
        asm_shift_ri(as, 1, sign ? SH_SAR : SH_SHR, RAX, 52);
        if (sign)
            asm_alu_ri(as, 1, ALU_ADD, RAX, 1);
        asm_alu_ri(as, 1, ALU_CMP, RAX, 1);
        emit_deopt_jcc(e, CC_A);
    } else if (!sign) {
        asm_mov_rr(as, 0, RAX, a);
        a = RAX;
        w = 1;
    }
    vzero(as, VT0);
    asm_vcvt_xr(as, V_cvtsi2sd, w, VT0, VT0, a);
    if (fbits)
        vop3m(as, V_mulsd, VT0, VT0,
              fp_splat(e, IR_F64, fbits == 64 ? 0x1p-64 : 1 / two_to(fbits)));
    half_from_double(e, d);
    return true;
}

void half_from_double(Emit *e, int d)
{
    Asm *as = &e->as;

    vop2m(as, V_movaps, VT2, odd_mask(e));
    to_odd(e, VT0, VT2);
    vop2(as, V_cvtpd2ps, VT0, VT0);
    half_narrow(e, d, VT0, true);
    emit_zero_note(e, d, IR_VL_LANE, IR_F16);
}
