/* SPDX-License-Identifier: MIT */
/*
 * Pipes and moving data between descriptors: splice, tee, vmsplice, sendfile,
 * copy_file_range.
 */
// family: calls
// expect: ok
#include "check.h"

#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static void basics(void)
{
    int p[2], n;
    char b[100];
    struct iovec v[3] = { { "abc", 3 }, { "", 0 }, { "defgh", 5 } };
    struct iovec r[2] = { { b, 2 }, { b + 50, 50 } };

    IS(pipe(p) == 0);
    IS(writev(p[1], v, 3) == 8);
    IS(ioctl(p[0], FIONREAD, &n) == 0 && n == 8);
    IS(readv(p[0], r, 2) == 8 && memcmp(b, "ab", 2) == 0 &&
       memcmp(b + 50, "cdefgh", 6) == 0);
    IS(fcntl(p[0], F_SETPIPE_SZ, 65536) == 65536 && fcntl(p[1], F_GETPIPE_SZ) == 65536);
    IS(fcntl(p[0], F_SETFL, O_NONBLOCK) == 0);
    FAILS(read(p[0], b, 1), EAGAIN);
    FAILS(lseek(p[0], 0, SEEK_CUR), ESPIPE);
    FAILS(pread(p[0], b, 1, 0), ESPIPE);
    close(p[1]);
    IS(read(p[0], b, 1) == 0);
    close(p[0]);
    IS(pipe(p) == 0);
    close(p[0]);
    signal(SIGPIPE, SIG_IGN);
    FAILS(write(p[1], "x", 1), EPIPE);
    FAILS(read(p[1], b, 1), EBADF);
    close(p[1]);
    FAILS(readv(0, r, -1), EINVAL);
    FAILS(writev(1, v, 5000), EINVAL);
}

static void moving(void)
{
    int p[2], q[2], in = new_file("in", 3000), out = new_file("out", 0);
    off_t at = 100, to = 7;
    char b[3000];
    struct iovec v = { "vmspliced", 9 };

    IS(pipe(p) == 0 && pipe(q) == 0);
    IS(splice(in, &at, p[1], NULL, 1000, 0) == 1000 && at == 1100);
    IS(tee(p[0], q[1], 1000, 0) == 1000);
    IS(splice(p[0], NULL, out, &to, 1000, 0) == 1000 && to == 1007);
    IS(read(q[0], b, sizeof b) == 1000 && b[0] == 'a' + 100 % 26);
    IS(vmsplice(q[1], &v, 1, 0) == 9 && read(q[0], b, 100) == 9 &&
       memcmp(b, "vmspliced", 9) == 0);
    at = 26;
    IS(sendfile(out, in, &at, 52) == 52 && at == 78);
    IS(pread(out, b, 5, 0) == 5 && memcmp(b, "abcde", 5) == 0);
    at = 0;
    to = 4000;
    long n = syscall(SYS_copy_file_range, in, &at, out, &to, 500, 0);
    IS((n == 500 && at == 500 && to == 4500) || (n == -1 && errno == EXDEV));
    IS(pread(in, b, 3000, 2990) == 10);
    IS(pwrite(in, "ZZ", 2, 2999) == 2 && lseek(in, 0, SEEK_END) == 3001);
    v = (struct iovec){ b, 4 };
    IS(preadv(in, &v, 1, 2997) == 4 && memcmp(b + 2, "ZZ", 2) == 0);
    IS(preadv2(in, &v, 1, 0, 0) == 4 && b[0] == 'a');
    FAILS(preadv2(in, &v, 1, 0, 0x40000000), EOPNOTSUPP);
}

static volatile int hits;

static void on_alarm(int sig)
{
    (void)sig;
    hits++;
}

/* SA_RESTART takes a read up again, without it the read is EINTR. */
static void restart(void)
{
    struct sigaction sa = { .sa_handler = on_alarm };
    int p[2];
    char x;

    IS(pipe(p) == 0);
    sigaction(SIGALRM, &sa, NULL);
    ualarm(20000, 0);
    FAILS(read(p[0], &x, 1), EINTR);
    sa.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &sa, NULL);
    if (fork() == 0) {
        usleep(60000);
        _exit(write(p[1], "r", 1) != 1);
    }
    ualarm(20000, 0);
    IS(read(p[0], &x, 1) == 1 && x == 'r' && hits == 2);
    wait(NULL);
}

int main(void)
{
    scratch_dir();
    basics();
    moving();
    restart();
    scratch_end();
    return done();
}
