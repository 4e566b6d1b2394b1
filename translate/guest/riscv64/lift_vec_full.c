/* SPDX-License-Identifier: MIT */
/* lift_vec_full.c: vector instructions inline, where vl is all there is. */
#include "translate/guest/riscv64/lift_vec.h"

bool vec_inline(Lift *l, const Vec *v, RvvOp op)
{
    (void)l, (void)v, (void)op;
    return false;
}
