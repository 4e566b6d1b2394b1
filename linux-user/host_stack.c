// SPDX-License-Identifier: MIT
/* host_stack.c: lists of stacks, those in use not among them. */
#include "linux-user/host_stack.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "syscall/own_range.h"
#include "translate/base/own_memory.h"
#include "translate/env_layout.h"

enum { STACK_TOTAL = SIGNAL_STACK_BYTES + HOST_GUARD_BYTES + HOST_STACK_BYTES, ENVS_KEPT = 16 };

static HostStack *stacks_free, *stacks_ending;
static unsigned envs_kept;      /* in these lists */
static pthread_mutex_t stacks_lock = PTHREAD_MUTEX_INITIALIZER;

Env *host_env_make(Thread *t, Env *rested)
{
    Env *env = rested ? rested : env_new();

    if (!env)
        return NULL;
    if (rested)
        env_renew(env);
    else
        own_range_add((uint64_t)env - ENV_BELOW_BYTES, ENV_BELOW_BYTES + sizeof(Env));
    env->rt.on_syscall = syscall_dispatch;
    env->rt.on_quick = syscall_quick;
    env->rt.user = t;
    return env;
}

void host_env_drop(Env *env)
{
    own_range_remove((uint64_t)env - ENV_BELOW_BYTES);
    env_free(env);
}

static HostStack *stack_make(void)
{
    HostStack *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->base = own_mmap(STACK_TOTAL, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1);
    if (s->base == MAP_FAILED) {
        free(s);
        return NULL;
    }
    mprotect(s->base + SIGNAL_STACK_BYTES, HOST_GUARD_BYTES, PROT_NONE);
    own_range_add((uint64_t)s->base, STACK_TOTAL);
    return s;
}

/* stacks_collect: stacks whose thread has really ended become free. */
static void stacks_collect(void)
{
    for (HostStack **p = &stacks_ending; *p;) {
        HostStack *s = *p;

        if (pthread_tryjoin_np(s->thread, NULL)) {
            p = &s->next;
            continue;
        }
        *p = s->next;
        s->next = stacks_free;
        stacks_free = s;
    }
}

HostStack *host_stack_get(void)
{
    pthread_mutex_lock(&stacks_lock);
    stacks_collect();
    HostStack *s = stacks_free;

    if (s) {
        stacks_free = s->next;
        envs_kept -= s->env != NULL;
    }
    pthread_mutex_unlock(&stacks_lock);
    return s ? s : stack_make();
}

void host_stack_put(HostStack *s, bool ending)
{
    Env *surplus = NULL;

    pthread_mutex_lock(&stacks_lock);
    HostStack **list = ending ? &stacks_ending : &stacks_free;

    if (s->env && envs_kept == ENVS_KEPT) {
        surplus = s->env;
        s->env = NULL;
    }
    envs_kept += s->env != NULL;
    s->next = *list;
    *list = s;
    pthread_mutex_unlock(&stacks_lock);
    if (surplus)
        host_env_drop(surplus);
}

void host_stacks_fork_child(bool threaded)
{
    static const pthread_mutex_t unlocked = PTHREAD_MUTEX_INITIALIZER;

    if (!threaded && !stacks_free)
        return;
    stacks_lock = unlocked;
    for (HostStack *s = stacks_free; s; s = s->next) {
        if (s->env)
            host_env_drop(s->env);
        s->env = NULL;
    }
    stacks_ending = NULL;
    envs_kept = 0;
}
