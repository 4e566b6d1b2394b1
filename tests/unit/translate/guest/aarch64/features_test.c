/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "translate/guest/aarch64/features.h"
#include "translate/guest/aarch64/lift.h"
#include "translate/translate.h"

static uint64_t isar0(uint64_t features)
{
    return a64_id_reg(features, 6, 0);
}

Test(features, id_fields_follow)
{
    cr_expect(isar0(0) == 0);
    cr_expect(isar0(A64_FEAT_aes) == 1u << 4);
    cr_expect(isar0(A64_FEAT_aes | A64_FEAT_pmull) == 2u << 4);
    cr_expect(isar0(A64_FEAT_sha1 | A64_FEAT_sha2) == (1u << 8 | 1u << 12));
    cr_expect(isar0(A64_FEAT_lse | A64_FEAT_crc32) == (2u << 20 | 1u << 16));
    cr_expect(a64_id_reg(A64_FEAT_lrcpc, 6, 1) == 1u << 20);
    cr_expect(a64_id_reg(A64_FEAT_lrcpc | A64_FEAT_lrcpc2, 6, 1) == 2u << 20);
    cr_expect(a64_id_reg(A64_FEAT_lse2, 7, 2) == 1ull << 32);
}

Test(features, without_any_only_what_linux_always_shows)
{
    cr_expect(a64_id_reg(0, 4, 0) == 0x11);
    cr_expect(a64_id_reg(0, 0, 5) == 0x80000000);
    cr_expect(a64_id_reg(0, 5, 0) == 6);
    cr_expect(a64_id_reg(0, 7, 0) == 0xff000000);
    cr_expect(a64_id_reg(0, 7, 1) == 0);
    cr_expect(a64_id_reg(0, 4, 4) == 0);
    cr_expect(a64_hwcap_word(0, 1) == (1 << 0 | 1 << 1 | 1 << 2 | 1 << 11));
    cr_expect(a64_hwcap_word(0, 2) == 0);
    cr_expect(a64_hwcap_word(0, 3) == 0);
}

Test(features, hwcap_words_follow)
{
    cr_expect(a64_hwcap_word(A64_FEAT_lse, 1) == (a64_hwcap_word(0, 1) | 1 << 8));
    cr_expect(a64_hwcap_word(A64_FEAT_fp16, 1) == (a64_hwcap_word(0, 1) | 3 << 9));
    cr_expect(a64_hwcap_word(A64_FEAT_pauth, 1) == (a64_hwcap_word(0, 1) | 3u << 30));
    cr_expect(a64_hwcap_word(A64_FEAT_mops | A64_FEAT_dpb2, 2) == (1ull << 43 | 1));
}

/* word: whether " name" followed by a blank or the line's end is in the text. */
static bool word(const char *text, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = text; (p = strstr(p, name)); p += n) {
        if (p[-1] == ' ' && (p[n] == ' ' || p[n] == '\n'))
            return true;
    }
    return false;
}

Test(features, cpuinfo_has_model_and_words)
{
    char buf[4096] = "", tiny[40];
    uint64_t features;
    char bad[64];

    cr_assert(!guest_cpu_select(&guest_aarch64, "neoverse-n1", &translate_options.cpu, &features, bad));
    size_t n = a64_cpuinfo_text(buf, sizeof(buf) - 1, features, 3);

    cr_assert(n > 0 && n < sizeof(buf) - 1);
    cr_expect(strstr(buf, "processor\t: 2\n") && !strstr(buf, "processor\t: 3\n"));
    cr_expect(strstr(buf, "CPU implementer\t: 0x41\n") && strstr(buf, "CPU part\t: 0xd0c\n"));
    cr_expect(strstr(buf, "CPU variant\t: 0x4\n") && strstr(buf, "CPU revision\t: 1\n"));
    cr_expect(word(buf, "fp") && word(buf, "atomics") && word(buf, "cpuid"));
    cr_expect(!word(buf, "ilrcpc") && !word(buf, "sve"));
    cr_expect(a64_id_reg(features, 0, 0) == 0x414fd0c1);
    cr_expect(a64_cpuinfo_text(tiny, sizeof(tiny), features, 3) <= sizeof(tiny));
}

Test(features, models_are_sets_of_the_default)
{
    cr_expect(a64_cpu_features(0) == guest_aarch64.features);
    cr_expect_str_eq(a64_cpus[0].name, "max");
    for (unsigned i = 1; a64_cpus[i].name; i++) {
        cr_expect(!(a64_cpu_features(i) & ~a64_cpu_features(0) & ~(A64_FEAT_pauth | A64_FEAT_lse2)), "%s", a64_cpus[i].name);
        cr_expect(a64_cpu_features(i) & A64_FEAT_aes);
    }
}

/* Of what a model has, nothing may be a row that is not lifted. */
Test(features, what_is_advertised_is_lifted)
{
    uint64_t can = 0;

    for (const GuestFeature *f = a64_feature_names; f->name; f++)
        can |= f->lifted ? f->bits : 0;
    for (const DecodeRow *r = a64_rows; r->name; r++) {
        for (const GuestFeature *f = a64_feature_names; r->is_todo && f->name; f++)
            cr_expect(!r->needs || strcmp(r->needs, f->name) || !f->lifted, "%s: %s is a todo",
                      r->where, r->name);
    }
    for (unsigned i = 0; a64_cpus[i].name; i++)
        cr_expect(!(a64_cpu_features(i) & ~can));
}

/* Every name of the tables' `needs` column is in features.def, and so in the models. */
Test(features, table_knows_all_names)
{
    for (const DecodeRow *r = a64_rows; r->name; r++) {
        char names[64], *rest = names, *name;

        snprintf(names, sizeof(names), "%s", r->needs ? r->needs : "");
        while ((name = strsep(&rest, ","))) {
            const GuestFeature *f = a64_feature_names;

            while (f->name && strcmp(f->name, name))
                f++;
            cr_expect(!*name || f->name, "%s: %s", r->where, name);
        }
    }
}

static const char *select_cpu(const char *text, uint64_t *features)
{
    unsigned cpu;
    static char bad[64];

    return guest_cpu_select(&guest_aarch64, text, &cpu, features, bad) ? bad : NULL;
}

Test(features, models_can_be_changed)
{
    uint64_t f;

    cr_expect(!select_cpu("max,lse=off", &f) && f == (guest_aarch64.features & ~A64_FEAT_lse));
    cr_expect(!select_cpu("cortex-a53,lse=on", &f) && f == (a64_cpu_features(1) | A64_FEAT_lse));
    cr_expect(!select_cpu("cortex-a53,lse", &f) && f & A64_FEAT_lse);
    cr_expect(!select_cpu("max,sve=off,sme=off", &f) && f == guest_aarch64.features);
    cr_expect_str_eq(select_cpu("max,sve=on", &f), "sve");
    cr_expect_str_eq(select_cpu("max,lse=maybe", &f), "lse=maybe");
    cr_expect_str_eq(select_cpu("max,mte=on", &f), "mte");
    cr_expect_str_eq(select_cpu("cortex-a5", &f), "cortex-a5");
    cr_expect_str_eq(select_cpu("", &f), "");
    cr_expect_str_eq(select_cpu("max,", &f), "");
}
