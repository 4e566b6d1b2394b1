/* SPDX-License-Identifier: MIT */
/* Vector arithmetic on floats: scale, add, minimum, maximum, sum. */
#include "bench.h"

#define N 4096

int main(int argc, char **argv)
{
    static float x[N], y[N], z[N];
    long n = scaled(argc, argv, 12000);
    double t = 0;
    int i;

    for (i = 0; i < N; i++) {
        x[i] = (float)(i % 101) * 0.01f;
        y[i] = (float)(i % 37) * 0.02f;
    }
    while (n--) {
        float a = 0.5f + (float)(n & 7) * 0.01f;

        for (i = 0; i < N; i++)
            y[i] = a * x[i] + 0.5f * y[i];
        for (i = 0; i < N; i++) {
            float v = x[i] - y[i];

            z[i] = v < 0 ? -v : v * 0.25f;
        }
    }
    for (i = 0; i < N; i++)
        t += z[i];
    printf("%.4g\n", t);
    return 0;
}
