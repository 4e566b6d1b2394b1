// SPDX-License-Identifier: MIT
/*
 * qcow2_open.c: the header of a qcow2 image, from bytes and to bytes. All that a header says is
 * checked here, so that the rest of the code can rely on it:
 *
 *   bits 9 to 21, ref_order 0 to 6, sizes of tables within the limits of qcow2.h, tables aligned to
 *   clusters and inside the file, the first level large enough for the disk's size.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/block/qcow2.h"

enum {
    EXT_END = 0,
    EXT_BACKING_FORMAT = 0xe2792aca,
    EXT_FEATURES = 0x6803f857,
    EXT_BITMAPS = 0x23852875,
};

static uint32_t be32_at(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return be32toh(v);
}

static uint64_t be64_at(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return be64toh(v);
}

static void put32(uint8_t *p, uint32_t v)
{
    v = htobe32(v);
    memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
    v = htobe64(v);
    memcpy(p, &v, sizeof(v));
}

bool qcow2_probe(const uint8_t *head, size_t n)
{
    return n >= 8 && !memcmp(head, "QFI\xfb", 4) && be32_at(head + 4) >= 2;
}

/* table_bad: why a table of n bytes at off cannot be, or NULL. */
static const char *table_bad(const Disk *d, uint64_t off, uint64_t n)
{
    const Qcow2 *s = qcow2_of(d);

    if (!n)
        return NULL;
    if (off & (s->cluster - 1))
        return "is not aligned to clusters";
    if (!off)
        return "is at the header";
    return off > d->file_size || n > d->file_size - off ? "is outside the file" : NULL;
}

/* ---- what the image demands of its reader ---- */

/* feature_name: what the image itself calls a feature we do not know. */
static void feature_name(const uint8_t *ext, uint32_t len, int bit, char out[47])
{
    snprintf(out, 47, "bit %d", bit);
    for (uint32_t at = 0; ext && len - at >= 48; at += 48)
        if (ext[at] == 0 && ext[at + 1] == bit && ext[at + 2]) {
            memcpy(out, ext + at + 2, 46);
            out[46] = '\0';
            return;
        }
}

static int check_features(Disk *d, const uint8_t *names, uint32_t names_len, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    uint64_t unknown = s->h.incompatible & ~(uint64_t)(QCOW2_DIRTY | QCOW2_CORRUPT | QCOW2_COMPRESSION);
    char name[47];

    if (unknown & QCOW2_DATA_FILE)
        return say_why(why, -ENOTSUP, "%s: the data are in another file (data_file), which is not supported",
                       d->path);
    if (unknown & QCOW2_EXTENDED_L2)
        return say_why(why, -ENOTSUP, "%s: extended L2 entries (extended_l2) are not supported", d->path);
    if (!unknown)
        return 0;
    feature_name(names, names_len, __builtin_ctzll(unknown), name);
    return say_why(why, -ENOTSUP, "%s: incompatible feature '%s' is not supported", d->path, name);
}

static int copy_string(char **out, const uint8_t *p, size_t n)
{
    *out = malloc(n + 1);
    if (!*out)
        return -ENOMEM;
    memcpy(*out, p, n);
    (*out)[n] = '\0';
    return strlen(*out) == n ? 0 : -EINVAL;
}

/* parse_extensions: those between the header and the name of the backing file. */
static int parse_extensions(Disk *d, const uint8_t *c, uint32_t at, uint32_t end, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    const uint8_t *names = NULL;
    uint32_t names_len = 0;

    while (end - at >= 8) {
        uint32_t type = be32_at(c + at), len = be32_at(c + at + 4);

        at += 8;
        if (type == EXT_END)
            break;
        if (len > end - at)
            return say_why(why, -EINVAL, "%s: header extension 0x%08" PRIx32 " is too long", d->path, type);
        if (type == EXT_BACKING_FORMAT && !d->backing_format && len) {
            if (len > 31 || copy_string(&d->backing_format, c + at, len))
                return say_why(why, -EINVAL, "%s: the backing file's format has a bad name", d->path);
        } else if (type == EXT_FEATURES) {
            names = c + at;
            names_len = len;
        } else if (type == EXT_BITMAPS && len >= 24) {
            s->bitmaps = be32_at(c + at);
            s->bitmap_dir_size = be64_at(c + at + 8);
            s->bitmap_dir_off = be64_at(c + at + 16);
        }
        len = (len + 7) & ~7u;
        if (len > end - at)
            break;
        at += len;
    }
    return check_features(d, names, names_len, why);
}

static int parse_fields(Disk *d, const uint8_t *c, uint32_t *header_len, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);

    s->version = be32_at(c + 4);
    s->bits = be32_at(c + 20);
    s->h.size = be64_at(c + 24);
    s->h.l1_size = be32_at(c + 36);
    s->h.l1_off = be64_at(c + 40);
    s->h.reftable_off = be64_at(c + 48);
    s->h.reftable_clusters = be32_at(c + 56);
    s->h.snapshots = be32_at(c + 60);
    s->h.snap_off = be64_at(c + 64);
    s->ref_order = 4;
    *header_len = QCOW2_HEADER_V2;
    if (s->version != 2 && s->version != 3)
        return say_why(why, -ENOTSUP, "%s: qcow2 version %d is not supported", d->path, s->version);
    if (s->bits < 9 || s->bits > 21)
        return say_why(why, -EINVAL, "%s: clusters of 2^%u bytes are not possible", d->path, s->bits);
    if (s->version == 3) {
        s->h.incompatible = be64_at(c + 72);
        s->compatible = be64_at(c + 80);
        s->h.autoclear = be64_at(c + 88);
        s->ref_order = be32_at(c + 96);
        *header_len = be32_at(c + 100);
        if (*header_len < 104 || *header_len > 1u << s->bits || *header_len % 8)
            return say_why(why, -EINVAL, "%s: a header of %" PRIu32 " bytes is not possible", d->path,
                           *header_len);
        s->compression = *header_len > 104 ? c[104] : 0;
    }
    if (s->ref_order > 6)
        return say_why(why, -EINVAL, "%s: refcounts of 2^%u bits are not possible", d->path, s->ref_order);
    if (be32_at(c + 32))
        return say_why(why, -ENOTSUP, "%s: the image is encrypted, which is not supported", d->path);
    if (s->h.incompatible & QCOW2_COMPRESSION ? s->compression != 1 : s->compression != 0)
        return say_why(why, -ENOTSUP, "%s: compression type %u is not supported", d->path, s->compression);
    s->cluster = 1ull << s->bits;
    s->l2_bits = s->bits - 3;
    s->refblock_bits = s->bits + 3 - s->ref_order;
    s->csize_shift = 62 - (s->bits - 8);
    return 0;
}

static int check_fields(Disk *d, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    uint64_t reftable = (uint64_t)s->h.reftable_clusters << s->bits;
    const char *bad;

    d->size = s->h.size;
    if (s->h.size > (uint64_t)BLOCK_SIZE_MAX)
        return say_why(why, -EFBIG, "%s: a disk of %" PRIu64 " bytes is too large", d->path, s->h.size);
    if (s->h.l1_size > QCOW2_L1_MAX / 8)
        return say_why(why, -EFBIG, "%s: the L1 table is too large", d->path);
    if (s->h.l1_size < l1_needed(s, s->h.size))
        return say_why(why, -EINVAL, "%s: the L1 table is too small for the disk's size", d->path);
    if ((bad = table_bad(d, s->h.l1_off, (uint64_t)s->h.l1_size * 8)))
        return say_why(why, -EINVAL, "%s: the L1 table %s", d->path, bad);
    if (!reftable)
        return say_why(why, -EINVAL, "%s: there is no refcount table", d->path);
    if (reftable > QCOW2_REFTABLE_MAX)
        return say_why(why, -EFBIG, "%s: the refcount table is too large", d->path);
    if ((bad = table_bad(d, s->h.reftable_off, 8)))
        return say_why(why, -EINVAL, "%s: the refcount table %s", d->path, bad);
    if (s->h.snapshots > QCOW2_SNAPSHOTS_MAX)
        return say_why(why, -EFBIG, "%s: too many snapshots", d->path);
    if (s->h.snapshots && (bad = table_bad(d, s->h.snap_off, 40)))
        return say_why(why, -EINVAL, "%s: the snapshot table %s", d->path, bad);
    return 0;
}

/* ---- tables ---- */

static int load_u64s(Disk *d, uint64_t off, uint64_t n, uint64_t **out)
{
    uint64_t *t = malloc(n ? n * 8 : 8);
    int err = t ? host_pread(d->fd, t, n * 8, off) : -ENOMEM;

    if (err) {
        free(t);
        return err;
    }
    for (uint64_t i = 0; i < n; i++)
        t[i] = be64toh(t[i]);
    free(*out);
    *out = t;
    return 0;
}

/* load_snapshot: the one at *at; moves *at behind it. The table is read in small steps, since only
 * its entries say how long it is. */
static int load_snapshot(Disk *d, Snapshot *n, uint64_t *at, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    uint8_t head[40], *rest;
    uint32_t id_len, name_len;
    uint64_t len;
    const char *bad;
    int err = host_pread(d->fd, head, sizeof(head), *at);

    if (err)
        return say_why(why, err, "%s: %s", d->path, strerror(-err));
    n->l1_off = be64_at(head);
    n->l1_size = be32_at(head + 8);
    id_len = head[12] << 8 | head[13];
    name_len = head[14] << 8 | head[15];
    n->s.date_sec = be32_at(head + 16);
    n->s.date_nsec = be32_at(head + 20);
    n->s.vm_clock_nsec = be64_at(head + 24);
    n->s.vm_state_size = be32_at(head + 32);
    n->extra_len = be32_at(head + 36);
    n->s.icount = UINT64_MAX;
    n->s.disk_size = s->h.size;
    if (n->extra_len > 1024)
        return say_why(why, -EFBIG, "%s: a snapshot has too much extra data", d->path);
    len = (uint64_t)n->extra_len + id_len + name_len;
    if (*at - s->h.snap_off + 40 + len > QCOW2_SNAPTABLE_MAX || *at + 40 + len > d->file_size)
        return say_why(why, -EINVAL, "%s: the snapshot table is too long", d->path);
    if (n->l1_size > QCOW2_L1_MAX / 8)
        return say_why(why, -EFBIG, "%s: a snapshot's L1 table is too large", d->path);
    if ((bad = table_bad(d, n->l1_off, (uint64_t)n->l1_size * 8)))
        return say_why(why, -EINVAL, "%s: a snapshot's L1 table %s", d->path, bad);
    rest = malloc(len + 1);
    err = rest ? host_pread(d->fd, rest, len, *at + 40) : -ENOMEM;
    if (err) {
        free(rest);
        return say_why(why, err, "%s: %s", d->path, strerror(-err));
    }
    if (n->extra_len >= 8)
        n->s.vm_state_size = be64_at(rest);
    if (n->extra_len >= 16) {
        n->s.disk_size = be64_at(rest + 8);
        n->has_disk_size = true;
    }
    if (n->extra_len >= 24)
        n->s.icount = be64_at(rest + 16);
    n->s.id = strndup((char *)rest + n->extra_len, id_len);
    n->s.name = strndup((char *)rest + n->extra_len + id_len, name_len);
    n->extra = rest;
    if (!n->s.id || !n->s.name)
        return say_why(why, -ENOMEM, "%s: no memory", d->path);
    *at = (*at + 40 + len + 7) & ~7ull;
    return 0;
}

void snapshots_free(Snapshot *list, unsigned n)
{
    for (unsigned i = 0; list && i < n; i++) {
        free((char *)list[i].s.id);
        free((char *)list[i].s.name);
        free(list[i].extra);
    }
    free(list);
}

static int load_snapshots(Disk *d, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    uint64_t at = s->h.snap_off;
    Snapshot *list = calloc(s->h.snapshots + 1, sizeof(*list));
    int err = 0;

    if (!list)
        return say_why(why, -ENOMEM, "%s: no memory", d->path);
    for (uint32_t i = 0; i < s->h.snapshots && !err; i++)
        err = load_snapshot(d, &list[i], &at, why);
    if (err) {
        snapshots_free(list, s->h.snapshots);
        return err;
    }
    free(s->snap_list);
    s->snap_list = NULL;
    s->snap = list;
    return 0;
}

int qcow2_load_tables(Disk *d, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    int err;

    s->reftable_size = ((uint64_t)s->h.reftable_clusters << s->bits) / 8;
    s->l1_dirty_from = UINT32_MAX;
    s->l1_dirty_to = 0;
    s->reftable_dirty = false;
    s->free_hint = 0;
    err = load_u64s(d, s->h.l1_off, s->h.l1_size, &s->l1);
    if (!err)
        err = load_u64s(d, s->h.reftable_off, s->reftable_size, &s->reftable);
    if (err)
        return say_why(why, err, "%s: %s", d->path, strerror(-err));
    return load_snapshots(d, why);
}

/* ---- opening ---- */

static int parse_header(Disk *d, char why[BLOCK_WHY])
{
    Qcow2 *s = qcow2_of(d);
    uint8_t first[QCOW2_HEADER], *c = NULL;
    uint32_t header_len, end;
    uint64_t name_off;
    uint32_t name_len;
    int err;

    memset(first, 0, sizeof(first));
    if (d->file_size < QCOW2_HEADER_V2)
        return say_why(why, -EINVAL, "%s: too short for a qcow2 image", d->path);
    err = host_pread(d->fd, first, sizeof(first), 0);
    if (err)
        return say_why(why, err, "%s: %s", d->path, strerror(-err));
    if (!qcow2_probe(first, sizeof(first)))
        return say_why(why, -EINVAL, "%s: not a qcow2 image", d->path);
    err = parse_fields(d, first, &header_len, why);
    if (err)
        return err;
    c = malloc(s->cluster);
    err = c ? host_pread(d->fd, c, s->cluster, 0) : -ENOMEM;
    if (err) {
        err = say_why(why, err, "%s: %s", d->path, strerror(-err));
        goto out;
    }
    name_off = be64_at(c + 8);
    name_len = be32_at(c + 16);
    end = s->cluster;
    if (name_off) {
        if (name_len > QCOW2_NAME_MAX || name_off < header_len || name_off > s->cluster ||
            name_len > s->cluster - name_off) {
            err = say_why(why, -EINVAL, "%s: the backing file's name is outside the header", d->path);
            goto out;
        }
        end = name_off;
        if (name_len && copy_string(&d->backing_file, c + name_off, name_len)) {
            err = say_why(why, -EINVAL, "%s: the backing file's name is bad", d->path);
            goto out;
        }
    }
    err = parse_extensions(d, c, header_len, end, why);
    if (!err)
        err = check_fields(d, why);
out:
    free(c);
    return err;
}

static void size_cache(Qcow2 *s)
{
    s->tables_max = (16 << 20) >> s->bits;
    if (s->tables_max < 16)
        s->tables_max = 16;
    for (s->hash_bits = 4; 1u << s->hash_bits < s->tables_max; s->hash_bits++)
        ;
}

int qcow2_open(Disk *d, const BlockOptions *o, char why[BLOCK_WHY])
{
    Qcow2 *s = calloc(1, sizeof(*s));
    int err;

    if (!s)
        return say_why(why, -ENOMEM, "%s: no memory", d->path);
    d->state = s;
    s->unpacked_off = UINT64_MAX;
    err = parse_header(d, why);
    if (err)
        goto out;
    size_cache(s);
    s->hash = calloc(1u << s->hash_bits, sizeof(*s->hash));
    if (!s->hash) {
        err = say_why(why, -ENOMEM, "%s: no memory", d->path);
        goto out;
    }
    err = qcow2_load_tables(d, why);
    if (err || !d->write || o->check)
        goto out;
    if (s->h.incompatible & QCOW2_CORRUPT) {
        err = say_why(why, -EROFS, "%s: is marked corrupt; `check -r all` repairs it", d->path);
        goto out;
    }
    if (s->h.incompatible & QCOW2_DIRTY)
        err = qcow2_rebuild(d, why);
    /* What else is in the image does not follow what we write. */
    if (!err && s->h.autoclear) {
        Qcow2Header h = s->h;

        h.autoclear = 0;
        err = qcow2_write_header(d, &h);
        if (err)
            say_why(why, err, "%s: %s", d->path, strerror(-err));
    }
out:
    if (err)
        qcow2_release(d);
    return err;
}

void qcow2_release(Disk *d)
{
    Qcow2 *s = qcow2_of(d);

    if (s->hash)
        table_forget_all(s);
    snapshots_free(s->snap, s->h.snapshots);
    free(s->snap_list);
    free(s->hash);
    free(s->l1);
    free(s->reftable);
    free(s->freed);
    free(s->unpacked);
    free(s->packed);
    free(s);
    d->state = NULL;
}

/* ---- writing ---- */

static void put_fields(uint8_t *c, const Qcow2Header *h, int version)
{
    put64(c + 24, h->size);
    put32(c + 36, h->l1_size);
    put64(c + 40, h->l1_off);
    put64(c + 48, h->reftable_off);
    put32(c + 56, h->reftable_clusters);
    put32(c + 60, h->snapshots);
    put64(c + 64, h->snap_off);
    if (version == 3) {
        put64(c + 72, h->incompatible);
        put64(c + 88, h->autoclear);
    }
}

int qcow2_write_header(Disk *d, const Qcow2Header *h)
{
    Qcow2 *s = qcow2_of(d);
    uint8_t c[QCOW2_HEADER];
    size_t n = s->version == 3 ? 104 : QCOW2_HEADER_V2;
    int err = host_pread(d->fd, c, n, 0);

    if (err)
        return err;
    if (fdatasync(d->fd))
        return -errno;
    put_fields(c, h, s->version);
    err = host_pwrite(d->fd, c, n, 0);
    if (!err && fdatasync(d->fd))
        err = -errno;
    if (!err)
        s->h = *h;
    return err;
}

/* features_ext: names for those who do not know what a bit of ours means. */
static uint8_t *features_ext(uint8_t *p)
{
    static const struct { uint8_t type, bit; const char *name; } rows[] = {
        {0, 0, "dirty bit"},        {0, 1, "corrupt bit"},      {0, 2, "external data file"},
        {0, 3, "compression type"}, {0, 4, "extended L2 entries"}, {1, 0, "lazy refcounts"},
        {2, 0, "bitmaps"},          {2, 1, "raw external data"},
    };
    enum { N = sizeof(rows) / sizeof(rows[0]) };

    put32(p, EXT_FEATURES);
    put32(p + 4, N * 48);
    p += 8;
    for (int i = 0; i < N; i++, p += 48) {
        p[0] = rows[i].type;
        p[1] = rows[i].bit;
        strcpy((char *)p + 2, rows[i].name);
    }
    return p;
}

static int check_create(const BlockCreate *c, unsigned *bits, unsigned *order, char why[BLOCK_WHY])
{
    uint64_t cluster = c->cluster_size ? c->cluster_size : 65536;
    unsigned width = c->refcount_bits ? c->refcount_bits : 16;

    if (cluster & (cluster - 1) || cluster < 512 || cluster > 2 << 20)
        return say_why(why, -EINVAL, "cluster_size must be a power of two between 512 and 2M");
    if (!width || width & (width - 1) || width > 64)
        return say_why(why, -EINVAL, "refcount_bits must be a power of two of at most 64");
    *bits = __builtin_ctzll(cluster);
    *order = __builtin_ctz(width);
    if (c->version == 2 && (width != 16 || c->lazy_refcounts || c->zstd))
        return say_why(why, -EINVAL, "compat=0.10 has no refcount_bits but 16, no lazy_refcounts and no "
                                     "compression_type but zlib");
    if (c->backing_file && strlen(c->backing_file) > QCOW2_NAME_MAX)
        return say_why(why, -EINVAL, "the backing file's name is too long");
    /* What is allocated hides the backing file. */
    if (c->backing_file && c->prealloc != PREALLOC_OFF)
        return say_why(why, -EINVAL, "a backing file and preallocation exclude each other");
    return 0;
}

/* create_header: the first cluster. Returns the bytes used, or 0 when it is too small for all. */
static size_t create_header(uint8_t *c, const Qcow2Header *h, const BlockCreate *o, unsigned bits,
                            unsigned order)
{
    int version = o->version == 2 ? 2 : 3;
    size_t name = o->backing_file ? strlen(o->backing_file) : 0;
    size_t format = o->backing_format ? strlen(o->backing_format) : 0;
    uint8_t *p = c + (version == 3 ? QCOW2_HEADER : QCOW2_HEADER_V2);

    memcpy(c, "QFI\xfb", 4);
    put32(c + 4, version);
    put32(c + 20, bits);
    if (version == 3) {
        put64(c + 80, o->lazy_refcounts ? QCOW2_LAZY : 0);
        put32(c + 96, order);
        put32(c + 100, QCOW2_HEADER);
        c[104] = o->zstd;
    }
    put_fields(c, h, version);
    if (format) {
        put32(p, EXT_BACKING_FORMAT);
        put32(p + 4, format);
        memcpy(p + 8, o->backing_format, format);
        p += 8 + ((format + 7) & ~7ul);
    }
    /* The table of names is a courtesy: left out where the name of the backing file needs its place. */
    if (version == 3 && p + 8 + 8 * 48 + 8 + name <= c + (1ul << bits))
        p = features_ext(p);
    p += 8;                     /* EXT_END */
    if (name) {
        if (p + name > c + (1ul << bits))
            return 0;
        put64(c + 8, p - c);
        put32(c + 16, name);
        memcpy(p, o->backing_file, name);
        p += name;
    }
    return p - c;
}

/*
 * qcow2_create: header, refcount table, first blocks of refcounts, first level table, in this order
 * from the start of the file. All the rest is made by writing to the image.
 */
int qcow2_create(int fd, const BlockCreate *o, char why[BLOCK_WHY])
{
    unsigned bits = 0, order = 0;
    Qcow2 s = {0};
    uint64_t l1_clusters, used, blocks = 1;
    uint8_t *image;
    int err = check_create(o, &bits, &order, why);

    if (err)
        return err;
    s.bits = bits;
    s.cluster = 1ull << bits;
    s.l2_bits = bits - 3;
    if (l1_needed(&s, o->size) > QCOW2_L1_MAX / 8)
        return say_why(why, -EFBIG, "too large for clusters of %" PRIu64 " bytes", s.cluster);
    s.h.size = o->size;
    s.h.l1_size = l1_needed(&s, o->size);
    if (!s.h.l1_size)
        s.h.l1_size = 1;
    s.h.incompatible = o->zstd ? QCOW2_COMPRESSION : 0;
    s.h.reftable_clusters = 1;
    l1_clusters = clusters_of(&s, s.h.l1_size * 8ull);
    /* The table has to have room for the blocks, and the blocks for all of them. */
    for (;;) {
        used = 1 + s.h.reftable_clusters + blocks + l1_clusters;
        if (used > blocks << (bits + 3 - order))
            blocks++;
        else if (blocks > (uint64_t)s.h.reftable_clusters << (bits - 3))
            s.h.reftable_clusters++;
        else
            break;
    }
    s.h.reftable_off = s.cluster;
    s.h.l1_off = (1 + s.h.reftable_clusters + blocks) << bits;
    image = calloc(1 + s.h.reftable_clusters + blocks, s.cluster);
    if (!image)
        return -ENOMEM;
    if (!create_header(image, &s.h, o, bits, order)) {
        free(image);
        return say_why(why, -EINVAL, "the backing file's name is too long for a cluster");
    }
    for (uint64_t i = 0; i < blocks; i++)
        put64(image + s.h.reftable_off + i * 8, (1 + s.h.reftable_clusters + i) << bits);
    for (uint64_t i = 0; i < used; i++)
        refcount_put(image + ((1 + s.h.reftable_clusters) << bits) +
                         ((i >> (bits + 3 - order)) << bits),
                     order, i & ((1ull << (bits + 3 - order)) - 1), 1);
    err = host_empty(fd);
    if (!err)
        err = host_pwrite(fd, image, s.h.l1_off, 0);
    free(image);
    if (!err && ftruncate(fd, s.h.l1_off + l1_clusters * s.cluster)) {
        struct stat st;

        /* A block device keeps its size, and its old bytes. */
        err = -errno;
        if (!fstat(fd, &st) && S_ISBLK(st.st_mode))
            err = host_zero(fd, s.h.l1_off, l1_clusters * s.cluster, false);
    }
    return err;
}
