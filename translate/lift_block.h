/* SPDX-License-Identifier: MIT */
/*
 * lift_block.h: guest code at a pc to one IrBlock; shared by the interpreter and the JIT.
 */
#pragma once

#include "translate/guest.h"

/* More guest instructions than this are never put into one block. */
enum { LIFT_MAX_INSNS = 512 };

/*
 * lift_block: lift the straight code at pc into ir (which is reset first).
 *
 *   ir         made by ir_block_init() with the guest
 *   max_insns  stop after so many (1 to LIFT_MAX_INSNS); one with -one-insn-per-tb
 *   place      guest pc, and the variant to make it for (env.h)
 *   mode       EnvRt.mode the code is made for
 *
 * The block ends with the first instruction that does not go on to the next one, before
 * the first that starts on another page, or by an exit_to. An undefined instruction
 * becomes exit_exc IR_EXC_UNDEF. Reads guest memory: where it may be unmapped at any
 * time, the caller deals with the host fault. Pages read are reported to
 * pages_note_code().
 *
 * Returns the number of instructions, or 0 when not even the first byte may be executed
 * or pc is misaligned; lift_fetch_fault() says what the guest gets then.
 */
unsigned lift_block(IrBlock *ir, GuestAddr place, unsigned max_insns, uint32_t mode);

/* lift_block_plain: the same for the interpreter: each instruction by itself, none left to it. */
unsigned lift_block_plain(IrBlock *ir, GuestAddr place, unsigned max_insns, uint32_t mode);

/* lift_hash: of n bytes of code; what IrBlock.code_hash is made by. */
uint32_t lift_hash(const uint8_t *code, uint32_t n);

/*
 * lift_fetch_fault: fill env's fault_ fields as the kernel would for executing pc: SIGBUS
 * when misaligned, else SIGSEGV. Returns EXIT_FETCH.
 */
ExitKind lift_fetch_fault(Env *env, const Guest *guest, GuestAddr pc);
