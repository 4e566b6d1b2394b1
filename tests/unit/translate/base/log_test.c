// SPDX-License-Identifier: MIT
#include "translate/base/log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/mimus-log-XXXXXX";

/* logged: what the log file holds. */
static const char *logged(void)
{
    static char text[8192];
    FILE *f = fopen(path, "r");
    size_t n = fread(text, 1, sizeof(text) - 1, f);

    fclose(f);
    text[n] = 0;
    return text;
}

static void open_log(void)
{
    cr_assert(mkstemp(path) >= 0);
    cr_assert_eq(log_open(path), 0);
}

static void remove_log(void)
{
    unlink(path);
}

Test(log, select_sets_bits)
{
    const char *bad;

    cr_assert_eq(log_select("elf,jit", &bad), 0);
    cr_assert_eq(log_mask, 1u << LOG_BIT_elf | 1u << LOG_BIT_jit);
    cr_assert_eq(log_select("op,page", &bad), 0);
    cr_assert(LOG_ON(ir) && LOG_ON(mem));
    cr_assert_eq(log_select("", &bad), 0);
    cr_assert_eq(log_select("all", &bad), 0);
    cr_assert(LOG_ON(unimp) && LOG_ON(host));
}

Test(log, select_names_the_unknown)
{
    const char *bad = NULL, *list = "elf,nosuch,jit";

    cr_assert_eq(log_select(list, &bad), -1);
    cr_assert_eq(bad, list + 4);
}

Test(log, lines_go_to_the_file, .init = open_log, .fini = remove_log)
{
    log_mask = 1u << LOG_BIT_elf;
    LOG(elf, "segment %u at 0x%x", 3u, 0x1000u);
    LOG(jit, "not on");
    LOG(elf, "own newline\n");
    log_raw("raw\ntext\n", 9);
    cr_assert_str_eq(logged(), "elf: segment 3 at 0x1000\nelf: own newline\nraw\ntext\n");
}

Test(log, long_line_is_cut, .init = open_log, .fini = remove_log)
{
    char big[4000];

    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = 0;
    log_line("mem", "%s", big);
    const char *text = logged();
    size_t n = strlen(text);
    cr_assert(n <= 1024 && n > 1000);
    cr_assert_eq(text[n - 1], '\n');
}

Test(log, open_reports_errno)
{
    cr_assert_lt(log_open("/nonexistent/dir/file"), 0);
}

Test(log, die_exits, .exit_code = 126)
{
    close(STDERR_FILENO);
    die(126, "%s: no such thing", "a.out");
}

Test(log, ranges)
{
    const char *bad = NULL, *list = "0x10,zz";

    cr_assert(log_in_range(5, 1));      /* nothing selected: all */
    cr_assert_eq(log_select_range("0x1000..0x1fff,0x3000+0x10,0x5000-0x10", &bad), 0);
    cr_assert(log_in_range(0x1000, 1) && log_in_range(0x1fff, 4) && !log_in_range(0x2000, 4));
    cr_assert(log_in_range(0xff8, 9) && !log_in_range(0xff8, 8));
    cr_assert(log_in_range(0x300f, 1) && !log_in_range(0x3010, 1));
    cr_assert(log_in_range(0x4ff1, 1) && log_in_range(0x5000, 1) && !log_in_range(0x4ff0, 1));
    cr_assert_eq(log_select_range(list, &bad), -1);
    cr_assert_eq(bad, list + 5);
    cr_assert_eq(log_select_range("5..4", &bad), -1);
    cr_assert_eq(log_select_range("5+0", &bad), -1);
}
