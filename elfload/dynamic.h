/* SPDX-License-Identifier: MIT */
/* dynamic.h: what a program's dynamic section tells before it is loaded. */
#pragma once

#include "elfload/parse.h"

/*
 * elf_dynamic_names: does name, a symbol defined or wanted or a library, occur in the table of
 * dynamic names of the 64-bit file fd? A file that is odd in any way has no names.
 */
bool elf_dynamic_names(int fd, const ElfImage *img, const char *name);
