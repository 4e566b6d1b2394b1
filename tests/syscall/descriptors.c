/* SPDX-License-Identifier: MIT */
/* Descriptor numbers: the lowest free one, none that is not ours, closing everything. */
// family: hidden
// expect: ok
#include "check.h"

#include <dirent.h>

static int listed(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (d && readdir(d)) {
        n++;
    }
    if (d) {
        closedir(d);
    }
    return n - 3; /* . .. and the folder's own */
}

static void close_everything(void)
{
    IS(syscall(SYS_close_range, 3u, ~0u, 0) == 0);
    IS(dup(0) == 3);
    for (int i = 3; i < 5000; i++) {
        close(i);
    }
    IS(open("/dev/null", O_RDONLY) == 3);
    for (int i = 4; i < 1024; i++) {
        dup2(3, i);
    }
    FAILS(syscall(SYS_close_range, 5u, 4u, 0), EINVAL);
    IS(syscall(SYS_close_range, 4u, ~0u, 0) == 0);
    /* Exec and /proc still work with nothing of ours left open. */
    IS(access("/proc/self/exe", F_OK) == 0 || access("/proc", F_OK) != 0);
    IS(system("exit 7") == 7 << 8);
}

int main(void)
{
    int fd = dup(0), fd2, base = listed();

    IS(fd == 3 && base == 4);
    IS(dup3(0, 9, O_CLOEXEC) == 9 && fcntl(9, F_GETFD) == FD_CLOEXEC);
    FAILS(dup3(0, 0, 0), EINVAL);
    FAILS(dup3(0, 9, O_APPEND), EINVAL);
    IS(dup2(9, 9) == 9);
    FAILS(dup2(99, 9), EBADF);
    FAILS(close(99), EBADF);
    FAILS(close(-1), EBADF);
    fd2 = fcntl(0, F_DUPFD, 50);
    IS(fd2 == 50 && listed() == base + 2);
    IS(syscall(SYS_close_range, 4u, 49u, 4 /* CLOEXEC */) == 0);
    IS(syscall(SYS_close_range, 4u, 49u, 0) == 0 && fcntl(9, F_GETFD) == -1);
    close(fd2);
    IS(child_status(close_everything) == 0);
    return done();
}
