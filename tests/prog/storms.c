// SPDX-License-Identifier: MIT
// Storms: 500 threads alive at a time, 2,000 made and joined, fork while 8 threads allocate,
// signals from 4 threads to one another while timers of 500 us run. Nothing is lost, nothing
// hangs. An argument is the number of repetitions.
// timeout: 120
// expect: 500 alive, sum 124750
// expect: 2000 joined, sum 1999000
// expect: 200 forks good
// expect: 4 threads, 8000 queued signals came, timers ran
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ALIVE = 500, CHURN = 2000, AT_ONCE = 50, FORKS = 200, BUSY = 8, SENDERS = 4, EACH = 2000 };

static atomic_long sum, received, ticks;
static atomic_int stop, ready;
static pthread_barrier_t all_here;
static pthread_attr_t small;

static void *stay(void *number)
{
    pthread_barrier_wait(&all_here);        /* nobody passes before all live */
    sum += (long)number;
    return NULL;
}

static void many_alive(void)
{
    static pthread_t t[ALIVE];

    sum = 0;
    pthread_barrier_init(&all_here, NULL, ALIVE);
    for (long i = 0; i < ALIVE; i++) {
        if (pthread_create(&t[i], &small, stay, (void *)i)) {
            perror("pthread_create");
            exit(1);
        }
    }
    for (int i = 0; i < ALIVE; i++) {
        pthread_join(t[i], NULL);
    }
    pthread_barrier_destroy(&all_here);
    printf("%d alive, sum %ld\n", ALIVE, sum);
}

static void *brief(void *number)
{
    free(malloc(100 + (size_t)number));
    sum += (long)number;
    return NULL;
}

static void churn(void)
{
    pthread_t t[AT_ONCE];
    int joined = 0;

    sum = 0;
    for (long i = 0; i < CHURN; i += AT_ONCE) {
        for (long k = 0; k < AT_ONCE; k++) {
            if (pthread_create(&t[k], &small, brief, (void *)(i + k))) {
                perror("pthread_create");
                exit(1);
            }
        }
        for (int k = 0; k < AT_ONCE; k++) {
            joined += pthread_join(t[k], NULL) == 0;
        }
    }
    printf("%d joined, sum %ld\n", joined, sum);
}

static void *allocate(void *unused)
{
    for (size_t n = 1; !stop; n = n * 5 % 30011 + 1) {
        char *p = malloc(n);

        memset(p, 1, n);
        free(p);
    }
    return unused;
}

static void fork_storm(void)
{
    pthread_t t[BUSY];
    int good = 0, status;

    stop = 0;
    for (int i = 0; i < BUSY; i++) {
        pthread_create(&t[i], NULL, allocate, NULL);
    }
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            char *p = malloc(5000);         /* the allocator's locks must be free */

            memset(p, i, 5000);
            _exit(p[4999] == (char)i ? 7 : 1);
        }
        good += waitpid(pid, &status, 0) == pid && status == 7 << 8;
    }
    stop = 1;
    for (int i = 0; i < BUSY; i++) {
        pthread_join(t[i], NULL);
    }
    printf("%d forks good\n", good);
}

static void on_queued(int sig)
{
    (void)sig;
    received++;
}

static void on_tick(int sig)
{
    (void)sig;
    ticks++;
}

static pid_t tids[SENDERS];

/* send_all: each sends to the next one; a real-time signal is queued, so none may be lost. */
static void *send_all(void *number)
{
    long me = (long)number;
    siginfo_t info = { .si_code = SI_QUEUE };
    volatile double x = 1;

    tids[me] = (pid_t)syscall(SYS_gettid);
    ready++;
    while (ready < SENDERS) {
        sched_yield();
    }
    for (int i = 0; i < EACH; i++) {
        while (syscall(SYS_rt_tgsigqueueinfo, getpid(), tids[(me + 1) % SENDERS], SIGRTMIN + 3,
                       &info) == -1 && errno == EAGAIN) {
            sched_yield();
        }
        x = x * 1.0000001 + i;
    }
    while (received < SENDERS * EACH) {
        usleep(100);
    }
    return NULL;
}

static void signal_storm(void)
{
    struct sigaction queued = { .sa_handler = on_queued, .sa_flags = SA_RESTART };
    struct sigaction tick = { .sa_handler = on_tick, .sa_flags = SA_RESTART };
    struct itimerval half_ms = { { 0, 500 }, { 0, 500 } }, off = { { 0, 0 }, { 0, 0 } };
    pthread_t t[SENDERS];

    received = ticks = 0;
    ready = 0;
    sigaction(SIGRTMIN + 3, &queued, NULL);
    sigaction(SIGALRM, &tick, NULL);
    setitimer(ITIMER_REAL, &half_ms, NULL);
    for (long i = 0; i < SENDERS; i++) {
        pthread_create(&t[i], NULL, send_all, (void *)i);
    }
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(t[i], NULL);
    }
    while (!ticks) {
        usleep(1000);
    }
    setitimer(ITIMER_REAL, &off, NULL);
    printf("%d threads, %ld queued signals came, timers ran\n", SENDERS, received);
}

int main(int argc, char **argv)
{
    int times = argc > 1 ? atoi(argv[1]) : 1;

    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 128 << 10);
    for (int i = 0; i < times; i++) {
        many_alive();
        churn();
        fork_storm();
        signal_storm();
        fflush(stdout);
    }
    return 0;
}
