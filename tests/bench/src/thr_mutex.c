/* SPDX-License-Identifier: MIT */
/* Two threads fighting for one mutex. */
#include "bench.h"
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count, n;

static void *work(void *arg)
{
    long i;

    (void)arg;
    for (i = 0; i < n; i++) {
        pthread_mutex_lock(&lock);
        count++;
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t t[2];
    int i;

    n = scaled(argc, argv, 2000000);
    for (i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, work, NULL);
    for (i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    printf("%ld\n", count);
    return 0;
}
