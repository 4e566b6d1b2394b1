/* SPDX-License-Identifier: MIT */
/* mmap, touch, mprotect, munmap: address-space changes and page faults. */
#include "bench.h"
#include <sys/mman.h>

int main(int argc, char **argv)
{
    long i, n = scaled(argc, argv, 2500);
    size_t len = 64 * 4096, k;
    uint64_t h = 0;

    for (i = 0; i < n; i++) {
        char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
            return 1;
        for (k = 0; k < len; k += 4 * 4096)
            p[k] = (char)(i + (long)k);
        mprotect(p, len / 2, PROT_READ);
        h = mix(h, (uint8_t)p[4 * 4096]);
        munmap(p, len);
    }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
