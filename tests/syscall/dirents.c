/* SPDX-License-Identifier: MIT */
/* Reading folders: every name once, types, seeking back to cookies, small buffers. */
// family: conversions
// expect: ok
#include "check.h"

#include <dirent.h>

enum { FILES = 500 };

struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[];
};

static void all_names(void)
{
    static char seen[FILES];
    int others = 0, n = 0;
    struct dirent *d;
    DIR *dir = opendir(".");

    while ((d = readdir(dir))) {
        int i;

        if (sscanf(d->d_name, "file-number-%d", &i) == 1) {
            IS(i >= 0 && i < FILES && !seen[i]);
            IS(d->d_type == DT_REG || d->d_type == DT_UNKNOWN);
            seen[i] = 1;
            n++;
        } else {
            others++;
        }
    }
    IS(n == FILES);
    IS(others == 3); /* . .. sub */
    closedir(dir);
}

static void seek_back(void)
{
    DIR *dir = opendir(".");
    char name[256];
    long pos;
    struct dirent *d;

    for (int i = 0; i < 200; i++) {
        readdir(dir);
    }
    pos = telldir(dir);
    d = readdir(dir);
    IS(d != NULL);
    strcpy(name, d->d_name);
    while (readdir(dir)) {
    }
    seekdir(dir, pos);
    d = readdir(dir);
    IS(d && strcmp(d->d_name, name) == 0);
    rewinddir(dir);
    IS(readdir(dir) != NULL);
    closedir(dir);
}

static void raw_calls(void)
{
    char buf[1024] __attribute__((aligned(8)));
    int fd = open(".", O_RDONLY | O_DIRECTORY), count = 0;
    long n;

    FAILS(syscall(SYS_getdents64, fd, buf, 8), EINVAL);
    while ((n = syscall(SYS_getdents64, fd, buf, sizeof buf)) > 0) {
        for (long at = 0; at < n;) {
            struct linux_dirent64 *d = (void *)(buf + at);

            IS(d->d_reclen >= 24 && d->d_reclen % 8 == 0);
            IS(strlen(d->d_name) < 64);
            at += d->d_reclen;
            count++;
        }
    }
    IS(n == 0 && count == FILES + 3);
    FAILS(syscall(SYS_getdents64, 999, buf, sizeof buf), EBADF);
    close(fd);
    fd = open("sub/../file-number-1", O_RDONLY);
    FAILS(syscall(SYS_getdents64, fd, buf, sizeof buf), ENOTDIR);
    close(fd);
}

int main(void)
{
    char name[64];

    scratch_dir();
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "file-number-%d", i);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    mkdir("sub", 0700);
    all_names();
    seek_back();
    raw_calls();
    scratch_end();
    return done();
}
