/* SPDX-License-Identifier: MIT */
/*
 * info.h: tables about IR ops that the builder, printer, parser, verifier and passes
 * share: names, result types, how the immediate of each op reads, and the conditions.
 */
#pragma once

#include "translate/ir/ir.h"

extern const char *const ir_type_name[]; /* by IrType; "void" first, "v128" last */
extern const char *const ir_cond_name[16];

/* Ops whose I result is an element of memory or of a vector, zero-extended to 64 bits. */
static inline bool ir_widens(IrOpcode op)
{
    return (ir_op_info[op].props & (IRP_READ | IRP_WRITE)) || op == IR_vget_u || op == IR_vget_s;
}

/* ir_result_type: type of the temporary that op makes; IR_VOID when it has no result. */
static inline IrType ir_result_type(IrOpcode op, IrType type)
{
    switch (ir_op_info[op].d) {
    case 'V': return IR_V128;
    case 'L': return IR_I64;
    case 'W': return IR_I32;
    case 'I': return type != IR_I32 || ir_widens(op) ? IR_I64 : IR_I32;
    default: return IR_VOID;
    }
}

/*
 * ir_known_bits: an upper bound on the significant low bits of an integer result: 32
 * means that bits 63 to 32 are zero. 64 for ops with no integer result.
 */
unsigned ir_known_bits(const IrOp *op);

/*
 * ir_unboxes: op has a vector operand that must be boxed (IR_VL_BOX). ir_type_in, ir_type_out: lane
 * types of its operands and result.
 */
static inline bool ir_unboxes(const IrOp *op)
{
    return (op->flags & IR_VL_MASK) == IR_VL_BOX && ir_op_info[op->op].a == 'V';
}
IrType ir_type_in(IrOpcode op, IrType type, uint32_t imm);
IrType ir_type_out(IrOpcode op, IrType type, uint32_t imm);

/* ir_takes_round: the op's immediate may hold an ir_fixed_round(). */
bool ir_takes_round(IrOpcode op);

/*
 * ir_faults: op may leave for the fault handler, so that all guest state must be that of
 * the instruction's start: memory accesses, floating point (the host may trap, then the
 * instruction runs again in the interpreter) and helpers that access memory.
 */
bool ir_call_faults(const IrBlock *b, const IrOp *op);
static inline bool ir_faults(const IrBlock *b, const IrOp *op)
{
    return (ir_op_info[op->op].props & (IRP_READ | IRP_WRITE | IRP_FP)) || ir_unboxes(op) ||
           (op->op == IR_call && ir_call_faults(b, op));
}

/*
 * ir_props: IRP_ of this very op: IRP_SETF only when it does set flags, IRP_READ also of a call
 * that accesses memory.
 */
static inline unsigned ir_props(const IrBlock *b, const IrOp *op)
{
    unsigned props = ir_op_info[op->op].props;

    if (!(op->flags & IRF_SETF)) {
        props &= ~(unsigned)IRP_SETF;
    }
    return op->op == IR_call && ir_call_faults(b, op) ? props | IRP_READ : props;
}

/* ir_sets_flags: op writes NZCV. */
static inline bool ir_sets_flags(const IrOp *op)
{
    unsigned props = ir_op_info[op->op].props;

    return (props & IRP_DEFF) || ((props & IRP_SETF) && (op->flags & IRF_SETF));
}

/*
 * ir_drained: on every way to op `at` of the block lies an atomic operation or full fence with no
 * store after it, or with release_only no release store: these stores have been seen by everyone.
 * Looks back a little only. An op that the interpreter runs instead does not come back into the
 * block, and an acquire load has seen to earlier release stores.
 */
bool ir_drained(const IrBlock *b, uint32_t at, bool release_only);

/* ir_cond_holds: nzcv has N in bit 3 to V in bit 0. IR_AL and (as on Arm) IR_NV: yes. */
bool ir_cond_holds(IrCond cond, unsigned nzcv);

/* ir_new_temp: one more temporary, to be made by the next op; for the builder and the parser. */
IrRef ir_new_temp(IrBlock *b, IrType type);

/* ---- the immediate ---- */

/* One part of an immediate, as text: "key=5", "key=name", a bare name, or a bare key. */
typedef struct {
    const char *key;      /* NULL: only the name is written */
    uint8_t shift, width; /* bits of the immediate; width 1 without names: a bare key */
    bool always;          /* written even when 0 */
    const char *const *names; /* of values 0 to n_names - 1, or NULL */
    uint8_t n_names;
} ImmField;

typedef enum { IMM_FIELDS, IMM_INSN, IMM_MEM, IMM_HELPER } ImmStyle;

typedef struct {
    ImmStyle style;
    uint8_t n_fields;
    const ImmField *field;
} ImmForm;

/* ir_imm_form: how op's immediate reads; never NULL. */
const ImmForm *ir_imm_form(IrOpcode op);
