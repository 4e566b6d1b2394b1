/* SPDX-License-Identifier: MIT */
/*
 * explain.h: the one line that says why a program cannot be started, and the exit status a
 * shell would give: 127 when something is missing, 126 when it cannot be run.
 */
#pragma once

#include "linux-user/exec.h"

/*
 * explain_error: end the process since starting path failed.
 *
 *   plan    as far as it got; says which interpreter was looked for
 *   err     -errno
 *   why     constant text that came with it
 */
_Noreturn void explain_error(const char *path, const ExecPlan *plan, int err, const char *why);

/* explain_no_guest: the same for a plan that is complete but is no guest's program. */
_Noreturn void explain_no_guest(const char *path, const ExecPlan *plan);

/* explain_wrong_guest: the same for one of another guest than asked for. */
_Noreturn void explain_wrong_guest(const char *path, const ExecPlan *plan, const Guest *only);
