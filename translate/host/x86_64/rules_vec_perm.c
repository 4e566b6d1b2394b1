/* SPDX-License-Identifier: MIT */
/*
 * rules_vec_perm.c: vectors from and to general registers, permutations, neighbours, and ops
 * across lanes. Most permutations are one pshufb with a constant; where VL is 64 bits, the
 * constant also clears the upper half.
 */
#include "translate/host/x86_64/rules_vec.h"

/* ---- between general registers and lanes ---- */

RULE(vconst)
{
    uint64_t k = ir_const_value(e->ir, op->a);
    unsigned vl = op_vl(op), width = lane_bits(op->type);

    if (vl == IR_VL_LANE && width < 64)
        k &= (1ull << width) - 1;
    emit_vconst(e, d, k, vl == IR_VL_128 || (vl == IR_VL_LANE && width == 128) ? k : 0);
    if (vl == IR_VL_LANE && width == 64)
        emit_zero_note(e, d, k >> 32 == ~0u ? IR_VL_BOX : vl, k >> 32 == ~0u ? IR_I32 : IR_I64);
    return true;
}

/* d = low bits of r in lane 0, the rest zero. */
static void from_int(Emit *e, unsigned type, int d, int r)
{
    unsigned l = lane_log2(type);

    if (l < 2) {
        asm_movzx_rr(&e->as, 1u << l, RAX, r);
        r = RAX;
    }
    asm_movd_xr(&e->as, l == 3, d, r);
}

RULE(vmov_i)
{
    from_int(e, op->type, d, a);
    emit_zero_note(e, d, IR_VL_LANE, op->type);
    return true;
}

/* Lane 0 of d into all lanes. */
static void splat_lane0(Emit *e, unsigned l, int d)
{
    static const VOp broadcast[4] = { V_pbroadcastb, V_pbroadcastw, V_pbroadcastd,
                                      V_pbroadcastq };
    Asm *as = &e->as;

    if (l == 3) {
        vop3(as, V_punpcklqdq, d, d, d);
    } else if (l == 2) {
        vop2i(as, V_pshufd, d, d, 0);
    } else if (e->hf->avx2) {
        vop2(as, broadcast[l], d, d);
    } else if (l == 1) {
        vop2i(as, V_pshuflw, d, d, 0);
        vop2i(as, V_pshufd, d, d, 0);
    } else {
        vzero(as, VT0);
        vop3(as, V_pshufb, d, d, VT0);
    }
}

RULE(vdup)
{
    unsigned l = lane_log2(op->type), vl = op_vl(op);

    if (vl == IR_VL_LANE || (vl == IR_VL_64 && l == 3)) {
        from_int(e, op->type, d, a);
        return true;
    }
    asm_movd_xr(&e->as, l == 3, d, a);
    splat_lane0(e, l, d);
    emit_vl(e, d, vl, op->type);
    return true;
}

/* A pshufb constant, made byte by byte. */
typedef union {
    uint8_t b[16];
    uint64_t q[2];
} Shuffle;

/* d = bytes of a as s says, 0x80 for a zero. */
static void shuffle(Emit *e, int d, int a, const Shuffle *s)
{
    vop3m(&e->as, V_pshufb, d, a, emit_const128(e, s->q[0], s->q[1]));
}

static unsigned vl_bytes_of(const IrOp *op)
{
    unsigned vl = op_vl(op);

    return vl == IR_VL_128 ? 16 : vl == IR_VL_64 ? 8 : 1u << lane_log2(op->type);
}

RULE(vdup_lane)
{
    Asm *as = &e->as;
    unsigned l = lane_log2(op->type), size = 1u << l, n = vl_bytes_of(op), lane = op->imm;
    Shuffle s;

    if (n == 16 && l >= 2) {
        vop2i(as, V_pshufd, d, a, l == 2 ? lane * 0x55 : lane ? 0xee : 0x44);
        if (l == 2)
            emit_splat_note(e, d);
    } else if (n == 8 && l == 3) {
        if (lane)
            vshift(as, V_psrldq_i, d, a, 8);
        else
            vop2(as, V_movq, d, a);
    } else if (n == 4 && l == 2) {
        vop3i(as, V_insertps, d, a, a, lane << 6 | 0x0e);
    } else {
        for (unsigned i = 0; i < 16; i++)
            s.b[i] = (uint8_t)(i < n ? lane * size + i % size : 0x80);
        shuffle(e, d, a, &s);
    }
    return true;
}

RULE(vget_u)
{
    unsigned size = 1u << lane_log2(op->type);

    if (op->imm == 0 && size >= 4)
        asm_movd_rx(&e->as, size == 8, d, a);
    else
        asm_pextr(&e->as, size, d, a, op->imm);
    return true;
}

RULE(vget_s)
{
    unsigned size = 1u << lane_log2(op->type);
    int wide = !(op->flags & IRF_SX32);

    rule_vget_u(e, op, d, a, b, c);
    if (size < 4 || (size == 4 && wide))
        asm_movsx_rr(&e->as, wide, size, d, d);
    else if (size == 8 && !wide)
        asm_mov_rr(&e->as, 0, d, d);
    return true;
}

RULE(vsigns)
{
    Asm *as = &e->as;

    switch (op->type) {
    case IR_I8: asm_vmask(as, V_pmovmskb, d, a); break;
    case IR_I32: asm_vmask(as, V_movmskps, d, a); break;
    case IR_I64: asm_vmask(as, V_movmskpd, d, a); break;
    default:
        vzero(as, VT1);
        vop3(as, V_packsswb, VT0, a, VT1);
        asm_vmask(as, V_pmovmskb, d, VT0);
    }
    return true;
}

RULE(vset)
{
    asm_pinsr(&e->as, 1u << lane_log2(op->type), d, a, b, op->imm);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vset_lane)
{
    Asm *as = &e->as;
    unsigned l = lane_log2(op->type), to = op->imm & 255, from = op->imm >> 8;

    if (l == 3 && to == 0) {
        vop3i(as, V_shufpd, d, b, a, 2 | from);
    } else if (l == 3) {
        vop3i(as, V_shufpd, d, a, b, from << 1);
    } else if (l == 2) {
        vop3i(as, V_insertps, d, a, b, from << 6 | to << 4);
    } else {
        asm_pextr(as, 1u << l, RAX, b, from);
        asm_pinsr(as, 1u << l, d, a, RAX, to);
    }
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vpack64)
{
    if (emit_reads_constants(op)) {
        vop2m(&e->as, V_movaps, d,
              emit_const128(e, ir_const_value(e->ir, op->a), ir_const_value(e->ir, op->b)));
        return true;
    }
    asm_movd_xr(&e->as, 1, d, a);
    asm_pinsr(&e->as, 8, d, d, b, 1);
    return true;
}

/* ---- permutations ---- */

// clang-format off
static const VOp vop_zip_lo[4] = { V_punpcklbw, V_punpcklwd, V_punpckldq, V_punpcklqdq };
static const VOp vop_zip_hi[4] = { V_punpckhbw, V_punpckhwd, V_punpckhdq, V_punpckhqdq };
// clang-format on

RULE(vzip_lo)
{
    if (op_vl(op) == IR_VL_LANE)
        return false;
    vop3(&e->as, vop_zip_lo[lane_log2(op->type)], d, a, b);
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

RULE(vzip_hi)
{
    unsigned l = lane_log2(op->type);

    if (op_vl(op) == IR_VL_LANE || (op_vl(op) == IR_VL_64 && l == 3))
        return false;
    if (op_vl(op) == IR_VL_128) {
        vop3(&e->as, vop_zip_hi[l], d, a, b);
    } else {
        vop3(&e->as, vop_zip_lo[l], d, a, b);
        vshift(&e->as, V_psrldq_i, d, d, 8);
    }
    return true;
}

/* Bytes: the even lanes of 8 * groups bytes to the low half, the odd ones to the high half. */
static Shuffle split_shuffle(unsigned l)
{
    unsigned size = 1u << l, lanes = 16 / size;
    Shuffle s;

    for (unsigned i = 0; i < 16; i++) {
        unsigned lane = i / size;

        lane = lane < lanes / 2 ? lane * 2 : (lane - lanes / 2) * 2 + 1;
        s.b[i] = (uint8_t)(lane * size + i % size);
    }
    return s;
}

/* d = even lanes of x in the low half, odd ones in the high half. */
static void split(Emit *e, unsigned l, int d, int x)
{
    Shuffle s;

    if (l == 3) {
        asm_vmov(&e->as, d, x);
    } else if (l == 2) {
        vop2i(&e->as, V_pshufd, d, x, 0xd8);
    } else {
        s = split_shuffle(l);
        shuffle(e, d, x, &s);
    }
}

/*
 * even_odd: VT0 = the even, VT1 = the odd lanes of a, then of b (of VL length, not LANE).
 * Beyond VL: anything.
 */
static void even_odd(Emit *e, const IrOp *op, int a, int b)
{
    Asm *as = &e->as;
    unsigned l = lane_log2(op->type);

    if (op_vl(op) == IR_VL_64) {
        vop3(as, V_punpcklqdq, VT0, a, b);
        split(e, l, VT0, VT0);
        vop2i(as, V_pshufd, VT1, VT0, 0xee);
        return;
    }
    if (l == 2) {
        vop3i(as, V_shufps, VT0, a, b, 0x88);
        vop3i(as, V_shufps, VT1, a, b, 0xdd);
        return;
    }
    split(e, l, VT1, a);
    if (a == b) {
        vop3(as, V_punpcklqdq, VT0, VT1, VT1);
        vop3(as, V_punpckhqdq, VT1, VT1, VT1);
        return;
    }
    split(e, l, VT2, b);
    vop3(as, V_punpcklqdq, VT0, VT1, VT2);
    vop3(as, V_punpckhqdq, VT1, VT1, VT2);
}

RULE(vuzp_even)
{
    Asm *as = &e->as;
    unsigned l = lane_log2(op->type), vl = op_vl(op);

    if (vl == IR_VL_LANE || (vl == IR_VL_64 && l == 3))
        return false;
    if (vl == IR_VL_128 && l == 3) {
        vop3(as, V_punpcklqdq, d, a, b);
    } else if (vl == IR_VL_128 && l == 2) {
        vop3i(as, V_shufps, d, a, b, 0x88);
    } else {
        even_odd(e, op, a, b);
        emit_vl_to(e, d, VT0, vl, op->type);
    }
    return true;
}

RULE(vuzp_odd)
{
    Asm *as = &e->as;
    unsigned l = lane_log2(op->type), vl = op_vl(op);

    if (vl == IR_VL_LANE || (vl == IR_VL_64 && l == 3))
        return false;
    if (vl == IR_VL_128 && l == 3) {
        vop3(as, V_punpckhqdq, d, a, b);
    } else if (vl == IR_VL_128 && l == 2) {
        vop3i(as, V_shufps, d, a, b, 0xdd);
    } else {
        even_odd(e, op, a, b);
        emit_vl_to(e, d, VT1, vl, op->type);
    }
    return true;
}

/* Lanes of b moved up one place, even ones; blended into the odd places of a. */
RULE(vtrn_even)
{
    Asm *as = &e->as;
    unsigned l = lane_log2(op->type), vl = op_vl(op);

    if (vl == IR_VL_LANE || (vl == IR_VL_64 && l == 3))
        return false;
    switch (l) {
    case 0:
        vshift(as, V_psllw_i, VT0, b, 8);
        vop3m(as, V_pand, VT1, a, emit_splat(e, IR_I16, 0xff));
        vop3(as, V_por, d, VT0, VT1);
        break;
    case 1:
        vshift(as, V_pslld_i, VT0, b, 16);
        vop3i(as, V_pblendw, d, a, VT0, 0xaa);
        break;
    case 2:
        vshift(as, V_psllq_i, VT0, b, 32);
        vop3i(as, V_pblendw, d, a, VT0, 0xcc);
        break;
    default: vop3(as, V_punpcklqdq, d, a, b);
    }
    emit_vl(e, d, vl, op->type);
    return true;
}

RULE(vtrn_odd)
{
    Asm *as = &e->as;
    unsigned l = lane_log2(op->type), vl = op_vl(op);

    if (vl == IR_VL_LANE || (vl == IR_VL_64 && l == 3))
        return false;
    switch (l) {
    case 0:
        vshift(as, V_psrlw_i, VT0, a, 8);
        vop3m(as, V_pand, VT1, b, emit_splat(e, IR_I16, 0xff00));
        vop3(as, V_por, d, VT0, VT1);
        break;
    case 1:
        vshift(as, V_psrld_i, VT0, a, 16);
        vop3i(as, V_pblendw, d, VT0, b, 0xaa);
        break;
    case 2:
        vshift(as, V_psrlq_i, VT0, a, 32);
        vop3i(as, V_pblendw, d, VT0, b, 0xcc);
        break;
    default: vop3(as, V_punpckhqdq, d, a, b);
    }
    emit_vl(e, d, vl, op->type);
    return true;
}

RULE(vext)
{
    Asm *as = &e->as;

    switch (op_vl(op)) {
    case IR_VL_128:
        vop3i(as, V_palignr, d, b, a, op->imm);
        return true;
    case IR_VL_64:
        vop3(as, V_punpcklqdq, VT0, a, b);
        if (op->imm)
            vshift(as, V_psrldq_i, VT0, VT0, op->imm);
        vop2(as, V_movq, d, VT0);
        return true;
    default: return false;
    }
}

RULE(vrev)
{
    unsigned l = lane_log2(op->type), n = vl_bytes_of(op), last = (op->imm / 8 >> l) - 1;
    Shuffle s;

    if (op_vl(op) == IR_VL_LANE)
        return false;
    if (l == 2 && n == 16) {
        vop2i(&e->as, V_pshufd, d, a, last ? 0xb1 : 0xe4);
        return true;
    }
    for (unsigned i = 0; i < 16; i++)
        s.b[i] = (uint8_t)(i < n ? ((i >> l ^ last) << l) + (i & ((1u << l) - 1)) : 0x80);
    shuffle(e, d, a, &s);
    return true;
}

/*
 * With 0x70 added, saturating, an index below 16 keeps its low four bits and a clear sign,
 * any other gets the sign that makes pshufb give zero and selects c.
 */
RULE(vtbl)
{
    Asm *as = &e->as;
    int x = b;

    if (op->imm) {
        vop3m(as, V_psubb, VT0, b, emit_splat(e, IR_I8, op->imm));
        x = VT0;
    }
    vop3m(as, V_paddusb, VT0, x, emit_splat(e, IR_I8, 0x70));
    vop3(as, V_pshufb, VT1, a, VT0);
    if (as->has_avx) {
        asm_vraw_rr(as, V_pblendvb, 0, d, VT1, c);
        asm_8(as, VT0 << 4);
    } else {
        vzero(as, VT2);
        vop3(as, V_pcmpgtb, VT2, VT2, VT0);
        vop3(as, V_pand, VT2, VT2, c);
        vop3(as, V_por, d, VT1, VT2);
    }
    emit_vl(e, d, op_vl(op), op->type);
    return true;
}

/* ---- neighbours ---- */

// clang-format off
static const VOp vop_min_s[4] = { V_pminsb, V_pminsw, V_pminsd };
static const VOp vop_max_s[4] = { V_pmaxsb, V_pmaxsw, V_pmaxsd };
static const VOp vop_min_u[4] = { V_pminub, V_pminuw, V_pminud };
static const VOp vop_max_u[4] = { V_pmaxub, V_pmaxuw, V_pmaxud };
// clang-format on

static bool pairs(Emit *e, const IrOp *op, const VOp row[4], int d, int a, int b)
{
    unsigned l = lane_log2(op->type), vl = op_vl(op);

    if (l > 3 || !row[l] || (vl == IR_VL_64 && l == 3))
        return false;
    if (vl == IR_VL_LANE) {
        vshift(&e->as, V_psrldq_i, VT1, a, 1u << l);
        vop3(&e->as, row[l], d, a, VT1);
    } else {
        even_odd(e, op, a, b);
        vop3(&e->as, row[l], d, VT0, VT1);
    }
    emit_vl(e, d, vl, op->type);
    return true;
}

RULE(vadd_pair)
{
    unsigned l = lane_log2(op->type);

    if (op_vl(op) == IR_VL_128 && (l == 1 || l == 2)) {
        vop3(&e->as, l == 1 ? V_phaddw : V_phaddd, d, a, b);
        return true;
    }
    return pairs(e, op, vop_add, d, a, b);
}

RULE(vmax_pair_s)
{
    return pairs(e, op, vop_max_s, d, a, b);
}

RULE(vmax_pair_u)
{
    return pairs(e, op, vop_max_u, d, a, b);
}

RULE(vmin_pair_s)
{
    return pairs(e, op, vop_min_s, d, a, b);
}

RULE(vmin_pair_u)
{
    return pairs(e, op, vop_min_u, d, a, b);
}

/* ---- across lanes ---- */

/*
 * fold: VT0 = row's op over all lanes of x in lane 0, anything above. l: lane size; n: bytes of
 * x that count. VT1 is lost.
 */
static void fold(Emit *e, VOp v, unsigned l, unsigned n, int x)
{
    Asm *as = &e->as;

    if (n == 16) {
        vop2i(as, V_pshufd, VT1, x, 0xee);
        vop3(as, v, VT0, x, VT1);
        x = VT0;
    }
    if (n >= 8 && l < 3) {
        vop2i(as, V_pshufd, VT1, x, 0x55);
        vop3(as, v, VT0, x, VT1);
        x = VT0;
    }
    if (n >= 4 && l < 2) {
        vshift(as, V_psrld_i, VT1, x, 16);
        vop3(as, v, VT0, x, VT1);
        x = VT0;
    }
    if (n >= 2 && l < 1) {
        vshift(as, V_psrlw_i, VT1, x, 8);
        vop3(as, v, VT0, x, VT1);
        x = VT0;
    }
    asm_vmov(as, VT0, x);
}

static bool across(Emit *e, const IrOp *op, const VOp row[4], int d, int a)
{
    unsigned l = lane_log2(op->type);

    if (l > 3 || !row[l])
        return false;
    fold(e, row[l], l, vl_bytes_of(op), a);
    emit_vl_to(e, d, VT0, IR_VL_LANE, op->type);
    return true;
}

/* VT0 = a's bytes summed without sign, as two 64-bit numbers folded into the low one. */
static void sum_bytes(Emit *e, const IrOp *op, int a)
{
    vzero(&e->as, VT1);
    vop3(&e->as, V_psadbw, VT0, a, VT1);
    fold(e, V_paddq, 3, vl_bytes_of(op), VT0);
}

RULE(vsum)
{
    if (op->type != IR_I8 || op_vl(op) == IR_VL_LANE)
        return across(e, op, vop_add, d, a);
    sum_bytes(e, op, a);
    emit_vl_to(e, d, VT0, IR_VL_LANE, IR_I8);
    return true;
}

/* VT0 = neighbours of the narrow lanes of a, of 16 or 32 bits, added in twice the width. */
static void add_neighbours(Emit *e, bool sign, unsigned l, int a)
{
    Asm *as = &e->as;

    if (l == 1 && sign) {
        vop3m(as, V_pmaddwd, VT0, a, emit_splat(e, IR_I16, 1));
    } else if (l == 1) {
        vshift(as, V_psrld_i, VT0, a, 16);
        vshift(as, V_pslld_i, VT1, a, 16);
        vshift(as, V_psrld_i, VT1, VT1, 16);
        vop3(as, V_paddd, VT0, VT0, VT1);
    } else {
        vop2i(as, V_pshufd, VT0, a, 0x08);
        vop2i(as, V_pshufd, VT1, a, 0x0d);
        vop2(as, sign ? V_pmovsxdq : V_pmovzxdq, VT0, VT0);
        vop2(as, sign ? V_pmovsxdq : V_pmovzxdq, VT1, VT1);
        vop3(as, V_paddq, VT0, VT0, VT1);
    }
}

/* Signed bytes are summed as x + 128. */
static void sum_bytes_s(Emit *e, const IrOp *op, int a)
{
    vop3m(&e->as, V_pxor, VT2, a, emit_splat(e, IR_I8, 0x80));
    sum_bytes(e, op, VT2);
    vop3m(&e->as, V_psubw, VT0, VT0, emit_const128(e, 0x80 * vl_bytes_of(op), 0));
}

static bool sum_long(Emit *e, const IrOp *op, bool sign, int d, int a)
{
    unsigned l = lane_log2(op->type);

    if (op_vl(op) == IR_VL_LANE || l > 2)
        return false;
    if (l == 0 && sign) {
        sum_bytes_s(e, op, a);
    } else if (l == 0) {
        sum_bytes(e, op, a);
    } else {
        add_neighbours(e, sign, l, a);
        fold(e, vop_add[l + 1], l + 1, vl_bytes_of(op), VT0);
    }
    emit_vl_to(e, d, VT0, IR_VL_LANE, op->type + 1);
    return true;
}

RULE(vsuml_s)
{
    return sum_long(e, op, true, d, a);
}

RULE(vsuml_u)
{
    return sum_long(e, op, false, d, a);
}

RULE(vhmax_s)
{
    return across(e, op, vop_max_s, d, a);
}

RULE(vhmax_u)
{
    return across(e, op, vop_max_u, d, a);
}

RULE(vhmin_s)
{
    return across(e, op, vop_min_s, d, a);
}

/* phminposuw finds the smallest of eight words, and of bytes once pairs are reduced to one. */
RULE(vhmin_u)
{
    Asm *as = &e->as;

    if (op_vl(op) != IR_VL_128 || lane_log2(op->type) > 1)
        return across(e, op, vop_min_u, d, a);
    if (op->type == IR_I8) {
        vshift(as, V_psrlw_i, VT0, a, 8);
        vop3(as, V_pminub, VT0, VT0, a);
        vop2(as, V_phminposuw, VT0, VT0);
    } else {
        vop2(as, V_phminposuw, VT0, a);
    }
    emit_vl_to(e, d, VT0, IR_VL_LANE, op->type);
    return true;
}
