/* SPDX-License-Identifier: MIT */
/* Multi-word multiplication: 64 by 64 to 128 bit products and carries. */
#include "bench.h"

#ifdef __SIZEOF_INT128__
typedef uint64_t limb;
typedef unsigned __int128 wide;
#define BITS 64
#define W 32
#else
typedef uint32_t limb;
typedef uint64_t wide;
#define BITS 32
#define W 64
#endif

static void mul(limb *r, const limb *a, const limb *b)
{
    int i, j;

    memset(r, 0, 2 * W * sizeof *r);
    for (i = 0; i < W; i++) {
        limb carry = 0;

        for (j = 0; j < W; j++) {
            wide t = (wide)a[i] * b[j] + r[i + j] + carry;

            r[i + j] = (limb)t;
            carry = (limb)(t >> BITS);
        }
        r[i + W] = carry;
    }
}

static limb add(limb *r, const limb *a, const limb *b)
{
    wide t = 0;
    int i;

    for (i = 0; i < W; i++) {
        t += (wide)a[i] + b[i];
        r[i] = (limb)t;
        t >>= BITS;
    }
    return (limb)t;
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 80000);
    limb a[W], b[W], r[2 * W];
    uint64_t h = 0;
    int i;

    for (i = 0; i < W; i++) {
        uint64_t x = rnd();

        a[i] = (limb)x;
        b[i] = (limb)(x * x + 13) | 1;
    }
    while (n--) {
        mul(r, a, b);
        h = mix(h, add(a, r, r + W));
        add(b, b, r + W / 2);
    }
    for (i = 0; i < W; i++)
        h = mix(h, a[i] ^ b[i]);
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
