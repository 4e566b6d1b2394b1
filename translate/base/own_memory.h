/* SPDX-License-Identifier: MIT */
/*
 * own_memory.h: says which mappings are the translator's own, to a program whose guest
 * shares the address space with it: they stay out of /proc/self/maps and of the guest's
 * memory limits, and the guest cannot unmap them. Call own_memory() after each mmap and
 * own_memory_gone() before each munmap; without a hook both do nothing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * own_mmap: mmap() from offset 0 for memory of our own, far from where the kernel puts what it
 * gives the guest. Else a page that the guest just unmapped could become ours, and the guest's
 * next use of it would not fault. Any thread.
 */
void *own_mmap(size_t len, int prot, int flags, int fd);

/*
 * own_memory_place: where own_mmap() places memory in a process whose image of this program lies shift
 * bytes above ours.
 */
void own_memory_place(uint64_t shift, uint64_t *start, uint64_t *end);

/* Set before translate_init(). len 0: the mapping at start goes away. */
extern void (*own_memory_hook)(uint64_t start, uint64_t len);

static inline void own_memory(const void *start, size_t len)
{
    if (own_memory_hook)
        own_memory_hook((uint64_t)start, len);
}

static inline void own_memory_gone(const void *start)
{
    if (own_memory_hook)
        own_memory_hook((uint64_t)start, 0);
}
