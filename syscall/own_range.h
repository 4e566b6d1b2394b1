/* SPDX-License-Identifier: MIT */
/* own_range.h: walking the registered ranges of memory.h. */
#pragma once

#include "syscall/memory.h"

/*
 * own_range_next: the lowest part of [start, end) that is ours, as [*own_start, *own_end);
 * false when there is none.
 */
bool own_range_next(uint64_t start, uint64_t end, uint64_t *own_start, uint64_t *own_end);
