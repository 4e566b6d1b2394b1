/* SPDX-License-Identifier: MIT */
/* Registered ranges: overlap at the edges, the next one, more than one block of slots. */
#include "syscall/own_range.h"

#include <criterion/criterion.h>

Test(own_range, overlap_is_exact)
{
    own_range_add(0x10000, 0x2000);
    cr_assert(own_range_overlaps(0x10000, 1));
    cr_assert(own_range_overlaps(0x11fff, 1));
    cr_assert(own_range_overlaps(0xffff, 2));
    cr_assert(own_range_overlaps(0, UINT64_MAX));
    cr_assert(!own_range_overlaps(0xffff, 1));
    cr_assert(!own_range_overlaps(0x12000, 0x1000));
    own_range_remove(0x10000);
    cr_assert(!own_range_overlaps(0, UINT64_MAX));
}

Test(own_range, next_is_the_lowest_and_cut)
{
    uint64_t start, end;

    own_range_add(0x50000, 0x1000);
    own_range_add(0x30000, 0x4000);
    cr_assert(own_range_next(0x31000, 0x60000, &start, &end));
    cr_assert(start == 0x31000 && end == 0x34000);
    cr_assert(own_range_next(0x34000, 0x50800, &start, &end));
    cr_assert(start == 0x50000 && end == 0x50800);
    cr_assert(!own_range_next(0x51000, 0x90000, &start, &end));
}

Test(own_range, many)
{
    for (uint64_t i = 1; i <= 2000; i++) {
        own_range_add(i << 20, PAGE_BYTES);
    }
    cr_assert_eq(own_range_bytes(), 2000 * PAGE_BYTES);
    for (uint64_t i = 2; i <= 2000; i += 2) {
        own_range_remove(i << 20);
    }
    cr_assert_eq(own_range_bytes(), 1000 * PAGE_BYTES);
    for (uint64_t i = 1; i <= 2000; i++) {
        cr_assert_eq(own_range_overlaps(i << 20, 1), i % 2 == 1);
    }
}
