/* SPDX-License-Identifier: MIT */
/*
 * print.c: a block as text.
 *
 *   block 0x10470 aarch64 +8
 *     insn         +0                          # 0x10470
 *     sub.i64.f    t0, x1, #16
 *     load.i32.acq t1, [x1 + x2<<2 - 8]
 *     ccmp.i64     x3, x4, ne, nzcv=4
 *     exit_cond    #0x10400, #0x10478, eq
 *
 * The first line gives pc, guest and the length of the guest code. Then an op a line:
 * name, type, flags, result, operands and the parts of the immediate (see ir_imm_form).
 * `-` is an absent operand. What stands behind `# ` is a comment; constants are `#5`,
 * with no space.
 */
#include <inttypes.h>

#include "translate/guest.h"
#include "translate/ir/info.h"

typedef struct {
    FILE *f;
    const IrBlock *b;
    bool comma; /* an operand was written before */
} Out;

/* ---- op names ---- */

static void print_name(Out *o, const IrOp *op)
{
    static const struct {
        uint8_t mask, value;
        const char *suffix;
    } flag[] = {
        { IR_VL_MASK, IR_VL_64, ".v64" },   { IR_VL_MASK, IR_VL_LANE, ".lane" },
        { IR_VL_MASK, IR_VL_BOX, ".box" },
        { IRF_SX32, IRF_SX32, ".sx32" },    { IRF_SETF, IRF_SETF, ".f" },
        { IR_ORD_ACQ, IR_ORD_ACQ, ".acq" }, { IR_ORD_REL, IR_ORD_REL, ".rel" },
    };
    char text[64];
    int n = snprintf(text, sizeof(text), "%s", ir_op_info[op->op].name);

    if (op->type != IR_VOID) {
        n += snprintf(text + n, sizeof(text) - n, ".%s", ir_type_name[op->type]);
    }
    for (size_t i = 0; i < ARRAY_LEN(flag); i++) {
        if ((op->flags & flag[i].mask) == flag[i].value) {
            n += snprintf(text + n, sizeof(text) - n, "%s", flag[i].suffix);
        }
    }
    fprintf(o->f, "  %-12s", text);
}

/* ---- operands ---- */

static void item(Out *o)
{
    fputs(o->comma ? ", " : " ", o->f);
    o->comma = true;
}

static void print_const(Out *o, uint64_t v)
{
    if (v <= 4096 || v >= (uint64_t)-4096) {
        fprintf(o->f, "#%" PRId64, (int64_t)v);
    } else {
        fprintf(o->f, "#0x%" PRIx64, v);
    }
}

static void print_ref(Out *o, IrRef r)
{
    if (!r) {
        fputc('-', o->f);
    } else if (ir_is_const(r)) {
        print_const(o, ir_const_value(o->b, r));
    } else if (ir_is_temp(r)) {
        fprintf(o->f, "t%u", ir_temp_index(r));
    } else if (ir_reg_index(r) < o->b->guest->n_regs) {
        fputs(o->b->guest->regs[ir_reg_index(r)].name, o->f);
    } else {
        fprintf(o->f, "reg?%u", ir_reg_index(r));
    }
}

static void print_address(Out *o, const IrOp *op)
{
    int32_t disp = ir_mem_disp(op->imm);

    item(o);
    fputc('[', o->f);
    print_ref(o, op->a);
    if (op->b) {
        fputs(" + ", o->f);
        print_ref(o, op->b);
    }
    if (ir_mem_scale(op->imm)) {
        fprintf(o->f, "<<%u", ir_mem_scale(op->imm));
    }
    if (disp) {
        fprintf(o->f, " %c %d", disp < 0 ? '-' : '+', disp < 0 ? -disp : disp);
    }
    fputc(']', o->f);
}

static void print_operands(Out *o, const IrOp *op)
{
    const IrOpInfo *info = &ir_op_info[op->op];
    const char kind[4] = { info->d, info->a, info->b, info->c };
    const IrRef ref[4] = { op->d, op->a, op->b, op->c };
    bool mem = ir_imm_form(op->op)->style == IMM_MEM;
    bool lane = op->op == IR_vload_lane || op->op == IR_vstore_lane;

    for (unsigned i = 0; i < 4; i++) {
        if (kind[i] == 'N' || (i == 2 && (mem || lane))) {
            continue;
        }
        if (i == 1 && mem) {
            print_address(o, op);
            continue;
        }
        item(o);
        bool address = i == 1 && (info->props & (IRP_READ | IRP_WRITE));
        fputs(address ? "[" : "", o->f);
        print_ref(o, ref[i]);
        fputs(address ? "]" : "", o->f);
    }
}

/* ---- the immediate ---- */

static uint32_t field_mask(const ImmField *f)
{
    return (f->width == 32 ? ~0u : (1u << f->width) - 1) << f->shift;
}

/* fields_fit: writing field by field loses nothing: no bits between, all names known. */
static bool fields_fit(const ImmForm *form, uint32_t imm)
{
    for (unsigned i = 0; i < form->n_fields; i++) {
        const ImmField *f = &form->field[i];
        uint32_t v = (imm & field_mask(f)) >> f->shift;

        if (f->names && v >= f->n_names) {
            return false;
        }
        imm &= ~(v << f->shift);
    }
    return imm == 0;
}

static void print_field(Out *o, const ImmField *f, uint32_t v)
{
    if (!v && !f->always) {
        return;
    }
    item(o);
    if (f->key) {
        fputs(f->key, o->f);
    }
    if (f->width == 1 && !f->names) {
        return;
    }
    fputs(f->key ? "=" : "", o->f);
    if (f->names) {
        fputs(f->names[v], o->f);
    } else {
        fprintf(o->f, "%" PRIu32, v);
    }
}

static void print_fields(Out *o, const ImmForm *form, uint32_t imm)
{
    if (!fields_fit(form, imm)) {
        item(o);
        fprintf(o->f, "imm=%" PRIu32, imm);
        return;
    }
    for (unsigned i = 0; i < form->n_fields; i++) {
        print_field(o, &form->field[i],
                    (imm & field_mask(&form->field[i])) >> form->field[i].shift);
    }
}

static void print_helper(Out *o, uint32_t imm)
{
    item(o);
    fprintf(o->f, "@%" PRIu32, imm);
    if (imm < o->b->guest->n_helpers) {
        fprintf(o->f, "  # %s", o->b->guest->helpers[imm].name);
    }
}

static void print_imm(Out *o, const IrOp *op)
{
    const ImmForm *form = ir_imm_form(op->op);

    switch (form->style) {
    case IMM_FIELDS: print_fields(o, form, op->imm); break;
    case IMM_INSN:
        fprintf(o->f, " +%-26" PRIu32 " # 0x%" PRIx64, op->imm, o->b->pc.va + op->imm);
        break;
    case IMM_HELPER: print_helper(o, op->imm); break;
    case IMM_MEM: break;
    }
}

void ir_print_op(FILE *f, const IrBlock *b, const IrOp *op)
{
    Out o = { f, b, false };

    print_name(&o, op);
    print_operands(&o, op);
    print_imm(&o, op);
}

void ir_print(FILE *f, const IrBlock *b)
{
    fprintf(f, "block 0x%" PRIx64 " %s +%" PRIu32 "\n", b->pc.va, b->guest->name,
            b->guest_bytes);
    for (uint32_t i = 0; i < b->n_op; i++) {
        ir_print_op(f, b, &b->op[i]);
        fputc('\n', f);
    }
}
