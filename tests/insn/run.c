// SPDX-License-Identifier: MIT
/*
 * run.c: run instruction cases (format: tests/insn/README.md) on one engine.
 *
 *   insn-tests [-r] jit|interp GUEST FILE...
 *
 * Each file runs in a child process, so a crash or a hang costs one case: the parent reports
 * it and goes on with the line after. Scratch memory, code and registers are put into the
 * documented state before each case; afterwards every register and every byte is compared,
 * whether the case names it or not. The last line is "N passed, N failed".
 * With -r the program lists instead the decode rows that no case of the files matches.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gen/aarch64_decode.h"
#include "gen/riscv64_decode.h"
#include "translate/guest/aarch64/state.h"
#include "translate/guest/riscv64/state.h"
#include "translate/translate.h"

enum {
    SCRATCH = 0x50000000, SCRATCH_BYTES = 0x4000,
    CODE_AREA = 0x50010000, CODE_AREA_BYTES = 0x3000, CODE = 0x50011000,
    MAX_WORDS = 64, MAX_REGS = 160, CASE_SECONDS = 20,
};

/* What a case may name besides registers, and how a guest has it. */
typedef struct {
    const char *name;
    uint32_t brk;               /* breakpoint instructions: a word of them, at any place */
    uint64_t no_lse2;           /* features without pairs in one piece; 0: it has no such thing */
    const DecodeRow *rows;
    const char *fp_mode, *fp_flags;     /* names of these registers */
    void (*set_fp)(Env *e, uint32_t mode, uint32_t flags);
    void (*get_fp)(Env *e, uint32_t *mode, uint32_t *flags);
    unsigned (*insn_bytes)(uint32_t word);
} Kind;

static void a64_set_fp(Env *e, uint32_t mode, uint32_t flags)
{
    a64_set_fpcr(e, mode);
    a64_set_fpsr(e, flags);
}

static void a64_get_fp(Env *e, uint32_t *mode, uint32_t *flags)
{
    *mode = a64_state(e)->fpcr;
    *flags = a64_get_fpsr(e);
}

static unsigned four_bytes(uint32_t word)
{
    (void)word;
    return 4;
}

static void rv_set_fp(Env *e, uint32_t mode, uint32_t flags)
{
    rv_set_frm(e, mode);
    rv_set_fflags(e, flags);
}

static void rv_get_fp(Env *e, uint32_t *mode, uint32_t *flags)
{
    *mode = rv_state(e)->frm;
    *flags = rv_get_fflags(e);
}

static unsigned rv_bytes(uint32_t word)
{
    return (word & 3) == 3 ? 4 : 2;
}

static const Kind kinds[] = {
    { "aarch64", 0xd4200000, ~(uint64_t)A64_FEAT_lse2, a64_rows, "fpcr", "fpsr", a64_set_fp,
      a64_get_fp, four_bytes },
    { "riscv64", 0x90029002, 0, rv_rows, "frm", "fflags", rv_set_fp, rv_get_fp, rv_bytes },
};

/* Everything a case can name. */
typedef struct {
    V128 reg[MAX_REGS];         /* by index of Guest.regs */
    uint32_t nzcv, fpcr, fpsr;
    uint64_t pc;
    uint8_t scratch[SCRATCH_BYTES];
} Machine;

typedef struct {
    uint32_t word[MAX_WORDS];
    unsigned n_word;
    Machine in, out;
    bool undef, fault, align, pc_given, no_lse2;
    uint64_t fault_addr;
} Case;

/* Shared with the parent, which reads it after a child died. */
typedef struct {
    volatile int line;
    volatile unsigned passed, failed;
} Progress;

static const Guest *guest;
static const Kind *kind;
static Env *env;
static Progress *progress;
static const char *file_name;

/* ---- parsing ---- */

static const GuestReg *find_reg(const char *name, size_t len)
{
    for (unsigned i = 0; i < guest->n_regs; i++) {
        const GuestReg *r = &guest->regs[i];
        if (strlen(r->name) == len && !memcmp(r->name, name, len)) {
            return r;
        }
    }
    return NULL;
}

/* parse_number: decimal, negative or 0x hex of up to 128 bits; false unless all of s is one. */
static bool parse_number(const char *s, V128 *v)
{
    memset(v, 0, sizeof(*v));
    if (s[0] != '0' || s[1] != 'x') {
        char *end;
        v->u64[0] = *s == '-' ? (uint64_t)strtoll(s, &end, 10) : strtoull(s, &end, 10);
        return end != s && !*end;
    }
    size_t len = strlen(s += 2);
    if (len < 1 || len > 32) {
        return false;
    }
    for (; *s; s++) {
        char digit[2] = { *s, 0 }, *end;
        unsigned d = (unsigned)strtoul(digit, &end, 16);
        if (*end) {
            return false;
        }
        v->u64[1] = v->u64[1] << 4 | v->u64[0] >> 60;
        v->u64[0] = v->u64[0] << 4 | d;
    }
    return true;
}

/* parse_bytes: "[0x50000010]" and hex digits into scratch memory. */
static bool parse_bytes(const char *addr, const char *hex, Machine *m)
{
    char *end;
    uint64_t at = strtoull(addr + 1, &end, 0) - SCRATCH;
    size_t n = strlen(hex) / 2;

    if (*end != ']' || end[1] || strlen(hex) % 2 || at > SCRATCH_BYTES || n > SCRATCH_BYTES - at) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char two[3] = { hex[2 * i], hex[2 * i + 1], 0 };
        m->scratch[at + i] = (uint8_t)strtoul(two, &end, 16);
        if (*end) {
            return false;
        }
    }
    return true;
}

/* parse_item: one name=value of either side into m. */
static bool parse_item(char *item, Machine *m, Case *c, bool result)
{
    char *value = strchr(item, '=');
    V128 v;

    if (result && !strcmp(item, "undef")) {
        return c->undef = true;
    }
    if (!value) {
        return false;
    }
    *value++ = 0;
    if (*item == '[') {
        return parse_bytes(item, value, m);
    }
    if (!strcmp(item, "nzcv")) {
        m->nzcv = (uint32_t)strtoul(value, NULL, 16) << 28;
        return true;
    }
    if (!parse_number(value, &v)) {
        return false;
    }
    if (result && (!strcmp(item, "fault") || !strcmp(item, "align"))) {
        c->fault_addr = v.u64[0];
        c->align = *item == 'a';
        return c->fault = true;
    }
    if (!result && !strcmp(item, "lse2")) {
        c->no_lse2 = !v.u64[0];
        return true;
    }
    if (result && !strcmp(item, "pc")) {
        m->pc = v.u64[0];
        return c->pc_given = true;
    }
    if (!strcmp(item, kind->fp_mode)) {
        m->fpcr = v.u32[0];
        return true;
    }
    if (!strcmp(item, kind->fp_flags)) {
        m->fpsr = v.u32[0];
        return true;
    }
    const GuestReg *r = find_reg(item, strlen(item));
    if (!r) {
        return false;
    }
    m->reg[r - guest->regs] = v;
    return true;
}

static bool parse_items(char *text, Machine *m, Case *c, bool result, const char **bad)
{
    char *save;

    for (char *t = strtok_r(text, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
        *bad = t;
        if (!parse_item(t, m, c, result)) {
            return false;
        }
    }
    return true;
}

static void machine_start(Machine *m)
{
    memset(m, 0, sizeof(*m));
    for (unsigned i = 0; i < guest->n_regs; i++) {
        const GuestReg *r = &guest->regs[i];
        unsigned n = (unsigned)strtoul(r->name + 1, NULL, 10);
        if (r->name[0] == 'f') {
            m->reg[i].u64[0] = 0xbadcafe000000000 + n;
        } else if (r->type == IR_V128) {
            m->reg[i].u64[1] = 0xc0ffee0000000000 + n;
            m->reg[i].u64[0] = 0xbadcafe000000000 + n;
        } else if (!strcmp(r->name, "sp")) {
            m->reg[i].u64[0] = SCRATCH + 0x2000;
        } else if (!strcmp(r->name, "x0") && guest->flagless) {
            m->reg[i].u64[0] = 0;
        } else if (r->name[0] == 'x') {
            m->reg[i].u64[0] = 0xd00d000000000000 + n;
        }
    }
}

/* parse_case: NULL, or what is wrong with the line (which is cut up). */
static const char *parse_case(char *line, Case *c)
{
    char *p = line, *end;
    const char *bad = "encoding";

    memset(c, 0, offsetof(Case, in));
    c->undef = c->fault = c->align = c->pc_given = c->no_lse2 = false;
    machine_start(&c->in);
    do {
        if (c->n_word == MAX_WORDS) {
            return "too many words";
        }
        c->word[c->n_word++] = (uint32_t)strtoul(p, &end, 16);
        if (end == p) {
            return bad;
        }
        p = end + 1;
    } while (*end == ':');

    char *arrow = strstr(end, "=> ");
    arrow = arrow ? arrow : strstr(end, "=>");
    if (!arrow) {
        return "no =>";
    }
    *arrow = 0;
    p += strspn(p, " ");
    char *inputs = strstr(p, "  ");     /* the end of the assembly */
    if (inputs && !parse_items(inputs, &c->in, c, false, &bad)) {
        return bad;
    }
    c->out = c->in;
    return parse_items(arrow + 2, &c->out, c, true, &bad) ? NULL : bad;
}

/* ---- running ---- */

static void machine_load(const Case *c)
{
    uint32_t *code = (uint32_t *)(uintptr_t)CODE_AREA;
    V128 *v;

    for (unsigned i = 0; i < CODE_AREA_BYTES / 4; i++) {
        code[i] = kind->brk;
    }
    uint8_t *at = (uint8_t *)(uintptr_t)CODE;

    for (unsigned i = 0; i < c->n_word; i++) {
        memcpy(at, &c->word[i], kind->insn_bytes(c->word[i]));
        at += kind->insn_bytes(c->word[i]);
    }
    memcpy((void *)(uintptr_t)SCRATCH, c->in.scratch, SCRATCH_BYTES);
    translate_invalidate(guest_addr(CODE_AREA), CODE_AREA_BYTES);
    for (unsigned i = 0; i < guest->n_regs; i++) {
        v = (V128 *)(env->state + guest->regs[i].offset);
        memcpy(v, &c->in.reg[i], guest->regs[i].type == IR_V128 ? 16 : 8);
    }
    uint64_t pc = CODE;
    memcpy(env->state + guest->pc_offset, &pc, 8);
    memcpy(env->state + guest->nzcv_offset, &c->in.nzcv, 4);
    env->rt.excl_size = 0;
    env_watch_underflow(env, false);    /* a case that writes FPSR turned it on */
    kind->set_fp(env, c->in.fpcr, c->in.fpsr);
}

/* differs: print the first thing that is not as the case wants; false when all is. */
static bool differs(const Case *c, char *why, size_t len)
{
    const Machine *m = &c->out;
    uint64_t pc;
    uint32_t nzcv;

    for (unsigned i = 0; i < guest->n_regs; i++) {
        const GuestReg *r = &guest->regs[i];
        V128 v = { 0 };
        if (!strchr("xvsf", r->name[0])) {
            continue;           /* a system register: not among what a case names */
        }
        memcpy(&v, env->state + r->offset, r->type == IR_V128 ? 16 : 8);
        if (v.u64[0] != m->reg[i].u64[0] || v.u64[1] != m->reg[i].u64[1]) {
            snprintf(why, len, "%s = 0x%" PRIx64 "%s%016" PRIx64 ", expected 0x%" PRIx64
                     "%s%016" PRIx64, r->name, v.u64[1], r->type == IR_V128 ? "" : ":", v.u64[0],
                     m->reg[i].u64[1], r->type == IR_V128 ? "" : ":", m->reg[i].u64[0]);
            return true;
        }
    }
    memcpy(&pc, env->state + guest->pc_offset, 8);
    memcpy(&nzcv, env->state + guest->nzcv_offset, 4);
    uint64_t want_pc = m->pc;

    if (!c->pc_given) {
        want_pc = CODE;
        for (unsigned i = 0; i < c->n_word; i++)
            want_pc += kind->insn_bytes(c->word[i]);
    }
    if (pc != want_pc && (c->pc_given || !(c->undef || c->fault))) {
        snprintf(why, len, "pc = 0x%" PRIx64 ", expected 0x%" PRIx64, pc, want_pc);
        return true;
    }
    if (nzcv != m->nzcv && !guest->flagless) {
        snprintf(why, len, "nzcv = %x, expected %x", nzcv >> 28, m->nzcv >> 28);
        return true;
    }
    uint32_t fpcr, fpsr;
    kind->get_fp(env, &fpcr, &fpsr);
    if (fpcr != m->fpcr || fpsr != m->fpsr) {
        snprintf(why, len, "%s = 0x%x %s = 0x%x, expected 0x%x 0x%x", kind->fp_mode, fpcr,
                 kind->fp_flags, fpsr, m->fpcr, m->fpsr);
        return true;
    }
    const uint8_t *mem = (const uint8_t *)(uintptr_t)SCRATCH;
    for (unsigned i = 0; i < SCRATCH_BYTES; i++) {
        if (mem[i] != m->scratch[i]) {
            snprintf(why, len, "[0x%x] = %02x, expected %02x", SCRATCH + i, mem[i], m->scratch[i]);
            return true;
        }
    }
    return false;
}

/* run_with: false with the reason in why. */
static bool run_with(uint64_t features, const Case *c, char *why, size_t len)
{
    static const char *const exit_names[] = { "none", "poke", "system call", "undefined",
                                              "breakpoint", "fault", "fetch fault" };
    ExitKind want = c->undef ? EXIT_UNDEF : c->fault ? EXIT_FAULT : EXIT_BREAK;

    translate_options.features = features;
    machine_load(c);
    alarm(CASE_SECONDS);
    ExitKind got = env_run(env);
    alarm(0);
    if (got == EXIT_FETCH && c->fault) {
        got = EXIT_FAULT;
    }
    if (got != want) {
        uint64_t pc;
        memcpy(&pc, env->state + guest->pc_offset, 8);
        snprintf(why, len, "ended by %s at pc 0x%" PRIx64 " (fault address 0x%" PRIx64
                 "), expected %s", exit_names[got], pc, env->rt.fault_addr, exit_names[want]);
        return false;
    }
    if (c->fault && env->rt.fault_addr != c->fault_addr) {
        snprintf(why, len, "fault at 0x%" PRIx64 ", expected 0x%" PRIx64, env->rt.fault_addr,
                 c->fault_addr);
        return false;
    }
    if (c->fault && c->align != (env->rt.fault_sig == SIGBUS && env->rt.fault_code == BUS_ADRALN)) {
        snprintf(why, len, "signal %d, code %d", env->rt.fault_sig, env->rt.fault_code);
        return false;
    }
    return !differs(c, why, len);
}

/* run_case: the same with all features; LDP and STP also without LSE2, where they are two accesses. */
static bool run_case(const Case *c, char *why, size_t len)
{
    bool pair = kind->no_lse2 && (c->word[0] & 0x3a000000) == 0x28000000;

    if ((c->no_lse2 || pair) && !run_with(kind->no_lse2, c, why, len))
        return false;
    return c->no_lse2 || run_with(~0ull, c, why, len);
}

/* ---- files ---- */

static void on_host_fault(int sig, siginfo_t *info, void *uc)
{
    if (fault_handle(env, sig, info, uc) == FAULT_NOT_OURS) {
        signal(sig, SIG_DFL);
        raise(sig);
    }
}

static int on_syscall(Env *e, uint32_t imm)
{
    (void)e;
    (void)imm;
    return 1;
}

static void map_at(uintptr_t at, size_t bytes)
{
    void *p = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (p != (void *)at) {
        fprintf(stderr, "insn-tests: 0x%zx cannot be mapped\n", (size_t)at);
        exit(2);
    }
}

static void machine_make(Accel accel)
{
    static const int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    TranslateOptions options = { .accel = accel, .features = ~0ull };
    stack_t stack = { .ss_size = 1 << 18 };
    struct sigaction sa = { .sa_sigaction = on_host_fault,
                            .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

    map_at(SCRATCH, SCRATCH_BYTES);
    map_at(CODE_AREA, CODE_AREA_BYTES);
    pages_set_exec(guest_addr(CODE_AREA), CODE_AREA_BYTES, true);
    int rc = translate_init(guest, &options);
    env = env_new();
    if (rc || !env) {
        fprintf(stderr, "insn-tests: the translator does not start: %s\n", strerror(-rc));
        exit(2);
    }
    guest->state_init(env);
    env->rt.on_syscall = on_syscall;
    stack.ss_sp = malloc(stack.ss_size);
    sigaltstack(&stack, NULL);
    for (unsigned i = 0; i < ARRAY_LEN(sigs); i++) {
        sigaction(sigs[i], &sa, NULL);
    }
}

/* run_file: all cases after line `from`; counts and place go to *progress. */
static void run_file(FILE *f, int from)
{
    static Case c;
    char *line = NULL, *copy, why[300];
    size_t cap = 0;

    for (int n = 1; getline(&line, &cap, f) > 0; n++) {
        line[strcspn(line, "\n")] = 0;
        if (n <= from || !*line || *line == '#') {
            continue;
        }
        progress->line = n;
        copy = strdup(line);
        const char *bad = parse_case(copy, &c);
        if (bad) {
            snprintf(why, sizeof(why), "cannot read '%s'", bad);
        }
        if (bad || !run_case(&c, why, sizeof(why))) {
            printf("%s:%d: %s\n    %s\n", file_name, n, why, line);
            progress->failed++;
        } else {
            progress->passed++;
        }
        free(copy);
    }
    free(line);
}

static void run_isolated(Accel accel)
{
    int from = 0;

    for (;;) {
        fflush(stdout);
        pid_t pid = fork();
        if (!pid) {
            FILE *f = fopen(file_name, "r");
            if (!f) {
                perror(file_name);
                exit(2);
            }
            machine_make(accel);
            run_file(f, from);
            fflush(stdout);
            _exit(0);
        }
        int st;
        waitpid(pid, &st, 0);
        if (WIFEXITED(st) && WEXITSTATUS(st) == 0) {
            return;
        }
        if (!WIFSIGNALED(st) || progress->line == from) {
            printf("%s: cannot be run\n", file_name);
            progress->failed++;
            return;
        }
        printf("%s:%d: %s\n", file_name, progress->line,
               WTERMSIG(st) == SIGALRM ? "hangs" : strsignal(WTERMSIG(st)));
        progress->failed++;
        from = progress->line;
    }
}

/* ---- which rows have no case ---- */

static void mark_rows(bool *seen)
{
    static Case c;
    FILE *f = fopen(file_name, "r");
    char *line = NULL;
    size_t cap = 0;

    while (f && getline(&line, &cap, f) > 0) {
        line[strcspn(line, "\n")] = 0;
        if (*line == '#' || parse_case(line, &c)) {
            continue;
        }
        for (unsigned i = 0; i < c.n_word; i++) {
            const DecodeRow *r = kind->rows;
            while (r->name && (c.word[i] & r->mask) != r->value) {
                r++;
            }
            seen[r - kind->rows] = true;
        }
    }
    free(line);
    if (f) {
        fclose(f);
    }
}

static int list_rows(char **files)
{
    unsigned n = 0, rows = 0, missing = 0;

    while (kind->rows[n].name) {
        n++;
    }
    bool *seen = calloc(n + 1, sizeof(*seen));
    for (; *files; files++) {
        file_name = *files;
        mark_rows(seen);
    }
    for (unsigned i = 0; i < n; i++) {
        rows += !kind->rows[i].is_todo;
        if (!kind->rows[i].is_todo && !seen[i]) {
            missing++;
            printf("%s: %s has no case\n", kind->rows[i].where, kind->rows[i].name);
        }
    }
    printf("%u of %u lifted rows have cases\n", rows - missing, rows);
    free(seen);
    return missing != 0;
}

int main(int argc, char **argv)
{
    bool rows = argc > 1 && !strcmp(argv[1], "-r");
    char **arg = argv + 1 + rows;

    if (argc - rows < 4 || (strcmp(arg[0], "jit") && strcmp(arg[0], "interp"))) {
        fprintf(stderr, "usage: insn-tests [-r] jit|interp GUEST FILE...\n");
        return 2;
    }
    for (const Guest *const *g = guest_list; *g; g++) {
        guest = strcmp((*g)->name, arg[1]) ? guest : *g;
    }
    for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
        kind = strcmp(kinds[i].name, arg[1]) ? kind : &kinds[i];
    }
    if (!guest || !kind) {
        fprintf(stderr, "insn-tests: no guest %s\n", arg[1]);
        return 2;
    }
    if (rows) {
        return list_rows(arg + 2);
    }
    progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (char **f = arg + 2; *f; f++) {
        file_name = *f;
        progress->line = 0;
        run_isolated(strcmp(arg[0], "jit") ? ACCEL_INTERP : ACCEL_JIT);
    }
    printf("%u passed, %u failed\n", progress->passed, progress->failed);
    return progress->failed != 0;
}
