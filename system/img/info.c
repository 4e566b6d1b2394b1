// SPDX-License-Identifier: MIT
/* info.c: info and map, what images are. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "system/img/tool.h"

/* clean: text from an image, as it may go to a terminal. */
static const char *clean(const char *text)
{
    static char buf[4][1100];
    static int next;
    char *out = buf[next++ % 4];

    snprintf(out, sizeof(buf[0]), "%s", text);
    for (unsigned char *p = (unsigned char *)out; *p; p++)
        if (*p < 32 || *p == 127)
            *p = '?';
    return out;
}

static const char *yes_no(bool b)
{
    return b ? "true" : "false";
}

void snapshot_print(const BlockSnapshot *list, unsigned n)
{
    puts("Snapshot list:");
    printf("%-9s %-16s %8s%20s%13s%11s\n", "ID", "TAG", "VM SIZE", "DATE", "VM CLOCK", "ICOUNT");
    for (unsigned i = 0; i < n; i++) {
        char date[32], clock[32], icount[24] = "";
        time_t t = list[i].date_sec;
        uint64_t ms = list[i].vm_clock_nsec / 1000000;
        struct tm tm;

        strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", localtime_r(&t, &tm));
        snprintf(clock, sizeof(clock), "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64, ms / 3600000,
                 ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
        if (list[i].icount != UINT64_MAX)
            snprintf(icount, sizeof(icount), "%" PRIu64, list[i].icount);
        printf("%-9s %-16s %8s%20s%13s%11s\n", clean(list[i].id), clean(list[i].name),
               human_size(list[i].vm_state_size), date, clock, icount);
    }
}

static void info_human(Disk *d)
{
    const BlockSnapshot *list;
    unsigned n;
    BlockInfo i;

    disk_info(d, &i);
    printf("image: %s\nfile format: %s\nvirtual size: %s (%" PRIu64 " bytes)\ndisk size: %s\n", disk_path(d),
           disk_format(d), human_size(disk_size(d)), disk_size(d), human_size(i.host_bytes));
    if (i.dirty)
        puts("cleanly shut down: no");
    if (i.cluster_size)
        printf("cluster_size: %" PRIu64 "\n", i.cluster_size);
    if (i.backing_file)
        printf("backing file: %s\n", clean(i.backing_file));
    if (i.backing_format)
        printf("backing file format: %s\n", clean(i.backing_format));
    if (!disk_snapshot_list(d, &list, &n) && n)
        snapshot_print(list, n);
    if (!i.compat)
        return;
    printf("Format specific information:\n    compat: %s\n    compression type: %s\n", i.compat, i.compression);
    if (strcmp(i.compat, "0.10"))
        printf("    lazy refcounts: %s\n", yes_no(i.lazy_refcounts));
    printf("    refcount bits: %u\n", i.refcount_bits);
    if (strcmp(i.compat, "0.10"))
        printf("    corrupt: %s\n    extended l2: false\n", yes_no(i.corrupt));
}

/* text: a JSON string of bytes that an image gave, which need not be UTF-8. */
static json_t *text(const char *s)
{
    json_t *j = json_string(s);

    return j ? j : json_string("(not UTF-8)");
}

static json_t *snapshots_json(const BlockSnapshot *list, unsigned n)
{
    json_t *a = json_array();

    for (unsigned i = 0; i < n; i++) {
        json_t *s = json_pack("{sI sI so sI sI sI so sI}", "vm-state-size", (json_int_t)list[i].vm_state_size,
                              "vm-clock-nsec", (json_int_t)(list[i].vm_clock_nsec % 1000000000), "name",
                              text(list[i].name), "date-sec", (json_int_t)list[i].date_sec, "date-nsec",
                              (json_int_t)list[i].date_nsec, "vm-clock-sec",
                              (json_int_t)(list[i].vm_clock_nsec / 1000000000), "id", text(list[i].id),
                              "icount", (json_int_t)list[i].icount);

        if (list[i].icount == UINT64_MAX)
            json_object_del(s, "icount");
        json_array_append_new(a, s);
    }
    return a;
}

static json_t *info_json(Disk *d)
{
    const BlockSnapshot *list;
    unsigned n;
    BlockInfo i;
    json_t *j, *data;

    disk_info(d, &i);
    j = json_pack("{sI so ss sI sb}", "virtual-size", (json_int_t)disk_size(d), "filename", text(disk_path(d)),
                  "format", disk_format(d), "actual-size", (json_int_t)i.host_bytes, "dirty-flag", i.dirty);
    if (i.cluster_size)
        json_object_set_new(j, "cluster-size", json_integer(i.cluster_size));
    if (i.backing_file) {
        const char *slash = strrchr(disk_path(d), '/');
        char full[4096];

        snprintf(full, sizeof(full), "%.*s%s",
                 i.backing_file[0] == '/' || !slash ? 0 : (int)(slash + 1 - disk_path(d)), disk_path(d),
                 i.backing_file);
        json_object_set_new(j, "backing-filename", text(i.backing_file));
        json_object_set_new(j, "full-backing-filename", text(full));
    }
    if (i.backing_format)
        json_object_set_new(j, "backing-filename-format", text(i.backing_format));
    if (!disk_snapshot_list(d, &list, &n) && n)
        json_object_set_new(j, "snapshots", snapshots_json(list, n));
    if (!i.compat)
        return j;
    data = json_pack("{ss ss si}", "compat", i.compat, "compression-type", i.compression, "refcount-bits",
                     i.refcount_bits);
    if (strcmp(i.compat, "0.10"))
        json_object_update_new(data, json_pack("{sb sb sb}", "lazy-refcounts", i.lazy_refcounts, "corrupt",
                                               i.corrupt, "extended-l2", 0));
    json_object_set_new(j, "format-specific", json_pack("{ss so}", "type", disk_format(d), "data", data));
    return j;
}

int img_info(int argc, char **argv)
{
    const Command *c = command_find("info");
    BlockOptions b = {.no_backing = true};
    char why[BLOCK_WHY];
    json_t *all;
    Options o;
    Disk *d;

    if (!options_parse(c, argc, argv, ":f:UO:", &o))
        return 1;
    if (argc - optind != 1)
        return complain_usage("info", "one file, please");
    b.format = o.format;
    b.no_lock = o.share;
    b.no_backing = !o.chain;
    b.any_backing = o.any_backing;
    if (disk_open(the_queue(), argv[optind], &b, &d, why))
        return complain("%s", why);
    all = json_array();
    for (Disk *one = d; one; one = o.chain ? disk_backing(one) : NULL) {
        if (o.json) {
            json_array_append_new(all, info_json(one));
        } else {
            if (one != d)
                putchar('\n');
            info_human(one);
        }
    }
    if (o.json) {
        json_dumpf(o.chain ? all : json_array_get(all, 0), stdout, JSON_INDENT(4));
        putchar('\n');
    }
    json_decref(all);
    disk_close(d);
    return 0;
}

/* ---- map ---- */

typedef struct {
    uint64_t start, len, off;
    int depth;
    bool present, zero, data, compressed, has_off;
    const char *file;
} Range;

static int range_at(Disk *d, uint64_t at, Range *r)
{
    BlockStatus st;
    int err = disk_status(d, at, disk_size(d) - at, &st);
    bool raw;

    if (err)
        return err;
    raw = !strcmp(disk_format(st.owner), "raw");
    *r = (Range){.start = at,
                 .len = st.len,
                 .off = st.host_off,
                 .depth = st.depth,
                 .present = st.kind != BLOCK_HOLE,
                 .compressed = st.kind == BLOCK_COMPRESSED,
                 .has_off = st.has_off,
                 .file = disk_path(st.owner)};
    r->zero = st.kind == BLOCK_HOLE || st.kind == BLOCK_ZEROES || st.host_hole;
    r->data = (st.kind == BLOCK_DATA && !(raw && st.host_hole)) || st.kind == BLOCK_COMPRESSED;
    return 0;
}

static bool joins(const Range *a, const Range *b)
{
    return a->depth == b->depth && a->present == b->present && a->zero == b->zero && a->data == b->data &&
           a->compressed == b->compressed && a->has_off == b->has_off &&
           (!a->has_off || a->off + a->len == b->off) && (!a->has_off || a->file == b->file);
}

static int print_range(const Range *r, bool json, bool first)
{
    if (json) {
        printf("%s{ \"start\": %" PRIu64 ", \"length\": %" PRIu64
               ", \"depth\": %d, \"present\": %s, \"zero\": %s, \"data\": %s, \"compressed\": %s",
               first ? "[" : ",\n", r->start, r->len, r->depth, yes_no(r->present), yes_no(r->zero),
               yes_no(r->data), yes_no(r->compressed));
        if (r->has_off)
            printf(", \"offset\": %" PRIu64, r->off);
        printf("}");
        return 0;
    }
    if (!r->data || r->zero)
        return 0;
    if (!r->has_off)
        return complain("there are compressed clusters, which have no one place in the file; --output=json "
                        "lists them");
    printf("%#-16" PRIx64 "%#-16" PRIx64 "%#-16" PRIx64 "%s\n", r->start, r->len, r->off, clean(r->file));
    return 0;
}

int img_map(int argc, char **argv)
{
    Range now = {0}, next;
    bool first = true;
    Options o;
    int rc = 0;
    Disk *d;

    if (!options_parse(command_find("map"), argc, argv, ":f:U", &o))
        return 1;
    if (argc - optind != 1)
        return complain_usage("map", "one file, please");
    d = open_image(argv[optind], &o, o.format, false);
    if (!d)
        return 1;
    if (!o.json)
        printf("%-16s%-16s%-16s%s\n", "Offset", "Length", "Mapped to", "File");
    for (uint64_t at = 0; at < disk_size(d) && !rc; at += next.len) {
        int err = range_at(d, at, &next);

        if (err) {
            rc = complain("%s: at offset %" PRIu64 ": %s", argv[optind], at, strerror(-err));
        } else if (now.len && joins(&now, &next)) {
            now.len += next.len;
        } else {
            if (now.len) {
                rc = print_range(&now, o.json, first);
                first = false;
            }
            now = next;
        }
    }
    if (now.len && !rc)
        rc = print_range(&now, o.json, first);
    if (o.json && !rc)
        puts(now.len ? "]" : "[]");
    disk_close(d);
    return rc;
}
