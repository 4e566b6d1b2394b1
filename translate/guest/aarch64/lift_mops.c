/* SPDX-License-Identifier: MIT */
/*
 * lift_mops.c: memory copy and set, as the manual's option A: the prologue makes the addresses
 * those of the ends and the size negative, so that only it changes; a copy downward leaves all as
 * it is. The prologue does nothing else, the main instruction everything, and the epilogue what
 * somebody left over.
 *
 * The variants for access as another level would, and for memory used once, do not differ at EL0.
 */
#include "translate/guest/aarch64/lift.h"

typedef struct {
    unsigned d, s, n;       /* destination, source or data, size */
} Mops;

static bool copy_ok(const Mops *m)
{
    return m->d != m->s && m->d != m->n && m->s != m->n && m->d != 31 && m->s != 31 && m->n != 31;
}

/* The data to set may be zero's register. */
static bool set_ok(const Mops *m)
{
    return m->d != m->s && m->d != m->n && m->s != m->n && m->d != 31 && m->n != 31;
}

/* Sizes are limited, so that their negative is told from them. */
#define MAX_FORWARD 0x7fffffffffffffffull
#define MAX_ANY     0x007fffffffffffffull

static IrVal size_of(Lift *l, const Mops *m, uint64_t max)
{
    return ir_op2(l->ir, IR_min_u, get_x(l, IR_I64, m->n), imm(l, IR_I64, max));
}

/* prologue_end: d and (copies) s moved by `by`, the size n; NZCV says option A. */
static bool prologue_end(Lift *l, const Mops *m, bool copy, IrVal by, IrVal n)
{
    IrVal d = ir_add(l->ir, get_x(l, IR_I64, m->d), by), s = IR_NONE;

    if (copy) {
        s = ir_add(l->ir, get_x(l, IR_I64, m->s), by);
    }
    set_x(l, IR_I64, m->d, d);
    if (copy) {
        set_x(l, IR_I64, m->s, s);
    }
    set_x(l, IR_I64, m->n, n);
    ir_emit(l->ir, IR_setf_k, IR_VOID, 0, IR_NONE, IR_NONE, IR_NONE, 0);
    return true;
}

static bool forward_prologue(Lift *l, const Mops *m, bool copy)
{
    IrVal n = size_of(l, m, MAX_FORWARD);

    return prologue_end(l, m, copy, n, ir_sub(l->ir, imm(l, IR_I64, 0), n));
}

/*
 * Downward when the destination begins inside of the source: their distance, of which as of all
 * addresses the top byte does not count, is from 1 to n - 1.
 */
static bool copy_prologue(Lift *l, const Mops *m)
{
    IrVal one = imm(l, IR_I64, 1), eight = imm(l, IR_I64, 8);
    IrVal n = size_of(l, m, MAX_ANY);
    IrVal apart = ir_sub(l->ir, get_x(l, IR_I64, m->d), get_x(l, IR_I64, m->s));
    IrVal x = ir_sub(l->ir, ir_shl(l->ir, apart, eight), one);
    IrVal y = ir_sub(l->ir, ir_shl(l->ir, n, eight), one);

    ir_emit(l->ir, IR_sub, IR_I64, IRF_SETF, x, y, IR_NONE, 0);
    IrVal by = ir_emit(l->ir, IR_select, IR_I64, 0, imm(l, IR_I64, 0), n, IR_NONE, IR_LO);
    IrVal twice = ir_add(l->ir, by, by);

    return prologue_end(l, m, true, by, ir_sub(l->ir, n, twice));
}

/* work: the main instruction and the epilogue, `back` words behind the prologue. */
static bool work(Lift *l, const Mops *m, IrOpcode op, unsigned back)
{
    IrVal left = ir_emit(l->ir, op, IR_I64, 0, get_x(l, IR_I64, m->d), get_x(l, IR_I64, m->s),
                         get_x(l, IR_I64, m->n), back | (back > 1 ? IR_REDO_RARE : 0));

    set_x(l, IR_I64, m->n, left);
    return true;
}

#define MOPS &(Mops){ .d = a->rd, .s = a->rs, .n = a->rn }
#define ROW(name, ok, what)                                                              \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        const Mops *m = MOPS;                                                            \
                                                                                         \
        return ok(m) && what;                                                            \
    }

// clang-format off
ROW(cpyfp, copy_ok, forward_prologue(l, m, true))
ROW(cpyfm, copy_ok, work(l, m, IR_copy_mem, 1))
ROW(cpyfe, copy_ok, work(l, m, IR_copy_mem, 2))
ROW(cpyp,  copy_ok, copy_prologue(l, m))
ROW(cpym,  copy_ok, work(l, m, IR_copy_mem, 1))
ROW(cpye,  copy_ok, work(l, m, IR_copy_mem, 2))
ROW(setp,  set_ok,  forward_prologue(l, m, false))
ROW(setm,  set_ok,  work(l, m, IR_set_mem, 1))
ROW(sete,  set_ok,  work(l, m, IR_set_mem, 2))
// clang-format on
