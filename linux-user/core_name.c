// SPDX-License-Identifier: MIT
/* core_name.c: the letters of core_pattern, a row each; Linux 6.1 fs/coredump.c, format_corename. */
#include "linux-user/core_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char *p;
    size_t n, len;
    bool full;
} Name;

static void add(Name *x, const char *s, size_t n)
{
    if (x->n + n >= x->len) {
        x->full = true;
        return;
    }
    memcpy(x->p + x->n, s, n);
    x->n += n;
    x->p[x->n] = 0;
}

static void add_number(Name *x, uint64_t v)
{
    char buf[24];

    add(x, buf, (size_t)snprintf(buf, sizeof(buf), "%" PRIu64, v));
}

/* add_escaped: no slash, and no name that leads to another folder, comes from a program's name. */
static void add_escaped(Name *x, const char *s)
{
    size_t at = x->n;

    add(x, s, strlen(s));
    if (x->full)
        return;
    if (x->n - at <= 2 && x->p[at] == '.' && (x->n - at == 1 || x->p[at + 1] == '.'))
        x->p[at] = '!';
    if (x->n == at)
        add(x, "!", 1);
    for (; x->p[at]; at++) {
        if (x->p[at] == '/')
            x->p[at] = '!';
    }
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void add_letter(Name *x, char c, const CoreFacts *f)
{
    switch (c) {
    case '%': add(x, "%", 1); break;
    case 'p':
    case 'P': add_number(x, (uint64_t)f->pid); break;
    case 'i':
    case 'I': add_number(x, (uint64_t)f->tid); break;
    case 'u': add_number(x, f->uid); break;
    case 'g': add_number(x, f->gid); break;
    case 'd': add_number(x, (uint64_t)f->dumpable); break;
    case 's': add_number(x, (uint64_t)f->sig); break;
    case 't': add_number(x, f->time); break;
    case 'c': add_number(x, f->limit); break;
    case 'h': add_escaped(x, f->host); break;
    case 'e': add_escaped(x, f->comm); break;
    case 'f': add_escaped(x, base_of(f->exe)); break;
    case 'E': add_escaped(x, f->exe); break;
    default: break;             /* unknown letters are dropped */
    }
}

bool core_name(char *out, size_t len, const char *pattern, const CoreFacts *f)
{
    Name x = { out, 0, len, false };
    bool has_pid = false;

    *out = 0;
    for (const char *p = pattern; *p && !x.full; p++) {
        if (*p != '%') {
            add(&x, p, 1);
        } else if (!*++p) {
            break;
        } else {
            has_pid |= *p == 'p';
            add_letter(&x, *p, f);
        }
    }
    if (f->uses_pid && !has_pid) {
        add(&x, ".", 1);
        add_number(&x, (uint64_t)f->pid);
    }
    return !x.full && x.n;
}
