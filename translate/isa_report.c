/* SPDX-License-Identifier: MIT */
/*
 * isa_report.c: each row's word is translated, as a block of its own before an instruction that sees
 * nothing of it, and the code looked at; nothing is executed.
 */
#include "translate/isa_report.h"

#include <capstone/capstone.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "translate/cache/cache.h"
#include "translate/host/x86_64/features.h"
#include "translate/lift.h"
#include "translate/translate.h"
#include "translate/translate_unit.h"

enum { ATTEMPTS = 20000, CODE = 0x50011000 };

typedef enum { HOW_TODO, HOW_UNDEF, HOW_INLINE, HOW_HELPER, HOW_INTERP, HOW_COUNT } How;

static const char *const how_name[HOW_COUNT] = {
    [HOW_TODO] = "not lifted", [HOW_UNDEF] = "undefined", [HOW_INLINE] = "inline",
    [HOW_HELPER] = "helper", [HOW_INTERP] = "interpreter",
};

typedef struct {
    const Guest *guest;
    Emit *emit;
    uint8_t *room;
    uint8_t *code;          /* an instruction, insn_bytes long, then the filler */
    unsigned insn_bytes;
    uint8_t variant;        /* of the block */
    csh host;
    unsigned sum[HOW_COUNT], insns;
} Report;

/* try_words: find a word that the row's lift function takes with these features in p's variant. */
static bool try_words(Report *p, const DecodeRow *r, uint64_t features)
{
    IrBlock b;
    bool found = false;

    ir_block_init(&b, p->guest);
    for (unsigned i = 0; i < ATTEMPTS && !found; i++) {
        uint32_t word = p->guest->row_word(r, i);

        memcpy(p->code, &word, sizeof(word));
        Lift l = { .ir = &b, .guest = p->guest, .pc = guest_addr((uintptr_t)p->code),
                   .code = p->code, .code_len = 4, .features = features, .variant = p->variant };

        ir_block_reset(&b, l.pc);
        ir_insn(&b, l.pc);
        p->insn_bytes = p->guest->lift_insn(&l);
        found = p->insn_bytes && l.row && !strcmp(l.row, r->name);
    }
    ir_block_free(&b);
    return found;
}

/* try_variants: the guest's usual ones in their order, then the one that assumes nothing. */
static bool try_variants(Report *p, const DecodeRow *r, uint64_t features)
{
    const uint8_t *v = p->guest->usual_variants;

    translate_options.features = features;
    for (; v && *v; v++) {
        p->variant = *v;
        if (try_words(p, r, features))
            return true;
    }
    p->variant = 0;
    return try_words(p, r, features);
}

/* find_word: puts it in place, with the features of the default CPU, or all when it takes more. */
static bool find_word(Report *p, const DecodeRow *r)
{
    return try_variants(p, r, p->guest->features) || try_variants(p, r, p->guest->shown_features) ||
           try_variants(p, r, ~0ull);
}

static bool calls(const cs_insn *insn, unsigned thunk)
{
    const cs_x86 *x = &insn->detail->x86;

    return insn->id == X86_INS_CALL && x->operands[0].type == X86_OP_MEM &&
           x->operands[0].mem.disp == emit_thunk(thunk).disp;
}

/* goes_on: the block only goes on to the next instruction, so its last jump is not its own. */
static bool goes_on(const Emit *e)
{
    const IrBlock *b = &e->block[0].ir;

    return b->op[b->n_op - 1].op == IR_exit_to &&
           ir_place_pc(b->guest, ir_const_value(b, b->op[b->n_op - 1].a)) == b->pc.va + b->guest_bytes;
}

/* look: how the code does it, and of how many instructions it is. */
static How look(const Report *p, unsigned *n)
{
    const uint8_t *at = p->emit->unit_start;
    size_t left = (size_t)(p->emit->main_end - at);
    uint64_t address = (uint64_t)at;
    cs_insn *insn = cs_malloc(p->host);
    bool jump = false;
    How how = HOW_INLINE;

    *n = 0;
    while (left && cs_disasm_iter(p->host, &at, &left, &address, insn)) {
        jump = insn->id == X86_INS_JMP;
        *n += insn->id != X86_INS_NOP;
        if (calls(insn, THUNK_HELPER) || calls(insn, THUNK_HELPER_FAULT) || calls(insn, THUNK_EVAL))
            how = HOW_HELPER;
        if (calls(insn, THUNK_DEOPT)) {
            how = HOW_INTERP;
            at += 8, address += 8, left -= 8;       /* the guest pc follows the call */
        }
    }
    *n -= jump && goes_on(p->emit);
    cs_free(insn, 1);
    return how;
}

static bool translate(Report *p)
{
    Emit *e = p->emit;

    memcpy(p->code + p->insn_bytes, &p->guest->filler, sizeof(p->guest->filler));
    e->mode = 0;
    e->as.p = p->room;
    e->as.end = p->room + UNIT_ROOM;
    e->interpret = false;
    e->unit_pc = (uintptr_t)p->code;
    if (!unit_lift(e, env_place(e->unit_pc, p->variant), 1, 1))
        return false;
    unit_analyse(e);
    return emit_unit(e);
}

static void print_row(Report *p, FILE *f, const DecodeRow *r)
{
    unsigned n = 0;
    How how = r->is_todo ? HOW_TODO : HOW_UNDEF;

    if (!r->is_todo && find_word(p, r) && translate(p))
        how = look(p, &n);

    p->sum[how]++;
    p->insns += n;
    fprintf(f, "| %s | %s | %s | ", r->name, r->needs ? r->needs : "", how_name[how]);
    if (n)
        fprintf(f, "%u", n);
    fprintf(f, " | %s |\n", r->manual);
}

/* is_first: of the rows of this name and these features. */
static bool is_first(const DecodeRow *all, const DecodeRow *r)
{
    for (const DecodeRow *o = all; o < r; o++) {
        if (!strcmp(o->name, r->name) && !strcmp(o->needs ? o->needs : "", r->needs ? r->needs : ""))
            return false;
    }
    return true;
}

static void print_all(Report *p, FILE *f)
{
    fprintf(f,
            "<!-- SPDX-License-Identifier: MIT -->\n"
            "<!-- Made by `mimus -isa-report %s`; `make update-codegen` writes it anew. -->\n"
            "# Instructions of the %s guest\n\n"
            "One line for each row name and feature of the decode tables. Inline: translated code does it\n"
            "all; helper: it calls C; interpreter: it always leaves to the interpreter;\n"
            "undefined: for a program under the guest's system. Host instructions are\n"
            "those of one usual form, by itself, on x86-64-v3, without what is out of line.\n\n"
            "| row | feature | how | host instructions | in the manual |\n|---|---|---|---|---|\n",
            p->guest->name, p->guest->name);
    for (const DecodeRow *r = p->guest->rows; r->name; r++) {
        if (is_first(p->guest->rows, r))
            print_row(p, f, r);
    }
    unsigned lifted = p->sum[HOW_INLINE] + p->sum[HOW_HELPER] + p->sum[HOW_INTERP];

    fprintf(f, "\n%u lifted, of them %u inline, %u helper, %u interpreter; %u not lifted. %u host "
               "instructions in all.\n",
            lifted, p->sum[HOW_INLINE], p->sum[HOW_HELPER], p->sum[HOW_INTERP], p->sum[HOW_TODO],
            p->insns);
}

static void *map(uintptr_t at, size_t bytes)
{
    void *m = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED_NOREPLACE : 0), -1, 0);

    return m == MAP_FAILED ? NULL : m;
}

int isa_report(FILE *f, const Guest *g)
{
    TranslateOptions options = { .accel = ACCEL_JIT, .features = ~0ull };
    /* At a fixed place: how guest addresses are made depends on them. */
    Report p = { .guest = g, .code = map(CODE, PAGE_BYTES), .room = map(0, UNIT_ROOM),
                 .emit = map(0, sizeof(Emit)) };

    if (!g->rows || !p.code || !p.room || !p.emit || translate_init(g, &options) < 0 ||
        cs_open(CS_ARCH_X86, CS_MODE_64, &p.host) != CS_ERR_OK)
        return -1;
    cs_option(p.host, CS_OPT_DETAIL, CS_OPT_ON);
    pages_set_exec(guest_addr(CODE), PAGE_BYTES, true);
    emit_init(p.emit, g, host_features_pinned());
    print_all(&p, f);
    cs_close(&p.host);
    return ferror(f) ? -1 : 0;
}
