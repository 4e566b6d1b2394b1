// SPDX-License-Identifier: MIT
/*
 * qcow2_walk.c: all references of an image counted; with that, checks, repairs and snapshots.
 *
 * The walk visits each second level table once, however many first level tables name it, and gives
 * what it names as many references. So the work is linear in the size of the file. What an image
 * may claim beyond that is bounded: a budget of bytes read, of which holes of the file take none,
 * and a limit of memory for the counts.
 *
 * commit() makes a new state of the whole image, with refcounts and "copied" flags that follow from
 * its references, in clusters that the old state does not use, and then switches by the header.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "system/block/qcow2.h"

enum { CHUNK = 4096, SAID_MAX = 100 };
#define CLUSTERS_MAX (1ull << 31)
#define COUNTS_MEMORY (96ull << 20)

/* ---- counts ---- */

typedef struct {
    uint32_t **chunk;
    uint64_t limit;             /* clusters */
    uint64_t *memory;           /* bytes that may still be taken, shared */
} Counts;

static int counts_new(Counts *c, uint64_t limit, uint64_t *memory)
{
    c->limit = limit;
    c->memory = memory;
    c->chunk = calloc(limit / CHUNK + 1, sizeof(*c->chunk));
    return c->chunk ? 0 : -ENOMEM;
}

static void counts_free(Counts *c)
{
    for (uint64_t i = 0; c->chunk && i <= c->limit / CHUNK; i++)
        free(c->chunk[i]);
    free(c->chunk);
    c->chunk = NULL;
}

static uint32_t count_of(const Counts *c, uint64_t i)
{
    const uint32_t *chunk = i < c->limit ? c->chunk[i / CHUNK] : NULL;

    return chunk ? chunk[i % CHUNK] : 0;
}

static int count_add(Counts *c, uint64_t i, int64_t n)
{
    uint32_t **chunk = &c->chunk[i / CHUNK];
    int64_t sum;

    assert(i < c->limit);
    if (!*chunk) {
        if (*c->memory < CHUNK * sizeof(**chunk))
            return -EFBIG;
        *chunk = calloc(CHUNK, sizeof(**chunk));
        if (!*chunk)
            return -ENOMEM;
        *c->memory -= CHUNK * sizeof(**chunk);
    }
    sum = (*chunk)[i % CHUNK] + n;
    (*chunk)[i % CHUNK] = sum < 0 ? 0 : sum > UINT32_MAX ? UINT32_MAX : sum;
    return 0;
}

/* ---- the walk ---- */

typedef struct {
    Disk *d;
    Qcow2 *s;
    const BlockCheckOptions *o; /* NULL: say nothing */
    Counts refs;                /* references of each cluster */
    Counts l2;                  /* of these those from first level tables */
    uint64_t memory, budget;
    uint64_t corruptions, leaks, errors;
    unsigned said;
    uint64_t *table;            /* one cluster, host order */
} Walk;

static void say(Walk *w, const char *fmt, ...)
{
    char line[256];
    va_list ap;

    if (!w->o || !w->o->say || w->said > SAID_MAX)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    w->o->say(w->o->user, w->said++ == SAID_MAX ? "... and more" : line);
}

static int walk_begin(Walk *w, Disk *d, const BlockCheckOptions *o)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t limit, b = s->reftable_size, spent;
    struct stat st;
    int err;

    *w = (Walk){.d = d, .s = s, .o = o};
    if (fstat(d->fd, &st))
        return -errno;
    if (S_ISREG(st.st_mode))
        d->file_size = st.st_size;
    spent = S_ISREG(st.st_mode) ? (uint64_t)st.st_blocks * 512 : d->file_size;
    while (b && !s->reftable[b - 1])
        b--;
    limit = clusters_of(s, d->file_size) + 1;
    if (b << s->refblock_bits > limit)
        limit = b << s->refblock_bits;
    if (limit > CLUSTERS_MAX)
        limit = CLUSTERS_MAX;
    w->budget = 6 * spent + (64ull << 20);
    w->memory = COUNTS_MEMORY + (spent >> s->bits) * 16;
    w->table = malloc(s->cluster);
    err = w->table ? counts_new(&w->refs, limit, &w->memory) : -ENOMEM;
    return err ? err : counts_new(&w->l2, limit, &w->memory);
}

static void walk_end(Walk *w)
{
    counts_free(&w->refs);
    counts_free(&w->l2);
    free(w->table);
}

/* is_hole: whether the host has nothing at [off, off + n) of the file. */
static bool is_hole(int fd, uint64_t off, uint64_t n)
{
    off_t data = lseek(fd, off, SEEK_DATA);

    return data < 0 ? errno == ENXIO : (uint64_t)data >= off + n;
}

/* read_u64s: entries of a table, in host order, charged to the budget. */
static int read_u64s(Walk *w, uint64_t *t, uint64_t n, uint64_t off)
{
    int err;

    if (is_hole(w->d->fd, off, n * 8)) {
        memset(t, 0, n * 8);
        return 0;
    }
    if (w->budget < n * 8)
        return -EFBIG;
    w->budget -= n * 8;
    err = host_pread(w->d->fd, t, n * 8, off);
    for (uint64_t i = 0; i < n && !err; i++)
        t[i] = be64toh(t[i]);
    return err;
}

/* ref: n more references to each cluster that the bytes touch. */
static int ref(Walk *w, uint64_t off, uint64_t bytes, uint32_t n, const char *what)
{
    uint64_t first = off >> w->s->bits, last = (off + bytes - 1) >> w->s->bits;
    int err = 0;

    if (!bytes)
        return 0;
    if (off + bytes < off || last >= w->refs.limit) {
        w->corruptions++;
        say(w, "ERROR %s at offset 0x%" PRIx64 ": outside the image", what, off);
        return 0;
    }
    for (uint64_t c = first; c <= last && !err; c++)
        err = count_add(&w->refs, c, n);
    return err;
}

static bool bad_offset(const Walk *w, uint64_t off)
{
    return off & (w->s->cluster - 1) || off >> w->s->bits >= w->refs.limit;
}

/* A first level table: in memory, or in the file. */
static int walk_l1(Walk *w, const uint64_t *mem, uint64_t off, uint32_t n)
{
    uint64_t buf[512];

    for (uint32_t at = 0; at < n; at += 512) {
        uint32_t some = n - at < 512 ? n - at : 512;
        int err = mem ? 0 : read_u64s(w, buf, some, off + at * 8ull);

        for (uint32_t i = 0; i < some && !err; i++) {
            uint64_t l2 = (mem ? mem[at + i] : buf[i]) & QCOW2_OFFSET;

            if (!l2)
                continue;
            if (bad_offset(w, l2)) {
                w->corruptions++;
                say(w, "ERROR L1 entry %" PRIu32 ": L2 table at 0x%" PRIx64 " cannot be there", at + i, l2);
                continue;
            }
            err = count_add(&w->l2, l2 >> w->s->bits, 1);
        }
        if (err)
            return err;
    }
    return 0;
}

static int walk_entry(Walk *w, uint64_t e, uint32_t n)
{
    uint64_t off = e & QCOW2_OFFSET, len;

    if (e & QCOW2_COMPRESSED) {
        compressed_range(w->s, e, &off, &len);
        if (e & QCOW2_COPIED) {
            w->corruptions++;
            say(w, "ERROR compressed cluster at 0x%" PRIx64 " is marked as copied", off);
        }
        /* The last sector may be cut off where the file ends. */
        return ref(w, off, len, n, "compressed data");
    }
    if (!off)
        return 0;
    if (off & (w->s->cluster - 1)) {
        w->corruptions++;
        say(w, "ERROR cluster at offset 0x%" PRIx64 " is not aligned", off);
        return 0;
    }
    return ref(w, off, w->s->cluster, n, "cluster");
}

/* walk_l2s: all second level tables that were found. */
static int walk_l2s(Walk *w)
{
    int err = 0;

    for (uint64_t k = 0; k <= w->l2.limit / CHUNK && !err; k++)
        for (uint64_t i = 0; w->l2.chunk[k] && i < CHUNK && !err; i++) {
            uint32_t n = w->l2.chunk[k][i];
            uint64_t off = (k * CHUNK + i) << w->s->bits;

            if (!n)
                continue;
            err = ref(w, off, w->s->cluster, n, "L2 table");
            if (!err)
                err = read_u64s(w, w->table, w->s->cluster / 8, off);
            for (uint64_t e = 0; e < w->s->cluster / 8 && !err; e++)
                if (w->table[e])
                    err = walk_entry(w, w->table[e], n);
        }
    return err;
}

static int walk_bitmaps(Walk *w)
{
    Qcow2 *s = w->s;
    uint8_t head[24];
    int err;

    if (!(s->h.autoclear & 1) || !s->bitmap_dir_off)
        return 0;
    if (s->bitmap_dir_size > 16 << 20 || bad_offset(w, s->bitmap_dir_off)) {
        w->corruptions++;
        say(w, "ERROR the bitmap directory cannot be there");
        return 0;
    }
    err = ref(w, s->bitmap_dir_off, s->bitmap_dir_size, 1, "bitmap directory");
    for (uint64_t at = 0, i = 0; i < s->bitmaps && at + 24 <= s->bitmap_dir_size && !err; i++) {
        uint64_t table, entries, len;

        err = host_pread(w->d->fd, head, sizeof(head), s->bitmap_dir_off + at);
        if (err)
            break;
        memcpy(&table, head, 8);
        table = be64toh(table);
        entries = (uint64_t)head[8] << 24 | head[9] << 16 | head[10] << 8 | head[11];
        len = (head[18] << 8 | head[19]) + ((uint64_t)head[20] << 24 | head[21] << 16 | head[22] << 8 | head[23]);
        err = ref(w, table, entries * 8, 1, "bitmap table");
        for (uint64_t e = 0; e < entries && !err && !bad_offset(w, table); e++) {
            uint64_t entry;

            err = read_u64s(w, &entry, 1, table + e * 8);
            if (!err && entry & QCOW2_OFFSET)
                err = ref(w, entry & QCOW2_OFFSET, s->cluster, 1, "bitmap");
        }
        at = (at + 24 + len + 7) & ~7ull;
    }
    return err;
}

/* ---- check ---- */

static int walk_refblocks(Walk *w)
{
    Qcow2 *s = w->s;
    int err = ref(w, s->h.reftable_off, (uint64_t)s->h.reftable_clusters << s->bits, 1, "refcount table");

    for (uint32_t i = 0; i < s->reftable_size && !err; i++) {
        uint64_t off = s->reftable[i];

        if (!off)
            continue;
        if (bad_offset(w, off)) {
            w->corruptions++;
            say(w, "ERROR refcount block %" PRIu32 " cannot be at 0x%" PRIx64, i, off);
            continue;
        }
        err = ref(w, off, s->cluster, 1, "refcount block");
    }
    return err;
}

static uint64_t snapshot_bytes(const Snapshot *n)
{
    return (40 + n->extra_len + strlen(n->s.id) + strlen(n->s.name) + 7) & ~7ull;
}

static int walk_snapshots(Walk *w, const Snapshot *snap, unsigned n)
{
    int err = 0;

    for (unsigned i = 0; i < n && !err; i++) {
        if (!snap[i].l1_off)
            continue;           /* not in the file yet */
        err = ref(w, snap[i].l1_off, snap[i].l1_size * 8ull, 1, "snapshot's L1 table");
        if (!err)
            err = walk_l1(w, NULL, snap[i].l1_off, snap[i].l1_size);
    }
    return err;
}

static int walk_all(Walk *w)
{
    Qcow2 *s = w->s;
    uint64_t bytes = 0;
    int err = ref(w, 0, s->cluster, 1, "header");

    for (uint32_t i = 0; i < s->h.snapshots; i++)
        bytes += snapshot_bytes(&s->snap[i]);
    if (!err)
        err = walk_refblocks(w);
    if (!err)
        err = ref(w, s->h.snap_off, bytes, 1, "snapshot table");
    if (!err)
        err = ref(w, s->h.l1_off, s->h.l1_size * 8ull, 1, "L1 table");
    if (!err)
        err = walk_l1(w, s->l1, 0, s->h.l1_size);
    if (!err)
        err = walk_snapshots(w, s->snap, s->h.snapshots);
    if (!err)
        err = walk_bitmaps(w);
    return err ? err : walk_l2s(w);
}

/* usable_block: whether block b of refcounts is there and nothing else is in its cluster. */
static bool usable_block(const Walk *w, uint64_t b)
{
    uint64_t off = b < w->s->reftable_size ? w->s->reftable[b] : 0;

    return off && !bad_offset(w, off) && count_of(&w->refs, off >> w->s->bits) == 1;
}

static void compare(Walk *w, BlockCheck *res, uint64_t c, uint64_t have)
{
    uint64_t want = count_of(&w->refs, c);

    if (want || have)
        res->end_offset = res->end_offset > (c + 1) << w->s->bits ? res->end_offset : (c + 1) << w->s->bits;
    if (have < want) {
        w->corruptions++;
        say(w, "ERROR cluster %" PRIu64 " refcount=%" PRIu64 " reference=%" PRIu64, c, have, want);
    } else if (have > want) {
        w->leaks++;
        say(w, "Leaked cluster %" PRIu64 " refcount=%" PRIu64 " reference=%" PRIu64, c, have, want);
    }
}

static int compare_refcounts(Walk *w, BlockCheck *res, bool lower)
{
    Qcow2 *s = w->s;
    uint64_t per = 1ull << s->refblock_bits;
    void *block = w->table;

    for (uint64_t b = 0; b < s->reftable_size; b++) {
        bool changed = false;
        int err;

        if (!usable_block(w, b))
            continue;
        if (is_hole(w->d->fd, s->reftable[b], s->cluster)) {
            memset(block, 0, s->cluster);
        } else {
            if (w->budget < s->cluster)
                return -EFBIG;
            w->budget -= s->cluster;
            err = host_pread(w->d->fd, block, s->cluster, s->reftable[b]);
            if (err)
                return err;
        }
        for (uint64_t i = 0; i < per; i++) {
            uint64_t have = refcount_in(block, s->ref_order, i);

            if (lower && have > count_of(&w->refs, b * per + i)) {
                refcount_put(block, s->ref_order, i, count_of(&w->refs, b * per + i));
                changed = true;
            } else if (!lower) {
                compare(w, res, b * per + i, have);
            }
        }
        if (changed && (err = host_pwrite(w->d->fd, block, s->cluster, s->reftable[b])))
            return err;
    }
    for (uint64_t k = 0; k <= w->refs.limit / CHUNK && !lower; k++)
        for (uint64_t i = 0; w->refs.chunk[k] && i < CHUNK; i++)
            if (w->refs.chunk[k][i] && !usable_block(w, (k * CHUNK + i) >> s->refblock_bits))
                compare(w, res, k * CHUNK + i, 0);
    return 0;
}

/* flag_wrong: the flag says that exactly one reference exists. */
static void check_flag(Walk *w, uint64_t e, uint64_t refs, const char *what)
{
    if ((refs == 1) == !!(e & QCOW2_COPIED))
        return;
    w->corruptions++;
    say(w, "ERROR OFLAG_COPIED %s: entry=%" PRIx64 " refcount=%" PRIu64, what, e, refs);
}

/* check_active: flags of the active tables, and what they say of the disk. */
static int check_active(Walk *w, BlockCheck *res)
{
    Qcow2 *s = w->s;
    uint64_t next = 0, disk = clusters_of(s, s->h.size);

    res->total = disk;
    for (uint32_t i = 0; i < s->h.l1_size; i++) {
        uint64_t l2 = s->l1[i] & QCOW2_OFFSET;
        int err;

        if (!l2 || bad_offset(w, l2))
            continue;
        check_flag(w, s->l1[i], count_of(&w->refs, l2 >> s->bits), "L2 table");
        err = read_u64s(w, w->table, s->cluster / 8, l2);
        if (err)
            return err;
        for (uint64_t k = 0; k < s->cluster / 8; k++) {
            uint64_t e = w->table[k], off = e & QCOW2_OFFSET, len;
            bool on_disk = ((uint64_t)i << s->l2_bits) + k < disk;

            if (e & QCOW2_COMPRESSED) {
                compressed_range(s, e, &off, &len);
                res->compressed += on_disk;
                res->allocated += on_disk;
                res->fragmented += on_disk;
            } else if (off && !bad_offset(w, off)) {
                check_flag(w, e, count_of(&w->refs, off >> s->bits), "data cluster");
                res->allocated += on_disk;
                res->fragmented += on_disk && next && off != next;
                next = off + s->cluster;
            }
        }
    }
    return 0;
}

static int check_once(Disk *d, const BlockCheckOptions *o, BlockCheck *res, bool lower)
{
    Walk w;
    int err = walk_begin(&w, d, o);

    memset(res, 0, sizeof(*res));
    if (!err)
        err = walk_all(&w);
    if (!err && lower) {
        err = compare_refcounts(&w, res, true);
    } else if (!err) {
        err = compare_refcounts(&w, res, false);
        if (!err)
            err = check_active(&w, res);
    }
    res->corruptions = w.corruptions;
    res->leaks = w.leaks;
    walk_end(&w);
    return err;
}

/* ---- a new state ---- */

typedef struct {
    Disk *d;
    Qcow2 *s;
    Walk w;
    Counts avoid;               /* what the old state has and the new one has not */
    uint64_t cursor;            /* no free cluster below */
    uint64_t *l1;               /* of the new state; owned */
    uint32_t l1_size;
    uint64_t size;
    Snapshot *snap;             /* owned by the caller; with l1_off 0: the L1 table is old_l1 */
    unsigned snaps;
    const uint64_t *old_l1;
    bool fix;                   /* make entries that cannot be zeroes, else refuse */
    bool punch;                 /* give back what the new state does not use */
    Qcow2Header h;
} Commit;

/* free_here: whether cluster c is used by neither state. */
static int free_here(Commit *m, uint64_t c, bool *yes)
{
    uint64_t n = 0;
    int err = 0;

    *yes = false;
    if (count_of(&m->w.refs, c) || count_of(&m->avoid, c))
        return 0;
    /* Refcounts under repair say nothing sure, but nothing else does of what the walk did not find. */
    err = refcount_get(m->d, c, &n);
    if (err == -EIO && m->fix)
        err = 0;
    *yes = !n;
    return err;
}

/* take: n free clusters in a row for the new state. */
static int take(Commit *m, uint64_t n, uint64_t *off)
{
    uint64_t c = m->cursor, have = 0;
    int err = 0;

    for (; have < n; c++) {
        bool yes;

        if (c >= m->w.refs.limit)
            return -EFBIG;
        err = free_here(m, c, &yes);
        if (err)
            return err;
        have = yes ? have + 1 : 0;
    }
    *off = (c - n) << m->s->bits;
    if (n == 1)
        m->cursor = c;
    for (uint64_t i = c - n; i < c && !err; i++)
        err = count_add(&m->w.refs, i, 1);
    return err;
}

static int write_be64s(Disk *d, const uint64_t *t, uint64_t n, uint64_t off, uint64_t pad_to)
{
    uint64_t *out = calloc(1, pad_to);
    int err;

    if (!out)
        return -ENOMEM;
    for (uint64_t i = 0; i < n; i++)
        out[i] = htobe64(t[i]);
    err = host_pwrite(d->fd, out, pad_to, off);
    free(out);
    return err;
}

/* right_entry: a second level entry as the new state has to have it. */
static uint64_t right_entry(const Commit *m, uint64_t e)
{
    const Qcow2 *s = m->s;
    uint64_t off = e & QCOW2_OFFSET, len;
    uint64_t nothing = s->version >= 3 ? QCOW2_ZERO : 0;

    if (e & QCOW2_COMPRESSED) {
        compressed_range(s, e, &off, &len);
        return (off + len - 1) >> s->bits >= m->w.refs.limit ? nothing : e & ~QCOW2_COPIED;
    }
    if (!off)
        return e & ~QCOW2_COPIED;
    if (bad_offset(&m->w, off))
        return nothing;
    return count_of(&m->w.refs, off >> s->bits) == 1 ? e | QCOW2_COPIED : e & ~QCOW2_COPIED;
}

/* put_l2: entry i of the new first level table, with a copy of the second level where that changes. */
static int put_l2(Commit *m, uint32_t i)
{
    Qcow2 *s = m->s;
    uint64_t old = m->l1[i] & QCOW2_OFFSET, off;
    bool changed = false;
    int err;

    if (!old || bad_offset(&m->w, old)) {
        m->l1[i] = 0;
        return 0;
    }
    err = host_pread(m->d->fd, m->w.table, s->cluster, old);
    if (err)
        return err;
    for (uint64_t k = 0; k < s->cluster / 8; k++) {
        uint64_t e = be64toh(m->w.table[k]), right = e ? right_entry(m, e) : 0;

        changed |= e != right;
        m->w.table[k] = htobe64(right);
    }
    if (!changed) {
        m->l1[i] = old | (count_of(&m->w.refs, old >> s->bits) == 1 ? QCOW2_COPIED : 0);
        return 0;
    }
    err = take(m, 1, &off);
    if (!err)
        err = host_pwrite(m->d->fd, m->w.table, s->cluster, off);
    if (!err)
        err = count_add(&m->w.refs, old >> s->bits, -1);
    if (!err)
        err = count_add(&m->avoid, old >> s->bits, 1);
    m->l1[i] = off | QCOW2_COPIED;
    return err;
}

static int put_l1(Commit *m, const uint64_t *l1, uint32_t n, uint64_t *off)
{
    uint64_t clusters = clusters_of(m->s, n * 8ull);
    int err;

    if (!clusters)
        clusters = 1;
    err = take(m, clusters, off);
    return err ? err : write_be64s(m->d, l1, n, *off, clusters << m->s->bits);
}

static void put_be(uint8_t *p, unsigned bytes, uint64_t v)
{
    while (bytes--) {
        p[bytes] = v;
        v >>= 8;
    }
}

static void put_snapshot(uint8_t *p, const Snapshot *n)
{
    size_t id = strlen(n->s.id), name = strlen(n->s.name);

    put_be(p, 8, n->l1_off);
    put_be(p + 8, 4, n->l1_size);
    put_be(p + 12, 2, id);
    put_be(p + 14, 2, name);
    put_be(p + 16, 4, n->s.date_sec);
    put_be(p + 20, 4, n->s.date_nsec);
    put_be(p + 24, 8, n->s.vm_clock_nsec);
    put_be(p + 32, 4, n->s.vm_state_size > UINT32_MAX ? 0 : n->s.vm_state_size);
    put_be(p + 36, 4, n->extra_len);
    memcpy(p + 40, n->extra, n->extra_len);
    memcpy(p + 40 + n->extra_len, n->s.id, id);
    memcpy(p + 40 + n->extra_len + id, n->s.name, name);
}

static int put_snapshots(Commit *m)
{
    uint64_t bytes = 0, at = 0, clusters;
    uint8_t *table;
    int err = 0;

    m->h.snapshots = m->snaps;
    m->h.snap_off = 0;
    for (unsigned i = 0; i < m->snaps && !err; i++) {
        if (!m->snap[i].l1_off)
            err = put_l1(m, m->old_l1, m->snap[i].l1_size, &m->snap[i].l1_off);
        bytes += snapshot_bytes(&m->snap[i]);
    }
    if (err || !m->snaps)
        return err;
    clusters = clusters_of(m->s, bytes);
    err = take(m, clusters, &m->h.snap_off);
    if (err)
        return err;
    table = calloc(clusters, m->s->cluster);
    if (!table)
        return -ENOMEM;
    for (unsigned i = 0; i < m->snaps; i++) {
        put_snapshot(table + at, &m->snap[i]);
        at += snapshot_bytes(&m->snap[i]);
    }
    err = host_pwrite(m->d->fd, table, clusters << m->s->bits, m->h.snap_off);
    free(table);
    return err;
}

/* any_in_block: whether a cluster of block b of refcounts has a reference. */
static bool any_in_block(const Commit *m, uint64_t b)
{
    uint64_t first = b << m->s->refblock_bits, end = (b + 1) << m->s->refblock_bits;

    for (uint64_t c = first; c < end && c < m->w.refs.limit;) {
        if (!m->w.refs.chunk[c / CHUNK])
            c = (c / CHUNK + 1) * CHUNK;
        else if (count_of(&m->w.refs, c))
            return true;
        else
            c++;
    }
    return false;
}

static int put_block(Commit *m, uint64_t b, uint64_t off)
{
    Qcow2 *s = m->s;
    uint64_t per = 1ull << s->refblock_bits;

    memset(m->w.table, 0, s->cluster);
    for (uint64_t i = 0; i < per; i++) {
        uint64_t n = count_of(&m->w.refs, b * per + i);

        if (n > refcount_max(s->ref_order))
            return -ERANGE;
        refcount_put(m->w.table, s->ref_order, i, n);
    }
    return host_pwrite(m->d->fd, m->w.table, s->cluster, off);
}

/* put_refcounts: table and blocks in one row; their number depends on where the row is. */
static int put_refcounts(Commit *m)
{
    Qcow2 *s = m->s;
    uint64_t blocks = (m->w.refs.limit >> s->refblock_bits) + 1, need = 1, t, n = 0, off = 0, at;
    uint64_t *table;
    int err;

    for (;;) {
        uint64_t used = 0, top = 0;

        for (uint64_t b = 0; b < blocks; b++)
            if (any_in_block(m, b)) {
                used++;
                top = b + 1;
            }
        t = clusters_of(s, top * 8);
        if (off && used <= need && (n - need) >= t)
            break;
        if (off)                /* it made itself more: once more, with room for these */
            for (uint64_t i = 0; i < n; i++)
                count_add(&m->w.refs, (off >> s->bits) + i, -1);
        need = used + (off != 0);
        t += off != 0;
        n = need + t;
        err = take(m, n, &off);
        if (err)
            return err;
    }
    t = n - need;
    if (t << s->bits > QCOW2_REFTABLE_MAX)
        return -EFBIG;
    table = calloc(t, s->cluster);
    if (!table)
        return -ENOMEM;
    if (blocks > (t << s->bits) / 8)
        blocks = (t << s->bits) / 8;
    at = off + (t << s->bits);
    err = 0;
    for (uint64_t b = 0; b < blocks && !err; b++)
        if (any_in_block(m, b)) {
            table[b] = at;
            at += s->cluster;
        }
    /* Room that was not needed is not in use. */
    for (; at < off + (n << s->bits) && !err; at += s->cluster)
        err = count_add(&m->w.refs, at >> s->bits, -1);
    for (uint64_t b = 0; b < blocks && !err; b++)
        if (table[b])
            err = put_block(m, b, table[b]);
    if (!err)
        err = write_be64s(m->d, table, (t << s->bits) / 8, off, t << s->bits);
    free(table);
    m->h.reftable_off = off;
    m->h.reftable_clusters = t;
    return err;
}

/* punch_unused: give back what only the old state used. */
static int punch_unused(Commit *m)
{
    Qcow2 *s = m->s;
    uint64_t per = 1ull << s->refblock_bits, from = 0, n = 0;
    int err = 0;

    for (uint64_t b = 0; b < s->reftable_size && !err; b++)
        for (uint64_t c = b * per; s->reftable[b] && c < (b + 1) * per && !err; c++) {
            uint64_t old = 0;

            if (!count_of(&m->w.refs, c))
                err = refcount_get(m->d, c, &old);
            if (old && from + n == c) {
                n++;
                continue;
            }
            if (n)
                host_punch(m->d->fd, from << s->bits, n << s->bits);
            from = c;
            n = old != 0;
        }
    if (n)
        host_punch(m->d->fd, from << s->bits, n << s->bits);
    return err;
}

/* avoid_old: the tables of the old state, which the new one has elsewhere. */
static int avoid_old(Commit *m)
{
    Qcow2 *s = m->s;
    uint64_t bytes = 0;
    int err = 0;

    for (uint32_t i = 0; i < s->h.snapshots; i++)
        bytes += snapshot_bytes(&s->snap[i]);
    const struct { uint64_t off, n; } rows[] = {
        {s->h.l1_off, s->h.l1_size * 8ull},
        {s->h.reftable_off, (uint64_t)s->h.reftable_clusters << s->bits},
        {s->h.snap_off, bytes},
    };
    for (unsigned r = 0; r < 3; r++)
        for (uint64_t at = 0; at < rows[r].n && !err; at += s->cluster)
            if ((rows[r].off + at) >> s->bits < m->avoid.limit)
                err = count_add(&m->avoid, (rows[r].off + at) >> s->bits, 1);
    for (uint32_t i = 0; i < s->reftable_size && !err; i++)
        if (s->reftable[i] && !bad_offset(&m->w, s->reftable[i]))
            err = count_add(&m->avoid, s->reftable[i] >> s->bits, 1);
    return err;
}

/* count_new: references of the new state but those of what is still to be placed. */
static int count_new(Commit *m)
{
    int err = ref(&m->w, 0, m->s->cluster, 1, "header");

    if (!err)
        err = walk_snapshots(&m->w, m->snap, m->snaps);
    for (unsigned i = 0; i < m->snaps && !err; i++)
        if (!m->snap[i].l1_off)
            err = walk_l1(&m->w, m->old_l1, 0, m->snap[i].l1_size);
    if (!err)
        err = walk_l1(&m->w, m->l1, 0, m->l1_size);
    return err ? err : walk_l2s(&m->w);
}

/* room: what the walk counts in ends at the end of the file, but new tables may lie behind. */
static void more_room(Commit *m)
{
    Counts *all[] = {&m->w.refs, &m->w.l2, &m->avoid};
    uint64_t limit = m->w.refs.limit + m->w.refs.limit / 8 + (1 << 20), old = m->w.refs.limit / CHUNK + 1;

    for (int i = 0; i < 3; i++) {
        uint32_t **more = realloc(all[i]->chunk, (limit / CHUNK + 1) * sizeof(*more));

        if (!more)
            return;             /* take() will say so */
        memset(more + old, 0, (limit / CHUNK + 1 - old) * sizeof(*more));
        all[i]->chunk = more;
        all[i]->limit = limit;
    }
}

static int switch_state(Commit *m, char why[BLOCK_WHY])
{
    Disk *d = m->d;
    Qcow2 *s = m->s;
    Snapshot *old = s->snap;
    unsigned old_n = s->h.snapshots;
    struct stat st;
    int err = qcow2_write_header(d, &m->h);

    if (!err && m->punch)
        punch_unused(m);
    if (err)
        return say_why(why, err, "%s: %s", d->path, strerror(-err));
    snapshots_free(old, old_n);
    s->snap = NULL;
    s->h = m->h;
    d->size = m->h.size;
    if (!fstat(d->fd, &st) && S_ISREG(st.st_mode))
        d->file_size = st.st_size;
    table_forget_all(s);
    s->unpacked_off = UINT64_MAX;
    s->comp_at = s->comp_end = 0;
    return qcow2_load_tables(d, why);
}

/*
 * commit: the state that m describes becomes the image's. Until the header is written nothing that
 * the old state uses is touched.
 */
static int commit(Commit *m, char why[BLOCK_WHY])
{
    Disk *d = m->d;
    Qcow2 *s = m->s;
    int err = walk_begin(&m->w, d, NULL);

    m->h = s->h;
    m->h.incompatible &= ~(uint64_t)(QCOW2_DIRTY | (m->fix ? QCOW2_CORRUPT : 0));
    m->h.size = m->size;
    m->h.l1_size = m->l1_size;
    m->cursor = 1;
    if (!err)
        err = counts_new(&m->avoid, m->w.refs.limit, &m->w.memory);
    if (!err)
        err = count_new(m);
    if (!err && m->w.corruptions && !m->fix) {
        err = say_why(why, -EIO, "%s: the image is corrupt; `check -r all` repairs it", d->path);
        goto out;
    }
    if (!err)
        err = avoid_old(m);
    if (!err)
        more_room(m);
    for (uint32_t i = 0; i < m->l1_size && !err; i++)
        err = put_l2(m, i);
    if (!err)
        err = put_snapshots(m);
    if (!err)
        err = put_l1(m, m->l1, m->l1_size, &m->h.l1_off);
    if (!err)
        err = put_refcounts(m);
    if (err == -ERANGE)
        say_why(why, err, "%s: refcounts of %u bits are too narrow for one more snapshot", d->path,
                1u << s->ref_order);
    else if (err)
        say_why(why, err, "%s: %s", d->path, strerror(-err));
    else
        err = switch_state(m, why);
out:
    counts_free(&m->avoid);
    walk_end(&m->w);
    free(m->l1);
    return err;
}

static int commit_begin(Commit *m, Disk *d, uint32_t l1_size, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    int err = d->in_check ? 0 : meta_flush(d);

    *m = (Commit){.d = d, .s = s, .l1_size = l1_size, .size = d->size, .snap = s->snap,
                  .snaps = s->h.snapshots, .old_l1 = s->l1};
    m->l1 = calloc(l1_size ? l1_size : 1, 8);
    if (!m->l1)
        err = err ? err : -ENOMEM;
    if (err) {
        free(m->l1);
        return say_why(why, err, "%s: %s", d->path, strerror(-err));
    }
    memcpy(m->l1, s->l1, (l1_size < s->h.l1_size ? l1_size : s->h.l1_size) * 8ull);
    return 0;
}

static int rebuild(Disk *d, bool fix, char why[BLOCK_WHY])
{
    Commit m;
    int err = commit_begin(&m, d, qcow2_of(d)->h.l1_size, why);

    m.fix = fix;
    return err ? err : commit(&m, why);
}

int qcow2_rebuild(Disk *d, char why[BLOCK_WHY])
{
    return rebuild(d, false, why);
}

int qcow2_check(Disk *d, const BlockCheckOptions *o, BlockCheck *res, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    BlockCheckOptions quiet = {0};
    bool marked = s->h.incompatible & (QCOW2_CORRUPT | QCOW2_DIRTY);
    BlockCheck after;
    int err = d->write && !d->in_check ? meta_flush(d) : 0;

    if (!err)
        err = check_once(d, o, res, false);
    if (!err && ((o->fix_errors && (res->corruptions || res->leaks || marked)) ||
                 (o->fix_leaks && res->leaks && !res->corruptions)))
        err = rebuild(d, o->fix_errors, why);
    else if (!err && o->fix_leaks && res->leaks)
        err = check_once(d, &quiet, &after, true);
    else
        return err ? say_why(why, err, "%s: check: %s", d->path, strerror(-err)) : 0;
    if (!err)
        err = check_once(d, &quiet, &after, false);
    if (err)
        return say_why(why, err, "%s: repair: %s", d->path, strerror(-err));
    after.corruptions_fixed = res->corruptions > after.corruptions ? res->corruptions - after.corruptions : 0;
    after.leaks_fixed = res->leaks > after.leaks ? res->leaks - after.leaks : 0;
    *res = after;
    return 0;
}

/* ---- snapshots ---- */

int qcow2_snapshot_list(Disk *d, const BlockSnapshot **list, unsigned *n)
{
    Qcow2 *s = qcow2_of(d);

    free(s->snap_list);
    s->snap_list = calloc(s->h.snapshots + 1, sizeof(*s->snap_list));
    if (!s->snap_list)
        return -ENOMEM;
    for (uint32_t i = 0; i < s->h.snapshots; i++)
        s->snap_list[i] = s->snap[i].s;
    *list = s->snap_list;
    *n = s->h.snapshots;
    return 0;
}

static int find_snapshot(Disk *d, const char *key, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);

    for (uint32_t i = 0; i < s->h.snapshots; i++)
        if (!strcmp(s->snap[i].s.id, key))
            return i;
    for (uint32_t i = 0; i < s->h.snapshots; i++)
        if (!strcmp(s->snap[i].s.name, key))
            return i;
    return say_why(why, -ENOENT, "%s: no snapshot '%s'", d->path, key);
}

static int new_snapshot(Disk *d, Snapshot *n, const char *name)
{
    Qcow2 *s = qcow2_of(d);
    unsigned long top = 0;
    struct timespec now;
    char *id;

    for (uint32_t i = 0; i < s->h.snapshots; i++) {
        unsigned long v = strtoul(s->snap[i].s.id, NULL, 10);

        top = v > top ? v : top;
    }
    if (asprintf(&id, "%lu", top + 1) < 0)
        return -ENOMEM;
    clock_gettime(CLOCK_REALTIME, &now);
    *n = (Snapshot){.l1_size = s->h.l1_size, .extra_len = 24};
    n->s.id = id;
    n->s.name = strdup(name);
    n->s.date_sec = now.tv_sec;
    n->s.date_nsec = now.tv_nsec;
    n->extra = calloc(1, 24);
    if (!n->s.name || !n->extra) {
        free(id);
        free((char *)n->s.name);
        free(n->extra);
        return -ENOMEM;
    }
    put_be(n->extra + 8, 8, d->size);
    return 0;
}

int qcow2_snapshot_create(Disk *d, const char *name, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    unsigned n = s->h.snapshots;
    Snapshot *list;
    Commit m;
    int err;

    if (strlen(name) > 255)
        return say_why(why, -EINVAL, "%s: the snapshot's name is too long", d->path);
    if (n >= QCOW2_SNAPSHOTS_MAX)
        return say_why(why, -EFBIG, "%s: too many snapshots", d->path);
    for (unsigned i = 0; i < n; i++)
        if (!strcmp(s->snap[i].s.name, name))
            return say_why(why, -EEXIST, "%s: there is a snapshot '%s' already", d->path, name);
    err = commit_begin(&m, d, s->h.l1_size, why);
    if (err)
        return err;
    list = calloc(n + 1, sizeof(*list));
    err = list ? new_snapshot(d, &list[n], name) : -ENOMEM;
    if (err) {
        free(list);
        free(m.l1);
        return say_why(why, err, "%s: no memory", d->path);
    }
    memcpy(list, s->snap, n * sizeof(*list));
    m.snap = list;
    m.snaps = n + 1;
    err = commit(&m, why);
    free((char *)list[n].s.id);
    free((char *)list[n].s.name);
    free(list[n].extra);
    free(list);
    return err;
}

int qcow2_snapshot_delete(Disk *d, const char *id_or_name, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    int i = find_snapshot(d, id_or_name, why), err;
    Snapshot *list;
    Commit m;

    if (i < 0)
        return i;
    err = commit_begin(&m, d, s->h.l1_size, why);
    if (err)
        return err;
    list = calloc(s->h.snapshots, sizeof(*list));
    if (!list) {
        free(m.l1);
        return say_why(why, -ENOMEM, "%s: no memory", d->path);
    }
    memcpy(list, s->snap, i * sizeof(*list));
    memcpy(list + i, s->snap + i + 1, (s->h.snapshots - i - 1) * sizeof(*list));
    m.snap = list;
    m.snaps = s->h.snapshots - 1;
    m.punch = true;
    err = commit(&m, why);
    free(list);
    return err;
}

int qcow2_snapshot_apply(Disk *d, const char *id_or_name, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    int i = find_snapshot(d, id_or_name, why), err;
    const Snapshot *n;
    uint64_t size, l1;
    Commit m;

    if (i < 0)
        return i;
    n = &s->snap[i];
    size = n->has_disk_size ? n->s.disk_size : d->size;
    if (size > (uint64_t)BLOCK_SIZE_MAX || l1_needed(s, size) > QCOW2_L1_MAX / 8)
        return say_why(why, -EFBIG, "%s: the snapshot's disk is too large", d->path);
    l1 = n->l1_size > l1_needed(s, size) ? n->l1_size : l1_needed(s, size);
    err = commit_begin(&m, d, l1, why);
    if (err)
        return err;
    memset(m.l1, 0, l1 * 8);
    err = host_pread(d->fd, m.l1, n->l1_size * 8ull, n->l1_off);
    if (err) {
        free(m.l1);
        return say_why(why, err, "%s: %s", d->path, strerror(-err));
    }
    for (uint32_t k = 0; k < l1; k++)
        m.l1[k] = be64toh(m.l1[k]);
    m.size = size;
    m.punch = true;
    return commit(&m, why);
}
