/* SPDX-License-Identifier: MIT */
/*
 * Vector ops that move data between lanes, change their width, or exchange values with integer
 * registers. Ops over neighbours and halves see a vector exactly as long as VL says.
 */
#include "translate/host/interp/eval_lane.h"
#include "translate/host/interp/eval_ops.h"

#define UNUSED __attribute__((unused))
#define EVAL(name)                                                                       \
    void eval_##name(UNUSED Env *env, UNUSED EvalOp op, V128 *d, UNUSED const V128 *a,   \
                     UNUSED const V128 *b, UNUSED const V128 *c)

static const V128 zero = { .u64 = { 0, 0 } };

static uint64_t low_bits(uint64_t x, unsigned bytes)
{
    return bytes >= 8 ? x : x & ((1ull << (bytes * 8)) - 1);
}

/* ---- integers and vectors ---- */

/* splat: x in every lane of the vector. */
static void splat(EvalOp op, V128 *d, uint64_t x)
{
    unsigned size = lane_bytes(op.type), n = vl_lanes(op);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        lane_set(&r, size, i, x);
    }
    *d = r;
}

EVAL(vdup)
{
    splat(op, d, a->u64[0]);
}

EVAL(vdup_lane)
{
    splat(op, d, lane_get(a, lane_bytes(op.type), op.imm));
}

EVAL(vconst)
{
    V128 r = { .u64 = { a->u64[0], a->u64[0] } };

    vl_store(d, &r, vl_bytes(op));
}

EVAL(vget_u)
{
    *d = (V128){ .u64 = { lane_get(a, lane_bytes(op.type), op.imm) } };
}

EVAL(vget_s)
{
    uint64_t x = (uint64_t)lane_get_s(a, lane_bytes(op.type), op.imm);

    *d = (V128){ .u64 = { op.flags & IRF_SX32 ? (uint32_t)x : x } };
}

EVAL(vsigns)
{
    unsigned size = lane_bytes(op.type);
    uint64_t x = 0;

    for (unsigned i = 0; i < 16 / size; i++) {
        x |= (uint64_t)(lane_get_s(a, size, i) < 0) << i;
    }
    *d = (V128){ .u64 = { x } };
}

EVAL(vset)
{
    V128 r = *a;

    lane_set(&r, lane_bytes(op.type), op.imm, b->u64[0]);
    vl_store(d, &r, vl_bytes(op));
}

EVAL(vset_lane)
{
    unsigned size = lane_bytes(op.type);
    V128 r = *a;

    lane_set(&r, size, op.imm & 255, lane_get(b, size, op.imm >> 8));
    vl_store(d, &r, vl_bytes(op));
}

EVAL(vpack64)
{
    *d = (V128){ .u64 = { a->u64[0], b->u64[0] } };
}

EVAL(vmov_i)
{
    *d = (V128){ .u64 = { low_bits(a->u64[0], lane_bytes(op.type)) } };
}

/* ---- widening: op.type is the wide lane, operands are lanes of half its size ---- */

/* A widening op; x and y are the narrow lanes of a and b. */
#define WIDEN(name, get, LOAD_Y, EXPR)                                                   \
    EVAL(name)                                                                           \
    {                                                                                    \
        unsigned size = lane_bytes(op.type), half = size / 2, n = vl_lanes(op);          \
        unsigned base = op.imm ? 8 / half : 0;                                           \
        V128 r = zero;                                                                   \
                                                                                         \
        for (unsigned i = 0; i < n; i++) {                                               \
            int64_t x = (int64_t)get(a, half, base + i);                                 \
            LOAD_Y(get)                                                                  \
            lane_set(&r, size, i, (uint64_t)(EXPR));                                     \
        }                                                                                \
        *d = r;                                                                          \
    }
#define NO_Y(get)
#define WITH_Y(get) int64_t y = (int64_t)get(b, half, base + i);

// clang-format off
WIDEN(vext_s,  lane_get_s, NO_Y,   x)
WIDEN(vext_u,  lane_get,   NO_Y,   x)
WIDEN(vmull_s, lane_get_s, WITH_Y, x * y)
WIDEN(vmull_u, lane_get,   WITH_Y, (uint64_t)x * (uint64_t)y)
WIDEN(vqdmull, lane_get_s, WITH_Y, sat_s(env, (Int128)x * y * 2, size * 8))
// clang-format on

EVAL(vmull_p)
{
    V128 r = zero;

    if (op.type == IR_I128) {
        Uint128 p = clmul(a->u64[op.imm != 0], b->u64[op.imm != 0]);

        *d = (V128){ .u64 = { (uint64_t)p, (uint64_t)(p >> 64) } };
        return;
    }
    for (unsigned i = 0, n = vl_lanes(op), base = op.imm ? 8 : 0; i < n; i++) {
        r.u16[i] = (uint16_t)clmul(a->u8[base + i], b->u8[base + i]);
    }
    *d = r;
}

EVAL(vaddl_pair_s)
{
    unsigned size = lane_bytes(op.type), half = size / 2, n = vl_lanes(op);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        int64_t x = lane_get_s(a, half, 2 * i), y = lane_get_s(a, half, 2 * i + 1);

        lane_set(&r, size, i, (uint64_t)(x + y));
    }
    *d = r;
}

EVAL(vaddl_pair_u)
{
    unsigned size = lane_bytes(op.type), half = size / 2, n = vl_lanes(op);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        lane_set(&r, size, i, lane_get(a, half, 2 * i) + lane_get(a, half, 2 * i + 1));
    }
    *d = r;
}

/* ---- narrowing: op.type is the wide lane of the operand ---- */

#define NARROW(name, EXPR)                                                               \
    EVAL(name)                                                                           \
    {                                                                                    \
        unsigned size = lane_bytes(op.type), half = size / 2, n = vl_lanes(op);          \
        V128 r = zero;                                                                   \
                                                                                         \
        for (unsigned i = 0; i < n; i++) {                                               \
            lane_set(&r, half, i, (uint64_t)(EXPR));                                     \
        }                                                                                \
        *d = r;                                                                          \
    }

// clang-format off
NARROW(vnarrow,     lane_get(a, size, i))
NARROW(vqnarrow_s,  sat_s(env, lane_get_s(a, size, i), half * 8))
NARROW(vqnarrow_u,  sat_u(env, lane_get(a, size, i), half * 8))
NARROW(vqnarrow_su, sat_u(env, lane_get_s(a, size, i), half * 8))
// clang-format on

/* ---- across lanes, and pairs ---- */

#define MIN(x, y) ((x) < (y) ? (x) : (y))
#define MAX(x, y) ((x) > (y) ? (x) : (y))

/* An op on all lanes: acc starts as lane 0, x is each further one. */
#define ACROSS(name, TYPE, get, out_size, EXPR)                                          \
    EVAL(name)                                                                           \
    {                                                                                    \
        unsigned size = lane_bytes(op.type), n = vl_lanes(op);                           \
        TYPE acc = get(a, size, 0);                                                      \
                                                                                         \
        for (unsigned i = 1; i < n; i++) {                                               \
            TYPE x = get(a, size, i);                                                    \
                                                                                         \
            acc = (EXPR);                                                                \
        }                                                                                \
        *d = (V128){ .u64 = { low_bits((uint64_t)acc, out_size) } };                     \
    }

// clang-format off
ACROSS(vsum,    uint64_t, lane_get,   size,     acc + x)
ACROSS(vsuml_s, int64_t,  lane_get_s, size * 2, acc + x)
ACROSS(vsuml_u, uint64_t, lane_get,   size * 2, acc + x)
ACROSS(vhmax_s, int64_t,  lane_get_s, size,     MAX(acc, x))
ACROSS(vhmax_u, uint64_t, lane_get,   size,     MAX(acc, x))
ACROSS(vhmin_s, int64_t,  lane_get_s, size,     MIN(acc, x))
ACROSS(vhmin_u, uint64_t, lane_get,   size,     MIN(acc, x))
// clang-format on

/* An op on neighbours x, y: of a, then of b; with VL_LANE only the first two lanes of a. */
#define PAIRS(name, TYPE, get, EXPR)                                                     \
    EVAL(name)                                                                           \
    {                                                                                    \
        unsigned size = lane_bytes(op.type), n = vl_lanes(op);                           \
        V128 r = zero;                                                                   \
                                                                                         \
        for (unsigned i = 0; i < n; i++) {                                               \
            const V128 *s = 2 * i < n ? a : b;                                           \
            unsigned k = 2 * i < n ? 2 * i : 2 * i - n;                                  \
            TYPE x = get(s, size, k), y = get(s, size, k + 1);                           \
                                                                                         \
            lane_set(&r, size, i, (uint64_t)(EXPR));                                     \
        }                                                                                \
        *d = r;                                                                          \
    }

// clang-format off
PAIRS(vadd_pair,   uint64_t, lane_get,   x + y)
PAIRS(vmax_pair_s, int64_t,  lane_get_s, MAX(x, y))
PAIRS(vmax_pair_u, uint64_t, lane_get,   MAX(x, y))
PAIRS(vmin_pair_s, int64_t,  lane_get_s, MIN(x, y))
PAIRS(vmin_pair_u, uint64_t, lane_get,   MIN(x, y))
// clang-format on

/* ---- permutations: which lane of which operand becomes lane i of n ---- */

#define PERMUTE(name, FROM_B, INDEX)                                                     \
    EVAL(name)                                                                           \
    {                                                                                    \
        unsigned size = lane_bytes(op.type), n = vl_lanes(op);                           \
        V128 r = zero;                                                                   \
                                                                                         \
        for (unsigned i = 0; i < n; i++) {                                               \
            lane_set(&r, size, i, lane_get((FROM_B) ? b : a, size, INDEX));              \
        }                                                                                \
        *d = r;                                                                          \
    }

// clang-format off
PERMUTE(vzip_lo,   i & 1,      i / 2)
PERMUTE(vzip_hi,   i & 1,      n / 2 + i / 2)
PERMUTE(vuzp_even, i >= n / 2, 2 * i % n)
PERMUTE(vuzp_odd,  i >= n / 2, 2 * i % n + 1)
PERMUTE(vtrn_even, i & 1,      i & ~1u)
PERMUTE(vtrn_odd,  i & 1,      i | 1)
// clang-format on

EVAL(vext)
{
    unsigned n = vl_bytes(op);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        unsigned k = op.imm + i;

        r.u8[i] = k < n ? a->u8[k] : b->u8[k - n];
    }
    *d = r;
}

EVAL(vrev)
{
    unsigned size = lane_bytes(op.type), n = vl_lanes(op);
    unsigned last = op.imm / 8 / size - 1;      /* index of the last lane in a group */
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        lane_set(&r, size, i, lane_get(a, size, i ^ last));
    }
    *d = r;
}

EVAL(vtbl)
{
    unsigned n = vl_bytes(op);
    V128 r = zero;

    for (unsigned i = 0; i < n; i++) {
        unsigned k = b->u8[i] - op.imm;         /* wraps far up when the index is below imm */

        r.u8[i] = k < 16 ? a->u8[k] : c->u8[i];
    }
    *d = r;
}
