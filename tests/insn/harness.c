/* SPDX-License-Identifier: MIT */
/*
 * harness.c: AArch64 Linux program that runs single instructions from given register states and
 * writes what became of them; scripts/gen_insn_cases.py talks to it over stdin and stdout.
 *
 * Registers are loaded by changing the frame of a signal handler and read back from the frame
 * of the next signal, so no assembly is needed and every register can be tested:
 *
 *   main -- SIGUSR1 --> on_start: keep main's frame, put the case into it, return
 *   case runs to a breakpoint (or faults) -- signal --> on_stop: note the state, restore main
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define SCRATCH       0x50000000ul
#define SCRATCH_BYTES 0x4000ul
#define CODE          0x50010000ul
#define CODE_BYTES    0x3000ul
#define ENTRY         0x50011000ul
#define BRK           0xd4200000u

enum { WINDOW = 256, MAX_WORDS = 8 };      /* bytes of scratch memory that cases may use */

typedef struct {
    uint32_t n_words, word[MAX_WORDS], nzcv, fpcr, fpsr;
    uint64_t x[32];                        /* x[31] is sp */
    uint64_t v[32][2];
    uint8_t mem[WINDOW];
} Input;

typedef struct {
    uint32_t sig, nzcv, fpcr, fpsr;
    uint64_t pc, fault;
    uint64_t x[32];
    uint64_t v[32][2];
    uint8_t mem[WINDOW];
} Output;

static Input in;
static Output out;
static mcontext_t main_context;

static struct fpsimd_context *fp_of(mcontext_t *m)
{
    return (struct fpsimd_context *)m->__reserved;      /* the kernel puts it first */
}

static void on_start(int sig, siginfo_t *info, void *uc)
{
    mcontext_t *m = &((ucontext_t *)uc)->uc_mcontext;
    struct fpsimd_context *fp = fp_of(m);

    (void)sig, (void)info;
    memcpy(&main_context, m, sizeof(*m));
    memcpy(m->regs, in.x, 31 * 8);
    m->sp = in.x[31];
    m->pc = ENTRY;
    m->pstate = (m->pstate & 0x0fffffff) | in.nzcv << 28;
    memcpy(fp->vregs, in.v, sizeof(in.v));
    fp->fpcr = in.fpcr;
    fp->fpsr = in.fpsr;
}

static void on_stop(int sig, siginfo_t *info, void *uc)
{
    mcontext_t *m = &((ucontext_t *)uc)->uc_mcontext;
    struct fpsimd_context *fp = fp_of(m);

    out.sig = sig;
    out.fault = (uintptr_t)info->si_addr;
    memcpy(out.x, m->regs, 31 * 8);
    out.x[31] = m->sp;
    out.pc = m->pc;
    out.nzcv = m->pstate >> 28;
    memcpy(out.v, fp->vregs, sizeof(out.v));
    out.fpcr = fp->fpcr;
    out.fpsr = fp->fpsr;
    memcpy(m, &main_context, sizeof(*m));
}

static void catch_signals(void)
{
    static char stack[1 << 16];
    stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
    struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_ONSTACK, .sa_sigaction = on_stop };
    static const int stops[] = { SIGTRAP, SIGILL, SIGSEGV, SIGBUS };

    sigaltstack(&ss, NULL);
    for (unsigned i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
        sigaction(stops[i], &sa, NULL);
    }
    sa.sa_sigaction = on_start;
    sigaction(SIGUSR1, &sa, NULL);
}

static void *map_at(uintptr_t at, size_t bytes, int prot)
{
    void *p = mmap((void *)at, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
                   -1, 0);

    if (p != (void *)at) {
        fprintf(stderr, "cannot map 0x%lx: %s\n", (unsigned long)at, strerror(errno));
        exit(1);
    }
    return p;
}

static void run_case(uint8_t *scratch, uint32_t *code)
{
    uint32_t *entry = code + (ENTRY - CODE) / 4;

    memset(scratch, 0, SCRATCH_BYTES);
    memcpy(scratch, in.mem, WINDOW);
    for (unsigned i = 0; i <= MAX_WORDS; i++) {
        entry[i] = i < in.n_words ? in.word[i] : BRK;
    }
    __builtin___clear_cache((char *)entry, (char *)(entry + MAX_WORDS + 1));
    memset(&out, 0, sizeof(out));
    raise(SIGUSR1);
    memcpy(out.mem, scratch, WINDOW);
}

int main(void)
{
    uint8_t *scratch = map_at(SCRATCH, SCRATCH_BYTES, PROT_READ | PROT_WRITE);
    uint32_t *code = map_at(CODE, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);

    for (unsigned i = 0; i < CODE_BYTES / 4; i++) {
        code[i] = BRK;
    }
    catch_signals();
    while (fread(&in, sizeof(in), 1, stdin) == 1) {
        run_case(scratch, code);
        fwrite(&out, sizeof(out), 1, stdout);
    }
    return 0;
}
