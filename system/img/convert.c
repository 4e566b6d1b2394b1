// SPDX-License-Identifier: MIT
/* convert.c: convert and compare, all that reads whole images. */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/img/tool.h"

enum { JOBS = 8, CHUNK = 2 << 20 };

typedef struct {
    Disk *disk;
    uint64_t start;             /* offset in the new image */
} Input;

typedef struct Copy Copy;

typedef struct {
    Copy *copy;
    BlockRequest read;
    struct iovec whole;
    BlockRequest *write;        /* one for each run of data */
    struct iovec *part;
    unsigned writes;            /* under way */
    uint64_t at;                /* in the new image */
    uint8_t *buf;
    bool busy;
} Job;

struct Copy {
    const Options *o;
    Input *in;
    int inputs;
    Disk *out;
    uint64_t size;
    uint64_t sparse;            /* bytes; 0: write zeroes, too */
    bool zeroes_there;          /* the new image reads as zeroes where nothing was written */
    uint64_t next;              /* what is not yet looked at */
    uint64_t done;
    unsigned busy;
    int err;
    bool write_failed;
    uint64_t err_at;
    Job job[JOBS];
};

static void fail(Copy *c, int err, bool write, uint64_t at)
{
    if (!c->err) {
        c->err = err;
        c->write_failed = write;
        c->err_at = at;
    }
}

static void job_end(Job *j)
{
    Copy *c = j->copy;

    j->busy = false;
    c->busy--;
    c->done += j->read.len;
    progress(c->o, c->size ? (double)c->done / c->size : 1);
}

static void written(BlockRequest *r)
{
    Job *j = r->user;

    if (r->result)
        fail(j->copy, r->result, true, r->off);
    if (!--j->writes)
        job_end(j);
}

static bool is_zero(const uint8_t *p, uint64_t n)
{
    return n == 0 || (!p[0] && !memcmp(p, p + 1, n - 1));
}

/* add_write: bytes [from, to) of the buffer. */
static unsigned add_write(Job *j, unsigned n, uint64_t from, uint64_t to, bool zero)
{
    if (from == to)
        return n;
    j->part[n] = (struct iovec){j->buf + from, to - from};
    j->write[n] = (BlockRequest){.op = zero ? BLOCK_ZERO : BLOCK_WRITE,
                                 .off = j->at + from,
                                 .len = to - from,
                                 .iov = &j->part[n],
                                 .iovcnt = 1,
                                 .unmap = true,
                                 .done = written,
                                 .user = j};
    return n + 1;
}

/* write_runs: what was read, as runs of data with the zeroes left out. */
static void write_runs(Job *j)
{
    Copy *c = j->copy;
    uint64_t len = j->read.len, from = 0, step = c->sparse;
    bool zero = false;
    unsigned n = 0;

    for (uint64_t at = 0; step && at < len; at += step) {
        bool z = is_zero(j->buf + at, len - at < step ? len - at : step);

        if (z == zero)
            continue;
        if (!zero || !c->zeroes_there)
            n = add_write(j, n, from, at, zero);
        from = at;
        zero = z;
    }
    if (!zero || !c->zeroes_there)
        n = add_write(j, n, from, len, zero);
    j->writes = n;
    if (!n)
        job_end(j);
    for (unsigned i = 0; i < n; i++)
        block_submit(c->out, &j->write[i]);
}

static void was_read(BlockRequest *r)
{
    Job *j = r->user;

    if (!r->result) {
        write_runs(j);
        return;
    }
    fail(j->copy, r->result, false, j->at);
    job_end(j);
}

static const Input *input_at(const Copy *c, uint64_t at)
{
    int i = c->inputs - 1;

    while (i && c->in[i].start > at)
        i--;
    return &c->in[i];
}

/* next_data: from c->next on, what has to be copied; *len 0: nothing any more. Zeroes on the way are
 * written where they have to be. */
static int next_data(Copy *c, const Input **in, uint64_t *len)
{
    *len = 0;
    while (c->next < c->size) {
        BlockStatus st;
        uint64_t off, rest;
        int err;

        *in = input_at(c, c->next);
        off = c->next - (*in)->start;
        rest = disk_size((*in)->disk) - off;
        err = disk_status((*in)->disk, off, rest, &st);
        if (err)
            return err;
        if (!c->sparse || ((st.kind == BLOCK_DATA || st.kind == BLOCK_COMPRESSED) && !st.host_hole)) {
            *len = st.len < CHUNK ? st.len : CHUNK;
            return 0;
        }
        if (!c->zeroes_there) {
            err = disk_zero(c->out, c->next, st.len, true);
            if (err)
                return err;
        }
        c->next += st.len;
        c->done += st.len;
    }
    return 0;
}

static void copy_start(Copy *c, Job *j)
{
    const Input *in;
    uint64_t len;
    int err = next_data(c, &in, &len);

    if (err)
        fail(c, err, false, c->next);
    if (err || !len)
        return;
    j->at = c->next;
    j->whole = (struct iovec){j->buf, len};
    j->read = (BlockRequest){.op = BLOCK_READ, .off = c->next - in->start, .len = len, .iov = &j->whole,
                             .iovcnt = 1, .done = was_read, .user = j};
    j->busy = true;
    c->busy++;
    c->next += len;
    block_submit(in->disk, &j->read);
}

static bool jobs_new(Copy *c)
{
    uint64_t most = CHUNK / (c->sparse ? c->sparse : CHUNK) + 2;

    for (int i = 0; i < JOBS; i++) {
        Job *j = &c->job[i];

        j->copy = c;
        j->buf = malloc(CHUNK);
        j->write = calloc(most, sizeof(*j->write));
        j->part = calloc(most, sizeof(*j->part));
        if (!j->buf || !j->write || !j->part)
            return false;
    }
    return true;
}

static void jobs_free(Copy *c)
{
    for (int i = 0; i < JOBS; i++) {
        free(c->job[i].buf);
        free(c->job[i].write);
        free(c->job[i].part);
    }
}

static void copy_all(Copy *c)
{
    if (!jobs_new(c))
        fail(c, -ENOMEM, true, 0);
    while (c->busy || (!c->err && c->next < c->size)) {
        for (int i = 0; i < JOBS && !c->err && c->next < c->size; i++)
            if (!c->job[i].busy)
                copy_start(c, &c->job[i]);
        if (c->busy)
            block_wait(the_queue());
    }
    jobs_free(c);
}

static int read_inputs(Copy *c, uint64_t at, uint8_t *buf, uint64_t len)
{
    while (len) {
        const Input *in = input_at(c, at);
        uint64_t off = at - in->start, n = disk_size(in->disk) - off;
        int err;

        n = n < len ? n : len;
        err = disk_read(in->disk, off, buf, n);
        if (err)
            return err;
        at += n;
        buf += n;
        len -= n;
    }
    return 0;
}

/* copy_compressed: cluster by cluster. */
static void copy_compressed(Copy *c)
{
    uint64_t unit = disk_compress_unit(c->out);
    uint8_t *buf = malloc(unit);
    const Input *in;
    int err = buf ? 0 : -ENOMEM;

    while (!err) {
        struct iovec iov;
        uint64_t len, at;

        err = next_data(c, &in, &len);
        if (err || !len)
            break;
        at = c->next & ~(unit - 1);
        len = c->size - at < unit ? c->size - at : unit;
        err = read_inputs(c, at, buf, len);
        iov = (struct iovec){buf, len};
        if (!err && (!is_zero(buf, len) || !c->sparse)) {
            BlockRequest w = {.op = BLOCK_WRITE, .off = at, .len = len, .iov = &iov, .iovcnt = 1,
                              .compress = true};

            err = disk_run(c->out, &w);
        }
        c->done = c->next = at + len;
        progress(c->o, (double)c->done / c->size);
    }
    if (err)
        fail(c, err, false, c->next);
    free(buf);
}

/* ---- convert ---- */

static Disk *open_output(Copy *c, const char *path, const char *format)
{
    BlockCreate n = {.size = c->size};
    Options o = {.any_backing = c->o->any_backing};
    BlockOptions b = {.format = format, .write = true, .any_backing = o.any_backing};
    char why[BLOCK_WHY];
    Disk *d;

    if (!c->o->keep) {
        if (!settings_parse("convert", format, c->o, &n))
            return NULL;
        n.size = c->size;
        if (n.backing_file) {
            complain("convert: a new image with a backing file is not possible");
            return NULL;
        }
        if (disk_create(the_queue(), path, format, &n, why)) {
            complain("%s", why);
            return NULL;
        }
    }
    if (disk_open(the_queue(), path, &b, &d, why)) {
        complain("%s", why);
        return NULL;
    }
    c->zeroes_there = !c->o->keep && disk_zeroes_beyond(d);
    if (disk_size(d) < c->size) {
        complain("%s: smaller than what is to go into it", path);
        disk_close(d);
        return NULL;
    }
    return d;
}

static int convert(Copy *c, const char *path, const char *format)
{
    int err;

    c->out = open_output(c, path, format);
    if (!c->out)
        return 1;
    progress(c->o, 0);
    if (!c->o->compress)
        copy_all(c);
    else if (!disk_compress_unit(c->out))
        err = complain("convert: format %s has no compression", format);
    else
        copy_compressed(c);
    if (c->o->compress && !disk_compress_unit(c->out)) {
        disk_close(c->out);
        return 1;
    }
    if (c->err)
        complain("convert: %s at offset %" PRIu64 ": %s", c->write_failed ? "writing" : "reading", c->err_at,
                 strerror(-c->err));
    err = c->err ? 0 : disk_flush(c->out);
    if (err)
        complain("%s: %s", path, strerror(-err));
    else if (!c->err)
        progress(c->o, 1);
    err = disk_close(c->out) || err;
    return c->err || err;
}

int img_convert(int argc, char **argv)
{
    const char *out_format;
    Copy c = {.sparse = 4096};
    Options o;
    int rc = 0;

    if (!options_parse(command_find("convert"), argc, argv, ":f:O:co:S:npqUt:T:m:W", &o))
        return 1;
    if (argc - optind < 2)
        return complain_usage("convert", "one file at least, and the new one, please");
    out_format = o.out_format ? o.out_format : "raw";
    if (!block_format_known(out_format))
        return complain("convert: unknown format '%s'", out_format);
    if (o.sparse && (!parse_size(o.sparse, &c.sparse) || c.sparse % 512 || c.sparse > CHUNK))
        return complain("convert: -S is a multiple of 512, up to 2M");
    c.o = &o;
    c.inputs = argc - optind - 1;
    c.in = calloc(c.inputs, sizeof(*c.in));
    for (int i = 0; i < c.inputs && !rc; i++) {
        c.in[i].disk = open_image(argv[optind + i], &o, o.format, false);
        if (!c.in[i].disk)
            rc = 1;
        else if (disk_size(c.in[i].disk) > (uint64_t)BLOCK_SIZE_MAX - c.size)
            rc = complain("convert: too much for one image");
        c.in[i].start = c.size;
        c.size += c.in[i].disk ? disk_size(c.in[i].disk) : 0;
    }
    if (!rc)
        rc = convert(&c, argv[argc - 1], out_format);
    for (int i = 0; i < c.inputs; i++)
        if (c.in[i].disk)
            disk_close(c.in[i].disk);
    free(c.in);
    return rc;
}

/* ---- compare ---- */

typedef struct {
    const Options *o;
    Disk *d[2];
    uint8_t *buf[2];
} Compare;

static bool allocated(const BlockStatus *st)
{
    return st->kind != BLOCK_HOLE;
}

static bool zero_kind(const BlockStatus *st)
{
    return st->kind == BLOCK_HOLE || st->kind == BLOCK_ZEROES || st->host_hole;
}

static int differ(const Compare *c, const char *fmt, uint64_t at)
{
    if (!c->o->quiet) {
        printf(fmt, at);
        putchar('\n');
    }
    return 1;
}

/* compare_part: [at, at + *len), of which *len is cut to what was compared. */
static int compare_part(Compare *c, uint64_t at, uint64_t *len)
{
    BlockStatus st[2];
    bool zero[2];

    for (int i = 0; i < 2; i++) {
        int err = disk_status(c->d[i], at, *len, &st[i]);

        if (err)
            return complain("%s: at offset %" PRIu64 ": %s", disk_path(c->d[i]), at, strerror(-err)), 3;
        *len = st[i].len < *len ? st[i].len : *len;
    }
    if (c->o->strict && allocated(&st[0]) != allocated(&st[1]))
        return differ(c, "Strict mode: Offset %" PRIu64 " block status mismatch!", at);
    for (int i = 0; i < 2; i++)
        zero[i] = zero_kind(&st[i]);
    if (zero[0] && zero[1])
        return 0;
    *len = *len < CHUNK ? *len : CHUNK;
    for (int i = 0; i < 2; i++) {
        int err = zero[i] ? 0 : disk_read(c->d[i], at, c->buf[i], *len);

        if (err)
            return complain("%s: at offset %" PRIu64 ": %s", disk_path(c->d[i]), at, strerror(-err)), 4;
        if (zero[i])
            memset(c->buf[i], 0, *len);
    }
    if (!memcmp(c->buf[0], c->buf[1], *len))
        return 0;
    for (uint64_t i = 0; i < *len; i++)
        if (c->buf[0][i] != c->buf[1][i])
            return differ(c, "Content mismatch at offset %" PRIu64 "!", at + i);
    return 0;
}

/* compare_tail: what only the larger image has must be zeroes. */
static int compare_tail(Compare *c, Disk *d, uint64_t at)
{
    while (at < disk_size(d)) {
        uint64_t len = disk_size(d) - at;
        BlockStatus st;
        int err = disk_status(d, at, len, &st);

        if (err)
            return complain("%s: at offset %" PRIu64 ": %s", disk_path(d), at, strerror(-err)), 3;
        len = st.len;
        if (!zero_kind(&st)) {
            len = len < CHUNK ? len : CHUNK;
            err = disk_read(d, at, c->buf[0], len);
            if (err)
                return complain("%s: at offset %" PRIu64 ": %s", disk_path(d), at, strerror(-err)), 4;
            for (uint64_t i = 0; i < len; i++)
                if (c->buf[0][i])
                    return differ(c, "Content mismatch at offset %" PRIu64 "!", at + i);
        }
        at += len;
    }
    return 0;
}

static int compare(Compare *c)
{
    uint64_t size[2] = {disk_size(c->d[0]), disk_size(c->d[1])};
    uint64_t both = size[0] < size[1] ? size[0] : size[1], len;
    int rc = 0;

    if (size[0] != size[1] && c->o->strict)
        return differ(c, "Strict mode: Image size mismatch!", 0);
    for (uint64_t at = 0; at < both && !rc; at += len) {
        len = both - at;
        rc = compare_part(c, at, &len);
        progress(c->o, (double)(at + len) / both);
    }
    if (!rc && size[0] != size[1]) {
        if (!c->o->quiet)
            puts("Warning: Image size mismatch!");
        rc = compare_tail(c, c->d[size[1] > size[0]], both);
    }
    if (!rc && !c->o->quiet)
        puts("Images are identical.");
    return rc;
}

int img_compare(int argc, char **argv)
{
    Compare c = {0};
    Options o;
    int rc = 2;

    if (!options_parse(command_find("compare"), argc, argv, ":f:F:spqUT:", &o))
        return 2;
    if (argc - optind != 2)
        return complain_usage("compare", "two files, please"), 2;
    c.o = &o;
    for (int i = 0; i < 2; i++) {
        c.d[i] = open_image(argv[optind + i], &o, i ? o.backing_format : o.format, false);
        c.buf[i] = malloc(CHUNK);
    }
    if (c.d[0] && c.d[1] && c.buf[0] && c.buf[1])
        rc = compare(&c);
    for (int i = 0; i < 2; i++) {
        if (c.d[i])
            disk_close(c.d[i]);
        free(c.buf[i]);
    }
    return rc;
}
