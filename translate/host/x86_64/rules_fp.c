/* SPDX-License-Identifier: MIT */
/*
 * rules_fp.c: floating point arithmetic and compares.
 *
 * x86 and Arm agree on every result that is not a NaN, and on quiet NaNs in two-operand
 * arithmetic (the first operand's wins), so operands are never exchanged. What differs raises
 * invalid on x86 - new NaNs, signalling NaNs, any NaN in min and max - and traps. Only fma,
 * where the order of three NaNs differs, has to look at its result.
 *
 * For guests whose NaN results are canonical that leaves quiet NaNs that go through an operation:
 * emit_canonical() corrects them, and only after ops with an operand of which it is not known that
 * it is no other NaN. fma looks at its result as before, and for the same reason it need not be
 * corrected: infinity times zero plus a quiet NaN is invalid on RISC-V, and not on x86.
 */
#include "translate/host/x86_64/rules_fp.h"

// clang-format off
const FpRow vop_fp_add = { V_addss, V_addsd, V_addps, V_addpd };
const FpRow vop_fp_sub = { V_subss, V_subsd, V_subps, V_subpd };
const FpRow vop_fp_mul = { V_mulss, V_mulsd, V_mulps, V_mulpd };
const FpRow vop_fp_round = { V_roundss, V_roundsd, V_roundps, V_roundpd };
static const FpRow fp_div = { V_divss, V_divsd, V_divps, V_divpd };
static const FpRow fp_sqrt = { V_sqrtss, V_sqrtsd, V_sqrtps, V_sqrtpd };
static const FpRow fp_max = { V_maxss, V_maxsd, V_maxps, V_maxpd };
static const FpRow fp_min = { V_minss, V_minsd, V_minps, V_minpd };
static const FpRow fp_cmp = { V_cmpss, V_cmpsd, V_cmpps, V_cmppd };
// clang-format on

/* ---- shared parts ---- */

void fp_op3(Emit *e, VOp v, int d, int a, int b)
{
    Asm *as = &e->as;

    if (as->has_avx || d == a) {
        vop3(as, v, d, a, b);
        return;
    }
    asm_vmov(as, VT2, a);
    vop3(as, v, VT2, VT2, b);
    asm_vmov(as, d, VT2);
}

bool fp_above_known(Emit *e, const IrOp *op, int x)
{
    return fp_scalar(op) && emit_zero_known(e, x, op_vl(op), op->type);
}

void fp_above(Emit *e, const IrOp *op, int d, bool known)
{
    if (known)
        emit_zero_note(e, d, op_vl(op), op->type);
    else
        emit_vl(e, d, op_vl(op), op->type);
}

int fp_cut(Emit *e, const IrOp *op, int x)
{
    if (op_vl(op) == IR_VL_128)
        return x;
    emit_vl_to(e, VT0, x, op_vl(op), op->type);
    return VT0;
}

Mem fp_splat(Emit *e, unsigned type, double v)
{
    float f = (float)v;
    uint32_t w;
    uint64_t q;

    memcpy(&w, &f, 4);
    memcpy(&q, &v, 8);
    return emit_splat(e, type, fp_is64(type) ? q : w);
}

static Mem sign_mask(Emit *e, unsigned type)
{
    return emit_splat(e, type, 1ull << (lane_bits(type) - 1));
}

static Mem abs_mask(Emit *e, unsigned type)
{
    return emit_splat(e, type, (1ull << (lane_bits(type) - 1)) - 1);
}

unsigned fp_round_imm(unsigned round)
{
    static const uint8_t imm[] = { [IR_RN_EVEN] = 0, [IR_RN_DOWN] = 1, [IR_RN_UP] = 2,
                                   [IR_RN_ZERO] = 3, [IR_RN_CUR] = 4 };

    return imm[round];
}

/*
 * The fraction x - trunc(x) is exact; from a half on, one more with x's sign is added. The
 * addend of the other lanes is a zero with that sign, which keeps -0.
 */
void fp_away(Emit *e, const IrOp *op, int a)
{
    Asm *as = &e->as;
    bool q = fp_is64(op->type);

    emit_vl_to(e, VT0, a, op_vl(op), op->type);
    vop2i(as, q ? V_roundpd : V_roundps, VT1, VT0, 3 | FP_ROUND_QUIET);
    vop3(as, q ? V_subpd : V_subps, VT2, VT0, VT1);
    vop3m(as, V_pand, VT2, VT2, abs_mask(e, op->type));
    vop3mi(as, q ? V_cmppd : V_cmpps, VT2, VT2, fp_splat(e, op->type, 0.5), 5);
    vop3m(as, V_pand, VT2, VT2, fp_splat(e, op->type, 1.0));
    vop3m(as, V_pand, VT0, VT0, sign_mask(e, op->type));
    vop3(as, V_por, VT2, VT2, VT0);
    vop3(as, q ? V_addpd : V_addps, VT1, VT1, VT2);
}

/* The lanes' bits but for the sign against the least normal number's. */
void fp_watch(Emit *e, unsigned type, bool scalar, int x)
{
    static const uint64_t least[] = { [1] = 1ull << 10, [2] = 1ull << 23, [3] = 1ull << 52 };
    static const VOp equal[] = { [1] = V_pcmpeqw, [2] = V_pcmpeqd, [3] = V_pcmpeqq };
    unsigned log2 = lane_log2(type);
    Asm *as = &e->as;

    if (!fp_watching(e))
        return;
    emit_clobber_flags(e);
    vop3m(as, V_pand, VT1, x, abs_mask(e, type));
    vop3m(as, equal[log2], VT1, VT1, emit_splat(e, type, least[log2]));
    if (scalar) {
        asm_movd_rx(as, 0, RAX, VT1);
        if (type == IR_F16)
            asm_movzx_rr(as, 2, RAX, RAX);
        asm_test_rr(as, 0, RAX, RAX);
    } else {
        vop2(as, V_ptest, VT1, VT1);
    }
    emit_deopt_jcc(e, CC_NZ);
}

/* ---- arithmetic ---- */

/*
 * Two lanes of F32: the other two compute on zeros, or on copies of the first two where zeros
 * would raise something (div) or not give +0 (sub when rounding down).
 */
static void arith_64(Emit *e, VOp v, bool zeros, bool watch, int d, int a, int b)
{
    Asm *as = &e->as;
    VOp fill = zeros ? V_movq : V_movddup;

    vop2(as, fill, VT0, a);
    vop2(as, fill, VT1, b);
    vop3(as, v, VT0, VT0, VT1);
    if (watch)
        fp_watch(e, IR_F32, false, VT0);
    vop2(as, zeros ? V_movaps : V_movq, d, VT0);
}

static bool arith(Emit *e, const IrOp *op, const FpRow row, bool zeros, int d, int a, int b)
{
    bool watch = fp_watching(e) && row == vop_fp_mul;

    if (op->type == IR_F16)
        return half_arith(e, op, row, row == vop_fp_mul || row == fp_div, d, a, b);
    if (!fp_ok(op))
        return false;
    if (op_vl(op) == IR_VL_64 && !fp_scalar(op)) {
        arith_64(e, fp_pick(row, op), zeros, watch, d, a, b);
        return true;
    }
    /* A scalar operation takes what is above from its first operand. */
    bool known = fp_above_known(e, op, a);

    fp_op3(e, fp_pick(row, op), watch ? VT0 : d, a, b);
    if (watch) {
        fp_watch(e, op->type, fp_scalar(op), VT0);
        asm_vmov(&e->as, d, VT0);
    }
    fp_above(e, op, d, known);
    return true;
}

RULE(fadd)
{
    return arith(e, op, vop_fp_add, true, d, a, b);
}

RULE(fsub)
{
    return arith(e, op, vop_fp_sub, false, d, a, b);
}

RULE(fmul)
{
    return arith(e, op, vop_fp_mul, true, d, a, b);
}

/* 0 * infinity is invalid on the host and traps: the rest is a product. */
RULE(fmulx)
{
    return arith(e, op, vop_fp_mul, true, d, a, b);
}

RULE(fdiv)
{
    return arith(e, op, fp_div, false, d, a, b);
}

RULE(fsqrt)
{
    if (op->type == IR_F16)
        return half_sqrt(e, op, d, a);
    if (!fp_ok(op))
        return false;
    if (fp_above_known(e, op, a)) {
        fp_op3(e, fp_pick(fp_sqrt, op), d, a, a);
        emit_zero_note(e, d, op_vl(op), op->type);
    } else if (fp_scalar(op)) {
        vzero(&e->as, VT0);
        vop3(&e->as, fp_pick(fp_sqrt, op), VT0, VT0, a);
        asm_vmov(&e->as, d, VT0);
        emit_zero_note(e, d, op_vl(op), op->type);
    } else {
        vop2(&e->as, fp_pick(fp_sqrt, op), d, fp_cut(e, op, a));
    }
    return true;
}

int fp_test_nan(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;
    bool q = fp_is64(op->type);

    if (fp_scalar(op)) {
        vop2(as, q ? V_ucomisd : V_ucomiss, VT0, VT0);
        return CC_P;
    }
    vop3i(as, q ? V_cmppd : V_cmpps, VT1, VT0, VT0, 3);
    vop2(as, V_ptest, VT1, VT1);
    return CC_NZ;
}

// clang-format off
static const FpRow fp_fma[4] = {        /* by imm: bit 0 negates the product, bit 1 c */
    { V_fmadd231ss, V_fmadd231sd, V_fmadd231ps, V_fmadd231pd },
    { V_fnmadd231ss, V_fnmadd231sd, V_fnmadd231ps, V_fnmadd231pd },
    { V_fmsub231ss, V_fmsub231sd, V_fmsub231ps, V_fmsub231pd },
    { V_fnmsub231ss, V_fnmsub231sd, V_fnmsub231ps, V_fnmsub231pd },
};
// clang-format on

// clang-format off
static const VOp fp_fma213[4][2] = {    /* single, double */
    { V_fmadd213ss, V_fmadd213sd }, { V_fnmadd213ss, V_fnmadd213sd },
    { V_fmsub213ss, V_fmsub213sd }, { V_fnmsub213ss, V_fnmsub213sd },
};
// clang-format on

/*
 * One number in d, with what is above it there or in c already right. Where d is an operand the
 * interpreter needs what it was: kept in VT0. With canonical NaNs it does not when d is c: either c was a
 * NaN, and any other there gives the same result and flags, or a or b is one, and c does not count.
 */
static void fma_scalar(Emit *e, const IrOp *op, int d, int a, int b, int c)
{
    Asm *as = &e->as;
    VOp test = fp_is64(op->type) ? V_ucomisd : V_ucomiss;
    bool factor = d == a || d == b;
    bool keep = factor || (d == c && !e->guest->canonical_nan);

    if (keep)
        asm_vmov(as, VT0, d);
    if (factor) {
        vop3(as, fp_fma213[op->imm & 3][fp_is64(op->type)], d, d == a ? b : a, c);
    } else {
        asm_vmov(as, d, c);
        vop3(as, fp_pick(fp_fma[op->imm & 3], op), d, a, b);
    }
    vop2(as, test, d, d);
    emit_deopt_keep(e, CC_P, d, keep ? VT0 : d);
    emit_zero_note(e, d, op_vl(op), op->type);
}

RULE(fma)
{
    Asm *as = &e->as;

    if (op->type == IR_F16)
        return half_fma(e, op, d, a, b, c);
    if (!e->hf->fma || !fp_ok(op))
        return false;
    bool d_above = d == a || d == b ? fp_above_known(e, op, d) : true;

    emit_clobber_flags(e);
    if (fp_above_known(e, op, c) && d_above && !fp_watching(e)) {
        fma_scalar(e, op, d, a, b, c);
        return true;
    }
    if (op_vl(op) == IR_VL_64 && !fp_scalar(op)) {
        vop2(as, V_movq, VT0, c);
        vop2(as, V_movq, VT1, a);
        vop2(as, V_movq, VT2, b);
        vop3(as, fp_pick(fp_fma[op->imm & 3], op), VT0, VT1, VT2);
    } else {
        asm_vmov(as, VT0, c);
        vop3(as, fp_pick(fp_fma[op->imm & 3], op), VT0, a, b);
    }
    emit_deopt_jcc(e, fp_test_nan(e, op));
    fp_watch(e, op->type, fp_scalar(op), VT0);
    emit_vl_to(e, d, VT0, op_vl(op), op->type);
    emit_zero_note(e, d, op_vl(op), op->type);
    return true;
}

/*
 * The host gives its second operand when both are zeros: so in both orders, and of two zeros the
 * and (max) or the or (min).
 */
void fp_min_max(Emit *e, const IrOp *op, bool max, int d, int x, int y)
{
    Asm *as = &e->as;
    VOp v = fp_pick(max ? fp_max : fp_min, op);

    vop3(as, v, VT2, x, y);
    vop3(as, v, VT1, y, x);
    vop3(as, max ? V_andps : V_orps, d, VT2, VT1);
}

static bool min_max_rule(Emit *e, const IrOp *op, bool max, int d, int a, int b)
{
    if (op->type == IR_F16)
        return half_min_max(e, op, max, d, a, b);
    if (!fp_ok(op))
        return false;
    bool known = fp_above_known(e, op, a) && fp_above_known(e, op, b);

    fp_min_max(e, op, max, d, a, b);
    fp_above(e, op, d, known);
    return true;
}

RULE(fmax)
{
    return min_max_rule(e, op, true, d, a, b);
}

RULE(fmin)
{
    return min_max_rule(e, op, false, d, a, b);
}

RULE(fmaxnm)
{
    return min_max_rule(e, op, true, d, a, b);
}

RULE(fminnm)
{
    return min_max_rule(e, op, false, d, a, b);
}

/* The mask has zeros beyond VL, or in a box ones, so nothing is left to do there. */
RULE(fabs)
{
    uint64_t k = lane_splat(op->type, (1ull << (lane_bits(op->type) - 1)) - 1);
    uint64_t lane = ~0ull >> (64 - lane_bits(op->type));

    if (op_vl(op) == IR_VL_LANE)
        k &= lane;
    else if (op_vl(op) == IR_VL_BOX)
        k |= ~lane;
    vop3m(&e->as, V_andps, d, a, emit_const128(e, k, op_vl(op) == IR_VL_128 ? k : 0));
    if (op_vl(op) != IR_VL_128)
        emit_zero_note(e, d, op_vl(op), op->type);
    return true;
}

/* sign_bits: those of the lanes that take part; of a scalar zeros above. */
static Mem sign_bits(Emit *e, const IrOp *op)
{
    return fp_scalar(op) ? emit_const128(e, 1ull << (lane_bits(op->type) - 1), 0)
                         : sign_mask(e, op->type);
}

RULE(fneg)
{
    bool known = fp_above_known(e, op, a);

    vop3m(&e->as, V_xorps, d, a, known ? sign_bits(e, op) : sign_mask(e, op->type));
    fp_above(e, op, d, known);
    return true;
}

RULE(fsgnj)
{
    Asm *as = &e->as;
    bool known = fp_above_known(e, op, a);

    vop3m(as, V_pand, VT1, b, sign_bits(e, op));
    if (op->imm == 2) {
        vop3(as, V_pxor, VT1, VT1, a);
    } else {
        vop2m(as, V_movaps, VT0, sign_bits(e, op));
        if (op->imm == 1)
            vop3(as, V_pxor, VT1, VT1, VT0);
        vop3(as, V_pandn, VT0, VT0, a);
        vop3(as, V_por, VT1, VT1, VT0);
    }
    asm_vmov(as, d, VT1);
    fp_above(e, op, d, known);
    return true;
}

/* ---- compares: cmpps predicates; 1 and 2 are invalid on any NaN, 0 on signalling ones ---- */

static bool compare(Emit *e, const IrOp *op, unsigned predicate, int d, int x, int y)
{
    Asm *as = &e->as;

    if (op->type == IR_F16)
        return half_compare(e, op, predicate, d, x, y);
    if (!fp_ok(op))
        return false;
    if (as->has_avx || d == x) {
        vop3i(as, fp_pick(fp_cmp, op), d, x, y, predicate);
    } else {
        vop3i(as, fp_pick(fp_cmp, op), VT0, x, y, predicate);
        asm_vmov(as, d, VT0);
    }
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vfcmp_eq)
{
    return compare(e, op, 0, d, a, b);
}

RULE(vfcmp_ge)
{
    return compare(e, op, 2, d, b, a);
}

RULE(vfcmp_gt)
{
    return compare(e, op, 1, d, b, a);
}

/* ---- rounding ---- */

RULE(fround)
{
    Asm *as = &e->as;
    unsigned round = op->imm & 15;
    bool exact = op->imm & IR_ROUND_EXACT;

    if (op->type == IR_F16)
        return half_round(e, op, d, a);
    if (!fp_ok(op) || (round == IR_RN_AWAY && exact))
        return false;
    if (round == IR_RN_AWAY) {
        fp_away(e, op, a);
        asm_vmov(as, d, VT1);
        if (op_vl(op) == IR_VL_BOX)
            emit_vl(e, d, IR_VL_BOX, op->type);
        return true;
    }
    unsigned imm = fp_round_imm(round) | (exact ? 0 : FP_ROUND_QUIET);

    if (fp_above_known(e, op, a) && (as->has_avx || d == a)) {
        vop3i(as, fp_pick(vop_fp_round, op), d, a, a, imm);
        emit_zero_note(e, d, op_vl(op), op->type);
    } else if (fp_scalar(op)) {
        vzero(as, VT0);
        vop3i(as, fp_pick(vop_fp_round, op), VT0, VT0, a, imm);
        asm_vmov(as, d, VT0);
        if (op_vl(op) == IR_VL_BOX)
            emit_vl(e, d, IR_VL_BOX, op->type);
    } else {
        vop2i(as, fp_pick(vop_fp_round, op), d, fp_cut(e, op, a), imm);
    }
    return true;
}

/* round_in_range: of numbers smaller than a power of two that is an integer of the format. */
static void round_in_range(Emit *e, const IrOp *op, int d, int x)
{
    Asm *as = &e->as;
    bool q = fp_is64(op->type);
    double limit = op->imm >> 8 == 64 ? 0x1p63 : 0x1p31;

    vop3m(as, V_pand, VT1, x, abs_mask(e, op->type));
    vop3mi(as, q ? V_cmppd : V_cmpps, VT1, VT1, fp_splat(e, op->type, limit), 1);
    asm_vmask(as, q ? V_movmskpd : V_movmskps, RAX, VT1);
    asm_alu_ri(as, 0, ALU_CMP, RAX, q ? 3 : 15);
    emit_deopt_jcc(e, CC_NE);
    vop2i(as, q ? V_roundpd : V_roundps, d, x, fp_round_imm(op->imm & 255));
}

/* Doubles to 32 bits: there and back by the host's conversions, which leave the sign of 0 behind. */
static void round_by_int(Emit *e, const IrOp *op, int d, int x)
{
    Asm *as = &e->as;
    bool current = (op->imm & 255) == IR_RN_CUR;

    vop2(as, current ? V_cvtpd2dq : V_cvttpd2dq, VT1, x);
    vop2(as, V_cvtdq2pd, VT1, VT1);
    vop3m(as, V_pand, VT2, x, sign_mask(e, op->type));
    vop3(as, V_por, d, VT1, VT2);
}

RULE(fround_int)
{
    unsigned round = op->imm & 255;

    if (!fp_ok(op) || (round != IR_RN_ZERO && round != IR_RN_CUR))
        return false;
    emit_clobber_flags(e);
    int x = fp_cut(e, op, a);

    if (op->imm >> 8 == 32 && fp_is64(op->type))
        round_by_int(e, op, d, x);
    else
        round_in_range(e, op, d, x);
    return true;
}

/* ---- neighbours ---- */

/* VT0, VT1 = first and second of each pair, lanes beyond VL zero or a copy of a's. */
static void fp_pairs(Emit *e, const IrOp *op, int a, int b)
{
    Asm *as = &e->as;
    bool q = fp_is64(op->type);

    if (op_vl(op) == IR_VL_LANE) {
        vop2i(as, V_pshufd, VT1, a, q ? 0xee : 0x55);
        asm_vmov(as, VT0, a);
    } else if (op_vl(op) == IR_VL_64) {
        vop3(as, V_unpcklps, VT0, a, b);
        vshift(as, V_psrldq_i, VT1, VT0, 8);
        vop2(as, V_movq, VT0, VT0);
    } else if (q) {
        vop3(as, V_unpcklpd, VT0, a, b);
        vop3(as, V_unpckhpd, VT1, a, b);
    } else {
        vop3i(as, V_shufps, VT0, a, b, 0x88);
        vop3i(as, V_shufps, VT1, a, b, 0xdd);
    }
}

static bool pairs_ok(const IrOp *op)
{
    return fp_ok(op) && !(op->type == IR_F64 && op_vl(op) == IR_VL_64);
}

RULE(fadd_pair)
{
    if (op->type == IR_F16)
        return half_add_pair(e, op, d, a, b);
    if (!pairs_ok(op))
        return false;
    fp_pairs(e, op, a, b);
    vop3(&e->as, fp_pick(vop_fp_add, op), VT0, VT0, VT1);
    emit_vl_to(e, d, VT0, op_vl(op), op->type);
    return true;
}

static bool min_max_pair(Emit *e, const IrOp *op, bool max, int d, int a, int b)
{
    if (op->type == IR_F16)
        return half_min_max_pair(e, op, max, d, a, b);
    if (!pairs_ok(op))
        return false;
    fp_pairs(e, op, a, b);
    fp_min_max(e, op, max, VT0, VT0, VT1);
    emit_vl_to(e, d, VT0, op_vl(op), op->type);
    return true;
}

RULE(fmax_pair)
{
    return min_max_pair(e, op, true, d, a, b);
}

RULE(fmin_pair)
{
    return min_max_pair(e, op, false, d, a, b);
}

RULE(fmaxnm_pair)
{
    return min_max_pair(e, op, true, d, a, b);
}

RULE(fminnm_pair)
{
    return min_max_pair(e, op, false, d, a, b);
}

/* ---- across lanes ---- */

static bool min_max_across(Emit *e, const IrOp *op, bool max, int d, int a)
{
    Asm *as = &e->as;
    unsigned vl = op_vl(op);
    int x = a;

    if (op->type == IR_F16)
        return half_across(e, op, max, d, a);
    if (!fp_ok(op) || vl == IR_VL_LANE)
        return false;
    if (vl == IR_VL_128) {
        vop2i(as, V_pshufd, VT1, x, 0xee);
        fp_min_max(e, op, max, VT0, x, VT1);
        x = VT0;
    }
    if (!fp_is64(op->type)) {
        vop2i(as, V_pshufd, VT1, x, 0x55);
        fp_min_max(e, op, max, VT0, x, VT1);
        x = VT0;
    }
    emit_vl_to(e, d, x, IR_VL_LANE, op->type);
    return true;
}

RULE(fhmax)
{
    return min_max_across(e, op, true, d, a);
}

RULE(fhmin)
{
    return min_max_across(e, op, false, d, a);
}

RULE(fhmaxnm)
{
    return min_max_across(e, op, true, d, a);
}

RULE(fhminnm)
{
    return min_max_across(e, op, false, d, a);
}
