/* SPDX-License-Identifier: MIT */
/*
 * rules_vec_shift.c: lane shifts. x86 has none of bytes, and none of 64-bit lanes that brings
 * the sign in: bytes are shifted as words and masked, 64-bit lanes put together from halves.
 * Shifts by register are AVX2's psllv family for 32 and 64 bits and multiplications by powers of
 * two for 16 and 8.
 */
#include "translate/host/x86_64/rules_vec.h"

static const VOp vop_sll[4] = { V_NONE, V_psllw_i, V_pslld_i, V_psllq_i };
static const VOp vop_srl[4] = { V_NONE, V_psrlw_i, V_psrld_i, V_psrlq_i };
static const VOp vop_sra[4] = { V_NONE, V_psraw_i, V_psrad_i, V_NONE };

/* ---- shared parts ---- */

void emit_shl(Emit *e, unsigned type, int d, int a, unsigned n)
{
    unsigned l = lane_log2(type);

    if (n == 0) {
        asm_vmov(&e->as, d, a);
    } else if (n >= 8u << l) {
        vzero(&e->as, d);
    } else if (l) {
        vshift(&e->as, vop_sll[l], d, a, n);
    } else if (n == 1) {
        vop3(&e->as, V_paddb, d, a, a);
    } else {
        vshift(&e->as, V_psllw_i, d, a, n);
        vop3m(&e->as, V_pand, d, d, emit_splat(e, IR_I8, 0xffu << n));
    }
}

void emit_shr_u(Emit *e, unsigned type, int d, int a, unsigned n)
{
    unsigned l = lane_log2(type);

    if (n == 0) {
        asm_vmov(&e->as, d, a);
    } else if (n >= 8u << l) {
        vzero(&e->as, d);
    } else if (l) {
        vshift(&e->as, vop_srl[l], d, a, n);
    } else {
        vshift(&e->as, V_psrlw_i, d, a, n);
        vop3m(&e->as, V_pand, d, d, emit_splat(e, IR_I8, 0xffu >> n));
    }
}

/* Bytes: (x ^ m) - m, m being where the sign has come to. */
static void shr_s_bytes(Emit *e, int d, int a, unsigned n)
{
    Asm *as = &e->as;

    if (n >= 7) {
        vzero(as, VT2);
        vop3(as, V_pcmpgtb, d, VT2, a);
        return;
    }
    emit_shr_u(e, IR_I8, d, a, n);
    vop2m(as, V_movaps, VT2, emit_splat(e, IR_I8, 0x80u >> n));
    vop3(as, V_pxor, d, d, VT2);
    vop3(as, V_psubb, d, d, VT2);
}

/* 64-bit lanes: the high halves shifted with sign, the low ones from the unsigned shift. */
static void shr_s_64(Asm *as, int d, int a, unsigned n)
{
    if (n >= 63) {
        vshift(as, V_psrad_i, d, a, 31);
        vop2i(as, V_pshufd, d, d, 0xf5);
    } else if (n >= 32) {
        vshift(as, V_psrad_i, VT2, a, 31);
        vshift(as, V_psrad_i, d, a, n - 32);
        vop2i(as, V_pshufd, d, d, 0xf5);
        vop3i(as, V_pblendw, d, d, VT2, 0xcc);
    } else {
        vshift(as, V_psrad_i, VT2, a, n);
        vshift(as, V_psrlq_i, d, a, n);
        vop3i(as, V_pblendw, d, d, VT2, 0xcc);
    }
}

void emit_shr_s(Emit *e, unsigned type, int d, int a, unsigned n)
{
    unsigned l = lane_log2(type);

    if (n == 0)
        asm_vmov(&e->as, d, a);
    else if (l == 0)
        shr_s_bytes(e, d, a, n);
    else if (l == 3)
        shr_s_64(&e->as, d, a, n);
    else
        vshift(&e->as, vop_sra[l], d, a, n < 8u << l ? n : (8u << l) - 1);
}

void emit_ror(Emit *e, unsigned type, int d, int a, unsigned n)
{
    unsigned width = lane_bits(type);

    if (e->hf->avx512vl && width >= 32) {
        asm_vpror(&e->as, width == 64, d, a, n);
        return;
    }
    emit_shr_u(e, type, VT2, a, n);
    emit_shl(e, type, d, a, width - n);
    vop3(&e->as, V_por, d, d, VT2);
}

RULE(vror_i)
{
    if (op->imm)
        emit_ror(e, op->type, d, a, op->imm);
    else
        asm_vmov(&e->as, d, a);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/* ---- by an immediate ---- */

RULE(vshl_i)
{
    emit_shl(e, op->type, d, a, op->imm);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vshr_s_i)
{
    emit_shr_s(e, op->type, d, a, op->imm);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vshr_u_i)
{
    emit_shr_u(e, op->type, d, a, op->imm);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/* VT1 = the bit of a that decides the rounding of a shift by n. */
static void rounding_bit(Emit *e, const IrOp *op, int a)
{
    emit_shr_u(e, op->type, VT1, a, op->imm - 1);
    vop3m(&e->as, V_pand, VT1, VT1, emit_splat(e, op->type, 1));
}

RULE(vrshr_s_i)
{
    rounding_bit(e, op, a);
    emit_shr_s(e, op->type, VT0, a, op->imm);
    vop3(&e->as, vop_add[lane_log2(op->type)], d, VT0, VT1);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vrshr_u_i)
{
    rounding_bit(e, op, a);
    emit_shr_u(e, op->type, VT0, a, op->imm);
    vop3(&e->as, vop_add[lane_log2(op->type)], d, VT0, VT1);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vsli_i)
{
    emit_shl(e, op->type, VT0, b, op->imm);
    vop3m(&e->as, V_pand, VT1, a, emit_splat(e, op->type, (1ull << op->imm) - 1));
    vop3(&e->as, V_por, d, VT0, VT1);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vsri_i)
{
    unsigned width = lane_bits(op->type);
    uint64_t keep = op->imm ? ~0ull << (width - op->imm) : 0;

    emit_shr_u(e, op->type, VT0, b, op->imm);
    vop3m(&e->as, V_pand, VT1, a, emit_splat(e, op->type, keep));
    vop3(&e->as, V_por, d, VT0, VT1);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/* ---- by an immediate, saturating: shift back and see whether it is still the same ---- */

RULE(vqshl_s_i)
{
    Asm *as = &e->as;
    unsigned l = lane_log2(op->type), top = lane_bits(op->type) - 1;

    emit_clobber_flags(e);
    emit_shl(e, op->type, VT0, a, op->imm);
    emit_shr_s(e, op->type, VT1, VT0, op->imm);
    vop3(as, vop_cmp_eq[l], VT1, VT1, a);       /* where it fits */
    vop3(as, V_pand, VT0, VT0, VT1);
    emit_not(e, VT1);
    emit_shr_s(e, op->type, d, a, top);
    vop3m(as, V_pxor, d, d, emit_splat(e, op->type, (1ull << top) - 1));
    vop3(as, V_pand, d, d, VT1);
    vop3(as, V_por, d, d, VT0);
    emit_set_qc_if(e, VT1, op_vl(op), op->type);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/* VT0 = x << imm, all ones where that loses bits; VT1 = not zero there. */
static void shl_sat_u(Emit *e, const IrOp *op, int x)
{
    emit_shl(e, op->type, VT0, x, op->imm);
    emit_shr_u(e, op->type, VT1, VT0, op->imm);
    vop3(&e->as, vop_cmp_eq[lane_log2(op->type)], VT1, VT1, x);
    emit_not(e, VT1);
    vop3(&e->as, V_por, VT0, VT0, VT1);
}

RULE(vqshl_u_i)
{
    emit_clobber_flags(e);
    shl_sat_u(e, op, a);
    emit_set_qc_if(e, VT1, op_vl(op), op->type);
    emit_vl_to(e, d, VT0, op_vl(op), op->type);
    return true;
}

/* As unsigned, then 0 where a was negative. */
RULE(vqshl_su_i)
{
    Asm *as = &e->as;
    unsigned top = lane_bits(op->type) - 1;

    emit_clobber_flags(e);
    shl_sat_u(e, op, a);
    emit_shr_s(e, op->type, XMM15, a, top);
    asm_vmov(as, VT2, XMM15);
    vop3(as, V_por, VT1, VT1, VT2);
    vop3(as, V_pandn, VT0, VT2, VT0);
    emit_set_qc_if(e, VT1, op_vl(op), op->type);
    emit_vl_to(e, d, VT0, op_vl(op), op->type);
    return true;
}

/* ---- by register: counts are signed bytes, negative ones shift right ---- */

/*
 * VT0 = count modulo 256, VT1 = minus that modulo 256. Counts of the width and more give 0, so
 * for a left shift VT0 and for a right one VT1 is right, and the other of the two shifts
 * everything out; with count 0 both keep the value.
 */
static void shift_counts(Emit *e, unsigned type, int b)
{
    Asm *as = &e->as;
    Mem mask = emit_splat(e, type, 0xff);

    vzero(as, VT1);
    vop3(as, vop_sub[lane_log2(type)], VT1, VT1, b);
    vop3m(as, V_pand, VT1, VT1, mask);
    vop3m(as, V_pand, VT0, b, mask);
}

static bool shift_var_ok(const Emit *e, const IrOp *op)
{
    return e->hf->avx2 && (op->type == IR_I32 || op->type == IR_I64);
}

/*
 * 16 bits: VT0 = 2^count, VT1 = 2^(bias + count) where these exponents are from 0 to 15, else 0.
 * Each byte of a power is looked up by the exponent less 0 or 8, which the addition of 0x70
 * leaves below 0x80 only when it is from 0 to 15; the table has powers from 0 to 7. VT2 is used.
 */
static void powers16(Emit *e, int b, unsigned bias)
{
    Asm *as = &e->as;
    Mem wrong = emit_splat(e, IR_I8, 0x70);

    vop2m(as, V_movaps, VT2, emit_const128(e, 0x0606040402020000, 0x0e0e0c0c0a0a0808));
    vop3(as, V_pshufb, VT2, b, VT2);            /* the count in both bytes */
    vop3m(as, V_paddb, VT0, VT2, emit_splat(e, IR_I16, 0xf800));
    vop3m(as, V_paddb, VT1, VT2, emit_splat(e, IR_I16, bias | (bias - 8) << 8));
    vop3m(as, V_paddusb, VT0, VT0, wrong);
    vop3m(as, V_paddusb, VT1, VT1, wrong);
    vop2m(as, V_movaps, VT2, emit_const128(e, 0x8040201008040201, 0));
    vop3(as, V_pshufb, VT0, VT2, VT0);
    vop3(as, V_pshufb, VT1, VT2, VT1);
}

/* negative16: x = all ones where the count is negative. */
static void negative16(Asm *as, int x, int b)
{
    vshift(as, V_psllw_i, x, b, 8);
    vshift(as, V_psraw_i, x, x, 15);
}

/* either: d = a << count, in VT0 the power, or what stands in VT1; one of them is 0. */
static bool either16(Emit *e, const IrOp *op, int d, int a)
{
    vop3(&e->as, V_pmullw, VT0, VT0, a);
    vop3(&e->as, V_por, d, VT0, VT1);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

static bool shl_u_16(Emit *e, const IrOp *op, int d, int a, int b)
{
    powers16(e, b, 16);
    vop3(&e->as, V_pmulhuw, VT1, VT1, a);
    return either16(e, op, d, a);
}

/* As below in vshl_s, but the sign only counts for right shifts. */
static bool shl_s_16(Emit *e, const IrOp *op, int d, int a, int b)
{
    Asm *as = &e->as;

    powers16(e, b, 16);
    negative16(as, XMM15, b);
    vshift(as, V_psraw_i, VT2, a, 15);
    vop3(as, V_pand, VT2, VT2, XMM15);
    vop3(as, V_pxor, XMM15, VT2, a);
    vop3(as, V_pmulhuw, VT1, VT1, XMM15);
    vop3(as, V_pxor, VT1, VT1, VT2);
    return either16(e, op, d, a);
}

/* The top bit of the product's low half is the last one shifted out. */
static bool rshl_u_16(Emit *e, const IrOp *op, int d, int a, int b)
{
    Asm *as = &e->as;

    powers16(e, b, 16);
    vop3(as, V_pmullw, XMM15, VT1, a);
    vop3(as, V_pmulhuw, VT1, VT1, a);
    vshift(as, V_psrlw_i, XMM15, XMM15, 15);
    vop3(as, V_paddw, VT1, VT1, XMM15);
    return either16(e, op, d, a);
}

/* pmulhrsw by 2^(15 - n) shifts right by n, rounded; 2^15 would be negative: count 0. */
static bool rshl_s_16(Emit *e, const IrOp *op, int d, int a, int b)
{
    powers16(e, b, 15);
    negative16(&e->as, VT2, b);
    vop3(&e->as, V_pand, VT1, VT1, VT2);
    vop3(&e->as, V_pmulhrsw, VT1, VT1, a);
    return either16(e, op, d, a);
}

/*
 * Bytes: even and odd ones as words x, of which x * 2^(8 + count) has the result in its upper byte,
 * for counts from -8 to 7; signed ones are shifted by 8 when it would be more, which leaves their
 * signs. Half a unit in the lower byte rounds, and is nothing after a left shift. The powers' bytes
 * are looked up as in powers16().
 */
static bool shl_8(Emit *e, const IrOp *op, bool is_signed, bool round, int d, int a, int b)
{
    Asm *as = &e->as;
    Mem half = emit_splat(e, IR_I16, 0x80);

    if (is_signed) {
        vop2m(as, V_movaps, VT0, emit_splat(e, IR_I8, 0xf8));
        vop3(as, V_pmaxsb, VT0, VT0, b);
        vop3m(as, V_psubb, VT0, VT0, emit_splat(e, IR_I8, 0xf8));
    } else {
        vop3m(as, V_psubb, VT0, b, emit_splat(e, IR_I8, 0xf8));
    }
    vop3m(as, V_paddusb, VT0, VT0, emit_splat(e, IR_I8, 0x70));
    vop2m(as, V_movaps, VT1, emit_const128(e, 0x8040201008040201, 0));
    vop2m(as, V_movaps, VT2, emit_const128(e, 0, 0x8040201008040201));
    vop3(as, V_pshufb, VT1, VT1, VT0);          /* low bytes of the powers */
    vop3(as, V_pshufb, VT2, VT2, VT0);          /* high bytes */
    vshift(as, V_psllw_i, VT0, VT1, 8);
    vshift(as, V_psrlw_i, VT0, VT0, 8);
    vshift(as, V_psllw_i, XMM15, VT2, 8);
    vop3(as, V_por, VT0, VT0, XMM15);           /* of the even bytes */
    vshift(as, V_psrlw_i, VT1, VT1, 8);
    vshift(as, V_psrlw_i, VT2, VT2, 8);
    vshift(as, V_psllw_i, VT2, VT2, 8);
    vop3(as, V_por, VT1, VT1, VT2);             /* of the odd ones */
    vshift(as, V_psllw_i, VT2, a, 8);
    vshift(as, is_signed ? V_psraw_i : V_psrlw_i, VT2, VT2, 8);
    vop3(as, V_pmullw, VT0, VT0, VT2);
    vshift(as, is_signed ? V_psraw_i : V_psrlw_i, VT2, a, 8);
    vop3(as, V_pmullw, VT1, VT1, VT2);
    if (round) {
        vop3m(as, V_paddw, VT0, VT0, half);
        vop3m(as, V_paddw, VT1, VT1, half);
    }
    vshift(as, V_psrlw_i, VT0, VT0, 8);
    vshift(as, V_psrlw_i, VT1, VT1, 8);
    vshift(as, V_psllw_i, VT1, VT1, 8);
    vop3(as, V_por, d, VT0, VT1);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vshl_u)
{
    Asm *as = &e->as;
    bool q = op->type == IR_I64;

    if (op->type == IR_I8)
        return shl_8(e, op, false, false, d, a, b);
    if (op->type == IR_I16)
        return shl_u_16(e, op, d, a, b);
    if (!shift_var_ok(e, op))
        return false;
    shift_counts(e, op->type, b);
    vop3(as, q ? V_psllvq : V_psllvd, VT0, a, VT0);
    vop3(as, q ? V_psrlvq : V_psrlvd, VT1, a, VT1);
    vop3(as, V_por, d, VT0, VT1);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/* A signed right shift is an unsigned one of a ^ sign, then ^ sign: right for any count. */
RULE(vshl_s)
{
    Asm *as = &e->as;
    bool q = op->type == IR_I64;

    if (op->type == IR_I8)
        return shl_8(e, op, true, false, d, a, b);
    if (op->type == IR_I16)
        return shl_s_16(e, op, d, a, b);
    if (!shift_var_ok(e, op))
        return false;
    shift_counts(e, op->type, b);
    vop3(as, q ? V_psllvq : V_psllvd, VT0, a, VT0);
    emit_shr_s(e, op->type, VT2, a, q ? 63 : 31);
    vop3(as, V_pxor, XMM15, a, VT2);
    vop3(as, q ? V_psrlvq : V_psrlvd, VT1, XMM15, VT1);
    vop3(as, V_pxor, VT1, VT1, VT2);
    vshift(as, q ? V_psllq_i : V_pslld_i, VT2, b, q ? 56 : 24);
    asm_vraw_rr(as, q ? V_blendvpd : V_blendvps, 0, d, VT0, VT1);
    asm_8(as, VT2 << 4);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/* ---- the same, rounded: right by n is (x >> n) + bit n - 1 of x ---- */

static bool rshl_var(Emit *e, const IrOp *op, VOp left, VOp right, int d, int a, int b)
{
    Asm *as = &e->as;
    bool q = op->type == IR_I64;

    if (!shift_var_ok(e, op))
        return false;
    shift_counts(e, op->type, b);
    vop3m(as, q ? V_paddq : V_paddd, VT2, VT1, emit_splat(e, op->type, ~0ull));
    vop3(as, right, VT2, a, VT2);
    vop3m(as, V_pand, VT2, VT2, emit_splat(e, op->type, 1));
    vop3(as, right, VT1, a, VT1);
    vop3(as, q ? V_paddq : V_paddd, VT1, VT1, VT2);
    vop3(as, left, VT0, a, VT0);
    vshift(as, q ? V_psllq_i : V_pslld_i, VT2, b, q ? 56 : 24);
    asm_vraw_rr(as, q ? V_blendvpd : V_blendvps, 0, d, VT0, VT1);
    asm_8(as, VT2 << 4);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vrshl_u)
{
    if (op->type == IR_I8)
        return shl_8(e, op, false, true, d, a, b);
    if (op->type == IR_I16)
        return rshl_u_16(e, op, d, a, b);
    if (op->type == IR_I64)
        return rshl_var(e, op, V_psllvq, V_psrlvq, d, a, b);
    return rshl_var(e, op, V_psllvd, V_psrlvd, d, a, b);
}

RULE(vrshl_s)
{
    if (op->type == IR_I8)
        return shl_8(e, op, true, true, d, a, b);
    if (op->type == IR_I16)
        return rshl_s_16(e, op, d, a, b);
    return op->type == IR_I32 && rshl_var(e, op, V_psllvd, V_psravd, d, a, b);
}
