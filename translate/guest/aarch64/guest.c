/* SPDX-License-Identifier: MIT */
/* guest.c: the AArch64 guest as the translator sees it. */
#include <capstone/capstone.h>
#include <elf.h>

#include "translate/guest/aarch64/features.h"
#include "translate/guest/aarch64/lift.h"

// clang-format off
#define X(i) { "x" #i, offsetof(A64State, x) + 8 * i, IR_I64, false },
#define V(i) { "v" #i, offsetof(A64State, v) + 16 * i, IR_V128, false },
#define EACH_0_30(M) \
    M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15) \
    M(16) M(17) M(18) M(19) M(20) M(21) M(22) M(23) M(24) M(25) M(26) M(27) M(28) M(29) M(30)

static const GuestReg a64_regs[A64_REG_COUNT] = {
    EACH_0_30(X)
    { "sp", offsetof(A64State, sp), IR_I64, false },
    EACH_0_30(V) V(31)
    { "tpidr_el0", offsetof(A64State, tpidr_el0), IR_I64, false },
    { "pstate", offsetof(A64State, pstate), IR_I64, false },
    { "keys_on", offsetof(A64State, keys_on), IR_I64, false },
#define KEY(name, i) \
    { name "_lo", offsetof(A64State, key) + 16 * (i), IR_I64, false }, \
    { name "_hi", offsetof(A64State, key) + 16 * (i) + 8, IR_I64, false },
    KEY("apia", 0) KEY("apib", 1) KEY("apda", 2) KEY("apdb", 3) KEY("apga", 4)
};

/*
 * From the histograms in README.md, which also says where the first ten and the first eight,
 * those with a host register, differ from the plain order and why.
 */
static const uint8_t a64_hot_int[] = {
    0, 1, 2, 3, 19, 20, 4, 21, 29, A64_SP, 6, 30, 5, 22, 24, 23, 7, 26, 8, 25, 16, 27, 28, 9,
    11, 10, 17, 12, 13, 14, 15, 18,
};

#define HOT_V(i) (A64_V0 + i),
static const uint8_t a64_hot_vec[] = {
    HOT_V(0) HOT_V(1) HOT_V(2) HOT_V(3) HOT_V(4) HOT_V(5) HOT_V(30) HOT_V(31)
    HOT_V(29) HOT_V(28) HOT_V(6) HOT_V(7) HOT_V(27) HOT_V(26) HOT_V(25) HOT_V(24)
    HOT_V(16) HOT_V(17) HOT_V(18) HOT_V(19) HOT_V(20) HOT_V(21) HOT_V(22) HOT_V(23)
    HOT_V(8) HOT_V(9) HOT_V(10) HOT_V(11) HOT_V(12) HOT_V(13) HOT_V(14) HOT_V(15)
};
// clang-format on

/* a64_cpu_features() of `max`, as a constant. */
enum { TODO, ASK, ON };
enum {
    MAX_FEATURES = 0
#define FEATURE(id, state, ...) | ((state) == ON ? A64_FEAT_##id : 0)
#include "translate/guest/aarch64/features.def"
};

/* Instructions are little-endian words, whatever the data's order. */
static unsigned a64_lift_insn(Lift *l)
{
    uint32_t word;

    if (l->code_len < sizeof(word)) {
        return 0;
    }
    memcpy(&word, l->code, sizeof(word));
    l->more = 0;
    return a64_decode(l, word) ? sizeof(word) + l->more : 0;
}

static void a64_state_init(Env *env)
{
    memset(a64_state(env), 0, sizeof(A64State));
    memset(a64_state(env)->key, 0xa5, sizeof(a64_state(env)->key));
    a64_state(env)->keys_on = A64_ADDRESS_KEYS;
    a64_set_fpcr(env, 0);
    a64_set_fpsr(env, 0);
}

/*
 * row_word: 64 or 128 bits wide, with registers 0 to 3, first; then with other bits, where a field
 * must not be 0.
 */
static uint32_t row_word(const DecodeRow *r, unsigned attempt)
{
    uint32_t usual = 1u << 31 | 1u << 30 | 2u << 16 | 3u << 10 | 1u << 5;
    uint32_t other = attempt * 0x9e3779b9u;

    return r->value | (~r->mask & (usual ^ other));
}

const Guest guest_aarch64 = {
    .name = "aarch64",
    .elf_machine = EM_AARCH64,
    .elf_class = ELFCLASS64,
    .elf_data = ELFDATA2LSB,
    .insn_min_bytes = 4,
    .insn_max_bytes = 4,
    .explicit_icache = true,
    .top_byte_ignore = true, /* Linux sets TBI0 */
    .regs = a64_regs,
    .n_regs = A64_REG_COUNT,
    .pc_offset = offsetof(A64State, pc),
    .nzcv_offset = offsetof(A64State, nzcv),
    .state_bytes = sizeof(A64State),
    .hot_int = a64_hot_int,
    .hot_vec = a64_hot_vec,
    .n_hot_int = ARRAY_LEN(a64_hot_int),
    .n_hot_vec = ARRAY_LEN(a64_hot_vec),
    .helpers = a64_helpers,
    .n_helpers = A64_HELPER_COUNT,
    .lift_insn = a64_lift_insn,
    .nzcv_seen = a64_nzcv_seen,
    .lands_on = a64_lands_on,
    .guard_feature = A64_FEAT_bti,
    .features = MAX_FEATURES,
    .cpus = a64_cpus,
    .feature_names = a64_feature_names,
    .cpu_features = a64_cpu_features,
    .state_init = a64_state_init,
    .rows = a64_rows,
    .row_word = row_word,
    .filler = 0x6b1f03ff, /* cmp wzr, wzr: writes all of NZCV */
    .capstone_arch = CS_ARCH_ARM64,
    .capstone_mode = CS_MODE_LITTLE_ENDIAN,
    .linux_abi = &a64_linux,
};
