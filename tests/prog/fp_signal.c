// SPDX-License-Identifier: MIT
/*
 * fp_signal.c: floating point registers, rounding mode and sticky flags of code that a handler interrupts
 * stay what they were, whatever the handler does; on riscv64 also what the frame shows and takes back.
 */
// cflags: -lm -frounding-math
// expect: results: same
// expect: flags: same
// expect: mode: same
// expect: signals: some
// expect: frame: as it should be
#include <fenv.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

static volatile sig_atomic_t signals;
static volatile double one = 1, three = 3, zero;

/* Uses many registers, another mode, and raises what the interrupted code does not. */
static void disturb(int sig)
{
    double v[24];

    (void)sig;
    fesetround(FE_DOWNWARD);
    feclearexcept(FE_ALL_EXCEPT);
    for (int i = 0; i < 24; i++)
        v[i] = (one + i) / three;
    for (int i = 0; i < 24; i++)
        v[i] = v[i] * v[23 - i] + (float)v[(i + 7) % 24];
    one = v[3] / v[3];
    three = 3 + (one / zero > 0 ? 0 : v[5]);
    signals++;
}

/* A result that depends on the mode, and on each number that is kept in a register. */
static double work(long rounds)
{
    double a = 1.1, b = 0.3, c = 2.7, d = -1.9;
    float e = 0.7f, f = 1.3f;

    for (long i = 0; i < rounds; i++) {
        a = a * 0.999 + b / 3;
        b = b * 0.99 + sqrt(fabs(c)) * 0.01;
        c = c * 0.98 - d / 7;
        d = d * 0.97 + a * 0.125;
        e = e * 0.9f + f / 3;
        f = f * 0.8f + (float)d;
    }
    return a + b + c + d + e + f;
}

#if defined(__riscv) && __riscv_xlen == 64
static uint64_t seen[2], seen_fcsr, address;

static void at_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    struct __riscv_mc_d_ext_state *fp = &uc->uc_mcontext.__fpregs.__d;

    (void)sig, (void)info;
    seen[0] = fp->__f[8];
    seen[1] = fp->__f[31];
    seen_fcsr = fp->__fcsr;
    fp->__f[8] = 0x4045000000000000;        /* 42 */
    fp->__fcsr = 2 << 5 | 0x11;
    uc->uc_mcontext.__gregs[0] += 4;
}

static int frame_ok(void)
{
    struct sigaction sa = { .sa_sigaction = at_fault, .sa_flags = SA_SIGINFO };
    uint64_t f8 = 0x3ff8000000000000, f31 = 0xffffffff40490fdb, fcsr = 3 << 5 | 0x0a;

    sigaction(SIGSEGV, &sa, NULL);
    asm volatile("fmv.d.x f8, %0\n fmv.d.x f31, %2\n csrw fcsr, %1\n"
                 ".option push\n.option norvc\n ld zero, 0(%3)\n.option pop\n"
                 "fmv.x.d %0, f8\n csrr %1, fcsr\n csrwi fcsr, 0\n"
                 : "+r"(f8), "+r"(fcsr) : "r"(f31), "r"(address) : "fs0", "ft11", "memory");
    return seen[0] == 0x3ff8000000000000 && seen[1] == f31 && seen_fcsr == (3 << 5 | 0x0a) &&
           f8 == 0x4045000000000000 && fcsr == (2 << 5 | 0x11);
}
#else
static int frame_ok(void)
{
    return 1;
}
#endif

int main(void)
{
    struct itimerval often = { { 0, 500 }, { 0, 500 } }, off = { { 0, 0 }, { 0, 0 } };
    long rounds = 1000;
    double want, got;
    int flags, failed = 0;

    fesetround(FE_UPWARD);
    feclearexcept(FE_ALL_EXCEPT);
    want = work(rounds);
    flags = fetestexcept(FE_ALL_EXCEPT);
    signal(SIGALRM, disturb);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 20000 && (signals < 40 || i < 200); i++) {
        feclearexcept(FE_ALL_EXCEPT);
        got = work(rounds);
        failed |= memcmp(&got, &want, sizeof(got)) ? 1 : 0;
        failed |= fetestexcept(FE_ALL_EXCEPT) != flags ? 2 : 0;
        failed |= fegetround() != FE_UPWARD ? 4 : 0;
    }
    setitimer(ITIMER_REAL, &off, NULL);
    fesetround(FE_TONEAREST);
    printf("results: %s\nflags: %s\nmode: %s\n", failed & 1 ? "differ" : "same",
           failed & 2 ? "differ" : "same", failed & 4 ? "differs" : "same");
    printf("signals: %s\n", signals ? "some" : "none");
    printf("frame: %s\n", frame_ok() ? "as it should be" : "not as it should be");
    return 0;
}
