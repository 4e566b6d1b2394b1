// SPDX-License-Identifier: MIT
/*
 * observe.c: reports are printed by the process that they are about, as its last act: exit,
 * exit_group, or a signal that is fatal and passes through our hands. A program that the kernel
 * kills at once (SIGKILL) prints nothing, nor does one that replaces itself by execve. Signals
 * that people end programs with come to us although the guest leaves them alone: see
 * signal_last_words.
 */
#include "linux-user/observe.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux-user/exec.h"
#include "linux-user/options.h"
#include "linux-user/perf_files.h"
#include "linux-user/profile.h"
#include "signal/signal.h"
#include "syscall/host_call.h"
#include "translate/base/log.h"
#include "translate/stats.h"

static const char *program_name = "";
static const Guest *guest;

/* Of the process that prints: the child of a vfork has our memory and another number. */
static pid_t owner;
static atomic_flag printed;

static bool reports(void)
{
    return options.stats != STATS_NONE || options.profile;
}

void observe_init(void)
{
    stats_on = options.stats != STATS_NONE;
    stats_doing = options.profile;
    if (options.profile)
        profile_init();
}

/*
 * keep_log: the log is out of the guest's way; for a report standard error is kept, too, as many
 * programs close theirs before they end.
 */
static void keep_log(void)
{
    int fd = log_descriptor();

    if (fd < 0 && reports())
        fd = (int)host_call(SYS_fcntl, STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0)
        log_use(exec_keep_fd(fd));
}

void observe_start(Thread *t, const char *program, bool again)
{
    keep_log();
    perf_files_start(again);
    if (!reports())
        return;
    owner = getpid();
    guest = t->guest;
    program_name = strdup(program);
    signal_watch_deaths(t, observe_exit);
    profile_thread_start();
}

void observe_thread_start(void)
{
    profile_thread_start();
}

void observe_thread_end(void)
{
    profile_thread_end();
}

void observe_fork_prepare(void)
{
    perf_files_fork_prepare();
}

void observe_fork_parent(void)
{
    perf_files_fork_parent();
}

void observe_fork_child(void)
{
    perf_files_fork_child();
    if (!reports())
        return;
    owner = getpid();
    atomic_flag_clear(&printed);
    stats_fork_child();
    profile_fork_child();
}

/* ---- printing ---- */

static void append(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);

    /* One write, so that reports of several processes stay apart. */
    if (fd < 0 || write(fd, text, len) != (ssize_t)len)
        log_line("mimus", "%s: the profile could not be written", path);
    if (fd >= 0)
        close(fd);
}

static void print_one(void (*fn)(FILE *f), const char *path)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    if (!f)
        return;
    fn(f);
    fclose(f);
    if (path)
        append(path, text, len);
    else
        log_raw(text, len);
    free(text);
}

static void print_stats(FILE *f)
{
    stats_print(f, options.stats == STATS_JSON, program_name);
}

static void print_profile(FILE *f)
{
    profile_print(f, guest, program_name);
}

void observe_exit(void)
{
    if (!reports() || owner != getpid() || atomic_flag_test_and_set(&printed))
        return;
    if (options.profile)
        print_one(print_profile, options.profile_file);
    if (options.stats != STATS_NONE)
        print_one(print_stats, NULL);
}
