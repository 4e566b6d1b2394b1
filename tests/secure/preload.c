// SPDX-License-Identifier: MIT
/* preload.c: a library that tells that it was loaded. */
#include <unistd.h>

static void __attribute__((constructor)) tell(void)
{
    if (write(1, "preloaded 1\n", 12) < 0)
        _exit(1);
}
