// SPDX-License-Identifier: MIT
/*
 * engines.c: random AArch64 sequences on the JIT and on the interpreter, inside one process.
 *
 *   engine-tests [-n COUNT] [-s SEED] [-t SECONDS] [-r TEXT] [-m COUNT] [-i INDEX] [-p] [-v]
 *
 *     -n   sequences (default 20000)         -s   seed (default 1)
 *     -t   stop after so many seconds        -m   stop after so many differences (default 20)
 *     -r   only decode rows whose name or place ("base.dec") contains TEXT; repeatable
 *     -i   run only this sequence            -v   show the IR and host code of differences
 *     -p   another thread pokes all the time; when translated code answers, the interpreter
 *          goes on from there
 *
 * A sequence is made from its seed and index alone: 24, rarely 200, instructions from the decode
 * rows, with branches, bounded loops, calls and returns between them, ending in BRK. Registers
 * that memory accesses use point into scratch memory, sometimes to a hole or to a tagged
 * address, so that faults are part of the result. After a run everything a guest can see is
 * compared: registers, flags, memory, and why and where the run ended.
 *
 * A difference is cut down to the instructions it needs. The same sequence is then run with one
 * instruction per block: if that differs too, a single instruction is wrong, otherwise what
 * goes on between instructions (registers, flags, links) is.
 *
 * Sequences run in a child process, so a crash or a hang counts as one difference. The last
 * line is "N passed, N failed".
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gen/aarch64_decode.h"
#include "translate/base/log.h"
#include "translate/disas.h"
#include "translate/guest/aarch64/state.h"
#include "translate/ir/info.h"
#include "translate/lift_block.h"
#include "translate/translate.h"

/* Guest memory: scratch with a hole after it, and code, which the guest can only read. */
#define SCRATCH    area
#define CODE_AREA  (area + 0x10000)

/* Once where addresses fit immediate operands of the host, once where they do not. */
static const uint64_t areas[] = { 0x50000000, 0x123450000000 };

enum {
    SCRATCH_BYTES = 0x4000, CODE_BYTES = 0x2000, MAX_MAIN = 200, USUAL_MAIN = 24, MAX_CALLED = 6,
    MAX_WORDS = MAX_MAIN + MAX_CALLED + 6, MAX_ROWS = 8,
    RUN_SECONDS = 5, TRIAL_MS = 300, CACHE_BYTES = 8 << 20,
};
#define BRK  0xd4200000u
#define NOP  0xd503201fu
#define RET  0xd65f03c0u

typedef struct {
    A64State s;
    uint32_t fpcr, fpsr;
} Start;

typedef struct {
    uint32_t word[MAX_WORDS];
    unsigned n, n_main;         /* the called part begins at n_main, behind a BRK */
    bool target[MAX_WORDS + 1]; /* some branch goes here */
    bool second[MAX_WORDS + 1]; /* of a pair that must be entered at its first */
    uint64_t pc;
    Start in;
} Sequence;

/* All that a run leaves behind. */
typedef struct {
    A64State s;
    uint32_t fpsr, kind, arg, excl_size;
    int fault_sig, fault_code;
    uint64_t fault_addr, excl_addr;
    uint8_t scratch[SCRATCH_BYTES];
} Result;

typedef enum { RUN_INTERP, RUN_JIT, RUN_JIT_SINGLE } Engine;

/* Shared with the parent, which reads it after a child died. */
typedef struct {
    volatile uint64_t index;
    volatile unsigned long passed, failed;
    volatile unsigned long ended[EXIT_FETCH + 1];   /* by why the run ended */
} Progress;

static const Guest *guest;
static Env *env;
static Progress *progress;
static uint32_t *code_aliases[ARRAY_LEN(areas)];
static uint64_t area;                   /* of the sequence in work */
static uint32_t *code_alias;            /* its CODE_AREA, writable */
static uint8_t scratch_template[SCRATCH_BYTES];
static const char *only[MAX_ROWS];
static unsigned n_only;
static uint64_t seed = 1;

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

static bool one_in(unsigned n)
{
    return below(n) == 0;
}

/* ---- start states ---- */

static uint64_t int_value(void)
{
    uint64_t r = next();

    switch (below(9)) {
    case 0: return r & 0xff;
    case 1: return -(r & 0xff);
    case 2: return 1ull << (r & 63);
    case 3: return (1ull << (r & 63)) - 1;
    case 4: return (uint32_t)r;
    case 5: return (uint64_t)(int64_t)(int32_t)r;
    case 6: return (r & 0xff) * 0x0101010101010101;
    case 7: return (uint64_t)INT64_MIN + (r & 3) - 1;
    default: return r;
    }
}

/* float_value: bits of a float with so many exponent and fraction bits, often a special one. */
static uint64_t float_value(unsigned exponent, unsigned fraction)
{
    uint64_t frac_mask = (1ull << fraction) - 1, top = (1ull << exponent) - 1, r = next();
    uint64_t frac = r & frac_mask, exp = top / 2, sign = r >> 63 << (exponent + fraction);

    switch (below(12)) {
    case 0: return sign;
    case 1: return sign | top << fraction;                              /* infinity */
    case 2: return sign | top << fraction | frac | 1ull << (fraction - 1);
    case 3: return sign | top << fraction | (frac >> 1) | 1;            /* signalling NaN */
    case 4: return sign | frac;                                         /* denormal */
    case 5: return sign | (top - 1 - below(2)) << fraction | frac_mask; /* the largest ones */
    case 6: return sign | exp << fraction;
    case 7: return sign | (exp + below(fraction + 4)) << fraction |
                   (frac & ~(frac_mask >> below(fraction)));            /* integers and halves */
    default: return sign | (exp - below(exp / 4 + 1) + below(exp / 4 + 1)) << fraction | frac;
    }
}

static uint64_t vector_half(unsigned kind)
{
    switch (kind) {
    case 0: return float_value(11, 52);
    case 1: return float_value(8, 23) | float_value(8, 23) << 32;
    case 2: return float_value(5, 10) | float_value(5, 10) << 16 | float_value(5, 10) << 32 |
                   float_value(5, 10) << 48;
    case 3: return int_value();
    case 4: return float_value(8, 23);
    default: return next();
    }
}

static void make_scratch(void)
{
    rng = 4711;
    for (unsigned i = 0; i < SCRATCH_BYTES; i += 8) {
        uint64_t v = vector_half(i / 32 % 6);
        memcpy(scratch_template + i, &v, 8);
    }
}

/* Registers with a purpose in one sequence. */
typedef struct {
    uint8_t base[2], index, count[2];
    uint8_t pool[8];            /* the others are used less often */
    bool counted[2];
    bool tight;                 /* all of it is one loop without other branches */
    unsigned once_only;         /* no later loop goes back to this place or before */
} Roles;

static void make_roles(Roles *r)
{
    /* Twelve registers of which half are hot ones, in random order. */
    static const uint8_t from[] = { 0, 1, 2, 3, 8, 19, 20, 21, 4, 9, 10, 11, 14, 22, 25, 28 };
    uint8_t order[ARRAY_LEN(from)];

    memcpy(order, from, sizeof(order));
    for (unsigned i = ARRAY_LEN(order) - 1; i; i--) {
        unsigned k = below(i + 1);
        uint8_t t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
    *r = (Roles){ .base = { order[0], order[1] }, .index = order[2],
                  .count = { order[3], order[4] }, .tight = one_in(6) && !n_only };
    memcpy(r->pool, order + 5, sizeof(r->pool));
}

static uint64_t base_value(void)
{
    uint64_t a = SCRATCH + SCRATCH_BYTES / 2 + 16 * below(8);

    if (one_in(8)) {
        a += below(64);
    }
    if (one_in(16)) {
        a = SCRATCH + SCRATCH_BYTES - below(48);        /* into the hole */
    }
    if (one_in(24)) {
        a = int_value();
    }
    return one_in(12) ? a | next() << 56 : a;
}

static void make_start(Start *in, const Roles *r)
{
    unsigned kind = below(8);       /* one sequence mostly sees one kind of data */

    memset(in, 0, sizeof(*in));
    for (unsigned i = 0; i < 31; i++) {
        in->s.x[i] = int_value();
    }
    in->s.x[r->base[0]] = base_value();
    in->s.x[r->base[1]] = base_value();
    in->s.x[r->index] = one_in(8) ? -16ull * below(5) : 8 * below(17);
    in->s.x[r->count[0]] = 1 + below(4);
    in->s.x[r->count[1]] = 1 + below(4);
    in->s.sp = SCRATCH + SCRATCH_BYTES / 2;
    in->s.tpidr_el0 = next();
    for (unsigned i = 0; i < 32; i++) {
        unsigned k = one_in(4) ? below(6) : kind % 6;
        in->s.v[i].u64[0] = vector_half(k);
        in->s.v[i].u64[1] = one_in(5) ? 0 : vector_half(k);
    }
    in->s.nzcv = (uint32_t)next() & 0xf0000000;
    if (one_in(3)) {
        in->fpcr = below(4) << 22 | (one_in(6) ? 1u << 24 : 0) | (one_in(6) ? 1u << 25 : 0) |
                   (one_in(8) ? 1u << 26 : 0) | (one_in(8) ? 1u << 19 : 0);
    }
    in->fpsr = one_in(4) ? (uint32_t)next() & 0x0800009f : 0;
}

/* ---- choosing instructions ---- */

static const char *const row_files[][2] = {
    { "base.dec", "45" }, { "fp.dec", "16" }, { "simd_mem", "10" }, { "simd_three", "10" },
    { "simd_misc", "8" }, { "simd_shift", "5" }, { "simd_perm", "3" }, { "crypto", "2" },
    { "sys.dec", "1" },
};

static bool row_wanted(const DecodeRow *r)
{
    for (unsigned i = 0; i < n_only; i++) {
        if (strstr(r->name, only[i]) || strstr(r->where, only[i])) {
            return true;
        }
    }
    return !n_only;
}

static const char *random_file(void)
{
    int at = (int)below(100);

    for (unsigned i = 0; i < ARRAY_LEN(row_files); i++) {
        at -= atoi(row_files[i][1]);
        if (at < 0) {
            return row_files[i][0];
        }
    }
    return row_files[0][0];
}

/*
 * row_bounded: not a memory copy or set, whose length here would be a random 64-bit number; they have
 * instruction cases of their own.
 */
static bool row_bounded(const DecodeRow *r)
{
    return strncmp(r->name, "cpy", 3) && (strncmp(r->name, "set", 3) || !strcmp(r->name, "setf"));
}

static const DecodeRow *random_row(void)
{
    const char *file = n_only ? "" : random_file();

    for (;;) {
        const DecodeRow *r = &a64_rows[below(A64_ROW_COUNT)];
        if (!r->is_todo && strstr(r->where, file) && row_wanted(r) && row_bounded(r)) {
            return r;
        }
    }
}

/* put_field: bits of the word that the row leaves open. */
static uint32_t put_field(const DecodeRow *row, uint32_t w, unsigned lsb, unsigned width,
                          uint32_t v)
{
    uint32_t field = (uint32_t)(((1ull << width) - 1) << lsb) & ~row->mask;

    return (w & ~field) | (v << lsb & field);
}

static uint32_t random_word(const DecodeRow *row, const Roles *r)
{
    static const uint8_t lsb[] = { 0, 5, 16, 10 };
    uint32_t w = row->value | ((uint32_t)next() & ~row->mask);

    for (unsigned i = 0; i < ARRAY_LEN(lsb); i++) {
        if (!one_in(3)) {
            w = put_field(row, w, lsb[i], 5, r->pool[below(ARRAY_LEN(r->pool))]);
        }
    }
    return w;
}

/* is_unsteady: a helper whose result differs from call to call. */
static bool is_unsteady(const char *helper)
{
    return !strcmp(helper, "get_cntvct") || !strcmp(helper, "rndr");
}

/* What the lifted instruction is made of. */
typedef struct {
    bool undefined, breaks, syscall, memory, literal, indexed, zeroes, direct, indirect, call;
    bool unsteady;              /* reads a clock */
    bool writes[32];            /* general registers */
} Traits;

static void note_op(Traits *t, const IrBlock *b, const IrOp *op)
{
    unsigned props = ir_op_info[op->op].props;

    if (ir_is_reg(op->d) && ir_reg_index(op->d) < 32) {
        t->writes[ir_reg_index(op->d)] = true;
    }
    if ((props & (IRP_READ | IRP_WRITE)) || op->op == IR_prefetch) {
        t->memory = true;
        t->literal |= ir_is_const(op->a);
        t->indexed |= ir_is_reg(op->b);
    }
    switch (op->op) {
    case IR_zero_block: t->zeroes = true; break;
    case IR_exit_cond:
    case IR_exit_nz:
    case IR_exit_z:
    case IR_exit_bit: t->direct = true; break;
    case IR_exit_call: t->call = true; break;
    case IR_exit_ind:
    case IR_exit_icall:
    case IR_exit_ret: t->indirect = true; break;
    case IR_exit_syscall: t->syscall = true; break;
    case IR_exit_exc:
        t->undefined = (op->imm & 0xff) == IR_EXC_UNDEF;
        t->breaks = !t->undefined;
        break;
    case IR_call: t->unsteady |= is_unsteady(b->guest->helpers[op->imm].name); break;
    }
}

/* probe: lift w at place i of the sequence. */
static Traits probe(const Sequence *q, unsigned i, uint32_t w)
{
    static IrBlock ir;
    Traits t = { 0 };
    uint64_t pc = q->pc + 4 * i;

    if (!ir.guest) {
        ir_block_init(&ir, guest);
    }
    code_alias[(pc - CODE_AREA) / 4] = w;
    lift_block(&ir, guest_addr(pc), 1, 0);
    for (uint32_t k = 0; k < ir.n_op; k++) {
        note_op(&t, &ir, &ir.op[k]);
    }
    const IrOp *last = &ir.op[ir.n_op - 1];
    t.direct |= last->op == IR_exit_to && ir_const_value(&ir, last->a) != pc + 4;
    return t;
}

/* put_offset: the branch w goes so many words away. */
static uint32_t put_offset(uint32_t w, int words)
{
    if ((w & 0x7c000000) == 0x14000000) {
        return (w & ~0x3ffffffu) | ((uint32_t)words & 0x3ffffff);
    }
    if ((w & 0x7e000000) == 0x36000000) {
        return (w & ~(0x3fffu << 5)) | ((uint32_t)words & 0x3fff) << 5;
    }
    return (w & ~(0x7ffffu << 5)) | ((uint32_t)words & 0x7ffff) << 5;
}

static uint32_t fix_memory(const DecodeRow *row, uint32_t w, const Traits *t, const Roles *r)
{
    unsigned base = one_in(4) ? 31 : r->base[below(2)];

    if (t->literal) {
        return put_field(row, w, 5, 19, below(64));
    }
    if ((w & 0xffc00000) == 0xd5000000) {       /* DC: the address is in Rt */
        return put_field(row, w, 0, 5, r->base[below(2)]);
    }
    w = put_field(row, w, 5, 5, base);
    return t->indexed ? put_field(row, w, 16, 5, r->index) : w;
}

/* keeps_roles: w leaves the registers with a purpose alone, or may change them this once. */
static bool keeps_roles(const Traits *t, const Roles *r)
{
    if (t->writes[r->count[0]] || t->writes[r->count[1]]) {
        return false;
    }
    bool bases = t->writes[r->base[0]] || t->writes[r->base[1]] || t->writes[r->index];
    return !bases || one_in(t->memory ? 2 : 32);
}

/* try_word: one random instruction for place i below end; 0: none this time. */
static uint32_t try_word(Sequence *q, unsigned i, unsigned end, const Roles *r, bool called)
{
    const DecodeRow *row = random_row();
    uint32_t w = random_word(row, r);
    Traits t = probe(q, i, w);

    if (r->tight && (t.direct || t.call || t.syscall || t.undefined || t.breaks)) {
        return 0;
    }
    if (t.undefined || t.breaks) {
        return one_in(200) ? w : 0;
    }
    if (t.indirect || t.unsteady || (t.syscall && !one_in(3))) {
        return 0;
    }
    if (t.memory) {
        w = fix_memory(row, w, &t, r);
    }
    if (t.call) {
        if (called || q->n == q->n_main) {
            return 0;
        }
        return put_offset(w, (int)q->n_main - (int)i);
    }
    unsigned to = i + 1 + below(end - i);
    if (t.direct) {
        w = put_offset(w, (int)(to - i));
    }
    bool direct = t.direct;
    t = probe(q, i, w);
    if (t.undefined || !keeps_roles(&t, r) || (called && t.writes[30])) {
        return 0;
    }
    q->target[to] |= direct;
    return w;
}

static void put_random(Sequence *q, unsigned i, unsigned end, const Roles *r, bool called)
{
    do {
        q->word[i] = try_word(q, i, end, r, called);
    } while (!q->word[i]);
}

/* put_pair: two words at i that nobody jumps into the middle of. */
static unsigned put_pair(Sequence *q, unsigned i, uint32_t first, uint32_t second)
{
    q->word[i] = first;
    q->word[i + 1] = second;
    q->second[i + 1] = true;
    return 2;
}

/*
 * put_loop: at i, a counter counts down and branches back to `to`; returns words. Loops that
 * test for zero only must not be come by again by an outer loop, when their counter is below
 * zero.
 */
static unsigned put_loop(Sequence *q, unsigned i, unsigned to, Roles *r)
{
    unsigned k = below(2), c = r->count[k], kind = below(4);
    int back = (int)to - (int)(i + 1);

    if (r->counted[k] || q->second[to] || to < r->once_only) {
        return 0;
    }
    r->counted[k] = true;
    r->once_only = kind < 2 ? i + 1 : r->once_only;
    switch (kind) {
    case 0:     /* subs c, c, #1; b.ne */
        return put_pair(q, i, 0xf1000400 | c << 5 | c, put_offset(0x54000001, back));
    case 1:     /* sub c, c, #1; cbnz c */
        return put_pair(q, i, 0xd1000400 | c << 5 | c, put_offset(0xb5000000 | c, back));
    case 2:     /* subs c, c, #1; b.gt */
        return put_pair(q, i, 0xf1000400 | c << 5 | c, put_offset(0x5400000c, back));
    default:    /* sub c, c, #1; tbz c, #63 */
        return put_pair(q, i, 0xd1000400 | c << 5 | c, put_offset(0xb6f80000 | c, back));
    }
}

/* tag_word: movk reg, #..., lsl #48: a top byte that branches ignore. */
static uint32_t tag_word(unsigned reg)
{
    return 0xf2e00000 | below(256) << 13 | reg;
}

/*
 * put_indirect: adr to a place further on, and BR, BLR or RET there; returns words. Now and
 * then the address is tagged or misaligned.
 */
static unsigned put_indirect(Sequence *q, unsigned i, unsigned end, const Roles *r)
{
    static const uint32_t jump[] = { 0xd61f0000, 0xd63f0000, 0xd65f0000 };
    unsigned reg = one_in(6) ? 30 : r->pool[below(8)], kind = below(3);
    bool tagged = i + 3 < end && !q->target[i + 2] && one_in(6);
    unsigned n = tagged ? 3 : 2, to = i + n + below(end - i - n + 1);

    if (kind == 1 && q->n > q->n_main && one_in(2)) {
        to = q->n_main;
    }
    uint32_t adr = 0x10000000 | reg | (to - i) << 5 | (one_in(30) ? 2u << 29 : 0);

    q->target[to] = true;
    put_pair(q, i, adr, tagged ? tag_word(reg) : jump[kind] | reg << 5);
    if (tagged) {
        q->word[i + 2] = jump[kind] | reg << 5;
        q->second[i + 2] = true;
    }
    return n;
}

/* change_word: ADD, SUB or a logical operation from register n with m, or with an immediate. */
static uint32_t change_word(bool wide, unsigned d, unsigned n, unsigned m)
{
    static const uint32_t reg[] = { 0x0b000000, 0x4b000000, 0x0a000000, 0x0a200000, 0x2a000000,
                                    0x4a000000, 0x2a200000, 0x2b000000 };
    static const uint32_t imm[] = { 0x11000000, 0x51000000, 0x11400000, 0x12000000, 0x32000000,
                                    0x52000000 };
    uint32_t w = (uint32_t)wide << 31 | n << 5 | d;

    if (one_in(3)) {
        return w | imm[below(ARRAY_LEN(imm))] | below(31) << 10;
    }
    return w | reg[below(ARRAY_LEN(reg))] | m << 16 | (one_in(8) ? below(4) << 10 : 0);
}

/* compare_word: CMP of n with m, extended from the size, or with an immediate. */
static uint32_t compare_word(unsigned size, unsigned n, unsigned m)
{
    uint32_t wide = (uint32_t)(size == 3) << 31;

    if (one_in(3)) {
        return wide | 0x7100001f | below(one_in(2) ? 4096 : 256) << 10 | n << 5;
    }
    if (size < 2 && !one_in(4)) {
        return 0x6b20001f | m << 16 | size << 13 | n << 5;
    }
    return wide | 0x6b00001f | m << 16 | n << 5;
}

/*
 * put_exclusive: load-exclusive, a change or a comparison or neither, store-exclusive, usually
 * its loop, CLREX; returns words. The address register stays as it is, so the loops end.
 */
static unsigned put_exclusive(Sequence *q, unsigned i, unsigned end, const Roles *r)
{
    unsigned size = below(4), n = r->base[below(2)], k = i, kind = below(3);
    unsigned t = r->pool[below(8)], s = r->pool[below(8)], m = r->pool[below(8)];
    unsigned put = one_in(2) ? t : r->pool[below(8)];
    uint32_t access = size << 30 | 0x08007c00 | n << 5;

    for (unsigned j = 1; j <= 6; j++) {
        if (i + j >= end || q->target[i + j]) {
            return 0;
        }
    }
    if (t == n || s == n || put == n || s == 31) {
        return 0;
    }
    q->word[k++] = access | 0x005f0000 | below(2) << 15 | t;
    if (kind == 1) {
        q->word[k++] = change_word((size == 3) != one_in(9), put, one_in(3) ? m : t,
                                   one_in(3) ? t : m);
    } else if (kind == 2) {
        q->word[k++] = compare_word(size, t, m);
        q->word[k++] = put_offset(0x54000001, 3);
    }
    q->word[k++] = access | s << 16 | below(2) << 15 | put;
    q->word[k] = put_offset(0x35000000 | s, (int)i - (int)k);
    k++;
    q->word[k++] = 0xd5033f5f;
    for (unsigned j = i + 1; j < k; j++) {
        q->second[j] = true;
    }
    return k - i;
}

/* put_fence: an atomic addition, a branch and a fence, which then is nothing where it comes. */
static unsigned put_fence(Sequence *q, unsigned i, unsigned end, const Roles *r)
{
    unsigned to = i + 2 + below(end - i - 1), base = r->base[below(2)], t = r->pool[below(8)];
    uint32_t branch = one_in(2) ? 0x54000000 | below(14) : 0xb4000000 | below(2) << 24 | t;

    if (i + 3 > end || q->target[i + 2]) {
        return 0;
    }
    put_pair(q, i, 0xf8e00000 | t | base << 5 | (uint32_t)r->pool[below(8)] << 16,
             put_offset(branch, (int)(to - i - 1)));
    q->word[i + 2] = 0xd5033bbf;
    q->target[to] = true;
    return 3;
}

/* put_flush: IC IVAU of the code the sequence is in. */
static unsigned put_flush(Sequence *q, unsigned i, const Roles *r)
{
    unsigned reg = r->pool[below(8)];

    return put_pair(q, i, 0x10000000 | reg | (below(9) - 4u) % (1u << 19) << 5,
                    0xd50b7520 | reg);
}

static unsigned put_special(Sequence *q, unsigned i, unsigned end, Roles *r)
{
    if (r->tight && i + 2 == end) {
        return put_loop(q, i, 0, r);
    }
    if (i == 0 || i + 2 >= end || q->target[i + 1] || n_only || r->tight) {
        return 0;
    }
    switch (below(40)) {
    case 0: case 1: case 2: return put_loop(q, i, below(i), r);
    case 3: case 4: return put_indirect(q, i, end, r);
    case 5: return put_flush(q, i, r);
    case 8: return put_fence(q, i, end, r);
    case 7: return put_exclusive(q, i, end, r);
    case 6:
        if (q->n == q->n_main) {
            return 0;
        }
        q->word[i] = put_offset(0x94000000, (int)q->n_main - (int)i);
        return 1;
    }
    return 0;
}

/*
 * make_helper: a helper for atomics as compilers call it. The flag is some byte of its code,
 * zero or not.
 */
static void make_helper(Sequence *q, const Roles *r)
{
    static const uint32_t lse[] = { 0xc8e0fc00, 0x88a07c00, 0x08a07c00, 0xf8e00000, 0x38201000,
                                    0x78602000, 0xb8a03000, 0xb8208000, 0x48207c00, 0x38204000 };
    uint32_t *w = &q->word[q->n_main], op;
    uint32_t at = (uint32_t)(q->pc + 4 * (q->n_main + below(6))) & 4095;
    Traits t;

    do {
        op = lse[below(ARRAY_LEN(lse))] | r->base[below(2)] << 5 | r->pool[below(8)] |
             (uint32_t)r->pool[below(8)] << 16;
        t = probe(q, q->n_main, op);
    } while (t.undefined || !keeps_roles(&t, r));
    if (one_in(2)) {
        *w++ = 0xd503245f;
    }
    *w++ = 0x90000010;
    *w++ = 0x39400210 | at << 10;
    *w++ = one_in(9) ? 0x34000031 : 0x34000050;
    *w++ = op;
    *w++ = RET;
    *w++ = RET;
    q->n = (unsigned)(w - q->word);
}

/* The called part may also go back through BR, as hand-written code does. */
static void make_called(Sequence *q, const Roles *r)
{
    unsigned end = q->n - 1;
    bool tagged = end > q->n_main && one_in(8);

    for (unsigned i = q->n_main; i < end; i++) {
        put_random(q, i, end, r, true);
    }
    if (tagged) {
        q->word[end - 1] = tag_word(30);
    }
    q->word[end] = one_in(6) ? 0xd61f03c0 : RET;
}

static void make_main(Sequence *q, Roles *r)
{
    unsigned end = q->n_main - 1;

    for (unsigned i = 0; i < end;) {
        unsigned n = put_special(q, i, end, r);
        if (!n) {
            put_random(q, i, end, r, false);
            n = 1;
        }
        i += n;
    }
    q->word[end] = BRK;
}

static void select_area(unsigned i)
{
    area = areas[i];
    code_alias = code_aliases[i];
}

static void make_sequence(Sequence *q, uint64_t index)
{
    Roles r;

    rng = (seed * 0x2545f4914f6cdd1d + index) * 0xda942042e4dd58b5;
    select_area(below(ARRAY_LEN(areas)));
    make_roles(&r);
    make_start(&q->in, &r);
    memset(q->target, 0, sizeof(q->target));
    memset(q->second, 0, sizeof(q->second));
    unsigned most = one_in(3) ? 3 : one_in(60) ? MAX_MAIN : USUAL_MAIN;
    q->n_main = q->n = 2 + below(most);
    if (one_in(3)) {
        q->n += 1 + below(MAX_CALLED);
    }
    /* Sometimes across the page boundary. */
    q->pc = CODE_AREA + (one_in(4) ? 0x1000 - 4 * below(q->n + 1) : 0x100 + 4 * below(64));
    if (q->n > q->n_main && one_in(3)) {
        make_helper(q, &r);
    } else {
        make_called(q, &r);
    }
    make_main(q, &r);
}

/* ---- running ---- */

static int on_syscall(Env *e, uint32_t imm)
{
    A64State *s = a64_state(e);

    s->x[29] = s->x[29] * 3 + imm;      /* a hot register and one in memory, of no purpose */
    s->x[16] += imm;
    s->nzcv ^= imm << 28;
    return imm >> 4 & 1;
}

static void place(const Sequence *q)
{
    uint32_t *at = code_alias + (q->pc - CODE_AREA) / 4;

    memcpy(at, q->word, 4 * q->n);
    translate_options.accel = ACCEL_JIT;        /* drops both engines' blocks */
    translate_invalidate(guest_addr(CODE_AREA), CODE_BYTES);
}

/* watched: underflow is exact in translated code from the start on; else once FPSR is accessed. */
static bool watched(const Sequence *q)
{
    return q->in.s.x[0] & 1;
}

static void start(const Sequence *q)
{
    *a64_state(env) = q->in.s;
    a64_state(env)->pc = q->pc;
    memcpy((void *)SCRATCH, scratch_template, SCRATCH_BYTES);
    env->rt.excl_size = 0;
    env->rt.excl_addr = 0;
    env->rt.fault_sig = env->rt.fault_code = 0;
    env->rt.fault_addr = env->rt.exit_arg = 0;
    env_watch_underflow(env, watched(q));
    a64_set_fpcr(env, q->in.fpcr);
    a64_set_fpsr(env, q->in.fpsr);
}

static void run(const Sequence *q, Engine engine, Result *r)
{
    place(q);
    start(q);
    translate_options.accel = engine == RUN_INTERP ? ACCEL_INTERP : ACCEL_JIT;
    translate_options.one_insn_per_block = engine == RUN_JIT_SINGLE;
    memset(r, 0, sizeof(*r));
    while ((r->kind = env_run(env)) == EXIT_POKE) {
        if (a64_state(env)->pc != q->pc) {
            translate_options.accel = ACCEL_INTERP;
            progress->ended[EXIT_POKE]++;
        }
    }
    translate_options.one_insn_per_block = false;
    r->s = *a64_state(env);
    r->fpsr = a64_get_fpsr(env);
    r->excl_size = env->rt.excl_size;
    r->excl_addr = r->excl_size ? env->rt.excl_addr : 0;
    if (r->kind == EXIT_FAULT || r->kind == EXIT_FETCH) {
        r->fault_sig = env->rt.fault_sig;
        r->fault_code = env->rt.fault_code;
        r->fault_addr = env->rt.fault_addr;
    }
    /* An access from the code's end into the hole may report either of its two faults. */
    if (r->fault_addr > CODE_AREA + CODE_BYTES - 16 && r->fault_addr <= CODE_AREA + CODE_BYTES) {
        r->fault_addr = CODE_AREA + CODE_BYTES;
        r->fault_code = 0;
    }
    r->arg = r->kind == EXIT_BREAK ? env->rt.exit_arg : 0;
    memcpy(r->scratch, (void *)SCRATCH, SCRATCH_BYTES);
}

/* limit: a hang is a difference only when the interpreter does not hang as well. */
static void limit(void (*on_alarm)(int), long ms)
{
    struct itimerval t = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

    signal(SIGALRM, on_alarm);
    setitimer(ITIMER_REAL, &t, NULL);
}

static void same_hang(int sig)
{
    (void)sig;
    _exit(0);
}

/*
 * forgive_tininess: Arm finds a result tiny before rounding, SSE after it, so a product that
 * rounds up to the smallest normal number raises underflow on the one and not on the other.
 * Translated code leaves it at that where nobody watches.
 */
static void forgive_tininess(const Result *want, Result *got)
{
    enum { UFC = 8, IXC = 16 };

    if ((want->fpsr ^ got->fpsr) == UFC && (want->fpsr & UFC) && (got->fpsr & IXC)) {
        got->fpsr |= UFC;
    }
}

/* differs: the interpreter and engine disagree. May crash or hang; ms: how long it may take. */
static bool differs(const Sequence *q, Engine engine, long ms)
{
    static Result want, got;

    if (ms) {
        limit(same_hang, ms);
    }
    run(q, RUN_INTERP, &want);
    if (ms) {
        limit(SIG_DFL, ms);
    }
    run(q, engine, &got);
    progress->ended[want.kind]++;
    if (!watched(q)) {
        forgive_tininess(&want, &got);
    }
    return memcmp(&want, &got, sizeof(want)) != 0;
}

/* ---- showing a difference ---- */

static void show_x(const char *name, uint64_t want, uint64_t got)
{
    if (want != got) {
        printf("    %-8s interp 0x%016" PRIx64 "  jit 0x%016" PRIx64 "\n", name, want, got);
    }
}

static void show_result(const Result *want, const Result *got)
{
    char name[8];

    show_x("exit", want->kind, got->kind);
    show_x("arg", want->arg, got->arg);
    show_x("pc", want->s.pc, got->s.pc);
    show_x("sp", want->s.sp, got->s.sp);
    show_x("nzcv", want->s.nzcv >> 28, got->s.nzcv >> 28);
    show_x("fpcr", want->s.fpcr, got->s.fpcr);
    show_x("fpsr", want->fpsr, got->fpsr);
    show_x("tpidr", want->s.tpidr_el0, got->s.tpidr_el0);
    show_x("signal", (uint64_t)want->fault_sig, (uint64_t)got->fault_sig);
    show_x("code", (uint64_t)want->fault_code, (uint64_t)got->fault_code);
    show_x("address", want->fault_addr, got->fault_addr);
    show_x("excl", want->excl_addr + want->excl_size, got->excl_addr + got->excl_size);
    for (unsigned i = 0; i < 31; i++) {
        snprintf(name, sizeof(name), "x%u", i);
        show_x(name, want->s.x[i], got->s.x[i]);
    }
    for (unsigned i = 0; i < 64; i++) {
        snprintf(name, sizeof(name), "v%u.d%u", i / 2, i % 2);
        show_x(name, want->s.v[i / 2].u64[i % 2], got->s.v[i / 2].u64[i % 2]);
    }
    for (unsigned i = 0, shown = 0; i < SCRATCH_BYTES && shown < 8; i++) {
        if (want->scratch[i] != got->scratch[i]) {
            printf("    [0x%" PRIx64 "] interp %02x jit %02x\n", SCRATCH + i, want->scratch[i],
                   got->scratch[i]);
            shown++;
        }
    }
}

static const DecodeRow *row_of(uint32_t w)
{
    const DecodeRow *r = a64_rows;

    while (r->name && (w & r->mask) != r->value) {
        r++;
    }
    return r;
}

static void show_sequence(const Sequence *q, const Start *in, bool verbose)
{
    for (unsigned i = 0; i < q->n; i++) {
        const DecodeRow *r = row_of(q->word[i]);
        if (q->word[i] != NOP) {
            printf("    0x%" PRIx64 "  %08x  %s (%s)\n", q->pc + 4 * i, q->word[i],
                   r->name ? r->name : "-", r->name ? r->where : "-");
        }
    }
    fflush(stdout);
    disas_guest(guest, q->word, 4 * q->n, q->pc);
    printf("    start: nzcv %x fpcr 0x%x fpsr 0x%x\n", in->s.nzcv >> 28, in->fpcr, in->fpsr);
    if (!verbose) {
        return;
    }
    for (unsigned i = 0; i < 31; i++) {
        printf("%s x%-2u 0x%016" PRIx64, i % 4 ? "" : "\n   ", i, in->s.x[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        printf("%s v%-2u 0x%016" PRIx64 ":%016" PRIx64, i % 2 ? "" : "\n   ", i,
               in->s.v[i].u64[1], in->s.v[i].u64[0]);
    }
    printf("\n");
}

/* trial: differs() in a process of its own, where it may crash or hang. */
static bool trial(const Sequence *q, Engine engine, int *status)
{
    int st;

    fflush(NULL);
    pid_t pid = fork();
    if (!pid) {
        close(STDERR_FILENO);
        _exit(differs(q, engine, TRIAL_MS));
    }
    waitpid(pid, &st, 0);
    *status = st;
    return st != 0;
}

/* reduce: replace by NOP what the difference does not need. */
static void reduce(Sequence *q)
{
    bool changed = true;
    int st;

    while (changed) {
        changed = false;
        for (unsigned i = q->n; i-- > 0;) {
            uint32_t w = q->word[i];
            if (w == NOP || w == BRK) {
                continue;
            }
            q->word[i] = NOP;
            if (trial(q, RUN_JIT, &st)) {
                changed = true;
            } else {
                q->word[i] = w;
            }
        }
    }
}

static void report(Sequence *q, uint64_t index, bool verbose)
{
    static Result want, got;
    int st = 0, st_single = 0;
    bool again = trial(q, RUN_JIT, &st);

    printf("sequence %" PRIu64 " (-s %" PRIu64 " -i %" PRIu64 "): %s\n", index, seed, index,
           WIFSIGNALED(st) ? strsignal(WTERMSIG(st)) : again ? "differs" : "differs at times");
    if (again) {
        reduce(q);
        trial(q, RUN_JIT, &st);
    }
    trial(q, RUN_JIT_SINGLE, &st_single);
    printf("  with one instruction per block: %s\n",
           WIFSIGNALED(st_single) ? strsignal(WTERMSIG(st_single))
           : st_single            ? "differs too"
                                  : "same");
    show_sequence(q, &q->in, verbose);
    if (!WIFSIGNALED(st)) {
        run(q, RUN_INTERP, &want);
        run(q, RUN_JIT, &got);
        show_result(&want, &got);
    }
    fflush(stdout);
    if (verbose) {
        const char *bad;
        log_select("ir,out_asm", &bad);
        trial(q, RUN_JIT, &st);
        fflush(NULL);
        if (!fork()) {
            alarm(3);
            run(q, RUN_JIT, &got);
            _exit(0);
        }
        wait(NULL);
        log_mask = 0;
    }
}

/* ---- start-up ---- */

static void on_host_fault(int sig, siginfo_t *info, void *uc)
{
    if (fault_handle(env, sig, info, uc) == FAULT_NOT_OURS) {
        signal(sig, SIG_DFL);
        raise(sig);
    }
}

static void map_at(uintptr_t at, size_t bytes, int prot, int fd)
{
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

    if (mmap((void *)at, bytes, prot, flags | MAP_FIXED_NOREPLACE, fd, 0) != (void *)at) {
        fprintf(stderr, "engine-tests: 0x%zx cannot be mapped\n", (size_t)at);
        exit(2);
    }
}

static void map_area(unsigned n)
{
    int fd = memfd_create("code", 0);

    if (fd < 0 || ftruncate(fd, CODE_BYTES)) {
        perror("engine-tests: memfd_create");
        exit(2);
    }
    code_aliases[n] = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    select_area(n);
    map_at(SCRATCH, SCRATCH_BYTES, PROT_READ | PROT_WRITE, -1);
    map_at(CODE_AREA, CODE_BYTES, PROT_READ, fd);
    close(fd);
    for (unsigned i = 0; i < CODE_BYTES / 4; i++) {
        code_alias[i] = BRK;
    }
    pages_set_exec(guest_addr(CODE_AREA), CODE_BYTES, true);
}

static void start_engines(void)
{
    static const int sigs[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    /* A small cache, so that eviction is part of the test. */
    TranslateOptions options = { .accel = ACCEL_JIT, .features = ~0ull, .code_bytes = CACHE_BYTES };
    stack_t stack = { .ss_size = 1 << 18 };
    struct sigaction sa = { .sa_sigaction = on_host_fault,
                            .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

    int rc = translate_init(guest, &options);
    env = env_new();
    if (rc || !env) {
        fprintf(stderr, "engine-tests: the translator does not start: %s\n", strerror(-rc));
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

typedef struct {
    uint64_t count, only_index, max_failed;
    time_t until;
    bool one, verbose, poke;
} Options;

/* keep_poking: the thread of -p. */
static void *keep_poking(void *unused)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (;;) {
        env_poke(env);
        for (volatile unsigned i = 0; i < 4000; i++) {
        }
    }
    return unused;
}

/* run_range: sequences from first on; leaves with the index in *progress. */
static void run_range(const Options *o, uint64_t first)
{
    static Sequence q;
    pthread_t poker;

    if (o->poke) {
        pthread_create(&poker, NULL, keep_poking, NULL);
    }
    for (uint64_t i = first; i < o->count && progress->failed < o->max_failed; i++) {
        if (i % 256 == 0 && o->until && time(NULL) >= o->until) {
            return;
        }
        progress->index = i;
        alarm(RUN_SECONDS);
        make_sequence(&q, i);
        if (differs(&q, RUN_JIT, 0)) {
            progress->failed++;
            alarm(0);
            report(&q, i, o->verbose);
        } else {
            progress->passed++;
        }
    }
    alarm(0);
}

/* report_crash: in a process of its own, too, since making the sequence may be what crashes. */
static void report_crash(const Options *o, uint64_t index, int status)
{
    static Sequence q;

    printf("sequence %" PRIu64 ": %s\n", index, strsignal(WTERMSIG(status)));
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        make_sequence(&q, index);
        report(&q, index, o->verbose);
        fflush(stdout);
        _exit(0);
    }
    waitpid(pid, &status, 0);
}

static void run_all(const Options *o)
{
    uint64_t first = o->one ? o->only_index : 0;

    for (;;) {
        int st;
        fflush(stdout);
        pid_t pid = fork();
        if (!pid) {
            run_range(o, first);
            fflush(stdout);
            _exit(0);
        }
        waitpid(pid, &st, 0);
        if (!WIFSIGNALED(st)) {
            return;
        }
        progress->failed++;
        report_crash(o, progress->index, st);
        first = progress->index + 1;
    }
}

static Options parse_options(int argc, char **argv)
{
    Options o = { .count = 20000, .max_failed = 20 };
    int c;

    while ((c = getopt(argc, argv, "n:s:t:r:m:i:pv")) != -1) {
        switch (c) {
        case 'n': o.count = strtoull(optarg, NULL, 0); break;
        case 's': seed = strtoull(optarg, NULL, 0); break;
        case 't': o.until = time(NULL) + atoi(optarg); break;
        case 'm': o.max_failed = strtoull(optarg, NULL, 0); break;
        case 'r':
            if (n_only < MAX_ROWS) {
                only[n_only++] = optarg;
            }
            break;
        case 'i':
            o.one = true;
            o.only_index = strtoull(optarg, NULL, 0);
            o.count = o.only_index + 1;
            break;
        case 'p': o.poke = true; break;
        case 'v': o.verbose = true; break;
        default: exit(2);
        }
    }
    return o;
}

/* show_ends: what the sequences ran into, to see that the test tests something. */
static void show_ends(void)
{
    static const char *const name[] = { NULL, "poke", "system call", "undefined", "breakpoint",
                                        "fault", "fetch fault" };

    for (unsigned i = 1; i < ARRAY_LEN(name); i++) {
        printf("%s%s %lu", i == 1 ? "ends: " : ", ", name[i], progress->ended[i]);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    Options o = parse_options(argc, argv);

    for (const Guest *const *g = guest_list; *g; g++) {
        guest = strcmp((*g)->name, "aarch64") ? guest : *g;
    }
    progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < ARRAY_LEN(areas); i++) {
        map_area(i);
    }
    make_scratch();
    start_engines();
    run_all(&o);
    show_ends();
    printf("%lu passed, %lu failed\n", progress->passed, progress->failed);
    return progress->failed != 0;
}
