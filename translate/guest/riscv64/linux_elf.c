/* SPDX-License-Identifier: MIT */
/* linux_elf.c: what programs are told of the CPU, and the vDSO of riscv64. */
#include <elf.h>
#include <stdio.h>

#include "gen/riscv64_decode.h"
#include "syscall/vdso.h"
#include "translate/guest/riscv64/linux_parts.h"
#include "translate/translate.h"

#define LI_A7(nr) (0x00000893u | (uint32_t)(nr) << 20)
#define ECALL     0x00000073u
#define RET       0x00008067u
#define NOP       0x00000013u

/* Unwinders know the trampoline by its two instructions; the nop keeps "return address - 1" here. */
static const VdsoFunc vdso_funcs[] = {
    { "__vdso_rt_sigreturn", { NOP, LI_A7(139), ECALL, NOP }, 1 },
    { "__vdso_gettimeofday", { LI_A7(169), ECALL, RET, NOP }, 0 },
    { "__vdso_clock_gettime", { LI_A7(113), ECALL, RET, NOP }, 0 },
    { "__vdso_clock_getres", { LI_A7(114), ECALL, RET, NOP }, 0 },
    { "__vdso_getcpu", { LI_A7(168), ECALL, RET, NOP }, 0 },
    { "__vdso_flush_icache", { LI_A7(259), ECALL, RET, NOP }, 0 },
    { "__vdso_riscv_hwprobe", { LI_A7(258), ECALL, RET, NOP }, 0 },
};

size_t rv_vdso_build(void *buf, size_t len, uint64_t base, uint64_t *sigreturn)
{
    static const VdsoSpec spec = { EM_RISCV, 0, "LINUX_4.15", vdso_funcs,
                                   ARRAY_LEN(vdso_funcs) };

    (void)base;
    *sigreturn = vdso_code_offset(0) + 4;
    return vdso_image(buf, len, &spec);
}

/* AT_HWCAP: one bit for each letter of the base instruction set. */
uint64_t rv_hwcap(void)
{
    uint64_t bits = 0;

    for (const char *c = "IMAFDC"; *c; c++)
        bits |= 1ull << (*c - 'A');
    return bits;
}

size_t rv_cpuinfo(char *buf, size_t len, unsigned n)
{
    static const struct {
        const char *name;
        uint64_t bit;
    } ext[] = { { "_zicond", RV_FEAT_zicond }, { "_zba", RV_FEAT_zba }, { "_zbb", RV_FEAT_zbb },
                { "_zbs", RV_FEAT_zbs } };
    char isa[96] = "rv64imafdc_zicsr_zifencei";
    size_t used = 0;

    for (unsigned i = 0; i < ARRAY_LEN(ext); i++) {
        if (translate_options.features & ext[i].bit)
            strcat(isa, ext[i].name);
    }
    for (unsigned i = 0; i < n; i++) {
        int k = snprintf(buf + used, len - used,
                         "processor\t: %u\nhart\t\t: %u\nisa\t\t: %s\nmmu\t\t: sv48\n"
                         "mvendorid\t: 0x0\nmarchid\t\t: 0x0\nmimpid\t\t: 0x0\n"
                         "hart isa\t: %s\n\n", i, i, isa, isa);

        if (k < 0 || (size_t)k >= len - used)
            break;
        used += (size_t)k;
    }
    return used;
}
