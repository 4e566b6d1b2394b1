/* SPDX-License-Identifier: MIT */
/*
 * vec_fp.c: vector floating point, by the exact functions of eval_fp.h. The host's FPU and its
 * flags are not touched; v->fp has the guest's modes and collects its flags.
 */
#include "translate/guest/riscv64/vec_each.h"

static const FpFormat fp_bf16 = { 16, 8, 7 };

static const FpFormat *format(unsigned size)
{
    static const FpFormat *const of[] = { NULL, &fp_f16, &fp_f32, &fp_f64 };

    return of[size];
}

/* minus: with the other sign. */
static uint64_t minus(const FpCtx *x, uint64_t a)
{
    return a ^ fp_zero(x->f, true);
}

/* operands: b's element, or the scalar. */
static inline uint64_t get_b(const Vec *v, uint64_t i)
{
    return v->op->b == B_V ? vec_get(v->b, v->sew, i) : v->x;
}

/* ---- operations on elements of SEW: expr of a, b and the old d ---- */

// clang-format off
#define FP_SAME(name, expr) \
    static void name(Vec *v) \
    { \
        unsigned sew = v->sew; \
        FpCtx *x = &v->fp; \
        VEC_EACH(v, i) { \
            UNUSED uint64_t d = vec_get(v->d, sew, i), a = vec_get(v->a, sew, i), b = get_b(v, i); \
            vec_set(v->d, sew, i, expr); \
        } \
    } \
    VEC_ALL(name)

FP_SAME(vfadd,  fp_add(x, a, b))
FP_SAME(vfsub,  fp_sub(x, a, b))
FP_SAME(vfrsub, fp_sub(x, b, a))
FP_SAME(vfmul,  fp_mul(x, a, b))
FP_SAME(vfdiv,  fp_div(x, a, b))
FP_SAME(vfrdiv, fp_div(x, b, a))
FP_SAME(vfmin,  fp_minnm(x, a, b))
FP_SAME(vfmax,  fp_maxnm(x, a, b))

FP_SAME(vfmacc,  fp_fma(x, b, a, d))
FP_SAME(vfnmacc, fp_fma(x, minus(x, b), a, minus(x, d)))
FP_SAME(vfmsac,  fp_fma(x, b, a, minus(x, d)))
FP_SAME(vfnmsac, fp_fma(x, minus(x, b), a, d))
FP_SAME(vfmadd,  fp_fma(x, b, d, a))
FP_SAME(vfnmadd, fp_fma(x, minus(x, b), d, minus(x, a)))
FP_SAME(vfmsub,  fp_fma(x, b, d, minus(x, a)))
FP_SAME(vfnmsub, fp_fma(x, minus(x, b), d, a))

FP_SAME(vfsgnj,  (a & ~fp_zero(x->f, true)) | (b & fp_zero(x->f, true)))
FP_SAME(vfsgnjn, (a & ~fp_zero(x->f, true)) | (~b & fp_zero(x->f, true)))
FP_SAME(vfsgnjx, a ^ (b & fp_zero(x->f, true)))

/* ---- one operand ---- */

#define FP_ONE(name, expr) \
    static void name(Vec *v) \
    { \
        unsigned sew = v->sew; \
        FpCtx *x = &v->fp; \
        VEC_EACH(v, i) { \
            uint64_t a = vec_get(v->a, sew, i); \
            vec_set(v->d, sew, i, expr); \
        } \
    } \
    VEC_ALL(name)
// clang-format on

FP_ONE(vfsqrt_v, fp_sqrt(x, a))

static uint64_t classified(FpCtx *x, uint64_t a)
{
    FpNum n = fp_unpack(x, a);
    bool denormal = !(a >> x->f->frac_bits & ((1u << x->f->exp_bits) - 1));

    switch (n.cls) {
    case FPC_INF: return n.sign ? 1 << 0 : 1 << 7;
    case FPC_ZERO: return n.sign ? 1 << 3 : 1 << 4;
    case FPC_SNAN: return 1 << 8;
    case FPC_QNAN: return 1 << 9;
    default: return n.sign ? (denormal ? 1 << 2 : 1 << 1) : denormal ? 1 << 5 : 1 << 6;
    }
}
FP_ONE(vfclass_v, classified(x, a))

/* Seven bits of the reciprocal of the square root, by the exponent's low and six fraction bits. */
static const uint8_t rsqrt7[128] = {
    52,  51,  50,  48,  47,  46,  44,  43,  42,  41,  40,  39,  38,  36,  35,  34,
    33,  32,  31,  30,  30,  29,  28,  27,  26,  25,  24,  23,  23,  22,  21,  20,
    19,  19,  18,  17,  16,  16,  15,  14,  14,  13,  12,  12,  11,  10,  10,  9,
    9,   8,   7,   7,   6,   6,   5,   4,   4,   3,   3,   2,   2,   1,   1,   0,
    127, 125, 123, 121, 119, 118, 116, 114, 113, 111, 109, 108, 106, 105, 103, 102,
    100, 99,  97,  96,  95,  93,  92,  91,  90,  88,  87,  86,  85,  84,  83,  82,
    80,  79,  78,  77,  76,  75,  74,  73,  72,  71,  70,  70,  69,  68,  67,  66,
    65,  64,  63,  63,  62,  61,  60,  59,  59,  58,  57,  56,  56,  55,  54,  53,
};

/* And of the reciprocal, by seven fraction bits. */
static const uint8_t rec7[128] = {
    127, 125, 123, 121, 119, 117, 116, 114, 112, 110, 109, 107, 105, 104, 102, 100,
    99,  97,  96,  94,  93,  91,  90,  88,  87,  85,  84,  83,  81,  80,  79,  77,
    76,  75,  74,  72,  71,  70,  69,  68,  66,  65,  64,  63,  62,  61,  60,  59,
    58,  57,  56,  55,  54,  53,  52,  51,  50,  49,  48,  47,  46,  45,  44,  43,
    42,  41,  40,  40,  39,  38,  37,  36,  35,  35,  34,  33,  32,  31,  31,  30,
    29,  28,  28,  27,  26,  25,  25,  24,  23,  23,  22,  21,  21,  20,  19,  19,
    18,  17,  17,  16,  15,  15,  14,  14,  13,  12,  12,  11,  11,  10,  9,   9,
    8,   8,   7,   7,   6,   5,   5,   4,   4,   3,   3,   2,   2,   1,   1,   0,
};

/* parts: of a finite number, normalised: exponent as in the format, below 1 of a denormal. */
static int64_t parts(const FpFormat *f, uint64_t a, uint64_t *frac)
{
    uint64_t mask = (1ull << f->frac_bits) - 1;
    int64_t exp = (int64_t)(a >> f->frac_bits & ((1u << f->exp_bits) - 1));

    *frac = a & mask;
    if (!exp) {
        unsigned up = (unsigned)__builtin_clzll(*frac) - (63 - f->frac_bits);

        *frac = *frac << up & mask;
        exp = 1 - (int64_t)up;
    }
    return exp;
}

static uint64_t rsqrt_estimate(FpCtx *x, uint64_t a)
{
    const FpFormat *f = x->f;
    FpNum n = fp_unpack(x, a);
    int64_t bias = (1 << (f->exp_bits - 1)) - 1, exp;
    uint64_t frac;

    if (n.cls == FPC_ZERO) {
        x->flags |= FP_DIVZERO;
        return fp_inf(f, n.sign);
    }
    if (n.cls == FPC_QNAN)
        return fp_default_nan(f);
    if (n.cls == FPC_SNAN || n.sign)
        return fp_invalid(x);
    if (n.cls == FPC_INF)
        return 0;
    exp = parts(f, a, &frac);
    frac = rsqrt7[(exp & 1) << 6 | frac >> (f->frac_bits - 6)];
    exp = (3 * bias - 1 - exp) >> 1;
    return (uint64_t)exp << f->frac_bits | frac << (f->frac_bits - 7);
}
FP_ONE(vfrsqrt7_v, rsqrt_estimate(x, a))

/* A result too large becomes infinity or the largest number, as rounding goes. */
static uint64_t rec_estimate(FpCtx *x, uint64_t a)
{
    const FpFormat *f = x->f;
    FpNum n = fp_unpack(x, a);
    int64_t bias = (1 << (f->exp_bits - 1)) - 1, exp;
    uint64_t frac, sign = n.sign ? fp_zero(f, true) : 0;

    switch (n.cls) {
    case FPC_ZERO: x->flags |= FP_DIVZERO; return fp_inf(f, n.sign);
    case FPC_INF: return sign;
    case FPC_QNAN: return fp_default_nan(f);
    case FPC_SNAN: return fp_invalid(x);
    default: break;
    }
    exp = parts(f, a, &frac);
    if (exp < -1) {
        bool to_max = x->round == IR_RN_ZERO || x->round == (n.sign ? IR_RN_UP : IR_RN_DOWN);

        x->flags |= FP_OVERFLOW | FP_INEXACT;
        return to_max ? fp_max_normal(f, n.sign) : fp_inf(f, n.sign);
    }
    frac = (uint64_t)rec7[frac >> (f->frac_bits - 7)] << (f->frac_bits - 7);
    exp = 2 * bias - 1 - exp;
    if (exp <= 0) {         /* 0 or -1: the result is a denormal */
        frac = (frac | 1ull << f->frac_bits) >> (1 - exp);
        exp = 0;
    }
    return sign | (uint64_t)exp << f->frac_bits | frac;
}
FP_ONE(vfrec7_v, rec_estimate(x, a))

/* ---- compare ---- */

// clang-format off
#define FP_TEST(name, signaling, expr) \
    static void name(Vec *v) \
    { \
        VEC_EACH(v, i) { \
            FpOrder o = fp_compare(&v->fp, vec_get(v->a, v->sew, i), get_b(v, i), signaling); \
            vec_set_bit(v->d, i, expr); \
        } \
    } \
    VEC_ALL(name)

FP_TEST(vmfeq, false, o == FP_EQUAL)
FP_TEST(vmfne, false, o != FP_EQUAL)
FP_TEST(vmflt, true,  o == FP_LESS)
FP_TEST(vmfle, true,  o == FP_LESS || o == FP_EQUAL)
FP_TEST(vmfgt, true,  o == FP_GREATER)
FP_TEST(vmfge, true,  o == FP_GREATER || o == FP_EQUAL)

/* ---- widening: operands converted, which is exact, then computed with at twice SEW ---- */

#define WIDENED(e) fp_convert(x, narrow, e)
#define FP_WIDEN(name, a_size, A, expr) \
    static void name(Vec *v) \
    { \
        const FpFormat *narrow = format(v->sew); \
        FpCtx *x = &v->fp; \
        x->f = format(v->sew + 1); \
        VEC_EACH(v, i) { \
            UNUSED uint64_t d = vec_get(v->d, v->sew + 1, i); \
            uint64_t a = vec_get(v->a, a_size, i), b = WIDENED(get_b(v, i)); \
            a = A; \
            vec_set(v->d, v->sew + 1, i, expr); \
        } \
    } \
    VEC_ALL(name)

FP_WIDEN(vfwadd,   v->sew,     WIDENED(a), fp_add(x, a, b))
FP_WIDEN(vfwsub,   v->sew,     WIDENED(a), fp_sub(x, a, b))
FP_WIDEN(vfwadd_w, v->sew + 1, a,          fp_add(x, a, b))
FP_WIDEN(vfwsub_w, v->sew + 1, a,          fp_sub(x, a, b))
FP_WIDEN(vfwmul,   v->sew,     WIDENED(a), fp_mul(x, a, b))
FP_WIDEN(vfwmacc,  v->sew,     WIDENED(a), fp_fma(x, b, a, d))
FP_WIDEN(vfwnmacc, v->sew,     WIDENED(a), fp_fma(x, minus(x, b), a, minus(x, d)))
FP_WIDEN(vfwmsac,  v->sew,     WIDENED(a), fp_fma(x, b, a, minus(x, d)))
FP_WIDEN(vfwnmsac, v->sew,     WIDENED(a), fp_fma(x, minus(x, b), a, d))
// clang-format on

/* convert_from: a of another format; bf16's infinity and NaN lie as those of f32. */
static uint64_t convert_from(FpCtx *x, const FpFormat *from, uint64_t a)
{
    return fp_convert(x, from, a);
}

static void vfwmaccbf16(Vec *v)
{
    FpCtx *x = &v->fp;

    x->f = &fp_f32;
    VEC_EACH(v, i) {
        uint64_t a = convert_from(x, &fp_bf16, vec_get(v->a, 1, i));
        uint64_t b = convert_from(x, &fp_bf16, get_b(v, i));

        vec_set(v->d, 2, i, fp_fma(x, b, a, vec_get(v->d, 2, i)));
    }
}
VEC_ALL(vfwmaccbf16)

/* ---- conversions: from size `from` to size `to` ---- */

/* to_int: as fp_to_int(), but a NaN is the largest. */
static uint64_t to_int(FpCtx *x, uint64_t a, unsigned bits, bool is_signed)
{
    FpNum n = fp_unpack(x, a);

    if (fp_is_nan(&n)) {
        x->flags |= FP_INVALID;
        return is_signed ? (1ull << (bits - 1)) - 1 : UINT64_MAX;
    }
    return fp_to_int(x, a, 0, bits, is_signed);
}

static void convert_to_int(Vec *v, unsigned from, unsigned to, bool is_signed, int round)
{
    v->fp.f = format(from);
    if (round >= 0)
        v->fp.round = (uint8_t)round;
    VEC_EACH(v, i)
        vec_set(v->d, to, i, to_int(&v->fp, vec_get(v->a, from, i), 8u << to, is_signed));
}

static void convert_from_int(Vec *v, unsigned from, unsigned to, bool is_signed)
{
    v->fp.f = format(to);
    VEC_EACH(v, i) {
        uint64_t a = vec_get(v->a, from, i);

        a = is_signed ? (uint64_t)sext(a, 8u << from) : a;
        vec_set(v->d, to, i, fp_from_int(&v->fp, a, 0, is_signed));
    }
}

static void convert_float(Vec *v, const FpFormat *from, const FpFormat *to, int round)
{
    unsigned a_size = from->bits / 16u, d_size = to->bits / 16u;

    a_size = a_size == 4 ? 3 : a_size;
    d_size = d_size == 4 ? 3 : d_size;
    v->fp.f = to;
    if (round >= 0)
        v->fp.round = (uint8_t)round;
    VEC_EACH(v, i)
        vec_set(v->d, d_size, i, convert_from(&v->fp, from, vec_get(v->a, a_size, i)));
}

// clang-format off
#define CONVERT(name, call) \
    static void name(Vec *v) \
    { \
        unsigned s = v->sew; \
        call; \
    } \
    VEC_ALL(name)

CONVERT(vfcvt_xu_f,      convert_to_int(v, s, s, false, -1))
CONVERT(vfcvt_x_f,       convert_to_int(v, s, s, true, -1))
CONVERT(vfcvt_rtz_xu_f,  convert_to_int(v, s, s, false, IR_RN_ZERO))
CONVERT(vfcvt_rtz_x_f,   convert_to_int(v, s, s, true, IR_RN_ZERO))
CONVERT(vfcvt_f_xu,      convert_from_int(v, s, s, false))
CONVERT(vfcvt_f_x,       convert_from_int(v, s, s, true))
CONVERT(vfwcvt_xu_f,     convert_to_int(v, s, s + 1, false, -1))
CONVERT(vfwcvt_x_f,      convert_to_int(v, s, s + 1, true, -1))
CONVERT(vfwcvt_rtz_xu_f, convert_to_int(v, s, s + 1, false, IR_RN_ZERO))
CONVERT(vfwcvt_rtz_x_f,  convert_to_int(v, s, s + 1, true, IR_RN_ZERO))
CONVERT(vfwcvt_f_xu,     convert_from_int(v, s, s + 1, false))
CONVERT(vfwcvt_f_x,      convert_from_int(v, s, s + 1, true))
CONVERT(vfwcvt_f_f,      convert_float(v, format(s), format(s + 1), -1))
CONVERT(vfncvt_xu_f,     convert_to_int(v, s + 1, s, false, -1))
CONVERT(vfncvt_x_f,      convert_to_int(v, s + 1, s, true, -1))
CONVERT(vfncvt_rtz_xu_f, convert_to_int(v, s + 1, s, false, IR_RN_ZERO))
CONVERT(vfncvt_rtz_x_f,  convert_to_int(v, s + 1, s, true, IR_RN_ZERO))
CONVERT(vfncvt_f_xu,     convert_from_int(v, s + 1, s, false))
CONVERT(vfncvt_f_x,      convert_from_int(v, s + 1, s, true))
CONVERT(vfncvt_f_f,      convert_float(v, format(s + 1), format(s), -1))
CONVERT(vfncvt_rod_f_f,  convert_float(v, format(s + 1), format(s), FP_ROUND_ODD))
CONVERT(vfwcvtbf16_f_f_v, ((void)s, convert_float(v, &fp_bf16, &fp_f32, -1)))
CONVERT(vfncvtbf16_f_f_w, ((void)s, convert_float(v, &fp_f32, &fp_bf16, -1)))

/* ---- reductions, in order; the manual allows any for vfredusum ---- */

#define FP_RED(name, wide, expr) \
    static void name(Vec *v) \
    { \
        UNUSED const FpFormat *narrow = format(v->sew); \
        unsigned size = v->sew + wide; \
        FpCtx *x = &v->fp; \
        uint64_t r = vec_get(v->b, size, 0); \
        if (!v->vl) \
            return; \
        x->f = format(size); \
        VEC_EACH(v, i) { \
            uint64_t a = vec_get(v->a, v->sew, i); \
            r = expr; \
        } \
        vec_set(v->d, size, 0, r); \
    } \
    VEC_ALL(name)

FP_RED(vfredusum,  0, fp_add(x, r, a))
FP_RED(vfredosum,  0, fp_add(x, r, a))
FP_RED(vfredmin,   0, fp_minnm(x, r, a))
FP_RED(vfredmax,   0, fp_maxnm(x, r, a))
FP_RED(vfwredusum, 1, fp_add(x, r, WIDENED(a)))
FP_RED(vfwredosum, 1, fp_add(x, r, WIDENED(a)))
