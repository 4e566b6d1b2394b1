/* SPDX-License-Identifier: MIT */
/*
 * rt.h: what a program without a C library needs, there being none for 32-bit RISC-V in Debian: system
 * calls, output, entry.
 */
#pragma once

typedef unsigned u32;
typedef unsigned long long u64;

static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
    register long a7 __asm__("a7") = nr;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;

    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
                     : "memory");
    return a0;
}

#define SYS(nr, ...) SYS_(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SYS_(nr, a, b, c, d, e, f, ...) \
    sys6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* What the compiler calls by itself. */
void *memset(void *p, int value, u32 n)
{
    for (u32 i = 0; i < n; i++)
        ((volatile char *)p)[i] = (char)value;
    return p;
}

void *memcpy(void *to, const void *from, u32 n)
{
    for (u32 i = 0; i < n; i++)
        ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}

static inline u32 length(const char *s)
{
    u32 n = 0;

    while (s[n])
        n++;
    return n;
}

static inline void print(const char *s)
{
    SYS(64, 1, s, length(s));
}

/* show: "name 0xvalue". */
static inline void show(const char *name, u32 value)
{
    char line[64];
    u32 n = 0;

    for (; name[n]; n++)
        line[n] = name[n];
    line[n++] = ' ';
    for (int shift = 28; shift >= 0; shift -= 4)
        line[n++] = "0123456789abcdef"[value >> shift & 15];
    line[n++] = '\n';
    SYS(64, 1, line, n);
}

void run(u32 *sp);

__asm__(".globl _start\n_start:\n    mv a0, sp\n    andi sp, sp, -16\n    call run\n"
        "    li a0, 0\n    li a7, 94\n    ecall\n");
