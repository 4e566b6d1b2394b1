/* SPDX-License-Identifier: MIT */
/* guest.h: RISC-V's part of tests/isa/guest.c. */

/* jump_to: the register a JALR, C.JR or C.JALR goes by leads it there. */
static void jump_to(State *s, uint32_t word, uint64_t to)
{
    bool is_short = (word & 3) != 3;
    unsigned reg = is_short ? word >> 7 & 31 : word >> 15 & 31;

    if (reg) {
        s->x[reg] = to - (uint64_t)(is_short ? 0 : (int32_t)word >> 20);
    }
}

/* MEMORY: x8 and sp are addresses. */
static void apply_flags(State *s, const Record *r, uint64_t code)
{
    if (r->flags & MEMORY) {
        s->x[8] = address(r->flags);
        s->x[2] = address(r->flags | ALIGNED);
    }
    if (r->flags & JUMP) {
        jump_to(s, r->word[0], code + 8);
    }
    if (r->flags & NO_CALL) {
        s->x[17] = 0xfff0 + (next() & 15);
    }
}
