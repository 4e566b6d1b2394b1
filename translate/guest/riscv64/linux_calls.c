/* SPDX-License-Identifier: MIT */
/* linux_calls.c: the system calls that only riscv64 has (syscalls.tbl). */
#include <errno.h>

#include "gen/riscv64_decode.h"
#include "gen/syscalls.h"
#include "translate/guest/riscv64/linux_parts.h"
#include "translate/translate.h"

/*
 * The kernel flushes everything, whatever the range; what a program means is the range. One that
 * is empty or backward stands for all.
 */
long sys_riscv_flush_icache(Thread *t, GuestAddr start, GuestAddr end, uint64_t flags)
{
    enum { FLUSH_LOCAL = 1 };

    (void)t;
    if (flags & ~(uint64_t)FLUSH_LOCAL)
        return -EINVAL;
    if (end.va > start.va)
        translate_invalidate(start, end.va - start.va);
    else
        translate_invalidate(guest_addr(0), 1ull << 47);
    return 0;
}

/* Keys and bits: Linux Documentation/arch/riscv/hwprobe.rst. */
enum {
    KEY_MVENDORID, KEY_MARCHID, KEY_MIMPID, KEY_BASE_BEHAVIOR, KEY_IMA_EXT_0, KEY_CPUPERF_0,
    KEY_ZICBOZ_BLOCK, KEY_HIGHEST_ADDRESS, KEY_TIME_FREQ, KEY_MISALIGNED_SCALAR,
    BASE_IMA = 1,
    IMA_FD = 1, IMA_C = 2, IMA_ZBA = 8, IMA_ZBB = 16, IMA_ZBS = 32,
    MISALIGNED_FAST = 3,
};
#define IMA_ZICOND (1ull << 35)

typedef struct {
    int64_t key;
    uint64_t value;
} Probe;

static uint64_t ima_ext(void)
{
    uint64_t f = translate_options.features;

    return IMA_FD | IMA_C | (f & RV_FEAT_zba ? IMA_ZBA : 0) | (f & RV_FEAT_zbb ? IMA_ZBB : 0) |
           (f & RV_FEAT_zbs ? IMA_ZBS : 0) | (f & RV_FEAT_zicond ? IMA_ZICOND : 0);
}

/* answer: a key that is not known becomes -1. */
static void answer(Probe *p)
{
    switch (p->key) {
    case KEY_MVENDORID:
    case KEY_MARCHID:
    case KEY_MIMPID:
    case KEY_ZICBOZ_BLOCK: p->value = 0; break;
    case KEY_BASE_BEHAVIOR: p->value = BASE_IMA; break;
    case KEY_IMA_EXT_0: p->value = ima_ext(); break;
    case KEY_CPUPERF_0:
    case KEY_MISALIGNED_SCALAR: p->value = MISALIGNED_FAST; break;
    case KEY_HIGHEST_ADDRESS: p->value = (1ull << 47) - 1; break;
    case KEY_TIME_FREQ: p->value = 1000000000; break;
    default:
        p->key = -1;
        p->value = 0;
    }
}

/* All CPUs are alike, so which ones are asked about does not matter; nor does asking which. */
long sys_riscv_hwprobe(Thread *t, GuestAddr pairs, size_t n, size_t cpu_bytes, GuestAddr cpus,
                       uint32_t flags)
{
    (void)cpu_bytes, (void)cpus;
    if (flags)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        GuestAddr at = guest_addr(pairs.va + i * sizeof(Probe));
        Probe p;

        if (guest_copy_in(t, &p, at, sizeof(p)) < 0)
            return -EFAULT;
        answer(&p);
        if (guest_copy_out(t, at, &p, sizeof(p)) < 0)
            return -EFAULT;
    }
    return 0;
}
