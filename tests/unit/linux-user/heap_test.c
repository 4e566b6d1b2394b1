/* SPDX-License-Identifier: MIT */
/* Blocks of all sizes hold what is written, and a process killed while it allocates costs nothing else. */
#include "linux-user/heap.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "translate/base/base.h"
#include "translate/base/named_lock.h"

static bool all(const uint8_t *p, size_t n, uint8_t value)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != value)
            return false;
    }
    return true;
}

Test(heap, sizes)
{
    for (size_t n = 0; n < 100000; n += n < 2000 ? 1 : 997) {
        void *p = heap_take(n, false);

        cr_assert((uintptr_t)p % 16 == 0 && heap_bytes(p) >= n);
        cr_assert(heap_bytes(p) <= n + n / 4 + 16, "%zu bytes take %zu", n, heap_bytes(p));
        heap_give(p);
    }
    cr_assert(!heap_take(SIZE_MAX, false));
    cr_assert(!heap_take_aligned(4096, SIZE_MAX - 100));
}

/* Twenty thousand steps over 64 blocks, each filled with a value of its own. */
Test(heap, contents)
{
    struct {
        uint8_t *p;
        size_t n;
    } block[64] = { 0 };
    unsigned seed = 1;

    for (unsigned i = 0; i < 20000; i++) {
        unsigned k = (unsigned)rand_r(&seed) % 64, how = (unsigned)rand_r(&seed) % 4;
        size_t n = (size_t)rand_r(&seed) % (rand_r(&seed) % 50 ? 700 : 300000) + 1;
        size_t had = block[k].n, align = (size_t)16 << rand_r(&seed) % 9;

        cr_assert(all(block[k].p, had, (uint8_t)k));
        if (how == 0 && block[k].p) {
            block[k].p = heap_resize(block[k].p, n);
            cr_assert(all(block[k].p, had < n ? had : n, (uint8_t)k));
        } else {
            errno = 77;
            heap_give(block[k].p);
            cr_assert(errno == 77);
            block[k].p = how == 1 ? heap_take_aligned(align, n) : heap_take(n, how == 2);
            cr_assert(how != 1 || (uintptr_t)block[k].p % align == 0);
            cr_assert(how != 2 || all(block[k].p, n, 0));
        }
        cr_assert(heap_bytes(block[k].p) >= n);
        block[k].n = n;
        memset(block[k].p, (int)k, n);
    }
}

Test(heap, freed_twice, .signal = SIGILL)
{
    char *p = heap_take(100, false);

    heap_give(p);
    heap_give(p);
}

enum { NAME = 424242 };

static int allocate_for_ever(void *arg)
{
    for (;;) {
        for (size_t n = 1; n < 2000; n += 13)
            heap_give(heap_take(n, false));
    }
    return arg != NULL;
}

Test(heap, killed)
{
    static char stack[65536] __attribute__((aligned(16)));

    for (unsigned i = 0; i < 400; i++) {
        uint32_t was = named_lock_as(NAME);
        pid_t pid = clone(allocate_for_ever, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);

        cr_assert(pid > 0);
        usleep(100 + 7 * i % 500);
        kill(pid, SIGKILL);
        cr_assert(waitpid(pid, NULL, 0) == pid);
        named_lock_as(was);
        heap_gone(NAME);
        for (size_t n = 1; n < 2000; n += 130) {
            uint8_t *a = heap_take(n, false), *b = heap_take(n, false);

            cr_assert(a && b && a != b);
            memset(a, 1, n);
            memset(b, 2, n);
            cr_assert(all(a, n, 1));
            heap_give(a);
            heap_give(b);
        }
    }
}
