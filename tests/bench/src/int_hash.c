/* SPDX-License-Identifier: MIT */
/* A chained hash table with malloc'ed nodes: pointer chasing and cache misses. */
#include "bench.h"

struct ent {
    struct ent *next;
    uint64_t key, val;
};

#define BUCKETS (1 << 16)
static struct ent *tab[BUCKETS];

static struct ent **find(uint64_t key)
{
    struct ent **p = &tab[(key * 0x9e3779b97f4a7c15ull) >> 48];

    while (*p && (*p)->key != key)
        p = &(*p)->next;
    return p;
}

int main(int argc, char **argv)
{
    long i, n = scaled(argc, argv, 1200000);
    uint64_t h = 0;

    for (i = 0; i < n; i++) {
        uint64_t r = rnd(), key = r % 150000;
        struct ent **p = find(key), *e = *p;

        if (r >> 62) {
            if (!e) {
                e = calloc(1, sizeof *e);
                e->key = key;
                *p = e;
            }
            e->val += r >> 32;
            h = mix(h, e->val);
        } else if (e) {
            *p = e->next;
            h += e->val;
            free(e);
        }
    }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
