/* SPDX-License-Identifier: MIT */
/* fork(), a little work in the child, and wait(). */
#include "bench.h"
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 500), sum = 0;
    int st;

    while (n--) {
        pid_t p = fork();

        if (p == 0) {
            char buf[64];

            _exit(snprintf(buf, sizeof buf, "%ld", n & 7) + (int)(n & 7));
        }
        waitpid(p, &st, 0);
        sum += WEXITSTATUS(st);
    }
    printf("%ld\n", sum);
    return 0;
}
