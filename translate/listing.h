/* SPDX-License-Identifier: MIT */
/*
 * listing.h: what -d in_asm,ir,out_asm print: each guest instruction beside its IR, as it is
 * after opt/, and its host instructions, with their number. -dfilter chooses blocks.
 *
 *   unit 0x4008c8 +0x54: guest 14, host 33 (2.36), 131 bytes, cold 38, at 0x7f0000001040
 *   block 0x4008c8: guest 7, host 18 (2.57)
 *     0x4008c8  ldrb w1, [x0], #1    2 | load.i8  w1, [x0]        |   +0  movzx r8d, byte ptr [rdi]
 *                                      | add.i64  x0, x0, #1      |   +4  inc rdi
 *
 * Host offsets count from the unit's start. What is behind `;` names what the code reaches: a
 * guest register's slot, a field of EnvRt, a run-time entry, the guest address of a branch.
 */
#pragma once

#include "translate/host/x86_64/emit.h"

/* listing_start: before emit_unit(): note where each instruction's code starts, if it is asked. */
void listing_start(Emit *e);

/* listing_print: after emit_unit() succeeded. */
void listing_print(const Emit *e);
