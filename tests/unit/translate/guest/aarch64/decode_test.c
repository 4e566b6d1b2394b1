/* SPDX-License-Identifier: MIT */
/*
 * decode_test.c: the AArch64 tables against random words: what is lifted keeps the IR's
 * rules, and the base instruction set is accepted exactly where another decoder accepts
 * it.
 */
#include <capstone/capstone.h>
#include <criterion/criterion.h>
#include <inttypes.h>

#include "translate/guest/aarch64/lift.h"
#include "translate/ir/info.h"

enum { WORDS_PER_ROW = 40, BASE_WORDS = 300000, PC = 0x10000 };

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint32_t random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 21);
}

/* lift_word: one instruction as a block of its own; false when it is undefined. */
static bool lift_word(IrBlock *b, uint32_t word, uint64_t features, const char **row)
{
    Lift l = { .ir = b,
               .guest = &guest_aarch64,
               .pc = guest_addr(PC),
               .code = (const uint8_t *)&word,
               .code_len = 4,
               .features = features };
    bool ok;

    ir_block_reset(b, l.pc);
    ir_insn(b, l.pc);
    ok = guest_aarch64.lift_insn(&l) == 4;
    *row = l.row ? l.row : "no row";
    if (!ir_ended(b)) {
        ir_emit(b, IR_exit_to, IR_I64, 0, ir_const(b, IR_I64, PC + 4), IR_NONE, IR_NONE,
                0);
    }
    return ok;
}

Test(decode, lifted_rows_pass_the_verifier)
{
    IrBlock b;

    ir_block_init(&b, &guest_aarch64);
    for (const DecodeRow *r = a64_rows; r->name; r++) {
        for (int i = 0; i < WORDS_PER_ROW; i++) {
            uint32_t word = (random_word() & ~r->mask) | r->value;
            const char *row, *why;

            if (lift_word(&b, word, ~0ull, &row)) {
                why = ir_verify(&b);
                cr_expect(!why, "%s: 0x%08" PRIx32 " %s: %s", r->where, word, row, why);
            } else {
                cr_expect(b.n_op == 2,
                          "%s: 0x%08" PRIx32 " %s: undefined, but emitted ops", r->where,
                          word, row);
            }
        }
    }
    ir_block_free(&b);
}

/* compared: words of the base set, apart from what the two decoders see on purpose
 * otherwise. */
static bool compared(uint32_t w)
{
    bool simd = (w & 0x0e000000) == 0x0e000000 || (w & 0xbe000000) == 0x0c000000;
    /* system registers and instructions: here only those EL0 has */
    bool system = (w & 0xffc00000) == 0xd5000000;
    /* HVC, SMC, HLT, DCPS, ERET, DRPS: undefined at EL0; UDF */
    bool exception =
        (w & 0xff000000) == 0xd4000000 || (w & 0xffdf0000) == 0xd69f0000 || !(w >> 16);
    /* LSE and LOR came after the other decoder's tables; unpredictable operands of
     * exclusives */
    bool atomic = (w & 0x3b200c00) == 0x38200000 || (w & 0x3f000000) == 0x08000000;

    return !simd && !system && !exception && !atomic;
}

/*
 * unpredictable: loads and stores that name a register twice (a pair's two, or the base
 * with writeback): the manual leaves them open; here they execute.
 */
static bool unpredictable(uint32_t w)
{
    uint32_t rt = w & 31, rn = w >> 5 & 31, rt2 = w >> 10 & 31;
    bool pair = (w & 0x3a000000) == 0x28000000, single = (w & 0x3b200000) == 0x38000000;

    return (pair && (rt == rt2 || rt == rn || rt2 == rn)) || (single && rt == rn);
}

Test(decode, base_set_is_accepted_like_elsewhere)
{
    IrBlock b;
    csh cs;
    cs_insn *insn;

    ir_block_init(&b, &guest_aarch64);
    cr_assert(cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &cs) == CS_ERR_OK);
    insn = cs_malloc(cs);
    for (int i = 0; i < BASE_WORDS; i++) {
        uint32_t word = random_word();
        const uint8_t *code = (const uint8_t *)&word;
        size_t len = 4;
        uint64_t pc = PC;
        const char *row;
        bool ours, theirs;

        if (!compared(word) || unpredictable(word)) {
            continue;
        }
        ours = lift_word(&b, word, A64_FEAT_crc32, &row);
        theirs = cs_disasm_iter(cs, &code, &len, &pc, insn);
        cr_expect(ours == theirs, "0x%08" PRIx32 " %s: %s", word, row,
                  theirs ? insn->mnemonic : "undefined elsewhere");
    }
    cs_free(insn, 1);
    cs_close(&cs);
    ir_block_free(&b);
}

Test(decode, rows_need_their_features)
{
    IrBlock b;
    const char *row;
    uint32_t ldadd = 0xf8210002, crc32b = 0x1ac14000;

    ir_block_init(&b, &guest_aarch64);
    cr_expect(!lift_word(&b, ldadd, 0, &row));
    cr_expect(lift_word(&b, ldadd, A64_FEAT_lse, &row));
    cr_expect_str_eq(row, "ldadd");
    cr_expect(!lift_word(&b, crc32b, A64_FEAT_lse, &row));
    cr_expect(lift_word(&b, crc32b, A64_FEAT_crc32, &row));
    ir_block_free(&b);
}

/* lifted_effect: what the lifted instruction does to NZCV first. */
static A64NzcvEffect lifted_effect(const IrBlock *b)
{
    A64NzcvEffect effect = A64_NZCV_KEEPS;

    for (uint32_t i = 0; i < b->n_op; i++) {
        const IrOp *op = &b->op[i];
        unsigned props = ir_props(b, op);

        if (props & (IRP_USEF | IRP_READ | IRP_WRITE | IRP_FP)) {
            return A64_NZCV_SHOWS;
        }
        if (ir_sets_flags(op)) {
            effect = A64_NZCV_SETS;
        }
    }
    return b->op[b->n_op - 1].op == IR_exit_to ? effect : A64_NZCV_SHOWS;
}

Test(decode, a_glance_at_nzcv_agrees_with_the_lifted_code)
{
    unsigned said[3] = { 0 };
    IrBlock b;

    ir_block_init(&b, &guest_aarch64);
    for (const DecodeRow *r = a64_rows; r->name; r++) {
        for (int i = 0; i < 4 * WORDS_PER_ROW; i++) {
            uint32_t word = (random_word() & ~r->mask) | r->value;
            const char *row;
            A64NzcvEffect glance = a64_nzcv_effect(word);
            bool legal = lift_word(&b, word, guest_aarch64.features, &row);

            said[glance]++;
            cr_expect(glance == A64_NZCV_SHOWS || (legal && lifted_effect(&b) == glance),
                      "0x%08" PRIx32 " %s: %d", word, row, glance);
        }
    }
    cr_expect(said[A64_NZCV_KEEPS] > 2000 && said[A64_NZCV_SETS] > 1000);
    ir_block_free(&b);
}

Test(decode, nzcv_is_followed_over_forward_branches_only)
{
    static const struct {
        uint32_t code[5];
        bool seen;
    } c[] = {
        { { 0x8b020020, 0xeb02003f }, false },                          /* add; cmp */
        { { 0x8b020020, 0xf9400020, 0xeb02003f }, true },               /* add; ldr; cmp */
        { { 0x14000002, 0xf9400020, 0xeb02003f }, false },              /* b over the ldr */
        { { 0xeb02003f, 0x54000000 }, false },
        { { 0x54000040 }, true },                                       /* b.eq */
        { { 0xb4000040, 0xeb02003f, 0xeb02003f }, false },              /* cbz, both ways set */
        { { 0xb4000040, 0xeb02003f, 0xf9400020 }, true },
        { { 0xd503201f, 0x17ffffff }, true },                           /* nop; b back */
        { { 0x14000000 }, true },
        { { 0x8b020020, 0x8b020020, 0x8b020020, 0x8b020020, 0x8b020020 }, true },
    };

    for (unsigned i = 0; i < ARRAY_LEN(c); i++) {
        cr_expect(a64_nzcv_seen((const uint8_t *)c[i].code, sizeof(c[i].code)) == c[i].seen,
                  "case %u", i);
    }
}
