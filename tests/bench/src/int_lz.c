/* SPDX-License-Identifier: MIT */
/* A byte-oriented LZ77 compressor and decompressor with a hash of 4 bytes. */
#include "bench.h"

#define SIZE (1 << 20)
#define HBITS 14
static char src[SIZE], out[SIZE + SIZE / 8], back[SIZE];

static uint32_t load32(const char *p)
{
    uint32_t v;

    memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

static char *put_len(char *o, size_t n)
{
    for (; n >= 255; n -= 255)
        *o++ = (char)255;
    *o++ = (char)n;
    return o;
}

static size_t pack(const char *s, size_t n, char *o)
{
    static uint32_t tab[1 << HBITS];
    size_t i = 1, lit = 0;
    char *start = o;

    memset(tab, 0, sizeof tab);
    while (i + 12 < n) {
        uint32_t v = load32(s + i), h = v * 2654435761u >> (32 - HBITS);
        size_t m = tab[h], len;

        tab[h] = (uint32_t)i;
        if (i - m > 65535 || load32(s + m) != v) {
            i++;
            continue;
        }
        for (len = 4; i + len < n - 5 && s[m + len] == s[i + len]; len++)
            ;
        o = put_len(o, i - lit);
        memcpy(o, s + lit, i - lit);
        o += i - lit;
        *o++ = (char)(i - m);
        *o++ = (char)((i - m) >> 8);
        o = put_len(o, len - 4);
        i += len;
        lit = i;
    }
    o = put_len(o, n - lit);
    memcpy(o, s + lit, n - lit);
    o += n - lit;
    return (size_t)(o - start);
}

static size_t get_len(const uint8_t **p)
{
    size_t n = 0;

    while (**p == 255) {
        n += 255;
        (*p)++;
    }
    return n + *(*p)++;
}

static size_t unpack(const char *in, size_t n, char *o)
{
    const uint8_t *p = (const uint8_t *)in, *end = p + n;
    char *start = o;

    for (;;) {
        size_t len = get_len(&p), off;

        memcpy(o, p, len);
        o += len;
        p += len;
        if (p >= end)
            break;
        off = p[0] | (size_t)p[1] << 8;
        p += 2;
        for (len = get_len(&p) + 4; len; len--, o++)
            *o = o[-(long)off];
    }
    return (size_t)(o - start);
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 7);
    size_t z = 0, u = 0;
    uint64_t h = 0;

    fill_text(src, SIZE);
    while (n--) {
        z = pack(src, SIZE, out);
        u = unpack(out, z, back);
        if (u != SIZE || memcmp(src, back, SIZE)) {
            printf("mismatch\n");
            return 1;
        }
        h = mix(h, z);
        src[rnd() % SIZE] ^= 1;
    }
    printf("%zu %zu %016llx\n", z, u, (unsigned long long)h);
    return 0;
}
