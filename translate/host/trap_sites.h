/* SPDX-License-Identifier: MIT */
/*
 * trap_sites.h: instructions that translated code leaves to the interpreter again and again.
 *
 * An invalid floating point operation traps in the host, and so does an access whose address has a tag
 * (Guest.top_byte_ignore); some operands are known before (fused NaNs, conversions to unsigned). The
 * interpreter does them all. That is free for code that has none, and takes 0.1 to some microseconds
 * each for code that lives with them: conversions that saturate, JavaScript's numbers beyond 32 bits, tagged
 * pointers. Such instructions are found here by counting; their block is translated again, and calls
 * the C meaning or takes the tag off.
 *
 * A table of fixed size: each place holds one instruction, and others that fall there wear its count
 * down, so that the frequent one stays. All functions: any thread, no locks.
 */
#pragma once

#include "translate/base/base.h"

typedef enum {
    TRAP_NONE = 0,
    TRAP_SITE = 1,          /* its floating point goes by the C meaning */
    TRAP_TAGGED = 2,        /* its addresses have tags */
} TrapSite;

/* trap_site_note: the instruction at pc was left so: TRAP_SITE or _TAGGED. Also in signal handlers. */
void trap_site_note(GuestAddr pc, TrapSite what);

/* trap_site_due: it was too often; true once. */
bool trap_site_due(GuestAddr pc);

/* trap_site_hot: once it was due: what to translate it for. */
TrapSite trap_site_hot(GuestAddr pc);
