/* SPDX-License-Identifier: MIT */
/*
 * rules_fp_bf16.c: bfloat16, and half precision that is multiplied in single.
 */
#include "translate/host/x86_64/rules_fp.h"

/* A signalling NaN is invalid here, and the interpreter does the whole instruction. */
RULE(fwiden_raw)
{
    static const uint8_t shuffle[] = { [2] = 0x99, [4] = 0xee };
    Asm *as = &e->as;
    int x = a;

    if (op->type != IR_F32 || !e->hf->f16c)
        return false;
    if (op->imm) {
        vop2i(as, V_pshufd, VT0, a, shuffle[op->imm]);
        x = VT0;
    }
    if (op_vl(op) != IR_VL_128) {
        unsigned lanes = op_vl(op) == IR_VL_64 ? IR_F32 : IR_F16;

        emit_vl_to(e, VT0, x, IR_VL_LANE, lanes);
        x = VT0;
    }
    vop2(as, V_cvtph2ps, d, x);
    return true;
}

/*
 * The fraction is rounded under a fixed exponent, by adding 2^16 to what is then a number from 1
 * to 2: a single has seven bits left there, which are those of a bfloat16, by the guest's
 * rounding mode and with its inexact flag. A carry goes into the exponent as it should. To the
 * interpreter go NaNs, infinities and what may become one (overflow), and denormals (underflow).
 */
RULE(bfnarrow)
{
    Asm *as = &e->as;

    if (op->type != IR_F32)
        return false;
    emit_clobber_flags(e);
    emit_vl_to(e, VT0, a, op_vl(op), IR_F32);
    vop3m(as, V_pand, VT1, VT0, emit_splat(e, IR_I32, 0x7fffffff));
    vop2m(as, V_movaps, VT2, emit_splat(e, IR_I32, 0x00800000));
    vop3(as, V_pcmpgtd, VT2, VT2, VT1);
    vop3(as, V_pand, VT2, VT2, VT1);
    vop3m(as, V_pcmpgtd, VT1, VT1, emit_splat(e, IR_I32, 0x7f7f0000));
    vop3(as, V_por, VT2, VT2, VT1);
    vop2(as, V_ptest, VT2, VT2);
    emit_deopt_jcc(e, CC_NZ);

    vop3m(as, V_pand, VT1, VT0, emit_splat(e, IR_I32, 0x80000000));
    vop3m(as, V_por, VT2, VT1, fp_splat(e, IR_F32, 0x1p16));
    vop3m(as, V_pand, VT1, VT0, emit_splat(e, IR_I32, 0x807fffff));
    vop3m(as, V_por, VT1, VT1, fp_splat(e, IR_F32, 1));
    vop3(as, V_addps, VT1, VT1, VT2);

    /* sign and exponent, and the fraction with the one before it, which is taken off again */
    vshift(as, V_psrld_i, VT0, VT0, 16);
    vop3m(as, V_pand, VT0, VT0, emit_splat(e, IR_I32, 0xff80));
    vop3m(as, V_pand, VT1, VT1, emit_splat(e, IR_I32, 0xffff));
    vop3(as, V_paddd, VT0, VT0, VT1);
    vop3m(as, V_psubd, VT0, VT0, emit_splat(e, IR_I32, 0x80));
    vzero(as, VT1);
    vop3(as, V_packusdw, d, VT0, VT1);
    return true;
}

/* ---- dot product ---- */

/* Toward zero, denormals zero as operands and results, all exceptions masked. */
enum { MXCSR_BFDOT = 0xffc0, MXCSR_OVERFLOW = 8, CMP_NEQ = 4, CMP_NEQ_ORDERED = 12 };

static Mem scratch(unsigned i)
{
    return mem_b(RBP, (int32_t)(offsetof(Env, rt.vtmp) + i * sizeof(V128)) - EMIT_BIAS);
}

/*
 * VT0 = VT0 + VT1 rounded to odd: cut, and the last bit set where something was cut off. The sum
 * less its larger operand is exact when the sum was rounded toward zero, and then the smaller
 * operand only if nothing was lost; so both differences are as they should be only then. A
 * difference of infinities is a NaN and tells nothing. A sum that was flushed gets a bit too: as
 * an operand that is a zero still.
 */
static void odd_sum(Emit *e, bool last)
{
    Asm *as = &e->as;

    vop2m(as, V_movaps_st, VT0, scratch(5));
    vop3(as, V_addps, VT2, VT0, VT1);
    vop3(as, V_subps, VT0, VT2, VT0);
    vop3i(as, V_cmpps, VT0, VT0, VT1, CMP_NEQ_ORDERED);
    vop3(as, V_subps, VT1, VT2, VT1);
    vop3mi(as, V_cmpps, VT1, VT1, scratch(5), CMP_NEQ_ORDERED);
    vop3(as, V_por, VT0, VT0, VT1);
    if (last) {
        vzero(as, VT1);
        vop3i(as, V_cmpps, VT1, VT1, VT2, CMP_NEQ);
        vop3(as, V_pand, VT0, VT0, VT1);
    }
    vshift(as, V_psrld_i, VT0, VT0, 31);
    vop3(as, V_por, VT0, VT0, VT2);
}

/* VT0, VT1 = products of the lower and of the upper bfloat16; exact but for the exponent. */
static void bf_products(Emit *e, const IrOp *op, int a, int b)
{
    Mem upper = emit_splat(e, IR_I32, 0xffff0000);
    Asm *as = &e->as;

    emit_vl_to(e, VT2, a, op_vl(op), op->type);
    vshift(as, V_pslld_i, VT0, VT2, 16);
    vshift(as, V_pslld_i, VT1, b, 16);
    vop3(as, V_mulps, VT0, VT0, VT1);
    vop3m(as, V_pand, VT1, VT2, upper);
    vop3m(as, V_pand, VT2, b, upper);
    vop3(as, V_mulps, VT1, VT1, VT2);
}

/*
 * Under an MXCSR of its own, so that the guest's rounding mode and flags are left alone. What
 * that one notes is of use: an overflow, which is infinite here and not the largest number, goes
 * to the interpreter, as do NaNs.
 */
RULE(bfdot)
{
    Asm *as = &e->as;
    Mem saved = scratch(4), noted = scratch(4);

    if (!as->has_avx || op->type != IR_F32)
        return false;
    emit_clobber_flags(e);
    noted.disp += 4;
    asm_stmxcsr(as, saved);
    asm_ldmxcsr(as, emit_splat(e, IR_I32, MXCSR_BFDOT));
    bf_products(e, op, a, b);
    odd_sum(e, false);
    asm_vmov(as, VT1, c);
    odd_sum(e, true);
    asm_stmxcsr(as, noted);
    asm_ldmxcsr(as, saved);
    asm_mov_rm(as, 0, RAX, noted);
    asm_alu_ri(as, 0, ALU_AND, RAX, MXCSR_OVERFLOW);
    emit_deopt_jcc(e, CC_NZ);
    emit_vl_to(e, VT0, VT0, op_vl(op), op->type);
    emit_deopt_jcc(e, fp_test_nan(e, op));
    asm_vmov(as, d, VT0);
    return true;
}
