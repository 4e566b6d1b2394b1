/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/unit/guest_test.h"

typedef struct {
    const char *text, *error;
} BadText;

// clang-format off
static const BadText bad_texts[] = {
    { "",                                           "no block" },
    { "add.i64 x0, x1, x2",                         "line 1: expected 'block'" },
    { "block 0x1000 other",                         "is not 'test'" },
    { "block 0x1000 test +4 5",                     "junk" },
    { "block 1 test\n bogus x0",                    "line 2: unknown op 'bogus'" },
    { "block 1 test\n add.i63 x0, x1, x2",          "unknown suffix '.i63'" },
    { "block 1 test\n add.i64 x0, x1",              "expected a comma" },
    { "block 1 test\n add.i64 x0, x1, x2, x3",      "unknown word 'x3'" },
    { "block 1 test\n add.i64 #5, x1, x2",          "cannot be a constant" },
    { "block 1 test\n add.i64 x0, x1, #5z",         "not a number" },
    { "block 1 test\n add.i64 x0, x1, y2",          "expected a register" },
    { "block 1 test\n add.i64 x0, x1, t99999",      "expected a register" },
    { "block 1 test\n load.i64 x0, [x1 + x2 + x3]", "two index" },
    { "block 1 test\n load.i64 x0, [x1 + x2<<9]",   "scale" },
    { "block 1 test\n load.i64 x0, [x1 + 999999999]", "displacement" },
    { "block 1 test\n load.i64 x0, [x1",            "expected + - << or ]" },
    { "block 1 test\n cset.i64 x0, xx",             "unknown word 'xx'" },
    { "block 1 test\n sext.i64 x0, x1, bits",       "needs a value" },
    { "block 1 test\n exit_bit.i64 #1, #2, x0, bit=64, set", "too large" },
    { "block 1 test\n insn 4",                      "expected +" },
    { "block 1 test\n fence full full",             "expected a comma" },
};
// clang-format on

Test(parse, bad_text_is_refused_with_a_reason)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_texts); i++) {
        const BadText *t = &bad_texts[i];
        char err[160] = "";
        IrBlock b;

        ir_block_init(&b, &guest_test);
        cr_expect(ir_parse(&b, t->text, err, sizeof(err)) == -1, "%s", t->text);
        cr_expect(strstr(err, t->error), "%s\n  gives: %s", t->text, err);
        ir_block_free(&b);
    }
}

Test(parse, comments_and_blank_lines_do_not_count)
{
    char err[160];
    IrBlock b;

    ir_block_init(&b, &guest_test);
    cr_assert(!ir_parse(&b,
                        "# one\n\nblock 0x10470 test +8  # two\n"
                        "  add.i64 x0, x1, #16   # three\n #\n exit_to #4",
                        err, sizeof(err)),
              "%s", err);
    cr_expect(b.n_op == 2 && b.pc.va == 0x10470 && b.guest_bytes == 8);
    cr_expect(ir_const_value(&b, b.op[0].b) == 16);
    ir_block_free(&b);
}

/* Whatever text comes in: an error or a block, and the verifier can look at the block. */
Test(parse, damaged_text_does_no_harm)
{
    static const char good[] =
        "block 0x1000 test +8\n  insn +0 # 0x1000\n"
        "  load.i32.acq t0, [x1 + x2<<2 - 8]\n  call t1, t0, -, #7, @1\n"
        "  fto_i_s.i64 x0, v1, round=zero, fbits=3, float=f64\n"
        "  vset_lane.i8 v0, v1, v2, lane=3, from=4\n"
        "  exit_bit.i64 #0x1000, #0x1008, x3, bit=5, set\n";
    IrBlock b;

    srandom(1);
    ir_block_init(&b, &guest_test);
    for (unsigned round = 0; round < 20000; round++) {
        char text[sizeof(good)], err[160];

        memcpy(text, good, sizeof(good));
        for (unsigned n = random() % 4 + 1; n--;) {
            text[random() % (sizeof(good) - 1)] = good[random() % (sizeof(good) - 1)];
        }
        if (!ir_parse(&b, text, err, sizeof(err))) {
            ir_verify(&b);
        }
    }
    ir_block_free(&b);
}
