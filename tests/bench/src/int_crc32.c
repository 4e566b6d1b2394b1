/* SPDX-License-Identifier: MIT */
/* CRC-32, one table look-up for each byte, and a bit-by-bit Adler pass. */
#include "bench.h"

int main(int argc, char **argv)
{
    static uint32_t tab[256];
    static uint8_t buf[1 << 16];
    long r, n = scaled(argc, argv, 400);
    uint32_t crc = 0xffffffffu, a = 1, b = 0;
    int i, k;

    for (i = 0; i < 256; i++) {
        uint32_t c = (uint32_t)i;

        for (k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
        tab[i] = c;
    }
    for (i = 0; i < (int)sizeof buf; i++)
        buf[i] = (uint8_t)rnd();
    for (r = 0; r < n; r++) {
        for (i = 0; i < (int)sizeof buf; i++)
            crc = tab[(crc ^ buf[i]) & 255] ^ crc >> 8;
        for (i = 0; i < (int)sizeof buf; i += 16) {
            for (k = 0; k < 16; k++) {
                a += buf[i + k];
                b += a;
            }
            a %= 65521;
            b %= 65521;
        }
    }
    printf("%08x %08x\n", ~crc, b << 16 | a);
    return 0;
}
