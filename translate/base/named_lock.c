// SPDX-License-Identifier: MIT
/* named_lock.c: a word that tells who has the lock, and whether somebody sleeps for it. */
#include "translate/base/named_lock.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "translate/base/base.h"

enum { FREE, PLAIN = 1, WAITERS = (int)0x80000000, SPINS = 100 };

/* In the child of a vfork it is the parent's, which is suspended: set and put back in turn. */
static __thread uint32_t own_name = PLAIN;

static bool try_lock(NamedLock *l, uint32_t as)
{
    uint32_t free_word = FREE;

    return atomic_compare_exchange_strong_explicit(&l->word, &free_word, as, memory_order_acquire,
                                                   memory_order_relaxed);
}

static void wait_for(NamedLock *l)
{
    /* Whoever slept cannot know that no one else does. */
    uint32_t as = own_name | (uint32_t)WAITERS;

    while (!try_lock(l, as)) {
        uint32_t now = atomic_load(&l->word);

        if (now == FREE)
            continue;
        if ((now & (uint32_t)WAITERS) ||
            atomic_compare_exchange_strong(&l->word, &now, now | (uint32_t)WAITERS))
            syscall(SYS_futex, &l->word, FUTEX_WAIT_PRIVATE, now | (uint32_t)WAITERS, NULL);
    }
}

void named_lock(NamedLock *l)
{
    for (unsigned i = 0; i < SPINS; i++) {
        if (try_lock(l, own_name))
            return;
        cpu_relax();
    }
    wait_for(l);
}

void named_unlock(NamedLock *l)
{
    if (atomic_exchange_explicit(&l->word, FREE, memory_order_release) & (uint32_t)WAITERS)
        syscall(SYS_futex, &l->word, FUTEX_WAKE_PRIVATE, 1);
}

void named_lock_fork_child(NamedLock *l)
{
    l->word = FREE;
}

bool named_lock_holder(const NamedLock *l, uint32_t name)
{
    return (atomic_load(&l->word) & ~(uint32_t)WAITERS) == name;
}

uint32_t named_lock_as(uint32_t name)
{
    uint32_t was = own_name;

    own_name = name ? name : PLAIN;
    return was;
}
