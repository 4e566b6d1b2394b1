/* SPDX-License-Identifier: MIT */
/*
 * path.c: path arguments and the calls that open, stat and read links by path. What a
 * path means under a -L prefix and in /proc is decided by the hooks of path.h.
 *
 * A path is copied in always: the copy is what is checked for /proc and what the kernel
 * gets, so another thread of the guest cannot change it in between.
 */
#include "syscall/path.h"

#include <errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "gen/syscalls.h"
#include "syscall/host_call.h"
#include "syscall/stat.h"

bool path_prefix_active;

static bool starts_with(const char *s, const char *start)
{
    return strncmp(s, start, strlen(start)) == 0;
}

/* may_be_proc: cheap test of an absolute path; extra slashes and dots are looked at too. */
static bool may_be_proc(const char *path)
{
    while (path[0] == '/' && (path[1] == '/' || (path[1] == '.' && path[2] == '/'))) {
        path += path[1] == '/' ? 1 : 2;
    }
    return starts_with(path, "/proc") && (path[5] == '/' || path[5] == 0);
}

/*
 * may_be_exe: "exe" below an open folder or the working directory, which may be /proc/self; absolute
 * names are seen anyway.
 */
static bool may_be_exe(const char *path)
{
    const char *last = strrchr(path, '/');

    return *path != '/' && strcmp(last ? last + 1 : path, "exe") == 0;
}

int path_arg(Thread *t, int dirfd, GuestAddr path, int mode, PathArg *p)
{
    long len = guest_copy_str(t, p->guest, path, sizeof p->guest);
    int err;

    if (len < 0) {
        return (int)len;
    }
    p->use = p->guest;
    if (len == 0 ||
        (!path_prefix_active && !may_be_proc(p->guest) && !may_be_exe(p->guest))) {
        return 0;
    }
    err = path_resolve(t, dirfd, p->guest, p->host, sizeof p->host, mode);
    if (err == 0) {
        p->use = p->host;
    }
    return err;
}

/* ---- names inside /proc ---- */

/* Last components the hooks may know; anything else is left to the host's /proc. */
static bool proc_name_known(const char *path)
{
    static const char *const names[] = {
        "exe",     "maps",    "smaps",   "smaps_rollup", "numa_maps", "auxv",
        "cmdline", "comm",    "stat",    "statm",        "status",    "environ",
        "mem",     "cpuinfo", "syscall", "task",         "pagemap",   "limits"
    };
    const char *last = strrchr(path, '/');

    last = last ? last + 1 : path;
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(last, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * directory_name: absolute name of dirfd (AT_FDCWD: the working directory); its length
 * or -1.
 */
static long directory_name(int dirfd, char *buf, size_t len)
{
    char link[32];
    long n;

    if (dirfd == AT_FDCWD) {
        n = host_call(SYS_getcwd, buf, len);
        return n > 0 ? n - 1 : -1;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);
    n = host_call(SYS_readlinkat, AT_FDCWD, link, buf, len - 1);
    if (n <= 0) {
        return -1;
    }
    buf[n] = 0;
    return n;
}

const char *path_proc_name(int dirfd, const char *path, char *buf)
{
    long n;

    if (!proc_name_known(path)) {
        return NULL;
    }
    if (path[0] == '/') {
        return may_be_proc(path) ? path : NULL;
    }
    n = directory_name(dirfd, buf, PATH_MAX);
    if (n < 0 || !may_be_proc(buf) || (size_t)n + strlen(path) + 2 > PATH_MAX) {
        return NULL;
    }
    buf[n] = '/';
    strcpy(buf + n + 1, path);
    return buf;
}

/* ---- open ---- */

/* try_proc: what proc_open() says about a path; -1 when the host's file is meant. */
static int try_proc(Thread *t, int dirfd, const char *path, uint32_t flags)
{
    char buf[PATH_MAX];
    const char *name;

    if (flags & O_PATH) {
        return -1;
    }
    name = path_proc_name(dirfd, path, buf);
    return name ? proc_open(t, name, (int)flags) : -1;
}

/*
 * text_busy: -ETXTBSY when the file, which may be written to, is a running program. Files that
 * nobody may execute, nearly all that are opened for writing, cost one look; so a program that has
 * lost the permission since it was started is not seen.
 */
static int text_busy(int dirfd, const char *path, int at_flags)
{
    struct stat st;

    if (host_call(SYS_newfstatat, dirfd, path, &st, at_flags) < 0 || !S_ISREG(st.st_mode) ||
        !(st.st_mode & 0111) ||
        host_call(SYS_faccessat2, dirfd, path, W_OK, AT_EACCESS | at_flags) < 0) {
        return 0;
    }
    return proc_is_running(&st) ? -ETXTBSY : 0;
}

/* open_busy: the same for open(2); what another errno comes before is left to the kernel. */
static int open_busy(int dirfd, const char *path, uint32_t flags)
{
    if (((flags & O_ACCMODE) == O_RDONLY && !(flags & O_TRUNC)) || flags & (O_PATH | O_DIRECTORY) ||
        (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) {
        return 0;
    }
    return text_busy(dirfd, path, flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0);
}

long sys_truncate(Thread *t, GuestAddr path, int64_t len)
{
    PathArg p;
    long err = path_arg(t, AT_FDCWD, path, PATH_LOOKUP, &p);

    if (err == 0 && len >= 0) {
        err = text_busy(AT_FDCWD, p.use, 0);
    }
    return err ? err : host_syscall(t, SYS_truncate, p.use, len);
}

static int open_mode(uint32_t flags)
{
    return (flags & O_CREAT ? PATH_CREATE : PATH_LOOKUP) |
           (flags & O_NOFOLLOW || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)
                ? PATH_NOFOLLOW
                : 0);
}

long sys_openat(Thread *t, int dirfd, GuestAddr path, uint32_t flags, uint32_t mode)
{
    PathArg p;
    int err, fd;

    flags = open_flags_to_host(t, flags);
    err = path_arg(t, dirfd, path, open_mode(flags), &p);
    if (err) {
        return err;
    }
    fd = try_proc(t, dirfd, p.guest, flags);
    if (fd != -1) {
        return fd;
    }
    err = open_busy(dirfd, p.use, flags);
    if (err) {
        return err;
    }
    return host_syscall(t, SYS_openat, dirfd, p.use, flags, mode);
}

/*
 * openat2(2). Fields past those we know are the kernel's to judge: E2BIG unless they are
 * 0, which is checked here since the kernel gets our copy.
 */
long sys_openat2(Thread *t, int dirfd, GuestAddr path, GuestAddr how, size_t size)
{
    struct open_how h;
    uint8_t rest[256];
    PathArg p;
    uint32_t flags;
    int err, fd;

    if (size < sizeof h) {
        return -EINVAL;
    }
    if (size > sizeof h + sizeof rest) {
        return -E2BIG;
    }
    if (guest_copy_in(t, &h, how, sizeof h) ||
        guest_copy_in(t, rest, guest_addr(how.va + sizeof h), size - sizeof h)) {
        return -EFAULT;
    }
    for (size_t i = 0; i < size - sizeof h; i++) {
        if (rest[i]) {
            return -E2BIG;
        }
    }
    flags = open_flags_to_host(t, (uint32_t)h.flags);
    h.flags = (h.flags & ~0xffffffffull) | flags;
    err = path_arg(t, dirfd, path, open_mode(flags), &p);
    if (err) {
        return err;
    }
    /* Lookups confined to dirfd must see the path as it was given. */
    if (h.resolve) {
        p.use = p.guest;
    } else {
        fd = try_proc(t, dirfd, p.guest, flags);
        if (fd != -1) {
            return fd;
        }
    }
    err = open_busy(dirfd, p.use, flags);
    if (err) {
        return err;
    }
    return host_syscall(t, SYS_openat2, dirfd, p.use, &h, sizeof h);
}

/* ---- stat, readlink ---- */

long sys_newfstatat(Thread *t, int dirfd, GuestAddr path, GuestAddr st, uint32_t flags)
{
    struct stat host;
    PathArg p;
    long err;

    /* Linux 6.11: a NULL path means the empty one with AT_EMPTY_PATH. */
    if (path.va == 0 && flags & AT_EMPTY_PATH) {
        p.guest[0] = 0;
        p.use = p.guest;
    } else {
        err = path_arg(t, dirfd, path,
                       flags & AT_SYMLINK_NOFOLLOW ? PATH_NOFOLLOW : PATH_LOOKUP, &p);
        if (err) {
            return err;
        }
    }
    err = host_call(SYS_newfstatat, dirfd, p.use, &host, flags);
    return err ? err : stat_to_guest(t, st, &host);
}

/* getcwd(2). In a -L prefix the guest sees the name that leads it there again. */
long sys_getcwd(Thread *t, GuestAddr buf, size_t n)
{
    char text[PATH_MAX];
    long len = host_call(SYS_getcwd, text, sizeof text);

    if (len < 0) {
        return len;
    }
    const char *name = path_prefix_active ? path_prefix_strip(text) : text;

    len = (long)strlen(name) + 1;
    if ((size_t)len > n) {
        return -ERANGE;
    }
    int err = guest_copy_out(t, buf, name, (size_t)len);

    return err ? err : len;
}

long sys_readlinkat(Thread *t, int dirfd, GuestAddr path, GuestAddr buf, size_t n)
{
    char text[PATH_MAX], name_buf[PATH_MAX];
    const char *name;
    PathArg p;
    long len;
    int err = path_arg(t, dirfd, path, PATH_LOOKUP | PATH_NOFOLLOW, &p);

    if (err) {
        return err;
    }
    if ((int)n <= 0) {
        return -EINVAL;
    }
    name = path_proc_name(dirfd, p.guest, name_buf);
    len = name ? proc_readlink(t, name, text, sizeof text) : -1;
    if (len < 0) {
        guest_dirty(t, buf.va, n);
        return host_call(SYS_readlinkat, dirfd, p.use, buf.va, n);
    }
    len = (size_t)len < n ? len : (long)n;
    err = guest_copy_out(t, buf, text, (size_t)len);
    return err ? err : len;
}
