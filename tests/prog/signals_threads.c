// SPDX-License-Identifier: MIT
// Signals to threads wherever they are: in loops of each kind, in system calls, in atomics and
// slow instructions; jumps out of handlers; overflow of the stack.
// timeout: 120
// cflags: -lm
// expect: loop branch 200
// expect: loop indirect 200
// expect: loop calls 200
// expect: loop fp 200
// expect: loop atomics 200
// expect: loop pthread_self 200
// expect: read EINTR 50 data intact
// expect: read restarted 50 data intact
// expect: storm to 6 threads, all counted
// expect: jumps out of SIGSEGV 100000
// expect: stack overflow survived 300
// expect: cancel 200 cleaned 200
// expect: itimer with fp and calls same
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

static atomic_int hits, wrong;
static atomic_int stop;

static void on_usr1(int sig)
{
    (void)sig;
    hits++;
}

static void handle(int sig, void (*fn)(int), int flags)
{
    struct sigaction a = { .sa_handler = fn, .sa_flags = flags };

    sigaction(sig, &a, NULL);
}

/* ---- loops ---- */

static void *loop_branch(void *arg)
{
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
    }
    return arg;
}

/* Jumps through pointers only, as interpreters do. */
static void *loop_indirect(void *arg)
{
    static void *const way[] = { &&one, &&two, &&three, &&end };
    unsigned i = 0;

one:
    i++;
    goto *way[stop ? 3 : 1 + (i & 1)];
two:
    goto *way[stop ? 3 : (i & 2)];
three:
    i += 3;
    goto *way[stop ? 3 : (i >> 1 & 1)];
end:
    return arg;
}

__attribute__((noinline)) static int down(int n)
{
    return n && !stop ? down(n - 1) + 1 : 0;
}

static void *loop_calls(void *arg)
{
    volatile int (*fn)(int) = (volatile int (*)(int))down;

    while (!stop) {
        fn(30);
    }
    return arg;
}

static void *loop_fp(void *arg)
{
    volatile double x = 2;

    while (!stop) {
        double y = x;
        for (int i = 0; i < 20; i++) {
            y = sqrt(y) * 1.5 + fma(y, 0.25, -1e-3);
        }
        wrong += !(y > 0);
    }
    return arg;
}

static void *loop_atomics(void *arg)
{
    static atomic_long n;
    static atomic_long wide;
    long mine = 0;

    while (!stop) {
        n++;
        mine++;
        long old = wide;
        atomic_compare_exchange_strong(&wide, &old, old + 1);
        atomic_thread_fence(memory_order_seq_cst);
    }
    wrong += n < mine;
    return arg;
}

static void *loop_self(void *arg)
{
    pthread_t me = pthread_self();

    while (!stop) {
        wrong += !pthread_equal(me, pthread_self());
    }
    return arg;
}

static void interrupt(const char *name, void *(*fn)(void *))
{
    pthread_t t;

    hits = stop = 0;
    pthread_create(&t, NULL, fn, NULL);
    for (int i = 0; i < 200; i++) {
        pthread_kill(t, SIGUSR1);
        while (hits != i + 1) {
            sched_yield();
        }
    }
    stop = 1;
    pthread_join(t, NULL);
    printf("loop %s %d\n", name, wrong ? -1 : hits);
}

/* ---- system calls ---- */

static int fd[2];
static atomic_int eintr, got;

static void *reader(void *arg)
{
    int expect_next = 0, v;

    while (got < 50) {
        ssize_t n = read(fd[0], &v, sizeof(v));

        if (n < 0 && errno == EINTR) {
            eintr++;
        } else if (n != sizeof(v) || v != expect_next++) {
            wrong++;
        } else {
            got++;
        }
    }
    return arg;
}

static void in_read(const char *name, int flags)
{
    pthread_t t;

    handle(SIGUSR1, on_usr1, flags);
    hits = eintr = got = 0;
    if (pipe(fd)) {
        return;
    }
    pthread_create(&t, NULL, reader, NULL);
    for (int i = 0; i < 50; i++) {
        usleep(300);
        pthread_kill(t, SIGUSR1);
        while (hits != i + 1) {
            usleep(50);
        }
        if (write(fd[1], &i, sizeof(i)) != sizeof(i)) {
            wrong++;
        }
        while (got != i + 1) {
            usleep(50);
        }
    }
    pthread_join(t, NULL);
    if ((flags & SA_RESTART) && eintr) {
        wrong++;
    }
    printf("read %s %d data %s\n", name, got, wrong ? "damaged" : "intact");
    close(fd[0]);
    close(fd[1]);
}

/* ---- a storm: real-time signals are queued, so each must arrive, at its thread ---- */

static __thread volatile int mine;
static atomic_int stray;

static void on_rt(int sig, siginfo_t *info, void *uc)
{
    (void)uc;
    mine++;
    stray += sig != SIGRTMIN + 1 || info->si_code != SI_QUEUE;
}

static atomic_int started;

static void *storm_work(void *arg)
{
    volatile double x = 1;
    char *p = NULL;

    started++;
    while (mine < 500) {
        x = x * 1.0000001 + 1e-9;
        p = realloc(p, 16 + (size_t)(mine % 100) * 100);
        p[0] = 1;
        if (mine & 1) {
            sched_yield();
        }
    }
    free(p);
    (void)arg;
    return NULL;
}

static void storm(void)
{
    struct sigaction a = { .sa_sigaction = on_rt, .sa_flags = SA_SIGINFO | SA_RESTART };
    pthread_t t[6];

    sigaction(SIGRTMIN + 1, &a, NULL);
    for (int i = 0; i < 6; i++) {
        pthread_create(&t[i], NULL, storm_work, NULL);
    }
    while (started != 6) {
        usleep(100);
    }
    for (int k = 0; k < 500; k++) {
        for (int i = 0; i < 6; i++) {
            union sigval v = { .sival_int = i };
            while (pthread_sigqueue(t[i], SIGRTMIN + 1, v) == EAGAIN) {
                usleep(100);
            }
        }
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(t[i], NULL);
    }
    printf("storm to 6 threads, %s\n", stray ? "strays" : "all counted");
}

/* ---- jumps out of handlers ---- */

static sigjmp_buf back;

static void on_segv(int sig)
{
    siglongjmp(back, sig);
}

static void jumps(void)
{
    volatile int n = 0;
    char *bad = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    handle(SIGSEGV, on_segv, 0);
    while (n < 100000) {
        if (sigsetjmp(back, 1)) {
            n++;
        } else {
            *(volatile char *)(bad + n % 4096);
            wrong++;
        }
    }
    printf("jumps out of SIGSEGV %d\n", n);
}

__attribute__((noinline)) static long deep(volatile char *up)
{
    volatile char here[400];

    here[0] = up[0];
    return deep(here) + here[0];
}

static void overflow(void)
{
    static char alt[65536];
    stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
    volatile int n = 0;
    char c = 1;

    sigaltstack(&ss, NULL);
    handle(SIGSEGV, on_segv, SA_ONSTACK);
    while (n < 300) {
        if (sigsetjmp(back, 1)) {
            n++;
        } else {
            deep(&c);
        }
    }
    printf("stack overflow survived %d\n", n);
    handle(SIGSEGV, SIG_DFL, 0);
}

/* ---- cancellation ---- */

static atomic_int cleaned;

static void clean(void *p)
{
    (void)p;
    cleaned++;
}

static void *victim(void *arg)
{
    pthread_cleanup_push(clean, NULL);
    if (arg) {
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
        for (;;) {
        }
    }
    for (;;) {
        pause();
    }
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancel(void)
{
    int cancelled = 0;

    for (long i = 0; i < 50; i++) {
        pthread_t t[4];
        void *v;

        for (long k = 0; k < 4; k++) {
            pthread_create(&t[k], NULL, victim, (void *)(k & 1));
        }
        usleep(i % 5 * 200 + 1000);
        for (int k = 0; k < 4; k++) {
            pthread_cancel(t[k]);
        }
        for (int k = 0; k < 4; k++) {
            pthread_join(t[k], &v);
            cancelled += v == PTHREAD_CANCELED;
        }
    }
    printf("cancel %d cleaned %d\n", cancelled, cancelled == 200 ? 200 : cleaned);
}

/* ---- a fast timer: state is the same whatever instruction it stops ---- */

static double timer_work(void)
{
    double s = 0;

    for (int i = 1; i < 3000; i++) {
        s += sin(i) / sqrt(i) + (double)(down(i % 20) + (i * 2654435761u >> 16));
    }
    return s;
}

static void on_prof(int sig)
{
    static volatile double sink;

    (void)sig;
    sink += exp(sink / 1e9) / 3;
    hits++;
}

static void timer(void)
{
    struct itimerval on = { { 0, 100 }, { 0, 100 } }, off = { { 0, 0 }, { 0, 0 } };
    stop = 0;
    double want = timer_work();
    int same = 1;

    hits = 0;
    handle(SIGALRM, on_prof, SA_RESTART);
    setitimer(ITIMER_REAL, &on, NULL);
    for (int i = 0; i < 200 || (hits < 100 && i < 100000); i++) {
        same &= timer_work() == want;
    }
    setitimer(ITIMER_REAL, &off, NULL);
    printf("itimer with fp and calls %s\n", same && hits >= 100 ? "same" : "DIFFERENT");
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    handle(SIGUSR1, on_usr1, SA_RESTART);
    interrupt("branch", loop_branch);
    interrupt("indirect", loop_indirect);
    interrupt("calls", loop_calls);
    interrupt("fp", loop_fp);
    interrupt("atomics", loop_atomics);
    interrupt("pthread_self", loop_self);
    in_read("EINTR", 0);
    in_read("restarted", SA_RESTART);
    storm();
    jumps();
    overflow();
    cancel();
    timer();
    return 0;
}
