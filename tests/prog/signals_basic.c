// SPDX-License-Identifier: MIT
// expect: handler got 10, code ok, from self 1
// expect: value 1234 through sigqueue, code -1
// expect: nodefer depth 3, deferred depth 1
// expect: resethand then default 1
// expect: blocked pending 1, after unblock 1
// expect: handler mask held USR2 back 1, delivered after 1
// expect: restart read 3 bytes, interrupted EINTR 1
// expect: altstack used 1, then not 1
// expect: real-time order 34 34 35 40 values 1 2 3 4
// expect: sigwait 12, timedwait EAGAIN 1
// expect: sigsuspend EINTR 1 mask restored 1
// expect: ignored child reaped ECHILD 1
// expect: alarm 1 interval 3
// expect: signalled thread only 1
// expect: all 64 usable 1
// expect: sleep cut short 1
// expect: SIGCHLD status 3 pid ok 1
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t count, depth, deepest, last_sig, flag;
static siginfo_t last;
static int order[8], values[8], n_order;
static pthread_t hit_thread;

static void on_info(int sig, siginfo_t *si, void *ctx)
{
    (void)ctx;
    last_sig = sig;
    last = *si;
    count++;
}

static void on_plain(int sig)
{
    last_sig = sig;
    count++;
}

static void set(int sig, void (*fn)(int), int flags)
{
    struct sigaction sa = { .sa_handler = fn, .sa_flags = flags };
    sigaction(sig, &sa, NULL);
}

static void set_info(int sig, int flags)
{
    struct sigaction sa = { .sa_sigaction = on_info, .sa_flags = SA_SIGINFO | flags };
    sigaction(sig, &sa, NULL);
}

static void mask(int how, int sig)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, sig);
    sigprocmask(how, &s, NULL);
}

/* Raises its own signal twice: with SA_NODEFER inside itself, else one after the other. */
static void on_deep(int sig)
{
    if (++depth > deepest) {
        deepest = depth;
    }
    if (++count < 3) {
        raise(sig);
    }
    depth--;
}

static void basics(void)
{
    set_info(SIGUSR1, 0);
    raise(SIGUSR1);
    printf("handler got %d, code %s, from self %d\n", last_sig,
           last.si_code == SI_TKILL ? "ok" : "wrong", last.si_pid == getpid());
    sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 1234 });
    printf("value %d through sigqueue, code %d\n", last.si_value.sival_int, last.si_code);

    set(SIGUSR2, on_deep, SA_NODEFER);
    count = 0;
    raise(SIGUSR2);
    int nodefer = deepest;
    deepest = depth = count = 0;
    set(SIGUSR2, on_deep, 0);
    struct sigaction sa;
    raise(SIGUSR2);
    printf("nodefer depth %d, deferred depth %d\n", nodefer, deepest);
    signal(SIGUSR2, SIG_IGN);

    set(SIGUSR1, on_plain, SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &sa);
    printf("resethand then default %d\n", sa.sa_handler == SIG_DFL);
}

static void on_mask(int sig)
{
    (void)sig;
    int before = count;
    raise(SIGUSR2);
    flag = count == before;
}

static void masks(void)
{
    sigset_t pending;

    set(SIGUSR1, on_plain, 0);
    mask(SIG_BLOCK, SIGUSR1);
    count = 0;
    raise(SIGUSR1);
    raise(SIGUSR1);
    sigpending(&pending);
    int waiting = sigismember(&pending, SIGUSR1) && !count;
    mask(SIG_UNBLOCK, SIGUSR1);
    printf("blocked pending %d, after unblock %d\n", waiting, count);

    set(SIGUSR2, on_plain, 0);
    struct sigaction sa = { .sa_handler = on_mask };
    sigaddset(&sa.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &sa, NULL);
    count = flag = 0;
    raise(SIGUSR1);
    printf("handler mask held USR2 back %d, delivered after %d\n", flag, count);
}

static void tick(int first_us, int every_us)
{
    struct itimerval t = { { 0, every_us }, { 0, first_us } };
    setitimer(ITIMER_REAL, &t, NULL);
}

static void restarts(void)
{
    int fd[2];
    char buf[10];

    if (pipe(fd)) {
        return;
    }
    set(SIGALRM, on_plain, SA_RESTART);
    tick(10000, 0);
    pid_t pid = fork();
    if (!pid) {
        usleep(60000);
        _exit(write(fd[1], "abc", 3) != 3);
    }
    ssize_t n = read(fd[0], buf, sizeof(buf));
    waitpid(pid, NULL, 0);
    set(SIGALRM, on_plain, 0);
    tick(10000, 0);
    ssize_t m = read(fd[0], buf, sizeof(buf));
    printf("restart read %zd bytes, interrupted EINTR %d\n", n, m == -1 && errno == EINTR);
    close(fd[0]);
    close(fd[1]);
}

static char alt[65536];

static void on_alt(int sig)
{
    char here;
    (void)sig;
    flag = (uintptr_t)&here - (uintptr_t)alt < sizeof(alt);
}

static void altstack(void)
{
    stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };

    sigaltstack(&ss, NULL);
    set(SIGUSR1, on_alt, SA_ONSTACK);
    raise(SIGUSR1);
    int used = flag;
    set(SIGUSR1, on_alt, 0);
    raise(SIGUSR1);
    printf("altstack used %d, then not %d\n", used, !flag);
}

static void on_order(int sig, siginfo_t *si, void *ctx)
{
    (void)ctx;
    order[n_order] = sig;
    values[n_order++] = si->si_value.sival_int;
}

static void real_time(void)
{
    static const int sigs[] = { 40, 34, 35, 34 };
    static const int vals[] = { 4, 1, 3, 2 };
    struct sigaction sa = { .sa_sigaction = on_order, .sa_flags = SA_SIGINFO };
    sigset_t all, old;

    sigfillset(&all);
    memcpy(&sa.sa_mask, &all, sizeof(all));
    for (int i = 0; i < 4; i++) {
        sigaction(sigs[i], &sa, NULL);
    }
    sigprocmask(SIG_BLOCK, &all, &old);
    for (int i = 0; i < 4; i++) {
        sigqueue(getpid(), sigs[i], (union sigval){ .sival_int = vals[i] });
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    /* The handlers block everything, so they run one after the other, lowest number first. */
    printf("real-time order %d %d %d %d values %d %d %d %d\n", order[0], order[1], order[2],
           order[3], values[0], values[1], values[2], values[3]);
}

static void waits(void)
{
    sigset_t s, none, now;
    int got = 0;

    sigemptyset(&none);
    sigemptyset(&s);
    sigaddset(&s, SIGUSR2);
    sigprocmask(SIG_BLOCK, &s, NULL);
    raise(SIGUSR2);
    sigwait(&s, &got);
    struct timespec brief = { 0, 1000000 };
    int rc = sigtimedwait(&s, NULL, &brief);
    printf("sigwait %d, timedwait EAGAIN %d\n", got, rc == -1 && errno == EAGAIN);

    set(SIGUSR2, on_plain, 0);
    raise(SIGUSR2);
    count = 0;
    rc = sigsuspend(&none);
    int e = errno;
    sigprocmask(SIG_SETMASK, NULL, &now);
    printf("sigsuspend EINTR %d mask restored %d\n", rc == -1 && e == EINTR && count == 1,
           sigismember(&now, SIGUSR2));
    sigprocmask(SIG_UNBLOCK, &s, NULL);

    signal(SIGCHLD, SIG_IGN);
    if (!fork()) {
        _exit(0);
    }
    rc = wait(NULL);
    printf("ignored child reaped ECHILD %d\n", rc == -1 && errno == ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

static void timers(void)
{
    set(SIGALRM, on_plain, 0);
    count = 0;
    tick(5000, 0);
    pause();
    int one = count;
    count = 0;
    tick(3000, 3000);
    while (count < 3) {
        pause();
    }
    tick(0, 0);
    /* At least three: on a busy machine one more may come before the timer stops. */
    printf("alarm %d interval %d\n", one, count < 3 ? count : 3);
}

static void on_thread(int sig)
{
    (void)sig;
    hit_thread = pthread_self();
    flag = 1;
}

static void *thread_wait(void *arg)
{
    (void)arg;
    while (!flag) {
        usleep(1000);
    }
    return NULL;
}

static void thread_signal(void)
{
    pthread_t t;

    set(SIGUSR1, on_thread, 0);
    flag = 0;
    pthread_create(&t, NULL, thread_wait, NULL);
    pthread_kill(t, SIGUSR1);
    pthread_join(t, NULL);
    printf("signalled thread only %d\n", pthread_equal(hit_thread, t));
}

/* The kernel's own call, since the C library keeps 32 and 33 to itself. */
struct kernel_sigaction {
    void (*handler)(int);
    unsigned long flags;
#ifdef __x86_64__
    void (*restorer)(void);
#endif
    unsigned long mask;
};

static void all_signals(void)
{
    int usable = 1;

    for (int s = 1; s <= 64; s++) {
        if (s == SIGKILL || s == SIGSTOP) {
            continue;
        }
        struct kernel_sigaction old, sa = { .handler = SIG_IGN }, now;
        usable &= !syscall(SYS_rt_sigaction, s, &sa, &old, 8) &&
                  !syscall(SYS_rt_sigaction, s, NULL, &now, 8) && now.handler == SIG_IGN &&
                  !syscall(SYS_tgkill, getpid(), getpid(), s) &&
                  !syscall(SYS_rt_sigaction, s, &old, NULL, 8);
    }
    printf("all 64 usable %d\n", usable);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    basics();
    masks();
    restarts();
    altstack();
    real_time();
    waits();
    timers();
    thread_signal();
    all_signals();

    set(SIGALRM, on_plain, 0);
    tick(10000, 0);
    struct timespec req = { 5, 0 }, rem = { 0, 0 };
    int rc = nanosleep(&req, &rem);
    printf("sleep cut short %d\n", rc == -1 && errno == EINTR && rem.tv_sec == 4);

    set_info(SIGCHLD, 0);
    pid_t pid = fork();
    if (!pid) {
        _exit(3);
    }
    while (last.si_signo != SIGCHLD) {
        usleep(1000);
    }
    printf("SIGCHLD status %d pid ok %d\n", last.si_status, last.si_pid == pid);
    waitpid(pid, NULL, 0);
    return 0;
}
