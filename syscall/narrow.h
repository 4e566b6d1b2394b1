/* SPDX-License-Identifier: MIT */
/*
 * narrow.h: system calls of guests whose long and pointers have 32 bits, on a kernel where they
 * have 64.
 *
 * Their addresses are host addresses below 4 GiB, so what such a call hands over goes through as it
 * is, but for three things, which narrow.c has a table of: a 64-bit number comes in two registers;
 * structures with a long or a pointer in them are narrower; and some calls exist in another
 * form only. A narrow structure is widened to one of the host's stack, the handler of the
 * call's row is given that instead, and what it writes is narrowed again.
 */
#pragma once

#include "syscall/table.h"

/* narrow_call: make call id (SyscallId) with the arguments in the guest's registers. */
long narrow_call(Thread *t, unsigned id);

/*
 * narrow_args: the arguments as the row's handler wants them, before structures are looked at: for
 * the trace. a: SYSCALL_MAX_ARGS of them.
 */
void narrow_args(Thread *t, const SyscallRow *row, uint64_t *a);

enum { NARROW_SIGINFO_BYTES = 128 };

/* siginfo_narrow: the 128 bytes a 32-bit guest has for *info. siginfo_widen: and back. */
void siginfo_narrow(uint8_t out[NARROW_SIGINFO_BYTES], const siginfo_t *info);
void siginfo_widen(siginfo_t *info, const uint8_t in[NARROW_SIGINFO_BYTES]);
