/* SPDX-License-Identifier: MIT */
/* Descriptors of ours move up, are known, and calls of the guest pass them by. */
#include "syscall/own_fd.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "gen/syscalls.h"

static Guest guest = { .name = "aarch64" };
static Thread thread = { .guest = &guest };

Test(own_fd, moves_up_and_is_kept)
{
    int low = open("/dev/null", O_RDONLY), own = own_fd_add(low);

    cr_assert(own > 100 && own_fd_is(own) && !own_fd_is(low) && !own_fd_is(-1));
    cr_assert_eq(fcntl(low, F_GETFD), -1);
    cr_assert_eq(fcntl(own, F_GETFD), FD_CLOEXEC);
    cr_assert_eq(own_fd_next(0), own);
    cr_assert_eq(own_fd_next((unsigned)own + 1), -1);
    cr_assert_eq(sys_close(&thread, own), -EBADF);
    cr_assert_eq(sys_dup(&thread, own), -EBADF);
    cr_assert_eq(sys_dup3(&thread, 0, own, 0), -EBADF);
    cr_assert_eq(sys_fcntl(&thread, own, F_GETFD, 0), -EBADF);
    own_fd_remove(own);
    cr_assert_eq(sys_close(&thread, own), 0);
}

Test(own_fd, close_range_goes_around)
{
    int own = own_fd_add(open("/dev/null", O_RDONLY));
    int before = dup2(own, own - 1), after = dup2(own, own + 1);

    cr_assert_eq(sys_close_range(&thread, (uint32_t)before, ~0u, 0), 0);
    cr_assert_eq(fcntl(before, F_GETFD), -1);
    cr_assert_eq(fcntl(after, F_GETFD), -1);
    cr_assert_eq(fcntl(own, F_GETFD), FD_CLOEXEC);
    cr_assert_eq(sys_close_range(&thread, (uint32_t)own, (uint32_t)own, 0), 0);
    cr_assert_eq(fcntl(own, F_GETFD), FD_CLOEXEC);
    cr_assert_eq(sys_close_range(&thread, 9, 8, 0), -EINVAL);
}
