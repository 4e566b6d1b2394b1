// SPDX-License-Identifier: MIT
// guests: aarch64
// Pointer authentication as Linux gives it to a program: keys, prctl, signals, fork, threads, exec.
// builds: static interp dynamic
// cflags-aarch64: -march=armv8.5-a -mbranch-protection=standard
// options: -cpu max,pauth=on
// expect: hwcap 1
// expect: there and back 1
// expect: code in bits 54 to 48 only 1
// expect: wrong modifier: SIGILL ILL_ILLOPN here 1, key 0
// expect: wrong data key: SIGILL ILL_ILLOPN here 1, key 3
// expect: strip 1
// expect: fork keeps keys 1
// expect: thread has the keys 1
// expect: reset IB changes IB 1, IA stays 1
// expect: bad arguments 1 1 1 1
// expect: all on f
// expect: IA off: sign is nothing 1, retaa works 1, DA still signs 1
// expect: now e
// expect: thread off too 1
// expect: on again 1, now f
// expect: backtrace of signed frames 1
// expect: exec has other keys 1
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

enum { RESET = 54, SET_ENABLED = 60, GET_ENABLED = 61, IA = 1, IB = 2, DA = 4 };
#define SALTS 64

static const uint64_t code_mask = 0x7full << 48;

#define OP(name, insn)                                                                   \
    static uint64_t name(uint64_t p, uint64_t m)                                         \
    {                                                                                    \
        __asm__ volatile(insn " %0, %1" : "+r"(p) : "r"(m));                             \
        return p;                                                                        \
    }
OP(pacia, "pacia")
OP(pacib, "pacib")
OP(pacda, "pacda")
OP(pacdb, "pacdb")
OP(autia, "autia")
OP(autdb, "autdb")

/* all: the codes of many modifiers, so that equal ones by chance do not matter. */
static uint64_t all(uint64_t (*op)(uint64_t, uint64_t))
{
    uint64_t h = 0;

    for (uint64_t m = 0; m < SALTS; m++) {
        h = h * 1099511628211u + (op(0x123456789abcull, m) >> 48);
    }
    return h;
}

static sigjmp_buf out;
static uint64_t seen_pc, seen_addr, seen_esr;
static int seen_code;

static void on_ill(int sig, siginfo_t *info, void *uc)
{
    mcontext_t *m = &((ucontext_t *)uc)->uc_mcontext;
    struct esr_context *esr = (void *)(m->__reserved + sizeof(struct fpsimd_context));

    (void)sig;
    seen_pc = m->pc;
    seen_addr = (uintptr_t)info->si_addr;
    seen_code = info->si_code;
    seen_esr = esr->head.magic == ESR_MAGIC ? esr->esr : 0;
    siglongjmp(out, 1);
}

/* wrong: the first modifier whose code differs from that of m. */
static uint64_t wrong(uint64_t (*op)(uint64_t, uint64_t), uint64_t p, uint64_t m)
{
    uint64_t other = m + 1;

    while (op(p, other) == op(p, m)) {
        other++;
    }
    return other;
}

static void failing(const char *what, uint64_t (*sign)(uint64_t, uint64_t),
                    uint64_t (*check)(uint64_t, uint64_t))
{
    uint64_t p = (uintptr_t)&out, word = 0;

    if (!sigsetjmp(out, 1)) {
        check(sign(p, 5), wrong(sign, p, 5));
        printf("%s: nothing\n", what);
        return;
    }
    memcpy(&word, (void *)seen_pc, 4);
    printf("%s: SIGILL %s here %d, key %d\n", what, seen_code == ILL_ILLOPN ? "ILL_ILLOPN" : "?",
           seen_addr == seen_pc && (word & 0xfffff000) == 0xdac11000 && seen_esr >> 26 == 0x1c,
           (int)(seen_esr & 3));
}

static void *in_thread(void *arg)
{
    uint64_t *r = arg;

    r[0] = all(pacia);
    r[1] = (uint64_t)prctl(GET_ENABLED, 0, 0, 0, 0);
    return NULL;
}

static void basics(void)
{
    uint64_t p = (uintptr_t)&out, bits = 0;
    int same = 1;

    for (uint64_t m = 0; m < SALTS; m++) {
        same &= autia(pacia(p, m), m) == p;
        bits |= pacia(p, m) ^ p;
    }
    printf("there and back %d\n", same);
    printf("code in bits 54 to 48 only %d\n", bits && !(bits & ~code_mask));
    failing("wrong modifier", pacia, autia);
    failing("wrong data key", pacdb, autdb);
    bits = pacia(p, 77);
    __asm__("xpaci %0" : "+r"(bits));
    printf("strip %d\n", bits == p);
}

static void life(void)
{
    uint64_t here = all(pacia), r[2];
    int status;
    pthread_t t;

    fflush(stdout);
    if (!fork()) {
        _exit(all(pacia) == here && autia(pacia(4096, 1), 1) == 4096 ? 42 : 1);
    }
    wait(&status);
    printf("fork keeps keys %d\n", WIFEXITED(status) && WEXITSTATUS(status) == 42);
    pthread_create(&t, NULL, in_thread, r);
    pthread_join(t, NULL);
    printf("thread has the keys %d\n", r[0] == here);
}

/* reset: the process's own frames are signed with IA, so only another key is changed here. */
static void reset(void)
{
    uint64_t a = all(pacia), b = all(pacib);

    prctl(RESET, IB, 0, 0, 0);
    printf("reset IB changes IB %d, IA stays %d\n", all(pacib) != b, all(pacia) == a);
    printf("bad arguments %d %d %d %d\n", prctl(RESET, 32, 0, 0, 0) < 0 && errno == EINVAL,
           prctl(RESET, IB, 1, 0, 0) < 0 && errno == EINVAL,
           prctl(SET_ENABLED, IA, DA, 0, 0) < 0 && errno == EINVAL,
           prctl(GET_ENABLED, 1, 0, 0, 0) < 0 && errno == EINVAL);
}

__attribute__((noinline)) static int signed_return(int n)
{
    __asm__ volatile("" ::: "x30", "memory");
    return n + 1;
}

/* In one function without calls in between that were signed before: main's own frame is not left. */
static void switches(void)
{
    uint64_t p = 0x123456789abcull, r[2];
    pthread_t t;

    printf("all on %x\n", prctl(GET_ENABLED, 0, 0, 0, 0));
    /* This function's return address is signed with IA, so IA is on again before it returns. */
    prctl(SET_ENABLED, IA, 0, 0, 0);
    int off = pacia(p, 3) == p && pacia(p, 4) == p && autia(p ^ 1ull << 50, 5) == (p ^ 1ull << 50);
    printf("IA off: sign is nothing %d, retaa works %d, DA still signs %d\n", off,
           signed_return(1) == 2, all(pacda) != 0 && pacda(p, 1) != pacda(p, wrong(pacda, p, 1)));
    printf("now %x\n", prctl(GET_ENABLED, 0, 0, 0, 0));
    pthread_create(&t, NULL, in_thread, r);
    pthread_join(t, NULL);
    printf("thread off too %d\n", r[1] == 14);
    prctl(SET_ENABLED, IA, IA, 0, 0);
    printf("on again %d, now %x\n", autia(pacia(p, 3), 3) == p && all(pacia) != 0,
           prctl(GET_ENABLED, 0, 0, 0, 0));
}

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *c, void *arg)
{
    (void)c;
    ++*(int *)arg;
    return _URC_NO_REASON;
}

__attribute__((noinline)) static int deep(int n)
{
    int frames = 0;

    if (n) {
        return deep(n - 1) + 0 * signed_return(n);
    }
    _Unwind_Backtrace(count_frame, &frames);
    return frames;
}

int main(int argc, char **argv)
{
    struct sigaction sa = { .sa_flags = SA_SIGINFO, .sa_sigaction = on_ill };

    if (argc > 1) {
        printf("exec has other keys %d\n", strtoull(argv[1], NULL, 16) != all(pacia));
        return 0;
    }
    sigaction(SIGILL, &sa, NULL);
    printf("hwcap %d\n", (getauxval(AT_HWCAP) >> 30 & 3) == 3);
    basics();
    life();
    reset();
    switches();
    int base = deep(0);
    printf("backtrace of signed frames %d\n", deep(20) == base + 20);
    fflush(stdout);
    char text[32];
    snprintf(text, sizeof(text), "%llx", (unsigned long long)all(pacia));
    execl("/proc/self/exe", argv[0], text, NULL);
    return 1;
}
