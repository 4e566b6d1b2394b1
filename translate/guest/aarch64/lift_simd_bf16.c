/* SPDX-License-Identifier: MIT */
/*
 * lift_simd_bf16.c: products of 16-bit floats that are summed in single: bfloat16 (FEAT_BF16), and
 * half precision (FEAT_FHM). Rows are in simd_three.dec, simd_misc.dec and fp.dec.
 */
#include "translate/guest/aarch64/lift_simd.h"

/* Registers, or a register and an element, as vectors of 16-bit lanes. */
typedef struct {
    unsigned vl;        /* IR_VL_ of the result */
    unsigned rd;
    unsigned from;      /* where the halves of m begin that meet n's; 0 for an element */
    IrVal n, m;
} Mixed;

/* ---- single to bfloat16 ---- */

bool a64_bfcvt(Lift *l, const a64_bfcvt_args *a)
{
    set_v(l, a->rd, ir_v1(l->ir, IR_bfnarrow, IR_F32, IR_VL_LANE, get_v(l, a->rn), 0));
    return true;
}

bool a64_bfcvtn(Lift *l, const a64_bfcvtn_args *a)
{
    IrVal v = ir_v1(l->ir, IR_bfnarrow, IR_F32, IR_VL_128, get_v(l, a->rn), 0);

    set_v_narrow(l, a->rd, a->q, v);
    return true;
}

/* ---- half precision, widened and multiplied ---- */

/* fmlal: first is the lane of n where the halves begin; negate = 1 subtracts. */
static bool fmlal(Lift *l, const Mixed *t, unsigned first, uint32_t negate)
{
    IrVal n = ir_v1(l->ir, IR_fwiden_raw, IR_F32, t->vl, t->n, first);
    IrVal m = ir_v1(l->ir, IR_fwiden_raw, IR_F32, t->vl, t->m, t->from);

    set_v(l, t->rd, ir_v3(l->ir, IR_fma, IR_F32, t->vl, n, m, get_v(l, t->rd), negate));
    return true;
}

/* FMLAL: upper is 0 or 1, the half of the register's datasize that is taken. */
#define FMLAL(name, upper, negate)                                                       \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        unsigned first = upper ? (a->q ? 4 : 2) : 0;                                     \
                                                                                         \
        return fmlal(l, &(Mixed){ vl_q(a->q), a->rd, first, get_v(l, a->rn),             \
                                  get_v(l, a->rm) }, first, negate);                     \
    }
#define FMLAL_ELT(name, upper, negate)                                                   \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fmlal(l, &(Mixed){ vl_q(a->q), a->rd, 0, get_v(l, a->rn),                 \
                                  v_elt(l, IR_I16, vl_q(a->q), a->vm, a->idx) },         \
                     upper ? (a->q ? 4 : 2) : 0, negate);                                \
    }

// clang-format off
FMLAL(fmlal,  0, 0)
FMLAL(fmlsl,  0, 1)
FMLAL(fmlal2, 1, 0)
FMLAL(fmlsl2, 1, 1)
FMLAL_ELT(fmlal_elt,  0, 0)
FMLAL_ELT(fmlsl_elt,  0, 1)
FMLAL_ELT(fmlal2_elt, 1, 0)
FMLAL_ELT(fmlsl2_elt, 1, 1)
// clang-format on

/* ---- bfloat16, widened and multiplied by the guest's modes ---- */

/* bf_widen: the lower (top = 0) or upper bfloat16 of each single. */
static IrVal bf_widen(Lift *l, unsigned top, IrVal v)
{
    if (top) {
        IrVal k = v_const(l, IR_VL_128, 0xffff0000ffff0000);

        return ir_v2(l->ir, IR_vand, IR_I8, IR_VL_128, v, k, 0);
    }
    return ir_v1(l->ir, IR_vshl_i, IR_I32, IR_VL_128, v, 16);
}

/* bfmlal: BFMLALB (top = 0) and BFMLALT. m is widened already. */
static bool bfmlal(Lift *l, unsigned rd, unsigned rn, unsigned top, IrVal m)
{
    IrVal n = bf_widen(l, top, get_v(l, rn));

    set_v(l, rd, ir_v3(l->ir, IR_fma, IR_F32, IR_VL_128, n, m, get_v(l, rd), 0));
    return true;
}

bool a64_bfmlal_vec(Lift *l, const a64_bfmlal_vec_args *a)
{
    return bfmlal(l, a->rd, a->rn, a->q, bf_widen(l, a->q, get_v(l, a->rm)));
}

bool a64_bfmlal_elt(Lift *l, const a64_bfmlal_elt_args *a)
{
    IrVal m = v_elt(l, IR_I16, IR_VL_128, a->vm, a->idx);

    return bfmlal(l, a->rd, a->rn, a->q, bf_widen(l, 0, m));
}

/* ---- bfloat16, by pairs ---- */

static IrVal bfdot(Lift *l, unsigned vl, IrVal n, IrVal m, IrVal sum)
{
    return ir_v3(l->ir, IR_bfdot, IR_F32, vl, n, m, sum, 0);
}

bool a64_bfdot_vec(Lift *l, const a64_bfdot_vec_args *a)
{
    IrVal n = get_v(l, a->rn), m = get_v(l, a->rm);

    set_v(l, a->rd, bfdot(l, vl_q(a->q), n, m, get_v(l, a->rd)));
    return true;
}

bool a64_bfdot_elt(Lift *l, const a64_bfdot_elt_args *a)
{
    IrVal n = get_v(l, a->rn), m = v_elt(l, IR_I32, vl_q(a->q), a->vm, a->idx);

    set_v(l, a->rd, bfdot(l, vl_q(a->q), n, m, get_v(l, a->rd)));
    return true;
}

/*
 * The 2x2 matrix rd + n * transposed m, of rows of two pairs: the first pairs' products are added
 * before the second's.
 */
bool a64_bfmmla(Lift *l, const a64_bfmmla_args *a)
{
    IrVal n = get_v(l, a->rn), m = get_v(l, a->rm), sum = get_v(l, a->rd);

    if (!a->q) {
        return false;
    }
    for (unsigned pair = 0; pair < 2; pair++) {
        IrOpcode rows = pair ? IR_vtrn_odd : IR_vtrn_even;
        IrOpcode columns = pair ? IR_vuzp_odd : IR_vuzp_even;

        sum = bfdot(l, IR_VL_128, ir_v2(l->ir, rows, IR_I32, IR_VL_128, n, n, 0),
                    ir_v2(l->ir, columns, IR_I32, IR_VL_128, m, m, 0), sum);
    }
    set_v(l, a->rd, sum);
    return true;
}
