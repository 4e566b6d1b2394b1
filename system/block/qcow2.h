// SPDX-License-Identifier: MIT
/*
 * qcow2.h: what the parts of the qcow2 format share. The layout is that of the published
 * "qcow2 image format" specification, versions 2 and 3.
 *
 *   qcow2.c        the row of functions; reads, writes, zeroes, discards
 *   qcow2_open.c   header and extensions, from bytes; creating
 *   qcow2_meta.c   cached tables, refcounts, allocation, the order of writing back
 *   qcow2_walk.c   counting all references; check, repair, commit of a whole new state; snapshots
 *
 * Killed at any moment, an image is left whole, at worst with clusters that nobody uses. Two rules:
 *
 * 1. Changed tables stay in memory until meta_write: first refcounts (which by then are only too
 *    high, never too low), then second level tables, then the first level. Clusters that are no
 *    longer referenced go to a list, whose refcounts are taken down only after that, by meta_flush.
 * 2. What changes the refcounts of clusters in use (snapshots, repairs) writes a whole new state,
 *    refcounts included, into free clusters, and switches to it by one write of the header.
 */
#pragma once

#include <endian.h>
#include <string.h>

#include "system/block/format.h"

enum {
    QCOW2_L1_MAX = 32 << 20,            /* bytes; 2 EiB with clusters of 2 MiB */
    QCOW2_REFTABLE_MAX = 8 << 20,       /* bytes */
    QCOW2_SNAPSHOTS_MAX = 65536,
    QCOW2_SNAPTABLE_MAX = 16 << 20,     /* bytes */
    QCOW2_NAME_MAX = 1023,              /* bytes of a backing file's name */
    QCOW2_HEADER = 112,                 /* bytes of ours, version 3 */
    QCOW2_HEADER_V2 = 72,
};

#define QCOW2_COPIED     (1ull << 63)
#define QCOW2_COMPRESSED (1ull << 62)
#define QCOW2_ZERO       1ull
#define QCOW2_OFFSET     0x00fffffffffffe00ull

enum { QCOW2_DIRTY = 1, QCOW2_CORRUPT = 2, QCOW2_DATA_FILE = 4, QCOW2_COMPRESSION = 8, QCOW2_EXTENDED_L2 = 16 };
enum { QCOW2_LAZY = 1 };                /* compatible */

/* What of the header changes, and is written as one. */
typedef struct {
    uint64_t size, l1_off, reftable_off, snap_off;
    uint32_t l1_size, reftable_clusters, snapshots;
    uint64_t incompatible, autoclear;
} Qcow2Header;

typedef enum { TABLE_L2, TABLE_REFBLOCK } TableKind;

typedef struct Table {
    uint64_t off;               /* in the file */
    TableKind kind;
    bool dirty;
    struct Table *next;         /* of the hash chain */
    struct Table *newer, *older;
    uint64_t data[];            /* as in the file, big-endian */
} Table;

typedef struct {
    uint64_t off, n;            /* host cluster, how many */
    bool punch;
    bool table;
} Freed;

typedef struct Snapshot {
    uint64_t l1_off;
    uint32_t l1_size;
    BlockSnapshot s;            /* its strings are ours */
    bool has_disk_size;
    uint8_t *extra;             /* as read, for what we do not know */
    uint32_t extra_len;
} Snapshot;

typedef struct Busy {           /* clusters of the disk being allocated by a request */
    uint64_t first, last;
    struct Busy *next;
} Busy;

typedef struct {
    Qcow2Header h;
    int version;
    unsigned bits;              /* of a cluster's offsets */
    uint64_t cluster;           /* bytes */
    unsigned l2_bits;           /* of an index into a second level table */
    unsigned ref_order;
    unsigned refblock_bits;     /* of an index into a block of refcounts */
    uint64_t compatible;
    uint8_t compression;        /* 0 zlib, 1 zstd */
    unsigned csize_shift;       /* of a compressed entry: where the number of sectors begins */
    unsigned bitmaps;           /* bitmap extension: directory */
    uint64_t bitmap_dir_off, bitmap_dir_size;

    uint64_t *l1;               /* host order; h.l1_size entries */
    uint32_t l1_dirty_from, l1_dirty_to;
    uint64_t *reftable;         /* host order */
    uint32_t reftable_size;     /* entries */
    bool reftable_dirty;

    Table **hash;
    unsigned hash_bits, tables, tables_max;
    Table *newest, *oldest;

    uint64_t free_hint;         /* no free cluster below this index */
    Freed *freed;
    unsigned freed_n, freed_room;
    Busy *busy;
    bool unsynced;              /* something was written since the last sync of tables */

    Snapshot *snap;             /* h.snapshots of them */
    BlockSnapshot *snap_list;

    uint64_t comp_at, comp_end; /* room left behind the last compressed cluster */
    uint64_t unpacked_off;      /* cluster of the disk in unpacked, or UINT64_MAX */
    uint8_t *unpacked, *packed;
    uint64_t unpacked_entry;
} Qcow2;

static inline Qcow2 *qcow2_of(const Disk *d)
{
    return d->state;
}

static inline uint64_t clusters_of(const Qcow2 *s, uint64_t bytes)
{
    return (bytes >> s->bits) + ((bytes & (s->cluster - 1)) != 0);
}

static inline uint64_t l1_needed(const Qcow2 *s, uint64_t size)
{
    uint64_t c = clusters_of(s, size);

    return (c >> s->l2_bits) + ((c & ((1ull << s->l2_bits) - 1)) != 0);
}

/* ---- qcow2_open.c ---- */

int qcow2_open(Disk *d, const BlockOptions *o, char why[BLOCK_WHY]);
void qcow2_release(Disk *d);                            /* frees state */
int qcow2_load_tables(Disk *d, char why[BLOCK_WHY]);    /* those the header names, anew */
int qcow2_write_header(Disk *d, const Qcow2Header *h);  /* and syncs before and after */
int qcow2_create(int fd, const BlockCreate *c, char why[BLOCK_WHY]);
bool qcow2_probe(const uint8_t *head, size_t n);

/* ---- qcow2_meta.c ---- */

/* table_get: the cached table at off, of one cluster; valid until 8 more were asked for. */
int table_get(Disk *d, TableKind kind, uint64_t off, bool fresh, Table **out);
void table_forget(Qcow2 *s, uint64_t off);
void table_forget_all(Qcow2 *s);

uint64_t refcount_in(const void *block, unsigned order, uint64_t i);
void refcount_put(void *block, unsigned order, uint64_t i, uint64_t value);
static inline uint64_t refcount_max(unsigned order)
{
    return order == 6 ? UINT64_MAX : (1ull << (1u << order)) - 1;
}

int refcount_get(Disk *d, uint64_t cluster, uint64_t *out);
int refcount_add(Disk *d, uint64_t cluster, int delta);     /* +1 or -1 */

/* cluster_alloc: up to *n free clusters in a row, with refcount 1; *n says how many. */
int cluster_alloc(Disk *d, uint64_t *n, uint64_t *off);
/* cluster_alloc_all: exactly n in a row. */
int cluster_alloc_all(Disk *d, uint64_t n, uint64_t *off);

/* cluster_free_later: one reference less to each of n clusters, once no table on disk has it. */
int cluster_free_later(Disk *d, uint64_t off, uint64_t n, bool punch, bool table);

/* l2_entry, l2_set: of a cluster of the disk; set makes the second level table if need be. */
int l2_entry(Disk *d, uint64_t cluster, uint64_t *entry);
int l2_set(Disk *d, uint64_t cluster, uint64_t entry);

/* meta_write: changed tables, in order. meta_flush: also what is to be freed. Both wait. */
int meta_write(Disk *d);
int meta_flush(Disk *d);

/* entry_free_later: what an entry refers to has one reference less. */
int entry_free_later(Disk *d, uint64_t entry, bool punch);

/* compressed_range: where the data of a compressed entry lie. */
void compressed_range(const Qcow2 *s, uint64_t entry, uint64_t *off, uint64_t *len);

/* overlaps_tables: whether n bytes at off touch the header or a table that is always in place. */
bool overlaps_tables(const Qcow2 *s, uint64_t off, uint64_t n);

/* ---- qcow2_walk.c ---- */

int qcow2_check(Disk *d, const BlockCheckOptions *o, BlockCheck *res, char why[BLOCK_WHY]);
int qcow2_rebuild(Disk *d, char why[BLOCK_WHY]);        /* refcounts of an image not closed */
int qcow2_snapshot_list(Disk *d, const BlockSnapshot **list, unsigned *n);
int qcow2_snapshot_create(Disk *d, const char *name, char why[BLOCK_WHY]);
int qcow2_snapshot_apply(Disk *d, const char *id_or_name, char why[BLOCK_WHY]);
int qcow2_snapshot_delete(Disk *d, const char *id_or_name, char why[BLOCK_WHY]);
void snapshots_free(Snapshot *list, unsigned n);
