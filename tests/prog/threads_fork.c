// SPDX-License-Identifier: MIT
// fork, vfork and exec in a process whose other threads allocate, make threads and write code.
// timeout: 120
// builds: static interp dynamic
// expect: forks 60 good
// expect: vforks 120 good
// expect: spawned 60 good
// expect: exec from another thread: pid kept, 1 thread
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine_code.h"

enum { BUSY = 4, FORKERS = 3 };

extern char **environ;
static atomic_int stop, good;
static char *self_path;

typedef int (*Fn)(int);

/* add w0, w0, #imm; ret */
static int run_code(uint32_t *p, int imm)
{
    p[0] = code_add(imm);
    p[1] = CODE_RET;
    __builtin___clear_cache((char *)p, (char *)(p + 2));
    return ((Fn)p)(1000);
}

static uint32_t *code_page(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0);
}

static void *nothing(void *arg)
{
    return arg;
}

/* busy: each kind of work whose locks a fork must not find taken for ever. */
static void *busy(void *arg)
{
    long id = (long)arg;
    uint32_t *code = code_page();
    unsigned seed = (unsigned)id;

    for (int i = 0; !stop; i++) {
        void *p[20];
        pthread_t t;

        for (int k = 0; k < 20; k++) {
            p[k] = malloc((size_t)rand_r(&seed) % 5000 + 1);
            memset(p[k], k, 1);
        }
        for (int k = 0; k < 20; k++) {
            free(p[k]);
        }
        if (run_code(code, i & 1023) != 1000 + (i & 1023)) {
            puts("stale code");
        }
        if (id == 0 && !pthread_create(&t, NULL, nothing, NULL)) {
            pthread_join(t, NULL);
        }
        munmap(mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 65536);
    }
    munmap(code, 4096);
    return NULL;
}

/* In the child: allocate, run new code, make a thread. */
static int child_work(int n)
{
    uint32_t *code = code_page();
    pthread_t t;
    void *v = NULL;
    char *p = malloc(100000);

    memset(p, n, 100000);
    free(p);
    if (run_code(code, n) != 1000 + n) {
        return 1;
    }
    if (pthread_create(&t, NULL, nothing, &t) || pthread_join(t, &v) || v != &t) {
        return 2;
    }
    return 77;
}

static void *forker(void *arg)
{
    for (int i = 0; i < 60 / FORKERS; i++) {
        int st = 0;
        pid_t pid = fork();
        if (!pid) {
            _exit(child_work(i));
        }
        waitpid(pid, &st, 0);
        good += WIFEXITED(st) && WEXITSTATUS(st) == 77;
        if (st != 77 << 8) {
            printf("fork child ended with 0x%x\n", st);
        }
    }
    return arg;
}

static void *vforker(void *arg)
{
    volatile int local = 5;

    for (int i = 0; i < 120 / FORKERS; i++) {
        int st = 0;
        pid_t pid = vfork();
        if (!pid) {
            if (i % 2) {
                _exit(local + 4);
            }
            execl(self_path, self_path, "child", (char *)NULL);
            _exit(1);
        }
        waitpid(pid, &st, 0);
        good += WIFEXITED(st) && WEXITSTATUS(st) == 9;
    }
    return arg;
}

static void *spawner(void *arg)
{
    char *argv[] = { self_path, "child", NULL };

    for (int i = 0; i < 60 / FORKERS; i++) {
        int st = 0;
        pid_t pid;
        if (!posix_spawn(&pid, self_path, NULL, NULL, argv, environ)) {
            waitpid(pid, &st, 0);
            good += WIFEXITED(st) && WEXITSTATUS(st) == 9;
        }
    }
    return arg;
}

static void part(const char *name, void *(*fn)(void *))
{
    pthread_t t[FORKERS], b[BUSY];

    stop = good = 0;
    for (long i = 0; i < BUSY; i++) {
        pthread_create(&b[i], NULL, busy, (void *)i);
    }
    for (long i = 0; i < FORKERS; i++) {
        pthread_create(&t[i], NULL, fn, (void *)i);
    }
    for (int i = 0; i < FORKERS; i++) {
        pthread_join(t[i], NULL);
    }
    stop = 1;
    for (int i = 0; i < BUSY; i++) {
        pthread_join(b[i], NULL);
    }
    printf("%s %d good\n", name, good);
    fflush(stdout);
}

static void *exec_here(void *arg)
{
    char pid[20];

    sprintf(pid, "%d", getpid());
    usleep(5000);
    execl(self_path, self_path, "exec", pid, (char *)NULL);
    return arg;
}

static int count_threads(void)
{
    DIR *d = opendir("/proc/self/task");
    int n = 0;

    for (struct dirent *e; d && (e = readdir(d));) {
        n += e->d_name[0] != '.';
    }
    return n;
}

int main(int argc, char **argv)
{
    pthread_t t;

    self_path = argv[0];
    if (argc > 1 && !strcmp(argv[1], "child")) {
        return 9;
    }
    if (argc > 1) {
        printf("exec from another thread: pid %s, %d thread\n",
               atoi(argv[2]) == getpid() ? "kept" : "changed", count_threads());
        return 0;
    }
    part("forks", forker);
    part("vforks", vforker);
    part("spawned", spawner);
    for (long i = 0; i < BUSY; i++) {
        pthread_create(&t, NULL, busy, (void *)i);
    }
    pthread_create(&t, NULL, exec_here, NULL);
    for (;;) {
        pause();
    }
}
