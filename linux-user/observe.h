/* SPDX-License-Identifier: MIT */
/*
 * observe.h: what -stats, -profile, -perfmap and -jitdump do in the life of a process.
 */
#pragma once

#include "syscall/user.h"

/* observe_init: after the options are known, before translate_init(). */
void observe_init(void);

/*
 * observe_start: the first thread is about to run; program: the guest's name of its file;
 * again: this process was another program before, under mimus.
 */
void observe_start(Thread *t, const char *program, bool again);

/* observe_thread_start, _end: on a further thread itself. */
void observe_thread_start(void);
void observe_thread_end(void);

/* observe_fork_prepare, _parent, _child: around a fork, inside of translate_fork_. */
void observe_fork_prepare(void);
void observe_fork_parent(void);
void observe_fork_child(void);

/* observe_exit: the process is about to end: print what was asked for. Once. */
void observe_exit(void);
