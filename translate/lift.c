/* SPDX-License-Identifier: MIT */
/* lift.c: instructions that the tables know and no lift function exists for. */
#include "translate/lift.h"

#include <capstone/capstone.h>
#include <inttypes.h>

#include "translate/base/log.h"

enum { SEEN_ENTRIES = 1024 };

/*
 * lift_todo_seen: remembers pcs in a direct-mapped table; a collision forgets the older
 * one, which costs a repeated line and nothing else.
 */
static bool lift_todo_seen(uint64_t pc)
{
    static uint64_t seen[SEEN_ENTRIES];
    uint64_t *slot = &seen[(pc >> 1 ^ pc >> 13) % SEEN_ENTRIES];

    return __atomic_exchange_n(slot, pc, __ATOMIC_RELAXED) == pc;
}

static void lift_todo_log(const Lift *l, uint32_t word)
{
    csh cs;
    cs_insn *insn = NULL;
    size_t n = 0;

    if (cs_open(l->guest->capstone_arch, l->guest->capstone_mode, &cs) != CS_ERR_OK) {
        return;
    }
    n = cs_disasm(cs, l->code, l->code_len, l->pc.va, 1, &insn);
    LOG(unimp, "0x%" PRIx64 ": 0x%08" PRIx32 " %s: %s %s is not lifted", l->pc.va, word,
        l->row, n ? insn->mnemonic : "?", n ? insn->op_str : "");
    if (n) {
        cs_free(insn, n);
    }
    cs_close(&cs);
}

bool lift_todo(Lift *l, uint32_t word)
{
    if (LOG_ON(unimp) && !lift_todo_seen(l->pc.va)) {
        lift_todo_log(l, word);
    }
    return false;
}
