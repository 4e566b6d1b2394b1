/* SPDX-License-Identifier: MIT */
/*
 * The calls about signals: all 64 of them, blocked faults, queues with values, temporary
 * masks, restart, alternate stacks, and what a default action leaves for wait.
 */
// family: signals
// expect: ok
#include "check.h"

#include <poll.h>
#include <sys/time.h>

static volatile int got, count;
static volatile uintptr_t got_value;

static void note(int sig)
{
    got = sig;
    count++;
}

static void note_value(int sig, siginfo_t *info, void *context)
{
    (void)context;
    got = sig;
    got_value = (uintptr_t)info->si_value.sival_ptr;
}

static void handle(int sig, void (*f)(int), int flags)
{
    struct sigaction a = { .sa_handler = f, .sa_flags = flags };

    sigaction(sig, &a, NULL);
}

static int send_self(int sig)
{
    got = 0;
    return (int)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

/* By the raw call: the C library keeps 32 and 33 for itself. */
static void every_signal(void)
{
    struct {
        void (*handler)(int);
        unsigned long flags;
#ifndef __riscv
        void *restorer;
#endif
        unsigned long mask;
    } act = { .handler = note }, dfl = { .handler = SIG_DFL };

#ifdef __x86_64__
    return;         /* its kernel demands a restorer */
#endif
    for (int sig = 1; sig <= 64; sig++) {
        if (sig == SIGKILL || sig == SIGSTOP) {
            FAILS(syscall(SYS_rt_sigaction, sig, &act, NULL, 8), EINVAL);
            continue;
        }
        IS(syscall(SYS_rt_sigaction, sig, &act, NULL, 8) == 0);
        IS(send_self(sig) == 0 && got == sig);
        syscall(SYS_rt_sigaction, sig, &dfl, NULL, 8);
    }
}

static void blocked(int sig)
{
    sigset_t set, old, pending;

    handle(sig, note, 0);
    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(SIG_BLOCK, &set, &old);
    IS(send_self(sig) == 0 && got == 0);
    sigpending(&pending);
    IS(sigismember(&pending, sig));
    sigprocmask(SIG_SETMASK, &old, NULL);
    IS(got == sig);
    handle(sig, SIG_DFL, 0);
}

static void queue(void)
{
    struct timespec now = { 0, 0 };
    union sigval value;
    siginfo_t info;
    sigset_t set, old;

    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, &old);
    for (uintptr_t i = 0; i < 3; i++) {
        value.sival_ptr = (void *)(0x123456789a0 + i);
        IS(sigqueue(getpid(), SIGRTMIN + 1, value) == 0);
    }
    for (uintptr_t i = 0; i < 2; i++) {
        IS(sigtimedwait(&set, &info, &now) == SIGRTMIN + 1);
        IS(info.si_value.sival_ptr == (void *)(0x123456789a0 + i) && info.si_code == SI_QUEUE);
    }
    struct sigaction a = { .sa_sigaction = note_value, .sa_flags = SA_SIGINFO };

    sigaction(SIGRTMIN + 1, &a, NULL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    IS(got == SIGRTMIN + 1 && got_value == 0x123456789a2);
    sigprocmask(SIG_BLOCK, &set, &old);
    FAILS(sigtimedwait(&set, &info, &now), EAGAIN);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

/* alarm_in: SIGALRM in some milliseconds. */
static void alarm_in(int ms)
{
    struct itimerval it = { { 0, 0 }, { 0, ms * 1000 } };

    setitimer(ITIMER_REAL, &it, NULL);
}

static void temporary_masks(void)
{
    struct timespec second = { 1, 0 };
    sigset_t set, old, none, now;

    handle(SIGALRM, note, SA_RESTART);
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, &old);
    got = 0;
    alarm_in(20);
    FAILS(sigsuspend(&none), EINTR);
    IS(got == SIGALRM);
    got = 0;
    alarm_in(20);
    FAILS(ppoll(NULL, 0, &second, &none), EINTR);
    IS(got == SIGALRM);
    sigprocmask(SIG_SETMASK, NULL, &now);
    IS(sigismember(&now, SIGALRM));
    /* Pending before the wait, allowed by its mask only. */
    got = 0;
    raise(SIGALRM);
    FAILS(ppoll(NULL, 0, &second, &none), EINTR);
    IS(got == SIGALRM);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void restart(void)
{
    int fd[2];
    char c;

    IS(pipe(fd) == 0);
    handle(SIGALRM, note, 0);
    alarm_in(20);
    FAILS(read(fd[0], &c, 1), EINTR);
    handle(SIGALRM, note, SA_RESTART);
    got = 0;
    pid_t pid = fork();

    if (pid == 0) {
        usleep(60000);
        _exit(write(fd[1], "x", 1) != 1);
    }
    alarm_in(20);
    IS(read(fd[0], &c, 1) == 1 && c == 'x' && got == SIGALRM);
    waitpid(pid, NULL, 0);
    /* A sleep is not restarted; what is left is told. */
    struct timespec ask = { 0, 200000000 }, left = { 0, 0 };

    alarm_in(20);
    FAILS(nanosleep(&ask, &left), EINTR);
    IS(left.tv_nsec > 100000000 && left.tv_nsec < 190000000);
}

static char altstack[65536];
static int on_stack, stack_flags;

static void look_at_stack(int sig)
{
    stack_t now;

    (void)sig;
    on_stack = (char *)&now > altstack && (char *)&now < altstack + sizeof altstack;
    sigaltstack(NULL, &now);
    stack_flags = now.ss_flags;
    FAILS(sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL), EPERM);
}

static void look_at_disarmed(int sig)
{
    stack_t now;

    (void)sig;
    sigaltstack(NULL, &now);
    stack_flags = now.ss_flags;
}

static void alternate_stack(void)
{
    stack_t set = { .ss_sp = altstack, .ss_size = sizeof altstack }, now;

    IS(sigaltstack(&set, NULL) == 0);
    handle(SIGUSR1, look_at_stack, SA_ONSTACK);
    raise(SIGUSR1);
    IS(on_stack && stack_flags == SS_ONSTACK);
    set.ss_size = 100;
    FAILS(sigaltstack(&set, NULL), ENOMEM);
    set.ss_size = sizeof altstack;
    set.ss_flags = 1 << 20;
    FAILS(sigaltstack(&set, NULL), EINVAL);
    set.ss_flags = (int)0x80000000u;        /* SS_AUTODISARM */
    IS(sigaltstack(&set, NULL) == 0);
    handle(SIGUSR1, look_at_disarmed, SA_ONSTACK);
    raise(SIGUSR1);
    IS(stack_flags == SS_DISABLE);
    IS(sigaltstack(NULL, &now) == 0 && now.ss_flags == (int)0x80000000u);
}

static void flags(void)
{
    struct sigaction now;

    handle(SIGUSR1, note, SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &now);
    IS(now.sa_handler == SIG_DFL);
    handle(SIGUSR1, SIG_IGN, 0);
    count = 0;
    raise(SIGUSR1);
    IS(count == 0);
}

/* ---- default actions ---- */

static void die_segv(void)
{
    *(volatile int *)8 = 1;
}

static void die_blocked(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    die_segv();
}

static void die_ignored(void)
{
    signal(SIGSEGV, SIG_IGN);
    kill(getpid(), SIGSEGV);
    die_segv();
}

static void die_abort(void)
{
    abort();
}

static void die_term(void)
{
    raise(SIGTERM);
}

static void die_last(void)
{
    raise(64);
}

static void default_actions(void)
{
    IS((child_status(die_segv) & 0x7f) == SIGSEGV);
    IS((child_status(die_blocked) & 0x7f) == SIGSEGV);
    IS((child_status(die_ignored) & 0x7f) == SIGSEGV);
    IS((child_status(die_abort) & 0x7f) == SIGABRT);
    IS((child_status(die_term) & 0x7f) == SIGTERM);
    IS((child_status(die_last) & 0x7f) == 64);
}

static void stopped_child(void)
{
    int status, until[2];
    char none;

    IS(pipe(until) == 0);
    pid_t pid = fork();

    if (pid == 0) {
        close(until[1]);
        raise(SIGSTOP);
        _exit(read(until[0], &none, 1) == 0 ? 3 : 4);   /* not before it was seen to go on */
    }
    IS(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) &&
       WSTOPSIG(status) == SIGSTOP);
    kill(pid, SIGCONT);
    IS(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
    close(until[1]);
    close(until[0]);
    IS(waitpid(pid, &status, 0) == pid && status == 3 << 8);
}

int main(void)
{
    every_signal();
    blocked(SIGUSR1);
    blocked(SIGFPE);
    blocked(SIGSEGV);
    queue();
    temporary_masks();
    restart();
    alternate_stack();
    flags();
    default_actions();
    stopped_child();
    return done();
}
