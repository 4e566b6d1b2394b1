/* SPDX-License-Identifier: MIT */
/*
 * verify.c: checks that a block keeps the rules of ir.def and ir.h. Run in tests and in
 * debug builds; a lift function that breaks a rule is found here, not as a wrong register
 * in a signal frame a month later.
 *
 * Floating point ops count as ops that may fault: a host trap makes the interpreter run
 * the whole guest instruction again, from the state at its start.
 */
#include <stdarg.h>

#include "translate/guest.h"
#include "translate/ir/info.h"

typedef struct {
    const IrBlock *b;
    const IrOp *op;
    const IrOpInfo *info;
    uint64_t defined[IR_CONST0 / 64]; /* temporaries so far, one bit each */
    uint64_t written[4];              /* guest registers written in this instruction */
    bool flags_written;
} Check;

static _Thread_local char message[160];

static bool bad(const Check *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static bool bad(const Check *c, const char *fmt, ...)
{
    va_list ap;
    int n = snprintf(message, sizeof(message),
                     "op %u (%s): ", (unsigned)(c->op - c->b->op), c->info->name);

    va_start(ap, fmt);
    vsnprintf(message + n, sizeof(message) - n, fmt, ap);
    va_end(ap);
    return false;
}

static bool bit_test(const uint64_t *set, unsigned i)
{
    return set[i / 64] >> (i % 64) & 1;
}

static void bit_set(uint64_t *set, unsigned i)
{
    set[i / 64] |= 1ull << (i % 64);
}

/* ---- types and flags ---- */

static bool has_kind(const IrOpInfo *info, char kind)
{
    return info->a == kind || info->b == kind || info->c == kind || info->d == kind;
}

static bool between(IrType t, IrType low, IrType high)
{
    return t >= low && t <= high;
}

/* changes_width: the type is that of the wider side. */
static bool changes_width(unsigned op)
{
    return op == IR_fwiden || op == IR_fnarrow;
}

static bool type_fits(const IrOp *op, const IrOpInfo *info)
{
    bool vector = has_kind(info, 'V'), integer = has_kind(info, 'I');

    if (info->props & IRP_FP) {
        return integer ? between(op->type, IR_I32, IR_I64)
                       : between(op->type, changes_width(op->op) ? IR_F32 : IR_F16, IR_F64);
    }
    if (vector) {
        return op->type != IR_VOID && op->type <= IR_V128;
    }
    if (integer) {
        bool any_width = info->props & (IRP_READ | IRP_WRITE | IRP_EXIT);

        return between(op->type, any_width ? IR_I8 : IR_I32, IR_I64);
    }
    return op->type <= IR_V128;
}

static bool check_type(const Check *c)
{
    const IrOp *op = c->op;

    if (!type_fits(op, c->info)) {
        return bad(c, "type %s does not fit",
                   op->type <= IR_V128 ? ir_type_name[op->type] : "?");
    }
    if (op->flags & ~(IR_VL_MASK | IRF_SX32 | IRF_SETF | IR_ORD_MASK | IRF_LIVE)) {
        return bad(c, "unknown flag bits 0x%x", op->flags);
    }
    if ((op->flags & IRF_SETF) && !(c->info->props & IRP_SETF)) {
        return bad(c, "cannot set flags");
    }
    if ((op->flags & IR_ORD_MASK) && !(c->info->props & (IRP_READ | IRP_WRITE))) {
        return bad(c, "memory order without memory access");
    }
    if ((op->flags & IRF_SX32) && op->op != IR_load_s && op->op != IR_vget_s) {
        return bad(c, "sx32 without sign extension");
    }
    if ((op->flags & IR_VL_MASK) && !has_kind(c->info, 'V')) {
        return bad(c, "vector length without vector");
    }
    return true;
}

/* ---- the immediate ---- */

static bool imm_fits(const IrOp *op)
{
    unsigned width = 8 * ir_type_bytes(op->type), lanes = width ? 128 / width : 0;
    uint32_t imm = op->imm;

    switch (op->op) {
    case IR_sext:
    case IR_zext: return (imm == 8 || imm == 16 || imm == 32) && imm <= width;
    case IR_crc32:
    case IR_crc32c: return imm == 8 || imm == 16 || imm == 32 || imm == 64;
    case IR_bfx_s:
    case IR_bfx_u:
    case IR_bfi: return imm >> 8 && (imm & 255) + (imm >> 8) <= width;
    case IR_extr: return imm < width;
    case IR_setf_k:
    case IR_select:
    case IR_cset:
    case IR_vselect:
    case IR_exit_cond: return imm < 16;
    case IR_ccmp:
    case IR_ccmn: return imm < 1 << 12 && !(imm & 0xf0);
    case IR_vload_lane:
    case IR_vstore_lane:
    case IR_vdup_lane:
    case IR_vget_u:
    case IR_vget_s:
    case IR_vset: return imm < lanes;
    case IR_vset_lane: return (imm & 255) < lanes && imm >> 8 < lanes;
    case IR_vshl_i:
    case IR_vsli_i:
    case IR_vqshl_s_i:
    case IR_vqshl_u_i:
    case IR_vqshl_su_i: return imm < width;
    case IR_vshr_s_i:
    case IR_vshr_u_i:
    case IR_vrshr_s_i:
    case IR_vrshr_u_i:
    case IR_vsri_i: return imm >= 1 && imm <= width;
    case IR_check_align: return imm < 1 << 9 && __builtin_popcount(imm & 255) == 1;
    case IR_fence: return imm <= IR_FENCE_FULL;
    case IR_exit_bit: return !(imm & 0xc0) && imm >> 8 <= 1 && (imm & 63) < width;
    default: return true;
    }
}

static bool check_imm(const Check *c)
{
    const Guest *g = c->b->guest;
    const IrOp *op = c->op;

    if (op->op == IR_call && op->imm >= g->n_helpers) {
        return bad(c, "guest %s has no helper %u", g->name, op->imm);
    }
    if (ir_imm_form(op->op)->style == IMM_MEM && ir_mem_scale(op->imm) > 4) {
        return bad(c, "scale out of range");
    }
    return imm_fits(op) || bad(c, "immediate 0x%x out of range", op->imm);
}

/* ---- operands ---- */

/* needed_bits: how much of an integer operand of this kind the op looks at. */
static unsigned needed_bits(const Check *c, char kind)
{
    const IrOp *op = c->op;

    switch (op->op) {
    case IR_sext:
    case IR_zext: return op->imm;
    case IR_bfx_s:
    case IR_bfx_u: return (op->imm & 255) + (op->imm >> 8);
    case IR_crc32:
    case IR_crc32c: return kind == 'L' ? op->imm : 32;
    default: return kind == 'I' ? 8 * ir_type_bytes(op->type) : kind == 'W' ? 32 : 64;
    }
}

/* check_kind: a value of type t can be an operand or result of this kind. */
static bool check_kind(const Check *c, const char *which, char kind, unsigned t)
{
    if ((kind == 'V') != (t == IR_V128)) {
        return bad(c, "%s is %s", which, kind == 'V' ? "not a vector" : "a vector");
    }
    return true;
}

static bool check_reg(const Check *c, const char *which, char kind, IrRef r, bool read)
{
    const Guest *g = c->b->guest;
    unsigned i = ir_reg_index(r);

    if (i >= g->n_regs) {
        return bad(c, "%s: no guest register %u", which, i);
    }
    if (read && bit_test(c->written, i)) {
        return bad(c, "%s reads %s after the instruction wrote it", which,
                   g->regs[i].name);
    }
    if (read && kind != 'V' && g->regs[i].type == IR_I32 && needed_bits(c, kind) > 32) {
        return bad(c, "%s: %s is too narrow", which, g->regs[i].name);
    }
    return check_kind(c, which, kind, g->regs[i].type);
}

static bool check_temp(const Check *c, const char *which, char kind, IrRef r)
{
    unsigned i = ir_temp_index(r), t;

    if (i >= c->b->n_temp || !bit_test(c->defined, i)) {
        return bad(c, "%s: t%u is not defined before", which, i);
    }
    t = c->b->temp[i].type;
    if (kind != 'V' && t == IR_I32 && needed_bits(c, kind) > 32) {
        return bad(c, "%s: t%u is i32, too narrow", which, i);
    }
    return check_kind(c, which, kind, t);
}

/* may_lack: operands that ir.def allows to be absent. */
static bool may_lack(const IrOp *op, char which)
{
    bool lane = op->op == IR_vload_lane || op->op == IR_vstore_lane;

    return op->op == IR_call ||
           (which == 'b' && (lane || ir_imm_form(op->op)->style == IMM_MEM));
}

static bool check_operand(const Check *c, char name, char kind, IrRef r)
{
    const char which[2] = { name, 0 };

    if (!r) {
        return kind == 'N' || may_lack(c->op, name) || bad(c, "%s is missing", which);
    }
    if (kind == 'N') {
        return bad(c, "%s is not used by this op", which);
    }
    if (ir_is_const(r)) {
        return kind != 'V' && r - IR_CONST0 < c->b->n_k
                   ? true
                   : bad(c, "%s: wrong constant", which);
    }
    return ir_is_temp(r) ? check_temp(c, which, kind, r)
                         : check_reg(c, which, kind, r, true);
}

/* must_be_const: addresses that are known when the block is made. */
static bool check_constants(const Check *c)
{
    bool a = false, b = false;

    switch (c->op->op) {
    case IR_vconst:
    case IR_exit_to:
    case IR_exit_exc: a = true; break;
    case IR_exit_icall: b = true; break;
    case IR_exit_cond:
    case IR_exit_nz:
    case IR_exit_z:
    case IR_exit_bit:
    case IR_exit_call:
    case IR_exit_syscall: a = b = true; break;
    }
    if ((a && !ir_is_const(c->op->a)) || (b && !ir_is_const(c->op->b))) {
        return bad(c, "address or value must be a constant");
    }
    return true;
}

/* check_result: also notes what the op defines. */
static bool check_result(Check *c)
{
    const IrOp *op = c->op;

    if (c->info->d == 'N') {
        return !op->d || bad(c, "has no result");
    }
    if (!op->d) {
        return op->op == IR_call || bad(c, "result is missing");
    }
    if (ir_is_const(op->d)) {
        return bad(c, "result is a constant");
    }
    if (ir_is_reg(op->d)) {
        if (!check_reg(c, "result", c->info->d, op->d, false)) {
            return false;
        }
        bit_set(c->written, ir_reg_index(op->d));
        return true;
    }
    unsigned i = ir_temp_index(op->d);

    if (i >= c->b->n_temp || bit_test(c->defined, i)) {
        return bad(c, "t%u is defined twice", i);
    }
    if (c->b->temp[i].type != ir_result_type(op->op, op->type)) {
        return bad(c, "t%u has a wrong type", i);
    }
    bit_set(c->defined, i);
    return true;
}

/* ---- order ---- */

static bool check_order(const Check *c)
{
    if (!ir_faults(c->b, c->op)) {
        return true;
    }
    if (c->flags_written) {
        return bad(c, "may fault after the instruction set the flags");
    }
    for (unsigned i = 0; i < c->b->guest->n_regs; i++) {
        if (bit_test(c->written, i)) {
            return bad(c, "may fault after the instruction wrote %s",
                       c->b->guest->regs[i].name);
        }
    }
    return true;
}

static bool check_marker(Check *c)
{
    if (c->op->op == IR_insn) {
        memset(c->written, 0, sizeof(c->written));
        c->flags_written = false;
    }
    bool last = c->op == c->b->op + c->b->n_op - 1;

    if (last != !!(c->info->props & IRP_EXIT)) {
        return bad(c,
                   last ? "the block does not end with an exit" : "exit before the end");
    }
    return true;
}

static bool check_op(Check *c)
{
    const IrOp *op = c->op;
    const IrOpInfo *info = c->info;

    if (!check_marker(c) || !check_type(c) || !check_imm(c) || !check_order(c) ||
        !check_operand(c, 'a', info->a, op->a) ||
        !check_operand(c, 'b', info->b, op->b) ||
        !check_operand(c, 'c', info->c, op->c) || !check_constants(c) ||
        !check_result(c)) {
        return false;
    }
    c->flags_written |= ir_sets_flags(op);
    return true;
}

const char *ir_verify(const IrBlock *b)
{
    Check c = { .b = b };

    if (!b->n_op) {
        return "the block is empty";
    }
    for (uint32_t i = 0; i < b->n_op; i++) {
        c.op = &b->op[i];
        if (c.op->op >= IR_OP_COUNT) {
            return "unknown opcode";
        }
        c.info = &ir_op_info[c.op->op];
        if (!check_op(&c)) {
            return message;
        }
    }
    return NULL;
}
