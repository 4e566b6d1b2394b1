/* SPDX-License-Identifier: MIT */
/*
 * Generated code beside often-written data in one page, and a code page that
 * is switched between writable and executable: inline caches and W^X.
 */
#include "bench.h"
#include <sys/mman.h>
#include <unistd.h>

typedef int (*fn)(int);

static size_t emit(uint8_t *p, unsigned imm)
{
#if defined(__aarch64__)
    uint32_t w[] = { 0x11000000u | imm << 10, 0xd65f03c0u };
#elif defined(__riscv)
    uint32_t w[] = { 0x0005051bu | imm << 20, 0x00008067u };
#elif defined(__arm__)
    uint32_t w[] = { 0xe2800000u | (imm & 255), 0xe12fff1eu };
#elif defined(__powerpc64__)
    uint32_t w[] = { 0x38630000u | imm, 0x7c6307b4u, 0x4e800020u };
#elif defined(__s390x__)
    uint32_t w[] = { 0xa72a0000u | imm, 0xb9140022u, 0x07fe07feu };
#elif defined(__x86_64__)
    uint32_t w[] = { 0x0000878du | imm << 16, 0x00c30000u | imm >> 16 };
#elif defined(__i386__)
    uint32_t w[] = { 0x0424448bu, 5u | imm << 8, 0x0000c300u | imm >> 24 };
#else
#error "add an encoder for this architecture"
#endif
    memcpy(p, w, sizeof w);
    return sizeof w;
}

int main(int argc, char **argv)
{
    long i, n = scaled(argc, argv, 3000), page = sysconf(_SC_PAGESIZE);
    uint8_t *a = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *b = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile uint32_t *counter = (volatile uint32_t *)(a + page / 2);
    uint64_t h = 0;
    size_t len;
    int k;

    if (a == MAP_FAILED || b == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    len = emit(a, 3);
    __builtin___clear_cache((char *)a, (char *)a + len);
    for (i = 0; i < n; i++) {
        /* data writes into the page that holds live code */
        for (k = 0; k < 8; k++) {
            counter[k & 3] += (uint32_t)k;
            h += (uint64_t)((fn)(uintptr_t)a)(k);
        }
        /* write, make executable, run, make writable again */
        len = emit(b, (unsigned)(i & 255));
        mprotect(b, (size_t)page, PROT_READ | PROT_EXEC);
        __builtin___clear_cache((char *)b, (char *)b + len);
        for (k = 0; k < 50; k++)
            h += (uint64_t)((fn)(uintptr_t)b)(k);
        mprotect(b, (size_t)page, PROT_READ | PROT_WRITE);
        h = mix(h, counter[1]);
    }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
