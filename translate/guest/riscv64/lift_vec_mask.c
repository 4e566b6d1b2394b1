/* SPDX-License-Identifier: MIT */
/* lift_vec_mask.c: compares and mask instructions inline: masks as 64-bit words. */
#include "translate/guest/riscv64/vec_inline.h"

enum { WORD = 64, WORDS_MAX = 4 };

/* low_ones: the bits of a word that count where n elements are left. */
static uint64_t low_ones(uint64_t n)
{
    return n < WORD ? (1ull << n) - 1 : ~0ull;
}

static unsigned words(const Job *j)
{
    return (unsigned)(j->v->vlmax + WORD - 1) / WORD;
}

/* get_word: bits WORD * i and up of mask register reg. */
static IrVal get_word(Job *j, unsigned reg, unsigned i)
{
    return ir_v1(j->l->ir, IR_vget_u, IR_I64, 0, vec_piece(j, reg, i / 2), i % 2);
}

/* length_bits: in word i the elements below vl; shifted out in two steps, as all may go. */
static IrVal length_bits(Job *j, unsigned i)
{
    IrBlock *ir = j->l->ir;
    IrVal n = ir_reg(ir, RV_VL, IR_I64), ones = imm64(j->l, ~0ull), half;

    if (j->v->vlmax <= WORD) {      /* vl is less */
        return ir_op2(ir, IR_andn, ones, ir_shl(ir, ones, n));
    }
    n = ir_op2(ir, IR_max_s, ir_sub(ir, n, imm64(j->l, WORD * i)), imm64(j->l, 0));
    n = ir_op2(ir, IR_min_u, n, imm64(j->l, WORD));
    half = ir_shr_u(ir, n, imm64(j->l, 1));
    return ir_op2(ir, IR_andn, ones, ir_shl(ir, ir_shl(ir, ones, half), ir_sub(ir, n, half)));
}

/* active_bits: the elements that take part, if j->some. */
static IrVal active_bits(Job *j, unsigned i)
{
    IrBlock *ir = j->l->ir;

    if (!j->partial) {
        return get_word(j, 0, i);
    }
    return j->v->masked ? ir_and(ir, get_word(j, 0, i), length_bits(j, i)) : length_bits(j, i);
}

/* get_active: word i of vs2, zero where elements do not take part. */
static IrVal get_active(Job *j, unsigned i)
{
    IrBlock *ir = j->l->ir;
    IrVal x = get_word(j, j->v->rs2, i);

    if (j->some) {
        x = ir_and(ir, x, active_bits(j, i));
    }
    return j->v->vlmax < WORD ? ir_and(ir, x, imm64(j->l, low_ones(j->v->vlmax))) : x;
}

/* put_words: the mask in vd: active bits of w; all others stay. */
static void put_words(Job *j, IrVal w[WORDS_MAX])
{
    IrBlock *ir = j->l->ir;
    unsigned rd = j->v->rd, n = (unsigned)j->v->vlmax;

    for (unsigned i = 0; i < words(j) && j->some; i++) {
        IrVal m = active_bits(j, i);

        w[i] = ir_or(ir, ir_and(ir, w[i], m), ir_op2(ir, IR_andn, get_word(j, rd, i), m));
    }
    if (n > WORD) {
        for (unsigned i = 0; i < words(j); i += 2) {
            vec_put(j, rd, i / 2, PIECE, ir_emit(ir, IR_vpack64, IR_I64, 0, w[i], w[i + 1], IR_NONE, 0));
        }
        return;
    }
    if (n < 8) {
        w[0] = ir_op2i(ir, IR_bfi, get_word(j, rd, 0), w[0], n << 8);
        n = 8;
    }
    vec_put(j, rd, 0, PIECE, ir_v2(ir, IR_vset, vec_int((unsigned)__builtin_ctz(n / 8)), IR_VL_128,
                                   vec_piece(j, rd, 0), w[0], 0));
}

/* compare: type: of the lanes. */
static bool compare(Job *j, IrType type, unsigned vl)
{
    const Vec *v = j->v;
    IrBlock *ir = j->l->ir;
    unsigned per = PIECE >> v->sew, n = vec_pieces(vec_bytes(j, v->sew));
    IrVal w[WORDS_MAX], scalar = vec_scalar(j);

    for (unsigned i = 0; i < n; i++) {
        IrVal a = vec_quiet(j, type, i, vec_piece(j, v->rs2, i));
        IrVal b = vec_quiet(j, type, i, vec_b(j, scalar, i));
        bool swap = j->row->k & VEC_SWAP;
        unsigned at = i * per;
        IrVal x = ir_v2(ir, (IrOpcode)j->row->op, type, vl, swap ? b : a, swap ? a : b, 0);

        x = ir_v1(ir, IR_vsigns, vec_int(v->sew), IR_VL_128, x, 0);
        w[at / WORD] = at % WORD ? ir_or(ir, w[at / WORD], ir_shl(ir, x, imm64(j->l, at % WORD))) : x;
    }
    for (unsigned i = 0; i < words(j) && j->row->k & VEC_NOT; i++) {
        w[i] = ir_xor(ir, w[i], imm64(j->l, ~0ull));
    }
    put_words(j, w);
    return true;
}

bool vec_walk_compare(Job *j)
{
    return compare(j, vec_int(j->v->sew), IR_VL_128);
}

bool vec_walk_fp_compare(Job *j)
{
    return compare(j, vec_float(j->v->sew), j->vl);
}

bool vec_walk_logic(Job *j)
{
    const Vec *v = j->v;
    IrBlock *ir = j->l->ir;
    uint64_t n = v->vlmax, piece_bits = 8 * PIECE;

    for (unsigned i = 0; i * piece_bits < n; i++) {
        IrVal x = vec_op2(j, (IrOpcode)j->row->op, 3, vec_piece(j, v->rs2, i), vec_piece(j, v->rs1, i), 0);

        if (j->row->k & VEC_NOT) {
            x = vec_op1(j, IR_vnot, 3, x, 0);
        }
        if (j->partial) {
            IrVal low = length_bits(j, 2 * i), high = n > WORD ? length_bits(j, 2 * i + 1) : imm64(j->l, 0);
            IrVal m = ir_emit(ir, IR_vpack64, IR_I64, 0, low, high, IR_NONE, 0);

            x = ir_v3(ir, IR_vbsl, IR_I8, IR_VL_128, x, vec_piece(j, v->rd, i), m, 0);
        } else if (n <= WORD) {
            IrVal m = ir_v1(ir, IR_vconst, IR_I64, IR_VL_64, imm64(j->l, low_ones(n)), 0);

            x = ir_v3(ir, IR_vbsl, IR_I8, IR_VL_128, x, vec_piece(j, v->rd, i), m, 0);
        }
        vec_put(j, v->rd, i, PIECE, x);
    }
    return true;
}

bool vec_walk_count(Job *j)
{
    IrBlock *ir = j->l->ir;
    IrVal n = imm64(j->l, 0);

    for (unsigned i = 0; i < words(j); i++) {
        n = ir_add(ir, ir_op1(ir, IR_popcnt, get_active(j, i)), n);
    }
    rv_set_x(j->l, j->v->rd, n);
    return true;
}

/* From the last word to the first: in each its first bit, or what was found behind it. */
bool vec_walk_first(Job *j)
{
    IrVal found = imm64(j->l, ~0ull);

    for (unsigned i = words(j); i-- > 0;) {
        IrVal x = get_active(j, i), at = ir_op1(j->l->ir, IR_ctz, x);

        at = i ? ir_add(j->l->ir, at, imm64(j->l, i * WORD)) : at;
        rv_set_flags(j->l, x, imm64(j->l, 0));
        found = rv_select(j->l, IR_EQ, found, at);
    }
    rv_set_x(j->l, j->v->rd, found);
    return true;
}

/* x - 1 inverts the first bit that is set and all below it. */
bool vec_walk_around_first(Job *j)
{
    IrBlock *ir = j->l->ir;
    IrVal x, less, w[WORDS_MAX];

    if (j->v->vlmax > WORD) {
        return false;
    }
    x = get_active(j, 0);
    less = ir_sub(ir, x, imm64(j->l, 1));
    w[0] = j->row->op == IR_xor    ? ir_xor(ir, x, less)
           : j->row->op == IR_andn ? ir_op2(ir, IR_andn, less, x)
                                   : ir_op2(ir, IR_andn, x, less);
    put_words(j, w);
    return true;
}
