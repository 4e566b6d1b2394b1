/* SPDX-License-Identifier: MIT */
/* rseq.h: restartable sequences and the life of a thread. */
#pragma once

#include "syscall/user.h"

/*
 * rseq_thread_end: the calling thread runs no guest code any more, and its host thread lives a little
 * longer: the kernel must not write to the guest's area, whose memory may soon be something else.
 */
void rseq_thread_end(Thread *t);
