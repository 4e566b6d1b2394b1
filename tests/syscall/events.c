/* SPDX-License-Identifier: MIT */
/* eventfd, signalfd, inotify, and the waits with a temporary signal mask. */
// family: newer
// expect: ok
#include "check.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>

static volatile int hits;

static void on_signal(int sig)
{
    (void)sig;
    hits++;
}

static void event_counter(void)
{
    int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
    uint64_t n = 0xfffffffffffffffeull;

    IS(eventfd_read(fd, &n) == 0 && n == 3);
    FAILS(eventfd_read(fd, &n), EAGAIN);
    n = 0xfffffffffffffffeull;
    IS(write(fd, &n, 8) == 8);
    FAILS(write(fd, &n, 8), EAGAIN);
    close(fd);
    fd = eventfd(2, EFD_SEMAPHORE);
    IS(eventfd_read(fd, &n) == 0 && n == 1 && eventfd_read(fd, &n) == 0 && n == 1);
    close(fd);
    FAILS(eventfd(0, 0x1000000), EINVAL);
}

static void signals_as_data(void)
{
    struct signalfd_siginfo si;
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    FAILS(read(fd, &si, sizeof si), EAGAIN);
    kill(getpid(), SIGUSR2);
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 12345 });
    IS(poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 1000) == 1);
    IS(read(fd, &si, sizeof si) == sizeof si && si.ssi_signo == SIGUSR2 &&
       si.ssi_pid == (uint32_t)getpid());
    IS(read(fd, &si, sizeof si) == sizeof si && si.ssi_signo == (uint32_t)SIGRTMIN + 1 &&
       si.ssi_int == 12345 && si.ssi_code == SI_QUEUE);
    close(fd);
}

static void masked_waits(void)
{
    struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    struct timespec ts = { 1, 0 };
    sigset_t block, empty, now;

    sigaction(SIGUSR1, &sa, NULL);
    sigemptyset(&empty);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    raise(SIGUSR1);
    IS(poll(NULL, 0, 20) == 0 && hits == 0);
    FAILS(ppoll(NULL, 0, &ts, &empty), EINTR);
    IS(hits == 1);
    raise(SIGUSR1);
    FAILS(pselect(0, NULL, NULL, NULL, &ts, &empty), EINTR);
    IS(hits == 2);
    ts = (struct timespec){ 0, 10000000 };
    IS(ppoll(NULL, 0, &ts, &empty) == 0 && pselect(0, NULL, NULL, NULL, &ts, NULL) == 0);
    sigprocmask(SIG_SETMASK, NULL, &now);
    IS(sigismember(&now, SIGUSR1) == 1);
    raise(SIGUSR1);
    FAILS(sigsuspend(&empty), EINTR);
    IS(hits == 3);
}

static void poll_results(void)
{
    int p[2];
    struct pollfd f[4];
    fd_set rd, wr;
    struct timeval tv = { 0, 0 };

    IS(pipe(p) == 0);
    f[0] = (struct pollfd){ p[0], POLLIN, 99 };
    f[1] = (struct pollfd){ p[1], POLLOUT, 99 };
    f[2] = (struct pollfd){ -1, POLLIN, 99 };
    f[3] = (struct pollfd){ 777, POLLIN, 99 };
    IS(poll(f, 4, 0) == 2 && f[0].revents == 0 && f[1].revents == POLLOUT &&
       f[2].revents == 0 && f[3].revents == POLLNVAL);
    FD_ZERO(&rd);
    FD_ZERO(&wr);
    FD_SET(p[0], &rd);
    FD_SET(p[1], &wr);
    IS(select(p[1] + 1, &rd, &wr, NULL, &tv) == 1 && !FD_ISSET(p[0], &rd) &&
       FD_ISSET(p[1], &wr));
    FD_SET(60, &rd);
    FAILS(select(61, &rd, NULL, NULL, &tv), EBADF);
    FAILS(select(-1, NULL, NULL, NULL, &tv), EINVAL);
    FAILS(poll(f, 1u << 31, 0), EINVAL);
}

static void watching(void)
{
    char buf[4096] __attribute__((aligned(8)));
    struct inotify_event *e = (void *)buf;
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), wd;

    wd = inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE);
    IS(wd >= 0);
    close(new_file("seen", 0));
    IS(read(fd, buf, sizeof buf) > 0 && e->wd == wd && e->mask == IN_CREATE &&
       strcmp(e->name, "seen") == 0);
    IS(inotify_rm_watch(fd, wd) == 0);
    FAILS(inotify_add_watch(fd, "none", IN_CREATE), ENOENT);
}

int main(void)
{
    scratch_dir();
    event_counter();
    signals_as_data();
    masked_waits();
    poll_results();
    watching();
    scratch_end();
    return done();
}
