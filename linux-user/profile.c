// SPDX-License-Identifier: MIT
#include "linux-user/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "linux-user/symbols.h"
#include "signal/signal.h"
#include "translate/base/log.h"
#include "translate/base/own_memory.h"
#include "translate/cache/cache.h"
#include "translate/disas.h"
#include "translate/stats.h"
#include "translate/translate.h"

enum { INTERVAL_NS = 1000000, SLOTS = 1 << 15, PROBES = 64, TOP_BLOCKS = 30, TOP_FUNCTIONS = 15 };

/* What a sample is counted as. */
typedef enum {
    IN_BLOCKS, IN_COLD, IN_RUNTIME, IN_TRANSLATOR, IN_INTERPRETER, IN_C, IN_SYSCALLS, IN_KERNEL,
    IN_OTHER, IN_COUNT,
} Where;

/* A guest block: counted in the handler, so only by atomic operations. */
typedef struct {
    uint64_t key;       /* guest pc | mode << 56 | 1 << 63 */
    uint64_t n;
} Slot;

static Slot *slots;
static uint64_t where_count[IN_COUNT], no_slot, n_threads;
static uint64_t image_start, image_end;
static __thread int timer = -1;

/* ---- sampling ---- */

static void add(uint64_t *c, uint64_t n)
{
    __atomic_fetch_add(c, n, __ATOMIC_RELAXED);
}

static void count_block(uint64_t gpc, uint32_t mode, uint64_t n)
{
    uint64_t key = gpc | (uint64_t)mode << 56 | 1ull << 63;
    uint64_t hash = (gpc >> 2) * 0x9e3779b97f4a7c15ull >> 40;

    for (unsigned i = 0; i < PROBES; i++) {
        Slot *s = &slots[(hash + i) % SLOTS];
        uint64_t was = 0;

        if (s->key == key || __atomic_compare_exchange_n(&s->key, &was, key, false,
                                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
            was == key) {
            add(&s->n, n);
            return;
        }
    }
    add(&no_slot, n);
}

/* in_code: a sample in the code cache. */
static Where in_code(uint64_t rip, uint64_t n)
{
    const Unit *u = cache_unit_at(rip);
    uint64_t off = u ? rip - (uint64_t)cache_code(u) : 0;
    unsigned i = 0;

    if (!u)
        return IN_RUNTIME;
    if (off >= u->hot_len) {
        count_block(u->gpc, u->mode, n);
        return IN_COLD;
    }
    while (i + 1 < u->n_block && unit_blocks(u)[i + 1].entry - u->code <= off)
        i++;
    count_block(u->gpc + unit_blocks(u)[i].pc_off, u->mode, n);
    return IN_BLOCKS;
}

/* in_kernel: the instruction before is a system call (of mimus: all of its text is readable). */
static bool in_kernel(uint64_t rip)
{
    const uint8_t *p = (const uint8_t *)rip;

    return rip >= image_start + 2 && rip < image_end && p[-2] == 0x0f && p[-1] == 0x05;
}

static Where in_mimus(const Thread *t, uint64_t rip)
{
    static const uint8_t at_work[] = {
        [DOING_GUEST] = IN_OTHER, [DOING_TRANSLATE] = IN_TRANSLATOR,
        [DOING_INTERP] = IN_INTERPRETER, [DOING_C] = IN_C, [DOING_SYSCALL] = IN_SYSCALLS,
    };
    uint32_t doing = t->env->rt.doing;

    if (in_kernel(rip))
        return IN_KERNEL;
    return doing < ARRAY_LEN(at_work) ? at_work[doing] : IN_OTHER;
}

/* The value our timers carry: an address that the guest does not know. */
static void *mark(void)
{
    return &slots;
}

static bool sample(const siginfo_t *info, const ucontext_t *uc)
{
    uint64_t rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP], n = (uint64_t)info->si_overrun + 1;
    Thread *t = thread_self();
    Where w = IN_OTHER;

    if (info->si_value.sival_ptr != mark())
        return false;
    if (cache_contains(rip))
        w = in_code(rip, n);
    else if (t && t->env)
        w = in_mimus(t, rip);
    add(&where_count[w], n);
    return true;
}

/* ---- timers ---- */

void profile_init(void)
{
    extern const char __ehdr_start[] __attribute__((visibility("hidden")));
    extern const char _end[] __attribute__((visibility("hidden")));
    size_t bytes = SLOTS * sizeof(Slot);
    void *m = own_mmap(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

    if (m == MAP_FAILED)
        die(1, "out of memory for the profile");
    own_memory(m, bytes);
    image_start = (uint64_t)__ehdr_start;
    image_end = (uint64_t)_end;
    slots = m;
    signal_sample = sample;
}

/* By system call: the C library's timers would be confused by a fork it does not know of. */
void profile_thread_start(void)
{
    struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGNAL_SAMPLE };
    struct itimerspec every = { { 0, INTERVAL_NS }, { 0, INTERVAL_NS } };
    int id;

    if (!slots)
        return;
    ev.sigev_value.sival_ptr = mark();
    ev._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    add(&n_threads, 1);
    if (syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &ev, &id) < 0) {
        log_line("mimus", "-profile: no timer for thread %d: %s", ev._sigev_un._tid, strerror(errno));
        return;
    }
    timer = id;
    syscall(SYS_timer_settime, id, 0, &every, NULL);
}

void profile_thread_end(void)
{
    if (timer >= 0)
        syscall(SYS_timer_delete, timer);
    timer = -1;
}

void profile_fork_child(void)
{
    if (!slots)
        return;
    memset(where_count, 0, sizeof(where_count));
    memset(slots, 0, SLOTS * sizeof(Slot));
    no_slot = n_threads = 0;
    timer = -1;
    profile_thread_start();
}

/* ---- the report ---- */

typedef struct {
    uint64_t n, gpc;
    uint32_t mode;
    Symbol symbol;
} Line;

static double percent(uint64_t n, uint64_t all)
{
    return all ? 100.0 * (double)n / (double)all : 0.0;
}

static void print_summary(FILE *f, uint64_t all)
{
    static const char *const name[IN_COUNT] = {
        [IN_BLOCKS] = "translated code", [IN_COLD] = "its cold parts",
        [IN_RUNTIME] = "run-time entries", [IN_TRANSLATOR] = "translator",
        [IN_INTERPRETER] = "interpreter", [IN_C] = "helpers",
        [IN_SYSCALLS] = "system calls in mimus", [IN_KERNEL] = "kernel", [IN_OTHER] = "other",
    };
    const char *comma = "";

    for (unsigned i = 0; i < IN_COUNT; i++) {
        fprintf(f, "%s%s %.1f %%", comma, name[i], percent(where_count[i], all));
        comma = i == IN_INTERPRETER - 1 ? ",\n  " : ", ";
    }
    fputc('\n', f);
}

static int line_order(const void *a, const void *b)
{
    const Line *x = a, *y = b;

    return x->n != y->n ? (x->n < y->n ? 1 : -1) : x->gpc < y->gpc ? -1 : x->gpc > y->gpc;
}

static void print_symbol(FILE *f, const Symbol *s)
{
    if (s->name)
        fprintf(f, "%s+0x%" PRIx64 "\n", s->name, s->offset);
    else
        fputs("-\n", f);
}

/* block_extent: guest and host bytes of the block at gpc; false: its code is gone. */
static bool block_extent(uint64_t gpc, uint32_t mode, uint64_t *guest_bytes, const uint8_t **host,
                         size_t *host_bytes)
{
    *host = cache_lookup(gpc, mode);
    const Unit *u = *host ? cache_unit_at((uint64_t)*host) : NULL;
    uint32_t entry = u ? u->code + (uint32_t)(*host - cache_code(u)) : 0;

    for (unsigned i = 0; u && i < u->n_block; i++) {
        const UnitBlock *b = &unit_blocks(u)[i];

        if (b->entry != entry)
            continue;
        *guest_bytes = (i + 1 < u->n_block ? b[1].pc_off : u->guest_bytes) - b->pc_off;
        *host_bytes = unit_block_end(u, i) - entry;
        return true;
    }
    return false;
}

/* print_block: how long it is in instructions, when its code is still there. */
static void print_block(FILE *f, const Guest *guest, const Line *l, uint64_t all, double sum)
{
    unsigned guest_insns = 0, host_insns = 0;
    const uint8_t *host;
    uint64_t guest_bytes;
    size_t host_bytes;

    if (block_extent(l->gpc, l->mode, &guest_bytes, &host, &host_bytes)) {
        guest_insns = disas_count_guest(guest, l->gpc, guest_bytes);
        host_insns = disas_count_host(host, host_bytes);
    }
    fprintf(f, "  %5.1f  %5.1f  %7" PRIu64 "  0x%012" PRIx64, percent(l->n, all), sum, l->n,
            l->gpc);
    if (guest_insns)
        fprintf(f, "  %5u  %5u  %5.2f  ", guest_insns, host_insns,
                (double)host_insns / guest_insns);
    else
        fprintf(f, "  %5s  %5s  %5s  ", "-", "-", "-");
    print_symbol(f, &l->symbol);
}

static void print_blocks(FILE *f, const Guest *guest, const Line *line, unsigned n, uint64_t all)
{
    uint64_t sum = 0;

    fputs("  share    sum  samples  guest pc        guest   host  ratio  symbol\n", f);
    for (unsigned i = 0; i < n && i < TOP_BLOCKS; i++) {
        sum += line[i].n;
        print_block(f, guest, &line[i], all, percent(sum, all));
    }
}

static int name_order(const void *a, const void *b)
{
    const Line *x = a, *y = b;
    const char *p = x->symbol.name ? x->symbol.name : "", *q = y->symbol.name ? y->symbol.name : "";

    return strcmp(p, q);
}

/* print_functions: the same, summed up by name; reorders line. */
static void print_functions(FILE *f, Line *line, unsigned n, uint64_t all)
{
    unsigned kept = 0;

    qsort(line, n, sizeof(*line), name_order);
    for (unsigned i = 0; i < n; i++) {
        if (kept && !name_order(&line[kept - 1], &line[i]))
            line[kept - 1].n += line[i].n;
        else
            line[kept++] = line[i];
    }
    qsort(line, kept, sizeof(*line), line_order);
    fputs("  share  samples  function\n", f);
    for (unsigned i = 0; i < kept && i < TOP_FUNCTIONS; i++)
        fprintf(f, "  %5.1f  %7" PRIu64 "  %s%s\n", percent(line[i].n, all), line[i].n,
                !line[i].symbol.name ? "(no file)" : line[i].symbol.name,
                !line[i].symbol.name || line[i].symbol.is_symbol ? "" : " (no symbol)");
}

static Line *collect(unsigned *n)
{
    Line *line = calloc(SLOTS, sizeof(*line));

    *n = 0;
    symbols_refresh();
    for (unsigned i = 0; line && i < SLOTS; i++) {
        uint64_t key = slots[i].key;

        if (!slots[i].n)
            continue;
        Line l = { slots[i].n, key & ~0ull >> 8, key >> 56 & 0x7f, { 0 } };

        l.symbol = symbols_find(l.gpc);
        line[(*n)++] = l;
    }
    if (line)
        qsort(line, *n, sizeof(*line), line_order);
    return line;
}

void profile_print(FILE *f, const Guest *guest, const char *title)
{
    uint64_t all = 0;
    unsigned n;

    profile_thread_end();
    Line *line = collect(&n);

    for (unsigned i = 0; i < IN_COUNT; i++)
        all += where_count[i];
    fprintf(f, "mimus: profile of process %d %s: %" PRIu64 " ms CPU time, threads %" PRIu64 "\n  ",
            (int)getpid(), title, all, n_threads);
    print_summary(f, all);
    if (line && n) {
        print_blocks(f, guest, line, n, all);
        print_functions(f, line, n, all);
    }
    if (no_slot)
        fprintf(f, "  %.1f %% in blocks there was no room for\n", percent(no_slot, all));
    free(line);
}
