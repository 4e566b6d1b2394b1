/* SPDX-License-Identifier: MIT */
/* Spectral norm of an implicit matrix: divisions and int-to-double. */
#include "bench.h"
#include <math.h>

#define N 450

static double a(int i, int j)
{
    return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1);
}

static void mul(const double *v, double *out, int transpose)
{
    int i, j;

    for (i = 0; i < N; i++) {
        double s = 0;

        for (j = 0; j < N; j++)
            s += (transpose ? a(j, i) : a(i, j)) * v[j];
        out[i] = s;
    }
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 20);
    static double u[N], v[N], t[N];
    double uv = 0, vv = 0;
    int i;

    for (i = 0; i < N; i++)
        u[i] = 1;
    while (n--) {
        mul(u, t, 0);
        mul(t, v, 1);
        mul(v, t, 0);
        mul(t, u, 1);
    }
    for (i = 0; i < N; i++) {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    printf("%.6f\n", sqrt(uv / vv));
    return 0;
}
