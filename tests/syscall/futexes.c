/* SPDX-License-Identifier: MIT */
/*
 * futex(2): waiting, waking, timeouts, bitsets, requeueing, wake_op, priority
 * inheritance.
 */
// family: process
// expect: ok
// cflags: -pthread
#include "check.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>

static _Atomic uint32_t a, b, woken;

static long futex(_Atomic uint32_t *word, int op, uint32_t val, const void *timeout,
                  void *word2, uint32_t val3)
{
    return syscall(SYS_futex, word, op, val, timeout, word2, val3);
}

static void *waiter(void *word)
{
    while (futex(word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) == -1 && errno == EINTR) {
    }
    woken++;
    return NULL;
}

/*
 * queued: wait until n threads sleep in the kernel: until requeueing 0 of them can see
 * them.
 */
static void settle(void)
{
    usleep(50000);
}

static void errors(void)
{
    struct timespec ts = { 0, 20000000 }, bad = { 0, 2000000000 }, at;
    double start = sec();

    FAILS(futex(&a, FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN);
    FAILS(futex(&a, FUTEX_WAIT, 0, &ts, NULL, 0), ETIMEDOUT);
    IS(sec() - start >= 0.019);
    FAILS(futex(&a, FUTEX_WAIT, 0, &bad, NULL, 0), EINVAL);
    FAILS(futex((void *)((char *)&a + 1), FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL);
    FAILS(futex((void *)8, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
    FAILS(futex(&a, 99, 0, NULL, NULL, 0), ENOSYS);
    FAILS(futex(&a, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0), EINVAL);
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec -= 5;
    FAILS(futex(&a, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &at, NULL, ~0u),
          ETIMEDOUT);
    IS(futex(&a, FUTEX_WAKE, 10, NULL, NULL, 0) == 0);
}

static void requeue(void)
{
    pthread_t t[4];

    woken = 0;
    for (int i = 0; i < 4; i++) {
        pthread_create(&t[i], NULL, waiter, &a);
    }
    settle();
    FAILS(futex(&a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)10, &b, 77), EAGAIN);
    IS(futex(&a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &b, 0) == 3);
    settle();
    IS(woken == 1);
    IS(futex(&b, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0) == 2);
    settle();
    IS(woken == 3);
    IS(futex(&a, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0) == 1);
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
    }
}

static void wake_op(void)
{
    pthread_t t[2];

    woken = 0;
    pthread_create(&t[0], NULL, waiter, &a);
    pthread_create(&t[1], NULL, waiter, &b);
    settle();
    /* b += 5; old b was 0: so wake b's waiter too. */
    IS(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &b,
             FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 0)) == 2);
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    IS(b == 5 && woken == 2);
    b = 0;
}

static void inherit(void)
{
    _Atomic uint32_t *shared =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;

    IS(futex(shared, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
    IS((*shared & FUTEX_TID_MASK) == (uint32_t)syscall(SYS_gettid));
    FAILS(futex(shared, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        long r = futex(shared, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0);
        IS(r == -1 && errno == EAGAIN);
        IS(futex(shared, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
        IS(futex(shared, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
        _exit(failures != 0);
    }
    settle();
    IS(futex(shared, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
    IS(waitpid(pid, &status, 0) == pid && status == 0);
}

static volatile int hits;

static void on_alarm(int sig)
{
    (void)sig;
    hits++;
}

static void interrupted(void)
{
    struct sigaction sa = { .sa_handler = on_alarm };
    struct timespec ts = { 5, 0 };

    sigaction(SIGALRM, &sa, NULL);
    ualarm(20000, 0);
    FAILS(futex(&a, FUTEX_WAIT, 0, NULL, NULL, 0), EINTR);
    sa.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &sa, NULL);
    ualarm(20000, 0);
    FAILS(futex(&a, FUTEX_WAIT, 0, &ts, NULL, 0), EINTR);
    IS(hits == 2);
}

int main(void)
{
    errors();
    requeue();
    wake_op();
    inherit();
    interrupted();
    return done();
}
