// SPDX-License-Identifier: MIT
/* tool.h: what the commands of mimus-img share. */
#pragma once

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/block/block.h"

/* One row of the table of commands. run() gets the arguments from the command's name on. */
typedef struct {
    const char *name;
    const char *arguments;      /* one line */
    const char *help;           /* the options, for --help */
    int (*run)(int argc, char **argv);
} Command;

extern const Command commands[];

int img_check(int argc, char **argv);
int img_compare(int argc, char **argv);
int img_convert(int argc, char **argv);
int img_create(int argc, char **argv);
int img_info(int argc, char **argv);
int img_map(int argc, char **argv);
int img_resize(int argc, char **argv);
int img_snapshot(int argc, char **argv);

/* Options of which most commands have some; each takes those of its own `letters`. */
typedef struct {
    const char *format, *out_format, *backing, *backing_format, *snapshot;
    const char *settings[16];   /* -o, as given */
    int settings_n;
    const char *repair, *sparse;
    char action;                /* -l -c -a -d of snapshot */
    bool json, chain, share, progress, quiet, compress, keep, strict, shrink, any_backing;
    const char *prealloc;
    const char *size;           /* --size */
} Options;

/* options_parse: sets optind to the first argument behind the options. Exits for --help; returns
 * false, having said why, for what `letters` does not have. */
bool options_parse(const Command *c, int argc, char **argv, const char *letters, Options *o);
const Command *command_find(const char *name);

/* complain: one line to stderr, "mimus-img: " first. Returns 1. */
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int complain_usage(const char *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* the_queue: the one queue of this run; its engine is that of MIMUS_IMG_ENGINE (io_uring, threads). */
BlockQueue *the_queue(void);

/* parse_size: bytes, or with a suffix of k M G T P E. */
bool parse_size(const char *text, uint64_t *out);

/* human_size: three digits and a unit, in one of a few static buffers. */
const char *human_size(uint64_t bytes);

/* open_image: with a message when it fails (NULL). */
Disk *open_image(const char *path, const Options *o, const char *format, bool write);

/* progress: on stdout, for -p. */
void progress(const Options *o, double part);

/* settings_parse: -o and what belongs to it, into c. */
bool settings_parse(const char *command, const char *format, const Options *o, BlockCreate *c);

void snapshot_print(const BlockSnapshot *list, unsigned n);
