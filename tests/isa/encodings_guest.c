// SPDX-License-Identifier: MIT
/*
 * encodings_guest.c: the AArch64 program that finds out which instruction words a CPU defines, by
 * executing each of them.
 *
 *   encodings_guest IN OUT
 *
 * IN is u32 words; OUT gets a byte for each: 1 defined, 0 undefined. A word is undefined when it
 * raises SIGILL with ILL_ILLOPC; any other outcome, a fault included, means that the CPU knows it.
 *
 * Words run one behind the other. Every register holds garbage, so that nearly all loads and stores
 * fault; the few that do not may read anything, and to write they would have to meet one of the
 * few pages of this program, which lie far from values that instructions make. Code is executed in a
 * view that cannot be written, at the only place that PC-relative addresses reach. Words that may
 * jump are executed each by itself, in a page of BRK.
 *
 * Emulators translate ahead: behind a load or store stands a branch to the next word, so that what
 * follows a fault is not translated twice. No library function that uses thread data is called
 * once words run: TPIDR_EL0 is one of the things they change.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/diff/machine.h"

#define CODE_AREA 0x61a800000000ul      /* executed; nothing else within 4 GiB */
#define EDIT_AREA 0x5b2d00000000ul      /* the same pages, to be written */

enum {
    BATCH = 32768, AREA = 1 << 19, NEXT = 0x14000001, BRK = 0xd4200000, ALONE = 512,
};
_Static_assert(AREA >= (2 * BATCH + 8) * 4, "room for each word with a branch");

/* Words that always jump, or always call: what the manual's pages define without exception. */
static const struct {
    uint32_t mask, value;
} known[] = {
    { 0x7c000000, 0x14000000 },     /* B, BL */
    { 0x7c000000, 0x34000000 },     /* CBZ, CBNZ, TBZ, TBNZ */
    { 0xff000010, 0x54000000 },     /* B.cond */
    { 0xffe0001f, 0xd4000001 },     /* SVC */
};

/*
 * Where words are that jump, or might in a later version of the architecture, and their offset: it
 * is replaced when the word is executed, lest it jumps to itself.
 */
static const struct {
    uint32_t mask, value, offset;
} jumps[] = {
    { 0xfe000000, 0xd6000000, 0 },
    { 0xff000000, 0x54000000, 0x7ffff << 5 },
    { 0xff000000, 0x55000000, 0xffff << 5 },
    { 0x7e000000, 0x74000000, 0x1ff << 5 },
    /* Memory copy and set: for a wrong start state Linux goes back to the prologue before it. */
    { 0xfb200c00, 0x19000400, 0 },
};

static const uint32_t *words;
static uint8_t *status;
static uint32_t owner[AREA / 4];        /* of each word of code: input word + 1, or 0 */
static uint32_t *const edit = (uint32_t *)EDIT_AREA;
static int code_fd;
static State start;

static void sys_mmap(uint64_t at, int prot)
{
    register uint64_t x0 asm("x0") = at;
    register uint64_t x1 asm("x1") = AREA;
    register uint64_t x2 asm("x2") = (uint64_t)prot;
    register uint64_t x3 asm("x3") = MAP_SHARED | MAP_FIXED;
    register uint64_t x4 asm("x4") = (uint64_t)code_fd;
    register uint64_t x5 asm("x5") = 0;
    register uint64_t x8 asm("x8") = SYS_mmap;

    asm volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x8)
                 : "memory");
    if (x0 != at) {
        __builtin_trap();
    }
}

static bool is_known(uint32_t word)
{
    for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if ((word & known[i].mask) == known[i].value) {
            return true;
        }
    }
    return false;
}

/* is_jump: and what to execute for it. */
static bool is_jump(uint32_t word, uint32_t *instead)
{
    for (unsigned i = 0; i < sizeof(jumps) / sizeof(*jumps); i++) {
        if ((word & jumps[i].mask) == jumps[i].value) {
            *instead = jumps[i].offset ? (word & ~jumps[i].offset) | 8 << 5 : word;
            return true;
        }
    }
    return false;
}

static bool is_memory(uint32_t word)
{
    return (word & 0x0a000000) == 0x08000000;
}

/* The handler looks only at registers and its own tables; see the top. */
static void handler(int sig, siginfo_t *si, void *ctx)
{
    mcontext_t *m = &((ucontext_t *)ctx)->uc_mcontext;
    uint64_t at = (m->pc - CODE_AREA) / 4;
    uint32_t mine = at < AREA / 4 ? owner[at] : 0;

    if (!mine) {
        m->pc = (uint64_t)seq_exit;     /* a jump somewhere */
        return;
    }
    if (sig == SIGILL && si->si_code == ILL_ILLOPC) {
        status[mine - 1] = 0;
    }
    m->pc += is_memory(words[mine - 1]) ? 8 : 4;
}

static void handlers(void)
{
    static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };
    static char stack[1 << 17];
    stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    sigaltstack(&ss, NULL);
    for (unsigned i = 0; i < sizeof(sigs) / sizeof(*sigs); i++) {
        sigaction(sigs[i], &sa, NULL);
    }
}

static void garbage(void)
{
    for (int i = 0; i < 31; i++) {
        start.x[i] = next() | 0x00a5000000000000;
    }
    start.sp = next() | 0x00a5000000000000;
    for (int i = 0; i < 32; i++) {
        start.v[i][0] = next();
        start.v[i][1] = next();
    }
}

/* execute: run the code from its first word on; new mappings make emulators forget the old code. */
static void execute(unsigned first)
{
    sys_mmap(CODE_AREA, PROT_READ | PROT_EXEC);
    garbage();
    run_seq(&start, CODE_AREA + first * 4);
}

static unsigned put_exit(unsigned at)
{
    uint64_t exit_at = (uint64_t)seq_exit;

    edit[at] = 0x5800005b;              /* ldr x27, the address two words on */
    edit[at + 1] = 0xd61f0360;          /* br x27 */
    memcpy(edit + at + 2, &exit_at, 8);
    for (unsigned i = 0; i < 4; i++) {
        owner[at + i] = 0;
    }
    return at + 4;
}

static void run_straight(unsigned from, unsigned to)
{
    unsigned at = 0;

    for (unsigned i = from; i < to; i++) {
        uint32_t instead;

        if (is_known(words[i]) || is_jump(words[i], &instead)) {
            continue;
        }
        owner[at] = i + 1;
        edit[at++] = words[i];
        if (is_memory(words[i])) {
            owner[at] = 0;
            edit[at++] = NEXT;
        }
    }
    put_exit(at);
    execute(0);
}

static void run_jumps(unsigned from, unsigned to)
{
    for (unsigned i = 0; i < ALONE * 2; i++) {
        edit[i] = BRK;
        owner[i] = 0;
    }
    edit[ALONE - 4] = 0xd280001e;       /* mov x30, #0: run_seq() comes by x30 */
    edit[ALONE - 3] = 0x14000003;       /* b to the word, over two BRK */
    put_exit(ALONE + 1);
    for (unsigned i = from; i < to; i++) {
        uint32_t instead;

        if (!is_known(words[i]) && is_jump(words[i], &instead)) {
            owner[ALONE] = i + 1;
            edit[ALONE] = instead;
            execute(ALONE - 4);
        }
    }
}

static void *map_file(const char *path, int flags, size_t *bytes, int prot)
{
    struct stat st;
    int fd = open(path, flags, 0666);

    if (fd < 0 || (*bytes && ftruncate(fd, (off_t)*bytes)) || fstat(fd, &st)) {
        perror(path);
        exit(2);
    }
    *bytes = (size_t)st.st_size;
    return mmap(NULL, *bytes, prot, MAP_SHARED, fd, 0);
}

int main(int argc, char **argv)
{
    size_t in_bytes = 0, n;

    if (argc != 3) {
        fprintf(stderr, "usage: encodings_guest IN OUT\n");
        return 2;
    }
    words = map_file(argv[1], O_RDONLY, &in_bytes, PROT_READ);
    n = in_bytes / 4;
    status = map_file(argv[2], O_RDWR | O_CREAT | O_TRUNC, &n, PROT_READ | PROT_WRITE);
    memset(status, 1, n);
    code_fd = memfd_create("code", 0);
    if (code_fd < 0 || ftruncate(code_fd, AREA)) {
        perror("encodings_guest: memfd");
        return 2;
    }
    sys_mmap(EDIT_AREA, PROT_READ | PROT_WRITE);
    handlers();
    rng = 7;
    for (unsigned from = 0; from < n; from += BATCH) {
        unsigned to = from + BATCH < n ? from + BATCH : (unsigned)n;

        run_straight(from, to);
        run_jumps(from, to);
    }
    /* exit() could meet thread data that is gone. */
    _exit(0);
}
