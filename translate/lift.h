/* SPDX-License-Identifier: MIT */
/*
 * lift.h: what generated decoders and lift functions of all guests share.
 */
#pragma once

#include "translate/guest.h"

/* One row of a guest's .dec tables, for disassembly, tests and lists of what is missing.
 */
typedef struct DecodeRow {
    const char *name;     /* as in the table; several rows may share it */
    uint32_t mask, value; /* the row matches w when (w & mask) == value */
    const char *needs;    /* features joined by commas, or NULL */
    const char *manual;   /* page title in the manual */
    const char *where;    /* "base.dec:41" */
    bool is_todo;         /* known, but not lifted */
} DecodeRow;

/*
 * Sequences. With Lift.fuse a lift function may take what follows its instruction in the page
 * along (Lift.more), or code that it calls. It then sets IRF_REPLAY in its marker: whenever an
 * access faults, or a `guard` finds zero, the marker's instruction is run by itself, unfused.
 *
 * lift_ahead: n bytes of code, `at` bytes behind the instruction's first, to take along. NULL: no
 * sequences now, or they are not on its page, where a block ends.
 *
 * lift_peek: n bytes of executable guest code at a, all in one page, to look at; or NULL.
 * lift_depend: the block is made from code at a, too: call it before the bytes that count are
 * read; when they change the block's unit is dropped.
 */
static inline const uint8_t *lift_ahead(const Lift *l, unsigned at, unsigned n)
{
    return l->fuse && at + n <= l->code_len ? l->code + at : NULL;
}
const void *lift_peek(const Lift *l, GuestAddr a, unsigned n);
void lift_depend(Lift *l, GuestAddr a);

/*
 * lift_todo: the row that matched is a `todo`. Writes one line with -d unimp for each
 * guest pc (a rarely repeated one is possible), with l->row and the disassembly. Returns
 * false, which makes the instruction undefined. Any thread.
 */
bool lift_todo(Lift *l, uint32_t word);
