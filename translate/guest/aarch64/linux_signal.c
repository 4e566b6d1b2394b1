/* SPDX-License-Identifier: MIT */
/*
 * linux_signal.c: the signal frame of arm64 Linux, byte for byte.
 *
 *   high  | frame record: x29, x30    |  so that a backtrace passes through the handler
 *         | ucontext: mask, registers |  records: fpsimd, esr (faults only), end
 *   sp -> | siginfo (128 bytes)       |
 *
 * Layout: Linux 6.1 arch/arm64/include/uapi/asm/sigcontext.h and ucontext.h; order and checks:
 * arch/arm64/kernel/signal.c, setup_rt_frame and restore_sigframe.
 */
#include <elf.h>
#include <errno.h>

#include "translate/guest/aarch64/linux_parts.h"
#include "translate/translate.h"

enum {
    FPSIMD_MAGIC = 0x46508001,
    ESR_MAGIC = 0x45535201,
    EXTRA_MAGIC = 0x45585401,
    RESERVED_BYTES = 4096,
    USUAL_BYTES = 576,              /* fpsimd, esr and the end fit */
    SA_SIGINFO_GUEST = 4,
    PSTATE_NZCV = 0xf0000000,
    PSTATE_NOT_USER = 0x3df,        /* mode, nRW, DAIF: all 0 in user mode */
    PSTATE_BTYPE_LSB = 10,
    BTYPE_CALL = 2,
    PSTATE_KEPT = A64_PSTATE_DIT | A64_PSTATE_SSBS,
};

typedef struct {
    uint32_t magic, size;
} Head;

typedef struct {
    Head head;
    uint32_t fpsr, fpcr;
    V128 v[32];
} FpsimdContext;
_Static_assert(sizeof(FpsimdContext) == 528, "struct fpsimd_context");

typedef struct {
    Head head;
    uint64_t esr;
} EsrContext;

typedef struct {
    Head head;
    uint64_t datap;
    uint32_t size;
    uint32_t reserved[3];
} ExtraContext;
_Static_assert(sizeof(ExtraContext) == 32, "struct extra_context");

typedef struct {
    uint64_t fault_address;
    uint64_t regs[31];
    uint64_t sp, pc, pstate;
    _Alignas(16) uint8_t records[RESERVED_BYTES];
} SigContext;

typedef struct {
    uint8_t info[128];
    uint64_t uc_flags, uc_link;
    uint64_t stack_sp;
    int32_t stack_flags, stack_pad;
    uint64_t stack_size;
    uint64_t sigmask;
    uint8_t unused[120];
    SigContext mc;
} RtFrame;
_Static_assert(offsetof(RtFrame, mc) == 128 + 176 && offsetof(SigContext, records) == 288 &&
                   sizeof(RtFrame) == 4688,
               "struct rt_sigframe");

typedef struct {
    uint64_t fp, lr;
} FrameRecord;

/*
 * is_store: does this load/store instruction write memory? Arm ARM, "Loads and Stores"
 * encoding group: bit 22 is L in most classes; register forms have opc there instead.
 */
static bool is_store(uint32_t insn)
{
    bool vector = insn & 1u << 26;

    if ((insn & 0x0a000000) != 0x08000000)
        return (insn & 0xffffffe0) == 0xd50b7420;       /* DC ZVA */
    if ((insn & 0x3b000000) == 0x18000000)
        return false;                                   /* literal */
    if ((insn & 0x3b200c00) == 0x38200000)
        return !vector;                                 /* LSE atomics */
    if ((insn & 0x3a000000) == 0x38000000)
        return vector ? !(insn & 1u << 22) : !(insn >> 22 & 3);
    if ((insn & 0x3fa00000) == 0x08a00000 && (insn & 0x7c00) == 0x7c00)
        return true;                                    /* CAS */
    return !(insn & 1u << 22);
}

/* esr_of: the syndrome a fault reports; 0: none is passed on (undefined instructions). */
static uint64_t esr_of(Thread *t, Env *env, const SignalDelivery *d)
{
    enum { EC_BTI = 0x0d, EC_FPAC = 0x1c, EC_IABT = 0x20, EC_DABT = 0x24, EC_BRK = 0x3c, FSC_TRANS3 = 7, FSC_PERM3 = 15,
           FSC_EXTERNAL = 0x10, IL = 1 << 25, WNR = 1 << 6 };
    uint64_t pc = a64_state(env)->pc;
    uint32_t insn = 0, fsc;

    if (d->info.si_code <= 0 || d->info.si_code == SI_KERNEL)
        return 0;
    guest_copy_in(t, &insn, guest_addr(pc), sizeof(insn));
    switch (d->sig) {
    case SIGILL:
        if (env->rt.btype)
            return (uint64_t)EC_BTI << 26 | IL | env->rt.btype;
        /* Failed authentication: which key it was, in two bits. */
        return d->info.si_code == ILL_ILLOPN ? (uint64_t)EC_FPAC << 26 | IL | a64_auth_key(insn) : 0;
    case SIGTRAP: return (uint64_t)EC_BRK << 26 | IL | bits(insn, 5, 16);
    case SIGBUS: fsc = FSC_EXTERNAL; break;
    case SIGSEGV: fsc = d->info.si_code == SEGV_MAPERR ? FSC_TRANS3 : FSC_PERM3; break;
    default: return 0;
    }
    if (d->fault_addr == pc)
        return (uint64_t)EC_IABT << 26 | IL | fsc;
    return (uint64_t)EC_DABT << 26 | IL | fsc | (is_store(insn) ? WNR : 0);
}

static void save_fpsimd(Env *env, FpsimdContext *fp)
{
    fp->head = (Head){ FPSIMD_MAGIC, sizeof(*fp) };
    fp->fpsr = a64_get_fpsr(env);
    fp->fpcr = a64_state(env)->fpcr;
    memcpy(fp->v, a64_state(env)->v, sizeof(fp->v));
}

/* fill_records: the records after the general registers; returns how many bytes they take. */
static size_t fill_records(Thread *t, Env *env, const SignalDelivery *d, uint8_t *rec)
{
    uint64_t esr = esr_of(t, env, d);
    uint8_t *p = rec;

    save_fpsimd(env, (FpsimdContext *)p);
    p += sizeof(FpsimdContext);
    if (esr) {
        *(EsrContext *)p = (EsrContext){ { ESR_MAGIC, sizeof(EsrContext) }, esr };
        p += sizeof(EsrContext);
    }
    memset(p, 0, 16);           /* the end: magic 0, size 0 */
    return (size_t)(p + 16 - rec);
}

static void fill_context(const SignalDelivery *d, Env *env, RtFrame *f)
{
    const A64State *s = a64_state(env);

    memcpy(f->info, &d->info, sizeof(f->info));
    f->stack_sp = d->stack_sp;
    f->stack_flags = d->stack_flags;
    f->stack_size = d->stack_size;
    f->sigmask = d->mask;
    f->mc.fault_address = d->sig == SIGILL ? 0 : d->fault_addr;
    memcpy(f->mc.regs, s->x, sizeof(f->mc.regs));
    f->mc.sp = s->sp;
    f->mc.pc = s->pc;
    f->mc.pstate = (s->nzcv & PSTATE_NZCV) | s->pstate | env->rt.btype << PSTATE_BTYPE_LSB;
}

int a64_frame_push(Thread *t, Env *env, const SignalDelivery *d)
{
    A64State *s = a64_state(env);
    uint64_t record = align_down(d->frame_top - sizeof(FrameRecord), 16);
    uint64_t sp = record - sizeof(RtFrame);
    FrameRecord link = { s->x[29], s->x[30] };
    RtFrame f;
    size_t n;

    memset(&f, 0, offsetof(RtFrame, mc.records));
    fill_context(d, env, &f);
    /* The room above the last record is not written, as in the kernel. */
    n = offsetof(RtFrame, mc.records) + fill_records(t, env, d, f.mc.records);
    if (guest_copy_out(t, guest_addr(record), &link, sizeof(link)) < 0 ||
        guest_copy_out(t, guest_addr(sp), &f, n) < 0)
        return -EFAULT;

    s->x[0] = (uint64_t)d->sig;
    if (d->flags & SA_SIGINFO_GUEST) {
        s->x[1] = sp + offsetof(RtFrame, info);
        s->x[2] = sp + offsetof(RtFrame, uc_flags);
    }
    s->x[29] = record;
    s->x[30] = d->restorer;
    s->sp = sp;
    s->pc = d->handler;
    env->rt.excl_size = 0;
    /* The handler is called: setup_return() of the kernel. */
    env->rt.btype = pages_any_guarded() ? BTYPE_CALL : 0;
    return 0;
}

/* ---- rt_sigreturn ---- */

/* A place in the records of a frame that is being read: base is the guest address of p[0]. */
typedef struct {
    const uint8_t *p;
    size_t limit, offset;
} Records;

/*
 * find_fpsimd: walk the records as parse_user_sigframe() does; NULL when they do not hold
 * together. Frames of ours never need the extra space that other features use, so an "extra"
 * record is accepted only with nothing in it.
 */
static const FpsimdContext *find_fpsimd(Records r)
{
    const FpsimdContext *fp = NULL;
    bool extra = false;

    for (;;) {
        const Head *h = (const Head *)(r.p + r.offset);

        if (r.limit - r.offset < sizeof(*h) || r.offset % 16)
            return NULL;
        if (h->magic == 0)
            return h->size == 0 ? fp : NULL;
        if (h->size < sizeof(*h) || h->size > r.limit - r.offset)
            return NULL;
        switch (h->magic) {
        case FPSIMD_MAGIC:
            if (fp || h->size != sizeof(*fp))
                return NULL;
            fp = (const FpsimdContext *)h;
            break;
        case ESR_MAGIC:
            break;
        case EXTRA_MAGIC:
            if (extra || h->size < sizeof(ExtraContext) || ((const ExtraContext *)h)->size)
                return NULL;
            extra = true;
            break;
        default:
            return NULL;
        }
        r.offset += h->size;
    }
}

/*
 * read_frame: the frame at sp into f, of the room for records as much as is in use, like the
 * kernel: the rest may not even be mapped. Returns its FPSIMD record or NULL.
 */
static const FpsimdContext *read_frame(Thread *t, uint64_t sp, RtFrame *f)
{
    const size_t usual = offsetof(RtFrame, mc.records) + USUAL_BYTES;
    const FpsimdContext *fp;

    if (guest_copy_in(t, f, guest_addr(sp), usual) < 0)
        return NULL;
    fp = find_fpsimd((Records){ f->mc.records, USUAL_BYTES, 0 });
    if (fp)
        return fp;
    if (guest_copy_in(t, f, guest_addr(sp), sizeof(*f)) < 0)
        return NULL;
    return find_fpsimd((Records){ f->mc.records, RESERVED_BYTES, 0 });
}

int a64_frame_pop(Thread *t, Env *env, uint64_t *mask, uint64_t *stack_sp, uint64_t *stack_size,
                  int32_t *stack_flags)
{
    A64State *s = a64_state(env);
    RtFrame f;

    if (s->sp & 15)
        return -EFAULT;
    const FpsimdContext *fp = read_frame(t, s->sp, &f);

    if (!fp || (f.mc.pstate & PSTATE_NOT_USER))
        return -EFAULT;
    memcpy(s->x, f.mc.regs, sizeof(s->x));
    s->sp = f.mc.sp;
    s->pc = f.mc.pc;
    s->nzcv = (uint32_t)f.mc.pstate & PSTATE_NZCV;
    s->pstate = f.mc.pstate & PSTATE_KEPT;
    env->rt.btype = pages_any_guarded() ? bits(f.mc.pstate, PSTATE_BTYPE_LSB, 2) : 0;
    memcpy(s->v, fp->v, sizeof(s->v));
    a64_set_fpcr(env, fp->fpcr);
    a64_set_fpsr(env, fp->fpsr);
    env->rt.excl_size = 0;
    *mask = f.sigmask;
    *stack_sp = f.stack_sp;
    *stack_size = f.stack_size;
    *stack_flags = f.stack_flags;
    return 0;
}

/* ---- core files ---- */

/* struct user_pt_regs. */
static size_t core_regs(Env *env, void *buf)
{
    const A64State *s = a64_state(env);
    struct {
        uint64_t x[31], sp, pc, pstate;
    } r;

    memcpy(r.x, s->x, sizeof(r.x));
    r.sp = s->sp;
    r.pc = s->pc;
    r.pstate = (s->nzcv & PSTATE_NZCV) | s->pstate;
    memcpy(buf, &r, sizeof(r));
    return sizeof(r);
}

/* struct user_fpsimd_state. */
static size_t core_fpsimd(Env *env, void *buf)
{
    const A64State *s = a64_state(env);
    uint32_t control[4] = { a64_get_fpsr(env), s->fpcr };

    memcpy(buf, s->v, sizeof(s->v));
    memcpy((uint8_t *)buf + sizeof(s->v), control, sizeof(control));
    return sizeof(s->v) + sizeof(control);
}

static size_t core_tls(Env *env, void *buf)
{
    memcpy(buf, &a64_state(env)->tpidr_el0, 8);
    return 8;
}

const CoreNote a64_core_notes[] = {
    { "CORE", NT_PRSTATUS, core_regs },
    { "CORE", NT_FPREGSET, core_fpsimd },
    { "LINUX", NT_ARM_TLS, core_tls },
    { NULL, 0, NULL },
};
