/* SPDX-License-Identifier: MIT */
/*
 * poll.c: waiting for descriptors, with the temporary signal masks of the p-variants, and
 * epoll, whose event structure is packed on x86-64 only.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#include "gen/syscalls.h"
#include "signal/signal.h"
#include "syscall/host_call.h"

enum { MASK_BYTES = 8 };

/*
 * wait_begin: tell signal/ about the temporary mask at addr, if there is a valid one; a
 * bad one is the kernel's to refuse. Returns whether signal_wait_end() must follow.
 */
static bool wait_begin(Thread *t, GuestAddr mask, size_t len)
{
    uint64_t set;

    if (mask.va == 0 || len != MASK_BYTES || guest_copy_in(t, &set, mask, sizeof set)) {
        return false;
    }
    signal_wait_begin(t, set);
    return true;
}

/* wait_begin_pair: the same for the { pointer, length } of pselect6 and io_pgetevents. */
static bool wait_begin_pair(Thread *t, GuestAddr sig)
{
    struct {
        uint64_t mask, len;
    } pair;

    if (sig.va == 0 || guest_copy_in(t, &pair, sig, sizeof pair)) {
        return false;
    }
    return wait_begin(t, guest_addr(pair.mask), pair.len);
}

static long wait_end(Thread *t, bool begun, long result)
{
    return begun ? signal_wait_end(t, result) : result;
}

long sys_ppoll(Thread *t, GuestAddr fds, uint32_t n, GuestAddr timeout, GuestAddr mask,
               size_t mask_len)
{
    bool begun = wait_begin(t, mask, mask_len);

    return wait_end(t, begun,
                    host_syscall(t, SYS_ppoll, fds.va, n, timeout.va, mask.va, mask_len));
}

long sys_pselect6(Thread *t, int n, GuestAddr rd, GuestAddr wr, GuestAddr ex,
                  GuestAddr timeout, GuestAddr sig)
{
    bool begun = wait_begin_pair(t, sig);

    return wait_end(
        t, begun,
        host_syscall(t, SYS_pselect6, n, rd.va, wr.va, ex.va, timeout.va, sig.va));
}

long sys_io_pgetevents(Thread *t, uint64_t ctx, long min, long n, GuestAddr events,
                       GuestAddr timeout, GuestAddr sig)
{
    bool begun = wait_begin_pair(t, sig);

    return wait_end(
        t, begun,
        host_syscall(t, SYS_io_pgetevents, ctx, min, n, events.va, timeout.va, sig.va));
}

/* ---- epoll ---- */

/* struct epoll_event as every architecture but x86-64 has it. */
typedef struct {
    uint32_t events;
    uint32_t pad;
    uint64_t data;
} LinuxEpollEvent;
static_assert(sizeof(LinuxEpollEvent) == 16, "generic struct epoll_event");

enum { EVENTS_AT_ONCE = 128, EVENTS_MOST = INT32_MAX / sizeof(struct epoll_event) };

long sys_epoll_ctl(Thread *t, int fd, int op, int target, GuestAddr event)
{
    LinuxEpollEvent e;
    struct epoll_event host;

    if (op == EPOLL_CTL_DEL) {
        return host_call(SYS_epoll_ctl, fd, op, target, NULL);
    }
    if (guest_copy_in(t, &e, event, sizeof e)) {
        return -EFAULT;
    }
    host.events = e.events;
    host.data.u64 = e.data;
    return host_call(SYS_epoll_ctl, fd, op, target, &host);
}

/*
 * events_out: host events to the guest. When its buffer is bad the events are lost as
 * they are natively for those already taken from the list.
 */
static long events_out(Thread *t, GuestAddr dst, const struct epoll_event *host, long n)
{
    for (long i = 0; i < n; i++) {
        LinuxEpollEvent e = { .events = host[i].events, .data = host[i].data.u64 };

        if (guest_copy_out(t, dst, &e, sizeof e)) {
            return i ? i : -EFAULT;
        }
        dst.va += sizeof e;
    }
    return n;
}

/* Fewer events than asked for may be reported at any time, so a fixed buffer will do. */
static int events_asked(int n)
{
    return n > EVENTS_AT_ONCE && (size_t)n <= EVENTS_MOST ? EVENTS_AT_ONCE : n;
}

long sys_epoll_pwait(Thread *t, int fd, GuestAddr events, int n, int timeout_ms,
                     GuestAddr mask, size_t mask_len)
{
    struct epoll_event host[EVENTS_AT_ONCE];
    bool begun = wait_begin(t, mask, mask_len);
    long result = wait_end(t, begun,
                           host_syscall(t, SYS_epoll_pwait, fd, host, events_asked(n),
                                        timeout_ms, mask.va, mask_len));

    return result > 0 ? events_out(t, events, host, result) : result;
}

long sys_epoll_pwait2(Thread *t, int fd, GuestAddr events, int n, GuestAddr timeout,
                      GuestAddr mask, size_t mask_len)
{
    struct epoll_event host[EVENTS_AT_ONCE];
    bool begun = wait_begin(t, mask, mask_len);
    long result = wait_end(t, begun,
                           host_syscall(t, SYS_epoll_pwait2, fd, host, events_asked(n),
                                        timeout.va, mask.va, mask_len));

    return result > 0 ? events_out(t, events, host, result) : result;
}
