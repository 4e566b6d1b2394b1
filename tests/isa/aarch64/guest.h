/* SPDX-License-Identifier: MIT */
/* guest.h: AArch64's part of tests/isa/guest.c. */
enum {
    FP_MASK = 0x800,    /* the register in bits 4 to 0 is masked to what FPCR and FPSR have */
    CHAIN = 0x1000,     /* x28 and x25 are addresses, x27 a length; they may overlap */
    APART = 0x2000,     /* these do not overlap */
};

/* What is not reserved: QC and the cumulative bits; AHP, DN, FZ and the rounding mode. */
enum { FPSR_BITS = 0x0800009f, FPCR_BITS = 0x07c00000, FZ16 = 1 << 19 };

/* MEMORY: x28 and SP are addresses, x27 an index. */
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
