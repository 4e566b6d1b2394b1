/* SPDX-License-Identifier: MIT */
/* lift_branch.c: branches, calls and exceptions: what ends a block. */
#include "translate/guest/aarch64/lift_fuse.h"
#include "translate/translate.h"

static bool exit_to(Lift *l, IrVal pc)
{
    ir_emit(l->ir, IR_exit_to, IR_I64, 0, pc, IR_NONE, IR_NONE, 0);
    return true;
}

bool a64_b(Lift *l, const a64_b_args *a)
{
    if (a64_fuse_call(l, a->offset)) {
        ir_emit(l->ir, IR_exit_ret, IR_I64, 0, get_x(l, IR_I64, 30), IR_NONE, IR_NONE, 0);
        return true;
    }
    return exit_to(l, target_pc(l, a->offset));
}

/*
 * reads_flags: the function there begins by accessing FPSR, as fetestexcept() and feclearexcept()
 * do; so what the caller computes before it calls may be asked for. See watch() in
 * lift_sys.c.
 */
static bool reads_flags(const Lift *l, int64_t offset)
{
    uint32_t w[2];
    const void *code = lift_peek(l, guest_addr(l->pc.va + (uint64_t)offset), sizeof(w));

    if (!code)
        return false;
    memcpy(w, code, sizeof(w));
    return (w[0] & 0xffdfffe0) == 0xd51b4420 || (w[1] & 0xffdfffe0) == 0xd51b4420;
}

bool a64_bl(Lift *l, const a64_bl_args *a)
{
    bool fused = a64_fuse_call(l, a->offset);

    if (!fused && reads_flags(l, a->offset))
        l->ir->wants_mode |= MODE_UNDERFLOW;
    set_x(l, IR_I64, 30, next_pc(l));
    if (fused) {
        return true;
    }
    ir_emit(l->ir, IR_exit_call, IR_I64, 0, target_pc(l, a->offset), next_pc(l), IR_NONE,
            0);
    return true;
}

/* B.cond; conditions 14 and 15 both mean always. */
bool a64_b_cond(Lift *l, const a64_b_cond_args *a)
{
    IrVal taken = target_pc(l, a->offset);

    if (a->cond >= IR_AL) {
        return exit_to(l, taken);
    }
    ir_emit(l->ir, IR_exit_cond, IR_I64, 0, taken, a64_skip_fence(l), IR_NONE, a->cond);
    return true;
}

bool a64_cbz(Lift *l, const a64_cbz_args *a)
{
    IrType ty = x_type(a->sf);

    ir_emit(l->ir, IR_exit_z, ty, 0, target_pc(l, a->offset), a64_skip_fence(l),
            get_x(l, ty, a->rt), 0);
    return true;
}

bool a64_cbnz(Lift *l, const a64_cbnz_args *a)
{
    IrType ty = x_type(a->sf);

    ir_emit(l->ir, IR_exit_nz, ty, 0, target_pc(l, a->offset), a64_skip_fence(l),
            get_x(l, ty, a->rt), 0);
    return true;
}

/* exit_bit: branch when bit `bit` of register rt is want. */
static bool exit_bit(Lift *l, int64_t offset, unsigned rt, unsigned bit, unsigned want)
{
    IrType ty = x_type(bit >= 32);

    ir_emit(l->ir, IR_exit_bit, ty, 0, target_pc(l, offset), next_pc(l), get_x(l, ty, rt),
            bit | want << 8);
    return true;
}

bool a64_tbz(Lift *l, const a64_tbz_args *a)
{
    return exit_bit(l, a->offset, a->rt, a->bit, 0);
}

bool a64_tbnz(Lift *l, const a64_tbnz_args *a)
{
    return exit_bit(l, a->offset, a->rt, a->bit, 1);
}

/* Arm ARM, "Effect of entering a Branch Target Identification region": BTYPE by the branch. */
enum { BTYPE_JUMP_16_17 = 1, BTYPE_CALL = 2, BTYPE_JUMP = 3 };

unsigned a64_btype(const Lift *l, bool call, unsigned rn)
{
    if (!pages_any_guarded())
        return 0;
    if (call)
        return BTYPE_CALL;
    return rn == 16 || rn == 17 || !pages_is_guarded(l->pc) ? BTYPE_JUMP_16_17 : BTYPE_JUMP;
}

/* BTI c takes calls and jumps through x16 and x17, and so do PACIASP and PACIBSP, as Linux sets BT0. */
bool a64_lands_on(uint32_t word, unsigned btype)
{
    switch (word) {
    case 0xd503245f:                                            /* BTI c */
    case 0xd503233f:                                            /* PACIASP */
    case 0xd503237f: return btype != BTYPE_JUMP;                /* PACIBSP */
    case 0xd503249f: return btype != BTYPE_CALL;                /* BTI j */
    case 0xd50324df: return true;                               /* BTI jc */
    default: return (word & 0xffe0001f) == 0xd4200000 ||        /* BRK, HLT: theirs comes first */
                    (word & 0xffe0001f) == 0xd4400000;
    }
}

bool a64_br(Lift *l, const a64_br_args *a)
{
    ir_emit(l->ir, IR_exit_ind, IR_I64, 0, get_x(l, IR_I64, a->rn), IR_NONE, IR_NONE,
            a64_btype(l, false, a->rn));
    return true;
}

/* BLR x30 reads its target before it writes the return address. */
bool a64_blr(Lift *l, const a64_blr_args *a)
{
    IrVal target = get_x(l, IR_I64, a->rn);

    if (a->rn == 30) {
        target = ir_emit(l->ir, IR_mov, IR_I64, 0, target, IR_NONE, IR_NONE, 0);
    }
    set_x(l, IR_I64, 30, next_pc(l));
    ir_emit(l->ir, IR_exit_icall, IR_I64, 0, target, next_pc(l), IR_NONE, a64_btype(l, true, a->rn));
    return true;
}

bool a64_ret(Lift *l, const a64_ret_args *a)
{
    ir_emit(l->ir, IR_exit_ret, IR_I64, 0, get_x(l, IR_I64, a->rn), IR_NONE, IR_NONE, 0);
    return true;
}

/* Linux ignores the immediate of SVC, but a debugger may show it. */
bool a64_svc(Lift *l, const a64_svc_args *a)
{
    ir_emit(l->ir, IR_exit_syscall, IR_I64, 0, next_pc(l), target_pc(l, 0), IR_NONE,
            a->imm16);
    return true;
}

bool a64_brk(Lift *l, const a64_brk_args *a)
{
    ir_emit(l->ir, IR_exit_exc, IR_I64, 0, target_pc(l, 0), IR_NONE, IR_NONE,
            IR_EXC_BREAK | a->imm16 << 8);
    return true;
}

/* Instructions that are allocated, but undefined at EL0 under Linux. */
bool a64_el0_undef(Lift *l, const a64_el0_undef_args *a)
{
    (void)l, (void)a;
    return false;
}
