/* SPDX-License-Identifier: MIT */
/*
 * eval_int.c: the integer ops in the shape eval.h wants. Their meaning is in ir/intops.c.
 */
#include "translate/host/interp/eval.h"
#include "translate/ir/intops.h"

#define X(name)                                                                          \
    EvalFn eval_##name;                                                                  \
    void eval_##name(Env *env, EvalOp op, V128 *d, const V128 *a, const V128 *b,         \
                     const V128 *c)                                                      \
    {                                                                                    \
        (void)env;                                                                       \
        (void)c;                                                                         \
        bool binary = ir_op_info[IR_##name].b != 'N';                                    \
        d->u64[0] = int_eval(IR_##name, op.type, op.imm, a->u64[0],                      \
                             binary ? b->u64[0] : 0);                                    \
    }
INT_OPS(X)
#undef X
