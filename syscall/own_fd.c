/* SPDX-License-Identifier: MIT */
/*
 * own_fd.c: the few descriptors that are mimus's own; a fixed array that is read
 * without locks.
 */
#include "syscall/own_fd.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "syscall/host_call.h"

enum { OWN_FD_MAX = 16 };

/* 0 is a free slot, else descriptor + 1. */
static _Atomic int own_fds[OWN_FD_MAX];

/*
 * high_number: below the limit, but low enough that the kernel's table of descriptors
 * stays small and that FD_SETSIZE is not passed.
 */
static int high_number(void)
{
    struct rlimit lim = { 1024, 1024 };

    host_call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &lim);
    if (lim.rlim_cur > 1024) {
        return 1000;
    }
    return lim.rlim_cur > 64 ? (int)lim.rlim_cur - 24 : 3;
}

int own_fd_add(int fd)
{
    int high = (int)host_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, high_number());

    if (high < 0) {
        return high;
    }
    host_call(SYS_close, fd);
    for (unsigned i = 0; i < OWN_FD_MAX; i++) {
        int expected = 0;

        if (atomic_compare_exchange_strong(&own_fds[i], &expected, high + 1)) {
            break;
        }
    }
    return high;
}

void own_fd_remove(int fd)
{
    for (unsigned i = 0; i < OWN_FD_MAX; i++) {
        int expected = fd + 1;

        atomic_compare_exchange_strong(&own_fds[i], &expected, 0);
    }
}

bool own_fd_is(int fd)
{
    for (unsigned i = 0; i < OWN_FD_MAX; i++) {
        if (atomic_load_explicit(&own_fds[i], memory_order_relaxed) == fd + 1 &&
            fd >= 0) {
            return true;
        }
    }
    return false;
}

int own_fd_next(unsigned fd)
{
    int best = -1;

    for (unsigned i = 0; i < OWN_FD_MAX; i++) {
        int own = atomic_load_explicit(&own_fds[i], memory_order_relaxed) - 1;

        if (own >= 0 && (unsigned)own >= fd && (best < 0 || own < best)) {
            best = own;
        }
    }
    return best;
}
