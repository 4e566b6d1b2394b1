/* SPDX-License-Identifier: MIT */
/* fork() and exec() of this same program. Needs exec of guest binaries. */
#include "bench.h"
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long n, sum = 0;
    int st;

    if (argc > 2)
        return atoi(argv[2]) & 7;
    for (n = scaled(argc, argv, 100); n; n--) {
        pid_t p = fork();

        if (p == 0) {
            char num[24];

            snprintf(num, sizeof num, "%ld", n);
            execl(argv[0], argv[0], "0", num, (char *)NULL);
            _exit(99);
        }
        waitpid(p, &st, 0);
        sum += WEXITSTATUS(st);
    }
    printf("%ld\n", sum);
    return 0;
}
