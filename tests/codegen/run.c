// SPDX-License-Identifier: MIT
/*
 * run.c: what tier 1 makes of guest instructions, against the text in case files (format:
 * tests/codegen/README.md).
 *
 *   codegen-tests check|update|show GUEST FILE...
 *
 * check compares each case and prints the differences; update writes the files anew; show
 * prints them as update would write them. Nothing is executed, and the host's features are
 * pinned, so the result is the same on every machine.
 */
#include <capstone/capstone.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "translate/cache/cache.h"
#include "translate/env_layout.h"
#include "translate/host/x86_64/features.h"
#include "translate/translate.h"
#include "translate/translate_unit.h"

enum {
    CODE = 0x50011000, CODE_BYTES = 0x3000, MAX_WORDS = 64, MAX_LABELS = 64, NAME_BYTES = 96,
};

typedef struct {
    char name[NAME_BYTES];
    uint32_t word[MAX_WORDS];
    uint8_t bytes[MAX_WORDS];           /* of each: half the hex digits it is written with */
    char text[MAX_WORDS][NAME_BYTES];   /* as in the file */
    unsigned n_word;
} Case;

/* Sums for the last line. */
typedef struct {
    unsigned cases, different, guest, host;
} Totals;

static const Guest *guest;
static Emit *emit;
static uint8_t *host_room;
static csh guest_cs, host_cs;          /* guest_cs 0: capstone does not know the guest */
static Totals totals;
static uint64_t case_end;       /* guest pc after the case in work, fused filler included */

// clang-format off
static const struct {
    size_t offset, bytes;
    const char *name;
} env_fields[] = {
#define F(field) { offsetof(Env, rt.field), sizeof(((Env *)0)->rt.field), #field }
    F(c_sp), F(shadow_sp), F(shadow_base), F(next_pc), F(mxcsr), F(qc), F(exit_kind), F(exit_arg),
    F(fcmp_invalid), F(nzcv), F(excl_addr), F(excl_size), F(excl_val), F(release_pending), F(vtmp), F(arg), F(spill),
    F(vspill), F(mode), F(poke),
#undef F
    { offsetof(Env, table), sizeof(((Env *)0)->table), "table" },
    { offsetof(Env, jump), sizeof(((Env *)0)->jump), "jump" },
};

static const char *const thunks[] = {
    [THUNK_LINK] = "link", [THUNK_PROBE] = "probe", [THUNK_RET] = "ret",
    [THUNK_SYSCALL] = "syscall", [THUNK_EXIT] = "exit", [THUNK_EXIT_RAW] = "exit_raw",
    [THUNK_DEOPT] = "deopt", [THUNK_EVAL] = "eval", [THUNK_HELPER] = "helper",
    [THUNK_EXIT_KEEP] = "exit_keep",
};
// clang-format on

/* ---- names instead of offsets ---- */

static void name_at(char *out, size_t len, const char *name, size_t off)
{
    if (off)
        snprintf(out, len, "%s+%zu", name, off);
    else
        snprintf(out, len, "%s", name);
}

/* env_name: what lies at env + off. */
static void env_name(char *out, size_t len, int64_t off)
{
    for (unsigned i = 0; i < guest->n_regs; i++) {
        const GuestReg *r = &guest->regs[i];

        if (off >= r->offset && off < r->offset + (int)ir_type_bytes(r->type)) {
            name_at(out, len, r->name, (size_t)off - r->offset);
            return;
        }
    }
    if (off == ENV_POLL_OFFSET) {
        snprintf(out, len, "poll");
        return;
    }
    for (unsigned i = 0; i < ARRAY_LEN(env_fields); i++) {
        size_t at = (size_t)off - env_fields[i].offset;

        if (off < (int64_t)env_fields[i].offset || at >= env_fields[i].bytes)
            continue;
        if (!strcmp(env_fields[i].name, "table") && at / 8 < ARRAY_LEN(thunks) && thunks[at / 8])
            snprintf(out, len, "thunk %s", thunks[at / 8]);
        else
            name_at(out, len, env_fields[i].name, at);
        return;
    }
    snprintf(out, len, "env%+" PRId64, off);
}

/* mem_name: the memory operand m of insn, when it is the state or a constant; false: neither. */
static bool mem_name(char *out, size_t len, const cs_insn *insn, const x86_op_mem *m)
{
    char name[NAME_BYTES];

    if (m->base == X86_REG_RIP) {
        const uint64_t *k = (const uint64_t *)(insn->address + insn->size + (uint64_t)m->disp);

        snprintf(out, len, "[const 0x%" PRIx64 " 0x%" PRIx64 "]", k[0], k[1]);
        return true;
    }
    if (m->base != X86_REG_RBP)
        return false;
    env_name(name, sizeof(name), m->disp + EMIT_BIAS);
    if (m->index != X86_REG_INVALID)
        snprintf(out, len, "[%s + %s*%d]", name, cs_reg_name(host_cs, m->index), m->scale);
    else
        snprintf(out, len, "[%s]", name);
    return true;
}

/* ---- host code as text ---- */

typedef struct {
    uint64_t label[MAX_LABELS];
    unsigned n_label;
} Labels;

static bool is_jump(const cs_insn *insn)
{
    return cs_insn_group(host_cs, insn, X86_GRP_JUMP) ||
           cs_insn_group(host_cs, insn, X86_GRP_CALL);
}

/* jump_target: of a direct jump or call; 0: it is not one. */
static uint64_t jump_target(const cs_insn *insn)
{
    const cs_x86 *x = &insn->detail->x86;

    return is_jump(insn) && x->op_count == 1 && x->operands[0].type == X86_OP_IMM
               ? (uint64_t)x->operands[0].imm
               : 0;
}

/* exit_edge: the edge that the jump is, when it leaves the unit. */
static const EmitEdge *exit_edge(const cs_insn *insn)
{
    uint64_t site = insn->address + insn->size - 4;

    for (unsigned i = 0; i < emit->n_edge; i++) {
        if ((uint64_t)emit->edge[i].site == site)
            return &emit->edge[i];
    }
    return NULL;
}

static bool in_main(uint64_t at)
{
    return at >= (uint64_t)emit->unit_start && at < (uint64_t)emit->main_end;
}

static int label_of(const Labels *l, uint64_t at)
{
    for (unsigned i = 0; i < l->n_label; i++) {
        if (l->label[i] == at)
            return (int)i;
    }
    return -1;
}

static void print_operands(FILE *f, const cs_insn *insn, const Labels *l)
{
    const cs_x86 *x = &insn->detail->x86;
    uint64_t to = jump_target(insn);
    char name[2 * NAME_BYTES];

    if (to) {
        const EmitEdge *edge = exit_edge(insn);

        if (edge)
            fprintf(f, "exit %+" PRId64, (int64_t)(ir_place_pc(guest, edge->target) - CODE));
        else if (in_main(to))
            fprintf(f, ".%d", label_of(l, to));
        else
            fprintf(f, "cold");
        return;
    }
    for (unsigned i = 0; i < x->op_count; i++) {
        const char *open = strchr(insn->op_str, '['), *close = strchr(insn->op_str, ']');

        if (x->operands[i].type != X86_OP_MEM || !open || !close ||
            !mem_name(name, sizeof(name), insn, &x->operands[i].mem))
            continue;
        fprintf(f, "%.*s%s%s", (int)(open - insn->op_str), insn->op_str, name, close + 1);
        return;
    }
    fprintf(f, "%s", insn->op_str);
}

/* is_outside: not the case's own: a nop that depends on the place; the jump to what follows. */
static bool is_outside(const cs_insn *insn)
{
    const EmitEdge *edge = exit_edge(insn);

    return insn->id == X86_INS_NOP ||
           (insn->id == X86_INS_JMP && edge && ir_place_pc(guest, edge->target) == case_end &&
            insn->address + insn->size == (uint64_t)emit->main_end);
}

static bool calls_deopt(const cs_insn *insn)
{
    const cs_x86 *x = &insn->detail->x86;

    return insn->id == X86_INS_CALL && x->operands[0].type == X86_OP_MEM &&
           x->operands[0].mem.disp == emit_thunk(THUNK_DEOPT).disp;
}

/* walk: fn for each host instruction of the main part. */
static void walk(void (*fn)(const cs_insn *insn, void *arg), void *arg)
{
    const uint8_t *p = emit->unit_start;
    size_t left = (size_t)(emit->main_end - p);
    uint64_t at = (uint64_t)p;
    cs_insn *insn = cs_malloc(host_cs);

    while (left && cs_disasm_iter(host_cs, &p, &left, &at, insn)) {
        if (!is_outside(insn))
            fn(insn, arg);
        if (calls_deopt(insn)) {
            p += 8, at += 8;        /* the guest pc follows the call */
            left -= 8;
        }
    }
    cs_free(insn, 1);
    if (left) {
        fprintf(stderr, "codegen-tests: capstone does not know the bytes at +%zu\n",
                (size_t)(p - emit->unit_start));
        exit(2);
    }
}

static void add_label(const cs_insn *insn, void *arg)
{
    Labels *l = arg;
    uint64_t to = jump_target(insn);

    if (!to || exit_edge(insn) || !in_main(to) || label_of(l, to) >= 0)
        return;
    if (l->n_label == MAX_LABELS) {
        fprintf(stderr, "codegen-tests: too many labels\n");
        exit(2);
    }
    l->label[l->n_label++] = to;
}

static void count_insn(const cs_insn *insn, void *arg)
{
    (void)insn;
    ++*(unsigned *)arg;
}

typedef struct {
    FILE *f;
    const Labels *labels;
} Printer;

static void print_insn(const cs_insn *insn, void *arg)
{
    Printer *pr = arg;
    int label = label_of(pr->labels, insn->address);

    if (label >= 0)
        fprintf(pr->f, "  .%d\n", label);
    fprintf(pr->f, "    %s%s", insn->mnemonic, *insn->op_str ? " " : "");
    print_operands(pr->f, insn, pr->labels);
    fprintf(pr->f, "\n");
}

/* ---- one case ---- */

static void translate(const Case *c)
{
    uint8_t *p = (uint8_t *)(uintptr_t)CODE, *end = p + CODE_BYTES;

    for (unsigned i = 0; i < c->n_word; p += c->bytes[i++])
        memcpy(p, &c->word[i], c->bytes[i]);
    for (; end - p >= 4; p += 4)
        memcpy(p, &guest->filler, 4);
    emit->mode = 0;
    emit->as.p = host_room;
    emit->as.end = host_room + UNIT_ROOM;
    emit->interpret = false;
    emit->unit_pc = CODE;
    if (unit_lift(emit, CODE, UNIT_MAX_BLOCKS, c->n_word)) {
        const IrBlock *last = &emit->block[emit->n_block - 1].ir;

        case_end = last->pc.va + last->guest_bytes;
        unit_analyse(emit);
        if (emit_unit(emit))
            return;
    }
    fprintf(stderr, "codegen-tests: %s cannot be translated\n", c->name);
    exit(2);
}

/* print_guest: by capstone; what it does not know (LSE, RISC-V) stays as in the file. */
static void print_guest(FILE *f, const Case *c)
{
    cs_insn *insn;

    for (unsigned i = 0; i < c->n_word; i++) {
        size_t n = guest_cs ? cs_disasm(guest_cs, (const uint8_t *)&c->word[i], 4, CODE + 4 * i, 1,
                                        &insn) : 0;

        if (!n) {
            fprintf(f, "  %0*x  %s\n", 2 * c->bytes[i], c->word[i], c->text[i]);
            continue;
        }
        fprintf(f, "  %08x  %s%s%s\n", c->word[i], insn->mnemonic, *insn->op_str ? " " : "",
                insn->op_str);
        cs_free(insn, n);
    }
}

/* print_case: the case as it stands in a file. */
static void print_case(FILE *f, const Case *c)
{
    Labels labels = { .n_label = 0 };
    Printer pr = { f, &labels };
    unsigned n = 0;

    translate(c);
    walk(add_label, &labels);
    walk(count_insn, &n);
    fprintf(f, "%s\n", c->name);
    print_guest(f, c);
    fprintf(f, "=> %u\n", n);
    walk(print_insn, &pr);
    totals.cases++;
    totals.guest += c->n_word;
    totals.host += n;
}

/* ---- files ---- */

/*
 * parse_case: the case at the start of text. Its name stands in the first column; of the lines
 * that follow only the hex words before "=>" matter. Returns the text after it.
 */
static const char *parse_case(const char *text, Case *c)
{
    size_t len = strcspn(text, "\n");
    bool guest_part = true;

    snprintf(c->name, sizeof(c->name), "%.*s", (int)len, text);
    c->n_word = 0;
    for (text += len + (text[len] == '\n'); *text == ' ' || *text == '='; ) {
        len = strcspn(text, "\n");
        guest_part &= *text != '=';
        if (guest_part && c->n_word < MAX_WORDS) {
            char *end;

            c->word[c->n_word] = (uint32_t)strtoul(text, &end, 16);
            c->bytes[c->n_word] = (uint8_t)((end - text - strspn(text, " ")) / 2);
            end += strspn(end, " ");
            snprintf(c->text[c->n_word++], NAME_BYTES, "%.*s", (int)(text + len - end), end);
        }
        text += len + (text[len] == '\n');
    }
    return text;
}

/* print_file: the file anew: comments and empty lines as they are, cases translated. */
static void print_file(FILE *f, const char *text)
{
    static Case c;

    while (*text) {
        if (*text == '#' || *text == '\n') {
            size_t len = strcspn(text, "\n");

            len += text[len] == '\n';
            fwrite(text, 1, len, f);
            text += len;
        } else {
            text = parse_case(text, &c);
            print_case(f, &c);
        }
    }
}

static char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = NULL;
    size_t cap = 0;

    if (!f || (getdelim(&text, &cap, 0, f) < 0 && ferror(f))) {
        fprintf(stderr, "codegen-tests: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    fclose(f);
    return text;
}

/* case_text: the case's part of a file that update wrote: up to the next empty line. */
static size_t case_text(const char *text)
{
    const char *end = strstr(text, "\n\n");

    return end ? (size_t)(end - text) + 1 : strlen(text);
}

static void check_file(const char *path, const char *text)
{
    static Case c;

    while (*text) {
        if (*text == '#' || *text == '\n') {
            size_t len = strcspn(text, "\n");

            text += len + (text[len] == '\n');
            continue;
        }
        const char *end = parse_case(text, &c);
        char *now = NULL;
        size_t len = 0, want = (size_t)(end - text);
        FILE *f = open_memstream(&now, &len);

        print_case(f, &c);
        fclose(f);
        if (len != want || memcmp(now, text, len)) {
            printf("%s: %s: expected\n%.*sbut it is\n%s", path, c.name,
                   (int)case_text(text), text, now);
            totals.different++;
        }
        free(now);
        text = end;
    }
}

static void update_file(const char *path, const char *text)
{
    char *now = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&now, &len), *out;

    print_file(f, text);
    fclose(f);
    out = fopen(path, "w");
    if (!out || fwrite(now, 1, len, out) != len || fclose(out)) {
        fprintf(stderr, "codegen-tests: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    free(now);
}

/* ---- start ---- */

static void *map(uintptr_t at, size_t bytes)
{
    void *p = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED_NOREPLACE : 0), -1, 0);

    if (p == MAP_FAILED) {
        fprintf(stderr, "codegen-tests: no memory at 0x%zx\n", (size_t)at);
        exit(2);
    }
    return p;
}

static void start(void)
{
    TranslateOptions options = { .accel = ACCEL_JIT, .features = guest->features | guest->shown_features };

    map(CODE, CODE_BYTES);
    host_room = map(0, UNIT_ROOM);
    emit = map(0, sizeof(*emit));
    if (translate_init(guest, &options) < 0 ||
        (guest->capstone_arch != CS_ARCH_ALL &&
         cs_open((cs_arch)guest->capstone_arch, (cs_mode)guest->capstone_mode, &guest_cs)) ||
        cs_open(CS_ARCH_X86, CS_MODE_64, &host_cs)) {
        fprintf(stderr, "codegen-tests: cannot start\n");
        exit(2);
    }
    cs_option(host_cs, CS_OPT_DETAIL, CS_OPT_ON);
    pages_set_exec(guest_addr(CODE), CODE_BYTES, true);
    emit_init(emit, guest, host_features_pinned());
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    bool check = !strcmp(how, "check"), update = !strcmp(how, "update");

    if (argc < 4 || (!check && !update && strcmp(how, "show"))) {
        fprintf(stderr, "usage: codegen-tests check|update|show GUEST FILE...\n");
        return 2;
    }
    for (const Guest *const *g = guest_list; *g; g++)
        guest = strcmp((*g)->name, argv[2]) ? guest : *g;
    if (!guest) {
        fprintf(stderr, "codegen-tests: no guest %s\n", argv[2]);
        return 2;
    }
    start();
    for (char **path = argv + 3; *path; path++) {
        char *text = read_file(*path);

        if (check)
            check_file(*path, text);
        else if (update)
            update_file(*path, text);
        else
            print_file(stdout, text);
        free(text);
    }
    printf("%s: %u guest instructions, %u host instructions, %.2f for one\n", guest->name,
           totals.guest, totals.host, totals.guest ? (double)totals.host / totals.guest : 0.0);
    if (check)
        printf("%u passed, %u failed\n", totals.cases - totals.different, totals.different);
    return totals.different != 0;
}
