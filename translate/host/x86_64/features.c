/* SPDX-License-Identifier: MIT */
/* features.c: cpuid to HostFeatures. */
#include "translate/host/x86_64/features.h"

#include <cpuid.h>
#include <stdlib.h>

#if __has_include(<sys/platform/x86.h>)
# include <sys/platform/x86.h>
# define CPUID_FROM_LIBC
#endif

static HostFeatures features;
static bool known;

typedef struct {
    uint32_t eax, ebx, ecx, edx;
} CpuidRegs;

typedef enum { LEAF_1, LEAF_7, LEAF_X1, LEAF_COUNT } Leaf;

/*
 * cpuid: in a virtual machine the instruction is a trap of several microseconds, and the C library
 * has asked already.
 */
#ifdef CPUID_FROM_LIBC
static CpuidRegs cpuid(Leaf leaf)
{
    static const uint8_t index[LEAF_COUNT] = { CPUID_INDEX_1, CPUID_INDEX_7, CPUID_INDEX_80000001 };
    const unsigned *r = __x86_get_cpuid_feature_leaf(index[leaf])->cpuid_array;

    return (CpuidRegs){ r[0], r[1], r[2], r[3] };
}
#else
static CpuidRegs cpuid(Leaf leaf)
{
    static const uint32_t number[LEAF_COUNT] = { 1, 7, 0x80000001 };
    CpuidRegs r = { 0, 0, 0, 0 };

    __get_cpuid_count(number[leaf], 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
    return r;
}
#endif

/* The kernel's part: XCR0, which register files it saves. */
static uint64_t xcr0(void)
{
    uint32_t lo, hi;

    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}

static void find_avx(HostFeatures *f, CpuidRegs l1, CpuidRegs l7)
{
    uint64_t saved = l1.ecx & bit_OSXSAVE ? xcr0() : 0;
    bool ymm = (saved & 6) == 6, zmm = (saved & 0xe6) == 0xe6;

    f->avx = ymm && (l1.ecx & bit_AVX);
    f->fma = f->avx && (l1.ecx & bit_FMA);
    f->f16c = f->avx && (l1.ecx & bit_F16C);
    f->avx2 = f->avx && (l7.ebx & bit_AVX2);
    f->avx512vl = f->avx2 && zmm && (l7.ebx & bit_AVX512F) && (l7.ebx & bit_AVX512VL) &&
                  (l7.ebx & bit_AVX512BW) && (l7.ebx & bit_AVX512DQ);
    f->avx512vpopcntdq = f->avx512vl && (l7.ecx & bit_AVX512VPOPCNTDQ);
    f->avx512vnni = f->avx512vl && (l7.ecx & bit_AVX512VNNI);
    f->avx512bitalg = f->avx512vl && (l7.ecx & bit_AVX512BITALG);
}

static void find(HostFeatures *f)
{
    CpuidRegs l1 = cpuid(LEAF_1), l7 = cpuid(LEAF_7), x1 = cpuid(LEAF_X1);

    *f = (HostFeatures){ 0 };
    find_avx(f, l1, l7);
    f->popcnt = l1.ecx & bit_POPCNT;
    f->movbe = l1.ecx & bit_MOVBE;
    f->aes = l1.ecx & bit_AES;
    f->pclmul = l1.ecx & bit_PCLMUL;
    f->bmi1 = f->avx && (l7.ebx & bit_BMI);      /* VEX encoded: needs what AVX needs */
    f->bmi2 = f->avx && (l7.ebx & bit_BMI2);
    f->sha = l7.ebx & bit_SHA;
    f->gfni = l7.ecx & bit_GFNI;
    f->erms = l7.ebx & (1u << 9);
    f->fsrm = l7.edx & (1u << 4);
    f->lzcnt = x1.ecx & (1u << 5);
}

static void mask(HostFeatures *f, const char *name)
{
    HostFeatures none = { 0 };
    bool sse = !strcmp(name, "sse");

    if (!strcmp(name, "avx2"))
        f->avx512vl = f->avx512vpopcntdq = f->avx512bitalg = f->avx512vnni = false;
    if (!sse && strcmp(name, "min"))
        return;
    none.popcnt = sse && f->popcnt;
    none.aes = sse && f->aes;
    none.pclmul = sse && f->pclmul;
    *f = none;
}

const HostFeatures *host_features(void)
{
    if (!__atomic_load_n(&known, __ATOMIC_ACQUIRE)) {
        HostFeatures f;
        const char *name = secure_getenv("MIMUS_CPU_MASK");

        find(&f);
        if (name)
            mask(&f, name);
        features = f;
        __atomic_store_n(&known, true, __ATOMIC_RELEASE);
    }
    return &features;
}

uint32_t host_features_key(const HostFeatures *f)
{
    const bool *field = (const bool *)f;
    uint32_t key = 0;

    _Static_assert(sizeof(*f) <= 32, "one bit per field");
    for (unsigned i = 0; i < sizeof(*f); i++)
        key |= (uint32_t)field[i] << i;
    return key;
}

bool host_features_v2(void)
{
    uint32_t need = bit_SSE3 | bit_SSSE3 | bit_CMPXCHG16B | bit_SSE4_1 | bit_SSE4_2;

    return (cpuid(LEAF_1).ecx & need) == need;
}

const HostFeatures *host_features_pinned(void)
{
    static const HostFeatures pinned = {
        .avx = true, .avx2 = true, .bmi1 = true, .bmi2 = true, .fma = true, .lzcnt = true,
        .popcnt = true, .movbe = true, .aes = true, .pclmul = true, .f16c = true,
    };

    return &pinned;
}
