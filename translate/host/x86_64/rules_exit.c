/* SPDX-License-Identifier: MIT */
/*
 * rules_exit.c: block ends, helper calls, and the markers of guest instructions.
 *
 * Calls and returns are paired with the host's: a guest call pushes the guest return address
 * and does a host call; a guest return compares its target with that address and does a host
 * ret, which lands behind the host call, in code that goes on at the return address. A stale
 * entry on the shadow stack is harmless, because only a matching guest address is returned to.
 */
#include "translate/host/x86_64/rules_int.h"
#include "translate/stats.h"


void emit_jump_index(Asm *as)
{
    asm_mov_rr(as, 0, RCX, RAX);
    asm_shift_ri(as, 0, SH_SHR, RCX, ENV_JUMP_FOLD);
    asm_alu_rr(as, 0, ALU_XOR, RCX, RAX);
    asm_alu_ri(as, 0, ALU_AND, RCX, (ENV_JUMP_ENTRIES - 1) << 2);
}

static Mem jump_entry(size_t field)
{
    return mem_bi(RBP, RCX, 2, (int32_t)(offsetof(Env, jump) + field) - EMIT_BIAS);
}

void rule_insn(Emit *e, const IrOp *op)
{
    e->insn_off = (uint32_t)(e->ir->pc.va + op->imm - e->unit_pc);
    if (e->n_mark < e->cap_mark)
        e->mark[e->n_mark++] = (EmitMark){ e->insn_off, (uint32_t)(e->as.p - e->unit_start) };
    e->replay = op->flags & IRF_REPLAY;
    e->traps = trap_site_hot(guest_addr(e->ir->pc.va + op->imm));
    if (e->i != e->cur->poll_op)
        return;
    /* A load keeps EFLAGS, and at the instruction's start the state is complete. */
    emit_note(e);
    asm_mov_rm(&e->as, 0, RAX, mem_b(RBP, -PAGE_BYTES - EMIT_BIAS));
}

/* save_flags: before a jump, when code after it may want NZCV. */
static void save_flags(Emit *e, bool live)
{
    if (live)
        emit_flags_save(e);
}

/* go_next: on to guest pc target, by falling through when it comes next in the unit. */
static void go_next(Emit *e, uint64_t target)
{
    if (e->cur->next != target)
        emit_edge(e, EDGE_JMP, 0, target);
}

void rule_exit_to(Emit *e, const IrOp *op)
{
    save_flags(e, e->cur->live_taken);
    go_next(e, ir_const_value(e->ir, op->a));
}

/* taken: jcc to the taken target; a block that exchanged homes loops behind the exchange. */
static void taken(Emit *e, int cc, uint64_t target)
{
    if (e->cur->n_swap)
        asm_jcc_to(&e->as, cc, e->cur->loop_entry);
    else
        emit_edge(e, EDGE_JCC, cc, target);
}

/* not_taken: on to the other target. */
static void not_taken(Emit *e, uint64_t target)
{
    if (!e->cur->live_taken && e->cur->live_next)
        emit_flags_save(e);
    swap_leave(e, e->cur);
    go_next(e, target);
}

static void branch(Emit *e, const IrOp *op, int cc)
{
    taken(e, cc, ir_const_value(e->ir, op->a));
    not_taken(e, ir_const_value(e->ir, op->b));
}

static void branch_parity(Emit *e, const IrOp *op, bool equal)
{
    uint64_t target = ir_const_value(e->ir, op->a);

    save_flags(e, e->cur->live_taken || e->cur->live_next);
    if (equal) {
        uint8_t *unordered = asm_jcc8(&e->as, CC_P);

        taken(e, CC_E, target);
        asm_patch8(&e->as, unordered);
    } else {
        taken(e, CC_P, target);
        taken(e, CC_NE, target);
    }
    not_taken(e, ir_const_value(e->ir, op->b));
}

void rule_exit_cond(Emit *e, const IrOp *op)
{
    IrCond cond = op->imm & 15;

    if (cond >= IR_AL) {
        rule_exit_to(e, op);
        return;
    }
    if (emit_flags_parity(e, cond)) {
        branch_parity(e, op, cond == IR_EQ);
        return;
    }
    save_flags(e, e->cur->live_taken);
    branch(e, op, emit_flags_cc(e, cond));
}

/* exit_test: EFLAGS' zero flag tells whether c's bits are all zero. */
static void exit_test(Emit *e, const IrOp *op)
{
    unsigned bytes = ir_type_bytes(op->type);
    /* A slot is read whole: see operand() in rules_int.c. */
    RegMem c = bytes == 8 ? emit_int_rm(e, op->c, RAX)
                          : (RegMem){ emit_int(e, op->c, RAX), { 0 } };

    if (c.reg < 0)
        asm_alu_mi(&e->as, 8, ALU_CMP, c.mem, 0);
    else if (bytes >= 4)
        asm_test_rr(&e->as, bytes == 8, c.reg, c.reg);
    else
        asm_test_small_rr(&e->as, bytes, c.reg, c.reg);
}

/* prepare_test: the test overwrites EFLAGS, so NZCV is saved for both ways now. */
static void prepare_test(Emit *e)
{
    save_flags(e, e->cur->live_taken || e->cur->live_next);
    e->flags = FLAGS_PACKED;
    e->flags_dirty = false;
}

void rule_exit_nz(Emit *e, const IrOp *op)
{
    prepare_test(e);
    exit_test(e, op);
    branch(e, op, CC_NE);
}

void rule_exit_z(Emit *e, const IrOp *op)
{
    prepare_test(e);
    exit_test(e, op);
    branch(e, op, CC_E);
}

void rule_exit_bit(Emit *e, const IrOp *op)
{
    unsigned bit = op->imm & 63;
    bool wanted = op->imm >> 8 & 1;

    prepare_test(e);
    int c = emit_int(e, op->c, RAX);

    if (bit < 31) {
        asm_test_ri(&e->as, 0, c, 1 << bit);
    } else {
        asm_bt_ri(&e->as, 1, BT_BT, c, bit);
        branch(e, op, wanted ? CC_C : CC_NC);
        return;
    }
    branch(e, op, wanted ? CC_NE : CC_E);
}

/* push_return: the guest return address, from the link register when it was just set. */
static void push_return(Emit *e, uint64_t ret)
{
    if (e->link_reg >= 0 && e->link_value == ret) {
        int home = e->home[e->link_reg];

        if (home >= 0)
            asm_push(&e->as, home);
        else
            asm_push_m(&e->as, mem_b(RBP, e->slot[e->link_reg]));
    } else if (asm_fits32((int64_t)ret)) {
        asm_push_i(&e->as, (int32_t)ret);
    } else {
        asm_mov_ri(&e->as, RCX, ret);
        asm_push(&e->as, RCX);
    }
}

/* land: where the host call returns to. */
static void land(Emit *e, uint64_t ret)
{
    asm_lea(&e->as, 1, RSP, mem_b(RSP, 8));
    go_next(e, ret);
}

void rule_exit_call(Emit *e, const IrOp *op)
{
    uint64_t ret = ir_const_value(e->ir, op->b);

    emit_flags_save(e);
    push_return(e, ret);
    emit_edge(e, EDGE_CALL, 0, ir_const_value(e->ir, op->a));
    land(e, ret);
}

/* probe: compare the jump cache's entry for rax; returns the jump to take on a miss. */
static uint8_t *probe(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;

    emit_count(e, ENV_COUNT_PROBE);
    int a = emit_int(e, op->a, RAX);

    if (a != RAX)
        asm_mov_rr(as, 1, RAX, a);
    for (unsigned bit = 0; bit < 2; bit++) {
        if (op->imm >> bit & 1)
            asm_bt_ri(as, 1, BT_BTC, RAX, ENV_KIND_LSB + bit);
    }
    emit_jump_index(as);
    asm_alu_rm(as, 1, ALU_CMP, RAX, jump_entry(offsetof(JumpEntry, gpc)));
    return asm_jcc32(as, CC_NE);
}

/*
 * With guarded pages about, a branch has a kind (imm), which stands in the jump cache's addresses
 * (env_kind()): an entry for it was made when the target had been found to be a landing
 * pad for that kind. The look-up behind a miss learns the kind from rt.btype.
 */
void rule_exit_ind(Emit *e, const IrOp *op)
{
    emit_flags_save(e);
    uint8_t *miss = probe(e, op);

    asm_jmp_m(&e->as, jump_entry(offsetof(JumpEntry, host)));
    emit_cold_branch(e, miss, op->imm);
}

void rule_exit_icall(Emit *e, const IrOp *op)
{
    uint64_t ret = ir_const_value(e->ir, op->b);

    emit_flags_save(e);
    uint8_t *miss = probe(e, op);

    if (e->link_reg < 0 || e->link_value != ret) {
        /* rcx is in use here: the return address goes by way of memory. */
        asm_push_i(&e->as, (int32_t)ret);
        asm_mov_mi(&e->as, 4, mem_b(RSP, 4), (int32_t)(ret >> 32));
    } else {
        push_return(e, ret);
    }
    asm_call_m(&e->as, jump_entry(offsetof(JumpEntry, host)));
    uint8_t *landing = e->as.p;

    land(e, ret);
    emit_cold_icall(e, miss, ret, op->imm, landing);
}

void rule_exit_ret(Emit *e, const IrOp *op)
{
    emit_flags_save(e);
    emit_count(e, ENV_COUNT_RET);
    int a = emit_int(e, op->a, RAX);

    if (a != RAX)
        asm_mov_rr(&e->as, 1, RAX, a);
    asm_alu_rm(&e->as, 1, ALU_CMP, RAX, mem_b(RSP, 8));
    uint8_t *miss = asm_jcc32(&e->as, CC_NE);

    asm_ret(&e->as);
    emit_cold_jump(e, miss, THUNK_RET);
}

static void set_next_pc(Emit *e, uint64_t pc)
{
    if (asm_fits32((int64_t)pc)) {
        asm_mov_mi(&e->as, 8, emit_rt(next_pc), (int32_t)pc);
        return;
    }
    asm_mov_ri(&e->as, RAX, pc);
    asm_mov_mr(&e->as, 8, emit_rt(next_pc), RAX);
}

void rule_exit_syscall(Emit *e, const IrOp *op)
{
    uint64_t next = ir_const_value(e->ir, op->a);

    emit_flags_save(e);
    set_next_pc(e, next);
    asm_mov_ri(&e->as, RAX, op->imm);
    asm_call_m(&e->as, emit_thunk(THUNK_SYSCALL));
    go_next(e, next);
}

static void leave(Emit *e, uint64_t pc, ExitKind kind)
{
    set_next_pc(e, pc);
    asm_mov_ri(&e->as, RAX, kind);
    asm_jmp_m(&e->as, emit_thunk(THUNK_EXIT));
}

void rule_exit_exc(Emit *e, const IrOp *op)
{
    emit_flags_save(e);
    asm_mov_mi(&e->as, 4, emit_rt(exit_arg), (int32_t)(op->imm >> 8));
    leave(e, ir_const_value(e->ir, op->a),
          (op->imm & 0xff) == IR_EXC_BREAK ? EXIT_BREAK : EXIT_UNDEF);
}

void rule_exit_sync(Emit *e, const IrOp *op)
{
    emit_flags_save(e);
    leave(e, ir_const_value(e->ir, op->a), EXIT_NONE);
}

/* call_load: what the helper returns is in the state. */
static void call_load(Emit *e, const IrOp *op, unsigned offset)
{
    if (rule_dead(e, op->d))
        return;
    int r = emit_int_dst(e, op->d);

    asm_mov_rm(&e->as, 0, r, mem_b(RBP, (int32_t)offset - EMIT_BIAS));
    emit_int_done(e, op->d, r);
}

void rule_call(Emit *e, const IrOp *op)
{
    const HelperDef *h = &e->guest->helpers[op->imm];
    const IrRef args[] = { op->a, op->b, op->c };

    if (h->flags & HELPER_LOADS) {
        call_load(e, op, h->offset);
        return;
    }
    emit_flags_save(e);
    emit_clobber_flags(e);
    for (unsigned i = 0; i < 3; i++) {
        if (args[i])
            asm_mov_mr(&e->as, 8, mem_b(RBP, (int32_t)(offsetof(Env, rt.arg) + i * 8) - EMIT_BIAS),
                       emit_int(e, args[i], RAX));
    }
    if (h->flags & HELPER_MAY_FAULT)
        set_next_pc(e, e->unit_pc + e->insn_off);
    asm_mov_ri(&e->as, RAX, op->imm);
    asm_call_m(&e->as,
               emit_thunk(h->flags & HELPER_MAY_FAULT ? THUNK_HELPER_FAULT : THUNK_HELPER));
    if (h->flags & HELPER_WRITES_STATE)
        emit_forget_copies(e);
    if (!rule_dead(e, op->d)) {
        int r = emit_int_dst(e, op->d);

        asm_mov_rr(&e->as, 1, r, RAX);
        emit_int_done(e, op->d, r);
    }
}

/* fccmp: both ways leave NZCV packed. */
void rule_fccmp(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;
    int16_t packed = (int16_t)flags_from_nzcv((op->imm >> 8 & 15) << 28);

    if (op->type == IR_F16 && !e->hf->f16c) {
        emit_deopt(e, op);
        return;
    }
    emit_flags_save(e);
    int cc = emit_flags_cc(e, op->imm & 15);

    e->flags = FLAGS_PACKED;
    e->flags_dirty = false;
    emit_note(e);
    emit_vec(e, op->a);     /* loads, if any, before the branch */
    emit_vec(e, op->b);
    uint8_t *otherwise = asm_jcc32(as, cc ^ 1);

    emit_compare_floats(e, op, op->imm >> 16 & 1, false);
    emit_flags_set(e, FLAGS_FCMP);
    emit_flags_save(e);
    uint8_t *done = asm_jmp8(as);

    asm_patch32(otherwise, as->p);
    asm_mov_mi(as, 2, emit_rt(nzcv), packed);
    asm_patch8(as, done);
    e->flags = FLAGS_PACKED;
    e->flags_dirty = false;
}
