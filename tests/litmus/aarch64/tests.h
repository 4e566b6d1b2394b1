/* SPDX-License-Identifier: MIT */
/* tests.h: AArch64's litmus tests; Arm ARM, B2.3 "Definition of the Arm memory model". */
#include <sys/auxv.h>

enum { NEED_NOTHING, NEED_LSE, NEED_LRCPC };

/* For the assembler, before each body. */
#define BODY_START ".arch armv8.4-a\n"

#define W(var, value)       "str %[" #value "], [%[" #var "]]\n"
#define WL(var, value)      "stlr %[" #value "], [%[" #var "]]\n"
#define R(reg, var)         "ldr %[" #reg "], [%[" #var "]]\n"
#define RA(reg, var)        "ldar %[" #reg "], [%[" #var "]]\n"
#define RQ(reg, var)        "ldapr %[" #reg "], [%[" #var "]]\n"
#define SWPAL(var, value)   "swpal %[" #value "], %[t], [%[" #var "]]\n"
#define SWPL(var, value)    "swpl %[" #value "], %[t], [%[" #var "]]\n"
#define DMB                 "dmb ish\n"
#define DMBST               "dmb ishst\n"
#define DMBLD               "dmb ishld\n"
#define DSB                 "dsb sy\n"
/* A store whose value, or a load whose address, depends on reg. */
#define W_DATA(var, reg)    "eor %[t], %[" #reg "], %[" #reg "]\nadd %[t], %[t], #1\n"             \
                            "str %[t], [%[" #var "]]\n"
#define R_ADDR(reg, var, on) "eor %[t], %[" #on "], %[" #on "]\nldr %[" #reg "], [%[" #var "], %[t]]\n"
#define W_ADDR(var, value, on) "eor %[t], %[" #on "], %[" #on "]\nstr %[" #value "], [%[" #var "], %[t]]\n"
#define W_CTRL(var, value, on) "cbnz %[" #on "], 1f\n1: str %[" #value "], [%[" #var "]]\n"
#define R_CTRL_ISB(reg, var, on) "cbnz %[" #on "], 1f\n1: isb\nldr %[" #reg "], [%[" #var "]]\n"
/* Exclusive exchange, acquire and release. */
#define XCHG(ld, st, var, value) "2: " ld " %[t], [%[" #var "]]\n" st " %w[u], %[" #value "], [%[" #var "]]\n" \
                            "cbnz %w[u], 2b\n"

/* ---- bodies: named by what they do, in order ---- */

BODY(Wx_Wy, W(x, one) W(y, one))
BODY(Wx_WLy, W(x, one) WL(y, one))
BODY(Wx_dmb_Wy, W(x, one) DMB W(y, one))
BODY(Wx_dmbst_Wy, W(x, one) DMBST W(y, one))
BODY(Wx_dsb_Wy, W(x, one) DSB W(y, one))
BODY(Wx_SWPLy, W(x, one) SWPL(y, one))
BODY(Wx_STADDLy, W(x, one) "staddl %[one], [%[y]]\n")
BODY(Wx_STLXRy, W(x, one) XCHG("ldxr", "stlxr", y, one))
BODY(Wx_CASLy, W(x, one) "mov %[t], xzr\ncasl %[t], %[one], [%[y]]\n")
BODY(Wx_STLRBy, "strb %w[one], [%[x]]\nstlrb %w[one], [%[y]]\n")
BODY(STPx_STLRy, "stp %[one], %[one], [%[x]]\n" WL(y, one))
BODY(STRQx_STLRy, "dup v0.2d, %[one]\nstr q0, [%[x]]\n" WL(y, one))
BODY(RAy_LDRQx, RA(a, y) "ldr q0, [%[x]]\numov %[b], v0.d[1]\n")
BODY(RAy_Rx, RA(a, y) R(b, x))
BODY(RAy_LDPx, RA(a, y) "ldp %[t], %[b], [%[x]]\n")
BODY(RQy_Rx, RQ(a, y) R(b, x))
BODY(Ry_dmb_Rx, R(a, y) DMB R(b, x))
BODY(Ry_dmbld_Rx, R(a, y) DMBLD R(b, x))
BODY(Ry_addr_Rx, R(a, y) R_ADDR(b, x, a))
BODY(Ry_ctrlisb_Rx, R(a, y) R_CTRL_ISB(b, x, a))
BODY(LDAXRy_Rx, "ldaxr %[a], [%[y]]\n" R(b, x))
BODY(SWPAy_Rx, "swpa xzr, %[a], [%[y]]\n" R(b, x))
BODY(LDADDAy_Rx, "ldadda xzr, %[a], [%[y]]\n" R(b, x))
BODY(CASAy_Rx, "mov %[a], #7\ncasa %[a], %[one], [%[y]]\n" R(b, x))
BODY(LDARBy_Rx, "ldarb %w[a], [%[y]]\nldrb %w[b], [%[x]]\n")
BODY(Ry_Rx, R(a, y) R(b, x))

BODY(Wx_Ry, W(x, one) R(a, y))
BODY(Wy_Rx, W(y, one) R(a, x))
BODY(Wx_dmb_Ry, W(x, one) DMB R(a, y))
BODY(Wy_dmb_Rx, W(y, one) DMB R(a, x))
BODY(Wx_dsb_Ry, W(x, one) DSB R(a, y))
BODY(Wy_dsb_Rx, W(y, one) DSB R(a, x))
BODY(WLx_RAy, WL(x, one) RA(a, y))
BODY(WLy_RAx, WL(y, one) RA(a, x))
BODY(WLx_RQy, WL(x, one) RQ(a, y))
BODY(WLy_RQx, WL(y, one) RQ(a, x))
BODY(WLx_far_RAy, WL(x, one) "b 3f\n.balign 64\nnop\n3: cbz %[one], 3b\n" RA(a, y))
BODY(WLy_far_RAx, WL(y, one) "b 3f\n.balign 64\nnop\n3: cbz %[one], 3b\n" RA(a, x))
BODY(WLx_call_RAy, WL(x, one) "mov %[u], x30\nadr %[t], 3f\nblr %[t]\nb 4f\n3: ret\n4: mov x30, %[u]\n" RA(a, y))
BODY(WLy_call_RAx, WL(y, one) "mov %[u], x30\nadr %[t], 3f\nblr %[t]\nb 4f\n3: ret\n4: mov x30, %[u]\n" RA(a, x))
BODY(WLx_LDAXRy, WL(x, one) "ldaxr %[a], [%[y]]\n")
BODY(WLy_LDAXRx, WL(y, one) "ldaxr %[a], [%[x]]\n")
BODY(STLRBx_LDARBy, "stlrb %w[one], [%[x]]\nldarb %w[a], [%[y]]\n")
BODY(STLRBy_LDARBx, "stlrb %w[one], [%[y]]\nldarb %w[a], [%[x]]\n")
BODY(WLx_Rz_RAy, WL(x, one) R(b, z) RA(a, y))
BODY(WLy_Wz_RAx, WL(y, one) W(z, two) RA(a, x))
BODY(SWPALx_Ry, SWPAL(x, one) R(a, y))
BODY(SWPALy_Rx, SWPAL(y, one) R(a, x))
BODY(LDADDALx_Ry, "ldaddal %[one], %[t], [%[x]]\n" R(a, y))
BODY(CASALy_Rx, "mov %[t], xzr\ncasal %[t], %[one], [%[y]]\n" R(a, x))
BODY(STADDx_dmb_Ry, "stadd %[one], [%[x]]\n" DMB R(a, y))
BODY(STXRx_dmb_Ry, XCHG("ldxr", "stxr", x, one) DMB R(a, y))
BODY(STXRy_dmb_Rx, XCHG("ldxr", "stxr", y, one) DMB R(a, x))

BODY(Ry_Wx_data, R(a, y) W_DATA(x, a))
BODY(Rx_Wy_data, R(a, x) W_DATA(y, a))
BODY(RAy_Wx, RA(a, y) W(x, one))
BODY(RAx_Wy, RA(a, x) W(y, one))
BODY(RQy_Wx, RQ(a, y) W(x, one))
BODY(RQx_Wy, RQ(a, x) W(y, one))
BODY(Ry_WLx, R(a, y) WL(x, one))
BODY(Rx_WLy, R(a, x) WL(y, one))
BODY(Ry_dmb_Wx, R(a, y) DMB W(x, one))
BODY(Rx_dmb_Wy, R(a, x) DMB W(y, one))
BODY(Ry_dmbld_Wx, R(a, y) DMBLD W(x, one))
BODY(Rx_ctrl_Wy, R(a, x) W_CTRL(y, one, a))
BODY(Ry_addr_Wx, R(a, y) W_ADDR(x, one, a))
BODY(Rx_STXRy, R(a, x) DMB XCHG("ldxr", "stxr", y, one))

BODY(Wx2_WLy, W(x, two) WL(y, one))
BODY(Wx2_dmbst_Wy, W(x, two) DMBST W(y, one))
BODY(Wy2_dmb_Rx, W(y, two) DMB R(a, x))
BODY(WLy2_RAx, WL(y, two) RA(a, x))
BODY(SWPALy2_Rx, SWPAL(y, two) R(a, x))
BODY(Wx_WLy2, W(x, one) WL(y, two))
BODY(Wy_WLx2, W(y, one) WL(x, two))
BODY(Wx_dmbst_Wy2, W(x, one) DMBST W(y, two))
BODY(Wy_dmbst_Wx2, W(y, one) DMBST W(x, two))
BODY(Wx_SWPLy2, W(x, one) SWPL(y, two))
BODY(Wy_SWPLx2, W(y, one) SWPL(x, two))

BODY(Wx1, W(x, one))
BODY(Wy1, W(y, one))
BODY(Wx2, W(x, two))
BODY(WLx1, WL(x, one))
BODY(WLy1, WL(y, one))
BODY(RAx_RAy, RA(a, x) RA(b, y))
BODY(RAy_RAx, RA(a, y) RA(b, x))
BODY(RQx_Ry, RQ(a, x) R(b, y))
BODY(Rx_dmb_Ry, R(a, x) DMB R(b, y))
BODY(Rx_addr_Ry, R(a, x) R_ADDR(b, y, a))
BODY(Rx_dmbld_Ry, R(a, x) DMBLD R(b, y))
BODY(Rx_Rx, R(a, x) R(b, x))
BODY(LDXRx_Rx, "ldxr %[a], [%[x]]\n" R(b, x))
BODY(Wx_Rx, W(x, one) R(a, x))
BODY(Rx_Wx2, R(a, x) W(x, two))
BODY(RAx_WLy, RA(a, x) WL(y, one))
BODY(RAy_WLz, RA(a, y) WL(z, one))
BODY(Ry_Wz_data, R(a, y) W_DATA(z, a))
BODY(RAz_Rx, RA(a, z) R(b, x))
BODY(Rz_addr_Rx, R(a, z) R_ADDR(b, x, a))
BODY(Wy2_WLz, W(y, two) WL(z, one))
BODY(Wy_dmb_Rz, W(y, one) DMB R(a, z))
BODY(Wz_dmb_Rx, W(z, one) DMB R(a, x))
BODY(WLy_RAz, WL(y, one) RA(a, z))
BODY(WLz_RAx, WL(z, one) RA(a, x))
BODY(Rz_Wx_data, R(a, z) W_DATA(x, a))

/* Both words of x at once, or none. */
BODY(STXPx, "2: ldxp %[t], %[u], [%[x]]\nstxp %w[t], %[one], %[one], [%[x]]\ncbnz %w[t], 2b\n")
BODY(CASPx, "mov x2, xzr\nmov x3, xzr\nmov x4, %[one]\nmov x5, %[one]\ncasp x2, x3, x4, x5, [%[x]]\n")
BODY(LDXPx, "2: ldxp %[a], %[b], [%[x]]\nstxp %w[t], %[a], %[b], [%[x]]\ncbnz %w[t], 2b\n")
BODY(CASPRx, "mov x2, #9\nmov x3, #9\nmov x4, #9\nmov x5, #9\ncasp x2, x3, x4, x5, [%[x]]\n"
             "mov %[a], x2\nmov %[b], x3\n")

/* Every increment counts. */
BODY(INC_stxr, "2: ldxr %[t], [%[x]]\nadd %[t], %[t], #1\nstxr %w[u], %[t], [%[x]]\ncbnz %w[u], 2b\n")
BODY(INC_far_stxr, "2: ldxr %[t], [%[x]]\nadd %[t], %[t], #1\nb 3f\n3: stxr %w[u], %[t], [%[x]]\n"
                   "cbnz %w[u], 2b\n")
BODY(INC_ldadd, "ldadd %[one], %[t], [%[x]]\n")
BODY(INC_cas, "2: ldr %[t], [%[x]]\nadd %[u], %[t], #1\nmov %[a], %[t]\ncas %[t], %[u], [%[x]]\n"
              "cmp %[t], %[a]\nb.ne 2b\nmov %[a], xzr\n")
BODY(INC_byte, "ldaddb %w[one], %w[t], [%[x]]\n")
BODY(INC_stxp, "2: ldxp %[t], %[a], [%[x]]\nadd %[t], %[t], #1\nstxp %w[u], %[t], %[a], [%[x]]\n"
               "cbnz %w[u], 2b\nmov %[a], xzr\n")
/* Exchanges hand each value on once: what is left and what was taken add up. */
BODY(SWP1, "swp %[one], %[a], [%[x]]\n")
BODY(SWP2, "swp %[two], %[a], [%[x]]\n")
BODY(SWP2x, "2: ldxr %[a], [%[x]]\nstxr %w[u], %[two], [%[x]]\ncbnz %w[u], 2b\n")

/* ---- the tests ---- */

// clang-format off
static const Test tests[] = {
    { "MP+plain+plain-control",  mp, true, 0, { Wx_Wy, Ry_Rx } },
    { "MP+stlr+ldar",       mp, false, 0, { Wx_WLy, RAy_Rx } },
    { "MP+stlr+ldapr",      mp, false, NEED_LRCPC, { Wx_WLy, RQy_Rx } },
    { "MP+stlr+ldaxr",      mp, false, 0, { Wx_WLy, LDAXRy_Rx } },
    { "MP+stlrb+ldarb",     mp, false, 0, { Wx_STLRBy, LDARBy_Rx } },
    { "MP+stlr+addr",       mp, false, 0, { Wx_WLy, Ry_addr_Rx } },
    { "MP+stlr+ctrlisb",    mp, false, 0, { Wx_WLy, Ry_ctrlisb_Rx } },
    { "MP+stp+ldp",         mp, false, 0, { STPx_STLRy, RAy_LDPx } },
    { "MP+strq+ldrq",       mp, false, 0, { STRQx_STLRy, RAy_LDRQx } },
    { "MP+dmb+dmb",         mp, false, 0, { Wx_dmb_Wy, Ry_dmb_Rx } },
    { "MP+dmbst+dmbld",     mp, false, 0, { Wx_dmbst_Wy, Ry_dmbld_Rx } },
    { "MP+dsb+addr",        mp, false, 0, { Wx_dsb_Wy, Ry_addr_Rx } },
    { "MP+stlxr+ldar",      mp, false, 0, { Wx_STLXRy, RAy_Rx } },
    { "MP+swpl+swpa",       mp, false, NEED_LSE, { Wx_SWPLy, SWPAy_Rx } },
    { "MP+staddl+ldadda",   mp, false, NEED_LSE, { Wx_STADDLy, LDADDAy_Rx } },
    { "MP+casl+casa",       mp, false, NEED_LSE, { Wx_CASLy, CASAy_Rx } },
    { "SB+plain-control",   sb, true, 0, { Wx_Ry, Wy_Rx } },
    { "SB+stlr+ldapr-control", sb, true, NEED_LRCPC, { WLx_RQy, WLy_RQx } },
    { "SB+dmb",             sb, false, 0, { Wx_dmb_Ry, Wy_dmb_Rx } },
    { "SB+dsb",             sb, false, 0, { Wx_dsb_Ry, Wy_dsb_Rx } },
    { "SB+stlr+ldar",       sb, false, 0, { WLx_RAy, WLy_RAx } },
    { "SB+stlrb+ldarb",     sb, false, 0, { STLRBx_LDARBy, STLRBy_LDARBx } },
    { "SB+stlr+branch+ldar", sb, false, 0, { WLx_far_RAy, WLy_far_RAx } },
    { "SB+stlr+call+ldar",  sb, false, 0, { WLx_call_RAy, WLy_call_RAx } },
    { "SB+stlr+other+ldar", sb, false, 0, { WLx_Rz_RAy, WLy_Wz_RAx } },
    { "SB+stlr+ldaxr",      sb, false, 0, { WLx_LDAXRy, WLy_LDAXRx } },
    { "SB+swpal",           sb, false, NEED_LSE, { SWPALx_Ry, SWPALy_Rx } },
    { "SB+ldaddal+casal",   sb, false, NEED_LSE, { LDADDALx_Ry, CASALy_Rx } },
    { "SB+stadd+dmb",       sb, false, NEED_LSE, { STADDx_dmb_Ry, STXRy_dmb_Rx } },
    { "SB+stxr+dmb",        sb, false, 0, { STXRx_dmb_Ry, STXRy_dmb_Rx } },
    { "LB+data",            lb, false, 0, { Ry_Wx_data, Rx_Wy_data } },
    { "LB+ldar",            lb, false, 0, { RAy_Wx, RAx_Wy } },
    { "LB+ldapr",           lb, false, NEED_LRCPC, { RQy_Wx, RQx_Wy } },
    { "LB+stlr",            lb, false, 0, { Ry_WLx, Rx_WLy } },
    { "LB+dmb",             lb, false, 0, { Ry_dmb_Wx, Rx_dmb_Wy } },
    { "LB+dmbld+ctrl",      lb, false, 0, { Ry_dmbld_Wx, Rx_ctrl_Wy } },
    { "LB+addr+stxr",       lb, false, 0, { Ry_addr_Wx, Rx_STXRy } },
    { "S+stlr+ldar",        s, false, 0, { Wx2_WLy, RAy_Wx } },
    { "S+dmbst+data",       s, false, 0, { Wx2_dmbst_Wy, Ry_Wx_data } },
    { "S+stlr+ldapr",       s, false, NEED_LRCPC, { Wx2_WLy, RQy_Wx } },
    { "R+dmb",              r, false, 0, { Wx_dmb_Wy, Wy2_dmb_Rx } },
    { "R+stlr+ldar",        r, false, 0, { Wx_WLy, WLy2_RAx } },
    { "R+swpal",            r, false, NEED_LSE, { Wx_SWPLy, SWPALy2_Rx } },
    { "2+2W+stlr",          w22, false, 0, { Wx_WLy2, Wy_WLx2 } },
    { "2+2W+dmbst",         w22, false, 0, { Wx_dmbst_Wy2, Wy_dmbst_Wx2 } },
    { "2+2W+swpl",          w22, false, NEED_LSE, { Wx_SWPLy2, Wy_SWPLx2 } },
    { "IRIW+ldar",          iriw, false, 0, { WLx1, WLy1, RAx_RAy, RAy_RAx } },
    { "IRIW+ldapr",         iriw, false, NEED_LRCPC, { Wx1, Wy1, RQx_Ry, RQy_Rx } },
    { "IRIW+dmb",           iriw, false, 0, { Wx1, Wy1, Rx_dmb_Ry, Ry_dmb_Rx } },
    { "IRIW+addr+dmbld",    iriw, false, 0, { Wx1, Wy1, Rx_addr_Ry, Ry_dmbld_Rx } },
    { "WRC+ldar+stlr",      wrc, false, 0, { Wx1, RAx_WLy, RAy_Rx } },
    { "WRC+data+addr",      wrc, false, 0, { Wx1, Rx_Wy_data, Ry_addr_Rx } },
    { "RWC+dmb",            rwc, false, 0, { Wx1, Rx_dmb_Ry, Wy_dmb_Rx } },
    { "RWC+ldar+stlr",      rwc, false, 0, { WLx1, RAx_RAy, WLy_RAx } },
    { "RWC+dmbld+dsb",      rwc, false, 0, { Wx1, Rx_dmbld_Ry, Wy_dsb_Rx } },
    { "ISA2+stlr+ldar",     isa2, false, 0, { Wx_WLy, RAy_WLz, RAz_Rx } },
    { "ISA2+data+addr",     isa2, false, 0, { Wx_dmb_Wy, Ry_Wz_data, Rz_addr_Rx } },
    { "Z6.3+stlr+ldar",     z63, false, 0, { Wx_WLy, Wy2_WLz, RAz_Rx } },
    { "3.SB+dmb",           sb3, false, 0, { Wx_dmb_Ry, Wy_dmb_Rz, Wz_dmb_Rx } },
    { "3.SB+stlr+ldar",     sb3, false, 0, { WLx_RAy, WLy_RAz, WLz_RAx } },
    { "3.LB+data",          lb3, false, 0, { Rx_Wy_data, Ry_Wz_data, Rz_Wx_data } },
    { "CoRR",               corr, false, 0, { Wx1, Rx_Rx } },
    { "CoRR+ldxr",          corr, false, 0, { Wx1, LDXRx_Rx } },
    { "CoWR",               cowr, false, 0, { Wx_Rx, Wx2 } },
    { "CoRW",               corw, false, 0, { Wx1, Rx_Wx2 } },
    { "ATOM+ldxp+stxp",     torn, false, 0, { STXPx, LDXPx } },
    { "ATOM+casp",          torn, false, NEED_LSE, { CASPx, CASPRx } },
    { "ATOM+casp+ldxp",     torn, false, NEED_LSE, { CASPx, LDXPx } },
    { "INC+stxr",           lost, false, 0, { INC_stxr, INC_far_stxr } },
    { "INC+stxp",           lost, false, 0, { INC_stxp, INC_stxr } },
    { "INC+ldadd+cas+stxr", lost3, false, NEED_LSE, { INC_ldadd, INC_cas, INC_stxr } },
    { "INC+ldaddb+stxr",    lost3, false, NEED_LSE, { INC_byte, INC_far_stxr, INC_ldadd } },
    { "SWP",                swapped, false, NEED_LSE, { SWP1, SWP2 } },
    { "SWP+stxr",           swapped, false, NEED_LSE, { SWP1, SWP2x } },
};
// clang-format on

static const char *missing(unsigned need)
{
    unsigned long have = getauxval(AT_HWCAP);

    if (need == NEED_LSE && !(have & 1 << 8)) {
        return "no LSE";
    }
    return need == NEED_LRCPC && !(have & 1 << 15) ? "no LRCPC" : NULL;
}
