/* SPDX-License-Identifier: MIT */
/*
 * space.c: a choice of addresses for a narrow space, from its top down as the kernel's.
 *
 * There is no list of mappings here: MAP_FIXED_NOREPLACE tells whether a place is free. A cursor
 * says where the last mapping was put; the search goes on below it, by the length wanted, and
 * starts once more at the top when it meets the lower half.
 */
#include "syscall/space.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "syscall/host_call.h"

#ifndef MAP_FIXED_NOREPLACE
# define MAP_FIXED_NOREPLACE 0x100000
#endif

/* Two thirds of the space up, where the kernel puts programs: below are shadows and arenas. */
#define WIDE_PROGRAM 0x560000000000ull
/* Left free at the top, where a kernel puts the first stack and random distances. */
#define TOP_GAP (16ull << 20)
#define LOWEST  (1ull << 20)

/* The first address past what a 47-bit address space gives to programs. */
uint64_t space_end = 0x7ffffffff000;
static bool narrow;
static _Atomic uint64_t cursor;

void space_narrow(unsigned bits)
{
    space_end = (1ull << bits) - PAGE_BYTES;
    narrow = true;
    cursor = space_end - TOP_GAP;
}

bool space_is_narrow(void)
{
    return narrow;
}

uint64_t space_program(void)
{
    return narrow ? align_down(space_end / 3 * 2, PAGE_BYTES) : WIDE_PROGRAM;
}

/* try_at: exactly there, or -EEXIST. */
static long try_at(uint64_t addr, uint64_t len, int prot, int flags, int fd, int64_t off)
{
    long at = host_call(SYS_mmap, addr, len, prot, flags | MAP_FIXED_NOREPLACE, fd, off);

    if (at >= 0 && (uint64_t)at != addr) { /* a kernel without NOREPLACE */
        host_call(SYS_munmap, at, len);
        return -EEXIST;
    }
    return at;
}

/* search: from `from` down to the middle of the space. */
static long search(uint64_t from, uint64_t len, int prot, int flags, int fd, int64_t off)
{
    /* Four gigabytes are too few to leave any of them to programs alone. */
    uint64_t floor = space_end <= 1ull << 32 ? LOWEST : space_program() + (space_end >> 4);
    uint64_t step = align_up(len, PAGE_BYTES);

    for (uint64_t at = from; at >= step && at - step >= floor;) {
        at -= step;
        long got = try_at(at, len, prot, flags, fd, off);

        if (got == -EEXIST)
            continue;
        if (got >= 0)
            cursor = at;
        return got;
    }
    return -ENOMEM;
}

long space_mmap(uint64_t addr, uint64_t len, int prot, int flags, int fd, int64_t off)
{
    uint64_t hint = align_down(addr, PAGE_BYTES);
    long got;

    if (!narrow)
        return host_call(SYS_mmap, addr, len, prot, flags, fd, off);
    if (hint) {
        got = try_at(hint, len, prot, flags, fd, off);
        if (got != -EEXIST && got != -EPERM)
            return got;
    }
    got = search(cursor, len, prot, flags, fd, off);
    return got != -ENOMEM ? got : search(space_end - TOP_GAP, len, prot, flags, fd, off);
}

/* The new place is held by a mapping of no access until the pages move over it. */
long space_mremap(uint64_t addr, uint64_t old_len, uint64_t new_len, int flags)
{
    enum { HOLD = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE };
    long at, got;

    if (!narrow || !(flags & MREMAP_MAYMOVE))
        return host_call(SYS_mremap, addr, old_len, new_len, flags, 0);
    if (flags == MREMAP_MAYMOVE) {
        got = host_call(SYS_mremap, addr, old_len, new_len, 0, 0);
        if (got != -ENOMEM)
            return got;
    }
    at = space_mmap(0, new_len, PROT_NONE, HOLD, -1, 0);
    if (at < 0)
        return at;
    got = host_call(SYS_mremap, addr, old_len, new_len, flags | MREMAP_FIXED, at);
    if (got < 0)
        host_call(SYS_munmap, at, new_len);
    return got;
}
