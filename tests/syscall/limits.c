/* SPDX-License-Identifier: MIT */
/* Limits bind the guest and are read back, and the program goes on. */
// family: process
// expect: ok
#include "check.h"

#include <sys/mman.h>
#include <sys/resource.h>

static void address_space(void)
{
    struct rlimit lim = { 256 << 20, 512 << 20 }, got;
    void *p;

    IS(setrlimit(RLIMIT_AS, &lim) == 0);
    IS(getrlimit(RLIMIT_AS, &got) == 0 && got.rlim_cur == lim.rlim_cur &&
       got.rlim_max == lim.rlim_max);
    p = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(p != MAP_FAILED);
    FAILS(mmap(NULL, 300 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    FAILS(mremap(p, 8 << 20, 400 << 20, MREMAP_MAYMOVE), ENOMEM);
    lim.rlim_cur = lim.rlim_max + 1;
    FAILS(setrlimit(RLIMIT_AS, &lim), EINVAL);
    /* Still alive: some work. */
    for (int i = 0; i < 100; i++) {
        free(malloc(100000));
    }
}

static void data(void)
{
    struct rlimit lim = { 64 << 20, 64 << 20 };

    IS(setrlimit(RLIMIT_DATA, &lim) == 0);
    FAILS(
        mmap(NULL, 100 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        ENOMEM);
    IS(mmap(NULL, 100 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
       MAP_FAILED);
    FAILS(brk((char *)sbrk(0) + (100 << 20)), ENOMEM);
}

static void inherited(void)
{
    struct rlimit lim = { 200 << 20, 300 << 20 }, got;
    int status;

    IS(setrlimit(RLIMIT_AS, &lim) == 0);
    fflush(NULL);
    if (fork() == 0) {
        getrlimit(RLIMIT_AS, &got);
        _exit(got.rlim_cur != lim.rlim_cur);
    }
    wait(&status);
    IS(status == 0);
}

static void descriptors(void)
{
    struct rlimit lim = { 10, 10 };
    int fd = 0, n = 0;

    IS(prlimit(0, RLIMIT_NOFILE, &lim, NULL) == 0);
    while (n < 20 && (fd = dup(0)) >= 0) {
        n++;
    }
    IS(fd == -1 && errno == EMFILE && n == 7);
    FAILS(dup2(0, 10), EBADF);
}

static bool readable(const char *name)
{
    char buf[4096];
    long sum = 0, n;
    int fd = open(name, O_RDONLY);

    while (fd >= 0 && (n = read(fd, buf, sizeof buf)) > 0) {
        sum += n;
    }
    return fd >= 0 && close(fd) == 0 && sum > 0;
}

/* No file may be written: what /proc says is none. */
static void file_size(void)
{
    struct rlimit lim = { 0, 0 };
    char *const argv[] = { "limits", "small", NULL };

    IS(setrlimit(RLIMIT_FSIZE, &lim) == 0);
    IS(readable("/proc/self/maps") && readable("/proc/self/smaps"));
    IS(readable("/proc/self/cmdline") && readable("/proc/cpuinfo"));
    execv("/proc/self/exe", argv);
    IS(!"executed");
}

static void others(void)
{
    struct rlimit lim = { 4096, 4096 }, got;
    int fd;

    IS(getrlimit(RLIMIT_STACK, &got) == 0 && got.rlim_cur >= 65536);
    FAILS(getrlimit(99, &got), EINVAL);
    FAILS(setrlimit(99, &lim), EINVAL);
    signal(SIGXFSZ, SIG_IGN);
    IS(setrlimit(RLIMIT_FSIZE, &lim) == 0);
    fd = new_file("f", 0);
    IS(lseek(fd, 4090, SEEK_SET) == 4090 && write(fd, "0123456789", 10) == 6);
    FAILS(write(fd, "x", 1), EFBIG);
    lim.rlim_cur = lim.rlim_max = 0;
    IS(setrlimit(RLIMIT_CORE, &lim) == 0 && getrlimit(RLIMIT_CORE, &got) == 0 &&
       got.rlim_max == 0);
    lim.rlim_cur = 64 << 10;
    lim.rlim_max = 128 << 20;
    IS(setrlimit(RLIMIT_STACK, &lim) == 0 && getrlimit(RLIMIT_STACK, &got) == 0 &&
       got.rlim_cur == 64 << 10);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "small") == 0) {
        return readable("/proc/self/maps") ? 0 : 1;
    }
    scratch_dir();
    IS(child_status(address_space) == 0);
    IS(child_status(data) == 0);
    IS(child_status(inherited) == 0);
    IS(child_status(descriptors) == 0);
    IS(child_status(file_size) == 0);
    IS(child_status(others) == 0);
    scratch_end();
    return done();
}
