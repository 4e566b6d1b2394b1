/* SPDX-License-Identifier: MIT */
/*
 * perf_files.h: translated code made known to perf(1).
 *
 *   -perfmap   /tmp/perf-PID.map: a line "address size name" for each block, for `perf report`
 *   -jitdump   DIR/jit-PID.dump: the same with code and times, for `perf record -k mono` and
 *              `perf inject --jit` (tools/perf/Documentation/jitdump-specification.txt in Linux)
 *
 * Names are guest_symbol+0xoffset or guest:0xaddress; what lies out of line has " [cold]" behind.
 * Each unit is one write(2) as soon as it exists, so nothing is lost however the process ends. A
 * child of fork writes files of its own, beginning with the code it inherits. A program that
 * replaces another by execve goes on in the same files, for it has the same number.
 */
#pragma once

#include <stdbool.h>

/* perf_files_start: again: this process was executed by a mimus that may have begun files. */
void perf_files_start(bool again);

/* perf_files_fork_prepare, _parent, _child: around a fork. */
void perf_files_fork_prepare(void);
void perf_files_fork_parent(void);
void perf_files_fork_child(void);
