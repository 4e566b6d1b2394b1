/* SPDX-License-Identifier: MIT */
/*
 * opt.h: the backward pass over a lifted block, run by the JIT before code is made. What can
 * be seen going forward, the builder has done already (ir_emit(), ir_set()).
 */
#pragma once

#include "translate/ir/ir.h"

typedef struct {
    /* in */
    bool nzcv_out;      /* NZCV is read behind the block */
    bool polls;         /* signals are polled before the last instruction */
    /* out */
    bool nzcv_in;       /* NZCV is read in the block, or behind it, before it is written */
    uint32_t poll_op;   /* with polls: index of the last instruction's marker */
} OptLive;

enum { OPT_NO_POLL = UINT32_MAX };

/*
 * opt_live: remove what nobody reads: temporaries, writes of guest registers and of NZCV that
 * are overwritten first, sign extensions of 32 bits into registers of which no more is read. All
 * guest registers are taken as read whole at exits, polls and by whatever may fault. Ops after
 * which NZCV may still be read get IRF_LIVE; the uses of temporaries are right afterwards. Linear;
 * leaves a block that passes ir_verify() with the same effect.
 */
void opt_live(IrBlock *b, OptLive *l);
