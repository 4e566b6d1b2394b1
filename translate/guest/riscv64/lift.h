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

extern const Guest guest_riscv64;

/* Helpers, called by IR op `call` with these numbers; the table is in helpers.c. */
enum {
    RV_HELPER_GET_FFLAGS,
    RV_HELPER_SET_FFLAGS,
    RV_HELPER_GET_FRM,
    RV_HELPER_SET_FRM,
    RV_HELPER_GET_TIME,
    RV_HELPER_FENCE_I,
    RV_HELPER_COUNT
};
extern const HelperDef rv_helpers[RV_HELPER_COUNT];

/* insn_bytes: of the instruction in work: 2 or 4. */
static inline unsigned insn_bytes(uint32_t word)
{
    return (word & 3) == 3 ? 4 : 2;
}

/* imm: a 64-bit constant. */
static inline IrVal imm(Lift *l, uint64_t value)
{
    return ir_const(l->ir, IR_I64, value);
}

/* rv_get_x: register r; rv_get_w: its low 32 bits as IR_I32. x0 is a constant. */
IrVal rv_get_x(Lift *l, unsigned r);
IrVal rv_get_w(Lift *l, unsigned r);

/* rv_set_x: register r = 64-bit v; rv_set_w: = v, an IR_I32, sign-extended. A write to x0 is dropped. */
void rv_set_x(Lift *l, unsigned r, IrVal v);
void rv_set_w(Lift *l, unsigned r, IrVal v);

/*
 * rv_known_x: whether the instructions just before this one, in this block, left a constant in
 * register r; if so, it is in *value. x0 always is one.
 */
bool rv_known_x(const Lift *l, unsigned r, uint64_t *value);

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
