/* SPDX-License-Identifier: MIT */
/* Gravitation of five bodies: double arithmetic, square root, division. */
#include "bench.h"
#include <math.h>

#define N 5
static double x[N][3], v[N][3], m[N];

static double energy(void)
{
    double e = 0;
    int i, j, k;

    for (i = 0; i < N; i++) {
        for (k = 0; k < 3; k++)
            e += 0.5 * m[i] * v[i][k] * v[i][k];
        for (j = i + 1; j < N; j++) {
            double d2 = 0;

            for (k = 0; k < 3; k++)
                d2 += (x[i][k] - x[j][k]) * (x[i][k] - x[j][k]);
            e -= m[i] * m[j] / sqrt(d2);
        }
    }
    return e;
}

static void step(double dt)
{
    int i, j, k;

    for (i = 0; i < N; i++)
        for (j = i + 1; j < N; j++) {
            double d[3], d2 = 0, mag;

            for (k = 0; k < 3; k++) {
                d[k] = x[i][k] - x[j][k];
                d2 += d[k] * d[k];
            }
            mag = dt / (d2 * sqrt(d2));
            for (k = 0; k < 3; k++) {
                v[i][k] -= d[k] * m[j] * mag;
                v[j][k] += d[k] * m[i] * mag;
            }
        }
    for (i = 0; i < N; i++)
        for (k = 0; k < 3; k++)
            x[i][k] += dt * v[i][k];
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 300000);
    int i, k;

    for (i = 0; i < N; i++) {
        double r = 1.0 + 5.0 * i, a = 1.3 * i;

        m[i] = i ? 0.001 * i : 39.5;
        x[i][0] = i ? r * cos(a) : 0;
        x[i][1] = i ? r * sin(a) : 0;
        x[i][2] = i ? 0.02 * r : 0;
        for (k = 0; k < 3; k++)
            v[i][k] = 0;
        if (i) {
            double s = sqrt(39.5 / r);

            v[i][0] = -s * sin(a);
            v[i][1] = s * cos(a);
        }
    }
    while (n--)
        step(0.0005);
    printf("%.4g\n", energy());
    return 0;
}
