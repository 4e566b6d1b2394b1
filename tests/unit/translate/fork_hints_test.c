/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "translate/fork_hints.h"

static Env parent, child, grandchild;

static unsigned take(uint64_t *key)
{
    return fork_hints_take(&parent, key, 4);
}

/* The page is made at the second fork. */
static void two_forks(void)
{
    uint64_t key[4];

    take(key);
    take(key);
    fork_hints_child(&child);
}

Test(fork_hints, a_process_that_forks_once_shares_nothing)
{
    uint64_t key[4];

    take(key);
    fork_hints_child(&child);
    cr_expect(!child.rt.hint_notes);
    fork_hints_note(&child, 0x1000);
    cr_expect_eq(take(key), 0);
}

Test(fork_hints, what_two_children_noted_is_taken)
{
    uint64_t key[4];

    two_forks();
    cr_assert(child.rt.hint_notes);
    fork_hints_note(&child, 0x1000);
    fork_hints_note(&child, 0x2000);
    cr_expect_eq(take(key), 0);
    fork_hints_note(&child, 0x2000);
    cr_assert_eq(take(key), 1);
    cr_expect_eq(key[0], 0x2000);
    cr_expect_eq(take(key), 0);
}

Test(fork_hints, notes_beyond_the_page_are_left_out)
{
    uint64_t key[4];

    two_forks();
    for (uint64_t i = 0; i < PAGE_BYTES; i++)
        fork_hints_note(&child, 0x1000);
    cr_expect_eq(take(key), 4);
}

Test(fork_hints, a_child_does_not_take_its_parents_page)
{
    uint64_t key[4];
    void *above;

    two_forks();
    above = child.rt.hint_notes;
    fork_hints_note(&child, 0x1000);
    fork_hints_note(&child, 0x1000);
    cr_expect_eq(fork_hints_take(&child, key, 4), 0);
    cr_expect_eq(child.rt.hint_notes, above);
    fork_hints_child(&grandchild);
    cr_expect(grandchild.rt.hint_notes && grandchild.rt.hint_notes != above);
}
