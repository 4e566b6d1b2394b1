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
    return ir_v2(l->ir, IR_vxor, IR_I8, 0, x, y, 0);
}

/* rotate64: both lanes rotated left by n; 1 to 63. */
static IrVal rotate64(Lift *l, IrVal x, unsigned n)
{
    return ir_v2(l->ir, IR_vor, IR_I8, 0, ir_v1(l->ir, IR_vshl_i, IR_I64, 0, x, n),
                 ir_v1(l->ir, IR_vshr_u_i, IR_I64, 0, x, 64 - n), 0);
}

bool a64_eor3(Lift *l, const a64_eor3_args *a)
{
    set_v(l, a->rd, xor2(l, xor2(l, get_v(l, a->rn), get_v(l, a->rm)), get_v(l, a->ra)));
    return true;
}

bool a64_bcax(Lift *l, const a64_bcax_args *a)
{
    IrVal v = ir_v2(l->ir, IR_vandn, IR_I8, 0, get_v(l, a->rm), get_v(l, a->ra), 0);

    set_v(l, a->rd, xor2(l, get_v(l, a->rn), v));
    return true;
}

bool a64_rax1(Lift *l, const a64_rax1_args *a)
{
    set_v(l, a->rd, xor2(l, get_v(l, a->rn), rotate64(l, get_v(l, a->rm), 1)));
    return true;
}

/* XAR rotates right, by imm6. */
bool a64_xar(Lift *l, const a64_xar_args *a)
{
    IrVal v = xor2(l, get_v(l, a->rn), get_v(l, a->rm));

    set_v(l, a->rd, a->imm6 ? rotate64(l, v, 64 - a->imm6) : v);
    return true;
}
