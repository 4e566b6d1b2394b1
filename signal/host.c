// SPDX-License-Identifier: MIT
/*
 * host.c: the host's side of signals: handlers, actions, masks, handler stacks.
 *
 * All by raw system calls: the C library keeps signals 32 and 33 for itself and would not let
 * the guest use them.
 */
#include "signal/signal.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "translate/base/log.h"
#include "translate/translate.h"

/* The kernel's struct sigaction on x86-64. */
typedef struct {
    void (*handler)(int, siginfo_t *, void *);
    uint64_t flags;
    void (*restorer)(void);
    uint64_t mask;
} HostSigaction;

enum { HOST_SA_RESTORER = 0x04000000 };

void host_restorer(void) __attribute__((visibility("hidden")));
__asm__(".text\n.globl host_restorer\n.hidden host_restorer\n.type host_restorer, @function\n"
        "host_restorer:\n    movl $15, %eax\n    syscall\n"
        ".size host_restorer, . - host_restorer\n");

/* mask_context: block everything but the faults in the context the handler returns to. */
static void mask_context(ucontext_t *uc)
{
    uint64_t all = ~SIG_FAULTS;

    memcpy(&uc->uc_sigmask, &all, sizeof(all));
}

/* leave_syscall: turn back a host_syscall() that has not entered the kernel or may restart. */
static void leave_syscall(ucontext_t *uc)
{
    greg_t *reg = uc->uc_mcontext.gregs;
    uint64_t pc = (uint64_t)reg[REG_RIP];

    if (pc < (uint64_t)host_syscall_start || pc > (uint64_t)host_syscall_insn)
        return;
    if (pc == (uint64_t)host_syscall_insn && reg[REG_RCX] == (greg_t)host_syscall_after)
        reg[REG_RIP] = (greg_t)host_syscall_restart;
    else
        reg[REG_RIP] = (greg_t)host_syscall_not_made;
}

/* take_async: note a signal that was sent (not raised by an instruction) for delivery. */
static void take_async(Thread *t, int sig, const siginfo_t *info, ucontext_t *uc)
{
    if (sig_bit(sig) & SIG_FAULTS) {
        if (signal_is_ignored(t, sig))
            return;
        if (t->pending || (t->sigmask & sig_bit(sig))) {
            signal_hold(t, sig, info);
            return;
        }
    }
    t->pending_info = *info;
    t->pending_info.si_signo = sig;
    t->pending = 1;
    mask_context(uc);
    leave_syscall(uc);
    env_poke_own(t->env);
}

/*
 * put_back: a signal that met a thread not ready for it. The C library starts each thread with
 * signal 32 unblocked; it waits now until signal_thread_start() sets the guest's mask.
 */
static void put_back(int sig, siginfo_t *info, ucontext_t *uc)
{
    mask_context(uc);
    syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), sig, info);
}

/* our_own_fault: a fault in mimus itself; say where and die by it, with a core if enabled. */
static void our_own_fault(int sig, const siginfo_t *info, const ucontext_t *uc)
{
    extern const char __ehdr_start[] __attribute__((weak, visibility("hidden")));
    uint64_t pc = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
    Thread *t = thread_self();

    log_line("mimus", "internal error: signal %d (code %d, address %p) at host pc 0x%llx "
             "(image + 0x%llx), guest pc 0x%llx", sig, info->si_code, info->si_addr,
             (unsigned long long)pc, (unsigned long long)(pc - (uint64_t)__ehdr_start),
             t && t->env ? (unsigned long long)t->abi->get_pc(t->env) : 0);
    host_install(sig, HOST_DFL, 0, NULL);
    /* Returning runs the instruction again, now with the default action. */
}

bool (*signal_sample)(const siginfo_t *info, const ucontext_t *uc);

/* make_call_again: when nothing but our own signal ended a call that never restarts by itself. */
static void make_call_again(const Thread *t, ucontext_t *uc)
{
    greg_t *reg = uc->uc_mcontext.gregs;

    if (t && !t->pending && reg[REG_RIP] == (greg_t)host_syscall_after && reg[REG_RAX] == -EINTR)
        reg[REG_RIP] = (greg_t)host_syscall_not_made;
}

_Atomic bool signal_stopping;

/* stop: see signal_stopping. Nothing is delivered any more. */
static void stop(Thread *t, ucontext_t *uc)
{
    if (!t)
        return;
    t->pending = 1;
    mask_context(uc);
    leave_syscall(uc);
    env_poke_own(t->env);
}

static void host_handler(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    Thread *t = thread_self();

    if (__builtin_expect(signal_stopping, 0) && sig == SIGNAL_SAMPLE && info->si_code <= 0) {
        stop(t, uc);
        return;
    }
    if (sig == SIGNAL_SAMPLE && info->si_code == SI_TIMER && signal_sample &&
        signal_sample(info, uc)) {
        make_call_again(t, uc);
        return;
    }
    if ((sig_bit(sig) & SIG_FAULTS) && info->si_code > 0) {
        if (user_fault_fixup(uc))
            return;
        if (!t || fault_handle(t->env, sig, info, uc) == FAULT_NOT_OURS)
            our_own_fault(sig, info, uc);
        return;
    }
    if (t)
        take_async(t, sig, info, uc);
    else if (!(sig_bit(sig) & SIG_FAULTS))
        put_back(sig, info, uc);
}

static long raw_sigaction(int sig, const HostSigaction *act, HostSigaction *old)
{
    return syscall(SYS_rt_sigaction, sig, act, old, 8) < 0 ? -errno : 0;
}

static enum HostAction action_kind(const HostSigaction *a)
{
    return a->handler == (void *)SIG_IGN   ? HOST_IGN
           : a->handler == (void *)SIG_DFL ? HOST_DFL
                                           : HOST_HANDLER;
}

int host_install(int sig, enum HostAction what, uint64_t guest_flags, enum HostAction *old)
{
    HostSigaction was = { 0 };
    uint64_t keep = guest_flags & (G_SA_NOCLDSTOP | G_SA_NOCLDWAIT);
    HostSigaction act = { .flags = HOST_SA_RESTORER | keep, .restorer = host_restorer };

    switch (what) {
    case HOST_DFL: act.handler = (void *)SIG_DFL; break;
    case HOST_IGN: act.handler = (void *)SIG_IGN; break;
    case HOST_HANDLER:
        act.handler = host_handler;
        act.flags |= SA_SIGINFO | SA_RESTART | SA_ONSTACK;
        act.mask = ~SIG_FAULTS;
        /* A fault may happen while the handler of another deals with it (the interpreter). */
        if (sig_bit(sig) & SIG_FAULTS)
            act.flags |= SA_NODEFER;
        break;
    }
    int err = raw_sigaction(sig, &act, old ? &was : NULL);

    if (old)
        *old = action_kind(&was);
    return err;
}

enum HostAction host_query(int sig)
{
    HostSigaction old = { 0 };

    raw_sigaction(sig, NULL, &old);
    return action_kind(&old);
}

uint64_t host_mask_exact(uint64_t mask)
{
    uint64_t old = 0;

    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &old, 8);
    return old;
}

void host_mask(uint64_t mask)
{
    host_mask_exact(mask & ~SIG_FAULTS);
}

void host_altstack_use(void *stack)
{
    stack_t ss = { .ss_sp = stack, .ss_size = SIGNAL_STACK_BYTES,
                   .ss_flags = stack ? 0 : SS_DISABLE };

    syscall(SYS_sigaltstack, &ss, NULL);
}
