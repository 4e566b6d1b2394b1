// SPDX-License-Identifier: MIT
/*
 * thread.c: birth and death of threads and processes.
 *
 * What must hold:
 *   - A new thread's id is stored at the parent's and child's guest addresses before it runs
 *     guest code, and never after it ended: it waits until the parent has let it go.
 *   - At its end the guest's word (CLONE_CHILD_CLEARTID) is cleared and woken as the very last
 *     thing, when neither its Env nor its stacks at guest level are used any more.
 *   - Robust futexes: the host kernel holds the guest's list itself, which serves when a process
 *     is killed; a thread that exits walks its list first, as the kernel would, since its host
 *     thread lives a little longer.
 *   - The child of a vfork may be killed at any moment: it is made before clone(2) and taken apart
 *     after it by the parent, and takes locks by name only (named_lock.h), those of malloc too.
 */
#include "linux-user/thread.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "linux-user/heap.h"
#include "linux-user/host_stack.h"
#include "linux-user/observe.h"
#include "linux-user/options.h"
#include "linux-user/run.h"
#include "signal/signal.h"
#include "syscall/host_call.h"
#include "syscall/memory.h"
#include "syscall/rseq.h"
#include "translate/base/log.h"
#include "translate/base/named_lock.h"
#include "translate/translate.h"

#ifndef CLONE_CLEAR_SIGHAND
# define CLONE_CLEAR_SIGHAND 0x100000000ull
#endif
#ifndef CLONE_INTO_CGROUP
# define CLONE_INTO_CGROUP 0x200000000ull
#endif

/*
 * Of a host thread; in the child of a vfork it is the parent's, switched over. Volatile, since
 * clone() is declared a leaf: the compiler would take it that shared_child() does not run inside.
 */
static __thread Thread *volatile self;

static Thread main_thread;

/* All threads of this process, main included. */
static Thread *threads;
static pthread_mutex_t threads_lock = PTHREAD_MUTEX_INITIALIZER;
/* A host thread was made once: then other threads may hold locks of the C library. */
static bool had_threads;

Thread *thread_self(void)
{
    return self;
}

/* thread_by_tid: a holder of the lock may be stopped, so this waits for it no longer than a while. */
Thread *thread_by_tid(int tid)
{
    enum { TRIES = 1000 };
    bool locked = false;
    Thread *t;

    for (int i = 0; i < TRIES && !locked; i++) {
        locked = !pthread_mutex_trylock(&threads_lock);
        if (!locked)
            host_call(SYS_sched_yield);
    }
    for (t = threads; t && t->tid != tid; t = t->next)
        continue;
    if (locked)
        pthread_mutex_unlock(&threads_lock);
    return t;
}

/* ---- Thread ---- */

static void list_add(Thread *t)
{
    pthread_mutex_lock(&threads_lock);
    t->next = threads;
    threads = t;
    pthread_mutex_unlock(&threads_lock);
}

static void list_remove(Thread *t)
{
    pthread_mutex_lock(&threads_lock);
    for (Thread **p = &threads; *p; p = &(*p)->next) {
        if (*p == t) {
            *p = t->next;
            break;
        }
    }
    pthread_mutex_unlock(&threads_lock);
}

Thread *thread_main(const Guest *guest)
{
    Thread *t = &main_thread;

    t->guest = guest;
    t->abi = guest->linux_abi;
    t->tid = (pid_t)host_call(SYS_gettid);
    t->syscall_nr = -1;
    t->env = host_env_make(t, NULL);
    self = t;
    threads = t;
    if (!t->env || signal_init(t) < 0)
        die(126, "not enough memory to start");
    return t;
}

/* Floating point state that an Env shares with the host's registers, and modes: moved by its own thread. */
typedef struct {
    FpMode mode;
    uint32_t flags, qc;
    uint32_t other;             /* mode bits that are not of FpMode */
    bool lazy;
} FpState;

static FpState fp_save(Env *env)
{
    return (FpState){ env->rt.fp, env_fp_flags(env), env->rt.qc,
                      env->rt.mode & ~(uint32_t)MODE_SPECIAL, env->rt.fp_lazy };
}

static void fp_restore(Env *env, const FpState *fp)
{
    env_set_fp_mode(env, &fp->mode);
    env->rt.mode = (env->rt.mode & MODE_SPECIAL) | fp->other;
    env_set_fp_flags(env, fp->flags);
    env_lazy_flags(env, fp->lazy);
    env->rt.qc = fp->qc;
}

/* child_registers: of a new thread or process: as the parent's, but for what clone says. */
static void child_registers(Thread *t, const CloneArgs *a)
{
    t->abi->set_result(t->env, 0);
    if (a->stack)
        t->abi->set_sp(t->env, a->stack);
    if (a->flags & CLONE_SETTLS)
        t->abi->set_tls(t->env, a->tls);
    t->env->rt.excl_size = 0;
}

static void child_free(Thread *c)
{
    if (c->signals)
        signal_free(c);
    env_rest(c->env);
    free(c);
}

/*
 * child_make: a Thread with the Env of its stack, which starts as a copy of t's; its host handlers
 * run on that stack too or, if not, on the parent's.
 */
static Thread *child_make(Thread *t, const CloneArgs *a, HostStack *stack, bool own_handler_stack)
{
    Thread *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->guest = t->guest;
    c->abi = t->abi;
    c->syscall_nr = -1;
    c->altstack_flags = SS_DISABLE;
    /* Linux keeps the alternate stack unless memory is shared and the parent runs on. */
    if ((a->flags & (CLONE_VM | CLONE_VFORK)) != CLONE_VM) {
        c->altstack_sp = t->altstack_sp;
        c->altstack_size = t->altstack_size;
        c->altstack_flags = t->altstack_flags;
    }
    c->env = stack->env = host_env_make(c, stack->env);
    if (!c->env || signal_clone(c, t, a->flags & CLONE_SIGHAND,
                                own_handler_stack ? stack->base : NULL) < 0) {
        if (c->env)
            env_rest(c->env);
        free(c);
        return NULL;
    }
    memcpy(c->env->state, t->env->state, t->guest->state_bytes);
    child_registers(c, a);
    return c;
}

static void store_tid(Thread *t, uint64_t va, pid_t tid)
{
    int32_t word = tid;

    if (va)
        guest_copy_out(t, guest_addr(va), &word, sizeof(word));
}

void thread_set_tid_address(Thread *t, uint64_t va)
{
    t->clear_tid = va;
    /* A process's first thread leaves it to the kernel; see thread_finish() for others. */
    if (!t->handle)
        host_call(SYS_set_tid_address, va);
}

/* ---- the end ---- */

/* robust_one: one robust futex of a thread that ends; Linux kernel/futex, handle_futex_death. */
static void robust_one(Thread *t, uint64_t va, bool pi)
{
    uint32_t word;

    if (va & 3 || guest_copy_in(t, &word, guest_addr(va), 4) < 0)
        return;
    while ((word & FUTEX_TID_MASK) == (uint32_t)t->tid) {
        uint32_t dead = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;

        if (!atomic_compare_exchange_strong((_Atomic uint32_t *)va, &word, dead))
            continue;
        if (!pi && (word & FUTEX_WAITERS))
            host_call(SYS_futex, va, FUTEX_WAKE, 1, 0, 0, 0);
        break;
    }
}

/* robust_walk: struct robust_list_head {next, futex_offset, pending}; bit 0 marks PI futexes. */
static void robust_walk(Thread *t)
{
    enum { LIMIT = 2048 };
    struct {
        uint64_t next, offset, pending;
    } head;
    uint64_t at, next;

    if (!t->robust_list || guest_copy_in(t, &head, guest_addr(t->robust_list), sizeof(head)) < 0)
        return;
    at = head.next;
    for (unsigned i = 0; i < LIMIT && (at & ~1ull) != t->robust_list; i++) {
        int err = guest_copy_in(t, &next, guest_addr(at & ~1ull), 8);

        if ((at & ~1ull) != (head.pending & ~1ull))
            robust_one(t, (at & ~1ull) + head.offset, at & 1);
        if (err < 0)
            break;
        at = next;
    }
    if (head.pending & ~1ull)
        robust_one(t, (head.pending & ~1ull) + head.offset, head.pending & 1);
    host_call(SYS_set_robust_list, 0, 24);
}

void process_exit(int status)
{
    translate_end();
    observe_exit();
    host_call(SYS_exit_group, status);
    __builtin_unreachable();
}

/* only_thread: nobody else of this process is left. */
static bool only_thread(const Thread *t)
{
    pthread_mutex_lock(&threads_lock);
    bool only = threads == t && !t->next;

    pthread_mutex_unlock(&threads_lock);
    return only;
}

void thread_finish(Thread *t)
{
    uint64_t word = t->clear_tid;

    signal_block_all();
    if (!t->handle) {
        if (only_thread(t)) {
            translate_end();
            observe_exit();
        }
        list_remove(t);
        /* Not exit_group: other threads go on, and the kernel keeps this status for them. */
        for (;;)
            host_call(SYS_exit, t->exit_status);
    }
    observe_thread_end();
    rseq_thread_end(t);
    robust_walk(t);
    list_remove(t);
    self = NULL;
    env_rest(t->env);
    signal_free(t);
    host_stack_put(t->host_stack, true);
    if (word) {
        store_tid(t, word, 0);
        host_call(SYS_futex, word, FUTEX_WAKE, 1, 0, 0, 0);
    }
    free(t);
}

/* ---- standing still ---- */

static _Atomic uint32_t standing;
void (*thread_last_act)(Thread *t);

/* is_listed: one of the threads this process's memory belongs to. */
static bool is_listed(const Thread *t)
{
    bool found = false;

    pthread_mutex_lock(&threads_lock);
    for (const Thread *o = threads; o; o = o->next)
        found |= o == t;
    pthread_mutex_unlock(&threads_lock);
    return found;
}

unsigned threads_stop(Thread *t)
{
    const struct timespec step = { 0, 10000000 };
    unsigned told = 0, now;

    /* The child of a vfork has none, and its parent goes on. */
    if (!is_listed(t))
        return 0;
    standing = 0;
    signal_stopping = true;
    pthread_mutex_lock(&threads_lock);
    for (Thread *o = threads; o; o = o->next) {
        if (o != t)
            told += host_call(SYS_tgkill, getpid(), o->tid, SIGNAL_SAMPLE) == 0;
    }
    pthread_mutex_unlock(&threads_lock);
    for (unsigned i = 0; i < 100 && (now = standing) < told; i++)
        host_call(SYS_futex, &standing, FUTEX_WAIT_PRIVATE, now, &step, 0, 0);
    return standing;
}

void thread_stand(Thread *t)
{
    signal_block_all();
    if (t->signals->restart)
        t->abi->syscall_restart(t->env, t->syscall_arg0);
    if (thread_last_act)
        thread_last_act(t);
    atomic_fetch_add(&standing, 1);
    host_call(SYS_futex, &standing, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    for (;;)
        host_call(SYS_pause);
}

/* ---- CLONE_THREAD ---- */

typedef struct {
    Thread *child;
    uint64_t flags, child_tid;
    FpState fp;
    _Atomic uint32_t go;        /* GO_ */
} ThreadStart;

enum { GO_NOT_YET, GO_NOW, GO_WAITED_FOR };

static void wait_for_go(ThreadStart *s)
{
    for (unsigned i = 0; i < 100; i++) {
        if (atomic_load_explicit(&s->go, memory_order_acquire))
            return;
        cpu_relax();
    }
    uint32_t was = GO_NOT_YET;

    if (!atomic_compare_exchange_strong(&s->go, &was, GO_WAITED_FOR))
        return;
    while (atomic_load_explicit(&s->go, memory_order_acquire) != GO_NOW)
        host_call(SYS_futex, &s->go, FUTEX_WAIT_PRIVATE, GO_WAITED_FOR, 0, 0, 0);
}

static void *thread_start(void *arg)
{
    ThreadStart *s = arg;
    Thread *t = s->child;
    FpState fp;
    uint64_t flags = s->flags, child_tid = s->child_tid;

    wait_for_go(s);
    fp = s->fp;
    free(s);
    self = t;
    if (flags & CLONE_CHILD_SETTID)
        store_tid(t, child_tid, t->tid);
    /* A thread of the host always shares these at first. */
    if (~flags & (CLONE_FILES | CLONE_FS))
        host_call(SYS_unshare, ~flags & (CLONE_FILES | CLONE_FS));
    fp_restore(t->env, &fp);
    signal_thread_start(t);
    observe_thread_start();
    run_thread(t);
    thread_finish(t);
    return NULL;
}

/* tid_of: id of a thread just made: its CPU clock is numbered by it (~tid << 3 | flags). */
static pid_t tid_of(pthread_t p)
{
    clockid_t clock;

    return pthread_getcpuclockid(p, &clock) ? 0 : ~(clock >> 3);
}

/* tell_host_again: what the guest set for sig is the host's action. */
static void tell_host_again(Thread *t, int sig)
{
    GuestSigaction a;

    sigaction_get(t, sig, &a);
    sigaction_set(t, sig, &a, NULL);
}

/*
 * With its first thread the C library claims signal 33 (for setuid of all threads, which we
 * never ask of it): it goes back to the guest. Signal 32 needs our handler before that.
 */
static int host_thread_make(Thread *t, HostStack *stack, void *(*fn)(void *), void *arg)
{
    pthread_attr_t attr;
    bool first = !had_threads;
    int err;

    if (first)
        tell_host_again(t, SIG_LIBC_CANCEL);
    had_threads = true;
    pthread_attr_init(&attr);
    pthread_attr_setstack(&attr, host_stack_low(stack), HOST_STACK_BYTES);
    err = pthread_create(&stack->thread, &attr, fn, arg);
    pthread_attr_destroy(&attr);
    if (first)
        tell_host_again(t, SIG_LIBC_SETXID);
    return -err;
}

static long clone_thread(Thread *t, const CloneArgs *a)
{
    ThreadStart *s = calloc(1, sizeof(*s));
    HostStack *stack = host_stack_get();
    Thread *c = stack ? child_make(t, a, stack, true) : NULL;
    int err = -ENOMEM;
    pid_t tid;

    if (!s || !c || !stack)
        goto out_free;
    *s = (ThreadStart){ .child = c, .flags = a->flags, .child_tid = a->child_tid,
                        .fp = fp_save(t->env) };
    c->host_stack = stack;
    if (a->flags & CLONE_CHILD_CLEARTID)
        c->clear_tid = a->child_tid;
    err = host_thread_make(t, stack, thread_start, s);
    if (err < 0)
        goto out_free;
    tid = tid_of(stack->thread);
    c->tid = tid;
    c->handle = (uint64_t)stack->thread;
    list_add(c);
    if (a->flags & CLONE_PARENT_SETTID)
        store_tid(t, a->parent_tid, tid);
    /* Not waited for, *s may be gone already. */
    if (atomic_exchange(&s->go, GO_NOW) == GO_WAITED_FOR)
        host_call(SYS_futex, &s->go, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    return tid;

out_free:
    if (c)
        child_free(c);
    if (stack)
        host_stack_put(stack, false);
    free(s);
    return err;
}

/* ---- shared memory, other process: vfork and its kin ---- */

typedef struct {
    Thread *child, *parent;
    CloneArgs a;
    uint64_t host_flags;
    FpState fp;
    HostStack *stack;
    /* Of clone_shared: pid or -errno, 0 not known yet; and that it was read. */
    _Atomic int32_t result, seen;
} SharedStart;

/* What clone(2) is to do itself: ids are stored by the kernel, since memory is the same. */
static uint64_t host_clone_flags(const CloneArgs *a)
{
    return (a->flags & ~(CLONE_SETTLS | CLONE_CLEAR_SIGHAND | CLONE_DETACHED)) |
           (a->exit_signal & 0xff);
}

/* shared_result: tell who waits in clone_shared(). */
static void shared_result(SharedStart *s, int32_t result)
{
    atomic_store(&s->result, result);
    host_call(SYS_futex, &s->result, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

static int shared_child(void *arg)
{
    SharedStart *s = arg;
    Thread *t = s->child;

    self = t;
    t->tid = (pid_t)host_call(SYS_gettid);
    named_lock_as((uint32_t)t->tid);
    if (s->a.flags & CLONE_CLEAR_SIGHAND)
        signal_clear_handlers(t);
    fp_restore(t->env, &s->fp);
    if (!(s->a.flags & CLONE_VFORK))
        shared_result(s, t->tid);
    signal_thread_start(t);
    run_thread(t);
    /* The guest's exit(2): a process of one thread. */
    host_call(SYS_exit_group, t->exit_status);
    __builtin_unreachable();
}

/* shared_run: make the process and wait until it has exec'ed or ended; its id or -errno. */
static long shared_run(SharedStart *s)
{
    Thread *before = self;
    uint32_t name = named_lock_as(0);
    void *top = (uint8_t *)host_stack_low(s->stack) + HOST_STACK_BYTES;
    long pid = clone(shared_child, top, (int)(s->host_flags | CLONE_VFORK), s,
                     s->a.flags & CLONE_PIDFD ? s->a.pidfd : s->a.parent_tid, NULL,
                     s->a.child_tid);

    if (pid < 0)
        pid = -errno;
    self = before;
    named_lock_as(name);
    /* Its id as it saw it itself, which in a namespace of its own is another. */
    if (pid > 0 && s->child->tid) {
        heap_gone(s->child->tid);
        translate_gone(s->child->tid);
    }
    return pid;
}

static void shared_free(SharedStart *s)
{
    if (s->child)
        child_free(s->child);
    if (s->stack)
        host_stack_put(s->stack, false);
}

static int shared_init(SharedStart *s, Thread *t, const CloneArgs *a, bool own_handler_stack)
{
    *s = (SharedStart){ .parent = t, .a = *a, .host_flags = host_clone_flags(a),
                        .fp = fp_save(t->env) };
    s->stack = host_stack_get();
    if (s->stack)
        s->child = child_make(t, a, s->stack, own_handler_stack);
    if (s->child)
        return 0;
    shared_free(s);
    return -ENOMEM;
}

static long clone_vfork(Thread *t, const CloneArgs *a)
{
    SharedStart s;
    int err = shared_init(&s, t, a, false);

    if (err < 0)
        return err;
    long pid = shared_run(&s);

    if ((a->flags & CLONE_PIDFD) && (a->flags & CLONE_PARENT_SETTID) && pid > 0)
        store_tid(t, a->parent_tid, (pid_t)pid);
    shared_free(&s);
    return pid;
}

static void *shared_helper(void *arg)
{
    SharedStart *s = arg;
    HostStack *own = s->parent->host_stack;     /* of this thread; see clone_shared */
    long pid;

    signal_block_all();
    pid = shared_run(s);
    if (pid < 0)
        shared_result(s, (int32_t)pid);
    /* Errors are freed by who waits for them. */
    if (pid > 0) {
        while (!atomic_load(&s->seen))
            host_call(SYS_futex, &s->seen, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
        shared_free(s);
        free(s->parent);
        free(s);
    }
    host_stack_put(own, true);
    return NULL;
}

/* CLONE_VM alone: the helper is the parent for the host, so this thread can go on. */
static long clone_shared(Thread *t, const CloneArgs *a)
{
    SharedStart *s = calloc(1, sizeof(*s));
    Thread *stand_in = calloc(1, sizeof(*stand_in));
    HostStack *stack = host_stack_get();
    int err = -ENOMEM;

    if (s && stand_in && stack)
        err = shared_init(s, t, a, true);
    if (err < 0)
        goto out_free;
    stand_in->host_stack = stack;
    s->parent = stand_in;
    err = host_thread_make(t, stack, shared_helper, s);
    if (err < 0) {
        shared_free(s);
        goto out_free;
    }
    while (!(err = atomic_load(&s->result)))
        host_call(SYS_futex, &s->result, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
    if (err > 0) {
        atomic_store(&s->seen, 1);
        host_call(SYS_futex, &s->seen, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
        return err;
    }
    shared_free(s);
    free(s->parent);
    free(s);
    return err;

out_free:
    if (stack)
        host_stack_put(stack, false);
    free(stand_in);
    free(s);
    return err;
}

/* ---- fork ---- */

/* fork_by_libc: one that also puts the C library's locks in order. Other threads may hold them. */
static bool fork_by_libc(const CloneArgs *a)
{
    return had_threads && a->exit_signal == SIGCHLD &&
           !(a->flags & ~(uint64_t)(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID |
                                    CLONE_PARENT_SETTID | CLONE_SETTLS | CLONE_CLEAR_SIGHAND));
}

static long fork_plain(Thread *t, const CloneArgs *a)
{
    pid_t pid = fork();

    if (pid < 0)
        return -errno;
    if (pid > 0) {
        if (a->flags & CLONE_PARENT_SETTID)
            store_tid(t, a->parent_tid, pid);
        return pid;
    }
    if (a->flags & CLONE_CHILD_SETTID)
        store_tid(t, a->child_tid, (pid_t)host_call(SYS_gettid));
    host_call(SYS_set_tid_address, a->flags & CLONE_CHILD_CLEARTID ? a->child_tid : 0);
    return 0;
}

/* fork_clone3: for what clone(2) has no room for. */
static long fork_clone3(const CloneArgs *a)
{
    struct clone_args k = {
        .flags = a->flags & ~(CLONE_SETTLS | CLONE_CLEAR_SIGHAND),
        .pidfd = a->pidfd,
        .child_tid = a->child_tid,
        .parent_tid = a->parent_tid,
        .exit_signal = a->exit_signal,
        .set_tid = a->set_tid,
        .set_tid_size = a->set_tid_size,
        .cgroup = a->cgroup,
    };

    return host_call(SYS_clone3, &k, sizeof(k));
}

static long fork_clone(const CloneArgs *a)
{
    if (a->set_tid_size || (a->flags & CLONE_INTO_CGROUP) ||
        ((a->flags & CLONE_PIDFD) && (a->flags & CLONE_PARENT_SETTID) &&
         a->pidfd != a->parent_tid))
        return fork_clone3(a);
    return host_call(SYS_clone, host_clone_flags(a), 0,
                     a->flags & CLONE_PIDFD ? a->pidfd : a->parent_tid, a->child_tid, 0);
}

/* fork_child: this process is new; only the calling thread came along. */
static void fork_child(Thread *t, const CloneArgs *a)
{
    static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;

    translate_after_fork(t->env);
    /* Each page written now is copied: nothing to do, nothing to write. */
    if (had_threads) {
        translate_fork_child(t->env);
        threads_lock = unlocked;
    }
    for (Thread *o = threads; o; o = o->next) {
        if (o == t)
            continue;
        o->env->rt.interp_cache = NULL;     /* its thread may have been changing it: lost */
        host_env_drop(o->env);
    }
    if (threads != t)
        threads = t;
    t->next = NULL;
    host_stacks_fork_child(had_threads);
    t->handle = 0;
    t->tid = (pid_t)host_call(SYS_gettid);
    t->robust_list = t->robust_len = 0;
    t->clear_tid = a->flags & CLONE_CHILD_CLEARTID ? a->child_tid : 0;
    t->signals->held = 0;
    t->signals->actions->users = 1;
    t->signals->actions->lock = 0;
    if (a->flags & CLONE_CLEAR_SIGHAND)
        signal_clear_handlers(t);
    child_registers(t, a);
}

static long clone_fork(Thread *t, const CloneArgs *a)
{
    long pid;

    translate_before_fork(t->env);
    if (had_threads)
        translate_fork_prepare();
    observe_fork_prepare();
    if (had_threads)
        heap_fork_prepare();
    pid = fork_by_libc(a) ? fork_plain(t, a) : fork_clone(a);
    if (pid == 0) {
        if (had_threads)        /* as in fork_child(): else there is nothing to write */
            heap_fork_child();
        fork_child(t, a);
        observe_fork_child();
    } else {
        if (had_threads)
            heap_fork_parent();
        observe_fork_parent();
        if (had_threads)
            translate_fork_parent();
    }
    return pid;
}

/* ---- clone ---- */

/* The checks of the kernel's copy_process() on what we take apart. */
static bool flags_valid(uint64_t f)
{
    if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
        return false;
    if ((f & CLONE_SIGHAND) && (!(f & CLONE_VM) || (f & CLONE_CLEAR_SIGHAND)))
        return false;
    if ((f & CLONE_FS) && (f & (CLONE_NEWNS | CLONE_NEWUSER)))
        return false;
    return !(f & CLONE_THREAD) ||
           !(f & (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
                  CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_INTO_CGROUP));
}

long thread_clone(Thread *t, const CloneArgs *a)
{
    long result;

    if (!flags_valid(a->flags))
        return -EINVAL;
    signal_block_all();
    if (t->pending)
        return SYS_RESTART_NOINTR;
    if (a->flags & CLONE_THREAD)
        result = clone_thread(t, a);
    else if ((a->flags & (CLONE_VM | CLONE_VFORK)) == (CLONE_VM | CLONE_VFORK))
        result = clone_vfork(t, a);
    else if (a->flags & CLONE_VM)
        result = clone_shared(t, a);
    else
        result = clone_fork(t, a);
    LOG(syscall, "%d: clone flags 0x%llx: %ld", t->tid, (unsigned long long)a->flags, result);
    signal_unblock(t);
    return result;
}
