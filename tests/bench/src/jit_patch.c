/* SPDX-License-Identifier: MIT */
/*
 * Writes small functions into executable memory, calls them, and rewrites
 * them: what a just-in-time compiler inside the guest does to a translator.
 */
#include "bench.h"
#include <sys/mman.h>

typedef int (*fn)(int);

/* Emits "return arg + imm" (0 <= imm < 512); gives the length in bytes. */
static size_t emit(uint8_t *p, unsigned imm)
{
    uint32_t w[4];
    size_t n = 0;

#if defined(__aarch64__)
    w[n++] = 0x11000000u | imm << 10;          /* add w0, w0, #imm */
    w[n++] = 0xd65f03c0u;                      /* ret */
#elif defined(__riscv)
    w[n++] = 0x0005051bu | imm << 20;          /* addiw a0, a0, imm */
    w[n++] = 0x00008067u;                      /* ret */
#elif defined(__arm__)
    w[n++] = 0xe2800000u | (imm & 255);        /* add r0, r0, #low */
    w[n++] = 0xe2800c00u | imm >> 8;           /* add r0, r0, #high << 8 */
    w[n++] = 0xe12fff1eu;                      /* bx lr */
#elif defined(__powerpc64__)
    w[n++] = 0x38630000u | imm;                /* addi r3, r3, imm */
    w[n++] = 0x7c6307b4u;                      /* extsw r3, r3 */
    w[n++] = 0x4e800020u;                      /* blr */
#elif defined(__s390x__)
    w[n++] = 0xa72a0000u | imm;                /* ahi %r2, imm */
    w[n++] = 0xb9140022u;                      /* lgfr %r2, %r2 */
    w[n++] = 0x07fe07feu;                      /* br %r14 */
#elif defined(__x86_64__)
    w[n++] = 0x0000878du | imm << 16;          /* lea imm32(%rdi), %eax */
    w[n++] = 0x00c30000u | imm >> 16;
#elif defined(__i386__)
    w[n++] = 0x0424448bu;                      /* mov 4(%esp), %eax */
    w[n++] = 0x00000005u | imm << 8;           /* add imm32, %eax */
    w[n++] = 0x0000c300u | imm >> 24;
#else
#error "add an encoder for this architecture"
#endif
    memcpy(p, w, n * 4);
    return n * 4;
}

#define SLOTS 512
#define SLOT 64

int main(int argc, char **argv)
{
    long i, n = scaled(argc, argv, 200);
    uint8_t *mem = mmap(NULL, SLOTS * SLOT, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t h = 0;
    int k, c;

    if (mem == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (i = 0; i < n; i++) {
        for (k = 0; k < SLOTS; k++) {
            uint8_t *p = mem + k * SLOT;
            size_t len = emit(p, (unsigned)((i + k) & 511));

            __builtin___clear_cache((char *)p, (char *)p + len);
        }
        for (c = 0; c < 20; c++)
            for (k = 0; k < SLOTS; k++)
                h += (uint64_t)((fn)(uintptr_t)(mem + k * SLOT))(c);
        h = mix(h, 1);
    }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
