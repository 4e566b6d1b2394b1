// SPDX-License-Identifier: MIT
// Code made, changed, published and unmapped by several threads at once.
// timeout: 120
// builds: static interp dynamic
// expect: own pages under mprotect ok
// expect: double mapping ok
// expect: mapped, run, unmapped ok
// expect: published code ok
// expect: patched while it runs ok
// expect: loops left by patching ok
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine_code.h"

enum { THREADS = 6, ROUNDS = 400 };

typedef long (*Fn)(long);

static atomic_int bad;

static void flush(void *p, int n)
{
    __builtin___clear_cache((char *)p, (char *)p + n);
}

static void *own_pages(void *arg)
{
    char *p = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (uint32_t i = 1; i <= ROUNDS; i++) {
        uint32_t *at = (uint32_t *)(p + i % 4 * 4096 + i % 50 * 64);

        mprotect(p, 16384, PROT_READ | PROT_WRITE);
        int n = code_put_loop(at, i);
        mprotect(p, 16384, PROT_READ | PROT_EXEC);
        flush(at, n);
        bad += ((Fn)at)(10) != 10 * (long)i;
        bad += ((Fn)at)(3) != 3 * (long)i;
    }
    munmap(p, 16384);
    return arg;
}

static void *double_mapped(void *arg)
{
    int fd = memfd_create("code", 0);
    if (ftruncate(fd, 8192)) {
        bad++;
    }
    char *w = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *x = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);

    for (uint32_t i = 1; i <= ROUNDS; i++) {
        uint32_t off = i % 100 * 64;
        int n = code_put_loop((uint32_t *)(w + off), i);

        flush(x + off, n);
        bad += ((Fn)(x + off))(7) != 7 * (long)i;
    }
    munmap(w, 8192);
    munmap(x, 8192);
    close(fd);
    return arg;
}

static void *map_run_unmap(void *arg)
{
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        uint32_t *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        int n = code_put_loop(p, i);

        flush(p, n);
        bad += ((Fn)p)(5) != 5 * (long)i;
        munmap(p, 4096);
    }
    return arg;
}

/* Each slot holds a function that tells its own number; a writer replaces them all the time. */
typedef struct {
    _Atomic(Fn) fn;
    atomic_long value;
} Slot;

static Slot slots[8];
static atomic_int published_stop;

static void *publisher(void *arg)
{
    uint32_t *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (uint32_t i = 1; i <= ROUNDS * 8; i++) {
        uint32_t *at = p + i * 16;
        int n = code_put_loop(at, i % 4000);

        flush(at, n);
        slots[i % 8].fn = (Fn)at;
    }
    published_stop = 1;
    return arg;
}

static void *consumer(void *arg)
{
    while (!published_stop) {
        for (int i = 0; i < 8; i++) {
            Fn f = slots[i].fn;

            if (f) {
                long one = f(1);
                bad += f(6) != 6 * one || one % 8 != i;
            }
        }
    }
    return arg;
}

/* A branch that may be changed while other threads run it (b is in the architecture's list). */
static uint32_t *patch_at;

static void *patch_runner(void *arg)
{
    long seen[2] = { 0, 0 };

    while (!published_stop) {
        long v = ((Fn)patch_at)(1);

        if (v != 11 && v != 22) {
            bad++;
        } else {
            seen[v == 22]++;
        }
    }
    return (void *)(seen[0] + seen[1] ? arg : NULL);
}

static void patched(void)
{
    pthread_t t[THREADS];
    uint32_t *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t to_a = code_jump(4 * 16), to_b = code_jump(4 * 1040);

    code_put_loop(p + 16, 11);
    code_put_loop(p + 1040, 22);
    p[0] = to_a;
    flush(p, 8192);
    patch_at = p;
    published_stop = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&t[i], NULL, patch_runner, p);
    }
    for (int i = 0; i < ROUNDS * 4; i++) {
        __atomic_store_n(p, i & 1 ? to_a : to_b, __ATOMIC_RELEASE);
        flush(p, 4);
        bad += ((Fn)p)(1) != (i & 1 ? 11 : 22);
    }
    published_stop = 1;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
    }
}

/*
 * Endless loops that end because another thread changes a branch or a nop in them to a branch
 * out: allowed without further ado on Arm (concurrent modification and execution), and on
 * RISC-V after the flush of all threads' instruction caches.
 */
static void *loop_runner(void *at)
{
    ((Fn)at)(0);
    return NULL;
}

static void loops_left(void)
{
    uint32_t *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static const int start[] = { 0, 16, 32 }, change[] = { 0, 18, 32 };
    const uint32_t to[] = { code_jump(4 * 8), code_jump(4 * 2), code_jump(4 * 8) };

    for (int round = 0; round < 30; round++) {
        pthread_t t[3];

        p[0] = code_jump(0);
        p[16] = CODE_NOP;
        p[17] = code_add(1);
        p[18] = code_jump(-8);
        p[32] = p[33] = CODE_NOP;
        p[34] = code_branch(-8);
        p[35] = code_jump(-12);
        p[8] = p[20] = p[40] = CODE_RET;
        flush(p, 4096);
        for (int i = 0; i < 3; i++) {
            pthread_create(&t[i], NULL, loop_runner, p + start[i]);
        }
        usleep(2000);
        for (int i = 0; i < 3; i++) {
            __atomic_store_n(p + change[i], to[i], __ATOMIC_RELEASE);
            flush(p + change[i], 4);
        }
        for (int i = 0; i < 3; i++) {
            pthread_join(t[i], NULL);
        }
    }
}

static void all(void *(*fn)(void *))
{
    pthread_t t[THREADS];

    for (int i = 0; i < THREADS; i++) {
        pthread_create(&t[i], NULL, fn, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
    }
}

static void tell(const char *what)
{
    printf("%s %s\n", what, bad ? "BAD" : "ok");
    bad = 0;
}

int main(void)
{
    pthread_t t[4];

    all(own_pages);
    tell("own pages under mprotect");
    all(double_mapped);
    tell("double mapping");
    all(map_run_unmap);
    tell("mapped, run, unmapped");
    for (int i = 0; i < 4; i++) {
        pthread_create(&t[i], NULL, i ? consumer : publisher, NULL);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
    }
    tell("published code");
    patched();
    tell("patched while it runs");
    loops_left();
    tell("loops left by patching");
    return 0;
}
