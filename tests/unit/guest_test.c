/* SPDX-License-Identifier: MIT */
#include "tests/unit/guest_test.h"

#include <signal.h>
#include <stdlib.h>

#include "translate/ir/info.h"
#include "translate/host/interp/interp.h"
#include "translate/translate.h"

#define X(i) { "x" #i, offsetof(TestState, x[i]), IR_I64, false }
#define V(i) { "v" #i, offsetof(TestState, v[i]), IR_V128, false }

// clang-format off
static const GuestReg regs[] = {
    X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7),
    { "w32", offsetof(TestState, w), IR_I32, false },
    V(0), V(1), V(2), V(3), V(4), V(5), V(6), V(7),
};
// clang-format on

static const uint8_t hot_int[] = { 0, 1, 2, 3 };
static const uint8_t hot_vec[] = { TEST_REG_V0, TEST_REG_V0 + 1 };

static uint64_t mix(Env *env, uint64_t a, uint64_t b, uint64_t c)
{
    (void)env;
    return a + 10 * b + 100 * c;
}

static uint64_t peek(Env *env, uint64_t a, uint64_t b, uint64_t c)
{
    (void)env;
    (void)b;
    (void)c;
    return *(const volatile uint8_t *)a;
}

static uint64_t sum_x(Env *env, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t sum = a + b + c;

    for (unsigned i = 0; i < TEST_N_INT; i++) {
        sum += test_state(env)->x[i];
    }
    return sum;
}

static const HelperDef helpers[] = {
    { "mix", mix, 0, 0 },
    { "peek", peek, HELPER_MAY_FAULT, 0 },
    { "sum_x", sum_x, HELPER_READS_STATE, 0 },
};

static unsigned lift_insn(Lift *l)
{
    IrBlock *b = l->ir;
    uint8_t op = l->code[0], rd = l->code[1] & 7, rn = l->code[2] & 7, imm = l->code[3];
    IrVal n = ir_reg(b, rn, IR_I64);

    switch (op) {
    case TEST_OP_ADD: ir_set(b, rd, ir_add(b, n, ir_const(b, IR_I64, imm))); return 4;
    case TEST_OP_LOAD: ir_set(b, rd, ir_load(b, IR_I64, 0, n, IR_NONE, 0, imm)); return 4;
    case TEST_OP_BRANCH_NZ:
        ir_emit(b, IR_exit_nz, IR_I64, 0, ir_const(b, IR_I64, l->pc.va - 4 * imm),
                ir_const(b, IR_I64, l->pc.va + 4), ir_reg(b, rd, IR_I64), 0);
        return 4;
    case TEST_OP_SYSCALL:
        ir_emit(b, IR_exit_syscall, IR_VOID, 0, ir_const(b, IR_I64, l->pc.va + 4),
                ir_const(b, IR_I64, l->pc.va), IR_NONE, imm);
        return 4;
    case TEST_OP_HALF: ir_set(b, rd, n); return 0;
    default: return 0;
    }
}

const Guest guest_test = {
    .name = "test",
    .insn_min_bytes = 4,
    .insn_max_bytes = 4,
    .explicit_icache = true,
    .top_byte_ignore = true,
    .regs = regs,
    .n_regs = ARRAY_LEN(regs),
    .pc_offset = offsetof(TestState, pc),
    .nzcv_offset = offsetof(TestState, nzcv),
    .state_bytes = sizeof(TestState),
    .hot_int = hot_int,
    .n_hot_int = ARRAY_LEN(hot_int),
    .hot_vec = hot_vec,
    .n_hot_vec = ARRAY_LEN(hot_vec),
    .helpers = helpers,
    .n_helpers = ARRAY_LEN(helpers),
    .lift_insn = lift_insn,
};

static Env *fault_env;

/* Engines with a fault handler of their own are asked through the interpreter's first. */
static void on_fault(int sig, siginfo_t *info, void *uc)
{
    if (!interp_fault(fault_env, sig, info, uc)) {
        abort();
    }
}

void test_faults_on(Env *env)
{
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

    fault_env = env;
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
}

IrVal test_raw(IrBlock *b, IrOp op)
{
    IrType type = ir_result_type(op.op, op.type);
    uint32_t n_insn = b->n_insn;

    if (type != IR_VOID && !op.d) {
        op.d = ir_new_temp(b, type);
    }
    ir_insn(b, b->pc); /* room for one op */
    b->n_insn = n_insn + (op.op == IR_insn);
    b->op[b->n_op - 1] = op;
    b->props |= ir_props(b, &op);
    return (IrVal){ op.d, type };
}

/* as_value: operand r of b, in to. */
static IrVal as_value(IrBlock *to, const IrBlock *b, const IrVal *temp, IrRef r)
{
    if (ir_is_temp(r)) {
        return temp[ir_temp_index(r)];
    }
    if (ir_is_const(r)) {
        return ir_const(to, IR_I64, ir_const_value(b, r));
    }
    return (IrVal){ r, IR_I64 };
}

static bool is_set(const IrOp *op)
{
    return ir_is_reg(op->d) && (op->op == IR_mov ||
                                (op->op == IR_vmov && (op->flags & IR_VL_MASK) == IR_VL_128));
}

void test_rebuild(IrBlock *to, const IrBlock *b)
{
    IrVal temp[b->n_temp + 1];

    ir_block_reset(to, b->pc);
    to->guest_bytes = b->guest_bytes;
    for (uint32_t i = 0; i < b->n_op; i++) {
        const IrOp *op = &b->op[i];
        IrVal a = as_value(to, b, temp, op->a);

        if (op->op == IR_insn) {
            ir_insn(to, guest_addr(b->pc.va + op->imm));
        } else if (is_set(op)) {
            a.type = op->op == IR_vmov ? IR_V128 : op->type;
            ir_set(to, ir_reg_index(op->d), a);
        } else {
            IrVal v = ir_emit(to, op->op, op->type, op->flags, a, as_value(to, b, temp, op->b),
                              as_value(to, b, temp, op->c), op->imm);

            if (ir_is_temp(op->d)) {
                temp[ir_temp_index(op->d)] = v;
            } else if (op->d) {
                ir_set(to, ir_reg_index(op->d), v);
            }
        }
    }
}
