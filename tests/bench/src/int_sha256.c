/* SPDX-License-Identifier: MIT */
/* SHA-256 over a 64 KiB buffer: rotates, adds and exclusive ors in 32 bits. */
#include "bench.h"
#include <math.h>

static uint32_t K[64];

static uint32_t fraction(double x)
{
    return (uint32_t)((x - floor(x)) * 4294967296.0);
}

static inline uint32_t ror(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static void block(uint32_t *s, const uint8_t *p)
{
    uint32_t w[64], a = s[0], b = s[1], c = s[2], d = s[3];
    uint32_t e = s[4], f = s[5], g = s[6], h = s[7];
    int i;

    for (i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
               (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];

        w[i] = w[i - 16] + w[i - 7] +
               (ror(x, 7) ^ ror(x, 18) ^ x >> 3) +
               (ror(y, 17) ^ ror(y, 19) ^ y >> 10);
    }
    for (i = 0; i < 64; i++) {
        uint32_t t1 = h + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) +
                      ((e & f) ^ (~e & g)) + K[i] + w[i];
        uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +
                      ((a & b) ^ (a & c) ^ (b & c));

        h = g; g = f; f = e; e = d + t1;
        d = c; c = b; b = a; a = t1 + t2;
    }
    s[0] += a; s[1] += b; s[2] += c; s[3] += d;
    s[4] += e; s[5] += f; s[6] += g; s[7] += h;
}

int main(int argc, char **argv)
{
    static uint8_t buf[65536];
    uint32_t s[8];
    long r, n = scaled(argc, argv, 300);
    int i, p, np = 0;

    for (p = 2; np < 64; p++) {
        for (i = 2; i * i <= p && p % i; i++)
            ;
        if (i * i <= p)
            continue;
        if (np < 8)
            s[np] = fraction(sqrt(p));
        K[np++] = fraction(cbrt(p));
    }
    for (i = 0; i < 65536; i++)
        buf[i] = (uint8_t)(i * 7 + (i >> 8));
    for (r = 0; r < n; r++)
        for (i = 0; i < 65536; i += 64)
            block(s, buf + i);
    for (i = 0; i < 8; i++)
        printf("%08x", s[i]);
    printf("\n");
    return 0;
}
