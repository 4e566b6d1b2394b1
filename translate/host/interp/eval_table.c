/* SPDX-License-Identifier: MIT */
/*
 * eval_table.c: IR opcode -> eval_<op>, from the lists of the files that hold them. Ops
 * that access memory or NZCV, end a block or have another effect are in no list: NULL.
 * That each other op is in one is checked by its unit test.
 */
#include "translate/host/interp/eval.h"
#include "translate/host/interp/eval_ops.h"
#include "translate/ir/intops.h"

// clang-format off
#define X(name) EvalFn eval_##name;
INT_OPS(X)
#undef X

EvalFn *const eval_table[IR_OP_COUNT] = {
#define X(name) [IR_##name] = eval_##name,
    INT_OPS(X)
    EVAL_VECTOR_OPS(X)
#undef X
};
// clang-format on
