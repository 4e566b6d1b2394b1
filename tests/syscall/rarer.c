/* SPDX-License-Identifier: MIT */
/*
 * Rarer calls: memory of other processes, comparing resources, asynchronous I/O, page faults
 * by hand, message queues that notify, watches, keys, extended attributes, mounts told. What
 * a kernel may not have is compared with the native run.
 */
// family: newer
// cflags: -pthread
// timeout: 60
#include "check.h"

#include <linux/aio_abi.h>
#include <linux/kcmp.h>
#include <linux/keyctl.h>
#include <linux/userfaultfd.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/xattr.h>

enum { PAGE = 4096 };

static void other_memory(void)
{
    char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), buf[100];
    struct iovec local = { buf, 100 }, remote[2] = { { p, 10 }, { p + PAGE, 10 } };

    strcpy(p, "parent");
    pid_t pid = fork();

    if (pid == 0) {
        strcpy(p, "child one");
        strcpy(p + PAGE, "child two");
        raise(SIGSTOP);
        _exit(strcmp(p, "changed") != 0);
    }
    waitpid(pid, NULL, WUNTRACED);
    IS(process_vm_readv(pid, &local, 1, remote, 2, 0) == 20);
    IS(!memcmp(buf, "child one", 9) && !memcmp(buf + 10, "child two", 9));
    IS(!strcmp(p, "parent"));
    munmap(p + 2 * PAGE, PAGE);
    remote[0] = (struct iovec){ (void *)8, 4 };
    FAILS(process_vm_readv(pid, &local, 1, remote, 1, 0), EFAULT);
    FAILS(process_vm_readv(pid, &local, 1, remote, 1, 1), EINVAL);
    FAILS(process_vm_readv(0x3ffffff, &local, 1, remote, 2, 0), ESRCH);
    FAILS(process_vm_readv(pid, &local, 2000, remote, 2, 0), EINVAL);
    strcpy(buf, "changed");
    remote[0] = (struct iovec){ p, 8 };
    local.iov_len = 8;
    IS(process_vm_writev(pid, &local, 1, remote, 1, 0) == 8);
    kill(pid, SIGCONT);
    int status;

    IS(waitpid(pid, &status, 0) == pid && status == 0);
}

static void compare(void)
{
    pid_t me = getpid();
    int fd = dup(0), other = open("/dev/null", O_RDONLY);

    SAME("kcmp file of itself", syscall(SYS_kcmp, me, me, KCMP_FILE, 0, 0));
    SAME("kcmp dup", syscall(SYS_kcmp, me, me, KCMP_FILE, 0, fd));
    SAME("kcmp others differ", syscall(SYS_kcmp, me, me, KCMP_FILE, 0, other) != 0);
    SAME("kcmp vm", syscall(SYS_kcmp, me, me, KCMP_VM, 0, 0));
    SAME("kcmp bad fd", syscall(SYS_kcmp, me, me, KCMP_FILE, 0, 9999));
    SAME("kcmp bad type", syscall(SYS_kcmp, me, me, 99, 0, 0));
    SAME("kcmp no process", syscall(SYS_kcmp, 0x3ffffff, me, KCMP_VM, 0, 0));
    close(fd);
    close(other);
}

static void async_io(void)
{
    aio_context_t ctx = 0;
    int fd = new_file("aio", 100), ev = eventfd(0, 0);
    char buf[100], out[4] = "AIO";
    struct iocb r = { .aio_fildes = (uint32_t)fd, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_nbytes = 26,
                      .aio_buf = (uintptr_t)buf, .aio_data = 77, .aio_flags = IOCB_FLAG_RESFD,
                      .aio_resfd = (uint32_t)ev };
    struct iocb w = { .aio_fildes = (uint32_t)fd, .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_nbytes = 3,
                      .aio_buf = (uintptr_t)out, .aio_offset = 50, .aio_data = 78 };
    struct iocb bad = { .aio_fildes = 9999, .aio_lio_opcode = IOCB_CMD_PREAD };
    struct iocb *list[2] = { &r, &w }, *one = &bad;
    struct io_event done_[4];
    uint64_t n = 0;

    IS(syscall(SYS_io_setup, 8, &ctx) == 0 && ctx != 0);
    IS(syscall(SYS_io_submit, ctx, 2, list) == 2);
    IS(syscall(SYS_io_getevents, ctx, 2, 4, done_, NULL) == 2);
    IS(done_[0].data + done_[1].data == 77 + 78);
    IS(done_[0].res + done_[1].res == 26 + 3);
    IS(!memcmp(buf, "abcdefghijklmnopqrstuvwxyz", 26));
    IS(pread(fd, buf, 3, 50) == 3 && !memcmp(buf, "AIO", 3));
    IS(read(ev, &n, 8) == 8 && n == 1);
    FAILS(syscall(SYS_io_submit, ctx, 1, &one), EBADF);
    bad.aio_lio_opcode = 99;
    bad.aio_fildes = (uint32_t)fd;
    FAILS(syscall(SYS_io_submit, ctx, 1, &one), EINVAL);
    IS(syscall(SYS_io_getevents, ctx, 0, 4, done_, &(struct timespec){ 0, 0 }) == 0);
    IS(syscall(SYS_io_submit, ctx, 0, list) == 0);
    IS(syscall(SYS_io_destroy, ctx) == 0);
    FAILS(syscall(SYS_io_destroy, ctx), EINVAL);
    FAILS(syscall(SYS_io_getevents, ctx, 1, 1, done_, NULL), EINVAL);
    FAILS(syscall(SYS_io_setup, 8, (void *)8), EFAULT);
    FAILS(syscall(SYS_io_setup, 0, &(aio_context_t){ 0 }), EINVAL);
    close(fd);
    close(ev);
}

static int uffd;

static void *serve_faults(void *unused)
{
    struct uffd_msg m;
    static char page[PAGE];

    if (read(uffd, &m, sizeof m) == sizeof m && m.event == UFFD_EVENT_PAGEFAULT) {
        struct uffdio_copy c = { .dst = m.arg.pagefault.address & -4096ull, .src = (uintptr_t)page,
                                 .len = PAGE };

        memset(page, 'u', PAGE);
        ioctl(uffd, UFFDIO_COPY, &c);
    }
    return unused;
}

static void faults_by_hand(void)
{
    struct uffdio_api api = { .api = UFFD_API };
    struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
    char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t t;

    uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1);
    SAME("userfaultfd", uffd < 0 ? -1 : 0);
    if (uffd < 0) {
        return;
    }
    reg.range = (struct uffdio_range){ (uintptr_t)p, 4 * PAGE };
    IS(ioctl(uffd, UFFDIO_API, &api) == 0);
    IS(ioctl(uffd, UFFDIO_REGISTER, &reg) == 0);
    pthread_create(&t, NULL, serve_faults, NULL);
    CHECK("load waits for the page", *(volatile char *)(p + PAGE + 5) == 'u');
    pthread_join(t, NULL);
    struct uffdio_zeropage z = { .range = { (uintptr_t)p, PAGE } };

    IS(ioctl(uffd, UFFDIO_ZEROPAGE, &z) == 0 && z.zeropage == PAGE && *p == 0);
    IS(ioctl(uffd, UFFDIO_ZEROPAGE, &z) == -1 && errno == EEXIST);
    struct uffdio_range range = { (uintptr_t)p, 4 * PAGE };

    IS(ioctl(uffd, UFFDIO_UNREGISTER, &range) == 0);
    IS(p[3 * PAGE] == 0);
    close(uffd);
}

static volatile int notified;

static void on_notify(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    (void)context;
    notified = info->si_code == SI_MESGQ ? info->si_value.sival_int : -1;
}

static void queues(void)
{
    struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = 32 }, now;
    struct sigaction a = { .sa_sigaction = on_notify, .sa_flags = SA_SIGINFO };
    struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
                           .sigev_value.sival_int = 55 };
    char buf[32];
    unsigned prio;

    mq_unlink("/mimus-rarer");
    mqd_t q = mq_open("/mimus-rarer", O_RDWR | O_CREAT, 0600, &attr);

    SAME("mq_open", q == (mqd_t)-1 ? -1 : 0);
    if (q == (mqd_t)-1) {
        return;
    }
    sigaction(SIGUSR1, &a, NULL);
    IS(mq_notify(q, &ev) == 0);
    FAILS(mq_notify(q, &ev), EBUSY);
    IS(mq_send(q, "low", 4, 1) == 0);
    CHECK("notified", notified == 55);
    IS(mq_send(q, "high", 5, 9) == 0);
    IS(mq_getattr(q, &now) == 0 && now.mq_curmsgs == 2 && now.mq_maxmsg == 4);
    IS(mq_receive(q, buf, 32, &prio) == 5 && prio == 9 && !strcmp(buf, "high"));
    IS(mq_receive(q, buf, 32, &prio) == 4 && prio == 1);
    FAILS(mq_receive(q, buf, 31, &prio), EMSGSIZE);
    FAILS(mq_timedreceive(q, buf, 32, &prio, &(struct timespec){ 1, 0 }), ETIMEDOUT);
    FAILS(mq_send(q, buf, 33, 1), EMSGSIZE);
    IS(mq_notify(q, NULL) == 0);
    IS(mq_close(q) == 0 && mq_unlink("/mimus-rarer") == 0);
    FAILS(mq_unlink("/mimus-rarer"), ENOENT);
}

static void watches(void)
{
    _Alignas(8) char buf[1024];
    struct inotify_event *e = (void *)buf;
    int fd = inotify_init1(IN_NONBLOCK), file;

    FAILS(read(fd, buf, sizeof buf), EAGAIN);
    int wd = inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE | IN_MOVE);

    IS(wd > 0);
    close(new_file("watched", 1));
    IS(read(fd, buf, sizeof buf) > 16 && e->mask == IN_CREATE && !strcmp(e->name, "watched"));
    IS(rename("watched", "moved") == 0);
    IS(read(fd, buf, sizeof buf) == 64 && e->mask == IN_MOVED_FROM && e->cookie != 0);
    IS(unlink("moved") == 0 && read(fd, buf, 4096 > sizeof buf ? sizeof buf : 4096) > 0 &&
       e->mask == IN_DELETE);
    FAILS(inotify_add_watch(fd, "absent", IN_CREATE), ENOENT);
    FAILS(inotify_add_watch(fd, ".", 0), EINVAL);
    IS(inotify_rm_watch(fd, wd) == 0 && read(fd, buf, sizeof buf) == 16 && e->mask == IN_IGNORED);
    FAILS(inotify_rm_watch(fd, wd), EINVAL);
    close(fd);
    file = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY);
    SAME("fanotify_init", file < 0 ? -1 : 0);
    if (file >= 0) {
        SAME("fanotify_mark", fanotify_mark(file, FAN_MARK_ADD, FAN_OPEN | FAN_CLOSE, AT_FDCWD, "."));
        SAME("fanotify_mark bad", fanotify_mark(file, 1 << 30, FAN_OPEN, AT_FDCWD, "."));
    }
}

static void keys(void)
{
    char buf[20] = "";
    long key = syscall(SYS_add_key, "user", "mimus:test", "secret", 6, KEY_SPEC_PROCESS_KEYRING);

    SAME("add_key", key < 0 ? -1 : 0);
    if (key < 0) {
        return;
    }
    IS(syscall(SYS_keyctl, KEYCTL_READ, key, buf, 20) == 6 && !strcmp(buf, "secret"));
    IS(syscall(SYS_keyctl, KEYCTL_UPDATE, key, "other", 5) == 0);
    IS(syscall(SYS_keyctl, KEYCTL_READ, key, buf, 20) == 5);
    IS(syscall(SYS_request_key, "user", "mimus:test", NULL, 0) == key);
    IS(syscall(SYS_keyctl, KEYCTL_REVOKE, key) == 0);
    IS(syscall(SYS_keyctl, KEYCTL_READ, key, buf, 20) == -1 && errno == EKEYREVOKED);
    FAILS(syscall(SYS_keyctl, 999, 0, 0), EOPNOTSUPP);
}

static void attributes(void)
{
    struct {
        uint64_t value;
        uint32_t size, flags;
    } args;
    char buf[100];
    int fd = new_file("attr", 1), dir = open(".", O_RDONLY | O_DIRECTORY);

    SAME("fsetxattr", fsetxattr(fd, "user.a", "12345", 5, 0));
    SAME("fgetxattr", fgetxattr(fd, "user.a", buf, sizeof buf));
    SAME("size", getxattr("attr", "user.a", NULL, 0));
    SAME("small buffer", getxattr("attr", "user.a", buf, 2));
    SAME("list", listxattr("attr", buf, sizeof buf));
    SAME("create again", setxattr("attr", "user.a", "x", 1, XATTR_CREATE));
    SAME("replace absent", setxattr("attr", "user.b", "x", 1, XATTR_REPLACE));
    args = (typeof(args)){ (uintptr_t) "at", 2, 0 };
    SAME("setxattrat", syscall(463, dir, "attr", 0, "user.at", &args, sizeof args));
    args = (typeof(args)){ (uintptr_t)buf, sizeof buf, 0 };
    SAME("getxattrat", syscall(464, dir, "attr", 0, "user.at", &args, sizeof args));
    SAME("listxattrat", syscall(465, dir, "attr", 0, buf, sizeof buf));
    SAME("removexattrat", syscall(466, dir, "attr", 0, "user.at"));
    SAME("getxattrat gone", syscall(464, dir, "attr", 0, "user.at", &args, sizeof args));
    SAME("getxattrat empty path", syscall(464, fd, "", AT_EMPTY_PATH, "user.a", &args, sizeof args));
    SAME("getxattrat size 15", syscall(464, dir, "attr", 0, "user.a", &args, 15));
    SAME("remove", removexattr("attr", "user.a"));
    SAME("get removed", getxattr("attr", "user.a", buf, sizeof buf));
    SAME("file_getattr", syscall(468, dir, "attr", buf, 24, 0));
    SAME("file_getattr flags", syscall(468, dir, "attr", buf, 24, 1 << 30));
    close(fd);
    close(dir);
}

static void mounts(void)
{
    struct {
        uint32_t size, spare;
        uint64_t id, param;
    } req = { 24, 0, ~0ull, 0 };
    struct statx sx;
    uint64_t ids[2];
    static char buf[4096];

    SAME("statx mount id", statx(AT_FDCWD, "/", 0, 0x4000 /* MNT_ID_UNIQUE */, &sx));
    req.id = sx.stx_mnt_id;
    req.param = 2; /* basic */
    SAME("statmount", syscall(457, &req, buf, sizeof buf, 0));
    SAME("statmount mask", ((uint64_t *)buf)[1]);
    SAME("statmount small", syscall(457, &req, buf, 8, 0));
    SAME("statmount flags", syscall(457, &req, buf, sizeof buf, 4));
    req.id = 1ull << 62;
    SAME("statmount absent", syscall(457, &req, buf, sizeof buf, 0));
    req.id = ~0ull;
    req.param = 0;
    SAME("listmount", syscall(458, &req, ids, 2, 0) > 0);
    SAME("listmount bad size", (req.size = 7, syscall(458, &req, ids, 2, 0)));
    SAME("open_tree bad flags", syscall(428, AT_FDCWD, "/", 1 << 30));
    SAME("fsopen absent", syscall(430, "absentfs", 0));
    SAME("mount_setattr size", syscall(442, AT_FDCWD, "/", 0, buf, 3));
}

static void memory_calls(void)
{
    char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char vec[8];
    int fd = new_file("cached", 5000);
    uint64_t range[2] = { 0, 8192 }, stat[5] = { 0 };
    struct iovec v = { p, PAGE };
    int pidfd = (int)syscall(434, getpid(), 0);

    p[0] = p[PAGE] = 1;
    SAME("mincore", mincore(p, 8 * PAGE, vec));
    CHECK("mincore tells", (vec[0] & 1) && (vec[1] & 1) && !(vec[5] & 1));
    SAME("cachestat", syscall(451, fd, range, stat, 0));
    SAME("cachestat pages", stat[0]);
    SAME("cachestat flags", syscall(451, fd, range, stat, 1));
    SAME("process_madvise COLD", syscall(440, pidfd, &v, 1, MADV_COLD, 0));
    SAME("process_madvise DONTNEED", syscall(440, pidfd, &v, 1, MADV_DONTNEED, 0));
    SAME("process_madvise flags", syscall(440, pidfd, &v, 1, MADV_COLD, 1));
    SAME("guard install", madvise(p + 2 * PAGE, PAGE, 102));
    SAME("guard bites", write(fd, p + 2 * PAGE, 1));
    SAME("guard remove", madvise(p + 2 * PAGE, PAGE, 103));
    SAME("after it", write(fd, p + 2 * PAGE, 1));
    SAME("mseal", syscall(462, p + 4 * PAGE, PAGE, 0));
    SAME("mseal flags", syscall(462, p + 4 * PAGE, PAGE, 1));
    SAME("sealed mprotect", mprotect(p + 4 * PAGE, PAGE, PROT_READ));
    SAME("sealed munmap", munmap(p + 3 * PAGE, 3 * PAGE));
    SAME("sealed mremap", mremap(p + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
    SAME("sealed map over", mmap(p + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ? -1 : 0);
    SAME("mlock2 onfault", mlock2(p, PAGE, 1));
    SAME("mlock2 flags", mlock2(p, PAGE, 2));
    SAME("munlock", munlock(p, PAGE));
    SAME("membarrier query", syscall(SYS_membarrier, 0, 0, 0) > 0);
    SAME("membarrier unregistered", syscall(SYS_membarrier, 8, 0, 0));
    SAME("membarrier register", syscall(SYS_membarrier, 16, 0, 0));
    SAME("membarrier", syscall(SYS_membarrier, 8, 0, 0));
    SAME("membarrier bad", syscall(SYS_membarrier, 1 << 29, 0, 0));
    SAME("get_mempolicy", syscall(SYS_get_mempolicy, NULL, NULL, 0, NULL, 0));
    SAME("set_mempolicy bad", syscall(SYS_set_mempolicy, 99, NULL, 0));
    SAME("mbind bad", syscall(SYS_mbind, p, PAGE, 99, NULL, 0, 0));
    SAME("remap_file_pages", syscall(SYS_remap_file_pages, p, PAGE, 0, 0, 0));
    SAME("process_mrelease self", syscall(448, pidfd, 0));
    SAME("memfd_secret flags", syscall(447, 1 << 20));
    SAME("pkey_free bad", syscall(SYS_pkey_free, 99) == -1);
}

int main(void)
{
    scratch_dir();
    other_memory();
    compare();
    async_io();
    faults_by_hand();
    queues();
    watches();
    keys();
    attributes();
    mounts();
    memory_calls();
    scratch_end();
    return 0;
}
