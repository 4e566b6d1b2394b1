/* SPDX-License-Identifier: MIT */
/*
 * file.c: calls on file descriptors that need more than to be passed on: O_ flags, struct
 * stat, descriptors that are ours, vectors of buffers.
 */
#include <errno.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include "gen/syscalls.h"
#include "syscall/host_call.h"
#include "syscall/iov.h"
#include "syscall/own_fd.h"
#include "syscall/stat.h"

/* ---- O_ flags ---- */

static const FlagPair *open_pairs(Thread *t)
{
    static const FlagPair *cached; /* one kind of guest per process */

    if (!cached) {
        static const FlagPair none[] = { { 0, 0 } };
        const GuestFlags *g = guest_flag_maps;

        while (g->guest && strcmp(g->guest, t->guest->name) != 0) {
            g++;
        }
        cached = g->guest ? g->open : none;
    }
    return cached;
}

uint32_t open_flags_to_host(Thread *t, uint32_t flags)
{
    uint32_t known = 0, set = 0;

    for (const FlagPair *p = open_pairs(t); p->guest; p++) {
        known |= p->guest;
        set |= flags & p->guest ? p->host : 0;
    }
    return (flags & ~known) | set;
}

uint32_t open_flags_to_guest(Thread *t, uint32_t flags)
{
    uint32_t known = 0, set = 0;

    for (const FlagPair *p = open_pairs(t); p->guest; p++) {
        known |= p->host;
        set |= flags & p->host ? p->guest : 0;
    }
    return (flags & ~known) | set;
}

long sys_pipe2(Thread *t, GuestAddr fds, uint32_t flags)
{
    guest_dirty_small(t, fds.va, 8);
    return host_call(SYS_pipe2, fds.va, open_flags_to_host(t, flags));
}

long sys_open_by_handle_at(Thread *t, int mount, GuestAddr handle, uint32_t flags)
{
    return host_syscall(t, SYS_open_by_handle_at, mount, handle.va,
                        open_flags_to_host(t, flags));
}

long sys_fanotify_init(Thread *t, uint32_t flags, uint32_t event_flags)
{
    return host_call(SYS_fanotify_init, flags, open_flags_to_host(t, event_flags));
}

/* ---- struct stat ---- */

/* asm-generic struct stat with 64-bit long: aarch64, riscv64, loongarch64. */
typedef struct {
    uint64_t st_dev;
    uint64_t st_ino;
    uint32_t st_mode;
    uint32_t st_nlink;
    uint32_t st_uid;
    uint32_t st_gid;
    uint64_t st_rdev;
    uint64_t pad1;
    int64_t st_size;
    int32_t st_blksize;
    int32_t pad2;
    int64_t st_blocks;
    struct {
        int64_t sec;
        uint64_t nsec;
    } st_atim, st_mtim, st_ctim;
    uint32_t unused[2];
} LinuxStat;
static_assert(sizeof(LinuxStat) == 128, "asm-generic struct stat");
static_assert(offsetof(LinuxStat, st_atim) == 72, "asm-generic struct stat");

long stat_to_guest(Thread *t, GuestAddr dst, const struct stat *st)
{
    LinuxStat s = {
        .st_dev = st->st_dev,
        .st_ino = st->st_ino,
        .st_mode = st->st_mode,
        .st_nlink = (uint32_t)st->st_nlink,
        .st_uid = st->st_uid,
        .st_gid = st->st_gid,
        .st_rdev = st->st_rdev,
        .st_size = st->st_size,
        .st_blksize = (int32_t)st->st_blksize,
        .st_blocks = st->st_blocks,
        .st_atim = { st->st_atim.tv_sec, (uint64_t)st->st_atim.tv_nsec },
        .st_mtim = { st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec },
        .st_ctim = { st->st_ctim.tv_sec, (uint64_t)st->st_ctim.tv_nsec },
    };

    return guest_copy_out(t, dst, &s, sizeof s);
}

long sys_fstat(Thread *t, int fd, GuestAddr st)
{
    struct stat host;
    long err = host_call(SYS_fstat, fd, &host);

    return err ? err : stat_to_guest(t, st, &host);
}

/* ---- descriptors of ours ---- */

long sys_close(Thread *t, int fd)
{
    (void)t;
    return own_fd_is(fd) ? -EBADF : host_call(SYS_close, fd);
}

long sys_dup(Thread *t, int fd)
{
    (void)t;
    return own_fd_is(fd) ? -EBADF : host_call(SYS_dup, fd);
}

long sys_dup3(Thread *t, int fd, int newfd, uint32_t flags)
{
    (void)t;
    if (own_fd_is(fd) || own_fd_is(newfd)) {
        return -EBADF;
    }
    return host_call(SYS_dup3, fd, newfd, flags);
}

/* close_range(2), in pieces around descriptors of ours. */
long sys_close_range(Thread *t, uint32_t first, uint32_t last, uint32_t flags)
{
    uint64_t from = first;

    (void)t;
    if (first > last || flags & CLOSE_RANGE_CLOEXEC) {
        return host_call(SYS_close_range, first, last, flags);
    }
    while (from <= last) {
        int own = own_fd_next((unsigned)from);
        uint64_t end = own < 0 || (unsigned)own > last ? last : (uint64_t)own - 1;

        if (own < 0 || (uint64_t)own != from) {
            long err = host_call(SYS_close_range, from, end, flags);

            if (err) {
                return err;
            }
            flags &= ~(uint32_t)CLOSE_RANGE_UNSHARE;
        }
        from = own < 0 || (unsigned)own > last ? (uint64_t)last + 1 : (uint64_t)own + 1;
    }
    return 0;
}

long sys_fcntl(Thread *t, int fd, int cmd, uint64_t arg)
{
    long result;

    if (own_fd_is(fd)) {
        return -EBADF;
    }
    switch (cmd) {
    case F_SETFL:
        return host_call(SYS_fcntl, fd, cmd, open_flags_to_host(t, (uint32_t)arg));
    case F_GETFL:
        result = host_call(SYS_fcntl, fd, cmd, arg);
        return result < 0 ? result : open_flags_to_guest(t, (uint32_t)result);
    case F_SETLKW:
    case F_OFD_SETLKW: return host_syscall(t, SYS_fcntl, fd, cmd, arg);
    default: return host_call(SYS_fcntl, fd, cmd, arg); /* struct flock is the same */
    }
}

/* ---- directories ---- */

typedef struct {
    uint64_t ino;
    int64_t off;
    uint16_t len;
    uint8_t type;
    char name[];
} Dirent;

/* own_entry: does this entry of /proc/self/fd or fdinfo name a descriptor of ours? */
static bool own_entry(const Dirent *d)
{
    char *end;
    long fd;

    if (d->name[0] < '0' || d->name[0] > '9') {
        return false;
    }
    fd = strtol(d->name, &end, 10);
    return *end == 0 && fd <= INT32_MAX && own_fd_is((int)fd);
}

/* lists_own_fds: is fd the descriptor folder of this process? */
static bool lists_own_fds(int fd)
{
    char link[40], text[64];
    struct statfs fs;
    long n;
    int pid;
    char folder[16];

    if (own_fd_next(0) < 0 || host_call(SYS_fstatfs, fd, &fs) ||
        fs.f_type != PROC_SUPER_MAGIC) {
        return false;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = host_call(SYS_readlinkat, AT_FDCWD, link, text, sizeof text - 1);
    if (n <= 0) {
        return false;
    }
    text[n] = 0;
    /* "/proc/PID/fd", "/proc/PID/task/TID/fdinfo" */
    return sscanf(text, "/proc/%d/%15s", &pid, folder) == 2 &&
           pid == (int)host_call(SYS_getpid) && strstr(text, "/fd");
}

/*
 * getdents64(2). Buffers of guests are read by the kernel's own rules here: it has just
 * written them, so they can be read back unless another thread unmaps them meanwhile,
 * which the copies notice.
 */
static long hide_own_fds(Thread *t, GuestAddr buf, long n)
{
    uint8_t *copy = malloc((size_t)n);
    long in = 0, out = 0;

    if (!copy || guest_copy_in(t, copy, buf, (size_t)n)) {
        free(copy);
        return n;
    }
    while (in + (long)sizeof(Dirent) <= n) {
        Dirent *d = (Dirent *)(copy + in);
        long len = d->len;

        if (len < (long)sizeof(Dirent) || len > n - in) {
            break;
        }
        if (!own_entry(d)) {
            memmove(copy + out, d, (size_t)len);
            out += len;
        }
        in += len;
    }
    if (guest_copy_out(t, buf, copy, (size_t)out)) {
        out = n;
    }
    free(copy);
    return out;
}

long sys_getdents64(Thread *t, int fd, GuestAddr buf, size_t n)
{
    long result;

    guest_dirty(t, buf.va, (uint32_t)n);
    do {
        long all = host_call(SYS_getdents64, fd, buf.va, n);

        if (all <= 0 || !lists_own_fds(fd)) {
            return all;
        }
        result = hide_own_fds(t, buf, all);
    } while (result == 0); /* only entries of ours: not the end yet */
    return result;
}

/* ---- vectors ---- */

/* guest_dirty_iov: the kernel is about to write through the n elements of a guest iovec. */
void guest_dirty_iov(Thread *t, GuestAddr iov, uint64_t n)
{
    struct iovec v[16];

    while (n > 0 && n <= IOV_MOST) {
        uint64_t some = n < ARRAY_LEN(v) ? n : ARRAY_LEN(v);

        if (guest_copy_in(t, v, iov, some * sizeof v[0])) {
            return;
        }
        for (uint64_t i = 0; i < some; i++) {
            guest_dirty(t, (uint64_t)v[i].iov_base, v[i].iov_len);
        }
        iov.va += some * sizeof v[0];
        n -= some;
    }
}

long sys_readv(Thread *t, int fd, GuestAddr iov, size_t n)
{
    guest_dirty_iov(t, iov, n);
    return host_syscall(t, SYS_readv, fd, iov.va, n);
}

long sys_preadv(Thread *t, int fd, GuestAddr iov, size_t n, uint64_t pos_lo,
                uint64_t pos_hi)
{
    guest_dirty_iov(t, iov, n);
    return host_syscall(t, SYS_preadv, fd, iov.va, n, pos_lo, pos_hi);
}

long sys_preadv2(Thread *t, int fd, GuestAddr iov, size_t n, uint64_t pos_lo,
                 uint64_t pos_hi, uint32_t flags)
{
    guest_dirty_iov(t, iov, n);
    return host_syscall(t, SYS_preadv2, fd, iov.va, n, pos_lo, pos_hi, flags);
}

/* vmsplice(2) also reads: from a pipe into the vector when fd is its read end. */
long sys_vmsplice(Thread *t, int fd, GuestAddr iov, size_t n, uint32_t flags)
{
    guest_dirty_iov(t, iov, n);
    return host_syscall(t, SYS_vmsplice, fd, iov.va, n, flags);
}
