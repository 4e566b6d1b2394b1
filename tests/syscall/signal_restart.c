/* SPDX-License-Identifier: MIT */
/*
 * What a handler does to the call it interrupts: for every call that can wait, once with
 * SA_RESTART and once without. A call that goes on is ended by an event that comes later; one
 * that fails tells EINTR. Which of the two it is is the kernel's rule for that call.
 */
// family: signals
// cflags: -pthread
// timeout: 100
#include "check.h"

#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

static int fds[2], pair[2], event_fd;
static volatile int handled;
static _Atomic uint32_t word;

static void on_signal(int sig)
{
    (void)sig;
    handled++;
}

static long w_read(void)
{
    char c;

    return read(fds[0], &c, 1);
}

static long w_readv(void)
{
    char c;

    return readv(fds[0], &(struct iovec){ &c, 1 }, 1);
}

static long w_recv(void)
{
    char c;

    return recv(pair[0], &c, 1, 0);
}

static long w_recv_timeout(void)
{
    struct timeval tv = { 5, 0 };
    char c;

    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    return recv(pair[0], &c, 1, 0);
}

static long w_recvmsg(void)
{
    char c;
    struct iovec v = { &c, 1 };

    return recvmsg(pair[0], &(struct msghdr){ .msg_iov = &v, .msg_iovlen = 1 }, 0);
}

static long w_recvmmsg(void)
{
    char c;
    struct iovec v = { &c, 1 };
    struct mmsghdr m = { .msg_hdr = { .msg_iov = &v, .msg_iovlen = 1 } };

    return syscall(SYS_recvmmsg, pair[0], &m, 1, 0, NULL);
}

static long w_poll(void)
{
    return poll(&(struct pollfd){ fds[0], POLLIN, 0 }, 1, 5000);
}

static long w_ppoll(void)
{
    return ppoll(&(struct pollfd){ fds[0], POLLIN, 0 }, 1, NULL, NULL);
}

static long w_select(void)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    return select(fds[0] + 1, &set, NULL, NULL, NULL);
}

static long w_pselect(void)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    return pselect(fds[0] + 1, &set, NULL, NULL, &(struct timespec){ 5, 0 }, NULL);
}

static long w_epoll(void)
{
    struct epoll_event ev = { .events = EPOLLIN };
    int ep = epoll_create1(0);

    epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &ev);
    long r = epoll_wait(ep, &ev, 1, 5000);
    int e = errno;

    close(ep);
    errno = e;
    return r;
}

static long w_futex(void)
{
    return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static long w_futex_timeout(void)
{
    return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &(struct timespec){ 5, 0 }, NULL, 0);
}

static long w_futex_bitset(void)
{
    return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, NULL, NULL, ~0u);
}

static long w_futex_waitv(void)
{
    struct {
        uint64_t val, addr;
        uint32_t flags, spare;
    } w = { 0, (uintptr_t)&word, 2, 0 };

    return syscall(449, &w, 1, 0, NULL, 0);
}

static long w_futex2_wait(void)
{
    return syscall(455, &word, 0ul, ~0ul, 2, NULL, 0);
}

static long w_sem(void)
{
    static sem_t sem;

    sem_init(&sem, 0, 0);
    return sem_timedwait(&sem, &(struct timespec){ time(NULL) + 6, 0 });
}

static long w_waitpid(void)
{
    return waitpid(-1, NULL, 0) > 0;
}

static long w_waitid(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED);
}

static long w_nanosleep(void)
{
    return nanosleep(&(struct timespec){ 0, 80000000 }, NULL);
}

static long w_clock_nanosleep(void)
{
    return (errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ 0, 80000000 }, NULL)) ? -1 : 0;
}

static long w_clock_nanosleep_abs(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec++;
    return (errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL)) ? -1 : 0;
}

static long w_pause(void)
{
    return pause();
}

static long w_sigsuspend(void)
{
    sigset_t none;

    sigemptyset(&none);
    return sigsuspend(&none);
}

static long w_sigtimedwait(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigtimedwait(&set, NULL, &(struct timespec){ 5, 0 });
}

static long w_sigwaitinfo(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigwaitinfo(&set, NULL);
}

static long w_signalfd(void)
{
    struct signalfd_siginfo info;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return read(signalfd(-1, &set, 0), &info, sizeof info) == sizeof info ? 1 : -1;
}

static long w_timerfd(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    uint64_t n;

    timerfd_settime(fd, 0, &(struct itimerspec){ { 0, 0 }, { 0, 90000000 } }, NULL);
    return read(fd, &n, 8);
}

static long w_eventfd(void)
{
    uint64_t n;

    return read(event_fd, &n, 8);
}

static long w_inotify(void)
{
    char buf[512];
    int fd = inotify_init1(0);

    inotify_add_watch(fd, "touched", IN_MODIFY);
    return read(fd, buf, sizeof buf) > 0 ? 1 : -1;
}

static long w_accept(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = { AF_UNIX, "listen" };

    unlink("listen");
    if (bind(fd, (void *)&a, sizeof a) || listen(fd, 1)) {
        return -2;
    }
    return accept(fd, NULL, NULL) >= 0 ? 1 : -1;
}

static long w_write(void)
{
    static char big[1 << 20];

    return write(pair[1], big, sizeof big) > 0 ? 1 : -1;
}

static long w_flock(void)
{
    int fd = open("locked", O_RDWR);

    return flock(fd, LOCK_EX);
}

static long w_setlkw(void)
{
    int fd = open("locked2", O_RDWR);
    struct flock l = { .l_type = F_WRLCK };

    return fcntl(fd, F_SETLKW, &l);
}

static long w_ofd_setlkw(void)
{
    int fd = open("locked2", O_RDWR);
    struct flock l = { .l_type = F_WRLCK };

    return fcntl(fd, F_OFD_SETLKW, &l);
}

static int msg_id, sem_id;

static long w_msgrcv(void)
{
    struct {
        long type;
        char c;
    } m;

    return msgrcv(msg_id, &m, 1, 0, 0);
}

static long w_semop(void)
{
    return semop(sem_id, &(struct sembuf){ 0, -1, 0 }, 1);
}

static long w_semtimedop(void)
{
    return semtimedop(sem_id, &(struct sembuf){ 0, -1, 0 }, 1, &(struct timespec){ 5, 0 });
}

static long w_open_fifo(void)
{
    return open("fifo", O_RDONLY) >= 0 ? 1 : -1;
}

static mqd_t queue;

static long w_mq_receive(void)
{
    char buf[16];

    return mq_receive(queue, buf, sizeof buf, NULL);
}

static const struct {
    const char *name;
    long (*f)(void);
} waits[] = {
    { "read", w_read }, { "readv", w_readv }, { "recv", w_recv }, { "recv timeout", w_recv_timeout },
    { "recvmsg", w_recvmsg }, { "recvmmsg", w_recvmmsg }, { "poll", w_poll }, { "ppoll", w_ppoll },
    { "select", w_select }, { "pselect", w_pselect }, { "epoll_wait", w_epoll }, { "futex", w_futex },
    { "futex timeout", w_futex_timeout }, { "futex bitset", w_futex_bitset },
    { "futex_waitv", w_futex_waitv }, { "futex_wait", w_futex2_wait }, { "sem_timedwait", w_sem },
    { "waitpid", w_waitpid }, { "waitid", w_waitid }, { "nanosleep", w_nanosleep },
    { "clock_nanosleep", w_clock_nanosleep }, { "clock_nanosleep absolute", w_clock_nanosleep_abs },
    { "pause", w_pause }, { "sigsuspend", w_sigsuspend }, { "sigtimedwait", w_sigtimedwait },
    { "sigwaitinfo", w_sigwaitinfo }, { "signalfd", w_signalfd }, { "timerfd", w_timerfd },
    { "eventfd", w_eventfd }, { "inotify", w_inotify }, { "accept", w_accept }, { "write", w_write },
    { "flock", w_flock }, { "F_SETLKW", w_setlkw }, { "F_OFD_SETLKW", w_ofd_setlkw },
    { "msgrcv", w_msgrcv }, { "semop", w_semop }, { "semtimedop", w_semtimedop },
    { "open fifo", w_open_fifo }, { "mq_receive", w_mq_receive },
};

static pid_t waiter;
static volatile int *ready;     /* shared: the waiter is about to wait */

/* event: whatever any of the calls waits for. */
static void event(bool writes)
{
    char buf[65536], c = 'x';
    struct sockaddr_un a = { AF_UNIX, "listen" };
    uint64_t one = 1;
    struct {
        long type;
        char c;
    } m = { 1, 'x' };
    int fd;

    word = 1;
    syscall(SYS_futex, &word, FUTEX_WAKE, 100, NULL, NULL, 0);
    IS(write(fds[1], &c, 1) == 1);
    IS(write(event_fd, &one, 8) == 8);
    send(pair[1], &c, 1, MSG_DONTWAIT);
    while (writes && recv(pair[0], buf, sizeof buf, MSG_DONTWAIT) > 0) {
        usleep(1000);
    }
    msgsnd(msg_id, &m, 1, IPC_NOWAIT);
    semop(sem_id, &(struct sembuf){ 0, 1, IPC_NOWAIT }, 1);
    if (queue != (mqd_t)-1) {
        mq_send(queue, &c, 1, 0);
    }
    kill(waiter, SIGUSR2);
    if ((fd = open("touched", O_RDWR)) >= 0) {
        IS(write(fd, &c, 1) == 1);
    }
    open("fifo", O_WRONLY | O_NONBLOCK);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    connect(fd, (void *)&a, sizeof a);
}

/* asleep: until the waiter sleeps in a call; its state is S in /proc. */
static void asleep(void)
{
    char path[40], text[300], *p;
    int still = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", waiter);
    for (int i = 0; i < 5000 && still < 20; i++) {
        int fd = open(path, O_RDONLY);
        ssize_t n = read(fd, text, sizeof text - 1);

        close(fd);
        text[n > 0 ? n : 0] = 0;
        p = strrchr(text, ')');
        if (p && p[2] == 'Z') {
            return;
        }
        still = p && p[2] == 'S' ? still + 1 : 0;
        usleep(1000);
    }
}

static void one_wait(unsigned i, int flags)
{
    struct sigaction a = { .sa_handler = on_signal, .sa_flags = flags };
    sigset_t set;

    sigaction(SIGUSR1, &a, NULL);
    signal(SIGUSR2, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (fork() == 0) {          /* somebody to wait for */
        usleep(waits[i].f == w_waitpid || waits[i].f == w_waitid ? 150000 : 0);
        _exit(0);
    }
    if (waits[i].f != w_waitpid && waits[i].f != w_waitid) {
        wait(NULL);
    }
    *ready = 1;

    long r = waits[i].f();
    int e = errno;

    _exit(r == -1 ? 100 + (e & 63) : handled ? 1 : 2);
}

static void try_wait(unsigned i, int flags)
{
    char name[80];
    int status = -1, locked = open("locked", O_RDWR | O_CREAT, 0644);
    int locked2 = open("locked2", O_RDWR | O_CREAT, 0644);
    struct flock l = { .l_type = F_WRLCK };
    struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 16 };

    word = 0;
    event_fd = eventfd(0, 0);
    IS(pipe(fds) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    flock(locked, LOCK_EX);
    fcntl(locked2, F_SETLKW, &l);
    msg_id = msgget(IPC_PRIVATE, 0600);
    sem_id = semget(IPC_PRIVATE, 1, 0600);
    mq_unlink("/mimus-restart");
    queue = mq_open("/mimus-restart", O_RDWR | O_CREAT, 0600, &attr);
    close(open("touched", O_CREAT | O_RDWR, 0644));
    mkfifo("fifo", 0600);
    fflush(NULL);
    *ready = 0;
    waiter = fork();
    if (waiter == 0) {
        close(locked);
        one_wait(i, flags);
    }
    for (int k = 0; k < 10000 && !*ready; k++) {    /* it sleeps before, too, until its child ends */
        usleep(1000);
    }
    asleep();
    kill(waiter, SIGUSR1);
    asleep();
    flock(locked, LOCK_UN);
    close(locked);
    close(locked2);
    event(waits[i].f == w_write);
    for (int k = 0; k < 3000 && waitpid(waiter, &status, WNOHANG) == 0; k++) {
        usleep(1000);
        if (k == 2999) {
            kill(waiter, SIGKILL);
            waitpid(waiter, &status, 0);
        }
    }
    snprintf(name, sizeof name, "%s %s", waits[i].name, flags ? "SA_RESTART" : "plain");
    SAME(name, status);
    close(event_fd);
    msgctl(msg_id, IPC_RMID, NULL);
    semctl(sem_id, 0, IPC_RMID);
    mq_unlink("/mimus-restart");
    for (int k = 0; k < 2; k++) {
        close(fds[k]);
        close(pair[k]);
    }
}

int main(void)
{
    word = 0;
    ready = mmap(NULL, sizeof *ready, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    signal(SIGPIPE, SIG_IGN);
    scratch_dir();
    for (unsigned i = 0; i < sizeof waits / sizeof *waits; i++) {
        try_wait(i, 0);
        try_wait(i, SA_RESTART);
    }
    scratch_end();
    return done();
}
