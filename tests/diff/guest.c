// SPDX-License-Identifier: MIT
/*
 * guest.c: the guest program that executes random sequences of instructions; run.py makes
 * the sequences and compares what this program reports under different emulators.
 *
 *   guest IN OUT          run all sequences, write one 64-bit hash of the end state for each
 *   guest IN - INDEX      run one and print its end state as text
 *
 * IN is a list of records: u32 seed, u32 n, then n words of code. The start state is made from the
 * seed. place_bases() has registers point into scratch memory; instructions that access memory
 * use only these as addresses. A signal is part of the result: its number, code, address and
 * place are recorded, and execution goes on after the instruction.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/diff/machine.h"

#define CODE_AREA    0x1000000000ul
#define SCRATCH_AREA 0x1000400000ul

enum {
    SLOT_WORDS = 64, BATCH = 512, CODE_BYTES = SLOT_WORDS * 4 * BATCH,
    SCRATCH_BYTES = 0x8000, MAX_EVENTS = 40,
};

static const uint64_t *template_memory(void)
{
    static uint64_t t[SCRATCH_BYTES / 8];

    if (!t[0]) {
        rng = 12345;
        for (unsigned i = 0; i < SCRATCH_BYTES / 8; i++) {
            t[i] = lane_value(i / 2 % 8);
        }
    }
    return t;
}

static void make_state(State *s, uint32_t seed)
{
    rng = seed * 0x2545f4914f6cdd1dull + 99;
    /* One sequence mostly sees one kind of data. */
    random_state(s, (unsigned)next() % 8, 4, seed >> 31);
    place_bases(s, SCRATCH_AREA + SCRATCH_BYTES / 2);
}

/* ---- signals ---- */

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x100000001b3;
    return h ^ h >> 29;
}

static void handler(int sig, siginfo_t *si, void *ctx)
{
    uint64_t *pc = context_pc(ctx), at = *pc - CODE_AREA;

    out_state.events = mix(out_state.events, (uint64_t)sig << 32 | at % (SLOT_WORDS * 4));
    if (sig == SIGSEGV || sig == SIGBUS) {
        out_state.events = mix(out_state.events, (uint64_t)si->si_addr + (unsigned)si->si_code);
    }
    if (at >= CODE_BYTES || ++out_state.n_events > MAX_EVENTS) {
        *pc = (uint64_t)seq_exit;
    } else {
        *pc += insn_bytes(*pc);
    }
}

static void handlers(void)
{
    static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };
    static char stack[1 << 16];
    stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

    sigaltstack(&ss, NULL);
    for (unsigned i = 0; i < sizeof(sigs) / sizeof(*sigs); i++) {
        sigaction(sigs[i], &sa, NULL);
    }
}

/* ---- running ---- */

static uint64_t *scratch = (uint64_t *)SCRATCH_AREA;

static void run_one(const uint32_t *record, unsigned slot)
{
    static State in;

    make_state(&in, record[0]);
    memcpy(scratch, template_memory(), SCRATCH_BYTES);
    out_state.events = 0;
    out_state.n_events = 0;
    run_seq(&in, CODE_AREA + slot * SLOT_WORDS * 4 + code_skew(record[0]));
}

static uint64_t hash_state(void)
{
    const uint64_t *w = (const uint64_t *)&out_state, *t = template_memory();
    uint64_t h = 14695981039346656037ull;

    for (unsigned i = 0; i < offsetof(State, n_events) / 8; i++) {
        h = mix(h, w[i]);
    }
    for (unsigned at = 0; at < SCRATCH_BYTES / 8; at += 64) {
        if (!memcmp(scratch + at, t + at, 512)) {
            continue;
        }
        for (unsigned i = at; i < at + 64; i++) {
            if (scratch[i] != t[i]) {
                h = mix(mix(h, i), scratch[i]);
            }
        }
    }
    return h;
}

static void print_state(void)
{
    const uint64_t *t = template_memory();

    print_regs(&out_state, "");
    printf("signals %u 0x%lx\n", out_state.n_events, out_state.events);
    for (unsigned i = 0; i < SCRATCH_BYTES / 8; i++) {
        if (scratch[i] != t[i]) {
            printf("[base%+d] 0x%016lx\n", (int)(i * 8) - SCRATCH_BYTES / 2, scratch[i]);
        }
    }
}

static void place(const uint32_t *record, unsigned slot)
{
    uint8_t *code = (uint8_t *)CODE_AREA + slot * SLOT_WORDS * 4 + code_skew(record[0]);

    memcpy(code, record + 2, 4 * record[1]);
    put_exit(code + 4 * record[1]);
}

static const uint32_t *load(const char *path, size_t *words)
{
    struct stat st;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &st)) {
        perror(path);
        exit(2);
    }
    *words = (size_t)st.st_size / 4;
    return mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
}

static void flush(void)
{
    __builtin___clear_cache((char *)CODE_AREA, (char *)CODE_AREA + CODE_BYTES);
}

static int run_index(const uint32_t *r, const uint32_t *end, unsigned index)
{
    for (; r < end && index; index--) {
        r += 2 + r[1];
    }
    place(r, 0);
    flush();
    run_one(r, 0);
    print_state();
    return 0;
}

int main(int argc, char **argv)
{
    size_t words;

    if (argc < 3) {
        fprintf(stderr, "usage: guest IN OUT | guest IN - INDEX\n");
        return 2;
    }
    const uint32_t *r = load(argv[1], &words), *end = r + words;
    int prot = PROT_READ | PROT_WRITE, map = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    if (mmap((void *)CODE_AREA, CODE_BYTES, prot | PROT_EXEC, map, -1, 0) != (void *)CODE_AREA ||
        mmap(scratch, SCRATCH_BYTES, prot, map, -1, 0) != scratch) {
        perror("guest: mmap");
        return 2;
    }
    handlers();
    if (argc > 3) {
        return run_index(r, end, (unsigned)atoi(argv[3]));
    }
    FILE *out = fopen(argv[2], "w");
    while (r < end) {
        const uint32_t *batch = r;
        unsigned n = 0;
        for (; r < end && n < BATCH; n++) {
            place(r, n);
            r += 2 + r[1];
        }
        flush();
        for (unsigned i = 0; i < n; i++) {
            run_one(batch, i);
            batch += 2 + batch[1];
            uint64_t h = hash_state();
            fwrite(&h, 8, 1, out);
        }
    }
    return fclose(out) != 0;
}
