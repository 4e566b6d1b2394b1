/* SPDX-License-Identifier: MIT */
/* run.h: the run loop of one guest thread. */
#pragma once

#include "syscall/user.h"

/* run_thread: run guest code until the thread has to end (t->exiting). */
void run_thread(Thread *t);
