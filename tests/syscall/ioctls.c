/* SPDX-License-Identifier: MIT */
/* ioctl on terminals, pipes, sockets and files; unknown requests are ENOTTY. */
// family: conversions
// expect: ok
#include "check.h"

#include <linux/fs.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

static void terminals(void)
{
    struct termios a, b;
    struct winsize w = { 33, 44, 0, 0 }, v;
    int m = posix_openpt(O_RDWR | O_NOCTTY), s, n;
    char c[16];

    if (m < 0) {
        return; /* no /dev/ptmx here */
    }
    IS(grantpt(m) == 0 && unlockpt(m) == 0);
    s = open(ptsname(m), O_RDWR | O_NOCTTY);
    IS(s >= 0 && isatty(s) && ioctl(m, TIOCGPTN, &n) == 0 && n >= 0);
    IS(tcgetattr(s, &a) == 0);
    cfmakeraw(&a);
    a.c_cc[VMIN] = 3;
    cfsetispeed(&a, B115200);
    cfsetospeed(&a, B115200);
    IS(tcsetattr(s, TCSANOW, &a) == 0 && tcgetattr(s, &b) == 0);
    IS(b.c_lflag == a.c_lflag && b.c_cc[VMIN] == 3 && cfgetospeed(&b) == B115200);
    IS(ioctl(m, TIOCSWINSZ, &w) == 0 && ioctl(s, TIOCGWINSZ, &v) == 0);
    IS(v.ws_row == 33 && v.ws_col == 44);
    IS(write(m, "xyz", 3) == 3 && read(s, c, 16) == 3 && tcflush(s, TCIOFLUSH) == 0);
}

static void others(void)
{
    struct ifreq ifr = { .ifr_name = "lo" };
    int fd = new_file("f", 10), s = socket(AF_INET, SOCK_DGRAM, 0), n = 0, one = 1;

    FAILS(ioctl(fd, TCGETS, &ifr), ENOTTY);
    FAILS(ioctl(fd, 0xdeadbeef, &ifr), ENOTTY);
    FAILS(ioctl(-1, TCGETS, &ifr), EBADF);
    FAILS(ioctl(-1, 0xdeadbeef, &ifr), EBADF);
    IS(ioctl(fd, FIONREAD, &n) == 0 && n == 10);
    IS(ioctl(fd, FIOCLEX) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    IS(ioctl(s, FIONBIO, &one) == 0 && fcntl(s, F_GETFL) & O_NONBLOCK);
    IS(ioctl(s, SIOCGIFINDEX, &ifr) == 0 && ifr.ifr_ifindex >= 1);
    IS(ioctl(s, SIOCGIFFLAGS, &ifr) == 0 && ifr.ifr_flags & IFF_LOOPBACK);
    IS(if_nametoindex("lo") >= 1);
    IS(ioctl(fd, FIGETBSZ, &n) == 0 && n >= 512);
}

int main(void)
{
    scratch_dir();
    terminals();
    others();
    scratch_end();
    return done();
}
