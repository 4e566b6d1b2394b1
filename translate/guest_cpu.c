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

static const GuestFeature *find_feature(const Guest *g, const char *name, size_t n)
{
    for (const GuestFeature *f = g->feature_names; f && f->name; f++) {
        if (is(name, n, f->name))
            return f;
    }
    return NULL;
}

/* without: the set without off and without what needs it. */
static uint64_t without(const Guest *g, uint64_t set, uint64_t off)
{
    uint64_t before;

    set &= ~off;
    do {
        before = set;
        for (const GuestFeature *f = g->feature_names; f->name; f++) {
            if (f->needs & ~set)
                set &= ~f->bits;
        }
    } while (set != before);
    return set;
}

/* is_word: one of the words that mean on, or off, as QEMU takes them. */
static bool is_word(const char *text, size_t n, bool on)
{
    static const char *const words[2][4] = { { "=off", "=false", "=no", "=n" },
                                             { "=on", "=true", "=yes", "=y" } };

    for (unsigned i = 0; i < ARRAY_LEN(words[on]); i++) {
        if (is(text, n, words[on][i]))
            return true;
    }
    return on && !n;
}

static const char *switch_feature(const Guest *g, const char *text, size_t n, uint64_t *features,
                                  char bad[64])
{
    const GuestFeature *f = find_feature(g, text, n);
    size_t name = 0;

    while (name < n && text[name] != '=')
        name++;
    if (f && name < n) {
        if (!f->lifted)
            return refuse(bad, text, n, "is a CPU property that is not supported");
        *features = without(g, *features, f->off) | f->needs;
        return NULL;
    }
    bool on = is_word(text + name, n - name, true);

    if (!on && !is_word(text + name, n - name, false))
        return refuse(bad, text, n, "is not FEATURE=on or FEATURE=off");
    f = find_feature(g, text, name);
    for (unsigned i = 0; !f && i < ARRAY_LEN(off_anyway); i++) {
        if (is(text, name, off_anyway[i]) && (!on || !strncmp(text, "pauth", 5)))
            return NULL;
    }
    if (!f)
        return refuse(bad, text, name, "is a CPU feature that is not known or not supported");
    if (on && !f->lifted)
        return refuse(bad, text, name, "is a CPU feature that is not supported");
    *features = on ? *features | f->bits | f->needs : without(g, *features, f->off);
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
