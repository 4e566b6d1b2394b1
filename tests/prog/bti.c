// SPDX-License-Identifier: MIT
// guests: aarch64
// Landing pads: which branch may go where in a guarded page, what a program sees when it may not.
// builds: static interp dynamic
// expect: hwcap2 1
// expect: br x16         nop 1 bti 1 c 0 j 0 jc 0 paciasp 0 pacibsp 0
// expect: br x0          nop 1 bti 1 c 0 j 0 jc 0 paciasp 0 pacibsp 0
// expect: blr            nop 2 bti 2 c 0 j 2 jc 0 paciasp 0 pacibsp 0
// expect: ret            nop 0 bti 0 c 0 j 0 jc 0 paciasp 0 pacibsp 0
// expect: br x0 inside   nop 3 bti 3 c 3 j 0 jc 0 paciasp 3 pacibsp 3
// expect: br x17 inside  nop 1 bti 1 c 0 j 0 jc 0 paciasp 0 pacibsp 0
// expect: unguarded      nop 0 bti 0 c 0 j 0 jc 0 paciasp 0 pacibsp 0
// expect: guarded again  nop 2 bti 2 c 0 j 2 jc 0 paciasp 0 pacibsp 0
// expect: signal code and place 1
// expect: resumed with BTYPE: again 1
// expect: brk comes first 1
// expect: a handler needs a pad 1
// expect: new code is looked at 1
// expect: many branches 20000
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { PROT_BTI_ = 0x10, PAGE = 4096, SLOT = 8, PADS = 7, INSIDE_X0 = 512, INSIDE_X17 = 520,
       BRK = 528, HANDLER = 536, RET_X9 = 0xd65f0120 };

static const uint32_t pad[PADS] = { 0xd503201f, 0xd503241f, 0xd503245f, 0xd503249f, 0xd50324df,
                                    0xd503233f, 0xd503237f };
static const char *const name[PADS] = { "nop", "bti", "c", "j", "jc", "paciasp", "pacibsp" };

static uint8_t *page;
static volatile int btype, code_ok, place_ok, faults, retry, last_sig;

/* on_ill: note BTYPE and go back to the caller, whose address is in x9. */
static void on_ill(int sig, siginfo_t *info, void *uc)
{
    mcontext_t *m = &((ucontext_t *)uc)->uc_mcontext;

    btype = (int)(m->pstate >> 10 & 3);
    code_ok = info->si_code == ILL_ILLOPC;
    place_ok = (uint64_t)(uintptr_t)info->si_addr == m->pc;
    last_sig = sig;
    faults++;
    if (retry) {
        retry--;
        return;
    }
    m->pc = m->regs[9];
    m->pstate &= ~(3ul << 10);
}

#define GO(insn, reg)                                                                    \
    do {                                                                                 \
        register uint64_t to __asm__(reg) = (uint64_t)(uintptr_t)target;                 \
        __asm__ volatile("adr x9, 1f\n\t" insn "\n1:" : "+r"(to) : : "x9", "x30", "memory"); \
    } while (0)

static void br_x16(void *target) { GO("br x16", "x16"); }
static void br_x0(void *target) { GO("br x0", "x0"); }
static void blr_x0(void *target) { GO("blr x0", "x0"); }
static void ret_x0(void *target) { GO("ret x0", "x0"); }

/* inside: to a branch in the guarded page itself, which goes to the target in x0 or x17. */
static void inside(void *target, int at)
{
    register uint64_t to __asm__("x0") = (uint64_t)(uintptr_t)target;
    register uint64_t to17 __asm__("x17") = (uint64_t)(uintptr_t)target;
    register uint64_t via __asm__("x10") = (uint64_t)(uintptr_t)(page + at);

    __asm__ volatile("adr x9, 1f\n\tbr x10\n1:" : "+r"(to), "+r"(to17) : "r"(via)
                     : "x9", "x30", "memory");
}

static void inside_x0(void *target) { inside(target, INSIDE_X0); }
static void inside_x17(void *target) { inside(target, INSIDE_X17); }

static int try(void (*go)(void *), void *target)
{
    btype = 0;
    go(target);
    return btype;
}

static void row(const char *what, void (*go)(void *))
{
    printf("%-14s", what);
    for (int i = 0; i < PADS; i++) {
        printf(" %s %d", name[i], try(go, page + SLOT * i));
    }
    printf("\n");
}

static void put(int at, uint32_t a, uint32_t b)
{
    uint32_t w[2] = { a, b };

    memcpy(page + at, w, sizeof(w));
    __builtin___clear_cache((char *)page + at, (char *)page + at + 8);
}

static void protect(int prot)
{
    mprotect(page, PAGE, PROT_READ | PROT_EXEC | prot);
}

static void make_page(void)
{
    page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < PADS; i++) {
        put(SLOT * i, pad[i], RET_X9);
    }
    put(INSIDE_X0, 0xd50324df, 0xd61f0000);        /* bti jc; br x0 */
    put(INSIDE_X17, 0xd50324df, 0xd61f0220);       /* bti jc; br x17 */
    put(BRK, 0xd4200000, RET_X9);
    put(HANDLER, 0xd503201f, 0xd65f03c0);          /* nop; ret */
    protect(PROT_BTI_);
}

static void rewritten(void)
{
    int was = try(blr_x0, page + 2 * SLOT), now, back;

    mprotect(page, PAGE, PROT_READ | PROT_WRITE);
    put(2 * SLOT, 0xd503201f, RET_X9);
    protect(PROT_BTI_);
    now = try(blr_x0, page + 2 * SLOT);
    mprotect(page, PAGE, PROT_READ | PROT_WRITE);
    put(2 * SLOT, 0xd503245f, RET_X9);
    protect(PROT_BTI_);
    back = try(blr_x0, page + 2 * SLOT);
    printf("new code is looked at %d\n", was == 0 && now == 2 && back == 0);
}

/* handler_pad: a handler without a landing pad is itself stopped, as it is called. */
static sigjmp_buf out;
static void on_bad(int sig, siginfo_t *info, void *uc)
{
    mcontext_t *m = &((ucontext_t *)uc)->uc_mcontext;

    (void)sig, (void)info;
    btype = m->pc == (uintptr_t)page + HANDLER ? (int)(m->pstate >> 10 & 3) : 9;
    siglongjmp(out, 1);
}

static void handler_pad(void)
{
    struct sigaction bad = { .sa_flags = SA_SIGINFO, .sa_sigaction = on_bad };
    struct sigaction usr = { 0 }, old;

    sigaction(SIGILL, &bad, &old);
    usr.sa_handler = (void (*)(int))(page + HANDLER);
    sigaction(SIGUSR1, &usr, NULL);
    btype = 0;
    if (!sigsetjmp(out, 1)) {
        raise(SIGUSR1);
    }
    printf("a handler needs a pad %d\n", btype == 2);
    sigaction(SIGILL, &old, NULL);
}

int main(void)
{
    struct sigaction sa = { .sa_flags = SA_SIGINFO, .sa_sigaction = on_ill };

    sigaction(SIGILL, &sa, NULL);
    sigaction(SIGTRAP, &sa, NULL);
    printf("hwcap2 %d\n", (int)(getauxval(AT_HWCAP2) >> 17 & 1));
    make_page();
    row("br x16", br_x16);
    row("br x0", br_x0);
    row("blr", blr_x0);
    row("ret", ret_x0);
    row("br x0 inside", inside_x0);
    row("br x17 inside", inside_x17);
    protect(0);
    row("unguarded", blr_x0);
    protect(PROT_BTI_);
    row("guarded again", blr_x0);
    printf("signal code and place %d\n", code_ok && place_ok);
    faults = 0, retry = 3;
    try(blr_x0, page);
    printf("resumed with BTYPE: again %d\n", faults == 4);
    try(blr_x0, page + BRK);
    printf("brk comes first %d\n", last_sig == SIGTRAP);
    handler_pad();
    rewritten();
    int n = 0;
    for (int i = 0; i < 20000; i++) {
        n += try(i % 2 ? blr_x0 : br_x16, page + SLOT * (2 + 2 * (i / 2 % 2))) == 0;
    }
    printf("many branches %d\n", n);
    return 0;
}
