/* SPDX-License-Identifier: MIT */
/*
 * scale_work WORKERS: a fixed amount of work in pieces, which WORKERS threads take from a shared
 * counter; results are added up under a lock. The whole is the same for any number of workers, so
 * wall time of one worker on one processor over wall time of eight on two, halved, is the parallel
 * efficiency.
 */
#include "bench.h"
#include <pthread.h>
#include <stdatomic.h>

enum { PIECES = 2000, ROUNDS = 90000, MAX_WORKERS = 64 };

static atomic_int next_piece;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t sum;

static uint64_t piece(uint64_t seed)
{
    uint64_t x = seed * 2 + 1, h = seed;
    uint32_t tab[512];
    int i;

    for (i = 0; i < 512; i++)
        tab[i] = (uint32_t)(i * 2654435761u);
    for (i = 0; i < ROUNDS; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        tab[x & 511] += (uint32_t)(x >> 32);
        if (x & 64)
            h = mix(h, tab[x >> 10 & 511]);
        else
            h += tab[h & 511] / 3;
    }
    return h;
}

static void *work(void *arg)
{
    int n;

    (void)arg;
    while ((n = atomic_fetch_add(&next_piece, 1)) < PIECES) {
        uint64_t h = piece((uint64_t)n);

        pthread_mutex_lock(&lock);
        sum += h;
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int i, workers = argc > 1 ? atoi(argv[1]) : 8;
    pthread_t t[MAX_WORKERS];

    if (workers < 1 || workers > MAX_WORKERS)
        return 2;
    for (i = 0; i < workers; i++)
        pthread_create(&t[i], NULL, work, NULL);
    for (i = 0; i < workers; i++)
        pthread_join(t[i], NULL);
    printf("%016llx\n", (unsigned long long)sum);
    return 0;
}
