/* SPDX-License-Identifier: MIT */
/* lift_csr.c: control and status registers that user mode has. */
#include "translate/guest/riscv64/lift.h"
#include "translate/guest/riscv64/vec.h"

#define LIFT(name) bool rv_##name(Lift *l, const rv_##name##_args *a)

enum { CSR_FFLAGS = 1, CSR_FRM, CSR_FCSR, CSR_CYCLE = 0xc00, CSR_TIME, CSR_INSTRET };
enum { FFLAGS_BITS = 0x1f, FRM_BITS = 7, FRM_LSB = 5 };

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

static IrVal csr_read(Lift *l, unsigned csr)
{
    IrVal frm;

    switch (csr) {
    case CSR_FFLAGS: return rv_call(l, RV_HELPER_GET_FFLAGS, imm64(l, 0));
    case CSR_FRM: return rv_call(l, RV_HELPER_GET_FRM, imm64(l, 0));
    case CSR_FCSR:
        frm = rv_call(l, RV_HELPER_GET_FRM, imm64(l, 0));
        return ir_or(l->ir, ir_shl(l->ir, frm, imm64(l, FRM_LSB)),
                     rv_call(l, RV_HELPER_GET_FFLAGS, imm64(l, 0)));
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
        return;
    }
    if (csr != CSR_FRM) {
        rv_call(l, RV_HELPER_SET_FFLAGS, ir_and(l->ir, v, imm64(l, FFLAGS_BITS)));
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

LIFT(csrrs)
{
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
