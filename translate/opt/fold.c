/* SPDX-License-Identifier: MIT */
/*
 * fold.c: one pass that counts the uses of temporaries, one forward pass that does the
 * work and moves the ops that stay to the front.
 *
 * A temporary that turns out to be a constant or another temporary gets an alias, which
 * replaces it in all later operands. A move of a temporary to a guest register, when that
 * is its only use, disappears, and the op that made the temporary gets the register as
 * its destination. That writes the register earlier, which the order rules of ir.h allow
 * only when nothing between the two reads or writes it or may fault.
 */
#include "translate/guest.h"
#include "translate/ir/info.h"
#include "translate/ir/intops.h"
#include "translate/opt/opt.h"

/* How far back from a move its producer is looked for; bounds the work per op. */
enum { LOOK_BACK = 12 };

typedef struct {
    IrBlock *b;
    uint32_t n_out;      /* ops kept so far */
    uint32_t insn_start; /* index among them of the current instruction's first */
    /* per temporary */
    IrRef alias[IR_MAX_OPS];
    uint16_t def[IR_MAX_OPS]; /* index of its op among those kept */
    uint8_t uses[IR_MAX_OPS]; /* stays at 255 */
    uint8_t known_bits[IR_MAX_OPS];
    /* per guest register: a constant it holds */
    uint64_t reg_known[4]; /* bit set */
    uint64_t reg_value[256];
} Fold;

/* ---- counting ---- */

static void count_use(Fold *f, IrRef r)
{
    if (ir_is_temp(r)) {
        uint8_t *n = &f->uses[ir_temp_index(r)];

        *n += *n != 255;
    }
}

static void count_uses(Fold *f)
{
    const IrBlock *b = f->b;

    memset(f->uses, 0, b->n_temp);
    memset(f->alias, 0, b->n_temp * sizeof(f->alias[0]));
    for (uint32_t i = 0; i < b->n_op; i++) {
        count_use(f, b->op[i].a);
        count_use(f, b->op[i].b);
        count_use(f, b->op[i].c);
    }
}

/* ---- constants and copies ---- */

static IrRef resolved(const Fold *f, IrRef r)
{
    if (ir_is_temp(r) && f->alias[ir_temp_index(r)]) {
        return f->alias[ir_temp_index(r)];
    }
    return r;
}

/* pure_int: an op that int_eval() can do, without flags. */
static bool pure_int(const IrOp *op)
{
    return int_fn[op->op] && !(op->flags & IRF_SETF);
}

static bool all_const(const IrOp *op)
{
    return ir_is_const(op->a) && (!op->b || ir_is_const(op->b));
}

static void to_constant(Fold *f, IrOp *op)
{
    IrBlock *b = f->b;
    uint64_t kb = op->b ? ir_const_value(b, op->b) : 0;
    uint64_t v = int_eval(op->op, op->type, op->imm, ir_const_value(b, op->a), kb);
    IrType type = ir_result_type(op->op, op->type);

    *op = (IrOp){ .op = IR_mov, .type = type, .d = op->d, .a = ir_const(b, type, v).ref };
}

/* copies: op's result is just operand a, in all 64 bits. */
static bool copies(const Fold *f, const IrOp *op)
{
    unsigned known = ir_is_temp(op->a) ? f->known_bits[ir_temp_index(op->a)] : 64;

    switch (op->op) {
    case IR_mov: return op->type == IR_I64 || known <= 32;
    case IR_zext: return known <= op->imm;
    case IR_bfx_u: return !(op->imm & 255) && known <= op->imm >> 8;
    default: return false;
    }
}

/* try_alias: op defines a temporary that is another name of a constant or temporary. */
static bool try_alias(Fold *f, const IrOp *op)
{
    unsigned i = ir_temp_index(op->d);
    bool constant = op->op == IR_mov && ir_is_const(op->a);

    if (!ir_is_temp(op->d) || (!constant && !(ir_is_temp(op->a) && copies(f, op)))) {
        return false;
    }
    /* An I32 temporary must not stand where 64 bits are wanted. */
    if (!constant && f->b->temp_type[ir_temp_index(op->a)] == IR_I32 &&
        f->b->temp_type[i] != IR_I32) {
        return false;
    }
    f->alias[i] = op->a;
    if (!constant) {
        unsigned n = f->uses[ir_temp_index(op->a)] + f->uses[i] - 1u;

        f->uses[ir_temp_index(op->a)] = n < 255 ? n : 255;
    }
    return true;
}

/* A constant first operand of a commuting integer op goes second. */
static void order_operands(IrOp *op)
{
    if ((ir_op_info[op->op].props & IRP_COMM) && ir_is_const(op->a) &&
        !ir_is_const(op->b)) {
        IrRef a = op->a;

        op->a = op->b;
        op->b = a;
    }
}

/* ---- conditions that always hold ---- */

/* to_compare: ccmp becomes the subtraction it is, with a result that nobody reads. */
static void to_compare(Fold *f, IrOp *op, IrOpcode as)
{
    IrType type = ir_result_type(as, op->type);

    if (f->b->n_temp < IR_MAX_OPS) {
        *op = (IrOp){ .op = as,
                      .type = op->type,
                      .flags = IRF_SETF,
                      .a = op->a,
                      .b = op->b,
                      .d = ir_new_temp(f->b, type) };
        f->alias[ir_temp_index(op->d)] = 0;
        f->uses[ir_temp_index(op->d)] = 0;
    }
}

static void to_move(IrOp *op, IrOpcode as, IrRef a)
{
    *op = (IrOp){ .op = as, .type = op->type, .flags = op->flags, .d = op->d, .a = a };
}

/* drop_always: no op keeps the condition IR_AL or IR_NV; back-ends count on that. */
static void drop_always(Fold *f, IrOp *op)
{
    if ((op->imm & 15) < IR_AL) {
        return;
    }
    switch (op->op) {
    case IR_ccmp: to_compare(f, op, IR_sub); break;
    case IR_ccmn: to_compare(f, op, IR_add); break;
    case IR_select: to_move(op, IR_mov, op->a); break;
    case IR_vselect: to_move(op, IR_vmov, op->a); break;
    case IR_cset: to_move(op, IR_mov, ir_const(f->b, IR_I64, 1).ref); break;
    case IR_exit_cond:
        *op = (IrOp){ .op = IR_exit_to, .type = op->type, .a = op->a };
        break;
    case IR_fccmp:
        op->op = op->imm >> 16 & 1 ? IR_fcmpe : IR_fcmp;
        op->imm = 0;
        break;
    default: break;
    }
}

/* ---- moves to guest registers ---- */

static bool reads(const IrOp *op, IrRef r)
{
    return op->a == r || op->b == r || op->c == r;
}

/* whole: the move keeps all that its source op can produce. */
static bool whole(const IrOp *move, const IrOp *source)
{
    if (move->op == IR_vmov) {
        return (move->flags & IR_VL_MASK) == IR_VL_128;
    }
    return move->type == IR_I64 || ir_known_bits(source) <= 32;
}

static void note_known(Fold *f, const IrOp *op);

/* try_merge: move is `reg = tN`; give reg to tN's op when that is allowed. */
static bool try_merge(Fold *f, const IrOp *move)
{
    IrOp *op = f->b->op;
    uint32_t at = f->def[ir_temp_index(move->a)];

    if (f->uses[ir_temp_index(move->a)] != 1 || at < f->insn_start ||
        f->n_out - at > LOOK_BACK || op[at].d != move->a || !whole(move, &op[at])) {
        return false;
    }
    for (uint32_t i = at + 1; i < f->n_out; i++) {
        if (op[i].d == move->d || reads(&op[i], move->d) || op[i].op == IR_call ||
            ir_faults(f->b, &op[i])) {
            return false;
        }
    }
    op[at].d = move->d;
    note_known(f, &op[at]);
    return true;
}

static bool is_move_to_reg(const IrOp *op)
{
    return (op->op == IR_mov || op->op == IR_vmov) && ir_is_reg(op->d) &&
           ir_is_temp(op->a);
}

/* ---- constants in guest registers ----
 * Only to make an op a constant altogether (a chain of movz and movk): a register is the
 * cheaper operand otherwise. */

static bool is_known(const Fold *f, unsigned r)
{
    return f->reg_known[r / 64] >> r % 64 & 1;
}

static bool operand_value(const Fold *f, IrRef r, uint64_t *v)
{
    if (ir_is_const(r)) {
        *v = ir_const_value(f->b, r);
        return true;
    }
    if (!ir_is_reg(r) || !is_known(f, ir_reg_index(r))) {
        return false;
    }
    *v = f->reg_value[ir_reg_index(r)];
    return true;
}

/* A sum is as quickly made from the register as loaded, unless it is a short constant. */
static bool worth_a_constant(const IrOp *op, uint64_t v)
{
    return (op->op != IR_add && op->op != IR_sub) || v == (uint32_t)v;
}

static void fold_known(Fold *f, IrOp *op)
{
    uint64_t a, b = 0;

    if (!pure_int(op) || op->op == IR_mov || !operand_value(f, op->a, &a) ||
        (op->b && !operand_value(f, op->b, &b))) {
        return;
    }
    uint64_t v = int_eval(op->op, op->type, op->imm, a, b);
    IrType type = ir_result_type(op->op, op->type);

    if (worth_a_constant(op, v)) {
        *op = (IrOp){ .op = IR_mov, .type = type, .d = op->d, .a = ir_const(f->b, type, v).ref };
    }
}

static void note_known(Fold *f, const IrOp *op)
{
    if (op->op == IR_call) {
        memset(f->reg_known, 0, sizeof(f->reg_known));
    }
    if (!ir_is_reg(op->d)) {
        return;
    }
    unsigned r = ir_reg_index(op->d);

    f->reg_known[r / 64] &= ~(1ull << r % 64);
    if (op->op == IR_mov && ir_is_const(op->a)) {
        f->reg_known[r / 64] |= 1ull << r % 64;
        f->reg_value[r] = int_cut(f->b->guest->regs[r].type, ir_const_value(f->b, op->a));
    }
}

/* ---- the pass ---- */

static void keep(Fold *f, const IrOp *op)
{
    if (op->op == IR_insn) {
        f->insn_start = f->n_out + 1;
    }
    if (ir_is_temp(op->d)) {
        f->def[ir_temp_index(op->d)] = f->n_out;
        f->known_bits[ir_temp_index(op->d)] = ir_known_bits(op);
    }
    f->b->op[f->n_out++] = *op;
}

static void fold_op(Fold *f, IrOp op)
{
    op.a = resolved(f, op.a);
    op.b = resolved(f, op.b);
    op.c = resolved(f, op.c);
    drop_always(f, &op);
    order_operands(&op);
    if (pure_int(&op) && all_const(&op)) {
        to_constant(f, &op);
    }
    fold_known(f, &op);
    if (try_alias(f, &op) || (is_move_to_reg(&op) && try_merge(f, &op))) {
        return;
    }
    note_known(f, &op);
    keep(f, &op);
}

void opt_fold(IrBlock *b)
{
    Fold f;
    uint32_t n = b->n_op;

    if (b->n_temp > IR_MAX_OPS || b->n_k + n > IR_MAX_CONSTS) {
        return;
    }
    f.b = b;
    f.n_out = f.insn_start = 0;
    memset(f.reg_known, 0, sizeof(f.reg_known));
    count_uses(&f);
    for (uint32_t i = 0; i < n; i++) {
        fold_op(&f, b->op[i]);
    }
    b->n_op = f.n_out;
}
