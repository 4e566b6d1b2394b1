/* SPDX-License-Identifier: MIT */
/*
 * host_stack.h: stacks of host threads, with an Env each: kept for reuse, since programs make and
 * end threads, and processes by vfork, in numbers.
 *
 *   low    stack of signal handlers | guard | the thread's own stack    high
 */
#pragma once

#include <pthread.h>

#include "signal/signal.h"
#include "syscall/user.h"

enum { HOST_STACK_BYTES = 512 * 1024, HOST_GUARD_BYTES = 4096 };

typedef struct HostStack {
    struct HostStack *next;
    uint8_t *base;          /* of the stack of signal handlers */
    pthread_t thread;       /* that runs on it, or ran */
    Env *env;               /* of the thread on it, or the last that was, or NULL */
} HostStack;

/* host_stack_get: one that nobody uses, or a new one; NULL: no memory. */
HostStack *host_stack_get(void);

/*
 * host_stack_put: not in use (any more), its Env neither, see env_rest(); ending: a thread still
 * runs on it for a moment.
 */
void host_stack_put(HostStack *s, bool ending);

static inline void *host_stack_low(const HostStack *s)
{
    return s->base + SIGNAL_STACK_BYTES + HOST_GUARD_BYTES;
}

/*
 * host_stacks_fork_child: in a new process, where the code cache knows no Env but the caller's.
 * threaded: the old one had other threads, now or earlier.
 */
void host_stacks_fork_child(bool threaded);

/* host_env_make: an Env for t: the one given, which is at rest, or with NULL a new one, or NULL. */
Env *host_env_make(Thread *t, Env *rested);
void host_env_drop(Env *env);
