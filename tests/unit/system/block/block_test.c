// SPDX-License-Identifier: MIT
/* block_test.c: requests, the queue, and what holds on both engines. */
#include "system/block/block.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/block/qcow2.h"

typedef struct {
    BlockEngine engine;
    char format[8];
} Case;

static Case cases[] = {
    {BLOCK_ENGINE_URING, "raw"},
    {BLOCK_ENGINE_URING, "qcow2"},
    {BLOCK_ENGINE_THREADS, "raw"},
    {BLOCK_ENGINE_THREADS, "qcow2"},
};

enum { SIZE = 4 << 20 };

static char path[64], why[BLOCK_WHY];
static BlockQueue *q;
static Disk *d;

static void open_new(const Case *c)
{
    BlockCreate n = {.size = SIZE, .cluster_size = !strcmp(c->format, "qcow2") ? 4096 : 0};
    BlockOptions o = {.format = c->format, .write = true};
    int fd;

    strcpy(path, "/tmp/block_test.XXXXXX");
    fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
    q = block_queue_new(c->engine, 8);
    if (!q && c->engine == BLOCK_ENGINE_URING)
        cr_skip_test("no io_uring here");
    cr_assert(q);
    cr_assert_eq(disk_create(q, path, c->format, &n, why), 0, "%s", why);
    cr_assert_eq(disk_open(q, path, &o, &d, why), 0, "%s", why);
}

static void close_all(void)
{
    cr_assert_eq(disk_close(d), 0);
    block_queue_free(q);
    unlink(path);
}

ParameterizedTestParameters(block, engine_is_the_one_asked_for)
{
    return cr_make_param_array(Case, cases, 4);
}

ParameterizedTest(Case *c, block, engine_is_the_one_asked_for)
{
    open_new(c);
    cr_assert_str_eq(block_queue_engine(q), c->engine == BLOCK_ENGINE_URING ? "io_uring" : "threads");
    close_all();
}

/* ---- many at once ---- */

enum { MANY = 300 };
static unsigned seen;

static void count(BlockRequest *r)
{
    seen++;
    cr_assert_eq(r->result, 0);
}

ParameterizedTestParameters(block, many_requests_side_by_side)
{
    return cr_make_param_array(Case, cases, 4);
}

ParameterizedTest(Case *c, block, many_requests_side_by_side)
{
    static BlockRequest r[MANY];
    static struct iovec iov[MANY][2];
    static char buf[MANY][5000], back[SIZE], want[SIZE];

    open_new(c);
    for (int i = 0; i < MANY; i++) {
        uint64_t off = i * 5000ull;     /* several in each cluster */

        memset(buf[i], i + 1, sizeof(buf[i]));
        memset(want + off, i + 1, sizeof(buf[i]));
        iov[i][0] = (struct iovec){buf[i], 1234};
        iov[i][1] = (struct iovec){buf[i] + 1234, 5000 - 1234};
        r[i] = (BlockRequest){.op = BLOCK_WRITE, .off = off, .len = 5000, .iov = iov[i], .iovcnt = 2, .done = count};
        block_submit(d, &r[i]);
        cr_assert_eq(seen, 0, "done() from inside block_submit");
    }
    while (seen < MANY) {
        struct pollfd p = {block_queue_fd(q), POLLIN, 0};

        if (!block_poll(q))
            cr_assert_eq(poll(&p, 1, 10000), 1, "the descriptor says nothing");
    }
    cr_assert_eq(disk_read(d, 0, back, SIZE), 0);
    cr_assert(!memcmp(back, want, SIZE));
    close_all();
}

/* ---- a flush is between what is before and behind it ---- */

static int order[3], n_order;

static void note(BlockRequest *r)
{
    order[n_order++] = r->op == BLOCK_FLUSH ? 1 : r->off ? 2 : 0;
}

ParameterizedTestParameters(block, flush_is_a_barrier)
{
    return cr_make_param_array(Case, cases, 4);
}

ParameterizedTest(Case *c, block, flush_is_a_barrier)
{
    static char big[1 << 20];
    struct iovec iov = {big, sizeof(big)}, small = {big, 1};
    BlockRequest w = {.op = BLOCK_WRITE, .len = sizeof(big), .iov = &iov, .iovcnt = 1, .done = note};
    BlockRequest f = {.op = BLOCK_FLUSH, .done = note};
    BlockRequest r = {.op = BLOCK_READ, .off = 1, .len = 1, .iov = &small, .iovcnt = 1, .done = note};

    open_new(c);
    block_submit(d, &w);
    block_submit(d, &f);
    block_submit(d, &r);
    while (n_order < 3)
        cr_assert(block_wait(q));
    cr_assert(order[0] == 0 && order[1] == 1 && order[2] == 2);
    cr_assert_eq(block_wait(q), 0, "nothing is under way: no wait");
    close_all();
}

ParameterizedTestParameters(block, ranges_and_rights)
{
    return cr_make_param_array(Case, cases, 4);
}

ParameterizedTest(Case *c, block, ranges_and_rights)
{
    BlockOptions o = {.format = c->format};
    char b[2] = {1, 2};
    Disk *reader;

    open_new(c);
    cr_assert_eq(disk_read(d, SIZE - 1, b, 2), -EINVAL);
    cr_assert_eq(disk_write(d, SIZE, b, 1), -EINVAL);
    cr_assert_eq(disk_write(d, UINT64_MAX, b, 2), -EINVAL);
    cr_assert_eq(disk_write(d, SIZE - 2, b, 2), 0);
    cr_assert_eq(disk_discard(d, 1, SIZE), -EINVAL);
    cr_assert_eq(disk_write(d, SIZE, b, 0), 0);
    /* One writer and nobody else. */
    cr_assert_eq(disk_open(q, path, &o, &reader, why), -EAGAIN);
    o.no_lock = true;
    cr_assert_eq(disk_open(q, path, &o, &reader, why), 0, "%s", why);
    cr_assert_eq(disk_write(reader, 0, b, 1), -EBADF);
    cr_assert_eq(disk_resize(reader, 1, why), -EBADF);
    disk_close(reader);
    close_all();
}

ParameterizedTestParameters(block, zeroes_and_status)
{
    return cr_make_param_array(Case, cases, 4);
}

ParameterizedTest(Case *c, block, zeroes_and_status)
{
    static char buf[65536], back[65536];
    BlockStatus st;

    open_new(c);
    memset(buf, 7, sizeof(buf));
    cr_assert_eq(disk_write(d, 0, buf, sizeof(buf)), 0);
    cr_assert_eq(disk_zero(d, 1000, 20000, true), 0);
    memset(buf + 1000, 0, 20000);
    cr_assert_eq(disk_read(d, 0, back, sizeof(back)), 0);
    cr_assert(!memcmp(buf, back, sizeof(buf)));
    cr_assert_eq(disk_flush(d), 0);
    cr_assert_eq(disk_status(d, 0, SIZE, &st), 0);
    cr_assert_eq(st.kind, BLOCK_DATA);
    cr_assert_eq(st.len, 4096);
    cr_assert_eq(disk_status(d, 4096, SIZE - 4096, &st), 0);
    cr_assert(st.kind != BLOCK_DATA || st.host_hole);
    cr_assert_eq(st.len, 16384);
    close_all();
}

/* ---- qcow2's own ---- */

Test(block, refcounts_of_all_widths)
{
    for (unsigned order = 0; order <= 6; order++) {
        uint64_t block[64] = {0}, max = refcount_max(order), n = sizeof(block) * 8 >> order;

        for (uint64_t i = 0; i < n; i++)
            refcount_put(block, order, i, (i * 0x9e3779b97f4a7c15ull) & max);
        refcount_put(block, order, 3, max);
        for (uint64_t i = 0; i < n; i++)
            cr_assert_eq(refcount_in(block, order, i), i == 3 ? max : (i * 0x9e3779b97f4a7c15ull) & max);
    }
}

/* The specification's example of narrow refcounts: the lowest bits are the lowest cluster's. */
Test(block, narrow_refcounts_start_at_the_lowest_bit)
{
    uint8_t b[2] = {0};

    refcount_put(b, 0, 0, 1);
    refcount_put(b, 0, 9, 1);
    cr_assert(b[0] == 1 && b[1] == 2);
    refcount_put(b, 2, 1, 15);
    cr_assert_eq(b[0], 0xf1);
}
