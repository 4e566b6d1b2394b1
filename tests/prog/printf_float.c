// SPDX-License-Identifier: MIT
// Formatting and parsing of numbers, including long double (software quad on the guest).
// The native output is the reference; long double prints only what both formats hold.
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    static const double v[] = { 0.0, -0.0, 1.0, -1.5, 0.1, 1.0 / 3, 1e-5, 123456789.125, 1e21,
                                1e100, 5e-324, DBL_MAX, DBL_MIN, DBL_EPSILON, 2.5, 3.5, 0.5,
                                9007199254740993.0, 1e22, 1e23, 299792458, 6.02214076e23 };

    for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
        printf("%g %f %e %a %.17g %.0f %+10.3f|%-12.4e|%012.2f\n", v[i], v[i], v[i], v[i], v[i],
               v[i], v[i], v[i], v[i]);
    }
    printf("%f %F %e %g %a\n", INFINITY, -INFINITY, INFINITY, -INFINITY, INFINITY);
    printf("%f %g\n", fabs(nan("")), copysign(nan(""), -1));
    printf("%Lf %.10Le %Lg\n", 1.0L / 4, 12345.6789e10L, 1e30L);
    long double q = 1;
    for (int i = 1; i < 30; i++) {
        q = q * 1.5L - 0.25L;
    }
    printf("%.12Lg %d\n", q, (int)(q > 1e4L));
    static const char *text[] = { "1", "0.1", "1e308", "1e309", "-1e-400", "0x1.8p3", "inf",
                                  "nan", "1.7976931348623157e308", "4.9e-324", "2.4e-324",
                                  "9007199254740993", "179769313486231580793e289", "1e-310",
                                  "123456789012345678901234567890", ".5e1x" };
    for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++) {
        char *end;
        double d = strtod(text[i], &end);
        float f = strtof(text[i], NULL);
        printf("%s -> %a %a rest [%s]\n", text[i], fabs(d) > 0 || d == 0 ? d : 0.0,
               fabsf(f) > 0 || f == 0 ? f : 0.0f, end);
    }
    for (int i = 0; i < 2000; i++) {
        uint64_t bits = (uint64_t)i * 0x9e3779b97f4a7c15 ^ 0x3ff0000000000000;
        double d, back;
        char buf[64];
        memcpy(&d, &bits, 8);
        if (!isfinite(d)) {
            continue;
        }
        snprintf(buf, sizeof(buf), "%.17g", d);
        back = strtod(buf, NULL);
        if (memcmp(&d, &back, 8)) {
            printf("round trip of %s fails\n", buf);
        }
    }
    printf("%d %u %x %o %lld %hhd %c %5s|%-5s|%.2s %p %%\n", -5, 5u, 255, 8, -1LL << 40, (char)300,
           'c', "ab", "cd", "efg", (void *)0);
    return 0;
}
