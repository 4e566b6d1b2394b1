// SPDX-License-Identifier: MIT
/* proc_other.c: see proc_other.h. */
#include "linux-user/proc_other.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "elfload/map.h"
#include "linux-user/exec.h"
#include "linux-user/path_prefix.h"
#include "linux-user/proc.h"
#include "syscall/host_call.h"
#include "syscall/path.h"
#include "translate/base/own_memory.h"

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

enum { DIR_BYTES = 64 };

/* What is known of the other process; maps.p is to be freed. */
typedef struct {
    char dir[DIR_BYTES];                /* "/proc/PID", or below it "/task/TID" */
    Text maps;                          /* host's maps or smaps */
    uint64_t entry, vdso, arg_start;
    MapLine image;                      /* mimus there: its first line */
    MapLine program;                    /* the line with the guest's entry */
} Other;

/* split: dir and the file's name of "/proc/N/NAME" or "/proc/N/task/M/NAME"; NULL: another path. */
static const char *split(const char *path, char dir[DIR_BYTES])
{
    unsigned pid, tid;
    int n = 0;

    if (sscanf(path, "/proc/%u/task/%u/%n", &pid, &tid, &n) == 2 && n) {
        snprintf(dir, DIR_BYTES, "/proc/%u/task/%u", pid, tid);
        return path + n;
    }
    n = 0;
    if (sscanf(path, "/proc/%u/%n", &pid, &n) != 1 || !n)
        return NULL;
    snprintf(dir, DIR_BYTES, "/proc/%u", pid);
    return path + n;
}

static const char *in_dir(const Other *o, const char *file, char out[DIR_BYTES + 16])
{
    snprintf(out, DIR_BYTES + 16, "%s/%s", o->dir, file);
    return out;
}

/* runs_mimus: is the host's exe our binary, or a copy of it? */
static bool runs_mimus(const Other *o)
{
    char name[DIR_BYTES + 16];
    long fd = host_call(SYS_openat, AT_FDCWD, in_dir(o, "exe", name), O_RDONLY | O_CLOEXEC, 0);
    bool yes = fd >= 0 && exec_is_self((int)fd);

    if (fd >= 0)
        host_call(SYS_close, fd);
    return yes;
}

static bool read_auxv(Other *o)
{
    char name[DIR_BYTES + 16];
    Text x = { 0 };
    uint64_t pair[2];

    if (!text_read_file(&x, in_dir(o, "auxv", name)))
        return false;
    for (size_t at = 0; at + sizeof(pair) <= x.len; at += sizeof(pair)) {
        memcpy(pair, x.p + at, sizeof(pair));
        if (pair[0] == AT_ENTRY)
            o->entry = pair[1];
        if (pair[0] == AT_SYSINFO_EHDR)
            o->vdso = pair[1];
    }
    free(x.p);
    return o->entry != 0;
}

/* read_stat: field 48 of /proc/PID/stat is where the arguments are. */
static void read_stat(Other *o)
{
    enum { ARG_START = 48 };
    char name[DIR_BYTES + 16];
    Text x = { 0 };

    if (text_read_file(&x, in_dir(o, "stat", name)) && x.p) {
        char *p = strrchr(x.p, ')');

        for (unsigned field = 2; p && field < ARG_START; field++)
            p = strchr(p + 1, ' ');
        if (p)
            o->arg_start = strtoull(p, NULL, 10);
    }
    free(x.p);
}

/* find_lines: where mimus and the guest's program are. */
static bool find_lines(Other *o)
{
    char *copy = malloc(o->maps.len + 1), *at = copy;
    bool image = false, program = false;
    MapLine m;

    if (!copy)
        return false;
    memcpy(copy, o->maps.p, o->maps.len + 1);
    while (map_next(&at, &m)) {
        m.name = o->maps.p + (m.name - copy);
        if (o->entry >= m.start && o->entry < m.end && *m.name == '/') {
            o->program = m;
            program = true;
        }
        /* The first page of our binary is not mapped executable; its second line is. */
        if (!image && m.inode && m.offset == 0)
            o->image = m;
        if (!image && m.inode && m.perms[2] == 'x' && o->image.inode == m.inode &&
            !strcmp(o->image.dev, m.dev))
            image = true;
    }
    free(copy);
    return image && program &&
           !(o->program.inode == o->image.inode && !strcmp(o->program.dev, o->image.dev));
}

/* look: fill *o for the process that path names, reading its file `file` (maps or smaps). */
static bool look(const char *path, const char *file, Other *o)
{
    char name[DIR_BYTES + 16];

    memset(o, 0, sizeof(*o));
    if (!split(path, o->dir) || !runs_mimus(o) || !read_auxv(o))
        return false;
    read_stat(o);
    if (text_read_file(&o->maps, in_dir(o, file, name)) && o->maps.p && find_lines(o))
        return true;
    free(o->maps.p);
    return false;
}

/* line_name: the name of a line of a text that is still whole; the kernel wrote newlines as \012. */
static bool line_name(const MapLine *m, char *out, size_t len)
{
    size_t n = 0;

    for (const char *p = m->name; *p && *p != '\n'; p++) {
        if (n + 1 >= len)
            return false;
        if (!strncmp(p, "\\012", 4)) {
            out[n++] = '\n';
            p += 3;
        } else {
            out[n++] = *p;
        }
    }
    out[n] = 0;
    return true;
}

static bool is_exe(const char *path)
{
    char dir[DIR_BYTES];
    const char *file = split(path, dir);

    return file && !strcmp(file, "exe");
}

bool proc_other_exe(const char *path, char out[PATH_MAX])
{
    char name[PATH_MAX];
    Other o;

    if (!is_exe(path) || !look(path, "maps", &o))
        return false;
    bool ok = line_name(&o.program, name, sizeof(name));

    free(o.maps.p);
    if (ok)
        strcpy(out, path_prefix_strip(name));
    return ok;
}

/*
 * leads_there: is name the file of that line? Not asked by its device: some file systems (btrfs) give
 * files another than they are mapped from.
 */
static bool leads_there(const char *name, const MapLine *m)
{
    struct stat st;

    return host_call(SYS_newfstatat, AT_FDCWD, name, &st, 0) == 0 && st.st_ino == m->inode;
}

/* is_file: is it the line's file? */
static bool is_file(const MapLine *m, const struct stat *file)
{
    char dev[16], name[PATH_MAX];
    struct stat st;

    if (m->inode != file->st_ino)
        return false;
    snprintf(dev, sizeof(dev), "%02x:%02x", major(file->st_dev), minor(file->st_dev));
    return !strcmp(dev, m->dev) ||
           (line_name(m, name, sizeof(name)) &&
            host_call(SYS_newfstatat, AT_FDCWD, name, &st, 0) == 0 &&
            st.st_ino == file->st_ino && st.st_dev == file->st_dev);
}

bool proc_other_runs(const struct stat *file)
{
    DIR *all = opendir("/proc");
    bool found = false;
    struct dirent *d;

    while (all && !found && (d = readdir(all))) {
        char path[DIR_BYTES];
        Other o;

        if (*d->d_name < '1' || *d->d_name > '9' || atoi(d->d_name) == (int)getpid())
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/exe", d->d_name);
        if (!look(path, "maps", &o))
            continue;
        found = is_file(&o.program, file);
        free(o.maps.p);
    }
    if (all)
        closedir(all);
    return found;
}

bool proc_other_exe_path(const char *path, char *out, size_t len)
{
    Other o;

    if (!is_exe(path) || !look(path, "maps", &o))
        return false;
    bool ok = line_name(&o.program, out, len) && leads_there(out, &o.program);

    /* Deleted, or in another root: the kernel's own link to it, for those who may follow it. */
    if (!ok) {
        snprintf(out, len, "%s/map_files/%llx-%llx", o.dir, (unsigned long long)o.program.start,
                 (unsigned long long)o.program.end);
        ok = leads_there(out, &o.program);
    }
    free(o.maps.p);
    return ok;
}

/* ---- maps ---- */

/* A file's program headers, for lines that follow one another. */
typedef struct {
    unsigned long long inode;
    char dev[16];
    uint64_t bias;
    bool known;
    ElfImage img;
} File;

static void file_forget(File *f)
{
    if (f->known)
        elf_image_free(&f->img);
    f->known = false;
}

/* file_of: learn about the file of a line. */
static void file_of(File *f, const MapLine *m)
{
    char name[PATH_MAX];
    const char *why;
    int fd;

    if (f->inode == m->inode && !strcmp(f->dev, m->dev))
        return;
    file_forget(f);
    f->inode = m->inode;
    strcpy(f->dev, m->dev);
    if (*m->name != '/' || !line_name(m, name, sizeof(name)) || !leads_there(name, m))
        return;
    fd = (int)host_call(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0)
        return;
    f->known = elf_read(fd, &f->img, &why) >= 0;
    host_call(SYS_close, fd);
    if (f->known && f->img.n_load)
        f->bias = m->start - m->offset - align_down(f->img.load[0].vaddr - f->img.load[0].offset,
                                                    PAGE_BYTES);
}

/* is_code: is the page at that address of an executable segment? */
static bool is_code(const File *f, uint64_t at)
{
    for (unsigned i = 0; f->known && i < f->img.n_load; i++) {
        const ElfSegment *s = &f->img.load[i];

        if ((s->flags & PF_X) && at - align_down(f->bias + s->vaddr, PAGE_BYTES) <
                                     align_up(s->vaddr + s->filesz, PAGE_BYTES) -
                                         align_down(s->vaddr, PAGE_BYTES))
            return true;
    }
    return false;
}

/* image_end: where the file's segments end in memory. */
static uint64_t image_end(const File *f)
{
    uint64_t end = 0;

    for (unsigned i = 0; i < f->img.n_load; i++) {
        const ElfSegment *s = &f->img.load[i];

        if (s->vaddr + s->memsz > end)
            end = s->vaddr + s->memsz;
    }
    return align_up(f->bias + end, PAGE_BYTES);
}

/* put_file: a mapping of a file, cut where execute permission changes. */
static void put_file(Text *x, const MapLine *m, const File *f, const char *name)
{
    for (uint64_t start = m->start, at; start < m->end; start = at) {
        bool exec = is_code(f, start);

        for (at = start; at < m->end && is_code(f, at) == exec;)
            at += PAGE_BYTES;
        map_put(x, m, start, at, exec, name);
    }
}

/* is_theirs: a mapping of the mimus that runs there. */
static bool is_theirs(const Other *o, const MapLine *m)
{
    uint64_t shift = o->image.start - (uint64_t)__ehdr_start, start, end;

    own_memory_place(shift, &start, &end);
    return proc_is_ours(m) || (m->start >= start && m->start < end) ||
           (m->start >= o->image.start && m->start < (uint64_t)_end + shift);
}

static void put_other(Text *x, const Other *o, const MapLine *m, File *f, uint64_t *heap)
{
    if (is_theirs(o, m))
        return;
    if (m->inode) {
        file_of(f, m);
        put_file(x, m, f, path_prefix_strip(m->name));
        if (f->known && m->inode == o->program.inode && !strcmp(m->dev, o->program.dev))
            *heap = image_end(f);
        return;
    }
    bool stack = o->arg_start >= m->start && o->arg_start < m->end;
    bool vdso = o->vdso >= m->start && o->vdso < m->end;
    /* With what a segment has beyond its file it may be one mapping. */
    bool brk = *heap && m->start <= *heap && m->end > *heap;
    const char *name = stack ? "[stack]" : vdso ? "[vdso]" : brk ? "[heap]" : m->name;

    map_put(x, m, m->start, m->end, vdso, name);
}

bool proc_other_maps(const char *path, Text *x)
{
    char dir[DIR_BYTES];
    const char *file = split(path, dir);
    uint64_t heap = 0;
    File f = { 0 };
    MapLine m;
    Other o;

    if (!file || (strcmp(file, "maps") && strcmp(file, "smaps")) || !look(path, file, &o))
        return false;
    for (char *at = o.maps.p; map_next(&at, &m);)
        put_other(x, &o, &m, &f, &heap);
    file_forget(&f);
    free(o.maps.p);
    return true;
}
