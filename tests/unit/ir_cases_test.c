/* SPDX-License-Identifier: MIT */
/*
 * ir_cases_test.c: runs tests/ir/ *.ir on every engine. A file is a list of cases:
 *
 *   case add wraps
 *   in   x0=0xffffffffffffffff x1=2 m64[8]=5
 *     add.i64 x2, x0, x1
 *   out  x2=1
 *
 * The ops between are a block of guest_test at pc 0x1000; without a block end it gets
 * `exit_to #0x2000`. What `out` does not name must be as it was before. Keys:
 *   x0..x7 w32 nzcv qc pc         numbers; nzcv has N in bit 3
 *   v0..v7                        0xhigh:0xlow, or just the low half
 *   m8[o] m16[o] m32[o] m64[o]    scratch memory at byte offset o, little-endian
 *   exit=none|syscall|undef|break|fault   (out only; default none)   arg=   fault=
 * A number may start with `mem`, the address of the 4096 bytes of scratch memory, or
 * `end`, the address behind them, where nothing can be accessed; then +n or -n, any number
 * of times. Two more lines:
 *   verify TEXT                   instead of out: the verifier's message has TEXT in it
 *   opt  N                        made by the builder and after opt_live() the block has N ops,
 *                                 with the block end
 *
 * Each block is also printed, parsed again and printed again, which must not change it.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/unit/guest_test.h"
#include "translate/host/interp/interp.h"
#include "translate/opt/opt.h"

#define CASE_DIR "tests/ir"

enum { BLOCK_PC = 0x1000, SCRATCH_BYTES = 4096 };

/* ---- engines ---- */

typedef struct {
    const char *name;
    bool opt;                                    /* rebuilt by the builder, then opt_live() */
    ExitKind (*run)(Env *env, const IrBlock *b); /* as interp_block() */
} Engine;

static const Engine engines[] = {
    { "interpreter", false, interp_block },
    { "interpreter with opt", true, interp_block },
};

/* ---- a case ---- */

/* All a case can see. */
typedef struct {
    TestState state;
    uint8_t mem[SCRATCH_BYTES];
    uint64_t qc, exit, arg, fault;
} World;

typedef struct {
    char name[160]; /* file: name */
    char ops[8192];
    char verify[128];
    World before, after;
    int n_opt; /* -1: not said */
    bool names_arg, names_pc, names_fault;
} Case;

static uint8_t *scratch;

static const char *const exit_names[] = { "none",  "poke",  "syscall",
                                          "undef", "break", "fault" };

static bool starts(const char *s, const char *with)
{
    return !strncmp(s, with, strlen(with));
}

/* ---- reading ---- */

static bool parse_num(const char **s, uint64_t *v)
{
    char *stop;

    *v = 0;
    if (starts(*s, "mem") || starts(*s, "end")) {
        *v = (uint64_t)scratch + (**s == 'e' ? SCRATCH_BYTES : 0);
        *s += 3;
    } else {
        *v = strtoull(*s, &stop, 0);
        if (stop == *s) {
            return false;
        }
        *s = stop;
    }
    while (**s == '+' || **s == '-') {
        bool minus = **s == '-';
        uint64_t n = strtoull(*s + 1, &stop, 0);

        *v += minus ? 0 - n : n;
        *s = stop;
    }
    return true;
}

static bool set_exit(World *w, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(exit_names); i++) {
        if (!strcmp(name, exit_names[i])) {
            w->exit = i;
            return true;
        }
    }
    return false;
}

static bool set_memory(World *w, const char *key, uint64_t v)
{
    unsigned bits, off;

    if (sscanf(key, "m%u[%u]", &bits, &off) != 2 || bits > 64 ||
        off + bits / 8 > SCRATCH_BYTES) {
        return false;
    }
    memcpy(w->mem + off, &v, bits / 8);
    return true;
}

static bool set_value(Case *c, World *w, const char *key, uint64_t v, uint64_t low)
{
    unsigned i;
    char end;

    if (sscanf(key, "x%u%c", &i, &end) == 1 && i < 8) {
        w->state.x[i] = v;
    } else if (sscanf(key, "v%u%c", &i, &end) == 1 && i < 8) {
        w->state.v[i] = (V128){ .u64 = { low, v } };
    } else if (!strcmp(key, "w32")) {
        w->state.w = (uint32_t)v;
    } else if (!strcmp(key, "nzcv")) {
        w->state.nzcv = (uint32_t)v << 28;
    } else if (!strcmp(key, "qc")) {
        w->qc = v;
    } else if (!strcmp(key, "pc")) {
        w->state.pc = v;
        c->names_pc = true;
    } else if (!strcmp(key, "arg")) {
        w->arg = v;
        c->names_arg = true;
    } else if (!strcmp(key, "fault")) {
        w->fault = v;
        c->names_fault = true;
    } else {
        return set_memory(w, key, v);
    }
    return true;
}

static bool set_one(Case *c, World *w, char *item)
{
    char *eq = strchr(item, '=');
    const char *s;
    uint64_t v, low;

    if (!eq) {
        return false;
    }
    *eq = 0;
    s = eq + 1;
    if (!strcmp(item, "exit")) {
        return set_exit(w, s);
    }
    if (!parse_num(&s, &v)) {
        return false;
    }
    low = v;
    if (*s == ':') {
        s++;
        if (!parse_num(&s, &low)) {
            return false;
        }
    } else if (item[0] == 'v') {
        v = 0;
    }
    return !*s && set_value(c, w, item, v, low);
}

static void set_all(Case *c, World *w, char *list)
{
    char *save;

    for (char *item = strtok_r(list, " \t\n", &save); item;
         item = strtok_r(NULL, " \t\n", &save)) {
        char copy[80];

        snprintf(copy, sizeof(copy), "%s", item);
        cr_expect(set_one(c, w, item), "%s: cannot read '%s'", c->name, copy);
    }
}

static void read_line(Case *c, char *line)
{
    char *text = line + strspn(line, " \t");

    if (starts(text, "in ")) {
        set_all(c, &c->before, text + 3);
        c->after = c->before;
    } else if (starts(text, "out ")) {
        set_all(c, &c->after, text + 4);
    } else if (starts(text, "verify ")) {
        snprintf(c->verify, sizeof(c->verify), "%.*s", (int)strcspn(text + 7, "\n"),
                 text + 7);
    } else if (starts(text, "opt ")) {
        c->n_opt = atoi(text + 4);
    } else if (*text != '#' && *text != '\n') {
        strncat(c->ops, line, sizeof(c->ops) - strlen(c->ops) - 1);
    }
}

/* ---- running ---- */

static void make_block(Case *c, IrBlock *b)
{
    char *text, err[160];
    int failed;

    if (asprintf(&text, "block 0x%x test +4\n%s", BLOCK_PC, c->ops) < 0) {
        abort();
    }
    ir_block_init(b, &guest_test);
    failed = ir_parse(b, text, err, sizeof(err));
    cr_assert(!failed, "%s: %s", c->name, err);
    if (!ir_ended(b)) {
        ir_emit(b, IR_exit_to, IR_VOID, 0, ir_const(b, IR_I64, 0x2000), IR_NONE, IR_NONE,
                0);
    }
    free(text);
}

static char *printed(const IrBlock *b)
{
    char *text;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    ir_print(f, b);
    fclose(f);
    return text;
}

static void check_round_trip(const Case *c, const IrBlock *b)
{
    char *once = printed(b), *twice, err[160];
    IrBlock again;
    int failed;

    ir_block_init(&again, &guest_test);
    failed = ir_parse(&again, once, err, sizeof(err));
    cr_expect(!failed, "%s: printed text does not parse: %s\n%s", c->name, err, once);
    twice = printed(&again);
    cr_expect(!strcmp(once, twice), "%s: text changed:\n%s%s", c->name, once, twice);
    free(once);
    free(twice);
    ir_block_free(&again);
}

static void fill(Env *env, const World *w)
{
    memcpy(env->state, &w->state, sizeof(w->state));
    memcpy(scratch, w->mem, SCRATCH_BYTES);
    env->rt.qc = (uint32_t)w->qc;
    env->rt.excl_size = 0;
}

static void differ(const Case *c, const Engine *e, const char *what, uint64_t got,
                   uint64_t want)
{
    cr_expect(got == want, "%s: %s: %s is 0x%" PRIx64 ", not 0x%" PRIx64, c->name,
              e->name, what, got, want);
}

static void compare_regs(const Case *c, const Engine *e, const TestState *got)
{
    const TestState *want = &c->after.state;
    char what[16];

    for (unsigned i = 0; i < 8; i++) {
        snprintf(what, sizeof(what), "x%u", i);
        differ(c, e, what, got->x[i], want->x[i]);
        for (unsigned h = 0; h < 2; h++) {
            snprintf(what, sizeof(what), "v%u %s", i, h ? "high" : "low");
            differ(c, e, what, got->v[i].u64[h], want->v[i].u64[h]);
        }
    }
    differ(c, e, "w32", got->w, want->w);
    differ(c, e, "nzcv", got->nzcv >> 28, want->nzcv >> 28);
    if (c->names_pc) {
        differ(c, e, "pc", got->pc, want->pc);
    }
}

static void compare(const Case *c, const Engine *e, Env *env, ExitKind kind)
{
    compare_regs(c, e, test_state(env));
    differ(c, e, "exit kind", kind, c->after.exit);
    differ(c, e, "qc", env->rt.qc != 0, c->after.qc);
    if (c->names_arg) {
        differ(c, e, "exit_arg", env->rt.exit_arg, c->after.arg);
    }
    if (c->names_fault) {
        differ(c, e, "fault_addr", env->rt.fault_addr, c->after.fault);
    }
    for (unsigned i = 0; i < SCRATCH_BYTES; i++) {
        if (scratch[i] != c->after.mem[i]) {
            differ(c, e, "memory", scratch[i], c->after.mem[i]);
            cr_log_error("%s: at offset %u", c->name, i);
            return;
        }
    }
}

static void run_case(Case *c, const Engine *e, Env *env)
{
    const char *bad;
    IrBlock b;

    make_block(c, &b);
    check_round_trip(c, &b);
    bad = ir_verify(&b);
    if (*c->verify) {
        cr_expect(bad && strstr(bad, c->verify), "%s: verifier says: %s", c->name,
                  bad ? bad : "nothing");
        ir_block_free(&b);
        return;
    }
    cr_assert(!bad, "%s: %s", c->name, bad);
    if (e->opt) {
        IrBlock built;
        OptLive all = { .nzcv_out = true, .polls = true };

        ir_block_init(&built, &guest_test);
        test_rebuild(&built, &b);
        ir_block_free(&b);
        b = built;
        opt_live(&b, &all);
        bad = ir_verify(&b);
        cr_assert(!bad, "%s: after opt: %s\n%s", c->name, bad, printed(&b));
        cr_expect(c->n_opt < 0 || b.n_op == (uint32_t)c->n_opt,
                  "%s: %u ops after opt, not %d\n%s", c->name, b.n_op, c->n_opt,
                  printed(&b));
    }
    fill(env, &c->before);
    compare(c, e, env, e->run(env, &b));
    ir_block_free(&b);
}

static unsigned run_file(const char *path, const char *name, const Engine *e, Env *env)
{
    FILE *f = fopen(path, "r");
    Case *c = NULL;
    char line[512];
    unsigned n = 0;

    cr_assert(f, "cannot read %s", path);
    for (;;) {
        bool more = fgets(line, sizeof(line), f);

        if (c && (!more || starts(line, "case "))) {
            run_case(c, e, env);
            free(c);
            c = NULL;
            n++;
        }
        if (!more) {
            break;
        }
        if (starts(line, "case ")) {
            c = calloc(1, sizeof(*c));
            c->n_opt = -1;
            line[strcspn(line, "\n")] = 0;
            snprintf(c->name, sizeof(c->name), "%.60s: %.90s", name, line + 5);
        } else if (c) {
            read_line(c, line);
        }
    }
    fclose(f);
    return n;
}

static Env *make_world(void)
{
    Env *env = env_new();

    scratch = mmap(NULL, 2 * SCRATCH_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(scratch + SCRATCH_BYTES, SCRATCH_BYTES, PROT_NONE);
    test_faults_on(env);
    return env;
}

ParameterizedTestParameters(ir_cases, all)
{
    static size_t index[ARRAY_LEN(engines)];

    for (size_t i = 0; i < ARRAY_LEN(engines); i++) {
        index[i] = i;
    }
    return cr_make_param_array(size_t, index, ARRAY_LEN(engines));
}

ParameterizedTest(size_t *index, ir_cases, all)
{
    Env *env = make_world();
    struct dirent **entry;
    unsigned n_case = 0;
    int n = scandir(CASE_DIR, &entry, NULL, alphasort);

    cr_assert(n > 0, "no " CASE_DIR " here");
    for (int i = 0; i < n; i++) {
        const char *name = entry[i]->d_name;
        size_t len = strlen(name);
        char path[512];

        if (len > 3 && !strcmp(name + len - 3, ".ir")) {
            snprintf(path, sizeof(path), CASE_DIR "/%s", name);
            n_case += run_file(path, name, &engines[*index], env);
        }
        free(entry[i]);
    }
    free(entry);
    cr_expect(n_case > 0);
}
