// SPDX-License-Identifier: MIT
/*
 * core_dump.c: who writes the core file, and when.
 *
 * Only the kernel can set "core dumped" in a wait status, and it does so only when it wrote a file
 * itself, of the host's process, under the very name the guest's file must have. So both happen:
 *
 *   1. the other threads stop with their state in memory, the guest's core is written to a file
 *      that has no name yet (O_TMPFILE);
 *   2. a helper process attaches to this thread (ptrace), RLIMIT_CORE goes down to what the kernel
 *      takes for a core at all, a page, and the signal is raised;
 *   3. the kernel writes its page; as the thread exits the helper gives the guest's file the name,
 *      and lets go: whoever waits for the process is told after that.
 *
 * Where attaching is not allowed the file gets its name before the end, and the status does not
 * tell of it. A pattern that is a pipe is left to the kernel, which alone can start what is at its
 * other end: it gets mimus's memory. The same rules as the kernel's decide whether there is a
 * file: RLIMIT_CORE of at least a page, a process that is dumpable.
 */
#include "linux-user/core_dump.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "linux-user/core_file.h"
#include "linux-user/core_name.h"
#include "linux-user/path_prefix.h"
#include "linux-user/proc.h"
#include "linux-user/thread.h"
#include "signal/signal.h"
#include "syscall/host_call.h"
#include "translate/base/log.h"

enum { CORE_LEAST = PAGE_BYTES, THREADS_MAX = 4096, PR_SET_PTRACER_ = 0x59616d61 };

/* What is known of the file to make. */
typedef struct {
    char pattern[256], comm[16], host_exe[PATH_MAX];
    struct utsname uts;
    CoreFacts guest, kernel;    /* what each of the two would name the file after */
    char name[PATH_MAX], temp[PATH_MAX + 16];
    int fd;
    struct rlimit limit;
} Core;

static Core core;
static CoreNotes notes[THREADS_MAX];
static _Atomic unsigned n_notes;
static _Atomic pid_t dumper;        /* the process; the child of a vfork is another */

static size_t read_text(const char *path, char *buf, size_t len)
{
    long fd = host_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    long n = fd < 0 ? -1 : host_call(SYS_read, fd, buf, len - 1);

    if (fd >= 0)
        host_call(SYS_close, fd);
    n = n < 0 ? 0 : n;
    while (n && buf[n - 1] == '\n')
        n--;
    buf[n] = 0;
    return (size_t)n;
}

/* wanted: would the kernel write a file here? Then its limit and the pattern are known. */
static bool wanted(Core *c)
{
    char text[16];

    if (getrlimit(RLIMIT_CORE, &c->limit) || c->limit.rlim_cur < CORE_LEAST ||
        prctl(PR_GET_DUMPABLE) != 1)
        return false;
    read_text("/proc/sys/kernel/core_pattern", c->pattern, sizeof(c->pattern));
    c->guest.uses_pid = read_text("/proc/sys/kernel/core_uses_pid", text, sizeof(text)) &&
                        *text != '0';
    if (*c->pattern == '|' || *c->pattern == '@')
        return false;
    return *c->pattern || c->guest.uses_pid;
}

static void gather(Core *c, Thread *t, int sig)
{
    long n = host_call(SYS_readlink, "/proc/self/exe", c->host_exe, sizeof(c->host_exe) - 1);

    c->host_exe[n < 0 ? 0 : n] = 0;
    prctl(PR_GET_NAME, c->comm);
    uname(&c->uts);
    c->guest = (CoreFacts){
        .pid = getpid(), .tid = t->tid, .uid = getuid(), .gid = getgid(), .sig = sig,
        .dumpable = 1, .time = (uint64_t)time(NULL), .limit = c->limit.rlim_cur,
        .comm = c->comm, .exe = path_prefix_strip(program.exe), .host = c->uts.nodename,
        .uses_pid = c->guest.uses_pid,
    };
    c->kernel = c->guest;
    c->kernel.exe = c->host_exe;
    c->kernel.limit = CORE_LEAST;
}

/* ---- the file ---- */

/* file_open: without a name, or where that is not possible under one nobody looks for. */
static int file_open(Core *c)
{
    char dir[PATH_MAX];
    char *slash;
    long fd;

    if (!core_name(c->name, sizeof(c->name), c->pattern, &c->guest))
        return -ENAMETOOLONG;
    strcpy(dir, c->name);
    slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = 0;
    else
        strcpy(dir, ".");
    fd = host_call(SYS_openat, AT_FDCWD, dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        snprintf(c->temp, sizeof(c->temp), "%s.%d.part", c->name, (int)getpid());
        fd = host_call(SYS_openat, AT_FDCWD, c->temp,
                       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    return (int)fd;
}

static void file_name(const Core *c)
{
    char from[32];

    host_call(SYS_unlink, c->name);
    if (*c->temp) {
        host_call(SYS_rename, c->temp, c->name);
        return;
    }
    snprintf(from, sizeof(from), "/proc/self/fd/%d", c->fd);
    host_call(SYS_linkat, AT_FDCWD, from, AT_FDCWD, c->name, AT_SYMLINK_FOLLOW);
}

/* keep_notes: what each other thread does before it stands still. */
static void keep_notes(Thread *t)
{
    unsigned i = atomic_fetch_add(&n_notes, 1);

    if (i < THREADS_MAX)
        core_thread_notes(t, core.guest.sig, &notes[i]);
}

static int file_write(Core *c, Thread *t, const siginfo_t *info)
{
    char filter[32];
    int err = -ENOMEM;

    n_notes = 0;
    thread_last_act = keep_notes;
    threads_stop(t);
    unsigned n = n_notes < THREADS_MAX ? n_notes : THREADS_MAX;
    char *smaps = proc_smaps(t);

    if (!read_text("/proc/self/coredump_filter", filter, sizeof(filter)))
        strcpy(filter, "33");
    if (smaps)
        err = core_write(t, info, notes, n, smaps, strtoul(filter, NULL, 16), c->fd,
                         c->limit.rlim_cur);
    free(smaps);
    return err;
}

/* ---- the helper ---- */

enum { HELPER_STARTS, HELPER_ATTACHED, HELPER_FAILED };

/* kernels_file_away: the kernel's file goes, whose name may hold the second it was made in. */
static void kernels_file_away(Core *c)
{
    char name[PATH_MAX];
    uint64_t now = (uint64_t)time(NULL);

    for (uint64_t s = c->guest.time; s <= now; s++) {
        c->kernel.time = s;
        if (core_name(name, sizeof(name), c->pattern, &c->kernel) &&
            host_call(SYS_unlink, name) == 0)
            return;
    }
}

static long raw_ptrace(long request, pid_t tid, long addr, long data)
{
    return host_call(SYS_ptrace, request, tid, addr, data);
}

/* helper_run: in the helper: from attaching to the thread's exit. */
static void helper_run(Core *c, pid_t tid, _Atomic uint32_t *state)
{
    bool ok = raw_ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACEEXIT) == 0;
    int status;

    *state = ok ? HELPER_ATTACHED : HELPER_FAILED;
    host_call(SYS_futex, state, FUTEX_WAKE, 1, 0, 0, 0);
    while (ok) {
        long pid = host_call(SYS_wait4, tid, &status, __WALL, 0);

        if (pid == -EINTR)
            continue;
        if (pid != tid || !WIFSTOPPED(status))
            break;
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
            kernels_file_away(c);
            file_name(c);
            raw_ptrace(PTRACE_DETACH, tid, 0, 0);
            break;
        }
        raw_ptrace(PTRACE_CONT, tid, 0, status >> 16 ? 0 : WSTOPSIG(status));
    }
    host_call(SYS_exit_group, 0);
}

/* helper_start: true once it is attached to this thread. */
static bool helper_start(Core *c, pid_t tid)
{
    const struct timespec second = { 1, 0 };
    _Atomic uint32_t *state = (void *)host_call(SYS_mmap, 0, PAGE_BYTES, PROT_READ | PROT_WRITE,
                                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if ((long)state < 0)
        return false;
    long pid = host_call(SYS_clone, 0, 0, 0, 0, 0);

    if (pid == 0) {
        /* Not before the parent has allowed it. */
        host_call(SYS_futex, state, FUTEX_WAIT, HELPER_STARTS, &second, 0, 0);
        helper_run(c, tid, state + 1);
    }
    if (pid < 0)
        return false;
    prctl(PR_SET_PTRACER_, pid);
    state[0] = 1;
    host_call(SYS_futex, state, FUTEX_WAKE, 1, 0, 0, 0);
    while (state[1] == HELPER_STARTS &&
           host_call(SYS_futex, state + 1, FUTEX_WAIT, HELPER_STARTS, &second, 0, 0) != -ETIMEDOUT)
        ;
    bool attached = state[1] == HELPER_ATTACHED;

    host_call(SYS_munmap, state, PAGE_BYTES);
    return attached;
}

/* limit_core: for the file that the kernel writes of mimus. */
static void limit_core(Core *c, rlim_t bytes)
{
    c->limit.rlim_cur = bytes;
    setrlimit(RLIMIT_CORE, &c->limit);
}

static void dump(Thread *t, const siginfo_t *info)
{
    pid_t own = getpid();
    Core *c = &core;

    if (!wanted(c))
        return;
    if (atomic_exchange(&dumper, own) == own)
        thread_stand(t);
    signal_block_all();
    gather(c, t, info->si_signo);
    c->fd = file_open(c);
    int err = c->fd < 0 ? c->fd : file_write(c, t, info);

    LOG(signal, "%d: core file %s: %d", t->tid, c->name, err);
    if (err < 0) {
        limit_core(c, 0);
    } else if (helper_start(c, t->tid)) {
        limit_core(c, CORE_LEAST);
    } else {
        file_name(c);
        limit_core(c, 0);
    }
}

void core_start(Thread *t)
{
    struct rlimit limit;

    signal_core = dump;
    if (getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur)
        signal_watch_cores(t);
}
