/* SPDX-License-Identifier: MIT */
/*
 * image_entry.c: the entry point of the container image that `make oci` writes. It takes the options
 * that scripts and actions give to images for this purpose (tonistiigi/binfmt), one dash or two
 * before each, and prints what they read: JSON on stdout, all else on stderr.
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "binfmt/magic.h"
#include "binfmt/tool.h"

enum { OPT_INSTALL = 256, OPT_UNINSTALL, OPT_MOUNT, OPT_VERSION, OPT_HELP };

static const struct option options[] = {
    { "install", required_argument, NULL, OPT_INSTALL },
    { "uninstall", required_argument, NULL, OPT_UNINSTALL },
    { "mount", required_argument, NULL, OPT_MOUNT },
    { "version", no_argument, NULL, OPT_VERSION },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static const char help[] =
    "usage: mimus-binfmt image-entry [options]\n"
    "\n"
    "  --install all|LIST    have the kernel start mimus for programs of these CPUs: arm64,riscv64\n"
    "  --uninstall LIST      undo that; a LIST of CPUs, or of patterns of entries: qemu-*\n"
    "  --mount DIR           where binfmt_misc is or shall be mounted; " BINFMT_TABLE " without\n"
    "  --version\n"
    "\n"
    "Then, and without options, prints what the machine can run and the names of all entries as JSON.\n"
    "Entries of other programs for such CPUs are replaced.";

/* ---- installing ---- */

static bool add_guest(BinfmtJob *job, const Guest *g)
{
    for (unsigned i = 0; i < job->n_guests; i++) {
        if (job->guests[i] == g)
            return true;
    }
    if (job->n_guests < BINFMT_GUESTS_MAX)
        job->guests[job->n_guests++] = g;
    return true;
}

/* add_name: what runs here anyway is no fault. */
static bool add_name(BinfmtJob *job, const char *name)
{
    const Guest *found = NULL;
    bool all = !strcmp(name, "all");

    for (const Guest *const *g = guest_list; all && *g; g++) {
        if (!magic_native(*g))
            add_guest(job, *g);
    }
    if (all || magic_host_platform(name))
        return true;
    found = magic_guest(name);
    return found && (magic_native(found) || add_guest(job, found));
}

static int install(BinfmtJob *job, char *list)
{
    char *name;

    while ((name = strsep(&list, ","))) {
        if (*name && !add_name(job, name))
            return binfmt_error("--install %s: mimus does not run programs of that CPU", name);
    }
    return job->n_guests ? binfmt_register(job) : 0;
}

/* ---- uninstalling ---- */

/* is_meant: the entry by a CPU's name or a pattern. What is ours answers to qemu-CPU, too. */
static bool is_meant(const char *entry, const char *word)
{
    static const char mimus[] = "mimus-", qemu[] = "qemu-";
    bool ours = !strncmp(entry, mimus, strlen(mimus));
    const Guest *g = magic_guest(word);
    char other[BINFMT_NAME_MAX + sizeof(qemu)] = "";

    if (!ours && strncmp(entry, qemu, strlen(qemu)))
        return false;
    if (ours)
        snprintf(other, sizeof(other), "%s%s", qemu, entry + strlen(mimus));
    if (!strcmp(word, "all") || g)
        return ours && (!g || !strcmp(g->name, entry + strlen(mimus)));
    return !fnmatch(word, entry, 0) || !fnmatch(word, other, 0);
}

static int uninstall(BinfmtJob *job, char *list)
{
    BinfmtTable t = { .enabled = false };
    int err = table_read(job->table, &t), status = 0;
    char *word;

    if (err < 0)
        return binfmt_error("cannot read %s: %s", job->table, binfmt_why(err));
    while ((word = strsep(&list, ","))) {
        unsigned n = 0;

        for (unsigned i = 0; i < t.count; i++) {
            const char *name = t.entries[i].name;

            if (!is_meant(name, word))
                continue;
            n++;
            err = table_remove(job->table, name);
            if (err < 0 && err != -ENOENT)
                status = binfmt_error("cannot remove %s: %s", name, binfmt_why(err));
            else if (!err)
                fprintf(job->say, "%s: removed\n", name);
        }
        if (!n)
            fprintf(job->say, "%s: is not registered\n", word);
    }
    table_free(&t);
    return status;
}

/* ---- the report ---- */

static void print_list(const char *key, const char *const *items, unsigned n, const char *end)
{
    printf("  \"%s\": [", key);
    for (unsigned i = 0; i < n; i++) {
        printf("%s\n    ", i ? "," : "");
        binfmt_print_string(items[i]);
    }
    printf("%s]%s\n", n ? "\n  " : "", end);
}

static int report(const BinfmtJob *job)
{
    static char text[BINFMT_GUESTS_MAX][BINFMT_NAME_MAX];
    const char *platforms[BINFMT_GUESTS_MAX], **names;
    BinfmtTable t = { .enabled = false };
    unsigned n = 0;

    if (table_read(job->table, &t) < 0)
        t.enabled = false;
    for (const char *const *p = magic_host_platforms; *p; p++)
        platforms[n++] = *p;
    for (const Guest *const *g = guest_list; *g && n < BINFMT_GUESTS_MAX; g++) {
        if (magic_native(*g) || !binfmt_runs(&t, *g))
            continue;
        snprintf(text[n], sizeof(text[n]), "linux/%s", magic_platform(*g));
        platforms[n] = text[n];
        n++;
    }
    names = calloc(t.count + 1, sizeof(*names));
    if (!names)
        return binfmt_error("out of memory");
    for (unsigned i = 0; i < t.count; i++)
        names[i] = t.entries[i].name;
    puts("{");
    print_list("supported", platforms, n, ",");
    print_list("emulators", names, t.count, "");
    puts("}");
    free(names);
    table_free(&t);
    return fflush(stdout) ? binfmt_error("cannot write: %s", strerror(errno)) : 0;
}

int binfmt_image_entry(BinfmtJob *job, int argc, char **argv)
{
    char *add = NULL, *take = NULL;
    int option, status = 0;

    job->say = stderr;
    job->replace = true;
    while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case OPT_INSTALL: add = optarg; break;
        case OPT_UNINSTALL: take = optarg; break;
        case OPT_MOUNT: job->table = optarg; break;
        case OPT_VERSION: puts("mimus-binfmt " MIMUS_VERSION); return 0;
        case OPT_HELP: puts(help); return 0;
        default: return BINFMT_USAGE;           /* getopt has said why */
        }
    }
    if (optind < argc) {
        binfmt_error("image-entry takes no '%s', only options", argv[optind]);
        return BINFMT_USAGE;
    }
    if (add || take)
        status = binfmt_mount(job);
    if (take && !status)
        status = uninstall(job, take);
    if (add && !status)
        status = install(job, add);
    return status ? status : report(job);
}
