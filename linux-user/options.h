/* SPDX-License-Identifier: MIT */
/*
 * options.h: the command line and its environment twins. Each option is a row of a table in
 * options.c: its name, its variable (MIMUS_NAME, and QEMU_NAME that scripts already set), what
 * it does, and whether programs that the guest executes get it too.
 */
#pragma once

#include "translate/translate.h"

typedef enum { STATS_NONE, STATS_TEXT, STATS_JSON } StatsForm;

typedef struct {
    const char *prefix;         /* -L; NULL: none */
    const char *prefix_missing; /* -L that does not exist, for the message when a file lacks */
    const char *argv0;          /* -0 */
    const char *cpu;            /* -cpu */
    const char *uname_release;  /* -r */
    uint64_t stack_bytes;       /* -s; 0: the stack limit */
    uint64_t seed;              /* -seed */
    bool has_seed;
    bool strace;
    StatsForm stats;
    bool profile;
    const char *profile_file;   /* -profile=FILE, absolute; NULL: the log */
    bool perfmap;
    const char *jitdump;        /* -jitdump: the folder, absolute; NULL: none */
    TranslateOptions translate;
} Options;

extern Options options;

/*
 * options_privileged: this start gave the process rights its caller has not. Options that name files
 * or show the program's insides have no effect then; set before any other call.
 */
extern bool options_privileged;

/* options_from_env: the twins in envp. Not to be called for a privileged (AT_SECURE) start. */
void options_from_env(char **envp);

/*
 * options_drop_env: take the twins out of envp, and what else of it mimus looks at. A privileged program
 * passes its caller's environment on to programs that it starts with all its rights; ld.so does the same
 * with its variables.
 */
void options_drop_env(char **envp);

/*
 * options_parse: options of the command line. Returns the index in argv of the program to
 * run. Bad usage, -h, -version and the like end the process.
 */
int options_parse(int argc, char **argv);

/*
 * options_export: the options that programs started by the guest get too, as text for
 * options_import(); fields are "name=value" with bytes up to ' ', '%' and ';' as %XX. Returns
 * the length, or 0 when it does not fit.
 */
size_t options_export(char *buf, size_t len);
void options_import(const char *text);

/*
 * options_environ: the environment of the guest: envp with -U and -E applied. The result is
 * allocated when it differs.
 */
char **options_environ(char **envp);

/* text_escape, text_unescape: the coding of options_export(). Return the length. */
size_t text_escape(char *dst, size_t len, const char *src);
size_t text_unescape(char *dst, size_t len, const char *src, size_t src_len);
