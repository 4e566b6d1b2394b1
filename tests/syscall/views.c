/* SPDX-License-Identifier: MIT */
/*
 * What is left of the world after chroot(2), at limits of processes and of CPU time, and what a
 * netlink dump says: nothing that runs the program may answer in the kernel's place.
 */
// family: proc
// cflags: -pthread
// expect: ok
// timeout: 60
#include "check.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

static void *nothing(void *arg)
{
    return arg;
}

static int thread_error(void)
{
    pthread_t p;
    int err = pthread_create(&p, NULL, nothing, NULL);

    if (!err) {
        pthread_join(p, NULL);
    }
    return err;
}

static int tasks(void)
{
    DIR *d = opendir("/proc/self/task");
    int n = 0;

    for (struct dirent *e; d && (e = readdir(d));) {
        n += e->d_name[0] != '.';
    }
    if (d) {
        closedir(d);
    }
    return n;
}

/* alone: no other task, or soon none: a thread that has been joined may have some way to go to its end. */
static int alone(void)
{
    for (int i = 0; i < 200 && tasks() != 1; i++) {
        usleep(10000);
    }
    return tasks() == 1;
}

/* ---- without /proc ---- */

static void small_child(void)
{
    IS(thread_error() == 0);
}

static void in_empty_root(void)
{
    char link[64];
    struct stat st;
    int status = -1;
    pid_t pid;

    if (mkdir("empty", 0755) || chroot("empty") || chdir("/")) {
        SAME("chroot", -1);
        return;
    }
    FAILS(readlink("/proc/self/exe", link, sizeof link), ENOENT);
    FAILS(stat("/proc/self/exe", &st), ENOENT);
    FAILS(open("/proc/self/maps", O_RDONLY), ENOENT);
    FAILS(open("/proc/cpuinfo", O_RDONLY), ENOENT);
    FAILS(access("/proc", F_OK), ENOENT);
    IS(new_file("f", 10) >= 0 && stat("/f", &st) == 0 && st.st_size == 10);
    pid = fork();
    if (pid == 0) {
        small_child();
        _exit(failures != 0);
    }
    IS(waitpid(pid, &status, 0) == pid && status == 0);
    IS(thread_error() == 0);
    IS(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    execl("/f", "f", NULL);
    IS(errno == EACCES);
    execl("/proc/self/exe", "x", NULL);
    IS(errno == ENOENT);
}

/* ---- limits ---- */

static void no_more_processes(void)
{
    struct rlimit lim = { 0, 0 };
    pid_t pid;

    if (setresgid(12345, 12345, 12345) || setresuid(12345, 12345, 12345)) {
        SAME("setresuid", -1);
        return;
    }
    IS(thread_error() == 0);
    IS(setrlimit(RLIMIT_NPROC, &lim) == 0);
    for (int i = 0; i < 3; i++) {
        pid = fork();
        if (pid == 0) {
            _exit(0);
        }
        IS(pid == -1 && errno == EAGAIN);
        IS(thread_error() == EAGAIN);
        pid = vfork();
        if (pid == 0) {
            _exit(0);
        }
        IS(pid == -1 && errno == EAGAIN);
    }
    IS(alone());
}

static volatile sig_atomic_t times_up;

static void on_xcpu(int sig)
{
    (void)sig;
    times_up++;
}

static void work_long(void)
{
    volatile double x = 1;

    for (long i = 0; i < 4000000000 && !times_up; i++) {
        x = x * 1.0000001;
    }
}

static void die_of_cpu(void)
{
    struct rlimit lim = { 1, 2 };

    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    setrlimit(RLIMIT_CPU, &lim);
    work_long();
}

static void live_on_cpu(void)
{
    struct rlimit lim = { 1, 60 };

    signal(SIGXCPU, on_xcpu);
    setrlimit(RLIMIT_CPU, &lim);
    work_long();
    IS(times_up > 0);
}

/* ---- netlink ---- */

typedef struct {
    struct nlmsghdr h;
    struct ifinfomsg i;
} Request;

/* lo_in: is there a link message with the name "lo" in the n bytes? *end: and the last of all. */
static bool lo_in(const char *buf, long n, bool *end)
{
    bool lo = false;

    for (struct nlmsghdr *h = (struct nlmsghdr *)buf; NLMSG_OK(h, (unsigned)n);
         h = NLMSG_NEXT(h, n)) {
        struct ifinfomsg *i = NLMSG_DATA(h);
        int left = (int)IFLA_PAYLOAD(h);

        *end |= h->nlmsg_type == NLMSG_DONE;
        if (h->nlmsg_type != RTM_NEWLINK) {
            continue;
        }
        for (struct rtattr *a = IFLA_RTA(i); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
            lo |= a->rta_type == IFLA_IFNAME && strcmp(RTA_DATA(a), "lo") == 0 && i->ifi_index == 1;
        }
    }
    return lo;
}

static void netlink(void)
{
    static char buf[65536] __attribute__((aligned(8)));
    struct sockaddr_nl to = { .nl_family = AF_NETLINK }, me;
    socklen_t len = sizeof me;
    Request q = { { sizeof q, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 7, 0 }, { 0 } };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    bool lo = false, end = false;
    struct nlmsghdr *h = (struct nlmsghdr *)buf;
    long n;

    if (fd < 0) {
        SAME("netlink", -1);
        return;
    }
    IS(sendto(fd, &q, sizeof q, 0, (struct sockaddr *)&to, sizeof to) == sizeof q);
    while (!end && (n = recv(fd, buf, sizeof buf, 0)) > 0) {
        lo |= lo_in(buf, n, &end);
    }
    IS(lo && end);
    IS(getsockname(fd, (struct sockaddr *)&me, &len) == 0 && me.nl_pid != 0);
    q.h.nlmsg_type = RTM_GETLINK;
    q.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    q.i.ifi_index = 0x7ffffff0;
    IS(send(fd, &q, sizeof q, 0) == sizeof q);
    n = recv(fd, buf, sizeof buf, 0);
    IS(n >= (long)sizeof *h && h->nlmsg_type == NLMSG_ERROR && h->nlmsg_seq == 7);
    IS(((struct nlmsgerr *)NLMSG_DATA(h))->error == -ENODEV);
    close(fd);
}

int main(void)
{
    scratch_dir();
    IS(alone());
    ENDS("in an empty root", in_empty_root, 0);
    ENDS("no more processes", no_more_processes, 0);
    ENDS("killed at the CPU limit", die_of_cpu, SIGXCPU);
    ENDS("told of the CPU limit", live_on_cpu, 0);
    netlink();
    IS(alone());
    scratch_end();
    return done();
}
