/* SPDX-License-Identifier: MIT */
/*
 * heap.h: the memory behind malloc() in our programs (malloc.c gives it these names).
 *
 * The C library's own would do but for one thing: a process made by vfork allocates in its parent's
 * memory, and may be killed while it does. Here such a death costs at most the block in question:
 * the lock is a NamedLock, and every change of the lists is one store.
 *
 * Blocks are in size classes, 16 bytes apart up to 512, then four to each doubling; they are aligned
 * to 16 bytes. Freed ones are kept for their class, large ones without their pages. All memory
 * is own_memory(). Any thread; not in signal handlers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* heap_take: n bytes or more, also with n 0; NULL when there is no memory. zeroed: all bytes are 0. */
void *heap_take(size_t n, bool zeroed);

/* heap_take_aligned: the same at a multiple of align, a power of 2. */
void *heap_take_aligned(size_t align, size_t n);

/* heap_resize: p, or a copy elsewhere and p is no more; NULL: no memory, and p stays. */
void *heap_resize(void *p, size_t n);

/* heap_give: p comes from one of these, or is NULL. Else the program ends. errno stays. */
void heap_give(void *p);

/* heap_bytes: how many can be used at p. */
size_t heap_bytes(const void *p);

/* heap_own: say own_memory() of what was taken before there was a hook. Once. */
void heap_own(void);

/* heap_gone: a process that shared this memory under the lock name pid has ended. */
void heap_gone(uint32_t pid);

/* Around a fork of a threaded process, innermost. */
void heap_fork_prepare(void);
void heap_fork_parent(void);
void heap_fork_child(void);
