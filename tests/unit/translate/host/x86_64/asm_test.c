/* SPDX-License-Identifier: MIT */
/*
 * The assembler, read back by Capstone: rows of one call and the text it must be, and for each
 * row of asm_ops.def the instruction's name and length in its VEX and its legacy form.
 */
#include "translate/host/x86_64/asm.h"

#include <capstone/capstone.h>
#include <criterion/criterion.h>

static uint8_t code[512];
static AsmFix fixes[4];
static Asm asm_now;
static Asm *const as = &asm_now;

static void reset(bool avx)
{
    asm_now = (Asm){ code, code + sizeof(code), avx, fixes, 0, ARRAY_LEN(fixes), 0 };
}

/* text: the instructions from the start of code, joined by "; ". */
static const char *text(void)
{
    static char out[512];
    csh cs;
    cs_insn *insn;
    size_t n, at = 0, used = 0;

    cr_assert_eq(cs_open(CS_ARCH_X86, CS_MODE_64, &cs), CS_ERR_OK);
    n = cs_disasm(cs, code, (size_t)(as->p - code), 0, 0, &insn);
    out[0] = 0;
    for (size_t i = 0; i < n; i++) {
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s%s%s", i ? "; " : "",
                               insn[i].mnemonic, insn[i].op_str[0] ? " " : "", insn[i].op_str);
        used += insn[i].size;
    }
    if (n)
        cs_free(insn, n);
    cs_close(&cs);
    return used == (size_t)(as->p - code) ? out : "(undecodable)";
}

#define ROW(call, want)                                                                        \
    do {                                                                                       \
        reset(true);                                                                           \
        call;                                                                                  \
        cr_expect_str_eq(text(), want, "%s: %s, not %s", #call, text(), want);                 \
    } while (0)
#define SSE(call, want)                                                                        \
    do {                                                                                       \
        reset(false);                                                                          \
        call;                                                                                  \
        cr_expect_str_eq(text(), want, "%s: %s, not %s", #call, text(), want);                 \
    } while (0)

// clang-format off
Test(asm, memory_operands)
{
    ROW(asm_mov_rm(as, 1, RAX, mem_b(RBX, 0)),              "mov rax, qword ptr [rbx]");
    ROW(asm_mov_rm(as, 1, RAX, mem_b(RBP, 0)),              "mov rax, qword ptr [rbp]");
    ROW(asm_mov_rm(as, 1, RAX, mem_b(R13, 0)),              "mov rax, qword ptr [r13]");
    ROW(asm_mov_rm(as, 0, R8, mem_b(RSP, 127)),             "mov r8d, dword ptr [rsp + 0x7f]");
    ROW(asm_mov_rm(as, 0, R8, mem_b(R12, -129)),            "mov r8d, dword ptr [r12 - 0x81]");
    ROW(asm_mov_rm(as, 1, R9, mem_bi(R13, R9, 3, 0)),       "mov r9, qword ptr [r13 + r9*8]");
    ROW(asm_mov_rm(as, 1, R9, mem_bi(RAX, R12, 1, 128)),    "mov r9, qword ptr [rax + r12*2 + 0x80]");
    ROW(asm_mov_rm(as, 1, RAX, mem_bi(MEM_NONE, RCX, 2, 64)), "mov rax, qword ptr [rcx*4 + 0x40]");
    ROW(asm_mov_rm(as, 1, RAX, mem_b(MEM_NONE, 0x1000)),    "mov rax, qword ptr [0x1000]");
    ROW(asm_mov_mr(as, 1, mem_b(RDI, 1), RSI),              "mov byte ptr [rdi + 1], sil");
    ROW(asm_mov_mr(as, 2, mem_b(RDI, 1), R14),              "mov word ptr [rdi + 1], r14w");
    ROW(asm_mov_mi(as, 8, mem_b(RDI, 1), -1),               "mov qword ptr [rdi + 1], -1");
    ROW(asm_mov_mi(as, 2, mem_b(RDI, 1), 0x1234),           "mov word ptr [rdi + 1], 0x1234");
}

Test(asm, labels)
{
    reset(true);
    asm_alu_mi(as, 4, ALU_CMP, mem_label(7), 1);
    cr_assert_eq(as->n_fix, 1);
    cr_expect_eq(fixes[0].label, 7);
    cr_expect(asm_fix(&fixes[0], code + 0x47));
    cr_expect_str_eq(text(), "cmp dword ptr [rip + 0x40], 1", "%s", text());
    cr_expect_not(asm_fix(&fixes[0], (uint8_t *)((uintptr_t)code + (1ull << 33))));
}

Test(asm, integers)
{
    ROW(asm_mov_ri(as, R10, 0xffffffff),             "mov r10d, 0xffffffff");
    ROW(asm_mov_ri(as, RCX, ~0ull),                  "mov rcx, -1");
    ROW(asm_mov_ri(as, RCX, 1ull << 40),             "movabs rcx, 0x10000000000");
    ROW(asm_movzx_rr(as, 1, RAX, RSI),               "movzx eax, sil");
    ROW(asm_movsx_rr(as, 1, 4, RAX, RSI),            "movsxd rax, esi");
    ROW(asm_movsx_rm(as, 0, 2, RAX, mem_b(RSI, 0)),  "movsx eax, word ptr [rsi]");
    ROW(asm_lea(as, 1, RDX, mem_bi(RAX, RBX, 0, 4)), "lea rdx, [rax + rbx + 4]");
    ROW(asm_alu_ri(as, 1, ALU_ADD, RAX, 127),        "add rax, 0x7f");
    ROW(asm_alu_ri(as, 1, ALU_ADD, RAX, 128),        "add rax, 0x80");
    ROW(asm_alu_ri(as, 0, ALU_CMP, R15, 128),        "cmp r15d, 0x80");
    ROW(asm_alu_mi(as, 2, ALU_CMP, mem_b(RBX, 0), 0x1234), "cmp word ptr [rbx], 0x1234");
    ROW(asm_alu_small_ri(as, 1, ALU_ADD, RSI, 1),    "add sil, 1");
    ROW(asm_test_ri(as, 1, RDI, 1),                  "test dil, 1");
    ROW(asm_test_ri(as, 1, RDI, 0x100),              "test edi, 0x100");
    ROW(asm_imul_rri(as, 1, RAX, R9, 1000),          "imul rax, r9, 0x3e8");
    ROW(asm_idiv(as, 0, RCX),                        "idiv ecx");
    ROW(asm_shift_ri(as, 1, SH_SAR, RCX, 1),         "sar rcx, 1");
    ROW(asm_shift_rcl(as, 0, SH_ROR, R8),            "ror r8d, cl");
    ROW(asm_shrd(as, 1, RAX, RDX, 7),                "shrd rax, rdx, 7");
    ROW(asm_bt_ri(as, 1, BT_BTC, RAX, 63),           "btc rax, 0x3f");
    ROW(asm_lzcnt(as, 1, RAX, R9),                   "lzcnt rax, r9");
    ROW(asm_crc32(as, 1, RAX, RSI),                  "crc32 eax, sil");
    ROW(asm_movbe_rm(as, 2, RAX, mem_b(RSI, 0)),     "movbe ax, word ptr [rsi]");
    ROW(asm_setcc(as, CC_O, RDI),                    "seto dil");
    ROW(asm_cmovcc(as, 1, CC_LE, R9, RAX),           "cmovle r9, rax");
    ROW(asm_andn(as, 1, RAX, RBX, R9),               "andn rax, rbx, r9");
    ROW(asm_shlx(as, 0, RAX, RBX, RCX),              "shlx eax, ebx, ecx");
    ROW(asm_rorx(as, 1, RAX, R15, 63),               "rorx rax, r15, 0x3f");
    ROW((asm_lock(as), asm_cmpxchg_mr(as, 1, mem_b(RBX, 0), RSI)), "lock cmpxchg byte ptr [rbx], sil");
    ROW((asm_lock(as), asm_cmpxchg16b(as, mem_b(R9, 0))), "lock cmpxchg16b xmmword ptr [r9]");
    ROW(asm_push_i(as, 1000),                        "push 0x3e8");
    ROW(asm_jmp_m(as, mem_b(RBP, 128)),              "jmp qword ptr [rbp + 0x80]");
    ROW(asm_ldmxcsr(as, mem_b(RBP, 0)),              "ldmxcsr dword ptr [rbp]");
}

Test(asm, nops)
{
    for (unsigned n = 1; n < 40; n++) {
        reset(true);
        asm_nop(as, n);
        cr_expect_eq(as->p - code, n);
        cr_expect_str_neq(text(), "(undecodable)");
    }
}

Test(asm, three_operands)
{
    ROW(vop3(as, V_psubd, XMM1, XMM2, XMM3),    "vpsubd xmm1, xmm2, xmm3");
    ROW(vop3(as, V_paddd, XMM1, XMM2, XMM13),   "vpaddd xmm1, xmm13, xmm2");
    ROW(vop3(as, V_addps, XMM1, XMM2, XMM13),   "vaddps xmm1, xmm2, xmm13");
    SSE(vop3(as, V_psubd, XMM1, XMM1, XMM3),    "psubd xmm1, xmm3");
    SSE(vop3(as, V_psubd, XMM1, XMM2, XMM3),    "movaps xmm1, xmm2; psubd xmm1, xmm3");
    SSE(vop3(as, V_paddd, XMM1, XMM2, XMM1),    "paddd xmm1, xmm2");
    SSE(vop3(as, V_psubd, XMM1, XMM2, XMM1),
        "movaps xmm15, xmm1; movaps xmm1, xmm2; psubd xmm1, xmm15");
    ROW(vshift(as, V_psrlq_i, XMM9, XMM10, 63), "vpsrlq xmm9, xmm10, 0x3f");
    SSE(vshift(as, V_psrlq_i, XMM9, XMM10, 63), "movaps xmm9, xmm10; psrlq xmm9, 0x3f");
    ROW(asm_vmov(as, XMM1, XMM9),               "vmovaps xmm1, xmm9");
    ROW(asm_vmov(as, XMM9, XMM9),               "");
    ROW(vblend(as, XMM1, XMM2, XMM3, XMM4),     "vpblendvb xmm1, xmm2, xmm3, xmm4");
    ROW(asm_movd_rx(as, 1, RAX, XMM9),          "vmovq rax, xmm9");
    SSE(asm_pinsr(as, 8, XMM1, XMM1, R9, 1),    "pinsrq xmm1, r9, 1");
    ROW(asm_vcvt_rx(as, V_cvttsd2si, 1, RAX, XMM9), "vcvttsd2si rax, xmm9");
    ROW(vop3(as, V_fmadd231sd, XMM1, XMM2, XMM3), "vfmadd231sd xmm1, xmm2, xmm3");
}

static void wide(VOp op, int d, int a, int b)
{
    as->vex_l = 4;
    vop3(as, op, d, a, b);
    as->vex_l = 0;
}

Test(asm, wide_operands)
{
    ROW(wide(V_addps, XMM1, XMM2, XMM3),        "vaddps ymm1, ymm2, ymm3");
    ROW(wide(V_paddq, XMM9, XMM2, XMM10),       "vpaddq ymm9, ymm10, ymm2");
    ROW((wide(V_addps, XMM1, XMM2, XMM3), asm_vzeroupper(as)),
        "vaddps ymm1, ymm2, ymm3; vzeroupper");
}

/* ---- every row of asm_ops.def ---- */

static const struct {
    const char *name;
    VOp op;
} ops[] = {
#define VOP(name, prefix, map, opcode, flags) { #name, V_##name },
#define VSH(name, opcode, digit) { #name, V_##name },
#include "translate/host/x86_64/asm_ops.def"
#undef VOP
#undef VSH
};
// clang-format on

/* What the disassembler calls it: without our suffix, and where it knows no name of ours. */
static void shown_name(char *out, size_t n, const char *name, bool vex)
{
    char *tail;

    snprintf(out, n, "%s%s", vex ? "v" : "", name);
    if ((tail = strstr(out, "_st")) || (tail = strstr(out, "_i")))
        *tail = 0;
}

/* Rows whose operands are not three or two vector registers or memory, or need an immediate. */
static bool plain(VOp op)
{
    unsigned map = (unsigned)op >> 8 & 3, byte = op & 0xff;

    return map != VM_3A && !(map == VM_0F && (byte == 0xc2 || byte == 0xc6 || byte == 0xc4 ||
                                              byte == 0x70 || (byte >= 0x71 && byte <= 0x73)));
}

static void check_name(const char *name, VOp op, bool avx)
{
    char want[40];

    reset(avx);
    shown_name(want, sizeof(want), name, asm_use_vex(as, op));
    asm_vraw_rm(as, op, 0, XMM1, 0, mem_b(R9, 64), 0);
    if (strstr(text(), "(undec") || strncmp(text(), want, strlen(want))) {
        reset(avx);             /* no memory form */
        asm_vraw_rr(as, op, 0, XMM1, XMM2, XMM3);
    }
    if (strstr(text(), "(undec")) {
        reset(avx);             /* no second source */
        asm_vraw_rr(as, op, 0, XMM1, 0, XMM3);
    }
    cr_expect(!strncmp(text(), want, strlen(want)), "%s avx=%d: %s", name, avx, text());
}

Test(asm, names_of_vector_ops)
{
    for (unsigned i = 0; i < ARRAY_LEN(ops); i++) {
        if (!plain(ops[i].op))
            continue;
        check_name(ops[i].name, ops[i].op, true);
        reset(false);
        if (!asm_use_vex(as, ops[i].op))
            check_name(ops[i].name, ops[i].op, false);
    }
}
