// SPDX-License-Identifier: MIT
/* trap_sites.c: one word for each place: the pc, whether it is hot, for tags, and a count. */
#include "translate/host/trap_sites.h"

#include <stdatomic.h>

enum { SITES = 256, TRAPS_MAX = 64, COUNT_MASK = 0x3fff, TAGGED = 0x4000, HOT = 0x8000, PC_LSB = 16 };

static _Atomic uint64_t site[SITES];

static _Atomic uint64_t *place_of(GuestAddr pc)
{
    return &site[(pc.va >> 1 ^ pc.va >> 9 ^ pc.va >> 17) % SITES];
}

static bool is_of(uint64_t word, GuestAddr pc)
{
    return word >> PC_LSB == pc.va;
}

void trap_site_note(GuestAddr pc, TrapSite what)
{
    _Atomic uint64_t *place = place_of(pc);
    uint64_t word = atomic_load_explicit(place, memory_order_relaxed), next;

    if (is_of(word, pc))
        next = (word & COUNT_MASK) < TRAPS_MAX ? word + 1 : word;
    else
        next = word & COUNT_MASK ? word - 1 : pc.va << PC_LSB | 1;
    if (what == TRAP_TAGGED && is_of(next, pc))
        next |= TAGGED;
    /* What another thread counts at this moment is lost. */
    if (next != word)
        atomic_compare_exchange_strong_explicit(place, &word, next, memory_order_relaxed,
                                                memory_order_relaxed);
}

bool trap_site_due(GuestAddr pc)
{
    _Atomic uint64_t *place = place_of(pc);
    uint64_t word = atomic_load_explicit(place, memory_order_relaxed);

    return is_of(word, pc) && !(word & HOT) && (word & COUNT_MASK) == TRAPS_MAX &&
           atomic_compare_exchange_strong_explicit(place, &word, word | HOT, memory_order_relaxed,
                                                   memory_order_relaxed);
}

TrapSite trap_site_hot(GuestAddr pc)
{
    uint64_t word = atomic_load_explicit(place_of(pc), memory_order_relaxed);

    if (!is_of(word, pc) || !(word & HOT))
        return TRAP_NONE;
    return word & TAGGED ? TRAP_TAGGED : TRAP_SITE;
}
