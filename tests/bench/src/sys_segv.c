/* SPDX-License-Identifier: MIT */
/* Write faults caught and resolved by the handler, as garbage collectors do. */
#include "bench.h"
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static char *base;
static long page, hits;

static void on_fault(int sig, siginfo_t *si, void *uc)
{
    uintptr_t a = (uintptr_t)si->si_addr & ~((uintptr_t)page - 1);

    (void)uc;
    if (sig != SIGSEGV || a < (uintptr_t)base ||
        a >= (uintptr_t)base + 64 * (uintptr_t)page)
        _exit(3);
    hits++;
    mprotect((void *)a, (size_t)page, PROT_READ | PROT_WRITE);
}

int main(int argc, char **argv)
{
    long i, n = scaled(argc, argv, 250), k;
    struct sigaction sa = { 0 };
    uint64_t h = 0;

    page = sysconf(_SC_PAGESIZE);
    sa.sa_sigaction = on_fault;
    sa.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &sa, NULL);
    base = mmap(NULL, 64 * (size_t)page, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (i = 0; i < n; i++) {
        mprotect(base, 64 * (size_t)page, PROT_READ);
        for (k = 0; k < 64; k++)
            ((volatile char *)base)[k * page + (i & 255)] += (char)k;
    }
    for (k = 0; k < 64; k++)
        h = mix(h, (uint8_t)base[k * page]);
    printf("%ld %016llx\n", hits, (unsigned long long)h);
    return 0;
}
