/* SPDX-License-Identifier: MIT */
/*
 * vec.h: the vector extension as C: what each instruction of rvv.dec and rvvk.dec does, how its
 * operands lie in the registers, and which encodings are reserved.
 *
 * vec.def has one row per instruction. Its operands are described by their element width (EEW)
 * relative to SEW, from which follow the sizes of register groups, alignment, and the rules for
 * groups that overlap (vec_check.c). Its meaning is a function over elements vstart to vl - 1, one
 * for each SEW (vec_int.c, vec_fixed.c, vec_fp.c, vec_mask.c, vec_perm.c, vec_mem.c,
 * vec_crypto.c). vec_run() prepares a Vec and calls it.
 *
 * Elements past vl and those masked off stay as they are, whatever the policy bits: a CPU may
 * leave agnostic elements undisturbed.
 */
#pragma once

#include "gen/riscv64_decode.h"
#include "translate/guest/riscv64/state.h"
#include "translate/host/interp/eval_fp.h"
#include "translate/translate.h"

/* RVV_name: number of each row of vec.def. */
typedef enum {
#define VEC(name, ...) RVV_##name,
#include "translate/guest/riscv64/vec.def"
    RVV_COUNT
} RvvOp;

/* Where operand b comes from. */
enum {
    B_NONE,         /* there is none; its field is part of the opcode */
    B_V,            /* vector register group vs1 */
    B_X,            /* x[rs1], sign-extended to SEW */
    B_F,            /* f[rs1] */
    B_I,            /* immediate, signed */
    B_U,            /* immediate, unsigned */
    B_U6,           /* the same with a sixth bit */
};

/* Operand layouts: EEW = SEW * 2^n for -3 to 1, and: */
enum {
    E_NONE = 16,
    E_BIT,          /* a mask: one register */
    E_ONE,          /* element 0 of one register */
    E_ONE2,         /* the same of 2 * SEW */
    E_I16,          /* 16-bit indices */
};

/* Flags of a row. */
enum {
    VF_START0 = 1,          /* reserved when vstart is not 0 */
    VF_APART = 2,           /* vd must not overlap any source */
    VF_FS = 4, VF_FD = 8,   /* floating point of SEW, of 2 * SEW bits */
    VF_FMIN = 16,           /* Zvfhmin and Zvfbfmin suffice for 16 bits */
    VF_SEW16 = 32,          /* SEW must be 16 */
    VF_SEW64 = 64,          /* SEW must be 64 */
    VF_MASKED = 128,        /* v0 is an operand, not a mask: all elements take part */
    VF_SCALAR = 256,        /* vl and LMUL do not count */
    VF_GROUP = 512,         /* element groups of four: LMUL * VLEN, vl and vstart must allow them */
    VF_SEW32 = 1024,        /* SEW must be 32 */
    VF_SHA2 = 2048,         /* SEW 32: Zvknha or Zvknhb; 64: Zvknhb */
    VF_AGROUP = 4096,       /* vs2 is one element group */
    VF_ELEN = 8192,         /* in Zve64x to Zve64d not for SEW = 64 */
    VF_MEM = 16384,         /* a load or store: ea is the encoding's width, eb the kind of access */
    VF_NOVTYPE = 32768,     /* vtype does not count */
    VF_GROUP8 = 65536,      /* with VF_GROUP: groups of eight */
    VF_READS_D = 1 << 17,   /* vd is a source of another width than the others, too */
    VF_ANY_EEW = 1 << 18,   /* runs although v0 is read both as a mask and as elements */
};

/* Kinds of loads and stores. */
enum { M_UNIT, M_STRIDE, M_INDEX, M_FIRST, M_MASK, M_WHOLE, M_KIND = 15, M_STORE = 16 };

typedef struct Vec Vec;
typedef void VecFn(Vec *v);

typedef struct {
    const char *name;
    uint8_t b;              /* B_ */
    int8_t ed, ea, eb;      /* of vd, vs2, vs1 */
    uint32_t flags;         /* VF_ */
    VecFn *const *fn;       /* by SEW: of 8, 16, 32, 64 bits */
} VecOp;

extern const VecOp vec_ops[RVV_COUNT];

/* The meanings. */
#define VEC(name, b, ed, ea, eb, flags, fn) extern VecFn *const fn[4];
#include "translate/guest/riscv64/vec.def"

/* An instruction in work. */
struct Vec {
    Env *env;
    RvState *s;
    const VecOp *op;
    uint32_t word;
    uint64_t features;
    unsigned rd, rs1, rs2;  /* the fields: vd, vs1, vs2, or what stands in their place */
    bool masked;            /* vm is 0 */
    unsigned sew;           /* log2 of bytes */
    int lmul;               /* log2 */
    uint64_t vl, vstart, vlmax;
    uint8_t *d;             /* vd */
    const uint8_t *a;       /* vs2 */
    const uint8_t *b;       /* vs1, or x */
    unsigned step;          /* from one element of b to the next: 1, or 0 for a scalar */
    const uint8_t *mask;    /* v0, or NULL */
    uint64_t x;             /* a scalar */
    uint64_t result;        /* for an x register */
    FpCtx fp;
};

/* vec_vlenb: bytes of a vector register, 16 or 32. */
static inline unsigned vec_vlenb(uint64_t features)
{
    return features & RV_FEAT_zvl256b ? 32 : 16;
}

/* vec_bit: bit i of a mask. */
static inline bool vec_bit(const uint8_t *m, uint64_t i)
{
    return m[i / 8] >> i % 8 & 1;
}

static inline void vec_set_bit(uint8_t *m, uint64_t i, bool on)
{
    m[i / 8] = (uint8_t)((m[i / 8] & ~(1u << i % 8)) | (unsigned)on << i % 8);
}

static inline bool vec_active(const Vec *v, uint64_t i)
{
    return !v->mask || vec_bit(v->mask, i);
}

/* VEC_EACH: for each element i that takes part. */
#define VEC_EACH(v, i)                                                                   \
    for (uint64_t i = (v)->vstart; i < (v)->vl; i++)                                     \
        if (vec_active(v, i))

/* vec_get, vec_set: element i of 2^size bytes. */
static inline uint64_t vec_get(const uint8_t *p, unsigned size, uint64_t i)
{
    switch (size) {
    case 0: return p[i];
    case 1: return ((const uint16_t *)p)[i];
    case 2: return ((const uint32_t *)p)[i];
    default: return ((const uint64_t *)p)[i];
    }
}

static inline void vec_set(uint8_t *p, unsigned size, uint64_t i, uint64_t x)
{
    switch (size) {
    case 0: p[i] = (uint8_t)x; break;
    case 1: ((uint16_t *)p)[i] = (uint16_t)x; break;
    case 2: ((uint32_t *)p)[i] = (uint32_t)x; break;
    default: ((uint64_t *)p)[i] = x; break;
    }
}

/* vec_regs: registers that a group of LMUL or EMUL 2^emul takes. */
static inline unsigned vec_regs(int emul)
{
    return emul > 0 ? 1u << emul : 1;
}

/* vec_vtype_ok: vtype is one that vsetvl would set, without vill. */
bool vec_vtype_ok(uint64_t vtype, uint64_t features);

/* vec_vlmax: of a vtype that is. */
uint64_t vec_vlmax(uint64_t vtype, uint64_t features);

/*
 * vec_legal: the instruction with this vtype, as far as its word tells; vec_legal_now: as far as
 * vl, vstart and frm do. Of v are set: op, word, features; after vec_fields() also the others that
 * follow from the word and vtype.
 */
bool vec_legal(const Vec *v, uint64_t vtype);
bool vec_legal_now(const Vec *v);
void vec_fields(Vec *v, uint64_t vtype);

/*
 * vec_run: do instruction `word`, row number op, with the state as it is in memory; vec_legal() has
 * been asked with this vtype when it was lifted. Returns what
 * goes to register x[rd], if anything does. pc: of the instruction; one that vl, vstart or frm make reserved raises SIGILL
 * there. May fault: see HELPER_MAY_FAULT.
 */
uint64_t vec_run(Env *env, uint64_t op, uint64_t word, uint64_t pc);

/* vec_set_vl: vsetvl: vl and vtype for avl elements (UINT64_MAX: as many as there are). */
uint64_t vec_set_vl(Env *env, uint64_t avl, uint64_t vtype);

/*
 * vec_is_csr: a control and status register of the vector unit, that may be written when writes is
 * true. vec_csr_read, vec_csr_write: of one of those.
 */
enum { CSR_VSTART = 8, CSR_VXSAT, CSR_VXRM, CSR_VCSR = 15, CSR_VL = 0xc20, CSR_VTYPE, CSR_VLENB };
bool vec_is_csr(unsigned csr, bool writes);
uint64_t vec_csr_read(Env *env, unsigned csr);
void vec_csr_write(Env *env, unsigned csr, uint64_t x);
