/* SPDX-License-Identifier: MIT */
/*
 * build.c: growing an IrBlock op by op, simplifying on the way.
 *
 * Arrays double and are kept by ir_block_reset(), so that a thread that lifts block after
 * block stops allocating soon. What a pass over the block could find out about single ops is
 * done here, where the op is at hand: lift functions can be written for the general case and
 * still leave nothing behind for a zero register.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "translate/base/log.h"
#include "translate/guest.h"
#include "translate/ir/info.h"
#include "translate/ir/intops.h"

/* How far back from ir_set() the value's op is looked for; bounds the work per op. */
enum { LOOK_BACK = 12 };

_Static_assert(IR_MAX_OPS + IR_INSN_ROOM < IR_MAX_TEMPS,
               "each op makes at most one temporary");
_Static_assert(IR_TEMP0 + IR_MAX_TEMPS <= IR_CONST0, "temporaries end before constants");
_Static_assert(IR_CONST0 + IR_MAX_CONSTS <= 0xffff, "constants fit an IrRef");

void ir_block_init(IrBlock *b, const Guest *guest)
{
    *b = (IrBlock){ .guest = guest };
}

void ir_block_reset(IrBlock *b, GuestAddr pc)
{
    b->pc = pc;
    b->variant = 0;
    b->guest_bytes = 0;
    b->n_insn = b->n_op = b->n_k = b->n_temp = b->insn_start = 0;
    b->props = 0;
    b->far_pages = 0;
    b->wants_mode = 0;
}

uint64_t ir_place_pc(const Guest *g, uint64_t place)
{
    return g->variant ? place & ~ENV_VARIANT_MASK : place;
}

void ir_block_free(IrBlock *b)
{
    const IrBlock old = *b;

    ir_block_init(b, b->guest);
    atomic_signal_fence(memory_order_seq_cst);  /* as in grow() */
    free(old.op);
    free(old.k);
    free(old.temp);
}

/*
 * grow: room for twice as many elements at *array. No realloc: a vfork's child may be killed in it,
 * and then the block that its parent finds would have memory that is free.
 */
static void grow(void *array, uint32_t *cap, size_t elem_bytes)
{
    uint32_t n = *cap ? 2 * *cap : 64;
    void *more = malloc(n * elem_bytes), *old;

    if (!more) {
        die(1, "out of memory while translating");
    }
    memcpy(&old, array, sizeof(old));
    if (old) {
        memcpy(more, old, *cap * elem_bytes);
    }
    memcpy(array, &more, sizeof(more));
    *cap = n;
    atomic_signal_fence(memory_order_seq_cst);
    free(old);
}

IrRef ir_new_temp(IrBlock *b, IrType type)
{
    assert(b->n_temp < IR_MAX_TEMPS);
    if (b->n_temp >= b->cap_temp) {
        grow(&b->temp, &b->cap_temp, sizeof(*b->temp));
    }
    b->temp[b->n_temp] = (IrTemp){ type, false, (uint16_t)b->n_op, 0, -1, -1 };
    return IR_TEMP0 + b->n_temp++;
}

static inline __attribute__((always_inline)) IrOp *new_op(IrBlock *b)
{
    if (b->n_op >= b->cap_op) {
        grow(&b->op, &b->cap_op, sizeof(*b->op));
    }
    return &b->op[b->n_op++];
}

IrVal ir_reg(const IrBlock *b, unsigned index, IrType type)
{
    assert(index < b->guest->n_regs);
    return (IrVal){ IR_REG0 + index, type };
}

/* The last few constants are looked through: one instruction often repeats itself. */
IrVal ir_const(IrBlock *b, IrType type, uint64_t value)
{
    uint32_t first = b->n_k > 4 ? b->n_k - 4 : 0;

    value = int_cut(type, value);
    for (uint32_t i = first; i < b->n_k; i++) {
        if (b->k[i] == value) {
            return (IrVal){ IR_CONST0 + i, type };
        }
    }
    assert(b->n_k < IR_MAX_CONSTS);
    if (b->n_k >= b->cap_k) {
        grow(&b->k, &b->cap_k, sizeof(*b->k));
    }
    b->k[b->n_k] = value;
    return (IrVal){ IR_CONST0 + b->n_k++, type };
}

/* ---- temporaries that became guest registers ---- */

static bool reads(const IrOp *op, IrRef r)
{
    return op->a == r || op->b == r || op->c == r;
}

/* clear_between: nothing after op number at forbids it to write reg already. */
static bool clear_between(const IrBlock *b, uint32_t at, IrRef reg)
{
    for (uint32_t i = at + 1; i < b->n_op; i++) {
        const IrOp *op = &b->op[i];

        if (op->d == reg || reads(op, reg) || op->op == IR_call || ir_faults(b, op)) {
            return false;
        }
    }
    return true;
}

/* merge: make the temporary v in reg. False when it needs a move. */
static bool merge(IrBlock *b, IrRef reg, IrVal v)
{
    IrTemp *t = &b->temp[ir_temp_index(v.ref)];
    IrOp *op = &b->op[t->def];

    if (t->uses || t->merged || t->def < b->insn_start || b->n_op - t->def > LOOK_BACK ||
        (v.type == IR_I32 && ir_known_bits(op) > 32) || !clear_between(b, t->def, reg)) {
        return false;
    }
    op->d = reg;
    t->merged = true;
    return true;
}

/* unmerge: temporary r is read after all: its op makes it again, and a move follows. */
static void unmerge(IrBlock *b, IrRef r)
{
    uint32_t at = b->temp[ir_temp_index(r)].def;
    IrOp move = { .op = b->temp[ir_temp_index(r)].type == IR_V128 ? IR_vmov : IR_mov,
                  .type = b->temp[ir_temp_index(r)].type == IR_I32 ? IR_I32 : IR_I64,
                  .d = b->op[at].d,
                  .a = r };

    new_op(b);
    memmove(&b->op[at + 2], &b->op[at + 1], (b->n_op - at - 2) * sizeof(*b->op));
    b->op[at].d = r;
    b->op[at + 1] = move;
    for (uint32_t i = b->n_temp; i-- > 0 && b->temp[i].def >= b->insn_start;) {
        b->temp[i].def += b->temp[i].def > at;
    }
    b->temp[ir_temp_index(r)].merged = false;
    b->temp[ir_temp_index(r)].uses++;
}

static inline void use(IrBlock *b, IrRef r)
{
    if (ir_is_temp(r)) {
        if (b->temp[ir_temp_index(r)].merged) {
            unmerge(b, r);
        }
        b->temp[ir_temp_index(r)].uses++;
    }
}

void ir_set(IrBlock *b, unsigned index, IrVal v)
{
    IrRef reg = (IrRef)(IR_REG0 + index);

    assert(index < b->guest->n_regs);
    if (ir_is_temp(v.ref) && merge(b, reg, v)) {
        return;
    }
    use(b, v.ref);
    *new_op(b) = (IrOp){ .op = v.type == IR_V128 ? IR_vmov : IR_mov,
                         .type = v.type == IR_I32 ? IR_I32 : IR_I64,
                         .d = reg,
                         .a = v.ref };
}

/* ---- ops ---- */

/* foldable: op on constant a and b (b may be absent) is a constant. */
static bool foldable(IrOpcode op, unsigned flags, IrVal a, IrVal b)
{
    return ir_is_const(a.ref) && (!b.ref || ir_is_const(b.ref)) && int_fn[op] &&
           !(flags & IRF_SETF);
}

static IrVal fold(IrBlock *b, IrOpcode op, IrType type, IrVal x, IrVal y, uint32_t imm)
{
    uint64_t kx = ir_const_value(b, x.ref), ky = y.ref ? ir_const_value(b, y.ref) : 0;

    return ir_const(b, ir_result_type(op, type), int_eval(op, type, imm, kx, ky));
}

/* copies: the op's result is temporary a, in all 64 bits. */
static bool copies(const IrBlock *b, IrOpcode op, IrType type, IrVal a, uint32_t imm)
{
    if (op != IR_mov && op != IR_zext && op != IR_bfx_u) {
        return false;
    }
    const IrTemp *t = ir_is_temp(a.ref) ? &b->temp[ir_temp_index(a.ref)] : NULL;

    /* An I32 temporary must not stand where 64 bits are wanted. */
    if (!t || t->merged || (t->type == IR_I32 && type != IR_I32)) {
        return false;
    }
    unsigned known = ir_known_bits(&b->op[t->def]);

    return op == IR_mov    ? type == IR_I64 || known <= 32
           : op == IR_zext ? known <= imm
                           : !(imm & 255) && known <= imm >> 8;
}

/* always: op, whose condition holds whatever the flags, without it. */
static IrVal always(IrBlock *b, IrOpcode op, IrType type, unsigned flags, IrVal x, IrVal y,
                    uint32_t imm)
{
    switch (op) {
    case IR_ccmp: return ir_emit(b, IR_sub, type, IRF_SETF, x, y, IR_NONE, 0);
    case IR_ccmn: return ir_emit(b, IR_add, type, IRF_SETF, x, y, IR_NONE, 0);
    case IR_select: return ir_emit(b, IR_mov, type, 0, x, IR_NONE, IR_NONE, 0);
    case IR_vselect: return ir_emit(b, IR_vmov, type, flags, x, IR_NONE, IR_NONE, 0);
    case IR_cset: return ir_const(b, IR_I64, 1);
    case IR_exit_cond: return ir_emit(b, IR_exit_to, type, 0, x, IR_NONE, IR_NONE, 0);
    default:
        return ir_emit(b, imm >> 16 & 1 ? IR_fcmpe : IR_fcmp, type, flags, x, y, IR_NONE, 0);
    }
}

/* has_cond: bits 3 to 0 of the immediate are a condition. */
static bool has_cond(IrOpcode op)
{
    return op == IR_ccmp || op == IR_ccmn || op == IR_select || op == IR_vselect ||
           op == IR_cset || op == IR_exit_cond || op == IR_fccmp;
}

IrVal ir_emit(IrBlock *b, IrOpcode op, IrType type, unsigned flags, IrVal a, IrVal bb,
              IrVal c, uint32_t imm)
{
    unsigned props = ir_op_info[op].props;
    IrType result = ir_result_type(op, type);
    IrVal d = IR_NONE;

    if (foldable(op, flags, a, bb)) {
        return fold(b, op, type, a, bb, imm);
    }
    if ((props & IRP_USEF) && (imm & 15) >= IR_AL && has_cond(op)) {
        return always(b, op, type, flags, a, bb, imm);
    }
    if (copies(b, op, type, a, imm)) {
        return (IrVal){ a.ref, result };
    }
    if ((props & IRP_COMM) && ir_is_const(a.ref)) {
        IrVal first = a;

        a = bb;
        bb = first;
    }
    use(b, a.ref);
    use(b, bb.ref);
    use(b, c.ref);
    if (result != IR_VOID) {
        d = (IrVal){ ir_new_temp(b, result), result };
    }
    *new_op(b) = (IrOp){ .op = op,
                         .type = type,
                         .flags = flags,
                         .d = d.ref,
                         .a = a.ref,
                         .b = bb.ref,
                         .c = c.ref,
                         .imm = imm };
    b->props |= ir_props(b, &b->op[b->n_op - 1]);
    return d;
}

IrVal ir_emit_at(IrBlock *b, uint32_t at, IrOpcode op, IrType type, IrVal a, IrVal bb)
{
    IrVal d = ir_emit(b, op, type, 0, a, bb, IR_NONE, 0);
    uint32_t last = b->n_op - 1;
    IrOp made = b->op[last];

    assert(made.d == d.ref);
    memmove(&b->op[at + 1], &b->op[at], (last - at) * sizeof(*b->op));
    b->op[at] = made;
    /* All: numbers of temporaries and of operations need not have the same order after the first time. */
    for (uint32_t i = 0; i < b->n_temp; i++) {
        b->temp[i].def += b->temp[i].def >= at;
    }
    b->temp[ir_temp_index(d.ref)].def = (uint16_t)at;
    b->insn_start += at < b->insn_start;
    return d;
}

/* ---- integer shorthands ---- */

static IrVal int_op(IrBlock *b, IrOpcode op, IrVal x, IrVal y, uint32_t imm)
{
    return ir_emit(b, op, x.type, 0, x, y, IR_NONE, imm);
}

// clang-format off
#define SHORTHAND(name) \
    IrVal ir_##name(IrBlock *b, IrVal x, IrVal y) { return int_op(b, IR_##name, x, y, 0); }
SHORTHAND(add)
SHORTHAND(sub)
SHORTHAND(mul)
SHORTHAND(and)
SHORTHAND(or)
SHORTHAND(xor)
SHORTHAND(shl)
SHORTHAND(shr_u)
SHORTHAND(shr_s)
SHORTHAND(ror)
// clang-format on

IrVal ir_op1(IrBlock *b, IrOpcode op, IrVal x)
{
    return int_op(b, op, x, IR_NONE, 0);
}

IrVal ir_op2(IrBlock *b, IrOpcode op, IrVal x, IrVal y)
{
    return int_op(b, op, x, y, 0);
}

IrVal ir_op1i(IrBlock *b, IrOpcode op, IrVal x, uint32_t imm)
{
    return int_op(b, op, x, IR_NONE, imm);
}

IrVal ir_op2i(IrBlock *b, IrOpcode op, IrVal x, IrVal y, uint32_t imm)
{
    return int_op(b, op, x, y, imm);
}

/* extend: sext or zext; from all bits of the result's type it is x, read as that type. */
static IrVal extend(IrBlock *b, IrOpcode op, IrType to, IrVal x, unsigned from_bits)
{
    IrVal as_to = { x.ref, to };

    if (from_bits >= 8 * ir_type_bytes(to)) {
        return ir_is_const(x.ref) ? ir_const(b, to, ir_const_value(b, x.ref)) : as_to;
    }
    return int_op(b, op, as_to, IR_NONE, from_bits);
}

IrVal ir_sext(IrBlock *b, IrType to, IrVal x, unsigned from_bits)
{
    return extend(b, IR_sext, to, x, from_bits);
}

IrVal ir_zext(IrBlock *b, IrType to, IrVal x, unsigned from_bits)
{
    return extend(b, IR_zext, to, x, from_bits);
}

/* ---- vector shorthands ---- */

IrVal ir_v1(IrBlock *b, IrOpcode op, IrType lane, unsigned vl, IrVal x, uint32_t imm)
{
    return ir_emit(b, op, lane, vl, x, IR_NONE, IR_NONE, imm);
}

IrVal ir_v2(IrBlock *b, IrOpcode op, IrType lane, unsigned vl, IrVal x, IrVal y,
            uint32_t imm)
{
    return ir_emit(b, op, lane, vl, x, y, IR_NONE, imm);
}

IrVal ir_v3(IrBlock *b, IrOpcode op, IrType lane, unsigned vl, IrVal x, IrVal y, IrVal z,
            uint32_t imm)
{
    return ir_emit(b, op, lane, vl, x, y, z, imm);
}

/* ---- memory shorthands ---- */

/*
 * mem_op: a displacement outside 29 bits goes into the base by an add, so that callers
 * need not know the limit.
 */
static IrVal mem_op(IrBlock *b, IrOpcode op, IrType type, unsigned flags, IrVal base,
                    IrVal index, unsigned scale, int32_t disp, IrVal v)
{
    if (disp != ir_mem_disp(ir_mem_imm(0, disp))) {
        base = ir_add(b, base, ir_const(b, IR_I64, (uint64_t)(int64_t)disp));
        disp = 0;
    }
    return ir_emit(b, op, type, flags, base, index, v, ir_mem_imm(scale, disp));
}

IrVal ir_load(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
              unsigned scale, int32_t disp)
{
    return mem_op(b, IR_load, type, flags, base, index, scale, disp, IR_NONE);
}

IrVal ir_load_s(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
                unsigned scale, int32_t disp)
{
    return mem_op(b, IR_load_s, type, flags, base, index, scale, disp, IR_NONE);
}

void ir_store(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
              unsigned scale, int32_t disp, IrVal v)
{
    mem_op(b, IR_store, type, flags, base, index, scale, disp, v);
}

IrVal ir_vload(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
               unsigned scale, int32_t disp)
{
    return mem_op(b, IR_vload, type, flags, base, index, scale, disp, IR_NONE);
}

void ir_vstore(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
               unsigned scale, int32_t disp, IrVal v)
{
    mem_op(b, IR_vstore, type, flags, base, index, scale, disp, v);
}

/* ---- markers ---- */

void ir_insn(IrBlock *b, GuestAddr pc)
{
    *new_op(b) = (IrOp){ .op = IR_insn, .imm = (uint32_t)(pc.va - b->pc.va) };
    b->insn_start = b->n_op;
    b->n_insn++;
}
