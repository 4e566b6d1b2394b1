/* SPDX-License-Identifier: MIT */
#include "translate/listing.h"

#include <capstone/capstone.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "translate/base/log.h"

enum { MARKS = 2048, LINES = 512, TEXT_BYTES = 160, GUEST_WIDTH = 44, IR_WIDTH = 44 };

/* The lines of one guest instruction in one column. */
typedef struct {
    unsigned n;
    char text[LINES][TEXT_BYTES];
} Column;

typedef struct {
    FILE *f;
    const Emit *e;
    csh guest, host;
    Column code_of, ir, code;   /* guest instructions, IR, host instructions */
} Listing;

static bool shows(void)
{
    return LOG_ON(in_asm) || LOG_ON(ir) || LOG_ON(out_asm);
}

void listing_start(Emit *e)
{
    if (LOG_ON(out_asm) && !e->mark)
        e->mark = calloc(MARKS, sizeof(*e->mark));
    e->cap_mark = e->mark ? MARKS : 0;
    e->n_mark = 0;
}

/* ---- names of what host code reaches by rbp ---- */

static const char *thunk_name(int64_t at)
{
    static const char *const name[RT_COUNT] = {
        [THUNK_LINK] = "link",         [THUNK_PROBE] = "probe",
        [THUNK_RET] = "return",        [THUNK_SYSCALL] = "system call",
        [THUNK_EXIT] = "exit",         [THUNK_EXIT_RAW] = "exit raw",
        [THUNK_DEOPT] = "interpret",   [THUNK_EVAL] = "eval",
        [THUNK_HELPER] = "helper",     [THUNK_EXIT_KEEP] = "exit keep",
    };
    uint64_t i = ((uint64_t)at - offsetof(Env, table)) / 8;

    return i < RT_COUNT && name[i] ? name[i] : "run-time entry";
}

static const char *field_name(int64_t at)
{
#define F(field) { offsetof(Env, rt.field), sizeof(((Env *)0)->rt.field), #field }
    static const struct {
        uint64_t at, size;
        const char *name;
    } fields[] = {
        F(c_sp),      F(shadow_sp), F(shadow_base),  F(next_pc),  F(mxcsr),     F(qc),
        F(exit_kind), F(exit_arg),  F(fcmp_invalid), F(nzcv),     F(excl_addr), F(excl_size),
        F(excl_val),  F(vtmp),      F(arg),          F(spill),    F(vspill),    F(fp_flags),
        F(fp),        F(mode),      F(count),        F(release_pending),
    };
#undef F

    for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
        if ((uint64_t)at - fields[i].at < fields[i].size)
            return fields[i].name;
    }
    return "rt";
}

/* slot_name: what lies at env + at. */
static const char *slot_name(const Guest *g, int64_t at)
{
    if (at >= -(int64_t)PAGE_BYTES && at < 0)
        return "poll";
    if (at >= (int64_t)offsetof(Env, jump))
        return "jump cache";
    if (at >= (int64_t)offsetof(Env, table))
        return thunk_name(at);
    if (at >= (int64_t)offsetof(Env, rt))
        return field_name(at);
    if (at == g->pc_offset)
        return "pc";
    for (unsigned i = 0; i < g->n_regs; i++) {
        unsigned bytes = g->regs[i].type == IR_V128 ? 16 : g->regs[i].type == IR_I32 ? 4 : 8;

        if (at >= g->regs[i].offset && at < g->regs[i].offset + (int64_t)bytes)
            return g->regs[i].name;
    }
    return NULL;
}

/* rbp_operand: the displacement of an operand "[rbp...]" in capstone's text. */
static bool rbp_operand(const char *text, int64_t *disp)
{
    const char *p = strstr(text, "[rbp");
    const char *end = p ? strchr(p, ']') : NULL;
    const char *sign = end;

    if (!end)
        return false;
    while (sign > p && *sign != '+' && *sign != '-')
        sign--;
    *disp = 0;
    if (sign == p)
        return true;
    char *stop;
    int64_t v = (int64_t)strtoull(sign + 2, &stop, 0);

    *disp = *sign == '-' ? -v : v;
    return stop == end;
}

/* ---- columns ---- */

static void column_add(Column *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void column_add(Column *c, const char *fmt, ...)
{
    va_list ap;

    if (c->n == LINES)
        return;
    va_start(ap, fmt);
    vsnprintf(c->text[c->n++], TEXT_BYTES, fmt, ap);
    va_end(ap);
}

/* host_remark: what an instruction reaches, behind "  ; ", or nothing. */
static void host_remark(const Emit *e, const cs_insn *insn, char *out, size_t size)
{
    uint64_t start = insn->address, end = start + insn->size;
    const char *name;
    int64_t disp;

    *out = 0;
    for (unsigned i = 0; i < e->n_edge; i++) {
        uint64_t site = (uint64_t)(e->edge[i].site - e->unit_start);

        if (site >= start && site < end)
            snprintf(out, size, "  ; to 0x%" PRIx64, e->edge[i].target);
    }
    if (!*out && rbp_operand(insn->op_str, &disp) &&
        (name = slot_name(e->guest, disp + EMIT_BIAS)))
        snprintf(out, size, "  ; %s", name);
}

/* host_column: instructions from offset from to offset to of the unit; their number. */
static unsigned host_column(Listing *l, uint32_t from, uint32_t to)
{
    const uint8_t *p = l->e->unit_start + from;
    uint64_t pc = from;
    size_t left = to - from;
    cs_insn *insn = cs_malloc(l->host);
    unsigned n = 0;
    char remark[64];

    l->code.n = 0;
    while (insn && cs_disasm_iter(l->host, &p, &left, &pc, insn)) {
        host_remark(l->e, insn, remark, sizeof(remark));
        /* The operand of an edge is not known before the unit is in its place. */
        column_add(&l->code, "%4s%-4" PRIx64 " %s %s%s", "+", insn->address, insn->mnemonic,
                   strstr(remark, "; to 0x") ? "" : insn->op_str, remark);
        n++;
        if (!strcmp(remark, "  ; interpret") && left >= 8) {
            uint64_t guest_pc;

            /* The call's argument: see THUNK_DEOPT. */
            memcpy(&guest_pc, p, 8);
            column_add(&l->code, "%4s%-4" PRIx64 " .quad 0x%" PRIx64, "+", pc, guest_pc);
            p += 8;
            pc += 8;
            left -= 8;
        }
    }
    if (insn)
        cs_free(insn, 1);
    return n;
}

static void ir_column(Listing *l, const IrBlock *b, uint32_t from, uint32_t to)
{
    l->ir.n = 0;
    for (uint32_t i = from; i < to; i++) {
        char text[TEXT_BYTES] = "";
        FILE *f = fmemopen(text, sizeof(text) - 1, "w");

        if (!f)
            return;
        ir_print_op(f, b, &b->op[i]);
        fclose(f);
        column_add(&l->ir, "%s", text + strspn(text, " "));
    }
}

/* guest_column: the instructions in [pc, pc + bytes): one, or those that became one. */
static void guest_column(Listing *l, uint64_t pc, size_t bytes)
{
    const uint8_t *p = (const uint8_t *)pc;
    cs_insn *insn = LOG_ON(in_asm) && l->guest ? cs_malloc(l->guest) : NULL;

    l->code_of.n = 0;
    while (insn && cs_disasm_iter(l->guest, &p, &bytes, &pc, insn))
        column_add(&l->code_of, "0x%" PRIx64 "  %s %s", insn->address, insn->mnemonic,
                   insn->op_str);
    if (insn)
        cs_free(insn, 1);
    if (!l->code_of.n)
        column_add(&l->code_of, "0x%" PRIx64 "%s", pc, LOG_ON(in_asm) ? "  ?" : "");
}

static const char *line(const Column *c, unsigned i)
{
    return i < c->n ? c->text[i] : "";
}

/* rows: the columns of a guest instruction beside each other. */
static void rows(Listing *l, unsigned host)
{
    unsigned n = l->code_of.n;

    if (LOG_ON(ir) && l->ir.n > n)
        n = l->ir.n;
    if (LOG_ON(out_asm) && l->code.n > n)
        n = l->code.n;
    for (unsigned i = 0; i < n; i++) {
        fprintf(l->f, "  %-*s", LOG_ON(in_asm) ? GUEST_WIDTH : 16, line(&l->code_of, i));
        if (LOG_ON(out_asm) && !i)
            fprintf(l->f, " %3u", host);
        else if (LOG_ON(out_asm))
            fputs("    ", l->f);
        if (LOG_ON(ir))
            fprintf(l->f, " | %-*s", LOG_ON(out_asm) ? IR_WIDTH : 0, line(&l->ir, i));
        if (LOG_ON(out_asm))
            fprintf(l->f, " |%s", line(&l->code, i));
        fputc('\n', l->f);
    }
}

/* ---- instructions, blocks, units ---- */

static uint32_t block_start(const Emit *e, unsigned i)
{
    const uint8_t *at = i < e->n_block ? e->block[i].entry : e->main_end;

    return (uint32_t)(at - e->unit_start);
}

/* code_start: where the code of the instruction at off starts; that of a later one if it has none. */
static uint32_t code_start(const Emit *e, unsigned block, uint32_t off)
{
    uint64_t first = e->block[block].ir.pc.va - e->unit_pc;

    if (off == first)
        return block_start(e, block);
    for (unsigned i = 0; i < e->n_mark; i++) {
        const EmitMark *m = &e->mark[i];

        if (m->insn_off >= off && m->host_off >= block_start(e, block) &&
            m->host_off <= block_start(e, block + 1))
            return m->host_off;
    }
    return block_start(e, block + 1);
}

/* next_marker: the op of the guest instruction behind op i, or the end. */
static uint32_t next_marker(const IrBlock *b, uint32_t i)
{
    do
        i++;
    while (i < b->n_op && b->op[i].op != IR_insn);
    return i;
}

static unsigned host_count(Listing *l, uint32_t from, uint32_t to)
{
    return LOG_ON(out_asm) ? host_column(l, from, to) : 0;
}

static void print_insn(Listing *l, unsigned block, uint32_t i)
{
    const Emit *e = l->e;
    const IrBlock *b = &e->block[block].ir;
    uint32_t next = next_marker(b, i), end = next < b->n_op ? b->op[next].imm : b->guest_bytes;
    uint32_t base = (uint32_t)(b->pc.va - e->unit_pc);
    unsigned host = 0;

    if (LOG_ON(out_asm)) {
        uint32_t stop = next < b->n_op ? code_start(e, block, base + end)
                                       : block_start(e, block + 1);

        host = host_column(l, code_start(e, block, base + b->op[i].imm), stop);
    }
    ir_column(l, b, i + 1, next);
    guest_column(l, b->pc.va + b->op[i].imm, end - b->op[i].imm);
    rows(l, host);
}

static void print_counts(Listing *l, unsigned guest, unsigned host)
{
    fprintf(l->f, ": guest %u", guest);
    if (LOG_ON(out_asm))
        fprintf(l->f, ", host %u (%.2f)", host, guest ? (double)host / guest : 0.0);
}

static void print_block(Listing *l, unsigned i)
{
    const IrBlock *b = &l->e->block[i].ir;
    uint32_t op = 0;

    if (!log_in_range(b->pc.va, b->guest_bytes))
        return;
    fprintf(l->f, "block 0x%" PRIx64, b->pc.va);
    print_counts(l, b->n_insn, host_count(l, block_start(l->e, i), block_start(l->e, i + 1)));
    fputc('\n', l->f);
    if (b->op[0].op != IR_insn)
        op = next_marker(b, 0);
    for (; op < b->n_op; op = next_marker(b, op))
        print_insn(l, i, op);
}

/* print_cold: what is out of line; constants lie behind it. */
static void print_cold(Listing *l)
{
    const Emit *e = l->e;
    uint32_t from = (uint32_t)(e->main_end - e->unit_start);
    uint32_t to = (uint32_t)(e->as.p - e->unit_start) - e->n_const * 16;

    while (to > from && e->unit_start[to - 1] == 0xcc)
        to--;
    if (!LOG_ON(out_asm) || to == from)
        return;
    host_column(l, from, to);
    fputs("cold\n", l->f);
    for (unsigned i = 0; i < l->code.n; i++)
        fprintf(l->f, "  %s\n", l->code.text[i]);
}

static void print_unit(Listing *l)
{
    const Emit *e = l->e;
    const IrBlock *last = &e->block[e->n_block - 1].ir;
    unsigned guest = 0;

    for (unsigned i = 0; i < e->n_block; i++)
        guest += e->block[i].ir.n_insn;
    fprintf(l->f, "unit 0x%" PRIx64 " +0x%" PRIx64, e->unit_pc,
            last->pc.va + last->guest_bytes - e->unit_pc);
    print_counts(l, guest, host_count(l, 0, (uint32_t)(e->main_end - e->unit_start)));
    if (LOG_ON(out_asm))
        fprintf(l->f, ", %u bytes, cold %u, at 0x%" PRIx64,
                (unsigned)(e->main_end - e->unit_start), (unsigned)(e->as.p - e->main_end),
                (uint64_t)e->unit_start);
    fputc('\n', l->f);
    for (unsigned i = 0; i < e->n_block; i++)
        print_block(l, i);
    print_cold(l);
}

static void close_guest(Listing *l)
{
    if (l->guest)
        cs_close(&l->guest);
}

static bool open_disassemblers(Listing *l)
{
    const Guest *g = l->e->guest;

    /* Without one for the guest its words stay unexplained. */
    if (cs_open((cs_arch)g->capstone_arch, (cs_mode)g->capstone_mode, &l->guest) != CS_ERR_OK)
        l->guest = 0;
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &l->host) != CS_ERR_OK) {
        close_guest(l);
        return false;
    }
    cs_option(l->host, CS_OPT_SKIPDATA, CS_OPT_ON);
    return true;
}

/* in_range: some block is to be shown. */
static bool in_range(const Emit *e)
{
    for (unsigned i = 0; i < e->n_block; i++) {
        if (log_in_range(e->block[i].ir.pc.va, e->block[i].ir.guest_bytes))
            return true;
    }
    return false;
}

void listing_print(const Emit *e)
{
    char *text = NULL;
    size_t len = 0;
    Listing *l;

    if (!shows() || !in_range(e) || !(l = calloc(1, sizeof(*l))))
        return;
    l->e = e;
    l->f = open_memstream(&text, &len);
    if (l->f && open_disassemblers(l)) {
        print_unit(l);
        close_guest(l);
        cs_close(&l->host);
    }
    if (l->f)
        fclose(l->f);
    log_raw(text ? text : "", len);
    free(text);
    free(l);
}
