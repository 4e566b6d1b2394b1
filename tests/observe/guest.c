// SPDX-License-Identifier: MIT
/*
 * guest.c: what run.py has Mimus report about. The first argument names the part to play.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PLAIN __attribute__((noinline, noclone))

volatile uint64_t sink;
static sigjmp_buf back;
static volatile sig_atomic_t profs;

PLAIN void spin_here(unsigned long n)
{
    for (unsigned long i = 0; i < n; i++)
        sink += i ^ sink >> 3;
}

/* burn: ms of CPU time, whatever the machine. */
PLAIN void burn(unsigned ms)
{
    clock_t end = clock() + (clock_t)ms * (CLOCKS_PER_SEC / 1000);

    while (clock() < end)
        spin_here(200000);
}

PLAIN double divide(double a, double b)
{
    return a / b;
}

static void on_fault(int sig)
{
    siglongjmp(back, sig);
}

PLAIN void faults(unsigned n)
{
    int *volatile bad = (int *)16;

    signal(SIGSEGV, on_fault);
    for (volatile unsigned i = 0; i < n; i++) {
        if (!sigsetjmp(back, 1))
            *bad = 1;
    }
}

PLAIN void nans(unsigned n)
{
    static volatile double zero;

    for (unsigned i = 0; i < n; i++)
        sink += divide(zero, zero) != 0;
}

PLAIN uint64_t one(uint64_t a)
{
    return a + 1;
}

PLAIN uint64_t two(uint64_t a)
{
    return a + 2;
}

PLAIN void indirect(unsigned n)
{
    uint64_t (*volatile f[])(uint64_t) = { one, two };

    for (unsigned i = 0; i < n; i++)
        sink = f[i & 1](sink);
}

/* rewrite: code made, run, changed and run again, n times. mov w0, #i; ret */
PLAIN void rewrite(unsigned n)
{
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (unsigned i = 0; i < n; i++) {
        code[0] = 0x52800000u | i << 5;
        code[1] = 0xd65f03c0u;
        __builtin___clear_cache((char *)code, (char *)(code + 2));
        if (((unsigned (*)(void))code)() != i)
            abort();
    }
}

static int count(void)
{
    faults(5);
    nans(7);
    indirect(10000);
    rewrite(4);
    puts("counted");
    return 0;
}

/* family: a child by fork, one by vfork and exec, and this process itself. */
static int family(char **argv)
{
    pid_t pid = fork();

    if (!pid) {
        spin_here(1000);
        _exit(3);
    }
    int st;

    waitpid(pid, &st, 0);
    pid = vfork();
    if (!pid) {
        execl(argv[0], "second", "small", (char *)0);
        _exit(9);
    }
    waitpid(pid, &st, 0);
    pid = vfork();
    if (!pid)
        _exit(0);
    waitpid(pid, &st, 0);
    puts("family");
    return 0;
}

static void on_prof(int sig)
{
    (void)sig;
    profs++;
}

static void on_ill(int sig)
{
    (void)sig;
    write(1, "SIGILL was seen\n", 16);
    _exit(1);
}

/* long_poll: a call that works for a while in the kernel before it sleeps. */
static int long_poll(void)
{
    enum { MANY = 4000 };
    static struct pollfd p[MANY];
    static int pipes[2];

    if (!pipes[1]) {
        struct rlimit lim;

        getrlimit(RLIMIT_NOFILE, &lim);
        lim.rlim_cur = lim.rlim_max;
        setrlimit(RLIMIT_NOFILE, &lim);
        if (pipe(pipes))
            return 1;
        for (unsigned i = 0; i < MANY; i++)
            p[i] = (struct pollfd){ pipes[0], POLLIN, 0 };
    }
    return poll(p, MANY, 1);
}

/* unseen: all signals are the guest's, and no call is interrupted by one of ours. */
static int unseen(void)
{
    struct itimerval every = { { 0, 2000 }, { 0, 2000 } }, off = { { 0, 0 }, { 0, 0 } };
    unsigned broken = 0;

    signal(SIGILL, on_ill);
    for (unsigned i = 0; i < 400; i++)
        broken += long_poll() != 0;
    signal(SIGPROF, on_prof);
    setitimer(ITIMER_PROF, &every, NULL);
    burn(300);
    setitimer(ITIMER_PROF, &off, NULL);
    printf("interrupted %u, SIGPROF %s\n", broken, profs > 2 ? "comes" : "lost");
    return 0;
}

static void *work(void *arg)
{
    (void)arg;
    burn(200);
    return NULL;
}

static int threads(void)
{
    pthread_t t[2];

    for (unsigned i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, work, NULL);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    return 0;
}

/* end: by the signal that is asked for, after something was translated. */
static int end(int sig)
{
    spin_here(1000);
    kill(getpid(), sig);
    pause();
    return 1;
}

int main(int argc, char **argv)
{
    const char *part = argc > 1 ? argv[1] : "";

    if (!strcmp(part, "count"))
        return count();
    if (!strcmp(part, "family"))
        return family(argv);
    if (!strcmp(part, "unseen"))
        return unseen();
    if (!strcmp(part, "threads"))
        return threads();
    if (!strcmp(part, "burn"))
        burn(400);
    if (!strcmp(part, "small"))
        spin_here(1000);
    if (!strcmp(part, "quiet")) {
        close(1);
        close(2);
    }
    if (!strcmp(part, "replace")) {
        spin_here(1000);
        execl(argv[0], argv[0], "count", (char *)0);
    }
    if (!strcmp(part, "end"))
        return end(atoi(argv[2]));
    return 0;
}
