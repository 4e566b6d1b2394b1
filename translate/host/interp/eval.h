/* SPDX-License-Identifier: MIT */
/*
 * eval.h: the meaning of every IR op without memory access, flags or control flow, as C: what
 * the interpreter runs and what a back-end calls for an op it has no inline rule for.
 *
 * op, type, flags, imm: as in IrOp. Values are passed as V128: integers in u64[0], already cut
 * to the op's type and zero-extended; results likewise. d may be the same object as an operand.
 * FP ops take modes from env->rt.fp, never touch or depend on the host's MXCSR as the caller
 * sees it (they save, set and restore it), and add their sticky flags to env->rt.fp_flags; SAT
 * ops set env->rt.qc. Async-signal-safe; any thread, on its own env.
 */
#pragma once

#include "translate/env.h"
#include "translate/ir/ir.h"

typedef struct {
    uint16_t op;
    uint8_t type;
    uint8_t flags;
    uint32_t imm;
} EvalOp;
_Static_assert(sizeof(EvalOp) == 8, "passed in one register by translated code");

typedef void EvalFn(Env *env, EvalOp op, V128 *d, const V128 *a, const V128 *b, const V128 *c);

/* eval_table[op]: the function, or NULL for ops outside this header's scope. */
extern EvalFn *const eval_table[IR_OP_COUNT];

/* eval_boxed: the same of an op with IR_VL_BOX, on which the functions of eval_table need not look. */
EvalFn eval_boxed;

static inline void eval_op(Env *env, EvalOp op, V128 *d, const V128 *a, const V128 *b,
                           const V128 *c)
{
    if ((op.flags & IR_VL_MASK) == IR_VL_BOX)
        eval_boxed(env, op, d, a, b, c);
    else
        eval_table[op.op](env, op, d, a, b, c);
}

/* eval_box: a lane of type t in its box. eval_unbox: out of it; the default NaN if it is in none. */
V128 eval_box(IrType t, uint64_t lane);
V128 eval_unbox(IrType t, const V128 *v);

/* eval_fcmp: NZCV (bits 3 to 0) of scalar a against b; signaling: invalid on any NaN. */
unsigned eval_fcmp(Env *env, IrType type, bool signaling, const V128 *a, const V128 *b);

/* eval_fp_rules: NaN and default-NaN rule of the guest in force. */
typedef enum { FP_NAN_ARM, FP_NAN_RISCV } FpNanRule;
extern FpNanRule eval_fp_nan_rule;
