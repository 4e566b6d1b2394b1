/* SPDX-License-Identifier: MIT */
/*
 * eval_lane.h: reading and writing lanes of a V128 by size, and how much of it an op covers.
 */
#pragma once

#include "translate/host/interp/eval.h"

typedef __int128 Int128;
typedef unsigned __int128 Uint128;

/* lane_bytes: size of one lane of this type; 16 for I128 and V128. */
static inline unsigned lane_bytes(IrType t)
{
    static const uint8_t bytes[] = {
        [IR_VOID] = 0, [IR_I8] = 1,  [IR_I16] = 2, [IR_I32] = 4, [IR_I64] = 8,
        [IR_I128] = 16, [IR_F16] = 2, [IR_F32] = 4, [IR_F64] = 8, [IR_V128] = 16,
    };

    return bytes[t];
}

/* vl_bytes: length of the vector the op works on. */
static inline unsigned vl_bytes(EvalOp op)
{
    switch (op.flags & IR_VL_MASK) {
    case IR_VL_64: return 8;
    case IR_VL_LANE: return lane_bytes(op.type);
    default: return 16;
    }
}

static inline unsigned vl_lanes(EvalOp op)
{
    return vl_bytes(op) / lane_bytes(op.type);
}

/* vl_store: *d = the low n bytes of r, the rest zero. */
static inline void vl_store(V128 *d, const V128 *r, unsigned n)
{
    V128 t = { .u64 = { 0, 0 } };

    memcpy(&t, r, n);
    *d = t;
}

static inline uint64_t lane_get(const V128 *v, unsigned size, unsigned i)
{
    switch (size) {
    case 1: return v->u8[i];
    case 2: return v->u16[i];
    case 4: return v->u32[i];
    default: return v->u64[i];
    }
}

static inline int64_t lane_get_s(const V128 *v, unsigned size, unsigned i)
{
    return sext(lane_get(v, size, i), size * 8);
}

static inline void lane_set(V128 *v, unsigned size, unsigned i, uint64_t x)
{
    switch (size) {
    case 1: v->u8[i] = x; break;
    case 2: v->u16[i] = x; break;
    case 4: v->u32[i] = x; break;
    default: v->u64[i] = x; break;
    }
}

/*
 * sat_s, sat_u: v brought into the range of a signed or unsigned integer of this many bits (8 to
 * 64); sets the sticky saturation flag when that changes it.
 */
static inline int64_t sat_s(Env *env, Int128 v, unsigned width)
{
    Int128 max = ((Int128)1 << (width - 1)) - 1, min = -max - 1;

    if (v > max || v < min) {
        env->rt.qc = 1;
        return v > max ? (int64_t)max : (int64_t)min;
    }
    return (int64_t)v;
}

static inline uint64_t sat_u(Env *env, Int128 v, unsigned width)
{
    Int128 max = ((Int128)1 << width) - 1;

    if (v > max || v < 0) {
        env->rt.qc = 1;
        return v > max ? (uint64_t)max : 0;
    }
    return (uint64_t)v;
}

/* clmul: carry-less product of x and y. */
static inline Uint128 clmul(uint64_t x, uint64_t y)
{
    Uint128 p = 0;

    for (; y; y &= y - 1) {
        p ^= (Uint128)x << __builtin_ctzll(y);
    }
    return p;
}
