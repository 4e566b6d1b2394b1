/* SPDX-License-Identifier: MIT */
/*
 * observe.h: what -stats, -profile, -perfmap and -jitdump do in the life of a process.
 */
#pragma once

#include "syscall/user.h"

/* observe_init: after the options are known, before translate_init(). */
void observe_init(void);

/* observe_start: the first thread is about to run; program: the guest's name of its file. */
void observe_start(Thread *t, const char *program);

/* observe_fork_child: in a process made by fork, whose only thread is t. */
void observe_fork_child(Thread *t);

/* observe_exit: the process is about to end: print what was asked for. Once. */
void observe_exit(void);
