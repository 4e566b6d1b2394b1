/* SPDX-License-Identifier: MIT */
/*
 * trap_sites.h: instructions that trap in the host again and again.
 *
 * An invalid floating point operation traps there, and so does an access whose address has a tag
 * (Guest.top_byte_ignore); the interpreter does it then (fault.c). That is free for code that has none,
 * and some microseconds each for code that lives with them: a conversion that saturates, JavaScript's
 * numbers beyond 32 bits, tagged pointers. Such instructions are found here by counting; their block is
 * translated again, and calls the C meaning or takes the tag off.
 *
 * A table of fixed size: each place holds one instruction, and others that fall there wear its count
 * down, so that the frequent one stays. All functions: any thread, no locks.
 */
#pragma once

#include "translate/base/base.h"

/* trap_site_note: the instruction at pc has trapped. Also in signal handlers. */
void trap_site_note(GuestAddr pc);

/* trap_site_due: it has done so too often; true once. */
bool trap_site_due(GuestAddr pc);

/* trap_site_hot: once it was due: translate it for that. */
bool trap_site_hot(GuestAddr pc);
