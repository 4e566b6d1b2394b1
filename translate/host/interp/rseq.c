// SPDX-License-Identifier: MIT
/* rseq.c: see rseq.h. After Linux 6.18 kernel/rseq.c, as far as a program can tell. */
#include "translate/host/interp/rseq.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "translate/base/log.h"
#include "translate/base/own_memory.h"
#include "translate/host/interp/interp.h"
#include "translate/host/interp/interp_ops.h"
#include "translate/translate.h"

/* struct rseq_cs of linux/rseq.h. */
typedef struct {
    uint32_t version, flags;
    uint64_t start, bytes, abort;
} Section;
_Static_assert(sizeof(Section) == 32, "struct rseq_cs");

/* User addresses end here; the kernel takes no other. */
static const uint64_t SPACE_END = 0x7ffffffff000;

/* ---- the host's sections ---- */

/*
 * One for each way to change memory. Arguments: the field, our descriptor that it must hold, where to
 * store, what, and what to compare with. Returns 0 when done, 1 when the section is lost; the host
 * kernel goes to `lost`, which the signature precedes, from anywhere in a section.
 */
enum { WRITE1, WRITE2, WRITE4, WRITE8, WRITE16, CAS1, CAS2, CAS4, CAS8, CAS16, WAYS };

/* Offsets from the code's start. */
typedef struct {
    uint32_t entry, start, end;
} Way;

#if defined(__x86_64__)
extern const uint8_t rseq_tpl_start[], rseq_tpl_sig[], rseq_tpl_lost[], rseq_tpl_end[];
extern const Way rseq_tpl_way[WAYS];
// clang-format off
__asm__(".section .rodata\n"
        ".hidden rseq_tpl_start, rseq_tpl_sig, rseq_tpl_lost, rseq_tpl_end, rseq_tpl_way\n"
        ".globl rseq_tpl_start, rseq_tpl_sig, rseq_tpl_lost, rseq_tpl_end, rseq_tpl_way\n"
        ".macro RSEQ_WAY name, load, write, after=\n"
        "rseq_entry_\\name:\n"
        "    movq %rbx, %r10\n"
        "    \\load\n"
        "rseq_start_\\name:\n"
        "    cmpq %rsi, (%rdi)\n"
        "    jne rseq_tpl_lost\n"
        "    \\write\n"
        "rseq_end_\\name:\n"
        "    \\after\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        ".endm\n"
        ".macro RSEQ_ROW name\n"
        "    .long rseq_entry_\\name - rseq_tpl_start\n"
        "    .long rseq_start_\\name - rseq_tpl_start\n"
        "    .long rseq_end_\\name - rseq_tpl_start\n"
        ".endm\n"
        ".balign 16\n"
        "rseq_tpl_start:\n"
        "RSEQ_WAY w1, \"movb (%rcx), %cl\", \"movb %cl, (%rdx)\"\n"
        "RSEQ_WAY w2, \"movw (%rcx), %cx\", \"movw %cx, (%rdx)\"\n"
        "RSEQ_WAY w4, \"movl (%rcx), %ecx\", \"movl %ecx, (%rdx)\"\n"
        "RSEQ_WAY w8, \"movq (%rcx), %rcx\", \"movq %rcx, (%rdx)\"\n"
        "RSEQ_WAY w16, \"movups (%rcx), %xmm0\", \"movups %xmm0, (%rdx)\"\n"
        "RSEQ_WAY c1, \"movb (%rcx), %cl; movb (%r8), %al\", \"lock cmpxchgb %cl, (%rdx)\","
        " \"movb %al, (%r8)\"\n"
        "RSEQ_WAY c2, \"movw (%rcx), %cx; movw (%r8), %ax\", \"lock cmpxchgw %cx, (%rdx)\","
        " \"movw %ax, (%r8)\"\n"
        "RSEQ_WAY c4, \"movl (%rcx), %ecx; movl (%r8), %eax\", \"lock cmpxchgl %ecx, (%rdx)\","
        " \"movl %eax, (%r8)\"\n"
        "RSEQ_WAY c8, \"movq (%rcx), %rcx; movq (%r8), %rax\", \"lock cmpxchgq %rcx, (%rdx)\","
        " \"movq %rax, (%r8)\"\n"
        "RSEQ_WAY c16, \"movq %rdx, %r11; movq (%rcx), %rbx; movq 8(%rcx), %rcx;"
        " movq (%r8), %rax; movq 8(%r8), %rdx\", \"lock cmpxchg16b (%r11)\","
        " \"movq %rax, (%r8); movq %rdx, 8(%r8); movq %r10, %rbx\"\n"
        "rseq_tpl_sig:\n"
        "    .long 0\n"
        "rseq_tpl_lost:\n"
        "    movq %r10, %rbx\n"
        "    movl $1, %eax\n"
        "    ret\n"
        "rseq_tpl_end:\n"
        ".balign 4\n"
        "rseq_tpl_way:\n"
        "RSEQ_ROW w1\n" "RSEQ_ROW w2\n" "RSEQ_ROW w4\n" "RSEQ_ROW w8\n" "RSEQ_ROW w16\n"
        "RSEQ_ROW c1\n" "RSEQ_ROW c2\n" "RSEQ_ROW c4\n" "RSEQ_ROW c8\n" "RSEQ_ROW c16\n"
        ".text\n");
// clang-format on
#else
static const uint8_t rseq_tpl_start[1], rseq_tpl_sig[1], rseq_tpl_lost[1], rseq_tpl_end[1];
static const Way rseq_tpl_way[WAYS];
#endif

typedef long HostSection(uint64_t *field, const Section *s, void *dst, const void *src, void *old);

/* One page for a signature. */
enum { CODE_AT = WAYS * sizeof(Section) };
typedef struct {
    Section way[WAYS];
    uint8_t code[PAGE_BYTES - CODE_AT];
} HostCode;
_Static_assert(sizeof(HostCode) == PAGE_BYTES, "one page");

enum { SIGS = 16 };
typedef struct {
    _Atomic uint32_t used;      /* 0: free; 1: sig is valid */
    uint32_t sig;
    _Atomic(HostCode *) code;
} HostSig;

/* All signatures seen so far; those which are more than fit are not protected, and said so. */
static HostSig sigs[SIGS];

bool rseq_supported(void)
{
#if defined(__x86_64__)
    return true;
#else
    return false;
#endif
}

static void code_fill(HostCode *to, uint64_t at, uint32_t sig)
{
    memcpy(to->code, rseq_tpl_start, (size_t)(rseq_tpl_end - rseq_tpl_start));
    memcpy(to->code + (rseq_tpl_sig - rseq_tpl_start), &sig, sizeof(sig));
    for (unsigned i = 0; i < WAYS; i++) {
        const Way *w = &rseq_tpl_way[i];

        to->way[i] = (Section){
            .start = at + CODE_AT + w->start,
            .bytes = w->end - w->start,
            .abort = at + CODE_AT + (uint64_t)(rseq_tpl_lost - rseq_tpl_start),
        };
    }
}

/* code_make: by a file in memory, so that no page is ever writable and executable. */
static HostCode *code_make(uint32_t sig)
{
    HostCode *code, *filled = own_mmap(sizeof(*filled), PROT_READ | PROT_WRITE,
                                       MAP_PRIVATE | MAP_ANONYMOUS, -1);
    int fd = (int)syscall(SYS_memfd_create, "mimus-rseq", 1 /* MFD_CLOEXEC */);

    code = fd < 0 || filled == MAP_FAILED || ftruncate(fd, sizeof(*code)) < 0
               ? MAP_FAILED
               : own_mmap(sizeof(*code), PROT_READ | PROT_EXEC, MAP_SHARED, fd);
    if (code != MAP_FAILED) {
        own_memory(code, sizeof(*code));
        code_fill(filled, (uint64_t)code, sig);
        if (pwrite(fd, filled, sizeof(*filled), 0) != (ssize_t)sizeof(*filled))
            code = MAP_FAILED;
    }
    if (filled != MAP_FAILED)
        munmap(filled, sizeof(*filled));
    if (fd >= 0)
        close(fd);
    return code == MAP_FAILED ? NULL : code;
}

/* sig_place: the entry of a signature, a new one if need be; NULL: no room. */
static HostSig *sig_place(uint32_t sig)
{
    for (unsigned i = 0; i < SIGS; i++) {
        uint32_t none = 0;

        while (atomic_load(&sigs[i].used) == 2)
            cpu_relax();
        if (atomic_load(&sigs[i].used) == 1) {
            if (sigs[i].sig == sig)
                return &sigs[i];
            continue;
        }
        if (!atomic_compare_exchange_strong(&sigs[i].used, &none, 2)) {
            i--;
            continue;
        }
        sigs[i].sig = sig;
        atomic_store(&sigs[i].used, 1);
        return &sigs[i];
    }
    return NULL;
}

static const HostCode *code_for(uint32_t sig)
{
    HostSig *s = sig_place(sig);
    HostCode *code = s ? atomic_load(&s->code) : NULL, *none = NULL;

    if (code || !s)
        return code;
    code = code_make(sig);
    /* Two threads at once: the other's is as good; ours stays, for no thread may be using it. */
    if (code && !atomic_compare_exchange_strong(&s->code, &none, code))
        code = none;
    return code;
}

/* ---- which stores are watched ---- */

enum { CHECKED = 512, NEAR = 512 };
static _Atomic uint64_t checked[CHECKED];       /* page number << 16 | generation << 1 | suspect */
static _Atomic uint32_t generation;

typedef uint32_t Words __attribute__((vector_size(16)));

/* has_signature: n bytes, a multiple of 16: a page in a tenth of a microsecond. */
static bool has_signature(const uint8_t *code, size_t n)
{
    for (unsigned s = 0; s < SIGS && atomic_load_explicit(&sigs[s].used, memory_order_acquire) == 1;
         s++) {
        uint32_t sig = sigs[s].sig;
        Words found = { 0 }, words;

        for (size_t i = 0; i < n; i += sizeof(words)) {
            memcpy(&words, code + i, sizeof(words));
            found |= (Words)(words == sig);
        }
        if (found[0] | found[1] | found[2] | found[3])
            return true;
    }
    return false;
}

/* rseq_read: n bytes, a multiple of 8, of what may be unmapped; see rseq_fault(). */
#if defined(__x86_64__)
extern const char rseq_read_start[], rseq_read_landing[];
bool rseq_read(void *to, uint64_t from, size_t n);
// clang-format off
__asm__(".text\n"
        ".globl rseq_read, rseq_read_start, rseq_read_landing\n"
        ".hidden rseq_read, rseq_read_start, rseq_read_landing\n"
        ".type rseq_read, @function\n"
        "rseq_read:\n"
        "    movq (%rsi), %rax\n"
        "rseq_read_start = rseq_read\n"
        "    movq %rax, (%rdi)\n"
        "    addq $8, %rsi\n"
        "    addq $8, %rdi\n"
        "    subq $8, %rdx\n"
        "    jnz rseq_read\n"
        "    movl $1, %eax\n"
        "    ret\n"
        "rseq_read_landing:\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        ".size rseq_read, . - rseq_read\n");
// clang-format on

bool rseq_fault(ucontext_t *uc)
{
    greg_t *pc = &uc->uc_mcontext.gregs[REG_RIP];

    if (*pc < (greg_t)rseq_read_start || *pc >= (greg_t)rseq_read_landing)
        return false;
    *pc = (greg_t)rseq_read_landing;
    return true;
}
#else
static bool rseq_read(void *to, uint64_t from, size_t n)
{
    (void)to, (void)from, (void)n;
    return false;
}

bool rseq_fault(ucontext_t *uc)
{
    (void)uc;
    return false;
}
#endif

static bool beside(uint64_t from)
{
    uint8_t code[NEAR];

    return pages_is_exec(guest_addr(from)) && rseq_read(code, from, NEAR) &&
           has_signature(code, NEAR);
}

/* suspect: is there a signature in pc's page, or just beyond its ends when pc is near one? */
static bool suspect(uint64_t pc)
{
    uint64_t page = pc / PAGE_BYTES, in = pc % PAGE_BYTES;
    uint64_t gen = atomic_load(&generation) & 0x7fff;
    _Atomic uint64_t *place = &checked[page % CHECKED];
    uint64_t known = atomic_load_explicit(place, memory_order_relaxed);

    if (known >> 1 != (page << 15 | gen)) {
        known = page << 16 | gen << 1 | has_signature((const uint8_t *)(page * PAGE_BYTES), PAGE_BYTES);
        atomic_store_explicit(place, known, memory_order_relaxed);
    }
    return (known & 1) || (in < NEAR && beside(page * PAGE_BYTES - NEAR)) ||
           (in >= PAGE_BYTES - NEAR && beside((page + 1) * PAGE_BYTES));
}

void rseq_code_changed(void)
{
    atomic_fetch_add_explicit(&generation, 1, memory_order_release);
}

/* The kernel's checks of a descriptor, but for the signature. */
static bool section_valid(const Section *s)
{
    return s->version == 0 && s->flags == 0 && s->start < SPACE_END && s->abort < SPACE_END &&
           s->bytes < SPACE_END - s->start && s->abort - s->start >= s->bytes;
}

/* is_descriptor: at translation time; a file's section or a pointer to some other thing? */
static bool is_descriptor(uint64_t at)
{
    Section s;

    return at >= PAGE_BYTES && at < SPACE_END && !(at & 7) && rseq_read(&s, at, sizeof(s)) &&
           section_valid(&s) && s.bytes && pages_is_exec(guest_addr(s.start)) &&
           pages_is_exec(guest_addr(s.abort));
}

/* constant_of: what r is before operation i of b; false: not known. */
static bool constant_of(const IrBlock *b, uint32_t i, IrRef r, uint64_t *v)
{
    if (ir_is_const(r)) {
        *v = ir_const_value(b, r);
        return true;
    }
    if (!r) {
        *v = 0;
        return true;
    }
    for (unsigned n = 0; n < 32 && i-- > 0; n++) {
        if (b->op[i].d != r)
            continue;
        if (b->op[i].op != IR_mov || !ir_is_const(b->op[i].a))
            return false;
        *v = ir_const_value(b, b->op[i].a);
        return true;
    }
    return false;
}

/* is_sp: the guest register that is called so. */
static bool is_sp(const Guest *g, IrRef r)
{
    return r && !ir_is_const(r) && !ir_is_temp(r) && !strcmp(g->regs[ir_reg_index(r)].name, "sp");
}

bool rseq_watched(const IrBlock *b, uint32_t first, uint64_t pc)
{
    uint64_t v;

    for (uint32_t i = first; i < b->n_op; i++) {
        const IrOp *op = &b->op[i];

        if (op->op != IR_store || op->type != IR_I64)
            continue;
        if (constant_of(b, i, op->c, &v) ? is_descriptor(v) : !is_sp(b->guest, op->a) && suspect(pc))
            return true;
    }
    return false;
}

/* ---- the thread's area ---- */

/* look_again: translations of a page and beside it go if it has a signature. */
static void look_again(GuestAddr page)
{
    if (pages_is_exec(page) && has_signature((const uint8_t *)page.va, PAGE_BYTES))
        translate_invalidate(guest_addr(page.va - NEAR), PAGE_BYTES + 2 * NEAR);
}

/*
 * signature_is_new: code translated so far must be looked at again. Before the first, which the C
 * library registers when it starts, few pages were seen, and all of them are in `checked`.
 */
static void signature_is_new(bool first)
{
    GuestAddr at = guest_addr(0);

    if (first) {
        for (unsigned i = 0; i < CHECKED; i++) {
            if (checked[i])
                look_again(guest_addr((checked[i] >> 16) * PAGE_BYTES));
        }
    } else {
        for (; pages_next_code(at, SPACE_END - at.va, &at); at.va += PAGE_BYTES) {
            at.va = align_down(at.va, PAGE_BYTES);
            look_again(at);
        }
    }
    rseq_code_changed();
}

void rseq_set(Env *env, uint64_t field, uint32_t sig)
{
    unsigned before = 0, after = 0;

    env->rt.rseq_on = 0;
    env->rt.rseq_field = field;
    env->rt.rseq_sig = sig;
    env->rt.rseq_code = NULL;
    if (!field)
        return;
    for (unsigned i = 0; i < SIGS; i++)
        before += atomic_load(&sigs[i].used);
    if (!sig_place(sig))
        LOG(unimp, "rseq: too many signatures: sections of 0x%08x are not protected", sig);
    for (unsigned i = 0; i < SIGS; i++)
        after += atomic_load(&sigs[i].used);
    if (before != after)
        signature_is_new(!before);
}

/* ---- a section ---- */

/* What the field holds while a section is under way and nothing is being stored. */
static const Section *idle(const Env *env)
{
    return &((const HostCode *)env->rt.rseq_code)->way[WRITE8];
}

static uint64_t *field_of(const Env *env)
{
    return (uint64_t *)env->rt.rseq_field;
}

/* peek: guest memory; false when it cannot be read. */
static bool peek(Env *env, void *to, uint64_t from, size_t n)
{
    void *outer = env->rt.access_jmp;
    uint64_t addr = env->rt.access_addr;
    uint32_t access = env->rt.in_access;
    volatile bool readable = false;
    sigjmp_buf jmp;

    if (sigsetjmp(jmp, 0) == 0) {
        env->rt.access_jmp = &jmp;
        access_begin(env, from);
        memcpy(to, (const void *)from, n);
        access_end(env);
        readable = true;
    }
    env->rt.access_jmp = outer;
    env->rt.access_addr = addr;
    env->rt.in_access = access;
    return readable;
}

bool rseq_arm(Env *env, uint64_t value)
{
    Section s;
    uint32_t sig;

    env->rt.rseq_on = 0;
    if (!value || !peek(env, &s, value, sizeof(s)) || !section_valid(&s) ||
        !peek(env, &sig, s.abort - 4, 4) || sig != env->rt.rseq_sig)
        return false;           /* the host kernel will judge it at the next event */
    if (!env->rt.rseq_code)
        env->rt.rseq_code = code_for(sig);
    if (!env->rt.rseq_code)
        return false;
    env->rt.rseq_value = value;
    env->rt.rseq_start = s.start;
    env->rt.rseq_bytes = s.bytes;
    env->rt.rseq_abort = s.abort;
    *(volatile uint64_t *)field_of(env) = (uint64_t)idle(env);
    env->rt.rseq_on = 1;
    return true;
}

/* change: the field, if it is still from; one instruction, so that no event comes in between. */
static bool change(Env *env, const Section *from, const Section *to)
{
    uint64_t was = (uint64_t)from;

    return __atomic_compare_exchange_n(field_of(env), &was, (uint64_t)to, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED);
}

static bool run_way(Env *env, unsigned way, void *dst, const void *src, void *old)
{
    const HostCode *code = env->rt.rseq_code;
    const Section *s = &code->way[way];
    HostSection *run = (HostSection *)(code->code + rseq_tpl_way[way].entry);

    if (s != idle(env) && !change(env, idle(env), s))
        return false;
    if (run(field_of(env), s, dst, src, old))
        return false;
    /* When this fails the store was the last before an event. */
    if (s != idle(env))
        change(env, s, idle(env));
    return true;
}

static unsigned log2_of(unsigned bytes)
{
    return (unsigned)__builtin_ctz(bytes);
}

bool rseq_write(Env *env, void *dst, const void *src, unsigned bytes)
{
    return run_way(env, WRITE1 + log2_of(bytes), dst, src, NULL);
}

bool rseq_cas(Env *env, void *dst, void *old, const void *new, unsigned bytes)
{
    return run_way(env, CAS1 + log2_of(bytes), dst, new, old);
}

/* finish: the field as the guest has left it. */
static void finish(Env *env)
{
    env->rt.rseq_on = 0;
    change(env, idle(env), (const Section *)env->rt.rseq_value);
}

/* give_up: what the kernel does to a thread in a section. */
static ExitKind give_up(Env *env, uint64_t *pc, ExitKind kind)
{
    LOG(signal, "rseq: section 0x%llx left at 0x%llx for 0x%llx",
        (unsigned long long)env->rt.rseq_start, (unsigned long long)*pc,
        (unsigned long long)env->rt.rseq_abort);
    env->rt.rseq_on = 0;
    *(volatile uint64_t *)field_of(env) = 0;
    *pc = env->rt.rseq_abort;
    return kind;
}

/*
 * stopped: an instruction of the section ended otherwise. It was the guest's own doing, or came of an
 * event just before it: as the host has told us of a fault by a signal, the field does not say. So
 * only the second fault in a row, for which the section was run again, is the guest's.
 */
static ExitKind stopped(Env *env, uint64_t *pc, ExitKind kind, bool lost)
{
    if (kind == EXIT_POKE || kind == EXIT_SYSCALL)
        return lost ? give_up(env, pc, kind) : (finish(env), kind);
    if (kind == EXIT_FAULT || kind == EXIT_FETCH)
        lost = env->rt.rseq_faults++ == 0;
    if (!lost)
        env->rt.rseq_faults = 0;
    return give_up(env, pc, lost ? EXIT_NONE : kind);
}

ExitKind rseq_follow_slow(Env *env, const Guest *guest, ExitKind kind, ExitKind (*some)(Env *env))
{
    enum { PATIENCE = 64 };     /* instructions between the store and the section's first */
    uint64_t *pc = (uint64_t *)(env->state + guest->pc_offset);
    unsigned outside = 0;

    while (env->rt.rseq_on) {
        bool in = *pc - env->rt.rseq_start < env->rt.rseq_bytes;
        bool lost = *(volatile uint64_t *)field_of(env) != (uint64_t)idle(env);

        if (!in && (lost || outside++ == PATIENCE || kind != EXIT_NONE)) {
            finish(env);
            break;
        }
        if (in && kind != EXIT_NONE)
            return stopped(env, pc, kind, lost);
        if (in && (lost || env->rt.poke || env->rt.own_poke))
            return give_up(env, pc, EXIT_NONE);
        if (in)
            outside = PATIENCE; /* what comes after it ends it */
        kind = env->rt.btype && translate_landing(env, *pc) ? EXIT_FAULT : some(env);
    }
    if (kind == EXIT_NONE)
        env->rt.rseq_faults = 0;
    return kind;
}
