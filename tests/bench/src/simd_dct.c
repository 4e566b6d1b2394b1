/* SPDX-License-Identifier: MIT */
/* 16-bit integer 8 by 8 transform and quantisation, many blocks at once. */
#include "bench.h"

#define NB 256
static int16_t px[64][NB], co[64][NB];

static void pass(int16_t (*d)[NB], int16_t (*s)[NB], int step, int row)
{
    int i, k, b;

    for (i = 0; i < 8; i++) {
        int o = i * row;

        for (k = 0; k < 4; k++) {
            int16_t *p = s[o + k * step], *q = s[o + (7 - k) * step];
            int16_t *u = d[o + 2 * k * step], *v = d[o + (2 * k + 1) * step];
            int16_t c = (int16_t)(17 + 6 * k);

            for (b = 0; b < NB; b++) {
                int16_t sum = (int16_t)(p[b] + q[b]);
                int16_t dif = (int16_t)(p[b] - q[b]);

                u[b] = (int16_t)((sum * c + 16) >> 5);
                v[b] = (int16_t)((dif * c - sum + 16) >> 5);
            }
        }
    }
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 5000);
    uint64_t h = 0;
    int i, b;

    for (i = 0; i < 64; i++)
        for (b = 0; b < NB; b++)
            px[i][b] = (int16_t)(rnd() & 255);
    while (n--) {
        pass(co, px, 1, 8);
        pass(px, co, 8, 1);
        for (i = 0; i < 64; i += 9)
            for (b = 0; b < NB; b++)
                px[i][b] = (int16_t)(px[i][b] & 255);
    }
    for (i = 0; i < 64; i++)
        h = mix(h, (uint64_t)(uint16_t)px[i][i]);
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
