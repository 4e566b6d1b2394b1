/* SPDX-License-Identifier: MIT */
/*
 * guest_test.h: a guest made for tests: eight integer registers, a 32-bit one, eight
 * vectors, and a code of four-byte instructions { operation, rd, rn, imm } that is easy to
 * write as numbers.
 */
#pragma once

#include "translate/guest.h"

typedef struct {
    uint64_t x[8];
    uint64_t pc;
    uint32_t nzcv;
    uint32_t w;             /* register "w32", i32 */
    V128 v[8];
} TestState;

enum { TEST_N_INT = 8, TEST_REG_W32 = 8, TEST_REG_V0 = 9 };

/* Operations of its code. */
enum {
    TEST_OP_ADD = 1,        /* rd = rn + imm */
    TEST_OP_LOAD,           /* rd = 8 bytes at rn + imm */
    TEST_OP_BRANCH_NZ,      /* if rd != 0, go imm instructions back */
    TEST_OP_SYSCALL,        /* system call imm */
    TEST_OP_HALF,           /* emits an op, then turns out to be undefined */
};

#define TEST_INSN(op, rd, rn, imm)                                                       \
    ((uint32_t)(TEST_OP_##op) | (rd) << 8 | (rn) << 16 | (uint32_t)(imm) << 24)

extern const Guest guest_test;

static inline TestState *test_state(Env *env)
{
    return (TestState *)env->state;
}

/*
 * test_faults_on: handle SIGSEGV and SIGBUS of guest accesses from now on, on behalf of
 * env (one at a time).
 */
void test_faults_on(Env *env);

/*
 * test_raw: append an op as it stands, without what ir_emit() makes simpler. test_rebuild: b made
 * again in to by the builder's functions.
 */
IrVal test_raw(IrBlock *b, IrOp op);
void test_rebuild(IrBlock *to, const IrBlock *b);
