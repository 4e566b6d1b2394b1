/* SPDX-License-Identifier: MIT */
/*
 * tool.h: the program mimus-binfmt: registers mimus with the kernel's binfmt_misc, shows what is
 * registered, and says why it does not work.
 *
 * mimus is the program, too: called by the name mimus-binfmt it is this one, so that one file
 * is all that an image or a package needs.
 */
#pragma once

#include <stdio.h>

#include "binfmt/entry.h"

enum { BINFMT_GUESTS_MAX = 64, BINFMT_USAGE = 2 };

/* What the command line asks for. */
typedef struct {
    const char *table;              /* where the kernel's table is or shall be mounted */
    char interpreter[PATH_MAX];     /* absolute */
    bool credential;                /* flag C */
    bool replace, keep;             /* what to do with entries that are there already */
    bool all;                       /* no guest was named */
    bool json;
    FILE *say;                      /* where to tell what was done */
    const char *root;               /* doctor: a foreign root file system */
    const char *program;            /* doctor: a program that does not start */
    const char *systemd, *debian;   /* install: folders, below destdir */
    const char *destdir;
    const Guest *guests[BINFMT_GUESTS_MAX];
    unsigned n_guests;
} BinfmtJob;

/* binfmt_main: the program. Returns its exit status: 0, 1 for a failure, 2 for wrong usage. */
int binfmt_main(int argc, char **argv);

/* One line on stderr, "mimus-binfmt: ...". Returns 1, the status of a failure. */
int binfmt_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Commands: each returns the exit status. */
int binfmt_register(const BinfmtJob *job);
int binfmt_unregister(const BinfmtJob *job);
int binfmt_status(const BinfmtJob *job);
int binfmt_doctor(const BinfmtJob *job);
int binfmt_install(const BinfmtJob *job);

/* binfmt_image_entry: the command image-entry, which has options of its own: argv[0] is its name. */
int binfmt_image_entry(BinfmtJob *job, int argc, char **argv);

/*
 * binfmt_runs: does an entry, ours or another's, run the guest's programs?
 *
 * binfmt_print_string: to stdout as JSON.
 */
bool binfmt_runs(const BinfmtTable *t, const Guest *guest);
void binfmt_print_string(const char *s);

/*
 * binfmt_mount: have a table at job->table. Returns 0, or 1 having said why there is none.
 *
 * binfmt_why: what -errno means for the table, and what to do about it.
 */
int binfmt_mount(const BinfmtJob *job);
const char *binfmt_why(int err);
