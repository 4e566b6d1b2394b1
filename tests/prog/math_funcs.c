// SPDX-License-Identifier: MIT
// libm and conversions; printed to 12 digits, where both machines' libraries agree.
// cflags: -lm -ffp-contract=off -frounding-math
#include <complex.h>
#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#pragma STDC FENV_ACCESS ON

static volatile double zero = 0, one = 1, three = 3, big = 1e300;
static volatile double half[] = { 2.5, -2.5, 0.5, -1.5 };

static void functions(void)
{
    static const struct {
        const char *name;
        double (*fn)(double);
    } f[] = { { "sin", sin }, { "cos", cos }, { "tan", tan }, { "asin", asin }, { "acos", acos },
              { "atan", atan }, { "sinh", sinh }, { "cosh", cosh }, { "tanh", tanh },
              { "exp", exp }, { "exp2", exp2 }, { "expm1", expm1 }, { "log", log },
              { "log2", log2 }, { "log10", log10 }, { "log1p", log1p }, { "sqrt", sqrt },
              { "cbrt", cbrt }, { "erf", erf }, { "tgamma", tgamma }, { "lgamma", lgamma },
              { "floor", floor }, { "ceil", ceil }, { "trunc", trunc }, { "round", round },
              { "rint", rint }, { "nearbyint", nearbyint } };

    for (size_t i = 0; i < sizeof(f) / sizeof(*f); i++) {
        printf("%s", f[i].name);
        for (double x = 0.0625; x < 1; x += 0.25) {
            printf(" %.12g", f[i].fn(x));
        }
        for (double x = 1.5; x < 30; x *= 2.5) {
            double r = f[i].fn(x);
            printf(" %.12g", isnan(r) ? 0.0 : r);
        }
        puts("");
    }
    printf("pow %.12g hypot %.12g atan2 %.12g fmod %.12g remainder %.12g\n", pow(1.7, 9.3),
           hypot(3, 4.5), atan2(-1, -2), fmod(10.7, 3), remainder(10.7, 3));
    printf("fma %a ldexp %g frexp", fma(one / three, three, -one), ldexp(0.75, 20));
    int e;
    printf(" %g", frexp(1234.5, &e));
    printf(" %d ilogb %d nextafter %a scalbn %g\n", e, ilogb(1e10), nextafter(1, 2),
           scalbn(1.5, -3));
    double complex z = csqrt(-3 + 4 * I);
    printf("csqrt %g%+gi cabs %g\n", creal(z), cimag(z), cabs(3 + 4 * I));
}

static void rounding(void)
{
    static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };

    for (int i = 0; i < 4; i++) {
        fesetround(modes[i]);
        volatile double a = one / three, b = -one / three;
        volatile float c = (float)a;
        printf("mode %d: %a %a %a %ld %ld %g %g\n", i, a, b, c, lrint(half[0]), lrint(half[1]),
               rint(half[2]), rint(half[3]));
    }
    fesetround(FE_TONEAREST);
}

static void flag_line(const char *what)
{
    int f = fetestexcept(FE_ALL_EXCEPT);

    printf("%s:%s%s%s%s%s\n", what, f & FE_INVALID ? " invalid" : "",
           f & FE_DIVBYZERO ? " divbyzero" : "", f & FE_OVERFLOW ? " overflow" : "",
           f & FE_UNDERFLOW ? " underflow" : "", f & FE_INEXACT ? " inexact" : "");
    feclearexcept(FE_ALL_EXCEPT);
}

static void exceptions(void)
{
    volatile double r;

    feclearexcept(FE_ALL_EXCEPT);
    r = one / zero;
    flag_line("1/0");
    r = zero / zero;
    flag_line("0/0");
    r = big * big;
    flag_line("big*big");
    r = one / three;
    flag_line("1/3");
    r = (1 / big) * (1 / big);
    flag_line("tiny*tiny");
    r = one + one;
    flag_line("1+1");
    r = sqrt(-one);
    flag_line("sqrt(-1)");
    feraiseexcept(FE_DIVBYZERO);
    flag_line("raise");
    (void)r;
}

static void conversions(void)
{
    static const double v[] = { 0.5, 1.5, -1.5, 2147483647.5, -2147483648.9, 4294967295.9,
                                9.2e18, 1.8e19, 123456.789 };

    for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
        double x = v[i];
        printf("%g:", x);
        if (fabs(x) < 2147483648.0) {
            printf(" i32 %d", (int32_t)x);
        }
        if (x >= 0 && x < 4294967296.0) {
            printf(" u32 %u", (uint32_t)x);
        }
        if (fabs(x) < 9.2233720368547758e18) {
            printf(" i64 %ld", (int64_t)x);
        }
        if (x >= 0) {
            printf(" u64 %lu", (uint64_t)x);
        }
        printf(" f32 %a\n", (float)x);
    }
    for (int i = 0; i < 64; i += 7) {
        uint64_t u = 0xfedcba9876543211u >> i;
        printf("%lu %a %a %a %a\n", u, (double)u, (float)u, (double)(int64_t)u, (float)(int64_t)u);
    }
}

int main(void)
{
    functions();
    rounding();
    exceptions();
    conversions();
    return 0;
}
