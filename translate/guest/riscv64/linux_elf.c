/* SPDX-License-Identifier: MIT */
/* linux_elf.c: the vDSO of riscv64. */
#include <elf.h>

#include "syscall/vdso.h"
#include "translate/guest/riscv64/linux_parts.h"

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
