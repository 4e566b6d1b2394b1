// SPDX-License-Identifier: MIT
// Invalid operations, a thousand of each: the last ones, which the translator knows by then, give the
// values and flags of the first.
// cflags: -lm
// expect: arithmetic same
// expect: conversions same
// expect: comparisons same
// expect: flags of others same
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TIMES 1000

static volatile double zero, one = 1, inf = INFINITY, big = 3e9, huge = 1e30, minus = -5.5, quiet = NAN, snan;
static volatile float fzero, fbig = 3e9f, fhuge = 1e30f, fminus = -5.5f, fsnan;

static uint64_t d_bits(double v)
{
    uint64_t u;

    memcpy(&u, &v, 8);
    return u;
}

static uint64_t f_bits(float v)
{
    uint32_t u;

    memcpy(&u, &v, 4);
    return u;
}

#define OP(name, expr) static __attribute__((noinline)) uint64_t name(void) { return (uint64_t)(expr); }

OP(div_zero, d_bits(zero / zero))
OP(sub_inf, d_bits(inf - inf))
OP(mul_inf, d_bits(inf * zero))
OP(add_snan, d_bits(snan + one))
OP(root, d_bits(__builtin_sqrt(minus)))
OP(fused, d_bits(fma(inf, zero, one)))
OP(widen, d_bits((double)fsnan))
OP(narrow, f_bits((float)snan))
OP(fdiv_zero, f_bits(fzero / fzero))
OP(froot, f_bits(__builtin_sqrtf(fminus)))
OP(least, d_bits(fmin(snan, one)))

OP(d_s32, (int32_t)big)
OP(d_s64, (int64_t)huge)
OP(d_u32, (uint32_t)minus)
OP(d_u64, (uint64_t)huge)
OP(f_s32, (int32_t)fbig)
OP(f_s64, (int64_t)fhuge)
OP(f_u32, (uint32_t)fminus)
OP(f_u64, (uint64_t)fhuge)
OP(snan_s32, (int32_t)snan)
OP(both, (int64_t)huge + (int32_t)big)

OP(equal, snan == one)
OP(less, snan < one)
OP(less_quiet, quiet < one)
OP(fless, fsnan <= fzero)

static uint64_t (*const arithmetic[])(void) = { div_zero, sub_inf, mul_inf, add_snan, root, fused,
                                                widen, narrow, fdiv_zero, froot, least };
static uint64_t (*const conversions[])(void) = { d_s32, d_s64, d_u32, d_u64, f_s32, f_s64,
                                                 f_u32, f_u64, snan_s32, both };
static uint64_t (*const comparisons[])(void) = { equal, less, less_quiet, fless };

static void same(const char *what, uint64_t (*const *op)(void), unsigned n)
{
    unsigned bad = 0;

    for (unsigned i = 0; i < n; i++) {
        uint64_t first = 0;
        int flags = 0;

        for (unsigned k = 0; k < TIMES; k++) {
            feclearexcept(FE_ALL_EXCEPT);
            uint64_t v = op[i]();
            int now = fetestexcept(FE_ALL_EXCEPT);

            if (!k) {
                first = v;
                flags = now;
#ifndef __x86_64__     /* its conversions to unsigned are made of several instructions */
                bad += !(now & FE_INVALID);
#endif
            }
            if (v != first || now != flags) {
                printf("%s %u, time %u: %#llx, flags %#x; first %#llx, %#x\n", what, i, k,
                       (unsigned long long)v, (unsigned)now, (unsigned long long)first, (unsigned)flags);
                bad++;
                break;
            }
        }
    }
    printf("%s %s\n", what, bad ? "differ" : "same");
}

/* An instruction that is known to trap gives other flags, too, with other operands. */
static __attribute__((noinline)) int32_t convert(double v)
{
    return (int32_t)v;
}

int main(void)
{
    uint64_t u = 0x7ff4000000000000;
    uint32_t w = 0x7fa00000, bad = 0;
    double d;
    float f;

    memcpy(&d, &u, 8);
    memcpy(&f, &w, 4);
    snan = d;
    fsnan = f;
    same("arithmetic", arithmetic, sizeof(arithmetic) / sizeof(*arithmetic));
    same("conversions", conversions, sizeof(conversions) / sizeof(*conversions));
    same("comparisons", comparisons, sizeof(comparisons) / sizeof(*comparisons));

    for (int i = 0; i < TIMES; i++) {
        volatile double out = big, exact = 7, part = 7.5;

        feclearexcept(FE_ALL_EXCEPT);
        bad += convert(out) == 7 || fetestexcept(FE_ALL_EXCEPT) != FE_INVALID;
        feclearexcept(FE_ALL_EXCEPT);
        bad += convert(exact) != 7 || fetestexcept(FE_ALL_EXCEPT) != 0;
        bad += convert(part) != 7 || fetestexcept(FE_ALL_EXCEPT) != FE_INEXACT;
    }
    printf("flags of others %s\n", bad ? "differ" : "same");
    return 0;
}
