// SPDX-License-Identifier: MIT
// Vector loops of riscv64 as compilers and libraries have them: lengths that end anywhere, signals
// at any place, faults in the middle of an access, code that changes.
// guests: riscv64
// builds: static interp dynamic
// options: -cpu max,v=on,vlen=128
// expect: loops of every length: 0 wrong
// expect: with signals: 0 wrong, some came 1
// expect: load: vstart 21, then 0 wrong
// expect: store: vstart 9, before it 9 of 9, behind 0, then 0 wrong
// expect: first only: vl 13, 0 wrong
// expect: code that changes: 11 9 30 11
// expect: length in vl: 5 3
// expect: jumps to addresses that are none: 14 of 14 faulted there
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#define V(text) ".option push\n.option arch, +v\n" text "\n.option pop\n"
enum { N = 600, PAGE = 4096, V_MAGIC = 0x53465457 };

/* ---- loops ---- */

static void copy(void *d, const void *s, long n)
{
    long vl;

    __asm__ volatile(V("1: vsetvli %0, %3, e8, m8, ta, ma\n"
                       "vle8.v v0, (%1)\n add %1, %1, %0\n sub %3, %3, %0\n"
                       "vse8.v v0, (%2)\n add %2, %2, %0\n bnez %3, 1b")
                     : "=&r"(vl), "+r"(s), "+r"(d), "+r"(n) :: "memory");
}

static void saxpy(float k, const float *x, float *y, long n)
{
    long vl;

    __asm__ volatile(V("1: vsetvli %0, %3, e32, m4, ta, ma\n"
                       "vle32.v v0, (%1)\n vle32.v v8, (%2)\n vfmacc.vf v8, %4, v0\n vse32.v v8, (%2)\n"
                       "sub %3, %3, %0\n slli %0, %0, 2\n add %1, %1, %0\n add %2, %2, %0\n bnez %3, 1b")
                     : "=&r"(vl), "+r"(x), "+r"(y), "+r"(n) : "f"(k) : "memory");
}

static int32_t dot(const int16_t *a, const int16_t *b, long n)
{
    long vl, r;

    __asm__ volatile(V("vsetvli %0, zero, e32, m2, ta, ma\n vmv.v.i v4, 0\n"
                       "1: vsetvli %0, %3, e16, m1, tu, ma\n"
                       "vle16.v v0, (%1)\n vle16.v v2, (%2)\n vwmacc.vv v4, v0, v2\n"
                       "sub %3, %3, %0\n slli %0, %0, 1\n add %1, %1, %0\n add %2, %2, %0\n bnez %3, 1b\n"
                       "vsetvli %0, zero, e32, m2, ta, ma\n vmv.s.x v8, zero\n vredsum.vs v8, v4, v8\n"
                       "vmv.x.s %4, v8")
                     : "=&r"(vl), "+r"(a), "+r"(b), "+r"(n), "=&r"(r) :: "memory");
    return (int32_t)r;
}

static void absolute(int32_t *d, const int32_t *a, long n)
{
    long vl;

    __asm__ volatile(V("1: vsetvli %0, %3, e32, m2, ta, mu\n"
                       "vle32.v v4, (%1)\n vmslt.vx v0, v4, zero\n vrsub.vi v4, v4, 0, v0.t\n"
                       "vse32.v v4, (%2)\n"
                       "sub %3, %3, %0\n slli %0, %0, 2\n add %1, %1, %0\n add %2, %2, %0\n bnez %3, 1b")
                     : "=&r"(vl), "+r"(a), "+r"(d), "+r"(n) :: "memory");
}

static long length(const char *s)
{
    const char *at = s;
    long vl, first;

    __asm__ volatile(V("1: vsetvli %0, zero, e8, m2, ta, ma\n"
                       "vle8ff.v v8, (%1)\n vmseq.vi v0, v8, 0\n csrr %0, vl\n vfirst.m %2, v0\n"
                       "add %1, %1, %0\n bltz %2, 1b\n sub %1, %1, %0\n add %1, %1, %2")
                     : "=&r"(vl), "+r"(at), "=&r"(first) :: "memory");
    return at - s;
}

static uint8_t bytes[N], bytes2[N];
static float x[N], y[N], y2[N];
static int16_t a16[N], b16[N];
static int32_t a32[N], d32[N];
static char *text;      /* ends with a page's last byte */

static int round_of(long n)
{
    int32_t sum = 0;
    int wrong = 0;

    for (int i = 0; i < N; i++) {
        bytes[i] = (uint8_t)(i * 7 + n);
        bytes2[i] = 0;
        x[i] = (float)i / 3;
        y[i] = y2[i] = (float)(n - i) * 0.37f;
        a16[i] = (int16_t)(i * 181 - 9000);
        b16[i] = (int16_t)(n * 77 - i);
        a32[i] = i % 3 ? i : -i;
        d32[i] = 99;
    }
    if (n) {
        copy(bytes2, bytes, n);
        saxpy(1.7f, x, y, n);
        absolute(d32, a32, n);
        sum = dot(a16, b16, n);
    }
    for (int i = 0; i < N; i++) {
        wrong += bytes2[i] != (i < n ? bytes[i] : 0);
        wrong += y[i] != (i < n ? __builtin_fmaf(1.7f, x[i], y2[i]) : y2[i]);
        wrong += d32[i] != (i < n ? abs(a32[i]) : 99);
        sum -= i < n ? a16[i] * b16[i] : 0;
    }
    wrong += sum != 0;
    return wrong + (length(text + PAGE - 1 - n) != n);
}

/* ---- signals: the handler makes other use of the vector unit ---- */

static volatile int came;

static void on_timer(int sig)
{
    static int16_t some[37];

    (void)sig;
    dot(some, some, 37);
    came++;
}

static void with_signals(void)
{
    struct itimerval it = { { 0, 700 }, { 0, 700 } }, off = { { 0, 0 }, { 0, 0 } };
    int wrong = 0;

    signal(SIGALRM, on_timer);
    setitimer(ITIMER_REAL, &it, NULL);
    for (int i = 0; came < 200 && i < 200000; i++)
        wrong += round_of(500 + i % 100);
    setitimer(ITIMER_REAL, &off, NULL);
    printf("with signals: %d wrong, some came %d\n", wrong, came > 10);
}

/* ---- faults: the handler gives what is missing ---- */

static char *pages;
static uint64_t vstart;
static int before, behind;

static void on_fault(int sig, siginfo_t *si, void *context)
{
    ucontext_t *uc = context;
    uint32_t *h = (uint32_t *)((char *)&uc->uc_mcontext.__fpregs + 520);

    (void)sig;
    (void)si;
    if (h[0] == V_MAGIC)
        memcpy(&vstart, h + 2, 8);
    before = behind = 0;
    for (int i = 0; i < 9; i++)
        before += ((int32_t *)(pages + PAGE))[i - 9] == i * 3;
    mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE);
    for (int i = 0; i < 20; i++)
        behind += ((int32_t *)(pages + PAGE))[i] == (i + 9) * 3;
    mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE);
}

static void faults(void)
{
    int32_t from[64], to[64];
    int wrong = 0;
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

    sigaction(SIGSEGV, &sa, NULL);
    pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 64; i++)
        from[i] = i * 3;

    memcpy(pages + PAGE - 84, from, 128);
    mprotect(pages + PAGE, PAGE, PROT_NONE);
    __asm__ volatile(V("vsetvli t0, %2, e32, m8, ta, ma\n vmv.v.i v8, 1\n vle32.v v8, (%0)\n"
                       "vse32.v v8, (%1)")
                     :: "r"(pages + PAGE - 84), "r"(to), "r"(32l) : "t0", "memory");
    for (int i = 0; i < 32; i++)
        wrong += to[i] != from[i];
    printf("load: vstart %d, then %d wrong\n", (int)vstart, wrong);

    memset(pages, 0, 2 * PAGE);
    mprotect(pages + PAGE, PAGE, PROT_NONE);
    vstart = 0;
    __asm__ volatile(V("vsetvli t0, %2, e32, m8, ta, ma\n vle32.v v8, (%1)\n vse32.v v8, (%0)")
                     :: "r"(pages + PAGE - 36), "r"(from), "r"(32l) : "t0", "memory");
    wrong = memcmp(pages + PAGE - 36, from, 128) != 0;
    printf("store: vstart %d, before it %d of 9, behind %d, then %d wrong\n", (int)vstart, before, behind,
           wrong);

    long vl;

    memset(pages, 5, 2 * PAGE);
    mprotect(pages + PAGE, PAGE, PROT_NONE);
    memset(to, 0, sizeof(to));
    __asm__ volatile(V("vsetvli t0, zero, e8, m1, ta, ma\n vmv.v.i v8, 1\n vle8ff.v v8, (%1)\n"
                       "csrr %0, vl\n vse8.v v8, (%2)")
                     : "=&r"(vl) : "r"(pages + PAGE - 13), "r"(to) : "t0", "memory");
    wrong = 0;
    for (int i = 0; i < 16; i++)
        wrong += ((uint8_t *)to)[i] != (i < 13 ? 5 : 0);
    printf("first only: vl %ld, %d wrong\n", vl, wrong);
}

/* ---- code that changes while the block before it knows the vector type ---- */

static void changes(void)
{
    static const uint32_t start[] = {
        0xcd027057,     /* vsetivli zero, 4, e32, m1, ta, ma */
        0x5e054457,     /* vmv.v.x v8, a0 */
        0x028404d7,     /* vadd.vv v9, v8, v8; changes */
        0x42902557,     /* vmv.x.s a0, v9 */
        0x00008067,     /* ret */
    };
    static const uint32_t other[] = {
        0x0285b4d7,     /* vadd.vi v9, v8, 11 */
        0x0a85c4d7,     /* vsub.vx v9, v8, a1 */
        0x9685e4d7,     /* vmul.vx v9, v8, a1 */
        0x0285b4d7,
    };
    uint32_t *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long (*run)(long, long) = (long (*)(long, long))code;

    memcpy(code, start, sizeof(start));
    __builtin___clear_cache((char *)code, (char *)(code + 5));
    if (run(21, 0) != 42)
        printf("not 42\n");
    printf("code that changes:");
    for (int i = 0; i < 4; i++) {
        code[2] = other[i];
        __builtin___clear_cache((char *)code, (char *)(code + 5));
        printf(" %ld", run(i == 0 || i == 3 ? 0 : 10, i == 2 ? 3 : 1));
    }
    printf("\n");
}

/* ---- bits that no address has ---- */

static uint64_t jumped_to;
static int faulted;

static void back(int sig, siginfo_t *si, void *ctx)
{
    unsigned long *r = ((ucontext_t *)ctx)->uc_mcontext.__gregs;

    (void)sig;
    faulted += (uint64_t)si->si_addr == jumped_to && r[REG_PC] == jumped_to;
    r[REG_PC] = r[REG_RA];
}

static void land(void)
{
}

/*
 * Translations are kept by more than the address: such a jump must find none of them. Left out are
 * the two bits in which a jump's kind stands (translate/env.h).
 */
static void nowhere(void)
{
    struct sigaction sa = { .sa_sigaction = back, .sa_flags = SA_SIGINFO };

    sigaction(SIGSEGV, &sa, NULL);
    land();
    for (int bit = 48; bit < 64; bit++) {
        if (bit == 54 || bit == 55)
            continue;
        jumped_to = (uint64_t)land | 1ul << bit;
        __asm__ volatile(V("vsetivli zero, 4, e32, m1, ta, ma"));
        ((void (*)(void))jumped_to)();
    }
    printf("jumps to addresses that are none: %d of 14 faulted there\n", faulted);
}

int main(void)
{
    int wrong = 0;
    long vl, vl2;

    text = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(text, 'x', PAGE - 1);
    mprotect(text + PAGE, PAGE, PROT_NONE);
    for (long n = 0; n < N; n += n < 140 ? 1 : 23)
        wrong += round_of(n);
    printf("loops of every length: %d wrong\n", wrong);
    with_signals();
    faults();
    changes();
    /* x0, x0 keeps vl; a length that does not fit comes back cut. */
    __asm__ volatile(V("vsetivli zero, 5, e8, m1, ta, ma\n vsetvli zero, zero, e16, m2, ta, ma\n"
                       "csrr %0, vl\n vsetivli %1, 3, e64, m2, ta, ma") : "=&r"(vl), "=r"(vl2));
    printf("length in vl: %ld %ld\n", vl, vl2);
    nowhere();
    return 0;
}
