/* SPDX-License-Identifier: MIT */
/*
 * ptrace.c: as much of ptrace(2) as leak checkers use on threads of their own memory.
 *
 * LeakSanitizer stops every thread from a process that shares their memory, reads their stack
 * pointers and registers, and lets them go. The host kernel stops and resumes real threads; only
 * the registers must be the guest's, which lie in this very memory. A tracee that does not share
 * it has another mimus around its registers: that is refused like the rest.
 */
#include <elf.h>
#include <errno.h>
#include <linux/kcmp.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "gen/syscalls.h"
#include "linux-user/thread.h"
#include "syscall/host_call.h"
#include "translate/translate.h"

/* shares_memory: is pid a thread of this memory? */
static bool shares_memory(int pid)
{
    return host_call(SYS_kcmp, host_call(SYS_gettid), pid, KCMP_VM, 0, 0) == 0;
}

/* pull_registers: from host registers into the state, where the tracee stopped in translated code. */
static long pull_registers(int pid, Env *env)
{
#if defined(__x86_64__)
    struct user_regs_struct r;
    struct user_fpregs_struct fp;
    ucontext_t uc = { 0 };
    long err = host_call(SYS_ptrace, PTRACE_GETREGS, pid, 0, &r);

    if (!err)
        err = host_call(SYS_ptrace, PTRACE_GETFPREGS, pid, 0, &fp);
    if (err)
        return err;
    _Static_assert(sizeof(fp) == sizeof(struct _libc_fpstate), "both as FXSAVE writes them");
    const unsigned long long g[][2] = {
        { REG_RAX, r.rax }, { REG_RBX, r.rbx }, { REG_RCX, r.rcx }, { REG_RDX, r.rdx },
        { REG_RSI, r.rsi }, { REG_RDI, r.rdi }, { REG_RBP, r.rbp }, { REG_RSP, r.rsp },
        { REG_R8, r.r8 },   { REG_R9, r.r9 },   { REG_R10, r.r10 }, { REG_R11, r.r11 },
        { REG_R12, r.r12 }, { REG_R13, r.r13 }, { REG_R14, r.r14 }, { REG_R15, r.r15 },
        { REG_RIP, r.rip },
    };

    for (unsigned i = 0; i < ARRAY_LEN(g); i++)
        uc.uc_mcontext.gregs[g[i][0]] = (greg_t)g[i][1];
    uc.uc_mcontext.fpregs = (struct _libc_fpstate *)&fp;
    fault_peek(env, &uc);
    return 0;
#else
    (void)env;
    return pid < 0 ? -ESRCH : 0; /* only the interpreter: registers are in memory */
#endif
}

/* get_regset: NT_PRSTATUS of a stopped thread. */
static long get_regset(Thread *t, int pid, uint64_t type, GuestAddr iov_at)
{
    Thread *other = thread_by_tid(pid);
    uint8_t regs[CORE_NOTE_BYTES];
    struct iovec iov;
    long err;

    if (type != NT_PRSTATUS)
        return -EINVAL;
    if (!other)
        return -ESRCH;
    if (guest_copy_in(t, &iov, iov_at, sizeof(iov)) < 0)
        return -EFAULT;
    err = pull_registers(pid, other->env);
    if (err)
        return err;
    size_t n = t->abi->core_notes[0].fill(other->env, regs);

    if (iov.iov_len > n)
        iov.iov_len = n;
    if (guest_copy_out(t, guest_addr((uint64_t)iov.iov_base), regs, iov.iov_len) < 0 ||
        guest_copy_out(t, iov_at, &iov, sizeof(iov)) < 0)
        return -EFAULT;
    return 0;
}

long sys_ptrace(Thread *t, long request, int pid, GuestAddr addr, GuestAddr data)
{
    switch (request) {
    case PTRACE_ATTACH:
        if (!shares_memory(pid))
            return -ENOSYS;
        /* Threads that only mimus knows may be where nothing stops them, inside a vfork. */
        return thread_by_tid(pid) ? host_call(SYS_ptrace, request, pid, 0, 0) : -ESRCH;
    case PTRACE_CONT:
    case PTRACE_DETACH:
        return shares_memory(pid) ? host_call(SYS_ptrace, request, pid, addr.va, data.va) : -ENOSYS;
    case PTRACE_GETREGSET:
        return shares_memory(pid) ? get_regset(t, pid, addr.va, data) : -ENOSYS;
    default:
        return -ENOSYS;
    }
}
