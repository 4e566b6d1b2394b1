/* SPDX-License-Identifier: MIT */
/*
 * pages.c: which guest pages may be executed and which have been translated.
 *
 * A two-level table of one byte a page: the upper level covers 1 GiB an entry and is a
 * zero-filled mapping, so an unused gigabyte costs nothing and huge reservations are cheap.
 * Readers take no lock; writers set bits with atomic operations.
 */
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "translate/base/log.h"
#include "translate/base/own_memory.h"
#include "translate/translate.h"

enum { PAGE_EXEC = 1, PAGE_CODE = 2, PAGE_FAR = 4, PAGE_GUARDED = 8 };
enum { LEAF_BITS = 18, ROOT_BITS = 47 - PAGE_BITS - LEAF_BITS };
#define LEAF_PAGES (1u << LEAF_BITS)

typedef _Atomic uint8_t PageByte;

static _Atomic(PageByte *) root[1u << ROOT_BITS];

static PageByte *page_leaf(uint64_t page, bool make)
{
    uint64_t i = page >> LEAF_BITS;

    if (i >= ARRAY_LEN(root))
        return NULL;
    PageByte *leaf = atomic_load_explicit(&root[i], memory_order_acquire);

    if (leaf || !make)
        return leaf;
    void *m = own_mmap(LEAF_PAGES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

    if (m == MAP_FAILED)
        die(1, "out of memory for the page table");
    PageByte *expected = NULL;

    if (!atomic_compare_exchange_strong(&root[i], &expected, m)) {
        munmap(m, LEAF_PAGES);
        return expected;
    }
    own_memory(m, LEAF_PAGES);
    return m;
}

static uint8_t page_flags(uint64_t page)
{
    PageByte *leaf = page_leaf(page, false);

    return leaf ? atomic_load_explicit(&leaf[page & (LEAF_PAGES - 1)], memory_order_relaxed)
                : 0;
}

/*
 * page_range: first page and count of the pages that [start, start + len) touches. A range past
 * the end of all addresses, which any bad pointer makes, ends there.
 */
static uint64_t page_range(GuestAddr start, uint64_t len, uint64_t *first)
{
    uint64_t last = start.va + len - 1;

    *first = start.va >> PAGE_BITS;
    if (len && last < start.va)
        last = UINT64_MAX;
    return len ? (last >> PAGE_BITS) - *first + 1 : 0;
}

static _Atomic uint32_t exec_changes;

uint32_t pages_exec_changes(void)
{
    return atomic_load_explicit(&exec_changes, memory_order_relaxed);
}

void pages_set_exec(GuestAddr start, uint64_t len, bool exec)
{
    uint64_t page, n = page_range(start, len, &page);

    if (exec)
        atomic_fetch_add_explicit(&exec_changes, 1, memory_order_relaxed);
    while (n) {
        uint64_t in_leaf = LEAF_PAGES - (page & (LEAF_PAGES - 1));
        uint64_t now = n < in_leaf ? n : in_leaf;
        PageByte *leaf = page_leaf(page, exec);

        for (uint64_t i = 0; leaf && i < now; i++) {
            PageByte *b = &leaf[(page + i) & (LEAF_PAGES - 1)];
            uint8_t was = atomic_load_explicit(b, memory_order_relaxed);

            /* Most pages do not change: do not touch their bytes' pages then. */
            if (exec && !(was & PAGE_EXEC))
                atomic_fetch_or(b, PAGE_EXEC);
            else if (!exec && (was & PAGE_EXEC))
                atomic_fetch_and(b, (uint8_t)~PAGE_EXEC);
        }
        page += now;
        n -= now;
    }
}

static _Atomic bool any_guarded;

bool pages_any_guarded(void)
{
    return atomic_load_explicit(&any_guarded, memory_order_relaxed);
}

bool pages_is_guarded(GuestAddr a)
{
    return page_flags(a.va >> PAGE_BITS) & PAGE_GUARDED;
}

bool pages_set_guarded(GuestAddr start, uint64_t len, bool guarded)
{
    uint64_t page, n = page_range(start, len, &page);
    bool changed = false;

    if (!guarded && !pages_any_guarded())
        return false;
    if (guarded)
        atomic_store_explicit(&any_guarded, true, memory_order_relaxed);
    for (uint64_t end = page + n; page < end; page++) {
        PageByte *leaf = page_leaf(page, guarded);
        PageByte *b = leaf ? &leaf[page & (LEAF_PAGES - 1)] : NULL;

        if (!b || !(*b & PAGE_GUARDED) == !guarded)
            continue;
        atomic_fetch_xor(b, PAGE_GUARDED);
        changed = true;
    }
    return changed;
}

bool pages_is_exec(GuestAddr a)
{
    return page_flags(a.va >> PAGE_BITS) & PAGE_EXEC;
}

bool pages_is_translated(GuestAddr a)
{
    return (page_flags(a.va >> PAGE_BITS) & (PAGE_EXEC | PAGE_CODE)) == (PAGE_EXEC | PAGE_CODE);
}

bool pages_has_code(GuestAddr start, uint64_t len)
{
    GuestAddr at;

    /* Nearly always one page: each small copy to the guest asks. */
    if (len - 1 <= PAGE_BYTES - 1 - (start.va & (PAGE_BYTES - 1)))
        return page_flags(start.va >> PAGE_BITS) & PAGE_CODE;
    return pages_next_code(start, len, &at);
}

/* next_with: the first page of the range that has the flag. */
static bool next_with(uint8_t flag, GuestAddr start, uint64_t len, GuestAddr *at)
{
    uint64_t page, n = page_range(start, len, &page);

    while (n) {
        uint64_t in_leaf = LEAF_PAGES - (page & (LEAF_PAGES - 1));
        uint64_t now = n < in_leaf ? n : in_leaf;
        PageByte *leaf = page_leaf(page, false);

        for (uint64_t i = 0; leaf && i < now; i++) {
            if (leaf[(page + i) & (LEAF_PAGES - 1)] & flag) {
                *at = guest_addr((page + i) << PAGE_BITS);
                return true;
            }
        }
        page += now;
        n -= now;
    }
    return false;
}

bool pages_next_code(GuestAddr start, uint64_t len, GuestAddr *at)
{
    return next_with(PAGE_CODE, start, len, at);
}

bool pages_next_exec(GuestAddr start, uint64_t len, GuestAddr *at)
{
    return next_with(PAGE_EXEC, start, len, at);
}

static void note(GuestAddr a, uint8_t flags)
{
    PageByte *b = &page_leaf(a.va >> PAGE_BITS, true)[(a.va >> PAGE_BITS) & (LEAF_PAGES - 1)];

    if ((*b & flags) != flags)
        atomic_fetch_or(b, flags);
}

void pages_note_code(GuestAddr a)
{
    note(a, PAGE_CODE);
}

void pages_note_far(GuestAddr a)
{
    note(a, PAGE_CODE | PAGE_FAR);
}

bool pages_is_far(GuestAddr a)
{
    return page_flags(a.va >> PAGE_BITS) & PAGE_FAR;
}

void pages_clear_code(GuestAddr a)
{
    PageByte *leaf = page_leaf(a.va >> PAGE_BITS, false);

    if (leaf)
        atomic_fetch_and(&leaf[(a.va >> PAGE_BITS) & (LEAF_PAGES - 1)], (uint8_t)~PAGE_CODE);
}
