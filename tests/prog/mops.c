// SPDX-License-Identifier: MIT
// guests: aarch64
/*
 * mops.c: memory copy and set instructions: contents for random sizes, places and overlaps, the
 * registers after them (option A of the manual), faults in the middle that a handler repairs, and
 * signals while much is copied. The words are given as numbers: assemblers are older.
 */
// builds: static interp dynamic
// timeout: 60
// expect: contents ok
// expect: registers ok
// expect: faults ok
// expect: signals ok
// expect: other option ok
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

enum { AREA = 1 << 15, BIG = 1 << 21, PAGE = 4096 };

typedef struct {
    uint64_t d, s, n, nzcv;
} Regs;

static uint64_t seed = 88172645463325252u;

static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

#ifdef __aarch64__

/* Registers: d in x3, s in x4, n in x5. */
#define THREE(p, m, e)                                                                            \
    ".inst " #p " | 0x400a3\n.inst " #m " | 0x400a3\n.inst " #e " | 0x400a3\n"
#define MOPS(name, p, m, e)                                                                       \
    static __attribute__((noinline)) Regs name(void *to, uint64_t from, uint64_t bytes)           \
    {                                                                                             \
        register uint64_t d __asm__("x3") = (uint64_t)to;                                         \
        register uint64_t s __asm__("x4") = from;                                                 \
        register uint64_t n __asm__("x5") = bytes;                                                \
        uint64_t nzcv;                                                                            \
                                                                                                  \
        __asm__ volatile(THREE(p, m, e) "mrs %3, nzcv"                                            \
                         : "+r"(d), "+r"(s), "+r"(n), "=r"(nzcv)::"memory", "cc");                \
        return (Regs){ d, s, n, nzcv };                                                           \
    }
MOPS(cpyf, 0x19000400, 0x19400400, 0x19800400)
MOPS(cpy, 0x1d000400, 0x1d400400, 0x1d800400)
MOPS(set, 0x19c00400, 0x19c04400, 0x19c08400)

/* The main instruction with C set: Linux sees to it that the prologue runs again. */
static Regs other_option(void *to, uint64_t from, uint64_t bytes)
{
    register uint64_t d __asm__("x3") = (uint64_t)to, s __asm__("x4") = from;
    register uint64_t n __asm__("x5") = bytes;
    uint64_t nzcv;

    __asm__ volatile("cmp xzr, xzr\n"           /* C */
                     "b 1f\n"
                     ".inst 0x190404a3\n"
                     "1: .inst 0x194404a3\n"
                     ".inst 0x198404a3\n"
                     "mrs %3, nzcv"
                     : "+r"(d), "+r"(s), "+r"(n), "=r"(nzcv)::"memory", "cc");
    return (Regs){ d, s, n, nzcv };
}

#else

static Regs cpy(void *to, uint64_t from, uint64_t n)
{
    uint64_t d = (uint64_t)to, s = from;
    int down = s < d && s + n > d;

    memmove(to, (void *)from, n);
    return (Regs){ down ? d : d + n, down ? s : s + n, 0, 0 };
}

static Regs cpyf(void *to, uint64_t from, uint64_t n)
{
    memmove(to, (void *)from, n);
    return (Regs){ (uint64_t)to + n, from + n, 0, 0 };
}

static Regs set(void *to, uint64_t byte, uint64_t n)
{
    memset(to, (int)byte, n);
    return (Regs){ (uint64_t)to + n, byte, 0, 0 };
}

static Regs other_option(void *to, uint64_t from, uint64_t n)
{
    return cpyf(to, from, n);
}

#endif

/* ---- contents and registers ---- */

static unsigned char area[AREA], model[16 * PAGE];

static int random_case(int *regs_bad)
{
    uint64_t kind = rnd() % 8, n = kind == 0 ? rnd() % 9000 : rnd() % (kind < 3 ? 400 : 70);
    uint64_t d = rnd() % (AREA - n), s = rnd() % (AREA - n), near = d + rnd() % 200 - 100;
    uint64_t base = (uint64_t)area, what = rnd() % 3;
    Regs r;

    if (rnd() % 2 && near + n < AREA && near < AREA)
        s = near;
    if (what == 0 && s < d && s + n > d)
        what = 1;                               /* the wrong way for a forward copy */
    int down = what == 1 && s < d && s + n > d;

    if (what == 2) {
        r = set(area + d, s * 0x101, n);
        memset(model + d, (int)s, n);
        *regs_bad += r.d != base + d + n || r.s != s * 0x101;
    } else {
        r = what ? cpy(area + d, base + s, n) : cpyf(area + d, base + s, n);
        memmove(model + d, model + s, n);
        *regs_bad += r.d != base + d + (down ? 0 : n) || r.s != base + s + (down ? 0 : n);
    }
    *regs_bad += r.n != 0 || r.nzcv != 0;
    return memcmp(area, model, AREA) != 0;
}

static void contents(void)
{
    int bad = 0, regs_bad = 0;

    for (unsigned i = 0; i < AREA; i++)
        area[i] = model[i] = (unsigned char)rnd();
    for (unsigned i = 0; i < 8000 && !bad; i++)
        bad = random_case(&regs_bad);
    puts(bad ? "contents differ" : "contents ok");
    puts(regs_bad ? "registers differ" : "registers ok");
}

/* ---- faults ---- */

static volatile unsigned faults, strange;
static unsigned char *mapped;

/* Opens the page and goes on: the instruction must take up where it was. */
static void open_page(int sig, siginfo_t *info, void *context)
{
    unsigned char *at = (unsigned char *)((uint64_t)info->si_addr & -(uint64_t)PAGE);

    (void)sig, (void)context;
    faults++;
    if (at < mapped || at >= mapped + 16 * PAGE || faults > 1000) {
        strange++;
        signal(SIGSEGV, SIG_DFL);
        return;
    }
    mprotect(at, PAGE, PROT_READ | PROT_WRITE);
}

/* All pages closed before a copy with overlap in either direction, and before a set. */
static int fault_case(uint64_t d, uint64_t s, uint64_t n)
{
    for (unsigned i = 0; i < 16 * PAGE; i++)
        mapped[i] = model[i] = (unsigned char)rnd();
    memmove(model + d, model + s, n);
    memset(model + d + n, 0x5a, 5000);
    mprotect(mapped, 16 * PAGE, PROT_NONE);
    cpy(mapped + d, (uint64_t)mapped + s, n);
    set(mapped + d + n, 0x5a, 5000);
    mprotect(mapped, 16 * PAGE, PROT_READ | PROT_WRITE);
    return memcmp(mapped, model, 16 * PAGE) != 0;
}

static void fault_tests(void)
{
    struct sigaction sa = { .sa_sigaction = open_page, .sa_flags = SA_SIGINFO };
    int bad = 0;

    sigaction(SIGSEGV, &sa, NULL);
    mapped = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bad += fault_case(100, 133, 20000);
    bad += fault_case(133, 100, 20000);
    bad += fault_case(5000, 30000, 10001);
    bad += fault_case(PAGE - 3, 3 * PAGE - 20, 40);
    bad += fault_case(3 * PAGE - 20, PAGE - 3, 40);
    signal(SIGSEGV, SIG_DFL);
    puts(bad || strange || faults < 10 ? "faults differ" : "faults ok");
}

/* ---- signals while it lasts ---- */

static volatile unsigned ticks;

static void tick(int sig)
{
    (void)sig;
    ticks++;
}

static void signal_tests(void)
{
    struct itimerval every = { { 0, 500 }, { 0, 500 } }, never = { { 0, 0 }, { 0, 0 } };
    unsigned char *big = malloc(2 * BIG);
    int bad = 0;

    for (unsigned i = 0; i < 2 * BIG; i++)
        big[i] = (unsigned char)(i * 7 + (i >> 11));
    signal(SIGALRM, tick);
    setitimer(ITIMER_REAL, &every, NULL);
    for (unsigned turn = 0; turn < 4 || (ticks < 5 && turn < 4000); turn++) {
        cpy(big + 1, (uint64_t)big, BIG);       /* down, and up again */
        cpy(big, (uint64_t)big + 1, BIG);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    for (unsigned i = 0; i < BIG; i++)
        bad += big[i] != (unsigned char)(i * 7 + (i >> 11));
    puts(bad ? "signals: contents differ" : ticks ? "signals ok" : "no signal came");
    free(big);
}

int main(void)
{
    contents();
    fault_tests();
    signal_tests();
    memset(area, 1, 100);
    memset(area + 200, 2, 100);
    Regs r = other_option(area, (uint64_t)area + 200, 100);

    puts(!memcmp(area, area + 200, 100) && r.n == 0 && r.d == (uint64_t)area + 100
             ? "other option ok" : "other option differs");
    return 0;
}
