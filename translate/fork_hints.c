/* SPDX-License-Identifier: MIT */
#include "translate/fork_hints.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "translate/base/own_memory.h"

enum { NOTES = PAGE_BYTES / 8 - 1, FORKS_BEFORE = 1, SEEN = 1024 };

typedef struct {
    _Atomic uint64_t n;         /* may run beyond NOTES; what does not fit is not noted */
    _Atomic uint64_t key[NOTES];
} Notes;
_Static_assert(sizeof(Notes) == PAGE_BYTES, "one shared page");

/*
 * The page for this process's children. In a child it is still the parent's, which its Env
 * (EnvRt.hint_notes) has as the one to write to, until it forks itself. One thread at a time
 * takes: others find it taken and go without.
 */
static Notes *below;
static unsigned forks;
static uint16_t seen[SEEN];     /* of keys noted once: a hash */
static _Atomic bool taken;

static void make_page(Env *env)
{
    if (forks++ < FORKS_BEFORE || (below && below != env->rt.hint_notes))
        return;
    Notes *n = own_mmap(sizeof(*n), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

    below = NULL;
    if (n == MAP_FAILED)
        return;
    own_memory(n, sizeof(*n));
    below = n;
}

/* seen_twice: a key whose hash is known counts as seen; a wrong guess costs a translation. */
static bool seen_twice(uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15ull;
    uint16_t *s = &seen[h >> 54], tag = (uint16_t)(h >> 38) | 1;
    bool known = *s == tag;

    *s = tag;
    return known;
}

unsigned fork_hints_take(Env *env, uint64_t *key, unsigned max)
{
    unsigned n = 0;

    if (atomic_exchange(&taken, true))
        return 0;
    if (below && below != env->rt.hint_notes) {
        uint64_t noted = atomic_exchange(&below->n, 0);

        for (uint64_t i = 0; i < noted && i < NOTES && n < max; i++) {
            uint64_t k = atomic_load_explicit(&below->key[i], memory_order_relaxed);

            if (seen_twice(k))
                key[n++] = k;
        }
    }
    make_page(env);
    taken = false;
    return n;
}

void fork_hints_child(Env *env)
{
    Notes *old = env->rt.hint_notes;

    if (taken)                  /* by a thread that is not here; else leave the page alone */
        taken = false;
    if (!below || old == below)
        return;
    env->rt.hint_notes = below;
    if (old) {
        own_memory_gone(old);
        munmap(old, sizeof(*old));
    }
}

void fork_hints_note(Env *env, uint64_t key)
{
    Notes *n = env->rt.hint_notes;

    if (!n)
        return;
    uint64_t i = atomic_fetch_add(&n->n, 1);

    if (i < NOTES)
        atomic_store_explicit(&n->key[i], key, memory_order_relaxed);
}
