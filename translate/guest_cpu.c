/* SPDX-License-Identifier: MIT */
/* guest_cpu.c: the argument of -cpu. */
#include <stdio.h>

#include "translate/guest.h"

/* Switches of other emulators that stand in scripts and ask for nothing we have. */
static const char *const off_anyway[] = { "sve", "sme", "pauth-impdef", "pauth-qarma3",
                                          "pauth-qarma5", "lpa2", "pmu", "aarch64" };

static bool is(const char *text, size_t n, const char *name)
{
    return strlen(name) == n && !memcmp(text, name, n);
}

static const char *refuse(char bad[64], const char *text, size_t n, const char *why)
{
    snprintf(bad, 64, "%.*s", (int)(n < 63 ? n : 63), text);
    return why;
}

/* feature_bits: of a name; 0: unknown. */
static uint64_t feature_bits(const Guest *g, const char *name, size_t n, bool *lifted)
{
    for (const GuestFeature *f = g->feature_names; f && f->name; f++) {
        if (is(name, n, f->name)) {
            *lifted = f->lifted;
            return f->bits;
        }
    }
    return 0;
}

static const char *switch_feature(const Guest *g, const char *text, size_t n, uint64_t *features,
                                  char bad[64])
{
    size_t name = 0;
    bool lifted = false;

    while (name < n && text[name] != '=')
        name++;
    bool on = is(text + name, n - name, "=on") || name == n;
    uint64_t set = feature_bits(g, text, name, &lifted);

    if (!on && !is(text + name, n - name, "=off"))
        return refuse(bad, text, n, "is not FEATURE=on or FEATURE=off");
    for (unsigned i = 0; !set && i < ARRAY_LEN(off_anyway); i++) {
        if (is(text, name, off_anyway[i]) && (!on || !strncmp(text, "pauth", 5)))
            return NULL;
    }
    if (!set)
        return refuse(bad, text, name, "is a CPU feature that is not known or not supported");
    if (on && !lifted)
        return refuse(bad, text, name, "is a CPU feature that is not supported");
    *features = on ? *features | set : *features & ~set;
    return NULL;
}

const char *guest_cpu_select(const Guest *g, const char *text, unsigned *cpu, uint64_t *features,
                             char bad[64])
{
    size_t n = strcspn(text, ",");
    unsigned i = 0;

    while (g->cpus && g->cpus[i].name && !is(text, n, g->cpus[i].name))
        i++;
    if (!g->cpus || !g->cpus[i].name)
        return refuse(bad, text, n, "is not a CPU model (-cpu help lists them)");
    *cpu = i;
    *features = g->cpu_features(i);
    while (text[n]) {
        text += n + 1;
        n = strcspn(text, ",");
        const char *why = switch_feature(g, text, n, features, bad);

        if (why)
            return why;
    }
    return NULL;
}
