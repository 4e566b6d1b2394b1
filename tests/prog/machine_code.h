// SPDX-License-Identifier: MIT
// machine_code.h: instructions that tests make at run time, for each guest. A function made of them
// takes and returns a long in the first argument's register.
#pragma once

#include <stdint.h>

#ifdef __aarch64__

enum { CODE_NOP = 0xd503201f, CODE_RET = 0xd65f03c0 };

// add imm, at most 2047, to the argument, as an int
static inline uint32_t code_add(int imm)
{
    return 0x11000000 | (uint32_t)imm << 10;
}

// the argument = imm, at most 2047
static inline uint32_t code_set(unsigned imm)
{
    return 0x52800000 | imm << 5;
}

static inline uint32_t code_jump(int bytes)
{
    return 0x14000000 | ((uint32_t)bytes >> 2 & 0x3ffffff);
}

static inline uint32_t code_call(int bytes)
{
    return 0x94000000 | ((uint32_t)bytes >> 2 & 0x3ffffff);
}

// a branch that is always taken, though conditional
static inline uint32_t code_branch(int bytes)
{
    return 0xb400001f | ((uint32_t)bytes >> 2 & 0x7ffff) << 5;      // cbz xzr
}

// keep the return address over a call, and take it back; call what the argument points to
enum { CODE_KEEP_RA = 0xaa1e03e9, CODE_RESTORE_RA = 0xaa0903fe };
enum { CODE_PUSH_RA = 0xa9bf7bfd, CODE_CALL_ARG = 0xd63f0000, CODE_POP_RA = 0xa8c17bfd };

// the argument * imm, by a loop; imm at most 4000. Returns the bytes.
static inline int code_put_loop(uint32_t *p, uint32_t imm)
{
    p[0] = 0xd2800001;                          // mov x1, #0
    p[1] = 0x91000021 | imm << 10;              // add x1, x1, #imm
    p[2] = 0xf1000400;                          // subs x0, x0, #1
    p[3] = 0x54ffffc1;                          // b.ne -8
    p[4] = 0xaa0103e0;                          // mov x0, x1
    p[5] = CODE_RET;
    return 24;
}

// code_clean: what was written at data can be fetched; code_invalidate: nothing old at `at` is, here;
// code_sync: nor in this thread from now on.
static inline void code_clean(const void *data)
{
    __asm__ volatile("dc cvau, %0\ndsb ish" ::"r"(data) : "memory");
}

static inline void code_invalidate(const void *at)
{
    __asm__ volatile("ic ivau, %0\ndsb ish\nisb" ::"r"(at) : "memory");
}

static inline void code_sync(void)
{
    __asm__ volatile("isb" ::: "memory");
}

#elif defined(__riscv)

enum { CODE_NOP = 0x00000013, CODE_RET = 0x00008067 };

static inline uint32_t code_add(int imm)
{
    return 0x0005051b | (uint32_t)imm << 20;
}

static inline uint32_t code_set(unsigned imm)
{
    return 0x00000513 | imm << 20;
}

static inline uint32_t code_jal(uint32_t bytes, unsigned rd)
{
    return 0x6f | rd << 7 | (bytes & 0xff000) | (bytes >> 11 & 1) << 20 |
           (bytes >> 1 & 0x3ff) << 21 | (bytes >> 20 & 1) << 31;
}

static inline uint32_t code_jump(int bytes)
{
    return code_jal((uint32_t)bytes, 0);
}

static inline uint32_t code_call(int bytes)
{
    return code_jal((uint32_t)bytes, 1);
}

// beq x0, x0
static inline uint32_t code_branch(int bytes)
{
    uint32_t b = (uint32_t)bytes;

    return 0x63 | (b >> 11 & 1) << 7 | (b >> 1 & 15) << 8 | (b >> 5 & 63) << 25 | (b >> 12 & 1) << 31;
}

// in t1
enum { CODE_KEEP_RA = 0x00008313, CODE_RESTORE_RA = 0x00030093 };
// addi sp, sp, -16 and sd ra, 0(sp) are one word each only when compressed: 1141 e006; 6082 0141
enum { CODE_PUSH_RA = 0xe0061141, CODE_CALL_ARG = 0x000500e7, CODE_POP_RA = 0x01416082 };

static inline int code_put_loop(uint32_t *p, uint32_t imm)
{
    p[0] = 0x00000593;                          // li a1, 0
    p[1] = 0x00058593 | imm / 2 << 20;          // addi a1, a1, imm / 2
    p[2] = 0x00058593 | (imm - imm / 2) << 20;
    p[3] = 0xfff50513;                          // addi a0, a0, -1
    p[4] = 0xfe051ae3;                          // bnez a0, -12
    p[5] = 0x00058513;                          // mv a0, a1
    p[6] = CODE_RET;
    return 28;
}

static inline void code_clean(const void *data)
{
    (void)data;
    __asm__ volatile("fence w, w" ::: "memory");
}

static inline void code_invalidate(const void *at)
{
    (void)at;
    __asm__ volatile("fence.i" ::: "memory");
}

static inline void code_sync(void)
{
    __asm__ volatile("fence.i" ::: "memory");
}
#endif
