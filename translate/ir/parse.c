/* SPDX-License-Identifier: MIT */
/*
 * parse.c: reads the text form that print.c writes (see there for what it looks like).
 *
 * One cursor walks over one line at a time. The first error stops everything; the
 * functions return false after fail() has written why. Nothing here trusts its input, but
 * what is well formed as text can still be bad IR: callers run ir_verify() on the result.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "translate/base/log.h"
#include "translate/guest.h"
#include "translate/ir/info.h"

typedef struct {
    IrBlock *b;
    const char *s; /* cursor; *end ends the line, before its comment */
    const char *end;
    unsigned line;
    char *err;
    size_t err_len;
} In;

typedef struct {
    const char *p;
    size_t n;
} Word;

static bool fail(In *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool fail(In *in, const char *fmt, ...)
{
    char why[128];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    snprintf(in->err, in->err_len, "line %u: %s", in->line, why);
    return false;
}

/* ---- words and numbers ---- */

static void skip_space(In *in)
{
    while (in->s < in->end && isspace((unsigned char)*in->s)) {
        in->s++;
    }
}

static bool at_end(In *in)
{
    skip_space(in);
    return in->s == in->end;
}

/* accept: skip spaces; if text c follows, step over it. */
static bool accept(In *in, const char *c)
{
    size_t n = strlen(c);

    skip_space(in);
    if ((size_t)(in->end - in->s) < n || memcmp(in->s, c, n)) {
        return false;
    }
    in->s += n;
    return true;
}

static Word take_word(In *in)
{
    Word w;

    skip_space(in);
    w.p = in->s;
    while (in->s < in->end && (isalnum((unsigned char)*in->s) || *in->s == '_')) {
        in->s++;
    }
    w.n = in->s - w.p;
    return w;
}

static bool word_is(Word w, const char *s)
{
    return strlen(s) == w.n && !memcmp(w.p, s, w.n);
}

/* A number of C: decimal, 0x..., optionally with a minus. */
static bool take_number(In *in, uint64_t *v)
{
    bool minus = accept(in, "-");
    Word w = take_word(in);
    char text[32], *stop;

    if (!w.n || w.n >= sizeof(text) || !isdigit((unsigned char)*w.p)) {
        return fail(in, "expected a number");
    }
    memcpy(text, w.p, w.n);
    text[w.n] = 0;
    *v = strtoull(text, &stop, 0);
    if (*stop) {
        return fail(in, "'%s' is not a number", text);
    }
    *v = minus ? 0 - *v : *v;
    return true;
}

static int find_name(const char *const *names, unsigned n, Word w)
{
    for (unsigned i = 0; i < n; i++) {
        if (word_is(w, names[i])) {
            return (int)i;
        }
    }
    return -1;
}

/* ---- op names ---- */

static bool parse_suffix(In *in, IrOp *op, Word w)
{
    static const struct {
        const char *name;
        uint8_t flag;
    } flag[] = {
        { "v64", IR_VL_64 }, { "lane", IR_VL_LANE }, { "box", IR_VL_BOX },   { "sx32", IRF_SX32 },
        { "f", IRF_SETF },   { "acq", IR_ORD_ACQ },  { "rel", IR_ORD_REL },
    };
    int type = find_name(ir_type_name, IR_V128 + 1, w);

    if (type >= 0) {
        op->type = type;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(flag); i++) {
        if (word_is(w, flag[i].name)) {
            op->flags |= flag[i].flag;
            return true;
        }
    }
    return fail(in, "unknown suffix '.%.*s'", (int)w.n, w.p);
}

static bool parse_name(In *in, IrOp *op)
{
    Word w = take_word(in);

    for (op->op = 0; op->op < IR_OP_COUNT; op->op++) {
        if (word_is(w, ir_op_info[op->op].name)) {
            break;
        }
    }
    if (op->op == IR_OP_COUNT) {
        return fail(in, "unknown op '%.*s'", (int)w.n, w.p);
    }
    while (in->s < in->end && *in->s == '.') {
        in->s++;
        if (!parse_suffix(in, op, take_word(in))) {
            return false;
        }
    }
    return true;
}

/* ---- operands ---- */

static bool temp_index(Word w, unsigned *index)
{
    *index = 0;
    if (w.n < 2 || w.n > 6 || w.p[0] != 't') {
        return false;
    }
    for (size_t i = 1; i < w.n; i++) {
        if (!isdigit((unsigned char)w.p[i])) {
            return false;
        }
        *index = *index * 10 + (w.p[i] - '0');
    }
    return *index < IR_MAX_TEMPS;
}

/* Temporary i exists from here on; its type is set by the op that defines it. */
static void make_temp(IrBlock *b, unsigned i)
{
    while (i >= b->cap_temp) {
        b->cap_temp = b->cap_temp ? 2 * b->cap_temp : 64;
        b->temp = realloc(b->temp, b->cap_temp * sizeof(*b->temp));
        if (!b->temp) {
            die(1, "out of memory");
        }
    }
    while (b->n_temp <= i) {
        b->temp[b->n_temp++] = (IrTemp){ IR_VOID, false, 0, 0, -1, -1 };
    }
}

static bool parse_constant(In *in, IrRef *r)
{
    uint64_t v;

    if (!take_number(in, &v)) {
        return false;
    }
    if (in->b->n_k >= IR_MAX_CONSTS) {
        return fail(in, "too many constants");
    }
    *r = ir_const(in->b, IR_I64, v).ref;
    return true;
}

static bool parse_ref(In *in, IrRef *r)
{
    const Guest *g = in->b->guest;
    unsigned index;
    Word w;

    if (accept(in, "#")) {
        return parse_constant(in, r);
    }
    w = take_word(in);
    for (unsigned i = 0; i < g->n_regs; i++) {
        if (word_is(w, g->regs[i].name)) {
            *r = IR_REG0 + i;
            return true;
        }
    }
    if (temp_index(w, &index)) {
        make_temp(in->b, index);
        *r = IR_TEMP0 + index;
        return true;
    }
    if (!w.n && accept(in, "-")) {
        *r = 0;
        return true;
    }
    return fail(in, "expected a register, tN or #constant");
}

static bool parse_disp(In *in, bool minus, int32_t *disp)
{
    uint64_t v;

    if (!take_number(in, &v)) {
        return false;
    }
    if (v > 1u << 28) {
        return fail(in, "displacement out of range");
    }
    *disp = minus ? -(int32_t)v : (int32_t)v;
    return true;
}

/* Behind "[a": " + b<<s", " + 16", " - 16", all optional, then "]". */
static bool parse_address(In *in, IrOp *op)
{
    uint64_t scale = 0;
    int32_t disp = 0;

    for (;;) {
        if (accept(in, "]")) {
            op->imm = ir_mem_imm((unsigned)scale, disp);
            return true;
        }
        if (accept(in, "<<")) {
            if (!take_number(in, &scale) || scale > 4) {
                return fail(in, "scale out of range");
            }
        } else if (accept(in, "-")) {
            if (!parse_disp(in, true, &disp)) {
                return false;
            }
        } else if (!accept(in, "+")) {
            return fail(in, "expected + - << or ]");
        } else if (skip_space(in), in->s < in->end && isdigit((unsigned char)*in->s)) {
            if (!parse_disp(in, false, &disp)) {
                return false;
            }
        } else if (op->b || !parse_ref(in, &op->b)) {
            return op->b ? fail(in, "two index registers") : false;
        }
    }
}

static bool comma(In *in, bool *first)
{
    if (*first) {
        *first = false;
        return true;
    }
    return accept(in, ",") || fail(in, "expected a comma");
}

static bool parse_operand(In *in, IrOp *op, bool address, bool mem, IrRef *r)
{
    bool bracket = address && accept(in, "[");

    if (!parse_ref(in, r)) {
        return false;
    }
    if (!bracket) {
        return true;
    }
    if (mem) {
        return parse_address(in, op);
    }
    return accept(in, "]") || fail(in, "expected ]");
}

static bool parse_operands(In *in, IrOp *op, bool *first)
{
    const IrOpInfo *info = &ir_op_info[op->op];
    const char kind[4] = { info->d, info->a, info->b, info->c };
    IrRef *const ref[4] = { &op->d, &op->a, &op->b, &op->c };
    bool mem = ir_imm_form(op->op)->style == IMM_MEM;
    bool lane = op->op == IR_vload_lane || op->op == IR_vstore_lane;

    for (unsigned i = 0; i < 4; i++) {
        if (kind[i] == 'N' || (i == 2 && (mem || lane))) {
            continue;
        }
        bool address = i == 1 && (mem || (info->props & (IRP_READ | IRP_WRITE)));

        if (!comma(in, first) || !parse_operand(in, op, address, mem, ref[i])) {
            return false;
        }
    }
    if (ir_is_const(op->d)) {
        return fail(in, "the result cannot be a constant");
    }
    if (ir_is_temp(op->d)) {
        in->b->temp[ir_temp_index(op->d)].type = ir_result_type(op->op, op->type);
    }
    const IrRef sources[] = { op->a, op->b, op->c };

    for (unsigned i = 0; i < ARRAY_LEN(sources); i++) {
        if (ir_is_temp(sources[i])) {
            in->b->temp[ir_temp_index(sources[i])].uses++;
        }
    }
    return true;
}

/* ---- the immediate ---- */

static const ImmField *field_by_key(const ImmForm *form, Word w)
{
    for (unsigned i = 0; i < form->n_fields; i++) {
        if (form->field[i].key && word_is(w, form->field[i].key)) {
            return &form->field[i];
        }
    }
    return NULL;
}

/* A bare name: of the one field without a key. */
static bool parse_bare(In *in, const ImmForm *form, Word w, IrOp *op)
{
    for (unsigned i = 0; i < form->n_fields; i++) {
        const ImmField *f = &form->field[i];
        int v = f->key ? -1 : find_name(f->names, f->n_names, w);

        if (v >= 0) {
            op->imm |= (uint32_t)v << f->shift;
            return true;
        }
    }
    return fail(in, "unknown word '%.*s'", (int)w.n, w.p);
}

static bool parse_value(In *in, const ImmField *f, IrOp *op)
{
    uint64_t v;

    if (f->names) {
        Word w = take_word(in);
        int i = find_name(f->names, f->n_names, w);

        if (i < 0) {
            return fail(in, "unknown name '%.*s'", (int)w.n, w.p);
        }
        v = (uint64_t)i;
    } else if (!take_number(in, &v)) {
        return false;
    }
    if (f->width < 32 && v >> f->width) {
        return fail(in, "%s is too large", f->key);
    }
    op->imm |= (uint32_t)v << f->shift;
    return true;
}

static bool parse_field(In *in, const ImmForm *form, IrOp *op)
{
    static const ImmField raw = { .key = "imm", .width = 32 };
    Word w = take_word(in);
    const ImmField *f = word_is(w, "imm") ? &raw : field_by_key(form, w);

    if (!f) {
        return parse_bare(in, form, w, op);
    }
    if (accept(in, "=")) {
        return parse_value(in, f, op);
    }
    if (f->width != 1) {
        return fail(in, "%s needs a value", f->key);
    }
    op->imm |= 1u << f->shift;
    return true;
}

static bool parse_fields(In *in, const ImmForm *form, IrOp *op, bool *first)
{
    while (!at_end(in)) {
        if (!comma(in, first) || !parse_field(in, form, op)) {
            return false;
        }
    }
    return true;
}

static bool parse_prefixed(In *in, const char *prefix, IrOp *op)
{
    uint64_t v;

    if (!accept(in, prefix)) {
        return fail(in, "expected %s and a number", prefix);
    }
    if (!take_number(in, &v)) {
        return false;
    }
    op->imm = (uint32_t)v;
    return true;
}

static bool parse_imm(In *in, IrOp *op, bool *first)
{
    const ImmForm *form = ir_imm_form(op->op);

    switch (form->style) {
    case IMM_FIELDS: return parse_fields(in, form, op, first);
    case IMM_INSN: return parse_prefixed(in, "+", op);
    case IMM_HELPER: return comma(in, first) && parse_prefixed(in, "@", op);
    case IMM_MEM: break;
    }
    return true;
}

/* ---- lines ---- */

static void append(IrBlock *b, const IrOp *op)
{
    if (b->n_op == b->cap_op) {
        b->cap_op = b->cap_op ? 2 * b->cap_op : 64;
        b->op = realloc(b->op, b->cap_op * sizeof(*b->op));
        if (!b->op) {
            die(1, "out of memory");
        }
    }
    b->op[b->n_op++] = *op;
    b->props |= ir_props(b, op);
    b->n_insn += op->op == IR_insn;
}

static bool parse_op(In *in)
{
    IrOp op = { 0 };
    bool first = true;

    if (!parse_name(in, &op) || !parse_operands(in, &op, &first) ||
        !parse_imm(in, &op, &first)) {
        return false;
    }
    if (!at_end(in)) {
        return fail(in, "junk at the end of the line");
    }
    if (in->b->n_op >= IR_MAX_OPS) {
        return fail(in, "too many ops");
    }
    append(in->b, &op);
    return true;
}

static bool parse_header(In *in)
{
    uint64_t pc, len = 0;
    Word guest;

    if (!accept(in, "block")) {
        return fail(in, "expected 'block'");
    }
    if (!take_number(in, &pc)) {
        return false;
    }
    guest = take_word(in);
    if (!word_is(guest, in->b->guest->name)) {
        return fail(in, "guest '%.*s' is not '%s'", (int)guest.n, guest.p,
                    in->b->guest->name);
    }
    if (accept(in, "+") && !take_number(in, &len)) {
        return false;
    }
    ir_block_reset(in->b, guest_addr(pc));
    in->b->guest_bytes = (uint32_t)len;
    return at_end(in) || fail(in, "junk at the end of the line");
}

/* set_line: aim the cursor at [s, eol) without its comment, '#' and a space or the end. */
static void set_line(In *in, const char *s, const char *eol)
{
    in->s = s;
    in->end = eol;
    in->line++;
    for (const char *p = s; p < eol; p++) {
        if (*p == '#' && (p + 1 == eol || p[1] == ' ')) {
            in->end = p;
            return;
        }
    }
}

int ir_parse(IrBlock *b, const char *text, char *err, size_t err_len)
{
    In in = { .b = b, .err = err, .err_len = err_len };
    bool header = false;

    ir_block_reset(b, guest_addr(0));
    while (*text) {
        const char *eol = text + strcspn(text, "\n");

        set_line(&in, text, eol);
        text = *eol ? eol + 1 : eol;
        if (at_end(&in)) {
            continue;
        }
        if (!(header ? parse_op(&in) : parse_header(&in))) {
            return -1;
        }
        header = true;
    }
    return header || fail(&in, "no block") ? 0 : -1;
}
