// SPDX-License-Identifier: MIT
/*
 * rseq.c: rseq(2), and the thread's end of it. The host kernel holds the guest's area itself, so all
 * its rules are the kernel's; how sections work is in translate/host/interp/rseq.h.
 *
 * A thread has one area. Ours was registered by our C library: the guest's takes its place, and the C
 * library asks the kernel from then on what it had read there.
 */
#include "syscall/rseq.h"

#include <errno.h>
#include <sys/syscall.h>

#include "gen/syscalls.h"
#include "syscall/host_call.h"
#include "translate/host/interp/rseq.h"

enum { FLAG_UNREGISTER = 1, FIELD_OFFSET = 8, HOST_SIG = 0x53053053, HOST_AREA_MIN = 32 };

/* Of glibc 2.35 and later. */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned __rseq_size __attribute__((weak));

/* release_host_area: the C library's area is registered no longer. */
static void release_host_area(void)
{
    if (!&__rseq_size || !__rseq_size)
        return;
    uint64_t area = (uint64_t)__builtin_thread_pointer() + (uint64_t)__rseq_offset;
    uint64_t len = align_up(__rseq_size, HOST_AREA_MIN);

    /* In a process that shares its parent's memory there is none: an error is as good. */
    host_call(SYS_rseq, area, len, FLAG_UNREGISTER, HOST_SIG);
}

/* rseq(2). A guest's area is nearly always registered by its C library, for each thread. */
long sys_rseq(Thread *t, GuestAddr area, uint32_t len, uint32_t flags, uint32_t sig)
{
    long err;

    if (!rseq_supported())
        return syscall_refused(t, ENOSYS);
    if (!t->rseq && !flags)
        release_host_area();
    err = host_call(SYS_rseq, area.va, len, flags, sig);
    if (err < 0)
        return err;
    if (flags & FLAG_UNREGISTER) {
        t->rseq = 0;
        rseq_set(t->env, 0, 0);
        return 0;
    }
    t->rseq = area.va;
    t->rseq_len = len;
    t->rseq_sig = sig;
    rseq_set(t->env, area.va + FIELD_OFFSET, sig);
    return 0;
}

void rseq_thread_end(Thread *t)
{
    if (t->rseq)
        host_call(SYS_rseq, t->rseq, t->rseq_len, FLAG_UNREGISTER, t->rseq_sig);
    t->rseq = 0;
}
