/* SPDX-License-Identifier: MIT */
/* Elementary functions of the C library: sin, cos, atan, exp, log, pow. */
#include "bench.h"
#include <math.h>

int main(int argc, char **argv)
{
    long i, n = scaled(argc, argv, 500000);
    double x = 0.5, s = 0;

    for (i = 0; i < n; i++) {
        x = 0.1 + (double)(i % 1000) * 0.003;
        s += sin(x) * cos(x) + atan2(x, 2.0);
        s += exp(-x) + log(x + 1.0) + sqrt(x);
        s += pow(x, 1.3) - floor(x * 10) * 0.01;
    }
    printf("%.5f\n", s / (double)n);
    return 0;
}
