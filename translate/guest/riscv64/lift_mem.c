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
        return code_at(l, base);
    }
    return rv_get_z(l, rs1);
}

static bool load(Lift *l, IrOpcode op, IrType type, unsigned rd, unsigned rs1, int64_t disp)
{
    IrVal base = rv_address(l, rs1, &disp), v;

    v = op == IR_load_s ? ir_load_s(l->ir, type, rv_is_32(l) ? IRF_SX32 : 0, base, IR_NONE, 0, (int32_t)disp)
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

/* PREFETCH.I is 0, .R 1, .W 3. */
LIFT(prefetch)
{
    if (a->word >> 20 & 1) {
        ir_emit(l->ir, IR_prefetch, IR_I64, 0, rv_get_z(l, a->rs1), IR_NONE, IR_NONE,
                ir_mem_imm(0, (int32_t)a->imm));
    }
    return true;
}

/* ---- cache blocks ---- */

/* Cleaning and flushing do nothing, but fault like a load. */
LIFT(cbo_clean)
{
    ir_load(l->ir, IR_I8, 0, rv_get_z(l, a->rs1), IR_NONE, 0, 0);
    return true;
}

/* A fault is at the address in rs1, not at the block's: the byte there is the first to be cleared. */
LIFT(cbo_zero)
{
    IrVal at = rv_get_z(l, a->rs1);

    ir_store(l->ir, IR_I8, 0, at, IR_NONE, 0, 0, imm(l, 0));
    ir_emit(l->ir, IR_zero_block, IR_I64, 0, at, IR_NONE, IR_NONE, 0);
    return true;
}

/* ---- atomics. The IR's are sequentially consistent, more than any of these asks. ---- */

static IrType amo_type(unsigned size)
{
    return (IrType)(IR_I8 + size);
}

/* atomic_base: the address in rs1, which must be a multiple of the access's size. */
static IrVal atomic_base(Lift *l, unsigned rs1, unsigned size)
{
    IrVal at = rv_get_z(l, rs1);

    if (size) {
        ir_emit(l->ir, IR_check_align, IR_VOID, 0, at, IR_NONE, IR_NONE, 1u << size);
    }
    return at;
}

/* amo_there: doublewords are RV64's. */
static bool amo_there(const Lift *l, unsigned size)
{
    return size < 3 || !rv_is_32(l);
}

/* set_old: what memory held, sign-extended. */
static bool set_old(Lift *l, unsigned rd, unsigned size, IrVal v)
{
    if (rd) {
        rv_set_x(l, rd, size < 3 && !(size == 2 && rv_is_32(l)) ? ir_sext(l->ir, rv_xlen(l), v, 8u << size)
                                                            : v);
    }
    return true;
}

LIFT(lr)
{
    if (!amo_there(l, a->size)) {
        return false;
    }
    IrVal at = atomic_base(l, a->rs1, a->size);

    return set_old(l, a->rd, a->size,
                   ir_emit(l->ir, IR_ldex, amo_type(a->size), a->aq ? IR_ORD_ACQ : 0, at, IR_NONE,
                           IR_NONE, 0));
}

LIFT(sc)
{
    if (!amo_there(l, a->size)) {
        return false;
    }
    IrVal at = atomic_base(l, a->rs1, a->size);
    IrVal failed = ir_emit(l->ir, IR_stex, amo_type(a->size), a->rl ? IR_ORD_REL : 0, at,
                           rv_get_x(l, a->rs2), IR_NONE, 0);

    rv_set_x(l, a->rd, rv_is_32(l) ? failed : ir_zext(l->ir, IR_I64, failed, 32));
    return true;
}

static bool amo(Lift *l, IrOpcode op, unsigned size, unsigned rd, unsigned rs1, IrVal v)
{
    if (!amo_there(l, size)) {
        return false;
    }
    IrVal at = atomic_base(l, rs1, size);

    return set_old(l, rd, size, ir_emit(l->ir, op, amo_type(size), 0, at, v, IR_NONE, 0));
}

#define OP_AMO(name, op)                                                                 \
    LIFT(name)                                                                           \
    {                                                                                    \
        return amo(l, IR_##op, a->size, a->rd, a->rs1, rv_get_x(l, a->rs2));             \
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
    if (!amo_there(l, a->size)) {
        return false;
    }
    IrVal clear = ir_op2(l->ir, IR_xorn, rv_get_x(l, a->rs2), imm(l, 0));

    return amo(l, IR_amo_andn, a->size, a->rd, a->rs1, clear);
}

/* rd is what is expected, and what was found. */
LIFT(amocas)
{
    IrVal at = atomic_base(l, a->rs1, a->size);

    return set_old(l, a->rd, a->size,
                   ir_emit(l->ir, IR_cas, amo_type(a->size), 0, at, rv_get_x(l, a->rd),
                           rv_get_x(l, a->rs2), 0));
}

/*
 * amocas_pair: of an even register and the next one, above it; a pair of x0 is zero. On RV32 both fit an
 * IR_I64.
 */
static bool cas_words(Lift *l, unsigned rd, unsigned rs2, IrVal at)
{
    IrVal expected = rd ? rv_get_both(l, rd, rd + 1) : imm64(l, 0);
    IrVal new = rs2 ? rv_get_both(l, rs2, rs2 + 1) : imm64(l, 0);
    IrVal old = ir_emit(l->ir, IR_cas, IR_I64, 0, at, expected, new, 0);

    if (rd) {
        rv_set_x(l, rd, old);
        rv_set_x(l, rd + 1, ir_shr_u(l->ir, old, imm64(l, 32)));
    }
    return true;
}

static IrVal doublewords(Lift *l, unsigned r)
{
    return ir_emit(l->ir, IR_vpack64, IR_I64, 0, rv_get_x(l, r), rv_get_x(l, r ? r + 1 : 0),
                   IR_NONE, 0);
}

static bool cas_doublewords(Lift *l, unsigned rd, unsigned rs2, IrVal at)
{
    IrVal old = ir_emit(l->ir, IR_cas128, IR_I128, 0, at, doublewords(l, rd), doublewords(l, rs2), 0);

    if (rd) {
        rv_set_x(l, rd, ir_emit(l->ir, IR_vget_u, IR_I64, 0, old, IR_NONE, IR_NONE, 0));
        rv_set_x(l, rd + 1, ir_emit(l->ir, IR_vget_u, IR_I64, 0, old, IR_NONE, IR_NONE, 1));
    }
    return true;
}

LIFT(amocas_pair)
{
    if (a->rd & 1 || a->rs2 & 1) {
        return false;
    }
    return rv_is_32(l) ? cas_words(l, a->rd, a->rs2, atomic_base(l, a->rs1, 3))
                       : cas_doublewords(l, a->rd, a->rs2, atomic_base(l, a->rs1, 4));
}

/* WRS waits until the reserved memory changes, or for another reason, such as none. */
LIFT(wrs)
{
    (void)l, (void)a;
    return true;
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
    rv_call(l, RV_HELPER_FENCE_I, imm64(l, 0));
    ir_emit(l->ir, IR_exit_sync, IR_I64, 0, code_at(l, l->pc.va + insn_bytes(a->word)), IR_NONE,
            IR_NONE, 0);
    return true;
}
