// SPDX-License-Identifier: MIT
/*
 * run.c: the run loop: guest code until something happens, then what Linux would do about it.
 * Faults become signals with the codes arm64 and its kin use; everything else is left to
 * signal_deliver().
 */
#include "linux-user/run.h"

#include "linux-user/thread.h"
#include "signal/signal.h"
#include "translate/base/log.h"
#include "translate/translate.h"

static void handle_exit(Thread *t, ExitKind why)
{
    EnvRt *rt = &t->env->rt;
    uint64_t pc = t->abi->get_pc(t->env);

    switch (why) {
    case EXIT_UNDEF:
        LOG(unimp, "undefined instruction 0x%08x, pc 0x%llx", rt->exit_arg,
            (unsigned long long)pc);
        signal_force(t, SIGILL, ILL_ILLOPC, pc);
        break;
    case EXIT_BREAK:
        signal_force(t, SIGTRAP, TRAP_BRKPT, pc);
        break;
    case EXIT_FAULT:
    case EXIT_FETCH:
        signal_force(t, rt->fault_sig, rt->fault_code, rt->fault_addr);
        break;
    case EXIT_NONE:
    case EXIT_POKE:
    case EXIT_SYSCALL:
        break;
    }
}

void run_thread(Thread *t)
{
    while (!t->exiting) {
        ExitKind why = env_run(t->env);

        if (__builtin_expect(signal_stopping, 0))
            thread_stand(t);
        handle_exit(t, why);
        if (t->exiting)
            break;
        env_poke_seen(t->env);
        if (t->pending || t->signals->restart || t->restore_saved_mask)
            signal_deliver(t);
    }
}
