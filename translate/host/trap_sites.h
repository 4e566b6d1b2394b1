/* SPDX-License-Identifier: MIT */
/*
 * trap_sites.h: instructions whose floating point traps again and again.
 *
 * An invalid operation traps in the host, and the interpreter does it (fault.c): free for code that never
 * has one, some microseconds for each that it has. Code that lives with them, as a conversion that
 * saturates or JavaScript's numbers beyond 32 bits do, is found here by counting; its block is translated
 * again and calls the C meaning of these instructions, which does not trap.
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
