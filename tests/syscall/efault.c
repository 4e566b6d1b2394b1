/* SPDX-License-Identifier: MIT */
/*
 * Bad pointers of four kinds give EFAULT in every call that takes one, never anything
 * worse.
 */
// family: calls
// expect: ok
#include "check.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

static void *bad;
static const char *kind;
static int fd, sock[2], pipes[2], ep, dir, watch;
static char good[4096];

static void expect(const char *what, long result)
{
    if (result != -1 || errno != EFAULT) {
        printf("%s with %s: %ld, errno %d\n", what, kind, result, errno);
        failures++;
    }
}

#define BAD(name, ...) (errno = 0, expect(#name, syscall(SYS_##name, __VA_ARGS__)))

static void file_calls(void)
{
    struct iovec v = { bad, 100 };

    BAD(read, fd, bad, 10);
    BAD(write, pipes[1], bad, 10);
    BAD(pread64, fd, bad, 10, 0);
    BAD(pwrite64, fd, bad, 10, 0);
    BAD(readv, fd, &v, 1);
    BAD(writev, pipes[1], &v, 1);
    BAD(readv, fd, bad, 1);
    BAD(writev, fd, bad, 1);
    BAD(preadv, fd, bad, 1, 0, 0);
    BAD(fstat, fd, bad);
    BAD(newfstatat, AT_FDCWD, "/", bad, 0);
    BAD(newfstatat, AT_FDCWD, bad, good, 0);
    BAD(statx, AT_FDCWD, "/", 0, STATX_ALL, bad);
    BAD(openat, AT_FDCWD, bad, O_RDONLY, 0);
    BAD(openat2, AT_FDCWD, "/", bad, 24);
    BAD(faccessat, AT_FDCWD, bad, R_OK);
    BAD(mkdirat, AT_FDCWD, bad, 0700);
    BAD(unlinkat, AT_FDCWD, bad, 0);
    BAD(renameat2, AT_FDCWD, bad, AT_FDCWD, "x", 0);
    BAD(renameat2, AT_FDCWD, "/", AT_FDCWD, bad, 0);
    BAD(linkat, AT_FDCWD, bad, AT_FDCWD, "x", 0);
    BAD(symlinkat, bad, AT_FDCWD, "x");
    BAD(symlinkat, "x", AT_FDCWD, bad);
    BAD(readlinkat, AT_FDCWD, "/proc/self/cwd", bad, 100);
    BAD(readlinkat, AT_FDCWD, bad, good, 100);
    BAD(readlinkat, AT_FDCWD, "/proc/self/exe", bad, 100);
    BAD(chdir, bad);
    BAD(statfs, "/", bad);
    BAD(statfs, bad, good);
    BAD(fstatfs, fd, bad);
    BAD(truncate, bad, 0);
    BAD(utimensat, AT_FDCWD, "/dev/null", bad, 0);
    BAD(getdents64, dir, bad, 4096);
    BAD(pipe2, bad, 0);
    BAD(fcntl, fd, F_GETLK, bad);
    BAD(ioctl, pipes[0], 0x541b /* FIONREAD */, bad);
    BAD(memfd_create, bad, 0);
    BAD(inotify_add_watch, watch, bad, 1);
    BAD(getxattr, "/", bad, good, 10);
    BAD(execve, bad, NULL, NULL);
}

static void socket_calls(void)
{
    struct iovec v = { bad, 100 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
    socklen_t len = 100;

    BAD(socketpair, AF_UNIX, SOCK_STREAM, 0, bad);
    BAD(bind, sock[0], bad, 10);
    BAD(connect, sock[0], bad, 10);
    BAD(getsockname, sock[0], good, bad);
    BAD(getsockname, sock[0], bad, &len);
    BAD(getsockopt, sock[0], SOL_SOCKET, SO_TYPE, bad, &len);
    BAD(setsockopt, sock[0], SOL_SOCKET, SO_RCVBUF, bad, 4);
    BAD(sendto, sock[0], bad, 10, 0, NULL, 0);
    BAD(recvfrom, sock[1], bad, 10, 0, NULL, NULL);
    BAD(sendmsg, sock[0], bad, 0);
    BAD(recvmsg, sock[1], bad, 0);
    BAD(sendmsg, sock[0], &m, 0);
    BAD(recvmsg, sock[1], &m, 0);
    BAD(sendmmsg, sock[0], bad, 1, 0);
    BAD(recvmmsg, sock[1], bad, 1, 0, NULL);
}

static void other_calls(void)
{
    BAD(epoll_ctl, ep, EPOLL_CTL_ADD, pipes[0], bad);
    BAD(epoll_pwait, ep, bad, 4, 0, NULL, 8);
    BAD(ppoll, bad, 1, NULL, NULL, 8);
    BAD(pselect6, 1, bad, NULL, NULL, NULL, NULL);
    BAD(signalfd4, -1, bad, 8, 0);
    BAD(timerfd_settime, fd, 0, bad, NULL);
    BAD(nanosleep, bad, NULL);
    BAD(clock_nanosleep, CLOCK_MONOTONIC, 0, bad, NULL);
    BAD(clock_gettime, CLOCK_MONOTONIC, bad);
    BAD(clock_getres, CLOCK_MONOTONIC, bad);
    BAD(gettimeofday, bad, NULL);
    BAD(getitimer, 0, bad);
    BAD(setitimer, 0, bad, NULL);
    BAD(timer_create, CLOCK_MONOTONIC, NULL, bad);
    BAD(times, bad);
    BAD(uname, bad);
    BAD(sysinfo, bad);
    BAD(getrusage, RUSAGE_SELF, bad);
    BAD(getrlimit, RLIMIT_NOFILE, bad);
    BAD(setrlimit, RLIMIT_NOFILE, bad);
    BAD(prlimit64, 0, RLIMIT_NOFILE, NULL, bad);
    BAD(prlimit64, 0, RLIMIT_AS, bad, NULL);
    BAD(getrandom, bad, 10, 0);
    BAD(getresuid, bad, bad, bad);
    BAD(setgroups, 1, bad);
    BAD(sched_getparam, 0, bad);
    BAD(sched_getaffinity, 0, 128, bad);
    BAD(sched_setaffinity, 0, 128, bad);
    BAD(prctl, 16 /* PR_GET_NAME */, bad, 0, 0, 0);
    BAD(getcpu, bad, NULL, NULL);
    BAD(futex, bad, 0 /* WAIT */, 0, NULL, NULL, 0);
    BAD(mincore, (long)good & -4096, 1, bad);
    BAD(rt_sigaction, SIGUSR1, bad, NULL, 8);
    BAD(rt_sigaction, SIGUSR1, NULL, bad, 8);
    BAD(rt_sigprocmask, SIG_BLOCK, bad, NULL, 8);
    BAD(rt_sigprocmask, SIG_BLOCK, NULL, bad, 8);
    BAD(rt_sigpending, bad, 8);
    BAD(rt_sigtimedwait, bad, NULL, NULL, 8);
    BAD(rt_sigsuspend, bad, 8);
    BAD(rt_sigqueueinfo, getpid(), SIGCHLD, bad);
    BAD(sigaltstack, bad, NULL);
    BAD(sigaltstack, NULL, bad);
    BAD(msgsnd, 0, bad, 4, 0);
    BAD(semop, 0, bad, 1);
    BAD(mq_unlink, bad);
    BAD(capget, bad, NULL);
}

static void one_kind(void *p, const char *name)
{
    bad = p;
    kind = name;
    IS(write(pipes[1], "data", 4) == 4);
    for (int i = 0; i < 4; i++) { /* a datagram is gone after EFAULT too */
        IS(write(sock[0], "data", 4) == 4);
    }
    lseek(fd, 0, SEEK_SET);
    file_calls();
    socket_calls();
    other_calls();
}

int main(void)
{
    char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *gone = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    memset(good, 'g', sizeof good - 1);
    scratch_dir();
    fd = new_file("f", 100);
    dir = open(".", O_RDONLY | O_DIRECTORY);
    ep = epoll_create1(0);
    watch = inotify_init1(0);
    struct epoll_event e = { .events = EPOLLOUT };
    IS(pipe(pipes) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, sock) == 0);
    IS(epoll_ctl(ep, EPOLL_CTL_ADD, pipes[1], &e) == 0);
    munmap(gone, 4096);
    one_kind(none, "PROT_NONE");
    one_kind(gone, "an unmapped page");
    one_kind((void *)0x8, "page zero");
    one_kind((void *)0x00ff123456789abcul, "a far address");
    one_kind((void *)-64ul, "the last bytes");
    scratch_end();
    return done();
}
