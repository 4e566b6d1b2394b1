/* SPDX-License-Identifier: MIT */
/* counts.c: lines and sums of -d counts. The caller's lock guards the sums. */
#include "translate/host/interp/counts.h"

#include <inttypes.h>

#include "translate/base/log.h"

enum { SHOWN_BYTES = 440 }; /* a log line holds 1 KiB; more than RUN_MAX_INSNS words need */

typedef struct {
    uint64_t reads, writes;
} Mentions;

static Mentions mentions[IR_TEMP0];

static void add_mentions(const IrBlock *b, uint64_t runs)
{
    for (uint32_t i = 0; i < b->n_op; i++) {
        const IrOp *op = &b->op[i];
        const IrRef from[] = { op->a, op->b, op->c };

        if (op->op == IR_insn) {
            continue;
        }
        for (unsigned k = 0; k < ARRAY_LEN(from); k++) {
            if (ir_is_reg(from[k])) {
                mentions[ir_reg_index(from[k])].reads += runs;
            }
        }
        if (ir_is_reg(op->d)) {
            mentions[ir_reg_index(op->d)].writes += runs;
        }
    }
}

void counts_block(const IrBlock *b, const uint8_t *code, uint64_t runs)
{
    char hex[2 * SHOWN_BYTES + 1] = "";
    unsigned n = b->guest_bytes < SHOWN_BYTES ? b->guest_bytes : SHOWN_BYTES;

    for (unsigned i = 0; i < n; i++) {
        snprintf(hex + 2 * i, 3, "%02x", code[i]);
    }
    add_mentions(b, runs);
    LOG(counts, "block 0x%" PRIx64 " %" PRIu64 " %s", b->pc.va, runs, hex);
}

void counts_regs(const Guest *guest)
{
    for (unsigned i = 0; i < guest->n_regs; i++) {
        if (mentions[i].reads || mentions[i].writes) {
            LOG(counts, "reg %s %" PRIu64 " %" PRIu64, guest->regs[i].name,
                mentions[i].reads, mentions[i].writes);
        }
    }
}

void counts_forget(void)
{
    memset(mentions, 0, sizeof(mentions));
}
