// SPDX-License-Identifier: MIT
/*
 * litmus.c: the guest program of tests/litmus/run.py: small concurrent programs whose forbidden
 * outcomes must never be seen. They are in the tests.h of the guest's folder.
 *
 *   litmus [-n ITERATIONS] [-s SEED] [-l] [NAME...]
 *
 * -l lists the names; NAMEs select by prefix. One line for each test: its name, iterations, how
 * often the outcome was seen, and `ok`, `FORBIDDEN`, `seen` or `unseen` (tests whose outcome is
 * allowed: they show that the harness lets threads overlap at all), or `skipped` and why. The exit
 * status is 1 when something forbidden was seen.
 *
 * The threads of a test walk SLOTS sets of variables side by side; each variable has a cache line
 * of its own. They start a round together but for a random moment, so that each leads at times and
 * they pass each other. What a body reads goes to its row of `out`.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SLOTS = 2048, LINE = 64, MAX_THREADS = 4 };

/* x, y, z: variables; two words each, for 128-bit accesses. */
typedef struct {
    _Alignas(LINE) uint64_t x[LINE / 8], y[LINE / 8], z[LINE / 8];
} Vars;

typedef struct {
    uint64_t a, b;
} Out;

typedef void Body(Vars *v, Out *o);

static Vars vars[SLOTS];
static Out out[MAX_THREADS][SLOTS];

/*
 * BODY: a function of one thread. In the code x, y, z are addresses, a, b what it read (0 at the
 * start), t, u scratch, one, two constants.
 */
#define BODY(name, code)                                                                       \
    static void name(Vars *v, Out *o)                                                          \
    {                                                                                          \
        uint64_t a = 0, b = 0, t, u;                                                           \
                                                                                               \
        __asm__ volatile(BODY_START code                                                       \
                         : [a] "+&r"(a), [b] "+&r"(b), [t] "=&r"(t), [u] "=&r"(u)              \
                         : [x] "r"(v->x), [y] "r"(v->y), [z] "r"(v->z), [one] "r"(1ul),        \
                           [two] "r"(2ul)                                                      \
                         : "memory", "cc");                                                    \
        o->a = a;                                                                              \
        o->b = b;                                                                              \
    }

/* ---- outcomes ---- */

typedef struct {
    Out o[MAX_THREADS];
    uint64_t x, y, x1;          /* at the end; x1: the second word */
} End;

typedef bool Outcome(const End *e);

#define OUTCOME(name, expression)                                                              \
    __attribute__((unused)) static bool name(const End *e)                                     \
    {                                                                                          \
        return expression;                                                                     \
    }

OUTCOME(mp, e->o[1].a == 1 && e->o[1].b == 0)
OUTCOME(sb, e->o[0].a == 0 && e->o[1].a == 0)
OUTCOME(lb, e->o[0].a == 1 && e->o[1].a == 1)
OUTCOME(s, e->o[1].a == 1 && e->x == 2)
OUTCOME(r, e->y == 2 && e->o[1].a == 0)
OUTCOME(w22, e->x == 1 && e->y == 1)
OUTCOME(iriw, e->o[2].a == 1 && e->o[2].b == 0 && e->o[3].a == 1 && e->o[3].b == 0)
OUTCOME(wrc, e->o[1].a == 1 && e->o[2].a == 1 && e->o[2].b == 0)
OUTCOME(rwc, e->o[1].a == 1 && e->o[1].b == 0 && e->o[2].a == 0)
OUTCOME(corr, e->o[1].a == 1 && e->o[1].b == 0)
OUTCOME(cowr, e->o[0].a == 2 && e->x == 1)
OUTCOME(corw, e->o[1].a == 1 && e->x == 1)
OUTCOME(isa2, e->o[1].a == 1 && e->o[2].a == 1 && e->o[2].b == 0)
OUTCOME(z63, e->y == 2 && e->o[2].a == 1 && e->o[2].b == 0)
OUTCOME(sb3, e->o[0].a == 0 && e->o[1].a == 0 && e->o[2].a == 0)
OUTCOME(lb3, e->o[0].a == 1 && e->o[1].a == 1 && e->o[2].a == 1)
OUTCOME(torn, e->o[1].a != e->o[1].b || e->x != e->x1)
OUTCOME(lost, e->x != 2)
OUTCOME(lost3, e->x != 3)
OUTCOME(swapped, e->o[0].a + e->o[1].a + e->x != 3)

/* ---- the tests ---- */

typedef struct {
    const char *name;
    Outcome *outcome;
    bool allowed;
    unsigned need;
    Body *body[MAX_THREADS];
} Test;

#if defined(__aarch64__)
#include "aarch64/tests.h"
#elif defined(__riscv)
#include "riscv64/tests.h"
#endif
enum { TESTS = sizeof(tests) / sizeof(tests[0]) };

/* ---- running ---- */

static const Test *now;
static unsigned rounds, threads, seed = 1;
static _Atomic unsigned arrived, phase;
static uint64_t seen;
static cpu_set_t cpus;          /* that the process may use */

/* meet: all threads are here. Spins first: they shall go on at the same time. */
static void meet(unsigned next)
{
    if (atomic_fetch_add(&arrived, 1) + 1 == threads) {
        atomic_store(&arrived, 0);
        atomic_store(&phase, next);
    }
    for (unsigned spins = 0; atomic_load_explicit(&phase, memory_order_acquire) != next; spins++) {
        if (spins > 3000) {
            sched_yield();
        }
    }
}

static uint64_t count_outcomes(void)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < SLOTS; i++) {
        End e = { .x = vars[i].x[0], .y = vars[i].y[0], .x1 = vars[i].x[1] };

        for (unsigned k = 0; k < threads; k++) {
            e.o[k] = out[k][i];
        }
        n += now->outcome(&e);
    }
    return n;
}

/* pin: a CPU for each thread, as far as there are enough; two on one CPU never overlap. */
static void pin(unsigned id)
{
    unsigned n = (unsigned)CPU_COUNT(&cpus), skip = n ? id % n : 0;
    cpu_set_t mine;

    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &cpus) && !skip--) {
            CPU_ZERO(&mine);
            CPU_SET(cpu, &mine);
            sched_setaffinity(0, sizeof(mine), &mine);
            return;
        }
    }
}

/* The first thread prepares a round and looks at its result; between them all walk. */
static void *walk(void *arg)
{
    unsigned id = (unsigned)(uintptr_t)arg;
    Body *body = now->body[id];
    unsigned rng = seed * 2654435761u + id;

    pin(id);
    for (unsigned round = 1; round <= rounds; round++) {
        if (!id) {
            memset(vars, 0, sizeof(vars));
        }
        meet(2 * round);
        rng = rng * 1664525u + 1013904223u;
        for (volatile unsigned late = rng >> 24; late; late--) {
        }
        for (unsigned i = 0; i < SLOTS; i++) {
            body(&vars[i], &out[id][i]);
        }
        meet(2 * round + 1);
        if (!id) {
            seen += count_outcomes();
        }
    }
    return NULL;
}

static void run(const Test *t)
{
    pthread_t thread[MAX_THREADS];

    now = t;
    seen = arrived = phase = 0;
    for (threads = 0; threads < MAX_THREADS && t->body[threads];) {
        threads++;
    }
    for (unsigned k = 1; k < threads; k++) {
        pthread_create(&thread[k], NULL, walk, (void *)(uintptr_t)k);
    }
    walk(NULL);
    for (unsigned k = 1; k < threads; k++) {
        pthread_join(thread[k], NULL);
    }
}

static bool selected(const char *name, char **only)
{
    for (char **p = only; *p; p++) {
        if (!strncmp(name, *p, strlen(*p))) {
            return true;
        }
    }
    return !*only;
}

int main(int argc, char **argv)
{
    unsigned long iterations = 100000;
    bool list = false, bad = false;
    int i = 1;

    sched_getaffinity(0, sizeof(cpus), &cpus);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (argv[i][1] == 'l') {
            list = true;
        } else if (i + 1 < argc) {
            *(argv[i][1] == 'n' ? &iterations : &(unsigned long){ 0 }) = strtoul(argv[i + 1], NULL, 0);
            seed = argv[i][1] == 's' ? (unsigned)strtoul(argv[i + 1], NULL, 0) : seed;
            i++;
        }
    }
    rounds = (unsigned)((iterations + SLOTS - 1) / SLOTS);
    for (unsigned k = 0; k < TESTS; k++) {
        const Test *t = &tests[k];
        const char *why = missing(t->need);

        if (!selected(t->name, argv + i)) {
            continue;
        }
        if (list || why) {
            printf("%-24s %s%s\n", t->name, list ? "" : "skipped: ", list ? "" : why);
            continue;
        }
        run(t);
        bad |= seen && !t->allowed;
        printf("%-24s %9lu %9" PRIu64 " %s\n", t->name, (unsigned long)rounds * SLOTS, seen,
               t->allowed ? (seen ? "seen" : "unseen") : seen ? "FORBIDDEN" : "ok");
    }
    return bad;
}
