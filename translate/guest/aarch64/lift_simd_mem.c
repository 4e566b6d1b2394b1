/* SPDX-License-Identifier: MIT */
/*
 * lift_simd_mem.c: Advanced SIMD structure loads and stores (simd_mem.dec).
 *
 * Memory is moved in as few and as large pieces as possible; lanes are put in place by
 * permutations afterwards (loads) or before (stores). All accesses come before any register
 * write, and the base register is written last, so that a fault leaves the registers alone.
 */
#include "translate/guest/aarch64/lift_simd.h"

enum { REGS_MAX = 4 };

/* Operands of any row here. */
typedef struct {
    unsigned q, size;       /* size: of an element, 0 to 3 */
    unsigned regs;          /* elements in a structure; for LD1 and ST1: registers */
    unsigned lane;          /* single structure */
    unsigned rt, rn;
    bool post;              /* rn += rm, or += bytes when rm is 31 */
    unsigned rm;
} Mem;

static IrVal base_of(Lift *l, const Mem *m)
{
    return get_xsp(l, IR_I64, m->rn);
}

/* post_index: write back the base after a transfer of so many bytes. */
static bool post_index(Lift *l, const Mem *m, unsigned bytes)
{
    if (m->post) {
        IrVal step = m->rm == 31 ? imm(l, IR_I64, bytes) : get_x(l, IR_I64, m->rm);

        set_xsp(l, IR_I64, m->rn, ir_add(l->ir, base_of(l, m), step));
    }
    return true;
}

/* reg_at: number of the i-th register of the list, which wraps after 31. */
static unsigned reg_at(const Mem *m, unsigned i)
{
    return (m->rt + i) % 32;
}

static void set_list(Lift *l, const Mem *m, const IrVal *v)
{
    for (unsigned i = 0; i < m->regs; i++) {
        set_v(l, reg_at(m, i), v[i]);
    }
}

static IrVal load_at(Lift *l, const Mem *m, IrType ty, unsigned offset)
{
    return ir_vload(l->ir, ty, 0, base_of(l, m), IR_NONE, 0, (int32_t)offset);
}

static void store_at(Lift *l, const Mem *m, IrType ty, unsigned offset, IrVal v)
{
    ir_vstore(l->ir, ty, 0, base_of(l, m), IR_NONE, 0, (int32_t)offset, v);
}

/* lanes: a permutation op on whole vectors of the element type. */
static IrVal lanes(Lift *l, const Mem *m, IrOpcode op, IrVal x, IrVal y)
{
    return ir_v2(l->ir, op, int_type(m->size), IR_VL_128, x, y, 0);
}

/* multi_ok: 64-bit vectors of 64-bit elements have LD1 and ST1 only. */
static bool multi_ok(const Mem *m)
{
    return m->q || m->size != 3;
}

/* ---- LD1, ST1 (multiple structures): registers one after the other ---- */

static bool load_1(Lift *l, const Mem *m)
{
    unsigned bytes = m->q ? 16 : 8;
    IrVal v[REGS_MAX];

    for (unsigned i = 0; i < m->regs; i++) {
        v[i] = load_at(l, m, m->q ? IR_I128 : IR_I64, i * bytes);
    }
    set_list(l, m, v);
    return post_index(l, m, m->regs * bytes);
}

static bool store_1(Lift *l, const Mem *m)
{
    unsigned bytes = m->q ? 16 : 8;

    for (unsigned i = 0; i < m->regs; i++) {
        store_at(l, m, m->q ? IR_I128 : IR_I64, i * bytes, get_v(l, reg_at(m, i)));
    }
    return post_index(l, m, m->regs * bytes);
}

/* ---- LD2, ST2. A 64-bit form is one 16-byte access; its lanes fill the low half. ---- */

static bool load_2(Lift *l, const Mem *m)
{
    if (!multi_ok(m)) {
        return false;
    }
    IrVal x = load_at(l, m, IR_I128, 0);
    IrVal y = m->q ? load_at(l, m, IR_I128, 16) : v_zero(l);
    IrVal v[] = { lanes(l, m, IR_vuzp_even, x, y), lanes(l, m, IR_vuzp_odd, x, y) };

    set_list(l, m, v);
    return post_index(l, m, m->q ? 32 : 16);
}

static bool store_2(Lift *l, const Mem *m)
{
    if (!multi_ok(m)) {
        return false;
    }
    IrVal x = get_v(l, reg_at(m, 0)), y = get_v(l, reg_at(m, 1));

    store_at(l, m, IR_I128, 0, lanes(l, m, IR_vzip_lo, x, y));
    if (m->q) {
        store_at(l, m, IR_I128, 16, lanes(l, m, IR_vzip_hi, x, y));
    }
    return post_index(l, m, m->q ? 32 : 16);
}

/* ---- LD4, ST4: elements a b c d; two levels of the same ---- */

static bool load_4(Lift *l, const Mem *m)
{
    if (!multi_ok(m)) {
        return false;
    }
    IrVal p0 = load_at(l, m, IR_I128, 0), p1 = load_at(l, m, IR_I128, 16), p2, p3;
    IrVal ac, bd, ac1, bd1;

    if (m->q) {
        p2 = load_at(l, m, IR_I128, 32);
        p3 = load_at(l, m, IR_I128, 48);
        ac1 = lanes(l, m, IR_vuzp_even, p2, p3);
        bd1 = lanes(l, m, IR_vuzp_odd, p2, p3);
    } else {
        ac1 = bd1 = v_zero(l);
    }
    ac = lanes(l, m, IR_vuzp_even, p0, p1);
    bd = lanes(l, m, IR_vuzp_odd, p0, p1);

    IrVal v[] = { lanes(l, m, IR_vuzp_even, ac, ac1), lanes(l, m, IR_vuzp_even, bd, bd1),
                  lanes(l, m, IR_vuzp_odd, ac, ac1), lanes(l, m, IR_vuzp_odd, bd, bd1) };

    set_list(l, m, v);
    return post_index(l, m, m->q ? 64 : 32);
}

static bool store_4(Lift *l, const Mem *m)
{
    if (!multi_ok(m)) {
        return false;
    }
    IrVal a = get_v(l, reg_at(m, 0)), b = get_v(l, reg_at(m, 1));
    IrVal c = get_v(l, reg_at(m, 2)), d = get_v(l, reg_at(m, 3));
    IrVal ac = lanes(l, m, IR_vzip_lo, a, c), bd = lanes(l, m, IR_vzip_lo, b, d);

    store_at(l, m, IR_I128, 0, lanes(l, m, IR_vzip_lo, ac, bd));
    store_at(l, m, IR_I128, 16, lanes(l, m, IR_vzip_hi, ac, bd));
    if (m->q) {
        ac = lanes(l, m, IR_vzip_hi, a, c);
        bd = lanes(l, m, IR_vzip_hi, b, d);
        store_at(l, m, IR_I128, 32, lanes(l, m, IR_vzip_lo, ac, bd));
        store_at(l, m, IR_I128, 48, lanes(l, m, IR_vzip_hi, ac, bd));
    }
    return post_index(l, m, m->q ? 64 : 32);
}

/* ---- LD3, ST3: no power of two, so byte lookups over three registers, as TBL does them ---- */

/*
 * gather: the 16 bytes numbered by index, of 48 in three vectors. An index of 48 or more
 * gives 0.
 */
static IrVal gather(Lift *l, const IrVal *from, const V128 *index)
{
    IrVal k = ir_v2(l->ir, IR_vpack64, IR_I64, 0, imm(l, IR_I64, index->u64[0]),
                    imm(l, IR_I64, index->u64[1]), 0);
    IrVal out = v_zero(l);

    for (unsigned i = 0; i < 3; i++) {
        out = ir_v3(l->ir, IR_vtbl, IR_I8, IR_VL_128, from[i], k, out, 16 * i);
    }
    return out;
}

/* load_3_index: where the bytes of register r lie in memory. */
static V128 load_3_index(const Mem *m, unsigned r)
{
    V128 index;

    for (unsigned i = 0; i < 16; i++) {
        unsigned element = i >> m->size, byte = i - (element << m->size);

        index.u8[i] = i < 8 || m->q ? ((element * 3 + r) << m->size) + byte : 255;
    }
    return index;
}

/* store_3_index: which bytes of the registers go to the piece-th 16 bytes of memory. */
static V128 store_3_index(const Mem *m, unsigned piece)
{
    V128 index;

    for (unsigned i = 0; i < 16; i++) {
        unsigned at = 16 * piece + i, element = at >> m->size;
        unsigned byte = at - (element << m->size);

        index.u8[i] = 16 * (element % 3) + (element / 3 << m->size) + byte;
    }
    return index;
}

/* In memory, doublewords are x0 y0 | z0 x1 | y1 z1. */
static void unzip_3_doubles(Lift *l, const IrVal *p, IrVal *v)
{
    v[0] = ir_v2(l->ir, IR_vset_lane, IR_I64, 0, p[0], p[1], 1 | 1 << 8);
    v[1] = ir_v2(l->ir, IR_vext, IR_I8, IR_VL_128, p[0], p[2], 8);
    v[2] = ir_v2(l->ir, IR_vset_lane, IR_I64, 0, p[2], p[1], 0);
}

static bool load_3(Lift *l, const Mem *m)
{
    if (!multi_ok(m)) {
        return false;
    }
    IrVal p[3], v[3];

    p[0] = load_at(l, m, IR_I128, 0);
    p[1] = load_at(l, m, m->q ? IR_I128 : IR_I64, 16);
    p[2] = m->q ? load_at(l, m, IR_I128, 32) : v_zero(l);
    if (m->size == 3) {
        unzip_3_doubles(l, p, v);
    } else {
        for (unsigned r = 0; r < 3; r++) {
            V128 index = load_3_index(m, r);

            v[r] = gather(l, p, &index);
        }
    }
    set_list(l, m, v);
    return post_index(l, m, m->q ? 48 : 24);
}

static bool store_3_doubles(Lift *l, const Mem *m, const IrVal *v)
{
    store_at(l, m, IR_I128, 0, lanes(l, m, IR_vzip_lo, v[0], v[1]));
    store_at(l, m, IR_I128, 16, ir_v2(l->ir, IR_vset_lane, IR_I64, 0, v[2], v[0], 1 | 1 << 8));
    store_at(l, m, IR_I128, 32, lanes(l, m, IR_vzip_hi, v[1], v[2]));
    return post_index(l, m, 48);
}

static bool store_3(Lift *l, const Mem *m)
{
    if (!multi_ok(m)) {
        return false;
    }
    IrVal v[] = { get_v(l, reg_at(m, 0)), get_v(l, reg_at(m, 1)), get_v(l, reg_at(m, 2)) };

    if (m->size == 3) {
        return store_3_doubles(l, m, v);
    }
    for (unsigned piece = 0; piece < (m->q ? 3 : 2); piece++) {
        V128 index = store_3_index(m, piece);

        store_at(l, m, m->q || !piece ? IR_I128 : IR_I64, 16 * piece, gather(l, v, &index));
    }
    return post_index(l, m, m->q ? 48 : 24);
}

/* ---- single structure: one lane of each register ---- */

/* lane_at: address of the i-th element; the lane ops take no displacement. */
static IrVal lane_at(Lift *l, const Mem *m, unsigned i)
{
    IrVal base = base_of(l, m);

    return i ? ir_add(l->ir, base, imm(l, IR_I64, i << m->size)) : base;
}

static bool load_lane(Lift *l, const Mem *m)
{
    IrVal v[REGS_MAX];

    for (unsigned i = 0; i < m->regs; i++) {
        v[i] = ir_v3(l->ir, IR_vload_lane, int_type(m->size), 0, lane_at(l, m, i), IR_NONE,
                     get_v(l, reg_at(m, i)), m->lane);
    }
    set_list(l, m, v);
    return post_index(l, m, m->regs << m->size);
}

static bool store_lane(Lift *l, const Mem *m)
{
    for (unsigned i = 0; i < m->regs; i++) {
        ir_v3(l->ir, IR_vstore_lane, int_type(m->size), 0, lane_at(l, m, i), IR_NONE,
              get_v(l, reg_at(m, i)), m->lane);
    }
    return post_index(l, m, m->regs << m->size);
}

/* load_replicate: one element to all lanes of each register. */
static bool load_replicate(Lift *l, const Mem *m)
{
    IrType ty = int_type(m->size);
    IrVal v[REGS_MAX];

    for (unsigned i = 0; i < m->regs; i++) {
        v[i] = load_at(l, m, ty, i << m->size);
    }
    for (unsigned i = 0; i < m->regs; i++) {
        v[i] = ir_v1(l->ir, IR_vdup_lane, ty, vl_q(m->q), v[i], 0);
    }
    set_list(l, m, v);
    return post_index(l, m, m->regs << m->size);
}

/* ---- rows ---- */

#define MULTI(name, fn, n)                                                               \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fn(l, &(Mem){ .q = a->q, .size = a->size, .regs = n, .rt = a->rt,         \
                             .rn = a->rn, .post = a->post, .rm = a->rm });               \
    }
#define SINGLE(name, fn, n)                                                              \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return fn(l, &(Mem){ .size = a->size, .regs = n, .lane = a->lane, .rt = a->rt,   \
                             .rn = a->rn, .post = a->post, .rm = a->rm });               \
    }

// clang-format off
MULTI(ld1_multi, load_1,  a->regs)
MULTI(ld2_multi, load_2,  2)
MULTI(ld3_multi, load_3,  3)
MULTI(ld4_multi, load_4,  4)
MULTI(st1_multi, store_1, a->regs)
MULTI(st2_multi, store_2, 2)
MULTI(st3_multi, store_3, 3)
MULTI(st4_multi, store_4, 4)
MULTI(ld1r, load_replicate, 1)
MULTI(ld2r, load_replicate, 2)
MULTI(ld3r, load_replicate, 3)
MULTI(ld4r, load_replicate, 4)
SINGLE(ld1_single, load_lane, 1)
SINGLE(ld2_single, load_lane, 2)
SINGLE(ld3_single, load_lane, 3)
SINGLE(ld4_single, load_lane, 4)
SINGLE(st1_single, store_lane, 1)
SINGLE(st2_single, store_lane, 2)
SINGLE(st3_single, store_lane, 3)
SINGLE(st4_single, store_lane, 4)
// clang-format on
