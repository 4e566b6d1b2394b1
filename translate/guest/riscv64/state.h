/* SPDX-License-Identifier: MIT */
/*
 * state.h: the registers of a riscv64 CPU in user mode, as they lie in Env.state.
 *
 * f registers are the low half of a vector; the upper half is always zero. x0 has a place so that
 * numbers are indices, and is never written. fflags has no field: the sticky flags are collected
 * by the run time (rv_get_fflags()).
 */
#pragma once

#include "translate/env.h"

typedef struct {
    uint64_t x[32];
    uint64_t pc;
    uint32_t nzcv;              /* of the IR, inside one instruction: the CPU has no flags */
    uint32_t frm;               /* written by rv_set_frm() only */
    uint64_t vl, vtype, vstart; /* vtype: as the CSR; what it may be: vec_vtype_ok(), RV_VILL */
    uint32_t vxrm, vxsat;
    _Alignas(16) V128 f[32];
    V128 v[64];                 /* v0, v1, ... one behind the other, each of vec_vlenb() bytes */
} RvState;
_Static_assert(offsetof(RvState, f) % 16 == 0 && sizeof(RvState) <= ENV_STATE_BYTES,
               "layout of RvState");

/*
 * Indices into guest_riscv64.regs, and registers with a role. RV_V0 + i is 16 bytes of the vector
 * registers: register i, or a half of register i / 2 where they have 32 bytes.
 */
enum { RV_X0 = 0, RV_F0 = 32, RV_V0 = 64, RV_VL = 128, RV_VTYPE, RV_VSTART, RV_REG_COUNT };
enum { RV_RA = 1, RV_SP = 2, RV_TP = 4, RV_T0 = 5, RV_A0 = 10, RV_A7 = 17 };

/* Ticks of the TIME register in a second. */
enum { RV_TIME_HZ = 1000000000 };

/* EnvRt.mode: frm is a reserved value; frm is another than RNE. */
enum { RV_MODE_FRM_RESERVED = MODE_GUEST, RV_MODE_FRM_SET = MODE_GUEST2 };

/* Rounding modes in instructions and frm; 5 and 6 are reserved, 7 in an instruction means frm. */
enum { RV_RNE, RV_RTZ, RV_RDN, RV_RUP, RV_RMM, RV_DYN = 7 };

/* vtype: as vector length, element width and so on are set at start, and by a request not met. */
#define RV_VILL (1ull << 63)

static inline RvState *rv_state(Env *env)
{
    return (RvState *)env->state;
}

static inline const RvState *rv_state_const(const Env *env)
{
    return (const RvState *)env->state;
}

/* rv_reset: all registers zero but vtype, as at the start of a program. Own thread. */
void rv_reset(Env *env);

/* rv_set_frm: 0 to 7. Own thread, between blocks. */
void rv_set_frm(Env *env, uint32_t frm);

/* rv_get_fflags, rv_set_fflags: NV DZ OF UF NX, bits 4 to 0, from and to the sticky flags. */
uint32_t rv_get_fflags(Env *env);
void rv_set_fflags(Env *env, uint32_t fflags);

/* The Linux side of this guest (linux_abi.c). */
extern const struct LinuxGuest rv_linux, rv32_linux;
