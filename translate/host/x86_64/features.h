/* SPDX-License-Identifier: MIT */
/*
 * features.h: what the host CPU can do, as far as the back-end cares. x86-64-v2 (SSE4.2) is
 * taken for granted; the rest is chosen at start and part of the key of saved code.
 */
#pragma once

#include "translate/base/base.h"

typedef struct {
    bool avx, avx2, bmi1, bmi2, fma, lzcnt, popcnt, movbe, aes, pclmul, sha, f16c;
    bool gfni, erms, fsrm, avx512vl, avx512vpopcntdq, avx512bitalg, avx512vnni;
} HostFeatures;

/*
 * host_features: found by cpuid at the first call (benign if two threads race). The environment
 * variable MIMUS_CPU_MASK=sse leaves only SSE4.2 with popcnt, AES and PCLMULQDQ, for tests;
 * MIMUS_CPU_MASK=min takes those away too, MIMUS_CPU_MASK=avx2 only AVX-512.
 */
const HostFeatures *host_features(void);

/* host_features_pinned: the same everywhere, x86-64-v3 with AES, for reports and tests of code. */
const HostFeatures *host_features_pinned(void);

/* host_features_key: one bit per field, stable for one build. */
uint32_t host_features_key(const HostFeatures *f);

/* host_features_v2: SSE4.2, SSSE3 and CMPXCHG16B are there, without which nothing runs. */
bool host_features_v2(void);
