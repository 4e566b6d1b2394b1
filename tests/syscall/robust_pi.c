/* SPDX-License-Identifier: MIT */
/*
 * Locks that outlive their owner and locks that lend priority: the list the kernel walks,
 * what it stores at which kind of end, errors of every PI operation, requeue to a PI lock.
 */
// family: process
// cflags: -pthread
// timeout: 60
#include "check.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>

typedef struct {
    struct robust_list_head head;
    struct robust_list node;
    _Atomic uint32_t word;
} Shared;

static Shared *s;

static long futex(_Atomic uint32_t *word, int op, uint32_t val, const void *timeout, void *word2,
                  uint32_t val3)
{
    return syscall(SYS_futex, word, op, val, timeout, word2, val3);
}

static void hold(void)
{
    s->head.list.next = &s->node;
    s->head.futex_offset = (long)((char *)&s->word - (char *)&s->node);
    s->head.list_op_pending = NULL;
    s->node.next = &s->head.list;
    s->word = (uint32_t)syscall(SYS_gettid);
    IS(syscall(SYS_set_robust_list, &s->head, sizeof s->head) == 0);
}

static void hold_and_exit(void)
{
    hold();
    syscall(SYS_exit_group, 0);
}

static void hold_and_killed(void)
{
    hold();
    kill(getpid(), SIGKILL);
}

static void hold_and_fault(void)
{
    hold();
    *(volatile int *)8 = 1;
}

static void hold_with_waiters(void)
{
    hold();
    s->word |= FUTEX_WAITERS;
    syscall(SYS_exit, 0);
}

static void hold_pending(void)
{
    hold();
    s->head.list.next = &s->head.list;
    s->head.list_op_pending = &s->node;
    syscall(SYS_exit, 0);
}

static void hold_and_exec(void)
{
    hold();
    execl("/bin/true", "true", (char *)NULL);
}

static void not_owner(void)
{
    hold();
    s->word = 1;
    syscall(SYS_exit, 0);
}

static void endless_list(void)
{
    hold();
    s->word = 0;
    s->node.next = &s->node;
    syscall(SYS_exit, 0);
}

static void bad_list(void)
{
    hold();
    s->head.list.next = (void *)8;
    syscall(SYS_exit, 3);
}

static void robust(void)
{
    struct robust_list_head *head;
    size_t len;

    s->word = 0;
    ENDS("owner exits", hold_and_exit, 0);
    CHECK("owner died: exit", s->word == FUTEX_OWNER_DIED);
    ENDS("owner killed", hold_and_killed, SIGKILL);
    CHECK("owner died: killed", s->word == FUTEX_OWNER_DIED);
    IS(WTERMSIG(child_status(hold_and_fault)) == SIGSEGV);
    CHECK("owner died: fault", s->word == FUTEX_OWNER_DIED);
    ENDS("owner with waiters", hold_with_waiters, 0);
    CHECK("waiters bit kept", s->word == (FUTEX_OWNER_DIED | FUTEX_WAITERS));
    ENDS("pending", hold_pending, 0);
    CHECK("pending lock too", s->word == FUTEX_OWNER_DIED);
    ENDS("exec", hold_and_exec, 0);
    CHECK("exec ends ownership", s->word == FUTEX_OWNER_DIED);
    ENDS("another's lock", not_owner, 0);
    CHECK("another's lock stays", s->word == 1);
    ENDS("endless list", endless_list, 0);
    ENDS("bad list", bad_list, 3 << 8);
    FAILS(syscall(SYS_set_robust_list, &s->head, 12), EINVAL);
    IS(syscall(SYS_get_robust_list, 0, &head, &len) == 0 && len == sizeof *head);
    FAILS(syscall(SYS_get_robust_list, 0x3ffffff, &head, &len), ESRCH);
    FAILS(syscall(SYS_get_robust_list, 0, (void *)8, &len), EFAULT);
}

/* ---- priority inheritance ---- */

static void *lock_it(void *result)
{
    *(long *)result = futex(&s->word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0 ? 0 : errno;
    if (*(long *)result == 0) {
        futex(&s->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
    }
    return NULL;
}

static void take_and_die(void)
{
    futex(&s->word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);
    hold();
    s->head.list.next = (void *)((uintptr_t)s->head.list.next | 1);     /* a PI lock */
    syscall(SYS_exit, 0);
}

static void pi(void)
{
    uint32_t me = (uint32_t)syscall(SYS_gettid);
    struct timespec past = { 1, 0 };
    pthread_t t;
    long result = -1;

    s->word = 0;
    IS(futex(&s->word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0 && s->word == me);
    FAILS(futex(&s->word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
    FAILS(futex(&s->word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), EDEADLK);
    IS(pthread_create(&t, NULL, lock_it, &result) == 0);
    while (!(s->word & FUTEX_WAITERS)) {
        usleep(1000);
    }
    CHECK("waiter marks the lock", (s->word & FUTEX_TID_MASK) == me);
    IS(futex(&s->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0);
    pthread_join(t, NULL);
    CHECK("waiter got it", result == 0 && s->word == 0);
    FAILS(futex(&s->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
    s->word = 0x3ffffff;
    FAILS(futex(&s->word, FUTEX_LOCK_PI, 0, NULL, NULL, 0), ESRCH);
    s->word = (uint32_t)getppid();
    FAILS(futex(&s->word, FUTEX_LOCK_PI, 0, &past, NULL, 0), ETIMEDOUT);
    s->word = (uint32_t)getppid();
    FAILS(futex(&s->word, 13 /* LOCK_PI2 */, 0, &past, NULL, 0), ETIMEDOUT);
    FAILS(futex(&s->word, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME, 0, &past, NULL, 0), ENOSYS);
    s->word = 0;
    IS(WIFEXITED(child_status(take_and_die)));
    CHECK("owner of a PI lock died", (s->word & FUTEX_OWNER_DIED) != 0);
    SAME("lock after its owner", futex(&s->word, FUTEX_LOCK_PI, 0, NULL, NULL, 0));
}

static _Atomic uint32_t cond;

static void *wait_requeue(void *result)
{
    *(long *)result = futex(&cond, FUTEX_WAIT_REQUEUE_PI, 0, NULL, (void *)&s->word, 0) == 0
                          ? 0 : errno;
    if (*(long *)result == 0) {
        *(long *)result = (s->word & FUTEX_TID_MASK) == (uint32_t)syscall(SYS_gettid) ? 0 : -2;
        futex(&s->word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
    }
    return NULL;
}

static void requeue_pi(void)
{
    pthread_t t;
    long result = -1, n = 0;

    s->word = 0;
    IS(pthread_create(&t, NULL, wait_requeue, &result) == 0);
    for (int i = 0; i < 5000 && n == 0; i++) {
        n = futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, (void *)&s->word, 0);
        usleep(1000);
    }
    CHECK("requeued to a PI lock", n == 1);
    pthread_join(t, NULL);
    CHECK("woken as owner", result == 0);
    FAILS(futex(&cond, FUTEX_CMP_REQUEUE_PI, 2, (void *)1, (void *)&s->word, 0), EINVAL);
    FAILS(futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, (void *)&s->word, 5), EAGAIN);
    FAILS(futex(&cond, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, (void *)&cond, 0), EINVAL);
    FAILS(futex(&cond, FUTEX_WAIT_REQUEUE_PI, 5, NULL, (void *)&s->word, 0), EAGAIN);
    FAILS(futex(&cond, FUTEX_WAIT_REQUEUE_PI, 0, NULL, (void *)&cond, 0), EINVAL);
}

/* ---- the C library's locks ---- */

static void *take_mutex(void *m)
{
    return (void *)(long)pthread_mutex_lock(m);
}

static void mutex_kind(const char *name, int protocol, int robust_kind, int type)
{
    pthread_mutexattr_t attr;
    pthread_mutex_t m;
    pthread_t t;
    char text[100];
    void *r;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setprotocol(&attr, protocol);
    pthread_mutexattr_setrobust(&attr, robust_kind);
    pthread_mutexattr_settype(&attr, type);
    pthread_mutex_init(&m, &attr);
    snprintf(text, sizeof text, "%s lock and unlock", name);
    CHECK(text, pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
    if (robust_kind == PTHREAD_MUTEX_ROBUST) {
        pthread_create(&t, NULL, take_mutex, &m);
        pthread_join(t, &r);
        snprintf(text, sizeof text, "%s owner dead", name);
        CHECK(text, r == NULL && pthread_mutex_lock(&m) == EOWNERDEAD);
        snprintf(text, sizeof text, "%s consistent", name);
        CHECK(text, pthread_mutex_consistent(&m) == 0 && pthread_mutex_unlock(&m) == 0 &&
              pthread_mutex_lock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
    }
}

int main(void)
{
    s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    robust();
    pi();
    requeue_pi();
    mutex_kind("plain", PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, PTHREAD_MUTEX_NORMAL);
    mutex_kind("pi", PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED, PTHREAD_MUTEX_NORMAL);
    mutex_kind("robust", PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_NORMAL);
    mutex_kind("robust pi", PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_NORMAL);
    mutex_kind("robust recursive", PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_RECURSIVE);
    mutex_kind("robust checking", PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, PTHREAD_MUTEX_ERRORCHECK);
    return failures != 0;
}
