// SPDX-License-Identifier: MIT
// Robust mutexes whose owner ends or is killed, priority inheritance, timers with threads.
// timeout: 60
// expect: owner thread ended: EOWNERDEAD 100
// expect: owner process killed: EOWNERDEAD 20
// expect: not made consistent: ENOTRECOVERABLE 1
// expect: waiter woken by the owner's death 20
// expect: priority inheritance 8000
// expect: timer threads ran 5 value 77
// expect: timer to one thread 5
// expect: process-shared condition 200
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    pthread_mutex_t m;
    pthread_cond_t c;
    atomic_int locked, turn;
} Shared;

static Shared *s;

static void mutex_make(pthread_mutex_t *m, int robust, int protocol)
{
    pthread_mutexattr_t a;

    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    if (robust) {
        pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    }
    pthread_mutexattr_setprotocol(&a, protocol);
    pthread_mutex_init(m, &a);
}

static void *dies_owner(void *arg)
{
    pthread_mutex_lock(&s->m);
    return arg;
}

/* lock_dead: 1 when the lock tells that its owner died; it is good again afterwards. */
static int lock_dead(void)
{
    int rc = pthread_mutex_lock(&s->m);

    if (rc == EOWNERDEAD) {
        pthread_mutex_consistent(&s->m);
    }
    pthread_mutex_unlock(&s->m);
    return rc == EOWNERDEAD;
}

static void thread_death(void)
{
    int n = 0;

    for (int i = 0; i < 100; i++) {
        pthread_t t;
        pthread_create(&t, NULL, dies_owner, NULL);
        pthread_join(t, NULL);
        n += lock_dead();
    }
    printf("owner thread ended: EOWNERDEAD %d\n", n);
}

static pid_t owner_process(void)
{
    s->locked = 0;
    pid_t pid = fork();

    if (!pid) {
        pthread_mutex_lock(&s->m);
        s->locked = 1;
        for (;;) {
            pause();
        }
    }
    while (!s->locked) {
        usleep(100);
    }
    return pid;
}

static void process_death(void)
{
    int n = 0;

    for (int i = 0; i < 20; i++) {
        pid_t pid = owner_process();
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        n += lock_dead();
    }
    printf("owner process killed: EOWNERDEAD %d\n", n);
}

static void lost(void)
{
    pthread_mutex_t keep = s->m;
    pthread_t t;

    pthread_create(&t, NULL, dies_owner, NULL);
    pthread_join(t, NULL);
    pthread_mutex_lock(&s->m);
    pthread_mutex_unlock(&s->m);
    printf("not made consistent: ENOTRECOVERABLE %d\n",
           pthread_mutex_lock(&s->m) == ENOTRECOVERABLE);
    s->m = keep;
}

static atomic_int waiting;

static void *waiter(void *arg)
{
    waiting = 1;
    return (void *)(long)(lock_dead() ? (long)arg : 0);
}

static void woken(void)
{
    int n = 0;

    for (int i = 0; i < 20; i++) {
        pthread_t t;
        void *v;
        pid_t pid = owner_process();

        waiting = 0;
        pthread_create(&t, NULL, waiter, (void *)1);
        while (!waiting) {
            usleep(100);
        }
        usleep(2000);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        pthread_join(t, &v);
        n += v != NULL;
    }
    printf("waiter woken by the owner's death %d\n", n);
}

static pthread_mutex_t pi;
static long counted;

static void *pi_user(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&pi);
        counted++;
        pthread_mutex_unlock(&pi);
    }
    return arg;
}

static void inheritance(void)
{
    pthread_t t[4];

    mutex_make(&pi, 0, PTHREAD_PRIO_INHERIT);
    for (int i = 0; i < 4; i++) {
        pthread_create(&t[i], NULL, pi_user, NULL);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
    }
    printf("priority inheritance %ld\n", counted);
}

static atomic_int ran, value;

static void on_timer(union sigval v)
{
    value = v.sival_int;
    ran++;
}

static void timer_threads(void)
{
    struct sigevent e = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_timer,
                          .sigev_value.sival_int = 77 };
    struct itimerspec on = { { 0, 2000000 }, { 0, 2000000 } };
    timer_t id;

    timer_create(CLOCK_MONOTONIC, &e, &id);
    timer_settime(id, 0, &on, NULL);
    while (ran < 5) {
        usleep(1000);
    }
    timer_delete(id);
    printf("timer threads ran 5 value %d\n", value);
}

static atomic_int right_thread;
static pid_t chosen;

static void on_rt(int sig)
{
    (void)sig;
    right_thread += syscall(SYS_gettid) == chosen ? 1 : 1000;
}

static void *chosen_thread(void *arg)
{
    chosen = (pid_t)syscall(SYS_gettid);
    *(atomic_int *)arg = 1;
    while (right_thread < 5) {
    }
    return NULL;
}

static void timer_to_thread(void)
{
    struct sigaction a = { .sa_handler = on_rt };
    struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };
    struct itimerspec on = { { 0, 2000000 }, { 0, 2000000 } }, off = { { 0, 0 }, { 0, 0 } };
    atomic_int up = 0;
    pthread_t t;
    timer_t id;

    sigaction(SIGRTMIN, &a, NULL);
    pthread_create(&t, NULL, chosen_thread, &up);
    while (!up) {
        usleep(100);
    }
    ((int *)&e.sigev_notify)[1] = chosen;       /* sigev_notify_thread_id */
    timer_create(CLOCK_MONOTONIC, &e, &id);
    timer_settime(id, 0, &on, NULL);
    while (right_thread < 5) {
        usleep(1000);
    }
    timer_settime(id, 0, &off, NULL);
    timer_delete(id);
    pthread_join(t, NULL);
    printf("timer to one thread %d\n", right_thread < 1000 ? 5 : right_thread);
}

static void take_turns(int me)
{
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&s->m);
        while (s->turn % 2 != me) {
            pthread_cond_wait(&s->c, &s->m);
        }
        s->turn++;
        pthread_cond_broadcast(&s->c);
        pthread_mutex_unlock(&s->m);
    }
}

static void shared_condition(void)
{
    pthread_condattr_t a;

    pthread_condattr_init(&a);
    pthread_condattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&s->c, &a);
    mutex_make(&s->m, 0, PTHREAD_PRIO_NONE);
    pid_t pid = fork();
    if (!pid) {
        take_turns(1);
        _exit(0);
    }
    take_turns(0);
    waitpid(pid, NULL, 0);
    printf("process-shared condition %d\n", s->turn);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mutex_make(&s->m, 1, PTHREAD_PRIO_NONE);
    thread_death();
    process_death();
    lost();
    mutex_make(&s->m, 1, PTHREAD_PRIO_NONE);
    woken();
    inheritance();
    timer_threads();
    timer_to_thread();
    shared_condition();
    return 0;
}
