/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "translate/guest/aarch64/lift.h"

static uint64_t isar0(uint64_t features)
{
    return a64_id_reg(features, 6, 0);
}

Test(id_regs, fields_follow_the_features)
{
    cr_expect(isar0(0) == 0);
    cr_expect(isar0(A64_FEAT_aes) == 1u << 4);
    cr_expect(isar0(A64_FEAT_aes | A64_FEAT_pmull) == 2u << 4);
    cr_expect(isar0(A64_FEAT_sha1 | A64_FEAT_sha2) == (1u << 8 | 1u << 12));
    cr_expect(isar0(A64_FEAT_lse | A64_FEAT_crc32) == (2u << 20 | 1u << 16));
}

Test(id_regs, without_features_only_what_linux_always_shows)
{
    cr_expect(a64_id_reg(0, 4, 0) == 0x11);
    cr_expect(a64_id_reg(0, 0, 5) == 0x80000000);
    cr_expect(a64_id_reg(0, 7, 0) == 0xff000000);
    cr_expect(a64_id_reg(0, 7, 1) == 0);
}
