/* SPDX-License-Identifier: MIT */
/*
 * stat, lstat, fstat, fstatat, statx and statfs agree with each other and with what
 * was done.
 */
// family: conversions
// expect: ok
#include "check.h"

#include <sys/statfs.h>
#include <sys/sysmacros.h>

static void regular_file(void)
{
    struct stat a, b, c;
    struct statx x;
    struct timespec t[2] = { { 1111111111, 222222222 }, { 4102444800, 999999999 } };
    int fd = new_file("f", 1000);

    IS(fchmod(fd, 04751) == 0);
    IS(link("f", "g") == 0);
    IS(futimens(fd, t) == 0);
    IS(stat("f", &a) == 0 && fstat(fd, &b) == 0 && lstat("g", &c) == 0);
    IS(memcmp(&a, &b, sizeof a) == 0 && memcmp(&a, &c, sizeof a) == 0);
    IS(a.st_mode == (S_IFREG | 04751));
    IS(a.st_nlink == 2);
    IS(a.st_size == 1000);
    IS(a.st_uid == geteuid());
    IS(a.st_blksize >= 512 && a.st_blocks >= 0);
    IS(a.st_atim.tv_sec == t[0].tv_sec && a.st_atim.tv_nsec == t[0].tv_nsec);
    IS(a.st_mtim.tv_sec == t[1].tv_sec && a.st_mtim.tv_nsec == t[1].tv_nsec);
    IS(statx(AT_FDCWD, "f", 0, STATX_ALL, &x) == 0);
    IS(x.stx_ino == a.st_ino && x.stx_size == 1000 && x.stx_nlink == 2);
    IS(makedev(x.stx_dev_major, x.stx_dev_minor) == a.st_dev);
    IS(x.stx_mtime.tv_sec == t[1].tv_sec && x.stx_mtime.tv_nsec == 999999999);
    IS(x.stx_mode == a.st_mode);
    close(fd);
}

static void other_kinds(void)
{
    struct stat st;

    IS(symlink("nowhere-at-all", "link") == 0);
    FAILS(stat("link", &st), ENOENT);
    IS(lstat("link", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 14);
    IS(fstatat(AT_FDCWD, "link", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode));
    IS(mkdir("d", 0700) == 0 && stat("d", &st) == 0 && S_ISDIR(st.st_mode));
    IS(mkfifo("p", 0600) == 0 && stat("p", &st) == 0 && S_ISFIFO(st.st_mode));
    IS(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
    IS(fstatat(0, "", &st, 0) == -1 && errno == ENOENT);
    IS(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH) == 0 && S_ISDIR(st.st_mode));
    FAILS(fstat(-1, &st), EBADF);
    FAILS(stat("", &st), ENOENT);
    FAILS(stat("f/g", &st), ENOTDIR);
}

static void long_names(void)
{
    char name[5000];
    struct stat st;

    memset(name, 'x', sizeof name);
    name[300] = 0;
    FAILS(stat(name, &st), ENAMETOOLONG);
    name[300] = 'x';
    name[4096] = 0;
    FAILS(stat(name, &st), ENAMETOOLONG);
    for (int i = 0; i < 4094; i += 2) {
        memcpy(name + i, "./", 2);
    }
    strcpy(name + 4094, "f");
    IS(strlen(name) == 4095 && stat(name, &st) == 0);
}

static void big_file(void)
{
    struct stat st;
    struct statfs fs;
    int fd = new_file("big", 0);

    IS(ftruncate(fd, 5ll << 30) == 0 && fstat(fd, &st) == 0 && st.st_size == 5ll << 30);
    IS(pwrite(fd, "x", 1, (6ll << 30) - 1) == 1 && lseek(fd, 0, SEEK_END) == 6ll << 30);
    IS(fstatfs(fd, &fs) == 0 && fs.f_bsize > 0 && fs.f_namelen >= 255);
    close(fd);
}

int main(void)
{
    scratch_dir();
    regular_file();
    other_kinds();
    long_names();
    big_file();
    scratch_end();
    return done();
}
