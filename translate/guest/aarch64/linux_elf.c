/* SPDX-License-Identifier: MIT */
/*
 * linux_elf.c: the vDSO of arm64: the four entry points programs look up by name and version.
 */
#include <elf.h>

#include "syscall/vdso.h"
#include "translate/guest/aarch64/linux_parts.h"

#define MOVZ_X8(nr) (0xd2800008u | (nr) << 5)
#define SVC_0       0xd4000001u
#define RET         0xd65f03c0u
#define NOP         0xd503201fu

/*
 * Unwinders know the trampoline by its two instructions; the nop keeps "return address - 1"
 * inside the page's code.
 */
static const VdsoFunc vdso_funcs[] = {
    { "__kernel_rt_sigreturn", { NOP, MOVZ_X8(139), SVC_0, NOP }, 1 },
    { "__kernel_clock_gettime", { MOVZ_X8(113), SVC_0, RET, NOP }, 0 },
    { "__kernel_gettimeofday", { MOVZ_X8(169), SVC_0, RET, NOP }, 0 },
    { "__kernel_clock_getres", { MOVZ_X8(114), SVC_0, RET, NOP }, 0 },
};

size_t a64_vdso_build(void *buf, size_t len, uint64_t base, uint64_t *sigreturn)
{
    static const VdsoSpec spec = { EM_AARCH64, 0, "LINUX_2.6.39", vdso_funcs,
                                   ARRAY_LEN(vdso_funcs) };

    (void)base;
    *sigreturn = vdso_code_offset(0) + 4;
    return vdso_image(buf, len, &spec);
}
