/* SPDX-License-Identifier: MIT */
/*
 * lift_simd_misc.c: Advanced SIMD with one source (simd_misc.dec): two-register miscellaneous,
 * across lanes, scalar pairwise.
 */
#include "translate/guest/aarch64/lift_simd.h"

/* ---- integer, one op ---- */

static bool int1(Lift *l, IrOpcode op, unsigned sizes, unsigned vl, unsigned size, unsigned rd,
                 unsigned rn, uint32_t k)
{
    if (!size_ok(sizes, vl, size)) {
        return false;
    }
    set_v(l, rd, ir_v1(l->ir, op, int_type(size), vl, get_v(l, rn), k));
    return true;
}

#define INT1(name, op, sizes, k)                                                         \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return int1(l, IR_##op, sizes, vl_q(a->q), a->size, a->rd, a->rn, k);            \
    }
/* INT1S: has a scalar form too. */
#define INT1S(name, op)                                                                  \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return int1(l, IR_##op, SIZE_ALL, vl_of(a->scalar, a->q), a->size, a->rd, a->rn, 0); \
    }
/* BYTES1: acts on bytes whatever the size field says. */
#define BYTES1(name, op)                                                                 \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return int1(l, IR_##op, SIZE_B, vl_q(a->q), 0, a->rd, a->rn, 0);                 \
    }

// clang-format off
INT1(rev64,     vrev, SIZE_BHS, 64)
INT1(rev32_vec, vrev, SIZE_BH,  32)
INT1(rev16_vec, vrev, SIZE_B,   16)
INT1(cls_vec,   vcls, SIZE_BHS, 0)
INT1(clz_vec,   vclz, SIZE_BHS, 0)
INT1(cnt_vec,   vcnt, SIZE_B,   0)
INT1S(abs_vec,  vabs)
INT1S(neg_vec,  vneg)
INT1S(sqabs,    vqabs)
INT1S(sqneg,    vqneg)
BYTES1(not_vec,  vnot)
BYTES1(rbit_vec, vrbit)
// clang-format on

/* ---- integer, compared with zero ---- */

/* cmp_zero: rn op 0, or 0 op rn when swap. */
static bool cmp_zero(Lift *l, IrOpcode op, bool swap, unsigned vl, unsigned size, unsigned rd,
                     unsigned rn)
{
    if (!size_ok(SIZE_ALL, vl, size)) {
        return false;
    }
    IrVal zero = v_zero(l), n = get_v(l, rn);

    set_v(l, rd, ir_v2(l->ir, op, int_type(size), vl, swap ? zero : n, swap ? n : zero, 0));
    return true;
}

#define CMP_ZERO(name, op, swap)                                                         \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return cmp_zero(l, IR_##op, swap, vl_of(a->scalar, a->q), a->size, a->rd, a->rn); \
    }

// clang-format off
CMP_ZERO(cmgt_zero, vcmp_gt_s, false)
CMP_ZERO(cmge_zero, vcmp_ge_s, false)
CMP_ZERO(cmeq_zero, vcmp_eq,   false)
CMP_ZERO(cmle_zero, vcmp_ge_s, true)
CMP_ZERO(cmlt_zero, vcmp_gt_s, true)
// clang-format on

/* ---- integer, accumulating ---- */

/* SUQADD, USQADD: rd is the first operand. */
static bool qadd_mixed(Lift *l, IrOpcode op, unsigned vl, unsigned size, unsigned rd, unsigned rn)
{
    if (!size_ok(SIZE_ALL, vl, size)) {
        return false;
    }
    set_v(l, rd, ir_v2(l->ir, op, int_type(size), vl, get_v(l, rd), get_v(l, rn), 0));
    return true;
}

bool a64_suqadd(Lift *l, const a64_suqadd_args *a)
{
    return qadd_mixed(l, IR_vuqadd_s, vl_of(a->scalar, a->q), a->size, a->rd, a->rn);
}

bool a64_usqadd(Lift *l, const a64_usqadd_args *a)
{
    return qadd_mixed(l, IR_vsqadd_u, vl_of(a->scalar, a->q), a->size, a->rd, a->rn);
}

/* pair_long: sums of neighbours in lanes twice as wide, acc added to rd. */
static bool pair_long(Lift *l, IrOpcode op, IrOpcode acc, unsigned q, unsigned size, unsigned rd,
                      unsigned rn)
{
    IrType ty = int_type(size + 1);

    if (size == 3) {
        return false;
    }
    IrVal v = ir_v1(l->ir, op, ty, vl_q(q), get_v(l, rn), 0);

    set_v(l, rd, v_accumulate(l, acc, ty, vl_q(q), rd, v));
    return true;
}

#define PAIR_LONG(name, op, acc)                                                         \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return pair_long(l, IR_##op, acc, a->q, a->size, a->rd, a->rn);                  \
    }

// clang-format off
PAIR_LONG(saddlp, vaddl_pair_s, ACC_NONE)
PAIR_LONG(uaddlp, vaddl_pair_u, ACC_NONE)
PAIR_LONG(sadalp, vaddl_pair_s, IR_vadd)
PAIR_LONG(uadalp, vaddl_pair_u, IR_vadd)
// clang-format on

/* ---- narrowing and widening ---- */

static bool narrow(Lift *l, IrOpcode op, unsigned vl, unsigned q, unsigned size, unsigned rd,
                   unsigned rn)
{
    if (size == 3) {
        return false;
    }
    set_v_narrow(l, rd, q, ir_v1(l->ir, op, int_type(size + 1), vl, get_v(l, rn), 0));
    return true;
}

#define NARROW(name, op)                                                                 \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return narrow(l, IR_##op, a->scalar ? IR_VL_LANE : IR_VL_128, a->q, a->size,     \
                      a->rd, a->rn);                                                     \
    }

// clang-format off
NARROW(sqxtn,  vqnarrow_s)
NARROW(uqxtn,  vqnarrow_u)
NARROW(sqxtun, vqnarrow_su)
// clang-format on

bool a64_xtn(Lift *l, const a64_xtn_args *a)
{
    return narrow(l, IR_vnarrow, IR_VL_128, a->q, a->size, a->rd, a->rn);
}

/* SHLL: the shift count is the narrow lane's width. */
bool a64_shll(Lift *l, const a64_shll_args *a)
{
    IrType ty = int_type(a->size + 1);

    if (a->size == 3) {
        return false;
    }
    IrVal v = ir_v1(l->ir, IR_vext_u, ty, IR_VL_128, get_v(l, a->rn), a->q);

    set_v(l, a->rd, ir_v1(l->ir, IR_vshl_i, ty, IR_VL_128, v, 8u << a->size));
    return true;
}

bool a64_fcvtl(Lift *l, const a64_fcvtl_args *a)
{
    set_v(l, a->rd, ir_v1(l->ir, IR_fwiden, fp_type(a->sz), IR_VL_128, get_v(l, a->rn), a->q));
    return true;
}

bool a64_fcvtn(Lift *l, const a64_fcvtn_args *a)
{
    IrVal v = ir_v1(l->ir, IR_fnarrow, fp_type(a->sz), IR_VL_128, get_v(l, a->rn), 0);

    set_v_narrow(l, a->rd, a->q, v);
    return true;
}

/* FCVTXN: double to single, rounded to odd. */
bool a64_fcvtxn(Lift *l, const a64_fcvtxn_args *a)
{
    unsigned vl = a->scalar ? IR_VL_LANE : IR_VL_128;

    set_v_narrow(l, a->rd, a->q, ir_v1(l->ir, IR_fnarrow, IR_F64, vl, get_v(l, a->rn), 1));
    return true;
}

/* ---- floating point, one op ---- */

static bool fp1(Lift *l, IrOpcode op, unsigned vl, unsigned sz, unsigned rd, unsigned rn,
                uint32_t k)
{
    if (!fp_ok(vl, sz)) {
        return false;
    }
    set_v(l, rd, ir_v1(l->ir, op, fp_type(sz), vl, get_v(l, rn), k));
    return true;
}

#define FP1V(name, op, k)                                                                \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp1(l, IR_##op, vl_q(a->q), a->sz, a->rd, a->rn, k);                      \
    }
#define FP1S(name, op, k)                                                                \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp1(l, IR_##op, vl_of(a->scalar, a->q), a->sz, a->rd, a->rn, k);          \
    }

// clang-format off
FP1V(fabs_vec,   fabs,    0)
FP1V(fneg_vec,   fneg,    0)
FP1V(fsqrt_vec,  fsqrt,   0)
FP1V(frintn_vec, fround,  IR_RN_EVEN)
FP1V(frintp_vec, fround,  IR_RN_UP)
FP1V(frintm_vec, fround,  IR_RN_DOWN)
FP1V(frintz_vec, fround,  IR_RN_ZERO)
FP1V(frinta_vec, fround,  IR_RN_AWAY)
FP1V(frintx_vec, fround,  IR_RN_CUR | IR_ROUND_EXACT)
FP1V(frinti_vec, fround,  IR_RN_CUR)
FP1V(frint32z_vec, fround_int, IR_RN_ZERO | 32 << 8)
FP1V(frint32x_vec, fround_int, IR_RN_CUR | 32 << 8)
FP1V(frint64z_vec, fround_int, IR_RN_ZERO | 64 << 8)
FP1V(frint64x_vec, fround_int, IR_RN_CUR | 64 << 8)
FP1S(frecpe,     frecpe,  0)
FP1S(frsqrte,    frsqrte, 0)
FP1S(fcvtns_vec, fto_s,   IR_RN_EVEN)
FP1S(fcvtnu_vec, fto_u,   IR_RN_EVEN)
FP1S(fcvtas_vec, fto_s,   IR_RN_AWAY)
FP1S(fcvtau_vec, fto_u,   IR_RN_AWAY)
FP1S(fcvtps_vec, fto_s,   IR_RN_UP)
FP1S(fcvtpu_vec, fto_u,   IR_RN_UP)
FP1S(fcvtms_vec, fto_s,   IR_RN_DOWN)
FP1S(fcvtmu_vec, fto_u,   IR_RN_DOWN)
FP1S(fcvtzs_vec, fto_s,   IR_RN_ZERO)
FP1S(fcvtzu_vec, fto_u,   IR_RN_ZERO)
FP1S(scvtf_vec,  sto_f,   0)
FP1S(ucvtf_vec,  uto_f,   0)
// clang-format on

bool a64_frecpx(Lift *l, const a64_frecpx_args *a)
{
    return fp1(l, IR_frecpx, IR_VL_LANE, a->sz, a->rd, a->rn, 0);
}

bool a64_urecpe(Lift *l, const a64_urecpe_args *a)
{
    return int1(l, IR_urecpe, SIZE_S, vl_q(a->q), 2, a->rd, a->rn, 0);
}

bool a64_ursqrte(Lift *l, const a64_ursqrte_args *a)
{
    return int1(l, IR_ursqrte, SIZE_S, vl_q(a->q), 2, a->rd, a->rn, 0);
}

/* ---- floating point, compared with zero ---- */

static bool fcmp_zero(Lift *l, IrOpcode op, bool swap, unsigned vl, unsigned sz, unsigned rd,
                      unsigned rn)
{
    if (!fp_ok(vl, sz)) {
        return false;
    }
    IrVal zero = v_zero(l), n = get_v(l, rn);

    set_v(l, rd, ir_v2(l->ir, op, fp_type(sz), vl, swap ? zero : n, swap ? n : zero, 0));
    return true;
}

#define FCMP_ZERO(name, op, swap)                                                        \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fcmp_zero(l, IR_##op, swap, vl_of(a->scalar, a->q), a->sz, a->rd, a->rn); \
    }

// clang-format off
FCMP_ZERO(fcmgt_zero, vfcmp_gt, false)
FCMP_ZERO(fcmge_zero, vfcmp_ge, false)
FCMP_ZERO(fcmeq_zero, vfcmp_eq, false)
FCMP_ZERO(fcmle_zero, vfcmp_ge, true)
FCMP_ZERO(fcmlt_zero, vfcmp_gt, true)
// clang-format on

/* ---- across lanes. Two 32-bit lanes are not offered: the pairwise forms do that. ---- */

static bool across(Lift *l, IrOpcode op, unsigned q, unsigned size, unsigned rd, unsigned rn)
{
    if (size == 3 || (size == 2 && !q)) {
        return false;
    }
    set_v(l, rd, ir_v1(l->ir, op, int_type(size), vl_q(q), get_v(l, rn), 0));
    return true;
}

#define ACROSS(name, op)                                                                 \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return across(l, IR_##op, a->q, a->size, a->rd, a->rn);                          \
    }
#define FP_ACROSS(name, op)                                                              \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp1(l, IR_##op, vl_q(a->q), a->sz, a->rd, a->rn, 0);                  \
    }

// clang-format off
ACROSS(addv,   vsum)
ACROSS(saddlv, vsuml_s)
ACROSS(uaddlv, vsuml_u)
ACROSS(smaxv,  vhmax_s)
ACROSS(umaxv,  vhmax_u)
ACROSS(sminv,  vhmin_s)
ACROSS(uminv,  vhmin_u)
FP_ACROSS(fmaxv,   fhmax)
FP_ACROSS(fminv,   fhmin)
FP_ACROSS(fmaxnmv, fhmaxnm)
FP_ACROSS(fminnmv, fhminnm)
// clang-format on

/* ---- scalar pairwise: lanes 0 and 1 of one register ---- */

bool a64_addp_scalar(Lift *l, const a64_addp_scalar_args *a)
{
    set_v(l, a->rd, ir_v1(l->ir, IR_vsum, IR_I64, IR_VL_128, get_v(l, a->rn), 0));
    return true;
}

#define FP_PAIR(name, op)                                                                \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        IrVal n = get_v(l, a->rn);                                                       \
                                                                                         \
        set_v(l, a->rd, ir_v2(l->ir, IR_##op, fp_type(a->sz), IR_VL_LANE, n, n, 0));     \
        return true;                                                                     \
    }

// clang-format off
FP_PAIR(faddp_scalar,   fadd_pair)
FP_PAIR(fmaxp_scalar,   fmax_pair)
FP_PAIR(fminp_scalar,   fmin_pair)
FP_PAIR(fmaxnmp_scalar, fmaxnm_pair)
FP_PAIR(fminnmp_scalar, fminnm_pair)
// clang-format on
