/* SPDX-License-Identifier: MIT */
/* Record locks, open file description locks and flock between two processes. */
// family: process
// expect: ok
#include "check.h"

#include <sys/file.h>

static int fd;

static struct flock lock(short type, off_t start, off_t len)
{
    return (struct flock){
        .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len
    };
}

static void child_sees_record_lock(void)
{
    struct flock l = lock(F_WRLCK, 5ll << 32, 10);

    IS(fcntl(fd, F_GETLK, &l) == 0);
    IS(l.l_type == F_WRLCK && l.l_start == 5ll << 32 && l.l_len == 100 &&
       l.l_pid == getppid());
    l = lock(F_WRLCK, 5ll << 32, 1);
    IS(fcntl(fd, F_SETLK, &l) == -1 && (errno == EAGAIN || errno == EACCES));
    l = lock(F_RDLCK, 0, 10);
    IS(fcntl(fd, F_SETLK, &l) == 0);
}

static void child_waits(void)
{
    struct flock l = lock(F_WRLCK, 5ll << 32, 100);
    double start = sec();

    IS(fcntl(fd, F_SETLKW, &l) == 0);
    IS(sec() - start > 0.05);
}

static void child_ofd(void)
{
    int fd2 = open("f", O_RDWR);
    struct flock l = lock(F_WRLCK, 0, 1);

    FAILS(fcntl(fd2, F_OFD_SETLK, &l), EAGAIN);
    IS(fcntl(fd2, F_OFD_GETLK, &l) == 0 && l.l_pid == -1);
    FAILS(flock(fd2, LOCK_EX | LOCK_NB), EAGAIN);
}

static volatile int hits;

static void on_alarm(int sig)
{
    (void)sig;
    hits++;
}

static void child_interrupted(void)
{
    struct sigaction sa = { .sa_handler = on_alarm };
    struct flock l = lock(F_WRLCK, 5ll << 32, 1);

    sigaction(SIGALRM, &sa, NULL);
    ualarm(30000, 0);
    FAILS(fcntl(fd, F_SETLKW, &l), EINTR);
    IS(hits == 1);
}

int main(void)
{
    struct flock l;
    pid_t pid;
    int status;

    scratch_dir();
    fd = new_file("f", 100);
    l = lock(F_WRLCK, 5ll << 32, 100);
    IS(fcntl(fd, F_SETLK, &l) == 0);
    IS(child_status(child_sees_record_lock) == 0);
    IS(child_status(child_interrupted) == 0);
    pid = fork();
    if (pid == 0) {
        child_waits();
        _exit(failures != 0);
    }
    usleep(100000);
    l.l_type = F_UNLCK;
    IS(fcntl(fd, F_SETLK, &l) == 0);
    IS(waitpid(pid, &status, 0) == pid && status == 0);
    l = lock(F_WRLCK, 0, 1);
    IS(fcntl(fd, F_OFD_SETLK, &l) == 0 && flock(fd, LOCK_EX) == 0);
    IS(child_status(child_ofd) == 0);
    l = lock(99, 0, 1);
    FAILS(fcntl(fd, F_SETLK, &l), EINVAL);
    scratch_end();
    return done();
}
