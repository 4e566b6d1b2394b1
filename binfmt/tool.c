/* SPDX-License-Identifier: MIT */
/* tool.c: the command line of mimus-binfmt. */
#include "binfmt/tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "binfmt/magic.h"

typedef struct {
    const char *name;
    int (*run)(const BinfmtJob *job);
    const char *help;
} Command;

static const Command commands[] = {
    { "register", binfmt_register, "have the kernel start mimus for programs of other CPUs" },
    { "unregister", binfmt_unregister, "undo that" },
    { "status", binfmt_status, "show what is registered" },
    { "doctor", binfmt_doctor, "say why it does not work, and what mends it" },
    { "install", binfmt_install, "write the files that register at each start of the system" },
};

enum {
    OPT_INTERPRETER = 256, OPT_CREDENTIAL, OPT_REPLACE, OPT_KEEP, OPT_JSON, OPT_ROOT, OPT_PROGRAM,
    OPT_SYSTEMD, OPT_DEBIAN, OPT_DESTDIR, OPT_TABLE, OPT_VERSION, OPT_HELP,
};

static const struct option options[] = {
    { "interpreter", required_argument, NULL, OPT_INTERPRETER },
    { "credential", no_argument, NULL, OPT_CREDENTIAL },
    { "replace", no_argument, NULL, OPT_REPLACE },
    { "keep", no_argument, NULL, OPT_KEEP },
    { "json", no_argument, NULL, OPT_JSON },
    { "root", required_argument, NULL, OPT_ROOT },
    { "program", required_argument, NULL, OPT_PROGRAM },
    { "systemd", optional_argument, NULL, OPT_SYSTEMD },
    { "debian", optional_argument, NULL, OPT_DEBIAN },
    { "destdir", required_argument, NULL, OPT_DESTDIR },
    { "table", required_argument, NULL, OPT_TABLE },
    { "version", no_argument, NULL, OPT_VERSION },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static void print_help(void)
{
    puts("usage: mimus-binfmt COMMAND [ARCH...] [options]\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        printf("  %-12s %s\n", commands[i].name, commands[i].help);
    puts("\n  ARCH is aarch64 (or arm64), riscv64, ... ; without any: all that this host does not run\n"
         "\n"
         "  --interpreter PATH  the mimus to start; this program itself without\n"
         "  --credential        register: set-user-id programs of the guest get their rights\n"
         "  --replace           register: take out other entries for such programs, renew ours\n"
         "  --keep              register: leave programs to entries that run them already\n"
         "  --json              status: for programs\n"
         "  --root DIR          doctor: a root of foreign programs that do not start\n"
         "  --program FILE      doctor: the program that does not start (below DIR)\n"
         "  --systemd[=DIR]     install: into /etc/binfmt.d\n"
         "  --debian[=DIR]      install: into /usr/share/binfmts\n"
         "  --destdir DIR       install: put before those\n"
         "  --table DIR         where binfmt_misc is; " BINFMT_TABLE " without\n"
         "\n"
         "mimus-binfmt image-entry: the entry point of a container image; see its --help");
}

static int usage(const char *what, const char *word)
{
    binfmt_error("%s%s; see mimus-binfmt --help", what, word);
    return BINFMT_USAGE;
}

/* ---- guests by name ---- */

static int job_add(BinfmtJob *job, const char *name)
{
    const Guest *g = magic_guest(name);
    char known[256] = "";

    for (const Guest *const *k = guest_list; *k; k++)
        strncat(strcat(known, " "), (*k)->name, 32);
    if (!g)
        return usage("there is no guest of that name, only", known), BINFMT_USAGE;
    if (magic_native(g)) {
        binfmt_error("%s programs are the host's own: not registered", g->name);
        return BINFMT_USAGE;
    }
    for (unsigned i = 0; i < job->n_guests; i++) {
        if (job->guests[i] == g)
            return 0;
    }
    job->guests[job->n_guests++] = g;
    return 0;
}

static void job_add_all(BinfmtJob *job)
{
    job->all = true;
    for (const Guest *const *g = guest_list; *g && job->n_guests < BINFMT_GUESTS_MAX; g++) {
        if (!magic_native(*g))
            job->guests[job->n_guests++] = *g;
    }
}

/* ---- the command line ---- */

static int as_command(BinfmtJob *job, char **words)
{
    const Command *c = commands;
    int status = 0;

    while (c < commands + ARRAY_LEN(commands) && strcmp(c->name, words[0]))
        c++;
    if (c == commands + ARRAY_LEN(commands))
        return usage("there is no command ", words[0]);
    for (words++; *words && !status; words++)
        status = job_add(job, *words);
    if (status)
        return status;
    if (!job->n_guests)
        job_add_all(job);
    return c->run(job);
}

/* own_path: the file that the kernel is to start. */
static void own_path(char path[PATH_MAX])
{
    char *found = realpath("/proc/self/exe", NULL);

    if (found)
        strncpy(path, found, PATH_MAX - 1);
    free(found);
}

static int take_option(BinfmtJob *job, int option, char *arg)
{
    switch (option) {
    case OPT_INTERPRETER:
        if (*arg != '/' || strlen(arg) >= PATH_MAX)
            return usage("--interpreter wants an absolute path, not ", arg);
        strcpy(job->interpreter, arg);
        return 0;
    case OPT_CREDENTIAL: job->credential = true; return 0;
    case OPT_REPLACE: job->replace = true; return 0;
    case OPT_KEEP: job->keep = true; return 0;
    case OPT_JSON: job->json = true; return 0;
    case OPT_ROOT: job->root = arg; return 0;
    case OPT_PROGRAM: job->program = arg; return 0;
    case OPT_SYSTEMD: job->systemd = arg ? arg : "/etc/binfmt.d"; return 0;
    case OPT_DEBIAN: job->debian = arg ? arg : "/usr/share/binfmts"; return 0;
    case OPT_DESTDIR: job->destdir = arg; return 0;
    case OPT_TABLE: job->table = arg; return 0;
    default: return BINFMT_USAGE;             /* getopt has said why */
    }
}

int binfmt_main(int argc, char **argv)
{
    static BinfmtJob job = { .table = BINFMT_TABLE, .destdir = "" };
    int option, status = 0;

    own_path(job.interpreter);
    job.say = stdout;
    if (argc > 1 && !strcmp(argv[1], "image-entry"))
        return binfmt_image_entry(&job, argc - 1, argv + 1);
    while (!status && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case OPT_VERSION: puts("mimus-binfmt " MIMUS_VERSION); return 0;
        case OPT_HELP: print_help(); return 0;
        default: status = take_option(&job, option, optarg);
        }
    }
    if (status)
        return status;
    if (job.replace && job.keep)
        return usage("--replace and --keep", " exclude each other");
    if (optind == argc)
        return usage("no command is named", "");
    return as_command(&job, argv + optind);
}
