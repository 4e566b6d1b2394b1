/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "tests/unit/guest_test.h"
#include "translate/ir/info.h"

static IrBlock block(void)
{
    IrBlock b;

    ir_block_init(&b, &guest_test);
    ir_block_reset(&b, guest_addr(0x1000));
    return b;
}

static uint64_t value(const IrBlock *b, IrVal v)
{
    cr_assert(ir_is_const(v.ref));
    return ir_const_value(b, v.ref);
}

Test(build, constants_fold_in_their_width)
{
    IrBlock b = block();
    IrVal max32 = ir_const(&b, IR_I32, ~0ull), two32 = ir_const(&b, IR_I32, 2);
    IrVal max64 = ir_const(&b, IR_I64, ~0ull), two64 = ir_const(&b, IR_I64, 2);

    cr_expect(value(&b, max32) == 0xffffffff);
    cr_expect(value(&b, ir_add(&b, max32, two32)) == 1);
    cr_expect(value(&b, ir_add(&b, max64, two64)) == 1);
    cr_expect(value(&b, ir_shr_s(&b, max32, two32)) == 0xffffffff);
    cr_expect(value(&b, ir_op2(&b, IR_div_s, two64, max64)) == (uint64_t)-2);
    cr_expect(value(&b, ir_op1(&b, IR_clz, two32)) == 30);
    cr_expect(value(&b, ir_op1i(&b, IR_bfx_s, max32, 4 | 8 << 8)) == 0xffffffff);
    cr_expect(b.n_op == 0);
    ir_block_free(&b);
}

Test(build, what_is_not_constant_becomes_an_op)
{
    IrBlock b = block();
    IrVal x = ir_reg(&b, 0, IR_I32), sum = ir_add(&b, x, ir_const(&b, IR_I32, 1));

    cr_expect(ir_is_temp(sum.ref) && sum.type == IR_I32 && b.n_op == 1);
    cr_expect(b.op[0].op == IR_add && b.op[0].type == IR_I32);
    ir_block_free(&b);
}

Test(build, extension_of_all_bits_is_no_op)
{
    IrBlock b = block();
    IrVal x = ir_reg(&b, 0, IR_I64), w = ir_zext(&b, IR_I32, x, 32);

    cr_expect(w.ref == x.ref && w.type == IR_I32 && b.n_op == 0);
    cr_expect(ir_sext(&b, IR_I64, x, 32).type == IR_I64 && b.n_op == 1);
    cr_expect(value(&b, ir_sext(&b, IR_I64, ir_const(&b, IR_I64, 0x80), 8)) ==
              (uint64_t)-128);
    ir_block_free(&b);
}

Test(build, a_far_displacement_goes_into_the_base)
{
    IrBlock b = block();

    ir_load(&b, IR_I8, 0, ir_reg(&b, 0, IR_I64), IR_NONE, 0, INT32_MIN);
    ir_load(&b, IR_I8, 0, ir_reg(&b, 0, IR_I64), IR_NONE, 0, -(1 << 28));
    cr_expect(b.n_op == 3 && b.op[0].op == IR_add);
    cr_expect(ir_mem_disp(b.op[1].imm) == 0 && ir_mem_disp(b.op[2].imm) == -(1 << 28));
    cr_expect(ir_const_value(&b, b.op[0].b) == (uint64_t)INT32_MIN);
    ir_block_free(&b);
}

Test(build, a_load_makes_64_bits)
{
    IrBlock b = block();
    IrVal base = ir_reg(&b, 0, IR_I64);

    cr_expect(ir_load(&b, IR_I8, 0, base, IR_NONE, 0, 0).type == IR_I64);
    cr_expect(ir_vload(&b, IR_I8, 0, base, IR_NONE, 0, 0).type == IR_V128);
    cr_expect(ir_emit(&b, IR_stex, IR_I64, 0, base, base, IR_NONE, 0).type == IR_I32);
    ir_block_free(&b);
}

Test(build, a_block_grows_until_it_is_full)
{
    IrBlock b = block();
    IrVal x = ir_reg(&b, 0, IR_I64);
    uint64_t n = 0;

    while (!ir_full(&b)) {
        ir_set(&b, 1, ir_add(&b, x, ir_const(&b, IR_I64, n++ << 20)));
    }
    cr_expect(b.n_op > IR_MAX_OPS / 2 && b.n_op <= IR_MAX_OPS);
    cr_expect(!ir_ended(&b));
    ir_emit(&b, IR_exit_to, IR_VOID, 0, ir_const(&b, IR_I64, 0), IR_NONE, IR_NONE, 0);
    cr_expect(ir_ended(&b) && !ir_verify(&b), "%s", ir_verify(&b));
    ir_block_reset(&b, guest_addr(0));
    cr_expect(!ir_full(&b) && !b.n_op);
    ir_block_free(&b);
}

Test(build, conditions_negate_in_the_lowest_bit)
{
    for (unsigned c = 0; c < IR_AL; c += 2) {
        for (unsigned nzcv = 0; nzcv < 16; nzcv++) {
            cr_expect(ir_cond_holds(c, nzcv) != ir_cond_holds(c + 1, nzcv));
        }
    }
    cr_expect(ir_cond_holds(IR_AL, 0) && ir_cond_holds(IR_NV, 0));
    cr_expect(ir_cond_holds(IR_HI, 2) && !ir_cond_holds(IR_HI, 6));
}
