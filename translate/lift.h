/* SPDX-License-Identifier: MIT */
/*
 * lift.h: what generated decoders and lift functions of all guests share.
 */
#pragma once

#include "translate/guest.h"

/* One row of a guest's .dec tables, for disassembly, tests and lists of what is missing.
 */
typedef struct {
    const char *name;     /* as in the table; several rows may share it */
    uint32_t mask, value; /* the row matches w when (w & mask) == value */
    const char *needs;    /* features joined by commas, or NULL */
    const char *manual;   /* page title in the manual */
    const char *where;    /* "base.dec:41" */
    bool is_todo;         /* known, but not lifted */
} DecodeRow;

/*
 * lift_todo: the row that matched is a `todo`. Writes one line with -d unimp for each
 * guest pc (a rarely repeated one is possible), with l->row and the disassembly. Returns
 * false, which makes the instruction undefined. Any thread.
 */
bool lift_todo(Lift *l, uint32_t word);
