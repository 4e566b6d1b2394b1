/* SPDX-License-Identifier: MIT */
/* stack.h: the first stack of a program: arguments, environment, auxiliary vector. */
#pragma once

#include "syscall/user.h"

typedef struct {
    uint64_t key, value;
} Aux;

typedef struct {
    char *const *argv;          /* ended by NULL */
    char *const *envp;
    const char *execfn;         /* AT_EXECFN: the name given to execve */
    uint64_t stack_bytes;       /* size wanted, 0: from the stack limit */
    bool exec_stack;
    uint8_t random[16];         /* AT_RANDOM */
    uint64_t phdr, phent, phnum, base, entry, vdso;
} StackSpec;

/* Where things are on the stack, for /proc/self/{cmdline,environ,auxv,maps}. */
typedef struct {
    uint64_t low, high;         /* the mapping */
    uint64_t sp;                /* first stack pointer: argc */
    uint64_t arg_start, arg_end, env_start, env_end;
    uint64_t auxv, auxv_bytes;
} StackInfo;

/* stack_build: map and fill. 0 or -ENOMEM, -E2BIG. */
int stack_build(Thread *t, const StackSpec *spec, StackInfo *out);
