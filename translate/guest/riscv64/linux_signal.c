/* SPDX-License-Identifier: MIT */
/*
 * linux_signal.c: the signal frame of riscv Linux, byte for byte, for 64 and for 32 bits.
 *
 *   high  | ucontext: mask, pc, x1 to x31, f0 to f31, fcsr, the end of the extensions
 *   sp -> | siginfo (128 bytes)
 *
 * Layout: Linux 6.12 arch/riscv/include/uapi/asm/sigcontext.h, ptrace.h and ucontext.h; order and
 * checks: arch/riscv/kernel/signal.c, setup_rt_frame and restore_sigcontext.
 */
#include <elf.h>
#include <errno.h>

#include "syscall/narrow.h"
#include "translate/guest/riscv64/linux_parts.h"

/* Where things are in the frame; words are registers and longs. */
typedef struct {
    uint16_t word;
    uint16_t stack_sp, stack_flags, stack_size, mask;
    uint16_t regs;              /* pc, x1 to x31: words */
    uint16_t f, fcsr;           /* f0 to f31: 8 bytes each; the place is that of 128-bit registers */
    uint16_t extensions;        /* 0, then magic and size of the first: 0, 0 is the end */
    uint16_t size;
} FrameLayout;

enum { INFO_BYTES = 128, FP_BYTES = 528, EXTENSIONS_BYTES = 12, FRAME_MOST = 1088 };

static const FrameLayout layout_64 = { 8, 144, 152, 160, 168, 304, 560, 816, 560 + FP_BYTES - 12, 1088 };
static const FrameLayout layout_32 = { 4, 136, 140, 144, 148, 288, 416, 672, 416 + FP_BYTES - 12, 944 };

static const FrameLayout *frame_layout(const Thread *t)
{
    return t->abi->narrow ? &layout_32 : &layout_64;
}

static void put(uint8_t *at, size_t bytes, uint64_t value)
{
    memcpy(at, &value, bytes);
}

static uint64_t get(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;

    memcpy(&value, at, bytes);
    return value;
}

static void fill_context(const SignalDelivery *d, Env *env, const FrameLayout *w, uint8_t *f)
{
    const RvState *s = rv_state(env);

    put(f + w->stack_sp, w->word, d->stack_sp);
    put(f + w->stack_flags, 4, (uint32_t)d->stack_flags);
    put(f + w->stack_size, w->word, d->stack_size);
    put(f + w->mask, 8, d->mask);
    put(f + w->regs, w->word, s->pc);
    for (unsigned i = 1; i < 32; i++)
        put(f + w->regs + i * w->word, w->word, s->x[i]);
    for (unsigned i = 0; i < 32; i++)
        put(f + w->f + i * 8, 8, s->f[i].u64[0]);
    put(f + w->fcsr, 4, s->frm << 5 | rv_get_fflags(env));
}

int rv_frame_push(Thread *t, Env *env, const SignalDelivery *d)
{
    const FrameLayout *w = frame_layout(t);
    RvState *s = rv_state(env);
    uint64_t sp = align_down(d->frame_top - w->size, 16);
    uint8_t f[FRAME_MOST] = { 0 };

    if (t->abi->narrow)
        siginfo_narrow(f, &d->info);
    else
        memcpy(f, &d->info, INFO_BYTES);
    fill_context(d, env, w, f);
    if (guest_copy_out(t, guest_addr(sp), f, w->size) < 0)
        return -EFAULT;
    s->x[RV_RA] = d->restorer;
    s->x[RV_SP] = sp;
    s->x[RV_A0] = (uint64_t)d->sig;
    s->x[RV_A0 + 1] = sp;
    s->x[RV_A0 + 2] = sp + INFO_BYTES;
    s->pc = d->handler;
    env->rt.excl_size = 0;
    return 0;
}

int rv_frame_pop(Thread *t, Env *env, uint64_t *mask, uint64_t *stack_sp, uint64_t *stack_size,
                 int32_t *stack_flags)
{
    static const uint8_t none[EXTENSIONS_BYTES];
    const FrameLayout *w = frame_layout(t);
    RvState *s = rv_state(env);
    uint8_t f[FRAME_MOST];
    uint32_t fcsr;

    if (guest_copy_in(t, f, guest_addr(s->x[RV_SP]), w->size) < 0)
        return -EFAULT;
    if (memcmp(f + w->extensions, none, EXTENSIONS_BYTES))
        return -EFAULT;
    s->pc = get(f + w->regs, w->word);
    for (unsigned i = 1; i < 32; i++)
        s->x[i] = get(f + w->regs + i * w->word, w->word);
    for (unsigned i = 0; i < 32; i++)
        s->f[i] = (V128){ .u64 = { get(f + w->f + i * 8, 8), 0 } };
    fcsr = (uint32_t)get(f + w->fcsr, 4);
    rv_set_fflags(env, fcsr & 0x1f);
    rv_set_frm(env, fcsr >> 5 & 7);
    env->rt.excl_size = 0;
    *mask = get(f + w->mask, 8);
    *stack_sp = get(f + w->stack_sp, w->word);
    *stack_size = get(f + w->stack_size, w->word);
    *stack_flags = (int32_t)get(f + w->stack_flags, 4);
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
