/* SPDX-License-Identifier: MIT */
/* LU decomposition with partial pivoting, as in dense linear solvers. */
#include "bench.h"
#include <math.h>

#define N 150

int main(int argc, char **argv)
{
    static double a[N][N];
    long n = scaled(argc, argv, 25);
    double logdet = 0;
    int i, j, k;

    while (n--) {
        for (i = 0; i < N; i++)
            for (j = 0; j < N; j++)
                a[i][j] = (double)(rnd() & 0xffff) / 65536 - 0.5;
        logdet = 0;
        for (k = 0; k < N; k++) {
            int piv = k;

            for (i = k + 1; i < N; i++)
                if (fabs(a[i][k]) > fabs(a[piv][k]))
                    piv = i;
            for (j = 0; j < N; j++) {
                double t = a[k][j];

                a[k][j] = a[piv][j];
                a[piv][j] = t;
            }
            logdet += log(fabs(a[k][k]));
            for (i = k + 1; i < N; i++) {
                double f = a[i][k] / a[k][k];

                for (j = k; j < N; j++)
                    a[i][j] -= f * a[k][j];
            }
        }
    }
    printf("%.4f\n", logdet);
    return 0;
}
