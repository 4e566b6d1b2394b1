/* SPDX-License-Identifier: MIT */
/*
 * Code that changes, by every route by which it can: after each the new instructions run.
 * The code is a function that returns a number, in the words of each architecture.
 */
// family: code
// expect: ok
// cflags: -pthread
// timeout: 60
#include "check.h"
#include "../prog/machine_code.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { PAGE = 4096, RWX = PROT_READ | PROT_WRITE | PROT_EXEC };
typedef int (*Fn)(void);
typedef struct {
    uint8_t b[8];
} Code;

/* returns: code of a function that returns n (0 to 2047). */
static Code returns(unsigned n)
{
    Code c;
#ifndef __x86_64__
    uint32_t w[2] = { code_set(n), CODE_RET };

    memcpy(c.b, w, 8);
#else
    uint8_t x[8] = { 0xb8, (uint8_t)n, (uint8_t)(n >> 8), 0, 0, 0xc3, 0x90, 0x90 };

    memcpy(c.b, x, 8);
#endif
    return c;
}

static void flush(void *p, size_t n)
{
    __builtin___clear_cache((char *)p, (char *)p + n);
}

static int call(void *p)
{
    return ((Fn)(uintptr_t)p)();
}

static uint8_t *pages(int n, int prot)
{
    return mmap(NULL, (size_t)n * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void put(void *p, unsigned n)
{
    Code c = returns(n);

    memcpy(p, &c, sizeof c);
    flush(p, sizeof c);
}

/* run_often: enough for any engine to have taken it for hot. */
static int run_often(void *p)
{
    int sum = 0;

    for (int i = 0; i < 3000; i++) {
        sum = call(p);
    }
    return sum;
}

static void by_store(void)
{
    uint8_t *p = pages(2, RWX);
    bool good = true;

    for (unsigned i = 0; i < 500; i++) {
        put(p, i);
        good &= call(p) == (int)i;
    }
    CHECK("stores, 500 times", good);
    put(p, 1);
    IS(run_often(p) == 1);
    put(p, 2);
    CHECK("store over hot code", call(p) == 2);
    good = true;
    for (unsigned i = 0; i < 100; i++) {
        put(p + PAGE - 4, i);           /* the function lies on both pages */
        good &= call(p + PAGE - 4) == (int)i;
    }
    CHECK("function over a page end", good);
    munmap(p, 2 * PAGE);
}

static void *store_in_thread(void *p)
{
    put(p, 2042);
    return NULL;
}

static void by_thread(void)
{
    uint8_t *p = pages(1, RWX);
    pthread_t t;

    put(p, 1);
    IS(run_often(p) == 1);
    pthread_create(&t, NULL, store_in_thread, p);
    pthread_join(t, NULL);
    flush(p, 8);
    CHECK("stored by another thread", call(p) == 2042);
    munmap(p, PAGE);
}

static void by_protection(void)
{
    uint8_t *p = pages(1, PROT_READ | PROT_WRITE);
    bool good = true;

    for (unsigned i = 0; i < 200; i++) {
        good &= mprotect(p, PAGE, PROT_READ | PROT_WRITE) == 0;
        put(p, i);
        good &= mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0 && call(p) == (int)i;
    }
    CHECK("W^X turned 200 times", good);
    munmap(p, PAGE);
}

static void by_remap(void)
{
    uint8_t *p = pages(4, RWX), *q;

    put(p, 11);
    IS(run_often(p) == 11);
    IS(mmap(p, PAGE, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    put(p, 12);
    CHECK("mapped anew at the place", call(p) == 12);
    put(p + PAGE, 13);
    IS(run_often(p + PAGE) == 13);
    IS(mremap(p + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
    CHECK("moved over it", call(p) == 13);
    q = mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    CHECK("grown and moved", q != MAP_FAILED && call(q) == 13);
    put(q, 14);
    CHECK("changed after the move", call(q) == 14);
    munmap(q, 2 * PAGE);
    q = mmap(q, PAGE, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    put(q, 15);
    CHECK("unmapped and mapped", call(q) == 15);
    IS(madvise(q, PAGE, MADV_DONTNEED) == 0);
    put(q, 16);
    CHECK("thrown away and written", call(q) == 16);
    munmap(q, PAGE);
}

static void by_kernel(void)
{
    uint8_t *p = pages(1, RWX);
    int fd[2], pair[2];
    Code c = returns(101);

    IS(pipe(fd) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    put(p, 1);
    IS(run_often(p) == 1);
    IS(write(fd[1], &c, 8) == 8 && read(fd[0], p, 8) == 8);
    flush(p, 8);
    CHECK("read", call(p) == 101);
    c = returns(102);
    struct iovec v = { p, 8 }, from = { &c, 8 };

    IS(write(fd[1], &c, 8) == 8 && readv(fd[0], &v, 1) == 8);
    flush(p, 8);
    CHECK("readv", call(p) == 102);
    c = returns(103);
    IS(send(pair[0], &c, 8, 0) == 8 && recv(pair[1], p, 8, 0) == 8);
    flush(p, 8);
    CHECK("recv", call(p) == 103);
    c = returns(104);
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

    IS(send(pair[0], &c, 8, 0) == 8 && recvmsg(pair[1], &m, 0) == 8);
    flush(p, 8);
    CHECK("recvmsg", call(p) == 104);
    c = returns(105);
    IS(process_vm_writev(getpid(), &from, 1, &v, 1, 0) == 8);
    flush(p, 8);
    CHECK("process_vm_writev", call(p) == 105);
    c = returns(106);
    struct iovec to = { p, 8 }, old = { &c, 8 };

    IS(process_vm_readv(getpid(), &to, 1, &old, 1, 0) == 8);
    flush(p, 8);
    CHECK("process_vm_readv", call(p) == 106);
    c = returns(107);
    int file = open("code", O_RDWR | O_CREAT, 0644);

    IS(pwrite(file, &c, 8, 0) == 8 && pread(file, p, 8, 0) == 8);
    flush(p, 8);
    CHECK("pread", call(p) == 107);
    c = returns(108);
    IS(pwrite(file, &c, 8, 0) == 8 && preadv(file, &to, 1, 0) == 8);
    flush(p, 8);
    CHECK("preadv", call(p) == 108);
    c = returns(109);
    struct mmsghdr mm = { .msg_hdr = m };

    IS(send(pair[0], &c, 8, 0) == 8 && syscall(SYS_recvmmsg, pair[1], &mm, 1, 0, NULL) == 1);
    flush(p, 8);
    CHECK("recvmmsg", call(p) == 109);
    close(file);
    munmap(p, PAGE);
}

static void by_proc_mem(void)
{
    uint8_t *p = pages(1, PROT_READ | PROT_EXEC);
    Code c = returns(201);
    int fd = open("/proc/self/mem", O_RDWR);

    IS(fd >= 0 && pwrite(fd, &c, 8, (off_t)(uintptr_t)p) == 8);
    flush(p, 8);
    CHECK("/proc/self/mem into read-only code", call(p) == 201);
    IS(run_often(p) == 201);
    c = returns(202);
    IS(lseek(fd, (off_t)(uintptr_t)p, SEEK_SET) == (off_t)(uintptr_t)p && write(fd, &c, 8) == 8);
    flush(p, 8);
    CHECK("/proc/self/mem with write", call(p) == 202);
    close(fd);
    munmap(p, PAGE);
}

static void by_file(void)
{
    int fd = memfd_create("code", 0);
    Code c = returns(301);

    IS(ftruncate(fd, PAGE) == 0 && pwrite(fd, &c, 8, 0) == 8);
    uint8_t *x = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    uint8_t *w = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    CHECK("mapped file", run_often(x) == 301);
    c = returns(302);
    IS(pwrite(fd, &c, 8, 0) == 8);
    flush(x, 8);
    CHECK("pwrite to the mapped file", call(x) == 302);
    IS(run_often(x) == 302);
    put(w, 303);
    flush(x, 8);
    CHECK("double mapping", call(x) == 303);
    bool good = true;

    for (unsigned i = 0; i < 200; i++) {
        put(w, i);
        flush(x, 8);
        good &= call(x) == (int)i;
    }
    CHECK("double mapping, 200 times", good);
    put(w, 304);
    flush(x, 8);
    pid_t pid = fork();

    if (pid == 0) {
        put(w, 305);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    flush(x, 8);
    CHECK("changed by another process", call(x) == 305);
    int other = memfd_create("from", 0);

    c = returns(306);
    IS(pwrite(other, &c, 8, 0) == 8);
    IS(copy_file_range(other, &(off_t){ 0 }, fd, &(off_t){ 0 }, 8, 0) == 8);
    flush(x, 8);
    CHECK("copy_file_range to the mapped file", call(x) == 306);
    IS(ftruncate(fd, 0) == 0 && ftruncate(fd, PAGE) == 0);
    c = returns(307);
    IS(pwrite(fd, &c, 8, 0) == 8);
    flush(x, 8);
    CHECK("truncated and written", call(x) == 307);
}

/* ---- what must fault ---- */

static void run_no_exec(void)
{
    uint8_t *p = pages(1, PROT_READ | PROT_WRITE);

    put(p, 1);
    call(p);
}

static void run_after_mprotect(void)
{
    uint8_t *p = pages(1, RWX);

    put(p, 1);
    run_often(p);
    mprotect(p, PAGE, PROT_READ | PROT_WRITE);
    call(p);
}

static void run_after_munmap(void)
{
    uint8_t *p = pages(1, RWX);

    put(p, 1);
    run_often(p);
    munmap(p, PAGE);
    call(p);
}

static void run_after_none(void)
{
    uint8_t *p = pages(1, RWX);

    put(p, 1);
    run_often(p);
    mprotect(p, PAGE, PROT_NONE);
    call(p);
}

static void write_to_code(void)
{
    uint8_t *p = pages(1, RWX);

    put(p, 1);
    run_often(p);
    mprotect(p, PAGE, PROT_READ | PROT_EXEC);
    *(volatile uint8_t *)p = 1;
}

static void run_past_file(void)
{
    int fd = memfd_create("code", 0);

    if (ftruncate(fd, PAGE) == 0) {
        uint8_t *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);

        call(p + PAGE);
    }
}

static void run_zeroes(void)
{
#ifndef __x86_64__
    call(pages(1, RWX));            /* undefined, like udf #0 */
#else
    uint8_t *p = pages(1, RWX);

    p[0] = 0x0f;
    p[1] = 0x0b;
    call(p);
#endif
}

static void kernel_into_read_only(void)
{
    uint8_t *p = pages(1, RWX);
    int fd[2];

    put(p, 1);
    run_often(p);
    IS(mprotect(p, PAGE, PROT_READ | PROT_EXEC) == 0 && pipe(fd) == 0 && write(fd[1], "12345678", 8) == 8);
    FAILS(read(fd[0], p, 8), EFAULT);
    IS(call(p) == 1);
}

static void faults(void)
{
    CHECK("not executable", WTERMSIG(child_status(run_no_exec)) == SIGSEGV);
    CHECK("no longer executable", WTERMSIG(child_status(run_after_mprotect)) == SIGSEGV);
    CHECK("no longer mapped", WTERMSIG(child_status(run_after_munmap)) == SIGSEGV);
    CHECK("no access", WTERMSIG(child_status(run_after_none)) == SIGSEGV);
    CHECK("not writable", WTERMSIG(child_status(write_to_code)) == SIGSEGV);
    CHECK("past the file's end", WTERMSIG(child_status(run_past_file)) == SIGBUS);
    CHECK("undefined instruction", WTERMSIG(child_status(run_zeroes)) == SIGILL);
    ENDS("kernel into read-only code", kernel_into_read_only, 0);
}

int main(void)
{
    scratch_dir();
    by_store();
    by_thread();
    by_protection();
    by_remap();
    by_kernel();
    by_proc_mem();
    by_file();
    faults();
    scratch_end();
    return done();
}
