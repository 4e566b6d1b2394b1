/* SPDX-License-Identifier: MIT */
/*
 * launch: run a command and tell what it cost.
 *
 *   launch -o FILE [-r ROOT] [-d DIR] [-t SECONDS] [-n REPS] [-c CPU,...]
 *          -- PROGRAM [ARG...]
 *
 * The peak memory of a process starts with what its parent had at fork, and a fork takes
 * as long as the parent's page tables are large. So that neither gets into the figures,
 * the measured commands are started from this small static program and not from the
 * runner.
 *
 * PROGRAM is a path inside ROOT. It runs REPS times one after the other, each in a
 * process group of its own, input from /dev/null, output and errors to FILE, which keeps
 * those of the last run. A run that takes longer than SECONDS is killed; a failing one
 * is the last. What is left of the group when PROGRAM ends is killed and counted. One
 * line of JSON goes to standard output:
 *
 *   wall, user, sys   seconds, summed over the runs; user and sys of PROGRAM and of all
 *                     its descendants that were waited for
 *   rss               KiB, the peak of the largest process
 *   rc                exit status, or minus the signal's number
 *   timeout           1 when it was killed for its time
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    const char *out, *root, *dir;
    double seconds;
    int reps;
    cpu_set_t cpus;     /* empty: wherever the launcher may run */
    char **argv;
} Options;

typedef struct {
    double wall, user, sys;
    long rss;
    int rc;
} Cost;

static volatile sig_atomic_t running, timed_out;

static void on_alarm(int sig)
{
    (void)sig;
    timed_out = 1;
    if (running > 0)
        kill(-running, SIGKILL);
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static double seconds_of(struct timeval tv)
{
    return (double)tv.tv_sec + (double)tv.tv_usec * 1e-6;
}

static void set_timer(double seconds)
{
    time_t whole = (time_t)seconds;
    suseconds_t rest = (suseconds_t)((seconds - (double)whole) * 1e6);
    struct itimerval it = { .it_value = { whole, rest } };

    setitimer(ITIMER_REAL, &it, NULL);
}

static _Noreturn void child(const Options *o, int out)
{
    int null = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(127);
    if ((!o->root || chroot(o->root) == 0) && (!o->dir || chdir(o->dir) == 0) &&
        (!CPU_COUNT(&o->cpus) || sched_setaffinity(0, sizeof o->cpus, &o->cpus) == 0))
        execv(o->argv[0], o->argv);
    dprintf(2, "cannot run %s: %s\n", o->argv[0], strerror(errno));
    _exit(127);
}

static void add(Cost *c, const struct rusage *ru)
{
    c->user += seconds_of(ru->ru_utime);
    c->sys += seconds_of(ru->ru_stime);
    if (ru->ru_maxrss > c->rss)
        c->rss = ru->ru_maxrss;
}

/* One run; adds to *c and returns its exit status or minus its signal. */
static int run_once(const Options *o, int out, Cost *c)
{
    struct rusage ru;
    int status;
    double start;
    pid_t pid, got;

    if (ftruncate(out, 0) < 0 || lseek(out, 0, SEEK_SET) < 0)
        return 127;
    start = now();
    pid = fork();
    if (pid == 0)
        child(o, out);
    if (pid < 0)
        return 127;
    setpgid(pid, pid);    /* here too: the alarm may come before the child did it */
    running = pid;
    set_timer(o->seconds);
    while ((got = wait4(pid, &status, 0, &ru)) < 0 && errno == EINTR)
        ;
    c->wall += now() - start;
    set_timer(0);
    running = 0;
    if (got < 0)
        return 127;
    add(c, &ru);
    /* Orphans of the group come to us, being the subreaper. */
    kill(-pid, SIGKILL);
    for (int st; wait4(-pid, &st, 0, &ru) > 0;)
        add(c, &ru);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int usage(void)
{
    fputs("usage: launch -o FILE [-r ROOT] [-d DIR] [-t SECONDS] [-n REPS] [-c CPU,...] "
          "-- PROGRAM [ARG...]\n", stderr);
    return 2;
}

static void parse_cpus(char *list, cpu_set_t *set)
{
    for (char *p = strtok(list, ","); p; p = strtok(NULL, ","))
        CPU_SET(atoi(p), set);
}

static int parse(int argc, char **argv, Options *o)
{
    *o = (Options){ .seconds = 120, .reps = 1 };
    for (int c; (c = getopt(argc, argv, "+o:r:d:t:n:c:")) != -1;) {
        switch (c) {
        case 'o': o->out = optarg; break;
        case 'r': o->root = optarg; break;
        case 'd': o->dir = optarg; break;
        case 't': o->seconds = atof(optarg); break;
        case 'n': o->reps = atoi(optarg); break;
        case 'c': parse_cpus(optarg, &o->cpus); break;
        default: return -1;
        }
    }
    o->argv = argv + optind;
    return o->out && optind < argc ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct sigaction sa = { .sa_handler = on_alarm };
    struct rlimit none = { 0, 0 };
    Cost c = { 0 };
    Options o;
    int out;

    if (parse(argc, argv, &o) < 0)
        return usage();
    out = open(o.out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0) {
        fprintf(stderr, "launch: %s: %s\n", o.out, strerror(errno));
        return 2;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    setrlimit(RLIMIT_CORE, &none);
    sigaction(SIGALRM, &sa, NULL);
    for (int i = 0; i < o.reps && c.rc == 0; i++)
        c.rc = run_once(&o, out, &c);
    printf("{\"wall\": %.6f, \"user\": %.6f, \"sys\": %.6f, \"rss\": %ld, \"rc\": %d, "
           "\"timeout\": %d}\n", c.wall, c.user, c.sys, c.rss, c.rc, (int)timed_out);
    return 0;
}
