// SPDX-License-Identifier: MIT
// Thousands of threads made and joined, 64 at a time, and all kinds of locks under contention.
// timeout: 120
// expect: created and joined 2048, sum 2096128
// expect: detached 500
// expect: mutex cond rwlock spin 64000 64000 64000 64000
// expect: semaphores 20000
// expect: barrier rounds 200 late 0
// expect: recursive 3000 errorcheck EDEADLK 1
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE = 64, ROUNDS = 32, WORKERS = 8 };

static atomic_long sum, detached;

/* Enough different code and memory that each thread allocates, formats and uses its TLS. */
static void *brief(void *arg)
{
    char *p = malloc(100 + (long)arg % 1000);
    static __thread long local;

    sprintf(p, "%ld", (long)arg);
    local += atol(p);
    sum += local;
    free(p);
    return arg;
}

static void churn(void)
{
    pthread_t t[WIDE];
    long joined = 0;

    for (long r = 0; r < ROUNDS; r++) {
        for (long i = 0; i < WIDE; i++) {
            if (pthread_create(&t[i], NULL, brief, (void *)(r * WIDE + i))) {
                puts("no thread");
                exit(1);
            }
        }
        for (long i = 0; i < WIDE; i++) {
            void *v;
            pthread_join(t[i], &v);
            joined += v == (void *)(r * WIDE + i);
        }
    }
    printf("created and joined %ld, sum %ld\n", joined, (long)sum);
}

static void *lonely(void *arg)
{
    detached++;
    return arg;
}

static void detach(void)
{
    pthread_attr_t a;

    pthread_attr_init(&a);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&a, 64 * 1024);
    for (int i = 0; i < 500; i++) {
        pthread_t t;
        while (pthread_create(&t, &a, lonely, NULL)) {
            sched_yield();
        }
    }
    while (detached != 500) {
        sched_yield();
    }
    printf("detached %ld\n", (long)detached);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static long by_mutex, by_cond, by_rw, by_spin, turn;

static void *locker(void *arg)
{
    for (int i = 0; i < 64000 / WORKERS; i++) {
        pthread_mutex_lock(&mutex);
        by_mutex++;
        pthread_mutex_unlock(&mutex);
        pthread_rwlock_wrlock(&rw);
        by_rw++;
        pthread_rwlock_unlock(&rw);
        pthread_rwlock_rdlock(&rw);
        if (by_rw < 0) {
            puts("negative");
        }
        pthread_rwlock_unlock(&rw);
        pthread_spin_lock(&spin);
        by_spin++;
        pthread_spin_unlock(&spin);
    }
    /* In turns of 100, so that most of the time is spent changing over. */
    for (int i = 0; i < 64000 / WORKERS / 100; i++) {
        pthread_mutex_lock(&mutex);
        while (turn != (long)arg) {
            pthread_cond_wait(&cond, &mutex);
        }
        by_cond += 100;
        turn = (turn + 1) % WORKERS;
        pthread_cond_broadcast(&cond);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void run(void *(*fn)(void *))
{
    pthread_t t[WORKERS];

    for (long i = 0; i < WORKERS; i++) {
        pthread_create(&t[i], NULL, fn, (void *)i);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(t[i], NULL);
    }
}

static sem_t ping, pong;
static long passed;

static void *sem_user(void *arg)
{
    for (int i = 0; i < 20000 / (WORKERS / 2); i++) {
        if ((long)arg & 1) {
            sem_wait(&ping);
            __atomic_fetch_add(&passed, 1, __ATOMIC_RELAXED);
            sem_post(&pong);
        } else {
            sem_post(&ping);
            sem_wait(&pong);
        }
    }
    return NULL;
}

static pthread_barrier_t barrier;
static atomic_int arrived[200], late;

static void *barrier_user(void *arg)
{
    for (int i = 0; i < 200; i++) {
        arrived[i]++;
        pthread_barrier_wait(&barrier);
        late += arrived[i] != WORKERS;
    }
    return arg;
}

static pthread_mutex_t nested;

static void *nester(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        for (int k = 0; k < 3; k++) {
            pthread_mutex_lock(&nested);
        }
        passed += 3;
        for (int k = 0; k < 3; k++) {
            pthread_mutex_unlock(&nested);
        }
    }
    return arg;
}

static void kinds(void)
{
    pthread_mutexattr_t a;
    pthread_mutex_t m;

    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&nested, &a);
    passed = 0;
    run(nester);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&m, &a);
    pthread_mutex_lock(&m);
    printf("recursive %ld errorcheck EDEADLK %d\n", passed / WORKERS,
           pthread_mutex_lock(&m) == EDEADLK);
}

int main(void)
{
    churn();
    detach();
    pthread_spin_init(&spin, 0);
    run(locker);
    printf("mutex cond rwlock spin %ld %ld %ld %ld\n", by_mutex, by_cond, by_rw, by_spin);
    sem_init(&ping, 0, 0);
    sem_init(&pong, 0, 0);
    run(sem_user);
    printf("semaphores %ld\n", passed);
    pthread_barrier_init(&barrier, NULL, WORKERS);
    run(barrier_user);
    printf("barrier rounds 200 late %d\n", late);
    kinds();
    return 0;
}
