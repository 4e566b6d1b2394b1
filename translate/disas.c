/* SPDX-License-Identifier: MIT */
#include "translate/disas.h"

#include <capstone/capstone.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "translate/base/log.h"

static unsigned count(cs_arch arch, cs_mode mode, const void *code, size_t n, uint64_t pc)
{
    const uint8_t *p = code;
    unsigned found = 0;
    csh handle;

    if (cs_open(arch, mode, &handle) != CS_ERR_OK)
        return 0;
    cs_option(handle, CS_OPT_SKIPDATA, CS_OPT_ON);
    cs_insn *insn = cs_malloc(handle);

    while (cs_disasm_iter(handle, &p, &n, &pc, insn))
        found++;
    cs_free(insn, 1);
    cs_close(&handle);
    return found;
}

unsigned disas_count_guest(const Guest *guest, uint64_t pc, uint64_t n)
{
    uint8_t code[PAGE_BYTES];
    struct iovec to = { code, n < sizeof(code) ? n : sizeof(code) };
    struct iovec from = { (void *)pc, to.iov_len };
    ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);

    return got > 0 ? count((cs_arch)guest->capstone_arch, (cs_mode)guest->capstone_mode, code,
                           (size_t)got, pc)
                   : 0;
}

unsigned disas_count_host(const void *code, size_t n)
{
    return count(CS_ARCH_X86, CS_MODE_64, code, n, (uint64_t)code);
}

void disas_guest(const Guest *guest, const void *code, size_t n, uint64_t pc)
{
    cs_insn *insn;
    csh handle;

    if (cs_open((cs_arch)guest->capstone_arch, (cs_mode)guest->capstone_mode, &handle) != CS_ERR_OK)
        return;
    cs_option(handle, CS_OPT_SKIPDATA, CS_OPT_ON);
    size_t found = cs_disasm(handle, code, n, pc, 0, &insn);

    for (size_t i = 0; i < found; i++) {
        char line[256];
        int len = snprintf(line, sizeof(line), "  0x%llx  %s %s\n",
                           (unsigned long long)insn[i].address, insn[i].mnemonic,
                           insn[i].op_str);

        log_raw(line, (unsigned long)len);
    }
    if (found)
        cs_free(insn, found);
    cs_close(&handle);
}
