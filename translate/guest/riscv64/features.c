/* SPDX-License-Identifier: MIT */
/* features.c: CPU models, AT_HWCAP, hwprobe bits and /proc/cpuinfo, all from features.def. */
#include "translate/guest/riscv64/features.h"

#include <stdio.h>

enum { NO_BIT = 64 };

/* Sets of models, for the `models` column. */
enum { MAX, GC64, RVA20, RVA22, RVA23 };
enum { NOBODY = 0, GC = 1 << GC64, R23 = 1 << RVA23, R22 = R23 | 1 << RVA22, R20 = R22 | 1 << RVA20 };
enum { TODO, ASK, ON };

typedef struct {
    const char *name;
    uint64_t feature;       /* 0: always there */
    uint8_t state;
    uint8_t models;
    uint8_t probe;
} Row;

#define F(name) RV_FEAT_##name

// clang-format off
static const Row rows[] = {
#define BASE(name) { #name, 0, ON, GC | R20, NO_BIT },
#define FEATURE(id, state, models, probe, parts, needs) { #id, F(id), state, models, probe },
#include "translate/guest/riscv64/features.def"
};

const GuestCpu rv_cpus[] = {
#define MODEL(id, name, what) { name, what },
#include "translate/guest/riscv64/features.def"
    { NULL, NULL },
};

/* Numbers of the names above in the sets of models. */
static const uint8_t model_of[] = {
#define MODEL(id, name, what) id,
#include "translate/guest/riscv64/features.def"
};

/* A group is lifted when one of its parts is: those that are not stay off. */
enum {
    LIFTED = 0
#define FEATURE(id, state, ...) | ((state) != TODO ? F(id) : 0)
#include "translate/guest/riscv64/features.def"
};

const GuestFeature rv_feature_names[] = {
#define FEATURE(id, state, models, probe, parts, needs) \
    { #id, F(id), (parts) | (needs), F(id) | (parts), (state) != TODO },
#define GROUP(id, parts) { #id, 0, (parts) & LIFTED, parts, ((parts) & LIFTED) != 0 },
#define SWITCH(text, sets, clears) { text, 0, sets, clears, !((sets) & ~(uint64_t)LIFTED) },
#include "translate/guest/riscv64/features.def"
    { NULL, 0, 0, 0, false },
};
// clang-format on

static uint64_t model_features(unsigned cpu)
{
    unsigned model = model_of[cpu];
    uint64_t set = 0;

    for (const Row *r = rows; r < rows + ARRAY_LEN(rows); r++) {
        bool there = model == MAX ? r->state == ON : r->state != TODO && r->models >> model & 1;

        if (there)
            set |= r->feature;
    }
    return set;
}

uint64_t rv_cpu_features(unsigned cpu)
{
    return model_features(cpu) | F(rv64);
}

uint64_t rv32_cpu_features(unsigned cpu)
{
    return (model_features(cpu) & ~RV_NOT_32) | F(rv32);
}

/* has: of the row, whether it applies with these features. */
static bool has(const Row *r, uint64_t features)
{
    return !r->feature || features & r->feature;
}

static bool is_letter(const Row *r)
{
    return !r->name[1];
}

uint64_t rv_hwcap_bits(uint64_t features)
{
    uint64_t bits = 0;

    for (const Row *r = rows; r < rows + ARRAY_LEN(rows); r++) {
        if (is_letter(r) && has(r, features))
            bits |= 1ull << (r->name[0] - 'a');
    }
    return bits;
}

uint64_t rv_probe_bits(uint64_t features)
{
    uint64_t bits = 0;

    for (const Row *r = rows; r < rows + ARRAY_LEN(rows); r++) {
        if (r->probe != NO_BIT && has(r, features))
            bits |= 1ull << r->probe;
    }
    return bits;
}

/* Linux lists those it knows: what has no bit in hwprobe, but is no letter, is of the base. */
static bool is_shown(const Row *r)
{
    return is_letter(r) || !r->feature || r->probe != NO_BIT;
}

size_t rv_isa_string(char *buf, size_t len, uint64_t features)
{
    size_t used = (size_t)snprintf(buf, len, "rv%d", features & F(rv32) ? 32 : 64);

    for (const Row *r = rows; r < rows + ARRAY_LEN(rows); r++) {
        if (used < len && is_shown(r) && has(r, features))
            used += (size_t)snprintf(buf + used, len - used, "%s%s", is_letter(r) ? "" : "_", r->name);
    }
    return used < len ? used : len - 1;
}

size_t rv_cpuinfo_text(char *buf, size_t len, uint64_t features, unsigned n)
{
    char isa[1024];
    size_t used = 0;

    rv_isa_string(isa, sizeof(isa), features);
    for (unsigned i = 0; i < n; i++) {
        int k = snprintf(buf + used, len - used,
                         "processor\t: %u\nhart\t\t: %u\nisa\t\t: %s\nmmu\t\t: sv48\n"
                         "mvendorid\t: 0x0\nmarchid\t\t: 0x0\nmimpid\t\t: 0x0\n"
                         "hart isa\t: %s\n\n", i, i, isa, isa);

        if (k < 0 || (size_t)k >= len - used)
            break;
        used += (size_t)k;
    }
    return used;
}
