/* SPDX-License-Identifier: MIT */
/* O_ flags, the four whose numbers differ between architectures above all. */
// family: calls
// expect: ok
#include "check.h"

#include <linux/openat2.h>

/* The kernel's O_LARGEFILE, which it sets of itself. */
#ifdef __aarch64__
enum { RAW_LARGEFILE = 0400000 };
#else
enum { RAW_LARGEFILE = 0100000 };
#endif

static void directory_nofollow(void)
{
    close(new_file("f", 10));
    IS(symlink("f", "l") == 0 && mkdir("d", 0755) == 0 && symlink("d", "dl") == 0);
    FAILS(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
    IS(open("d", O_RDONLY | O_DIRECTORY) >= 0);
    IS(open("dl", O_RDONLY | O_DIRECTORY) >= 0);
    FAILS(open("l", O_RDONLY | O_NOFOLLOW), ELOOP);
    FAILS(open("dl", O_RDONLY | O_DIRECTORY | O_NOFOLLOW), ENOTDIR);
    IS(open("f", O_RDONLY | O_NOFOLLOW) >= 0);
    FAILS(open("d", O_RDWR), EISDIR);
    FAILS(open("f", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    FAILS(open("none", O_RDONLY), ENOENT);
}

static void getfl(void)
{
    int fd = open("f", O_RDWR | O_APPEND | O_NONBLOCK | O_CLOEXEC);
    int fl = fcntl(fd, F_GETFL);
    int raw = (int)syscall(SYS_fcntl, fd, F_GETFL);

    IS((fl & O_ACCMODE) == O_RDWR);
    IS((fl & (O_APPEND | O_NONBLOCK)) == (O_APPEND | O_NONBLOCK));
    IS(!(fl & O_DIRECTORY) && !(fl & O_NOFOLLOW) && !(fl & O_DIRECT));
    IS(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    IS(raw == (O_RDWR | O_APPEND | O_NONBLOCK | RAW_LARGEFILE));
    IS(fcntl(fd, F_SETFL, O_RDONLY) == 0 && !(fcntl(fd, F_GETFL) & O_APPEND));
    close(fd);
    fd = open("d", O_RDONLY | O_DIRECTORY);
    IS(fcntl(fd, F_GETFL) & O_DIRECTORY);
    close(fd);
    fd = open("f", O_PATH | O_NOFOLLOW);
    IS(fcntl(fd, F_GETFL) & O_PATH);
    FAILS(write(fd, "x", 1), EBADF);
    close(fd);
}

static void direct(void)
{
    int p[2];
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_DIRECT, 0600);

    if (fd >= 0) {
        IS(fcntl(fd, F_GETFL) & O_DIRECT);
        IS(fcntl(fd, F_SETFL, 0) == 0 && !(fcntl(fd, F_GETFL) & O_DIRECT));
        close(fd);
    }
    IS(pipe2(p, O_DIRECT | O_CLOEXEC) == 0);
    IS(fcntl(p[1], F_GETFL) & O_DIRECT);
    /* Packet mode: two writes are two reads. */
    char b[16];
    IS(write(p[1], "ab", 2) == 2 && write(p[1], "cde", 3) == 3);
    IS(read(p[0], b, 16) == 2 && read(p[0], b, 16) == 3);
    FAILS(pipe2(p, O_APPEND), EINVAL);
}

static void tmpfile_and_openat2(void)
{
    struct open_how how = { .flags = O_RDONLY | O_DIRECTORY };
    char name[64];
    int fd = open(".", O_TMPFILE | O_RDWR, 0600);

    IS(fd >= 0 && write(fd, "hi", 2) == 2);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    IS(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0);
    IS(access("named", R_OK) == 0);
    IS(syscall(SYS_openat2, AT_FDCWD, "d", &how, sizeof how) >= 0);
    FAILS(syscall(SYS_openat2, AT_FDCWD, "f", &how, sizeof how), ENOTDIR);
    how.flags = O_RDONLY;
    how.resolve = RESOLVE_NO_SYMLINKS;
    FAILS(syscall(SYS_openat2, AT_FDCWD, "l", &how, sizeof how), ELOOP);
    how.resolve = RESOLVE_BENEATH;
    FAILS(syscall(SYS_openat2, AT_FDCWD, "/etc", &how, sizeof how), EXDEV);
    FAILS(syscall(SYS_openat2, AT_FDCWD, "f", &how, 8), EINVAL);
    how.resolve = 1ull << 40;
    FAILS(syscall(SYS_openat2, AT_FDCWD, "f", &how, sizeof how), EINVAL);
}

int main(void)
{
    scratch_dir();
    umask(022);
    directory_nofollow();
    getfl();
    direct();
    tmpfile_and_openat2();
    scratch_end();
    return done();
}
