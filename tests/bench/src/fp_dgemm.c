/* SPDX-License-Identifier: MIT */
/* Plain matrix product in doubles, i-k-j order, no vectorising at -O2. */
#include "bench.h"

#define N 160

int main(int argc, char **argv)
{
    static double a[N][N], b[N][N], c[N][N];
    long n = scaled(argc, argv, 14);
    double t = 0;
    int i, j, k;

    for (i = 0; i < N; i++)
        for (j = 0; j < N; j++) {
            a[i][j] = (i * 3 + j) % 17 * 0.25;
            b[i][j] = (i + j * 5) % 13 * 0.5;
        }
    while (n--)
        for (i = 0; i < N; i++)
            for (k = 0; k < N; k++) {
                double x = a[i][k];

                for (j = 0; j < N; j++)
                    c[i][j] = c[i][j] * 0.5 + x * b[k][j];
            }
    for (i = 0; i < N; i++)
        t += c[i][i];
    printf("%.6g\n", t);
    return 0;
}
