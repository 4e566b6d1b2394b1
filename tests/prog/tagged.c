// SPDX-License-Identifier: MIT
// Accesses by pointers with a tag in the top byte, which AArch64 ignores: thousands of each kind,
// with condition flags that live across them.
// guests: aarch64
// expect: loads same
// expect: stores same
// expect: atomics same
// expect: faults same
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TIMES 3000

static uint8_t data[4096] __attribute__((aligned(64))), other[4096] __attribute__((aligned(64)));

/* Of the same memory: with one of 256 tags, or without one. */
static uint8_t *tagged(void *p, unsigned tag)
{
    return (uint8_t *)((uint64_t)p | (uint64_t)tag << 56);
}

/*
 * NZCV is set before the access and read after it: fail stays 0 when it has survived.
 */
#ifdef __aarch64__
# define KEEPS_FLAGS(insns, ...)                                                                   \
    do {                                                                                           \
        uint64_t nzcv;                                                                             \
                                                                                                   \
        __asm__ volatile("cmp %x[one], #2\n" insns "\nmrs %[nzcv], nzcv"                           \
                         : [nzcv] "=&r"(nzcv), __VA_ARGS__);                                       \
        fail |= nzcv != 0x80000000;                                                                \
    } while (0)
#endif

static uint64_t sum(uint64_t h, uint64_t v)
{
    return (h ^ v) * 0x9e3779b97f4a7c15;
}

static unsigned fail;

#ifdef __aarch64__
static uint64_t loads(uint8_t *p, uint64_t i)
{
    uint64_t a, b, h = 0, one = 1;
    uint8_t v[16];

    KEEPS_FLAGS("ldr %[a], [%[p], %[i]]", [a] "=r"(a) : [p] "r"(p), [i] "r"(i & 63), [one] "r"(one) : "memory", "cc");
    h = sum(h, a);
    KEEPS_FLAGS("ldrsb %w[a], [%[p], #7]", [a] "=r"(a) : [p] "r"(p), [one] "r"(one) : "memory", "cc");
    h = sum(h, a);
    KEEPS_FLAGS("ldrsw %[a], [%[p], #12]", [a] "=r"(a) : [p] "r"(p), [one] "r"(one) : "memory", "cc");
    h = sum(h, a);
    KEEPS_FLAGS("ldp %[a], %[b], [%[p], #16]", [a] "=&r"(a), [b] "=&r"(b) : [p] "r"(p), [one] "r"(one) : "memory", "cc");
    h = sum(sum(h, a), b);
    KEEPS_FLAGS("ldar %[a], [%[p]]", [a] "=r"(a) : [p] "r"(p), [one] "r"(one) : "memory", "cc");
    h = sum(h, a);
    KEEPS_FLAGS("ldr q5, [%[p], #48]\nmov %[a], v5.d[1]", [a] "=r"(a) : [p] "r"(p), [one] "r"(one) : "memory", "cc", "v5");
    h = sum(h, a);
    KEEPS_FLAGS("ld1 {v5.b}[3], [%[p]]\nmov %w[a], v5.s[0]", [a] "=r"(a) : [p] "r"(p), [one] "r"(one) : "memory", "cc", "v5");
    h = sum(h, a & 0xff000000);
    KEEPS_FLAGS("ld3 {v5.4s, v6.4s, v7.4s}, [%[p]]\nmov %[a], v6.d[1]", [a] "=r"(a) : [p] "r"(p), [one] "r"(one) : "memory", "cc", "v5", "v6", "v7");
    h = sum(h, a);
    /* The register keeps its tag. */
    KEEPS_FLAGS("mov %[a], %[p]\nldr x9, [%[a]], #8\neor %[a], %[a], %[p]\nadd %[a], %[a], x9", [a] "=&r"(a) : [p] "r"(p), [one] "r"(one) : "memory", "cc", "x9");
    h = sum(h, a);
    memcpy(v, p + 3, 16);
    memcpy(&a, v, 8);
    return sum(h, a);
}

static void stores(uint8_t *p, uint64_t i)
{
    uint64_t dummy, one = 1;

    KEEPS_FLAGS("str %[i], [%[p], #8]", [d] "=r"(dummy) : [p] "r"(p), [i] "r"(i * 77), [one] "r"(one) : "memory", "cc");
    KEEPS_FLAGS("strb %w[i], [%[p], #3]", [d] "=r"(dummy) : [p] "r"(p), [i] "r"(i), [one] "r"(one) : "memory", "cc");
    KEEPS_FLAGS("stp %[i], %[p], [%[p], #32]", [d] "=r"(dummy) : [p] "r"(p), [i] "r"(i), [one] "r"(one) : "memory", "cc");
    KEEPS_FLAGS("stlr %[i], [%[p]]", [d] "=r"(dummy) : [p] "r"(p), [i] "r"(i + 5), [one] "r"(one) : "memory", "cc");
    KEEPS_FLAGS("dup v5.2d, %[i]\nstr q5, [%[p], #64]\nst1 {v5.h}[2], [%[q]]", [d] "=r"(dummy) : [p] "r"(p), [q] "r"(p + 96), [i] "r"(i), [one] "r"(one) : "memory", "cc", "v5");
    KEEPS_FLAGS("dup v5.2d, %[i]\nmov v6.16b, v5.16b\nst2 {v5.8h, v6.8h}, [%[q]]", [d] "=r"(dummy) : [q] "r"(p + 128), [i] "r"(i), [one] "r"(one) : "memory", "cc", "v5", "v6");
    KEEPS_FLAGS("dc zva, %[q]", [d] "=r"(dummy) : [q] "r"(p + 256), [one] "r"(one) : "memory", "cc");
    p[256 + (i & 63)] = (uint8_t)i;
}

static uint64_t atomics(uint8_t *p, uint64_t i)
{
    uint64_t a, b, h = 0, one = 1;

    KEEPS_FLAGS("1: ldxr %[a], [%[p]]\nadd %[b], %[a], %[i]\nstxr w9, %[b], [%[p]]\ncbnz w9, 1b",
                [a] "=&r"(a), [b] "=&r"(b) : [p] "r"(p), [i] "r"(i), [one] "r"(one) : "memory", "cc", "x9");
    h = sum(sum(h, a), b);
    KEEPS_FLAGS(".arch_extension lse\nldaddal %[i], %[a], [%[p]]", [a] "=r"(a) : [p] "r"(p + 8), [i] "r"(i), [one] "r"(one) : "memory", "cc");
    h = sum(h, a);
    KEEPS_FLAGS("mov %[a], %[i]\ncasal %[a], %[i], [%[p]]", [a] "=&r"(a) : [p] "r"(p + 16), [i] "r"(i), [one] "r"(one) : "memory", "cc");
    h = sum(h, a);
    KEEPS_FLAGS("swpal %[i], %[a], [%[p]]", [a] "=r"(a) : [p] "r"(p + 24), [i] "r"(i), [one] "r"(one) : "memory", "cc");
    return sum(h, a);
}
#else
static uint64_t loads(uint8_t *p, uint64_t i) { return sum(*p, i); }
static void stores(uint8_t *p, uint64_t i) { *p = (uint8_t)i; }
static uint64_t atomics(uint8_t *p, uint64_t i) { return __atomic_fetch_add(p, (uint8_t)i, __ATOMIC_SEQ_CST); }
#endif

static sigjmp_buf back;
static volatile uint64_t fault_at;

static void handler(int sig, siginfo_t *si, void *uc)
{
    (void)sig, (void)uc;
    fault_at = (uint64_t)si->si_addr;
    siglongjmp(back, 1);
}

static __attribute__((noinline)) uint64_t peek(volatile uint64_t *p)
{
    return *p;
}

int main(void)
{
#ifdef __aarch64__
    enum { TAG = 1 };
#else
    enum { TAG = 0 };           /* other CPUs do not ignore it */
#endif
    static uint64_t bad;        /* lives over siglongjmp() */

    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = other[i] = (uint8_t)(i * 37 + (i >> 3));
    for (uint64_t i = 0; i < TIMES; i++)
        bad += loads(tagged(data, TAG * (1 + i % 255)), i) != loads(data, i);
    printf("loads %s\n", bad || fail ? "differ" : "same");
    for (uint64_t i = 0; i < TIMES; i++) {
        stores(tagged(data, TAG * (1 + i % 255)), i);
        stores(other, i);
#ifdef __aarch64__
        /* The pointer that was stored is another. */
        memcpy(data + 40, other + 40, 8);
#endif
        bad += memcmp(data, other, sizeof data) != 0;
    }
    printf("stores %s\n", bad || fail ? "differ" : "same");
    for (uint64_t i = 0; i < TIMES; i++) {
        bad += atomics(tagged(data, TAG * (1 + i % 255)), i) != atomics(other, i);
        bad += memcmp(data, other, sizeof data) != 0;
    }
    printf("atomics %s\n", bad || fail ? "differ" : "same");

    /* An instruction that has met tags meets an address that is none. */
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER };

    sigaction(SIGSEGV, &sa, NULL);
    for (unsigned i = 0; i < 300; i++)
        bad += peek((uint64_t *)tagged(data, TAG * 0x5a)) != peek((uint64_t *)data);
    if (!sigsetjmp(back, 1)) {
        peek((uint64_t *)tagged((void *)0x1238, TAG * 0x77));
        bad++;
    }
    bad += (fault_at & ~(0xffull << 56)) != 0x1238;
    printf("faults %s\n", bad || fail ? "differ" : "same");
    return 0;
}
