// SPDX-License-Identifier: MIT
/*
 * host.h: files of the host, read and written without waiting, and their locks.
 *
 * Two engines do the same: io_uring, and a few threads with preadv and pwritev. Both hide short
 * transfers: an operation completes whole or with an error, reads behind the end of the file
 * give zeroes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "system/block/block.h"

typedef enum { HOST_READ, HOST_WRITE, HOST_SYNC } HostKind;

typedef struct HostOp {
    HostKind kind;
    int fd;
    uint64_t off;
    struct iovec *iov;          /* of the operation's own: moved along by short transfers */
    int iovcnt;
    void (*done)(struct HostOp *op, int result);    /* 0 or a negative errno; may free op */
    /* private */
    struct HostOp *next;
    int result;
    int iov_at;
} HostOp;

typedef struct HostQueue HostQueue;

HostQueue *host_queue_new(BlockEngine engine, unsigned depth);
void host_queue_free(HostQueue *h);
const char *host_queue_engine(const HostQueue *h);
int host_queue_fd(const HostQueue *h);

/* host_submit: start op; done() is called by host_reap only. */
void host_submit(HostQueue *h, HostOp *op);

/* host_reap: call done() of what ended; with wait, for one at least if any is under way. */
unsigned host_reap(HostQueue *h, bool wait);

/* host_pread, host_pwrite: at once, whole; 0 or a negative errno. Reading behind the end gives zeroes. */
int host_pread(int fd, void *buf, size_t n, uint64_t off);
int host_pwrite(int fd, const void *buf, size_t n, uint64_t off);

/* host_punch: give [off, off + n) back to the host; errors do not matter, the data are gone anyway. */
void host_punch(int fd, uint64_t off, uint64_t n);

/* host_zero: [off, off + n) reads as zeroes afterwards; with unmap without taking space. */
int host_zero(int fd, uint64_t off, uint64_t n, bool unmap);

/* host_write_zeroes: the same by writing them, so that the space is taken for sure. */
int host_write_zeroes(int fd, uint64_t off, uint64_t n);

/* host_empty: nothing is left of a file; a block device keeps its bytes. */
int host_empty(int fd);

/* host_open: open a regular file or a block device, without waiting for others; and its size. */
int host_open(const char *path, int flags, int *fd, uint64_t *size);

/* host_lock: keep others from writing, and with write from reading. 0 or -EAGAIN. */
int host_lock(int fd, bool write);
void host_unlock(int fd);
