// SPDX-License-Identifier: MIT
/*
 * layer.c: unpacking.
 *
 * An archive is hostile: each member's folder is looked up with RESOLVE_IN_ROOT and the member is made
 * there under its last name, never through a link that has this name. So links of the image work
 * as they do when it runs (/lib for /usr/lib, absolute ones too), and none leads out. libarchive's
 * own writer would refuse them all.
 *
 * Not kept are device files, which an ordinary user cannot make, times of folders, and extended
 * attributes: some of them mean something to the overlay that the root becomes.
 *
 * Whiteouts (OCI image specification, "Image Layer Filesystem Changeset") are looked for in a pass of
 * their own, since they mean only what lower layers left. That pass computes the digest, too.
 */
#include "run/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2
# define SYS_openat2 437
#endif

enum { BLOCK_BYTES = 64 * 1024 };

#define WHITEOUT ".wh."
#define OPAQUE   ".wh..wh..opq"

/* Why it failed: one text, as the first failure ends it all. */
static char why_text[PATH_MAX + 256];

static const char *why(const char *name, const char *text)
{
    snprintf(why_text, sizeof(why_text), "%.1000s%s%s", name, *name ? ": " : "", text);
    return why_text;
}

static const char *why_archive(const char *name, struct archive *a)
{
    const char *text = archive_error_string(a);

    return why(name, text ? text : "cannot be read");
}

/* ---- removing ---- */

/* hoist: folder name of `from` to the top, under a name that is free there. */
static int hoist(int from, const char *name, int top)
{
    static unsigned number;
    char fresh[32];

    do {
        snprintf(fresh, sizeof(fresh), WHITEOUT "%u", number++);
        if (renameat2(from, name, top, fresh, RENAME_NOREPLACE) == 0)
            return 0;
    } while (errno == EEXIST);
    return -errno;
}

typedef int (*EachName)(int dir_fd, const char *name, int top);

/* each: call f for all names in a folder; the first failure. */
static int each(int dir_fd, int top, EachName f)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *e;

    if (!d) {
        err = -errno;
        if (fd >= 0)
            close(fd);
        return err;
    }
    while ((e = readdir(d))) {
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) {
            int one = f(dir_fd, e->d_name, top);

            err = err ? err : one;
        }
    }
    closedir(d);
    return err;
}

static int remove_or_hoist(int dir_fd, const char *name, int top)
{
    return unlinkat(dir_fd, name, 0) == 0 ? 0 : hoist(dir_fd, name, top);
}

static int remove_flat(int dir_fd, const char *name, int top)
{
    int fd, err;

    if (unlinkat(dir_fd, name, 0) == 0)
        return 0;
    fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    err = each(fd, top, remove_or_hoist);
    close(fd);
    return !err && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : err;
}

static int count(int dir_fd, const char *name, int top)
{
    (void)dir_fd, (void)name, (void)top;
    return 1;
}

/*
 * empty: all that a folder holds. How deep it goes is the image's to say, so there is no recursion:
 * what is further down is moved up until nothing is left.
 */
static int empty(int dir_fd)
{
    int err = 0;

    while (!err && each(dir_fd, dir_fd, count))
        err = each(dir_fd, dir_fd, remove_flat);
    return err;
}

int layer_remove(int dir_fd, const char *name)
{
    int fd, err;

    if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
        return 0;
    fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    err = empty(fd);
    close(fd);
    return !err && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : err;
}

/* ---- places below the root ---- */

/* A member's place: the folder it is in, open, and its name there; "" for the root itself. */
typedef struct {
    int fd;
    char path[PATH_MAX];            /* as the archive has it, without slashes around it */
    const char *name;
} Place;

static int open_below(int root_fd, const char *path)
{
    struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                            .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

    return (int)syscall(SYS_openat2, root_fd, *path ? path : ".", &how, sizeof(how));
}

/* open_folder: the first n bytes of path; with make, what is missing of it is made. */
static int open_folder(int root_fd, const char *path, size_t n, bool make)
{
    char part[PATH_MAX];
    int fd;

    snprintf(part, sizeof(part), "%.*s", (int)n, path);
    fd = open_below(root_fd, part);
    if (fd >= 0 || errno != ENOENT || !make)
        return fd;
    for (size_t at = 0, k; at < n; at += k + 1) {
        k = strcspn(path + at, "/");
        snprintf(part, sizeof(part), "%.*s", (int)at, path);
        if ((fd = open_below(root_fd, part)) < 0)
            return -1;
        snprintf(part, sizeof(part), "%.*s", (int)k, path + at);
        if (mkdirat(fd, part, 0755) < 0 && errno != EEXIST) {
            close(fd);
            return -1;
        }
        close(fd);
    }
    snprintf(part, sizeof(part), "%.*s", (int)n, path);
    return open_below(root_fd, part);
}

/* take_path: text without "./" and slashes around it; why it is no name of a member. */
static const char *take_path(const char *text, char path[PATH_MAX])
{
    size_t n = 0;

    for (;;) {
        size_t k;

        text += strspn(text, "/");
        k = strcspn(text, "/");
        if (k == 0)
            break;
        if (k == 2 && !strncmp(text, "..", k))
            return "a name with '..' leads out of it";
        if (n + k + 2 > PATH_MAX)
            return "the name is too long";
        if (k > 1 || *text != '.') {
            path[n++] = '/';
            memcpy(path + n, text, k);
            n += k;
        }
        text += k;
    }
    path[n] = 0;
    memmove(path, path + (n > 0), n + (n == 0));
    return NULL;
}

/* place_open: NULL, or why there is no such place. */
static const char *place_open(int root_fd, const char *text, bool make, Place *p)
{
    const char *bad = text ? take_path(text, p->path) : "a member has no name", *slash;

    p->fd = -1;
    if (bad)
        return why(text ? text : "", bad);
    slash = strrchr(p->path, '/');
    p->name = slash ? slash + 1 : p->path;
    p->fd = open_folder(root_fd, p->path, slash ? (size_t)(slash - p->path) : 0, make);
    return p->fd < 0 ? why(p->path, strerror(errno)) : NULL;
}

/* make_way: what lower layers left under this name goes, but for a folder where there is to be one. */
static const char *make_way(const Place *p, bool folder)
{
    struct stat st;
    int err = 0;

    if (fstatat(p->fd, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !(folder && S_ISDIR(st.st_mode)))
        err = layer_remove(p->fd, p->name);
    return err < 0 ? why(p->path, strerror(-err)) : NULL;
}

/* ---- one member ---- */

/* write_all: n bytes of a file at an offset; 0 or -errno. */
static int write_all(int fd, const char *p, size_t n, int64_t at)
{
    while (n) {
        ssize_t k = pwrite(fd, p, n, at);

        if (k < 0 && errno != EINTR)
            return -errno;
        if (k > 0) {
            p += k;
            n -= (size_t)k;
            at += k;
        }
    }
    return 0;
}

static const char *copy_data(struct archive *from, const Place *p, int fd, int64_t size)
{
    const void *block;
    la_int64_t at;
    size_t n;
    int r;

    while ((r = archive_read_data_block(from, &block, &n, &at)) >= ARCHIVE_WARN && r != ARCHIVE_EOF) {
        int err = write_all(fd, block, n, at);

        if (err < 0)
            return why(p->path, strerror(-err));
    }
    if (r != ARCHIVE_EOF)
        return why_archive(p->path, from);
    return ftruncate(fd, size) < 0 ? why(p->path, strerror(errno)) : NULL;
}

static const char *put_file(struct archive *from, struct archive_entry *e, const Place *p)
{
    int fd = openat(p->fd, p->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    const char *bad;

    if (fd < 0)
        return why(p->path, strerror(errno));
    bad = copy_data(from, p, fd, archive_entry_size(e));
    if (close(fd) < 0 && !bad)
        bad = why(p->path, strerror(errno));
    return bad;
}

static const char *put_link(int root_fd, const char *target, const Place *p)
{
    Place to;
    const char *bad = place_open(root_fd, target, false, &to);

    if (!bad && linkat(to.fd, to.name, p->fd, p->name, 0) < 0)
        bad = why(p->path, strerror(errno));
    if (to.fd >= 0)
        close(to.fd);
    return bad;
}

/*
 * set_rights: owner, mode and time of what was made. Only root can give files away, and in a container
 * perhaps not to all users there are. Others must be able to fill their folders, and to remove them.
 */
static const char *set_rights(struct archive_entry *e, const Place *p)
{
    struct timespec t[2] = { { .tv_nsec = UTIME_OMIT }, { archive_entry_mtime(e), archive_entry_mtime_nsec(e) } };
    mode_t mode = archive_entry_perm(e), type = archive_entry_filetype(e);

    if (geteuid() == 0 && fchownat(p->fd, p->name, (uid_t)archive_entry_uid(e), (gid_t)archive_entry_gid(e),
                                   AT_SYMLINK_NOFOLLOW) < 0 && errno != EPERM && errno != EINVAL)
        return why(p->path, strerror(errno));
    if (geteuid() != 0 && type == AE_IFDIR)
        mode |= 0700;
    if (type != AE_IFLNK && fchmodat(p->fd, p->name, mode, 0) < 0)
        return why(p->path, strerror(errno));
    if (type != AE_IFDIR && archive_entry_mtime_is_set(e))
        utimensat(p->fd, p->name, t, AT_SYMLINK_NOFOLLOW);
    return NULL;
}

static const char *put_at(struct archive *from, struct archive_entry *e, int root_fd, const Place *p)
{
    const char *link = archive_entry_hardlink(e), *bad;
    int r = 0;

    if ((bad = make_way(p, archive_entry_filetype(e) == AE_IFDIR && !link)))
        return bad;
    if (link)
        return put_link(root_fd, link, p);
    switch (archive_entry_filetype(e)) {
    case AE_IFREG: bad = put_file(from, e, p); break;
    case AE_IFLNK: r = symlinkat(archive_entry_symlink(e) ? archive_entry_symlink(e) : "", p->fd, p->name); break;
    case AE_IFDIR: r = mkdirat(p->fd, p->name, 0700) < 0 && errno != EEXIST ? -1 : 0; break;
    case AE_IFIFO: r = mkfifoat(p->fd, p->name, 0600); break;
    default: return NULL;           /* devices */
    }
    if (r < 0)
        bad = why(p->path, strerror(errno));
    return bad ? bad : set_rights(e, p);
}

static const char *put(struct archive *from, struct archive_entry *e, int root_fd)
{
    Place p;
    const char *bad = place_open(root_fd, archive_entry_pathname(e), true, &p);

    if (!bad && *p.name)
        bad = put_at(from, e, root_fd, &p);
    if (p.fd >= 0)
        close(p.fd);
    return bad;
}

/* ---- whiteouts ---- */

static bool is_whiteout(const char *text)
{
    char path[PATH_MAX];
    const char *slash;

    if (!text || take_path(text, path))
        return false;
    slash = strrchr(path, '/');
    return !strncmp(slash ? slash + 1 : path, WHITEOUT, strlen(WHITEOUT));
}

static const char *apply_whiteout(const char *text, int root_fd)
{
    Place p;
    const char *hidden;
    int err = 0;

    if (place_open(root_fd, text, false, &p))
        return NULL;                /* lower layers have no such folder */
    hidden = p.name + strlen(WHITEOUT);
    if (!strcmp(p.name, OPAQUE))
        err = empty(p.fd);
    else if (*hidden && strcmp(hidden, ".") && strcmp(hidden, ".."))
        err = layer_remove(p.fd, hidden);
    close(p.fd);
    return err < 0 ? why(p.path, strerror(-err)) : NULL;
}

/* ---- reading ---- */

static struct archive *filters_new(void)
{
    struct archive *a = archive_read_new();

    if (!a)
        run_fail("out of memory");
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_zstd(a);
    return a;
}

/* open_tar: NULL, or why not; frees nothing. */
static const char *open_tar(struct archive *a, int fd)
{
    archive_read_support_format_tar(a);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return why("", strerror(errno));
    return archive_read_open_fd(a, fd, BLOCK_BYTES) == ARCHIVE_OK ? NULL : why_archive("", a);
}

/* put_all: all members but whiteouts of a layer, and but larger ones. */
static const char *put_all(int fd, int root_fd, bool is_layer, int64_t size_max)
{
    struct archive *from = filters_new();
    const char *bad = open_tar(from, fd);
    struct archive_entry *e;
    int r = ARCHIVE_OK;

    while (!bad && (r = archive_read_next_header(from, &e)) >= ARCHIVE_WARN && r != ARCHIVE_EOF) {
        if (archive_entry_size(e) <= size_max && !(is_layer && is_whiteout(archive_entry_pathname(e))))
            bad = put(from, e, root_fd);
    }
    if (!bad && r != ARCHIVE_EOF)
        bad = why_archive("", from);
    archive_read_free(from);
    return bad;
}

/* The plain bytes of a layer on their way to the reader of tars. */
typedef struct {
    struct archive *plain;
    struct sha256_ctx sha;
    uint8_t block[BLOCK_BYTES];
} Plain;

static la_ssize_t plain_read(struct archive *a, void *state, const void **block)
{
    Plain *s = state;
    la_ssize_t n = archive_read_data(s->plain, s->block, sizeof(s->block));

    if (n < 0)
        archive_set_error(a, EIO, "%s", archive_error_string(s->plain));
    else
        sha256_update(&s->sha, (size_t)n, s->block);
    *block = s->block;
    return n;
}

static void digest_text(struct sha256_ctx *sha, char hex[SHA256_HEX + 1])
{
    uint8_t digest[SHA256_DIGEST_SIZE];

    sha256_digest(sha, sizeof(digest), digest);
    for (unsigned i = 0; i < sizeof(digest); i++)
        sprintf(hex + 2 * i, "%02x", digest[i]);
}

/* whiteouts_from: apply those of an opened archive; all of it is read, what follows the tar's end too. */
static const char *whiteouts_from(Plain *s, struct archive *tar, int root_fd)
{
    const char *bad = NULL;
    struct archive_entry *e;
    const void *rest;
    int r = ARCHIVE_OK;

    while (!bad && (r = archive_read_next_header(tar, &e)) >= ARCHIVE_WARN && r != ARCHIVE_EOF) {
        if (is_whiteout(archive_entry_pathname(e)))
            bad = apply_whiteout(archive_entry_pathname(e), root_fd);
    }
    if (!bad && r != ARCHIVE_EOF)
        return why_archive("", tar);
    while (!bad && (r = (int)plain_read(tar, s, &rest)) != 0) {
        if (r < 0)
            return why_archive("", tar);
    }
    return bad;
}

static const char *whiteouts(int fd, int root_fd, const char *diff_id)
{
    static Plain s;
    struct archive *tar = archive_read_new();
    struct archive_entry *e;
    char hex[SHA256_HEX + 1];
    const char *bad = NULL;

    s.plain = filters_new();
    sha256_init(&s.sha);
    archive_read_support_format_raw(s.plain);
    archive_read_support_format_empty(s.plain);
    if (!tar)
        run_fail("out of memory");
    archive_read_support_format_tar(tar);
    if (lseek(fd, 0, SEEK_SET) < 0)
        bad = why("", strerror(errno));
    else if (archive_read_open_fd(s.plain, fd, BLOCK_BYTES) != ARCHIVE_OK ||
             archive_read_next_header(s.plain, &e) < ARCHIVE_WARN)
        bad = why_archive("", s.plain);
    else if (archive_read_open(tar, &s, NULL, plain_read, NULL) != ARCHIVE_OK)
        bad = why_archive("", tar);
    if (!bad)
        bad = whiteouts_from(&s, tar, root_fd);
    digest_text(&s.sha, hex);
    if (!bad && strcmp(hex, diff_id))
        bad = why("", "it is damaged: its content has another digest");
    archive_read_free(tar);
    archive_read_free(s.plain);
    return bad;
}

const char *layer_unpack(int fd, int root_fd, const char *diff_id)
{
    const char *bad = whiteouts(fd, root_fd, diff_id);

    return bad ? bad : put_all(fd, root_fd, true, INT64_MAX);
}

const char *layer_unpack_archive(int fd, int root_fd, int64_t size_max)
{
    return put_all(fd, root_fd, false, size_max);
}

bool layer_sha256(int fd, char hex[SHA256_HEX + 1])
{
    static uint8_t block[BLOCK_BYTES];
    struct sha256_ctx ctx;
    off_t at = 0;
    ssize_t n;

    sha256_init(&ctx);
    while ((n = pread(fd, block, sizeof(block), at)) > 0) {
        sha256_update(&ctx, (size_t)n, block);
        at += n;
    }
    digest_text(&ctx, hex);
    return n == 0;
}
