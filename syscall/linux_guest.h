/* SPDX-License-Identifier: MIT */
/*
 * linux_guest.h: what the Linux layers need to know of a guest CPU; each guest's
 * linux_*.c fill one LinuxGuest.
 */
#pragma once

#include <signal.h>
#include <sys/types.h>

#include "translate/guest.h"

typedef struct Thread Thread;

/* What a signal delivery puts into the guest's frame; made by signal/. */
typedef struct {
    int sig;
    siginfo_t info;             /* host layout; 64-bit guests share it */
    uint64_t handler;           /* guest addresses and flags of the guest's sigaction */
    uint64_t flags;
    uint64_t restorer;          /* 0: use the vDSO's trampoline */
    uint64_t mask;              /* signal mask to put back on return: bit i is signal i + 1 */
    uint64_t stack_sp, stack_size;  /* alternate stack as it was set; flags as SS_ */
    int32_t stack_flags;
    uint64_t frame_top;         /* stack pointer to build below (alternate stack chosen already) */
    uint64_t fault_addr;
} SignalDelivery;

/* One register set of a core file, and what PTRACE_GETREGSET gives. */
enum { CORE_NOTE_BYTES = 1088 };
typedef struct {
    const char *name;
    uint32_t type;              /* NT_ */
    size_t (*fill)(Env *env, void *buf);    /* at most CORE_NOTE_BYTES; how many; 0: there is none */
} CoreNote;

typedef struct LinuxGuest {
    bool narrow;                /* long and pointers have 32 bits: syscall/narrow.h */
    const char *uts_machine;    /* uname -m */
    const char *elf_platform;   /* AT_PLATFORM; NULL: there is none */
    uint32_t elf_flags_mask;    /* e_flags bits that must be 0 */
    const int16_t *syscall_map; /* guest number -> SyscallId of syscalls.tbl, -1 unknown */
    unsigned syscall_count;

    uint64_t (*get_pc)(const Env *env);
    void (*set_pc)(Env *env, uint64_t pc);
    uint64_t (*get_sp)(const Env *env);
    void (*set_sp)(Env *env, uint64_t sp);
    void (*set_tls)(Env *env, uint64_t tls);
    uint64_t (*syscall_number)(const Env *env);
    uint64_t (*syscall_arg)(const Env *env, unsigned i);    /* 0 to 5 */
    void (*set_result)(Env *env, int64_t result);           /* value or -errno */
    /* syscall_restart: pc back to the instruction, arguments as they were (arg0 given). */
    void (*syscall_restart)(Env *env, uint64_t arg0);
    /* start: registers of a program's first instruction (exec). */
    void (*start)(Env *env, uint64_t pc, uint64_t sp);

    /* CLONE argument order: kernel's generic or CLONE_BACKWARDS. */
    bool clone_backwards;

    /* frame_push: build the signal frame and aim env at the handler. 0, or -EFAULT. */
    int (*frame_push)(Thread *t, Env *env, const SignalDelivery *d);
    /*
     * frame_pop: rt_sigreturn. Restores env from the frame at sp; *mask and the alternate
     * stack are left to the caller. 0, or -EFAULT for junk (the guest then gets SIGSEGV).
     */
    int (*frame_pop)(Thread *t, Env *env, uint64_t *mask, uint64_t *stack_sp,
                     uint64_t *stack_size, int32_t *stack_flags);
    uint64_t minsigstksz;       /* MINSIGSTKSZ: an alternate stack has as many bytes at least */
    /*
     * frame_bytes: of the largest signal frame, for AT_MINSIGSTKSZ; an alternate stack has more. NULL:
     * minsigstksz is said there.
     */
    uint64_t (*frame_bytes)(void);
    /* core_notes: first pr_reg of NT_PRSTATUS, then other notes; ended by a name NULL. */
    const CoreNote *core_notes;
    bool no_restorer;           /* struct sigaction has no sa_restorer: the vDSO's it always is */

    /*
     * prctl: options of this architecture, of the calling thread. False: not one; NULL: there are
     * none.
     */
    bool (*prctl)(Env *env, int option, const uint64_t arg[4], long *result);

    uint64_t (*hwcap)(void);
    uint64_t (*hwcap2)(void);   /* NULL: there is no AT_HWCAP2 */
    /* cpuinfo: text of /proc/cpuinfo for n CPUs into buf; returns its length. */
    size_t (*cpuinfo)(char *buf, size_t len, unsigned n);
    /*
     * vdso_build: write an ELF image (one page-aligned block of at most vdso_bytes) into buf, to
     * be mapped at guest address base. *sigreturn: offset of the signal return trampoline.
     * Returns its length in bytes.
     */
    size_t (*vdso_build)(void *buf, size_t len, uint64_t base, uint64_t *sigreturn);
} LinuxGuest;
