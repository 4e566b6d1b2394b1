/* SPDX-License-Identifier: MIT */
/* core_dump.h: core files of the guest in place of mimus's own. */
#pragma once

#include "syscall/user.h"

/* core_start: from now on a signal that leaves a core file leaves the guest's. Once, at start. */
void core_start(Thread *t);
