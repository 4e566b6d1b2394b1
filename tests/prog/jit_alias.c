// SPDX-License-Identifier: MIT
// Code pages mapped twice, writable and executable, changed by one thread and run by others, as the
// architecture wants it: clean, DSB, invalidate, DSB; then a message; then ISB in those who run it.
// timeout: 120
// builds: static interp dynamic
// native: no
// expect: same address: 0 of 12000 wrong
// expect: called directly: 0 of 12000 wrong
// expect: returned into: 0 of 12000 wrong
// expect: two executable aliases: 0 of 24000 wrong
// expect: written by a system call: 0 of 12000 wrong
// expect: moved: 0 of 12000 wrong
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RUNNERS = 3, ROUNDS = 4000, PAGE = 4096, FUNCTION = 256, CALLER = 1024 };

typedef long Fn(void);
typedef long Fn1(void (*)(void));

enum { SAME, DIRECT, RETURNED, TWO, SYSCALL, MOVED };

static int kind, memfd;
static char *rw, *rx, *rx2;
static char *_Atomic code;          /* MOVED: where it is now */
static _Atomic unsigned round_no, done, waiting;
static atomic_int wrong, ran;

static void clean(const void *data)
{
    __asm__ volatile("dc cvau, %0\ndsb ish" ::"r"(data) : "memory");
}

static void invalidate(const void *at)
{
    __asm__ volatile("ic ivau, %0\ndsb ish\nisb" ::"r"(at) : "memory");
}

static void isb(void)
{
    __asm__ volatile("isb" ::: "memory");
}

static void wait_for(_Atomic unsigned *what, unsigned value)
{
    for (unsigned n = 0; atomic_load_explicit(what, memory_order_acquire) != value; n++) {
        if (n > 100) {
            sched_yield();
        }
    }
}

/* mov w0, #v (at most 0xffff); ret */
static void make(uint32_t *p, unsigned v)
{
    p[0] = 0x52800000 | v << 5;
    p[1] = 0xd65f03c0;
}

/* Called by code in the page: its caller's rest is changed before it returns. */
static void pause_here(void)
{
    unsigned now = atomic_load(&round_no);

    atomic_fetch_add(&waiting, 1);
    wait_for(&round_no, now + 1);
    isb();
}

static void check(long got, unsigned want)
{
    ran++;
    wrong += got != (long)(want & 0xffff);
}

static void *runner(void *arg)
{
    for (unsigned r = 1; r <= ROUNDS; r++) {
        if (kind == RETURNED) {
            wait_for(&round_no, 2 * r - 1);
            isb();
            check(((Fn1 *)(rx + CALLER))(pause_here), r);
        } else {
            wait_for(&round_no, r);
            isb();
            char *at = kind == MOVED ? code : rx;

            check(((Fn *)(at + (kind == DIRECT ? CALLER : FUNCTION)))(), r);
            if (kind == TWO) {
                check(((Fn *)(rx2 + FUNCTION))(), r);
            }
        }
        atomic_fetch_add(&done, 1);
    }
    return arg;
}

/* The caller: stp x29, x30; then bl FUNCTION, or blr x0 and mov w0, #v; ldp; ret. */
static void make_caller(unsigned v)
{
    uint32_t *p = (uint32_t *)(rw + CALLER);

    p[0] = 0xa9bf7bfd;
    p[1] = kind == DIRECT ? 0x94000000 | ((FUNCTION - CALLER - 4) / 4 & 0x3ffffff) : 0xd63f0000;
    p[2] = kind == DIRECT ? 0xd503201f : 0x52800000 | v << 5;
    p[3] = 0xa8c17bfd;
    p[4] = 0xd65f03c0;
    clean(p);
    invalidate(rx + CALLER);
}

static void change(unsigned v)
{
    uint32_t words[2];

    if (kind == RETURNED) {
        make_caller(v);
        return;
    }
    if (kind == SYSCALL) {
        make(words, v);
        wrong += pwrite(memfd, words, sizeof(words), FUNCTION) != sizeof(words);
    } else {
        make((uint32_t *)(rw + FUNCTION), v);
    }
    clean(rw + FUNCTION);
    if (kind == MOVED) {
        char *to = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        code = mremap(code, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
        invalidate(code + FUNCTION);
        return;
    }
    invalidate(rx + FUNCTION);
    if (kind == TWO) {
        invalidate(rx2 + FUNCTION);
    }
}

static void run(int k, const char *name)
{
    pthread_t t[RUNNERS];

    kind = k;
    memfd = memfd_create("code", 0);
    wrong = ran = 0;
    wrong += ftruncate(memfd, PAGE) != 0;
    rw = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
    rx = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, memfd, 0);
    rx2 = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, memfd, 0);
    code = rx;
    round_no = done = waiting = 0;
    make_caller(0);
    for (int i = 0; i < RUNNERS; i++) {
        pthread_create(&t[i], NULL, runner, NULL);
    }
    for (unsigned r = 1; r <= ROUNDS; r++) {
        if (k == RETURNED) {
            atomic_store(&round_no, 2 * r - 1);
            wait_for(&waiting, r * RUNNERS);
            change(r & 0xffff);
            atomic_store(&round_no, 2 * r);
        } else {
            change(r & 0xffff);
            atomic_store_explicit(&round_no, r, memory_order_release);
        }
        wait_for(&done, r * RUNNERS);
    }
    for (int i = 0; i < RUNNERS; i++) {
        pthread_join(t[i], NULL);
    }
    printf("%s: %d of %d wrong\n", name, wrong, ran);
    munmap(rw, PAGE);
    munmap(code, PAGE);
    munmap(rx2, PAGE);
    close(memfd);
}

int main(void)
{
    run(SAME, "same address");
    run(DIRECT, "called directly");
    run(RETURNED, "returned into");
    run(TWO, "two executable aliases");
    run(SYSCALL, "written by a system call");
    run(MOVED, "moved");
    return 0;
}
