/* SPDX-License-Identifier: MIT */
/*
 * build.c: growing an IrBlock op by op.
 *
 * Arrays double and are kept by ir_block_reset(), so that a thread that lifts block after
 * block stops allocating soon. Integer shorthands fold constants: lift functions can be
 * written for the general case and still leave nothing behind for a zero register.
 */
#include <stdlib.h>

#include "translate/base/log.h"
#include "translate/guest.h"
#include "translate/ir/info.h"
#include "translate/ir/intops.h"

/* Room that ir_full() keeps for one guest instruction; the largest need about 200 ops. */
enum { INSN_ROOM = 512 };

_Static_assert(IR_MAX_OPS + INSN_ROOM < IR_MAX_TEMPS,
               "each op makes at most one temporary");
_Static_assert(IR_TEMP0 + IR_MAX_TEMPS <= IR_CONST0, "temporaries end before constants");
_Static_assert(IR_CONST0 + IR_MAX_CONSTS <= 0xffff, "constants fit an IrRef");

void ir_block_init(IrBlock *b, const Guest *guest)
{
    *b = (IrBlock){ .guest = guest };
}

void ir_block_reset(IrBlock *b, GuestAddr pc)
{
    b->pc = pc;
    b->guest_bytes = 0;
    b->far_pages = 0;
    b->n_insn = b->n_op = b->n_k = b->n_temp = 0;
}

void ir_block_free(IrBlock *b)
{
    free(b->op);
    free(b->k);
    free(b->temp_type);
    ir_block_init(b, b->guest);
}

bool ir_full(const IrBlock *b)
{
    return b->n_op + INSN_ROOM > IR_MAX_OPS || b->n_temp + INSN_ROOM > IR_MAX_TEMPS ||
           b->n_k + 2 * INSN_ROOM > IR_MAX_CONSTS;
}

/* grown: p with room for one more than n elements. */
static void *grown(void *p, uint32_t n, uint32_t *cap, size_t elem_bytes)
{
    if (n < *cap) {
        return p;
    }
    *cap = *cap ? 2 * *cap : 64;
    p = realloc(p, *cap * elem_bytes);
    if (!p) {
        die(1, "out of memory while translating");
    }
    return p;
}

IrRef ir_new_temp(IrBlock *b, IrType type)
{
    assert(b->n_temp < IR_MAX_TEMPS);
    b->temp_type = grown(b->temp_type, b->n_temp, &b->cap_temp, sizeof(*b->temp_type));
    b->temp_type[b->n_temp] = type;
    return IR_TEMP0 + b->n_temp++;
}

IrVal ir_reg(const IrBlock *b, unsigned index, IrType type)
{
    assert(index < b->guest->n_regs);
    return (IrVal){ IR_REG0 + index, type };
}

/* The last few constants are looked through: one instruction often repeats itself. */
IrVal ir_const(IrBlock *b, IrType type, uint64_t value)
{
    uint32_t first = b->n_k > 4 ? b->n_k - 4 : 0;

    value = int_cut(type, value);
    for (uint32_t i = first; i < b->n_k; i++) {
        if (b->k[i] == value) {
            return (IrVal){ IR_CONST0 + i, type };
        }
    }
    assert(b->n_k < IR_MAX_CONSTS);
    b->k = grown(b->k, b->n_k, &b->cap_k, sizeof(*b->k));
    b->k[b->n_k] = value;
    return (IrVal){ IR_CONST0 + b->n_k++, type };
}

IrVal ir_emit(IrBlock *b, IrOpcode op, IrType type, unsigned flags, IrVal a, IrVal bb,
              IrVal c, uint32_t imm)
{
    IrType result = ir_result_type(op, type);
    IrVal d = IR_NONE;

    if (result != IR_VOID) {
        d = (IrVal){ ir_new_temp(b, result), result };
    }
    b->op = grown(b->op, b->n_op, &b->cap_op, sizeof(*b->op));
    b->op[b->n_op++] = (IrOp){ .op = op,
                               .type = type,
                               .flags = flags,
                               .d = d.ref,
                               .a = a.ref,
                               .b = bb.ref,
                               .c = c.ref,
                               .imm = imm };
    return d;
}

void ir_set(IrBlock *b, unsigned index, IrVal v)
{
    bool vector = v.type == IR_V128;
    IrOp op = { .op = vector ? IR_vmov : IR_mov,
                .a = v.ref,
                .type = v.type == IR_I32 ? IR_I32 : IR_I64,
                .d = IR_REG0 + index };

    assert(index < b->guest->n_regs);
    b->op = grown(b->op, b->n_op, &b->cap_op, sizeof(*b->op));
    b->op[b->n_op++] = op;
}

/* ---- integer shorthands ---- */

/* foldable: op on constant a and b (b may be absent) is a constant. */
static bool foldable(IrOpcode op, IrVal a, IrVal b)
{
    return int_fn[op] && ir_is_const(a.ref) && (!b.ref || ir_is_const(b.ref));
}

static IrVal fold(IrBlock *b, IrOpcode op, IrVal x, IrVal y, uint32_t imm)
{
    uint64_t kx = ir_const_value(b, x.ref), ky = y.ref ? ir_const_value(b, y.ref) : 0;

    return ir_const(b, ir_result_type(op, x.type), int_eval(op, x.type, imm, kx, ky));
}

static IrVal int_op(IrBlock *b, IrOpcode op, IrVal x, IrVal y, uint32_t imm)
{
    if (foldable(op, x, y)) {
        return fold(b, op, x, y, imm);
    }
    return ir_emit(b, op, x.type, 0, x, y, IR_NONE, imm);
}

// clang-format off
#define SHORTHAND(name) \
    IrVal ir_##name(IrBlock *b, IrVal x, IrVal y) { return int_op(b, IR_##name, x, y, 0); }
SHORTHAND(add)
SHORTHAND(sub)
SHORTHAND(mul)
SHORTHAND(and)
SHORTHAND(or)
SHORTHAND(xor)
SHORTHAND(shl)
SHORTHAND(shr_u)
SHORTHAND(shr_s)
SHORTHAND(ror)
// clang-format on

IrVal ir_op1(IrBlock *b, IrOpcode op, IrVal x)
{
    return int_op(b, op, x, IR_NONE, 0);
}

IrVal ir_op2(IrBlock *b, IrOpcode op, IrVal x, IrVal y)
{
    return int_op(b, op, x, y, 0);
}

IrVal ir_op1i(IrBlock *b, IrOpcode op, IrVal x, uint32_t imm)
{
    return int_op(b, op, x, IR_NONE, imm);
}

IrVal ir_op2i(IrBlock *b, IrOpcode op, IrVal x, IrVal y, uint32_t imm)
{
    return int_op(b, op, x, y, imm);
}

/* extend: sext or zext; from all bits of the result's type it is x, read as that type. */
static IrVal extend(IrBlock *b, IrOpcode op, IrType to, IrVal x, unsigned from_bits)
{
    IrVal as_to = { x.ref, to };

    if (from_bits >= 8 * ir_type_bytes(to)) {
        return ir_is_const(x.ref) ? ir_const(b, to, ir_const_value(b, x.ref)) : as_to;
    }
    return int_op(b, op, as_to, IR_NONE, from_bits);
}

IrVal ir_sext(IrBlock *b, IrType to, IrVal x, unsigned from_bits)
{
    return extend(b, IR_sext, to, x, from_bits);
}

IrVal ir_zext(IrBlock *b, IrType to, IrVal x, unsigned from_bits)
{
    return extend(b, IR_zext, to, x, from_bits);
}

/* ---- vector shorthands ---- */

IrVal ir_v1(IrBlock *b, IrOpcode op, IrType lane, unsigned vl, IrVal x, uint32_t imm)
{
    return ir_emit(b, op, lane, vl, x, IR_NONE, IR_NONE, imm);
}

IrVal ir_v2(IrBlock *b, IrOpcode op, IrType lane, unsigned vl, IrVal x, IrVal y,
            uint32_t imm)
{
    return ir_emit(b, op, lane, vl, x, y, IR_NONE, imm);
}

IrVal ir_v3(IrBlock *b, IrOpcode op, IrType lane, unsigned vl, IrVal x, IrVal y, IrVal z,
            uint32_t imm)
{
    return ir_emit(b, op, lane, vl, x, y, z, imm);
}

/* ---- memory shorthands ---- */

/*
 * mem_op: a displacement outside 29 bits goes into the base by an add, so that callers
 * need not know the limit.
 */
static IrVal mem_op(IrBlock *b, IrOpcode op, IrType type, unsigned flags, IrVal base,
                    IrVal index, unsigned scale, int32_t disp, IrVal v)
{
    if (disp != ir_mem_disp(ir_mem_imm(0, disp))) {
        base = ir_add(b, base, ir_const(b, IR_I64, (uint64_t)(int64_t)disp));
        disp = 0;
    }
    return ir_emit(b, op, type, flags, base, index, v, ir_mem_imm(scale, disp));
}

IrVal ir_load(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
              unsigned scale, int32_t disp)
{
    return mem_op(b, IR_load, type, flags, base, index, scale, disp, IR_NONE);
}

IrVal ir_load_s(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
                unsigned scale, int32_t disp)
{
    return mem_op(b, IR_load_s, type, flags, base, index, scale, disp, IR_NONE);
}

void ir_store(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
              unsigned scale, int32_t disp, IrVal v)
{
    mem_op(b, IR_store, type, flags, base, index, scale, disp, v);
}

IrVal ir_vload(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
               unsigned scale, int32_t disp)
{
    return mem_op(b, IR_vload, type, flags, base, index, scale, disp, IR_NONE);
}

void ir_vstore(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
               unsigned scale, int32_t disp, IrVal v)
{
    mem_op(b, IR_vstore, type, flags, base, index, scale, disp, v);
}

/* ---- markers ---- */

void ir_insn(IrBlock *b, GuestAddr pc)
{
    ir_emit(b, IR_insn, IR_VOID, 0, IR_NONE, IR_NONE, IR_NONE,
            (uint32_t)(pc.va - b->pc.va));
    b->n_insn++;
}

bool ir_ended(const IrBlock *b)
{
    return b->n_op && (ir_op_info[b->op[b->n_op - 1].op].props & IRP_EXIT);
}
