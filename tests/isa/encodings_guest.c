// SPDX-License-Identifier: MIT
/*
 * encodings_guest.c: the guest program that finds out which instruction words a CPU defines, by
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
 * once words run: the thread pointer is one of the things they change. What is peculiar to a guest
 * is in the encodings.h of its folder.
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
#include <unistd.h>

#include "tests/diff/machine.h"

#define CODE_AREA 0x61a800000000ul      /* executed; nothing else within 4 GiB */
#define EDIT_AREA 0x5b2d00000000ul      /* the same pages, to be written */

enum {
    BATCH = 32768, AREA = 1 << 19, ALONE = 512,
};
_Static_assert(AREA >= (2 * BATCH + 8) * 4, "room for each word with a branch");

typedef struct {
    uint32_t mask, value;
} Known;

/* Where words are that jump, or might in a later version of the architecture; see is_jump(). */
typedef struct {
    uint32_t mask, value, offset, instead;
} Jump;

#if defined(__aarch64__)
#include "tests/isa/aarch64/encodings.h"
#elif defined(__riscv)
#include "tests/isa/riscv64/encodings.h"
#endif

static const uint32_t *words;
static uint8_t *status;
static uint32_t owner[AREA / 4];        /* of each word of code: input word + 1, or 0 */
static uint32_t *const edit = (uint32_t *)EDIT_AREA;
static int code_fd;
static State start;

static void map_code(uint64_t at, int prot)
{
    if (raw_mmap(at, AREA, prot, MAP_SHARED | MAP_FIXED, code_fd) != at) {
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

/* is_jump: and what to execute for it, with another offset lest it jumps to itself. */
static bool is_jump(uint32_t word, uint32_t *instead)
{
    for (unsigned i = 0; i < sizeof(jumps) / sizeof(*jumps); i++) {
        if ((word & jumps[i].mask) == jumps[i].value) {
            *instead = (word & ~jumps[i].offset) | jumps[i].instead;
            return true;
        }
    }
    return false;
}

/* The handler looks only at registers and its own tables; see the top. */
static void handler(int sig, siginfo_t *si, void *ctx)
{
    uint64_t *pc = context_pc(ctx), at = (*pc - CODE_AREA) / 4;
    uint32_t mine = at < AREA / 4 ? owner[at] : 0;

    if (!mine) {
        *pc = (uint64_t)seq_exit;     /* a jump somewhere */
        return;
    }
    if (sig == SIGILL && si->si_code == ILL_ILLOPC) {
        status[mine - 1] = 0;
    }
    *pc = CODE_AREA + (at + 1 + is_memory(words[mine - 1])) * 4;
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

/* execute: run the code from its first word on; new mappings make emulators forget the old code. */
static void execute(unsigned first)
{
    map_code(CODE_AREA, PROT_READ | PROT_EXEC);
    garbage(&start);
    run_seq(&start, CODE_AREA + first * 4);
}

static void put_end(unsigned at)
{
    unsigned n = put_exit((uint8_t *)(edit + at)) / 4;

    memset(owner + at, 0, n * sizeof(*owner));
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
    put_end(at);
    execute(0);
}

static void run_jumps(unsigned from, unsigned to)
{
    for (unsigned i = 0; i < ALONE * 2; i++) {
        edit[i] = BRK;
        owner[i] = 0;
    }
    memcpy(edit + ALONE - 4, alone_entry, sizeof(alone_entry));
    put_end(ALONE + 1);
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
    map_code(EDIT_AREA, PROT_READ | PROT_WRITE);
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
