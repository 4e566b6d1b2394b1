/* SPDX-License-Identifier: MIT */
/* Nothing but the program itself is seen in its process: descriptors, tasks, mappings, name. */
// expect: ok
#include "check.h"

#include <dirent.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>

/* names: what a folder holds, without the descriptor that lists it; ids of processes as "self". */
static const char *names(const char *folder)
{
    static char text[256];
    DIR *d = opendir(folder);
    struct dirent *e;
    size_t n = 0;

    text[0] = 0;
    while (d && (e = readdir(d))) {
        if (e->d_name[0] == '.' || (strstr(folder, "fd") && atoi(e->d_name) == dirfd(d))) {
            continue;
        }
        n += (size_t)snprintf(text + n, sizeof text - n, " %s",
                              atoi(e->d_name) == getpid() ? "self" : e->d_name);
    }
    if (d) {
        closedir(d);
    }
    return text;
}

static void descriptors(void)
{
    int fd = open("/dev/null", O_RDONLY), max;

    IS(fd == 3 && strcmp(names("/proc/self/fd"), " 0 1 2 3") == 0);
    IS(strcmp(names("/proc/self/fdinfo"), " 0 1 2 3") == 0);
    max = 0;
    for (int i = 4; i < 4096; i++) {
        max += fcntl(i, F_GETFD) >= 0;
    }
    IS(max == 0);
    close(fd);
    for (int i = 3; i < 1024; i++) {
        IS(close(i) == -1 && errno == EBADF);
    }
    IS(syscall(SYS_close_range, 3, ~0u, 0) == 0);
    IS(syscall(SYS_close_range, 3, ~0u, 4 /* CLOEXEC */) == 0);
}

/* Whatever was closed above: the program can be executed again, and as itself. */
static void run_self(void)
{
    execl("/proc/self/exe", "again", NULL);
    _exit(99);
}

static void rest(void)
{
    char line[512], name[17] = "";
    FILE *f = fopen("/proc/self/maps", "r");
    unsigned exec = 0, foreign = 0;

    IS(strcmp(names("/proc/self/task"), " self") == 0);
    while (f && fgets(line, sizeof line, f)) {
        const char *base = strrchr(line, '/');

        exec += line[strcspn(line, " ") + 3] == 'x';
        foreign += base && strcmp(base, "/mimus\n") == 0;
    }
    IS(f && exec > 0 && foreign == 0);
    if (f) {
        fclose(f);
    }
    IS(prctl(PR_GET_NAME, name) == 0 && strncmp(name, "hidden", 6) == 0);
    f = fopen("/proc/self/status", "r");
    IS(f && fgets(line, sizeof line, f) && strncmp(line, "Name:\thidden", 12) == 0);
    while (f && fgets(line, sizeof line, f)) {
        IS(strncmp(line, "Threads:", 8) != 0 || atoi(line + 8) == 1);
    }
    if (f) {
        fclose(f);
    }
}

/* advise_self: MADV_DONTNEED by process_madvise, which kernels before 6.13 do not take. */
static long advise_self(uint64_t start, uint64_t len)
{
    enum { PIDFD_SELF_THREAD_GROUP_ = -10001, NR_process_madvise = 440 };
    struct iovec v = { (void *)start, len };

    return syscall(NR_process_madvise, PIDFD_SELF_THREAD_GROUP_, &v, 1ul, MADV_DONTNEED, 0);
}

/*
 * empty: what lies between two mappings is free, whatever the runner keeps there: unmapping it does
 * nothing, and there is nothing to protect. In front of [stack] it grows, so that is left out.
 */
static void empty(uint64_t start, uint64_t end)
{
    if (start < end) {
        errno = 0;
        IS(munmap((void *)start, end - start) == 0);
        FAILS(mprotect((void *)start, end - start, PROT_NONE), ENOMEM);
        FAILS(madvise((void *)start, end - start, MADV_DONTNEED), ENOMEM);
        IS(advise_self(start, end - start) == -1);
    }
}

/* alive: clock, heap, files and processes work on. */
static void alive(void)
{
    struct timespec now;

    IS(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    IS(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) == 0);
    IS(access("/proc/self/exe", F_OK) == 0);
    IS(strcmp(names("/proc/self/task"), " self") == 0);
    IS(child_status(run_self) == 7 << 8);
}

static void gaps(void)
{
    static char text[65536];
    int fd = open("/proc/self/maps", O_RDONLY);
    size_t n = 0;
    ssize_t got;
    uint64_t last = 0x10000;

    while ((got = read(fd, text + n, sizeof text - 1 - n)) > 0) {
        n += (size_t)got;
    }
    close(fd);
    for (char *line = text; *line; line += strcspn(line, "\n") + 1) {
        char *after;
        uint64_t start = strtoull(line, &after, 16), end = strtoull(after + 1, &after, 16);
        size_t len = strcspn(after, "\n");

        if (start >> 47) {
            break;              /* [vsyscall] */
        }
        if (!memmem(after, len, "[stack]", 7)) {
            empty(last, start);
        }
        last = end;
    }
    empty(last, (1ull << 47) - 4096);
    alive();
}

int main(int argc, char **argv)
{
    if (argc == 1 && strcmp(argv[0], "again") == 0) {
        return 7;
    }
    closefrom(3);
    descriptors();
    rest();
    IS(child_status(run_self) == 7 << 8);
    gaps();
    return done();
}
