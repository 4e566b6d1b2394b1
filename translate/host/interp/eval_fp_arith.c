/* SPDX-License-Identifier: MIT */
/*
 * Floating point arithmetic and comparison on unpacked numbers.
 *
 * Sums are formed of 128-bit significands, so that one routine serves addition and fused
 * multiply-add: a product of two 53-bit significands is exact there, with room below it.
 */
#include "translate/host/interp/eval_fp.h"

/* (-1)^sign * sig * 2^(exp - 126); sig is 0 or has its top bit at 126 or 125. */
typedef struct {
    bool sign;
    int exp;
    Uint128 sig;
} Wide;

static Wide widen(const FpNum *n)
{
    return (Wide){ n->sign, n->exp, n->cls == FPC_ZERO ? 0 : (Uint128)n->sig << 63 };
}

/* round_wide: the value in the format; not zero. */
static uint64_t round_wide(FpCtx *x, Wide w)
{
    uint64_t hi = (uint64_t)(w.sig >> 64);
    int lead = hi ? __builtin_clzll(hi) : 64 + __builtin_clzll((uint64_t)w.sig);

    w.sig <<= lead;
    return fp_round(x, w.sign, w.exp + 1 - lead,
                    (uint64_t)(w.sig >> 64) | ((uint64_t)w.sig != 0));
}

/* align: w's significand at the larger exponent exp; bits shifted out stay as a sticky one. */
static Uint128 align(const Wide *w, int exp)
{
    unsigned n = (unsigned)(exp - w->exp);

    if (n >= 128) {
        return w->sig != 0;
    }
    return n ? w->sig >> n | (w->sig << (128 - n) != 0) : w->sig;
}

/* add_wide: a + b rounded once. An exact zero is -0 only when rounding down, or of -0s. */
static uint64_t add_wide(FpCtx *x, Wide a, Wide b)
{
    if (a.sig == 0 && b.sig == 0) {
        return fp_zero(x->f, a.sign == b.sign ? a.sign : x->round == IR_RN_DOWN);
    }
    if (a.sig == 0 || b.sig == 0) {
        return round_wide(x, a.sig ? a : b);
    }

    int exp = a.exp > b.exp ? a.exp : b.exp;
    Uint128 p = align(&a, exp), q = align(&b, exp);
    Wide r = { a.sign, exp, p + q };

    if (a.sign != b.sign) {
        r.sign = p >= q ? a.sign : b.sign;
        r.sig = p >= q ? p - q : q - p;
    }
    return r.sig ? round_wide(x, r) : fp_zero(x->f, x->round == IR_RN_DOWN);
}

static uint64_t add_nums(FpCtx *x, const FpNum *a, const FpNum *b)
{
    if (fp_is_nan(a) || fp_is_nan(b)) {
        return fp_nan2(x, a, b);
    }
    if (a->cls == FPC_INF || b->cls == FPC_INF) {
        if (a->cls == b->cls && a->sign != b->sign) {
            return fp_invalid(x);
        }
        return fp_inf(x->f, a->cls == FPC_INF ? a->sign : b->sign);
    }
    return add_wide(x, widen(a), widen(b));
}

uint64_t fp_add(FpCtx *x, uint64_t a, uint64_t b)
{
    FpNum na = fp_unpack(x, a), nb = fp_unpack(x, b);

    return add_nums(x, &na, &nb);
}

uint64_t fp_sub(FpCtx *x, uint64_t a, uint64_t b)
{
    FpNum na = fp_unpack(x, a), nb = fp_unpack(x, b);

    /* the sign of a NaN operand is not changed */
    nb.sign = !nb.sign;
    return add_nums(x, &na, &nb);
}

/* zero_by_inf: one is zero and the other infinite. */
static bool zero_by_inf(const FpNum *a, const FpNum *b)
{
    return (a->cls == FPC_ZERO && b->cls == FPC_INF) ||
           (a->cls == FPC_INF && b->cls == FPC_ZERO);
}

/* product: of numbers that are finite or zero. */
static Wide product(const FpNum *a, const FpNum *b)
{
    bool sign = a->sign != b->sign;

    if (a->cls == FPC_ZERO || b->cls == FPC_ZERO) {
        return (Wide){ .sign = sign };
    }
    /* 22 bits below the product of f64 significands are zero: nothing is lost by the shift */
    return (Wide){ sign, a->exp + b->exp + 1, (Uint128)a->sig * b->sig >> 1 };
}

static uint64_t mul(FpCtx *x, uint64_t a, uint64_t b, bool extended)
{
    FpNum na = fp_unpack(x, a), nb = fp_unpack(x, b);
    bool sign = na.sign != nb.sign;

    if (fp_is_nan(&na) || fp_is_nan(&nb)) {
        return fp_nan2(x, &na, &nb);
    }
    if (zero_by_inf(&na, &nb)) {
        return extended ? fp_round(x, sign, 1, 1ull << 63) : fp_invalid(x);
    }
    if (na.cls == FPC_INF || nb.cls == FPC_INF) {
        return fp_inf(x->f, sign);
    }

    Wide p = product(&na, &nb);

    return p.sig ? round_wide(x, p) : fp_zero(x->f, sign);
}

uint64_t fp_mul(FpCtx *x, uint64_t a, uint64_t b)
{
    return mul(x, a, b, false);
}

uint64_t fp_mulx(FpCtx *x, uint64_t a, uint64_t b)
{
    return mul(x, a, b, true);
}

uint64_t fp_div(FpCtx *x, uint64_t a, uint64_t b)
{
    FpNum na = fp_unpack(x, a), nb = fp_unpack(x, b);
    bool sign = na.sign != nb.sign;

    if (fp_is_nan(&na) || fp_is_nan(&nb)) {
        return fp_nan2(x, &na, &nb);
    }
    if (na.cls == nb.cls && na.cls != FPC_FINITE) {
        return fp_invalid(x);
    }
    if (na.cls == FPC_INF || nb.cls == FPC_ZERO) {
        x->flags |= na.cls == FPC_INF ? 0 : FP_DIVZERO;
        return fp_inf(x->f, sign);
    }
    if (na.cls == FPC_ZERO || nb.cls == FPC_INF) {
        return fp_zero(x->f, sign);
    }

    /* the quotient of two significands is between 1/2 and 2, so q has 62 or 63 bits */
    Uint128 num = (Uint128)na.sig << 62;
    uint64_t q = (uint64_t)(num / nb.sig);

    return fp_round(x, sign, na.exp - nb.exp + 1, q | (num % nb.sig != 0));
}

/* sqrt_sig: square root of n (top bit 125 or 124), with a sticky lowest bit: 63 bits. */
static uint64_t sqrt_sig(Uint128 n)
{
    Uint128 rest = n;
    uint64_t root = 0;

    for (uint64_t bit = 1ull << 62; bit; bit >>= 1) {
        Uint128 step = (Uint128)(2 * root + bit) * bit; /* (root + bit)^2 - root^2 */

        if (step <= rest) {
            rest -= step;
            root += bit;
        }
    }
    return root | (rest != 0);
}

uint64_t fp_sqrt(FpCtx *x, uint64_t a)
{
    FpNum n = fp_unpack(x, a);

    if (fp_is_nan(&n)) {
        return fp_nan1(x, &n);
    }
    if (n.cls == FPC_ZERO) {
        return fp_zero(x->f, n.sign);
    }
    if (n.sign) {
        return fp_invalid(x);
    }
    if (n.cls == FPC_INF) {
        return fp_inf(x->f, false);
    }

    /* sig is 2^63 times 1.x; an odd exponent takes one factor of 2 into the root */
    Uint128 sig = (Uint128)n.sig << (n.exp & 1 ? 62 : 61);
    int half = (n.exp - (n.exp & 1)) / 2;

    return fp_round(x, false, half + 1, sqrt_sig(sig));
}

/*
 * fma_nums: (c + a * b) * 2^scale. As the manual's FPMulAdd: zero times infinity is invalid and
 * the default NaN even beside a quiet c.
 */
static uint64_t fma_nums(FpCtx *x, const FpNum *a, const FpNum *b, const FpNum *c,
                         int scale)
{
    bool sign = a->sign != b->sign;

    if (zero_by_inf(a, b) && c->cls != FPC_SNAN) {
        return fp_invalid(x);
    }
    if (fp_is_nan(a) || fp_is_nan(b) || fp_is_nan(c)) {
        bool ab_first = a->cls == FPC_SNAN || b->cls == FPC_SNAN || !fp_is_nan(c);

        return c->cls == FPC_SNAN || !ab_first ? fp_nan1(x, c) : fp_nan2(x, a, b);
    }
    if (a->cls == FPC_INF || b->cls == FPC_INF) {
        if (c->cls == FPC_INF && c->sign != sign) {
            return fp_invalid(x);
        }
        return fp_inf(x->f, sign);
    }
    if (c->cls == FPC_INF) {
        return fp_inf(x->f, c->sign);
    }

    Wide p = product(a, b), s = widen(c);

    p.exp += scale;
    s.exp += scale;
    return add_wide(x, s, p);
}

uint64_t fp_fma(FpCtx *x, uint64_t a, uint64_t b, uint64_t c)
{
    FpNum na = fp_unpack(x, a), nb = fp_unpack(x, b), nc = fp_unpack(x, c);

    return fma_nums(x, &na, &nb, &nc, 0);
}

/* step: (k - a * b) * 2^scale, k itself (scaled) for zero times infinity. */
static uint64_t step(FpCtx *x, uint64_t a, uint64_t b, FpNum k, int scale)
{
    FpNum na = fp_unpack(x, a ^ fp_zero(x->f, true)), nb = fp_unpack(x, b);

    if (zero_by_inf(&na, &nb)) {
        return fp_round(x, false, k.exp + scale, k.sig);
    }
    return fma_nums(x, &na, &nb, &k, scale);
}

uint64_t fp_recps(FpCtx *x, uint64_t a, uint64_t b)
{
    return step(x, a, b, (FpNum){ .cls = FPC_FINITE, .exp = 1, .sig = 1ull << 63 }, 0);
}

uint64_t fp_rsqrts(FpCtx *x, uint64_t a, uint64_t b)
{
    return step(x, a, b, (FpNum){ .cls = FPC_FINITE, .exp = 1, .sig = 3ull << 62 }, -1);
}

/* ---- comparison ---- */

/* magnitude_order: of numbers without regard to sign; the classes are in order of size. */
static int magnitude_order(const FpNum *a, const FpNum *b)
{
    if (a->cls != b->cls || a->cls != FPC_FINITE) {
        return (a->cls > b->cls) - (a->cls < b->cls);
    }
    if (a->exp != b->exp) {
        return a->exp > b->exp ? 1 : -1;
    }
    return (a->sig > b->sig) - (a->sig < b->sig);
}

/* order: -1, 0, 1 as a is less than, equal to, greater than b; no NaNs; +0 equals -0. */
static int order(const FpNum *a, const FpNum *b)
{
    if (a->cls == FPC_ZERO && b->cls == FPC_ZERO) {
        return 0;
    }
    if (a->sign != b->sign) {
        return a->sign ? -1 : 1;
    }
    return a->sign ? -magnitude_order(a, b) : magnitude_order(a, b);
}

FpOrder fp_compare(FpCtx *x, uint64_t a, uint64_t b, bool signaling)
{
    FpNum na = fp_unpack(x, a), nb = fp_unpack(x, b);

    if (fp_is_nan(&na) || fp_is_nan(&nb)) {
        if (signaling || na.cls == FPC_SNAN || nb.cls == FPC_SNAN) {
            x->flags |= FP_INVALID;
        }
        return FP_UNORDERED;
    }
    return (FpOrder)(order(&na, &nb) + FP_EQUAL);
}

/* select: the larger (want = 1) or smaller (want = -1) number, zeros by their sign. */
static uint64_t select(FpCtx *x, const FpNum *a, const FpNum *b, int want)
{
    int o = order(a, b);

    if (o == 0 && a->cls == FPC_ZERO) {
        return fp_zero(x->f, want > 0 ? a->sign && b->sign : a->sign || b->sign);
    }

    const FpNum *n = o == want ? a : b;

    return n->cls == FPC_ZERO ? fp_zero(x->f, n->sign) : n->raw;
}

static uint64_t max_min(FpCtx *x, uint64_t a, uint64_t b, int want)
{
    FpNum na = fp_unpack(x, a), nb = fp_unpack(x, b);

    if (fp_is_nan(&na) || fp_is_nan(&nb)) {
        return fp_nan2(x, &na, &nb);
    }
    return select(x, &na, &nb, want);
}

/* loses: a NaN that gives way to the other operand in maxnm and minnm. */
static bool loses(const FpCtx *x, const FpNum *n, const FpNum *other)
{
    if (x->riscv) {
        return fp_is_nan(n) && !fp_is_nan(other);
    }
    return n->cls == FPC_QNAN && other->cls != FPC_QNAN;
}

/*
 * max_min_nm: FPMaxNum replaces a lone quiet NaN by the infinity that loses. So a signalling NaN
 * beside it still wins, and a flushed operand comes out as zero.
 */
static uint64_t max_min_nm(FpCtx *x, uint64_t a, uint64_t b, int want)
{
    FpNum na = fp_unpack(x, a), nb = fp_unpack(x, b);
    uint64_t loser = fp_inf(x->f, want > 0);

    if (na.cls == FPC_SNAN || nb.cls == FPC_SNAN) {
        x->flags |= FP_INVALID;
    }
    if (loses(x, &na, &nb)) {
        a = loser;
    } else if (loses(x, &nb, &na)) {
        b = loser;
    }
    return max_min(x, a, b, want);
}

uint64_t fp_max(FpCtx *x, uint64_t a, uint64_t b)
{
    return max_min(x, a, b, 1);
}

uint64_t fp_min(FpCtx *x, uint64_t a, uint64_t b)
{
    return max_min(x, a, b, -1);
}

uint64_t fp_maxnm(FpCtx *x, uint64_t a, uint64_t b)
{
    return max_min_nm(x, a, b, 1);
}

uint64_t fp_minnm(FpCtx *x, uint64_t a, uint64_t b)
{
    return max_min_nm(x, a, b, -1);
}
