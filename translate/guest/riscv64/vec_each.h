/* SPDX-License-Identifier: MIT */
/*
 * vec_each.h: for the files that say what vector instructions mean: functions for each SEW from
 * one expression.
 *
 * In an expression a is the element of vs2, b that of vs1 or the scalar, d the old one of vd, all of
 * unsigned type U (of SEW bits; S is its signed twin) or, where it says so, U2 (twice as wide; S2);
 * i is the element's number, v the Vec, BITS is SEW.
 */
#pragma once

#include "translate/guest/riscv64/vec.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef Uint128 u128;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef Int128 s128;

#define UNUSED __attribute__((unused))

// clang-format off
#define VEC_TYPES(n, w) \
    typedef u##n U UNUSED; typedef s##n S UNUSED; typedef u##w U2 UNUSED; typedef s##w S2 UNUSED; \
    enum { BITS UNUSED = n };

/* VEC_OP: D, A, B are the types in vd, vs2 and vs1; the element becomes expr. */
#define VEC_OP(name, n, w, D, A, B, expr) \
    static void name##_##n(Vec *v) \
    { \
        VEC_TYPES(n, w) \
        D *vd = (D *)v->d; \
        const A *va = (const A *)v->a; \
        const B *vb = (const B *)v->b; \
        unsigned step = v->step; \
        VEC_EACH(v, i) { \
            UNUSED D d = vd[i]; \
            UNUSED A a = va[i]; \
            UNUSED B b = vb[i * step]; \
            vd[i] = (D)(expr); \
        } \
    }

/* VEC_SAME: all of SEW; VEC_WIDEN: vd of twice that; VEC_WIDEN_W: vs2, too; VEC_NARROW: vs2 only. */
#define VEC_SAME(name, expr) \
    VEC_OP(name, 8, 16, U, U, U, expr) VEC_OP(name, 16, 32, U, U, U, expr) \
    VEC_OP(name, 32, 64, U, U, U, expr) VEC_OP(name, 64, 128, U, U, U, expr) \
    VecFn *const v_##name[4] = { name##_8, name##_16, name##_32, name##_64 };
#define VEC_THREE(name, D, A, B, expr) \
    VEC_OP(name, 8, 16, D, A, B, expr) VEC_OP(name, 16, 32, D, A, B, expr) \
    VEC_OP(name, 32, 64, D, A, B, expr) \
    VecFn *const v_##name[4] = { name##_8, name##_16, name##_32, NULL };
#define VEC_WIDEN(name, expr)   VEC_THREE(name, U2, U, U, expr)
#define VEC_WIDEN_W(name, expr) VEC_THREE(name##_w, U2, U2, U, expr)
#define VEC_NARROW(name, expr)  VEC_THREE(name, U, U2, U, expr)

/* VEC_TO_MASK: bit i of vd becomes expr. */
#define VEC_TEST(name, n, w, expr) \
    static void name##_##n(Vec *v) \
    { \
        VEC_TYPES(n, w) \
        const U *va = (const U *)v->a, *vb = (const U *)v->b; \
        unsigned step = v->step; \
        VEC_EACH(v, i) { \
            U a = va[i], b = vb[i * step]; \
            vec_set_bit(v->d, i, expr); \
        } \
    }
#define VEC_TO_MASK(name, expr) \
    VEC_TEST(name, 8, 16, expr) VEC_TEST(name, 16, 32, expr) VEC_TEST(name, 32, 64, expr) \
    VEC_TEST(name, 64, 128, expr) \
    VecFn *const v_##name[4] = { name##_8, name##_16, name##_32, name##_64 };

/* VEC_ALL: one function for all SEW. */
#define VEC_ALL(name) VecFn *const v_##name[4] = { name, name, name, name };
// clang-format on
