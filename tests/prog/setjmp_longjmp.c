// SPDX-License-Identifier: MIT
// expect: value 3 locals 10 20
// expect: 1000 jumps over frames 1000
// expect: mask restored 1
// expect: coroutines 0 100 1 101 2 102 3 103 4 104
// expect: fp kept 1.5 2.25
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>

static jmp_buf env;
static sigjmp_buf sig_env;
static ucontext_t main_ctx, co_ctx[2];

static __attribute__((noinline)) void dive(int depth)
{
    volatile char pad[100];

    pad[depth % 100] = (char)depth;
    if (!depth) {
        longjmp(env, 3);
    }
    dive(depth - 1);
    pad[0]++;
}

static void handler(int sig)
{
    (void)sig;
    siglongjmp(sig_env, 1);
}

static void coroutine(int id)
{
    for (int i = 0; i < 5; i++) {
        printf(" %d", i + 100 * id);
        swapcontext(&co_ctx[id], &main_ctx);
    }
}

static void coroutines(void)
{
    static char stack[2][65536];

    printf("coroutines");
    for (int i = 0; i < 2; i++) {
        getcontext(&co_ctx[i]);
        co_ctx[i].uc_stack.ss_sp = stack[i];
        co_ctx[i].uc_stack.ss_size = sizeof(stack[i]);
        co_ctx[i].uc_link = &main_ctx;
        makecontext(&co_ctx[i], (void (*)(void))coroutine, 1, i);
    }
    for (int i = 0; i < 10; i++) {
        swapcontext(&main_ctx, &co_ctx[i & 1]);
    }
    puts("");
}

int main(void)
{
    volatile int a = 10, b = 20, jumps = 0;
    volatile double x = 1.5, y = 2.25;

    int v = setjmp(env);
    if (!v) {
        dive(50);
    }
    printf("value %d locals %d %d\n", v, a, b);

    for (volatile int i = 0; i < 1000; i++) {
        if (!setjmp(env)) {
            dive(i % 40);
        } else {
            jumps++;
        }
    }
    printf("1000 jumps over frames %d\n", jumps);

    signal(SIGUSR1, handler);
    if (!sigsetjmp(sig_env, 1)) {
        raise(SIGUSR1);
    }
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    printf("mask restored %d\n", !sigismember(&now, SIGUSR1));
    coroutines();
    printf("fp kept %g %g\n", x, y);
    return 0;
}
