/* SPDX-License-Identifier: MIT */
/*
 * live.c: one backward pass. Ops that stay are moved to the end of the array as the pass
 * goes, then all of them to its start.
 */
#include "translate/guest.h"
#include "translate/ir/info.h"
#include "translate/opt/opt.h"

/* What is read further on; temporaries count their uses. */
typedef struct {
    IrBlock *b;
    uint64_t reg[4];
    bool nzcv;
} Live;

static inline void all_live(Live *l)
{
    memset(l->reg, 0xff, sizeof(l->reg));
    l->nzcv = !l->b->guest->flagless;
}

static inline void use(Live *l, IrRef r)
{
    if (ir_is_reg(r)) {
        l->reg[ir_reg_index(r) / 64] |= 1ull << ir_reg_index(r) % 64;
    }
}

static inline void drop_use(Live *l, IrRef r)
{
    if (ir_is_temp(r)) {
        l->b->temp[ir_temp_index(r)].uses--;
    }
}

static inline bool is_live(const Live *l, IrRef r)
{
    if (ir_is_temp(r)) {
        return l->b->temp[ir_temp_index(r)].uses;
    }
    return r && (l->reg[ir_reg_index(r) / 64] >> ir_reg_index(r) % 64 & 1);
}

static inline void kill(Live *l, IrRef r)
{
    if (ir_is_reg(r)) {
        l->reg[ir_reg_index(r) / 64] &= ~(1ull << ir_reg_index(r) % 64);
    }
}

static bool call_sees_state(const IrBlock *b, const IrOp *op)
{
    return op->imm >= b->guest->n_helpers ||
           (b->guest->helpers[op->imm].flags & (HELPER_READS_STATE | HELPER_MAY_FAULT));
}

/* removable: op's only effects are its result and NZCV, and neither is read. */
static inline bool removable(const Live *l, const IrOp *op, unsigned props)
{
    if ((props & IRP_DEFF) && !(props & IRP_FP)) {
        return !l->nzcv;
    }
    return (props & IRP_PURE) && !(op->flags & IRF_SETF) && !is_live(l, op->d);
}

/* step: false when op can go; else notes what it defines and reads. */
static inline bool step(Live *l, IrOp *op)
{
    unsigned props = ir_op_info[op->op].props;
    bool sees = (props & (IRP_READ | IRP_WRITE | IRP_FP)) || ir_unboxes(op) ||
                (op->op == IR_call && call_sees_state(l->b, op));

    if ((props & IRP_SETF) && !l->nzcv) {
        op->flags &= (uint8_t)~IRF_SETF;
    }
    if (removable(l, op, props)) {
        drop_use(l, op->a);
        drop_use(l, op->b);
        drop_use(l, op->c);
        return false;
    }
    if (l->nzcv) {
        op->flags |= IRF_LIVE;
    }
    kill(l, op->d);
    if ((props & IRP_DEFF) || ((props & IRP_SETF) && (op->flags & IRF_SETF))) {
        l->nzcv = false;
    }
    if (props & IRP_USEF) {
        l->nzcv = true;
    }
    if (sees) {
        all_live(l);
    }
    use(l, op->a);
    use(l, op->b);
    use(l, op->c);
    return true;
}

void opt_live(IrBlock *b, OptLive *o)
{
    uint32_t n = b->n_op, kept = n, poll = 0;
    bool polls = o->polls;
    Live l = { .b = b };

    all_live(&l);
    l.nzcv = o->nzcv_out;
    for (uint32_t i = n; i-- > 0;) {
        IrOp *op = &b->op[i];

        if (op->op == IR_insn) {
            op->flags |= l.nzcv ? IRF_LIVE : 0;
            if (polls) {
                all_live(&l);
                poll = kept - 1;
                polls = false;
            }
        } else if (!step(&l, op)) {
            continue;
        }
        if (--kept != i) {
            b->op[kept] = *op;
        }
    }
    o->nzcv_in = l.nzcv;
    o->poll_op = o->polls && !polls ? poll - kept : OPT_NO_POLL;
    b->n_op = n - kept;
    if (kept) {
        memmove(b->op, b->op + kept, b->n_op * sizeof(*b->op));
    }
}
