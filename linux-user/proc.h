/* SPDX-License-Identifier: MIT */
/*
 * proc.h: files of /proc whose content mimus itself must tell. The hooks that
 * system call handlers use are declared in syscall/path.h, one level below.
 *
 * Answered, for this process under any of its names (self, thread-self, its number, and below
 * task/): exe, maps, smaps, auxv, cmdline, environ; and /proc/cpuinfo; for other processes see
 * proc_other.h. Only when the host has a /proc mounted where the guest looks.
 */
#pragma once

#include "elfload/stack.h"
#include "linux-user/proc_text.h"
#include "syscall/path.h"

/* What the loader knows of the running program. */
typedef struct {
    char exe[PATH_MAX];         /* host path; "" when unknown */
    dev_t exe_dev;              /* its file */
    ino_t exe_ino;
    int exe_fd;                 /* kept when the path does not lead there (deleted, memfd); -1 */
    StackInfo stack;
    uint64_t vdso, vdso_bytes;
} Program;

extern Program program;

/* proc_publish: let other processes see the guest's arguments; once program.stack is filled. */
void proc_publish(void);

/* proc_is_ours: a mapping that belongs to mimus as a whole, by its name or permission. */
bool proc_is_ours(const MapLine *m);

/* proc_smaps: text of the guest's /proc/self/smaps, to be freed; NULL when there is none. */
char *proc_smaps(Thread *t);

/* proc_exe_path: is name (absolute, below /proc) our exe link? Then the file it means. */
bool proc_exe_path(Thread *t, const char *name, char *out, size_t len);
