/* SPDX-License-Identifier: MIT */
/* magic.c: from a Guest to the bytes that its programs begin with. */
#include "binfmt/magic.h"

#include <elf.h>
#include <stdio.h>

enum {
    MAGIC_BYTES = 20,           /* e_ident, e_type, e_machine */
    E_TYPE = 16,
    E_MACHINE = 18,
};

/* Guests that others know under another name. */
static const struct {
    const char *guest, *platform;
} platforms[] = {
    { "aarch64", "arm64" },
    { "x86_64", "amd64" },
    { "i386", "386" },
    { "mips64el", "mips64le" },
    { "mipsel", "mipsle" },
    { "loongarch64", "loong64" },
};

static void put16(uint8_t *p, unsigned value, const Guest *guest)
{
    bool big = guest->elf_data == ELFDATA2MSB;

    p[big ? 0 : 1] = (uint8_t)(value >> 8);
    p[big ? 1 : 0] = (uint8_t)value;
}

void magic_head(const Guest *guest, unsigned type, uint8_t head[BINFMT_HEAD])
{
    memset(head, 0, BINFMT_HEAD);
    memcpy(head, ELFMAG, SELFMAG);
    head[EI_CLASS] = guest->elf_class;
    head[EI_DATA] = guest->elf_data;
    head[EI_VERSION] = EV_CURRENT;
    put16(head + E_TYPE, type, guest);
    put16(head + E_MACHINE, guest->elf_machine, guest);
}

void magic_entry(const Guest *guest, const char *interpreter, bool credential, BinfmtEntry *e)
{
    memset(e, 0, sizeof(*e));
    snprintf(e->name, sizeof(e->name), "mimus-%s", guest->name);
    snprintf(e->interpreter, sizeof(e->interpreter), "%s", interpreter);
    strcpy(e->flags, credential ? "OPCF" : "OPF");
    e->enabled = true;
    e->length = MAGIC_BYTES;
    magic_head(guest, ET_EXEC, e->magic);
    memset(e->mask, 0xff, MAGIC_BYTES);
    e->mask[EI_OSABI] = (uint8_t)~(ELFOSABI_GNU | ELFOSABI_SYSV);
    memset(e->mask + EI_ABIVERSION, 0, EI_NIDENT - EI_ABIVERSION);
    put16(e->mask + E_TYPE, 0xffff & ~(ET_EXEC ^ ET_DYN), guest);
}

const char *magic_platform(const Guest *guest)
{
    for (size_t i = 0; i < ARRAY_LEN(platforms); i++) {
        if (!strcmp(platforms[i].guest, guest->name))
            return platforms[i].platform;
    }
    return guest->name;
}

/* core: a name without what may stand around it; its length in n. */
static const char *core(const char *name, size_t *n)
{
    const char *os = "linux/", *entry = "mimus-";

    if (!strncmp(name, os, strlen(os)))
        name += strlen(os);
    if (!strncmp(name, entry, strlen(entry)))
        name += strlen(entry);
    *n = strcspn(name, "/");
    return name;
}

static bool is_word(const char *p, size_t n, const char *word)
{
    return strlen(word) == n && !memcmp(p, word, n);
}

const Guest *magic_guest(const char *name)
{
    size_t n;
    const char *p = core(name, &n);

    for (const Guest *const *g = guest_list; *g; g++) {
        if (is_word(p, n, (*g)->name) || is_word(p, n, magic_platform(*g)))
            return *g;
    }
    return NULL;
}

const char *const magic_host_platforms[] = {
#if defined __x86_64__
    "linux/amd64", "linux/386",
#elif defined __aarch64__
    "linux/arm64",
#endif
    NULL,
};

bool magic_host_platform(const char *name)
{
    size_t n;
    const char *p = core(name, &n);

    for (const char *const *h = magic_host_platforms; *h; h++) {
        if (is_word(p, n, strchr(*h, '/') + 1))
            return true;
    }
    return false;
}

bool magic_native(const Guest *guest)
{
#if defined __x86_64__
    return guest->elf_machine == EM_X86_64 || guest->elf_machine == EM_386;
#elif defined __aarch64__
    return guest->elf_machine == EM_AARCH64;
#else
    return false;
#endif
}
