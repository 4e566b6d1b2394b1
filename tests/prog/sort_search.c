// SPDX-License-Identifier: MIT
// expect: sorted 1 stable keys 1 found 1000
// expect: strings apple banana cherry fig kiwi
// expect: tree 500 in order 1
// expect: hash 11129447
// expect: strtok a|b|c strtol -255 077 63 strtod 2.5e-03
// expect: 2023-11-14 22:13:20 Tue 317
// expect: wide 5 ünïcode
#include <locale.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

static int by_int(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static int by_str(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int seen, last = -1, in_order = 1;

static void visit(const void *node, VISIT order, int level)
{
    (void)level;
    if (order == postorder || order == leaf) {
        int v = **(int *const *)node;
        in_order &= v > last;
        last = v;
        seen++;
    }
}

int main(void)
{
    static int v[20000], keys[1000], t[500];
    unsigned s = 7, hash = 0;
    int ok = 1, found = 0;

    for (int i = 0; i < 20000; i++) {
        s = s * 1103515245 + 12345;
        v[i] = (int)(s >> 4);
    }
    for (int i = 0; i < 1000; i++) {
        keys[i] = v[i * 20];
    }
    qsort(v, 20000, sizeof(*v), by_int);
    for (int i = 1; i < 20000; i++) {
        ok &= v[i - 1] <= v[i];
    }
    for (int i = 0; i < 1000; i++) {
        found += bsearch(&keys[i], v, 20000, sizeof(*v), by_int) != NULL;
    }
    printf("sorted %d stable keys %d found %d\n", ok, keys[0] != keys[1], found);

    char *fruit[] = { "fig", "kiwi", "apple", "cherry", "banana" };
    qsort(fruit, 5, sizeof(*fruit), by_str);
    printf("strings %s %s %s %s %s\n", fruit[0], fruit[1], fruit[2], fruit[3], fruit[4]);

    void *root = NULL;
    for (int i = 0; i < 500; i++) {
        t[i] = i * 7919 % 500;
        tsearch(&t[i], &root, by_int);
    }
    twalk(root, visit);
    printf("tree %d in order %d\n", seen, in_order);
    for (int i = 0; i < 500; i++) {
        hash = hash * 31 + (unsigned)t[i] % 97;
        hash %= 16777213;
    }
    printf("hash %u\n", hash);

    char list[] = "a,b,c", *save, *p = strtok_r(list, ",", &save);
    char joined[10] = "";
    for (; p; p = strtok_r(NULL, ",", &save)) {
        strcat(joined, *joined ? "|" : "");
        strcat(joined, p);
    }
    printf("strtok %s strtol %ld 077 %ld strtod %.1e\n", joined, strtol("-0xff", NULL, 0),
           strtol("077", NULL, 0), strtod("0.0025", NULL));
    time_t when = 1700000000;
    char buf[64];
    strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S %a", gmtime(&when));
    printf("%s %d\n", buf, gmtime(&when)->tm_yday);
    printf("wide %zu %s\n", wcslen(L"fünf!"), "ünïcode");
    return 0;
}
