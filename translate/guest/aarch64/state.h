/* SPDX-License-Identifier: MIT */
/*
 * state.h: the registers of an AArch64 CPU at EL0, as they lie in Env.state.
 *
 * Offsets are part of the contract with translated code. The 32 general registers come
 * first, so that each is a short displacement away from the middle of them.
 *
 * FPSR has no field: its sticky flags are collected by the run time (env_fp_flags() and
 * EnvRt.qc), see a64_get_fpsr().
 */
#pragma once

#include "translate/env.h"

enum { A64_KEY_COUNT = 5 };

typedef struct {
    uint64_t x[31];
    uint64_t sp;
    uint64_t pc;
    uint32_t nzcv; /* bits 31 to 28; the others are 0 */
    uint32_t fpcr; /* written by a64_set_fpcr() only */
    uint64_t tpidr_el0;
    uint64_t tpidrro_el0; /* reads as 0 under Linux */
    uint64_t pstate; /* A64_PSTATE_ bits but NZCV, as SPSR_EL1 has them */
    uint64_t keys_on; /* bit 0 IA to 3 DB; looked at in MODE_GUEST only, when not all are on */
    uint64_t key[A64_KEY_COUNT][2]; /* of pointer authentication: IA IB DA DB GA; all odd */
    _Alignas(16) V128 v[32];
} A64State;
_Static_assert(offsetof(A64State, sp) == 248 && offsetof(A64State, pc) == 256 &&
                   offsetof(A64State, v) % 16 == 0 && sizeof(A64State) <= ENV_STATE_BYTES,
               "layout of A64State");

/* Indices into guest_aarch64.regs. */
enum { A64_X0 = 0, A64_SP = 31, A64_V0 = 32, A64_TPIDR = 64, A64_PSTATE, A64_KEYS_ON, A64_KEYS,
       A64_REG_COUNT = A64_KEYS + 2 * A64_KEY_COUNT };

/* Keys of addresses, as in A64State.keys_on. */
enum { A64_ADDRESS_KEYS = 15 };

/* Bits of A64State.pstate. */
enum { A64_PSTATE_SSBS = 1 << 12, A64_PSTATE_DIT = 1 << 24 };

static inline A64State *a64_state(Env *env)
{
    return (A64State *)env->state;
}

static inline const A64State *a64_state_const(const Env *env)
{
    return (const A64State *)env->state;
}

/*
 * a64_set_fpcr: write FPCR; bits the CPU does not have stay 0. Adopts the rounding and
 * NaN modes for code that runs from now on. Own thread, between blocks.
 */
void a64_set_fpcr(Env *env, uint32_t fpcr);

/* a64_get_fpsr, a64_set_fpsr: FPSR made from, and put back into, the run time's sticky
 * flags. */
uint32_t a64_get_fpsr(Env *env);
void a64_set_fpsr(Env *env, uint32_t fpsr);

/* a64_new_keys: other random keys, of those in the mask (bit 0 is IA, bit 4 is GA). */
void a64_new_keys(Env *env, unsigned mask);

/* a64_auth_key: of an instruction that authenticates: 0 IA, 1 IB, 2 DA, 3 DB. */
unsigned a64_auth_key(uint32_t word);

/* The Linux side of this guest (linux_abi.c). */
extern const struct LinuxGuest a64_linux;
