/* SPDX-License-Identifier: MIT */
/*
 * rules_hash.c: Arm's SHA-512 steps. No host instruction of our baseline does SHA-512 rounds, so
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
