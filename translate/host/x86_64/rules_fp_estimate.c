/* SPDX-License-Identifier: MIT */
/*
 * rules_fp_estimate.c: estimates of reciprocals and roots, and the steps that refine them.
 *
 * The steps are fused multiplications, of which zero times infinity is invalid on the host: the
 * interpreter then gives the constant that Arm has instead. Estimates come from tables, a lane at a
 * time, for numbers whose result is a normal number; all others go to the interpreter.
 */
#include "translate/host/interp/eval_fp.h"
#include "translate/host/x86_64/rules_fp.h"

/* ---- steps ---- */

static const FpRow fp_fnma = { V_fnmadd231ss, V_fnmadd231sd, V_fnmadd231ps, V_fnmadd231pd };

/* step: d = k - x * y; of NaNs Arm takes the first with its sign changed: not done here. */
static void step(Emit *e, const IrOp *op, double k, int d, int x, int y)
{
    Asm *as = &e->as;

    vop2m(as, V_movaps, VT0, fp_splat(e, op->type, k));
    vop3(as, fp_pick(fp_fnma, op), VT0, x, y);
    emit_deopt_jcc(e, fp_test_nan(e, op));
    emit_vl_to(e, d, VT0, op_vl(op), op->type);
    emit_zero_note(e, d, op_vl(op), op->type);
}

/* pair: x's lower half twice in t, so that no other lanes raise anything; or x when it has no need. */
static int pair(Emit *e, const IrOp *op, int t, int x)
{
    if (op_vl(op) != IR_VL_64 || fp_scalar(op))
        return x;
    vop2(&e->as, V_movddup, t, x);
    return t;
}

RULE(frecps)
{
    if (!e->hf->fma || !fp_ok(op))
        return false;
    emit_clobber_flags(e);
    step(e, op, 2.0, d, pair(e, op, VT1, a), pair(e, op, VT2, b));
    return true;
}

/*
 * (3 - a * b) / 2 rounded once is 1.5 - (a / 2) * b, as a / 2 is exact. Where it would not be, with
 * a next to nothing or zero, the interpreter does it.
 */
RULE(frsqrts)
{
    static const FpRow mul = { V_mulss, V_mulsd, V_mulps, V_mulpd };
    Asm *as = &e->as;
    bool q = fp_is64(op->type);
    unsigned lanes = fp_scalar(op) ? 1 : op_vl(op) == IR_VL_64 || q ? 3 : 15;

    if (!e->hf->fma || !fp_ok(op))
        return false;
    emit_clobber_flags(e);
    int x = pair(e, op, VT1, a), y = pair(e, op, VT2, b);

    vop3m(as, V_pand, VT0, x, emit_splat(e, op->type, (1ull << (lane_bits(op->type) - 1)) - 1));
    vop3m(as, q ? V_psubq : V_psubd, VT0, VT0, fp_splat(e, op->type, q ? 0x1p-1000 : 0x1p-100));
    asm_vmask(as, q ? V_movmskpd : V_movmskps, RAX, VT0);
    asm_test_ri(as, 0, RAX, (int32_t)lanes);
    emit_deopt_jcc(e, CC_NZ);
    vop2m(as, V_movaps, VT0, fp_splat(e, op->type, 0.5));
    vop3(as, fp_pick(mul, op), VT1, VT0, x);
    step(e, op, 1.5, d, VT1, y);
    return true;
}

/* ---- estimates ---- */

enum { TABLE_BYTES = 256 };

const uint8_t *emit_estimates(void)
{
    static uint8_t table[2 * TABLE_BYTES];

    for (unsigned i = 0; i < TABLE_BYTES; i++) {
        unsigned odd_exp = i >> 7, frac = i & 127;
        uint32_t root = odd_exp ? 128 | frac : 256 | frac << 1;

        table[i] = (uint8_t)(fp_urecpe((256 + i) << 23) >> 23);
        table[TABLE_BYTES + i] = (uint8_t)(fp_ursqrte(root << 23) >> 23);
    }
    return table;
}

static unsigned lanes32(const IrOp *op)
{
    return fp_scalar(op) ? 1 : op_vl(op) == IR_VL_64 ? 2 : 4;
}

/* out_of_range: to the interpreter when a lane's sign in VT0 is set. */
static void out_of_range(Emit *e, unsigned lanes)
{
    asm_vmask(&e->as, V_movmskps, RAX, VT0);
    asm_test_ri(&e->as, 0, RAX, (1 << lanes) - 1);
    emit_deopt_jcc(e, CC_NZ);
}

/* look_up: VT0 = in each lane, the table's byte for the lowest of x's lane, as a fraction's top. */
static void look_up(Emit *e, int x, unsigned lanes, int32_t table)
{
    Asm *as = &e->as;

    asm_mov_rm(as, 1, RAX, emit_thunk(DATA_ESTIMATES));
    vzero(as, VT0);
    for (unsigned i = 0; i < lanes; i++) {
        asm_pextr(as, 1, RCX, x, 4 * i);
        asm_pinsr_m(as, 1, VT0, VT0, mem_bi(RAX, RCX, 0, table), 4 * i);
    }
    vshift(as, V_pslld_i, VT0, VT0, 15);
}

/* Exponents from 1 to 252: that of the result is 253 less it. */
RULE(frecpe)
{
    Asm *as = &e->as;
    unsigned lanes = lanes32(op);

    if (op->type != IR_F32)
        return false;
    emit_clobber_flags(e);
    vop3m(as, V_pand, VT1, a, emit_splat(e, IR_I32, 0x7f800000));
    vop3m(as, V_psubd, VT0, VT1, emit_splat(e, IR_I32, 1u << 23));
    vop3m(as, V_pcmpgtd, VT2, VT1, emit_splat(e, IR_I32, 252u << 23));
    vop3(as, V_por, VT0, VT0, VT2);
    out_of_range(e, lanes);
    vshift(as, V_psrld_i, VT2, a, 15);
    look_up(e, VT2, lanes, 0);
    vop2m(as, V_movaps, VT2, emit_splat(e, IR_I32, 253u << 23));
    vop3(as, V_psubd, VT2, VT2, VT1);
    vop3(as, V_por, VT0, VT0, VT2);
    vop3m(as, V_pand, VT2, a, emit_splat(e, IR_I32, 1u << 31));
    vop3(as, V_por, VT0, VT0, VT2);
    emit_vl_to(e, d, VT0, op_vl(op), op->type);
    emit_zero_note(e, d, op_vl(op), op->type);
    return true;
}

/* Positive normal numbers: half of 380 less the exponent is the result's. */
RULE(frsqrte)
{
    Asm *as = &e->as;
    unsigned lanes = lanes32(op);

    if (op->type != IR_F32)
        return false;
    emit_clobber_flags(e);
    vop3m(as, V_psubd, VT0, a, emit_splat(e, IR_I32, 1u << 23));
    vop3m(as, V_pcmpgtd, VT1, a, emit_splat(e, IR_I32, 0x7f7fffff));
    vop3(as, V_por, VT0, VT0, VT1);
    vop3(as, V_por, VT0, VT0, a);
    out_of_range(e, lanes);
    vshift(as, V_psrld_i, VT2, a, 16);
    look_up(e, VT2, lanes, TABLE_BYTES);
    vshift(as, V_psrld_i, VT1, a, 23);
    vop2m(as, V_movaps, VT2, emit_splat(e, IR_I32, 380));
    vop3(as, V_psubd, VT2, VT2, VT1);
    vshift(as, V_psrld_i, VT2, VT2, 1);
    vshift(as, V_pslld_i, VT2, VT2, 23);
    vop3(as, V_por, VT0, VT0, VT2);
    emit_vl_to(e, d, VT0, op_vl(op), op->type);
    emit_zero_note(e, d, op_vl(op), op->type);
    return true;
}
