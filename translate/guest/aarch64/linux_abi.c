/* SPDX-License-Identifier: MIT */
/* linux_abi.c: how Linux sees an AArch64 CPU: registers of system calls, threads, exec. */
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

/* user_regs: struct user_pt_regs: x0 to x30, sp, pc, pstate. */
static size_t user_regs(const Env *env, uint64_t regs[LINUX_USER_REGS_MAX])
{
    const A64State *s = a64_state_const(env);

    memcpy(regs, s->x, sizeof(s->x));
    regs[31] = s->sp;
    regs[32] = s->pc;
    regs[33] = s->pstate | s->nzcv;
    return 34 * sizeof(regs[0]);
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
    if (translate_options.features & A64_FEAT_ssbs)
        s->pstate = A64_PSTATE_SSBS;
}

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
    .user_regs = user_regs,
    .syscall_number = syscall_number,
    .syscall_arg = syscall_arg,
    .set_result = set_result,
    .syscall_restart = syscall_restart,
    .start = start,
    .clone_backwards = true,
    .frame_push = a64_frame_push,
    .frame_pop = a64_frame_pop,
    .minsigstksz = 5120,
    .hwcap = hwcap,
    .hwcap2 = hwcap2,
    .cpuinfo = cpuinfo,
    .vdso_build = a64_vdso_build,
};
