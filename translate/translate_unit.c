/* SPDX-License-Identifier: MIT */
#include "translate/translate_unit.h"

#include <stdlib.h>

#include "translate/base/log.h"
#include "translate/cache/cache.h"
#include "translate/ir/info.h"
#include "translate/lift_block.h"
#include "translate/opt/opt.h"
#include "translate/translate.h"

enum { BLOCK_MAX_INSNS = 128 };

_Static_assert((int)UNIT_MAX_BLOCKS <= (int)EMIT_MAX_BLOCKS, "room in Emit");

/* ---- which blocks ---- */

/* falls_to: the place the block goes on to when it does not jump; 0: none. */
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
    return ir_place_pc(b->guest, next) == end ? next : 0;
}

/* polls: the last instruction jumps backward or anywhere. */
static bool polls(const IrBlock *b)
{
    const IrOp *exit = &b->op[b->n_op - 1];

    switch (exit->op) {
    case IR_exit_ind:
    case IR_exit_icall: return true;
    case IR_exit_to:
    case IR_exit_cond:
    case IR_exit_nz:
    case IR_exit_z:
    case IR_exit_bit:
    case IR_exit_call:
        /* insn_start is behind the last instruction's marker */
        return ir_place_pc(b->guest, ir_const_value(b, exit->a)) <= b->pc.va + b->op[b->insn_start - 1].imm;
    default: return false;
    }
}

static bool in_unit(const Emit *e, uint64_t place)
{
    for (unsigned i = 0; i < e->n_block; i++) {
        if (ir_place(&e->block[i].ir) == place)
            return true;
    }
    return false;
}

bool unit_lift(Emit *e, uint64_t place, unsigned max_blocks, unsigned max_insns)
{
    uint64_t first = ir_place_pc(e->guest, place);

    if (translate_options.one_insn_per_block)
        max_blocks = max_insns = 1;
    e->n_block = 0;
    while (max_insns && e->n_block < max_blocks) {
        EmitBlock *b = &e->block[e->n_block];
        unsigned limit = max_insns < BLOCK_MAX_INSNS ? max_insns : BLOCK_MAX_INSNS;
        unsigned n = lift_block(&b->ir, guest_addr(place), limit, e->mode);

        if (!n)
            break;
        max_insns -= n;
        b->next = 0;
        e->n_block++;
        uint64_t next = falls_to(&b->ir);

        if (!max_insns || !next || e->n_block == max_blocks ||
            ir_place_pc(e->guest, next) >> PAGE_BITS != first >> PAGE_BITS || in_unit(e, next) ||
            cache_lookup(next, e->mode))
            break;
        b->next = next;
        place = next;
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

/* seen_at: NZCV may be seen at guest code outside the unit; only code that can be read now. */
static bool seen_at(const Emit *e, uint64_t pc)
{
    const Guest *g = e->guest;

    if (!g->nzcv_seen)
        return false;
    if (pc >> PAGE_BITS != e->unit_pc >> PAGE_BITS && !pages_is_translated(guest_addr(pc)))
        return true;
    return g->nzcv_seen((const uint8_t *)pc, PAGE_BYTES - (pc & (PAGE_BYTES - 1)));
}

/* live_at: NZCV is live at place, which block number i goes on to. Later blocks are known. */
static bool live_at(const Emit *e, unsigned i, uint64_t place)
{
    while (++i < e->n_block) {
        if (ir_place(&e->block[i].ir) == place)
            return e->block[i].live_in;
    }
    return seen_at(e, ir_place_pc(e->guest, place));
}

/* successors: liveness at the block's two ways out. */
static void successors(Emit *e, unsigned i)
{
    EmitBlock *b = &e->block[i];
    const IrOp *op = &b->ir.op[b->ir.n_op - 1];

    b->live_taken = b->live_next = true;
    switch (op->op) {
    case IR_exit_to:
        b->live_taken = b->live_next = live_at(e, i, ir_const_value(&b->ir, op->a));
        break;
    case IR_exit_cond:
    case IR_exit_nz:
    case IR_exit_z:
    case IR_exit_bit:
        b->live_taken = live_at(e, i, ir_const_value(&b->ir, op->a));
        b->live_next = live_at(e, i, ir_const_value(&b->ir, op->b));
        break;
    }
}

void unit_analyse(Emit *e)
{
    const unsigned sets = IRP_SETF | IRP_DEFF;
    const unsigned shows = IRP_USEF | IRP_READ | IRP_WRITE | IRP_FP;

    for (unsigned i = e->n_block; i-- > 0;) {
        EmitBlock *b = &e->block[i];
        OptLive l = { .polls = polls(&b->ir) };

        if (e->guest->flagless) {
            b->live_taken = b->live_next = false;
        } else if (!(b->ir.props & sets)) {
            /* Whoever set them has saved them: at this block's exits nothing is to do. */
            l.nzcv_out = (b->ir.props & shows) || l.polls;
            if (!l.nzcv_out) {
                successors(e, i);
                l.nzcv_out = b->live_taken || b->live_next;
            }
            b->live_taken = b->live_next = false;
        } else {
            successors(e, i);
            l.nzcv_out = b->live_taken || b->live_next;
        }
        opt_live(&b->ir, &l);
        b->live_in = l.nzcv_in;
        b->poll_op = l.poll_op;
    }
}
