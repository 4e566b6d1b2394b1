/* SPDX-License-Identifier: MIT */
/*
 * The process model: what clone and clone3 share or copy flag by flag, process descriptors,
 * the ends that waitid tells, namespaces made and entered, ends and exec from any thread.
 */
// family: process
// expect: ok
// cflags: -pthread
// timeout: 60
#include "check.h"

#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

enum { NR_pidfd_send_signal = 424, NR_clone3 = 435, NR_pidfd_open = 434, NR_pidfd_getfd = 438 };
#ifndef P_PIDFD
# define P_PIDFD 3
#endif

static _Alignas(16) char stack[2][65536];
static char *top = stack[0] + sizeof stack[0];
static volatile int word;

static int end_of(pid_t pid)
{
    int status = -1;

    return waitpid(pid, &status, __WALL) == pid ? status : -1;
}

/* ---- shared or copied ---- */

static int child_changes(void *fd)
{
    word++;
    close((int)(long)fd);
    umask(077);
    IS(chdir("/") == 0);
    return 0;
}

static void shares(const char *name, int flags, bool vm, bool files, bool fs)
{
    int fd = dup(0), before = word;
    char where[256], text[100];
    bool is_open, moved;

    umask(022);
    IS(chdir("/tmp") == 0);
    pid_t pid = clone(child_changes, top, flags | SIGCHLD, (void *)(long)fd);

    snprintf(text, sizeof text, "%s ends", name);
    CHECK(text, pid > 0 && end_of(pid) == 0);
    snprintf(text, sizeof text, "%s memory", name);
    CHECK(text, (word != before) == vm);
    is_open = fcntl(fd, F_GETFD) == 0;
    snprintf(text, sizeof text, "%s descriptors", name);
    CHECK(text, is_open != files);
    snprintf(text, sizeof text, "%s umask", name);
    CHECK(text, (umask(022) == 077) == fs);
    moved = getcwd(where, sizeof where) && !strcmp(where, "/");
    snprintf(text, sizeof text, "%s folder", name);
    CHECK(text, moved == fs);
    if (is_open) {
        close(fd);
    }
}

static void all_shares(void)
{
    shares("clone none", 0, false, false, false);
    shares("clone VM", CLONE_VM, true, false, false);
    shares("clone FILES", CLONE_FILES, false, true, false);
    shares("clone FS", CLONE_FS, false, false, true);
    shares("clone FILES|FS", CLONE_FILES | CLONE_FS, false, true, true);
    shares("clone VM|FILES", CLONE_VM | CLONE_FILES, true, true, false);
    shares("clone VM|FS|FILES", CLONE_VM | CLONE_FS | CLONE_FILES, true, true, true);
    shares("clone VM|VFORK", CLONE_VM | CLONE_VFORK, true, false, false);
    shares("clone VFORK", CLONE_VFORK, false, false, false);
    shares("clone VM|SIGHAND", CLONE_VM | CLONE_SIGHAND, true, false, false);
    shares("clone SYSVSEM", CLONE_SYSVSEM, false, false, false);
    shares("clone IO", CLONE_IO, false, false, false);
}

static void on_signal(int sig)
{
    (void)sig;
}

static int set_handler(void *unused)
{
    signal(SIGUSR2, on_signal);
    return unused != NULL;
}

static bool has_handler(void)
{
    struct sigaction a;

    return sigaction(SIGUSR2, NULL, &a) == 0 && a.sa_handler == on_signal;
}

static void handlers(void)
{
    signal(SIGUSR2, SIG_DFL);
    IS(end_of(clone(set_handler, top, CLONE_VM | SIGCHLD, NULL)) == 0);
    CHECK("VM alone keeps handlers apart", !has_handler());
    IS(end_of(clone(set_handler, top, CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL)) == 0);
    CHECK("SIGHAND shares handlers", has_handler());
    struct clone_args args = { .flags = 0x100000000ull /* CLEAR_SIGHAND */, .exit_signal = SIGCHLD };
    pid_t pid = (pid_t)syscall(NR_clone3, &args, sizeof args);

    if (pid == 0) {
        _exit(has_handler());
    }
    CHECK("CLEAR_SIGHAND resets handlers", end_of(pid) == 0);
    signal(SIGUSR2, SIG_DFL);
}

/* ---- ids ---- */

static volatile pid_t cleared;

static int nothing(void *unused)
{
    return unused != NULL;
}

static int wait_signal(void *unused)
{
    (void)unused;
    pause();
    return 0;
}

static void ids(void)
{
    pid_t stored = 0;

    cleared = 77;
    pid_t pid = clone(nothing, top, CLONE_VM | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID | SIGCHLD,
                      NULL, &stored, NULL, &cleared);

    IS(pid > 0 && end_of(pid) == 0);
    CHECK("PARENT_SETTID stores", stored == pid);
    CHECK("CHILD_CLEARTID clears", cleared == 0);
    signal(SIGUSR1, SIG_IGN);       /* first: the child may end before clone() returns */
    pid = clone(nothing, top, SIGUSR1, NULL);
    CHECK("exit signal other than SIGCHLD needs __WCLONE",
          waitpid(pid, NULL, 0) == -1 && errno == ECHILD);
    CHECK("__WCLONE finds it", waitpid(pid, NULL, __WCLONE) == pid);
    pid = clone(nothing, top, 0, NULL);
    CHECK("no exit signal", waitpid(pid, NULL, __WALL) == pid);
    signal(SIGUSR1, SIG_DFL);
}

static int sibling(void *unused)
{
    (void)unused;
    return 5;
}

static void sibling_of_child(void)
{
    pid_t pid = clone(sibling, stack[1] + sizeof stack[1], CLONE_PARENT | SIGCHLD, NULL);

    _exit(pid > 0 && waitpid(pid, NULL, __WALL) == -1 && errno == ECHILD ? 6 : 7);
}

static void parents(void)
{
    int status, seen = 0;

    fflush(NULL);
    if (fork() == 0) {
        sibling_of_child();
    }
    for (int i = 0; i < 2; i++) {
        IS(wait(&status) > 0);
        seen |= 1 << WEXITSTATUS(status);
    }
    CHECK("CLONE_PARENT makes a sibling", seen == (1 << 5 | 1 << 6));
}

/* ---- refusals ---- */

static long clone3_flags(uint64_t flags, uint64_t signal)
{
    struct clone_args args = { .flags = flags, .exit_signal = signal };
    pid_t pid = (pid_t)syscall(NR_clone3, &args, sizeof args);

    if (pid == 0) {
        _exit(0);
    }
    if (pid > 0) {
        waitpid(pid, NULL, __WALL);
        return 0;
    }
    return pid;
}

static void refusals(void)
{
    struct clone_args tids = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&word,
                               .set_tid_size = 33 };
    struct clone_args half = { .exit_signal = SIGCHLD, .stack = (uintptr_t)stack };
    struct clone_args size = { .exit_signal = SIGCHLD, .stack_size = 4096 };

    FAILS(clone3_flags(CLONE_THREAD, 0), EINVAL);
    FAILS(clone3_flags(CLONE_THREAD | CLONE_SIGHAND, 0), EINVAL);
    FAILS(clone3_flags(CLONE_SIGHAND, SIGCHLD), EINVAL);
    FAILS(clone3_flags(CLONE_DETACHED, SIGCHLD), EINVAL);
    FAILS(clone3_flags(0xff, 0), EINVAL);
    FAILS(clone3_flags(0, 65), EINVAL);
    FAILS(clone3_flags(0, 1 << 20), EINVAL);
    FAILS(clone3_flags(CLONE_FS | CLONE_NEWNS, SIGCHLD), EINVAL);
    FAILS(clone3_flags(CLONE_FS | CLONE_NEWUSER, SIGCHLD), EINVAL);
    FAILS(clone3_flags(CLONE_SYSVSEM | CLONE_NEWIPC, SIGCHLD), EINVAL);
    FAILS(clone3_flags(CLONE_PARENT, SIGCHLD), EINVAL);
    FAILS(clone3_flags(1ull << 40, SIGCHLD), EINVAL);
    FAILS(clone3_flags(CLONE_SIGHAND | CLONE_VM | 0x100000000ull, SIGCHLD), EINVAL);
    FAILS(syscall(NR_clone3, &tids, sizeof tids), EINVAL);
    FAILS(syscall(NR_clone3, &half, sizeof half), EINVAL);
    FAILS(syscall(NR_clone3, &size, sizeof size), EINVAL);
    FAILS(syscall(NR_clone3, (void *)8, sizeof size), EFAULT);
    FAILS(syscall(NR_clone3, &size, 63), EINVAL);
    FAILS(syscall(SYS_clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, 0, 0, 0), EINVAL);
    FAILS(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &word, 0, 0), EINVAL);
    IS(clone3_flags(0, SIGCHLD) == 0);
    IS(clone3_flags(CLONE_VFORK, SIGCHLD) == 0);
}

/* ---- process descriptors ---- */

static void descriptors(void)
{
    int fd = -1;
    siginfo_t info = { 0 };
    struct pollfd p;
    pid_t pid = clone(wait_signal, top, CLONE_PIDFD | SIGCHLD, NULL, &fd);

    CHECK("CLONE_PIDFD", pid > 0 && fd >= 0);
    IS(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    p = (struct pollfd){ fd, POLLIN, 0 };
    CHECK("alive: not readable", poll(&p, 1, 0) == 0);
    IS(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0);
    FAILS(syscall(NR_pidfd_send_signal, fd, 99, NULL, 0), EINVAL);
    FAILS(syscall(NR_pidfd_send_signal, fd, SIGTERM, NULL, 1 << 20), EINVAL);
    FAILS(syscall(NR_pidfd_send_signal, 0, SIGTERM, NULL, 0), EBADF);
    IS(syscall(NR_pidfd_send_signal, fd, 0, NULL, 0) == 0);
    int theirs = (int)syscall(NR_pidfd_getfd, fd, 1, 0);

    CHECK("pidfd_getfd", theirs >= 0 && fcntl(theirs, F_GETFD) == FD_CLOEXEC);
    FAILS(syscall(NR_pidfd_getfd, fd, 999, 0), EBADF);
    FAILS(syscall(NR_pidfd_getfd, fd, 1, 7), EINVAL);
    close(theirs);
    IS(syscall(NR_pidfd_send_signal, fd, SIGTERM, NULL, 0) == 0);
    CHECK("ended: readable", poll(&p, 1, 5000) == 1 && p.revents & POLLIN);
    IS(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOWAIT) == 0);
    CHECK("what waitid tells", info.si_pid == pid && info.si_code == CLD_KILLED &&
          info.si_status == SIGTERM && info.si_signo == SIGCHLD);
    IS(waitid(P_PIDFD, (id_t)fd, &info, WEXITED) == 0);
    FAILS(waitid(P_PIDFD, (id_t)fd, &info, WEXITED), ECHILD);
    FAILS(syscall(NR_pidfd_send_signal, fd, 0, NULL, 0), ESRCH);
    close(fd);
    FAILS(syscall(NR_pidfd_open, 0, 0), EINVAL);
    FAILS(syscall(NR_pidfd_open, -1, 0), EINVAL);
    FAILS(syscall(NR_pidfd_open, getpid(), 1 << 20), EINVAL);
    FAILS(syscall(NR_pidfd_open, 0x3ffffff, 0), ESRCH);
    fd = (int)syscall(NR_pidfd_open, getpid(), O_NONBLOCK);
    CHECK("pidfd_open of itself", fd >= 0 && fcntl(fd, F_GETFL) & O_NONBLOCK);
    close(fd);
}

/* ---- what waitid tells ---- */

static void stops(void)
{
    siginfo_t info;
    int go[2];
    char byte;

    IS(pipe(go) == 0);
    pid_t pid = fork();

    /* It ends only after it was seen to go on. */
    if (pid == 0) {
        close(go[1]);
        raise(SIGSTOP);
        _exit(read(go[0], &byte, 1) == 0 ? 33 : 1);
    }
    close(go[0]);
    IS(waitid(P_PID, (id_t)pid, &info, WSTOPPED) == 0 && info.si_code == CLD_STOPPED &&
       info.si_status == SIGSTOP);
    IS(kill(pid, SIGCONT) == 0);
    IS(waitid(P_PID, (id_t)pid, &info, WCONTINUED) == 0 && info.si_code == CLD_CONTINUED);
    close(go[1]);
    IS(waitid(P_PID, (id_t)pid, &info, WEXITED) == 0 && info.si_code == CLD_EXITED &&
       info.si_status == 33);
    FAILS(waitid(P_PID, (id_t)pid, &info, WEXITED), ECHILD);
    FAILS(waitid(P_ALL, 0, &info, 0), EINVAL);
    FAILS(waitid(77, 0, &info, WEXITED), EINVAL);
    FAILS(waitpid(-1, NULL, 1 << 20), EINVAL);
}

/* ---- namespaces ---- */

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);

    IS(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void in_user_namespace(void)
{
    struct utsname u;
    char map[40];
    int own = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

    snprintf(map, sizeof map, "0 %d 1", (int)geteuid());
    IS(unshare(CLONE_NEWUSER) == 0);
    put("/proc/self/uid_map", map);
    IS(geteuid() == 0);
    IS(unshare(CLONE_NEWUTS) == 0);
    IS(sethostname("inside", 6) == 0 && uname(&u) == 0 && !strcmp(u.nodename, "inside"));
    int inner = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    struct stat a, b;

    CHECK("another uts namespace", fstat(own, &a) == 0 && fstat(inner, &b) == 0 && a.st_ino != b.st_ino);
    FAILS(setns(own, CLONE_NEWUTS), EPERM);
    IS(unshare(CLONE_NEWIPC) == 0);
    IS(unshare(CLONE_NEWNET) == 0);
    IS(unshare(CLONE_NEWNS) == 0);
    IS(unshare(CLONE_NEWUTS) == 0);
    IS(setns(inner, CLONE_NEWUTS) == 0);
    FAILS(setns(inner, CLONE_NEWNET), EINVAL);
    FAILS(setns(0, 0), EINVAL);
    IS(unshare(CLONE_NEWPID) == 0);
    pid_t pid = fork();

    if (pid == 0) {
        _exit(getpid() == 1 && getppid() == 0 ? 0 : 1);
    }
    CHECK("first of a pid namespace", pid > 1 && end_of(pid) == 0);
}

static int first_of_many(void *unused)
{
    (void)unused;
    return getpid() == 1 ? 3 : 4;
}

static void namespaces(void)
{
    ENDS("user namespace", in_user_namespace, 0);
    pid_t pid = clone(first_of_many, top, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, NULL);

    CHECK("clone with NEWUSER NEWPID", pid > 0 && end_of(pid) == 3 << 8);
    FAILS(unshare(1 << 3), EINVAL);
    IS(unshare(CLONE_FILES) == 0);
    IS(unshare(CLONE_FS) == 0);
    IS(unshare(CLONE_SYSVSEM) == 0);
    IS(unshare(0) == 0);
}

static void *try_unshare(void *unused)
{
    (void)unused;
    FAILS(unshare(CLONE_NEWUSER), EINVAL);
    FAILS(unshare(CLONE_VM), EINVAL);
    FAILS(unshare(CLONE_SIGHAND), EINVAL);
    IS(unshare(CLONE_FS) == 0);
    return NULL;
}

static void with_threads(void)
{
    pthread_t t;

    IS(pthread_create(&t, NULL, try_unshare, NULL) == 0 && pthread_join(t, NULL) == 0);
}

/* ---- parents that end, orphans ---- */

static void reaper(void)
{
    int status, fd[2];

    IS(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 && pipe(fd) == 0);
    if (fork() == 0) {
        if (fork() == 0) {
            char c;

            close(fd[1]);
            _exit(read(fd[0], &c, 1) == 0 ? 44 : 1);
        }
        _exit(0);
    }
    IS(wait(&status) > 0 && status == 0);
    close(fd[1]);
    CHECK("a subreaper gets the orphan", wait(&status) > 0 && status == 44 << 8);
}

static void death_signal(void)
{
    int fd[2], sig = 0;
    char c;

    IS(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 && pipe(fd) == 0);
    pid_t middle = fork();

    if (middle == 0) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGUSR1);
            IS(prctl(PR_GET_PDEATHSIG, &sig) == 0 && sig == SIGUSR1);
            /* Its parent may be killed from here on, and it with it: it says no more. */
            if (write(fd[1], "x", 1) != 1)
                _exit(1);
            for (;;) {
                pause();
            }
        }
        pause();
    }
    IS(read(fd[0], &c, 1) == 1 && kill(middle, SIGKILL) == 0 && end_of(middle) == SIGKILL);
    CHECK("death of the parent tells", wait(&sig) > 0 && sig == SIGUSR1);
}

int main(void)
{
    all_shares();
    handlers();
    ids();
    parents();
    refusals();
    descriptors();
    stops();
    namespaces();
    ENDS("unshare among threads", with_threads, 0);
    ENDS("reaper", reaper, 0);
    ENDS("death signal", death_signal, 0);
    return done();
}
