/* SPDX-License-Identifier: MIT */
/* lift_common.c: access to registers and constants for the lift functions. */
#include "translate/guest/riscv64/lift.h"

IrVal rv_get_x(Lift *l, unsigned r)
{
    return r ? ir_reg(l->ir, RV_X0 + r, rv_xlen(l)) : imm(l, 0);
}

IrVal rv_get_z(Lift *l, unsigned r)
{
    return r ? ir_reg(l->ir, RV_X0 + r, IR_I64) : imm64(l, 0);
}

IrVal rv_get_w(Lift *l, unsigned r)
{
    return r ? ir_reg(l->ir, RV_X0 + r, IR_I32) : ir_const(l->ir, IR_I32, 0);
}

IrVal rv_get_both(Lift *l, unsigned low, unsigned high)
{
    return ir_or(l->ir, rv_get_z(l, low), ir_shl(l->ir, rv_get_z(l, high), imm64(l, 32)));
}

void rv_set_x(Lift *l, unsigned r, IrVal v)
{
    if (r) {
        v.type = rv_xlen(l);
        ir_set(l->ir, RV_X0 + r, v);
    }
}

void rv_set_w(Lift *l, unsigned r, IrVal v)
{
    if (r) {
        rv_set_x(l, r, rv_is_32(l) ? v : ir_sext(l->ir, IR_I64, v, 32));
    }
}

/*
 * Looks back over the last few ops only: auipc and what uses it are neighbours, at most with one
 * or two other instructions between.
 */
bool rv_known_x(const Lift *l, unsigned r, uint64_t *value)
{
    enum { LOOK_BACK = 12 };
    const IrBlock *b = l->ir;
    IrRef reg = (IrRef)(IR_REG0 + RV_X0 + r);
    uint32_t end = b->n_op > LOOK_BACK ? b->n_op - LOOK_BACK : 0;

    *value = 0;
    for (uint32_t i = b->n_op; r && i-- > end;) {
        const IrOp *op = &b->op[i];

        if (op->d != reg) {
            continue;
        }
        if (op->op != IR_mov || !ir_is_const(op->a)) {
            return false;
        }
        *value = ir_const_value(b, op->a);
        return true;
    }
    return !r;
}

IrVal rv_call(Lift *l, unsigned h, IrVal a)
{
    return ir_emit(l->ir, IR_call, IR_I64, 0, a, IR_NONE, IR_NONE, h);
}

void rv_set_flags(Lift *l, IrVal x, IrVal y)
{
    ir_emit(l->ir, IR_sub, x.type, IRF_SETF, x, y, IR_NONE, 0);
}

IrVal rv_cset(Lift *l, IrCond cond)
{
    return ir_emit(l->ir, IR_cset, rv_xlen(l), 0, IR_NONE, IR_NONE, IR_NONE, cond);
}

IrVal rv_select(Lift *l, IrCond cond, IrVal x, IrVal y)
{
    return ir_emit(l->ir, IR_select, x.type, 0, x, y, IR_NONE, cond);
}
