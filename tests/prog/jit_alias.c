// SPDX-License-Identifier: MIT
// Code pages mapped twice, writable and executable, changed by one thread and run by others, as the
// architecture wants it: clean, invalidate; then a message; then those who run it synchronise.
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

#include "machine_code.h"

enum { RUNNERS = 3, ROUNDS = 4000, PAGE = 4096, FUNCTION = 256, CALLER = 1024 };

typedef long Fn(void);
typedef long Fn1(void (*)(void));

enum { SAME, DIRECT, RETURNED, TWO, SYSCALL, MOVED };

static int kind, memfd;
static char *rw, *rx, *rx2;
static char *_Atomic code;          /* MOVED: where it is now */
static _Atomic unsigned round_no, done, waiting;
static atomic_int wrong, ran;

static void wait_for(_Atomic unsigned *what, unsigned value)
{
    for (unsigned n = 0; atomic_load_explicit(what, memory_order_acquire) != value; n++) {
        if (n > 100) {
            sched_yield();
        }
    }
}

/* value: of round r, in the bits an immediate has on all guests. */
static unsigned value(unsigned r)
{
    return r & 0x7ff;
}

static void make(uint32_t *p, unsigned r)
{
    p[0] = code_set(value(r));
    p[1] = CODE_RET;
}

/* Called by code in the page: its caller's rest is changed before it returns. */
static void pause_here(void)
{
    unsigned now = atomic_load(&round_no);

    atomic_fetch_add(&waiting, 1);
    wait_for(&round_no, now + 1);
    code_sync();
}

static void check(long got, unsigned want)
{
    ran++;
    wrong += got != (long)value(want);
}

static void *runner(void *arg)
{
    for (unsigned r = 1; r <= ROUNDS; r++) {
        if (kind == RETURNED) {
            wait_for(&round_no, 2 * r - 1);
            code_sync();
            check(((Fn1 *)(rx + CALLER))(pause_here), r);
        } else {
            wait_for(&round_no, r);
            code_sync();
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

/* The caller keeps its return address, calls FUNCTION, or what it is given, and then has value v. */
static void make_caller(unsigned v)
{
    uint32_t *p = (uint32_t *)(rw + CALLER);

    p[0] = CODE_PUSH_RA;
    p[1] = kind == DIRECT ? code_call(FUNCTION - CALLER - 4) : CODE_CALL_ARG;
    p[2] = kind == DIRECT ? CODE_NOP : code_set(value(v));
    p[3] = CODE_POP_RA;
    p[4] = CODE_RET;
    code_clean(p);
    code_invalidate(rx + CALLER);
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
    code_clean(rw + FUNCTION);
    if (kind == MOVED) {
        char *to = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        code = mremap(code, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
        code_invalidate(code + FUNCTION);
        return;
    }
    code_invalidate(rx + FUNCTION);
    if (kind == TWO) {
        code_invalidate(rx2 + FUNCTION);
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
            change(r);
            atomic_store(&round_no, 2 * r);
        } else {
            change(r);
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
