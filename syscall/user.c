/* SPDX-License-Identifier: MIT */
/*
 * user.c: the door to guest memory, for guests whose addresses are host addresses.
 *
 * Copies are direct accesses by a few marked instructions: when one of them faults, the
 * SIGSEGV handler calls user_fault_fixup(), which moves the program counter to the marked
 * landing place, and the copy returns -EFAULT. That costs nothing when all goes well; a
 * copy by process_vm_readv(2) costs a system call, and serves until the handlers are
 * installed and on hosts without the marked instructions.
 */
#include "syscall/user.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "syscall/host_call.h"
#include "translate/translate.h"

#include <sys/syscall.h>

bool user_fixup_ready;

/* The guest's address space ends with the host's user half, less the page below its top. */
static const uint64_t space_end = 0x7ffffffff000;

#if defined(__x86_64__)
extern const char user_copy_start[], user_copy_landing[];

/*
 * user_copy: move n bytes; returns how many were left when an access faulted, 0 when none
 * did. rcx counts what is left all the way, so the landing place needs no more than to
 * hand it over. rep movsb takes long to get going: short copies, which most are, go by
 * words.
 */
size_t user_copy(void *dst, const void *src, size_t n);
// clang-format off
__asm__(".text\n"
        ".p2align 4\n"
        ".globl user_copy, user_copy_start, user_copy_landing\n"
        ".hidden user_copy, user_copy_start, user_copy_landing\n"
        ".type user_copy, @function\n"
        "user_copy:\n"
        "    mov %rdx, %rcx\n"
        "user_copy_start:\n"
        "    cmp $256, %rcx\n"
        "    jae 4f\n"
        "    sub $8, %rcx\n"
        "    jb 2f\n"
        "1:  add $8, %rcx\n"
        "    mov (%rsi), %rax\n"
        "    mov %rax, (%rdi)\n"
        "    add $8, %rsi\n"
        "    add $8, %rdi\n"
        "    sub $16, %rcx\n"
        "    jae 1b\n"
        "2:  add $8, %rcx\n"
        "    jz user_copy_landing\n"
        "3:  movzbl (%rsi), %eax\n"
        "    mov %al, (%rdi)\n"
        "    inc %rsi\n"
        "    inc %rdi\n"
        "    dec %rcx\n"
        "    jnz 3b\n"
        "    jmp user_copy_landing\n"
        "4:  rep movsb\n"
        "user_copy_landing:\n"
        "    mov %rcx, %rax\n"
        "    ret\n"
        ".size user_copy, . - user_copy\n");
// clang-format on

bool user_fault_fixup(ucontext_t *uc)
{
    uint64_t pc = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];

    if (pc < (uint64_t)user_copy_start || pc >= (uint64_t)user_copy_landing) {
        return false;
    }
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)user_copy_landing;
    return true;
}

static bool copy_direct(void)
{
    return user_fixup_ready;
}
#else
static size_t user_copy(void *dst, const void *src, size_t n)
{
    memcpy(dst, src, n);
    return 0;
}

bool user_fault_fixup(ucontext_t *uc)
{
    (void)uc;
    return false;
}

static bool copy_direct(void)
{
    return false;
}
#endif

static bool in_space(uint64_t va, size_t n)
{
    return va <= space_end && n <= space_end - va;
}

/* copy_by_kernel: bytes copied, or -errno. */
static long copy_by_kernel(long nr, void *host, uint64_t va, size_t n)
{
    struct iovec here = { host, n }, there = { (void *)va, n };

    return host_call(nr, host_call(SYS_getpid), &here, 1, &there, 1, 0);
}

int guest_copy_in(Thread *t, void *dst, GuestAddr src, size_t n)
{
    (void)t;
    if (n == 0) {
        return 0;
    }
    if (!in_space(src.va, n)) {
        return -EFAULT;
    }
    if (copy_direct()) {
        return user_copy(dst, (const void *)src.va, n) ? -EFAULT : 0;
    }
    return copy_by_kernel(SYS_process_vm_readv, dst, src.va, n) == (long)n ? 0 : -EFAULT;
}

int guest_copy_out(Thread *t, GuestAddr dst, const void *src, size_t n)
{
    guest_dirty(t, dst.va, n);
    return guest_copy_clean(dst, src, n);
}

int guest_copy_clean(GuestAddr dst, const void *src, size_t n)
{
    if (n == 0) {
        return 0;
    }
    if (!in_space(dst.va, n)) {
        return -EFAULT;
    }
    if (copy_direct()) {
        return user_copy((void *)dst.va, src, n) ? -EFAULT : 0;
    }
    return copy_by_kernel(SYS_process_vm_writev, (void *)src, dst.va, n) == (long)n
               ? 0
               : -EFAULT;
}

long guest_copy_str(Thread *t, char *dst, GuestAddr src, size_t max)
{
    size_t done = 0;

    /* Pieces end at page ends, so that a string next to unmapped memory is read whole. */
    while (done < max) {
        uint64_t va = src.va + done;
        size_t n = 256 - (va & 255);
        const char *end;

        n = n < max - done ? n : max - done;
        if (guest_copy_in(t, dst + done, guest_addr(va), n)) {
            return -EFAULT;
        }
        end = memchr(dst + done, 0, n);
        if (end) {
            return end - dst;
        }
        done += n;
    }
    return -ENAMETOOLONG;
}

void guest_dirty_slow(uint64_t va, uint64_t len)
{
    if (va >= space_end) {
        return;
    }
    len = len < space_end - va ? len : space_end - va;
    if (pages_has_code(guest_addr(va), len)) {
        translate_invalidate(guest_addr(va), len);
    }
}

void *guest_span(Thread *t, GuestAddr addr, size_t len, GuestAccess access)
{
    static char empty;

    if (!in_space(addr.va, len)) {
        return NULL;
    }
    if (access == GUEST_WRITE) {
        guest_dirty(t, addr.va, len);
    }
    return len == 0 && addr.va == 0 ? &empty : (void *)addr.va;
}
