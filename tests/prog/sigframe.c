// SPDX-License-Identifier: MIT
// guests: aarch64
// The arm64 signal frame: what a handler changes in it takes effect on return.
// builds: static interp dynamic
// expect: x19 changed 1234, pc moved 1
// expect: v8 changed 0x1122334455667788 0x99
// expect: flags changed 1
// expect: frame aligned 1, fpsimd record 1, end record 1
// expect: fpsr and fpcr through the frame 1
// expect: frame restorer returns 1
// expect: junk frame is SIGSEGV 11
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static int aligned, has_fpsimd, has_end, fp_ok;

static struct fpsimd_context *fpsimd(ucontext_t *uc)
{
    struct _aarch64_ctx *h = (void *)uc->uc_mcontext.__reserved;

    for (; h->magic; h = (void *)((char *)h + h->size)) {
        if (h->magic == FPSIMD_MAGIC && h->size == sizeof(struct fpsimd_context)) {
            return (void *)h;
        }
    }
    return NULL;
}

static int ends(ucontext_t *uc)
{
    char *p = (char *)uc->uc_mcontext.__reserved, *end = p + sizeof(uc->uc_mcontext.__reserved);

    while (p < end) {
        struct _aarch64_ctx *h = (void *)p;
        if (!h->magic) {
            return h->size == 0;
        }
        if (h->size < 8 || h->size % 16) {
            return 0;
        }
        p += h->size;
    }
    return 0;
}

static void handler(int sig, siginfo_t *si, void *ctx)
{
    ucontext_t *uc = ctx;
    struct fpsimd_context *f = fpsimd(uc);

    (void)sig;
    aligned = (uintptr_t)si % 16 == 0;
    has_fpsimd = f != NULL;
    has_end = ends(uc);
    uc->uc_mcontext.regs[19] = 1234;
    uc->uc_mcontext.pc += 4;
    uc->uc_mcontext.pstate = (uc->uc_mcontext.pstate & ~0xf0000000ull) | 0x90000000;
    if (f) {
        f->vregs[8] = (unsigned __int128)0x99 << 64 | 0x1122334455667788;
        fp_ok = f->fpsr == 0x10 && f->fpcr == 0x400000;
        f->fpsr = 0x2;
        f->fpcr = 0;
    }
}

static void nothing(int sig)
{
    (void)sig;
}

static void edits(void)
{
    uint64_t x19, moved, lo, hi, nzcv, fpsr, fpcr;

    asm volatile("mov x19, #1\n mov x20, #7\n movi v8.16b, #3\n"
                 "mov x21, #0x10\n msr fpsr, x21\n mov x21, #0x400000\n msr fpcr, x21\n"
                 "cmp xzr, xzr\n"
                 "udf #0\n"
                 "mrs %4, nzcv\n mrs %5, fpsr\n mrs %6, fpcr\n msr fpcr, xzr\n"
                 "mov %0, x19\n mov %1, x20\n umov %2, v8.d[0]\n umov %3, v8.d[1]\n"
                 : "=&r"(x19), "=&r"(moved), "=&r"(lo), "=&r"(hi), "=&r"(nzcv), "=&r"(fpsr),
                   "=&r"(fpcr)
                 :
                 : "x19", "x20", "x21", "v8", "cc", "memory");
    printf("x19 changed %lu, pc moved %d\n", x19, moved == 7);
    printf("v8 changed %#lx %#lx\n", lo, hi);
    printf("flags changed %d\n", nzcv == 0x90000000);
    printf("frame aligned %d, fpsimd record %d, end record %d\n", aligned, has_fpsimd, has_end);
    printf("fpsr and fpcr through the frame %d\n", fp_ok && fpsr == 2 && fpcr == 0);
}

int main(void)
{
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
    volatile uint64_t canary = 42;

    setvbuf(stdout, NULL, _IOLBF, 0);
    sigaction(SIGILL, &sa, NULL);
    edits();
    signal(SIGUSR1, nothing);
    raise(SIGUSR1);
    printf("frame restorer returns %d\n", canary == 42);

    pid_t pid = fork();
    if (!pid) {
        static uint64_t junk[4096] __attribute__((aligned(16)));
        memset(junk, 0x5a, sizeof(junk));
        asm volatile("mov sp, %0\n mov x8, #139\n svc #0" ::"r"(junk) : "x8", "x0", "memory");
        _exit(0);
    }
    int st;
    waitpid(pid, &st, 0);
    printf("junk frame is SIGSEGV %d\n", WIFSIGNALED(st) ? WTERMSIG(st) : -1);
    return 0;
}
