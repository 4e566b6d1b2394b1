/* SPDX-License-Identifier: MIT */
/* Sum of absolute differences on 16 by 16 byte blocks: motion search. */
#include "bench.h"

#define WIDTH 352
#define HEIGHT 288
static uint8_t cur[HEIGHT][WIDTH], ref[HEIGHT][WIDTH];

static unsigned sad16(const uint8_t *a, const uint8_t *b)
{
    unsigned s = 0;
    int x, y;

    for (y = 0; y < 16; y++, a += WIDTH, b += WIDTH)
        for (x = 0; x < 16; x++)
            s += (unsigned)abs(a[x] - b[x]);
    return s;
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 6);
    uint64_t h = 0;
    int x, y, dx, dy;

    for (y = 0; y < HEIGHT; y++)
        for (x = 0; x < WIDTH; x++) {
            cur[y][x] = (uint8_t)(x * y / 7 + (rnd() & 15));
            ref[y][x] = (uint8_t)((x + 3) * (y + 2) / 7 + (rnd() & 15));
        }
    while (n--)
        for (y = 8; y + 24 <= HEIGHT; y += 16)
            for (x = 8; x + 24 <= WIDTH; x += 16) {
                unsigned best = ~0u;

                for (dy = -8; dy <= 7; dy++)
                    for (dx = -8; dx <= 7; dx++) {
                        unsigned s = sad16(&cur[y][x], &ref[y + dy][x + dx]);

                        if (s < best)
                            best = s;
                    }
                h = mix(h, best);
            }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
