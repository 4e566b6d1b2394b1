/* SPDX-License-Identifier: MIT */
/*
 * Reciprocal and reciprocal square root estimates: 8-bit tables of the Arm architecture, which
 * the manual defines by integer algorithms (RecipEstimate, RecipSqrtEstimate).
 */
#include "translate/host/interp/eval_fp.h"

/* recip_estimate: a of 256 to 511 stands for 0.5 to 1; the result for 1 to 2. */
static unsigned recip_estimate(unsigned a)
{
    unsigned middle = a * 2 + 1, b = (1u << 19) / middle;

    return (b + 1) / 2;
}

/* rsqrt_estimate: a of 128 to 511 stands for 0.25 to 1; the result, 256 to 511, for 1 to 2. */
static unsigned rsqrt_estimate(unsigned a)
{
    unsigned middle = a < 256 ? a * 2 + 1 : ((a & ~1u) + 1) * 2, b = 512;

    while (middle * (b + 1) * (b + 1) < 1u << 28) {
        b++;
    }
    return (b + 1) / 2;
}

uint32_t fp_urecpe(uint32_t a)
{
    return a >> 31 ? recip_estimate(a >> 23) << 23 : 0xffffffffu;
}

uint32_t fp_ursqrte(uint32_t a)
{
    return a >> 30 ? rsqrt_estimate(a >> 23) << 23 : 0xffffffffu;
}

/* exp_of_inf: the highest exponent field. */
static int exp_of_inf(const FpFormat *f)
{
    return (1 << f->exp_bits) - 1;
}

/* pack_estimate: exponent field exp, which may be 0 or -1: a denormal, and the estimate's bits. */
static uint64_t pack_estimate(const FpFormat *f, bool sign, int exp, unsigned estimate)
{
    uint64_t mant = (uint64_t)estimate << (f->frac_bits - 8); /* bit frac_bits is set */

    if (exp <= 0) {
        return fp_zero(f, sign) | mant >> (1 - exp);
    }
    return fp_zero(f, sign) | ((((uint64_t)exp - 1) << f->frac_bits) + mant);
}

/* recpe_overflow: the reciprocal of a tiny denormal. */
static uint64_t recpe_overflow(FpCtx *x, bool sign)
{
    bool to_inf = x->round == IR_RN_EVEN || (x->round == IR_RN_UP && !sign) ||
                  (x->round == IR_RN_DOWN && sign);

    x->flags |= FP_OVERFLOW | FP_INEXACT;
    return to_inf ? fp_inf(x->f, sign) : fp_max_normal(x->f, sign);
}

uint64_t fp_recpe(FpCtx *x, uint64_t a)
{
    FpNum n = fp_unpack(x, a);
    int bias = exp_of_inf(x->f) / 2;
    bool flush = x->f->bits == 16 ? x->mode.flush_zero16 : x->mode.flush_zero;

    if (fp_is_nan(&n)) {
        return fp_nan1(x, &n);
    }
    if (n.cls == FPC_INF) {
        return fp_zero(x->f, n.sign);
    }
    if (n.cls == FPC_ZERO) {
        x->flags |= FP_DIVZERO;
        return fp_inf(x->f, n.sign);
    }
    if (n.exp < -bias - 1) {
        return recpe_overflow(x, n.sign);
    }
    if (flush && n.exp >= bias - 1) {
        x->flags |= FP_UNDERFLOW;
        return fp_zero(x->f, n.sign);
    }
    /* 1 / (1.x * 2^e) is between 2^(-e - 1) and 2^-e */
    return pack_estimate(x->f, n.sign, bias - 1 - n.exp, recip_estimate(n.sig >> 55));
}

uint64_t fp_rsqrte(FpCtx *x, uint64_t a)
{
    FpNum n = fp_unpack(x, a);
    int bias = exp_of_inf(x->f) / 2;

    if (fp_is_nan(&n)) {
        return fp_nan1(x, &n);
    }
    if (n.cls == FPC_ZERO) {
        x->flags |= FP_DIVZERO;
        return fp_inf(x->f, n.sign);
    }
    if (n.sign) {
        return fp_invalid(x);
    }
    if (n.cls == FPC_INF) {
        return fp_zero(x->f, false);
    }

    /* the operand is s * 2^(2k), s from 1/4 up to 1; its estimate is (1 to 2) * 2^-k */
    bool odd = n.exp & 1;
    int k = (n.exp + (odd ? 1 : 2)) / 2;

    return pack_estimate(x->f, false, bias - k, rsqrt_estimate(n.sig >> (odd ? 55 : 56)));
}

uint64_t fp_recpx(FpCtx *x, uint64_t a)
{
    const FpFormat *f = x->f;
    FpNum n = fp_unpack(x, a);
    uint64_t exp_mask = fp_inf(f, false), exp = a & exp_mask;

    if (fp_is_nan(&n)) {
        return fp_nan1(x, &n);
    }
    /* zeros and denormals: the largest finite exponent */
    exp = exp ? ~exp & exp_mask : exp_mask - (1ull << f->frac_bits);
    return fp_zero(f, n.sign) | exp;
}
