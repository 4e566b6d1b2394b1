/* SPDX-License-Identifier: MIT */
/*
 * Floating point ops: results and flags against the host's FPU where it has the same rules
 * (everything but NaN bits; tininess is found after rounding, as FP_NAN_RISCV asks), and rows of
 * known answers for the rules that are Arm's own.
 */
#include "translate/host/interp/eval_fp.h"

#include <criterion/criterion.h>
#include <fenv.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "translate/host/interp/eval_ops.h"

enum { ROUNDS = 60000 };

/* ---- operands: random bits, with exponents and fractions that meet the edges often ---- */

static uint64_t seed = 88172645463325252ull;

static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint64_t rnd_frac(unsigned bits)
{
    uint64_t mask = (1ull << bits) - 1;

    switch (rnd() % 6) {
    case 0: return 0;
    case 1: return mask;
    case 2: return 1ull << rnd() % bits;
    case 3: return mask & ~(1ull << rnd() % bits);
    case 4: return rnd() & mask & ~0ull << rnd() % bits;
    default: return rnd() & mask;
    }
}

static uint64_t rnd_fp(const FpFormat *f)
{
    unsigned max = (1u << f->exp_bits) - 1;
    uint64_t e;

    switch (rnd() % 8) {
    case 0: e = rnd() % 3; break;
    case 1: e = max - rnd() % 3; break;
    case 2: e = rnd() % (max + 1); break;
    case 3: e = max / 2 + rnd() % (2 * f->frac_bits) - f->frac_bits; break;
    default: e = max / 2 + rnd() % 8 - 4; break;
    }
    return fp_zero(f, rnd() & 1) | (e & max) << f->frac_bits | rnd_frac(f->frac_bits);
}

/* ---- the host as the oracle ---- */

static const struct {
    int host, ir;
} modes[] = {
    { FE_TONEAREST, IR_RN_EVEN },
    { FE_UPWARD, IR_RN_UP },
    { FE_DOWNWARD, IR_RN_DOWN },
    { FE_TOWARDZERO, IR_RN_ZERO },
};

static uint32_t host_flags(void)
{
    int e = fetestexcept(FE_ALL_EXCEPT);

    return (e & FE_INVALID ? FP_INVALID : 0) | (e & FE_DIVBYZERO ? FP_DIVZERO : 0) |
           (e & FE_OVERFLOW ? FP_OVERFLOW : 0) | (e & FE_UNDERFLOW ? FP_UNDERFLOW : 0) |
           (e & FE_INEXACT ? FP_INEXACT : 0);
}

static float f32_of(uint64_t v)
{
    uint32_t w = (uint32_t)v;
    float f;

    memcpy(&f, &w, 4);
    return f;
}

static double f64_of(uint64_t v)
{
    double f;

    memcpy(&f, &v, 8);
    return f;
}

static uint64_t bits_f32(float f)
{
    uint32_t w;

    memcpy(&w, &f, 4);
    return w;
}

static uint64_t bits_f64(double f)
{
    uint64_t w;

    memcpy(&w, &f, 8);
    return w;
}

enum { ADD, SUB, MUL, DIV, SQRT, FMA, N_OPS };

#define HOST_OP(name, T, fma_fn, sqrt_fn)                                                \
    static T name(int op, volatile T a, volatile T b, volatile T c)                      \
    {                                                                                    \
        volatile T r = 0;                                                                \
                                                                                         \
        switch (op) {                                                                    \
        case ADD: r = a + b; break;                                                      \
        case SUB: r = a - b; break;                                                      \
        case MUL: r = a * b; break;                                                      \
        case DIV: r = a / b; break;                                                      \
        case SQRT: r = sqrt_fn(a); break;                                                \
        case FMA: r = fma_fn(a, b, c); break;                                            \
        }                                                                                \
        return r;                                                                        \
    }
HOST_OP(host_f32, float, fmaf, sqrtf)
HOST_OP(host_f64, double, fma, sqrt)

static uint64_t our_op(FpCtx *x, int op, uint64_t a, uint64_t b, uint64_t c)
{
    switch (op) {
    case ADD: return fp_add(x, a, b);
    case SUB: return fp_sub(x, a, b);
    case MUL: return fp_mul(x, a, b);
    case DIV: return fp_div(x, a, b);
    case SQRT: return fp_sqrt(x, a);
    default: return fp_fma(x, a, b, c);
    }
}

/* Through a pointer: the compiler's own expansion of rint() knows one rounding mode only. */
static double (*volatile host_rint)(double) = rint;

static bool is_nan_bits(const FpFormat *f, uint64_t v)
{
    return (v & ~fp_zero(f, true)) > fp_inf(f, false);
}

/* same: equal bits, or both NaN. */
static bool same(const FpFormat *f, uint64_t a, uint64_t b)
{
    return a == b || (is_nan_bits(f, a) && is_nan_bits(f, b));
}

static FpCtx ctx(const FpFormat *f, unsigned round, bool riscv)
{
    return (FpCtx){ .f = f, .round = (uint8_t)round, .riscv = riscv };
}

/* near: an operand that makes sums cancel and products of c: c = -(a * b), off by little. */
static uint64_t near_product(const FpFormat *f, uint64_t a, uint64_t b)
{
    FpCtx x = ctx(f, IR_RN_EVEN, false);

    return (fp_mul(&x, a, b) ^ fp_zero(f, true)) + rnd() % 3 - 1;
}

static void check_arith(const FpFormat *f, int op)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t a = rnd_fp(f), b = rnd_fp(f), c = rnd_fp(f), host;
        unsigned m = rnd() % ARRAY_LEN(modes);

        if (op == FMA && rnd() & 1) {
            c = near_product(f, a, b);
        }
        FpCtx x = ctx(f, modes[m].ir, true);
        uint64_t ours = our_op(&x, op, a, b, c);

        fesetround(modes[m].host);
        feclearexcept(FE_ALL_EXCEPT);
        if (f->bits == 32) {
            host = bits_f32(host_f32(op, f32_of(a), f32_of(b), f32_of(c)));
        } else {
            host = bits_f64(host_f64(op, f64_of(a), f64_of(b), f64_of(c)));
        }
        uint32_t flags = host_flags();

        fesetround(FE_TONEAREST);
        if (op == FMA && is_nan_bits(f, c)) {   /* infinity * 0 + NaN: up to the processor */
            flags = x.flags;
        }
        cr_assert(same(f, ours, host) && x.flags == flags,
                  "op %d mode %u: %" PRIx64 " %" PRIx64 " %" PRIx64 ": %" PRIx64
                  " flags %x, host %" PRIx64 " flags %x", op, m, a, b, c, ours, x.flags, host,
                  flags);
    }
}

Test(eval_fp, arithmetic_as_host)
{
    for (int op = 0; op < N_OPS; op++) {
        check_arith(&fp_f32, op);
        check_arith(&fp_f64, op);
    }
}

/*
 * Half precision: +, -, * are exact in f64 and / and square root have digits enough there, so one
 * more rounding gives the same as rounding once. Exact for both tininess rules.
 */
Test(eval_fp, half_as_double)
{
    for (unsigned i = 0; i < ROUNDS * 4; i++) {
        uint64_t a = rnd_fp(&fp_f16), b = rnd_fp(&fp_f16);
        int op = (int)(rnd() % FMA);
        unsigned m = rnd() % ARRAY_LEN(modes);
        bool riscv = rnd() & 1;

        b = op == SQRT ? a : b;
        FpCtx h = ctx(&fp_f16, modes[m].ir, riscv), d = ctx(&fp_f64, IR_RN_ZERO, riscv);
        uint64_t ours = our_op(&h, op, a, b, 0);
        uint64_t wide = our_op(&d, op, fp_convert(&d, &fp_f16, a), fp_convert(&d, &fp_f16, b), 0);

        /* round to odd by hand keeps the second rounding exact; zero's sign is the first one's */
        if (d.flags & FP_INEXACT) {
            wide |= 1;
            d.flags &= ~FP_INEXACT;
        }
        d.f = &fp_f16;
        d.round = modes[m].ir;
        uint64_t want = fp_convert(&d, &fp_f64, wide);

        if (want == fp_zero(&fp_f16, want >> 15) && op <= SUB) {
            want = ours & 0x7fff ? want : ours;
        }
        cr_assert(same(&fp_f16, ours, want) && h.flags == d.flags,
                  "op %d mode %u: %" PRIx64 " %" PRIx64 ": %" PRIx64 " flags %x, want %" PRIx64
                  " flags %x", op, m, a, b, ours, h.flags, want, d.flags);
    }
}

Test(eval_fp, compare_as_host)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t a = rnd_fp(&fp_f64), b = rnd() & 3 ? rnd_fp(&fp_f64) : a;
        volatile double x = f64_of(a), y = f64_of(b);
        FpCtx c = ctx(&fp_f64, IR_RN_EVEN, false);
        FpOrder want = x < y ? FP_LESS : x == y ? FP_EQUAL : x > y ? FP_GREATER : FP_UNORDERED;

        cr_assert_eq(fp_compare(&c, a, b, true), want);
        cr_assert_eq(c.flags, want == FP_UNORDERED ? FP_INVALID : 0);
    }
}

Test(eval_fp, formats_as_host)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t d = rnd_fp(&fp_f64), s = rnd_fp(&fp_f32);
        unsigned m = rnd() % ARRAY_LEN(modes);
        FpCtx x = ctx(&fp_f32, modes[m].ir, true);

        if (rnd() & 1) {    /* an exponent of the narrow format's range */
            d = (d & ~fp_inf(&fp_f64, false)) | (1023 - 155 + rnd() % 300) << 52;
        }
        uint64_t ours = fp_convert(&x, &fp_f64, d);
        volatile double hd = f64_of(d);
        volatile float hs = f32_of(s);

        fesetround(modes[m].host);
        feclearexcept(FE_ALL_EXCEPT);
        volatile float narrow = (float)hd;
        uint32_t flags = host_flags();
        volatile double wide = hs;

        fesetround(FE_TONEAREST);
        cr_assert(same(&fp_f32, ours, bits_f32(narrow)) && x.flags == flags,
                  "%" PRIx64 " mode %u: %" PRIx64 " flags %x %x", d, m, ours, x.flags, flags);
        x.f = &fp_f64;
        cr_assert(same(&fp_f64, fp_convert(&x, &fp_f32, s), bits_f64(wide)));
    }
}

/* Every half goes to f32 and f64 and comes back. */
Test(eval_fp, half_round_trip)
{
    for (uint64_t h = 0; h < 0x10000; h++) {
        FpCtx s = ctx(&fp_f32, IR_RN_EVEN, false), d = ctx(&fp_f64, IR_RN_EVEN, false);
        uint64_t vs = fp_convert(&s, &fp_f16, h), vd = fp_convert(&d, &fp_f16, h);
        uint64_t quiet = is_nan_bits(&fp_f16, h) ? 0x200 : 0;

        cr_assert(same(&fp_f64, bits_f64(f32_of(vs)), vd));
        s.f = d.f = &fp_f16;
        cr_assert_eq(fp_convert(&s, &fp_f32, vs), h | quiet);
        cr_assert_eq(fp_convert(&d, &fp_f64, vd), h | quiet);
        cr_assert_eq(s.flags, quiet && !(h & 0x200) ? FP_INVALID : 0);
    }
}

Test(eval_fp, integral_as_host)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t a = rnd_fp(&fp_f64);
        unsigned m = rnd() % ARRAY_LEN(modes);
        FpCtx x = ctx(&fp_f64, modes[m].ir, false);
        uint64_t ours = fp_to_integral(&x, a, true);
        volatile double h = f64_of(a);

        fesetround(modes[m].host);
        feclearexcept(FE_ALL_EXCEPT);
        volatile double r = host_rint(h);
        uint32_t flags = host_flags();

        fesetround(FE_TONEAREST);
        cr_assert(same(&fp_f64, ours, bits_f64(r)) && x.flags == flags,
                  "%" PRIx64 " mode %u: %" PRIx64 " flags %x, host %" PRIx64 " flags %x", a, m,
                  ours, x.flags, bits_f64(r), flags);
    }
}

/* To integers: the host's rint() gives the integer, range checks the rest. */
Test(eval_fp, to_int_as_host)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t a = rnd_fp(&fp_f64);
        unsigned m = rnd() % ARRAY_LEN(modes);
        bool wide = rnd() & 1, is_signed = rnd() & 1;
        unsigned width = wide ? 64 : 32;
        double lo = is_signed ? -ldexp(1, (int)width - 1) : 0;
        double hi = ldexp(1, (int)width - is_signed);
        FpCtx x = ctx(&fp_f64, modes[m].ir, false);
        uint64_t ours = fp_to_int(&x, a, 0, width, is_signed), want;
        volatile double h = f64_of(a);

        fesetround(modes[m].host);
        volatile double r = host_rint(h);
        uint32_t flags = r != h ? FP_INEXACT : 0;

        fesetround(FE_TONEAREST);
        if (isnan(h)) {
            want = 0;
            flags = FP_INVALID;
        } else if (r < lo || r >= hi) {
            want = bits(r < lo ? (is_signed ? 1ull << (width - 1) : 0)
                               : ~0ull >> (64 - width + is_signed), 0, width);
            flags = FP_INVALID;
        } else {
            want = bits(is_signed ? (uint64_t)(int64_t)r : (uint64_t)r, 0, width);
        }
        cr_assert(ours == want && x.flags == flags,
                  "%" PRIx64 " mode %u width %u %d: %" PRIx64 " %" PRIx64, a, m, width, is_signed,
                  ours, want);
    }
}

Test(eval_fp, from_int_as_host)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t v = rnd() >> rnd() % 64;
        unsigned m = rnd() % ARRAY_LEN(modes);
        FpCtx x = ctx(&fp_f32, modes[m].ir, false), y = ctx(&fp_f64, modes[m].ir, false);
        volatile int64_t sv = rnd() & 1 ? (int64_t)v : -(int64_t)v;
        volatile uint64_t uv = v;

        fesetround(modes[m].host);
        volatile float s = (float)sv;
        volatile double d = (double)sv;

        fesetround(FE_TONEAREST);
        cr_assert_eq(fp_from_int(&x, (uint64_t)sv, 0, true), bits_f32(s));
        cr_assert_eq(fp_from_int(&y, (uint64_t)sv, 0, true), bits_f64(d));
        y.round = IR_RN_EVEN;
        cr_assert_eq(fp_from_int(&y, uv, 0, false), bits_f64((double)uv));
        cr_assert_eq(fp_from_int(&y, uv, 4, false), bits_f64((double)uv / 16));
    }
}

/* ---- known answers for what is Arm's own ---- */

typedef struct {
    uint64_t a, b, want;
    uint32_t flags;
} Row2;

// clang-format off
#define S_NAN 0x7f800001ull
#define Q_NAN 0x7fc00002ull
#define D_NAN 0x7fc00000ull
#define INF   0x7f800000ull
#define NEG   0x80000000ull
#define ONE   0x3f800000ull
#define TWO   0x40000000ull
#define DEN   0x00000001ull      /* least denormal */
#define MINN  0x00800000ull      /* least normal */
#define MAXN  0x7f7fffffull
// clang-format on

static void check_rows(const Row2 *row, unsigned n, FpCtx mode,
                       uint64_t (*fn)(FpCtx *, uint64_t, uint64_t))
{
    for (unsigned i = 0; i < n; i++) {
        FpCtx x = mode;
        uint64_t got = fn(&x, row[i].a, row[i].b);

        cr_expect(got == row[i].want && x.flags == row[i].flags,
                  "row %u: %" PRIx64 " flags %x", i, got, x.flags);
    }
}
#define ROWS(rows, mode, fn) check_rows(rows, ARRAY_LEN(rows), mode, fn)

Test(eval_fp, nan_of_two)
{
    static const Row2 add[] = {
        { Q_NAN, S_NAN, S_NAN | 0x400000, FP_INVALID },
        { S_NAN | NEG, Q_NAN, S_NAN | NEG | 0x400000, FP_INVALID },
        { S_NAN, S_NAN + 1, S_NAN | 0x400000, FP_INVALID },
        { Q_NAN, Q_NAN | NEG, Q_NAN, 0 },
        { ONE, Q_NAN, Q_NAN, 0 },
        { INF, INF | NEG, D_NAN, FP_INVALID },
    };
    static const Row2 sub[] = { { ONE, Q_NAN, Q_NAN, 0 }, { INF, INF, D_NAN, FP_INVALID } };
    static const Row2 dn[] = {
        { Q_NAN | NEG, ONE, D_NAN, 0 },
        { S_NAN, Q_NAN, D_NAN, FP_INVALID },
    };
    FpCtx x = ctx(&fp_f32, IR_RN_EVEN, false);

    ROWS(add, x, fp_add);
    ROWS(sub, x, fp_sub);
    x.mode.default_nan = 1;
    ROWS(dn, x, fp_add);
    x = ctx(&fp_f32, IR_RN_EVEN, true);
    ROWS(dn, x, fp_add);
}

Test(eval_fp, nan_of_three)
{
    static const struct {
        uint64_t a, b, c, want;
        uint32_t flags;
    } row[] = {
        { 0, INF, Q_NAN, D_NAN, FP_INVALID },
        { INF, NEG, S_NAN, S_NAN | 0x400000, FP_INVALID },
        { 0, INF, ONE, D_NAN, FP_INVALID },
        { Q_NAN, Q_NAN + 1, Q_NAN + 2, Q_NAN + 2, 0 },
        { Q_NAN, S_NAN, Q_NAN + 2, S_NAN | 0x400000, FP_INVALID },
        { S_NAN + 1, S_NAN, Q_NAN, (S_NAN + 1) | 0x400000, FP_INVALID },
        { Q_NAN, Q_NAN + 1, ONE, Q_NAN, 0 },
        { INF, ONE, INF | NEG, D_NAN, FP_INVALID },
    };

    for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
        FpCtx x = ctx(&fp_f32, IR_RN_EVEN, false);
        uint64_t got = fp_fma(&x, row[i].a, row[i].b, row[i].c);

        cr_expect(got == row[i].want && x.flags == row[i].flags, "row %u: %" PRIx64, i, got);
    }
}

Test(eval_fp, max_and_min)
{
    static const Row2 max[] = {
        { 0, NEG, 0, 0 }, { NEG, 0, 0, 0 }, { NEG, NEG, NEG, 0 }, { ONE, Q_NAN, Q_NAN, 0 },
        { ONE, S_NAN, S_NAN | 0x400000, FP_INVALID }, { ONE | NEG, NEG, NEG, 0 },
        { DEN, 0, DEN, 0 }, { INF, MAXN, INF, 0 },
    };
    static const Row2 maxnm[] = {
        { Q_NAN, ONE, ONE, 0 }, { INF | NEG, Q_NAN, INF | NEG, 0 }, { Q_NAN, Q_NAN + 1, Q_NAN, 0 },
        { Q_NAN, S_NAN, S_NAN | 0x400000, FP_INVALID },
        { ONE, S_NAN, S_NAN | 0x400000, FP_INVALID },
    };
    static const Row2 minnm_riscv[] = {
        { ONE, S_NAN, ONE, FP_INVALID }, { Q_NAN, TWO, TWO, 0 }, { Q_NAN, S_NAN, D_NAN, FP_INVALID },
        { 0, NEG, NEG, 0 },
    };
    static const Row2 flushed[] = {
        { DEN, DEN | NEG, 0, FP_DENORM_IN }, { Q_NAN, DEN | NEG, NEG, FP_DENORM_IN },
    };
    FpCtx x = ctx(&fp_f32, IR_RN_EVEN, false);

    ROWS(max, x, fp_max);
    ROWS(maxnm, x, fp_maxnm);
    x.mode.flush_zero = 1;
    ROWS(flushed, x, fp_maxnm);
    x = ctx(&fp_f32, IR_RN_EVEN, true);
    ROWS(minnm_riscv, x, fp_minnm);
}

Test(eval_fp, flush_and_tininess)
{
    static const Row2 exact[] = {
        /* rounds up to the least normal number: tiny before rounding */
        { MINN, ONE - 1, MINN, FP_UNDERFLOW | FP_INEXACT },
        { MINN, 0x3f000000, 0x00400000, 0 },
    };
    static const Row2 after[] = { { 0x00ffffff, 0x3f000000, MINN, FP_INEXACT | FP_UNDERFLOW },
                                  { MINN + 1, ONE - 2, MINN, FP_INEXACT } };
    static const Row2 flush[] = {
        { DEN, TWO, 0, FP_DENORM_IN },
        { DEN, INF, D_NAN, FP_DENORM_IN | FP_INVALID },
        { MINN | NEG, 0x3f000000, NEG, FP_UNDERFLOW },
        { MINN, ONE - 1, 0, FP_UNDERFLOW },
    };
    FpCtx x = ctx(&fp_f32, IR_RN_EVEN, false);

    ROWS(exact, x, fp_mul);
    x.mode.flush_zero = 1;
    ROWS(flush, x, fp_mul);
    x = ctx(&fp_f32, IR_RN_EVEN, true);
    ROWS(after, x, fp_mul);
}

Test(eval_fp, steps_and_mulx)
{
    static const Row2 recps[] = {
        { 0, INF, TWO, 0 }, { INF | NEG, 0, TWO, 0 }, { ONE, ONE, ONE, 0 },
        { Q_NAN, ONE, Q_NAN | NEG, 0 }, { ONE, Q_NAN, Q_NAN, 0 }, { ONE, TWO, 0, 0 },
        { INF, INF, INF | NEG, 0 },
    };
    static const Row2 rsqrts[] = {
        { 0, INF, 0x3fc00000, 0 }, { ONE, ONE, ONE, 0 }, { 0, 0, 0x3fc00000, 0 },
    };
    static const Row2 mulx[] = {
        { 0, INF | NEG, TWO | NEG, 0 }, { INF, 0, TWO, 0 }, { TWO, ONE, TWO, 0 },
    };
    FpCtx x = ctx(&fp_f32, IR_RN_EVEN, false);

    ROWS(recps, x, fp_recps);
    ROWS(rsqrts, x, fp_rsqrts);
    ROWS(mulx, x, fp_mulx);
}

typedef struct {
    uint64_t a, want;
    uint32_t flags;
} Row1;

static void check_rows1(const Row1 *row, unsigned n, FpCtx mode,
                        uint64_t (*fn)(FpCtx *, uint64_t))
{
    for (unsigned i = 0; i < n; i++) {
        FpCtx x = mode;
        uint64_t got = fn(&x, row[i].a);

        cr_expect(got == row[i].want && x.flags == row[i].flags,
                  "row %u: %" PRIx64 " flags %x", i, got, x.flags);
    }
}

Test(eval_fp, estimates)
{
    static const Row1 recpe[] = {
        { ONE, 0x3f7f8000, 0 }, { TWO, 0x3eff8000, 0 }, { INF | NEG, NEG, 0 },
        { NEG, INF | NEG, FP_DIVZERO }, { DEN, INF, FP_OVERFLOW | FP_INEXACT },
        { 0x00400000, 0x7e7f8000 + 0x00800000, 0 }, { 0x7e800000, 0x007fc000, 0 },
        { MAXN, 0x00201000 - 0x1000, 0 }, { S_NAN, S_NAN | 0x400000, FP_INVALID },
    };
    static const Row1 rsqrte[] = {
        { ONE, 0x3f7f8000, 0 }, { 0x40800000, 0x3eff8000, 0 }, { ONE | NEG, D_NAN, FP_INVALID },
        { NEG, INF | NEG, FP_DIVZERO }, { INF, 0, 0 }, { TWO, 0x3f350000 - 0x8000, 0 },
    };
    static const Row1 recpx[] = {
        { ONE, 0x40000000, 0 }, { 0, 0x7f000000, 0 }, { DEN | NEG, 0xff000000, 0 },
        { INF, 0, 0 }, { TWO, 0x3f800000, 0 },
    };
    FpCtx x = ctx(&fp_f32, IR_RN_EVEN, false);

    check_rows1(recpe, ARRAY_LEN(recpe), x, fp_recpe);
    check_rows1(rsqrte, ARRAY_LEN(rsqrte), x, fp_rsqrte);
    check_rows1(recpx, ARRAY_LEN(recpx), x, fp_recpx);
    cr_expect_eq(fp_urecpe(0x7fffffff), 0xffffffff);
    cr_expect_eq(fp_urecpe(0x80000000), 0xff800000);
    cr_expect_eq(fp_ursqrte(0x3fffffff), 0xffffffff);
    cr_expect_eq(fp_ursqrte(0x40000000), 0xff800000);
}

Test(eval_fp, alternative_half)
{
    FpCtx x = ctx(&fp_f16, IR_RN_EVEN, false), y = ctx(&fp_f32, IR_RN_EVEN, false);

    x.mode.alt_half = y.mode.alt_half = 1;
    cr_expect_eq(fp_convert(&x, &fp_f32, 0x47ffe000), 0x7fff);          /* 131008: the largest */
    cr_expect_eq(x.flags, 0);
    cr_expect_eq(fp_convert(&x, &fp_f32, 0x48000000), 0x7fff);          /* 131072 */
    cr_expect_eq(x.flags, FP_INVALID);
    x.flags = 0;
    cr_expect_eq(fp_convert(&x, &fp_f32, Q_NAN | NEG), 0x8000);
    cr_expect_eq(x.flags, FP_INVALID);
    cr_expect_eq(fp_convert(&x, &fp_f32, INF | NEG), 0xffff);
    cr_expect_eq(fp_convert(&y, &fp_f16, 0x7fff), 0x47ffe000);
    cr_expect_eq(y.flags, 0);
}

Test(eval_fp, round_to_odd)
{
    FpCtx x = ctx(&fp_f32, FP_ROUND_ODD, false);

    cr_expect_eq(fp_convert(&x, &fp_f64, 0x3ff0000000000001), ONE | 1);
    cr_expect_eq(fp_convert(&x, &fp_f64, 0x7fe0000000000000), MAXN);
    cr_expect_eq(x.flags, FP_OVERFLOW | FP_INEXACT);
    cr_expect_eq(fp_convert(&x, &fp_f64, 1), 1);
}

/* ---- the ops: lanes, lengths, modes of the Env ---- */

static Env env;

Test(eval_fp, ops_use_lanes_and_modes)
{
    V128 a = { .u32 = { ONE, TWO, Q_NAN, MAXN } }, b = { .u32 = { ONE, ONE, ONE, MAXN } }, d;
    EvalOp add = { IR_fadd, IR_F32, IR_VL_128, 0 };

    eval_fadd(&env, add, &d, &a, &b, NULL);
    cr_expect(d.u32[0] == TWO && d.u32[1] == 0x40400000 && d.u32[2] == Q_NAN && d.u32[3] == INF);
    cr_expect_eq(env.rt.fp_flags, FP_OVERFLOW | FP_INEXACT);
    env.rt.fp.round = IR_RN_ZERO;
    env.rt.fp.default_nan = 1;
    add.flags = IR_VL_64;
    eval_fadd(&env, add, &d, &a, &b, NULL);
    cr_expect(d.u32[1] == 0x40400000 && d.u64[1] == 0);
    add.flags = IR_VL_LANE;
    d = a;
    eval_fadd(&env, add, &d, &d, &d, NULL);
    cr_expect(d.u32[0] == TWO && d.u32[1] == 0 && d.u64[1] == 0);
    cr_expect_eq(eval_fcmp(&env, IR_F32, false, &a, &b), 6);
    cr_expect_eq(eval_fcmp(&env, IR_F32, false, &d, &b), 2);
    cr_expect_eq(eval_fcmp(&env, IR_F32, false, &b, &d), 8);
}

Test(eval_fp, ops_negate_and_convert)
{
    V128 a = { .f64 = { 3, -2.5 } }, b = { .f64 = { 5, 1 } }, c = { .f64 = { 1, 1 } }, d;

    eval_fma(&env, (EvalOp){ IR_fma, IR_F64, IR_VL_LANE, 3 }, &d, &a, &b, &c);
    cr_expect(d.f64[0] == -16.0 && d.u64[1] == 0);
    eval_fto_s(&env, (EvalOp){ IR_fto_s, IR_F64, 0, IR_RN_AWAY }, &d, &a, NULL, NULL);
    cr_expect(d.s64[0] == 3 && d.s64[1] == -3);
    eval_fto_i_u(&env, (EvalOp){ IR_fto_i_u, IR_I32, 0, IR_RN_ZERO | 4 << 8 | IR_F64 << 16 }, &d,
                 &a, NULL, NULL);
    cr_expect(d.u64[0] == 48 && d.u64[1] == 0);
    a.u64[0] = 0xfffffff0;
    eval_i_sto_f(&env, (EvalOp){ IR_i_sto_f, IR_I32, 0, 2 << 8 | IR_F32 << 16 }, &d, &a, NULL,
                 NULL);
    cr_expect(d.f32[0] == -4.0f && d.u32[1] == 0 && d.u64[1] == 0);
    eval_fcvt(&env, (EvalOp){ IR_fcvt, IR_F32, 0, IR_F16 }, &d, &d, NULL, NULL);
    cr_expect(d.u64[0] == 0xc400 && d.u64[1] == 0);
    a = (V128){ .f32 = { 1, 7, -3, 2 } };
    eval_fhmax(&env, (EvalOp){ IR_fhmax, IR_F32, 0, 0 }, &d, &a, NULL, NULL);
    cr_expect(d.f32[0] == 7 && d.u32[1] == 0 && d.u64[1] == 0);
    eval_fadd_pair(&env, (EvalOp){ IR_fadd_pair, IR_F32, IR_VL_LANE, 0 }, &d, &a, &a, NULL);
    cr_expect(d.f32[0] == 8 && d.u32[1] == 0);
}
