/* SPDX-License-Identifier: MIT */
/*
 * interp.h: the interpreter: what the IR means, as C. It is the engine of `-accel
 * interp`, the oracle of the tests, and runs single instructions for the JIT where the
 * inline code has no exact answer.
 *
 * All guest state is in env->state, at the offsets the Guest names. The guest's pc field
 * is that of the instruction in work while it runs, so state is exact whenever control
 * leaves. When the Guest says top_byte_ignore, data and branch addresses are used without
 * their top byte.
 *
 * Faults of guest accesses
 *   Each access to guest memory (and each helper that may fault) runs between
 *       rt.access_addr = address; rt.in_access = INTERP_DATA;  ...  rt.in_access = 0;
 *   and the innermost interp_ call has put a sigjmp_buf into rt.access_jmp. The host's
 *   fault handler calls interp_fault(), which aims the interrupted context at a siglongjmp
 *   there; the handler then just returns, which restores signal mask, stack and FP state.
 *   No guest register was changed by the instruction before, by the order rules of ir.h.
 *   While code is being lifted rt.in_access is INTERP_FETCH, and the result EXIT_FETCH.
 */
#pragma once

#include <signal.h>
#include <ucontext.h>

#include "translate/guest.h"

enum { INTERP_DATA = 1, INTERP_FETCH = 2 }; /* EnvRt.in_access */

/*
 * interp_init: the guest whose code interp_step() and interp_run() lift. Once, at start.
 */
void interp_init(const Guest *guest);

/*
 * interp_block: run the ops of b, which must pass ir_verify(), on env.
 *
 * Returns EXIT_NONE when the pc field says where to go on, else why not. EXIT_FAULT: the
 * pc field is the faulting instruction's, and the fault_ fields are set.
 */
ExitKind interp_block(Env *env, const IrBlock *b);

/*
 * interp_step: lift the one instruction at the pc and run it. Returns as interp_block(),
 * or EXIT_FETCH when the pc cannot be executed.
 */
ExitKind interp_step(Env *env);

/*
 * interp_some: the same with what follows the instruction, up to the end of a block. When the
 * interpreter asks for an instruction by itself (EnvRt.rseq_single) it ends before that, and the next
 * call runs it.
 */
ExitKind interp_some(Env *env);

/* interp_run: run from the pc until something happens; never returns EXIT_NONE. */
ExitKind interp_run(Env *env);

/* interp_invalidate: forget all lifted code of all threads before their next block. */
void interp_invalidate(void);

/* interp_free: drop env's lifted blocks (thread ends). */
void interp_free(Env *env);

/* interp_log_counts: with -d counts, log what ran so far (counts.h). Any thread. */
void interp_log_counts(void);

/* interp_fork_child: what the parent ran does not count here. */
void interp_fork_child(void);

/*
 * interp_fault: call first from a handler of SIGSEGV and SIGBUS.
 *
 * Returns true when the fault came from a guest access of the interpreter; uc was
 * changed, and the handler has to return at once. Async-signal-safe.
 */
bool interp_fault(Env *env, int sig, const siginfo_t *info, ucontext_t *uc);
