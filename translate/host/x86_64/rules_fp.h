/* SPDX-License-Identifier: MIT */
/*
 * rules_fp.h: parts shared by the floating point rules. Read the note on exactness in
 * rules_vec.h first.
 */
#pragma once

#include "translate/host/x86_64/rules_vec.h"

/* fp_is64: F64 rather than F32; fp_ok: one of the two; fp_scalar: only lane 0 takes part. */
static inline bool fp_is64(unsigned type)
{
    return type == IR_F64;
}

static inline bool fp_ok(const IrOp *op)
{
    return op->type == IR_F32 || op->type == IR_F64;
}

static inline bool fp_scalar(const IrOp *op)
{
    return op_vl(op) == IR_VL_LANE || op_vl(op) == IR_VL_BOX || (op_vl(op) == IR_VL_64 && op->type == IR_F64);
}

/* A row of instructions: ss, sd, ps, pd; fp_pick: the one for the op. */
typedef VOp FpRow[4];

static inline VOp fp_pick(const FpRow row, const IrOp *op)
{
    return row[(fp_scalar(op) ? 0 : 2) + fp_is64(op->type)];
}

extern const FpRow vop_fp_add, vop_fp_sub, vop_fp_mul, vop_fp_round;

/* fp_op3: d = a op b, writing d only after anything that may trap; by way of VT2. */
void fp_op3(Emit *e, VOp v, int d, int a, int b);

/*
 * fp_above: d is complete but for what is above the part that takes part: that came from x, whose
 * zeros or box may be known.
 */
bool fp_above_known(Emit *e, const IrOp *op, int x);
void fp_above(Emit *e, const IrOp *op, int d, bool known);

/* fp_cut: the register that holds x with zeros beyond VL: x itself, or VT0. */
int fp_cut(Emit *e, const IrOp *op, int x);

/* fp_splat: v in every lane of a constant, v as F64 or F32 as the type says. */
Mem fp_splat(Emit *e, unsigned type, double v);

/*
 * fp_away: VT1 = a rounded to integral, ties away from zero, lanes beyond VL zero, without an
 * inexact exception. Uses VT0 and VT2.
 */
void fp_away(Emit *e, const IrOp *op, int a);

/*
 * fp_watch: in MODE_UNDERFLOW, have the interpreter do the instruction when a lane of x that
 * takes part is the least normal number, positive or negative: what Arm calls underflow may have
 * rounded up to it. Call it before anything is written to the op's result, for ops that can round
 * to that number: products and narrowing. A sum that small is exact; a quotient of two numbers of
 * p bits that is below a power of two is below it by 1 in 2^p - 1 at least, which is more than the
 * number of p bits next to that power. type, scalar: of x. x is no scratch register but VT0; VT1, rax and EFLAGS are lost.
 */
void fp_watch(Emit *e, unsigned type, bool scalar, int x);

/* fp_watching: whether fp_watch() does anything; the result must then be in VT0 first. */
static inline bool fp_watching(const Emit *e)
{
    return e->mode & MODE_UNDERFLOW;
}

/* fp_test_nan: EFLAGS.NZ or P (returned) when a lane of VT0 is a NaN; VT1 is lost. */
int fp_test_nan(Emit *e, const IrOp *op);

/*
 * fp_min_max: d = the larger or smaller of x and y, which may be VT0 and VT1; VT1 and VT2 are lost.
 */
void fp_min_max(Emit *e, const IrOp *op, bool max, int d, int x, int y);

/*
 * Half precision (rules_fp_half.c): what the rules of the same ops do for F16; false, with nothing
 * emitted, without f16c (or AVX2). They use xmm15, too. tiny: results may be rounded to the least
 * normal number.
 */
bool half_ok(const Emit *e);
bool half_arith(Emit *e, const IrOp *op, const FpRow row, bool tiny, int d, int a, int b);
bool half_sqrt(Emit *e, const IrOp *op, int d, int a);
bool half_fma(Emit *e, const IrOp *op, int d, int a, int b, int c);
bool half_min_max(Emit *e, const IrOp *op, bool max, int d, int a, int b);
bool half_compare(Emit *e, const IrOp *op, unsigned predicate, int d, int x, int y);
bool half_round(Emit *e, const IrOp *op, int d, int a);
bool half_add_pair(Emit *e, const IrOp *op, int d, int a, int b);
bool half_min_max_pair(Emit *e, const IrOp *op, bool max, int d, int a, int b);
bool half_across(Emit *e, const IrOp *op, bool max, int d, int a);
bool half_to_int(Emit *e, const IrOp *op, bool sign, int d, int a);
bool half_from_int(Emit *e, const IrOp *op, bool sign, int d, int a);
bool half_from_gen(Emit *e, const IrOp *op, bool sign, int d, int a);

/* half_widen: d = the F16 lanes of a within VL as F32 (256 bits while as.vex_l says so). */
void half_widen(Emit *e, int d, int a, unsigned vl);

/* half_narrow: the low half of d = the F32 lanes of a, rounded, the rest zero. */
void half_narrow(Emit *e, int d, int a, bool tiny);

/* half_from_double: d = the scalar F64 in VT0, zero above, as F16. VT2, xmm15 are lost. */
void half_from_double(Emit *e, int d);

/* fp_round_imm: immediate of roundps for an IrRound other than IR_RN_AWAY. */
unsigned fp_round_imm(unsigned round);
enum { FP_ROUND_QUIET = 8 };    /* or'ed in: no inexact exception */
