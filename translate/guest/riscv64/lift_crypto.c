/* SPDX-License-Identifier: MIT */
/* lift_crypto.c: carry-less multiplication, permutations, AES, SHA and SM in general registers. */
#include "translate/guest/riscv64/lift.h"

#define LIFT(name) bool rv_##name(Lift *l, const rv_##name##_args *a)

/* to_vec: register r in the low half of a vector; pair_vec: rs1 there, rs2 in the high half. */
static IrVal to_vec(Lift *l, unsigned r)
{
    return ir_emit(l->ir, IR_vmov_i, rv_xlen(l), 0, rv_get_x(l, r), IR_NONE, IR_NONE, 0);
}

static IrVal pair_vec(Lift *l, unsigned rs1, unsigned rs2)
{
    return ir_emit(l->ir, IR_vpack64, IR_I64, 0, rv_get_x(l, rs1), rv_get_x(l, rs2), IR_NONE, 0);
}

/* half: the low (0) or next (1) x register's worth of a vector. */
static IrVal half(Lift *l, IrVal v, unsigned which)
{
    v = ir_emit(l->ir, IR_vget_u, rv_xlen(l), 0, v, IR_NONE, IR_NONE, which);
    v.type = rv_xlen(l);
    return v;
}

static IrVal zero_vec(Lift *l)
{
    return ir_emit(l->ir, IR_vconst, IR_I64, 0, imm64(l, 0), IR_NONE, IR_NONE, 0);
}

/* ---- Zbc, Zbkc ---- */

static IrVal carryless(Lift *l, unsigned rs1, unsigned rs2)
{
    return ir_v2(l->ir, IR_vmull_p, IR_I128, 0, to_vec(l, rs1), to_vec(l, rs2), 0);
}

LIFT(clmul)
{
    rv_set_x(l, a->rd, half(l, carryless(l, a->rs1, a->rs2), 0));
    return true;
}

LIFT(clmulh)
{
    rv_set_x(l, a->rd, half(l, carryless(l, a->rs1, a->rs2), 1));
    return true;
}

/* CLMULR: bits 126 to 63 of the product. */
LIFT(clmulr)
{
    IrVal v = carryless(l, a->rs1, a->rs2);

    rv_set_x(l, a->rd, ir_op2i(l->ir, IR_extr, half(l, v, 1), half(l, v, 0), rv_is_32(l) ? 31 : 63));
    return true;
}

/* ---- Zbkx ---- */

/* The table's upper half is zero, as is what is outside of it. */
LIFT(xperm8)
{
    IrVal v = ir_v3(l->ir, IR_vtbl, IR_I8, 0, to_vec(l, a->rs1), to_vec(l, a->rs2), zero_vec(l), 0);

    rv_set_x(l, a->rd, half(l, v, 0));
    return true;
}

/* nibbles: of register r, a byte each. */
static IrVal nibbles(Lift *l, unsigned r)
{
    IrVal low = imm(l, 0x0f0f0f0f0f0f0f0f), x = rv_get_x(l, r);
    IrVal even = ir_and(l->ir, x, low), odd = ir_and(l->ir, ir_shr_u(l->ir, x, imm(l, 4)), low);

    even = ir_emit(l->ir, IR_vmov_i, rv_xlen(l), 0, even, IR_NONE, IR_NONE, 0);
    odd = ir_emit(l->ir, IR_vmov_i, rv_xlen(l), 0, odd, IR_NONE, IR_NONE, 0);
    return ir_v2(l->ir, IR_vzip_lo, IR_I8, 0, even, odd, 0);
}

/* Of the sixteen results two are in each halfword: the odd one goes down beside the even one. */
LIFT(xperm4)
{
    IrVal v = ir_v3(l->ir, IR_vtbl, IR_I8, 0, nibbles(l, a->rs1), nibbles(l, a->rs2), zero_vec(l), 0);

    v = ir_v2(l->ir, IR_vor, IR_I16, 0, v, ir_v1(l->ir, IR_vshr_u_i, IR_I16, 0, v, 4), 0);
    rv_set_x(l, a->rd, half(l, ir_v1(l->ir, IR_vnarrow, IR_I16, 0, v, 0), 0));
    return true;
}

/* ---- Zknd, Zkne: the state is rs2:rs1, of the new one the low half is the result ---- */

static IrVal aes_round(Lift *l, IrOpcode op, unsigned rs1, unsigned rs2)
{
    return ir_v2(l->ir, op, IR_I8, 0, pair_vec(l, rs1, rs2), zero_vec(l), 0);
}

static IrVal aes_mix(Lift *l, IrOpcode op, IrVal v)
{
    return ir_v1(l->ir, op, IR_I8, 0, v, 0);
}

LIFT(aes64es)
{
    rv_set_x(l, a->rd, half(l, aes_round(l, IR_aese, a->rs1, a->rs2), 0));
    return true;
}

LIFT(aes64esm)
{
    IrVal v = aes_round(l, IR_aese, a->rs1, a->rs2);

    rv_set_x(l, a->rd, half(l, aes_mix(l, IR_aesmc, v), 0));
    return true;
}

LIFT(aes64ds)
{
    rv_set_x(l, a->rd, half(l, aes_round(l, IR_aesd, a->rs1, a->rs2), 0));
    return true;
}

LIFT(aes64dsm)
{
    IrVal v = aes_round(l, IR_aesd, a->rs1, a->rs2);

    rv_set_x(l, a->rd, half(l, aes_mix(l, IR_aesimc, v), 0));
    return true;
}

LIFT(aes64im)
{
    rv_set_x(l, a->rd, half(l, aes_mix(l, IR_aesimc, to_vec(l, a->rs1)), 0));
    return true;
}

/* SubWord is SubBytes of a state of four equal columns, which ShiftRows does not change. */
LIFT(aes64ks1i)
{
    static const uint8_t round_constant[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b,
                                              0x36, 0 };
    IrVal word, v;

    if (a->rnum > 10) {
        return false;
    }
    word = ir_shr_u(l->ir, rv_get_x(l, a->rs1), imm(l, 32));
    v = ir_emit(l->ir, IR_vdup, IR_I32, 0, word, IR_NONE, IR_NONE, 0);
    if (a->rnum < 10) {
        v = ir_v1(l->ir, IR_vror_i, IR_I32, 0, v, 8);
    }
    v = half(l, ir_v2(l->ir, IR_aese, IR_I8, 0, v, zero_vec(l), 0), 0);
    rv_set_x(l, a->rd, ir_xor(l->ir, v, imm(l, round_constant[a->rnum] * 0x100000001ull)));
    return true;
}

LIFT(aes64ks2)
{
    IrVal w = ir_xor(l->ir, ir_shr_u(l->ir, rv_get_x(l, a->rs1), imm(l, 32)), rv_get_x(l, a->rs2));

    rv_set_x(l, a->rd, ir_xor(l->ir, w, ir_shl(l->ir, w, imm(l, 32))));
    return true;
}

/*
 * RV32's: byte bs of rs2 is alone in the state, at its start, from where neither ShiftRows moves it; what
 * becomes of it, or with MixColumns of its column, goes to byte bs and on, round about.
 */
static bool aes_byte(Lift *l, IrOpcode round, IrOpcode mix, unsigned rd, unsigned rs1, unsigned rs2,
                     unsigned bs)
{
    IrVal x = ir_op1i(l->ir, IR_bfx_u, rv_get_x(l, rs2), 8 * bs | 8 << 8);
    IrVal v = ir_emit(l->ir, IR_vmov_i, IR_I32, 0, x, IR_NONE, IR_NONE, 0);

    v = ir_v2(l->ir, round, IR_I8, 0, v, zero_vec(l), 0);
    v = ir_v2(l->ir, IR_vand, IR_I64, 0, v,
              ir_emit(l->ir, IR_vconst, IR_I64, IR_VL_LANE, imm64(l, 0xff), IR_NONE, IR_NONE, 0), 0);
    if (mix) {
        v = aes_mix(l, mix, v);
    }
    x = half(l, v, 0);
    if (bs) {
        x = ir_ror(l->ir, x, imm(l, 32 - 8 * bs));
    }
    rv_set_x(l, rd, ir_xor(l->ir, x, rv_get_x(l, rs1)));
    return true;
}

#define OP_AES32(name, round, mix)                                                       \
    LIFT(name)                                                                           \
    {                                                                                    \
        return aes_byte(l, round, mix, a->rd, a->rs1, a->rs2, a->bs);                    \
    }

OP_AES32(aes32esi, IR_aese, 0)
OP_AES32(aes32esmi, IR_aese, IR_aesmc)
OP_AES32(aes32dsi, IR_aesd, 0)
OP_AES32(aes32dsmi, IR_aesd, IR_aesimc)

/* ---- Zknh, Zksh ---- */

/* turned: x rotated right by n; shifted: with zeros instead. */
static IrVal turned(Lift *l, IrVal x, unsigned n)
{
    return ir_ror(l->ir, x, ir_const(l->ir, (IrType)x.type, n));
}

static IrVal shifted(Lift *l, IrVal x, unsigned n)
{
    return ir_shr_u(l->ir, x, ir_const(l->ir, (IrType)x.type, n));
}

static IrVal xor3(Lift *l, IrVal x, IrVal y, IrVal z)
{
    return ir_xor(l->ir, ir_xor(l->ir, x, y), z);
}

#define OP_HASH(name, get, set, i, j, third, k)                                          \
    LIFT(name)                                                                           \
    {                                                                                    \
        IrVal x = get(l, a->rs1);                                                        \
        set(l, a->rd, xor3(l, turned(l, x, i), turned(l, x, j), third(l, x, k)));        \
        return true;                                                                     \
    }

OP_HASH(sha256sum0, rv_get_w, rv_set_w, 2, 13, turned, 22)
OP_HASH(sha256sum1, rv_get_w, rv_set_w, 6, 11, turned, 25)
OP_HASH(sha256sig0, rv_get_w, rv_set_w, 7, 18, shifted, 3)
OP_HASH(sha256sig1, rv_get_w, rv_set_w, 17, 19, shifted, 10)
OP_HASH(sha512sum0, rv_get_x, rv_set_x, 28, 34, turned, 39)
OP_HASH(sha512sum1, rv_get_x, rv_set_x, 14, 18, turned, 41)
OP_HASH(sha512sig0, rv_get_x, rv_set_x, 1, 8, shifted, 7)
OP_HASH(sha512sig1, rv_get_x, rv_set_x, 19, 61, shifted, 6)

/*
 * RV32's: the low word of the function of rs2:rs1. The high word of a sum is the same with rs1 and rs2
 * exchanged; so is that of the others, but that nothing comes into rs1's shifted part.
 */
#define OP_HASH_WORD(name, i, j, third, k, shifted_part)                                 \
    LIFT(name)                                                                           \
    {                                                                                    \
        IrVal x = rv_get_both(l, a->rs1, a->rs2);                                        \
        rv_set_x(l, a->rd, xor3(l, turned(l, x, i), turned(l, x, j),                     \
                                third(l, shifted_part, k)));                             \
        return true;                                                                     \
    }

OP_HASH_WORD(sha512sum0r, 28, 34, turned, 39, x)
OP_HASH_WORD(sha512sum1r, 14, 18, turned, 41, x)
OP_HASH_WORD(sha512sig0l, 1, 8, shifted, 7, x)
OP_HASH_WORD(sha512sig0h, 1, 8, shifted, 7, rv_get_z(l, a->rs1))
OP_HASH_WORD(sha512sig1l, 19, 61, shifted, 6, x)
OP_HASH_WORD(sha512sig1h, 19, 61, shifted, 6, rv_get_z(l, a->rs1))

/* P0 and P1 rotate to the left, and take x itself. */
#define OP_SM3(name, i, j)                                                               \
    LIFT(name)                                                                           \
    {                                                                                    \
        IrVal x = rv_get_w(l, a->rs1);                                                   \
        rv_set_w(l, a->rd, xor3(l, x, turned(l, x, 32 - (i)), turned(l, x, 32 - (j))));  \
        return true;                                                                     \
    }

OP_SM3(sm3p0, 9, 17)
OP_SM3(sm3p1, 15, 23)

/* ---- Zksed ---- */

/* sm4_byte: byte bs of rs2 through the S-box. */
static IrVal sm4_byte(Lift *l, unsigned rs2, unsigned bs)
{
    IrVal v = ir_emit(l->ir, IR_vmov_i, rv_xlen(l), 0,
                      ir_op1i(l->ir, IR_bfx_u, rv_get_x(l, rs2), 8 * bs | 8 << 8), IR_NONE, IR_NONE, 0);

    v = ir_v1(l->ir, IR_sm4sub, IR_I8, 0, v, 0);
    v = ir_emit(l->ir, IR_vget_u, IR_I8, 0, v, IR_NONE, IR_NONE, 0);
    v.type = IR_I32;
    return v;
}

/* part: the bits of x in mask, moved to the left by n. */
static IrVal part(Lift *l, IrVal x, uint32_t mask, unsigned n)
{
    if (mask != 0xff) {
        x = ir_and(l->ir, x, ir_const(l->ir, IR_I32, mask));
    }
    return ir_shl(l->ir, x, ir_const(l->ir, IR_I32, n));
}

static bool sm4_end(Lift *l, unsigned rd, unsigned rs1, unsigned bs, IrVal y)
{
    if (bs) {
        y = turned(l, y, 32 - 8 * bs);
    }
    rv_set_w(l, rd, ir_xor(l->ir, y, rv_get_w(l, rs1)));
    return true;
}

LIFT(sm4ed)
{
    IrVal x = sm4_byte(l, a->rs2, a->bs);
    IrVal y = xor3(l, x, part(l, x, 0xff, 8), part(l, x, 0xff, 2));

    y = xor3(l, y, part(l, x, 0xff, 18), part(l, x, 0x3f, 26));
    return sm4_end(l, a->rd, a->rs1, a->bs, ir_xor(l->ir, y, part(l, x, 0xc0, 10)));
}

LIFT(sm4ks)
{
    IrVal x = sm4_byte(l, a->rs2, a->bs);
    IrVal y = xor3(l, x, part(l, x, 0x07, 29), part(l, x, 0xfe, 7));

    return sm4_end(l, a->rd, a->rs1, a->bs,
                   xor3(l, y, part(l, x, 0x01, 23), part(l, x, 0xf8, 13)));
}
