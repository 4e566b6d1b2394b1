/* SPDX-License-Identifier: MIT */
/* entry_test.c: entries of binfmt_misc as text, and what they match. */
#include "binfmt/entry.h"

#include <criterion/criterion.h>
#include <elf.h>

#include "binfmt/magic.h"

static const Guest *guest(void)
{
    return magic_guest("aarch64");
}

Test(entry, the_kernels_text_is_read)
{
    BinfmtEntry e;

    cr_assert(entry_parse("x", "enabled\ninterpreter /bin/a b\nflags: POF\noffset 2\n"
                               "magic 7f45\nmask ff0f\n", &e));
    cr_assert(e.enabled && e.offset == 2 && e.length == 2);
    cr_assert_str_eq(e.interpreter, "/bin/a b");
    cr_assert_str_eq(e.flags, "POF");
    cr_assert(e.magic[1] == 0x45 && e.mask[1] == 0x0f);
    cr_assert(entry_parse("x", "disabled\ninterpreter /a\nflags: \nextension .jar\n", &e));
    cr_assert(e.by_extension && !e.enabled);
}

Test(entry, odd_text_is_refused)
{
    static const char *const texts[] = {
        "", "enabled\n", "enabled\ninterpreter /a\nflags: \noffset 0\nmagic 7f4\n",
        "enabled\ninterpreter /a\nflags: \noffset 0\nmagic zz\n",
        "enabled\ninterpreter /a\nflags: \noffset 300\nmagic 7f\n",
        "enabled\ninterpreter /a\nflags: \noffset 255\nmagic 7f45\n",
        "enabled\ninterpreter /a\nflags: POCFPOCFPOCF\noffset 0\nmagic 7f\n",
        "enabled\ninterpreter /a\nflags: \noffset 0\nmagic 7f45\nmask ff\n",
        "enabled\ninterpreter /a\nflags: \noffset 0\nmagic 7f45",
    };
    BinfmtEntry e;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        cr_expect(!entry_parse("x", texts[i], &e), "text %zu", i);
    cr_expect(!entry_parse("", "enabled\ninterpreter /a\noffset 0\nmagic 7f\n", &e));
}

Test(entry, both_types_and_abis_match_and_no_others)
{
    uint8_t head[BINFMT_HEAD];
    BinfmtEntry e;

    magic_entry(guest(), "/m", false, &e);
    magic_head(guest(), ET_EXEC, head);
    cr_expect(entry_matches(&e, head));
    magic_head(guest(), ET_DYN, head);
    cr_expect(entry_matches(&e, head));
    head[EI_OSABI] = ELFOSABI_GNU;
    cr_expect(entry_matches(&e, head));
    memcpy(head + EI_ABIVERSION, "AI\2", 3);
    cr_expect(entry_matches(&e, head), "an AppImage");
    head[EI_OSABI] = ELFOSABI_FREEBSD;
    cr_expect(!entry_matches(&e, head));
    magic_head(guest(), ET_CORE, head);
    cr_expect(!entry_matches(&e, head));
    magic_head(guest(), ET_DYN, head);
    head[EI_CLASS] = ELFCLASS32;
    cr_expect(!entry_matches(&e, head));
    e.enabled = false;
    magic_head(guest(), ET_DYN, head);
    cr_expect(!entry_matches(&e, head));
}

Test(entry, the_line_avoids_its_delimiter)
{
    char line[BINFMT_LINE_MAX + 1];
    BinfmtEntry e;

    magic_entry(guest(), "/a:b", false, &e);
    cr_assert_null(entry_line(&e, line));
    cr_expect(*line == '|' && strstr(line, "|/a:b|OPF"), "%s", line);
    magic_entry(guest(), "/a:|,;!^", false, &e);
    cr_expect(entry_line(&e, line));
    memset(e.interpreter, 'x', sizeof(e.interpreter) - 1);
    cr_expect(entry_line(&e, line));
}

Test(entry, flags_are_compared_as_a_set)
{
    BinfmtEntry a, b;

    magic_entry(guest(), "/m", false, &a);
    b = a;
    strcpy(b.flags, "FPO");
    cr_expect(entry_same(&a, &b));
    strcpy(b.flags, "FP");
    cr_expect(!entry_same(&a, &b));
    strcpy(a.flags, "FPC");
    strcpy(b.flags, "FPOC");
    cr_expect(entry_same(&a, &b));
    b.mask[7] ^= 1;
    cr_expect(!entry_same(&a, &b));
}

Test(entry, guests_go_by_several_names)
{
    cr_expect(magic_guest("arm64") == guest() && magic_guest("linux/arm64") == guest() &&
              magic_guest("mimus-aarch64") == guest());
    cr_expect_null(magic_guest("vax"));
    cr_expect(!magic_native(guest()));
}
