/* SPDX-License-Identifier: MIT */
/* lift_mem.c: loads, stores, atomics and fences. */
#include "translate/guest/riscv64/lift.h"

#define LIFT(name) bool rv_##name(Lift *l, const rv_##name##_args *a)

IrVal rv_address(Lift *l, unsigned rs1, int64_t *disp)
{
    uint64_t base;

    if (rv_known_x(l, rs1, &base)) {
        base += (uint64_t)*disp;
        *disp = 0;
        return imm(l, base);
    }
    return rv_get_x(l, rs1);
}

static bool load(Lift *l, IrOpcode op, IrType type, unsigned rd, unsigned rs1, int64_t disp)
{
    IrVal base = rv_address(l, rs1, &disp), v;

    v = op == IR_load_s ? ir_load_s(l->ir, type, 0, base, IR_NONE, 0, (int32_t)disp)
                        : ir_load(l->ir, type, 0, base, IR_NONE, 0, (int32_t)disp);
    rv_set_x(l, rd, v);
    return true;
}

static bool store(Lift *l, IrType type, unsigned rs2, unsigned rs1, int64_t disp)
{
    IrVal base = rv_address(l, rs1, &disp);

    ir_store(l->ir, type, 0, base, IR_NONE, 0, (int32_t)disp, rv_get_x(l, rs2));
    return true;
}

#define OP_LOAD(name, op, type)                                                          \
    LIFT(name)                                                                           \
    {                                                                                    \
        return load(l, IR_##op, type, a->rd, a->rs1, (int64_t)a->imm);                   \
    }
#define OP_STORE(name, type)                                                             \
    LIFT(name)                                                                           \
    {                                                                                    \
        return store(l, type, a->rs2, a->rs1, (int64_t)a->imm);                          \
    }

OP_LOAD(lb, load_s, IR_I8)
OP_LOAD(lh, load_s, IR_I16)
OP_LOAD(lw, load_s, IR_I32)
OP_LOAD(ld, load, IR_I64)
OP_LOAD(lbu, load, IR_I8)
OP_LOAD(lhu, load, IR_I16)
OP_LOAD(lwu, load, IR_I32)
OP_STORE(sb, IR_I8)
OP_STORE(sh, IR_I16)
OP_STORE(sw, IR_I32)
OP_STORE(sd, IR_I64)

LIFT(prefetch)
{
    (void)l, (void)a;
    return true;
}

/* ---- atomics. The IR's are sequentially consistent, more than any of these asks. ---- */

static IrType amo_type(unsigned dbl)
{
    return dbl ? IR_I64 : IR_I32;
}

/* atomic_base: the address in rs1, which must be a multiple of the access's size. */
static IrVal atomic_base(Lift *l, unsigned rs1, unsigned dbl)
{
    IrVal at = rv_get_x(l, rs1);

    ir_emit(l->ir, IR_check_align, IR_VOID, 0, at, IR_NONE, IR_NONE, dbl ? 8 : 4);
    return at;
}

/* set_old: what memory held, sign-extended. */
static bool set_old(Lift *l, unsigned rd, unsigned dbl, IrVal v)
{
    if (dbl) {
        rv_set_x(l, rd, v);
    } else {
        rv_set_w(l, rd, v);
    }
    return true;
}

LIFT(lr)
{
    IrVal at = atomic_base(l, a->rs1, a->dbl);

    return set_old(l, a->rd, a->dbl,
                   ir_emit(l->ir, IR_ldex, amo_type(a->dbl), a->aq ? IR_ORD_ACQ : 0, at, IR_NONE,
                           IR_NONE, 0));
}

LIFT(sc)
{
    IrVal at = atomic_base(l, a->rs1, a->dbl);
    IrVal failed = ir_emit(l->ir, IR_stex, amo_type(a->dbl), a->rl ? IR_ORD_REL : 0, at,
                           rv_get_x(l, a->rs2), IR_NONE, 0);

    rv_set_x(l, a->rd, ir_zext(l->ir, IR_I64, failed, 32));
    return true;
}

static bool amo(Lift *l, IrOpcode op, unsigned dbl, unsigned rd, unsigned rs1, IrVal v)
{
    IrVal at = atomic_base(l, rs1, dbl);

    return set_old(l, rd, dbl, ir_emit(l->ir, op, amo_type(dbl), 0, at, v, IR_NONE, 0));
}

#define OP_AMO(name, op)                                                                 \
    LIFT(name)                                                                           \
    {                                                                                    \
        return amo(l, IR_##op, a->dbl, a->rd, a->rs1, rv_get_x(l, a->rs2));                 \
    }

OP_AMO(amoswap, amo_swap)
OP_AMO(amoadd, amo_add)
OP_AMO(amoxor, amo_xor)
OP_AMO(amoor, amo_or)
OP_AMO(amomin, amo_min_s)
OP_AMO(amomax, amo_max_s)
OP_AMO(amominu, amo_min_u)
OP_AMO(amomaxu, amo_max_u)

LIFT(amoand)
{
    IrVal clear = ir_op2(l->ir, IR_xorn, rv_get_x(l, a->rs2), imm(l, 0));

    return amo(l, IR_amo_andn, a->dbl, a->rd, a->rs1, clear);
}

/* ---- order ---- */

/*
 * fence: by what comes before and after it, of I, O, R, W in bits 3 to 0; devices count as memory.
 * Only stores before loads need more than the host does anyway. PAUSE has nothing before it.
 */
LIFT(fence)
{
    enum { READS = 2 | 8, WRITES = 1 | 4, TSO = 8 };
    IrFence kind = IR_FENCE_LD;

    if (!a->pred || !a->succ) {
        return true;
    }
    if (a->fm != TSO && (a->pred & WRITES)) {
        kind = a->succ & READS ? IR_FENCE_FULL : IR_FENCE_ST;
    }
    ir_emit(l->ir, IR_fence, IR_VOID, 0, IR_NONE, IR_NONE, IR_NONE, kind);
    return true;
}

/* FENCE.I names no address: all code may have changed. */
LIFT(fence_i)
{
    rv_call(l, RV_HELPER_FENCE_I, imm(l, 0));
    ir_emit(l->ir, IR_exit_sync, IR_I64, 0, imm(l, l->pc.va + insn_bytes(a->word)), IR_NONE,
            IR_NONE, 0);
    return true;
}
