/* SPDX-License-Identifier: MIT */
/* linux_parts.h: parts of the riscv64 guest's Linux side, gathered by linux_abi.c. */
#pragma once

#include "syscall/user.h"
#include "translate/guest/riscv64/state.h"

/* linux_signal.c */
int rv_frame_push(Thread *t, Env *env, const SignalDelivery *d);
int rv_frame_pop(Thread *t, Env *env, uint64_t *mask, uint64_t *stack_sp, uint64_t *stack_size,
                 int32_t *stack_flags);
uint64_t rv_frame_bytes(void);
uint64_t rv32_frame_bytes(void);
extern const CoreNote rv_core_notes[];

/* linux_elf.c */
size_t rv_vdso_build(void *buf, size_t len, uint64_t base, uint64_t *sigreturn);
