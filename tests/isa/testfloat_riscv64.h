// SPDX-License-Identifier: MIT
/*
 * testfloat_riscv64.h: the RISC-V side of testfloat_guest.c. Each function that rounds has a form
 * that does so as frm says, and one (NAME_rm) with the mode in the instruction while frm is another.
 * Results must be boxed.
 */
/* frm, and rm in instructions. */
enum { RNE, RTZ, RDN, RUP, RMM };
static const uint64_t frm[MODES] = { RNE, RTZ, RDN, RUP, RMM };

#define DEFINE(name, code)                                                               \
    static uint64_t name(uint64_t a, uint64_t b, uint64_t c, uint64_t *flags)            \
    {                                                                                    \
        uint64_t raised;                                                                 \
        asm volatile(".option push\n.option arch, +zfh\n"                                \
                     "mv a0, %0\n fmv.d.x fa0, %0\n fmv.d.x fa1, %2\n fmv.d.x fa2, %3\n" \
                     "csrwi fflags, 0\n" code "\n csrr %1, fflags\n mv %0, a0\n"         \
                     ".option pop"                                                       \
                     : "+r"(a), "=&r"(raised) : "r"(b), "r"(c)                           \
                     : "a0", "fa0", "fa1", "fa2");                                       \
        *flags = raised;                                                                 \
        return a;                                                                        \
    }

#define OUT "\n fmv.x.d a0, fa0"

/* Rounding: by frm, and by each mode in the instruction. code ends before the mode, then after. */
#define DEFINE_ROUNDS(name, code, after)                                                 \
    DEFINE(name##_dyn, code ", dyn" after)                                               \
    DEFINE(name##_rne, code ", rne" after)                                               \
    DEFINE(name##_rtz, code ", rtz" after)                                               \
    DEFINE(name##_rdn, code ", rdn" after)                                               \
    DEFINE(name##_rup, code ", rup" after)                                               \
    DEFINE(name##_rmm, code ", rmm" after)

/* Zfa's FROUND and FROUNDNX, which assemblers do not know yet; s: format of FSQRT's place, n: rs2. */
#define ROUND_WORD(s, n, rm)                                                             \
    ".insn r 0x53, " #rm ", 0x2" #s ", fa0, fa0, f" #n OUT
#define DEFINE_ROUND_INT(name, s, n)                                                     \
    DEFINE(name##_dyn, ROUND_WORD(s, n, 7))                                              \
    DEFINE(name##_rne, ROUND_WORD(s, n, 0))                                              \
    DEFINE(name##_rtz, ROUND_WORD(s, n, 1))                                              \
    DEFINE(name##_rdn, ROUND_WORD(s, n, 2))                                              \
    DEFINE(name##_rup, ROUND_WORD(s, n, 3))                                              \
    DEFINE(name##_rmm, ROUND_WORD(s, n, 4))

/* Zfa's FLEQ and FLTQ. */
#define QUIET_WORD(s, funct3) ".insn r 0x53, " #funct3 ", 0x5" #s ", a0, fa0, fa1"

/* What each format f has, with the end r of mnemonics and digit s of encodings. */
#define DEFINE_FORMAT(f, r, s)                                                           \
    DEFINE_ROUNDS(f##_add, "fadd." r " fa0, fa0, fa1", OUT)                              \
    DEFINE_ROUNDS(f##_sub, "fsub." r " fa0, fa0, fa1", OUT)                              \
    DEFINE_ROUNDS(f##_mul, "fmul." r " fa0, fa0, fa1", OUT)                              \
    DEFINE_ROUNDS(f##_div, "fdiv." r " fa0, fa0, fa1", OUT)                              \
    DEFINE_ROUNDS(f##_sqrt, "fsqrt." r " fa0, fa0", OUT)                                 \
    DEFINE_ROUNDS(f##_mulAdd, "fmadd." r " fa0, fa0, fa1, fa2", OUT)                     \
    DEFINE_ROUND_INT(f##_rint, s, 4)                                                     \
    DEFINE_ROUND_INT(f##_rint_exact, s, 5)                                               \
    DEFINE(f##_eq, "feq." r " a0, fa0, fa1")                                             \
    DEFINE(f##_le, "fle." r " a0, fa0, fa1")                                             \
    DEFINE(f##_lt, "flt." r " a0, fa0, fa1")                                             \
    DEFINE(f##_le_quiet, QUIET_WORD(s, 4))                                               \
    DEFINE(f##_lt_quiet, QUIET_WORD(s, 5))                                               \
    DEFINE_ROUNDS(i64_to_##f, "fcvt." r ".l fa0, a0", OUT)                               \
    DEFINE_ROUNDS(ui64_to_##f, "fcvt." r ".lu fa0, a0", OUT)                             \
    DEFINE_ROUNDS(f##_to_i32, "fcvt.w." r " a0, fa0", "")                                \
    DEFINE_ROUNDS(f##_to_i64, "fcvt.l." r " a0, fa0", "")                                \
    DEFINE_ROUNDS(f##_to_ui32, "fcvt.wu." r " a0, fa0", "")                              \
    DEFINE_ROUNDS(f##_to_ui64, "fcvt.lu." r " a0, fa0", "")

#define DEFINE_FROM_32(f, r)                                                             \
    DEFINE_ROUNDS(i32_to_##f, "fcvt." r ".w fa0, a0", OUT)                               \
    DEFINE_ROUNDS(ui32_to_##f, "fcvt." r ".wu fa0, a0", OUT)

DEFINE_FROM_32(f16, "h")
DEFINE_FROM_32(f32, "s")
DEFINE(i32_to_f64, "fcvt.d.w fa0, a0" OUT)
DEFINE(ui32_to_f64, "fcvt.d.wu fa0, a0" OUT)
DEFINE_FORMAT(f16, "h", 2)
DEFINE_FORMAT(f32, "s", 0)
DEFINE_FORMAT(f64, "d", 1)
DEFINE(f16_to_f32, "fcvt.s.h fa0, fa0" OUT)
DEFINE(f16_to_f64, "fcvt.d.h fa0, fa0" OUT)
DEFINE(f32_to_f64, "fcvt.d.s fa0, fa0" OUT)
DEFINE_ROUNDS(f32_to_f16, "fcvt.h.s fa0, fa0", OUT)
DEFINE_ROUNDS(f64_to_f16, "fcvt.h.d fa0, fa0", OUT)
DEFINE_ROUNDS(f64_to_f32, "fcvt.s.d fa0, fa0", OUT)

#define DYN(n, op, fn) { #op, n, { fn, fn, fn, fn, fn } },
#define ROUNDS(n, op, fn)                                                                \
    DYN(n, op, fn##_dyn)                                                                 \
    { #op "_rm", n, { fn##_rne, fn##_rtz, fn##_rdn, fn##_rup, fn##_rmm } },
#define ONE(n, op) { #op, n, { op } },
#define FORMAT(f)                                                                        \
    ROUNDS(2, f##_add, f##_add) ROUNDS(2, f##_sub, f##_sub) ROUNDS(2, f##_mul, f##_mul)  \
    ROUNDS(2, f##_div, f##_div) ROUNDS(1, f##_sqrt, f##_sqrt) ROUNDS(3, f##_mulAdd, f##_mulAdd) \
    ROUNDS(1, f##_roundToInt, f##_rint) ROUNDS(1, f##_roundToInt_exact, f##_rint_exact)  \
    ONE(2, f##_eq) ONE(2, f##_le) ONE(2, f##_lt) ONE(2, f##_le_quiet) ONE(2, f##_lt_quiet) \
    ROUNDS(1, i64_to_##f, i64_to_##f) ROUNDS(1, ui64_to_##f, ui64_to_##f)                \
    ROUNDS(1, f##_to_i32, f##_to_i32) ROUNDS(1, f##_to_ui32, f##_to_ui32)                \
    ROUNDS(1, f##_to_i64, f##_to_i64) ROUNDS(1, f##_to_ui64, f##_to_ui64)

// clang-format off
static const Function functions[] = {
    FORMAT(f16) FORMAT(f32) FORMAT(f64)
    ROUNDS(1, i32_to_f16, i32_to_f16) ROUNDS(1, ui32_to_f16, ui32_to_f16)
    ROUNDS(1, i32_to_f32, i32_to_f32) ROUNDS(1, ui32_to_f32, ui32_to_f32)
    DYN(1, i32_to_f64, i32_to_f64) DYN(1, ui32_to_f64, ui32_to_f64)
    DYN(1, f16_to_f32, f16_to_f32) DYN(1, f16_to_f64, f16_to_f64) DYN(1, f32_to_f64, f32_to_f64)
    ROUNDS(1, f32_to_f16, f32_to_f16) ROUNDS(1, f64_to_f16, f64_to_f16)
    ROUNDS(1, f64_to_f32, f64_to_f32)
};
// clang-format on

static void set_mode(const Function *f, int mode)
{
    size_t n = strlen(f->name);
    int other = n > 3 && !strcmp(f->name + n - 3, "_rm") ? (mode + 1) % MODES : mode;

    asm volatile("csrw frm, %0" : : "r"(frm[other]));
}

/* Narrow numbers are boxed, 32-bit integers sign-extended. */
static uint64_t in_register(const char *format, uint64_t v)
{
    if (!strcmp(format, "f16"))
        return v | ~0ull << 16;
    if (!strcmp(format, "f32"))
        return v | ~0ull << 32;
    return !strcmp(format, "i32") || !strcmp(format, "ui32") ? (uint64_t)(int32_t)v : v;
}

/* TestFloat's order is that of fflags: NX, UF, OF, DZ, NV from bit 0 on. */
static uint64_t flags_of(uint64_t flags)
{
    return flags;
}
