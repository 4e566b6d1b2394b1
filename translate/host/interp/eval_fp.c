/* SPDX-License-Identifier: MIT */
/*
 * Floating point ops of the IR: loops over lanes around the functions of eval_fp.h.
 */
#include "translate/host/interp/eval_fp.h"
#include "translate/host/interp/eval_ops.h"

#define UNUSED __attribute__((unused))
#define INLINE static inline __attribute__((always_inline))
#define EVAL(name)                                                                       \
    void eval_##name(UNUSED Env *env, UNUSED EvalOp op, V128 *d, UNUSED const V128 *a,   \
                     UNUSED const V128 *b, UNUSED const V128 *c)

static const V128 zero = { .u64 = { 0, 0 } };

typedef uint64_t Fn1(FpCtx *x, uint64_t a);
typedef uint64_t Fn2(FpCtx *x, uint64_t a, uint64_t b);

/* ---- one operand, two operands: lane by lane ---- */

INLINE void lanes1(Env *env, EvalOp op, V128 *d, const V128 *a, Fn1 *fn)
{
    FpCtx x = fp_ctx(env, fp_format(op.type), ir_imm_round(op.imm));
    unsigned size = lane_bytes(op.type), n = vl_lanes(op);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        lane_set(&r, size, i, fn(&x, lane_get(a, size, i)));
    }
    fp_done(env, &x);
    *d = r;
}

INLINE void lanes2(Env *env, EvalOp op, V128 *d, const V128 *a, const V128 *b, Fn2 *fn)
{
    FpCtx x = fp_ctx(env, fp_format(op.type), ir_imm_round(op.imm));
    unsigned size = lane_bytes(op.type), n = vl_lanes(op);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        lane_set(&r, size, i, fn(&x, lane_get(a, size, i), lane_get(b, size, i)));
    }
    fp_done(env, &x);
    *d = r;
}

#define FP1(name, fn)                                                                    \
    EVAL(name)                                                                           \
    {                                                                                    \
        lanes1(env, op, d, a, fn);                                                       \
    }
#define FP2(name, fn)                                                                    \
    EVAL(name)                                                                           \
    {                                                                                    \
        lanes2(env, op, d, a, b, fn);                                                    \
    }

static uint64_t lane_abs(FpCtx *x, uint64_t a)
{
    return a & ~fp_zero(x->f, true);
}

static uint64_t lane_neg(FpCtx *x, uint64_t a)
{
    return a ^ fp_zero(x->f, true);
}

static uint64_t lane_sgnj(unsigned how, uint64_t sign, uint64_t a, uint64_t b)
{
    return how == 2 ? a ^ (b & sign) : (a & ~sign) | ((how ? ~b : b) & sign);
}

static uint64_t lane_eq(FpCtx *x, uint64_t a, uint64_t b)
{
    return fp_compare(x, a, b, false) == FP_EQUAL ? ~0ull : 0;
}

static uint64_t lane_ge(FpCtx *x, uint64_t a, uint64_t b)
{
    FpOrder o = fp_compare(x, a, b, true);

    return o == FP_EQUAL || o == FP_GREATER ? ~0ull : 0;
}

static uint64_t lane_gt(FpCtx *x, uint64_t a, uint64_t b)
{
    return fp_compare(x, a, b, true) == FP_GREATER ? ~0ull : 0;
}

// clang-format off
FP2(fadd,     fp_add)
FP2(fsub,     fp_sub)
FP2(fmul,     fp_mul)
FP2(fmulx,    fp_mulx)
FP2(fdiv,     fp_div)
FP1(fsqrt,    fp_sqrt)
FP2(fmax,     fp_max)
FP2(fmin,     fp_min)
FP2(fmaxnm,   fp_maxnm)
FP2(fminnm,   fp_minnm)
FP1(fabs,     lane_abs)
FP1(fneg,     lane_neg)
FP2(frecps,   fp_recps)
FP2(frsqrts,  fp_rsqrts)
FP1(frecpe,   fp_recpe)
FP1(frsqrte,  fp_rsqrte)
FP1(frecpx,   fp_recpx)
FP2(vfcmp_eq, lane_eq)
FP2(vfcmp_ge, lane_ge)
FP2(vfcmp_gt, lane_gt)
// clang-format on

EVAL(fma)
{
    FpCtx x = fp_ctx(env, fp_format(op.type), ir_imm_round(op.imm));
    unsigned size = lane_bytes(op.type), n = vl_lanes(op);
    uint64_t neg_a = op.imm & 1 ? fp_zero(x.f, true) : 0;
    uint64_t neg_c = op.imm & 2 ? fp_zero(x.f, true) : 0;
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        uint64_t v = fp_fma(&x, lane_get(a, size, i) ^ neg_a, lane_get(b, size, i),
                            lane_get(c, size, i) ^ neg_c);

        lane_set(&r, size, i, v);
    }
    fp_done(env, &x);
    *d = r;
}

EVAL(fsgnj)
{
    unsigned size = lane_bytes(op.type), n = vl_lanes(op);
    uint64_t sign = fp_zero(fp_format(op.type), true);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        lane_set(&r, size, i,
                 lane_sgnj(op.imm, sign, lane_get(a, size, i), lane_get(b, size, i)));
    }
    *d = r;
}

/* ---- neighbours, and all lanes ---- */

INLINE void pairs(Env *env, EvalOp op, V128 *d, const V128 *a, const V128 *b, Fn2 *fn)
{
    FpCtx x = fp_ctx(env, fp_format(op.type), IR_RN_CUR);
    unsigned size = lane_bytes(op.type), n = vl_lanes(op);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        const V128 *s = 2 * i < n ? a : b;
        unsigned k = 2 * i < n ? 2 * i : 2 * i - n;

        lane_set(&r, size, i, fn(&x, lane_get(s, size, k), lane_get(s, size, k + 1)));
    }
    fp_done(env, &x);
    *d = r;
}

/* across: op(lower half, upper half) for each half in turn, so neighbours first. */
INLINE void across(Env *env, EvalOp op, V128 *d, const V128 *a, Fn2 *fn)
{
    FpCtx x = fp_ctx(env, fp_format(op.type), IR_RN_CUR);
    unsigned size = lane_bytes(op.type);
    uint64_t v[8];

    for (unsigned i = 0; i < 16 / size; i++) {
        v[i] = lane_get(a, size, i);
    }
    for (unsigned n = vl_lanes(op) / 2; n; n /= 2) {
        for (unsigned i = 0; i < n; i++) {
            v[i] = fn(&x, v[2 * i], v[2 * i + 1]);
        }
    }
    fp_done(env, &x);
    *d = (V128){ .u64 = { v[0] } };
}

#define FP_PAIRS(name, fn)                                                               \
    EVAL(name)                                                                           \
    {                                                                                    \
        pairs(env, op, d, a, b, fn);                                                     \
    }
#define FP_ACROSS(name, fn)                                                              \
    EVAL(name)                                                                           \
    {                                                                                    \
        across(env, op, d, a, fn);                                                       \
    }

// clang-format off
FP_PAIRS(fadd_pair,   fp_add)
FP_PAIRS(fmax_pair,   fp_max)
FP_PAIRS(fmin_pair,   fp_min)
FP_PAIRS(fmaxnm_pair, fp_maxnm)
FP_PAIRS(fminnm_pair, fp_minnm)
FP_ACROSS(fhmax,      fp_max)
FP_ACROSS(fhmin,      fp_min)
FP_ACROSS(fhmaxnm,    fp_maxnm)
FP_ACROSS(fhminnm,    fp_minnm)
// clang-format on

/* ---- conversions ---- */

/* Fields of the immediate: rounding, scale, float type of the ops whose type is an integer. */
static unsigned imm_round(uint32_t imm)
{
    return imm & 15;
}

static unsigned imm_fbits(uint32_t imm)
{
    return imm >> 8 & 255;
}

static IrType imm_float(uint32_t imm)
{
    return (IrType)(imm >> 16 & 255);
}

/* half_format: the format of half the size. */
static const FpFormat *half_format(IrType t)
{
    return t == IR_F64 ? &fp_f32 : &fp_f16;
}

EVAL(fround)
{
    FpCtx x = fp_ctx(env, fp_format(op.type), imm_round(op.imm));
    unsigned size = lane_bytes(op.type), n = vl_lanes(op);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        uint64_t v = lane_get(a, size, i);

        lane_set(&r, size, i, fp_to_integral(&x, v, op.imm & IR_ROUND_EXACT));
    }
    fp_done(env, &x);
    *d = r;
}

EVAL(fround_int)
{
    FpCtx x = fp_ctx(env, fp_format(op.type), imm_round(op.imm));
    unsigned size = lane_bytes(op.type), n = vl_lanes(op);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        lane_set(&r, size, i, fp_to_integral_of(&x, lane_get(a, size, i), op.imm >> 8));
    }
    fp_done(env, &x);
    *d = r;
}

EVAL(fcvt)
{
    FpCtx x = fp_ctx(env, fp_format((IrType)(op.imm & 255)), ir_imm_round(op.imm));
    uint64_t v = lane_get(a, lane_bytes(op.type), 0);

    v = fp_convert(&x, fp_format(op.type), v);
    fp_done(env, &x);
    *d = (V128){ .u64 = { v } };
}

EVAL(fwiden)
{
    FpCtx x = fp_ctx(env, fp_format(op.type), IR_RN_CUR);
    unsigned size = lane_bytes(op.type), half = size / 2, n = vl_lanes(op);
    unsigned base = op.imm ? 8 / half : 0;
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        uint64_t v = lane_get(a, half, base + i);

        lane_set(&r, size, i, fp_convert(&x, half_format(op.type), v));
    }
    fp_done(env, &x);
    *d = r;
}

EVAL(fnarrow)
{
    FpCtx x = fp_ctx(env, half_format(op.type), IR_RN_CUR);
    unsigned size = lane_bytes(op.type), n = vl_lanes(op);
    V128 r = zero;

    if (op.imm) {
        x.round = FP_ROUND_ODD;
    }
    for (unsigned i = 0; i < n; i++) {
        uint64_t v = lane_get(a, size, i);

        lane_set(&r, size / 2, i, fp_convert(&x, fp_format(op.type), v));
    }
    fp_done(env, &x);
    *d = r;
}

INLINE void to_int_lanes(Env *env, EvalOp op, V128 *d, const V128 *a, bool is_signed)
{
    FpCtx x = fp_ctx(env, fp_format(op.type), imm_round(op.imm));
    unsigned size = lane_bytes(op.type), n = vl_lanes(op), fbits = imm_fbits(op.imm);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        uint64_t v = lane_get(a, size, i);

        lane_set(&r, size, i, fp_to_int(&x, v, fbits, size * 8, is_signed));
    }
    fp_done(env, &x);
    *d = r;
}

EVAL(fto_s)
{
    to_int_lanes(env, op, d, a, true);
}

EVAL(fto_u)
{
    to_int_lanes(env, op, d, a, false);
}

INLINE void from_int_lanes(Env *env, EvalOp op, V128 *d, const V128 *a, bool is_signed)
{
    FpCtx x = fp_ctx(env, fp_format(op.type), IR_RN_CUR);
    unsigned size = lane_bytes(op.type), n = vl_lanes(op), fbits = imm_fbits(op.imm);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        uint64_t v = is_signed ? (uint64_t)lane_get_s(a, size, i) : lane_get(a, size, i);

        lane_set(&r, size, i, fp_from_int(&x, v, fbits, is_signed));
    }
    fp_done(env, &x);
    *d = r;
}

EVAL(sto_f)
{
    from_int_lanes(env, op, d, a, true);
}

EVAL(uto_f)
{
    from_int_lanes(env, op, d, a, false);
}

INLINE void to_int_scalar(Env *env, EvalOp op, V128 *d, const V128 *a, bool is_signed)
{
    IrType t = imm_float(op.imm);
    FpCtx x = fp_ctx(env, fp_format(t), imm_round(op.imm));
    uint64_t v = lane_get(a, lane_bytes(t), 0);

    v = fp_to_int(&x, v, imm_fbits(op.imm), lane_bytes(op.type) * 8, is_signed);
    fp_done(env, &x);
    *d = (V128){ .u64 = { v } };
}

EVAL(fto_i_s)
{
    to_int_scalar(env, op, d, a, true);
}

EVAL(fto_i_u)
{
    to_int_scalar(env, op, d, a, false);
}

EVAL(fto_js)
{
    FpCtx x = fp_ctx(env, &fp_f64, IR_RN_ZERO);
    bool exact;
    uint32_t r = fp_to_js(&x, a->u64[0], &exact);

    fp_done(env, &x);
    *d = (V128){ .u64 = { r | (uint64_t)exact << 62 } };
}

INLINE void from_int_scalar(Env *env, EvalOp op, V128 *d, const V128 *a, bool is_signed)
{
    FpCtx x = fp_ctx(env, fp_format(imm_float(op.imm)), ir_imm_round(op.imm));
    unsigned size = lane_bytes(op.type);
    uint64_t v = is_signed ? (uint64_t)lane_get_s(a, size, 0) : lane_get(a, size, 0);

    v = fp_from_int(&x, v, imm_fbits(op.imm), is_signed);
    fp_done(env, &x);
    *d = (V128){ .u64 = { v } };
}

EVAL(i_sto_f)
{
    from_int_scalar(env, op, d, a, true);
}

EVAL(i_uto_f)
{
    from_int_scalar(env, op, d, a, false);
}

/* ---- comparison into flags ---- */

unsigned eval_fcmp(Env *env, IrType type, bool signaling, const V128 *a, const V128 *b)
{
    static const uint8_t nzcv[] = {
        [FP_LESS] = 8, [FP_EQUAL] = 6, [FP_GREATER] = 2, [FP_UNORDERED] = 3,
    };
    FpCtx x = fp_ctx(env, fp_format(type), IR_RN_CUR);
    unsigned size = lane_bytes(type);
    FpOrder o = fp_compare(&x, lane_get(a, size, 0), lane_get(b, size, 0), signaling);

    fp_done(env, &x);
    return nzcv[o];
}
