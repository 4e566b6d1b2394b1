/* SPDX-License-Identifier: MIT */
/*
 * base.h: the small types and helpers every other file may use; includes nothing of ours.
 *
 * GuestAddr wraps an address of the guest, so that neither integers nor host pointers are
 * mixed up with it. Bytes is a view of host memory with its length: parsers take one and
 * ask bytes_at() for every range they read.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    uint64_t va;
} GuestAddr;

typedef struct {
    const uint8_t *p;
    size_t len;
} Bytes;

/* A 128-bit value, lane 0 in the lowest bytes (host order, little-endian host). */
typedef union __attribute__((aligned(16))) {
    uint8_t u8[16];
    uint16_t u16[8];
    uint32_t u32[4];
    uint64_t u64[2];
    int8_t s8[16];
    int16_t s16[8];
    int32_t s32[4];
    int64_t s64[2];
    float f32[4];
    double f64[2];
} V128;

/* cpu_relax: in a loop that waits for another thread. */
static inline void cpu_relax(void)
{
#ifdef __x86_64__
    __builtin_ia32_pause();
#endif
}

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE_BITS    12
#define PAGE_BYTES   4096u

static inline GuestAddr guest_addr(uint64_t va)
{
    return (GuestAddr){ va };
}

/* bytes_at: the n bytes at off, or NULL when any of them lies outside. */
static inline const void *bytes_at(Bytes f, uint64_t off, uint64_t n)
{
    return off <= f.len && n <= f.len - off ? f.p + off : NULL;
}

/* bits: n bits of x from lsb up; n is 1 to 64. */
static inline uint64_t bits(uint64_t x, unsigned lsb, unsigned n)
{
    return (x >> lsb) & (~0ull >> (64 - n));
}

/* sext: x's low n bits as a signed number; n is 1 to 64. */
static inline int64_t sext(uint64_t x, unsigned n)
{
    return (int64_t)(x << (64 - n)) >> (64 - n);
}

static inline uint64_t align_down(uint64_t x, uint64_t a)
{
    return x & ~(a - 1);
}

/* align_up: wraps to 0 past the top; callers check input numbers before. */
static inline uint64_t align_up(uint64_t x, uint64_t a)
{
    return (x + a - 1) & ~(a - 1);
}
