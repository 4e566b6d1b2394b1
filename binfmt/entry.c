/* SPDX-License-Identifier: MIT */
/* entry.c: entries as text, and the file system that holds them. */
#include "binfmt/entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

enum { TABLE_MAGIC = 0x42494e4d, ENTRY_TEXT_MAX = 8192 };

/* ---- text ---- */

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *d = c ? strchr(digits, c) : NULL;

    return d ? (int)(d - digits) : -1;
}

/* parse_hex: bytes written as hex digits up to the line's end. Returns how many, -1: not so. */
static int parse_hex(const char *s, uint8_t out[BINFMT_HEAD])
{
    int n = 0;

    for (; *s && *s != '\n'; s += 2) {
        int high = hex_digit(s[0]), low = high < 0 ? -1 : hex_digit(s[1]);

        if (low < 0 || n == BINFMT_HEAD)
            return -1;
        out[n++] = (uint8_t)(high << 4 | low);
    }
    return n;
}

/* begins: does the line begin with key? */
static bool begins(const char *line, const char *key)
{
    return !strncmp(line, key, strlen(key));
}

/* rest_of_line: from at on, copied. False: it has no room in out. */
static bool rest_of_line(const char *at, char *out, size_t len)
{
    size_t n = strcspn(at, "\n");

    if (n >= len)
        return false;
    memcpy(out, at, n);
    out[n] = 0;
    return true;
}

static bool parse_line(const char *line, BinfmtEntry *e)
{
    int n;

    if (begins(line, "enabled\n") || begins(line, "disabled\n")) {
        e->enabled = *line == 'e';
        return true;
    }
    if (begins(line, "interpreter "))
        return rest_of_line(line + 12, e->interpreter, sizeof(e->interpreter));
    if (begins(line, "flags: "))
        return rest_of_line(line + 7, e->flags, sizeof(e->flags));
    if (begins(line, "offset ")) {
        e->offset = (unsigned)strtoul(line + 7, NULL, 10);
        return e->offset < BINFMT_HEAD;
    }
    if (begins(line, "extension ")) {
        e->by_extension = true;
        return true;
    }
    if (begins(line, "magic ")) {
        n = parse_hex(line + 6, e->magic);
        e->length = n > 0 ? (unsigned)n : 0;
        memset(e->mask, 0xff, sizeof(e->mask));
        return n > 0;
    }
    if (begins(line, "mask "))
        return parse_hex(line + 5, e->mask) == (int)e->length;
    return true;            /* what a later kernel may add */
}

bool entry_parse(const char *name, const char *text, BinfmtEntry *e)
{
    memset(e, 0, sizeof(*e));
    if (!*name || strlen(name) >= sizeof(e->name))
        return false;
    strcpy(e->name, name);
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');

        if (!end || !parse_line(line, e))
            return false;
        line = end + 1;
    }
    return *e->interpreter && (e->by_extension || e->length) &&
           e->offset + e->length <= BINFMT_HEAD;
}

static char *put_hex(char *out, const uint8_t *bytes, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        out += sprintf(out, "\\x%02x", bytes[i]);
    return out;
}

const char *entry_line(const BinfmtEntry *e, char *buf)
{
    const char *delimiter = ":|,;!^";
    size_t needed = strlen(e->name) + strlen(e->interpreter) + strlen(e->flags) + 8 * e->length + 24;

    if (e->by_extension || strpbrk(e->name, "/:\n") || strchr(e->interpreter, '\n'))
        return "has a name that the kernel's table cannot hold";
    if (needed > BINFMT_LINE_MAX)
        return "has a path too long for the kernel's table";
    while (*delimiter && strchr(e->interpreter, *delimiter))
        delimiter++;
    if (!*delimiter)
        return "has a name that the kernel's table cannot hold";
    char d = *delimiter, *p = buf;

    p += sprintf(p, "%c%s%cM%c%u%c", d, e->name, d, d, e->offset, d);
    p = put_hex(p, e->magic, e->length);
    *p++ = d;
    p = put_hex(p, e->mask, e->length);
    sprintf(p, "%c%s%c%s", d, e->interpreter, d, e->flags);
    return NULL;
}

bool entry_matches(const BinfmtEntry *e, const uint8_t *head)
{
    if (!e->enabled || e->by_extension)
        return false;
    for (unsigned i = 0; i < e->length; i++) {
        if ((head[e->offset + i] ^ e->magic[i]) & e->mask[i])
            return false;
    }
    return true;
}

/* flags_same: C says O, too. */
static bool flags_same(const char *a, const char *b)
{
    for (const char *f = "POCF"; *f; f++) {
        bool in_a = strchr(a, *f) || (*f == 'O' && strchr(a, 'C'));
        bool in_b = strchr(b, *f) || (*f == 'O' && strchr(b, 'C'));

        if (in_a != in_b)
            return false;
    }
    return true;
}

bool entry_same(const BinfmtEntry *a, const BinfmtEntry *b)
{
    return !strcmp(a->name, b->name) && a->by_extension == b->by_extension &&
           !strcmp(a->interpreter, b->interpreter) && flags_same(a->flags, b->flags) &&
           a->offset == b->offset && a->length == b->length &&
           !memcmp(a->magic, b->magic, a->length) && !memcmp(a->mask, b->mask, a->length);
}

/* ---- the file system ---- */

static int read_text(const char *dir, const char *name, char *buf, size_t len)
{
    char path[PATH_MAX];

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, buf, len - 1);
    int err = n < 0 ? -errno : 0;

    close(fd);
    buf[n < 0 ? 0 : n] = 0;
    return err;
}

int table_command(const char *dir, const char *name, const char *word)
{
    char path[PATH_MAX];

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
        return -ENAMETOOLONG;
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    int err = write(fd, word, strlen(word)) < 0 ? -errno : 0;

    close(fd);
    return err;
}

static bool is_table(const char *dir)
{
    struct statfs fs;

    return statfs(dir, &fs) == 0 && fs.f_type == TABLE_MAGIC;
}

static int add_read(const char *dir, const char *name, BinfmtTable *t)
{
    static char text[ENTRY_TEXT_MAX];
    BinfmtEntry e;
    int err = read_text(dir, name, text, sizeof(text));

    if (err < 0)
        return err == -ENOENT ? 0 : err;        /* removed meanwhile */
    if (!entry_parse(name, text, &e))
        return 0;
    BinfmtEntry *more = reallocarray(t->entries, t->count + 1, sizeof(e));

    if (!more)
        return -ENOMEM;
    t->entries = more;
    t->entries[t->count++] = e;
    return 0;
}

int table_read(const char *dir, BinfmtTable *t)
{
    char status[32];

    memset(t, 0, sizeof(*t));
    if (!is_table(dir))
        return -ENOENT;
    int err = read_text(dir, "status", status, sizeof(status));

    if (err < 0)
        return err;
    t->enabled = !strncmp(status, "enabled", 7);
    DIR *d = opendir(dir);
    struct dirent *entry;

    if (!d)
        return -errno;
    while (!err && (entry = readdir(d))) {
        if (*entry->d_name != '.' && strcmp(entry->d_name, "register") &&
            strcmp(entry->d_name, "status"))
            err = add_read(dir, entry->d_name, t);
    }
    closedir(d);
    if (err)
        table_free(t);
    return err;
}

void table_free(BinfmtTable *t)
{
    free(t->entries);
    memset(t, 0, sizeof(*t));
}

BinfmtEntry *table_find(const BinfmtTable *t, const char *name)
{
    for (unsigned i = 0; i < t->count; i++) {
        if (!strcmp(t->entries[i].name, name))
            return &t->entries[i];
    }
    return NULL;
}

int table_mount(const char *dir)
{
    if (is_table(dir))
        return 0;
    return mount("binfmt_misc", dir, "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)
               ? -errno : 0;
}

int table_add(const char *dir, const BinfmtEntry *e)
{
    char line[BINFMT_LINE_MAX + 1];

    return entry_line(e, line) ? -EINVAL : table_command(dir, "register", line);
}

int table_remove(const char *dir, const char *name)
{
    return table_command(dir, name, "-1");
}
