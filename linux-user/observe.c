// SPDX-License-Identifier: MIT
/*
 * observe.c: reports are printed by the process that they are about, as its last act: exit,
 * exit_group, or a signal that is fatal and passes through our hands. A program that the kernel
 * kills at once (SIGKILL) prints nothing, nor does one that replaces itself by execve.
 */
#include "linux-user/observe.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux-user/options.h"
#include "signal/signal.h"
#include "syscall/host_call.h"
#include "syscall/own_fd.h"
#include "translate/base/log.h"
#include "translate/stats.h"

static const char *program_name = "";

/* Of the process that prints: the child of a vfork has our memory and another number. */
static pid_t owner;
static atomic_flag printed;

static bool active(void)
{
    return options.stats != STATS_NONE;
}

void observe_init(void)
{
    stats_on = options.stats != STATS_NONE;
}

/* keep_stderr: many programs close theirs before they end. */
static void keep_stderr(void)
{
    int fd = log_is_open() ? -1 : (int)host_call(SYS_fcntl, STDERR_FILENO, F_DUPFD_CLOEXEC, 64);

    if (fd >= 0 && (fd = own_fd_add(fd)) >= 0)
        log_use(fd);
}

void observe_start(Thread *t, const char *program)
{
    (void)t;
    if (!active())
        return;
    owner = getpid();
    program_name = strdup(program);
    keep_stderr();
    signal_last_words = observe_exit;
}

void observe_fork_child(Thread *t)
{
    if (!active())
        return;
    owner = getpid();
    atomic_flag_clear(&printed);
    stats_fork_child(t->env);
}

static void print(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    if (!f)
        return;
    if (options.stats != STATS_NONE)
        stats_print(f, options.stats == STATS_JSON, program_name);
    fclose(f);
    log_raw(text, len);
    free(text);
}

void observe_exit(void)
{
    if (active() && owner == getpid() && !atomic_flag_test_and_set(&printed))
        print();
}
