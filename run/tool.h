/* SPDX-License-Identifier: MIT */
/*
 * tool.h: the program mimus-run: enters a root file system of another CPU without privileges.
 *
 * The program is mimus and this, so that it can run the command itself. It makes user, mount, pid and
 * IPC namespaces, mounts what programs expect, registers itself in a binfmt_misc table that only
 * these namespaces see (Linux 6.7 and later; before, the command alone is started by mimus, which
 * then runs what it executes), changes the root and runs the command. Nothing of the machine is
 * changed.
 *
 *   mimus-run (parent)      writes the id maps, passes signals on, exits as the command did
 *     init (pid 1 inside)   mounts; waits for whoever dies inside
 *       command
 */
#pragma once

#include <limits.h>
#include <sys/types.h>

#include "translate/base/base.h"

enum { RUN_BINDS_MAX = 64, RUN_ENV_MAX = 128, RUN_WORDS_MAX = 64 };
enum { RUN_STATUS_SETUP = 125, RUN_STATUS_CANNOT = 126, RUN_STATUS_NOT_FOUND = 127 };

typedef struct {
    const char *source, *target;    /* host path; path inside */
    bool read_only;
} RunBind;

/* What the command line asks for. */
typedef struct {
    const char *root;
    char **command;                 /* ended by NULL; NULL: the user's shell */
    const char *user;               /* NAME or UID, with :GROUP or :GID; NULL: root */
    const char *workdir;            /* inside; NULL: / */
    const char *hostname;
    bool discard;                   /* changes to the root are kept apart, and gone at the end */
    bool no_table;                  /* do not use binfmt_misc */
    bool no_network;                /* a network namespace of its own with nothing but loopback */
    RunBind bind[RUN_BINDS_MAX];
    unsigned n_bind;
    const char *env[RUN_ENV_MAX];   /* NAME=VALUE */
    unsigned n_env;
    int self_fd;                    /* this program */
    char self[PATH_MAX];
} RunJob;

/* Who the command runs as, from the files of the root. */
typedef struct {
    uid_t uid;
    gid_t gid;
    gid_t groups[64];
    int n_groups;
    char name[64], home[PATH_MAX], shell[PATH_MAX];
} RunAccount;

/*
 * run_main: the program. Returns its exit status. Only the file mimus-run has it: mimus does without
 * what reads container images.
 */
int run_main(int argc, char **argv) __attribute__((weak));

/* run_fail: one line on stderr, "mimus-run: ...", and exit with status RUN_STATUS_SETUP. */
void run_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void run_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- ids.c ---- */

/*
 * run_map_ids: from outside, the ids that process pid has in its new user namespace: all of ours for
 * root; for others our own as root, and those of /etc/subuid and /etc/subgid when newuidmap(1) is
 * there. False: there is only one id inside, and groups cannot be set.
 */
bool run_map_ids(pid_t pid);

/* ---- mounts.c: inside, as root of the namespace; what fails and matters ends the program ---- */

/*
 * run_mounts: /proc, /dev, /sys, resolv.conf and the binds, below job->root, which with job->discard
 * becomes an overlay of what it was.
 */
void run_mounts(RunJob *job);

/* run_register: a binfmt_misc table of our own. False: this kernel has none for us. */
bool run_register(const RunJob *job);

/* run_enter: job->root becomes the root. */
void run_enter(const RunJob *job);

/* ---- account.c ---- */

/*
 * run_account: look up what --user says in the root as it is: after run_enter(), or outside. NULL:
 * done, else why not.
 */
const char *run_account(const char *user, RunAccount *a);
