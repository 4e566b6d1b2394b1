// SPDX-License-Identifier: MIT
/*
 * stack.c: the first stack, laid out as Linux does (fs/exec.c, create_elf_tables):
 *
 *   high   8 zero bytes
 *          execfn, environment strings, argument strings (each area lowest first)
 *          platform string, 16 random bytes
 *   sp ->  argc, argv..., NULL, envp..., NULL, auxv..., {AT_NULL, 0}
 *   low    room to grow, then a guard that is never accessible
 *
 * argument and environment strings follow one another, which programs that change their title
 * count on.
 */
#include "elfload/stack.h"

#include <elf.h>
#include <errno.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "syscall/memory.h"

enum { GUARD_BYTES = 1 << 20, SPARE_BYTES = 128 * 1024, AUX_MAX = 24, CLOCK_TICKS = 100 };
/* Newer than the headers this may be built with. */
enum { AT_RSEQ_FEATURE_SIZE_ = 27, AT_RSEQ_ALIGN_ = 28 };
#define STACK_DEFAULT   (8ull << 20)
#define STACK_UNLIMITED (1ull << 30)    /* what "unlimited" gets: never touched, never paid */

typedef struct {
    size_t argc, envc, arg_bytes, env_bytes, execfn_bytes;
} Sizes;

static size_t count(char *const *v, size_t *bytes)
{
    size_t n = 0;

    for (*bytes = 0; v[n]; n++)
        *bytes += strlen(v[n]) + 1;
    return n;
}

static uint64_t stack_size(const StackSpec *spec, const Sizes *s)
{
    uint64_t soft = STACK_DEFAULT, hard, need, want = spec->stack_bytes;

    if (!want) {
        limits_get(RLIMIT_STACK, &soft, &hard);
        want = soft == RLIM_INFINITY || soft > STACK_UNLIMITED ? STACK_UNLIMITED : soft;
    }
    need = s->arg_bytes + s->env_bytes + s->execfn_bytes + (s->argc + s->envc) * 8 + SPARE_BYTES;
    return align_up(want > need ? want : need, PAGE_BYTES);
}

static int stack_map(Thread *t, uint64_t size, bool exec, StackInfo *out)
{
    long at = mem_map(t, 0, size + GUARD_BYTES, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    if (at < 0)
        return (int)at;
    out->low = (uint64_t)at + GUARD_BYTES;
    out->high = out->low + size;
    return (int)mem_protect(t, out->low, size,
                            PROT_READ | PROT_WRITE | (exec ? PROT_EXEC : 0));
}

/* Where the next word goes: 8 bytes, or 4 for guests whose long has 32 bits. */
typedef struct {
    uint8_t *at;
    size_t bytes;
} Words;

static void put_word(Words *w, uint64_t value)
{
    memcpy(w->at, &value, w->bytes);
    w->at += w->bytes;
}

/* put_strings: copy the strings of v to at, their addresses and a NULL to w. */
static void put_strings(char *const *v, uint64_t at, Words *w)
{
    for (; *v; v++) {
        size_t n = strlen(*v) + 1;

        memcpy((void *)at, *v, n);
        put_word(w, at);
        at += n;
    }
    put_word(w, 0);
}

/* host_aux: keys whose value is the host's, since ids and the like are the same. */
static uint64_t host_aux(uint64_t key)
{
    return getauxval(key);
}

/* aux_add: one more entry before the last of n. */
static void aux_add(Aux *aux, unsigned *n, uint64_t key, uint64_t value)
{
    aux[*n] = aux[*n - 1];
    aux[*n - 1] = (Aux){ key, value };
    (*n)++;
}

static size_t fill_aux(Thread *t, const StackSpec *spec, uint64_t execfn, uint64_t platform,
                       uint64_t random, Aux *aux)
{
    const LinuxGuest *abi = t->abi;
    const Aux all[] = {
        { AT_SYSINFO_EHDR, spec->vdso },
        { AT_MINSIGSTKSZ, abi->frame_bytes ? abi->frame_bytes() : abi->minsigstksz },
        { AT_HWCAP, abi->hwcap() },
        { AT_PAGESZ, PAGE_BYTES },
        { AT_CLKTCK, CLOCK_TICKS },
        { AT_PHDR, spec->phdr },
        { AT_PHENT, spec->phent },
        { AT_PHNUM, spec->phnum },
        { AT_BASE, spec->base },
        { AT_FLAGS, 0 },
        { AT_ENTRY, spec->entry },
        { AT_UID, host_aux(AT_UID) },
        { AT_EUID, host_aux(AT_EUID) },
        { AT_GID, host_aux(AT_GID) },
        { AT_EGID, host_aux(AT_EGID) },
        { AT_SECURE, host_aux(AT_SECURE) },
        { AT_RANDOM, random },
        { AT_EXECFN, execfn },
        { AT_NULL, 0 },
    };
    unsigned n = ARRAY_LEN(all);
    _Static_assert(ARRAY_LEN(all) + 4 <= AUX_MAX, "room for the auxiliary vector");

    memcpy(aux, all, sizeof(all));
    if (abi->hwcap2)
        aux_add(aux, &n, AT_HWCAP2, abi->hwcap2());
    if (abi->elf_platform)
        aux_add(aux, &n, AT_PLATFORM, platform);
    if (host_aux(AT_RSEQ_FEATURE_SIZE_)) {
        aux_add(aux, &n, AT_RSEQ_FEATURE_SIZE_, host_aux(AT_RSEQ_FEATURE_SIZE_));
        aux_add(aux, &n, AT_RSEQ_ALIGN_, host_aux(AT_RSEQ_ALIGN_));
    }
    return n;
}

int stack_build(Thread *t, const StackSpec *spec, StackInfo *out)
{
    Sizes s;
    Aux aux[AUX_MAX];
    int err;

    s.argc = count(spec->argv, &s.arg_bytes);
    s.envc = count(spec->envp, &s.env_bytes);
    s.execfn_bytes = strlen(spec->execfn) + 1;
    err = stack_map(t, stack_size(spec, &s), spec->exec_stack, out);
    if (err < 0)
        return err;

    uint64_t execfn = out->high - 8 - s.execfn_bytes;
    uint64_t env = execfn - s.env_bytes, arg = env - s.arg_bytes;
    const char *platform_name = t->abi->elf_platform ? t->abi->elf_platform : "";
    size_t platform_bytes = strlen(platform_name) + 1;
    uint64_t platform = align_down(arg, 16) - align_up(platform_bytes, 16);
    uint64_t random = platform - 16;
    size_t n_aux = fill_aux(t, spec, execfn, platform, random, aux);
    size_t words = 1 + s.argc + 1 + s.envc + 1 + n_aux * 2, word = t->abi->narrow ? 4 : 8;
    uint64_t sp = align_down(random - words * word, 16);
    Words w = { (uint8_t *)sp, word };

    memcpy((void *)execfn, spec->execfn, s.execfn_bytes);
    memcpy((void *)platform, platform_name, platform_bytes);
    memcpy((void *)random, spec->random, 16);
    put_word(&w, s.argc);
    put_strings(spec->argv, arg, &w);
    put_strings(spec->envp, env, &w);
    out->auxv = (uint64_t)w.at;
    out->auxv_bytes = n_aux * 2 * word;
    for (size_t i = 0; i < n_aux; i++) {
        put_word(&w, aux[i].key);
        put_word(&w, aux[i].value);
    }
    out->sp = sp;
    out->arg_start = arg;
    out->arg_end = out->env_start = env;
    out->env_end = execfn;
    return 0;
}
