/* SPDX-License-Identifier: MIT */
/*
 * lift_mem.c: loads and stores of general and SIMD&FP registers (LD1 to LD4 and their
 * like are in lift_simd_mem.c).
 *
 * Each access is one memory op with base, scaled index and displacement. `wb` is as in
 * base.dec: 0 and 2 plain offset, 1 post-index, 3 pre-index. Writeback is the last write,
 * so that a fault leaves the base as it was; where the base is loaded too (unpredictable
 * in the manual) writeback wins.
 */
#include "translate/guest/aarch64/lift_fuse.h"
#include "translate/guest/aarch64/lift_simd.h"

typedef struct {
    IrVal base, index;
    unsigned scale;
    int32_t disp;
} Address;

/* ---- addresses ---- */

static Address base_disp(Lift *l, unsigned rn, int64_t disp, unsigned wb)
{
    return (Address){ get_xsp(l, IR_I64, rn), IR_NONE, 0, wb == 1 ? 0 : (int32_t)disp };
}

static Address literal(Lift *l, int64_t offset)
{
    return (Address){ target_pc(l, offset), IR_NONE, 0, 0 };
}

/* writeback: the base's new value, to be computed before registers are written; or none.
 */
static IrVal writeback(Lift *l, unsigned rn, int64_t disp, unsigned wb)
{
    if (!(wb & 1)) {
        return IR_NONE;
    }
    return ir_add(l->ir, get_xsp(l, IR_I64, rn), imm(l, IR_I64, (uint64_t)disp));
}

static void finish_writeback(Lift *l, unsigned rn, IrVal v)
{
    if (v.ref) {
        set_xsp(l, IR_I64, rn, v);
    }
}

/* The index of register offset forms: sx signed, x all 64 bits, s scaled by the access.
 */
typedef struct {
    unsigned size, rn, rm, sx, x, s;
} RegOffset;

#define REG_OFFSET(a, log2_bytes)                                                        \
 (&(RegOffset){ log2_bytes, a->rn, a->rm, a->sx, a->x, a->s })

static Address base_index(Lift *l, const RegOffset *r)
{
    IrVal m = get_x(l, IR_I64, r->rm);

    if (!r->x) {
        m = r->sx ? ir_sext(l->ir, IR_I64, m, 32) : ir_zext(l->ir, IR_I64, m, 32);
    }
    return (Address){ get_xsp(l, IR_I64, r->rn), m, r->s ? r->size : 0, 0 };
}

static Address plus(Address at, int32_t bytes)
{
    at.disp += bytes;
    return at;
}

/* ---- accesses: size is the logarithm of the bytes ---- */

static IrVal load(Lift *l, unsigned size, unsigned order, Address at)
{
    return ir_load(l->ir, int_type(size), order, at.base, at.index, at.scale, at.disp);
}

/* load_s: sign-extended to 64 bits, or to 32 and then zero-extended. */
static IrVal load_s(Lift *l, unsigned size, unsigned order, bool to32, Address at)
{
    return ir_load_s(l->ir, int_type(size), order | (to32 ? IRF_SX32 : 0), at.base,
                     at.index, at.scale, at.disp);
}

static void store(Lift *l, unsigned size, unsigned order, Address at, unsigned rt)
{
    ir_store(l->ir, int_type(size), order, at.base, at.index, at.scale, at.disp,
             get_x(l, IR_I64, rt));
}

static IrVal load_fp(Lift *l, unsigned size, Address at)
{
    return ir_vload(l->ir, int_type(size), 0, at.base, at.index, at.scale, at.disp);
}

static void store_fp(Lift *l, unsigned size, Address at, unsigned rt)
{
    ir_vstore(l->ir, int_type(size), 0, at.base, at.index, at.scale, at.disp,
              get_v(l, rt));
}

/* set_loaded: what loads return is extended to 64 bits already. */
static void set_loaded(Lift *l, unsigned rt, IrVal v)
{
    set_x(l, IR_I64, rt, v);
}

/* ---- one register, immediate offset ---- */

bool a64_str_imm(Lift *l, const a64_str_imm_args *a)
{
    IrVal wb;

    store(l, a->size, 0, base_disp(l, a->rn, a->disp, a->wb), a->rt);
    wb = writeback(l, a->rn, a->disp, a->wb);
    finish_writeback(l, a->rn, wb);
    return true;
}

bool a64_ldr_imm(Lift *l, const a64_ldr_imm_args *a)
{
    IrVal v = load(l, a->size, 0, base_disp(l, a->rn, a->disp, a->wb));
    IrVal wb = writeback(l, a->rn, a->disp, a->wb);

    set_loaded(l, a->rt, v);
    finish_writeback(l, a->rn, wb);
    return true;
}

bool a64_ldrs_imm(Lift *l, const a64_ldrs_imm_args *a)
{
    IrVal v = load_s(l, a->size, 0, a->w, base_disp(l, a->rn, a->disp, a->wb));
    IrVal wb = writeback(l, a->rn, a->disp, a->wb);

    set_loaded(l, a->rt, v);
    finish_writeback(l, a->rn, wb);
    return true;
}

bool a64_str_imm_fp(Lift *l, const a64_str_imm_fp_args *a)
{
    IrVal wb;

    store_fp(l, a->size, base_disp(l, a->rn, a->disp, a->wb), a->rt);
    wb = writeback(l, a->rn, a->disp, a->wb);
    finish_writeback(l, a->rn, wb);
    return true;
}

bool a64_ldr_imm_fp(Lift *l, const a64_ldr_imm_fp_args *a)
{
    IrVal v = load_fp(l, a->size, base_disp(l, a->rn, a->disp, a->wb));
    IrVal wb = writeback(l, a->rn, a->disp, a->wb);

    set_v(l, a->rt, v);
    finish_writeback(l, a->rn, wb);
    return true;
}

/* ---- one register, register offset ---- */

bool a64_str_reg(Lift *l, const a64_str_reg_args *a)
{
    store(l, a->size, 0, base_index(l, REG_OFFSET(a, a->size)), a->rt);
    return true;
}

bool a64_ldr_reg(Lift *l, const a64_ldr_reg_args *a)
{
    set_loaded(l, a->rt, load(l, a->size, 0, base_index(l, REG_OFFSET(a, a->size))));
    return true;
}

bool a64_ldrs_reg(Lift *l, const a64_ldrs_reg_args *a)
{
    set_loaded(l, a->rt,
               load_s(l, a->size, 0, a->w, base_index(l, REG_OFFSET(a, a->size))));
    return true;
}

bool a64_str_reg_fp(Lift *l, const a64_str_reg_fp_args *a)
{
    store_fp(l, a->size, base_index(l, REG_OFFSET(a, a->size)), a->rt);
    return true;
}

bool a64_ldr_reg_fp(Lift *l, const a64_ldr_reg_fp_args *a)
{
    set_v(l, a->rt, load_fp(l, a->size, base_index(l, REG_OFFSET(a, a->size))));
    return true;
}

/* ---- literals ---- */

bool a64_ldr_lit(Lift *l, const a64_ldr_lit_args *a)
{
    set_loaded(l, a->rt, load(l, a->size, 0, literal(l, a->offset)));
    return true;
}

bool a64_ldrsw_lit(Lift *l, const a64_ldrsw_lit_args *a)
{
    set_loaded(l, a->rt, load_s(l, 2, 0, false, literal(l, a->offset)));
    return true;
}

bool a64_ldr_lit_fp(Lift *l, const a64_ldr_lit_fp_args *a)
{
    set_v(l, a->rt, load_fp(l, a->size, literal(l, a->offset)));
    return true;
}

/* ---- two registers as one value ---- */

/* pair32: registers lo and hi as the doubleword they make in memory. */
static IrVal pair32(Lift *l, unsigned lo, unsigned hi)
{
    return ir_op2i(l->ir, IR_bfi, get_x(l, IR_I64, lo), get_x(l, IR_I64, hi),
                   32 | 32u << 8);
}

static IrVal pair64(Lift *l, unsigned lo, unsigned hi)
{
    return ir_emit(l->ir, IR_vpack64, IR_I64, 0, get_x(l, IR_I64, lo),
                   get_x(l, IR_I64, hi), IR_NONE, 0);
}

static void set_pair32(Lift *l, unsigned lo, unsigned hi, IrVal v)
{
    IrVal high = ir_shr_u(l->ir, v, imm(l, IR_I64, 32));

    set_x(l, IR_I32, lo, v);
    set_x(l, IR_I64, hi, high);
}

static IrVal half(Lift *l, IrVal v, unsigned lane)
{
    return ir_emit(l->ir, IR_vget_u, IR_I64, 0, v, IR_NONE, IR_NONE, lane);
}

static void set_pair64(Lift *l, unsigned lo, unsigned hi, IrVal v)
{
    IrVal low = half(l, v, 0), high = half(l, v, 1);

    set_x(l, IR_I64, lo, low);
    set_x(l, IR_I64, hi, high);
}

/*
 * ---- pairs: two accesses, both before any register changes ----
 *
 * With LSE2 an aligned pair is one access. That costs moves between integer and vector registers,
 * and the host forwards no pair of stores to it, so `max` has no LSE2; and pairs on the stack,
 * which threads do not share in such ways, stay two.
 */

static bool one_access(const Lift *l, unsigned rn)
{
    return l->features & A64_FEAT_lse2 && rn != 31;
}

static void store_pair(Lift *l, unsigned size, Address at, unsigned rt, unsigned rt2)
{
    IrVal v = size == 3 ? pair64(l, rt, rt2) : pair32(l, rt, rt2);

    if (size == 3)
        ir_vstore(l->ir, IR_I128, 0, at.base, at.index, at.scale, at.disp, v);
    else
        ir_store(l->ir, IR_I64, 0, at.base, at.index, at.scale, at.disp, v);
}

static void load_pair(Lift *l, const a64_ldp_args *a, Address at)
{
    IrVal v = a->size == 3
                  ? ir_vload(l->ir, IR_I128, 0, at.base, at.index, at.scale, at.disp)
                  : load(l, 3, 0, at);
    IrVal wb = writeback(l, a->rn, a->disp, a->wb);

    if (a->size == 3)
        set_pair64(l, a->rt, a->rt2, v);
    else
        set_pair32(l, a->rt, a->rt2, v);
    finish_writeback(l, a->rn, wb);
}

bool a64_stp(Lift *l, const a64_stp_args *a)
{
    Address at = base_disp(l, a->rn, a->disp, a->wb);
    IrVal wb;

    if (one_access(l, a->rn)) {
        store_pair(l, a->size, at, a->rt, a->rt2);
    } else {
        store(l, a->size, 0, at, a->rt);
        store(l, a->size, 0, plus(at, 1 << a->size), a->rt2);
    }
    wb = writeback(l, a->rn, a->disp, a->wb);
    finish_writeback(l, a->rn, wb);
    return true;
}

bool a64_ldp(Lift *l, const a64_ldp_args *a)
{
    Address at = base_disp(l, a->rn, a->disp, a->wb);

    if (one_access(l, a->rn)) {
        load_pair(l, a, at);
        return true;
    }
    IrVal first = load(l, a->size, 0, at);
    IrVal second = load(l, a->size, 0, plus(at, 1 << a->size));
    IrVal wb = writeback(l, a->rn, a->disp, a->wb);

    set_loaded(l, a->rt, first);
    set_loaded(l, a->rt2, second);
    finish_writeback(l, a->rn, wb);
    return true;
}

bool a64_ldpsw(Lift *l, const a64_ldpsw_args *a)
{
    Address at = base_disp(l, a->rn, a->disp, a->wb);
    IrVal first = load_s(l, 2, 0, false, at);
    IrVal second = load_s(l, 2, 0, false, plus(at, 4));
    IrVal wb = writeback(l, a->rn, a->disp, a->wb);

    set_loaded(l, a->rt, first);
    set_loaded(l, a->rt2, second);
    finish_writeback(l, a->rn, wb);
    return true;
}

bool a64_stp_fp(Lift *l, const a64_stp_fp_args *a)
{
    Address at = base_disp(l, a->rn, a->disp, a->wb);
    IrVal wb;

    store_fp(l, a->size, at, a->rt);
    store_fp(l, a->size, plus(at, 1 << a->size), a->rt2);
    wb = writeback(l, a->rn, a->disp, a->wb);
    finish_writeback(l, a->rn, wb);
    return true;
}

bool a64_ldp_fp(Lift *l, const a64_ldp_fp_args *a)
{
    Address at = base_disp(l, a->rn, a->disp, a->wb);
    IrVal first = load_fp(l, a->size, at);
    IrVal second = load_fp(l, a->size, plus(at, 1 << a->size));
    IrVal wb = writeback(l, a->rn, a->disp, a->wb);

    set_v(l, a->rt, first);
    set_v(l, a->rt2, second);
    finish_writeback(l, a->rn, wb);
    return true;
}

/* ---- prefetch: Rt is the operation; instruction prefetches and reserved ones do nothing
 * ---- */

static bool prefetch(Lift *l, unsigned operation, Address at)
{
    if ((operation >> 3 & 1) == 0) { /* PLD is 0, PST is 2, PLI 1 */
        ir_emit(l->ir, IR_prefetch, IR_I64, 0, at.base, at.index, IR_NONE,
                ir_mem_imm(at.scale, at.disp));
    }
    return true;
}

bool a64_prfm_imm(Lift *l, const a64_prfm_imm_args *a)
{
    return prefetch(l, a->rt, base_disp(l, a->rn, a->disp, 0));
}

bool a64_prfm_reg(Lift *l, const a64_prfm_reg_args *a)
{
    return prefetch(l, a->rt, base_index(l, REG_OFFSET(a, 3)));
}

bool a64_prfm_lit(Lift *l, const a64_prfm_lit_args *a)
{
    return prefetch(l, a->rt, literal(l, a->offset));
}

/* ---- acquire and release ---- */

/*
 * AArch64.CheckAlignment: ordered and atomic accesses are aligned, with LSE2 within 16 bytes. The
 * pairs of doublewords are always aligned, which their IR ops see to.
 */
static void check_align(Lift *l, IrVal at, unsigned size)
{
    unsigned lse2 = l->features & A64_FEAT_lse2 ? 1 << 8 : 0;

    if (size)
        ir_emit(l->ir, IR_check_align, IR_I64, 0, at, IR_NONE, IR_NONE, lse2 | 1u << size);
}

IrVal a64_atomic_base(Lift *l, unsigned rn, unsigned size)
{
    IrVal at = get_xsp(l, IR_I64, rn);

    check_align(l, at, size);
    return at;
}

/* ordered_disp: the address of an ordered access, checked. */
static Address ordered_disp(Lift *l, unsigned size, unsigned rn, int64_t disp)
{
    Address at = base_disp(l, rn, disp, 0);

    check_align(l, disp ? ir_add(l->ir, at.base, imm(l, IR_I64, (uint64_t)disp)) : at.base, size);
    return at;
}

bool a64_stlr(Lift *l, const a64_stlr_args *a)
{
    store(l, a->size, IR_ORD_REL, ordered_disp(l, a->size, a->rn, 0), a->rt);
    return true;
}

bool a64_ldar(Lift *l, const a64_ldar_args *a)
{
    set_loaded(l, a->rt, load(l, a->size, IR_ORD_ACQ, ordered_disp(l, a->size, a->rn, 0)));
    return true;
}

bool a64_ldapr(Lift *l, const a64_ldapr_args *a)
{
    set_loaded(l, a->rt, load(l, a->size, IR_ORD_ACQ, ordered_disp(l, a->size, a->rn, 0)));
    return true;
}

bool a64_stlur(Lift *l, const a64_stlur_args *a)
{
    store(l, a->size, IR_ORD_REL, ordered_disp(l, a->size, a->rn, a->disp), a->rt);
    return true;
}

bool a64_ldapur(Lift *l, const a64_ldapur_args *a)
{
    set_loaded(l, a->rt, load(l, a->size, IR_ORD_ACQ, ordered_disp(l, a->size, a->rn, a->disp)));
    return true;
}

bool a64_ldapurs(Lift *l, const a64_ldapurs_args *a)
{
    Address at = ordered_disp(l, a->size, a->rn, a->disp);

    set_loaded(l, a->rt, load_s(l, a->size, IR_ORD_ACQ, a->w, at));
    return true;
}

/* ---- exclusives. A pair of words is one doubleword, a pair of doublewords 16 bytes.
 * ---- */

static unsigned acquire(unsigned acq)
{
    return acq ? IR_ORD_ACQ : 0;
}

static unsigned release(unsigned rel)
{
    return rel ? IR_ORD_REL : 0;
}

bool a64_ldxr(Lift *l, const a64_ldxr_args *a)
{
    if (a64_fuse_exclusive(l, a->size, a->rn, a->rt)) {
        return true;
    }
    set_loaded(l, a->rt,
               ir_emit(l->ir, IR_ldex, int_type(a->size), acquire(a->acq),
                       a64_atomic_base(l, a->rn, a->size), IR_NONE, IR_NONE, 0));
    return true;
}

bool a64_stxr(Lift *l, const a64_stxr_args *a)
{
    set_x(l, IR_I32, a->rs,
          ir_emit(l->ir, IR_stex, int_type(a->size), release(a->rel),
                  a64_atomic_base(l, a->rn, a->size), get_x(l, IR_I64, a->rt), IR_NONE, 0));
    return true;
}

bool a64_ldxp(Lift *l, const a64_ldxp_args *a)
{
    IrVal at = a64_atomic_base(l, a->rn, a->sz ? 0 : 3);
    unsigned order = acquire(a->acq);

    if (a->sz) {
        set_pair64(l, a->rt, a->rt2,
                   ir_emit(l->ir, IR_ldex128, IR_I128, order, at, IR_NONE, IR_NONE, 0));
    } else {
        set_pair32(l, a->rt, a->rt2,
                   ir_emit(l->ir, IR_ldex, IR_I64, order, at, IR_NONE, IR_NONE, 0));
    }
    return true;
}

bool a64_stxp(Lift *l, const a64_stxp_args *a)
{
    IrVal v = a->sz ? pair64(l, a->rt, a->rt2) : pair32(l, a->rt, a->rt2);

    set_x(l, IR_I32, a->rs,
          ir_emit(l->ir, a->sz ? IR_stex128 : IR_stex, a->sz ? IR_I128 : IR_I64,
                  release(a->rel), a64_atomic_base(l, a->rn, a->sz ? 0 : 3), v, IR_NONE, 0));
    return true;
}

/* ---- LSE atomics. The IR's are sequentially consistent, more than any of these asks.
 * ---- */

typedef struct {
    unsigned size, acq, rel, rs, rn, rt;
} Atomic;

static bool atomic(Lift *l, IrOpcode op, Atomic a)
{
    set_loaded(l, a.rt,
               ir_emit(l->ir, op, int_type(a.size), acquire(a.acq) | release(a.rel),
                       a64_atomic_base(l, a.rn, a.size), get_x(l, IR_I64, a.rs), IR_NONE, 0));
    return true;
}

// clang-format off
#define ATOMIC(name, op) \
    bool a64_##name(Lift *l, const a64_##name##_args *a) \
    { \
        return atomic(l, op, (Atomic){ a->size, a->acq, a->rel, a->rs, a->rn, a->rt }); \
    }
ATOMIC(ldadd,  IR_amo_add)
ATOMIC(ldclr,  IR_amo_andn)
ATOMIC(ldeor,  IR_amo_xor)
ATOMIC(ldset,  IR_amo_or)
ATOMIC(ldsmax, IR_amo_max_s)
ATOMIC(ldsmin, IR_amo_min_s)
ATOMIC(ldumax, IR_amo_max_u)
ATOMIC(ldumin, IR_amo_min_u)
ATOMIC(swp,    IR_amo_swap)
// clang-format on

bool a64_cas(Lift *l, const a64_cas_args *a)
{
    IrVal want = get_x(l, IR_I64, a->rs), put = get_x(l, IR_I64, a->rt);

    set_loaded(l, a->rs,
               ir_emit(l->ir, IR_cas, int_type(a->size),
                       acquire(a->acq) | release(a->rel), a64_atomic_base(l, a->rn, a->size),
                       want, put, 0));
    return true;
}

/* CASP: pairs start at even registers; the one after 30 is the zero register. */
bool a64_casp(Lift *l, const a64_casp_args *a)
{
    IrVal at, want, put, old;
    unsigned order = acquire(a->acq) | release(a->rel);

    if ((a->rs | a->rt) & 1) {
        return false;
    }
    at = a64_atomic_base(l, a->rn, a->sz ? 0 : 3);
    if (a->sz) {
        want = pair64(l, a->rs, a->rs + 1);
        put = pair64(l, a->rt, a->rt + 1);
        old = ir_emit(l->ir, IR_cas128, IR_I128, order, at, want, put, 0);
        set_pair64(l, a->rs, a->rs + 1, old);
    } else {
        want = pair32(l, a->rs, a->rs + 1);
        put = pair32(l, a->rt, a->rt + 1);
        old = ir_emit(l->ir, IR_cas, IR_I64, order, at, want, put, 0);
        set_pair32(l, a->rs, a->rs + 1, old);
    }
    return true;
}
