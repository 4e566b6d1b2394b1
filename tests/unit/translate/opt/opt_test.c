/* SPDX-License-Identifier: MIT */
/*
 * opt_test.c: random blocks mean the same as they stand, made by the builder, and after
 * opt_live(). Single cases are in tests/ir/opt.ir.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/unit/guest_test.h"
#include "translate/host/interp/interp.h"
#include "translate/opt/opt.h"

enum { ROUNDS = 20000, SCRATCH = 64 };

static uint64_t scratch[SCRATCH], filler[SCRATCH];

/* The order rules of ir.h: reads, then faulting ops, then register writes. */
typedef struct {
    IrBlock *b;
    IrVal value[8]; /* of the current instruction, i64 */
    unsigned n;
    IrVal word;     /* i32, of this instruction or an earlier one */
} Gen;

static unsigned pick(unsigned n)
{
    return (unsigned)random() % n;
}

static IrVal any(Gen *g)
{
    if (g->n && pick(3)) {
        return g->value[pick(g->n)];
    }
    if (pick(3)) {
        return ir_reg(g->b, pick(6), IR_I64);
    }
    return ir_const(g->b, IR_I64, (uint64_t)random() << pick(34));
}

static IrVal raw(Gen *g, IrOpcode op, IrType type, unsigned flags, IrVal a, IrVal b,
                 uint32_t imm)
{
    return test_raw(g->b, (IrOp){ .op = op, .type = type, .flags = flags, .a = a.ref,
                                  .b = b.ref, .imm = imm });
}

static IrVal make_arith(Gen *g)
{
    static const IrOpcode op[] = {
        IR_add, IR_sub, IR_and, IR_xor, IR_or, IR_shl, IR_mul
    };

    return raw(g, op[pick(ARRAY_LEN(op))], IR_I64, 0, any(g), any(g), 0);
}

/* Two words into one, as code does that keeps words in wide registers. */
static IrVal make_word(Gen *g)
{
    return raw(g, IR_sext, IR_I64, 0, raw(g, IR_add, IR_I32, 0, any(g), any(g), 0), IR_NONE, 32);
}

static IrVal make_narrow(Gen *g)
{
    IrVal t = raw(g, IR_add, IR_I32, 0, any(g), any(g), 0);

    return raw(g, pick(2) ? IR_zext : IR_sext, IR_I64, 0, t, IR_NONE, 32);
}

static IrVal scratch_word(Gen *g, unsigned n)
{
    return ir_const(g->b, IR_I64, (uint64_t)&scratch[pick(n)]);
}

static IrVal make_load(Gen *g)
{
    static const IrType type[] = { IR_I8, IR_I16, IR_I32, IR_I64 };

    return raw(g, IR_load, type[pick(4)], 0, scratch_word(g, SCRATCH), IR_NONE, 0);
}

static IrVal make_copy(Gen *g)
{
    return raw(g, IR_mov, IR_I64, 0, any(g), IR_NONE, 0);
}

static IrVal make_cset(Gen *g)
{
    return raw(g, IR_select, IR_I64, 0, any(g), any(g), pick(16));
}

static IrVal (*const makers[])(Gen *) = { make_arith, make_narrow, make_word, make_load, make_copy,
                                          make_cset };

static void gen_flags(Gen *g)
{
    switch (pick(4)) {
    case 0: raw(g, IR_sub, IR_I64, IRF_SETF, any(g), any(g), 0); break;
    case 1: raw(g, IR_ccmp, IR_I32, 0, any(g), any(g), pick(16) | pick(16) << 8); break;
    default: break;
    }
}

/* What is set must not be a register that this instruction has set already. */
static void gen_writes(Gen *g)
{
    unsigned first = pick(6), count = pick(3);

    for (unsigned i = 0; i < count && i < g->n; i++) {
        IrOp move = { .op = IR_mov, .type = pick(3) ? IR_I64 : IR_I32,
                      .a = g->value[pick(g->n)].ref, .d = IR_REG0 + (first + i) % 6 };

        if (pick(2))        /* a word in a register, which is often all that is read of it */
            move = (IrOp){ .op = IR_sext, .type = IR_I64, .imm = 32, .d = move.d,
                           .a = pick(3) && g->word.ref ? g->word.ref : move.a };

        test_raw(g->b, move);
    }
}

static void gen_insn(Gen *g, unsigned index)
{
    static const IrOpcode word[] = { IR_add, IR_xor, IR_ror, IR_shr_u };

    test_raw(g->b, (IrOp){ .op = IR_insn, .imm = 4 * index });
    g->n = 0;
    if (pick(2))
        g->word = raw(g, word[pick(ARRAY_LEN(word))], IR_I32, 0, any(g), any(g), 0);
    for (unsigned n = 1 + pick(5); n--;) {
        g->value[g->n] = makers[pick(ARRAY_LEN(makers))](g);
        g->n++;
    }
    if (!pick(4)) {
        test_raw(g->b, (IrOp){ .op = IR_store, .type = IR_I32,
                               .a = scratch_word(g, SCRATCH - 1).ref, .c = any(g).ref });
    }
    gen_flags(g);
    gen_writes(g);
}

static void gen_block(IrBlock *b)
{
    Gen g = { .b = b };
    unsigned n = 1 + pick(8);

    ir_block_reset(b, guest_addr(0x1000));
    for (unsigned i = 0; i < n; i++) {
        gen_insn(&g, i);
    }
    test_raw(b, (IrOp){ .op = IR_exit_cond, .a = ir_const(b, IR_I64, 0x2000).ref,
                        .b = ir_const(b, IR_I64, 0x3000).ref, .imm = pick(14) });
}

static void run(Env *env, const IrBlock *b, TestState *out, uint64_t *mem)
{
    TestState *s = test_state(env);

    memset(s, 0, sizeof(*s));
    for (unsigned i = 0; i < TEST_N_INT; i++) {
        s->x[i] = filler[i] * 0x9e3779b97f4a7c15;
    }
    s->nzcv = (uint32_t)filler[0] << 28;
    memcpy(scratch, filler, sizeof(scratch));
    cr_assert(interp_block(env, b) == EXIT_NONE);
    *out = *s;
    memcpy(mem, scratch, sizeof(scratch));
}

static void show(const IrBlock *b, const char *what)
{
    fprintf(stderr, "%s:\n", what);
    ir_print(stderr, b);
}

/* The writes of one instruction may read what it wrote before: those blocks are not used.
 */
static bool usable(IrBlock *b)
{
    do {
        gen_block(b);
    } while (ir_verify(b));
    return true;
}

static void check(const IrBlock *b, unsigned round, const char *what, const TestState *want,
                  const uint64_t *want_mem, Env *env)
{
    static uint64_t mem[SCRATCH];
    const char *bad = ir_verify(b);
    TestState state;

    if (bad) {
        show(b, what);
    }
    cr_assert(!bad, "round %u: %s: %s", round, what, bad);
    run(env, b, &state, mem);
    if (memcmp(want, &state, sizeof(state)) || memcmp(want_mem, mem, sizeof(mem))) {
        show(b, what);
        cr_assert_fail("round %u: %s differs", round, what);
    }
}

static void check_uses(const IrBlock *b, unsigned round)
{
    for (uint32_t t = 0; t < b->n_temp; t++) {
        unsigned n = 0;

        for (uint32_t i = 0; i < b->n_op; i++) {
            n += (b->op[i].a == IR_TEMP0 + t) + (b->op[i].b == IR_TEMP0 + t) +
                 (b->op[i].c == IR_TEMP0 + t);
        }
        cr_assert(n == b->temp[t].uses, "round %u: t%u has %u uses, says %u", round, t, n,
                  b->temp[t].uses);
    }
}

Test(opt, random_blocks_keep_their_meaning, .timeout = 60)
{
    static uint64_t mem[SCRATCH];
    TestState state;
    Env *env = env_new();
    IrBlock raw_block, b;

    srandom(7);
    ir_block_init(&raw_block, &guest_test);
    ir_block_init(&b, &guest_test);
    for (unsigned round = 0; round < ROUNDS && usable(&raw_block); round++) {
        OptLive all = { .nzcv_out = true, .polls = true };

        for (unsigned i = 0; i < SCRATCH; i++) {
            filler[i] = (uint64_t)random() << 33 ^ (uint64_t)random();
        }
        run(env, &raw_block, &state, mem);
        test_rebuild(&b, &raw_block);
        uint32_t before = b.n_op;

        check(&b, round, "built", &state, mem, env);
        check_uses(&b, round);
        opt_live(&b, &all);
        check(&b, round, "after opt_live()", &state, mem, env);
        check_uses(&b, round);
        cr_assert(b.n_op <= before && before <= raw_block.n_op);
    }
    ir_block_free(&raw_block);
    ir_block_free(&b);
    env_free(env);
}
