/* SPDX-License-Identifier: MIT */
/* linux_abi.c: how Linux sees a riscv64 CPU: registers of system calls, threads, exec. */
#include <errno.h>

#include "gen/syscalls.h"
#include "translate/guest/riscv64/features.h"
#include "translate/guest/riscv64/linux_parts.h"
#include "translate/translate.h"

static uint64_t get_pc(const Env *env)
{
    return rv_state_const(env)->pc;
}

static void set_pc(Env *env, uint64_t pc)
{
    rv_state(env)->pc = pc;
}

static uint64_t get_sp(const Env *env)
{
    return rv_state_const(env)->x[RV_SP];
}

static void set_sp(Env *env, uint64_t sp)
{
    rv_state(env)->x[RV_SP] = sp;
}

static void set_tls(Env *env, uint64_t tls)
{
    rv_state(env)->x[RV_TP] = tls;
}

static uint64_t syscall_number(const Env *env)
{
    return rv_state_const(env)->x[RV_A7];
}

static uint64_t syscall_arg(const Env *env, unsigned i)
{
    return rv_state_const(env)->x[RV_A0 + i];
}

static void set_result(Env *env, int64_t result)
{
    rv_state(env)->x[RV_A0] = (uint64_t)result;
}

/* ECALL has no compressed form. */
static void syscall_restart(Env *env, uint64_t arg0)
{
    rv_state(env)->x[RV_A0] = arg0;
    rv_state(env)->pc -= 4;
}

static void start(Env *env, uint64_t pc, uint64_t sp)
{
    RvState *s = rv_state(env);

    rv_reset(env);
    s->pc = pc;
    s->x[RV_SP] = sp;
}

/* ---- prctl: Linux Documentation/arch/riscv/vector.rst and cmodx.rst ---- */

enum {
    RISCV_V_SET_CONTROL = 69, RISCV_V_GET_CONTROL = 70, RISCV_SET_ICACHE_FLUSH_CTX = 71,
    CTRL_DEFAULT = 0, CTRL_OFF = 1, CTRL_ON = 2, CTRL_BITS = 0x1f, CUR = 3, NEXT = 0xc,
};

/*
 * The unit is on in every thread and program: it cannot be turned off where it is on, and that the
 * next program is not to have it is refused.
 */
static long set_vector_control(uint64_t arg)
{
    uint64_t cur = arg & CUR, next = (arg & NEXT) >> 2;

    if (!(translate_options.features & RV_FEAT_v) || arg & ~(uint64_t)CTRL_BITS || cur == CUR)
        return -EINVAL;
    if (cur == CTRL_OFF)
        return -EPERM;
    return next == CTRL_DEFAULT || next == CTRL_ON ? 0 : -EINVAL;
}

/* Any thread's FENCE.I is good for all of them. */
static long set_icache_flush(uint64_t on_or_off, uint64_t scope)
{
    return on_or_off > 1 || scope > 1 ? -EINVAL : 0;
}

static bool own_prctl(Env *env, int option, const uint64_t arg[4], long *result)
{
    (void)env;
    switch (option) {
    case RISCV_V_SET_CONTROL: *result = set_vector_control(arg[0]); return true;
    case RISCV_V_GET_CONTROL:
        *result = translate_options.features & RV_FEAT_v ? CTRL_ON : -EINVAL;
        return true;
    case RISCV_SET_ICACHE_FLUSH_CTX: *result = set_icache_flush(arg[0], arg[1]); return true;
    default: return false;
    }
}

/* ---- */

static uint64_t hwcap(void)
{
    return rv_hwcap_bits(translate_options.features);
}

static size_t cpuinfo(char *buf, size_t len, unsigned n)
{
    return rv_cpuinfo_text(buf, len, translate_options.features, n);
}

/* Registers of RV32 are the low halves of those of RV64. */
static void set_result_32(Env *env, int64_t result)
{
    rv_state(env)->x[RV_A0] = (uint32_t)result;
}

// clang-format off
#define COMMON \
    .get_pc = get_pc, \
    .set_pc = set_pc, \
    .get_sp = get_sp, \
    .set_sp = set_sp, \
    .set_tls = set_tls, \
    .syscall_number = syscall_number, \
    .syscall_arg = syscall_arg, \
    .syscall_restart = syscall_restart, \
    .start = start, \
    .clone_backwards = true, \
    .minsigstksz = 2048, \
    .no_restorer = true, \
    .hwcap = hwcap, \
    .prctl = own_prctl, \
    .cpuinfo = cpuinfo, \
    .vdso_build = rv_vdso_build
// clang-format on

const LinuxGuest rv_linux = {
    COMMON,
    .uts_machine = "riscv64",
    .syscall_map = rv_linux_syscall_map,
    .syscall_count = RV_LINUX_SYSCALL_COUNT,
    .set_result = set_result,
    .frame_push = rv_frame_push,
    .frame_pop = rv_frame_pop,
    .frame_bytes = rv_frame_bytes,
    .core_notes = rv_core_notes,
};

const LinuxGuest rv32_linux = {
    COMMON,
    .narrow = true,
    .uts_machine = "riscv32",
    .syscall_map = rv32_linux_syscall_map,
    .syscall_count = RV32_LINUX_SYSCALL_COUNT,
    .set_result = set_result_32,
    .frame_push = rv_frame_push,
    .frame_pop = rv_frame_pop,
    .frame_bytes = rv32_frame_bytes,
    .core_notes = rv_core_notes,
};
