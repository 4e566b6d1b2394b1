/* SPDX-License-Identifier: MIT */
/*
 * memory.h: what others need to know of the memory of a guest program.
 *
 * Guest address = host address, so mimus and the guest share one address space. Ranges
 * that are ours (binary image, heap, vDSO, code cache, Env, stacks of threads) are registered here;
 * calls of the guest that would replace, unmap or protect them behave as if nothing
 * were mapped there.
 */
#pragma once

#include "syscall/user.h"

/* own_range_add, own_range_remove: (un)register memory of ours. Any thread, no locks. */
void own_range_add(uint64_t start, uint64_t len);
void own_range_remove(uint64_t start);

/* own_range_overlaps: does [start, start + len) touch memory of ours? */
bool own_range_overlaps(uint64_t start, uint64_t len);

/* own_range_bytes: size of all registered ranges together, for limits of the guest. */
uint64_t own_range_bytes(void);

/*
 * brk_init: where the break of a freshly loaded program starts: the end of its bss. Any
 * alignment. The loader calls it once per program; what an earlier program left is
 * forgotten.
 */
void brk_init(GuestAddr start);
/* brk_range: where the heap is now, for /proc/self/maps. */
void brk_range(GuestAddr *start, GuestAddr *end);

/*
 * mem_map: mmap for the guest as sys_mmap does it (PROT_EXEC recorded, not given to the
 * host), for the loader and the vDSO. prot, flags: guest PROT_ and MAP_ bits. The
 * address or -errno.
 */
long mem_map(Thread *t, uint64_t addr, uint64_t len, int prot, int flags, int fd, int64_t off);
long mem_protect(Thread *t, uint64_t addr, uint64_t len, int prot);
long mem_unmap(Thread *t, uint64_t addr, uint64_t len);

/* mem_forget: translations and exec marks of a range end; call before the range changes. */
void mem_forget(uint64_t addr, uint64_t len);
/* mem_note_exec_shm, mem_take_exec_shm: remember the size of a segment attached with SHM_EXEC. */
void mem_note_exec_shm(uint64_t addr, uint64_t len);
uint64_t mem_take_exec_shm(uint64_t addr);

/*
 * Limits that are the guest's and must not strike mimus itself (RLIMIT_AS, RLIMIT_DATA,
 * small RLIMIT_STACK) are kept by limits_ and enforced in mmap, mremap and brk. To
 * carry them over exec, limits_export() writes them as text ("9=1000:2000,2=..."; empty
 * when none is set; the length) and limits_import() reads that back. limits_get: soft
 * and hard limit as the guest sees them; resource is RLIMIT_x. limits_adopt: at start-up,
 * after limits_import(): take such limits over from the host, lifting it as far as allowed.
 */
void limits_adopt(void);
size_t limits_export(char *buf, size_t len);
void limits_import(const char *text);
int limits_get(int resource, uint64_t *soft, uint64_t *hard);
