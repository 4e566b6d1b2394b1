// SPDX-License-Identifier: MIT
/*
 * malloc.c: the C library's names for heap.h, for the whole program with its libraries. In the programs
 * only: tests and sanitizers have their own. Built without LTO and without knowledge of what
 * these names mean, which GCC would make calls of themselves from.
 */
#include <errno.h>
#include <stddef.h>

#include "linux-user/heap.h"

/* or_errno: what these functions return when there is no memory. */
static void *or_errno(void *p)
{
    if (!p)
        errno = ENOMEM;
    return p;
}

void *malloc(size_t n)
{
    return or_errno(heap_take(n, false));
}

void *calloc(size_t n, size_t each)
{
    size_t all;

    return or_errno(__builtin_mul_overflow(n, each, &all) ? NULL : heap_take(all, true));
}

void *realloc(void *p, size_t n)
{
    if (!p)
        return malloc(n);
    if (!n) {
        heap_give(p);
        return NULL;
    }
    return or_errno(heap_resize(p, n));
}

void free(void *p)
{
    heap_give(p);
}

static _Bool power_of_2(size_t n)
{
    return n && !(n & (n - 1));
}

void *aligned_alloc(size_t align, size_t n)
{
    if (!power_of_2(align)) {
        errno = EINVAL;
        return NULL;
    }
    return or_errno(heap_take_aligned(align, n));
}

void *memalign(size_t align, size_t n)
{
    return aligned_alloc(align, n);
}

int posix_memalign(void **p, size_t align, size_t n)
{
    if (!power_of_2(align) || align % sizeof(void *))
        return EINVAL;
    void *got = heap_take_aligned(align, n);

    if (!got)
        return ENOMEM;
    *p = got;
    return 0;
}

void *valloc(size_t n)
{
    return aligned_alloc(4096, n);
}

void *pvalloc(size_t n)
{
    return aligned_alloc(4096, (n + 4095) & ~(size_t)4095);
}

size_t malloc_usable_size(void *p)
{
    return p ? heap_bytes(p) : 0;
}
