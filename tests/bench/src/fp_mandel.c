/* SPDX-License-Identifier: MIT */
/* Escape-time Mandelbrot set in doubles: multiply, add, compare. */
#include "bench.h"

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 240), inside = 0;
    int i, j, k;

    for (i = 0; i < n; i++)
        for (j = 0; j < 300; j++) {
            double cr = -2.0 + 3.0 * j / 300, ci = -1.2 + 2.4 * i / (double)n;
            double zr = 0, zi = 0;

            for (k = 0; k < 400; k++) {
                double r2 = zr * zr, i2 = zi * zi;

                if (r2 + i2 > 4.0)
                    break;
                zi = 2.0 * zr * zi + ci;
                zr = r2 - i2 + cr;
            }
            inside += k == 400;
        }
    printf("%ld\n", (inside + 50) / 100);
    return 0;
}
