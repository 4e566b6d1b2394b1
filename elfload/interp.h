/* SPDX-License-Identifier: MIT */
/* interp.h: the program interpreter (dynamic linker) that an ELF file names. */
#pragma once

#include "elfload/parse.h"
#include "syscall/user.h"

/*
 * interp_name: the name in PT_INTERP. name holds ELF_INTERP_MAX bytes. Returns 0, or -ENOEXEC
 * or -EIO with *why and an empty name.
 */
int interp_name(int fd, const ElfImage *img, char *name, const char **why);

/*
 * interp_open: find the interpreter, under the -L prefix first, open it and check that it is
 * an ELF file for the same machine. Returns a descriptor with *interp filled (free it with
 * elf_image_free()), or -errno as execve(2) would give, with *why.
 */
int interp_open(Thread *t, const char *name, const ElfImage *program, ElfImage *interp,
                const char **why);
