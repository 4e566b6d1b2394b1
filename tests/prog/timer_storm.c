// SPDX-License-Identifier: MIT
// Integer, floating point and vector work gives the same result under 10,000 timer signals a
// second, whose handler itself uses all kinds of registers, also in several threads.
// timeout: 60
// cflags: -lm
// expect: integer same
// expect: floating point same
// expect: vector same
// expect: calls same
// expect: signals came
// expect: threads 4 same
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

typedef int v4 __attribute__((vector_size(16)));

static volatile uint64_t ticks;
static volatile double handler_fp = 1.0;

static void handler(int sig)
{
    v4 a = { (int)ticks, sig, 3, 4 }, b = a * a + 7;
    double x = handler_fp * 1.0001;

    handler_fp = x > 1e10 ? 1.0 : x + b[0] * 1e-9;
    ticks++;
}

static uint64_t integer_work(int n)
{
    uint64_t a = 1, b = 2, c = 3, d = 5;

    for (int i = 0; i < n; i++) {
        a = a * 6364136223846793005u + b;
        b ^= a >> 31 | a << 33;
        c += b < a ? c >> 3 : ~d;
        d = d * 3 + (c & 0xff) - (a / (b | 1));
    }
    return a ^ b ^ c ^ d;
}

static double fp_work(int n)
{
    double x = 0.5, y = 1.25, sum = 0;

    for (int i = 0; i < n; i++) {
        x = x * 1.0000001 + y * 1e-9;
        y = sqrt(x * x + y) - x / (y + 3);
        sum += x - y * (float)x;
        if (x > 100) {
            x -= 99.5;
        }
    }
    return sum;
}

static uint64_t vector_work(int n)
{
    v4 a = { 1, 2, 3, 4 }, b = { 5, 6, 7, 8 }, c = { 9, 10, 11, 12 };

    for (int i = 0; i < n; i++) {
        a += b * c;
        b ^= a << 3;
        c = (v4){ c[1], c[2], c[3], c[0] } + (a > b);
    }
    v4 r = a ^ b ^ c;
    return (uint32_t)(r[0] ^ r[1]) | (uint64_t)(uint32_t)(r[2] ^ r[3]) << 32;
}

static __attribute__((noinline)) uint64_t calls(int n)
{
    return n < 2 ? (uint64_t)n : calls(n - 1) + calls(n - 2);
}

static void storm(int on)
{
    struct itimerval t = { { 0, on ? 100 : 0 }, { 0, on ? 100 : 0 } };

    setitimer(ITIMER_REAL, &t, NULL);
}

static void *thread_work(void *arg)
{
    *(uint64_t *)arg = integer_work(300000) + (uint64_t)fp_work(300000) + vector_work(300000);
    return NULL;
}

static int threads_same(void)
{
    uint64_t want, got[4];
    pthread_t t[4];
    int same = 0;

    thread_work(&want);
    storm(1);
    for (int i = 0; i < 4; i++) {
        pthread_create(&t[i], NULL, thread_work, &got[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
        same += got[i] == want;
    }
    storm(0);
    return same;
}

#define COMPARE(name, type, expr)                                                        \
    do {                                                                                 \
        type want = expr;                                                                \
        storm(1);                                                                        \
        type got[3] = { expr, expr, expr };                                              \
        storm(0);                                                                        \
        int same = !memcmp(&want, got, sizeof(want)) && !memcmp(got, got + 1, 2 * sizeof(want)); \
        printf("%s %s\n", name, same ? "same" : "differs");                              \
    } while (0)

int main(void)
{
    struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };

    sigaction(SIGALRM, &sa, NULL);
    COMPARE("integer", uint64_t, integer_work(3000000));
    COMPARE("floating point", double, fp_work(2000000));
    COMPARE("vector", uint64_t, vector_work(3000000));
    COMPARE("calls", uint64_t, calls(28));
    printf("signals %s\n", ticks > 100 ? "came" : "missing");
    printf("threads %d same\n", threads_same());
    return 0;
}
