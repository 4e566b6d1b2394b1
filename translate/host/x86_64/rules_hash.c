/* SPDX-License-Identifier: MIT */
/*
 * rules_hash.c: Arm's SHA-512, SM3 and SM4 steps. For SHA-512, no host instruction of our baseline does SHA-512 rounds, so
 * they are written out on the low lanes: rotations are single instructions with AVX-512, two
 * shifts otherwise. The second of the two rounds waits for the first; independent are their
 * choices and majorities, which are therefore made early.
 */
#include "translate/host/x86_64/rules_vec.h"

/* d = x rotated right by i ^ by j ^ by k; or, with shift, shifted by k. Only xmm15 is lost. */
static void ror3(Emit *e, int d, int x, unsigned i, unsigned j, unsigned k, bool shift)
{
    const unsigned n[3] = { i, j, k };
    Asm *as = &e->as;

    for (unsigned t = 0; t < 3; t++) {
        int r = t ? XMM15 : d;

        if (shift && t == 2)
            vshift(as, V_psrlq_i, r, x, n[t]);
        else if (e->hf->avx512vl)
            asm_vpror(as, 1, r, x, n[t]);
        else
            vshift(as, V_psrlq_i, r, x, n[t]);
        if (t)
            vop3(as, V_pxor, d, d, XMM15);
        if (!e->hf->avx512vl && !(shift && t == 2)) {
            vshift(as, V_psllq_i, XMM15, x, 64 - n[t]);
            vop3(as, V_pxor, d, d, XMM15);
        }
    }
}

/* VT0 = majority of VT0, y and z; t is lost. */
static void majority(Emit *e, int y, int z, int t)
{
    Asm *as = &e->as;

    if (e->hf->avx512vl) {
        asm_vpternlog(as, VT0, y, z, TERNARY_MAJORITY);
        return;
    }
    vop3(as, V_por, t, VT0, y);
    vop3(as, V_pand, t, t, z);
    vop3(as, V_pand, VT0, VT0, y);
    vop3(as, V_por, VT0, VT0, t);
}

/* x = the high lane of s, in the low lane. */
static void high(Asm *as, int x, int s)
{
    vop2i(as, V_pshufd, x, s, 0xee);
}

RULE(sha512h)
{
    Asm *as = &e->as;

    high(as, VT0, c);
    high(as, VT1, b);
    if (e->hf->avx512vl) {
        asm_vpternlog(as, VT1, VT0, b, 0xb8);   /* VT0 ? b : VT1 */
    } else {
        vop3(as, V_pxor, VT2, VT1, b);
        vop3(as, V_pand, VT2, VT2, VT0);
        vop3(as, V_pxor, VT1, VT1, VT2);
    }
    high(as, VT2, a);
    vop3(as, V_paddq, VT1, VT1, VT2);
    ror3(e, VT2, VT0, 14, 18, 41, false);
    vop3(as, V_paddq, VT2, VT2, VT1);           /* the high half of the result */
    vop3(as, V_paddq, VT1, VT2, c);
    if (e->hf->avx512vl) {
        asm_vpternlog(as, VT0, VT1, b, 0xe2);   /* VT1 ? VT0 : b */
    } else {
        vop3(as, V_pxor, VT0, VT0, b);
        vop3(as, V_pand, VT0, VT0, VT1);
        vop3(as, V_pxor, VT0, VT0, b);
    }
    vop3(as, V_paddq, VT0, VT0, a);
    ror3(e, d, VT1, 14, 18, 41, false);
    vop3(as, V_paddq, VT0, VT0, d);
    vop3(as, V_punpcklqdq, d, VT0, VT2);
    return true;
}

RULE(sha512h2)
{
    Asm *as = &e->as;

    high(as, VT0, c);
    majority(e, c, b, VT1);
    high(as, VT2, a);
    vop3(as, V_paddq, VT0, VT0, VT2);
    ror3(e, VT2, c, 28, 34, 39, false);
    vop3(as, V_paddq, VT2, VT2, VT0);           /* the high half of the result */
    high(as, VT0, c);
    majority(e, c, VT2, VT1);
    vop3(as, V_paddq, VT0, VT0, a);
    ror3(e, d, VT2, 28, 34, 39, false);
    vop3(as, V_paddq, VT0, VT0, d);
    vop3(as, V_punpcklqdq, d, VT0, VT2);
    return true;
}

RULE(sha512su0)
{
    Asm *as = &e->as;

    vop3i(as, V_palignr, VT0, b, a, 8);
    ror3(e, VT1, VT0, 1, 8, 7, true);
    vop3(as, V_paddq, d, a, VT1);
    return true;
}

RULE(sha512su1)
{
    Asm *as = &e->as;

    ror3(e, VT0, b, 19, 61, 6, true);
    vop3(as, V_paddq, VT1, a, c);
    vop3(as, V_paddq, d, VT0, VT1);
    return true;
}

/* ---- SM3 ---- */

static void rol32(Emit *e, int d, int a, unsigned n)
{
    emit_ror(e, IR_I32, d, a, 32 - n);
}

/* x ^= itself rotated left by i, and by j: the permutations P0 and P1 are of that kind. */
static void permute(Emit *e, int x, unsigned i, unsigned j)
{
    Asm *as = &e->as;

    rol32(e, XMM15, x, i);
    vop3(as, V_pxor, XMM15, XMM15, x);
    rol32(e, x, x, j);
    vop3(as, V_pxor, x, x, XMM15);
}

/* d = word 3 of x, the others zero. */
static void word3(Asm *as, int d, int x)
{
    vop3i(as, V_insertps, d, x, x, 0xf7);
}

RULE(sm3ss1)
{
    Asm *as = &e->as;

    rol32(e, VT0, a, 12);
    vop3(as, V_paddd, VT0, VT0, b);
    vop3(as, V_paddd, VT0, VT0, c);
    rol32(e, VT0, VT0, 7);
    word3(as, d, VT0);
    return true;
}

/* VT0 = in word 3, the function of words 3, 2 and 1 of s. */
static void sm3_function(Emit *e, unsigned op, int s)
{
    Asm *as = &e->as;
    bool majority = op == IR_sm3tt1b, choose = op == IR_sm3tt2b;

    vop2i(as, V_pshufd, VT0, s, 0x80);
    vop2i(as, V_pshufd, VT1, s, 0x40);
    if (e->hf->avx512vl) {
        asm_vpternlog(as, VT0, s, VT1, majority ? TERNARY_MAJORITY : choose ? 0xe2 : TERNARY_XOR);
    } else if (choose) {
        vop3(as, V_pxor, VT0, VT0, VT1);
        vop3(as, V_pand, VT0, VT0, s);
        vop3(as, V_pxor, VT0, VT0, VT1);
    } else if (majority) {
        vop3(as, V_por, VT2, VT0, VT1);
        vop3(as, V_pand, VT2, VT2, s);
        vop3(as, V_pand, VT0, VT0, VT1);
        vop3(as, V_por, VT0, VT0, VT2);
    } else {
        vop3(as, V_pxor, VT0, VT0, VT1);
        vop3(as, V_pxor, VT0, VT0, s);
    }
}

/* A round in word 3; then the words move on by one, the new word 1 rotated by turn. */
static bool sm3_round(Emit *e, const IrOp *op, unsigned turn, int d, int a, int b, int c)
{
    Asm *as = &e->as;

    sm3_function(e, op->op, a);
    vop2i(as, V_pshufd, VT1, a, 0x00);
    vop3(as, V_paddd, VT0, VT0, VT1);
    vop2i(as, V_pshufd, VT1, c, (op->imm & 3) * 0x55);
    vop3(as, V_paddd, VT0, VT0, VT1);
    if (turn == 9) {
        rol32(e, VT1, a, 12);
        vop3(as, V_pxor, VT1, VT1, b);
        vop3(as, V_paddd, VT0, VT0, VT1);
    } else {
        vop3(as, V_paddd, VT0, VT0, b);
        permute(e, VT0, 9, 17);
    }
    vop2i(as, V_pshufd, VT1, a, 0x39);
    rol32(e, XMM15, VT1, turn);
    vop3i(as, V_pblendw, VT1, VT1, XMM15, 0x0c);
    vop3i(as, V_pblendw, d, VT1, VT0, 0xc0);
    return true;
}

RULE(sm3tt1a)
{
    return sm3_round(e, op, 9, d, a, b, c);
}

RULE(sm3tt1b)
{
    return sm3_round(e, op, 9, d, a, b, c);
}

RULE(sm3tt2a)
{
    return sm3_round(e, op, 19, d, a, b, c);
}

RULE(sm3tt2b)
{
    return sm3_round(e, op, 19, d, a, b, c);
}

/* Word 3 also takes word 0's result, rotated; P1 of a sum is the sum of both. */
RULE(sm3partw1)
{
    Asm *as = &e->as;

    vop3(as, V_pxor, VT0, a, b);
    vshift(as, V_psrldq_i, VT1, c, 4);
    rol32(e, VT1, VT1, 15);
    vop3(as, V_pxor, VT0, VT0, VT1);
    permute(e, VT0, 15, 23);
    vshift(as, V_pslldq_i, VT1, VT0, 12);
    rol32(e, VT1, VT1, 15);
    permute(e, VT1, 15, 23);
    vop3(as, V_pxor, d, VT0, VT1);
    return true;
}

RULE(sm3partw2)
{
    Asm *as = &e->as;

    rol32(e, VT0, c, 7);
    vop3(as, V_pxor, VT0, VT0, b);
    vshift(as, V_pslldq_i, VT1, VT0, 12);
    vop3(as, V_pxor, VT0, VT0, a);
    rol32(e, VT1, VT1, 15);
    permute(e, VT1, 15, 23);
    vop3(as, V_pxor, d, VT0, VT1);
    return true;
}

/* ---- SM4 ---- */

/*
 * The S-box is an affine map, the inverse in a field of 256 elements and an affine map. Its field
 * is not the host's, but isomorphic to it, which the two maps can take in: with f from the one
 * field to the other, and SM4's own map A x + 0xd3, they are f A and A f^-1.
 */
enum { SM4_IN_ADD = 0x3e, SM4_OUT_ADD = 0xd3 };
#define SM4_IN  0x4c287db91a22505dull
#define SM4_OUT 0xf3ab34a974a6b589ull

/* sm4_bytes: each byte of VT1 through the S-box. */
static void sm4_bytes(Emit *e)
{
    Asm *as = &e->as;

    vop3mi(as, V_gf2p8affineqb, VT1, VT1, emit_const128(e, SM4_IN, SM4_IN), SM4_IN_ADD);
    vop3mi(as, V_gf2p8affineinvqb, VT1, VT1, emit_const128(e, SM4_OUT, SM4_OUT), SM4_OUT_ADD);
}

/* VT1 = in word 0, the substituted bytes of words 1 to 3 of VT0 and word i of keys, added. */
static void sm4_sub(Emit *e, int keys, unsigned i)
{
    Asm *as = &e->as;

    vop2i(as, V_pshufd, VT1, VT0, 1);
    vop2i(as, V_pshufd, VT2, VT0, 2);
    vop3(as, V_pxor, VT1, VT1, VT2);
    vop2i(as, V_pshufd, VT2, VT0, 3);
    vop3(as, V_pxor, VT1, VT1, VT2);
    vop2i(as, V_pshufd, VT2, keys, i);
    vop3(as, V_pxor, VT1, VT1, VT2);
    sm4_bytes(e);
}

/* The words of VT0 move on by one; the new one is word 0 and VT1's. */
static void sm4_next(Asm *as)
{
    vop3(as, V_pxor, VT1, VT1, VT0);
    vop3i(as, V_palignr, VT0, VT1, VT0, 4);
}

/* x ^ its rotations by 2, 10, 18, 24: with u = x ^ x <<< 8, u <<< 24 ^ (u ^ x <<< 16) <<< 2. */
RULE(sm4e)
{
    Asm *as = &e->as;

    if (!e->hf->gfni || !as->has_avx)
        return false;
    asm_vmov(as, VT0, a);
    for (unsigned i = 0; i < 4; i++) {
        sm4_sub(e, b, i);
        rol32(e, XMM15, VT1, 8);
        vop3(as, V_pxor, XMM15, XMM15, VT1);
        rol32(e, VT1, VT1, 16);
        vop3(as, V_pxor, VT1, VT1, XMM15);
        rol32(e, VT1, VT1, 2);
        rol32(e, XMM15, XMM15, 24);
        vop3(as, V_pxor, VT1, VT1, XMM15);
        sm4_next(as);
    }
    asm_vmov(as, d, VT0);
    return true;
}

RULE(sm4ekey)
{
    Asm *as = &e->as;

    if (!e->hf->gfni || !as->has_avx)
        return false;
    asm_vmov(as, VT0, a);
    for (unsigned i = 0; i < 4; i++) {
        sm4_sub(e, b, i);
        permute(e, VT1, 13, 23);
        sm4_next(as);
    }
    asm_vmov(as, d, VT0);
    return true;
}

RULE(sm4sub)
{
    if (!e->hf->gfni || !e->as.has_avx)
        return false;
    asm_vmov(&e->as, VT1, a);
    sm4_bytes(e);
    asm_vmov(&e->as, d, VT1);
    return true;
}
