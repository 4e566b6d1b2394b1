/* SPDX-License-Identifier: MIT */
/*
 * id_regs.c: the ID registers as a program sees them under Linux, made from the features.
 *
 * Linux shows EL0 only the fields of Documentation/arch/arm64/cpu-feature-registers.rst;
 * the others read as their safe value, usually 0.
 */
#include "translate/guest/aarch64/lift.h"

/* A field's value when its feature is there; of several rows for one field the last
 * counts. */
typedef struct {
    uint64_t feature;
    uint8_t crm, op2, lsb, value;
} IdField;

// clang-format off
static const IdField id_fields[] = {
    /* ID_AA64PFR0_EL1: FP, AdvSIMD with half precision; DIT */
    { A64_FEAT_fp16,     4, 0, 16, 1 },
    { A64_FEAT_fp16,     4, 0, 20, 1 },
    { A64_FEAT_dit,      4, 0, 48, 1 },
    /* ID_AA64PFR1_EL1: BT, SSBS, MTE */
    { A64_FEAT_bti,      4, 1,  0, 1 },
    { A64_FEAT_ssbs,     4, 1,  4, 2 },
    { A64_FEAT_mte,      4, 1,  8, 2 },
    /* ID_AA64ISAR0_EL1 */
    { A64_FEAT_aes,      6, 0,  4, 1 },
    { A64_FEAT_pmull,    6, 0,  4, 2 },
    { A64_FEAT_sha1,     6, 0,  8, 1 },
    { A64_FEAT_sha2,     6, 0, 12, 1 },
    { A64_FEAT_sha512,   6, 0, 12, 2 },
    { A64_FEAT_crc32,    6, 0, 16, 1 },
    { A64_FEAT_lse,      6, 0, 20, 2 },
    { A64_FEAT_rdm,      6, 0, 28, 1 },
    { A64_FEAT_sha3,     6, 0, 32, 1 },
    { A64_FEAT_sm3,      6, 0, 36, 1 },
    { A64_FEAT_sm4,      6, 0, 40, 1 },
    { A64_FEAT_dotprod,  6, 0, 44, 1 },
    { A64_FEAT_fhm,      6, 0, 48, 1 },
    { A64_FEAT_flagm,    6, 0, 52, 1 },
    { A64_FEAT_flagm2,   6, 0, 52, 2 },
    { A64_FEAT_rng,      6, 0, 60, 1 },
    /* ID_AA64ISAR1_EL1 */
    { A64_FEAT_dpb,      6, 1,  0, 1 },
    { A64_FEAT_dpb2,     6, 1,  0, 2 },
    { A64_FEAT_pauth,    6, 1,  4, 1 },
    { A64_FEAT_jscvt,    6, 1, 12, 1 },
    { A64_FEAT_fcma,     6, 1, 16, 1 },
    { A64_FEAT_lrcpc,    6, 1, 20, 1 },
    { A64_FEAT_lrcpc2,   6, 1, 20, 2 },
    { A64_FEAT_frintts,  6, 1, 32, 1 },
    { A64_FEAT_sb,       6, 1, 36, 1 },
    { A64_FEAT_bf16,     6, 1, 44, 1 },
    { A64_FEAT_i8mm,     6, 1, 52, 1 },
    /* ID_AA64ISAR2_EL1 */
    { A64_FEAT_mops,     6, 2, 16, 1 },
    { A64_FEAT_cssc,     6, 2, 52, 1 },
};

/* What does not depend on features; other registers start from 0. */
static const struct {
    uint8_t crm, op2;
    uint64_t value;
} id_base[] = {
    { 0, 0, 0x000f04d0 },       /* MIDR_EL1: implementer 0, kept for software */
    { 0, 5, 0x80000000 },       /* MPIDR_EL1: Linux's SYS_MPIDR_SAFE_VAL */
    { 4, 0, 0x00000011 },       /* ID_AA64PFR0_EL1: EL0 and EL1 are AArch64 only */
    { 5, 0, 0x00000006 },       /* ID_AA64DFR0_EL1: DebugVer, safe value */
    { 7, 0, 0xff000000 },       /* ID_AA64MMFR0_EL1: no page sizes told */
};
// clang-format on

uint64_t a64_id_reg(uint64_t features, unsigned crm, unsigned op2)
{
    uint64_t value = 0;

    for (size_t i = 0; i < ARRAY_LEN(id_base); i++) {
        if (id_base[i].crm == crm && id_base[i].op2 == op2) {
            value = id_base[i].value;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(id_fields); i++) {
        const IdField *f = &id_fields[i];

        if (f->crm == crm && f->op2 == op2 && features & f->feature) {
            value = (value & ~(0xfull << f->lsb)) | (uint64_t)f->value << f->lsb;
        }
    }
    return value;
}
