/* SPDX-License-Identifier: MIT */
/*
 * clone, clone3 and the ends of threads: shared memory without a thread, ids that are stored
 * and cleared, robust futexes, leaders that leave first, exec from a thread.
 */
// family: process
// expect: ok
// cflags: -pthread
#include "check.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

static _Alignas(16) char stack[65536];
static volatile int shared;
static volatile pid_t parent_word, child_word;

static int set_shared(void *value)
{
    shared = (int)(long)value;
    syscall(SYS_exit, 7);
    return 0;
}

static int status_of(pid_t pid)
{
    int status = -1;

    IS(waitpid(pid, &status, __WALL) == pid);
    return status;
}

static void memory_without_thread(void)
{
    pid_t pid = clone(set_shared, stack + sizeof stack, CLONE_VM | SIGCHLD, (void *)3);

    IS(pid > 0 && status_of(pid) == 7 << 8 && shared == 3);
    pid = clone(set_shared, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)4);
    IS(shared == 4);
    IS(pid > 0 && status_of(pid) == 7 << 8);
    /* Without CLONE_VM the child has its own copy. */
    pid = clone(set_shared, stack + sizeof stack, SIGCHLD, (void *)5);
    IS(pid > 0 && status_of(pid) == 7 << 8 && shared == 4);
}

static int keep_word(void *unused)
{
    (void)unused;
    return child_word == getpid() ? 0 : 1;
}

static void stored_ids(void)
{
    pid_t pid = clone(keep_word, stack + sizeof stack,
                      CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL, &parent_word, NULL,
                      &child_word);

    IS(pid > 0 && parent_word == pid && child_word == 0);
    IS(status_of(pid) == 0);
}

static void bad_flags(void)
{
    FAILS(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0), EINVAL);
    FAILS(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
    FAILS(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS, 0, 0, 0, 0), EINVAL);
    FAILS(syscall(SYS_clone3, NULL, 64), EFAULT);
    FAILS(syscall(SYS_clone3, stack, 16), EINVAL);
    FAILS(syscall(SYS_clone3, stack, 1 << 20), E2BIG);
}

static void clone3_fork(void)
{
    int pidfd = -1, parent = 0;
    struct clone_args args = { .flags = CLONE_PIDFD | CLONE_PARENT_SETTID,
                               .pidfd = (uintptr_t)&pidfd,
                               .parent_tid = (uintptr_t)&parent,
                               .exit_signal = SIGCHLD };
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);

    if (pid == 0) {
        _exit(9);
    }
    IS(pid > 0 && pidfd >= 0 && parent == pid);
    IS(status_of(pid) == 9 << 8);
    close(pidfd);
}

/* ---- ends of threads ---- */

static pthread_mutex_t robust, *robust_shared;

static void *lock_and_end(void *unused)
{
    pthread_mutex_lock(&robust);
    return unused;
}

static void lock_and_die(void)
{
    pthread_mutex_lock(robust_shared);
    kill(getpid(), SIGKILL);
}

static void robust_futexes(void)
{
    pthread_mutexattr_t attr;
    pthread_t t;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attr);
    IS(pthread_create(&t, NULL, lock_and_end, NULL) == 0 && pthread_join(t, NULL) == 0);
    IS(pthread_mutex_lock(&robust) == EOWNERDEAD);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    robust_shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_init(robust_shared, &attr);
    IS(child_status(lock_and_die) == SIGKILL);
    IS(pthread_mutex_lock(robust_shared) == EOWNERDEAD);
}

static void *leave_late(void *word)
{
    usleep(20000);
    *(volatile int *)word = 1;
    return NULL;
}

static void leader_leaves_first(void)
{
    static int word;
    pthread_t t;

    if (pthread_create(&t, NULL, leave_late, &word) == 0) {
        syscall(SYS_exit, 5);
    }
    _exit(1);
}

static void *exec_self(void *unused)
{
    execl("/proc/self/exe", "clone", "id", (char *)NULL);
    return unused;
}

static void thread_executes(void)
{
    pthread_t t;

    if (pthread_create(&t, NULL, exec_self, NULL) == 0) {
        pause();
    }
}

static void *end_process(void *unused)
{
    syscall(SYS_exit_group, 6);
    return unused;
}

static void thread_ends_process(void)
{
    pthread_t t;

    if (pthread_create(&t, NULL, end_process, NULL) == 0) {
        pause();
    }
}

static volatile int stop;

static void *allocate(void *unused)
{
    while (!stop) {
        free(malloc(100));
    }
    return unused;
}

static void allocate_in_child(void)
{
    char *p = malloc(3000);

    memset(p, 1, 3000);
    free(p);
}

static void fork_among_threads(void)
{
    pthread_t t[4];
    int bad = 0;

    for (int i = 0; i < 4; i++) {
        IS(pthread_create(&t[i], NULL, allocate, NULL) == 0);
    }
    for (int i = 0; i < 50; i++) {
        bad += child_status(allocate_in_child) != 0;
    }
    stop = 1;
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
    }
    IS(bad == 0);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        return getpid() == (pid_t)syscall(SYS_gettid) ? 11 : 1;
    }
    memory_without_thread();
    stored_ids();
    bad_flags();
    clone3_fork();
    robust_futexes();
    int status = child_status(leader_leaves_first);

    IS(status == 5 << 8 || status == 0);        /* before Linux 5.18, since */
    IS(child_status(thread_executes) == 11 << 8);
    IS(child_status(thread_ends_process) == 6 << 8);
    fork_among_threads();
    return done();
}
