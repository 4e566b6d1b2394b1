/* SPDX-License-Identifier: MIT */
/*
 * limits.c: getrlimit, setrlimit, prlimit64.
 *
 * Most limits are the process's and the host kernel keeps them. Three would strike mimus
 * itself, which needs address space and a stack for its own work: AS, DATA, and a STACK
 * under 1 MiB. Those are kept here and enforced in mmap, mremap and brk against the size
 * that /proc/self/statm gives, less what is registered as ours.
 */
#include "syscall/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "gen/syscalls.h"
#include "signal/signal.h"
#include "syscall/host_call.h"

enum { LIMITS = RLIM_NLIMITS };
static const uint64_t stack_floor = 1 << 20, unlimited = UINT64_MAX;

typedef struct {
    uint64_t soft, hard;
} Limit;

static struct {
    bool set;
    Limit lim;
} kept[LIMITS];

static bool any_kept;

/* ---- enforcing ---- */

/* statm_pages: size and data of the process in pages; false when /proc does not tell. */
static bool statm_pages(uint64_t *size, uint64_t *data)
{
    char text[128];
    long n,
        fd = host_call(SYS_openat, AT_FDCWD, "/proc/self/statm", O_RDONLY | O_CLOEXEC, 0);

    if (fd < 0) {
        return false;
    }
    n = host_call(SYS_read, fd, text, sizeof text - 1);
    host_call(SYS_close, fd);
    if (n <= 0) {
        return false;
    }
    text[n] = 0;
    return sscanf(text, "%" SCNu64 " %*u %*u %*u %*u %" SCNu64, size, data) == 2;
}

static bool exceeds(int resource, uint64_t pages, uint64_t more)
{
    uint64_t used = pages * PAGE_BYTES, ours = own_range_bytes();

    if (!kept[resource].set || kept[resource].lim.soft == unlimited) {
        return false;
    }
    used = used > ours ? used - ours : 0;
    return more > kept[resource].lim.soft || used > kept[resource].lim.soft - more;
}

bool limits_allow_map(uint64_t len, bool data)
{
    uint64_t size_pages, data_pages;

    if (!any_kept || !(kept[RLIMIT_AS].set || (data && kept[RLIMIT_DATA].set)) ||
        !statm_pages(&size_pages, &data_pages)) {
        return true;
    }
    return !exceeds(RLIMIT_AS, size_pages, len) &&
           !(data && exceeds(RLIMIT_DATA, data_pages, len));
}

/* ---- keeping ---- */

int limits_get(int resource, uint64_t *soft, uint64_t *hard)
{
    Limit lim;
    long err;

    if (resource >= 0 && resource < LIMITS && kept[resource].set) {
        *soft = kept[resource].lim.soft;
        *hard = kept[resource].lim.hard;
        return 0;
    }
    err = host_call(SYS_prlimit64, 0, resource, NULL, &lim);
    *soft = err ? 0 : lim.soft;
    *hard = err ? 0 : lim.hard;
    return (int)err;
}

static bool may_raise(void)
{
    struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

    return host_call(SYS_capget, &head, data) == 0 &&
           data[0].effective & 1u << CAP_SYS_RESOURCE;
}

static void keep(int resource, const Limit *lim)
{
    kept[resource].lim = *lim;
    kept[resource].set = true;
    any_kept = true;
}

static bool is_ours(int resource, const Limit *lim)
{
    return resource == RLIMIT_AS || resource == RLIMIT_DATA ||
           (resource == RLIMIT_STACK && lim->soft < stack_floor);
}

static long limits_set(int resource, const Limit *lim)
{
    Limit old, host = *lim;

    if (!is_ours(resource, lim)) {
        long err = host_call(SYS_prlimit64, 0, resource, lim, NULL);

        if (err == 0 && resource >= 0 && resource < LIMITS) {
            kept[resource].set = false;
        }
        if (err == 0 && resource == RLIMIT_CORE && lim->soft) {
            signal_watch_cores(thread_self());
        }
        return err;
    }
    limits_get(resource, &old.soft, &old.hard);
    if (lim->soft > lim->hard) {
        return -EINVAL;
    }
    if (lim->hard > old.hard && !may_raise()) {
        return -EPERM;
    }
    keep(resource, lim);
    if (resource == RLIMIT_STACK) {
        /* What a program started by exec gets is the kernel's: as near as we can bear. */
        host.soft = stack_floor;
        host.hard = lim->hard < stack_floor ? stack_floor : lim->hard;
        host_call(SYS_prlimit64, 0, resource, &host, NULL);
    }
    return 0;
}

/* lift: the host's limit as far up as we may; what it was is the guest's from now on. */
static void lift(int resource, const Limit *was, uint64_t want)
{
    Limit up = { want, was->hard };

    if (up.hard < want && may_raise()) {
        up.hard = want;
    }
    if (up.soft > up.hard) {
        up.soft = up.hard;
    }
    if (up.soft > was->soft && host_call(SYS_prlimit64, 0, resource, &up, NULL) == 0) {
        keep(resource, was);
    }
}

void limits_adopt(void)
{
    static const int resources[] = { RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK };

    for (unsigned i = 0; i < ARRAY_LEN(resources); i++) {
        int r = resources[i];
        bool stack = r == RLIMIT_STACK;
        Limit was;

        if (!kept[r].set && host_call(SYS_prlimit64, 0, r, NULL, &was) == 0 &&
            was.soft < (stack ? stack_floor : unlimited)) {
            lift(r, &was, stack ? stack_floor : unlimited);
        }
    }
}

/* ---- over exec ---- */

size_t limits_export(char *buf, size_t len)
{
    size_t n = 0;

    buf[0] = 0;
    for (int i = 0; i < LIMITS && n < len; i++) {
        if (kept[i].set) {
            n += (size_t)snprintf(buf + n, len - n, "%s%d=%" PRIx64 ":%" PRIx64,
                                  n ? "," : "", i, kept[i].lim.soft, kept[i].lim.hard);
        }
    }
    return n < len ? n : len - 1;
}

void limits_import(const char *text)
{
    int resource, used;
    Limit lim;

    while (sscanf(text, "%d=%" SCNx64 ":%" SCNx64 "%n", &resource, &lim.soft, &lim.hard,
                  &used) == 3 &&
           resource >= 0 && resource < LIMITS) {
        keep(resource, &lim);
        text += used;
        text += *text == ',';
    }
}

/* ---- the calls ---- */

long sys_getrlimit(Thread *t, int resource, GuestAddr lim)
{
    Limit l;
    long err = limits_get(resource, &l.soft, &l.hard);

    return err ? err : guest_copy_out(t, lim, &l, sizeof l);
}

long sys_setrlimit(Thread *t, int resource, GuestAddr lim)
{
    Limit l;

    return guest_copy_in(t, &l, lim, sizeof l) ? -EFAULT : limits_set(resource, &l);
}

long sys_prlimit64(Thread *t, int pid, int resource, GuestAddr new, GuestAddr old)
{
    Limit set, was;
    long err;

    if (pid != 0 && pid != (int)host_call(SYS_getpid)) {
        return host_call(SYS_prlimit64, pid, resource, new.va, old.va);
    }
    if (new.va && guest_copy_in(t, &set, new, sizeof set)) {
        return -EFAULT;
    }
    err = limits_get(resource, &was.soft, &was.hard);
    if (err == 0 && new.va) {
        err = limits_set(resource, &set);
    }
    if (err == 0 && old.va) {
        err = guest_copy_out(t, old, &was, sizeof was);
    }
    return err;
}
