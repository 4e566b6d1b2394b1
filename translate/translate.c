/* SPDX-License-Identifier: MIT */
/*
 * translate.c: from guest pc to running code: one unit from start to end, the calls translated
 * code makes into C, and the loop around it.
 */
#include "translate/translate.h"

#include <errno.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "translate/base/log.h"
#include "translate/base/own_memory.h"
#include "translate/cache/cache.h"
#include "translate/env_layout.h"
#include "translate/fork_hints.h"
#include "translate/host/interp/eval.h"
#include "translate/host/interp/interp.h"
#include "translate/host/interp/rseq.h"
#include "translate/host/trap_sites.h"
#include "translate/lift_block.h"
#include "translate/listing.h"
#include "translate/opt/opt.h"
#include "translate/stats.h"
#include "translate/translate_unit.h"

TranslateOptions translate_options;

static const Guest *guest;
static const void *thunk_table[ENV_TABLE_ENTRIES];
static EnterFn *enter;
static const uint8_t *runtime;      /* the run-time entries */
static size_t runtime_bytes;

/* ---- Emit contexts: one per thread that translates right now ---- */

/*
 * Those not in use; a thread takes one out or puts one in with one exchange. Threads begin to
 * look at places of their own, so that each finds the one that is in its core's caches.
 */
enum { EMIT_SPARES = 16 };
static _Atomic(Emit *) emit_spare[EMIT_SPARES];

static _Atomic(Emit *) *emit_place(const Env *env, unsigned i)
{
    return &emit_spare[((uintptr_t)env->rt.cache_thread + i) % EMIT_SPARES];
}

static Emit *emit_new(void)
{
    Emit *e = own_mmap(sizeof(*e), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    if (e == MAP_FAILED)
        die(1, "out of memory for the translator");
    own_memory(e, sizeof(*e));
    emit_init(e, guest, host_features());
    return e;
}

static Emit *emit_get(const Env *env)
{
    for (unsigned i = 0; i < EMIT_SPARES; i++) {
        _Atomic(Emit *) *place = emit_place(env, i);

        if (atomic_load_explicit(place, memory_order_relaxed)) {
            Emit *e = atomic_exchange(place, NULL);

            if (e)
                return e;
        }
    }
    return emit_new();
}

static void emit_put(const Env *env, Emit *e)
{
    for (unsigned i = 0; i < EMIT_SPARES; i++) {
        Emit *none = NULL;

        if (atomic_compare_exchange_strong(emit_place(env, i), &none, e))
            return;
    }
    own_memory_gone(e);
    munmap(e, sizeof(*e));
}

/* ---- one unit ---- */

/*
 * unit_write: emit what was lifted. When a table or the room runs out, try again with fewer
 * blocks; a single block that is too large is lifted again with half the instructions, and a
 * single instruction that is still too large is left to the interpreter.
 */
static bool unit_write(Env *env, Emit *e, uint64_t place, uint32_t gen)
{
    unsigned blocks = e->n_block, insns = UNIT_MAX_INSNS;

    e->interpret = false;
    e->unit_pc = ir_place_pc(guest, place);
    for (;;) {
        unit_analyse(e);
        stats_phase(PHASE_ANALYSE);
        e->as.p = cache_reserve(env, &e->as.end);
        listing_start(e);
        if (emit_unit(e))
            break;
        if (blocks > 1)
            blocks /= 2;
        else if (insns > 1)
            insns /= 2;
        else
            e->interpret = true;
        /* Emitting uses a block up. */
        if (!unit_lift(e, place, blocks, insns))
            return false;
    }
    stats_phase(PHASE_EMIT);
    listing_print(e);
    bool kept = cache_commit(env, e, gen);

    stats_phase(PHASE_COMMIT);
    return kept;
}

static unsigned emit_insns(const Emit *e)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e->n_block; i++)
        n += e->block[i].ir.n_insn;
    return n;
}

/*
 * adopt_mode: the thread is about to run code that asks for more MODE_ bits (a unit lifted just now
 * for env's mode). Translations for the mode it had so far are left as soon as C code returns:
 * see other_mode().
 */
static bool adopt_mode(Env *env, const Emit *e)
{
    uint32_t wants = 0;

    for (unsigned i = 0; i < e->n_block; i++)
        wants |= e->block[i].ir.wants_mode;
    if (!(wants & ~env->rt.mode))
        return false;
    env->rt.mode |= wants;
    return true;
}

/* translate_unit: code for a place; NULL when its pc cannot be fetched (fault_ fields are set). */
static const uint8_t *translate_unit(Env *env, uint64_t place)
{
    uint64_t pc = ir_place_pc(guest, place);
    uint32_t doing = env->rt.doing;

    stats_begin();
    env->rt.doing = DOING_TRANSLATE;
    Emit *e = emit_get(env);
    sigjmp_buf jmp;
    const uint8_t *host = NULL;
    void *outer = env->rt.access_jmp;

    env->rt.access_jmp = &jmp;
    if (sigsetjmp(jmp, 0) == 0) {
        env->rt.access_addr = pc;
        env->rt.in_access = INTERP_FETCH;
        for (;;) {
            uint32_t gen = cache_generation();

            e->mode = env->rt.mode;
            if (!unit_lift(e, place, UNIT_MAX_BLOCKS, UNIT_MAX_INSNS)) {
                lift_fetch_fault(env, guest, guest_addr(pc));
                break;
            }
            stats_phase(PHASE_LIFT);
            if (adopt_mode(env, e))
                continue;
            if (unit_write(env, e, place, gen)) {
                fork_hints_note(env, place | (uint64_t)env->rt.mode << HINT_MODE_SHIFT);
                host = cache_lookup(place, env->rt.mode);
                if (host)
                    break;
            }
            stats_add(STAT_units_lost);
        }
    }
    env->rt.in_access = 0;
    env->rt.access_jmp = outer;
    env->rt.doing = doing;
    if (!host)
        cache_unreserve(env);
    stats_end(host ? emit_insns(e) : 0);
    emit_put(env, e);
    return host;
}

static const uint8_t *host_code(Env *env, uint64_t place)
{
    const uint8_t *host = cache_lookup(place, env->rt.mode);

    stats_add(STAT_map_lookup);
    if (host)
        return host;
    stats_add(STAT_map_miss);
    return translate_unit(env, place);
}

/* host_code_at: the same for any number that the guest jumps to, which is never a place. */
static const uint8_t *host_code_at(Env *env, uint64_t pc)
{
    if (guest->variant && pc & ENV_VARIANT_MASK) {
        lift_fetch_fault(env, guest, guest_addr(pc));
        return NULL;
    }
    return host_code(env, pc);
}

/* ---- calls from translated code ---- */

static uint32_t *nzcv_of(Env *env)
{
    return (uint32_t *)(env->state + guest->nzcv_offset);
}

static uint64_t *pc_of(Env *env)
{
    return pc_at(env, guest);
}

static void flags_to_guest(Env *env)
{
    *nzcv_of(env) = flags_nzcv(env->rt.nzcv);
}

static void flags_from_guest(Env *env)
{
    env->rt.nzcv = flags_from_nzcv(*nzcv_of(env));
}

/* leave_at: what a look-up returns when there is no code: the way out, to continue at pc. */
static const void *leave_at(Env *env, uint64_t pc, ExitKind kind)
{
    env->rt.next_pc = pc;
    env->rt.exit_kind = kind;
    return thunk_table[THUNK_EXIT_KEEP];
}

/* other_mode: the mode has changed; translated code that calls is for the one before. */
static bool other_mode(const Env *env)
{
    return env->rt.jump_mode != env->rt.mode;
}

static const void *rt_link(Env *env, uint32_t edge)
{
    uint64_t place = cache_edge_target(edge), epoch = env->rt.epoch;
    uint64_t pc = ir_place_pc(guest, place);
    const uint8_t *host = host_code(env, place);

    if (!host)
        return leave_at(env, pc, EXIT_FETCH);
    if (other_mode(env))
        return leave_at(env, pc, EXIT_NONE);
    /* Taking a fresh chunk may have given up the one the edge was in. */
    if (epoch == env->rt.epoch)
        cache_link(edge);
    return host;
}

bool translate_landing(Env *env, uint64_t pc)
{
    unsigned btype = env->rt.btype;
    uint32_t word;

    if (!guest->lands_on || !pages_is_guarded(guest_addr(pc)) || !pages_is_exec(guest_addr(pc)) ||
        (pc & (guest->insn_min_bytes - 1u))) {
        env->rt.btype = 0;
        return false;
    }
    memcpy(&word, (const void *)pc, sizeof(word));
    if (guest->lands_on(word, btype)) {
        env->rt.btype = 0;
        return false;
    }
    env->rt.fault_sig = SIGILL;
    env->rt.fault_code = ILL_ILLOPC;
    env->rt.fault_addr = pc;
    return true;
}

/* rt_lookup: pc is in the form of the jump cache: see rule_exit_ind(). */
static const void *rt_lookup(Env *env, uint64_t pc)
{
    unsigned btype = env->rt.btype;

    pc ^= env_kind(btype);
    if (guest->top_byte_ignore)
        pc = (uint64_t)sext(pc, 56);
    uint64_t place = pc;
    bool is_place = guest->variant && btype == ENV_KIND_PLACE;
    const uint8_t *host = is_place ? host_code(env, place) : host_code_at(env, pc);

    if (is_place)
        pc = ir_place_pc(guest, place);

    if (!host) {
        env->rt.btype = 0;
        return leave_at(env, pc, EXIT_FETCH);
    }
    if (other_mode(env))
        return leave_at(env, pc, EXIT_NONE);    /* jit_once() looks at the landing */
    if (btype && translate_landing(env, pc))
        return leave_at(env, pc, EXIT_FAULT);
    cache_jump_set(env, place, btype, host);
    return host;
}

static int rt_syscall(Env *env, uint32_t imm)
{
    uint64_t next = env->rt.next_pc, shadow = env->rt.shadow_sp;

    if (env->rt.on_quick && env->rt.on_quick(env))
        return 0;
    flags_to_guest(env);
    uint64_t was = env->rt.epoch;

    cache_quiet(env);
    int leave = env->rt.on_syscall(env, imm);
    uint64_t now = cache_busy(env);

    /* After cache_busy(): a signal handler that comes later stops the thread at a poll. */
    leave |= (int)env->rt.own_poke;
    flags_from_guest(env);
    env->rt.exit_kind = leave ? EXIT_SYSCALL : EXIT_NONE;
    /*
     * Code went away, perhaps what called, or this is code for another mode, or something was
     * translated and the shadow stack emptied for that: look up afresh.
     */
    bool moved = env->rt.seen_kills != cache_kills() || was != now ||
                 other_mode(env) || env->rt.shadow_sp != shadow;

    if (moved)
        env->rt.shadow_sp = env->rt.shadow_base - 8;    /* the way out pops one word */
    return leave || moved || *pc_of(env) != next;
}

/* helper_guarded: one that may fault; exit_kind tells whether it did: see THUNK_HELPER_FAULT. */
static uint64_t helper_guarded(Env *env, const HelperDef *h)
{
    void *outer = env->rt.access_jmp;
    sigjmp_buf jmp;
    volatile uint64_t r = 0;

    env->rt.exit_kind = EXIT_NONE;
    if (sigsetjmp(jmp, 0) == 0) {
        env->rt.access_jmp = &jmp;
        env->rt.access_addr = env->rt.arg[0];
        env->rt.in_access = INTERP_DATA;
        r = h->fn(env, env->rt.arg[0], env->rt.arg[1], env->rt.arg[2]);
    }
    env->rt.in_access = 0;
    env->rt.access_jmp = outer;
    return r;
}

static uint64_t rt_helper(Env *env, uint32_t number)
{
    const HelperDef *h = &guest->helpers[number];

    if (h->flags & HELPER_READS_STATE)
        flags_to_guest(env);
    uint64_t r = h->flags & HELPER_MAY_FAULT
                     ? helper_guarded(env, h)
                     : h->fn(env, env->rt.arg[0], env->rt.arg[1], env->rt.arg[2]);

    if (h->flags & HELPER_WRITES_STATE)
        flags_from_guest(env);
    return r;
}

static void rt_eval(Env *env, uint64_t word, V128 *d, const V128 *a, const V128 *b,
                    const V128 *c)
{
    EvalOp op;

    memcpy(&op, &word, sizeof(op));
    eval_op(env, op, d, a, b, c);
}

/* ---- start ---- */

int translate_init(const Guest *g, const TranslateOptions *options)
{
    translate_options = *options;
    guest = g;
    interp_init(g);
    eval_fp_nan_rule = g->canonical_nan ? FP_NAN_RISCV : FP_NAN_ARM;
    if (options->accel == ACCEL_INTERP)
        return 0;
    if (!host_features_v2())
        die(1, "this CPU lacks SSE4.2 or CMPXCHG16B; use -accel interp");
    fault_init(g);
    int err = cache_init(options->code_bytes);

    if (err)
        return err;
    Emit *e = emit_new();

    e->as.p = cache_reserve_thunks(&e->as.end);
    runtime = e->as.p;
    enter = emit_thunks(e, thunk_table);
    runtime_bytes = (size_t)(e->as.p - runtime);
    cache_data(thunk_table);
    thunk_table[RT_LINK] = (const void *)rt_link;
    thunk_table[RT_LOOKUP] = (const void *)rt_lookup;
    thunk_table[RT_SYSCALL] = (const void *)rt_syscall;
    thunk_table[RT_EVAL] = (const void *)rt_eval;
    thunk_table[RT_HELPER] = (const void *)rt_helper;
    thunk_table[DATA_ESTIMATES] = emit_estimates();
    stats_wrap(guest, thunk_table);
    emit_spare[0] = e;
    return 0;
}

static void env_adopt(Env *env)
{
    memcpy(env->table, thunk_table, RT_COUNT * sizeof(thunk_table[0]));
    env->jump[0].gpc = ENV_NO_PC;       /* so that no entry matches pc 0 */
    env->rt.adopted = 1;
    env->rt.jump_mode = env->rt.mode;
    env_load_mxcsr(env);
    cache_env_add(env);
}

void env_gone(Env *env)
{
    if (env->rt.adopted)
        cache_env_remove(env);
    stats_env_gone(env);
    interp_free(env);
}

/* Still known to the code cache, which keeps its jump cache free of dropped code. */
void env_idle(Env *env)
{
    if (env->rt.adopted) {
        cache_quiet(env);
        cache_unreserve(env);
    }
    interp_free(env);
    env->rt.interp_cache = NULL;
}

/* ---- run ---- */

static void jump_cache_clear(Env *env)
{
    for (unsigned i = 0; i < ENV_JUMP_ENTRIES; i++)
        env->jump[i].gpc = ENV_NO_PC;
    env->rt.jump_mode = env->rt.mode;
}

static void mode_ready(Env *env)
{
    if (other_mode(env)) {
        /* Nothing may return to code for the mode before. */
        jump_cache_clear(env);
        env->rt.shadow_sp = env->rt.shadow_base;
    }
}

/* jit_ready: the thread is about to enter translated code: what changed since it last was there? */
static void jit_ready(Env *env)
{
    uint64_t was = env->rt.epoch;
    bool moved = cache_busy(env) != was;
    uint32_t kills = cache_kills();

    if (moved || env->rt.seen_kills != kills) {
        /* Returns must not land in code that was dropped. */
        env->rt.seen_kills = kills;
        env->rt.shadow_sp = env->rt.shadow_base;
    }
    mode_ready(env);
}

static ExitKind jit_once(Env *env)
{
    if (env->rt.btype && translate_landing(env, *pc_of(env)))
        return EXIT_FAULT;
    const uint8_t *host = host_code_at(env, *pc_of(env));

    if (!host)
        return EXIT_FETCH;
    mode_ready(env);            /* translating may have changed it */
    flags_from_guest(env);
    ExitKind kind = enter(env, host);

    flags_to_guest(env);
    return kind;
}

static ExitKind step(Env *env)
{
    GuestAddr pc = guest_addr(*pc_of(env));

    trap_site_note(pc, TRAP_SITE);
    if (trap_site_due(pc))
        translate_invalidate(pc, 1);
    stats_step(pc.va);
    env->rt.doing = DOING_INTERP;
    ExitKind kind = rseq_follow(env, guest, interp_step(env), interp_some);

    env_settle_flags(env);
    env->rt.doing = DOING_GUEST;
    return kind;
}

static ExitKind jit_run(Env *env)
{
    if (!env->rt.adopted)
        env_adopt(env);
    for (;;) {
        if (env_answer_poke(env, false))
            return EXIT_POKE;
        jit_ready(env);
        if (env->rt.own_poke) {         /* after cache_busy(), as in rt_syscall() */
            env_poke_seen(env);
            return EXIT_POKE;
        }
        unsigned kind = jit_once(env);

        stats_exit(env, kind);
        if (kind == EXIT_DEOPT)
            kind = step(env);
        if (kind == EXIT_POKE)
            env_answer_poke(env, true);
        if (kind != EXIT_NONE)
            return kind;
    }
}

/* The Env whose code called, when C code of this thread is at work; only compared. */
static __thread const Env *running;

ExitKind env_run(Env *env)
{
    ExitKind kind;

    running = env;
    if (translate_options.accel == ACCEL_JIT) {
        kind = jit_run(env);
        cache_quiet(env);
        env->rt.shadow_sp = env->rt.shadow_base;
    } else {
        env->rt.doing = DOING_INTERP;
        kind = interp_run(env);
        env->rt.doing = DOING_GUEST;
        if (kind == EXIT_POKE)
            env_answer_poke(env, true);
    }
    return kind;
}

/* ---- changes of code ---- */

void translate_invalidate(GuestAddr start, uint64_t len)
{
    if (!len || !pages_has_code(start, len))
        return;
    interp_invalidate();
    rseq_code_changed();
    if (translate_options.accel == ACCEL_JIT)
        cache_kill(start.va, start.va + len, running);
}

void translate_revalidate(Env *env)
{
    interp_invalidate();
    if (translate_options.accel == ACCEL_JIT)
        cache_kill_changed(env);
}

void translate_set_guarded(GuestAddr start, uint64_t len, bool guarded)
{
    bool first = guarded && !pages_any_guarded();

    if (!guest || !guest->lands_on || !(translate_options.features & guest->guard_feature) ||
        !pages_set_guarded(start, len, guarded))
        return;
    interp_invalidate();
    if (translate_options.accel != ACCEL_JIT)
        return;
    /* Branches lifted so far do not say what they are; with the first guarded page they have to. */
    if (first)
        cache_kill_all(running);
    else
        cache_kill(start.va, start.va + len, running);
}

void translate_before_fork(Env *env)
{
    uint64_t key[64];

    if (translate_options.accel != ACCEL_JIT || !env->rt.adopted)
        return;
    unsigned n = fork_hints_take(env, key, ARRAY_LEN(key));

    if (!n)
        return;
    cache_busy(env);
    for (unsigned i = 0; i < n; i++) {
        uint64_t pc = key[i] & (((uint64_t)1 << HINT_MODE_SHIFT) - 1);

        if (key[i] >> HINT_MODE_SHIFT == env->rt.mode && pages_is_exec(guest_addr(pc)) &&
            !cache_lookup(pc, env->rt.mode))
            translate_unit(env, pc);
    }
    cache_quiet(env);
}

void translate_after_fork(Env *env)
{
    fork_hints_child(env);
}

void translate_fork_prepare(void)
{
    cache_lock();
}

void translate_fork_parent(void)
{
    cache_unlock();
}

void translate_fork_child(const Env *self)
{
    cache_fork_child(self);
    interp_fork_child();
    translate_fork_parent();
}

void translate_gone(pid_t pid)
{
    cache_lock_gone((uint32_t)pid);
}

const uint8_t *translate_runtime(size_t *bytes)
{
    *bytes = runtime_bytes;
    return runtime;
}

const void *translate_thunk(unsigned number)
{
    return thunk_table[number];
}

void translate_end(void)
{
    interp_log_counts();
}
