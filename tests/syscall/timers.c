/* SPDX-License-Identifier: MIT */
/* Clocks, sleeps, interval timers, POSIX timers and timerfd. */
// family: signals
// expect: ok
#include "check.h"

#include <limits.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>

static volatile int hits, value, code;

static void on_signal(int sig, siginfo_t *info, void *uc)
{
    (void)sig;
    (void)uc;
    hits++;
    value = info->si_value.sival_int;
    code = info->si_code;
}

static void clocks(void)
{
    struct timespec a, b, res;
    struct timeval tv;
    struct tms tms;

    IS(clock_gettime(CLOCK_REALTIME, &a) == 0 && gettimeofday(&tv, NULL) == 0);
    IS(labs(a.tv_sec - tv.tv_sec) <= 1 && labs(a.tv_sec - time(NULL)) <= 1);
    IS(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &a) == 0 &&
       clock_gettime(CLOCK_MONOTONIC, &b) == 0);
    IS(b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
    IS(clock_getres(CLOCK_MONOTONIC, &res) == 0 && res.tv_sec == 0 && res.tv_nsec >= 1);
    FAILS(clock_gettime(77, &a), EINVAL);
    IS(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a) == 0 && a.tv_sec < 100);
    IS(times(&tms) != (clock_t)-1);
}

static void sleeps(void)
{
    struct timespec ts = { 0, 30000000 }, rem = { 9, 9 }, at;
    struct sigaction sa = { .sa_sigaction = on_signal,
                            .sa_flags = SA_SIGINFO | SA_RESTART };
    double start = sec();

    IS(nanosleep(&ts, NULL) == 0 && sec() - start >= 0.029);
    sigaction(SIGALRM, &sa, NULL);
    ualarm(50000, 0);
    ts.tv_sec = 2;
    FAILS(nanosleep(&ts, &rem), EINTR);
    IS(rem.tv_sec == 1 && rem.tv_nsec > 100000000 && hits == 1);
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec -= 1;
    IS(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == 0);
    at.tv_nsec = 2000000000;
    IS(clock_nanosleep(CLOCK_MONOTONIC, 0, &at, NULL) == EINVAL);
}

static void intervals(void)
{
    struct itimerval it = { { 0, 5000 }, { 0, 5000 } }, old;

    hits = 0;
    IS(setitimer(ITIMER_REAL, &it, NULL) == 0);
    while (hits < 5) {
    }
    it = (struct itimerval){ { 0, 0 }, { 0, 0 } };
    IS(setitimer(ITIMER_REAL, &it, &old) == 0 && old.it_interval.tv_usec == 5000);
    IS(getitimer(ITIMER_REAL, &it) == 0 && it.it_value.tv_usec == 0);
    FAILS(getitimer(9, &it), EINVAL);
}

static void posix_timers(void)
{
    struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3 };
    struct itimerspec its = { { 0, 0 }, { 0, 10000000 } };
    struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
    timer_t id;

    hits = 0;
    sigaction(SIGRTMIN + 3, &sa, NULL);
    ev.sigev_value.sival_int = 4711;
    IS(timer_create(CLOCK_MONOTONIC, &ev, &id) == 0);
    IS(timer_settime(id, 0, &its, NULL) == 0);
    while (hits == 0) {
        usleep(1000);
    }
    IS(value == 4711 && code == SI_TIMER && timer_getoverrun(id) == 0);
    IS(timer_gettime(id, &its) == 0 && its.it_value.tv_nsec == 0);
    IS(timer_delete(id) == 0);
    FAILS(timer_delete(id), EINVAL);
}

static void timer_descriptors(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct itimerspec its = { { 0, 5000000 }, { 0, 5000000 } };
    uint64_t n;

    FAILS(read(fd, &n, 8), EAGAIN);
    IS(timerfd_settime(fd, 0, &its, NULL) == 0);
    usleep(40000);
    IS(read(fd, &n, 8) == 8 && n >= 7);
    IS(timerfd_gettime(fd, &its) == 0 && its.it_interval.tv_nsec == 5000000);
    FAILS(read(fd, &n, 4), EINVAL);
    close(fd);
}

int main(void)
{
    clocks();
    sleeps();
    intervals();
    posix_timers();
    timer_descriptors();
    return done();
}
