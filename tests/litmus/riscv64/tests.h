/* SPDX-License-Identifier: MIT */
/*
 * tests.h: RISC-V's litmus tests; RISC-V Unprivileged ISA, "RVWMO Memory Consistency Model". AMOs and
 * LR, SC with .aq and .rl are RCsc.
 */
enum { NEED_NOTHING, NEED_ZABHA, NEED_ZACAS };

/* For the assembler, before each body. */
#define BODY_START ""

#define W(var, value)       "sd %[" #value "], 0(%[" #var "])\n"
#define R(reg, var)         "ld %[" #reg "], 0(%[" #var "])\n"
#define SWAP(how, reg, var, value) "amoswap.d" how " %[" #reg "], %[" #value "], (%[" #var "])\n"
/* A store with release, a load with acquire. */
#define WL(var, value)      SWAP(".rl", t, var, value)
#define RA(reg, var)        "lr.d.aq %[" #reg "], (%[" #var "])\n"
#define RZ(reg, var)        "amoor.d.aq %[" #reg "], zero, (%[" #var "])\n"
#define F                   "fence rw, rw\n"
#define FWW                 "fence w, w\n"
#define FRR                 "fence r, r\n"
#define FWR                 "fence w, r\n"
#define FRW                 "fence r, w\n"
#define TSO                 "fence.tso\n"
/* A store whose value, or an access whose address, depends on reg. */
#define W_DATA(var, reg)    "xor %[t], %[" #reg "], %[" #reg "]\naddi %[t], %[t], 1\nsd %[t], 0(%[" #var "])\n"
#define R_ADDR(reg, var, on) "xor %[t], %[" #on "], %[" #on "]\nadd %[t], %[t], %[" #var "]\n"      \
                            "ld %[" #reg "], 0(%[t])\n"
#define W_ADDR(var, value, on) "xor %[t], %[" #on "], %[" #on "]\nadd %[t], %[t], %[" #var "]\n"    \
                            "sd %[" #value "], 0(%[t])\n"
#define W_CTRL(var, value, on) "bnez %[" #on "], 1f\n1: sd %[" #value "], 0(%[" #var "])\n"
#define R_CTRL_FENCEI(reg, var, on) "bnez %[" #on "], 1f\n1: fence.i\nld %[" #reg "], 0(%[" #var "])\n"
/* Exchange by LR and SC. */
#define XCHG(aq, rl, reg, var, value) "2: lr.d" aq " %[" #reg "], (%[" #var "])\nsc.d" rl " %[u], %[" #value "], (%[" #var "])\n" \
                            "bnez %[u], 2b\n"

/* ---- bodies: named by what they do, in order ---- */

BODY(Wx_Wy, W(x, one) W(y, one))
BODY(Wx_WLy, W(x, one) WL(y, one))
BODY(Wx_F_Wy, W(x, one) F W(y, one))
BODY(Wx_FWW_Wy, W(x, one) FWW W(y, one))
BODY(Wx_TSO_Wy, W(x, one) TSO W(y, one))
BODY(Wx_SCRLy, W(x, one) XCHG("", ".rl", t, y, one))
BODY(Wx_AMOADDRLy, W(x, one) "amoadd.w.rl zero, %[one], (%[y])\n")
BODY(FSDx_WLy, "fmv.d.x ft0, %[one]\nfsd ft0, 0(%[x])\n" WL(y, one))
BODY(RAy_FLDx, RA(a, y) "fld ft0, 0(%[x])\nfmv.x.d %[b], ft0\n")
BODY(Ry_Rx, R(a, y) R(b, x))
BODY(RAy_Rx, RA(a, y) R(b, x))
BODY(RZy_Rx, RZ(a, y) R(b, x))
BODY(Ry_F_Rx, R(a, y) F R(b, x))
BODY(Ry_FRR_Rx, R(a, y) FRR R(b, x))
BODY(Ry_TSO_Rx, R(a, y) TSO R(b, x))
BODY(Ry_addr_Rx, R(a, y) R_ADDR(b, x, a))
BODY(Ry_ctrlfencei_Rx, R(a, y) R_CTRL_FENCEI(b, x, a))
BODY(LRAQWy_Rx, "lr.w.aq %[a], (%[y])\n" R(b, x))

BODY(Wx_Ry, W(x, one) R(a, y))
BODY(Wy_Rx, W(y, one) R(a, x))
BODY(Wx_F_Ry, W(x, one) F R(a, y))
BODY(Wy_F_Rx, W(y, one) F R(a, x))
BODY(Wx_FWR_Ry, W(x, one) FWR R(a, y))
BODY(Wy_FWR_Rx, W(y, one) FWR R(a, x))
BODY(Wx_TSO_Ry, W(x, one) TSO R(a, y))
BODY(Wy_TSO_Rx, W(y, one) TSO R(a, x))
BODY(WLx_RAy, WL(x, one) RA(a, y))
BODY(WLy_RAx, WL(y, one) RA(a, x))
BODY(WLx_RZy, WL(x, one) RZ(a, y))
BODY(WLy_RZx, WL(y, one) RZ(a, x))
BODY(SWAPx_Ry, SWAP(".aqrl", t, x, one) R(a, y))
BODY(SWAPy_Rx, SWAP(".aqrl", t, y, one) R(a, x))
BODY(WLx_far_RAy, WL(x, one) "j 3f\n.balign 64\nnop\n3: beqz %[one], 3b\n" RA(a, y))
BODY(WLy_far_RAx, WL(y, one) "j 3f\n.balign 64\nnop\n3: beqz %[one], 3b\n" RA(a, x))
BODY(LRSCx_F_Ry, XCHG("", "", t, x, one) F R(a, y))
BODY(LRSCy_F_Rx, XCHG("", "", t, y, one) F R(a, x))
BODY(SCRLx_RAy, XCHG("", ".rl", t, x, one) RA(a, y))
BODY(SCRLy_RAx, XCHG("", ".rl", t, y, one) RA(a, x))

BODY(Ry_Wx_data, R(a, y) W_DATA(x, a))
BODY(Rx_Wy_data, R(a, x) W_DATA(y, a))
BODY(RAy_Wx, RA(a, y) W(x, one))
BODY(RAx_Wy, RA(a, x) W(y, one))
BODY(Ry_WLx, R(a, y) WL(x, one))
BODY(Rx_WLy, R(a, x) WL(y, one))
BODY(Ry_F_Wx, R(a, y) F W(x, one))
BODY(Rx_F_Wy, R(a, x) F W(y, one))
BODY(Ry_FRW_Wx, R(a, y) FRW W(x, one))
BODY(Rx_ctrl_Wy, R(a, x) W_CTRL(y, one, a))
BODY(Ry_addr_Wx, R(a, y) W_ADDR(x, one, a))

BODY(Wx2_WLy, W(x, two) WL(y, one))
BODY(Wx2_FWW_Wy, W(x, two) FWW W(y, one))
BODY(Wy2_F_Rx, W(y, two) F R(a, x))
BODY(SWAPy2_Rx, SWAP(".aqrl", t, y, two) R(a, x))
BODY(Wx_WLy2, W(x, one) WL(y, two))
BODY(Wy_WLx2, W(y, one) WL(x, two))
BODY(Wx_FWW_Wy2, W(x, one) FWW W(y, two))
BODY(Wy_FWW_Wx2, W(y, one) FWW W(x, two))

BODY(Wx1, W(x, one))
BODY(Wy1, W(y, one))
BODY(Wx2, W(x, two))
BODY(Rx_F_Ry, R(a, x) F R(b, y))
BODY(RAx_RAy, RA(a, x) RA(b, y))
BODY(RAy_RAx, RA(a, y) RA(b, x))
BODY(Rx_addr_Ry, R(a, x) R_ADDR(b, y, a))
BODY(Rx_Rx, R(a, x) R(b, x))
BODY(LRx_Rx, "lr.d %[a], (%[x])\n" R(b, x))
BODY(Wx_Rx, W(x, one) R(a, x))
BODY(Rx_Wx2, R(a, x) W(x, two))
BODY(RAx_WLy, RA(a, x) WL(y, one))
BODY(RAy_WLz, RA(a, y) WL(z, one))
BODY(RAz_Rx, RA(a, z) R(b, x))
BODY(Ry_Wz_data, R(a, y) W_DATA(z, a))
BODY(Rz_addr_Rx, R(a, z) R_ADDR(b, x, a))
BODY(Rz_Wx_data, R(a, z) W_DATA(x, a))
BODY(Wy2_WLz, W(y, two) WL(z, one))
BODY(Wy_F_Rz, W(y, one) F R(a, z))
BODY(Wz_F_Rx, W(z, one) F R(a, x))

/* Every increment counts. */
BODY(INC_lrsc, "2: lr.d %[t], (%[x])\naddi %[t], %[t], 1\nsc.d %[u], %[t], (%[x])\nbnez %[u], 2b\n")
BODY(INC_far_lrsc, "2: lr.d %[t], (%[x])\naddi %[t], %[t], 1\nj 3f\n3: sc.d %[u], %[t], (%[x])\n"
                   "bnez %[u], 2b\n")
BODY(INC_lrscw, "2: lr.w.aqrl %[t], (%[x])\naddi %[t], %[t], 1\nsc.w.rl %[u], %[t], (%[x])\n"
                "bnez %[u], 2b\n")
BODY(INC_amoadd, "amoadd.d %[t], %[one], (%[x])\n")
/* amoadd.b t, one, (x); amocas.d t, u, (x): for assemblers that do not know them. */
BODY(INC_byte, ".insn r 0x2f, 0, 0, %[t], %[x], %[one]\n")
BODY(INC_cas, "2: ld %[t], 0(%[x])\naddi %[u], %[t], 1\nmv %[a], %[t]\n.insn r 0x2f, 3, 20, %[t], %[x], %[u]\n"
              "bne %[t], %[a], 2b\nli %[a], 0\n")
/* Exchanges hand each value on once: what is left and what was taken add up. */
BODY(SWP1, SWAP("", a, x, one))
BODY(SWP2, SWAP("", a, x, two))
BODY(SWP2x, XCHG("", "", a, x, two))

/* ---- the tests ---- */

// clang-format off
static const Test tests[] = {
    { "MP+plain+plain-control", mp, true, 0, { Wx_Wy, Ry_Rx } },
    { "MP+fence+fence",     mp, false, 0, { Wx_F_Wy, Ry_F_Rx } },
    { "MP+fence.w.w+fence.r.r", mp, false, 0, { Wx_FWW_Wy, Ry_FRR_Rx } },
    { "MP+fence.tso",       mp, false, 0, { Wx_TSO_Wy, Ry_TSO_Rx } },
    { "MP+fence+addr",      mp, false, 0, { Wx_F_Wy, Ry_addr_Rx } },
    { "MP+fence+ctrlfencei", mp, false, 0, { Wx_F_Wy, Ry_ctrlfencei_Rx } },
    { "MP+swap.rl+lr.aq",   mp, false, 0, { Wx_WLy, RAy_Rx } },
    { "MP+swap.rl+or.aq",   mp, false, 0, { Wx_WLy, RZy_Rx } },
    { "MP+sc.rl+lr.aq",     mp, false, 0, { Wx_SCRLy, RAy_Rx } },
    { "MP+add.rl+lr.w.aq",  mp, false, 0, { Wx_AMOADDRLy, LRAQWy_Rx } },
    { "MP+fsd+fld",         mp, false, 0, { FSDx_WLy, RAy_FLDx } },
    { "SB+plain-control",   sb, true, 0, { Wx_Ry, Wy_Rx } },
    { "SB+fence.tso-control", sb, true, 0, { Wx_TSO_Ry, Wy_TSO_Rx } },
    { "SB+fence",           sb, false, 0, { Wx_F_Ry, Wy_F_Rx } },
    { "SB+fence.w.r",       sb, false, 0, { Wx_FWR_Ry, Wy_FWR_Rx } },
    { "SB+swap.rl+lr.aq",   sb, false, 0, { WLx_RAy, WLy_RAx } },
    { "SB+swap.rl+or.aq",   sb, false, 0, { WLx_RZy, WLy_RZx } },
    { "SB+swap.aqrl",       sb, false, 0, { SWAPx_Ry, SWAPy_Rx } },
    { "SB+swap.rl+branch+lr.aq", sb, false, 0, { WLx_far_RAy, WLy_far_RAx } },
    { "SB+lr+sc+fence",     sb, false, 0, { LRSCx_F_Ry, LRSCy_F_Rx } },
    { "SB+sc.rl+lr.aq",     sb, false, 0, { SCRLx_RAy, SCRLy_RAx } },
    { "LB+data",            lb, false, 0, { Ry_Wx_data, Rx_Wy_data } },
    { "LB+lr.aq",           lb, false, 0, { RAy_Wx, RAx_Wy } },
    { "LB+swap.rl",         lb, false, 0, { Ry_WLx, Rx_WLy } },
    { "LB+fence",           lb, false, 0, { Ry_F_Wx, Rx_F_Wy } },
    { "LB+fence.r.w+ctrl",  lb, false, 0, { Ry_FRW_Wx, Rx_ctrl_Wy } },
    { "LB+addr+data",       lb, false, 0, { Ry_addr_Wx, Rx_Wy_data } },
    { "S+swap.rl+lr.aq",    s, false, 0, { Wx2_WLy, RAy_Wx } },
    { "S+fence.w.w+data",   s, false, 0, { Wx2_FWW_Wy, Ry_Wx_data } },
    { "R+fence",            r, false, 0, { Wx_F_Wy, Wy2_F_Rx } },
    { "R+swap.aqrl",        r, false, 0, { Wx_WLy, SWAPy2_Rx } },
    { "2+2W+swap.rl",       w22, false, 0, { Wx_WLy2, Wy_WLx2 } },
    { "2+2W+fence.w.w",     w22, false, 0, { Wx_FWW_Wy2, Wy_FWW_Wx2 } },
    { "IRIW+fence",         iriw, false, 0, { Wx1, Wy1, Rx_F_Ry, Ry_F_Rx } },
    { "IRIW+lr.aq",         iriw, false, 0, { Wx1, Wy1, RAx_RAy, RAy_RAx } },
    { "IRIW+addr+fence.r.r", iriw, false, 0, { Wx1, Wy1, Rx_addr_Ry, Ry_FRR_Rx } },
    { "WRC+lr.aq+swap.rl",  wrc, false, 0, { Wx1, RAx_WLy, RAy_Rx } },
    { "WRC+data+addr",      wrc, false, 0, { Wx1, Rx_Wy_data, Ry_addr_Rx } },
    { "RWC+fence",          rwc, false, 0, { Wx1, Rx_F_Ry, Wy_F_Rx } },
    { "ISA2+swap.rl+lr.aq", isa2, false, 0, { Wx_WLy, RAy_WLz, RAz_Rx } },
    { "ISA2+data+addr",     isa2, false, 0, { Wx_F_Wy, Ry_Wz_data, Rz_addr_Rx } },
    { "Z6.3+swap.rl+lr.aq", z63, false, 0, { Wx_WLy, Wy2_WLz, RAz_Rx } },
    { "3.SB+fence",         sb3, false, 0, { Wx_F_Ry, Wy_F_Rz, Wz_F_Rx } },
    { "3.LB+data",          lb3, false, 0, { Rx_Wy_data, Ry_Wz_data, Rz_Wx_data } },
    { "CoRR",               corr, false, 0, { Wx1, Rx_Rx } },
    { "CoRR+lr",            corr, false, 0, { Wx1, LRx_Rx } },
    { "CoWR",               cowr, false, 0, { Wx_Rx, Wx2 } },
    { "CoRW",               corw, false, 0, { Wx1, Rx_Wx2 } },
    { "INC+lr+sc",          lost, false, 0, { INC_lrsc, INC_far_lrsc } },
    { "INC+lr.w+sc.w",      lost, false, 0, { INC_lrscw, INC_lrsc } },
    { "INC+add+lr+sc",      lost3, false, 0, { INC_amoadd, INC_far_lrsc, INC_lrscw } },
    { "INC+add.b+lr+sc",    lost3, false, NEED_ZABHA, { INC_byte, INC_amoadd, INC_lrsc } },
    { "INC+cas+add+sc",     lost3, false, NEED_ZACAS, { INC_cas, INC_amoadd, INC_lrsc } },
    { "SWP",                swapped, false, 0, { SWP1, SWP2 } },
    { "SWP+lr+sc",          swapped, false, 0, { SWP1, SWP2x } },
};
// clang-format on

/* Zabha and Zacas are asked of the kernel: riscv_hwprobe(2), key 4, bits 58 and 34. */
static const char *missing(unsigned need)
{
    struct {
        int64_t key;
        uint64_t value;
    } probe = { 4, 0 };

    if (syscall(258, &probe, 1ul, 0ul, NULL, 0u)) {
        probe.value = 0;
    }
    if (need == NEED_ZABHA && !(probe.value >> 58 & 1)) {
        return "no Zabha";
    }
    return need == NEED_ZACAS && !(probe.value >> 34 & 1) ? "no Zacas" : NULL;
}
