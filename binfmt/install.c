/* SPDX-License-Identifier: MIT */
/*
 * install.c: files that have the system register mimus at each start: binfmt.d(5) of systemd, and
 * the formats of Debian's update-binfmts(8). Each is written whole or not at all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binfmt/magic.h"
#include "binfmt/tool.h"

/* make_folder: with those above it. */
static int make_folder(const char *path)
{
    char part[PATH_MAX];

    if (strlen(path) >= sizeof(part))
        return -ENAMETOOLONG;
    for (const char *p = path; *p;) {
        p += strspn(p, "/");
        p += strcspn(p, "/");
        memcpy(part, path, (size_t)(p - path));
        part[p - path] = 0;
        if (*part && mkdir(part, 0755) < 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

static int write_file(const char *folder, const char *name, const char *text)
{
    char path[PATH_MAX], temporary[PATH_MAX];
    int err = make_folder(folder);

    if (err < 0)
        return binfmt_error("%s: %s", folder, strerror(-err));
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path) ||
        (size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
        return binfmt_error("%s: %s", folder, strerror(ENAMETOOLONG));
    FILE *f = fopen(temporary, "we");

    if (!f)
        return binfmt_error("%s: %s", temporary, strerror(errno));
    bool bad = fputs(text, f) < 0;

    if (fclose(f) || bad || rename(temporary, path)) {
        err = errno;
        unlink(temporary);
        return binfmt_error("%s: %s", path, strerror(err));
    }
    printf("%s: written\n", path);
    return 0;
}

static void escape(char *out, const uint8_t *bytes, unsigned n)
{
    *out = 0;
    for (unsigned i = 0; i < n; i++)
        out += sprintf(out, "\\x%02x", bytes[i]);
}

static int write_systemd(const char *folder, const BinfmtEntry *e)
{
    char line[BINFMT_LINE_MAX + 1], text[BINFMT_LINE_MAX + 128], name[BINFMT_NAME_MAX + 8];
    const char *why = entry_line(e, line);

    if (why)
        return binfmt_error("%s %s", e->interpreter, why);
    snprintf(name, sizeof(name), "%s.conf", e->name);
    snprintf(text, sizeof(text), "# Written by mimus-binfmt install; see binfmt.d(5).\n%s\n", line);
    return write_file(folder, name, text);
}

static int write_debian(const char *folder, const BinfmtEntry *e)
{
    static char text[PATH_MAX + 8 * BINFMT_HEAD + 256];
    char magic[4 * BINFMT_HEAD + 1], mask[4 * BINFMT_HEAD + 1];

    escape(magic, e->magic, e->length);
    escape(mask, e->mask, e->length);
    snprintf(text, sizeof(text),
             "package mimus-binfmt\ninterpreter %s\nmagic %s\noffset %u\nmask %s\ncredentials %s\n"
             "preserve yes\nfix_binary yes\n", e->interpreter, magic, e->offset, mask,
             strchr(e->flags, 'C') ? "yes" : "no");
    return write_file(folder, e->name, text);
}

int binfmt_install(const BinfmtJob *job)
{
    char folder[PATH_MAX];
    BinfmtEntry e;
    int status = 0;

    if (!job->systemd && !job->debian)
        return binfmt_error("install: say --systemd or --debian");
    for (unsigned i = 0; i < job->n_guests && !status; i++) {
        magic_entry(job->guests[i], job->interpreter, job->credential, &e);
        if (job->systemd) {
            snprintf(folder, sizeof(folder), "%s%s", job->destdir, job->systemd);
            status = write_systemd(folder, &e);
        }
        if (job->debian && !status) {
            snprintf(folder, sizeof(folder), "%s%s", job->destdir, job->debian);
            status = write_debian(folder, &e);
        }
    }
    return status;
}
