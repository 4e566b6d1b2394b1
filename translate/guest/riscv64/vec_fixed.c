/* SPDX-License-Identifier: MIT */
/* vec_fixed.c: vector fixed-point arithmetic: rounding by vxrm, saturation noted in vxsat. */
#include "translate/guest/riscv64/vec_each.h"

/* Values of vxrm: to nearest, ties up; to nearest, ties to even; down; to odd. */
enum { RNU, RNE, RDN, ROD };

/* shifted: x >> n, rounded, in unbounded precision. */
static s128 shifted(const Vec *v, s128 x, unsigned n)
{
    s128 r = x >> n;
    u128 rest = (u128)x - ((u128)r << n), half = n ? (u128)1 << (n - 1) : 0;

    if (!n)
        return x;
    switch (v->s->vxrm) {
    case RNU: return r + (rest >= half);
    case RNE: return r + (rest > half || (rest == half && (r & 1)));
    case RDN: return r;
    default: return r + (rest && !(r & 1));
    }
}

/* fit_s, fit_u: saturated to an integer of this many bits. */
static u64 fit_s(Vec *v, s128 x, unsigned bits)
{
    s128 max = ((s128)1 << (bits - 1)) - 1;
    s128 r = x > max ? max : x < -max - 1 ? -max - 1 : x;

    v->s->vxsat |= r != x;
    return (u64)r;
}

static u64 fit_u(Vec *v, s128 x, unsigned bits)
{
    s128 max = ((s128)1 << bits) - 1;
    s128 r = x > max ? max : x < 0 ? 0 : x;

    v->s->vxsat |= r != x;
    return (u64)r;
}

// clang-format off
VEC_SAME(vsaddu, fit_u(v, (s128)a + b, BITS))
VEC_SAME(vsadd,  fit_s(v, (s128)(S)a + (S)b, BITS))
VEC_SAME(vssubu, fit_u(v, (s128)a - b, BITS))
VEC_SAME(vssub,  fit_s(v, (s128)(S)a - (S)b, BITS))

VEC_SAME(vaaddu, shifted(v, (s128)a + b, 1))
VEC_SAME(vaadd,  shifted(v, (s128)(S)a + (S)b, 1))
VEC_SAME(vasubu, shifted(v, (s128)a - b, 1))
VEC_SAME(vasub,  shifted(v, (s128)(S)a - (S)b, 1))

VEC_SAME(vsmul, fit_s(v, shifted(v, (s128)(S)a * (S)b, BITS - 1), BITS))
VEC_SAME(vssrl, shifted(v, a, b & (BITS - 1)))
VEC_SAME(vssra, shifted(v, (S)a, b & (BITS - 1)))

VEC_NARROW(vnclipu, fit_u(v, shifted(v, a, b & (2 * BITS - 1)), BITS))
VEC_NARROW(vnclip,  fit_s(v, shifted(v, (S2)a, b & (2 * BITS - 1)), BITS))
