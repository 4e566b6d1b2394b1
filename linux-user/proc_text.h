/* SPDX-License-Identifier: MIT */
/* proc_text.h: texts as the files of /proc are, and the lines of maps and smaps. */
#pragma once

#include "translate/base/base.h"

/* A text that grows; p to be freed, NULL while it is empty. */
typedef struct {
    char *p;
    size_t len, cap;
} Text;

bool text_add(Text *x, const void *p, size_t n);
void text_printf(Text *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* text_read_file: append a host file; false when it cannot be opened. */
bool text_read_file(Text *x, const char *path);

/* A mapping: the first line, and with smaps those that follow. */
typedef struct {
    uint64_t start, end, offset;
    char perms[5], dev[16];
    unsigned long long inode;
    const char *name;           /* within the line; "" none */
    const char *rest;           /* smaps: the lines that follow, "" for maps */
    size_t rest_len;
} MapLine;

/* map_line_parse: one line of the host's file; false: not a mapping's first line. */
bool map_line_parse(const char *line, MapLine *m);

/*
 * map_next: the mapping at *at of a text of the host, whose line is cut off behind its name; *at
 * becomes the next one's. False: there is none any more.
 */
bool map_next(char **at, MapLine *m);

/* map_put: the part [start, end) of a mapping under another name, perhaps executable. */
void map_put(Text *x, const MapLine *m, uint64_t start, uint64_t end, bool exec, const char *name);
