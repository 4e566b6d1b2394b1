/* SPDX-License-Identifier: MIT */
/* Uncontended atomics in one thread: what locked instructions cost alone. */
#include "bench.h"
#include <stdatomic.h>

int main(int argc, char **argv)
{
    static atomic_long a[256];
    static atomic_flag f = ATOMIC_FLAG_INIT;
    long i, n = scaled(argc, argv, 10000000);
    uint64_t h = 0;

    for (i = 0; i < n; i++) {
        atomic_fetch_add(&a[i & 255], i & 7);
        while (atomic_flag_test_and_set_explicit(&f, memory_order_acquire))
            ;
        h += (uint64_t)atomic_load_explicit(&a[i * 7 & 255], memory_order_acquire);
        atomic_flag_clear_explicit(&f, memory_order_release);
    }
    printf("%016llx\n", (unsigned long long)h);
    return 0;
}
