/* SPDX-License-Identifier: MIT */
/* lift_vec.c: vector instructions: configuration, and which way each instruction goes. */
#include "translate/guest/riscv64/lift_vec.h"

#define LIFT(name) bool rv_##name(Lift *l, const rv_##name##_args *a)

enum { VECTOR_BYTES = 4 };      /* of an instruction */

static IrVal vec_reg(Lift *l, unsigned index)
{
    return ir_reg(l->ir, index, IR_I64);
}

/* know: from here on the block is one of this variant. */
static void know(Lift *l, unsigned variant)
{
    l->variant = (uint8_t)variant;
    l->variant_used = true;
}

/* look: end the block; go on at pc in the variant that fits. */
static bool look(Lift *l, uint64_t pc)
{
    IrVal place = rv_call(l, RV_HELPER_VEC_PLACE, imm64(l, pc));

    ir_emit(l->ir, IR_exit_ind, IR_I64, 0, place, IR_NONE, IR_NONE, ENV_KIND_PLACE);
    return true;
}

/* ---- vsetvl and its like ---- */

/* set_vtype: vstart is 0 in variants that say so. */
static void set_vtype(Lift *l, uint64_t vtype)
{
    bool at_0 = l->variant >= RVV_FULL && l->variant < RVV_ILL;

    ir_set(l->ir, RV_VTYPE, imm64(l, vtype));
    if (!at_0) {
        ir_set(l->ir, RV_VSTART, imm64(l, 0));
    }
}

/* with_length: vl known to be avl at most, or all. */
static bool with_length(Lift *l, unsigned rd, uint64_t avl, uint64_t vtype)
{
    uint64_t max = vec_vlmax(vtype, l->features), vl = avl < max ? avl : max;

    set_vtype(l, vtype);
    ir_set(l->ir, RV_VL, imm64(l, vl));
    rv_set_x(l, rd, imm64(l, vl));
    know(l, vl == max ? vec_variant(vtype, RVV_FULL) : vec_variant(vtype, RVV_PARTIAL));
    return true;
}

/* from_register: the block ends: all of the vector, or its last part. */
static bool from_register(Lift *l, unsigned rd, unsigned rs1, uint64_t vtype)
{
    uint64_t max = vec_vlmax(vtype, l->features), next = l->pc.va + VECTOR_BYTES;
    IrVal vl = ir_op2(l->ir, IR_min_u, rv_get_z(l, rs1), imm64(l, max));

    set_vtype(l, vtype);
    ir_set(l->ir, RV_VL, vl);
    rv_set_x(l, rd, vl);
    ir_emit(l->ir, IR_sub, IR_I64, IRF_SETF, vl, imm64(l, max), IR_NONE, 0);
    ir_emit(l->ir, IR_exit_cond, IR_I64, 0,
            imm64(l, env_place(next, vec_variant(vtype, RVV_PARTIAL))),
            imm64(l, env_place(next, vec_variant(vtype, RVV_FULL))), IR_NONE, IR_NE);
    return true;
}

/* by_call: what is not known now. */
static bool by_call(Lift *l, unsigned rd, IrVal avl, IrVal vtype)
{
    IrVal vl = ir_emit(l->ir, IR_call, IR_I64, 0, avl, vtype, IR_NONE, RV_HELPER_SET_VL);

    rv_set_x(l, rd, vl);
    return look(l, l->pc.va + VECTOR_BYTES);
}

/* keep: vl stays, when as many elements are there as before. */
static bool keep(Lift *l, uint64_t vtype)
{
    bool known = l->variant >= RVV_FULL && l->variant < RVV_ILL;

    if (known && vec_vlmax(vec_vtype(l->variant), l->features) == vec_vlmax(vtype, l->features)) {
        set_vtype(l, vtype);
        know(l, vec_variant(vtype, vec_is_full(l) ? RVV_FULL : RVV_PARTIAL));
        return true;
    }
    return by_call(l, 0, vec_reg(l, RV_VL), imm64(l, vtype));
}

static bool set_vl(Lift *l, unsigned rd, unsigned rs1, uint64_t vtype)
{
    uint64_t avl;

    if (!vec_vtype_ok(vtype, l->features)) {
        set_vtype(l, RV_VILL);
        ir_set(l->ir, RV_VL, imm64(l, 0));
        rv_set_x(l, rd, imm64(l, 0));
        know(l, RVV_ILL);
        return true;
    }
    if (rs1) {
        return rv_known_x(l, rs1, &avl) ? with_length(l, rd, avl, vtype)
                                        : from_register(l, rd, rs1, vtype);
    }
    return rd ? with_length(l, rd, UINT64_MAX, vtype) : keep(l, vtype);
}

LIFT(vsetvli)
{
    return set_vl(l, (unsigned)a->rd, (unsigned)a->rs1, a->z11);
}

LIFT(vsetivli)
{
    if (!vec_vtype_ok(a->z10, l->features)) {
        return set_vl(l, (unsigned)a->rd, 0, a->z10);
    }
    return with_length(l, (unsigned)a->rd, a->u5, a->z10);
}

LIFT(vsetvl)
{
    IrVal avl = a->rs1 ? rv_get_z(l, (unsigned)a->rs1)
                : a->rd ? imm64(l, UINT64_MAX) : vec_reg(l, RV_VL);

    return by_call(l, (unsigned)a->rd, avl, rv_get_z(l, (unsigned)a->rs2));
}

/* ---- everything else ---- */

static bool sets_x(RvvOp op)
{
    return op == RVV_vmv_x_s || op == RVV_vcpop_m || op == RVV_vfirst_m;
}

/* run: by vec_run(). What may change vl or began in the middle leaves another variant behind. */
static bool run(Lift *l, RvvOp op, uint32_t word)
{
    IrVal x = ir_emit(l->ir, IR_call, IR_I64, 0, imm64(l, op), imm64(l, word), imm64(l, l->pc.va),
                      RV_HELPER_VEC);
    bool changes = vec_ops[op].flags & VF_MEM && vec_ops[op].eb == M_FIRST;

    if (sets_x(op)) {
        rv_set_x(l, word >> 7 & 31, x);
    }
    return changes || l->variant >= RVV_RESUMED ? look(l, l->pc.va + VECTOR_BYTES) : true;
}

/* resumed: vstart is not 0. That is rare: the interpreter does the instruction. */
static bool resumed(Lift *l)
{
    ir_emit(l->ir, IR_guard, IR_I64, 0, imm64(l, 0), IR_NONE, IR_NONE, 0);
    ir_emit(l->ir, IR_exit_sync, IR_I64, 0, imm64(l, l->pc.va), IR_NONE, IR_NONE, 0);
    return true;
}

static bool vector(Lift *l, RvvOp op, uint32_t word)
{
    Vec v = { .op = &vec_ops[op], .word = word, .features = l->features };
    bool needs_vtype = !(v.op->flags & VF_NOVTYPE);

    if (!needs_vtype) {
        vec_fields(&v, RV_VILL);
        if (!vec_legal(&v, RV_VILL)) {
            return false;
        }
        return (l->variant < RVV_RESUMED && vec_inline(l, &v, op)) || run(l, op, word);
    }
    if (l->variant == RVV_UNKNOWN) {
        return look(l, l->pc.va);
    }
    l->variant_used = true;
    if (l->variant == RVV_RESUMED) {
        return resumed(l);
    }
    if (l->variant == RVV_ILL || (v.op->flags & (VF_FS | VF_FD) && l->mode & RV_MODE_FRM_RESERVED)) {
        return false;
    }
    uint64_t vtype = vec_vtype(l->variant);

    vec_fields(&v, vtype);
    if (!vec_legal(&v, vtype)) {
        return false;
    }
    return (l->variant < RVV_ILL && vec_inline(l, &v, op)) || run(l, op, word);
}

#define VEC(name, ...)                                                                   \
    LIFT(name)                                                                           \
    {                                                                                    \
        return vector(l, RVV_##name, a->word);                                           \
    }
#include "translate/guest/riscv64/vec.def"
