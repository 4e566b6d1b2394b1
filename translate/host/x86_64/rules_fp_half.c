/* SPDX-License-Identifier: MIT */
/*
 * rules_fp_half.c: half precision, by way of single precision.
 */
#include "translate/host/x86_64/rules_fp.h"

void half_widen(Emit *e, int d, int a, unsigned vl)
{
    if (vl == IR_VL_LANE) {
        emit_vl_to(e, d, a, vl, IR_F16);
        a = d;
    }
    vop2(&e->as, V_cvtph2ps, d, a);
}
