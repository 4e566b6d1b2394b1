/* SPDX-License-Identifier: MIT */
/*
 * live.c: one backward pass. Ops that stay are moved to the end of the array as the pass
 * goes, then all of them to its start.
 */
#include "translate/guest.h"
#include "translate/ir/info.h"
#include "translate/opt/opt.h"

/*
 * What is read further on; temporaries count their uses. Of integer registers `high` says whether more
 * is read than the low 32 bits.
 */
typedef struct {
    IrBlock *b;
    uint64_t reg[4], high[4];
    bool nzcv;
} Live;

static inline void all_live(Live *l)
{
    memset(l->reg, 0xff, sizeof(l->reg));
    memset(l->high, 0xff, sizeof(l->high));
    l->nzcv = !l->b->guest->flagless;
}

static inline void use(Live *l, IrRef r, bool low_only)
{
    if (ir_is_reg(r)) {
        uint64_t bit = 1ull << ir_reg_index(r) % 64;

        l->reg[ir_reg_index(r) / 64] |= bit;
        l->high[ir_reg_index(r) / 64] |= low_only ? 0 : bit;
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
        l->high[ir_reg_index(r) / 64] &= ~(1ull << ir_reg_index(r) % 64);
    }
}

/* is_narrow: r is a register of which only the low 32 bits are read. */
static inline bool is_narrow(const Live *l, IrRef r)
{
    return ir_is_reg(r) && !(l->high[ir_reg_index(r) / 64] >> ir_reg_index(r) % 64 & 1);
}

/* reads_low: what is read of op's result depends on no more than the low 32 bits of its operands. */
static bool reads_low(const Live *l, const IrOp *op)
{
    switch (op->op) {
    case IR_add:
    case IR_sub:
    case IR_and: return op->type == IR_I32 || (is_narrow(l, op->d) && !(op->flags & IRF_SETF));
    case IR_mov:
    case IR_mul:
    case IR_or:
    case IR_xor: return op->type == IR_I32 || is_narrow(l, op->d);
    case IR_shl: return op->type == IR_I32 || (is_narrow(l, op->d) && ir_is_const(op->b));
    case IR_shr_u:
    case IR_shr_s:
    case IR_ror: return op->type == IR_I32;
    case IR_sext:
    case IR_zext: return op->imm <= 32;
    default: return false;
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

/* sees_state: at op all of the guest's state may be seen. */
static inline bool sees_state(const IrBlock *b, const IrOp *op)
{
    return (ir_op_info[op->op].props & (IRP_READ | IRP_WRITE | IRP_FP)) || ir_unboxes(op) ||
           (op->op == IR_call && call_sees_state(b, op));
}

/* step: false when op can go; else notes what it defines and reads. */
static inline bool step(Live *l, IrOp *op)
{
    unsigned props = ir_op_info[op->op].props;

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
    bool low = reads_low(l, op);

    kill(l, op->d);
    if ((props & IRP_DEFF) || ((props & IRP_SETF) && (op->flags & IRF_SETF))) {
        l->nzcv = false;
    }
    if (props & IRP_USEF) {
        l->nzcv = true;
    }
    if (sees_state(l->b, op)) {
        all_live(l);
    }
    use(l, op->a, low);
    use(l, op->b, low);
    use(l, op->c, low);
    return true;
}

/* ---- sign extension that nobody reads ---- */

/* is_pure_int: its only effect is an integer that it makes of integers. */
static bool is_pure_int(const IrOp *op)
{
    const IrOpInfo *info = &ir_op_info[op->op];

    return (info->props & IRP_PURE) && !(info->props & (IRP_FP | IRP_USEF)) && info->d == 'I' &&
           !(op->flags & IRF_SETF);
}

enum { LOOK_BACK = 64 };

/*
 * may_move_up: a write of register r by op number at could be made by op number to. Between them are
 * only pure ops that do not read r; what they write into it is dead then.
 */
static bool may_move_up(const IrBlock *b, IrRef r, uint32_t at, uint32_t to, bool polls)
{
    if (at - to > LOOK_BACK) {
        return false;
    }
    for (uint32_t i = to + 1; i < at; i++) {
        const IrOp *op = &b->op[i];
        bool pure = (ir_op_info[op->op].props & IRP_PURE) && !sees_state(b, op) && !(op->flags & IRF_SETF);

        if (!(pure || (op->op == IR_insn && !polls)) || op->a == r || op->b == r || op->c == r) {
            return false;
        }
    }
    return true;
}

/*
 * narrow: op number at, a sign extension of 32 bits into a register of which no more are read, becomes a
 * copy, or goes where that is none or what it extends can be made in the register at once. Returns
 * whether it went.
 */
static bool narrow(const Live *l, uint32_t at, bool polls)
{
    IrBlock *b = l->b;
    IrOp *op = &b->op[at];
    IrRef t = op->a;

    if (t == op->d) {
        return true;
    }
    op->op = IR_mov;
    op->type = IR_I32;
    op->imm = 0;
    if (!ir_is_temp(t) || b->temp[ir_temp_index(t)].uses != 1) {
        return false;
    }
    uint32_t def = b->temp[ir_temp_index(t)].def;
    IrOp *made = &b->op[def];

    if (def >= at || made->d != t || made->type != IR_I32 || !is_pure_int(made) ||
        !may_move_up(b, op->d, at, def, polls)) {
        return false;
    }
    made->d = op->d;
    b->temp[ir_temp_index(t)].uses = 0;
    for (uint32_t i = def + 1; i < at; i++) {
        if (b->op[i].d == op->d) {
            b->op[i].d = t;
        }
    }
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
        } else if (op->op == IR_sext && op->imm == 32 && is_live(&l, op->d) && is_narrow(&l, op->d) &&
                   narrow(&l, i, polls)) {
            continue;
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
