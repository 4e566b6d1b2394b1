/* SPDX-License-Identifier: MIT */
/* A recursive-descent JSON reader over a generated document: branchy code. */
#include "bench.h"

static char doc[1 << 20];
static const char *p;
static uint64_t h;

static void gen(char **o, int depth)
{
    int i, n = 3 + (int)(rnd() % 6), frac;

    if (*o - doc > (long)sizeof doc - 4096 || depth > 6) {
        *o += sprintf(*o, "%d", (int)(rnd() % 100000));
        return;
    }
    switch (rnd() % 6) {
    case 0:
        *o += sprintf(*o, "\"s%llx\\n\"", (unsigned long long)rnd());
        break;
    case 1:
        *o += sprintf(*o, "%s", rnd() & 1 ? "true" : "null");
        break;
    case 2:
        frac = (int)(rnd() % 1000);
        *o += sprintf(*o, "-%d.%03d", (int)(rnd() % 999), frac);
        break;
    case 3:
        *(*o)++ = '[';
        for (i = 0; i < n; i++) {
            if (i)
                *(*o)++ = ',';
            gen(o, depth + 1);
        }
        *(*o)++ = ']';
        break;
    default:
        *(*o)++ = '{';
        for (i = 0; i < n; i++) {
            *o += sprintf(*o, "%s\"key%d\": ", i ? ", " : "", i);
            gen(o, depth + 1);
        }
        *(*o)++ = '}';
    }
}

static void space(void)
{
    while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')
        p++;
}

static void string(void)
{
    uint64_t k = 0;

    for (p++; *p != '"'; p++) {
        if (*p == '\\')
            p++;
        k = k * 31 + (uint8_t)*p;
    }
    p++;
    h = mix(h, k);
}

static void value(void)
{
    char close = *p == '{' ? '}' : ']';
    int64_t v = 0;
    int neg = 0;

    switch (*p) {
    case '{':
    case '[':
        p++;
        space();
        while (*p != close) {
            if (close == '}') {
                string();
                space();
                p++;
                space();
            }
            value();
            space();
            if (*p == ',') {
                p++;
                space();
            }
        }
        p++;
        return;
    case '"':
        string();
        return;
    case 't':
    case 'n':
        p += 4;
        h++;
        return;
    }
    if (*p == '-') {
        neg = 1;
        p++;
    }
    while ((*p >= '0' && *p <= '9') || *p == '.') {
        if (*p != '.')
            v = v * 10 + (*p - '0');
        p++;
    }
    h = mix(h, (uint64_t)(neg ? -v : v));
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 30);
    char *o = doc;

    *o++ = '[';
    while (o - doc < (long)sizeof doc - 200000) {
        gen(&o, 0);
        *o++ = ',';
    }
    strcpy(o, "0]");
    while (n--) {
        p = doc;
        value();
    }
    printf("%ld %016llx\n", (long)(p - doc), (unsigned long long)h);
    return 0;
}
