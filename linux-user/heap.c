// SPDX-License-Identifier: MIT
/* heap.c: blocks cut off regions one after the other, and a list of free ones for each class. */
#include "linux-user/heap.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "translate/base/base.h"
#include "translate/base/named_lock.h"
#include "translate/base/own_memory.h"

enum {
    ALIGN = 16,
    FINE_BYTES = 512,           /* classes up to here are ALIGN apart */
    FINE_CLASSES = FINE_BYTES / ALIGN,
    N_CLASSES = FINE_CLASSES + 4 * 40,
    REGION_BYTES = 16 << 20,
    PAGES_BYTES = 64 << 10,     /* a free block of this size keeps no pages */
};

/* Before each block. */
typedef struct {
    uint32_t tag;               /* TAG_ */
    uint32_t class;
    uint64_t back;              /* within a larger block, aligned: how far behind that one's start */
} Head;
_Static_assert(sizeof(Head) == ALIGN, "blocks stay aligned");

enum { TAG_USED = 0x75736564, TAG_FREE = 0x66726565 };

typedef struct Free {
    struct Free *next;
} Free;

typedef struct Region {
    struct Region *next;
    uint8_t *at, *end;
} Region;

static NamedLock lock;
static Free *free_list[N_CLASSES];
static Region *regions;         /* the one in use is the first */

/* ---- classes ---- */

static unsigned class_of(size_t n)
{
    if (n <= FINE_BYTES)
        return n ? (unsigned)((n - 1) / ALIGN) : 0;
    unsigned top = 63 - (unsigned)__builtin_clzll(n - 1);       /* 2^top < n <= 2^(top + 1) */
    unsigned quarter = (unsigned)((n - 1) >> (top - 2)) & 3;

    return FINE_CLASSES + 4 * (top - 9) + quarter;
}

static size_t class_bytes(unsigned class)
{
    if (class < FINE_CLASSES)
        return (class + 1) * (size_t)ALIGN;
    class -= FINE_CLASSES;
    return (size_t)(5 + class % 4) << (7 + class / 4);
}

/* ---- regions ---- */

static Region *region_new(size_t need)
{
    size_t bytes = align_up(sizeof(Region) + ALIGN + need, REGION_BYTES);
    Region *r = own_mmap(bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

    if (r == MAP_FAILED)
        return NULL;
    /* A huge page would be zeroed as a whole for the first few bytes. */
    madvise(r, bytes, MADV_NOHUGEPAGE);
    *r = (Region){ .next = regions, .at = (uint8_t *)r + align_up(sizeof(*r), ALIGN),
                   .end = (uint8_t *)r + bytes };
    own_memory(r, bytes);
    __atomic_store_n(&regions, r, __ATOMIC_RELEASE);
    return r;
}

/* cut: a block that was never used. The lock is held. */
static Head *cut(unsigned class)
{
    size_t bytes = sizeof(Head) + class_bytes(class);
    Region *r = regions;

    if (!r || (size_t)(r->end - r->at) < bytes)
        r = region_new(bytes);
    if (!r)
        return NULL;
    Head *h = (Head *)r->at;

    __atomic_store_n(&r->at, r->at + bytes, __ATOMIC_RELEASE);
    return h;
}

/* ---- blocks ---- */

/* head_of: of the whole block that p is in. */
static Head *head_of(const void *p)
{
    Head *h = (Head *)p - 1;

    if (h->tag == TAG_USED && h->back)
        h = (Head *)((uint8_t *)p - h->back) - 1;
    if (h->tag != TAG_USED)
        __builtin_trap();       /* freed twice, or written over */
    return h;
}

void *heap_take(size_t n, bool zeroed)
{
    if (n > (size_t)1 << 40)
        return NULL;
    unsigned class = class_of(n);

    named_lock(&lock);
    Free *f = free_list[class];
    Head *h;

    if (f) {
        __atomic_store_n(&free_list[class], f->next, __ATOMIC_RELEASE);
        h = (Head *)f - 1;
    } else {
        h = cut(class);
    }
    named_unlock(&lock);
    if (!h)
        return NULL;
    *h = (Head){ TAG_USED, class, 0 };
    if (f && zeroed)
        memset(f, 0, n);
    return h + 1;
}

void *heap_take_aligned(size_t align, size_t n)
{
    if (align <= ALIGN)
        return heap_take(n, false);
    uint8_t *whole = n + align < n ? NULL : heap_take(n + align, false);

    if (!whole)
        return NULL;
    uint8_t *p = (uint8_t *)align_up((uint64_t)whole, align);

    if (p != whole)
        ((Head *)p)[-1] = (Head){ TAG_USED, 0, (uint64_t)(p - whole) };
    return p;
}

void heap_give(void *p)
{
    if (!p)
        return;
    int err = errno;
    Head *h = head_of(p);
    Free *f = (Free *)(h + 1);
    size_t bytes = class_bytes(h->class);

    h->tag = TAG_FREE;
    if (bytes >= PAGES_BYTES) {
        uint64_t first = align_up((uint64_t)(f + 1), PAGE_BYTES);
        uint64_t end = align_down((uint64_t)f + bytes, PAGE_BYTES);

        madvise((void *)first, end - first, MADV_DONTNEED);
    }
    named_lock(&lock);
    f->next = free_list[h->class];
    __atomic_store_n(&free_list[h->class], f, __ATOMIC_RELEASE);
    named_unlock(&lock);
    errno = err;
}

size_t heap_bytes(const void *p)
{
    const Head *h = head_of(p);

    return class_bytes(h->class) - (size_t)((const uint8_t *)p - (const uint8_t *)(h + 1));
}

void *heap_resize(void *p, size_t n)
{
    size_t had = heap_bytes(p);

    if (n <= had && n >= had / 2)
        return p;
    void *to = heap_take(n, false);

    if (!to)
        return NULL;
    memcpy(to, p, n < had ? n : had);
    heap_give(p);
    return to;
}

/* ---- the process ---- */

void heap_own(void)
{
    for (const Region *r = regions; r; r = r->next)
        own_memory(r, (size_t)(r->end - (const uint8_t *)r));
}

void heap_gone(uint32_t pid)
{
    if (named_lock_holder(&lock, pid))
        named_unlock(&lock);
}

void heap_fork_prepare(void)
{
    named_lock(&lock);
}

void heap_fork_parent(void)
{
    named_unlock(&lock);
}

void heap_fork_child(void)
{
    named_lock_fork_child(&lock);
}
