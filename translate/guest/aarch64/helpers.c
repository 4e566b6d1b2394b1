/* SPDX-License-Identifier: MIT */
/* helpers.c: what AArch64 instructions do that is too long, or too rare, for IR. */
#include <sys/random.h>
#include <time.h>

#include "translate/guest/aarch64/lift.h"
#include "translate/translate.h"

/* FPCR and FPSR bits, Arm ARM "FPCR, Floating-point Control Register". */
enum {
    FPCR_FZ16 = 1 << 19,
    FPCR_RMODE_LSB = 22,
    FPCR_FZ = 1 << 24,
    FPCR_DN = 1 << 25,
    FPCR_AHP = 1 << 26,
    FPSR_IDC = 1 << 7,
    FPSR_QC = 1 << 27,
    FPSR_CUMULATIVE = 0x1f, /* IOC DZC OFC UFC IXC, in the order of FP_INVALID and on */
};
_Static_assert(FP_INVALID == 1 && FP_DIVZERO == 2 && FP_OVERFLOW == 4 &&
                   FP_UNDERFLOW == 8 && FP_INEXACT == 16,
               "FPSR's cumulative bits are the generic flags");

/* Trap enable bits are not implemented, as on most CPUs; they read as 0. */
static uint32_t fpcr_bits(void)
{
    uint32_t known = FPCR_AHP | FPCR_DN | FPCR_FZ | 3u << FPCR_RMODE_LSB;

    return translate_options.features & A64_FEAT_fp16 ? known | FPCR_FZ16 : known;
}

void a64_set_fpcr(Env *env, uint32_t fpcr)
{
    FpMode m;

    fpcr &= fpcr_bits();
    m = (FpMode){
        .round = fpcr >> FPCR_RMODE_LSB & 3, /* IrRound follows RMode */
        .flush_zero = !!(fpcr & FPCR_FZ),
        .flush_zero16 = !!(fpcr & FPCR_FZ16),
        .default_nan = !!(fpcr & FPCR_DN),
        .alt_half = !!(fpcr & FPCR_AHP),
    };
    a64_state(env)->fpcr = fpcr;
    env_set_fp_mode(env, &m);
}

uint32_t a64_get_fpsr(Env *env)
{
    uint32_t flags = env_fp_flags(env);

    return (flags & FPSR_CUMULATIVE) | (flags & FP_DENORM_IN ? FPSR_IDC : 0) |
           (env->rt.qc ? FPSR_QC : 0);
}

void a64_set_fpsr(Env *env, uint32_t fpsr)
{
    env->rt.qc = !!(fpsr & FPSR_QC);
    env_set_fp_flags(env,
                     (fpsr & FPSR_CUMULATIVE) | (fpsr & FPSR_IDC ? FP_DENORM_IN : 0));
}

/* CNTFRQ_EL0 says 1 GHz (lift_sys.c): the counter is the host's monotonic clock. */
static uint64_t helper_get_cntvct(Env *env, uint64_t a, uint64_t b, uint64_t c)
{
    struct timespec now;

    (void)env, (void)a, (void)b, (void)c;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t helper_get_fpcr(Env *env, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a, (void)b, (void)c;
    return a64_state(env)->fpcr;
}

static uint64_t helper_set_fpcr(Env *env, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b, (void)c;
    a64_set_fpcr(env, (uint32_t)a);
    return 0;
}

static uint64_t helper_get_fpsr(Env *env, uint64_t a, uint64_t b, uint64_t c)
{
    (void)a, (void)b, (void)c;
    return a64_get_fpsr(env);
}

static uint64_t helper_set_fpsr(Env *env, uint64_t a, uint64_t b, uint64_t c)
{
    (void)b, (void)c;
    a64_set_fpsr(env, (uint32_t)a);
    return 0;
}

/* One line of CTR_EL0.IminLine; translations of it go, and the guest's ISB looks up
 * afresh. */
static uint64_t helper_ic_ivau(Env *env, uint64_t a, uint64_t b, uint64_t c)
{
    (void)env, (void)b, (void)c;
    translate_invalidate(guest_addr(align_down(a, 64)), 64);
    return 0;
}

void a64_new_keys(Env *env, unsigned mask)
{
    A64State *s = a64_state(env);

    for (unsigned i = 0; i < A64_KEY_COUNT; i++) {
        if (!(mask >> i & 1))
            continue;
        while (getrandom(s->key[i], sizeof(s->key[i]), 0) != sizeof(s->key[i])) {
        }
        s->key[i][0] |= 1;
        s->key[i][1] |= 1;
    }
}

/* A fresh number each time: what the host's generator, seeded anew, says (RNDRRS as well). */
static uint64_t helper_rndr(Env *env, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t r;

    (void)env, (void)a, (void)b, (void)c;
    while (getrandom(&r, sizeof(r), 0) != sizeof(r)) {
    }
    return r;
}

// clang-format off
const HelperDef a64_helpers[A64_HELPER_COUNT] = {
    [A64_HELPER_GET_CNTVCT] = { "get_cntvct", helper_get_cntvct, 0, 0 },
    [A64_HELPER_GET_FPCR]   = { "get_fpcr",   helper_get_fpcr,   HELPER_LOADS,
                                offsetof(A64State, fpcr) },
    [A64_HELPER_SET_FPCR]   = { "set_fpcr",   helper_set_fpcr,   0, 0 },
    [A64_HELPER_GET_FPSR]   = { "get_fpsr",   helper_get_fpsr,   0, 0 },
    [A64_HELPER_SET_FPSR]   = { "set_fpsr",   helper_set_fpsr,   0, 0 },
    [A64_HELPER_IC_IVAU]    = { "ic_ivau",    helper_ic_ivau,    0, 0 },
    [A64_HELPER_RNDR]       = { "rndr",       helper_rndr,       0, 0 },
};
// clang-format on
