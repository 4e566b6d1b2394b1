/* SPDX-License-Identifier: MIT */
#include "translate/stats.h"

#include <capstone/capstone.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "translate/cache/cache.h"
#include "translate/guest.h"
#include "translate/host/interp/eval.h"
#include "translate/ir/info.h"

bool stats_on, stats_doing;
uint64_t stats_counter[STAT_COUNT];

/* Nanoseconds per instruction, in steps of a sixteenth of a power of two. */
enum { STEP_BITS = 4, NS_BUCKETS = 28 << STEP_BITS, MAX_HELPERS = 256, STEP_SLOTS = 4096,
       STEP_TOP = 12 };

static struct {
    uint64_t ns, insns, units, phase_ns[PHASE_COUNT];
    uint64_t bucket[NS_BUCKETS];        /* units by time per instruction */
    uint64_t hot_bytes, cold_bytes;
    uint64_t eval[IR_OP_COUNT], helper[MAX_HELPERS];
    uint64_t env[ENV_COUNTS];           /* of Envs that are gone */
} sum;

/* Instructions given to the interpreter; who finds its slot taken is counted under pc 0. */
static struct {
    uint64_t pc, n;
} steps[STEP_SLOTS];

static const Guest *guest;
static __thread uint64_t begun, marked;

static void add(uint64_t *c, uint64_t n)
{
    __atomic_fetch_add(c, n, __ATOMIC_RELAXED);
}

/* ---- counting ---- */

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void stats_begin(void)
{
    if (STATS_ON)
        begun = marked = now_ns();
}

void stats_phase(StatPhase p)
{
    if (!STATS_ON)
        return;
    uint64_t now = now_ns();

    add(&sum.phase_ns[p], now - marked);
    marked = now;
}

/* bucket_of, bucket_value: 16 linear buckets to each power of two. */
static unsigned bucket_of(uint64_t v)
{
    if (v < 1u << STEP_BITS)
        return (unsigned)v;
    unsigned top = 63 - (unsigned)__builtin_clzll(v);
    unsigned step = v >> (top - STEP_BITS) & ((1 << STEP_BITS) - 1);
    unsigned i = (top - STEP_BITS + 1) << STEP_BITS | step;

    return i < NS_BUCKETS ? i : NS_BUCKETS - 1;
}

static uint64_t bucket_value(unsigned i)
{
    unsigned octave = i >> STEP_BITS, step = i & ((1 << STEP_BITS) - 1);

    return octave ? (uint64_t)((1 << STEP_BITS) | step) << (octave - 1) : step;
}

void stats_end(unsigned n)
{
    if (!STATS_ON)
        return;
    uint64_t ns = now_ns() - begun;

    add(&sum.ns, ns);
    if (!n)
        return;
    add(&sum.insns, n);
    add(&sum.units, 1);
    add(&sum.bucket[bucket_of(ns / n)], 1);
}

void stats_code(uint32_t hot, uint32_t cold)
{
    if (!STATS_ON)
        return;
    add(&sum.hot_bytes, hot);
    add(&sum.cold_bytes, cold);
}

void stats_step(uint64_t pc)
{
    if (!STATS_ON)
        return;
    unsigned i = (pc >> 2 ^ pc >> 14) % STEP_SLOTS;
    uint64_t none = 0;

    if (steps[i].pc == pc || __atomic_compare_exchange_n(&steps[i].pc, &none, pc, false,
                                                         __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        add(&steps[i].n, 1);
}

void stats_exit(Env *env, unsigned kind)
{
    static const uint8_t counter[] = {
        [EXIT_NONE] = STAT_exit_sync,   [EXIT_POKE] = STAT_exit_poll,
        [EXIT_UNDEF] = STAT_exit_undef, [EXIT_BREAK] = STAT_exit_break,
        [EXIT_FAULT] = STAT_exit_fault, [EXIT_FETCH] = STAT_exit_fetch,
        [EXIT_SYSCALL] = STAT_COUNT,    /* counted at the call */
    };

    env->rt.doing = DOING_GUEST;
    if (kind == EXIT_DEOPT)
        stats_add(STAT_exit_step);
    else if (kind < ARRAY_LEN(counter) && counter[kind] < STAT_COUNT)
        stats_add(counter[kind]);
}

/* ---- twins of the run-time entries ---- */

typedef const void *LinkFn(Env *, uint32_t);
typedef const void *LookupFn(Env *, uint64_t);
typedef int SyscallFn(Env *, uint32_t);
typedef void EvalCallFn(Env *, uint64_t, V128 *, const V128 *, const V128 *, const V128 *);
typedef uint64_t HelperFn(Env *, uint32_t);

static LinkFn *plain_link;
static LookupFn *plain_lookup;
static SyscallFn *plain_syscall;
static EvalCallFn *plain_eval;
static HelperFn *plain_helper;

static const void *count_link(Env *env, uint32_t edge)
{
    stats_add(STAT_exit_link);
    return plain_link(env, edge);
}

static const void *count_lookup(Env *env, uint64_t pc)
{
    stats_add(STAT_exit_lookup);
    return plain_lookup(env, pc);
}

static int count_syscall(Env *env, uint32_t imm)
{
    stats_add(STAT_exit_syscall);
    env->rt.doing = DOING_SYSCALL;
    int leave = plain_syscall(env, imm);

    env->rt.doing = DOING_GUEST;
    return leave;
}

static void count_eval(Env *env, uint64_t word, V128 *d, const V128 *a, const V128 *b,
                       const V128 *c)
{
    EvalOp op;

    memcpy(&op, &word, sizeof(op));
    if (STATS_ON)
        add(&sum.eval[op.op], 1);
    env->rt.doing = DOING_C;
    plain_eval(env, word, d, a, b, c);
    env->rt.doing = DOING_GUEST;
}

static uint64_t count_helper(Env *env, uint32_t number)
{
    if (STATS_ON)
        add(&sum.helper[number % MAX_HELPERS], 1);
    env->rt.doing = DOING_C;
    uint64_t r = plain_helper(env, number);

    env->rt.doing = DOING_GUEST;
    return r;
}

void stats_wrap(const Guest *g, const void *table[])
{
    guest = g;
    if (!stats_on && !stats_doing)
        return;
    plain_link = (LinkFn *)(uintptr_t)table[RT_LINK];
    plain_lookup = (LookupFn *)(uintptr_t)table[RT_LOOKUP];
    plain_syscall = (SyscallFn *)(uintptr_t)table[RT_SYSCALL];
    plain_eval = (EvalCallFn *)(uintptr_t)table[RT_EVAL];
    plain_helper = (HelperFn *)(uintptr_t)table[RT_HELPER];
    table[RT_LINK] = (const void *)count_link;
    table[RT_LOOKUP] = (const void *)count_lookup;
    table[RT_SYSCALL] = (const void *)count_syscall;
    table[RT_EVAL] = (const void *)count_eval;
    table[RT_HELPER] = (const void *)count_helper;
}

/* ---- Envs and processes ---- */

static void env_take(Env *env, void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < ENV_COUNTS; i++) {
        add(&sum.env[i], env->rt.count[i]);
        env->rt.count[i] = 0;
    }
}

void stats_env_gone(Env *env)
{
    if (STATS_ON)
        env_take(env, NULL);
}

void stats_fork_child(void)
{
    cache_each_env(env_take, NULL);
    memset(&sum, 0, sizeof(sum));
    memset(steps, 0, sizeof(steps));
    memset(stats_counter, 0, sizeof(stats_counter));
    memset(&cache_stats, 0, sizeof(cache_stats));
}

/* ---- output: groups of named numbers, in one of two forms ---- */

typedef struct {
    FILE *f;
    bool json;
    unsigned groups, items, column;
} Out;

enum { LINE_WIDTH = 98, INDENT = 18 };

static void key_json(Out *o, const char *name)
{
    fprintf(o->f, "%s\"", o->items ? "," : "");
    for (const char *p = name; *p; p++)
        fputc(*p == ' ' ? '_' : *p, o->f);
    fputs("\":", o->f);
}

static void group_end(Out *o)
{
    if (o->groups && !o->json)
        fputs(o->items ? "\n" : "none\n", o->f);
}

static void group(Out *o, const char *name)
{
    if (o->json) {
        fputs(o->groups ? "}," : "", o->f);
        o->items = 0;
        key_json(o, name);
        fputc('{', o->f);
    } else {
        group_end(o);
        fprintf(o->f, "  %-*s", INDENT - 2, name);
    }
    o->groups++;
    o->items = 0;
    o->column = INDENT;
}


static void item(Out *o, const char *name, const char *value)
{
    if (o->json) {
        key_json(o, name);
        fputs(value, o->f);
    } else {
        unsigned n = (unsigned)(strlen(name) + strlen(value) + 3);

        if (o->items && o->column + n > LINE_WIDTH) {
            fprintf(o->f, ",\n%*s", INDENT, "");
            o->column = INDENT;
        } else if (o->items) {
            fputs(", ", o->f);
        }
        fprintf(o->f, "%s %s", name, value);
        o->column += n;
    }
    o->items++;
}

static void number(Out *o, const char *name, uint64_t v)
{
    char text[24];

    snprintf(text, sizeof(text), "%" PRIu64, v);
    item(o, name, text);
}

/* ratio: a / b with one decimal. */
static void ratio(Out *o, const char *name, uint64_t a, uint64_t b)
{
    char text[32];

    snprintf(text, sizeof(text), "%.1f", b ? (double)a / (double)b : 0.0);
    item(o, name, text);
}

/* ---- the report ---- */

static uint64_t percentile(unsigned percent)
{
    uint64_t seen = 0;

    for (unsigned i = 0; i < NS_BUCKETS; i++) {
        seen += sum.bucket[i];
        if (seen && seen * 100 >= sum.units * percent)
            return bucket_value(i);
    }
    return 0;
}

static void print_process(Out *o)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    group(o, "process");
    number(o, "user us", (uint64_t)u.ru_utime.tv_sec * 1000000 + (uint64_t)u.ru_utime.tv_usec);
    number(o, "system us", (uint64_t)u.ru_stime.tv_sec * 1000000 + (uint64_t)u.ru_stime.tv_usec);
    number(o, "page faults", (uint64_t)u.ru_minflt + (uint64_t)u.ru_majflt);
    number(o, "peak KiB", (uint64_t)u.ru_maxrss);
}

static void print_translation(Out *o)
{
    static const char *const phase[] = { "lift", "analyse", "emit", "commit" };
    const CacheStats *s = &cache_stats;

    group(o, "translated");
    number(o, "units", s->units);
    number(o, "blocks", s->blocks);
    number(o, "guest instructions", s->insns);
    number(o, "guest bytes", s->guest_bytes);
    number(o, "host bytes", s->host_bytes);
    number(o, "ns", sum.ns);
    group(o, "ns per insn");
    ratio(o, "mean", sum.ns, sum.insns);
    number(o, "p50", percentile(50));
    number(o, "p99", percentile(99));
    for (unsigned i = 0; i < PHASE_COUNT; i++)
        ratio(o, phase[i], sum.phase_ns[i], sum.insns);
    group(o, "bytes per insn");
    ratio(o, "hot", sum.hot_bytes, s->insns);
    ratio(o, "cold", sum.cold_bytes, s->insns);
}

static void print_group(Out *o, const char *name, bool open)
{
#define X(g, id, text) { #g, text },
    static const struct {
        const char *group, *name;
    } row[] = { STATS_COUNTERS(X) };
#undef X

    if (open)
        group(o, name);
    for (unsigned i = 0; i < STAT_COUNT; i++) {
        /* People want to see what there is, programs always the same keys. */
        if (!strcmp(row[i].group, name) && (stats_counter[i] || o->json))
            number(o, row[i].name, stats_counter[i]);
    }
}

static void print_lookups(Out *o)
{
    group(o, "lookups");
    number(o, "jump cache", sum.env[ENV_COUNT_PROBE]);
    number(o, "jump cache again", sum.env[ENV_COUNT_PROBE_AGAIN]);
    number(o, "jump cache misses", stats_counter[STAT_exit_lookup]);
    number(o, "returns", sum.env[ENV_COUNT_RET]);
    number(o, "return misses", sum.env[ENV_COUNT_RET_MISS]);
    print_group(o, "lookups", false);
}

typedef struct {
    char name[48];
    uint64_t n;
} Named;

static int more_first(const void *a, const void *b)
{
    uint64_t x = ((const Named *)a)->n, y = ((const Named *)b)->n;

    return x < y ? 1 : x > y ? -1 : strcmp(((const Named *)a)->name, ((const Named *)b)->name);
}

static unsigned list_add(Named *list, unsigned n, const char *name, uint64_t count)
{
    if (!count)
        return n;
    snprintf(list[n].name, sizeof(list[n].name), "%s", name);
    list[n].n = count;
    return n + 1;
}

static void print_helpers(Out *o)
{
    static Named list[IR_OP_COUNT + MAX_HELPERS];
    unsigned n = 0;

    for (unsigned i = 0; i < IR_OP_COUNT; i++)
        n = list_add(list, n, ir_op_info[i].name, sum.eval[i]);
    for (unsigned i = 0; guest && i < guest->n_helpers && i < MAX_HELPERS; i++)
        n = list_add(list, n, guest->helpers[i].name, sum.helper[i]);
    qsort(list, n, sizeof(list[0]), more_first);
    group(o, "helpers");
    for (unsigned i = 0; i < n; i++)
        number(o, list[i].name, list[i].n);
}

/* mnemonic_at: of guest code that may be gone by now. */
static void mnemonic_at(csh cs, uint64_t pc, char *out, size_t size)
{
    uint8_t code[16];
    struct iovec to = { code, guest->insn_max_bytes }, from = { (void *)pc, guest->insn_max_bytes };
    ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
    cs_insn *insn;
    size_t n = got > 0 ? cs_disasm(cs, code, (size_t)got, pc, 1, &insn) : 0;

    snprintf(out, size, "%s", n ? insn->mnemonic : got > 0 ? "unknown" : "unmapped");
    if (n)
        cs_free(insn, n);
}

/* steps_by_name: sum up steps[] by mnemonic. */
static unsigned steps_by_name(Named *list, unsigned room)
{
    unsigned n = 0;
    csh cs;

    if (!guest || cs_open((cs_arch)guest->capstone_arch, (cs_mode)guest->capstone_mode, &cs))
        return 0;
    for (unsigned i = 0; i < STEP_SLOTS; i++) {
        char name[48];
        unsigned k = 0;

        if (!steps[i].n)
            continue;
        mnemonic_at(cs, steps[i].pc, name, sizeof(name));
        while (k < n && strcmp(list[k].name, name))
            k++;
        if (k == room)
            continue;
        if (k == n) {
            memcpy(list[n].name, name, sizeof(name));
            list[n++].n = 0;
        }
        list[k].n += steps[i].n;
    }
    cs_close(&cs);
    return n;
}

static void print_steps(Out *o)
{
    static Named list[256];
    unsigned n = steps_by_name(list, ARRAY_LEN(list));

    qsort(list, n, sizeof(list[0]), more_first);
    group(o, "interpreted");
    for (unsigned i = 0; i < n && i < STEP_TOP; i++)
        number(o, list[i].name, list[i].n);
}

void stats_print(FILE *f, bool json, const char *title)
{
    Out o = { .f = f, .json = json };

    cache_each_env(env_take, NULL);
    fprintf(f, json ? "{\"pid\":%d," : "mimus: process %d", (int)getpid());
    if (json) {
        fputs("\"program\":\"", f);
        for (const unsigned char *p = (const unsigned char *)title; *p; p++)
            fprintf(f, *p < ' ' || *p == '"' || *p == '\\' ? "\\u%04x" : "%c", *p);
        fputs("\",", f);
    } else {
        fprintf(f, " %s\n", title);
    }
    print_process(&o);
    print_translation(&o);
    print_group(&o, "exits", true);
    print_lookups(&o);
    print_helpers(&o);
    print_steps(&o);
    print_group(&o, "faults", true);
    group(&o, "code");
    number(&o, "links", cache_stats.links);
    number(&o, "invalidations", cache_stats.kills);
    number(&o, "evictions", cache_stats.evictions);
    print_group(&o, "dropped", false);
    group_end(&o);
    fputs(json ? "}}\n" : "", f);
}
