/* SPDX-License-Identifier: MIT */
/*
 * machine.h: the whole register state of an AArch64 program: entering code with it, leaving
 * with what came of it, and random values to fill it with. Shared by the guest programs of
 * tests/diff and tests/isa, each of which is one C file.
 *
 *   run_seq(&state, code)   load every register but PC from state, jump to code
 *   seq_exit                where code, or a signal handler for it, must jump: all is stored
 *                           in out_state and run_seq() returns; x27 is lost on the way
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t x[31], sp;
    uint64_t v[32][2];
    uint64_t nzcv, fpcr, fpsr;
    uint64_t events;            /* hash of signals */
    unsigned n_events;
} State;
_Static_assert(offsetof(State, nzcv) == 768, "known to run_seq");

void run_seq(const State *in, uint64_t code);
void seq_exit(void);
State out_state;
uint64_t harness_sp;

asm(".text\n.globl run_seq, seq_exit\n"
    "run_seq:\n"
    "  clrex\n"
    "  stp x29, x30, [sp, #-176]!\n"
    "  stp x19, x20, [sp, #16]\n  stp x21, x22, [sp, #32]\n  stp x23, x24, [sp, #48]\n"
    "  stp x25, x26, [sp, #64]\n  stp x27, x28, [sp, #80]\n"
    "  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n"
    "  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
    "  adrp x9, harness_sp\n  add x9, x9, :lo12:harness_sp\n"
    "  mov x10, sp\n  str x10, [x9]\n"
    "  mov x30, x1\n"
    "  ldr x2, [x0, #768]\n  msr nzcv, x2\n"
    "  ldr x2, [x0, #776]\n  msr fpcr, x2\n"
    "  ldr x2, [x0, #784]\n  msr fpsr, x2\n"
    "  ldr x2, [x0, #248]\n  mov sp, x2\n"
    "  add x3, x0, #256\n"
    "  ld1 {v0.2d-v3.2d}, [x3], #64\n  ld1 {v4.2d-v7.2d}, [x3], #64\n"
    "  ld1 {v8.2d-v11.2d}, [x3], #64\n  ld1 {v12.2d-v15.2d}, [x3], #64\n"
    "  ld1 {v16.2d-v19.2d}, [x3], #64\n  ld1 {v20.2d-v23.2d}, [x3], #64\n"
    "  ld1 {v24.2d-v27.2d}, [x3], #64\n  ld1 {v28.2d-v31.2d}, [x3], #64\n"
    "  ldp x2, x3, [x0, #16]\n  ldp x4, x5, [x0, #32]\n  ldp x6, x7, [x0, #48]\n"
    "  ldp x8, x9, [x0, #64]\n  ldp x10, x11, [x0, #80]\n  ldp x12, x13, [x0, #96]\n"
    "  ldp x14, x15, [x0, #112]\n  ldp x16, x17, [x0, #128]\n  ldp x18, x19, [x0, #144]\n"
    "  ldp x20, x21, [x0, #160]\n  ldp x22, x23, [x0, #176]\n  ldp x24, x25, [x0, #192]\n"
    "  ldp x26, x27, [x0, #208]\n  ldp x28, x29, [x0, #224]\n"
    "  ldp x0, x1, [x0]\n"
    "  br x30\n"
    "seq_exit:\n"
    "  adrp x27, out_state\n  add x27, x27, :lo12:out_state\n"
    "  stp x0, x1, [x27]\n  stp x2, x3, [x27, #16]\n  stp x4, x5, [x27, #32]\n"
    "  stp x6, x7, [x27, #48]\n  stp x8, x9, [x27, #64]\n  stp x10, x11, [x27, #80]\n"
    "  stp x12, x13, [x27, #96]\n  stp x14, x15, [x27, #112]\n  stp x16, x17, [x27, #128]\n"
    "  stp x18, x19, [x27, #144]\n  stp x20, x21, [x27, #160]\n  stp x22, x23, [x27, #176]\n"
    "  stp x24, x25, [x27, #192]\n  stp x26, xzr, [x27, #208]\n  stp x28, x29, [x27, #224]\n"
    "  mov x0, sp\n  stp x30, x0, [x27, #240]\n"
    "  mrs x0, nzcv\n  str x0, [x27, #768]\n"
    "  mrs x0, fpcr\n  str x0, [x27, #776]\n"
    "  mrs x0, fpsr\n  str x0, [x27, #784]\n"
    "  msr fpcr, xzr\n"
    "  add x3, x27, #256\n"
    "  st1 {v0.2d-v3.2d}, [x3], #64\n  st1 {v4.2d-v7.2d}, [x3], #64\n"
    "  st1 {v8.2d-v11.2d}, [x3], #64\n  st1 {v12.2d-v15.2d}, [x3], #64\n"
    "  st1 {v16.2d-v19.2d}, [x3], #64\n  st1 {v20.2d-v23.2d}, [x3], #64\n"
    "  st1 {v24.2d-v27.2d}, [x3], #64\n  st1 {v28.2d-v31.2d}, [x3], #64\n"
    "  adrp x9, harness_sp\n  add x9, x9, :lo12:harness_sp\n  ldr x10, [x9]\n  mov sp, x10\n"
    "  ldp x19, x20, [sp, #16]\n  ldp x21, x22, [sp, #32]\n  ldp x23, x24, [sp, #48]\n"
    "  ldp x25, x26, [sp, #64]\n  ldp x27, x28, [sp, #80]\n"
    "  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n"
    "  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
    "  ldp x29, x30, [sp], #176\n"
    "  ret\n");

/* ---- the start state ---- */

static uint64_t rng;

static uint64_t next(void)
{
    uint64_t z = rng += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static uint64_t int_value(void)
{
    uint64_t r = next();

    switch (next() % 9) {
    case 0: return r & 0xff;
    case 1: return -(r & 0xff);
    case 2: return 1ull << (r & 63);
    case 3: return (1ull << (r & 63)) - 1;
    case 4: return (uint32_t)r;
    case 5: return (uint64_t)(int64_t)(int32_t)r;
    case 6: return (r & 0xff) * 0x0101010101010101;
    case 7: return (uint64_t)INT64_MIN + (r & 3) - 1;
    default: return r;
    }
}

static const uint64_t f64_special[] = {
    0, 1ull << 63, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
    0x7ff8000000000000, 0x7ff8000000001234, 0xfff8000000000001, 0x7ff0000000000001,
    0xfff4000000000000, 1, 0x000fffffffffffff, 0x0010000000000000, 0x8000000000000123,
    0x7fefffffffffffff, 0x4000000000000000, 0x3fe0000000000000, 0x41dfffffffc00000,
    0xc1e0000000000000, 0x43e0000000000000, 0x43f0000000000000, 0x3fdfffffffffffff,
    0x4330000000000001, 0x3ff8000000000000, 0x47efffffe0000000, 0x3690000000000000,
};
static const uint32_t f32_special[] = {
    0, 1u << 31, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7fc01234,
    0xffc00001, 0x7f800001, 0xffa00000, 1, 0x007fffff, 0x00800000, 0x80000123, 0x7f7fffff,
    0x40000000, 0x3f000000, 0x4effffff, 0x4f000000, 0xcf000000, 0x4f800000, 0x5f000000,
    0x5f800000, 0x3effffff, 0x3fc00000, 0x477fe000, 0x33800000, 0x38800000, 0x387fc000,
};
static const uint16_t f16_special[] = {
    0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x7e12, 0xfe01, 0x7c01, 0xfd00, 1, 0x03ff,
    0x0400, 0x8012, 0x7bff, 0x4000, 0x3800,
};

static const uint16_t f16_few[] = { 0, 0x3ff, 0x200, 1, 0x1ff, 0x201, 0x155, 0x3fe };

#define PICK(table) table[next() % (sizeof(table) / sizeof(*table))]

/* Special ones, all exponents, near 1, and around the least normal number. */
static uint64_t f16_value(void)
{
    uint64_t r = next();

    switch (r >> 60 & 7) {
    case 0: return PICK(f16_special);
    case 1: return (r & 0x8000) | (r >> 20 & 31) << 10 | PICK(f16_few);
    case 2: return (r & 0x83ff) | (6 + (r >> 20 & 3)) << 10;
    case 3: return (r & 0x83ff) | (r >> 20 & 1) << 10;
    case 4: return r & 0xffff;
    default: return (r & 0x83ff) | (12 + (r >> 20 & 7)) << 10;
    }
}

static uint32_t f32_value(void)
{
    uint64_t r = next();

    switch (r >> 60 & 3) {
    case 0: return PICK(f32_special);
    case 1: return (uint32_t)(r & 0x80ffffff) | 0x3f000000;     /* near 1 */
    default: return (uint32_t)((r & 0x807fffff) | (0x60 + (r >> 40 & 63)) << 23);
    }
}

static uint64_t f64_value(void)
{
    uint64_t r = next();

    switch (next() % 4) {
    case 0: return PICK(f64_special);
    case 1: return (r & 0x801fffffffffffff) | 0x3fe0000000000000;
    default: return (r & 0x800fffffffffffff) | (0x3e0 + (r >> 53 & 63)) << 52;
    }
}

/* Products and quotients of these are around the least normal number, as is what converts. */
static uint64_t small_value(void)
{
    uint64_t r = next(), few = r & 7 ? 0x800c000000000001 : 0x800fffffffffffff;
    uint32_t few32 = r & 7 ? 0x80600003 : 0x807fffff;

    switch (r >> 60 & 3) {
    case 0: return (next() & few32) | (62 + (r >> 40 & 3)) << 23 |
                   ((next() & few32) | (0x3f0 + (r >> 50 & 3)) << 19) << 32;
    case 1: return (next() & few) | (0x3ff - 127 + (r >> 40 & 3)) << 52;
    case 2: return (next() & few) | (r >> 40 & 3) << 52;
    default: return (next() & few) | (0x1ff + (r >> 40 & 3)) << 52;
    }
}

static inline uint64_t lane_value(unsigned kind)
{
    uint64_t a = 0;

    switch (kind) {
    case 0: case 1: return f64_value();
    case 2: case 3: return f32_value() | (uint64_t)f32_value() << 32;
    case 4:
        for (int i = 0; i < 4; i++) {
            a = a << 16 | f16_value();
        }
        return a;
    case 5: return int_value();
    case 6: return small_value();
    default: return next();
    }
}
