/* SPDX-License-Identifier: MIT */
/*
 * rules_int.h: the rules that work on host integer registers, memory and control flow, one
 * function per IR op, named after it.
 */
#pragma once

#include "translate/host/x86_64/emit.h"

// clang-format off
#define INT_RULES(X) \
    X(insn) X(mov) X(add) X(sub) X(adc) X(sbc) X(mul) X(mulh_s) X(mulh_u) X(div_s) X(div_u) \
    X(and) X(or) X(xor) X(andn) X(orn) X(xorn) X(shl) X(shr_u) X(shr_s) X(ror) X(extr) X(clz) \
    X(cls) X(ctz) X(popcnt) X(min_s) X(max_s) X(min_u) X(max_u) X(rbit) X(bswap) X(bswap16) \
    X(bswap32) X(sext) X(zext) X(bfx_s) X(bfx_u) X(bfi) \
    X(crc32) X(crc32c) X(getf) X(setf) X(setf_k) X(getfp) X(setfp) X(ccmp) X(ccmn) X(select) X(cset) X(vselect) \
    X(load) X(load_s) X(store) X(vload) X(vstore) X(vload_lane) X(vstore_lane) X(vstore_part) X(prefetch) \
    X(zero_block) X(copy_mem) X(set_mem) X(guard) X(check_align) X(pac) X(auth) X(fence) X(amo_add) X(amo_andn) \
    X(amo_or) X(amo_xor) X(amo_max_s) \
    X(amo_min_s) X(amo_max_u) X(amo_min_u) X(amo_swap) X(cas) X(cas128) X(ldex) X(stex) \
    X(ldex128) X(stex128) X(clrex) X(fcmp) X(fcmpe) X(fccmp) X(call) \
    X(exit_to) X(exit_cond) X(exit_nz) X(exit_z) X(exit_bit) X(exit_call) X(exit_ind) \
    X(exit_icall) X(exit_ret) X(exit_syscall) X(exit_exc) X(exit_sync)

#define X(name) void rule_##name(Emit *e, const IrOp *op);
INT_RULES(X)
#undef X
// clang-format on

/* rule_dead: nobody reads result d. */
bool rule_dead(const Emit *e, IrRef d);

/*
 * emit_cold_invalid: on the parity condition (unordered) note an invalid operation, out of
 * line; EFLAGS are kept.
 */
void emit_cold_invalid(Emit *e);

/* emit_cold_getfp: when not equal, the flags of MXCSR into register r, out of line: emit_cold_flags(). */
void emit_cold_getfp(Emit *e, int r);
void emit_cold_flags(Emit *e, int r);

/* emit_deopt: the interpreter runs the guest instruction op belongs to, always. */
void emit_deopt(Emit *e, const IrOp *op);

/* emit_cold_jump: out of line at jcc miss, jump to a thunk (guest address in rax). */
void emit_cold_jump(Emit *e, uint8_t *miss, unsigned thunk);
/* emit_cold_branch: the same to THUNK_PROBE for a branch of kind btype. */
void emit_cold_branch(Emit *e, uint8_t *miss, unsigned btype);
/* emit_cold_icall: the same as a call that lands at landing, pushing guest address ret first. */
void emit_cold_icall(Emit *e, uint8_t *miss, uint64_t ret, unsigned btype, uint8_t *landing);

/*
 * emit_compare_floats: EFLAGS of ucomis a, b (swap: b, a) for fcmp and its kin. signaling: a
 * quiet NaN is noted as an invalid operation.
 */
void emit_compare_floats(Emit *e, const IrOp *op, bool signaling, bool swap);

/* emit_forget_copies: guest registers in memory were changed by C code. */
void emit_forget_copies(Emit *e);

/*
 * rule_mem: memory operand of a load or store; may use rax for the base and rcx for the index. Without
 * the guest's tag in an instruction that traps (trap_sites.h). rule_mem_masks: op asks it.
 */
Mem rule_mem(Emit *e, const IrOp *op);
bool rule_mem_masks(const IrOp *op);

/* rule_load_sized: load bytes at m, zero-extended, into host register r. */
void rule_load_sized(Emit *e, unsigned bytes, int r, Mem m);

/*
 * emit_released: a release store was just made. emit_acquire: an acquire load comes next; uses
 * rcx. Both keep EFLAGS.
 */
void emit_released(Emit *e);
void emit_acquire(Emit *e);
