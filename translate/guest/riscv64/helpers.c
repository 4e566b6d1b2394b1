/* SPDX-License-Identifier: MIT */
/* helpers.c: what riscv64 instructions do that is too long, or too rare, for IR. */
#include <time.h>

#include "translate/guest/riscv64/lift.h"
#include "translate/guest/riscv64/lift_vec.h"
#include "translate/ir/ir.h"
#include "translate/translate.h"

/*
 * Round to nearest, ties away, is none of the host's modes, and a reserved mode makes instructions
 * illegal that use it: both are modes that code is translated for. NaN results are always the
 * default NaN here, so saying so changes no result and has the C meaning compute.
 */
void rv_set_frm(Env *env, uint32_t frm)
{
    static const uint8_t round[8] = { [RV_RNE] = IR_RN_EVEN, [RV_RTZ] = IR_RN_ZERO,
                                      [RV_RDN] = IR_RN_DOWN, [RV_RUP] = IR_RN_UP,
                                      [RV_RMM] = IR_RN_AWAY };
    FpMode m = { .round = round[frm & 7], .default_nan = frm == RV_RMM };

    rv_state(env)->frm = frm & 7;
    env_set_fp_mode(env, &m);
    env_set_guest_mode(env, (frm > RV_RMM ? RV_MODE_FRM_RESERVED : 0) |
                                (frm != RV_RNE ? RV_MODE_FRM_SET : 0));
}

void rv_reset(Env *env)
{
    memset(rv_state(env), 0, sizeof(RvState));
    rv_set_frm(env, RV_RNE);
    rv_set_fflags(env, 0);
    rv_state(env)->vtype = RV_VILL;
    env_lazy_flags(env, translate_options.accel == ACCEL_JIT);
}

uint32_t rv_get_fflags(Env *env)
{
    return fp_mirror(env_fp_flags(env));
}

void rv_set_fflags(Env *env, uint32_t fflags)
{
    env_set_fp_flags(env, fp_mirror(fflags));
}

/* HELPER(name) { ... }: not each uses all its arguments. */
#define HELPER(name)                                                                     \
    static uint64_t helper_##name(Env *env __attribute__((unused)),                      \
                                  uint64_t a __attribute__((unused)),                    \
                                  uint64_t b __attribute__((unused)),                    \
                                  uint64_t c __attribute__((unused)))

HELPER(get_frm)
{
    return rv_state(env)->frm;
}

HELPER(set_frm)
{
    rv_set_frm(env, (uint32_t)a);
    return 0;
}

/* Counters run with the host's monotonic clock. */
HELPER(get_time)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * RV_TIME_HZ + (uint64_t)now.tv_nsec;
}

HELPER(fence_i)
{
    translate_revalidate(env);
    return 0;
}

HELPER(vec)
{
    return vec_run(env, a, b, c);
}

HELPER(set_vl)
{
    return vec_set_vl(env, a, b);
}

HELPER(vec_place)
{
    return rv_vec_place(env, a);
}

/* The CSRs of the vector unit, by number. */
HELPER(get_vcsr)
{
    return vec_csr_read(env, (unsigned)a);
}

HELPER(set_vcsr)
{
    vec_csr_write(env, (unsigned)a, b);
    return 0;
}

enum { ALL_STATE = HELPER_READS_STATE | HELPER_WRITES_STATE };

// clang-format off
const HelperDef rv_helpers[RV_HELPER_COUNT] = {
    [RV_HELPER_GET_FRM]    = { "get_frm",    helper_get_frm,    HELPER_LOADS,
                               offsetof(RvState, frm) },
    [RV_HELPER_SET_FRM]    = { "set_frm",    helper_set_frm,    0, 0 },
    [RV_HELPER_GET_TIME]   = { "get_time",   helper_get_time,   0, 0 },
    [RV_HELPER_FENCE_I]    = { "fence_i",    helper_fence_i,    0, 0 },
    [RV_HELPER_VEC]        = { "vec",        helper_vec,        ALL_STATE | HELPER_MAY_FAULT, 0 },
    [RV_HELPER_SET_VL]     = { "set_vl",     helper_set_vl,     ALL_STATE, 0 },
    [RV_HELPER_VEC_PLACE]  = { "vec_place",  helper_vec_place,  HELPER_READS_STATE, 0 },
    [RV_HELPER_GET_VCSR]   = { "get_vcsr",   helper_get_vcsr,   HELPER_READS_STATE, 0 },
    [RV_HELPER_SET_VCSR]   = { "set_vcsr",   helper_set_vcsr,   ALL_STATE, 0 },
};
// clang-format on
