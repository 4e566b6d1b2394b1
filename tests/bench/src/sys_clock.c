/* SPDX-License-Identifier: MIT */
/* clock_gettime() and gettimeofday(), answered by the vDSO where there is one. */
#include "bench.h"
#include <sys/time.h>
#include <time.h>

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 1500000), back = 0;
    struct timespec t, last = { 0, 0 };
    struct timeval v;

    while (n--) {
        clock_gettime(CLOCK_MONOTONIC, &t);
        if (t.tv_sec < last.tv_sec ||
            (t.tv_sec == last.tv_sec && t.tv_nsec < last.tv_nsec))
            back++;
        last = t;
        gettimeofday(&v, NULL);
    }
    printf("backwards %ld\n", back);
    return 0;
}
