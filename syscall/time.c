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
#include "translate/translate.h"

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

bool time_quick(bool of_day, uint64_t arg0, uint64_t arg1)
{
    union {
        struct timespec ts;
        struct timeval tv;
    } host;
    uint64_t out = of_day ? arg0 : arg1;

    /* A translation of what is written would have to go: see on_quick. */
    if (!out || (of_day && arg1) || pages_has_code(guest_addr(out), sizeof(host)))
        return false;
    if (of_day ? gettimeofday(&host.tv, NULL) : clock_gettime((clockid_t)arg0, &host.ts))
        return false;
    return guest_copy_clean(guest_addr(out), &host, sizeof(host)) == 0;
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
