/* SPDX-License-Identifier: MIT */
/*
 * Memory as programs with large plans use it: reservations of terabytes, hints, fixed places
 * that must be free, moves, advice for fork, protection to the byte.
 */
// family: memory
// expect: ok
// timeout: 60
#include "check.h"

#include <sys/mman.h>

enum { PAGE = 4096, RW = PROT_READ | PROT_WRITE };
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MAP_FIXED_NOREPLACE
# define MAP_FIXED_NOREPLACE 0x100000
#endif

static const int bits[] = { 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46 };

static void reservations(void)
{
    for (unsigned i = 0; i < sizeof bits / sizeof *bits; i++) {
        size_t n = 1ul << bits[i];
        char name[60], *p = mmap(NULL, n, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);

        snprintf(name, sizeof name, "reserve 2^%d bytes", bits[i]);
        CHECK(name, p != MAP_FAILED);
        if (p == MAP_FAILED) {
            continue;
        }
        snprintf(name, sizeof name, "use both ends of 2^%d", bits[i]);
        bool good = mprotect(p, PAGE, RW) == 0 && mprotect(p + n - PAGE, PAGE, RW) == 0;

        if (good) {
            p[0] = p[n - 1] = 1;
        }
        CHECK(name, good);
        snprintf(name, sizeof name, "give back 2^%d", bits[i]);
        CHECK(name, munmap(p, n) == 0);
    }
}

static void places(void)
{
    char *hint = (char *)0x200000000000, *p;

    p = mmap(hint, PAGE, RW, ANON, -1, 0);
    CHECK("hint taken", p == hint);
    FAILS(mmap(hint, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
    FAILS(mmap(hint - PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
    IS(mmap(hint + PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == hint + PAGE);
    p = mmap(hint, PAGE, RW, ANON, -1, 0);
    CHECK("hint in use: elsewhere", p != MAP_FAILED && p != hint);
    munmap(p, PAGE);
    IS(munmap(hint, 2 * PAGE) == 0);
    for (uint64_t at = 0x10000000; at < 0x100000000; at += 0x30000000) {
        p = mmap((void *)at, 16 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
        CHECK("low 4 GiB", p == (void *)at);
        munmap(p, 16 * PAGE);
    }
    /* Shadow memory of sanitizers, a cage of 1 TiB at a multiple of its size. */
    p = mmap((void *)0x1000000000, 1ul << 36, RW, ANON | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    CHECK("shadow", p == (void *)0x1000000000);
    p[1ul << 35] = 1;
    IS(munmap(p, 1ul << 36) == 0);
    p = mmap(NULL, 2ul << 40, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
    char *cage = (char *)(((uintptr_t)p + (1ul << 40) - 1) & -(1ul << 40));

    CHECK("cage", p != MAP_FAILED && mprotect(cage, 1 << 20, RW) == 0);
    cage[100] = 1;
    IS(munmap(p, 2ul << 40) == 0);
    FAILS(mmap((void *)0x800000000000, PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
    FAILS(mmap((void *)-4096l, PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
    FAILS(mmap((void *)1, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
    FAILS(mmap(NULL, 0, RW, ANON, -1, 0), EINVAL);
    FAILS(mmap(NULL, 0, RW, MAP_PRIVATE, 9999, 0), EBADF);
    FAILS(mmap(NULL, PAGE, RW, MAP_PRIVATE, 9999, 0), EBADF);
    FAILS(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL);
    FAILS(mmap(NULL, 1ul << 48, PROT_NONE, ANON | MAP_NORESERVE, -1, 0), ENOMEM);
    FAILS(mmap(NULL, -1ul, PROT_NONE, ANON | MAP_NORESERVE, -1, 0), ENOMEM);
}

static void moves(void)
{
    char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0), *q;

    memset(p, 'm', 4 * PAGE);
    q = mremap(p, 2 * PAGE, 100 * PAGE, MREMAP_MAYMOVE);
    CHECK("grown", q != MAP_FAILED && q[0] == 'm' && q[2 * PAGE - 1] == 'm' && q[50 * PAGE] == 0);
    IS(mremap(q, 100 * PAGE, PAGE, 0) == q);
    FAILS(mremap(q, PAGE, 0, MREMAP_MAYMOVE), EINVAL);
    FAILS(mremap(q + 1, PAGE, PAGE, MREMAP_MAYMOVE), EINVAL);
    FAILS(mremap(q, PAGE, PAGE, MREMAP_FIXED, p), EINVAL);
    FAILS(mremap(q, PAGE, PAGE, 1 << 20), EINVAL);
    FAILS(mremap((void *)0x300000000000, PAGE, PAGE, MREMAP_MAYMOVE), EFAULT);
    munmap(q, PAGE);
}

static char *advised;

static void read_advised(void)
{
    _exit(*(volatile char *)advised);
}

static void advice(void)
{
    char *p = advised = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

    p[0] = p[PAGE] = 5;
    ENDS("inherited", read_advised, 5 << 8);
    IS(madvise(p, PAGE, MADV_WIPEONFORK) == 0);
    ENDS("wiped", read_advised, 0);
    IS(madvise(p, PAGE, MADV_KEEPONFORK) == 0);
    ENDS("kept", read_advised, 5 << 8);
    IS(madvise(p, PAGE, MADV_DONTFORK) == 0);
    CHECK("not forked", WTERMSIG(child_status(read_advised)) == SIGSEGV);
    IS(madvise(p, PAGE, MADV_DOFORK) == 0);
    ENDS("forked again", read_advised, 5 << 8);
    IS(madvise(p, PAGE, MADV_DONTNEED) == 0 && p[0] == 0 && p[PAGE] == 5);
    IS(madvise(p, 4 * PAGE, 23 /* POPULATE_WRITE */) == 0);
    IS(madvise(p, PAGE, MADV_HUGEPAGE) == 0 || errno == EINVAL);
    IS(madvise(p, PAGE, MADV_DONTDUMP) == 0 && madvise(p, PAGE, MADV_DODUMP) == 0);
    IS(madvise(p, PAGE, MADV_FREE) == 0);
    FAILS(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
    FAILS(madvise(p, PAGE, 999), EINVAL);
    FAILS(madvise((void *)0x300000000000, PAGE, MADV_DONTNEED), ENOMEM);
    IS(madvise(p, 0, MADV_DONTNEED) == 0);
    munmap(p, 4 * PAGE);
}

/* ---- protection ---- */

static char *area;

static void touch(int i, bool store)
{
    if (store) {
        ((volatile char *)area)[i] = 1;
    } else {
        (void)((volatile char *)area)[i];
    }
}

static void load_none(void) { touch(0, false); }
static void store_read_only(void) { touch(PAGE, true); }
static void load_read_only(void) { touch(PAGE, false); }
static void store_ok(void) { touch(2 * PAGE, true); }
static void store_past(void) { touch(4 * PAGE, true); }

static void store_across(void)
{
    *(volatile uint64_t *)(area + 3 * PAGE - 4) = 0x1122334455667788;
}

static void protection(void)
{
    area = mmap(NULL, 8 * PAGE, PROT_NONE, ANON, -1, 0);
    IS(mprotect(area + PAGE, PAGE, PROT_READ) == 0 && mprotect(area + 2 * PAGE, PAGE, RW) == 0);
    munmap(area + 4 * PAGE, PAGE);
    CHECK("none: load", WTERMSIG(child_status(load_none)) == SIGSEGV);
    CHECK("read only: store", WTERMSIG(child_status(store_read_only)) == SIGSEGV);
    ENDS("read only: load", load_read_only, 0);
    ENDS("read and write: store", store_ok, 0);
    CHECK("unmapped: store", WTERMSIG(child_status(store_past)) == SIGSEGV);
    CHECK("across the end", WTERMSIG(child_status(store_across)) == SIGSEGV);
    FAILS(mprotect(area + 3 * PAGE, 3 * PAGE, RW), ENOMEM);
    FAILS(mprotect(area + 1, PAGE, RW), EINVAL);
    FAILS(mprotect(area, PAGE, 1 << 20), EINVAL);
    FAILS(mprotect(area, PAGE, RW | PROT_GROWSUP | PROT_GROWSDOWN), EINVAL);
    FAILS(munmap(area + 1, PAGE), EINVAL);
    FAILS(munmap(area, 0), EINVAL);
    IS(munmap((void *)0x300000000000, PAGE) == 0);
    FAILS(msync((void *)0x300000000000, PAGE, MS_SYNC), ENOMEM);
    FAILS(msync(area, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
}

int main(void)
{
    reservations();
    places();
    moves();
    advice();
    protection();
    return done();
}
