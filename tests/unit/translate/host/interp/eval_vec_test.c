/* SPDX-License-Identifier: MIT */
/*
 * Vector integer and cryptography ops: a row per op with operands and result, written as the two
 * 64-bit halves, high first. The rows' answers come from the definitions in the Arm manual; AES
 * and SHA are also run on the standards' own examples.
 */
#include "translate/host/interp/eval_ops.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

#include "translate/host/interp/eval_lane.h"

static Env env;

typedef struct {
    const char *name;
    EvalFn *fn;
    uint8_t type, flags;
    uint32_t imm;
    uint64_t a[2], b[2], c[2], want[2];
    bool qc;
} Row;

#define NUM(hi, lo) { hi, lo }
#define ROW(op, type, flags, imm, a, b, c, want, qc)                                     \
    { #op, eval_##op, IR_##type, flags, imm, a, b, c, want, qc }

static V128 v128(const uint64_t hi_lo[2])
{
    return (V128){ .u64 = { hi_lo[1], hi_lo[0] } };
}

static void check(const Row *row, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const Row *r = &row[i];
        V128 a = v128(r->a), b = v128(r->b), c = v128(r->c), d;
        EvalOp op = { 0, r->type, r->flags, r->imm };

        env.rt.qc = 0;
        r->fn(&env, op, &d, &a, &b, &c);
        cr_expect(d.u64[1] == r->want[0] && d.u64[0] == r->want[1] && env.rt.qc == r->qc,
                  "%s, row %u: 0x%016" PRIx64 " 0x%016" PRIx64 " qc %u", r->name, i, d.u64[1],
                  d.u64[0], env.rt.qc);
        r->fn(&env, op, &a, &a, &b, &c);    /* the result may replace an operand */
        cr_expect(memcmp(&a, &d, sizeof(d)) == 0, "%s, row %u, in place", r->name, i);
    }
}

// clang-format off
#define Z     NUM(0, 0)
#define ONES  NUM(~0ull, ~0ull)
#define COUNT NUM(0x0f0e0d0c0b0a0908, 0x0706050403020100)
#define UPPER NUM(0x1f1e1d1c1b1a1918, 0x1716151413121110)

Test(eval_vec, length)
{
    static const Row rows[] = {
        ROW(vadd, I8,  IR_VL_128,  0, COUNT, ONES, Z, NUM(0x0e0d0c0b0a090807, 0x06050403020100ff), 0),
        ROW(vadd, I8,  IR_VL_64,   0, COUNT, ONES, Z, NUM(0, 0x06050403020100ff), 0),
        ROW(vadd, I8,  IR_VL_LANE, 0, COUNT, ONES, Z, NUM(0, 0xff), 0),
        ROW(vmov, I8,  IR_VL_64,   0, ONES, Z, Z, NUM(0, ~0ull), 0),
        ROW(vmov, F32, IR_VL_LANE, 0, ONES, Z, Z, NUM(0, 0xffffffff), 0),
        ROW(vbsl, I8,  IR_VL_128,  0, COUNT, ONES, NUM(~0ull, 0), NUM(0x0f0e0d0c0b0a0908, ~0ull), 0),
        ROW(vconst, I8, IR_VL_64,  0, NUM(0, 5), Z, Z, NUM(0, 5), 0),
    };
    check(rows, ARRAY_LEN(rows));
}

Test(eval_vec, saturation)
{
    static const Row rows[] = {
        ROW(vqadd_s,  I8,  IR_VL_LANE, 0, NUM(0, 0x7f), NUM(0, 1), Z, NUM(0, 0x7f), 1),
        ROW(vqadd_s,  I64, IR_VL_LANE, 0, NUM(0, 1ull << 63), NUM(0, ~0ull), Z, NUM(0, 1ull << 63), 1),
        ROW(vqadd_u,  I16, IR_VL_LANE, 0, NUM(0, 0xfffe), NUM(0, 1), Z, NUM(0, 0xffff), 0),
        ROW(vqsub_u,  I32, IR_VL_LANE, 0, NUM(0, 1), NUM(0, 2), Z, Z, 1),
        ROW(vuqadd_s, I8,  IR_VL_LANE, 0, NUM(0, 0x80), NUM(0, 0xff), Z, NUM(0, 0x7f), 0),
        ROW(vsqadd_u, I8,  IR_VL_LANE, 0, NUM(0, 1), NUM(0, 0xfe), Z, Z, 1),
        ROW(vqabs,    I16, IR_VL_LANE, 0, NUM(0, 0x8000), Z, Z, NUM(0, 0x7fff), 1),
        ROW(vqneg,    I32, IR_VL_LANE, 0, NUM(0, 0x80000001), Z, Z, NUM(0, 0x7fffffff), 0),
        ROW(vqdmulh,  I16, IR_VL_LANE, 0, NUM(0, 0x8000), NUM(0, 0x8000), Z, NUM(0, 0x7fff), 1),
        ROW(vqrdmulh, I32, IR_VL_LANE, 0, NUM(0, 0x40000000), NUM(0, 1), Z, NUM(0, 1), 0),
        ROW(vqdmull,  I64, IR_VL_128,  0, NUM(0, 0x8000000080000000), NUM(0, 0x0000000180000000), Z,
            NUM(0xffffffff00000000, 0x7fffffffffffffff), 1),
        ROW(vqnarrow_su, I16, IR_VL_128, 0, NUM(0, 0x00ff0100ffff0001), Z, Z, NUM(0, 0xffff0001), 1),
        ROW(vqnarrow_s,  I32, IR_VL_LANE, 0, NUM(0, 0x8000), Z, Z, NUM(0, 0x7fff), 1),
    };
    check(rows, ARRAY_LEN(rows));
}

Test(eval_vec, shifts)
{
    static const Row rows[] = {
        ROW(vshr_s_i,  I64, IR_VL_LANE, 64, NUM(0, 1ull << 63), Z, Z, NUM(0, ~0ull), 0),
        ROW(vshr_u_i,  I64, IR_VL_LANE, 64, NUM(0, ~0ull), Z, Z, Z, 0),
        ROW(vrshr_u_i, I64, IR_VL_LANE, 64, NUM(0, ~0ull), Z, Z, NUM(0, 1), 0),
        ROW(vrshr_s_i, I64, IR_VL_LANE, 64, NUM(0, ~0ull), Z, Z, Z, 0),
        ROW(vrshr_s_i, I8,  IR_VL_LANE, 1,  NUM(0, 0x7f), Z, Z, NUM(0, 0x40), 0),
        ROW(vsli_i,    I8,  IR_VL_LANE, 4,  NUM(0, 0xab), NUM(0, 0xcd), Z, NUM(0, 0xdb), 0),
        ROW(vsri_i,    I8,  IR_VL_LANE, 4,  NUM(0, 0xab), NUM(0, 0xcd), Z, NUM(0, 0xac), 0),
        ROW(vsri_i,    I64, IR_VL_LANE, 64, NUM(0, 0xab), NUM(0, 0xcd), Z, NUM(0, 0xab), 0),
        ROW(vqshl_su_i, I8, IR_VL_LANE, 1,  NUM(0, 0xff), Z, Z, Z, 1),
        ROW(vshl_s,    I64, IR_VL_LANE, 0,  NUM(0, 1ull << 63), NUM(0, 0x80), Z, NUM(0, ~0ull), 0),
        ROW(vshl_u,    I64, IR_VL_LANE, 0,  NUM(0, ~0ull), NUM(0, 64), Z, Z, 0),
        ROW(vshl_u,    I16, IR_VL_LANE, 0,  NUM(0, 0x00f0), NUM(0, 0xfffc), Z, NUM(0, 0x0f), 0),
        ROW(vrshl_u,   I64, IR_VL_LANE, 0,  NUM(0, ~0ull), NUM(0, 0xc0), Z, NUM(0, 1), 0),
        ROW(vrshl_u,   I64, IR_VL_LANE, 0,  NUM(0, ~0ull), NUM(0, 0xbf), Z, Z, 0),
        ROW(vrshl_s,   I8,  IR_VL_LANE, 0,  NUM(0, 0x80), NUM(0, 0xf8), Z, Z, 0),
        ROW(vqshl_s,   I64, IR_VL_LANE, 0,  NUM(0, ~0ull), NUM(0, 0x7f), Z, NUM(0, 1ull << 63), 1),
        ROW(vqshl_u,   I64, IR_VL_LANE, 0,  Z, NUM(0, 0x7f), Z, Z, 0),
        ROW(vqrshl_u,  I32, IR_VL_LANE, 0,  NUM(0, 3), NUM(0, 0xff), Z, NUM(0, 2), 0),
    };
    check(rows, ARRAY_LEN(rows));
}

Test(eval_vec, widths)
{
    static const Row rows[] = {
        ROW(vext_s,  I16, IR_VL_128, 1, NUM(0x80, 0), Z, Z, NUM(0, 0xff80), 0),
        ROW(vext_u,  I64, IR_VL_128, 0, NUM(7, 0x8000000000000001), Z, Z, NUM(0x80000000, 1), 0),
        ROW(vmull_s, I16, IR_VL_128, 0, NUM(0, 0xff), NUM(0, 0x02), Z, NUM(0, 0xfffe), 0),
        ROW(vmull_u, I64, IR_VL_128, 0, NUM(0, 0xffffffff), NUM(0, 0xffffffff), Z, NUM(0, 0xfffffffe00000001), 0),
        ROW(vmull_p, I128, IR_VL_128, 0, NUM(0, 1ull << 63), NUM(0, 6), Z, NUM(3, 0), 0),
        ROW(vmull_p, I16, IR_VL_128, 1, NUM(0xff, 0), NUM(0xff, 0), Z, NUM(0, 0x5555), 0),
        ROW(vmul_p,  I8,  IR_VL_64,  0, NUM(0, 0xff), NUM(0, 0x03), Z, NUM(0, 0x01), 0),
        ROW(vaddl_pair_s, I16, IR_VL_64, 0, ONES, Z, Z, NUM(0, 0xfffefffefffefffe), 0),
        ROW(vaddl_pair_u, I64, IR_VL_128, 0, ONES, Z, Z, NUM(0x1fffffffe, 0x1fffffffe), 0),
        ROW(vnarrow, I32, IR_VL_128, 0, NUM(0x0001000200030004, 0x0005000600070008), Z, Z, NUM(0, 0x0002000400060008), 0),
        ROW(vsum,    I8,  IR_VL_128, 0, COUNT, Z, Z, NUM(0, 120), 0),
        ROW(vsuml_s, I8,  IR_VL_64,  0, ONES, Z, Z, NUM(0, 0xfff8), 0),
        ROW(vsuml_u, I32, IR_VL_128, 0, ONES, Z, Z, NUM(0, 0x3fffffffc), 0),
        ROW(vhmax_s, I8,  IR_VL_128, 0, NUM(0x80ff, 0x81828384858687ff), Z, Z, NUM(0, 0), 0),
        ROW(vhmin_u, I16, IR_VL_64,  0, NUM(0, 0x0004000300020009), Z, Z, NUM(0, 2), 0),
        ROW(vdot_s,  I32, IR_VL_LANE, 0, NUM(0, 0xff02ff02), NUM(0, 0x01010303), NUM(0, 1), NUM(0, 5), 0),
        ROW(vdot_u,  I32, IR_VL_LANE, 0, NUM(0, 0xff000000), NUM(0, 0xff000000), NUM(0, 1), NUM(0, 0xfe02), 0),
        ROW(vdot_us, I32, IR_VL_LANE, 0, NUM(0, 0xff000002), NUM(0, 0xff0000ff), NUM(0, 1), NUM(0, 0xffffff00), 0),
        ROW(vqrdmlah, I16, IR_VL_LANE, 0, NUM(0, 0x8000), NUM(0, 0x8000), Z, NUM(0, 0x7fff), 1),
        ROW(vqrdmlah, I16, IR_VL_LANE, 0, NUM(0, 0x8000), NUM(0, 0x8000), NUM(0, 0xffff), NUM(0, 0x7fff), 0),
        ROW(vqrdmlsh, I32, IR_VL_LANE, 0, NUM(0, 1u << 31), NUM(0, 1u << 31), Z, NUM(0, 1u << 31), 0),
        ROW(vqrdmlsh, I32, IR_VL_LANE, 0, NUM(0, 1u << 31), NUM(0, 1u << 31), NUM(0, 0xffffffff), NUM(0, 1u << 31), 1),
        ROW(vqrdmlsh, I16, IR_VL_LANE, 0, NUM(0, 1), NUM(0, 0x4000), NUM(0, 5), NUM(0, 5), 0),
    };
    check(rows, ARRAY_LEN(rows));
}

Test(eval_vec, moves)
{
    static const Row rows[] = {
        ROW(vdup,      I16, IR_VL_64, 0, NUM(0, 0x12345678), Z, Z, NUM(0, 0x5678567856785678), 0),
        ROW(vdup_lane, I8,  IR_VL_64, 15, COUNT, Z, Z, NUM(0, 0x0f0f0f0f0f0f0f0f), 0),
        ROW(vget_u,    I16, 0, 7, NUM(0x8001ull << 48, 0), Z, Z, NUM(0, 0x8001), 0),
        ROW(vget_s,    I16, 0, 7, NUM(0x8001ull << 48, 0), Z, Z, NUM(0, 0xffffffffffff8001), 0),
        ROW(vget_s,    I16, IRF_SX32, 7, NUM(0x8001ull << 48, 0), Z, Z, NUM(0, 0xffff8001), 0),
        ROW(vsigns,    I16, 0, 0, NUM(0x8000000000000000, 0xffff), Z, Z, NUM(0, 0x81), 0),
        ROW(vset,      I8,  0, 9, Z, NUM(0, 0x1234), Z, NUM(0x3400, 0), 0),
        ROW(vset_lane, I32, 0, 1 | 3 << 8, Z, COUNT, Z, NUM(0, 0x0f0e0d0c00000000), 0),
        ROW(vpack64,   I64, 0, 0, NUM(9, 1), NUM(9, 2), Z, NUM(2, 1), 0),
        ROW(vmov_i,    I32, 0, 0, ONES, Z, Z, NUM(0, 0xffffffff), 0),
    };
    check(rows, ARRAY_LEN(rows));
}

Test(eval_vec, permutations)
{
    static const Row rows[] = {
        ROW(vzip_lo,   I16, IR_VL_128, 0, COUNT, UPPER, Z, NUM(0x1716070615140504, 0x1312030211100100), 0),
        ROW(vzip_hi,   I8,  IR_VL_64,  0, COUNT, UPPER, Z, NUM(0, 0x1707160615051404), 0),
        ROW(vuzp_even, I32, IR_VL_64,  0, COUNT, UPPER, Z, NUM(0, 0x1312111003020100), 0),
        ROW(vuzp_odd,  I8,  IR_VL_128, 0, COUNT, UPPER, Z, NUM(0x1f1d1b1917151311, 0x0f0d0b0907050301), 0),
        ROW(vtrn_even, I32, IR_VL_128, 0, COUNT, UPPER, Z, NUM(0x1b1a19180b0a0908, 0x1312111003020100), 0),
        ROW(vtrn_odd,  I64, IR_VL_128, 0, COUNT, UPPER, Z, NUM(0x1f1e1d1c1b1a1918, 0x0f0e0d0c0b0a0908), 0),
        ROW(vext,      I8,  IR_VL_64,  3, COUNT, UPPER, Z, NUM(0, 0x1211100706050403), 0),
        ROW(vext,      I8,  IR_VL_128, 15, COUNT, UPPER, Z, NUM(0x1e1d1c1b1a191817, 0x161514131211100f), 0),
        ROW(vrev,      I8,  IR_VL_64,  32, COUNT, Z, Z, NUM(0, 0x0405060700010203), 0),
        ROW(vrev,      I16, IR_VL_128, 64, COUNT, Z, Z, NUM(0x09080b0a0d0c0f0e, 0x0100030205040706), 0),
        ROW(vtbl,      I8,  IR_VL_128, 16, UPPER, COUNT, ONES, ONES, 0),
        ROW(vtbl,      I8,  IR_VL_128, 8, UPPER, COUNT, ONES, NUM(0x1716151413121110, ~0ull), 0),
        ROW(vadd_pair, I32, IR_VL_64,  0, NUM(5, 0x200000001), NUM(7, 0x400000003), Z, NUM(0, 0x700000003), 0),
        ROW(vadd_pair, I64, IR_VL_LANE, 0, NUM(5, 1), ONES, Z, NUM(0, 6), 0),
        ROW(vmax_pair_s, I64, IR_VL_128, 0, NUM(~0ull, 0), NUM(1, 2), Z, NUM(2, 0), 0),
    };
    check(rows, ARRAY_LEN(rows));
}
// clang-format on

/* ---- saturating arithmetic and rounding shifts of bytes, all operand pairs, by plain ints ---- */

static int clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static void expect_byte(EvalFn *fn, unsigned a, unsigned b, int plain, int clamped)
{
    V128 x = { .u8 = { (uint8_t)a } }, y = { .u8 = { (uint8_t)b } }, d;

    env.rt.qc = 0;
    fn(&env, (EvalOp){ 0, IR_I8, IR_VL_LANE, 0 }, &d, &x, &y, NULL);
    cr_assert(d.u64[0] == (uint8_t)clamped && env.rt.qc == (plain != clamped), "%u %u", a, b);
}

/* shifted: v * 2^n, rounded half up. */
static int shifted(int v, int n)
{
    if (n >= 0) {
        return v * (1 << (n > 9 ? 9 : n));
    }
    return n < -20 ? 0 : (v + (1 << (-n - 1))) >> -n;
}

Test(eval_vec, all_byte_pairs)
{
    for (unsigned i = 0; i < 0x10000; i++) {
        unsigned a = i & 255, b = i >> 8;
        int sa = (int8_t)a, sb = (int8_t)b, ua = (int)a, ub = (int)b;

        expect_byte(eval_vqadd_s, a, b, sa + sb, clamp(sa + sb, -128, 127));
        expect_byte(eval_vqsub_s, a, b, sa - sb, clamp(sa - sb, -128, 127));
        expect_byte(eval_vqadd_u, a, b, ua + ub, clamp(ua + ub, 0, 255));
        expect_byte(eval_vqsub_u, a, b, ua - ub, clamp(ua - ub, 0, 255));
        expect_byte(eval_vuqadd_s, a, b, sa + ub, clamp(sa + ub, -128, 127));
        expect_byte(eval_vsqadd_u, a, b, ua + sb, clamp(ua + sb, 0, 255));
        expect_byte(eval_vqrshl_s, a, b, shifted(sa, sb), clamp(shifted(sa, sb), -128, 127));
        expect_byte(eval_vqrshl_u, a, b, shifted(ua, sb), clamp(shifted(ua, sb), 0, 255));
    }
}

/* ---- the standards' examples ---- */

/* FIPS 197, appendix B: the first round on 3243f6a8885a308d313198a2e0370734. */
Test(eval_crypto, aes_round)
{
    V128 s = { .u8 = { 0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2,
                       0xe0, 0x37, 0x07, 0x34 } };
    V128 k = { .u8 = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88,
                       0x09, 0xcf, 0x4f, 0x3c } };
    V128 mixed = { .u8 = { 0x04, 0x66, 0x81, 0xe5, 0xe0, 0xcb, 0x19, 0x9a, 0x48, 0xf8, 0xd3, 0x7a,
                           0x28, 0x06, 0x26, 0x4c } };
    V128 zero = { .u64 = { 0, 0 } }, d;
    EvalOp op = { 0, IR_I8, 0, 0 };

    eval_aese(&env, op, &d, &s, &k, NULL);
    eval_aesmc(&env, op, &d, &d, NULL, NULL);
    cr_expect_arr_eq(d.u8, mixed.u8, 16);
    eval_aesimc(&env, op, &d, &d, NULL, NULL);
    eval_aesd(&env, op, &d, &d, &zero, NULL);
    eval_vxor(&env, op, &d, &d, &k, NULL);
    cr_expect_arr_eq(d.u8, s.u8, 16);
}

/* The padded one-block message "abc" as big-endian words. */
static const V128 abc[4] = { { .u32 = { 0x61626380 } }, { .u64 = { 0 } }, { .u64 = { 0 } },
                             { .u32 = { 0, 0, 0, 24 } } };

static void add_words(V128 *d, const V128 *a, const V128 *b)
{
    eval_vadd(&env, (EvalOp){ 0, IR_I32, 0, 0 }, d, a, b, NULL);
}

static V128 splat32(uint32_t k)
{
    return (V128){ .u32 = { k, k, k, k } };
}

/* FIPS 180, SHA-1 of "abc", computed four rounds at a time as Armv8 programs do. */
Test(eval_crypto, sha1_abc)
{
    static EvalFn *const rounds[] = { eval_sha1c, eval_sha1p, eval_sha1m, eval_sha1p };
    static const uint32_t k[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
    V128 h = { .u32 = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 } };
    V128 s = h, e = { .u32 = { 0xc3d2e1f0 } }, w[4];
    EvalOp op = { 0, IR_I32, 0, 0 };

    memcpy(w, abc, sizeof(w));
    for (unsigned i = 0; i < 20; i++) {
        V128 kw = splat32(k[i / 5]), next_e, t = w[i & 3];

        add_words(&kw, &kw, &t);
        eval_sha1h(&env, op, &next_e, &s, NULL, NULL);
        rounds[i / 5](&env, op, &s, &s, &e, &kw);
        e = next_e;
        eval_sha1su0(&env, op, &t, &t, &w[(i + 1) & 3], &w[(i + 2) & 3]);
        eval_sha1su1(&env, op, &w[i & 3], &t, &w[(i + 3) & 3], NULL);
    }
    add_words(&s, &s, &h);
    cr_expect(s.u32[0] == 0xa9993e36 && s.u32[1] == 0x4706816a && s.u32[2] == 0xba3e2571 &&
              s.u32[3] == 0x7850c26c);
    cr_expect_eq(e.u32[0] + 0xc3d2e1f0, 0x9cd0d89d);
}

static const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

Test(eval_crypto, sha256_abc)
{
    V128 h0 = { .u32 = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a } }, x = h0;
    V128 h1 = { .u32 = { 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } }, y = h1, w[4];
    EvalOp op = { 0, IR_I32, 0, 0 };

    memcpy(w, abc, sizeof(w));
    for (unsigned i = 0; i < 16; i++) {
        V128 kw, old = x, t = w[i & 3];

        memcpy(&kw, &sha256_k[4 * i], sizeof(kw));
        add_words(&kw, &kw, &t);
        eval_sha256h(&env, op, &x, &x, &y, &kw);
        eval_sha256h2(&env, op, &y, &y, &old, &kw);
        eval_sha256su0(&env, op, &t, &t, &w[(i + 1) & 3], NULL);
        eval_sha256su1(&env, op, &w[i & 3], &t, &w[(i + 2) & 3], &w[(i + 3) & 3]);
    }
    add_words(&x, &x, &h0);
    add_words(&y, &y, &h1);
    cr_expect(x.u32[0] == 0xba7816bf && x.u32[1] == 0x8f01cfea && x.u32[2] == 0x414140de &&
              x.u32[3] == 0x5dae2223);
    cr_expect(y.u32[0] == 0xb00361a3 && y.u32[1] == 0x96177a9c && y.u32[2] == 0xb410ff61 &&
              y.u32[3] == 0xf20015ad);
}
