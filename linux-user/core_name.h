/* SPDX-License-Identifier: MIT */
/* core_name.h: the name of a core file: /proc/sys/kernel/core_pattern filled in, core(5). */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct {
    pid_t pid, tid;
    uid_t uid;
    gid_t gid;
    int sig, dumpable;
    uint64_t time, limit;       /* seconds; RLIMIT_CORE */
    const char *comm, *exe, *host;
    bool uses_pid;              /* core_uses_pid: ".PID" is added when the pattern has no %p */
} CoreFacts;

/* core_name: false when it does not fit len bytes. */
bool core_name(char *out, size_t len, const char *pattern, const CoreFacts *f);
