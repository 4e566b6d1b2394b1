/* SPDX-License-Identifier: MIT */
/*
 * rules_mem.c: loads and stores. Guest addresses are host addresses; those of 32-bit guests are
 * the lowest 4 GiB, and sums wrap there by the address-size prefix.
 *
 * Order on a TSO host: only a store and a later load may change places. An acquire load is a
 * plain load and a release store a plain store, but for the pair of a release store and a later
 * acquire load (RCsc): see emit_acquire().
 */
#include "translate/host/x86_64/rules_int.h"
#include "translate/host/x86_64/rules_vec.h"

/* without_tag: the same address, its top byte made as bit 55. Changes EFLAGS. */
static Mem without_tag(Emit *e, Mem m)
{
    asm_lea(&e->as, 1, RAX, m);
    asm_shift_ri(&e->as, 1, SH_SHL, RAX, 8);
    asm_shift_ri(&e->as, 1, SH_SAR, RAX, 8);
    return mem_b(RAX, 0);
}

bool rule_mem_masks(const IrOp *op)
{
    return op->op == IR_load || op->op == IR_load_s || op->op == IR_store || op->op == IR_vload ||
           op->op == IR_vstore;
}

Mem rule_mem(Emit *e, const IrOp *op)
{
    unsigned scale = ir_mem_scale(op->imm);
    int32_t disp = ir_mem_disp(op->imm);
    bool wraps = e->guest->addresses_32, tagged = e->traps == TRAP_TAGGED;
    Mem m = { MEM_NONE, MEM_NONE, 0, wraps && (disp || op->b), disp };
    uint64_t k;

    if (tagged)
        emit_clobber_flags(e);
    if (emit_is_const(e, op->a, &k) && wraps)
        m = (Mem){ MEM_NONE, MEM_NONE, 0, true, (int32_t)((uint32_t)k + (uint32_t)disp) };
    else if (emit_is_const(e, op->a, &k) && k + (uint64_t)(int64_t)disp < 0x7fffffff &&
             k < 0x7fffffff)
        m.disp = (int32_t)k + disp;
    else
        m.base = (int8_t)emit_int(e, op->a, RAX);
    if (op->b) {
        m.index = (int8_t)emit_int(e, op->b, RCX);
        m.scale = (uint8_t)scale;
        if (scale == 4) {
            asm_lea(&e->as, 1, RCX, mem_bi(m.index, m.index, 0, 0));
            m.index = RCX;
            m.scale = 3;
        }
    }
    return tagged ? without_tag(e, m) : m;
}

static unsigned bytes_of(const IrOp *op)
{
    return ir_type_bytes(op->type);
}

void rule_load_sized(Emit *e, unsigned bytes, int r, Mem m)
{
    if (bytes < 4)
        asm_movzx_rm(&e->as, bytes, r, m);
    else
        asm_mov_rm(&e->as, bytes == 8, r, m);
}

void rule_load(Emit *e, const IrOp *op)
{
    if (op->flags & IR_ORD_ACQ)
        emit_acquire(e);
    Mem m = rule_mem(e, op);
    int r = emit_int_dst(e, op->d);

    rule_load_sized(e, bytes_of(op), r, m);
    emit_int_done(e, op->d, r);
}

void rule_load_s(Emit *e, const IrOp *op)
{
    if (op->flags & IR_ORD_ACQ)
        emit_acquire(e);
    Mem m = rule_mem(e, op);
    int r = emit_int_dst(e, op->d);
    bool half = op->flags & IRF_SX32;

    if (half && op->type == IR_I32)
        asm_mov_rm(&e->as, 0, r, m);
    else
        asm_movsx_rm(&e->as, !half, bytes_of(op), r, m);
    emit_int_done(e, op->d, r);
}

/* value_reg: the stored value in a register that m does not use; m may be simplified. */
static int value_reg(Emit *e, IrRef v, Mem *m)
{
    bool rax = m->base == RAX || m->index == RAX, rcx = m->base == RCX || m->index == RCX;

    if (rax && rcx) {
        asm_lea(&e->as, 1, RAX, *m);    /* one that wraps is zero-extended */
        *m = mem_b(RAX, 0);
        rcx = false;
    }
    return emit_int(e, v, rcx ? RAX : RCX);
}

void rule_store(Emit *e, const IrOp *op)
{
    Mem m = rule_mem(e, op);
    unsigned bytes = bytes_of(op);
    uint64_t k;

    if (emit_is_const(e, op->c, &k) && (bytes < 8 || asm_fits32((int64_t)k)))
        asm_mov_mi(&e->as, bytes, m, (int32_t)k);
    else
        asm_mov_mr(&e->as, bytes, m, value_reg(e, op->c, &m));
    if (op->flags & IR_ORD_REL)
        emit_released(e);
}

void rule_vload(Emit *e, const IrOp *op)
{
    Mem m = rule_mem(e, op);
    int d = emit_vec_dst(e, op->d);

    switch (bytes_of(op)) {
    case 16: vop2m(&e->as, V_movups, d, m); break;
    case 8: vop2m(&e->as, V_movq, d, m); break;
    case 4: vop2m(&e->as, V_movd, d, m); break;
    default:
        asm_movzx_rm(&e->as, bytes_of(op), RAX, m);
        asm_movd_xr(&e->as, 0, d, RAX);
    }
    if ((op->flags & IR_VL_MASK) == IR_VL_BOX)
        emit_vl(e, d, IR_VL_BOX, op->type);
    else
        emit_zero_note(e, d, bytes_of(op) == 16 ? IR_VL_128 : IR_VL_LANE,
                       bytes_of(op) == 8 ? IR_I64 : IR_I32);
    emit_vec_done(e, op->d, d);
}

void rule_vstore(Emit *e, const IrOp *op)
{
    Mem m = rule_mem(e, op);
    int v = emit_vec(e, op->c);

    switch (bytes_of(op)) {
    case 16: vop2m(&e->as, V_movups_st, v, m); break;
    case 8: vop2m(&e->as, V_movq_st, v, m); break;
    case 4: vop2m(&e->as, V_movd_st, v, m); break;
    default: asm_pextr_m(&e->as, bytes_of(op), m, v, 0);
    }
    if (op->flags & IR_ORD_REL)
        emit_released(e);
}

void rule_vload_lane(Emit *e, const IrOp *op)
{
    Mem m = mem_b(emit_int(e, op->a, RAX), 0);
    int c = emit_vec(e, op->c), d = emit_vec_dst(e, op->d);

    asm_pinsr_m(&e->as, bytes_of(op), d, c, m, op->imm);
    emit_zero_forget(e, d);
    emit_vec_done(e, op->d, d);
}

void rule_vstore_lane(Emit *e, const IrOp *op)
{
    Mem m = mem_b(emit_int(e, op->a, RAX), 0);

    asm_pextr_m(&e->as, bytes_of(op), m, emit_vec(e, op->c), op->imm);
}

/* part_of: when bit `bytes` of rcx is set, so many of VT0 go to [rax]; then the rest comes next. */
static void part_of(Asm *as, unsigned bytes)
{
    asm_test_ri(as, 0, RCX, (int32_t)bytes);
    uint8_t *skip = asm_jcc8(as, CC_Z);

    switch (bytes) {
    case 8: vop2m(as, V_movq_st, VT0, mem_b(RAX, 0)); break;
    case 4: vop2m(as, V_movd_st, VT0, mem_b(RAX, 0)); break;
    default: asm_pextr_m(as, bytes, mem_b(RAX, 0), VT0, 0);
    }
    if (bytes > 1) {
        vshift(as, V_psrldq_i, VT0, VT0, bytes);
        asm_alu_ri(as, 1, ALU_ADD, RAX, (int32_t)bytes);
    }
    asm_patch8(as, skip);
}

void rule_vstore_part(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;

    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX), n = emit_int(e, op->b, RCX);

    if (a != RAX)
        asm_mov_rr(as, 1, RAX, a);
    if (n != RCX)
        asm_mov_rr(as, 1, RCX, n);
    asm_vmov(as, VT0, emit_vec(e, op->c));
    asm_alu_ri(as, 1, ALU_CMP, RCX, 16);
    uint8_t *part = asm_jcc8(as, CC_L);

    vop2m(as, V_movups_st, VT0, mem_b(RAX, 0));
    uint8_t *done = asm_jmp8(as);

    asm_patch8(as, part);
    asm_test_rr(as, 1, RCX, RCX);
    uint8_t *none = asm_jcc8(as, CC_LE);

    for (unsigned bytes = 8; bytes; bytes /= 2)
        part_of(as, bytes);
    asm_patch8(as, none);
    asm_patch8(as, done);
}

void rule_prefetch(Emit *e, const IrOp *op)
{
    (void)e, (void)op;      /* the host's own prefetcher does better than a translated hint */
}

void rule_zero_block(Emit *e, const IrOp *op)
{
    emit_clobber_flags(e);
    int a = emit_int(e, op->a, RAX);

    if (a != RAX)
        asm_mov_rr(&e->as, 1, RAX, a);
    asm_alu_ri(&e->as, 1, ALU_AND, RAX, -64);
    vzero(&e->as, XMM12);
    for (int i = 0; i < 64; i += 16)
        vop2m(&e->as, V_movups_st, XMM12, mem_b(RAX, i));
}
