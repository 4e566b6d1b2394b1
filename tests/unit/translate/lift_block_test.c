/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <sys/mman.h>

#include "tests/unit/guest_test.h"
#include "translate/lift_block.h"
#include "translate/translate.h"

static uint32_t *code_pages(unsigned n)
{
    void *p = mmap(NULL, n * PAGE_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    pages_set_exec(guest_addr((uint64_t)p), n * PAGE_BYTES, true);
    return p;
}

static IrBlock lifted(const void *at, unsigned max, unsigned *n)
{
    IrBlock b;

    ir_block_init(&b, &guest_test);
    *n = lift_block(&b, guest_addr((uint64_t)at), max, 0);
    if (*n) {
        cr_expect(!ir_verify(&b), "%s", ir_verify(&b));
    }
    return b;
}

static const IrOp *last(const IrBlock *b)
{
    return &b->op[b->n_op - 1];
}

Test(lift_block, ends_with_a_branch)
{
    uint32_t *code = code_pages(1);
    unsigned n;

    code[0] = TEST_INSN(ADD, 0, 0, 1);
    code[1] = TEST_INSN(BRANCH_NZ, 0, 0, 1);
    IrBlock b = lifted(code, LIFT_MAX_INSNS, &n);

    cr_expect(n == 2 && b.guest_bytes == 8 && last(&b)->op == IR_exit_nz);
    ir_block_free(&b);
}

Test(lift_block, stops_at_the_limit)
{
    uint32_t *code = code_pages(1);
    unsigned n;

    code[0] = code[1] = code[2] = TEST_INSN(ADD, 0, 0, 1);
    IrBlock b = lifted(code, 2, &n);

    cr_expect(n == 2 && last(&b)->op == IR_exit_to);
    cr_expect(ir_const_value(&b, last(&b)->a) == (uint64_t)&code[2]);
    ir_block_free(&b);
}

Test(lift_block, stops_at_the_page_end)
{
    uint32_t *code = code_pages(2);
    unsigned n;

    for (unsigned i = 1020; i < 1030; i++) {
        code[i] = TEST_INSN(ADD, 0, 0, 1);
    }
    IrBlock b = lifted(&code[1020], LIFT_MAX_INSNS, &n);

    cr_expect(n == 4 && last(&b)->op == IR_exit_to);
    cr_expect(pages_has_code(guest_addr((uint64_t)code), 1));
    cr_expect(!pages_has_code(guest_addr((uint64_t)code + PAGE_BYTES), 1));
    ir_block_free(&b);
}

Test(lift_block, an_undefined_instruction_leaves_nothing_behind)
{
    uint32_t *code = code_pages(1);
    unsigned n;

    code[0] = TEST_INSN(ADD, 0, 0, 1);
    code[1] = TEST_INSN(HALF, 1, 0, 0);
    IrBlock b = lifted(code, LIFT_MAX_INSNS, &n);

    cr_expect(n == 2 && last(&b)->op == IR_exit_exc && last(&b)->imm == IR_EXC_UNDEF);
    cr_expect(last(&b)[-1].op == IR_insn);
    cr_expect(ir_const_value(&b, last(&b)->a) == (uint64_t)&code[1]);
    ir_block_free(&b);
}

Test(lift_block, what_cannot_be_executed_gives_none)
{
    uint32_t *code = code_pages(1);
    Env *env = env_new();
    unsigned n;
    IrBlock b = lifted((uint8_t *)code + 2, 1, &n);

    cr_expect(n == 0);
    cr_expect(lift_fetch_fault(env, &guest_test, guest_addr((uint64_t)code + 2)) ==
              EXIT_FETCH);
    cr_expect(env->rt.fault_sig == SIGBUS && env->rt.fault_code == BUS_ADRALN);
    pages_set_exec(guest_addr((uint64_t)code), PAGE_BYTES, false);
    cr_expect(lift_block(&b, guest_addr((uint64_t)code), 1, 0) == 0);
    lift_fetch_fault(env, &guest_test, guest_addr((uint64_t)code));
    cr_expect(env->rt.fault_sig == SIGSEGV && env->rt.fault_code == SEGV_ACCERR);
    munmap(code, PAGE_BYTES);
    lift_fetch_fault(env, &guest_test, guest_addr((uint64_t)code));
    cr_expect(env->rt.fault_code == SEGV_MAPERR && env->rt.fault_addr == (uint64_t)code);
    ir_block_free(&b);
}
