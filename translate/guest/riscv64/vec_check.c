/* SPDX-License-Identifier: MIT */
/*
 * vec_check.c: which vector encodings are reserved with a vtype; they raise an illegal instruction
 * exception. The rules are those of the manual's sections 3.4.2 (vtype), 5.2 (operands), 5.3
 * (masks), 7 (loads and stores) and what single instructions say.
 */
#include "translate/guest/riscv64/vec.h"

enum { EEW_BIT = -16 };     /* a mask's element; others are log2 of bytes */

/* A register group as an operand. */
typedef struct {
    bool used, scalar;      /* scalar: element 0 of a register */
    unsigned reg;
    int eew, emul;          /* log2 of bytes; log2 */
} Group;

static unsigned elen(uint64_t features)
{
    return features & RV_FEAT_zve64x ? 3 : 2;
}

static int lmul_of(uint64_t vtype)
{
    return (int)sext(vtype & 7, 3);
}

bool vec_vtype_ok(uint64_t vtype, uint64_t features)
{
    int sew = vtype >> 3 & 7, lmul = lmul_of(vtype), max = (int)elen(features);

    return !(vtype >> 8) && sew <= max && lmul != -4 && sew <= max + lmul;
}

uint64_t vec_vlmax(uint64_t vtype, uint64_t features)
{
    unsigned sew = vtype >> 3 & 7;
    int lmul = lmul_of(vtype);
    uint64_t all = vec_vlenb(features) >> sew;

    return lmul < 0 ? all >> -lmul : all << lmul;
}

void vec_fields(Vec *v, uint64_t vtype)
{
    v->rd = v->word >> 7 & 31;
    v->rs1 = v->word >> 15 & 31;
    v->rs2 = v->word >> 20 & 31;
    v->masked = !(v->word >> 25 & 1);
    if (vtype & RV_VILL) {
        v->sew = 0;
        v->lmul = 0;
        v->vlmax = 0;
        return;
    }
    v->sew = vtype >> 3 & 7;
    v->lmul = lmul_of(vtype);
    v->vlmax = vec_vlmax(vtype, v->features);
}

static Group group(const Vec *v, int code, unsigned reg)
{
    int sew = (int)v->sew;

    switch (code) {
    case E_NONE: return (Group){ .used = false };
    case E_BIT: return (Group){ true, false, reg, EEW_BIT, 0 };
    case E_ONE: return (Group){ true, true, reg, sew, 0 };
    case E_ONE2: return (Group){ true, true, reg, sew + 1, 0 };
    case E_I16: return (Group){ true, false, reg, 1, v->lmul + 1 - sew };
    default: return (Group){ true, false, reg, sew + code, v->lmul + code };
    }
}

/* exists: widths and sizes are in range, and the register number is a multiple of the size. */
static bool exists(const Vec *v, const Group *g)
{
    if (!g->used || g->eew == EEW_BIT)
        return true;
    return g->eew >= 0 && g->eew <= (int)elen(v->features) && g->emul >= -3 && g->emul <= 3 &&
           !(g->reg & (vec_regs(g->emul) - 1));
}

static bool overlap(const Group *a, const Group *b)
{
    return a->used && b->used && a->reg < b->reg + vec_regs(b->emul) &&
           b->reg < a->reg + vec_regs(a->emul);
}

/* may_overlap: destination d and source s share registers only where the manual allows it. */
static bool may_overlap(const Group *d, const Group *s)
{
    if (!overlap(d, s) || d->scalar || d->eew == s->eew)
        return true;
    if (d->eew < s->eew)
        return d->reg == s->reg;
    return s->emul >= 0 && s->eew != EEW_BIT &&
           s->reg + vec_regs(s->emul) == d->reg + vec_regs(d->emul);
}

/*
 * one_eew: no register is read with two element widths. CPUs built before the manual said so run such
 * code, and older compilers made it; like the other emulators we do not refuse it in compares,
 * additions with carry and masked stores.
 */
static bool one_eew(const Group *a, const Group *b)
{
    return a->eew == b->eew || !overlap(a, b);
}

static Group mask_group(bool used)
{
    return (Group){ used, false, 0, EEW_BIT, 0 };
}

static bool legal_mem(const Vec *v)
{
    unsigned kind = (unsigned)v->op->eb & M_KIND, nf = (v->word >> 29) + 1;
    bool store = v->op->eb & M_STORE;
    int eew = v->op->ea, emul = v->lmul + eew - (int)v->sew;
    Group mask = mask_group(v->masked), index = { .used = false };

    if (kind == M_WHOLE)
        return !(nf & (nf - 1)) && !(v->rd & (nf - 1));
    if (kind == M_MASK)
        return true;
    if (kind == M_INDEX) {
        index = (Group){ true, false, v->rs2, eew, emul };
        eew = (int)v->sew;
        emul = v->lmul;
    }
    Group data = { true, false, v->rd, eew, emul };

    if (!exists(v, &data) || !exists(v, &index) || nf * vec_regs(emul) > 8 ||
        v->rd + nf * vec_regs(emul) > 32)
        return false;
    if (store)
        return !index.used || (one_eew(&data, &index) && one_eew(&data, &mask) &&
                               one_eew(&index, &mask));
    if (v->masked && !v->rd)
        return false;
    if (nf > 1 && index.used) {
        unsigned end = v->rd + nf * vec_regs(emul);

        if (index.reg < end && v->rd < index.reg + vec_regs(index.emul))
            return false;
    }
    return may_overlap(&data, &index) && one_eew(&index, &mask);
}

/* has_float: floating point of 2^size bytes is there; min: conversions and moves are enough. */
static bool has_float(const Vec *v, unsigned size, bool min)
{
    switch (size) {
    case 1: return v->features & (min ? RV_FEAT_zvfhmin | RV_FEAT_zvfh : RV_FEAT_zvfh);
    case 2: return v->features & RV_FEAT_zve32f;
    case 3: return v->features & RV_FEAT_zve64d;
    default: return false;
    }
}

static bool legal_type(const Vec *v)
{
    unsigned f = v->op->flags;
    bool min = f & VF_FMIN;

    if (((f & VF_FS) && !has_float(v, v->sew, min)) ||
        ((f & VF_FD) && !has_float(v, v->sew + 1, min)))
        return false;
    if (((f & VF_SEW16) && v->sew != 1) || ((f & VF_SEW32) && v->sew != 2) ||
        ((f & VF_SEW64) && v->sew != 3))
        return false;
    if ((f & VF_ELEN) && v->sew == 3 && !(v->features & RV_FEAT_v))
        return false;
    if ((f & VF_SHA2) &&
        !(v->sew == 3 ? v->features & RV_FEAT_zvknhb
                      : v->sew == 2 && v->features & (RV_FEAT_zvknha | RV_FEAT_zvknhb)))
        return false;
    return !(f & VF_GROUP) || v->vlmax >= (f & VF_GROUP8 ? 8 : 4);
}

/* legal_whole: of whole register moves. */
static bool legal_whole(const Vec *v)
{
    return !((v->rd | v->rs2) & v->rs1);
}

bool vec_legal(const Vec *v, uint64_t vtype)
{
    const VecOp *op = v->op;

    if (!(op->flags & VF_NOVTYPE) && (vtype & RV_VILL))
        return false;
    if (op->flags & VF_MEM)
        return legal_mem(v);
    if (!legal_type(v))
        return false;
    if ((op->flags & VF_SCALAR) && op->ed == E_NONE && op->ea == E_NONE)
        return legal_whole(v);
    if (op->flags & VF_SCALAR)
        return true;

    Group d = group(v, op->ed, v->rd), a = group(v, op->ea, v->rs2), b = group(v, op->eb, v->rs1);
    Group mask = mask_group(v->masked);

    if (op->flags & VF_AGROUP)
        a = (Group){ true, true, v->rs2, (int)v->sew, 0 };
    if (!exists(v, &d) || !exists(v, &a) || !exists(v, &b))
        return false;
    if (v->masked && d.used && !d.scalar && d.eew != EEW_BIT && !d.reg)
        return false;
    if ((op->flags & VF_APART) &&
        (overlap(&d, &a) || overlap(&d, &b) || overlap(&d, &mask)))
        return false;
    if (!may_overlap(&d, &a) || !may_overlap(&d, &b))
        return false;
    if ((op->flags & VF_READS_D) && (!one_eew(&d, &a) || !one_eew(&d, &b)))
        return false;
    return op->flags & VF_ANY_EEW ||
           (one_eew(&a, &b) && one_eew(&a, &mask) && one_eew(&b, &mask));
}

bool vec_legal_now(const Vec *v)
{
    unsigned f = v->op->flags;
    uint64_t group = f & VF_GROUP8 ? 8 : 4;

    if (((f & VF_START0) && v->vstart) || ((f & (VF_FS | VF_FD)) && v->s->frm > RV_RMM))
        return false;
    return !(f & VF_GROUP) || !((v->vl | v->vstart) & (group - 1));
}
