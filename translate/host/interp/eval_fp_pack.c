/* SPDX-License-Identifier: MIT */
/*
 * Taking floating point values apart, rounding and putting them together, and the NaN rules.
 */
#include "translate/host/interp/eval_fp.h"

FpNanRule eval_fp_nan_rule = FP_NAN_ARM;

const FpFormat fp_f16 = { 16, 5, 10 }, fp_f32 = { 32, 8, 23 }, fp_f64 = { 64, 11, 52 };

const FpFormat *fp_format(IrType t)
{
    return t == IR_F64 ? &fp_f64 : t == IR_F32 ? &fp_f32 : &fp_f16;
}

FpCtx fp_ctx(const Env *env, const FpFormat *f, unsigned round)
{
    const FpMode *m = &env->rt.fp;

    return (FpCtx){
        .f = f,
        .mode = *m,
        .round = round == IR_RN_CUR ? m->round : round,
        .riscv = eval_fp_nan_rule == FP_NAN_RISCV,
    };
}

void fp_done(Env *env, const FpCtx *x)
{
    env->rt.fp_flags |= x->flags;
}

/* ---- constants of a format ---- */

static unsigned exp_max(const FpFormat *f)
{
    return (1u << f->exp_bits) - 1;
}

static int bias(const FpFormat *f)
{
    return (int)(exp_max(f) >> 1);
}

uint64_t fp_zero(const FpFormat *f, bool sign)
{
    return (uint64_t)sign << (f->bits - 1);
}

uint64_t fp_inf(const FpFormat *f, bool sign)
{
    return fp_zero(f, sign) | (uint64_t)exp_max(f) << f->frac_bits;
}

uint64_t fp_max_normal(const FpFormat *f, bool sign)
{
    return fp_inf(f, sign) - 1;
}

uint64_t fp_default_nan(const FpFormat *f)
{
    return fp_inf(f, false) | 1ull << (f->frac_bits - 1);
}

uint64_t fp_invalid(FpCtx *x)
{
    x->flags |= FP_INVALID;
    return fp_default_nan(x->f);
}

/* ---- unpacking ---- */

/*
 * unpack: flush says that denormals are zero, alt_half that the top exponent is an ordinary one.
 * Flushed f16 operands do not raise FP_DENORM_IN (FPUnpackBase).
 */
static FpNum unpack(FpCtx *x, const FpFormat *f, uint64_t v, bool flush, bool alt_half)
{
    unsigned e = v >> f->frac_bits & exp_max(f);
    uint64_t frac = v & ((1ull << f->frac_bits) - 1);
    FpNum n = { .sign = v >> (f->bits - 1) & 1, .raw = v };

    if (e == exp_max(f) && !alt_half) {
        bool quiet = frac >> (f->frac_bits - 1);

        n.cls = frac == 0 ? FPC_INF : quiet ? FPC_QNAN : FPC_SNAN;
    } else if (e) {
        n.cls = FPC_FINITE;
        n.exp = (int)e - bias(f);
        n.sig = 1ull << 63 | frac << (63 - f->frac_bits);
    } else if (frac == 0) {
        n.cls = FPC_ZERO;
    } else if (flush) {
        n.cls = FPC_ZERO;
        x->flags |= f->bits == 16 ? 0 : FP_DENORM_IN;
    } else {
        int lead = __builtin_clzll(frac);

        n.cls = FPC_FINITE;
        n.exp = 1 - bias(f) - (lead - (63 - f->frac_bits));
        n.sig = frac << lead;
    }
    return n;
}

FpNum fp_unpack(FpCtx *x, uint64_t v)
{
    bool flush = x->f->bits == 16 ? x->mode.flush_zero16 : x->mode.flush_zero;

    return unpack(x, x->f, v, flush, false);
}

FpNum fp_unpack_cv(FpCtx *x, const FpFormat *f, uint64_t v)
{
    return unpack(x, f, v, f->bits != 16 && x->mode.flush_zero,
                  f->bits == 16 && x->mode.alt_half);
}

/* ---- rounding ---- */

bool fp_round_up(unsigned round, bool sign, bool odd, uint64_t rest, uint64_t half)
{
    switch (round) {
    case IR_RN_EVEN: return rest > half || (rest == half && odd);
    case IR_RN_AWAY: return rest >= half;
    case IR_RN_UP: return rest != 0 && !sign;
    case IR_RN_DOWN: return rest != 0 && sign;
    default: return false;
    }
}

/* overflow: infinity or the largest number, as the rounding mode directs. */
static uint64_t overflow(FpCtx *x, bool sign)
{
    bool to_inf = x->round == IR_RN_EVEN || x->round == IR_RN_AWAY ||
                  (x->round == IR_RN_UP && !sign) || (x->round == IR_RN_DOWN && sign);

    x->flags |= FP_OVERFLOW | FP_INEXACT;
    return to_inf ? fp_inf(x->f, sign) : fp_max_normal(x->f, sign);
}

/* overflow_alt: alternative half precision has no infinity; all ones, and invalid alone. */
static uint64_t overflow_alt(FpCtx *x, bool sign)
{
    x->flags |= FP_INVALID;
    return fp_zero(x->f, sign) | 0x7fff;
}

static uint64_t shift_right_jam(uint64_t v, unsigned n)
{
    return n == 0 ? v : n < 64 ? v >> n | (v << (64 - n) != 0) : v != 0;
}

/* rounds_to_normal: a number one binade below the least exponent reaches it when rounded. */
static bool rounds_to_normal(const FpCtx *x, bool sign, uint64_t sig)
{
    unsigned drop = 63 - x->f->frac_bits;
    uint64_t rest = sig & ((1ull << drop) - 1), mant = sig >> drop;

    return mant == (2ull << x->f->frac_bits) - 1 &&
           fp_round_up(x->round, sign, mant & 1, rest, 1ull << (drop - 1));
}

/*
 * round_pack: FPRoundBase. A result below the least normal number (tiny) is zero in flush mode,
 * else loses bits; in both cases before rounding is considered.
 */
static uint64_t round_pack(FpCtx *x, bool sign, int exp, uint64_t sig, bool flush,
                           bool alt)
{
    const FpFormat *f = x->f;
    unsigned drop = 63 - f->frac_bits;
    int lead = __builtin_clzll(sig), e_min = 1 - bias(f);

    sig <<= lead;
    exp -= lead;

    bool tiny = exp < e_min;

    if (tiny && flush) {
        x->flags |= FP_UNDERFLOW;
        return fp_zero(f, sign);
    }
    if (exp > bias(f) + alt) {
        return alt ? overflow_alt(x, sign) : overflow(x, sign);
    }
    if (tiny && x->riscv && exp == e_min - 1 && rounds_to_normal(x, sign, sig)) {
        tiny = false;
    }
    if (exp < e_min) {
        sig = shift_right_jam(sig, (unsigned)(e_min - exp));
        exp = e_min;
    }

    uint64_t rest = sig & ((1ull << drop) - 1), mant = sig >> drop;
    bool up = fp_round_up(x->round, sign, mant & 1, rest, 1ull << (drop - 1));

    mant += up;
    mant |= x->round == FP_ROUND_ODD && rest;

    /* mant's implicit bit, if there, adds 1 to the exponent field; so does a carry out of it */
    uint64_t mag = ((uint64_t)(exp - e_min) << f->frac_bits) + mant;

    if (!alt && mag >= fp_inf(f, false)) {
        return overflow(x, sign);
    }
    if (mag >> (f->bits - 1)) {
        return overflow_alt(x, sign);
    }
    x->flags |= (rest ? FP_INEXACT : 0) | (rest && tiny ? FP_UNDERFLOW : 0);
    return fp_zero(f, sign) | mag;
}

uint64_t fp_round(FpCtx *x, bool sign, int exp, uint64_t sig)
{
    bool flush = x->f->bits == 16 ? x->mode.flush_zero16 : x->mode.flush_zero;

    return round_pack(x, sign, exp, sig, flush, false);
}

uint64_t fp_round_cv(FpCtx *x, bool sign, int exp, uint64_t sig)
{
    bool half = x->f->bits == 16;

    return round_pack(x, sign, exp, sig, !half && x->mode.flush_zero,
                      half && x->mode.alt_half);
}

/* ---- NaN rules ---- */

bool fp_is_nan(const FpNum *n)
{
    return n->cls >= FPC_QNAN;
}

/* fp_nan1: FPProcessNaN: the operand made quiet, or the default NaN. */
uint64_t fp_nan1(FpCtx *x, const FpNum *a)
{
    x->flags |= a->cls == FPC_SNAN ? FP_INVALID : 0;
    if (x->mode.default_nan || x->riscv) {
        return fp_default_nan(x->f);
    }
    return a->raw | 1ull << (x->f->frac_bits - 1);
}

/* fp_nan2: FPProcessNaNs: the first signalling one, else the first quiet one. */
uint64_t fp_nan2(FpCtx *x, const FpNum *a, const FpNum *b)
{
    if (a->cls == FPC_SNAN || (b->cls != FPC_SNAN && a->cls == FPC_QNAN)) {
        return fp_nan1(x, a);
    }
    return fp_nan1(x, b);
}
