/* SPDX-License-Identifier: MIT */
/*
 * proc_other.h: files of /proc of another process that is a guest of mimus, too: its exe link, its
 * maps and smaps. The kernel itself tells the rest, see proc_publish.c.
 *
 * Nothing is asked of the other process and no right is needed beyond what these files need
 * natively: which program it runs is in its maps, where its auxiliary vector says the entry is. What
 * the guest may execute is taken from the program headers of each file; of memory without a file it
 * is not known, and shown as not executable.
 */
#pragma once

#include <limits.h>
#include <sys/stat.h>

#include "linux-user/proc_text.h"

/* proc_other_exe: the name of the program as the kernel would give it; false: not such a process. */
bool proc_other_exe(const char *path, char out[PATH_MAX]);

/* proc_other_exe_path: the same as a path that leads to the file. */
bool proc_other_exe_path(const char *path, char *out, size_t len);

/* proc_other_runs: is that file the program of another process that runs by mimus? */
bool proc_other_runs(const struct stat *file);

/*
 * proc_other_maps: the text of maps or smaps, as path says. False: it is another file, or not such
 * a process.
 */
bool proc_other_maps(const char *path, Text *x);
