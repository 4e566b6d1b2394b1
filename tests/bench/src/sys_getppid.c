/* SPDX-License-Identifier: MIT */
/* The cheapest system call, many times. */
#include "bench.h"
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 400000), same = 0, first = getppid();

    while (n--)
        same += syscall(SYS_getppid) == first;
    printf("%ld\n", same);
    return 0;
}
