/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "translate/host/interp/eval.h"

/* eval.h's scope: no memory, no NZCV, no control flow, no other effect. */
Test(eval_table, has_every_op_in_scope_and_no_other)
{
    unsigned outside = IRP_READ | IRP_WRITE | IRP_USEF | IRP_DEFF | IRP_EXIT | IRP_SIDE;

    for (unsigned op = 0; op < IR_OP_COUNT; op++) {
        bool in_scope = !(ir_op_info[op].props & outside);

        cr_expect((eval_table[op] != NULL) == in_scope, "%s", ir_op_info[op].name);
    }
}

Test(eval_table, an_integer_op_cuts_its_result)
{
    V128 a = { .u64 = { 0xffffffff, 0 } }, b = { .u64 = { 2, 0 } }, d;

    eval_op(NULL, (EvalOp){ IR_add, IR_I32, 0, 0 }, &d, &a, &b, NULL);
    cr_expect(d.u64[0] == 1);
}
