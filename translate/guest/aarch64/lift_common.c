/* SPDX-License-Identifier: MIT */
/* lift_common.c: access to registers and constants for the lift functions. */
#include "translate/guest/aarch64/lift.h"

IrVal imm(Lift *l, IrType ty, uint64_t value)
{
    return ir_const(l->ir, ty, value);
}

IrVal get_x(Lift *l, IrType ty, unsigned r)
{
    return r == 31 ? imm(l, ty, 0) : ir_reg(l->ir, A64_X0 + r, ty);
}

IrVal get_xsp(Lift *l, IrType ty, unsigned r)
{
    return ir_reg(l->ir, A64_X0 + r, ty); /* SP follows x30 */
}

void set_xsp(Lift *l, IrType ty, unsigned r, IrVal v)
{
    v.type = ty;
    ir_set(l->ir, A64_X0 + r, v);
}

void set_x(Lift *l, IrType ty, unsigned r, IrVal v)
{
    if (r != 31) {
        set_xsp(l, ty, r, v);
    }
}

/*
 * Looks back over the last few ops only: adrp+add and movz+movk pairs are neighbours, at
 * most with one or two other instructions between.
 */
bool known_x(const Lift *l, unsigned r, uint64_t *value)
{
    enum { LOOK_BACK = 12 };
    const IrBlock *b = l->ir;
    IrRef reg = (IrRef)(IR_REG0 + A64_X0 + r);
    uint32_t end = b->n_op > LOOK_BACK ? b->n_op - LOOK_BACK : 0;

    for (uint32_t i = b->n_op; i-- > end;) {
        const IrOp *op = &b->op[i];

        if (op->op == IR_call && l->guest->helpers[op->imm].flags & HELPER_WRITES_STATE) {
            return false;
        }
        if (op->d == reg) {
            if (op->op != IR_mov || !ir_is_const(op->a)) {
                return false;
            }
            *value = ir_const_value(b, op->a);
            if (op->type == IR_I32) {
                *value = (uint32_t)*value;
            }
            return true;
        }
    }
    return false;
}

bool a64_bit_mask(unsigned sf, unsigned n, unsigned imms, unsigned immr, uint64_t *mask)
{
    unsigned length = n << 6 | (~imms & 0x3f);
    unsigned elem, ones, rotate;
    uint64_t run;

    if (length < 2) {
        return false;
    }
    elem = 1u << (31 - __builtin_clz(length));
    ones = imms & (elem - 1);
    rotate = immr & (elem - 1);
    if (ones == elem - 1) {
        return false;
    }
    run = bits(~0ull, 0, ones + 1);
    if (rotate) {
        run = bits(run >> rotate | run << (elem - rotate), 0, elem);
    }
    for (; elem < 64; elem *= 2) {
        run |= run << elem;
    }
    *mask = sf ? run : (uint32_t)run;
    return true;
}

IrVal call_helper(Lift *l, unsigned h, IrVal a)
{
    return ir_emit(l->ir, IR_call, IR_I64, 0, a, IR_NONE, IR_NONE, h);
}

IrVal target_pc(Lift *l, int64_t offset)
{
    return imm(l, IR_I64, l->pc.va + (uint64_t)offset);
}

IrVal next_pc(Lift *l)
{
    return target_pc(l, 4);
}
