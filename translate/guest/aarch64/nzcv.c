/* SPDX-License-Identifier: MIT */
/*
 * nzcv.c: a glance at code that is not translated yet: may it see NZCV before writing it?
 *
 * Asked at every way out of a unit, so it must cost far less than lifting. Groups and fields are
 * those of the manual's "A64 instruction set encoding". Only legal encodings may be said to keep
 * or set the flags: an undefined instruction shows them to a signal handler, as do accesses to
 * memory and floating point.
 */
#include "translate/guest/aarch64/lift.h"

/* How many instructions are looked at, along all ways. */
enum { BUDGET = 8 };

static A64NzcvEffect if_legal(bool legal, bool sets)
{
    return !legal ? A64_NZCV_SHOWS : sets ? A64_NZCV_SETS : A64_NZCV_KEEPS;
}

static A64NzcvEffect logical_imm(uint32_t w)
{
    bool sf = w >> 31, n = w >> 22 & 1;
    uint64_t mask;

    return if_legal((sf || !n) && a64_bit_mask(sf, n, w >> 10 & 63, w >> 16 & 63, &mask),
                    (w >> 29 & 3) == 3);
}

static A64NzcvEffect immediate(uint32_t w)
{
    bool sf = w >> 31, n = w >> 22 & 1;
    unsigned opc = w >> 29 & 3;

    switch (w >> 23 & 7) {
    case 0:
    case 1: return A64_NZCV_KEEPS;                              /* ADR, ADRP */
    case 2: return if_legal(true, w >> 29 & 1);                 /* ADD, SUB */
    case 4: return logical_imm(w);
    case 5: return if_legal(opc != 1 && (sf || !n), false);     /* MOVN, MOVZ, MOVK */
    case 6:                                                     /* SBFM, BFM, UBFM */
        return if_legal(opc != 3 && sf == n && (sf || !(w & 0x208000)), false);
    case 7:                                                     /* EXTR */
        return if_legal(!opc && !(w >> 21 & 1) && sf == n && (sf || !(w & 0x8000)), false);
    default: return A64_NZCV_SHOWS;
    }
}

static A64NzcvEffect one_source(uint32_t w)
{
    bool sf = w >> 31;
    unsigned opcode = w >> 10 & 63;     /* RBIT, REV16, REV, REV of X, CLZ, CLS */

    return if_legal(!(w >> 29 & 1) && !(w >> 16 & 31) && opcode < 6 && (sf || opcode != 3), false);
}

static A64NzcvEffect two_source(uint32_t w)
{
    unsigned opcode = w >> 10 & 63;     /* UDIV, SDIV; LSLV to RORV */

    return if_legal(!(w >> 29 & 1) && (opcode >> 1 == 1 || opcode >> 2 == 2), false);
}

static A64NzcvEffect three_source(uint32_t w)
{
    bool sf = w >> 31, o0 = w >> 15 & 1;
    unsigned op31 = w >> 21 & 7;        /* MADD; SMADDL, UMADDL; SMULH, UMULH */

    return if_legal(!(w >> 29 & 3) && (!op31 || (sf && ((op31 & 3) == 1 ||
                                                       ((op31 & 3) == 2 && !o0)))), false);
}

static A64NzcvEffect reg(uint32_t w)
{
    bool sf = w >> 31, sets = w >> 29 & 1;

    switch (w >> 24 & 31) {
    case 0x0a:                                                  /* AND, ORR, EOR, shifted */
        return if_legal(sf || !(w & 0x8000), (w >> 29 & 3) == 3);
    case 0x0b:
        if (w >> 21 & 1)                                        /* ADD, SUB, extended */
            return if_legal(!(w >> 22 & 3) && (w >> 10 & 7) <= 4, sets);
        return if_legal((w >> 22 & 3) != 3 && (sf || !(w & 0x8000)), sets);
    case 0x1a:
        if ((w >> 21 & 7) == 6)
            return w >> 30 & 1 ? one_source(w) : two_source(w);
        return A64_NZCV_SHOWS;
    case 0x1b: return three_source(w);
    default: return A64_NZCV_SHOWS;
    }
}

A64NzcvEffect a64_nzcv_effect(uint32_t w)
{
    switch (w >> 25 & 15) {
    case 8:
    case 9: return immediate(w);
    case 5:
    case 13: return reg(w);
    case 10: return w == 0xd503201f ? A64_NZCV_KEEPS : A64_NZCV_SHOWS;      /* NOP */
    default: return A64_NZCV_SHOWS;
    }
}

/* seen: from code[at], of n words; *budget falls. Only forward, as jumps backward poll. */
static bool seen(const uint8_t *code, uint32_t at, uint32_t n, unsigned *budget)
{
    while (at < n && *budget) {
        uint32_t w;

        memcpy(&w, code + 4 * (size_t)at, 4);
        --*budget;
        if (w >> 26 == 5) {                                     /* B */
            if (!(w & 0x3ffffff) || w >> 25 & 1)
                return true;
            at += w & 0x3ffffff;
            continue;
        }
        if ((w >> 25 & 0x3f) == 0x1a) {                         /* CBZ, CBNZ */
            uint32_t by = w >> 5 & 0x7ffff;

            if (!by || by >> 18 || seen(code, at + by, n, budget))
                return true;
            at++;
            continue;
        }
        switch (a64_nzcv_effect(w)) {
        case A64_NZCV_SETS: return false;
        case A64_NZCV_SHOWS: return true;
        case A64_NZCV_KEEPS: at++;
        }
    }
    return true;
}

bool a64_nzcv_seen(const uint8_t *pc, uint32_t n)
{
    unsigned budget = BUDGET;

    return ((uintptr_t)pc & 3) || seen(pc, 0, n / 4, &budget);
}
