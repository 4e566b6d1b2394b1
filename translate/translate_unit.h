/* SPDX-License-Identifier: MIT */
/*
 * translate_unit.h: which guest blocks one translation takes, and where NZCV is live in them.
 */
#pragma once

#include "translate/host/x86_64/emit.h"

enum { UNIT_MAX_INSNS = 128 };

/*
 * unit_lift: lift the block at pc and those that follow it by falling through, into
 * e->block[]; e->mode is set. At most max_insns guest instructions, all in one page. Returns
 * false when pc cannot be executed. Reads guest memory (see interp.h on INTERP_FETCH).
 */
bool unit_lift(Emit *e, uint64_t pc, unsigned max_insns);

/* unit_analyse: fill flags_live, live_taken and live_next of e's blocks; live_in[i] per block. */
void unit_analyse(Emit *e, bool live_in[]);

/* translate_thunk: address of a run-time entry, for fault.c. */
const void *translate_thunk(unsigned number);

/* fault_init: the guest whose registers fault_handle() recovers. */
void fault_init(const Guest *guest);
