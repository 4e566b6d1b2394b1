/* SPDX-License-Identifier: MIT */
/*
 * machine.h: the whole register state of a guest program: entering code with it, leaving with
 * what came of it, and random values to fill it with. Shared by the guest programs of tests/diff
 * and tests/isa, each of which is one C file. What a CPU has is in the folder of its name:
 *
 *   State                   all registers, and what signals there were
 *   run_seq(&state, code)   load every register but PC from state, jump to code
 *   seq_exit                where code, or a signal handler for it, must jump: all is stored
 *                           in out_state and run_seq() returns; one register is lost on the way
 *   put_exit(at)            write code that goes to seq_exit; returns its bytes
 *   random_state()          fill the registers with edge values, mostly of one kind
 *   place_bases()           the registers by which sequences access memory, in the middle of it
 *   print_regs(), context_pc(), insn_bytes()
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

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

#if defined(__aarch64__)
#include "tests/diff/aarch64/machine.h"
#elif defined(__riscv)
#include "tests/diff/riscv64/machine.h"
#endif
