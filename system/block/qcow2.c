// SPDX-License-Identifier: MIT
/* qcow2.c: reading, writing, zeroing and discarding clusters of a qcow2 image, and its row. */
#include "system/block/qcow2.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { FREED_MAX = 4096 };      /* ranges waiting to be freed before writers wait for that */

/* ---- what a cluster is ---- */

typedef struct {
    BlockKind kind;
    uint64_t off;               /* in the file; 0: none */
    bool own;                   /* may be written in place */
} Place;

static int place_of(const Qcow2 *s, uint64_t entry, Place *p)
{
    *p = (Place){.kind = BLOCK_HOLE};
    if (entry & QCOW2_COMPRESSED) {
        p->kind = BLOCK_COMPRESSED;
        return 0;
    }
    p->off = entry & QCOW2_OFFSET;
    p->own = p->off && entry & QCOW2_COPIED;
    if (p->off & (s->cluster - 1))
        return -EIO;
    if (s->version >= 3 && entry & QCOW2_ZERO)
        p->kind = BLOCK_ZEROES;
    else if (p->off)
        p->kind = BLOCK_DATA;
    return 0;
}

/* hole_len: what is left of off's second level table, and of those behind it that are missing, too. */
static uint64_t hole_len(const Qcow2 *s, uint64_t off, uint64_t len)
{
    unsigned shift = s->l2_bits + s->bits;
    uint64_t i = off >> shift, end = ((i + 1) << shift) - off;

    while (end < len && !(s->l1[++i] & QCOW2_OFFSET))
        end += 1ull << shift;
    return end < len ? end : len;
}

static int qcow2_status(Disk *d, uint64_t off, uint64_t len, BlockStatus *st)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t l2 = s->l1[off >> (s->l2_bits + s->bits)] & QCOW2_OFFSET, i, n;
    uint64_t in = off & (s->cluster - 1);
    Place p, q;
    Table *t;
    int err;

    if (!l2) {
        st->kind = BLOCK_HOLE;
        st->len = hole_len(s, off, len);
        return 0;
    }
    err = table_get(d, TABLE_L2, l2, false, &t);
    if (err)
        return err;
    i = off >> s->bits & ((1ull << s->l2_bits) - 1);
    err = place_of(s, be64toh(t->data[i]), &p);
    if (err)
        return err;
    for (n = 1; i + n < 1ull << s->l2_bits && (n << s->bits) - in < len; n++)
        if (place_of(s, be64toh(t->data[i + n]), &q) || q.kind != p.kind ||
            (p.off ? q.off != p.off + (n << s->bits) : q.off != 0))
            break;
    st->kind = p.kind;
    st->len = (n << s->bits) - in < len ? (n << s->bits) - in : len;
    st->has_off = p.off != 0;
    st->host_off = p.off + in;
    return 0;
}

/* ---- compressed clusters ---- */

static int unpack_zlib(void *dst, uint64_t n, const void *src, uint64_t len)
{
    z_stream z = {.next_in = (void *)src, .avail_in = len, .next_out = dst, .avail_out = n};
    int ret;

    if (inflateInit2(&z, -12) != Z_OK)
        return -ENOMEM;
    ret = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    /* The data are padded to sectors, and a writer may have left out the end mark. */
    return (ret == Z_STREAM_END || ret == Z_BUF_ERROR || ret == Z_OK) && !z.avail_out ? 0 : -EIO;
}

static int unpack_zstd(void *dst, uint64_t n, const void *src, uint64_t len)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    ZSTD_inBuffer in = {src, len, 0};
    ZSTD_outBuffer out = {dst, n, 0};
    int err = 0;

    if (!z)
        return -ENOMEM;
    /* No frame of a cluster needs a window larger than the largest cluster. */
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 22);
    while (out.pos < n && !err) {
        size_t before = in.pos + out.pos, left = ZSTD_decompressStream(z, &out, &in);

        if (ZSTD_isError(left) || (out.pos < n && in.pos + out.pos == before))
            err = -EIO;
    }
    ZSTD_freeDStream(z);
    return err;
}

static int unpack(Disk *d, uint64_t entry)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t off, len;
    int err;

    compressed_range(s, entry, &off, &len);
    if (!s->unpacked)
        s->unpacked = malloc(s->cluster);
    if (!s->packed)
        s->packed = malloc(2 * s->cluster + 512);
    if (!s->unpacked || !s->packed)
        return -ENOMEM;
    assert(len <= 2 * s->cluster + 512);
    err = host_pread(d->fd, s->packed, len, off);
    if (err)
        return err;
    return (s->compression ? unpack_zstd : unpack_zlib)(s->unpacked, s->cluster, s->packed, len);
}

static int qcow2_read_compressed(Disk *d, uint64_t off, void *buf, uint64_t len)
{
    Qcow2 *s = qcow2_of(d);

    while (len) {
        uint64_t c = off >> s->bits, in = off & (s->cluster - 1), n = s->cluster - in, entry;
        int err = l2_entry(d, c, &entry);

        n = n < len ? n : len;
        if (err)
            return err;
        if (s->unpacked_off != c || s->unpacked_entry != entry) {
            s->unpacked_off = UINT64_MAX;
            err = unpack(d, entry);
            if (err)
                return err;
            s->unpacked_off = c;
            s->unpacked_entry = entry;
        }
        memcpy(buf, s->unpacked + in, n);
        buf = (char *)buf + n;
        off += n;
        len -= n;
    }
    return 0;
}

static size_t pack(const Qcow2 *s, void *dst, size_t room, const void *src)
{
    z_stream z = {.next_in = (void *)src, .avail_in = s->cluster, .next_out = dst, .avail_out = room};
    size_t n;

    if (s->compression) {
        n = ZSTD_compress(dst, room, src, s->cluster, ZSTD_CLEVEL_DEFAULT);
        return ZSTD_isError(n) ? 0 : n;
    }
    /* Raw deflate with a window of 4 KiB: what readers of the format expect. */
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    n = deflate(&z, Z_FINISH) == Z_STREAM_END ? room - z.avail_out : 0;
    deflateEnd(&z);
    return n;
}

/* comp_alloc: n bytes behind the last compressed cluster, or in a new cluster. */
static int comp_alloc(Disk *d, uint64_t n, uint64_t *off)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t at = s->comp_at, room = s->comp_end - at, one = 1, next;
    int err;

    if (room < n) {
        err = cluster_alloc(d, &one, &next);
        if (err)
            return err;
        if (next != s->comp_end || !room) {
            at = next;
            room = 0;
        }
        s->comp_end = next + s->cluster;
    }
    /* A cluster that was begun before has one user more. */
    if (room) {
        err = refcount_add(d, at >> s->bits, 1);
        if (err == -ERANGE) {   /* narrow refcounts: not shared, then */
            s->comp_at = s->comp_end = 0;
            if (room < n)
                err = cluster_free_later(d, next, 1, false, false);
            return err == -ERANGE || !err ? comp_alloc(d, n, off) : err;
        }
        if (err)
            return err;
    }
    s->comp_at = at + n;
    *off = at;
    return 0;
}

/* write_compressed: one whole cluster, at once. -E2BIG: it does not get smaller. */
static int write_compressed(Disk *d, uint64_t c, const void *data)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t off, old, sectors, n;
    uint8_t *out = malloc(s->cluster);
    int err;

    if (!out)
        return -ENOMEM;
    n = pack(s, out, s->cluster - 1, data);
    err = n ? 0 : -E2BIG;
    if (!err)
        err = l2_entry(d, c, &old);
    if (!err)
        err = comp_alloc(d, n, &off);
    if (!err)
        err = host_pwrite(d->fd, out, n, off);
    free(out);
    if (err)
        return err;
    sectors = ((off & 511) + n - 1) >> 9;
    err = l2_set(d, c, QCOW2_COMPRESSED | sectors << s->csize_shift | off);
    return err ? err : entry_free_later(d, old, false);
}

/* ---- writing ---- */

/* busy: whether a request that allocates is at work on clusters [first, last]. */
static bool busy(const Qcow2 *s, uint64_t first, uint64_t last)
{
    for (const Busy *b = s->busy; b; b = b->next)
        if (first <= b->last && b->first <= last)
            return true;
    return false;
}

static void busy_end(Qcow2 *s, uint64_t first)
{
    for (Busy **p = &s->busy; *p; p = &(*p)->next)
        if ((*p)->first == first) {
            Busy *b = *p;

            *p = b->next;
            free(b);
            return;
        }
    assert(!"a piece that was not busy");
}

/* link_clusters: data are in new clusters; a: first cluster, b: how many, c: where in the file. */
static int link_clusters(Piece *p, int err)
{
    Disk *d = p->r->disk;
    Qcow2 *s = qcow2_of(d);
    uint64_t done = 0, old;

    for (; done < p->b && !err; done++) {
        err = l2_entry(d, p->a + done, &old);
        if (!err)
            err = l2_set(d, p->a + done, (p->c + (done << s->bits)) | QCOW2_COPIED);
        if (err)
            break;
        err = entry_free_later(d, old, false);
    }
    if (done < p->b)
        cluster_free_later(d, p->c + (done << s->bits), p->b - done, false, false);
    busy_end(s, p->a);
    return err;
}

/* Source of what is written: the request's buffers from `at` on, or, with zeroes, those. */
typedef struct {
    BlockRequest *r;
    const void *zeroes;
    uint64_t at;                /* offset in the request of the first byte */
} Source;

static void add_source(Piece *p, const Source *src, uint64_t at, uint64_t n)
{
    if (src->zeroes)
        piece_add(p, (void *)src->zeroes, n);
    else
        piece_cut(p, src->at + at, n);
}

static int write_in_place(Disk *d, const Source *src, uint64_t at, uint64_t n, uint64_t host)
{
    Qcow2 *s = qcow2_of(d);
    Piece *p;

    if (overlaps_tables(s, host, n))
        return -EIO;
    p = piece_new(src->r, HOST_WRITE, d->fd, host, 1);
    if (!p)
        return -ENOMEM;
    add_source(p, src, at, n);
    piece_start(p);
    return 0;
}

/* old_part: what is at [off, off + n) of the disk now, in a buffer of the piece's own. */
static int old_part(Disk *d, Piece *p, int i, uint64_t off, uint64_t n)
{
    if (!n)
        return 0;
    p->own[i] = malloc(n);
    return p->own[i] ? chain_read_now(d, off, p->own[i], n) : -ENOMEM;
}

/* write_new: into up to `most` new clusters for [off, ...); *n: bytes of the source taken. */
static int write_new(Disk *d, const Source *src, uint64_t at, uint64_t off, uint64_t most, uint64_t *n)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t head = off & (s->cluster - 1), host, have, tail;
    Busy *b = malloc(sizeof(*b));
    Piece *p = piece_new(src->r, HOST_WRITE, d->fd, 0, 3);
    int err = b && p ? cluster_alloc(d, &most, &host) : -ENOMEM;

    if (err) {
        free(b);
        free(p);
        return err;
    }
    have = (most << s->bits) - head;
    tail = have > *n ? have - *n : 0;
    *n = have - tail;
    err = old_part(d, p, 0, off - head, head);
    if (!err)
        err = old_part(d, p, 1, off + *n, tail);
    if (err) {
        cluster_free_later(d, host, most, false, false);
        free(b);
        piece_drop(p);
        return err;
    }
    p->op.off = host;
    piece_add(p, p->own[0], head);
    add_source(p, src, at, *n);
    piece_add(p, p->own[1], tail);
    p->a = off >> s->bits;
    p->b = most;
    p->c = host;
    p->then = link_clusters;
    *b = (Busy){p->a, p->a + most - 1, s->busy};
    s->busy = b;
    piece_start(p);
    return 0;
}

/* in_place_run, new_run: how many clusters from c to last can be written where they are (from host
 * on, in a row), or cannot. */
static int runs(Disk *d, uint64_t c, uint64_t last, uint64_t *host, uint64_t *n)
{
    Qcow2 *s = qcow2_of(d);
    Place p;

    *host = 0;
    for (*n = 0; c + *n <= last; ++*n) {
        uint64_t entry, here;
        int err = l2_entry(d, c + *n, &entry);

        if (!err)
            err = place_of(s, entry, &p);
        if (err)
            return err;
        here = p.kind == BLOCK_DATA && p.own ? p.off : 0;
        if (!*n)
            *host = here;
        else if (*host ? here != *host + (*n << s->bits) : here != 0)
            break;
    }
    return 0;
}

static int write_range(Disk *d, const Source *src, uint64_t off, uint64_t len)
{
    Qcow2 *s = qcow2_of(d);

    for (uint64_t at = 0; at < len;) {
        uint64_t c = (off + at) >> s->bits, last = (off + len - 1) >> s->bits, host, n;
        uint64_t in = (off + at) & (s->cluster - 1), part = len - at;
        int err = runs(d, c, last, &host, &n);

        if (err)
            return err;
        if (host) {
            part = (n << s->bits) - in < part ? (n << s->bits) - in : part;
            err = write_in_place(d, src, at, part, host + in);
        } else {
            part = (n << s->bits) - in < part ? (n << s->bits) - in : part;
            err = write_new(d, src, at, off + at, n, &part);
        }
        if (err)
            return err;
        at += part;
    }
    return 0;
}

static int start_compressed(Disk *d, BlockRequest *r)
{
    Qcow2 *s = qcow2_of(d);
    Source src = {r, NULL, 0};
    uint8_t *data;
    int err;

    if (r->off & (s->cluster - 1) || (r->len != s->cluster && r->off + r->len != d->size))
        return -EINVAL;
    data = calloc(1, s->cluster);
    if (!data)
        return -ENOMEM;
    request_copy_out(r, 0, data, r->len);
    err = write_compressed(d, r->off >> s->bits, data);
    free(data);
    return err == -E2BIG ? write_range(d, &src, r->off, r->len) : err;
}

/* ---- zeroes and discards ---- */

/* reads_zero: whether [off, off + n) is said to be zeroes already. */
static bool reads_zero(Disk *d, uint64_t off, uint64_t n)
{
    BlockStatus st;

    for (uint64_t at = 0; at < n; at += st.len)
        if (chain_status(d, off + at, n - at, &st) ||
            (st.kind != BLOCK_ZEROES && st.kind != BLOCK_HOLE))
            return false;
    return true;
}

static uint64_t backing_size(const Disk *d)
{
    /* A backing file that is not open may be of any size. */
    return d->backing ? d->backing->size : d->backing_file ? UINT64_MAX : 0;
}

/*
 * zero_cluster: make whole cluster c read as zeroes without writing data. 1: not possible (version
 * 2 has no such entries, and the backing file would be seen).
 */
static int zero_cluster(Disk *d, uint64_t c, bool unmap)
{
    Qcow2 *s = qcow2_of(d);
    bool over = c << s->bits < backing_size(d);
    uint64_t entry, want;
    Place p;
    int err = l2_entry(d, c, &entry);

    if (!err)
        err = place_of(s, entry, &p);
    if (err)
        return err;
    if (p.kind == BLOCK_HOLE && !over)
        return 0;
    if (s->version < 3 && over)
        return 1;
    if (!unmap && p.own && s->version >= 3)
        want = entry | QCOW2_ZERO;
    else
        want = s->version >= 3 && over ? QCOW2_ZERO : 0;
    if (want == entry)
        return 0;
    err = l2_set(d, c, want);
    if (err || want & QCOW2_OFFSET)
        return err;
    return entry_free_later(d, entry, true);
}

static int zero_whole(Disk *d, BlockRequest *r, uint64_t first, uint64_t end)
{
    Qcow2 *s = qcow2_of(d);
    Source src = {r, NULL, 0};
    int err = 0;

    for (uint64_t c = first; c < end && !err;) {
        /* Nothing to do where there is no table and nothing below. */
        if (!(s->l1[c >> s->l2_bits] & QCOW2_OFFSET) && c << s->bits >= backing_size(d)) {
            c = ((c >> s->l2_bits) + 1) << s->l2_bits;
            continue;
        }
        err = zero_cluster(d, c, r->unmap || r->op == BLOCK_DISCARD);
        if (err == 1) {
            uint64_t off = c << s->bits, n = d->size - off < s->cluster ? d->size - off : s->cluster;

            src.zeroes = r->zeroes;
            err = r->op == BLOCK_DISCARD || reads_zero(d, off, n) ? 0 : write_range(d, &src, off, n);
        }
        c++;
    }
    return err;
}

static int start_zero(Disk *d, BlockRequest *r)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t end = r->off + r->len, first = clusters_of(s, r->off);
    uint64_t last = end == d->size ? clusters_of(s, end) : end >> s->bits;
    uint64_t head = (first << s->bits) - r->off, tail = last << s->bits < end ? end - (last << s->bits) : 0;
    Source src = {r, NULL, 0};
    int err = 0;

    if (r->op == BLOCK_DISCARD)
        return first < last ? zero_whole(d, r, first, last) : 0;
    r->zeroes = calloc(1, s->cluster);
    if (!r->zeroes)
        return -ENOMEM;
    src.zeroes = r->zeroes;
    if (first > last) {                 /* inside one cluster */
        head = r->len;
        tail = 0;
    }
    if (head > r->len)
        head = r->len;
    if (head && !reads_zero(d, r->off, head))
        err = write_range(d, &src, r->off, head);
    if (!err && first < last)
        err = zero_whole(d, r, first, last);
    if (!err && tail && first <= last && !reads_zero(d, end - tail, tail))
        err = write_range(d, &src, end - tail, tail);
    return err;
}

static int start_flush(Disk *d, BlockRequest *r)
{
    int err = meta_flush(d);
    Piece *p;

    if (err)
        return err;
    p = piece_new(r, HOST_SYNC, d->fd, 0, 0);
    if (!p)
        return -ENOMEM;
    piece_start(p);
    return 0;
}

static int qcow2_start(Disk *d, BlockRequest *r)
{
    Qcow2 *s = qcow2_of(d);
    Source src = {r, NULL, 0};

    if (r->op == BLOCK_FLUSH)
        return start_flush(d, r);
    if (busy(s, r->off >> s->bits, (r->off + r->len - 1) >> s->bits))
        return -EAGAIN;
    /* Reads under way may still look at what is to be freed: only a moment without any will do. */
    if (s->freed_n > FREED_MAX) {
        int err;

        if (d->under_way > 1)
            return -EAGAIN;
        err = meta_flush(d);
        if (err)
            return err;
    }
    if (r->op == BLOCK_WRITE)
        return r->compress ? start_compressed(d, r) : write_range(d, &src, r->off, r->len);
    return start_zero(d, r);
}

/* ---- the whole disk ---- */

/* grow_l1: a first level table for `size` bytes, in new clusters, not yet in the header. */
static int grow_l1(Disk *d, uint64_t size, Qcow2Header *h)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t n = l1_needed(s, size), off;
    uint64_t *l1;
    int err;

    n = clusters_of(s, n * 8) * (s->cluster / 8);       /* whole clusters, so that it lasts */
    if (n > QCOW2_L1_MAX / 8)
        n = l1_needed(s, size);
    if (n > QCOW2_L1_MAX / 8)
        return -EFBIG;
    err = cluster_alloc_all(d, clusters_of(s, n * 8), &off);
    if (!err)
        err = meta_flush(d);            /* the old table is current, the new one has its refcounts */
    if (err)
        return err;
    l1 = calloc(n, 8);
    if (!l1)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->h.l1_size; i++)
        l1[i] = htobe64(s->l1[i]);
    err = host_pwrite(d->fd, l1, n * 8, off);
    for (uint32_t i = 0; i < n; i++)
        l1[i] = be64toh(l1[i]);
    if (err) {
        free(l1);
        return err;
    }
    *h = s->h;                          /* meta_flush may have changed it */
    h->l1_off = off;
    h->l1_size = n;
    free(s->l1);
    s->l1 = l1;
    return 0;
}

/* drop_clusters: nothing is left of clusters [c, end), not even that they were zeroes. */
static int drop_clusters(Disk *d, uint64_t c, uint64_t end)
{
    Qcow2 *s = qcow2_of(d);
    int err = 0;

    while (c < end && !err) {
        uint64_t entry;

        if (!(s->l1[c >> s->l2_bits] & QCOW2_OFFSET)) {
            c = ((c >> s->l2_bits) + 1) << s->l2_bits;
            continue;
        }
        err = l2_entry(d, c, &entry);
        if (!err && entry)
            err = l2_set(d, c, 0);
        if (!err)
            err = entry_free_later(d, entry, true);
        c++;
    }
    return err;
}

static int qcow2_resize(Disk *d, uint64_t size, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    uint64_t old = d->size, old_off = s->h.l1_off, old_n = clusters_of(s, s->h.l1_size * 8ull);
    uint64_t to;
    Qcow2Header h = s->h;
    bool moved = false;
    int err = 0;

    if (size == old)
        return 0;
    if (s->version < 3 && s->h.snapshots)
        return say_why(why, -ENOTSUP, "%s: version 2 with snapshots cannot be resized", d->path);
    if (size < old) {
        err = drop_clusters(d, clusters_of(s, size), clusters_of(s, old));
    } else if (l1_needed(s, size) > s->h.l1_size) {
        err = grow_l1(d, size, &h);
        moved = !err;
    }
    if (!err)
        err = meta_flush(d);
    if (!err) {
        if (!moved)
            h = s->h;
        h.size = size;
        err = qcow2_write_header(d, &h);
    }
    if (!err) {
        d->size = size;
        if (moved)
            err = cluster_free_later(d, old_off, old_n, false, false);
    }
    /* What becomes visible are zeroes: neither the backing file nor what a cluster's end holds. */
    if (!err && size > old) {
        to = clusters_of(s, old) << s->bits;
        if (backing_size(d) > to)
            to = backing_size(d);
        to = to < size ? to : size;
        err = to > old ? disk_zero(d, old, to - old, true) : 0;
        if (!err)
            err = disk_flush(d);
    }
    return err ? say_why(why, err, "%s: %s", d->path, strerror(-err)) : 0;
}

static int qcow2_close(Disk *d)
{
    int err = d->write && !d->in_check ? meta_flush(d) : 0;

    qcow2_release(d);
    return err;
}

static uint64_t qcow2_compress_unit(const Disk *d)
{
    return qcow2_of(d)->cluster;
}

static void qcow2_info(Disk *d, BlockInfo *i)
{
    Qcow2 *s = qcow2_of(d);

    i->cluster_size = s->cluster;
    i->compat = s->version == 2 ? "0.10" : "1.1";
    i->dirty = s->h.incompatible & QCOW2_DIRTY;
    i->corrupt = s->h.incompatible & QCOW2_CORRUPT;
    i->lazy_refcounts = s->compatible & QCOW2_LAZY;
    i->refcount_bits = 1u << s->ref_order;
    i->compression = s->compression ? "zstd" : "zlib";
}

/* qcow2_preallocate: clusters for all of the disk, in the order of the disk. */
static int qcow2_preallocate(Disk *d, const BlockCreate *c, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    uint64_t end = clusters_of(s, d->size), at, n, off, top = 0;
    int err = 0;

    for (at = 0; at < end && !err; at += n) {
        n = end - at;
        err = cluster_alloc(d, &n, &off);
        for (uint64_t i = 0; i < n && !err; i++)
            err = l2_set(d, at + i, (off + (i << s->bits)) | QCOW2_COPIED);
        if (!err && c->prealloc == PREALLOC_FALLOC && posix_fallocate(d->fd, off, n << s->bits))
            err = -ENOSPC;
        if (!err && c->prealloc == PREALLOC_FULL)
            err = host_write_zeroes(d->fd, off, n << s->bits);
        top = off + (n << s->bits);
    }
    if (!err)
        err = meta_flush(d);
    if (!err) {
        struct stat st;

        if (!fstat(d->fd, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size < top && ftruncate(d->fd, top))
            err = -errno;
    }
    return err ? say_why(why, err, "%s: %s", d->path, strerror(-err)) : 0;
}

const Format format_qcow2 = {
    .name = "qcow2",
    .zeroes_beyond = true,
    .probe = qcow2_probe,
    .open = qcow2_open,
    .close = qcow2_close,
    .status = qcow2_status,
    .read_compressed = qcow2_read_compressed,
    .start = qcow2_start,
    .compress_unit = qcow2_compress_unit,
    .resize = qcow2_resize,
    .snapshot_list = qcow2_snapshot_list,
    .snapshot_create = qcow2_snapshot_create,
    .snapshot_apply = qcow2_snapshot_apply,
    .snapshot_delete = qcow2_snapshot_delete,
    .info = qcow2_info,
    .check = qcow2_check,
    .create = qcow2_create,
    .preallocate = qcow2_preallocate,
};
