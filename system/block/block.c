// SPDX-License-Identifier: MIT
/* block.c: the queue, requests, backing chains, and what is the same for all formats. */
#include "system/block/block.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "system/block/format.h"

struct BlockQueue {
    HostQueue *host;
    BlockRequest *ready, **ready_end;   /* done() is due */
    unsigned under_way;                 /* requests, ready ones included */
};

static const Format *const formats[] = {&format_qcow2, &format_raw};     /* raw takes what is left */

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

int say_why(char why[BLOCK_WHY], int err, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, BLOCK_WHY, fmt, ap);
    va_end(ap);
    /* Names come from images: one line stays one line, and terminals are not spoken to. */
    for (unsigned char *p = (unsigned char *)why; *p; p++)
        if (*p < 32 || *p == 127)
            *p = '?';
    return err;
}

static const Format *format_find(const char *name)
{
    for (int i = 0; i < FORMATS; i++)
        if (!strcmp(formats[i]->name, name))
            return formats[i];
    return NULL;
}

bool block_format_known(const char *name)
{
    return format_find(name) != NULL;
}

const char *block_format_name(unsigned i)
{
    return i < FORMATS ? formats[i]->name : NULL;
}

/* ---- requests ---- */

BlockQueue *block_queue_new(BlockEngine engine, unsigned depth)
{
    BlockQueue *q = calloc(1, sizeof(*q));

    if (!q)
        return NULL;
    q->host = host_queue_new(engine, depth);
    if (!q->host) {
        free(q);
        return NULL;
    }
    q->ready_end = &q->ready;
    return q;
}

void block_queue_free(BlockQueue *q)
{
    if (!q)
        return;
    assert(!q->under_way);
    host_queue_free(q->host);
    free(q);
}

const char *block_queue_engine(const BlockQueue *q)
{
    return host_queue_engine(q->host);
}

int block_queue_fd(const BlockQueue *q)
{
    return host_queue_fd(q->host);
}

void request_hold(BlockRequest *r)
{
    r->pending++;
}

void request_put(BlockRequest *r, int err)
{
    BlockQueue *q = r->disk->q;

    if (err && !r->result)
        r->result = err;
    if (--r->pending)
        return;
    r->next = NULL;
    *q->ready_end = r;
    q->ready_end = &r->next;
}

static int start_read(Disk *d, BlockRequest *r);

static int check_request(const Disk *d, const BlockRequest *r)
{
    if (r->op == BLOCK_FLUSH)
        return 0;
    if (r->off > d->size || r->len > d->size - r->off)
        return -EINVAL;
    return r->op != BLOCK_READ && !d->write ? -EBADF : 0;
}

/* start: returns false when the request has to wait for another to complete. */
static bool start(Disk *d, BlockRequest *r)
{
    int err = check_request(d, r);

    if (d->flushing || (r->op == BLOCK_FLUSH && d->under_way))
        return false;
    r->pending = 1;
    r->result = 0;
    r->zeroes = NULL;
    d->under_way++;
    if (!err && (r->len || r->op == BLOCK_FLUSH))
        err = r->op == BLOCK_READ              ? start_read(d, r)
              : r->op == BLOCK_FLUSH && !d->write ? 0
                                               : d->format->start(d, r);
    if (err == -EAGAIN) {
        assert(r->pending == 1 && d->under_way > 1);
        d->under_way--;
        return false;
    }
    d->flushing = r->op == BLOCK_FLUSH;
    request_put(r, err);
    return true;
}

void block_submit(Disk *d, BlockRequest *r)
{
    r->disk = d;
    r->next = NULL;
    d->q->under_way++;
    if (!d->held && start(d, r))
        return;
    *d->held_end = r;
    d->held_end = &r->next;
}

static void start_held(Disk *d)
{
    while (d->held) {
        BlockRequest *r = d->held, *next = r->next;

        if (!start(d, r))           /* which may have queued r anew: next was read before */
            return;
        d->held = next;
        if (!next)
            d->held_end = &d->held;
    }
}

static unsigned finish_ready(BlockQueue *q)
{
    unsigned n = 0;

    while (q->ready) {
        BlockRequest *r = q->ready;
        Disk *d = r->disk;

        q->ready = r->next;
        if (!q->ready)
            q->ready_end = &q->ready;
        d->under_way--;
        q->under_way--;
        if (r->op == BLOCK_FLUSH)
            d->flushing = false;
        start_held(d);
        n++;
        free(r->zeroes);
        r->done(r);
    }
    return n;
}

unsigned block_poll(BlockQueue *q)
{
    host_reap(q->host, false);
    return finish_ready(q);
}

unsigned block_wait(BlockQueue *q)
{
    unsigned n;

    host_reap(q->host, false);
    while (!(n = finish_ready(q)) && q->under_way)
        host_reap(q->host, true);
    return n;
}

void disk_drain(Disk *d)
{
    while (d->under_way || d->held)
        block_wait(d->q);
}

/* ---- pieces ---- */

static void piece_done(HostOp *op, int result)
{
    Piece *p = (Piece *)op;
    BlockRequest *r = p->r;
    int err = p->then ? p->then(p, result) : result;

    piece_drop(p);
    request_put(r, err);
}

Piece *piece_new(BlockRequest *r, HostKind kind, int fd, uint64_t off, int more)
{
    Piece *p = calloc(1, sizeof(*p) + (r->iovcnt + more) * sizeof(p->iov[0]));

    if (!p)
        return NULL;
    p->op = (HostOp){.kind = kind, .fd = fd, .off = off, .iov = p->iov, .done = piece_done};
    p->r = r;
    return p;
}

void piece_add(Piece *p, void *base, uint64_t n)
{
    if (n)
        p->iov[p->op.iovcnt++] = (struct iovec){base, n};
}

/* each_part: the parts of the request's buffers that make [at, at + n). */
#define each_part(r, at, n, base, len, body)                                                       \
    do {                                                                                           \
        uint64_t at_ = (at), n_ = (n);                                                             \
        for (int i_ = 0; i_ < (r)->iovcnt && n_; i_++) {                                           \
            uint64_t have_ = (r)->iov[i_].iov_len;                                                 \
            if (at_ >= have_) {                                                                    \
                at_ -= have_;                                                                      \
                continue;                                                                          \
            }                                                                                      \
            char *base = (char *)(r)->iov[i_].iov_base + at_;                                      \
            uint64_t len = have_ - at_ < n_ ? have_ - at_ : n_;                                    \
            body;                                                                                  \
            n_ -= len;                                                                             \
            at_ = 0;                                                                               \
        }                                                                                          \
        assert(!n_);                                                                               \
    } while (0)

void piece_cut(Piece *p, uint64_t at, uint64_t n)
{
    each_part(p->r, at, n, base, len, piece_add(p, base, len));
}

void request_copy_in(const BlockRequest *r, uint64_t at, const void *buf, uint64_t n)
{
    const char *src = buf;

    each_part(r, at, n, base, len, {
        memcpy(base, src, len);
        src += len;
    });
}

void request_copy_out(const BlockRequest *r, uint64_t at, void *buf, uint64_t n)
{
    char *dst = buf;

    each_part(r, at, n, base, len, {
        memcpy(dst, base, len);
        dst += len;
    });
}

void request_zero_in(const BlockRequest *r, uint64_t at, uint64_t n)
{
    each_part(r, at, n, base, len, memset(base, 0, len));
}

void piece_start(Piece *p)
{
    request_hold(p->r);
    host_submit(p->r->disk->q->host, &p->op);
}

void piece_drop(Piece *p)
{
    free(p->own[0]);
    free(p->own[1]);
    free(p);
}

/* ---- reading ---- */

int chain_status(Disk *d, uint64_t off, uint64_t len, BlockStatus *st)
{
    int depth = 0;

    for (;; depth++) {
        int err;

        st->len = len;
        st->has_off = st->host_hole = false;
        st->owner = d;
        st->depth = depth;
        err = d->format->status(d, off, len, st);
        if (err)
            return err;
        len = st->len;
        assert(len);
        if (st->kind != BLOCK_HOLE || !d->backing || off >= d->backing->size)
            return 0;
        d = d->backing;
        if (len > d->size - off)
            len = d->size - off;
    }
}

static int read_part(BlockRequest *r, uint64_t at, const BlockStatus *st)
{
    void *buf;
    Piece *p;
    int err;

    if (st->kind == BLOCK_DATA) {
        p = piece_new(r, HOST_READ, st->owner->fd, st->host_off, 0);
        if (!p)
            return -ENOMEM;
        piece_cut(p, at, st->len);
        piece_start(p);
        return 0;
    }
    if (st->kind != BLOCK_COMPRESSED) {
        request_zero_in(r, at, st->len);
        return 0;
    }
    buf = malloc(st->len);
    if (!buf)
        return -ENOMEM;
    err = st->owner->format->read_compressed(st->owner, r->off + at, buf, st->len);
    if (!err)
        request_copy_in(r, at, buf, st->len);
    free(buf);
    return err;
}

static int start_read(Disk *d, BlockRequest *r)
{
    for (uint64_t at = 0; at < r->len;) {
        BlockStatus st;
        int err = chain_status(d, r->off + at, r->len - at, &st);

        if (!err)
            err = read_part(r, at, &st);
        if (err)
            return err;
        at += st.len;
    }
    return 0;
}

int chain_read_now(Disk *d, uint64_t off, void *buf, uint64_t len)
{
    char *p = buf;

    while (len) {
        BlockStatus st;
        int err;

        if (off >= d->size) {
            memset(p, 0, len);
            return 0;
        }
        err = chain_status(d, off, len < d->size - off ? len : d->size - off, &st);
        if (err)
            return err;
        if (st.kind == BLOCK_DATA)
            err = host_pread(st.owner->fd, p, st.len, st.host_off);
        else if (st.kind == BLOCK_COMPRESSED)
            err = st.owner->format->read_compressed(st.owner, off, p, st.len);
        else
            memset(p, 0, st.len);
        if (err)
            return err;
        p += st.len;
        off += st.len;
        len -= st.len;
    }
    return 0;
}

/* find_host_hole: what the host knows of the range of its file that status found. */
static void find_host_hole(BlockStatus *st)
{
    int fd = st->owner->fd;
    off_t data = lseek(fd, st->host_off, SEEK_DATA), end;

    if (data < 0) {
        st->host_hole = errno == ENXIO;
        return;
    }
    if ((uint64_t)data > st->host_off) {
        st->host_hole = true;
        end = data;
    } else {
        end = lseek(fd, st->host_off, SEEK_HOLE);
    }
    if (end > 0 && (uint64_t)end > st->host_off && (uint64_t)end - st->host_off < st->len)
        st->len = end - st->host_off;
}

int disk_status(Disk *d, uint64_t off, uint64_t len, BlockStatus *st)
{
    BlockStatus more;
    int err;

    if (off > d->size || !len || len > d->size - off)
        return -EINVAL;
    err = chain_status(d, off, len, st);
    if (err)
        return err;
    /* One range that several tables say the same of. */
    while (st->len < len && !chain_status(d, off + st->len, len - st->len, &more) &&
           more.kind == st->kind && more.depth == st->depth && more.has_off == st->has_off &&
           (!st->has_off || more.host_off == st->host_off + st->len))
        st->len += more.len;
    if (st->kind == BLOCK_DATA)
        find_host_hole(st);
    return 0;
}

/* ---- opening ---- */

static const Format *probe(int fd)
{
    uint8_t head[512];

    memset(head, 0, sizeof(head));
    if (host_pread(fd, head, sizeof(head), 0))
        return &format_raw;
    for (int i = 0; i < FORMATS; i++)
        if (formats[i]->probe(head, sizeof(head)))
            return formats[i];
    return &format_raw;
}

/* backing_path: where the backing file is that d names. Freed by the caller. */
static int backing_path(const Disk *d, bool anywhere, char **out, char why[BLOCK_WHY])
{
    const char *name = d->backing_file, *slash = strrchr(d->path, '/');
    size_t scheme = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-");
    char *path = NULL, *real = NULL, *folder = NULL;
    int err = 0, dir = slash ? (int)(slash + 1 - d->path) : 0;

    if (scheme && name[scheme] == ':')
        return say_why(why, -ENOTSUP, "%s: backing file '%s' is not a file name", d->path, name);
    if ((name[0] == '/' ? asprintf(&path, "%s", name)
                        : asprintf(&path, "%.*s%s", dir, d->path, name)) < 0)
        return say_why(why, -ENOMEM, "%s: no memory", d->path);
    if (!anywhere) {
        char *image = realpath(d->path, NULL);
        size_t n;

        real = realpath(path, NULL);
        folder = image;
        if (!real || !image) {
            err = say_why(why, -ENOENT, "%s: backing file '%s': %s", d->path, name, strerror(errno));
        } else {
            n = strrchr(folder, '/') + 1 - folder;
            if (strncmp(real, folder, n))
                err = say_why(why, -EPERM,
                              "%s: backing file '%s' is outside the image's folder "
                              "(--any-backing allows that)", d->path, name);
        }
    }
    free(real);
    free(folder);
    if (err) {
        free(path);
        return err;
    }
    *out = path;
    return 0;
}

/* lock_soon: the ring of a process that was killed keeps its files, and so their locks, for some
 * milliseconds after the process is gone. */
static int lock_soon(int fd, bool write)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    int err = host_lock(fd, write);

    for (int i = 0; err && i < 10; i++) {
        host_unlock(fd);
        nanosleep(&pause, NULL);
        err = host_lock(fd, write);
    }
    return err;
}

/* in_chain: whether the file of d is one of those above it. */
static bool in_chain(const struct stat *st, const Disk *above)
{
    struct stat other;

    return above && !fstat(above->fd, &other) && st->st_dev == other.st_dev &&
           st->st_ino == other.st_ino && st->st_rdev == other.st_rdev;
}

typedef struct Above {
    const Disk *disk;
    const struct Above *next;
} Above;

static int open_backing(Disk *d, const BlockOptions *o, int depth, const Above *above,
                        char why[BLOCK_WHY]);

static int open_one(BlockQueue *q, const char *path, const BlockOptions *o, const Above *above,
                    int depth, Disk **out, char why[BLOCK_WHY])
{
    Disk *d = calloc(1, sizeof(*d));
    const Format *f = o->format ? format_find(o->format) : NULL;
    struct stat st;
    int err;

    if (!d || !(d->path = strdup(path))) {
        free(d);
        return say_why(why, -ENOMEM, "%s: no memory", path);
    }
    d->fd = -1;
    d->q = q;
    d->held_end = &d->held;
    d->write = o->write;
    d->in_check = o->check;
    if (o->format && !f) {
        err = say_why(why, -ENOTSUP, "%s: unknown format '%s'", path, o->format);
        goto out_disk;
    }
    err = host_open(path, o->write ? O_RDWR : O_RDONLY, &d->fd,
                    &d->file_size);
    if (err) {
        say_why(why, err, err == -EINVAL ? "%s: neither a file nor a block device" : "%s: %s", path,
                strerror(-err));
        goto out_disk;
    }
    if (!o->no_lock && lock_soon(d->fd, o->write)) {
        err = say_why(why, -EAGAIN, "%s: in use by another process (%s)", path,
                      o->write ? "to write, nobody else may have it open" : "-U reads it nevertheless");
        goto out_disk;
    }
    if (fstat(d->fd, &st))
        memset(&st, 0, sizeof(st));
    for (const Above *a = above; a; a = a->next)
        if (in_chain(&st, a->disk)) {
            err = say_why(why, -ELOOP, "%s: is its own backing file", path);
            goto out_disk;
        }
    d->format = f ? f : probe(d->fd);
    err = d->format->open(d, o, why);
    if (err)
        goto out_disk;
    if (d->backing_file && !o->no_backing && !o->check) {
        err = open_backing(d, o, depth, above, why);
        if (err) {
            d->write = false;       /* nothing was written, nothing is to be */
            disk_close(d);
            return err;
        }
    }
    *out = d;
    return 0;

out_disk:
    if (d->fd >= 0)
        close(d->fd);
    free(d->backing_file);
    free(d->backing_format);
    free(d->path);
    free(d);
    return err;
}

static int open_backing(Disk *d, const BlockOptions *o, int depth, const Above *above,
                        char why[BLOCK_WHY])
{
    BlockOptions below = {.format = d->backing_format,
                          .any_backing = o->any_backing,
                          .no_lock = o->no_lock};
    Above self = {d, above};
    char *path = NULL;
    int err;

    if (depth + 1 >= BLOCK_CHAIN_MAX)
        return say_why(why, -ELOOP, "%s: more than %d backing files", d->path, BLOCK_CHAIN_MAX);
    /* A raw file's bytes are the guest's: it could write itself another format's header. */
    if (!d->backing_format && !o->any_backing)
        return say_why(why, -EPERM,
                       "%s: the format of backing file '%s' is not named (--any-backing allows that)",
                       d->path, d->backing_file);
    err = backing_path(d, o->any_backing, &path, why);
    if (err)
        return err;
    err = open_one(d->q, path, &below, &self, depth + 1, &d->backing, why);
    free(path);
    return err;
}

int disk_open(BlockQueue *q, const char *path, const BlockOptions *o, Disk **out,
              char why[BLOCK_WHY])
{
    return open_one(q, path, o, NULL, 0, out, why);
}

int disk_close(Disk *d)
{
    int err;

    disk_drain(d);
    err = d->format->close(d);
    if (d->backing)
        disk_close(d->backing);
    if (close(d->fd) && !err)
        err = -errno;
    free(d->backing_file);
    free(d->backing_format);
    free(d->path);
    free(d);
    return err;
}

uint64_t disk_size(const Disk *d)
{
    return d->size;
}

const char *disk_path(const Disk *d)
{
    return d->path;
}

const char *disk_format(const Disk *d)
{
    return d->format->name;
}

Disk *disk_backing(const Disk *d)
{
    return d->backing;
}

bool disk_zeroes_beyond(const Disk *d)
{
    return d->format->zeroes_beyond;
}

uint64_t disk_compress_unit(const Disk *d)
{
    return d->format->compress_unit ? d->format->compress_unit(d) : 0;
}

/* ---- calls that wait ---- */

static void set_flag(BlockRequest *r)
{
    *(bool *)r->user = true;
}

int disk_run(Disk *d, BlockRequest *r)
{
    bool done = false;

    r->done = set_flag;
    r->user = &done;
    block_submit(d, r);
    while (!done)
        block_wait(d->q);
    return r->result;
}

int disk_read(Disk *d, uint64_t off, void *buf, uint64_t len)
{
    struct iovec iov = {buf, len};

    return disk_run(d, &(BlockRequest){.op = BLOCK_READ, .off = off, .len = len, .iov = &iov, .iovcnt = 1});
}

int disk_write(Disk *d, uint64_t off, const void *buf, uint64_t len)
{
    struct iovec iov = {(void *)buf, len};

    return disk_run(d, &(BlockRequest){.op = BLOCK_WRITE, .off = off, .len = len, .iov = &iov, .iovcnt = 1});
}

int disk_zero(Disk *d, uint64_t off, uint64_t len, bool unmap)
{
    return disk_run(d, &(BlockRequest){.op = BLOCK_ZERO, .off = off, .len = len, .unmap = unmap});
}

int disk_discard(Disk *d, uint64_t off, uint64_t len)
{
    return disk_run(d, &(BlockRequest){.op = BLOCK_DISCARD, .off = off, .len = len});
}

int disk_flush(Disk *d)
{
    return disk_run(d, &(BlockRequest){.op = BLOCK_FLUSH});
}

/* change: what the calls about the whole disk need first. */
static int change(Disk *d, const void *can, char why[BLOCK_WHY])
{
    if (!can)
        return say_why(why, -ENOTSUP, "%s: not possible with format %s", d->path, d->format->name);
    if (!d->write)
        return say_why(why, -EBADF, "%s: opened to read", d->path);
    disk_drain(d);
    return 0;
}

int disk_resize(Disk *d, uint64_t size, char why[BLOCK_WHY])
{
    int err = change(d, d->format->resize, why);

    if (!err && size > (uint64_t)BLOCK_SIZE_MAX)
        err = say_why(why, -EFBIG, "%s: %llu bytes are too many", d->path, (unsigned long long)size);
    return err ? err : d->format->resize(d, size, why);
}

int disk_snapshot_list(Disk *d, const BlockSnapshot **list, unsigned *n)
{
    return d->format->snapshot_list ? d->format->snapshot_list(d, list, n) : -ENOTSUP;
}

int disk_snapshot_create(Disk *d, const char *name, char why[BLOCK_WHY])
{
    int err = change(d, d->format->snapshot_create, why);

    return err ? err : d->format->snapshot_create(d, name, why);
}

int disk_snapshot_apply(Disk *d, const char *id_or_name, char why[BLOCK_WHY])
{
    int err = change(d, d->format->snapshot_apply, why);

    return err ? err : d->format->snapshot_apply(d, id_or_name, why);
}

int disk_snapshot_delete(Disk *d, const char *id_or_name, char why[BLOCK_WHY])
{
    int err = change(d, d->format->snapshot_delete, why);

    return err ? err : d->format->snapshot_delete(d, id_or_name, why);
}

void disk_info(Disk *d, BlockInfo *i)
{
    struct stat st;

    memset(i, 0, sizeof(*i));
    if (!fstat(d->fd, &st))
        i->host_bytes = (uint64_t)st.st_blocks * 512;
    i->backing_file = d->backing_file;
    i->backing_format = d->backing_format;
    if (d->format->info)
        d->format->info(d, i);
}

int disk_check(Disk *d, const BlockCheckOptions *o, BlockCheck *res, char why[BLOCK_WHY])
{
    memset(res, 0, sizeof(*res));
    if (!d->format->check)
        return say_why(why, -ENOTSUP, "%s: format %s has nothing to check", d->path, d->format->name);
    if ((o->fix_leaks || o->fix_errors) && !d->write)
        return say_why(why, -EBADF, "%s: opened to read", d->path);
    disk_drain(d);
    return d->format->check(d, o, res, why);
}

int disk_create(BlockQueue *q, const char *path, const char *format, const BlockCreate *c,
                char why[BLOCK_WHY])
{
    const Format *f = format_find(format);
    BlockOptions o = {.format = format, .write = true, .no_backing = true};
    uint64_t size;
    Disk *d;
    int fd, err, close_err;

    if (!f)
        return say_why(why, -ENOTSUP, "%s: unknown format '%s'", path, format);
    if (c->size > (uint64_t)BLOCK_SIZE_MAX)
        return say_why(why, -EFBIG, "%s: %llu bytes are too many", path, (unsigned long long)c->size);
    err = host_open(path, O_RDWR | O_CREAT, &fd, &size);
    if (err)
        return say_why(why, err, "%s: %s", path, strerror(-err));
    if (lock_soon(fd, true)) {
        close(fd);
        return say_why(why, -EAGAIN, "%s: in use by another process", path);
    }
    why[0] = '\0';
    err = f->create(fd, c, why);
    if (err && !why[0])
        say_why(why, err, "%s: %s", path, strerror(-err));
    close(fd);
    if (err || !f->preallocate || c->prealloc == PREALLOC_OFF)
        return err;
    err = disk_open(q, path, &o, &d, why);
    if (err)
        return err;
    err = f->preallocate(d, c, why);
    close_err = disk_close(d);
    return err ? err : close_err ? say_why(why, close_err, "%s: %s", path, strerror(-close_err)) : 0;
}
