/* SPDX-License-Identifier: MIT */
/*
 * lift_fuse.c: sequences that mean one atomic operation and are lifted as that.
 *
 * Two kinds. A load-exclusive, what it computes and the store-exclusive (with the branch that
 * tries again), as compilers write them for CPUs without LSE. And a call of one of libgcc's or
 * compiler-rt's helpers for atomics (-moutline-atomics, what Debian, Ubuntu and Fedora build
 * with), which look at a flag and then are one LSE instruction:
 *
 *     [bti c]   adrp x16, flag   ldrb w16, [x16, flag]   cbz w16, no_lse   casal ...   ret
 *
 * The lifted sequence ends as a run without any store-exclusive failing does: the same
 * registers (the scratch ones, too), flags and memory. Everything is computed before a register
 * is written, and the marker asks for a replay: when an access faults, or the flag is zero, the
 * first instruction is run by itself and the rest as they stand, so that what a fault shows is
 * the state of the very instruction that faults.
 *
 * A store-exclusive may fail at any time and the monitor may be lost at any time (Arm ARM,
 * B2.12), so that the one does not fail, and the other is clear behind the sequence, is a run
 * a CPU can do. x86's locked operation always needs write access; that of a compare-and-swap
 * that fails to compare, which Arm does not ask for, is such a replay as well.
 */
#include "translate/guest/aarch64/lift_fuse.h"

#include "translate/ir/info.h"

enum { MAX_WORDS = 6 };

/* ---- fields of instruction words ---- */

static unsigned field(uint32_t w, unsigned lsb, unsigned width)
{
    return w >> lsb & ((1u << width) - 1);
}

static unsigned rd_of(uint32_t w)
{
    return field(w, 0, 5);
}

static unsigned rn_of(uint32_t w)
{
    return field(w, 5, 5);
}

static unsigned rm_of(uint32_t w)
{
    return field(w, 16, 5);
}

static bool is(uint32_t w, uint32_t mask, uint32_t value)
{
    return (w & mask) == value;
}

/* branch19: bytes from a compare-and-branch or conditional branch to its target. */
static int64_t branch19(uint32_t w)
{
    return sext(field(w, 5, 19), 19) * 4;
}

/* ---- exclusives ---- */

/* What lies between the load and the store. */
typedef enum { DO_SWAP, DO_ADD, DO_SUB, DO_AND, DO_ANDN, DO_OR, DO_XOR } Change;

typedef struct {
    unsigned size, rt, rn;      /* load: logarithm of the bytes, register, base */
    unsigned rs, put;           /* store: status, stored register */
    Change change;
    bool has_imm;               /* the other operand is imm and not register rx */
    unsigned rx;
    uint64_t imm;
    IrType type;                /* that the change or comparison is made in */
    unsigned n;                 /* words that take part */
    bool flags;                 /* a comparison sets NZCV */
    int64_t out;                /* where a failed comparison goes, from the first word */
} Exclusive;

/* words_from: up to max words of this page from the first on. */
static unsigned words_from(const Lift *l, uint32_t *w, unsigned max)
{
    unsigned left = l->code_len / 4, n = left < max ? left : max;

    memcpy(w, l->code, n * 4);
    return n;
}

/* store_matches: w is the store that belongs to x's load; notes its registers. */
static bool store_matches(Exclusive *x, uint32_t w)
{
    if (!is(w, 0x3fe07c00, 0x08007c00) || w >> 30 != x->size || rn_of(w) != x->rn)
        return false;
    x->rs = rm_of(w);
    x->put = rd_of(w);
    return x->rs != 31 && x->rs != x->rn && x->rs != x->rt && x->rs != x->put;
}

/* again: w branches back to the load when the store failed. */
static bool again(const Exclusive *x, uint32_t w, unsigned at)
{
    return is(w, 0xff000000, 0x35000000) && rd_of(w) == x->rs && branch19(w) == -4 * (int)at;
}

/* change_reg: ADD, SUB (shifted register) and logical (shifted register), not shifted. */
static bool change_reg(Exclusive *x, uint32_t w)
{
    static const Change logical[2][3] = { { DO_AND, DO_OR, DO_XOR }, { DO_ANDN } };
    bool swapped = rn_of(w) != x->rt;

    if (is(w, 0x3fe0fc00, 0x0b000000)) {
        x->change = w >> 30 & 1 ? DO_SUB : DO_ADD;
    } else if (is(w, 0x1fc0fc00, 0x0a000000)) {
        unsigned opc = field(w, 29, 2), n = field(w, 21, 1);

        if (opc == 3 || (n && opc))
            return false;
        x->change = logical[n][opc];
    } else {
        return false;
    }
    x->rx = swapped ? rn_of(w) : rm_of(w);
    if (swapped && (rm_of(w) != x->rt || x->change == DO_SUB || x->change == DO_ANDN))
        return false;
    return rd_of(w) != 31;
}

/* change_imm: ADD, SUB (immediate) and logical (immediate). */
static bool change_imm(Exclusive *x, uint32_t w)
{
    static const Change logical[] = { DO_AND, DO_OR, DO_XOR };

    x->has_imm = true;
    if (rn_of(w) != x->rt || rd_of(w) == 31)
        return false;
    if (is(w, 0x3f800000, 0x11000000)) {
        x->change = w >> 30 & 1 ? DO_SUB : DO_ADD;
        x->imm = (uint64_t)field(w, 10, 12) << (field(w, 22, 1) ? 12 : 0);
        return true;
    }
    if (!is(w, 0x1f800000, 0x12000000) || field(w, 29, 2) == 3)
        return false;
    x->change = logical[field(w, 29, 2)];
    return a64_bit_mask(w >> 31, field(w, 22, 1), field(w, 10, 6), field(w, 16, 6), &x->imm);
}

static bool right_width(const Exclusive *x, uint32_t w)
{
    return w >> 31 == (x->size == 3);
}

/* match_change: load, one change (or none: an exchange), store. w[0] is the load. */
static bool match_change(Exclusive *x, const uint32_t *w, unsigned n)
{
    if (n >= 2 && store_matches(x, w[1])) {
        x->change = DO_SWAP;
        x->rx = x->put;
        x->n = 2;
        return x->rx != x->rt;
    }
    if (n < 3 || !right_width(x, w[1]) || (!change_reg(x, w[1]) && !change_imm(x, w[1])))
        return false;
    if (!store_matches(x, w[2]) || x->put != rd_of(w[1]) || x->put == x->rn)
        return false;
    x->n = 3;
    return x->has_imm || (x->rx != x->rt && x->rx != x->put && x->rx != x->rs);
}

/* compare: CMP of the loaded register with a register, extended as needed, or an immediate. */
static bool compare(Exclusive *x, uint32_t w)
{
    unsigned bits = 8u << x->size;

    if (!right_width(x, w) || rn_of(w) != x->rt)
        return false;
    if (is(w, 0x7f80001f, 0x7100001f)) {
        x->has_imm = true;
        x->imm = (uint64_t)field(w, 10, 12) << (field(w, 22, 1) ? 12 : 0);
        return bits == 64 || x->imm >> bits == 0;
    }
    x->rx = rm_of(w);
    if (is(w, 0x7fe0fc1f, 0x6b00001f))
        return x->size >= 2;
    return is(w, 0x7fe01c1f, 0x6b20001f) && x->size < 2 && field(w, 13, 3) == x->size;
}

/* match_cas: load, comparison, branch when different, store. */
static bool match_cas(Exclusive *x, const uint32_t *w, unsigned n)
{
    if (n < 4 || !compare(x, w[1]) || !is(w[2], 0xff00001f, 0x54000001))
        return false;
    x->flags = true;
    x->out = 8 + branch19(w[2]);
    if (!store_matches(x, w[3]) || x->put == x->rt)
        return false;
    x->n = 4;
    return x->has_imm || (x->rx != x->rt && x->rx != x->rs);
}

static IrVal other_operand(Lift *l, const Exclusive *x)
{
    return x->has_imm ? imm(l, x->type, x->imm) : get_x(l, x->type, x->rx);
}

static void replay(Lift *l)
{
    IrOp *marker = &l->ir->op[l->ir->n_op - 1];

    marker->flags |= IRF_REPLAY;
}

/* locked: the access; its address is register rn or SP. */
static IrVal locked(Lift *l, IrOpcode op, const Exclusive *x, IrVal b, IrVal c)
{
    return ir_emit(l->ir, op, int_type(x->size), IR_ORD_ACQ | IR_ORD_REL,
                   a64_atomic_base(l, x->rn, x->size), b, c, 0);
}

static IrVal as_type(IrVal v, IrType ty)
{
    return (IrVal){ v.ref, ty };
}

/* emit_change: registers get what a first try that succeeds leaves. */
static void emit_change(Lift *l, const Exclusive *x)
{
    static const struct {
        uint16_t amo, op;
    } ops[] = {
        [DO_SWAP] = { IR_amo_swap, 0 },
        [DO_ADD] = { IR_amo_add, IR_add },
        [DO_SUB] = { IR_amo_add, IR_sub },
        [DO_AND] = { IR_amo_andn, IR_and },
        [DO_ANDN] = { IR_amo_andn, IR_andn },
        [DO_OR] = { IR_amo_or, IR_or },
        [DO_XOR] = { IR_amo_xor, IR_xor },
    };
    IrVal other = other_operand(l, x), arg = other, old, new;

    if (x->change == DO_SUB)
        arg = ir_sub(l->ir, imm(l, x->type, 0), other);
    if (x->change == DO_AND)
        arg = ir_xor(l->ir, other, imm(l, x->type, ~0ull));
    old = locked(l, ops[x->change].amo, x, arg, IR_NONE);
    if (x->change != DO_SWAP) {
        new = ir_op2(l->ir, ops[x->change].op, as_type(old, x->type), other);
        if (x->rt != x->put)
            set_x(l, IR_I64, x->rt, old);
        set_x(l, x->type, x->put, new);
    } else {
        set_x(l, IR_I64, x->rt, old);
    }
    set_x(l, IR_I64, x->rs, imm(l, IR_I64, 0));
}

/* emit_cas: the status register is only written when the store is reached. */
static void emit_cas(Lift *l, const Exclusive *x)
{
    IrVal want = other_operand(l, x), old, status;

    if (!x->has_imm && x->size < 2)
        want = ir_zext(l->ir, IR_I32, want, 8u << x->size);
    old = locked(l, IR_cas, x, want, get_x(l, IR_I64, x->put));
    ir_emit(l->ir, IR_sub, x->type, IRF_SETF, as_type(old, x->type), want, IR_NONE, 0);
    status = ir_emit(l->ir, IR_select, IR_I64, 0, imm(l, IR_I64, 0), get_x(l, IR_I64, x->rs),
                     IR_NONE, IR_EQ);
    set_x(l, IR_I64, x->rt, old);
    set_x(l, IR_I64, x->rs, status);
}

bool a64_fuse_exclusive(Lift *l, unsigned size, unsigned rn, unsigned rt)
{
    Exclusive x = { .size = size, .rt = rt, .rn = rn, .type = x_type(size == 3) };
    uint32_t w[MAX_WORDS];
    unsigned n;

    if (!l->fuse || rt == 31 || rt == rn)
        return false;
    n = words_from(l, w, MAX_WORDS);
    if (!match_change(&x, w, n)) {
        x = (Exclusive){ .size = size, .rt = rt, .rn = rn, .type = x.type };
        if (!match_cas(&x, w, n))
            return false;
    }
    if (n > x.n && again(&x, w[x.n], x.n))
        x.n++;
    replay(l);
    if (x.flags)
        emit_cas(l, &x);
    else
        emit_change(l, &x);
    ir_emit(l->ir, IR_clrex, IR_VOID, 0, IR_NONE, IR_NONE, IR_NONE, 0);
    l->more = 4 * (x.n - 1);
    if (x.flags && x.out != 4 * (int)x.n)
        ir_emit(l->ir, IR_exit_cond, IR_I64, 0, target_pc(l, x.out), target_pc(l, 4 * x.n),
                IR_NONE, IR_NE);
    return true;
}

/* ---- fences behind loops of compare-and-swap ---- */

IrVal a64_skip_fence(Lift *l)
{
    uint32_t w[2];
    bool full;

    if (!l->fuse || words_from(l, w, 2) < 2)
        return next_pc(l);
    full = is(w[1], 0xfffff3ff, 0xd50333bf);    /* dmb osh, nsh, ish or sy */
    if (!full || !ir_drained(l->ir, l->ir->n_op, false))
        return next_pc(l);
    l->more = 4;
    return target_pc(l, 8);
}

/* ---- calls of helpers ---- */

/* is_helper: the words of a helper from ADRP at pc to RET; the address of its flag. */
static bool is_helper(const uint32_t *w, uint64_t pc, uint64_t *flag)
{
    int64_t pages = sext(field(w[0], 5, 19) << 2 | field(w[0], 29, 2), 21);

    if (!is(w[0], 0x9f00001f, 0x90000010) ||    /* adrp x16, page */
        !is(w[1], 0xffc003ff, 0x39400210) ||    /* ldrb w16, [x16, imm] */
        !is(w[2], 0xff00001f, 0x34000010) ||    /* cbz w16, far enough */
        w[4] != 0xd65f03c0)                     /* ret */
        return false;
    *flag = align_down(pc, 4096) + (uint64_t)pages * 4096 + field(w[1], 10, 12);
    return true;
}

/* is_lse: an LSE instruction, lifted by us, that uses neither x16 nor x30. */
static bool is_lse(uint32_t w)
{
    const unsigned regs[] = { rd_of(w), rn_of(w), rm_of(w) };

    for (unsigned i = 0; i < ARRAY_LEN(regs); i++) {
        if (regs[i] == 16 || regs[i] == 30 || (regs[i] == 31 && i == 1))
            return false;
    }
    return is(w, 0x3fa07c00, 0x08a07c00) ||     /* cas */
           (is(w, 0xbfa17c01, 0x08207c00) && rd_of(w) < 14 && rm_of(w) < 14) || /* casp */
           is(w, 0x3f20fc00, 0x38208000) ||     /* swp */
           (is(w, 0x3f208c00, 0x38200000) && field(w, 12, 3) < 4);  /* ldadd to ldset */
}

/* find_helper: a helper at pc; *op becomes its LSE instruction. */
static bool find_helper(const Lift *l, uint64_t pc, uint64_t *flag, uint32_t *op)
{
    const void *code = lift_peek(l, guest_addr(pc), MAX_WORDS * 4);
    uint32_t w[MAX_WORDS];
    bool bti;

    if (!code || !(l->features & A64_FEAT_lse))
        return false;
    memcpy(w, code, sizeof(w));
    bti = w[0] == 0xd503245f;
    *op = w[bti + 3];
    return is_helper(w + bti, pc + 4 * bti, flag) && is_lse(*op);
}

bool a64_fuse_call(Lift *l, int64_t offset)
{
    uint64_t target = l->pc.va + (uint64_t)offset, flag;
    uint32_t op;
    IrVal lse;
    bool lifted;

    if (!l->fuse || !find_helper(l, target, &flag, &op))
        return false;
    lift_depend(l, guest_addr(target));
    if (!find_helper(l, target, &flag, &op))    /* what is read now counts */
        return false;
    replay(l);
    lse = ir_load(l->ir, IR_I8, 0, imm(l, IR_I64, flag), IR_NONE, 0, 0);
    ir_emit(l->ir, IR_guard, IR_I64, 0, lse, IR_NONE, IR_NONE, 0);
    lifted = a64_decode(l, op);
    assert(lifted);
    (void)lifted;
    set_x(l, IR_I64, 16, lse);
    return true;
}
