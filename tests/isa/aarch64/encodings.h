/* SPDX-License-Identifier: MIT */
/* encodings.h: AArch64's part of tests/isa/encodings_guest.c. */
enum { NEXT = 0x14000001, BRK = 0xd4200000 };

/* Words that always jump, or always call: what the manual's pages define without exception. */
static const Known known[] = {
    { 0x7c000000, 0x14000000 },     /* B, BL */
    { 0x7c000000, 0x34000000 },     /* CBZ, CBNZ, TBZ, TBNZ */
    { 0xff000010, 0x54000000 },     /* B.cond */
    { 0xffe0001f, 0xd4000001 },     /* SVC */
};

static const Jump jumps[] = {
    { 0xfe000000, 0xd6000000, 0, 0 },
    { 0xff000000, 0x54000000, 0x7ffff << 5, 8 << 5 },
    { 0xff000000, 0x55000000, 0xffff << 5, 8 << 5 },
    { 0x7e000000, 0x74000000, 0x1ff << 5, 8 << 5 },
    /* Memory copy and set: for a wrong start state Linux goes back to the prologue before it. */
    { 0xfb200c00, 0x19000400, 0, 0 },
};

/* Four words before a jump: run_seq() comes by x30. */
static const uint32_t alone_entry[] = { 0xd280001e,     /* mov x30, #0 */
                                        0x14000003 };   /* b to the word, over two BRK */

static bool is_memory(uint32_t word)
{
    return (word & 0x0a000000) == 0x08000000;
}

static uint64_t raw_mmap(uint64_t at, uint64_t bytes, int prot, int flags, int fd)
{
    register uint64_t x0 asm("x0") = at;
    register uint64_t x1 asm("x1") = bytes;
    register uint64_t x2 asm("x2") = (uint64_t)prot;
    register uint64_t x3 asm("x3") = (uint64_t)flags;
    register uint64_t x4 asm("x4") = (uint64_t)fd;
    register uint64_t x5 asm("x5") = 0;
    register uint64_t x8 asm("x8") = SYS_mmap;

    asm volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x8)
                 : "memory");
    return x0;
}

static void garbage(State *s)
{
    for (int i = 0; i < 31; i++) {
        s->x[i] = next() | 0x00a5000000000000;
    }
    s->sp = next() | 0x00a5000000000000;
    for (int i = 0; i < 32; i++) {
        s->v[i][0] = next();
        s->v[i][1] = next();
    }
}
