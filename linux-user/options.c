// SPDX-License-Identifier: MIT
/* options.c: the table of options, and the ways to set them: arguments, variables, exec. */
#include "linux-user/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gen/syscalls.h"
#include "linux-user/path_prefix.h"
#include "syscall/system.h"
#include "translate/base/log.h"
#include "translate/isa_report.h"

Options options;

enum {
    OPT_ARG = 1,        /* takes an argument */
    OPT_CARRY = 2,      /* passed on to programs the guest executes */
    OPT_EQUALS = 4,     /* may be given as -name=value */
    OPT_UNSAFE = 8,     /* reads or writes what the user names, or shows the program's insides */
    EXIT_USAGE = 1,
};

typedef struct {
    const char *name;
    const char *env;            /* without MIMUS_ or QEMU_; NULL: no twin */
    unsigned flags;
    void (*set)(const char *arg);
    const char *arg_name, *help;
    const char *value;          /* last one given, for options_export() */
} Option;

/* Variables -E and -U name, in order. */
typedef struct {
    char *text;
    bool unset;
} EnvEdit;

/* Options come from the mimus that executed this one. */
static bool importing;

static EnvEdit *env_edits;
static unsigned n_env_edits;

/* ---- helpers ---- */

static bool parse_number(const char *s, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(s, &end, 0);
    return *s && *s != '-' && !*end && !errno;
}

static uint64_t parse_size(const char *what, const char *s)
{
    char *end;

    errno = 0;
    uint64_t n = strtoull(s, &end, 0);
    unsigned shift = *end == 'k' || *end == 'K'   ? 10
                     : *end == 'm' || *end == 'M' ? 20
                     : *end == 'g' || *end == 'G' ? 30
                                                  : 0;

    if (end == s || *s == '-' || (shift ? end[1] : *end) || errno || n > UINT64_MAX >> shift)
        die(EXIT_USAGE, "-%s: '%s' is not a size", what, s);
    return n << shift;
}

static void edit_env(const char *list, bool unset)
{
    char *copy = strdup(list), *item;

    while (copy && (item = strsep(&copy, ","))) {
        if (!*item)
            continue;
        if (!unset && !strchr(item, '='))
            die(EXIT_USAGE, "-E: '%s' is not NAME=VALUE", item);
        env_edits = reallocarray(env_edits, n_env_edits + 1, sizeof(*env_edits));
        if (!env_edits)
            die(EXIT_USAGE, "out of memory");
        env_edits[n_env_edits++] = (EnvEdit){ item, unset };
    }
}

/* ---- one setter per option ---- */

static Option *option_find(const char *name, size_t n);

/* Kept absolute, since programs change their directory; one that is not there has no effect. */
static void set_prefix(const char *arg)
{
    char *full = realpath(arg, NULL);

    options.prefix_missing = full ? NULL : arg;
    options.prefix = option_find("L", 1)->value = full;
}

static void set_env(const char *arg)
{
    edit_env(arg, false);
}

static void unset_env(const char *arg)
{
    edit_env(arg, true);
}

static void set_argv0(const char *arg)
{
    options.argv0 = arg;
}

static void set_uname(const char *arg)
{
    options.uname_release = system_uname_release = arg;
}

static void set_stack(const char *arg)
{
    options.stack_bytes = parse_size("s", arg);
}

static void list_cpus(void)
{
    for (const Guest *const *g = guest_list; *g; g++) {
        printf("%s:\n", (*g)->name);
        for (const GuestCpu *c = (*g)->cpus; c && c->name; c++)
            printf("  %-14s %s\n", c->name, c->what);
        puts("switches: MODEL,FEATURE=on or =off with");
        const char *before = "";

        for (const GuestFeature *f = (*g)->feature_names; f && f->name; f++) {
            if (f->lifted && strcmp(f->name, before))
                printf("  %s", f->name);
            before = f->name;
        }
        puts("");
    }
    exit(0);
}

/* The guest is not known yet: start_translator() looks at it. */
static void set_cpu(const char *arg)
{
    if (!strcmp(arg, "help"))
        list_cpus();
    options.cpu = arg;
}

static void set_gdb(const char *arg)
{
    die(EXIT_USAGE, "-g %s: there is no debug server yet; run the program without -g", arg);
}

/* QEMU's -d items that have no meaning here but stand in people's scripts. */
static bool ignored_log_item(const char *s, size_t n)
{
    static const char *const names[] = { "op_opt", "op_ind", "op_plugin", "int", "exec", "cpu",
                                         "fpu", "mmu", "pcall", "cpu_reset", "guest_errors",
                                         "nochain", "tid", "vpu", "invalid_mem", "plugin" };

    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        if (strlen(names[i]) == n && !memcmp(s, names[i], n))
            return true;
    }
    return false;
}

static void print_log_items(void)
{
#define X(name) puts(#name);
    LOG_CATEGORIES(X)
#undef X
    puts("strace\nall");
    exit(0);
}

static void set_strace(const char *arg)
{
    (void)arg;
    options.strace = syscall_trace = true;
}

static void set_log(const char *arg)
{
    const char *bad;
    char item[32];

    for (const char *p = arg; *p;) {
        size_t n = strcspn(p, ",");

        if (n == 4 && !memcmp(p, "help", 4))
            print_log_items();
        if (n == 6 && !memcmp(p, "strace", 6)) {
            set_strace(NULL);
        } else if (n >= sizeof(item)) {
            die(EXIT_USAGE, "-d: unknown item '%.*s'", (int)n, p);
        } else if (!ignored_log_item(p, n)) {
            memcpy(item, p, n);
            item[n] = 0;
            if (log_select(item, &bad) < 0)
                die(EXIT_USAGE, "-d: unknown item '%s' (-d help lists them)", item);
        }
        p += n;
        p += *p == ',';
    }
}

/* The programs a guest executes go on with the same file. */
static void set_log_file(const char *arg)
{
    bool again = importing || getenv("MIMUS_EXEC");
    int err = again ? log_append(arg) : log_open(arg);
    char *full = err < 0 ? NULL : realpath(arg, NULL);

    if (err < 0 && !again)
        die(EXIT_USAGE, "-D %s: %s", arg, strerror(-err));
    if (full)
        option_find("D", 1)->value = full;
}

static void set_dfilter(const char *arg)
{
    const char *bad;

    if (log_select_range(arg, &bad) < 0)
        die(EXIT_USAGE, "-dfilter: '%.*s' is none of A..B, A+N, A-N", (int)strcspn(bad, ","), bad);
}

static void set_seed(const char *arg)
{
    if (!parse_number(arg, &options.seed))
        die(EXIT_USAGE, "-seed: '%s' is not a number", arg);
    options.has_seed = true;
}

static void set_one_insn(const char *arg)
{
    (void)arg;
    options.translate.one_insn_per_block = true;
}

static void set_tb_size(const char *arg)
{
    uint64_t n;

    if (!parse_number(arg, &n) || n > 1u << 20)
        die(EXIT_USAGE, "-tb-size: '%s' is not a size in MiB", arg);
    options.translate.code_bytes = n << 20;
}

static void set_accel(const char *arg)
{
    if (!strcmp(arg, "jit") || !strcmp(arg, "tcg"))
        options.translate.accel = ACCEL_JIT;
    else if (!strcmp(arg, "interp"))
        options.translate.accel = ACCEL_INTERP;
    else
        die(EXIT_USAGE, "-accel: '%s' is neither jit nor interp", arg);
}

static void set_stats(const char *arg)
{
    bool json = arg && !strcmp(arg, "json");

    if (arg && !json && *arg && strcmp(arg, "1") && strcmp(arg, "text"))
        die(EXIT_USAGE, "-stats=%s: the forms are text and json", arg);
    options.stats = json ? STATS_JSON : STATS_TEXT;
}

/* clear_unless_again: make a report's file empty, but not in programs that the guest executes. */
static int clear_unless_again(const char *path)
{
    bool again = importing || getenv("MIMUS_EXEC");
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (again ? 0 : O_TRUNC), 0666);

    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static void set_profile(const char *arg)
{
    options.profile = true;
    if (!arg || !*arg || !strcmp(arg, "1"))
        return;
    int err = clear_unless_again(arg);
    char *full = err < 0 ? NULL : realpath(arg, NULL);

    if (err < 0 && !importing)
        die(EXIT_USAGE, "-profile=%s: %s", arg, strerror(-err));
    options.profile_file = option_find("profile", 7)->value = full ? full : arg;
}

static void set_perfmap(const char *arg)
{
    (void)arg;
    options.perfmap = true;
}

static void set_jitdump(const char *arg)
{
    bool named = arg && *arg && strcmp(arg, "1");
    char *full = realpath(named ? arg : ".", NULL);

    if (!full && !importing)
        die(EXIT_USAGE, "-jitdump=%s: %s", arg, strerror(errno));
    options.jitdump = option_find("jitdump", 7)->value = full ? full : arg;
}

static void set_nothing(const char *arg)
{
    (void)arg;
}

static void refuse(const char *arg)
{
    die(EXIT_USAGE, "-%s is not supported", arg);
}

static void refuse_plugin(const char *arg)
{
    (void)arg;
    refuse("plugin");
}

static void refuse_trace(const char *arg)
{
    (void)arg;
    refuse("trace");
}

static void show_version(const char *arg)
{
    (void)arg;
    puts("mimus version " MIMUS_VERSION);
    exit(0);
}

static void show_syscalls(const char *arg)
{
    (void)arg;
    syscalls_print_list(stdout);
    exit(0);
}

static void show_isa_report(const char *arg)
{
    for (const Guest *const *g = guest_list; *g; g++) {
        if (!strcmp((*g)->name, arg))
            exit(isa_report(stdout, *g) < 0 ? EXIT_USAGE : 0);
    }
    die(EXIT_USAGE, "-isa-report: there is no guest '%s'", arg);
}

static void show_help(const char *arg);

// clang-format off
static Option table[] = {
    { "h",               NULL,              0,                   show_help,     "", "this help", NULL },
    { "help",            NULL,              0,                   show_help,     "", "", NULL },
    { "version",         NULL,              0,                   show_version,  "", "version", NULL },
    { "syscalls",        NULL,              0,                   show_syscalls, "", "system calls and how far each is supported", NULL },
    { "isa-report",      NULL,              OPT_ARG,             show_isa_report, "GUEST", "what becomes of each instruction of a guest", NULL },
    { "L",               "LD_PREFIX",       OPT_ARG | OPT_CARRY | OPT_UNSAFE, set_prefix,    "DIR", "look for files of the guest under DIR first", NULL },
    { "E",               "SET_ENV",         OPT_ARG,             set_env,       "VAR=VALUE,...", "set variables of the guest", NULL },
    { "U",               "UNSET_ENV",       OPT_ARG,             unset_env,     "VAR,...", "unset variables of the guest", NULL },
    { "0",               "ARGV0",           OPT_ARG,             set_argv0,     "NAME", "argv[0] of the guest", NULL },
    { "r",               "UNAME",           OPT_ARG | OPT_CARRY, set_uname,     "RELEASE", "kernel release that uname tells", NULL },
    { "s",               "STACK_SIZE",      OPT_ARG | OPT_CARRY, set_stack,     "SIZE", "size of the first stack, with k, M or G", NULL },
    { "cpu",             "CPU",             OPT_ARG | OPT_CARRY, set_cpu,       "MODEL", "CPU model, and features to switch (-cpu help)", NULL },
    { "g",               "GDB",             OPT_ARG | OPT_UNSAFE,             set_gdb,       "PORT", "wait for a debugger (not there yet)", NULL },
    { "strace",          "STRACE",          OPT_CARRY | OPT_UNSAFE,           set_strace,    "", "print system calls", NULL },
    { "d",               "LOG",             OPT_ARG | OPT_CARRY | OPT_UNSAFE, set_log,       "ITEM,...", "log these items (-d help)", NULL },
    { "D",               "LOG_FILENAME",    OPT_ARG | OPT_CARRY | OPT_UNSAFE, set_log_file,  "FILE", "log to FILE instead of standard error", NULL },
    { "dfilter",         "DFILTER",         OPT_ARG | OPT_CARRY | OPT_UNSAFE, set_dfilter,   "RANGE,...", "log translation of A..B, A+SIZE, B-SIZE only", NULL },
    { "seed",            "RAND_SEED",       OPT_ARG | OPT_CARRY, set_seed,      "N", "make random choices repeatable", NULL },
    { "accel",           "ACCEL",           OPT_ARG | OPT_CARRY, set_accel,     "jit|interp", "translate (default) or interpret", NULL },
    { "one-insn-per-tb", "ONE_INSN_PER_TB", OPT_CARRY,           set_one_insn,  "", "translate single instructions", NULL },
    { "singlestep",      "SINGLESTEP",      OPT_CARRY,           set_one_insn,  "", "older name of -one-insn-per-tb", NULL },
    { "tb-size",         "TB_SIZE",         OPT_ARG | OPT_CARRY, set_tb_size,   "MIB", "size of the code cache", NULL },
    { "stats",           "STATS",           OPT_EQUALS | OPT_CARRY | OPT_UNSAFE, set_stats,  "[=json]", "print counters of the translator at the end", NULL },
    { "B",               "GUEST_BASE",      OPT_ARG,             set_nothing,   "ADDRESS", "accepted, has no effect: 64-bit guests have the host's addresses", NULL },
    { "R",               "RESERVED_VA",     OPT_ARG,             set_nothing,   "SIZE", "accepted, has no effect, as -B", NULL },
    { "p",               "PAGESIZE",        OPT_ARG,             set_nothing,   "SIZE", "accepted, has no effect", NULL },
    { "t",               "RTSIG_MAP",       OPT_ARG,             set_nothing,   "MAP", "accepted, has no effect: all signals are the guest's", NULL },
    { "profile",         "PROFILE",         OPT_EQUALS | OPT_CARRY | OPT_UNSAFE, set_profile, "[=FILE]", "print at the end where CPU time went, by guest block", NULL },
    { "perfmap",         "PERFMAP",         OPT_CARRY | OPT_UNSAFE,           set_perfmap,   "", "write /tmp/perf-PID.map for perf report", NULL },
    { "jitdump",         "JITDUMP",         OPT_EQUALS | OPT_CARRY | OPT_UNSAFE, set_jitdump, "[=DIR]", "write DIR/jit-PID.dump for perf inject (default: here)", NULL },
    { "plugin",          NULL,              OPT_ARG,             refuse_plugin, "FILE", "not supported", NULL },
    { "trace",           NULL,              OPT_ARG,             refuse_trace,  "EVENTS", "not supported", NULL },
};
// clang-format on

static void show_help(const char *arg)
{
    (void)arg;
    puts("usage: mimus [options] PROGRAM [arguments...]\n"
         "Run a Linux program built for another CPU.\n");
    for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
        const Option *o = &table[i];
        char left[64];

        if (!*o->help)
            continue;
        snprintf(left, sizeof(left), "-%s%s%s", o->name, o->flags & OPT_EQUALS ? "" : " ", o->arg_name);
        printf("  %-24s %s\n", left, o->help);
        if (o->env)
            printf("  %-24s (MIMUS_%s or QEMU_%s)\n", "", o->env, o->env);
    }
    exit(0);
}

bool options_privileged;

static void apply(Option *o, const char *arg)
{
    if (options_privileged && (o->flags & OPT_UNSAFE))
        return;
    o->value = arg ? arg : "";
    o->set(arg);
}

/* ---- command line ---- */

static Option *option_find(const char *name, size_t n)
{
    for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
        if (strlen(table[i].name) == n && !memcmp(table[i].name, name, n))
            return &table[i];
    }
    return NULL;
}

int options_parse(int argc, char **argv)
{
    int i = 1;

    while (i < argc && argv[i][0] == '-' && argv[i][1]) {
        const char *name = argv[i] + 1 + (argv[i][1] == '-');
        Option *o;

        if (!*name) {           /* "--" ends the options */
            i++;
            break;
        }
        size_t len = strcspn(name, "=");
        const char *value = name[len] ? name + len + 1 : NULL;

        o = option_find(name, len);
        if (!o || (value && !(o->flags & OPT_EQUALS)))
            die(EXIT_USAGE, "unknown option '%s' (-h lists them)", argv[i]);
        if ((o->flags & OPT_ARG) && i + 1 >= argc)
            die(EXIT_USAGE, "option '%s' needs an argument: %s", argv[i], o->arg_name);
        i++;
        apply(o, o->flags & OPT_ARG ? argv[i++] : value);
    }
    if (i >= argc)
        die(EXIT_USAGE, "no program given (-h shows the usage)");
    return i;
}

/* ---- variables ---- */

/* env_value: the value when var is PREFIX name "=" value, else NULL. */
static const char *env_value(const char *var, const char *name)
{
    size_t n = strlen(name);

    return !strncmp(var, name, n) && var[n] == '=' ? var + n + 1 : NULL;
}

static void option_from_var(const char *var)
{
    for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
        const char *value = table[i].env ? env_value(var, table[i].env) : NULL;

        if (value) {
            apply(&table[i], table[i].flags & (OPT_ARG | OPT_EQUALS) ? value : NULL);
            return;
        }
    }
}

void options_from_env(char **envp)
{
    /* QEMU's first, so that ours win. One pass for the usual case of none. */
    for (char **e = envp; *e; e++) {
        if (!strncmp(*e, "QEMU_", 5))
            option_from_var(*e + 5);
    }
    for (char **e = envp; *e; e++) {
        if (!strncmp(*e, "MIMUS_", 6))
            option_from_var(*e + 6);
    }
}

/* is_ours: does a mimus that starts with this variable look at it? */
static bool is_ours(const char *var)
{
    bool mimus = !strncmp(var, "MIMUS_", 6);

    if (!mimus && strncmp(var, "QEMU_", 5))
        return false;
    var += mimus ? 6 : 5;
    if (mimus && (env_value(var, "EXEC") || env_value(var, "CPU_MASK")))
        return true;
    for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].env && env_value(var, table[i].env))
            return true;
    }
    return false;
}

void options_drop_env(char **envp)
{
    char **kept = envp;

    for (char **e = envp; *e; e++) {
        if (!is_ours(*e))
            *kept++ = *e;
    }
    *kept = NULL;
}

static bool same_name(const char *var, const char *edit)
{
    size_t n = strcspn(edit, "=");

    return !strncmp(var, edit, n) && var[n] == '=';
}

char **options_environ(char **envp)
{
    size_t n = 0;

    if (!n_env_edits)
        return envp;
    while (envp[n])
        n++;
    char **out = calloc(n + n_env_edits + 1, sizeof(*out));

    if (!out)
        die(EXIT_USAGE, "out of memory");
    memcpy(out, envp, n * sizeof(*out));
    for (unsigned i = 0; i < n_env_edits; i++) {
        size_t kept = 0;

        for (size_t j = 0; j < n; j++) {
            if (!same_name(out[j], env_edits[i].text))
                out[kept++] = out[j];
        }
        if (!env_edits[i].unset)
            out[kept++] = env_edits[i].text;
        n = kept;
    }
    out[n] = NULL;
    return out;
}

/* ---- over exec ---- */

size_t text_escape(char *dst, size_t len, const char *src)
{
    size_t n = 0;

    for (; *src && n + 4 < len; src++) {
        unsigned char c = (unsigned char)*src;

        if (c <= ' ' || c == '%' || c == ';')
            n += (size_t)sprintf(dst + n, "%%%02x", c);
        else
            dst[n++] = (char)c;
    }
    dst[n] = 0;
    return n;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t text_unescape(char *dst, size_t len, const char *src, size_t src_len)
{
    size_t n = 0;

    for (size_t i = 0; i < src_len && n + 1 < len; i++) {
        int hi = i + 2 < src_len ? hex_digit(src[i + 1]) : -1;
        int lo = i + 2 < src_len ? hex_digit(src[i + 2]) : -1;

        if (src[i] == '%' && hi >= 0 && lo >= 0) {
            dst[n++] = (char)(hi << 4 | lo);
            i += 2;
        } else {
            dst[n++] = src[i];
        }
    }
    dst[n] = 0;
    return n;
}

size_t options_export(char *buf, size_t len)
{
    size_t n = 0;

    *buf = 0;
    for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
        const Option *o = &table[i];

        if (!o->value || !(o->flags & OPT_CARRY))
            continue;
        if (n + strlen(o->name) + 3 * strlen(o->value) + 8 > len)
            return 0;
        n += (size_t)sprintf(buf + n, "%s=", o->name);
        n += text_escape(buf + n, len - n, o->value);
        buf[n++] = ';';
        buf[n] = 0;
    }
    return n;
}

void options_import(const char *text)
{
    importing = true;
    while (*text) {
        size_t n = strcspn(text, ";"), name = strcspn(text, "=");
        Option *o = name < n ? option_find(text, name) : NULL;
        char *value;

        if (o && (o->flags & OPT_CARRY) && (value = malloc(n - name))) {
            text_unescape(value, n - name, text + name + 1, n - name - 1);
            apply(o, o->flags & (OPT_ARG | OPT_EQUALS) ? value : NULL);
        }
        text += n;
        text += *text == ';';
    }
    importing = false;
}
