/* SPDX-License-Identifier: MIT */
/* late_table.c: apart from its readers, so that no compiler takes it to be empty. */
#include "translate/late_relocs.h"

const uint64_t late_relocs[LATE_RELOCS_WORDS] = { 0 };
