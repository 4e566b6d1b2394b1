// SPDX-License-Identifier: MIT
/* host.c: see host.h. */
#include "system/block/host.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { THREADS = 4, IOV_BATCH = 256 };

struct HostQueue {
    BlockEngine engine;
    unsigned under_way;         /* submitted, done() not yet called */
    unsigned depth, in_ring;
    HostOp *waiting, **waiting_end;     /* for a place in the ring, or for a thread */
    struct io_uring ring;
    /* threads: */
    pthread_mutex_t lock;
    pthread_cond_t work, ended;
    HostOp *finished, **finished_end;
    pthread_t thread[THREADS];
    bool stop;
    int event;
};

static void push(HostOp ***end, HostOp *op)
{
    op->next = NULL;
    **end = op;
    *end = &op->next;
}

static HostOp *pop(HostOp **list, HostOp ***end)
{
    HostOp *op = *list;

    if (op && !(*list = op->next))
        *end = list;
    return op;
}

/* advance: n bytes of the operation are done. Returns whether it is whole now. */
static bool advance(HostOp *op, size_t n)
{
    op->off += n;
    while (op->iov_at < op->iovcnt) {
        struct iovec *v = &op->iov[op->iov_at];
        size_t step = n < v->iov_len ? n : v->iov_len;

        v->iov_base = (char *)v->iov_base + step;
        v->iov_len -= step;
        n -= step;
        if (v->iov_len)
            return false;
        op->iov_at++;
    }
    return true;
}

static void zero_rest(HostOp *op)
{
    for (; op->iov_at < op->iovcnt; op->iov_at++)
        memset(op->iov[op->iov_at].iov_base, 0, op->iov[op->iov_at].iov_len);
}

static int batch(const HostOp *op)
{
    int n = op->iovcnt - op->iov_at;

    return n < IOV_BATCH ? n : IOV_BATCH;
}

/* step: the host answered res. Returns true with op->result set when the operation is over. */
static bool step(HostOp *op, int res)
{
    if (res == -EINTR || res == -EAGAIN)
        return false;
    op->result = res < 0 ? res : 0;
    if (res < 0 || op->kind == HOST_SYNC)
        return true;
    if (res == 0 && op->iov_at < op->iovcnt) {
        if (op->kind == HOST_READ)
            zero_rest(op);
        else
            op->result = -EIO;
        return true;
    }
    return advance(op, res);
}

static bool empty(const HostOp *op)
{
    return op->kind != HOST_SYNC && op->iov_at == op->iovcnt;
}

/* ---- threads ---- */

static int run_once(const HostOp *op)
{
    ssize_t n = op->kind == HOST_SYNC   ? fdatasync(op->fd)
                : op->kind == HOST_READ ? preadv(op->fd, op->iov + op->iov_at, batch(op), op->off)
                                        : pwritev(op->fd, op->iov + op->iov_at, batch(op), op->off);

    return n < 0 ? -errno : n;
}

static void *worker(void *arg)
{
    HostQueue *h = arg;
    uint64_t one = 1;

    pthread_mutex_lock(&h->lock);
    for (;;) {
        HostOp *op = pop(&h->waiting, &h->waiting_end);

        if (!op) {
            if (h->stop)
                break;
            pthread_cond_wait(&h->work, &h->lock);
            continue;
        }
        pthread_mutex_unlock(&h->lock);
        while (!empty(op) && !step(op, run_once(op)))
            ;
        pthread_mutex_lock(&h->lock);
        push(&h->finished_end, op);
        pthread_cond_signal(&h->ended);
        (void)!write(h->event, &one, sizeof(one));
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

static bool start_threads(HostQueue *h)
{
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->work, NULL);
    pthread_cond_init(&h->ended, NULL);
    h->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (h->event < 0)
        return false;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&h->thread[i], NULL, worker, h)) {
            h->stop = true;
            pthread_cond_broadcast(&h->work);
            while (i--)
                pthread_join(h->thread[i], NULL);
            close(h->event);
            return false;
        }
    return true;
}

static unsigned reap_threads(HostQueue *h, bool wait)
{
    HostOp *list;
    unsigned n = 0;
    uint64_t count;

    pthread_mutex_lock(&h->lock);
    while (wait && !h->finished && h->under_way)
        pthread_cond_wait(&h->ended, &h->lock);
    (void)!read(h->event, &count, sizeof(count));
    list = h->finished;
    h->finished = NULL;
    h->finished_end = &h->finished;
    pthread_mutex_unlock(&h->lock);
    while (list) {
        HostOp *op = list;

        list = op->next;
        h->under_way--;
        op->done(op, op->result);
        n++;
    }
    return n;
}

/* ---- io_uring ---- */

/* fill: move waiting operations into the ring as far as there are places. */
static void fill(HostQueue *h)
{
    bool any = false;

    while (h->waiting && h->in_ring < h->depth) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&h->ring);
        HostOp *op;

        if (!sqe)
            break;
        op = pop(&h->waiting, &h->waiting_end);
        if (empty(op))
            io_uring_prep_nop(sqe);
        else if (op->kind == HOST_SYNC)
            io_uring_prep_fsync(sqe, op->fd, IORING_FSYNC_DATASYNC);
        else if (op->kind == HOST_READ)
            io_uring_prep_readv(sqe, op->fd, op->iov + op->iov_at, batch(op), op->off);
        else
            io_uring_prep_writev(sqe, op->fd, op->iov + op->iov_at, batch(op), op->off);
        io_uring_sqe_set_data(sqe, op);
        h->in_ring++;
        any = true;
    }
    if (any)
        while (io_uring_submit(&h->ring) == -EINTR)
            ;
}

static unsigned reap_ring(HostQueue *h, bool wait)
{
    unsigned n = 0;
    struct io_uring_cqe *cqe;

    for (;;) {
        HostOp *op;
        int res;

        fill(h);
        if (wait && !n && h->under_way) {
            if (io_uring_submit_and_wait(&h->ring, 1) < 0 && io_uring_peek_cqe(&h->ring, &cqe))
                continue;
        }
        if (io_uring_peek_cqe(&h->ring, &cqe)) {
            if (!(wait && !n && h->under_way))
                return n;
            continue;
        }
        op = io_uring_cqe_get_data(cqe);
        res = cqe->res;
        io_uring_cqe_seen(&h->ring, cqe);
        h->in_ring--;
        if (!empty(op) && !step(op, res)) {
            push(&h->waiting_end, op);
            continue;
        }
        h->under_way--;
        op->done(op, op->result);
        n++;
    }
}

static bool start_ring(HostQueue *h)
{
    return io_uring_queue_init(h->depth, &h->ring, 0) == 0;
}

/* ---- both ---- */

HostQueue *host_queue_new(BlockEngine engine, unsigned depth)
{
    HostQueue *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->depth = depth ? depth : 1;
    h->waiting_end = &h->waiting;
    h->finished_end = &h->finished;
    h->event = -1;
    if (engine != BLOCK_ENGINE_THREADS && start_ring(h)) {
        h->engine = BLOCK_ENGINE_URING;
        return h;
    }
    if (engine != BLOCK_ENGINE_URING && start_threads(h)) {
        h->engine = BLOCK_ENGINE_THREADS;
        return h;
    }
    free(h);
    return NULL;
}

void host_queue_free(HostQueue *h)
{
    if (!h)
        return;
    assert(!h->under_way);
    if (h->engine == BLOCK_ENGINE_URING) {
        io_uring_queue_exit(&h->ring);
    } else {
        pthread_mutex_lock(&h->lock);
        h->stop = true;
        pthread_cond_broadcast(&h->work);
        pthread_mutex_unlock(&h->lock);
        for (int i = 0; i < THREADS; i++)
            pthread_join(h->thread[i], NULL);
        close(h->event);
    }
    free(h);
}

const char *host_queue_engine(const HostQueue *h)
{
    return h->engine == BLOCK_ENGINE_URING ? "io_uring" : "threads";
}

int host_queue_fd(const HostQueue *h)
{
    return h->engine == BLOCK_ENGINE_URING ? h->ring.ring_fd : h->event;
}

void host_submit(HostQueue *h, HostOp *op)
{
    op->result = 0;
    op->iov_at = 0;
    h->under_way++;
    if (h->engine == BLOCK_ENGINE_URING) {
        push(&h->waiting_end, op);
        fill(h);
        return;
    }
    pthread_mutex_lock(&h->lock);
    push(&h->waiting_end, op);
    pthread_cond_signal(&h->work);
    pthread_mutex_unlock(&h->lock);
}

unsigned host_reap(HostQueue *h, bool wait)
{
    return h->engine == BLOCK_ENGINE_URING ? reap_ring(h, wait) : reap_threads(h, wait);
}

int host_pread(int fd, void *buf, size_t n, uint64_t off)
{
    char *p = buf;

    while (n) {
        ssize_t got = pread(fd, p, n, off);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (!got) {
            memset(p, 0, n);
            return 0;
        }
        p += got;
        off += got;
        n -= got;
    }
    return 0;
}

int host_pwrite(int fd, const void *buf, size_t n, uint64_t off)
{
    const char *p = buf;

    while (n) {
        ssize_t put = pwrite(fd, p, n, off);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put ? -errno : -EIO;
        p += put;
        off += put;
        n -= put;
    }
    return 0;
}

void host_punch(int fd, uint64_t off, uint64_t n)
{
    (void)!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, n);
}

int host_zero(int fd, uint64_t off, uint64_t n, bool unmap)
{
    if (unmap && !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, n))
        return 0;
    if (!fallocate(fd, FALLOC_FL_ZERO_RANGE, off, n))
        return 0;
    return host_write_zeroes(fd, off, n);
}

int host_write_zeroes(int fd, uint64_t off, uint64_t n)
{
    static const char zeroes[65536];

    while (n) {
        size_t step = n < sizeof(zeroes) ? n : sizeof(zeroes);
        int err = host_pwrite(fd, zeroes, step, off);

        if (err)
            return err;
        off += step;
        n -= step;
    }
    return 0;
}

int host_empty(int fd)
{
    return ftruncate(fd, 0) && errno != EINVAL ? -errno : 0;     /* EINVAL: a block device */
}

int host_open(const char *path, int flags, int *fd, uint64_t *size)
{
    struct stat st;
    /* Nonblocking: a fifo without a writer would keep us waiting before we see that it is one. */
    int f = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0644), err = 0;

    if (f < 0)
        return -errno;
    if (fstat(f, &st))
        err = -errno;
    else if (S_ISREG(st.st_mode))
        *size = st.st_size;
    else if (!S_ISBLK(st.st_mode))
        err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    else if (ioctl(f, BLKGETSIZE64, size))
        err = -errno;
    if (err)
        close(f);
    else
        *fd = f;
    return err;
}

/*
 * Locks are shared locks of single bytes, which say what the holder does (writes: 101, resizes:
 * 103) and what it does not bear in others (writing: 201, resizing: 203). Each sets its own and
 * then looks for the opposite ones, so two that come at once see each other. These are the bytes
 * that `strace qemu-img` shows.
 */
enum { DOES_WRITE = 101, DOES_RESIZE = 103, BARS_WRITE = 201, BARS_RESIZE = 203 };

static int lock_byte(int fd, int cmd, short type, off_t at)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

    if (fcntl(fd, cmd, &l))
        return -errno;
    return cmd == F_OFD_GETLK && l.l_type != F_UNLCK ? -EAGAIN : 0;
}

int host_lock(int fd, bool write)
{
    static const short mine[] = {BARS_WRITE, BARS_RESIZE, DOES_WRITE, DOES_RESIZE};
    static const short theirs[] = {DOES_WRITE, DOES_RESIZE, BARS_WRITE, BARS_RESIZE};
    int n = write ? 4 : 2, err = 0;

    for (int i = 0; i < n && !err; i++)
        err = lock_byte(fd, F_OFD_SETLK, F_RDLCK, mine[i]);
    for (int i = 0; i < n && !err; i++)
        err = lock_byte(fd, F_OFD_GETLK, F_WRLCK, theirs[i]);
    /* File systems without locks are used without them. */
    return err == -EINVAL || err == -ENOLCK || err == -EOPNOTSUPP || err == -EBADF ? 0 : err;
}

void host_unlock(int fd)
{
    struct flock l = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

    (void)!fcntl(fd, F_OFD_SETLK, &l);
}
