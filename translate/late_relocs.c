/* SPDX-License-Identifier: MIT */
#include "translate/late_relocs.h"

#include <elf.h>
#include <pthread.h>
#include <sys/mman.h>

#include "translate/base/base.h"

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static uint64_t base(void)
{
    return (uint64_t)__ehdr_start;
}

/* protect_relro: the C library's start made these pages read-only. */
static void protect_relro(int prot)
{
    const Elf64_Ehdr *eh = (const Elf64_Ehdr *)__ehdr_start;
    const Elf64_Phdr *ph = (const Elf64_Phdr *)(__ehdr_start + eh->e_phoff);

    for (unsigned i = 0; i < eh->e_phnum; i++) {
        uint64_t start = align_down(base() + ph[i].p_vaddr, PAGE_BYTES);

        if (ph[i].p_type == PT_GNU_RELRO)
            mprotect((void *)start,
                     align_down(base() + ph[i].p_vaddr + ph[i].p_memsz, PAGE_BYTES) - start, prot);
    }
}

static void apply(void)
{
    /* The script changes the table behind the compiler's back. */
    const volatile uint64_t *table = late_relocs;
    uint64_t n = table[0], *at = NULL;

    if (!n)
        return;
    protect_relro(PROT_READ | PROT_WRITE);
    for (uint64_t i = 1; i <= n; i++) {
        uint64_t word = table[i];

        if (!(word & 1)) {
            at = (uint64_t *)(base() + word);
            *at++ += base();
            continue;
        }
        for (unsigned bit = 1; bit < 64; bit++) {
            if (word >> bit & 1)
                at[bit - 1] += base();
        }
        at += 63;
    }
    protect_relro(PROT_READ);
}

void late_relocs_apply(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, apply);
}
