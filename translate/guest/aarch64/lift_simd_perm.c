/* SPDX-License-Identifier: MIT */
/* lift_simd_perm.c: Advanced SIMD that moves lanes (simd_perm.dec). */
#include "translate/guest/aarch64/lift_simd.h"

/* ---- copy. imm5: the lowest 1 gives the lane size, the bits above it are the lane number ---- */

/* copy_size: 0 to 3, or 4 for an imm5 without a meaning. */
static unsigned copy_size(uint64_t imm5)
{
    return imm5 & 15 ? (unsigned)__builtin_ctz((unsigned)imm5) : 4;
}

bool a64_dup_elt(Lift *l, const a64_dup_elt_args *a)
{
    unsigned size = copy_size(a->imm5), vl = vl_of(a->scalar, a->q);

    if (!size_ok(SIZE_ALL, vl, size)) {
        return false;
    }
    set_v(l, a->rd, v_elt(l, int_type(size), vl, a->rn, a->imm5 >> (size + 1)));
    return true;
}

bool a64_dup_gen(Lift *l, const a64_dup_gen_args *a)
{
    unsigned size = copy_size(a->imm5), vl = vl_q(a->q);

    if (!size_ok(SIZE_ALL, vl, size)) {
        return false;
    }
    IrVal x = get_x(l, x_type(size == 3), a->rn);

    set_v(l, a->rd, ir_v1(l->ir, IR_vdup, int_type(size), vl, x, 0));
    return true;
}

/* SMOV to W has bytes and halfwords, to X also words. */
bool a64_smov(Lift *l, const a64_smov_args *a)
{
    unsigned size = copy_size(a->imm5);

    if (!((a->q ? SIZE_BHS : SIZE_BH) >> size & 1)) {
        return false;
    }
    IrVal v = ir_v1(l->ir, IR_vget_s, int_type(size), a->q ? 0 : IRF_SX32, get_v(l, a->rn),
                    a->imm5 >> (size + 1));

    set_x(l, IR_I64, a->rd, v);
    return true;
}

/* UMOV to X has doublewords only. */
bool a64_umov(Lift *l, const a64_umov_args *a)
{
    unsigned size = copy_size(a->imm5);

    if (!((a->q ? SIZE_D : SIZE_BHS) >> size & 1)) {
        return false;
    }
    IrVal v = ir_v1(l->ir, IR_vget_u, int_type(size), 0, get_v(l, a->rn), a->imm5 >> (size + 1));

    set_x(l, IR_I64, a->rd, v);
    return true;
}

bool a64_ins_gen(Lift *l, const a64_ins_gen_args *a)
{
    unsigned size = copy_size(a->imm5);

    if (size == 4) {
        return false;
    }
    IrVal x = get_x(l, x_type(size == 3), a->rn);

    set_v(l, a->rd, ir_v2(l->ir, IR_vset, int_type(size), 0, get_v(l, a->rd), x,
                          a->imm5 >> (size + 1)));
    return true;
}

/* INS (element): imm4 holds the source lane in its upper bits; those below it are ignored. */
bool a64_ins_elt(Lift *l, const a64_ins_elt_args *a)
{
    unsigned size = copy_size(a->imm5);

    if (size == 4) {
        return false;
    }
    uint32_t to = a->imm5 >> (size + 1), from = a->imm4 >> size;

    set_v(l, a->rd, ir_v2(l->ir, IR_vset_lane, int_type(size), 0, get_v(l, a->rd),
                          get_v(l, a->rn), to | from << 8));
    return true;
}

/* ---- permute ---- */

static bool permute(Lift *l, IrOpcode op, unsigned q, unsigned size, unsigned rd, unsigned rn,
                    unsigned rm)
{
    if (!size_ok(SIZE_ALL, vl_q(q), size)) {
        return false;
    }
    set_v(l, rd, ir_v2(l->ir, op, int_type(size), vl_q(q), get_v(l, rn), get_v(l, rm), 0));
    return true;
}

#define PERMUTE(name, op)                                                                \
    bool a64_##name(Lift *l, const a64_##name##_args *a)                                 \
    {                                                                                    \
        return permute(l, IR_##op, a->q, a->size, a->rd, a->rn, a->rm);                  \
    }

// clang-format off
PERMUTE(zip1, vzip_lo)
PERMUTE(zip2, vzip_hi)
PERMUTE(uzp1, vuzp_even)
PERMUTE(uzp2, vuzp_odd)
PERMUTE(trn1, vtrn_even)
PERMUTE(trn2, vtrn_odd)
// clang-format on

bool a64_ext(Lift *l, const a64_ext_args *a)
{
    if (!a->q && a->imm4 >= 8) {
        return false;
    }
    set_v(l, a->rd, ir_v2(l->ir, IR_vext, IR_I8, vl_q(a->q), get_v(l, a->rn), get_v(l, a->rm),
                          a->imm4));
    return true;
}

/* ---- table lookup: each register of the table fills in the bytes whose index is its own ---- */

static bool table_lookup(Lift *l, unsigned q, unsigned len, unsigned rd, unsigned rn, unsigned rm,
                         IrVal other)
{
    for (unsigned i = 0; i <= len; i++) {
        other = ir_v3(l->ir, IR_vtbl, IR_I8, vl_q(q), get_v(l, (rn + i) % 32), get_v(l, rm),
                      other, 16 * i);
    }
    set_v(l, rd, other);
    return true;
}

bool a64_tbl(Lift *l, const a64_tbl_args *a)
{
    return table_lookup(l, a->q, a->len, a->rd, a->rn, a->rm, v_zero(l));
}

bool a64_tbx(Lift *l, const a64_tbx_args *a)
{
    return table_lookup(l, a->q, a->len, a->rd, a->rn, a->rm, get_v(l, a->rd));
}
