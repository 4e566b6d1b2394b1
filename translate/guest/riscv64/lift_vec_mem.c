/* SPDX-License-Identifier: MIT */
/* lift_vec_mem.c: vector loads and stores inline: unit-stride, whole registers, one element to all. */
#include "translate/guest/riscv64/vec_inline.h"

static unsigned kind_of(const Job *j)
{
    return (unsigned)j->v->op->eb & M_KIND;
}

static unsigned fields(const Job *j)
{
    return (j->v->word >> 29) + 1;
}

/* mem_bytes: of the access; 0: not inline. */
static unsigned mem_bytes(const Job *j)
{
    switch (kind_of(j)) {
    case M_UNIT:
    case M_FIRST: return fields(j) == 1 ? vec_bytes(j, (unsigned)j->v->op->ea) : 0;
    case M_MASK: return (unsigned)(j->v->vlmax + 7) / 8;
    case M_WHOLE: return fields(j) * j->per * PIECE;
    default: return 0;
    }
}

static IrType piece_type(unsigned bytes)
{
    return bytes >= PIECE ? IR_I128 : vec_int((unsigned)__builtin_ctz(bytes));
}

static IrVal base(const Job *j)
{
    return rv_get_z(j->l, j->v->rs1);
}

/* may_fault: the interpreter does it again then, and says in vstart how far it came. */
static void may_fault(Job *j)
{
    j->l->ir->op[j->l->ir->insn_start - 1].flags |= IRF_REPLAY;
}

/* expect_start: whole registers where nothing is known of the vector unit: vstart must be 0. */
static void expect_start(Job *j)
{
    if (j->l->variant == RVV_UNKNOWN) {
        IrBlock *ir = j->l->ir;
        IrVal zeros = ir_op1(ir, IR_clz, ir_reg(ir, RV_VSTART, IR_I64));

        ir_emit(ir, IR_guard, IR_I64, 0, ir_shr_u(ir, zeros, imm64(j->l, 6)), IR_NONE, IR_NONE, 0);
    }
}

/* some_loads: elements that are not to be loaded may be read and left out. */
static bool some_loads(const Job *j)
{
    return kind_of(j) == M_UNIT;
}

/* expect_page: all in one page, as then what is behind the last element does no harm. */
static void expect_page(Job *j, unsigned bytes)
{
    IrBlock *ir = j->l->ir;
    IrVal at = ir_and(ir, base(j), imm64(j->l, PAGE_BYTES - 1));
    IrVal less = ir_sub(ir, at, imm64(j->l, PAGE_BYTES - bytes + 1));

    ir_emit(ir, IR_guard, IR_I64, 0, ir_shr_u(ir, less, imm64(j->l, 63)), IR_NONE, IR_NONE, 0);
}

/* splat: a stride of 0 loads one element into all. */
static bool splat(Job *j)
{
    unsigned size = (unsigned)j->v->op->ea, bytes = vec_bytes(j, size);

    if (kind_of(j) != M_STRIDE || j->v->rs2 || fields(j) != 1 || j->some) {
        return false;
    }
    may_fault(j);
    IrVal x = ir_load(j->l->ir, vec_int(size), 0, base(j), IR_NONE, 0, 0);
    IrVal all = ir_v1(j->l->ir, IR_vdup, vec_int(size), IR_VL_128, x, 0);

    for (unsigned i = 0; i < vec_pieces(bytes); i++) {
        vec_put(j, j->v->rd, i, bytes, all);
    }
    return true;
}

bool vec_walk_load(Job *j)
{
    unsigned bytes = mem_bytes(j), n = vec_pieces(bytes);
    IrVal x[PIECES_MAX];

    if (!bytes) {
        return splat(j);
    }
    if (j->some && !some_loads(j)) {
        return false;
    }
    may_fault(j);
    expect_start(j);
    if (j->some) {
        expect_page(j, bytes);
    }
    for (unsigned i = 0; i < n; i++) {
        x[i] = ir_vload(j->l->ir, piece_type(bytes), 0, base(j), IR_NONE, 0, (int32_t)(i * PIECE));
    }
    for (unsigned i = 0; i < n; i++) {
        vec_put(j, j->v->rd, i, bytes,
                j->some ? vec_merge(j, j->v->rd, i, (unsigned)j->v->op->ea, x[i]) : x[i]);
    }
    return true;
}

/* store_part: vl elements. By vec_run() when there are masks, or many pieces, each of which is branches. */
static bool store_part(Job *j, unsigned bytes)
{
    const Vec *v = j->v;
    IrBlock *ir = j->l->ir;
    unsigned n = vec_pieces(bytes);

    if (kind_of(j) != M_UNIT || v->masked || n > 4) {
        return false;
    }
    may_fault(j);
    IrVal left = ir_shl(ir, ir_reg(ir, RV_VL, IR_I64), imm64(j->l, (uint64_t)v->op->ea));

    for (unsigned i = 0; i < n; i++) {
        uint64_t skip = i * PIECE;
        IrVal to = skip ? ir_add(ir, base(j), imm64(j->l, skip)) : base(j);
        IrVal some = skip ? ir_sub(ir, left, imm64(j->l, skip)) : left;

        ir_emit(ir, IR_vstore_part, IR_I128, 0, to, some, vec_piece(j, v->rd, i), 0);
    }
    return true;
}

/* What is not to be written is not written, not even with what it was. */
bool vec_walk_store(Job *j)
{
    unsigned bytes = mem_bytes(j);

    if (!bytes || j->some) {
        return bytes && store_part(j, bytes);
    }
    may_fault(j);
    expect_start(j);
    for (unsigned i = 0; i < vec_pieces(bytes); i++) {
        ir_vstore(j->l->ir, piece_type(bytes), 0, base(j), IR_NONE, 0, (int32_t)(i * PIECE),
                  vec_piece(j, j->v->rd, i));
    }
    return true;
}
