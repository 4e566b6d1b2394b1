/* SPDX-License-Identifier: MIT */
/*
 * profile.h: -profile: where CPU time goes, sampled, by guest block.
 *
 * Each thread has a timer of its own CPU clock. It sends SIGILL, one of the signals that are
 * ours anyway and never blocked (signal.h): so nothing is taken from the guest, which has all 64
 * signals, SIGPROF and its own timers as without -profile. The handler tells our timer's signal
 * by what it carries and counts; it changes nothing. A system call that it happens to interrupt
 * is made again (host.c).
 *
 * How fine the clock is, is the kernel's choice (CONFIG_HZ); one signal stands for as many
 * milliseconds as it says were missed.
 */
#pragma once

#include <stdio.h>

#include "syscall/user.h"

/* profile_init: once, before threads. profile_thread_start, _end: on the thread itself. */
void profile_init(void);
void profile_thread_start(void);
void profile_thread_end(void);

/* profile_fork_child: nothing was counted yet. */
void profile_fork_child(void);

/* profile_print: the report; title: the program. Stops the calling thread's timer. */
void profile_print(FILE *f, const Guest *guest, const char *title);
