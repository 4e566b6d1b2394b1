// SPDX-License-Identifier: MIT
/*
 * own.c: what tests/isa cannot compare with another emulator, because each CPU has its own values:
 * these are held against what the Arm ARM and Linux say of them. One line for each check, "ok NAME"
 * or "bad NAME: WHY"; NAME is the decode row.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#ifndef HWCAP_CPUID
# define HWCAP_CPUID (1ul << 11)
#endif

#define MRS(name)                                       \
    ({                                                  \
        uint64_t v_;                                    \
        asm volatile("mrs %0, " name : "=r"(v_));       \
        v_;                                             \
    })
#define MSR(name, v) asm volatile("msr " name ", %0" : : "r"((uint64_t)(v)) : "memory")

static int failed;

static void result(const char *name, bool ok, const char *why, uint64_t value)
{
    failed |= !ok;
    if (ok) {
        printf("ok %s\n", name);
    } else {
        printf("bad %s: %s: 0x%" PRIx64 "\n", name, why, value);
    }
}

/* CNTVCT never goes back and counts at CNTFRQ; two reads apart by real work differ. */
static void counter(void)
{
    uint64_t first = MRS("cntvct_el0"), last = first, hz = MRS("cntfrq_el0");
    bool forward = true;

    for (int i = 0; i < 200000; i++) {
        uint64_t now = MRS("cntvct_el0");

        forward &= now >= last;
        last = now;
    }
    result("mrs_cntvct", forward && last > first, "does not go forward", last - first);
    result("mrs_cntfrq", hz >= 1000000 && hz <= 2000000000, "no sensible frequency", hz);
}

/* DC ZVA clears the block of 4 << DCZID.BS bytes that holds the address, and no byte more. */
static void zero_block(void)
{
    static uint8_t area[8192] __attribute__((aligned(4096)));
    uint64_t id = MRS("dczid_el0"), bytes = 4ull << (id & 15), from = 4096, bad = 0;

    result("mrs_dczid", !(id & ~31ull) && bytes <= 2048, "reserved bits or size", id);
    if (id & 16) {
        return;                                 /* DZP: not permitted */
    }
    memset(area, 0xa5, sizeof(area));
    asm volatile("dc zva, %0" : : "r"(area + from + bytes / 2 + 1) : "memory");
    for (uint64_t i = 0; i < sizeof(area); i++) {
        bad += area[i] != (i >= from && i < from + bytes ? 0 : 0xa5);
    }
    result("dc_zva", !bad, "bytes that are wrong", bad);
}

/* CTR: RES1 bit 31; line sizes of 16 bytes to 2 KiB; PIPT or VIPT. */
static void cache_type(void)
{
    uint64_t ctr = MRS("ctr_el0");
    unsigned d = ctr >> 16 & 15, i = ctr & 15, policy = ctr >> 14 & 3;

    result("mrs_ctr", ctr >> 31 & 1 && d >= 2 && d <= 9 && i >= 2 && i <= 9 && policy >= 2,
           "fields out of range", ctr);
}

static void thread_pointer(void)
{
    uint64_t old = MRS("tpidr_el0"), got;

    MSR("tpidr_el0", 0x123456789abcdef0);
    got = MRS("tpidr_el0");
    MSR("tpidr_el0", old);
    result("msr_tpidr", got == 0x123456789abcdef0, "does not keep its value", got);
    result("mrs_tpidr", MRS("tpidr_el0") == old, "does not keep its value", old);
    got = MRS("tpidrro_el0");
    result("mrs_tpidrro", got == 0, "Linux keeps it 0 for 64-bit programs", got);
}

/* Fields of ID_AA64ISAR0_EL1 that Linux shows, and the HWCAP of each. */
static void id_registers(void)
{
    static const struct {
        unsigned lsb, least, hwcap;
    } isar0[] = {
        { 4, 1, 3 }, { 4, 2, 4 }, { 8, 1, 5 }, { 12, 1, 6 }, { 16, 1, 7 }, { 20, 2, 8 },
        { 12, 2, 21 }, { 28, 1, 12 }, { 32, 1, 17 }, { 36, 1, 18 }, { 40, 1, 19 }, { 44, 1, 20 },
        { 48, 1, 23 }, { 52, 1, 27 },
    };
    uint64_t hwcap = getauxval(AT_HWCAP), id, bad = 0;

    if (!(hwcap & HWCAP_CPUID)) {
        result("mrs_id", true, "", 0);          /* programs are told not to read them */
        return;
    }
    id = MRS("s3_0_c0_c6_0");
    for (unsigned i = 0; i < sizeof(isar0) / sizeof(*isar0); i++) {
        bool has = (id >> isar0[i].lsb & 15) >= isar0[i].least;

        if (has != (hwcap >> isar0[i].hwcap & 1)) {
            bad |= 1ull << isar0[i].hwcap;
        }
    }
    result("mrs_id", !bad, "HWCAP bits that ID_AA64ISAR0_EL1 does not agree with", bad);
}

/* RNDR, when there is one: NZCV is 0 for success, and numbers are not the same. */
static void random_numbers(void)
{
    uint64_t a = 0, b = 0, nzcv = 0;

    if (!(getauxval(AT_HWCAP2) >> 16 & 1)) {
        return;
    }
    asm volatile("mrs %0, s3_3_c2_c4_0\n mrs %2, nzcv\n mrs %1, s3_3_c2_c4_1"
                 : "=r"(a), "=r"(b), "=r"(nzcv) : : "cc");
    result("mrs_rndr", a != b && !nzcv, "equal numbers or NZCV", nzcv);
}

/* Signed pointers authenticate with the same key and modifier; XPAC gives the pointer back. */
#define PAUTH(x)                                                                             \
    static void pauth_##x(void)                                                              \
    {                                                                                        \
        uint64_t p = 0x0000123456789ab0, same = 0, wrong = 0;                                \
                                                                                             \
        for (uint64_t m = 1; m < 200; m++) {                                                 \
            uint64_t a = p + 16 * m, b, c, plain = p + 16 * m;                               \
            asm(".arch armv8.3-a\n pac" #x " %0, %1" : "+r"(a) : "r"(m * m));                \
            same += a == plain;                                                              \
            b = c = a;                                                                       \
            asm(".arch armv8.3-a\n aut" #x " %0, %1" : "+r"(b) : "r"(m * m));                \
            asm(".arch armv8.3-a\n xpaci %0" : "+r"(c));                                     \
            wrong += b != plain || c != plain;                                               \
        }                                                                                    \
        result("pac" #x, same < 100 && !wrong, "pointers that do not come back", wrong);      \
    }
PAUTH(ia)
PAUTH(ib)
PAUTH(da)
PAUTH(db)

static void pauth(void)
{
    uint64_t a, b, c;

    if (!(getauxval(AT_HWCAP) >> 30 & 1)) {
        return;
    }
    pauth_ia();
    pauth_ib();
    pauth_da();
    pauth_db();
    asm(".arch armv8.3-a\n pacga %0, %3, %4\n pacga %1, %3, %4\n pacga %2, %4, %3"
        : "=&r"(a), "=&r"(b), "=&r"(c) : "r"(0x1234ul), "r"(77ul));
    result("pacga", a == b && a != c && !(uint32_t)a, "not a function, or low bits", a);
}

int main(void)
{
    pauth();
    counter();
    zero_block();
    cache_type();
    thread_pointer();
    id_registers();
    random_numbers();
    return failed;
}
