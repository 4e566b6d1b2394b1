// SPDX-License-Identifier: MIT
// Random malloc, realloc and free; each block's contents are checked when it goes.
// expect: 200000 operations, no damage
// expect: large block zeroed and writable
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 512, OPERATIONS = 200000 };

static struct {
    uint8_t *p;
    size_t n;
    uint8_t fill;
} slot[SLOTS];

static uint32_t seed = 1;

static uint32_t next(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static int intact(int i, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if (slot[i].p[k] != slot[i].fill) {
            return 0;
        }
    }
    return 1;
}

static int step(void)
{
    int i = next() % SLOTS, ok = 1;
    size_t n = next() % 64 ? next() % 600 : next() % 200000;

    if (!slot[i].p) {
        slot[i].p = malloc(n);
    } else if (next() & 1) {
        size_t keep = n < slot[i].n ? n : slot[i].n;
        slot[i].p = realloc(slot[i].p, n ? n : 1);
        ok = intact(i, keep);
    } else {
        ok = intact(i, slot[i].n);
        free(slot[i].p);
        slot[i].p = NULL;
        return ok;
    }
    slot[i].n = n;
    slot[i].fill = (uint8_t)next();
    memset(slot[i].p, slot[i].fill, n);
    return ok;
}

int main(void)
{
    int bad = 0;

    for (int i = 0; i < OPERATIONS; i++) {
        bad += !step();
    }
    printf("%d operations, %s\n", OPERATIONS, bad ? "damage" : "no damage");

    size_t n = 64 << 20;
    char *big = calloc(1, n);
    int zero = big[0] == 0 && big[n / 2] == 0 && big[n - 1] == 0;
    big[n - 1] = 1;
    printf("large block %s and %s\n", zero ? "zeroed" : "dirty", big[n - 1] ? "writable" : "not");
    free(big);
    return 0;
}
