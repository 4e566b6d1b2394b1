// SPDX-License-Identifier: MIT
/*
 * guest.c: the guest program that executes each instruction word on many start states; isa.py
 * chooses the words and compares what this program reports under different emulators.
 *
 *   guest IN OUT                 run all records, write one 64-bit hash for each
 *   guest IN - INDEX             the hashes of the single states of one record, as text
 *   guest IN - INDEX STATE       the end state of one of them, as text, after its start state
 *
 * IN is a list of Records. A record's words are placed once and run on n_states start states made
 * from the seed. Each state has its own rounding mode and other modes; its registers hold edge values
 * of one kind of data. A signal is part of the result: its number, code,
 * address and place count, and execution goes on behind the instruction.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/diff/machine.h"

#define CODE_AREA    0x1000000000ul
#define SCRATCH_AREA 0x1000400000ul
#define PAGE         65536ul            /* the largest that hosts have: faults begin there */

enum {
    N_WORDS = 3, SLOT_WORDS = 16, BATCH = 4096, CODE_BYTES = SLOT_WORDS * 4 * BATCH,
    MAX_EVENTS = 4, WINDOW = 2048,      /* bytes before the end of scratch memory that are used */
};

/* What a record needs; isa.py has the same names. */
enum {
    MEMORY = 1,         /* base registers hold addresses; scratch memory is compared */
    ALIGNED = 2,        /* these addresses are multiples of 16 */
    WHOLE = 4,          /* an access faults as a whole or not at all */
    MAPPED = 8,         /* no address faults */
    KIND_SHIFT = 4,     /* four bits: 1 + kind of data in the vectors, or 0: of each in turn */
    HALF = 0x100,       /* modes of half precision may be set */
    JUMP = 0x200,       /* the register that the first word jumps by holds the third word's address */
    NO_CALL = 0x400,    /* the call number is no system call's */
    /* The guest's guest.h has more, from 0x800 on. */
};

typedef struct {
    uint32_t word[N_WORDS], flags, seed, n_states;
} Record;

static uint8_t *const scratch = (uint8_t *)SCRATCH_AREA;
static uint8_t *const window = (uint8_t *)SCRATCH_AREA + PAGE - WINDOW;
static uint64_t template_window[WINDOW / 8];

static void make_template(void)
{
    rng = 12345;
    for (unsigned i = 0; i < WINDOW / 8; i++) {
        template_window[i] = lane_value(i / 2 % 8);
    }
}

/* ---- the start state ---- */

static uint64_t address(uint32_t flags)
{
    uint64_t end = (uint64_t)window + WINDOW, r = next(), a = end - WINDOW / 2;

    switch (flags & MAPPED ? 15 : r & 15) {
    case 0: case 1: a = end + (flags & WHOLE ? WINDOW : 0); break;      /* in the hole */
    case 2: case 3: a = flags & WHOLE ? a : end - (r >> 8 & 127); break;
    default: break;
    }
    a += r >> 16 & 15;
    return flags & ALIGNED ? a & ~15ull : a;
}

/* apply_flags: to a random state, what the record's flags ask for; its words are at code. */
static void apply_flags(State *s, const Record *r, uint64_t code);

#if defined(__aarch64__)
#include "tests/isa/aarch64/guest.h"
#elif defined(__riscv)
#include "tests/isa/riscv64/guest.h"
#endif

static void make_state(State *s, const Record *r, unsigned i, uint64_t code)
{
    unsigned kind = r->flags >> KIND_SHIFT & 15;

    rng = (r->seed + i * 0x10001ull) * 0x2545f4914f6cdd1dull + 99;
    kind = kind ? kind - 1 : (unsigned)next() % 8;
    random_state(s, kind, 8, r->flags & HALF);
    apply_flags(s, r, code);
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

    out_state.events = mix(out_state.events, (uint64_t)sig << 40 | at % (SLOT_WORDS * 4) |
                                                 (uint64_t)(uint32_t)si->si_code << 8);
    if (sig == SIGSEGV || sig == SIGBUS) {
        out_state.events = mix(out_state.events, (uint64_t)si->si_addr);
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

static uint64_t hash_state(bool memory)
{
    const uint64_t *w = (const uint64_t *)&out_state, *s = (const uint64_t *)window;
    uint64_t h = 14695981039346656037ull;

    for (unsigned i = 0; i < offsetof(State, n_events) / 8; i++) {
        h = mix(h, w[i]);
    }
    for (unsigned i = 0; memory && i < WINDOW / 8; i++) {
        if (s[i] != template_window[i]) {
            h = mix(mix(h, i), s[i]);
        }
    }
    return h;
}

static uint64_t run_state(const Record *r, unsigned slot, unsigned i, State *in)
{
    uint64_t code = CODE_AREA + slot * SLOT_WORDS * 4 + code_skew(r->seed);

    make_state(in, r, i, code);
    if (r->flags & MEMORY) {
        memcpy(window, template_window, WINDOW);
    }
    out_state.events = 0;
    out_state.n_events = 0;
    run_seq(in, code);
    return hash_state(r->flags & MEMORY);
}

static void print_run(const Record *r, unsigned i)
{
    const uint64_t *s = (const uint64_t *)window;
    State in;

    run_state(r, 0, i, &in);
    print_regs(&in, "in_");
    print_regs(&out_state, "");
    printf("signals %u 0x%lx\n", out_state.n_events, out_state.events);
    for (unsigned n = 0; r->flags & MEMORY && n < WINDOW / 8; n++) {
        if (s[n] != template_window[n]) {
            printf("[0x%lx] 0x%016lx\n", (uint64_t)(s + n), s[n]);
        }
    }
}

static void place(const Record *r, unsigned slot)
{
    uint8_t *code = (uint8_t *)CODE_AREA + slot * SLOT_WORDS * 4 + code_skew(r->seed);

    memcpy(code, r->word, sizeof(r->word));
    unsigned n = code_skew(r->seed) + sizeof(r->word) + put_exit(code + sizeof(r->word));
    if (n > SLOT_WORDS * 4) {
        fprintf(stderr, "guest: a slot has %u bytes, a record needs %u\n", SLOT_WORDS * 4, n);
        exit(2);
    }
}

static const Record *load(const char *path, size_t *n)
{
    struct stat st;
    int fd = open(path, O_RDONLY);

    if (fd < 0 || fstat(fd, &st)) {
        perror(path);
        exit(2);
    }
    *n = (size_t)st.st_size / sizeof(Record);
    return mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
}

static void flush(void)
{
    __builtin___clear_cache((char *)CODE_AREA, (char *)CODE_AREA + CODE_BYTES);
}

static int run_one(const Record *r, const char *state)
{
    State in;

    place(r, 0);
    flush();
    if (state) {
        print_run(r, (unsigned)atoi(state));
        return 0;
    }
    for (unsigned i = 0; i < r->n_states; i++) {
        printf("%016lx\n", run_state(r, 0, i, &in));
    }
    return 0;
}

static int run_all(const Record *r, size_t n, const char *path)
{
    FILE *out = fopen(path, "w");
    State in;

    while (n) {
        unsigned some = n < BATCH ? (unsigned)n : BATCH;

        for (unsigned i = 0; i < some; i++) {
            place(r + i, i);
        }
        flush();
        for (unsigned i = 0; i < some; i++, r++) {
            uint64_t h = 0;

            for (unsigned k = 0; k < r->n_states; k++) {
                h = mix(h, run_state(r, i, k, &in));
            }
            fwrite(&h, 8, 1, out);
        }
        n -= some;
    }
    return fclose(out) != 0;
}

int main(int argc, char **argv)
{
    int prot = PROT_READ | PROT_WRITE, map = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    size_t n;

    if (argc < 3) {
        fprintf(stderr, "usage: guest IN OUT | guest IN - INDEX [STATE]\n");
        return 2;
    }
    const Record *r = load(argv[1], &n);
    if (mmap((void *)CODE_AREA, CODE_BYTES, prot | PROT_EXEC, map, -1, 0) != (void *)CODE_AREA ||
        mmap(scratch, PAGE, prot, map, -1, 0) != scratch) {
        perror("guest: mmap");
        return 2;
    }
    make_template();
    handlers();
    return argc > 3 ? run_one(r + atoi(argv[3]), argc > 4 ? argv[4] : NULL)
                    : run_all(r, n, argv[2]);
}
