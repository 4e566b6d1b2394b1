/* SPDX-License-Identifier: MIT */
/* lift_vec_table.c: vector instructions inline: the table, what the walks share, and integers. */
#include "translate/guest/riscv64/vec_inline.h"

/* ---- pieces ---- */

void vec_put(Job *j, unsigned reg, unsigned i, unsigned bytes, IrVal x)
{
    if (bytes < PIECE) {
        x = ir_v2(j->l->ir, IR_vset_lane, vec_int((unsigned)__builtin_ctz(bytes)), IR_VL_128,
                  vec_piece(j, reg, i), x, 0);
    }
    ir_set(j->l->ir, RV_V0 + reg * j->per + i, x);
}

IrVal vec_merge(Job *j, unsigned reg, unsigned i, unsigned size, IrVal x)
{
    return j->some ? ir_v3(j->l->ir, IR_vbsl, IR_I8, IR_VL_128, x, vec_piece(j, reg, i),
                           vec_taken(j, size, i), 0)
                   : x;
}

void vec_put_active(Job *j, unsigned reg, unsigned i, unsigned size, IrVal x)
{
    vec_put(j, reg, i, vec_bytes(j, size), vec_merge(j, reg, i, size, x));
}

IrVal vec_const(Job *j, unsigned size, uint64_t x)
{
    uint64_t ones = size == 3 ? 1 : ~0ull / ((1ull << (8u << size)) - 1);
    uint64_t lane = size == 3 ? ~0ull : (1ull << (8u << size)) - 1;

    return ir_v1(j->l->ir, IR_vconst, IR_I64, IR_VL_128, imm64(j->l, (x & lane) * ones), 0);
}

static IrVal dup_x(Job *j, unsigned size, IrVal x)
{
    return ir_v1(j->l->ir, IR_vdup, vec_int(size), IR_VL_128, x, 0);
}

/* immediate: of VI forms, extended. */
static uint64_t immediate(const Vec *v)
{
    return v->op->b == B_I ? (uint64_t)sext(v->rs1, 5)
           : v->op->b == B_U6 ? v->rs1 | (v->word >> 26 & 1) << 5 : v->rs1;
}

IrVal vec_scalar(Job *j)
{
    const Vec *v = j->v;

    switch (v->op->b) {
    case B_X: return v->rs1 ? dup_x(j, v->sew, rv_get_x(j->l, v->rs1)) : vec_const(j, v->sew, 0);
    case B_F: return vec_op1(j, IR_vdup_lane, v->sew, vec_float_lane(j, v->rs1), 0);
    case B_I:
    case B_U:
    case B_U6: return vec_const(j, v->sew, immediate(v));
    default: return IR_NONE;
    }
}

IrVal vec_b(Job *j, IrVal scalar, unsigned i)
{
    return j->v->op->b == B_V ? vec_piece(j, j->v->rs1, i) : scalar;
}

/* ---- masks ---- */

/* mask8: bytes of ones for elements 8 * at and up, by v0, in both halves. */
static IrVal mask8(Job *j, unsigned at)
{
    if (j->mask_at != at + 1) {
        IrVal bits = vec_op1(j, IR_vdup_lane, 0, vec_piece(j, 0, at / PIECE), at % PIECE);

        j->mask8 = vec_op2(j, IR_vtst, 0, bits, vec_const(j, 3, 0x8040201008040201), 0);
        j->mask_at = at + 1;
    }
    return j->mask8;
}

IrVal vec_mask(Job *j, unsigned size, unsigned i)
{
    if (!size) {
        IrVal low = mask8(j, 2 * i);

        return vec_op2(j, IR_vset_lane, 3, low, mask8(j, 2 * i + 1), 1);
    }
    unsigned first = i * (PIECE >> size);           /* element */
    IrVal m = mask8(j, first / 8);

    for (unsigned s = 1; s <= size; s++) {
        m = vec_op1(j, IR_vext_s, s, m, s > 1 ? first >> (4 - s) & 1 : 0);
    }
    return m;
}

/* numbers: of the elements in piece i. */
static IrVal numbers(Job *j, unsigned size, unsigned i)
{
    unsigned n = PIECE >> size, half = n / 2;
    uint64_t k[2] = { 0, 0 };

    for (unsigned e = 0; e < n; e++) {
        k[e / half] |= (uint64_t)(i * n + e) << (e % half * (8u << size) & 63);
    }
    return ir_emit(j->l->ir, IR_vpack64, IR_I64, 0, imm64(j->l, k[0]), imm64(j->l, k[1]), IR_NONE, 0);
}

/* below_length: which are less than vl; that there are at most 128 makes a signed comparison do. */
static IrVal below_length(Job *j, unsigned size, unsigned i)
{
    if (j->length_size != size + 1) {
        j->length = dup_x(j, size, ir_reg(j->l->ir, RV_VL, IR_I64));
        j->length_size = size + 1;
    }
    return vec_op2(j, IR_vcmp_gt_s, size, j->length, numbers(j, size, i), 0);
}

static bool by_mask(const Job *j)
{
    return j->v->masked && !(j->v->op->flags & VF_MASKED);
}

IrVal vec_taken(Job *j, unsigned size, unsigned i)
{
    if (!j->partial) {
        return vec_mask(j, size, i);
    }
    IrVal x = below_length(j, size, i);

    return by_mask(j) ? vec_op2(j, IR_vand, 3, x, vec_mask(j, size, i), 0) : x;
}

/* ---- walks: integers ---- */

/* walk_same: all operands of SEW. */
static bool walk_same(Job *j)
{
    const Vec *v = j->v;
    IrVal scalar = vec_scalar(j);

    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew)); i++) {
        IrVal x = j->row->piece(j, vec_piece(j, v->rs2, i), vec_b(j, scalar, i),
                                vec_piece(j, v->rd, i));

        vec_put_active(j, v->rd, i, v->sew, x);
    }
    return true;
}

/* walk_merge: the mask chooses. */
static bool walk_merge(Job *j)
{
    const Vec *v = j->v;
    IrVal scalar = vec_scalar(j);

    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew)); i++) {
        IrVal x = ir_v3(j->l->ir, IR_vbsl, IR_I8, IR_VL_128, vec_b(j, scalar, i),
                        vec_piece(j, v->rs2, i), vec_mask(j, v->sew, i), 0);

        vec_put_active(j, v->rd, i, v->sew, x);
    }
    return true;
}

/* half_of: piece i / 2's lower or upper lanes, extended to twice their size by op. */
static IrVal half_of(Job *j, IrOpcode op, unsigned size, IrVal x, unsigned i)
{
    return vec_op1(j, op, size + 1, x, i & 1);
}

/* walk_widen: vd of 2 * SEW, both operands of SEW; k: the op that extends. */
static bool walk_widen(Job *j)
{
    const Vec *v = j->v;
    IrVal scalar = vec_scalar(j);
    IrOpcode extend = (IrOpcode)j->row->k;

    j->size = v->sew + 1;
    if (v->op->b != B_V) {
        scalar = vec_op1(j, extend, v->sew + 1, scalar, 0);
    }
    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew + 1)); i++) {
        IrVal a = half_of(j, extend, v->sew, vec_piece(j, v->rs2, i / 2), i);
        IrVal b = v->op->b != B_V ? scalar : half_of(j, extend, v->sew, vec_piece(j, v->rs1, i / 2), i);

        vec_put_active(j, v->rd, i, v->sew + 1, j->row->piece(j, a, b, vec_piece(j, v->rd, i)));
    }
    return true;
}

/* walk_widen_w: vs2 has the width of vd. */
static bool walk_widen_w(Job *j)
{
    const Vec *v = j->v;
    IrVal scalar = vec_scalar(j);
    IrOpcode extend = (IrOpcode)j->row->k;

    j->size = v->sew + 1;
    if (v->op->b != B_V) {
        scalar = vec_op1(j, extend, v->sew + 1, scalar, 0);
    }
    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew + 1)); i++) {
        IrVal b = v->op->b != B_V ? scalar : half_of(j, extend, v->sew, vec_piece(j, v->rs1, i / 2), i);
        IrVal x = j->row->piece(j, vec_piece(j, v->rs2, i), b, vec_piece(j, v->rd, i));

        vec_put_active(j, v->rd, i, v->sew + 1, x);
    }
    return true;
}

/* walk_product: as walk_widen() for products, which the op makes of narrow lanes. */
static bool walk_product(Job *j)
{
    const Vec *v = j->v;
    IrVal scalar = vec_scalar(j);

    j->size = v->sew + 1;
    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew + 1)); i++) {
        IrVal x = vec_op2(j, (IrOpcode)j->row->op, v->sew + 1, vec_piece(j, v->rs2, i / 2),
                          vec_b(j, scalar, i / 2), i & 1);

        if (j->row->k) {
            x = vec_op2(j, IR_vadd, v->sew + 1, x, vec_piece(j, v->rd, i), 0);
        }
        vec_put_active(j, v->rd, i, v->sew + 1, x);
    }
    return true;
}

/* walk_extend: vs2 of SEW / 2^k. */
static bool walk_extend(Job *j)
{
    const Vec *v = j->v;
    unsigned k = j->row->k;

    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew)); i++) {
        IrVal x = vec_piece(j, v->rs2, i >> k);

        for (unsigned s = 1; s <= k; s++) {
            x = vec_op1(j, (IrOpcode)j->row->op, v->sew - k + s, x, i >> (k - s) & 1);
        }
        vec_put_active(j, v->rd, i, v->sew, x);
    }
    return true;
}

/* walk_narrow: vs2 of 2 * SEW, shifted, then the lower half of each lane. */
static bool walk_narrow(Job *j)
{
    const Vec *v = j->v;
    unsigned wide = vec_pieces(vec_bytes(j, v->sew + 1));
    IrVal none = IR_NONE;

    j->size = v->sew + 1;
    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew)); i++) {
        IrVal lo = j->row->piece(j, vec_piece(j, v->rs2, 2 * i), none, none), hi = lo;

        if (wide > 1) {
            hi = j->row->piece(j, vec_piece(j, v->rs2, 2 * i + 1), none, none);
        }
        vec_put_active(j, v->rd, i, v->sew, vec_op2(j, IR_vuzp_even, v->sew, lo, hi, 0));
    }
    return true;
}

/* neutral: the element that changes nothing in the reduction by op. */
static uint64_t neutral(IrOpcode op, unsigned size)
{
    uint64_t least = 1ull << ((8u << size) - 1);

    switch (op) {
    case IR_vand:
    case IR_vmin_u: return ~0ull;
    case IR_vmin_s: return ~least;
    case IR_vmax_s: return least;
    default: return 0;
    }
}

/* reduce: the bytes in x, halves of what is left, by op; then element 0 of vs1; to vd if vl is not 0. */
static bool reduce(Job *j, IrOpcode op, unsigned size, unsigned bytes, IrVal x)
{
    const Vec *v = j->v;

    for (unsigned step = (bytes < PIECE ? bytes : PIECE) / 2; step >= 1u << size; step /= 2) {
        x = vec_op2(j, op, size, x, vec_op2(j, IR_vext, 0, x, x, step), 0);
    }
    x = vec_op2(j, op, size, x, vec_piece(j, v->rs1, 0), 0);
    if (j->partial) {
        x = ir_v3(j->l->ir, IR_vbsl, IR_I8, IR_VL_128, x, vec_piece(j, v->rd, 0),
                  below_length(j, size, 0), 0);
    }
    vec_put(j, v->rd, 0, 1u << size, x);
    return true;
}

/* reduced: piece i of vs2, neutral where elements do not take part. */
static IrVal reduced(Job *j, IrOpcode op, unsigned i)
{
    unsigned size = j->v->sew;
    IrVal x = vec_piece(j, j->v->rs2, i);

    return j->some ? ir_v3(j->l->ir, IR_vbsl, IR_I8, IR_VL_128, x, vec_const(j, size, neutral(op, size)),
                           vec_taken(j, size, i), 0)
                   : x;
}

static bool walk_reduce(Job *j)
{
    const Vec *v = j->v;
    unsigned bytes = vec_bytes(j, v->sew);
    IrOpcode op = (IrOpcode)j->row->op;
    IrVal x = reduced(j, op, 0);

    for (unsigned i = 1; i < vec_pieces(bytes); i++) {
        x = vec_op2(j, op, v->sew, x, reduced(j, op, i), 0);
    }
    return reduce(j, op, v->sew, bytes, x);
}

/* walk_reduce_widen: sums in twice the width; op extends. */
static bool walk_reduce_widen(Job *j)
{
    const Vec *v = j->v;
    unsigned bytes = vec_bytes(j, v->sew + 1), wide = v->sew + 1;
    IrVal x = IR_NONE, narrow = IR_NONE;

    for (unsigned i = 0; i < vec_pieces(bytes); i++) {
        narrow = i & 1 ? narrow : reduced(j, IR_vadd, i / 2);
        IrVal y = vec_op1(j, (IrOpcode)j->row->op, wide, narrow, i & 1);

        x = i ? vec_op2(j, IR_vadd, wide, x, y, 0) : y;
    }
    return reduce(j, IR_vadd, wide, bytes, x);
}

/* ---- walks: moves ---- */

/* walk_move_whole: VMV1R.V to VMV8R.V. */
static bool walk_move_whole(Job *j)
{
    const Vec *v = j->v;

    for (unsigned i = 0; v->rd != v->rs2 && i < (v->rs1 + 1) * j->per; i++) {
        vec_put(j, v->rd, i, PIECE, vec_piece(j, v->rs2, i));
    }
    return true;
}

static bool walk_to_x(Job *j)
{
    const Vec *v = j->v;

    rv_set_x(j->l, v->rd, ir_v1(j->l->ir, IR_vget_s, vec_int(v->sew), 0, vec_piece(j, v->rs2, 0), 0));
    return true;
}

/* To element 0, if vl is not 0. */
static bool walk_from_x(Job *j)
{
    const Vec *v = j->v;
    IrVal x = ir_v2(j->l->ir, IR_vset, vec_int(v->sew), IR_VL_128, vec_piece(j, v->rd, 0),
                    rv_get_x(j->l, v->rs1), 0);

    vec_put(j, v->rd, 0, PIECE, j->partial ? vec_merge(j, v->rd, 0, v->sew, x) : x);
    return true;
}

static bool walk_id(Job *j)
{
    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, j->v->sew)); i++) {
        vec_put_active(j, j->v->rd, i, j->v->sew, numbers(j, j->v->sew, i));
    }
    return true;
}

/* ---- walks: slides. between: the 16 bytes from byte n on of two pieces. ---- */

static IrVal between(Job *j, IrVal low, IrVal high, unsigned n)
{
    return n == 0 ? low : n == PIECE ? high : vec_op2(j, IR_vext, 0, low, high, n);
}

static IrVal piece_or_zero(Job *j, unsigned i, unsigned n)
{
    return i < n ? vec_piece(j, j->v->rs2, i) : vec_const(j, 3, 0);
}

static bool walk_slide_down(Job *j)
{
    const Vec *v = j->v;
    unsigned bytes = vec_bytes(j, v->sew), n = vec_pieces(bytes), by = v->rs1 << v->sew;

    if (bytes < PIECE) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        IrVal x = between(j, piece_or_zero(j, i + by / PIECE, n), piece_or_zero(j, i + by / PIECE + 1, n),
                          by % PIECE);

        vec_put_active(j, v->rd, i, v->sew, x);
    }
    return true;
}

/* Elements below the distance stay. */
static bool walk_slide_up(Job *j)
{
    const Vec *v = j->v;
    unsigned bytes = vec_bytes(j, v->sew), by = v->rs1 << v->sew, skip = by / PIECE, part = by % PIECE;

    if (bytes < PIECE) {
        return false;
    }
    for (unsigned i = skip; i < vec_pieces(bytes); i++) {
        IrVal x = vec_piece(j, v->rs2, i - skip);

        if (part && i == skip) {        /* what stays is brought to the top, then both are put together */
            IrVal d = vec_op2(j, IR_vext, 0, vec_piece(j, v->rd, i), vec_piece(j, v->rd, i), part);

            x = vec_op2(j, IR_vext, 0, d, x, PIECE - part);
        } else if (part) {
            x = between(j, vec_piece(j, v->rs2, i - skip - 1), x, PIECE - part);
        }
        vec_put_active(j, v->rd, i, v->sew, x);
    }
    return true;
}

/* walk_slide1_down: what comes in is the scalar; floats, too. */
static bool walk_slide1_down(Job *j)
{
    const Vec *v = j->v;
    unsigned bytes = vec_bytes(j, v->sew), n = vec_pieces(bytes);

    if (bytes < PIECE || j->partial) {      /* it comes in at vl - 1 */
        return false;
    }
    IrVal scalar = vec_scalar(j);

    for (unsigned i = 0; i < n; i++) {
        IrVal next = i + 1 < n ? vec_piece(j, v->rs2, i + 1) : scalar;

        vec_put_active(j, v->rd, i, v->sew, between(j, vec_piece(j, v->rs2, i), next, 1u << v->sew));
    }
    return true;
}

static bool walk_slide1_up(Job *j)
{
    const Vec *v = j->v;
    IrVal scalar = vec_scalar(j);

    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew)); i++) {
        IrVal last = i ? vec_piece(j, v->rs2, i - 1) : scalar;

        vec_put_active(j, v->rd, i, v->sew,
                       between(j, last, vec_piece(j, v->rs2, i), PIECE - (1u << v->sew)));
    }
    return true;
}

/* VRGATHER.VI: one element to all. */
static bool walk_gather_one(Job *j)
{
    const Vec *v = j->v;
    unsigned bytes = vec_bytes(j, v->sew), at = v->rs1 << v->sew;
    IrVal x = v->rs1 < v->vlmax ? vec_op1(j, IR_vdup_lane, v->sew, vec_piece(j, v->rs2, at / PIECE),
                                          v->rs1 % (PIECE >> v->sew))
                                : vec_const(j, 3, 0);

    for (unsigned i = 0; i < vec_pieces(bytes); i++) {
        vec_put_active(j, v->rd, i, v->sew, x);
    }
    return true;
}

/* VRGATHER.VV of bytes, all in one piece. */
static bool walk_gather(Job *j)
{
    const Vec *v = j->v;

    if (v->sew || v->vlmax != PIECE) {
        return false;
    }
    vec_put_active(j, v->rd, 0, 0, ir_v3(j->l->ir, IR_vtbl, IR_I8, IR_VL_128, vec_piece(j, v->rs2, 0),
                                         vec_piece(j, v->rs1, 0), vec_const(j, 3, 0), 0));
    return true;
}

/* ---- pieces of integers ---- */

#define PIECE_FN(name) static IrVal name(Job *j, IrVal a, IrVal b, IrVal d)
#define UNUSED_B (void)b, (void)d
#define UNUSED_D (void)d

static IrVal op2(Job *j, IrVal x, IrVal y)
{
    return vec_op2(j, (IrOpcode)j->row->op, j->size, x, y, 0);
}

PIECE_FN(two)
{
    UNUSED_D;
    return op2(j, a, b);
}

PIECE_FN(two_swapped)
{
    UNUSED_D;
    return op2(j, b, a);
}

PIECE_FN(one)
{
    UNUSED_B;
    return vec_op1(j, (IrOpcode)j->row->op, j->size, a, 0);
}

PIECE_FN(copy_b)
{
    (void)j, (void)a, UNUSED_D;
    return b;
}

/* Shifts by an immediate; by 0 the IR has none to the right. */
PIECE_FN(shift_i)
{
    unsigned k = immediate(j->v) & ((8u << j->size) - 1);

    UNUSED_B;
    return k ? vec_op1(j, (IrOpcode)j->row->op, j->size, a, k) : a;
}

/* The IR's vector shifts go left, and by negative counts right. k: to the right. */
PIECE_FN(shift)
{
    IrVal n = vec_op2(j, IR_vand, 3, b, vec_const(j, j->size, (8u << j->size) - 1), 0);

    UNUSED_D;
    return op2(j, a, j->row->k ? vec_op1(j, IR_vneg, j->size, n, 0) : n);
}

/* product: of 64-bit lanes one by one. */
static IrVal product(Job *j, IrVal x, IrVal y)
{
    IrBlock *ir = j->l->ir;
    IrVal p[2];

    if (j->size < 3) {
        return vec_op2(j, IR_vmul, j->size, x, y, 0);
    }
    for (unsigned i = 0; i < 2; i++) {
        p[i] = ir_mul(ir, ir_v1(ir, IR_vget_u, IR_I64, 0, x, i), ir_v1(ir, IR_vget_u, IR_I64, 0, y, i));
    }
    return ir_emit(ir, IR_vpack64, IR_I64, 0, p[0], p[1], IR_NONE, 0);
}

PIECE_FN(multiply)
{
    UNUSED_D;
    return product(j, a, b);
}

/* d + or - the product (the row's op). */
PIECE_FN(accumulate)
{
    return op2(j, d, product(j, a, b));
}

PIECE_FN(multiply_add)
{
    return op2(j, a, product(j, d, b));
}

/* multiply_high: the upper halves of products in twice the width. */
PIECE_FN(multiply_high)
{
    IrOpcode op = (IrOpcode)j->row->op;
    IrVal lo = vec_op2(j, op, j->size + 1, a, b, 0), hi = vec_op2(j, op, j->size + 1, a, b, 1);

    UNUSED_D;
    return vec_op2(j, IR_vuzp_odd, j->size, lo, hi, 0);
}

static bool walk_multiply_high(Job *j)
{
    return j->v->sew < 3 && walk_same(j);
}

/* Shifts where the count is one for all: masked and negated before it is copied. */
static bool walk_shift_x(Job *j)
{
    const Vec *v = j->v;
    IrBlock *ir = j->l->ir;
    IrVal n = ir_and(ir, rv_get_x(j->l, v->rs1), imm64(j->l, (8u << v->sew) - 1));

    n = dup_x(j, v->sew, j->row->k ? ir_sub(ir, imm64(j->l, 0), n) : n);
    for (unsigned i = 0; i < vec_pieces(vec_bytes(j, v->sew)); i++) {
        vec_put_active(j, v->rd, i, v->sew, op2(j, vec_piece(j, v->rs2, i), n));
    }
    return true;
}

PIECE_FN(reverse_bytes)
{
    UNUSED_B;
    return j->size ? vec_op1(j, IR_vrev, 0, a, 8u << j->size) : a;
}

PIECE_FN(reverse_bits)
{
    UNUSED_B;
    return vec_op1(j, IR_vrbit, 0, a, 0);
}

/* walk_narrow_lanes: where the IR has the op for lanes of up to 2^k bytes. */
static bool walk_narrow_lanes(Job *j)
{
    return j->v->sew <= j->row->k && walk_same(j);
}

/* ---- the table ---- */

/* What a row does not need is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define ROW(name, ...) [RVV_##name] = { __VA_ARGS__ },
#define ROW_VX(name, ...) ROW(name##_vv, __VA_ARGS__) ROW(name##_vx, __VA_ARGS__)
#define ROW_VXI(name, ...) ROW_VX(name, __VA_ARGS__) ROW(name##_vi, __VA_ARGS__)
#define ROW_VF(name, ...) ROW(name##_vv, __VA_ARGS__) ROW(name##_vf, __VA_ARGS__)

// clang-format off
static const VecRow rows[RVV_COUNT] = {
    ROW(vle8, vec_walk_load) ROW(vle16, vec_walk_load) ROW(vle32, vec_walk_load) ROW(vle64, vec_walk_load)
    ROW(vlse8, vec_walk_load) ROW(vlse16, vec_walk_load) ROW(vlse32, vec_walk_load)
    ROW(vlse64, vec_walk_load)
    ROW(vle8ff, vec_walk_load) ROW(vle16ff, vec_walk_load) ROW(vle32ff, vec_walk_load)
    ROW(vle64ff, vec_walk_load)
    ROW(vlre8, vec_walk_load) ROW(vlre16, vec_walk_load) ROW(vlre32, vec_walk_load)
    ROW(vlre64, vec_walk_load) ROW(vlm, vec_walk_load)
    ROW(vse8, vec_walk_store) ROW(vse16, vec_walk_store) ROW(vse32, vec_walk_store)
    ROW(vse64, vec_walk_store) ROW(vsr, vec_walk_store) ROW(vsm, vec_walk_store)

    ROW_VXI(vadd, walk_same, two, IR_vadd)
    ROW_VX(vsub, walk_same, two, IR_vsub)
    ROW(vrsub_vx, walk_same, two_swapped, IR_vsub)
    ROW(vrsub_vi, walk_same, two_swapped, IR_vsub)
    ROW_VXI(vand, walk_same, two, IR_vand)
    ROW_VXI(vor, walk_same, two, IR_vor)
    ROW_VXI(vxor, walk_same, two, IR_vxor)
    ROW_VX(vandn, walk_same, two, IR_vandn)
    ROW_VX(vmin, walk_same, two, IR_vmin_s)
    ROW_VX(vminu, walk_same, two, IR_vmin_u)
    ROW_VX(vmax, walk_same, two, IR_vmax_s)
    ROW_VX(vmaxu, walk_same, two, IR_vmax_u)
    ROW_VX(vmul, walk_same, multiply)
    ROW_VX(vmulh, walk_multiply_high, multiply_high, IR_vmull_s)
    ROW_VX(vmulhu, walk_multiply_high, multiply_high, IR_vmull_u)
    ROW_VX(vmacc, walk_same, accumulate, IR_vadd)
    ROW_VX(vnmsac, walk_same, accumulate, IR_vsub)
    ROW_VX(vmadd, walk_same, multiply_add, IR_vadd)
    ROW_VX(vnmsub, walk_same, multiply_add, IR_vsub)

    ROW(vsll_vv, walk_same, shift, IR_vshl_u, 0)
    ROW(vsrl_vv, walk_same, shift, IR_vshl_u, 1)
    ROW(vsra_vv, walk_same, shift, IR_vshl_s, 1)
    ROW(vsll_vx, walk_shift_x, NULL, IR_vshl_u, 0)
    ROW(vsrl_vx, walk_shift_x, NULL, IR_vshl_u, 1)
    ROW(vsra_vx, walk_shift_x, NULL, IR_vshl_s, 1)
    ROW(vsll_vi, walk_same, shift_i, IR_vshl_i)
    ROW(vsrl_vi, walk_same, shift_i, IR_vshr_u_i)
    ROW(vsra_vi, walk_same, shift_i, IR_vshr_s_i)
    ROW(vror_vi, walk_same, shift_i, IR_vror_i)
    ROW(vnsrl_wi, walk_narrow, shift_i, IR_vshr_u_i)
    ROW(vnsra_wi, walk_narrow, shift_i, IR_vshr_s_i)

    ROW_VX(vwaddu, walk_widen, two, IR_vadd, IR_vext_u)
    ROW_VX(vwadd, walk_widen, two, IR_vadd, IR_vext_s)
    ROW_VX(vwsubu, walk_widen, two, IR_vsub, IR_vext_u)
    ROW_VX(vwsub, walk_widen, two, IR_vsub, IR_vext_s)
    ROW(vwaddu_wv, walk_widen_w, two, IR_vadd, IR_vext_u)
    ROW(vwaddu_wx, walk_widen_w, two, IR_vadd, IR_vext_u)
    ROW(vwadd_wv, walk_widen_w, two, IR_vadd, IR_vext_s)
    ROW(vwadd_wx, walk_widen_w, two, IR_vadd, IR_vext_s)
    ROW(vwsubu_wv, walk_widen_w, two, IR_vsub, IR_vext_u)
    ROW(vwsubu_wx, walk_widen_w, two, IR_vsub, IR_vext_u)
    ROW(vwsub_wv, walk_widen_w, two, IR_vsub, IR_vext_s)
    ROW(vwsub_wx, walk_widen_w, two, IR_vsub, IR_vext_s)
    ROW_VX(vwmul, walk_product, NULL, IR_vmull_s, false)
    ROW_VX(vwmulu, walk_product, NULL, IR_vmull_u, false)
    ROW_VX(vwmacc, walk_product, NULL, IR_vmull_s, true)
    ROW_VX(vwmaccu, walk_product, NULL, IR_vmull_u, true)

    ROW(vzext_vf2, walk_extend, NULL, IR_vext_u, 1)
    ROW(vsext_vf2, walk_extend, NULL, IR_vext_s, 1)
    ROW(vzext_vf4, walk_extend, NULL, IR_vext_u, 2)
    ROW(vsext_vf4, walk_extend, NULL, IR_vext_s, 2)
    ROW(vzext_vf8, walk_extend, NULL, IR_vext_u, 3)
    ROW(vsext_vf8, walk_extend, NULL, IR_vext_s, 3)

    ROW_VXI(vmseq, vec_walk_compare, NULL, IR_vcmp_eq, 0)
    ROW_VXI(vmsne, vec_walk_compare, NULL, IR_vcmp_eq, VEC_NOT)
    ROW_VX(vmsltu, vec_walk_compare, NULL, IR_vcmp_gt_u, VEC_SWAP)
    ROW_VX(vmslt, vec_walk_compare, NULL, IR_vcmp_gt_s, VEC_SWAP)
    ROW_VXI(vmsleu, vec_walk_compare, NULL, IR_vcmp_gt_u, VEC_NOT)
    ROW_VXI(vmsle, vec_walk_compare, NULL, IR_vcmp_gt_s, VEC_NOT)
    ROW(vmsgtu_vx, vec_walk_compare, NULL, IR_vcmp_gt_u, 0)
    ROW(vmsgtu_vi, vec_walk_compare, NULL, IR_vcmp_gt_u, 0)
    ROW(vmsgt_vx, vec_walk_compare, NULL, IR_vcmp_gt_s, 0)
    ROW(vmsgt_vi, vec_walk_compare, NULL, IR_vcmp_gt_s, 0)
    ROW_VF(vmfeq, vec_walk_fp_compare, NULL, IR_vfcmp_eq, 0)
    ROW_VF(vmfne, vec_walk_fp_compare, NULL, IR_vfcmp_eq, VEC_NOT)
    ROW_VF(vmflt, vec_walk_fp_compare, NULL, IR_vfcmp_gt, VEC_SWAP)
    ROW_VF(vmfle, vec_walk_fp_compare, NULL, IR_vfcmp_ge, VEC_SWAP)
    ROW(vmfgt_vf, vec_walk_fp_compare, NULL, IR_vfcmp_gt, 0)
    ROW(vmfge_vf, vec_walk_fp_compare, NULL, IR_vfcmp_ge, 0)
    ROW(vmand_mm, vec_walk_logic, NULL, IR_vand, 0)
    ROW(vmandn_mm, vec_walk_logic, NULL, IR_vandn, 0)
    ROW(vmor_mm, vec_walk_logic, NULL, IR_vor, 0)
    ROW(vmorn_mm, vec_walk_logic, NULL, IR_vorn, 0)
    ROW(vmxor_mm, vec_walk_logic, NULL, IR_vxor, 0)
    ROW(vmnand_mm, vec_walk_logic, NULL, IR_vand, VEC_NOT)
    ROW(vmnor_mm, vec_walk_logic, NULL, IR_vor, VEC_NOT)
    ROW(vmxnor_mm, vec_walk_logic, NULL, IR_vxor, VEC_NOT)
    ROW(vcpop_m, vec_walk_count)
    ROW(vfirst_m, vec_walk_first)
    ROW(vmsbf_m, vec_walk_around_first, NULL, IR_andn)
    ROW(vmsif_m, vec_walk_around_first, NULL, IR_xor)
    ROW(vmsof_m, vec_walk_around_first, NULL, IR_and)

    ROW(vredsum_vs, walk_reduce, NULL, IR_vadd)
    ROW(vredand_vs, walk_reduce, NULL, IR_vand)
    ROW(vredor_vs, walk_reduce, NULL, IR_vor)
    ROW(vredxor_vs, walk_reduce, NULL, IR_vxor)
    ROW(vredminu_vs, walk_reduce, NULL, IR_vmin_u)
    ROW(vredmin_vs, walk_reduce, NULL, IR_vmin_s)
    ROW(vredmaxu_vs, walk_reduce, NULL, IR_vmax_u)
    ROW(vredmax_vs, walk_reduce, NULL, IR_vmax_s)
    ROW(vwredsumu_vs, walk_reduce_widen, NULL, IR_vext_u)
    ROW(vwredsum_vs, walk_reduce_widen, NULL, IR_vext_s)

    ROW(vmv_v_v, walk_same, copy_b)
    ROW(vmv_v_x, walk_same, copy_b)
    ROW(vmv_v_i, walk_same, copy_b)
    ROW(vmerge_vvm, walk_merge)
    ROW(vmerge_vxm, walk_merge)
    ROW(vmerge_vim, walk_merge)
    ROW(vmv1r_v, walk_move_whole)
    ROW(vmv2r_v, walk_move_whole)
    ROW(vmv4r_v, walk_move_whole)
    ROW(vmv8r_v, walk_move_whole)
    ROW(vmv_x_s, walk_to_x)
    ROW(vmv_s_x, walk_from_x)
    ROW(vid_v, walk_id)
    ROW(vslidedown_vi, walk_slide_down)
    ROW(vslideup_vi, walk_slide_up)
    ROW(vslide1down_vx, walk_slide1_down)
    ROW(vslide1up_vx, walk_slide1_up)
    ROW(vfslide1down_vf, walk_slide1_down)
    ROW(vfslide1up_vf, walk_slide1_up)
    ROW(vrgather_vi, walk_gather_one)
    ROW(vrgather_vv, walk_gather)

    ROW(vrev8_v, walk_same, reverse_bytes)
    ROW(vbrev8_v, walk_same, reverse_bits)
    ROW(vclz_v, walk_narrow_lanes, one, IR_vclz, 2)
    ROW(vcpop_v, walk_narrow_lanes, one, IR_vcnt, 0)

    ROW_VF(vfadd, vec_walk_fp, vec_fp2, IR_fadd)
    ROW_VF(vfsub, vec_walk_fp, vec_fp2, IR_fsub)
    ROW(vfrsub_vf, vec_walk_fp, vec_fp2_swapped, IR_fsub)
    ROW_VF(vfmul, vec_walk_fp, vec_fp2, IR_fmul)
    ROW_VF(vfdiv, vec_walk_fp, vec_fp2, IR_fdiv)
    ROW(vfrdiv_vf, vec_walk_fp, vec_fp2_swapped, IR_fdiv)
    ROW(vfsqrt_v, vec_walk_fp, vec_fp1, IR_fsqrt)
    ROW_VF(vfmin, vec_walk_fp, vec_fp2, IR_fminnm)
    ROW_VF(vfmax, vec_walk_fp, vec_fp2, IR_fmaxnm)
    ROW_VF(vfmacc, vec_walk_fp, vec_fp_acc, IR_fma, 0)
    ROW_VF(vfnmsac, vec_walk_fp, vec_fp_acc, IR_fma, 1)
    ROW_VF(vfmsac, vec_walk_fp, vec_fp_acc, IR_fma, 2)
    ROW_VF(vfnmacc, vec_walk_fp, vec_fp_acc, IR_fma, 3)
    ROW_VF(vfmadd, vec_walk_fp, vec_fp_mad, IR_fma, 0)
    ROW_VF(vfnmsub, vec_walk_fp, vec_fp_mad, IR_fma, 1)
    ROW_VF(vfmsub, vec_walk_fp, vec_fp_mad, IR_fma, 2)
    ROW_VF(vfnmadd, vec_walk_fp, vec_fp_mad, IR_fma, 3)
    ROW_VF(vfsgnj, vec_walk_fp, vec_fp_sign, IR_fsgnj, 0)
    ROW_VF(vfsgnjn, vec_walk_fp, vec_fp_sign, IR_fsgnj, 1)
    ROW_VF(vfsgnjx, vec_walk_fp, vec_fp_sign, IR_fsgnj, 2)
    ROW(vfmv_f_s, vec_walk_fp_to_f)
    ROW(vfmv_s_f, vec_walk_f_to_first)
    ROW(vfmv_v_f, vec_walk_f_to_all)
    ROW(vfmerge_vfm, vec_walk_f_merge)
    ROW(vfredusum_vs, vec_walk_fp_reduce, NULL, IR_fadd)
    ROW(vfredosum_vs, vec_walk_fp_reduce, NULL, IR_fadd)
    ROW(vfredmin_vs, vec_walk_fp_reduce, NULL, IR_fminnm)
    ROW(vfredmax_vs, vec_walk_fp_reduce, NULL, IR_fmaxnm)
    ROW_VF(vfwadd, vec_walk_fp_widen, vec_fp2, IR_fadd)
    ROW_VF(vfwsub, vec_walk_fp_widen, vec_fp2, IR_fsub)
    ROW_VF(vfwmul, vec_walk_fp_widen, vec_fp2, IR_fmul)
    ROW_VF(vfwmacc, vec_walk_fp_widen, vec_fp_acc, IR_fma, 0)
    ROW_VF(vfwnmsac, vec_walk_fp_widen, vec_fp_acc, IR_fma, 1)
    ROW_VF(vfwmsac, vec_walk_fp_widen, vec_fp_acc, IR_fma, 2)
    ROW_VF(vfwnmacc, vec_walk_fp_widen, vec_fp_acc, IR_fma, 3)
    ROW(vfwcvt_f_f_v, vec_walk_fp_widen, vec_fp_copy)
    ROW(vfncvt_f_f_w, vec_walk_fp_narrow, NULL)
    ROW(vfcvt_x_f_v, vec_walk_fp, vec_fp_to_int, IR_fto_s, IR_RN_CUR)
    ROW(vfcvt_xu_f_v, vec_walk_fp, vec_fp_to_int, IR_fto_u, IR_RN_CUR)
    ROW(vfcvt_rtz_x_f_v, vec_walk_fp, vec_fp_to_int, IR_fto_s, IR_RN_ZERO)
    ROW(vfcvt_rtz_xu_f_v, vec_walk_fp, vec_fp_to_int, IR_fto_u, IR_RN_ZERO)
    ROW(vfcvt_f_x_v, vec_walk_fp, vec_fp1, IR_sto_f)
    ROW(vfcvt_f_xu_v, vec_walk_fp, vec_fp1, IR_uto_f)
};
// clang-format on

/* too_long: with a length that counts, a group of more pieces is quicker by vec_run(). */
static bool too_long(const Job *j)
{
    return j->partial && vec_pieces(vec_bytes(j, j->v->sew)) > 8;
}

bool vec_inline(Lift *l, const Vec *v, RvvOp op)
{
    const VecRow *row = &rows[op];
    bool half = v->op->flags & (VF_FS | VF_FD) && v->sew < 2;
    Job j = { .l = l, .v = v, .row = row, .per = vec_vlenb(l->features) / PIECE, .size = v->sew,
              .vl = v->vlmax << v->sew == 8 ? IR_VL_64 : IR_VL_128 };

    j.partial = !vec_is_full(l) && !(v->op->flags & VF_NOVTYPE);
    j.some = j.partial || by_mask(&j);
    return row->walk && !l->plain && !rv_is_32(l) && !half && !too_long(&j) && row->walk(&j);
}
