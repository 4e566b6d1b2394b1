/* SPDX-License-Identifier: MIT */
/* parse_test.c: ELF headers, good and hostile, for elfload/parse.c. */
#include "elfload/parse.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>

enum { MAX_PH = 8 };

typedef struct {
    Elf64_Ehdr eh;
    Elf64_Phdr ph[MAX_PH];
} File;

static File good_file(void)
{
    File f = { .eh = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                                    EV_CURRENT },
                       .e_type = ET_EXEC,
                       .e_machine = EM_AARCH64,
                       .e_version = EV_CURRENT,
                       .e_entry = 0x400100,
                       .e_phoff = offsetof(File, ph),
                       .e_ehsize = sizeof(Elf64_Ehdr),
                       .e_phentsize = sizeof(Elf64_Phdr),
                       .e_phnum = 2 } };

    f.ph[0] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0, 0x400000, 0, 0x800, 0x800, 0x10000 };
    f.ph[1] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_W, 0x800, 0x410800, 0, 0x100, 0x3000, 0x10000 };
    return f;
}

static int parse(const File *f, size_t len, ElfImage *img, const char **why)
{
    Bytes head = { (const uint8_t *)f, len }, phdrs = { NULL, 0 };
    uint64_t off, n;

    if (elf_phdr_range(head, &off, &n)) {
        phdrs.p = bytes_at(head, off, n);
        phdrs.len = phdrs.p ? n : 0;
    }
    return elf_parse(head, phdrs, img, why);
}

static int parse_all(const File *f, ElfImage *img)
{
    const char *why;

    return parse(f, sizeof(*f), img, &why);
}

static int check(const File *f)
{
    const char *why;
    ElfImage img;

    cr_assert_eq(parse(f, sizeof(*f), &img, &why), 0);
    int err = elf_check_segments(&img, &why);

    elf_image_free(&img);
    cr_assert(err == 0 || why != NULL);
    return err;
}

Test(elf_parse, good)
{
    File f = good_file();
    const char *why;
    ElfImage img;

    cr_assert_eq(parse_all(&f, &img), 0);
    cr_assert_eq(elf_check_segments(&img, &why), 0);
    cr_assert_eq(img.machine, EM_AARCH64);
    cr_assert_eq(img.n_load, 2);
    cr_assert_eq(img.low, 0x400000);
    cr_assert_eq(img.high, 0x414000);
    cr_assert_eq(img.align, 0x10000);
    cr_assert_eq(img.phdr_vaddr, 0x400000 + offsetof(File, ph));
    cr_assert_eq(img.stack_flags, -1);
    elf_image_free(&img);
}

Test(elf_parse, cut_anywhere)
{
    File f = good_file();
    size_t need = offsetof(File, ph) + 2 * sizeof(Elf64_Phdr);

    for (size_t len = 0; len < need; len++) {
        ElfImage img;
        const char *why;

        cr_assert_eq(parse(&f, len, &img, &why), -ENOEXEC, "length %zu", len);
        cr_assert(why != NULL);
    }
}

Test(elf_parse, big_endian_32)
{
    static const uint8_t head[52] = { 0x7f, 'E', 'L', 'F', 1, 2, 1, [17] = 2, [19] = 8, [23] = 1,
                                      [31] = 52, [43] = 32, [45] = 1 };
    static const uint8_t ph[32] = { [3] = 1, [9] = 0x40, [19] = 0x10, [23] = 0x10, [27] = 5 };
    uint64_t off, n;
    const char *why;
    ElfImage img;

    cr_assert(elf_phdr_range((Bytes){ head, sizeof(head) }, &off, &n));
    cr_assert_eq(off, 52);
    cr_assert_eq(n, 32);
    cr_assert_eq(elf_parse((Bytes){ head, sizeof(head) }, (Bytes){ ph, 32 }, &img, &why), 0);
    cr_assert_eq(img.machine, EM_MIPS);
    cr_assert_eq(img.load[0].vaddr, 0x400000);
    cr_assert_eq(img.load[0].memsz, 0x10);
    elf_image_free(&img);
}

Test(elf_parse, refused_headers)
{
    ElfImage img;
    File f = good_file();

    f.eh.e_type = ET_REL;
    cr_expect_eq(parse_all(&f, &img), -ENOEXEC);
    f = good_file();
    f.eh.e_phnum = 0;
    cr_expect_eq(parse_all(&f, &img), -ENOEXEC);
    f = good_file();
    f.eh.e_phnum = 0xffff;
    cr_expect_eq(parse_all(&f, &img), -ENOEXEC);
    f = good_file();
    f.eh.e_phentsize = 55;
    cr_expect_eq(parse_all(&f, &img), -ENOEXEC);
    f = good_file();
    f.eh.e_phoff = UINT64_MAX - 8;
    cr_expect_eq(parse_all(&f, &img), -ENOEXEC);
    f = good_file();
    f.eh.e_ident[EI_CLASS] = 7;
    cr_expect_eq(parse_all(&f, &img), -ENOEXEC);
}

Test(elf_parse, interpreter_length)
{
    static const uint64_t bad[] = { 0, 1, ELF_INTERP_MAX + 1, UINT64_MAX };
    File f = good_file();
    ElfImage img;

    f.eh.e_phnum = 3;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        f.ph[2] = (Elf64_Phdr){ .p_type = PT_INTERP, .p_filesz = bad[i] };
        cr_expect_eq(parse_all(&f, &img), -ENOEXEC);
    }
    f.ph[2].p_filesz = 20;
    cr_expect_eq(parse_all(&f, &img), 0);
    elf_image_free(&img);
}

Test(elf_parse, absurd_alignment_is_ignored)
{
    File f = good_file();
    ElfImage img;

    f.ph[0].p_align = 1ull << 63;
    f.ph[1].p_align = 0x12345;
    cr_assert_eq(parse_all(&f, &img), 0);
    cr_assert_eq(img.align, PAGE_BYTES);
    elf_image_free(&img);
}

Test(elf_check, refused_segments)
{
    File f = good_file();

    f.ph[1].p_memsz = UINT64_MAX;
    cr_expect_eq(check(&f), -EINVAL, "size near 2^64");
    f = good_file();
    f.ph[1].p_memsz = 0x10;
    cr_expect_eq(check(&f), -EINVAL, "file size over memory size");
    f = good_file();
    f.ph[1].p_vaddr = 0x7ffffffff800;
    cr_expect_eq(check(&f), -EINVAL, "past the end of user space");
    f = good_file();
    f.ph[1].p_offset = 0x801;
    cr_expect_eq(check(&f), -EINVAL, "offset and address differ");
    f = good_file();
    f.ph[1].p_offset = UINT64_MAX - 0x7ff;
    cr_expect_eq(check(&f), -EINVAL, "file range wraps");
    f = good_file();
    f.ph[1].p_vaddr = 0x400000;
    f.ph[1].p_offset = 0;
    cr_expect_eq(check(&f), -EINVAL, "overlap");
    f = good_file();
    f.ph[0].p_type = f.ph[1].p_type = PT_NULL;
    cr_expect_eq(check(&f), -EINVAL, "nothing to load");
}

/* A PT_GNU_PROPERTY note with one 4-byte property. */
typedef struct {
    Elf64_Nhdr n;
    char name[4];
    uint32_t type, len, value, pad;
} Note;

static Note good_note(void)
{
    return (Note){ { 4, 16, 5 }, "GNU", 0xc0000000, 4, 1, 0 };
}

static bool bti(const Note *n, size_t len)
{
    return elf_property_bti((Bytes){ (const uint8_t *)n, len });
}

Test(elf_property, bti_is_a_bit_of_one_property)
{
    Note n = good_note();

    cr_expect(bti(&n, sizeof(n)));
    for (size_t len = 0; len < sizeof(n); len++)
        cr_expect(!bti(&n, len), "%zu bytes", len);
    n.value = 2;                /* PAC alone */
    cr_expect(!bti(&n, sizeof(n)));
    n = good_note();
    n.type = 0xc0000001;
    cr_expect(!bti(&n, sizeof(n)));
    n = good_note();
    n.n.n_type = 1;
    cr_expect(!bti(&n, sizeof(n)));
    n = good_note();
    n.len = UINT32_MAX;
    cr_expect(!bti(&n, sizeof(n)));
    n.type = 7;                 /* a property of such a length cannot be passed over */
    cr_expect(!bti(&n, sizeof(n)));
    n = good_note();
    n.name[0] = 'X';
    cr_expect(!bti(&n, sizeof(n)));
}
