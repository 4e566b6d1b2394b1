/* SPDX-License-Identifier: MIT */
/* From numbers to results, on a guest CPU that is an array of arguments. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen/syscalls.h"
#include "syscall/memory.h"
#include "translate/translate.h"

static uint64_t number, args[6];
static int64_t result;

static uint64_t get_number(const Env *env)
{
    (void)env;
    return number;
}

static uint64_t get_arg(const Env *env, unsigned i)
{
    (void)env;
    return args[i];
}

static uint64_t get_pc(const Env *env)
{
    (void)env;
    return 0x1000;
}

static void set_result(Env *env, int64_t r)
{
    (void)env;
    result = r;
}

static const LinuxGuest abi = {
    .uts_machine = "aarch64",
    .syscall_map = a64_linux_syscall_map,
    .syscall_count = A64_LINUX_SYSCALL_COUNT,
    .syscall_number = get_number,
    .syscall_arg = get_arg,
    .get_pc = get_pc,
    .set_result = set_result,
};
static Guest guest = { .name = "aarch64", .explicit_icache = true };
static Thread thread = { .guest = &guest, .abi = &abi, .syscall_nr = -1 };

#define CALL(...) call((const uint64_t[7]){ __VA_ARGS__ })

static int64_t call(const uint64_t v[7])
{
    static Env env;

    env.rt.user = &thread;
    thread.env = &env;
    number = v[0];
    memcpy(args, v + 1, sizeof args);
    result = -9999;
    cr_assert_eq(syscall_dispatch(&env, 0), 0);
    cr_assert_eq(thread.syscall_nr, -1);
    return result;
}

enum {
    OPENAT = 56,
    CLOSE = 57,
    READ = 63,
    READLINKAT = 78,
    NEWFSTATAT = 79,
    FSTAT = 80,
    UNAME = 160,
    GETPID = 172,
    MUNMAP = 215,
    MREMAP = 216,
    MMAP = 222,
    MPROTECT = 226,
    BRK = 214,
    IO_URING_SETUP = 425
};

Test(dispatch, simple_results)
{
    char name[400];

    cr_assert_eq(CALL(GETPID), getpid());
    cr_assert_eq(CALL(CLOSE, 9999), -EBADF);
    cr_assert_eq(CALL(UNAME, (uint64_t)name), 0);
    cr_assert_str_eq(name + 4 * 65, "aarch64");
}

Test(dispatch, what_is_not_there)
{
    cr_assert_eq(CALL(244), -ENOSYS);
    cr_assert_eq(CALL(471), -ENOSYS);
    cr_assert_eq(CALL(UINT64_MAX), -ENOSYS);
    cr_assert_eq(CALL(IO_URING_SETUP, 1), -ENOSYS);
}

Test(dispatch, files)
{
    struct {
        uint64_t dev, ino;
        uint32_t mode;
    } st[8]; /* room for 128 bytes */
    struct stat host;
    int64_t fd =
        CALL(OPENAT, (uint64_t)AT_FDCWD, (uint64_t) "/", 040000 /* O_DIRECTORY */, 0);

    cr_assert(fd >= 0);
    cr_assert_eq(CALL(FSTAT, (uint64_t)fd, (uint64_t)st), 0);
    cr_assert(stat("/", &host) == 0 && st[0].ino == host.st_ino &&
              st[0].mode == host.st_mode);
    cr_assert_eq(CALL(FSTAT, (uint64_t)fd, 8), -EFAULT);
    cr_assert_eq(CALL(NEWFSTATAT, (uint64_t)AT_FDCWD, 8, (uint64_t)st, 0), -EFAULT);
    cr_assert_eq(CALL(OPENAT, (uint64_t)AT_FDCWD, (uint64_t) "/dev/null", 040000, 0),
                 -ENOTDIR);
}

Test(dispatch, executable_memory)
{
    enum { RW = 3, RX = 5, PRIVATE_ANON = 0x22 };
    int64_t p = CALL(MMAP, 0, 2 * PAGE_BYTES, RX, PRIVATE_ANON, (uint64_t)-1, 0), q;

    cr_assert(p > 0 && pages_is_exec(guest_addr((uint64_t)p + PAGE_BYTES)));
    cr_assert_eq(CALL(MPROTECT, (uint64_t)p, PAGE_BYTES, RW), 0);
    cr_assert(!pages_is_exec(guest_addr((uint64_t)p)));
    cr_assert(pages_is_exec(guest_addr((uint64_t)p + PAGE_BYTES)));
    *(volatile char *)p = 1;
    cr_assert_eq(CALL(MPROTECT, (uint64_t)p, PAGE_BYTES, RX), 0);
    q = CALL(MREMAP, (uint64_t)p, PAGE_BYTES, 64 * PAGE_BYTES, MREMAP_MAYMOVE);
    cr_assert(q > 0 && pages_is_exec(guest_addr((uint64_t)q + 63 * PAGE_BYTES)));
    cr_assert(q == p || !pages_is_exec(guest_addr((uint64_t)p)));
    cr_assert_eq(CALL(MUNMAP, (uint64_t)q, 64 * PAGE_BYTES), 0);
    cr_assert(!pages_is_exec(guest_addr((uint64_t)q)));
    cr_assert_eq(CALL(MPROTECT, (uint64_t)q, PAGE_BYTES, 0x20 /* PROT_MTE */), -EINVAL);
}

Test(dispatch, memory_of_ours)
{
    enum { RW = 3, PRIVATE_ANON = 0x22, FIXED = 0x10, NOREPLACE = 0x100000 };
    char *own = mmap(NULL, 4 * PAGE_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t at = (uint64_t)own;

    own_range_add(at + PAGE_BYTES, PAGE_BYTES);
    own[PAGE_BYTES] = 77;
    cr_assert_eq(
        CALL(MMAP, at, 4 * PAGE_BYTES, RW, PRIVATE_ANON | FIXED, (uint64_t)-1, 0),
        -ENOMEM);
    cr_assert_eq(
        CALL(MMAP, at, 4 * PAGE_BYTES, RW, PRIVATE_ANON | NOREPLACE, (uint64_t)-1, 0),
        -EEXIST);
    cr_assert_eq(CALL(MPROTECT, at, 4 * PAGE_BYTES, 0), -ENOMEM);
    cr_assert_eq(CALL(MREMAP, at, 2 * PAGE_BYTES, PAGE_BYTES, 0), -EFAULT);
    cr_assert_eq(CALL(MUNMAP, at, 4 * PAGE_BYTES), 0);
    cr_assert_eq(own[PAGE_BYTES], 77);
    cr_assert_eq(
        CALL(MMAP, at, PAGE_BYTES, RW, PRIVATE_ANON | NOREPLACE, (uint64_t)-1, 0),
        (int64_t)at);
}

Test(dispatch, heap)
{
    uint64_t start = 0x200000000123; /* outside the shadow of the sanitizers */

    brk_init(guest_addr(start));
    start = align_up(start, PAGE_BYTES);
    cr_assert_eq((uint64_t)CALL(BRK, 0), start);
    cr_assert_eq((uint64_t)CALL(BRK, start + 10000), start + 10000);
    memset((void *)start, 1, 10000);
    cr_assert_eq((uint64_t)CALL(BRK, start - 1), start + 10000);
    cr_assert_eq((uint64_t)CALL(BRK, UINT64_MAX), start + 10000);
    cr_assert_eq((uint64_t)CALL(BRK, start + 5), start + 5);
    cr_assert_eq((uint64_t)CALL(BRK, start + 5000), start + 5000);
    cr_assert_eq(((char *)start)[4500], 0);
}
