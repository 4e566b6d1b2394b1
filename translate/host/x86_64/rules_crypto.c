/* SPDX-License-Identifier: MIT */
/*
 * rules_crypto.c: Arm's AES and SHA steps by AES-NI and SHA-NI. Both sides split the work
 * differently: Arm's AESE xors the key first and leaves MixColumns to AESMC; the SHA
 * instructions of the two order the words of the state differently and x86's SHA-1 adds the
 * round constants itself.
 */
#include "translate/host/x86_64/rules_int.h"
#include "translate/host/x86_64/rules_vec.h"

/* ---- AES ---- */

/*
 * d = an Arm round without MixColumns; last: aesenclast or aesdeclast. When the next op is the
 * MixColumns of d, the pair is x86's whole round, and mix() makes it that.
 */
static bool round_without_mix(Emit *e, VOp last, int d, int a, int b)
{
    if (!e->hf->aes)
        return false;
    vop3(&e->as, V_pxor, VT0, a, b);
    vzero(&e->as, VT1);
    vop3(&e->as, last, d, VT0, VT1);
    e->round_end = e->as.p;
    e->round_reg = d;
    return true;
}

/* The opcodes of a round without and with MixColumns, the byte before ModRM. */
enum { AESENC = 0xdc, AESENCLAST = 0xdd, AESDEC = 0xde, AESDECLAST = 0xdf };

/* mix: MixColumns of what round_without_mix() just left in d; what stored that is undone. */
static bool mix(Emit *e, int d, int a, uint8_t last, uint8_t whole)
{
    if (e->round_done != e->as.p || a != d || a != e->round_reg || e->round_end[-2] != last)
        return false;
    e->as.p = e->round_end;
    e->round_end[-2] = whole;
    return true;
}

RULE(aese)
{
    return round_without_mix(e, V_aesenclast, d, a, b);
}

RULE(aesd)
{
    return round_without_mix(e, V_aesdeclast, d, a, b);
}

/* aesdeclast undoes the ShiftRows and SubBytes that aesenc does besides MixColumns. */
RULE(aesmc)
{
    if (!e->hf->aes)
        return false;
    if (mix(e, d, a, AESENCLAST, AESENC))
        return true;
    vzero(&e->as, VT1);
    vop3(&e->as, V_aesdeclast, VT0, a, VT1);
    vop3(&e->as, V_aesenc, d, VT0, VT1);
    return true;
}

RULE(aesimc)
{
    if (!e->hf->aes)
        return false;
    if (!mix(e, d, a, AESDECLAST, AESDEC))
        vop2(&e->as, V_aesimc, d, a);
    return true;
}

/* ---- SHA-1 ---- */

/*
 * Four rounds. x86 wants A in the top lane, E added to the first word, and adds constant k,
 * which Arm's c already contains.
 */
static bool sha1_rounds(Emit *e, unsigned function, uint32_t k, int d, int a, int b, int c)
{
    Asm *as = &e->as;

    if (!e->hf->sha)
        return false;
    emit_vl_to(e, VT1, b, IR_VL_LANE, IR_I32);
    vop3(as, V_paddd, VT1, VT1, c);
    vop3m(as, V_psubd, VT1, VT1, emit_splat(e, IR_I32, k));
    vop2i(as, V_pshufd, VT1, VT1, 0x1b);
    vop2i(as, V_pshufd, VT0, a, 0x1b);
    vop3i(as, V_sha1rnds4, VT0, VT0, VT1, function);
    vop2i(as, V_pshufd, d, VT0, 0x1b);
    return true;
}

RULE(sha1c)
{
    return sha1_rounds(e, 0, 0x5a827999, d, a, b, c);
}

RULE(sha1p)
{
    return sha1_rounds(e, 1, 0x6ed9eba1, d, a, b, c);
}

RULE(sha1m)
{
    return sha1_rounds(e, 2, 0x8f1bbcdc, d, a, b, c);
}

/* x = its lanes rotated left by n, by way of VT2. */
static void rotate(Asm *as, int x, unsigned n)
{
    vshift(as, V_psrld_i, VT2, x, 32 - n);
    vshift(as, V_pslld_i, x, x, n);
    vop3(as, V_por, x, x, VT2);
}

RULE(sha1h)
{
    emit_vl_to(e, VT0, a, IR_VL_LANE, IR_I32);
    rotate(&e->as, VT0, 30);
    asm_vmov(&e->as, d, VT0);
    return true;
}

RULE(sha1su0)
{
    Asm *as = &e->as;

    vop3i(as, V_palignr, VT0, b, a, 8);
    vop3(as, V_pxor, VT0, VT0, a);
    vop3(as, V_pxor, d, VT0, c);
    return true;
}

/* The last lane also takes the first one's new value, which is why it is rotated twice. */
RULE(sha1su1)
{
    Asm *as = &e->as;

    vshift(as, V_psrldq_i, VT0, b, 4);
    vop3(as, V_pxor, VT0, VT0, a);
    rotate(as, VT0, 1);
    vshift(as, V_pslldq_i, VT1, VT0, 12);
    rotate(as, VT1, 1);
    vop3(as, V_pxor, d, VT0, VT1);
    return true;
}

/* ---- SHA-256 ---- */

/*
 * Four rounds on abcd and efgh with schedule w, giving new abcd or efgh. The instruction does
 * two, on ABEF and CDGH, with the words in xmm0, a guest register's home: kept in VT2.
 */
static bool sha256_rounds(Emit *e, bool want_abcd, int d, int abcd, int efgh, int w)
{
    Asm *as = &e->as;

    if (!e->hf->sha)
        return false;
    vop3i(as, V_shufps, VT0, efgh, abcd, 0x11);
    vop3i(as, V_shufps, VT1, efgh, abcd, 0xbb);
    asm_vmov(as, VT2, XMM0);
    asm_vmov(as, XMM0, w);
    vop2(as, V_sha256rnds2, VT1, VT0);
    vop2i(as, V_pshufd, XMM0, XMM0, 0x0e);
    vop2(as, V_sha256rnds2, VT0, VT1);
    asm_vmov(as, XMM0, VT2);
    vop3i(as, V_shufps, d, VT0, VT1, want_abcd ? 0xbb : 0x11);
    return true;
}

RULE(sha256h)
{
    return sha256_rounds(e, true, d, a, b, c);
}

RULE(sha256h2)
{
    return sha256_rounds(e, false, d, b, a, c);
}

RULE(sha256su0)
{
    if (!e->hf->sha)
        return false;
    asm_vmov(&e->as, VT0, a);
    vop2(&e->as, V_sha256msg1, VT0, b);
    asm_vmov(&e->as, d, VT0);
    return true;
}

RULE(sha256su1)
{
    Asm *as = &e->as;

    if (!e->hf->sha)
        return false;
    vop3i(as, V_palignr, VT0, c, b, 4);
    vop3(as, V_paddd, VT0, VT0, a);
    vop2(as, V_sha256msg2, VT0, c);
    asm_vmov(as, d, VT0);
    return true;
}

/* ---- CRC-32 ---- */

/*
 * In the reflected form bit i is the coefficient of x^i, as for pclmulqdq, and n steps are: add
 * that multiple q of the polynomial that makes the low n bits of s = acc ^ data zero, shift
 * right by n. The constant term being 1, q = s * inverse mod x^n. Of 64 data bits only q *
 * polynomial is left above the 64.
 */
#define CRC32_POLY    0x1db710641ull            /* with its top coefficient */
#define CRC32_INVERSE 0xb4e5b025f7011641ull     /* CRC32_POLY * this = 1 mod x^64, carry-less */

void rule_crc32(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;
    unsigned n = op->imm;

    if (!e->hf->pclmul) {
        emit_eval(e, op);
        return;
    }
    emit_clobber_flags(e);
    Mem k = emit_const128(e, CRC32_INVERSE, CRC32_POLY);
    int a = emit_int(e, op->a, RAX), b = emit_int(e, op->b, RCX);

    if (n < 32)
        asm_movzx_rr(as, n / 8, RCX, b);
    else if (b != RCX)
        asm_mov_rr(as, n == 64, RCX, b);
    asm_mov_rr(as, 0, RAX, a);
    asm_alu_rr(as, n == 64, ALU_XOR, RAX, RCX);
    asm_movd_xr(as, 1, VT0, RAX);
    vop3mi(as, V_pclmulqdq, VT1, VT0, k, 0x00);
    if (n < 64) {
        vshift(as, V_psllq_i, VT1, VT1, 64 - n);
        vshift(as, V_psrlq_i, VT1, VT1, 64 - n);
    }
    vop3mi(as, V_pclmulqdq, VT1, VT1, k, 0x10);
    if (n < 64) {
        vop3(as, V_pxor, VT1, VT1, VT0);
        vshift(as, V_psrlq_i, VT1, VT1, n);
    }
    int r = emit_int_dst(e, op->d);

    if (n < 64)
        asm_movd_rx(as, 0, r, VT1);
    else
        asm_pextr(as, 8, r, VT1, 1);
    emit_int_done(e, op->d, r);
}
