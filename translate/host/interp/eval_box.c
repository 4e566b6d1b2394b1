/* SPDX-License-Identifier: MIT */
/* eval_box.c: IR_VL_BOX: operands taken out of their boxes, IR_VL_LANE, the result put into one. */
#include "translate/host/interp/eval_fp.h"
#include "translate/ir/info.h"

/* ones_above: what is above a lane of this type in a box. */
static uint64_t ones_above(IrType t)
{
    return lane_bytes(t) < 8 ? ~0ull << (8 * lane_bytes(t)) : 0;
}

static bool is_float(IrType t)
{
    return t == IR_F16 || t == IR_F32 || t == IR_F64;
}

V128 eval_box(IrType t, uint64_t lane)
{
    return (V128){ .u64 = { lane | ones_above(t), 0 } };
}

V128 eval_unbox(IrType t, const V128 *v)
{
    uint64_t ones = ones_above(t);
    bool boxed = !is_float(t) || (v->u64[0] & ones) == ones;

    return (V128){ .u64 = { boxed ? v->u64[0] & ~ones : fp_default_nan(fp_format(t)), 0 } };
}

void eval_boxed(Env *env, EvalOp op, V128 *d, const V128 *a, const V128 *b, const V128 *c)
{
    const IrOpInfo *info = &ir_op_info[op.op];
    const char kind[3] = { info->a, info->b, info->c };
    const V128 *operand[3] = { a, b, c };
    V128 lane[3];

    for (unsigned i = 0; i < 3; i++) {
        if (kind[i] == 'V') {
            lane[i] = eval_unbox(ir_type_in(op.op, op.type, op.imm), operand[i]);
            operand[i] = &lane[i];
        }
    }
    op.flags = (uint8_t)((op.flags & ~IR_VL_MASK) | IR_VL_LANE);
    eval_table[op.op](env, op, d, operand[0], operand[1], operand[2]);
    if (info->d == 'V')
        *d = eval_box(ir_type_out(op.op, op.type, op.imm), d->u64[0]);
}
