#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the integer, memory and branch instruction cases of tests/insn/aarch64.

usage: gen_insn_int_cases.py [OUTDIR]      (default: tests/insn/aarch64 of this tree)

The lists below name instructions and how to choose operand values. They are assembled, run in
a small static program under another emulator ($EMULATOR, default qemu-aarch64 without SVE), and
what changed becomes the expected result; the format is tests/insn/README.md. The output is
reviewed and committed. Without cross compiler or emulator it says so and changes nothing.
"""
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CC = "aarch64-linux-gnu-gcc"
EMULATOR = os.environ.get("EMULATOR", "qemu-aarch64 -cpu max,sve=off,sme=off").split()
ARCH = "armv8.5-a+crc+sha2+aes+fp16+rcpc"

SCRATCH, CODE, SCRATCH_BYTES = 0x50000000, 0x50011000, 0x4000
MASK64 = (1 << 64) - 1
EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
         0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
         0xffffffff80000000, 0x0123456789abcdef, 0xfedcba9876543210, 0x5555555555555555]
FILL = bytes((37 * i + 11) & 0xff for i in range(64))

# One line: instruction(s) joined by ';'. Registers named xN or wN get edge values, unless the
# file's kind (below) fixes them. '@n' at the end: so many cases (default 4).

ADD_SUB = """
add x0, x1, #0
add x0, x1, #16
add w0, w1, #4095
add x0, x1, #1, lsl #12
add sp, sp, #16
add w0, wsp, #1
mov x0, sp
mov sp, x1
sub x0, x1, #1
sub w0, w1, #1
sub sp, sp, #4080
adds x0, x1, #1 @6
adds x0, x1, #1, lsl #12
sub w0, w1, #7, lsl #12
adds w0, w1, #1 @6
cmn x1, #1
subs x0, x1, #1 @6
subs w0, w1, #1 @6
cmp x1, #0
cmp w1, #4095, lsl #12
cmp sp, #16
add x0, x1, x2
add w0, w1, w2
add x0, x1, x2, lsl #63
add x0, x1, x2, lsr #1
add w0, w1, w2, asr #31
adds x0, x1, x2 @8
adds w0, w1, w2 @8
adds x0, x1, x2, asr #7
sub x0, x1, x2
sub w0, w1, w2, lsl #31
subs x0, x1, x2 @8
subs w0, w1, w2 @8
subs w0, w1, w2, lsr #3
neg x0, x1
negs w0, w1
cmp x1, x2
cmp w1, w1
cmn x1, x2
add x0, x1, w2, uxtb
add x0, x1, w2, uxth #1
add x0, x1, w2, uxtw #2
add x0, x1, x2, uxtx #3
add x0, x1, w2, sxtb #4
add x0, x1, w2, sxth
add x0, x1, w2, sxtw #3
add w0, w1, w2, sxtb #2
add w0, w1, w2, uxtw #4
add sp, sp, x2
add x0, sp, w2, sxtw #4
adds x0, x1, w2, sxtb #1
adds w0, w1, w2, uxth #4
sub x0, x1, w2, uxtw
sub sp, x1, w2, sxth #1
subs x0, x1, w2, sxtw
subs w0, w1, w2, sxtb
cmp sp, x2
adc x0, x1, x2 @8
adc w0, w1, w2 @8
adcs x0, x1, x2 @8
adcs w0, w1, w2 @8
sbc x0, x1, x2 @8
sbc w0, w1, w2 @8
sbcs x0, x1, x2 @8
sbcs w0, w1, w2 @8
ngc x0, x1
ngcs w0, w1
adr x0, .+0x1234
adrp x0, .+0x3000
adrp x0, .-0x3000 ; add x0, x0, #0x123
adrp x0, .+0x3000 ; ldrb w1, [x5] ; add x0, x0, #0x123 @1
"""

LOGICAL = """
and x0, x1, #0xff
and w0, w1, #0x80000001
and sp, x1, #0xfffffffffffffff0
orr x0, x1, #0x5555555555555555
orr w0, w1, #0xfffffffe
orr x0, xzr, #0x3fffffffc
eor x0, x1, #0xff00ff00ff00ff00
eor w0, w1, #0x7fffffff
ands x0, x1, #0x8000000000000000
ands w0, w1, #0x80000000
tst x1, #1
and x0, x1, x2
and w0, w1, w2, lsl #4
and x0, x1, x2, ror #60
bic x0, x1, x2
bic w0, w1, w2, lsr #5
bic w0, w1, w2, ror #31
orr x0, x1, x2, asr #3
orr w0, w1, w2, ror #9
mov x0, x1
mov w0, w1
mov x0, xzr
orn x0, x1, x2, ror #17
mvn x0, x1
mvn w0, w1, lsl #3
mvn w0, wzr
eor x0, x1, x2
eor w0, w1, w2, asr #13
eon x0, x1, x2, lsl #5
eon w0, w1, w2
ands x0, x1, x2
ands w0, w1, w2, lsl #31
ands wzr, w1, w2
bics x0, x1, x2
bics w0, w1, w2, ror #1
tst x1, x2, lsr #63
rbit x0, x1
rbit w0, w1
rev16 x0, x1
rev16 w0, w1
rev32 x0, x1
rev w0, w1
rev x0, x1
clz x0, x1 @6
clz w0, w1 @6
cls x0, x1 @6
cls w0, w1 @6
"""

BITFIELD = """
movz x0, #0x1234 @1
movz w0, #0xffff, lsl #16 @1
movz x0, #0x8000, lsl #48 @1
movn x0, #0 @1
movn w0, #0x1234, lsl #16 @1
movn x0, #0xffff, lsl #32 @1
movk x0, #0xabcd
movk x0, #0xabcd, lsl #48
movk w0, #0xabcd, lsl #16
movk w0, #0x1
movz x0, #0x1111 ; movk x0, #0x2222, lsl #16 ; movk x0, #0x3333, lsl #32 ; movk x0, #0x4444, lsl #48 @1
movn x0, #0x1111 ; movk w0, #0x2222, lsl #16 @1
mov w0, #0x5678 ; movk x0, #0x1234, lsl #32 @1
sbfx x0, x1, #4, #12
sbfx w0, w1, #31, #1
sbfiz x0, x1, #8, #20
sbfiz w0, w1, #3, #8
sbfiz x0, x1, #3, #32
sxtb x0, w1
sxtb w0, w1
sxth x0, w1
sxth w0, w1
sxtw x0, w1
asr x0, x1, #63
asr w0, w1, #1
asr w0, w1, #31
ubfx x0, x1, #4, #12
ubfx w0, w1, #16, #16
ubfx x0, x1, #32, #31
ubfx x0, x1, #0, #32
ubfiz x0, x1, #8, #20
ubfiz w0, w1, #24, #7
ubfiz x0, x1, #4, #32
uxtb w0, w1
uxth w0, w1
lsl x0, x1, #1
lsl x0, x1, #63
lsl w0, w1, #31
lsr x0, x1, #63
lsr w0, w1, #1
bfi x0, x1, #8, #16
bfi w0, w1, #31, #1
bfi x0, x1, #0, #64
bfi x0, x0, #32, #32
bfc x0, #4, #20
bfc w0, #0, #32
bfxil x0, x1, #4, #12
bfxil w0, w1, #31, #1
bfxil x0, x1, #0, #8
extr x0, x1, x2, #0
extr x0, x1, x2, #1
extr x0, x1, x2, #63
extr w0, w1, w2, #31
extr w0, wzr, w2, #4
ror x0, x1, #17
ror w0, w1, #5
lsl x0, x1, x2 @8
lsl w0, w1, w2 @8
lsr x0, x1, x2 @8
lsr w0, w1, w2 @8
asr x0, x1, x2 @8
asr w0, w1, w2 @8
ror x0, x1, x2 @8
ror w0, w1, w2 @8
"""

MUL_DIV = """
mul x0, x1, x2
mul w0, w1, w2
madd x0, x1, x2, x3
madd w0, w1, w2, w3
msub x0, x1, x2, x3
msub w0, w1, w2, w3
mneg x0, x1, x2
mneg w0, w1, w2
smull x0, w1, w2
umull x0, w1, w2
smnegl x0, w1, w2
umnegl x0, w1, w2
smaddl x0, w1, w2, x3
smsubl x0, w1, w2, x3
umaddl x0, w1, w2, x3
umsubl x0, w1, w2, x3
smulh x0, x1, x2 @6
umulh x0, x1, x2 @6
udiv x0, x1, x2 @6
udiv w0, w1, w2 @6
sdiv x0, x1, x2 @6
sdiv w0, w1, w2 @6
udiv x0, x1, xzr @1
sdiv w0, w1, wzr @1
mov x1, #0x8000000000000000 ; mov x2, #-1 ; sdiv x0, x1, x2 @1
mov w1, #0x80000000 ; mov w2, #-1 ; sdiv w0, w1, w2 @1
crc32b w0, w1, w2
crc32h w0, w1, w2
crc32w w0, w1, w2
crc32x w0, w1, x2
crc32cb w0, w1, w2
crc32ch w0, w1, w2
crc32cw w0, w1, w2
crc32cx w0, w1, x2
"""

CONDITIONS = "eq ne cs cc mi pl vs vc hi ls ge lt gt le al".split()
COND = "\n".join(
    [f"csel x0, x1, x2, {c} @6" for c in CONDITIONS] +
    ["csel w0, w1, w2, lt", "csel w0, wzr, w2, ne", "csel x0, x1, x1, eq",
     "csinc x0, x1, x2, eq", "csinc w0, w1, w2, hi", "cset x0, ge", "cset w0, ls", "cinc x0, x1, mi",
     "csinv x0, x1, x2, vs", "csinv w0, w1, w2, gt", "csetm x0, cc", "csetm w0, ne",
     "cinv w0, w1, le", "csneg x0, x1, x2, lt", "csneg w0, w1, w2, pl", "cneg x0, x1, vc",
     "csinc x0, xzr, xzr, al @1", "csinv x0, xzr, xzr, al @1"] +
    [f"ccmp x1, x2, #{n}, {c}" for n, c in zip(range(15), CONDITIONS)] +
    ["ccmp w1, w2, #5, ne", "ccmp x1, #31, #10, eq", "ccmp w1, #0, #0, gt",
     "ccmn x1, x2, #3, hs", "ccmn w1, w2, #12, lt", "ccmn x1, #1, #8, ne", "ccmn w1, #31, #15, le",
     "mrs x0, nzcv", "msr nzcv, x1", "cfinv", "rmif x1, #3, #15", "rmif x1, #63, #5",
     "setf8 w1 @6", "setf16 w1 @6", "cmp x1, x2 ; cset x0, lt ; cset w3, hi @6",
     "adds w0, w1, w2 ; adc x3, x1, x2 ; csel x4, x1, x2, vs @6",
     "subs x0, x1, #1 ; sbcs x3, x1, x2 ; mrs x4, nzcv @6",
     "tst w1, w2 ; csneg x0, x1, x2, mi ; cinc w3, w3, eq @6"])

BRANCH = "\n".join(
    [f"b.{c} .+16 @6" for c in CONDITIONS] +
    ["b .+64 @1", "b .-64 @1", "bl .+16 @1", "bl .-1024 @1", "cbz x1, .+8", "cbz w1, .+8",
     "cbnz x1, .-8", "cbnz w1, .+2000", "cbz xzr, .+8 @1", "tbz w1, #0, .+8", "tbz w1, #31, .-8",
     "tbz x1, #32, .+8", "tbnz x1, #63, .+8", "tbnz w1, #7, .+2040",
     "adr x6, .+32 ; br x6 @1", "adr x6, .+32 ; blr x6 @1", "adr x30, .+32 ; blr x30 @1",
     "adr x30, .+32 ; ret @1", "adr x7, .-32 ; ret x7 @1", "cmp x1, x2 ; b.lt .+16 @6",
     "cmp w1, w2 ; b.hi .+16 @6", "tst x1, x2 ; b.ne .+16 @6", "subs w1, w1, w2 ; b.vs .+16 @6",
     "hvc #0 @1", "smc #1 @1", "hlt #2 @1", "udf #0 @1", "eret @1", "nop @1", "yield @1",
     "isb ; add x0, x1, #1 @1", "dmb ish @1", "dmb ishld @1", "dmb ishst @1", "dsb sy @1",
     "clrex @1", "sb @1", "dcps1 #0 @1", "drps @1", "bti c @1", "wfe @1"])

# x5 and x6 are base registers inside scratch memory, x7 an index.
MEM_INT = """
ldrb w0, [x5]
ldrb w0, [x5, #3]
ldrh w0, [x5, #2]
ldr w0, [x5, #4]
ldr x0, [x5, #8]
ldr xzr, [x5, #8]
ldrsb w0, [x5, #1]
ldrsb x0, [x5, #1]
ldrsh w0, [x5, #2]
ldrsh x0, [x5, #2]
ldrsw x0, [x5, #4]
ldurb w0, [x5, #-1]
ldurh w0, [x5, #1]
ldur w0, [x5, #3]
ldur x0, [x5, #-7]
ldursb x0, [x5, #-3]
ldursb w0, [x5, #5]
ldursh x0, [x5, #1]
ldursh w0, [x5, #3]
ldursw x0, [x5, #-5]
ldtr x0, [x5, #1]
ldtrb w0, [x5, #2]
ldtrh w0, [x5, #2]
ldtrsb w0, [x5, #2]
ldtrsh x0, [x5, #2]
ldtrsw x0, [x5, #2]
ldr x0, [x5], #16
ldr w0, [x5], #-8
ldr x0, [x5, #16]!
ldrb w0, [x5, #-1]!
ldrh w0, [x5], #255
ldrsb x0, [x5], #-256
ldrsh w0, [x5, #2]!
ldrsw x0, [x5], #4
ldr x0, [sp, #8]
ldr x0, [sp], #16
ldr x0, [x5, x7]
ldr x0, [x5, x7, lsl #3]
ldr w0, [x5, w7, uxtw]
ldr w0, [x5, w7, uxtw #2]
ldr x0, [x5, w7, sxtw #3]
ldrb w0, [x5, x7]
ldrh w0, [x5, w7, sxtw #1]
ldrsb w0, [x5, x7]
ldrsh x0, [x5, x7, lsl #1]
ldrsw x0, [x5, x7, sxtx #2]
ldr x0, .+64
ldr w0, .+32
ldrsw x0, .+32
strb w1, [x5]
strh w1, [x5, #2]
str w1, [x5, #4]
str x1, [x5, #8]
str xzr, [x5, #8]
sturb w1, [x5, #-1]
sturh w1, [x5, #1]
stur w1, [x5, #3]
stur x1, [x5, #-9]
sttr x1, [x5, #1]
sttrb w1, [x5, #1]
sttrh w1, [x5, #1]
str x1, [x5], #16
str w1, [x5, #-16]!
strb w1, [x5], #1
strh w1, [x5, #2]!
str x1, [sp, #-16]!
str x1, [x5, x7]
str x1, [x5, w7, sxtw #3]
strb w1, [x5, w7, uxtw]
strh w1, [x5, x7, lsl #1]
str w1, [x5, x7, lsl #2]
ldp x0, x1, [x5]
ldp w0, w1, [x5, #8]
ldp x0, x1, [x5, #-16]!
ldp w0, w1, [x5], #8
ldp x0, x5, [x5, #16]
ldp x5, x0, [x5]
ldnp x0, x1, [x5, #8]
ldnp w0, w1, [x5, #-4]
ldpsw x0, x1, [x5, #4]
ldpsw x0, x1, [x5], #-8
ldpsw x0, x1, [x5, #8]!
ldp x29, x30, [sp], #32
stp x1, x2, [x5]
stp w1, w2, [x5, #8]
stp x1, x2, [x5, #-32]!
stp w1, wzr, [x5], #-8
stnp x1, x2, [x5, #16]
stnp w1, w2, [x5, #-4]
stp x1, x2, [sp, #-16]!
prfm pldl1keep, [x5, #8]
prfm pstl1strm, [x5, x7, lsl #3]
prfm plil1keep, .+64
prfum pldl2keep, [x5, #-1]
dc zva, x5
dc cvau, x5
dc cvac, x5
dc civac, x5
stllr x1, [x5]
stllrb w1, [x5]
ldlar x0, [x5]
ldlarh w0, [x5]
ldar x0, [x5]
ldar w0, [x5]
ldarh w0, [x5]
ldarb w0, [x5]
stlr x1, [x5]
stlr w1, [x5]
stlrh w1, [x5]
stlrb w1, [x5]
ldapr x0, [x5]
ldapr w0, [x5]
ldaprb w0, [x5]
ldaprh w0, [x5]
ldapur x0, [x5, #8]
ldapurb w0, [x5, #-1]
ldapursb x0, [x5, #1]
ldapursb w0, [x5, #1]
ldapursh w0, [x5, #2]
ldapursw x0, [x5, #4]
stlur x1, [x5, #8]
stlurb w1, [x5, #-1]
stlurh w1, [x5, #2]
"""

MEM_FAULT = """
ldr x0, [x8]
ldr x0, [x8, #8]!
ldp x0, x1, [x8], #16
ldp x0, x1, [x9, #-8]
str x1, [x8]
str x1, [x9], #8 ; str x1, [x9]
stp x1, x2, [x8, #-16]!
ldr q0, [x9, #-8]!
ldrsw x0, [x8], #4
ldxr x0, [x8]
ldadd x1, x0, [x8]
cas x1, x2, [x8]
ldar x0, [x8]
subs x0, x1, x2 ; ldr x3, [x8]
dc zva, x9
"""

MEM_FP = """
ldr b0, [x5, #1]
ldr h0, [x5, #2]
ldr s0, [x5, #4]
ldr d0, [x5, #8]
ldr q0, [x5, #16]
ldur b0, [x5, #-1]
ldur h0, [x5, #1]
ldur s0, [x5, #3]
ldur d0, [x5, #-7]
ldur q0, [x5, #5]
ldr q0, [x5], #16
ldr d0, [x5, #-8]!
ldr s0, [x5], #-4
ldr h0, [x5, #2]!
ldr b0, [x5], #1
ldr q0, [x5, x7, lsl #4]
ldr d0, [x5, w7, sxtw #3]
ldr s0, [x5, w7, uxtw]
ldr h0, [x5, x7, lsl #1]
ldr b0, [x5, x7]
ldr s0, .+64
ldr d0, .+64
ldr q0, .+64
str b1, [x5, #1]
str h1, [x5, #2]
str s1, [x5, #4]
str d1, [x5, #8]
str q1, [x5, #16]
stur b1, [x5, #-1]
stur h1, [x5, #-3]
stur s1, [x5, #-5]
stur d1, [x5, #-9]
stur q1, [x5, #-17]
str q1, [x5], #-16
str d1, [x5, #8]!
str q1, [x5, x7, lsl #4]
str d1, [x5, x7]
str s1, [x5, w7, sxtw #2]
ldp s0, s1, [x5, #4]
ldp d0, d1, [x5, #-16]!
ldp q0, q1, [x5], #32
ldnp d0, d1, [x5, #8]
stp s1, s2, [x5, #-8]
stp d1, d2, [x5], #16
stp q1, q2, [x5, #-32]!
stnp q1, q2, [x5, #16]
"""

ATOMIC = "\n".join(
    [f"{op}{order} {r}1, {r}0, [x5]" for op in
     "ldadd ldclr ldeor ldset ldsmax ldsmin ldumax ldumin swp".split()
     for order, r in (("", "x"), ("al", "w"))] +
    [f"{op}{s} w1, w0, [x5]" for op in
     "ldadd ldclr ldeor ldset ldsmax ldsmin ldumax ldumin swp".split() for s in ("b", "alh")] +
    ["stadd x1, [x5]", "stclr w1, [x5]", "stset x1, [x5]", "steorb w1, [x5]", "stsmaxh w1, [x5]",
     "swp x0, xzr, [x5]", "cas x1, x2, [x5]", "casal w1, w2, [x5]", "casb w1, w2, [x5]",
     "cash w1, w2, [x5]", "ldr x1, [x5] ; cas x1, x2, [x5]", "ldr w1, [x5] ; casa w1, w2, [x5]",
     "ldrb w1, [x5] ; caslb w1, w2, [x5]", "casp x0, x1, x2, x3, [x5]",
     "casp w0, w1, w2, w3, [x5]", "ldp x0, x1, [x5] ; caspal x0, x1, x2, x3, [x5]",
     "ldp w0, w1, [x5] ; caspa w0, w1, w2, w3, [x5]",
     "ldxr x0, [x5] ; stxr w3, x1, [x5]", "ldxr w0, [x5] ; stxr w3, w1, [x5]",
     "ldxrb w0, [x5] ; stxrb w3, w1, [x5]", "ldaxrh w0, [x5] ; stlxrh w3, w1, [x5]",
     "ldaxr x0, [x5] ; stlxr w3, x1, [x5]", "ldxp x0, x1, [x5] ; stxp w3, x1, x2, [x5]",
     "ldxp w0, w1, [x5] ; stxp w3, w1, w2, [x5]", "ldaxp x0, x1, [x5] ; stlxp w3, x1, x2, [x5]",
     "clrex ; stxr w3, x1, [x5]", "ldxr x0, [x5] ; clrex ; stxr w3, x1, [x5]",
     "ldxr x0, [x5] ; str x1, [x5] ; stxr w3, x2, [x5]",
     "ldxr x0, [x5] ; stxr w3, x1, [x6]", "ldxr x0, [x5] ; stxr w3, x1, [x5] ; stxr w4, x2, [x5]"])

SYS = """
mrs x0, fpcr
mrs x0, fpsr
mov w1, #0x07c00000 ; msr fpcr, x1 ; mrs x0, fpcr @1
mov w1, #0x00480000 ; msr fpcr, x1 ; mrs x0, fpcr @1
mov w1, #0x08000000 ; msr fpsr, x1 ; mrs x0, fpsr @1
mov w1, #0x9f ; msr fpsr, x1 ; mrs x0, fpsr @1
movn w1, #0xf800, lsl #16 ; msr fpsr, x1 ; mrs x0, fpsr @1
msr tpidr_el0, x1 ; mrs x0, tpidr_el0
mrs x0, tpidrro_el0 @1
ic ivau, x5 @1
mrs x0, id_aa64isar0_el1 ; mov x0, #0 @1
mrs x0, cntvct_el0 ; mrs x1, cntvct_el0 ; cmp x1, x0 ; cset x2, hs ; mov x0, #0 ; mov x1, #0 ; cmp x0, x1 @1
mrs x0, daif @1
mrs x0, currentel @1
mrs x0, sctlr_el1 @1
msr daifset, #2 @1
mrs x0, pmccntr_el0 @1
"""

FILES = {
    "int_add_sub": ("ADD, SUB, ADC, SBC, ADR", ADD_SUB),
    "int_logical": ("logical operations, bit counts and reversals", LOGICAL),
    "int_bitfield": ("moves of constants, bitfields, shifts", BITFIELD),
    "int_mul_div": ("multiplication, division, CRC32", MUL_DIV),
    "int_cond": ("conditional select and compare, flag manipulation", COND),
    "branch": ("branches, calls, barriers, undefined instructions", BRANCH),
    "mem_int": ("loads and stores of general registers", MEM_INT),
    "mem_fp": ("loads and stores of SIMD&FP registers", MEM_FP),
    "mem_atomic": ("atomics and exclusives", ATOMIC),
    "mem_fault": ("faulting accesses leave all registers alone", MEM_FAULT),
    "sys": ("system registers", SYS),
}

HARNESS = r"""
#define _GNU_SOURCE
#include <asm/sigcontext.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
typedef struct {
    uint32_t n_code, fpcr, fpsr, nzcv;
    uint32_t code[8];
    uint64_t x[31], sp, pc;
    uint64_t v[64];
    uint64_t mem_at;
    uint8_t mem[64];
    uint64_t outcome, fault;
} Case;
static Case c;
static ucontext_t home;
static int running;
static uint64_t tls;
static struct fpsimd_context *fp_of(ucontext_t *uc)
{
    struct _aarch64_ctx *h = (void *)uc->uc_mcontext.__reserved;
    while (h->magic && h->magic != FPSIMD_MAGIC) h = (void *)((char *)h + h->size);
    return (void *)h;
}
static void enter(ucontext_t *uc)
{
    struct fpsimd_context *fp = fp_of(uc);
    memcpy(uc->uc_mcontext.regs, c.x, sizeof(c.x));
    uc->uc_mcontext.sp = c.sp;
    uc->uc_mcontext.pc = 0x50011000;
    uc->uc_mcontext.pstate = (uc->uc_mcontext.pstate & ~0xf0000000ull) | (uint64_t)c.nzcv << 28;
    memcpy(fp->vregs, c.v, sizeof(c.v));
    fp->fpcr = c.fpcr;
    fp->fpsr = c.fpsr;
}
static void leave(ucontext_t *uc, int sig, siginfo_t *si)
{
    struct fpsimd_context *fp = fp_of(uc);
    memcpy(c.x, uc->uc_mcontext.regs, sizeof(c.x));
    c.sp = uc->uc_mcontext.sp;
    c.pc = uc->uc_mcontext.pc;
    c.nzcv = uc->uc_mcontext.pstate >> 28 & 15;
    memcpy(c.v, fp->vregs, sizeof(c.v));
    c.fpcr = fp->fpcr;
    c.fpsr = fp->fpsr;
    c.outcome = sig;
    c.fault = (uint64_t)si->si_addr;
}
static void handler(int sig, siginfo_t *si, void *p)
{
    ucontext_t *uc = p;
    __asm__ volatile("msr tpidr_el0, %0" ::"r"(tls));
    if (!running) {
        running = 1;
        memcpy(&home.uc_mcontext, &uc->uc_mcontext, sizeof(uc->uc_mcontext));
        home.uc_mcontext.pc += 4;
        enter(uc);
    } else {
        running = 0;
        leave(uc, sig, si);
        memcpy(&uc->uc_mcontext, &home.uc_mcontext, sizeof(uc->uc_mcontext));
    }
}
int main(void)
{
    static char stack[65536];
    stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    static const int sigs[] = { SIGTRAP, SIGILL, SIGSEGV, SIGBUS };
    uint8_t *scratch = mmap((void *)0x50000000, 0x4000, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    uint32_t *page = mmap((void *)0x50010000, 0x3000, PROT_READ | PROT_WRITE | PROT_EXEC,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    uint32_t *code = page + 0x400;
    if (scratch == MAP_FAILED || page == MAP_FAILED) return 1;
    __asm__("mrs %0, tpidr_el0" : "=r"(tls));
    sigaltstack(&ss, NULL);
    for (int i = 0; i < 4; i++) sigaction(sigs[i], &sa, NULL);
    while (fread(&c, sizeof(c), 1, stdin) == 1) {
        for (int i = 0; i < 0xc00; i++) page[i] = 0xd4200000;
        memcpy(code, c.code, 4 * c.n_code);
        memset(scratch, 0, 0x4000);
        if (c.mem_at) memcpy((void *)c.mem_at, c.mem, 64);
        __builtin___clear_cache((char *)page, (char *)page + 0x3000);
        __asm__ volatile("brk #1" ::: "memory");
        fwrite(&c, sizeof(c), 1, stdout);
        fwrite(scratch, 0x4000, 1, stdout);
    }
    return 0;
}
"""
LAYOUT = "<4I8I31QQQ64QQ64sQQ"


def find_tools():
    for tool in (CC, EMULATOR[0]):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            sys.exit(0)


def assemble(tmp, instructions):
    """The words of one case, linked at the address it runs at."""
    src = os.path.join(tmp, "a.s")
    with open(src, "w", encoding="utf-8") as f:
        f.write(f".arch {ARCH}\n" + "\n".join(instructions) + "\n")
    obj, raw = os.path.join(tmp, "a.o"), os.path.join(tmp, "a.bin")
    subprocess.run(["aarch64-linux-gnu-as", "-o", obj, src], check=True)
    exe = os.path.join(tmp, "a.out")
    subprocess.run(["aarch64-linux-gnu-ld", "-Ttext", hex(CODE), "-e", "0", "-o", exe, obj],
                   check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", exe, raw], check=True)
    with open(raw, "rb") as f:
        data = f.read()
    assert len(data) == 4 * len(instructions)
    return struct.unpack(f"<{len(instructions)}I", data)


class State:
    """The start of a case, as tests/insn/README.md fixes it."""

    def __init__(self):
        self.x = [0xd00d000000000000 + i for i in range(31)]
        self.v = [0xc0ffee0000000000 + i << 64 | 0xbadcafe000000000 + i for i in range(32)]
        self.sp, self.nzcv, self.fpcr, self.fpsr = 0x50002000, 0, 0, 0
        self.mem_at = 0
        self.inputs = []

    def set_x(self, i, value):
        self.x[i] = value & MASK64
        self.inputs.append(f"x{i}=0x{self.x[i]:x}" if self.x[i] > 9 else f"x{i}={self.x[i]}")

    def pack(self, words):
        v = [part for q in self.v for part in (q & MASK64, q >> 64)]
        code = list(words) + [0] * (8 - len(words))
        return struct.pack(LAYOUT, len(words), self.fpcr, self.fpsr, self.nzcv, *code, *self.x,
                           self.sp, 0, *v, self.mem_at, FILL, 0, 0)


def pick_inputs(rng, text):
    s = State()
    used = sorted({int(n) for n in re.findall(r"\b[xw](\d+)\b", text)})
    memory = bool(re.search(r"\[(x5|sp)|, x5$|, x5 ", text))
    for r in used:
        if r == 5:
            s.set_x(5, SCRATCH + 0x1000)
        elif r == 6 and "[x6]" in text:
            s.set_x(6, SCRATCH + 0x1010)
        elif r == 7 and memory:
            s.set_x(7, rng.choice([0, 1, 2, 3]) if "lsl" in text or "uxtw" in text
                    else rng.choice([0, 1, 3, -1, -2]))
        elif r == 8:
            s.set_x(8, rng.choice([SCRATCH - 0x10, SCRATCH + SCRATCH_BYTES + 0x20, 8]))
        elif r == 9:
            s.set_x(9, SCRATCH + SCRATCH_BYTES)
        elif r < 5:
            s.set_x(r, rng.choice(EDGES) if rng.random() < 0.7 else rng.getrandbits(64))
    if memory:
        s.mem_at = (s.sp if "[sp" in text else SCRATCH + 0x1000) - 24 & ~7
        s.inputs.append(f"[0x{s.mem_at:x}]={FILL.hex()}")
    if re.search(r"cs[ein]|c(set|inc|inv|neg)|b\.|ccm|adc|sbc|ngc|nzcv|cfinv|rmif|setf", text):
        s.nzcv = rng.randrange(16)
        if s.nzcv:
            s.inputs.append(f"nzcv={s.nzcv:x}")
    return s


def results(s, words, out, scratch):
    f = struct.unpack(LAYOUT, out)
    fpcr, fpsr, nzcv = f[1:4]
    x, sp, pc = f[12:43], f[43], f[44]
    v = [f[45 + 2 * i] | f[46 + 2 * i] << 64 for i in range(32)]
    outcome, fault = f[-2:]
    if outcome == 4:
        return "undef"
    r = []
    if outcome in (7, 11):
        r.append(f"fault=0x{fault:x}")
    r += [f"x{i}=0x{x[i]:x}" for i in range(31) if x[i] != s.x[i]]
    r += [f"v{i}=0x{v[i]:x}" for i in range(32) if v[i] != s.v[i]]
    r += [f"{n}=0x{a:x}" for n, a, b in (("sp", sp, s.sp), ("fpcr", fpcr, s.fpcr),
                                         ("fpsr", fpsr, s.fpsr)) if a != b]
    if nzcv != s.nzcv:
        r.append(f"nzcv={nzcv:x}")
    before = bytearray(SCRATCH_BYTES)
    if s.mem_at:
        before[s.mem_at - SCRATCH:s.mem_at - SCRATCH + 64] = FILL
    r += memory_changes(before, scratch)
    if outcome == 5 and pc != CODE + 4 * len(words):
        r.append(f"pc=0x{pc:x}")
    return " ".join(r)


def memory_changes(before, after):
    """Runs of changed bytes; a gap of up to 7 equal bytes does not end a run."""
    changed = [i for i in range(SCRATCH_BYTES) if before[i] != after[i]]
    out = []
    while changed:
        first = last = changed.pop(0)
        while changed and changed[0] - last <= 8:
            last = changed.pop(0)
        out.append(f"[0x{SCRATCH + first:x}]={after[first:last + 1].hex()}")
    return out


def parse(text):
    """'insn ; insn @n' lines -> (text, instructions, count)."""
    for line in text.strip().splitlines():
        body, _, count = line.partition("@")
        yield body.strip(), [i.strip() for i in body.split(";")], int(count or 4)


def run_file(tmp, exe, name, title, text):
    rng = random.Random(name)
    cases = []
    for body, insns, count in parse(text):
        words = assemble(tmp, insns)
        seen = set()
        for _ in range(count):
            s = pick_inputs(rng, body)
            if tuple(s.inputs) not in seen:
                seen.add(tuple(s.inputs))
                cases.append((body, words, s))
    data = b"".join(s.pack(words) for _, words, s in cases)
    out = subprocess.run(EMULATOR + [exe], input=data, stdout=subprocess.PIPE, check=True,
                         timeout=300).stdout
    step = struct.calcsize(LAYOUT) + SCRATCH_BYTES
    assert len(out) == step * len(cases), (name, len(out) // step, len(cases))
    lines = ["# SPDX-License-Identifier: MIT", f"# {title}; made by scripts/gen_insn_int_cases.py"]
    for i, (body, words, s) in enumerate(cases):
        chunk = out[i * step:(i + 1) * step]
        result = results(s, words, chunk[:-SCRATCH_BYTES], chunk[-SCRATCH_BYTES:])
        code = ":".join(f"{w:08x}" for w in words)
        lines.append(f"{code}  {body:<28}  {' '.join(s.inputs)} => {result}".rstrip())
    return "\n".join(lines) + "\n", len(cases)


def main():
    find_tools()
    outdir = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "tests", "insn", "aarch64")
    os.makedirs(outdir, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        src, exe = os.path.join(tmp, "h.c"), os.path.join(tmp, "h")
        with open(src, "w", encoding="utf-8") as f:
            f.write(HARNESS)
        subprocess.run([CC, "-O1", "-static", "-o", exe, src], check=True)
        for name, (title, text) in FILES.items():
            content, count = run_file(tmp, exe, name, title, text)
            with open(os.path.join(outdir, name + ".case"), "w", encoding="utf-8") as f:
                f.write(content)
            print(f"{name}.case: {count} cases")


if __name__ == "__main__":
    main()
