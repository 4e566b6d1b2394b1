// SPDX-License-Identifier: MIT
/*
 * testfloat_aarch64.h: the AArch64 side of testfloat_guest.c. SoftFloat's variant for Arm has the
 * default NaN for all NaNs, so FPCR.DN is set, and tininess is detected before rounding.
 */
/* FPCR.RMode; ties away from zero is no mode of FPCR, only of single instructions. */
static const uint64_t rmode[MODES] = { 0, 3, 2, 1, 0 };

/* An instruction: operands in registers 0 to 2, the result in register 0, FPSR afterwards. */
typedef uint64_t Op(uint64_t a, uint64_t b, uint64_t c, uint64_t *fpsr);

#define DEFINE(name, code)                                                               \
    static uint64_t name(uint64_t a, uint64_t b, uint64_t c, uint64_t *fpsr)             \
    {                                                                                    \
        register uint64_t x0 asm("x0") = a;                                              \
        register uint64_t x1 asm("x1") = b;                                              \
        register uint64_t x2 asm("x2") = c;                                              \
        asm volatile(".arch armv8.2-a+fp16\n"                                            \
                     "fmov d0, x0\n fmov d1, x1\n fmov d2, x2\n msr fpsr, xzr\n" code    \
                     "\n mrs x1, fpsr"                                                   \
                     : "+r"(x0), "+r"(x1), "+r"(x2) : : "v0", "v1", "v2", "cc");         \
        *fpsr = x1;                                                                      \
        return x0;                                                                       \
    }

#define OUT "\n fmov x0, d0"
#define BOOL(cond) "\n cset x0, " cond

/* What each format f, with registers r, has. */
#define DEFINE_FORMAT(f, r)                                                              \
    DEFINE(f##_add, "fadd " r "0, " r "0, " r "1" OUT)                                   \
    DEFINE(f##_sub, "fsub " r "0, " r "0, " r "1" OUT)                                   \
    DEFINE(f##_mul, "fmul " r "0, " r "0, " r "1" OUT)                                   \
    DEFINE(f##_div, "fdiv " r "0, " r "0, " r "1" OUT)                                   \
    DEFINE(f##_sqrt, "fsqrt " r "0, " r "0" OUT)                                         \
    DEFINE(f##_mulAdd, "fmadd " r "0, " r "0, " r "1, " r "2" OUT)                       \
    DEFINE(f##_rint, "frinti " r "0, " r "0" OUT)                                        \
    DEFINE(f##_rint_exact, "frintx " r "0, " r "0" OUT)                                  \
    DEFINE(f##_rinta, "frinta " r "0, " r "0" OUT)                                       \
    DEFINE(f##_eq, "fcmp " r "0, " r "1" BOOL("eq"))                                     \
    DEFINE(f##_eq_signaling, "fcmpe " r "0, " r "1" BOOL("eq"))                          \
    DEFINE(f##_le, "fcmpe " r "0, " r "1" BOOL("ls"))                                    \
    DEFINE(f##_le_quiet, "fcmp " r "0, " r "1" BOOL("ls"))                               \
    DEFINE(f##_lt, "fcmpe " r "0, " r "1" BOOL("mi"))                                    \
    DEFINE(f##_lt_quiet, "fcmp " r "0, " r "1" BOOL("mi"))                               \
    DEFINE(i32_to_##f, "scvtf " r "0, w0" OUT)                                           \
    DEFINE(ui32_to_##f, "ucvtf " r "0, w0" OUT)                                          \
    DEFINE(i64_to_##f, "scvtf " r "0, x0" OUT)                                           \
    DEFINE(ui64_to_##f, "ucvtf " r "0, x0" OUT)                                          \
    DEFINE_TO_INT(f, i32, "s w0", r) DEFINE_TO_INT(f, i64, "s x0", r)                    \
    DEFINE_TO_INT(f, ui32, "u w0", r) DEFINE_TO_INT(f, ui64, "u x0", r)

#define DEFINE_TO_INT(f, i, end, r)                                                      \
    DEFINE(f##_to_##i##_n, "fcvtn" end ", " r "0")                                       \
    DEFINE(f##_to_##i##_z, "fcvtz" end ", " r "0")                                       \
    DEFINE(f##_to_##i##_m, "fcvtm" end ", " r "0")                                       \
    DEFINE(f##_to_##i##_p, "fcvtp" end ", " r "0")                                       \
    DEFINE(f##_to_##i##_a, "fcvta" end ", " r "0")

DEFINE_FORMAT(f16, "h")
DEFINE_FORMAT(f32, "s")
DEFINE_FORMAT(f64, "d")
DEFINE(f16_to_f32, "fcvt s0, h0" OUT)
DEFINE(f16_to_f64, "fcvt d0, h0" OUT)
DEFINE(f32_to_f16, "fcvt h0, s0" OUT)
DEFINE(f32_to_f64, "fcvt d0, s0" OUT)
DEFINE(f64_to_f16, "fcvt h0, d0" OUT)
DEFINE(f64_to_f32, "fcvt s0, d0" OUT)

#define FOUR(n, op) { #op, n, { op, op, op, op } },
/* Comparisons do not round. */
#define ONE(n, op) { #op, n, { op } },
#define TO_INT(f, i)                                                                     \
    { #f "_to_" #i, 1,                                                                   \
      { f##_to_##i##_n, f##_to_##i##_z, f##_to_##i##_m, f##_to_##i##_p, f##_to_##i##_a } },
#define FORMAT(f)                                                                        \
    FOUR(2, f##_add) FOUR(2, f##_sub) FOUR(2, f##_mul) FOUR(2, f##_div) FOUR(1, f##_sqrt) \
    FOUR(3, f##_mulAdd)                                                                  \
    { #f "_roundToInt", 1, { f##_rint, f##_rint, f##_rint, f##_rint, f##_rinta } },      \
    { #f "_roundToInt_exact", 1,                                                         \
      { f##_rint_exact, f##_rint_exact, f##_rint_exact, f##_rint_exact } },              \
    ONE(2, f##_eq) ONE(2, f##_eq_signaling) ONE(2, f##_le) ONE(2, f##_le_quiet)      \
    ONE(2, f##_lt) ONE(2, f##_lt_quiet)                                                \
    FOUR(1, i32_to_##f) FOUR(1, ui32_to_##f) FOUR(1, i64_to_##f) FOUR(1, ui64_to_##f)    \
    TO_INT(f, i32) TO_INT(f, i64) TO_INT(f, ui32) TO_INT(f, ui64)

// clang-format off
static const Function functions[] = {
    FORMAT(f16) FORMAT(f32) FORMAT(f64)
    FOUR(1, f16_to_f32) FOUR(1, f16_to_f64) FOUR(1, f32_to_f16) FOUR(1, f32_to_f64)
    FOUR(1, f64_to_f16) FOUR(1, f64_to_f32)
};
// clang-format on

static void set_mode(const Function *f, int mode)
{
    (void)f;
    asm volatile("msr fpcr, %0" : : "r"(rmode[mode] << 22 | 1 << 25));
}

static uint64_t in_register(const char *format, uint64_t v)
{
    (void)format;
    return v;
}

/* TestFloat: inexact, underflow, overflow, infinite, invalid; FPSR the other way round. */
static uint64_t flags_of(uint64_t flags)
{
    uint64_t out = 0;

    for (int i = 0; i < 5; i++) {
        out |= (flags >> i & 1) << (4 - i);
    }
    return out;
}
