/* SPDX-License-Identifier: MIT */
/*
 * memory.c: the guest's mappings, which are host mappings at the same addresses.
 *
 * What differs from passing the calls on:
 *   - the host never executes guest bytes, it only reads them to translate: PROT_EXEC
 *     becomes PROT_READ on the host and a mark of pages_set_exec();
 *   - translations of bytes that go away or change are dropped, and the mark with them,
 *     BEFORE the host call: afterwards another thread may get the same addresses for new
 *     code;
 *   - mappings of mimus do not exist for the guest (own_range_add);
 *   - limits on address space are the guest's, not mimus's (limits.c);
 *   - brk is made of anonymous mappings after the program, as the kernel's own is.
 */
#include "syscall/memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "gen/syscalls.h"
#include "syscall/host_call.h"
#include "syscall/iov.h"
#include "syscall/limits.h"
#include "syscall/own_range.h"
#include "syscall/space.h"
#include "translate/translate.h"

#ifndef MAP_FIXED_NOREPLACE
# define MAP_FIXED_NOREPLACE 0x100000
#endif

/* Guest PROT_ bits of aarch64 that the host does not know. */
enum { GUEST_PROT_BTI = 0x10, GUEST_PROT_MTE = 0x20 };
/* x86 bits that mean nothing to other architectures: MAP_32BIT, MAP_ABOVE4G. */
enum { HOST_ONLY_MAP_FLAGS = 0x40 | 0x80 };

static _Atomic uint32_t mdwe_bits; /* PR_SET_MDWE of the guest */
enum { MDWE_REFUSE_EXEC_GAIN_ = 1 };

/* ---- common ---- */

static bool in_space(uint64_t addr, uint64_t len)
{
    return addr <= space_end && len <= space_end - addr;
}

static uint64_t page_up(uint64_t len)
{
    return len > UINT64_MAX - PAGE_BYTES ? UINT64_MAX & ~(uint64_t)(PAGE_BYTES - 1)
                                         : align_up(len, PAGE_BYTES);
}

static int host_prot(int prot)
{
    prot &= ~(GUEST_PROT_BTI | GUEST_PROT_MTE);
    return prot & PROT_EXEC ? (prot & ~PROT_EXEC) | PROT_READ : prot;
}

void mem_forget(uint64_t addr, uint64_t len)
{
    pages_set_exec(guest_addr(addr), len, false);
    guest_dirty_slow(addr, len);
}

static void mark_exec(uint64_t addr, uint64_t len, int prot)
{
    if (prot & PROT_EXEC) {
        pages_set_exec(guest_addr(addr), len, true);
        translate_set_guarded(guest_addr(addr), len, prot & GUEST_PROT_BTI);
    }
}

static bool is_private_data(int prot, int flags)
{
    return prot & PROT_WRITE && flags & MAP_PRIVATE;
}

/* ---- mmap, munmap, mprotect ---- */

/* check_fixed: may the guest put a mapping exactly here? 0 or -errno. */
static int check_fixed(uint64_t addr, uint64_t len, int flags)
{
    if (addr & (PAGE_BYTES - 1)) {
        return -EINVAL;
    }
    if (!in_space(addr, len)) {
        return -ENOMEM;
    }
    if (flags & MAP_FIXED_NOREPLACE) {
        return 0; /* the kernel refuses with EEXIST whatever is there */
    }
    return own_range_overlaps(addr, len) ? -ENOMEM : 0;
}

long mem_map(Thread *t, uint64_t addr, uint64_t len, int prot, int flags, int fd,
             int64_t off)
{
    bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
    uint64_t size = page_up(len);
    long result;

    (void)t;
    flags &= ~HOST_ONLY_MAP_FLAGS;
    if (len == 0) {         /* fails; which error depends on the descriptor too */
        return host_call(SYS_mmap, addr, 0, host_prot(prot), flags, fd, off);
    }
    if (fixed) {
        int err = check_fixed(addr, size, flags);

        if (err) {
            return err;
        }
    } else if (!in_space(addr, size)) {
        addr = 0; /* a hint up there would ask for addresses past the end of the space */
    }
    if (prot & PROT_EXEC && prot & PROT_WRITE && mdwe_bits & MDWE_REFUSE_EXEC_GAIN_) {
        return -EACCES;
    }
    if (!limits_allow_map(size, is_private_data(prot, flags))) {
        return -ENOMEM;
    }
    if (flags & MAP_FIXED && !(flags & MAP_FIXED_NOREPLACE)) {
        mem_forget(addr, size);
    }
    result = fixed ? host_call(SYS_mmap, addr, len, host_prot(prot), flags, fd, off)
                   : space_mmap(addr, len, host_prot(prot), flags, fd, off);
    if (result >= 0) {
        mark_exec((uint64_t)result, size, prot);
    }
    return result;
}

long sys_mmap(Thread *t, GuestAddr addr, size_t len, uint32_t prot, uint32_t flags,
              int fd, int64_t pos)
{
    return mem_map(t, addr.va, len, (int)prot, (int)flags, fd, pos);
}

/* unmap_around: munmap the parts of [addr, end) that are not ours. */
static long unmap_around(uint64_t addr, uint64_t end)
{
    while (addr < end) {
        uint64_t own_start, own_end;
        uint64_t stop = end;

        if (own_range_next(addr, end, &own_start, &own_end)) {
            stop = own_start;
        } else {
            own_end = end;
        }
        if (stop > addr) {
            long err = host_call(SYS_munmap, addr, stop - addr);

            if (err) {
                return err;
            }
        }
        addr = own_end;
    }
    return 0;
}

long mem_unmap(Thread *t, uint64_t addr, uint64_t len)
{
    uint64_t size = page_up(len);
    bool was_exec;
    long err;

    (void)t;
    if (addr & (PAGE_BYTES - 1) || len == 0 || !in_space(addr, size)) {
        return -EINVAL;
    }
    was_exec = pages_is_exec(guest_addr(addr));
    mem_forget(addr, size);
    err = unmap_around(addr, addr + size);
    if (err && was_exec) { /* sealed, or no memory to split a mapping: still there */
        pages_set_exec(guest_addr(addr), size, true);
    }
    return err;
}

long sys_munmap(Thread *t, GuestAddr addr, size_t len)
{
    return mem_unmap(t, addr.va, len);
}

long mem_protect(Thread *t, uint64_t addr, uint64_t len, int prot)
{
    uint64_t size = page_up(len);
    long err;

    (void)t;
    if (addr & (PAGE_BYTES - 1) || prot & GUEST_PROT_MTE) {
        return -EINVAL;
    }
    if (len == 0) {
        return 0;
    }
    if (!in_space(addr, size) || own_range_overlaps(addr, size)) {
        return -ENOMEM;
    }
    if (prot & PROT_EXEC && mdwe_bits & MDWE_REFUSE_EXEC_GAIN_ &&
        (prot & PROT_WRITE || !pages_is_exec(guest_addr(addr)))) {
        return -EACCES;
    }
    if (!(prot & PROT_EXEC)) {
        mem_forget(addr, size);
    }
    err = host_call(SYS_mprotect, addr, len, host_prot(prot));
    if (err == 0) {
        mark_exec(addr, size, prot);
    }
    return err;
}

long sys_mprotect(Thread *t, GuestAddr addr, size_t len, uint32_t prot)
{
    return mem_protect(t, addr.va, len, (int)prot);
}

/* ---- mremap ---- */

/* is_mapped: the kernel looks for the mapping before it looks at the length. */
static bool is_mapped(uint64_t page)
{
    unsigned char in_core;

    return mincore((void *)page, PAGE_BYTES, &in_core) == 0;
}

static int check_remap(uint64_t old, uint64_t old_size, uint64_t new, uint64_t new_size,
                       uint32_t flags)
{
    if (old & (PAGE_BYTES - 1) || new_size == 0) {
        return -EINVAL;
    }
    if (!in_space(old, old_size)) {
        return is_mapped(old) ? -EINVAL : -EFAULT;
    }
    if (own_range_overlaps(old, old_size ? old_size : 1)) {
        return -EFAULT;
    }
    if (flags & MREMAP_FIXED && (new &(PAGE_BYTES - 1) || !in_space(new, new_size) ||
                                 own_range_overlaps(new, new_size))) {
        return -EINVAL;
    }
    if (new_size > old_size && !limits_allow_map(new_size - old_size, false)) {
        return -ENOMEM;
    }
    return 0;
}

/*
 * mremap(2). The old range loses its translations and marks before the call, since they
 * go wherever the pages go; the marks are set again at the new place (one mapping has one
 * protection, so the first page speaks for all).
 */
long sys_mremap(Thread *t, GuestAddr addr, size_t old_len, size_t new_len, uint32_t flags,
                GuestAddr new_addr)
{
    enum { DONTUNMAP = 4 }; /* MREMAP_DONTUNMAP, Linux 5.7 */
    uint64_t old_size = page_up(old_len), new_size = page_up(new_len);
    bool was_exec = pages_is_exec(addr);
    long result = check_remap(addr.va, old_size, new_addr.va, new_size, flags);

    (void)t;
    if (result) {
        return result;
    }
    mem_forget(addr.va, old_size);
    if (flags & MREMAP_FIXED) {
        mem_forget(new_addr.va, new_size);
    }
    result = flags & MREMAP_FIXED
                 ? host_call(SYS_mremap, addr.va, old_len, new_len, flags, new_addr.va)
                 : space_mremap(addr.va, old_len, new_len, (int)flags);
    if (was_exec && (result < 0 || flags & DONTUNMAP)) {
        pages_set_exec(addr, old_size, true);
    }
    if (was_exec && result >= 0) {
        pages_set_exec(guest_addr((uint64_t)result), new_size, true);
    }
    return result;
}

/* ---- advice and the calls that fail on holes ---- */

/* changes_content: advice after which the bytes read differently. */
static bool changes_content(int advice)
{
    enum { DONTNEED_LOCKED = 24, GUARD_INSTALL = 102 };

    return advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE ||
           advice == DONTNEED_LOCKED || advice == GUARD_INSTALL;
}

/* hole: is [addr, addr + len) for the guest partly unmapped because it is ours? */
static bool hole(GuestAddr addr, size_t len)
{
    return len && own_range_overlaps(addr.va, page_up(len));
}

long sys_madvise(Thread *t, GuestAddr addr, size_t len, int advice)
{
    if (hole(addr, len)) {
        return -ENOMEM;
    }
    if (changes_content(advice)) {
        guest_dirty(t, addr.va, len);
    }
    return host_call(SYS_madvise, addr.va, len, advice);
}

/* is_remote: advice that may be given to another process; what is not is for the caller itself. */
static bool is_remote(int advice)
{
    enum { COLD = 20, PAGEOUT = 21, COLLAPSE = 25 };

    return advice == COLD || advice == PAGEOUT || advice == MADV_WILLNEED || advice == COLLAPSE;
}

/* before_hole: how many of n buffers come before the first that is partly ours. */
static size_t before_hole(Thread *t, GuestAddr iov, size_t n)
{
    struct iovec v;

    for (size_t i = 0; i < n && i < IOV_MOST; i++) {
        if (guest_copy_in(t, &v, guest_addr(iov.va + i * sizeof v), sizeof v)) {
            return n;           /* the kernel will say so */
        }
        if (hole(guest_addr((uint64_t)v.iov_base), v.iov_len)) {
            return i;
        }
    }
    return n;
}

/* process_madvise(2): the buffers up to the first that fails count. */
long sys_process_madvise(Thread *t, int pidfd, GuestAddr iov, size_t n, int advice,
                         uint32_t flags)
{
    size_t good = is_remote(advice) ? n : before_hole(t, iov, n);
    long done;

    if (changes_content(advice)) {
        guest_dirty_iov(t, iov, good);
    }
    done = host_call(SYS_process_madvise, pidfd, iov.va, good, advice, flags);
    return done == 0 && good < n ? -ENOMEM : done;
}

long sys_msync(Thread *t, GuestAddr addr, size_t len, uint32_t flags)
{
    return hole(addr, len) ? -ENOMEM : host_syscall(t, SYS_msync, addr.va, len, flags);
}

long sys_mincore(Thread *t, GuestAddr addr, size_t len, GuestAddr vec)
{
    (void)t;
    return hole(addr, len) ? -ENOMEM : host_call(SYS_mincore, addr.va, len, vec.va);
}

long sys_mlock(Thread *t, GuestAddr addr, size_t len)
{
    (void)t;
    return hole(addr, len) ? -ENOMEM : host_call(SYS_mlock, addr.va, len);
}

long sys_mlock2(Thread *t, GuestAddr addr, size_t len, uint32_t flags)
{
    (void)t;
    return hole(addr, len) ? -ENOMEM : host_call(SYS_mlock2, addr.va, len, flags);
}

long sys_munlock(Thread *t, GuestAddr addr, size_t len)
{
    (void)t;
    return hole(addr, len) ? -ENOMEM : host_call(SYS_munlock, addr.va, len);
}

long sys_mseal(Thread *t, GuestAddr addr, size_t len, uint64_t flags)
{
    (void)t;
    return hole(addr, len) ? -ENOMEM : host_call(SYS_mseal, addr.va, len, flags);
}

long sys_remap_file_pages(Thread *t, GuestAddr addr, size_t len, int prot, size_t pgoff,
                          uint32_t flags)
{
    if (hole(addr, len)) {
        return -EINVAL;
    }
    guest_dirty(t, addr.va, len);
    return host_call(SYS_remap_file_pages, addr.va, len, prot, pgoff, flags);
}

/* ---- other processes' memory ---- */

long sys_process_vm_readv(Thread *t, int pid, GuestAddr local, size_t ln,
                          GuestAddr remote, size_t rn, uint32_t flags)
{
    guest_dirty_iov(t, local, ln);
    return host_call(SYS_process_vm_readv, pid, local.va, ln, remote.va, rn, flags);
}

long sys_process_vm_writev(Thread *t, int pid, GuestAddr local, size_t ln,
                           GuestAddr remote, size_t rn, uint32_t flags)
{
    if (pid == (int)host_call(SYS_getpid)) {
        guest_dirty_iov(t, remote, rn);
    }
    return host_call(SYS_process_vm_writev, pid, local.va, ln, remote.va, rn, flags);
}

/* ---- memory-deny-write-execute ---- */

/* mem_set_mdwe: prctl(PR_SET_MDWE): bits can only be added. 0 or -errno. */
long mem_set_mdwe(uint32_t bits)
{
    uint32_t old = mdwe_bits;

    if (bits & ~3u || (bits & 2 && !(bits & 1))) {
        return -EINVAL;
    }
    if (old && old != bits) {
        return -EPERM;
    }
    mdwe_bits = bits;
    return 0;
}

uint32_t mem_get_mdwe(void)
{
    return mdwe_bits;
}

/* ---- brk ---- */

static _Atomic uint64_t brk_start, brk_now;

void brk_init(GuestAddr start)
{
    brk_start = brk_now = align_up(start.va, PAGE_BYTES);
}

void brk_range(GuestAddr *start, GuestAddr *end)
{
    *start = guest_addr(brk_start);
    *end = guest_addr(brk_now);
}

/* brk_grow: map [from, to), pages; false when something is in the way or over a limit. */
static bool brk_grow(uint64_t from, uint64_t to)
{
    enum {
        PROT = PROT_READ | PROT_WRITE,
        FLAGS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE
    };
    uint64_t len = to - from;
    long result;

    if (!in_space(from, len) || !limits_allow_map(len, true)) {
        return false;
    }
    result = host_call(SYS_mmap, from, len, PROT, FLAGS, -1, 0);
    if (result >= 0 && (uint64_t)result != from) { /* a kernel without NOREPLACE */
        host_call(SYS_munmap, result, len);
        return false;
    }
    return result >= 0;
}

/*
 * brk(2): the new break, or the old one when it cannot be. Two threads at once: who swaps
 * brk_now last undoes its mapping and gives up, as if memory had run out.
 */
long sys_brk(Thread *t, GuestAddr addr)
{
    uint64_t old = brk_now, new = addr.va;
    uint64_t old_top = page_up(old), new_top = page_up(new);

    if (new < brk_start || new > space_end) {
        return (long)old;
    }
    if (new_top > old_top && !brk_grow(old_top, new_top)) {
        return (long)old;
    }
    if (!atomic_compare_exchange_strong(&brk_now, &old, new)) {
        if (new_top > old_top) {
            host_call(SYS_munmap, old_top, new_top - old_top);
        }
        return (long)brk_now;
    }
    if (new_top < old_top) {
        mem_unmap(t, new_top, old_top - new_top);
    }
    return (long)new;
}

/* ---- shared memory attached for execution ---- */

static struct {
    _Atomic uint64_t addr, len;
} exec_shm[32]; /* as good as nobody uses SHM_EXEC */

void mem_note_exec_shm(uint64_t addr, uint64_t len)
{
    for (unsigned i = 0; i < ARRAY_LEN(exec_shm); i++) {
        uint64_t empty = 0;

        if (atomic_compare_exchange_strong(&exec_shm[i].addr, &empty, addr)) {
            exec_shm[i].len = len;
            return;
        }
    }
}

uint64_t mem_take_exec_shm(uint64_t addr)
{
    for (unsigned i = 0; addr && i < ARRAY_LEN(exec_shm); i++) {
        uint64_t want = addr, len = exec_shm[i].len;

        if (atomic_compare_exchange_strong(&exec_shm[i].addr, &want, 0)) {
            return len;
        }
    }
    return 0;
}
