/* SPDX-License-Identifier: MIT */
/*
 * lift.h: what the lift functions of the riscv64 guest share. Each is named after its row in the
 * .dec files and returns false for an undefined instruction; it must not have emitted anything
 * then. The order rules of ir.h apply: read operands, access memory into temporaries, write
 * registers.
 */
#pragma once

#include "gen/riscv64_decode.h"
#include "translate/guest/riscv64/state.h"

extern const Guest guest_riscv64, guest_riscv32;

/* The last variant that is part of places; see lift_vec.h. */
enum { RVV_LAST_PLACE = 46 };

/* Helpers, called by IR op `call` with these numbers; the table is in helpers.c. */
enum {
    RV_HELPER_GET_FRM,
    RV_HELPER_SET_FRM,
    RV_HELPER_GET_TIME,
    RV_HELPER_FENCE_I,
    RV_HELPER_VEC,              /* vec_run() */
    RV_HELPER_SET_VL,           /* vec_set_vl() */
    RV_HELPER_VEC_PLACE,        /* rv_vec_place() */
    RV_HELPER_GET_VCSR,
    RV_HELPER_SET_VCSR,
    RV_HELPER_COUNT
};
extern const HelperDef rv_helpers[RV_HELPER_COUNT];

/* insn_bytes: of the instruction in work: 2 or 4. */
static inline unsigned insn_bytes(uint32_t word)
{
    return (word & 3) == 3 ? 4 : 2;
}

/*
 * RV32 is the same CPU with x registers of 32 bits. They lie in the low halves of the 64-bit
 * ones, whose upper halves are then always zero, so that a register is an address as it is.
 *
 * rv_is_32, rv_xlen: the type of an x register here. imm: a constant of that type.
 */
static inline bool rv_is_32(const Lift *l)
{
    return l->guest->addresses_32;
}

static inline IrType rv_xlen(const Lift *l)
{
    return rv_is_32(l) ? IR_I32 : IR_I64;
}

static inline IrVal imm(Lift *l, uint64_t value)
{
    return ir_const(l->ir, rv_xlen(l), value);
}

/* imm64: a constant of 64 bits. code_at: the same of an address, which wraps as addresses do. */
static inline IrVal imm64(Lift *l, uint64_t value)
{
    return ir_const(l->ir, IR_I64, value);
}

static inline IrVal code_at(Lift *l, uint64_t va)
{
    return imm64(l, rv_is_32(l) ? (uint32_t)va : va);
}

/* branch_to: where a direct branch goes: what the block knows of the vector unit is known there. */
static inline IrVal branch_to(Lift *l, uint64_t va)
{
    IrVal pc = code_at(l, va);

    return l->variant_used && l->variant <= RVV_LAST_PLACE
               ? imm64(l, env_place(ir_const_value(l->ir, pc.ref), l->variant)) : pc;
}

/*
 * rv_get_x: register r, of type rv_xlen(); rv_get_w: its low 32 bits as IR_I32; rv_get_z: as an
 * IR_I64, zero-extended on RV32: addresses. x0 is a constant.
 */
IrVal rv_get_x(Lift *l, unsigned r);
IrVal rv_get_w(Lift *l, unsigned r);
IrVal rv_get_z(Lift *l, unsigned r);

/* rv_get_both: on RV32: two registers as an IR_I64. */
IrVal rv_get_both(Lift *l, unsigned low, unsigned high);

/*
 * rv_set_x: register r = v, on RV32 its low 32 bits; rv_set_w: = v, an IR_I32, sign-extended. A write
 * to x0 is dropped.
 */
void rv_set_x(Lift *l, unsigned r, IrVal v);
void rv_set_w(Lift *l, unsigned r, IrVal v);

/*
 * rv_known_x: whether the instructions just before this one, in this block, left a constant in
 * register r; if so, it is in *value. x0 always is one.
 */
bool rv_known_x(const Lift *l, unsigned r, uint64_t *value);

/*
 * Idioms (lift_idiom.c); false: not one. rv_shift_pair: SLLI of n places, an instruction of so many bytes,
 * and a right shift of rd behind it. rv_rotate: the OR of a rotation.
 */
bool rv_shift_pair(Lift *l, unsigned rd, unsigned rs1, unsigned n, unsigned bytes);
bool rv_rotate(Lift *l, unsigned rd, unsigned rs1, unsigned rs2);

/* rv_address: the base of an access at rs1 + *disp; a base that is known takes *disp in. */
IrVal rv_address(Lift *l, unsigned rs1, int64_t *disp);

/* rv_call: run helper number h; its result is an i64. */
IrVal rv_call(Lift *l, unsigned h, IrVal a);

/* rv_set_flags: flags of x - y; then exit_cond, rv_cset or select may follow in this instruction. */
void rv_set_flags(Lift *l, IrVal x, IrVal y);

/* cset: condition of the flags as 0 or 1. */
IrVal rv_cset(Lift *l, IrCond cond);

/* rv_select: the condition's x or y, 64 bits. */
IrVal rv_select(Lift *l, IrCond cond, IrVal x, IrVal y);

/* rv_compare: x register rd = cond after op (fcmp or fcmpe) of f registers; fmt as in instructions. */
void rv_compare(Lift *l, IrOpcode op, IrCond cond, unsigned fmt, unsigned rd, unsigned rs1,
                unsigned rs2);
