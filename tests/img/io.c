// SPDX-License-Identifier: MIT
/*
 * io.c: drives the block layer as a disk of a machine would; run.py writes its script.
 *
 * usage: img-io [-f FORMAT] [-e uring|threads] [-k N] [-a] FILE <script
 *
 * Lines: "w OFF LEN SEED" writes, "z OFF LEN" zeroes, "u OFF LEN" zeroes and unmaps, "d OFF LEN"
 * discards, "r OFF LEN SEED" reads and compares, "f" flushes: all these are started and go on side by
 * side. "wait" waits for all. "snap NAME", "apply NAME", "del NAME", "resize N" act on the whole.
 * "say TEXT" waits and prints. Byte i of sector n of what is written is SEED + n.
 *
 * -k N: die as by kill -9 in front of the Nth change of a file: the linker sends all these through
 * here (--wrap). With N too large the last line says how many there were.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "system/block/block.h"

static long kill_at, changes;

ssize_t __real_pwrite(int fd, const void *buf, size_t n, off_t off);
int __real_fallocate(int fd, int mode, off_t off, off_t n);
int __real_ftruncate(int fd, off_t n);

static void change(void)
{
    if (__atomic_add_fetch(&changes, 1, __ATOMIC_RELAXED) == kill_at)
        raise(SIGKILL);
}

ssize_t __wrap_pwrite(int fd, const void *buf, size_t n, off_t off);
ssize_t __wrap_pwrite(int fd, const void *buf, size_t n, off_t off)
{
    change();
    return __real_pwrite(fd, buf, n, off);
}

int __wrap_fallocate(int fd, int mode, off_t off, off_t n);
int __wrap_fallocate(int fd, int mode, off_t off, off_t n)
{
    change();
    return __real_fallocate(fd, mode, off, n);
}

int __wrap_ftruncate(int fd, off_t n);
int __wrap_ftruncate(int fd, off_t n)
{
    change();
    return __real_ftruncate(fd, n);
}

typedef struct {
    BlockRequest r;
    struct iovec iov[3];
    char *buf;
    int seed;
    char line[64];
} Io;

static BlockQueue *queue;
static unsigned under_way, failures;

static void pattern(char *buf, uint64_t off, uint64_t n, int seed)
{
    for (uint64_t i = 0; i < n; i++)
        buf[i] = seed + ((off + i) >> 9);
}

static void done(BlockRequest *r)
{
    Io *io = r->user;

    under_way--;
    if (r->result) {
        printf("%s: %s\n", io->line, strerror(-r->result));
        failures++;
    } else if (r->op == BLOCK_READ) {
        char *want = malloc(r->len + 1);

        pattern(want, r->off, r->len, io->seed);
        if (memcmp(want, io->buf, r->len)) {
            printf("%s: read something else\n", io->line);
            failures++;
        }
        free(want);
    }
    free(io->buf);
    free(io);
}

static void wait_all(void)
{
    while (under_way)
        block_wait(queue);
}

static void start(Disk *d, const char *line, BlockOp op, bool unmap, uint64_t off, uint64_t n, int seed)
{
    Io *io = calloc(1, sizeof(*io));
    bool data = op == BLOCK_READ || op == BLOCK_WRITE;
    uint64_t a = n / 3, b = n / 2;

    snprintf(io->line, sizeof(io->line), "%s", line);
    io->seed = seed;
    io->buf = calloc(1, data ? n + 1 : 1);
    if (op == BLOCK_WRITE)
        pattern(io->buf, off, n, seed);
    /* Three pieces of odd length, as a guest's list of buffers might be. */
    io->iov[0] = (struct iovec){io->buf, a};
    io->iov[1] = (struct iovec){io->buf + a, b - a};
    io->iov[2] = (struct iovec){io->buf + b, n - b};
    io->r = (BlockRequest){.op = op, .off = off, .len = n, .iov = io->iov, .iovcnt = data ? 3 : 0,
                           .unmap = unmap, .done = done, .user = io};
    under_way++;
    block_submit(d, &io->r);
}

static bool whole(Disk *d, const char *line)
{
    char name[64], why[BLOCK_WHY];
    unsigned long long n;
    int err;

    if (sscanf(line, "snap %63s", name) == 1)
        err = disk_snapshot_create(d, name, why);
    else if (sscanf(line, "apply %63s", name) == 1)
        err = disk_snapshot_apply(d, name, why);
    else if (sscanf(line, "del %63s", name) == 1)
        err = disk_snapshot_delete(d, name, why);
    else if (sscanf(line, "resize %llu", &n) == 1)
        err = disk_resize(d, n, why);
    else
        return false;
    if (err) {
        printf("%s: %s\n", line, why);
        failures++;
    }
    return true;
}

static void run_line(Disk *d, char *line)
{
    unsigned long long off, n;
    int seed = 0;

    line[strcspn(line, "\n")] = '\0';
    if (!strcmp(line, "wait")) {
        wait_all();
    } else if (!strncmp(line, "say ", 4)) {
        wait_all();
        puts(line + 4);
        fflush(stdout);
    } else if (!strcmp(line, "f")) {
        start(d, line, BLOCK_FLUSH, false, 0, 0, 0);
    } else if (!whole(d, line)) {
        if (sscanf(line + 1, "%llu %llu %d", &off, &n, &seed) < 2)
            abort();
        start(d, line,
              line[0] == 'w' ? BLOCK_WRITE : line[0] == 'r' ? BLOCK_READ : line[0] == 'd' ? BLOCK_DISCARD : BLOCK_ZERO,
              line[0] == 'u', off, n, seed);
    }
}

int main(int argc, char **argv)
{
    BlockEngine engine = BLOCK_ENGINE_ANY;
    BlockOptions o = {.write = true};
    char line[256], why[BLOCK_WHY];
    Disk *d;
    int opt, err;

    while ((opt = getopt(argc, argv, "f:e:k:a")) != -1)
        switch (opt) {
        case 'f': o.format = optarg; break;
        case 'e': engine = !strcmp(optarg, "threads") ? BLOCK_ENGINE_THREADS : BLOCK_ENGINE_URING; break;
        case 'k': kill_at = atol(optarg); break;
        case 'a': o.any_backing = true; break;
        default: return 2;
        }
    queue = block_queue_new(engine, 16);
    if (!queue) {
        puts("no such engine");
        return 77;
    }
    if (argc != optind + 1)
        return 2;
    if (disk_open(queue, argv[optind], &o, &d, why)) {
        puts(why);
        return 1;
    }
    while (fgets(line, sizeof(line), stdin))
        run_line(d, line);
    wait_all();
    err = disk_close(d);
    if (err)
        printf("close: %s\n", strerror(-err));
    block_queue_free(queue);
    if (kill_at)
        printf("changes %ld\n", changes);
    return err || failures;
}
