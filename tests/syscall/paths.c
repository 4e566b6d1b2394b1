/* SPDX-License-Identifier: MIT */
/* Names: making, linking, renaming, removing, permissions, times, attributes, /proc. */
// family: calls
// expect: ok
#include "check.h"

#include <sys/xattr.h>

static void making(void)
{
    char b[256];

    IS(mkdir("d", 0755) == 0 && mkdirat(AT_FDCWD, "d/e", 0700) == 0);
    FAILS(mkdir("d", 0755), EEXIST);
    FAILS(mkdir("x/y", 0755), ENOENT);
    FAILS(rmdir("d"), ENOTEMPTY);
    FAILS(unlink("d"), EISDIR);
    close(new_file("d/f", 3));
    IS(rename("d/f", "d/g") == 0);
    FAILS(rename("d/f", "d/g"), ENOENT);
    close(new_file("h", 1));
    FAILS(syscall(SYS_renameat2, AT_FDCWD, "h", AT_FDCWD, "d/g", 1 /* NOREPLACE */),
          EEXIST);
    IS(syscall(SYS_renameat2, AT_FDCWD, "h", AT_FDCWD, "d/g", 2 /* EXCHANGE */) == 0);
    IS(symlink("d/g", "s") == 0 && readlink("s", b, sizeof b) == 3 &&
       memcmp(b, "d/g", 3) == 0);
    IS(readlink("s", b, 2) == 2);
    FAILS(readlink("h", b, 9), EINVAL);
    FAILS(readlink("none", b, 9), ENOENT);
    FAILS(syscall(SYS_readlinkat, AT_FDCWD, "s", b, 0), EINVAL);
    IS(link("h", "hard") == 0);
    FAILS(link("d", "dirlink"), EPERM);
    IS(symlink("loop", "loop") == 0);
    FAILS(open("loop", O_RDONLY), ELOOP);
    FAILS(open("h/", O_RDONLY), ENOTDIR);
    IS(unlinkat(AT_FDCWD, "d/e", AT_REMOVEDIR) == 0);
    FAILS(open("", O_RDONLY), ENOENT);
}

static void folders(void)
{
    char here[256], b[256];
    int d = open("d", O_RDONLY | O_DIRECTORY);

    IS(getcwd(here, sizeof here) && strcmp(here, scratch_path) == 0);
    FAILS(syscall(SYS_getcwd, b, 3), ERANGE);
    IS(fchdir(d) == 0 && getcwd(b, sizeof b) && strncmp(b, here, strlen(here)) == 0 &&
       strcmp(b + strlen(here), "/d") == 0);
    IS(faccessat(d, "g", F_OK, 0) == 0 && openat(d, "../h", O_RDONLY) >= 0);
    IS(chdir("..") == 0);
    FAILS(chdir("h"), ENOTDIR);
    FAILS(fchdir(99), EBADF);
}

static void modes_and_times(void)
{
    struct timespec t[2] = { { 5, 6 }, { 0, UTIME_OMIT } };
    struct stat st;

    umask(027);
    close(open("m", O_CREAT | O_WRONLY, 0666));
    IS(stat("m", &st) == 0 && (st.st_mode & 0777) == 0640);
    IS(umask(022) == 027);
    IS(chmod("m", 0401) == 0 && stat("m", &st) == 0 && (st.st_mode & 07777) == 0401);
    IS(access("m", F_OK) == 0);
    IS(utimensat(AT_FDCWD, "m", t, 0) == 0 && stat("m", &st) == 0 && st.st_atime == 5 &&
       st.st_atim.tv_nsec == 6 && st.st_mtime > 1000000);
    IS(utimensat(AT_FDCWD, "s", t, AT_SYMLINK_NOFOLLOW) == 0);
    IS(lstat("s", &st) == 0 && st.st_atime == 5 && stat("s", &st) == 0 &&
       st.st_atime != 5);
    t[0].tv_nsec = 1000000000;
    FAILS(utimensat(AT_FDCWD, "m", t, 0), EINVAL);
    IS(truncate("m", 12345) == 0 && stat("m", &st) == 0 && st.st_size == 12345);
    FAILS(truncate("m", -1), EINVAL);
}

static void attributes(void)
{
    char b[100];

    if (setxattr("h", "user.test", "value", 5, 0) && errno == EOPNOTSUPP) {
        return;
    }
    IS(getxattr("h", "user.test", b, sizeof b) == 5 && memcmp(b, "value", 5) == 0);
    FAILS(getxattr("h", "user.test", b, 2), ERANGE);
    FAILS(getxattr("h", "user.none", b, 2), ENODATA);
    IS(listxattr("h", b, sizeof b) >= 10 && removexattr("h", "user.test") == 0);
}

static void links_of_proc(void)
{
    char exe[512], other[512], name[64];
    int d = open("/proc/self", O_RDONLY | O_DIRECTORY), fd;
    struct stat a, b;
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

    IS(n > 0);
    exe[n > 0 ? n : 0] = 0;
    IS(strstr(exe, "paths") != NULL); /* this program, not what runs it */
    IS(readlinkat(d, "exe", other, sizeof other) == n &&
       memcmp(exe, other, (size_t)n) == 0);
    snprintf(name, sizeof name, "/proc/%d/exe", getpid());
    IS(readlink(name, other, sizeof other) == n && memcmp(exe, other, (size_t)n) == 0);
    IS(readlink("/proc/thread-self/exe", other, sizeof other) == n);
    IS(stat("/proc/self/exe", &a) == 0 && stat(exe, &b) == 0 && a.st_ino == b.st_ino);
    IS(lstat("/proc/self/exe", &a) == 0 && S_ISLNK(a.st_mode));
    fd = open("/proc/self/exe", O_RDONLY);
    IS(fstat(fd, &a) == 0 && a.st_ino == b.st_ino && a.st_size == b.st_size);
    IS(readlink("/proc/self/cwd", other, sizeof other) == (ssize_t)strlen(scratch_path));
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    IS(readlink(name, other, sizeof other) == n);
}

int main(void)
{
    scratch_dir();
    umask(022);
    making();
    folders();
    modes_and_times();
    attributes();
    links_of_proc();
    scratch_end();
    return done();
}
