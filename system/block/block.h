// SPDX-License-Identifier: MIT
/*
 * block.h: disk images behind one asynchronous interface.
 *
 * A BlockQueue does I/O with the host; Disks are opened on it, and requests to them complete
 * through it. A queue and its disks belong to one thread: nothing here locks. What waits and what
 * does not:
 *
 *   data of requests       asynchronous, by io_uring or by a pool of threads
 *   tables of qcow2        read and written by the caller's thread, from a cache; so is what
 *                          copy-on-write takes from a backing file
 *
 * Requests to one disk run side by side and complete in any order. A flush completes after all
 * requests submitted before it and starts none submitted after it before it is done: when it
 * completes with 0, what completed before it was submitted survives a loss of power.
 *
 * An image is hostile input: nothing in it makes these functions crash, loop, or use memory
 * beyond what the limits below say. Errors are negative errnos with one line in `why`.
 *
 * Images are locked while they are open (open file description locks): any number of readers, or
 * one writer. Other programs that lock disk images byte by byte the same way are kept out, too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
    BLOCK_WHY = 512,            /* bytes of an error's line */
    BLOCK_CHAIN_MAX = 64,       /* images of a backing chain */
};
#define BLOCK_SIZE_MAX (INT64_MAX & ~511ll)     /* bytes of a disk */

typedef struct BlockQueue BlockQueue;
typedef struct Disk Disk;

typedef enum { BLOCK_ENGINE_ANY, BLOCK_ENGINE_URING, BLOCK_ENGINE_THREADS } BlockEngine;

typedef enum { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_DISCARD, BLOCK_ZERO } BlockOp;

/*
 * One request. The caller fills the first part, and leaves it alone, iov and buffers included,
 * until done() was called; `done` may free or resubmit it, and submit others.
 */
typedef struct BlockRequest {
    BlockOp op;
    uint64_t off;               /* bytes; any alignment */
    uint64_t len;               /* bytes; for READ and WRITE the sum of iov; 0 for FLUSH */
    const struct iovec *iov;
    int iovcnt;
    bool unmap;                 /* ZERO may give the space back to the host */
    bool compress;              /* WRITE of one whole cluster, compressed; see disk_compress_unit */
    void (*done)(struct BlockRequest *r);
    void *user;
    int result;                 /* set before done(): 0 or a negative errno */

    /* private */
    Disk *disk;
    struct BlockRequest *next;
    void *zeroes;               /* freed with the request */
    unsigned pending;           /* host operations and pieces under way, +1 while starting */
} BlockRequest;

/*
 * block_queue_new: a queue with `depth` host operations at most under way at once.
 *
 * BLOCK_ENGINE_ANY takes io_uring where the kernel allows it, threads elsewhere. Returns NULL
 * when the engine asked for cannot be had.
 */
BlockQueue *block_queue_new(BlockEngine engine, unsigned depth);
void block_queue_free(BlockQueue *q);                /* its disks are closed before */
const char *block_queue_engine(const BlockQueue *q); /* "io_uring" or "threads" */

/* block_queue_fd: readable when block_poll would find something; for poll(2). */
int block_queue_fd(const BlockQueue *q);

/* block_poll, block_wait: call done() of what completed; wait blocks for one completion at least
 * unless nothing is under way. Return how many completed. */
unsigned block_poll(BlockQueue *q);
unsigned block_wait(BlockQueue *q);

/*
 * block_submit: start a request. It never fails here: errors, also of a range outside the disk
 * (-EINVAL) or a disk opened to read (-EBADF), come through done(), never from inside this call.
 */
void block_submit(Disk *d, BlockRequest *r);

/* What disk_open is told. */
typedef struct {
    const char *format;         /* "raw", "qcow2"; NULL: look at the first bytes */
    bool write;
    bool no_backing;            /* leave the backing file closed: reads of holes give zeroes */
    bool any_backing;           /* backing files outside the image's folder, or without a format */
    bool no_lock;               /* -U: others may write meanwhile */
    bool check;                 /* open what can be opened at all, for disk_check */
} BlockOptions;

int disk_open(BlockQueue *q, const char *path, const BlockOptions *o, Disk **out,
              char why[BLOCK_WHY]);

/* disk_close: write what is left to write, and end. The disk has no requests under way. Returns
 * the first error of writing back; the disk is gone in any case. */
int disk_close(Disk *d);

uint64_t disk_size(const Disk *d);          /* bytes */
const char *disk_path(const Disk *d);
const char *disk_format(const Disk *d);
Disk *disk_backing(const Disk *d);          /* NULL without */
bool disk_zeroes_beyond(const Disk *d);     /* a new image of this format reads as zeroes */
uint64_t disk_compress_unit(const Disk *d); /* bytes of a compressed write, 0: not supported */

/* What a range of a disk is. */
typedef enum {
    BLOCK_DATA,
    BLOCK_ZEROES,               /* said to be zeroes, by the image at `depth` */
    BLOCK_HOLE,                 /* in no image of the chain; reads as zeroes */
    BLOCK_COMPRESSED,
} BlockKind;

typedef struct {
    BlockKind kind;
    uint64_t len;               /* bytes from the offset asked for that are alike */
    int depth;                  /* 0: the image itself, 1: its backing file, ... */
    bool has_off;               /* for DATA and ZEROES: host_off is meaningful */
    bool host_hole;             /* DATA whose host range is a hole, so that it reads as zeroes */
    uint64_t host_off;          /* offset in the file of owner */
    Disk *owner;
} BlockStatus;

/* disk_status: what [off, off + len) starts with. st->len is at least 1 for len > 0. */
int disk_status(Disk *d, uint64_t off, uint64_t len, BlockStatus *st);

/* The calls below wait. Requests under way are completed (their done() called) before they act. */
int disk_read(Disk *d, uint64_t off, void *buf, uint64_t len);
int disk_write(Disk *d, uint64_t off, const void *buf, uint64_t len);
int disk_zero(Disk *d, uint64_t off, uint64_t len, bool unmap);
int disk_discard(Disk *d, uint64_t off, uint64_t len);
int disk_flush(Disk *d);
int disk_run(Disk *d, BlockRequest *r);         /* any request; sets done and user of its own */
int disk_resize(Disk *d, uint64_t size, char why[BLOCK_WHY]);

/* ---- snapshots inside the image ---- */

typedef struct {
    const char *id, *name;      /* owned by the disk, until the next call about snapshots */
    uint64_t vm_state_size;     /* bytes */
    uint64_t disk_size;
    uint32_t date_sec, date_nsec;
    uint64_t vm_clock_nsec;
    uint64_t icount;            /* UINT64_MAX: not recorded */
} BlockSnapshot;

int disk_snapshot_list(Disk *d, const BlockSnapshot **list, unsigned *n);   /* -ENOTSUP: none */
int disk_snapshot_create(Disk *d, const char *name, char why[BLOCK_WHY]);
int disk_snapshot_apply(Disk *d, const char *id_or_name, char why[BLOCK_WHY]);
int disk_snapshot_delete(Disk *d, const char *id_or_name, char why[BLOCK_WHY]);

/* ---- what an image is, for people ---- */

typedef struct {
    uint64_t cluster_size;      /* 0: the format has none */
    bool dirty, corrupt, lazy_refcounts;
    const char *compat;         /* "0.10", "1.1"; NULL: the format has no such thing */
    const char *compression;    /* "zlib", "zstd" */
    unsigned refcount_bits;
    const char *backing_file;   /* as written in the image; NULL: none */
    const char *backing_format;
    uint64_t host_bytes;        /* taken on the host */
} BlockInfo;

void disk_info(Disk *d, BlockInfo *i);

typedef struct {
    bool fix_leaks, fix_errors;
    void (*say)(void *user, const char *line);  /* one line for each finding, the first 100 */
    void *user;
} BlockCheckOptions;

typedef struct {
    uint64_t corruptions, leaks, check_errors;
    uint64_t corruptions_fixed, leaks_fixed;
    uint64_t end_offset;        /* behind the last cluster in use */
    uint64_t total, allocated, compressed, fragmented;     /* clusters of the disk */
} BlockCheck;

/* disk_check: -ENOTSUP for formats without tables. Repairs need a disk opened with write. */
int disk_check(Disk *d, const BlockCheckOptions *o, BlockCheck *res, char why[BLOCK_WHY]);

/* ---- making images ---- */

typedef enum { PREALLOC_OFF, PREALLOC_METADATA, PREALLOC_FALLOC, PREALLOC_FULL } BlockPrealloc;

typedef struct {
    uint64_t size;              /* bytes */
    const char *backing_file, *backing_format;
    uint64_t cluster_size;      /* 0: the default */
    int version;                /* of qcow2: 2 or 3; 0: 3 */
    bool lazy_refcounts;
    unsigned refcount_bits;     /* 0: 16 */
    BlockPrealloc prealloc;
    bool zstd;                  /* compression_type=zstd */
} BlockCreate;

/* disk_create: make or overwrite the image. It is locked meanwhile, so one in use stays. */
int disk_create(BlockQueue *q, const char *path, const char *format, const BlockCreate *c,
                char why[BLOCK_WHY]);

/* block_format_known, block_format_name: the rows of the table of formats. */
bool block_format_known(const char *name);
const char *block_format_name(unsigned i);      /* NULL behind the last */
