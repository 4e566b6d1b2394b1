/* SPDX-License-Identifier: MIT */
/*
 * rvv_guest.c: runs single vector instructions on states made from seeds and prints a hash of what
 * came of each; rvv.py writes the cases and compares the output of several emulators.
 *
 * usage: rvv_guest CASES [first [last]]   with a last one: the whole state of each case as text
 *
 * x10 points into an arena of two pages between pages without access, x14 near its end; x11 to x13
 * and x15 are numbers; x16 is an x destination. An instruction that faults or is undefined is left
 * through the signal handler; the state is saved all the same.
 */
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

/* As in rvv.py. */
typedef struct {
    uint32_t word;
    uint8_t kind;               /* KIND_ */
    uint8_t index;              /* bytes of indices in the registers, 0: none */
    uint8_t frm, vcsr;
    uint64_t vtype;
    uint16_t avl, vstart;
    uint32_t seed;
} Case;
enum { KIND_MEMORY = 1, KIND_WILD = 2 };

enum { MAX_VLENB = 32, ARENA = 8192, PAGE = 4096 };

/* Offsets are known to enter(). */
typedef struct {
    uint8_t v[32 * MAX_VLENB];  /* 0; packed by the true vlenb */
    uint64_t f[6];              /* 1024: f10 to f15 */
    uint64_t x[7];              /* 1072: x10 to x16 */
    uint64_t avl, vtype, vstart, frm, vcsr;     /* 1128 1136 1144 1152 1160 */
    uint64_t fflags, vl;        /* 1168 1176 */
    uint64_t code, sig, code_of, at;            /* 1184 1192 1200 1208 */
} State;
_Static_assert(offsetof(State, f) == 1024 && offsetof(State, avl) == 1128 &&
                   offsetof(State, code) == 1184,
               "as in enter()");

static uint8_t *arena;
static State state;

/* enter: state to registers, the code, registers to state. The code ends with jr t0. */
void enter(State *s);
extern char leave_case[];
__asm__(".option push\n.option arch, +v\n.option norelax\n.text\n.globl enter\nenter:\n"
        "addi sp, sp, -256\n"
        "sd ra, 0(sp)\nsd s0, 8(sp)\nsd s1, 16(sp)\nsd s2, 24(sp)\nsd s3, 32(sp)\nsd s4, 40(sp)\n"
        "mv s0, a0\n"
        "csrw vstart, zero\n"
        "csrr t1, vlenb\nslli t1, t1, 3\n"
        "mv t2, s0\nvl8re8.v v0, (t2)\nadd t2, t2, t1\nvl8re8.v v8, (t2)\nadd t2, t2, t1\n"
        "vl8re8.v v16, (t2)\nadd t2, t2, t1\nvl8re8.v v24, (t2)\n"
        "li t2, 1024\nadd t2, t2, s0\n"
        "fld f10, 0(t2)\nfld f11, 8(t2)\nfld f12, 16(t2)\nfld f13, 24(t2)\nfld f14, 32(t2)\n"
        "fld f15, 40(t2)\n"
        "ld x10, 48(t2)\nld x11, 56(t2)\nld x12, 64(t2)\nld x13, 72(t2)\nld x14, 80(t2)\n"
        "ld x15, 88(t2)\nld x16, 96(t2)\n"
        "ld t3, 104(t2)\nld t4, 112(t2)\nvsetvl zero, t3, t4\n"
        "ld t3, 136(t2)\ncsrw vcsr, t3\n"
        "csrw fflags, zero\n"
        "ld t3, 128(t2)\ncsrw frm, t3\n"
        "ld t4, 160(t2)\n"
        "ld t3, 120(t2)\n"
        "la t0, leave_case\n"
        "csrw vstart, t3\n"
        "jr t4\n"
        ".globl leave_case\nleave_case:\n"
        "li t2, 1024\nadd t2, t2, s0\n"
        "csrr t3, vstart\nsd t3, 120(t2)\n"
        "csrr t3, vl\nsd t3, 152(t2)\n"
        "csrr t3, vtype\nsd t3, 112(t2)\n"
        "csrr t3, vcsr\nsd t3, 136(t2)\n"
        "csrr t3, fflags\nsd t3, 144(t2)\n"
        "csrw frm, zero\ncsrw fflags, zero\n"
        "csrw vstart, zero\n"
        "fsd f10, 0(t2)\nfsd f11, 8(t2)\nfsd f12, 16(t2)\nfsd f13, 24(t2)\nfsd f14, 32(t2)\n"
        "fsd f15, 40(t2)\n"
        "sd x16, 96(t2)\n"
        "csrr t1, vlenb\nslli t1, t1, 3\n"
        "mv t2, s0\nvs8r.v v0, (t2)\nadd t2, t2, t1\nvs8r.v v8, (t2)\nadd t2, t2, t1\n"
        "vs8r.v v16, (t2)\nadd t2, t2, t1\nvs8r.v v24, (t2)\n"
        "ld ra, 0(sp)\nld s0, 8(sp)\nld s1, 16(sp)\nld s2, 24(sp)\nld s3, 32(sp)\nld s4, 40(sp)\n"
        "addi sp, sp, 256\n"
        "ret\n.option pop\n");

static uint64_t vlenb(void)
{
    uint64_t n;

    __asm__ volatile("csrr %0, 0xc22" : "=r"(n));
    return n;
}

/* ---- random numbers and operands ---- */

static uint64_t rng;

static uint64_t next(void)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng * 0x9e3779b97f4a7c15u;
}

static const uint16_t f16s[] = { 0x0000, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0x7d00,
                                 0xfe01, 0x0001, 0x83ff, 0x0400, 0x7bff, 0x3555, 0x4248, 0xfbff,
                                 0x7f80, 0xff80, 0x7fc0, 0x7fa0, 0x3f80, 0x0080, 0x477f, 0x5bf0 };
static const uint32_t f32s[] = { 0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
                                 0x7fc00000, 0x7fa00000, 0xffc00001, 1, 0x807fffff, 0x00800000,
                                 0x7f7fffff, 0x3eaaaaab, 0x40490fdb, 0xff7fffff, 0x4f000000,
                                 0xcf000000, 0x4effffff, 0x5f000000, 0x37ffe000, 0x38800000 };
static const uint64_t f64s[] = { 0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000,
                                 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
                                 0x7ff4000000000000, 0xfff8000000000001, 1, 0x800fffffffffffff,
                                 0x0010000000000000, 0x7fefffffffffffff, 0x3fd5555555555555,
                                 0x400921fb54442d18, 0xffefffffffffffff, 0x43e0000000000000,
                                 0x41dfffffffc00000, 0x47efffffe0000000, 0x36a0000000000000 };
#define PICK(a) (a[next() % (sizeof(a) / sizeof(a[0]))])

static uint64_t pick16x4(void)
{
    uint64_t x = 0;

    for (int i = 0; i < 4; i++)
        x = x << 16 | (next() % 3 ? PICK(f16s) : (next() & 0xffff));
    return x;
}

static uint64_t small8(void)
{
    uint64_t x = 0;

    for (int i = 0; i < 8; i++)
        x = x << 8 | (next() % 5 ? next() % 40 : 0x7f + next() % 3);
    return x;
}

static uint64_t operand(void)
{
    switch (next() % 10) {
    case 0: return 0;
    case 1: return ~0ull;
    case 2: return PICK(f64s);
    case 3: return (uint64_t)PICK(f32s) << 32 | PICK(f32s);
    case 4: return pick16x4();
    case 5: return small8();
    case 6: return (next() & 0x807fffff807fffff) | 0x3f8000003f800000;
    case 7: return 0x8000000000000000 >> next() % 64;
    default: return next();
    }
}

static uint64_t float_register(void)
{
    switch (next() % 5) {
    case 0: return 0xffffffff00000000 | PICK(f32s);
    case 1: return 0xffffffffffff0000 | PICK(f16s);
    case 2: return PICK(f64s);
    case 3: return 0xffffffff00000000 | (uint32_t)next();
    default: return next() << 32 | PICK(f32s);
    }
}

static void prepare(const Case *c)
{
    uint64_t bytes = 32 * vlenb();

    memset(&state, 0, sizeof(state));
    rng = c->seed * 0x9e3779b97f4a7c15u + 0x123456789;
    next();
    for (uint64_t i = 0; i < bytes / 8; i++)
        ((uint64_t *)state.v)[i] = c->index ? next() : operand();
    if (c->index && !(c->kind & KIND_WILD)) {
        for (uint64_t i = 0; i < bytes; i++) {
            unsigned byte = i % c->index;

            if (byte == 1)
                state.v[i] &= 0x0f;
            else if (byte)
                state.v[i] = 0;
        }
        /* v0 is a mask, too. */
        for (uint64_t i = 0; i < vlenb(); i++)
            state.v[i] = (uint8_t)next();
    }
    for (int i = 0; i < 6; i++)
        state.f[i] = float_register();
    state.x[0] = (uint64_t)arena + 2048 + (next() & 3 ? 0 : next() % 64);
    state.x[1] = operand();
    state.x[2] = next() % 40;
    state.x[3] = next() % 4 ? next() % 33 - 16 : next() % 256;
    state.x[4] = (uint64_t)arena + ARENA - next() % 160;
    state.x[5] = next() % 2 ? next() : -(next() % 300);
    state.x[6] = 0x1616161616161616;
    state.avl = c->avl;
    state.vtype = c->vtype;
    state.vstart = c->vstart;
    state.frm = c->frm;
    state.vcsr = c->vcsr;
    if (c->kind & KIND_MEMORY) {
        for (int i = 0; i < ARENA / 8; i++)
            ((uint64_t *)arena)[i] = 0x0101010101010101u * (uint64_t)i + 0x0706050403020100u + c->seed;
    }
}

/* ---- signals ---- */

static void on_signal(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    uint64_t at = (uint64_t)info->si_addr;

    state.sig = (uint64_t)sig;
    state.code_of = (uint64_t)info->si_code;
    state.at = sig == SIGILL ? 0 : at - (uint64_t)arena;
    uc->uc_mcontext.__gregs[REG_PC] = (unsigned long)leave_case;
}

/* ---- results ---- */

static uint64_t mix(uint64_t h, const void *p, uint64_t n)
{
    const uint64_t *w = p;

    for (uint64_t i = 0; i < n / 8; i++)
        h = (h ^ w[i]) * 0x100000001b3u ^ h >> 29;
    return h;
}

static void show(const Case *c, unsigned number)
{
    uint64_t n = vlenb();

    printf("case %u word %08x vtype %lx avl %u vstart %u\n", number, c->word, c->vtype, c->avl,
           c->vstart);
    for (unsigned r = 0; r < 32; r++) {
        printf("v%u", r);
        for (uint64_t i = n; i-- > 0;)
            printf("%s%02x", i % 8 == 7 ? " " : "", state.v[r * n + i]);
        printf("\n");
    }
    for (int i = 0; i < 6; i++)
        printf("f%d %016lx\n", 10 + i, state.f[i]);
    for (int i = 0; i < 7; i++)
        printf("x%d %016lx\n", 10 + i, i == 0 || i == 4 ? state.x[i] - (uint64_t)arena : state.x[i]);
    printf("vl %lu\nvtype %lx\nvstart %lu\nvcsr %lu\nfflags %lx\n", state.vl, state.vtype,
           state.vstart, state.vcsr, state.fflags);
    printf("sig %lu code %lu at %ld\n", state.sig, state.code_of, (long)state.at);
    printf("memory %016lx\n", mix(1, arena, ARENA));
}

static uint64_t result(const Case *c)
{
    uint64_t h = mix(7, state.v, 32 * vlenb());

    if (state.sig)      /* what else is in the state may depend on how far it came */
        return (state.sig << 8 | state.code_of) ^ (state.sig == SIGILL ? h << 20 : 0);
    h = mix(h, state.f, sizeof(state.f));
    h = mix(h, &state.x[6], 8);
    h = mix(h, &state.vtype, 16);
    h = mix(h, &state.vcsr, 24);
    return c->kind & KIND_MEMORY ? mix(h, arena, ARENA) : h;
}

/* everything: of a case that ended with a signal, for emulators that should stop at the same place. */
static uint64_t everything(const Case *c)
{
    uint64_t h = mix(7, &state, sizeof(state.v) + sizeof(state.f)), x = state.x[6] ^ state.at;

    h = mix(mix(h, &x, 8), &state.vtype, 8);
    h = mix(mix(h, &state.vstart, 8), &state.vcsr, 24);
    return c->kind & KIND_MEMORY ? mix(h, arena, ARENA) : h;
}

int main(int argc, char **argv)
{
    struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
    int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return 2;
    Case *c = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    unsigned n = (unsigned)((size_t)st.st_size / sizeof(Case));
    unsigned first = argc > 2 ? (unsigned)atoi(argv[2]) : 0, last = argc > 3 ? (unsigned)atoi(argv[3]) : n;
    uint32_t *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned at = 0;
    uint8_t *all = mmap(NULL, ARENA + 32 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    arena = all + 16 * PAGE;
    mprotect(arena, ARENA, PROT_READ | PROT_WRITE);
    sigaction(SIGILL, &sa, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    sigaction(SIGBUS, &sa, NULL);
    printf("vlenb %lu\n", vlenb());
    for (unsigned i = first; i < last && i < n; i++) {
        /* A place of its own for each word: runs of one word are translated once. */
        if (i == first || c[i].word != c[i - 1].word) {
            at = (at + 2) % (PAGE / 4);
            code[at] = c[i].word;
            code[at + 1] = 0x00028067;      /* jr t0 */
            __builtin___clear_cache((char *)(code + at), (char *)(code + at + 2));
        }
        prepare(&c[i]);
        state.code = (uint64_t)(code + at);
        enter(&state);
        if (argc > 3)
            show(&c[i], i);
        else
            printf("%016lx %lu %016lx\n", result(&c[i]), state.sig, everything(&c[i]));
        /* Should the emulator itself fail, what it did before is known. */
        fflush(stdout);
    }
    return 0;
}
