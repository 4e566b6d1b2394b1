/* SPDX-License-Identifier: MIT */
/*
 * bfloat16 and raw halves: every half, roundings against integer arithmetic, and the dot product's
 * own rules, which no mode changes.
 */
#include <criterion/criterion.h>

#include "translate/host/interp/eval_fp.h"
#include "translate/host/interp/eval_ops.h"

enum { ONE = 0x3f800000, BF_ONE = 0x3f80, INF = 0x7f800000, DEFAULT_NAN = 0x7fc00000 };

static Env env;

static uint32_t widen(uint16_t h)
{
    V128 a = { .u16 = { 0, 0, h } }, d;

    eval_fwiden_raw(&env, (EvalOp){ IR_fwiden_raw, IR_F32, IR_VL_64, 2 }, &d, &a, NULL, NULL);
    cr_assert(d.u32[1] == 0 && d.u64[1] == 0);
    return d.u32[0];
}

Test(eval_fp_bf16, every_half_is_a_single)
{
    for (unsigned h = 0; h < 0x10000; h++) {
        FpCtx x = { .f = &fp_f32 };
        bool special = (h & 0x7c00) == 0x7c00;
        uint32_t want = (h & 0x8000) << 16 | INF | (h & 0x3ff) << 13;

        want = special ? want : (uint32_t)fp_convert(&x, &fp_f16, h);
        cr_assert_eq(widen((uint16_t)h), want, "0x%x", h);
    }
    cr_expect_eq(env.rt.fp_flags, 0);
}

Test(eval_fp_bf16, halves_go_by_fz16_alone)
{
    env.rt.fp = (FpMode){ .flush_zero = 1, .default_nan = 1, .alt_half = 1 };
    cr_expect_eq(widen(0x8001), 0xb3800000);
    cr_expect_eq(widen(0x7c00), INF);
    cr_expect_eq(widen(0x7d01), 0x7fa02000);
    env.rt.fp.flush_zero16 = 1;
    cr_expect_eq(widen(0x8001), 0x80000000);
    cr_expect_eq(widen(0x0400), 0x38800000);
    cr_expect_eq(env.rt.fp_flags, 0);
}

static uint16_t narrow(uint32_t v)
{
    V128 a = { .u32 = { v, ONE, ONE, ONE } }, d;

    env.rt.fp_flags = 0;
    eval_bfnarrow(&env, (EvalOp){ IR_bfnarrow, IR_F32, IR_VL_LANE, 0 }, &d, &a, NULL, NULL);
    cr_assert(d.u64[0] <= 0xffff && d.u64[1] == 0);
    return d.u16[0];
}

/* rounded: the upper half of v, or the next one, by what the lower half is. */
static uint16_t rounded(uint32_t v, unsigned round)
{
    uint32_t rest = v & 0xffff, top = v >> 16;
    bool up[] = {
        [IR_RN_EVEN] = rest > 0x8000 || (rest == 0x8000 && top & 1),
        [IR_RN_UP] = rest && !(v >> 31),
        [IR_RN_DOWN] = rest && v >> 31,
        [IR_RN_ZERO] = false,
    };

    return (uint16_t)(top + up[round]);
}

Test(eval_fp_bf16, narrowing_rounds_by_the_mode)
{
    static const uint16_t rests[] = { 0, 1, 0x7fff, 0x8000, 0x8001, 0xffff };

    for (unsigned round = IR_RN_EVEN; round <= IR_RN_ZERO; round++) {
        env.rt.fp = (FpMode){ .round = (uint8_t)round };
        for (uint32_t i = 0; i < 0x10000 * ARRAY_LEN(rests); i++) {
            uint32_t v = i / ARRAY_LEN(rests) << 16 | rests[i % ARRAY_LEN(rests)];
            uint32_t e = v & 0x7f800000, flags = v & 0xffff ? FP_INEXACT : 0;

            if (e == INF)
                continue;
            cr_assert_eq(narrow(v), rounded(v, round), "0x%x", v);
            flags |= flags && !e ? FP_UNDERFLOW : 0;
            flags |= (rounded(v, round) & 0x7fff) == 0x7f80 ? FP_OVERFLOW : 0;
            cr_assert_eq(env.rt.fp_flags, flags, "0x%x", v);
        }
    }
}

Test(eval_fp_bf16, narrowing_specials)
{
    cr_expect(narrow(INF) == 0x7f80 && env.rt.fp_flags == 0);
    cr_expect(narrow(0xffc12345) == 0xffc1 && env.rt.fp_flags == 0);
    cr_expect(narrow(0xff812345) == 0xffc1 && env.rt.fp_flags == FP_INVALID);
    cr_expect(narrow(0x7f800001) == 0x7fc0 && env.rt.fp_flags == FP_INVALID);
    env.rt.fp = (FpMode){ .default_nan = 1, .flush_zero16 = 1 };
    cr_expect(narrow(0xffc12345) == 0x7fc0 && env.rt.fp_flags == 0);
    cr_expect(narrow(0x807f0000) == 0x807f && env.rt.fp_flags == 0);
    env.rt.fp.flush_zero = 1;
    cr_expect(narrow(0x807f0000) == 0x8000 && env.rt.fp_flags == FP_DENORM_IN);
    cr_expect(narrow(0x00ffffff) == 0x0100 && env.rt.fp_flags == FP_INEXACT);
}

typedef struct {
    uint16_t a0, a1, b0, b1;
    uint32_t c, want;
} Dot;

// clang-format off
static const Dot dots[] = {
    { BF_ONE, 0x4000, 0x4000, 0x4040, ONE, 0x41100000 },            /* 1*2 + 2*3 + 1 */
    { BF_ONE, 0x3000, BF_ONE, BF_ONE, 0, 0x3f800001 },              /* to odd, not even */
    { BF_ONE, 0xb000, BF_ONE, BF_ONE, 0, 0x3f7fffff },
    { BF_ONE, 0, BF_ONE, 0, 0x30000000, 0x3f800001 },
    { BF_ONE, 0x3000, BF_ONE, BF_ONE, 0xbf800000, 0x34000000 },     /* rounded in between */
    { 0x7f7f, 0, 0x4000, 0, 0, INF },                               /* a product too large */
    { 0x7f7f, 0x7f7f, 0xbf80, 0xbf80, 0, 0xff800000 },              /* a sum */
    { 0x7f7f, 0, 0x4000, 0, 0xff7fffff, INF },                      /* infinity stays */
    { 0x7f7f, 0, BF_ONE, 0, 0x7b7fff80, 0x7f7fffff },               /* below 2^128: is cut */
    { 0x0080, 0, 0x3f00, 0, 0, 0 },                                 /* a tiny product */
    { 0x8080, 0, 0x3f00, 0, 0x80000000, 0 },
    { 0x8080, 0x8000, 0x3f00, BF_ONE, 0x80000000, 0x80000000 },
    { 0x0040, 0, 0x7f00, 0, ONE, ONE },                             /* a denormal operand */
    { BF_ONE, 0, 0, 0, 0x807fffff, 0 },                             /* and sum: -0 + 0 */
    { BF_ONE, BF_ONE, BF_ONE, 0xbf80, 0x80000000, 0 },              /* cancelled: +0 */
    { 0x7f80, 0, 0, 0, ONE, DEFAULT_NAN },
    { 0x7f80, 0xff80, BF_ONE, BF_ONE, ONE, DEFAULT_NAN },
    { 0x7f80, 0, BF_ONE, 0, 0xff800000, DEFAULT_NAN },
    { 0xff81, 0, BF_ONE, 0, ONE, DEFAULT_NAN },
    { 0, 0, 0, 0, 0xffc12345, DEFAULT_NAN },
};
// clang-format on

Test(eval_fp_bf16, dot_product_has_its_own_rules)
{
    for (unsigned i = 0; i < 4 * ARRAY_LEN(dots); i++) {
        const Dot *t = &dots[i / 4];
        V128 a = { .u16 = { 0, 0, t->a0, t->a1 } }, b = { .u16 = { 0, 0, t->b0, t->b1 } };
        V128 c = { .u32 = { 0, t->c } }, d;

        env.rt.fp = (FpMode){ .round = (uint8_t)(i % 4) };
        eval_bfdot(&env, (EvalOp){ IR_bfdot, IR_F32, IR_VL_64, 0 }, &d, &a, &b, &c);
        cr_expect_eq(d.u32[1], t->want, "row %u: 0x%x", i / 4, d.u32[1]);
        cr_expect(d.u32[0] == 0 && d.u64[1] == 0);
        cr_expect_eq(env.rt.fp_flags, 0);
    }
}
