/* SPDX-License-Identifier: MIT */
/* lift_crypto.c: the cryptographic extensions (crypto.dec). */
#include "translate/guest/aarch64/lift_simd.h"

/* CRYPTO1: rd = op rn. CRYPTO_D: rd = op(rd, rn). CRYPTO3: rd = op(rd, rn, rm). */
#define CRYPTO1(name)                                                                    \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        set_v(l, a->rd, ir_v1(l->ir, IR_##name, IR_I32, 0, get_v(l, a->rn), 0));         \
        return true;                                                                     \
    }
#define CRYPTO_D(name)                                                                   \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        set_v(l, a->rd,                                                                  \
              ir_v2(l->ir, IR_##name, IR_I32, 0, get_v(l, a->rd), get_v(l, a->rn), 0));  \
        return true;                                                                     \
    }
#define CRYPTO3(name)                                                                    \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        set_v(l, a->rd, ir_v3(l->ir, IR_##name, IR_I32, 0, get_v(l, a->rd),              \
                              get_v(l, a->rn), get_v(l, a->rm), 0));                     \
        return true;                                                                     \
    }

// clang-format off
CRYPTO_D(aese)
CRYPTO_D(aesd)
CRYPTO1(aesmc)
CRYPTO1(aesimc)
CRYPTO3(sha1c)
CRYPTO3(sha1p)
CRYPTO3(sha1m)
CRYPTO3(sha1su0)
CRYPTO1(sha1h)
CRYPTO_D(sha1su1)
CRYPTO3(sha256h)
CRYPTO3(sha256h2)
CRYPTO_D(sha256su0)
CRYPTO3(sha256su1)
CRYPTO3(sha512h)
CRYPTO3(sha512h2)
CRYPTO_D(sha512su0)
CRYPTO3(sha512su1)
CRYPTO3(sm3partw1)
CRYPTO3(sm3partw2)
CRYPTO_D(sm4e)
// clang-format on

/* PMULL: bytes to halfwords, or one doubleword to 128 bits. */
bool a64_pmull(Lift *l, const a64_pmull_args *a)
{
    IrType ty = a->size ? IR_I128 : IR_I16;

    set_v(l, a->rd, ir_v2(l->ir, IR_vmull_p, ty, 0, get_v(l, a->rn), get_v(l, a->rm), a->q));
    return true;
}

/* ---- SHA3 ---- */

static IrVal xor2(Lift *l, IrVal x, IrVal y)
{
    return ir_v2(l->ir, IR_vxor, IR_I64, 0, x, y, 0);
}

static IrVal rotate_right(Lift *l, IrVal x, unsigned n)
{
    return n ? ir_v1(l->ir, IR_vror_i, IR_I64, 0, x, n) : x;
}

bool a64_eor3(Lift *l, const a64_eor3_args *a)
{
    set_v(l, a->rd, ir_v3(l->ir, IR_vxor3, IR_I64, 0, get_v(l, a->rn), get_v(l, a->rm),
                          get_v(l, a->ra), 0));
    return true;
}

bool a64_bcax(Lift *l, const a64_bcax_args *a)
{
    set_v(l, a->rd, ir_v3(l->ir, IR_vbcax, IR_I64, 0, get_v(l, a->rn), get_v(l, a->rm),
                          get_v(l, a->ra), 0));
    return true;
}

/* RAX1 rotates left, by one. */
bool a64_rax1(Lift *l, const a64_rax1_args *a)
{
    set_v(l, a->rd, xor2(l, get_v(l, a->rn), rotate_right(l, get_v(l, a->rm), 63)));
    return true;
}

bool a64_xar(Lift *l, const a64_xar_args *a)
{
    set_v(l, a->rd, rotate_right(l, xor2(l, get_v(l, a->rn), get_v(l, a->rm)), a->imm6));
    return true;
}

/* ---- SM3, SM4 ---- */

bool a64_sm3ss1(Lift *l, const a64_sm3ss1_args *a)
{
    set_v(l, a->rd, ir_v3(l->ir, IR_sm3ss1, IR_I32, 0, get_v(l, a->rn), get_v(l, a->rm),
                          get_v(l, a->ra), 0));
    return true;
}

bool a64_sm3tt(Lift *l, const a64_sm3tt_args *a)
{
    static const IrOpcode op[4] = { IR_sm3tt1a, IR_sm3tt1b, IR_sm3tt2a, IR_sm3tt2b };

    set_v(l, a->rd, ir_v3(l->ir, op[a->op2], IR_I32, 0, get_v(l, a->rd), get_v(l, a->rn),
                          get_v(l, a->rm), a->imm2));
    return true;
}

bool a64_sm4ekey(Lift *l, const a64_sm4ekey_args *a)
{
    set_v(l, a->rd, ir_v2(l->ir, IR_sm4ekey, IR_I32, 0, get_v(l, a->rn), get_v(l, a->rm), 0));
    return true;
}
