/* SPDX-License-Identifier: MIT */
/*
 * thread.h: threads and processes of the guest on threads and processes of the host, one to
 * one. A thread's Env, signal state and host stack live as long as it does.
 *
 *   CLONE_THREAD              a host thread (pthread_create), so that our C library works in it
 *   CLONE_VM | CLONE_VFORK    clone(2) on a stack of its own; the parent's thread-local data are
 *                             the child's while the parent is suspended, as vfork has it
 *   CLONE_VM                  the same below a helper thread that plays the suspended parent
 *   else                      fork: clone(2) with the guest's flags
 */
#pragma once

#include "syscall/user.h"

/* What clone(2) and clone3(2) ask. Pointers are guest addresses. */
typedef struct {
    uint64_t flags;             /* without the exit signal */
    uint64_t pidfd, child_tid, parent_tid;
    uint64_t exit_signal;
    uint64_t stack;             /* stack pointer to start with; 0: the parent's */
    uint64_t tls;
    uint64_t set_tid, set_tid_size, cgroup;
} CloneArgs;

/* thread_main: the Thread of a fresh process, with its Env and signals set up. Dies on failure. */
Thread *thread_main(const Guest *guest);

/* thread_by_tid: the thread of this memory with that host id; NULL: none. It may end any time. */
Thread *thread_by_tid(int tid);

/*
 * thread_clone: the child's id in the parent, 0 in a child made by fork (which goes on from
 * here too), -errno, or SYS_RESTART_NOINTR when a signal must be handled first.
 */
long thread_clone(Thread *t, const CloneArgs *a);

/*
 * thread_finish: the calling thread has left its run loop: the last thing it does. Returns for
 * threads whose host thread has to return, ends others.
 */
void thread_finish(Thread *t);

/*
 * threads_stop: make all other threads of this process stand still in thread_stand(), with all of
 * their state in memory; waits for them, a second at most. The process can only end after that.
 * Returns how many stand. thread_stand: the calling thread has come to a stop; last_act runs first.
 */
unsigned threads_stop(Thread *t);
void thread_stand(Thread *t) __attribute__((noreturn));
extern void (*thread_last_act)(Thread *t);

/* process_exit: exit_group(2). */
void process_exit(int status) __attribute__((noreturn));

/* thread_set_tid_address: set_tid_address(2), CLONE_CHILD_CLEARTID. */
void thread_set_tid_address(Thread *t, uint64_t va);
