/* SPDX-License-Identifier: MIT */
/*
 * named_lock.h: locks that outlive their holder.
 *
 * A process made by vfork runs in its parent's memory and may be killed at any instruction, also
 * between lock and unlock; the parent then goes on, and must not wait for it for good. So such a
 * process takes locks under a name of its own, and the parent, once the child is gone, looks whether
 * a lock still bears that name. Threads need no names: a signal that kills one kills all.
 *
 * What a dead holder had begun is half done: whoever has such a lock keeps its data so that this can
 * be lived with or mended.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Zeroed: free. */
typedef struct {
    _Atomic uint32_t word;
} NamedLock;

void named_lock(NamedLock *l);
void named_unlock(NamedLock *l);

/* named_lock_fork_child: free, whoever had it or waited; only the calling thread came along. */
void named_lock_fork_child(NamedLock *l);

/* named_lock_holder: it is held under this name. */
bool named_lock_holder(const NamedLock *l, uint32_t name);

/*
 * named_lock_as: the calling thread takes all of them under this name from now on: a process id
 * above 1, or 0 as an ordinary thread. Returns the one before.
 */
uint32_t named_lock_as(uint32_t name);
