/* SPDX-License-Identifier: MIT */
/*
 * riscv_test.h: the environment in which the tests of riscv-software-src/riscv-tests are Linux
 * programs without a C library. They exit with 0, or with the number of the case that fails. Their code
 * may be written to, and gp is a register like others: link with --omagic --no-relax.
 */
#ifndef RISCV_TEST_H
#define RISCV_TEST_H

#define TESTNUM gp
#define SYS_EXIT_GROUP 94

#define RVTEST_RV64U .macro init; .endm
#define RVTEST_RV64UF RVTEST_RV64U
/* Not by the others' names: tests for both widths make RVTEST_RV64U another name for this one. */
#define RVTEST_RV32U .macro init; .endm
#define RVTEST_RV32UF RVTEST_RV32U

/* Each fails when it ends before its first case. */
#define RVTEST_CODE_BEGIN       \
    .text;                      \
    .globl _start;              \
_start:                         \
    init;                       \
    li TESTNUM, 255;

#define RVTEST_CODE_END         \
    unimp;

#define RVTEST_PASS             \
    li a0, 0;                   \
    li a7, SYS_EXIT_GROUP;      \
    ecall;

#define RVTEST_FAIL             \
    mv a0, TESTNUM;             \
    li a7, SYS_EXIT_GROUP;      \
    ecall;

#define RVTEST_DATA_BEGIN       \
    .align 4;                   \
    .globl begin_signature;     \
begin_signature:

#define RVTEST_DATA_END         \
    .align 4;                   \
    .globl end_signature;       \
end_signature:

#endif
