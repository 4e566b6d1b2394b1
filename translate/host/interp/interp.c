/* SPDX-License-Identifier: MIT */
/*
 * interp.c: running blocks: the loop over ops, lifted blocks kept per thread, faults.
 *
 * One table of short functions, one per op: the call costs what the jump of a computed
 * goto does, and each op can be read by itself. The ops are run as they were lifted,
 * without the passes of opt/, so that the interpreter is a second opinion on those, too.
 */
#include "translate/host/interp/interp.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>

#include "translate/base/log.h"
#include "translate/host/interp/counts.h"
#include "translate/host/interp/interp_ops.h"
#include "translate/host/interp/rseq.h"
#include "translate/lift_block.h"
#include "translate/translate.h"

enum { CACHE_BUCKETS = 4096, CACHE_MAX_BLOCKS = 65536, RUN_MAX_INSNS = 64 };

typedef struct Lifted {
    struct Lifted *next;
    uint64_t pc;
    uint32_t mode;
    uint8_t variant;
    bool single; /* lifted for interp_step() */
    uint64_t runs;
    uint8_t *code; /* with -d counts: the guest code, which may change or go away */
    IrBlock ir;
} Lifted;

/* Reached through EnvRt.interp_cache; owner tells a copied Env from the true one. */
typedef struct Cache {
    struct Cache *next; /* of counted */
    const Env *owner;
    uint64_t generation;
    unsigned n_blocks;
    Lifted *bucket[CACHE_BUCKETS];
} Cache;

static const Guest *interp_guest;
static _Atomic uint64_t generation;

void interp_init(const Guest *guest)
{
    interp_guest = guest;
}

void interp_invalidate(void)
{
    atomic_fetch_add(&generation, 1);
}

/* ---- -d counts ---- */

/* Caches of all threads. The lock is held while a block of one of them is added or freed. */
static Cache *counted;
static pthread_mutex_t counted_lock = PTHREAD_MUTEX_INITIALIZER;

static void counts_begin(void)
{
    if (LOG_ON(counts)) {
        pthread_mutex_lock(&counted_lock);
    }
}

static void counts_done(void)
{
    if (LOG_ON(counts)) {
        pthread_mutex_unlock(&counted_lock);
    }
}

/* counts_report: the runs since the last report. */
static void counts_report(Lifted *l)
{
    if (l->code && l->runs) {
        counts_block(&l->ir, l->code, l->runs);
        l->runs = 0;
    }
}

/* counts_keep: the block just lifted will be counted. */
static void counts_keep(Lifted *l)
{
    uint8_t *code = LOG_ON(counts) ? malloc(l->ir.guest_bytes) : NULL;

    if (code) {
        memcpy(code, (const void *)l->ir.pc.va, l->ir.guest_bytes);
        counts_begin();
        l->code = code;
        counts_done();
    }
}

static void each_counted(void (*fn)(Lifted *l))
{
    for (Cache *c = counted; c; c = c->next) {
        for (unsigned i = 0; i < CACHE_BUCKETS; i++) {
            for (Lifted *l = c->bucket[i]; l; l = l->next) {
                fn(l);
            }
        }
    }
}

void interp_log_counts(void)
{
    if (!LOG_ON(counts) || !interp_guest) {
        return;
    }
    counts_begin();
    each_counted(counts_report);
    counts_regs(interp_guest);
    counts_forget();
    counts_done();
}

static void counts_drop(Lifted *l)
{
    l->runs = 0;
}

void interp_fork_child(void)
{
    if (LOG_ON(counts)) {
        pthread_mutex_init(&counted_lock, NULL);
        each_counted(counts_drop);
        counts_forget();
    }
}

/* ---- lifted blocks ---- */

static void cache_flush(Cache *c)
{
    counts_begin();
    for (unsigned i = 0; i < CACHE_BUCKETS; i++) {
        for (Lifted *l; (l = c->bucket[i]) != NULL;) {
            counts_report(l);
            /* Out of the list first: a vfork's child may be killed here. */
            c->bucket[i] = l->next;
            atomic_signal_fence(memory_order_seq_cst);
            ir_block_free(&l->ir);
            free(l->code);
            free(l);
        }
    }
    c->n_blocks = 0;
    counts_done();
}

static Cache *cache_of(Env *env)
{
    Cache *c = env->rt.interp_cache;

    if (c && c->owner == env) {
        return c;
    }
    c = calloc(1, sizeof(*c));
    if (!c) {
        die(1, "out of memory for the interpreter");
    }
    c->owner = env;
    c->generation = atomic_load(&generation);
    if (LOG_ON(counts)) {
        counts_begin();
        c->next = counted;
        counted = c;
        counts_done();
    }
    env->rt.interp_cache = c;
    return c;
}

void interp_free(Env *env)
{
    Cache *c = env->rt.interp_cache;

    if (c && c->owner == env) {
        cache_flush(c);
        counts_begin();
        for (Cache **at = &counted; *at; at = &(*at)->next) {
            if (*at == c) {
                *at = c->next;
                break;
            }
        }
        counts_done();
        free(c);
    }
    env->rt.interp_cache = NULL;
}

static uint8_t variant_of(const Env *env)
{
    return interp_guest->variant ? interp_guest->variant(env) : 0;
}

/* cache_lift: a new block for pc at *where, or NULL when pc cannot be executed. */
static Lifted *cache_lift(Env *env, Cache *c, Lifted **where, uint64_t pc, bool single)
{
    Lifted *l = calloc(1, sizeof(*l));
    unsigned n;

    if (!l) {
        die(1, "out of memory for the interpreter");
    }
    *l = (Lifted){ .next = *where, .pc = pc, .mode = env->rt.mode,
                   .variant = variant_of(env), .single = single };
    ir_block_init(&l->ir, interp_guest);
    *where = l; /* in the list before the lift: a fault there loses no memory */
    c->n_blocks++;
    l->pc = ~pc; /* not found until it is complete */
    env->rt.access_addr = pc;
    env->rt.in_access = INTERP_FETCH;
    n = lift_block_plain(&l->ir, guest_addr(env_place(pc, l->variant)), single ? 1 : RUN_MAX_INSNS, env->rt.mode);
    access_end(env);
    if (!n) {
        return NULL;
    }
    l->pc = pc;
    counts_keep(l);
    return l;
}

static Lifted *cache_find(Env *env, uint64_t pc, bool single)
{
    Cache *c = cache_of(env);
    uint64_t now = atomic_load_explicit(&generation, memory_order_acquire);
    uint8_t variant = variant_of(env);
    Lifted **bucket = &c->bucket[(pc ^ pc >> 12 ^ pc >> 24) / 2 % CACHE_BUCKETS];

    if (c->generation != now || c->n_blocks >= CACHE_MAX_BLOCKS) {
        cache_flush(c);
        c->generation = now;
    }
    for (Lifted *l = *bucket; l; l = l->next) {
        if (l->pc == pc && l->mode == env->rt.mode && l->variant == variant &&
            l->single == single) {
            return l;
        }
    }
    return cache_lift(env, c, bucket, pc, single);
}

/* ---- running ---- */

static ExitKind exec(Env *env, const IrBlock *b)
{
    V128 temp[b->n_temp + 1];
    Interp in = { env, b, b->guest, temp };
    const IrOp *op = b->op, *last = op + b->n_op - 1;

    for (; op < last; op++) {
        OpFn *fn = interp_op[op->op];

        (fn ? fn : interp_eval)(&in, op);
    }
    return interp_exit[last->op](&in, last);
}

static ExitKind exec_at_pc(Env *env, bool single)
{
    uint64_t pc = *pc_at(env, interp_guest);
    /* No address has bits there, and lifting would take them for a variant (env.h). */
    bool nowhere = interp_guest->variant && pc >> ENV_VARIANT_LSB;
    Lifted *l = nowhere ? NULL : cache_find(env, pc, single);

    if (!l) {
        return lift_fetch_fault(env, interp_guest, guest_addr(pc));
    }
    l->runs++;
    return exec(env, &l->ir);
}

static ExitKind exec_step(Env *env, const IrBlock *none)
{
    (void)none;
    return exec_at_pc(env, true);
}

static ExitKind exec_block(Env *env, const IrBlock *none)
{
    bool single = env->rt.rseq_single;

    (void)none;
    env->rt.rseq_single = 0;
    return exec_at_pc(env, single);
}

static ExitKind exec_run(Env *env, const IrBlock *none)
{
    ExitKind kind = EXIT_NONE;

    (void)none;
    while (kind == EXIT_NONE) {
        if (env->rt.poke) {
            env->rt.poke = 0;
            return EXIT_POKE;
        }
        if (env->rt.btype && translate_landing(env, *pc_at(env, interp_guest)))
            return EXIT_FAULT;
        kind = rseq_follow(env, interp_guest, exec_block(env, NULL), interp_some);
    }
    return kind;
}

/* guarded: run fn with a place to go when a guest access faults. May nest. */
static ExitKind guarded(ExitKind (*fn)(Env *, const IrBlock *), Env *env,
                        const IrBlock *b)
{
    void *outer = env->rt.access_jmp;
    sigjmp_buf jmp;
    ExitKind kind;

    if (sigsetjmp(jmp, 0)) {
        env->rt.access_jmp = outer;
        return env->rt.exit_kind;
    }
    env->rt.access_jmp = &jmp;
    kind = fn(env, b);
    env->rt.access_jmp = outer;
    return kind;
}

ExitKind interp_block(Env *env, const IrBlock *b)
{
    return guarded(exec, env, b);
}

ExitKind interp_step(Env *env)
{
    return guarded(exec_step, env, NULL);
}

ExitKind interp_some(Env *env)
{
    return guarded(exec_block, env, NULL);
}

ExitKind interp_run(Env *env)
{
    ExitKind kind;

    /* An op may stop its block for the instruction to be run again: interp_stop(). */
    do {
        kind = guarded(exec_run, env, NULL);
    } while (kind == EXIT_NONE);
    return kind;
}

/* ---- faults ---- */

static _Noreturn void leave(Env *env)
{
    siglongjmp(*(sigjmp_buf *)env->rt.access_jmp, 1);
}

/* redirect: the context goes on in leave(env), below what the interrupted code uses. */
static void redirect(ucontext_t *uc, Env *env)
{
#if defined(__x86_64__)
    greg_t *r = uc->uc_mcontext.gregs;

    r[REG_RSP] = ((r[REG_RSP] - 256) & ~15ll) - 8;
    r[REG_RDI] = (greg_t)env;
    r[REG_RIP] = (greg_t)leave;
#elif defined(__aarch64__)
    mcontext_t *m = &uc->uc_mcontext;

    m->sp = (m->sp - 256) & ~15ull;
    m->regs[0] = (uint64_t)env;
    m->pc = (uint64_t)leave;
#else
# error "no redirect() for this host"
#endif
}

static void note_fault(Env *env, ExitKind kind, int sig, int code, uint64_t addr)
{
    env->rt.exit_kind = kind;
    env->rt.fault_sig = sig;
    env->rt.fault_code = code;
    env->rt.fault_addr = addr;
    env->rt.in_access = 0;
}

void interp_raise(Env *env, int sig, int code, uint64_t addr)
{
    note_fault(env, EXIT_FAULT, sig, code, addr);
    leave(env);
}

void interp_stop(Env *env)
{
    env->rt.exit_kind = EXIT_NONE;
    leave(env);
}

/*
 * The host reports a non-canonical address without saying which; to the guest it is an
 * address where nothing is mapped.
 */
bool interp_fault(Env *env, int sig, const siginfo_t *info, ucontext_t *uc)
{
    uint32_t access = env->rt.in_access;
    bool sent = info->si_code <= 0; /* by kill() and the like */

    if (!access || sent || (sig != SIGSEGV && sig != SIGBUS)) {
        return false;
    }
    if (sig == SIGSEGV && info->si_code == SI_KERNEL) {
        note_fault(env, access == INTERP_FETCH ? EXIT_FETCH : EXIT_FAULT, sig,
                   SEGV_MAPERR, env->rt.access_addr);
    } else {
        uint64_t at = (uint64_t)info->si_addr;

        /* Code is read in any order: the address is that of the instruction's first byte. */
        if (access == INTERP_FETCH && at / PAGE_BYTES == env->rt.access_addr / PAGE_BYTES) {
            at = env->rt.access_addr;
        }
        note_fault(env, access == INTERP_FETCH ? EXIT_FETCH : EXIT_FAULT, sig,
                   info->si_code, at);
    }
    redirect(uc, env);
    return true;
}
