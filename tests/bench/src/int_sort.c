/* SPDX-License-Identifier: MIT */
/* qsort() through a comparison callback, on integers and on strings. */
#include "bench.h"

static int by_int(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

static int by_str(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

#define N 60000

int main(int argc, char **argv)
{
    static int v[N];
    static char text[N][12], *p[N];
    long n = scaled(argc, argv, 5);
    uint64_t h = 0;
    int i;

    while (n--) {
        for (i = 0; i < N; i++) {
            v[i] = (int)rnd();
            snprintf(text[i], sizeof text[i], "%08x", (unsigned)rnd());
            p[i] = text[i];
        }
        qsort(v, N, sizeof v[0], by_int);
        qsort(p, N, sizeof p[0], by_str);
        for (i = 0; i < N; i += 97)
            h = mix(h, (uint64_t)(uint32_t)v[i] + (uint8_t)p[i][5]);
    }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
