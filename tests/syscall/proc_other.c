/* SPDX-License-Identifier: MIT */
/*
 * What /proc says of another process: its program, arguments, names and memory are that program's,
 * whatever runs it.
 */
// family: proc
// expect: ok
#include "check.h"

#include <elf.h>
#include <limits.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

static char self_path[PATH_MAX];
static char data[64] = "before";

/* What the child tells of itself. */
typedef struct {
    uint64_t code, data, stack, heap, entry;
} Places;

static int as_child(int fd)
{
    Places p = { (uint64_t)as_child, (uint64_t)data, (uint64_t)&p, 0, getauxval(AT_ENTRY) };

    strcpy(data, "in the child");
    p.heap = (uint64_t)sbrk(4096);
    *(volatile char *)p.heap = 1;
    if (write(fd, &p, sizeof p) != sizeof p) {
        return 1;
    }
    pause();
    return 0;
}

/* start: run path as a child with its own name and environment; what it told. */
static pid_t start(const char *path, Places *p)
{
    int fd[2];
    char number[16];
    pid_t pid;

    if (pipe(fd)) {
        return -1;
    }
    snprintf(number, sizeof number, "%d", fd[1]);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        char *argv[] = { "a name of its own", "child", number, "", "last one", NULL };
        char *envp[] = { "FIRST=1", "SECOND=two words", NULL };

        execve(path, argv, envp);
        _exit(9);
    }
    close(fd[1]);
    IS(read(fd[0], p, sizeof *p) == sizeof *p);
    close(fd[0]);
    return pid;
}

static void stop(pid_t pid)
{
    int status;

    kill(pid, SIGKILL);
    IS(waitpid(pid, &status, 0) == pid && status == SIGKILL);
}

static const char *name_of(pid_t pid, const char *file)
{
    static char name[2][64];
    static int i;

    i ^= 1;
    snprintf(name[i], sizeof name[i], "/proc/%d/%s", (int)pid, file);
    return name[i];
}

/* contents: a whole file; its length. */
static long contents(const char *name, char *buf, size_t len)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    long n = 0, got;

    if (fd < 0) {
        return -1;
    }
    while ((got = read(fd, buf + n, len - 1 - (size_t)n)) > 0) {
        n += got;
    }
    close(fd);
    buf[n] = 0;
    return n;
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void exe(pid_t pid)
{
    char link[PATH_MAX] = "", head[4] = "";
    int dir = open(name_of(pid, ""), O_RDONLY | O_DIRECTORY), fd;
    struct stat st, own;

    IS(readlink(name_of(pid, "exe"), link, sizeof link) == (ssize_t)strlen(self_path));
    IS(strcmp(link, self_path) == 0);
    memset(link, 0, sizeof link);
    IS(readlinkat(dir, "exe", link, sizeof link) > 0 && strcmp(link, self_path) == 0);
    IS(same_file(name_of(pid, "exe"), self_path));
    IS(fstatat(dir, "exe", &st, 0) == 0 && stat(self_path, &own) == 0 && st.st_ino == own.st_ino);
    IS(lstat(name_of(pid, "exe"), &st) == 0 && S_ISLNK(st.st_mode));
    fd = open(name_of(pid, "exe"), O_RDONLY);
    IS(fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == own.st_ino);
    IS(read(fd, head, 4) == 4 && memcmp(head, ELFMAG, 4) == 0);
    close(fd);
    fd = openat(dir, "exe", O_RDONLY | O_CLOEXEC);
    IS(fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == own.st_ino);
    close(fd);
    IS(fchdir(dir) == 0);
    memset(link, 0, sizeof link);
    IS(readlink("exe", link, sizeof link) > 0 && strcmp(link, self_path) == 0);
    IS(same_file("exe", self_path));
    IS(chdir(scratch_path) == 0);
    memset(link, 0, sizeof link);
    snprintf(head, sizeof head, "x");
    char task[64];
    snprintf(task, sizeof task, "task/%d/exe", (int)pid);
    IS(readlink(name_of(pid, task), link, sizeof link) > 0 && strcmp(link, self_path) == 0);
    close(dir);
}

static void names(pid_t pid, const Places *p)
{
    static char buf[65536];
    static const char args[] = "a name of its own\0child\0";
    const char *base = strrchr(self_path, '/') + 1;
    char comm[32], line[64];
    uint64_t pair[2];
    long n = contents(name_of(pid, "cmdline"), buf, sizeof buf);
    bool entry = false;

    IS(n > 30 && memcmp(buf, args, sizeof args - 1) == 0);
    IS(n > 30 && memcmp(buf + n - 10, "\0last one", 10) == 0);
    n = contents(name_of(pid, "environ"), buf, sizeof buf);
    IS(n == 25 && memcmp(buf, "FIRST=1\0SECOND=two words", 25) == 0);
    snprintf(comm, sizeof comm, "%.15s", base);
    snprintf(line, sizeof line, "%s\n", comm);
    IS(contents(name_of(pid, "comm"), buf, sizeof buf) > 0 && strcmp(buf, line) == 0);
    snprintf(line, sizeof line, "%d (%s) ", (int)pid, comm);
    n = (long)strlen(line);
    IS(contents(name_of(pid, "stat"), buf, sizeof buf) > 0 && strncmp(buf, line, (size_t)n) == 0 &&
       atoi(buf + n + 2) == (int)getpid());
    snprintf(line, sizeof line, "Name:\t%s\n", comm);
    IS(contents(name_of(pid, "status"), buf, sizeof buf) > 0 &&
       strncmp(buf, line, strlen(line)) == 0 && strstr(buf, "\nThreads:\t1\n"));
    n = contents(name_of(pid, "auxv"), buf, sizeof buf);
    for (long i = 0; i + 16 <= n; i += 16) {
        memcpy(pair, buf + i, 16);
        entry |= pair[0] == AT_ENTRY && pair[1] == p->entry;
    }
    IS(n >= 16 && entry && n == (long)(n / 16 * 16));
}

/* line_with: the line of maps an address is in: permissions and name. */
static bool line_with(const char *maps, uint64_t at, char perms[8], char name[PATH_MAX])
{
    unsigned long start, end;

    for (const char *p = maps; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
        int n = 0;

        name[0] = 0;
        if (sscanf(p, "%lx-%lx %7s %*s %*s %*s%n", &start, &end, perms, &n) == 3 && n && at >= start &&
            at < end) {
            sscanf(p + n, " %[^\n]", name);
            if (p[n] == '\n') {
                name[0] = 0;
            }
            return true;
        }
    }
    return false;
}

static void memory(pid_t pid, const Places *p)
{
    static char maps[1 << 20];
    static char smaps[4 << 20];
    char perms[8], name[PATH_MAX], copy[64] = "";
    int fd;

    IS(contents(name_of(pid, "maps"), maps, sizeof maps) > 0);
    IS(line_with(maps, p->code, perms, name) && strcmp(perms, "r-xp") == 0);
    IS(strcmp(name, self_path) == 0);
    IS(line_with(maps, p->data, perms, name) && strcmp(perms, "rw-p") == 0);
    IS(line_with(maps, p->stack, perms, name) && strncmp(perms, "rw", 2) == 0);
    IS(strcmp(name, "[stack]") == 0);
    IS(line_with(maps, p->heap, perms, name) && strcmp(perms, "rw-p") == 0);
    IS(strcmp(name, "[heap]") == 0);
    IS(!strstr(maps, "mimus\n") && !strstr(maps, "rwx"));
    IS(contents(name_of(pid, "smaps"), smaps, sizeof smaps) > 0);
    IS(line_with(smaps, p->code, perms, name) && strcmp(perms, "r-xp") == 0 &&
       strcmp(name, self_path) == 0 && strstr(smaps, "\nRss:"));
    fd = open(name_of(pid, "mem"), O_RDWR);
    if (fd < 0) {
        SAME("mem", -1);
        return;
    }
    IS(pread(fd, copy, sizeof copy, (off_t)p->data) == sizeof copy);
    IS(strcmp(copy, "in the child") == 0);
    close(fd);
}

/* A program whose file has gone since. */
static void deleted(void)
{
    char command[2 * PATH_MAX], link[PATH_MAX] = "", want[PATH_MAX], head[4] = "";
    Places p;
    pid_t pid;
    int fd;

    snprintf(command, sizeof command, "cp %s program", self_path);
    IS(system(command) == 0);
    snprintf(want, sizeof want, "%s/program", scratch_path);
    pid = start(want, &p);
    IS(unlink("program") == 0);
    strcat(want, " (deleted)");
    IS(readlink(name_of(pid, "exe"), link, sizeof link) > 0 && strcmp(link, want) == 0);
    fd = open(name_of(pid, "exe"), O_RDONLY);
    IS(fd >= 0 && read(fd, head, 4) == 4 && memcmp(head, ELFMAG, 4) == 0);
    close(fd);
    stop(pid);
}

int main(int argc, char **argv)
{
    Places p = { 0 };
    pid_t pid;

    if (argc > 2 && strcmp(argv[1], "child") == 0) {
        return as_child(atoi(argv[2]));
    }
    IS(readlink("/proc/self/exe", self_path, sizeof self_path - 1) > 0);
    scratch_dir();
    pid = start("/proc/self/exe", &p);
    stop(pid);
    pid = start(self_path, &p);
    exe(pid);
    names(pid, &p);
    memory(pid, &p);
    stop(pid);
    deleted();
    FAILS(readlink(name_of(getpid(), "nonesuch"), data, 8), ENOENT);
    scratch_end();
    return done();
}
