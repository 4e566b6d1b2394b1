/* SPDX-License-Identifier: MIT */
/* lift_int.c: integer arithmetic, multiplication and division, bit manipulation. */
#include "translate/guest/riscv64/lift.h"

/* Lift functions of one shape: FN names the row, its arguments and Lift are in scope. */
#define LIFT(name) bool rv_##name(Lift *l, const rv_##name##_args *a)

/* known_sum: register r + addend as a constant, when the register is one. */
static bool set_known_sum(Lift *l, unsigned rd, unsigned r, int64_t addend)
{
    uint64_t base;

    if (!rv_known_x(l, r, &base)) {
        return false;
    }
    rv_set_x(l, rd, imm(l, base + (uint64_t)addend));
    return true;
}

LIFT(lui)
{
    rv_set_x(l, a->rd, imm(l, (uint64_t)a->imm));
    return true;
}

LIFT(auipc)
{
    rv_set_x(l, a->rd, imm(l, l->pc.va + (uint64_t)a->imm));
    return true;
}

LIFT(addi)
{
    if (!set_known_sum(l, a->rd, a->rs1, a->imm)) {
        rv_set_x(l, a->rd, a->imm ? ir_add(l->ir, rv_get_x(l, a->rs1), imm(l, (uint64_t)a->imm))
                               : rv_get_x(l, a->rs1));
    }
    return true;
}

LIFT(addiw)
{
    uint64_t base;

    if (rv_known_x(l, a->rs1, &base)) {
        rv_set_x(l, a->rd, imm(l, (uint64_t)(int32_t)(base + (uint64_t)a->imm)));
    } else {
        rv_set_w(l, a->rd, a->imm ? ir_add(l->ir, rv_get_w(l, a->rs1),
                                        ir_const(l->ir, IR_I32, (uint64_t)a->imm))
                               : rv_get_w(l, a->rs1));
    }
    return true;
}

/* ---- register or immediate with a register, by one IR op ---- */

#define OP_RR(name, op)                                                                  \
    LIFT(name)                                                                           \
    {                                                                                    \
        rv_set_x(l, a->rd, ir_op2(l->ir, IR_##op, rv_get_x(l, a->rs1), rv_get_x(l, a->rs2)));     \
        return true;                                                                     \
    }
#define OP_WW(name, op)                                                                  \
    LIFT(name)                                                                           \
    {                                                                                    \
        rv_set_w(l, a->rd, ir_op2(l->ir, IR_##op, rv_get_w(l, a->rs1), rv_get_w(l, a->rs2)));     \
        return true;                                                                     \
    }
#define OP_RI(name, op, field)                                                           \
    LIFT(name)                                                                           \
    {                                                                                    \
        rv_set_x(l, a->rd, ir_op2(l->ir, IR_##op, rv_get_x(l, a->rs1), imm(l, (uint64_t)a->field))); \
        return true;                                                                     \
    }
#define OP_WI(name, op)                                                                  \
    LIFT(name)                                                                           \
    {                                                                                    \
        rv_set_w(l, a->rd, ir_op2(l->ir, IR_##op, rv_get_w(l, a->rs1),                         \
                               ir_const(l->ir, IR_I32, a->sh)));                         \
        return true;                                                                     \
    }
#define OP_R(name, op)                                                                   \
    LIFT(name)                                                                           \
    {                                                                                    \
        rv_set_x(l, a->rd, ir_op1(l->ir, IR_##op, rv_get_x(l, a->rs1)));                       \
        return true;                                                                     \
    }

OP_RR(sub, sub)
OP_RR(sll, shl)
OP_RR(srl, shr_u)
OP_RR(sra, shr_s)
OP_RR(xor, xor)
LIFT(or)
{
    if (!rv_rotate(l, a->rd, a->rs1, a->rs2)) {
        rv_set_x(l, a->rd, ir_op2(l->ir, IR_or, rv_get_x(l, a->rs1), rv_get_x(l, a->rs2)));
    }
    return true;
}

OP_RR(and, and)
OP_RR(mul, mul)
OP_RR(mulh, mulh_s)
OP_RR(mulhu, mulh_u)
OP_RR(andn, andn)
OP_RR(orn, orn)
OP_RR(xnor, xorn)
OP_RR(max, max_s)
OP_RR(maxu, max_u)
OP_RR(min, min_s)
OP_RR(minu, min_u)
OP_RR(ror, ror)
OP_WW(addw, add)
OP_WW(subw, sub)
OP_WW(sllw, shl)
OP_WW(srlw, shr_u)
OP_WW(sraw, shr_s)
OP_WW(mulw, mul)
OP_WW(rorw, ror)
OP_RI(xori, xor, imm)
OP_RI(ori, or, imm)
OP_RI(andi, and, imm)

LIFT(slli)
{
    if (!rv_shift_pair(l, a->rd, a->rs1, a->sh, insn_bytes(a->word))) {
        rv_set_x(l, a->rd, ir_op2(l->ir, IR_shl, rv_get_x(l, a->rs1), imm(l, a->sh)));
    }
    return true;
}

OP_RI(srli, shr_u, sh)
OP_RI(srai, shr_s, sh)
OP_RI(rori, ror, sh)
OP_WI(slliw, shl)
OP_WI(srliw, shr_u)
OP_WI(sraiw, shr_s)
OP_WI(roriw, ror)
OP_R(clz, clz)
OP_R(ctz, ctz)
OP_R(cpop, popcnt)
OP_R(rev8, bswap)

/* MV is an addition of x0. */
LIFT(add)
{
    IrVal x = rv_get_x(l, a->rs1), y = rv_get_x(l, a->rs2);

    rv_set_x(l, a->rd, !a->rs1 ? y : !a->rs2 ? x : ir_add(l->ir, x, y));
    return true;
}

/* ---- set on less than ---- */

static bool set_less(Lift *l, unsigned rd, IrVal x, IrVal y, IrCond cond)
{
    if (rd) {
        rv_set_flags(l, x, y);
        rv_set_x(l, rd, rv_cset(l, cond));
    }
    return true;
}

LIFT(slt)
{
    return set_less(l, a->rd, rv_get_x(l, a->rs1), rv_get_x(l, a->rs2), IR_LT);
}

LIFT(slti)
{
    return set_less(l, a->rd, rv_get_x(l, a->rs1), imm(l, (uint64_t)a->imm), IR_LT);
}

/* SNEZ: 0 < y is y != 0, which needs no constant in a register. */
LIFT(sltu)
{
    if (!a->rs1) {
        return set_less(l, a->rd, rv_get_x(l, a->rs2), imm(l, 0), IR_NE);
    }
    return set_less(l, a->rd, rv_get_x(l, a->rs1), rv_get_x(l, a->rs2), IR_LO);
}

/* SEQZ: y < 1 is y == 0. */
LIFT(sltiu)
{
    bool zero = a->imm == 1;

    return set_less(l, a->rd, rv_get_x(l, a->rs1), imm(l, zero ? 0 : (uint64_t)a->imm),
                    zero ? IR_EQ : IR_LO);
}

/* ---- multiplication and division ---- */

/* The signed operand counts 2^64 less when it is negative. */
LIFT(mulhsu)
{
    IrVal x = rv_get_x(l, a->rs1), y = rv_get_x(l, a->rs2);
    IrVal less = ir_and(l->ir, ir_shr_s(l->ir, x, imm(l, rv_is_32(l) ? 31 : 63)), y);

    rv_set_x(l, a->rd, ir_sub(l->ir, ir_op2(l->ir, IR_mulh_u, x, y), less));
    return true;
}

/* quotient: of a division by zero all ones. */
static IrVal quotient(Lift *l, IrOpcode op, IrVal x, IrVal y)
{
    return ir_op2i(l->ir, op, x, y, IR_DIV_ONES);
}

/* remainder: x - x / y * y, which is x for y = 0 by the quotient 0 that the plain op gives. */
static IrVal remainder_of(Lift *l, IrOpcode op, IrVal x, IrVal y)
{
    return ir_sub(l->ir, x, ir_mul(l->ir, ir_op2(l->ir, op, x, y), y));
}

#define OP_DIV(name, set, get, f, op)                                                    \
    LIFT(name)                                                                           \
    {                                                                                    \
        set(l, a->rd, f(l, IR_##op, get(l, a->rs1), get(l, a->rs2)));                    \
        return true;                                                                     \
    }

OP_DIV(div, rv_set_x, rv_get_x, quotient, div_s)
OP_DIV(divu, rv_set_x, rv_get_x, quotient, div_u)
OP_DIV(rem, rv_set_x, rv_get_x, remainder_of, div_s)
OP_DIV(remu, rv_set_x, rv_get_x, remainder_of, div_u)
OP_DIV(divw, rv_set_w, rv_get_w, quotient, div_s)
OP_DIV(divuw, rv_set_w, rv_get_w, quotient, div_u)
OP_DIV(remw, rv_set_w, rv_get_w, remainder_of, div_s)
OP_DIV(remuw, rv_set_w, rv_get_w, remainder_of, div_u)

/* ---- Zba ---- */

/* shifted_add: (x << n) + y. */
static bool shifted_add(Lift *l, unsigned rd, IrVal x, unsigned n, unsigned rs2)
{
    IrVal shifted = n ? ir_shl(l->ir, x, imm(l, n)) : x;

    rv_set_x(l, rd, rs2 ? ir_add(l->ir, rv_get_x(l, rs2), shifted) : shifted);
    return true;
}

static IrVal get_uw(Lift *l, unsigned r)
{
    return ir_zext(l->ir, IR_I64, rv_get_x(l, r), 32);
}

#define OP_SHADD(name, get, n)                                                           \
    LIFT(name)                                                                           \
    {                                                                                    \
        return shifted_add(l, a->rd, get(l, a->rs1), n, a->rs2);                         \
    }

OP_SHADD(sh1add, rv_get_x, 1)
OP_SHADD(sh2add, rv_get_x, 2)
OP_SHADD(sh3add, rv_get_x, 3)
OP_SHADD(add_uw, get_uw, 0)
OP_SHADD(sh1add_uw, get_uw, 1)
OP_SHADD(sh2add_uw, get_uw, 2)
OP_SHADD(sh3add_uw, get_uw, 3)

LIFT(slli_uw)
{
    return shifted_add(l, a->rd, get_uw(l, a->rs1), a->sh, 0);
}

/* ---- Zbb ---- */

static IrVal word_count(Lift *l, IrOpcode op, unsigned rs1)
{
    return ir_op1(l->ir, op, rv_get_w(l, rs1));
}

LIFT(clzw)
{
    rv_set_w(l, a->rd, word_count(l, IR_clz, a->rs1));
    return true;
}

LIFT(ctzw)
{
    rv_set_w(l, a->rd, word_count(l, IR_ctz, a->rs1));
    return true;
}

LIFT(cpopw)
{
    rv_set_w(l, a->rd, word_count(l, IR_popcnt, a->rs1));
    return true;
}

LIFT(sext_b)
{
    rv_set_x(l, a->rd, ir_sext(l->ir, rv_xlen(l), rv_get_x(l, a->rs1), 8));
    return true;
}

LIFT(sext_h)
{
    rv_set_x(l, a->rd, ir_sext(l->ir, rv_xlen(l), rv_get_x(l, a->rs1), 16));
    return true;
}

LIFT(zext_h)
{
    rv_set_x(l, a->rd, ir_zext(l->ir, rv_xlen(l), rv_get_x(l, a->rs1), 16));
    return true;
}

/* To the left by n is to the right by -n, modulo the width. */
LIFT(rol)
{
    IrVal n = ir_sub(l->ir, imm(l, 0), rv_get_x(l, a->rs2));

    rv_set_x(l, a->rd, ir_ror(l->ir, rv_get_x(l, a->rs1), n));
    return true;
}

LIFT(rolw)
{
    IrVal n = ir_sub(l->ir, ir_const(l->ir, IR_I32, 0), rv_get_w(l, a->rs2));

    rv_set_w(l, a->rd, ir_ror(l->ir, rv_get_w(l, a->rs1), n));
    return true;
}

LIFT(orc_b)
{
    IrVal v = ir_emit(l->ir, IR_vmov_i, rv_xlen(l), 0, rv_get_x(l, a->rs1), IR_NONE, IR_NONE, 0);

    v = ir_v2(l->ir, IR_vtst, IR_I8, IR_VL_64, v, v, 0);
    rv_set_x(l, a->rd, ir_emit(l->ir, IR_vget_u, rv_xlen(l), 0, v, IR_NONE, IR_NONE, 0));
    return true;
}

/* ---- Zbkb ---- */

/* packed: the low width bits of both registers, those of rs2 above. */
static IrVal packed(Lift *l, IrVal x, IrVal y, unsigned width)
{
    return ir_op2i(l->ir, IR_bfi, x, y, width | width << 8);
}

LIFT(pack)
{
    rv_set_x(l, a->rd, packed(l, rv_get_x(l, a->rs1), rv_get_x(l, a->rs2), rv_is_32(l) ? 16 : 32));
    return true;
}

LIFT(packh)
{
    IrVal x = ir_zext(l->ir, rv_xlen(l), rv_get_x(l, a->rs1), 8);

    rv_set_x(l, a->rd, packed(l, x, rv_get_x(l, a->rs2), 8));
    return true;
}

LIFT(packw)
{
    rv_set_w(l, a->rd, packed(l, rv_get_w(l, a->rs1), rv_get_w(l, a->rs2), 16));
    return true;
}

LIFT(brev8)
{
    IrVal v = ir_emit(l->ir, IR_vmov_i, rv_xlen(l), 0, rv_get_x(l, a->rs1), IR_NONE, IR_NONE, 0);

    v = ir_v1(l->ir, IR_vrbit, IR_I8, IR_VL_64, v, 0);
    rv_set_x(l, a->rd, ir_emit(l->ir, IR_vget_u, rv_xlen(l), 0, v, IR_NONE, IR_NONE, 0));
    return true;
}

/* The square of a polynomial has its bits in the even places. */
LIFT(zip)
{
    IrVal v = ir_emit(l->ir, IR_vmov_i, IR_I32, 0, rv_get_x(l, a->rs1), IR_NONE, IR_NONE, 0);
    IrVal even, odd;

    v = ir_v2(l->ir, IR_vmull_p, IR_I128, 0, v, v, 0);
    even = ir_emit(l->ir, IR_vget_u, IR_I32, 0, v, IR_NONE, IR_NONE, 0);
    odd = ir_emit(l->ir, IR_vget_u, IR_I32, 0, v, IR_NONE, IR_NONE, 1);
    rv_set_x(l, a->rd, ir_or(l->ir, even, ir_shl(l->ir, odd, imm(l, 1))));
    return true;
}

/* Neighbours change places: bits first, then pairs, nibbles and bytes. */
LIFT(unzip)
{
    static const struct {
        uint32_t mask;
        unsigned n;
    } steps[] = { { 0x22222222, 1 }, { 0x0c0c0c0c, 2 }, { 0x00f000f0, 4 }, { 0x0000ff00, 8 } };
    IrVal x = rv_get_x(l, a->rs1);

    for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
        IrVal n = imm(l, steps[i].n);
        IrVal t = ir_and(l->ir, ir_xor(l->ir, x, ir_shr_u(l->ir, x, n)), imm(l, steps[i].mask));

        x = ir_xor(l->ir, ir_xor(l->ir, x, t), ir_shl(l->ir, t, n));
    }
    rv_set_x(l, a->rd, x);
    return true;
}

/* ---- Zbs ---- */

/* one_bit: 1 << the register, modulo 64. */
static IrVal one_bit(Lift *l, unsigned rs2)
{
    return ir_shl(l->ir, imm(l, 1), rv_get_x(l, rs2));
}

#define OP_BIT(name, op)                                                                 \
    LIFT(name)                                                                           \
    {                                                                                    \
        rv_set_x(l, a->rd, ir_op2(l->ir, IR_##op, rv_get_x(l, a->rs1), one_bit(l, a->rs2)));   \
        return true;                                                                     \
    }                                                                                    \
    LIFT(name##i)                                                                        \
    {                                                                                    \
        rv_set_x(l, a->rd, ir_op2(l->ir, IR_##op, rv_get_x(l, a->rs1), imm(l, 1ull << a->sh))); \
        return true;                                                                     \
    }

OP_BIT(bclr, andn)
OP_BIT(binv, xor)
OP_BIT(bset, or)

LIFT(bext)
{
    IrVal v = ir_shr_u(l->ir, rv_get_x(l, a->rs1), rv_get_x(l, a->rs2));

    rv_set_x(l, a->rd, ir_and(l->ir, v, imm(l, 1)));
    return true;
}

LIFT(bexti)
{
    rv_set_x(l, a->rd, ir_op1i(l->ir, IR_bfx_u, rv_get_x(l, a->rs1), (uint32_t)a->sh | 1 << 8));
    return true;
}

/* ---- Zicond ---- */

static bool conditional_zero(Lift *l, unsigned rd, unsigned rs1, unsigned rs2, IrCond zero_if)
{
    if (rd) {
        rv_set_flags(l, rv_get_x(l, rs2), imm(l, 0));
        rv_set_x(l, rd, rv_select(l, zero_if, imm(l, 0), rv_get_x(l, rs1)));
    }
    return true;
}

LIFT(czero_eqz)
{
    return conditional_zero(l, a->rd, a->rs1, a->rs2, IR_EQ);
}

LIFT(czero_nez)
{
    return conditional_zero(l, a->rd, a->rs1, a->rs2, IR_NE);
}

/* ---- Zimop ---- */

LIFT(mop)
{
    rv_set_x(l, a->rd, imm(l, 0));
    return true;
}
