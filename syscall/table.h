/* SPDX-License-Identifier: MIT */
/*
 * table.h: what a row of syscalls.tbl, flags.tbl and ioctl.tbl becomes. The rows
 * themselves are made by scripts/gen_syscalls.py; include "gen/syscalls.h", which
 * includes this.
 */
#pragma once

#include <stdio.h>

#include "syscall/user.h"

/* How an argument is shown by the trace. */
enum { ARG_INT, ARG_UINT, ARG_LONG, ARG_ULONG, ARG_HEX, ARG_MODE, ARG_PTR, ARG_STR, ARG_STRV,
       ARG_FD, ARG_DIRFD, ARG_SIG, ARG_FLAGS, ARG_ENUM, ARG_OFFSET /* 64 bits for all guests */ };

enum { RESULT_ERR, RESULT_FD, RESULT_SIZE, RESULT_INT, RESULT_PID, RESULT_ADDR, RESULT_LONG,
       RESULT_NONE };

enum { SUPPORT_FULL, SUPPORT_PART, SUPPORT_REFUSE, SUPPORT_TODO };

enum { SYSCALL_MAX_ARGS = 6 };

typedef struct {
    uint8_t kind;           /* ARG_ */
    uint8_t set;            /* FLAGS_ of ARG_FLAGS, ARG_ENUM */
} ArgSpec;

/* One system call; call, n_args come first since only they are used when not tracing. */
typedef struct {
    long (*call)(Thread *t, const uint64_t *args);
    uint8_t n_args;
    uint8_t support;        /* SUPPORT_ */
    uint8_t result;         /* RESULT_ */
    const char *name;
    ArgSpec args[SYSCALL_MAX_ARGS];
    const char *args_text;  /* as in the table */
    const char *family;
    const char *note;
} SyscallRow;

extern const SyscallRow syscall_rows[];     /* indexed by SyscallId */

/* ---- flags.tbl ---- */

typedef struct {
    uint32_t value;         /* host value; 0 alone names the empty set */
    const char *name;       /* NULL ends the list */
} FlagName;

typedef struct {
    uint32_t guest, host;   /* both 0 ends the list */
} FlagPair;

typedef struct {
    const char *guest;      /* Guest.name; NULL ends the list */
    const FlagPair *open;   /* O_ flags that differ */
} GuestFlags;

extern const FlagName *const flag_names[];
extern const GuestFlags guest_flag_maps[];

/* open_flags_to_host, open_flags_to_guest: O_ flags as the other side numbers them. */
uint32_t open_flags_to_host(Thread *t, uint32_t flags);
uint32_t open_flags_to_guest(Thread *t, uint32_t flags);

/* ---- ioctl.tbl ---- */

typedef struct {
    uint32_t request;
    const char *name;       /* NULL ends the list */
} IoctlRow;

extern const bool ioctl_class_safe[256];    /* indexed by the type byte of a request */
extern const IoctlRow ioctl_rows[];

/* ---- dispatch ---- */

/* syscall_refused: log a call we do not do, once per call site; returns -err. */
long syscall_refused(Thread *t, int err);

/* syscalls_print_list: what each call's support is, as `mimus --syscalls` shows it. */
void syscalls_print_list(FILE *f);

/* ---- trace ---- */

/* syscall_trace: print each system call (-strace). Set before the guest starts. */
extern bool syscall_trace;

/* syscall_traced: make the call as row->call would and print its line. */
long syscall_traced(Thread *t, const SyscallRow *row, const uint64_t *args);
/* syscall_trace_unknown: the line of a number without a row. */
void syscall_trace_unknown(Thread *t, uint64_t nr, const uint64_t *args);
