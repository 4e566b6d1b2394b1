// SPDX-License-Identifier: MIT
/*
 * start.c: where the kernel enters our programs, before the C library's _start.
 *
 * That relocates the program first and so touches each page of its tables with pointers: 70 page faults, a
 * third of all that a small guest program takes, and the dearest, since each copies a page. Here the
 * kernel is asked for all of them at once. Kernels before 5.14 refuse, and nothing is lost.
 */
#include <elf.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "translate/base/base.h"

#ifdef __x86_64__
# ifndef MADV_POPULATE_WRITE
#  define MADV_POPULATE_WRITE 23
# endif

void start_populate(void);

static inline void populate(uint64_t start, uint64_t len)
{
    long result = SYS_madvise;

    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(start), "S"(len), "d"((long)MADV_POPULATE_WRITE)
                     : "rcx", "r11", "memory");
}

/* start_populate: nothing is relocated yet, and there is no thread pointer. */
__attribute__((used, no_stack_protector, visibility("hidden"))) void start_populate(void)
{
    extern const char __ehdr_start[] __attribute__((visibility("hidden")));
    const Elf64_Ehdr *e = (const Elf64_Ehdr *)__ehdr_start;
    const Elf64_Phdr *ph = (const Elf64_Phdr *)(__ehdr_start + e->e_phoff);

    for (unsigned i = 0; i < e->e_phnum; i++) {
        uint64_t start = align_down((uint64_t)__ehdr_start + ph[i].p_vaddr, PAGE_BYTES);
        uint64_t end = (uint64_t)__ehdr_start + ph[i].p_vaddr + ph[i].p_filesz;

        if (ph[i].p_type == PT_LOAD && (ph[i].p_flags & PF_W))
            populate(start, align_up(end, PAGE_BYTES) - start);
    }
}

/* The C library expects the registers and the stack as the kernel left them. */
__asm__(".pushsection .text\n"
        ".globl mimus_start\n"
        ".type mimus_start, @function\n"
        "mimus_start:\n"
        "    push %rdx\n"
        "    sub $8, %rsp\n"
        "    call start_populate\n"
        "    add $8, %rsp\n"
        "    pop %rdx\n"
        "    jmp _start\n"
        ".size mimus_start, . - mimus_start\n"
        ".popsection\n");
#endif
