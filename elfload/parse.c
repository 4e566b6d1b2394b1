// SPDX-License-Identifier: MIT
/*
 * parse.c: ELF and program headers to an ElfImage; libelf turns both classes and byte orders
 * into native structures, the range checks are ours.
 */
#include "elfload/parse.h"

#include <errno.h>
#include <libelf.h>
#include <stdlib.h>

/* Guests end where x86-64 user space does; sums below never wrap. */
static const uint64_t space_end = 0x7ffffffff000;

/* Both classes as the wider one. */
typedef struct {
    Elf64_Ehdr eh;
    bool wide;
} Header;

static bool translate(void *dst, size_t dst_len, const void *src, size_t src_len, Elf_Type type,
                      bool wide, unsigned data)
{
    Elf_Data from = { .d_buf = (void *)src, .d_type = type, .d_version = EV_CURRENT,
                      .d_size = src_len };
    Elf_Data to = { .d_buf = dst, .d_version = EV_CURRENT, .d_size = dst_len };

    return (wide ? elf64_xlatetom(&to, &from, data) : elf32_xlatetom(&to, &from, data)) != NULL;
}

static void widen_ehdr(Elf64_Ehdr *w, const Elf32_Ehdr *n)
{
    memcpy(w->e_ident, n->e_ident, EI_NIDENT);
    w->e_type = n->e_type;
    w->e_machine = n->e_machine;
    w->e_entry = n->e_entry;
    w->e_phoff = n->e_phoff;
    w->e_flags = n->e_flags;
    w->e_phentsize = n->e_phentsize;
    w->e_phnum = n->e_phnum;
}

static void widen_phdr(Elf64_Phdr *w, const Elf32_Phdr *n)
{
    *w = (Elf64_Phdr){ n->p_type,  n->p_flags,  n->p_offset, n->p_vaddr,
                       n->p_paddr, n->p_filesz, n->p_memsz,  n->p_align };
}

/* header_read: NULL, or why this is no ELF header. */
static const char *header_read(Bytes head, Header *h)
{
    const uint8_t *id = bytes_at(head, 0, EI_NIDENT);
    Elf32_Ehdr narrow;

    if (!id || memcmp(id, ELFMAG, SELFMAG))
        return "not an ELF file";
    if ((id[EI_CLASS] != ELFCLASS32 && id[EI_CLASS] != ELFCLASS64) ||
        (id[EI_DATA] != ELFDATA2LSB && id[EI_DATA] != ELFDATA2MSB))
        return "ELF class or byte order is unknown";
    h->wide = id[EI_CLASS] == ELFCLASS64;

    size_t n = h->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
    const void *raw = bytes_at(head, 0, n);

    if (!raw)
        return "ELF header is cut short";
    if (h->wide) {
        if (!translate(&h->eh, n, raw, n, ELF_T_EHDR, true, id[EI_DATA]))
            return "ELF header cannot be read";
    } else {
        if (!translate(&narrow, n, raw, n, ELF_T_EHDR, false, id[EI_DATA]))
            return "ELF header cannot be read";
        widen_ehdr(&h->eh, &narrow);
    }
    return NULL;
}

static uint64_t phdr_size(const Header *h)
{
    return h->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

bool elf_phdr_range(Bytes head, uint64_t *offset, uint64_t *bytes)
{
    Header h = { 0 };

    if (header_read(head, &h) || h.eh.e_phentsize != phdr_size(&h))
        return false;
    *offset = h.eh.e_phoff;
    *bytes = (uint64_t)h.eh.e_phnum * h.eh.e_phentsize;
    return *bytes > 0 && *bytes <= ELF_PHDRS_MAX;
}

static bool phdr_read(const Header *h, Bytes phdrs, unsigned i, Elf64_Phdr *out)
{
    uint64_t n = phdr_size(h);
    const void *raw = bytes_at(phdrs, i * n, n);
    unsigned data = h->eh.e_ident[EI_DATA];
    Elf32_Phdr narrow;

    if (!raw)
        return false;
    if (h->wide)
        return translate(out, sizeof(*out), raw, n, ELF_T_PHDR, true, data);
    if (!translate(&narrow, sizeof(narrow), raw, n, ELF_T_PHDR, false, data))
        return false;
    widen_phdr(out, &narrow);
    return true;
}

static void note_load(ElfImage *img, const Elf64_Phdr *p, uint64_t phoff)
{
    img->load[img->n_load++] =
        (ElfSegment){ p->p_offset, p->p_vaddr, p->p_filesz, p->p_memsz, p->p_flags };
    if (p->p_offset <= phoff && phoff - p->p_offset < p->p_filesz)
        img->phdr_vaddr = phoff - p->p_offset + p->p_vaddr;
    if (p->p_align < img->page)
        img->page = p->p_align;
    /* Senseless alignments are ignored, as the kernel does; so are absurd ones. */
    if (p->p_align > img->align && !(p->p_align & (p->p_align - 1)) && p->p_align <= 1u << 30)
        img->align = p->p_align;
}

/* note_phdr: NULL, or why the kernel would not start this file. */
static const char *note_phdr(ElfImage *img, const Elf64_Phdr *p, uint64_t phoff)
{
    switch (p->p_type) {
    case PT_LOAD:
        note_load(img, p, phoff);
        break;
    case PT_INTERP:
        if (img->interp_bytes)
            break;              /* only the first counts */
        if (p->p_filesz < 2 || p->p_filesz > ELF_INTERP_MAX)
            return "length of the program interpreter's name is out of range";
        img->interp_offset = p->p_offset;
        img->interp_bytes = p->p_filesz;
        break;
    case PT_GNU_PROPERTY:
        img->property_offset = p->p_offset;
        img->property_bytes = p->p_filesz;
        break;
    case PT_DYNAMIC:
        img->dynamic_offset = p->p_offset;
        img->dynamic_bytes = p->p_filesz;
        break;
    case PT_GNU_STACK:
        img->stack_flags = (int)(p->p_flags & (PF_R | PF_W | PF_X));
        break;
    }
    return NULL;
}

int elf_parse(Bytes head, Bytes phdrs, ElfImage *img, const char **why)
{
    Header h = { 0 };
    Elf64_Phdr p;

    *img = (ElfImage){ .stack_flags = -1, .align = PAGE_BYTES, .page = UINT64_MAX };
    *why = header_read(head, &h);
    if (*why)
        return -ENOEXEC;
    *why = h.eh.e_type != ET_EXEC && h.eh.e_type != ET_DYN ? "not an executable ELF file"
           : h.eh.e_phentsize != phdr_size(&h) ? "program header size is wrong"
           : h.eh.e_phnum == 0                 ? "no program headers"
           : (uint64_t)h.eh.e_phnum * phdr_size(&h) > ELF_PHDRS_MAX ? "too many program headers"
           : phdrs.len < h.eh.e_phnum * phdr_size(&h)
               ? "program header table is outside the file"
               : NULL;
    if (*why)
        return -ENOEXEC;
    img->elf_class = h.eh.e_ident[EI_CLASS];
    img->data = h.eh.e_ident[EI_DATA];
    img->type = h.eh.e_type;
    img->machine = h.eh.e_machine;
    img->flags = h.eh.e_flags;
    img->entry = h.eh.e_entry;
    img->phnum = h.eh.e_phnum;
    img->phentsize = h.eh.e_phentsize;
    img->load = calloc(h.eh.e_phnum, sizeof(*img->load));
    if (!img->load) {
        *why = "out of memory";
        return -ENOMEM;
    }
    for (unsigned i = 0; i < h.eh.e_phnum && !*why; i++) {
        *why = phdr_read(&h, phdrs, i, &p) ? note_phdr(img, &p, h.eh.e_phoff)
                                           : "program header cannot be read";
    }
    if (*why) {
        elf_image_free(img);
        return -ENOEXEC;
    }
    return 0;
}

void elf_image_free(ElfImage *img)
{
    free(img->load);
    img->load = NULL;
}

static const char *segment_problem(const ElfSegment *s)
{
    if (s->filesz > s->memsz)
        return "segment is larger in the file than in memory";
    if (s->memsz > space_end || s->vaddr > space_end - s->memsz)
        return "segment lies outside the address space";
    if (s->filesz && (s->offset > INT64_MAX - s->filesz - PAGE_BYTES))
        return "segment's file range is out of range";
    if (s->filesz && ((s->vaddr - s->offset) & (PAGE_BYTES - 1)))
        return "segment's address and file offset do not fit together";
    return NULL;
}

static int by_vaddr(const void *a, const void *b)
{
    const ElfSegment *x = a, *y = b;

    return (x->vaddr > y->vaddr) - (x->vaddr < y->vaddr);
}

/* overlap: some byte belongs to two segments. -ENOMEM counts as none. */
static bool segments_overlap(const ElfImage *img)
{
    ElfSegment *s = malloc(img->n_load * sizeof(*s));
    uint64_t end = 0;
    bool bad = false;

    if (!s)
        return false;
    memcpy(s, img->load, img->n_load * sizeof(*s));
    qsort(s, img->n_load, sizeof(*s), by_vaddr);
    for (unsigned i = 0; i < img->n_load; i++) {
        if (!s[i].memsz)
            continue;
        bad |= s[i].vaddr < end;
        end = s[i].vaddr + s[i].memsz;
    }
    free(s);
    return bad;
}

int elf_check_segments(ElfImage *img, const char **why)
{
    uint64_t low = UINT64_MAX, high = 0;

    for (unsigned i = 0; i < img->n_load; i++) {
        const ElfSegment *s = &img->load[i];

        *why = segment_problem(s);
        if (*why)
            return -EINVAL;
        if (!s->memsz)
            continue;
        low = s->vaddr < low ? s->vaddr : low;
        high = s->vaddr + s->memsz > high ? s->vaddr + s->memsz : high;
    }
    *why = !high                    ? "no segment to load"
           : segments_overlap(img) ? "segments overlap"
                                   : NULL;
    if (*why)
        return -EINVAL;
    img->low = align_down(low, PAGE_BYTES);
    img->high = align_up(high, PAGE_BYTES);
    return 0;
}

/* property_bti: the properties of one note: type and length, data, padding to 8 bytes. */
static bool property_bti(Bytes d)
{
    enum { AARCH64_FEATURE_1_AND = 0xc0000000, FEATURE_1_BTI = 1 };
    uint32_t head[2], value;

    for (uint64_t at = 0; bytes_at(d, at, sizeof(head)); at += align_up(head[1], 8)) {
        memcpy(head, d.p + at, sizeof(head));
        at += sizeof(head);
        if (head[0] != AARCH64_FEATURE_1_AND)
            continue;
        if (head[1] != sizeof(value) || !bytes_at(d, at, sizeof(value)))
            return false;
        memcpy(&value, d.p + at, sizeof(value));
        return value & FEATURE_1_BTI;
    }
    return false;
}

/* Linux looks at one note only, and so do we: it is the one the linker makes. */
bool elf_property_bti(Bytes notes)
{
    enum { PROPERTY_TYPE_0 = 5, NAME_BYTES = 4 };
    Elf64_Nhdr n;
    const uint8_t *data;

    if (!bytes_at(notes, 0, sizeof(n) + NAME_BYTES))
        return false;
    memcpy(&n, notes.p, sizeof(n));
    data = bytes_at(notes, sizeof(n) + NAME_BYTES, n.n_descsz);
    if (n.n_type != PROPERTY_TYPE_0 || n.n_namesz != NAME_BYTES || !data ||
        memcmp(notes.p + sizeof(n), "GNU", NAME_BYTES))
        return false;
    return property_bti((Bytes){ data, n.n_descsz });
}
