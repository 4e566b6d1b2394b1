/* SPDX-License-Identifier: MIT */
/*
 * stats.h: counters of -stats: what was translated and what that cost, why translated code was
 * left, look-ups, calls of C by name, faults.
 *
 * Without -stats nothing is counted but what the code cache counts under its lock anyway: the
 * emitter adds its increments, and the run-time entries get their counting twins, only when
 * stats_on was set before translate_init(). Counters of the whole process are relaxed atomics;
 * those that translated code increments are in each Env (EnvRt.count) and are summed when an
 * Env goes and at the end. A child made by fork starts at zero: what every process prints is
 * its own work.
 */
#pragma once

#include <stdio.h>

#include "translate/env.h"
#include "translate/ir/ir.h"

/* Counters: group, identifier, name as printed (spaces become _ in JSON). */
// clang-format off
#define STATS_COUNTERS(X)                              \
    X(exits,   exit_link,      "unlinked edge")        \
    X(exits,   exit_lookup,    "indirect miss")        \
    X(exits,   exit_syscall,   "system call")          \
    X(exits,   exit_poll,      "poll")                 \
    X(exits,   exit_step,      "interpreted instruction") \
    X(exits,   exit_fault,     "fault")                \
    X(exits,   exit_fetch,     "fetch fault")          \
    X(exits,   exit_undef,     "undefined")            \
    X(exits,   exit_break,     "breakpoint")           \
    X(exits,   exit_sync,      "resynchronise")        \
    X(lookups, map_lookup,     "block map")            \
    X(lookups, map_miss,       "block map misses")     \
    X(faults,  fault_nan,      "invalid operation")    \
    X(faults,  fault_tagged,   "tagged address")       \
    X(faults,  fault_shadow,   "shadow stack full")    \
    X(faults,  fault_poll,     "poll page")            \
    X(faults,  fault_segv,     "SIGSEGV")              \
    X(faults,  fault_bus,      "SIGBUS")               \
    X(faults,  fault_interp,   "in the interpreter")   \
    X(dropped, units_lost,     "translated in vain")
// clang-format on

typedef enum {
#define X(group, id, name) STAT_##id,
    STATS_COUNTERS(X)
#undef X
    STAT_COUNT
} StatCounter;

/* EnvRt.count, incremented by translated code. */
enum { ENV_COUNT_PROBE, ENV_COUNT_PROBE_AGAIN, ENV_COUNT_RET, ENV_COUNT_RET_MISS };

/* Parts of a translation. */
typedef enum { PHASE_LIFT, PHASE_ANALYSE, PHASE_EMIT, PHASE_COMMIT, PHASE_COUNT } StatPhase;

/* EnvRt.doing: what a thread is at when it is not in translated code; kept with -profile. */
enum { DOING_GUEST, DOING_TRANSLATE, DOING_INTERP, DOING_C, DOING_SYSCALL };

extern bool stats_on;
extern bool stats_doing;    /* keep EnvRt.doing */
extern uint64_t stats_counter[STAT_COUNT];

#define STATS_ON __builtin_expect(stats_on, 0)

static inline void stats_add(StatCounter c)
{
    if (STATS_ON)
        __atomic_fetch_add(&stats_counter[c], 1, __ATOMIC_RELAXED);
}

/*
 * stats_begin: a translation starts in this thread; stats_phase: what was done since the call
 * before was this part of it; stats_end: n guest instructions are translated (0: given up).
 */
void stats_begin(void);
void stats_phase(StatPhase p);
void stats_end(unsigned n);

/* stats_code: bytes of a unit: its blocks, and what is out of line: cold code, constants, exits. */
void stats_code(uint32_t hot, uint32_t cold);

/* stats_step: the interpreter is to run the instruction at pc for translated code. */
void stats_step(uint64_t pc);

/* stats_exit: translated code was left, with this ExitKind or the back-end's own. */
void stats_exit(Env *env, unsigned kind);

/* stats_wrap: put counting twins of the C functions into the table of run-time entries. */
void stats_wrap(const Guest *guest, const void *table[]);

/* stats_env_gone: add up and clear what env counted. */
void stats_env_gone(Env *env);

/* stats_fork_child: everything starts at zero. */
void stats_fork_child(void);

/*
 * stats_print: everything as text, or as one JSON object on one line; title: the program.
 */
void stats_print(FILE *f, bool json, const char *title);
