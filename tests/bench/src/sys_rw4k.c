/* SPDX-License-Identifier: MIT */
/* pread() and pwrite() of 4 KiB blocks in a small file. */
#include "bench.h"
#include <unistd.h>

int main(int argc, char **argv)
{
    char name[] = "benchXXXXXX", buf[4096];
    long i, n = scaled(argc, argv, 70000);
    uint64_t h = 0;
    int fd = mkstemp(name);

    if (fd < 0) {
        perror("mkstemp");
        return 1;
    }
    unlink(name);
    memset(buf, 1, sizeof buf);
    for (i = 0; i < n; i++) {
        buf[i & 4095] ^= (char)i;
        if (pwrite(fd, buf, sizeof buf, (i & 63) * 4096) != sizeof buf ||
            pread(fd, buf, sizeof buf, (i * 7 & 63) * 4096 % 4096) < 0)
            return 1;
        h = mix(h, (uint8_t)buf[(i * 13) & 4095]);
    }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
