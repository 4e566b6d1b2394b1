/* SPDX-License-Identifier: MIT */
/*
 * The child of a vfork is killed at any moment, also in the middle of changing code it shares
 * with its parent; the parent goes on as if nothing was.
 */
// builds: native static dynamic interp
// cflags: -pthread
// fast: no
// timeout: 120
// expect: ok
#include "check.h"
#include "../prog/machine_code.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

enum { ROUNDS = 300, STACK = 65536 };

static volatile pid_t child;
static volatile int over;
static uint32_t *code;
static char stack[STACK] __attribute__((aligned(16)));

/* change_code: new instructions, run at once: "return n". */
static int change_code(uint32_t *at, int n)
{
#ifndef __x86_64__
    at[0] = code_set((unsigned)n);
    at[1] = CODE_RET;
#else
    uint8_t bytes[8] = { 0xb8, (uint8_t)n, (uint8_t)(n >> 8), 0, 0, 0xc3 };

    memcpy(at, bytes, sizeof bytes);
#endif
    __builtin___clear_cache((char *)at, (char *)(at + 2));
    return ((int (*)(void))at)();
}

static int run_child(void *arg)
{
    (void)arg;
    child = (pid_t)syscall(SYS_getpid);
    for (int i = 0;; i++) {
        change_code(code + 2 * (i % 512), i & 0xff);
    }
    return 0;
}

static void *killer(void *arg)
{
    unsigned seed = 1;

    while (!over) {
        pid_t pid = child;

        if (!pid) {
            sched_yield();
            continue;
        }
        for (volatile unsigned i = (seed = seed * 1103515245 + 12345) >> 16; i; i--) {
        }
        child = 0;
        kill(pid, SIGKILL);
    }
    return arg;
}

int main(void)
{
    pthread_t t;
    int status, bad = 0;

    code = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(pthread_create(&t, NULL, killer, NULL) == 0);
    for (int i = 0; i < ROUNDS; i++) {
        pid_t pid = clone(run_child, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);

        bad += pid < 0 || waitpid(pid, &status, 0) != pid || status != SIGKILL;
        for (int k = 0; k < 64; k++) {
            bad += change_code(code + 2 * k, (i + k) & 0xff) != ((i + k) & 0xff);
        }
    }
    over = 1;
    pthread_join(t, NULL);
    IS(bad == 0);
    return done();
}
