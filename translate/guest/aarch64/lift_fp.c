/* SPDX-License-Identifier: MIT */
/*
 * lift_fp.c: scalar floating point (fp.dec). A scalar operation is the vector op on lane 0;
 * the rest of the destination becomes zero. The vector forms are in lift_simd_*.c.
 */
#include "translate/guest/aarch64/lift_simd.h"

/* ---- arithmetic of one, two and three operands ---- */

static bool fp1(Lift *l, IrOpcode op, IrType ty, unsigned rd, unsigned rn, uint32_t k)
{
    set_v(l, rd, ir_v1(l->ir, op, ty, IR_VL_LANE, get_v(l, rn), k));
    return true;
}

static bool fp2(Lift *l, IrOpcode op, IrType ty, unsigned rd, unsigned rn, unsigned rm)
{
    set_v(l, rd, ir_v2(l->ir, op, ty, IR_VL_LANE, get_v(l, rn), get_v(l, rm), 0));
    return true;
}

static bool fp3(Lift *l, IrType ty, unsigned rd, unsigned rn, unsigned rm, unsigned ra,
                uint32_t negate)
{
    set_v(l, rd, ir_v3(l->ir, IR_fma, ty, IR_VL_LANE, get_v(l, rn), get_v(l, rm), get_v(l, ra),
                       negate));
    return true;
}

#define FP1(name, op, k)                                                                 \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp1(l, IR_##op, fp_type(a->p), a->rd, a->rn, k);                          \
    }
#define FP2(name, op)                                                                    \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp2(l, IR_##op, fp_type(a->p), a->rd, a->rn, a->rm);                      \
    }
#define FP3(name, negate)                                                                \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp3(l, fp_type(a->p), a->rd, a->rn, a->rm, a->ra, negate);                \
    }

// clang-format off
FP1(fmov_reg,      vmov,   0)
FP1(fabs_scalar,   fabs,   0)
FP1(fneg_scalar,   fneg,   0)
FP1(fsqrt_scalar,  fsqrt,  0)
FP1(frintn_scalar, fround, IR_RN_EVEN)
FP1(frintp_scalar, fround, IR_RN_UP)
FP1(frintm_scalar, fround, IR_RN_DOWN)
FP1(frintz_scalar, fround, IR_RN_ZERO)
FP1(frinta_scalar, fround, IR_RN_AWAY)
FP1(frintx_scalar, fround, IR_RN_CUR | IR_ROUND_EXACT)
FP1(frinti_scalar, fround, IR_RN_CUR)
FP1(frint32z_scalar, fround_int, IR_RN_ZERO | 32 << 8)
FP1(frint32x_scalar, fround_int, IR_RN_CUR | 32 << 8)
FP1(frint64z_scalar, fround_int, IR_RN_ZERO | 64 << 8)
FP1(frint64x_scalar, fround_int, IR_RN_CUR | 64 << 8)

FP2(fmul_scalar,   fmul)
FP2(fdiv_scalar,   fdiv)
FP2(fadd_scalar,   fadd)
FP2(fsub_scalar,   fsub)
FP2(fmax_scalar,   fmax)
FP2(fmin_scalar,   fmin)
FP2(fmaxnm_scalar, fmaxnm)
FP2(fminnm_scalar, fminnm)

FP3(fmadd,         0)               /*  Ra + Rn * Rm */
FP3(fmsub,         1)               /*  Ra - Rn * Rm: the product's first operand is negated */
FP3(fnmadd,        1 | 2)           /* -Ra - Rn * Rm */
FP3(fnmsub,        2)               /* -Ra + Rn * Rm */
// clang-format on

/* FNMUL negates the finished product, NaN or not. */
bool a64_fnmul_scalar(Lift *l, const a64_fnmul_scalar_args *a)
{
    IrType ty = fp_type(a->p);
    IrVal v = ir_v2(l->ir, IR_fmul, ty, IR_VL_LANE, get_v(l, a->rn), get_v(l, a->rm), 0);

    set_v(l, a->rd, ir_v1(l->ir, IR_fneg, ty, IR_VL_LANE, v, 0));
    return true;
}

/* ---- between float formats ---- */

#define FCVT(name, from, to)                                                             \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fp1(l, IR_fcvt, from, a->rd, a->rn, to);                                  \
    }

// clang-format off
FCVT(fcvt_s_to_d, IR_F32, IR_F64)
FCVT(fcvt_s_to_h, IR_F32, IR_F16)
FCVT(fcvt_d_to_s, IR_F64, IR_F32)
FCVT(fcvt_d_to_h, IR_F64, IR_F16)
FCVT(fcvt_h_to_s, IR_F16, IR_F32)
FCVT(fcvt_h_to_d, IR_F16, IR_F64)
// clang-format on

/* ---- to and from general registers ---- */

/* cvt_imm: the immediate of fto_i_* and i_*to_f. */
static uint32_t cvt_imm(IrRound round, unsigned fbits, uint64_t p)
{
    return round | fbits << 8 | (uint32_t)fp_type(p) << 16;
}

static bool to_gen(Lift *l, IrOpcode op, unsigned sf, unsigned rd, unsigned rn, uint32_t k)
{
    IrType ty = x_type(sf);

    set_x(l, ty, rd, ir_emit(l->ir, op, ty, 0, get_v(l, rn), IR_NONE, IR_NONE, k));
    return true;
}

static bool from_gen(Lift *l, IrOpcode op, unsigned sf, unsigned rd, unsigned rn, uint32_t k)
{
    IrType ty = x_type(sf);

    set_v(l, rd, ir_emit(l->ir, op, ty, 0, get_x(l, ty, rn), IR_NONE, IR_NONE, k));
    return true;
}

/* scale_ok: a 32-bit register has at most 32 fraction bits. */
static bool scale_ok(unsigned sf, unsigned scale)
{
    return sf || scale >= 32;
}

#define TO_GEN(name, op, round)                                                          \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return to_gen(l, IR_##op, a->sf, a->rd, a->rn, cvt_imm(round, 0, a->p));         \
    }
#define FROM_GEN(name, op)                                                               \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return from_gen(l, IR_##op, a->sf, a->rd, a->rn, cvt_imm(0, 0, a->p));           \
    }
#define GEN_FIX(name, move, op, round)                                                   \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return scale_ok(a->sf, a->scale) &&                                              \
               move(l, IR_##op, a->sf, a->rd, a->rn, cvt_imm(round, 64 - a->scale, a->p)); \
    }

// clang-format off
TO_GEN(fcvtns_scalar, fto_i_s, IR_RN_EVEN)
TO_GEN(fcvtnu_scalar, fto_i_u, IR_RN_EVEN)
TO_GEN(fcvtas_scalar, fto_i_s, IR_RN_AWAY)
TO_GEN(fcvtau_scalar, fto_i_u, IR_RN_AWAY)
TO_GEN(fcvtps_scalar, fto_i_s, IR_RN_UP)
TO_GEN(fcvtpu_scalar, fto_i_u, IR_RN_UP)
TO_GEN(fcvtms_scalar, fto_i_s, IR_RN_DOWN)
TO_GEN(fcvtmu_scalar, fto_i_u, IR_RN_DOWN)
TO_GEN(fcvtzs_scalar, fto_i_s, IR_RN_ZERO)
TO_GEN(fcvtzu_scalar, fto_i_u, IR_RN_ZERO)

FROM_GEN(scvtf_scalar, i_sto_f)
FROM_GEN(ucvtf_scalar, i_uto_f)

GEN_FIX(fcvtzs_fix, to_gen,   fto_i_s, IR_RN_ZERO)
GEN_FIX(fcvtzu_fix, to_gen,   fto_i_u, IR_RN_ZERO)
GEN_FIX(scvtf_fix,  from_gen, i_sto_f, 0)
GEN_FIX(ucvtf_fix,  from_gen, i_uto_f, 0)
// clang-format on

/* FJCVTZS sets the flags, too: they are in the upper half of what the op gives. */
bool a64_fjcvtzs(Lift *l, const a64_fjcvtzs_args *a)
{
    IrVal v = ir_v1(l->ir, IR_fto_js, IR_F64, IR_VL_LANE, get_v(l, a->rn), 0);
    IrVal flags = ir_shr_u(l->ir, v, imm(l, IR_I64, 32));

    set_x(l, IR_I32, a->rd, ir_zext(l->ir, IR_I64, v, 32));
    ir_emit(l->ir, IR_setf, IR_I64, 0, flags, IR_NONE, IR_NONE, 0);
    return true;
}

/* FMOV (general): 16 bits go to and from registers of both sizes alike. */
bool a64_fmov_to_gen(Lift *l, const a64_fmov_to_gen_args *a)
{
    IrType ty = a->half ? IR_I16 : x_type(a->sf);

    set_x(l, a->half ? IR_I64 : ty, a->rd, ir_v1(l->ir, IR_vget_u, ty, 0, get_v(l, a->rn), 0));
    return true;
}

bool a64_fmov_from_gen(Lift *l, const a64_fmov_from_gen_args *a)
{
    IrType ty = a->half ? IR_I16 : x_type(a->sf);
    IrVal x = get_x(l, a->half ? IR_I32 : ty, a->rn);

    set_v(l, a->rd, ir_emit(l->ir, IR_vmov_i, ty, 0, x, IR_NONE, IR_NONE, 0));
    return true;
}

bool a64_fmov_top_to_gen(Lift *l, const a64_fmov_top_to_gen_args *a)
{
    set_x(l, IR_I64, a->rd, ir_v1(l->ir, IR_vget_u, IR_I64, 0, get_v(l, a->rn), 1));
    return true;
}

bool a64_fmov_top_from_gen(Lift *l, const a64_fmov_top_from_gen_args *a)
{
    IrVal x = get_x(l, IR_I64, a->rn);

    set_v(l, a->rd, ir_v2(l->ir, IR_vset, IR_I64, 0, get_v(l, a->rd), x, 1));
    return true;
}

bool a64_fmov_scalar_imm(Lift *l, const a64_fmov_scalar_imm_args *a)
{
    set_v(l, a->rd, v_const(l, IR_VL_64, fp_expand_imm(a->p, a->imm8)));
    return true;
}

/* ---- compare and select ---- */

/* fp_cond: condition 15 means always, as 14 does. */
static uint32_t fp_cond(uint32_t cond)
{
    return cond == IR_NV ? IR_AL : cond;
}

/* FCMP, FCMPE: signal chooses the form that is invalid on any NaN; zero compares with +0. */
bool a64_fcmp(Lift *l, const a64_fcmp_args *a)
{
    IrVal m = a->zero ? v_zero(l) : get_v(l, a->rm);

    ir_v2(l->ir, a->signal ? IR_fcmpe : IR_fcmp, fp_type(a->p), IR_VL_LANE, get_v(l, a->rn), m, 0);
    return true;
}

bool a64_fccmp(Lift *l, const a64_fccmp_args *a)
{
    uint32_t k = fp_cond(a->cond) | a->nzcv << 8 | (uint32_t)a->signal << 16;

    ir_v2(l->ir, IR_fccmp, fp_type(a->p), IR_VL_LANE, get_v(l, a->rn), get_v(l, a->rm), k);
    return true;
}

bool a64_fcsel(Lift *l, const a64_fcsel_args *a)
{
    set_v(l, a->rd, ir_v2(l->ir, IR_vselect, fp_type(a->p), IR_VL_LANE, get_v(l, a->rn),
                          get_v(l, a->rm), fp_cond(a->cond)));
    return true;
}
