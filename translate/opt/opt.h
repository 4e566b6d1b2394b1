/* SPDX-License-Identifier: MIT */
/*
 * opt.h: passes over one lifted block, run by the JIT before code is made. Each takes a
 * block that passes ir_verify() and leaves one that does, with the same effect; each is
 * linear, with a budget of 10 ns per op. Use: opt_fold(), then opt_dead().
 */
#pragma once

#include "translate/ir/ir.h"

/*
 * opt_fold: constants into the ops that use them, copies of temporaries away, and results
 * that are only moved on to a guest register made there directly. Conditions that always
 * hold (IR_AL, IR_NV) are gone afterwards. Leaves dead ops behind.
 */
void opt_fold(IrBlock *b);

/*
 * opt_dead: remove what nobody reads: temporaries, writes of guest registers and of NZCV
 * that are overwritten first. All guest state is taken as read at exits and by whatever
 * may fault.
 */
void opt_dead(IrBlock *b);
