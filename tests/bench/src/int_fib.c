/* SPDX-License-Identifier: MIT */
/* Doubly recursive Fibonacci: nothing but calls and returns. */
#include "bench.h"

__attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))
static unsigned long fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv)
{
    long n = scaled(argc, argv, 1);
    unsigned long s = 0;

    while (n--)
        s += fib(34);
    printf("%lu\n", s);
    return 0;
}
