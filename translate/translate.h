/* SPDX-License-Identifier: MIT */
/*
 * translate.h: the translator as its users (linux-user, system) see it.
 *
 * Start: translate_init() once, env_new() per thread, then env_run() until it returns why.
 * Guest memory is the caller's: it reports executable ranges with pages_set_exec() and changes
 * of mapped code with translate_invalidate().
 */
#pragma once

#include <signal.h>
#include <ucontext.h>

#include "translate/guest.h"

typedef enum { ACCEL_JIT, ACCEL_INTERP } Accel;

typedef struct {
    Accel accel;
    bool one_insn_per_block;
    uint64_t code_bytes;        /* size of the code cache; 0: the default (-tb-size) */
    uint64_t features;          /* guest features in force */
    unsigned cpu;               /* the guest's model in force: index into Guest.cpus */
} TranslateOptions;

extern TranslateOptions translate_options;

/* translate_init: before any other call; one guest kind per process. 0 or -errno. */
int translate_init(const Guest *guest, const TranslateOptions *options);

/* env_run: run guest code from the pc in the state until something happens. */
ExitKind env_run(Env *env);

/*
 * translate_invalidate: guest code bytes in [start, start + len) changed or went away. After
 * return no thread enters old translations of them through a jump; the calling thread must
 * return to env_run() or a block start before it executes more. Any thread.
 */
void translate_invalidate(GuestAddr start, uint64_t len);

/*
 * translate_revalidate: guest code may have changed anywhere (Guest.blanket_icache): the same for
 * whatever has other bytes now than when it was translated. env: the calling thread's.
 */
void translate_revalidate(Env *env);

/* ---- executable pages ---- */

/* pages_set_exec: pages of [start, start + len) are (not) executable by the guest. */
void pages_set_exec(GuestAddr start, uint64_t len, bool exec);
bool pages_is_exec(GuestAddr a);
/* pages_is_translated: executable, and code of it was read: it can be read again. */
bool pages_is_translated(GuestAddr a);
/* pages_has_code: some page of the range has been translated (a cheap test, may say yes wrongly). */
bool pages_has_code(GuestAddr start, uint64_t len);
/*
 * pages_note_code: the translator read code from this page. pages_note_far: also for units of
 * other pages; pages_is_far: that was once so.
 */
void pages_note_code(GuestAddr a);
void pages_note_far(GuestAddr a);
bool pages_is_far(GuestAddr a);
void pages_clear_code(GuestAddr a);
/* pages_next_code: the first translated page of the range, its address in *at; false: none. */
bool pages_next_code(GuestAddr start, uint64_t len, GuestAddr *at);
/* pages_next_exec: the same for executable pages. */
bool pages_next_exec(GuestAddr start, uint64_t len, GuestAddr *at);

/*
 * Guarded pages: an indirect branch may only go to a landing pad in them (Guest.lands_on).
 * translate_set_guarded: pages of the range are (not) guarded; nothing when the guest's CPU has
 * no such thing. pages_set_guarded: its bookkeeping; true when a page changed.
 */
void translate_set_guarded(GuestAddr start, uint64_t len, bool guarded);
bool pages_set_guarded(GuestAddr start, uint64_t len, bool guarded);
bool pages_is_guarded(GuestAddr a);
bool pages_any_guarded(void);

/*
 * translate_landing: the branch to pc that rt.btype speaks of has arrived. True: it may not land
 * there, the fault_ fields say so, and rt.btype stays for the signal frame; else rt.btype is 0.
 */
bool translate_landing(Env *env, uint64_t pc);

/* pages_exec_changes: how often pages became executable so far. */
uint32_t pages_exec_changes(void);

/* ---- host faults ---- */

typedef enum {
    FAULT_NOT_OURS,     /* not in guest code: a bug of ours, or another program's signal */
    FAULT_RESUME,       /* dealt with; return from the handler */
    FAULT_GUEST,        /* uc was changed to make env_run() return EXIT_FAULT (fault_ fields set) */
} FaultResult;

/*
 * fault_handle: call first from the handler of SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP of a
 * thread that runs an Env. Async-signal-safe. Recovers the exact guest state from the host
 * registers in uc.
 */
FaultResult fault_handle(Env *env, int sig, siginfo_t *info, ucontext_t *uc);

/*
 * fault_peek: bring the state of a thread that something stopped anywhere up to date, as far as
 * its place in translated code tells: general registers, not what an instruction is half through.
 */
void fault_peek(Env *env, const ucontext_t *uc);

/*
 * translate_before_fork: in every process, from a system call of env's thread; translates what earlier
 * children needed. translate_after_fork: in the child. See fork_hints.h.
 */
void translate_before_fork(Env *env);
void translate_after_fork(Env *env);

/*
 * translate_fork_prepare/parent/child: call around fork() in a threaded process; self is the
 * Env of the thread that goes on in the child.
 */
void translate_fork_prepare(void);
void translate_fork_parent(void);
void translate_fork_child(const Env *self);

/*
 * translate_gone: a process that shared this one's memory and took locks as pid (named_lock.h) has
 * ended, however it did.
 */
void translate_gone(pid_t pid);

/* translate_runtime: the run-time entries in host memory, for those who name code. */
const uint8_t *translate_runtime(size_t *bytes);

/* translate_end: the process ends or executes another program: what is logged at the end. */
void translate_end(void);
