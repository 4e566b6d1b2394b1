/* SPDX-License-Identifier: MIT */
/*
 * lift_simd.h: what the floating point and Advanced SIMD lift functions share.
 *
 * A vector instruction becomes vector IR ops with its lane type and a length: 128 or 64 bits
 * from the Q bit, or IR_VL_LANE for scalar forms. Results are computed into temporaries and
 * written last, because ops that may trap (floating point, memory) come before any write.
 *
 * Most instructions are one op of a common shape. Their lift functions are made by a macro per
 * shape, one line each, which names the row first: grep finds `INT3(shadd` for row shadd.
 */
#pragma once

#include "translate/guest/aarch64/lift.h"

/* Lane sizes an instruction has, as a mask of 1 << size. */
enum {
    SIZE_B = 1, SIZE_H = 2, SIZE_S = 4, SIZE_D = 8,
    SIZE_BH = SIZE_B | SIZE_H, SIZE_HS = SIZE_H | SIZE_S, SIZE_BHS = SIZE_B | SIZE_HS,
    SIZE_ALL = SIZE_BHS | SIZE_D,
};

/* ACC_NONE: in place of an accumulating op. */
#define ACC_NONE IR_OP_COUNT

/* vl_q, vl_of: vector length from Q, or from scalar and Q. */
static inline unsigned vl_q(uint64_t q)
{
    return q ? IR_VL_128 : IR_VL_64;
}

static inline unsigned vl_of(uint64_t scalar, uint64_t q)
{
    return scalar ? IR_VL_LANE : vl_q(q);
}

/* fp_type: of sz (or p): 0 single, 1 double, 3 half precision. */
static inline IrType fp_type(uint64_t sz)
{
    return sz == 3 ? IR_F16 : sz ? IR_F64 : IR_F32;
}

/* size_ok: the size is among sizes, and not a vector of a single 64-bit lane. */
static inline bool size_ok(unsigned sizes, unsigned vl, uint64_t size)
{
    return (sizes >> size & 1) && !(vl == IR_VL_64 && size == 3);
}

/* fp_ok: not a vector of a single double. */
static inline bool fp_ok(unsigned vl, uint64_t sz)
{
    return !(vl == IR_VL_64 && sz == 1);
}

/* get_v, set_v: vector register r; what a write leaves out of 128 bits must be zero in v. */
IrVal get_v(Lift *l, unsigned r);
void set_v(Lift *l, unsigned r, IrVal v);

/* v_const: value in both 64-bit halves; with IR_VL_64 in the low one only. */
IrVal v_const(Lift *l, unsigned vl, uint64_t value);

/* v_zero: a vector of zeros. */
IrVal v_zero(Lift *l);

/* v_elt: lane idx of register r in all lanes. */
IrVal v_elt(Lift *l, IrType lane, unsigned vl, unsigned r, unsigned idx);

/* v_accumulate: register rd acc v, or just v for ACC_NONE. */
IrVal v_accumulate(Lift *l, IrOpcode acc, IrType lane, unsigned vl, unsigned rd, IrVal v);

/*
 * set_v_narrow: the result of a narrowing op (low 64 bits) to rd; upper = 1 writes the upper
 * half and keeps the lower, as the instructions whose name ends in 2 do.
 */
void set_v_narrow(Lift *l, unsigned rd, uint64_t upper, IrVal v);

/* fp_expand_imm: the manual's VFPExpandImm, as the bits of a number of fp_type(sz). */
uint64_t fp_expand_imm(uint64_t sz, uint64_t imm8);
