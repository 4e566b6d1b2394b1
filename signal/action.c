// SPDX-License-Identifier: MIT
/*
 * action.c: what the guest set for each signal, its masks, and held signals; kept in step
 * with the host kernel.
 */
#include "signal/signal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall/memory.h"
#include "translate/base/own_memory.h"

static const int fault_sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };

/* Of the first thread: no allocation at start-up. */
static SigActions first_actions;
static ThreadSignals first_signals;

static void actions_lock(SigActions *a)
{
    while (atomic_exchange_explicit(&a->lock, 1, memory_order_acquire))
        cpu_relax();
}

static void actions_unlock(SigActions *a)
{
    atomic_store_explicit(&a->lock, 0, memory_order_release);
}

static SigActions *actions_of(const Thread *t)
{
    return t->signals->actions;
}

/* fill_unknown: a signal we never touched has what came over exec: default or ignored. */
static GuestSigaction *action_entry(SigActions *a, int sig)
{
    GuestSigaction *e = &a->act[sig - 1];

    if (!(a->known & sig_bit(sig))) {
        e->handler = host_query(sig) == HOST_IGN ? G_SIG_IGN : G_SIG_DFL;
        a->known |= sig_bit(sig);
    }
    return e;
}

void sigaction_get(Thread *t, int sig, GuestSigaction *out)
{
    SigActions *a = actions_of(t);

    actions_lock(a);
    *out = *action_entry(a, sig);
    actions_unlock(a);
}

/* With signal_watch_deaths(): what people and time limits end programs with. */
void (*signal_last_words)(void);
static const int deaths[] = { SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM,
                              SIGTERM, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO, SIGSYS };

static bool dies_watched(int sig)
{
    for (unsigned i = 0; signal_last_words && i < ARRAY_LEN(deaths); i++) {
        if (deaths[i] == sig)
            return true;
    }
    return false;
}

/* Signals whose default action leaves a core file, the five faults apart: those are ours anyway. */
static bool cores_watched;
#define SIG_CORES                                                                        \
    (1ull << (SIGQUIT - 1) | 1ull << (SIGABRT - 1) | 1ull << (SIGXCPU - 1) |             \
     1ull << (SIGXFSZ - 1) | 1ull << (SIGSYS - 1))

static int tell_host(int sig, const GuestSigaction *act)
{
    enum HostAction what = act->handler == G_SIG_DFL   ? HOST_DFL
                           : act->handler == G_SIG_IGN ? HOST_IGN
                                                       : HOST_HANDLER;

    if (sig_bit(sig) & SIG_FAULTS)
        return 0;       /* ours for good */
    /* Death by it is decided in deliver.c; see put_back() in host.c. */
    if ((sig == SIG_LIBC_CANCEL || dies_watched(sig) ||
         (cores_watched && (sig_bit(sig) & SIG_CORES))) &&
        what == HOST_DFL)
        what = HOST_HANDLER;
    return host_install(sig, what, act->flags, NULL);
}

int sigaction_set(Thread *t, int sig, const GuestSigaction *act, GuestSigaction *old)
{
    SigActions *a = actions_of(t);
    int err;

    actions_lock(a);
    GuestSigaction *e = action_entry(a, sig);

    if (old)
        *old = *e;
    /* A handler is in the table before the host can call for it. */
    if (act->handler > G_SIG_IGN)
        *e = *act;
    err = tell_host(sig, act);
    *e = *act;
    actions_unlock(a);
    if (act->handler == G_SIG_IGN)
        t->signals->held &= ~sig_bit(sig);
    return err;
}

void signal_watch_deaths(Thread *t, void (*last_words)(void))
{
    GuestSigaction act;

    signal_last_words = last_words;
    for (unsigned i = 0; i < ARRAY_LEN(deaths); i++) {
        sigaction_get(t, deaths[i], &act);
        sigaction_set(t, deaths[i], &act, NULL);
    }
}

void signal_watch_cores(Thread *t)
{
    GuestSigaction act;

    if (cores_watched)
        return;
    cores_watched = true;
    for (int sig = 1; sig <= GUEST_NSIG; sig++) {
        if (!(sig_bit(sig) & SIG_CORES))
            continue;
        sigaction_get(t, sig, &act);
        sigaction_set(t, sig, &act, NULL);
    }
}

bool signal_is_ignored(const Thread *t, int sig)
{
    return t->signals->actions->act[sig - 1].handler == G_SIG_IGN;
}

void signal_clear_handlers(Thread *t)
{
    static const GuestSigaction dfl;
    GuestSigaction a;

    for (int sig = 1; sig <= GUEST_NSIG; sig++) {
        if (sig_bit(sig) & SIG_UNBLOCKABLE)
            continue;
        sigaction_get(t, sig, &a);
        if (a.handler > G_SIG_IGN)
            sigaction_set(t, sig, &dfl, NULL);
    }
}

/* ---- life of the per-thread part ---- */

int signal_init(Thread *t)
{
    uint64_t unblock = SIG_FAULTS, old = 0;
    SigActions *a = &first_actions;

    t->signals = &first_signals;
    t->signals->actions = a;
    t->altstack_flags = SS_DISABLE;
    a->users = 1;
    t->signals->altstack = own_mmap(SIGNAL_STACK_BYTES, PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (t->signals->altstack == MAP_FAILED)
        return -ENOMEM;
    own_range_add((uint64_t)t->signals->altstack, SIGNAL_STACK_BYTES);
    host_altstack_use(t->signals->altstack);
    for (unsigned i = 0; i < ARRAY_LEN(fault_sigs); i++) {
        enum HostAction was;
        int err = host_install(fault_sigs[i], HOST_HANDLER, 0, &was);

        if (err < 0)
            return err;
        a->act[fault_sigs[i] - 1].handler = was == HOST_IGN ? G_SIG_IGN : G_SIG_DFL;
    }
    a->known = SIG_FAULTS;
    user_fixup_ready = true;
    syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &unblock, &old, 8);
    t->sigmask = old;
    return 0;
}

static SigActions *actions_copy(SigActions *from)
{
    SigActions *a = malloc(sizeof(*a));

    if (!a)
        return NULL;
    actions_lock(from);
    *a = *from;
    actions_unlock(from);
    a->users = 1;
    a->lock = 0;
    return a;
}

int signal_clone(Thread *t, const Thread *parent, bool share_actions, void *altstack)
{
    ThreadSignals *s = calloc(1, sizeof(*s)), *p = parent->signals;

    if (!s)
        return -ENOMEM;
    s->sigreturn_va = p->sigreturn_va;
    s->altstack = altstack;
    if (share_actions) {
        s->actions = p->actions;
        atomic_fetch_add(&s->actions->users, 1);
    } else {
        s->actions = actions_copy(p->actions);
        if (!s->actions) {
            free(s);
            return -ENOMEM;
        }
    }
    t->signals = s;
    t->sigmask = parent->sigmask;
    t->pending = 0;
    t->restore_saved_mask = false;
    return 0;
}

void signal_thread_start(Thread *t)
{
    if (t->signals->altstack)
        host_altstack_use(t->signals->altstack);
    host_mask(t->sigmask);
}

void signal_free(Thread *t)
{
    ThreadSignals *s = t->signals;

    if (atomic_fetch_sub(&s->actions->users, 1) == 1 && s->actions != &first_actions)
        free(s->actions);
    t->signals = NULL;
    if (s != &first_signals)
        free(s);
}

/* ---- masks ---- */

void signal_block_all(void)
{
    host_mask(~0ull);
}

void signal_unblock(Thread *t)
{
    if (!t->pending)
        host_mask(t->sigmask);
}

bool signal_change_mask(Thread *t, uint64_t mask)
{
    uint64_t host = mask & ~SIG_FAULTS;

    if (host_syscall(t, SYS_rt_sigprocmask, (long)SIG_SETMASK, &host, 0l, 8l) ==
        SYS_RESTART_NOINTR)
        return false;
    t->sigmask = mask & ~SIG_UNBLOCKABLE;
    if ((t->signals->held & ~mask) && !t->pending) {
        signal_block_all();
        signal_take_held(t, mask);
        signal_unblock(t);
    }
    return true;
}

void signal_set_mask(Thread *t, uint64_t mask)
{
    /* When a signal waits the host blocks all, and follows once it was delivered. */
    if (!signal_change_mask(t, mask))
        t->sigmask = mask & ~SIG_UNBLOCKABLE;
}

void signal_mask_for_exec(Thread *t)
{
    for (unsigned i = 0; i < ARRAY_LEN(fault_sigs); i++) {
        if (signal_is_ignored(t, fault_sigs[i]))
            host_install(fault_sigs[i], HOST_IGN, 0, NULL);
    }
    host_syscall(t, SYS_rt_sigprocmask, (long)SIG_SETMASK, &t->sigmask, 0l, 8l);
}

void signal_exec_failed(Thread *t)
{
    host_mask(t->pending ? ~0ull : t->sigmask);
    for (unsigned i = 0; i < ARRAY_LEN(fault_sigs); i++) {
        if (signal_is_ignored(t, fault_sigs[i]))
            host_install(fault_sigs[i], HOST_HANDLER, 0, NULL);
    }
}

void signal_wait_begin(Thread *t, uint64_t mask)
{
    t->saved_mask = t->sigmask;
    t->sigmask = mask & ~SIG_UNBLOCKABLE;
    t->restore_saved_mask = true;
}

long signal_wait_end(Thread *t, long result)
{
    bool by_signal = t->pending && result < 0 && result != SYS_RESTART_NOINTR;

    if (!by_signal) {
        t->sigmask = t->saved_mask;
        t->restore_saved_mask = false;
    }
    return result;
}

/* ---- faults that were sent and wait ---- */

static unsigned fault_index(int sig)
{
    unsigned i = 0;

    while (fault_sigs[i] != sig)
        i++;
    return i;
}

void signal_hold(Thread *t, int sig, const siginfo_t *info)
{
    ThreadSignals *s = t->signals;

    /* One of a kind is kept, as for every signal below 32. */
    if (!(s->held & sig_bit(sig))) {
        s->held_info[fault_index(sig)] = *info;
        s->held |= sig_bit(sig);
    }
}

bool signal_take_held(Thread *t, uint64_t mask)
{
    ThreadSignals *s = t->signals;
    uint64_t ready = s->held & ~mask;

    if (!ready || t->pending)
        return false;
    int sig = __builtin_ctzll(ready) + 1;

    t->pending_info = s->held_info[fault_index(sig)];
    t->pending_info.si_signo = sig;
    s->held &= ~sig_bit(sig);
    t->pending = 1;
    return true;
}
