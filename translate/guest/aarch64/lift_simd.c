/* SPDX-License-Identifier: MIT */
/* lift_simd.c: vector registers, constants and the few steps all SIMD lift functions share. */
#include "translate/guest/aarch64/lift_simd.h"

IrVal get_v(Lift *l, unsigned r)
{
    return ir_reg(l->ir, A64_V0 + r, IR_V128);
}

void set_v(Lift *l, unsigned r, IrVal v)
{
    ir_set(l->ir, A64_V0 + r, v);
}

IrVal v_const(Lift *l, unsigned vl, uint64_t value)
{
    return ir_v1(l->ir, IR_vconst, IR_I64, vl, imm(l, IR_I64, value), 0);
}

IrVal v_zero(Lift *l)
{
    return v_const(l, IR_VL_128, 0);
}

IrVal v_elt(Lift *l, IrType lane, unsigned vl, unsigned r, unsigned idx)
{
    return ir_v1(l->ir, IR_vdup_lane, lane, vl, get_v(l, r), idx);
}

IrVal v_accumulate(Lift *l, IrOpcode acc, IrType lane, unsigned vl, unsigned rd, IrVal v)
{
    return acc == ACC_NONE ? v : ir_v2(l->ir, acc, lane, vl, get_v(l, rd), v, 0);
}

void set_v_narrow(Lift *l, unsigned rd, uint64_t upper, IrVal v)
{
    if (upper) {
        v = ir_v2(l->ir, IR_vzip_lo, IR_I64, IR_VL_128, get_v(l, rd), v, 0);
    }
    set_v(l, rd, v);
}

/* Sign, then an exponent made of NOT b, copies of b and two bits, then four fraction bits. */
uint64_t fp_expand_imm(uint64_t sz, uint64_t imm8)
{
    uint64_t sign = imm8 >> 7, b = imm8 >> 6 & 1, low = imm8 & 0x3f;

    if (sz == 3) {
        return sign << 15 | (b ^ 1) << 14 | (b ? 3u << 12 : 0) | low << 6;
    }
    if (sz) {
        return sign << 63 | (b ^ 1) << 62 | (b ? 0xffull << 54 : 0) | low << 48;
    }
    return sign << 31 | (b ^ 1) << 30 | (b ? 0x1full << 25 : 0) | low << 19;
}
