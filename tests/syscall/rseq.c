/* SPDX-License-Identifier: MIT */
/*
 * rseq(2): registration, the fields the kernel keeps, and sections that must be given up when their
 * thread is preempted, moved, interrupted or told to by membarrier(2). That a section does too much
 * or too little shows in sums: each is made by many threads on counters and lists of single CPUs,
 * which nothing else protects.
 */
// family: process
// expect: ok
// cflags: -pthread
// timeout: 120
#include "check.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/time.h>
#include <ucontext.h>

enum { THREADS = 6, CPUS = 256, OWN_SIG = 0x31415926 };

typedef struct rseq Area;
/* A descriptor as the kernel has it. */
typedef struct {
    uint32_t version, flags;
    uint64_t start, bytes, abort;
} __attribute__((aligned(32))) Section;

/* Where the C library registers none the test does. */
static __thread Area own_area __attribute__((aligned(32)));

static Area *area(void)
{
    return __rseq_size ? (Area *)((char *)__builtin_thread_pointer() + __rseq_offset) : &own_area;
}

/* What the C library of this machine registered. */
static uint32_t area_bytes(void)
{
    return __rseq_size ? (__rseq_size + 31) & ~31u : 32;
}

/* Each machine's instructions; R and Q are two registers, m an operand in memory. */
// clang-format off
#if defined(__x86_64__)
# define R                "%%rax"
# define Q                "%%rcx"
# define CLOBBERS         "rax", "rcx", "memory", "cc"
# define LOAD(r, m)       "movq " m ", " r "\n"
# define STORE(r, m)      "movq " r ", " m "\n"
# define BEHIND(r, n)     n "(" r ")"
# define ADDRESS(r, l)    "leaq " l "(%%rip), " r "\n"
# define NUMBER(r, n)     "movq $" n ", " r "\n"
# define ADD(r, s)        "addq " s ", " r "\n"
# define LESS(r, s)       "subq " s ", " r "\n"
# define IF_ZERO(r, l)    "testq " r ", " r "\njz " l "\n"
# define SPIN             "movq %[spin], %%rax\n7: subq $1, %%rax\njns 7b\n"
# define ON_CPU           "cmpl %k[cpu], %[id]\njne %l[elsewhere]\n"
# define PC(uc)           ((uint64_t)(uc)->uc_mcontext.gregs[REG_RIP])
# define LIBC_SIG         0x53053053
# define SIG_TEXT         "0x53053053"
#elif defined(__aarch64__)
# define R                "x15"
# define Q                "x14"
# define CLOBBERS         R, Q, "memory", "cc"
# define LOAD(r, m)       "ldr " r ", " m "\n"
# define STORE(r, m)      "str " r ", " m "\n"
# define BEHIND(r, n)     "[" r ", #" n "]"
# define ADDRESS(r, l)    "adrp " r ", " l "\nadd " r ", " r ", :lo12:" l "\n"
# define NUMBER(r, n)     "mov " r ", #" n "\n"
# define ADD(r, s)        "add " r ", " r ", " s "\n"
# define LESS(r, s)       "sub " r ", " r ", " s "\n"
# define IF_ZERO(r, l)    "cbz " r ", " l "\n"
# define SPIN             "mov x15, %[spin]\n7: subs x15, x15, #1\nb.pl 7b\n"
# define ON_CPU           "ldr w15, %[id]\ncmp w15, %w[cpu]\nb.ne %l[elsewhere]\n"
# define PC(uc)           ((uint64_t)(uc)->uc_mcontext.pc)
# define LIBC_SIG         0xd428bc00
# define SIG_TEXT         "0xd428bc00"
#elif defined(__riscv)
# define R                "t0"
# define Q                "t1"
# define CLOBBERS         R, Q, "memory"
# define LOAD(r, m)       "ld " r ", " m "\n"
# define STORE(r, m)      "sd " r ", " m "\n"
# define BEHIND(r, n)     n "(" r ")"
# define ADDRESS(r, l)    "lla " r ", " l "\n"
# define NUMBER(r, n)     "li " r ", " n "\n"
# define ADD(r, s)        "add " r ", " r ", " s "\n"
# define LESS(r, s)       "sub " r ", " r ", " s "\n"
# define IF_ZERO(r, l)    "beqz " r ", " l "\n"
# define SPIN             "mv t0, %[spin]\n7: addi t0, t0, -1\nbgez t0, 7b\n"
# define ON_CPU           "lw t0, %[id]\nbne t0, %[cpu], %l[elsewhere]\n"
# define PC(uc)           ((uint64_t)(uc)->uc_mcontext.__gregs[0])
# define LIBC_SIG         0xf1401073
# define SIG_TEXT         "0xf1401073"
#endif
// clang-format on

/* The section is from 1: to 2:, what is done when it is given up at 4:, the descriptor at 3:. */
#define DESCRIPTOR                                                                       \
 ".pushsection __rseq_cs, \"aw\"\n.balign 32\n3: .long 0, 0\n.quad 1f, 2f - 1f, 4f\n"    \
 ".popsection\n"
#define BEGIN    ADDRESS(R, "3b") STORE(R, "%[field]") "1:\n"
#define BEGIN_AT STORE("%[at]", "%[field]") "1:\n"
#define END      END_BY(SIG_TEXT)
#define END_BY(sig)                                                                      \
 "2:\n.pushsection .text.aborts, \"ax\"\n.balign 4\n.long " sig "\n4: " JUMP_BACK        \
 ".popsection\n"
#ifdef __x86_64__
# define JUMP_BACK "jmp %l[aborted]\n"
#elif defined(__aarch64__)
# define JUMP_BACK "b %l[aborted]\n"
#else
# define JUMP_BACK "tail %l[aborted]\n"
#endif

enum { DONE, ABORTED, ELSEWHERE };

/* add_here: *v += count if the thread is on cpu all along; spin: turns of a loop before and after. */
static inline int add_here(long *v, long count, int cpu, long spin)
{
    Area *r = area();

    __asm__ goto(DESCRIPTOR BEGIN ON_CPU SPIN LOAD(Q, "%[v]") ADD(Q, "%[count]") SPIN STORE(Q, "%[v]")
                     END
                 :
                 : [field] "m"(r->rseq_cs), [id] "m"(r->cpu_id), [cpu] "r"(cpu), [v] "m"(*v),
                   [count] "r"(count), [spin] "r"(spin)
                 : CLOBBERS
                 : aborted, elsewhere);
    return DONE;
aborted:
    return ABORTED;
elsewhere:
    return ELSEWHERE;
}

/* The same by a descriptor on the stack, which no constant names. */
static __attribute__((noinline)) int add_by(Section *s, long *v, long count, int cpu, long spin)
{
    Area *r = area();

    __asm__ goto(
        ADDRESS(R, "1f") STORE(R, BEHIND("%[at]", "8")) ADDRESS(Q, "1f") ADDRESS(R, "2f")
        LESS(R, Q) STORE(R, BEHIND("%[at]", "16")) ADDRESS(R, "4f") STORE(R, BEHIND("%[at]", "24"))
        BEGIN_AT ON_CPU SPIN LOAD(R, "%[v]") ADD(R, "%[count]") STORE(R, "%[v]") END
        :
        : [field] "m"(r->rseq_cs), [id] "m"(r->cpu_id), [cpu] "r"(cpu), [v] "m"(*v),
          [count] "r"(count), [spin] "r"(spin), [at] "r"(s)
        : CLOBBERS
        : aborted, elsewhere);
    return DONE;
aborted:
    return ABORTED;
elsewhere:
    return ELSEWHERE;
}

typedef struct Node {
    struct Node *next;
    long value;
} Node;

/* pop_here: take the first node of a CPU's list: it loads from what another may take away. */
static inline int pop_here(Node **head, Node **out, int cpu)
{
    Area *r = area();

    __asm__ goto(DESCRIPTOR BEGIN ON_CPU LOAD(Q, "%[head]") IF_ZERO(Q, "%l[elsewhere]")
                 STORE(Q, "%[out]") LOAD(R, BEHIND(Q, "0")) STORE(R, "%[head]") END
                 :
                 : [field] "m"(r->rseq_cs), [id] "m"(r->cpu_id), [cpu] "r"(cpu),
                   [head] "m"(*head), [out] "m"(*out)
                 : CLOBBERS
                 : aborted, elsewhere);
    return DONE;
aborted:
    return ABORTED;
elsewhere:
    return ELSEWHERE;
}

static inline int push_here(Node **head, Node *n, int cpu, long spin)
{
    Area *r = area();

    __asm__ goto(DESCRIPTOR BEGIN ON_CPU LOAD(Q, "%[head]") STORE(Q, BEHIND("%[n]", "0")) SPIN
                 STORE("%[n]", "%[head]") END
                 :
                 : [field] "m"(r->rseq_cs), [id] "m"(r->cpu_id), [cpu] "r"(cpu),
                   [head] "m"(*head), [n] "r"(n), [spin] "r"(spin)
                 : CLOBBERS
                 : aborted, elsewhere);
    return DONE;
aborted:
    return ABORTED;
elsewhere:
    return ELSEWHERE;
}

/* wait_in: stay in a section until *flag, which is said to be set when tries are up; how often aborted. */
static __attribute__((noinline)) int wait_in(volatile long *flag, long *tries, uint64_t *abort_at)
{
    Area *r = area();

    __asm__ goto(
        DESCRIPTOR ADDRESS(R, "4f") STORE(R, "%[where]") LOAD(R, "%[tries]") NUMBER(Q, "1")
        ADD(R, Q) STORE(R, "%[tries]") BEGIN
        "8:\n" LOAD(R, "%[flag]") IF_ZERO(R, "8b") NUMBER(R, "2") STORE(R, "%[flag]") END
        :
        : [field] "m"(r->rseq_cs), [flag] "m"(*flag), [tries] "m"(*tries), [where] "m"(*abort_at)
        : CLOBBERS
        : aborted);
    return DONE;
aborted:
    return ABORTED;
}

/* fault_in: loads from where nothing is. */
static __attribute__((noinline)) int fault_in(uint64_t *abort_at)
{
    Area *r = area();

    __asm__ goto(DESCRIPTOR ADDRESS(R, "4f") STORE(R, "%[where]") BEGIN
                 NUMBER(R, "64") LOAD(R, BEHIND(R, "0")) END
                 :
                 : [field] "m"(r->rseq_cs), [where] "m"(*abort_at)
                 : CLOBBERS
                 : aborted);
    return DONE;
aborted:
    return ABORTED;
}

/* bad_signature: not what was registered stands before the abort address. */
static __attribute__((noinline)) int bad_signature(long *v, long count, int cpu, long spin)
{
    Area *r = area();

    __asm__ goto(DESCRIPTOR BEGIN ON_CPU SPIN LOAD(Q, "%[v]") ADD(Q, "%[count]") STORE(Q, "%[v]")
                     END_BY("0x11111111")
                 :
                 : [field] "m"(r->rseq_cs), [id] "m"(r->cpu_id), [cpu] "r"(cpu), [v] "m"(*v),
                   [count] "r"(count), [spin] "r"(spin)
                 : CLOBBERS
                 : aborted, elsewhere);
    return DONE;
aborted:
    return ABORTED;
elsewhere:
    return ELSEWHERE;
}

/* ---- registration ---- */

static long rseq(void *a, uint32_t len, int flags, uint32_t sig)
{
    return syscall(SYS_rseq, a, len, flags, sig);
}

/* begin_thread: now it has an area, by whomever. */
static void begin_thread(void)
{
    if (!__rseq_size && rseq(area(), area_bytes(), 0, LIBC_SIG)) {
        perror("rseq");
        exit(1);
    }
}

static Area mine __attribute__((aligned(32)));

static void rules(void)
{
    Area *r = area();
    uint32_t n = area_bytes();

    IS(getauxval(27) >= 20 && getauxval(28) >= 4);
    FAILS(rseq(r, n, 0, LIBC_SIG), EBUSY);
    FAILS(rseq(r, n, 0, LIBC_SIG + 1), EPERM);
    FAILS(rseq(&mine, n, 0, LIBC_SIG), EINVAL);
    FAILS(rseq(r, n + 32, 0, LIBC_SIG), EINVAL);
    FAILS(rseq(r, n, 2, LIBC_SIG), EINVAL);
    FAILS(rseq(r, n, 1, LIBC_SIG + 1), EPERM);
    FAILS(rseq(r, n, 3, LIBC_SIG), EINVAL);
    FAILS(rseq(&mine, n, 1, LIBC_SIG), EINVAL);
    FAILS(rseq(r, n + 32, 1, LIBC_SIG), EINVAL);
    IS(rseq(r, n, 1, LIBC_SIG) == 0);
    IS(r->cpu_id == (uint32_t)-1 && r->cpu_id_start == 0);
    FAILS(rseq(r, n, 1, LIBC_SIG), EINVAL);
    FAILS(rseq(&mine, 31, 0, OWN_SIG), EINVAL);
    FAILS(rseq((char *)&mine + 8, 32, 0, OWN_SIG), EINVAL);
    FAILS(rseq((void *)-4096, 32, 0, OWN_SIG), EFAULT);
    IS(sched_getcpu() >= 0);
    mine.rseq_cs = 4711;
    IS(rseq(&mine, 32, 0, OWN_SIG) == 0);
    IS(mine.rseq_cs == 0 && mine.cpu_id < CPUS && mine.cpu_id == mine.cpu_id_start);
    FAILS(rseq(&mine, 32, 0, OWN_SIG), EBUSY);
    IS(rseq(&mine, 32, 1, OWN_SIG) == 0 && mine.cpu_id == (uint32_t)-1);
    IS(rseq(r, n, 0, LIBC_SIG) == 0 && r->cpu_id < CPUS);
}

static void *thread_rules(void *arg)
{
    begin_thread();
    FAILS(rseq(area(), area_bytes(), 0, LIBC_SIG), EBUSY);
    IS(area()->cpu_id < CPUS);
    return arg;
}

static void fork_keeps(void)
{
    FAILS(rseq(area(), area_bytes(), 0, LIBC_SIG), EBUSY);
    IS(area()->cpu_id < CPUS && (int)area()->cpu_id == sched_getcpu());
}

/* A process that shares memory starts without; it may not touch what its parent uses. */
static int vfork_child(void *arg)
{
    long *result = arg;

    result[0] = rseq(&mine, 32, 0, OWN_SIG);
    result[1] = mine.cpu_id;
    result[2] = rseq(&mine, 32, 1, OWN_SIG);
    syscall(SYS_exit_group, 0);
    return 0;
}

static void inheritance(char **argv)
{
    static char stack[65536] __attribute__((aligned(16)));
    long result[3] = { -1, -1, -1 };
    pthread_t p;
    int status = -1;
    pid_t pid;

    IS(pthread_create(&p, NULL, thread_rules, NULL) == 0 && pthread_join(p, NULL) == 0);
    ENDS("a child has its parent's", fork_keeps, 0);
    pid = clone(vfork_child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, result);
    IS(waitpid(pid, &status, 0) == pid && status == 0);
    IS(result[0] == 0 && result[1] >= 0 && result[1] < CPUS && result[2] == 0);
    FAILS(rseq(area(), area_bytes(), 0, LIBC_SIG), EBUSY);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
        execl("/proc/self/exe", argv[0], "executed", NULL);
        _exit(9);
    }
    IS(waitpid(pid, &status, 0) == pid && status == 0);
}

static int executed(void)
{
    return rseq(&mine, 32, 0, OWN_SIG) == 0 && mine.cpu_id < CPUS ? 0 : 1;
}

/* ---- what the kernel keeps ---- */

static int cpus(int *list)
{
    cpu_set_t set;
    int n = 0;

    sched_getaffinity(0, sizeof set, &set);
    for (int i = 0; i < CPUS; i++) {
        if (CPU_ISSET(i, &set)) {
            list[n++] = i;
        }
    }
    return n;
}

static void go_to(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void on_each_cpu(void)
{
    int list[CPUS], n = cpus(list), right = 0;
    cpu_set_t all;

    sched_getaffinity(0, sizeof all, &all);
    for (int i = 0; i < 200; i++) {
        int cpu = list[i % n];

        go_to(cpu);
        right += (int)area()->cpu_id == cpu && (int)area()->cpu_id_start == cpu &&
                 sched_getcpu() == cpu;
    }
    sched_setaffinity(0, sizeof all, &all);
    IS(right == 200);
}

/* ---- sums ---- */

static struct {
    long count;
    char apart[56];
} counter[CPUS];
static Node *lists[CPUS];
static volatile int storm;
static _Atomic long aborts;

typedef int Add(long *v, long count, int cpu, long spin);

static int add_stack(long *v, long count, int cpu, long spin)
{
    Section s = { 0 };
    int how = add_by(&s, v, count, cpu, spin);

    /* The kernel may look at it at any time until then. */
    __atomic_store_n((uint64_t *)((char *)area() + offsetof(Area, rseq_cs)), 0, __ATOMIC_RELAXED);
    return how;
}

static int add_constant(long *v, long count, int cpu, long spin)
{
    return add_here(v, count, cpu, spin);
}

typedef struct {
    Add *add;
    long times, spin;
    int how;                /* 1: sched_yield, 2: wander over CPUs */
} Work;

static void *add_much(void *arg)
{
    const Work *w = arg;
    int list[CPUS], n = cpus(list);

    begin_thread();
    for (long i = 0; i < w->times; i++) {
        int how;

        do {
            int cpu = (int)area()->cpu_id_start;

            how = w->add(&counter[cpu].count, 1, cpu, w->spin);
            aborts += how == ABORTED;
        } while (how != DONE);
        if ((w->how & 1) && i % 16 == 0) {
            sched_yield();
        }
        if ((w->how & 2) && i % 64 == 0) {
            go_to(list[i / 64 % n]);
        }
    }
    return NULL;
}

static long sum_of(Work w)
{
    pthread_t p[THREADS];
    long sum = 0;

    memset(counter, 0, sizeof counter);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&p[i], NULL, add_much, &w);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(p[i], NULL);
    }
    for (int i = 0; i < CPUS; i++) {
        sum += counter[i].count;
    }
    return sum - w.times * THREADS;
}

static void on_alarm(int sig)
{
    (void)sig;
    storm++;
}

static void timer_every(int us)
{
    struct itimerval it = { { 0, us }, { 0, us } };

    setitimer(ITIMER_REAL, &it, NULL);
}

static void sums(void)
{
    IS(sum_of((Work){ add_constant, 20000, 0, 0 }) == 0);
    IS(sum_of((Work){ add_constant, 20000, 20, 1 }) == 0);
    IS(sum_of((Work){ add_constant, 4000, 20, 3 }) == 0);
    IS(sum_of((Work){ add_constant, 400, 20000, 0 }) == 0);
    IS(sum_of((Work){ add_stack, 20000, 0, 1 }) == 0);
    IS(sum_of((Work){ add_stack, 4000, 200, 3 }) == 0);
    signal(SIGALRM, on_alarm);
    timer_every(300);
    IS(sum_of((Work){ add_constant, 20000, 20, 1 }) == 0);
    IS(sum_of((Work){ add_stack, 10000, 20, 3 }) == 0);
    timer_every(0);
    IS(storm > 10);
    /* Sections this long are preempted now and then on any machine. */
    aborts = 0;
    for (int i = 0; i < 40 && !aborts; i++) {
        IS(sum_of((Work){ add_constant, 100, 30000, 2 }) == 0);
    }
    IS(aborts > 0);
}

static void *list_work(void *arg)
{
    long *taken = arg;

    begin_thread();
    for (int i = 0; i < 4000; i++) {
        Node *n = NULL;
        int how, cpu;

        do {
            cpu = (int)area()->cpu_id_start;
            how = pop_here(&lists[cpu], &n, cpu);
        } while (how == ABORTED);
        if (how == DONE) {
            ++*taken;
            n->value++;
            if (i % 8 == 0) {
                sched_yield();
            }
            do {
                cpu = (int)area()->cpu_id_start;
                how = push_here(&lists[cpu], n, cpu, i % 32 ? 0 : 2000);
            } while (how != DONE);
        } else {
            sched_yield();
        }
    }
    return NULL;
}

/* Nodes wander from list to list: none is lost or twice there, and their values are all that was done. */
static void wandering(void)
{
    static Node node[64];
    long taken[THREADS] = { 0 }, seen = 0, values = 0, all = 0;
    pthread_t p[THREADS];
    int cpu = sched_getcpu();

    for (int i = 0; i < 64; i++) {
        node[i].next = lists[cpu];
        lists[cpu] = &node[i];
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&p[i], NULL, list_work, &taken[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(p[i], NULL);
        all += taken[i];
    }
    for (int i = 0; i < CPUS; i++) {
        for (Node *n = lists[i]; n && seen < 1000; n = n->next) {
            seen++;
            values += n->value;
        }
    }
    IS(seen == 64);
    IS(values == all && all > 0);
}

/* ---- what ends a section ---- */

static volatile long flag;
static long tries;
static uint64_t abort_at;
static volatile uint64_t handler_pc, handler_field;

static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info;
    handler_pc = PC((ucontext_t *)context);
    handler_field = area()->rseq_cs;
    flag = 1;
}

static void by_signal(void)
{
    struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
    struct itimerval once = { { 0, 0 }, { 0, 20000 } };
    int how;

    sigaction(SIGALRM, &sa, NULL);
    flag = 0;
    setitimer(ITIMER_REAL, &once, NULL);
    do {
        how = wait_in(&flag, &tries, &abort_at);
    } while (how == ABORTED && !flag);
    IS(how == ABORTED && flag == 1);
    IS(handler_pc == abort_at && handler_field == 0);

    sigaction(SIGSEGV, &sa, NULL);
    flag = 0;
    handler_pc = 0;
    do {
        how = fault_in(&abort_at);
    } while (how == ABORTED && !flag);
    IS(how == ABORTED && flag == 1 && handler_pc == abort_at && handler_field == 0);
    signal(SIGSEGV, SIG_DFL);
}

static volatile int waiter_done;

static void *waiter(void *arg)
{
    int how;

    begin_thread();
    do {
        how = wait_in(&flag, &tries, &abort_at);
    } while (how == ABORTED);
    waiter_done = 1;
    return arg;
}

/* Each membarrier(2) makes a section that waits begin again. */
static void by_membarrier(void)
{
    enum { RSEQ = 128, REGISTER_RSEQ = 256 };
    pthread_t p;
    int again = 0;

    if (!(syscall(SYS_membarrier, 0, 0, 0) & RSEQ)) {
        SAME("membarrier", -1);
        return;
    }
    flag = tries = 0;
    FAILS(syscall(SYS_membarrier, RSEQ, 0, 0), EPERM);
    IS(syscall(SYS_membarrier, REGISTER_RSEQ, 0, 0) == 0);
    pthread_create(&p, NULL, waiter, NULL);
    while (!*(volatile long *)&tries) {
        usleep(100);
    }
    for (int i = 0; i < 50; i++) {
        long before = *(volatile long *)&tries;

        for (int k = 0; k < 2000 && *(volatile long *)&tries == before; k++) {
            syscall(SYS_membarrier, RSEQ, 0, 0);
            usleep(50);
        }
        again += *(volatile long *)&tries != before;
    }
    IS(again == 50);
    flag = 1;
    pthread_join(p, NULL);
    IS(waiter_done && flag == 2);
}

/* The kernel ends a process that it cannot send to the abort address. */
static void wrong_signature(void)
{
    signal(SIGSEGV, on_alarm);
    for (int i = 0; i < 100000; i++) {
        int cpu = (int)area()->cpu_id_start;

        bad_signature(&counter[cpu].count, 1, cpu, 1000);
        if (i % 8 == 0) {
            sched_yield();
        }
        if (i % 64 == 0) {
            usleep(1);
        }
    }
}

static void wrong_version(void)
{
    Section s = { .version = 1 };

    for (int i = 0; i < 100000; i++) {
        int cpu = (int)area()->cpu_id_start;

        add_by(&s, &counter[cpu].count, 1, cpu, 1000);
        usleep(1);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return executed();
    }
    begin_thread();
    rules();
    inheritance(argv);
    on_each_cpu();
    sums();
    wandering();
    by_signal();
    by_membarrier();
    ENDS("a wrong signature", wrong_signature, SIGSEGV);
    ENDS("an unknown version", wrong_version, SIGSEGV);
    return done();
}
