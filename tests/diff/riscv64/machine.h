/* SPDX-License-Identifier: MIT */
/*
 * machine.h: RISC-V's part of tests/diff/machine.h. x31 is lost on the way to seq_exit. gp and tp
 * are registers like all others: programs are linked without relaxation, and neither the code
 * between run_seq() and seq_exit nor the signal handlers use thread data.
 */
#pragma once

#include "tests/diff/machine.h"

typedef struct {
    uint64_t x[32];             /* x[0] is 0 */
    uint64_t f[32];
    uint64_t fcsr;
    uint64_t events;            /* hash of signals */
    unsigned n_events;
} State;
_Static_assert(offsetof(State, f) == 256 && offsetof(State, fcsr) == 512, "known to run_seq");

void run_seq(const State *in, uint64_t code);
void seq_exit(void);
State out_state;
uint64_t harness_sp, harness_word;

asm(".text\n.globl run_seq, seq_exit\n"
    "run_seq:\n"
    "  addi sp, sp, -224\n"
    "  sd ra, 0(sp)\n  sd gp, 8(sp)\n  sd tp, 16(sp)\n  sd s0, 24(sp)\n"
    "  sd s1, 32(sp)\n  sd s2, 40(sp)\n  sd s3, 48(sp)\n  sd s4, 56(sp)\n"
    "  sd s5, 64(sp)\n  sd s6, 72(sp)\n  sd s7, 80(sp)\n  sd s8, 88(sp)\n"
    "  sd s9, 96(sp)\n  sd s10, 104(sp)\n  sd s11, 112(sp)\n"
    "  fsd fs0, 120(sp)\n  fsd fs1, 128(sp)\n  fsd fs2, 136(sp)\n  fsd fs3, 144(sp)\n"
    "  fsd fs4, 152(sp)\n  fsd fs5, 160(sp)\n  fsd fs6, 168(sp)\n  fsd fs7, 176(sp)\n"
    "  fsd fs8, 184(sp)\n  fsd fs9, 192(sp)\n  fsd fs10, 200(sp)\n  fsd fs11, 208(sp)\n"
    "  la t0, harness_sp\n  sd sp, 0(t0)\n"
    "  la t0, harness_word\n  sc.d t1, zero, (t0)\n"      /* drops what LR may hold */
    "  mv t6, a1\n"
    "  ld t0, 512(a0)\n  fscsr t0\n"
    "  fld f0, 256(a0)\n  fld f1, 264(a0)\n  fld f2, 272(a0)\n  fld f3, 280(a0)\n"
    "  fld f4, 288(a0)\n  fld f5, 296(a0)\n  fld f6, 304(a0)\n  fld f7, 312(a0)\n"
    "  fld f8, 320(a0)\n  fld f9, 328(a0)\n  fld f10, 336(a0)\n  fld f11, 344(a0)\n"
    "  fld f12, 352(a0)\n  fld f13, 360(a0)\n  fld f14, 368(a0)\n  fld f15, 376(a0)\n"
    "  fld f16, 384(a0)\n  fld f17, 392(a0)\n  fld f18, 400(a0)\n  fld f19, 408(a0)\n"
    "  fld f20, 416(a0)\n  fld f21, 424(a0)\n  fld f22, 432(a0)\n  fld f23, 440(a0)\n"
    "  fld f24, 448(a0)\n  fld f25, 456(a0)\n  fld f26, 464(a0)\n  fld f27, 472(a0)\n"
    "  fld f28, 480(a0)\n  fld f29, 488(a0)\n  fld f30, 496(a0)\n  fld f31, 504(a0)\n"
    "  ld x1, 8(a0)\n  ld x2, 16(a0)\n  ld x3, 24(a0)\n  ld x4, 32(a0)\n"
    "  ld x5, 40(a0)\n  ld x6, 48(a0)\n  ld x7, 56(a0)\n  ld x8, 64(a0)\n"
    "  ld x9, 72(a0)\n  ld x11, 88(a0)\n  ld x12, 96(a0)\n  ld x13, 104(a0)\n"
    "  ld x14, 112(a0)\n  ld x15, 120(a0)\n  ld x16, 128(a0)\n  ld x17, 136(a0)\n"
    "  ld x18, 144(a0)\n  ld x19, 152(a0)\n  ld x20, 160(a0)\n  ld x21, 168(a0)\n"
    "  ld x22, 176(a0)\n  ld x23, 184(a0)\n  ld x24, 192(a0)\n  ld x25, 200(a0)\n"
    "  ld x26, 208(a0)\n  ld x27, 216(a0)\n  ld x28, 224(a0)\n  ld x29, 232(a0)\n"
    "  ld x30, 240(a0)\n"
    "  ld x10, 80(a0)\n"
    "  jr t6\n"
    "seq_exit:\n"
    "  la t6, out_state\n"
    "  sd x1, 8(t6)\n  sd x2, 16(t6)\n  sd x3, 24(t6)\n  sd x4, 32(t6)\n"
    "  sd x5, 40(t6)\n  sd x6, 48(t6)\n  sd x7, 56(t6)\n  sd x8, 64(t6)\n"
    "  sd x9, 72(t6)\n  sd x10, 80(t6)\n  sd x11, 88(t6)\n  sd x12, 96(t6)\n"
    "  sd x13, 104(t6)\n  sd x14, 112(t6)\n  sd x15, 120(t6)\n  sd x16, 128(t6)\n"
    "  sd x17, 136(t6)\n  sd x18, 144(t6)\n  sd x19, 152(t6)\n  sd x20, 160(t6)\n"
    "  sd x21, 168(t6)\n  sd x22, 176(t6)\n  sd x23, 184(t6)\n  sd x24, 192(t6)\n"
    "  sd x25, 200(t6)\n  sd x26, 208(t6)\n  sd x27, 216(t6)\n  sd x28, 224(t6)\n"
    "  sd x29, 232(t6)\n  sd x30, 240(t6)\n"
    "  sd zero, 248(t6)\n"
    "  frcsr t0\n  sd t0, 512(t6)\n  fscsr zero\n"
    "  fsd f0, 256(t6)\n  fsd f1, 264(t6)\n  fsd f2, 272(t6)\n  fsd f3, 280(t6)\n"
    "  fsd f4, 288(t6)\n  fsd f5, 296(t6)\n  fsd f6, 304(t6)\n  fsd f7, 312(t6)\n"
    "  fsd f8, 320(t6)\n  fsd f9, 328(t6)\n  fsd f10, 336(t6)\n  fsd f11, 344(t6)\n"
    "  fsd f12, 352(t6)\n  fsd f13, 360(t6)\n  fsd f14, 368(t6)\n  fsd f15, 376(t6)\n"
    "  fsd f16, 384(t6)\n  fsd f17, 392(t6)\n  fsd f18, 400(t6)\n  fsd f19, 408(t6)\n"
    "  fsd f20, 416(t6)\n  fsd f21, 424(t6)\n  fsd f22, 432(t6)\n  fsd f23, 440(t6)\n"
    "  fsd f24, 448(t6)\n  fsd f25, 456(t6)\n  fsd f26, 464(t6)\n  fsd f27, 472(t6)\n"
    "  fsd f28, 480(t6)\n  fsd f29, 488(t6)\n  fsd f30, 496(t6)\n  fsd f31, 504(t6)\n"
    "  la t0, harness_sp\n  ld sp, 0(t0)\n"
    "  ld ra, 0(sp)\n  ld gp, 8(sp)\n  ld tp, 16(sp)\n  ld s0, 24(sp)\n"
    "  ld s1, 32(sp)\n  ld s2, 40(sp)\n  ld s3, 48(sp)\n  ld s4, 56(sp)\n"
    "  ld s5, 64(sp)\n  ld s6, 72(sp)\n  ld s7, 80(sp)\n  ld s8, 88(sp)\n"
    "  ld s9, 96(sp)\n  ld s10, 104(sp)\n  ld s11, 112(sp)\n"
    "  fld fs0, 120(sp)\n  fld fs1, 128(sp)\n  fld fs2, 136(sp)\n  fld fs3, 144(sp)\n"
    "  fld fs4, 152(sp)\n  fld fs5, 160(sp)\n  fld fs6, 168(sp)\n  fld fs7, 176(sp)\n"
    "  fld fs8, 184(sp)\n  fld fs9, 192(sp)\n  fld fs10, 200(sp)\n  fld fs11, 208(sp)\n"
    "  addi sp, sp, 224\n"
    "  ret\n");

/* A branch over the last instruction lands on the second word. */
static unsigned put_exit(uint8_t *at)
{
    const uint32_t code[] = { 0x00000013,       /* nop */
                              0x00000f97,       /* auipc x31, 0 */
                              0x00cfbf83,       /* ld x31, 12(x31) */
                              0x000f8067 };     /* jr x31 */
    uint64_t exit_at = (uint64_t)seq_exit;

    memcpy(at, code, sizeof(code));
    memcpy(at + sizeof(code), &exit_at, 8);
    return sizeof(code) + 8;
}

static inline uint64_t *context_pc(void *ctx)
{
    return (uint64_t *)&((ucontext_t *)ctx)->uc_mcontext.__gregs[REG_PC];
}

static inline unsigned insn_bytes(uint64_t pc)
{
    return (*(const uint8_t *)pc & 3) == 3 ? 4 : 2;
}

/* Where in its slot a sequence of this seed begins: instructions may lie across words. */
static inline unsigned code_skew(uint32_t seed)
{
    return seed & 1 ? 2 : 0;
}

/* Kinds as of lane_value(): a single or half is boxed, one in eight times not. */
static inline uint64_t random_f(unsigned kind)
{
    uint64_t v = lane_value(kind), boxed = next() % 8 ? ~0ull : next();

    return kind == 2 || kind == 3 ? boxed << 32 | (uint32_t)v
           : kind == 4            ? boxed << 16 | (uint16_t)v
                                  : v;
}

/* One in `mixed` registers holds another kind of data. */
static inline void random_state(State *s, unsigned kind, unsigned mixed, bool half)
{
    (void)half;
    s->x[0] = 0;
    for (int i = 1; i < 32; i++) {
        s->x[i] = int_value();
    }
    s->x[31] = 0;
    for (int i = 0; i < 32; i++) {
        s->f[i] = random_f(next() % mixed ? kind : (unsigned)(next() % 8));
    }
    s->fcsr = next() % 4 ? 0 : next() & 31;
    s->fcsr |= next() % 2 ? next() % (next() % 8 ? 5 : 8) << 5 : 0;
}

/* x8 and sp point there. */
static inline void place_bases(State *s, uint64_t middle)
{
    s->x[8] = middle + 16 * (next() % 8);
    s->x[2] = middle;
}

static inline void print_regs(const State *s, const char *prefix)
{
    for (int i = 1; i < 32; i++) {
        printf("%sx%d 0x%lx\n", prefix, i, s->x[i]);
    }
    printf("%sfcsr 0x%lx\n", prefix, s->fcsr);
    for (int i = 0; i < 32; i++) {
        printf("%sf%d 0x%016lx\n", prefix, i, s->f[i]);
    }
}
