/* SPDX-License-Identifier: MIT */
/*
 * env.c: making an Env, poking it, and its floating point mode.
 *
 * One mapping holds, from low to high addresses:
 *
 *   guard | shadow stack (grows down) | sentinels | guard | poll page | Env
 *
 * The shadow stack holds pairs {guest return address, host return address}; a host push into
 * the lower guard empties it (fault.c). The sentinels above its base are never a guest
 * address (ENV_NO_PC), so a return on an empty stack takes the slow path.
 */
#include "translate/base/own_memory.h"
#include "translate/env.h"

#include <immintrin.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "translate/env_layout.h"
#include "translate/ir/ir.h"

enum { MXCSR_DEFAULT = 0x1f80, MXCSR_IM = 0x80, MXCSR_FLAGS = 0x3f };

/* Flags that may trap while they are not set, and where MXCSR masks them. */
enum { FP_TRAPPED = FP_DIVZERO | FP_OVERFLOW | FP_UNDERFLOW, MASK_SHIFT = 8,
       MXCSR_TRAPPED = FP_TRAPPED << MASK_SHIFT };
_Static_assert(MXCSR_TRAPPED == 0xe00, "ZM, OM, UM");

enum { TRAPS_MAX = 1000 };      /* some milliseconds */

/* set_masks: rt.mxcsr for the flags that are set. */
static void set_masks(Env *env)
{
    uint32_t base = env->rt.mxcsr | MXCSR_TRAPPED;

    env->rt.mxcsr_base = env->rt.fp_lazy ? base & ~(uint32_t)MXCSR_TRAPPED : base;
    env->rt.mxcsr = env->rt.mxcsr_base | (env->rt.fp_flags & FP_TRAPPED) << MASK_SHIFT;
    env->rt.fp_unread = 1;
}

/* load_masks: the same for the host's MXCSR, when it is the guest's: the one in which invalid traps. */
static void load_masks(const Env *env, uint32_t csr)
{
    if (!(csr & MXCSR_IM))
        csr = (csr & ~(uint32_t)MXCSR_TRAPPED) | (env->rt.mxcsr & MXCSR_TRAPPED);
    _mm_setcsr(csr);
}

static void start_values(Env *env)
{
    env->rt.shadow_sp = env->rt.shadow_base;
    env->rt.mxcsr = MXCSR_DEFAULT & ~MXCSR_IM;
    set_masks(env);
}

Env *env_new(void)
{
    size_t total = ENV_BELOW_BYTES + sizeof(Env);
    uint8_t *base = own_mmap(total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

    if (base == MAP_FAILED)
        return NULL;
    uint8_t *shadow = base + ENV_GUARD_BYTES;
    uint8_t *poll = base + ENV_BELOW_BYTES - PAGE_BYTES;

    if (mprotect(shadow, ENV_SHADOW_BYTES, PROT_READ | PROT_WRITE) < 0 ||
        mprotect(poll, PAGE_BYTES + sizeof(Env), PROT_READ | PROT_WRITE) < 0) {
        munmap(base, total);
        return NULL;
    }
    Env *env = (Env *)(poll + PAGE_BYTES);
    uint64_t *sentinel = (uint64_t *)(shadow + ENV_SHADOW_BYTES - ENV_SENTINEL_BYTES);

    for (unsigned i = 0; i < ENV_SENTINEL_BYTES / 8; i++)
        sentinel[i] = ENV_NO_PC;
    env->rt.shadow_base = (uint64_t)sentinel;
    start_values(env);
    return env;
}

void env_free(Env *env)
{
    env_gone(env);
    munmap((uint8_t *)env - ENV_BELOW_BYTES, ENV_BELOW_BYTES + sizeof(Env));
}

void env_rest(Env *env)
{
    env_idle(env);
    env_answer_poke(env, false);
}

void env_renew(Env *env)
{
    const EnvRt was = env->rt;

    memset(env->state, 0, sizeof(env->state));
    /* What the code cache keeps of it stays; see env_idle(). */
    env->rt = (EnvRt){ .shadow_base = was.shadow_base, .epoch = was.epoch,
                       .cache_thread = was.cache_thread, .adopted = was.adopted,
                       .jump_mode = was.jump_mode, .seen_kills = was.seen_kills };
    start_values(env);
}

void env_poke(Env *env)
{
    env->rt.poke = 1;
    mprotect((uint8_t *)env - PAGE_BYTES, PAGE_BYTES, PROT_NONE);
}

void env_poke_own(Env *env)
{
    /* Quiet: before it enters translated code again the thread looks at own_poke. */
    if (env->rt.epoch == UINT64_MAX)
        env->rt.own_poke = 1;
    else
        env_poke(env);
}

bool env_answer_poke(Env *env, bool polled)
{
    if (!env->rt.poke && !polled)
        return false;
    /* A poke that comes in between sets the flag again, or leaves the page for the next poll. */
    do {
        __atomic_store_n(&env->rt.poke, 0, __ATOMIC_SEQ_CST);
        mprotect((uint8_t *)env - PAGE_BYTES, PAGE_BYTES, PROT_READ | PROT_WRITE);
    } while (env->rt.poke);
    return true;
}

void env_load_mxcsr(Env *env)
{
    _mm_setcsr(env->rt.mxcsr);
}

void env_set_fp_mode(Env *env, const FpMode *m)
{
    /* MXCSR counts its rounding modes nearest, down, up, zero. */
    static const uint8_t rc[] = { [IR_RN_EVEN] = 0, [IR_RN_UP] = 2, [IR_RN_DOWN] = 1,
                                  [IR_RN_ZERO] = 3 };
    uint32_t sticky = _mm_getcsr() & 0x3f;

    env->rt.fp = *m;
    env->rt.mode = (env->rt.mode & ~(uint32_t)MODE_SPECIAL) | (m->flush_zero ? MODE_FLUSH : 0) |
                   (m->default_nan ? MODE_DEFAULT_NAN : 0) | (m->alt_half ? MODE_ALT_HALF : 0) |
                   (m->flush_zero16 ? MODE_FLUSH16 : 0);
    env->rt.mxcsr = ((MXCSR_DEFAULT & ~MXCSR_IM) & ~0x6000u) | (uint32_t)rc[m->round & 3] << 13;
    set_masks(env);
    _mm_setcsr(env->rt.mxcsr | sticky);
}

void env_set_guest_mode(Env *env, uint32_t bits)
{
    env->rt.mode = (env->rt.mode & ~(uint32_t)(MODE_GUEST | MODE_GUEST2)) | bits;
}

void env_watch_underflow(Env *env, bool on)
{
    env->rt.mode = (env->rt.mode & ~MODE_UNDERFLOW) | (on ? MODE_UNDERFLOW : 0);
}

/* MXCSR bits: IE 0, DE 1, ZE 2, OE 3, UE 4, PE 5. DE has no use: IDC is set by flushing only. */
static uint32_t flags_from_mxcsr(uint32_t csr)
{
    return (csr & 1 ? FP_INVALID : 0) | (csr & 4 ? FP_DIVZERO : 0) |
           (csr & 8 ? FP_OVERFLOW : 0) | (csr & 16 ? FP_UNDERFLOW : 0) |
           (csr & 32 ? FP_INEXACT : 0);
}

uint32_t env_fp_flags(Env *env)
{
    uint32_t f = env->rt.fp_flags | flags_from_mxcsr(_mm_getcsr());

    return f | env->rt.fcmp_invalid;
}

void env_set_fp_flags(Env *env, uint32_t flags)
{
    env->rt.fp_flags = flags;
    env->rt.fcmp_invalid = 0;
    set_masks(env);
    load_masks(env, _mm_getcsr() & ~(uint32_t)MXCSR_FLAGS);
}

void env_lazy_flags(Env *env, bool on)
{
    env->rt.fp_flags |= flags_from_mxcsr(_mm_getcsr());
    env->rt.fp_lazy = on;
    set_masks(env);
    load_masks(env, _mm_getcsr());
}

void env_settle_flags(Env *env)
{
    if (!env->rt.fp_lazy)
        return;
    if (env->rt.fp_traps > TRAPS_MAX) {
        env_lazy_flags(env, false);
    } else if ((env->rt.fp_flags & FP_TRAPPED) << MASK_SHIFT & ~env->rt.mxcsr) {
        set_masks(env);
        load_masks(env, _mm_getcsr());
    }
}
