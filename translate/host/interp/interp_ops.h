/* SPDX-License-Identifier: MIT */
/*
 * interp_ops.h: one function per IR op that is more than an EvalFn, and how they get at
 * operands. Private to the interpreter.
 */
#pragma once

#include <stdatomic.h>

#include "translate/host/interp/interp.h"
#include "translate/ir/info.h"
#include "translate/ir/intops.h"

/* A block at work. */
typedef struct {
    Env *env;
    const IrBlock *b;
    const Guest *guest;
    V128 *temp;
} Interp;

typedef void OpFn(Interp *in, const IrOp *op);
typedef ExitKind ExitFn(Interp *in, const IrOp *op);

/* interp_op[op]: NULL means interp_eval(). interp_exit[op]: for ops that end a block. */
extern OpFn *const interp_op[IR_OP_COUNT];
extern ExitFn *const interp_exit[IR_OP_COUNT];

/* interp_eval: an op whose meaning is a function of its operands (eval.h, intops.h). */
OpFn interp_eval;

/* In interp_mem.c. */
// clang-format off
#define INTERP_MEM_OPS(X) \
    X(load) X(load_s) X(store) X(vload) X(vstore) X(vload_lane) X(vstore_lane) X(vstore_part) X(prefetch) \
    X(zero_block) X(copy_mem) X(set_mem) X(guard) X(check_align) X(pac) X(auth) X(fence) X(amo_add) X(amo_andn) \
    X(amo_or) X(amo_xor) X(amo_max_s) X(amo_min_s) \
    X(amo_max_u) X(amo_min_u) X(amo_swap) X(cas) X(cas128) X(ldex) X(stex) X(ldex128) \
    X(stex128) X(clrex)
// clang-format on
#define X(name) OpFn interp_##name;
INTERP_MEM_OPS(X)
#undef X

/* interp_raise: leave the block with EXIT_FAULT, as if the host had faulted. */
_Noreturn void interp_raise(Env *env, int sig, int code, uint64_t addr);

/* interp_stop: leave the block with EXIT_NONE; the state says where to go on. */
_Noreturn void interp_stop(Env *env);

/* ---- operands ---- */

static inline const GuestReg *reg_of(const Interp *in, IrRef r)
{
    return &in->guest->regs[ir_reg_index(r)];
}

static inline uint64_t get_int(const Interp *in, IrRef r)
{
    if (ir_is_const(r)) {
        return ir_const_value(in->b, r);
    }
    if (ir_is_temp(r)) {
        return in->temp[ir_temp_index(r)].u64[0];
    }
    if (!r) {
        return 0;
    }
    const void *p = in->env->state + reg_of(in, r)->offset;

    return reg_of(in, r)->type == IR_I32 ? *(const uint32_t *)p : *(const uint64_t *)p;
}

static inline void put_int(Interp *in, IrRef r, uint64_t v)
{
    if (ir_is_temp(r)) {
        in->temp[ir_temp_index(r)] = (V128){ .u64 = { v, 0 } };
        return;
    }
    void *p = in->env->state + reg_of(in, r)->offset;

    if (reg_of(in, r)->type == IR_I32) {
        *(uint32_t *)p = (uint32_t)v;
    } else {
        *(uint64_t *)p = v;
    }
}

/* vec_at: where the vector lives, to read or to write. */
static inline V128 *vec_at(const Interp *in, IrRef r)
{
    if (ir_is_temp(r)) {
        return &in->temp[ir_temp_index(r)];
    }
    return (V128 *)(in->env->state + reg_of(in, r)->offset);
}

/* get_kind: an integer operand as its op wants it, see int_cut_kind(). */
static inline uint64_t get_kind(const Interp *in, const IrOp *op, char kind, IrRef r)
{
    return int_cut_kind(kind, op->type, get_int(in, r));
}

/* ---- guest state with a meaning ---- */

static inline unsigned get_nzcv(const Interp *in)
{
    return *(const uint32_t *)(in->env->state + in->guest->nzcv_offset) >> 28;
}

static inline void put_nzcv(Interp *in, unsigned nzcv)
{
    *(uint32_t *)(in->env->state + in->guest->nzcv_offset) = nzcv << 28;
}

/*
 * untag: an address without the bits that do not count: the top byte, where bit 55 says which half
 * of the space it is in, or all above 32.
 */
static inline uint64_t untag(const Guest *guest, uint64_t addr)
{
    return guest->top_byte_ignore ? (uint64_t)sext(addr, 56)
           : guest->addresses_32  ? (uint32_t)addr : addr;
}

/* ---- guest accesses: all of them stand between these two ---- */

static inline void access_begin(Env *env, uint64_t addr)
{
    env->rt.access_addr = addr;
    env->rt.in_access = INTERP_DATA;
    atomic_signal_fence(memory_order_seq_cst);
}

static inline void access_end(Env *env)
{
    atomic_signal_fence(memory_order_seq_cst);
    env->rt.in_access = 0;
}
