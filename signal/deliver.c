// SPDX-License-Identifier: MIT
/*
 * deliver.c: a waiting signal becomes a frame on the guest's stack or its default action.
 *
 * Called from the run loop only, where all guest state is in memory and exact. While a signal
 * waits in the thread the host blocks everything but the faults, so the noted siginfo cannot be
 * overwritten; each path ends with the host's mask equal to the guest's. That may bring the next
 * signal at once, whose frame then goes on top, as the kernel stacks them.
 */
#include "signal/signal.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "translate/base/log.h"

/* Default actions that are not death. */
#define SIG_DFL_IGNORED                                                                  \
    (1ull << (SIGCHLD - 1) | 1ull << (SIGURG - 1) | 1ull << (SIGWINCH - 1) |             \
     1ull << (SIGCONT - 1))
#define SIG_DFL_STOPS                                                                    \
    (1ull << (SIGTSTP - 1) | 1ull << (SIGTTIN - 1) | 1ull << (SIGTTOU - 1) |             \
     1ull << (SIGSTOP - 1))

/* raise_default: let the host kernel do its default for sig to this thread. */
static void raise_default(int sig)
{
    host_install(sig, HOST_DFL, 0, NULL);
    syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), sig);
    host_mask_exact(~sig_bit(sig));
}

void signal_die(int sig)
{
    if (signal_last_words)
        signal_last_words();
    raise_default(sig);
    /* Only the first process of a pid namespace survives its own fatal signals. */
    syscall(SYS_exit_group, 128 + sig);
    __builtin_unreachable();
}

void (*signal_core)(Thread *t, const siginfo_t *info);

#define SIG_DFL_CORES                                                                    \
    (SIG_FAULTS | 1ull << (SIGQUIT - 1) | 1ull << (SIGABRT - 1) | 1ull << (SIGXCPU - 1) | \
     1ull << (SIGXFSZ - 1) | 1ull << (SIGSYS - 1))

/* die_by: the default action of a signal of the guest. */
static void die_by(Thread *t, const siginfo_t *info)
{
    if ((sig_bit(info->si_signo) & SIG_DFL_CORES) && signal_core)
        signal_core(t, info);
    signal_die(info->si_signo);
}

/* finish_call: result or restart of the call a signal interrupted; act NULL: no handler runs. */
static void finish_call(Thread *t, const GuestSigaction *act)
{
    long how = t->signals->restart;

    if (!how)
        return;
    t->signals->restart = 0;
    if (!act || how == SYS_RESTART_NOINTR || (how == SYS_RESTART && (act->flags & G_SA_RESTART)))
        t->abi->syscall_restart(t->env, t->syscall_arg0);
    else
        t->abi->set_result(t->env, -EINTR);
}

/* An auto-disarmed stack never counts as in use. */
bool signal_on_altstack(const Thread *t, uint64_t sp)
{
    return !(t->altstack_flags & (G_SS_AUTODISARM | SS_DISABLE)) && sp > t->altstack_sp &&
           sp - t->altstack_sp <= t->altstack_size;
}

static uint64_t frame_top(const Thread *t, const GuestSigaction *act)
{
    uint64_t sp = t->abi->get_sp(t->env);

    if ((act->flags & G_SA_ONSTACK) && t->altstack_size && !signal_on_altstack(t, sp))
        return t->altstack_sp + t->altstack_size;
    return sp;
}

/* push_handler: the frame, and masks as they are inside the handler. 0 or -EFAULT. */
static int push_handler(Thread *t, int sig, const siginfo_t *info, const GuestSigaction *act,
                        uint64_t fault_addr)
{
    SignalDelivery d = {
        .sig = sig,
        .info = *info,
        .handler = act->handler,
        .flags = act->flags,
        .restorer = act->flags & G_SA_RESTORER ? act->restorer : t->signals->sigreturn_va,
        .mask = t->restore_saved_mask ? t->saved_mask : t->sigmask,
        .stack_sp = t->altstack_sp,
        .stack_size = t->altstack_size,
        .stack_flags = t->altstack_flags,
        .frame_top = frame_top(t, act),
        .fault_addr = fault_addr,
    };
    int err = t->abi->frame_push(t, t->env, &d);

    LOG(signal, "%d: signal %d code %d to handler 0x%llx, frame 0x%llx%s", t->tid, sig,
        info->si_code, (unsigned long long)act->handler,
        (unsigned long long)t->abi->get_sp(t->env), err ? ": bad stack" : "");
    if (err < 0)
        return err;
    t->restore_saved_mask = false;
    t->sigmask |= act->mask | (act->flags & G_SA_NODEFER ? 0 : sig_bit(sig));
    t->sigmask &= ~SIG_UNBLOCKABLE;
    if (t->altstack_flags & G_SS_AUTODISARM) {
        t->altstack_sp = t->altstack_size = 0;
        t->altstack_flags = SS_DISABLE;
    }
    return 0;
}

/* run_handler: push_handler with what the kernel does around it. */
static void run_handler(Thread *t, int sig, const siginfo_t *info, const GuestSigaction *act,
                        uint64_t fault_addr)
{
    if (act->flags & G_SA_RESETHAND) {
        GuestSigaction reset = *act;        /* flags and mask stay, as in the kernel */

        reset.handler = 0;
        sigaction_set(t, sig, &reset, NULL);
    }
    if (push_handler(t, sig, info, act, fault_addr) < 0) {
        if (sig == SIGSEGV)
            die_by(t, &(siginfo_t){ .si_signo = SIGSEGV, .si_code = SI_KERNEL });
        signal_force(t, SIGSEGV, SI_KERNEL, 0);
    }
}

/* deliver_one: act on the noted signal. */
static void deliver_one(Thread *t)
{
    siginfo_t info = t->pending_info;
    int sig = info.si_signo;
    GuestSigaction act;

    sigaction_get(t, sig, &act);
    if (act.handler > G_SIG_IGN) {
        finish_call(t, &act);
        run_handler(t, sig, &info, &act, 0);
    } else if (act.handler == G_SIG_IGN || (sig_bit(sig) & SIG_DFL_IGNORED)) {
        LOG(signal, "%d: signal %d ignored", t->tid, sig);
    } else if (sig_bit(sig) & SIG_DFL_STOPS) {
        raise_default(sig);
    } else {
        LOG(signal, "%d: signal %d ends the process at pc 0x%llx", t->tid, sig,
            (unsigned long long)t->abi->get_pc(t->env));
        finish_call(t, NULL);
        die_by(t, &info);
    }
    t->pending = 0;
    if (!signal_take_held(t, t->sigmask))
        host_mask(t->sigmask);
}

void signal_deliver(Thread *t)
{
    while (t->pending)
        deliver_one(t);
    if (t->signals->restart)
        finish_call(t, NULL);
    if (t->restore_saved_mask) {
        t->restore_saved_mask = false;
        signal_set_mask(t, t->saved_mask);
    }
}

void signal_force(Thread *t, int sig, int code, uint64_t addr)
{
    siginfo_t info = { .si_signo = sig, .si_code = code };
    GuestSigaction act;

    info.si_addr = (void *)addr;
    sigaction_get(t, sig, &act);
    if (act.handler <= G_SIG_IGN || (t->sigmask & sig_bit(sig))) {
        LOG(signal, "%d: signal %d (code %d, address 0x%llx) ends the process at pc 0x%llx",
            t->tid, sig, code, (unsigned long long)addr,
            (unsigned long long)t->abi->get_pc(t->env));
        die_by(t, &info);
    }
    run_handler(t, sig, &info, &act, addr);
    signal_unblock(t);
}

int signal_syscall_result(Thread *t, long result)
{
    t->signals->restart = result;
    return 1;
}
