/* SPDX-License-Identifier: MIT */
/*
 * path_prefix.h: -L prefix: where files of the guest are looked for. The hooks that
 * system call handlers use are declared in syscall/path.h, one level below.
 *
 * A prefix is a directory that holds the guest's libraries or its whole root. Absolute paths
 * of the guest mean the file below the prefix when there is one, else the host's own; links
 * inside the prefix stay inside (RESOLVE_IN_ROOT). /dev, /proc, /sys, /run and /tmp are the
 * host's always. A file that is made goes where its directory is on the host, unless that
 * directory exists below the prefix only.
 */
#pragma once

#include "syscall/path.h"

/* path_prefix_set: dir is absolute. Called once, before the guest runs. */
void path_prefix_set(const char *dir);
