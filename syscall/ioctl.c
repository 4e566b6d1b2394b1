/* SPDX-License-Identifier: MIT */
/*
 * ioctl.c: which requests are passed on. On a 64-bit little-endian guest their numbers
 * and structures are the host's, so the question is only whether a request is known to be
 * so: ioctl.tbl lists the classes. A request of an unlisted class (KVM, perf, drivers
 * with layouts of their own per architecture) would act on memory in a way nobody
 * checked: ENOTTY.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/syscall.h>

#include "gen/syscalls.h"
#include "syscall/host_call.h"
#include "syscall/own_fd.h"
#include "translate/base/log.h"

enum { IOC_TYPE_SHIFT = 8, IOC_SIZE_SHIFT = 16, IOC_SIZE_MASK = 0x3fff };
#define IOC_DIR_READ 0x80000000u /* the kernel writes the argument */

static bool passed_on(uint32_t request)
{
    if (ioctl_class_safe[request >> IOC_TYPE_SHIFT & 0xff]) {
        return true;
    }
    for (const IoctlRow *r = ioctl_rows; r->name; r++) {
        if (r->request == request) {
            return true;
        }
    }
    return false;
}

long sys_ioctl(Thread *t, int fd, uint32_t request, uint64_t arg)
{
    if (own_fd_is(fd)) {
        return -EBADF;
    }
    if (!passed_on(request)) {
        LOG(unimp, "ioctl 0x%" PRIx32 " of an unknown class, pc 0x%" PRIx64, request,
            t->abi->get_pc(t->env));
        return host_call(SYS_fcntl, fd, 1 /* F_GETFD */) < 0 ? -EBADF : -ENOTTY;
    }
    if (request & IOC_DIR_READ) {
        guest_dirty_small(t, arg, request >> IOC_SIZE_SHIFT & IOC_SIZE_MASK);
    }
    return host_syscall(t, SYS_ioctl, fd, request, arg);
}
