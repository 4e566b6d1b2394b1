/* SPDX-License-Identifier: MIT */
/* Stream, datagram and Unix sockets; descriptors, credentials and short control buffers. */
// family: conversions
// expect: ok
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static void tcp(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
                       b;
    socklen_t len = sizeof a;
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), c, d, one = 1, value = 0, n;
    char buf[100];

    IS(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    IS(bind(s, (void *)&a, sizeof a) == 0 && listen(s, 5) == 0);
    IS(getsockname(s, (void *)&a, &len) == 0 && len == sizeof a && a.sin_port);
    c = socket(AF_INET, SOCK_STREAM, 0);
    IS(connect(c, (void *)&a, sizeof a) == 0);
    len = sizeof b;
    d = accept4(s, (void *)&b, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    IS(d >= 0 && len == sizeof b && b.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    IS(fcntl(d, F_GETFL) & O_NONBLOCK && fcntl(d, F_GETFD) == FD_CLOEXEC);
    FAILS(recv(d, buf, 10, 0), EAGAIN);
    IS(setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
    len = sizeof value;
    IS(getsockopt(c, IPPROTO_TCP, TCP_NODELAY, &value, &len) == 0 && value == 1 &&
       len == 4);
    IS(send(c, "hello, world", 12, MSG_NOSIGNAL) == 12);
    IS(poll(&(struct pollfd){ d, POLLIN, 0 }, 1, 1000) == 1);
    IS(ioctl(d, FIONREAD, &n) == 0 && n == 12);
    IS(recv(d, buf, 5, MSG_PEEK) == 5 && memcmp(buf, "hello", 5) == 0);
    IS(recv(d, buf, sizeof buf, 0) == 12);
    IS(shutdown(c, SHUT_WR) == 0 && poll(&(struct pollfd){ d, POLLIN, 0 }, 1, 1000) == 1);
    IS(recv(d, buf, sizeof buf, 0) == 0);
    FAILS(send(c, "x", 1, MSG_NOSIGNAL), EPIPE);
    close(s);
    close(c);
    close(d);
    c = socket(AF_INET, SOCK_STREAM, 0);
    FAILS(connect(c, (void *)&a, sizeof a), ECONNREFUSED);
    close(c);
}

static void udp(void)
{
    struct sockaddr_in6 a = { .sin6_family = AF_INET6,
                              .sin6_addr = IN6ADDR_LOOPBACK_INIT },
                        from;
    socklen_t len = sizeof a;
    int s = socket(AF_INET6, SOCK_DGRAM, 0), c = socket(AF_INET6, SOCK_DGRAM, 0);
    struct mmsghdr out[3], in[4];
    struct iovec ov[3], iv[4];
    char text[3][8] = { "one", "two", "three" }, buf[4][8];

    if (bind(s, (void *)&a, sizeof a)) {
        return; /* no IPv6 here */
    }
    getsockname(s, (void *)&a, &len);
    IS(sendto(c, "hi", 2, 0, (void *)&a, sizeof a) == 2);
    len = sizeof from;
    IS(recvfrom(s, buf[0], 8, 0, (void *)&from, &len) == 2 &&
       from.sin6_family == AF_INET6);
    memset(out, 0, sizeof out);
    memset(in, 0, sizeof in);
    for (int i = 0; i < 3; i++) {
        ov[i] = (struct iovec){ text[i], strlen(text[i]) };
        out[i].msg_hdr = (struct msghdr){
            .msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &ov[i], .msg_iovlen = 1
        };
    }
    for (int i = 0; i < 4; i++) {
        iv[i] = (struct iovec){ buf[i], 4 };
        in[i].msg_hdr = (struct msghdr){ .msg_iov = &iv[i], .msg_iovlen = 1 };
    }
    IS(sendmmsg(c, out, 3, 0) == 3 && out[2].msg_len == 5);
    IS(recvmmsg(s, in, 4, MSG_DONTWAIT, NULL) == 3);
    IS(in[0].msg_len == 3 && in[2].msg_len == 4 && in[2].msg_hdr.msg_flags & MSG_TRUNC);
    IS(memcmp(buf[2], "thre", 4) == 0);
}

static ssize_t send_fds(int s, int *fds, int n)
{
    char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
    struct iovec v = { "x", 1 };
    struct msghdr m = { .msg_iov = &v,
                        .msg_iovlen = 1,
                        .msg_control = control,
                        .msg_controllen = CMSG_SPACE((size_t)n * sizeof(int)) };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
    memcpy(CMSG_DATA(c), fds, (size_t)n * sizeof(int));
    return sendmsg(s, &m, 0);
}

static void rights(void)
{
    int sv[2], p[2], got[2], one = 1;
    char control[256], data[8];
    struct iovec v = { data, 8 };
    struct msghdr m = { .msg_iov = &v,
                        .msg_iovlen = 1,
                        .msg_control = control,
                        .msg_controllen = sizeof control };
    struct cmsghdr *c;
    struct ucred cred;

    IS(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sv) == 0 && pipe(p) == 0);
    IS(send_fds(sv[0], p, 2) == 1);
    IS(recvmsg(sv[1], &m, MSG_CMSG_CLOEXEC) == 1);
    c = CMSG_FIRSTHDR(&m);
    IS(c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(8) &&
       !(m.msg_flags & MSG_CTRUNC));
    memcpy(got, CMSG_DATA(c), 8);
    IS(write(got[1], "!", 1) == 1 && read(p[0], data, 1) == 1 && data[0] == '!');
    IS(fcntl(got[0], F_GETFD) == FD_CLOEXEC);

    /* A control buffer too short for both: the rest is dropped and MSG_CTRUNC set. */
    IS(send_fds(sv[0], p, 2) == 1);
    m.msg_controllen = CMSG_LEN(4);
    IS(recvmsg(sv[1], &m, 0) == 1 && m.msg_flags & MSG_CTRUNC);
    c = CMSG_FIRSTHDR(&m);
    IS(c && c->cmsg_len == CMSG_LEN(4));

    IS(setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one) == 0);
    IS(send(sv[0], "c", 1, 0) == 1);
    m.msg_controllen = sizeof control;
    IS(recvmsg(sv[1], &m, 0) == 1);
    c = CMSG_FIRSTHDR(&m);
    IS(c && c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len == CMSG_LEN(sizeof cred));
    memcpy(&cred, CMSG_DATA(c), sizeof cred);
    IS(cred.pid == getpid() && cred.uid == getuid());
}

static void unix_names(void)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "sock" }, b;
    socklen_t len = sizeof b;
    int s = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), d;
    struct ucred cred;
    struct timeval tv = { 0, 30000 };
    char x;

    IS(bind(s, (void *)&a, sizeof a) == 0 && listen(s, 1) == 0);
    FAILS(bind(c, (void *)&a, sizeof a), EADDRINUSE);
    IS(connect(c, (void *)&a, sizeof a) == 0);
    d = accept(s, (void *)&b, &len);
    IS(d >= 0);
    IS(setsockopt(d, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv) == 0);
    FAILS(recv(d, &x, 1, 0), EAGAIN);
    len = sizeof b;
    IS(getpeername(c, (void *)&b, &len) == 0 && strcmp(b.sun_path, "sock") == 0);
    len = sizeof cred;
    IS(getsockopt(d, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.pid == getpid());
}

static volatile int hits;

static void on_alarm(int sig)
{
    (void)sig;
    hits++;
}

static void interrupted(void)
{
    struct sigaction sa = { .sa_handler = on_alarm };
    struct timeval tv = { 5, 0 };
    int sv[2];
    char x;

    IS(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
    sigaction(SIGALRM, &sa, NULL);
    ualarm(20000, 0);
    FAILS(recv(sv[0], &x, 1, 0), EINTR);
    /* With a timeout set it is EINTR even under SA_RESTART. */
    sa.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &sa, NULL);
    setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    ualarm(20000, 0);
    FAILS(recv(sv[0], &x, 1, 0), EINTR);
    IS(hits == 2);
}

int main(void)
{
    scratch_dir();
    tcp();
    udp();
    rights();
    unix_names();
    interrupted();
    scratch_end();
    return done();
}
