/* SPDX-License-Identifier: MIT */
/*
 * system.c: what the machine is, and prctl(2), whose options are a table: some act on the
 * process as a guest means it, some would act on mimus, some belong to the host's
 * architecture.
 */
#include "syscall/system.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "gen/syscalls.h"
#include "syscall/host_call.h"
#include "syscall/limits.h"
#include "translate/base/log.h"

const char *system_uname_release;

/* struct new_utsname: six fields of 65 bytes, as struct utsname of the C library. */
static_assert(sizeof(struct utsname) == 390, "struct new_utsname");

static void set_field(char *field, const char *text)
{
    memset(field, 0, sizeof((struct utsname *)0)->machine);
    strncpy(field, text, sizeof((struct utsname *)0)->machine - 1);
}

long sys_uname(Thread *t, GuestAddr buf)
{
    struct utsname u;
    long err = host_call(SYS_uname, &u);

    if (err) {
        return err;
    }
    set_field(u.machine, t->abi->uts_machine);
    if (system_uname_release) {
        set_field(u.release, system_uname_release);
    }
    return guest_copy_out(t, buf, &u, sizeof u);
}

/* personality(2). PER_LINUX32 wants a CPU with a 32-bit mode, which ours has not. */
long sys_personality(Thread *t, uint32_t persona)
{
    (void)t;
    if (persona != 0xffffffff && (persona & PER_MASK) == PER_LINUX32) {
        return -EINVAL;
    }
    return host_call(SYS_personality, persona);
}

/* ---- prctl ---- */

enum {
    /* Newer than the headers this may be built with. */
    PR_SME_SET_VL_ = 63,
    PR_SME_GET_VL_ = 64,
    PR_SET_MDWE_ = 65,
    PR_GET_MDWE_ = 66,
    PR_SET_MEMORY_MERGE_ = 67,
    PR_GET_MEMORY_MERGE_ = 68,
    PR_TIMER_CREATE_RESTORE_IDS_ = 77,
    PR_FUTEX_HASH_ = 78,
    PR_SET_VMA_ = 0x53564d41,
    PR_SET_PTRACER_ = 0x59616d61,
};

typedef struct {
    int option;
    /* NULL: passed on. */
    long (*handler)(Thread *t, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);
} PrctlRow;

#define PRCTL(name)                                                                      \
 static long name(Thread *t, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
#define UNUSED_PRCTL_ARGS (void)t, (void)a2, (void)a3, (void)a4, (void)a5

PRCTL(prctl_tid_address)
{
    uint64_t tid = t->clear_tid;

    (void)a3, (void)a4, (void)a5;
    return guest_copy_out(t, guest_addr(a2), &tid, sizeof tid);
}

/* Tagged addresses: off is what we are; there is nothing else to set. */
PRCTL(prctl_tagged_addr)
{
    UNUSED_PRCTL_ARGS;
    return a2 == 0 && a3 == 0 && a4 == 0 && a5 == 0 ? 0 : -EINVAL;
}

/* PR_SET_MM moves what /proc shows of the process's memory; natively root may. */
PRCTL(prctl_set_mm)
{
    UNUSED_PRCTL_ARGS;
    return -EPERM;
}

/* Memory-deny-write-execute must bind the guest's mappings, not the code cache. */
PRCTL(prctl_set_mdwe)
{
    (void)t;
    return a3 || a4 || a5 ? -EINVAL : mem_set_mdwe((uint32_t)a2);
}

PRCTL(prctl_get_mdwe)
{
    (void)t;
    return a2 || a3 || a4 || a5 ? -EINVAL : (long)mem_get_mdwe();
}

// clang-format off
static const PrctlRow prctl_rows[] = {
    { PR_SET_PDEATHSIG,             NULL },
    { PR_GET_PDEATHSIG,             NULL },
    { PR_GET_DUMPABLE,              NULL },
    { PR_SET_DUMPABLE,              NULL },
    { PR_GET_KEEPCAPS,              NULL },
    { PR_SET_KEEPCAPS,              NULL },
    { PR_GET_TIMING,                NULL },
    { PR_SET_TIMING,                NULL },
    { PR_SET_NAME,                  NULL },
    { PR_GET_NAME,                  NULL },
    { PR_GET_SECCOMP,               NULL },
    { PR_CAPBSET_READ,              NULL },
    { PR_CAPBSET_DROP,              NULL },
    { PR_GET_SECUREBITS,            NULL },
    { PR_SET_SECUREBITS,            NULL },
    { PR_SET_TIMERSLACK,            NULL },
    { PR_GET_TIMERSLACK,            NULL },
    { PR_MCE_KILL,                  NULL },
    { PR_MCE_KILL_GET,              NULL },
    { PR_SET_CHILD_SUBREAPER,       NULL },
    { PR_GET_CHILD_SUBREAPER,       NULL },
    { PR_SET_NO_NEW_PRIVS,          NULL },
    { PR_GET_NO_NEW_PRIVS,          NULL },
    { PR_SET_THP_DISABLE,           NULL },
    { PR_GET_THP_DISABLE,           NULL },
    { PR_CAP_AMBIENT,               NULL },
    { PR_GET_SPECULATION_CTRL,      NULL },
    { PR_SET_SPECULATION_CTRL,      NULL },
    { PR_SET_IO_FLUSHER,            NULL },
    { PR_GET_IO_FLUSHER,            NULL },
    { PR_SCHED_CORE,                NULL },
    { PR_SET_MEMORY_MERGE_,         NULL },
    { PR_GET_MEMORY_MERGE_,         NULL },
    { PR_TIMER_CREATE_RESTORE_IDS_, NULL },
    { PR_FUTEX_HASH_,               NULL },
    { PR_SET_VMA_,                  NULL },
    { PR_SET_PTRACER_,              NULL },
    { PR_GET_TID_ADDRESS,           prctl_tid_address },
    { PR_SET_TAGGED_ADDR_CTRL,      prctl_tagged_addr },
    { PR_GET_TAGGED_ADDR_CTRL,      prctl_tagged_addr },
    { PR_SET_MM,                    prctl_set_mm },
    { PR_SET_MDWE_,                 prctl_set_mdwe },
    { PR_GET_MDWE_,                 prctl_get_mdwe },
    /*
     * The guest's own, like PR_PAC_*, are asked for last. EINVAL, as without the feature: PR_SET_SECCOMP, PR_SVE_*, PR_SME_*,
     * PR_GET_TSC, PR_SET_UNALIGN, PR_SET_FP_MODE, PR_SET_ENDIAN, PR_GET_AUXV,
     * PR_SET_SYSCALL_USER_DISPATCH.
     */
};
// clang-format on

long sys_prctl(Thread *t, int option, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    for (unsigned i = 0; i < ARRAY_LEN(prctl_rows); i++) {
        const PrctlRow *r = &prctl_rows[i];

        if (r->option == option) {
            return r->handler ? r->handler(t, a2, a3, a4, a5)
                              : host_call(SYS_prctl, option, a2, a3, a4, a5);
        }
    }
    const uint64_t arg[] = { a2, a3, a4, a5 };
    long result;

    if (t->abi->prctl && t->abi->prctl(t->env, option, arg, &result))
        return result;
    LOG(unimp, "prctl option %d is not passed on", option);
    return -EINVAL;
}

/* ---- perf events ---- */

/* Fields of struct perf_event_attr that are looked at; the rest is for the kernel to judge. */
typedef struct {
    uint32_t type, size;
    uint64_t config, sample_period;     /* or frequency */
} PerfAttrHead;

enum { PERF_ATTR_MIN = 64, PERF_HARDWARE = 0, PERF_SOFTWARE = 1, PERF_CACHE = 3 };

/*
 * perf_event_open(2): counts are the host's, of everything done for the guest. A sample would hold
 * addresses in translated code, raw events and breakpoints are of the host's CPU: those are not
 * there, as on a CPU whose counters have no interrupt.
 */
long sys_perf_event_open(Thread *t, GuestAddr attr, int pid, int cpu, int group, uint64_t flags)
{
    uint8_t copy[PAGE_BYTES];
    PerfAttrHead head;
    long fd;

    if (guest_copy_in(t, &head, attr, sizeof head) < 0) {
        return -EFAULT;
    }
    if (head.size == 0) {
        head.size = PERF_ATTR_MIN;
    }
    /* The kernel says what is wrong with it. */
    if (head.size < PERF_ATTR_MIN || head.size > sizeof copy) {
        return host_call(SYS_perf_event_open, attr.va, pid, cpu, group, flags);
    }
    if (guest_copy_in(t, copy, attr, head.size) < 0) {
        return -EFAULT;
    }
    memcpy(&head, copy, sizeof head);
    if (head.type != PERF_HARDWARE && head.type != PERF_SOFTWARE && head.type != PERF_CACHE) {
        return -ENOENT;
    }
    if (head.sample_period) {
        return -EOPNOTSUPP;
    }
    fd = host_call(SYS_perf_event_open, copy, pid, cpu, group, flags);
    if (fd == -E2BIG) { /* the size that the kernel knows is told */
        guest_copy_out(t, guest_addr(attr.va + 4), copy + 4, 4);
    }
    return fd;
}
