/* SPDX-License-Identifier: MIT */
/*
 * emit.h: tier 1 of the x86-64 back-end: one forward pass over a block's IR.
 *
 * Host registers
 *   rbp        env + EMIT_BIAS, so that the first 256 bytes of guest state are 8-bit away
 *   rsp        shadow stack of {guest return address, host return address}
 *   rax rcx    scratch of the rule in work
 *   rdx rbx    pool: temporaries, and clean copies of guest registers that live in memory
 *   the rest   homes of the ten hottest guest registers, always current between guest
 *              instructions
 *   xmm0-7     homes of the eight hottest vector registers; xmm8-11 pool; xmm12-15 scratch
 *
 * A guest register without a host register is written through to its slot in the state, so
 * between guest instructions the guest state is always complete in homes and slots; only NZCV
 * may still be in EFLAGS. The state map records, from some host address on, to which guest
 * instruction the code belongs and where NZCV is: all a fault needs.
 */
#pragma once

#include "translate/guest.h"
#include "translate/host/trap_sites.h"
#include "translate/host/x86_64/asm.h"
#include "translate/host/x86_64/features.h"
#include "translate/opt/opt.h"

enum { EMIT_BIAS = 128, EMIT_HOMES_INT = 10, EMIT_HOMES_VEC = 8, EMIT_POOL_INT = 2,
       EMIT_POOL_VEC = 4, EMIT_MAX_BLOCKS = 16, EMIT_MAX_EDGES = 64, EMIT_MAX_FIX = 1024,
       EMIT_MAX_SWAPS = 12 };

/* Entries of Env.table. */
enum {
    THUNK_LINK,         /* called from an edge's stub; 4 bytes edge number follow the call */
    THUNK_PROBE,        /* jumped to: go to the guest address in rax */
    THUNK_RET,          /* jumped to: the same for a return that did not match */
    THUNK_SYSCALL,      /* called; next_pc set, eax = immediate */
    THUNK_EXIT,         /* jumped to: leave with the exit kind in eax, homes are current */
    THUNK_EXIT_RAW,     /* jumped to: leave, state is in memory, exit kind in rt */
    THUNK_DEOPT,        /* called; 8 bytes guest pc follow: interpret that instruction */
    THUNK_EVAL,         /* called; rax = EvalOp, operands in rt.vtmp, result in rt.vtmp[3] */
    THUNK_HELPER,       /* called; eax = number, rt.arg; result in rax */
    THUNK_EXIT_KEEP,    /* jumped to: as THUNK_EXIT with the kind already in rt */
    THUNK_HELPER_FAULT, /* as THUNK_HELPER for one that may fault; next_pc: of the instruction */
    THUNK_COUNT,
    RT_LINK = THUNK_COUNT,      /* C functions the thunks call */
    RT_LOOKUP,
    RT_SYSCALL,
    RT_EVAL,
    RT_HELPER,
    DATA_MAP,           /* address of the pointer to the block map: cache.h */
    DATA_CODE,          /* address of the code arena */
    DATA_ESTIMATES,     /* address of the tables of emit_estimates() */
    RT_COUNT
};

/* Exit kinds of the back-end's own, never seen by users of env_run(). */
enum { EXIT_DEOPT = 100 };

/* Where NZCV is. */
typedef enum {
    FLAGS_PACKED,       /* rt.nzcv: bit 15 N, 14 Z, 8 not C, 0 V: lahf and seto after a subtraction */
    FLAGS_SUB,          /* EFLAGS, carry is borrow (not C) */
    FLAGS_ADD,          /* EFLAGS, carry is C */
    FLAGS_FCMP,         /* EFLAGS of ucomis a, b */
    FLAGS_FCMP_SWAP,    /* EFLAGS of ucomis b, a */
} FlagsKind;

typedef enum { POOL_FREE, POOL_TEMP, POOL_COPY } PoolKind;

typedef struct {
    uint8_t kind;       /* PoolKind */
    uint16_t what;      /* temporary's or guest register's index */
    uint32_t age;
} PoolReg;

/* An exit that can be linked: the rel32 at site, its stub, the place where it goes. */
typedef struct {
    uint8_t *site;
    uint64_t target;
} EmitEdge;

/* Code from host_off on, up to the next entry, belongs to the guest instruction at pc_off. */
typedef struct {
    uint16_t host_off, pc_off;  /* from the unit's start */
    uint8_t kind;               /* FlagsKind: where NZCV is */
    uint8_t flags;              /* MAP_ */
} MapEntry;

enum {
    MAP_SWAPPED = 1,    /* homes as in HomeSwap */
    MAP_BORROWED = 2,   /* what belongs in the last home is in its slot */
    MAP_REPLAY = 4,     /* several instructions in one: run the first by itself */
};

/* For listings: host code of the guest instruction at insn_off starts at host_off. */
typedef struct {
    uint32_t insn_off, host_off;
} EmitMark;

/* Code out of line, written after the unit's blocks. */
typedef enum { COLD_DEOPT, COLD_INVALID, COLD_JUMP, COLD_ICALL, COLD_NAN, COLD_NANS,
               COLD_FLAGS } ColdKind;

typedef struct {
    uint8_t *at;        /* rel32 of the jump here */
    uint8_t kind;       /* ColdKind */
    uint8_t thunk;      /* COLD_JUMP */
    uint8_t btype;      /* COLD_JUMP, COLD_ICALL */
    uint8_t reg;        /* COLD_NAN, COLD_NANS: vector register to correct; COLD_DEOPT: to restore */
    uint8_t was;        /* COLD_DEOPT: from this one */
    uint16_t label;     /* of the constant to correct it with */
    uint64_t guest_pc;  /* COLD_DEOPT: of the instruction; COLD_ICALL: return address */
    uint8_t block;      /* the block it belongs to */
    uint8_t *back;      /* where to go on */
} ColdStub;

/*
 * A block that loops to itself may exchange homes: the host register of a guest register it
 * does not use (idle, kept in its slot meanwhile) holds one that it uses a lot (busy).
 */
typedef struct {
    uint8_t busy, idle;         /* guest registers */
} HomeSwap;

typedef struct {
    IrBlock ir;
    uint8_t *entry;             /* host code */
    uint64_t next;              /* place that follows in this unit, or 0 */
    bool live_in;               /* NZCV needed here */
    bool live_taken, live_next; /* and at the successors */
    uint8_t n_swap;
    HomeSwap swap[EMIT_MAX_SWAPS];
    uint8_t *loop_entry;        /* with n_swap: where its own branch goes */
    uint32_t poll_op;           /* the marker before which to poll, or OPT_NO_POLL */
} EmitBlock;

typedef struct Emit {
    Asm as;
    const HostFeatures *hf;
    const Guest *guest;
    uint32_t mode;              /* EnvRt.mode of the code */
    int8_t home[256];           /* guest register -> host register or -1 */
    uint8_t home_int[EMIT_HOMES_INT], home_vec[EMIT_HOMES_VEC];     /* the guest registers */
    unsigned n_home_int, n_home_vec;
    int32_t slot[256];          /* rbp-relative */
    const uint8_t *main_end;

    EmitBlock block[EMIT_MAX_BLOCKS];
    unsigned n_block;
    uint64_t unit_pc;
    uint8_t *unit_start;

    /* the block in work */
    EmitBlock *cur;
    IrBlock *ir;                /* uses, reg and spill of its temporaries change */
    uint32_t i;                 /* index of the op in work */
    uint32_t insn_off;          /* current guest instruction, from the unit's pc */
    FlagsKind flags;
    bool swapped;               /* homes are those of cur->swap */
    bool borrowed, replay;      /* as the MAP_ flags */
    TrapSite traps;             /* what is known of the instruction in work */
    bool flags_dirty;           /* EFLAGS is newer than rt.nzcv */
    PoolReg pool_int[EMIT_POOL_INT], pool_vec[EMIT_POOL_VEC];
    uint8_t pinned_int, pinned_vec;     /* bit per pool register: operand of the op in work */
    uint32_t clock;
    uint32_t zero_noted;        /* bit per xmm: noted below by the vector rule in work */
    uint32_t zero64, zero32, zero16;    /* bit per xmm: known to be zero above bit 64, 32, 16 */
    uint32_t splat32;           /* bit per xmm: its 32-bit lanes are known to be equal */
    uint32_t box32, box16;      /* bit per xmm: known to be a box of 32 or 16 bits (IR_VL_BOX) */
    /*
     * bit per xmm, for guests whose NaNs are canonical: its F64, its F32 in lane 0 is known to be
     * no other NaN. See emit_canonical().
     */
    uint32_t canon64, canon32;
    /* An AES step just emitted that MixColumns can join: see rules_crypto.c. */
    uint8_t *round_end;         /* behind its last instruction */
    uint8_t *round_done;        /* and behind all of the op; NULL: it was not the last vector op */
    int round_reg;
    uint64_t spill_used;        /* bit per slot; integer and vector */
    uint32_t vspill_used;
    unsigned skip;              /* ops that the one in work has done along with its own */
    IrRef shifted, shifted_reg; /* a shift left to the addition that follows: see rule_shl */
    uint8_t shifted_by;
    int link_reg;               /* guest register last set to a constant, and that constant */
    uint64_t link_value;

    EmitEdge edge[EMIT_MAX_EDGES];
    unsigned n_edge;
    ColdStub cold[256];
    unsigned n_cold, cold_room; /* pieces, and the bytes they need */
    MapEntry map[1024];
    unsigned n_map;
    EmitMark *mark;             /* NULL: nobody asked */
    unsigned n_mark, cap_mark;
    AsmFix fix[EMIT_MAX_FIX];
    uint64_t pool_const[256][2];
    unsigned n_const;
    bool overflow;              /* a table above was too small: translate less at once */
    bool interpret;             /* the unit is one instruction, for the interpreter */
} Emit;

/* ---- for rules ---- */

/*
 * emit_clobber_flags: call before the first instruction that changes EFLAGS while NZCV may be
 * there; it is saved when something still needs it.
 */
void emit_clobber_flags(Emit *e);

/* emit_const128: rip-relative constant after the unit's code. */
Mem emit_const128(Emit *e, uint64_t lo, uint64_t hi);

/*
 * emit_deopt_jcc: on host condition cc, have the interpreter run the current guest instruction
 * instead. Only in ops with the FP or READ/WRITE property (NZCV is kept for those), after
 * emit_clobber_flags(), and before the op has changed a guest register.
 */
void emit_deopt_jcc(Emit *e, int cc);

/* emit_deopt_keep: the same; x, which the op has changed, is made what the register `was` is first. */
void emit_deopt_keep(Emit *e, int cc, int x, int was);

/* emit_note: code from here on may fault or trap; called by the framework before each rule. */
void emit_note(Emit *e);

/* emit_env: memory operand for a field of Env. */
#define emit_rt(field) mem_b(RBP, (int32_t)offsetof(Env, rt.field) - EMIT_BIAS)
/* emit_count: with -stats, count this in EnvRt.count; changes EFLAGS then. */
void emit_count(Emit *e, unsigned which);

static inline Mem emit_thunk(unsigned thunk)
{
    return mem_b(RBP, (int32_t)(offsetof(Env, table) + thunk * 8) - EMIT_BIAS);
}

/* ---- operands (regs.c) ---- */

/* A source that may be used from memory. */
typedef struct {
    int reg;            /* -1: use mem */
    Mem mem;
} RegMem;

/*
 * emit_int: a host register with the value of r. A guest register in memory, or a constant,
 * is loaded into scratch, or with scratch -1 (and where the pool has room) into the pool.
 */
int emit_int(Emit *e, IrRef r, int scratch);

/* emit_int_where: the host register that holds r now, or -1; r is no constant. Emits nothing. */
int emit_int_where(const Emit *e, IrRef r);

RegMem emit_int_rm(Emit *e, IrRef r, int scratch);
int emit_vec(Emit *e, IrRef r);

/*
 * emit_int_dst: register to compute r's new value in: its home, or a pool register. May equal
 * a source. emit_int_done: the value is complete (64 bits, zero-extended) in reg.
 */
int emit_int_dst(Emit *e, IrRef r);
void emit_int_done(Emit *e, IrRef r, int reg);
int emit_vec_dst(Emit *e, IrRef r);
void emit_vec_done(Emit *e, IrRef r, int reg);

/* emit_take_pool: rdx or rbx made free for the op in work; a temporary in it is spilled. */
void emit_take_pool(Emit *e, int host_reg);

void emit_use_done(Emit *e, IrRef temp);
/* emit_unpin: operands have been read: their registers may be taken */
static inline void emit_unpin(Emit *e)
{
    e->pinned_int = e->pinned_vec = 0;
}
static inline void emit_release_operands(Emit *e, const IrOp *op)
{
    if (ir_is_temp(op->a))
        emit_use_done(e, op->a);
    if (ir_is_temp(op->b))
        emit_use_done(e, op->b);
    if (ir_is_temp(op->c))
        emit_use_done(e, op->c);
    emit_unpin(e);
}
void emit_regs_start(Emit *e);      /* block start: pools empty */

/* emit_is_const: r is a constant; its value in *v. */
static inline bool emit_is_const(const Emit *e, IrRef r, uint64_t *v)
{
    if (!ir_is_const(r))
        return false;
    *v = ir_const_value(e->ir, r);
    return true;
}

static inline bool emit_wide(const IrOp *op)
{
    return op->type == IR_I64;
}

/*
 * What is known to be above a scalar or half vector in an xmm register (zeros, or what a box has
 * there), so that it need not be made again. emit_vec_dst() forgets it of its register, emit_vec_done() carries it on.
 */
static inline uint32_t *emit_zero_mask(Emit *e, unsigned vl, unsigned type)
{
    bool half = vl == IR_VL_64 || type == IR_I64 || type == IR_F64;

    if (vl == IR_VL_BOX && !half)
        return type == IR_F32 || type == IR_I32 ? &e->box32
               : type == IR_F16 || type == IR_I16 ? &e->box16 : NULL;
    return vl == IR_VL_128 ? NULL : half ? &e->zero64
           : type == IR_F32 || type == IR_I32 ? &e->zero32
           : type == IR_F16 || type == IR_I16 ? &e->zero16 : NULL;
}
static inline bool emit_zero_known(Emit *e, int x, unsigned vl, unsigned type)
{
    uint32_t *m = emit_zero_mask(e, vl, type);

    return m && *m >> x & 1;
}
static inline void emit_zero_forget(Emit *e, int x)
{
    e->zero64 &= ~(1u << x);
    e->zero32 &= ~(1u << x);
    e->zero16 &= ~(1u << x);
    e->splat32 &= ~(1u << x);
    e->box32 &= ~(1u << x);
    e->box16 &= ~(1u << x);
    e->canon64 &= ~(1u << x);
    e->canon32 &= ~(1u << x);
}
static inline void emit_zero_note(Emit *e, int x, unsigned vl, unsigned type)
{
    uint32_t *m = emit_zero_mask(e, vl, type);

    emit_zero_forget(e, x);
    if (m)
        *m |= 1u << x;
    e->zero32 |= e->zero16;
    e->box32 |= e->box16;
    e->zero64 |= e->zero32 | e->box32;
    e->zero_noted |= 1u << x;
}

/*
 * emit_forget_known: nothing more is known of any register than what always holds of the guest
 * registers that have a home: the upper half of those that only use the lower one is zero.
 */
void emit_forget_known(Emit *e);

/* emit_vmov: d = s, and so is what is known of it. */
void emit_vmov(Emit *e, int d, int s);

/* emit_splat_note: the same of a vector whose 32-bit lanes are all equal. */
static inline void emit_splat_note(Emit *e, int x)
{
    emit_zero_forget(e, x);
    e->splat32 |= 1u << x;
    e->zero_noted |= 1u << x;
}

/* ---- NZCV (flags.c) ---- */

void emit_flags_set(Emit *e, FlagsKind kind);   /* EFLAGS now hold the guest's flags */
void emit_flags_save(Emit *e);                  /* make rt.nzcv current; EFLAGS keep them too */
/* emit_flags_cc: get EFLAGS into a form where host condition *cc tells cond; EFLAGS valid after. */
int emit_flags_cc(Emit *e, IrCond cond);
void emit_flags_carry(Emit *e, bool borrow);    /* host carry = guest C, or not C */
bool emit_flags_needed(const Emit *e);          /* NZCV is read after the op in work */
bool emit_flags_parity(const Emit *e, IrCond cond);

/* ---- rules (rules_*.c) ---- */

typedef void IntRule(Emit *e, const IrOp *op);
extern IntRule *const int_rules[IR_OP_COUNT];   /* integer, memory, atomic and exit ops */

/* emit_eval: have the C meaning of the op run. */
void emit_eval(Emit *e, const IrOp *op);

/* emit_edge: jmp, jcc or call rel32 to guest pc target, which can be linked. */
typedef enum { EDGE_JMP, EDGE_JCC, EDGE_CALL } EdgeKind;
void emit_edge(Emit *e, EdgeKind kind, int cc, uint64_t target);

/* emit_jump_index: env_jump_index() of the address in rax, times 4, to rcx. */
void emit_jump_index(Asm *as);

/* ---- units (emit.c) ---- */

/* emit_init_homes: only the tables of where guest registers are. */
void emit_init_homes(Emit *e, const Guest *guest);

/* emit_init: all tables of a guest; once per Emit. */
void emit_init(Emit *e, const Guest *guest, const HostFeatures *hf);

/*
 * emit_unit: translate e->block[0 .. n_block), already lifted and analysed, to code at
 * e->as.p. Returns false when space or a table ran out (nothing is to be kept).
 */
bool emit_unit(Emit *e);

/*
 * emit_estimates: 256 bytes for the reciprocal estimate, by the top bits of a fraction, and 256 for
 * that of the square root, by the exponent's low and the fraction's top bits: low bits of either.
 */
const uint8_t *emit_estimates(void);

enum { EMIT_STUB_BYTES = 10 };

/*
 * emit_stub: the stub of an edge: calls THUNK_LINK with the edge's number. Written after the
 * unit; the edge's rel32 then leads to it. EMIT_STUB_BYTES long.
 */
uint8_t *emit_stub(Emit *e, uint8_t *site, uint32_t number);

typedef uint32_t EnterFn(Env *env, const void *host);

/*
 * emit_thunks: write the run-time entries at as->p and their addresses to table[THUNK_COUNT].
 * Returns the function that enters translated code and returns its exit kind.
 */
EnterFn *emit_thunks(Emit *e, const void *table[]);

/*
 * emit_sync_from_host: copy homes from saved host registers into the state (faults). swap: n
 * exchanged homes of the block the fault is in.
 */
void emit_sync_from_host(const Emit *e, Env *env, const uint64_t gpr[16], const V128 *xmm,
                         const HomeSwap *swap, unsigned n);

/* swap_plan: choose what b exchanges; swap_enter, swap_leave: emit the exchange and its undoing. */
void swap_plan(const Emit *e, EmitBlock *b);
void swap_enter(Emit *e, EmitBlock *b);
void swap_leave(Emit *e, const EmitBlock *b);
/* swap_forget: home tables as outside of b again. */
void swap_forget(Emit *e, const EmitBlock *b);

/* flags_pack: the packed form of EFLAGS under kind. flags_nzcv, flags_from_nzcv: to and from
 * the guest's NZCV word (bits 31 to 28). */
uint32_t flags_pack(FlagsKind kind, uint64_t eflags);
uint32_t flags_nzcv(uint32_t packed);
uint32_t flags_from_nzcv(uint32_t nzcv);

extern const int8_t emit_home_int[EMIT_HOMES_INT];
