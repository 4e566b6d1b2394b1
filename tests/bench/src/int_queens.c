/* SPDX-License-Identifier: MIT */
/* Recursive n-queens with bit masks: calls, returns and branch prediction. */
#include "bench.h"

static long solve(unsigned all, unsigned cols, unsigned d1, unsigned d2)
{
    unsigned free_cols = all & ~(cols | d1 | d2);
    long found = 0;

    if (cols == all)
        return 1;
    while (free_cols) {
        unsigned bit = free_cols & -free_cols;

        free_cols ^= bit;
        found += solve(all, cols | bit, (d1 | bit) << 1, (d2 | bit) >> 1);
    }
    return found;
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 6), sum = 0;

    while (n--)
        sum += solve((1u << 12) - 1, 0, 0, 0);
    printf("%ld\n", sum);
    return 0;
}
