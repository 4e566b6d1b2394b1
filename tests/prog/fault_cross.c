// SPDX-License-Identifier: MIT
// guests: aarch64
// Accesses that straddle into a page that is not mapped, or not writable: the fault's address and code
// are those of the first byte that cannot be accessed, and no register has changed. Alignment
// faults of ordered and atomic accesses come before any of these.
// builds: static interp
// native: no
// expect: hole: 210 loads, 210 stores, 0 wrong
// expect: read only: 210 stores, 0 wrong
// expect: alignment first: 18 of 18
#include <signal.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { PAGE = 4096, MARK = 0x5a };

static struct {
    uint64_t x[3], base, v[2][2], pc;
    uint64_t addr;
    int sig, code;
} at;
static volatile int faults;

/* Note the state, and go on behind the instruction. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
    mcontext_t *m = &((ucontext_t *)context)->uc_mcontext;
    struct fpsimd_context *fp = (void *)m->__reserved;

    at.sig = sig;
    at.code = info->si_code;
    at.addr = (uint64_t)info->si_addr;
    memcpy(at.x, m->regs, sizeof(at.x));
    at.base = m->regs[9];
    memcpy(at.v, fp->vregs, sizeof(at.v));
    faults++;
    m->pc += 4;
}

/*
 * One instruction with x0 to x2, v0, v1 full of marks and the address in x9; they come back in
 * `after`. TRY makes a function of it.
 */
typedef struct {
    uint64_t x[3], base, v[2][2];
} Regs;

typedef void Try(Regs *r);

#define TRY(name, insn)                                                                        \
    static void name(Regs *r)                                                                  \
    {                                                                                          \
        __asm__ volatile(".arch armv8.4-a\n"                                                   \
                         "ldp x0, x1, [%0]\nldp x2, x9, [%0, #16]\nldp q0, q1, [%0, #32]\n"    \
                         "mov x11, %0\n" insn "\n"                                             \
                         "stp x0, x1, [x11]\nstp x2, x9, [x11, #16]\nstp q0, q1, [x11, #32]\n" \
                         :                                                                     \
                         : "r"(r)                                                              \
                         : "x0", "x1", "x2", "x9", "x11", "v0", "v1", "v2", "v3", "memory");   \
    }

#define ALL(X)                                                                                 \
    X(h, 2, "h w0, [x9]") X(w, 4, " w0, [x9]") X(x, 8, " x0, [x9]") X(s, 4, " s0, [x9]")       \
    X(d, 8, " d0, [x9]") X(q, 16, " q0, [x9]")

#define PAIRS(X)                                                                               \
    X(pw, 8, "p w0, w1, [x9]") X(px, 16, "p x0, x1, [x9]") X(pd, 16, "p d0, d1, [x9]")          \
    X(pq, 32, "p q0, q1, [x9]") X(pre, 16, "p x0, x1, [x9, #0]!") X(post, 16, "p x0, x1, [x9], #32") \
    X(rpost, 8, "r x0, [x9], #16") X(rpre, 8, "r x0, [x9, #0]!") X(postq, 32, "p q0, q1, [x9], #64")

#define LOAD(n, size, text) TRY(ld_##n, "ldr" text)
#define STORE(n, size, text) TRY(st_##n, "str" text)
#define LOADP(n, size, text) TRY(ld_##n, "ld" text)
#define STOREP(n, size, text) TRY(st_##n, "st" text)
ALL(LOAD)
ALL(STORE)
PAIRS(LOADP)
PAIRS(STOREP)
TRY(ld_multi, "ld1 {v0.16b, v1.16b}, [x9]")
TRY(st_multi, "st1 {v0.16b, v1.16b}, [x9]")

#define ROW(n, size, text) { #n, size, ld_##n, st_##n },
static const struct {
    const char *name;
    unsigned size;
    Try *load, *store;
} rows[] = { ALL(ROW) PAIRS(ROW){ "multi", 32, ld_multi, st_multi } };
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static int check(const char *name, int store, Try *fn, uint64_t base, uint64_t where, int code)
{
    Regs before, after;
    int was = faults;

    memset(&before, MARK, sizeof(before));
    before.base = base;
    after = before;
    fn(&after);
    if (faults != was + 1 || at.sig != SIGSEGV || at.code != code || at.addr != where ||
        memcmp(&before, &after, sizeof(before)) || at.base != base || at.x[0] != before.x[0] ||
        at.x[1] != before.x[1] || memcmp(at.v, before.v, sizeof(at.v))) {
        printf("%s %s at %#lx: %d faults, signal %d code %d at %#lx, expected %#lx, base %#lx%s\n",
               store ? "store" : "load", name, (long)base, faults - was, at.sig, at.code,
               (long)at.addr, (long)where, (long)at.base,
               memcmp(&before, &after, sizeof(before)) ? ", registers changed" : "");
        return 1;
    }
    return 0;
}

TRY(a_ldar, "ldar x0, [x9]")
TRY(a_stlr, "stlr x0, [x9]")
TRY(a_ldxr, "ldxr x0, [x9]")
TRY(a_stxr, "stxr w1, x0, [x9]")
TRY(a_ldadd, "ldadd x1, x0, [x9]")
TRY(a_cas, "cas x0, x1, [x9]")
TRY(a_swp, "swp x0, x1, [x9]")
TRY(a_ldxp, "ldxp x0, x1, [x9]")
TRY(a_casp, "mov x2, x0\nmov x3, x1\ncasp x2, x3, x0, x1, [x9]")

int main(void)
{
    static Try *const ordered[] = { a_ldar, a_stlr, a_ldxr, a_stxr, a_ldadd, a_cas, a_swp, a_ldxp,
                                    a_casp };
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t edge = (uint64_t)p + PAGE;
    int loads = 0, stores = 0, wrong = 0, first = 0;

    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    munmap(p + PAGE, PAGE);
    for (int i = 0; i < ROWS; i++) {
        for (unsigned in = 1; in < rows[i].size; in++) {
            uint64_t base = edge - in;

            wrong += check(rows[i].name, 0, rows[i].load, base, edge, SEGV_MAPERR);
            wrong += check(rows[i].name, 1, rows[i].store, base, edge, SEGV_MAPERR);
            loads++, stores++;
        }
    }
    printf("hole: %d loads, %d stores, %d wrong\n", loads, stores, wrong);

    mmap(p + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    stores = wrong = 0;
    for (int i = 0; i < ROWS; i++) {
        for (unsigned in = 1; in < rows[i].size; in++) {
            wrong += check(rows[i].name, 1, rows[i].store, edge - in, edge, SEGV_ACCERR);
            stores++;
        }
    }
    printf("read only: %d stores, %d wrong\n", stores, wrong);

    munmap(p + PAGE, PAGE);
    for (unsigned i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++) {
        for (unsigned k = 1; k < 3; k++) {
            Regs r;
            int was = faults;

            memset(&r, MARK, sizeof(r));
            r.base = edge - k;
            ordered[i](&r);
            first += faults == was + 1 && at.sig == SIGBUS && at.code == BUS_ADRALN &&
                     at.addr == edge - k && at.base == edge - k;
        }
    }
    printf("alignment first: %d of 18\n", first);
    return 0;
}
