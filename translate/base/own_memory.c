/* SPDX-License-Identifier: MIT */
/* own_memory.c: the hook of own_memory.h; where our own memory goes. */
#include "translate/base/own_memory.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "translate/base/base.h"

void (*own_memory_hook)(uint64_t start, uint64_t len);

static _Atomic uint64_t next_place;

/* The program lies where the kernel randomly put it; ours begins so far below, and grows up. */
static const uint64_t BELOW = 8ull << 40, STEP = 64 * 1024;

/* place: a hint for the kernel; what is taken there already is not replaced. */
static void *place(size_t len)
{
    uint64_t none = 0;

    if (!atomic_load_explicit(&next_place, memory_order_relaxed))
        atomic_compare_exchange_strong(
            &next_place, &none, align_down((uint64_t)&next_place - BELOW, (uint64_t)1 << 30));
    return (void *)atomic_fetch_add(&next_place, align_up(len, STEP));
}

void own_memory_place(uint64_t shift, uint64_t *start, uint64_t *end)
{
    *start = align_down((uint64_t)&next_place + shift - BELOW, (uint64_t)1 << 30);
    *end = *start + BELOW / 8;
}

void *own_mmap(size_t len, int prot, int flags, int fd)
{
    return mmap(place(len), len, prot, flags, fd, 0);
}
