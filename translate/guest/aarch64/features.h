/* SPDX-License-Identifier: MIT */
/*
 * features.h: what the CPU is and has, made from features.def. Feature sets are bits of
 * A64_FEAT_ (gen/aarch64_decode.h).
 */
#pragma once

#include "translate/guest.h"

/* a64_cpus, a64_feature_names: Guest.cpus and .feature_names. */
extern const GuestCpu a64_cpus[];
extern const GuestFeature a64_feature_names[];

/* a64_cpu_features: Guest.cpu_features. */
uint64_t a64_cpu_features(unsigned cpu);

/*
 * a64_id_reg: ID register op0 = 3, op1 = 0, CRn = 0 with these features, as Linux shows it to
 * EL0. MIDR_EL1 is that of the model in force.
 */
uint64_t a64_id_reg(uint64_t features, unsigned crm, unsigned op2);

/* a64_hwcap_word: AT_HWCAP (word 1), AT_HWCAP2 (2) or AT_HWCAP3 (3) with these features. */
uint64_t a64_hwcap_word(uint64_t features, unsigned word);

/* a64_cpuinfo_text: /proc/cpuinfo of n processors with these features; its length, at most len. */
size_t a64_cpuinfo_text(char *buf, size_t len, uint64_t features, unsigned n);
