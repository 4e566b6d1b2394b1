/* SPDX-License-Identifier: MIT */
/*
 * mmap, munmap, mprotect, mremap, madvise, mincore, msync, brk: results and what
 * memory holds.
 */
// family: memory
// expect: ok
#include "check.h"

#include <setjmp.h>
#include <sys/mman.h>

#define PAGE 4096ul
static sigjmp_buf back;
static volatile int code;
static void *volatile where;

static void on_fault(int sig, siginfo_t *info, void *uc)
{
    (void)uc;
    code = sig * 100 + info->si_code;
    where = info->si_addr;
    siglongjmp(back, 1);
}

/* fault: what a byte access does: 0, or signal * 100 + si_code. */
static int fault(volatile char *p, bool write)
{
    code = 0;
    if (sigsetjmp(back, 1) == 0) {
        if (write) {
            *p = 1;
        } else {
            (void)*p;
        }
    } else if (where != (void *)p) {
        return -1;
    }
    return code;
}

enum {
    MAPERR = SIGSEGV * 100 + SEGV_MAPERR,
    ACCERR = SIGSEGV * 100 + SEGV_ACCERR,
    PAST_END = SIGBUS * 100 + BUS_ADRERR
};

static char *anon(size_t pages, int prot)
{
    return mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void protections(void)
{
    char *p = anon(4, PROT_READ | PROT_WRITE);

    IS(fault(p, true) == 0);
    IS(mprotect(p + PAGE, PAGE, PROT_READ) == 0);
    IS(fault(p + PAGE, false) == 0 && fault(p + PAGE, true) == ACCERR);
    IS(mprotect(p + PAGE, PAGE, PROT_NONE) == 0 && fault(p + PAGE, false) == ACCERR);
    IS(munmap(p + 2 * PAGE, PAGE) == 0 && fault(p + 2 * PAGE, false) == MAPERR);
    IS(fault(p + 3 * PAGE, true) == 0);
    FAILS(mprotect(p, 4 * PAGE, PROT_READ), ENOMEM);
    FAILS(mprotect(p + 1, PAGE, PROT_READ), EINVAL);
    IS(mprotect(p, 0, PROT_READ) == 0);
    IS(munmap(p, 4 * PAGE) == 0 && munmap(p, 4 * PAGE) == 0);
    FAILS(munmap(p + 1, PAGE), EINVAL);
    FAILS(munmap(p, 0), EINVAL);
    FAILS(munmap((void *)-PAGE, PAGE), EINVAL);
}

static void placing(void)
{
    char *p = anon(8, PROT_READ | PROT_WRITE), *q;

    p[0] = 7;
    q = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
             0);
    IS(q == MAP_FAILED && errno == EEXIST && p[0] == 7);
    q = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    IS(q == p && p[0] == 0);
    q = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(q != MAP_FAILED && q != p);
    munmap(p, 8 * PAGE);
    q = mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(q == p); /* a free hint is taken */
    FAILS(mmap(p + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
          EINVAL);
    FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
    FAILS(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
    FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
    FAILS(mmap(NULL, 1ul << 62, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    FAILS(mmap((void *)(1ul << 60), PAGE, PROT_READ,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
          ENOMEM);
    /* Huge reservations, as run-time systems make them. */
    for (int bits = 36; bits <= 44; bits += 4) {
        q = mmap(NULL, 1ul << bits, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        IS(q != MAP_FAILED);
        IS(mprotect(q + (1ul << (bits - 1)), PAGE, PROT_READ | PROT_WRITE) == 0);
        IS(fault(q + (1ul << (bits - 1)), true) == 0 && fault(q, false) == ACCERR);
        IS(munmap(q, 1ul << bits) == 0);
    }
}

static void files(void)
{
    int fd = new_file("f", 6000);
    char *s = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *c = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, PAGE), b[4];

    IS(s[0] == 'a' && s[5999] == 'a' + 5999 % 26 && s[6000] == 0);
    IS(fault(s + 2 * PAGE, false) == PAST_END);
    s[1] = 'S';
    c[0] = 'C';
    IS(pread(fd, b, 2, 0) == 2 && b[1] == 'S' && s[PAGE] == 'a' + 4096 % 26);
    IS(pwrite(fd, "W", 1, PAGE + 1) == 1 && s[PAGE + 1] == 'W');
    IS(msync(s, 2 * PAGE, MS_SYNC) == 0);
    FAILS(msync(s, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
    IS(ftruncate(fd, 100) == 0 && fault(s + PAGE, false) == PAST_END);
    FAILS(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 1), EINVAL);
    close(fd);
    fd = open("f", O_RDONLY);
    FAILS(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES);
    munmap(s, 3 * PAGE);
}

static void remapping(void)
{
    char *p = anon(4, PROT_READ | PROT_WRITE), *q, *r;

    memset(p, 'x', 4 * PAGE);
    IS(mremap(p, 4 * PAGE, 2 * PAGE, 0) == p && fault(p + 2 * PAGE, false) == MAPERR);
    q = mremap(p, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    IS(q != MAP_FAILED && q[2 * PAGE - 1] == 'x' && q[2 * PAGE] == 0);
    r = anon(64, PROT_NONE);
    IS(mremap(q, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, r) == r &&
       r[5] == 'x');
    IS(fault(q, false) == MAPERR);
    FAILS(mremap(q, PAGE, PAGE, MREMAP_MAYMOVE), EFAULT);
    FAILS(mremap(r, PAGE, 0, 0), EINVAL);
    FAILS(mremap(r + 1, PAGE, PAGE, 0), EINVAL);
    FAILS(mremap(r, PAGE, PAGE, MREMAP_FIXED, q), EINVAL);
    IS(mremap(r, PAGE, 1ul << 62, MREMAP_MAYMOVE) == MAP_FAILED);
    q = mremap(r, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | 4 /* DONTUNMAP */, NULL);
    IS(q != MAP_FAILED && q != r && q[5] == 'x' && r[5] == 0);
}

static void advice(void)
{
    char *p = anon(4, PROT_READ | PROT_WRITE);
    unsigned char vec[4];

    memset(p, 'x', 4 * PAGE);
    IS(mincore(p, 4 * PAGE, vec) == 0 && vec[0] & 1 && vec[3] & 1);
    IS(madvise(p + PAGE, PAGE, MADV_DONTNEED) == 0 && p[PAGE] == 0 && p[0] == 'x');
    FAILS(madvise(p, PAGE, 12345), EINVAL);
    FAILS(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
    IS(madvise(p, 4 * PAGE, MADV_WIPEONFORK) == 0);
    IS(madvise(p + 2 * PAGE, PAGE, MADV_KEEPONFORK) == 0);
    fflush(NULL);
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        _exit(!(p[0] == 0 && p[2 * PAGE] == 'x'));
    }
    IS(waitpid(pid, &status, 0) == pid && status == 0);
    IS(madvise(p, 4 * PAGE, MADV_DONTFORK) == 0);
    pid = fork();
    if (pid == 0) {
        _exit(fault(p, false) == MAPERR ? 0 : 1);
    }
    IS(waitpid(pid, &status, 0) == pid && status == 0);
    munmap(p + PAGE, PAGE);
    FAILS(madvise(p, 4 * PAGE, MADV_NORMAL), ENOMEM);
    FAILS(mincore(p, 4 * PAGE, vec), ENOMEM);
    IS(mlock(p, PAGE) == 0 && munlock(p, PAGE) == 0);
    FAILS(mlock(p, 4 * PAGE), ENOMEM);
}

static void the_break(void)
{
    char *now = sbrk(0), *p;

    IS(syscall(SYS_brk, 0) == (long)now);
    IS(brk(now + 10 * PAGE) == 0 && sbrk(0) == now + 10 * PAGE);
    now[10 * PAGE - 1] = 5;
    IS(brk(now) == 0);
    IS(brk(now + 10 * PAGE) == 0 && now[10 * PAGE - 1] == 0);
    IS(brk(now) == 0);
    IS(syscall(SYS_brk, 4096) == (long)now);
    IS(syscall(SYS_brk, now + (1ul << 46)) == (long)now);
    /* Something in the way. */
    p = (char *)(((unsigned long)now + 16 * PAGE) & -PAGE);
    IS(mmap(p, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
            0) == p);
    FAILS(brk(p + 8 * PAGE), ENOMEM);
    IS(sbrk(0) == now && brk(now + PAGE) == 0);
    munmap(p, PAGE);
}

int main(void)
{
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    scratch_dir();
    protections();
    placing();
    files();
    remapping();
    advice();
    the_break();
    scratch_end();
    return done();
}
