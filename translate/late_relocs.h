/* SPDX-License-Identifier: MIT */
/* late_relocs.h: relocations of tables that are rarely used, which start-up leaves out. */
#pragma once

#include <stdint.h>

enum { LATE_RELOCS_WORDS = 1024 };

/*
 * late_relocs: a count of words, then as many of the encoding of SHT_RELR; addresses count from
 * the program's first byte. Filled by scripts/late_relocs.py in the linked program; as compiled,
 * and in programs that are not treated so, there are none.
 */
extern const uint64_t late_relocs[LATE_RELOCS_WORDS];

/* late_relocs_apply: before the disassembler is used; any thread, again and again. */
void late_relocs_apply(void);
