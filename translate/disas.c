/* SPDX-License-Identifier: MIT */
#include "translate/disas.h"

#include <capstone/capstone.h>
#include <stdio.h>

#include "translate/base/log.h"
#include "translate/late_relocs.h"

static void disas(cs_arch arch, cs_mode mode, const uint8_t *code, size_t n, uint64_t pc)
{
    csh handle;
    cs_insn *insn;
    char line[256];

    late_relocs_apply();
    if (cs_open(arch, mode, &handle) != CS_ERR_OK)
        return;
    cs_option(handle, CS_OPT_SKIPDATA, CS_OPT_ON);
    size_t count = cs_disasm(handle, code, n, pc, 0, &insn);

    for (size_t i = 0; i < count; i++) {
        int len = snprintf(line, sizeof(line), "  0x%llx  %s %s\n",
                           (unsigned long long)insn[i].address, insn[i].mnemonic,
                           insn[i].op_str);

        log_raw(line, (unsigned long)len);
    }
    if (count)
        cs_free(insn, count);
    cs_close(&handle);
}

void disas_guest(const Guest *guest, const void *code, size_t n, uint64_t pc)
{
    log_raw("guest:\n", 7);
    disas((cs_arch)guest->capstone_arch, (cs_mode)guest->capstone_mode, code, n, pc);
}

void disas_host(const void *code, size_t n)
{
    log_raw("host:\n", 6);
    disas(CS_ARCH_X86, CS_MODE_64, code, n, (uint64_t)code);
}
