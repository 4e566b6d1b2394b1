/* SPDX-License-Identifier: MIT */
/*
 * rules_int.c: integer ops and NZCV. One short function per op; int_rules[] is at the end of
 * emit.c. A rule reads its operands first, may compute in rax and rcx, and must cope with the
 * destination being a source.
 */
#include "translate/host/x86_64/rules_fp.h"
#include "translate/host/x86_64/rules_int.h"

bool rule_dead(const Emit *e, IrRef d)
{
    return !d || (ir_is_temp(d) && !e->ir->temp[ir_temp_index(d)].uses);
}

static bool fits(const IrOp *op, uint64_t k)
{
    return !emit_wide(op) || asm_fits32((int64_t)k);
}

/*
 * operand: a source that may stay in memory. The host renames a memory slot only between
 * accesses of one size, so narrow operations load the slot whole first.
 */
static RegMem operand(Emit *e, const IrOp *op, IrRef r, int scratch)
{
    return emit_wide(op) ? emit_int_rm(e, r, scratch)
                         : (RegMem){ emit_int(e, r, scratch), { 0 } };
}

/* into: R = the value in s, unless it is there. */
static void into(Emit *e, int w, int r, int s)
{
    if (r != s)
        asm_mov_rr(&e->as, w, r, s);
}

static bool is_slot(const Emit *e, IrRef r)
{
    return ir_is_reg(r) && e->home[ir_reg_index(r)] < 0;
}

static bool has_copy(const Emit *e, IrRef r)
{
    for (unsigned i = 0; i < EMIT_POOL_INT; i++) {
        if (e->pool_int[i].kind == POOL_COPY && e->pool_int[i].what == ir_reg_index(r))
            return true;
    }
    return false;
}

/* alu_memory: `op [slot], k` for a register in memory that is source and destination. */
static bool alu_memory(Emit *e, const IrOp *op, AluOp alu, uint64_t k)
{
    if (!emit_wide(op) || op->d != op->a || !is_slot(e, op->d) || has_copy(e, op->d))
        return false;
    emit_clobber_flags(e);
    asm_alu_mi(&e->as, 8, alu, mem_b(RBP, e->slot[ir_reg_index(op->d)]), (int32_t)k);
    return true;
}

/* ---- addition and subtraction ---- */

/* add_const: without flags wanted; lea leaves EFLAGS alone. */
static void add_const(Emit *e, const IrOp *op, int64_t k)
{
    int w = emit_wide(op);

    if (e->flags == FLAGS_PACKED && alu_memory(e, op, ALU_ADD, (uint64_t)k))
        return;
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    if (k == 0)
        asm_mov_rr(&e->as, w, r, a);
    else if (r == a && e->flags == FLAGS_PACKED)
        asm_alu_ri(&e->as, w, ALU_ADD, r, (int32_t)k);
    else
        asm_lea(&e->as, w, r, mem_b(a, (int32_t)k));
    emit_int_done(e, op->d, r);
}

static void add_regs(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);
    int a = emit_int(e, op->a, RAX);

    if (e->flags == FLAGS_PACKED) {
        RegMem b = operand(e, op, op->b, RCX);
        int r = emit_int_dst(e, op->d);

        if (b.reg < 0) {
            into(e, w, r, a);
            asm_alu_rm(&e->as, w, ALU_ADD, r, b.mem);
        } else if (r == a) {
            asm_alu_rr(&e->as, w, ALU_ADD, r, b.reg);
        } else if (r == b.reg) {
            asm_alu_rr(&e->as, w, ALU_ADD, r, a);
        } else {
            asm_lea(&e->as, w, r, mem_bi(a, b.reg, 0, 0));
        }
        emit_int_done(e, op->d, r);
        return;
    }
    int b = emit_int(e, op->b, RCX), r = emit_int_dst(e, op->d);

    asm_lea(&e->as, w, r, mem_bi(a, b, 0, 0));
    emit_int_done(e, op->d, r);
}

/* alu_into: r = a OP b with the two-operand form; b may be a constant, register or memory. */
static void alu_into(Emit *e, const IrOp *op, AluOp alu, int r, int a)
{
    int w = emit_wide(op);
    uint64_t k;

    if (emit_is_const(e, op->b, &k) && fits(op, k)) {
        into(e, w, r, a);
        asm_alu_ri(&e->as, w, alu, r, (int32_t)k);
        return;
    }
    RegMem b = operand(e, op, op->b, RCX);

    if (b.reg == r && b.reg != a) {
        /* The destination is the second operand: go through rcx. */
        asm_mov_rr(&e->as, w, RCX, b.reg);
        b.reg = RCX;
    }
    into(e, w, r, a);
    if (b.reg >= 0)
        asm_alu_rr(&e->as, w, alu, r, b.reg);
    else
        asm_alu_rm(&e->as, w, alu, r, b.mem);
}

static bool commutes(AluOp alu)
{
    return alu != ALU_SUB && alu != ALU_SBB;
}

/* alu_swapped: b is in a register and a is not, or b's is the destination. No code when not. */
static bool alu_swapped(Emit *e, const IrOp *op, AluOp alu)
{
    int w = emit_wide(op);

    if (!commutes(alu) || ir_is_const(op->a) || ir_is_const(op->b))
        return false;
    int a = emit_int_where(e, op->a), b = emit_int_where(e, op->b);
    int d = ir_is_reg(op->d) ? emit_int_where(e, op->d) : -1;

    if (b < 0 || (a >= 0 && b != d) || (a >= 0 && a == d))
        return false;
    emit_int_rm(e, op->b, RCX);
    RegMem m = operand(e, op, op->a, RAX);
    int r = emit_int_dst(e, op->d);

    if (m.reg == r) {
        asm_alu_rr(&e->as, w, alu, r, b);
    } else {
        into(e, w, r, b);
        if (m.reg >= 0)
            asm_alu_rr(&e->as, w, alu, r, m.reg);
        else
            asm_alu_rm(&e->as, w, alu, r, m.mem);
    }
    emit_int_done(e, op->d, r);
    return true;
}

static void alu(Emit *e, const IrOp *op, AluOp alu_op)
{
    uint64_t k;

    if (alu_swapped(e, op, alu_op))
        return;
    int a = emit_int(e, op->a, RAX);

    /* Pin the second operand's register before a destination is chosen. */
    if (!emit_is_const(e, op->b, &k))
        emit_int_rm(e, op->b, RCX);
    int r = emit_int_dst(e, op->d);

    alu_into(e, op, alu_op, r, a);
    emit_int_done(e, op->d, r);
}

/* compare: a - b for the flags alone. */
static void compare(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);
    uint64_t k;

    if (emit_is_const(e, op->b, &k) && fits(op, k)) {
        RegMem a = operand(e, op, op->a, RAX);

        if (a.reg >= 0 && k == 0)
            asm_test_rr(&e->as, w, a.reg, a.reg);
        else if (a.reg >= 0)
            asm_alu_ri(&e->as, w, ALU_CMP, a.reg, (int32_t)k);
        else
            asm_alu_mi(&e->as, w ? 8 : 4, ALU_CMP, a.mem, (int32_t)k);
        return;
    }
    int a = emit_int(e, op->a, RAX);
    RegMem b = operand(e, op, op->b, RCX);

    if (b.reg >= 0)
        asm_alu_rr(&e->as, w, ALU_CMP, a, b.reg);
    else
        asm_alu_rm(&e->as, w, ALU_CMP, a, b.mem);
}

/* add_scaled: a + (register << n) whose shift waited for this addition. */
static void add_scaled(Emit *e, const IrOp *op)
{
    int a = emit_int(e, op->a, RAX), b = emit_int(e, e->shifted_reg, RCX);
    int r = emit_int_dst(e, op->d);

    asm_lea(&e->as, emit_wide(op), r, mem_bi(a, b, e->shifted_by, 0));
    emit_int_done(e, op->d, r);
    e->shifted = 0;
}

void rule_add(Emit *e, const IrOp *op)
{
    uint64_t k;

    if (e->shifted && e->shifted == op->b) {
        add_scaled(e, op);
    } else if (op->flags & IRF_SETF) {
        emit_clobber_flags(e);
        alu(e, op, ALU_ADD);
        emit_flags_set(e, FLAGS_ADD);
    } else if (emit_is_const(e, op->b, &k) && fits(op, k)) {
        add_const(e, op, emit_wide(op) ? (int64_t)k : (int32_t)k);
    } else {
        add_regs(e, op);
    }
}

void rule_sub(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);
    uint64_t k;

    if (op->flags & IRF_SETF) {
        emit_clobber_flags(e);
        if (rule_dead(e, op->d))
            compare(e, op);
        else
            alu(e, op, ALU_SUB);
        emit_flags_set(e, FLAGS_SUB);
    } else if (emit_is_const(e, op->b, &k) && fits(op, k) && (int32_t)k != INT32_MIN) {
        add_const(e, op, w ? -(int64_t)k : -(int32_t)k);
    } else if (emit_is_const(e, op->a, &k) && k == 0) {
        emit_clobber_flags(e);
        int b = emit_int(e, op->b, RAX), r = emit_int_dst(e, op->d);

        into(e, w, r, b);
        asm_neg(&e->as, w, r);
        emit_int_done(e, op->d, r);
    } else {
        emit_clobber_flags(e);
        alu(e, op, ALU_SUB);
    }
}

static void with_carry(Emit *e, const IrOp *op, AluOp alu_op)
{
    bool setf = op->flags & IRF_SETF;

    emit_flags_carry(e, alu_op == ALU_SBB);
    if (!setf && e->flags_dirty && emit_flags_needed(e)) {
        emit_flags_save(e);
        emit_flags_carry(e, alu_op == ALU_SBB);
    }
    alu(e, op, alu_op);
    e->flags = FLAGS_PACKED;
    e->flags_dirty = false;
    if (setf)
        emit_flags_set(e, alu_op == ALU_SBB ? FLAGS_SUB : FLAGS_ADD);
}

void rule_adc(Emit *e, const IrOp *op)
{
    with_carry(e, op, ALU_ADC);
}

void rule_sbc(Emit *e, const IrOp *op)
{
    with_carry(e, op, ALU_SBB);
}

/* ---- logic ---- */

static void logic(Emit *e, const IrOp *op, AluOp alu_op)
{
    emit_clobber_flags(e);
    alu(e, op, alu_op);
    if (op->flags & IRF_SETF)
        emit_flags_set(e, FLAGS_ADD);       /* C = V = 0, as x86 leaves CF and OF */
}

/* and_test: flags of a & b alone. */
static void and_test(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);
    uint64_t k;
    int a = emit_int(e, op->a, RAX);

    if (emit_is_const(e, op->b, &k) && fits(op, k)) {
        /* asm_test_ri may shorten the operand, which would lose the sign flag. */
        asm_op_rr(&e->as, 0, w, 0xf7, 0, a, false);
        asm_32(&e->as, (uint32_t)k);
    } else {
        asm_test_rr(&e->as, w, a, emit_int(e, op->b, RCX));
    }
}

void rule_and(Emit *e, const IrOp *op)
{
    uint64_t k;
    bool setf = op->flags & IRF_SETF;

    if (setf && rule_dead(e, op->d)) {
        emit_clobber_flags(e);
        and_test(e, op);
        emit_flags_set(e, FLAGS_ADD);
        return;
    }
    if (!setf && emit_is_const(e, op->b, &k) && (k == 0xff || k == 0xffff || k == 0xffffffff)) {
        int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

        if (k == 0xffffffff)
            asm_mov_rr(&e->as, 0, r, a);
        else
            asm_movzx_rr(&e->as, k == 0xff ? 1 : 2, r, a);
        emit_int_done(e, op->d, r);
        return;
    }
    logic(e, op, ALU_AND);
}

void rule_or(Emit *e, const IrOp *op)
{
    logic(e, op, ALU_OR);
}

void rule_xor(Emit *e, const IrOp *op)
{
    logic(e, op, ALU_XOR);
}

/* not_b: rcx = ~b. */
static void not_b(Emit *e, const IrOp *op)
{
    int w = emit_wide(op), b = emit_int(e, op->b, RCX);

    into(e, w, RCX, b);
    asm_not(&e->as, w, RCX);
}

static void logic_not(Emit *e, const IrOp *op, AluOp alu_op)
{
    int w = emit_wide(op);
    uint64_t k;

    emit_clobber_flags(e);
    if (emit_is_const(e, op->a, &k) && k == 0 && alu_op != ALU_AND) {
        int b = emit_int(e, op->b, RAX), r = emit_int_dst(e, op->d);

        into(e, w, r, b);
        asm_not(&e->as, w, r);
        emit_int_done(e, op->d, r);
        return;
    }
    int a = emit_int(e, op->a, RAX);

    not_b(e, op);
    int r = emit_int_dst(e, op->d);

    into(e, w, r, a);
    asm_alu_rr(&e->as, w, alu_op, r, RCX);
    emit_int_done(e, op->d, r);
}

void rule_andn(Emit *e, const IrOp *op)
{
    if (e->hf->bmi1) {
        emit_clobber_flags(e);
        int a = emit_int(e, op->a, RAX), b = emit_int(e, op->b, RCX);
        int r = emit_int_dst(e, op->d);

        asm_andn(&e->as, emit_wide(op), r, b, a);
        emit_int_done(e, op->d, r);
    } else {
        logic_not(e, op, ALU_AND);
    }
    if (op->flags & IRF_SETF)
        emit_flags_set(e, FLAGS_ADD);
}

void rule_orn(Emit *e, const IrOp *op)
{
    logic_not(e, op, ALU_OR);
}

void rule_xorn(Emit *e, const IrOp *op)
{
    logic_not(e, op, ALU_XOR);
}

/* ---- moves and parts ---- */

void rule_mov(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);
    uint64_t k;

    if (emit_is_const(e, op->a, &k)) {
        if (!w)
            k = (uint32_t)k;
        if (ir_is_reg(op->d)) {
            e->link_reg = (int)ir_reg_index(op->d);
            e->link_value = k;
        }
        if (is_slot(e, op->d) && !has_copy(e, op->d) && asm_fits32((int64_t)k)) {
            asm_mov_mi(&e->as, 8, mem_b(RBP, e->slot[ir_reg_index(op->d)]), (int32_t)k);
            return;
        }
        int r = emit_int_dst(e, op->d);

        asm_mov_ri(&e->as, r, k);
        emit_int_done(e, op->d, r);
        return;
    }
    int a = emit_int(e, op->a, RAX);

    if (is_slot(e, op->d) && w) {
        emit_int_done(e, op->d, a);
        return;
    }
    int r = emit_int_dst(e, op->d);

    if (r != a || !w)
        asm_mov_rr(&e->as, w, r, a);
    emit_int_done(e, op->d, r);
}

void rule_sext(Emit *e, const IrOp *op)
{
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d), w = emit_wide(op);

    if (!w && op->imm == 32)
        asm_mov_rr(&e->as, 0, r, a);
    else
        asm_movsx_rr(&e->as, w, op->imm / 8, r, a);
    emit_int_done(e, op->d, r);
}

void rule_zext(Emit *e, const IrOp *op)
{
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    if (op->imm == 32)
        asm_mov_rr(&e->as, 0, r, a);
    else
        asm_movzx_rr(&e->as, op->imm / 8, r, a);
    emit_int_done(e, op->d, r);
}

static void shift_const(Emit *e, int w, ShiftOp sh, int r, unsigned n)
{
    if (n)
        asm_shift_ri(&e->as, w, sh, r, n);
}

void rule_bfx_u(Emit *e, const IrOp *op)
{
    unsigned lsb = op->imm & 0xff, width = op->imm >> 8;
    int w = emit_wide(op);
    unsigned size = w ? 64 : 32;

    if (lsb || (width != 8 && width != 16 && width != 32))
        emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    if (width == size) {
        asm_mov_rr(&e->as, w, r, a);
    } else if (lsb + width == size) {
        into(e, w, r, a);
        asm_shift_ri(&e->as, w, SH_SHR, r, lsb);
    } else if (width == 8 || width == 16 || width == 32) {
        if (lsb) {
            into(e, w, r, a);
            asm_shift_ri(&e->as, w, SH_SHR, r, lsb);
            a = r;
        }
        if (width == 32)
            asm_mov_rr(&e->as, 0, r, a);
        else
            asm_movzx_rr(&e->as, width / 8, r, a);
    } else if (width < 32) {
        into(e, lsb ? w : 0, r, a);
        shift_const(e, w, SH_SHR, r, lsb);
        asm_alu_ri(&e->as, 0, ALU_AND, r, (int32_t)((1u << width) - 1));
    } else {
        into(e, w, r, a);
        shift_const(e, w, SH_SHL, r, size - lsb - width);
        asm_shift_ri(&e->as, w, SH_SHR, r, size - width);
    }
    emit_int_done(e, op->d, r);
}

void rule_bfx_s(Emit *e, const IrOp *op)
{
    unsigned lsb = op->imm & 0xff, width = op->imm >> 8;
    int w = emit_wide(op);
    unsigned size = w ? 64 : 32;
    bool part = lsb == 0 && (width == 8 || width == 16 || (width == 32 && w));

    if (!part)
        emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    if (part) {
        asm_movsx_rr(&e->as, w, width / 8, r, a);
    } else {
        asm_mov_rr(&e->as, w, r, a);
        shift_const(e, w, SH_SHL, r, size - lsb - width);
        shift_const(e, w, SH_SAR, r, size - width);
    }
    emit_int_done(e, op->d, r);
}

/* bfi_const: masks that fit an immediate take two instructions. */
static bool bfi_const(Emit *e, const IrOp *op, uint64_t field, uint64_t value)
{
    int w = emit_wide(op);

    if (!fits(op, ~field) || !fits(op, value))
        return false;
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    into(e, w, r, a);
    if (value != field)
        asm_alu_ri(&e->as, w, ALU_AND, r, (int32_t)~field);
    if (value)
        asm_alu_ri(&e->as, w, ALU_OR, r, (int32_t)value);
    else if (!w)
        asm_mov_rr(&e->as, 0, r, r);
    emit_int_done(e, op->d, r);
    return true;
}

void rule_bfi(Emit *e, const IrOp *op)
{
    unsigned lsb = op->imm & 0xff, width = op->imm >> 8;
    int w = emit_wide(op);
    unsigned size = w ? 64 : 32;
    uint64_t field = (~0ull >> (64 - width)) << lsb, keep = ~field, k;

    emit_clobber_flags(e);
    if (emit_is_const(e, op->b, &k) && bfi_const(e, op, field, k << lsb & field))
        return;
    int b = emit_int(e, op->b, RCX);

    /* rcx = b's field in place */
    if (width == 8 || width == 16 || width == 32) {
        if (width == 32)
            asm_mov_rr(&e->as, 0, RCX, b);
        else
            asm_movzx_rr(&e->as, width / 8, RCX, b);
        shift_const(e, w, SH_SHL, RCX, lsb);
    } else if (width < 32) {
        into(e, 0, RCX, b);
        asm_alu_ri(&e->as, 0, ALU_AND, RCX, (int32_t)((1u << width) - 1));
        shift_const(e, w, SH_SHL, RCX, lsb);
    } else {
        into(e, w, RCX, b);
        asm_shift_ri(&e->as, w, SH_SHL, RCX, size - width);
        shift_const(e, w, SH_SHR, RCX, size - width - lsb);
    }
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    if (lsb + width == size) {          /* keep the low bits only */
        into(e, w, r, a);
        if (lsb == 32) {
            asm_mov_rr(&e->as, 0, r, r);
        } else if (lsb < 32) {
            asm_alu_ri(&e->as, 0, ALU_AND, r, (int32_t)((1u << lsb) - 1));
        } else {
            asm_shift_ri(&e->as, w, SH_SHL, r, size - lsb);
            asm_shift_ri(&e->as, w, SH_SHR, r, size - lsb);
        }
    } else if (!w || asm_fits32((int64_t)keep)) {
        into(e, w, r, a);
        asm_alu_ri(&e->as, w, ALU_AND, r, (int32_t)keep);
    } else {
        /* rotate the field to the bottom, shift it out and back in as zeros */
        into(e, w, r, a);
        shift_const(e, w, SH_ROR, r, lsb);
        asm_shift_ri(&e->as, w, SH_SHR, r, width);
        asm_shift_ri(&e->as, w, SH_SHL, r, width);
        shift_const(e, w, SH_ROL, r, lsb);
    }
    asm_alu_rr(&e->as, w, ALU_OR, r, RCX);
    emit_int_done(e, op->d, r);
}

/* ---- shifts ---- */

static bool rorx_memory(Emit *e, const IrOp *op, unsigned n)
{
    if (!emit_wide(op) || !is_slot(e, op->a) || has_copy(e, op->a))
        return false;
    Mem m = mem_b(RBP, e->slot[ir_reg_index(op->a)]);
    int r = emit_int_dst(e, op->d);

    asm_rorx_rm(&e->as, emit_wide(op), r, m, n);
    emit_int_done(e, op->d, r);
    return true;
}

static void shift_by_const(Emit *e, const IrOp *op, ShiftOp sh, unsigned n)
{
    int w = emit_wide(op);
    bool lea = sh == SH_SHL && n >= 1 && n <= 3;
    bool rorx = sh == SH_ROR && e->hf->bmi2;

    n &= w ? 63 : 31;
    if (rorx && n && rorx_memory(e, op, n))
        return;
    /* Before anything is in rax, which saving the flags changes. */
    if (!lea && !rorx && n)
        emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    if (!n) {
        asm_mov_rr(&e->as, w, r, a);
    } else if (rorx) {
        asm_rorx(&e->as, w, r, a, n);
    } else if (lea && (r != a || e->flags != FLAGS_PACKED)) {
        asm_lea(&e->as, w, r, n == 1 ? mem_bi(a, a, 0, 0) : mem_bi(MEM_NONE, a, n, 0));
    } else {
        into(e, w, r, a);
        asm_shift_ri(&e->as, w, sh, r, n);
    }
    emit_int_done(e, op->d, r);
}

static void shift(Emit *e, const IrOp *op, ShiftOp sh)
{
    int w = emit_wide(op);
    uint64_t k;

    if (emit_is_const(e, op->b, &k)) {
        shift_by_const(e, op, sh, (unsigned)k);
        return;
    }
    if (e->hf->bmi2 && sh != SH_ROR) {
        int a = emit_int(e, op->a, RAX), b = emit_int(e, op->b, RCX);
        int r = emit_int_dst(e, op->d);

        if (sh == SH_SHL)
            asm_shlx(&e->as, w, r, a, b);
        else if (sh == SH_SHR)
            asm_shrx(&e->as, w, r, a, b);
        else
            asm_sarx(&e->as, w, r, a, b);
        emit_int_done(e, op->d, r);
        return;
    }
    emit_clobber_flags(e);
    int b = emit_int(e, op->b, RCX), a = emit_int(e, op->a, RAX);
    int r = emit_int_dst(e, op->d);

    into(e, 0, RCX, b);
    into(e, w, RAX, a);
    asm_shift_rcl(&e->as, w, sh, RAX);
    asm_mov_rr(&e->as, w, r, RAX);
    emit_int_done(e, op->d, r);
}

/* shift_waits: the next op is the addition that alone wants this small shift of a register. */
static bool shift_waits(Emit *e, const IrOp *op)
{
    const IrOp *next = op + 1;
    uint64_t k;

    if (!emit_is_const(e, op->b, &k) || k < 1 || k > 3 || !ir_is_reg(op->a) ||
        !ir_is_temp(op->d) || e->ir->temp[ir_temp_index(op->d)].uses != 1)
        return false;
    if (next->op != IR_add || next->type != op->type || (next->flags & IRF_SETF) ||
        next->b != op->d)
        return false;
    e->shifted = op->d;
    e->shifted_reg = op->a;
    e->shifted_by = (uint8_t)k;
    return true;
}

void rule_shl(Emit *e, const IrOp *op)
{
    if (!shift_waits(e, op))
        shift(e, op, SH_SHL);
}

void rule_shr_u(Emit *e, const IrOp *op)
{
    shift(e, op, SH_SHR);
}

void rule_shr_s(Emit *e, const IrOp *op)
{
    shift(e, op, SH_SAR);
}

void rule_ror(Emit *e, const IrOp *op)
{
    shift(e, op, SH_ROR);
}

void rule_extr(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);

    emit_clobber_flags(e);
    int hi = emit_int(e, op->a, RAX), lo = emit_int(e, op->b, RCX);
    int r = emit_int_dst(e, op->d);

    if (r == hi && r != lo) {
        into(e, w, RCX, lo);
        if (op->imm)
            asm_shrd(&e->as, w, RCX, hi, op->imm);
        asm_mov_rr(&e->as, w, r, RCX);
    } else {
        asm_mov_rr(&e->as, w, r, lo);
        if (op->imm)
            asm_shrd(&e->as, w, r, hi, op->imm);
    }
    emit_int_done(e, op->d, r);
}

/* ---- multiplication and division ---- */

/*
 * mul_keeping_flags: a product between the additions of a carry chain, by mulx, which leaves
 * EFLAGS alone. False when that is not what is needed.
 */
static bool mul_keeping_flags(Emit *e, const IrOp *op, bool high)
{
    Asm *as = &e->as;
    int w = emit_wide(op);

    if (!e->hf->bmi2 || e->flags == FLAGS_PACKED || !emit_flags_needed(e))
        return false;
    RegMem a = operand(e, op, op->a, RAX), b = operand(e, op, op->b, RCX);

    /* One operand must be in rdx, the other may stay in memory. */
    if (b.reg == RDX || (a.reg < 0 && b.reg >= 0)) {
        RegMem other = a;

        a = b;
        b = other;
    }
    if (a.reg != RDX) {
        emit_take_pool(e, RDX);
        if (a.reg >= 0)
            asm_mov_rr(as, 1, RDX, a.reg);
        else
            asm_mov_rm(as, 1, RDX, a.mem);
    }
    int r = emit_int_dst(e, op->d), hi = high ? r : RCX, lo = high ? RCX : r;

    if (b.reg >= 0)
        asm_mulx(as, w, hi, lo, b.reg);
    else
        asm_mulx_m(as, w, hi, lo, b.mem);
    emit_int_done(e, op->d, r);
    return true;
}

void rule_mul(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);
    uint64_t k;

    if (mul_keeping_flags(e, op, false))
        return;
    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX);

    if (emit_is_const(e, op->b, &k) && fits(op, k)) {
        int r = emit_int_dst(e, op->d);

        asm_imul_rri(&e->as, w, r, a, (int32_t)k);
        emit_int_done(e, op->d, r);
        return;
    }
    RegMem b = operand(e, op, op->b, RCX);
    int r = emit_int_dst(e, op->d);

    if (b.reg < 0) {
        into(e, w, r, a);
        asm_imul_rm(&e->as, w, r, b.mem);
    } else if (r == b.reg) {
        asm_imul_rr(&e->as, w, r, a);
    } else {
        into(e, w, r, a);
        asm_imul_rr(&e->as, w, r, b.reg);
    }
    emit_int_done(e, op->d, r);
}

/* The one-operand forms need rax and rdx: operands are copied out of rdx, which is freed. */
static void operands_rax_rcx(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);
    int b = emit_int(e, op->b, RCX);

    into(e, w, RCX, b);
    int a = emit_int(e, op->a, RAX);

    into(e, w, RAX, a);
    emit_take_pool(e, RDX);
}

static void mulh(Emit *e, const IrOp *op, bool is_signed)
{
    int w = emit_wide(op);

    emit_clobber_flags(e);
    operands_rax_rcx(e, op);
    if (is_signed)
        asm_imul1(&e->as, w, RCX);
    else
        asm_mul(&e->as, w, RCX);
    asm_mov_rr(&e->as, w, RAX, RDX);
    int r = emit_int_dst(e, op->d);

    into(e, w, r, RAX);
    emit_int_done(e, op->d, r);
}

void rule_mulh_s(Emit *e, const IrOp *op)
{
    mulh(e, op, true);
}

void rule_mulh_u(Emit *e, const IrOp *op)
{
    if (mul_keeping_flags(e, op, true))
        return;
    mulh(e, op, false);
}

/* zero_divisor: rcx, the quotient, is the divisor 0 where `zero` jumps to. */
static void zero_divisor(Emit *e, const IrOp *op, uint8_t *zero)
{
    Asm *as = &e->as;

    if (op->imm & IR_DIV_ONES) {
        uint8_t *done = asm_jmp8(as);

        asm_patch8(as, zero);
        asm_alu_ri(as, emit_wide(op), ALU_OR, RCX, -1);
        asm_patch8(as, done);
    } else {
        asm_patch8(as, zero);
    }
}

void rule_div_u(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;
    int w = emit_wide(op);

    emit_clobber_flags(e);
    operands_rax_rcx(e, op);
    asm_test_rr(as, w, RCX, RCX);
    uint8_t *zero = asm_jcc8(as, CC_E);

    asm_alu_rr(as, 0, ALU_XOR, RDX, RDX);
    asm_div(as, w, RCX);
    asm_mov_rr(as, w, RCX, RAX);
    zero_divisor(e, op, zero);
    int r = emit_int_dst(e, op->d);

    asm_mov_rr(as, w, r, RCX);
    emit_int_done(e, op->d, r);
}

void rule_div_s(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;
    int w = emit_wide(op);

    emit_clobber_flags(e);
    operands_rax_rcx(e, op);
    /* Divisors 0 and -1: quotients 0 and -a (which wraps for MIN) without dividing. */
    asm_lea(as, w, RDX, mem_b(RCX, 1));
    asm_alu_ri(as, w, ALU_CMP, RDX, 1);
    uint8_t *special = asm_jcc8(as, CC_BE);

    asm_cqo(as, w);
    asm_idiv(as, w, RCX);
    uint8_t *done = asm_jmp8(as);

    asm_patch8(as, special);
    asm_imul_rr(as, w, RAX, RCX);
    if (op->imm & IR_DIV_ONES) {
        /* -a for -1 stays; 0 for 0 becomes -1: rdx is the divisor plus 1. */
        asm_neg(as, w, RDX);
        asm_alu_rr(as, w, ALU_OR, RAX, RDX);
    }
    asm_patch8(as, done);
    int r = emit_int_dst(e, op->d);

    asm_mov_rr(as, w, r, RAX);
    emit_int_done(e, op->d, r);
}

/* ---- bit counting and reversal ---- */

/*
 * count_zeros: leading, else trailing zero bits without LZCNT and TZCNT: by a bit scan, which does not
 * say what it makes of 0.
 */
static void count_zeros(Emit *e, const IrOp *op, bool leading)
{
    Asm *as = &e->as;
    int w = emit_wide(op), last = w ? 63 : 31;

    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RCX);

    asm_mov_ri(as, RAX, leading ? 2 * last + 1 : last + 1);
    if (leading)
        asm_bsr(as, w, RCX, a);
    else
        asm_bsf(as, w, RCX, a);
    asm_cmovcc(as, 0, CC_E, RCX, RAX);
    int r = emit_int_dst(e, op->d);

    if (leading)
        asm_alu_ri(as, 0, ALU_XOR, RCX, last);
    asm_mov_rr(as, 0, r, RCX);
    emit_int_done(e, op->d, r);
}

void rule_clz(Emit *e, const IrOp *op)
{
    if (!e->hf->lzcnt) {
        count_zeros(e, op, true);
        return;
    }
    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    asm_lzcnt(&e->as, emit_wide(op), r, a);
    emit_int_done(e, op->d, r);
}

void rule_cls(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);

    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RCX);

    /* Bits that differ from the sign; with a one below, so that -1 and 0 count right. */
    asm_mov_rr(&e->as, w, RAX, a);
    asm_shift_ri(&e->as, w, SH_SAR, RAX, w ? 63 : 31);
    asm_alu_rr(&e->as, w, ALU_XOR, RAX, a);
    asm_alu_rr(&e->as, w, ALU_ADD, RAX, RAX);
    asm_alu_ri(&e->as, w, ALU_OR, RAX, 1);
    int r = emit_int_dst(e, op->d);

    if (e->hf->lzcnt) {
        asm_lzcnt(&e->as, w, r, RAX);
    } else {
        asm_bsr(&e->as, w, r, RAX);
        asm_alu_ri(&e->as, 0, ALU_XOR, r, w ? 63 : 31);
    }
    emit_int_done(e, op->d, r);
}

void rule_ctz(Emit *e, const IrOp *op)
{
    if (!e->hf->bmi1) {
        count_zeros(e, op, false);
        return;
    }
    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    asm_tzcnt(&e->as, emit_wide(op), r, a);
    emit_int_done(e, op->d, r);
}

void rule_popcnt(Emit *e, const IrOp *op)
{
    if (!e->hf->popcnt) {
        emit_eval(e, op);
        return;
    }
    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    asm_popcnt(&e->as, emit_wide(op), r, a);
    emit_int_done(e, op->d, r);
}

/* min_max: b unless the comparison a with b says a. */
static void min_max(Emit *e, const IrOp *op, int cc)
{
    int w = emit_wide(op);

    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX), b = emit_int(e, op->b, RCX);

    into(e, w, RCX, b);
    asm_alu_rr(&e->as, w, ALU_CMP, a, RCX);
    asm_cmovcc(&e->as, w, cc, RCX, a);
    int r = emit_int_dst(e, op->d);

    asm_mov_rr(&e->as, w, r, RCX);
    emit_int_done(e, op->d, r);
}

void rule_min_s(Emit *e, const IrOp *op)
{
    min_max(e, op, CC_L);
}

void rule_max_s(Emit *e, const IrOp *op)
{
    min_max(e, op, CC_G);
}

void rule_min_u(Emit *e, const IrOp *op)
{
    min_max(e, op, CC_B);
}

void rule_max_u(Emit *e, const IrOp *op)
{
    min_max(e, op, CC_A);
}

/* swap_groups: exchange neighbouring groups of n bits in rax. */
static void swap_groups(Asm *as, int w, unsigned n, uint64_t mask)
{
    asm_mov_ri(as, RDX, w ? mask : (uint32_t)mask);
    asm_mov_rr(as, w, RCX, RAX);
    asm_shift_ri(as, w, SH_SHR, RCX, n);
    asm_alu_rr(as, w, ALU_AND, RCX, RDX);
    asm_alu_rr(as, w, ALU_AND, RAX, RDX);
    asm_shift_ri(as, w, SH_SHL, RAX, n);
    asm_alu_rr(as, w, ALU_OR, RAX, RCX);
}

/* count_trailing: the next instruction counts the leading zeros of the result, over itself. */
static bool count_trailing(Emit *e, const IrOp *op)
{
    const IrOp *clz = op + 2;

    return e->hf->bmi1 && ir_is_reg(op->d) && e->i + 2 < e->ir->n_op && op[1].op == IR_insn &&
           e->i + 1 != e->cur->poll_op && clz->op == IR_clz && clz->type == op->type &&
           clz->a == op->d && clz->d == op->d;
}

void rule_rbit(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);

    emit_clobber_flags(e);
    if (count_trailing(e, op)) {
        int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

        asm_tzcnt(&e->as, w, r, a);
        emit_int_done(e, op->d, r);
        e->skip = 2;
        return;
    }
    int a = emit_int(e, op->a, RAX);

    into(e, w, RAX, a);
    emit_take_pool(e, RDX);
    asm_bswap(&e->as, w, RAX);
    swap_groups(&e->as, w, 4, 0x0f0f0f0f0f0f0f0f);
    swap_groups(&e->as, w, 2, 0x3333333333333333);
    swap_groups(&e->as, w, 1, 0x5555555555555555);
    int r = emit_int_dst(e, op->d);

    asm_mov_rr(&e->as, w, r, RAX);
    emit_int_done(e, op->d, r);
}

void rule_bswap(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);
    int a = emit_int(e, op->a, RAX), r = emit_int_dst(e, op->d);

    into(e, w, r, a);
    asm_bswap(&e->as, w, r);
    emit_int_done(e, op->d, r);
}

void rule_bswap16(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);
    uint64_t mask = w ? 0x00ff00ff00ff00ff : 0x00ff00ff;

    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX);

    into(e, w, RAX, a);
    emit_take_pool(e, RDX);
    swap_groups(&e->as, w, 8, mask);
    int r = emit_int_dst(e, op->d);

    asm_mov_rr(&e->as, w, r, RAX);
    emit_int_done(e, op->d, r);
}

void rule_bswap32(Emit *e, const IrOp *op)
{
    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX);

    into(e, 1, RAX, a);
    asm_bswap(&e->as, 1, RAX);
    int r = emit_int_dst(e, op->d);

    asm_mov_rr(&e->as, 1, r, RAX);
    asm_shift_ri(&e->as, 1, SH_ROL, r, 32);
    emit_int_done(e, op->d, r);
}

void rule_crc32c(Emit *e, const IrOp *op)
{
    int b = emit_int(e, op->b, RCX), a = emit_int(e, op->a, RAX);

    into(e, 0, RAX, a);
    asm_crc32(&e->as, op->imm / 8, RAX, b);
    int r = emit_int_dst(e, op->d);

    asm_mov_rr(&e->as, 0, r, RAX);
    emit_int_done(e, op->d, r);
}

/* ---- NZCV ---- */

void rule_select(Emit *e, const IrOp *op)
{
    int w = emit_wide(op);
    int cc = emit_flags_cc(e, op->imm & 15);        /* may use rax */
    int b = emit_int(e, op->b, RAX);
    RegMem a = operand(e, op, op->a, RCX);
    int r = emit_int_dst(e, op->d);

    if (a.reg == r && b != r) {
        asm_mov_rr(&e->as, w, RCX, a.reg);
        a.reg = RCX;
    }
    if (r == RAX && b != RAX)
        asm_mov_rr(&e->as, w, RAX, b);
    else
        into(e, w, r, b);
    if (a.reg >= 0)
        asm_cmovcc(&e->as, w, cc, r, a.reg);
    else
        asm_cmovcc_rm(&e->as, w, cc, r, a.mem);
    emit_int_done(e, op->d, r);
}

void rule_cset(Emit *e, const IrOp *op)
{
    int cc = emit_flags_cc(e, op->imm & 15);
    int r = emit_int_dst(e, op->d);

    asm_setcc(&e->as, cc, RAX);
    asm_movzx_rr(&e->as, 1, r, RAX);
    emit_int_done(e, op->d, r);
}

void rule_vselect(Emit *e, const IrOp *op)
{
    int cc = emit_flags_cc(e, op->imm & 15);
    int a = emit_vec(e, op->a), b = emit_vec(e, op->b);
    int d = emit_vec_dst(e, op->d);

    uint8_t *other = asm_jcc8(&e->as, cc ^ 1);

    asm_vmov(&e->as, XMM12, a);
    uint8_t *done = asm_jmp8(&e->as);

    asm_patch8(&e->as, other);
    asm_vmov(&e->as, XMM12, b);
    asm_patch8(&e->as, done);
    emit_vl_to(e, d, XMM12, op->flags & IR_VL_MASK, op->type);
    emit_zero_note(e, d, op->flags & IR_VL_MASK, op->type);
    emit_vec_done(e, op->d, d);
}

void rule_getf(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;

    emit_flags_save(e);
    emit_clobber_flags(e);
    /* packed: 15 N, 14 Z, 8 not C, 0 V -> bits 31, 30, 29, 28 */
    asm_movzx_rm(as, 2, RAX, emit_rt(nzcv));
    asm_mov_rr(as, 0, RCX, RAX);
    asm_alu_ri(as, 0, ALU_AND, RCX, 0xc000);
    asm_shift_ri(as, 0, SH_SHL, RCX, 16);
    int r = emit_int_dst(e, op->d);

    asm_alu_ri(as, 0, ALU_AND, RAX, 1);
    asm_shift_ri(as, 0, SH_SHL, RAX, 28);
    asm_alu_rr(as, 0, ALU_OR, RCX, RAX);
    asm_movzx_rm(as, 2, RAX, emit_rt(nzcv));
    asm_not(as, 0, RAX);
    asm_alu_ri(as, 0, ALU_AND, RAX, 0x100);
    asm_shift_ri(as, 0, SH_SHL, RAX, 21);
    asm_alu_rr(as, 0, ALU_OR, RAX, RCX);
    asm_mov_rr(as, 0, r, RAX);
    emit_int_done(e, op->d, r);
}

/* packed_const: the packed form of a constant NZCV, N in bit 3. */
static int16_t packed_const(unsigned nzcv)
{
    return (int16_t)flags_from_nzcv(nzcv << 28);
}

void rule_setf(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX);

    into(e, 0, RAX, a);
    asm_mov_rr(as, 0, RCX, RAX);
    asm_shift_ri(as, 0, SH_SHR, RCX, 16);
    asm_alu_ri(as, 0, ALU_AND, RCX, 0xc000);        /* N, Z */
    asm_shift_ri(as, 0, SH_SHR, RAX, 28);
    asm_mov_mr(as, 2, emit_rt(nzcv), RCX);
    asm_mov_rr(as, 0, RCX, RAX);
    asm_alu_ri(as, 0, ALU_AND, RAX, 1);             /* V */
    asm_alu_mr(as, 2, ALU_OR, emit_rt(nzcv), RAX);
    asm_not(as, 0, RCX);
    asm_alu_ri(as, 0, ALU_AND, RCX, 2);             /* not C */
    asm_shift_ri(as, 0, SH_SHL, RCX, 7);
    asm_alu_mr(as, 2, ALU_OR, emit_rt(nzcv), RCX);
    e->flags = FLAGS_PACKED;
    e->flags_dirty = false;
}

void rule_setf_k(Emit *e, const IrOp *op)
{
    emit_clobber_flags(e);
    asm_mov_mi(&e->as, 2, emit_rt(nzcv), packed_const(op->imm));
    e->flags = FLAGS_PACKED;
    e->flags_dirty = false;
}

/* unread: rt.fp_unread, when r has the flags and MXCSR none that they lack. */
static void unread(Emit *e, int r)
{
    _Static_assert(FP_INEXACT == 1 << 4, "in bit 0 after a shift");
    Asm *as = &e->as;

    asm_mov_rr(as, 0, RCX, r);
    asm_shift_ri(as, 0, SH_SHR, RCX, 4);
    asm_alu_rm(as, 0, ALU_AND, RCX, emit_rt(fp_lazy));
    asm_alu_ri(as, 0, ALU_XOR, RCX, 1);
    asm_mov_mr(as, 4, emit_rt(fp_unread), RCX);
}

/*
 * Out of line: those that the host has. INVALID it never has, as that traps; the others are one bit
 * further up in MXCSR than in FP_.
 */
void emit_cold_flags(Emit *e, int r)
{
    enum { FROM_MXCSR = FP_DIVZERO | FP_OVERFLOW | FP_UNDERFLOW | FP_INEXACT };
    _Static_assert(FROM_MXCSR == 0x3c >> 1, "FP_ flags in the order of MXCSR");
    Asm *as = &e->as;

    asm_stmxcsr(as, emit_rt(arg));
    asm_mov_rm(as, 0, RCX, emit_rt(arg));
    asm_shift_ri(as, 0, SH_SHR, RCX, 1);
    asm_alu_ri(as, 0, ALU_AND, RCX, FROM_MXCSR);
    asm_alu_mr(as, 4, ALU_OR, emit_rt(fp_flags), RCX);
    asm_alu_rr(as, 0, ALU_OR, r, RCX);
    unread(e, r);
}

/*
 * mirror4: eax = the bits of r in mask, which are four in a row from bit 0 or 1 on, in reverse order from
 * bit 0 on: by a table of nibbles.
 */
static void mirror4(Emit *e, int r, unsigned mask)
{
    Asm *as = &e->as;

    asm_mov_rr(as, 0, RCX, r);
    asm_alu_ri(as, 0, ALU_AND, RCX, (int32_t)mask);
    asm_shift_ri(as, 0, SH_SHL, RCX, mask & 1 ? 2 : 1);
    asm_mov_ri(as, RAX, 0xf7b3d591e6a2c480);
    asm_shift_rcl(as, 1, SH_SHR, RAX);
    asm_alu_ri(as, 0, ALU_AND, RAX, 15);
}

void rule_getfp(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    int r = emit_int_dst(e, op->d);

    asm_mov_rm(as, 0, r, emit_rt(fp_flags));
    asm_alu_rm(as, 0, ALU_OR, r, emit_rt(fcmp_invalid));
    asm_alu_mi(as, 4, ALU_CMP, emit_rt(fp_unread), 0);
    emit_cold_getfp(e, r);
    if (op->imm) {
        mirror4(e, r, FP_DIVZERO | FP_OVERFLOW | FP_UNDERFLOW | FP_INEXACT);
        asm_alu_ri(as, 0, ALU_AND, r, FP_INVALID);
        asm_shift_ri(as, 0, SH_SHL, r, 4);
        asm_alu_rr(as, 0, ALU_OR, r, RAX);
    }
    emit_int_done(e, op->d, r);
}

void rule_setfp(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX);

    if (op->imm) {
        asm_mov_mr(as, 4, emit_rt(arg), a);
        mirror4(e, a, 15);
        asm_mov_rm(as, 0, RCX, emit_rt(arg));
        asm_shift_ri(as, 0, SH_SHL, RAX, 1);
        asm_shift_ri(as, 0, SH_SHR, RCX, 4);
        asm_alu_ri(as, 0, ALU_AND, RCX, FP_INVALID);
        asm_alu_rr(as, 0, ALU_OR, RAX, RCX);
        a = RAX;
    }
    asm_mov_mr(as, 4, emit_rt(fp_flags), a);
    asm_mov_mi(as, 4, emit_rt(fcmp_invalid), 0);
    unread(e, a);
    /* what is set need not trap: env_lazy_flags() */
    asm_mov_rr(as, 0, RCX, a);
    asm_alu_ri(as, 0, ALU_AND, RCX, FP_DIVZERO | FP_OVERFLOW | FP_UNDERFLOW);
    asm_shift_ri(as, 0, SH_SHL, RCX, 8);
    asm_alu_rm(as, 0, ALU_OR, RCX, emit_rt(mxcsr_base));
    asm_mov_mr(as, 4, emit_rt(mxcsr), RCX);
    asm_ldmxcsr(as, emit_rt(mxcsr));
}

/* load_flags_const: EFLAGS = nzcv in the subtraction's form. */
static void load_flags_const(Emit *e, unsigned nzcv)
{
    asm_mov_ri(&e->as, RAX, (uint16_t)packed_const(nzcv));
    asm_alu_small_ri(&e->as, 1, ALU_ADD, RAX, 127);
    asm_sahf(&e->as);
}

static void ccompare(Emit *e, const IrOp *op, bool add)
{
    Asm *as = &e->as;
    int cc = emit_flags_cc(e, op->imm & 15);
    unsigned nzcv = op->imm >> 8 & 15;
    int w = emit_wide(op);
    uint64_t k;
    bool is_k = emit_is_const(e, op->b, &k) && fits(op, k);
    /* Operands are loaded before the branch, so both ways leave the same register state. */
    int a = emit_int(e, op->a, add ? RAX : RCX);
    int b = is_k ? -1 : emit_int(e, op->b, add ? RCX : RAX);
    uint8_t *otherwise = asm_jcc8(as, cc ^ 1);

    if (add) {
        into(e, w, RAX, a);
        if (is_k)
            asm_alu_ri(as, w, ALU_ADD, RAX, (int32_t)k);
        else
            asm_alu_rr(as, w, ALU_ADD, RAX, b);
        asm_cmc(as);
    } else if (is_k) {
        asm_alu_ri(as, w, ALU_CMP, a, (int32_t)k);
    } else {
        asm_alu_rr(as, w, ALU_CMP, a, b);
    }
    uint8_t *done = asm_jmp8(as);

    asm_patch8(as, otherwise);
    load_flags_const(e, nzcv);
    asm_patch8(as, done);
    emit_flags_set(e, FLAGS_SUB);
}

void rule_ccmp(Emit *e, const IrOp *op)
{
    ccompare(e, op, false);
}

void rule_ccmn(Emit *e, const IrOp *op)
{
    ccompare(e, op, true);
}

/* ---- floating point compares: the flags are integer business ---- */

/* next_cond: the first condition that reads the flags made by the op in work. */
static int next_cond(const Emit *e)
{
    for (uint32_t i = e->i + 1; i < e->ir->n_op; i++) {
        const IrOp *op = &e->ir->op[i];

        if (ir_op_info[op->op].props & IRP_USEF)
            return op->imm & 15;
        if (ir_op_info[op->op].props & IRP_DEFF)
            break;
    }
    return IR_GT;
}

static bool wants_swap(int cond)
{
    return cond == IR_MI || cond == IR_LO || cond == IR_LS || cond == IR_HI || cond == IR_PL ||
           cond == IR_HS;
}

void emit_compare_floats(Emit *e, const IrOp *op, bool signaling, bool swap)
{
    int a = emit_vec(e, op->a), b = emit_vec(e, op->b);

    if ((op->flags & IR_VL_MASK) == IR_VL_BOX) {
        emit_unbox(e, op->type, a);
        emit_unbox(e, op->type, b);
    }
    if (op->type == IR_F16) {
        half_widen(e, VT0, a, IR_VL_LANE);
        half_widen(e, VT1, b, IR_VL_LANE);
        a = VT0;
        b = VT1;
    }
    /* ucomis traps on signalling NaNs; a quiet one only has to be noted by fcmpe. */
    vop2(&e->as, op->type == IR_F64 ? V_ucomisd : V_ucomiss, swap ? b : a, swap ? a : b);
    if (signaling)
        emit_cold_invalid(e);
}

static void fcompare(Emit *e, const IrOp *op, bool signaling)
{
    bool swap = wants_swap(next_cond(e));

    if (op->type == IR_F16 && !e->hf->f16c) {
        emit_deopt(e, op);
        return;
    }
    emit_clobber_flags(e);
    emit_compare_floats(e, op, signaling, swap);
    emit_flags_set(e, swap ? FLAGS_FCMP_SWAP : FLAGS_FCMP);
}

void rule_fcmp(Emit *e, const IrOp *op)
{
    fcompare(e, op, false);
}

void rule_fcmpe(Emit *e, const IrOp *op)
{
    fcompare(e, op, true);
}
