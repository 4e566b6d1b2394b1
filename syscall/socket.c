/* SPDX-License-Identifier: MIT */
/*
 * socket.c: receiving into vectors. Addresses, options, message headers and control
 * messages are laid out alike on all 64-bit little-endian architectures, so the other
 * socket calls are rows that pass. Descriptors that arrive by SCM_RIGHTS are the guest's.
 */
#include <sys/socket.h>
#include <sys/syscall.h>

#include "gen/syscalls.h"
#include "syscall/host_call.h"
#include "syscall/iov.h"

static void dirty_message(Thread *t, GuestAddr msg)
{
    struct msghdr m;

    if (guest_copy_in(t, &m, msg, sizeof m) == 0) {
        guest_dirty_iov(t, guest_addr((uint64_t)m.msg_iov), m.msg_iovlen);
    }
}

long sys_recvmsg(Thread *t, int fd, GuestAddr msg, uint32_t flags)
{
    dirty_message(t, msg);
    return host_syscall(t, SYS_recvmsg, fd, msg.va, flags);
}

long sys_recvmmsg(Thread *t, int fd, GuestAddr vec, uint32_t n, uint32_t flags,
                  GuestAddr timeout)
{
    for (uint32_t i = 0; i < n && i < IOV_MOST; i++) {
        dirty_message(t, guest_addr(vec.va + i * sizeof(struct mmsghdr)));
    }
    return host_syscall(t, SYS_recvmmsg, fd, vec.va, n, flags, timeout.va);
}
