/* SPDX-License-Identifier: MIT */
/*
 * ir.h: the intermediate representation, its builder, text form, parser and verifier.
 *
 * A block is an array of 16-byte ops without pointers. Operands are guest registers (named,
 * mutable), temporaries (assigned once in the block) and constants. ir.def defines each op.
 *
 * Order inside one guest instruction (from one `insn` marker to the next), checked by the
 * verifier and relied on for exact faults, where the guest state must be that of the
 * instruction's start:
 *   1. no guest register, and no NZCV, is written before an op that may fault (READ, WRITE);
 *   2. a guest register that was written is not read again in the same instruction.
 * So: read operands, access memory into temporaries, then write registers. Faulting ops
 * themselves may write a guest register directly only if no faulting op follows.
 */
#pragma once

#include <stdio.h>

#include "translate/env.h"

typedef struct Guest Guest;

typedef enum {
    IR_VOID, IR_I8, IR_I16, IR_I32, IR_I64, IR_I128, IR_F16, IR_F32, IR_F64, IR_V128,
} IrType;

typedef enum {
#define OP(name, a, b, c, d, flags, meaning) IR_##name,
#include "translate/ir/ir.def"
#undef OP
    IR_OP_COUNT
} IrOpcode;

typedef enum {              /* pairs differ in the lowest bit, which negates */
    IR_EQ, IR_NE, IR_HS, IR_LO, IR_MI, IR_PL, IR_VS, IR_VC,
    IR_HI, IR_LS, IR_GE, IR_LT, IR_GT, IR_LE, IR_AL, IR_NV,
} IrCond;

typedef enum { IR_RN_EVEN, IR_RN_UP, IR_RN_DOWN, IR_RN_ZERO, IR_RN_AWAY, IR_RN_CUR } IrRound;
enum { IR_DIV_ONES = 1 };         /* div_s, div_u: a quotient by zero is all ones */
#define IR_ROUND_EXACT 0x10     /* fround: raise inexact when the value changes */
/* The rounding mode in the immediate of FP arithmetic and conversions; without: the guest's. */
enum { IR_FIXED_ROUND_LSB = 28 };
static inline uint32_t ir_fixed_round(IrRound r)
{
    return r == IR_RN_CUR ? 0 : (uint32_t)(r + 1) << IR_FIXED_ROUND_LSB;
}
static inline IrRound ir_imm_round(uint32_t imm)
{
    return imm >> IR_FIXED_ROUND_LSB ? (IrRound)((imm >> IR_FIXED_ROUND_LSB) - 1) : IR_RN_CUR;
}

typedef enum { IR_FENCE_LD, IR_FENCE_ST, IR_FENCE_FULL } IrFence;
/* pac: where the code of a signed pointer is. */
enum { IR_PAC_LSB = 48 };
#define IR_PAC_MASK (0x7full << IR_PAC_LSB)

typedef enum { IR_EXC_UNDEF, IR_EXC_BREAK } IrExc;

/*
 * copy_mem, set_mem: what they are given with C set is not of their own kind, but as for the
 * instruction that prepared it: they make a, b and c so again (with N set c is added to the
 * addresses it is to go down from) and go to that instruction, imm & IR_REDO_WORDS words back.
 * IR_REDO_RARE: most often there is nothing left to do.
 *
 * copy_mem takes steps, each of which loads all its bytes before it stores any. Of what lies inside
 * of one page on both sides it does the byte that comes first; then all, when that is fewer than
 * IR_COPY_STEP bytes; else IR_COPY_STEP bytes as often as they are there, and the rest by 32, 16,
 * 8, 4, 2 and 1 as its number says. A CPU may choose, and only a copy onto itself against its
 * direction tells, but all hosts and the interpreter are to leave the same memory. (Restartable
 * sequences, always interpreted, go byte by byte.)
 */
enum { IR_REDO_WORDS = 15, IR_REDO_RARE = 16, IR_COPY_STEP = 64 };

/* IrOp.flags */
enum {
    IR_VL_128 = 0, IR_VL_64 = 1, IR_VL_LANE = 2, IR_VL_BOX = 3, IR_VL_MASK = 3, /* vector ops */
    IRF_SX32 = 4,                                                   /* load_s, vget_s */
    IRF_SETF = 8,                                                   /* add, sub, and ... */
    IRF_REPLAY = 8,     /* insn: stands for several; see Lift.fuse */
    IR_ORD_PLAIN = 0, IR_ORD_ACQ = 0x10, IR_ORD_REL = 0x20, IR_ORD_MASK = 0x30,
    IRF_LIVE = 0x80,        /* NZCV may be read after the op: set by opt_live(), for back-ends */
};

/* Properties of an opcode, from the flags column of ir.def. */
enum {
    IRP_PURE = 1, IRP_COMM = 2, IRP_READ = 4, IRP_WRITE = 8, IRP_SETF = 16, IRP_USEF = 32,
    IRP_DEFF = 64, IRP_FP = 128, IRP_SAT = 256, IRP_EXIT = 512, IRP_SIDE = 1024,
};

/* Operand references: 0 none; guest register i is i + 1; temporaries; constants. */
typedef uint16_t IrRef;
#define IR_REG0    1u
#define IR_TEMP0   0x100u
#define IR_CONST0  0x8000u

typedef struct {
    uint16_t op;
    uint8_t type;
    uint8_t flags;
    IrRef d, a, b, c;
    uint32_t imm;
} IrOp;
_Static_assert(sizeof(IrOp) == 16, "an IR op is 16 bytes");

typedef struct {
    IrRef ref;
    uint8_t type;       /* IrType; IR_V128 for every vector value */
} IrVal;

typedef struct {
    const char *name;
    char a, b, c, d;    /* operand kinds: N I L W V */
    uint16_t props;     /* IRP_ */
    const char *meaning;
} IrOpInfo;

extern const IrOpInfo ir_op_info[IR_OP_COUNT];

/*
 * A temporary. uses counts the operands that name it; reg and spill are for back-ends, -1 until
 * they say otherwise.
 */
typedef struct {
    uint8_t type;           /* IrType */
    bool merged;            /* its op now writes a guest register instead: see ir_set() */
    uint16_t def;           /* index of its op, while the block is built */
    uint16_t uses;
    int8_t reg, spill;
} IrTemp;
_Static_assert(sizeof(IrTemp) == 8, "cheap to make");

/* Limits of one block; ir_full() tells the lifter to stop before they are reached. */
enum { IR_MAX_OPS = 8192, IR_MAX_TEMPS = 0x7e00, IR_MAX_CONSTS = 0x7ff0 };

/* Room that ir_full() keeps for one guest instruction; the largest need about 200 ops. */
enum { IR_INSN_ROOM = 512 };

typedef struct {
    const Guest *guest;
    GuestAddr pc;           /* first instruction */
    uint8_t variant;        /* made for: env.h */
    uint32_t guest_bytes;   /* length of the guest code */
    uint32_t n_insn;
    uint32_t wants_mode;    /* MODE_ bits that a thread needs which is about to run this */
    uint32_t code_hash;     /* of the guest code's bytes as they were read, with Guest.blanket_icache */
    uint64_t far_pages;     /* ir_page_bit() of pages elsewhere that code was lifted from */
    IrOp *op;
    uint32_t n_op, cap_op;
    uint64_t *k;            /* constants */
    uint32_t n_k, cap_k;
    IrTemp *temp;
    uint32_t n_temp, cap_temp;
    uint32_t insn_start;    /* index of the op after the last marker */
    uint16_t props;         /* IRP_ of all ops so far: IRP_SETF when one does set flags,
                               IRP_READ also when a helper accesses memory */
} IrBlock;

static inline bool ir_is_reg(IrRef r) { return r >= IR_REG0 && r < IR_TEMP0; }
static inline bool ir_is_temp(IrRef r) { return r >= IR_TEMP0 && r < IR_CONST0; }
static inline bool ir_is_const(IrRef r) { return r >= IR_CONST0; }
static inline unsigned ir_reg_index(IrRef r) { return r - IR_REG0; }
static inline unsigned ir_temp_index(IrRef r) { return r - IR_TEMP0; }
static inline uint64_t ir_const_value(const IrBlock *b, IrRef r) { return b->k[r - IR_CONST0]; }

/* ir_place: where exits to the block go; ir_place_pc: the guest pc of such a constant. */
static inline uint64_t ir_place(const IrBlock *b) { return env_place(b->pc.va, b->variant); }
uint64_t ir_place_pc(const Guest *g, uint64_t place);

static inline uint64_t ir_page_bit(GuestAddr a) { return 1ull << (a.va >> PAGE_BITS & 63); }

/* ir_type_bytes: 1 to 16; 0 for IR_VOID. */
unsigned ir_type_bytes(IrType t);

/* Memory operands: imm = scale | disp << 3; scale 0 to 4, disp 29 bits signed. */
static inline uint32_t ir_mem_imm(unsigned scale, int32_t disp)
{
    return (scale & 7) | (uint32_t)disp << 3;
}
static inline unsigned ir_mem_scale(uint32_t imm) { return imm & 7; }
static inline int32_t ir_mem_disp(uint32_t imm) { return (int32_t)imm >> 3; }

/*
 * ir_block_init: an empty block; memory is kept and reused by ir_block_reset, released by
 * ir_block_free. Blocks are used by one thread at a time.
 */
void ir_block_init(IrBlock *b, const Guest *guest);
void ir_block_reset(IrBlock *b, GuestAddr pc);
void ir_block_free(IrBlock *b);

/* ir_full: no room left for one more guest instruction. */
static inline bool ir_full(const IrBlock *b)
{
    return b->n_op + IR_INSN_ROOM > IR_MAX_OPS || b->n_temp + IR_INSN_ROOM > IR_MAX_TEMPS ||
           b->n_k + 2 * IR_INSN_ROOM > IR_MAX_CONSTS;
}

/* ---- builder ---- */
#define IR_NONE ((IrVal){ 0, IR_VOID })

IrVal ir_reg(const IrBlock *b, unsigned index, IrType type);    /* a guest register as type */
IrVal ir_const(IrBlock *b, IrType type, uint64_t value);        /* masked to the type */

/*
 * ir_emit: append an op; a result kind other than N makes a new temporary, returned. It does at
 * once what a pass would do later: a pure integer op of constants is a constant, a copy is the
 * value copied, a constant goes second where operands commute, and a condition that always
 * holds (IR_AL, IR_NV) leaves the op without it, so that back-ends never see one.
 */
IrVal ir_emit(IrBlock *b, IrOpcode op, IrType type, unsigned flags, IrVal a, IrVal bb, IrVal c,
              uint32_t imm);

/*
 * ir_emit_at: an op of at most two operands, registers among them, before op number at, of this or an
 * earlier instruction: its result may be used from there on. None behind it may fault.
 */
IrVal ir_emit_at(IrBlock *b, uint32_t at, IrOpcode op, IrType type, IrVal a, IrVal bb);

/*
 * ir_set: guest register index = v. A temporary of the same instruction that nothing has read is
 * made in the register directly, where the order rules allow it; else a mov or vmov. v may still
 * be used afterwards.
 */
void ir_set(IrBlock *b, unsigned index, IrVal v);

/*
 * Shorthands, one per op that needs no flags or immediate, type taken from the first operand:
 * ir_add(b, x, y) ... Integer operands are folded when both are constants.
 */
IrVal ir_add(IrBlock *b, IrVal x, IrVal y);
IrVal ir_sub(IrBlock *b, IrVal x, IrVal y);
IrVal ir_mul(IrBlock *b, IrVal x, IrVal y);
IrVal ir_and(IrBlock *b, IrVal x, IrVal y);
IrVal ir_or(IrBlock *b, IrVal x, IrVal y);
IrVal ir_xor(IrBlock *b, IrVal x, IrVal y);
IrVal ir_shl(IrBlock *b, IrVal x, IrVal y);
IrVal ir_shr_u(IrBlock *b, IrVal x, IrVal y);
IrVal ir_shr_s(IrBlock *b, IrVal x, IrVal y);
IrVal ir_ror(IrBlock *b, IrVal x, IrVal y);
IrVal ir_op1(IrBlock *b, IrOpcode op, IrVal x);                     /* type of x */
IrVal ir_op2(IrBlock *b, IrOpcode op, IrVal x, IrVal y);
IrVal ir_op1i(IrBlock *b, IrOpcode op, IrVal x, uint32_t imm);
IrVal ir_op2i(IrBlock *b, IrOpcode op, IrVal x, IrVal y, uint32_t imm);
IrVal ir_sext(IrBlock *b, IrType to, IrVal x, unsigned from_bits);
IrVal ir_zext(IrBlock *b, IrType to, IrVal x, unsigned from_bits);

/* Vector shorthands: lane type and VL are given. */
IrVal ir_v1(IrBlock *b, IrOpcode op, IrType lane, unsigned vl, IrVal x, uint32_t imm);
IrVal ir_v2(IrBlock *b, IrOpcode op, IrType lane, unsigned vl, IrVal x, IrVal y, uint32_t imm);
IrVal ir_v3(IrBlock *b, IrOpcode op, IrType lane, unsigned vl, IrVal x, IrVal y, IrVal z,
            uint32_t imm);

/* Memory shorthands. base i64; index i64 or IR_NONE, shifted left by scale. */
IrVal ir_load(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index, unsigned scale,
              int32_t disp);
IrVal ir_load_s(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
                unsigned scale, int32_t disp);
void ir_store(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index, unsigned scale,
              int32_t disp, IrVal v);
IrVal ir_vload(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index, unsigned scale,
               int32_t disp);
void ir_vstore(IrBlock *b, IrType type, unsigned flags, IrVal base, IrVal index,
               unsigned scale, int32_t disp, IrVal v);

/* ir_insn: mark the start of the guest instruction at pc. */
void ir_insn(IrBlock *b, GuestAddr pc);

/* ir_ended: the last op is an exit. */
static inline bool ir_ended(const IrBlock *b)
{
    return b->props & IRP_EXIT;
}

/* ---- text form: what -d ir prints and tests read back ---- */

/* ir_print: the block as text, one op a line, guest pc as comments; ir_print_op: one op of it. */
void ir_print(FILE *f, const IrBlock *b);
void ir_print_op(FILE *f, const IrBlock *b, const IrOp *op);

/*
 * ir_parse: read what ir_print writes. Returns 0, or -1 with "line N: reason" in err.
 */
int ir_parse(IrBlock *b, const char *text, char *err, size_t err_len);

/*
 * ir_verify: types and kinds of operands, single assignment, use after definition, the
 * order rules above, exits only last. Returns NULL or a static or thread-local message.
 */
const char *ir_verify(const IrBlock *b);
