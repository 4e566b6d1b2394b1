/* SPDX-License-Identifier: MIT */
/*
 * counts.h: -d counts with -accel interp: how often each guest block ran, for choosing which
 * registers get homes and which instructions deserve care (scripts/histograms).
 *
 * Lines of the log, when a block is forgotten and when the process ends:
 *
 *   counts block PC RUNS BYTES...    the block's guest code, in hex
 *   counts reg NAME READS WRITES     mentions as IR operands, times runs; all blocks so far
 */
#pragma once

#include "translate/guest.h"

/* counts_block: b, lifted from code (b->guest_bytes many), ran so many times; logs its line. */
void counts_block(const IrBlock *b, const uint8_t *code, uint64_t runs);

/* counts_regs: log the registers' totals. counts_forget: start again from zero. */
void counts_regs(const Guest *guest);
void counts_forget(void);
