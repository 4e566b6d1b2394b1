/* SPDX-License-Identifier: MIT */
/*
 * space.h: how large the guest's address space is, and where mappings without an address go.
 *
 * Normally it is the host's: 47 bits, places chosen by the host kernel. Some programs only run
 * with the sizes an arm64 kernel may have (36, 39, 42 or 48 bits), which x86-64 lacks: the thread
 * sanitizer reads the size off the address of its stack. And 32-bit guests have 32.
 * space_narrow() makes it one of the smaller ones; from then on nothing of the guest lies above, and
 * places are chosen here.
 */
#pragma once

#include "syscall/user.h"

/* space_end: the first address that is not the guest's to use. */
extern uint64_t space_end;

/* space_narrow: make it 2^bits bytes; before anything of the guest is mapped. */
void space_narrow(unsigned bits);
bool space_is_narrow(void);

/*
 * space_program: where programs that may be anywhere are put, the first address tried; random
 * places follow it in a wide space only.
 */
uint64_t space_program(void);

/* space_mmap: mmap(2) without MAP_FIXED: at addr if that is free, else anywhere in the space. */
long space_mmap(uint64_t addr, uint64_t len, int prot, int flags, int fd, int64_t off);

/* space_mremap: mremap(2) without MREMAP_FIXED. */
long space_mremap(uint64_t addr, uint64_t old_len, uint64_t new_len, int flags);
