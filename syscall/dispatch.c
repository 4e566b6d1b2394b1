/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c: from a system call instruction to the handler of its row, and back.
 *
 * This is a hot path: no locks, no allocation. Results from -516 to -512 are not the
 * guest's to see, signal/ decides about them; after every call a waiting signal leaves
 * the run loop, so that its handler runs before the next guest instruction, as after a
 * native call.
 */
#include "gen/syscalls.h"

#include <errno.h>
#include <inttypes.h>

#include "signal/signal.h"
#include "syscall/host_call.h"
#include "syscall/narrow.h"
#include "translate/base/log.h"

bool syscall_trace;

enum { RESTART_FIRST = -516, RESTART_LAST = -512 };

/*
 * seen_before: remember call sites that were logged. A site that finds its slot taken by
 * another replaces it, so at worst a line appears again.
 */
static bool seen_before(uint64_t pc, uint64_t nr)
{
    static _Atomic uint64_t seen[256];
    uint64_t key = pc * 0x9e3779b97f4a7c15ull ^ nr;

    return atomic_exchange_explicit(&seen[key >> 56], key, memory_order_relaxed) == key;
}

long syscall_refused(Thread *t, int err)
{
    uint64_t pc = t->abi->get_pc(t->env);

    if (LOG_ON(unimp) && !seen_before(pc, (uint64_t)t->syscall_nr)) {
        int id = t->abi->syscall_map[t->syscall_nr];

        LOG(unimp, "system call %s refused with errno %d, pc 0x%" PRIx64,
            syscall_rows[id].name, err, pc);
    }
    return -err;
}

static long unknown_number(Thread *t, uint64_t nr)
{
    uint64_t pc = t->abi->get_pc(t->env);

    if (LOG_ON(unimp) && !seen_before(pc, nr)) {
        LOG(unimp, "no system call has number %" PRIu64 ", pc 0x%" PRIx64, nr, pc);
    }
    if (syscall_trace) {
        uint64_t args[SYSCALL_MAX_ARGS];

        for (unsigned i = 0; i < SYSCALL_MAX_ARGS; i++) {
            args[i] = t->abi->syscall_arg(t->env, i);
        }
        syscall_trace_unknown(t, nr, args);
    }
    return -ENOSYS;
}

/* call_narrow: kept apart, off the path of other guests. */
static __attribute__((noinline)) long call_narrow(Thread *t, const SyscallRow *row)
{
    uint64_t args[SYSCALL_MAX_ARGS];

    if (!syscall_trace) {
        return narrow_call(t, (unsigned)(row - syscall_rows));
    }
    narrow_args(t, row, args);
    return syscall_traced(t, row, args);
}

static long call_row(Thread *t, const SyscallRow *row)
{
    uint64_t args[SYSCALL_MAX_ARGS];

    if (__builtin_expect(t->abi->narrow, 0)) {
        return call_narrow(t, row);
    }

    for (unsigned i = 0; i < row->n_args; i++) {
        args[i] = t->abi->syscall_arg(t->env, i);
    }
    if (__builtin_expect(syscall_trace, 0)) {
        return syscall_traced(t, row, args);
    }
    return row->call(t, args);
}

int syscall_dispatch(Env *env, uint32_t imm)
{
    Thread *t = env->rt.user;
    const LinuxGuest *abi = t->abi;
    uint64_t nr = abi->syscall_number(env);
    int id = nr < abi->syscall_count ? abi->syscall_map[nr] : -1;
    long result;

    (void)imm; /* Linux guests ignore the number inside the instruction */
    t->syscall_nr = (int32_t)nr;
    t->syscall_arg0 = abi->syscall_arg(env, 0);
    result = id >= 0 ? call_row(t, &syscall_rows[id]) : unknown_number(t, nr);
    if (__builtin_expect(result >= RESTART_FIRST && result <= RESTART_LAST, 0)) {
        return signal_syscall_result(t, result);
    }
    t->syscall_nr = -1;
    if (__builtin_expect(result == SYS_NO_RESULT, 0)) {
        return 1;
    }
    abi->set_result(env, result);
    return signal_waiting(t) || t->exiting;
}

bool syscall_quick(Env *env)
{
    Thread *t = env->rt.user;
    const LinuxGuest *abi = t->abi;
    uint64_t nr = abi->syscall_number(env);
    int id = nr < abi->syscall_count ? abi->syscall_map[nr] : -1;

    if ((id != SC_clock_gettime && id != SC_gettimeofday) || syscall_trace ||
        !time_quick(id == SC_gettimeofday, abi->syscall_arg(env, 0), abi->syscall_arg(env, 1)))
        return false;
    abi->set_result(env, 0);
    return true;
}

void syscalls_print_list(FILE *f)
{
    static const char *const support[] = { "full", "part", "refused", "todo" };

    for (unsigned i = 0; i < SC_COUNT; i++) {
        const SyscallRow *r = &syscall_rows[i];

        fprintf(f, "%-24s %-8s %-8s%s%s\n", r->name, support[r->support], r->family,
                *r->note ? " " : "", r->note);
    }
}
