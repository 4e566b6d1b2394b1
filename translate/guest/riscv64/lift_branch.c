/* SPDX-License-Identifier: MIT */
/* lift_branch.c: branches, calls and exceptions: what ends a block. */
#include "translate/guest/riscv64/lift.h"

#define LIFT(name) bool rv_##name(Lift *l, const rv_##name##_args *a)

static IrVal next_pc(Lift *l, uint32_t word)
{
    return code_at(l, l->pc.va + insn_bytes(word));
}

static void exit_op(Lift *l, IrOpcode op, IrVal a, IrVal b)
{
    ir_emit(l->ir, op, IR_I64, 0, a, b, IR_NONE, 0);
}

/* is_link: registers that hold return addresses, by the manual's hints for prediction. */
static bool is_link(unsigned r)
{
    return r == RV_RA || r == RV_T0;
}

/* go: a jump to a place known now; next is the return address. */
static bool go(Lift *l, uint64_t target, unsigned rd, IrVal next)
{
    rv_set_x(l, rd, next);
    if (is_link(rd)) {
        exit_op(l, IR_exit_call, code_at(l, target), next);
    } else {
        exit_op(l, IR_exit_to, branch_to(l, target), IR_NONE);
    }
    return true;
}

LIFT(jal)
{
    return go(l, l->pc.va + (uint64_t)a->offset, a->rd, next_pc(l, a->word));
}

/*
 * JALR clears bit 0 of its target, which is in a temporary before the link register is written. A
 * target made by the AUIPC before is known.
 */
LIFT(jalr)
{
    IrVal next = next_pc(l, a->word), target;
    uint64_t base;

    if (rv_known_x(l, a->rs1, &base)) {
        return go(l, (base + (uint64_t)a->imm) & ~1ull, a->rd, next);
    }
    target = rv_get_x(l, a->rs1);
    target = a->imm ? ir_add(l->ir, target, imm(l, (uint64_t)a->imm)) : target;
    target = ir_and(l->ir, target, imm(l, ~1ull));
    target = rv_is_32(l) ? ir_zext(l->ir, IR_I64, target, 32) : target;
    rv_set_x(l, a->rd, next);
    if (is_link(a->rd)) {
        exit_op(l, IR_exit_icall, target, next);
    } else if (!a->rd && is_link(a->rs1)) {
        exit_op(l, IR_exit_ret, target, IR_NONE);
    } else {
        exit_op(l, IR_exit_ind, target, IR_NONE);
    }
    return true;
}

/* branch: with x0 on the right, equality is a test; other compares are of the two registers. */
static bool branch(Lift *l, uint32_t word, int64_t offset, unsigned rs1, unsigned rs2, IrCond cond)
{
    IrVal taken = branch_to(l, l->pc.va + (uint64_t)offset);
    IrVal next = branch_to(l, l->pc.va + insn_bytes(word));

    if (!rs2 && (cond == IR_EQ || cond == IR_NE)) {
        ir_emit(l->ir, cond == IR_EQ ? IR_exit_z : IR_exit_nz, rv_xlen(l), 0, taken, next,
                rv_get_x(l, rs1), 0);
        return true;
    }
    rv_set_flags(l, rv_get_x(l, rs1), rv_get_x(l, rs2));
    ir_emit(l->ir, IR_exit_cond, IR_I64, 0, taken, next, IR_NONE, cond);
    return true;
}

#define OP_BRANCH(name, cond)                                                            \
    LIFT(name)                                                                           \
    {                                                                                    \
        return branch(l, a->word, a->offset, a->rs1, a->rs2, cond);                      \
    }

OP_BRANCH(beq, IR_EQ)
OP_BRANCH(bne, IR_NE)
OP_BRANCH(blt, IR_LT)
OP_BRANCH(bge, IR_GE)
OP_BRANCH(bltu, IR_LO)
OP_BRANCH(bgeu, IR_HS)

LIFT(ecall)
{
    exit_op(l, IR_exit_syscall, next_pc(l, a->word), code_at(l, l->pc.va));
    return true;
}

LIFT(ebreak)
{
    (void)a;
    ir_emit(l->ir, IR_exit_exc, IR_I64, 0, code_at(l, l->pc.va), IR_NONE, IR_NONE, IR_EXC_BREAK);
    return true;
}

LIFT(reserved)
{
    (void)l, (void)a;
    return false;
}
