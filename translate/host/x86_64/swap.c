/* SPDX-License-Identifier: MIT */
/*
 * swap.c: exchanged homes in blocks that loop to themselves.
 *
 * Homes are chosen once for a guest, but a hot loop may live on other registers (a cipher's
 * round on x0 to x16). Such a block parks homes it does not mention in their slots, and has
 * the registers it mentions most in their place, for as long as it loops: its own branch goes
 * behind the exchange. Every way out undoes it by plain moves, so NZCV stays where it is.
 */
#include "translate/host/x86_64/emit.h"

enum { MIN_USES = 2 };

/* loops_to_itself: ends in a conditional branch whose taken target is the block itself. */
static bool loops_to_itself(const IrBlock *b)
{
    const IrOp *op = &b->op[b->n_op - 1];

    switch (op->op) {
    case IR_exit_cond:
    case IR_exit_nz:
    case IR_exit_z:
    case IR_exit_bit: return ir_const_value(b, op->a) == ir_place(b);
    default: return false;
    }
}

/* count_uses: mentions of each guest register; false when the block calls C that sees homes. */
static bool count_uses(const IrBlock *b, uint16_t uses[256])
{
    for (uint32_t i = 0; i < b->n_op; i++) {
        const IrOp *op = &b->op[i];
        const IrRef refs[] = { op->d, op->a, op->b, op->c };

        if (op->op == IR_call)
            return false;
        for (unsigned k = 0; k < 4; k++) {
            if (ir_is_reg(refs[k]))
                uses[ir_reg_index(refs[k])]++;
        }
    }
    return true;
}

/* busiest: the register of a class in memory with the most uses, at least MIN_USES; -1: none. */
static int busiest(const Emit *e, const uint16_t uses[256], bool vec)
{
    int best = -1;

    for (unsigned g = 0; g < e->guest->n_regs; g++) {
        if ((e->guest->regs[g].type == IR_V128) != vec || e->home[g] >= 0)
            continue;
        if (uses[g] >= MIN_USES && (best < 0 || uses[g] > uses[best]))
            best = (int)g;
    }
    return best;
}

static void plan_class(const Emit *e, EmitBlock *b, uint16_t uses[256], const uint8_t *homes,
                       unsigned n, bool vec)
{
    for (unsigned i = 0; i < n && b->n_swap < EMIT_MAX_SWAPS; i++) {
        if (uses[homes[i]])
            continue;
        int busy = busiest(e, uses, vec);

        if (busy < 0)
            return;
        b->swap[b->n_swap++] = (HomeSwap){ (uint8_t)busy, homes[i] };
        uses[busy] = 0;
    }
}

void swap_plan(const Emit *e, EmitBlock *b)
{
    uint16_t uses[256] = { 0 };

    b->n_swap = 0;
    if (!loops_to_itself(&b->ir) || !count_uses(&b->ir, uses))
        return;
    plan_class(e, b, uses, e->home_int, e->n_home_int, false);
    plan_class(e, b, uses, e->home_vec, e->n_home_vec, true);
}

static void move_slot(Emit *e, unsigned guest_reg, int host, bool store)
{
    Mem m = mem_b(RBP, e->slot[guest_reg]);

    if (e->guest->regs[guest_reg].type == IR_V128)
        vop2m(&e->as, store ? V_movaps_st : V_movaps, host, m);
    else if (store)
        asm_mov_mr(&e->as, 8, m, host);
    else
        asm_mov_rm(&e->as, 1, host, m);
}

void swap_enter(Emit *e, EmitBlock *b)
{
    for (unsigned i = 0; i < b->n_swap; i++) {
        HomeSwap s = b->swap[i];
        int host = e->home[s.idle];

        move_slot(e, s.idle, host, true);
        move_slot(e, s.busy, host, false);
        e->home[s.busy] = (int8_t)host;
        e->home[s.idle] = -1;
    }
    b->loop_entry = e->as.p;
    e->swapped = b->n_swap != 0;
    if (e->swapped)
        emit_forget_known(e);
}

/* host_of: the register of an exchange; the tables may already be those of outside. */
static int host_of(const Emit *e, HomeSwap s)
{
    return e->home[s.busy] >= 0 ? e->home[s.busy] : e->home[s.idle];
}

void swap_leave(Emit *e, const EmitBlock *b)
{
    for (unsigned i = 0; i < b->n_swap; i++) {
        HomeSwap s = b->swap[i];

        move_slot(e, s.busy, host_of(e, s), true);
        move_slot(e, s.idle, host_of(e, s), false);
    }
}

void swap_forget(Emit *e, const EmitBlock *b)
{
    for (unsigned i = 0; i < b->n_swap; i++) {
        HomeSwap s = b->swap[i];

        e->home[s.idle] = e->home[s.busy];
        e->home[s.busy] = -1;
    }
    e->swapped = false;
}
