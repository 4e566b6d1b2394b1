// SPDX-License-Identifier: MIT
/* qcow2_meta.c: tables in memory, refcounts, free clusters, and in which order all that is written. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/block/qcow2.h"

/* ---- the cache ---- */

static Table **bucket(Qcow2 *s, uint64_t off)
{
    return &s->hash[((off >> s->bits) * 0x9e3779b97f4a7c15ull) >> (64 - s->hash_bits)];
}

static Table *find(Qcow2 *s, uint64_t off)
{
    Table *t = *bucket(s, off);

    while (t && t->off != off)
        t = t->next;
    return t;
}

static void unlink_age(Qcow2 *s, Table *t)
{
    *(t->newer ? &t->newer->older : &s->newest) = t->older;
    *(t->older ? &t->older->newer : &s->oldest) = t->newer;
}

static void link_newest(Qcow2 *s, Table *t)
{
    t->newer = NULL;
    t->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = t;
    s->newest = t;
}

static void drop(Qcow2 *s, Table *t)
{
    Table **p = bucket(s, t->off);

    while (*p != t)
        p = &(*p)->next;
    *p = t->next;
    unlink_age(s, t);
    s->tables--;
    free(t);
}

void table_forget(Qcow2 *s, uint64_t off)
{
    Table *t = find(s, off);

    if (t)
        drop(s, t);
}

void table_forget_all(Qcow2 *s)
{
    while (s->newest)
        drop(s, s->newest);
}

bool overlaps_tables(const Qcow2 *s, uint64_t off, uint64_t n)
{
    const struct { uint64_t off, n; } rows[] = {
        {0, s->cluster},
        {s->h.l1_off, s->h.l1_size * 8ull},
        {s->h.reftable_off, (uint64_t)s->h.reftable_clusters << s->bits},
        {s->h.snap_off, s->h.snapshots ? 40 : 0},
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (off < rows[i].off + rows[i].n && rows[i].off < off + n)
            return true;
    return false;
}

static int table_read(Disk *d, Table *t)
{
    Qcow2 *s = qcow2_of(d);
    struct stat st;

    if (t->off & (s->cluster - 1) || overlaps_tables(s, t->off, s->cluster))
        return -EIO;
    if (fstat(d->fd, &st))
        return -errno;
    if (S_ISREG(st.st_mode) && t->off >= (uint64_t)st.st_size)
        return -EIO;
    return host_pread(d->fd, t->data, s->cluster, t->off);
}

int table_get(Disk *d, TableKind kind, uint64_t off, bool fresh, Table **out)
{
    Qcow2 *s = qcow2_of(d);
    Table *t = find(s, off);
    int err;

    if (t && fresh) {
        drop(s, t);
        t = NULL;
    }
    if (t) {
        if (t->kind != kind)
            return -EIO;        /* one cluster for two things: the image is corrupt */
        if (t != s->newest) {
            unlink_age(s, t);
            link_newest(s, t);
        }
        *out = t;
        return 0;
    }
    if (s->tables >= s->tables_max) {
        err = s->oldest->dirty ? meta_write(d) : 0;
        if (err)
            return err;
        drop(s, s->oldest);
    }
    t = calloc(1, sizeof(*t) + s->cluster);
    if (!t)
        return -ENOMEM;
    t->off = off;
    t->kind = kind;
    err = fresh ? 0 : table_read(d, t);
    if (err) {
        free(t);
        return err;
    }
    t->next = *bucket(s, off);
    *bucket(s, off) = t;
    link_newest(s, t);
    s->tables++;
    *out = t;
    return 0;
}

/* ---- writing back ---- */

static int write_tables(Disk *d, TableKind kind)
{
    Qcow2 *s = qcow2_of(d);

    for (Table *t = s->oldest; t; t = t->newer) {
        int err;

        if (!t->dirty || t->kind != kind)
            continue;
        err = host_pwrite(d->fd, t->data, s->cluster, t->off);
        if (err)
            return err;
        t->dirty = false;
        s->unsynced = true;
    }
    return 0;
}

static int sync_tables(Disk *d)
{
    Qcow2 *s = qcow2_of(d);

    if (s->unsynced && fdatasync(d->fd))
        return -errno;
    s->unsynced = false;
    return 0;
}

static int write_u64s(Disk *d, const uint64_t *t, uint64_t n, uint64_t off)
{
    uint64_t buf[512];

    for (uint64_t at = 0; at < n; at += 512) {
        uint64_t some = n - at < 512 ? n - at : 512;
        int err;

        for (uint64_t i = 0; i < some; i++)
            buf[i] = htobe64(t[at + i]);
        err = host_pwrite(d->fd, buf, some * 8, off + at * 8);
        if (err)
            return err;
    }
    qcow2_of(d)->unsynced = true;
    return 0;
}

static int write_refcounts(Disk *d)
{
    Qcow2 *s = qcow2_of(d);
    int err = write_tables(d, TABLE_REFBLOCK);

    if (err || !s->reftable_dirty)
        return err;
    err = sync_tables(d);
    if (!err)
        err = write_u64s(d, s->reftable, ((uint64_t)s->h.reftable_clusters << s->bits) / 8,
                         s->h.reftable_off);
    if (!err)
        s->reftable_dirty = false;
    return err;
}

static bool any_dirty(const Qcow2 *s, TableKind kind)
{
    for (const Table *t = s->newest; t; t = t->older)
        if (t->dirty && t->kind == kind)
            return true;
    return false;
}

static int write_l1(Disk *d)
{
    Qcow2 *s = qcow2_of(d);
    int err = sync_tables(d);

    if (!err)
        err = write_u64s(d, s->l1 + s->l1_dirty_from, s->l1_dirty_to - s->l1_dirty_from,
                         s->h.l1_off + s->l1_dirty_from * 8ull);
    if (!err) {
        s->l1_dirty_from = UINT32_MAX;
        s->l1_dirty_to = 0;
    }
    return err;
}

int meta_write(Disk *d)
{
    Qcow2 *s = qcow2_of(d);
    bool l1 = s->l1_dirty_from < s->l1_dirty_to;
    int err = write_refcounts(d);

    /* Data that the second level will name were written before it was changed: this syncs them, too. */
    if (!err && (l1 || any_dirty(s, TABLE_L2))) {
        s->unsynced = true;
        err = sync_tables(d);
    }
    if (!err)
        err = write_tables(d, TABLE_L2);
    if (!err && l1)
        err = write_l1(d);
    return err;
}

int cluster_free_later(Disk *d, uint64_t off, uint64_t n, bool punch, bool table)
{
    Qcow2 *s = qcow2_of(d);
    Freed *last = s->freed_n ? &s->freed[s->freed_n - 1] : NULL;

    if (off & (s->cluster - 1) || !off || !n)
        return -EIO;
    if (last && !table && !last->table && last->punch == punch && last->off + (last->n << s->bits) == off) {
        last->n += n;
        return 0;
    }
    if (s->freed_n == s->freed_room) {
        unsigned room = s->freed_room ? s->freed_room * 2 : 64;
        Freed *more = realloc(s->freed, room * sizeof(*more));

        if (!more)
            return -ENOMEM;
        s->freed = more;
        s->freed_room = room;
    }
    s->freed[s->freed_n++] = (Freed){off, n, punch, table};
    return 0;
}

static int free_now(Disk *d, const Freed *f)
{
    Qcow2 *s = qcow2_of(d);

    for (uint64_t i = 0; i < f->n; i++) {
        uint64_t left = 1;
        int err = refcount_add(d, (f->off >> s->bits) + i, -1);

        if (!err)
            err = refcount_get(d, (f->off >> s->bits) + i, &left);
        if (err)
            return err;
        if (left)
            continue;
        if (f->table)
            table_forget(s, f->off);
        if (f->punch)
            host_punch(d->fd, f->off + (i << s->bits), s->cluster);
    }
    return 0;
}

int meta_flush(Disk *d)
{
    Qcow2 *s = qcow2_of(d);
    int err = meta_write(d), first;

    if (err || !s->freed_n)
        return err;
    err = sync_tables(d);
    if (err)
        return err;
    first = 0;
    for (unsigned i = 0; i < s->freed_n; i++) {
        err = free_now(d, &s->freed[i]);
        first = first ? first : err;
    }
    s->freed_n = 0;
    s->comp_at = s->comp_end = 0;       /* the last cluster of those may be among them */
    err = meta_write(d);
    return first ? first : err;
}

/* ---- refcounts ---- */

uint64_t refcount_in(const void *block, unsigned order, uint64_t i)
{
    const uint8_t *b = block;

    switch (order) {
    case 3: return b[i];
    case 4: return be16toh(((const uint16_t *)block)[i]);
    case 5: return be32toh(((const uint32_t *)block)[i]);
    case 6: return be64toh(((const uint64_t *)block)[i]);
    default: return b[i << order >> 3] >> ((i << order) & 7) & ((1u << (1u << order)) - 1);
    }
}

void refcount_put(void *block, unsigned order, uint64_t i, uint64_t value)
{
    uint8_t *b = block, mask;

    switch (order) {
    case 3: b[i] = value; break;
    case 4: ((uint16_t *)block)[i] = htobe16(value); break;
    case 5: ((uint32_t *)block)[i] = htobe32(value); break;
    case 6: ((uint64_t *)block)[i] = htobe64(value); break;
    default:
        b += i << order >> 3;
        mask = ((1u << (1u << order)) - 1) << ((i << order) & 7);
        *b = (*b & ~mask) | value << ((i << order) & 7);
    }
}

static int refblock(Disk *d, uint64_t cluster, Table **out)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t b = cluster >> s->refblock_bits;

    *out = NULL;
    if (b >= s->reftable_size || !s->reftable[b])
        return 0;
    return table_get(d, TABLE_REFBLOCK, s->reftable[b], false, out);
}

static inline uint64_t in_block(const Qcow2 *s, uint64_t cluster)
{
    return cluster & ((1ull << s->refblock_bits) - 1);
}

int refcount_get(Disk *d, uint64_t cluster, uint64_t *out)
{
    Table *t;
    int err = refblock(d, cluster, &t);

    *out = t && !err ? refcount_in(t->data, qcow2_of(d)->ref_order, in_block(qcow2_of(d), cluster)) : 0;
    return err;
}

static int refcount_set(Disk *d, uint64_t cluster, uint64_t value)
{
    Table *t;
    int err = refblock(d, cluster, &t);

    if (err || !t)
        return err ? err : -EIO;
    refcount_put(t->data, qcow2_of(d)->ref_order, in_block(qcow2_of(d), cluster), value);
    t->dirty = true;
    return 0;
}

int refcount_add(Disk *d, uint64_t cluster, int delta)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t n;
    int err = refcount_get(d, cluster, &n);

    if (err)
        return err;
    if (delta < 0 ? !n : n == refcount_max(s->ref_order))
        return delta < 0 ? -EIO : -ERANGE;
    if (n + delta == 0 && cluster < s->free_hint)
        s->free_hint = cluster;
    return refcount_set(d, cluster, n + delta);
}

/* ---- allocation ---- */

static uint64_t blocks_for(const Qcow2 *s, uint64_t clusters)
{
    return (clusters + (1ull << s->refblock_bits) - 1) >> s->refblock_bits;
}

/*
 * alloc_behind: n clusters behind all that any block of refcounts covers, with the blocks that
 * these need in front of them. The table has room.
 */
static int alloc_behind(Disk *d, uint64_t b, uint64_t n, uint64_t *off)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t k = 1, first = b << s->refblock_bits;

    while (blocks_for(s, k + n) > k)
        k = blocks_for(s, k + n);
    if (overlaps_tables(s, first << s->bits, (k + n) << s->bits))
        return -EIO;
    for (uint64_t i = 0; i < k; i++) {
        Table *t;
        int err = table_get(d, TABLE_REFBLOCK, (first + i) << s->bits, true, &t);

        if (err)
            return err;
        t->dirty = true;
        s->reftable[b + i] = (first + i) << s->bits;
        s->reftable_dirty = true;
        /* Before the next table is asked for, which may write this one. */
        for (uint64_t c = i << s->refblock_bits; c < k + n && c < (i + 1) << s->refblock_bits; c++)
            refcount_put(t->data, s->ref_order, in_block(s, c), 1);
    }
    *off = (first + k) << s->bits;
    return 0;
}

/* behind: the first block of the table behind which there is none, nor anything of the file. */
static uint64_t behind(Disk *d)
{
    Qcow2 *s = qcow2_of(d);
    struct stat st;
    uint64_t b = s->reftable_size, file = fstat(d->fd, &st) ? 0 : st.st_size;

    while (b && !s->reftable[b - 1])
        b--;
    return b > blocks_for(s, clusters_of(s, file)) ? b : blocks_for(s, clusters_of(s, file));
}

/*
 * grow_reftable: so that it has `need` entries. The new table and the blocks that cover it are on
 * disk before the header names it.
 */
static int grow_reftable(Disk *d, uint64_t need)
{
    Qcow2 *s = qcow2_of(d);
    Qcow2Header h = s->h;
    uint64_t entries = s->reftable_size, b = behind(d), off, old = s->h.reftable_off;
    uint64_t old_n = s->h.reftable_clusters;
    uint64_t *more;
    int err;

    do
        entries *= 2;
    while (entries < need || entries < b + 2 + blocks_for(s, 2 * (entries * 8 >> s->bits)));
    if (entries * 8 > QCOW2_REFTABLE_MAX)
        return -EFBIG;
    more = realloc(s->reftable, entries * 8);
    if (!more)
        return -ENOMEM;
    memset(more + s->reftable_size, 0, (entries - s->reftable_size) * 8);
    s->reftable = more;
    s->reftable_size = entries;
    h.reftable_clusters = entries * 8 >> s->bits;
    err = alloc_behind(d, b, h.reftable_clusters, &off);
    if (!err)
        err = write_tables(d, TABLE_REFBLOCK);
    if (!err)
        err = write_u64s(d, s->reftable, entries, off);
    h.reftable_off = off;
    if (!err)
        err = qcow2_write_header(d, &h);
    if (err) {
        s->reftable_size = ((uint64_t)s->h.reftable_clusters << s->bits) / 8;
        return err;
    }
    s->reftable_dirty = s->unsynced = false;
    for (uint64_t i = 0; i < old_n && !err; i++)
        err = refcount_add(d, (old >> s->bits) + i, -1);
    return err;
}

/* cover: make the missing block of refcounts b, in the first of its own clusters. */
static int cover(Disk *d, uint64_t b)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t off;

    if (b >= s->reftable_size) {
        int err = grow_reftable(d, b + 1);

        if (err || s->reftable[b])
            return err;
    }
    return alloc_behind(d, b, 0, &off);
}

/* free_run: how many clusters from c on are free, up to max and to the end of c's block. */
static int free_run(Disk *d, uint64_t c, uint64_t max, uint64_t *n)
{
    Qcow2 *s = qcow2_of(d);
    Table *t;
    int err = refblock(d, c, &t);
    uint64_t end = ((c >> s->refblock_bits) + 1) << s->refblock_bits, i = c;

    if (!err && t)
        while (i < end && i - c < max && !refcount_in(t->data, s->ref_order, in_block(s, i)))
            i++;
    *n = i - c;
    return err;
}

/* used_run: how many from c on are in use, to the end of c's block. */
static int used_run(Disk *d, uint64_t c, uint64_t *n)
{
    Qcow2 *s = qcow2_of(d);
    Table *t;
    int err = refblock(d, c, &t);
    uint64_t end = ((c >> s->refblock_bits) + 1) << s->refblock_bits, i = c;

    if (!err && t)
        while (i < end && refcount_in(t->data, s->ref_order, in_block(s, i)))
            i++;
    *n = i - c;
    return err;
}

static bool covered(const Qcow2 *s, uint64_t c)
{
    return c >> s->refblock_bits < s->reftable_size && s->reftable[c >> s->refblock_bits];
}

int cluster_alloc(Disk *d, uint64_t *n, uint64_t *off)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t c = s->free_hint, run = 0;
    int err = 0;

    while (!run) {
        if (!covered(s, c))
            err = cover(d, c >> s->refblock_bits);
        if (!err)
            err = used_run(d, c, &run);
        if (err)
            return err;
        c += run;
        run = 0;
        if (!in_block(s, c) && !covered(s, c))
            continue;
        err = free_run(d, c, *n, &run);
        if (err)
            return err;
    }
    /* What says that it is free must not be wrong about this. */
    if (overlaps_tables(s, c << s->bits, run << s->bits))
        return -EIO;
    for (uint64_t i = 0; i < run && !err; i++)
        err = find(s, (c + i) << s->bits) ? -EIO : refcount_set(d, c + i, 1);
    s->free_hint = c + run;
    *n = run;
    *off = c << s->bits;
    return err;
}

int cluster_alloc_all(Disk *d, uint64_t n, uint64_t *off)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t c = s->free_hint, have = 0, first = c, b;
    int err;

    /* A row among what is covered. */
    while (covered(s, c) && have < n) {
        uint64_t run;

        err = free_run(d, c, n - have, &run);
        if (err)
            return err;
        if (run) {
            first = have ? first : c;
            have += run;
        } else {
            have = 0;
            err = used_run(d, c, &run);
            if (err)
                return err;
        }
        c += run;
    }
    if (have == n) {
        if (overlaps_tables(s, first << s->bits, n << s->bits))
            return -EIO;
        for (uint64_t i = 0; i < n; i++) {
            err = find(s, (first + i) << s->bits) ? -EIO : refcount_set(d, first + i, 1);
            if (err)
                return err;
        }
        *off = first << s->bits;
        return 0;
    }
    b = behind(d);
    if (b + 2 + blocks_for(s, 2 * n) > s->reftable_size) {
        err = grow_reftable(d, b + 2 + 2 * blocks_for(s, 2 * n));
        if (err)
            return err;
        b = behind(d);
    }
    return alloc_behind(d, b, n, off);
}

/* ---- second level ---- */

int l2_entry(Disk *d, uint64_t cluster, uint64_t *entry)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t e = s->l1[cluster >> s->l2_bits] & QCOW2_OFFSET;
    Table *t;
    int err;

    *entry = 0;
    if (!e)
        return 0;
    err = table_get(d, TABLE_L2, e, false, &t);
    if (!err)
        *entry = be64toh(t->data[cluster & ((1ull << s->l2_bits) - 1)]);
    return err;
}

static void set_l1(Qcow2 *s, uint32_t i, uint64_t entry)
{
    s->l1[i] = entry;
    if (i < s->l1_dirty_from)
        s->l1_dirty_from = i;
    if (i >= s->l1_dirty_to)
        s->l1_dirty_to = i + 1;
}

/* l2_own: the second level table of entry i, made or copied when it is not ours alone. */
static int l2_own(Disk *d, uint32_t i, Table **out)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t e = s->l1[i], off, one = 1;
    Table *old = NULL;
    int err;

    if (e & QCOW2_OFFSET && e & QCOW2_COPIED)
        return table_get(d, TABLE_L2, e & QCOW2_OFFSET, false, out);
    err = cluster_alloc(d, &one, &off);
    if (!err && e & QCOW2_OFFSET)
        err = table_get(d, TABLE_L2, e & QCOW2_OFFSET, false, &old);
    if (!err)
        err = table_get(d, TABLE_L2, off, true, out);
    if (err)
        return err;
    if (old) {
        memcpy((*out)->data, old->data, s->cluster);
        err = cluster_free_later(d, e & QCOW2_OFFSET, 1, false, true);
    }
    (*out)->dirty = true;
    set_l1(s, i, off | QCOW2_COPIED);
    return err;
}

int l2_set(Disk *d, uint64_t cluster, uint64_t entry)
{
    Qcow2 *s = qcow2_of(d);
    Table *t;
    int err = l2_own(d, cluster >> s->l2_bits, &t);

    if (err)
        return err;
    t->data[cluster & ((1ull << s->l2_bits) - 1)] = htobe64(entry);
    t->dirty = true;
    return 0;
}

void compressed_range(const Qcow2 *s, uint64_t entry, uint64_t *off, uint64_t *len)
{
    uint64_t sectors = (entry >> s->csize_shift & ((1ull << (s->bits - 8)) - 1)) + 1;

    *off = entry & ((1ull << s->csize_shift) - 1);
    *len = sectors * 512 - (*off & 511);
}

int entry_free_later(Disk *d, uint64_t entry, bool punch)
{
    Qcow2 *s = qcow2_of(d);
    uint64_t off = entry & QCOW2_OFFSET, n = 1;

    if (entry & QCOW2_COMPRESSED) {
        compressed_range(s, entry, &off, &n);
        n = ((off + n - 1) >> s->bits) - (off >> s->bits) + 1;
        off &= ~(s->cluster - 1);
    }
    return off ? cluster_free_later(d, off, n, punch, false) : 0;
}
