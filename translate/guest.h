/* SPDX-License-Identifier: MIT */
/*
 * guest.h: the Guest descriptor, all that the rest of the tree knows of a guest CPU, and the
 * Lift context its lift functions work in.
 */
#pragma once

#include "translate/env.h"
#include "translate/ir/ir.h"

/* A named guest register, an operand of IR ops. */
typedef struct {
    const char *name;       /* as printed: "x0", "v31" */
    uint16_t offset;        /* in the guest's state struct */
    uint8_t type;           /* IR_I64, IR_I32 or IR_V128 */
    bool low_half;          /* IR_V128: the upper half is always zero */
} GuestReg;

/* What a helper (IR op call) touches besides its arguments and result. */
enum {
    HELPER_READS_STATE = 1,     /* needs all guest registers in memory */
    HELPER_WRITES_STATE = 2,    /* changes guest registers in memory */
    HELPER_MAY_FAULT = 4,       /* accesses guest memory; must be the first effect */
    HELPER_FP = 8,              /* computes with the host FPU */
    HELPER_LOADS = 16,          /* only returns the 32 bits of the state at HelperDef.offset */
};

typedef struct {
    const char *name;
    uint64_t (*fn)(Env *env, uint64_t a, uint64_t b, uint64_t c);
    unsigned flags;
    uint16_t offset;
} HelperDef;

typedef struct {
    IrBlock *ir;
    const Guest *guest;
    GuestAddr pc;           /* of the instruction in work */
    const uint8_t *code;    /* its bytes */
    uint32_t code_len;      /* how many can be read; fewer than insn_max_bytes at a page's end */
    uint64_t features;      /* bits of the guest's own feature enum */
    uint32_t mode;          /* EnvRt.mode the code is made for */
    uint8_t variant;        /* what is known at pc: Guest.variant */
    bool variant_used;      /* the block depends on it; if not, what follows need not know it */
    const char *row;        /* decode row that matched, for messages */
    bool plain;             /* for the interpreter: nothing is left to it */
    bool fuse;              /* a sequence may be lifted as one instruction: the JIT's longer blocks */
    uint32_t more;          /* bytes of code behind the instruction that were lifted with it */
} Lift;

/* A CPU model for -cpu, and a feature that may be switched: MODEL,NAME=on. */
typedef struct {
    const char *name, *what;
} GuestCpu;

/*
 * Switched on, bits and needs are set; switched off, off is cleared, and then the bits of every
 * feature whose needs are not all there. A name with a '=' is a whole switch: given, it clears off
 * and sets needs.
 */
typedef struct {
    const char *name;
    uint64_t bits, needs, off;
    bool lifted;            /* may be switched on */
} GuestFeature;

enum { LIFT_CUT = 0x100 };

typedef struct DecodeRow DecodeRow;        /* translate/lift.h */

struct Guest {
    const char *name;           /* "aarch64", also the suffix in mimus-<name> */
    uint16_t elf_machine;       /* EM_ */
    uint8_t elf_class;          /* ELFCLASS64 */
    uint8_t elf_data;           /* ELFDATA2LSB */
    uint8_t insn_min_bytes, insn_max_bytes;
    bool explicit_icache;       /* code changes are announced by the guest: no write protection */
    /*
     * blanket_icache: such an announcement may name no address, and so means all code. What was
     * translated then remembers a hash of the bytes; see translate_revalidate().
     */
    bool blanket_icache;
    bool top_byte_ignore;       /* bits 63 to 56 of data and branch addresses do not count */
    bool addresses_32;          /* address sums wrap at 4 GiB; operands are zero-extended */
    const GuestReg *regs;
    unsigned n_regs;
    uint16_t pc_offset;         /* u64 guest pc in the state struct */
    uint16_t nzcv_offset;       /* u32: NZCV in bits 31 to 28, exact whenever C code runs */
    /*
     * flagless: the CPU has no NZCV. Lift functions may use the IR's inside one instruction; nothing
     * sees them at its end. nzcv_offset is a place for them all the same.
     */
    bool flagless;
    bool canonical_nan;         /* every NaN result is the default NaN; tininess is after rounding */
    uint16_t state_bytes;
    /* Indices into regs, hottest first: which registers deserve a host register. */
    const uint8_t *hot_int, *hot_vec;
    unsigned n_hot_int, n_hot_vec;
    const HelperDef *helpers;
    unsigned n_helpers;

    /*
     * lift_insn: lift the instruction at l->pc after ir_insn() was emitted. Returns its length
     * in bytes, or 0 when it is undefined (or not lifted yet, after logging so): the caller
     * then ends the block with IR_EXC_UNDEF. LIFT_CUT: it has more bytes than l->code_len, and the
     * next page cannot be executed.
     */
    unsigned (*lift_insn)(Lift *l);

    /*
     * variant: what blocks may assume of the state, as a number: 0 to 63 (0: nothing) where it stands in a
     * place (env.h). The interpreter lifts for what this returns, which may be larger.
     * NULL: there are no variants.
     */
    uint8_t (*variant)(const Env *env);

    /*
     * To show code (-isa-report, tests/codegen): variants to show instructions in, as far as they go, 0
     * behind them (NULL: none); features beyond the default CPU's that change nothing for others.
     */
    const uint8_t *usual_variants;
    uint64_t shown_features;

    /*
     * nzcv_seen: whether NZCV may be seen (read, or shown by a fault or signal) before it is
     * written by the code at pc, of which n bytes can be read. Looks at a few instructions and
     * says yes when in doubt. NULL: the guest has no NZCV.
     */
    bool (*nzcv_seen)(const uint8_t *pc, uint32_t n);

    /*
     * lands_on: in a guarded page, may a branch of kind btype (not 0; exit_ind's imm) go to this
     * instruction? NULL: there are no guarded pages; they need guard_feature.
     */
    bool (*lands_on)(uint32_t word, unsigned btype);
    uint64_t guard_feature;

    uint64_t features;          /* of the first model, which is the default */
    const GuestCpu *cpus;       /* ended by one without a name; NULL: there are no models */
    const GuestFeature *feature_names;      /* the same; several rows may share a name */
    uint64_t (*cpu_features)(unsigned cpu);
    void (*state_init)(Env *env);
    /*
     * For reports: all rows of the decoder; words of a row, the most usual first, to be tried until
     * one is legal; and an instruction to follow that sees nothing of it.
     */
    const DecodeRow *rows;
    uint32_t (*row_word)(const DecodeRow *r, unsigned attempt);
    uint32_t filler;
    int capstone_arch, capstone_mode;
    const struct LinuxGuest *linux_abi;     /* syscall/linux_guest.h */
};

/* pc_at: the guest pc in the state. */
static inline uint64_t *pc_at(Env *env, const Guest *guest)
{
    return (uint64_t *)(env->state + guest->pc_offset);
}

/*
 * guest_cpu_select: what -cpu TEXT means for the guest, "MODEL[,FEATURE=on|off]...". NULL: the
 * number of the model and its features are in *cpu and *features; else why not, to be shown with
 * the text *bad.
 */
const char *guest_cpu_select(const Guest *g, const char *text, unsigned *cpu, uint64_t *features,
                             char bad[64]);

/* All guests, ended by NULL; made by scripts/gen_guests.sh from the folders. */
extern const Guest *const guest_list[];
