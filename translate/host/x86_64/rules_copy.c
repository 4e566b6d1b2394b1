/* SPDX-License-Identifier: MIT */
/*
 * rules_copy.c: copying and setting memory.
 *
 * A C library may use these for every memcpy(), and most of those are of a few bytes: so no
 * call, no `rep`, whose start costs as much as all the rest. Each turn of the loop does what lies
 * in one page on both sides: only its first access can fault, and then all before it is done and
 * counted in the guest's register. A look at the poll page ends the turn.
 *
 * Up to 63 bytes are all loaded before any is stored, more go by 64 at once, so that the sides may
 * overlap as the direction allows. ir.h has the steps, which the interpreter takes, too.
 */
#include "translate/host/x86_64/rules_int.h"

/* Registers of a turn: where from, where to; bytes to do; change of what is left. */
enum { SRC = RAX, DST = RCX, COUNT = RDX, DONE = RBX, PAGE_MASK = PAGE_BYTES - 1 };

typedef struct {
    RegMem a, b, left;
} CopyArgs;

static void load(Asm *as, int r, RegMem m)
{
    if (m.reg >= 0)
        asm_mov_rr(as, 1, r, m.reg);
    else
        asm_mov_rm(as, 1, r, m.mem);
}

static void add_to(Asm *as, int r, RegMem m)
{
    if (m.reg >= 0)
        asm_alu_rr(as, 1, ALU_ADD, r, m.reg);
    else
        asm_alu_rm(as, 1, ALU_ADD, r, m.mem);
}

/*
 * copy_start: operands, and the jump to the end when nothing is left, or out of the unit for what
 * is rare. NULL: the interpreter runs all of it.
 */
static uint8_t *copy_start(Emit *e, const IrOp *op, CopyArgs *x)
{
    Asm *as = &e->as;
    Mem nzcv = emit_rt(nzcv);

    if (!ir_is_reg(op->a) || ir_is_temp(op->b) || !ir_is_reg(op->c) || op->c != op->d) {
        emit_deopt(e, op);
        return NULL;
    }
    emit_clobber_flags(e);
    emit_take_pool(e, RDX);
    emit_take_pool(e, RBX);
    x->a = emit_int_rm(e, op->a, -1);
    if (ir_is_reg(op->b))
        x->b = emit_int_rm(e, op->b, -1);
    x->left = emit_int_rm(e, op->c, -1);
    nzcv.disp++;
    asm_test_mi(as, 1, nzcv, 1);
    emit_deopt_jcc(e, CC_Z);                    /* C is set */
    load(as, DONE, x->left);
    asm_test_rr(as, 1, DONE, DONE);
    if (op->imm & IR_REDO_RARE) {
        emit_deopt_jcc(e, CC_NZ);
        return NULL;
    }
    return asm_jcc32(as, CC_Z);
}

/* copy_again: the turn is done; to its start at top as long as something is left. */
static void copy_again(Emit *e, const CopyArgs *x, const uint8_t *top, uint8_t *done)
{
    Asm *as = &e->as;

    if (x->left.reg >= 0)
        asm_alu_rr(as, 1, ALU_ADD, x->left.reg, DONE);
    else
        asm_alu_mr(as, 8, ALU_ADD, x->left.mem, DONE);
    asm_mov_rm(as, 0, RAX, mem_b(RBP, -PAGE_BYTES - EMIT_BIAS));
    load(as, DONE, x->left);
    asm_test_rr(as, 1, DONE, DONE);
    asm_jcc_to(as, CC_NZ, top);
    asm_patch32(done, as->p);
}

/* Moves of 16, 8 and 4 bytes between memory and an xmm register. */
static const VOp vop_get[3] = { V_movups, V_movq, V_movd };
static const VOp vop_put[3] = { V_movups_st, V_movq_st, V_movd_st };

/* get: with src, xmm12 to xmm15 from SRC; put: to DST. from_end: the last bytes of COUNT. */
static void get(Asm *as, unsigned size, int x, bool from_end, int32_t off)
{
    vop2m(as, vop_get[size], x, from_end ? mem_bi(SRC, COUNT, 0, -off) : mem_b(SRC, off));
}

static void put(Asm *as, unsigned size, int x, bool from_end, int32_t off)
{
    vop2m(as, vop_put[size], x, from_end ? mem_bi(DST, COUNT, 0, -off) : mem_b(DST, off));
}

enum { NO_PATCH = 8 };

/*
 * small: COUNT bytes, 1 to 63, by the first and the last of them: 16 to 63, 8 to 15, 4 to 7, and
 * less, of which the first (upward; else the last) is there already. set: xmm12 to xmm15 are what
 * is stored. The jumps to the end are left in done[].
 */
static unsigned small(Asm *as, bool set, uint8_t *done[NO_PATCH])
{
    static const uint8_t bytes[3] = { 16, 8, 4 };
    unsigned n = 0;
    uint8_t *less;

    for (unsigned size = 0; size < 3; size++) {
        asm_alu_ri(as, 0, ALU_CMP, COUNT, bytes[size]);
        less = asm_jcc32(as, CC_B);
        if (!set) {
            get(as, size, XMM12, false, 0);
            get(as, size, XMM13, true, bytes[size]);
        }
        if (size == 0) {
            asm_alu_ri(as, 0, ALU_CMP, COUNT, 32);
            uint8_t *two = asm_jcc32(as, CC_BE);

            if (!set) {
                get(as, 0, XMM14, false, 16);
                get(as, 0, XMM15, true, 32);
            }
            put(as, 0, XMM12, false, 0);
            put(as, 0, XMM14, false, 16);
            put(as, 0, XMM15, true, 32);
            put(as, 0, XMM13, true, 16);
            done[n++] = asm_jmp32(as);
            asm_patch32(two, as->p);
        }
        put(as, size, XMM12, false, 0);
        put(as, size, XMM13, true, bytes[size]);
        done[n++] = asm_jmp32(as);
        asm_patch32(less, as->p);
    }
    return n;
}

/* small_copy, small_set: the same with the last few bytes: 1, 2 or 3. */
static void small_copy(Asm *as)
{
    uint8_t *done[NO_PATCH];
    unsigned n = small(as, false, done);

    /* Both words before the first is stored; of a single byte, that. */
    asm_pinsr_m(as, 1, XMM12, XMM12, mem_b(SRC, 0), 0);
    asm_alu_ri(as, 0, ALU_CMP, COUNT, 2);
    uint8_t *one = asm_jcc32(as, CC_B);

    asm_pinsr_m(as, 2, XMM13, XMM13, mem_bi(SRC, COUNT, 0, -2), 0);
    asm_pextr_m(as, 2, mem_bi(DST, COUNT, 0, -2), XMM13, 0);
    asm_patch32(one, as->p);
    asm_pextr_m(as, 1, mem_b(DST, 0), XMM12, 0);
    while (n)
        asm_patch32(done[--n], as->p);
}

static void small_set(Asm *as)
{
    uint8_t *done[NO_PATCH];
    unsigned n = small(as, true, done);

    asm_pextr_m(as, 1, mem_b(DST, 0), XMM12, 0);
    asm_alu_ri(as, 0, ALU_CMP, COUNT, 2);
    done[n++] = asm_jcc32(as, CC_B);
    asm_pextr_m(as, 2, mem_bi(DST, COUNT, 0, -2), XMM12, 0);
    while (n)
        asm_patch32(done[--n], as->p);
}

/* by_64: as long as COUNT is 64 or more, which it is; set: see small. down: from the end. */
static void by_64(Asm *as, bool set, bool down)
{
    const uint8_t *top = as->p;
    int32_t base = down ? -64 : 0;

    for (int i = 0; i < 4 && !set; i++)
        vop2m(as, V_movups, XMM12 + i, mem_b(SRC, base + 16 * i));
    for (int i = 0; i < 4; i++)
        vop2m(as, V_movups_st, XMM12 + i, mem_b(DST, base + 16 * i));
    asm_alu_ri(as, 1, down ? ALU_SUB : ALU_ADD, DST, 64);
    if (!set)
        asm_alu_ri(as, 1, down ? ALU_SUB : ALU_ADD, SRC, 64);
    asm_alu_ri(as, 0, ALU_SUB, COUNT, 64);
    asm_alu_ri(as, 0, ALU_CMP, COUNT, 64);
    asm_jcc_to(as, CC_AE, top);
}

/* pages_room: COUNT = bytes of a turn at most: in the pages of SRC and DST from there on (or, down,
 * before there). DONE is lost. */
static void pages_room(Asm *as, bool down, bool both)
{
    asm_lea(as, 0, COUNT, mem_b(DST, down ? -1 : 0));
    asm_alu_ri(as, 0, ALU_AND, COUNT, PAGE_MASK);
    if (both) {
        asm_lea(as, 0, DONE, mem_b(SRC, down ? -1 : 0));
        asm_alu_ri(as, 0, ALU_AND, DONE, PAGE_MASK);
        asm_alu_rr(as, 0, ALU_CMP, COUNT, DONE);
        asm_cmovcc(as, 0, down ? CC_A : CC_B, COUNT, DONE);
    }
    if (down) {
        asm_alu_ri(as, 0, ALU_ADD, COUNT, 1);
    } else {
        asm_neg(as, 0, COUNT);
        asm_alu_ri(as, 0, ALU_ADD, COUNT, PAGE_BYTES);
    }
}

/* at_most: DONE = the smaller of what is left (upward: minus that) and COUNT; COUNT the same. */
static void at_most(Asm *as, const CopyArgs *x, bool down)
{
    load(as, DONE, x->left);
    if (!down)
        asm_neg(as, 1, DONE);
    asm_alu_rr(as, 1, ALU_CMP, COUNT, DONE);
    asm_cmovcc(as, 1, CC_A, COUNT, DONE);
    asm_mov_rr(as, 0, DONE, COUNT);
}

/* probe: the byte that is to fault. */
static void probe(Asm *as, int32_t off)
{
    asm_pinsr_m(as, 1, XMM12, XMM12, mem_b(SRC, off), 0);
    asm_pextr_m(as, 1, mem_b(DST, off), XMM12, 0);
}

/* Downward, DST and SRC end behind what is to be copied; small_copy() wants its start. */
static void copy_turn(Emit *e, const CopyArgs *x, bool down)
{
    Asm *as = &e->as;

    pages_room(as, down, true);
    at_most(as, x, down);
    probe(as, down ? -1 : 0);
    if (down)
        asm_neg(as, 1, DONE);
    asm_alu_ri(as, 0, ALU_CMP, COUNT, 64);
}

/* rest: what by_64() left, 0 to 63 bytes, by single bits of the number, in the same direction. */
static void rest(Asm *as, bool down)
{
    for (unsigned n = 32; n; n /= 2) {
        unsigned each = n > 16 ? 16 : n;

        asm_test_ri(as, 0, COUNT, (int32_t)n);
        uint8_t *no = asm_jcc32(as, CC_Z);

        if (down) {
            asm_alu_ri(as, 1, ALU_SUB, SRC, (int32_t)n);
            asm_alu_ri(as, 1, ALU_SUB, DST, (int32_t)n);
        }
        if (each >= 4) {
            unsigned size = each == 16 ? 0 : each == 8 ? 1 : 2;

            for (unsigned i = 0; i < n; i += each)
                vop2m(as, vop_get[size], XMM12 + (int)(i / each), mem_b(SRC, (int32_t)i));
            for (unsigned i = 0; i < n; i += each)
                vop2m(as, vop_put[size], XMM12 + (int)(i / each), mem_b(DST, (int32_t)i));
        } else {
            asm_pinsr_m(as, each, XMM12, XMM12, mem_b(SRC, 0), 0);
            asm_pextr_m(as, each, mem_b(DST, 0), XMM12, 0);
        }
        if (!down) {
            asm_alu_ri(as, 1, ALU_ADD, SRC, (int32_t)n);
            asm_alu_ri(as, 1, ALU_ADD, DST, (int32_t)n);
        }
        asm_patch32(no, as->p);
    }
}

void rule_copy_mem(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;
    CopyArgs x;
    uint8_t *done = copy_start(e, op, &x), *is_small[2], *end[2];

    if (!done)
        return;
    const uint8_t *top = as->p;

    asm_mov_rr(as, 1, SRC, DONE);
    add_to(as, SRC, x.b);
    asm_mov_rr(as, 1, DST, DONE);
    add_to(as, DST, x.a);
    asm_test_rr(as, 1, DONE, DONE);
    uint8_t *downward = asm_jcc32(as, CC_NS);

    copy_turn(e, &x, false);
    is_small[0] = asm_jcc32(as, CC_B);
    by_64(as, false, false);
    rest(as, false);
    end[0] = asm_jmp32(as);

    asm_patch32(downward, as->p);
    copy_turn(e, &x, true);
    uint8_t *large = asm_jcc32(as, CC_AE);

    asm_alu_rr(as, 1, ALU_SUB, SRC, COUNT);
    asm_alu_rr(as, 1, ALU_SUB, DST, COUNT);
    is_small[1] = asm_jmp32(as);
    asm_patch32(large, as->p);
    by_64(as, false, true);
    rest(as, true);
    end[1] = asm_jmp32(as);

    asm_patch32(is_small[0], as->p);
    asm_patch32(is_small[1], as->p);
    small_copy(as);
    asm_patch32(end[0], as->p);
    asm_patch32(end[1], as->p);
    copy_again(e, &x, top, done);
}

void rule_set_mem(Emit *e, const IrOp *op)
{
    Asm *as = &e->as;
    CopyArgs x;
    uint8_t *done = copy_start(e, op, &x), *none;

    if (!done)
        return;
    if (ir_is_const(op->b))
        emit_int(e, op->b, RCX);
    else
        load(as, RCX, x.b);
    asm_movd_xr(as, 0, XMM12, RCX);
    vzero(as, XMM13);
    vop3(as, V_pshufb, XMM12, XMM12, XMM13);
    for (int i = XMM13; i <= XMM15; i++)
        asm_vmov(as, i, XMM12);
    const uint8_t *top = as->p;

    asm_test_rr(as, 1, DONE, DONE);
    uint8_t *positive = asm_jcc32(as, CC_NS);

    asm_mov_rr(as, 1, DST, DONE);
    add_to(as, DST, x.a);
    pages_room(as, false, false);
    at_most(as, &x, false);
    asm_alu_ri(as, 0, ALU_CMP, COUNT, 64);
    uint8_t *is_small = asm_jcc32(as, CC_B);

    by_64(as, true, false);
    asm_test_rr(as, 0, COUNT, COUNT);
    none = asm_jcc32(as, CC_Z);
    asm_patch32(is_small, as->p);
    small_set(as);
    asm_patch32(none, as->p);
    copy_again(e, &x, top, done);
    asm_patch32(positive, as->p);
}
