/* SPDX-License-Identifier: MIT */
/* linux_calls.c: the system calls that only riscv64 has (syscalls.tbl). */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gen/syscalls.h"
#include "translate/guest/riscv64/features.h"
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

/* ---- riscv_hwprobe: Linux 6.18 Documentation/arch/riscv/hwprobe.rst, arch/riscv/kernel/sys_hwprobe.c ---- */

enum {
    KEY_MVENDORID, KEY_MARCHID, KEY_MIMPID, KEY_BASE_BEHAVIOR, KEY_IMA_EXT_0, KEY_CPUPERF_0,
    KEY_ZICBOZ_BLOCK, KEY_HIGHEST_ADDRESS, KEY_TIME_FREQ, KEY_MISALIGNED_SCALAR,
    KEY_MISALIGNED_VECTOR, KEY_VENDOR_THEAD, KEY_ZICBOM_BLOCK, KEY_VENDOR_SIFIVE,
    KEY_VENDOR_MIPS, KEY_ZICBOP_BLOCK, KEY_IMA_EXT_1, KEY_COUNT,
};
enum { BASE_IMA = 1, MISALIGNED_FAST = 3, MISALIGNED_UNSUPPORTED = 4, WHICH_CPUS = 1 };

/* Keys whose value is a set of bits; of others it is a number. */
enum {
    BIT_KEYS = 1 << KEY_BASE_BEHAVIOR | 1 << KEY_IMA_EXT_0 | 1 << KEY_CPUPERF_0 |
               1 << KEY_VENDOR_THEAD | 1 << KEY_VENDOR_SIFIVE | 1 << KEY_VENDOR_MIPS |
               1 << KEY_IMA_EXT_1,
};

typedef struct {
    int64_t key;
    uint64_t value;
} Probe;

/* block: bytes of a cache block for those who have the feature. */
static uint64_t block(uint64_t feature)
{
    return translate_options.features & feature ? RV_CACHE_BLOCK : 0;
}

static bool is_key(int64_t key)
{
    return key >= 0 && key < KEY_COUNT;
}

/* probe: of a key there is. All CPUs are alike; what is not named has no bits: vendors and their like. */
static uint64_t probe(int64_t key)
{
    uint64_t f = translate_options.features;

    switch (key) {
    case KEY_BASE_BEHAVIOR: return BASE_IMA;
    case KEY_IMA_EXT_0: return rv_probe_bits(f);
    case KEY_CPUPERF_0:
    case KEY_MISALIGNED_SCALAR: return MISALIGNED_FAST;
    case KEY_MISALIGNED_VECTOR: return f & RV_FEAT_v ? MISALIGNED_FAST : MISALIGNED_UNSUPPORTED;
    case KEY_ZICBOM_BLOCK: return block(RV_FEAT_zicbom);
    case KEY_ZICBOP_BLOCK: return block(RV_FEAT_zicbop);
    case KEY_ZICBOZ_BLOCK: return block(RV_FEAT_zicboz);
    case KEY_HIGHEST_ADDRESS: return (1ull << 47) - 1;
    case KEY_TIME_FREQ: return RV_TIME_HZ;
    default: return 0;
    }
}

/* A set of CPUs as Linux has it: as large as this kernel's, the first so many being online. */
typedef struct {
    uint64_t bits[1024 / 64];
    size_t bytes;
} CpuSet;

static void cpus_online(CpuSet *s)
{
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof(s->bits), s->bits);
    unsigned n = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);

    memset(s, 0, sizeof(*s));
    s->bytes = bytes > 0 ? (size_t)bytes : sizeof(s->bits);
    for (unsigned i = 0; i < n && i < 64 * ARRAY_LEN(s->bits); i++)
        s->bits[i / 64] |= 1ull << i % 64;
}

static bool cpus_empty(const CpuSet *s)
{
    uint64_t any = 0;

    for (unsigned i = 0; i < ARRAY_LEN(s->bits); i++)
        any |= s->bits[i];
    return !any;
}

static void cpus_and(CpuSet *s, const CpuSet *other)
{
    for (unsigned i = 0; i < ARRAY_LEN(s->bits); i++)
        s->bits[i] &= other->bits[i];
}

/* cpus_in: at most as many bytes as a set has, the others being zero. */
static int cpus_in(Thread *t, CpuSet *s, const CpuSet *online, GuestAddr at, size_t bytes)
{
    memset(s, 0, sizeof(*s));
    s->bytes = bytes < online->bytes ? bytes : online->bytes;
    return guest_copy_in(t, s->bits, at, s->bytes);
}

/* probe_values: fill in the pairs; a key that there is not becomes -1. */
static long probe_values(Thread *t, GuestAddr pairs, size_t n, size_t cpu_bytes, GuestAddr cpus)
{
    CpuSet online, set;

    cpus_online(&online);
    if (cpu_bytes || cpus.va) {
        if (cpus_in(t, &set, &online, cpus, cpu_bytes) < 0)
            return -EFAULT;
        cpus_and(&set, &online);
        if (cpus_empty(&set))
            return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        GuestAddr at = guest_addr(pairs.va + i * sizeof(Probe));
        Probe p = { 0, 0 };

        if (guest_copy_in(t, &p.key, at, sizeof(p.key)) < 0)
            return -EFAULT;
        if (!is_key(p.key))
            p.key = -1;
        p.value = is_key(p.key) ? probe(p.key) : 0;
        if (guest_copy_out(t, at, &p, sizeof(p)) < 0)
            return -EFAULT;
    }
    return 0;
}

static bool matches(const Probe *p)
{
    uint64_t value = probe(p->key);

    return BIT_KEYS >> p->key & 1 ? (value & p->value) == p->value : value == p->value;
}

/* probe_cpus: leave those CPUs in the set (of all, when it is empty) that have all the pairs' values. */
static long probe_cpus(Thread *t, GuestAddr pairs, size_t n, size_t cpu_bytes, GuestAddr cpus)
{
    CpuSet online, set;
    bool unknown = false, all = true;

    if (!cpu_bytes || !cpus.va)
        return -EINVAL;
    cpus_online(&online);
    if (cpus_in(t, &set, &online, cpus, cpu_bytes) < 0)
        return -EFAULT;
    size_t bytes = set.bytes;

    if (cpus_empty(&set))
        set = online;
    cpus_and(&set, &online);
    for (size_t i = 0; i < n; i++) {
        GuestAddr at = guest_addr(pairs.va + i * sizeof(Probe));
        Probe p;

        if (guest_copy_in(t, &p, at, sizeof(p)) < 0)
            return -EFAULT;
        if (!is_key(p.key)) {
            unknown = true;
            p = (Probe){ -1, 0 };
            if (guest_copy_out(t, at, &p, sizeof(p)) < 0)
                return -EFAULT;
        } else {
            all &= matches(&p);
        }
    }
    if (unknown || !all)
        memset(set.bits, 0, sizeof(set.bits));
    return guest_copy_out(t, cpus, set.bits, bytes);
}

long sys_riscv_hwprobe(Thread *t, GuestAddr pairs, size_t n, size_t cpu_bytes, GuestAddr cpus,
                       uint32_t flags)
{
    if (flags & ~(uint32_t)WHICH_CPUS)
        return -EINVAL;
    return flags ? probe_cpus(t, pairs, n, cpu_bytes, cpus)
                 : probe_values(t, pairs, n, cpu_bytes, cpus);
}
