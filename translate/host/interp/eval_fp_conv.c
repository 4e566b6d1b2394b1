/* SPDX-License-Identifier: MIT */
/*
 * Conversions between floating point formats, to integral values, and from and to integers.
 */
#include "translate/host/interp/eval_fp.h"

/* convert_nan: FPConvertNaN: the fraction's high bits, made quiet. Alternative half has none. */
static uint64_t convert_nan(FpCtx *x, const FpFormat *from, const FpNum *n)
{
    bool alt = x->f->bits == 16 && x->mode.alt_half;
    uint64_t quiet = 1ull << (x->f->frac_bits - 1);
    uint64_t frac = n->raw << (64 - from->frac_bits);

    if (n->cls == FPC_SNAN || alt) {
        x->flags |= FP_INVALID;
    }
    if (alt) {
        return fp_zero(x->f, n->sign);
    }
    if (x->mode.default_nan || x->riscv) {
        return fp_default_nan(x->f);
    }
    return fp_inf(x->f, n->sign) | frac >> (64 - x->f->frac_bits) | quiet;
}

uint64_t fp_convert(FpCtx *x, const FpFormat *from, uint64_t v)
{
    FpNum n = fp_unpack_cv(x, from, v);

    switch (n.cls) {
    case FPC_ZERO: return fp_zero(x->f, n.sign);
    case FPC_FINITE: return fp_round_cv(x, n.sign, n.exp, n.sig);
    case FPC_INF:
        if (x->f->bits == 16 && x->mode.alt_half) {
            x->flags |= FP_INVALID;
            return fp_zero(x->f, n.sign) | 0x7fff;
        }
        return fp_inf(x->f, n.sign);
    default: return convert_nan(x, from, &n);
    }
}

/*
 * integral: magnitude of n * 2^fbits rounded to an integer, which must be below 2^64; *inexact
 * says that it differs.
 */
static uint64_t integral(unsigned round, const FpNum *n, int exp, bool *inexact)
{
    if (exp == 63) {
        *inexact = false;
        return n->sig;
    }
    if (exp < -1) { /* below one half: only that it is there matters */
        *inexact = true;
        return fp_round_up(round, n->sign, false, 1, 2);
    }

    /* integer part in the upper 64 bits, fraction in the lower */
    Uint128 fixed = (Uint128)n->sig << (exp + 1);
    uint64_t whole = (uint64_t)(fixed >> 64), rest = (uint64_t)fixed;

    *inexact = rest != 0;
    return whole + fp_round_up(round, n->sign, whole & 1, rest, 1ull << 63);
}

uint64_t fp_to_integral(FpCtx *x, uint64_t a, bool exact)
{
    FpNum n = fp_unpack(x, a);
    bool inexact;

    if (fp_is_nan(&n)) {
        return fp_nan1(x, &n);
    }
    if (n.cls == FPC_ZERO) {
        return fp_zero(x->f, n.sign);
    }
    if (n.cls == FPC_INF || n.exp >= x->f->frac_bits) {
        return a;
    }

    uint64_t mag = integral(x->round, &n, n.exp, &inexact);

    x->flags |= exact && inexact ? FP_INEXACT : 0;
    return mag ? fp_round(x, n.sign, 63, mag) : fp_zero(x->f, n.sign);
}

/* int_range: limits of an integer, as magnitudes below and above zero. */
static uint64_t int_limit(unsigned width, bool is_signed, bool negative)
{
    uint64_t top = 1ull << (width - 1);

    if (is_signed) {
        return negative ? top : top - 1;
    }
    return negative ? 0 : top | (top - 1);
}

uint64_t fp_to_int(FpCtx *x, uint64_t a, unsigned fbits, unsigned width, bool is_signed)
{
    FpNum n = fp_unpack(x, a);
    uint64_t limit = int_limit(width, is_signed, n.sign), mag = 0;
    bool inexact = false, invalid = fp_is_nan(&n);

    if (n.cls == FPC_INF || (n.cls == FPC_FINITE && n.exp + (int)fbits > 63)) {
        invalid = true;
        mag = limit;
    } else if (n.cls == FPC_FINITE) {
        mag = integral(x->round, &n, n.exp + (int)fbits, &inexact);
        if (mag > limit) {
            invalid = true;
            mag = limit;
        }
    }
    x->flags |= invalid ? FP_INVALID : inexact ? FP_INEXACT : 0;
    if (x->riscv && fp_is_nan(&n)) {
        return int_limit(width, is_signed, false);
    }
    return bits(n.sign ? -mag : mag, 0, width);
}

uint64_t fp_to_integral_of(FpCtx *x, uint64_t a, unsigned width)
{
    FpNum n = fp_unpack(x, a);
    bool inexact = false, fits = n.cls == FPC_FINITE && n.exp <= 63;
    uint64_t mag = fits ? integral(x->round, &n, n.exp, &inexact) : 0;

    if (n.cls == FPC_ZERO) {
        return fp_zero(x->f, n.sign);
    }
    if (!fits || mag > int_limit(width, true, n.sign)) {
        x->flags |= FP_INVALID;
        return fp_round(x, true, (int)width - 1, 1ull << 63);
    }
    x->flags |= inexact ? FP_INEXACT : 0;
    return mag ? fp_round(x, n.sign, 63, mag) : fp_zero(x->f, n.sign);
}

/* Arm's FPToFixedJS. Beyond 2^84 a double is a multiple of 2^32. */
uint32_t fp_to_js(FpCtx *x, uint64_t a, bool *exact)
{
    FpNum n = fp_unpack(x, a);
    bool inexact = false, invalid = fp_is_nan(&n) || n.cls == FPC_INF;
    uint64_t mag = 0;

    if (n.cls == FPC_FINITE && n.exp > 63) {
        invalid = true;
        mag = n.exp < 63 + 32 ? n.sig << (n.exp - 63) : 0;
    } else if (n.cls == FPC_FINITE) {
        mag = integral(IR_RN_ZERO, &n, n.exp, &inexact);
        invalid = mag > int_limit(32, true, n.sign);
    }
    x->flags |= invalid ? FP_INVALID : inexact ? FP_INEXACT : 0;
    *exact = !invalid && !inexact && a != fp_zero(x->f, true) && (mag || !(a << 1));
    return (uint32_t)(n.sign ? -mag : mag);
}

uint64_t fp_from_int(FpCtx *x, uint64_t v, unsigned fbits, bool is_signed)
{
    bool sign = is_signed && v >> 63;

    if (v == 0) {
        return fp_zero(x->f, false);
    }
    return fp_round(x, sign, 63 - (int)fbits, sign ? -v : v);
}
