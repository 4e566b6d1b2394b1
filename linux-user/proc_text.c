// SPDX-License-Identifier: MIT
/* proc_text.c: see proc_text.h. */
#include "linux-user/proc_text.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "syscall/host_call.h"

bool text_add(Text *x, const void *p, size_t n)
{
    if (x->len + n + 1 > x->cap) {
        size_t cap = (x->cap + n + 4096) * 2;
        char *more = realloc(x->p, cap);

        if (!more)
            return false;
        x->p = more;
        x->cap = cap;
    }
    memcpy(x->p + x->len, p, n);
    x->len += n;
    x->p[x->len] = 0;
    return true;
}

void text_printf(Text *x, const char *fmt, ...)
{
    char buf[PATH_MAX + 256];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(buf, sizeof(buf), fmt, ap);
    va_end(ap);
    if (n > 0)
        text_add(x, buf, (size_t)n < sizeof(buf) ? (size_t)n : sizeof(buf) - 1);
}

bool text_read_file(Text *x, const char *path)
{
    char buf[16384];
    long n, fd = host_call(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

    if (fd < 0)
        return false;
    while ((n = host_call(SYS_read, fd, buf, sizeof(buf))) > 0)
        text_add(x, buf, (size_t)n);
    host_call(SYS_close, fd);
    return true;
}

/*
 * The fields are read from a copy: sscanf first looks for the end of its string, and that is the end
 * of the whole file.
 */
bool map_line_parse(const char *line, MapLine *m)
{
    unsigned long long start, end, offset;
    char head[160];
    size_t n = strnlen(line, sizeof(head) - 1);
    int at = 0;

    memcpy(head, line, n);
    head[n] = 0;
    if (sscanf(head, "%llx-%llx %4s %llx %15s %llu %n", &start, &end, m->perms, &offset, m->dev,
               &m->inode, &at) != 6 ||
        !at)
        return false;
    m->start = start;
    m->end = end;
    m->offset = offset;
    m->name = line + at;
    return true;
}

/* next_line: where the next mapping's first line starts (maps: the next line). */
static char *next_line(char *p)
{
    MapLine m;

    for (;;) {
        p += strcspn(p, "\n");
        if (!*p)
            return p;
        p++;
        if (!*p || map_line_parse(p, &m))
            return p;
    }
}

bool map_next(char **at, MapLine *m)
{
    while (**at) {
        char *line = *at, *next = next_line(line);
        size_t n = strcspn(line, "\n");

        m->rest = line[n] ? line + n + 1 : "";
        m->rest_len = line[n] ? (size_t)(next - m->rest) : 0;
        line[n] = 0;
        *at = next;
        if (map_line_parse(line, m))
            return true;
    }
    return false;
}

void map_put(Text *x, const MapLine *m, uint64_t start, uint64_t end, bool exec, const char *name)
{
    char perms[5];
    size_t before = x->len, width;

    memcpy(perms, m->perms, 5);
    if (exec)
        perms[2] = 'x';
    text_printf(x, "%08llx-%08llx %s %08llx %s %llu ", (unsigned long long)start,
                (unsigned long long)end, perms,
                (unsigned long long)(m->inode ? m->offset + (start - m->start) : m->offset),
                m->dev, m->inode);
    width = x->len - before;
    if (*name)
        text_printf(x, "%*s%s", width < 73 ? (int)(73 - width) : 1, "", name);
    text_add(x, "\n", 1);
    text_add(x, m->rest, m->rest_len);
}
