/* SPDX-License-Identifier: MIT */
/*
 * parse.h: what an ELF file says about how it wants to be loaded. No side effects: bytes in,
 * struct out. The file is hostile input; every range is checked before it is looked at.
 *
 * Two kinds of refusal mirror the kernel's: elf_parse() fails where execve(2) fails with
 * ENOEXEC, elf_check_segments() where it has gone too far and kills the process.
 */
#pragma once

#include "translate/base/base.h"

typedef struct {
    uint64_t offset, vaddr, filesz, memsz;
    uint32_t flags;             /* PF_ */
} ElfSegment;

typedef struct {
    uint8_t elf_class, data;    /* ELFCLASS, ELFDATA */
    uint16_t type, machine;     /* ET_EXEC or ET_DYN; EM_ */
    uint32_t flags;             /* e_flags */
    uint64_t entry;
    uint16_t phnum, phentsize;
    uint64_t phdr_vaddr;        /* where the program headers are in memory, 0: nowhere */
    uint64_t interp_offset;     /* PT_INTERP; interp_bytes 0: none */
    uint64_t interp_bytes;
    uint64_t property_offset;   /* PT_GNU_PROPERTY; property_bytes 0: none */
    uint64_t property_bytes;
    uint64_t dynamic_offset;    /* PT_DYNAMIC; dynamic_bytes 0: none */
    uint64_t dynamic_bytes;
    int stack_flags;            /* PF_ of PT_GNU_STACK, -1: none */
    uint64_t low, high;         /* addresses all segments lie in; equal when there is none */
    uint64_t align;             /* largest sensible p_align, a power of two >= the page */
    uint64_t page;              /* least p_align of a PT_LOAD: made for pages of at most this */
    ElfSegment *load;           /* PT_LOAD in file order */
    unsigned n_load;
} ElfImage;

enum { ELF_HEAD_BYTES = 64, ELF_PHDRS_MAX = 65536, ELF_INTERP_MAX = 4096 };

/*
 * elf_phdr_range: where the program headers are, from the first ELF_HEAD_BYTES (or fewer) of
 * a file, so that a reader knows how much to read. False: this is no ELF file worth reading on.
 */
bool elf_phdr_range(Bytes head, uint64_t *offset, uint64_t *bytes);

/*
 * elf_parse: fill img from the ELF header and the program headers.
 *
 *   head    the first bytes of the file, the ELF header at least
 *   phdrs   the range that elf_phdr_range() named, as far as the file has it
 *   why     set to a constant text on failure
 *
 * Returns 0 (then call elf_image_free()), -ENOEXEC or -ENOMEM.
 */
int elf_parse(Bytes head, Bytes phdrs, ElfImage *img, const char **why);
void elf_image_free(ElfImage *img);

/*
 * elf_property_bti: whether the notes of PT_GNU_PROPERTY say that all code has landing pads for
 * indirect branches (GNU_PROPERTY_AARCH64_FEATURE_1_BTI).
 */
bool elf_property_bti(Bytes notes);

/*
 * elf_check_segments: do the segments make a program? Sizes and sums in range, file offsets
 * that can be mapped, no two segments over the same bytes. Sets low and high. Returns 0 or
 * -EINVAL with *why.
 */
int elf_check_segments(ElfImage *img, const char **why);
