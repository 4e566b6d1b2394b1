// SPDX-License-Identifier: MIT
/*
 * main.c: the mimus program. It can be started in several ways:
 *
 *   mimus [options] PROGRAM [arguments]      also as mimus-ARCH, qemu-ARCH[-static], which then
 *                                            run programs of that CPU only
 *   by binfmt_misc                           mimus PATH [ARGV0] arguments (flags O, P)
 *   by the execve of a guest                 argv is the guest's, see exec.h
 *   mimus-binfmt ..., mimus-run ...          are other programs, see binfmt/tool.h, run/tool.h
 *
 * Exit status before the guest runs: 127 not found, 126 cannot be run, 1 wrong usage.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "binfmt/tool.h"
#include "elfload/map.h"
#include "linux-user/core_dump.h"
#include "linux-user/exec.h"
#include "linux-user/explain.h"
#include "linux-user/heap.h"
#include "linux-user/host_stack.h"
#include "linux-user/load.h"
#include "linux-user/observe.h"
#include "linux-user/options.h"
#include "linux-user/path_prefix.h"
#include "linux-user/run.h"
#include "linux-user/thread.h"
#include "run/tool.h"
#include "signal/signal.h"
#include "syscall/host_call.h"
#include "syscall/memory.h"
#include "syscall/own_range.h"
#include "translate/base/log.h"
#include "translate/base/own_memory.h"
#include "translate/translate.h"

enum { EXIT_CANNOT_RUN = 126, STACK_LEAST = 256 * 1024, AT_FLAGS_KEEP_ARGV0 = 1 };

/* One way to be started, as the rest sees it. */
typedef struct {
    const char *path;       /* guest's name of the program, also AT_EXECFN */
    char **argv;            /* the guest's */
    int fd;                 /* already open, or -1 */
    bool handed_over;       /* by the execve of a guest: fail as the kernel fails */
} Start;

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* arch_of_name: the guest that "mimus-ARCH", "qemu-ARCH" or "qemu-ARCH-static" stands for. */
static const Guest *arch_of_name(const char *argv0)
{
    const char *name = base_name(argv0);
    size_t n;

    if (!strncmp(name, "mimus-", 6))
        name += 6;
    else if (!strncmp(name, "qemu-", 5))
        name += 5;
    else
        return NULL;
    n = strlen(name);
    if (n > 7 && !strcmp(name + n - 7, "-static"))
        n -= 7;
    for (const Guest *const *g = guest_list; *g; g++) {
        if (strlen((*g)->name) == n && !memcmp((*g)->name, name, n))
            return *g;
    }
    return NULL;
}

/* aux_has: getauxval() tells a missing entry from 0 by errno only. */
static bool aux_has(unsigned long key, unsigned long *value)
{
    errno = 0;
    *value = getauxval(key);
    return errno == 0;
}

/*
 * privileged_start: do rights that the caller has not come with this very exec, from the program's
 * file (binfmt_misc, flag C) or from our own? AT_SECURE alone also stands in programs that a
 * set-user-id program executes: those were handed over by a mimus that may be believed.
 */
static bool privileged_start(void)
{
    unsigned long unused;
    struct stat st;

    if (!getauxval(AT_SECURE))
        return false;
    return aux_has(AT_EXECFD, &unused) || stat("/proc/self/exe", &st) ||
           (st.st_mode & (S_ISUID | S_ISGID)) ||
           getxattr("/proc/self/exe", "security.capability", NULL, 0) > 0;
}

/* start_by_binfmt: flag O gives a descriptor, flag P keeps argv[0] as a further argument. */
static bool start_by_binfmt(int argc, char **argv, Start *s)
{
    unsigned long fd = 0, flags = 0;
    bool open_fd = aux_has(AT_EXECFD, &fd);
    bool keep = aux_has(AT_FLAGS, &flags) && (flags & AT_FLAGS_KEEP_ARGV0);

    if ((!open_fd && !keep) || argc < (keep ? 3 : 2))
        return false;
    s->path = argv[1];
    s->fd = open_fd ? (int)fd : -1;
    s->argv = argv + (keep ? 2 : 1);
    exec_by_kernel();
    return true;
}

/* ---- finding the program ---- */

/* is_there: below the prefix, or on the host? */
static bool is_there(const char *path, bool in_prefix)
{
    char host[PATH_MAX];

    if (!in_prefix)
        return access(path, X_OK) == 0;
    return path_resolve(NULL, AT_FDCWD, path, host, sizeof(host), PATH_LOOKUP) == 0 &&
           path_prefix_strip(host) != host && access(host, X_OK) == 0;
}

static bool search_dirs(const char *name, bool in_prefix, char *buf, size_t len)
{
    const char *dirs = getenv("PATH");

    for (dirs = dirs ? dirs : "/usr/local/bin:/usr/bin:/bin"; *dirs;) {
        size_t n = strcspn(dirs, ":");

        if (n && (size_t)snprintf(buf, len, "%.*s/%s", (int)n, dirs, name) < len &&
            is_there(buf, in_prefix))
            return true;
        dirs += n;
        dirs += *dirs == ':';
    }
    return false;
}

/*
 * search_path: a bare name that is no file here is looked for in PATH; with a prefix, in all of
 * the prefix's directories before the host's, which rarely hold programs of the guest.
 */
static const char *search_path(const char *name, char *buf, size_t len)
{
    if (!*name || strchr(name, '/') || access(name, F_OK) == 0)
        return name;
    if ((path_prefix_active && search_dirs(name, true, buf, len)) ||
        search_dirs(name, false, buf, len))
        return buf;
    return name;
}

/* plan_open: a program that comes as a descriptor: no script, no search. */
static int plan_open(const Start *s, ExecPlan *plan, const char **why)
{
    plan->n_lead = 0;
    plan->fd = s->fd;
    plan->guest = NULL;
    int err = elf_read(s->fd, &plan->img, why);

    if (err < 0)
        return err;
    for (const Guest *const *g = guest_list; *g; g++) {
        if ((*g)->elf_machine == plan->img.machine && (*g)->elf_class == plan->img.elf_class &&
            (*g)->elf_data == plan->img.data)
            plan->guest = *g;
    }
    return 0;
}

static void find_program(Start *s, ExecPlan *plan, const Guest *only)
{
    const char *why = EXEC_WHY_PLAIN;
    int err = s->fd >= 0 ? plan_open(s, plan, &why)
                         : exec_plan(NULL, AT_FDCWD, s->path, 0, plan, &why);

    if (err < 0)
        explain_error(s->path, plan, err, why);
    if (!plan->guest)
        explain_no_guest(s->path, plan);
    if (only && plan->guest != only)
        explain_wrong_guest(s->path, plan, only);
}

/* script_argv: the arguments when the program is a script's interpreter. */
static char **script_argv(const ExecPlan *plan, char **argv)
{
    size_t n = 0;

    if (!plan->n_lead)
        return argv;
    while (argv[n])
        n++;
    char **out = calloc(plan->n_lead + n + 1, sizeof(*out));

    if (!out)
        die(EXIT_CANNOT_RUN, "out of memory");
    memcpy(out, plan->lead, plan->n_lead * sizeof(*out));
    if (n)
        memcpy(out + plan->n_lead, argv + 1, (n - 1) * sizeof(*out));
    return out;
}

/* ---- */

/* note_own: the translator's mappings; lengths as it gave them to mmap. */
static void note_own(uint64_t start, uint64_t len)
{
    if (len)
        own_range_add(start, align_up(len, PAGE_BYTES));
    else
        own_range_remove(start);
}

/* mapped_start: of the mappings without a gap that end with a byte's page. */
static uint64_t mapped_start(uint64_t byte)
{
    uint64_t page = align_down(byte, PAGE_BYTES);
    unsigned char in_core[32];

    for (uint64_t n = sizeof(in_core); n; n /= 2)
        while (host_call(SYS_mincore, page - n * PAGE_BYTES, n * PAGE_BYTES, in_core) == 0)
            page -= n * PAGE_BYTES;
    return page;
}

static void own_pages(uint64_t start, uint64_t end)
{
    start = align_down(start, PAGE_BYTES);
    own_range_add(start, align_up(end, PAGE_BYTES) - start);
}

/* own_vdso: the host's, and the pages of data in front of it. */
static void own_vdso(const Elf64_Ehdr *vdso)
{
    uint64_t end = (uint64_t)vdso;

    if (!vdso)
        return;
    const Elf64_Phdr *ph = (const void *)((const char *)vdso + vdso->e_phoff);

    for (unsigned i = 0; i < vdso->e_phnum; i++)
        if (ph[i].p_type == PT_LOAD)
            end = (uint64_t)vdso + ph[i].p_offset + ph[i].p_memsz;
    own_pages(mapped_start((uint64_t)vdso), end);
}

/*
 * own_process: what is mapped before the guest's program is ours, so no place for the guest's fixed
 * mappings: our code and data, the heap, the stack with the strings at its end, the vDSO.
 */
static void own_process(void)
{
    extern const char __ehdr_start[] __attribute__((visibility("hidden")));
    extern const char _end[] __attribute__((visibility("hidden")));
    uint64_t sp = (uint64_t)__builtin_frame_address(0);
    const char *last = (const char *)getauxval(AT_EXECFN);

    own_pages((uint64_t)__ehdr_start, (uint64_t)_end);
    /* What the C library took for this thread, malloc being elsewhere. */
    own_pages(mapped_start((uint64_t)sbrk(0) - 1), (uint64_t)sbrk(0));
    own_pages(sp - HOST_STACK_BYTES, last ? (uint64_t)last + strlen(last) + 1 : sp);
    own_vdso((const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR));
    own_memory_hook = note_own;
    heap_own();
}

/* adopt_limits: as far as the host lets us; with a tiny hard stack limit we would crash later. */
static void adopt_limits(void)
{
    struct rlimit stack;

    limits_adopt();
    if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur < STACK_LEAST)
        die(EXIT_CANNOT_RUN, "the stack limit (ulimit -s) is %u kB, at least %u are needed",
            (unsigned)(stack.rlim_cur >> 10), STACK_LEAST >> 10);
}

/* select_cpu: -cpu; a model meant for the guest that executed this one is passed over. */
static void select_cpu(const Guest *guest, bool handed_over)
{
    TranslateOptions *o = &options.translate;
    char bad[64];

    o->features = guest->features;
    if (!options.cpu)
        return;
    const char *why = guest_cpu_select(guest, options.cpu, &o->cpu, &o->features, bad);

    if (why && !handed_over)
        die(1, "-cpu: '%s' %s", bad, why);
}

static void start_translator(const Guest *guest, bool handed_over)
{
    select_cpu(guest, handed_over);
    int err = translate_init(guest, &options.translate);

    if (err < 0)
        die(EXIT_CANNOT_RUN, "the translator cannot start: %s", strerror(-err));
}

/* command_line: the ordinary start. */
static void command_line(int argc, char **argv, Start *s)
{
    static char found[PATH_MAX];

    if (argc && !strcmp(base_name(argv[0]), "mimus-binfmt"))
        exit(binfmt_main(argc, argv));
    if (argc && run_main && !strcmp(base_name(argv[0]), "mimus-run"))
        exit(run_main(argc, argv));
    int i = options_parse(argc, argv);

    if (options.prefix)
        path_prefix_set(options.prefix);
    s->path = search_path(argv[i], found, sizeof(found));
    s->argv = argv + i;
}

int main(int argc, char **argv, char **envp)
{
    static ExecHandover handover;
    static ExecPlan plan;
    Start s = { .fd = -1 };
    const char *why;

    options_privileged = privileged_start();
    if (!getauxval(AT_SECURE))
        options_from_env(envp);
    if (!options_privileged && exec_handover(envp, &handover)) {
        s = (Start){ handover.name, argv, handover.fd, true };
    } else if (!start_by_binfmt(argc, argv, &s)) {
        command_line(argc, argv, &s);
    }
    if (getauxval(AT_SECURE))
        options_drop_env(envp);
    if (options.prefix && !path_prefix_active)
        path_prefix_set(options.prefix);
    adopt_limits();
    exec_keep_self(s.handed_over ? handover.self_fd : -1, argv[0]);
    find_program(&s, &plan, s.handed_over ? NULL : arch_of_name(argv[0] ? argv[0] : ""));
    own_process();
    observe_init();
    start_translator(plan.guest, s.handed_over);

    Thread *t = thread_main(plan.guest);

    if (options.argv0 && !s.handed_over)
        s.argv[0] = (char *)options.argv0;
    int err = load_program(t, &plan, s.path, script_argv(&plan, s.argv), options_environ(envp), &why);

    /* The kernel cannot return to a caller any more at this point, and kills. */
    if (err < 0 && s.handed_over)
        signal_die(SIGSEGV);
    if (err < 0)
        explain_error(s.path, &plan, err, why);
    exec_plan_free(&plan);
    prctl(PR_SET_NAME, base_name(s.path));
    observe_start(t, s.path, s.handed_over);
    core_start(t);
    run_thread(t);
    thread_finish(t);
    return 0;
}
