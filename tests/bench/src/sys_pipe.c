/* SPDX-License-Identifier: MIT */
/* One byte to and fro between two processes over pipes. */
#include "bench.h"
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long i, n = scaled(argc, argv, 20000), ok = 0;
    int a[2], b[2];
    char c = 0;

    if (pipe(a) || pipe(b))
        return 1;
    if (fork() == 0) {
        for (i = 0; i < n; i++)
            if (read(a[0], &c, 1) != 1 || write(b[1], &c, 1) != 1)
                _exit(1);
        _exit(0);
    }
    for (i = 0; i < n; i++) {
        char d = (char)i;

        if (write(a[1], &d, 1) != 1 || read(b[0], &c, 1) != 1)
            return 1;
        ok += c == d;
    }
    wait(NULL);
    printf("%ld\n", ok);
    return 0;
}
