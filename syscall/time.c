/* SPDX-License-Identifier: MIT */
/*
 * time.c: reading the clock. Programs do it so often that the host's vDSO is asked,
 * through the C library, instead of the kernel: the guest's own vDSO ends up here too.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "gen/syscalls.h"
#include "syscall/host_call.h"

static_assert(sizeof(struct timespec) == 16 && sizeof(struct timeval) == 16,
              "64-bit layouts");

long sys_clock_gettime(Thread *t, int clock, GuestAddr ts)
{
    struct timespec host;

    if (clock_gettime(clock, &host)) {
        return -errno;
    }
    return guest_copy_out(t, ts, &host, sizeof host);
}

/* The time zone is the kernel's: programs that still ask for it go there. */
long sys_gettimeofday(Thread *t, GuestAddr tv, GuestAddr tz)
{
    struct timeval host;

    if (tz.va || !tv.va) {
        return host_call(SYS_gettimeofday, tv.va, tz.va);
    }
    if (gettimeofday(&host, NULL)) {
        return -errno;
    }
    return guest_copy_out(t, tv, &host, sizeof host);
}
