/* SPDX-License-Identifier: MIT */
/* Copies from and to guest memory: by the kernel and directly, with and without faults. */
#include "syscall/user.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

static Guest guest = { .name = "aarch64", .explicit_icache = true };
static Thread thread = { .guest = &guest };

static void on_fault(int sig, siginfo_t *info, void *uc)
{
    (void)info;
    if (!user_fault_fixup(uc)) {
        signal(sig, SIG_DFL);
    }
}

static void use_direct_copies(void)
{
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    user_fixup_ready = true;
}

/* two_pages: the address of a page end after which nothing is mapped. */
static uint8_t *page_end(void)
{
    uint8_t *p = mmap(NULL, 3 * PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    munmap(p + 2 * PAGE_BYTES, PAGE_BYTES);
    for (unsigned i = 0; i < 2 * PAGE_BYTES; i++) {
        p[i] = (uint8_t)(i * 7 + i / 256);
    }
    return p + 2 * PAGE_BYTES;
}

static void copies_of_all_lengths(void)
{
    uint8_t *end = page_end(), buf[1200];

    for (size_t n = 0; n <= 1024; n++) {
        memset(buf, 0xee, sizeof buf);
        cr_assert_eq(guest_copy_in(&thread, buf + 8, guest_addr((uint64_t)(end - n)), n),
                     0);
        cr_assert(memcmp(buf + 8, end - n, n) == 0 && buf[7] == 0xee &&
                      buf[8 + n] == 0xee,
                  "%zu", n);
    }
    for (size_t n = 1; n <= 600; n++) {
        cr_assert_eq(guest_copy_in(&thread, buf, guest_addr((uint64_t)(end - n + 1)), n),
                     -EFAULT);
        cr_assert_eq(guest_copy_out(&thread, guest_addr((uint64_t)(end - n + 1)), buf, n),
                     -EFAULT);
    }
    memset(buf, 0x5a, sizeof buf);
    cr_assert_eq(guest_copy_out(&thread, guest_addr((uint64_t)end - 1000), buf, 1000), 0);
    cr_assert(end[-1] == 0x5a && end[-1000] == 0x5a && end[-1001] != 0x5a);
}

static void bad_addresses(void)
{
    static const uint64_t bad[] = { 0,
                                    8,
                                    0x7ffffffff000,
                                    0x800000000000,
                                    0x00ff000000001000,
                                    0x8000000000000000,
                                    UINT64_MAX,
                                    UINT64_MAX - 64 };
    char buf[PATH_MAX];

    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        cr_assert_eq(guest_copy_in(&thread, buf, guest_addr(bad[i]), 16), -EFAULT);
        cr_assert_eq(guest_copy_out(&thread, guest_addr(bad[i]), buf, 16), -EFAULT);
        cr_assert_eq(guest_copy_str(&thread, buf, guest_addr(bad[i]), sizeof buf),
                     -EFAULT);
        cr_assert_eq(guest_copy_in(&thread, buf, guest_addr(bad[i]), 0), 0);
    }
    cr_assert_eq(guest_copy_in(&thread, buf, guest_addr((uint64_t)buf), SIZE_MAX),
                 -EFAULT);
    cr_assert_null(guest_span(&thread, guest_addr(UINT64_MAX), 2, GUEST_READ));
    cr_assert_not_null(guest_span(&thread, guest_addr(0), 0, GUEST_READ));
}

static void strings(void)
{
    char *end = (char *)page_end(), buf[64];

    strcpy(end - 6, "hello");
    cr_assert_eq(guest_copy_str(&thread, buf, guest_addr((uint64_t)end - 6), sizeof buf),
                 5);
    cr_assert_str_eq(buf, "hello");
    cr_assert_eq(guest_copy_str(&thread, buf, guest_addr((uint64_t)end - 6), 6), 5);
    cr_assert_eq(guest_copy_str(&thread, buf, guest_addr((uint64_t)end - 6), 5),
                 -ENAMETOOLONG);
    memset(end - 100, 'x', 100);
    cr_assert_eq(guest_copy_str(&thread, buf, guest_addr((uint64_t)end - 10), sizeof buf),
                 -EFAULT);
    cr_assert_eq(guest_copy_str(&thread, buf, guest_addr((uint64_t)end - 100), 64),
                 -ENAMETOOLONG);
}

Test(user, copies_by_the_kernel)
{
    copies_of_all_lengths();
}

Test(user, copies_directly)
{
    use_direct_copies();
    copies_of_all_lengths();
}

Test(user, bad_addresses_by_the_kernel)
{
    bad_addresses();
    strings();
}

Test(user, bad_addresses_directly)
{
    use_direct_copies();
    bad_addresses();
    strings();
}

Test(user, faults_elsewhere_are_not_fixed)
{
    ucontext_t uc = { 0 };

    cr_assert(!user_fault_fixup(&uc));
}
