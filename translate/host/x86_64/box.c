/* SPDX-License-Identifier: MIT */
/*
 * box.c: what guests ask whose narrow numbers are boxed (IR_VL_BOX) and whose NaNs are canonical.
 *
 * Boxed operands are checked, but for those known to be boxed: results of boxed ops, and what was
 * checked before in the block. The host's scalar instructions leave what is above their first
 * operand alone, so that most results are in a box already.
 */
#include "translate/host/x86_64/rules_fp.h"
#include "translate/ir/info.h"

/* ---- boxes ---- */

static bool is_float(unsigned type)
{
    return type == IR_F16 || type == IR_F32 || type == IR_F64;
}

/* The carry flag says that x has all bits of the constant. */
void emit_unbox(Emit *e, unsigned type, int x)
{
    uint32_t *known = emit_zero_mask(e, IR_VL_BOX, type);

    if (!is_float(type) || type == IR_F64 || *known >> x & 1)
        return;
    emit_clobber_flags(e);
    vop2m(&e->as, V_ptest, x, emit_const128(e, ~0ull << lane_bits(type), 0));
    emit_deopt_jcc(e, CC_AE);
    *known |= 1u << x;
    e->box32 |= e->box16;
}

/* box_keeps: the rule of op itself obeys IR_VL_BOX. */
bool box_keeps(const IrOp *op)
{
    if (ir_type_in(op->op, op->type, op->imm) == IR_F16 ||
        ir_type_out(op->op, op->type, op->imm) == IR_F16)
        return false;
    switch (op->op) {
    case IR_fadd:
    case IR_fsub:
    case IR_fmul:
    case IR_fdiv:
    case IR_fsqrt:
    case IR_fma:
    case IR_fmax:
    case IR_fmin:
    case IR_fmaxnm:
    case IR_fminnm:
    case IR_fneg:
    case IR_fabs:
    case IR_fsgnj:
    case IR_fround:
    case IR_fcvt:
    case IR_i_sto_f:
    case IR_vmov: return true;
    default: return false;
    }
}

/* ---- canonical NaNs ---- */

/* What an op can have for a result in spite of the trap on invalid operations. */
typedef enum { NAN_NONE, NAN_QUIET, NAN_OTHER } NanResult;

static NanResult nan_result(const IrOp *op)
{
    switch (op->op) {
    case IR_fadd:
    case IR_fsub:
    case IR_fmul:
    case IR_fdiv:
    case IR_fsqrt:
    case IR_fround:
    case IR_fcvt:
    case IR_fwiden:
    case IR_fnarrow:
    case IR_fadd_pair: return NAN_QUIET;
    case IR_fma: return op->type == IR_F16 ? NAN_QUIET : NAN_NONE;  /* others deopt */
    case IR_fmax:           /* these trap */
    case IR_fmin:
    case IR_fmaxnm:
    case IR_fminnm:
    case IR_i_sto_f:
    case IR_i_uto_f:
    case IR_sto_f:
    case IR_uto_f: return NAN_NONE;
    default: return NAN_OTHER;
    }
}

static uint64_t nan_bits(unsigned type)
{
    return type == IR_F64 ? 0x7ff8000000000000 : type == IR_F32 ? 0x7fc00000 : 0x7e00;
}

static uint32_t *canon_mask(Emit *e, unsigned type)
{
    return type == IR_F64 ? &e->canon64 : type == IR_F32 ? &e->canon32 : NULL;
}

bool emit_canonical_known(const Emit *e, unsigned type, int x)
{
    return (type == IR_F64 ? e->canon64 : type == IR_F32 ? e->canon32 : 0) >> x & 1;
}

/* The constant for a result: in lane 0, with what is above it, or in all lanes. */
static Mem canonical(Emit *e, unsigned vl, unsigned type, bool lanes)
{
    uint64_t k = nan_bits(type);

    if (lanes)
        return emit_splat(e, type, k);
    return emit_const128(e, vl == IR_VL_BOX && type != IR_F64 ? k | ~0ull << lane_bits(type) : k, 0);
}

/* half_test: VT1 = lanes of x that are NaNs. */
static void half_test(Emit *e, int x)
{
    vop3m(&e->as, V_pand, VT1, x, emit_splat(e, IR_F16, 0x7fff));
    vop3m(&e->as, V_pcmpgtw, VT1, VT1, emit_splat(e, IR_F16, 0x7c00));
}

static void correct(Emit *e, unsigned vl, unsigned type, int d)
{
    Asm *as = &e->as;
    bool scalar = vl == IR_VL_LANE || vl == IR_VL_BOX;
    Mem k = canonical(e, vl, type, !scalar);

    emit_clobber_flags(e);
    if (scalar && type != IR_F16) {
        vop2(as, type == IR_F64 ? V_ucomisd : V_ucomiss, d, d);
        emit_cold_nan(e, CC_P, d, k, false);
        return;
    }
    if (scalar) {
        vop3m(as, V_pand, VT0, d, emit_const128(e, 0xffff, 0));
        half_test(e, VT0);
    } else if (type == IR_F16) {
        half_test(e, d);
    } else {
        vop3i(as, type == IR_F64 ? V_cmppd : V_cmpps, VT1, d, d, 3);
    }
    vop2(as, V_ptest, VT1, VT1);
    emit_cold_nan(e, CC_NZ, d, k, !scalar);
}

void emit_canonical(Emit *e, const IrOp *op, int d, bool known)
{
    unsigned type = ir_type_out(op->op, op->type, op->imm);
    NanResult r = nan_result(op);
    uint32_t *mask;

    if (!e->guest->canonical_nan || r == NAN_OTHER)
        return;
    if (op->op == IR_fnarrow)
        type = op->type == IR_F64 ? IR_F32 : IR_F16;
    if (r == NAN_QUIET && !known)
        correct(e, op_vl(op), type, d);
    mask = canon_mask(e, type);
    if (mask)
        *mask |= 1u << d;
}
