/* SPDX-License-Identifier: MIT */
/*
 * rules_atomic.c: order, locked operations and the exclusive monitor.
 *
 * A release store followed by an acquire load must stay in this order (RCsc), which takes a
 * locked instruction between them on x86. Guests make release stores for every unlock, flag and
 * C11 store, and seldom load with acquire before the next locked instruction. So a release store
 * only notes in rt.release_pending that it was made, locked instructions take the note back, and
 * the acquire load that still finds it pays for the fence.
 */
#include "translate/host/x86_64/rules_int.h"
#include "translate/ir/info.h"

static unsigned bytes_of(const IrOp *op)
{
    return ir_type_bytes(op->type);
}

/* ---- order ---- */

void emit_released(Emit *e)
{
    asm_mov_mi(&e->as, 4, emit_rt(release_pending), 1);
}

/* locked: a locked instruction was just made; there may be a note to take back. */
static void locked(Emit *e)
{
    if (!ir_drained(e->ir, e->i, true))
        asm_mov_mi(&e->as, 4, emit_rt(release_pending), 0);
}

/* full_fence: an exchange is a fence, too, and keeps EFLAGS. */
static void full_fence(Emit *e)
{
    asm_mov_ri(&e->as, RCX, 0);
    asm_xchg_mr(&e->as, 4, emit_rt(release_pending), RCX);
}

void emit_acquire(Emit *e)
{
    if (ir_drained(e->ir, e->i, true))
        return;
    asm_mov_rm(&e->as, 0, RCX, emit_rt(release_pending));
    uint8_t *none = asm_jrcxz8(&e->as);

    full_fence(e);
    asm_patch8(&e->as, none);
}

void rule_guard(Emit *e, const IrOp *op)
{
    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX);

    asm_test_rr(&e->as, 1, a, a);
    emit_deopt_jcc(e, CC_E);
}

/* b is no constant but 0: another would need one more register. */
void rule_pac(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;
    int32_t key = (int32_t)op->imm - EMIT_BIAS;

    bool zero = ir_is_const(op->b) && !ir_const_value(e->ir, op->b);

    assert(zero || !ir_is_const(op->b));
    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RCX);

    asm_mov_ri(as, RAX, ~IR_PAC_MASK);
    asm_alu_rr(as, 1, ALU_AND, RAX, a);
    asm_imul_rm(as, 1, RAX, mem_b(RBP, key));
    if (!zero) {
        RegMem b = emit_int_rm(e, op->b, RAX);

        if (b.reg >= 0)
            asm_alu_rr(as, 1, ALU_XOR, RAX, b.reg);
        else
            asm_alu_rm(as, 1, ALU_XOR, RAX, b.mem);
    }
    asm_imul_rm(as, 1, RAX, mem_b(RBP, key + 8));
    asm_shift_ri(as, 1, SH_SHR, RAX, 57);
    asm_shift_ri(as, 1, SH_SHL, RAX, IR_PAC_LSB);
    asm_alu_rr(as, 1, ALU_XOR, RAX, a);
    int r = emit_int_dst(e, op->d);

    asm_mov_rr(as, 1, r, RAX);
    emit_int_done(e, op->d, r);
}

/* Bits that are all one are left to the interpreter: no pointer of a program's has them. */
void rule_auth(Emit *e, const IrOp *op)
{
    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX);

    if (a != RAX)
        asm_mov_rr(&e->as, 1, RAX, a);
    asm_shift_ri(&e->as, 1, SH_SHR, RAX, 48);
    asm_test_small_rr(&e->as, 1, RAX, RAX);
    emit_deopt_jcc(e, CC_NE);
}

/* What is not aligned goes to the interpreter, also when that finds it in one aligned 16 bytes. */
void rule_check_align(Emit *e, const IrOp *op)
{
    int32_t mask = (int32_t)(op->imm & 255) - 1;
    uint64_t k;

    if (!mask || (emit_is_const(e, op->a, &k) && !(k & (uint64_t)mask)))
        return;
    emit_clobber_flags(e);
    RegMem a = emit_int_rm(e, op->a, -1);

    if (a.reg >= 0)
        asm_test_ri(&e->as, 0, a.reg, mask);
    else
        asm_test_mi(&e->as, 8, a.mem, mask);
    emit_deopt_jcc(e, CC_NE);
}

void rule_fence(Emit *e, const IrOp *op)
{
    if (op->imm == IR_FENCE_FULL && !ir_drained(e->ir, e->i, false))
        full_fence(e);      /* TSO keeps loads in order, and stores */
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
    locked(e);
    old_value(e, op);
}

void rule_amo_swap(Emit *e, const IrOp *op)
{
    Mem m = address_rcx(e, op);

    operand_rax(e, op->b);
    asm_xchg_mr(&e->as, bytes_of(op), m, RAX);
    locked(e);
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
    locked(e);
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
    locked(e);
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
    locked(e);
    old_value(e, op);
}

void rule_ldex(Emit *e, const IrOp *op)
{
    if (op->flags & IR_ORD_ACQ)
        emit_acquire(e);
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

/* finish_stex: the result from EFLAGS; the monitor is disarmed. */
static void finish_stex(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;

    asm_setcc(as, CC_NE, RAX);
    asm_movzx_rr(as, 1, RAX, RAX);
    asm_mov_mi(as, 8, emit_rt(excl_size), 0);
    locked(e);
    if (!rule_dead(e, op->d)) {
        int r = emit_int_dst(e, op->d);

        asm_mov_rr(as, 0, r, RAX);
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
    finish_stex(e, op);
}

void rule_clrex(Emit *e, const IrOp *op)
{
    (void)op;
    asm_mov_mi(&e->as, 8, emit_rt(excl_size), 0);
}

/* ---- 128 bits: cmpxchg16b takes rax to rdx; an address that has no home borrows the last ---- */

enum { BORROWED = R15 };

/* base_reg: where op's address is or, after borrow(), will be; -1 when that cannot be. */
static int base_reg(const Emit *e, const IrOp *op)
{
    if (ir_is_reg(op->a) && e->home[ir_reg_index(op->a)] >= 0)
        return e->home[ir_reg_index(op->a)];
    return ir_is_reg(op->a) && !e->swapped ? BORROWED : -1;
}

static Mem borrowed_slot(const Emit *e)
{
    return mem_b(RBP, e->slot[e->home_int[EMIT_HOMES_INT - 1]]);
}

/* borrow: EFLAGS are kept. The address' slot is current, as it has no home. */
static void borrow(Emit *e, const IrOp *op)
{
    if (e->home[ir_reg_index(op->a)] >= 0)
        return;
    asm_mov_mr(&e->as, 8, borrowed_slot(e), BORROWED);
    e->borrowed = true;
    emit_note(e);
    asm_mov_rm(&e->as, 1, BORROWED, mem_b(RBP, e->slot[ir_reg_index(op->a)]));
}

static void give_back(Emit *e)
{
    if (!e->borrowed)
        return;
    asm_mov_rm(&e->as, 1, BORROWED, borrowed_slot(e));
    e->borrowed = false;
    emit_note(e);
}

static void halves(Emit *e, int lo, int hi, int x)
{
    asm_pextr(&e->as, 8, lo, x, 0);
    asm_pextr(&e->as, 8, hi, x, 1);
}

/* compare_swap128: rdx:rax compared with the memory at base, rcx:rbx stored. */
static void compare_swap128(Emit *e, const IrOp *op, int base)
{
    borrow(e, op);
    asm_lock(&e->as);
    asm_cmpxchg16b(&e->as, mem_b(base, 0));
    give_back(e);
}

static void take_pools(Emit *e)
{
    emit_take_pool(e, RDX);
    emit_take_pool(e, RBX);
}

void rule_cas128(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;
    int base = base_reg(e, op);

    if (base < 0) {
        emit_deopt(e, op);
        return;
    }
    emit_clobber_flags(e);
    take_pools(e);
    halves(e, RAX, RDX, emit_vec(e, op->b));
    halves(e, RBX, RCX, emit_vec(e, op->c));
    compare_swap128(e, op, base);
    locked(e);
    if (rule_dead(e, op->d))
        return;
    int d = emit_vec_dst(e, op->d);

    asm_movd_xr(as, 1, d, RAX);
    asm_pinsr(as, 8, d, d, RDX, 1);
    emit_zero_forget(e, d);
    emit_vec_done(e, op->d, d);
}

/* An aligned 16-byte load is single-copy atomic where there is AVX; others leave it to C. */
void rule_ldex128(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;

    if (!e->hf->avx) {
        emit_deopt(e, op);
        return;
    }
    if (op->flags & IR_ORD_ACQ)
        emit_acquire(e);
    Mem m = address_rcx(e, op);
    int d = emit_vec_dst(e, op->d);

    vop2m(as, V_movaps, XMM12, m);
    asm_mov_mr(as, 8, emit_rt(excl_addr), RCX);
    vop2m(as, V_movaps_st, XMM12, emit_rt(excl_val));
    asm_mov_mi(as, 8, emit_rt(excl_size), 16);
    asm_vmov(as, d, XMM12);
    emit_zero_forget(e, d);
    emit_vec_done(e, op->d, d);
}

void rule_stex128(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;
    int base = base_reg(e, op);

    if (base < 0) {
        emit_deopt(e, op);
        return;
    }
    emit_clobber_flags(e);
    asm_alu_rm(as, 1, ALU_CMP, emit_int(e, op->a, RCX), emit_rt(excl_addr));
    emit_deopt_jcc(e, CC_NE);
    asm_alu_mi(as, 8, ALU_CMP, emit_rt(excl_size), 16);
    emit_deopt_jcc(e, CC_NE);
    take_pools(e);
    halves(e, RBX, RCX, emit_vec(e, op->b));
    asm_mov_rm(as, 1, RAX, emit_rt(excl_val));
    asm_mov_rm(as, 1, RDX, emit_rt(excl_val.u64[1]));
    compare_swap128(e, op, base);
    finish_stex(e, op);
}
