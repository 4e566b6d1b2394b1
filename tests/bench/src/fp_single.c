/* SPDX-License-Identifier: MIT */
/* Single precision: a filter cascade, clipping, and float-to-int and back. */
#include "bench.h"

int main(int argc, char **argv)
{
    static float in[4096];
    long n = scaled(argc, argv, 250);
    float z[4][2] = { { 0 } };
    int64_t acc = 0;
    int i, s;

    for (i = 0; i < 4096; i++)
        in[i] = (float)(int)(rnd() % 65536 - 32768) / 32768.0f;
    while (n--)
        for (i = 0; i < 4096; i++) {
            float x = in[i];

            for (s = 0; s < 4; s++) {
                float y = 0.2f * x + z[s][0];

                z[s][0] = 0.3f * x - 0.1f * y + z[s][1];
                z[s][1] = 0.2f * x - 0.05f * y;
                x = y;
            }
            if (x > 0.9f)
                x = 0.9f;
            else if (x < -0.9f)
                x = -0.9f;
            acc += (int32_t)(x * 1000000.0f) / 1000;
        }
    printf("%.3g\n", (double)acc);
    return 0;
}
