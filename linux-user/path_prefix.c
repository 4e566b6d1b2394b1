// SPDX-License-Identifier: MIT
/* path_prefix.c: from paths of the guest to paths of the host, with a -L prefix and /proc. */
#include "linux-user/path_prefix.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux-user/exec.h"
#include "linux-user/proc.h"
#include "syscall/host_call.h"

static char prefix[PATH_MAX];
static size_t prefix_len;
static int prefix_fd = -1;

/* The host's in any case. */
static const char *const host_dirs[] = { "/dev", "/proc", "/sys", "/run", "/tmp" };

void path_prefix_set(const char *dir)
{
    size_t n = strlen(dir);

    while (n > 0 && dir[n - 1] == '/')
        n--;
    if (!n || n >= sizeof(prefix))
        return;                 /* "/" changes nothing */
    memcpy(prefix, dir, n);
    prefix_len = n;
    int fd = open(prefix, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    prefix_fd = exec_keep_fd(fd);
    path_prefix_active = true;
}

const char *path_prefix_strip(const char *host_path)
{
    if (!path_prefix_active || strncmp(host_path, prefix, prefix_len))
        return host_path;
    if (host_path[prefix_len] == '/')
        return host_path + prefix_len;
    return host_path[prefix_len] ? host_path : "/";
}

static bool below(const char *path, const char *dir)
{
    size_t n = strlen(dir);

    return !strncmp(path, dir, n) && (path[n] == '/' || !path[n]);
}

static bool is_host_path(const char *path)
{
    for (unsigned i = 0; i < ARRAY_LEN(host_dirs); i++) {
        if (below(path, host_dirs[i]))
            return true;
    }
    return below(path, prefix);
}

/* name_of_fd: what a descriptor is called; false when /proc does not tell. */
static bool name_of_fd(int fd, char *out, size_t len)
{
    char link[32];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    long n = host_call(SYS_readlink, link, out, len - 1);

    if (n <= 0 || (size_t)n >= len - 1)
        return false;
    out[n] = 0;
    return true;
}

/* in_prefix_simple: without openat2(2) or /proc: links that leave the prefix are not seen. */
static bool in_prefix_simple(const char *path, char *out, size_t len)
{
    if ((size_t)snprintf(out, len, "%s%s", prefix, path) >= len)
        return false;
    return host_call(SYS_faccessat2, AT_FDCWD, out, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* in_prefix: does path exist below the prefix? Its host name, free of links that lead out. */
static bool in_prefix(const char *path, bool nofollow, char *out, size_t len)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC | (nofollow ? O_NOFOLLOW : 0),
                            .resolve = RESOLVE_IN_ROOT };
    bool ok;

    if (prefix_fd < 0)
        return in_prefix_simple(path, out, len);
    long fd = host_call(SYS_openat2, prefix_fd, path, &how, sizeof(how));

    if (fd == -ENOSYS || fd == -EPERM || fd == -EMFILE)
        return in_prefix_simple(path, out, len);
    if (fd < 0)
        return false;
    ok = name_of_fd((int)fd, out, len);
    host_call(SYS_close, fd);
    if (ok)
        return *out == '/';     /* "(unreachable)...": the guest left the prefix by chroot */
    return in_prefix_simple(path, out, len);
}

/* resolve_new: a path whose last component may not exist yet. */
static bool resolve_new(const char *path, char *out, size_t len)
{
    char dir[PATH_MAX];
    size_t n = strlen(path), cut;

    if (n >= sizeof(dir))
        return false;
    memcpy(dir, path, n + 1);
    while (n > 1 && dir[n - 1] == '/')
        dir[--n] = 0;
    cut = n;
    while (cut > 0 && dir[cut - 1] != '/')
        cut--;
    dir[cut ? cut - 1 : 0] = 0;
    const char *parent = *dir ? dir : "/";

    if (host_call(SYS_faccessat2, AT_FDCWD, parent, F_OK, 0) == 0 ||
        !in_prefix(parent, false, out, len))
        return false;
    size_t used = strlen(out);

    return (size_t)snprintf(out + used, len - used, "/%s", path + cut) < len - used;
}

/* with_slash: a trailing slash says "a directory", which the kernel must still see. */
static void with_slash(const char *guest_path, char *out, size_t len)
{
    size_t n = strlen(guest_path), m = strlen(out);

    if (n > 1 && guest_path[n - 1] == '/' && m + 1 < len && out[m - 1] != '/') {
        out[m] = '/';
        out[m + 1] = 0;
    }
}

int path_resolve(Thread *t, int dirfd, const char *guest_path, char *out, size_t out_len, int mode)
{
    char name[PATH_MAX];
    const char *proc;

    if (strlen(guest_path) >= out_len)
        return -ENAMETOOLONG;
    if (!(mode & PATH_NOFOLLOW)) {
        proc = path_proc_name(dirfd, guest_path, name);
        if (proc && proc_exe_path(t, proc, out, out_len))
            return 0;
    }
    if (mode & PATH_MOUNT && !guest_path[strspn(guest_path, "/")]) {
        strcpy(out, guest_path);    /* the prefix is no mount point */
        return 0;
    }
    if (*guest_path == '/' && path_prefix_active && !is_host_path(guest_path)) {
        if (in_prefix(guest_path, mode & PATH_NOFOLLOW, out, out_len) ||
            ((mode & PATH_CREATE) && resolve_new(guest_path, out, out_len))) {
            with_slash(guest_path, out, out_len);
            return 0;
        }
    }
    strcpy(out, guest_path);
    return 0;
}
