/* SPDX-License-Identifier: MIT */
/* Two threads of independent integer work: does translated code scale? */
#include "bench.h"
#include <pthread.h>

static long n;

static void *work(void *arg)
{
    uint64_t h = (uint64_t)(intptr_t)arg, x = h + 99;
    uint32_t tab[1024];
    long i;

    for (i = 0; i < 1024; i++)
        tab[i] = (uint32_t)(i * 2654435761u);
    for (i = 0; i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        tab[x & 1023] += (uint32_t)(x >> 32);
        h = mix(h, tab[x >> 10 & 1023]);
    }
    *(uint64_t *)arg = h;
    return NULL;
}

int main(int argc, char **argv)
{
    static uint64_t res[2] = { 3, 4 };
    pthread_t t[2];
    int i;

    n = scaled(argc, argv, 20000000);
    for (i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, work, &res[i]);
    for (i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    printf("done\n");
    return 0;
}
