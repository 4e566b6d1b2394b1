/* SPDX-License-Identifier: MIT */
/* Threads created and joined one after another. */
#include "bench.h"
#include <pthread.h>

static __thread long mine = 5;

static void *work(void *arg)
{
    mine += (long)(intptr_t)arg;
    return (void *)(intptr_t)mine;
}

int main(int argc, char **argv)
{
    long i, n = scaled(argc, argv, 2500), sum = 0;

    for (i = 0; i < n; i++) {
        pthread_t t;
        void *r;

        if (pthread_create(&t, NULL, work, (void *)(intptr_t)(i & 15)))
            return 1;
        pthread_join(t, &r);
        sum += (long)(intptr_t)r;
    }
    printf("%ld\n", sum);
    return 0;
}
