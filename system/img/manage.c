// SPDX-License-Identifier: MIT
/* manage.c: create, check, resize, snapshot. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/img/tool.h"

/* ---- settings ---- */

static bool on_off(const char *v, bool *out)
{
    *out = !strcmp(v, "on") || !strcmp(v, "true") || !strcmp(v, "yes");
    return *out || !strcmp(v, "off") || !strcmp(v, "false") || !strcmp(v, "no");
}

static bool set_size(BlockCreate *c, const char *v)
{
    return parse_size(v, &c->size);
}

static bool set_cluster_size(BlockCreate *c, const char *v)
{
    return parse_size(v, &c->cluster_size);
}

static bool set_compat(BlockCreate *c, const char *v)
{
    c->version = !strcmp(v, "0.10") || !strcmp(v, "v2") ? 2 : 3;
    return c->version == 2 || !strcmp(v, "1.1") || !strcmp(v, "v3");
}

static bool set_lazy_refcounts(BlockCreate *c, const char *v)
{
    return on_off(v, &c->lazy_refcounts);
}

static bool set_refcount_bits(BlockCreate *c, const char *v)
{
    uint64_t n;

    if (!parse_size(v, &n) || !n || n > 64)
        return false;
    c->refcount_bits = n;
    return true;
}

static bool set_preallocation(BlockCreate *c, const char *v)
{
    static const char *const names[] = {"off", "metadata", "falloc", "full"};

    for (int i = 0; i < 4; i++)
        if (!strcmp(v, names[i])) {
            c->prealloc = i;
            return true;
        }
    return false;
}

static bool set_compression_type(BlockCreate *c, const char *v)
{
    c->zstd = !strcmp(v, "zstd");
    return c->zstd || !strcmp(v, "zlib");
}

static bool set_backing_file(BlockCreate *c, const char *v)
{
    c->backing_file = v;
    return true;
}

static bool set_backing_fmt(BlockCreate *c, const char *v)
{
    c->backing_format = v;
    return true;
}

static const struct {
    const char *name;
    bool raw;                   /* raw has it, too */
    bool (*set)(BlockCreate *c, const char *value);
} settings[] = {
    {"size", true, set_size},
    {"preallocation", true, set_preallocation},
    {"backing_file", false, set_backing_file},
    {"backing_fmt", false, set_backing_fmt},
    {"cluster_size", false, set_cluster_size},
    {"compat", false, set_compat},
    {"lazy_refcounts", false, set_lazy_refcounts},
    {"refcount_bits", false, set_refcount_bits},
    {"compression_type", false, set_compression_type},
};

static bool setting(const char *command, const char *format, char *name, BlockCreate *c)
{
    char *value = strchr(name, '=');

    if (!value)
        return !complain_usage(command, "-o %s: a name and a value, with = between them", name);
    *value++ = '\0';
    for (unsigned i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (strcmp(name, settings[i].name))
            continue;
        if (!settings[i].raw && !strcmp(format, "raw"))
            return !complain("%s: format raw has no setting %s", command, name);
        if (!settings[i].set(c, value))
            return !complain("%s: %s=%s is not possible", command, name, value);
        return true;
    }
    return !complain("%s: no setting %s", command, name);
}

bool settings_parse(const char *command, const char *format, const Options *o, BlockCreate *c)
{
    for (int i = 0; i < o->settings_n; i++) {
        char *copy = strdup(o->settings[i]), *rest = copy, *one;    /* values are kept: not freed */

        while ((one = strsep(&rest, ",")))
            if (*one && !setting(command, format, one, c))
                return false;
    }
    return true;
}

/* ---- create ---- */

/* backing_size: of the file that the new image names, from the new image's folder. */
static bool backing_size(const char *path, const BlockCreate *c, uint64_t *size)
{
    const char *slash = strrchr(path, '/');
    Options o = {.any_backing = true, .share = true};
    char *full;
    Disk *d;

    if (c->backing_file[0] == '/' || !slash)
        full = strdup(c->backing_file);
    else if (asprintf(&full, "%.*s%s", (int)(slash + 1 - path), path, c->backing_file) < 0)
        full = NULL;
    if (!full)
        return !complain("no memory");
    d = open_image(full, &o, c->backing_format, false);
    free(full);
    if (!d)
        return false;
    *size = disk_size(d);
    disk_close(d);
    return true;
}

static void say_created(const char *path, const char *format, const BlockCreate *c)
{
    printf("Formatting '%s', fmt=%s", path, format);
    if (!strcmp(format, "qcow2"))
        printf(" cluster_size=%" PRIu64 " extended_l2=off compression_type=%s",
               c->cluster_size ? c->cluster_size : 65536, c->zstd ? "zstd" : "zlib");
    printf(" size=%" PRIu64, c->size);
    if (c->backing_file)
        printf(" backing_file=%s backing_fmt=%s", c->backing_file, c->backing_format);
    if (!strcmp(format, "qcow2"))
        printf(" lazy_refcounts=%s refcount_bits=%u", c->lazy_refcounts ? "on" : "off",
               c->refcount_bits ? c->refcount_bits : 16);
    putchar('\n');
}

int img_create(int argc, char **argv)
{
    BlockCreate c = {.size = UINT64_MAX};
    char why[BLOCK_WHY];
    const char *format;
    uint64_t below = 0;
    Options o;

    if (!options_parse(command_find("create"), argc, argv, ":f:b:F:o:q", &o))
        return 1;
    format = o.format ? o.format : "raw";
    if (!block_format_known(format))
        return complain("create: unknown format '%s'", format);
    if (argc - optind < 1 || argc - optind > 2)
        return complain_usage("create", "a file and a size, please");
    if (argc - optind == 2 && !parse_size(argv[optind + 1], &c.size))
        return complain("create: '%s' is not a size", argv[optind + 1]);
    c.backing_file = o.backing;
    c.backing_format = o.backing_format;
    if (!settings_parse("create", format, &o, &c))
        return 1;
    if (c.backing_file && !c.backing_format)
        return complain("create: a backing file needs its format named, with -F");
    if (c.backing_format && !c.backing_file)
        return complain("create: -F, but no backing file");
    if (c.backing_format && !block_format_known(c.backing_format))
        return complain("create: unknown format '%s'", c.backing_format);
    if (c.backing_file && !backing_size(argv[optind], &c, &below))
        return 1;
    if (c.size == UINT64_MAX && !c.backing_file)
        return complain_usage("create", "how large?");
    if (c.size == UINT64_MAX)
        c.size = below;
    if (disk_create(the_queue(), argv[optind], format, &c, why))
        return complain("%s", why);
    if (!o.quiet)
        say_created(argv[optind], format, &c);
    return 0;
}

/* ---- check ---- */

static void say_line(void *quiet, const char *line)
{
    if (!*(bool *)quiet)
        printf("%s\n", line);
}

static void check_json(const char *path, const char *format, const BlockCheck *r)
{
    const struct { const char *name; uint64_t n; bool always; } rows[] = {
        {"image-end-offset", r->end_offset, true},
        {"total-clusters", r->total, true},
        {"check-errors", r->check_errors, true},
        {"corruptions", r->corruptions, false},
        {"leaks", r->leaks, false},
        {"corruptions-fixed", r->corruptions_fixed, false},
        {"leaks-fixed", r->leaks_fixed, false},
        {"allocated-clusters", r->allocated, false},
        {"fragmented-clusters", r->fragmented, false},
        {"compressed-clusters", r->compressed, false},
    };
    json_t *j = json_pack("{ss ss}", "filename", path, "format", format);

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].always || rows[i].n)
            json_object_set_new(j, rows[i].name, json_integer(rows[i].n));
    json_dumpf(j, stdout, JSON_INDENT(4));
    putchar('\n');
    json_decref(j);
}

static void check_human(const BlockCheck *r)
{
    if (r->corruptions_fixed || r->leaks_fixed)
        printf("The following inconsistencies were found and repaired:\n\n    %" PRIu64
               " leaked clusters\n    %" PRIu64 " corruptions\n\n",
               r->leaks_fixed, r->corruptions_fixed);
    if (!r->corruptions && !r->leaks)
        puts("No errors were found on the image.");
    if (r->corruptions)
        printf("\n%" PRIu64 " errors were found on the image.\n"
               "Data may be corrupted, or further writes to the image may corrupt it.\n", r->corruptions);
    if (r->leaks)
        printf("\n%" PRIu64 " leaked clusters were found on the image.\n"
               "This means waste of disk space, but no harm to data.\n", r->leaks);
    if (r->total && r->allocated)
        printf("%" PRIu64 "/%" PRIu64 " = %.2f%% allocated, %.2f%% fragmented, %.2f%% compressed clusters\n",
               r->allocated, r->total, r->allocated * 100.0 / r->total, r->fragmented * 100.0 / r->allocated,
               r->compressed * 100.0 / r->allocated);
    printf("Image end offset: %" PRIu64 "\n", r->end_offset);
}

int img_check(int argc, char **argv)
{
    BlockOptions b = {.check = true};
    BlockCheckOptions check = {.say = say_line};
    char why[BLOCK_WHY];
    BlockCheck r;
    Options o;
    Disk *d;
    bool silent;
    int err;

    if (!options_parse(command_find("check"), argc, argv, ":f:r:qUT:", &o))
        return 1;
    if (argc - optind != 1)
        return complain_usage("check", "one file, please");
    if (o.repair && strcmp(o.repair, "leaks") && strcmp(o.repair, "all"))
        return complain_usage("check", "-r is leaks or all");
    silent = o.quiet || o.json;
    check.user = &silent;
    check.fix_leaks = o.repair;
    check.fix_errors = o.repair && !strcmp(o.repair, "all");
    b.format = o.format;
    b.write = o.repair;
    b.no_lock = o.share;
    if (disk_open(the_queue(), argv[optind], &b, &d, why))
        return complain("%s", why);
    err = disk_check(d, &check, &r, why);
    if (err) {
        complain("%s", why);
        disk_close(d);
        return err == -ENOTSUP ? 63 : 1;
    }
    if (o.json)
        check_json(argv[optind], disk_format(d), &r);
    else if (!o.quiet)
        check_human(&r);
    err = disk_close(d);
    if (err)
        return complain("%s: %s", argv[optind], strerror(-err));
    return r.corruptions ? 2 : r.leaks ? 3 : 0;
}

/* ---- resize ---- */

int img_resize(int argc, char **argv)
{
    const char *size = argc > 1 ? argv[argc - 1] : "";
    uint64_t n, now;
    char why[BLOCK_WHY], sign = *size;
    Options o;
    Disk *d;
    int err, close_err;

    /* The size comes last and may look like an option. */
    if (strcmp(size, "--help") && argc > 2)
        argv[--argc] = NULL;
    if (!options_parse(command_find("resize"), argc, argv, ":f:q", &o))
        return 1;
    if (argc - optind != 1)
        return complain_usage("resize", "a file and a size, please");
    if (!parse_size(size + (sign == '+' || sign == '-'), &n))
        return complain("resize: '%s' is not a size", size);
    if (o.prealloc && strcmp(o.prealloc, "off"))
        return complain("resize: only --preallocation=off");
    d = open_image(argv[optind], &o, o.format, true);
    if (!d)
        return 1;
    now = disk_size(d);
    err = 0;
    if (sign == '+')
        n = n > (uint64_t)BLOCK_SIZE_MAX - now ? UINT64_MAX : now + n;
    else if (sign == '-')
        err = n > now ? complain("resize: %s has only %" PRIu64 " bytes", argv[optind], now) : 0;
    if (!err && sign == '-')
        n = now - n;
    if (!err && n < now && !o.shrink)
        err = complain("resize: data behind the new end would be lost; --shrink allows that");
    if (!err && disk_resize(d, n, why))
        err = complain("%s", why);
    close_err = disk_close(d);
    if (close_err && !err)
        err = complain("%s: %s", argv[optind], strerror(-close_err));
    if (!err && !o.quiet)
        puts("Image resized.");
    return err;
}

/* ---- snapshot ---- */

static int list_snapshots(Disk *d)
{
    const BlockSnapshot *list;
    unsigned n;
    int err = disk_snapshot_list(d, &list, &n);

    if (err && err != -ENOTSUP)
        return complain("%s: %s", disk_path(d), strerror(-err));
    if (!err && n)
        snapshot_print(list, n);
    return 0;
}

int img_snapshot(int argc, char **argv)
{
    BlockOptions b = {0};
    char why[BLOCK_WHY];
    Options o;
    Disk *d;
    int rc = 0, err;

    if (!options_parse(command_find("snapshot"), argc, argv, ":lc:a:d:f:qU", &o))
        return 1;
    if (argc - optind != 1)
        return complain_usage("snapshot", "one file, please");
    b.write = o.action && o.action != 'l';
    b.format = o.format;
    b.no_lock = o.share;
    b.no_backing = true;
    if (disk_open(the_queue(), argv[optind], &b, &d, why))
        return complain("%s", why);
    if (!b.write)
        rc = list_snapshots(d);
    else if ((o.action == 'c'   ? disk_snapshot_create
              : o.action == 'a' ? disk_snapshot_apply
                                : disk_snapshot_delete)(d, o.snapshot, why))
        rc = complain("%s", why);
    err = disk_close(d);
    if (err && !rc)
        rc = complain("%s: %s", argv[optind], strerror(-err));
    return rc;
}
