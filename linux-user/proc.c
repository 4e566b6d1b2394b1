// SPDX-License-Identifier: MIT
/*
 * proc.c: /proc as the guest must see it. Files are made afresh into a memfd at each open.
 *
 * The memory map is the host's with our own lines left out, execute permission as the guest
 * has it (the host never gives it) and the guest's names for stack, heap and vDSO.
 */
#include "linux-user/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "linux-user/path_prefix.h"
#include "linux-user/proc_other.h"
#include "syscall/host_call.h"
#include "syscall/own_range.h"
#include "translate/translate.h"

Program program = { .exe_fd = -1 };

/* ---- which file is it? ---- */

/* skip: past word in *p when it is the next component. */
static bool skip(const char **p, const char *word)
{
    size_t n = strlen(word);

    if (strncmp(*p, word, n) || ((*p)[n] != '/' && (*p)[n]))
        return false;
    *p += n + ((*p)[n] == '/');
    return true;
}

/* skip_number: past a decimal component that equals one of our ids. */
static bool skip_number(const char **p, bool thread)
{
    char *end;
    long n = strtol(*p, &end, 10);

    if (end == *p || (*end != '/' && *end))
        return false;
    /* Any task of this process shares what we tell. */
    if (!thread && n != (long)getpid())
        return false;
    *p = end + (*end == '/');
    return true;
}

/* own_file: "maps" for any name of this process's maps; NULL: something else. */
static const char *own_file(const char *path)
{
    const char *p = path;

    if (*p != '/')
        return NULL;
    p++;
    if (!skip(&p, "proc"))
        return NULL;
    if (!skip(&p, "self") && !skip(&p, "thread-self") && !skip_number(&p, false))
        return NULL;
    if (skip(&p, "task") && !skip_number(&p, true))
        return NULL;
    return p;
}

/* ---- maps, smaps ---- */

bool proc_is_ours(const MapLine *m)
{
    static const char *const names[] = { "[heap]", "[stack]", "[vdso]", "[vvar]", "[vvar_vclock]",
                                         "[vsyscall]" };

    if (m->perms[2] == 'x')
        return true;            /* the guest's never have it on the host */
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        if (!strcmp(m->name, names[i]))
            return true;
    }
    return false;
}

static const char *guest_name(uint64_t start, uint64_t end, const char *name)
{
    GuestAddr heap, heap_end;

    if (start < program.stack.high && end > program.stack.low)
        return "[stack]";
    if (start >= program.vdso && end <= program.vdso + program.vdso_bytes)
        return "[vdso]";
    brk_range(&heap, &heap_end);
    if (!*name && start < heap_end.va && end > heap.va)
        return "[heap]";
    return path_prefix_strip(name);
}

/* put_range: part of a host mapping that is not ours, cut where execute permission changes. */
static void put_range(Text *x, const MapLine *m, uint64_t start, uint64_t end)
{
    while (start < end) {
        GuestAddr exec;
        uint64_t at = end;

        /* Sought by whole gigabytes: the shadow memory of a sanitizer is terabytes. */
        if (pages_next_exec(guest_addr(start), end - start, &exec))
            at = exec.va;
        if (at > start)
            map_put(x, m, start, at, false, guest_name(start, at, m->name));
        for (start = at; at < end && pages_is_exec(guest_addr(at));)
            at += PAGE_BYTES;
        if (at > start)
            map_put(x, m, start, at, true, guest_name(start, at, m->name));
        start = at;
    }
}

static void put_mapping(Text *x, const MapLine *m, unsigned long long own_inode,
                        const char *own_dev)
{
    uint64_t at = m->start, own_start, own_end;

    if (proc_is_ours(m) || (m->inode == own_inode && own_inode && !strcmp(m->dev, own_dev)))
        return;
    while (at < m->end && own_range_next(at, m->end, &own_start, &own_end)) {
        if (own_start > at)
            put_range(x, m, at, own_start);
        at = own_end;
    }
    if (at < m->end)
        put_range(x, m, at, m->end);
}

/* own_image: device and inode of mimus's binary, from the line that maps this very code. */
static void own_image(const char *text, unsigned long long *inode, char *dev)
{
    MapLine m;

    for (const char *line = text; *line;) {
        size_t n = strcspn(line, "\n");

        if (map_line_parse(line, &m) && (uint64_t)own_image >= m.start &&
            (uint64_t)own_image < m.end) {
            *inode = m.inode;
            strcpy(dev, m.dev);
            return;
        }
        line += n + (line[n] == '\n');
    }
}

static bool make_maps_from(Text *x, const char *host_file)
{
    Text host = { 0 };
    unsigned long long inode = 0;
    char dev[16] = "";
    MapLine m;

    if (!text_read_file(&host, host_file) || !host.p)
        return false;
    own_image(host.p, &inode, dev);
    for (char *at = host.p; map_next(&at, &m);)
        put_mapping(x, &m, inode, dev);
    free(host.p);
    return true;
}

static bool make_maps(Thread *t, Text *x)
{
    (void)t;
    return make_maps_from(x, "/proc/self/maps");
}

static bool make_smaps(Thread *t, Text *x)
{
    (void)t;
    return make_maps_from(x, "/proc/self/smaps");
}

char *proc_smaps(Thread *t)
{
    Text x = { 0 };

    if (make_smaps(t, &x) && x.p)
        return x.p;
    free(x.p);
    return NULL;
}

/* ---- the others ---- */

/* add_guest: bytes of guest memory; what cannot be read ends the file. */
static bool add_guest(Thread *t, Text *x, uint64_t from, uint64_t to)
{
    uint8_t buf[1024];

    while (from < to) {
        size_t n = to - from < sizeof(buf) ? to - from : sizeof(buf);

        if (guest_copy_in(t, buf, guest_addr(from), n) < 0)
            break;
        text_add(x, buf, n);
        from += n;
    }
    return true;
}

static bool make_cmdline(Thread *t, Text *x)
{
    return add_guest(t, x, program.stack.arg_start, program.stack.arg_end);
}

static bool make_environ(Thread *t, Text *x)
{
    return add_guest(t, x, program.stack.env_start, program.stack.env_end);
}

static bool make_auxv(Thread *t, Text *x)
{
    return add_guest(t, x, program.stack.auxv, program.stack.auxv + program.stack.auxv_bytes);
}

/* No guest writes more for one processor. */
enum { CPUINFO_BYTES = 4096 };

static bool make_cpuinfo(Thread *t, Text *x)
{
    unsigned n = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    size_t len = (size_t)n * CPUINFO_BYTES;
    char *buf = malloc(len);

    if (!buf)
        return false;
    text_add(x, buf, t->abi->cpuinfo(buf, len, n));
    free(buf);
    return true;
}

// clang-format off
static const struct {
    const char *name;
    bool (*make)(Thread *t, Text *x);
} own_files[] = {
    { "maps",    make_maps },
    { "smaps",   make_smaps },
    { "cmdline", make_cmdline },
    { "environ", make_environ },
    { "auxv",    make_auxv },
};
// clang-format on

/* ---- hooks ---- */

/* read_only: these files cannot be written, so the guest gets another description of it. */
static int read_only(long fd, int flags)
{
    char link[40];
    long again;

    snprintf(link, sizeof(link), "/proc/self/fd/%ld", fd);
    again = host_call(SYS_openat, AT_FDCWD, link, O_RDONLY | (flags & O_CLOEXEC), 0);
    if (again < 0) {
        host_call(SYS_lseek, fd, 0, SEEK_SET);
        return (int)fd;
    }
    host_call(SYS_dup3, again, fd, flags & O_CLOEXEC);
    host_call(SYS_close, again);
    return (int)fd;             /* the lowest number that was free */
}

static int open_text(const char *name, const Text *x, int flags)
{
    long fd = host_call(SYS_memfd_create, name, flags & O_CLOEXEC ? MFD_CLOEXEC : 0);

    for (size_t done = 0; fd >= 0 && done < x->len;) {
        long n = host_call(SYS_write, fd, x->p + done, x->len - done);

        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return fd >= 0 ? read_only(fd, flags) : (int)fd;
}

/* host_has: the host's /proc must be there; the guest may have left it by chroot. */
static bool host_has(const char *path)
{
    return host_call(SYS_faccessat2, AT_FDCWD, path, F_OK, 0) == 0;
}

/* may_serve: only for reading, and where the host has the file, too. */
static bool may_serve(const char *path, int flags)
{
    return (flags & O_ACCMODE) == O_RDONLY && !(flags & O_PATH) && host_has(path);
}

static int serve(Thread *t, const char *path, const char *name, int flags,
                 bool (*make)(Thread *t, Text *x))
{
    Text x = { 0 };
    int fd = -1;

    if (!may_serve(path, flags))
        return -1;
    if (make(t, &x))
        fd = open_text(name, &x, flags);
    free(x.p);
    /* -1 would mean that the file is not ours. */
    return fd == -1 ? -EPERM : fd;
}

/* serve_other: -1: the host's file is right. */
static int serve_other(const char *path, int flags)
{
    Text x = { 0 };
    int fd = -1;

    if (may_serve(path, flags) && proc_other_maps(path, &x)) {
        fd = open_text("maps", &x, flags);
        fd = fd == -1 ? -EPERM : fd;
    }
    free(x.p);
    return fd;
}

int proc_open(Thread *t, const char *path, int flags)
{
    const char *file = own_file(path);

    if (!file && !strcmp(path, "/proc/cpuinfo"))
        return serve(t, path, "cpuinfo", flags, make_cpuinfo);
    if (!file)
        return serve_other(path, flags);
    for (unsigned i = 0; i < ARRAY_LEN(own_files); i++) {
        if (!strcmp(file, own_files[i].name))
            return serve(t, path, file, flags, own_files[i].make);
    }
    return -1;
}

bool proc_exe_path(Thread *t, const char *name, char *out, size_t len)
{
    const char *file = own_file(name);

    (void)t;
    if (!file)
        return proc_other_exe_path(name, out, len);
    if (strcmp(file, "exe") || !host_has(name))
        return false;
    if (program.exe_fd >= 0)
        return (size_t)snprintf(out, len, "/proc/self/fd/%d", program.exe_fd) < len;
    return *program.exe && (size_t)snprintf(out, len, "%s", program.exe) < len;
}

/* kernel_denies: Linux 6.11 and 6.12 let running programs be written to. */
static bool kernel_denies(void)
{
    struct utsname u;
    int major = 0, minor = 0;

    return host_call(SYS_uname, &u) < 0 || sscanf(u.release, "%d.%d", &major, &minor) != 2 ||
           major != 6 || (minor != 11 && minor != 12);
}

bool proc_is_running(const struct stat *file)
{
    bool own = file->st_dev == program.exe_dev && file->st_ino == program.exe_ino;

    return kernel_denies() && (own || proc_other_runs(file));
}

long proc_readlink(Thread *t, const char *path, char *buf, size_t len)
{
    const char *file = own_file(path), *exe = path_prefix_strip(program.exe);
    char other[PATH_MAX];

    (void)t;
    if (!file) {
        if (!proc_other_exe(path, other))
            return -1;
        exe = other;
    } else if (strcmp(file, "exe") || !*exe || !host_has(path)) {
        return -1;
    }
    size_t n = strlen(exe);

    n = n < len ? n : len;
    memcpy(buf, exe, n);
    return (long)n;
}
