/* SPDX-License-Identifier: MIT */
/*
 * bfloat16, and half precision whose products are made in single.
 *
 * A bfloat16 is the upper half of a single, so products that go by the guest's modes need nothing
 * here: a shift widens, and fma does the rest. Narrowing and the dot product have their own rules
 * (Arm ARM, FPConvertBF, and BFMulH, FPAdd_BF16, BFRound without FEAT_EBF16).
 */
#include "translate/host/interp/eval_fp.h"
#include "translate/host/interp/eval_ops.h"

#define UNUSED __attribute__((unused))
#define EVAL(name)                                                                       \
    void eval_##name(UNUSED Env *env, UNUSED EvalOp op, V128 *d, UNUSED const V128 *a,   \
                     UNUSED const V128 *b, UNUSED const V128 *c)

static const FpFormat fp_bf16 = { 16, 8, 7 };

/* ---- half to single, as an operand of FPMulAddH rather than as a conversion ---- */

/* widen_raw: NaNs keep their kind; every other half is a single. */
static uint32_t widen_raw(FpCtx *x, uint16_t v)
{
    FpCtx single = { .f = &fp_f32, .round = IR_RN_ZERO };
    FpNum n = fp_unpack(x, v);

    switch (n.cls) {
    case FPC_ZERO: return (uint32_t)fp_zero(&fp_f32, n.sign);
    case FPC_FINITE: return (uint32_t)fp_round(&single, n.sign, n.exp, n.sig);
    default: return (uint32_t)(fp_inf(&fp_f32, n.sign) | (v & 0x3ffull) << 13);
    }
}

EVAL(fwiden_raw)
{
    FpCtx x = fp_ctx(env, &fp_f16, IR_RN_CUR);
    unsigned n = vl_lanes(op);
    V128 r = { .u64 = { 0, 0 } };

    for (unsigned i = 0; i < n; i++) {
        r.u32[i] = widen_raw(&x, a->u16[op.imm + i]);
    }
    *d = r;
}

/* ---- single to bfloat16 ---- */

/*
 * narrow: the exponents are those of a single, so in flush mode what remains after unpacking does
 * not become tiny. x has the format of the result, but NaNs are those of a single, cut.
 */
static uint64_t narrow(FpCtx *x, uint32_t v)
{
    FpNum n = fp_unpack_cv(x, &fp_f32, v);

    switch (n.cls) {
    case FPC_ZERO: return fp_zero(x->f, n.sign);
    case FPC_FINITE: return fp_round(x, n.sign, n.exp, n.sig);
    case FPC_INF: return fp_inf(x->f, n.sign);
    default: break;
    }
    x->flags |= n.cls == FPC_SNAN ? FP_INVALID : 0;
    return x->mode.default_nan || x->riscv ? fp_default_nan(x->f) : v >> 16 | 0x40;
}

EVAL(bfnarrow)
{
    FpCtx x = fp_ctx(env, &fp_bf16, ir_imm_round(op.imm));
    unsigned n = vl_lanes(op);
    V128 r = { .u64 = { 0, 0 } };

    x.mode.flush_zero16 = false;    /* says something of half precision only */
    for (unsigned i = 0; i < n; i++) {
        r.u16[i] = (uint16_t)narrow(&x, a->u32[i]);
    }
    fp_done(env, &x);
    *d = r;
}

/* ---- dot product ---- */

/* to_inf: rounding to odd stops at the largest number; here what is beyond it is infinite. */
static uint64_t to_inf(FpCtx *x, uint64_t v)
{
    bool beyond = x->flags & FP_OVERFLOW;

    x->flags = 0;
    return beyond ? fp_inf(x->f, v >> 31) : v;
}

static uint64_t bf_mul(FpCtx *x, uint32_t a, uint32_t b)
{
    return to_inf(x, fp_mul(x, a, b));
}

static uint64_t bf_add(FpCtx *x, uint64_t a, uint64_t b)
{
    return to_inf(x, fp_add(x, a, b));
}

EVAL(bfdot)
{
    FpCtx x = {
        .f = &fp_f32,
        .mode = { .flush_zero = true, .default_nan = true },
        .round = FP_ROUND_ODD,
    };
    unsigned n = vl_lanes(op);
    V128 r = { .u64 = { 0, 0 } };

    for (unsigned i = 0; i < n; i++) {
        uint32_t p = a->u32[i], q = b->u32[i];
        uint64_t even = bf_mul(&x, p << 16, q << 16);
        uint64_t odd = bf_mul(&x, p & 0xffff0000, q & 0xffff0000);

        r.u32[i] = (uint32_t)bf_add(&x, c->u32[i], bf_add(&x, even, odd));
    }
    *d = r;
}
