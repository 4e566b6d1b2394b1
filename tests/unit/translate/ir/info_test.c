/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "tests/unit/guest_test.h"
#include "translate/ir/info.h"

static IrBlock b;

/* drained: what ir_drained() says at the end of ops. */
static bool drained(const char *ops, bool release_only)
{
    char text[512], err[160];

    snprintf(text, sizeof(text), "block 0x1000 test +4\n%s  exit_to #0x2000\n", ops);
    ir_block_init(&b, &guest_test);
    cr_assert(!ir_parse(&b, text, err, sizeof(err)), "%s", err);
    bool is = ir_drained(&b, b.n_op - 1, release_only);

    ir_block_free(&b);
    return is;
}

Test(info, an_atomic_operation_drains)
{
    cr_expect(drained("  amo_add.i64 x2, [x0], x1\n", false));
    cr_expect(drained("  fence full\n  add.i64 x2, x0, x1\n", false));
    cr_expect(!drained("  fence st\n", false));
    cr_expect(!drained("  add.i64 x2, x0, x1\n", false));
}

Test(info, a_store_behind_it_counts)
{
    const char *plain = "  amo_add.i64 x2, [x0], x1\n  insn +4\n  store.i64 [x0], x1\n";
    const char *release = "  amo_add.i64 x2, [x0], x1\n  insn +4\n  store.i64.rel [x0], x1\n";

    cr_expect(!drained(plain, false));
    cr_expect(drained(plain, true));
    cr_expect(!drained(release, true));
}

Test(info, an_acquire_load_has_waited_for_release_stores)
{
    cr_expect(drained("  load.i64.acq x2, [x0]\n", true));
    cr_expect(!drained("  load.i64.acq x2, [x0]\n", false));
    cr_expect(!drained("  load.i64 x2, [x0]\n", true));
}
