// SPDX-License-Identifier: MIT
/*
 * own.c: what tests/isa cannot compare with another emulator, because each CPU has its own values, or
 * because it takes more than an instruction. One line for each check, "ok NAME" or "bad NAME: WHY";
 * NAME is the decode row.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define CSR(name)                                       \
    ({                                                  \
        uint64_t v_;                                    \
        asm volatile("csrr %0, " name : "=r"(v_));      \
        v_;                                             \
    })

static int failed;

static void result(const char *name, bool ok, const char *why, uint64_t value)
{
    failed |= !ok;
    if (ok) {
        printf("ok %s\n", name);
    } else {
        printf("bad %s: %s: 0x%" PRIx64 "\n", name, why, value);
    }
}

/* Counters never go back, and two reads apart by real work differ. */
#define COUNTER(name)                                                   \
    static void counter_##name(void)                                    \
    {                                                                   \
        uint64_t first = CSR(#name), last = first;                      \
        bool forward = true;                                            \
                                                                        \
        for (int i = 0; i < 200000; i++) {                              \
            uint64_t now = CSR(#name);                                  \
                                                                        \
            forward &= now >= last;                                     \
            last = now;                                                 \
        }                                                               \
        result("csrrs_" #name, forward && last > first, "no clock", last - first); \
    }
COUNTER(cycle)
COUNTER(time)
COUNTER(instret)

/* time runs at one rate: twice the sleep is about twice the count. */
static void rate(void)
{
    uint64_t at[3];

    for (int i = 0; i < 3; i++) {
        struct timespec t = { .tv_nsec = i * 20000000 };

        clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
        at[i] = CSR("time");
    }
    uint64_t one = at[1] - at[0], two = at[2] - at[1];
    result("time_rate", two > one + one / 3 && two < 6 * one, "not steady", two * 100 / one);
}

/* FENCE.I: code that was changed, at an aligned place and across two lines, runs as it is then. */
static void fence_i(void)
{
    uint16_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool ok = code != MAP_FAILED;

    for (unsigned i = 0; ok && i < 200; i++) {
        uint16_t *at = code + (i % 2 ? 31 : 64);
        uint32_t li = 0x00000513 | (i * 7 & 0x7ff) << 20, ret = 0x00008067;
        long (*fn)(void) = (long (*)(void))at;

        memcpy(at, &li, 4);
        memcpy(at + 2, &ret, 4);
        asm volatile("fence.i" ::: "memory");
        ok = fn() == (i * 7 & 0x7ff);
    }
    result("fence_i", ok, "old code", 0);
}

/* A lone SC, and one after an SC, store nothing and say so; LR and SC to the same place succeed. */
static void reservation(void)
{
    uint64_t word = 5, lone, good, again;

    asm volatile("lr.d t0, (%3)\n sc.d t1, zero, (%3)\n"
                 "sc.d %0, %3, (%3)\n"
                 "lr.d t0, (%3)\n addi t0, t0, 9\n sc.d %1, t0, (%3)\n sc.d %2, zero, (%3)"
                 : "=&r"(lone), "=&r"(good), "=&r"(again) : "r"(&word) : "t0", "t1", "memory");
    result("sc", lone && !good && again && word == 9, "wrong", lone << 8 | good << 4 | again);
}

int main(void)
{
    counter_cycle();
    counter_time();
    counter_instret();
    rate();
    fence_i();
    reservation();
    return failed;
}
