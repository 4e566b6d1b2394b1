/* SPDX-License-Identifier: MIT */
/*
 * eval_ops.h: the vector, floating point and cryptography half of eval.h: which ops of ir.def
 * have an EvalFn, and their prototypes. The lists are what eval_table.c builds its rows from.
 *
 * Not here, as they read or write NZCV: vselect, fcmp, fcmpe, fccmp (see eval_fcmp).
 */
#pragma once

#include "translate/host/interp/eval.h"

// clang-format off
/* eval_vec.c: every lane for itself */
#define EVAL_LANE_OPS(X) \
    X(vmov) X(vand) X(vor) X(vxor) X(vandn) X(vorn) X(vnot) X(vbsl) X(vxor3) X(vbcax) X(vror_i) \
    X(vadd) X(vsub) X(vmul) X(vneg) X(vabs) X(vmin_s) X(vmax_s) X(vmin_u) X(vmax_u) \
    X(vabd_s) X(vabd_u) X(vhadd_s) X(vhadd_u) X(vhsub_s) X(vhsub_u) X(vrhadd_s) X(vrhadd_u) \
    X(vqadd_s) X(vqadd_u) X(vqsub_s) X(vqsub_u) X(vuqadd_s) X(vsqadd_u) X(vqabs) X(vqneg) \
    X(vqdmulh) X(vqrdmulh) X(vqrdmlah) X(vqrdmlsh) \
    X(vcmp_eq) X(vcmp_gt_s) X(vcmp_ge_s) X(vcmp_gt_u) X(vcmp_ge_u) X(vtst) \
    X(vcnt) X(vclz) X(vcls) X(vrbit) X(vdot_s) X(vdot_u) X(vdot_us) \
    X(vshl_i) X(vshr_s_i) X(vshr_u_i) X(vrshr_s_i) X(vrshr_u_i) X(vsli_i) X(vsri_i) \
    X(vqshl_s_i) X(vqshl_u_i) X(vqshl_su_i) X(vshl_s) X(vshl_u) X(vrshl_s) X(vrshl_u) \
    X(vqshl_s) X(vqshl_u) X(vqrshl_s) X(vqrshl_u) X(vmul_p) X(urecpe) X(ursqrte)

/* eval_vec_perm.c: data crosses lanes or changes width */
#define EVAL_PERM_OPS(X) \
    X(vdup) X(vdup_lane) X(vconst) X(vget_u) X(vget_s) X(vsigns) X(vset) X(vset_lane) X(vpack64) X(vmov_i) \
    X(vext_s) X(vext_u) X(vmull_s) X(vmull_u) X(vqdmull) X(vmull_p) \
    X(vaddl_pair_s) X(vaddl_pair_u) X(vnarrow) X(vqnarrow_s) X(vqnarrow_u) X(vqnarrow_su) \
    X(vsum) X(vsuml_s) X(vsuml_u) X(vhmax_s) X(vhmax_u) X(vhmin_s) X(vhmin_u) \
    X(vadd_pair) X(vmax_pair_s) X(vmax_pair_u) X(vmin_pair_s) X(vmin_pair_u) \
    X(vzip_lo) X(vzip_hi) X(vuzp_even) X(vuzp_odd) X(vtrn_even) X(vtrn_odd) \
    X(vext) X(vrev) X(vtbl)

/* eval_fp.c: lanes of eval_fp.h's functions; F16, F32 and F64 throughout */
#define EVAL_FP_OPS(X) \
    X(fadd) X(fsub) X(fmul) X(fmulx) X(fdiv) X(fsqrt) X(fma) X(fmax) X(fmin) X(fmaxnm) X(fminnm) \
    X(fabs) X(fneg) X(fsgnj) X(frecps) X(frsqrts) X(frecpe) X(frsqrte) X(frecpx) \
    X(vfcmp_eq) X(vfcmp_ge) X(vfcmp_gt) X(fround) X(fround_int) X(fcvt) X(fwiden) X(fnarrow) \
    X(fto_s) X(fto_u) X(sto_f) X(uto_f) X(fto_i_s) X(fto_i_u) X(fto_js) X(i_sto_f) X(i_uto_f) \
    X(fadd_pair) X(fmax_pair) X(fmin_pair) X(fmaxnm_pair) X(fminnm_pair) \
    X(fhmax) X(fhmin) X(fhmaxnm) X(fhminnm)

/* eval_fp_bf16.c: bfloat16, and half precision that is multiplied in single */
#define EVAL_BF16_OPS(X) X(fwiden_raw) X(bfnarrow) X(bfdot)

/* eval_crypto.c */
#define EVAL_CRYPTO_OPS(X) \
    X(aese) X(aesd) X(aesmc) X(aesimc) X(sha1c) X(sha1p) X(sha1m) X(sha1h) X(sha1su0) X(sha1su1) \
    X(sha256h) X(sha256h2) X(sha256su0) X(sha256su1)

/* eval_hash.c */
#define EVAL_HASH_OPS(X) \
    X(sha512h) X(sha512h2) X(sha512su0) X(sha512su1) X(sm3ss1) X(sm3tt1a) X(sm3tt1b) X(sm3tt2a) \
    X(sm3tt2b) X(sm3partw1) X(sm3partw2) X(sm4e) X(sm4ekey) X(sm4sub)
// clang-format on

#define EVAL_VECTOR_OPS(X)                                                                     \
    EVAL_LANE_OPS(X) EVAL_PERM_OPS(X) EVAL_FP_OPS(X) EVAL_BF16_OPS(X) EVAL_CRYPTO_OPS(X) \
    EVAL_HASH_OPS(X)

#define X(name) EvalFn eval_##name;
EVAL_VECTOR_OPS(X)
#undef X
