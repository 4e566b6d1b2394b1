/* SPDX-License-Identifier: MIT */
/* Record copies, string compares and short calls, the classic systems mix. */
#include "bench.h"

struct rec {
    struct rec *link;
    int kind, flavour, count;
    char name[32];
};

static struct rec *glob, *next_glob;
static int int_glob, arr1[50], arr2[50][50];
static char ch1, ch2;

__attribute__((noinline)) static int same(char a, char b)
{
    char c = a;

    if (c != b)
        return 0;
    ch1 = c;
    return 1;
}

__attribute__((noinline)) static int order(const char *a, const char *b)
{
    int i = 2;

    while (i <= 2)
        if (same(a[i], b[i + 1]) == 0)
            i++;
        else
            return 0;
    if (strcmp(a, b) > 0) {
        int_glob += 7;
        return 1;
    }
    return 0;
}

__attribute__((noinline)) static void kinds(int in, int *out)
{
    *out = in;
    switch (in) {
    case 0: *out = 0; break;
    case 1: *out = int_glob > 100 ? 0 : 3; break;
    case 2: *out = 1; break;
    case 3: break;
    case 4: *out = 2; break;
    }
}

__attribute__((noinline)) static void swap_rec(struct rec *p)
{
    struct rec *n = p->link;

    *n = *glob;
    p->count = 5;
    n->count = p->count;
    n->link = p->link;
    if (n->kind == 0) {
        n->count = 6;
        kinds(p->flavour, &n->flavour);
        n->link = glob->link;
    } else {
        *p = *n;
    }
}

__attribute__((noinline)) static void arrays(int *a, int (*b)[50], int i, int v)
{
    int k = i + 5;

    a[k] = v;
    a[k + 1] = a[k];
    a[k + 30] = k;
    b[k][k] = k;
    b[k][k + 1] = k;
    b[k][k - 1]++;
    b[k + 20][k] = a[k];
    int_glob = 5;
}

int main(int argc, char **argv)
{
    long i, n = scaled(argc, argv, 2500000);
    struct rec r1 = { 0 }, r2 = { 0 };
    char s1[32], s2[32];
    uint64_t h = 0;
    int a = 0, b = 0, c = 0;

    glob = &r1;
    next_glob = &r2;
    r1.link = &r2;
    r1.flavour = 2;
    r1.count = 40;
    strcpy(r1.name, "RECORD PROGRAM, SOME STRING");
    strcpy(s1, "RECORD PROGRAM, 1ST STRING");
    for (i = 0; i < n; i++) {
        ch1 = 'A';
        ch2 = 'B';
        a = 2;
        b = 3;
        strcpy(s2, "RECORD PROGRAM, 2ND STRING");
        s2[20] = (char)('A' + (i & 15));
        int_glob += !order(s1, s2);
        while (a < b) {
            c = 5 * a - b;
            c += 7;
            a++;
        }
        arrays(arr1, arr2, a, c);
        swap_rec(glob);
        for (char k = 'A'; k <= ch2; k++)
            if (same(k, 'C'))
                kinds(0, &r1.flavour);
        b = b * a;
        a = b / (c | 1);
        b = 7 * (b - c) - a;
        h = mix(h, (uint64_t)(a + b + int_glob));
    }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
