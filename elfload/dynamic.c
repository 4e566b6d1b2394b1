// SPDX-License-Identifier: MIT
/* dynamic.c: a look into the table of dynamic names, by reading the file: nothing is mapped yet. */
#include "elfload/dynamic.h"

#include <elf.h>
#include <stdlib.h>
#include <unistd.h>

enum { ENTRIES_MAX = 256, NAMES_MAX = 1 << 20 };

/* file_offset: where the bytes for address va are in the file; false: nowhere. */
static bool file_offset(const ElfImage *img, uint64_t va, uint64_t *off)
{
    for (unsigned i = 0; i < img->n_load; i++) {
        const ElfSegment *s = &img->load[i];

        if (va >= s->vaddr && va - s->vaddr < s->filesz) {
            *off = s->offset + (va - s->vaddr);
            return true;
        }
    }
    return false;
}

/* name_table: place and size of the table of names; false: none, or too large to be worth it. */
static bool name_table(int fd, const ElfImage *img, uint64_t *off, uint64_t *bytes)
{
    Elf64_Dyn d[ENTRIES_MAX];
    uint64_t va = 0, want = img->dynamic_bytes < sizeof(d) ? img->dynamic_bytes : sizeof(d);
    ssize_t got = pread(fd, d, want, (off_t)img->dynamic_offset);

    *bytes = 0;
    for (ssize_t i = 0; i < got / (ssize_t)sizeof(d[0]) && d[i].d_tag != DT_NULL; i++) {
        if (d[i].d_tag == DT_STRTAB)
            va = d[i].d_un.d_ptr;
        else if (d[i].d_tag == DT_STRSZ)
            *bytes = d[i].d_un.d_val;
    }
    return *bytes && *bytes <= NAMES_MAX && file_offset(img, va, off);
}

bool elf_dynamic_names(int fd, const ElfImage *img, const char *name)
{
    uint64_t off, bytes;
    size_t n = strlen(name) + 1;
    bool found = false;

    if (img->elf_class != ELFCLASS64 || img->data != ELFDATA2LSB || !img->dynamic_bytes ||
        !name_table(fd, img, &off, &bytes))
        return false;
    char *names = malloc(bytes);
    ssize_t got = names ? pread(fd, names, bytes, (off_t)off) : 0;

    for (char *p = names; p && !found && p < names + got; p++) {
        p = memmem(p, (size_t)(names + got - p), name, n);
        if (!p)
            break;
        found = p == names || p[-1] == 0;
    }
    free(names);
    return found;
}
