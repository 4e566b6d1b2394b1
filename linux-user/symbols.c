// SPDX-License-Identifier: MIT
#include "linux-user/symbols.h"

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "translate/base/own_memory.h"

typedef struct {
    uint64_t value, size;
    const char *name;
} Entry;

/* A file that is or was mapped; its bytes stay mapped by us for the names. */
typedef struct File {
    struct File *next;
    char *path;
    const char *base;       /* last part of path */
    Entry *entry;           /* by value */
    size_t n_entry;
    GElf_Phdr *load;        /* PT_LOAD */
    size_t n_load;
} File;

typedef struct {
    uint64_t start, end, offset;
    File *file;
} Range;

static File *files;
static Range *ranges;       /* by address */
static size_t n_range, cap_range;
static bool fresh;

/* ---- one file ---- */

static bool wanted(const GElf_Sym *s, const char *name)
{
    unsigned type = GELF_ST_TYPE(s->st_info);

    /* $x and the like mark code and data within functions. */
    return name && *name && *name != '$' && s->st_shndx != SHN_UNDEF && s->st_value &&
           (type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE);
}

static int by_value(const void *a, const void *b)
{
    const Entry *x = a, *y = b;

    /* Of several names the sized one comes last, where the search finds it. */
    return x->value != y->value ? (x->value < y->value ? -1 : 1)
           : x->size != y->size ? (x->size < y->size ? -1 : 1)
                                : strcmp(y->name, x->name);
}

static void read_symbols(File *f, Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh)
{
    Elf_Data *data = elf_getdata(scn, NULL);
    size_t n = sh->sh_entsize ? sh->sh_size / sh->sh_entsize : 0;

    f->entry = data && n ? calloc(n, sizeof(*f->entry)) : NULL;
    for (size_t i = 0; f->entry && i < n; i++) {
        GElf_Sym s;

        if (!gelf_getsym(data, (int)i, &s))
            continue;
        const char *name = elf_strptr(elf, sh->sh_link, s.st_name);

        if (wanted(&s, name))
            f->entry[f->n_entry++] = (Entry){ s.st_value, s.st_size, name };
    }
    if (f->n_entry)
        qsort(f->entry, f->n_entry, sizeof(*f->entry), by_value);
}

static void read_tables(File *f, Elf *elf)
{
    static const GElf_Word order[] = { SHT_SYMTAB, SHT_DYNSYM };

    for (unsigned i = 0; i < ARRAY_LEN(order) && !f->n_entry; i++) {
        for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn));) {
            GElf_Shdr sh;

            if (gelf_getshdr(scn, &sh) && sh.sh_type == order[i]) {
                free(f->entry);
                read_symbols(f, elf, scn, &sh);
                break;
            }
        }
    }
}

static void read_segments(File *f, Elf *elf)
{
    size_t n;

    if (elf_getphdrnum(elf, &n) || !n || !(f->load = calloc(n, sizeof(*f->load))))
        return;
    for (size_t i = 0; i < n; i++) {
        if (gelf_getphdr(elf, (int)i, &f->load[f->n_load]) &&
            f->load[f->n_load].p_type == PT_LOAD)
            f->n_load++;
    }
}

static void file_read(File *f)
{
    int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *m = MAP_FAILED;

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > SELFMAG)
        m = own_mmap((size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
    close(fd);
    if (m == MAP_FAILED)
        return;
    own_memory(m, (size_t)st.st_size);
    Elf *elf = memcmp(m, ELFMAG, SELFMAG) ? NULL : elf_memory(m, (size_t)st.st_size);

    if (!elf) {
        own_memory_gone(m);
        munmap(m, (size_t)st.st_size);
        return;
    }
    /* elf stays: it owns what it has converted. */
    read_segments(f, elf);
    read_tables(f, elf);
}

static File *file_of(const char *path)
{
    File *f = files;

    while (f && strcmp(f->path, path))
        f = f->next;
    if (f || !(f = calloc(1, sizeof(*f))))
        return f;
    f->path = strdup(path);
    if (!f->path) {
        free(f);
        return NULL;
    }
    const char *slash = strrchr(f->path, '/');

    f->base = slash ? slash + 1 : f->path;
    f->next = files;
    files = f;
    file_read(f);
    return f;
}

/* ---- the memory map ---- */

static void add_range(const char *line)
{
    Range r;
    int path = 0;
    char read;

    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %c%*3s %" SCNx64 " %*s %*s %n", &r.start, &r.end,
               &read, &r.offset, &path) != 4 || read != 'r' || line[path] != '/')
        return;
    if (n_range == cap_range) {
        size_t cap = cap_range ? cap_range * 2 : 64;
        Range *more = reallocarray(ranges, cap, sizeof(*more));

        if (!more)
            return;
        ranges = more;
        cap_range = cap;
    }
    r.file = file_of(line + path);
    if (r.file)
        ranges[n_range++] = r;
}

static void read_map(void)
{
    FILE *f = fopen("/proc/self/maps", "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    fresh = true;
    n_range = 0;
    elf_version(EV_CURRENT);
    while (f && (n = getline(&line, &room, f)) > 0) {
        line[n - 1] = 0;
        add_range(line);
    }
    free(line);
    if (f)
        fclose(f);
}

void symbols_refresh(void)
{
    fresh = false;
}

/* ---- questions ---- */

static const Range *range_at(uint64_t pc)
{
    size_t lo = 0, hi = n_range;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (pc < ranges[mid].start)
            hi = mid;
        else if (pc >= ranges[mid].end)
            lo = mid + 1;
        else
            return &ranges[mid];
    }
    return NULL;
}

/* in_file: the address the file itself gives to one of its bytes. */
static uint64_t in_file(const File *f, uint64_t offset)
{
    for (size_t i = 0; i < f->n_load; i++) {
        const GElf_Phdr *p = &f->load[i];

        if (offset >= p->p_offset && offset - p->p_offset < p->p_filesz)
            return p->p_vaddr + (offset - p->p_offset);
    }
    return offset;
}

static const Entry *entry_at(const File *f, uint64_t addr)
{
    size_t lo = 0, hi = f->n_entry;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (f->entry[mid].value <= addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    /* A few back, for a small symbol may lie inside of a large one. */
    for (size_t i = lo; i > 0 && lo - i < 4; i--) {
        const Entry *e = &f->entry[i - 1];

        if (addr - e->value < e->size || (!e->size && i == lo))
            return e;
    }
    return NULL;
}

Symbol symbols_find(uint64_t pc)
{
    if (!fresh)
        read_map();
    const Range *r = range_at(pc);

    if (!r)
        return (Symbol){ 0 };
    uint64_t addr = in_file(r->file, pc - r->start + r->offset);
    const Entry *e = entry_at(r->file, addr);

    if (e)
        return (Symbol){ e->name, true, addr - e->value };
    return (Symbol){ r->file->base, false, addr };
}
