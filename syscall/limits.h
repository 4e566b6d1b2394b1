/* SPDX-License-Identifier: MIT */
/* limits.h: enforcing the limits of memory.h; used by memory.c and system.c. */
#pragma once

#include "syscall/memory.h"

/*
 * limits_allow_map: may the guest have len bytes more? data: they are private and
 * writable, so RLIMIT_DATA counts them too. Without limits of the guest's own this is
 * two loads.
 */
bool limits_allow_map(uint64_t len, bool data);

/* mem_set_mdwe, mem_get_mdwe: prctl(PR_SET_MDWE) for the guest's mappings; in memory.c. */
long mem_set_mdwe(uint32_t bits);
uint32_t mem_get_mdwe(void);
