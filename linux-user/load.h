/* SPDX-License-Identifier: MIT */
/* load.h: from a planned program to a guest that is ready to run. */
#pragma once

#include "linux-user/exec.h"

/*
 * load_program: map the program and its interpreter, the vDSO and the stack, and set t's
 * registers to the first instruction. argv and envp are the guest's. Returns 0, or -errno
 * with *why; then the address space is in no state to go on.
 */
int load_program(Thread *t, ExecPlan *plan, const char *execfn, char **argv, char **envp,
                 const char **why);
