/* SPDX-License-Identifier: MIT */
/* encodings.h: RISC-V's part of tests/isa/encodings_guest.c. */
enum { NEXT = 0x0040006f, BRK = 0x00100073 };

/* Words that always jump, call, or make others undefined: by the manual they are defined. */
static const Known known[] = {
    { 0x0000007f, 0x0000006f },     /* JAL */
    { 0x0000707f, 0x00000067 },     /* JALR */
    { 0x0000607f, 0x00000063 },     /* BEQ, BNE */
    { 0x0000407f, 0x00004063 },     /* BLT, BGE, BLTU, BGEU */
    { 0xffffffff, 0x00000073 },     /* ECALL */
    { 0xfff0107f, 0x00201073 },     /* CSRRW, CSRRC with frm */
    { 0xfff0207f, 0x00202073 },     /* CSRRS, CSRRC with frm */
    { 0xfff0107f, 0x00301073 },     /* the same with fcsr */
    { 0xfff0207f, 0x00302073 },
    { 0x0000e003, 0x0000a001 },     /* C.J */
    { 0x0000c003, 0x0000c001 },     /* C.BEQZ, C.BNEZ */
};

static const Jump jumps[] = {
    { 0x0000007f, 0x00000067, 0, 0 },
    { 0x0000007f, 0x00000063, 0xfe000f80, 8 << 8 },
    { 0x0000e07f, 0x00008002, 0, 0 },       /* C.JR, C.JALR and what is reserved beside them */
    /* Atomics: the oracle gives up at an address that is not aligned, which others may leave. */
    { 0x0000007f, 0x0000002f, 0, 0 },
};

/* Four words before a jump: run_seq() comes by x31. */
static const uint32_t alone_entry[] = { 0x00000f93,     /* li x31, 0 */
                                        0x00c0006f };   /* j to the word, over two BRK */

static bool is_memory(uint32_t word)
{
    unsigned quadrant = word & 3, funct3 = word >> 13 & 7;

    if (quadrant != 3) {
        return (quadrant == 0 || quadrant == 2) && (funct3 & 3);
    }
    switch (word & 0x7f) {
    case 0x03: case 0x07: case 0x0f: case 0x23: case 0x27: case 0x2f: return true;
    default: return false;
    }
}

static uint64_t raw_mmap(uint64_t at, uint64_t bytes, int prot, int flags, int fd)
{
    register uint64_t a0 asm("a0") = at;
    register uint64_t a1 asm("a1") = bytes;
    register uint64_t a2 asm("a2") = (uint64_t)prot;
    register uint64_t a3 asm("a3") = (uint64_t)flags;
    register uint64_t a4 asm("a4") = (uint64_t)fd;
    register uint64_t a5 asm("a5") = 0;
    register uint64_t a7 asm("a7") = SYS_mmap;

    asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
                 : "memory");
    return a0;
}

static void garbage(State *s)
{
    for (int i = 1; i < 32; i++) {
        s->x[i] = (next() | 0x00a5000000000000) & ~15ull;
        s->f[i] = next();
    }
}
