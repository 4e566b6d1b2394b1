/* SPDX-License-Identifier: MIT */
/* open, fstat, readlink, access, rename and unlink of small files. */
#include "bench.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char dir[] = "benchXXXXXX", name[64], other[64], buf[64];
    long i, n = scaled(argc, argv, 4000), ok = 0;
    struct stat st;

    if (!mkdtemp(dir))
        return 1;
    for (i = 0; i < n; i++) {
        int fd;

        snprintf(name, sizeof name, "%s/f%ld", dir, i & 15);
        snprintf(other, sizeof other, "%s/g%ld", dir, i & 7);
        fd = open(name, O_CREAT | O_RDWR, 0600);
        ok += write(fd, name, 20) == 20;
        ok += fstat(fd, &st) == 0;
        ok += lseek(fd, 0, SEEK_SET) == 0;
        ok += read(fd, buf, sizeof buf) == 20;
        close(fd);
        ok += stat(name, &st) == 0 && st.st_size == 20;
        ok += access(other, R_OK) != 0;
        ok += readlink("/proc/self/cwd", buf, sizeof buf) > 0;
        ok += rename(name, other) == 0;
        ok += unlink(other) == 0;
    }
    rmdir(dir);
    printf("%ld\n", ok);
    return 0;
}
