/* SPDX-License-Identifier: MIT */
/* Alpha blending of byte pixels: widen, multiply, round, narrow, saturate. */
#include "bench.h"

#define N 65536

int main(int argc, char **argv)
{
    static uint8_t d[N], s[N], al[N];
    long n = scaled(argc, argv, 1500);
    uint64_t h = 0;
    int i;

    for (i = 0; i < N; i++) {
        d[i] = (uint8_t)rnd();
        s[i] = (uint8_t)rnd();
        al[i] = (uint8_t)rnd();
    }
    while (n--)
        for (i = 0; i < N; i++) {
            unsigned v = s[i] * al[i] + d[i] * (255 - al[i]) + 128;

            v = (v + (v >> 8)) >> 8;
            v += 3;
            d[i] = v > 255 ? 255 : (uint8_t)v;
        }
    for (i = 0; i < N; i += 61)
        h = mix(h, d[i]);
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
