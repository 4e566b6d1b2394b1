/* SPDX-License-Identifier: MIT */
/*
 * lift_simd_three.c: Advanced SIMD with two sources (simd_three.dec): three same, three
 * different (widening, narrowing), by element, and their scalar forms.
 */
#include "translate/guest/aarch64/lift_simd.h"

/* Operands of any row here, so that one function serves all rows of a shape. */
typedef struct {
    unsigned vl;        /* IR_VL_ */
    unsigned q;         /* widening forms: take the upper half of the narrow operands */
    unsigned size;
    unsigned rd;
    IrVal n, m;
} Three;

/* ---- three same: integer ---- */

/* three_same: rd = n op m, or rd acc (n op m). */
static bool three_same(Lift *l, IrOpcode op, IrOpcode acc, unsigned sizes, const Three *t)
{
    IrType ty = int_type(t->size);

    if (!size_ok(sizes, t->vl, t->size)) {
        return false;
    }
    IrVal v = ir_v2(l->ir, op, ty, t->vl, t->n, t->m, 0);

    set_v(l, t->rd, v_accumulate(l, acc, ty, t->vl, t->rd, v));
    return true;
}

/* REGS: the operands of a row that names its registers rn and rm. */
#define REGS(vl_, q_, size_)                                                             \
    &(Three)                                                                             \
    {                                                                                    \
        .vl = vl_, .q = q_, .size = size_, .rd = a->rd, .n = get_v(l, a->rn),            \
        .m = get_v(l, a->rm)                                                             \
    }
#define INT3(name, op, acc, sizes)                                                       \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return three_same(l, IR_##op, acc, sizes, REGS(vl_q(a->q), 0, a->size));         \
    }
/* INT3S: has a scalar form too. */
#define INT3S(name, op, sizes)                                                           \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return three_same(l, IR_##op, ACC_NONE, sizes,                                   \
                          REGS(vl_of(a->scalar, a->q), 0, a->size));                     \
    }

// clang-format off
INT3S(add_vec,      vadd,     SIZE_ALL)
INT3S(sub_vec,      vsub,     SIZE_ALL)
INT3S(sqadd,        vqadd_s,  SIZE_ALL)
INT3S(uqadd,        vqadd_u,  SIZE_ALL)
INT3S(sqsub,        vqsub_s,  SIZE_ALL)
INT3S(uqsub,        vqsub_u,  SIZE_ALL)
INT3S(cmgt_reg,     vcmp_gt_s, SIZE_ALL)
INT3S(cmge_reg,     vcmp_ge_s, SIZE_ALL)
INT3S(cmhi_reg,     vcmp_gt_u, SIZE_ALL)
INT3S(cmhs_reg,     vcmp_ge_u, SIZE_ALL)
INT3S(cmeq_reg,     vcmp_eq,  SIZE_ALL)
INT3S(cmtst,        vtst,     SIZE_ALL)
INT3S(sshl,         vshl_s,   SIZE_ALL)
INT3S(ushl,         vshl_u,   SIZE_ALL)
INT3S(srshl,        vrshl_s,  SIZE_ALL)
INT3S(urshl,        vrshl_u,  SIZE_ALL)
INT3S(sqshl_reg,    vqshl_s,  SIZE_ALL)
INT3S(uqshl_reg,    vqshl_u,  SIZE_ALL)
INT3S(sqrshl,       vqrshl_s, SIZE_ALL)
INT3S(uqrshl,       vqrshl_u, SIZE_ALL)
INT3S(sqdmulh_vec,  vqdmulh,  SIZE_HS)
INT3S(sqrdmulh_vec, vqrdmulh, SIZE_HS)

INT3(shadd,    vhadd_s,     ACC_NONE, SIZE_BHS)
INT3(uhadd,    vhadd_u,     ACC_NONE, SIZE_BHS)
INT3(srhadd,   vrhadd_s,    ACC_NONE, SIZE_BHS)
INT3(urhadd,   vrhadd_u,    ACC_NONE, SIZE_BHS)
INT3(shsub,    vhsub_s,     ACC_NONE, SIZE_BHS)
INT3(uhsub,    vhsub_u,     ACC_NONE, SIZE_BHS)
INT3(smax,     vmax_s,      ACC_NONE, SIZE_BHS)
INT3(umax,     vmax_u,      ACC_NONE, SIZE_BHS)
INT3(smin,     vmin_s,      ACC_NONE, SIZE_BHS)
INT3(umin,     vmin_u,      ACC_NONE, SIZE_BHS)
INT3(sabd,     vabd_s,      ACC_NONE, SIZE_BHS)
INT3(uabd,     vabd_u,      ACC_NONE, SIZE_BHS)
INT3(saba,     vabd_s,      IR_vadd,  SIZE_BHS)
INT3(uaba,     vabd_u,      IR_vadd,  SIZE_BHS)
INT3(mul_vec,  vmul,        ACC_NONE, SIZE_BHS)
INT3(mla_vec,  vmul,        IR_vadd,  SIZE_BHS)
INT3(mls_vec,  vmul,        IR_vsub,  SIZE_BHS)
INT3(addp_vec, vadd_pair,   ACC_NONE, SIZE_ALL)
INT3(smaxp,    vmax_pair_s, ACC_NONE, SIZE_BHS)
INT3(umaxp,    vmax_pair_u, ACC_NONE, SIZE_BHS)
INT3(sminp,    vmin_pair_s, ACC_NONE, SIZE_BHS)
INT3(uminp,    vmin_pair_u, ACC_NONE, SIZE_BHS)
// clang-format on

/* ---- three same: bitwise, size does not matter ---- */

#define BITWISE(name, op)                                                                \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return three_same(l, IR_##op, ACC_NONE, SIZE_B, REGS(vl_q(a->q), 0, 0));         \
    }

// clang-format off
BITWISE(and_vec,     vand)
BITWISE(bic_vec_reg, vandn)
BITWISE(orn_vec,     vorn)
BITWISE(pmul,        vmul_p)
// clang-format on

/* ORR of a register with itself is the MOV (vector) alias: a plain move. */
bool a64_orr_vec_reg(Lift *l, const a64_orr_vec_reg_args *a)
{
    if (a->rn == a->rm) {
        set_v(l, a->rd, ir_v1(l->ir, IR_vmov, IR_I8, vl_q(a->q), get_v(l, a->rn), 0));
        return true;
    }
    return three_same(l, IR_vor, ACC_NONE, SIZE_B, REGS(vl_q(a->q), 0, 0));
}

/* EOR of a register with itself is zero whatever it held. */
bool a64_eor_vec(Lift *l, const a64_eor_vec_args *a)
{
    if (a->rn == a->rm) {
        set_v(l, a->rd, v_zero(l));
        return true;
    }
    return three_same(l, IR_vxor, ACC_NONE, SIZE_B, REGS(vl_q(a->q), 0, 0));
}

/* bit_select: rd = bits of x where mask is 1, of y elsewhere. */
static bool bit_select(Lift *l, unsigned vl, unsigned rd, unsigned x, unsigned y, unsigned mask)
{
    set_v(l, rd, ir_v3(l->ir, IR_vbsl, IR_I8, vl, get_v(l, x), get_v(l, y), get_v(l, mask), 0));
    return true;
}

bool a64_bsl(Lift *l, const a64_bsl_args *a)
{
    return bit_select(l, vl_q(a->q), a->rd, a->rn, a->rm, a->rd);
}

bool a64_bit(Lift *l, const a64_bit_args *a)
{
    return bit_select(l, vl_q(a->q), a->rd, a->rn, a->rd, a->rm);
}

bool a64_bif(Lift *l, const a64_bif_args *a)
{
    return bit_select(l, vl_q(a->q), a->rd, a->rd, a->rn, a->rm);
}

/* ---- three same: floating point; .size holds sz ---- */

static bool fp_same(Lift *l, IrOpcode op, const Three *t)
{
    if (!fp_ok(t->vl, t->size)) {
        return false;
    }
    set_v(l, t->rd, ir_v2(l->ir, op, fp_type(t->size), t->vl, t->n, t->m, 0));
    return true;
}

/* fp_fused: rd + n * m; negate = 1 negates n first (FMLS). */
static bool fp_fused(Lift *l, const Three *t, uint32_t negate)
{
    if (!fp_ok(t->vl, t->size)) {
        return false;
    }
    set_v(l, t->rd, ir_v3(l->ir, IR_fma, fp_type(t->size), t->vl, t->n, t->m, get_v(l, t->rd),
                          negate));
    return true;
}

/* fp_abs_cmp: compare magnitudes (FACGE, FACGT). */
static bool fp_abs_cmp(Lift *l, IrOpcode op, const Three *t)
{
    IrType ty = fp_type(t->size);

    if (!fp_ok(t->vl, t->size)) {
        return false;
    }
    IrVal n = ir_v1(l->ir, IR_fabs, ty, t->vl, t->n, 0);
    IrVal m = ir_v1(l->ir, IR_fabs, ty, t->vl, t->m, 0);

    set_v(l, t->rd, ir_v2(l->ir, op, ty, t->vl, n, m, 0));
    return true;
}

static bool fp_abs_diff(Lift *l, const Three *t)
{
    IrType ty = fp_type(t->size);

    if (!fp_ok(t->vl, t->size)) {
        return false;
    }
    IrVal v = ir_v2(l->ir, IR_fsub, ty, t->vl, t->n, t->m, 0);

    set_v(l, t->rd, ir_v1(l->ir, IR_fabs, ty, t->vl, v, 0));
    return true;
}

#define FP3V(name, op)                                                                   \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp_same(l, IR_##op, REGS(vl_q(a->q), 0, a->sz));                          \
    }
#define FP3S(name, op)                                                                   \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp_same(l, IR_##op, REGS(vl_of(a->scalar, a->q), 0, a->sz));              \
    }

// clang-format off
FP3V(fadd_vec,    fadd)
FP3V(fsub_vec,    fsub)
FP3V(fmul_vec,    fmul)
FP3V(fdiv_vec,    fdiv)
FP3V(fmax_vec,    fmax)
FP3V(fmin_vec,    fmin)
FP3V(fmaxnm_vec,  fmaxnm)
FP3V(fminnm_vec,  fminnm)
FP3V(faddp_vec,   fadd_pair)
FP3V(fmaxp_vec,   fmax_pair)
FP3V(fminp_vec,   fmin_pair)
FP3V(fmaxnmp_vec, fmaxnm_pair)
FP3V(fminnmp_vec, fminnm_pair)
FP3S(fmulx,       fmulx)
FP3S(frecps,      frecps)
FP3S(frsqrts,     frsqrts)
FP3S(fcmeq_reg,   vfcmp_eq)
FP3S(fcmge_reg,   vfcmp_ge)
FP3S(fcmgt_reg,   vfcmp_gt)
// clang-format on

bool a64_fmla_vec(Lift *l, const a64_fmla_vec_args *a)
{
    return fp_fused(l, REGS(vl_q(a->q), 0, a->sz), 0);
}

bool a64_fmls_vec(Lift *l, const a64_fmls_vec_args *a)
{
    return fp_fused(l, REGS(vl_q(a->q), 0, a->sz), 1);
}

bool a64_facge(Lift *l, const a64_facge_args *a)
{
    return fp_abs_cmp(l, IR_vfcmp_ge, REGS(vl_of(a->scalar, a->q), 0, a->sz));
}

bool a64_facgt(Lift *l, const a64_facgt_args *a)
{
    return fp_abs_cmp(l, IR_vfcmp_gt, REGS(vl_of(a->scalar, a->q), 0, a->sz));
}

bool a64_fabd(Lift *l, const a64_fabd_args *a)
{
    return fp_abs_diff(l, REGS(vl_of(a->scalar, a->q), 0, a->sz));
}

/* ---- three different: the wider lane is twice .size ---- */

/* widen: n's (or, for q, the upper half's) lanes extended to ty. */
static IrVal widen(Lift *l, IrOpcode ext, IrType ty, IrVal n, unsigned q)
{
    return ir_v1(l->ir, ext, ty, IR_VL_128, n, q);
}

/* long3: rd = ext(n) op ext(m), with acc added to rd. wide3: n is wide already. */
static bool long3(Lift *l, IrOpcode ext, IrOpcode op, IrOpcode acc, const Three *t)
{
    IrType ty = int_type(t->size + 1);

    if (t->size == 3) {
        return false;
    }
    IrVal n = widen(l, ext, ty, t->n, t->q), m = widen(l, ext, ty, t->m, t->q);
    IrVal v = ir_v2(l->ir, op, ty, IR_VL_128, n, m, 0);

    set_v(l, t->rd, v_accumulate(l, acc, ty, IR_VL_128, t->rd, v));
    return true;
}

static bool wide3(Lift *l, IrOpcode ext, IrOpcode op, const Three *t)
{
    IrType ty = int_type(t->size + 1);

    if (t->size == 3) {
        return false;
    }
    IrVal m = widen(l, ext, ty, t->m, t->q);

    set_v(l, t->rd, ir_v2(l->ir, op, ty, IR_VL_128, t->n, m, 0));
    return true;
}

/* mull3: rd acc= widening product; scalar forms (VL LANE) use lane 0. */
static bool mull3(Lift *l, IrOpcode op, IrOpcode acc, unsigned sizes, const Three *t)
{
    IrType ty = int_type(t->size + 1);

    if (!size_ok(sizes, t->vl, t->size)) {
        return false;
    }
    IrVal v = ir_v2(l->ir, op, ty, t->vl, t->n, t->m, t->q);

    set_v(l, t->rd, v_accumulate(l, acc, ty, t->vl, t->rd, v));
    return true;
}

/*
 * high3: the high half of each wide n op m. Rounding may carry out of the wide lane; the bit
 * lands above the half that is kept, as the manual's addition modulo the lane has it.
 */
static bool high3(Lift *l, IrOpcode op, IrOpcode shift, const Three *t)
{
    IrType ty = int_type(t->size + 1);

    if (t->size == 3) {
        return false;
    }
    IrVal v = ir_v2(l->ir, op, ty, IR_VL_128, t->n, t->m, 0);

    v = ir_v1(l->ir, shift, ty, IR_VL_128, v, 8u << t->size);
    set_v_narrow(l, t->rd, t->q, ir_v1(l->ir, IR_vnarrow, ty, IR_VL_128, v, 0));
    return true;
}

#define LONG3(name, ext, op, acc)                                                        \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return long3(l, IR_##ext, IR_##op, acc, REGS(0, a->q, a->size));                 \
    }
#define WIDE3(name, ext, op)                                                             \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return wide3(l, IR_##ext, IR_##op, REGS(0, a->q, a->size));                      \
    }
#define MULL3(name, op, acc)                                                             \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return mull3(l, IR_##op, acc, SIZE_BHS, REGS(IR_VL_128, a->q, a->size));         \
    }
#define MULL3S(name, op, acc)                                                            \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return mull3(l, IR_##op, acc, SIZE_HS,                                           \
                     REGS(a->scalar ? IR_VL_LANE : IR_VL_128, a->q, a->size));           \
    }
#define HIGH3(name, op, shift)                                                           \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return high3(l, IR_##op, IR_##shift, REGS(0, a->q, a->size));                    \
    }

// clang-format off
LONG3(saddl, vext_s, vadd,   ACC_NONE)
LONG3(uaddl, vext_u, vadd,   ACC_NONE)
LONG3(ssubl, vext_s, vsub,   ACC_NONE)
LONG3(usubl, vext_u, vsub,   ACC_NONE)
LONG3(sabdl, vext_s, vabd_s, ACC_NONE)
LONG3(uabdl, vext_u, vabd_u, ACC_NONE)
LONG3(sabal, vext_s, vabd_s, IR_vadd)
LONG3(uabal, vext_u, vabd_u, IR_vadd)
WIDE3(saddw, vext_s, vadd)
WIDE3(uaddw, vext_u, vadd)
WIDE3(ssubw, vext_s, vsub)
WIDE3(usubw, vext_u, vsub)
MULL3(smull_vec,    vmull_s, ACC_NONE)
MULL3(umull_vec,    vmull_u, ACC_NONE)
MULL3(smlal_vec,    vmull_s, IR_vadd)
MULL3(umlal_vec,    vmull_u, IR_vadd)
MULL3(smlsl_vec,    vmull_s, IR_vsub)
MULL3(umlsl_vec,    vmull_u, IR_vsub)
MULL3S(sqdmull_vec, vqdmull, ACC_NONE)
MULL3S(sqdmlal_vec, vqdmull, IR_vqadd_s)
MULL3S(sqdmlsl_vec, vqdmull, IR_vqsub_s)
HIGH3(addhn,  vadd, vshr_u_i)
HIGH3(raddhn, vadd, vrshr_u_i)
HIGH3(subhn,  vsub, vshr_u_i)
HIGH3(rsubhn, vsub, vrshr_u_i)
// clang-format on

/* ---- by element: m is one lane of register vm, repeated ---- */

#define ELT(ty, vl_, q_, size_)                                                          \
    &(Three)                                                                             \
    {                                                                                    \
        .vl = vl_, .q = q_, .size = size_, .rd = a->rd, .n = get_v(l, a->rn),            \
        .m = v_elt(l, ty, vl_, a->vm, a->idx)                                            \
    }
#define INT_ELT(name, op, acc)                                                           \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return three_same(l, IR_##op, acc, SIZE_HS,                                      \
                          ELT(int_type(a->size), vl_q(a->q), 0, a->size));               \
    }
#define INT_ELTS(name, op)                                                               \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return three_same(l, IR_##op, ACC_NONE, SIZE_HS,                                 \
                          ELT(int_type(a->size), vl_of(a->scalar, a->q), 0, a->size));   \
    }
#define MULL_ELT(name, op, acc)                                                          \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return mull3(l, IR_##op, acc, SIZE_HS,                                           \
                     ELT(int_type(a->size), IR_VL_128, a->q, a->size));                  \
    }
#define MULL_ELTS(name, op, acc)                                                         \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return mull3(l, IR_##op, acc, SIZE_HS,                                           \
                     ELT(int_type(a->size), a->scalar ? IR_VL_LANE : IR_VL_128, a->q,    \
                         a->size));                                                      \
    }
#define FP_ELT(name, op)                                                                 \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp_ok(vl_of(a->scalar, a->q), a->sz) &&                                   \
               fp_same(l, IR_##op,                                                       \
                       ELT(fp_type(a->sz), vl_of(a->scalar, a->q), 0, a->sz));           \
    }
#define FMA_ELT(name, negate)                                                            \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp_ok(vl_of(a->scalar, a->q), a->sz) &&                                   \
               fp_fused(l, ELT(fp_type(a->sz), vl_of(a->scalar, a->q), 0, a->sz), negate); \
    }

// clang-format off
INT_ELT(mul_elt,   vmul, ACC_NONE)
INT_ELT(mla_elt,   vmul, IR_vadd)
INT_ELT(mls_elt,   vmul, IR_vsub)
INT_ELTS(sqdmulh_elt,  vqdmulh)
INT_ELTS(sqrdmulh_elt, vqrdmulh)
MULL_ELT(smull_elt, vmull_s, ACC_NONE)
MULL_ELT(umull_elt, vmull_u, ACC_NONE)
MULL_ELT(smlal_elt, vmull_s, IR_vadd)
MULL_ELT(umlal_elt, vmull_u, IR_vadd)
MULL_ELT(smlsl_elt, vmull_s, IR_vsub)
MULL_ELT(umlsl_elt, vmull_u, IR_vsub)
MULL_ELTS(sqdmull_elt, vqdmull, ACC_NONE)
MULL_ELTS(sqdmlal_elt, vqdmull, IR_vqadd_s)
MULL_ELTS(sqdmlsl_elt, vqdmull, IR_vqsub_s)
FP_ELT(fmul_elt,  fmul)
FP_ELT(fmulx_elt, fmulx)
FMA_ELT(fmla_elt, 0)
FMA_ELT(fmls_elt, 1)
// clang-format on

/* ---- dot products ---- */

static bool dot3(Lift *l, IrOpcode op, const Three *t)
{
    set_v(l, t->rd, ir_v3(l->ir, op, IR_I32, t->vl, t->n, t->m, get_v(l, t->rd), 0));
    return true;
}

bool a64_sdot_vec(Lift *l, const a64_sdot_vec_args *a)
{
    return dot3(l, IR_vdot_s, REGS(vl_q(a->q), 0, 2));
}

bool a64_udot_vec(Lift *l, const a64_udot_vec_args *a)
{
    return dot3(l, IR_vdot_u, REGS(vl_q(a->q), 0, 2));
}

bool a64_sdot_elt(Lift *l, const a64_sdot_elt_args *a)
{
    return dot3(l, IR_vdot_s, ELT(IR_I32, vl_q(a->q), 0, 2));
}

bool a64_udot_elt(Lift *l, const a64_udot_elt_args *a)
{
    return dot3(l, IR_vdot_u, ELT(IR_I32, vl_q(a->q), 0, 2));
}

bool a64_usdot_vec(Lift *l, const a64_usdot_vec_args *a)
{
    return dot3(l, IR_vdot_us, REGS(vl_q(a->q), 0, 2));
}

bool a64_usdot_elt(Lift *l, const a64_usdot_elt_args *a)
{
    return dot3(l, IR_vdot_us, ELT(IR_I32, vl_q(a->q), 0, 2));
}

/* SUDOT: the element's bytes are the unsigned ones. */
bool a64_sudot_elt(Lift *l, const a64_sudot_elt_args *a)
{
    Three *t = ELT(IR_I32, vl_q(a->q), 0, 2);

    set_v(l, t->rd, ir_v3(l->ir, IR_vdot_us, IR_I32, t->vl, t->m, t->n, get_v(l, t->rd), 0));
    return true;
}

/*
 * mmla: the 2x2 matrix rd + n * transposed m, of rows of eight bytes: a row of n beside both rows
 * of m gives the halves of two sums.
 */
static bool mmla(Lift *l, IrOpcode dot, const Three *t)
{
    IrVal row[2];

    if (t->vl != IR_VL_128) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        IrVal n = ir_v1(l->ir, IR_vdup_lane, IR_I64, IR_VL_128, t->n, i);

        row[i] = ir_v3(l->ir, dot, IR_I32, IR_VL_128, n, t->m, v_zero(l), 0);
    }
    IrVal sum = ir_v2(l->ir, IR_vadd_pair, IR_I32, IR_VL_128, row[0], row[1], 0);

    set_v(l, t->rd, ir_v2(l->ir, IR_vadd, IR_I32, IR_VL_128, get_v(l, t->rd), sum, 0));
    return true;
}

bool a64_smmla(Lift *l, const a64_smmla_args *a)
{
    return mmla(l, IR_vdot_s, REGS(vl_q(a->q), 0, 2));
}

bool a64_ummla(Lift *l, const a64_ummla_args *a)
{
    return mmla(l, IR_vdot_u, REGS(vl_q(a->q), 0, 2));
}

bool a64_usmmla(Lift *l, const a64_usmmla_args *a)
{
    return mmla(l, IR_vdot_us, REGS(vl_q(a->q), 0, 2));
}

/* ---- rounding doubling multiply, accumulated before it saturates ---- */

static bool rdm3(Lift *l, IrOpcode op, const Three *t)
{
    if (!size_ok(SIZE_HS, t->vl, t->size)) {
        return false;
    }
    set_v(l, t->rd, ir_v3(l->ir, op, int_type(t->size), t->vl, t->n, t->m, get_v(l, t->rd), 0));
    return true;
}

#define RDM3(name, op)                                                                   \
    bool a64_##name##_vec(Lift *l, const a64_##name##_vec_args *a)                       \
    {                                                                                    \
        return rdm3(l, IR_##op, REGS(vl_of(a->scalar, a->q), 0, a->size));               \
    }                                                                                    \
    bool a64_##name##_elt(Lift *l, const a64_##name##_elt_args *a)                       \
    {                                                                                    \
        return rdm3(l, IR_##op,                                                          \
                    ELT(int_type(a->size), vl_of(a->scalar, a->q), 0, a->size));         \
    }

// clang-format off
RDM3(sqrdmlah, vqrdmlah)
RDM3(sqrdmlsh, vqrdmlsh)
// clang-format on

/* ---- complex numbers: a pair of lanes is the real and the imaginary part ---- */

/* complex_ok: of singles and doubles. Half precision needs its own feature. */
static bool complex_ok(const Lift *l, unsigned vl, unsigned size)
{
    bool half = size == 1 && l->features & A64_FEAT_fp16;

    return (half || size == 2 || size == 3) && size_ok(SIZE_ALL, vl, size);
}

/* negate_lanes: v with the signs of the even (0) or odd (1) lanes, or of all (2), changed. */
static IrVal negate_lanes(Lift *l, unsigned vl, unsigned size, unsigned which, IrVal v)
{
    unsigned bits = 8u << size;
    uint64_t sign = 1ull << (bits - 1), lo = 0, hi;

    for (unsigned i = 0; i < 128; i += bits) {
        lo |= i < 64 && (which == 2 || (i / bits & 1) == which) ? sign << (i & 63) : 0;
    }
    hi = size < 3 ? lo : which ? sign : 0;
    IrVal k = v_const(l, IR_VL_128, lo);

    if (hi != lo) {
        k = ir_v2(l->ir, IR_vpack64, IR_I64, 0, imm(l, IR_I64, lo), imm(l, IR_I64, hi), 0);
    }
    return ir_v2(l->ir, IR_vxor, IR_I8, vl, v, k, 0);
}

/* exchange_pairs: real and imaginary parts exchanged. */
static IrVal exchange_pairs(Lift *l, unsigned vl, unsigned size, IrVal v)
{
    if (size == 3) {
        return ir_v2(l->ir, IR_vext, IR_I8, vl, v, v, 8);
    }
    return ir_v1(l->ir, IR_vrev, int_type(size), vl, v, 16u << size);
}

/* FCADD: m rotated by 90 (rot1 = 0) or 270 degrees. */
bool a64_fcadd(Lift *l, const a64_fcadd_args *a)
{
    unsigned vl = vl_q(a->q);

    if (!complex_ok(l, vl, a->size)) {
        return false;
    }
    IrVal m = exchange_pairs(l, vl, a->size, get_v(l, a->rm));

    m = negate_lanes(l, vl, a->size, a->rot1, m);
    set_v(l, a->rd, ir_v2(l->ir, IR_fadd, (IrType)(IR_F16 + a->size - 1), vl, get_v(l, a->rn), m, 0));
    return true;
}

/*
 * fcmla: of n only the real (rot even) or only the imaginary parts, times m, of which the parts
 * change places with the latter, and the signs of what rot says.
 */
static bool fcmla(Lift *l, unsigned rot, const Three *t)
{
    static const uint8_t minus[4] = { 3, 0, 2, 1 };     /* which lanes; 3: none */
    IrVal n, m = t->m;

    n = ir_v2(l->ir, rot & 1 ? IR_vtrn_odd : IR_vtrn_even, int_type(t->size), t->vl, t->n, t->n, 0);
    if (rot & 1) {
        m = exchange_pairs(l, t->vl, t->size, m);
    }
    if (minus[rot] != 3) {
        m = negate_lanes(l, t->vl, t->size, minus[rot], m);
    }
    set_v(l, t->rd, ir_v3(l->ir, IR_fma, (IrType)(IR_F16 + t->size - 1), t->vl, n, m,
                          get_v(l, t->rd), 0));
    return true;
}

bool a64_fcmla_vec(Lift *l, const a64_fcmla_vec_args *a)
{
    return complex_ok(l, vl_q(a->q), a->size) && fcmla(l, a->rot, REGS(vl_q(a->q), 0, a->size));
}

/* By element: one pair of m for all. Of halves h picks from the upper 64 bits: Q only. */
bool a64_fcmla_elt(Lift *l, const a64_fcmla_elt_args *a)
{
    unsigned vl = vl_q(a->q);

    if (!complex_ok(l, vl, a->size) || (a->size == 1 && a->idx > 1 && !a->q)) {
        return false;
    }
    return fcmla(l, a->rot, ELT(int_type(a->size + 1), vl, 0, a->size));
}
