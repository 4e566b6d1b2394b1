/* SPDX-License-Identifier: MIT */
/* vec_mask.c: instructions on masks. */
#include "translate/guest/riscv64/vec_each.h"

// clang-format off
#define LOGIC(name, expr) \
    static void name(Vec *v) \
    { \
        for (uint64_t i = v->vstart; i < v->vl; i++) { \
            bool a = vec_bit(v->a, i), b = vec_bit(v->b, i); \
            vec_set_bit(v->d, i, expr); \
        } \
    } \
    VEC_ALL(name)

LOGIC(vmand,  a && b)
LOGIC(vmnand, !(a && b))
LOGIC(vmandn, a && !b)
LOGIC(vmxor,  a != b)
LOGIC(vmor,   a || b)
LOGIC(vmnor,  !(a || b))
LOGIC(vmorn,  a || !b)
LOGIC(vmxnor, a == b)
// clang-format on

static void vcpop_m(Vec *v)
{
    VEC_EACH(v, i)
        v->result += vec_bit(v->a, i);
}
VEC_ALL(vcpop_m)

static void vfirst_m(Vec *v)
{
    v->result = UINT64_MAX;
    VEC_EACH(v, i) {
        if (vec_bit(v->a, i)) {
            v->result = i;
            return;
        }
    }
}
VEC_ALL(vfirst_m)

/* until_first: bits before the first set one, at it and after it. */
static void until_first(Vec *v, bool before, bool at)
{
    bool found = false;

    VEC_EACH(v, i) {
        bool set = vec_bit(v->a, i);

        vec_set_bit(v->d, i, found ? false : set ? at : before);
        found |= set;
    }
}

static void vmsbf_m(Vec *v)
{
    until_first(v, true, false);
}
VEC_ALL(vmsbf_m)

static void vmsif_m(Vec *v)
{
    until_first(v, true, true);
}
VEC_ALL(vmsif_m)

static void vmsof_m(Vec *v)
{
    until_first(v, false, true);
}
VEC_ALL(vmsof_m)

static void viota_m(Vec *v)
{
    uint64_t n = 0;

    VEC_EACH(v, i) {
        vec_set(v->d, v->sew, i, n);
        n += vec_bit(v->a, i);
    }
}
VEC_ALL(viota_m)

static void vid_v(Vec *v)
{
    VEC_EACH(v, i)
        vec_set(v->d, v->sew, i, i);
}
VEC_ALL(vid_v)
