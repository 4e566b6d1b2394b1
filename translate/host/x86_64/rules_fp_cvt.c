/* SPDX-License-Identifier: MIT */
/*
 * rules_fp_cvt.c: conversions between floating point formats and from and to integers.
 *
 * To an integer: out of range and NaN are invalid on the host too and trap. Arm raises inexact
 * only when in range, so a value is first rounded without exceptions, then converted (which
 * traps if need be), and only then inexact is raised, by rounding the original once more with
 * the exception on; its truncation is in range whenever the rounded value is. Conversion with
 * truncation, what C compilers use, is one host instruction that does all of this.
 */
#include "translate/host/x86_64/rules_fp.h"

static bool type_ok(unsigned t)
{
    return t == IR_F32 || t == IR_F64;
}

/* ---- between floating point formats ---- */

/* d = a by a scalar conversion to type `to`; the rest of d zero, or of a box ones. */
static void scalar_into(Emit *e, VOp v, unsigned vl, unsigned to, int d, int a)
{
    Asm *as = &e->as;
    bool watch = v == V_cvtsd2ss && fp_watching(e);
    int t = watch ? VT0 : VT1;

    if (to == IR_F64 && a < VT0 && emit_zero_known(e, a, IR_VL_64, to)) {
        fp_op3(e, v, d, a, a);
    } else {
        emit_vconst(e, t, vl == IR_VL_BOX && to == IR_F32 ? ~0ull << 32 : 0, 0);
        vop3(as, v, t, t, a);
        if (watch)
            fp_watch(e, IR_F32, true, t);
        asm_vmov(as, d, t);
    }
    emit_zero_note(e, d, vl, to);
}

RULE(fcvt)
{
    Asm *as = &e->as;
    unsigned from = op->type, to = op->imm;
    bool half = from == IR_F16 || to == IR_F16;

    if (half && !half_ok(e))
        return false;
    if (from == IR_F32 && to == IR_F64) {
        scalar_into(e, V_cvtss2sd, op_vl(op), to, d, a);
    } else if (from == IR_F64 && to == IR_F32) {
        scalar_into(e, V_cvtsd2ss, op_vl(op), to, d, a);
    } else if (from == IR_F32 && to == IR_F16) {
        emit_vl_to(e, VT0, a, IR_VL_LANE, IR_F32);
        half_narrow(e, d, VT0, true);
        emit_zero_note(e, d, IR_VL_LANE, IR_F16);
    } else if (from == IR_F64 && to == IR_F16) {
        emit_vl_to(e, VT0, a, IR_VL_LANE, IR_F64);
        half_from_double(e, d);
    } else if (from == IR_F16 && to == IR_F32) {
        bool known = emit_zero_known(e, a, IR_VL_LANE, IR_F16);

        if (!known)
            emit_vl_to(e, VT0, a, IR_VL_LANE, IR_F16);
        vop2(as, V_cvtph2ps, d, known ? a : VT0);
        emit_zero_note(e, d, IR_VL_LANE, IR_F32);
    } else if (from == IR_F16 && to == IR_F64) {
        half_widen(e, VT0, a, IR_VL_LANE);
        scalar_into(e, V_cvtss2sd, IR_VL_LANE, to, d, VT0);
    } else {
        return false;
    }
    return true;
}

RULE(fwiden)
{
    Asm *as = &e->as;
    int x = a;

    if (!type_ok(op->type) || (op->type == IR_F32 && !e->hf->f16c))
        return false;
    if (op->imm) {
        vop2i(as, V_pshufd, VT0, a, 0xee);
        x = VT0;
    }
    vop2(as, op->type == IR_F64 ? V_cvtps2pd : V_cvtph2ps, d, x);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(fnarrow)
{
    if (!type_ok(op->type) || op->imm || (op->type == IR_F32 && !half_ok(e)))
        return false;
    int x = fp_cut(e, op, a), t = fp_watching(e) ? VT0 : d;

    if (op->type == IR_F32) {
        half_narrow(e, d, x, true);
        return true;
    }
    vop2(&e->as, V_cvtpd2ps, t, x);
    if (t != d) {
        fp_watch(e, IR_F32, false, t);
        asm_vmov(&e->as, d, t);
    }
    return true;
}

/* ---- to integers ---- */

/* The scalar op that a conversion of one lane is, for the shared parts of rules_fp. */
static IrOp as_scalar(unsigned float_type)
{
    return (IrOp){ .type = (uint8_t)float_type, .flags = IR_VL_LANE };
}

/* VT1 = x rounded, no inexact. x is not VT1; with IR_RN_AWAY not VT0 either, which is lost. */
static void round_quiet(Emit *e, const IrOp *f, unsigned round, int x)
{
    VOp v = fp_pick(vop_fp_round, f);

    if (round == IR_RN_AWAY)
        fp_away(e, f, x);
    else if (fp_scalar(f))
        vop3i(&e->as, v, VT1, x, x, fp_round_imm(round) | FP_ROUND_QUIET);
    else
        vop2i(&e->as, v, VT1, x, fp_round_imm(round) | FP_ROUND_QUIET);
}

/* Raise inexact when x is not integral. VT1 is lost. */
static void raise_inexact(Emit *e, const IrOp *f, int x)
{
    VOp v = fp_pick(vop_fp_round, f);

    if (fp_scalar(f))
        vop3i(&e->as, v, VT1, x, x, 3);
    else
        vop2i(&e->as, v, VT1, x, 3);
}

/* rax = VT1 (integral) as unsigned 32 bits. */
static void to_u32(Emit *e, bool q)
{
    Asm *as = &e->as;

    asm_vcvt_rx(as, q ? V_cvttsd2si : V_cvttss2si, 1, RAX, VT1);
    asm_mov_rr(as, 0, RCX, RAX);
    asm_alu_rr(as, 1, ALU_CMP, RCX, RAX);
    emit_deopt_jcc(e, CC_NE);
}

/*
 * rax = VT1 (integral) as unsigned 64 bits: from 2^63 on, less that. Of more than 2^64 the
 * difference would be inexact.
 */
static void to_u64(Emit *e, bool q)
{
    Asm *as = &e->as;
    Mem top = fp_splat(e, q ? IR_F64 : IR_F32, 0x1p63);
    VOp cvtt = q ? V_cvttsd2si : V_cvttss2si;
    uint8_t *big, *done;

    vop2m(as, q ? V_comisd : V_comiss, VT1, top);
    big = asm_jcc8(as, CC_AE);
    asm_vcvt_rx(as, cvtt, 1, RAX, VT1);
    asm_test_rr(as, 1, RAX, RAX);
    emit_deopt_jcc(e, CC_S);
    done = asm_jmp8(as);
    asm_patch8(as, big);
    vop2m(as, q ? V_comisd : V_comiss, VT1, fp_splat(e, q ? IR_F64 : IR_F32, 0x1p64));
    emit_deopt_jcc(e, CC_AE);
    vop3m(as, q ? V_subsd : V_subss, VT1, VT1, top);
    asm_vcvt_rx(as, cvtt, 1, RAX, VT1);
    asm_bt_ri(as, 1, BT_BTC, RAX, 63);
    asm_patch8(as, done);
}

/* d = scalar x as an integer; d may be rax. Uses rax, rcx, VT0, VT1. */
static void scalar_to_int(Emit *e, const IrOp *f, bool sign, int w, unsigned round, int d, int x)
{
    Asm *as = &e->as;
    bool q = fp_is64(f->type);

    if (sign && (round == IR_RN_ZERO || round == IR_RN_CUR)) {
        VOp v = round == IR_RN_ZERO ? (q ? V_cvttsd2si : V_cvttss2si)
                                    : (q ? V_cvtsd2si : V_cvtss2si);

        asm_vcvt_rx(as, v, w, d, x);
        return;
    }
    round_quiet(e, f, round, x);
    if (sign)
        asm_vcvt_rx(as, q ? V_cvttsd2si : V_cvttss2si, w, RAX, VT1);
    else if (w)
        to_u64(e, q);
    else
        to_u32(e, q);
    raise_inexact(e, f, x);
    if (d != RAX)
        asm_mov_rr(as, w, d, RAX);
}

/*
 * Scaling by 2^fbits is done in F64, where no F32 overflows; an F64 might, and would leave an
 * overflow flag behind.
 */
static bool to_int(Emit *e, const IrOp *op, bool sign, int d, int a)
{
    Asm *as = &e->as;
    unsigned round = op->imm & 255, fbits = op->imm >> 8 & 255, type = op->imm >> 16;
    IrOp f;
    int x = a;

    bool half = type == IR_F16;

    if (half)
        type = IR_F32;
    if (!type_ok(type) || (fbits && (type == IR_F64 || round == IR_RN_AWAY)) ||
        (half && !half_ok(e)))
        return false;
    if (!sign)
        emit_clobber_flags(e);
    if (half) {
        half_widen(e, XMM15, a, IR_VL_LANE);
        x = a = XMM15;
    }
    if (fbits) {
        type = IR_F64;
        vop3(as, V_cvtss2sd, VT0, a, a);
        vop3m(as, V_mulsd, VT0, VT0, fp_splat(e, IR_F64, (double)(1ull << (fbits & 63)) *
                                                             (fbits == 64 ? 0x1p64 : 1)));
        x = VT0;
    }
    f = as_scalar(type);
    scalar_to_int(e, &f, sign, op->type == IR_I64, round, d, x);
    return true;
}

RULE(fto_i_s)
{
    return to_int(e, op, true, d, a);
}

RULE(fto_i_u)
{
    return to_int(e, op, false, d, a);
}

/* ---- lanes to integers ---- */

/* Two signed 64-bit lanes, one by one through rax and rcx. */
static void to_s64_pair(Emit *e, const IrOp *op, int d, int a)
{
    Asm *as = &e->as;
    unsigned round = op->imm & 255;
    int x = a;

    if (round != IR_RN_ZERO) {
        round_quiet(e, op, round, a);
        x = VT1;
    }
    vop2i(as, V_pshufd, VT0, x, 0xee);
    asm_vcvt_rx(as, V_cvttsd2si, 1, RAX, x);
    asm_vcvt_rx(as, V_cvttsd2si, 1, RCX, VT0);
    if (round != IR_RN_ZERO)
        raise_inexact(e, op, a);
    asm_movd_xr(as, 1, d, RAX);
    asm_pinsr(as, 8, d, d, RCX, 1);
}

static void to_s32_lanes(Emit *e, const IrOp *op, int d, int a)
{
    Asm *as = &e->as;
    IrOp f = { .type = IR_F32 };
    unsigned round = op->imm & 255;
    int x = fp_cut(e, op, a);

    if (round == IR_RN_ZERO || round == IR_RN_CUR) {
        vop2(as, round == IR_RN_ZERO ? V_cvttps2dq : V_cvtps2dq, d, x);
        return;
    }
    round_quiet(e, &f, round, x);
    vop2(as, V_cvttps2dq, VT2, VT1);
    raise_inexact(e, &f, fp_cut(e, op, a));
    asm_vmov(as, d, VT2);
}

/*
 * Lanes from 2^31 on are converted less that and the bit put back; from 2^32 on they stay, to
 * trap (their difference would be inexact). A negative result is no result.
 */
static void to_u32_lanes(Emit *e, const IrOp *op, int d, int a)
{
    Asm *as = &e->as;
    IrOp f = { .type = IR_F32 };
    Mem top = fp_splat(e, IR_F32, 0x1p31);

    round_quiet(e, &f, op->imm & 255, fp_cut(e, op, a));
    vop3mi(as, V_cmpps, VT0, VT1, fp_splat(e, IR_F32, 0x1p32), 5);
    vop3mi(as, V_cmpps, VT2, VT1, top, 5);
    vop3(as, V_pandn, VT0, VT0, VT2);
    vop3m(as, V_pand, VT0, VT0, top);
    vop3(as, V_subps, VT1, VT1, VT0);
    vop2(as, V_cvttps2dq, VT1, VT1);
    asm_vmask(as, V_movmskps, RAX, VT1);
    asm_test_rr(as, 0, RAX, RAX);
    emit_deopt_jcc(e, CC_NZ);
    vshift(as, V_pslld_i, VT2, VT2, 31);
    vop3(as, V_pxor, VT2, VT2, VT1);
    raise_inexact(e, &f, fp_cut(e, op, a));
    asm_vmov(as, d, VT2);
}

static bool lanes_to_int(Emit *e, const IrOp *op, bool sign, int d, int a)
{
    unsigned round = op->imm & 255;
    IrOp f = as_scalar(op->type);

    if (op->type == IR_F16)
        return half_to_int(e, op, sign, d, a);
    if (!fp_ok(op) || op->imm >> 8)
        return false;
    if (op->type == IR_F64 && op_vl(op) == IR_VL_128 && !sign)
        return false;
    if (!sign)
        emit_clobber_flags(e);
    if (op->type == IR_F64 && op_vl(op) == IR_VL_128) {
        to_s64_pair(e, op, d, a);
    } else if (op->type == IR_F64) {
        scalar_to_int(e, &f, sign, 1, round, RAX, a);
        asm_movd_xr(&e->as, 1, d, RAX);
    } else if (sign) {
        to_s32_lanes(e, op, d, a);
    } else {
        to_u32_lanes(e, op, d, a);
    }
    return true;
}

RULE(fto_s)
{
    return lanes_to_int(e, op, true, d, a);
}

RULE(fto_u)
{
    return lanes_to_int(e, op, false, d, a);
}

/* ---- from integers; the scaling by 2^-fbits is exact, results being far from the limits ---- */

static Mem scale_down(Emit *e, unsigned type, unsigned fbits)
{
    return fp_splat(e, type, (fbits == 64 ? 0x1p-64 : 1.0 / (double)(1ull << fbits)));
}

/* All lanes of x, times 2^-fbits. */
static void scale_lanes(Emit *e, unsigned type, unsigned fbits, int x)
{
    if (fbits)
        vop3m(&e->as, type == IR_F64 ? V_mulpd : V_mulps, x, x, scale_down(e, type, fbits));
}

/*
 * VT0 = its unsigned 64-bit lanes as F64: both halves are put under exponents at which they
 * are exact, so that only the final sum rounds. The sign is cleared for the zero that rounding
 * down makes -0.
 */
static void u64_to_f64(Emit *e)
{
    Asm *as = &e->as;

    vshift(as, V_psrlq_i, VT1, VT0, 32);
    vop3m(as, V_por, VT1, VT1, fp_splat(e, IR_F64, 0x1p84));
    vop3m(as, V_subpd, VT1, VT1, fp_splat(e, IR_F64, 0x1p84 + 0x1p52));
    vop3mi(as, V_pblendw, VT0, VT0, fp_splat(e, IR_F64, 0x1p52), 0xcc);
    vop3(as, V_addpd, VT0, VT0, VT1);
    vop3m(as, V_andps, VT0, VT0, emit_splat(e, IR_I64, ~0ull >> 1));
}

/* VT0 = x's unsigned 32-bit lanes as F32: halves of 16 bits are exact, their sum rounds once. */
static void u32_to_f32(Emit *e, int x)
{
    Asm *as = &e->as;

    vshift(as, V_psrld_i, VT1, x, 16);
    vshift(as, V_pslld_i, VT0, x, 16);
    vshift(as, V_psrld_i, VT0, VT0, 16);
    vop2(as, V_cvtdq2ps, VT1, VT1);
    vop2(as, V_cvtdq2ps, VT0, VT0);
    vop3m(as, V_mulps, VT1, VT1, fp_splat(e, IR_F32, 0x1p16));
    vop3(as, V_addps, VT0, VT0, VT1);
}

/* VT0 = x's signed 64-bit lanes as F64. */
static void s64_to_f64(Emit *e, bool pair, int x)
{
    Asm *as = &e->as;

    asm_movd_rx(as, 1, RAX, x);
    if (pair)
        asm_pextr(as, 8, RCX, x, 1);
    vzero(as, VT0);
    asm_vcvt_xr(as, V_cvtsi2sd, 1, VT0, VT0, RAX);
    if (pair) {
        vzero(as, VT1);
        asm_vcvt_xr(as, V_cvtsi2sd, 1, VT1, VT1, RCX);
        vop3(as, V_unpcklpd, VT0, VT0, VT1);
    }
}

RULE(sto_f)
{
    if (op->type == IR_F16)
        return half_from_int(e, op, true, d, a);
    if (!fp_ok(op))
        return false;
    if (op->type == IR_F64)
        s64_to_f64(e, op_vl(op) == IR_VL_128, a);
    else
        vop2(&e->as, V_cvtdq2ps, VT0, fp_cut(e, op, a));
    scale_lanes(e, op->type, op->imm >> 8 & 255, VT0);
    asm_vmov(&e->as, d, VT0);
    return true;
}

RULE(uto_f)
{
    if (op->type == IR_F16)
        return half_from_int(e, op, false, d, a);
    if (!fp_ok(op))
        return false;
    if (op->type == IR_F64) {
        emit_vl_to(e, VT0, a, op_vl(op), op->type);
        u64_to_f64(e);
    } else {
        u32_to_f32(e, fp_cut(e, op, a));
    }
    scale_lanes(e, op->type, op->imm >> 8 & 255, VT0);
    asm_vmov(&e->as, d, VT0);
    return true;
}

static void scale_scalar(Emit *e, unsigned type, unsigned fbits, int x)
{
    if (fbits)
        vop3m(&e->as, type == IR_F64 ? V_mulsd : V_mulss, x, x, scale_down(e, type, fbits));
}

/*
 * from_half: whether a single is what an integer becomes on its way to half precision: when unscaled,
 * for integers that a single does not hold are beyond all halves. Else half_from_gen() does it.
 */
static bool from_half(const Emit *e, unsigned type, unsigned fbits)
{
    return type == IR_F16 && !fbits && half_ok(e);
}

RULE(i_sto_f)
{
    unsigned type = op->imm >> 16, fbits = op->imm >> 8 & 255;
    bool half = from_half(e, type, fbits);

    if (type == IR_F16 && fbits)
        return half_from_gen(e, op, true, d, a);
    if (!type_ok(type) && !half)
        return false;
    bool box = op_vl(op) == IR_VL_BOX && type == IR_F32;

    emit_vconst(e, VT0, box ? ~0ull << 32 : 0, 0);
    asm_vcvt_xr(&e->as, type == IR_F64 ? V_cvtsi2sd : V_cvtsi2ss, op->type == IR_I64,
                e->as.has_avx && !fbits && !half ? d : VT0, VT0, a);
    if (!e->as.has_avx || fbits || half) {
        scale_scalar(e, type, fbits, VT0);
        if (half)
            half_narrow(e, VT0, VT0, false);
        asm_vmov(&e->as, d, VT0);
    }
    emit_zero_note(e, d, box ? IR_VL_BOX : IR_VL_LANE, type);
    return true;
}

/*
 * VT0 = unsigned 64-bit r as F32. From 2^63 on: half of it, the lost bit kept as sticky so
 * that rounding comes out the same, doubled.
 */
static void u64_to_f32(Emit *e, int r)
{
    Asm *as = &e->as;
    uint8_t *big, *done;

    emit_clobber_flags(e);
    vzero(as, VT0);
    asm_test_rr(as, 1, r, r);
    big = asm_jcc8(as, CC_S);
    asm_vcvt_xr(as, V_cvtsi2ss, 1, VT0, VT0, r);
    done = asm_jmp8(as);
    asm_patch8(as, big);
    asm_mov_rr(as, 0, RCX, r);
    asm_alu_ri(as, 0, ALU_AND, RCX, 1);
    asm_mov_rr(as, 1, RAX, r);
    asm_shift_ri(as, 1, SH_SHR, RAX, 1);
    asm_alu_rr(as, 1, ALU_OR, RAX, RCX);
    asm_vcvt_xr(as, V_cvtsi2ss, 1, VT0, VT0, RAX);
    vop3(as, V_addss, VT0, VT0, VT0);
    asm_patch8(as, done);
}

RULE(i_uto_f)
{
    Asm *as = &e->as;
    unsigned type = op->imm >> 16, fbits = op->imm >> 8 & 255;
    bool half = from_half(e, type, fbits);

    if (type == IR_F16 && fbits)
        return half_from_gen(e, op, false, d, a);
    if (!type_ok(type) && !half)
        return false;
    if (op->type == IR_I32) {
        asm_mov_rr(as, 0, RAX, a);
        vzero(as, VT0);
        asm_vcvt_xr(as, type == IR_F64 ? V_cvtsi2sd : V_cvtsi2ss, 1, VT0, VT0, RAX);
    } else if (type == IR_F64) {
        asm_movd_xr(as, 1, VT0, a);
        u64_to_f64(e);
    } else {
        u64_to_f32(e, a);
    }
    scale_scalar(e, type, fbits, VT0);
    if (half)
        half_narrow(e, VT0, VT0, false);
    asm_vmov(as, d, VT0);
    emit_zero_note(e, d, IR_VL_LANE, type);
    return true;
}

/*
 * In the range of the integer, which most are, the conversion there and back tells by its bits
 * whether it is exact, -0 being none. Outside the interpreter does it: a trap would cost more.
 */
RULE(fto_js)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    vop3m(as, V_pand, VT0, a, emit_splat(e, IR_I64, ~0ull >> 1));
    vop2m(as, V_movaps, VT1, fp_splat(e, IR_F64, 0x1p31));
    vop2(as, V_ucomisd, VT1, VT0);
    emit_deopt_jcc(e, CC_BE);
    asm_vcvt_rx(as, V_cvttsd2si, 0, RAX, a);
    asm_vcvt_xr(as, V_cvtsi2sd, 0, VT0, VT0, RAX);
    asm_movd_rx(as, 1, RCX, a);
    asm_movd_rx(as, 1, d, VT0);
    asm_alu_rr(as, 1, ALU_CMP, RCX, d);
    asm_setcc(as, CC_E, RCX);
    asm_movzx_rr(as, 1, RCX, RCX);
    asm_shift_ri(as, 1, SH_SHL, RCX, 62);
    asm_alu_rr(as, 1, ALU_OR, RAX, RCX);
    asm_mov_rr(as, 1, d, RAX);
    return true;
}
