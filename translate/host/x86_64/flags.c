/* SPDX-License-Identifier: MIT */
/*
 * flags.c: NZCV between EFLAGS and rt.nzcv.
 *
 * The packed form is what `lahf; seto al` leaves after an x86 subtraction: AH bit 7 sign,
 * bit 6 zero, bit 0 borrow (the guest's C inverted), AL bit 0 overflow. It goes back with
 * `add al, 127; sahf`. Additions and logical ops leave C itself in the carry: one cmc turns
 * that into the subtraction's form.
 */
#include "translate/host/x86_64/emit.h"

static bool flags_live(const Emit *e)
{
    const IrOp *op = &e->ir->op[e->i];
    unsigned props = ir_op_info[op->op].props;

    if (!e->guest->flagless && props & (IRP_READ | IRP_WRITE | IRP_FP))
        return true;        /* a fault in this very op shows the flags of before */
    bool defines = (props & IRP_DEFF) || (op->flags & IRF_SETF && props & IRP_SETF);

    return !defines && (e->ir->op[e->i].flags & IRF_LIVE);
}

bool emit_flags_needed(const Emit *e)
{
    return (e->ir->op[e->i].flags & IRF_LIVE);
}

void emit_flags_set(Emit *e, FlagsKind kind)
{
    e->flags = kind;
    e->flags_dirty = true;
}

static void flags_to_sub(Emit *e)
{
    if (e->flags == FLAGS_ADD) {
        asm_cmc(&e->as);
        e->flags = FLAGS_SUB;
    }
}

/* save_fcmp: less N, equal ZC, greater C, unordered CV; the last cmov that fires wins. */
static void save_fcmp(Emit *e)
{
    Asm *as = &e->as;
    bool swap = e->flags == FLAGS_FCMP_SWAP;

    asm_mov_ri(as, RAX, swap ? 0x8100 : 0x0000);        /* above */
    asm_mov_ri(as, RCX, swap ? 0x0000 : 0x8100);
    asm_cmovcc(as, 0, CC_B, RAX, RCX);
    asm_mov_ri(as, RCX, 0x4000);
    asm_cmovcc(as, 0, CC_E, RAX, RCX);
    asm_mov_ri(as, RCX, 0x0001);
    asm_cmovcc(as, 0, CC_P, RAX, RCX);
}

void emit_flags_save(Emit *e)
{
    Asm *as = &e->as;

    if (e->flags == FLAGS_PACKED || !e->flags_dirty)
        return;
    /* At the end of an instruction nobody looks at the flags of a CPU without any. */
    if (e->guest->flagless && !(e->ir->op[e->i].flags & IRF_LIVE) &&
        !(ir_op_info[e->ir->op[e->i].op].props & IRP_USEF))
        return;
    if (e->flags == FLAGS_FCMP || e->flags == FLAGS_FCMP_SWAP) {
        save_fcmp(e);
    } else {
        flags_to_sub(e);
        asm_lahf(as);
        asm_setcc(as, CC_O, RAX);
    }
    asm_mov_mr(as, 2, emit_rt(nzcv), RAX);
    e->flags_dirty = false;
}

void emit_clobber_flags(Emit *e)
{
    if (e->flags == FLAGS_PACKED)
        return;
    if (e->flags_dirty && flags_live(e))
        emit_flags_save(e);
    e->flags = FLAGS_PACKED;
    e->flags_dirty = false;
    emit_note(e);
}

/* flags_load: rt.nzcv into EFLAGS. */
static void flags_load(Emit *e)
{
    asm_movzx_rm(&e->as, 2, RAX, emit_rt(nzcv));
    asm_alu_small_ri(&e->as, 1, ALU_ADD, RAX, 127);
    asm_sahf(&e->as);
    e->flags = FLAGS_SUB;
    e->flags_dirty = false;
}

/* Host conditions for the guest's, after a subtraction. */
static const uint8_t cc_sub[] = {
    [IR_EQ] = CC_E, [IR_NE] = CC_NE, [IR_HS] = CC_AE, [IR_LO] = CC_B, [IR_MI] = CC_S,
    [IR_PL] = CC_NS, [IR_VS] = CC_O, [IR_VC] = CC_NO, [IR_HI] = CC_A, [IR_LS] = CC_BE,
    [IR_GE] = CC_GE, [IR_LT] = CC_L, [IR_GT] = CC_G, [IR_LE] = CC_LE,
};

/* After ucomis a, b, and with the operands exchanged; -1: takes two conditions. */
static const int8_t cc_fcmp[] = {
    [IR_EQ] = -1, [IR_NE] = -1, [IR_HS] = -1, [IR_LO] = -1, [IR_MI] = -1, [IR_PL] = -1,
    [IR_VS] = CC_P, [IR_VC] = CC_NP, [IR_HI] = -1, [IR_LS] = -1, [IR_GE] = CC_AE,
    [IR_LT] = CC_B, [IR_GT] = CC_A, [IR_LE] = CC_BE,
};
static const int8_t cc_fcmp_swap[] = {
    [IR_EQ] = -1, [IR_NE] = -1, [IR_HS] = CC_BE, [IR_LO] = CC_A, [IR_MI] = CC_A,
    [IR_PL] = CC_BE, [IR_VS] = CC_P, [IR_VC] = CC_NP, [IR_HI] = CC_B, [IR_LS] = CC_AE,
    [IR_GE] = -1, [IR_LT] = -1, [IR_GT] = -1, [IR_LE] = -1,
};

/* emit_flags_parity: cond is EQ or NE straight after ucomis, when two jumps are cheaper. */
bool emit_flags_parity(const Emit *e, IrCond cond)
{
    return (e->flags == FLAGS_FCMP || e->flags == FLAGS_FCMP_SWAP) &&
           (cond == IR_EQ || cond == IR_NE);
}

int emit_flags_cc(Emit *e, IrCond cond)
{
    if (e->flags == FLAGS_FCMP || e->flags == FLAGS_FCMP_SWAP) {
        int cc = (e->flags == FLAGS_FCMP ? cc_fcmp : cc_fcmp_swap)[cond];

        if (cc >= 0)
            return cc;
        emit_flags_save(e);
        e->flags = FLAGS_PACKED;
    }
    if (e->flags == FLAGS_PACKED)
        flags_load(e);
    if (e->flags == FLAGS_ADD) {
        if (cond == IR_HS)
            return CC_B;
        if (cond == IR_LO)
            return CC_AE;
        if (cond == IR_HI || cond == IR_LS)
            flags_to_sub(e);
    }
    return cc_sub[cond];
}

void emit_flags_carry(Emit *e, bool borrow)
{
    if (e->flags == FLAGS_FCMP || e->flags == FLAGS_FCMP_SWAP) {
        emit_flags_save(e);
        e->flags = FLAGS_PACKED;
    }
    if (e->flags == FLAGS_PACKED)
        flags_load(e);
    if ((e->flags == FLAGS_SUB) != borrow) {
        asm_cmc(&e->as);
        e->flags = borrow ? FLAGS_SUB : FLAGS_ADD;
    }
}

/* ---- the same in C, for faults and run-time calls ---- */

uint32_t flags_pack(FlagsKind kind, uint64_t f)
{
    unsigned carry = f & 1, parity = f >> 2 & 1, zero = f >> 6 & 1, sign = f >> 7 & 1;
    unsigned overflow = f >> 11 & 1;

    switch (kind) {
    case FLAGS_ADD: return sign << 15 | zero << 14 | !carry << 8 | overflow;
    case FLAGS_SUB: return sign << 15 | zero << 14 | carry << 8 | overflow;
    case FLAGS_FCMP:
    case FLAGS_FCMP_SWAP:
        if (parity)
            return 1;
        if (zero)
            return 0x4000;
        return (kind == FLAGS_FCMP) == carry ? 0x8100 : 0;
    case FLAGS_PACKED: break;
    }
    return 0;
}

uint32_t flags_nzcv(uint32_t p)
{
    return (p & 0xc000) << 16 | (p & 0x100 ? 0 : 1u << 29) | (p & 1) << 28;
}

uint32_t flags_from_nzcv(uint32_t nzcv)
{
    return (nzcv >> 16 & 0xc000) | (nzcv & 1u << 29 ? 0 : 0x100) | (nzcv >> 28 & 1);
}
