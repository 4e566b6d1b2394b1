// SPDX-License-Identifier: MIT
/*
 * host_syscall.c: the one instruction that enters the host kernel for the guest.
 *
 * A signal must not slip in between "is one waiting?" and the kernel: the handler (host.c)
 * looks at the interrupted pc. From host_syscall_start up to and including
 * host_syscall_insn the call has not been made, and the handler sends the thread to
 * host_syscall_not_made. The kernel also goes back to host_syscall_insn for a call that
 * SA_RESTART restarts; then it has been there, which its mark in rcx (the return address,
 * where we put 0 before) gives away, and the handler picks host_syscall_restart.
 */
#include "signal/signal.h"

/* Read by the code below, so that the layout of Thread stays free. */
const uint32_t host_syscall_pending_offset __attribute__((visibility("hidden"))) =
    offsetof(Thread, pending);

#if defined(__x86_64__)
// clang-format off
__asm__(
    ".text\n"
    ".globl host_syscall, host_syscall_start, host_syscall_insn, host_syscall_after\n"
    ".globl host_syscall_not_made, host_syscall_restart\n"
    ".hidden host_syscall_start, host_syscall_insn, host_syscall_after\n"
    ".hidden host_syscall_not_made, host_syscall_restart, host_syscall_pending_offset\n"
    ".type host_syscall, @function\n"
    ".p2align 4\n"
    "host_syscall:\n"                       /* (Thread *t, long nr, a0, ... a5) */
    "    movl host_syscall_pending_offset(%rip), %r11d\n"
    "    addq %rdi, %r11\n"
    "    movq %rsi, %rax\n"
    "    movq %rdx, %rdi\n"
    "    movq %rcx, %rsi\n"
    "    movq %r8, %rdx\n"
    "    movq %r9, %r10\n"
    "    movq 8(%rsp), %r8\n"
    "    movq 16(%rsp), %r9\n"
    "    xorl %ecx, %ecx\n"
    "host_syscall_start:\n"
    "    cmpl $0, (%r11)\n"
    "    jne host_syscall_not_made\n"
    "host_syscall_insn:\n"
    "    syscall\n"
    "host_syscall_after:\n"
    "    ret\n"
    "host_syscall_not_made:\n"
    "    movq $-513, %rax\n"
    "    ret\n"
    "host_syscall_restart:\n"
    "    movq $-512, %rax\n"
    "    ret\n"
    ".size host_syscall, . - host_syscall\n");
// clang-format on
#else
# error "host_syscall for this host"
#endif

_Static_assert(SYS_RESTART == -512 && SYS_RESTART_NOINTR == -513, "numbers in the code above");
_Static_assert(sizeof(((Thread *)0)->pending) == 4, "width of the test above");
