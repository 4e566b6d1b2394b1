// SPDX-License-Identifier: MIT
// guests: aarch64
// Cumulative floating point flags: underflow is decided before rounding, also for a result that
// rounds up to the least normal number, in translated code as in the interpreter.
// builds: static interp
// cflags: -lm
// expect: first look: 18 = inexact, underflow
// expect: cleared: 0
// expect: product 18, quotient 18, fma 18, narrowing 18, vector 18
// expect: exact: 0, normal 10
// expect: in a loop: 1000 of 1000
// expect: a thread's own: 18, its creator's: 0
// expect: inherited: 10
// expect: raised by hand: 8
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

typedef float v4 __attribute__((vector_size(16)));

static volatile double a = 0x1.0000000000001p-1022, b = 0x1.ffffffffffffep-1;
static volatile double least = 0x1p-1022, third = 0x1.8p0;
static volatile float sa = 0x1.000002p-126f, sb = 0x1.fffffcp-1f;
static volatile double narrow = 0x1.fffffffp-127;
static volatile double sink;
static volatile float sink_s;
static pthread_barrier_t meet;
static int of_thread;

static int flags(void)
{
    int f = fetestexcept(FE_ALL_EXCEPT);

    feclearexcept(FE_ALL_EXCEPT);
    return f;
}

/* As near below the least normal number as a quotient comes: half a unit and a little. */
static int quotient(void)
{
    volatile double n = 0x1.ffffffffffffep-1022, d = 0x1.fffffffffffffp0;

    fesetround(FE_UPWARD);
    sink = n / d;
    fesetround(FE_TONEAREST);
    return sink == least ? flags() : -1;
}

static int vector(void)
{
    v4 x = { sa, 1, 1, 1 }, y = { sb, 1, 1, 1 };

    __asm__ volatile("" : "+w"(x), "+w"(y));
    x *= y;
    __asm__ volatile("" : "+w"(x));
    return flags();
}

static int product(void)
{
    sink = a * b;
    return flags();
}

static int fused(void)
{
    sink = fma(a, b, 0.0);
    return flags();
}

static int narrowing(void)
{
    sink_s = (float)narrow;
    return flags();
}

static int number(double x, double y)
{
    volatile double p = x, q = y;

    sink = p * q;
    return flags();
}

static void *other(void *arg)
{
    feclearexcept(FE_ALL_EXCEPT);
    sink = a * b;
    pthread_barrier_wait(&meet);
    of_thread = fetestexcept(FE_ALL_EXCEPT);
    return arg;
}

static void *heir(void *arg)
{
    of_thread = fetestexcept(FE_ALL_EXCEPT);
    return arg;
}

int main(void)
{
    pthread_t t;
    int n = 0, f;

    /* Nothing was cleared or asked for so far. */
    sink = a * b;
    f = fetestexcept(FE_ALL_EXCEPT);
    printf("first look: %x = inexact, %s\n", f, f & FE_UNDERFLOW ? "underflow" : "no underflow");
    flags();
    printf("cleared: %x\n", fetestexcept(FE_ALL_EXCEPT));
    printf("product %x, ", product());
    printf("quotient %x, ", quotient());
    printf("fma %x, ", fused());
    printf("narrowing %x, ", narrowing());
    printf("vector %x\n", vector());
    printf("exact: %x, ", number(least, 1));
    printf("normal %x\n", number(1 / third, 1 / third));
    for (int i = 0; i < 1000; i++) {
        sink = a * b;
        n += flags() == (FE_UNDERFLOW | FE_INEXACT);
    }
    printf("in a loop: %d of 1000\n", n);
    pthread_barrier_init(&meet, NULL, 2);
    pthread_create(&t, NULL, other, NULL);
    pthread_barrier_wait(&meet);
    pthread_join(t, NULL);
    printf("a thread's own: %x, its creator's: %x\n", of_thread, fetestexcept(FE_ALL_EXCEPT));
    sink = 1 / third;
    pthread_create(&t, NULL, heir, NULL);
    pthread_join(t, NULL);
    printf("inherited: %x\n", of_thread);
    flags();
    feraiseexcept(FE_UNDERFLOW);
    printf("raised by hand: %x\n", fetestexcept(FE_UNDERFLOW));
    return 0;
}
