/* SPDX-License-Identifier: MIT */
/* Greatest common divisors and digit loops: 64-bit division and remainder. */
#include "bench.h"

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 400000);
    uint64_t h = 0;

    while (n--) {
        uint64_t a = rnd() | 1, b = rnd() >> 20 | 1, v = a;
        int64_t s = (int64_t)b;

        while (b) {
            uint64_t t = a % b;

            a = b;
            b = t;
        }
        while (v > 9) {
            h += v % 10;
            v /= 10;
        }
        h = mix(h, a + (uint64_t)(-s / (int64_t)(v + 3)));
    }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
