/* SPDX-License-Identifier: MIT */
/* A small ray tracer: spheres, shadows and reflections in doubles. */
#include "bench.h"
#include <math.h>

typedef struct { double x, y, z; } vec;
struct sphere { vec c, colour; double r, shine; };

#define NS 12
static struct sphere ball[NS];

static vec add(vec a, vec b) { return (vec){ a.x + b.x, a.y + b.y, a.z + b.z }; }
static vec sub(vec a, vec b) { return (vec){ a.x - b.x, a.y - b.y, a.z - b.z }; }
static vec mul(vec a, double k) { return (vec){ a.x * k, a.y * k, a.z * k }; }
static double dot(vec a, vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static vec unit(vec a) { return mul(a, 1.0 / sqrt(dot(a, a))); }

static int hit(vec o, vec d, double *best)
{
    int i, found = -1;

    for (i = 0; i < NS; i++) {
        vec oc = sub(o, ball[i].c);
        double b = dot(oc, d);
        double disc = b * b - dot(oc, oc) + ball[i].r * ball[i].r, t;

        if (disc < 0)
            continue;
        t = -b - sqrt(disc);
        if (t > 1e-4 && t < *best) {
            *best = t;
            found = i;
        }
    }
    return found;
}

static vec trace(vec o, vec d, int depth)
{
    static const vec light = { 5, 10, -8 };
    double t = 1e9, shade = 1e9, diff;
    int i = hit(o, d, &t);
    vec p, n, l, c;

    if (i < 0)
        return (vec){ 0.2, 0.3 + 0.3 * fabs(d.y), 0.6 };
    p = add(o, mul(d, t));
    n = unit(sub(p, ball[i].c));
    l = unit(sub(light, p));
    diff = fmax(0, dot(n, l));
    if (diff > 0 && hit(p, l, &shade) >= 0)
        diff = 0;
    c = mul(ball[i].colour, 0.1 + 0.9 * diff);
    if (depth && ball[i].shine > 0) {
        vec r = sub(d, mul(n, 2 * dot(d, n)));

        c = add(mul(c, 1 - ball[i].shine),
                mul(trace(p, r, depth - 1), ball[i].shine));
    }
    return c;
}

int main(int argc, char **argv)
{
    long y, n = scaled(argc, argv, 480);
    double sum = 0;
    int i, x;

    for (i = 0; i < NS; i++) {
        ball[i].c = (vec){ i % 4 * 2.0 - 3, i / 4 * 2.0 - 2, 6.0 + i % 3 };
        ball[i].colour = (vec){ i % 3 * 0.4 + 0.1, 0.5, 0.9 - i * 0.05 };
        ball[i].r = 1.0;
        ball[i].shine = i % 2 * 0.4;
    }
    for (y = 0; y < n; y++)
        for (x = 0; x < 320; x++) {
            vec d = { (x - 160) / 200.0, ((double)y / (double)n - 0.5) * 1.2, 1 };
            vec c = trace((vec){ 0, 0, -4 }, unit(d), 4);

            sum += c.x + c.y + c.z;
        }
    printf("%.3f\n", sum / (double)(n * 320));
    return 0;
}
