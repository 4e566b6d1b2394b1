/* SPDX-License-Identifier: MIT */
/*
 * eval_fp.h: floating point on integers: exact results, NaN rules and flags of the guest, with
 * no help from the host's FPU, whose MXCSR therefore stays as it is.
 *
 * Values travel as their bit patterns in the low bits of a uint64_t; an FpCtx says the format,
 * modes and rounding, and collects the flags. A number is taken apart into an FpNum,
 *
 *     (-1)^sign * sig * 2^(exp - 63),  bit 63 of sig set
 *
 * computed with, and put together by fp_round(), the only place that rounds, overflows,
 * underflows or flushes a result. What does not fit in the 64 bits of sig is kept as a sticky
 * lowest bit: every format leaves at least 11 bits below its own last one.
 *
 * The rules are those of the Arm ARM's shared pseudocode (FPUnpackBase, FPRoundBase,
 * FPProcessNaNs3, ...). Under FP_NAN_RISCV they differ in four places: NaN results are always
 * canonical, tininess is found after rounding, a number wins against a signalling NaN in
 * fp_maxnm and fp_minnm, and a NaN is the greatest integer.
 */
#pragma once

#include "translate/host/interp/eval_lane.h"

typedef struct {
    uint8_t bits;           /* 16, 32, 64 */
    uint8_t exp_bits;
    uint8_t frac_bits;
} FpFormat;

extern const FpFormat fp_f16, fp_f32, fp_f64;

/* fp_format: of IR_F16, IR_F32 or IR_F64. */
const FpFormat *fp_format(IrType t);

#define FP_ROUND_ODD 15     /* besides IrRound: toward zero, inexact results made odd */

typedef struct {
    const FpFormat *f;      /* of operands and result, unless a function says otherwise */
    FpMode mode;
    uint8_t round;          /* IrRound but IR_RN_CUR, or FP_ROUND_ODD */
    bool riscv;             /* FP_NAN_RISCV */
    uint32_t flags;         /* FP_ flags raised */
} FpCtx;

typedef enum { FPC_ZERO, FPC_FINITE, FPC_INF, FPC_QNAN, FPC_SNAN } FpClass;

typedef struct {
    uint8_t cls;            /* FpClass */
    bool sign;
    int32_t exp;            /* FPC_FINITE only, as sig */
    uint64_t sig;
    uint64_t raw;           /* the bit pattern */
} FpNum;

/* fp_ctx: the guest's modes; round is an IrRound. fp_done: add the flags to the guest's. */
FpCtx fp_ctx(const Env *env, const FpFormat *f, unsigned round);
void fp_done(Env *env, const FpCtx *x);

/* ---- taking apart and putting together ---- */

/* fp_unpack: x as a number, denormals flushed if the mode says so. */
FpNum fp_unpack(FpCtx *x, uint64_t v);

/* fp_unpack_cv: the same for conversions from f: f16 obeys AHP, and FZ16 does not apply. */
FpNum fp_unpack_cv(FpCtx *x, const FpFormat *f, uint64_t v);

/* fp_round: the number given by sign, exp, sig (not 0, not normalized) in the format. */
uint64_t fp_round(FpCtx *x, bool sign, int exp, uint64_t sig);

/* fp_round_cv: the same as the result of a conversion: AHP applies, FZ16 does not. */
uint64_t fp_round_cv(FpCtx *x, bool sign, int exp, uint64_t sig);

/* fp_round_up: whether a magnitude, cut at its last bit, must go up by one. */
bool fp_round_up(unsigned round, bool sign, bool odd, uint64_t rest, uint64_t half);

uint64_t fp_zero(const FpFormat *f, bool sign);
uint64_t fp_inf(const FpFormat *f, bool sign);
uint64_t fp_max_normal(const FpFormat *f, bool sign);
uint64_t fp_default_nan(const FpFormat *f);

/* fp_invalid: raise invalid, and the default NaN. */
uint64_t fp_invalid(FpCtx *x);

/* fp_is_nan; fp_nan1, fp_nan2: the NaN result of an operation with NaN operands. */
bool fp_is_nan(const FpNum *n);
uint64_t fp_nan1(FpCtx *x, const FpNum *a);
uint64_t fp_nan2(FpCtx *x, const FpNum *a, const FpNum *b);

/* ---- arithmetic (eval_fp_arith.c); meanings as in ir.def ---- */

uint64_t fp_add(FpCtx *x, uint64_t a, uint64_t b);
uint64_t fp_sub(FpCtx *x, uint64_t a, uint64_t b);
uint64_t fp_mul(FpCtx *x, uint64_t a, uint64_t b);
uint64_t fp_mulx(FpCtx *x, uint64_t a, uint64_t b);
uint64_t fp_div(FpCtx *x, uint64_t a, uint64_t b);
uint64_t fp_sqrt(FpCtx *x, uint64_t a);
uint64_t fp_fma(FpCtx *x, uint64_t a, uint64_t b, uint64_t c);     /* c + a * b */
uint64_t fp_recps(FpCtx *x, uint64_t a, uint64_t b);
uint64_t fp_rsqrts(FpCtx *x, uint64_t a, uint64_t b);

uint64_t fp_max(FpCtx *x, uint64_t a, uint64_t b);
uint64_t fp_min(FpCtx *x, uint64_t a, uint64_t b);
uint64_t fp_maxnm(FpCtx *x, uint64_t a, uint64_t b);
uint64_t fp_minnm(FpCtx *x, uint64_t a, uint64_t b);

/* fp_compare: a against b; signaling: a quiet NaN raises invalid too. */
typedef enum { FP_LESS, FP_EQUAL, FP_GREATER, FP_UNORDERED } FpOrder;
FpOrder fp_compare(FpCtx *x, uint64_t a, uint64_t b, bool signaling);

/* ---- estimates (eval_fp_estimate.c) ---- */

uint64_t fp_recpe(FpCtx *x, uint64_t a);
uint64_t fp_rsqrte(FpCtx *x, uint64_t a);
uint64_t fp_recpx(FpCtx *x, uint64_t a);
uint32_t fp_urecpe(uint32_t a);
uint32_t fp_ursqrte(uint32_t a);

/* ---- conversions (eval_fp_conv.c) ---- */

/* fp_convert: v of format from in the context's format. */
uint64_t fp_convert(FpCtx *x, const FpFormat *from, uint64_t v);

/* fp_to_integral: a rounded by x->round to an integer in the same format. */
uint64_t fp_to_integral(FpCtx *x, uint64_t a, bool exact);

/* fp_to_integral_of: the same, inexact told; outside of a signed integer of width bits: its least. */
uint64_t fp_to_integral_of(FpCtx *x, uint64_t a, unsigned width);

/* fp_to_js: toward zero modulo 2^32; *exact: the integer is the number, and not -0. */
uint32_t fp_to_js(FpCtx *x, uint64_t a, bool *exact);

/* fp_to_int: a * 2^fbits rounded to an integer of width bits, saturated; NaN is 0, or the greatest. */
uint64_t fp_to_int(FpCtx *x, uint64_t a, unsigned fbits, unsigned width, bool is_signed);

/* fp_from_int: v * 2^-fbits; v is sign- or zero-extended to 64 bits. */
uint64_t fp_from_int(FpCtx *x, uint64_t v, unsigned fbits, bool is_signed);
