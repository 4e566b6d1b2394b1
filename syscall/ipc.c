/* SPDX-License-Identifier: MIT */
/*
 * ipc.c: System V and POSIX IPC where the host differs: struct semid64_ds has padding
 * words on x86-64 only, shared memory attached for execution is mapped without the host's
 * PROT_EXEC.
 */
#include <errno.h>
#include <linux/ipc.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <sys/syscall.h>

#include "gen/syscalls.h"
#include "syscall/host_call.h"
#include "syscall/memory.h"
#include "translate/translate.h"

/* ---- semaphores ---- */

typedef struct {
    int32_t key;
    uint32_t uid, gid, cuid, cgid, mode;
    uint16_t seq, pad;
    uint32_t pad2;
    uint64_t unused[2];
} LinuxIpcPerm;
static_assert(sizeof(LinuxIpcPerm) == 48, "asm-generic struct ipc64_perm");

/* asm-generic struct semid64_ds with 64-bit long. */
typedef struct {
    LinuxIpcPerm perm;
    int64_t otime, ctime;
    uint64_t nsems;
    uint64_t unused[2];
} LinuxSemid;
static_assert(sizeof(LinuxSemid) == 88, "asm-generic struct semid64_ds");

/* The host's: x86-64 has an unused word after each time. */
typedef struct {
    LinuxIpcPerm perm;
    int64_t otime;
#if defined(__x86_64__)
    uint64_t unused1;
#endif
    int64_t ctime;
#if defined(__x86_64__)
    uint64_t unused2;
#endif
    uint64_t nsems;
    uint64_t unused[2];
} HostSemid;

static long sem_stat(Thread *t, int id, int num, uint32_t cmd, uint64_t arg)
{
    HostSemid host;
    LinuxSemid g = { 0 };
    long result = host_call(SYS_semctl, id, num, cmd, &host);

    if (result < 0) {
        return result;
    }
    g.perm = host.perm;
    g.otime = host.otime;
    g.ctime = host.ctime;
    g.nsems = host.nsems;
    return guest_copy_out(t, guest_addr(arg), &g, sizeof g) ? -EFAULT : result;
}

static long sem_set(Thread *t, int id, int num, uint32_t cmd, uint64_t arg)
{
    LinuxSemid g;
    HostSemid host = { 0 };

    if (guest_copy_in(t, &g, guest_addr(arg), sizeof g)) {
        return -EFAULT;
    }
    host.perm = g.perm; /* IPC_SET uses uid, gid and mode */
    return host_call(SYS_semctl, id, num, cmd, &host);
}

long sys_semctl(Thread *t, int id, int num, uint32_t cmd, uint64_t arg)
{
    enum { SEM_STAT_ = 18, SEM_STAT_ANY_ = 20 };

    switch (cmd & ~0x100u) { /* IPC_64, which only 32-bit interfaces set */
    case IPC_STAT:
    case SEM_STAT_:
    case SEM_STAT_ANY_: return sem_stat(t, id, num, cmd, arg);
    case IPC_SET: return sem_set(t, id, num, cmd, arg);
    default: return host_call(SYS_semctl, id, num, cmd, arg);
    }
}

/* ---- message queues ---- */

long sys_mq_open(Thread *t, GuestAddr name, uint32_t flags, uint32_t mode, GuestAddr attr)
{
    return host_call(SYS_mq_open, name.va, open_flags_to_host(t, flags), mode, attr.va);
}

/* ---- shared memory ---- */

static uint64_t segment_bytes(int id)
{
    struct shmid64_ds ds;

    if (host_call(SYS_shmctl, id, IPC_STAT, &ds)) {
        return 0;
    }
    return align_up(ds.shm_segsz, PAGE_BYTES);
}

/*
 * shmat(2). SHM_EXEC is recorded and not given to the host. SHM_REMAP replaces what is
 * there, so it must not meet memory of ours.
 */
long sys_shmat(Thread *t, int id, GuestAddr addr, uint32_t flags)
{
    uint64_t bytes = flags & (SHM_EXEC | SHM_REMAP) ? segment_bytes(id) : 0;
    long result;

    (void)t;
    if (flags & SHM_REMAP && bytes) {
        if (own_range_overlaps(addr.va, bytes)) {
            return -EINVAL;
        }
        mem_forget(addr.va, bytes);
    }
    result = host_call(SYS_shmat, id, addr.va, flags & ~(uint32_t)SHM_EXEC);
    if (result > 0 && flags & SHM_EXEC) {
        pages_set_exec(guest_addr((uint64_t)result), bytes, true);
        mem_note_exec_shm((uint64_t)result, bytes);
    }
    return result;
}

long sys_shmdt(Thread *t, GuestAddr addr)
{
    uint64_t bytes = mem_take_exec_shm(addr.va);

    (void)t;
    if (bytes) {
        mem_forget(addr.va, bytes);
    }
    return host_call(SYS_shmdt, addr.va);
}
