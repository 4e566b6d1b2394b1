/* SPDX-License-Identifier: MIT */
/*
 * signal.h: signals of the guest on top of the host's.
 *
 * How it works. The host kernel keeps the guest's masks, queues and "ignore" and "default"
 * actions: a signal the guest does not handle is never seen here. For a signal the guest does
 * handle (and for the five faults SEGV BUS FPE ILL TRAP, which translated code needs) a host
 * handler is installed, with SA_RESTART and on a stack of its own.
 *
 *   host handler   notes the siginfo in the thread, blocks everything but the faults in the
 *                  context it returns to, pokes the Env; a system call on its way into the
 *                  kernel is turned back (host_syscall.c)
 *   run loop       at the next safe point calls signal_deliver(): frame on the guest's stack,
 *                  or the default action; then the host's mask is the guest's again
 *
 * So one signal at a time waits in the thread and the kernel's order holds. Since handlers are
 * installed with SA_RESTART, the host kernel itself tells which interrupted calls may be
 * restarted: it goes back to the system call instruction then, and host_syscall() returns
 * SYS_RESTART; every other interrupted call is an honest -EINTR.
 *
 * The five faults stay unblocked on the host always. When the guest blocks one of them and it
 * is sent by kill(2), it is held in the thread until the guest unblocks it.
 */
#pragma once

#include <signal.h>
#include <stdatomic.h>
#include <ucontext.h>

#include "syscall/user.h"

enum { GUEST_NSIG = 64, SIGNAL_STACK_BYTES = 64 * 1024 };

/* Guest sa_flags (the generic values) and handlers. */
enum {
    G_SA_NOCLDSTOP = 1, G_SA_NOCLDWAIT = 2, G_SA_SIGINFO = 4,
    G_SA_EXPOSE_TAGBITS = 0x800,
};
#define G_SA_RESTORER  0x04000000ull
#define G_SA_ONSTACK   0x08000000ull
#define G_SA_RESTART   0x10000000ull
#define G_SA_NODEFER   0x40000000ull
#define G_SA_RESETHAND 0x80000000ull
#define G_SIG_DFL      0ull
#define G_SIG_IGN      1ull
#define G_SS_AUTODISARM ((int32_t)0x80000000u)

static inline uint64_t sig_bit(int sig)
{
    return 1ull << (sig - 1);
}

/* The signals translated code needs; never blocked on the host. */
#define SIG_FAULTS                                                                       \
    (1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1) | 1ull << (SIGFPE - 1) |               \
     1ull << (SIGILL - 1) | 1ull << (SIGTRAP - 1))
#define SIG_UNBLOCKABLE (1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1))

/* The C library's own two; the first it leaves unblocked in each thread it makes. */
enum { SIG_LIBC_CANCEL = 32, SIG_LIBC_SETXID = 33 };

/* struct sigaction of the 64-bit generic kernel ABI. */
typedef struct {
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
} GuestSigaction;

/* SigActions: what sigaction(2) sets; shared by threads (CLONE_SIGHAND), counted. */
typedef struct {
    _Atomic int users;
    _Atomic int lock;                   /* spin lock; held for a few instructions */
    uint64_t known;                     /* bit i: act[i] is valid; else ask the host */
    GuestSigaction act[GUEST_NSIG];
} SigActions;

/* Per-thread state behind Thread.signals. */
typedef struct ThreadSignals {
    SigActions *actions;
    void *altstack;                     /* the host handlers' stack */
    volatile uint64_t held;             /* faults sent by kill(2) that wait */
    siginfo_t held_info[5];
    long restart;                       /* SYS_RESTART...: how the last call ended, or 0 */
    uint64_t sigreturn_va;              /* trampoline of the vDSO */
} ThreadSignals;

/*
 * signal_init: signals of a fresh process; adopts the mask and ignored signals that came
 * over exec and installs the host handlers of the five faults. 0 or -errno.
 */
int signal_init(Thread *t);

/*
 * signal_clone: state of a thread or process made from parent; share_actions for
 * CLONE_SIGHAND. altstack: SIGNAL_STACK_BYTES for host handlers, which stay the caller's; NULL
 * keeps the parent's (fork and vfork). 0 or -ENOMEM.
 * signal_clear_handlers: what CLONE_CLEAR_SIGHAND asks.
 */
int signal_clone(Thread *t, const Thread *parent, bool share_actions, void *altstack);
void signal_clear_handlers(Thread *t);

/* signal_thread_start: on the new host thread: handler stack and the guest's mask on the host. */
void signal_thread_start(Thread *t);
/* signal_free: give back what signal_clone() made; all signals should be blocked by now. */
void signal_free(Thread *t);

/* signal_block_all, signal_unblock: no host handler but the faults' runs in between. */
void signal_block_all(void);
void signal_unblock(Thread *t);     /* the guest's mask is the host's again */

/*
 * signal_set_mask: the guest's blocked set, also told to the host. signal_change_mask: the same
 * by a system call: false, and nothing done, when a signal came before it, whose handler runs
 * under the old mask.
 */
void signal_set_mask(Thread *t, uint64_t mask);
bool signal_change_mask(Thread *t, uint64_t mask);

/*
 * signal_mask_for_exec: put the guest's mask on the host exactly, faults included, and
 * ignored faults to SIG_IGN, as the next program must inherit them. signal_exec_failed undoes.
 */
void signal_mask_for_exec(Thread *t);
void signal_exec_failed(Thread *t);

/* ---- for system call handlers ---- */

/*
 * signal_syscall_result: called by the dispatcher with each result from -516 to -512 (the
 * SYS_RESTART family) in place of set_result. Returns 1: the run loop must be left, it
 * decides whether the call restarts. The dispatcher also leaves the run loop (returns 1)
 * after any call when signal_waiting(t) or t->exiting: a handler runs before the next guest
 * instruction.
 */
int signal_syscall_result(Thread *t, long result);

static inline bool signal_waiting(const Thread *t)
{
    return __builtin_expect(t->pending != 0, 0);
}

/*
 * signal_wait_begin, signal_wait_end: around a host_syscall() that is given a temporary
 * signal mask (ppoll, pselect6, epoll_pwait ...). The kernel swaps the host's mask itself,
 * these keep the guest's books: when a signal ended the wait, its handler runs under the
 * temporary mask and the old one comes back afterwards. wait_end returns result.
 */
void signal_wait_begin(Thread *t, uint64_t mask);
long signal_wait_end(Thread *t, long result);

/* ---- for the run loop ---- */

/* signal_deliver: act on a waiting signal; finishes an interrupted call (restart or EINTR). */
void signal_deliver(Thread *t);

/*
 * signal_force: a fault of the guest instruction at its pc; the handler's frame is built, or
 * the process dies as natively (also when the signal is blocked or ignored).
 */
void signal_force(Thread *t, int sig, int code, uint64_t addr);

/* signal_die: end the process by sig with the default action, as the wait status must say. */
void signal_die(int sig) __attribute__((noreturn));

/*
 * signal_sample: set by who has timers send SIGNAL_SAMPLE to threads to see where they are. Gets
 * such a signal first, in the handler; false: it is not its own. The guest notices nothing: a
 * system call that was interrupted goes on or is made again.
 */
enum { SIGNAL_SAMPLE = SIGILL };
extern bool (*signal_sample)(const siginfo_t *info, const ucontext_t *uc);

/*
 * signal_watch_deaths: have last_words called before a signal ends the process, also for
 * those (SIGINT, SIGTERM, SIGABRT ...) that the guest leaves at their default action: they come
 * to us then. Once, at start.
 */
void signal_watch_deaths(Thread *t, void (*last_words)(void));

/*
 * signal_core: writes the core file of a signal whose default action is one; called by the thread
 * that dies, before it does. signal_watch_cores: have such signals come to us, too, though the
 * guest leaves them at their default action.
 */
extern void (*signal_core)(Thread *t, const siginfo_t *info);
void signal_watch_cores(Thread *t);

/*
 * signal_stopping: once true, a SIGNAL_SAMPLE sent to a thread of ours makes it leave guest code,
 * or the system call it waits in, for its run loop; it is meant to go no further there.
 */
extern _Atomic bool signal_stopping;

/* ---- within signal/ and syscall/signals.c ---- */

extern void (*signal_last_words)(void);

/* sigaction_get: what the guest set for sig. sigaction_set: also tells the host. */
void sigaction_get(Thread *t, int sig, GuestSigaction *out);
int sigaction_set(Thread *t, int sig, const GuestSigaction *act, GuestSigaction *old);

/* signal_is_ignored: a look without lock, for the handler. */
bool signal_is_ignored(const Thread *t, int sig);

/* signal_on_altstack: SS_ONSTACK for this stack pointer, as the kernel reckons it. */
bool signal_on_altstack(const Thread *t, uint64_t sp);

/* signal_hold: note a fault signal that waits in the thread (sent, not raised). */
void signal_hold(Thread *t, int sig, const siginfo_t *info);
/* signal_take_held: the lowest held signal not in mask as the pending one; false: none. */
bool signal_take_held(Thread *t, uint64_t mask);

/*
 * host_install: make our handler, SIG_DFL or SIG_IGN the host's action. Of guest_flags
 * SA_NOCLDSTOP and SA_NOCLDWAIT count; old may be NULL.
 */
enum HostAction { HOST_DFL, HOST_IGN, HOST_HANDLER };
int host_install(int sig, enum HostAction what, uint64_t guest_flags, enum HostAction *old);
/* host_query: the host's action for a signal that never got a handler of ours. */
enum HostAction host_query(int sig);
/* host_mask: set the blocked signals of the calling host thread; faults stay unblocked. */
void host_mask(uint64_t mask);
/* host_mask_exact: the same without exception; returns the old set. */
uint64_t host_mask_exact(uint64_t mask);
/* host_altstack_use: tell the kernel where this thread's handlers run; NULL: nowhere special. */
void host_altstack_use(void *stack);

/* Labels of host_syscall.c: [start, insn] is "not in the kernel yet". */
extern const char host_syscall_start[], host_syscall_insn[], host_syscall_after[];
extern const char host_syscall_not_made[], host_syscall_restart[];
