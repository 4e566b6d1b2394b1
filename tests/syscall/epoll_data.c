/* SPDX-License-Identifier: MIT */
/*
 * epoll: 64 bits of data come back whole, in arrays, edge and level, with masks and
 * timeouts.
 */
// family: conversions
// expect: ok
#include "check.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

static void data_round_trip(void)
{
    struct epoll_event e, out[300];
    int ep = epoll_create1(EPOLL_CLOEXEC), fds[200];
    uint64_t sum = 0, want = 0;

    for (int i = 0; i < 200; i++) {
        fds[i] = eventfd(1, EFD_NONBLOCK);
        e.events = EPOLLIN;
        e.data.u64 = 0x0123456789abcdefull * (uint64_t)(i + 1);
        want ^= e.data.u64;
        IS(epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &e) == 0);
    }
    FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &e), EEXIST);
    memset(out, 0x55, sizeof out);
    /* Fewer may come at once than are ready; level-triggered ones rotate, so ask until
     * all came. */
    bool seen[200] = { false };
    int left = 200;
    for (int round = 0; round < 20 && left; round++) {
        int n = epoll_wait(ep, out, 300, 0);

        IS(n > 0 && n <= 200);
        for (int i = 0; i < n; i++) {
            int at = (int)(out[i].data.u64 / 0x0123456789abcdefull) - 1;

            for (int k = 0; k < 200; k++) {
                if (0x0123456789abcdefull * (uint64_t)(k + 1) == out[i].data.u64) {
                    at = k;
                }
            }
            IS(out[i].events == EPOLLIN);
            if (at >= 0 && at < 200 && !seen[at]) {
                seen[at] = true;
                sum ^= out[i].data.u64;
                left--;
            }
        }
    }
    IS(left == 0 && sum == want);
    IS(epoll_wait(ep, out, 3, 0) == 3);
    FAILS(epoll_wait(ep, out, 0, 0), EINVAL);
    FAILS(epoll_wait(ep, out, -1, 0), EINVAL);
    FAILS(epoll_wait(fds[0], out, 1, 0), EINVAL);
    for (int i = 0; i < 200; i++) {
        IS(epoll_ctl(ep, EPOLL_CTL_DEL, fds[i], NULL) == 0);
        close(fds[i]);
    }
    IS(epoll_wait(ep, out, 1, 0) == 0);
    close(ep);
}

static void edges(void)
{
    int ep = epoll_create1(0), p[2];
    struct epoll_event e = { .events = EPOLLIN | EPOLLET }, out;
    struct timespec ts = { 0, 30000000 };
    double start;
    char b[8];

    IS(pipe(p) == 0);
    e.data.ptr = &ep;
    IS(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e) == 0);
    IS(write(p[1], "ab", 2) == 2);
    IS(epoll_wait(ep, &out, 1, -1) == 1 && out.data.ptr == &ep);
    IS(epoll_wait(ep, &out, 1, 0) == 0);
    e.events = EPOLLIN | EPOLLONESHOT;
    IS(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e) == 0);
    IS(epoll_wait(ep, &out, 1, 0) == 1 && epoll_wait(ep, &out, 1, 0) == 0);
    IS(read(p[0], b, 8) == 2);
    close(p[1]);
    e.events = 0;
    IS(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e) == 0);
    IS(epoll_wait(ep, &out, 1, 0) == 1 && out.events == EPOLLHUP);
    IS(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], &e) == 0);
    start = sec();
    IS(epoll_wait(ep, &out, 1, 20) == 0);
    IS(syscall(SYS_epoll_pwait2, ep, &out, 1, &ts, NULL, 0) == 0);
    IS(sec() - start >= 0.049);
}

static volatile int hits;

static void on_signal(int sig)
{
    (void)sig;
    hits++;
}

static void masks(void)
{
    int ep = epoll_create1(0);
    struct epoll_event out;
    sigset_t block, empty, now;

    signal(SIGUSR1, on_signal);
    sigemptyset(&empty);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    raise(SIGUSR1);
    IS(hits == 0 && epoll_wait(ep, &out, 1, 10) == 0 && hits == 0);
    FAILS(epoll_pwait(ep, &out, 1, 1000, &empty), EINTR);
    IS(hits == 1);
    sigprocmask(SIG_SETMASK, NULL, &now);
    IS(sigismember(&now, SIGUSR1));
}

int main(void)
{
    data_round_trip();
    edges();
    masks();
    return done();
}
