/* SPDX-License-Identifier: MIT */
/*
 * lift_vec_fp.c: vector floating point of 32 and 64 bits inline. Rounding and NaNs are those of the IR,
 * as of scalars. Elements that are masked off must raise no flag: such instructions are not inline.
 */
#include "translate/guest/riscv64/vec_inline.h"

IrVal vec_float_lane(Job *j, unsigned r)
{
    unsigned vl = j->v->sew == 3 ? IR_VL_LANE : IR_VL_BOX;

    return ir_v1(j->l->ir, IR_vmov, vec_float(j->v->sew), vl, ir_reg(j->l->ir, RV_F0 + r, IR_V128), 0);
}

IrVal vec_quiet(Job *j, IrType type, unsigned i, IrVal x)
{
    bool is_float = type == IR_F32 || type == IR_F64;
    unsigned size = type == IR_F64 ? 3 : 2;

    if (!j->some || !is_float) {
        return x;
    }
    if (j->row->op != IR_fdiv) {
        return vec_op2(j, IR_vand, 3, x, vec_taken(j, size, i), 0);
    }
    IrVal one = vec_const(j, size, size == 3 ? 0x3ff0000000000000 : 0x3f800000);

    return ir_v3(j->l->ir, IR_vbsl, IR_I8, IR_VL_128, x, one, vec_taken(j, size, i), 0);
}

static void put_all(Job *j, unsigned bytes, const IrVal *x)
{
    for (unsigned i = 0; i < vec_pieces(bytes); i++) {
        vec_put(j, j->v->rd, i, bytes, x[i]);
    }
}

bool vec_walk_fp(Job *j)
{
    const Vec *v = j->v;
    IrType type = vec_float(v->sew);
    unsigned bytes = vec_bytes(j, v->sew);
    IrVal x[PIECES_MAX], scalar = vec_scalar(j);

    for (unsigned i = 0; i < vec_pieces(bytes); i++) {
        IrVal a = vec_quiet(j, type, i, vec_piece(j, v->rs2, i));
        IrVal b = v->op->b == B_NONE ? IR_NONE : vec_quiet(j, type, i, vec_b(j, scalar, i));
        IrVal d = vec_quiet(j, type, i, vec_piece(j, v->rd, i));

        x[i] = vec_merge(j, v->rd, i, v->sew, j->row->piece(j, a, b, d));
    }
    put_all(j, bytes, x);
    return true;
}

/* widened: lanes of piece i / 2 that belong to piece i of twice the width. */
static IrVal widened(Job *j, IrVal x, unsigned i)
{
    return ir_v1(j->l->ir, IR_fwiden, vec_float(j->v->sew + 1), IR_VL_128,
                 vec_quiet(j, vec_float(j->v->sew), i / 2, x), i & 1);
}

/* Of 16 bytes and more: less would widen what is behind the group, too. */
bool vec_walk_fp_widen(Job *j)
{
    const Vec *v = j->v;
    unsigned bytes = vec_bytes(j, v->sew + 1);
    IrVal x[PIECES_MAX], scalar;

    if (bytes < PIECE || v->sew != 2) {
        return false;
    }
    scalar = vec_scalar(j);
    j->size = v->sew + 1;
    j->vl = IR_VL_128;
    for (unsigned i = 0; i < vec_pieces(bytes); i++) {
        IrVal a = widened(j, vec_piece(j, v->rs2, i / 2), i);
        IrVal b = v->op->b == B_NONE ? IR_NONE
                                     : widened(j, v->op->b == B_V ? vec_piece(j, v->rs1, i / 2) : scalar, i);
        IrVal d = vec_quiet(j, IR_F64, i, vec_piece(j, v->rd, i));

        x[i] = vec_merge(j, v->rd, i, v->sew + 1, j->row->piece(j, a, b, d));
    }
    put_all(j, bytes, x);
    return true;
}

bool vec_walk_fp_narrow(Job *j)
{
    const Vec *v = j->v;
    unsigned bytes = vec_bytes(j, v->sew), wide = vec_pieces(vec_bytes(j, v->sew + 1));
    IrVal x[PIECES_MAX];

    if (v->sew != 2) {
        return false;
    }
    for (unsigned i = 0; i < wide; i++) {
        IrVal y = vec_quiet(j, IR_F64, i, vec_piece(j, v->rs2, i));

        y = ir_v1(j->l->ir, IR_fnarrow, IR_F64, IR_VL_128, y, 0);
        x[i / 2] = i & 1 ? vec_op2(j, IR_vset_lane, 3, x[i / 2], y, 1) : y;
    }
    for (unsigned i = 0; i < vec_pieces(bytes); i++) {
        x[i] = vec_merge(j, v->rd, i, v->sew, x[i]);
    }
    put_all(j, bytes, x);
    return true;
}

/* One element after the other, as vec_run() does it: the manual allows it for VFREDUSUM, too. */
bool vec_walk_fp_reduce(Job *j)
{
    const Vec *v = j->v;
    IrType type = vec_float(v->sew);
    IrVal r;

    if (j->some || v->vlmax > 2 * PIECE) {
        return false;
    }
    r = vec_piece(j, v->rs1, 0);
    for (unsigned i = 0; i < v->vlmax; i++) {
        unsigned per = PIECE >> v->sew;
        IrVal x = vec_piece(j, v->rs2, i / per);

        if (i % per) {
            x = vec_op1(j, IR_vdup_lane, v->sew, x, i % per);
        }
        r = ir_v2(j->l->ir, (IrOpcode)j->row->op, type, IR_VL_LANE, r, x, 0);
    }
    vec_put(j, v->rd, 0, 1u << v->sew, r);
    return true;
}

/* ---- moves ---- */

bool vec_walk_fp_to_f(Job *j)
{
    const Vec *v = j->v;
    IrVal x = vec_piece(j, v->rs2, 0);

    if (v->sew == 3) {
        x = ir_v1(j->l->ir, IR_vmov, IR_I64, IR_VL_64, x, 0);
    } else {
        IrVal ones = ir_v1(j->l->ir, IR_vconst, IR_I64, IR_VL_64, imm64(j->l, ~0ull), 0);

        x = vec_op2(j, IR_vset_lane, v->sew, ones, x, 0);
    }
    ir_set(j->l->ir, RV_F0 + v->rd, x);
    return true;
}

bool vec_walk_f_to_first(Job *j)
{
    const Vec *v = j->v;
    IrVal x = vec_float_lane(j, v->rs1);

    vec_put(j, v->rd, 0, 1u << v->sew, j->partial ? vec_merge(j, v->rd, 0, v->sew, x) : x);
    return true;
}

bool vec_walk_f_to_all(Job *j)
{
    const Vec *v = j->v;
    IrVal scalar = vec_scalar(j);

    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew)); i++) {
        vec_put_active(j, v->rd, i, v->sew, scalar);
    }
    return true;
}

bool vec_walk_f_merge(Job *j)
{
    const Vec *v = j->v;
    IrVal scalar = vec_scalar(j);

    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew)); i++) {
        IrVal x = ir_v3(j->l->ir, IR_vbsl, IR_I8, IR_VL_128, scalar, vec_piece(j, v->rs2, i),
                        vec_mask(j, v->sew, i), 0);

        vec_put_active(j, v->rd, i, v->sew, x);
    }
    return true;
}

/* ---- pieces ---- */

static IrVal op2(Job *j, IrVal x, IrVal y)
{
    return ir_v2(j->l->ir, (IrOpcode)j->row->op, vec_float(j->size), j->vl, x, y, j->row->k);
}

static IrVal op1(Job *j, IrVal x, uint32_t k)
{
    return ir_v1(j->l->ir, (IrOpcode)j->row->op, vec_float(j->size), j->vl, x, k);
}

#define PIECE_FN(name) IrVal name(Job *j, IrVal a, IrVal b, IrVal d)

PIECE_FN(vec_fp1)
{
    (void)b, (void)d;
    return op1(j, a, 0);
}

PIECE_FN(vec_fp2)
{
    (void)d;
    return op2(j, a, b);
}

PIECE_FN(vec_fp2_swapped)
{
    (void)d;
    return op2(j, b, a);
}

/* k: signs, as of the op: 1 of the product, 2 of what is added. */
PIECE_FN(vec_fp_acc)
{
    return ir_v3(j->l->ir, IR_fma, vec_float(j->size), j->vl, b, a, d, j->row->k);
}

PIECE_FN(vec_fp_mad)
{
    return ir_v3(j->l->ir, IR_fma, vec_float(j->size), j->vl, b, d, a, j->row->k);
}

/* Of one register VFSGNJN and VFSGNJX are VFNEG and VFABS. */
PIECE_FN(vec_fp_sign)
{
    IrOpcode same = j->row->k == 1 ? IR_fneg : IR_fabs;

    (void)d;
    if (a.ref == b.ref && j->row->k) {
        return ir_v1(j->l->ir, same, vec_float(j->size), j->vl, a, 0);
    }
    return op2(j, a, b);
}

PIECE_FN(vec_fp_copy)
{
    (void)j, (void)b, (void)d;
    return a;
}

PIECE_FN(vec_fp_to_int)
{
    (void)b, (void)d;
    return op1(j, a, j->row->k);
}
