/* SPDX-License-Identifier: MIT */
/*
 * dead.c: one backward pass. Ops that stay are moved to the end of the array as the pass
 * goes, then all of them to its start.
 */
#include "translate/guest.h"
#include "translate/ir/info.h"
#include "translate/opt/opt.h"

enum { TEMP_WORDS = IR_MAX_TEMPS / 64 + 1 };

/* What is read further on. */
typedef struct {
    const IrBlock *b;
    uint64_t temp[TEMP_WORDS];
    uint64_t reg[4];
    bool nzcv;
    bool in_last;       /* the pass is still in the block's last instruction */
} Live;

static void all_live(Live *l)
{
    memset(l->reg, 0xff, sizeof(l->reg));
    l->nzcv = true;
}

static void use(Live *l, IrRef r)
{
    if (ir_is_temp(r)) {
        l->temp[ir_temp_index(r) / 64] |= 1ull << ir_temp_index(r) % 64;
    } else if (ir_is_reg(r)) {
        l->reg[ir_reg_index(r) / 64] |= 1ull << ir_reg_index(r) % 64;
    }
}

static bool is_live(const Live *l, IrRef r)
{
    if (ir_is_temp(r)) {
        return l->temp[ir_temp_index(r) / 64] >> ir_temp_index(r) % 64 & 1;
    }
    return r && (l->reg[ir_reg_index(r) / 64] >> ir_reg_index(r) % 64 & 1);
}

static void kill(Live *l, IrRef r)
{
    if (ir_is_reg(r)) {
        l->reg[ir_reg_index(r) / 64] &= ~(1ull << ir_reg_index(r) % 64);
    }
}

/* A helper that reads all state, or may fault. */
static bool sees_state(const Live *l, const IrOp *op, unsigned props)
{
    if (props & (IRP_EXIT | IRP_READ | IRP_WRITE | IRP_FP)) {
        return true;
    }
    return op->op == IR_call && (op->imm >= l->b->guest->n_helpers ||
                                 (l->b->guest->helpers[op->imm].flags &
                                  (HELPER_READS_STATE | HELPER_MAY_FAULT)));
}

/* removable: op's only effects are its result and NZCV, and neither is read. */
static bool removable(const Live *l, const IrOp *op, unsigned props)
{
    if ((props & IRP_DEFF) && !(props & IRP_FP)) {
        return !l->nzcv;
    }
    return (props & IRP_PURE) && !(op->flags & IRF_SETF) && !is_live(l, op->d);
}

/* step: false when op can go; else notes what it defines and reads. */
static bool step(Live *l, IrOp *op)
{
    unsigned props = ir_op_info[op->op].props;

    if ((props & IRP_SETF) && !l->nzcv) {
        op->flags &= ~IRF_SETF;
    }
    if (removable(l, op, props)) {
        return false;
    }
    kill(l, op->d);
    if (ir_sets_flags(op)) {
        l->nzcv = false;
    }
    if (props & IRP_USEF) {
        l->nzcv = true;
    }
    /* Translated code may be polled for signals before the last instruction. */
    if (sees_state(l, op, props) || (op->op == IR_insn && l->in_last)) {
        all_live(l);
        l->in_last &= op->op != IR_insn;
    }
    use(l, op->a);
    use(l, op->b);
    use(l, op->c);
    return true;
}

void opt_dead(IrBlock *b)
{
    uint32_t kept = b->n_op;
    Live l;

    l.b = b;
    l.in_last = true;
    memset(l.temp, 0, (b->n_temp + 63) / 64 * sizeof(l.temp[0]));
    all_live(&l);
    for (uint32_t i = b->n_op; i-- > 0;) {
        if (step(&l, &b->op[i])) {
            b->op[--kept] = b->op[i];
        }
    }
    b->n_op -= kept;
    memmove(b->op, b->op + kept, b->n_op * sizeof(*b->op));
}
