/* SPDX-License-Identifier: MIT */
/*
 * Newer calls. Which of them there are depends on the host's kernel, so what is printed
 * is compared with the native program: "NAME result" per probe, where a missing call says
 * so.
 */
// family: newer
#include "check.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>

/* Numbers are alike on all architectures from 424 on; headers may be older. */
enum {
    NR_pidfd_open = 434,
    NR_close_range = 436,
    NR_faccessat2 = 439,
    NR_process_madvise = 440,
    NR_epoll_pwait2 = 441,
    NR_landlock_create = 444,
    NR_landlock_add = 445,
    NR_landlock_restrict = 446,
    NR_memfd_secret = 447,
    NR_futex_waitv = 449,
    NR_cachestat = 451,
    NR_fchmodat2 = 452,
    NR_futex_wake = 454,
    NR_futex_wait = 455,
    NR_statmount = 457,
    NR_listmount = 458,
    NR_mseal = 462,
    NR_getxattrat = 464
};

static void say(const char *name, long result)
{
    if (result == -1) {
        printf("%s %s\n", name, errno == ENOSYS ? "not here" : strerror(errno));
    } else {
        printf("%s %ld\n", name, result);
    }
}

static void futexes(void)
{
    struct {
        uint64_t val, uaddr;
        uint32_t flags, reserved;
    } w[2] = { { 0 } };
    static uint32_t words[2];
    struct timespec past = { 1, 0 };

    for (int i = 0; i < 2; i++) {
        w[i].uaddr = (uint64_t)&words[i];
        w[i].flags = 2 /* FUTEX_32 */ | FUTEX_PRIVATE_FLAG;
    }
    say("futex_waitv timeout", syscall(NR_futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC));
    w[1].val = 5;
    say("futex_waitv changed", syscall(NR_futex_waitv, w, 2, 0, &past, CLOCK_MONOTONIC));
    say("futex_wait",
        syscall(NR_futex_wait, &words[0], 0ul, 0xfffffffful, 2 | 128, &past, CLOCK_MONOTONIC));
    say("futex_wake", syscall(NR_futex_wake, &words[0], 0xfffffffful, 1, 2 | 128));
}

static void landlock(void)
{
    uint64_t handled = 1 << 3; /* LANDLOCK_ACCESS_FS_READ_DIR */
    long fd = syscall(NR_landlock_create, &handled, 8, 0);

    say("landlock version > 0", syscall(NR_landlock_create, NULL, 0, 1) > 0);
    if (fd >= 0) {
        say("no_new_privs", syscall(SYS_prctl, 38, 1, 0, 0, 0));
        say("landlock_restrict_self", syscall(NR_landlock_restrict, fd, 0));
        say("open a folder", open("/", O_RDONLY | O_DIRECTORY) >= 0 ? 0 : -1);
        say("open a file", open("/dev/null", O_RDONLY) >= 0 ? 0 : -1);
    }
}

static void memory(void)
{
    char *p =
        mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long fd = syscall(NR_memfd_secret, 0), pfd = syscall(NR_pidfd_open, getpid(), 0);
    struct iovec v = { p, 4096 };
    uint64_t range[2] = { 0, 4096 }, stat[5];
    int file = new_file("/tmp/mimus-newer", 100);

    if (fd >= 0) {
        IS(ftruncate((int)fd, 4096) == 0);
        char *s = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
        say("memfd_secret map", s == MAP_FAILED ? -1 : 0);
        if (s != MAP_FAILED) {
            strcpy(s, "secret");
            say("write from it", write(file, s, 3));
        }
    } else {
        say("memfd_secret", fd);
    }
    p[0] = 1;
    say("process_madvise", syscall(NR_process_madvise, pfd, &v, 1, MADV_COLD, 0));
    say("mseal", syscall(NR_mseal, p, 4096, 0));
    if (munmap(p, 4096) == -1) {
        say("munmap sealed", -1);
        say("mprotect sealed", mprotect(p, 4096, PROT_READ));
        say("munmap beside", munmap(p + 4096, 4096));
    }
    say("cachestat", syscall(NR_cachestat, file, range, stat, 0));
    say("fchmodat2", syscall(NR_fchmodat2, AT_FDCWD, "/tmp/mimus-newer", 0600, 0));
    say("faccessat2",
        syscall(NR_faccessat2, AT_FDCWD, "/tmp/mimus-newer", R_OK, AT_EACCESS));
    unlink("/tmp/mimus-newer");
}

static void faults_by_hand(void)
{
    struct {
        uint64_t api, features, ioctls;
    } api = { 0xaa, 0, 0 };
    int fd =
        (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1 /* USER_MODE_ONLY */);

    if (fd < 0) {
        say("userfaultfd", -1);
        return;
    }
    say("UFFDIO_API", ioctl(fd, 0xc018aa3f, &api));
    say("poll", poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 0));
}

static void mounts(void)
{
    struct {
        uint32_t size, spare;
        uint64_t id, param;
    } req = { 24, 0, ~0ull /* LSMT_ROOT */, 0 };
    uint64_t ids[4];
    long n = syscall(NR_listmount, &req, ids, 4, 0);

    say("listmount > 0", n == -1 ? -1 : n > 0);
}

int main(void)
{
    futexes();
    memory();
    faults_by_hand();
    mounts();
    fflush(NULL);
    if (fork() == 0) {
        landlock();
        exit(0);
    }
    wait(NULL);
    return 0;
}
