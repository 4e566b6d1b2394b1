// SPDX-License-Identifier: MIT
// Masks hold under a storm: no handler runs, nor finds its signal blocked in the interrupted
// mask, between block and unblock; queued signals reach sigwaitinfo and signalfd in order.
// timeout: 60
// expect: blocked sections 30000 kept
// expect: handler mask in force
// expect: nested handlers 3 deep
// expect: sigwaitinfo 1000 in order
// expect: signalfd 1000 in order
// expect: sigsuspend 2000
// expect: ppoll and pselect under a mask 400
// expect: altstack in 4 threads ok
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <ucontext.h>
#include <unistd.h>

static atomic_int stop;
static volatile int bad, hits, inside;
static pthread_t main_thread;

static void handle(int sig, void (*fn)(int, siginfo_t *, void *), int flags, int block)
{
    struct sigaction a = { .sa_sigaction = fn, .sa_flags = flags | SA_SIGINFO };

    sigemptyset(&a.sa_mask);
    if (block) {
        sigaddset(&a.sa_mask, block);
    }
    sigaction(sig, &a, NULL);
}

static sigset_t one(int sig)
{
    sigset_t s;

    sigemptyset(&s);
    sigaddset(&s, sig);
    return s;
}

static void on_usr1(int sig, siginfo_t *info, void *uc)
{
    (void)info;
    bad += inside || sigismember(&((ucontext_t *)uc)->uc_sigmask, sig);
    hits++;
}

static void *sender(void *arg)
{
    while (!stop) {
        pthread_kill(main_thread, (int)(long)arg);
    }
    return NULL;
}

static void sections(void)
{
    sigset_t usr1 = one(SIGUSR1), old;
    pthread_t t;

    handle(SIGUSR1, on_usr1, SA_RESTART, 0);
    pthread_create(&t, NULL, sender, (void *)(long)SIGUSR1);
    for (int i = 0; i < 30000; i++) {
        pthread_sigmask(SIG_BLOCK, &usr1, &old);
        inside = 1;
        bad += sigismember(&old, SIGUSR1);
        inside = 0;
        pthread_sigmask(SIG_SETMASK, &old, &old);
        bad += !sigismember(&old, SIGUSR1);
    }
    stop = 1;
    pthread_join(t, NULL);
    printf("blocked sections 30000 %s\n", bad || !hits ? "BROKEN" : "kept");
}

static volatile int in_first;

static void on_first(int sig, siginfo_t *info, void *uc)
{
    sigset_t now;

    (void)info;
    (void)uc;
    in_first = 1;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    bad += !sigismember(&now, sig) || !sigismember(&now, SIGUSR2);
    hits++;
    in_first = 0;
}

static void on_second(int sig, siginfo_t *info, void *uc)
{
    (void)sig;
    (void)info;
    bad += in_first || sigismember(&((ucontext_t *)uc)->uc_sigmask, SIGUSR2);
    hits++;
}

static void handler_mask(void)
{
    pthread_t a, b;

    stop = bad = hits = 0;
    handle(SIGUSR1, on_first, SA_RESTART, SIGUSR2);
    handle(SIGUSR2, on_second, SA_RESTART, 0);
    pthread_create(&a, NULL, sender, (void *)(long)SIGUSR1);
    pthread_create(&b, NULL, sender, (void *)(long)SIGUSR2);
    while (hits < 4000) {
        if (hits & 1) {
            sched_yield();
        }
    }
    stop = 1;
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("handler mask %s\n", bad ? "BROKEN" : "in force");
}

static volatile int depth, deepest;

static void on_nest(int sig, siginfo_t *info, void *uc)
{
    (void)info;
    (void)uc;
    depth++;
    if (depth > deepest) {
        deepest = depth;
    }
    if (sig < SIGRTMIN + 3) {
        raise(sig + 1);
    }
    depth--;
}

static void nested(void)
{
    for (int i = 1; i <= 3; i++) {
        handle(SIGRTMIN + i, on_nest, 0, 0);
    }
    for (int i = 0; i < 500; i++) {
        raise(SIGRTMIN + 1);
    }
    printf("nested handlers %d deep\n", depth ? -1 : deepest);
}

static void *queuer(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        union sigval v = { .sival_int = i };
        while (sigqueue(getpid(), SIGRTMIN + 5, v) && errno == EAGAIN) {
            sched_yield();
        }
    }
    return arg;
}

static void waits(void)
{
    sigset_t rt = one(SIGRTMIN + 5);
    struct signalfd_siginfo f;
    siginfo_t info;
    pthread_t t;
    int n = 0;

    pthread_sigmask(SIG_BLOCK, &rt, NULL);
    pthread_create(&t, NULL, queuer, NULL);
    while (n < 1000 && sigwaitinfo(&rt, &info) > 0 && info.si_value.sival_int == n) {
        n++;
    }
    pthread_join(t, NULL);
    printf("sigwaitinfo %d in order\n", n);

    int fd = signalfd(-1, &rt, 0);
    pthread_create(&t, NULL, queuer, NULL);
    for (n = 0; n < 1000 && read(fd, &f, sizeof(f)) == sizeof(f) && f.ssi_int == n; n++) {
    }
    pthread_join(t, NULL);
    close(fd);
    printf("signalfd %d in order\n", n);
}

static atomic_int asked;

static void *answer(void *arg)
{
    for (int i = 1; i <= (int)(long)arg; i++) {
        while (asked < i) {
            sched_yield();
        }
        pthread_kill(main_thread, SIGUSR1);
    }
    return NULL;
}

static void count(int sig, siginfo_t *info, void *uc)
{
    (void)sig;
    (void)info;
    (void)uc;
    hits++;
}

/* Blocked but inside the wait: a signal that comes before it must end it all the same. */
static void suspends(void)
{
    sigset_t usr1 = one(SIGUSR1), open, old;
    struct timespec long_time = { 20, 0 };
    pthread_t t;
    int good = 0;

    handle(SIGUSR1, count, 0, 0);
    pthread_sigmask(SIG_BLOCK, &usr1, &old);
    open = old;
    sigdelset(&open, SIGUSR1);
    hits = asked = 0;
    pthread_create(&t, NULL, answer, (void *)2000l);
    for (int i = 1; i <= 2000; i++) {
        asked = i;
        good += sigsuspend(&open) == -1 && errno == EINTR && hits == i;
    }
    pthread_join(t, NULL);
    printf("sigsuspend %d\n", good);
    hits = asked = good = 0;
    pthread_create(&t, NULL, answer, (void *)400l);
    for (int i = 1; i <= 400; i++) {
        asked = i;
        int rc = i & 1 ? ppoll(NULL, 0, &long_time, &open)
                       : pselect(0, NULL, NULL, NULL, &long_time, &open);
        good += rc == -1 && errno == EINTR && hits == i;
    }
    pthread_join(t, NULL);
    printf("ppoll and pselect under a mask %d\n", good);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static __thread char *stack_low;
static __thread volatile int own_hits, own_bad;

static void on_alt(int sig, siginfo_t *info, void *uc)
{
    char here;

    (void)sig;
    (void)info;
    (void)uc;
    own_bad += &here < stack_low || &here >= stack_low + 65536;
    own_hits++;
}

static void *alt_user(void *arg)
{
    stack_t ss = { .ss_sp = malloc(65536), .ss_size = 65536 };

    stack_low = ss.ss_sp;
    sigaltstack(&ss, NULL);
    while (own_hits < 300) {
        pthread_kill(pthread_self(), SIGUSR2);
    }
    ss.ss_flags = SS_DISABLE;
    sigaltstack(&ss, NULL);
    free(stack_low);
    (void)arg;
    return (void *)(long)own_bad;
}

static void altstacks(void)
{
    pthread_t t[4];
    long sum = 0;

    handle(SIGUSR2, on_alt, SA_ONSTACK, 0);
    for (int i = 0; i < 4; i++) {
        pthread_create(&t[i], NULL, alt_user, NULL);
    }
    for (int i = 0; i < 4; i++) {
        void *v;
        pthread_join(t[i], &v);
        sum += (long)v;
    }
    printf("altstack in 4 threads %s\n", sum ? "BROKEN" : "ok");
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    main_thread = pthread_self();
    sections();
    handler_mask();
    nested();
    waits();
    suspends();
    altstacks();
    return 0;
}
