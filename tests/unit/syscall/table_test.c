/* SPDX-License-Identifier: MIT */
/* The generated tables: rows are whole, numbers lead to them, flags convert both ways. */
#include "gen/syscalls.h"

#include <criterion/criterion.h>

static Guest guest = { .name = "aarch64" };
static Thread thread = { .guest = &guest };

Test(table, rows_are_whole)
{
    for (unsigned i = 0; i < SC_COUNT; i++) {
        const SyscallRow *r = &syscall_rows[i];

        cr_assert(r->name && r->call && r->family && r->n_args <= SYSCALL_MAX_ARGS,
                  "row %u", i);
        cr_assert(r->support != SUPPORT_REFUSE || r->note[0] == 'E', "%s", r->name);
        cr_assert(r->support != SUPPORT_PART || r->note[0], "%s says what is missing",
                  r->name);
    }
}

Test(table, numbers_of_aarch64)
{
    cr_assert_eq(a64_linux_syscall_map[0], SC_io_setup);
    cr_assert_eq(a64_linux_syscall_map[56], SC_openat);
    cr_assert_eq(a64_linux_syscall_map[222], SC_mmap);
    cr_assert_eq(a64_linux_syscall_map[291], SC_statx);
    cr_assert_eq(a64_linux_syscall_map[435], SC_clone3);
    cr_assert_eq(a64_linux_syscall_map[244], -1);
    cr_assert_eq(a64_linux_syscall_map[462], SC_mseal);
}

Test(table, open_flags)
{
    /* O_DIRECTORY, O_NOFOLLOW, O_DIRECT, O_LARGEFILE of aarch64 and of x86-64. */
    static const uint32_t pairs[][2] = { { 040000, 0200000 },    { 0100000, 0400000 },
                                         { 0200000, 040000 },    { 0400000, 0100000 },
                                         { 02000001, 02000001 }, { 0, 0 } };

    for (unsigned i = 0; i < ARRAY_LEN(pairs); i++) {
        cr_assert_eq(open_flags_to_host(&thread, pairs[i][0]), pairs[i][1]);
        cr_assert_eq(open_flags_to_guest(&thread, pairs[i][1]), pairs[i][0]);
    }
    for (uint32_t f = 1; f; f <<= 1) {
        cr_assert_eq(open_flags_to_guest(&thread, open_flags_to_host(&thread, f)), f);
    }
}

Test(table, ioctl_classes)
{
    cr_assert(ioctl_class_safe['T'] && ioctl_class_safe[0x89]);
    cr_assert(!ioctl_class_safe[0xae], "KVM's structures are the architecture's");
    cr_assert(!ioctl_class_safe['$'], "perf");
}
