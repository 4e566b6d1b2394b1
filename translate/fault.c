/* SPDX-License-Identifier: MIT */
/*
 * fault.c: host faults inside translated code.
 *
 * The state map of the unit tells the guest instruction and where NZCV is; everything else is
 * in homes and slots by construction. The handler writes the homes to the state, and lets the
 * thread resume at the run-time exit, so that whoever called env_run() sees an exact state
 * outside of any signal handler.
 */
#include <ucontext.h>

#include "translate/cache/cache.h"
#include "translate/env_layout.h"
#include "translate/host/interp/interp.h"
#include "translate/host/interp/rseq.h"
#include "translate/host/trap_sites.h"
#include "translate/stats.h"
#include "translate/translate.h"
#include "translate/translate_unit.h"

/* gregs index of each host register number. */
static const uint8_t greg_of[16] = {
    [RAX] = REG_RAX, [RCX] = REG_RCX, [RDX] = REG_RDX, [RBX] = REG_RBX,
    [RSP] = REG_RSP, [RBP] = REG_RBP, [RSI] = REG_RSI, [RDI] = REG_RDI,
    [R8] = REG_R8,   [R9] = REG_R9,   [R10] = REG_R10, [R11] = REG_R11,
    [R12] = REG_R12, [R13] = REG_R13, [R14] = REG_R14, [R15] = REG_R15,
};

static const Guest *fault_guest;
static Emit homes;      /* only its home tables are used */

void fault_init(const Guest *guest)
{
    fault_guest = guest;
    emit_init_homes(&homes, guest);
}

static uint64_t greg(const ucontext_t *uc, int host_reg)
{
    return (uint64_t)uc->uc_mcontext.gregs[greg_of[host_reg]];
}

static void sync_registers(Env *env, const ucontext_t *uc, const HomeSwap *swap, unsigned n_swap,
                           bool borrowed)
{
    uint64_t gpr[16];
    unsigned last = homes.home_int[homes.n_home_int - 1];

    for (int i = 0; i < 16; i++)
        gpr[i] = greg(uc, i);
    if (borrowed)
        memcpy(&gpr[homes.home[last]], env->state + fault_guest->regs[last].offset,
               sizeof(gpr[0]));
    emit_sync_from_host(&homes, env, gpr, (const V128 *)uc->uc_mcontext.fpregs->_xmm,
                        swap, n_swap);
}

/* swaps_of: the exchanged homes of u's block that guest pc offset off is in; how many. */
static unsigned swaps_of(const Unit *u, uint32_t off, const HomeSwap **swap)
{
    const HomeSwap *at = unit_swaps(u);
    const UnitBlock *found = NULL;

    for (unsigned i = 0; i < u->n_block; i++) {
        const UnitBlock *b = &unit_blocks(u)[i];

        if (b->pc_off <= off && (!found || b->pc_off > found->pc_off)) {
            found = b;
            *swap = at;
        }
        at += b->n_swap;
    }
    return found ? found->n_swap : 0;
}

/* map_entry: the last at or before host_off; NULL: none. */
static const MapEntry *map_entry(const Unit *u, uint64_t host_off)
{
    const MapEntry *m = unit_map(u);
    uint32_t lo = 0, hi = u->n_map;

    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;

        if (m[mid].host_off <= host_off)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? &m[lo - 1] : NULL;
}

/*
 * sync_state: complete guest state for the interrupted context; false when rip is no place of
 * ours. The MAP_ flags of the place go to *flags.
 */
static bool sync_state(Env *env, const ucontext_t *uc, uint32_t *flags)
{
    uint64_t rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP], pc;
    Unit *u = cache_unit_at(rip);
    FlagsKind kind = FLAGS_PACKED;
    const HomeSwap *swap = NULL;
    unsigned n_swap = 0;

    *flags = 0;
    if (u) {
        const MapEntry *m = map_entry(u, rip - (uint64_t)cache_code(u));

        if (!m)
            return false;
        pc = u->gpc + m->pc_off;
        kind = m->kind;
        *flags = m->flags;
        if (m->flags & MAP_SWAPPED)
            n_swap = swaps_of(u, m->pc_off, &swap);
    } else {
        /* The probe's poll: on the way to the guest pc in rax, as it was in the register. */
        pc = greg(uc, RAX) ^ env_kind(env->rt.btype);
        if (env->rt.btype == ENV_KIND_PLACE)
            pc = ir_place_pc(fault_guest, pc);
        if (fault_guest->top_byte_ignore)
            pc = (uint64_t)sext(pc, 56);
    }
    sync_registers(env, uc, swap, n_swap, *flags & MAP_BORROWED);
    if (kind != FLAGS_PACKED)
        env->rt.nzcv = flags_pack(kind, (uint64_t)uc->uc_mcontext.gregs[REG_EFL]);
    *pc_at(env, fault_guest) = pc;
    return true;
}

void fault_peek(Env *env, const ucontext_t *uc)
{
    uint64_t rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
    uint32_t flags;

    if (!cache_contains(rip) || !cache_unit_at(rip))
        return;
    /* Before the first place that may fault nothing was exchanged yet. */
    if (!sync_state(env, uc, &flags))
        sync_registers(env, uc, NULL, 0, false);
}

/* leave: make the context return from env_run() with kind. */
static FaultResult leave(Env *env, ucontext_t *uc, unsigned kind)
{
    env->rt.exit_kind = kind;
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)translate_thunk(THUNK_EXIT_RAW);
    return FAULT_GUEST;
}

/* needs_interpreter: the address has bits the host does not translate, but the guest may ignore. */
static bool needs_interpreter(const siginfo_t *info)
{
    uint64_t a = (uint64_t)info->si_addr;

    if (info->si_code == SI_KERNEL)
        return true;            /* a general protection fault: not canonical */
    return fault_guest->top_byte_ignore && a >> 56;
}

static FaultResult memory_fault(Env *env, int sig, const siginfo_t *info, ucontext_t *uc)
{
    uint64_t a = (uint64_t)info->si_addr;
    uint32_t flags;

    if (sig == SIGSEGV && env_in_shadow_guard(env, a)) {
        stats_add(STAT_fault_shadow);
        uc->uc_mcontext.gregs[REG_RSP] = (greg_t)env->rt.shadow_base;
        return FAULT_RESUME;
    }
    if (!sync_state(env, uc, &flags))
        return FAULT_NOT_OURS;
    if (sig == SIGSEGV && env_in_poll_page(env, a)) {
        stats_add(STAT_fault_poll);
        return leave(env, uc, EXIT_POKE);
    }
    /* Of several instructions lifted as one, the first by itself; one of the rest may fault again. */
    if (needs_interpreter(info) || flags & MAP_REPLAY) {
        if (needs_interpreter(info)) {
            stats_add(STAT_fault_tagged);
            if (fault_guest->top_byte_ignore)
                trap_site_note(guest_addr(*pc_at(env, fault_guest)), TRAP_TAGGED);
        }
        return leave(env, uc, EXIT_DEOPT);
    }
    stats_add(sig == SIGSEGV ? STAT_fault_segv : STAT_fault_bus);
    env->rt.fault_sig = sig;
    env->rt.fault_code = info->si_code;
    env->rt.fault_addr = a;
    return leave(env, uc, EXIT_FAULT);
}

/* clear_unmasked: clear the flags of MXCSR that trap, which are in bits 5 to 0, masked 7 bits above. */
static uint32_t clear_unmasked(uint32_t *mxcsr)
{
    uint32_t trapped = *mxcsr & ~(*mxcsr >> 7) & 0x3f;

    *mxcsr &= ~trapped;
    return trapped;
}

FaultResult fault_handle(Env *env, int sig, siginfo_t *info, ucontext_t *uc)
{
    uint32_t flags;

    if ((sig == SIGSEGV || sig == SIGBUS) && info->si_code > 0 && rseq_fault(uc))
        return FAULT_RESUME;
    if ((sig == SIGSEGV || sig == SIGBUS) && interp_fault(env, sig, info, uc)) {
        stats_add(STAT_fault_interp);
        return FAULT_RESUME;
    }
    if (info->si_code <= 0 || !cache_contains((uint64_t)uc->uc_mcontext.gregs[REG_RIP]))
        return FAULT_NOT_OURS;      /* sent by somebody, or not in translated code */
    switch (sig) {
    case SIGSEGV:
    case SIGBUS: return memory_fault(env, sig, info, uc);
    case SIGFPE:
        /*
         * An invalid operation, or a flag that is not to be set unseen (env_lazy_flags): the
         * interpreter makes the guest's result and flags.
         */
        if (clear_unmasked(&uc->uc_mcontext.fpregs->mxcsr) != FP_INVALID)
            env->rt.fp_traps++;
        stats_add(STAT_fault_nan);
        return sync_state(env, uc, &flags) ? leave(env, uc, EXIT_DEOPT) : FAULT_NOT_OURS;
    default: return FAULT_NOT_OURS;
    }
}
