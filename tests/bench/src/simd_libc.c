/* SPDX-License-Identifier: MIT */
/* memcpy, memset, memcmp, strlen, memchr and strchr of mixed lengths. */
#include "bench.h"

#define N 65536

int main(int argc, char **argv)
{
    static char a[N + 64], b[N + 64];
    static const int len[] = { 7, 16, 31, 64, 200, 1000, 4096, 30000 };
    long n = scaled(argc, argv, 50000);
    uint64_t h = 0;
    long i;

    memset(a, 'x', N);
    for (i = 0; i < n; i++) {
        int l = len[i & 7], o = (int)(rnd() & 63);

        memcpy(b + o, a, (size_t)l + 1);
        b[o + l] = 0;
        h += strlen(b + o);
        h += memcmp(a, b + o, (size_t)l) == 0;
        h += memchr(b + o, 'y', (size_t)l) != NULL;
        b[o + l] = 'z';
        b[o + l + 1] = 0;
        h += (uint64_t)(strchr(b + o, 'z') - b);
        memset(b + o, 'x', (size_t)l);
        memmove(b + o + 1, b + o, (size_t)l);
    }
    printf("%llu\n", (unsigned long long)h);
    return 0;
}
