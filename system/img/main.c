// SPDX-License-Identifier: MIT
/* main.c: mimus-img makes, converts, checks and describes disk images. The table of commands. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "system/img/tool.h"

#define FORMAT_HELP "  -f FORMAT            of the image: raw or qcow2; else its first bytes say\n"
#define SHARE_HELP  "  -U, --force-share    do not mind that others may be writing to it\n"
#define ANY_HELP    "  --any-backing        take backing files from outside the image's folder, or without a format\n"
#define JSON_HELP   "  --output=json        for programs; --output=human is the default\n"
#define SETTINGS_HELP                                                                              \
    "  -o NAME=VALUE,...    settings of the new image: cluster_size, compat (0.10, 1.1),\n"            \
    "                       lazy_refcounts, refcount_bits, compression_type (zlib, zstd),\n"           \
    "                       preallocation (off, metadata, falloc, full), backing_file, backing_fmt, size\n"

// clang-format off
const Command commands[] = {
    {"check", "[options] FILE",
     FORMAT_HELP JSON_HELP
     "  -r leaks|all         repair clusters that nobody uses, or all that can be repaired\n"
     "  -q                   say nothing\n" SHARE_HELP
     "\n0: nothing wrong, 1: not checked, 2: corrupt, 3: only unused clusters, 63: not possible with the format\n",
     img_check},
    {"compare", "[options] FILE FILE",
     "  -f FORMAT            of the first image\n"
     "  -F FORMAT            of the second\n"
     "  -s                   sizes and what is allocated have to be the same, too\n"
     "  -p                   show how far it is\n"
     "  -q                   say nothing\n" SHARE_HELP ANY_HELP
     "\n0: the same, 1: different, 2: not opened, 3 and 4: not read\n",
     img_compare},
    {"convert", "[options] FILE... NEW-FILE",
     FORMAT_HELP
     "  -O FORMAT            of the new image (raw)\n"
     "  -c                   compress\n" SETTINGS_HELP
     "  -S SIZE              so many zeroes in a row become a hole (4k); 0: none does\n"
     "  -n                   the new image is there already: write into it\n"
     "  -p                   show how far it is\n"
     "  -q                   say nothing\n"
     "  -t, -T, -m, -W       are accepted and change nothing\n" SHARE_HELP ANY_HELP,
     img_convert},
    {"create", "[options] FILE [SIZE]",
     "  -f FORMAT            raw (default) or qcow2\n"
     "  -b FILE              backing file: what the image does not have is read there\n"
     "  -F FORMAT            of the backing file\n" SETTINGS_HELP
     "  -q                   say nothing\n",
     img_create},
    {"info", "[options] FILE",
     FORMAT_HELP JSON_HELP
     "  --backing-chain      also of its backing files\n" SHARE_HELP ANY_HELP,
     img_info},
    {"map", "[options] FILE",
     FORMAT_HELP JSON_HELP SHARE_HELP ANY_HELP,
     img_map},
    {"resize", "[options] FILE [+|-]SIZE",
     FORMAT_HELP
     "  --shrink             allow that data behind the new end are lost\n"
     "  --preallocation=off  is accepted\n"
     "  -q                   say nothing\n" ANY_HELP,
     img_resize},
    {"snapshot", "-l|-c NAME|-a NAME|-d NAME [options] FILE",
     "  -l                   list (default)\n"
     "  -c NAME              make one\n"
     "  -a NAME              go back to it\n"
     "  -d NAME              delete it\n"
     "  -q                   say nothing\n" SHARE_HELP,
     img_snapshot},
    {0},
};
// clang-format on

static void print_help(void)
{
    puts("usage: mimus-img COMMAND [ARGUMENT...]\n"
         "Make, convert, check and describe disk images, raw and qcow2.\n");
    for (const Command *c = commands; c->name; c++)
        printf("  %-9s %s\n", c->name, c->arguments);
    puts("\nmimus-img COMMAND --help says more. SIZE is bytes, or has a suffix k, M, G, T, P or E.");
}

int complain(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fputs("mimus-img: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return 1;
}

int complain_usage(const char *command, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    fprintf(stderr, "mimus-img: %s: ", command);
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "; try `mimus-img %s --help`\n", command);
    va_end(ap);
    return 1;
}

const Command *command_find(const char *name)
{
    for (const Command *c = commands; c->name; c++)
        if (!strcmp(c->name, name))
            return c;
    return NULL;
}

BlockQueue *the_queue(void)
{
    static BlockQueue *q;
    const char *name = getenv("MIMUS_IMG_ENGINE");
    BlockEngine e = !name                     ? BLOCK_ENGINE_ANY
                    : !strcmp(name, "threads") ? BLOCK_ENGINE_THREADS
                                              : BLOCK_ENGINE_URING;

    if (!q && !(q = block_queue_new(e, 64))) {
        complain("no I/O engine%s%s", name ? " " : "", name ? name : "");
        exit(1);
    }
    return q;
}

bool parse_size(const char *text, uint64_t *out)
{
    static const char units[] = "kMGTPE";
    char *end;
    double v;
    const char *u;
    unsigned shift = 0;

    if (!(*text >= '0' && *text <= '9'))
        return false;
    errno = 0;
    *out = strtoull(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
    if (errno)
        return false;
    v = *end == '.' ? strtod(text, &end) : 0;
    if (*end == 'b' || *end == 'B') {
        end++;
    } else if (*end) {
        u = strchr(units, *end == 'k' || *end == 'K' ? 'k' : *end & ~32);
        if (!u)
            return false;
        shift = (u - units + 1) * 10;
        end++;
    }
    if (*end)
        return false;
    if (v) {
        v = ldexp(v, shift);
        if (v >= 0x1p63)
            return false;
        *out = v;
        return true;
    }
    if (*out > (uint64_t)INT64_MAX >> shift)
        return false;
    *out <<= shift;
    return true;
}

const char *human_size(uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    static char bufs[4][32];
    static int next;
    char *buf = bufs[next++ % 4];
    double v = bytes;
    int u = 0;

    while (v >= 1000 && u < 6) {        /* three digits have to do */
        v /= 1024;
        u++;
    }
    snprintf(buf, sizeof(bufs[0]), "%0.3g %s", v, units[u]);
    return buf;
}

Disk *open_image(const char *path, const Options *o, const char *format, bool write)
{
    BlockOptions b = {.format = format, .write = write, .no_lock = o->share, .any_backing = o->any_backing};
    char why[BLOCK_WHY];
    Disk *d;

    if (disk_open(the_queue(), path, &b, &d, why)) {
        complain("%s", why);
        return NULL;
    }
    return d;
}

void progress(const Options *o, double part)
{
    static int last = -1;
    int now = part * 10000;

    if (!o->progress || o->quiet || (now == last && part < 1))
        return;
    last = now;
    printf("    (%.2f/100%%)\r", part * 100);
    if (part >= 1)
        putchar('\n');
    fflush(stdout);
}

/* ---- options ---- */

enum { OPT_OUTPUT = 256, OPT_CHAIN, OPT_SHRINK, OPT_ANY, OPT_PREALLOC, OPT_HELP };

static const struct option long_options[] = {
    {"output", required_argument, NULL, OPT_OUTPUT},
    {"backing-chain", no_argument, NULL, OPT_CHAIN},
    {"shrink", no_argument, NULL, OPT_SHRINK},
    {"any-backing", no_argument, NULL, OPT_ANY},
    {"preallocation", required_argument, NULL, OPT_PREALLOC},
    {"force-share", no_argument, NULL, 'U'},
    {"help", no_argument, NULL, OPT_HELP},
    {0},
};

static bool take_option(const Command *c, int opt, Options *o)
{
    switch (opt) {
    case 'f': o->format = optarg; return true;
    case 'O': o->out_format = optarg; return true;
    case 'F': o->backing_format = optarg; return true;
    case 'b': o->backing = optarg; return true;
    case 'r': o->repair = optarg; return true;
    case 'S': o->sparse = optarg; return true;
    case 'U': o->share = true; return true;
    case 'p': o->progress = true; return true;
    case 'q': o->quiet = true; return true;
    case 'n': o->keep = true; return true;
    case 's': o->strict = true; return true;
    case 't': case 'T': case 'm': case 'W': return true;
    case 'l': o->action = 'l'; return true;
    case 'a': case 'd': o->action = opt; o->snapshot = optarg; return true;
    case 'c':
        if (!optarg)
            o->compress = true;
        o->action = 'c';
        o->snapshot = optarg;
        return true;
    case 'o':
        if (o->settings_n == 16)
            return !complain_usage(c->name, "too many -o");
        o->settings[o->settings_n++] = optarg;
        return true;
    case OPT_OUTPUT:
        o->json = !strcmp(optarg, "json");
        return o->json || !strcmp(optarg, "human") || !complain_usage(c->name, "--output is human or json");
    case OPT_CHAIN: o->chain = true; return true;
    case OPT_SHRINK: o->shrink = true; return true;
    case OPT_ANY: o->any_backing = true; return true;
    case OPT_PREALLOC: o->prealloc = optarg; return true;
    case OPT_HELP: printf("usage: mimus-img %s %s\n\n%s", c->name, c->arguments, c->help); exit(0);
    case ':': return !complain_usage(c->name, "an option lacks its value");
    default: return !complain_usage(c->name, "no such option");
    }
}

bool options_parse(const Command *c, int argc, char **argv, const char *letters, Options *o)
{
    int opt;

    memset(o, 0, sizeof(*o));
    opterr = 0;
    optind = 1;
    while ((opt = getopt_long(argc, argv, letters, long_options, NULL)) != -1)
        if (!take_option(c, opt, o))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    const Command *c = argc > 1 ? command_find(argv[1]) : NULL;
    int rc;

    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        print_help();
        return 0;
    }
    if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
        puts("mimus-img " MIMUS_VERSION);
        return 0;
    }
    if (!c) {
        complain(argc > 1 ? "no command '%s'; try `mimus-img --help`" : "what? try `mimus-img --help`",
                 argc > 1 ? argv[1] : "");
        return 1;
    }
    rc = c->run(argc - 1, argv + 1);
    if (fflush(stdout) || ferror(stdout))
        return complain("standard output: %s", strerror(errno));
    return rc;
}
