/* SPDX-License-Identifier: MIT */
/* Shared counters and a compare-and-swap stack between two threads. */
#include "bench.h"
#include <pthread.h>
#include <stdatomic.h>

static atomic_long sum;
static _Atomic uint32_t top;
static atomic_uchar bytes[64];
static long n;

static void *work(void *arg)
{
    long i, me = (long)(intptr_t)arg;

    for (i = 0; i < n; i++) {
        uint32_t old;

        atomic_fetch_add(&sum, i & 3);
        atomic_fetch_or_explicit(&bytes[i & 63], (unsigned char)(1 << me),
                                 memory_order_relaxed);
        old = atomic_load_explicit(&top, memory_order_acquire);
        while (!atomic_compare_exchange_weak(&top, &old, old * 5 + 1))
            ;
        atomic_thread_fence(memory_order_release);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t t[2];
    long i;

    n = scaled(argc, argv, 1200000);
    for (i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, work, (void *)(intptr_t)i);
    for (i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    printf("%ld %u %u\n", atomic_load(&sum), atomic_load(&top), bytes[5]);
    return 0;
}
