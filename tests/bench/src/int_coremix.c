/* SPDX-License-Identifier: MIT */
/* List, matrix, state machine and checksum work in turn, as embedded mixes do. */
#include "bench.h"

struct node {
    struct node *next;
    int16_t key, idx;
};

#define NN 200
static struct node pool[NN];

static struct node *merge_sort(struct node *list, int by_key)
{
    struct node *half = list, *fast, *out = NULL, **tail = &out, *b;

    if (!list || !list->next)
        return list;
    for (fast = list->next; fast && fast->next; fast = fast->next->next)
        half = half->next;
    b = half->next;
    half->next = NULL;
    list = merge_sort(list, by_key);
    b = merge_sort(b, by_key);
    while (list && b) {
        int d = by_key ? list->key - b->key : list->idx - b->idx;
        struct node **pick = d <= 0 ? &list : &b;

        *tail = *pick;
        tail = &(*pick)->next;
        *pick = (*pick)->next;
    }
    *tail = list ? list : b;
    return out;
}

static uint16_t crc16(uint16_t crc, uint16_t v)
{
    int i;

    for (i = 0; i < 16; i++) {
        int bit = (v ^ crc) & 1;

        v >>= 1;
        crc >>= 1;
        if (bit)
            crc ^= 0xa001;
    }
    return crc;
}

static uint16_t lists(uint16_t crc)
{
    struct node *l = NULL, *p;
    int i;

    for (i = 0; i < NN; i++) {
        pool[i].key = (int16_t)(pool[i].key * 5 + i + crc);
        pool[i].idx = (int16_t)i;
        pool[i].next = l;
        l = &pool[i];
    }
    l = merge_sort(l, 1);
    for (i = 0, p = l; p && i < 20; p = p->next, i++)
        crc = crc16(crc, (uint16_t)p->key);
    l = merge_sort(l, 0);
    for (p = l; p->next; p = p->next)
        crc = (uint16_t)(crc + p->idx * p->key);
    return crc;
}

#define MN 24
static int16_t ma[MN][MN], mb[MN][MN];
static int32_t mc[MN][MN];

static uint16_t matrix(uint16_t crc)
{
    int i, j, k;

    for (i = 0; i < MN; i++)
        for (j = 0; j < MN; j++) {
            ma[i][j] = (int16_t)(i * j + crc);
            mb[i][j] = (int16_t)(i - j + 3);
        }
    for (i = 0; i < MN; i++)
        for (j = 0; j < MN; j++) {
            int32_t s = 0;

            for (k = 0; k < MN; k++)
                s += ma[i][k] * mb[k][j];
            mc[i][j] = s;
        }
    for (i = 0; i < MN; i++)
        crc = crc16(crc, (uint16_t)(mc[i][i] >> 3));
    return crc;
}

static uint16_t states(uint16_t crc)
{
    static const char text[] =
        "5012,1.45e9,-77,0x1F,abc,+3.5,.25,12e,99,--1,1e-5,zz9,0,42,3.14159,";
    enum { START, SIGN, INT, DOT, FRAC, EXP, ESIGN, ENUM, BAD } s = START;
    int count[9] = { 0 }, r;
    const char *p;

    for (r = 0; r < 8; r++)
        for (p = text; *p; p++) {
            char c = *p;
            int digit = c >= '0' && c <= '9';

            if (c == ',') {
                count[s]++;
                s = START;
                continue;
            }
            switch (s) {
            case START:
                s = digit ? INT : c == '+' || c == '-' ? SIGN
                  : c == '.' ? DOT : BAD;
                break;
            case SIGN:
                s = digit ? INT : c == '.' ? DOT : BAD;
                break;
            case INT:
                s = digit ? INT : c == '.' ? FRAC : c == 'e' ? EXP : BAD;
                break;
            case DOT:
            case FRAC:
                s = digit ? FRAC : c == 'e' ? EXP : BAD;
                break;
            case EXP:
                s = digit ? ENUM : c == '+' || c == '-' ? ESIGN : BAD;
                break;
            case ESIGN:
            case ENUM:
                s = digit ? ENUM : BAD;
                break;
            case BAD:
                break;
            }
        }
    for (r = 0; r < 9; r++)
        crc = crc16(crc, (uint16_t)count[r]);
    return crc;
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 2500);
    uint16_t crc = 0;

    while (n--) {
        crc = lists(crc);
        crc = matrix(crc);
        crc = states(crc);
    }
    printf("%04x\n", crc);
    return 0;
}
