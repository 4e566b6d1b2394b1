// SPDX-License-Identifier: MIT
/*
 * mounts.c: what the command finds mounted.
 *
 * The root is not trusted: a link in it must not lead a mount or a new file to the host's files, so
 * every path below it is looked up with RESOLVE_IN_ROOT and used through its descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "binfmt/magic.h"
#include "run/tool.h"

#ifndef SYS_openat2
# define SYS_openat2 437
#endif

static int root_fd = -1;

static int open_inside(const char *path, uint64_t flags, mode_t mode)
{
    struct open_how how = { .flags = flags | O_CLOEXEC, .mode = flags & O_CREAT ? mode : 0,
                            .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

    return (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
}

/* make_folders: the folders of a path that are missing, as far as can be. */
static void make_folders(const char *path)
{
    char part[PATH_MAX];

    for (const char *slash = path + strspn(path, "/"); *slash; slash += strspn(slash, "/")) {
        size_t n = strcspn(slash, "/");

        snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        int parent = open_inside(*part ? part : "/", O_PATH | O_DIRECTORY, 0);
        char name[NAME_MAX + 1];

        snprintf(name, sizeof(name), "%.*s", (int)n, slash);
        if (parent >= 0) {
            mkdirat(parent, name, 0755);
            close(parent);
        }
        slash += n;
    }
}

/* target: a descriptor of the place to mount at, made when it is missing; -1 with errno. */
static int target(const char *path, bool folder)
{
    int fd = open_inside(path, O_PATH, 0);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');

    snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path) : 0, path);
    make_folders(folder ? path : parent);
    if (!folder) {
        fd = open_inside(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (fd >= 0)
            close(fd);
    }
    return open_inside(path, O_PATH, 0);
}

/* mount_at: mount(2) at a path inside; 0 or -errno. */
static int mount_at(const char *source, const char *path, bool folder, const char *type,
                    unsigned long flags, const char *data)
{
    char where[40];
    int fd = target(path, folder), err;

    if (fd < 0)
        return -errno;
    snprintf(where, sizeof(where), "/proc/self/fd/%d", fd);
    err = mount(source, where, type, flags, data) ? -errno : 0;
    close(fd);
    return err;
}

static void must_mount(const char *source, const char *path, const char *type, unsigned long flags,
                       const char *data)
{
    int err = mount_at(source, path, true, type, flags, data);

    if (err < 0)
        run_fail("cannot mount %s: %s", path, strerror(-err));
}

static void link_inside(const char *text, const char *name)
{
    int dev = open_inside("/dev", O_PATH | O_DIRECTORY, 0);

    if (dev >= 0) {
        symlinkat(text, dev, name);
        close(dev);
    }
}

static void mount_dev(void)
{
    static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };
    static const char *const links[][2] = {
        { "/proc/self/fd", "fd" },         { "/proc/self/fd/0", "stdin" },
        { "/proc/self/fd/1", "stdout" },   { "/proc/self/fd/2", "stderr" },
        { "pts/ptmx", "ptmx" },
    };
    char host[32];

    must_mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
    for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
        snprintf(host, sizeof(host), "/dev/%s", nodes[i]);
        mount_at(host, host, false, NULL, MS_BIND, NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(links); i++)
        link_inside(links[i][0], links[i][1]);
    must_mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
    /* Group tty is 5 everywhere, but may not be mapped. */
    if (mount_at("devpts", "/dev/pts", true, "devpts", MS_NOSUID | MS_NOEXEC,
                 "newinstance,ptmxmode=0666,mode=620,gid=5") < 0)
        must_mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
                   "newinstance,ptmxmode=0666,mode=620");
}

/* mount_proc: where the host hides parts of its own, a container say, the kernel refuses a new one. */
static void mount_proc(void)
{
    int err = mount_at("proc", "/proc", true, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);

    if (err < 0)
        err = mount_at("/proc", "/proc", true, NULL, MS_BIND | MS_REC, NULL);
    if (err < 0)
        run_fail("cannot mount /proc: %s", strerror(-err));
}

/* make_read_only: flags that the source's mount has must be kept, or the kernel refuses. */
static int make_read_only(const char *path)
{
    int err = -EPERM;

    for (unsigned keep = 0; err == -EPERM && keep < 8; keep++) {
        unsigned long flags = (keep & 1 ? MS_NOSUID : 0) | (keep & 2 ? MS_NODEV : 0) |
                              (keep & 4 ? MS_NOEXEC : 0);

        err = mount_at(NULL, path, true, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | flags, NULL);
    }
    return err;
}

static void mount_bind(const RunBind *b)
{
    struct stat st;
    int err;

    if (stat(b->source, &st) < 0)
        run_fail("--bind %s: %s", b->source, strerror(errno));
    err = mount_at(b->source, b->target, S_ISDIR(st.st_mode), NULL, MS_BIND | MS_REC, NULL);
    if (!err && b->read_only)
        err = make_read_only(b->target);
    if (err < 0)
        run_fail("--bind %s: cannot mount it at %s: %s", b->source, b->target, strerror(-err));
}

/*
 * overlay: a place where changes to the root go to memory. It is made beside the root, in a folder that
 * is the caller's, as nothing else is known to be there and ours. Names are relative, as those in
 * options may hold no comma or colon.
 */
static void overlay(RunJob *job)
{
    static char merged[PATH_MAX + 16];
    size_t n = (size_t)(strrchr(job->root, '/') - job->root);
    char place[PATH_MAX];

    snprintf(place, sizeof(place), "%.*s", (int)n, job->root);
    if (chdir(place) < 0 || (mkdir("changes", 0700) < 0 && errno != EEXIST) ||
        mount("tmpfs", "changes", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0 ||
        mkdir("changes/upper", 0755) < 0 || mkdir("changes/work", 0755) < 0 || mkdir("changes/root", 0755) < 0)
        run_fail("%s: cannot keep changes apart: %s", place, strerror(errno));
    if (mount("overlay", "changes/root", "overlay", 0,
              "lowerdir=root,upperdir=changes/upper,workdir=changes/work,userxattr") < 0)
        run_fail("%s: cannot keep changes apart: this kernel has no overlays for us (Linux 5.11 has): %s",
                 place, strerror(errno));
    snprintf(merged, sizeof(merged), "%s/changes/root", place);
    job->root = merged;
}

void run_mounts(RunJob *job)
{
    static const char resolv[] = "/etc/resolv.conf";

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        run_fail("cannot make mounts private: %s", strerror(errno));
    if (job->discard)
        overlay(job);
    if (mount(job->root, job->root, NULL, MS_BIND | MS_REC, NULL) < 0)
        run_fail("%s: cannot be mounted: %s", job->root, strerror(errno));
    /* The parent of "/" is what is mounted on it now; its own name is what was there before. */
    root_fd = open(strcmp(job->root, "/") ? job->root : "/..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0)
        run_fail("%s: %s", job->root, strerror(errno));
    mount_dev();
    /* The host's, which shows the host's network; with one of our own the kernel lets us have ours. */
    if (!job->no_network || mount_at("sysfs", "/sys", true, "sysfs",
                                     MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL) < 0)
        mount_at("/sys", "/sys", true, NULL, MS_BIND | MS_REC, NULL);
    if (access(resolv, R_OK) == 0 && !job->no_network)
        mount_at(resolv, resolv, false, NULL, MS_BIND, NULL);
    for (unsigned i = 0; i < job->n_bind; i++)
        mount_bind(&job->bind[i]);
    if (job->discard && job->workdir)
        make_folders(job->workdir);
    mount_proc();
}

bool run_register(const RunJob *job)
{
    char table[40];
    BinfmtEntry e;
    int fd;

    if (mount_at("binfmt_misc", BINFMT_TABLE, true, "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                 NULL) < 0)
        return false;
    fd = open_inside(BINFMT_TABLE, O_PATH | O_DIRECTORY, 0);
    if (fd < 0)
        return false;
    snprintf(table, sizeof(table), "/proc/self/fd/%d", fd);
    for (const Guest *const *g = guest_list; *g; g++) {
        if (magic_native(*g))
            continue;
        magic_entry(*g, job->self, false, &e);
        if (table_add(table, &e) < 0) {
            close(fd);
            return false;
        }
    }
    close(fd);
    return true;
}

void run_enter(const RunJob *job)
{
    if (fchdir(root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
        umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        run_fail("%s: cannot become the root: %s", job->root, strerror(errno));
    close(root_fd);
}
