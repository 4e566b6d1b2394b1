/* SPDX-License-Identifier: MIT */
/*
 * map.h: from an open ELF file to memory of the guest.
 *
 * Guest address = host address: a file of fixed addresses goes exactly there or is refused,
 * one that can move goes to a random place at 0x5600_0000_0000 and up (a program) or where the
 * kernel's mmap puts it (its interpreter). Nothing that is mapped already is ever replaced.
 */
#pragma once

#include "elfload/parse.h"
#include "syscall/user.h"

typedef struct {
    uint64_t bias;      /* added to addresses in the file */
    uint64_t entry;
    uint64_t phdr;      /* AT_PHDR; 0 when the headers are not in memory */
    uint64_t start, end;
} ElfMapped;

enum ElfPlace { ELF_PLACE_PROGRAM, ELF_PLACE_INTERP };

/*
 * elf_read: read and parse the headers of an open file. Returns 0, -ENOEXEC, -ENOMEM or what
 * reading failed with; *why says it in words.
 */
int elf_read(int fd, ElfImage *img, const char **why);

/*
 * elf_map: map the segments. rnd: random bits for the place. On failure -errno with *why;
 * what was mapped until then stays (the caller gives up).
 */
int elf_map(Thread *t, int fd, ElfImage *img, enum ElfPlace place, uint64_t rnd, ElfMapped *out,
            const char **why);
