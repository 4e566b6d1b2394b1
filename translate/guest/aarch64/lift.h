/* SPDX-License-Identifier: MIT */
/*
 * lift.h: what the lift functions of the AArch64 guest share. Each is named after its row
 * in the .dec files and returns false for an undefined instruction; it must not have
 * emitted anything then.
 *
 * The order rules of ir.h apply: read operands, access memory into temporaries, write
 * registers.
 */
#pragma once

#include "gen/aarch64_decode.h"
#include "translate/guest/aarch64/state.h"

extern const Guest guest_aarch64;

/* Helpers, called by IR op `call` with these numbers; the table is in helpers.c. */
enum {
    A64_HELPER_GET_CNTVCT,
    A64_HELPER_GET_FPCR,
    A64_HELPER_SET_FPCR,
    A64_HELPER_GET_FPSR,
    A64_HELPER_SET_FPSR,
    A64_HELPER_IC_IVAU,
    A64_HELPER_RNDR,
    A64_HELPER_COUNT
};
extern const HelperDef a64_helpers[A64_HELPER_COUNT];

/* x_type: the type of a general register operand: sf 1 is X, 0 is W. */
static inline IrType x_type(unsigned sf)
{
    return sf ? IR_I64 : IR_I32;
}

/* int_type: IR_I8 to IR_I128 from the logarithm of the size in bytes. */
static inline IrType int_type(unsigned log2_bytes)
{
    return (IrType)(IR_I8 + log2_bytes);
}

/* imm: a constant of type ty. */
IrVal imm(Lift *l, IrType ty, uint64_t value);

/* get_x: general register r as ty (IR_I32 or IR_I64); 31 is the zero register. */
IrVal get_x(Lift *l, IrType ty, unsigned r);

/* get_xsp: the same; 31 is SP. */
IrVal get_xsp(Lift *l, IrType ty, unsigned r);

/*
 * set_x: general register r = v, computed as ty: an IR_I32 result clears the top half. A
 * write to the zero register is dropped. set_xsp: the same; 31 is SP.
 */
void set_x(Lift *l, IrType ty, unsigned r, IrVal v);
void set_xsp(Lift *l, IrType ty, unsigned r, IrVal v);

/*
 * known_x: whether the instructions just before this one, in this block, left a constant
 * in general register r (not 31); if so, it is in *value.
 */
bool known_x(const Lift *l, unsigned r, uint64_t *value);

/*
 * a64_bit_mask: Arm ARM, Shared pseudocode, DecodeBitMasks: a run of imms + 1 ones, rotated right
 * by immr inside an element of 2 to 64 bits, and repeated. False for a reserved encoding.
 */
bool a64_bit_mask(unsigned sf, unsigned n, unsigned imms, unsigned immr, uint64_t *mask);

/* a64_nzcv_seen: Guest.nzcv_seen. a64_nzcv_effect: of one instruction (not a branch). */
typedef enum { A64_NZCV_KEEPS, A64_NZCV_SETS, A64_NZCV_SHOWS } A64NzcvEffect;
A64NzcvEffect a64_nzcv_effect(uint32_t word);
bool a64_nzcv_seen(const uint8_t *pc, uint32_t n);

/* call_helper: run helper number h; its result is an i64. */
IrVal call_helper(Lift *l, unsigned h, IrVal a);

/*
 * a64_btype: BTYPE of a branch through register rn (call: BLR and its like) that stands in this
 * place; 0 while no page is guarded. a64_lands_on: Guest.lands_on.
 */
unsigned a64_btype(const Lift *l, bool call, unsigned rn);
bool a64_lands_on(uint32_t word, unsigned btype);

/*
 * a64_atomic_base: the address in register rn (31: SP) of an atomic or ordered access of 1 << size
 * bytes, which faults before anything else when it is not aligned as these must be.
 */
IrVal a64_atomic_base(Lift *l, unsigned rn, unsigned size);

/* next_pc, target_pc: constants for the next instruction and for one offset bytes away.
 */
IrVal next_pc(Lift *l);
IrVal target_pc(Lift *l, int64_t offset);
