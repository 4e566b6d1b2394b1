// SPDX-License-Identifier: MIT
/*
 * idioms_riscv.c: two shifts, or two shifts and an OR, which translation may take together: each result is
 * compared with that of the same instructions apart, with jumps between them.
 */
// guests: riscv64
// builds: static interp dynamic
// expect: ok
#include <stdint.h>
#include <stdio.h>

typedef uint64_t u64;

static unsigned failures;

static void same(const char *what, u64 got, u64 want)
{
    if (got != want) {
        printf("%s: %016lx, expected %016lx\n", what, got, want);
        failures++;
    }
}

/* APART ends a block: what is on both sides of it is not taken together. */
#define APART "j 7f\n7:\n"

/*
 * TEXT: the instructions with SEP as between two instructions, together and apart. It gets x in a0, y in a1 and leaves
 * results in a0 to a4.
 */
#define TEXT(a, b, c, d, e, f, SEP) a SEP b SEP c SEP d SEP e SEP f
#define DO(r, text)                                                                            \
    do {                                                                                       \
        register u64 x_ __asm__("a0") = x, y_ __asm__("a1") = y;                               \
        register u64 z_ __asm__("a2") = 0, u_ __asm__("a3") = 0, v_ __asm__("a4") = 0;         \
                                                                                               \
        __asm__ volatile(text : "+r"(x_), "+r"(y_), "+r"(z_), "+r"(u_), "+r"(v_)::"memory");   \
        (r)[0] = x_, (r)[1] = y_, (r)[2] = z_, (r)[3] = u_, (r)[4] = v_;                       \
    } while (0)
#define TEST(a, b, c, d, e, f)                                                                 \
    static void CAT(test, __LINE__)(u64 x, u64 y)                                              \
    {                                                                                          \
        u64 got[5], want[5];                                                                   \
                                                                                               \
        DO(got, TEXT(a, b, c, d, e, f, "\n"));                                                 \
        DO(want, TEXT(a, b, c, d, e, f, "\n" APART));                                          \
        for (int i = 0; i < 5; i++)                                                            \
            same(a "; " b "; " c "; " d "; " e "; " f, got[i], want[i]);                       \
    }                                                                                          \
    __attribute__((constructor)) static void CAT(note, __LINE__)(void)                         \
    {                                                                                          \
        tests[n_tests++] = CAT(test, __LINE__);                                                \
    }
#define CAT(a, b) CAT_(a, b)
#define CAT_(a, b) a##b

static void (*tests[64])(u64, u64);
static unsigned n_tests;

/* Rotations: of words and doublewords, what is shifted kept or not, others between. */
TEST("slliw a2, a0, 7", "srliw a3, a0, 25", "or a2, a2, a3", "nop", "nop", "nop")
TEST("slliw a2, a0, 7", "srliw a0, a0, 25", "or a0, a0, a2", "li a2, 1", "nop", "nop")
TEST("srliw a2, a0, 20", "slliw a0, a0, 12", "xor a1, a1, a2", "or a0, a2, a0", "nop", "nop")
TEST("slli a2, a0, 19", "srli a0, a0, 45", "add a1, a1, a1", "or a4, a0, a2", "li a0, 0", "li a2, 0")
TEST("srli a2, a0, 1", "slli a3, a0, 63", "or a2, a3, a2", "li a3, 0", "nop", "nop")
/* Two at a time, with the shifts mixed. */
TEST("slliw a2, a0, 16", "slliw a3, a1, 8", "srliw a0, a0, 16", "srliw a1, a1, 24", "or a0, a0, a2",
     "or a1, a3, a1")
/* The shifts are read by others, too. */
TEST("slliw a2, a0, 7", "srliw a0, a0, 25", "add a4, a2, a0", "or a0, a0, a2", "nop", "nop")
/* No rotations: counts, widths, what is shifted, a change between. */
TEST("slliw a2, a0, 7", "srliw a3, a0, 24", "or a2, a2, a3", "nop", "nop", "nop")
TEST("slli a2, a0, 7", "srliw a3, a0, 25", "or a2, a2, a3", "nop", "nop", "nop")
TEST("slliw a2, a0, 7", "srliw a3, a1, 25", "or a2, a2, a3", "nop", "nop", "nop")
TEST("slliw a2, a0, 7", "addi a0, a0, 1", "srliw a3, a0, 25", "or a2, a2, a3", "nop", "nop")
TEST("slliw a0, a0, 7", "srliw a3, a0, 25", "or a2, a0, a3", "nop", "nop", "nop")
TEST("slliw a2, a0, 7", "sraiw a3, a0, 25", "or a2, a2, a3", "nop", "nop", "nop")
TEST("slliw a2, a0, 7", "srliw a3, a0, 25", "mv a2, a1", "or a2, a2, a3", "nop", "nop")
/* With an access between, which may fault. */
TEST("slliw a2, a0, 7", "srliw a0, a0, 25", "lw a3, 0(sp)", "or a0, a0, a2", "li a3, 0", "nop")
/* Parts of a register. */
TEST("slli a0, a0, 32", "srli a0, a0, 32", "slli a1, a1, 32", "srai a1, a1, 32", "nop", "nop")
TEST("slli a2, a0, 32", "srli a2, a2, 29", "slli a3, a1, 48", "srai a3, a3, 45", "nop", "nop")
TEST("slli a4, a0, 8", "srli a4, a4, 56", "mv a2, a4", "slli a3, a1, 3", "srai a3, a3, 63", "nop")
TEST("slli a2, a0, 32", "srli a3, a2, 32", "slli a4, a1, 63", "srli a4, a4, 63", "nop", "nop")
TEST("slli a2, a0, 1", "srli a2, a2, 63", "slli a0, a0, 63", "srai a0, a0, 1", "nop", "nop")

/*
 * Sequences that lie across a page's end: at_end_AT has so many bytes of it on the first page. It returns
 * a0's low part plus whether fa0 < fa1 with a quiet comparison, which leaves the flags alone. No two
 * shift by the same, or what one leaves behind in the translator may do for the next.
 */
#define AT_END(at)                                                          \
    ".balign 4096\n.skip 4096 - " #at "\n.globl at_end_" #at "\nat_end_" #at ":\n" \
    "slli a0, a0, 20 + " #at "\nsrli a0, a0, 20 + " #at "\n"                 \
    "frflags t0\nflt.d t1, fa0, fa1\nfsflags t0\nadd a0, a0, t1\nret\n"
#define AT_ENDS(X) X(2) X(4) X(6) X(8) X(10) X(12) X(14) X(16) X(18) X(20) X(22)

__asm__(".pushsection .text.ends, \"ax\"\n.option push\n.option norvc\n.option norelax\n"
        AT_ENDS(AT_END)
        ".option pop\n.popsection\n");
#define AT_END_DECL(at) u64 at_end_##at(u64 x, double a, double b);
#define AT_END_TEST(at) \
    same("at a page's end: " #at, at_end_##at(~0ull, 1.0, k), (~0ull >> (20 + at)) + (k > 1));
AT_ENDS(AT_END_DECL)

static void ends_of_pages(void)
{
    for (int i = 0; i < 100; i++) {
        double k = i % 2 ? 2.0 : 0.5;

        AT_ENDS(AT_END_TEST)
    }
}

int main(void)
{
    static const u64 values[] = { 0, 1, 0x80000000, 0xffffffff, 0x8000000000000000, ~0ull,
                                  0x0123456789abcdef, 0xfedcba9876543210, 0x7fffffff80000001 };

    for (unsigned i = 0; i < n_tests; i++) {
        for (unsigned k = 0; k < 9; k++)
            tests[i](values[k], values[(k + 3) % 9]);
    }
    ends_of_pages();
    puts(failures || n_tests < 18 ? "failed" : "ok");
    return failures != 0;
}
