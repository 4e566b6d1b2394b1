// SPDX-License-Identifier: MIT
/*
 * guest.c: the AArch64 program that executes random sequences of instructions; run.py makes
 * the sequences and compares what this program reports under different emulators.
 *
 *   guest IN OUT          run all sequences, write one 64-bit hash of the end state for each
 *   guest IN - INDEX      run one and print its end state as text
 *
 * IN is a list of records: u32 seed, u32 n, then n instruction words. The start state is made
 * from the seed. x28 and SP point into the middle of scratch memory and x27 holds a small
 * multiple of 16, now and then below zero or with a tag; instructions that access memory use only
 * these as addresses. x26 counts loops. A signal is part of the result: its number, code, address
 * and place are recorded, and execution goes on after the instruction.
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
#include <ucontext.h>
#include <unistd.h>

#define CODE_AREA    0x1000000000ul
#define SCRATCH_AREA 0x1000400000ul

enum {
    SLOT_WORDS = 64, BATCH = 512, CODE_BYTES = SLOT_WORDS * 4 * BATCH,
    SCRATCH_BYTES = 0x8000, MAX_EVENTS = 40,
};

typedef struct {
    uint64_t x[31], sp;
    uint64_t v[32][2];
    uint64_t nzcv, fpcr, fpsr;
    uint64_t events;            /* hash of signals */
    unsigned n_events;
} State;
_Static_assert(offsetof(State, nzcv) == 768, "known to run_seq");

void run_seq(const State *in, uint64_t code);
void seq_exit(void);
State out_state;
uint64_t harness_sp;

asm(".text\n.globl run_seq, seq_exit\n"
    "run_seq:\n"
    "  clrex\n"
    "  stp x29, x30, [sp, #-176]!\n"
    "  stp x19, x20, [sp, #16]\n  stp x21, x22, [sp, #32]\n  stp x23, x24, [sp, #48]\n"
    "  stp x25, x26, [sp, #64]\n  stp x27, x28, [sp, #80]\n"
    "  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n"
    "  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
    "  adrp x9, harness_sp\n  add x9, x9, :lo12:harness_sp\n"
    "  mov x10, sp\n  str x10, [x9]\n"
    "  mov x30, x1\n"
    "  ldr x2, [x0, #768]\n  msr nzcv, x2\n"
    "  ldr x2, [x0, #776]\n  msr fpcr, x2\n"
    "  ldr x2, [x0, #784]\n  msr fpsr, x2\n"
    "  ldr x2, [x0, #248]\n  mov sp, x2\n"
    "  add x3, x0, #256\n"
    "  ld1 {v0.2d-v3.2d}, [x3], #64\n  ld1 {v4.2d-v7.2d}, [x3], #64\n"
    "  ld1 {v8.2d-v11.2d}, [x3], #64\n  ld1 {v12.2d-v15.2d}, [x3], #64\n"
    "  ld1 {v16.2d-v19.2d}, [x3], #64\n  ld1 {v20.2d-v23.2d}, [x3], #64\n"
    "  ld1 {v24.2d-v27.2d}, [x3], #64\n  ld1 {v28.2d-v31.2d}, [x3], #64\n"
    "  ldp x2, x3, [x0, #16]\n  ldp x4, x5, [x0, #32]\n  ldp x6, x7, [x0, #48]\n"
    "  ldp x8, x9, [x0, #64]\n  ldp x10, x11, [x0, #80]\n  ldp x12, x13, [x0, #96]\n"
    "  ldp x14, x15, [x0, #112]\n  ldp x16, x17, [x0, #128]\n  ldp x18, x19, [x0, #144]\n"
    "  ldp x20, x21, [x0, #160]\n  ldp x22, x23, [x0, #176]\n  ldp x24, x25, [x0, #192]\n"
    "  ldp x26, x27, [x0, #208]\n  ldp x28, x29, [x0, #224]\n"
    "  ldp x0, x1, [x0]\n"
    "  br x30\n"
    "seq_exit:\n"
    "  adrp x27, out_state\n  add x27, x27, :lo12:out_state\n"
    "  stp x0, x1, [x27]\n  stp x2, x3, [x27, #16]\n  stp x4, x5, [x27, #32]\n"
    "  stp x6, x7, [x27, #48]\n  stp x8, x9, [x27, #64]\n  stp x10, x11, [x27, #80]\n"
    "  stp x12, x13, [x27, #96]\n  stp x14, x15, [x27, #112]\n  stp x16, x17, [x27, #128]\n"
    "  stp x18, x19, [x27, #144]\n  stp x20, x21, [x27, #160]\n  stp x22, x23, [x27, #176]\n"
    "  stp x24, x25, [x27, #192]\n  stp x26, xzr, [x27, #208]\n  stp x28, x29, [x27, #224]\n"
    "  mov x0, sp\n  stp x30, x0, [x27, #240]\n"
    "  mrs x0, nzcv\n  str x0, [x27, #768]\n"
    "  mrs x0, fpcr\n  str x0, [x27, #776]\n"
    "  mrs x0, fpsr\n  str x0, [x27, #784]\n"
    "  msr fpcr, xzr\n"
    "  add x3, x27, #256\n"
    "  st1 {v0.2d-v3.2d}, [x3], #64\n  st1 {v4.2d-v7.2d}, [x3], #64\n"
    "  st1 {v8.2d-v11.2d}, [x3], #64\n  st1 {v12.2d-v15.2d}, [x3], #64\n"
    "  st1 {v16.2d-v19.2d}, [x3], #64\n  st1 {v20.2d-v23.2d}, [x3], #64\n"
    "  st1 {v24.2d-v27.2d}, [x3], #64\n  st1 {v28.2d-v31.2d}, [x3], #64\n"
    "  adrp x9, harness_sp\n  add x9, x9, :lo12:harness_sp\n  ldr x10, [x9]\n  mov sp, x10\n"
    "  ldp x19, x20, [sp, #16]\n  ldp x21, x22, [sp, #32]\n  ldp x23, x24, [sp, #48]\n"
    "  ldp x25, x26, [sp, #64]\n  ldp x27, x28, [sp, #80]\n"
    "  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n"
    "  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
    "  ldp x29, x30, [sp], #176\n"
    "  ret\n");

/* ---- the start state ---- */

static uint64_t rng;

static uint64_t next(void)
{
    uint64_t z = rng += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static uint64_t int_value(void)
{
    uint64_t r = next();

    switch (next() % 9) {
    case 0: return r & 0xff;
    case 1: return -(r & 0xff);
    case 2: return 1ull << (r & 63);
    case 3: return (1ull << (r & 63)) - 1;
    case 4: return (uint32_t)r;
    case 5: return (uint64_t)(int64_t)(int32_t)r;
    case 6: return (r & 0xff) * 0x0101010101010101;
    case 7: return (uint64_t)INT64_MIN + (r & 3) - 1;
    default: return r;
    }
}

static const uint64_t f64_special[] = {
    0, 1ull << 63, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000,
    0x7ff8000000000000, 0x7ff8000000001234, 0xfff8000000000001, 0x7ff0000000000001,
    0xfff4000000000000, 1, 0x000fffffffffffff, 0x0010000000000000, 0x8000000000000123,
    0x7fefffffffffffff, 0x4000000000000000, 0x3fe0000000000000, 0x41dfffffffc00000,
    0xc1e0000000000000, 0x43e0000000000000, 0x43f0000000000000, 0x3fdfffffffffffff,
    0x4330000000000001, 0x3ff8000000000000, 0x47efffffe0000000, 0x3690000000000000,
};
static const uint32_t f32_special[] = {
    0, 1u << 31, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7fc01234,
    0xffc00001, 0x7f800001, 0xffa00000, 1, 0x007fffff, 0x00800000, 0x80000123, 0x7f7fffff,
    0x40000000, 0x3f000000, 0x4effffff, 0x4f000000, 0xcf000000, 0x4f800000, 0x5f000000,
    0x5f800000, 0x3effffff, 0x3fc00000, 0x477fe000, 0x33800000, 0x38800000, 0x387fc000,
};
static const uint16_t f16_special[] = {
    0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x7e12, 0xfe01, 0x7c01, 0xfd00, 1, 0x03ff,
    0x0400, 0x8012, 0x7bff, 0x4000, 0x3800,
};

#define PICK(table) table[next() % (sizeof(table) / sizeof(*table))]

static uint32_t f32_value(void)
{
    uint64_t r = next();

    switch (r >> 60 & 3) {
    case 0: return PICK(f32_special);
    case 1: return (uint32_t)(r & 0x80ffffff) | 0x3f000000;     /* near 1 */
    default: return (uint32_t)((r & 0x807fffff) | (0x60 + (r >> 40 & 63)) << 23);
    }
}

static uint64_t f64_value(void)
{
    uint64_t r = next();

    switch (next() % 4) {
    case 0: return PICK(f64_special);
    case 1: return (r & 0x801fffffffffffff) | 0x3fe0000000000000;
    default: return (r & 0x800fffffffffffff) | (0x3e0 + (r >> 53 & 63)) << 52;
    }
}

/* Products and quotients of these are around the least normal number, as is what converts. */
static uint64_t small_value(void)
{
    uint64_t r = next(), few = r & 7 ? 0x800c000000000001 : 0x800fffffffffffff;
    uint32_t few32 = r & 7 ? 0x80600003 : 0x807fffff;

    switch (r >> 60 & 3) {
    case 0: return (next() & few32) | (62 + (r >> 40 & 3)) << 23 |
                   ((next() & few32) | (0x3f0 + (r >> 50 & 3)) << 19) << 32;
    case 1: return (next() & few) | (0x3ff - 127 + (r >> 40 & 3)) << 52;
    case 2: return (next() & few) | (r >> 40 & 3) << 52;
    default: return (next() & few) | (0x1ff + (r >> 40 & 3)) << 52;
    }
}

static uint64_t lane_value(unsigned kind)
{
    uint64_t a = 0;

    switch (kind) {
    case 0: case 1: return f64_value();
    case 2: case 3: return f32_value() | (uint64_t)f32_value() << 32;
    case 4:
        for (int i = 0; i < 4; i++) {
            a = a << 16 | PICK(f16_special);
        }
        return a;
    case 5: return int_value();
    case 6: return small_value();
    default: return next();
    }
}

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
    for (int i = 0; i < 31; i++) {
        s->x[i] = int_value();
    }
    s->x[27] = 16 * (next() % 5);
    switch (next() % 16) {
    case 0: s->x[27] = -s->x[27]; break;
    case 1: s->x[27] |= 0x5500000000000000; break;
    case 2: s->x[27] = (uint32_t)-s->x[27] | 0x7700000000000000; break;
    }
    s->x[28] = SCRATCH_AREA + SCRATCH_BYTES / 2 + 16 * (next() % 8);
    s->sp = SCRATCH_AREA + SCRATCH_BYTES / 2;
    unsigned kind = (unsigned)next() % 8;       /* one sequence mostly sees one kind of data */
    for (int i = 0; i < 32; i++) {
        unsigned k = next() % 4 ? kind : (unsigned)(next() % 8);
        s->v[i][0] = lane_value(k);
        s->v[i][1] = next() % 5 ? lane_value(k) : 0;
    }
    s->nzcv = next() & 0xf0000000;
    s->fpcr = 0;
    if (next() % 4 == 0) {
        s->fpcr = (next() & 3) << 22;           /* rounding */
        s->fpcr |= next() % 4 ? 0 : 1u << 24;   /* FZ */
        s->fpcr |= next() % 4 ? 0 : 1u << 25;   /* DN */
        s->fpcr |= next() % 6 ? 0 : 1u << 26;   /* AHP */
    }
    s->fpsr = next() % 4 ? 0 : next() & 0x0800009f;
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

    out_state.events = mix(out_state.events, (uint64_t)sig << 32 | at % (SLOT_WORDS * 4));
    if (sig == SIGSEGV || sig == SIGBUS) {
        out_state.events = mix(out_state.events, (uint64_t)si->si_addr + (unsigned)si->si_code);
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

static uint64_t *scratch = (uint64_t *)SCRATCH_AREA;

static void run_one(const uint32_t *record, unsigned slot)
{
    static State in;

    make_state(&in, record[0]);
    memcpy(scratch, template_memory(), SCRATCH_BYTES);
    out_state.events = 0;
    out_state.n_events = 0;
    run_seq(&in, CODE_AREA + slot * SLOT_WORDS * 4);
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

    for (int i = 0; i < 31; i++) {
        printf("x%d 0x%lx\n", i, out_state.x[i]);
    }
    printf("sp 0x%lx\nnzcv 0x%lx\nfpcr 0x%lx\nfpsr 0x%lx\n", out_state.sp, out_state.nzcv,
           out_state.fpcr, out_state.fpsr);
    for (int i = 0; i < 32; i++) {
        printf("v%d 0x%016lx%016lx\n", i, out_state.v[i][1], out_state.v[i][0]);
    }
    printf("signals %u 0x%lx\n", out_state.n_events, out_state.events);
    for (unsigned i = 0; i < SCRATCH_BYTES / 8; i++) {
        if (scratch[i] != t[i]) {
            printf("[base%+d] 0x%016lx\n", (int)(i * 8) - SCRATCH_BYTES / 2, scratch[i]);
        }
    }
}

static void place(const uint32_t *record, unsigned slot)
{
    uint32_t *code = (uint32_t *)CODE_AREA + slot * SLOT_WORDS, n = record[1];
    uint64_t exit_at = (uint64_t)seq_exit;

    memcpy(code, record + 2, 4 * n);
    code[n++] = 0xd503201f;         /* nop: where a branch over the last instruction lands */
    code[n++] = 0x5800005b;         /* ldr x27, the address two words on */
    code[n++] = 0xd61f0360;         /* br x27 */
    memcpy(code + n, &exit_at, 8);
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
