// SPDX-License-Identifier: MIT
// Memory order between threads: what C11 forbids must never be seen.
// timeout: 90
// expect: store buffering, seq_cst: never
// expect: store buffering, release then acquire fence: never
// expect: message passing, release/acquire: never
// expect: load buffering: never
// expect: two plus two writes, seq_cst: never
// expect: independent reads, seq_cst: never
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Each round the threads walk SLOTS independent pairs of variables side by side. */
enum { ROUNDS = 100, SLOTS = 1000, STRIDE = 16 };

static atomic_int x[SLOTS * STRIDE], y[SLOTS * STRIDE], out[4][SLOTS], gate, arrived;
static int kind;

/* What thread `id` does with one pair; what it read goes to out[]. */
static void body(int id, int i)
{
    atomic_int *a = &x[i * STRIDE], *b = &y[i * STRIDE];
    atomic_int *mine = id ? b : a, *other = id ? a : b;
    int r = 0;

    switch (kind) {
    case 0:
        atomic_store(mine, 1);
        r = atomic_load(other);
        break;
    case 1:
        atomic_store_explicit(mine, 1, memory_order_release);
        atomic_thread_fence(memory_order_seq_cst);
        r = atomic_load_explicit(other, memory_order_acquire);
        break;
    case 2:
        if (!id) {
            atomic_store_explicit(a, 1, memory_order_relaxed);
            atomic_store_explicit(b, 1, memory_order_release);
        } else {
            r = 10 * atomic_load_explicit(b, memory_order_acquire);
            r += atomic_load_explicit(a, memory_order_relaxed);
        }
        break;
    case 3:
        r = atomic_load_explicit(other, memory_order_acquire);
        atomic_store_explicit(mine, 1, memory_order_release);
        break;
    case 4:
        atomic_store(mine, 1);
        atomic_store(other, 2);
        break;
    default:
        if (id < 2) {
            atomic_store(mine, 1);
        } else {
            r = 10 * atomic_load(id == 2 ? a : b);
            r += atomic_load(id == 2 ? b : a);
        }
    }
    atomic_store_explicit(&out[id][i], r, memory_order_relaxed);
}

static int forbidden(int i)
{
    switch (kind) {
    case 2: return out[1][i] == 10;
    case 3: return out[0][i] == 1 && out[1][i] == 1;
    case 4: return x[i * STRIDE] == 1 && y[i * STRIDE] == 1;
    case 5: return out[2][i] == 10 && out[3][i] == 10;
    default: return out[0][i] == 0 && out[1][i] == 0;
    }
}

static void *walk(void *arg)
{
    int id = (int)(long)arg;

    for (int round = 1; round <= ROUNDS; round++) {
        while (atomic_load(&gate) != round) {
            sched_yield();
        }
        for (int i = 0; i < SLOTS; i++) {
            body(id, i);
        }
        atomic_fetch_add(&arrived, 1);
    }
    return NULL;
}

static void run(int k, const char *name)
{
    int threads = k == 5 ? 4 : 2, seen = 0;
    pthread_t t[4];

    kind = k;
    gate = 0;
    for (long i = 0; i < threads; i++) {
        pthread_create(&t[i], NULL, walk, (void *)i);
    }
    for (int round = 1; round <= ROUNDS; round++) {
        memset((void *)x, 0, sizeof(x));
        memset((void *)y, 0, sizeof(y));
        arrived = 0;
        atomic_store(&gate, round);
        while (atomic_load(&arrived) != threads) {
            sched_yield();
        }
        for (int i = 0; i < SLOTS; i++) {
            seen += forbidden(i);
        }
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(t[i], NULL);
    }
    printf("%s: %s\n", name, seen ? "seen" : "never");
}

int main(void)
{
    run(0, "store buffering, seq_cst");
    run(1, "store buffering, release then acquire fence");
    run(2, "message passing, release/acquire");
    run(3, "load buffering");
    run(4, "two plus two writes, seq_cst");
    run(5, "independent reads, seq_cst");
    return 0;
}
