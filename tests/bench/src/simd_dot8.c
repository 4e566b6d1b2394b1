/* SPDX-License-Identifier: MIT */
/* Products of signed bytes summed in 32 bits, as quantised networks do. */
#include "bench.h"

#define K 1024
#define M 64

int main(int argc, char **argv)
{
    static int8_t w[M][K], x[K];
    long n = scaled(argc, argv, 5000);
    uint64_t h = 0;
    int i, k;

    for (k = 0; k < K; k++) {
        x[k] = (int8_t)rnd();
        for (i = 0; i < M; i++)
            w[i][k] = (int8_t)rnd();
    }
    while (n--)
        for (i = 0; i < M; i++) {
            int32_t s = 0;

            for (k = 0; k < K; k++)
                s += w[i][k] * x[k];
            x[i] = (int8_t)(s >> 9);
            h = mix(h, (uint64_t)(uint32_t)s);
        }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
