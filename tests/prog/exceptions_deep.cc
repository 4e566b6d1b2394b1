// SPDX-License-Identifier: MIT
// Exceptions through signal frames, through deep recursion and in many threads; coroutines.
// timeout: 60
// cflags: -fnon-call-exceptions -fexceptions
// cflags-aarch64: -fasynchronous-unwind-tables
// expect: thrown through signal frames 2000
// expect: recursion 50000 returned 50000
// expect: thrown from depth 20000, unwound 20000, caught 1
// expect: mutual recursion 1000 times 1500 deep ok
// expect: jumps out of depth ok
// expect: threads threw 8000 caught 8000
// expect: coroutines 64 switches 64000 sum 2016000
// expect: coroutines moved between threads 4000
#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

struct Fault {
    void *at;
};

static void on_segv(int, siginfo_t *info, void *)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGSEGV);
    sigprocmask(SIG_UNBLOCK, &s, nullptr);
    throw Fault{ info->si_addr };
}

__attribute__((noinline)) static int peek(volatile int *p)
{
    return *p;
}

static void through_signals()
{
    struct sigaction a = {};
    int n = 0;

    a.sa_sigaction = on_segv;
    a.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &a, nullptr);
    for (long i = 0; i < 2000; i++) {
        try {
            peek((int *)(8 + i % 100 * 4));
        } catch (const Fault &f) {
            n += f.at == (void *)(8 + i % 100 * 4);
        }
    }
    printf("thrown through signal frames %d\n", n);
    signal(SIGSEGV, SIG_DFL);
}

static int unwound;

struct Count {
    ~Count()
    {
        unwound++;
    }
};

__attribute__((noinline)) static int recurse(int n)
{
    volatile int keep = n;
    return n ? recurse(n - 1) + (keep == n) : 0;
}

__attribute__((noinline)) static int throw_at(int n)
{
    Count c;
    if (!n) {
        throw std::runtime_error("bottom");
    }
    return throw_at(n - 1) + 1;
}

__attribute__((noinline)) static long odd(long n, long acc);
__attribute__((noinline)) static long even(long n, long acc)
{
    volatile long keep = acc;
    return n ? odd(n - 1, acc + 1) + keep - acc : acc;
}
static long odd(long n, long acc)
{
    volatile long keep = acc;
    return n ? even(n - 1, acc + 1) + keep - acc : acc;
}

static jmp_buf out;

__attribute__((noinline)) static int jump_at(int n)
{
    volatile int keep = n;
    if (!n) {
        longjmp(out, 1);
    }
    return jump_at(n - 1) + keep;
}

static void deep()
{
    volatile int jumps = 0, caught = 0;
    bool ok = true;

    printf("recursion 50000 returned %d\n", recurse(50000));
    try {
        throw_at(19999);
    } catch (const std::exception &) {
        caught = caught + 1;
    }
    printf("thrown from depth 20000, unwound %d, caught %d\n", unwound, caught);
    for (int i = 0; i < 1000; i++) {
        ok = ok && even(1500, 0) == 1500;
    }
    printf("mutual recursion 1000 times 1500 deep %s\n", ok ? "ok" : "WRONG");
    /* In between so that stale entries of any return predictor are met. */
    while (jumps < 2000) {
        if (setjmp(out)) {
            jumps = jumps + 1;
            ok = ok && recurse(40) == 40;
        } else {
            jump_at(jumps % 300);
        }
    }
    printf("jumps out of depth %s\n", ok ? "ok" : "WRONG");
}

static void in_threads()
{
    std::vector<std::thread> t;
    std::atomic<int> caught{ 0 };

    for (int i = 0; i < 8; i++) {
        t.emplace_back([&] {
            for (int k = 0; k < 1000; k++) {
                try {
                    auto p = std::make_unique<std::string>(100, 'x');
                    if (p->size() == 100) {
                        throw std::logic_error(*p);
                    }
                } catch (const std::logic_error &e) {
                    caught += strlen(e.what()) == 100;
                }
            }
        });
    }
    for (auto &x : t) {
        x.join();
    }
    printf("threads threw 8000 caught %d\n", caught.load());
}

/* ---- coroutines ---- */

enum { COROUTINES = 64, TURNS = 1000, STACK = 65536 };

struct Coroutine {
    ucontext_t self, back;
    long sum;
};

static thread_local Coroutine *current;

static void body()
{
    Coroutine *c = current;

    for (long i = 0; i < TURNS; i++) {
        c->sum += recurse((int)(c->sum % 7)) * 0 + 1;
        swapcontext(&c->self, &c->back);
    }
}

static void coroutine_make(Coroutine *c)
{
    getcontext(&c->self);
    c->self.uc_stack.ss_sp = malloc(STACK);
    c->self.uc_stack.ss_size = STACK;
    c->self.uc_link = &c->back;
    c->sum = 0;
    makecontext(&c->self, body, 0);
}

static void coroutine_step(Coroutine *c)
{
    current = c;
    swapcontext(&c->back, &c->self);
}

static void coroutines()
{
    static Coroutine c[COROUTINES];
    long switches = 0, sum = 0;

    for (auto &x : c) {
        coroutine_make(&x);
    }
    for (int k = 0; k < TURNS; k++) {
        for (auto &x : c) {
            coroutine_step(&x);
            switches++;
        }
    }
    for (int i = 0; i < COROUTINES; i++) {
        sum += c[i].sum * i;
    }
    printf("coroutines %d switches %ld sum %ld\n", COROUTINES, switches, sum);
}

static void moved()
{
    static Coroutine c[4];
    long sum = 0;

    for (auto &x : c) {
        coroutine_make(&x);
    }
    for (int round = 0; round < 20; round++) {
        std::vector<std::thread> t;
        for (int i = 0; i < 4; i++) {
            t.emplace_back([&, i] {
                for (int k = 0; k < TURNS / 20; k++) {
                    coroutine_step(&c[(i + round) % 4]);
                }
            });
        }
        for (auto &x : t) {
            x.join();
        }
    }
    for (auto &x : c) {
        sum += x.sum;
    }
    printf("coroutines moved between threads %ld\n", sum);
}

int main()
{
    through_signals();
    deep();
    in_threads();
    coroutines();
    moved();
    return 0;
}
