/* SPDX-License-Identifier: MIT */
/*
 * vec_inline.h: what the files share that make vector instructions inline.
 *
 * A register group is worked on in pieces of 16 bytes, each an IR register; of a group that is
 * smaller only the low bytes of its one piece count. Each instruction is a row of lift_vec_table.c: a
 * function that walks over the pieces, and what is done to each. A walk that cannot do it returns
 * false before it has emitted anything.
 *
 * Order (ir.h): what may fault comes first, so loads and floating point make all pieces before the
 * first goes to its register. What faults is done again by the interpreter, that is vec_run().
 */
#pragma once

#include "translate/guest/riscv64/lift_vec.h"

enum { PIECE = 16, PIECES_MAX = 16 };

typedef struct Job Job;

/* One piece of the result, of operands a (vs2), b (vs1 or the scalar in all lanes), old d (vd). */
typedef IrVal PieceFn(Job *j, IrVal a, IrVal b, IrVal d);

typedef struct {
    bool (*walk)(Job *j);
    PieceFn *piece;
    uint16_t op;            /* IrOpcode */
    uint16_t k;             /* its immediate, or what the functions take it for */
} VecRow;

struct Job {
    Lift *l;
    const Vec *v;
    const VecRow *row;
    unsigned per;           /* pieces of a register */
    unsigned size;          /* of the lanes that piece functions work on: log2 of bytes */
    unsigned vl;            /* IR_VL_ of floating point pieces */
    bool partial;           /* vl is not all there is */
    bool some;              /* elements may be left out: partial, or there is a mask */
    unsigned length_size;   /* of the lanes of length, + 1; 0: none */
    IrVal length;           /* vl in all lanes */
    unsigned mask_at;       /* the group of eight elements whose mask is in mask8, + 1; 0: none */
    IrVal mask8;
};

/* vec_bytes: of a group with elements of 2^size bytes; vec_pieces: how many pieces those are. */
static inline unsigned vec_bytes(const Job *j, unsigned size)
{
    return (unsigned)j->v->vlmax << size;
}

static inline unsigned vec_pieces(unsigned bytes)
{
    return bytes < PIECE ? 1 : bytes / PIECE;
}

/* vec_int, vec_float: the type of 2^size bytes. */
static inline IrType vec_int(unsigned size)
{
    return (IrType)(IR_I8 + size);
}

static inline IrType vec_float(unsigned size)
{
    return size == 3 ? IR_F64 : IR_F32;
}

/* vec_piece: piece i from register reg on. */
static inline IrVal vec_piece(const Job *j, unsigned reg, unsigned i)
{
    return ir_reg(j->l->ir, RV_V0 + reg * j->per + i, IR_V128);
}

/* vec_put: set it; of a group of fewer bytes only those. */
void vec_put(Job *j, unsigned reg, unsigned i, unsigned bytes, IrVal x);

/* vec_op1, vec_op2: on whole pieces of integer lanes of 2^size bytes. */
static inline IrVal vec_op1(Job *j, IrOpcode op, unsigned size, IrVal x, uint32_t k)
{
    return ir_v1(j->l->ir, op, vec_int(size), IR_VL_128, x, k);
}

static inline IrVal vec_op2(Job *j, IrOpcode op, unsigned size, IrVal x, IrVal y, uint32_t k)
{
    return ir_v2(j->l->ir, op, vec_int(size), IR_VL_128, x, y, k);
}

/* vec_const: x in all lanes of 2^size bytes. */
IrVal vec_const(Job *j, unsigned size, uint64_t x);

/* vec_float_lane: f[r] as a vector of one element of SEW; what is not boxed is the canonical NaN. */
IrVal vec_float_lane(Job *j, unsigned r);

/*
 * vec_b: piece i of operand b; a scalar is in all lanes and made by vec_scalar() before, as it may fault.
 */
IrVal vec_scalar(Job *j);
IrVal vec_b(Job *j, IrVal scalar, unsigned i);

/* vec_mask: all ones in each lane of 2^size bytes of piece i whose bit in v0 is set. */
IrVal vec_mask(Job *j, unsigned size, unsigned i);

/* vec_taken: the same of elements that take part; only if j->some. */
IrVal vec_taken(Job *j, unsigned size, unsigned i);

/* vec_merge: x, where elements take part, else what is in piece i of reg. */
IrVal vec_merge(Job *j, unsigned reg, unsigned i, unsigned size, IrVal x);

/* vec_put_active: vec_put() of that. */
void vec_put_active(Job *j, unsigned reg, unsigned i, unsigned size, IrVal x);

/*
 * vec_quiet: x with a number in float lanes of piece i that do not take part, so that they raise no
 * flag: 1 to divide, else 0. As it is when its lanes are integers.
 */
IrVal vec_quiet(Job *j, IrType type, unsigned i, IrVal x);

/* ---- walks and pieces of other files than lift_vec_table.c ---- */
bool vec_walk_load(Job *j);
bool vec_walk_store(Job *j);

/* In k: the operands change places, the result is inverted. */
enum { VEC_SWAP = 1, VEC_NOT = 2 };
bool vec_walk_compare(Job *j);
bool vec_walk_fp_compare(Job *j);
bool vec_walk_logic(Job *j);            /* VMAND.MM and the like */
bool vec_walk_count(Job *j);            /* VCPOP.M */
bool vec_walk_first(Job *j);            /* VFIRST.M */
bool vec_walk_around_first(Job *j);     /* VMSBF.M, VMSIF.M, VMSOF.M */

bool vec_walk_fp(Job *j);               /* all operands of SEW */
bool vec_walk_fp_widen(Job *j);         /* vd of 2 * SEW */
bool vec_walk_fp_narrow(Job *j);        /* VFNCVT.F.F.W */
bool vec_walk_fp_reduce(Job *j);        /* element by element */
bool vec_walk_fp_to_f(Job *j);          /* VFMV.F.S */
bool vec_walk_f_to_first(Job *j);       /* VFMV.S.F */
bool vec_walk_f_to_all(Job *j);         /* VFMV.V.F */
bool vec_walk_f_merge(Job *j);          /* VFMERGE.VFM */
PieceFn vec_fp1, vec_fp2, vec_fp2_swapped, vec_fp_acc, vec_fp_mad, vec_fp_sign, vec_fp_copy, vec_fp_to_int;
