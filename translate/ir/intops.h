/* SPDX-License-Identifier: MIT */
/*
 * intops.h: the meaning of the integer ops on numbers: one function per row of ir.def,
 * used to fold constants (builder, opt/fold.c) and by the interpreter.
 */
#pragma once

#include "translate/ir/ir.h"

// clang-format off
#define INT_OPS(X) \
    X(mov) X(add) X(sub) X(mul) X(mulh_s) X(mulh_u) X(div_s) X(div_u) \
    X(and) X(or) X(xor) X(andn) X(orn) X(xorn) X(shl) X(shr_u) X(shr_s) X(ror) X(extr) \
    X(clz) X(cls) X(ctz) X(popcnt) X(min_s) X(max_s) X(min_u) X(max_u) X(rbit) X(bswap) X(bswap16) X(bswap32) X(sext) X(zext) \
    X(bfx_s) X(bfx_u) X(bfi) X(crc32) X(crc32c)
// clang-format on

/*
 * IntFn: width is that of the op's type in bits, 32 or 64; a and b are cut to their kinds
 * (b is 0 for unary ops). Bits of the result above width mean nothing.
 */
typedef uint64_t IntFn(unsigned width, uint32_t imm, uint64_t a, uint64_t b);

/* int_fn[op]: NULL for ops outside INT_OPS. */
extern IntFn *const int_fn[IR_OP_COUNT];

/* int_cut: v's low bits as many as the type has, the rest zero; 64 for other types. */
static inline uint64_t int_cut(IrType type, uint64_t v)
{
    switch (type) {
    case IR_I8: return (uint8_t)v;
    case IR_I16: return (uint16_t)v;
    case IR_I32: return (uint32_t)v;
    default: return v;
    }
}

/* int_cut_kind: v as an operand of kind N, I, L or W of an op of this type. */
static inline uint64_t int_cut_kind(char kind, IrType type, uint64_t v)
{
    return int_cut(kind == 'I' ? type : kind == 'W' ? IR_I32 : IR_I64, v);
}

/* int_eval: result of an op with int_fn on any a and b, cut to its type. */
static inline uint64_t int_eval(IrOpcode op, IrType type, uint32_t imm, uint64_t a,
                                uint64_t b)
{
    const IrOpInfo *info = &ir_op_info[op];
    uint64_t r = int_fn[op](type == IR_I32 ? 32 : 64, imm, int_cut_kind(info->a, type, a),
                            int_cut_kind(info->b, type, b));

    return int_cut_kind(info->d, type, r);
}
