/* SPDX-License-Identifier: MIT */
/* In-place radix-2 complex FFT, forward and back. */
#include "bench.h"
#include <math.h>

#define LOG 12
#define N (1 << LOG)
static double re[N], im[N], wr[N / 2], wi[N / 2];

static void fft(int inverse)
{
    int i, j = 0, k, len, stride;

    for (i = 1; i < N; i++) {
        int bit = N >> 1;

        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            double t = re[i];

            re[i] = re[j]; re[j] = t;
            t = im[i]; im[i] = im[j]; im[j] = t;
        }
    }
    for (len = 2, stride = N / 2; len <= N; len <<= 1, stride >>= 1)
        for (i = 0; i < N; i += len)
            for (k = 0; k < len / 2; k++) {
                double c = wr[k * stride];
                double s = inverse ? -wi[k * stride] : wi[k * stride];
                int p = i + k, q = p + len / 2;
                double tr = re[q] * c - im[q] * s;
                double ti = re[q] * s + im[q] * c;

                re[q] = re[p] - tr;
                im[q] = im[p] - ti;
                re[p] += tr;
                im[p] += ti;
            }
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 150);
    double e = 0;
    int i;

    for (i = 0; i < N / 2; i++) {
        wr[i] = cos(6.283185307179586 * i / N);
        wi[i] = -sin(6.283185307179586 * i / N);
    }
    for (i = 0; i < N; i++)
        re[i] = (double)(rnd() & 1023) / 1024;
    while (n--) {
        fft(0);
        fft(1);
        for (i = 0; i < N; i++) {
            re[i] /= N;
            im[i] /= N;
        }
    }
    for (i = 0; i < N; i++)
        e += re[i] * re[i];
    printf("%.5f\n", e);
    return 0;
}
