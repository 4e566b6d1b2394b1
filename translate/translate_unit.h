/* SPDX-License-Identifier: MIT */
/*
 * translate_unit.h: which guest blocks one translation takes, and where NZCV is live in them.
 */
#pragma once

#include "translate/host/x86_64/emit.h"

/*
 * Four blocks to a unit: blocks that are translated ahead but never run (a third of them with
 * sixteen to a unit) cost more at every start than the jumps between units cost hot code.
 */
enum { UNIT_MAX_INSNS = 128, UNIT_MAX_BLOCKS = 4 };

/*
 * unit_lift: lift the block at pc and those that follow it by falling through, into
 * e->block[]; e->mode is set. At most max_blocks and max_insns, all in one page. Returns false
 * when pc cannot be executed. Reads guest memory (see interp.h on INTERP_FETCH).
 */
bool unit_lift(Emit *e, uint64_t pc, unsigned max_blocks, unsigned max_insns);

/* unit_analyse: after unit_lift: run opt_live() and fill live_in, live_taken, live_next, poll_op. */
void unit_analyse(Emit *e);

/* translate_thunk: address of a run-time entry, for fault.c. */
const void *translate_thunk(unsigned number);

/* fault_init: the guest whose registers fault_handle() recovers. */
void fault_init(const Guest *guest);
