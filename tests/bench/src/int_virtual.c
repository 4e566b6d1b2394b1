/* SPDX-License-Identifier: MIT */
/* Calls through tables of function pointers, with eight targets in turn. */
#include "bench.h"

struct shape;
struct ops {
    uint64_t (*area)(struct shape *, uint64_t);
    void (*grow)(struct shape *);
};
struct shape {
    const struct ops *ops;
    uint64_t a, b;
};

#define KIND(name, expr, step)                                             \
    __attribute__((noinline)) static uint64_t area_##name(struct shape *s, \
                                                          uint64_t x)      \
    { return expr; }                                                       \
    __attribute__((noinline)) static void grow_##name(struct shape *s)     \
    { step; }                                                              \
    static const struct ops name = { area_##name, grow_##name };

KIND(k0, s->a * s->b + x, s->a++)
KIND(k1, s->a + s->b * x, s->b++)
KIND(k2, (s->a ^ x) + s->b, s->a += 3)
KIND(k3, (s->a << 3) - x, s->b ^= s->a)
KIND(k4, (x >> 5) + s->b, s->a += s->b)
KIND(k5, s->a * 3 + x, s->b -= 5)
KIND(k6, (s->b & x) | s->a, s->a ^= 77)
KIND(k7, s->a - s->b - x, s->b += 11)

int main(int argc, char **argv)
{
    static const struct ops *const all[] = {
        &k0, &k1, &k2, &k3, &k4, &k5, &k6, &k7
    };
    static struct shape s[1024];
    long n = scaled(argc, argv, 7000);
    uint64_t h = 0;
    int i;

    for (i = 0; i < 1024; i++) {
        s[i].ops = all[rnd() & 7];
        s[i].a = rnd() & 1023;
        s[i].b = rnd() & 1023;
    }
    while (n--)
        for (i = 0; i < 1024; i++) {
            h += s[i].ops->area(&s[i], h);
            s[i].ops->grow(&s[i]);
        }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
