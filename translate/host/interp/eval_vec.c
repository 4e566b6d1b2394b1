/* SPDX-License-Identifier: MIT */
/*
 * Vector integer ops where each lane of the result depends on the same lane of the operands.
 *
 * A row of the table below is an op and its meaning for one lane, written with
 *   x, y, z   the lanes of a, b, c, of unsigned type U; S is the signed type of that width
 *   W         a signed type wide enough for any sum, product or shift of the row
 *   WIDTH     bits of the lane         imm   the op's immediate
 * and becomes one function with a loop per lane width. The value is cut to the lane.
 */
#include "translate/host/interp/eval_fp.h"
#include "translate/host/interp/eval_lane.h"
#include "translate/host/interp/eval_ops.h"

#define SAT_S(v) sat_s(env, v, WIDTH)
#define SAT_U(v) sat_u(env, v, WIDTH)
#define MASK(c)  ((c) ? -1 : 0)

/*
 * shift: x << count, or >> -count, rounding half up on request. Counts of the width and more
 * give a number that is out of every lane's range, with 64 zero bits at the end.
 */
static inline Int128 shift(Int128 x, int count, int width, bool rounded)
{
    if (count >= width) {
        Int128 huge = (Int128)1 << 126;

        return x == 0 ? 0 : x < 0 ? -huge : huge;
    }
    if (count >= 0) {
        return x * ((Int128)1 << count);
    }
    count = -count > width + 1 ? width + 1 : -count;
    return (x + (rounded ? (Int128)1 << (count - 1) : 0)) >> count;
}

static inline unsigned lane_clz(uint64_t x, unsigned width)
{
    return x ? (unsigned)__builtin_clzll(x) - (64 - width) : width;
}

static inline uint64_t lane_rbit(uint64_t x, unsigned width)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < width; i++) {
        r = r << 1 | (x >> i & 1);
    }
    return r;
}

/* lane_dot_s, lane_dot_u, lane_dot_us: sum of the products of the four bytes of x and y. */
static inline uint32_t lane_dot_s(uint32_t x, uint32_t y)
{
    int32_t sum = 0;

    for (unsigned i = 0; i < 32; i += 8) {
        sum += (int8_t)(x >> i) * (int8_t)(y >> i);
    }
    return (uint32_t)sum;
}

static inline uint32_t lane_dot_u(uint32_t x, uint32_t y)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < 32; i += 8) {
        sum += (uint32_t)(uint8_t)(x >> i) * (uint8_t)(y >> i);
    }
    return sum;
}

static inline uint32_t lane_dot_us(uint32_t x, uint32_t y)
{
    int32_t sum = 0;

    for (unsigned i = 0; i < 32; i += 8) {
        sum += (int32_t)(uint8_t)(x >> i) * (int8_t)(y >> i);
    }
    return (uint32_t)sum;
}

/* rdm_sum: c plus the high half of twice the product, rounded; only of 16 and 32 bits. */
static inline Int128 rdm_sum(int64_t c, Int128 product, int width)
{
    Int128 half = (Int128)1 << (width - 2);

    return (c * ((Int128)1 << (width - 1)) + product + half) >> (width - 1);
}

#define UNUSED __attribute__((unused))

/* The loop over lanes of one width; LOAD defines y and z for ops that have them. */
#define LANES(BITS, WIDE, LOAD, EXPR)                                                    \
    case IR_I##BITS:                                                                     \
        for (unsigned i = 0; i < n / (BITS / 8); i++) {                                  \
            UNUSED typedef int##BITS##_t S;                                              \
            typedef uint##BITS##_t U;                                                    \
            UNUSED typedef WIDE W;                                                       \
            enum { WIDTH = BITS };                                                       \
            const U x = a->u##BITS[i];                                                   \
            LOAD(BITS)                                                                   \
            r.u##BITS[i] = (U)(EXPR);                                                    \
        }                                                                                \
        break;

#define LOAD_1(BITS)
#define LOAD_2(BITS) const U y = b->u##BITS[i];
#define LOAD_3(BITS) const U y = b->u##BITS[i], z = c->u##BITS[i];

#define VEC(name, LOAD, EXPR)                                                            \
    void eval_##name(UNUSED Env *env, EvalOp op, V128 *d, const V128 *a,                 \
                     UNUSED const V128 *b, UNUSED const V128 *c)                         \
    {                                                                                    \
        UNUSED const unsigned imm = op.imm;                                              \
        const unsigned n = vl_bytes(op);                                                 \
        V128 r = { .u64 = { 0, 0 } };                                                    \
                                                                                         \
        switch (op.type) {                                                               \
            LANES(8, int64_t, LOAD, EXPR)                                                \
            LANES(16, int64_t, LOAD, EXPR)                                               \
            LANES(32, Int128, LOAD, EXPR)                                                \
            LANES(64, Int128, LOAD, EXPR)                                                \
        }                                                                                \
        *d = r;                                                                          \
    }
#define VEC1(name, EXPR) VEC(name, LOAD_1, EXPR)
#define VEC2(name, EXPR) VEC(name, LOAD_2, EXPR)
#define VEC3(name, EXPR) VEC(name, LOAD_3, EXPR)

/* Bitwise ops do not care for lanes; they take any type, also floats and I128. */
#define BITWISE(name, EXPR)                                                              \
    void eval_##name(UNUSED Env *env, EvalOp op, V128 *d, const V128 *a,                 \
                     UNUSED const V128 *b, UNUSED const V128 *c)                         \
    {                                                                                    \
        V128 r;                                                                          \
                                                                                         \
        for (unsigned i = 0; i < 2; i++) {                                               \
            r.u64[i] = (EXPR);                                                           \
        }                                                                                \
        vl_store(d, &r, vl_bytes(op));                                                   \
    }

// clang-format off
BITWISE(vmov,    a->u64[i])
BITWISE(vand,    a->u64[i] & b->u64[i])
BITWISE(vor,     a->u64[i] | b->u64[i])
BITWISE(vxor,    a->u64[i] ^ b->u64[i])
BITWISE(vandn,   a->u64[i] & ~b->u64[i])
BITWISE(vorn,    a->u64[i] | ~b->u64[i])
BITWISE(vnot,    ~a->u64[i])
BITWISE(vxor3,   a->u64[i] ^ b->u64[i] ^ c->u64[i])
BITWISE(vbcax,   a->u64[i] ^ (b->u64[i] & ~c->u64[i]))
BITWISE(vbsl,    (a->u64[i] & c->u64[i]) | (b->u64[i] & ~c->u64[i]))

/* arithmetic */
VEC2(vadd,       x + y)
VEC2(vsub,       x - y)
VEC2(vmul,       (uint64_t)x * y)
VEC1(vneg,       -(uint64_t)x)
VEC1(vabs,       (S)x < 0 ? -(uint64_t)x : x)
VEC2(vmin_s,     (S)x < (S)y ? x : y)
VEC2(vmax_s,     (S)x > (S)y ? x : y)
VEC2(vmin_u,     x < y ? x : y)
VEC2(vmax_u,     x > y ? x : y)
VEC2(vabd_s,     (S)x > (S)y ? (uint64_t)x - y : (uint64_t)y - x)
VEC2(vabd_u,     x > y ? x - y : y - x)
VEC2(vhadd_s,    ((W)(S)x + (S)y) >> 1)
VEC2(vhadd_u,    ((W)x + y) >> 1)
VEC2(vhsub_s,    ((W)(S)x - (S)y) >> 1)
VEC2(vhsub_u,    ((W)x - y) >> 1)
VEC2(vrhadd_s,   ((W)(S)x + (S)y + 1) >> 1)
VEC2(vrhadd_u,   ((W)x + y + 1) >> 1)
VEC2(vqadd_s,    SAT_S((W)(S)x + (S)y))
VEC2(vqadd_u,    SAT_U((W)x + y))
VEC2(vqsub_s,    SAT_S((W)(S)x - (S)y))
VEC2(vqsub_u,    SAT_U((W)x - y))
VEC2(vuqadd_s,   SAT_S((W)(S)x + y))
VEC2(vsqadd_u,   SAT_U((W)x + (S)y))
VEC1(vqabs,      SAT_S((S)x < 0 ? -(W)(S)x : (W)(S)x))
VEC1(vqneg,      SAT_S(-(W)(S)x))
VEC2(vqdmulh,    SAT_S(((W)(S)x * (S)y) >> (WIDTH - 1)))
VEC2(vqrdmulh,   SAT_S(((W)(S)x * (S)y + ((W)1 << (WIDTH - 2))) >> (WIDTH - 1)))
VEC3(vqrdmlah,   SAT_S(rdm_sum((S)z, (W)(S)x * (S)y, WIDTH)))
VEC3(vqrdmlsh,   SAT_S(rdm_sum((S)z, -((W)(S)x * (S)y), WIDTH)))
VEC2(vmul_p,     clmul(x, y))

/* comparisons and bit counts */
VEC2(vcmp_eq,    MASK(x == y))
VEC2(vcmp_gt_s,  MASK((S)x > (S)y))
VEC2(vcmp_ge_s,  MASK((S)x >= (S)y))
VEC2(vcmp_gt_u,  MASK(x > y))
VEC2(vcmp_ge_u,  MASK(x >= y))
VEC2(vtst,       MASK((x & y) != 0))
VEC1(vcnt,       __builtin_popcountll(x))
VEC1(vclz,       lane_clz(x, WIDTH))
VEC1(vcls,       lane_clz((U)(x ^ (U)((S)x >> 1)), WIDTH) - 1)
VEC1(vrbit,      lane_rbit(x, WIDTH))

/* i32 lanes of bytes; the other widths of these rows are never asked for */
VEC3(vdot_s,     z + lane_dot_s(x, y))
VEC3(vdot_u,     z + lane_dot_u(x, y))
VEC3(vdot_us,    z + lane_dot_us(x, y))
VEC1(urecpe,     fp_urecpe(x))
VEC1(ursqrte,    fp_ursqrte(x))

/* shifts by a constant */
VEC1(vshl_i,     (uint64_t)x << imm)
VEC1(vshr_s_i,   (W)(S)x >> imm)
VEC1(vshr_u_i,   (W)x >> imm)
VEC1(vrshr_s_i,  ((W)(S)x + ((W)1 << (imm - 1))) >> imm)
VEC1(vrshr_u_i,  ((W)x + ((W)1 << (imm - 1))) >> imm)
VEC2(vsli_i,     (uint64_t)y << imm | (x & (((uint64_t)1 << imm) - 1)))
VEC2(vsri_i,     (W)y >> imm | (x & ~((W)(U)-1 >> imm)))
VEC1(vror_i,     (uint64_t)x >> imm | (uint64_t)x << (-imm & (WIDTH - 1)))
VEC1(vqshl_s_i,  SAT_S((Int128)(S)x * ((Int128)1 << imm)))
VEC1(vqshl_u_i,  SAT_U((Int128)x * ((Int128)1 << imm)))
VEC1(vqshl_su_i, SAT_U((Int128)(S)x * ((Int128)1 << imm)))

/* shifts by a register: the signed low byte of each lane */
VEC2(vshl_s,     shift((S)x, (int8_t)y, WIDTH, false))
VEC2(vshl_u,     shift(x, (int8_t)y, WIDTH, false))
VEC2(vrshl_s,    shift((S)x, (int8_t)y, WIDTH, true))
VEC2(vrshl_u,    shift(x, (int8_t)y, WIDTH, true))
VEC2(vqshl_s,    SAT_S(shift((S)x, (int8_t)y, WIDTH, false)))
VEC2(vqshl_u,    SAT_U(shift(x, (int8_t)y, WIDTH, false)))
VEC2(vqrshl_s,   SAT_S(shift((S)x, (int8_t)y, WIDTH, true)))
VEC2(vqrshl_u,   SAT_U(shift(x, (int8_t)y, WIDTH, true)))
// clang-format on
