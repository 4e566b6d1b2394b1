#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the integer instruction cases of tests/insn/riscv64.

usage: gen_insn_rv_cases.py [OUTDIR]

The assembler makes the encodings; results come from the short Python functions here, written from
the manual and not from the translator. riscv64-linux-gnu-as and -objcopy must be installed.
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
M = (1 << 64) - 1
EDGES = [0, 1, 2, 63, M, M - 1, 1 << 63, (1 << 63) - 1, 0xffffffff, 0x80000000, 0x7fffffff,
         0x0123456789abcdef, 0xfedcba9876543210, 0x00ff00ff00ff00ff]


def s(v, n=64):
    v &= (1 << n) - 1
    return v - (1 << n) if v >> (n - 1) else v


def w(v):
    return s(v, 32) & M


def div(a, b, n, sign):
    a, b = (s(a, n), s(b, n)) if sign else (a & (1 << n) - 1, b & (1 << n) - 1)
    if b == 0:
        return -1, a
    q = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return q, a - q * b


def ror(a, n, width):
    a, n = a & (1 << width) - 1, n % width
    return (a >> n | a << (width - n)) & (1 << width) - 1


def orc(a):
    return sum(0xff << 8 * i for i in range(8) if a >> 8 * i & 0xff)


def clz(a, n):
    return n - (a & (1 << n) - 1).bit_length()


def ctz(a, n):
    a &= (1 << n) - 1
    return (a & -a).bit_length() - 1 if a else n


def clmul(a, b):
    r = 0
    for i in range(64):
        r ^= a << i if b >> i & 1 else 0
    return r


def parts(a, n):
    """The n-bit parts of a register, lowest first."""
    return [a >> i & (1 << n) - 1 for i in range(0, 64, n)]


def join(v, n):
    return sum(x << i * n for i, x in enumerate(v))


def perm(a, b, n):
    t = parts(a, n)
    return join([t[i] if i < len(t) else 0 for i in parts(b, n)], n)


# AES: FIPS 197. The S-box is the inverse in GF(2^8) and an affine map.
def gmul(a, b):
    r = 0
    while b:
        r ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11b if a & 0x80 else 0)
        b >>= 1
    return r


def aes_sbox(x):
    i = next((y for y in range(256) if gmul(x, y) == 1), 0)
    return i ^ 0x63 ^ ror8(i, 7) ^ ror8(i, 6) ^ ror8(i, 5) ^ ror8(i, 4)


def ror8(a, n):
    return (a >> n | a << (8 - n)) & 0xff


SBOX = [aes_sbox(x) for x in range(256)]


def aes_half(a, b, inverse):
    """The low half of the state b:a after (inverse) ShiftRows and SubBytes."""
    state = parts(a, 8) + parts(b, 8)
    out = []
    for column in range(2):
        for row in range(4):
            c = (column + (-row if inverse else row)) % 4
            x = state[4 * c + row]
            out.append(SBOX.index(x) if inverse else SBOX[x])
    return join(out, 8)


def mix(a, m):
    """(Inverse) MixColumns of the two columns in a; m: the matrix' first column, by row."""
    v, out = parts(a, 8), []
    for column in (v[:4], v[4:]):
        for row in range(4):
            out.append(0)
            for k in range(4):
                out[-1] ^= gmul(column[k], m[(row - k) % 4])
    return join(out, 8)


MIX, UNMIX = (2, 1, 1, 3), (14, 9, 13, 11)


def ks1(a, rnum):
    x = a >> 32
    if rnum < 10:
        x = ror(x, 8, 32)
    x = join([SBOX[y] for y in (x & 0xff, x >> 8 & 0xff, x >> 16 & 0xff, x >> 24)], 8)
    r = 1
    for _ in range(rnum):
        r = gmul(r, 2)
    x ^= r if rnum < 10 else 0
    return x << 32 | x


def ks2(a, b):
    x = (a >> 32 ^ b) & 0xffffffff
    return (x ^ b >> 32) << 32 | x


# SM4: GB/T 32907. The S-box is given by the field x^8+x^7+x^6+x^5+x^4+x^2+1 and an affine map.
def sm4_field(a, b):
    r = 0
    while b:
        r ^= a if b & 1 else 0
        a = (a << 1) ^ (0x1f5 if a & 0x80 else 0)
        b >>= 1
    return r


def sm4_affine(x):
    r = 0
    for i in range(8):
        r |= (bin(x & ror8(0xa7, -i & 7)).count("1") & 1) << i
    return r ^ 0xd3


def sm4_sbox(x):
    x = sm4_affine(x)
    return sm4_affine(next((y for y in range(256) if sm4_field(x, y) == 1), 0))


def sm4(a, b, bs, key):
    """The linear map works on words whose bytes are in the other order."""
    x = int.from_bytes(sm4_sbox(b >> 8 * bs & 0xff).to_bytes(4, "little"), "big")
    turns = (13, 23) if key else (2, 10, 18, 24)
    y = x
    for n in turns:
        y ^= ror(x, 32 - n, 32)
    y = int.from_bytes(y.to_bytes(4, "little"), "big")
    return w(ror(y, 32 - 8 * bs, 32) ^ a)


def hash_(width, turns, shift=None):
    def f(a):
        a &= (1 << width) - 1
        r = a >> shift if shift else 0
        for n in turns:
            r ^= ror(a, n, width)
        return w(r) if width == 32 else r
    return f


RR = {
    "clmul": clmul, "clmulh": lambda a, b: clmul(a, b) >> 64, "clmulr": lambda a, b: clmul(a, b) >> 63,
    "xperm4": lambda a, b: perm(a, b, 4), "xperm8": lambda a, b: perm(a, b, 8),
    "pack": lambda a, b: a & 0xffffffff | b << 32, "packh": lambda a, b: a & 0xff | (b & 0xff) << 8,
    "packw": lambda a, b: w(a & 0xffff | b << 16),
    "aes64es": lambda a, b: aes_half(a, b, 0), "aes64ds": lambda a, b: aes_half(a, b, 1),
    "aes64esm": lambda a, b: mix(aes_half(a, b, 0), MIX),
    "aes64dsm": lambda a, b: mix(aes_half(a, b, 1), UNMIX), "aes64ks2": ks2,
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "sll": lambda a, b: a << (b & 63),
    "slt": lambda a, b: s(a) < s(b), "sltu": lambda a, b: a < b, "xor": lambda a, b: a ^ b,
    "srl": lambda a, b: a >> (b & 63), "sra": lambda a, b: s(a) >> (b & 63),
    "or": lambda a, b: a | b, "and": lambda a, b: a & b, "addw": lambda a, b: w(a + b),
    "subw": lambda a, b: w(a - b), "sllw": lambda a, b: w(a << (b & 31)),
    "srlw": lambda a, b: w((a & 0xffffffff) >> (b & 31)),
    "sraw": lambda a, b: s(a, 32) >> (b & 31), "mul": lambda a, b: a * b,
    "mulh": lambda a, b: s(a) * s(b) >> 64, "mulhsu": lambda a, b: s(a) * b >> 64,
    "mulhu": lambda a, b: a * b >> 64, "mulw": lambda a, b: w(a * b),
    "div": lambda a, b: div(a, b, 64, 1)[0], "divu": lambda a, b: div(a, b, 64, 0)[0],
    "rem": lambda a, b: div(a, b, 64, 1)[1], "remu": lambda a, b: div(a, b, 64, 0)[1],
    "divw": lambda a, b: w(div(a, b, 32, 1)[0]), "divuw": lambda a, b: w(div(a, b, 32, 0)[0]),
    "remw": lambda a, b: w(div(a, b, 32, 1)[1]), "remuw": lambda a, b: w(div(a, b, 32, 0)[1]),
    "sh1add": lambda a, b: (a << 1) + b, "sh2add": lambda a, b: (a << 2) + b,
    "sh3add": lambda a, b: (a << 3) + b, "add.uw": lambda a, b: (a & 0xffffffff) + b,
    "sh1add.uw": lambda a, b: ((a & 0xffffffff) << 1) + b,
    "sh2add.uw": lambda a, b: ((a & 0xffffffff) << 2) + b,
    "sh3add.uw": lambda a, b: ((a & 0xffffffff) << 3) + b,
    "andn": lambda a, b: a & ~b, "orn": lambda a, b: a | ~b, "xnor": lambda a, b: ~(a ^ b),
    "max": lambda a, b: max(s(a), s(b)), "maxu": max, "min": lambda a, b: min(s(a), s(b)),
    "minu": min, "rol": lambda a, b: ror(a, -b & 63, 64), "ror": lambda a, b: ror(a, b, 64),
    "rolw": lambda a, b: w(ror(a, -b & 31, 32)), "rorw": lambda a, b: w(ror(a, b, 32)),
    "bclr": lambda a, b: a & ~(1 << (b & 63)), "bext": lambda a, b: a >> (b & 63) & 1,
    "binv": lambda a, b: a ^ 1 << (b & 63), "bset": lambda a, b: a | 1 << (b & 63),
}
# Zicond is younger than the assembler: the words are made here.
ZICOND = {"czero.eqz": (0x0e005033, lambda a, b: 0 if b == 0 else a),
          "czero.nez": (0x0e007033, lambda a, b: 0 if b else a)}
R = {
    "clz": lambda a: clz(a, 64), "clzw": lambda a: clz(a, 32), "ctz": lambda a: ctz(a, 64),
    "ctzw": lambda a: ctz(a, 32), "cpop": lambda a: bin(a).count("1"),
    "cpopw": lambda a: bin(a & 0xffffffff).count("1"), "sext.b": lambda a: s(a, 8),
    "sext.h": lambda a: s(a, 16), "zext.h": lambda a: a & 0xffff, "orc.b": orc,
    "rev8": lambda a: int.from_bytes(a.to_bytes(8, "little"), "big"),
    "brev8": lambda a: join([int("{:08b}".format(x)[::-1], 2) for x in parts(a, 8)], 8),
    "aes64im": lambda a: mix(a, UNMIX),
    "sha256sum0": hash_(32, (2, 13, 22)), "sha256sum1": hash_(32, (6, 11, 25)),
    "sha256sig0": hash_(32, (7, 18), 3), "sha256sig1": hash_(32, (17, 19), 10),
    "sha512sum0": hash_(64, (28, 34, 39)), "sha512sum1": hash_(64, (14, 18, 41)),
    "sha512sig0": hash_(64, (1, 8), 7), "sha512sig1": hash_(64, (19, 61), 6),
    "sm3p0": lambda a: w(a ^ ror(a, 32 - 9, 32) ^ ror(a, 32 - 17, 32)),
    "sm3p1": lambda a: w(a ^ ror(a, 32 - 15, 32) ^ ror(a, 32 - 23, 32)),
}
RI = {
    "addi": lambda a, i: a + i, "slti": lambda a, i: s(a) < i, "sltiu": lambda a, i: a < i & M,
    "xori": lambda a, i: a ^ i, "ori": lambda a, i: a | i, "andi": lambda a, i: a & i,
    "addiw": lambda a, i: w(a + i),
}
SH = {
    "slli": (64, lambda a, i: a << i), "srli": (64, lambda a, i: a >> i),
    "srai": (64, lambda a, i: s(a) >> i), "slliw": (32, lambda a, i: w(a << i)),
    "srliw": (32, lambda a, i: w((a & 0xffffffff) >> i)), "sraiw": (32, lambda a, i: s(a, 32) >> i),
    "rori": (64, lambda a, i: ror(a, i, 64)), "roriw": (32, lambda a, i: w(ror(a, i, 32))),
    "slli.uw": (64, lambda a, i: (a & 0xffffffff) << i),
    "bclri": (64, lambda a, i: a & ~(1 << i)), "bexti": (64, lambda a, i: a >> i & 1),
    "binvi": (64, lambda a, i: a ^ 1 << i), "bseti": (64, lambda a, i: a | 1 << i),
}
LOADS = {"lb": (1, 1), "lh": (2, 1), "lw": (4, 1), "ld": (8, 1), "lbu": (1, 0), "lhu": (2, 0),
         "lwu": (4, 0)}
AMOS = {
    "amoswap": lambda m, v, n: v, "amoadd": lambda m, v, n: m + v, "amoxor": lambda m, v, n: m ^ v,
    "amoand": lambda m, v, n: m & v, "amoor": lambda m, v, n: m | v,
    "amomin": lambda m, v, n: min(s(m, n), s(v, n)), "amomax": lambda m, v, n: max(s(m, n), s(v, n)),
    "amominu": lambda m, v, n: min(m, v), "amomaxu": lambda m, v, n: max(m, v),
}
BRANCHES = {
    "beq": lambda a, b: a == b, "bne": lambda a, b: a != b, "blt": lambda a, b: s(a) < s(b),
    "bge": lambda a, b: s(a) >= s(b), "bltu": lambda a, b: a < b, "bgeu": lambda a, b: a >= b,
}
AT = 0x50000100


def pairs(n):
    """Some pairs of edge values, another selection for each n."""
    k = len(EDGES)
    return [(EDGES[(i * 5 + n) % k], EDGES[(i * 3 + 2 * n + i * i) % k]) for i in range(k)] + \
           [(1 << 63, M), (5, 0), (M, M), (0x80000000, M)]


def h(v):
    return hex(int(v) & M)


def cases():
    """(assembly, inputs, results); assembly may be a (word, text) pair."""
    for n, (name, f) in enumerate(sorted(RR.items())):
        for a, b in pairs(n):
            yield "%s x5, x6, x7" % name, "x6=%s x7=%s" % (h(a), h(b)), "x5=" + h(f(a, b))
        yield "%s x6, x6, x7" % name, "x6=6 x7=3", "x6=" + h(f(6, 3))
        yield "%s x7, x6, x7" % name, "x6=6 x7=3", "x7=" + h(f(6, 3))
        yield "%s x15, x14, x14" % name, "x14=3", "x15=" + h(f(3, 3))
        yield "%s x5, x0, x7" % name, "x7=9", "x5=" + h(f(0, 9))
        yield "%s x0, x6, x7" % name, "x6=6 x7=3", ""
    for name, (word, f) in ZICOND.items():
        for a, b in pairs(7):
            yield (word | 5 << 7 | 6 << 15 | 7 << 20, "%s x5, x6, x7" % name), \
                "x6=%s x7=%s" % (h(a), h(b)), "x5=" + h(f(a, b))
    for name, f in sorted(R.items()):
        for a in EDGES + [0x80, 0x8000, 0x00ff000100800001]:
            yield "%s x5, x14" % name, "x14=" + h(a), "x5=" + h(f(a))
    for name, f in sorted(RI.items()):
        for i, a in enumerate(EDGES):
            k = (0, 1, -1, 2047, -2048, 5, -7)[i % 7]
            yield "%s x15, x6, %d" % (name, k), "x6=" + h(a), "x15=" + h(f(a, k))
    for name, (width, f) in sorted(SH.items()):
        for i, a in enumerate(EDGES):
            k = (1, 31, 7, width - 1, 8)[i % 5]
            yield "%s x15, x6, %d" % (name, k), "x6=" + h(a), "x15=" + h(f(a, k))
    for i, a in enumerate(EDGES):
        yield "aes64ks1i x5, x6, %d" % (i % 11), "x6=" + h(a), "x5=" + h(ks1(a, i % 11))
        for name, key in (("sm4ed", 0), ("sm4ks", 1)):
            b = EDGES[-1 - i] ^ 0x5a7f93c0 << i
            yield "%s x5, x6, x7, %d" % (name, i % 4), "x6=%s x7=%s" % (h(a), h(b)), \
                "x5=" + h(sm4(a, b & M, i % 4, key))
    yield (0x31b31293, "aes64ks1i x5, x6, 11"), "", "undef"
    yield from memory_cases()
    yield from cas_cases()
    yield from block_cases()
    yield from branch_cases()
    yield from compressed_cases()


def memory_cases():
    data = 0x8182838485868788
    text = data.to_bytes(8, "little").hex()
    for name, (n, sign) in LOADS.items():
        for v in (data, 0x7172737475767778):
            r = v & (1 << 8 * n) - 1
            yield "%s x5, -8(x6)" % name, "x6=%s [%s]=%s" % (
                h(AT + 8), h(AT), v.to_bytes(8, "little").hex()), \
                "x5=" + h(s(r, 8 * n) if sign else r)
        yield "%s x5, 0(x6)" % name, "x6=0x50004000", "fault=0x50004000"
    for name, n in (("sb", 1), ("sh", 2), ("sw", 4), ("sd", 8)):
        yield "%s x5, 2047(x6)" % name, "x5=%s x6=%s" % (h(data), h(AT - 2047)), \
            "[%s]=%s" % (h(AT), data.to_bytes(8, "little")[:n].hex())
        yield "%s x0, 0(x6)" % name, "x6=%s [%s]=%s" % (h(AT), h(AT), text), \
            "[%s]=%s" % (h(AT), "00" * n + text[2 * n:])
        yield "%s x5, 0(x6)" % name, "x6=0x4ffffff0", "fault=0x4ffffff0"
    for name, f in AMOS.items():
        for suffix, n in ((".w", 32), (".d", 64), (".w.aqrl", 32), (".d.aq", 64)):
            for m, v in ((5, M - 2), (1 << 31 | 1 << 63, 1), (0x7fffffff12345678, 0xff00ff00f0f0)):
                mm, vv = m & (1 << n) - 1, v & (1 << n) - 1
                r = f(mm, vv, n) & (1 << n) - 1
                yield "%s%s x5, x7, (x6)" % (name, suffix), "x6=%s x7=%s [%s]=%s" % (
                    h(AT), h(v), h(AT), mm.to_bytes(n // 8, "little").hex()), \
                    "x5=%s [%s]=%s" % (h(s(mm, n)), h(AT), r.to_bytes(n // 8, "little").hex())
        yield "%s.d x5, x7, (x6)" % name, "x6=%s" % h(AT + 4), "align=%s" % h(AT + 4)
    yield "lr.w x5, (x6): sc.w x7, x8, (x6)", "x6=%s x8=9 [%s]=ffffffff" % (h(AT), h(AT)), \
        "x5=%s x7=0 [%s]=09000000" % (h(M), h(AT))
    yield "lr.d x5, (x6): sc.d x7, x8, (x6)", "x6=%s x8=9 [%s]=ff" % (h(AT), h(AT)), \
        "x5=255 x7=0 [%s]=09" % h(AT)
    yield "sc.d x7, x8, (x6)", "x6=%s" % h(AT), "x7=1"
    yield "fence rw, rw", "", ""
    yield "fence.i", "", ""
    yield "csrrw x5, fcsr, x6", "x6=0xff", "x5=0 frm=0x7 fflags=0x1f"
    yield "csrrsi x5, fflags, 5", "fflags=0x2", "x5=2 fflags=0x7"
    yield "csrrci x5, fcsr, 1", "frm=0x3 fflags=0x3", "x5=0x63 frm=0x3 fflags=0x2"
    yield "csrrs x5, frm, x0", "frm=0x4", "x5=4 frm=0x4"


def cas_cases():
    """Zacas, and the atomics of bytes and halfwords: younger than the assembler."""
    def word(funct5, width, rd=5, rs1=6, rs2=7):
        return funct5 << 27 | rs2 << 20 | rs1 << 15 | width << 12 | rd << 7 | 0x2f
    numbers = {"amoswap": 1, "amoadd": 0, "amoxor": 4, "amoand": 12, "amoor": 8, "amomin": 16,
               "amomax": 20, "amominu": 24, "amomaxu": 28}
    for name, f in AMOS.items():
        for width, suffix in enumerate("bh"):
            n = 8 << width
            for m, v in ((5, M - 2), (0x8080, 1), (0x7f7f, 0xff80)):
                mm, vv = m & (1 << n) - 1, v & (1 << n) - 1
                r = f(mm, vv, n) & (1 << n) - 1
                yield (word(numbers[name], width), "%s.%s x5, x7, (x6)" % (name, suffix)), \
                    "x6=%s x7=%s [%s]=%sffff" % (h(AT), h(v), h(AT), mm.to_bytes(n // 8, "little").hex()), \
                    "x5=%s [%s]=%sffff" % (h(s(mm, n)), h(AT), r.to_bytes(n // 8, "little").hex())
        yield (word(numbers[name], 1), "%s.h x5, x7, (x6)" % name), "x6=%s" % h(AT + 1), \
            "align=%s" % h(AT + 1)
    for width, suffix in enumerate("bhwd"):
        n = 8 << width
        for m, want, v in ((0x8182838485868788, 0x8182838485868788, 0x99), (1, M, 7),
                           (M, M, 0x1122334455667788), (0x8000000080008080, 0, 3)):
            mm, vv = m & (1 << n) - 1, v & (1 << n) - 1
            r = vv if want & (1 << n) - 1 == mm else mm
            yield (word(5, width), "amocas.%s x5, x7, (x6)" % suffix), "x5=%s x6=%s x7=%s [%s]=%s" % (
                h(want), h(AT), h(v), h(AT), mm.to_bytes(n // 8, "little").hex()), \
                "x5=%s [%s]=%s" % (h(s(mm, n)), h(AT), r.to_bytes(n // 8, "little").hex())
    yield (word(5, 3, rd=0), "amocas.d x0, x7, (x6)"), "x6=%s x7=9" % h(AT), "[%s]=09" % h(AT)
    old = "0102030405060708" "1112131415161718"
    lo, hi = (int.from_bytes(bytes.fromhex(x), "little") for x in (old[:16], old[16:]))
    yield (word(5, 4, rd=8, rs2=10), "amocas.q x8, x10, (x6)"), \
        "x6=%s x8=%s x9=%s x10=1 x11=2 [%s]=%s" % (h(AT), h(lo), h(hi), h(AT), old), \
        "x8=%s x9=%s [%s]=01000000000000000200000000000000" % (h(lo), h(hi), h(AT))
    yield (word(5, 4, rd=8, rs2=10), "amocas.q x8, x10, (x6)"), \
        "x6=%s x8=%s x9=1 x10=1 x11=2 [%s]=%s" % (h(AT), h(lo), h(AT), old), \
        "x8=%s x9=%s [%s]=%s" % (h(lo), h(hi), h(AT), old)
    yield (word(5, 4, rd=0, rs2=0), "amocas.q x0, x0, (x6)"), "x6=%s" % h(AT), ""
    yield (word(5, 4, rd=0, rs2=10), "amocas.q x0, x10, (x6)"), "x6=%s x10=3 x11=4" % h(AT), \
        "[%s]=03000000000000000400000000000000" % h(AT)
    yield (word(5, 4, rd=8, rs2=10), "amocas.q x8, x10, (x6)"), "x6=%s" % h(AT + 8), \
        "align=%s" % h(AT + 8)
    yield (word(5, 4, rd=9, rs2=10), "amocas.q x9, x10, (x6)"), "", "undef"
    yield (word(5, 4, rd=8, rs2=11), "amocas.q x8, x11, (x6)"), "", "undef"


def block_cases():
    """Cache blocks, hints, may-be-operations, counters."""
    yield "cbo.zero (x6)", "x6=%s [%s]=%s" % (h(AT + 9), h(AT - 1), "ee" * 66), \
        "[%s]=ee%see" % (h(AT - 1), "00" * 64)
    yield "cbo.zero (x6)", "x6=0x50004010", "fault=0x50004010"
    for name in ("clean", "flush"):
        yield "cbo.%s (x6)" % name, "x6=%s" % h(AT + 1), ""
        yield "cbo.%s (x6)" % name, "x6=0x50004010", "fault=0x50004010"
    yield "cbo.inval (x6)", "x6=%s" % h(AT), "undef"
    for kind in ("i", "r", "w"):
        yield "prefetch.%s -32(x6)" % kind, "x6=0x123", ""
    yield (0x0100000f, "pause"), "", ""
    for n, name in ((2, "p1"), (3, "pall"), (4, "s1"), (5, "all")):
        yield (0x33 | n << 20, "ntl." + name), "", ""
        yield (0x9002 | n << 2, "c.ntl." + name), "", ""
    yield "wrs.nto", "", ""
    yield "wrs.sto", "", ""
    for word, name in ((0x81c04073, "mop.r.0"), (0xcdf04073, "mop.r.31"), (0x82004073, "mop.rr.0"),
                       (0xce004073, "mop.rr.7")):
        yield (word | 5 << 7 | 6 << 15, name + " x5, x6"), "", "x5=0"
    for n in (1, 3, 15):
        yield (0x6081 | (n >> 1) << 8, "c.mop.%d" % n), "", ""
    yield "csrrs x5, 0xc03, x0", "", "undef"
    yield "csrrs x5, 0xc1f, x0", "", "undef"
    yield "csrrw x0, 0xc01, x0", "", "undef"
    yield "csrrw x0, 0x015, x0", "", "undef"


def branch_cases():
    for name, f in BRANCHES.items():
        for a, b in ((1, 2), (2, 1), (3, 3), (M, 1), (1, M)):
            yield "%s x6, x7, .+16" % name, "x6=%s x7=%s" % (h(a), h(b)), \
                "pc=0x50011010" if f(a, b) else ""
        yield "%s x6, x0, .-64" % name, "x6=0", "pc=0x50010fc0" if f(0, 0) else ""
    yield "jal x1, .+4096", "", "x1=0x50011004 pc=0x50012000"
    yield "jal x0, .-8", "", "pc=0x50010ff8"
    yield "jalr x1, 5(x6)", "x6=0x50011100", "x1=0x50011004 pc=0x50011104"
    yield "jalr x6, 4(x6)", "x6=0x50011100", "x6=0x50011004 pc=0x50011104"
    yield "jalr x0, 0(x1)", "x1=0x50011101", "pc=0x50011100"
    yield "lui x5, 0x80000", "", "x5=0xffffffff80000000"
    yield "auipc x5, 1", "", "x5=0x50012000"
    yield "auipc x5, 1: addi x5, x5, -1", "", "x5=0x50011fff"


def compressed_cases():
    yield "c.addi4spn x8, x2, 1020", "x2=4", "x8=1024"
    yield "c.addi x5, -32", "x5=1", "x5=" + h(-31)
    yield "c.addiw x5, 1", "x5=0x7fffffff", "x5=0xffffffff80000000"
    yield "c.li x5, -1", "", "x5=" + h(-1)
    yield "c.lui x5, 0xfffe1", "", "x5=" + h(-0x1f000)
    yield "c.addi16sp x2, -512", "x2=1024", "x2=512"
    yield "c.addi16sp x2, 496", "x2=0", "x2=496"
    yield "c.srli x8, 63", "x8=" + h(M), "x8=1"
    yield "c.srai x9, 33", "x9=" + h(1 << 63), "x9=" + h(-(1 << 30))
    yield "c.andi x15, -2", "x15=7", "x15=6"
    for name, v in (("sub", 5), ("xor", 5), ("or", 7), ("and", 2), ("subw", 5), ("addw", 9)):
        yield "c.%s x8, x9" % name, "x8=7 x9=2", "x8=%d" % v
    yield "c.j .+8", "", "pc=0x50011008"
    yield "c.j .-2048", "", "pc=0x50010800"
    yield "c.beqz x8, .+254", "x8=0", "pc=0x500110fe"
    yield "c.beqz x8, .-256", "x8=1", ""
    yield "c.bnez x15, .-256", "x15=1", "pc=0x50010f00"
    yield "c.slli x5, 40", "x5=1", "x5=" + h(1 << 40)
    yield "c.jr x5", "x5=0x50011010", "pc=0x50011010"
    yield "c.jalr x5", "x5=0x50011010", "x1=0x50011002 pc=0x50011010"
    yield "c.mv x5, x6", "x6=7", "x5=7"
    yield "c.add x5, x6", "x5=1 x6=7", "x5=8"
    for load, store, n in (("c.lw", "c.sw", 4), ("c.ld", "c.sd", 8)):
        k = 64 + n
        yield "%s x8, %d(x9)" % (load, k), "x9=%s [%s]=01" % (h(AT), h(AT + k)), "x8=1"
        yield "%s x8, %d(x9)" % (store, k), "x8=1 x9=%s" % h(AT), "[%s]=01" % h(AT + k)
        yield "%ssp x5, %d(x2)" % (load, k), "x2=%s [%s]=01" % (h(AT), h(AT + k)), "x5=1"
        yield "%ssp x5, %d(x2)" % (store, k), "x5=1 x2=%s" % h(AT), "[%s]=01" % h(AT + k)
    def zcb(funct, r1, low):
        return 0x8000 | funct << 10 | (r1 - 8) << 7 | low
    at = "x9=%s" % h(AT)
    for k in range(4):
        low = (k & 1) << 6 | (k >> 1) << 5
        mem = "[%s]=%s" % (h(AT), "81828384")
        yield (zcb(0, 9, low), "c.lbu x8, %d(x9)" % k), "%s %s" % (at, mem), "x8=%s" % h(0x81 + k)
        yield (zcb(2, 9, low), "c.sb x8, %d(x9)" % k), "%s x8=0x123" % at, "[%s]=23" % h(AT + k)
    for k in (0, 2):
        v = 0x8281 if k == 0 else 0x8483
        low = (k >> 1) << 5
        yield (zcb(1, 9, low), "c.lhu x8, %d(x9)" % k), "%s %s" % (at, mem), "x8=" + h(v)
        yield (zcb(1, 9, low | 0x40), "c.lh x8, %d(x9)" % k), "%s %s" % (at, mem), "x8=" + h(s(v, 16))
        yield (zcb(3, 9, low), "c.sh x8, %d(x9)" % k), "%s x8=0x12345" % at, "[%s]=4523" % h(AT + k)
    for n, name, f in ((0, "zext.b", lambda a: a & 0xff), (1, "sext.b", lambda a: s(a, 8)),
                       (2, "zext.h", lambda a: a & 0xffff), (3, "sext.h", lambda a: s(a, 16)),
                       (4, "zext.w", lambda a: a & 0xffffffff), (5, "not", lambda a: ~a)):
        for a in (0x8182838485868788, 0x7172737475767778):
            yield (zcb(7, 8, 0x61 | n << 2), "c.%s x8" % name), "x8=" + h(a), "x8=" + h(f(a))
    yield (zcb(7, 8, 0x41 | 1 << 2), "c.mul x8, x9"), "x8=%s x9=3" % h(M), "x8=" + h(-3)
    yield (0, "(illegal)"), "", "undef"
    yield (0x2001, "c.addiw x0"), "", "undef"
    yield (0x8002, "c.jr x0"), "", "undef"
    yield (0x6101, "c.addi16sp 0"), "", "undef"
    yield (0x4002, "c.lwsp x0"), "", "undef"


def encode(lines):
    """Words of each line, whose instructions are joined by ': '."""
    with tempfile.TemporaryDirectory() as d:
        src, obj, raw = (os.path.join(d, n) for n in ("a.s", "a.o", "a.bin"))
        with open(src, "w", encoding="utf-8") as f:
            for line in lines:
                f.write(".balign 4096\n.option push\n%s\n" %
                        (".option rvc" if line.startswith("c.") else ".option norvc"))
                f.write(line.replace(": ", "\n") + "\n.option pop\n.word 0\n")
        march = "rv64gc_zba_zbb_zbc_zbkb_zbkc_zbkx_zbs_zkn_zks_zicbom_zicbop_zicboz_zawrs_zifencei"
        subprocess.run(["riscv64-linux-gnu-as", "-march=" + march, "-mno-relax", "-o", obj, src],
                       check=True)
        subprocess.run(["riscv64-linux-gnu-objcopy", "-O", "binary", obj, raw], check=True)
        with open(raw, "rb") as f:
            data = f.read()
    for i, line in enumerate(lines):
        at, words = 4096 * i, []
        for _ in line.split(": "):
            n = 4 if data[at] & 3 == 3 else 2
            words.append("%0*x" % (2 * n, int.from_bytes(data[at:at + n], "little")))
            at += n
        yield ":".join(words)


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "tests", "insn", "riscv64")
    rows = list(cases())
    texts = [r[0] for r in rows if isinstance(r[0], str)]
    words = encode(texts)
    with open(os.path.join(out, "int.case"), "w", encoding="utf-8") as f:
        f.write("# SPDX-License-Identifier: MIT\n# Made by scripts/gen_insn_rv_cases.py.\n")
        for what, given, result in rows:
            if isinstance(what, str):
                word, text = next(words), what
            else:
                word, text = "%0*x" % (8 if what[0] & 3 == 3 else 4, what[0]), what[1]
            f.write(("%s  %s  %s => %s" % (word, text, given, result)).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
