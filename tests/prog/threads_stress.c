// SPDX-License-Identifier: MIT
// Eight threads share a mutex, a condition variable and atomics; every sum must come out.
// repeat: 50
// timeout: 60
// expect: mutex 160000
// expect: atomic add 160000 xor 0 max 159999
// expect: queue 40000 items, sum 799980000
// expect: turns 800 in order
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { THREADS = 8, ROUNDS = 20000, ITEMS = 40000, TURNS = 100, QUEUE = 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;

static long counter;
static atomic_long added, xored, highest;
static int queue[QUEUE], head, count, produced, taken;
static long taken_sum;
static int turn, turns_bad;

static void raise_highest(long v)
{
    long old = atomic_load(&highest);

    while (old < v && !atomic_compare_exchange_weak(&highest, &old, v)) {
    }
}

static void *adder(void *arg)
{
    long id = (long)arg;

    for (long i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&lock);
        counter++;
        pthread_mutex_unlock(&lock);
        atomic_fetch_add(&added, 1);
        atomic_fetch_xor(&xored, 1L << (i % 60));
        atomic_fetch_xor(&xored, 1L << (i % 60));
        raise_highest(id * ROUNDS + i);
    }
    return NULL;
}

static void *producer(void *arg)
{
    (void)arg;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (count == QUEUE && produced < ITEMS) {
            pthread_cond_wait(&not_full, &lock);
        }
        if (produced >= ITEMS) {
            pthread_cond_broadcast(&not_full);
            pthread_mutex_unlock(&lock);
            return NULL;
        }
        queue[(head + count++) % QUEUE] = produced++;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&lock);
    }
}

static void *consumer(void *arg)
{
    (void)arg;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (!count && taken < ITEMS) {
            pthread_cond_wait(&not_empty, &lock);
        }
        if (taken >= ITEMS) {
            pthread_cond_broadcast(&not_empty);
            pthread_mutex_unlock(&lock);
            return NULL;
        }
        taken_sum += queue[head];
        head = (head + 1) % QUEUE;
        count--;
        taken++;
        pthread_cond_signal(&not_full);
        if (taken == ITEMS) {
            pthread_cond_broadcast(&not_empty);
        }
        pthread_mutex_unlock(&lock);
    }
}

static void *turn_taker(void *arg)
{
    int id = (int)(long)arg;

    for (int i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&lock);
        while (turn % THREADS != id) {
            pthread_cond_wait(&turn_changed, &lock);
        }
        turns_bad += turn / THREADS != i;
        turn++;
        pthread_cond_broadcast(&turn_changed);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void run(void *(*even)(void *), void *(*odd)(void *))
{
    pthread_t t[THREADS];

    for (long i = 0; i < THREADS; i++) {
        pthread_create(&t[i], NULL, i & 1 ? odd : even, (void *)i);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
    }
}

int main(void)
{
    run(adder, adder);
    printf("mutex %ld\n", counter);
    printf("atomic add %ld xor %ld max %ld\n", (long)added, (long)xored, (long)highest);
    run(producer, consumer);
    printf("queue %d items, sum %ld\n", taken, taken_sum);
    run(turn_taker, turn_taker);
    printf("turns %d %s\n", turn, turns_bad ? "out of order" : "in order");
    return 0;
}
