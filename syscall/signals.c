// SPDX-License-Identifier: MIT
/*
 * signals.c: the system calls about signals. What they set is kept by signal/; queues are the
 * host kernel's, so kill(2) and its family go through as they are.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gen/syscalls.h"
#include "signal/signal.h"

/* UAPI_SA_FLAGS of the generic ABI: others are cleared, so that programs can probe for them. */
#define KNOWN_SA_FLAGS                                                                   \
    (G_SA_NOCLDSTOP | G_SA_NOCLDWAIT | G_SA_SIGINFO | G_SA_EXPOSE_TAGBITS |              \
     G_SA_RESTORER | G_SA_ONSTACK | G_SA_RESTART | G_SA_NODEFER | G_SA_RESETHAND)

static bool is_self(int pid)
{
    return pid == (int)getpid();
}

/* The guest's struct sigaction: with or without sa_restorer, which lies before the mask. */
enum { RESTORER_AT = offsetof(GuestSigaction, restorer), RESTORER_BYTES = 8 };

static int action_in(Thread *t, GuestSigaction *act, GuestAddr from)
{
    int err;

    if (!t->abi->no_restorer)
        return guest_copy_in(t, act, from, sizeof(*act));
    err = guest_copy_in(t, act, from, sizeof(*act) - RESTORER_BYTES);
    act->mask = act->restorer;
    act->restorer = 0;
    act->flags &= ~(uint64_t)G_SA_RESTORER;
    return err;
}

static int action_out(Thread *t, GuestAddr to, GuestSigaction *act)
{
    if (!t->abi->no_restorer)
        return guest_copy_out(t, to, act, sizeof(*act));
    act->restorer = act->mask;
    return guest_copy_out(t, to, act, RESTORER_AT + RESTORER_BYTES);
}

long sys_rt_sigaction(Thread *t, int sig, GuestAddr new, GuestAddr old, size_t mask_len)
{
    GuestSigaction act, was;

    if (mask_len != 8)
        return -EINVAL;
    if (new.va && action_in(t, &act, new) < 0)
        return -EFAULT;
    if (sig < 1 || sig > GUEST_NSIG || (new.va && (sig_bit(sig) & SIG_UNBLOCKABLE)))
        return -EINVAL;
    if (new.va) {
        act.flags &= KNOWN_SA_FLAGS;
        act.mask &= ~SIG_UNBLOCKABLE;
        int err = sigaction_set(t, sig, &act, &was);

        if (err < 0)
            return err;
    } else {
        sigaction_get(t, sig, &was);
    }
    return old.va && action_out(t, old, &was) < 0 ? -EFAULT : 0;
}

long sys_rt_sigprocmask(Thread *t, int how, GuestAddr set, GuestAddr old, size_t mask_len)
{
    uint64_t was = t->sigmask, bits, mask;

    if (mask_len != 8)
        return -EINVAL;
    if (set.va) {
        if (guest_copy_in(t, &bits, set, 8) < 0)
            return -EFAULT;
        switch (how) {
        case SIG_BLOCK: mask = was | bits; break;
        case SIG_UNBLOCK: mask = was & ~bits; break;
        case SIG_SETMASK: mask = bits; break;
        default: return -EINVAL;
        }
        if (!signal_change_mask(t, mask))
            return SYS_RESTART_NOINTR;
    }
    return old.va && guest_copy_out(t, old, &was, 8) < 0 ? -EFAULT : 0;
}

long sys_rt_sigpending(Thread *t, GuestAddr set, size_t mask_len)
{
    uint64_t pending = 0;

    if (mask_len > 8)
        return -EINVAL;
    syscall(SYS_rt_sigpending, &pending, 8);
    pending |= t->signals->held & t->sigmask;
    return guest_copy_out(t, set, &pending, mask_len) < 0 ? -EFAULT : 0;
}

/*
 * rt_sigsuspend(2). The host waits under the temporary mask; the handler runs under it too and
 * its frame brings the old one back.
 */
long sys_rt_sigsuspend(Thread *t, GuestAddr mask, size_t mask_len)
{
    uint64_t bits;

    if (mask_len != 8)
        return -EINVAL;
    if (guest_copy_in(t, &bits, mask, 8) < 0)
        return -EFAULT;
    signal_wait_begin(t, bits);
    bits &= ~SIG_FAULTS;
    if (t->signals->held & ~t->sigmask) {
        signal_block_all();
        signal_take_held(t, t->sigmask);
        return signal_wait_end(t, SYS_RESTART_NOHAND);
    }
    return signal_wait_end(t, host_syscall(t, SYS_rt_sigsuspend, &bits, 8l));
}

long sys_rt_sigtimedwait(Thread *t, GuestAddr set, GuestAddr info, GuestAddr timeout,
                         size_t mask_len)
{
    ThreadSignals *s = t->signals;
    uint64_t bits, held;
    siginfo_t si;

    if (mask_len != 8)
        return -EINVAL;
    if (guest_copy_in(t, &bits, set, 8) < 0)
        return -EFAULT;
    held = s->held & bits;
    if (!held)
        return host_syscall(t, SYS_rt_sigtimedwait, &bits,
                            info.va ? guest_span(t, info, 128, GUEST_WRITE) : NULL, timeout.va,
                            8l);
    if (!signal_take_held(t, ~held))
        return SYS_RESTART_NOINTR;
    si = t->pending_info;
    t->pending = 0;
    return info.va && guest_copy_out(t, info, &si, sizeof(si)) < 0 ? -EFAULT : si.si_signo;
}

/*
 * forged_fault: a program queues itself a fault signal that looks like the kernel's. The host
 * handler could not tell it from a real one, so it does not take that way.
 */
static bool forged_fault(Thread *t, int sig, const siginfo_t *si)
{
    if (sig < 1 || sig > GUEST_NSIG || !(sig_bit(sig) & SIG_FAULTS) || si->si_code <= 0)
        return false;
    signal_hold(t, sig, si);
    signal_block_all();
    signal_take_held(t, t->sigmask);
    signal_unblock(t);
    return true;
}

long sys_rt_sigqueueinfo(Thread *t, int pid, int sig, GuestAddr info)
{
    siginfo_t si;

    if (guest_copy_in(t, &si, info, sizeof(si)) < 0)
        return -EFAULT;
    if (is_self(pid) && forged_fault(t, sig, &si))
        return 0;
    return host_syscall(t, SYS_rt_sigqueueinfo, (long)pid, (long)sig, &si);
}

long sys_rt_tgsigqueueinfo(Thread *t, int pid, int tid, int sig, GuestAddr info)
{
    siginfo_t si;

    if (guest_copy_in(t, &si, info, sizeof(si)) < 0)
        return -EFAULT;
    if (is_self(pid) && tid == t->tid && forged_fault(t, sig, &si))
        return 0;
    return host_syscall(t, SYS_rt_tgsigqueueinfo, (long)pid, (long)tid, (long)sig, &si);
}

long sys_kill(Thread *t, int pid, int sig)
{
    return host_syscall(t, SYS_kill, (long)pid, (long)sig);
}

long sys_tkill(Thread *t, int tid, int sig)
{
    return host_syscall(t, SYS_tkill, (long)tid, (long)sig);
}

long sys_tgkill(Thread *t, int pid, int tid, int sig)
{
    return host_syscall(t, SYS_tgkill, (long)pid, (long)tid, (long)sig);
}

/* ---- alternate stack ---- */

typedef struct {
    uint64_t sp;
    int32_t flags;
    int32_t pad;
    uint64_t size;
} GuestStack;
_Static_assert(sizeof(GuestStack) == 24, "stack_t of 64-bit guests");

/* do_sigaltstack of Linux 6.1 kernel/signal.c: the checks in its order. */
static long altstack_set(Thread *t, const GuestStack *new, uint64_t sp)
{
    int32_t mode = new->flags & ~G_SS_AUTODISARM;

    if (signal_on_altstack(t, sp))
        return -EPERM;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
        return -EINVAL;
    if (mode == SS_DISABLE) {
        t->altstack_sp = t->altstack_size = 0;
    } else {
        if (new->size < t->abi->minsigstksz ||
            (t->abi->frame_bytes && new->size <= t->abi->frame_bytes()))
            return -ENOMEM;
        t->altstack_sp = new->sp;
        t->altstack_size = new->size;
    }
    t->altstack_flags = new->flags;
    return 0;
}

long sys_sigaltstack(Thread *t, GuestAddr new, GuestAddr old)
{
    uint64_t sp = t->abi->get_sp(t->env);
    GuestStack was = { t->altstack_sp, 0, 0, t->altstack_size }, set;

    was.flags = (t->altstack_flags & G_SS_AUTODISARM) |
                (!t->altstack_size             ? SS_DISABLE
                 : signal_on_altstack(t, sp) ? SS_ONSTACK
                                             : 0);
    if (new.va) {
        if (guest_copy_in(t, &set, new, sizeof(set)) < 0)
            return -EFAULT;
        long err = altstack_set(t, &set, sp);

        if (err < 0)
            return err;
    }
    return old.va && guest_copy_out(t, old, &was, sizeof(was)) < 0 ? -EFAULT : 0;
}

/*
 * rt_sigreturn(2): all state from the frame at sp. A frame that does not hold together is a
 * fault at the stack pointer, as arm64_notify_segfault() has it.
 */
long sys_rt_sigreturn(Thread *t)
{
    GuestStack stack = { 0 };
    uint64_t mask, sp = t->abi->get_sp(t->env);
    uint8_t probe;

    if (t->abi->frame_pop(t, t->env, &mask, &stack.sp, &stack.size, &stack.flags) < 0) {
        bool mapped = guest_copy_in(t, &probe, guest_addr(sp), 1) == 0;

        signal_force(t, SIGSEGV, mapped ? SEGV_ACCERR : SEGV_MAPERR, sp);
        return SYS_NO_RESULT;
    }
    signal_set_mask(t, mask);
    altstack_set(t, &stack, t->abi->get_sp(t->env));
    return SYS_NO_RESULT;
}
