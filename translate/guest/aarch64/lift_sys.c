/* SPDX-License-Identifier: MIT */
/*
 * lift_sys.c: hints, barriers, cache maintenance and system registers.
 *
 * Caches: CTR_EL0 asks for both cleaning (IDC = 0) and invalidation (DIC = 0), so that a
 * guest that writes code always announces it by IC IVAU, which drops the translations,
 * and ISB, after which the next block is looked up afresh. No page needs write
 * protection. IC IVAU is for the address that is executed: as a VIPT cache (L1Ip) makes no
 * promise for other addresses of the same memory.
 */
#include "translate/guest/aarch64/features.h"
#include "translate/guest/aarch64/lift.h"

enum {
    DMINLINE_LOG2_WORDS = 4, /* 64-byte lines, as DC ZVA */
    IMINLINE_LOG2_WORDS = 4, /* 64-byte lines, as IC IVAU's helper */
    ZVA_LOG2_WORDS = 4,
    COUNTER_HZ = 1000000000, /* as A64_HELPER_GET_CNTVCT counts */
};

/* ---- hints and barriers ---- */

bool a64_hint(Lift *l, const a64_hint_args *a)
{
    (void)l, (void)a;
    return true;
}

static bool fence(Lift *l, IrFence kind)
{
    ir_emit(l->ir, IR_fence, IR_VOID, 0, IR_NONE, IR_NONE, IR_NONE, kind);
    return true;
}

bool a64_clrex(Lift *l, const a64_clrex_args *a)
{
    (void)a;
    ir_emit(l->ir, IR_clrex, IR_VOID, 0, IR_NONE, IR_NONE, IR_NONE, 0);
    return true;
}

/* CRm bits 1 and 0: 1 loads, 2 stores, 0 and 3 all accesses. */
static bool barrier(Lift *l, unsigned crm)
{
    static const IrFence kind[] = { IR_FENCE_FULL, IR_FENCE_LD, IR_FENCE_ST,
                                    IR_FENCE_FULL };

    return fence(l, kind[crm & 3]);
}

bool a64_dmb(Lift *l, const a64_dmb_args *a)
{
    return barrier(l, a->crm);
}

bool a64_dsb(Lift *l, const a64_dsb_args *a)
{
    return barrier(l, a->crm);
}

/* sync: end the block, so that what follows runs under the modes and code of now. */
static bool sync(Lift *l)
{
    ir_emit(l->ir, IR_exit_sync, IR_I64, 0, next_pc(l), IR_NONE, IR_NONE, 0);
    return true;
}

bool a64_isb(Lift *l, const a64_isb_args *a)
{
    (void)a;
    return sync(l);
}

bool a64_sb(Lift *l, const a64_sb_args *a)
{
    (void)a;
    return fence(l, IR_FENCE_FULL);
}

/* ---- PSTATE ---- */

static IrVal get_nzcv(Lift *l)
{
    return ir_emit(l->ir, IR_getf, IR_I64, 0, IR_NONE, IR_NONE, IR_NONE, 0);
}

static bool set_nzcv(Lift *l, IrVal v)
{
    ir_emit(l->ir, IR_setf, IR_I64, 0, v, IR_NONE, IR_NONE, 0);
    return true;
}

bool a64_cfinv(Lift *l, const a64_cfinv_args *a)
{
    (void)a;
    return set_nzcv(l, ir_xor(l->ir, get_nzcv(l), imm(l, IR_I64, 1u << 29)));
}

/* flag: one of NZCV (3 is N) as bit 0 of the result; the others are not cleared. */
static IrVal flag(Lift *l, IrVal nzcv, unsigned which)
{
    return ir_shr_u(l->ir, nzcv, imm(l, IR_I64, 28 + which));
}

/* in_place: bit 0 of v as that flag in a word of NZCV. */
static IrVal in_place(Lift *l, IrVal v, unsigned which)
{
    return ir_shl(l->ir, ir_and(l->ir, v, imm(l, IR_I64, 1)), imm(l, IR_I64, 28 + which));
}

static IrVal flip(Lift *l, IrVal v)
{
    return ir_xor(l->ir, v, imm(l, IR_I64, 1));
}

/* AXFLAG: Z = Z | V, C = C & !V, N = V = 0. */
bool a64_axflag(Lift *l, const a64_axflag_args *a)
{
    IrVal f = get_nzcv(l), v = flag(l, f, 0);
    IrVal z = ir_or(l->ir, flag(l, f, 2), v);
    IrVal c = ir_and(l->ir, flag(l, f, 1), flip(l, v));

    (void)a;
    return set_nzcv(l, ir_or(l->ir, in_place(l, z, 2), in_place(l, c, 1)));
}

/* XAFLAG: N = !C & !Z, Z = Z & C, C = C | Z, V = !C & Z. */
bool a64_xaflag(Lift *l, const a64_xaflag_args *a)
{
    IrVal f = get_nzcv(l), z = flag(l, f, 2), c = flag(l, f, 1);
    IrVal either = ir_or(l->ir, c, z);
    IrVal nz = ir_or(l->ir, in_place(l, flip(l, either), 3),
                     in_place(l, ir_and(l->ir, z, c), 2));
    IrVal cv = ir_or(l->ir, in_place(l, either, 1),
                     in_place(l, ir_and(l->ir, z, flip(l, c)), 0));

    (void)a;
    return set_nzcv(l, ir_or(l->ir, nz, cv));
}

/* ---- bits of PSTATE that do nothing here but are kept: the host has no such mode ---- */

static bool mrs_pstate(Lift *l, unsigned rt, uint64_t bit)
{
    IrVal p = ir_reg(l->ir, A64_PSTATE, IR_I64);

    set_x(l, IR_I64, rt, ir_and(l->ir, p, imm(l, IR_I64, bit)));
    return true;
}

static bool msr_pstate(Lift *l, IrVal v, uint64_t bit)
{
    IrVal rest = ir_and(l->ir, ir_reg(l->ir, A64_PSTATE, IR_I64), imm(l, IR_I64, ~bit));

    ir_set(l->ir, A64_PSTATE, ir_or(l->ir, rest, ir_and(l->ir, v, imm(l, IR_I64, bit))));
    return true;
}

bool a64_mrs_dit(Lift *l, const a64_mrs_dit_args *a)
{
    return mrs_pstate(l, a->rt, A64_PSTATE_DIT);
}

bool a64_msr_dit(Lift *l, const a64_msr_dit_args *a)
{
    return msr_pstate(l, get_x(l, IR_I64, a->rt), A64_PSTATE_DIT);
}

bool a64_msr_dit_imm(Lift *l, const a64_msr_dit_imm_args *a)
{
    return msr_pstate(l, imm(l, IR_I64, a->crm & 1 ? ~0ull : 0), A64_PSTATE_DIT);
}

bool a64_mrs_ssbs(Lift *l, const a64_mrs_ssbs_args *a)
{
    return mrs_pstate(l, a->rt, A64_PSTATE_SSBS);
}

bool a64_msr_ssbs(Lift *l, const a64_msr_ssbs_args *a)
{
    return msr_pstate(l, get_x(l, IR_I64, a->rt), A64_PSTATE_SSBS);
}

bool a64_msr_ssbs_imm(Lift *l, const a64_msr_ssbs_imm_args *a)
{
    return msr_pstate(l, imm(l, IR_I64, a->crm & 1 ? ~0ull : 0), A64_PSTATE_SSBS);
}

/* ---- caches ---- */

bool a64_dc_zva(Lift *l, const a64_dc_zva_args *a)
{
    ir_emit(l->ir, IR_zero_block, IR_I64, 0, get_x(l, IR_I64, a->rt), IR_NONE, IR_NONE,
            0);
    return true;
}

/* Cleaning does nothing, but faults like a load. */
bool a64_dc_clean(Lift *l, const a64_dc_clean_args *a)
{
    ir_load(l->ir, IR_I8, 0, get_x(l, IR_I64, a->rt), IR_NONE, 0, 0);
    return true;
}

bool a64_ic_ivau(Lift *l, const a64_ic_ivau_args *a)
{
    call_helper(l, A64_HELPER_IC_IVAU, get_x(l, IR_I64, a->rt));
    return true;
}

/* ---- system registers ---- */

/* ID registers, as Linux's emulation of MRS for EL0 shows them; see a64_id_reg(). */
bool a64_mrs_id(Lift *l, const a64_mrs_id_args *a)
{
    /* Linux 6.1 arch/arm64/kernel/cpufeature.c, is_emulated() and emulate_id_reg() */
    bool emulated = a->crm == 0 ? a->op2 == 0 || a->op2 == 5 || a->op2 == 6
                                : a->crm >= 2 && a->crm <= 7;

    if (!emulated) {
        return false;
    }
    set_x(l, IR_I64, a->rt, imm(l, IR_I64, a64_id_reg(l->features, a->crm, a->op2)));
    return true;
}

static bool mrs_const(Lift *l, unsigned rt, uint64_t value)
{
    set_x(l, IR_I64, rt, imm(l, IR_I64, value));
    return true;
}

bool a64_mrs_ctr(Lift *l, const a64_mrs_ctr_args *a)
{
    uint64_t ctr = 1u << 31 | 4u << 24 | 4u << 20 | /* RES1; CWG and ERG of 64 bytes */
                   DMINLINE_LOG2_WORDS << 16 | 2u << 14 | IMINLINE_LOG2_WORDS; /* VIPT */

    return mrs_const(l, a->rt, ctr);
}

bool a64_mrs_dczid(Lift *l, const a64_mrs_dczid_args *a)
{
    return mrs_const(l, a->rt, ZVA_LOG2_WORDS);
}

bool a64_mrs_cntfrq(Lift *l, const a64_mrs_cntfrq_args *a)
{
    return mrs_const(l, a->rt, COUNTER_HZ);
}

/* Linux keeps TPIDRRO_EL0 at 0 for 64-bit programs. */
bool a64_mrs_tpidrro(Lift *l, const a64_mrs_tpidrro_args *a)
{
    return mrs_const(l, a->rt, 0);
}

bool a64_mrs_nzcv(Lift *l, const a64_mrs_nzcv_args *a)
{
    set_x(l, IR_I64, a->rt, get_nzcv(l));
    return true;
}

bool a64_msr_nzcv(Lift *l, const a64_msr_nzcv_args *a)
{
    return set_nzcv(l, get_x(l, IR_I64, a->rt));
}

bool a64_mrs_tpidr(Lift *l, const a64_mrs_tpidr_args *a)
{
    set_x(l, IR_I64, a->rt, ir_reg(l->ir, A64_TPIDR, IR_I64));
    return true;
}

bool a64_msr_tpidr(Lift *l, const a64_msr_tpidr_args *a)
{
    ir_set(l->ir, A64_TPIDR, get_x(l, IR_I64, a->rt));
    return true;
}

static bool mrs_helper(Lift *l, unsigned rt, unsigned helper)
{
    set_x(l, IR_I64, rt, call_helper(l, helper, IR_NONE));
    return true;
}

bool a64_mrs_fpcr(Lift *l, const a64_mrs_fpcr_args *a)
{
    return mrs_helper(l, a->rt, A64_HELPER_GET_FPCR);
}

/* The modes hold for code translated, and entered, from here on. */
bool a64_msr_fpcr(Lift *l, const a64_msr_fpcr_args *a)
{
    call_helper(l, A64_HELPER_SET_FPCR, get_x(l, IR_I64, a->rt));
    return sync(l);
}

/*
 * Who looks at the cumulative flags, or clears them in order to look, has UFC exact: what is
 * translated together with this, and all that runs later (IrBlock.wants_mode).
 */
static void watch(Lift *l)
{
    l->ir->wants_mode |= MODE_UNDERFLOW;
}

/*
 * raises_only: libgcc's arithmetic on long double raises an exception by a scalar operation that
 * does, reads FPSR so that it is over, and ignores what it read. Programs that print long doubles
 * are not interested in flags.
 */
static bool raises_only(const Lift *l)
{
    uint32_t w[3];

    if (!(l->pc.va & (PAGE_BYTES - 1)) || (l->pc.va & (PAGE_BYTES - 1)) + 8 > PAGE_BYTES)
        return false;
    memcpy(w, l->code - 4, sizeof(w));
    return (w[0] & 0xffe00c1f) == 0x1e200800 && /* s0 = s op s */
           ((w[2] & 0xff00001f) == 0x36000000 || w[2] == 0xd65f03c0); /* tbz w0; ret */
}

bool a64_mrs_fpsr(Lift *l, const a64_mrs_fpsr_args *a)
{
    if (!raises_only(l))
        watch(l);
    return mrs_helper(l, a->rt, A64_HELPER_GET_FPSR);
}

bool a64_msr_fpsr(Lift *l, const a64_msr_fpsr_args *a)
{
    watch(l);
    call_helper(l, A64_HELPER_SET_FPSR, get_x(l, IR_I64, a->rt));
    return true;
}

/* There is always a number: NZCV = 0. */
bool a64_mrs_rndr(Lift *l, const a64_mrs_rndr_args *a)
{
    mrs_helper(l, a->rt, A64_HELPER_RNDR);
    ir_emit(l->ir, IR_setf_k, IR_I64, 0, IR_NONE, IR_NONE, IR_NONE, 0);
    return true;
}

bool a64_mrs_cntvct(Lift *l, const a64_mrs_cntvct_args *a)
{
    return mrs_helper(l, a->rt, A64_HELPER_GET_CNTVCT);
}
