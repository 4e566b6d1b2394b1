/* SPDX-License-Identifier: MIT */
/*
 * rules_atomic.c: fences, locked operations and the exclusive monitor. Address operands are
 * plain: a base without index or displacement.
 */
#include "translate/host/x86_64/rules_int.h"

static unsigned bytes_of(const IrOp *op)
{
    return ir_type_bytes(op->type);
}

/* ---- fences ---- */

void emit_full_fence(Emit *e)
{
    asm_lock(&e->as);
    asm_alu_mi(&e->as, 4, ALU_OR, mem_b(RSP, 0), 0);
}

void rule_fence(Emit *e, const IrOp *op)
{
    if (op->imm != IR_FENCE_FULL)
        return;             /* TSO keeps loads in order, and stores */
    emit_clobber_flags(e);
    emit_full_fence(e);
}

/* ---- atomics ---- */

/* address_rcx: the address in rcx, so that pool registers are free to be taken. */
static Mem address_rcx(Emit *e, const IrOp *op)
{
    int a = emit_int(e, op->a, RCX);

    if (a != RCX)
        asm_mov_rr(&e->as, 1, RCX, a);
    return mem_b(RCX, 0);
}

/* old_value: the result, in rax, cut to the type. */
static void old_value(Emit *e, const IrOp *op)
{
    if (rule_dead(e, op->d))
        return;
    int r = emit_int_dst(e, op->d);
    unsigned bytes = bytes_of(op);

    if (bytes < 4)
        asm_movzx_rr(&e->as, bytes, r, RAX);
    else
        asm_mov_rr(&e->as, bytes == 8, r, RAX);
    emit_int_done(e, op->d, r);
}

static void operand_rax(Emit *e, IrRef v)
{
    int b = emit_int(e, v, RAX);

    if (b != RAX)
        asm_mov_rr(&e->as, 1, RAX, b);
}

void rule_amo_add(Emit *e, const IrOp *op)
{
    emit_clobber_flags(e);
    Mem m = address_rcx(e, op);

    operand_rax(e, op->b);
    asm_lock(&e->as);
    if (rule_dead(e, op->d))
        asm_alu_mr(&e->as, bytes_of(op), ALU_ADD, m, RAX);
    else
        asm_xadd_mr(&e->as, bytes_of(op), m, RAX);
    old_value(e, op);
}

void rule_amo_swap(Emit *e, const IrOp *op)
{
    Mem m = address_rcx(e, op);

    operand_rax(e, op->b);
    asm_xchg_mr(&e->as, bytes_of(op), m, RAX);
    old_value(e, op);
}

/* load_ext: reg = v's low bytes, extended. */
static void load_ext(Emit *e, unsigned bytes, bool sign, int reg, RegMem v)
{
    Asm *as = &e->as;

    if (bytes == 8)
        v.reg >= 0 ? asm_mov_rr(as, 1, reg, v.reg) : asm_mov_rm(as, 1, reg, v.mem);
    else if (bytes == 4)
        v.reg >= 0 ? asm_mov_rr(as, 0, reg, v.reg) : asm_mov_rm(as, 0, reg, v.mem);
    else if (v.reg >= 0)
        sign ? asm_movsx_rr(as, 0, bytes, reg, v.reg) : asm_movzx_rr(as, bytes, reg, v.reg);
    else
        sign ? asm_movsx_rm(as, 0, bytes, reg, v.mem) : asm_movzx_rm(as, bytes, reg, v.mem);
}

typedef enum { LOOP_LOGIC, LOOP_PICK_S, LOOP_PICK_U } LoopKind;

/* amo_loop: compare-and-swap loop; what: an AluOp, or the condition on which the old value stays. */
static void amo_loop(Emit *e, const IrOp *op, LoopKind kind, int what, bool invert)
{
    Asm *as = &e->as;
    unsigned bytes = bytes_of(op);
    bool sign = kind == LOOP_PICK_S;

    emit_clobber_flags(e);
    Mem m = address_rcx(e, op);
    uint64_t k;
    bool is_k = emit_is_const(e, op->b, &k);
    RegMem b = is_k ? (RegMem){ -1, { 0 } } : emit_int_rm(e, op->b, -1);
    int t = b.reg == RDX ? RBX : RDX;

    emit_take_pool(e, t);
    load_ext(e, bytes, sign, RAX, (RegMem){ -1, m });
    uint8_t *again = as->p;

    if (is_k)
        asm_mov_ri(as, t, sign && bytes < 4 ? (uint64_t)sext(k, bytes * 8) : k);
    else
        load_ext(e, bytes, sign, t, b);
    if (invert)
        asm_not(as, 1, t);
    if (kind == LOOP_LOGIC) {
        asm_alu_rr(as, 1, (AluOp)what, t, RAX);
    } else {
        asm_alu_rr(as, bytes == 8, ALU_CMP, RAX, t);
        asm_cmovcc(as, 1, what, t, RAX);
    }
    asm_lock(as);
    asm_cmpxchg_mr(as, bytes, m, t);
    asm_jcc_to(as, CC_NE, again);
    old_value(e, op);
}

/* amo_logic: a single locked instruction when nobody wants the old value. */
static void amo_logic(Emit *e, const IrOp *op, AluOp alu, bool invert)
{
    if (!rule_dead(e, op->d)) {
        amo_loop(e, op, LOOP_LOGIC, alu, invert);
        return;
    }
    emit_clobber_flags(e);
    Mem m = address_rcx(e, op);

    operand_rax(e, op->b);
    if (invert)
        asm_not(&e->as, 1, RAX);
    asm_lock(&e->as);
    asm_alu_mr(&e->as, bytes_of(op), alu, m, RAX);
}

void rule_amo_andn(Emit *e, const IrOp *op)
{
    amo_logic(e, op, ALU_AND, true);
}

void rule_amo_or(Emit *e, const IrOp *op)
{
    amo_logic(e, op, ALU_OR, false);
}

void rule_amo_xor(Emit *e, const IrOp *op)
{
    amo_logic(e, op, ALU_XOR, false);
}

void rule_amo_max_s(Emit *e, const IrOp *op)
{
    amo_loop(e, op, LOOP_PICK_S, CC_G, false);
}

void rule_amo_min_s(Emit *e, const IrOp *op)
{
    amo_loop(e, op, LOOP_PICK_S, CC_L, false);
}

void rule_amo_max_u(Emit *e, const IrOp *op)
{
    amo_loop(e, op, LOOP_PICK_U, CC_A, false);
}

void rule_amo_min_u(Emit *e, const IrOp *op)
{
    amo_loop(e, op, LOOP_PICK_U, CC_B, false);
}

/* new_value: a register other than rax and rcx with v. */
static int new_value(Emit *e, IrRef v)
{
    uint64_t k = 0;
    RegMem b = emit_is_const(e, v, &k) ? (RegMem){ -2, { 0 } } : emit_int_rm(e, v, -1);

    if (b.reg >= 0)
        return b.reg;
    emit_take_pool(e, RDX);
    if (b.reg == -2)
        asm_mov_ri(&e->as, RDX, k);
    else
        asm_mov_rm(&e->as, 1, RDX, b.mem);
    return RDX;
}

void rule_cas(Emit *e, const IrOp *op)
{
    emit_clobber_flags(e);
    Mem m = address_rcx(e, op);

    operand_rax(e, op->b);
    int v = new_value(e, op->c);

    asm_lock(&e->as);
    asm_cmpxchg_mr(&e->as, bytes_of(op), m, v);
    old_value(e, op);
}

void rule_ldex(Emit *e, const IrOp *op)
{
    Mem m = address_rcx(e, op);

    rule_load_sized(e, bytes_of(op), RAX, m);
    asm_mov_mr(&e->as, 8, emit_rt(excl_addr), RCX);
    asm_mov_mr(&e->as, 8, emit_rt(excl_val), RAX);
    asm_mov_mi(&e->as, 8, emit_rt(excl_size), (int32_t)bytes_of(op));
    if (!rule_dead(e, op->d)) {
        int r = emit_int_dst(e, op->d);

        asm_mov_rr(&e->as, 1, r, RAX);
        emit_int_done(e, op->d, r);
    }
}

void rule_stex(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    Mem m = address_rcx(e, op);
    int v = new_value(e, op->b);

    /* A monitor that seems not to be ours may still be, under a tagged address. */
    asm_alu_rm(as, 1, ALU_CMP, RCX, emit_rt(excl_addr));
    emit_deopt_jcc(e, CC_NE);
    asm_alu_mi(as, 8, ALU_CMP, emit_rt(excl_size), (int32_t)bytes_of(op));
    emit_deopt_jcc(e, CC_NE);
    asm_mov_rm(as, 1, RAX, emit_rt(excl_val));
    asm_lock(as);
    asm_cmpxchg_mr(as, bytes_of(op), m, v);
    asm_setcc(as, CC_NE, RAX);
    asm_movzx_rr(as, 1, RAX, RAX);
    asm_mov_mi(as, 8, emit_rt(excl_size), 0);
    if (!rule_dead(e, op->d)) {
        int r = emit_int_dst(e, op->d);

        asm_mov_rr(as, 0, r, RAX);
        emit_int_done(e, op->d, r);
    }
}

void rule_clrex(Emit *e, const IrOp *op)
{
    (void)op;
    asm_mov_mi(&e->as, 8, emit_rt(excl_size), 0);
}

/* 128-bit atomics need rax to rdx and an address register: left to the interpreter. */
void rule_cas128(Emit *e, const IrOp *op)
{
    emit_deopt(e, op);
}

void rule_ldex128(Emit *e, const IrOp *op)
{
    emit_deopt(e, op);
}

void rule_stex128(Emit *e, const IrOp *op)
{
    emit_deopt(e, op);
}
