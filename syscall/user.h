/* SPDX-License-Identifier: MIT */
/*
 * user.h: the door between system call handlers, the calling thread and guest memory.
 *
 * A handler is `long sys_NAME(Thread *t, ...)` with the arguments its row of syscalls.tbl
 * declares; it returns the result or a negative errno. On a host with direct guest memory
 * (64-bit guests) a guest address is a host address, and the host kernel checks each
 * page, so a handler hands pointers on; what it reads itself it copies in once, by
 * guest_copy_in(), and checks the copy.
 */
#pragma once

#include "syscall/linux_guest.h"

/* Results above the errno range that the dispatcher treats itself (never seen by the guest). */
enum {
    SYS_RESTART = -512,         /* interrupted: EINTR or restart by SA_RESTART (kernel's ERESTARTSYS) */
    SYS_RESTART_NOINTR = -513,  /* the call was not made: do it after the handler, whatever
                                   SA_RESTART says (kernel's ERESTARTNOINTR) */
    SYS_RESTART_NOHAND = -514,  /* EINTR only if a handler runs (ERESTARTNOHAND) */
    SYS_NO_RESULT = -600,       /* registers were set by the handler (sigreturn, exec) */
};

struct Thread {
    Env *env;
    const Guest *guest;
    const LinuxGuest *abi;
    pid_t tid;
    uint64_t clear_tid;         /* guest address of CLONE_CHILD_CLEARTID, 0 none */
    uint64_t robust_list, robust_len;
    uint64_t rseq;              /* guest address of the area for rseq(2), 0 none */
    uint32_t rseq_len, rseq_sig;
    /* signals; see signal/signal.h. Bit i is signal i + 1. */
    uint64_t sigmask;           /* the guest's blocked set */
    uint64_t saved_mask;        /* for sigsuspend, ppoll ...: put back after delivery */
    bool restore_saved_mask;
    uint64_t altstack_sp, altstack_size;
    int32_t altstack_flags;
    volatile sig_atomic_t pending;      /* an asynchronous signal waits in pending_info */
    siginfo_t pending_info;
    int exit_status;            /* leaving: set with `exiting` */
    bool exiting;
    uint64_t syscall_arg0;      /* for restart */
    int32_t syscall_nr;         /* guest number in work, -1 outside */
    void *host_stack;           /* of clone()d threads, freed at exit */
    struct ThreadSignals *signals;      /* signal/signal.h */
    uint64_t handle;            /* linux-user/thread.c: the host thread (pthread_t) */
    struct Thread *next;        /* list of all threads, under threads_lock */
};

/* thread_self: the calling host thread's guest thread. */
Thread *thread_self(void);

/*
 * host_syscall: the one host system call instruction that may block. When a guest signal is
 * already pending, or arrives before the kernel was entered, the call is not made and
 * SYS_RESTART_NOINTR is returned; SYS_RESTART says that a signal interrupted a call which
 * SA_RESTART would restart (-EINTR: one that is never restarted). Returns the raw result,
 * -errno on failure.
 */
long host_syscall(Thread *t, long nr, ...);

/*
 * guest_copy_in: copy bytes out of guest memory.
 *   dst host buffer of at least n bytes; src guest address, any alignment; n 0 succeeds.
 * Returns 0, or -EFAULT if any byte cannot be read; dst then holds a prefix. Never faults the
 * host, never allocates, any thread.
 */
int guest_copy_in(Thread *t, void *dst, GuestAddr src, size_t n);
int guest_copy_out(Thread *t, GuestAddr dst, const void *src, size_t n);

/* guest_copy_clean: guest_copy_out() to a range known to hold no translations. */
int guest_copy_clean(GuestAddr dst, const void *src, size_t n);

/* guest_copy_str: a string of at most max - 1 bytes; its length, -EFAULT or -ENAMETOOLONG. */
long guest_copy_str(Thread *t, char *dst, GuestAddr src, size_t max);

/*
 * user_fault_fixup: guest_copy_in() and its kind read guest memory directly; when that faults,
 * this makes them return -EFAULT. Call it first from the handlers of SIGSEGV and SIGBUS: when
 * it returns true, return from the handler. Async-signal-safe. Only after
 * user_fixup_ready was set (by who installed such handlers) are direct accesses made; before,
 * the copies are left to the kernel.
 */
bool user_fault_fixup(ucontext_t *uc);
extern bool user_fixup_ready;

typedef enum { GUEST_READ, GUEST_WRITE } GuestAccess;

/*
 * guest_span: host address of guest bytes that a host system call will read or write. Never
 * NULL for len 0. With GUEST_WRITE, translations of the pages are dropped first. NULL when
 * the range lies outside the guest's address space.
 */
void *guest_span(Thread *t, GuestAddr addr, size_t len, GuestAccess access);

/*
 * guest_dirty: the host kernel is about to write guest bytes [va, va + len): translations of
 * them are dropped. len may be any number; what the range means is left for the kernel to judge.
 * guest_dirty_small: the same for structures, which matters only to guests that do not
 * announce changes of code.
 */
void guest_dirty_slow(uint64_t va, uint64_t len);

static inline void guest_dirty(Thread *t, uint64_t va, uint64_t len)
{
    (void)t;
    if (len && va) {
        guest_dirty_slow(va, len);
    }
}

static inline void guest_dirty_small(Thread *t, uint64_t va, uint64_t len)
{
    if (!t->guest->explicit_icache) {
        guest_dirty(t, va, len);
    }
}

/* span_bytes: size of n elements, all of memory when that overflows. */
static inline uint64_t span_bytes(uint64_t n, uint64_t size)
{
    uint64_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? UINT64_MAX : bytes;
}

/* syscall_dispatch: EnvRt.on_syscall of user mode. */
int syscall_dispatch(Env *env, uint32_t imm);

/*
 * syscall_quick: EnvRt.on_quick of user mode: reading the clock, which natively never leaves the
 * process, so that what every other call goes through would cost as much again.
 */
bool syscall_quick(Env *env);

/* time_quick: clock_gettime(2), or gettimeofday(2), by the host's vDSO; false: by the long way. */
bool time_quick(bool of_day, uint64_t arg0, uint64_t arg1);
