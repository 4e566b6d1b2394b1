/* SPDX-License-Identifier: MIT */
/*
 * linux_signal.c: the signal frame of riscv Linux, byte for byte.
 *
 *   high  | ucontext: mask, pc, x1 to x31, f0 to f31, fcsr, the end of the extensions
 *   sp -> | siginfo (128 bytes)
 *
 * Layout: Linux 6.12 arch/riscv/include/uapi/asm/sigcontext.h, ptrace.h and ucontext.h; order and
 * checks: arch/riscv/kernel/signal.c, setup_rt_frame and restore_sigcontext.
 */
#include <elf.h>
#include <errno.h>

#include "translate/guest/riscv64/linux_parts.h"

typedef struct {
    uint64_t pc, x[31];             /* x1 to x31 */
    _Alignas(16) uint64_t f[32];
    uint32_t fcsr;
    uint8_t unused[256];  /* the place is that of 128-bit registers */
    uint32_t reserved;              /* 0 */
    uint32_t magic, size;           /* of the first extension: 0, 0 is the end */
} SigContext;
_Static_assert(sizeof(SigContext) == 784 && offsetof(SigContext, reserved) == 256 + 528 - 12,
               "struct sigcontext");

typedef struct {
    uint8_t info[128];
    uint64_t uc_flags, uc_link;
    uint64_t stack_sp;
    int32_t stack_flags, stack_pad;
    uint64_t stack_size;
    uint64_t sigmask;
    uint8_t unused[120];
    _Alignas(16) SigContext mc;
} RtFrame;
_Static_assert(offsetof(RtFrame, mc) == 128 + 176 && sizeof(RtFrame) == 1088,
               "struct rt_sigframe");

static void fill_context(const SignalDelivery *d, Env *env, RtFrame *f)
{
    const RvState *s = rv_state(env);

    memcpy(f->info, &d->info, sizeof(f->info));
    f->stack_sp = d->stack_sp;
    f->stack_flags = d->stack_flags;
    f->stack_size = d->stack_size;
    f->sigmask = d->mask;
    f->mc.pc = s->pc;
    memcpy(f->mc.x, &s->x[1], sizeof(f->mc.x));
    for (unsigned i = 0; i < 32; i++)
        f->mc.f[i] = s->f[i].u64[0];
    f->mc.fcsr = s->frm << 5 | rv_get_fflags(env);
}

int rv_frame_push(Thread *t, Env *env, const SignalDelivery *d)
{
    RvState *s = rv_state(env);
    uint64_t sp = align_down(d->frame_top - sizeof(RtFrame), 16);
    RtFrame f;

    memset(&f, 0, sizeof(f));
    fill_context(d, env, &f);
    if (guest_copy_out(t, guest_addr(sp), &f, sizeof(f)) < 0)
        return -EFAULT;
    s->x[RV_RA] = d->restorer;
    s->x[RV_SP] = sp;
    s->x[RV_A0] = (uint64_t)d->sig;
    s->x[RV_A0 + 1] = sp + offsetof(RtFrame, info);
    s->x[RV_A0 + 2] = sp + offsetof(RtFrame, uc_flags);
    s->pc = d->handler;
    env->rt.excl_size = 0;
    return 0;
}

int rv_frame_pop(Thread *t, Env *env, uint64_t *mask, uint64_t *stack_sp, uint64_t *stack_size,
                 int32_t *stack_flags)
{
    RvState *s = rv_state(env);
    RtFrame f;

    if (guest_copy_in(t, &f, guest_addr(s->x[RV_SP]), sizeof(f)) < 0)
        return -EFAULT;
    if (f.mc.reserved || f.mc.magic || f.mc.size)
        return -EFAULT;
    s->pc = f.mc.pc;
    memcpy(&s->x[1], f.mc.x, sizeof(f.mc.x));
    for (unsigned i = 0; i < 32; i++)
        s->f[i] = (V128){ .u64 = { f.mc.f[i], 0 } };
    rv_set_fflags(env, f.mc.fcsr & 0x1f);
    rv_set_frm(env, f.mc.fcsr >> 5 & 7);
    env->rt.excl_size = 0;
    *mask = f.sigmask;
    *stack_sp = f.stack_sp;
    *stack_size = f.stack_size;
    *stack_flags = f.stack_flags;
    return 0;
}

/* ---- core files ---- */

/* struct user_regs_struct: pc, x1 to x31. */
static size_t core_regs(Env *env, void *buf)
{
    const RvState *s = rv_state(env);

    memcpy(buf, &s->pc, 8);
    memcpy((uint8_t *)buf + 8, &s->x[1], 31 * 8);
    return 32 * 8;
}

/* struct __riscv_d_ext_state. */
static size_t core_fp(Env *env, void *buf)
{
    const RvState *s = rv_state(env);
    uint64_t fcsr = s->frm << 5 | rv_get_fflags(env);

    for (unsigned i = 0; i < 32; i++)
        memcpy((uint8_t *)buf + 8 * i, &s->f[i].u64[0], 8);
    memcpy((uint8_t *)buf + 32 * 8, &fcsr, 8);
    return 33 * 8;
}

const CoreNote rv_core_notes[] = {
    { "CORE", NT_PRSTATUS, core_regs },
    { "CORE", NT_FPREGSET, core_fp },
    { NULL, 0, NULL },
};
