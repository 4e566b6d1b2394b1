/* SPDX-License-Identifier: MIT */
/*
 * doctor.c: why does a foreign program not start? A table of checks, each with the command that
 * mends what it finds. A check may presume those above it; the first failure of a visit ends it.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "binfmt/magic.h"
#include "binfmt/tool.h"
#include "elfload/interp.h"
#include "elfload/map.h"

enum { TEXT_MAX = 2 * PATH_MAX };

/* What the checks look at, and what the last of them found. */
typedef struct {
    const BinfmtJob *job;
    BinfmtTable table;
    int table_err;
    const Guest *guest;
    const BinfmtEntry *entry;       /* that runs the guest's programs */
    const char *program;            /* as the user named it, below root if there is one */
    int program_fd, root_fd;
    ElfImage img;
    char what[TEXT_MAX], fix[TEXT_MAX];
} Visit;

typedef struct {
    const char *name;
    bool (*check)(Visit *v);        /* false: v->what and v->fix say more */
    const char *good;
} Check;

static bool fails(Visit *v, const char *fix, const char *what, ...)
    __attribute__((format(printf, 3, 4)));

static bool fails(Visit *v, const char *fix, const char *what, ...)
{
    va_list ap;

    va_start(ap, what);
    vsnprintf(v->what, sizeof(v->what), what, ap);
    va_end(ap);
    if (fix != v->fix)
        snprintf(v->fix, sizeof(v->fix), "%s", fix);
    return false;
}

/* fix_with: the text of a fix that has names in it. */
static const char *fix_with(Visit *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static const char *fix_with(Visit *v, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(v->fix, sizeof(v->fix), fmt, ap);
    va_end(ap);
    return v->fix;
}

static bool noexec(int fd)
{
    struct statvfs fs;

    return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_NOEXEC);
}

/* ---- the host ---- */

static bool check_kernel(Visit *v)
{
    FILE *f = fopen("/proc/filesystems", "re");
    char line[128];
    bool found = !f;        /* without /proc there is nothing to be said */

    while (f && fgets(line, sizeof(line), f))
        found |= strstr(line, "binfmt_misc") != NULL;
    if (f)
        fclose(f);
    return found || v->table_err == 0 ||
           fails(v, "modprobe binfmt_misc   (or a kernel with CONFIG_BINFMT_MISC)",
                 "this kernel does not know binfmt_misc");
}

static bool check_mounted(Visit *v)
{
    const char *dir = v->job->table;

    if (v->table_err == -ENOENT)
        return fails(v, fix_with(v, "mount -t binfmt_misc binfmt_misc %s", dir),
                     "binfmt_misc is not mounted at %s", dir);
    return v->table_err == 0 ||
           fails(v, "run this as a user who may read it", "%s cannot be read: %s", dir,
                 strerror(-v->table_err));
}

static bool check_enabled(Visit *v)
{
    return v->table.enabled || fails(v, fix_with(v, "echo 1 > %s/status", v->job->table),
                                     "the table is disabled as a whole");
}

/* A mask with too few bits takes the host's own programs, too. */
static bool check_own_programs(Visit *v)
{
    uint8_t head[BINFMT_HEAD] = { 0 };
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool have = fd >= 0 && read(fd, head, sizeof(head)) == sizeof(head);

    if (fd >= 0)
        close(fd);
    for (unsigned i = 0; have && i < v->table.count; i++) {
        const char *name = v->table.entries[i].name;

        if (entry_matches(&v->table.entries[i], head))
            return fails(v, fix_with(v, "echo -1 > %s/%s", v->job->table, name),
                         "the entry %s has so wide a mask that it takes the host's own programs",
                         name);
    }
    return true;
}

/* ---- a guest ---- */

/* The newest matching entry is used; the folder lists newer ones first. */
static bool check_registered(Visit *v)
{
    uint8_t head[BINFMT_HEAD];
    const BinfmtEntry *off = NULL;

    magic_head(v->guest, ET_DYN, head);
    v->entry = NULL;
    for (unsigned i = 0; i < v->table.count; i++) {
        BinfmtEntry e = v->table.entries[i];

        e.enabled = true;
        if (!entry_matches(&e, head))
            continue;
        if (!v->table.entries[i].enabled)
            off = &v->table.entries[i];
        else if (!v->entry)
            v->entry = &v->table.entries[i];
    }
    if (v->entry)
        return true;
    if (off)
        return fails(v, fix_with(v, "echo 1 > %s/%s", v->job->table, off->name),
                     "the entry %s is disabled", off->name);
    return fails(v, fix_with(v, "mimus-binfmt register %s", v->guest->name),
                 "no entry runs %s programs", v->guest->name);
}

static bool check_alone(Visit *v)
{
    uint8_t head[BINFMT_HEAD];

    magic_head(v->guest, ET_DYN, head);
    for (unsigned i = 0; i < v->table.count; i++) {
        const BinfmtEntry *e = &v->table.entries[i];

        if (e != v->entry && entry_matches(e, head))
            return fails(v, fix_with(v, "mimus-binfmt register --replace %s", v->guest->name),
                         "%s and %s both take %s programs: the one registered last wins",
                         v->entry->name, e->name, v->guest->name);
    }
    return true;
}

/* has_interp: is the host program fd a dynamic one? */
static bool has_interp(int fd)
{
    const char *why;
    ElfImage img;

    if (elf_read(fd, &img, &why) < 0)
        return false;
    bool dynamic = img.interp_bytes != 0;

    elf_image_free(&img);
    return dynamic;
}

static bool check_interpreter(Visit *v)
{
    const char *path = v->entry->interpreter;
    bool fixed = strchr(v->entry->flags, 'F');
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    const char *again = fix_with(v, "mimus-binfmt register --replace %s", v->guest->name);

    if (fd < 0)
        return fixed || fails(v, again, "the entry %s names %s: %s", v->entry->name, path,
                              strerror(errno));
    bool no = noexec(fd), dynamic = has_interp(fd);

    close(fd);
    if (access(path, X_OK) && !fixed)
        return fails(v, fix_with(v, "chmod +x %s", path), "%s may not be executed", path);
    if (no)
        return fails(v, "install it elsewhere, or: mount -o remount,exec ...",
                     "%s is on a file system mounted noexec", path);
    if (dynamic && v->job->root)
        return fails(v, again, "%s needs libraries, which a foreign root does not have", path);
    return true;
}

static bool check_reaches_root(Visit *v)
{
    return !v->job->root || strchr(v->entry->flags, 'F') ||
           fails(v, fix_with(v, "mimus-binfmt register --replace %s", v->guest->name),
                 "the entry %s has no flag F: in %s the kernel would look for %s there",
                 v->entry->name, v->job->root, v->entry->interpreter);
}

/* lsm_hint: which security module could have said no. */
static const char *lsm_hint(void)
{
    if (access("/sys/fs/selinux/enforce", F_OK) == 0)
        return "SELinux is active: `ausearch -m avc -ts recent` shows what was denied, "
               "`restorecon -v` on mimus gives it its label";
    if (access("/sys/kernel/security/apparmor", F_OK) == 0)
        return "AppArmor is active: `journalctl -k | grep apparmor` shows what was denied; allow the "
               "profile to execute mimus";
    return "look for what denies it: a security module, a seccomp filter, a container's policy";
}

/* A file of nothing but a header: mimus refuses it, which shows that the kernel came to mimus. */
static int try_header(const Guest *guest)
{
    uint8_t head[BINFMT_HEAD];
    int fd = (int)syscall(SYS_memfd_create, "header", 0), status, failed[2];

    magic_head(guest, ET_EXEC, head);
    if (fd < 0 || write(fd, head, sizeof(head)) < 0 || pipe2(failed, O_CLOEXEC) < 0)
        return 0;           /* cannot be tried: no finding */
    pid_t pid = fork();

    if (pid == 0) {
        char *argv[] = { "header", NULL }, *envp[] = { NULL };
        int null = open("/dev/null", O_RDWR);

        dup2(null, 1);
        dup2(null, 2);
        syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
        int err = errno;

        _exit(write(failed[1], &err, sizeof(err)) < 0);
    }
    int err = 0;

    close(failed[1]);
    if (read(failed[0], &err, sizeof(err)) < 0)
        err = 0;
    close(failed[0]);
    close(fd);
    if (pid > 0)
        waitpid(pid, &status, 0);
    return -err;
}

static bool check_starts(Visit *v)
{
    int err = try_header(v->guest);

    if (err == -EACCES || err == -EPERM)
        return fails(v, lsm_hint(), "the kernel may not start %s: %s", v->entry->interpreter,
                     strerror(-err));
    return err == 0 || fails(v, fix_with(v, "mimus-binfmt register --replace %s", v->guest->name),
                             "the kernel does not come to %s: %s", v->entry->interpreter,
                             strerror(-err));
}

/* ---- a program, perhaps in a root ---- */

/* open_in_root: links that are absolute stay in the root. */
static int open_in_root(const Visit *v, const char *path)
{
    struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };

    if (v->root_fd < 0)
        return open(path, O_RDONLY | O_CLOEXEC);
    return (int)syscall(SYS_openat2, v->root_fd, path, &how, sizeof(how));
}

static bool check_root(Visit *v)
{
    if (!v->job->root)
        return true;
    v->root_fd = open(v->job->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (v->root_fd < 0)
        return fails(v, "name the folder that holds bin, lib and usr", "%s: %s", v->job->root,
                     strerror(errno));
    return !noexec(v->root_fd) || fails(v, "mount -o remount,exec ...   (or move it elsewhere)",
                                        "%s is on a file system mounted noexec", v->job->root);
}

static bool check_program_file(Visit *v)
{
    char mark[2] = "";
    struct stat st;

    v->program_fd = open_in_root(v, v->program);
    if (v->program_fd < 0 || fstat(v->program_fd, &st) < 0)
        return fails(v, "name a program that is there", "%s: %s", v->program, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fails(v, "name a program", "%s is no file", v->program);
    if (!(st.st_mode & 0111))
        return fails(v, fix_with(v, "chmod +x %s", v->program), "%s may not be executed", v->program);
    if (noexec(v->program_fd))
        return fails(v, "mount -o remount,exec ...   (or move it elsewhere)",
                     "%s is on a file system mounted noexec", v->program);
    if (pread(v->program_fd, mark, 2, 0) == 2 && mark[0] == '#' && mark[1] == '!')
        return fails(v, "give the interpreter of its first line to --program",
                     "%s is a script", v->program);
    return true;
}

static bool check_program_elf(Visit *v)
{
    const char *why = "";
    int err = elf_read(v->program_fd, &v->img, &why);

    if (err < 0)
        return fails(v, "get the file anew: it may be cut or of another kind",
                     "%s is no ELF program: %s", v->program, why);
    v->guest = NULL;
    for (const Guest *const *g = guest_list; *g; g++) {
        if ((*g)->elf_machine == v->img.machine && (*g)->elf_class == v->img.elf_class &&
            (*g)->elf_data == v->img.data)
            v->guest = *g;
    }
    return v->guest || fails(v, "mimus-binfmt status lists the kinds of program there are",
                             "%s is of machine %u, %u-bit, %s-endian, which mimus does not run%s",
                             v->program, v->img.machine, v->img.elf_class == ELFCLASS64 ? 64 : 32,
                             v->img.data == ELFDATA2LSB ? "little" : "big",
                             v->img.machine == EM_X86_64 ? " (it is the host's own)" : "");
}

static bool check_program_libraries(Visit *v)
{
    char name[ELF_INTERP_MAX];
    const char *why = "";

    if (!v->img.interp_bytes)
        return true;
    if (interp_name(v->program_fd, &v->img, name, &why) < 0)
        return fails(v, "get the file anew", "%s: %s", v->program, why);
    int fd = open_in_root(v, name);

    if (fd >= 0) {
        close(fd);
        return true;
    }
    return fails(v, fix_with(v, "apt-get install libc6:%s   (dpkg --add-architecture %s before), or "
                                "mimus -L ROOT %s", magic_platform(v->guest),
                             magic_platform(v->guest), v->program),
                 "%s wants the dynamic linker %s, which is not in %s", v->program, name,
                 v->job->root ? v->job->root : "this system");
}

static bool check_program_pages(Visit *v)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

    return v->img.page >= page || !v->img.n_load ||
           fails(v, "build it with -Wl,-z,max-page-size=65536",
                 "%s is laid out for pages of %llu bytes, the host's have %llu", v->program,
                 (unsigned long long)v->img.page, (unsigned long long)page);
}

/* ---- the visit ---- */

// clang-format off
static const Check host_checks[] = {
    { "kernel", check_kernel, "binfmt_misc is in this kernel" },
    { "mounted", check_mounted, "the table is mounted" },
    { "enabled", check_enabled, "the table is enabled" },
    { "native", check_own_programs, "no entry takes the host's own programs" },
    { NULL, NULL, NULL },
};

static const Check program_checks[] = {
    { "root", check_root, "the root can hold programs" },
    { "file", check_program_file, "the program can be read and executed" },
    { "machine", check_program_elf, "it is of a kind that mimus runs" },
    { "libraries", check_program_libraries, "its dynamic linker is there" },
    { "pages", check_program_pages, "its page size fits" },
    { NULL, NULL, NULL },
};

static const Check guest_checks[] = {
    { "registered", check_registered, "an entry runs such programs" },
    { "alone", check_alone, "no other entry takes them" },
    { "interpreter", check_interpreter, "its interpreter is there" },
    { "chroot", check_reaches_root, "it is found in a chroot" },
    { "starts", check_starts, "the kernel starts it" },
    { NULL, NULL, NULL },
};
// clang-format on

static bool visit(Visit *v, const Check *checks, const char *about)
{
    for (const Check *c = checks; c->check; c++) {
        bool good = c->check(v);

        printf("%-4s %-9s %-12s %s\n", good ? "ok" : "BAD", about, c->name,
               good ? c->good : v->what);
        if (!good) {
            printf("%-4s %-9s %-12s to mend it: %s\n", "", "", "", v->fix);
            return false;
        }
    }
    return true;
}

int binfmt_doctor(const BinfmtJob *job)
{
    Visit v = { .job = job, .program_fd = -1, .root_fd = -1 };
    bool good;

    v.table_err = table_read(job->table, &v.table);
    v.program = job->program ? job->program : "/bin/sh";
    good = visit(&v, host_checks, "host");
    if (job->program || job->root) {
        good &= visit(&v, program_checks, "program");
        if (good && v.guest && !magic_native(v.guest))
            good &= visit(&v, guest_checks, v.guest->name);
    } else {
        for (unsigned i = 0; i < job->n_guests && v.table_err == 0; i++) {
            v.guest = job->guests[i];
            good &= visit(&v, guest_checks, v.guest->name);
        }
    }
    table_free(&v.table);
    return good ? 0 : 1;
}
