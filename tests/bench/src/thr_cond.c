/* SPDX-License-Identifier: MIT */
/* Two threads handing a token over with condition variables. */
#include "bench.h"
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond[2] = {
    PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER
};
static int turn;
static long n, passes;

static void *work(void *arg)
{
    int me = (int)(intptr_t)arg;
    long i;

    pthread_mutex_lock(&lock);
    for (i = 0; i < n; i++) {
        while (turn != me)
            pthread_cond_wait(&cond[me], &lock);
        passes++;
        turn = !me;
        pthread_cond_signal(&cond[turn]);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t t[2];
    long i;

    n = scaled(argc, argv, 15000);
    for (i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, work, (void *)(intptr_t)i);
    for (i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    printf("%ld\n", passes);
    return 0;
}
