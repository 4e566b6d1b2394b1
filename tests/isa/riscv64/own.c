// SPDX-License-Identifier: MIT
/*
 * own.c: what tests/isa cannot compare with another emulator, because each CPU has its own values, or
 * because it takes more than an instruction. One line for each check, "ok NAME" or "bad NAME: WHY";
 * NAME is the decode row.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

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

/* ---- an instruction that lies across two pages ---- */

enum { PAGE = 4096 };

static sigjmp_buf back;
static uint64_t fault_at, fault_pc;

static void on_segv(int sig, siginfo_t *si, void *uc)
{
    (void)sig;
    fault_at = (uint64_t)si->si_addr;
    fault_pc = ((ucontext_t *)uc)->uc_mcontext.__gregs[REG_PC];
    siglongjmp(back, 1);
}

static long call(void *fn)
{
    return sigsetjmp(back, 1) ? -1 : ((long (*)(void))fn)();
}

/* put_across: li a0, value; ret, so that li is half in the second page. */
static void put_across(uint8_t *second, unsigned value)
{
    uint32_t code[] = { 0x00000513 | value << 20, 0x00008067 };

    memcpy(second - 2, code, sizeof(code));
}

/*
 * Its second half changes, and only that is said to the kernel; then the second page cannot be
 * executed, or is gone: the fault is at that page, the PC before it.
 */
static void across(void)
{
    uint8_t *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *second = page + PAGE;
    struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO };
    long got[4];

    sigaction(SIGSEGV, &sa, NULL);
    put_across(second, 17);
    __builtin___clear_cache((char *)page, (char *)page + 2 * PAGE);
    got[0] = call(second - 2);
    put_across(second, 33);
    __builtin___clear_cache((char *)second, (char *)second + 2);
    got[1] = call(second - 2);
    mprotect(second, PAGE, PROT_READ | PROT_WRITE);
    got[2] = call(second - 2);
    bool exact = fault_at == (uint64_t)second && fault_pc == fault_at - 2;
    munmap(second, PAGE);
    got[3] = call(second - 2);
    exact &= fault_at == (uint64_t)second && fault_pc == fault_at - 2;
    result("across_changed", got[0] == 17 && got[1] == 33, "old code", got[0] << 8 | got[1]);
    result("across_fault", got[2] == -1 && got[3] == -1 && exact, "wrong place", fault_at);
}

int main(void)
{
    across();
    counter_cycle();
    counter_time();
    counter_instret();
    rate();
    fence_i();
    reservation();
    return failed;
}
