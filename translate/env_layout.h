/* SPDX-License-Identifier: MIT */
/*
 * env_layout.h: what lies below an Env in memory, and its private calls; for env.c, fault.c
 * and the back-ends only.
 */
#pragma once

#include "translate/env.h"

enum {
    ENV_GUARD_BYTES = 4096,
    ENV_SHADOW_BYTES = 256 * 1024,      /* with the sentinels */
    ENV_SENTINEL_BYTES = 1024,
    ENV_BELOW_BYTES = ENV_GUARD_BYTES + ENV_SHADOW_BYTES + ENV_GUARD_BYTES + PAGE_BYTES,
    ENV_POLL_OFFSET = -4096,            /* from env */
};

/* env_in_shadow_guard: an address of the guards around the shadow stack. */
static inline bool env_in_shadow_guard(const Env *env, uint64_t a)
{
    uint64_t base = (uint64_t)env - ENV_BELOW_BYTES;
    uint64_t upper = base + ENV_GUARD_BYTES + ENV_SHADOW_BYTES;

    return (a >= base && a < base + ENV_GUARD_BYTES) ||
           (a >= upper && a < upper + ENV_GUARD_BYTES);
}

static inline bool env_in_poll_page(const Env *env, uint64_t a)
{
    return a >= (uint64_t)env - PAGE_BYTES && a < (uint64_t)env;
}

/*
 * env_answer_poke: true when a poke was waiting, or polled says that the poll page stopped the
 * thread; it is answered now. Own thread.
 */
bool env_answer_poke(Env *env, bool polled);

/* env_load_mxcsr: make the host's MXCSR the guest's (new threads, after a handler is left). */
void env_load_mxcsr(Env *env);

/* env_gone: the translator's share of env_free(); env_idle: of env_rest(). */
void env_gone(Env *env);
void env_idle(Env *env);
