// SPDX-License-Identifier: MIT
/* The frequent instruction of a place is found, once, and gives way when another is. */
#include "translate/host/trap_sites.h"

#include <criterion/criterion.h>

static void note(uint64_t pc, unsigned times)
{
    while (times--)
        trap_site_note(guest_addr(pc), TRAP_SITE);
}

Test(trap_sites, due_once)
{
    GuestAddr pc = guest_addr(0x5500001234);

    note(pc.va, 10);
    cr_assert(!trap_site_due(pc) && !trap_site_hot(pc));
    note(pc.va, 1000);
    cr_assert(!trap_site_hot(pc));
    cr_assert(trap_site_due(pc));
    cr_assert(!trap_site_due(pc) && trap_site_hot(pc));
    note(pc.va, 1000);
    cr_assert(!trap_site_due(pc) && trap_site_hot(pc));
    cr_assert(trap_site_hot(pc) == TRAP_SITE);
    cr_assert(!trap_site_hot(guest_addr(pc.va + 4)));
    trap_site_note(pc, TRAP_TAGGED);
    cr_assert(trap_site_hot(pc) == TRAP_TAGGED);
}

/* These share a place, whatever it is: 256 places, and a thousand that differ. */
Test(trap_sites, wear)
{
    GuestAddr often = guest_addr(0x400000);

    for (unsigned i = 0; i < 4000; i++) {
        note(often.va, 2);
        note(0x10000000 + 0x40 * (i % 1000), 1);
    }
    cr_assert(trap_site_due(often));
    for (unsigned i = 0; i < 4000; i++)
        note(0x10000000 + 0x40 * (i % 1000), 40);
    cr_assert(!trap_site_hot(often));
}
