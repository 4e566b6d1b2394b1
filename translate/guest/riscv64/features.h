/* SPDX-License-Identifier: MIT */
/*
 * features.h: what the CPU is and has, made from features.def. Feature sets are bits of RV_FEAT_
 * (gen/riscv64_decode.h).
 */
#pragma once

#include "gen/riscv64_decode.h"
#include "translate/guest.h"

/* Bytes of a cache block: of what CBO.ZERO clears, and what Zicbom and Zicbop tell (Zic64b). */
enum { RV_CACHE_BLOCK = 64 };

/* rv_cpus, rv_feature_names: Guest.cpus and .feature_names. */
extern const GuestCpu rv_cpus[];
extern const GuestFeature rv_feature_names[];

/* rv_cpu_features, rv32_cpu_features: Guest.cpu_features. RV_NOT_32: what RV32 is not given. */
uint64_t rv_cpu_features(unsigned cpu);
uint64_t rv32_cpu_features(unsigned cpu);
#define RV_NOT_32 (RV_FEAT_v | RV_FEAT_zve64x | RV_FEAT_zve64f | RV_FEAT_zve64d | RV_FEAT_zve32x | \
                   RV_FEAT_zve32f | RV_FEAT_zvkt)

/* rv_hwcap_bits: AT_HWCAP with these features, a bit for each letter. */
uint64_t rv_hwcap_bits(uint64_t features);

/* rv_probe_bits: RISCV_HWPROBE_KEY_IMA_EXT_0 with these features. */
uint64_t rv_probe_bits(uint64_t features);

/* rv_isa_string: as in /proc/cpuinfo, into buf; its length, less than len. */
size_t rv_isa_string(char *buf, size_t len, uint64_t features);

/* rv_cpuinfo_text: /proc/cpuinfo of n processors with these features; its length, at most len. */
size_t rv_cpuinfo_text(char *buf, size_t len, uint64_t features, unsigned n);
