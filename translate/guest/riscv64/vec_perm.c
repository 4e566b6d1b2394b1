/* SPDX-License-Identifier: MIT */
/* vec_perm.c: moves, slides, gathers. */
#include "translate/guest/riscv64/vec_each.h"

/* ---- element 0 and scalars: vl is looked at only by what writes a vector register ---- */

static void vmv_x_s(Vec *v)
{
    v->result = (uint64_t)sext(vec_get(v->a, v->sew, 0), 8u << v->sew);
}
VEC_ALL(vmv_x_s)

static void vmv_s_x(Vec *v)
{
    if (v->vstart < v->vl)
        vec_set(v->d, v->sew, 0, v->x);
}
VEC_ALL(vmv_s_x)

static void vfmv_f_s(Vec *v)
{
    uint64_t box = v->sew < 3 ? ~0ull << (8u << v->sew) : 0;

    v->s->f[v->rd] = (V128){ .u64 = { vec_get(v->a, v->sew, 0) | box, 0 } };
}
VEC_ALL(vfmv_f_s)

/* vmvr: whole registers, as elements of SEW. rs1 is their number less 1. */
static void vmvr(Vec *v)
{
    uint64_t skip = v->vstart << v->sew, all = (v->rs1 + 1) * vec_vlenb(v->features);

    if (skip < all)
        memmove(v->d + skip, v->a + skip, all - skip);
}
VEC_ALL(vmvr)

/* ---- slides ---- */

static void vslideup(Vec *v)
{
    VEC_EACH(v, i) {
        if (i >= v->x)
            vec_set(v->d, v->sew, i, vec_get(v->a, v->sew, i - v->x));
    }
}
VEC_ALL(vslideup)

static void vslidedown(Vec *v)
{
    VEC_EACH(v, i) {
        bool inside = v->x < v->vlmax && i + v->x < v->vlmax;

        vec_set(v->d, v->sew, i, inside ? vec_get(v->a, v->sew, i + v->x) : 0);
    }
}
VEC_ALL(vslidedown)

static void vslide1up(Vec *v)
{
    VEC_EACH(v, i)
        vec_set(v->d, v->sew, i, i ? vec_get(v->a, v->sew, i - 1) : v->x);
}
VEC_ALL(vslide1up)

static void vslide1down(Vec *v)
{
    VEC_EACH(v, i)
        vec_set(v->d, v->sew, i, i + 1 < v->vl ? vec_get(v->a, v->sew, i + 1) : v->x);
}
VEC_ALL(vslide1down)

/* ---- gathers ---- */

static inline uint64_t gathered(const Vec *v, uint64_t index)
{
    return index < v->vlmax ? vec_get(v->a, v->sew, index) : 0;
}

static void vrgather(Vec *v)
{
    VEC_EACH(v, i)
        vec_set(v->d, v->sew, i, gathered(v, vec_get(v->b, v->sew, i)));
}
VEC_ALL(vrgather)

/* All bits of x[rs1] count. */
static void vrgather_x(Vec *v)
{
    uint64_t x = gathered(v, v->x);

    VEC_EACH(v, i)
        vec_set(v->d, v->sew, i, x);
}
VEC_ALL(vrgather_x)

static void vrgatherei16(Vec *v)
{
    VEC_EACH(v, i)
        vec_set(v->d, v->sew, i, gathered(v, vec_get(v->b, 1, i)));
}
VEC_ALL(vrgatherei16)

static void vcompress(Vec *v)
{
    uint64_t n = 0;

    for (uint64_t i = 0; i < v->vl; i++) {
        if (vec_bit(v->b, i))
            vec_set(v->d, v->sew, n++, vec_get(v->a, v->sew, i));
    }
}
VEC_ALL(vcompress)
