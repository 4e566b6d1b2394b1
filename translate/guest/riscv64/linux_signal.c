/* SPDX-License-Identifier: MIT */
/*
 * linux_signal.c: the signal frame of riscv Linux, byte for byte, for 64 and for 32 bits.
 *
 *   high  | end of the extensions
 *         | with V: magic, size, struct __riscv_v_ext_state, the vector registers
 *         | ucontext: mask, pc, x1 to x31, f0 to f31, fcsr
 *   sp -> | siginfo (128 bytes)
 *
 * The vector record is there when the program has used the unit, as far as can be seen: its state is
 * not that of a program's start.
 *
 * Layout: Linux 6.12 arch/riscv/include/uapi/asm/sigcontext.h, ptrace.h and ucontext.h; order and
 * checks: arch/riscv/kernel/signal.c, setup_rt_frame and restore_sigcontext.
 */
#include <elf.h>
#include <errno.h>

#include "syscall/narrow.h"
#include "translate/guest/riscv64/linux_parts.h"
#include "translate/guest/riscv64/vec.h"

/* Where things are in the frame; words are registers and longs. */
typedef struct {
    uint16_t word;
    uint16_t stack_sp, stack_flags, stack_size, mask;
    uint16_t regs;              /* pc, x1 to x31: words */
    uint16_t f, fcsr;           /* f0 to f31: 8 bytes each; the place is that of 128-bit registers */
    uint16_t extensions;        /* 0, then magic and size of the first: 0, 0 is the end */
    uint16_t size;              /* without extensions, but with their end */
} FrameLayout;

enum { INFO_BYTES = 128, FP_BYTES = 528, HEADER_BYTES = 8 };

/* A vector record: header, vstart, vl, vtype, vcsr, vlenb and a pointer to the registers behind them. */
enum { V_MAGIC = 0x53465457, V_MOST = HEADER_BYTES + 48 + 1024, FRAME_MOST = 1088 + V_MOST + HEADER_BYTES };
enum { V_VSTART, V_VL, V_VTYPE, V_VCSR, V_VLENB, V_DATA, V_WORDS };
_Static_assert(sizeof(((RvState *)0)->v) == 1024, "the largest vector registers");

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

/* ---- the vector record ---- */

static bool has_vector(void)
{
    return translate_options.features & RV_FEAT_zve32x;
}

static bool vector_used(const RvState *s)
{
    static const V128 zero;

    if (!has_vector())
        return false;
    if (s->vtype != RV_VILL || s->vl || s->vstart || s->vxrm || s->vxsat)
        return true;
    for (unsigned i = 0; i < ARRAY_LEN(s->v); i++) {
        if (memcmp(&s->v[i], &zero, sizeof(zero)))
            return true;
    }
    return false;
}

static size_t vector_regs_bytes(void)
{
    return 32 * vec_vlenb(translate_options.features);
}

static size_t vector_state_bytes(const FrameLayout *w)
{
    return align_up(V_WORDS * w->word, 16);
}

static size_t vector_bytes(const FrameLayout *w)
{
    return HEADER_BYTES + vector_state_bytes(w) + vector_regs_bytes();
}

static uint64_t most_bytes(const FrameLayout *w)
{
    return align_up(w->size + (has_vector() ? vector_bytes(w) + HEADER_BYTES : 0), 16);
}

uint64_t rv_frame_bytes(void)
{
    return most_bytes(&layout_64);
}

uint64_t rv32_frame_bytes(void)
{
    return most_bytes(&layout_32);
}

/* fill_vector: the record at f, which will be guest address at. */
static void fill_vector(const RvState *s, const FrameLayout *w, uint8_t *f, uint64_t at)
{
    size_t state = HEADER_BYTES, regs = state + vector_state_bytes(w);
    const uint64_t words[V_WORDS] = {
        [V_VSTART] = s->vstart, [V_VL] = s->vl, [V_VTYPE] = s->vtype,
        [V_VCSR] = s->vxrm << 1 | s->vxsat, [V_VLENB] = vec_vlenb(translate_options.features),
        [V_DATA] = at + regs,
    };

    put(f, 4, V_MAGIC);
    put(f + 4, 4, vector_bytes(w));
    for (unsigned i = 0; i < V_WORDS; i++)
        put(f + state + i * w->word, w->word, words[i]);
    memcpy(f + regs, s->v, vector_regs_bytes());
}

/* set_vector_csrs: as the instructions do that the kernel uses: what is not legal becomes vill. */
static void set_vector_csrs(Env *env, const uint64_t words[])
{
    vec_set_vl(env, words[V_VL], words[V_VTYPE]);
    vec_csr_write(env, CSR_VCSR, words[V_VCSR]);
    vec_csr_write(env, CSR_VSTART, words[V_VSTART]);
}

/* restore_vector: from the record f. The registers are wherever its pointer says. */
static int restore_vector(Thread *t, Env *env, const FrameLayout *w, const uint8_t *f)
{
    uint64_t words[V_WORDS];
    V128 regs[ARRAY_LEN(rv_state(env)->v)];

    for (unsigned i = 0; i < V_WORDS; i++)
        words[i] = get(f + HEADER_BYTES + i * w->word, w->word);
    if (guest_copy_in(t, regs, guest_addr(words[V_DATA]), vector_regs_bytes()) < 0)
        return -EFAULT;
    set_vector_csrs(env, words);
    memcpy(rv_state(env)->v, regs, vector_regs_bytes());
    return 0;
}

/* restore_extensions: the records from guest address at on, up to their end; as the kernel checks them. */
static int restore_extensions(Thread *t, Env *env, const FrameLayout *w, uint64_t at)
{
    uint8_t f[V_MOST];

    for (;;) {
        if (guest_copy_in(t, f, guest_addr(at), HEADER_BYTES) < 0)
            return -EFAULT;
        uint64_t magic = get(f, 4), size = get(f + 4, 4);

        if (!magic)
            return size ? -EFAULT : 0;
        if (magic != V_MAGIC || !has_vector() || size != vector_bytes(w) ||
            guest_copy_in(t, f, guest_addr(at), HEADER_BYTES + vector_state_bytes(w)) < 0 ||
            restore_vector(t, env, w, f) < 0)
            return -EFAULT;
        at += size;
    }
}

/* ---- the frame ---- */

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
    bool vector = vector_used(s);
    size_t size = align_up(w->size + (vector ? vector_bytes(w) + HEADER_BYTES : 0), 16);
    uint64_t sp = align_down(d->frame_top - size, 16);
    uint8_t f[FRAME_MOST] = { 0 };

    if (t->abi->narrow)
        siginfo_narrow(f, &d->info);
    else
        memcpy(f, &d->info, INFO_BYTES);
    fill_context(d, env, w, f);
    if (vector)
        fill_vector(s, w, f + w->extensions + 4, sp + w->extensions + 4);
    if (guest_copy_out(t, guest_addr(sp), f, size) < 0)
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
    const FrameLayout *w = frame_layout(t);
    RvState *s = rv_state(env);
    uint8_t f[FRAME_MOST];
    uint32_t fcsr;

    if (guest_copy_in(t, f, guest_addr(s->x[RV_SP]), w->size) < 0)
        return -EFAULT;
    if (get(f + w->extensions, 4) ||
        restore_extensions(t, env, w, s->x[RV_SP] + w->extensions + 4) < 0)
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

/* struct __riscv_v_regset_state. */
static size_t core_vector(Env *env, void *buf)
{
    const RvState *s = rv_state(env);
    const uint64_t words[] = { s->vstart, s->vl, s->vtype, s->vxrm << 1 | s->vxsat,
                               vec_vlenb(translate_options.features) };

    if (!vector_used(s))
        return 0;
    memcpy(buf, words, sizeof(words));
    memcpy((uint8_t *)buf + sizeof(words), s->v, vector_regs_bytes());
    return sizeof(words) + vector_regs_bytes();
}

enum { NT_RISCV_VECTOR_ = 0x901 };

const CoreNote rv_core_notes[] = {
    { "CORE", NT_PRSTATUS, core_regs },
    { "CORE", NT_FPREGSET, core_fp },
    { "LINUX", NT_RISCV_VECTOR_, core_vector },
    { NULL, 0, NULL },
};
