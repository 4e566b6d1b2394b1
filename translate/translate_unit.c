/* SPDX-License-Identifier: MIT */
#include "translate/translate_unit.h"

#include <stdlib.h>

#include "translate/base/log.h"
#include "translate/cache/cache.h"
#include "translate/ir/info.h"
#include "translate/lift_block.h"
#include "translate/opt/opt.h"
#include "translate/translate.h"

/*
 * Four blocks to a unit: blocks that are translated ahead but never run (a third of them with
 * sixteen to a unit) cost more at every start than the jumps between units cost hot code.
 */
enum { SCAN_INSNS = 3, BLOCK_MAX_INSNS = 128, UNIT_BLOCKS = 4 };

_Static_assert((int)UNIT_BLOCKS <= (int)EMIT_MAX_BLOCKS, "room in Emit");

/* ---- which blocks ---- */

/* falls_to: the guest pc the block goes on to when it does not jump; 0: none. */
static uint64_t falls_to(const IrBlock *b)
{
    const IrOp *op = &b->op[b->n_op - 1];
    uint64_t end = b->pc.va + b->guest_bytes, next;

    switch (op->op) {
    case IR_exit_to:
    case IR_exit_syscall: next = ir_const_value(b, op->a); break;
    case IR_exit_cond:
    case IR_exit_nz:
    case IR_exit_z:
    case IR_exit_bit:
    case IR_exit_call:
    case IR_exit_icall: next = ir_const_value(b, op->b); break;
    default: return 0;
    }
    return next == end ? next : 0;
}

/* poll_op: the marker of the last instruction, when it jumps backward or anywhere. */
static uint32_t poll_op(const IrBlock *b)
{
    const IrOp *exit = &b->op[b->n_op - 1];
    uint32_t marker = b->n_op - 1;
    bool polls = false;

    while (marker && b->op[marker].op != IR_insn)
        marker--;
    switch (exit->op) {
    case IR_exit_ind:
    case IR_exit_icall: polls = true; break;
    case IR_exit_to:
    case IR_exit_cond:
    case IR_exit_nz:
    case IR_exit_z:
    case IR_exit_bit:
    case IR_exit_call:
        polls = ir_const_value(b, exit->a) <= b->pc.va + b->op[marker].imm;
        break;
    }
    return polls ? marker : UINT32_MAX;
}

static bool in_unit(const Emit *e, uint64_t pc)
{
    for (unsigned i = 0; i < e->n_block; i++) {
        if (e->block[i].ir.pc.va == pc)
            return true;
    }
    return false;
}

bool unit_lift(Emit *e, uint64_t pc, unsigned max_insns)
{
    uint64_t first = pc;
    bool single = translate_options.one_insn_per_block;

    e->n_block = 0;
    while (max_insns && e->n_block < UNIT_BLOCKS) {
        EmitBlock *b = &e->block[e->n_block];
        unsigned limit = single ? 1 : max_insns < BLOCK_MAX_INSNS ? max_insns : BLOCK_MAX_INSNS;
        unsigned n = lift_block(&b->ir, guest_addr(pc), limit, e->mode);

        if (!n)
            break;
        max_insns -= n;
        opt_fold(&b->ir);
        opt_dead(&b->ir);
        b->poll_op = poll_op(&b->ir);
        b->next = 0;
        e->n_block++;
        uint64_t next = falls_to(&b->ir);

        if (single || !max_insns || !next || e->n_block == UNIT_BLOCKS ||
            next >> PAGE_BITS != first >> PAGE_BITS || in_unit(e, next) ||
            cache_lookup(next, e->mode))
            break;
        b->next = next;
        pc = next;
    }
    if (!e->n_block)
        return false;
    /* The last block's successor may have turned out not to be executable. */
    e->block[e->n_block - 1].next = 0;
    return true;
}

/* ---- where NZCV is live ----
 * A point where the guest state can be seen (a fault, a poll, an exit to an unknown place)
 * counts as a use. */

static bool op_shows_flags(const EmitBlock *b, uint32_t i)
{
    const IrOp *op = &b->ir.op[i];

    return i == b->poll_op || (ir_op_info[op->op].props & IRP_USEF) || ir_faults(&b->ir, op);
}

/* flags_before: liveness before the block, and with fill each op's liveness after it. */
static bool flags_before(EmitBlock *b, bool live, bool fill)
{
    for (uint32_t i = b->ir.n_op; i-- > 0;) {
        if (fill)
            b->flags_live[i] = live;
        if (ir_sets_flags(&b->ir.op[i]))
            live = false;
        if (op_shows_flags(b, i))
            live = true;
    }
    return live;
}

/* scan_insn: what the instruction in e->scan says: 1 live, 0 dead, -1 nothing. */
static int scan_insn(const Emit *e)
{
    for (uint32_t i = 0; i < e->scan.n_op; i++) {
        const IrOp *op = &e->scan.op[i];

        if ((ir_op_info[op->op].props & IRP_USEF) || ir_faults(&e->scan, op))
            return 1;
        if (ir_sets_flags(op))
            return 0;
    }
    const IrOp *exit = &e->scan.op[e->scan.n_op - 1];

    return exit->op == IR_exit_to ? -1 : 1;
}

/* scan: NZCV may be read at pc before it is written; looks at a few instructions only. */
static bool scan(Emit *e, uint64_t pc)
{
    const UnitBlock *known = cache_block(pc, e->mode);

    if (known)
        return known->live_flags;
    for (unsigned n = 0; n < SCAN_INSNS; n++) {
        if (!lift_block(&e->scan, guest_addr(pc), 1, e->mode))
            return true;
        int live = scan_insn(e);

        if (live >= 0)
            return live;
        pc = ir_const_value(&e->scan, e->scan.op[e->scan.n_op - 1].a);
    }
    return true;
}

/* live_at: NZCV is live at pc; a block of this unit answers from live_in, as known so far. */
static bool live_at(Emit *e, uint64_t pc, const bool live_in[])
{
    for (unsigned i = 0; i < e->n_block; i++) {
        if (e->block[i].ir.pc.va == pc)
            return live_in[i];
    }
    return scan(e, pc);
}

/* successors: liveness at the block's two ways out. */
static void successors(Emit *e, EmitBlock *b, const bool live_in[])
{
    const IrOp *op = &b->ir.op[b->ir.n_op - 1];

    b->live_taken = b->live_next = true;
    switch (op->op) {
    case IR_exit_to: b->live_taken = live_at(e, ir_const_value(&b->ir, op->a), live_in); break;
    case IR_exit_cond:
    case IR_exit_nz:
    case IR_exit_z:
    case IR_exit_bit:
        b->live_taken = live_at(e, ir_const_value(&b->ir, op->a), live_in);
        b->live_next = live_at(e, ir_const_value(&b->ir, op->b), live_in);
        break;
    }
    if (op->op == IR_exit_to)
        b->live_next = b->live_taken;
}

static bool block_sets_flags(const IrBlock *b)
{
    for (uint32_t i = 0; i < b->n_op; i++) {
        if (ir_sets_flags(&b->op[i]))
            return true;
    }
    return false;
}

static void flags_live_room(EmitBlock *b)
{
    if (b->cap_flags_live >= b->ir.n_op)
        return;
    b->cap_flags_live = b->ir.n_op * 2;
    free(b->flags_live);
    b->flags_live = malloc(b->cap_flags_live);
    if (!b->flags_live)
        die(1, "out of memory for the translator");
}

void unit_analyse(Emit *e, bool live_in[])
{
    bool changed = true;

    memset(live_in, 0, EMIT_MAX_BLOCKS * sizeof(live_in[0]));
    /* Upward until nothing changes; live_in only grows, so this ends. */
    while (changed) {
        changed = false;
        for (unsigned i = e->n_block; i-- > 0;) {
            EmitBlock *b = &e->block[i];
            bool out = true;

            if (live_in[i])
                continue;
            if (!block_sets_flags(&b->ir)) {
                successors(e, b, live_in);
                out = b->live_taken || b->live_next;
            }
            live_in[i] = flags_before(b, out, false);
            changed |= live_in[i];
        }
    }
    for (unsigned i = 0; i < e->n_block; i++) {
        EmitBlock *b = &e->block[i];

        flags_live_room(b);
        if (block_sets_flags(&b->ir))
            successors(e, b, live_in);
        else
            b->live_taken = b->live_next = false;   /* whoever set them has saved them */
        flags_before(b, b->live_taken || b->live_next || live_in[i], true);
    }
}
