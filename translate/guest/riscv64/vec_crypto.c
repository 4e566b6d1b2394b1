/* SPDX-License-Identifier: MIT */
/*
 * vec_crypto.c: vector cryptography on element groups: of four elements, for SM3 of eight. One
 * round of AES and four of SM4 are ops of the IR, whose C meaning is used.
 */
#include "translate/guest/riscv64/vec_each.h"

/* VEC_GROUPS: for each group of n elements of type T: d, a, b are its first elements. */
#define VEC_GROUPS(v, n, T)                                                              \
    for (uint64_t i = (v)->vstart; i < (v)->vl; i += (n))                                \
        for (T *d = (T *)(v)->d + i, *a = (T *)(v)->a + group_of(v, i),                  \
               *b = (T *)(v)->b + i * (v)->step, *once = d; once; (void)a, (void)b, once = NULL)

/* group_of: first element of vs2 for the group at element i. */
static uint64_t group_of(const Vec *v, uint64_t i)
{
    return v->op->flags & VF_AGROUP ? 0 : i;
}

static u32 rol32(u32 x, unsigned n)
{
    return x << n | x >> (-n & 31);
}

static u32 ror32(u32 x, unsigned n)
{
    return rol32(x, -n & 31);
}

static u64 ror64(u64 x, unsigned n)
{
    return x >> n | x << (-n & 63);
}

static V128 load(const u32 *p)
{
    V128 x;

    memcpy(&x, p, sizeof(x));
    return x;
}

static V128 xor128(V128 x, V128 y)
{
    return (V128){ .u64 = { x.u64[0] ^ y.u64[0], x.u64[1] ^ y.u64[1] } };
}

/* op128: an IR op on one or two vectors. */
static V128 op128(const Vec *v, IrOpcode op, V128 x, V128 y)
{
    V128 r;

    eval_op(v->env, (EvalOp){ .op = op, .type = IR_I8, .flags = IR_VL_128 }, &r, &x, &y, &y);
    return r;
}

/* ---- AES ---- */

static const V128 none;

/* Parts of a round: with a key of zeros the ops are ShiftRows and SubBytes, and their inverses. */
static V128 aes_final(const Vec *v, V128 s, V128 key)
{
    return xor128(op128(v, IR_aese, s, none), key);
}

static V128 aes_middle(const Vec *v, V128 s, V128 key)
{
    return xor128(op128(v, IR_aesmc, op128(v, IR_aese, s, none), none), key);
}

static V128 aes_inv_final(const Vec *v, V128 s, V128 key)
{
    return xor128(op128(v, IR_aesd, s, none), key);
}

static V128 aes_inv_middle(const Vec *v, V128 s, V128 key)
{
    return op128(v, IR_aesimc, aes_inv_final(v, s, key), none);
}

static V128 aes_zero(const Vec *v, V128 s, V128 key)
{
    (void)v;
    return xor128(s, key);
}

static V128 sm4_rounds(const Vec *v, V128 s, V128 keys)
{
    return op128(v, IR_sm4e, s, keys);
}

// clang-format off
#define CIPHER(name, fn) \
    static void name(Vec *v) \
    { \
        VEC_GROUPS(v, 4, u32) { \
            V128 r = fn(v, load(d), load(a)); \
            memcpy(d, &r, sizeof(r)); \
        } \
    } \
    VEC_ALL(name)

CIPHER(vaesef, aes_final)
CIPHER(vaesem, aes_middle)
CIPHER(vaesdf, aes_inv_final)
CIPHER(vaesdm, aes_inv_middle)
CIPHER(vaesz,  aes_zero)
CIPHER(vsm4r,  sm4_rounds)
// clang-format on

/* sub_word: SubBytes of each byte; ShiftRows does not matter to four equal columns. */
static u32 sub_word(const Vec *v, u32 w)
{
    return op128(v, IR_aese, (V128){ .u32 = { w, w, w, w } }, none).u32[0];
}

static u32 aes_rcon(unsigned round)
{
    static const uint8_t rcon[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36 };

    return rcon[round];
}

/* next_key: w, then each word exclusive-ored with the one before. */
static void next_key(u32 *d, const u32 *old, u32 w)
{
    for (unsigned k = 0; k < 4; k++) {
        w ^= old[k];
        d[k] = w;
    }
}

/* Round numbers out of range have bit 3 flipped. */
static void vaeskf1_vi(Vec *v)
{
    unsigned round = v->rs1 & 15;

    if (round == 0 || round > 10)
        round ^= 8;
    VEC_GROUPS(v, 4, u32)
        next_key(d, a, sub_word(v, ror32(a[3], 8)) ^ aes_rcon(round - 1));
}
VEC_ALL(vaeskf1_vi)

static void vaeskf2_vi(Vec *v)
{
    unsigned round = v->rs1 & 15;

    if (round < 2 || round > 14)
        round ^= 8;
    VEC_GROUPS(v, 4, u32) {
        u32 w = round & 1 ? sub_word(v, a[3])
                          : sub_word(v, ror32(a[3], 8)) ^ aes_rcon(round / 2 - 1);

        next_key(d, d, w);
    }
}
VEC_ALL(vaeskf2_vi)

/* ---- SHA-2 ---- */

/* A word size's functions: rotations, and the third of the small ones a shift. */
// clang-format off
#define SHA2(n, s0a, s0b, s0c, s1a, s1b, s1c, S0a, S0b, S0c, S1a, S1b, S1c) \
    static u##n small0_##n(u##n x) { return ror##n(x, s0a) ^ ror##n(x, s0b) ^ x >> s0c; } \
    static u##n small1_##n(u##n x) { return ror##n(x, s1a) ^ ror##n(x, s1b) ^ x >> s1c; } \
    static u##n big0_##n(u##n x) { return ror##n(x, S0a) ^ ror##n(x, S0b) ^ ror##n(x, S0c); } \
    static u##n big1_##n(u##n x) { return ror##n(x, S1a) ^ ror##n(x, S1b) ^ ror##n(x, S1c); } \
    /* vd: W3 to W0, vs2: W11 W10 W9 W4, vs1: W15 W14 - W12; the next four. */ \
    static void vsha2ms_##n(Vec *v) \
    { \
        VEC_GROUPS(v, 4, u##n) { \
            u##n w16 = small1_##n(b[2]) + a[1] + small0_##n(d[1]) + d[0]; \
            u##n w17 = small1_##n(b[3]) + a[2] + small0_##n(d[2]) + d[1]; \
            u##n w18 = small1_##n(w16) + a[3] + small0_##n(d[3]) + d[2]; \
            u##n w19 = small1_##n(w17) + b[0] + small0_##n(a[0]) + d[3]; \
            d[0] = w16, d[1] = w17, d[2] = w18, d[3] = w19; \
        } \
    } \
    /* Two rounds: vs2 holds a b e f, vd holds c d g h, highest first; w: words with constants. */ \
    static void sha2_rounds_##n(u##n *cdgh, const u##n *abef, const u##n *w) \
    { \
        u##n va = abef[3], vb = abef[2], ve = abef[1], vf = abef[0]; \
        u##n vc = cdgh[3], vd = cdgh[2], vg = cdgh[1], vh = cdgh[0]; \
        for (unsigned k = 0; k < 2; k++) { \
            u##n t1 = vh + big1_##n(ve) + ((ve & vf) ^ (~ve & vg)) + w[k]; \
            u##n t2 = big0_##n(va) + ((va & vb) ^ (va & vc) ^ (vb & vc)); \
            vh = vg, vg = vf, vf = ve, ve = vd + t1, vd = vc, vc = vb, vb = va, va = t1 + t2; \
        } \
        cdgh[3] = va, cdgh[2] = vb, cdgh[1] = ve, cdgh[0] = vf; \
    } \
    static void vsha2cl_##n(Vec *v) \
    { \
        VEC_GROUPS(v, 4, u##n) \
            sha2_rounds_##n(d, a, b); \
    } \
    static void vsha2ch_##n(Vec *v) \
    { \
        VEC_GROUPS(v, 4, u##n) \
            sha2_rounds_##n(d, a, b + 2); \
    }
SHA2(32, 7, 18, 3, 17, 19, 10, 2, 13, 22, 6, 11, 25)
SHA2(64, 1, 8, 7, 19, 61, 6, 28, 34, 39, 14, 18, 41)
VecFn *const v_vsha2ms_vv[4] = { NULL, NULL, vsha2ms_32, vsha2ms_64 };
VecFn *const v_vsha2cl_vv[4] = { NULL, NULL, vsha2cl_32, vsha2cl_64 };
VecFn *const v_vsha2ch_vv[4] = { NULL, NULL, vsha2ch_32, vsha2ch_64 };
// clang-format on

/* ---- GHASH ---- */

/* brev8: bits of each byte in reverse order. */
static u128 brev8(u128 x)
{
    static const u64 masks[] = { 0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f };

    for (unsigned k = 0; k < 3; k++) {
        u128 m = (u128)masks[k] << 64 | masks[k];

        x = (x >> (1 << k) & m) | (x & m) << (1 << k);
    }
    return x;
}

/* gf_mul: product modulo x^128 + x^7 + x^2 + x + 1, bits of bytes reversed. */
static u128 gf_mul(u128 x, u128 y)
{
    u128 z = 0;

    x = brev8(x);
    y = brev8(y);
    for (unsigned k = 0; k < 128; k++) {
        if (x >> k & 1)
            z ^= y;
        y = y << 1 ^ (y >> 127 ? 0x87 : 0);
    }
    return brev8(z);
}

static u128 load128(const u32 *p)
{
    u128 x;

    memcpy(&x, p, sizeof(x));
    return x;
}

static void vghsh_vv(Vec *v)
{
    VEC_GROUPS(v, 4, u32) {
        u128 r = gf_mul(load128(d) ^ load128(b), load128(a));

        memcpy(d, &r, sizeof(r));
    }
}
VEC_ALL(vghsh_vv)

static void vgmul_vv(Vec *v)
{
    VEC_GROUPS(v, 4, u32) {
        u128 r = gf_mul(load128(d), load128(a));

        memcpy(d, &r, sizeof(r));
    }
}
VEC_ALL(vgmul_vv)

/* ---- SM4 ---- */

/* ck: a constant of the key schedule: byte k of word i is (4 i + k) * 7, highest first. */
static u32 sm4_ck(unsigned i)
{
    u32 w = 0;

    for (unsigned k = 0; k < 4; k++)
        w = w << 8 | ((4 * i + k) * 7 & 0xff);
    return w;
}

static void vsm4k_vi(Vec *v)
{
    unsigned first = (v->rs1 & 7) * 4;
    V128 ck = { .u32 = { sm4_ck(first), sm4_ck(first + 1), sm4_ck(first + 2), sm4_ck(first + 3) } };

    VEC_GROUPS(v, 4, u32) {
        V128 r = op128(v, IR_sm4ekey, load(a), ck);

        memcpy(d, &r, sizeof(r));
    }
}
VEC_ALL(vsm4k_vi)

/* ---- SM3: words are big-endian ---- */

static u32 sm3_p0(u32 x)
{
    return x ^ rol32(x, 9) ^ rol32(x, 17);
}

static u32 sm3_p1(u32 x)
{
    return x ^ rol32(x, 15) ^ rol32(x, 23);
}

static void vsm3me_vv(Vec *v)
{
    VEC_GROUPS(v, 8, u32) {
        u32 w[24];

        for (unsigned k = 0; k < 8; k++) {
            w[k] = __builtin_bswap32(b[k]);
            w[8 + k] = __builtin_bswap32(a[k]);
        }
        for (unsigned k = 16; k < 24; k++) {
            w[k] = sm3_p1(w[k - 16] ^ w[k - 9] ^ rol32(w[k - 3], 15)) ^ rol32(w[k - 13], 7) ^
                   w[k - 6];
            d[k - 16] = __builtin_bswap32(w[k]);
        }
    }
}
VEC_ALL(vsm3me_vv)

/* One round on s = A to H with message words w and x. */
static void sm3_round(u32 s[8], unsigned j, u32 w, u32 x)
{
    u32 t = j < 16 ? 0x79cc4519 : 0x7a879d8a;
    u32 ss1 = rol32(rol32(s[0], 12) + s[4] + rol32(t, j % 32), 7), ss2 = ss1 ^ rol32(s[0], 12);
    u32 ff = j < 16 ? s[0] ^ s[1] ^ s[2] : (s[0] & s[1]) | (s[0] & s[2]) | (s[1] & s[2]);
    u32 gg = j < 16 ? s[4] ^ s[5] ^ s[6] : (s[4] & s[5]) | (~s[4] & s[6]);
    u32 tt1 = ff + s[3] + ss2 + x, tt2 = gg + s[7] + ss1 + w;

    s[3] = s[2];
    s[2] = rol32(s[1], 9);
    s[1] = s[0];
    s[0] = tt1;
    s[7] = s[6];
    s[6] = rol32(s[5], 19);
    s[5] = s[4];
    s[4] = sm3_p0(tt2);
}

static void vsm3c_vi(Vec *v)
{
    unsigned j = 2 * v->rs1;

    VEC_GROUPS(v, 8, u32) {
        u32 s[8], w[8];

        for (unsigned k = 0; k < 8; k++) {
            s[k] = __builtin_bswap32(d[k]);
            w[k] = __builtin_bswap32(a[k]);
        }
        sm3_round(s, j, w[0], w[0] ^ w[4]);
        sm3_round(s, j + 1, w[1], w[1] ^ w[5]);
        for (unsigned k = 0; k < 8; k++)
            d[k] = __builtin_bswap32(s[k]);
    }
}
VEC_ALL(vsm3c_vi)
