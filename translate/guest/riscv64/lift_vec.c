/* SPDX-License-Identifier: MIT */
/* lift_vec.c: vector instructions. */
#include "translate/guest/riscv64/lift.h"
#include "translate/guest/riscv64/vec.h"

#define LIFT(name) bool rv_##name(Lift *l, const rv_##name##_args *a)

/* ---- vsetvl and its like ---- */

/* set_vl: with x0 as source of the length it is all there is, or (no destination either) stays. */
static bool set_vl(Lift *l, unsigned rd, IrVal avl, IrVal vtype)
{
    IrVal vl = ir_emit(l->ir, IR_call, IR_I64, 0, avl, vtype, IR_NONE, RV_HELPER_SET_VL);

    rv_set_x(l, rd, vl);
    return true;
}

static IrVal length(Lift *l, unsigned rd, unsigned rs1)
{
    if (rs1) {
        return rv_get_x(l, rs1);
    }
    return rd ? imm(l, UINT64_MAX)
              : ir_emit(l->ir, IR_call, IR_I64, 0, imm(l, CSR_VL), IR_NONE, IR_NONE,
                        RV_HELPER_GET_VCSR);
}

LIFT(vsetvli)
{
    return set_vl(l, a->rd, length(l, a->rd, a->rs1), imm(l, a->z11));
}

LIFT(vsetivli)
{
    return set_vl(l, a->rd, imm(l, a->u5), imm(l, a->z10));
}

LIFT(vsetvl)
{
    return set_vl(l, a->rd, length(l, a->rd, a->rs1), rv_get_x(l, a->rs2));
}

/* ---- by vec_run() ---- */

static bool sets_x(RvvOp op)
{
    return op == RVV_vmv_x_s || op == RVV_vcpop_m || op == RVV_vfirst_m;
}

static bool run(Lift *l, RvvOp op, uint32_t word)
{
    IrVal x = ir_emit(l->ir, IR_call, IR_I64, 0, imm(l, op), imm(l, word), imm(l, l->pc.va),
                      RV_HELPER_VEC);

    if (sets_x(op)) {
        rv_set_x(l, word >> 7 & 31, x);
    }
    return true;
}

#define VEC(name, ...)                                                                   \
    LIFT(name)                                                                           \
    {                                                                                    \
        return run(l, RVV_##name, a->word);                                              \
    }
#include "translate/guest/riscv64/vec.def"
