// SPDX-License-Identifier: MIT
// Code made at run time: rewritten in place, W^X by mprotect, mapped twice, unmapped and reused.
// builds: static interp dynamic
// expect: rewritten 1000 times ok
// expect: write-protected round ok
// expect: double mapping ok
// expect: remapped code ok
// expect: patched call target ok
// expect: after fork 11 22
// expect: thread sees new code ok
// expect: not executable: SIGSEGV
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine_code.h"

typedef int (*Fn)(int);

static sigjmp_buf back;

static void put_add(uint32_t *p, int imm)
{
    p[0] = code_add(imm);
    p[1] = CODE_RET;
}

static void flush(uint32_t *p, int words)
{
    __builtin___clear_cache((char *)p, (char *)(p + words));
}

static uint32_t *map(int prot)
{
    return mmap(NULL, 8192, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int rewrite(uint32_t *p)
{
    for (int i = 0; i < 1000; i++) {
        put_add(p + i % 7 * 2, i);
        flush(p + i % 7 * 2, 2);
        if (((Fn)(p + i % 7 * 2))(5) != 5 + i) {
            return 0;
        }
    }
    return 1;
}

static int write_protected(void)
{
    uint32_t *p = map(PROT_READ | PROT_WRITE);

    for (int i = 1; i < 100; i++) {
        mprotect(p, 8192, PROT_READ | PROT_WRITE);
        put_add(p, i);
        mprotect(p, 8192, PROT_READ | PROT_EXEC);
        flush(p, 2);
        if (((Fn)p)(1) != 1 + i) {
            return 0;
        }
    }
    munmap(p, 8192);
    return 1;
}

static int double_mapping(void)
{
    int fd = memfd_create("code", 0);
    if (ftruncate(fd, 4096)) {
        return 0;
    }
    uint32_t *w = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    uint32_t *x = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);

    for (int i = 1; i < 100; i++) {
        put_add(w, i);
        flush(w, 2);
        flush(x, 2);
        if (((Fn)x)(1) != 1 + i) {
            return 0;
        }
    }
    return 1;
}

static int remapped(void)
{
    uint32_t *p = NULL;

    for (int i = 1; i < 50; i++) {
        p = mmap(p, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                 MAP_PRIVATE | MAP_ANONYMOUS | (p ? MAP_FIXED : 0), -1, 0);
        put_add(p, i);
        flush(p, 2);
        if (((Fn)p)(1) != 1 + i) {
            return 0;
        }
        if (i % 3 == 0) {
            munmap(p, 4096);
        }
    }
    return 1;
}

/* A caller in a loop whose call is patched, as runtimes do it. */
static int patched(uint32_t *p)
{
    uint32_t *a = p + 64, *b = p + 128;

    put_add(a, 1);
    put_add(b, 2);
    p[0] = CODE_KEEP_RA;
    p[1] = code_call((int)(4 * (a - (p + 1))));
    p[2] = CODE_RESTORE_RA;
    p[3] = CODE_RET;
    flush(p, 256);
    for (int i = 0; i < 200; i++) {
        uint32_t *to = i & 1 ? b : a;
        p[1] = code_call((int)(4 * (to - (p + 1))));
        flush(p + 1, 1);
        if (((Fn)p)(10) != (i & 1 ? 12 : 11)) {
            return 0;
        }
    }
    return 1;
}

static void after_fork(uint32_t *p)
{
    put_add(p, 1);
    flush(p, 2);
    int before = ((Fn)p)(10);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        put_add(p, 12);
        flush(p, 2);
        _exit(((Fn)p)(10));
    }
    int st;
    waitpid(pid, &st, 0);
    printf("after fork %d %d\n", ((Fn)p)(10) == before ? before : -1, WEXITSTATUS(st));
}

static atomic_int stage;
static uint32_t *shared_code;

static void *caller(void *arg)
{
    int bad = 0;

    (void)arg;
    for (int i = 1; i <= 50; i++) {
        while (atomic_load(&stage) != i) {
        }
        code_sync();
        bad += ((Fn)shared_code)(0) != i;
        atomic_store(&stage, -i);
    }
    return (void *)(long)bad;
}

static int thread_sees(uint32_t *p)
{
    pthread_t t;
    void *bad;

    shared_code = p;
    pthread_create(&t, NULL, caller, NULL);
    for (int i = 1; i <= 50; i++) {
        put_add(p, i);
        flush(p, 2);
        atomic_store(&stage, i);
        while (atomic_load(&stage) != -i) {
        }
    }
    pthread_join(t, &bad);
    return bad == NULL;
}

static void on_segv(int sig)
{
    siglongjmp(back, sig);
}

int main(void)
{
    uint32_t *p = map(PROT_READ | PROT_WRITE | PROT_EXEC);

    printf("rewritten 1000 times %s\n", rewrite(p) ? "ok" : "stale");
    printf("write-protected round %s\n", write_protected() ? "ok" : "stale");
    printf("double mapping %s\n", double_mapping() ? "ok" : "stale");
    printf("remapped code %s\n", remapped() ? "ok" : "stale");
    printf("patched call target %s\n", patched(p) ? "ok" : "stale");
    after_fork(p);
    printf("thread sees new code %s\n", thread_sees(p) ? "ok" : "stale");
    signal(SIGSEGV, on_segv);
    mprotect(p, 8192, PROT_READ | PROT_WRITE);
    int sig = sigsetjmp(back, 1);
    if (!sig) {
        ((Fn)p)(1);
    }
    printf("not executable: %s\n", sig == SIGSEGV ? "SIGSEGV" : "ran");
    return 0;
}
