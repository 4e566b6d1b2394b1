/* SPDX-License-Identifier: MIT */
/*
 * Vector, floating point and cryptography rules of tier 1 against the interpreter's functions
 * (eval.h): each rule is emitted with registers in all ways of overlapping and run on random and
 * edge operands, with VEX and with legacy encodings.
 *
 * A run may end in a deopt, by a jump or by SIGFPE: then no register may have changed (but a result
 * that is no operand) and no
 * flag be raised that the op does not raise. Otherwise result, sticky flags and saturation must
 * be those of the function, and nothing else may have changed; EFLAGS neither, unless the rule
 * said so.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "translate/host/interp/eval.h"
#include "translate/host/x86_64/rules_vec.h"

enum { MXCSR_UNMASKED = 0x1f00, RUNS_INT = 24, RUNS_FP = 160, CODE_BYTES = 16384 };

/* ---- which forms of which op there are ---- */

enum { T8 = 1 << IR_I8, T16 = 1 << IR_I16, T32 = 1 << IR_I32, T64 = 1 << IR_I64,
       T128 = 1 << IR_I128, TF16 = 1 << IR_F16, TF32 = 1 << IR_F32, TF64 = 1 << IR_F64,
       T_INT = T8 | T16 | T32 | T64, T_UP32 = T8 | T16 | T32, T_WIDE = T16 | T32 | T64,
       T_FP = TF32 | TF64, T_ANY = T_INT | T_FP };
enum { L128 = 1 << IR_VL_128, L64 = 1 << IR_VL_64, LANE = 1 << IR_VL_LANE, BOX = 1 << IR_VL_BOX, L_ALL = 7, L_VEC = 3 };

/* Immediates: a function gives the i-th, returns false past the last. */
typedef bool ImmFn(const IrOp *op, unsigned i, uint32_t *imm);

static unsigned lanes(const IrOp *op)
{
    return 16u >> lane_log2(op->type);
}

static bool imm_none(const IrOp *op, unsigned i, uint32_t *imm)
{
    (void)op;
    *imm = 0;
    return i == 0;
}

static bool imm_left(const IrOp *op, unsigned i, uint32_t *imm)
{
    *imm = i;
    return i < lane_bits(op->type);
}

static bool imm_right(const IrOp *op, unsigned i, uint32_t *imm)
{
    *imm = i + 1;
    return i < lane_bits(op->type);
}

static bool imm_lane(const IrOp *op, unsigned i, uint32_t *imm)
{
    *imm = i;
    return i < lanes(op);
}

static bool imm_lane2(const IrOp *op, unsigned i, uint32_t *imm)
{
    unsigned n = lanes(op);

    *imm = i % n | i / n << 8;
    return i < n * n;
}

static bool imm_upper(const IrOp *op, unsigned i, uint32_t *imm)
{
    (void)op;
    *imm = i;
    return i < 2;
}

static bool imm_sign(const IrOp *op, unsigned i, uint32_t *imm)
{
    (void)op;
    *imm = i;
    return i < 3;
}

static bool imm_half(const IrOp *op, unsigned i, uint32_t *imm)
{
    (void)op;
    *imm = i * 2;
    return i < 3;
}

static bool imm_table(const IrOp *op, unsigned i, uint32_t *imm)
{
    (void)op;
    *imm = i * 16;
    return i < 4;
}

static bool imm_bytes(const IrOp *op, unsigned i, uint32_t *imm)
{
    *imm = i;
    return i < ((op->flags & IR_VL_MASK) == IR_VL_128 ? 16 : 8);
}

static bool imm_group(const IrOp *op, unsigned i, uint32_t *imm)
{
    *imm = lane_bits(op->type) << (i + 1);
    return *imm <= 64;
}

static bool imm_fma(const IrOp *op, unsigned i, uint32_t *imm)
{
    (void)op;
    *imm = i;
    return i < 4;
}

static bool imm_round(const IrOp *op, unsigned i, uint32_t *imm)
{
    (void)op;
    *imm = i % 6 | (i / 6) << 4;
    return i < 12;
}

static bool imm_round_int(const IrOp *op, unsigned i, uint32_t *imm)
{
    (void)op;
    *imm = (i & 1 ? IR_RN_CUR : IR_RN_ZERO) | (i & 2 ? 64 : 32) << 8;
    return i < 4;
}

static bool imm_format(const IrOp *op, unsigned i, uint32_t *imm)
{
    *imm = IR_F16 + i + (op->type <= IR_F16 + i);
    return i < 2;
}

/* Single to double and back: boxes of halves are the framework's. */
static bool imm_not_half(const IrOp *op, unsigned i, uint32_t *imm)
{
    *imm = op->type == IR_F32 ? IR_F64 : IR_F32;
    return i < 1;
}

static bool imm_to_int(const IrOp *op, unsigned i, uint32_t *imm)
{
    static const uint8_t fbits[] = { 0, 1, 7, 32 };

    (void)op;
    *imm = i % 6 | (uint32_t)fbits[i / 6 % 4] << 8;
    return i < 24;
}

static bool imm_to_int_scalar(const IrOp *op, unsigned i, uint32_t *imm)
{
    imm_to_int(op, i % 24, imm);
    *imm |= (i < 24 ? IR_F32 : IR_F64) << 16;
    return i < 48;
}

static bool imm_from_int(const IrOp *op, unsigned i, uint32_t *imm)
{
    static const uint8_t fbits[] = { 0, 1, 31, 32, 64 };
    unsigned n = op->type == IR_F64 ? 5 : 4;

    if (i < n)
        *imm = (uint32_t)fbits[i] << 8;
    return i < n;
}

static bool imm_from_int_scalar(const IrOp *op, unsigned i, uint32_t *imm)
{
    static const uint8_t fbits[] = { 0, 1, 31, 32 };

    (void)op;
    *imm = (uint32_t)fbits[i % 4] << 8 | (i < 4 ? IR_F32 : IR_F64) << 16;
    return i < 8;
}

typedef struct {
    uint16_t op;
    uint16_t types;     /* T */
    uint8_t vls;        /* L */
    ImmFn *imm;
} Form;

// clang-format off
#define F(op, types, vls, imm) { IR_##op, types, vls, imm }
static const Form lane_forms[] = {
    F(vmov, T_INT, L_ALL, imm_none), F(vand, T_INT, L_ALL, imm_none),
    F(vor, T_INT, L_ALL, imm_none), F(vxor, T_INT, L_ALL, imm_none),
    F(vandn, T_INT, L_ALL, imm_none), F(vorn, T_INT, L_ALL, imm_none),
    F(vnot, T_INT, L_ALL, imm_none), F(vbsl, T_INT, L_ALL, imm_none),
    F(vxor3, T_INT, L_ALL, imm_none), F(vbcax, T_INT, L_ALL, imm_none),
    F(vadd, T_INT, L_ALL, imm_none), F(vsub, T_INT, L_ALL, imm_none),
    F(vmul, T_UP32, L_ALL, imm_none), F(vneg, T_INT, L_ALL, imm_none),
    F(vabs, T_INT, L_ALL, imm_none), F(vmin_s, T_INT, L_VEC, imm_none),
    F(vmax_s, T_INT, L_VEC, imm_none), F(vmin_u, T_INT, L_VEC, imm_none),
    F(vmax_u, T_INT, L_VEC, imm_none), F(vabd_s, T_UP32, L_VEC, imm_none),
    F(vabd_u, T_UP32, L_VEC, imm_none), F(vhadd_s, T_UP32, L_VEC, imm_none),
    F(vhadd_u, T_UP32, L_VEC, imm_none), F(vhsub_s, T_UP32, L_VEC, imm_none),
    F(vhsub_u, T_UP32, L_VEC, imm_none), F(vrhadd_s, T_UP32, L_VEC, imm_none),
    F(vrhadd_u, T_UP32, L_VEC, imm_none), F(vqadd_s, T_INT, L_ALL, imm_none),
    F(vqadd_u, T_INT, L_ALL, imm_none), F(vqsub_s, T_INT, L_ALL, imm_none),
    F(vqsub_u, T_INT, L_ALL, imm_none),
    F(vuqadd_s, T_INT, L_ALL, imm_none), F(vsqadd_u, T_INT, L_ALL, imm_none), F(vqabs, T_INT, L_ALL, imm_none),
    F(vqneg, T_INT, L_ALL, imm_none), F(vqdmulh, T16 | T32, L_ALL, imm_none),
    F(vqrdmulh, T16 | T32, L_ALL, imm_none), F(vcmp_eq, T_INT, L_ALL, imm_none),
    F(vcmp_gt_s, T_INT, L_ALL, imm_none), F(vcmp_ge_s, T_INT, L_ALL, imm_none),
    F(vcmp_gt_u, T_INT, L_ALL, imm_none), F(vcmp_ge_u, T_INT, L_ALL, imm_none),
    F(vtst, T_INT, L_ALL, imm_none), F(vcnt, T8, L_VEC, imm_none),
    F(vclz, T_UP32, L_VEC, imm_none), F(vcls, T_UP32, L_VEC, imm_none),
    F(vrbit, T8, L_VEC, imm_none), F(vdot_s, T32, L_VEC, imm_none),
    F(vdot_u, T32, L_VEC, imm_none), F(vdot_us, T32, L_VEC, imm_none),
    F(vqrdmlah, T16 | T32, L_ALL, imm_none), F(vqrdmlsh, T16 | T32, L_ALL, imm_none),
};
static const Form shift_forms[] = {
    F(vror_i, T32 | T64, L_ALL, imm_left), F(vshl_i, T_INT, L_ALL, imm_left), F(vshr_s_i, T_INT, L_ALL, imm_right),
    F(vshr_u_i, T_INT, L_ALL, imm_right), F(vrshr_s_i, T_INT, L_ALL, imm_right),
    F(vrshr_u_i, T_INT, L_ALL, imm_right), F(vsli_i, T_INT, L_ALL, imm_left),
    F(vsri_i, T_INT, L_ALL, imm_right), F(vqshl_s_i, T_INT, L_ALL, imm_left),
    F(vqshl_u_i, T_INT, L_ALL, imm_left), F(vqshl_su_i, T_INT, L_ALL, imm_left),
    F(vshl_s, T_INT, L_ALL, imm_none), F(vshl_u, T_INT, L_ALL, imm_none),
    F(vrshl_s, T_INT, L_ALL, imm_none), F(vrshl_u, T_INT, L_ALL, imm_none),
};
static const Form perm_forms[] = {
    F(vconst, T_INT, L_ALL, imm_none), F(vdup, T_INT, L_ALL, imm_none),
    F(vdup_lane, T_ANY, L_ALL, imm_lane), F(vget_u, T_INT, L128, imm_lane),
    F(vget_s, T_UP32, L128, imm_lane), F(vsigns, T_INT, L128, imm_none), F(vset, T_INT, L128, imm_lane),
    F(vset_lane, T_INT, L128, imm_lane2), F(vpack64, T64, L128, imm_none),
    F(vmov_i, T_INT, L128, imm_none), F(vzip_lo, T_INT, L_VEC, imm_none),
    F(vzip_hi, T_INT, L_VEC, imm_none), F(vuzp_even, T_INT, L_VEC, imm_none),
    F(vuzp_odd, T_INT, L_VEC, imm_none), F(vtrn_even, T_INT, L_VEC, imm_none),
    F(vtrn_odd, T_INT, L_VEC, imm_none), F(vext, T8, L_VEC, imm_bytes),
    F(vrev, T_UP32, L_VEC, imm_group), F(vtbl, T8, L_VEC, imm_table),
    F(vadd_pair, T_INT, L_ALL, imm_none), F(vmax_pair_s, T_UP32, L_ALL, imm_none),
    F(vmax_pair_u, T_UP32, L_ALL, imm_none), F(vmin_pair_s, T_UP32, L_ALL, imm_none),
    F(vmin_pair_u, T_UP32, L_ALL, imm_none), F(vsum, T_INT, L_VEC, imm_none),
    F(vsuml_s, T_UP32, L_VEC, imm_none), F(vsuml_u, T_UP32, L_VEC, imm_none),
    F(vhmax_s, T_UP32, L_VEC, imm_none), F(vhmax_u, T_UP32, L_VEC, imm_none),
    F(vhmin_s, T_UP32, L_VEC, imm_none), F(vhmin_u, T_UP32, L_VEC, imm_none),
};
static const Form wide_forms[] = {
    F(vext_s, T_WIDE, L_ALL, imm_upper), F(vext_u, T_WIDE, L_ALL, imm_upper),
    F(vmull_s, T_WIDE, L128, imm_upper), F(vmull_u, T_WIDE, L128, imm_upper),
    F(vqdmull, T32 | T64, L128 | LANE, imm_upper), F(vmull_p, T128 | T16, L128, imm_upper),
    F(vaddl_pair_s, T_WIDE, L_VEC, imm_none), F(vaddl_pair_u, T_WIDE, L_VEC, imm_none),
    F(vnarrow, T_WIDE, L_ALL, imm_none), F(vqnarrow_s, T_WIDE, L_ALL, imm_none),
    F(vqnarrow_u, T_WIDE, L_ALL, imm_none), F(vqnarrow_su, T_WIDE, L_ALL, imm_none),
};
static const Form fp_forms[] = {
    F(fadd, T_FP, L_ALL | BOX, imm_none), F(fsub, T_FP, L_ALL | BOX, imm_none),
    F(fmul, T_FP, L_ALL | BOX, imm_none), F(fmulx, T_FP, L_ALL, imm_none),
    F(fdiv, T_FP, L_ALL | BOX, imm_none), F(fsqrt, T_FP, L_ALL | BOX, imm_none),
    F(fma, T_FP, L_ALL | BOX, imm_fma), F(fmax, T_FP, L_ALL | BOX, imm_none),
    F(frecps, T_FP, L_ALL, imm_none), F(frsqrts, T_FP, L_ALL, imm_none),
    F(frecpe, TF32, L_ALL, imm_none), F(frsqrte, TF32, L_ALL, imm_none),
    F(fmin, T_FP, L_ALL | BOX, imm_none), F(fmaxnm, T_FP, L_ALL | BOX, imm_none),
    F(fminnm, T_FP, L_ALL | BOX, imm_none), F(fabs, T_FP, L_ALL | BOX, imm_none),
    F(fneg, T_FP, L_ALL | BOX, imm_none), F(fsgnj, T_FP, L_ALL | BOX, imm_sign), F(vfcmp_eq, T_FP, L_ALL, imm_none),
    F(vfcmp_ge, T_FP, L_ALL, imm_none), F(vfcmp_gt, T_FP, L_ALL, imm_none),
    F(fround, T_FP, L_ALL | BOX, imm_round), F(fround_int, T_FP, L_ALL, imm_round_int), F(fadd_pair, TF32, L_ALL, imm_none),
    F(fadd_pair, TF64, L128 | LANE, imm_none), F(fmax_pair, TF32, L_ALL, imm_none),
    F(fmin_pair, TF32, L_ALL, imm_none), F(fmaxnm_pair, TF64, L128 | LANE, imm_none),
    F(fminnm_pair, TF64, L128 | LANE, imm_none), F(fhmax, TF32, L_VEC, imm_none),
    F(fhmin, TF32, L_VEC, imm_none), F(fhmaxnm, T_FP, L128, imm_none),
    F(fhminnm, T_FP, L128, imm_none),
};
static const Form convert_forms[] = {
    F(fcvt, T_FP | TF16, LANE, imm_format),
    F(fcvt, T_FP, BOX, imm_not_half), F(fwiden, T_FP, L128, imm_upper),
    F(fnarrow, T_FP, L128, imm_upper), F(fto_s, T_FP, L_ALL, imm_to_int),
    F(fto_u, T_FP, L_ALL, imm_to_int), F(sto_f, T_FP, L_ALL, imm_from_int),
    F(uto_f, T_FP, L_ALL, imm_from_int), F(fto_i_s, T32 | T64, L128, imm_to_int_scalar),
    F(fto_i_u, T32 | T64, L128, imm_to_int_scalar), F(fto_js, TF64, LANE, imm_none),
    F(i_sto_f, T32 | T64, LANE, imm_from_int_scalar),
    F(i_uto_f, T32 | T64, LANE, imm_from_int_scalar),
    F(fwiden_raw, TF32, L_ALL, imm_half), F(bfnarrow, TF32, L_ALL, imm_none),
    F(bfdot, TF32, L_ALL, imm_none),
};
static const Form crypto_forms[] = {
    F(aese, T8, L128, imm_none), F(aesd, T8, L128, imm_none), F(aesmc, T8, L128, imm_none),
    F(aesimc, T8, L128, imm_none), F(sha1c, T32, L128, imm_none),
    F(sha1p, T32, L128, imm_none), F(sha1m, T32, L128, imm_none),
    F(sha1h, T32, L128, imm_none), F(sha1su0, T32, L128, imm_none),
    F(sha1su1, T32, L128, imm_none), F(sha256h, T32, L128, imm_none),
    F(sha256h2, T32, L128, imm_none), F(sha256su0, T32, L128, imm_none),
    F(sha256su1, T32, L128, imm_none), F(sha512h, T32, L128, imm_none),
    F(sha512h2, T32, L128, imm_none), F(sha512su0, T32, L128, imm_none),
    F(sha512su1, T32, L128, imm_none), F(sm3ss1, T32, L128, imm_none),
    F(sm3tt1a, T32, L128, imm_fma), F(sm3tt1b, T32, L128, imm_fma),
    F(sm3tt2a, T32, L128, imm_fma), F(sm3tt2b, T32, L128, imm_fma),
    F(sm3partw1, T32, L128, imm_none), F(sm3partw2, T32, L128, imm_none),
    F(sm4e, T32, L128, imm_none), F(sm4ekey, T32, L128, imm_none),
    F(sm4sub, T8, L128, imm_none),
};
#undef F
// clang-format on

/* ---- operands ---- */

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* A float of exp + frac + 1 bits near the edges; small: an exponent around integers. */
static uint64_t rnd_float(unsigned exp_bits, unsigned frac_bits)
{
    uint64_t frac = (1ull << frac_bits) - 1, top = (1u << exp_bits) - 1, e, f;

    switch (rnd() % 8) {
    case 0: e = 0; break;
    case 1: e = rnd() % 4 ? top / 2 : top; break;
    case 2: e = top - rnd() % 3; break;
    case 3: e = rnd() & top; break;
    default: e = top / 2 - 4 + rnd() % (rnd() % 2 ? 9 : frac_bits + 70); break;
    }
    switch (rnd() % 6) {
    case 0: f = 0; break;
    case 1: f = frac; break;
    case 2: f = 1ull << rnd() % frac_bits; break;
    case 3: f = rnd() & frac & ~0ull << rnd() % frac_bits; break;
    default: f = rnd() & frac; break;
    }
    e = e > top ? top : e;
    if (e == top && rnd() % 2)
        f = 0;
    return (rnd() & 1) << (exp_bits + frac_bits) | e << frac_bits | f;
}

static void rnd_bytes(uint8_t *p, unsigned n)
{
    static const uint8_t edge[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe };
    unsigned kind = (unsigned)(rnd() % 4);

    for (unsigned i = 0; i < n; i++)
        p[i] = kind == 0 ? edge[rnd() % 6] : kind == 1 ? (rnd() % 8 ? 0 : 0xff) : (uint8_t)rnd();
    if (kind == 3)
        memset(p, edge[rnd() % 6], n / 2);
}

/* The type of the float lanes the op reads, or IR_VOID. */
static unsigned float_operand(const IrOp *op)
{
    switch (op->op) {
    case IR_fto_i_s:
    case IR_fto_i_u: return op->imm >> 16;
    case IR_fwiden:
    case IR_fwiden_raw: return op->type - 1;
    case IR_sto_f:
    case IR_uto_f: return IR_VOID;
    default: return ir_op_info[op->op].props & IRP_FP ? op->type : IR_VOID;
    }
}

static void rnd_vector(const IrOp *op, V128 *v)
{
    unsigned type = float_operand(op);

    rnd_bytes(v->u8, 16);
    for (unsigned i = 0; i < 8 && type == IR_F16; i++)
        v->u16[i] = (uint16_t)rnd_float(5, 10);
    for (unsigned i = 0; i < 4 && type == IR_F32; i++)
        v->u32[i] = (uint32_t)rnd_float(8, 23);
    for (unsigned i = 0; i < 8 && op->op == IR_bfdot && (i & 1 || rnd() % 4); i++)
        v->u16[i] = (uint16_t)rnd_float(8, 7);
    for (unsigned i = 0; i < 2 && type == IR_F64; i++)
        v->u64[i] = rnd_float(11, 52);
    if (op_vl(op) == IR_VL_BOX)
        *v = eval_box((IrType)op->type, v->u64[0]);
}

/* ---- one rule as a function on host registers ---- */

typedef struct {
    V128 x[16];
    uint64_t r[16];
    uint64_t flags;
    uint32_t mxcsr, default_mxcsr, deopt;
} Host;

typedef struct {
    IrOp op;
    int d, a, b, c;
    bool keeps_flags;
} Case;

static const Guest any_guest;
static Emit emit;
static IrBlock block;
static uint64_t block_consts[1];
static Env env_of_test;
static Host host, before;
static uint8_t *code;
static unsigned failures, cases, unserved, traps, runs;

static const uint8_t saved[] = { RBX, RBP, R12, R13, R14, R15 };

static void prologue(Asm *as)
{
    for (unsigned i = 0; i < ARRAY_LEN(saved); i++)
        asm_push(as, saved[i]);
    asm_mov_ri(as, RAX, (uintptr_t)&host);
    asm_push(as, RAX);
    for (int i = 0; i < 16; i++)
        vop2m(as, V_movups, i, mem_b(RAX, (int32_t)(offsetof(Host, x) + 16u * (unsigned)i)));
    asm_ldmxcsr(as, mem_b(RAX, offsetof(Host, mxcsr)));
    asm_push_m(as, mem_b(RAX, offsetof(Host, flags)));
    asm_8(as, 0x9d);                                    /* popfq */
    for (int i = RCX; i <= R15; i++) {
        if (i != RSP && i != RBP)
            asm_mov_rm(as, 1, i, mem_b(RAX, (int32_t)(offsetof(Host, r) + 8u * (unsigned)i)));
    }
    asm_mov_ri(as, RBP, (uintptr_t)&env_of_test + EMIT_BIAS);
    asm_mov_rm(as, 1, RAX, mem_b(RAX, offsetof(Host, r)));
}

static void epilogue(Asm *as)
{
    asm_8(as, 0x9c);                                    /* pushfq */
    asm_push(as, RAX);
    asm_mov_rm(as, 1, RAX, mem_b(RSP, 16));
    for (int i = 0; i < 16; i++)
        vop2m(as, V_movups_st, i, mem_b(RAX, (int32_t)(offsetof(Host, x) + 16u * (unsigned)i)));
    asm_stmxcsr(as, mem_b(RAX, offsetof(Host, mxcsr)));
    asm_ldmxcsr(as, mem_b(RAX, offsetof(Host, default_mxcsr)));
    for (int i = RCX; i <= R15; i++) {
        if (i != RSP && i != RBP)
            asm_mov_mr(as, 8, mem_b(RAX, (int32_t)(offsetof(Host, r) + 8u * (unsigned)i)), i);
    }
    asm_pop_m(as, mem_b(RAX, offsetof(Host, r)));
    asm_pop_m(as, mem_b(RAX, offsetof(Host, flags)));
    asm_pop(as, RAX);
    for (unsigned i = ARRAY_LEN(saved); i--;)
        asm_pop(as, saved[i]);
    asm_ret(as);
}

/* Where the rule's deopt jumps lead, and its constants. */
static void after_code(Asm *as, const uint8_t *leave)
{
    uint8_t *deopt = as->p, *base;

    asm_push(as, RAX);
    asm_mov_rm(as, 1, RAX, mem_b(RSP, 8));
    asm_mov_mi(as, 4, mem_b(RAX, offsetof(Host, deopt)), 1);
    asm_pop(as, RAX);
    asm_jmp_to(as, leave);
    for (unsigned i = 0; i < emit.n_cold; i++) {
        const ColdStub *c = &emit.cold[i];

        asm_patch32(c->at, as->p);
        if (c->reg != c->was)
            asm_vmov(as, c->reg, c->was);
        asm_jmp_to(as, deopt);
    }
    while ((uintptr_t)as->p & 15)
        asm_int3(as);
    base = as->p;
    for (unsigned i = 0; i < emit.n_const; i++) {
        asm_64(as, emit.pool_const[i][0]);
        asm_64(as, emit.pool_const[i][1]);
    }
    for (unsigned i = 0; i < as->n_fix; i++)
        asm_fix(&emit.fix[i], base + emit.fix[i].label * 16);
}

/* operand_bits: a bit for each vector register that is an operand. */
static uint32_t operand_bits(const Case *k)
{
    const IrOpInfo *info = &ir_op_info[k->op.op];

    return (info->a == 'V' ? 1u << k->a : 0) | (info->b == 'V' ? 1u << k->b : 0) |
           (info->c == 'V' ? 1u << k->c : 0);
}

/* emit_case: code for k at `code`. False when there is no rule for it. */
static bool emit_case(Case *k)
{
    Asm *as = &emit.as;
    uint8_t *start, *leave;

    env_of_test.table[DATA_ESTIMATES] = emit_estimates();
    as->p = code;
    as->end = code + CODE_BYTES;
    as->fix = emit.fix;
    as->cap_fix = EMIT_MAX_FIX;
    as->n_fix = 0;
    /* Nothing is known of the registers, but for operands that are boxes. */
    emit.zero64 = emit.zero32 = emit.box32 = emit.box16 = 0;
    if (op_vl(&k->op) == IR_VL_BOX)
        *emit_zero_mask(&emit, IR_VL_BOX, k->op.type) = operand_bits(k);
    emit.cur = &emit.block[0];
    emit.guest = &any_guest;
    emit.n_cold = emit.n_const = emit.n_map = 0;
    emit.unit_start = code;
    emit.ir = &block;
    emit.flags = FLAGS_SUB;
    emit.flags_dirty = false;
    prologue(as);
    start = as->p;
    if (!vec_rules[k->op.op] || !vec_rules[k->op.op](&emit, &k->op, k->d, k->a, k->b, k->c)) {
        cr_assert_eq(as->p, start, "%s emits, then returns false", ir_op_info[k->op.op].name);
        return false;
    }
    k->keeps_flags = emit.flags == FLAGS_SUB;
    leave = as->p;
    epilogue(as);
    after_code(as, leave);
    cr_assert(as->p <= as->end);
    return true;
}

/* ---- running and comparing ---- */

static sigjmp_buf trap_jmp;
static uint32_t trap_mxcsr;

static void on_fpe(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    const greg_t *g = uc->uc_mcontext.gregs;
    static const uint8_t reg[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                     REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11,
                                     REG_R12, REG_R13, REG_R14, REG_R15 };

    (void)sig;
    (void)info;
    memcpy(host.x, uc->uc_mcontext.fpregs->_xmm, sizeof(host.x));
    for (unsigned i = 0; i < 16; i++)
        host.r[i] = (uint64_t)g[reg[i]];
    trap_mxcsr = uc->uc_mcontext.fpregs->mxcsr;
    siglongjmp(trap_jmp, 1);
}

/* Sticky flags of an MXCSR in the generic names. */
static uint32_t sticky(uint32_t mxcsr)
{
    return (mxcsr & 1 ? FP_INVALID : 0) | (mxcsr & 4 ? FP_DIVZERO : 0) |
           (mxcsr & 8 ? FP_OVERFLOW : 0) | (mxcsr & 16 ? FP_UNDERFLOW : 0) |
           (mxcsr & 32 ? FP_INEXACT : 0);
}

static void report(const Case *k, const char *what, const V128 *want, const V128 *got)
{
    if (failures++ >= 20)
        return;
    cr_log_error("%s type %u flags %u imm 0x%x d=%d a=%d b=%d c=%d %s: %s\n"
                 "  a %016" PRIx64 "%016" PRIx64 " b %016" PRIx64 "%016" PRIx64
                 " c %016" PRIx64 "%016" PRIx64 "\n  want %016" PRIx64 "%016" PRIx64
                 " got %016" PRIx64 "%016" PRIx64 " mxcsr 0x%x",
                 ir_op_info[k->op.op].name, k->op.type, k->op.flags, k->op.imm, k->d, k->a, k->b,
                 k->c, emit.as.has_avx ? "avx" : "sse", what, before.x[k->a & 15].u64[1],
                 before.x[k->a & 15].u64[0], before.x[k->b & 15].u64[1],
                 before.x[k->b & 15].u64[0], before.x[k->c & 15].u64[1],
                 before.x[k->c & 15].u64[0], want->u64[1], want->u64[0], got->u64[1],
                 got->u64[0], before.mxcsr);
}

/* Registers other than scratch and (unless -1) d are as before. */
static bool others_kept(bool int_d, int d)
{
    for (int i = 0; i < XMM12; i++) {
        if ((int_d || i != d) && memcmp(&host.x[i], &before.x[i], 16))
            return false;
    }
    for (int i = RDX; i <= R15; i++) {
        if (i != RSP && i != RBP && (!int_d || i != d) && host.r[i] != before.r[i])
            return false;
    }
    return true;
}

static V128 operand(const IrOp *op, char kind, int reg)
{
    V128 v = { .u64 = { 0, 0 } };
    unsigned bytes = kind == 'L' ? 8 : kind == 'W' ? 4 : 1u << lane_log2(op->type);

    if (kind == 'N')
        return v;
    if (op->op == IR_vconst)
        v.u64[0] = block_consts[0];
    else if (kind == 'V')
        v = before.x[reg];
    else
        memcpy(&v, &before.r[reg], bytes);
    return v;
}

static void check_result(const Case *k, const V128 *want, uint32_t fp_flags, uint32_t qc)
{
    bool int_d = ir_op_info[k->op.op].d != 'V';
    V128 got = int_d ? (V128){ .u64 = { host.r[k->d], 0 } } : host.x[k->d];
    uint32_t flags = sticky(host.mxcsr);

    if (memcmp(&got, want, 16))
        report(k, "result", want, &got);
    else if (!others_kept(int_d, k->d))
        report(k, "another register changed", want, &got);
    else if ((flags ^ fp_flags) & ~(uint32_t)FP_UNDERFLOW)
        report(k, "sticky flags", &(V128){ .u64 = { fp_flags } }, &(V128){ .u64 = { flags } });
    else if (!qc != !env_of_test.rt.qc)
        report(k, "saturation", want, &got);
    else if (k->keeps_flags && ((host.flags ^ before.flags) & 0x8d5))
        report(k, "EFLAGS", want, &got);
}

static void check_deopt(const Case *k, const V128 *want, uint32_t fp_flags)
{
    uint32_t flags = sticky(trap_mxcsr) & ~(uint32_t)FP_INVALID;
    bool vector_d = ir_op_info[k->op.op].d == 'V';

    traps++;
    if (!(ir_op_info[k->op.op].props & IRP_FP))
        report(k, "deopt", want, want);
    else if (flags & ~fp_flags & ~(uint32_t)FP_UNDERFLOW)
        report(k, "flags before deopt", &(V128){ .u64 = { fp_flags } },
               &(V128){ .u64 = { flags } });
    else if (!others_kept(false, vector_d && !(operand_bits(k) >> k->d & 1) ? k->d : -1))
        report(k, "register changed before deopt", want, want);
}

static void run_once(const Case *k)
{
    const IrOpInfo *info = &ir_op_info[k->op.op];
    EvalOp ev = { k->op.op, k->op.type, k->op.flags, k->op.imm };
    V128 a = operand(&k->op, info->a, k->a), b = operand(&k->op, info->b, k->b);
    V128 c = operand(&k->op, info->c, k->c), want;
    EnvRt *rt = &env_of_test.rt;
    uint32_t fp_flags, qc;

    rt->fp_flags = rt->qc = 0;
    eval_op(&env_of_test, ev, &want, &a, &b, &c);
    fp_flags = rt->fp_flags;
    qc = rt->qc;
    rt->qc = 0;
    host = before;
    runs++;
    if (sigsetjmp(trap_jmp, 0)) {
        check_deopt(k, &want, fp_flags);
        return;
    }
    ((void (*)(void))(uintptr_t)code)();
    if (host.deopt) {
        trap_mxcsr = host.mxcsr;
        check_deopt(k, &want, fp_flags);
        return;
    }
    check_result(k, &want, fp_flags, qc);
}

static void randomise(const Case *k)
{
    static const uint8_t to_rc[] = { [IR_RN_EVEN] = 0, [IR_RN_DOWN] = 1, [IR_RN_UP] = 2,
                                     [IR_RN_ZERO] = 3 };
    unsigned round = rnd() % 2 ? IR_RN_EVEN : rnd() % 4;

    for (unsigned i = 0; i < 16; i++) {
        rnd_vector(&k->op, &before.x[i]);
        rnd_bytes((uint8_t *)&before.r[i], 8);
    }
    before.mxcsr = MXCSR_UNMASKED | (unsigned)to_rc[round] << 13;
    before.default_mxcsr = 0x1f80;
    before.flags = 0x202 | (rnd() & 0x8d5);
    before.deopt = 0;
    env_of_test.rt.fp.round = (uint8_t)round;
}

static void run_case(Case *k)
{
    bool fp = ir_op_info[k->op.op].props & IRP_FP;

    cases++;
    if (!emit_case(k)) {
        unserved++;
        return;
    }
    for (unsigned i = 0; i < (fp ? RUNS_FP : RUNS_INT); i++) {
        randomise(k);
        run_once(k);
    }
}

/* A register for an operand of this kind, none twice in a row of calls with n = 0, 1, 2, 3. */
static int pick(char kind, unsigned n, unsigned turn)
{
    static const uint8_t ints[] = { RDX, RBX, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

    if (kind == 'N')
        return -1;
    return kind == 'V' ? (int)((n + turn) % 12) : ints[(n + turn) % 12];
}

/* All ways in which d, a, b, c of one kind may be the same register. */
static void run_aliases(const IrOp *op)
{
    const IrOpInfo *info = &ir_op_info[op->op];

    for (unsigned alias = 0; alias < 8; alias++) {
        unsigned turn = (unsigned)(rnd() % 12);
        Case k = { .op = *op };

        k.a = pick(info->a, 1, turn);
        k.b = pick(info->b, 2, turn);
        k.c = pick(info->c, 3, turn);
        k.d = pick(info->d, 0, turn);
        if (alias >= 4 && info->b == info->a)
            k.b = k.a;
        else if (alias >= 4)
            break;
        if (alias % 4 == 1 && info->d == info->a)
            k.d = k.a;
        else if (alias % 4 == 2 && info->d == info->b)
            k.d = k.b;
        else if (alias % 4 == 3 && info->d == info->c)
            k.d = k.c;
        else if (alias % 4)
            continue;
        run_case(&k);
    }
}

static void run_form(const Form *f)
{
    IrOp op = { .op = f->op, .d = IR_TEMP0 };
    unsigned runs0 = runs, traps0 = traps;

    for (op.type = IR_I8; op.type <= IR_F64; op.type++) {
        if (!(f->types & 1 << op.type))
            continue;
        for (op.flags = 0; op.flags < 4; op.flags++) {
            if (!(f->vls & 1 << op.flags))
                continue;
            for (unsigned i = 0; f->imm(&op, i, &op.imm); i++) {
                block_consts[0] = rnd() % 3 ? rnd() : rnd() % 2 ? ~0ull : 0;
                op.a = op.op == IR_vconst ? IR_CONST0 : 0;
                run_aliases(&op);
            }
        }
    }
    cr_log_info("%-12s %6u runs, %6u deopts", ir_op_info[f->op].name, runs - runs0,
                traps - traps0);
}

static void run_forms(const Form *f, size_t n, bool avx)
{
    static HostFeatures hf;
    struct sigaction sa = { .sa_sigaction = on_fpe, .sa_flags = SA_SIGINFO | SA_NODEFER };

    hf = *host_features();
    if (!avx)
        hf = (HostFeatures){ .popcnt = hf.popcnt, .aes = hf.aes, .pclmul = hf.pclmul,
                             .sha = hf.sha };
    else if (!hf.avx)
        return;
    emit.hf = &hf;
    emit.as.has_avx = avx;
    block.k = block_consts;
    block.n_k = 1;
    code = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(code, MAP_FAILED);
    sigaction(SIGFPE, &sa, NULL);
    for (size_t i = 0; i < n; i++)
        run_form(&f[i]);
    cr_log_info("%u cases, %u without a rule, %u runs, %u deopts", cases, unserved, runs, traps);
    cr_expect_eq(failures, 0, "%u of %u runs", failures, runs);
}

#define TESTS(name)                                                                            \
    Test(rules_vec, name##_avx)                                                                \
    {                                                                                          \
        run_forms(name##_forms, ARRAY_LEN(name##_forms), true);                                \
    }                                                                                          \
    Test(rules_vec, name##_sse)                                                                \
    {                                                                                          \
        run_forms(name##_forms, ARRAY_LEN(name##_forms), false);                               \
    }

TESTS(lane)
TESTS(shift)
TESTS(perm)
TESTS(wide)
TESTS(fp)
TESTS(convert)
TESTS(crypto)

/* Each rule has a form above, so that none goes untested. */
Test(rules_vec, all_rules_have_forms)
{
    static const struct {
        const Form *f;
        size_t n;
    } all[] = {
        { lane_forms, ARRAY_LEN(lane_forms) },       { shift_forms, ARRAY_LEN(shift_forms) },
        { perm_forms, ARRAY_LEN(perm_forms) },       { wide_forms, ARRAY_LEN(wide_forms) },
        { fp_forms, ARRAY_LEN(fp_forms) },           { convert_forms, ARRAY_LEN(convert_forms) },
        { crypto_forms, ARRAY_LEN(crypto_forms) },
    };
    bool found[IR_OP_COUNT] = { false };

    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        for (unsigned j = 0; j < all[i].n; j++)
            found[all[i].f[j].op] = true;
    }
    for (unsigned i = 0; i < IR_OP_COUNT; i++)
        cr_expect(!vec_rules[i] || found[i], "%s", ir_op_info[i].name);
}
