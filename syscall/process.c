// SPDX-License-Identifier: MIT
/*
 * process.c: system calls about the life of processes and threads. The work is done by the
 * program (linux-user/thread.c, exec.c); here arguments are unpacked and checked.
 */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gen/syscalls.h"
#include "linux-user/thread.h"
#include "syscall/host_call.h"

/* The argument order of guests differs: CLONE_BACKWARDS has tls before child_tid. */
long sys_clone(Thread *t, uint32_t flags, GuestAddr stack, GuestAddr parent_tid, GuestAddr a3,
               GuestAddr a4)
{
    bool backwards = t->abi->clone_backwards;
    CloneArgs a = {
        .flags = flags & ~0xffu,
        .exit_signal = flags & 0xff,
        .stack = stack.va,
        .parent_tid = parent_tid.va,
        .pidfd = parent_tid.va,
        .tls = backwards ? a3.va : a4.va,
        .child_tid = backwards ? a4.va : a3.va,
    };

    if ((flags & CLONE_PIDFD) && (flags & (CLONE_PARENT_SETTID | CLONE_DETACHED)))
        return -EINVAL;
    return thread_clone(t, &a);
}

/* struct clone_args of Linux 5.7: every field is 64 bits, longer ones must end in zeros. */
typedef struct {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
} GuestCloneArgs;
_Static_assert(sizeof(GuestCloneArgs) == CLONE_ARGS_SIZE_VER2, "struct clone_args");

enum { CLONE_ARGS_MIN = CLONE_ARGS_SIZE_VER0, SET_TID_MAX = 32 };

/* copy_args: copy_struct_from_user() of the kernel. */
static long copy_args(Thread *t, GuestCloneArgs *g, GuestAddr from, size_t size)
{
    uint8_t rest[256];

    if (size > PAGE_BYTES)
        return -E2BIG;
    if (size < CLONE_ARGS_MIN)
        return -EINVAL;
    memset(g, 0, sizeof(*g));
    if (guest_copy_in(t, g, from, size < sizeof(*g) ? size : sizeof(*g)) < 0)
        return -EFAULT;
    for (size_t at = sizeof(*g); at < size; at += sizeof(rest)) {
        size_t n = size - at < sizeof(rest) ? size - at : sizeof(rest);

        if (guest_copy_in(t, rest, guest_addr(from.va + at), n) < 0)
            return -EFAULT;
        for (size_t i = 0; i < n; i++) {
            if (rest[i])
                return -E2BIG;
        }
    }
    return 0;
}

static bool clone3_valid(const GuestCloneArgs *g)
{
    const uint64_t known = 0xffffff00ull | 0x300000000ull;      /* to CLONE_INTO_CGROUP */

    if (g->flags & (~known | CLONE_DETACHED))
        return false;
    if (g->exit_signal > 64 || g->set_tid_size > SET_TID_MAX || !g->set_tid != !g->set_tid_size)
        return false;
    if ((g->flags & (CLONE_THREAD | CLONE_PARENT)) && g->exit_signal)
        return false;
    return g->stack ? g->stack_size != 0 : g->stack_size == 0;
}

long sys_clone3(Thread *t, GuestAddr args, size_t size)
{
    GuestCloneArgs g;
    long err = copy_args(t, &g, args, size);

    if (err < 0)
        return err;
    if (!clone3_valid(&g))
        return -EINVAL;
    CloneArgs a = {
        .flags = g.flags,
        .pidfd = g.pidfd,
        .child_tid = g.child_tid,
        .parent_tid = g.parent_tid,
        .exit_signal = g.exit_signal,
        .stack = g.stack ? g.stack + g.stack_size : 0,
        .tls = g.tls,
        .set_tid = g.set_tid,
        .set_tid_size = g.set_tid_size,
        .cgroup = g.cgroup,
    };

    return thread_clone(t, &a);
}

long sys_exit_group(Thread *t, int status)
{
    (void)t;
    process_exit(status);
}

long sys_exit(Thread *t, int status)
{
    t->exit_status = status;
    t->exiting = true;
    return SYS_NO_RESULT;
}

long sys_set_tid_address(Thread *t, GuestAddr tid)
{
    thread_set_tid_address(t, tid.va);
    return t->tid;
}

/* The host kernel keeps the guest's list: it is what counts when the process is killed. */
long sys_set_robust_list(Thread *t, GuestAddr head, size_t len)
{
    long err = host_call(SYS_set_robust_list, head.va, len);

    if (err == 0) {
        t->robust_list = head.va;
        t->robust_len = len;
    }
    return err;
}

long sys_get_robust_list(Thread *t, int pid, GuestAddr head, GuestAddr len)
{
    uint64_t size = 24;

    if (pid != 0 && pid != t->tid)
        return host_call(SYS_get_robust_list, pid, head.va, len.va);
    if (guest_copy_out(t, len, &size, 8) < 0)
        return -EFAULT;
    return guest_copy_out(t, head, &t->robust_list, 8) < 0 ? -EFAULT : 0;
}

long sys_gettid(Thread *t)
{
    return t->tid;
}

long sys_wait4(Thread *t, int pid, GuestAddr status, uint32_t options, GuestAddr usage)
{
    return host_syscall(t, SYS_wait4, (long)pid, status.va, (long)options, usage.va);
}

long sys_waitid(Thread *t, int idtype, int pid, GuestAddr info, uint32_t options,
                GuestAddr usage)
{
    return host_syscall(t, SYS_waitid, (long)idtype, (long)pid, info.va, (long)options,
                        usage.va);
}
