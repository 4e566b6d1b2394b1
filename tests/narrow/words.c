/* SPDX-License-Identifier: MIT */
/* words.c: instructions that only 32-bit RISC-V has, or that do something else there. */
#include "rt.h"

/* R(name, funct7, funct3): op of two registers; I: of one, the upper 12 bits being imm. */
#define R(name, funct7, funct3)                                                                \
    static void name(u32 x, u32 y)                                                             \
    {                                                                                          \
        u32 d;                                                                                 \
                                                                                               \
        __asm__(".insn r 0x33, " #funct3 ", " #funct7 ", %0, %1, %2" : "=r"(d) : "r"(x), "r"(y)); \
        show(#name, d);                                                                        \
    }
#define I(name, imm, funct3)                                                                   \
    static void name(u32 x, u32 y)                                                             \
    {                                                                                          \
        u32 d;                                                                                 \
                                                                                               \
        (void)y;                                                                               \
        __asm__(".insn i 0x13, " #funct3 ", %0, %1, " #imm : "=r"(d) : "r"(x));                \
        show(#name, d);                                                                        \
    }
/* Those that take a byte of rs2. */
#define B(name, low) R(name##_0, low, 0) R(name##_1, 0x20 + low, 0) R(name##_2, 0x40 + low, 0) \
    R(name##_3, 0x60 + low, 0)

B(aes32dsi, 0x15)
B(aes32dsmi, 0x17)
B(aes32esi, 0x11)
B(aes32esmi, 0x13)
B(sm4ed, 0x18)
B(sm4ks, 0x1a)
R(sha512sum0r, 0x28, 0)
R(sha512sum1r, 0x29, 0)
R(sha512sig0l, 0x2a, 0)
R(sha512sig0h, 0x2e, 0)
R(sha512sig1l, 0x2b, 0)
R(sha512sig1h, 0x2f, 0)
I(sha256sum0, 0x100, 1)
I(sha256sig1, 0x103, 1)
I(sm3p0, 0x108, 1)
R(pack, 0x04, 4)
R(packh, 0x04, 7)
I(brev8, 0x687, 5)
I(zip, 0x08f, 1)
I(unzip, 0x08f, 5)
R(xperm4, 0x14, 2)
R(xperm8, 0x14, 4)
R(clmul, 0x05, 1)
R(clmulr, 0x05, 2)
R(clmulh, 0x05, 3)

static void (*const all[])(u32, u32) = {
    aes32dsi_0, aes32dsi_1, aes32dsi_2, aes32dsi_3, aes32dsmi_0, aes32dsmi_1, aes32dsmi_2, aes32dsmi_3,
    aes32esi_0, aes32esi_1, aes32esi_2, aes32esi_3, aes32esmi_0, aes32esmi_1, aes32esmi_2, aes32esmi_3,
    sm4ed_0, sm4ed_1, sm4ed_2, sm4ed_3, sm4ks_0, sm4ks_1, sm4ks_2, sm4ks_3,
    sha512sum0r, sha512sum1r, sha512sig0l, sha512sig0h, sha512sig1l, sha512sig1h, sha256sum0, sha256sig1,
    sm3p0, pack, packh, brev8, zip, unzip, xperm4, xperm8, clmul, clmulr, clmulh,
};

static u32 memory[2] __attribute__((aligned(8)));

/* amocas_d: compare both words with x8, x9, and if they are equal put x10, x11 there. */
static void amocas_d(u32 expected_low, u32 expected_high)
{
    register u32 low __asm__("x8") = expected_low;
    register u32 high __asm__("x9") = expected_high;
    register u32 new_low __asm__("x10") = 0x33333333;
    register u32 new_high __asm__("x11") = 0x44444444;

    memory[0] = 0x11111111;
    memory[1] = 0x22222222;
    __asm__ volatile(".insn r 0x2f, 3, 0x14, x8, %2, x10"
                     : "+r"(low), "+r"(high) : "r"(memory), "r"(new_low), "r"(new_high) : "memory");
    show("amocas.d", low);
    show("  high", high);
    show("  memory", memory[0]);
    show("  above", memory[1]);
}

static void amocas_w(u32 expected)
{
    u32 old = expected;

    __asm__ volatile(".insn r 0x2f, 2, 0x14, %0, %1, %2"
                     : "+r"(old) : "r"(memory), "r"(0x44444444) : "memory");
    show("amocas.w", old);
    show("  memory", memory[0]);
}

void run(u32 *sp)
{
    static const u32 operands[][2] = { { 0, 0 }, { 0x01234567, 0x89abcdef }, { 0xffffffff, 0x80000001 },
                                       { 0xdeadbeef, 0x5a0ff0c3 }, { 0x76543210, 0x37261504 } };

    (void)sp;
    for (u32 i = 0; i < sizeof(operands) / sizeof(operands[0]); i++) {
        show("operands", operands[i][0]);
        for (u32 k = 0; k < sizeof(all) / sizeof(all[0]); k++)
            all[k](operands[i][0], operands[i][1]);
    }
    amocas_d(0x11111111, 0);
    amocas_w(0x22222222);
    amocas_d(0x11111111, 0x22222222);
    amocas_w(0x33333333);
}
