/* SPDX-License-Identifier: MIT */
/*
 * exec.h: starting programs from within the guest.
 *
 * A file for a guest CPU is run by executing mimus again, through a descriptor of our own
 * binary that works in any chroot; no binfmt_misc entry is needed. argv is the guest's own (so
 * /proc/PID/cmdline is right), the open file and what else the new mimus must know travel in
 * one variable, the last of the environment, which it takes out again. Scripts are resolved
 * here, as their interpreter may lie under the -L prefix. All else is the host kernel's; so are
 * programs that bring rights along, where binfmt_misc runs them.
 */
#pragma once

#include <limits.h>

#include "elfload/parse.h"
#include "syscall/user.h"

enum { EXEC_SCRIPT_DEPTH = 5, EXEC_SCRIPT_BYTES = 256, EXEC_LEAD_MAX = 2 * EXEC_SCRIPT_DEPTH + 1,
       EXEC_NAME_MAX = PATH_MAX + 32 };

/* why of exec_plan() when the errno says it all. */
#define EXEC_WHY_PLAIN "cannot be executed"

/* What to run for a name. */
typedef struct {
    int fd;                     /* the open file, close-on-exec; -1: only the kernel may open it */
    const Guest *guest;         /* NULL: the host kernel runs it */
    ElfImage img;               /* with guest */
    char interp[ELF_INTERP_MAX];    /* its dynamic linker when that is what failed, else "" */
    int dirfd, flags;           /* for the kernel: execveat(dirfd, path, ..., flags) */
    char path[PATH_MAX];
    /* Scripts: these stand in place of argv[0]. */
    const char *lead[EXEC_LEAD_MAX];
    unsigned n_lead;
    char script[EXEC_SCRIPT_DEPTH][EXEC_SCRIPT_BYTES];
    char script_name[EXEC_NAME_MAX];
} ExecPlan;

/*
 * exec_plan: find out how to run a program.
 *
 *   t       calling thread, or NULL at start-up
 *   dirfd, path, flags    as of execveat(2), path as the guest names it
 *   why     constant text on failure
 *
 * Returns 0 (then exec_plan_free()) or -errno as execve(2) gives it.
 */
int exec_plan(Thread *t, int dirfd, const char *path, int flags, ExecPlan *plan,
              const char **why);
void exec_plan_free(ExecPlan *plan);

/*
 * exec_keep_self: have our own binary open for later, before the guest can hide it.
 *
 *   passed   the descriptor that came with a handover, or -1
 *   argv0    our name, may be NULL; used where there is no /proc
 *
 * exec_keep_fd: move a descriptor of ours out of the guest's way; -1 (closed) when there is no
 * room.
 */
/* exec_is_self: does the file start with the page that we started with? */
bool exec_is_self(int fd);
void exec_keep_self(int passed, const char *argv0);
int exec_keep_fd(int fd);

/* exec_by_kernel: binfmt_misc started us; so it can start others. */
void exec_by_kernel(void);

/* What the variable says in a mimus that was executed by another. */
typedef struct {
    int fd;
    int self_fd;
    char name[EXEC_NAME_MAX];   /* AT_EXECFN */
} ExecHandover;

/*
 * exec_handover: was this process executed by a mimus? Then take the variable out of envp,
 * adopt the options in it, fill h and return true.
 */
bool exec_handover(char **envp, ExecHandover *h);
