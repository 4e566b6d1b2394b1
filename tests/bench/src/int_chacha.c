/* SPDX-License-Identifier: MIT */
/* The ChaCha20 block function in scalar code: add, rotate, exclusive or. */
#include "bench.h"

#define ROL(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define QR(a, b, c, d)                                                     \
    (a += b, d ^= a, d = ROL(d, 16), c += d, b ^= c, b = ROL(b, 12),       \
     a += b, d ^= a, d = ROL(d, 8), c += d, b ^= c, b = ROL(b, 7))

int main(int argc, char **argv)
{
    uint32_t s[16], x[16];
    uint64_t h = 0;
    long n = scaled(argc, argv, 600000);
    int i;

    for (i = 0; i < 16; i++)
        s[i] = (uint32_t)rnd();
    while (n--) {
        memcpy(x, s, sizeof x);
        for (i = 0; i < 10; i++) {
            QR(x[0], x[4], x[8], x[12]);
            QR(x[1], x[5], x[9], x[13]);
            QR(x[2], x[6], x[10], x[14]);
            QR(x[3], x[7], x[11], x[15]);
            QR(x[0], x[5], x[10], x[15]);
            QR(x[1], x[6], x[11], x[12]);
            QR(x[2], x[7], x[8], x[13]);
            QR(x[3], x[4], x[9], x[14]);
        }
        s[12]++;
        h = mix(h, x[0] + s[0] + ((uint64_t)x[15] << 32));
    }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
