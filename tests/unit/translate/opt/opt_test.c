/* SPDX-License-Identifier: MIT */
/*
 * opt_test.c: random blocks mean the same before and after the passes. Single cases are
 * in tests/ir/opt.ir.
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

static IrVal as(IrVal v, IrType t)
{
    return (IrVal){ v.ref, t };
}

static IrVal make_arith(Gen *g)
{
    static const IrOpcode op[] = {
        IR_add, IR_sub, IR_and, IR_xor, IR_or, IR_shl, IR_mul
    };
    IrOpcode o = op[pick(ARRAY_LEN(op))];

    return ir_emit(g->b, o, IR_I64, 0, any(g), any(g), IR_NONE, 0);
}

static IrVal make_narrow(Gen *g)
{
    IrVal t = ir_emit(g->b, IR_add, IR_I32, 0, as(any(g), IR_I32), any(g), IR_NONE, 0);

    return ir_emit(g->b, pick(2) ? IR_zext : IR_sext, IR_I64, 0, t, IR_NONE, IR_NONE, 32);
}

static IrVal make_load(Gen *g)
{
    static const IrType type[] = { IR_I8, IR_I16, IR_I32, IR_I64 };
    IrVal base = ir_const(g->b, IR_I64, (uint64_t)&scratch[pick(SCRATCH)]);

    return ir_load(g->b, type[pick(4)], 0, base, IR_NONE, 0, 0);
}

static IrVal make_copy(Gen *g)
{
    return ir_emit(g->b, IR_mov, IR_I64, 0, any(g), IR_NONE, IR_NONE, 0);
}

static IrVal make_cset(Gen *g)
{
    return ir_emit(g->b, IR_select, IR_I64, 0, any(g), any(g), IR_NONE, pick(16));
}

static IrVal (*const makers[])(Gen *) = { make_arith, make_narrow, make_load, make_copy,
                                          make_cset };

static void gen_flags(Gen *g)
{
    switch (pick(4)) {
    case 0: ir_emit(g->b, IR_sub, IR_I64, IRF_SETF, any(g), any(g), IR_NONE, 0); break;
    case 1:
        ir_emit(g->b, IR_ccmp, IR_I32, 0, any(g), any(g), IR_NONE,
                pick(16) | pick(16) << 8);
        break;
    default: break;
    }
}

/* What is set must not be a register that this instruction has set already. */
static void gen_writes(Gen *g)
{
    unsigned first = pick(6), count = pick(3);

    for (unsigned i = 0; i < count && i < g->n; i++) {
        IrVal v = g->value[pick(g->n)];

        ir_set(g->b, (first + i) % 6, as(v, pick(3) ? IR_I64 : IR_I32));
    }
}

static void gen_insn(Gen *g, unsigned index)
{
    ir_insn(g->b, guest_addr(g->b->pc.va + 4 * index));
    g->n = 0;
    for (unsigned n = 1 + pick(5); n--;) {
        g->value[g->n] = makers[pick(ARRAY_LEN(makers))](g);
        g->n++;
    }
    if (!pick(4)) {
        ir_store(g->b, IR_I32, 0,
                 ir_const(g->b, IR_I64, (uint64_t)&scratch[pick(SCRATCH - 1)]), IR_NONE,
                 0, 0, any(g));
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
    ir_emit(b, IR_exit_cond, IR_VOID, 0, ir_const(b, IR_I64, 0x2000),
            ir_const(b, IR_I64, 0x3000), IR_NONE, pick(14));
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

Test(opt, random_blocks_keep_their_meaning, .timeout = 60)
{
    static uint64_t mem[2][SCRATCH];
    TestState state[2];
    Env *env = env_new();
    IrBlock b;

    srandom(7);
    ir_block_init(&b, &guest_test);
    for (unsigned round = 0; round < ROUNDS && usable(&b); round++) {
        uint32_t before = b.n_op;
        const char *bad;

        for (unsigned i = 0; i < SCRATCH; i++) {
            filler[i] = (uint64_t)random() << 33 ^ (uint64_t)random();
        }
        run(env, &b, &state[0], mem[0]);
        opt_fold(&b);
        opt_dead(&b);
        bad = ir_verify(&b);
        cr_assert(!bad, "round %u: %s", round, bad);
        cr_assert(b.n_op <= before);
        run(env, &b, &state[1], mem[1]);
        if (memcmp(&state[0], &state[1], sizeof(state[0])) ||
            memcmp(mem[0], mem[1], sizeof(mem[0]))) {
            show(&b, "after opt");
            cr_assert_fail("round %u differs", round);
        }
    }
    ir_block_free(&b);
    env_free(env);
}
