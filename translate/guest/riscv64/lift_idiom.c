/* SPDX-License-Identifier: MIT */
/*
 * lift_idiom.c: what compilers write for lack of an instruction: zero and sign extension, and other
 * parts of a register, by two shifts; rotation by two shifts and an OR.
 */
#include "translate/guest/riscv64/lift.h"
#include "translate/ir/info.h"

/* ---- SLLI; SRLI or SRAI ---- */

typedef struct {
    unsigned n, bytes;      /* places; of the instruction */
    bool arithmetic;
} Right;

/* right_shift: of register r onto itself, by the instruction `at` bytes on. */
static bool right_shift(const Lift *l, unsigned at, unsigned r, Right *s)
{
    const uint8_t *code = lift_ahead(l, at, 2);
    uint16_t half;
    uint32_t word;

    if (!code) {
        return false;
    }
    memcpy(&half, code, sizeof(half));
    if ((half & 0xe803) == 0x8001) {                    /* C.SRLI, C.SRAI */
        *s = (Right){ (half >> 7 & 32) | (half >> 2 & 31), 2, half >> 10 & 1 };
        return r == 8u + (half >> 7 & 7);
    }
    if ((half & 0x707f) != 0x5013 || !(code = lift_ahead(l, at, 4))) {
        return false;
    }
    memcpy(&word, code, sizeof(word));
    *s = (Right){ word >> 20 & 63, 4, word >> 30 & 1 };
    return (word & 0xbc00707f) == 0x5013 && (word >> 7 & 31) == r && (word >> 15 & 31) == r;
}

bool rv_shift_pair(Lift *l, unsigned rd, unsigned rs1, unsigned n, unsigned bytes)
{
    Right s;

    if (rv_is_32(l) || !rd || !right_shift(l, bytes, rd, &s)) {
        return false;
    }
    unsigned lsb = s.n > n ? s.n - n : 0, width = 64 - (s.n > n ? s.n : n);
    IrVal x = ir_op1i(l->ir, s.arithmetic ? IR_bfx_s : IR_bfx_u, rv_get_x(l, rs1), lsb | width << 8);

    if (n > s.n) {
        x = ir_shl(l->ir, x, imm64(l, n - s.n));
    }
    rv_set_x(l, rd, x);
    l->more = s.bytes;
    return true;
}

/* ---- two shifts and OR ---- */

enum { LOOK_BACK = 64 };        /* operations: compilers mix several rotations */

typedef struct {
    uint32_t at;        /* the shift's operation */
    IrRef x;            /* what it shifts, a register */
    IrType type;
    bool left;
    unsigned n;
} Shift;

/* writer: the last operation before `before` that writes r, among some; false: none. */
static bool writer(const IrBlock *b, IrRef r, uint32_t before, uint32_t *at)
{
    uint32_t end = before > LOOK_BACK ? before - LOOK_BACK : 0;

    for (*at = before; *at > end;) {
        if (b->op[--*at].d == r) {
            return true;
        }
    }
    return false;
}

/* shift_in: register r holds a shift by a constant, one of words sign-extended. */
static bool shift_in(const IrBlock *b, unsigned r, Shift *s)
{
    uint32_t at;

    if (!r || !writer(b, IR_REG0 + RV_X0 + r, b->n_op, &at)) {
        return false;
    }
    if (b->op[at].op == IR_sext && b->op[at].imm == 32 && ir_is_temp(b->op[at].a)) {
        at = b->temp[ir_temp_index(b->op[at].a)].def;
    }
    const IrOp *op = &b->op[at];

    *s = (Shift){ at, op->a, (IrType)op->type, op->op == IR_shl, 0 };
    if ((op->op != IR_shl && op->op != IR_shr_u) || !ir_is_reg(op->a) || !ir_is_const(op->b)) {
        return false;
    }
    s->n = (unsigned)ir_const_value(b, op->b);
    return true;
}

static bool may_fault(const IrBlock *b, uint32_t from)
{
    for (uint32_t i = from; i < b->n_op; i++) {
        if (ir_faults(b, &b->op[i]) || b->op[i].op == IR_call) {
            return true;
        }
    }
    return false;
}

/*
 * What was shifted may be gone, often by the second shift. Then it is rotated before that one, where the
 * two shifts are dead unless somebody else reads them.
 */
bool rv_rotate(Lift *l, unsigned rd, unsigned rs1, unsigned rs2)
{
    IrBlock *b = l->ir;
    Shift s, t;
    uint32_t changed;

    if (!shift_in(b, rs1, &s) || !shift_in(b, rs2, &t) || s.x != t.x || s.type != t.type ||
        s.left == t.left || s.n + t.n != 8 * ir_type_bytes(s.type)) {
        return false;
    }
    uint32_t first = s.at < t.at ? s.at : t.at, second = s.at < t.at ? t.at : s.at;

    if (writer(b, s.x, second, &changed) && changed >= first) {
        return false;
    }
    IrVal x = { s.x, s.type }, n = ir_const(b, s.type, s.left ? t.n : s.n);

    if (writer(b, s.x, b->n_op, &changed) && changed >= second) {
        if (may_fault(b, second)) {
            return false;
        }
        x = ir_emit_at(b, second, IR_ror, s.type, x, n);
    } else {
        x = ir_ror(b, x, n);
    }
    (s.type == IR_I32 ? rv_set_w : rv_set_x)(l, rd, x);
    return true;
}
