/* SPDX-License-Identifier: MIT */
/*
 * core_file.h: the guest as an ELF core file, as its own kernel would write it: registers of each
 * thread in the guest's layout, the guest's mappings, nothing of mimus.
 */
#pragma once

#include "syscall/user.h"

/* Notes of one thread, as bytes of a PT_NOTE segment. */
typedef struct {
    uint8_t *p;
    size_t len, cap;
} CoreNotes;

/*
 * core_thread_notes: registers of t, the calling thread; sig is what kills the process. False: no
 * memory.
 */
bool core_thread_notes(Thread *t, int sig, CoreNotes *out);

/*
 * core_write: the whole file to fd, of which no more than limit bytes.
 *
 *   t, info     the thread that dies and its signal
 *   others      notes of the n_others other threads
 *   smaps       text of the guest's /proc/self/smaps; is taken apart
 *   filter      bits of /proc/self/coredump_filter
 *
 * Returns 0 or -errno.
 */
int core_write(Thread *t, const siginfo_t *info, const CoreNotes *others, unsigned n_others,
               char *smaps, uint64_t filter, int fd, uint64_t limit);
