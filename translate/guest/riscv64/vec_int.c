/* SPDX-License-Identifier: MIT */
/* vec_int.c: vector integer arithmetic, compares, merges, and reductions. */
#include "translate/guest/riscv64/vec_each.h"

// clang-format off

/* ---- add, subtract, logic, shifts ---- */

VEC_SAME(vadd,  a + b)
VEC_SAME(vsub,  a - b)
VEC_SAME(vrsub, b - a)
VEC_SAME(vand,  a & b)
VEC_SAME(vor,   a | b)
VEC_SAME(vxor,  a ^ b)
VEC_SAME(vandn, a & ~b)
VEC_SAME(vsll,  (U2)a << (b & (BITS - 1)))
VEC_SAME(vsrl,  a >> (b & (BITS - 1)))
VEC_SAME(vsra,  (S)a >> (b & (BITS - 1)))
VEC_SAME(vrol,  (U2)a << (b & (BITS - 1)) | a >> (-b & (BITS - 1)))
VEC_SAME(vror,  a >> (b & (BITS - 1)) | (U2)a << (-b & (BITS - 1)))

VEC_WIDEN(vwaddu,   (U2)a + (U2)b)
VEC_WIDEN(vwadd,    (U2)(S)a + (U2)(S)b)
VEC_WIDEN(vwsubu,   (U2)a - (U2)b)
VEC_WIDEN(vwsub,    (U2)(S)a - (U2)(S)b)
VEC_WIDEN_W(vwaddu, a + (U2)b)
VEC_WIDEN_W(vwadd,  a + (U2)(S)b)
VEC_WIDEN_W(vwsubu, a - (U2)b)
VEC_WIDEN_W(vwsub,  a - (U2)(S)b)
VEC_WIDEN(vwsll,    (U2)a << (b & (2 * BITS - 1)))

VEC_NARROW(vnsrl, a >> (b & (2 * BITS - 1)))
VEC_NARROW(vnsra, (S2)a >> (b & (2 * BITS - 1)))

/* With carry: the mask is an operand. */
VEC_SAME(vadc, a + b + vec_bit(v->s->v[0].u8, i))
VEC_SAME(vsbc, a - b - vec_bit(v->s->v[0].u8, i))

/* carry_in: of vmadc and vmsbc: with vm = 1 there is none. */
static inline unsigned carry_in(const Vec *v, uint64_t i)
{
    return v->masked && vec_bit(v->s->v[0].u8, i);
}

VEC_TO_MASK(vmadc, (U2)((U2)a + b + carry_in(v, i)) >> BITS & 1)
VEC_TO_MASK(vmsbc, (U2)((U2)a - b - carry_in(v, i)) >> BITS & 1)

/* ---- extension ---- */

#define EXTEND(name, D16, D32, D64) \
    VEC_OP(name, 16, 32, U, D16, U, a) VEC_OP(name, 32, 64, U, D32, U, a) \
    VEC_OP(name, 64, 128, U, D64, U, a) \
    VecFn *const v_##name[4] = { NULL, name##_16, name##_32, name##_64 };
EXTEND(vzext_vf2, u8, u16, u32)
EXTEND(vsext_vf2, s8, s16, s32)
EXTEND(vzext_vf4, u8, u8, u16)
EXTEND(vsext_vf4, s8, s8, s16)
EXTEND(vzext_vf8, u8, u8, u8)
EXTEND(vsext_vf8, s8, s8, s8)

/* ---- compare, minimum, maximum ---- */

VEC_TO_MASK(vmseq,  a == b)
VEC_TO_MASK(vmsne,  a != b)
VEC_TO_MASK(vmsltu, a < b)
VEC_TO_MASK(vmslt,  (S)a < (S)b)
VEC_TO_MASK(vmsleu, a <= b)
VEC_TO_MASK(vmsle,  (S)a <= (S)b)
VEC_TO_MASK(vmsgtu, a > b)
VEC_TO_MASK(vmsgt,  (S)a > (S)b)

VEC_SAME(vminu, a < b ? a : b)
VEC_SAME(vmin,  (S)a < (S)b ? a : b)
VEC_SAME(vmaxu, a > b ? a : b)
VEC_SAME(vmax,  (S)a > (S)b ? a : b)

/* ---- multiply, divide ---- */

VEC_SAME(vmul,    (U2)a * b)
VEC_SAME(vmulh,   (S2)((S2)(S)a * (S)b) >> BITS)
VEC_SAME(vmulhu,  (U2)((U2)a * b) >> BITS)
VEC_SAME(vmulhsu, (U2)((U2)(S)a * b) >> BITS)

/* most_negative: dividing it by -1 overflows: the quotient is it again, the remainder 0. */
#define OVERFLOWS (a == (U)((U)1 << (BITS - 1)) && b == (U)-1)
VEC_SAME(vdivu, b ? a / b : (U)-1)
VEC_SAME(vdiv,  !b ? (U)-1 : OVERFLOWS ? a : (U)((S)a / (S)b))
VEC_SAME(vremu, b ? a % b : a)
VEC_SAME(vrem,  !b ? a : OVERFLOWS ? 0 : (U)((S)a % (S)b))

VEC_WIDEN(vwmul,   (S2)(S)a * (S2)(S)b)
VEC_WIDEN(vwmulu,  (U2)a * (U2)b)
VEC_WIDEN(vwmulsu, (U2)(S)a * (U2)b)

VEC_SAME(vmacc,  d + (U2)a * b)
VEC_SAME(vnmsac, d - (U2)a * b)
VEC_SAME(vmadd,  a + (U2)d * b)
VEC_SAME(vnmsub, a - (U2)d * b)

VEC_WIDEN(vwmaccu,  d + (U2)a * (U2)b)
VEC_WIDEN(vwmacc,   d + (S2)(S)a * (S2)(S)b)
VEC_WIDEN(vwmaccsu, d + (U2)a * (U2)(S)b)
VEC_WIDEN(vwmaccus, d + (U2)(S)a * (U2)b)

VEC_SAME(vclmul,  (U)clmul(a, b))
VEC_SAME(vclmulh, (U)(clmul(a, b) >> 64))

/* ---- merge, move ---- */

VEC_SAME(vmerge, vec_bit(v->s->v[0].u8, i) ? b : a)
VEC_SAME(vmv_v,  b)

/* ---- bits ---- */

static u64 reversed(u64 x, unsigned bits)
{
    u64 r = 0;

    for (unsigned i = 0; i < bits; i++)
        r |= (x >> i & 1) << (bits - 1 - i);
    return r;
}

/* bytewise: fn of each byte. */
static u64 brev8(u64 x)
{
    return __builtin_bswap64(reversed(x, 64));
}

VEC_SAME(vbrev8_v, brev8(a))
VEC_SAME(vrev8_v,  __builtin_bswap64(a) >> (64 - BITS))
VEC_SAME(vbrev_v,  reversed(a, BITS))
VEC_SAME(vclz_v,   a ? __builtin_clzll(a) - (64 - BITS) : BITS)
VEC_SAME(vctz_v,   a ? __builtin_ctzll(a) : BITS)
VEC_SAME(vcpop_v,  __builtin_popcountll(a))

/* ---- reductions: r starts as element 0 of vs1 ---- */

#define REDUCE(name, n, w, R, A, expr) \
    static void name##_##n(Vec *v) \
    { \
        VEC_TYPES(n, w) \
        const A *va = (const A *)v->a; \
        R r = *(const R *)v->b; \
        if (!v->vl) \
            return; \
        VEC_EACH(v, i) { \
            A a = va[i]; \
            r = (R)(expr); \
        } \
        *(R *)v->d = r; \
    }
#define RED(name, expr) \
    REDUCE(name, 8, 16, U, U, expr) REDUCE(name, 16, 32, U, U, expr) \
    REDUCE(name, 32, 64, U, U, expr) REDUCE(name, 64, 128, U, U, expr) \
    VecFn *const v_##name[4] = { name##_8, name##_16, name##_32, name##_64 };
#define RED_WIDEN(name, expr) \
    REDUCE(name, 8, 16, U2, U, expr) REDUCE(name, 16, 32, U2, U, expr) \
    REDUCE(name, 32, 64, U2, U, expr) \
    VecFn *const v_##name[4] = { name##_8, name##_16, name##_32, NULL };

RED(vredsum,  r + a)
RED(vredand,  r & a)
RED(vredor,   r | a)
RED(vredxor,  r ^ a)
RED(vredminu, r < a ? r : a)
RED(vredmin,  (S)r < (S)a ? r : a)
RED(vredmaxu, r > a ? r : a)
RED(vredmax,  (S)r > (S)a ? r : a)
RED_WIDEN(vwredsumu, r + a)
RED_WIDEN(vwredsum,  r + (U2)(S)a)
