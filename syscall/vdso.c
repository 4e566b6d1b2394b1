/* SPDX-License-Identifier: MIT */
/*
 * vdso.c: the ELF image of a vDSO, one page made from a table of functions: symbols with a version
 * and a hash table, and nothing that programs do not read (no section headers).
 */
#include "syscall/vdso.h"

#include <elf.h>

enum { VDSO_DYNS = 10 };

typedef struct {
    Elf64_Verdef def;
    Elf64_Verdaux aux;
} Version;

/* The image; offsets are addresses, since it is linked at 0. */
typedef struct {
    Elf64_Ehdr eh;
    Elf64_Phdr ph[2];
    Elf64_Dyn dyn[VDSO_DYNS];
    Elf64_Sym sym[1 + VDSO_MAX_FUNCS];
    Elf64_Word hash[2 + 1 + 1 + VDSO_MAX_FUNCS];        /* one bucket */
    Elf64_Half versym[1 + VDSO_MAX_FUNCS];
    _Alignas(8) Version version[2];
    char str[320];
    _Alignas(16) uint32_t code[VDSO_MAX_FUNCS][VDSO_WORDS];
} Vdso;
_Static_assert(sizeof(Vdso) <= PAGE_BYTES, "the vDSO is one page");

/* str_add: append a string to the string table; its offset. */
static Elf64_Word str_add(Vdso *v, size_t *used, const char *s)
{
    size_t at = *used, n = strlen(s) + 1;

    assert(at + n <= sizeof(v->str));
    memcpy(v->str + at, s, n);
    *used += n;
    return (Elf64_Word)at;
}

/* The System V hash of symbol names. */
static Elf64_Word name_hash(const char *name)
{
    Elf64_Word h = 0;

    for (; *name; name++) {
        h = (h << 4) + (uint8_t)*name;
        h = (h ^ (h & 0xf0000000) >> 24) & 0x0fffffff;
    }
    return h;
}

static void vdso_headers(Vdso *v, const VdsoSpec *spec)
{
    v->eh = (Elf64_Ehdr){
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_DYN,
        .e_machine = spec->machine,
        .e_version = EV_CURRENT,
        .e_flags = spec->elf_flags,
        .e_phoff = offsetof(Vdso, ph),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = ARRAY_LEN(v->ph),
        .e_shentsize = sizeof(Elf64_Shdr),
    };
    v->ph[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_align = PAGE_BYTES,
                             .p_filesz = sizeof(*v), .p_memsz = sizeof(*v) };
    v->ph[1] = (Elf64_Phdr){
        .p_type = PT_DYNAMIC,
        .p_flags = PF_R,
        .p_offset = offsetof(Vdso, dyn),
        .p_vaddr = offsetof(Vdso, dyn),
        .p_paddr = offsetof(Vdso, dyn),
        .p_filesz = sizeof(v->dyn),
        .p_memsz = sizeof(v->dyn),
        .p_align = 8,
    };
}

static void vdso_symbols(Vdso *v, const VdsoSpec *spec, size_t *used)
{
    v->hash[0] = 1;                         /* buckets */
    v->hash[1] = 1 + spec->n;                  /* chain entries */
    v->hash[2] = 1;
    for (unsigned i = 0; i < spec->n; i++) {
        size_t at = vdso_code_offset(i);

        memcpy(v->code[i], spec->func[i].code, sizeof(v->code[i]));
        v->sym[1 + i] = (Elf64_Sym){
            .st_name = str_add(v, used, spec->func[i].name),
            .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
            .st_shndx = 1,
            .st_value = at + 4u * spec->func[i].entry,
            .st_size = sizeof(v->code[i]) - 4u * spec->func[i].entry,
        };
        v->versym[1 + i] = 2;
        /* hash[3] is the chain's entry 0. */
        v->hash[3 + 1 + i] = i + 1 < spec->n ? i + 2 : 0;
    }
}

static void vdso_version(Vdso *v, unsigned i, Elf64_Half flags, Elf64_Word name, const char *text)
{
    v->version[i] = (Version){
        .def = { .vd_version = VER_DEF_CURRENT, .vd_flags = flags,
                 .vd_ndx = (Elf64_Half)(i + 1), .vd_cnt = 1, .vd_hash = name_hash(text),
                 .vd_aux = sizeof(Elf64_Verdef),
                 .vd_next = i + 1 < ARRAY_LEN(v->version) ? sizeof(Version) : 0 },
        .aux = { .vda_name = name },
    };
}

static void vdso_dynamic(Vdso *v, Elf64_Word soname, size_t str_bytes)
{
    const Elf64_Dyn dyn[VDSO_DYNS] = {
        { DT_SONAME, { soname } },
        { DT_HASH, { offsetof(Vdso, hash) } },
        { DT_STRTAB, { offsetof(Vdso, str) } },
        { DT_SYMTAB, { offsetof(Vdso, sym) } },
        { DT_STRSZ, { str_bytes } },
        { DT_SYMENT, { sizeof(Elf64_Sym) } },
        { DT_VERSYM, { offsetof(Vdso, versym) } },
        { DT_VERDEF, { offsetof(Vdso, version) } },
        { DT_VERDEFNUM, { ARRAY_LEN(v->version) } },
        { DT_NULL, { 0 } },
    };

    memcpy(v->dyn, dyn, sizeof(dyn));
}

size_t vdso_image(void *buf, size_t len, const VdsoSpec *spec)
{
    static const char soname[] = "linux-vdso.so.1";
    Vdso *v = buf;
    size_t used = 1;        /* offset 0 is the empty name */

    assert(spec->n <= VDSO_MAX_FUNCS);
    if (len < sizeof(*v))
        return 0;
    vdso_headers(v, spec);
    vdso_symbols(v, spec, &used);
    Elf64_Word so = str_add(v, &used, soname), ver = str_add(v, &used, spec->version);

    vdso_version(v, 0, VER_FLG_BASE, so, soname);
    vdso_version(v, 1, 0, ver, spec->version);
    vdso_dynamic(v, so, used);
    return sizeof(*v);
}

size_t vdso_code_offset(unsigned func)
{
    return offsetof(Vdso, code) + sizeof(((Vdso *)0)->code[0]) * func;
}
