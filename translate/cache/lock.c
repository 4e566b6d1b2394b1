// SPDX-License-Identifier: MIT
/*
 * lock.c: the lock around changes of the cache: a word that tells who has it.
 *
 * A process made by vfork runs in this memory and may be killed at any instruction, also between
 * lock and unlock; its parent then goes on, and must not wait for it for good. So such a process
 * takes the lock under a name of its own, and the parent, once the child is gone, looks whether
 * the lock still bears that name. Threads need no names: a signal that kills one kills all.
 *
 * What the child had begun is half done then, so all lists are made again before the lock is free.
 */
#include "translate/cache/cache.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FREE, PLAIN = 1, WAITERS = (int)0x80000000, SPINS = 100 };

static _Atomic uint32_t word;
/* In the child of a vfork it is the parent's, which is suspended: set and put back in turn. */
static __thread uint32_t name = PLAIN;

static bool try_lock(uint32_t as)
{
    uint32_t free_word = FREE;

    return atomic_compare_exchange_strong_explicit(&word, &free_word, as, memory_order_acquire,
                                                   memory_order_relaxed);
}

static void wait_for(void)
{
    /* Whoever slept cannot know that no one else does. */
    uint32_t as = name | (uint32_t)WAITERS;

    while (!try_lock(as)) {
        uint32_t now = atomic_load(&word);

        if (now == FREE)
            continue;
        if ((now & (uint32_t)WAITERS) ||
            atomic_compare_exchange_strong(&word, &now, now | (uint32_t)WAITERS))
            syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, now | (uint32_t)WAITERS, NULL);
    }
}

void cache_lock(void)
{
    for (unsigned i = 0; i < SPINS; i++) {
        if (try_lock(name))
            return;
        cpu_relax();
    }
    wait_for();
}

void cache_unlock(void)
{
    if (atomic_exchange_explicit(&word, FREE, memory_order_release) & (uint32_t)WAITERS)
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
}

uint32_t cache_lock_as(uint32_t as)
{
    uint32_t was = name;

    name = as ? as : PLAIN;
    return was;
}

void cache_lock_gone(uint32_t as)
{
    if ((atomic_load(&word) & ~(uint32_t)WAITERS) != as)
        return;
    cache_repair();
    cache_unlock();
}
