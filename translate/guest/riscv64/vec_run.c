/* SPDX-License-Identifier: MIT */
/* vec_run.c: vector instructions one at a time, as C: what is not, or cannot be, in IR. */
#include "translate/guest/riscv64/vec.h"

#include <signal.h>

#include "translate/host/interp/interp_ops.h"

const VecOp vec_ops[RVV_COUNT] = {
#define VEC(name, b, ed, ea, eb, flags, fn) { #name, b, ed, ea, eb, flags, fn },
#include "translate/guest/riscv64/vec.def"
};

/* unboxed: f[r] as 2^size bytes; what is no NaN-boxed value of that size is the canonical NaN. */
static uint64_t unboxed(const Vec *v, unsigned r)
{
    uint64_t x = v->s->f[r].u64[0];
    unsigned bits = 8u << v->sew;

    if (bits == 64)
        return x;
    if (x >> bits == ~0ull >> bits)
        return x & ((1ull << bits) - 1);
    return bits == 32 ? 0x7fc00000 : v->op->flags & VF_SEW16 ? 0x7fc0 : 0x7e00;
}

/* scalar_operand: where there is no vs1; imm: the field, sign- or zero-extended. */
static void scalar_operand(Vec *v)
{
    switch (v->op->b) {
    case B_X: v->x = v->s->x[v->rs1]; break;
    case B_F: v->x = unboxed(v, v->rs1); break;
    case B_I: v->x = (uint64_t)sext(v->rs1, 5); break;
    case B_U: v->x = v->rs1; break;
    case B_U6: v->x = v->rs1 | (v->word >> 26 & 1) << 5; break;
    }
}

static void operands(Vec *v)
{
    unsigned vlenb = vec_vlenb(v->features);
    uint8_t *regs = v->s->v[0].u8;

    v->d = regs + v->rd * vlenb;
    v->a = regs + v->rs2 * vlenb;
    if (v->op->b == B_V) {
        v->b = regs + v->rs1 * vlenb;
        v->step = 1;
    } else {
        v->b = (const uint8_t *)&v->x;
        v->step = 0;
        scalar_operand(v);
    }
    v->mask = v->masked && !(v->op->flags & VF_MASKED) ? regs : NULL;
}

/* fp_context: SEW's, or what the instruction makes of it. */
static FpCtx fp_context(const Env *env, unsigned sew)
{
    return fp_ctx(env, sew == 3 ? &fp_f64 : sew == 2 ? &fp_f32 : &fp_f16, IR_RN_CUR);
}

/* Not all of v is set for all instructions: clearing it costs as much as the work of a short one. */
uint64_t vec_run(Env *env, uint64_t op, uint64_t word, uint64_t pc)
{
    RvState *s = rv_state(env);
    bool fp = vec_ops[op].flags & (VF_FS | VF_FD);
    Vec v;

    v.env = env;
    v.s = s;
    v.op = &vec_ops[op];
    v.word = (uint32_t)word;
    v.features = translate_options.features;
    v.vl = s->vl;
    v.vstart = s->vstart;
    v.x = v.result = 0;
    vec_fields(&v, s->vtype);
    if (!vec_legal_now(&v))
        interp_raise(env, SIGILL, ILL_ILLOPC, pc);
    operands(&v);
    if (fp)
        v.fp = fp_context(env, v.sew);
    v.op->fn[v.sew](&v);
    if (fp && v.fp.flags)
        fp_done(env, &v.fp);
    s->vstart = 0;
    return v.result;
}

uint64_t vec_set_vl(Env *env, uint64_t avl, uint64_t vtype)
{
    RvState *s = rv_state(env);
    uint64_t features = translate_options.features, max;

    s->vstart = 0;
    if (!vec_vtype_ok(vtype, features)) {
        s->vtype = RV_VILL;
        s->vl = 0;
        return 0;
    }
    max = vec_vlmax(vtype, features);
    s->vtype = vtype;
    s->vl = avl < max ? avl : max;
    return s->vl;
}

/* ---- control and status registers ---- */

bool vec_is_csr(unsigned csr, bool writes)
{
    switch (csr) {
    case CSR_VSTART:
    case CSR_VXSAT:
    case CSR_VXRM:
    case CSR_VCSR: return true;
    case CSR_VL:
    case CSR_VTYPE:
    case CSR_VLENB: return !writes;
    default: return false;
    }
}

uint64_t vec_csr_read(Env *env, unsigned csr)
{
    const RvState *s = rv_state(env);

    switch (csr) {
    case CSR_VSTART: return s->vstart;
    case CSR_VXSAT: return s->vxsat;
    case CSR_VXRM: return s->vxrm;
    case CSR_VCSR: return s->vxrm << 1 | s->vxsat;
    case CSR_VL: return s->vl;
    case CSR_VTYPE: return s->vtype;
    default: return vec_vlenb(translate_options.features);
    }
}

/* vstart has as many bits as number the elements of the largest group of the smallest SEW. */
void vec_csr_write(Env *env, unsigned csr, uint64_t x)
{
    RvState *s = rv_state(env);

    switch (csr) {
    case CSR_VSTART: s->vstart = x & (8 * vec_vlenb(translate_options.features) - 1); break;
    case CSR_VXSAT: s->vxsat = x & 1; break;
    case CSR_VXRM: s->vxrm = x & 3; break;
    default:
        s->vxsat = x & 1;
        s->vxrm = x >> 1 & 3;
    }
}
