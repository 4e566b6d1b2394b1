/* SPDX-License-Identifier: MIT */
/* A program killed by a signal leaves a core file of itself, when the limit lets it. */
// cflags: -pthread
// fast: no
// expect: ok
#include "check.h"

#include <elf.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/procfs.h>
#include <sys/resource.h>

#if defined(__aarch64__)
enum { MACHINE = EM_AARCH64, AT_SP = 31, AT_PC = 32 };
#elif defined(__riscv)
enum { MACHINE = EM_RISCV, AT_PC = 0, AT_SP = 2 };
#else
enum { MACHINE = EM_X86_64 };
#endif

static char core_path[32];
static char *data, *left_out;           /* the same in the children */
static const char mark[] = "what a debugger looks for";
static volatile int ready;

static void limit(rlim_t soft)
{
    struct rlimit l;

    getrlimit(RLIMIT_CORE, &l);
    l.rlim_cur = soft;
    setrlimit(RLIMIT_CORE, &l);
}

static void *wait_in_kernel(void *arg)
{
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    pause();
    return arg;
}

static void *spin(void *arg)
{
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        __asm__ volatile("" ::: "memory");
    }
    return arg;
}

/* ---- the ones that die ---- */

static void die_by_abort(void)
{
    limit(RLIM_INFINITY);
    strcpy(data, mark);
    abort();
}

static void die_by_access(void)
{
    limit(RLIM_INFINITY);
    strcpy(data, mark);
    *(volatile int *)16 = 1;
}

static void die_of_many(void)
{
    pthread_t a, b;

    limit(RLIM_INFINITY);
    strcpy(data, mark);
    pthread_create(&a, NULL, wait_in_kernel, NULL);
    pthread_create(&b, NULL, spin, NULL);
    while (ready < 2) {
        usleep(1000);
    }
    kill(getpid(), SIGQUIT);
    for (;;) {
        pause();
    }
}

static void die_without_limit(void)
{
    limit(0);
    abort();
}

static void die_undumpable(void)
{
    limit(RLIM_INFINITY);
    prctl(PR_SET_DUMPABLE, 0);
    abort();
}

static void die_by_other(void)
{
    limit(RLIM_INFINITY);
    raise(SIGTERM);
}

/* ---- looking at the file ---- */

static char *core;
static size_t core_bytes;

static int load_core(void)
{
    struct stat st;
    int fd = open(core_path, O_RDONLY);

    if (fd < 0 || fstat(fd, &st)) {
        return 0;
    }
    core_bytes = (size_t)st.st_size;
    core = mmap(NULL, core_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return core != MAP_FAILED;
}

static const Elf64_Phdr *segments(unsigned *n)
{
    const Elf64_Ehdr *e = (const Elf64_Ehdr *)core;

    *n = e->e_phnum;
    return (const Elf64_Phdr *)(core + e->e_phoff);
}

/* at: the byte of the dead program's memory; NULL: it is not in the file. */
static const char *at(const void *va)
{
    unsigned n;
    const Elf64_Phdr *p = segments(&n);

    for (unsigned i = 0; i < n; i++) {
        uint64_t a = (uint64_t)va;

        if (p[i].p_type == PT_LOAD && a >= p[i].p_vaddr && a < p[i].p_vaddr + p[i].p_filesz) {
            return core + p[i].p_offset + (a - p[i].p_vaddr);
        }
    }
    return NULL;
}

/* find_note: the i-th note of a type; NULL when there are fewer. */
static const void *find_note(uint32_t type, unsigned i, size_t *len)
{
    unsigned n;
    const Elf64_Phdr *p = segments(&n);
    const char *q = core + p->p_offset, *end = q + p->p_filesz;

    IS(p->p_type == PT_NOTE);
    while (q < end) {
        const Elf64_Nhdr *h = (const Elf64_Nhdr *)q;
        const char *desc = q + sizeof(*h) + ((h->n_namesz + 3) & ~3u);

        if (h->n_type == type && i-- == 0) {
            *len = h->n_descsz;
            return desc;
        }
        q = desc + ((h->n_descsz + 3) & ~3u);
    }
    return NULL;
}

static void check_files(void)
{
    size_t len = 0;
    const uint64_t *f = find_note(NT_FILE, 0, &len);
    char exe[256], text[16];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    const char *name = f ? (const char *)(f + 2 + 3 * f[0]) : "";
    unsigned found = 0;

    exe[n < 0 ? 0 : n] = 0;
    IS(f && f[0] >= 2 && f[1] == (uint64_t)sysconf(_SC_PAGESIZE));
    for (uint64_t i = 0; f && i < f[0]; i++) {
        found += strcmp(name, exe) == 0;
        snprintf(text, sizeof text, "%.15s", strrchr(name, '/') + 1);
        IS(strcmp(text, "mimus") != 0);
        name += strlen(name) + 1;
    }
    IS(found >= 2);
}

static void check_core(int status, int sig, int code, unsigned threads)
{
    const Elf64_Ehdr *e;
    const struct elf_prstatus *s;
    const struct elf_prpsinfo *ps;
    const siginfo_t *si;
    size_t len = 0;

    IS(WIFSIGNALED(status) && WTERMSIG(status) == sig && WCOREDUMP(status));
    if (!load_core()) {
        IS(!"no core file");
        return;
    }
    e = (const Elf64_Ehdr *)core;
    IS(memcmp(e->e_ident, ELFMAG, SELFMAG) == 0 && e->e_type == ET_CORE);
    IS(e->e_machine == MACHINE && e->e_ident[EI_CLASS] == ELFCLASS64);
    for (unsigned i = 0; i < threads; i++) {
        s = find_note(NT_PRSTATUS, i, &len);
        IS(s && len == sizeof(*s) && s->pr_pid > 0);
        IS(s && s->pr_cursig == sig);
        IS(find_note(NT_FPREGSET, i, &len) != NULL);
    }
    IS(!find_note(NT_PRSTATUS, threads, &len));
    si = find_note(NT_SIGINFO, 0, &len);
    IS(si && len == 128 && si->si_signo == sig && si->si_code == code);
    IS(code != SEGV_MAPERR || (si && si->si_addr == (void *)16));
    ps = find_note(NT_PRPSINFO, 0, &len);
    IS(ps && len == sizeof(*ps) && strncmp(ps->pr_fname, "core_file", 9) == 0);
    IS(find_note(NT_AUXV, 0, &len) && len >= 16 * 10);
    check_files();
    IS(at(data) && strcmp(at(data), mark) == 0);
    IS(!at(left_out));
    IS(at(&core_path) && strcmp(at(&core_path), core_path) == 0);
#ifndef __x86_64__
    s = find_note(NT_PRSTATUS, 0, &len);
    if (s) {
        const char *sp = at((void *)((const uint64_t *)&s->pr_reg)[AT_SP]);

        IS(sp != NULL);
        IS(code != SEGV_MAPERR || ((const uint64_t *)&s->pr_reg)[AT_PC] >> 12 ==
                                      (uint64_t)die_by_access >> 12);
    }
#endif
    munmap(core, core_bytes);
    IS(unlink(core_path) == 0);
}

/* names_plain: does the kernel call core files "core" here? */
static int names_plain(void)
{
    char text[64] = "";
    int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);

    if (fd < 0 || read(fd, text, sizeof text - 1) < 0) {
        return 0;
    }
    close(fd);
    return strcmp(text, "core\n") == 0;
}

int main(void)
{
    struct rlimit l;

    getrlimit(RLIMIT_CORE, &l);
    if (!names_plain() || l.rlim_max < 100000000) {
        fprintf(stderr, "core files are not made as \"core\" here: not tested\n");
        puts("ok");
        return 0;
    }
    scratch_dir();
    strcpy(core_path, "core");
    data = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    left_out = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(left_out, 1, 65536);
    IS(madvise(left_out, 65536, MADV_DONTDUMP) == 0);
    check_core(child_status(die_by_abort), SIGABRT, SI_TKILL, 1);
    check_core(child_status(die_by_access), SIGSEGV, SEGV_MAPERR, 1);
    check_core(child_status(die_of_many), SIGQUIT, SI_USER, 3);
    IS(child_status(die_without_limit) == SIGABRT && access(core_path, F_OK) != 0);
    IS(child_status(die_undumpable) == SIGABRT && access(core_path, F_OK) != 0);
    IS(child_status(die_by_other) == SIGTERM && access(core_path, F_OK) != 0);
    scratch_end();
    return done();
}
