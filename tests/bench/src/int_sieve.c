/* SPDX-License-Identifier: MIT */
/* Sieve of Eratosthenes over bytes: strided stores. */
#include "bench.h"

#define LIMIT 2000000

int main(int argc, char **argv)
{
    static uint8_t comp[LIMIT];
    long n = scaled(argc, argv, 12), count = 0, i, j;

    while (n--) {
        memset(comp, 0, sizeof comp);
        count = 0;
        for (i = 2; i < LIMIT; i++) {
            if (comp[i])
                continue;
            count++;
            for (j = i * i; j < LIMIT; j += i)
                comp[j] = 1;
        }
    }
    printf("%ld\n", count);
    return 0;
}
