// SPDX-License-Identifier: MIT
/*
 * guest.c: the AArch64 program that executes each instruction word on many start states; isa.py
 * chooses the words and compares what this program reports under different emulators.
 *
 *   guest IN OUT                 run all records, write one 64-bit hash for each
 *   guest IN - INDEX             the hashes of the single states of one record, as text
 *   guest IN - INDEX STATE       the end state of one of them, as text, after its start state
 *
 * IN is a list of Records. A record's words are placed once and run on n_states start states made
 * from the seed. Each state has its own rounding mode and, often, FZ, DN, AHP and FZ16; its
 * registers hold edge values of one kind of data. A signal is part of the result: its number, code,
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
#include <ucontext.h>
#include <unistd.h>

#include "tests/diff/machine.h"

#define CODE_AREA    0x1000000000ul
#define SCRATCH_AREA 0x1000400000ul
#define PAGE         65536ul            /* the largest that hosts have: faults begin there */

enum {
    N_WORDS = 3, SLOT_WORDS = 8, BATCH = 4096, CODE_BYTES = SLOT_WORDS * 4 * BATCH,
    MAX_EVENTS = 4, WINDOW = 2048,      /* bytes before the end of scratch memory that are used */
};

/* What a record needs; isa.py has the same names. */
enum {
    MEMORY = 1,         /* x28 and SP are addresses, x27 an index; scratch memory is compared */
    ALIGNED = 2,        /* these addresses are multiples of 16 */
    WHOLE = 4,          /* an access faults as a whole or not at all */
    MAPPED = 8,         /* no address faults */
    KIND_SHIFT = 4,     /* four bits: 1 + kind of data in the vectors, or 0: of each in turn */
    HALF = 0x100,       /* FPCR.FZ16 may be set */
    JUMP = 0x200,       /* the register in bits 9 to 5, not x30, holds the address of the third word */
    NO_CALL = 0x400,    /* x8 is no system call */
    FP_MASK = 0x800,    /* the register in bits 4 to 0 is masked to what FPCR and FPSR have */
    CHAIN = 0x1000,     /* x28 and x25 are addresses, x27 a length; they may overlap */
    APART = 0x2000,     /* these do not overlap */
};

/* What is not reserved: QC and the cumulative bits; AHP, DN, FZ and the rounding mode. */
enum { FPSR_BITS = 0x0800009f, FPCR_BITS = 0x07c00000, FZ16 = 1 << 19 };

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

static uint16_t half_value(void)
{
    uint64_t r = next();

    switch (r >> 60 & 3) {
    case 0: return PICK(f16_special);
    case 1: return (r & 0x83ff) | 0x3c00;               /* near 1 */
    case 2: return (r & 0x83ff) | (r >> 20 & 31) << 10;
    default: return (r & 0x83ff) | (8 + (r >> 20 & 15)) << 10;
    }
}

static uint64_t lane(unsigned kind)
{
    return kind == 4 ? half_value() | (uint64_t)half_value() << 16 |
                           (uint64_t)half_value() << 32 | (uint64_t)half_value() << 48
                     : lane_value(kind);
}

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

static uint64_t some_fpcr(uint32_t flags)
{
    uint64_t r = next(), fpcr = (r & 3) << 22;          /* rounding */

    fpcr |= r >> 2 & 3 ? 0 : 1u << 24;                  /* FZ */
    fpcr |= r >> 4 & 3 ? 0 : 1u << 25;                  /* DN */
    fpcr |= r >> 6 & 3 ? 0 : 1u << 26;                  /* AHP */
    fpcr |= r >> 8 & 3 || !(flags & HALF) ? 0 : FZ16;
    return r >> 10 & 3 ? fpcr : 0;
}

static void apply_flags(State *s, const Record *r, uint64_t code)
{
    uint32_t word = r->word[0];

    if (r->flags & MEMORY) {
        s->x[28] = address(r->flags);
        s->sp = address(r->flags | ALIGNED);
        s->x[27] = 16 * (next() % 5);
        switch (next() % 16) {
        case 0: s->x[27] = -s->x[27]; break;
        case 1: s->x[27] = (uint32_t)-s->x[27] | 0x7700000000000000; break;
        }
        if (r->flags & CHAIN) {
            s->x[27] = next() % 300;
            s->x[28] = (uint64_t)window + next() % (r->flags & APART ? 512 : 1024);
            s->x[25] = (uint64_t)window + next() % (r->flags & APART ? 512 : 1024);
            s->x[28] += r->flags & APART ? 1024 : 0;
        }
    }
    if (r->flags & JUMP && (word >> 5 & 31) != 31) {
        s->x[word >> 5 & 31] = code + 8;
    }
    if (r->flags & NO_CALL) {
        s->x[8] = 0xfff0 + (next() & 15);
    }
    if (r->flags & FP_MASK && (word & 31) != 31) {
        bool is_fpsr = word & 32;
        s->x[word & 31] &= is_fpsr ? FPSR_BITS : r->flags & HALF ? FPCR_BITS | FZ16 : FPCR_BITS;
    }
}

static void make_state(State *s, const Record *r, unsigned i, uint64_t code)
{
    unsigned kind = r->flags >> KIND_SHIFT & 15;

    rng = (r->seed + i * 0x10001ull) * 0x2545f4914f6cdd1dull + 99;
    for (int n = 0; n < 31; n++) {
        s->x[n] = int_value();
    }
    s->sp = int_value();
    kind = kind ? kind - 1 : (unsigned)next() % 8;
    for (int n = 0; n < 32; n++) {
        unsigned k = next() % 8 ? kind : (unsigned)(next() % 8);

        s->v[n][0] = lane(k);
        s->v[n][1] = next() % 5 ? lane(k) : 0;
    }
    s->nzcv = next() & 0xf0000000;
    s->fpcr = some_fpcr(r->flags);
    s->fpsr = next() % 4 ? 0 : next() & 0x0800009f;
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
    mcontext_t *m = &((ucontext_t *)ctx)->uc_mcontext;
    uint64_t at = m->pc - CODE_AREA;

    out_state.events = mix(out_state.events, (uint64_t)sig << 40 | at % (SLOT_WORDS * 4) |
                                                 (uint64_t)(uint32_t)si->si_code << 8);
    if (sig == SIGSEGV || sig == SIGBUS) {
        out_state.events = mix(out_state.events, (uint64_t)si->si_addr);
    }
    m->pc += 4;
    if (at >= CODE_BYTES || ++out_state.n_events > MAX_EVENTS) {
        m->pc = (uint64_t)seq_exit;
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
    uint64_t code = CODE_AREA + slot * SLOT_WORDS * 4;

    make_state(in, r, i, code);
    if (r->flags & MEMORY) {
        memcpy(window, template_window, WINDOW);
    }
    out_state.events = 0;
    out_state.n_events = 0;
    run_seq(in, code);
    return hash_state(r->flags & MEMORY);
}

static void print_state(const State *s, const char *prefix)
{
    for (int i = 0; i < 31; i++) {
        printf("%sx%d 0x%lx\n", prefix, i, s->x[i]);
    }
    printf("%ssp 0x%lx\n%snzcv 0x%lx\n%sfpcr 0x%lx\n%sfpsr 0x%lx\n", prefix, s->sp, prefix,
           s->nzcv, prefix, s->fpcr, prefix, s->fpsr);
    for (int i = 0; i < 32; i++) {
        printf("%sv%d 0x%016lx%016lx\n", prefix, i, s->v[i][1], s->v[i][0]);
    }
}

static void print_run(const Record *r, unsigned i)
{
    const uint64_t *s = (const uint64_t *)window;
    State in;

    run_state(r, 0, i, &in);
    print_state(&in, "in_");
    print_state(&out_state, "");
    printf("signals %u 0x%lx\n", out_state.n_events, out_state.events);
    for (unsigned n = 0; r->flags & MEMORY && n < WINDOW / 8; n++) {
        if (s[n] != template_window[n]) {
            printf("[0x%lx] 0x%016lx\n", (uint64_t)(s + n), s[n]);
        }
    }
}

static void place(const Record *r, unsigned slot)
{
    uint32_t *code = (uint32_t *)CODE_AREA + slot * SLOT_WORDS;
    uint64_t exit_at = (uint64_t)seq_exit;

    memcpy(code, r->word, sizeof(r->word));
    code[N_WORDS] = 0x5800007b;         /* ldr x27, the address three words on */
    code[N_WORDS + 1] = 0xd61f0360;     /* br x27 */
    memcpy(code + N_WORDS + 3, &exit_at, 8);
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
