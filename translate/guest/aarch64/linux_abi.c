/* SPDX-License-Identifier: MIT */
/* linux_abi.c: how Linux sees an AArch64 CPU: registers of system calls, threads, exec. */
#include <errno.h>

#include "gen/aarch64_decode.h"
#include "gen/syscalls.h"
#include "translate/guest/aarch64/features.h"
#include "translate/guest/aarch64/linux_parts.h"
#include "translate/translate.h"

static uint64_t get_pc(const Env *env)
{
    return a64_state_const(env)->pc;
}

static void set_pc(Env *env, uint64_t pc)
{
    a64_state(env)->pc = pc;
}

static uint64_t get_sp(const Env *env)
{
    return a64_state_const(env)->sp;
}

static void set_sp(Env *env, uint64_t sp)
{
    a64_state(env)->sp = sp;
}

static void set_tls(Env *env, uint64_t tls)
{
    a64_state(env)->tpidr_el0 = tls;
}

/* The number is w8: the kernel looks at 32 bits. */
static uint64_t syscall_number(const Env *env)
{
    return (uint32_t)a64_state_const(env)->x[8];
}

static uint64_t syscall_arg(const Env *env, unsigned i)
{
    return a64_state_const(env)->x[i];
}

static void set_result(Env *env, int64_t result)
{
    a64_state(env)->x[0] = (uint64_t)result;
}

static void syscall_restart(Env *env, uint64_t arg0)
{
    a64_state(env)->x[0] = arg0;
    a64_state(env)->pc -= 4;
}

/*
 * start_thread() of the kernel: everything 0 but pc and sp, and SSBS: speculation past stores is
 * allowed until a program forbids it (spectre_v4_enable_task_mitigation()).
 */
static void start(Env *env, uint64_t pc, uint64_t sp)
{
    A64State *s = a64_state(env);

    memset(s, 0, sizeof(*s));
    a64_set_fpcr(env, 0);
    a64_set_fpsr(env, 0);
    s->pc = pc;
    s->sp = sp;
    s->keys_on = A64_ADDRESS_KEYS;
    env_set_guest_mode(env, 0);
    if (translate_options.features & A64_FEAT_pauth)
        a64_new_keys(env, (1 << A64_KEY_COUNT) - 1);
    if (translate_options.features & A64_FEAT_ssbs)
        s->pstate = A64_PSTATE_SSBS;
}

/* ---- prctl: Linux arch/arm64/kernel/pointer_auth.c ---- */

enum {
    PAC_RESET_KEYS = 54, PAC_SET_ENABLED_KEYS = 60, PAC_GET_ENABLED_KEYS = 61,
    ADDRESS_KEYS = A64_ADDRESS_KEYS, ALL_KEYS = 31,
};

static bool any(const uint64_t arg[4], unsigned from)
{
    for (unsigned i = from; i < 4; i++) {
        if (arg[i])
            return true;
    }
    return false;
}

static long reset_keys(Env *env, const uint64_t arg[4])
{
    if (any(arg, 1) || arg[0] & ~(uint64_t)ALL_KEYS)
        return -EINVAL;
    a64_new_keys(env, arg[0] ? (unsigned)arg[0] : ALL_KEYS);
    return 0;
}

static unsigned enabled_keys(const Env *env)
{
    return (unsigned)a64_state_const(env)->keys_on;
}

static long set_enabled_keys(Env *env, const uint64_t arg[4])
{
    if (any(arg, 2) || arg[0] & ~(uint64_t)ADDRESS_KEYS || arg[1] & ~arg[0])
        return -EINVAL;
    unsigned on = (enabled_keys(env) & ~(unsigned)arg[0]) | (unsigned)arg[1];

    a64_state(env)->keys_on = on;
    env_set_guest_mode(env, on != ADDRESS_KEYS ? MODE_GUEST : 0);
    return 0;
}

static bool own_prctl(Env *env, int option, const uint64_t arg[4], long *result)
{
    if (!(translate_options.features & A64_FEAT_pauth))
        return false;
    switch (option) {
    case PAC_RESET_KEYS: *result = reset_keys(env, arg); return true;
    case PAC_SET_ENABLED_KEYS: *result = set_enabled_keys(env, arg); return true;
    case PAC_GET_ENABLED_KEYS:
        *result = any(arg, 0) ? -EINVAL : (long)enabled_keys(env);
        return true;
    default: return false;
    }
}

/* ---- */

static uint64_t hwcap(void)
{
    return a64_hwcap_word(translate_options.features, 1);
}

static uint64_t hwcap2(void)
{
    return a64_hwcap_word(translate_options.features, 2);
}

static size_t cpuinfo(char *buf, size_t len, unsigned n)
{
    return a64_cpuinfo_text(buf, len, translate_options.features, n);
}

const LinuxGuest a64_linux = {
    .uts_machine = "aarch64",
    .elf_platform = "aarch64",
    .syscall_map = a64_linux_syscall_map,
    .syscall_count = A64_LINUX_SYSCALL_COUNT,
    .get_pc = get_pc,
    .set_pc = set_pc,
    .get_sp = get_sp,
    .set_sp = set_sp,
    .set_tls = set_tls,
    .syscall_number = syscall_number,
    .syscall_arg = syscall_arg,
    .set_result = set_result,
    .syscall_restart = syscall_restart,
    .start = start,
    .clone_backwards = true,
    .frame_push = a64_frame_push,
    .frame_pop = a64_frame_pop,
    .minsigstksz = 5120,
    .core_notes = a64_core_notes,
    .prctl = own_prctl,
    .hwcap = hwcap,
    .hwcap2 = hwcap2,
    .cpuinfo = cpuinfo,
    .vdso_build = a64_vdso_build,
};
