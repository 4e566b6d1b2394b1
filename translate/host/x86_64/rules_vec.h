/* SPDX-License-Identifier: MIT */
/*
 * rules_vec.h: the tier 1 rules of vector, floating point and cryptography ops: for each IR op
 * the host instructions with exactly its meaning.
 *
 * A rule gets the registers of its operands (XMM, or general for operands of kind I; -1 when
 * absent) and of its result. d may be any of a, b, c; the others keep their values. Free for
 * use: xmm12 to xmm14 (VT0 to VT2), xmm15 (vop3 and vblend use it themselves), rax, rcx; operands in
 * general registers are never these two.
 *
 * A rule returns false, having emitted nothing, for a type or host it does not serve; the
 * framework then calls the interpreter's function for the op.
 *
 * Exactness. The invalid exception is unmasked in translated code and the interpreter re-runs
 * the guest instruction that raised it, so rules may rely on: no invalid operation, no
 * signalling NaN gets past an instruction that would raise it. Two things follow. Nothing is
 * written to d, when it is an operand, before the last instruction that may trap or deopt, except by
 * that instruction itself; and lanes outside VL must not raise inexact, overflow or underflow on their own.
 */
#pragma once

#include "translate/host/x86_64/emit.h"

enum { VT0 = XMM12, VT1 = XMM13, VT2 = XMM14 };

typedef bool VecRule(Emit *e, const IrOp *op, int d, int a, int b, int c);

/* vec_rules[op]: the rule, or NULL. */
extern VecRule *const vec_rules[IR_OP_COUNT];

#define RULE_UNUSED __attribute__((unused))
#define RULE(name)                                                                             \
    bool rule_##name(Emit *e RULE_UNUSED, const IrOp *op RULE_UNUSED, int d RULE_UNUSED,       \
                     int a RULE_UNUSED, int b RULE_UNUSED, int c RULE_UNUSED)

/* ---- shared parts ---- */

/* lane_log2: 0 to 4 for lanes of 1 to 16 bytes, integer or float. lane_bits: 8 to 128. */
static inline unsigned lane_log2(unsigned type)
{
    static const uint8_t log2[] = {
        [IR_I8] = 0, [IR_I16] = 1, [IR_I32] = 2, [IR_I64] = 3, [IR_I128] = 4,
        [IR_F16] = 1, [IR_F32] = 2, [IR_F64] = 3, [IR_V128] = 4,
    };

    return log2[type];
}

static inline unsigned lane_bits(unsigned type)
{
    return 8u << lane_log2(type);
}

static inline unsigned op_vl(const IrOp *op)
{
    return op->flags & IR_VL_MASK;
}

/* lane_splat: v's low bits in every lane of 64 bits. */
uint64_t lane_splat(unsigned type, uint64_t v);

/* emit_splat: a constant with v in every lane. emit_ones: d = all ones. */
Mem emit_splat(Emit *e, unsigned type, uint64_t v);
void emit_ones(Emit *e, int d);

/* emit_vconst: load lo, hi the cheapest way. */
void emit_vconst(Emit *e, int d, uint64_t lo, uint64_t hi);

/*
 * emit_vl: clear d beyond VL. emit_vl_to: d = s cut to VL. With IR_VL_BOX ones are put above the
 * lane; above 64 bits it must be zero.
 */
void emit_vl(Emit *e, int d, unsigned vl, unsigned type);
void emit_vl_to(Emit *e, int d, int s, unsigned vl, unsigned type);

/*
 * emit_set_qc_if: set the sticky saturation flag when x, cut to VL first (so it changes), is
 * not zero. EFLAGS must have been given up.
 */
void emit_set_qc_if(Emit *e, int x, unsigned vl, unsigned type);

/*
 * emit_shl, emit_shr_u, emit_shr_s: d = lanes of a shifted by n, any n; use VT2 and xmm15 only.
 * d may be a; neither may be VT2.
 */
void emit_shl(Emit *e, unsigned type, int d, int a, unsigned n);
void emit_shr_u(Emit *e, unsigned type, int d, int a, unsigned n);
void emit_shr_s(Emit *e, unsigned type, int d, int a, unsigned n);

/* emit_reads_constants: the rule reads the op's constants itself. */
static inline bool emit_reads_constants(const IrOp *op)
{
    return op->op == IR_vconst || (op->op == IR_vpack64 && ir_is_const(op->a) && ir_is_const(op->b));
}

/*
 * emit_unbox: have the interpreter run the instruction unless x is a box of this float type.
 *
 * emit_canonical: for guests with canonical NaNs, after the rule of op made d: where d is a NaN, it
 * becomes the canonical one. known: the operands' NaNs are canonical already.
 */
void emit_unbox(Emit *e, unsigned type, int x);
void emit_canonical(Emit *e, const IrOp *op, int d, bool known);
bool emit_canonical_known(const Emit *e, unsigned type, int x);
bool box_keeps(const IrOp *op);

/* emit_cold_nan: on cc (after a test) x, or where VT1 is ones its lanes, are the constant. */
void emit_cold_nan(Emit *e, int cc, int x, Mem canonical, bool lanes);

/* Rows of instructions by lane size. */
extern const VOp vop_add[4], vop_sub[4], vop_cmp_eq[4], vop_cmp_gt[4];

/* emit_ror: d = lanes (32 or 64 bits) of a rotated right by n, 1 to below the width; as above. */
void emit_ror(Emit *e, unsigned type, int d, int a, unsigned n);

/*
 * emit_ternary: each bit of d = bit (4 a + 2 b + c) of table, for any overlap with VT0 as scratch.
 * Only with HostFeatures.avx512vl.
 */
void emit_ternary(Emit *e, unsigned table, int d, int a, int b, int c);
enum { TERNARY_XOR = 0x96, TERNARY_BCAX = 0xb4, TERNARY_CHOOSE = 0xca, TERNARY_MAJORITY = 0xe8 };

/* emit_not: d = ~d, by way of VT2. */
void emit_not(Emit *e, int d);

// clang-format off
#define VEC_RULES(X) \
    /* rules_vec.c */ \
    X(vmov) X(vand) X(vor) X(vxor) X(vandn) X(vorn) X(vnot) X(vbsl) X(vxor3) X(vbcax) \
    X(vadd) X(vsub) X(vmul) X(vneg) X(vabs) X(vmin_s) X(vmax_s) X(vmin_u) X(vmax_u) \
    X(vabd_s) X(vabd_u) X(vhadd_s) X(vhadd_u) X(vhsub_s) X(vhsub_u) X(vrhadd_s) X(vrhadd_u) \
    X(vqadd_s) X(vqadd_u) X(vqsub_s) X(vqsub_u) X(vuqadd_s) X(vsqadd_u) X(vqabs) X(vqneg) X(vqdmulh) X(vqrdmulh) X(vqrdmlah) X(vqrdmlsh) \
    X(vcmp_eq) X(vcmp_gt_s) X(vcmp_ge_s) X(vcmp_gt_u) X(vcmp_ge_u) X(vtst) \
    X(vcnt) X(vclz) X(vcls) X(vrbit) X(vdot_s) X(vdot_u) X(vdot_us) \
    /* rules_vec_shift.c */ \
    X(vror_i) X(vshl_i) X(vshr_s_i) X(vshr_u_i) X(vrshr_s_i) X(vrshr_u_i) X(vsli_i) X(vsri_i) \
    X(vqshl_s_i) X(vqshl_u_i) X(vqshl_su_i) X(vshl_s) X(vshl_u) X(vrshl_s) \
    X(vrshl_u) \
    /* rules_vec_perm.c */ \
    X(vdup) X(vdup_lane) X(vget_u) X(vget_s) X(vsigns) X(vset) X(vset_lane) X(vpack64) X(vmov_i) \
    X(vconst) \
    X(vzip_lo) X(vzip_hi) X(vuzp_even) X(vuzp_odd) X(vtrn_even) X(vtrn_odd) X(vext) X(vrev) \
    X(vtbl) X(vadd_pair) X(vmax_pair_s) X(vmax_pair_u) X(vmin_pair_s) X(vmin_pair_u) \
    X(vsum) X(vsuml_s) X(vsuml_u) X(vhmax_s) X(vhmax_u) X(vhmin_s) X(vhmin_u) \
    /* rules_vec_wide.c */ \
    X(vext_s) X(vext_u) X(vmull_s) X(vmull_u) X(vqdmull) X(vmull_p) X(vaddl_pair_s) \
    X(vaddl_pair_u) X(vnarrow) X(vqnarrow_s) X(vqnarrow_u) X(vqnarrow_su) \
    /* rules_fp.c */ \
    X(fadd) X(fsub) X(fmul) X(fmulx) X(fdiv) X(fsqrt) X(fma) X(fmax) X(fmin) X(fmaxnm) X(fminnm) \
    X(fabs) X(fneg) X(fsgnj) X(vfcmp_eq) X(vfcmp_ge) X(vfcmp_gt) X(fround) X(fround_int) \
    X(fadd_pair) X(fmax_pair) X(fmin_pair) X(fmaxnm_pair) X(fminnm_pair) \
    X(fhmax) X(fhmin) X(fhmaxnm) X(fhminnm) \
    /* rules_fp_estimate.c */ \
    X(frecps) X(frsqrts) X(frecpe) X(frsqrte) \
    /* rules_fp_cvt.c */ \
    X(fcvt) X(fwiden) X(fnarrow) X(fto_s) X(fto_u) X(sto_f) X(uto_f) X(fto_i_s) X(fto_i_u) X(fto_js) \
    X(i_sto_f) X(i_uto_f) \
    /* rules_fp_bf16.c */ \
    X(fwiden_raw) X(bfnarrow) X(bfdot) \
    /* rules_crypto.c */ \
    X(aese) X(aesd) X(aesmc) X(aesimc) X(sha1c) X(sha1p) X(sha1m) X(sha1h) X(sha1su0) X(sha1su1) \
    X(sha256h) X(sha256h2) X(sha256su0) X(sha256su1) \
    /* rules_hash.c */ \
    X(sha512h) X(sha512h2) X(sha512su0) X(sha512su1) X(sm3ss1) X(sm3tt1a) X(sm3tt1b) X(sm3tt2a) \
    X(sm3tt2b) X(sm3partw1) X(sm3partw2) X(sm4e) X(sm4ekey) X(sm4sub)
// clang-format on

#define X(name) VecRule rule_##name;
VEC_RULES(X)
#undef X
