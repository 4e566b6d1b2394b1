# SPDX-License-Identifier: MIT
"""Prints cold_code.c: a program of many distinct functions, each run once by each thread.

`cold_code THREADS` has all threads wait for each other and then run all functions in the same
order. Hardly any of the time is the work itself; nearly all is meeting code for the first time,
so one thread against several shows whether threads that translate get in each other's way.
"""
import random
import sys

HEAD = """/* Made by gen_cold.py. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef uint64_t (*Fn)(uint64_t, uint32_t *);
"""

TAIL = """
static pthread_barrier_t start;

static void *work(void *arg)
{
    uint64_t x = 1;
    uint32_t tab[16] = { 3, 1, 4, 1, 5, 9, 2, 6 };

    pthread_barrier_wait(&start);
    for (unsigned i = 0; i < sizeof fns / sizeof fns[0]; i++)
        x = fns[i](x, tab);
    *(uint64_t *)arg = x;
    return NULL;
}

int main(int argc, char **argv)
{
    static uint64_t out[64];
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    pthread_t t[64];

    if (threads < 1 || threads > 64)
        return 2;
    pthread_barrier_init(&start, NULL, (unsigned)threads);
    for (int i = 0; i < threads; i++)
        pthread_create(&t[i], NULL, work, &out[i]);
    for (int i = 0; i < threads; i++) {
        pthread_join(t[i], NULL);
        if (out[i] != out[0])
            return 3;
    }
    printf("%016llx\\n", (unsigned long long)out[0]);
    return 0;
}
"""


def statement(rng):
    a, b, c = rng.randint(1, 63), rng.randint(2, 60000), rng.randint(0, 15)
    return rng.choice([
        "x ^= x >> %d;" % a,
        "x += %dull * tab[%d];" % (b, c),
        "if (x & %d) x += %d; else tab[%d] ^= (uint32_t)x;" % (1 << c, b, c),
        "tab[x >> %d & 15] += %d;" % (a % 48, b),
        "x = x << %d | x >> %d;" % (a, 64 - a),
        "for (int i = %d; i < %d; i++) x = x * 5 + tab[i & 15];" % (c, c + 2),
        "if (x > tab[%d]) tab[%d] = (uint32_t)(x >> %d);" % (c, c ^ 1, a % 32),
    ])


def main():
    rng = random.Random(7)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(HEAD)
    for i in range(count):
        body = "\n    ".join(statement(rng) for _ in range(rng.randint(8, 16)))
        print("static __attribute__((noinline)) uint64_t f%d(uint64_t x, uint32_t *tab)\n{\n"
              "    %s\n    return x;\n}\n" % (i, body))
    print("static const Fn fns[] = {\n    %s\n};"
          % ",\n    ".join("f%d" % i for i in range(count)))
    print(TAIL)


if __name__ == "__main__":
    main()
