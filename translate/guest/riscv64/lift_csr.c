/* SPDX-License-Identifier: MIT */
/* lift_csr.c: control and status registers that user mode has. */
#include "translate/guest/riscv64/lift.h"
#include "translate/guest/riscv64/lift_vec.h"

#define LIFT(name) bool rv_##name(Lift *l, const rv_##name##_args *a)

enum { CSR_FFLAGS = 1, CSR_FRM, CSR_FCSR, CSR_CYCLE = 0xc00, CSR_TIME, CSR_INSTRET };
enum { FRM_BITS = 7, FRM_LSB = 5 };

typedef enum { CSR_WRITE, CSR_SET, CSR_CLEAR } CsrOp;

/* HPMCOUNTERn of Zihpm are there, but Linux does not let programs read them. */
static bool known_csr(const Lift *l, unsigned csr, bool writes)
{
    switch (csr) {
    case CSR_FFLAGS:
    case CSR_FRM:
    case CSR_FCSR: return true;
    case CSR_CYCLE:
    case CSR_TIME:
    case CSR_INSTRET: return !writes && l->features & RV_FEAT_zicntr;
    default: return l->features & RV_FEAT_zve32x && vec_is_csr(csr, writes);
    }
}

/* fflags: the FP_ flags mirrored. */
enum { MIRRORED = 1 };

static IrVal get_fflags(Lift *l)
{
    return ir_emit(l->ir, IR_getfp, IR_I64, 0, IR_NONE, IR_NONE, IR_NONE, MIRRORED);
}

static void set_fflags(Lift *l, IrVal v)
{
    ir_emit(l->ir, IR_setfp, IR_I64, 0, v, IR_NONE, IR_NONE, MIRRORED);
}

static IrVal csr_read(Lift *l, unsigned csr)
{
    IrVal frm;

    switch (csr) {
    case CSR_FFLAGS: return get_fflags(l);
    case CSR_FRM: return rv_call(l, RV_HELPER_GET_FRM, imm64(l, 0));
    case CSR_FCSR:
        frm = rv_call(l, RV_HELPER_GET_FRM, imm64(l, 0));
        return ir_or(l->ir, ir_shl(l->ir, frm, imm64(l, FRM_LSB)), get_fflags(l));
    case CSR_CYCLE:
    case CSR_TIME:
    case CSR_INSTRET: return rv_call(l, RV_HELPER_GET_TIME, imm64(l, 0));
    default: return rv_call(l, RV_HELPER_GET_VCSR, imm64(l, csr));
    }
}

/* csr_write: a changed frm may change what code is translated for, so it is looked up afresh. */
static void csr_write(Lift *l, unsigned csr, IrVal v, uint32_t word)
{
    if (vec_is_csr(csr, true)) {
        ir_emit(l->ir, IR_call, IR_I64, 0, imm64(l, csr), v, IR_NONE, RV_HELPER_SET_VCSR);
        if (csr == CSR_VSTART) {
            l->variant_used = false;
            l->variant = RVV_UNKNOWN;
        }
        return;
    }
    if (csr != CSR_FRM) {
        set_fflags(l, v);
    }
    if (csr == CSR_FCSR) {
        v = ir_shr_u(l->ir, v, imm64(l, FRM_LSB));
    }
    if (csr != CSR_FFLAGS) {
        rv_call(l, RV_HELPER_SET_FRM, ir_and(l->ir, v, imm64(l, FRM_BITS)));
        ir_emit(l->ir, IR_exit_sync, IR_I64, 0, code_at(l, l->pc.va + insn_bytes(word)), IR_NONE,
                IR_NONE, 0);
    }
}

/* csr: with a set or clear of nothing (none), the register is only read. */
static bool csr(Lift *l, uint32_t word, unsigned csr, unsigned rd, CsrOp op, IrVal v, bool none)
{
    bool writes = op == CSR_WRITE || !none;
    IrVal old = IR_NONE;

    if (!known_csr(l, csr, writes)) {
        return false;
    }
    if (rd || op != CSR_WRITE) {
        old = csr_read(l, csr);
    }
    if (writes) {
        v = op == CSR_SET ? ir_or(l->ir, old, v)
            : op == CSR_CLEAR ? ir_op2(l->ir, IR_andn, old, v) : v;
        v = ir_emit(l->ir, IR_mov, IR_I64, 0, v, IR_NONE, IR_NONE, 0);
    }
    if (rd) {
        rv_set_x(l, rd, old);
    }
    if (writes) {
        csr_write(l, csr, v, word);
    }
    return true;
}

LIFT(csrrw)
{
    return csr(l, a->word, a->csr, a->rd, CSR_WRITE, rv_get_z(l, a->rs1), false);
}

/*
 * A comparison that must leave the flags alone, as compilers make it before a square root and for
 * isless() and its like: FRFLAGS r; FLT or FLE; FSFLAGS r. It is a quiet one of which the flags do
 * not change; a signalling NaN, at which the host traps, has the three run one by one.
 */
static bool fuse_compare(Lift *l, unsigned r)
{
    const uint8_t *code = r ? lift_ahead(l, 4, 8) : NULL;
    uint32_t w[2];

    if (!code) {
        return false;
    }
    memcpy(w, code, sizeof(w));
    unsigned rd = w[0] >> 7 & 31, funct3 = w[0] >> 12 & 7, fmt = w[0] >> 25 & 3;
    bool compare = (w[0] & 0xf800007f) == 0xa0000053 && funct3 <= 1 && fmt <= 1 && rd != r;

    if (!compare || w[1] != (0x00101073 | r << 15) || !(l->features & RV_FEAT_d)) {
        return false;
    }
    l->ir->op[l->ir->n_op - 1].flags |= IRF_REPLAY;
    IrVal flags = get_fflags(l);

    rv_compare(l, IR_fcmp, funct3 ? IR_MI : IR_LS, fmt, rd, w[0] >> 15 & 31, w[0] >> 20 & 31);
    rv_set_x(l, r, flags);
    l->more = 8;
    return true;
}

LIFT(csrrs)
{
    if (a->csr == CSR_FFLAGS && !a->rs1 && fuse_compare(l, a->rd)) {
        return true;
    }
    return csr(l, a->word, a->csr, a->rd, CSR_SET, rv_get_z(l, a->rs1), !a->rs1);
}

LIFT(csrrc)
{
    return csr(l, a->word, a->csr, a->rd, CSR_CLEAR, rv_get_z(l, a->rs1), !a->rs1);
}

LIFT(csrrwi)
{
    return csr(l, a->word, a->csr, a->rd, CSR_WRITE, imm64(l, a->z5), false);
}

LIFT(csrrsi)
{
    return csr(l, a->word, a->csr, a->rd, CSR_SET, imm64(l, a->z5), !a->z5);
}

LIFT(csrrci)
{
    return csr(l, a->word, a->csr, a->rd, CSR_CLEAR, imm64(l, a->z5), !a->z5);
}
