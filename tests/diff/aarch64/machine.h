/* SPDX-License-Identifier: MIT */
/* machine.h: AArch64's part of tests/diff/machine.h. x27 is lost on the way to seq_exit. */
#pragma once

#include "tests/diff/machine.h"

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

/* A branch over the last instruction lands on the second word. */
static unsigned put_exit(uint8_t *at)
{
    const uint32_t code[] = { 0xd503201f,       /* nop */
                              0x5800005b,       /* ldr x27, the address two words on */
                              0xd61f0360 };     /* br x27 */
    uint64_t exit_at = (uint64_t)seq_exit;

    memcpy(at, code, sizeof(code));
    memcpy(at + sizeof(code), &exit_at, 8);
    return sizeof(code) + 8;
}

static inline uint64_t *context_pc(void *ctx)
{
    return (uint64_t *)&((ucontext_t *)ctx)->uc_mcontext.pc;
}

static inline unsigned insn_bytes(uint64_t pc)
{
    (void)pc;
    return 4;
}

/* Where in its slot a sequence of this seed begins. */
static inline unsigned code_skew(uint32_t seed)
{
    (void)seed;
    return 0;
}

static inline uint64_t random_fpcr(bool half)
{
    uint64_t r = next(), fpcr = (r & 3) << 22;          /* rounding */

    fpcr |= r >> 2 & 3 ? 0 : 1u << 24;                  /* FZ */
    fpcr |= r >> 4 & 3 ? 0 : 1u << 25;                  /* DN */
    fpcr |= r >> 6 & 3 ? 0 : 1u << 26;                  /* AHP */
    fpcr |= r >> 8 & 3 || !half ? 0 : 1u << 19;         /* FZ16 */
    return fpcr;
}

/* One in `mixed` registers holds another kind of data; half: FZ16 may be set. */
static inline void random_state(State *s, unsigned kind, unsigned mixed, bool half)
{
    for (int i = 0; i < 31; i++) {
        s->x[i] = int_value();
    }
    s->sp = int_value();
    for (int i = 0; i < 32; i++) {
        unsigned k = next() % mixed ? kind : (unsigned)(next() % 8);

        s->v[i][0] = lane_value(k);
        s->v[i][1] = next() % 5 ? lane_value(k) : 0;
    }
    s->nzcv = next() & 0xf0000000;
    s->fpcr = next() % 2 ? random_fpcr(half) : 0;
    s->fpsr = next() % 4 ? 0 : next() & 0x0800009f;
}

/* x28 and SP point there, x27 holds a small multiple of 16, now and then below zero or tagged. */
static inline void place_bases(State *s, uint64_t middle)
{
    s->x[27] = 16 * (next() % 5);
    switch (next() % 16) {
    case 0: s->x[27] = -s->x[27]; break;
    case 1: s->x[27] |= 0x5500000000000000; break;
    case 2: s->x[27] = (uint32_t)-s->x[27] | 0x7700000000000000; break;
    }
    s->x[28] = middle + 16 * (next() % 8);
    s->sp = middle;
}

static inline void print_regs(const State *s, const char *prefix)
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
