// SPDX-License-Identifier: MIT
/* raw.c: images that are the disk's bytes and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/block/format.h"

static bool raw_probe(const uint8_t *head, size_t n)
{
    (void)head;
    (void)n;
    return true;
}

static int raw_open(Disk *d, const BlockOptions *o, char why[BLOCK_WHY])
{
    (void)o;
    if (d->file_size > (uint64_t)BLOCK_SIZE_MAX)
        return say_why(why, -EFBIG, "%s: too large", d->path);
    d->size = d->file_size;
    return 0;
}

static int raw_close(Disk *d)
{
    (void)d;
    return 0;
}

static int raw_status(Disk *d, uint64_t off, uint64_t len, BlockStatus *st)
{
    (void)d;
    st->kind = BLOCK_DATA;
    st->len = len;
    st->has_off = true;
    st->host_off = off;
    return 0;
}

static int raw_start(Disk *d, BlockRequest *r)
{
    Piece *p;

    switch (r->op) {
    case BLOCK_WRITE:
    case BLOCK_FLUSH:
        p = piece_new(r, r->op == BLOCK_WRITE ? HOST_WRITE : HOST_SYNC, d->fd, r->off, 0);
        if (!p)
            return -ENOMEM;
        piece_cut(p, 0, r->len);
        piece_start(p);
        return 0;
    case BLOCK_ZERO: return host_zero(d->fd, r->off, r->len, r->unmap);
    case BLOCK_DISCARD: host_punch(d->fd, r->off, r->len); return 0;
    case BLOCK_READ: break;
    }
    return -EINVAL;
}

static int raw_resize(Disk *d, uint64_t size, char why[BLOCK_WHY])
{
    if (ftruncate(d->fd, size))
        return say_why(why, -errno, "%s: %s", d->path, strerror(errno));
    d->size = d->file_size = size;
    return 0;
}

static int raw_create(int fd, const BlockCreate *c, char why[BLOCK_WHY])
{
    struct stat st;
    int err;

    if (c->backing_file)
        return say_why(why, -ENOTSUP, "format raw has no backing files");
    if (fstat(fd, &st))
        return -errno;
    if (!S_ISREG(st.st_mode))
        return 0;
    if (c->prealloc == PREALLOC_METADATA)
        return say_why(why, -EINVAL, "format raw has no metadata to preallocate");
    err = host_empty(fd);
    if (err)
        return err;
    if (ftruncate(fd, c->size))
        return -errno;
    if (c->prealloc == PREALLOC_FALLOC && c->size && posix_fallocate(fd, 0, c->size))
        err = -ENOSPC;
    if (c->prealloc == PREALLOC_FULL)
        err = host_write_zeroes(fd, 0, c->size);
    return err;
}

const Format format_raw = {
    .name = "raw",
    .zeroes_beyond = true,
    .probe = raw_probe,
    .open = raw_open,
    .close = raw_close,
    .status = raw_status,
    .start = raw_start,
    .resize = raw_resize,
    .create = raw_create,
};
