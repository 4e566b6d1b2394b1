/* SPDX-License-Identifier: MIT */
/*
 * The SHA-512, SM3 and SM4 steps of the Armv8.2 cryptography extensions (Arm ARM, pages of these
 * instructions; FIPS 180-4, GB/T 32905 and GB/T 32907).
 */
#include "translate/host/interp/eval_lane.h"
#include "translate/host/interp/eval_ops.h"

#define UNUSED __attribute__((unused))
#define EVAL(name)                                                                       \
    void eval_##name(UNUSED Env *env, UNUSED EvalOp op, V128 *d, UNUSED const V128 *a,   \
                     UNUSED const V128 *b, UNUSED const V128 *c)

static uint64_t ror64(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

static uint32_t rol32(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

/* ---- SHA-512: two rounds at a time, the later one in the lower half ---- */

static uint64_t ror3(uint64_t x, unsigned i, unsigned j, unsigned k)
{
    return ror64(x, i) ^ ror64(x, j) ^ ror64(x, k);
}

static uint64_t choose(uint64_t x, uint64_t y, uint64_t z)
{
    return (x & y) ^ (~x & z);
}

static uint64_t majority(uint64_t x, uint64_t y, uint64_t z)
{
    return (x & y) ^ (x & z) ^ (y & z);
}

EVAL(sha512h)
{
    uint64_t x0 = b->u64[0], x1 = b->u64[1], y0 = c->u64[0], y1 = c->u64[1];
    uint64_t hi = a->u64[1] + choose(y1, x0, x1) + ror3(y1, 14, 18, 41), t = hi + y0;

    *d = (V128){ .u64 = { a->u64[0] + choose(t, y1, x0) + ror3(t, 14, 18, 41), hi } };
}

EVAL(sha512h2)
{
    uint64_t x0 = b->u64[0], y0 = c->u64[0], y1 = c->u64[1];
    uint64_t hi = a->u64[1] + majority(x0, y1, y0) + ror3(y0, 28, 34, 39);

    *d = (V128){ .u64 = { a->u64[0] + majority(hi, y0, y1) + ror3(hi, 28, 34, 39), hi } };
}

static uint64_t schedule0(uint64_t x)
{
    return ror64(x, 1) ^ ror64(x, 8) ^ x >> 7;
}

static uint64_t schedule1(uint64_t x)
{
    return ror64(x, 19) ^ ror64(x, 61) ^ x >> 6;
}

EVAL(sha512su0)
{
    *d = (V128){ .u64 = { a->u64[0] + schedule0(a->u64[1]), a->u64[1] + schedule0(b->u64[0]) } };
}

EVAL(sha512su1)
{
    *d = (V128){ .u64 = { a->u64[0] + schedule1(b->u64[0]) + c->u64[0],
                          a->u64[1] + schedule1(b->u64[1]) + c->u64[1] } };
}

/* ---- SM3 ---- */

EVAL(sm3ss1)
{
    uint32_t t = rol32(a->u32[3], 12) + b->u32[3] + c->u32[3];

    *d = (V128){ .u32 = { 0, 0, 0, rol32(t, 7) } };
}

static uint32_t parity3(uint32_t x, uint32_t y, uint32_t z)
{
    return x ^ y ^ z;
}

static uint32_t majority3(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) | (x & z) | (y & z);
}

static uint32_t choose3(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) | (~x & z);
}

typedef uint32_t Fn3(uint32_t x, uint32_t y, uint32_t z);

/* sm3tt1, sm3tt2: a round on words D C B A, or H G F E, of s from the lowest up. */
static V128 sm3tt1(const V128 *s, const V128 *n, uint32_t w, Fn3 *f)
{
    uint32_t ss2 = n->u32[3] ^ rol32(s->u32[3], 12);
    uint32_t tt1 = f(s->u32[3], s->u32[2], s->u32[1]) + s->u32[0] + ss2 + w;

    return (V128){ .u32 = { s->u32[1], rol32(s->u32[2], 9), s->u32[3], tt1 } };
}

static V128 sm3tt2(const V128 *s, const V128 *n, uint32_t w, Fn3 *f)
{
    uint32_t tt2 = f(s->u32[3], s->u32[2], s->u32[1]) + s->u32[0] + n->u32[3] + w;

    return (V128){ .u32 = { s->u32[1], rol32(s->u32[2], 19), s->u32[3],
                            tt2 ^ rol32(tt2, 9) ^ rol32(tt2, 17) } };
}

EVAL(sm3tt1a)
{
    *d = sm3tt1(a, b, c->u32[op.imm & 3], parity3);
}

EVAL(sm3tt1b)
{
    *d = sm3tt1(a, b, c->u32[op.imm & 3], majority3);
}

EVAL(sm3tt2a)
{
    *d = sm3tt2(a, b, c->u32[op.imm & 3], parity3);
}

EVAL(sm3tt2b)
{
    *d = sm3tt2(a, b, c->u32[op.imm & 3], choose3);
}

static uint32_t sm3_p1(uint32_t x)
{
    return x ^ rol32(x, 15) ^ rol32(x, 23);
}

EVAL(sm3partw1)
{
    V128 r;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t m = i < 3 ? c->u32[i + 1] : r.u32[0];

        r.u32[i] = sm3_p1(a->u32[i] ^ b->u32[i] ^ rol32(m, 15));
    }
    *d = r;
}

EVAL(sm3partw2)
{
    V128 r;
    uint32_t first = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t t = b->u32[i] ^ rol32(c->u32[i], 7);

        r.u32[i] = a->u32[i] ^ t;
        first = i ? first : t;
    }
    r.u32[3] ^= sm3_p1(rol32(first, 15));
    *d = r;
}

/* ---- SM4 ---- */

// clang-format off
static const uint8_t sm4_sbox[256] = {
    0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05,
    0x2b, 0x67, 0x9a, 0x76, 0x2a, 0xbe, 0x04, 0xc3, 0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99,
    0x9c, 0x42, 0x50, 0xf4, 0x91, 0xef, 0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62,
    0xe4, 0xb3, 0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80, 0xdf, 0x94, 0xfa, 0x75, 0x8f, 0x3f, 0xa6,
    0x47, 0x07, 0xa7, 0xfc, 0xf3, 0x73, 0x17, 0xba, 0x83, 0x59, 0x3c, 0x19, 0xe6, 0x85, 0x4f, 0xa8,
    0x68, 0x6b, 0x81, 0xb2, 0x71, 0x64, 0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d, 0x35,
    0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2, 0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, 0x87,
    0xd4, 0x00, 0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52, 0x4c, 0x36, 0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e,
    0xea, 0xbf, 0x8a, 0xd2, 0x40, 0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce, 0xf9, 0x61, 0x15, 0xa1,
    0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55, 0xad, 0x93, 0x32, 0x30, 0xf5, 0x8c, 0xb1, 0xe3,
    0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60, 0xc0, 0x29, 0x23, 0xab, 0x0d, 0x53, 0x4e, 0x6f,
    0xd5, 0xdb, 0x37, 0x45, 0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51,
    0x8d, 0x1b, 0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41, 0x1f, 0x10, 0x5a, 0xd8,
    0x0a, 0xc1, 0x31, 0x88, 0xa5, 0xcd, 0x7b, 0xbd, 0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0,
    0x89, 0x69, 0x97, 0x4a, 0x0c, 0x96, 0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84,
    0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48,
};
// clang-format on

/* sm4_sub: the substituted bytes of what a round starts from. sm4_next: the words moved on by one. */
static uint32_t sm4_sub(const V128 *s, uint32_t key)
{
    uint32_t t = s->u32[3] ^ s->u32[2] ^ s->u32[1] ^ key, r = 0;

    for (unsigned i = 0; i < 32; i += 8) {
        r |= (uint32_t)sm4_sbox[t >> i & 0xff] << i;
    }
    return r;
}

static V128 sm4_next(const V128 *s, uint32_t t)
{
    return (V128){ .u32 = { s->u32[1], s->u32[2], s->u32[3], t ^ s->u32[0] } };
}

EVAL(sm4e)
{
    V128 s = *a, keys = *b;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t t = sm4_sub(&s, keys.u32[i]);

        s = sm4_next(&s, t ^ rol32(t, 2) ^ rol32(t, 10) ^ rol32(t, 18) ^ rol32(t, 24));
    }
    *d = s;
}

EVAL(sm4ekey)
{
    V128 s = *a, keys = *b;

    for (unsigned i = 0; i < 4; i++) {
        uint32_t t = sm4_sub(&s, keys.u32[i]);

        s = sm4_next(&s, t ^ rol32(t, 13) ^ rol32(t, 23));
    }
    *d = s;
}

EVAL(sm4sub)
{
    for (unsigned i = 0; i < 16; i++) {
        d->u8[i] = sm4_sbox[a->u8[i]];
    }
}
