/* SPDX-License-Identifier: MIT */
/*
 * asm.h: encodes x86-64 instructions, one short inline function per instruction shape.
 *
 * An Asm writes at p. Nothing checks for room: before each unit of work the user makes sure
 * that at least ASM_ROOM bytes are left up to end, and no unit writes more.
 *
 * Conventions
 *   w        0: 32-bit operation (upper half of the register zeroed), 1: 64-bit
 *   bytes    1, 2, 4, 8: size of a memory operand or of a register's part
 *   d, s     destination first, as in the manuals; int register numbers
 *   _rr _rm _mr _ri _mi    kinds of the operands: register, memory, immediate
 *
 * Vector operations take three operands whatever the host: with has_avx they are VEX encoded,
 * else the legacy form is preceded by a copy of a to d where needed. When d == b and the
 * operation does not commute, the legacy form goes through XMM15, so xmm15 holds nothing
 * across vop3 calls of rules. Memory operands of legacy vector operations must be 16-byte
 * aligned (movups and moves of lanes excepted).
 *
 * Mem with base MEM_RIP names a label: disp is the label's number, and the place of its
 * displacement is appended to as->fix, for the user to resolve with asm_fix().
 */
#pragma once

#include "translate/base/base.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };
enum { XMM0, XMM1, XMM2, XMM3, XMM4, XMM5, XMM6, XMM7, XMM8, XMM9, XMM10, XMM11, XMM12, XMM13,
       XMM14, XMM15 };

/* Conditions as in jcc, setcc, cmovcc; pairs differ in the lowest bit, which negates. */
enum { CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L,
       CC_GE, CC_LE, CC_G, CC_C = CC_B, CC_NC = CC_AE, CC_Z = CC_E, CC_NZ = CC_NE };

enum { ASM_ROOM = 1024 };

/* A label's displacement field: rip at run time is at + 4 + tail. */
typedef struct {
    uint8_t *at;
    int32_t label;
    uint8_t tail;
} AsmFix;

typedef struct {
    uint8_t *p, *end;
    bool has_avx;
    AsmFix *fix;            /* room for MEM_RIP operands; NULL when none are used */
    unsigned n_fix, cap_fix;
    uint8_t vex_l;          /* 4: vector operations are 256 bits wide (VEX only); else 0 */
} Asm;

enum { MEM_NONE = -1, MEM_RIP = -2 };

/* base + (index << scale) + disp */
typedef struct {
    int8_t base;            /* register, MEM_NONE or MEM_RIP */
    int8_t index;           /* register other than RSP, or MEM_NONE */
    uint8_t scale;          /* 0 to 3 */
    bool wraps32;           /* the sum is taken modulo 2^32 (address-size prefix); not with MEM_RIP */
    int32_t disp;
} Mem;

static inline Mem mem_b(int base, int32_t disp)
{
    return (Mem){ (int8_t)base, MEM_NONE, 0, false, disp };
}

static inline Mem mem_bi(int base, int index, unsigned scale, int32_t disp)
{
    return (Mem){ (int8_t)base, (int8_t)index, (uint8_t)scale, false, disp };
}

static inline Mem mem_label(int32_t label)
{
    return (Mem){ MEM_RIP, MEM_NONE, 0, false, label };
}

/* asm_fix: resolve fixup f to target. Returns false when it is out of reach. */
static inline bool asm_fix(const AsmFix *f, const uint8_t *target)
{
    int64_t rel = target - (f->at + 4 + f->tail);
    int32_t rel32 = (int32_t)rel;

    memcpy(f->at, &rel32, 4);
    return rel == rel32;
}

/* ---- raw data ---- */

static inline void asm_8(Asm *as, unsigned v)
{
    *as->p++ = (uint8_t)v;
}

static inline void asm_16(Asm *as, unsigned v)
{
    uint16_t x = (uint16_t)v;

    memcpy(as->p, &x, 2);
    as->p += 2;
}

static inline void asm_32(Asm *as, uint32_t v)
{
    memcpy(as->p, &v, 4);
    as->p += 4;
}

static inline void asm_64(Asm *as, uint64_t v)
{
    memcpy(as->p, &v, 8);
    as->p += 8;
}

static inline void asm_imm(Asm *as, unsigned bytes, int64_t v)
{
    memcpy(as->p, &v, 8);
    as->p += bytes;
}

static inline bool asm_fits8(int64_t v)
{
    return v == (int8_t)v;
}

static inline bool asm_fits32(int64_t v)
{
    return v == (int32_t)v;
}

/* ---- the parts of an encoding ----
 * Opcodes are written with their escape bytes as one number: 0x88, 0x0faf, 0x0f38f0. */

static inline void asm_opcode(Asm *as, unsigned opc)
{
    if (opc > 0xffff)
        asm_8(as, opc >> 16);
    if (opc > 0xff)
        asm_8(as, opc >> 8);
    asm_8(as, opc);
}

/* asm_modrm_m: ModRM, SIB and displacement; tail: bytes of the instruction that follow. */
static inline void asm_modrm_m(Asm *as, int reg, Mem m, unsigned tail)
{
    unsigned r = (reg & 7u) << 3, mod;

    if (m.base == MEM_RIP) {
        asm_8(as, r | 5);
        if (as->n_fix < as->cap_fix)
            as->fix[as->n_fix] = (AsmFix){ as->p, m.disp, (uint8_t)tail };
        as->n_fix++;
        asm_32(as, 0);
        return;
    }
    if (m.base == MEM_NONE) {
        asm_8(as, r | 4);
        asm_8(as, m.index == MEM_NONE ? 0x25 : (unsigned)m.scale << 6 | (m.index & 7u) << 3 | 5);
        asm_32(as, (uint32_t)m.disp);
        return;
    }
    mod = m.disp == 0 && (m.base & 7) != 5 ? 0 : asm_fits8(m.disp) ? 0x40 : 0x80;
    if (m.index != MEM_NONE || (m.base & 7) == 4) {
        asm_8(as, mod | r | 4);
        asm_8(as, (unsigned)m.scale << 6 | (m.index == MEM_NONE ? 4u : m.index & 7u) << 3 |
                      (m.base & 7u));
    } else {
        asm_8(as, mod | r | (m.base & 7u));
    }
    if (mod == 0x40)
        asm_8(as, (unsigned)m.disp);
    else if (mod == 0x80)
        asm_32(as, (uint32_t)m.disp);
}

/* asm_address_size: the prefix of a memory operand that wraps; comes before all else. */
static inline void asm_address_size(Asm *as, Mem m)
{
    if (m.wraps32)
        asm_8(as, 0x67);
}

/* REX bits of a memory operand: X and B. */
static inline unsigned asm_rex_m(Mem m)
{
    return (m.index > 7 ? 2u : 0) | (m.base > 7 ? 1u : 0);
}

/*
 * asm_op_rr, asm_op_rm: prefix (0 for none), REX, opcode, ModRM. byte_reg: a register of 4 to 7
 * among the byte operands, which needs an empty REX (spl to dil, not ah to bh).
 */
static inline void asm_op_rr(Asm *as, unsigned prefix, int w, unsigned opc, int reg, int rm,
                             bool byte_reg)
{
    unsigned rex = (unsigned)w << 3 | ((unsigned)reg >> 3 & 1) << 2 | ((unsigned)rm >> 3 & 1);

    if (prefix)
        asm_8(as, prefix);
    if (rex || byte_reg)
        asm_8(as, 0x40 | rex);
    asm_opcode(as, opc);
    asm_8(as, 0xc0 | (reg & 7u) << 3 | (rm & 7u));
}

static inline void asm_op_rm(Asm *as, unsigned prefix, int w, unsigned opc, int reg, Mem m,
                             unsigned tail, bool byte_reg)
{
    unsigned rex = (unsigned)w << 3 | ((unsigned)reg >> 3 & 1) << 2 | asm_rex_m(m);

    asm_address_size(as, m);
    if (prefix)
        asm_8(as, prefix);
    if (rex || byte_reg)
        asm_8(as, 0x40 | rex);
    asm_opcode(as, opc);
    asm_modrm_m(as, reg, m, tail);
}

/* The usual sized form: opcode opc for 16 bits and more, opc - 1 for bytes. */
static inline void asm_sized_rr(Asm *as, unsigned bytes, unsigned opc, int reg, int rm)
{
    asm_op_rr(as, bytes == 2 ? 0x66 : 0, bytes == 8, opc - (bytes == 1), reg, rm,
              bytes == 1 && (reg > 3 || rm > 3));
}

static inline void asm_sized_rm(Asm *as, unsigned bytes, unsigned opc, int reg, Mem m,
                                unsigned tail)
{
    asm_op_rm(as, bytes == 2 ? 0x66 : 0, bytes == 8, opc - (bytes == 1), reg, m, tail,
              bytes == 1 && reg > 3);
}

/* The same where reg is an opcode digit. */
static inline void asm_digit_m(Asm *as, unsigned bytes, unsigned opc, int digit, Mem m,
                               unsigned tail)
{
    asm_op_rm(as, bytes == 2 ? 0x66 : 0, bytes == 8, opc - (bytes == 1), digit, m, tail, false);
}

/* ---- moves ---- */

static inline void asm_mov_rr(Asm *as, int w, int d, int s)
{
    asm_op_rr(as, 0, w, 0x8b, d, s, false);
}

/* asm_mov_ri: d = v, all 64 bits, shortest form that leaves the flags alone. */
static inline void asm_mov_ri(Asm *as, int d, uint64_t v)
{
    if (v == (uint32_t)v) {
        if (d > 7)
            asm_8(as, 0x41);
        asm_8(as, 0xb8 | (d & 7u));
        asm_32(as, (uint32_t)v);
    } else if (asm_fits32((int64_t)v)) {
        asm_op_rr(as, 0, 1, 0xc7, 0, d, false);
        asm_32(as, (uint32_t)v);
    } else {
        asm_8(as, d > 7 ? 0x49 : 0x48);
        asm_8(as, 0xb8 | (d & 7u));
        asm_64(as, v);
    }
}

/* asm_mov_ri64: always the ten-byte form; returns where the immediate is. */
static inline uint8_t *asm_mov_ri64(Asm *as, int d, uint64_t v)
{
    asm_8(as, d > 7 ? 0x49 : 0x48);
    asm_8(as, 0xb8 | (d & 7u));
    asm_64(as, v);
    return as->p - 8;
}

static inline void asm_mov_rm(Asm *as, int w, int d, Mem m)
{
    asm_op_rm(as, 0, w, 0x8b, d, m, 0, false);
}

static inline void asm_mov_mr(Asm *as, unsigned bytes, Mem m, int s)
{
    asm_sized_rm(as, bytes, 0x89, s, m, 0);
}

/* asm_mov_mi: v is sign-extended from 32 bits for 8 bytes. */
static inline void asm_mov_mi(Asm *as, unsigned bytes, Mem m, int32_t v)
{
    unsigned n = bytes == 8 ? 4 : bytes;

    asm_digit_m(as, bytes, 0xc7, 0, m, n);
    asm_imm(as, n, v);
}

/* asm_movzx_rr, asm_movzx_rm: d = the low bytes (1, 2, 4, 8), zero-extended to 64 bits. */
static inline void asm_movzx_rr(Asm *as, unsigned bytes, int d, int s)
{
    if (bytes >= 4)
        asm_mov_rr(as, bytes == 8, d, s);
    else
        asm_op_rr(as, 0, 0, bytes == 1 ? 0x0fb6 : 0x0fb7, d, s, bytes == 1 && s > 3);
}

static inline void asm_movzx_rm(Asm *as, unsigned bytes, int d, Mem m)
{
    if (bytes >= 4)
        asm_mov_rm(as, bytes == 8, d, m);
    else
        asm_op_rm(as, 0, 0, bytes == 1 ? 0x0fb6 : 0x0fb7, d, m, 0, false);
}

/* asm_movsx_rr, asm_movsx_rm: the same, sign-extended to 32 (w = 0) or 64 bits. */
static inline void asm_movsx_rr(Asm *as, int w, unsigned bytes, int d, int s)
{
    if (bytes == 8 || (bytes == 4 && !w))
        asm_mov_rr(as, w, d, s);
    else
        asm_op_rr(as, 0, w, bytes == 4 ? 0x63 : bytes == 1 ? 0x0fbe : 0x0fbf, d, s,
                  bytes == 1 && s > 3);
}

static inline void asm_movsx_rm(Asm *as, int w, unsigned bytes, int d, Mem m)
{
    if (bytes == 8 || (bytes == 4 && !w))
        asm_mov_rm(as, w, d, m);
    else
        asm_op_rm(as, 0, w, bytes == 4 ? 0x63 : bytes == 1 ? 0x0fbe : 0x0fbf, d, m, 0, false);
}

static inline void asm_lea(Asm *as, int w, int d, Mem m)
{
    asm_op_rm(as, 0, w, 0x8d, d, m, 0, false);
}

static inline void asm_xchg_rr(Asm *as, int w, int a, int b)
{
    asm_op_rr(as, 0, w, 0x87, a, b, false);
}

/* asm_xchg_mr: atomic, a full barrier. */
static inline void asm_xchg_mr(Asm *as, unsigned bytes, Mem m, int r)
{
    asm_sized_rm(as, bytes, 0x87, r, m, 0);
}

static inline void asm_bswap(Asm *as, int w, int d)
{
    unsigned rex = (unsigned)w << 3 | (d > 7);

    if (rex)
        asm_8(as, 0x40 | rex);
    asm_8(as, 0x0f);
    asm_8(as, 0xc8 | (d & 7u));
}

/* asm_movbe_rm, asm_movbe_mr: bytes 2, 4 or 8; a 2-byte load leaves the rest of d. */
static inline void asm_movbe_rm(Asm *as, unsigned bytes, int d, Mem m)
{
    asm_op_rm(as, bytes == 2 ? 0x66 : 0, bytes == 8, 0x0f38f0, d, m, 0, false);
}

static inline void asm_movbe_mr(Asm *as, unsigned bytes, Mem m, int s)
{
    asm_op_rm(as, bytes == 2 ? 0x66 : 0, bytes == 8, 0x0f38f1, s, m, 0, false);
}

static inline void asm_push(Asm *as, int r)
{
    if (r > 7)
        asm_8(as, 0x41);
    asm_8(as, 0x50 | (r & 7u));
}

static inline void asm_pop(Asm *as, int r)
{
    if (r > 7)
        asm_8(as, 0x41);
    asm_8(as, 0x58 | (r & 7u));
}

static inline void asm_push_i(Asm *as, int32_t v)
{
    bool small = asm_fits8(v);

    asm_8(as, small ? 0x6a : 0x68);
    asm_imm(as, small ? 1 : 4, v);
}

static inline void asm_push_m(Asm *as, Mem m)
{
    asm_op_rm(as, 0, 0, 0xff, 6, m, 0, false);
}

static inline void asm_pop_m(Asm *as, Mem m)
{
    asm_op_rm(as, 0, 0, 0x8f, 0, m, 0, false);
}

/* ---- arithmetic ---- */

typedef enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP } AluOp;

static inline void asm_alu_rr(Asm *as, int w, AluOp op, int d, int s)
{
    asm_op_rr(as, 0, w, op << 3 | 3, d, s, false);
}

static inline void asm_alu_rm(Asm *as, int w, AluOp op, int d, Mem m)
{
    asm_op_rm(as, 0, w, op << 3 | 3, d, m, 0, false);
}

static inline void asm_alu_mr(Asm *as, unsigned bytes, AluOp op, Mem m, int s)
{
    asm_sized_rm(as, bytes, op << 3 | 1, s, m, 0);
}

static inline void asm_alu_ri(Asm *as, int w, AluOp op, int d, int32_t v)
{
    if (asm_fits8(v)) {
        asm_op_rr(as, 0, w, 0x83, op, d, false);
        asm_8(as, (unsigned)v);
    } else if (d == RAX) {
        if (w)
            asm_8(as, 0x48);
        asm_8(as, op << 3 | 5);
        asm_32(as, (uint32_t)v);
    } else {
        asm_op_rr(as, 0, w, 0x81, op, d, false);
        asm_32(as, (uint32_t)v);
    }
}

static inline void asm_alu_mi(Asm *as, unsigned bytes, AluOp op, Mem m, int32_t v)
{
    bool small = bytes == 1 || asm_fits8(bytes == 2 ? (int16_t)v : v);
    unsigned n = small ? 1 : bytes == 2 ? 2 : 4;

    asm_digit_m(as, bytes, bytes > 1 && small ? 0x83 : 0x81, op, m, n);
    asm_imm(as, n, v);
}

/* asm_alu_small_rr, _ri: on the low 1 or 2 bytes of registers; the rest of d stays. */
static inline void asm_alu_small_rr(Asm *as, unsigned bytes, AluOp op, int d, int s)
{
    asm_sized_rr(as, bytes, op << 3 | 3, d, s);
}

static inline void asm_alu_small_ri(Asm *as, unsigned bytes, AluOp op, int d, int32_t v)
{
    bool small = bytes == 1 || asm_fits8((int16_t)v);

    asm_op_rr(as, bytes == 2 ? 0x66 : 0, 0, bytes == 1 ? 0x80 : small ? 0x83 : 0x81, op, d,
              bytes == 1 && d > 3);
    asm_imm(as, small ? 1 : 2, v);
}

static inline void asm_test_rr(Asm *as, int w, int a, int b)
{
    asm_op_rr(as, 0, w, 0x85, b, a, false);
}

static inline void asm_test_small_rr(Asm *as, unsigned bytes, int a, int b)
{
    asm_sized_rr(as, bytes, 0x85, b, a);
}

/* asm_test_ri: the shortest form that gives the same Z and S. */
static inline void asm_test_ri(Asm *as, int w, int a, int32_t v)
{
    if (v >= 0 && v < 0x80) {
        if (a == RAX) {
            asm_8(as, 0xa8);
        } else {
            asm_op_rr(as, 0, 0, 0xf6, 0, a, a > 3);
        }
        asm_8(as, (unsigned)v);
        return;
    }
    asm_op_rr(as, 0, w && v < 0, 0xf7, 0, a, false);
    asm_32(as, (uint32_t)v);
}

static inline void asm_test_mi(Asm *as, unsigned bytes, Mem m, int32_t v)
{
    unsigned n = bytes == 8 ? 4 : bytes;

    asm_digit_m(as, bytes, 0xf7, 0, m, n);
    asm_imm(as, n, v);
}

static inline void asm_imul_rr(Asm *as, int w, int d, int s)
{
    asm_op_rr(as, 0, w, 0x0faf, d, s, false);
}

static inline void asm_imul_rm(Asm *as, int w, int d, Mem m)
{
    asm_op_rm(as, 0, w, 0x0faf, d, m, 0, false);
}

static inline void asm_imul_rri(Asm *as, int w, int d, int s, int32_t v)
{
    bool small = asm_fits8(v);

    asm_op_rr(as, 0, w, small ? 0x6b : 0x69, d, s, false);
    asm_imm(as, small ? 1 : 4, v);
}

/* One-operand group: on r, or for MUL and on from rdx:rax and r. */
typedef enum { UN_NOT = 2, UN_NEG, UN_MUL, UN_IMUL, UN_DIV, UN_IDIV } UnOp;

static inline void asm_un_r(Asm *as, int w, UnOp op, int r)
{
    asm_op_rr(as, 0, w, 0xf7, op, r, false);
}

static inline void asm_un_m(Asm *as, unsigned bytes, UnOp op, Mem m)
{
    asm_digit_m(as, bytes, 0xf7, op, m, 0);
}

static inline void asm_neg(Asm *as, int w, int r)
{
    asm_un_r(as, w, UN_NEG, r);
}

static inline void asm_not(Asm *as, int w, int r)
{
    asm_un_r(as, w, UN_NOT, r);
}

static inline void asm_mul(Asm *as, int w, int r)
{
    asm_un_r(as, w, UN_MUL, r);
}

static inline void asm_imul1(Asm *as, int w, int r)
{
    asm_un_r(as, w, UN_IMUL, r);
}

static inline void asm_div(Asm *as, int w, int r)
{
    asm_un_r(as, w, UN_DIV, r);
}

static inline void asm_idiv(Asm *as, int w, int r)
{
    asm_un_r(as, w, UN_IDIV, r);
}

/* cdq (w = 0), cqo (w = 1): sign of rax into rdx. */
static inline void asm_cqo(Asm *as, int w)
{
    if (w)
        asm_8(as, 0x48);
    asm_8(as, 0x99);
}

static inline void asm_inc_m(Asm *as, unsigned bytes, Mem m)
{
    asm_digit_m(as, bytes, 0xff, 0, m, 0);
}

static inline void asm_dec_m(Asm *as, unsigned bytes, Mem m)
{
    asm_digit_m(as, bytes, 0xff, 1, m, 0);
}

/* ---- shifts ---- */

typedef enum { SH_ROL, SH_ROR, SH_RCL, SH_RCR, SH_SHL, SH_SHR, SH_SAR = 7 } ShiftOp;

static inline void asm_shift_ri(Asm *as, int w, ShiftOp op, int d, unsigned n)
{
    asm_op_rr(as, 0, w, n == 1 ? 0xd1 : 0xc1, op, d, false);
    if (n != 1)
        asm_8(as, n);
}

/* asm_shift_rcl: by cl. */
static inline void asm_shift_rcl(Asm *as, int w, ShiftOp op, int d)
{
    asm_op_rr(as, 0, w, 0xd3, op, d, false);
}

/* asm_shift_small_ri: on 1 or 2 bytes of d; the rest of d stays. */
static inline void asm_shift_small_ri(Asm *as, unsigned bytes, ShiftOp op, int d, unsigned n)
{
    asm_op_rr(as, bytes == 2 ? 0x66 : 0, 0, bytes == 1 ? 0xc0 : 0xc1, op, d,
              bytes == 1 && d > 3);
    asm_8(as, n);
}

static inline void asm_shld(Asm *as, int w, int d, int s, unsigned n)
{
    asm_op_rr(as, 0, w, 0x0fa4, s, d, false);
    asm_8(as, n);
}

static inline void asm_shrd(Asm *as, int w, int d, int s, unsigned n)
{
    asm_op_rr(as, 0, w, 0x0fac, s, d, false);
    asm_8(as, n);
}

/* ---- bits ---- */

typedef enum { BT_BT = 4, BT_BTS, BT_BTR, BT_BTC } BtOp;

static inline void asm_bt_ri(Asm *as, int w, BtOp op, int a, unsigned bit)
{
    asm_op_rr(as, 0, w, 0x0fba, op, a, false);
    asm_8(as, bit);
}

static inline void asm_bt_mi(Asm *as, int w, BtOp op, Mem m, unsigned bit)
{
    asm_op_rm(as, 0, w, 0x0fba, op, m, 1, false);
    asm_8(as, bit);
}

static inline void asm_bt_rr(Asm *as, int w, BtOp op, int a, int bit)
{
    asm_op_rr(as, 0, w, 0x0f83u | (unsigned)op << 3, bit, a, false);
}

static inline void asm_bsr(Asm *as, int w, int d, int s)
{
    asm_op_rr(as, 0, w, 0x0fbd, d, s, false);
}

static inline void asm_bsf(Asm *as, int w, int d, int s)
{
    asm_op_rr(as, 0, w, 0x0fbc, d, s, false);
}

static inline void asm_lzcnt(Asm *as, int w, int d, int s)
{
    asm_op_rr(as, 0xf3, w, 0x0fbd, d, s, false);
}

static inline void asm_tzcnt(Asm *as, int w, int d, int s)
{
    asm_op_rr(as, 0xf3, w, 0x0fbc, d, s, false);
}

static inline void asm_popcnt(Asm *as, int w, int d, int s)
{
    asm_op_rr(as, 0xf3, w, 0x0fb8, d, s, false);
}

/* asm_crc32: CRC-32C step of d with bytes of s. */
static inline void asm_crc32(Asm *as, unsigned bytes, int d, int s)
{
    if (bytes == 2)
        asm_8(as, 0x66);
    asm_op_rr(as, 0xf2, bytes == 8, bytes == 1 ? 0x0f38f0 : 0x0f38f1, d, s,
              bytes == 1 && s > 3);
}

/* ---- conditions ---- */

static inline void asm_setcc(Asm *as, int cc, int d)
{
    asm_op_rr(as, 0, 0, 0x0f90u | (unsigned)cc, 0, d, d > 3);
}

static inline void asm_setcc_m(Asm *as, int cc, Mem m)
{
    asm_op_rm(as, 0, 0, 0x0f90u | (unsigned)cc, 0, m, 0, false);
}

static inline void asm_cmovcc(Asm *as, int w, int cc, int d, int s)
{
    asm_op_rr(as, 0, w, 0x0f40u | (unsigned)cc, d, s, false);
}

static inline void asm_cmovcc_rm(Asm *as, int w, int cc, int d, Mem m)
{
    asm_op_rm(as, 0, w, 0x0f40u | (unsigned)cc, d, m, 0, false);
}

static inline void asm_lahf(Asm *as)
{
    asm_8(as, 0x9f);
}

static inline void asm_sahf(Asm *as)
{
    asm_8(as, 0x9e);
}

static inline void asm_cmc(Asm *as)
{
    asm_8(as, 0xf5);
}

static inline void asm_clc(Asm *as)
{
    asm_8(as, 0xf8);
}

static inline void asm_stc(Asm *as)
{
    asm_8(as, 0xf9);
}

/* ---- jumps. Forms without a target return the place of the displacement, for
 *      asm_patch8(), asm_patch32() to fill in later. ---- */

static inline uint8_t *asm_jcc8(Asm *as, int cc)
{
    asm_8(as, 0x70u | (unsigned)cc);
    asm_8(as, 0);
    return as->p - 1;
}

/* asm_jrcxz8: when rcx is zero; neither reads nor changes EFLAGS. */
static inline uint8_t *asm_jrcxz8(Asm *as)
{
    asm_8(as, 0xe3);
    asm_8(as, 0);
    return as->p - 1;
}

static inline uint8_t *asm_jmp8(Asm *as)
{
    asm_8(as, 0xeb);
    asm_8(as, 0);
    return as->p - 1;
}

static inline uint8_t *asm_jcc32(Asm *as, int cc)
{
    asm_8(as, 0x0f);
    asm_8(as, 0x80u | (unsigned)cc);
    asm_32(as, 0);
    return as->p - 4;
}

static inline uint8_t *asm_jmp32(Asm *as)
{
    asm_8(as, 0xe9);
    asm_32(as, 0);
    return as->p - 4;
}

static inline uint8_t *asm_call32(Asm *as)
{
    asm_8(as, 0xe8);
    asm_32(as, 0);
    return as->p - 4;
}

/* asm_patch8: make the short jump whose displacement is at `at` lead to here. */
static inline void asm_patch8(Asm *as, uint8_t *at)
{
    ptrdiff_t rel = as->p - (at + 1);

    assert(rel == (int8_t)rel);
    *at = (uint8_t)rel;
}

static inline void asm_patch32(uint8_t *at, const uint8_t *target)
{
    int32_t rel = (int32_t)(target - (at + 4));

    memcpy(at, &rel, 4);
}

static inline void asm_jmp_to(Asm *as, const uint8_t *target)
{
    ptrdiff_t rel = target - (as->p + 2);

    if (rel == (int8_t)rel) {
        asm_8(as, 0xeb);
        asm_8(as, (unsigned)rel);
        return;
    }
    asm_patch32(asm_jmp32(as), target);
}

static inline void asm_jcc_to(Asm *as, int cc, const uint8_t *target)
{
    ptrdiff_t rel = target - (as->p + 2);

    if (rel == (int8_t)rel) {
        asm_8(as, 0x70u | (unsigned)cc);
        asm_8(as, (unsigned)rel);
        return;
    }
    asm_patch32(asm_jcc32(as, cc), target);
}

static inline void asm_call_to(Asm *as, const uint8_t *target)
{
    asm_patch32(asm_call32(as), target);
}

static inline void asm_jmp_r(Asm *as, int r)
{
    asm_op_rr(as, 0, 0, 0xff, 4, r, false);
}

static inline void asm_jmp_m(Asm *as, Mem m)
{
    asm_op_rm(as, 0, 0, 0xff, 4, m, 0, false);
}

static inline void asm_call_r(Asm *as, int r)
{
    asm_op_rr(as, 0, 0, 0xff, 2, r, false);
}

static inline void asm_call_m(Asm *as, Mem m)
{
    asm_op_rm(as, 0, 0, 0xff, 2, m, 0, false);
}

static inline void asm_ret(Asm *as)
{
    asm_8(as, 0xc3);
}

static inline void asm_ud2(Asm *as)
{
    asm_16(as, 0x0b0f);
}

static inline void asm_int3(Asm *as)
{
    asm_8(as, 0xcc);
}

/* asm_nop: n bytes of the long no-operations the manuals recommend. */
static inline void asm_nop(Asm *as, unsigned n)
{
    static const uint8_t form[9][9] = {
        { 0x90 },
        { 0x66, 0x90 },
        { 0x0f, 0x1f, 0x00 },
        { 0x0f, 0x1f, 0x40, 0 },
        { 0x0f, 0x1f, 0x44, 0, 0 },
        { 0x66, 0x0f, 0x1f, 0x44, 0, 0 },
        { 0x0f, 0x1f, 0x80, 0, 0, 0, 0 },
        { 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 },
        { 0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 },
    };

    while (n) {
        unsigned k = n < 9 ? n : 9;

        memcpy(as->p, form[k - 1], k);
        as->p += k;
        n -= k;
    }
}

/* ---- atomics: asm_lock() first, then asm_alu_mr, asm_alu_mi, asm_bt_mi or one of these ---- */

static inline void asm_lock(Asm *as)
{
    asm_8(as, 0xf0);
}

static inline void asm_xadd_mr(Asm *as, unsigned bytes, Mem m, int r)
{
    asm_sized_rm(as, bytes, 0x0fc1, r, m, 0);
}

/* asm_cmpxchg_mr: if m == rax: m = r, else rax = m. */
static inline void asm_cmpxchg_mr(Asm *as, unsigned bytes, Mem m, int r)
{
    asm_sized_rm(as, bytes, 0x0fb1, r, m, 0);
}

/* asm_cmpxchg16b: if m == rdx:rax: m = rcx:rbx, else rdx:rax = m. */
static inline void asm_cmpxchg16b(Asm *as, Mem m)
{
    asm_op_rm(as, 0, 1, 0x0fc7, 1, m, 0, false);
}

static inline void asm_mfence(Asm *as)
{
    asm_8(as, 0x0f);
    asm_16(as, 0xf0ae);
}

/* asm_prefetch: digit 0 nta, 1 t0, 2 t1, 3 t2; asm_prefetchw: with intent to write. */
static inline void asm_prefetch(Asm *as, int digit, Mem m)
{
    asm_op_rm(as, 0, 0, 0x0f18, digit, m, 0, false);
}

static inline void asm_prefetchw(Asm *as, Mem m)
{
    asm_op_rm(as, 0, 0, 0x0f0d, 1, m, 0, false);
}

/* ---- BMI1, BMI2: always VEX, whatever has_avx says ---- */

/* asm_vex: the prefix. map 1 to 3, pp 0 to 3; rex bits R X B of ModRM's parts. */
static inline void asm_vex(Asm *as, unsigned map, unsigned pp, int w, unsigned rxb, int vvvv)
{
    unsigned tail = (~(unsigned)vvvv & 15) << 3 | as->vex_l | pp;

    if (map == 1 && !w && !(rxb & 3)) {
        asm_8(as, 0xc5);
        asm_8(as, (~rxb & 4) << 5 | tail);
        return;
    }
    asm_8(as, 0xc4);
    asm_8(as, (~rxb & 7) << 5 | map);
    asm_8(as, (unsigned)w << 7 | tail);
}

static inline void asm_vex_rrr(Asm *as, unsigned map, unsigned pp, int w, unsigned opc, int reg,
                               int vvvv, int rm)
{
    asm_vex(as, map, pp, w, ((unsigned)reg >> 3 & 1) << 2 | ((unsigned)rm >> 3 & 1), vvvv);
    asm_8(as, opc);
    asm_8(as, 0xc0 | (reg & 7u) << 3 | (rm & 7u));
}

/* asm_andn: d = ~a & b. */
static inline void asm_andn(Asm *as, int w, int d, int a, int b)
{
    asm_vex_rrr(as, 2, 0, w, 0xf2, d, a, b);
}

/* asm_bextr: d = s's bits; control: lsb | length << 8. asm_bzhi: s below bit n. */
static inline void asm_bextr(Asm *as, int w, int d, int s, int control)
{
    asm_vex_rrr(as, 2, 0, w, 0xf7, d, control, s);
}

static inline void asm_bzhi(Asm *as, int w, int d, int s, int n)
{
    asm_vex_rrr(as, 2, 0, w, 0xf5, d, n, s);
}

/* Shifts that leave the flags alone: d = s by n. */
static inline void asm_shlx(Asm *as, int w, int d, int s, int n)
{
    asm_vex_rrr(as, 2, 1, w, 0xf7, d, n, s);
}

static inline void asm_sarx(Asm *as, int w, int d, int s, int n)
{
    asm_vex_rrr(as, 2, 2, w, 0xf7, d, n, s);
}

static inline void asm_shrx(Asm *as, int w, int d, int s, int n)
{
    asm_vex_rrr(as, 2, 3, w, 0xf7, d, n, s);
}

static inline void asm_rorx(Asm *as, int w, int d, int s, unsigned n)
{
    asm_vex_rrr(as, 3, 3, w, 0xf0, d, 0, s);
    asm_8(as, n);
}

static inline void asm_rorx_rm(Asm *as, int w, int d, Mem m, unsigned n)
{
    asm_address_size(as, m);
    asm_vex(as, 3, 3, w, ((unsigned)d >> 3 & 1) << 2 | asm_rex_m(m), 0);
    asm_8(as, 0xf0);
    asm_modrm_m(as, d, m, 1);
    asm_8(as, n);
}

/* asm_mulx: hi:lo = rdx * s, unsigned. */
static inline void asm_mulx(Asm *as, int w, int hi, int lo, int s)
{
    asm_vex_rrr(as, 2, 3, w, 0xf6, hi, lo, s);
}

static inline void asm_mulx_m(Asm *as, int w, int hi, int lo, Mem m)
{
    asm_address_size(as, m);
    asm_vex(as, 2, 3, w, ((unsigned)hi >> 3 & 1) << 2 | asm_rex_m(m), lo);
    asm_8(as, 0xf6);
    asm_modrm_m(as, hi, m, 0);
}

static inline void asm_pdep(Asm *as, int w, int d, int s, int mask)
{
    asm_vex_rrr(as, 2, 3, w, 0xf5, d, s, mask);
}

static inline void asm_pext(Asm *as, int w, int d, int s, int mask)
{
    asm_vex_rrr(as, 2, 2, w, 0xf5, d, s, mask);
}

/* Group 17: 1 blsr (clear lowest bit), 2 blsmsk, 3 blsi (isolate it). */
static inline void asm_bls(Asm *as, int w, int digit, int d, int s)
{
    asm_vex_rrr(as, 2, 0, w, 0xf3, digit, d, s);
}

/* ---- vectors ---- */

enum { VF_COMM = 1, VF_W = 2, VF_AVX = 4, VF_LEG = 8, VF_DIGIT_SHIFT = 4 };
enum { VM_0F = 1, VM_38, VM_3A, VP_NP = 0, VP_P66, VP_F3, VP_F2 };

/* A vector instruction: opcode | map << 8 | prefix << 10 | flags << 12. */
typedef enum {
#define VOP(name, prefix, map, opcode, flags)                                                  \
    V_##name = (opcode) | VM_##map << 8 | VP_##prefix << 10 | (flags) << 12,
#define VSH(name, opcode, digit)                                                               \
    V_##name = (opcode) | VM_0F << 8 | VP_P66 << 10 | (digit) << (12 + VF_DIGIT_SHIFT),
#include "translate/host/x86_64/asm_ops.def"
#undef VOP
#undef VSH
    V_NONE = 0,
} VOp;

static inline unsigned vop_flags(VOp op)
{
    return (unsigned)op >> 12 & 15;
}

/* Legacy prefix, REX and opcode. */
static inline void asm_sse_head(Asm *as, VOp op, int w, unsigned rxb)
{
    static const uint8_t prefix[4] = { 0, 0x66, 0xf3, 0xf2 };
    unsigned pp = (unsigned)op >> 10 & 3, map = (unsigned)op >> 8 & 3;
    unsigned rex = (unsigned)w << 3 | rxb;

    if (pp)
        asm_8(as, prefix[pp]);
    if (rex)
        asm_8(as, 0x40 | rex);
    asm_8(as, 0x0f);
    if (map != VM_0F)
        asm_8(as, map == VM_38 ? 0x38 : 0x3a);
    asm_8(as, op & 0xff);
}

static inline bool asm_use_vex(const Asm *as, VOp op)
{
    return (as->has_avx && !(vop_flags(op) & VF_LEG)) || (vop_flags(op) & VF_AVX);
}

/*
 * asm_vraw_rr, asm_vraw_rm: one instruction with ModRM fields reg and rm; vvvv counts only in
 * the VEX form (0 when the instruction has none). w: 1 also sets W.
 */
static inline void asm_vraw_rr(Asm *as, VOp op, int w, int reg, int vvvv, int rm)
{
    unsigned rxb = ((unsigned)reg >> 3 & 1) << 2 | ((unsigned)rm >> 3 & 1);

    w |= (vop_flags(op) & VF_W) != 0;
    if (asm_use_vex(as, op)) {
        asm_vex(as, (unsigned)op >> 8 & 3, (unsigned)op >> 10 & 3, w, rxb, vvvv);
        asm_8(as, op & 0xff);
    } else {
        asm_sse_head(as, op, w, rxb);
    }
    asm_8(as, 0xc0 | (reg & 7u) << 3 | (rm & 7u));
}

static inline void asm_vraw_rm(Asm *as, VOp op, int w, int reg, int vvvv, Mem m, unsigned tail)
{
    unsigned rxb = ((unsigned)reg >> 3 & 1) << 2 | asm_rex_m(m);

    asm_address_size(as, m);
    w |= (vop_flags(op) & VF_W) != 0;
    if (asm_use_vex(as, op)) {
        asm_vex(as, (unsigned)op >> 8 & 3, (unsigned)op >> 10 & 3, w, rxb, vvvv);
        asm_8(as, op & 0xff);
    } else {
        asm_sse_head(as, op, w, rxb);
    }
    asm_modrm_m(as, reg, m, tail);
}

/* asm_vmov: d = s, all 128 bits; nothing when they are the same. */
static inline void asm_vmov(Asm *as, int d, int s)
{
    if (d == s)
        return;
    if (s > 7 && d < 8)     /* the store form has the shorter VEX prefix */
        asm_vraw_rr(as, V_movaps_st, 0, s, 0, d);
    else
        asm_vraw_rr(as, V_movaps, 0, d, 0, s);
}

/* vop2: d = op b. vop2i: with an immediate. */
static inline void vop2(Asm *as, VOp op, int d, int b)
{
    asm_vraw_rr(as, op, 0, d, 0, b);
}

static inline void vop2i(Asm *as, VOp op, int d, int b, unsigned imm)
{
    asm_vraw_rr(as, op, 0, d, 0, b);
    asm_8(as, imm);
}

/* vop2m: d = op m, or m = d for the _st forms. */
static inline void vop2m(Asm *as, VOp op, int d, Mem m)
{
    asm_vraw_rm(as, op, 0, d, 0, m, 0);
}

static inline void vop2mi(Asm *as, VOp op, int d, Mem m, unsigned imm)
{
    asm_vraw_rm(as, op, 0, d, 0, m, 1);
    asm_8(as, imm);
}

/* The legacy form's preparation: returns the second operand once d holds a. */
static inline int asm_sse_d(Asm *as, VOp op, int d, int a, int b)
{
    if (d == a)
        return b;
    if (d != b) {
        asm_vmov(as, d, a);
        return b;
    }
    if (vop_flags(op) & VF_COMM)
        return a;
    asm_vmov(as, XMM15, b);
    asm_vmov(as, d, a);
    return XMM15;
}

/* vop3: d = a op b, for any overlap of the three. vop3i: with an immediate. */
static inline void vop3(Asm *as, VOp op, int d, int a, int b)
{
    if (asm_use_vex(as, op)) {
        if ((vop_flags(op) & VF_COMM) && b > 7 && a < 8) {  /* a shorter prefix */
            int t = a;

            a = b;
            b = t;
        }
        asm_vraw_rr(as, op, 0, d, a, b);
        return;
    }
    b = asm_sse_d(as, op, d, a, b);
    asm_vraw_rr(as, op, 0, d, 0, b);
}

static inline void vop3i(Asm *as, VOp op, int d, int a, int b, unsigned imm)
{
    if (asm_use_vex(as, op)) {
        asm_vraw_rr(as, op, 0, d, a, b);
    } else {
        b = asm_sse_d(as, op, d, a, b);
        asm_vraw_rr(as, op, 0, d, 0, b);
    }
    asm_8(as, imm);
}

static inline void vop3m(Asm *as, VOp op, int d, int a, Mem m)
{
    if (!asm_use_vex(as, op))
        asm_vmov(as, d, a);
    asm_vraw_rm(as, op, 0, d, a, m, 0);
}

static inline void vop3mi(Asm *as, VOp op, int d, int a, Mem m, unsigned imm)
{
    if (!asm_use_vex(as, op))
        asm_vmov(as, d, a);
    asm_vraw_rm(as, op, 0, d, a, m, 1);
    asm_8(as, imm);
}

/* vshift: the _i shifts of a by n. */
static inline void vshift(Asm *as, VOp op, int d, int a, unsigned n)
{
    int digit = op >> (12 + VF_DIGIT_SHIFT);

    if (!as->has_avx)
        asm_vmov(as, d, a);
    asm_vraw_rr(as, op & 0xffff, 0, digit, d, as->has_avx ? a : d);
    asm_8(as, n);
}

/* asm_vzeroupper: after 256 bits: code without VEX is slow while upper halves are in use. */
static inline void asm_vzeroupper(Asm *as)
{
    asm_8(as, 0xc5);
    asm_8(as, 0xf8);
    asm_8(as, 0x77);
}

/* vzero: d = 0. */
static inline void vzero(Asm *as, int d)
{
    asm_vraw_rr(as, V_xorps, 0, d, d, d);
}

/*
 * vblend: d = mask ? b : a, where each byte of mask is all ones or all zeros. d may be any of
 * them; changes xmm15, which none of them may be.
 */
static inline void vblend(Asm *as, int d, int a, int b, int mask)
{
    if (as->has_avx) {
        asm_vraw_rr(as, V_pblendvb, 0, d, a, b);
        asm_8(as, (unsigned)mask << 4);
        return;
    }
    vop3(as, V_pxor, XMM15, b, a);
    vop3(as, V_pand, XMM15, XMM15, mask);
    vop3(as, V_pxor, d, a, XMM15);
}

/* Lanes and general registers. w: 64 bits. */
static inline void asm_movd_xr(Asm *as, int w, int x, int r)
{
    asm_vraw_rr(as, V_movd, w, x, 0, r);
}

static inline void asm_movd_rx(Asm *as, int w, int r, int x)
{
    asm_vraw_rr(as, V_movd_st, w, x, 0, r);
}

/* asm_pinsr: d = a with lane `lane` of bytes 1, 2, 4, 8 replaced by r. */
static inline void asm_pinsr(Asm *as, unsigned bytes, int d, int a, int r, unsigned lane)
{
    VOp op = bytes == 1 ? V_pinsrb : bytes == 2 ? V_pinsrw : bytes == 4 ? V_pinsrd : V_pinsrq;

    if (!as->has_avx)
        asm_vmov(as, d, a);
    asm_vraw_rr(as, op, 0, d, a, r);
    asm_8(as, lane);
}

static inline void asm_pinsr_m(Asm *as, unsigned bytes, int d, int a, Mem m, unsigned lane)
{
    VOp op = bytes == 1 ? V_pinsrb : bytes == 2 ? V_pinsrw : bytes == 4 ? V_pinsrd : V_pinsrq;

    vop3mi(as, op, d, a, m, lane);
}

/* asm_pextr: r = the lane, zero-extended. */
static inline void asm_pextr(Asm *as, unsigned bytes, int r, int x, unsigned lane)
{
    VOp op = bytes == 1 ? V_pextrb : bytes == 2 ? V_pextrw : bytes == 4 ? V_pextrd : V_pextrq;

    asm_vraw_rr(as, op, 0, x, 0, r);
    asm_8(as, lane);
}

static inline void asm_pextr_m(Asm *as, unsigned bytes, Mem m, int x, unsigned lane)
{
    VOp op = bytes == 1 ? V_pextrb : bytes == 2 ? V_pextrw : bytes == 4 ? V_pextrd : V_pextrq;

    vop2mi(as, op, x, m, lane);
}

/* asm_vcvt_xr: d = float of integer r (cvtsi2ss, cvtsi2sd), the rest of d from a.
 * asm_vcvt_rx: r = integer of lane 0 of x (cvt(t)ss2si, cvt(t)sd2si), w: 64 bits. */
static inline void asm_vcvt_xr(Asm *as, VOp op, int w, int d, int a, int r)
{
    if (!as->has_avx)
        asm_vmov(as, d, a);
    asm_vraw_rr(as, op, w, d, a, r);
}

static inline void asm_vcvt_rx(Asm *as, VOp op, int w, int r, int x)
{
    asm_vraw_rr(as, op, w, r, 0, x);
}

/*
 * AVX-512VL on xmm0 to xmm15, without masks and from registers alone: asm_evex is the prefix with
 * the opcode and ModRM. The user looks at HostFeatures.
 */
static inline void asm_evex(Asm *as, unsigned map, int w, unsigned opc, int reg, int vvvv, int rm)
{
    unsigned r = (unsigned)reg >> 3 & 1, b = (unsigned)rm >> 3 & 1;

    asm_8(as, 0x62);
    asm_8(as, (r ^ 1) << 7 | 0x40 | (b ^ 1) << 5 | 0x10 | map);
    asm_8(as, (unsigned)w << 7 | (~(unsigned)vvvv & 15) << 3 | 4 | VP_P66);
    asm_8(as, 0x08);
    asm_8(as, opc);
    asm_8(as, 0xc0 | (reg & 7u) << 3 | (rm & 7u));
}

/* asm_vpternlog: each bit of d = bit (4 d + 2 a + b) of table. */
static inline void asm_vpternlog(Asm *as, int d, int a, int b, unsigned table)
{
    asm_evex(as, VM_3A, 1, 0x25, d, a, b);
    asm_8(as, table);
}

/* asm_vpdpbusd: each 32-bit lane of d += the products of a's unsigned and b's signed bytes (VNNI). */
static inline void asm_vpdpbusd(Asm *as, int d, int a, int b)
{
    asm_evex(as, VM_38, 0, 0x50, d, a, b);
}

/* asm_vpror: d = lanes of s, w: of 64 bits, else 32, rotated right by n. */
static inline void asm_vpror(Asm *as, int w, int d, int s, unsigned n)
{
    asm_evex(as, VM_0F, w, 0x72, 0, d, s);
    asm_8(as, n);
}

/* asm_vmask: r = sign bits of the lanes (pmovmskb, movmskps, movmskpd). */
static inline void asm_vmask(Asm *as, VOp op, int r, int x)
{
    asm_vraw_rr(as, op, 0, r, 0, x);
}

static inline void asm_ldmxcsr(Asm *as, Mem m)
{
    asm_op_rm(as, 0, 0, 0x0fae, 2, m, 0, false);
}

static inline void asm_stmxcsr(Asm *as, Mem m)
{
    asm_op_rm(as, 0, 0, 0x0fae, 3, m, 0, false);
}
