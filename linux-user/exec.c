// SPDX-License-Identifier: MIT
/* exec.c: execve(2) and execveat(2): what kind of file, by whom it is run, and the handover. */
#include "linux-user/exec.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "elfload/interp.h"
#include "elfload/map.h"
#include "gen/syscalls.h"
#include "linux-user/options.h"
#include "linux-user/path_prefix.h"
#include "signal/signal.h"
#include "syscall/host_call.h"
#include "syscall/memory.h"
#include "syscall/own_fd.h"
#include "translate/base/log.h"
#include "translate/translate.h"

#define HANDOVER_VAR "MIMUS_EXEC="
enum { HANDOVER_BYTES = 32 * 1024, ENV_ON_STACK = 4096, OWN_FD_LOWEST = 32 };

static int self_fd = -1;

/* The kernel's binfmt_misc started the first of us: it knows how to run programs of the guest. */
static bool by_kernel;

int exec_keep_fd(int fd)
{
    int high = own_fd_add(fd);

    if (high >= OWN_FD_LOWEST)
        return high;
    /* With a very small descriptor limit the guest needs every number. */
    own_fd_remove(high);
    host_call(SYS_close, high < 0 ? fd : high);
    return -1;
}

/* The headers are like no other's. */
bool exec_is_self(int fd)
{
    extern const char __ehdr_start[] __attribute__((visibility("hidden")));
    char page[PAGE_BYTES];

    return pread(fd, page, sizeof(page), 0) == (ssize_t)sizeof(page) &&
           !memcmp(page, __ehdr_start, sizeof(page));
}

static int open_if_self(const char *path)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;

    if (fd >= 0 && !exec_is_self(fd)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* open_self: our own binary; in a chroot without /proc by the names we were started under. */
static int open_self(const char *argv0)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        fd = open_if_self((const char *)getauxval(AT_EXECFN));
    if (fd < 0)
        fd = open_if_self(argv0);       /* binfmt_misc: AT_EXECFN is the program */
    return fd;
}

void exec_keep_self(int passed, const char *argv0)
{
    int fd = passed >= 0 ? passed : open_self(argv0);

    if (fd >= 0)
        self_fd = exec_keep_fd(fd);
}

/* ---- opening ---- */

/*
 * open_beyond_limit: the kernel needs no free descriptor number to execute; we do, so with none
 * left the soft limit is lifted for a moment.
 */
static int open_beyond_limit(int dirfd, const char *path, int flags)
{
    struct rlimit old, more;
    long fd;

    if (host_call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &old) < 0)
        return -EMFILE;
    more = old;
    more.rlim_cur = old.rlim_max;
    host_call(SYS_prlimit64, 0, RLIMIT_NOFILE, &more, 0);
    fd = host_call(SYS_openat, dirfd, path, flags, 0);
    host_call(SYS_prlimit64, 0, RLIMIT_NOFILE, &old, 0);
    return (int)fd;
}

static int open_file(int dirfd, const char *path, int at_flags)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    char name[32];
    long fd;

    if (at_flags & AT_SYMLINK_NOFOLLOW)
        flags |= O_NOFOLLOW;
    if (!*path) {
        /* A new open file description: the guest's may be O_PATH. */
        snprintf(name, sizeof(name), "/proc/self/fd/%d", dirfd);
        path = name;
    }
    fd = host_call(SYS_openat, dirfd, path, flags, 0);
    if (fd == -EMFILE)
        fd = open_beyond_limit(dirfd, path, flags);
    if (fd < 0 && path == name)
        fd = host_call(SYS_fcntl, dirfd, F_DUPFD_CLOEXEC, 0);
    return (int)fd;
}

/*
 * busy_writing: -ETXTBSY while somebody has the file open for writing. Only the check of
 * Linux 6.14 tells; older kernels refuse the flag.
 */
static int busy_writing(int dirfd, const char *path, int at_flags)
{
    enum { EXECVE_CHECK = 0x10000 };
    long err = host_call(SYS_execveat, dirfd, path, 0, 0,
                         EXECVE_CHECK | (at_flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)));

    return err == -ETXTBSY ? -ETXTBSY : 0;
}

/* may_execute: 0 or -EACCES as the kernel decides; needs no faccessat2(2) to exist. */
static int may_execute(int dirfd, const char *path, int at_flags, const struct stat *st)
{
    long err = host_call(SYS_faccessat2, dirfd, path, X_OK,
                         AT_EACCESS | (at_flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)));

    if (err == -ENOSYS || err == -EPERM)
        err = st->st_mode & 0111 ? 0 : -EACCES;
    return err ? (int)err : busy_writing(dirfd, path, at_flags);
}

/* check_file: is there a regular file we may execute? 0 or -errno. */
static int check_file(int dirfd, const char *path, int at_flags)
{
    struct stat st;
    long err = host_call(SYS_newfstatat, dirfd, path, &st,
                         at_flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));

    if (err < 0)
        return (int)err;
    if (S_ISLNK(st.st_mode))
        return -ELOOP;
    if (!S_ISREG(st.st_mode))
        return -EACCES;
    return may_execute(dirfd, path, at_flags, &st);
}

/* ---- kinds of files ---- */

static const Guest *guest_for(const ElfImage *img)
{
    for (const Guest *const *g = guest_list; *g; g++) {
        if ((*g)->elf_machine == img->machine && (*g)->elf_class == img->elf_class &&
            (*g)->elf_data == img->data && !(img->flags & (*g)->linux_abi->elf_flags_mask))
            return *g;
    }
    return NULL;
}

/* plan_elf: an ELF file; one the kernel would refuse is refused alike. */
static int plan_elf(Thread *t, ExecPlan *plan, const char **why)
{
    ElfImage interp;
    int err = elf_read(plan->fd, &plan->img, why);

    if (err < 0)
        return err;
    plan->guest = guest_for(&plan->img);
    if (!plan->guest) {
        elf_image_free(&plan->img);
        return 0;
    }
    /* At start-up the loader looks at the interpreter; from the guest it must fail here. */
    if (!t || !plan->img.interp_bytes)
        return 0;
    err = interp_name(plan->fd, &plan->img, plan->interp, why);
    if (err >= 0)
        err = interp_open(t, plan->interp, &plan->img, &interp, why);
    if (err >= 0) {
        close(err);
        elf_image_free(&interp);
        return 0;
    }
    /* The new process will have the descriptor that is missing here. */
    if (err == -EMFILE)
        return 0;
    elf_image_free(&plan->img);
    plan->guest = NULL;
    return err;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * script_line: interpreter and argument of a "#!" line, cut apart in line, after Linux 6.12
 * fs/binfmt_script.c. False: not one the kernel would take.
 */
static bool script_line(char *line, size_t n, char **name, char **arg)
{
    char *end = memchr(line, '\n', n), *p = line + 2;

    if (!end) {
        /* Cut off within the name, its rest would be lost; within the argument is accepted. */
        end = line + n;
        while (p < end && is_blank(*p))
            p++;
        while (p < end && *p && !is_blank(*p))
            p++;
        if (p == end)
            return false;
        p = line + 2;
        end--;
    }
    *end = 0;
    while (end > p && is_blank(end[-1]))
        *--end = 0;
    while (is_blank(*p))
        p++;
    *name = p;
    while (*p && !is_blank(*p))
        p++;
    if (*p) {
        *p++ = 0;
        while (is_blank(*p))
            p++;
    }
    *arg = *p ? p : NULL;
    return **name != 0;
}

static void lead_insert(ExecPlan *plan, const char *s)
{
    memmove(plan->lead + 1, plan->lead, plan->n_lead * sizeof(plan->lead[0]));
    plan->lead[0] = s;
    plan->n_lead++;
}

/* fd_name: how a script finds itself when it was executed through a descriptor. */
static int fd_name(ExecPlan *plan, int dirfd, const char *path)
{
    long flags = host_call(SYS_fcntl, dirfd, F_GETFD);

    if (flags < 0 || (flags & FD_CLOEXEC))
        return -ENOENT;
    snprintf(plan->script_name, sizeof(plan->script_name), "/dev/fd/%d%s%s", dirfd,
             *path ? "/" : "", path);
    return 0;
}

/* plan_script: put interpreter, argument and script before the arguments. */
static int plan_script(ExecPlan *plan, unsigned depth, int dirfd, const char *path,
                       const char *head, const char **name)
{
    char *line = plan->script[depth], *interp, *arg;

    memcpy(line, head, EXEC_SCRIPT_BYTES);
    if (!script_line(line, EXEC_SCRIPT_BYTES, &interp, &arg))
        return -ENOEXEC;
    if (depth == 0) {
        if (dirfd != AT_FDCWD && *path != '/') {
            int err = fd_name(plan, dirfd, path);

            if (err < 0)
                return err;
        } else {
            snprintf(plan->script_name, sizeof(plan->script_name), "%s", path);
        }
        lead_insert(plan, plan->script_name);
    }
    if (arg)
        lead_insert(plan, arg);
    lead_insert(plan, interp);
    *name = interp;
    return 0;
}

static int resolve(Thread *t, int dirfd, const char *path, int at_flags, char *out)
{
    if (*path == '/' && (path_prefix_active || !strncmp(path, "/proc/", 6)))
        return path_resolve(t, dirfd, path, out, PATH_MAX,
                            at_flags & AT_SYMLINK_NOFOLLOW ? PATH_LOOKUP | PATH_NOFOLLOW
                                                           : PATH_LOOKUP);
    if (strlen(path) >= PATH_MAX)
        return -ENAMETOOLONG;
    strcpy(out, path);
    return 0;
}

/*
 * plan_one: one file of the chain. Returns 1 when it is a script (*name: its interpreter), 0
 * when the plan is complete, or -errno.
 */
static int plan_one(Thread *t, ExecPlan *plan, unsigned depth, const char **name,
                    const char **why)
{
    char head[EXEC_SCRIPT_BYTES] = { 0 };   /* a short file ends in zeros, as in the kernel */
    const char *path = *name;
    int err = resolve(t, plan->dirfd, path, plan->flags, plan->path);

    *why = EXEC_WHY_PLAIN;
    if (err < 0)
        return err;
    err = check_file(plan->dirfd, plan->path, plan->flags);
    if (err < 0)
        return err;
    plan->fd = open_file(plan->dirfd, plan->path, plan->flags);
    if (plan->fd == -EACCES || plan->fd == -EPERM) {
        plan->fd = -1;          /* executable but not readable: the kernel may know how */
        return 0;
    }
    if (plan->fd < 0)
        return plan->fd;
    ssize_t n = pread(plan->fd, head, sizeof(head), 0);

    if (n < 0)
        return -errno;
    if (n >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG))
        return plan_elf(t, plan, why);
    if (n < 2 || head[0] != '#' || head[1] != '!')
        return 0;
    if (depth == EXEC_SCRIPT_DEPTH)
        return -ELOOP;
    *why = "its first line names no interpreter";
    err = plan_script(plan, depth, plan->dirfd, path, head, name);
    return err < 0 ? err : 1;
}

int exec_plan(Thread *t, int dirfd, const char *path, int flags, ExecPlan *plan,
              const char **why)
{
    int more;

    plan->fd = -1;
    plan->guest = NULL;
    plan->n_lead = 0;
    plan->interp[0] = 0;
    plan->dirfd = dirfd;
    plan->flags = flags;
    for (unsigned depth = 0;; depth++) {
        more = plan_one(t, plan, depth, &path, why);
        if (more <= 0)
            break;
        close(plan->fd);
        plan->fd = -1;
        plan->dirfd = AT_FDCWD;
        plan->flags = 0;
    }
    if (more < 0 && plan->fd >= 0) {
        close(plan->fd);
        plan->fd = -1;
    }
    return more;
}

void exec_plan_free(ExecPlan *plan)
{
    if (plan->guest)
        elf_image_free(&plan->img);
    if (plan->fd >= 0)
        close(plan->fd);
}

/* ---- the call ---- */

/* count_pointers: entries before the NULL of a guest's array of pointers; -EFAULT. */
static long count_pointers(Thread *t, GuestAddr v)
{
    uint64_t chunk[64];
    long n = 0;

    if (!v.va)
        return 0;
    for (;;) {
        /* Chunks end at page ends, so nothing beyond the NULL need be readable. */
        uint64_t at = v.va + (uint64_t)n * 8;
        size_t room = (PAGE_BYTES - (at & (PAGE_BYTES - 1))) / 8;
        size_t now = room > 64 ? 64 : room ? room : 1;

        if (guest_copy_in(t, chunk, guest_addr(at), now * 8) < 0)
            return -EFAULT;
        for (size_t i = 0; i < now; i++) {
            if (!chunk[i])
                return n + (long)i;
        }
        n += (long)now;
    }
}

void exec_by_kernel(void)
{
    by_kernel = true;
}

/*
 * brings_rights: a file that gives its caller rights: set-id bits, capabilities. Only the kernel can give
 * them, by an entry with flag C. Where options of ours matter, they matter more: it does not pass them on.
 */
static bool brings_rights(int fd)
{
    struct stat st;

    if (!by_kernel || path_prefix_active || host_call(SYS_fstat, fd, &st) < 0)
        return false;
    return (st.st_mode & S_ISUID) || (st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) ||
           host_call(SYS_fgetxattr, fd, "security.capability", NULL, 0) > 0;
}

/* handover_text: the variable for the next mimus. False: it does not fit. */
static bool handover_text(char *buf, size_t len, int fd, const char *name)
{
    char limits[512];
    size_t n = (size_t)snprintf(buf, len, HANDOVER_VAR "pid=%d;fd=%d;self=%d;kernel=%d;name=",
                                (int)getpid(), fd, self_fd, by_kernel);

    limits_export(limits, sizeof(limits));
    if (n + 3 * (strlen(name) + strlen(limits)) + 32 > len)
        return false;
    n += text_escape(buf + n, len - n, name);
    n += (size_t)snprintf(buf + n, len - n, ";limits=");
    n += text_escape(buf + n, len - n, limits);
    buf[n++] = ';';
    buf[n] = 0;
    options_export(buf + n, len - n);
    return true;
}

/* make_call: execveat with the masks the next program must see; returns only on failure. */
static long make_call(Thread *t, int dirfd, const char *path, uint64_t argv, uint64_t envp,
                      int flags)
{
    long err;

    translate_end();
    signal_mask_for_exec(t);
    /* A kernel before execveat(2), or a filter without it, still knows the old call. */
    err = flags == 0 && dirfd == AT_FDCWD
              ? host_syscall(t, SYS_execve, path, argv, envp)
              : host_syscall(t, SYS_execveat, (long)dirfd, path, argv, envp, (long)flags);
    signal_exec_failed(t);
    return err;
}

static long call_self(Thread *t, uint64_t argv, uint64_t envp)
{
    long err = -ENOENT;

    /* The next mimus needs it too: in a chroot there may be no other way to our binary. */
    if (self_fd >= 0) {
        host_call(SYS_fcntl, self_fd, F_SETFD, 0);
        err = make_call(t, self_fd, "", argv, envp, AT_EMPTY_PATH);
        host_call(SYS_fcntl, self_fd, F_SETFD, FD_CLOEXEC);
    }
    if (self_fd < 0 || err == -ENOSYS)
        err = make_call(t, AT_FDCWD, "/proc/self/exe", argv, envp, 0);
    return err;
}

/*
 * self_is_lost: binfmt_misc started us in a chroot without /proc, with a file that it opened before: the
 * kernel knows where we are, and starts us again for another program of the guest. We do not.
 */
static bool self_is_lost(void)
{
    return self_fd < 0 && host_call(SYS_faccessat, AT_FDCWD, "/proc/self/exe", F_OK) < 0;
}

/* Arrays for the kernel; the strings stay where they are. */
typedef struct {
    GuestAddr argv, envp;
    long argc, envc;
} GuestArrays;

/* fill_argv: leading strings of scripts, then the guest's arguments but the first. */
static int fill_argv(Thread *t, const ExecPlan *plan, const GuestArrays *g, uint64_t *out)
{
    unsigned n = plan->n_lead;
    long skip = g->argc ? 1 : 0;

    for (unsigned i = 0; i < n; i++)
        out[i] = (uint64_t)plan->lead[i];
    out[n + g->argc - skip] = 0;
    return guest_copy_in(t, out + n, guest_addr(g->argv.va + (uint64_t)skip * 8),
                         (size_t)(g->argc - skip) * 8);
}

static int fill_envp(Thread *t, const GuestArrays *g, const char *handover, uint64_t *out)
{
    out[g->envc] = (uint64_t)handover;
    out[g->envc + 1] = 0;
    return guest_copy_in(t, out, g->envp, (size_t)g->envc * 8);
}

static long run_plan(Thread *t, ExecPlan *plan, const char *name, const GuestArrays *g,
                     uint64_t *arrays)
{
    uint64_t argv = g->argv.va, envp = g->envp.va;
    char handover[HANDOVER_BYTES];

    if (plan->n_lead) {
        argv = (uint64_t)arrays;
        if (fill_argv(t, plan, g, arrays) < 0)
            return -EFAULT;
        arrays += plan->n_lead + g->argc + 1;
    }
    LOG(syscall, "%d: exec %s: %s by %s", t->tid, name, plan->path,
        plan->guest ? "mimus" : "the host");
    if (!plan->guest || self_is_lost())
        return make_call(t, plan->dirfd, plan->path, argv, envp, plan->flags);
    if (brings_rights(plan->fd)) {
        long err = make_call(t, plan->dirfd, plan->path, argv, envp, plan->flags);

        /* The entry is gone; or it cannot name a file that is a descriptor, closed on exec. */
        if (err != -ENOEXEC && err != -ENOENT)
            return err;
    }
    if (fill_envp(t, g, handover, arrays) < 0)
        return -EFAULT;
    if (!handover_text(handover, sizeof(handover), plan->fd, name))
        return -E2BIG;
    host_call(SYS_fcntl, plan->fd, F_SETFD, 0);
    return call_self(t, argv, (uint64_t)arrays);
}

/* exec_name: AT_EXECFN and the name a script goes by. */
static void exec_name(char *out, int dirfd, const char *path)
{
    if (dirfd == AT_FDCWD || *path == '/')
        snprintf(out, EXEC_NAME_MAX, "%s", path);
    else
        snprintf(out, EXEC_NAME_MAX, "/dev/fd/%d%s%s", dirfd, *path ? "/" : "", path);
}

static long exec_run(Thread *t, int dirfd, GuestAddr path, GuestAddr argv, GuestAddr envp,
                     int flags)
{
    GuestArrays g = { argv, envp, count_pointers(t, argv), count_pointers(t, envp) };
    char text[PATH_MAX], name[EXEC_NAME_MAX];
    uint64_t on_stack[ENV_ON_STACK], *arrays = on_stack;
    const char *why;
    ExecPlan plan;
    long err = guest_copy_str(t, text, path, sizeof(text));

    if (err < 0)
        return err;
    if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return -EINVAL;
    if (!*text && !(flags & AT_EMPTY_PATH))
        return -ENOENT;
    err = exec_plan(t, dirfd, text, flags, &plan, &why);
    if (err < 0)
        return err;
    err = -EFAULT;
    if (g.argc < 0 || g.envc < 0)
        goto out_plan;
    size_t words = (size_t)(g.argc + g.envc) + EXEC_LEAD_MAX + 8;

    /*
     * On the stack when it can be: after a vfork, memory taken here would stay with the parent.
     */
    if (words > ENV_ON_STACK) {
        arrays = malloc(words * 8);
        err = -ENOMEM;
        if (!arrays)
            goto out_plan;
    }
    exec_name(name, dirfd, text);
    err = run_plan(t, &plan, name, &g, arrays);
    if (arrays != on_stack)
        free(arrays);
out_plan:
    exec_plan_free(&plan);
    return err;
}

long sys_execve(Thread *t, GuestAddr path, GuestAddr argv, GuestAddr envp)
{
    return exec_run(t, AT_FDCWD, path, argv, envp, 0);
}

long sys_execveat(Thread *t, int dirfd, GuestAddr path, GuestAddr argv, GuestAddr envp,
                  uint32_t flags)
{
    return exec_run(t, dirfd, path, argv, envp, (int)flags);
}

/* ---- the other side ---- */

/* field: value of "key=" in text, which becomes the rest; NULL when text does not start so. */
static bool field(const char **text, const char *key, char *out, size_t len)
{
    size_t n = strlen(key);

    if (strncmp(*text, key, n) || (*text)[n] != '=')
        return false;
    const char *value = *text + n + 1;
    size_t value_len = strcspn(value, ";");

    text_unescape(out, len, value, value_len);
    *text = value + value_len + (value[value_len] == ';');
    return true;
}

bool exec_handover(char **envp, ExecHandover *h)
{
    char number[16], limits[512];
    size_t n = 0;

    while (envp[n])
        n++;
    if (!n || strncmp(envp[n - 1], HANDOVER_VAR, sizeof(HANDOVER_VAR) - 1))
        return false;
    const char *text = envp[n - 1] + sizeof(HANDOVER_VAR) - 1;

    /* The process id survives exec and nothing else: no stale variable is believed. */
    if (!field(&text, "pid", number, sizeof(number)) || atoi(number) != (int)getpid() ||
        !field(&text, "fd", number, sizeof(number)))
        return false;
    h->fd = atoi(number);
    if (!field(&text, "self", number, sizeof(number)))
        return false;
    h->self_fd = atoi(number);
    if (!field(&text, "kernel", number, sizeof(number)))
        return false;
    by_kernel = atoi(number) != 0;
    if (!field(&text, "name", h->name, sizeof(h->name)) ||
        !field(&text, "limits", limits, sizeof(limits)))
        return false;
    limits_import(limits);
    options_import(text);
    envp[n - 1] = NULL;
    return true;
}
