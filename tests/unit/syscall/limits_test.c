/* SPDX-License-Identifier: MIT */
/* Limits of the guest's own: kept, enforced, carried over exec as text. */
#include "syscall/limits.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/resource.h>

#include "gen/syscalls.h"

static Guest guest = { .name = "aarch64" };
static Thread thread = { .guest = &guest };

static long set(int resource, uint64_t soft, uint64_t hard)
{
    uint64_t lim[2] = { soft, hard };

    return sys_setrlimit(&thread, resource, guest_addr((uint64_t)lim));
}

/* may_raise_natively: does the host let this process raise a hard limit again? */
static bool may_raise_natively(void)
{
    struct rlimit lim = { 1, 1 }, raised = { 1, 2 };

    return setrlimit(RLIMIT_LOCKS, &lim) == 0 && setrlimit(RLIMIT_LOCKS, &raised) == 0;
}

Test(limits, kept_apart_from_the_host)
{
    uint64_t soft, hard;
    struct rlimit host;

    cr_assert_eq(set(RLIMIT_AS, 1 << 20, 1 << 30), 0);
    cr_assert(limits_get(RLIMIT_AS, &soft, &hard) == 0 && soft == 1 << 20 &&
              hard == 1 << 30);
    cr_assert(getrlimit(RLIMIT_AS, &host) == 0 && host.rlim_cur != 1 << 20);
    cr_assert_eq(set(RLIMIT_AS, 2, 1), -EINVAL);
    cr_assert(!limits_allow_map(2 << 20, false));
    cr_assert_eq(set(RLIMIT_AS, 1 << 20, UINT64_MAX), may_raise_natively() ? 0 : -EPERM);
    cr_assert_eq(sys_getrlimit(&thread, 99, guest_addr((uint64_t)&soft)), -EINVAL);
}

Test(limits, over_exec)
{
    char text[256];
    uint64_t soft, hard;

    cr_assert_eq(limits_export(text, sizeof text), 0);
    cr_assert_eq(set(RLIMIT_DATA, 0x123000, 0x456000), 0);
    cr_assert_eq(set(RLIMIT_STACK, 65536, UINT64_MAX), 0);
    cr_assert_gt(limits_export(text, sizeof text), 0);
    cr_assert_str_eq(text, "2=123000:456000,3=10000:ffffffffffffffff");
    limits_import("9=5000:6000,2=1:2");
    cr_assert(limits_get(RLIMIT_AS, &soft, &hard) == 0 && soft == 0x5000 &&
              hard == 0x6000);
    cr_assert(limits_get(RLIMIT_DATA, &soft, &hard) == 0 && soft == 1);
    limits_import("77=1:1");
    limits_import("rubbish");
}

Test(limits, the_hosts_are_lifted_and_kept)
{
    struct rlimit host, small = { 64 << 10, RLIM_INFINITY };
    uint64_t soft, hard;

    cr_assert(getrlimit(RLIMIT_STACK, &host) == 0);
    small.rlim_max = host.rlim_max;
    cr_assert(setrlimit(RLIMIT_STACK, &small) == 0);
    limits_adopt();
    cr_assert(limits_get(RLIMIT_STACK, &soft, &hard) == 0);
    cr_assert(soft == 64 << 10 && hard == host.rlim_max);
    cr_assert(getrlimit(RLIMIT_STACK, &host) == 0 && host.rlim_cur >= 1 << 20);
}
