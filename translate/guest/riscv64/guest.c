/* SPDX-License-Identifier: MIT */
/* guest.c: the riscv64 guest, and riscv32, as the translator sees them. */
#include <capstone/capstone.h>
#include <elf.h>

#include "translate/guest/riscv64/features.h"
#include "translate/guest/riscv64/lift_vec.h"

// clang-format off
#define X(i) { "x" #i, offsetof(RvState, x) + 8 * i, IR_I64, false },
#define F(i) { "f" #i, offsetof(RvState, f) + 16 * i, IR_V128, true },
#define EACH_0_31(M) \
    M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15) M(16) \
    M(17) M(18) M(19) M(20) M(21) M(22) M(23) M(24) M(25) M(26) M(27) M(28) M(29) M(30) M(31)

#define V(i) { "v" #i, offsetof(RvState, v) + 16 * i, IR_V128, false },
#define EACH_32_63(M) \
    M(32) M(33) M(34) M(35) M(36) M(37) M(38) M(39) M(40) M(41) M(42) M(43) M(44) M(45) M(46) \
    M(47) M(48) M(49) M(50) M(51) M(52) M(53) M(54) M(55) M(56) M(57) M(58) M(59) M(60) M(61) \
    M(62) M(63)

static const GuestReg regs[RV_REG_COUNT] = {
    EACH_0_31(X) EACH_0_31(F) EACH_0_31(V) EACH_32_63(V)
    { "vl", offsetof(RvState, vl), IR_I64, false },
    { "vtype", offsetof(RvState, vtype), IR_I64, false },
    { "vstart", offsetof(RvState, vstart), IR_I64, false },
};

/* First guess: arguments, sp, s0, s1, ra; the compressed instructions reach x8 to x15. */
static const uint8_t hot_int[] = { 15, 14, 10, 2, 8, 13, 11, 12, 9, 1, 16, 17, 5, 6, 7, 18, 19, 28 };

#define HOT_F(i) (RV_F0 + i),
static const uint8_t hot_vec[] = {
    HOT_F(15) HOT_F(14) HOT_F(13) HOT_F(10) HOT_F(12) HOT_F(11) HOT_F(8) HOT_F(9)
};
// clang-format on

/* rv_cpu_features() of `max`, as a constant. */
enum { TODO, ASK, ON };
enum {
    MAX_FEATURES = 0
#define FEATURE(id, state, ...) | ((state) == ON ? RV_FEAT_##id : 0)
#include "translate/guest/riscv64/features.def"
};

/* The lowest two bits tell the length; instructions are little-endian. Short ones are Zca's. */
static unsigned lift_insn(Lift *l)
{
    uint16_t half[2] = { 0, 0 };

    memcpy(half, l->code, 2);
    if (insn_bytes(half[0]) == 4) {
        if (l->code_len < 4) {
            return LIFT_CUT;
        }
        memcpy(half, l->code, 4);
    } else if (!(l->features & RV_FEAT_zca)) {
        return 0;
    }
    l->more = 0;
    return rv_decode(l, half[0] | (uint32_t)half[1] << 16) ? insn_bytes(half[0]) + l->more : 0;
}

/* is_vector: OP-V, or a load or store with one of the widths that floats do not have. */
static bool is_vector(uint32_t word)
{
    unsigned opcode = word & 127, width = word >> 12 & 7;

    return opcode == 0x57 || ((opcode == 0x07 || opcode == 0x27) && (!width || width > 4));
}

/*
 * row_word: with registers 10 to 12, 10 and 11 or, of SYSTEM, CSR 1, first, and no mask; then with
 * other bits, as some are reserved.
 */
static uint32_t row_word(const DecodeRow *r, unsigned attempt)
{
    uint32_t usual = (r->value & 3) != 3      ? 10u << 7 | 11u << 2
                     : (r->value & 127) == 0x73 ? 1u << 20 | 11u << 15 | 10u << 7
                                              : 12u << 20 | 11u << 15 | 10u << 7;

    usual |= is_vector(r->value) ? 1u << 25 : 0;
    return r->value | (~r->mask & (usual ^ attempt * 0x9e3779b9u));
}

// clang-format off
/* What the two guests have in common. */
#define COMMON \
    .elf_machine = EM_RISCV, \
    .elf_data = ELFDATA2LSB, \
    .insn_min_bytes = 2, \
    .insn_max_bytes = 4, \
    .explicit_icache = true, \
    .blanket_icache = true, \
    .regs = regs, \
    .n_regs = RV_REG_COUNT, \
    .pc_offset = offsetof(RvState, pc), \
    .nzcv_offset = offsetof(RvState, nzcv), \
    .flagless = true, \
    .canonical_nan = true, \
    .state_bytes = sizeof(RvState), \
    .hot_int = hot_int, \
    .n_hot_int = ARRAY_LEN(hot_int), \
    .hot_vec = hot_vec, \
    .n_hot_vec = ARRAY_LEN(hot_vec), \
    .helpers = rv_helpers, \
    .n_helpers = RV_HELPER_COUNT, \
    .lift_insn = lift_insn, \
    .cpus = rv_cpus, \
    .feature_names = rv_feature_names, \
    .state_init = rv_reset, \
    .variant = rv_variant, \
    .usual_variants = rv_usual_variants, \
    .shown_features = ~(uint64_t)RV_FEAT_zvl256b, \
    .rows = rv_rows, \
    .row_word = row_word, \
    .filler = 0x00000013, /* nop */ \
    .capstone_arch = CS_ARCH_ALL
// clang-format on

const Guest guest_riscv64 = {
    COMMON,
    .name = "riscv64",
    .elf_class = ELFCLASS64,
    .features = MAX_FEATURES | RV_FEAT_rv64,
    .cpu_features = rv_cpu_features,
    .linux_abi = &rv_linux,
};

const Guest guest_riscv32 = {
    COMMON,
    .name = "riscv32",
    .elf_class = ELFCLASS32,
    .addresses_32 = true,
    .features = (MAX_FEATURES & ~RV_NOT_32) | RV_FEAT_rv32,
    .cpu_features = rv32_cpu_features,
    .linux_abi = &rv32_linux,
};
