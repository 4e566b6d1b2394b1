/* SPDX-License-Identifier: MIT */
/*
 * entry.h: the kernel's binfmt_misc table, an entry at a time.
 *
 * An entry says which interpreter runs files whose first bytes are magic under mask. The table is
 * a file system (Documentation/admin-guide/binfmt-misc.rst): a file per entry, `register` to add
 * one, `status` for the whole. Newer entries are asked before older ones. Since Linux 6.7 every
 * user namespace can have a table of its own; its programs ask the nearest one.
 */
#pragma once

#include <limits.h>

#include "translate/guest.h"

enum {
    BINFMT_HEAD = 256,          /* bytes of a file that entries can look at */
    BINFMT_NAME_MAX = 64,
    BINFMT_FLAGS_MAX = 8,
    BINFMT_LINE_MAX = 1919,     /* what the kernel takes at once */
};

#define BINFMT_TABLE "/proc/sys/fs/binfmt_misc"

typedef struct {
    char name[BINFMT_NAME_MAX];
    bool enabled;
    bool by_extension;          /* by the file's name: magic is empty */
    char interpreter[PATH_MAX];
    char flags[BINFMT_FLAGS_MAX];   /* letters of P, O, C, F */
    unsigned offset, length;    /* of magic in the file, and its bytes */
    uint8_t magic[BINFMT_HEAD], mask[BINFMT_HEAD];
} BinfmtEntry;

/* The entries, in the order in which the table's folder lists them. */
typedef struct {
    BinfmtEntry *entries;
    unsigned count;
    bool enabled;               /* the table as a whole */
} BinfmtTable;

/*
 * entry_parse: an entry from the text that the kernel shows for it. False: not such a text.
 */
bool entry_parse(const char *name, const char *text, BinfmtEntry *e);

/*
 * entry_line: the line that registers e, ended by NUL, in buf of BINFMT_LINE_MAX + 1 bytes.
 * NULL when all is well, else why it cannot be said.
 */
const char *entry_line(const BinfmtEntry *e, char *buf);

/* entry_matches: would e run a file that starts with head (BINFMT_HEAD bytes)? */
bool entry_matches(const BinfmtEntry *e, const uint8_t *head);

/* entry_same: are all fields but `enabled` the same? Flags in any order. */
bool entry_same(const BinfmtEntry *a, const BinfmtEntry *b);

/*
 * table_read: the table mounted at dir. Returns 0 (then table_free()) or -errno: -ENOENT when no
 * table is mounted there.
 */
int table_read(const char *dir, BinfmtTable *t);
void table_free(BinfmtTable *t);
BinfmtEntry *table_find(const BinfmtTable *t, const char *name);

/*
 * table_mount: mount the table at dir, an existing folder, when none is there. Returns 0 or -errno.
 *
 * table_add, table_remove: 0 or -errno as the kernel gives. table_command: write word ("1", "0" or
 * "-1") to the file `name` of the table.
 */
int table_mount(const char *dir);
int table_add(const char *dir, const BinfmtEntry *e);
int table_remove(const char *dir, const char *name);
int table_command(const char *dir, const char *name, const char *word);
