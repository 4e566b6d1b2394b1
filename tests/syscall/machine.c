/* SPDX-License-Identifier: MIT */
/* uname, sysinfo, scheduling, identity, prctl, random numbers. */
// family: proc
// expect: ok
#include "check.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#if defined(__aarch64__)
#define MACHINE "aarch64"
#elif defined(__riscv)
#define MACHINE "riscv64"
#else
#define MACHINE "x86_64"
#endif

static void machine(void)
{
    struct utsname u;
    struct sysinfo si;

    IS(uname(&u) == 0 && strcmp(u.sysname, "Linux") == 0);
    IS(strcmp(u.machine, MACHINE) == 0);
    IS(sysinfo(&si) == 0 && si.totalram > 0 && si.procs > 0 && si.mem_unit >= 1);
    IS(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_PAGESIZE) == 4096);
}

static void scheduling(void)
{
    cpu_set_t set, one;
    unsigned cpu = 99999, node;
    struct sched_param p;
    struct timespec ts;

    CPU_ZERO(&set);
    IS(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) >= 1);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &set)) {
            CPU_SET(i, &one);
            break;
        }
    }
    IS(sched_setaffinity(0, sizeof one, &one) == 0 && getcpu(&cpu, &node) == 0 &&
       CPU_ISSET(cpu, &one));
    IS(sched_setaffinity(0, sizeof set, &set) == 0);
    CPU_ZERO(&one);
    FAILS(sched_setaffinity(0, sizeof one, &one), EINVAL);
    FAILS(syscall(SYS_sched_getaffinity, 0, 1, &set), EINVAL);
    IS(sched_yield() == 0 && sched_getscheduler(0) == SCHED_OTHER &&
       sched_getparam(0, &p) == 0);
    IS(sched_get_priority_max(SCHED_FIFO) == 99 && sched_rr_get_interval(0, &ts) == 0);
    IS(setpriority(PRIO_PROCESS, 0, 5) == 0 && getpriority(PRIO_PROCESS, 0) == 5);
}

static void identity(void)
{
    uid_t r, e, s;
    gid_t list[100];
    int n = getgroups(0, NULL);

    IS(getresuid(&r, &e, &s) == 0 && r == getuid() && e == geteuid());
    IS(n >= 0 && n <= 100 && getgroups(n, list) == n);
    IS(getpgid(0) == getpgrp() && getsid(0) >= 0 && getppid() > 0);
    IS(setresuid(-1, -1, -1) == 0);
}

static void process_options(void)
{
    char name[16];
    int v = -1;

    IS(prctl(PR_SET_NAME, "a-long-name-that-is-cut") == 0);
    IS(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "a-long-name-tha") == 0);
    IS(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0 && prctl(PR_GET_PDEATHSIG, &v) == 0 &&
       v == SIGUSR1);
    IS(prctl(PR_SET_PDEATHSIG, 0) == 0);
    IS(prctl(PR_GET_DUMPABLE) >= 0 && prctl(PR_SET_DUMPABLE, 0) == 0 &&
       prctl(PR_GET_DUMPABLE) == 0);
    IS(prctl(PR_SET_DUMPABLE, 1) == 0);
    IS(prctl(PR_SET_KEEPCAPS, 0) == 0 && prctl(PR_GET_KEEPCAPS) == 0);
    IS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0);
    IS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    IS(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    IS(prctl(PR_SET_TIMERSLACK, 50000) == 0 && prctl(PR_GET_TIMERSLACK) == 50000);
    FAILS(prctl(123456, 0, 0, 0, 0), EINVAL);
#ifndef __x86_64__
    FAILS(prctl(PR_GET_TSC, &v), EINVAL);
#endif
}

static void randomness(void)
{
    unsigned char a[64] = { 0 }, b[64] = { 0 };

    IS(getrandom(a, sizeof a, 0) == sizeof a &&
       getrandom(b, sizeof b, GRND_NONBLOCK) == sizeof b);
    IS(memcmp(a, b, sizeof a) != 0);
    FAILS(getrandom(a, 1, 0x100), EINVAL);
    IS(getentropy(a, 32) == 0);
}

int main(void)
{
    machine();
    scheduling();
    identity();
    process_options();
    randomness();
    return done();
}
