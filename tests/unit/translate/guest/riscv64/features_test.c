/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>

#include "translate/guest/riscv64/features.h"
#include "translate/guest/riscv64/lift.h"
#include "translate/lift.h"

static uint64_t letter(char c)
{
    return 1ull << (c - 'a');
}

/* Widths of registers are no features that anybody chooses; everything but RV32. */
#define WIDTHS ((uint64_t)(RV_FEAT_rv64 | RV_FEAT_rv32))
#define ALL    (~(uint64_t)RV_FEAT_rv32)

Test(rv_features, hwcap_is_a_bit_for_each_letter)
{
    cr_expect(rv_hwcap_bits(0) == letter('i'));
    cr_expect(rv_hwcap_bits(RV_FEAT_m | RV_FEAT_zba) == (letter('i') | letter('m')));
    cr_expect(rv_hwcap_bits(RV_FEAT_v | RV_FEAT_d) == (letter('i') | letter('v') | letter('d')));
}

Test(rv_features, probe_bits_follow)
{
    cr_expect(rv_probe_bits(0) == 0);
    cr_expect(rv_probe_bits(RV_FEAT_f | RV_FEAT_m | RV_FEAT_zvl256b) == 0);
    cr_expect(rv_probe_bits(RV_FEAT_d | RV_FEAT_c) == 3);
    cr_expect(rv_probe_bits(RV_FEAT_zacas | RV_FEAT_zicbop) == (1ull << 34 | 1ull << 60));
}

/* Linux prints letters together, then names in its own order. */
Test(rv_features, isa_string_is_canonical)
{
    char buf[1024];

    rv_isa_string(buf, sizeof(buf), 0);
    cr_expect_str_eq(buf, "rv64i_ziccrse_zicsr_zifencei");
    rv_isa_string(buf, sizeof(buf),
                  RV_FEAT_zbs | RV_FEAT_zba | RV_FEAT_zicond | RV_FEAT_c | RV_FEAT_d | RV_FEAT_f |
                      RV_FEAT_m | RV_FEAT_a | RV_FEAT_zalrsc | RV_FEAT_zvl256b | RV_FEAT_v);
    cr_expect_str_eq(buf, "rv64imafdcv_ziccrse_zicond_zicsr_zifencei_zalrsc_zba_zbs");
    size_t n = rv_isa_string(buf, sizeof(buf), ALL);

    cr_expect(n == strlen(buf) && n < sizeof(buf) - 1);
    cr_expect(rv_isa_string(buf, 20, ALL) == 19 && strlen(buf) == 19);
}

Test(rv_features, cpuinfo_has_all_processors)
{
    char buf[16384], tiny[100];
    size_t n = rv_cpuinfo_text(buf, sizeof(buf), ALL, 3);

    cr_assert(n > 0 && n < sizeof(buf));
    cr_expect(strstr(buf, "processor\t: 2\n") && !strstr(buf, "processor\t: 3\n"));
    cr_expect(strstr(buf, "\nisa\t\t: rv64imafdcv_zicbom_") && strstr(buf, "\nhart isa\t: rv64imafdcv_"));
    cr_expect(rv_cpuinfo_text(tiny, sizeof(tiny), ALL, 3) <= sizeof(tiny));
}

static uint64_t lifted(void)
{
    uint64_t can = 0;

    for (const GuestFeature *f = rv_feature_names; f->name; f++)
        can |= f->lifted ? f->bits : 0;
    return can;
}

/* Of what a model has, nothing may be a row that is not lifted, nor lack what it builds on. */
Test(rv_features, models_have_what_is_lifted)
{
    cr_expect(rv_cpu_features(0) == guest_riscv64.features);
    cr_expect_str_eq(rv_cpus[0].name, "max");
    for (unsigned i = 0; rv_cpus[i].name; i++) {
        uint64_t has = rv_cpu_features(i);

        cr_expect(!(has & ~(lifted() | WIDTHS)), "%s", rv_cpus[i].name);
        cr_expect(has & RV_FEAT_m && has & RV_FEAT_zalrsc && has & RV_FEAT_zicntr);
        for (const GuestFeature *f = rv_feature_names; f->name; f++)
            cr_expect(!(has & f->bits) || !(f->needs & ~has), "%s: %s", rv_cpus[i].name, f->name);
    }
    for (const DecodeRow *r = rv_rows; r->name; r++) {
        for (const GuestFeature *f = rv_feature_names; r->is_todo && f->name; f++)
            cr_expect(!r->needs || strcmp(r->needs, f->name) || !f->lifted, "%s: %s is a todo",
                      r->where, r->name);
    }
}

/* Every name of the tables' `features` lines is in features.def, and each has its own bit. */
Test(rv_features, table_knows_all_names)
{
    uint64_t seen = 0;

    for (const DecodeRow *r = rv_rows; r->name; r++) {
        char names[64], *rest = names, *name;

        snprintf(names, sizeof(names), "%s", r->needs ? r->needs : "");
        while ((name = strsep(&rest, ","))) {
            const GuestFeature *f = rv_feature_names;

            while (f->name && strcmp(f->name, name))
                f++;
            cr_expect(!*name || f->name || !strcmp(name, "rv64") || !strcmp(name, "rv32"), "%s: %s",
                      r->where, name);
        }
    }
    for (const GuestFeature *f = rv_feature_names; f->name; f++) {
        cr_expect(!(seen & f->bits), "%s", f->name);
        cr_expect(!f->bits || f->off & f->bits, "%s", f->name);
        seen |= f->bits;
    }
}

static const char *select_cpu(const char *text, uint64_t *features)
{
    static char bad[64];
    unsigned cpu;

    return guest_cpu_select(&guest_riscv64, text, &cpu, features, bad) ? bad : NULL;
}

Test(rv_features, models_can_be_changed)
{
    uint64_t f, g;

    cr_expect(!select_cpu("rva20u64", &f) && !(f & RV_FEAT_zba));
    cr_expect(!select_cpu("rva20,zba=on", &g) && g == (f | RV_FEAT_zba));
    cr_expect(!select_cpu("rva20u64,b=true", &g) &&
              g == (f | RV_FEAT_zba | RV_FEAT_zbb | RV_FEAT_zbs));
    cr_expect(!select_cpu("max,ztso=on", &g) && g & RV_FEAT_ztso);
    cr_expect(!select_cpu("max,a=off", &g) && !(g & (RV_FEAT_zaamo | RV_FEAT_zalrsc | RV_FEAT_a)));
    cr_expect(!select_cpu("max,zalrsc=false", &g) && !(g & (RV_FEAT_a | RV_FEAT_zalrsc)) &&
              g & RV_FEAT_zaamo);
    cr_expect(!select_cpu("max,f=off", &g) && !(g & (RV_FEAT_f | RV_FEAT_d | RV_FEAT_zcd)) && g & RV_FEAT_c);
    cr_expect(!select_cpu("max,f=off,d=on", &g) && g & RV_FEAT_f && g & RV_FEAT_d);
    cr_expect(!select_cpu("max,vlen=128,elen=64", &g) && g == guest_riscv64.features);
    cr_expect_str_eq(select_cpu("max,vlen=512", &g), "vlen=512");
    cr_expect_str_eq(select_cpu("max,zfoo=on", &g), "zfoo");
    cr_expect_str_eq(select_cpu("max,zba=perhaps", &g), "zba=perhaps");
    cr_expect_str_eq(select_cpu("cortex-a53", &g), "cortex-a53");
}
