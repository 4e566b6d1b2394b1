/* SPDX-License-Identifier: MIT */
/* options_test.c: options over exec, and the guest's environment. */
#include "linux-user/options.h"

#include <criterion/criterion.h>

Test(options, escape_round_trip)
{
    static const char text[] = "a b;c%d\n\x01z=1";
    char coded[128], back[128];
    size_t n = text_escape(coded, sizeof(coded), text);

    cr_assert_eq(strcspn(coded, " ;\n"), n);
    text_unescape(back, sizeof(back), coded, n);
    cr_assert_str_eq(back, text);
}

Test(options, unescape_cut_short)
{
    char back[8];

    cr_assert_eq(text_unescape(back, sizeof(back), "%4", 2), 2);
    cr_assert_str_eq(back, "%4");
    cr_assert_eq(text_unescape(back, sizeof(back), "0123456789", 10), 7);
}

Test(options, carried_over_exec)
{
    char text[512], again[512];

    options_import("s=128%4b;one-insn-per-tb=;E=no=1;nonsense=2;");
    cr_assert_eq(options.stack_bytes, 128 << 10);
    cr_assert(options.translate.one_insn_per_block);
    cr_assert_gt(options_export(text, sizeof(text)), 0);
    cr_assert_str_eq(text, "s=128K;one-insn-per-tb=;");
    options_import(text);
    options_export(again, sizeof(again));
    cr_assert_str_eq(text, again);
}

Test(options, environment_edits)
{
    char *args[] = { "mimus", "-E", "A=1,B=2", "-U", "C", "prog", NULL };
    char *env[] = { "A=0", "C=3", "D=4", NULL };

    cr_assert_eq(options_parse(6, args), 5);
    char **out = options_environ(env);

    cr_assert_str_eq(out[0], "D=4");
    cr_assert_str_eq(out[1], "A=1");
    cr_assert_str_eq(out[2], "B=2");
    cr_assert_null(out[3]);
}

Test(options, value_behind_equals)
{
    char *args[] = { "mimus", "-stats=json", "--profile", "prog", NULL };
    char text[256];

    cr_assert_eq(options_parse(4, args), 3);
    cr_assert_eq(options.stats, STATS_JSON);
    cr_assert(options.profile);
    cr_assert_null(options.profile_file);
    options_export(text, sizeof(text));
    cr_assert_str_eq(text, "stats=json;profile=;");
    options.stats = STATS_NONE;
    options_import(text);
    cr_assert_eq(options.stats, STATS_JSON);
}

Test(options, twins_ours_win)
{
    char *env[] = { "MIMUS_STACK_SIZE=64K", "QEMU_STACK_SIZE=32K", "QEMU_ONE_INSN_PER_TB=1", NULL };

    options_from_env(env);
    cr_assert_eq(options.stack_bytes, 64 << 10);
    cr_assert(options.translate.one_insn_per_block);
}
