// SPDX-License-Identifier: MIT
// Calls and returns that no shadow of the stack may get wrong.
// expect: ackermann 125
// expect: deep 200000
// expect: mutual 1 0
// expect: indirect 1000000 sum 458333749999
// expect: stack 6 MiB 6291456
// expect: threads 8 fib 75025
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static __attribute__((noinline)) int ackermann(int m, int n)
{
    return !m ? n + 1 : !n ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static __attribute__((noinline, optimize("no-optimize-sibling-calls"))) int deep(int n)
{
    return n ? 1 + deep(n - 1) : 0;
}

static __attribute__((noinline)) int odd(unsigned n);

static __attribute__((noinline)) int even(unsigned n)
{
    return n ? odd(n - 1) : 1;
}

static __attribute__((noinline)) int odd(unsigned n)
{
    return n ? even(n - 1) : 0;
}

#define OP(i, e)                                                                         \
    static __attribute__((noinline)) uint64_t op##i(uint64_t x) { return e; }
OP(0, x + 1)
OP(1, x / 2)
OP(2, x ^ 3)
OP(3, x + (x & 7))
OP(4, x)
OP(5, x % 1000003)

static uint64_t (*volatile table[])(uint64_t) = { op0, op1, op2, op3, op4, op5 };

static uint64_t indirect(void)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < 1000000; i++) {
        sum += table[i % 6](i) & 0xfffff;
    }
    return sum;
}

static __attribute__((noinline)) size_t touch(size_t left)
{
    volatile char page[4096];

    memset((char *)page, (int)left, sizeof(page));
    return left <= sizeof(page) ? left : sizeof(page) + touch(left - sizeof(page)) + page[7] * 0;
}

static __attribute__((noinline)) int fib(int n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static void *thread(void *arg)
{
    *(int *)arg = fib(25);
    return NULL;
}

int main(void)
{
    printf("ackermann %d\n", ackermann(2, 61));
    printf("deep %d\n", deep(200000 / 2) * 2);
    printf("mutual %d %d\n", even(1000000), odd(1000000));
    printf("indirect 1000000 sum %lu\n", (unsigned long)indirect());
    printf("stack 6 MiB %zu\n", touch(6 << 20));
    pthread_t t[8];
    int r[8], same = 0;
    for (int i = 0; i < 8; i++) {
        pthread_create(&t[i], NULL, thread, &r[i]);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(t[i], NULL);
        same += r[i] == r[0];
    }
    printf("threads %d fib %d\n", same, r[0]);
    return 0;
}
