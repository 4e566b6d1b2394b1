/* SPDX-License-Identifier: MIT */
/* process_vm_readv and writev, membarrier, kcmp, pidfd, asynchronous I/O. */
// family: process
// expect: ok
#include "check.h"

#include <linux/aio_abi.h>
#include <linux/membarrier.h>
#include <sys/uio.h>

static char text[32] = "in the parent";

static void other_memory(void)
{
    char copy[32] = "";
    struct iovec l = { copy, 32 }, r = { text, 32 };
    int p[2], status;
    pid_t pid;
    char c;

    IS(pipe(p) == 0);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        strcpy(text, "in the child");
        close(p[1]);
        if (read(p[0], &c, 1) < 0) {
            _exit(2);
        }
        _exit(strcmp(text, "written") != 0);
    }
    usleep(50000);
    IS(process_vm_readv(pid, &l, 1, &r, 1, 0) == 32 && strcmp(copy, "in the child") == 0);
    strcpy(copy, "written");
    IS(process_vm_writev(pid, &l, 1, &r, 1, 0) == 32);
    r.iov_base = (void *)8;
    FAILS(process_vm_readv(pid, &l, 1, &r, 1, 0), EFAULT);
    FAILS(process_vm_readv(999999999, &l, 1, &r, 1, 0), ESRCH);
    close(p[1]);
    IS(waitpid(pid, &status, 0) == pid && status == 0);
}

static void handles(void)
{
    int pfd = (int)syscall(SYS_pidfd_open, getpid(), 0), fd;
    long n;

    IS(pfd >= 0);
    fd = (int)syscall(SYS_pidfd_getfd, pfd, 0, 0);
    IS(fd >= 0 || errno == EPERM);
    IS(syscall(SYS_pidfd_send_signal, pfd, 0, NULL, 0) == 0);
    n = syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0);
    IS(n == 0 || errno == ENOSYS);
    n = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    IS(n >= 0 && syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0);
}

static void async_io(void)
{
    aio_context_t ctx = 0;
    char b[16] = "";
    int fd = new_file("f", 100);
    struct iocb cb = { .aio_lio_opcode = IOCB_CMD_PREAD,
                       .aio_fildes = (uint32_t)fd,
                       .aio_buf = (uint64_t)b,
                       .aio_nbytes = 5,
                       .aio_offset = 1,
                       .aio_data = 42 };
    struct iocb *list[1] = { &cb };
    struct io_event e;

    if (syscall(SYS_io_setup, 8, &ctx)) {
        IS(errno == ENOSYS);
        return;
    }
    IS(syscall(SYS_io_submit, ctx, 1, list) == 1);
    IS(syscall(SYS_io_getevents, ctx, 1, 1, &e, NULL) == 1 && e.data == 42 && e.res == 5);
    IS(memcmp(b, "bcdef", 5) == 0 && syscall(SYS_io_destroy, ctx) == 0);
}

int main(void)
{
    scratch_dir();
    other_memory();
    handles();
    async_io();
    scratch_end();
    return done();
}
