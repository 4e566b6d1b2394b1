/* SPDX-License-Identifier: MIT */
/* features.c: ID registers, HWCAP words, /proc/cpuinfo and CPU models, all from features.def. */
#include "translate/guest/aarch64/features.h"

#include <inttypes.h>
#include <stdio.h>

#include "gen/aarch64_decode.h"
#include "translate/translate.h"

/* ID registers, as CRm << 3 | op2. */
enum {
    MIDR = 0, MPIDR = 5, PFR0 = 4 << 3, PFR1, DFR0 = 5 << 3, ISAR0 = 6 << 3, ISAR1, ISAR2,
    MMFR0 = 7 << 3, MMFR1, MMFR2, NONE = 255,
};
enum { NO_CAP };

enum {
#define MODEL(id, name, midr, what) NR_##id,
#include "translate/guest/aarch64/features.def"
    MODEL_COUNT
};

/* Sets of models, for the `models` column. */
enum {
    NOBODY = 0,
    V1 = 1 << NR_V1,
    V84 = V1,
    V82 = V84 | 1 << NR_A76 | 1 << NR_N1,
    ALL = V82 | 1 << NR_A53 | 1 << NR_A72,
};
enum { TODO, ASK, ON };

typedef struct {
    uint64_t feature;       /* 0: always there */
    uint8_t state;
    uint16_t models;
    uint8_t reg, lsb, value;
    uint8_t word, bit;
    const char *cpuinfo;
} Row;

// clang-format off
static const Row rows[] = {
#define BASE(reg, lsb, value, word, bit, name) { 0, ON, ALL, reg, lsb, value, word, bit, name },
#define FEATURE(id, state, models, reg, lsb, value, word, bit, name) \
    { A64_FEAT_##id, state, models, reg, lsb, value, word, bit, name },
#include "translate/guest/aarch64/features.def"
};

static const uint32_t midr[MODEL_COUNT] = {
#define MODEL(id, name, midr, what) midr,
#include "translate/guest/aarch64/features.def"
};

const GuestCpu a64_cpus[] = {
#define MODEL(id, name, midr, what) { name, what },
#include "translate/guest/aarch64/features.def"
    { NULL, NULL },
};

const GuestFeature a64_feature_names[] = {
#define FEATURE(id, state, ...) { #id, A64_FEAT_##id, 0, A64_FEAT_##id, (state) != TODO },
#include "translate/guest/aarch64/features.def"
    { NULL, 0, 0, 0, false },
};
// clang-format on

/* has: of the row, whether it applies with these features. */
static bool has(const Row *r, uint64_t features)
{
    return !r->feature || features & r->feature;
}

uint64_t a64_cpu_features(unsigned cpu)
{
    uint64_t set = 0;

    for (const Row *r = rows; r < rows + ARRAY_LEN(rows); r++) {
        bool there = cpu == NR_MAX ? r->state == ON : r->state != TODO && r->models >> cpu & 1;

        if (there)
            set |= r->feature;
    }
    return set;
}

static unsigned model(void)
{
    return translate_options.cpu;
}

/* Fields are of four bits, but for those of BASE. */
uint64_t a64_id_reg(uint64_t features, unsigned crm, unsigned op2)
{
    unsigned reg = crm << 3 | op2;
    uint64_t value = reg == MIDR ? midr[model()] : 0;

    for (const Row *r = rows; r < rows + ARRAY_LEN(rows); r++) {
        if (r->reg == reg && has(r, features))
            value = (value & ~(0xfull << r->lsb)) | (uint64_t)r->value << r->lsb;
    }
    return value;
}

uint64_t a64_hwcap_word(uint64_t features, unsigned word)
{
    uint64_t bits = 0;

    for (const Row *r = rows; r < rows + ARRAY_LEN(rows); r++) {
        if (r->word == word && has(r, features))
            bits |= 1ull << r->bit;
    }
    return bits;
}

/* ---- /proc/cpuinfo ---- */

/* cap_name: the word for a HWCAP bit, or NULL. */
static const char *cap_name(unsigned word, unsigned bit, uint64_t features)
{
    for (const Row *r = rows; r < rows + ARRAY_LEN(rows); r++) {
        if (r->word == word && r->bit == bit && has(r, features))
            return r->cpuinfo;
    }
    return NULL;
}

static void put_features(FILE *f, uint64_t features)
{
    for (unsigned word = 1; word <= 3; word++) {
        for (unsigned bit = 0; bit < 64; bit++) {
            const char *name = cap_name(word, bit, features);

            if (name)
                fprintf(f, " %s", name);
        }
    }
}

static void put_cpu(FILE *f, unsigned cpu, uint64_t features)
{
    uint64_t id = midr[model()];

    fprintf(f, "processor\t: %u\nBogoMIPS\t: 100.00\nFeatures\t:", cpu);
    put_features(f, features);
    fprintf(f,
            "\nCPU implementer\t: 0x%02" PRIx64 "\nCPU architecture: 8\nCPU variant\t: 0x%" PRIx64
            "\nCPU part\t: 0x%03" PRIx64 "\nCPU revision\t: %" PRIu64 "\n\n",
            bits(id, 24, 8), bits(id, 20, 4), bits(id, 4, 12), bits(id, 0, 4));
}

size_t a64_cpuinfo_text(char *buf, size_t len, uint64_t features, unsigned n)
{
    FILE *f = fmemopen(buf, len, "w");
    long done;

    if (!f)
        return 0;
    for (unsigned i = 0; i < n; i++)
        put_cpu(f, i, features);
    fflush(f);
    done = ftell(f);
    fclose(f);
    return done < 0 ? 0 : (size_t)done < len ? (size_t)done : len;
}
