// SPDX-License-Identifier: MIT
/*
 * format.h: what a format of disk images is to block.c: one row of functions. A new format is one
 * file with such a row, and its name in the table of block.c.
 *
 * Formats say what a range is (status) and start requests that change something; reading follows
 * from status and is the same for all.
 */
#pragma once

#include "system/block/block.h"
#include "system/block/host.h"

typedef struct Format {
    const char *name;
    bool zeroes_beyond;         /* new images read as zeroes */

    /* probe: whether the first n bytes of a file are of this format. */
    bool (*probe)(const uint8_t *head, size_t n);

    /* open: d has path, fd and file_size. Sets size, state and the names of the backing file. */
    int (*open)(Disk *d, const BlockOptions *o, char why[BLOCK_WHY]);
    int (*close)(Disk *d);      /* write back; frees state */

    /* status: of this image alone. HOLE: the backing file decides. Only len, kind, has_off, host_off. */
    int (*status)(Disk *d, uint64_t off, uint64_t len, BlockStatus *st);

    /* read_compressed: len bytes at off, all in one cluster that status said is compressed. */
    int (*read_compressed)(Disk *d, uint64_t off, void *buf, uint64_t len);

    /*
     * start: begin anything but a read. 0, or the request's error, or -EAGAIN before anything was
     * done: try again when another request completed. Parts go on with request_hold and request_put.
     */
    int (*start)(Disk *d, BlockRequest *r);

    uint64_t (*compress_unit)(const Disk *d);
    int (*resize)(Disk *d, uint64_t size, char why[BLOCK_WHY]);
    int (*snapshot_list)(Disk *d, const BlockSnapshot **list, unsigned *n);
    int (*snapshot_create)(Disk *d, const char *name, char why[BLOCK_WHY]);
    int (*snapshot_apply)(Disk *d, const char *id_or_name, char why[BLOCK_WHY]);
    int (*snapshot_delete)(Disk *d, const char *id_or_name, char why[BLOCK_WHY]);
    void (*info)(Disk *d, BlockInfo *i);
    int (*check)(Disk *d, const BlockCheckOptions *o, BlockCheck *res, char why[BLOCK_WHY]);

    /* create: fd is a locked file, perhaps of another image: host_empty() it once nothing is refused any more. */
    int (*create)(int fd, const BlockCreate *c, char why[BLOCK_WHY]);
    /* preallocate: the image just made, opened to write. */
    int (*preallocate)(Disk *d, const BlockCreate *c, char why[BLOCK_WHY]);
} Format;

extern const Format format_raw, format_qcow2;

struct Disk {
    const Format *format;
    BlockQueue *q;
    char *path;
    int fd;
    uint64_t file_size;         /* of the host's file when it was opened */
    uint64_t size;              /* of the disk */
    bool write;
    bool in_check;              /* opened for disk_check: no backing file */
    Disk *backing;
    char *backing_file, *backing_format;    /* as the image names them, or NULL */
    void *state;                /* the format's */

    unsigned under_way;         /* requests started and not done */
    bool flushing;
    BlockRequest *held, **held_end;         /* behind a flush, or told to try again */
};

/* say_why: one line of an error; returns err. */
int say_why(char why[BLOCK_WHY], int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* request_hold, request_put: one part more, one part less, of which the last completes r. */
void request_hold(BlockRequest *r);
void request_put(BlockRequest *r, int err);

/*
 * Piece: a host operation of a request. then() is called with its result, and afterwards the piece
 * is freed and the request put with what then() returned.
 */
typedef struct Piece {
    HostOp op;
    BlockRequest *r;
    int (*then)(struct Piece *p, int err);
    uint64_t a, b, c;           /* for then() */
    void *own[2];               /* freed with the piece */
    struct iovec iov[];
} Piece;

/* piece_new: of up to iovcnt vectors more than those of r; NULL without memory. */
Piece *piece_new(BlockRequest *r, HostKind kind, int fd, uint64_t off, int more);
void piece_add(Piece *p, void *base, uint64_t n);
/* piece_cut: add the bytes [at, at + n) of the request's buffers. */
void piece_cut(Piece *p, uint64_t at, uint64_t n);
void piece_start(Piece *p);
void piece_drop(Piece *p);      /* instead of starting it */

/* iov_each copies: out of and into the request's buffers. */
void request_copy_in(const BlockRequest *r, uint64_t at, const void *buf, uint64_t n);
void request_copy_out(const BlockRequest *r, uint64_t at, void *buf, uint64_t n);
void request_zero_in(const BlockRequest *r, uint64_t at, uint64_t n);

/* chain_status: status along the backing files, without asking the host for holes. */
int chain_status(Disk *d, uint64_t off, uint64_t len, BlockStatus *st);

/* chain_read_now: read at once, with the caller's thread; bytes behind the end of the disk are 0. */
int chain_read_now(Disk *d, uint64_t off, void *buf, uint64_t len);

/* disk_drain: until nothing of d is under way. */
void disk_drain(Disk *d);
