// SPDX-License-Identifier: MIT
/*
 * code_pages.c: random code pages under decoder, lifter and both engines, inside one process.
 *
 *   fuzz-code [-t SECONDS] [-n CASES] [-s SEED] [-i INDEX] [FILE...]
 *
 *     -t  stop after so many seconds of CPU time (default 20)    -s  seed (default 1)
 *     -n  stop after so many cases                               -i  only this case, talkative
 *
 * A case is two pages of code, made from seed and index: words of the decode rows, random words,
 * or pieces of the FILEs (programs with code of the guest), with flipped bits, swapped words and
 * branches to anywhere in the pages. They are entered at a few random places, with registers
 * that point into scratch memory, to its edges, into the code, or nowhere. The guest can read
 * and run the code but not write it. System calls, breakpoints and faults end an entry; so does a
 * poke after some milliseconds, since most random code loops sooner or later.
 *
 * What fails: Mimus crashes, fails an assertion, or does not come back in time after the poke. And
 * when no entry of a case ended by a poke, the engines have to agree on how each ended and on all
 * registers, flags and memory. Cases run in a child process, so one failure does not end the run.
 * The last line is "N passed, N failed".
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "gen/aarch64_decode.h"
#include "translate/base/log.h"
#include "translate/env_layout.h"
#include "translate/guest/aarch64/lift.h"
#include "translate/guest/aarch64/state.h"
#include "translate/translate.h"

enum {
    SCRATCH = 0x50000000, SCRATCH_BYTES = 0x4000, CODE = 0x50010000, CODE_BYTES = 0x2000,
    CODE_WORDS = CODE_BYTES / 4, ENTRIES = 6, POKE_US = 1500, HANG_TICKS = 4000,
    CACHE_BYTES = 8 << 20, MAX_FAILED = 20,
};

/* How one entry ended, and what it left. */
typedef struct {
    uint32_t kind, arg, fpsr;
    int sig, code;
    uint64_t addr;
    A64State s;
} End;

typedef struct {
    unsigned n;
    bool poked;
    End end[ENTRIES];
    uint8_t scratch[SCRATCH_BYTES];
} Result;

typedef struct {
    uint32_t word[CODE_WORDS];
    A64State start;
    uint32_t fpcr, entry[ENTRIES];
    bool steady;                /* reads no clock or random number */
} Case;

/* Shared with the parent, which reads it after a child died. */
typedef struct {
    volatile uint64_t index;
    volatile unsigned long passed, failed, compared, entries, ended[EXIT_FETCH + 1];
    volatile double seconds;
} Progress;

static const Guest *guest;
static Env *env;
static Progress *progress;
static uint32_t *code_alias;            /* CODE, writable */
static uint32_t *corpus;
static size_t corpus_words;
static uint64_t seed = 1;
static unsigned n_rows;

/* ---- random numbers ---- */

static uint64_t rng;

static uint64_t next(void)
{
    uint64_t z = rng += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static unsigned below(unsigned n)
{
    return (unsigned)(next() % n);
}

/* ---- cases ---- */

static uint64_t value(void)
{
    switch (below(12)) {
    case 0: return 0;
    case 1: return next();
    case 2: return below(64);
    case 3: return ~0ull << below(64);
    case 4: return CODE + below(CODE_WORDS) * 4;
    case 5: return SCRATCH + below(3) * (SCRATCH_BYTES / 2) - 40 + below(80);
    case 6: return (SCRATCH + below(SCRATCH_BYTES)) | next() << 56;
    case 7: return 1ull << below(64);
    default: return SCRATCH + SCRATCH_BYTES / 4 + below(SCRATCH_BYTES / 32) * 16;
    }
}

static uint32_t row_word(void)
{
    const DecodeRow *r = &a64_rows[below(n_rows)];

    return r->value | ((uint32_t)next() & ~r->mask);
}

/* A branch within the pages, so that loops, calls and returns come about. */
static uint32_t branch_word(unsigned at)
{
    int to = (int)below(CODE_WORDS), off = to - (int)at;
    int near = (int)below(64) - 32;
    uint32_t r = below(32);

    switch (below(6)) {
    case 0: return 0x14000000 | ((uint32_t)off & 0x3ffffff);
    case 1: return 0x94000000 | ((uint32_t)off & 0x3ffffff);
    case 2: return 0x54000000 | ((uint32_t)near & 0x7ffff) << 5 | below(16);
    case 3: return 0x34000000 | below(4) << 24 | below(2) << 31 | ((uint32_t)near & 0x7ffff) << 5 | r;
    case 4: return 0x36000000 | below(4) << 24 | below(32) << 19 | ((uint32_t)near & 0x3fff) << 5 | r;
    default: return 0xd65f03c0;
    }
}

static void fill_from_corpus(Case *c)
{
    unsigned at = 0;

    while (at < CODE_WORDS) {
        unsigned n = 16 + below(CODE_WORDS / 2);
        size_t from = next() % (corpus_words - CODE_WORDS);

        for (unsigned i = 0; i < n && at < CODE_WORDS; i++) {
            c->word[at++] = corpus[from + i];
        }
    }
}

static void mutate(Case *c, unsigned times)
{
    while (times--) {
        unsigned at = below(CODE_WORDS), other = below(CODE_WORDS);

        switch (below(6)) {
        case 0: c->word[at] ^= 1u << below(32); break;
        case 1: c->word[at] = (uint32_t)next(); break;
        case 2: c->word[at] = row_word(); break;
        case 3: c->word[at] = branch_word(at); break;
        case 4: c->word[at] = c->word[other]; break;
        default: c->word[at] ^= (uint32_t)next() & 0x3ff; break;
        }
    }
}

static bool reads_clock(uint32_t w)
{
    return (w & 0xffffff00) == 0xd53be000 || (w & 0xffffffc0) == 0xd53b2400;
}

static void make_case(Case *c, uint64_t index)
{
    rng = (seed * 0x2545f4914f6cdd1d + index) * 0xda942042e4dd58b5;
    memset(c, 0, sizeof(*c));
    switch (below(corpus_words ? 4 : 2)) {
    case 0:
        for (unsigned i = 0; i < CODE_WORDS; i++) {
            c->word[i] = below(8) ? row_word() : branch_word(i);
        }
        break;
    case 1:
        for (unsigned i = 0; i < CODE_WORDS; i++) {
            c->word[i] = below(4) ? row_word() : (uint32_t)next();
        }
        break;
    default:
        fill_from_corpus(c);
        mutate(c, below(3) ? below(16) : below(CODE_WORDS));
    }
    c->steady = true;
    for (unsigned i = 0; i < CODE_WORDS; i++) {
        c->steady &= !reads_clock(c->word[i]);
    }
    for (unsigned i = 0; i < 31; i++) {
        c->start.x[i] = value();
    }
    c->start.sp = SCRATCH + SCRATCH_BYTES / 2;
    c->start.nzcv = (uint32_t)next() & 0xf0000000;
    for (unsigned i = 0; i < 32; i++) {
        c->start.v[i].u64[0] = value();
        c->start.v[i].u64[1] = next();
    }
    c->fpcr = below(4) ? 0 : (uint32_t)next() & 0x07c80000;
    for (unsigned i = 0; i < ENTRIES; i++) {
        c->entry[i] = below(CODE_WORDS) * 4;
    }
}

/* ---- running ---- */

static volatile unsigned ticks;
static volatile bool running;

/* Pokes again and again: the first may come before the run begins. */
static void on_tick(int sig)
{
    (void)sig;
    if (!running) {
        return;
    }
    if (++ticks > HANG_TICKS) {
        static const char text[] = "fuzz-code: no answer to pokes\n";

        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        abort();
    }
    env_poke(env);
}

static int on_syscall(Env *e, uint32_t imm)
{
    (void)e, (void)imm;
    return 1;
}

static void run_entry(End *e, uint32_t entry)
{
    memset(e, 0, sizeof(*e));
    a64_state(env)->pc = CODE + entry;
    ticks = 0;
    running = true;
    e->kind = env_run(env);
    running = false;
    env_answer_poke(env, false);
    progress->ended[e->kind]++;
    progress->entries++;
    e->s = *a64_state(env);
    e->fpsr = a64_get_fpsr(env);
    e->arg = e->kind == EXIT_BREAK ? env->rt.exit_arg : 0;
    if (e->kind == EXIT_FAULT || e->kind == EXIT_FETCH) {
        e->sig = env->rt.fault_sig;
        e->code = env->rt.fault_code;
        e->addr = env->rt.fault_addr;
    }
}

static void run_case(const Case *c, Accel accel, Result *r)
{
    translate_options.accel = accel;
    memcpy(code_alias, c->word, CODE_BYTES);
    memset((void *)(uintptr_t)SCRATCH, 0x5a, SCRATCH_BYTES);
    translate_invalidate(guest_addr(CODE), CODE_BYTES);
    *a64_state(env) = c->start;
    env->rt.excl_size = env->rt.excl_addr = 0;
    env_watch_underflow(env, true);
    a64_set_fpcr(env, c->fpcr);
    a64_set_fpsr(env, 0);
    memset(r, 0, sizeof(*r));
    while (r->n < ENTRIES && !r->poked) {
        run_entry(&r->end[r->n], c->entry[r->n]);
        r->poked = r->end[r->n++].kind == EXIT_POKE;
    }
    memcpy(r->scratch, (void *)(uintptr_t)SCRATCH, SCRATCH_BYTES);
}

static void show(const Result *a, const Result *b)
{
    for (unsigned i = 0; i < a->n && i < b->n; i++) {
        const End *x = &a->end[i], *y = &b->end[i];

        if (!memcmp(x, y, sizeof(*x))) {
            continue;
        }
        printf("  entry %u: interp ends by %u at 0x%" PRIx64 " (signal %d 0x%" PRIx64 "), jit by %u at "
               "0x%" PRIx64 " (signal %d 0x%" PRIx64 ")\n", i, x->kind, x->s.pc, x->sig, x->addr,
               y->kind, y->s.pc, y->sig, y->addr);
        for (unsigned k = 0; k < 31; k++) {
            if (x->s.x[k] != y->s.x[k]) {
                printf("  x%u: 0x%" PRIx64 ", 0x%" PRIx64 "\n", k, x->s.x[k], y->s.x[k]);
            }
        }
        for (unsigned k = 0; k < 32; k++) {
            if (memcmp(&x->s.v[k], &y->s.v[k], 16)) {
                printf("  v%u: 0x%" PRIx64 ":%016" PRIx64 ", 0x%" PRIx64 ":%016" PRIx64 "\n", k,
                       x->s.v[k].u64[1], x->s.v[k].u64[0], y->s.v[k].u64[1], y->s.v[k].u64[0]);
            }
        }
        printf("  nzcv 0x%x, 0x%x; fpsr 0x%x, 0x%x\n", x->s.nzcv, y->s.nzcv, x->fpsr, y->fpsr);
        return;
    }
    for (unsigned i = 0; i < SCRATCH_BYTES; i++) {
        if (a->scratch[i] != b->scratch[i]) {
            printf("  memory from 0x%x on: 0x%02x, 0x%02x\n", SCRATCH + i, a->scratch[i], b->scratch[i]);
            return;
        }
    }
}

/* try_case: false when the engines disagree. */
static bool try_case(uint64_t index, bool talk)
{
    static Case c;
    static Result want, got;
    bool same = true;

    make_case(&c, index);
    run_case(&c, ACCEL_JIT, &got);
    run_case(&c, ACCEL_INTERP, &want);
    if (c.steady && !want.poked && !got.poked) {
        progress->compared++;
        same = !memcmp(&want, &got, sizeof(want));
    }
    if (!same || talk) {
        printf("case %" PRIu64 " (-s %" PRIu64 " -i %" PRIu64 "): %s\n", index, seed, index,
               same ? "no difference" : "the engines differ");
    }
    if (!same) {
        show(&want, &got);
    }
    return same;
}

/* ---- start ---- */

static void on_host_fault(int sig, siginfo_t *info, void *uc)
{
    if (fault_handle(env, sig, info, uc) == FAULT_NOT_OURS) {
        const ucontext_t *u = uc;

        fprintf(stderr, "signal %d, code %d, address %p at host 0x%llx, guest 0x%" PRIx64 "\n", sig,
                info->si_code, info->si_addr, u->uc_mcontext.gregs[REG_RIP], a64_state(env)->pc);
        signal(sig, SIG_DFL);
        raise(sig);
    }
}

static void map_at(uintptr_t at, size_t bytes, int prot, int fd)
{
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

    if (mmap((void *)at, bytes, prot, flags | MAP_FIXED_NOREPLACE, fd, 0) != (void *)at) {
        die(2, "fuzz-code: 0x%zx cannot be mapped", (size_t)at);
    }
}

static void map_guest(void)
{
    int fd = memfd_create("code", 0);

    if (fd < 0 || ftruncate(fd, CODE_BYTES)) {
        die(2, "fuzz-code: memfd_create: %s", strerror(errno));
    }
    code_alias = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    map_at(SCRATCH, SCRATCH_BYTES, PROT_READ | PROT_WRITE, -1);
    map_at(CODE, CODE_BYTES, PROT_READ, fd);
    close(fd);
    pages_set_exec(guest_addr(CODE), CODE_BYTES, true);
}

static void start_engines(void)
{
    static const int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    TranslateOptions options = { .accel = ACCEL_JIT, .features = ~0ull, .code_bytes = CACHE_BYTES };
    stack_t stack = { .ss_size = 1 << 18 };
    struct sigaction sa = { .sa_sigaction = on_host_fault,
                            .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    struct sigaction tick = { .sa_handler = on_tick, .sa_flags = SA_ONSTACK | SA_RESTART };

    if (translate_init(guest, &options) || !(env = env_new())) {
        die(2, "fuzz-code: the translator does not start");
    }
    guest->state_init(env);
    env->rt.on_syscall = on_syscall;
    stack.ss_sp = malloc(stack.ss_size);
    sigaltstack(&stack, NULL);
    for (unsigned i = 0; i < ARRAY_LEN(sigs); i++) {
        sigaction(sigs[i], &sa, NULL);
    }
    sigaction(SIGPROF, &tick, NULL);
}

static void tick_every(long us)
{
    setitimer(ITIMER_PROF, &(struct itimerval){ { 0, us }, { 0, us } }, NULL);
}

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

typedef struct {
    double seconds;
    uint64_t cases, only;
    bool one;
} Options;

/* run_range: in the child: cases from first on. */
static void run_range(const Options *o, uint64_t first)
{
    double before = progress->seconds;

    tick_every(POKE_US);
    for (uint64_t i = first; i < first + 1 || !o->one; i++) {
        progress->seconds = before + cpu_seconds();
        if ((o->cases && i >= o->cases) || progress->seconds > o->seconds ||
            progress->failed >= MAX_FAILED) {
            break;
        }
        progress->index = i;
        if (try_case(i, o->one)) {
            progress->passed++;
        } else {
            progress->failed++;
        }
    }
    fflush(stdout);
}

static void run_all(const Options *o)
{
    uint64_t first = o->one ? o->only : 0;
    int st;

    do {
        fflush(stdout);
        pid_t pid = fork();

        if (!pid) {
            run_range(o, first);
            _exit(0);
        }
        waitpid(pid, &st, 0);
        if (!st) {
            return;
        }
        printf("case %" PRIu64 " (-s %" PRIu64 " -i %" PRIu64 "): %s\n", progress->index, seed,
               progress->index, WIFSIGNALED(st) ? strsignal(WTERMSIG(st)) : "exits");
        progress->failed++;
        first = progress->index + 1;
    } while (!o->one && progress->failed < MAX_FAILED);
}

static void read_corpus(const char *path)
{
    FILE *f = fopen(path, "rb");
    long bytes;

    if (!f || fseek(f, 0, SEEK_END) || (bytes = ftell(f)) < 0) {
        die(2, "fuzz-code: %s: %s", path, strerror(errno));
    }
    rewind(f);
    corpus = realloc(corpus, corpus_words * 4 + (size_t)bytes);
    corpus_words += fread(corpus + corpus_words, 4, (size_t)bytes / 4, f);
    fclose(f);
}

static Options parse_options(int argc, char **argv)
{
    Options o = { .seconds = 20 };
    int c;

    while ((c = getopt(argc, argv, "t:n:s:i:")) != -1) {
        switch (c) {
        case 't': o.seconds = atof(optarg); break;
        case 'n': o.cases = strtoull(optarg, NULL, 0); break;
        case 's': seed = strtoull(optarg, NULL, 0); break;
        case 'i':
            o.only = strtoull(optarg, NULL, 0);
            o.one = true;
            break;
        default: exit(2);
        }
    }
    for (int i = optind; i < argc; i++) {
        read_corpus(argv[i]);
    }
    if (corpus_words < 2 * CODE_WORDS) {
        corpus_words = 0;
    }
    return o;
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "none", "poke", "system call", "undefined", "breakpoint",
                                         "fault", "fetch fault" };
    Options o = parse_options(argc, argv);

    guest = &guest_aarch64;
    while (a64_rows[n_rows].name) {
        n_rows++;
    }
    progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    map_guest();
    start_engines();
    run_all(&o);
    printf("%.0f s; %lu entries, ended by", progress->seconds, progress->entries);
    for (unsigned i = 1; i < ARRAY_LEN(names); i++) {
        printf("%s %s %lu", i > 1 ? "," : "", names[i], progress->ended[i]);
    }
    printf("; %lu cases compared\n%lu passed, %lu failed\n", progress->compared, progress->passed,
           progress->failed);
    return progress->failed != 0;
}
