/* SPDX-License-Identifier: MIT */
/*
 * path.h: how path names of the guest become path names of the host.
 *
 * A handler that takes a path asks path_arg(). The common case (no -L prefix in force, no
 * path into /proc) copies the string and changes nothing. Everything else is decided by
 * the three hooks below, which the program (linux-user/path_prefix.c, linux-user/proc.c)
 * implements; they are declared here since includes point from linux-user to syscall.
 */
#pragma once

#include <limits.h>

#include "syscall/user.h"

/* What a path is looked up for; PATH_NOFOLLOW is added to either. */
enum {
    PATH_LOOKUP = 0,        /* an existing file is meant */
    PATH_CREATE = 1,        /* the last component may be made */
    PATH_NOFOLLOW = 2,      /* a link at the end is meant itself (lstat, readlink, unlink) */
    PATH_MOUNT = 4,         /* a mount point is meant: "/" itself is not below the prefix */
};

/* path_prefix_active: set by path_prefix.c when a -L prefix is in force. */
extern bool path_prefix_active;

/* ---- hooks, implemented by linux-user/ ---- */

/*
 * path_resolve: the host path that stands for a guest path.
 *
 *   dirfd       where a relative path starts, or AT_FDCWD
 *   guest_path  as the guest gave it; its absolute paths may be looked up under the prefix;
 *               /proc/self/exe and its aliases name the guest's program
 *   out         receives the host path, out_len (at least PATH_MAX) bytes
 *   mode        PATH_ bits
 *
 * Returns 0 or -errno. Called only with a prefix in force or for paths into /proc.
 * Relative results stay relative to dirfd.
 */
int path_resolve(Thread *t, int dirfd, const char *guest_path, char *out, size_t out_len,
                 int mode);

/*
 * proc_open: open a file of /proc whose content is ours to tell (self/maps, cpuinfo ...).
 * path is absolute and starts with "/proc/"; flags are host O_ flags. Returns a
 * descriptor, -1 when the host's own file is right, or -errno below -1 when the open
 * must fail.
 */
int proc_open(Thread *t, const char *path, int flags);

/*
 * proc_readlink: content of a link of /proc whose content is ours to tell (an exe).
 * path is absolute. Returns the length put into buf (not ended by 0), or -1 when not
 * ours.
 */
long proc_readlink(Thread *t, const char *path, char *buf, size_t len);

/*
 * proc_is_running: is that file the program of a guest, which the kernel would not let be written to?
 * For the kernel the guest's program is a file mapped by another program, so we have to ask. Of
 * processes of other users it is not seen, and programs of the host are not refused.
 */
struct stat;
bool proc_is_running(const struct stat *file);

/* path_prefix_strip: the guest's name of a host path: without the prefix when it lies there. */
const char *path_prefix_strip(const char *host_path);

/* ---- for handlers ---- */

typedef struct {
    char guest[PATH_MAX];       /* copy of what the guest gave */
    char host[PATH_MAX];        /* used when the hooks changed it */
    const char *use;            /* what to hand to the host kernel */
} PathArg;

/*
 * path_arg: copy in a path argument and resolve it. Returns 0 with p->use set, or
 * -EFAULT, -ENAMETOOLONG or what path_resolve() said. An empty path is left for the
 * kernel to judge.
 */
int path_arg(Thread *t, int dirfd, GuestAddr path, int mode, PathArg *p);

/* path_none: stand-in of path_arg() for a path that may be NULL and is. Returns 0. */
static inline long path_none(PathArg *p)
{
    p->use = NULL;
    return 0;
}

/* path_at_mode: PATH_NOFOLLOW when the AT_ flags say so. */
static inline int path_at_mode(uint64_t at_flags)
{
    return at_flags & 0x100 ? PATH_NOFOLLOW : 0;    /* AT_SYMLINK_NOFOLLOW, everywhere */
}

/*
 * path_proc_name: the absolute name of a path that leads into /proc and whose last
 * component is one the hooks may answer, else NULL. buf holds PATH_MAX bytes.
 */
const char *path_proc_name(int dirfd, const char *path, char *buf);
