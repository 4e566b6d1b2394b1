// SPDX-License-Identifier: MIT
// guests: aarch64
// Atomics as compilers write them without LSE, and by helpers: between threads, in faults, rewritten.
// builds: static interp dynamic
// cflags-aarch64: -O2
// timeout: 60
// expect: exclusives between threads: 800000 800000 800000 ok
// expect: helper between threads: 400000
// expect: compare fails on a read-only page: old 5, no fault
// expect: add on a read-only page: faults at the store, loaded 5
// expect: add on no page: faults at the load, loaded 77
// expect: helper on no page: faults at the instruction, x16 1, x30 right
// expect: helper without LSE: 5, x16 3, x17 8, memory 8
// expect: helper rewritten: swapped
// expect: helper unmapped: SIGSEGV in it
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { ROUNDS = 100000, THREADS = 4, PAGE = 4096 };

static uint64_t by_add, by_cas;
static uint32_t by_two, bits;
static uint64_t by_helper;
uint8_t helper_flag = 1;

static void add_exclusive(uint64_t *p, uint64_t n)
{
    uint64_t old, new;
    uint32_t failed;

    __asm__ volatile("1: ldxr %0, [%3]\n"
                     "add %1, %0, %4\n"
                     "stlxr %w2, %1, [%3]\n"
                     "cbnz %w2, 1b"
                     : "=&r"(old), "=&r"(new), "=&r"(failed)
                     : "r"(p), "r"(n)
                     : "memory");
    if (new != old + n || failed)
        printf("add: wrong registers\n");
}

static uint64_t cas_exclusive(uint64_t *p, uint64_t want, uint64_t put)
{
    uint64_t old;
    uint32_t failed = 9, equal;

    __asm__ volatile("1: ldaxr %0, [%3]\n"
                     "cmp %0, %4\n"
                     "b.ne 2f\n"
                     "stlxr %w1, %5, [%3]\n"
                     "cbnz %w1, 1b\n"
                     "2: cset %w2, eq"
                     : "=&r"(old), "+&r"(failed), "=&r"(equal)
                     : "r"(p), "r"(want), "r"(put)
                     : "memory", "cc");
    if (equal != (old == want) || (equal ? failed != 0 : failed != 9 && failed != 1))
        printf("cas: wrong registers\n");
    return old;
}

/* Low half of by_two counts up, with a change of the other half in between. */
static void sub_exclusive(uint32_t *p)
{
    uint32_t old, failed;

    __asm__ volatile("1: ldaxr %w0, [%2]\n"
                     "sub %w0, %w0, #1\n"
                     "stxr %w1, %w0, [%2]\n"
                     "cbnz %w1, 1b"
                     : "=&r"(old), "=&r"(failed)
                     : "r"(p)
                     : "memory");
}

static void flip_exclusive(uint32_t *p, uint32_t mask)
{
    uint32_t old, new, failed;

    __asm__ volatile("1: ldxr %w0, [%3]\n"
                     "eor %w1, %w0, %w4\n"
                     "stxr %w2, %w1, [%3]\n"
                     "cbnz %w2, 1b"
                     : "=&r"(old), "=&r"(new), "=&r"(failed)
                     : "r"(p), "r"(mask)
                     : "memory");
}

/* helper_add(n in x0, address in x1): old value; as libgcc's __aarch64_ldadd8_acq_rel. */
__asm__(".arch armv8-a+lse\n"
        ".text\n.balign 64\n.type helper_add, %function\n"
        "helper_add:\n"
        "  bti c\n"
        "  adrp x16, helper_flag\n"
        "  ldrb w16, [x16, :lo12:helper_flag]\n"
        "  cbz w16, 1f\n"
        ".globl helper_lse\n"
        "helper_lse:\n"
        "  ldaddal x0, x0, [x1]\n"
        "  ret\n"
        "1: mov x16, x0\n"
        "2: ldaxr x0, [x1]\n"
        "  add x17, x0, x16\n"
        "  stlxr w15, x17, [x1]\n"
        "  cbnz w15, 2b\n"
        "  ret\n"
        ".arch armv8-a\n");
extern uint64_t helper_add(uint64_t n, uint64_t *p);
extern char helper_lse[] __attribute__((visibility("hidden")));

static void *work(void *arg)
{
    uint32_t mask = 1u << (uintptr_t)arg;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t seen = by_cas, was;

        add_exclusive(&by_add, 2);
        while ((was = cas_exclusive(&by_cas, seen, seen + 2)) != seen)
            seen = was;
        sub_exclusive(&by_two);
        sub_exclusive(&by_two);
        flip_exclusive(&bits, mask);
        helper_add(1, &by_helper);
    }
    return NULL;
}

static void threads(void)
{
    pthread_t t[THREADS];

    by_two = 2 * ROUNDS * THREADS * 2;
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, work, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    printf("exclusives between threads: %lu %lu %u %s\n", by_add, by_cas, by_two,
           bits ? "wrong" : "ok");
    printf("helper between threads: %lu\n", by_helper);
}

/* ---- faults ---- */

static sigjmp_buf back;
static volatile uint64_t fault_x[31], fault_pc;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;

    (void)sig, (void)info;
    for (int i = 0; i < 31; i++)
        fault_x[i] = uc->uc_mcontext.regs[i];
    fault_pc = uc->uc_mcontext.pc;
    siglongjmp(back, 1);
}

/* What faults here names its registers, so that the handler can look at them. */
extern char add_load[] __attribute__((visibility("hidden")));
extern char add_store[] __attribute__((visibility("hidden")));
extern char call_return[] __attribute__((visibility("hidden")));

__attribute__((noinline, noclone)) static void add_at(uint64_t *p)
{
    __asm__ volatile("mov x9, %0\n mov x10, #77\n mov w12, #9\n"
                     ".globl add_load, add_store\n"
                     "add_load: ldxr x10, [x9]\n"
                     "add x11, x10, #1\n"
                     "add_store: stxr w12, x11, [x9]\n"
                     "cbnz w12, add_load"
                     :
                     : "r"(p)
                     : "x9", "x10", "x11", "x12", "memory");
}

__attribute__((noinline, noclone)) static void call_at(uint64_t *p)
{
    __asm__ volatile("mov x1, %0\n mov x0, #3\n mov x16, #99\n"
                     "bl helper_add\n"
                     ".globl call_return\n"
                     "call_return:"
                     :
                     : "r"(p)
                     : "x0", "x1", "x15", "x16", "x17", "x30", "memory");
}

static const char *where(const char *first, const char *at)
{
    if (fault_pc == (uint64_t)add_load)
        return "the load";
    if (fault_pc == (uint64_t)add_store)
        return "the store";
    return fault_pc == (uint64_t)at ? first : "the wrong place";
}

static void faults(void)
{
    uint64_t *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *p = 5;
    mprotect(p, PAGE, PROT_READ);
    if (!sigsetjmp(back, 1))
        printf("compare fails on a read-only page: old %lu, no fault\n", cas_exclusive(p, 4, 6));
    else
        printf("compare fails on a read-only page: fault\n");
    if (!sigsetjmp(back, 1))
        add_at(p);
    printf("add on a read-only page: faults at %s, loaded %lu\n", where("", NULL), fault_x[10]);
    mprotect(p, PAGE, PROT_NONE);
    if (!sigsetjmp(back, 1))
        add_at(p);
    printf("add on no page: faults at %s, loaded %lu\n", where("", NULL), fault_x[10]);
    if (!sigsetjmp(back, 1))
        call_at(p);
    printf("helper on no page: faults at %s, x16 %lu, x30 %s\n",
           where("the instruction", helper_lse), fault_x[16],
           fault_x[30] == (uint64_t)call_return ? "right" : "wrong");
    munmap(p, PAGE);
}

static void without_lse(void)
{
    uint64_t v = 5;
    register uint64_t x0 __asm__("x0") = 3, x1 __asm__("x1") = (uint64_t)&v;
    register uint64_t x16 __asm__("x16"), x17 __asm__("x17");

    helper_flag = 0;
    __asm__ volatile("bl helper_add"
                     : "+r"(x0), "+r"(x1), "=r"(x16), "=r"(x17)
                     :
                     : "x15", "x30", "memory");
    helper_flag = 1;
    printf("helper without LSE: %lu, x16 %lu, x17 %lu, memory %lu\n", x0, x16, x17, v);
}

/* ---- the helper changes ---- */

/* Caller on the first page, helper on the second, its flag on the third. */
static uint32_t *make_code(void)
{
    static const uint32_t caller[] = { 0xaa1e03e9, 0x940003ff, 0xd65f0120 };
    static const uint32_t helper[] = { 0xb0000010, 0x39400210, 0x34000050, 0xf8e00020,
                                       0xd65f03c0, 0xd65f03c0 };
    uint32_t *code = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memcpy(code, caller, sizeof(caller));
    memcpy(code + PAGE / 4, helper, sizeof(helper));
    *(uint8_t *)(code + 2 * PAGE / 4) = 1;
    __builtin___clear_cache((char *)code, (char *)code + 2 * PAGE);
    return code;
}

static void rewritten(void)
{
    uint32_t *code = make_code();
    uint64_t (*call)(uint64_t, uint64_t *) = (uint64_t (*)(uint64_t, uint64_t *))code;
    uint64_t v = 5;

    for (int i = 0; i < 1000; i++)
        call(1, &v);
    if (v != 1005)
        printf("helper: %lu\n", v);
    code[PAGE / 4 + 3] = 0xf8e08020;    /* swpal x0, x0, [x1] */
    __builtin___clear_cache((char *)(code + PAGE / 4), (char *)(code + PAGE / 4 + 6));
    v = 5;
    call(1, &v);
    printf("helper rewritten: %s\n", v == 1 ? "swapped" : "not seen");
    munmap(code + PAGE / 4, PAGE);
    if (!sigsetjmp(back, 1))
        call(1, &v);
    printf("helper unmapped: %s\n",
           fault_pc == (uint64_t)(code + PAGE / 4) ? "SIGSEGV in it" : "SIGSEGV elsewhere, or none");
}

int main(void)
{
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

    sigaction(SIGSEGV, &sa, NULL);
    threads();
    faults();
    without_lse();
    rewritten();
    return 0;
}
