// SPDX-License-Identifier: MIT
/* load.c: puts a program together in memory; the order is the kernel's. */
#include "linux-user/load.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "elfload/dynamic.h"
#include "elfload/interp.h"
#include "elfload/map.h"
#include "elfload/stack.h"
#include "linux-user/options.h"
#include "linux-user/path_prefix.h"
#include "linux-user/proc.h"
#include "signal/signal.h"
#include "syscall/host_call.h"
#include "syscall/memory.h"
#include "syscall/space.h"
#include "translate/base/log.h"

/* random_next: splitmix64. */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/*
 * random_state: a start for this run's random choices: -seed, or from the bytes the kernel gave
 * us. What the guest sees of them does not lead back to ours, which guard our own stack.
 */
static uint64_t random_state(void)
{
    const uint64_t *bytes = (const uint64_t *)getauxval(AT_RANDOM);
    uint64_t a, b;

    if (options.has_seed)
        return options.seed;
    if (!bytes)
        return (uint64_t)getpid();
    a = bytes[0];
    b = bytes[1];
    return random_next(&a) ^ random_next(&b);
}

/* load_vdso: one page of code for signal return and the clock. Without it programs still run. */
static void load_vdso(Thread *t)
{
    uint64_t sigreturn = 0;
    long at = mem_map(t, 0, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at < 0)
        return;
    t->abi->vdso_build((void *)at, PAGE_BYTES, (uint64_t)at, &sigreturn);
    mem_protect(t, (uint64_t)at, PAGE_BYTES, PROT_READ | PROT_EXEC);
    t->signals->sigreturn_va = (uint64_t)at + sigreturn;
    program.vdso = (uint64_t)at;
    program.vdso_bytes = PAGE_BYTES;
}

/* load_interp: the dynamic linker; *entry and *base become its. */
static int load_interp(Thread *t, const char *name, const ElfImage *program_img, uint64_t rnd,
                       uint64_t *entry, uint64_t *base, const char **why)
{
    ElfImage img;
    ElfMapped m;
    int err, fd = interp_open(t, name, program_img, &img, why);

    if (fd < 0) {
        LOG(elf, "interpreter %s: %s", name, strerror(-fd));
        return fd;
    }
    err = elf_map(t, fd, &img, ELF_PLACE_INTERP, rnd, &m, why);
    if (err >= 0) {
        *entry = m.entry;
        *base = m.bias;
    }
    elf_image_free(&img);
    close(fd);
    return err;
}

/* note_exe: what /proc/self/exe means from now on. */
static void note_exe(int fd)
{
    static const char gone[] = " (deleted)";
    char link[32];
    struct stat st;
    long n;

    if (host_call(SYS_fstat, fd, &st) == 0) {
        program.exe_dev = st.st_dev;
        program.exe_ino = st.st_ino;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = host_call(SYS_readlink, link, program.exe, sizeof(program.exe) - 1);
    if (n < 0)
        n = 0;
    program.exe[n] = 0;
    if (n > (long)sizeof(gone) && !strcmp(program.exe + n - (sizeof(gone) - 1), gone))
        program.exe_fd = exec_keep_fd((int)host_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 0));
}

/*
 * choose_space: the thread sanitizer's shadow has fixed places for the address space sizes of arm64
 * kernels, and 47 bits is none of them.
 */
static void choose_space(const ExecPlan *plan)
{
    enum { SANITIZER_BITS = 42 };

    if (plan->guest->addresses_32)
        space_narrow(32);
    else if (plan->img.machine == EM_AARCH64 && elf_dynamic_names(plan->fd, &plan->img, "__tsan_init"))
        space_narrow(SANITIZER_BITS);
}

int load_program(Thread *t, ExecPlan *plan, const char *execfn, char **argv, char **envp,
                 const char **why)
{
    uint64_t state = random_state(), entry, base = 0;
    ElfMapped m;
    int err;

    choose_space(plan);
    err = elf_map(t, plan->fd, &plan->img, ELF_PLACE_PROGRAM, random_next(&state), &m, why);

    if (err >= 0 && plan->img.interp_bytes)
        err = interp_name(plan->fd, &plan->img, plan->interp, why);
    if (err < 0)
        return err;
    entry = m.entry;
    brk_init(guest_addr(m.end));
    /* Closed before the interpreter is opened: one descriptor must do. */
    note_exe(plan->fd);
    close(plan->fd);
    plan->fd = -1;
    if (plan->img.interp_bytes) {
        err = load_interp(t, plan->interp, &plan->img, random_next(&state), &entry, &base, why);
        if (err < 0)
            return err;
        plan->interp[0] = 0;
    }
    load_vdso(t);

    StackSpec spec = {
        .argv = argv,
        .envp = envp,
        .execfn = execfn,
        .stack_bytes = options.stack_bytes,
        .exec_stack = plan->img.stack_flags > 0 && (plan->img.stack_flags & PF_X),
        .phdr = m.phdr,
        .phent = plan->img.phentsize,
        .phnum = plan->img.phnum,
        .base = base,
        .entry = m.entry,
        .vdso = t->abi->narrow ? 0 : program.vdso,      /* its image is one for 64 bits */
    };
    uint64_t r[2] = { random_next(&state), random_next(&state) };

    memcpy(spec.random, r, sizeof(spec.random));
    *why = "not enough memory for its stack";
    err = stack_build(t, &spec, &program.stack);
    if (err < 0)
        return err;
    proc_publish();
    LOG(elf, "entry 0x%llx, stack pointer 0x%llx", (unsigned long long)entry,
        (unsigned long long)program.stack.sp);
    t->abi->start(t->env, entry, program.stack.sp);
    return 0;
}
