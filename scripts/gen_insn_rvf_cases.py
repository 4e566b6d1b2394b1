#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the floating point instruction cases of tests/insn/riscv64.

usage: gen_insn_rvf_cases.py [OUTDIR]

Words are put together here from their fields. Results and flags come from exact fractions, rounded
by the few lines of round_to(), after the manual and IEEE 754, and not from the translator.
"""
import os
import sys
from fractions import Fraction
from math import isqrt

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
M = (1 << 64) - 1
NX, UF, OF, DZ, NV = 1, 2, 4, 8, 16
RNE, RTZ, RDN, RUP, RMM, DYN = 0, 1, 2, 3, 4, 7
S, D, H = 0, 1, 2               # formats as instructions number them


class Format:
    def __init__(self, name, bits, fraction):
        self.name, self.bits, self.fraction = name, bits, fraction
        self.exponent = bits - 1 - fraction
        self.bias = (1 << self.exponent - 1) - 1
        self.top = (1 << self.exponent) - 1
        self.inf = self.top << fraction
        self.nan = self.inf | 1 << fraction - 1
        self.sign = 1 << bits - 1
        self.ones = M & ~((1 << bits) - 1)

    def box(self, v):
        return v | self.ones

    def unbox(self, v):
        return v & ~self.ones if v & self.ones == self.ones else self.nan


F = {S: Format("s", 32, 23), D: Format("d", 64, 52), H: Format("h", 16, 10)}
BF16 = Format("bf16", 16, 7)


class Num:
    """A number, infinity or NaN: cls is 'num', 'inf', 'nan' or 'snan'."""

    def __init__(self, f, v):
        e, frac = v >> f.fraction & f.top, v & (1 << f.fraction) - 1
        self.sign, self.bits = bool(v & f.sign), v
        if e == f.top:
            self.cls = "inf" if not frac else "nan" if frac >> f.fraction - 1 else "snan"
            self.value = None
        else:
            self.cls = "num"
            mant = frac | (1 << f.fraction if e else 0)
            self.value = Fraction(mant) * Fraction(2) ** (max(e, 1) - f.bias - f.fraction)
            self.value = -self.value if self.sign else self.value
        self.subnormal = e == 0 and frac != 0
        self.zero = self.cls == "num" and self.value == 0
        self.is_nan = self.cls in ("nan", "snan")


def up(n, rest, negative, rm):
    """Whether n + rest, 0 <= rest < 1, is rounded to n + 1."""
    if rest == 0 or rm == RTZ:
        return False
    if rm in (RDN, RUP):
        return negative == (rm == RDN)
    return rest > Fraction(1, 2) or rest == Fraction(1, 2) and (rm == RMM or n & 1 == 1)


def quantize(a, exp, negative, rm):
    """a >= 0 as a multiple of 2 ** exp: the multiple, and whether it is exact."""
    q = a / Fraction(2) ** exp
    n = q.numerator // q.denominator
    rest = q - n
    return n + up(n, rest, negative, rm), rest == 0


def exponent_of(a):
    e = a.numerator.bit_length() - a.denominator.bit_length()
    return e if a >= Fraction(2) ** e else e - 1


def round_to(f, x, rm):
    """(bits, flags) of x, which is not zero."""
    negative, a, sign = x < 0, abs(x), f.sign if x < 0 else 0
    least = 1 - f.bias
    e = exponent_of(a)
    n, exact = quantize(a, max(e, least) - f.fraction, negative, rm)
    value = n * Fraction(2) ** (max(e, least) - f.fraction)
    if value >= Fraction(2) ** (f.bias + 1):
        away = rm in (RNE, RMM) or (rm == RUP and not negative) or (rm == RDN and negative)
        return sign | (f.inf if away else f.inf - 1), OF | NX
    flags = 0 if exact else NX
    if e < least and not exact:         # tiny: after rounding with as many digits
        m, _ = quantize(a, e - f.fraction, negative, rm)
        flags |= UF if m * Fraction(2) ** (e - f.fraction) < Fraction(2) ** least else 0
    if value == 0:
        return sign, flags
    e = exponent_of(value)
    if e < least:
        return sign | int(value / Fraction(2) ** (least - f.fraction)), flags
    mant = int(value / Fraction(2) ** (e - f.fraction))
    return sign | (e + f.bias) << f.fraction | mant & (1 << f.fraction) - 1, flags


def exact_zero(f, negative):
    return (f.sign if negative else 0), 0


def nan_of(f, *nums):
    return f.nan, NV if any(n.cls == "snan" for n in nums) else 0


def add(f, a, b, rm):
    a, b = Num(f, a), Num(f, b)
    if a.is_nan or b.is_nan:
        return nan_of(f, a, b)
    if a.cls == "inf" or b.cls == "inf":
        if a.cls == b.cls and a.sign != b.sign:
            return f.nan, NV
        return (a if a.cls == "inf" else b).bits, 0
    x = a.value + b.value
    if x == 0:
        negative = a.sign if a.zero and b.zero and a.sign == b.sign else rm == RDN
        return exact_zero(f, negative)
    return round_to(f, x, rm)


def sub(f, a, b, rm):
    nb = Num(f, b)
    return add(f, a, b if nb.is_nan else b ^ f.sign, rm)


def mul(f, a, b, rm):
    a, b = Num(f, a), Num(f, b)
    if a.is_nan or b.is_nan:
        return nan_of(f, a, b)
    negative = a.sign != b.sign
    if a.cls == "inf" or b.cls == "inf":
        return (f.nan, NV) if a.zero or b.zero else ((f.sign if negative else 0) | f.inf, 0)
    x = a.value * b.value
    return exact_zero(f, negative) if x == 0 else round_to(f, x, rm)


def div(f, a, b, rm):
    a, b = Num(f, a), Num(f, b)
    if a.is_nan or b.is_nan:
        return nan_of(f, a, b)
    negative, sign = a.sign != b.sign, f.sign if a.sign != b.sign else 0
    if a.cls == "inf":
        return (f.nan, NV) if b.cls == "inf" else (sign | f.inf, 0)
    if b.cls == "inf":
        return sign, 0
    if b.zero:
        return (f.nan, NV) if a.zero else (sign | f.inf, DZ)
    return exact_zero(f, negative) if a.zero else round_to(f, a.value / b.value, rm)


def sqrt(f, a, rm):
    a = Num(f, a)
    if a.is_nan:
        return nan_of(f, a)
    if a.zero:
        return a.bits, 0
    if a.sign:
        return f.nan, NV
    if a.cls == "inf":
        return a.bits, 0
    scale = 400                         # far more digits than any format; what is left is sticky
    n = a.value * 4 ** (scale + 1200)
    whole = n.numerator // n.denominator
    root = isqrt(whole)
    exact = root * root == n
    return round_to(f, Fraction(2 * root + (not exact), 2 ** (scale + 1201)), rm)


def fma(f, a, b, c, rm, neg_product=False, neg_addend=False):
    a, b, c = Num(f, a), Num(f, b), Num(f, c)
    inf_by_zero = (a.cls == "inf" and b.zero) or (b.cls == "inf" and a.zero)
    if a.is_nan or b.is_nan or c.is_nan:
        bits, flags = nan_of(f, a, b, c)
        return bits, flags | (NV if inf_by_zero else 0)
    if inf_by_zero:
        return f.nan, NV
    p_sign, c_sign = (a.sign != b.sign) != neg_product, c.sign != neg_addend
    if a.cls == "inf" or b.cls == "inf":
        if c.cls == "inf" and c_sign != p_sign:
            return f.nan, NV
        return (f.sign if p_sign else 0) | f.inf, 0
    if c.cls == "inf":
        return (f.sign if c_sign else 0) | f.inf, 0
    p = abs(a.value * b.value) * (-1 if p_sign else 1)
    v = abs(c.value) * (-1 if c_sign else 1)
    if p + v == 0:
        return exact_zero(f, p_sign if p == 0 and v == 0 and p_sign == c_sign else rm == RDN)
    return round_to(f, p + v, rm)


def min_max(f, a, b, want_max, number):
    """number: a NaN loses against a number (fmin, fmax); else it wins (fminm, fmaxm)."""
    na, nb = Num(f, a), Num(f, b)
    flags = NV if "snan" in (na.cls, nb.cls) else 0
    if na.is_nan or nb.is_nan:
        if number and not (na.is_nan and nb.is_nan):
            return (b if na.is_nan else a), flags
        return f.nan, flags

    def key(n):
        return (float("-inf") if n.sign else float("inf")) if n.cls == "inf" else n.value
    ka, kb = key(na), key(nb)
    if ka == kb:
        smaller = a if na.sign else b
        larger = b if na.sign else a
    else:
        smaller, larger = (a, b) if ka < kb else (b, a)
    return (larger if want_max else smaller), flags


def compare(f, a, b, op, quiet):
    na, nb = Num(f, a), Num(f, b)
    if na.is_nan or nb.is_nan:
        return 0, NV if not quiet or "snan" in (na.cls, nb.cls) else 0

    def key(n):
        return (float("-inf") if n.sign else float("inf")) if n.cls == "inf" else n.value
    ka, kb = key(na), key(nb)
    return int({"eq": ka == kb, "lt": ka < kb, "le": ka <= kb}[op]), 0


def classify(f, a):
    n = Num(f, a)
    if n.is_nan:
        return 1 << (9 if n.cls == "nan" else 8)
    place = 3 if n.cls == "inf" else 0 if n.zero else 1 if n.subnormal else 2
    return 1 << (3 - place if n.sign else 4 + place)


def convert(f, g, a, rm):
    """a of format g in format f."""
    n = Num(g, a)
    if n.is_nan:
        return nan_of(f, n)
    if n.cls == "inf":
        return (f.sign if n.sign else 0) | f.inf, 0
    return exact_zero(f, n.sign) if n.zero else round_to(f, n.value, rm)


def to_int(f, a, rm, bits, signed):
    n = Num(f, a)
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if n.is_nan or n.cls == "inf":
        return (low if n.cls == "inf" and n.sign else high), NV
    q, exact = quantize(abs(n.value), 0, n.sign, rm)
    q = -q if n.sign else q
    if q < low or q > high:
        return (low if q < low else high), NV
    return q, 0 if exact else NX


def from_int(f, v, rm):
    return (0, 0) if v == 0 else round_to(f, Fraction(v), rm)


def to_integral(f, a, rm, tell):
    n = Num(f, a)
    if n.is_nan:
        return nan_of(f, n)
    if n.cls == "inf" or n.zero:
        return a, 0
    q, exact = quantize(abs(n.value), 0, n.sign, rm)
    bits = round_to(f, Fraction(-q if n.sign else q), RTZ)[0] if q else (f.sign if n.sign else 0)
    return bits, NX if tell and not exact else 0


# ---- operands ----

def edges(f):
    one = f.bias << f.fraction
    values = [0, f.sign, one, one | f.sign, one | 1, one - 1, 1, f.sign | 1,
              1 << f.fraction, (1 << f.fraction) - 1, f.inf, f.inf | f.sign, f.inf - 1,
              f.sign | f.inf - 1, f.nan, f.nan | f.sign | 5, f.inf | 1, f.inf | f.sign | 3,
              one + (1 << f.fraction), one + (3 << f.fraction - 1), one - (1 << f.fraction),
              (one + (f.bias // 2 << f.fraction)) | 0x2b, (f.bias // 2 << f.fraction) | 0x153,
              f.sign | one + (2 << f.fraction) | 7]
    return values


def operands(f, n, count, seed):
    """count tuples of n operands, boxed; some are not."""
    e, k = edges(f), seed
    for i in range(count):
        out = []
        for j in range(n):
            k = (k * 1103515245 + 12345) & 0x7fffffff
            v = f.box(e[(k >> 8) % len(e)])
            out.append(v & ~(1 << 63) if f.ones and (k >> 20) % 16 == 0 else v)
        yield i, tuple(out)


# ---- words ----

def r_type(funct7, rs2, rs1, rm, rd, opcode=0x53):
    return funct7 << 25 | rs2 << 20 | rs1 << 15 | rm << 12 | rd << 7 | opcode


MODES = [(DYN, RNE), (RNE, RNE), (DYN, RTZ), (RTZ, RNE), (DYN, RDN), (RDN, RUP), (DYN, RUP), (RUP, RMM),
         (DYN, RMM), (RMM, RNE), (RNE, RDN), (DYN, RNE)]
RM_NAME = {RNE: "rne", RTZ: "rtz", RDN: "rdn", RUP: "rup", RMM: "rmm", DYN: "dyn"}


def h(v):
    return hex(v & M)


def state(frm, extra=""):
    return ("frm=%d %s" % (frm, extra) if frm else extra).strip()


def outcome(frm, result, flags):
    text = "frm=%d " % frm if frm else ""
    return (text + result + (" fflags=0x%x" % flags if flags else "")).strip()


def float_case(word, text, frm, regs, rd, bits, flags):
    given = " ".join("f%d=%s" % (r, h(v)) for r, v in regs)
    return word, text, state(frm, given), outcome(0, "f%d=%s" % (rd, h(bits)), flags)


def arithmetic():
    table = (("fadd", 0, 2, add), ("fsub", 1, 2, sub), ("fmul", 2, 2, mul), ("fdiv", 3, 2, div),
             ("fsqrt", 11, 1, sqrt))
    for name, funct5, n, fn in table:
        for fmt, f in F.items():
            for i, ops in operands(f, n, 34, funct5 * 7 + fmt + 1):
                rm, frm = MODES[i % len(MODES)]
                bits, flags = fn(f, *[f.unbox(v) for v in ops], frm if rm == DYN else rm)
                regs = list(zip((11, 12), ops))
                # the result in a register of its own, or in that of an operand
                rd = (10, 11, 12)[i % 3] if n == 2 else (10, 11)[i % 2]
                word = r_type(funct5 << 2 | fmt, 12 if n == 2 else 0, 11, rm, rd)
                yield float_case(word, "%s.%s f%d, f11%s, %s" % (
                    name, f.name, rd, ", f12" if n == 2 else "", RM_NAME[rm]), frm, regs, rd,
                    f.box(bits), flags)
    for name, opcode, np, na in (("fmadd", 0x43, 0, 0), ("fmsub", 0x47, 0, 1), ("fnmsub", 0x4b, 1, 0),
                                 ("fnmadd", 0x4f, 1, 1)):
        for fmt, f in F.items():
            for i, ops in operands(f, 3, 40, opcode + fmt):
                rm, frm = MODES[i % len(MODES)]
                bits, flags = fma(f, *[f.unbox(v) for v in ops], frm if rm == DYN else rm, np, na)
                rd = (10, 11, 12, 13)[i % 4]
                word = 13 << 27 | r_type(fmt, 12, 11, rm, rd, opcode)
                yield float_case(word, "%s.%s f%d, f11, f12, f13, %s" % (name, f.name, rd, RM_NAME[rm]),
                                 frm, list(zip((11, 12, 13), ops)), rd, f.box(bits), flags)
    # infinity times zero plus a quiet NaN is invalid; the NaN in each place
    for fmt, f in F.items():
        zero, inf, nan = f.box(0), f.box(f.inf), f.box(f.nan | f.sign | 1)
        for ops in ((inf, zero, nan), (zero, inf, nan), (nan, zero, inf), (zero, nan, inf)):
            for rd in (10, 11, 12, 13):
                bits, flags = fma(f, *[f.unbox(v) for v in ops], RNE)
                yield float_case(13 << 27 | r_type(fmt, 12, 11, DYN, rd, 0x43),
                                 "fmadd.%s f%d, f11, f12, f13, dyn" % (f.name, rd), 0,
                                 list(zip((11, 12, 13), ops)), rd, f.box(bits), flags)


def signs(f, kind, a, b):
    sign = {"fsgnj": b, "fsgnjn": ~b, "fsgnjx": a ^ b}[kind] & f.sign
    return a & ~f.sign | sign


def moves():
    for funct3, name in enumerate(("fsgnj", "fsgnjn", "fsgnjx")):
        for fmt, f in F.items():
            for i, ops in operands(f, 2, 20, funct3 + 9 * fmt + 3):
                same, rd = i % 3 == 2, (10, 11)[i % 2]
                a, b = f.unbox(ops[0]), f.unbox(ops[0] if same else ops[1])
                regs = [(11, ops[0])] + ([] if same else [(12, ops[1])])
                rs2 = 11 if same else 12
                yield float_case(r_type(16 | fmt, rs2, 11, funct3, rd),
                                 "%s.%s f%d, f11, f%d" % (name, f.name, rd, rs2), 0, regs, rd,
                                 f.box(signs(f, name, a, b)), 0)
    for funct3, name in enumerate(("fmin", "fmax", "fminm", "fmaxm")):
        for fmt, f in F.items():
            for i, ops in operands(f, 2, 40, funct3 + 5 * fmt + 77):
                rd = (10, 11, 12)[i % 3]
                bits, flags = min_max(f, f.unbox(ops[0]), f.unbox(ops[1]), funct3 & 1, funct3 < 2)
                yield float_case(r_type(20 | fmt, 12, 11, funct3, rd),
                                 "%s.%s f%d, f11, f12" % (name, f.name, rd), 0,
                                 list(zip((11, 12), ops)), rd, f.box(bits), flags)
    for fmt, f in F.items():
        for v in (0x8000000080008000, 0x7fc000007fc07e00, 0x0123456789abcdef, M):
            low = v & (1 << f.bits) - 1
            signed = low - (1 << f.bits) if low & f.sign else low
            yield (r_type(0x70 | fmt, 0, 11, 0, 5), "fmv.x.%s x5, f11" % f.name, "f11=" + h(v),
                   "x5=" + h(signed))
            yield (r_type(0x78 | fmt, 0, 5, 0, 10), "fmv.%s.x f10, x5" % f.name, "x5=" + h(v),
                   "f10=" + h(f.box(low)))


def to_registers():
    for name, funct3, op, quiet in (("fle", 0, "le", 0), ("flt", 1, "lt", 0), ("feq", 2, "eq", 1),
                                    ("fleq", 4, "le", 1), ("fltq", 5, "lt", 1)):
        for fmt, f in F.items():
            for i, ops in operands(f, 2, 24, funct3 * 3 + fmt + 41):
                a, b = (ops[0], ops[0]) if i % 6 == 5 else ops
                r, flags = compare(f, f.unbox(a), f.unbox(b), op, quiet)
                yield (r_type(80 | fmt, 12, 11, funct3, 5), "%s.%s x5, f11, f12" % (name, f.name),
                       "f11=%s f12=%s" % (h(a), h(b)), outcome(0, "x5=%d" % r, flags))
    for fmt, f in F.items():
        for v in [f.box(e) for e in edges(f)] + ([f.box(0) & ~(1 << 63)] if f.ones else []):
            yield (r_type(0x70 | fmt, 0, 11, 1, 5), "fclass.%s x5, f11" % f.name, "f11=" + h(v),
                   "x5=%d" % classify(f, f.unbox(v)))


def conversions():
    for to, f in F.items():
        for source, g in F.items():
            if to == source:
                continue
            for i, (v,) in operands(g, 1, 26, 3 * to + source + 5):
                rm, frm = MODES[i % len(MODES)]
                bits, flags = convert(f, g, g.unbox(v), frm if rm == DYN else rm)
                rd = (10, 11)[i % 2]
                yield float_case(r_type(32 | to, source, 11, rm, rd), "fcvt.%s.%s f%d, f11, %s" % (
                    f.name, g.name, rd, RM_NAME[rm]), frm, [(11, v)], rd, f.box(bits), flags)
    ints = (("w", 32, True), ("wu", 32, False), ("l", 64, True), ("lu", 64, False))
    for n, (name, width, signed) in enumerate(ints):
        for fmt, f in F.items():
            near = [round_to(f, Fraction(x), RTZ)[0] for x in (
                1 << width - 1, 1 << width, -(1 << width - 1), Fraction(5, 2), Fraction(-3, 2),
                Fraction(-1, 2), Fraction(7, 4), Fraction(-9, 4), Fraction(1, 2), 100, -100)]
            values = [v for _, (v,) in operands(f, 1, 14, n + 4 * fmt + 11)] + [f.box(v) for v in near]
            for i, v in enumerate(values):
                rm, frm = MODES[(i + n) % len(MODES)]
                r, flags = to_int(f, f.unbox(v), frm if rm == DYN else rm, width, signed)
                if width == 32 and r & 1 << 31:
                    r |= M & ~0xffffffff
                yield (r_type(96 | fmt, n, 11, rm, 5), "fcvt.%s.%s x5, f11, %s" % (name, f.name, RM_NAME[rm]),
                       state(frm, "f11=" + h(v)), outcome(0, "x5=" + h(r), flags))
            for i, v in enumerate((0, 1, M, 1 << 63, (1 << 63) - 1, 0x80000000, 0x7fffffff, 0xffffff81,
                                   0x123456789abcdef1, 0xfffffffffffff801, 0x1000001, 65520, 65519)):
                rm, frm = MODES[(i + n) % len(MODES)]
                x = v & (1 << width) - 1
                x = x - (1 << width) if signed and x >> width - 1 else x
                bits, flags = from_int(f, x, frm if rm == DYN else rm)
                yield (r_type(104 | fmt, n, 5, rm, 10), "fcvt.%s.%s f10, x5, %s" % (f.name, name, RM_NAME[rm]),
                       state(frm, "x5=" + h(v)), outcome(0, "f10=" + h(f.box(bits)), flags))


FLI = [-1, None, Fraction(1, 1 << 16), Fraction(1, 1 << 15), Fraction(1, 256), Fraction(1, 128),
       Fraction(1, 16), Fraction(1, 8), Fraction(1, 4), Fraction(5, 16), Fraction(3, 8), Fraction(7, 16),
       Fraction(1, 2), Fraction(5, 8), Fraction(3, 4), Fraction(7, 8), 1, Fraction(5, 4), Fraction(3, 2),
       Fraction(7, 4), 2, Fraction(5, 2), 3, 4, 8, 16, 128, 256, 1 << 15, 1 << 16, None, None]


def zfa():
    for fmt, f in F.items():
        special = {1: 1 << f.fraction, 30: f.inf, 31: f.nan}
        for k, v in enumerate(FLI):
            bits = special[k] if k in special else round_to(f, Fraction(v), RNE)[0]
            yield (r_type(0x78 | fmt, 1, k, 0, 10), "fli.%s f10, %d" % (f.name, k), "",
                   "f10=" + h(f.box(bits)))
        for rs2, name in ((4, "fround"), (5, "froundnx")):
            near = [round_to(f, x, RTZ)[0] for x in (
                Fraction(5, 2), Fraction(-3, 2), Fraction(-1, 2), Fraction(7, 4), Fraction(-9, 4))]
            values = [v for _, (v,) in operands(f, 1, 20, rs2 + fmt)] + [f.box(v) for v in near]
            for i, v in enumerate(values):
                rm, frm = MODES[i % len(MODES)]
                bits, flags = to_integral(f, f.unbox(v), frm if rm == DYN else rm, rs2 == 5)
                yield float_case(r_type(32 | fmt, rs2, 11, rm, 10), "%s.%s f10, f11, %s" % (
                    name, f.name, RM_NAME[rm]), frm, [(11, v)], 10, f.box(bits), flags)
    f = F[D]
    for v in edges(f) + [round_to(f, Fraction(x), RTZ)[0] for x in (
            1 << 31, -(1 << 31), (1 << 32) + 5, -(1 << 33) - 7, Fraction(7, 2), 3 << 60, (1 << 84) - 1)]:
        n = Num(f, v)
        if n.is_nan or n.cls == "inf":
            r, flags = 0, NV
        else:
            q, exact = quantize(abs(n.value), 0, n.sign, RTZ)
            q = -q if n.sign else q
            r, flags = q & 0xffffffff, NV if not -(1 << 31) <= q < 1 << 31 else 0 if exact else NX
        r |= M & ~0xffffffff if r >> 31 else 0
        yield (r_type(0x61, 8, 11, 1, 5), "fcvtmod.w.d x5, f11, rtz", "f11=" + h(v),
               outcome(0, "x5=" + h(r), flags))


def bf16():
    f, single = BF16, F[S]
    for i, (v,) in operands(f, 1, 24, 3):
        bits, flags = convert(single, f, f.unbox(v), RNE)
        yield float_case(r_type(0x20, 6, 11, DYN, 10), "fcvt.s.bf16 f10, f11", 0, [(11, v)], 10,
                         single.box(bits), flags)
    for i, (v,) in operands(single, 1, 36, 4):
        rm, frm = MODES[i % len(MODES)]
        bits, flags = convert(f, single, single.unbox(v), frm if rm == DYN else rm)
        yield float_case(r_type(0x22, 8, 11, rm, 10), "fcvt.bf16.s f10, f11, " + RM_NAME[rm], frm,
                         [(11, v)], 10, f.box(bits), flags)


def memory():
    at, data = 0x50000100, bytes(range(0x81, 0x89))
    text = data.hex()
    for funct3, f, n in ((1, F[H], 2), (2, F[S], 4), (3, F[D], 8)):
        v = int.from_bytes(data[:n], "little")
        load = 8 << 20 | 10 << 15 | funct3 << 12 | 10 << 7 | 0x07
        yield (load, "fl%s f10, 8(x10)" % {2: "h", 4: "w", 8: "d"}[n], "x10=%s [%s]=%s" % (h(at - 8), h(at), text),
               "f10=" + h(f.box(v)))
        store = 10 << 20 | 11 << 15 | funct3 << 12 | 8 << 7 | 0x27
        yield (store, "fs%s f10, 8(x11)" % {2: "h", 4: "w", 8: "d"}[n],
               "x11=%s f10=%s" % (h(at - 8), h(int.from_bytes(data, "little"))), "[%s]=%s" % (h(at), text[:2 * n]))
        yield load, "fl* f10, 8(x10)", "x10=0x60000000", "fault=0x60000008"
        yield store, "fs* f10, 8(x11)", "x11=0x60000000", "fault=0x60000008"
    v = int.from_bytes(data, "little")
    for word, name, base, reg, store in ((0x2408, "c.fld f10, 8(x8)", "x8", 10, 0), (0xa408, "c.fsd f10, 8(x8)", "x8", 10, 1),
                                  (0x2522, "c.fldsp f10, 8(x2)", "x2", 10, 0), (0xa42a, "c.fsdsp f10, 8(x2)", "x2", 10, 1)):
        if store:
            yield "%04x" % word, name, "%s=%s f10=%s" % (base, h(at - 8), h(v)), "[%s]=%s" % (h(at), text)
        else:
            yield "%04x" % word, name, "%s=%s [%s]=%s" % (base, h(at - 8), h(at), text), "f10=" + h(v)


def modes_and_flags():
    one, three = 0x3ff0000000000000, 0x4008000000000000
    for rm in (5, 6):
        for word, text in ((r_type(1, 12, 11, rm, 10), "fadd.d"), (r_type(0x0d, 12, 11, rm, 10), "fdiv.d"),
                           (13 << 27 | r_type(1, 12, 11, rm, 10, 0x43), "fmadd.d"),
                           (r_type(0x20, 1, 11, rm, 10), "fcvt.s.d"), (r_type(0x21, 0, 11, rm, 10), "fcvt.d.s"),
                           (r_type(0x61, 0, 11, rm, 5), "fcvt.w.d"), (r_type(0x69, 0, 5, rm, 10), "fcvt.d.w")):
            yield word, "%s with rm %d" % (text, rm), "", "undef"
    for frm in (5, 6, 7):
        yield r_type(1, 12, 11, DYN, 10), "fadd.d f10, f11, f12, dyn", "frm=%d" % frm, "undef"
        yield (r_type(1, 12, 11, RNE, 10), "fadd.d f10, f11, f12, rne",
               "frm=%d f11=%s f12=%s" % (frm, h(one), h(three)), "f10=0x4010000000000000")
        yield (r_type(0x11, 12, 11, 0, 10), "fsgnj.d f10, f11, f12", "frm=%d f11=%s f12=%s" % (frm, h(one), h(one)),
               "f10=" + h(one))
    # sticky: what was set stays
    yield (r_type(0x0d, 12, 11, DYN, 10), "fdiv.d f10, f11, f12, dyn",
           "fflags=0x1a f11=%s f12=%s" % (h(one), h(three)), "f10=0x3fd5555555555555 fflags=0x1b")
    for old in (0, 1, 0x1f, 0x0a):
        for given in (0, 1, 0x15, 0x1f, 0xe5):
            text = "fflags=0x%x x6=0x%x" % (old, given)
            yield ("001312f3", "csrrw x5, fflags, x6", text,
                   outcome(0, "x5=%d" % old, 0) + " fflags=0x%x" % (given & 31))
            yield ("003312f3", "csrrw x5, fcsr, x6", text, "x5=%d fflags=0x%x frm=%d" % (
                old, given & 31, given >> 5 & 7))
        yield "001022f3", "csrrs x5, fflags, x0", "fflags=0x%x" % old, "x5=%d" % old
        yield "003022f3", "csrrs x5, fcsr, x0", "frm=3 fflags=0x%x" % old, "x5=%d" % (old | 0x60)
        yield "002022f3", "csrrs x5, frm, x0", "frm=3 fflags=0x%x" % old, "x5=3"
        yield "0010a2f3", "csrrs x5, fflags, x1", "x1=0x24 fflags=0x%x" % old, "x5=%d fflags=0x%x" % (old, old | 4)
        yield "0010b2f3", "csrrc x5, fflags, x1", "x1=0x22 fflags=0x%x" % old, "x5=%d fflags=0x%x" % (old, old & ~2)
        yield "001fd2f3", "csrrwi x5, fflags, 31", "fflags=0x%x" % old, "x5=%d fflags=0x1f" % old
    # the comparison that leaves the flags alone, as compilers write it; the last: a signalling NaN
    for fmt, f in ((S, F[S]), (D, F[D])):
        a, b = (f.box(v) for v in (f.bias << f.fraction, (f.bias << f.fraction) | 1))
        for x, y in ((a, b), (b, a), (a, a), (f.box(f.nan), a), (f.box(f.inf | 1), a)):
            for funct3, name in ((0, "fle"), (1, "flt")):
                r = compare(f, f.unbox(x), f.unbox(y), ("le", "lt")[funct3], 0)[0]
                words = "001022f3:%08x:00129073" % r_type(80 | fmt, 12, 11, funct3, 6)
                for old in (0, 0x12):
                    yield (words, "frflags x5: %s.%s x6, f11, f12: fsflags x5" % (name, f.name),
                           "fflags=0x%x f11=%s f12=%s" % (old, h(x), h(y)), "x5=%d x6=%d" % (old, r))
    # overflow, division by zero, underflow trap on the host while they are not set
    big, tiny = 0x7fe0000000000000, 0x0010000000000001
    yield ("%08x:001022f3" % r_type(0x09, 12, 11, DYN, 10), "fmul.d f10, f11, f12: frflags x5",
           "f11=%s f12=%s fflags=0x1" % (h(big), h(big)), "f10=0x7ff0000000000000 x5=5 fflags=0x5")
    yield ("%08x:001022f3" % r_type(0x0d, 12, 11, DYN, 10), "fdiv.d f10, f11, f12: frflags x5",
           "f11=%s f12=0x0 fflags=0x1" % h(one), "f10=0x7ff0000000000000 x5=9 fflags=0x9")
    yield ("%08x:001022f3" % r_type(0x09, 12, 11, DYN, 10), "fmul.d f10, f11, f12: frflags x5",
           "f11=%s f12=0x3fe0000000000000 fflags=0x1" % h(tiny), "f10=0x8000000000000 x5=3 fflags=0x3")
    yield ("%08x:001022f3" % r_type(0x09, 12, 11, DYN, 10), "fmul.d f10, f11, f12: frflags x5",
           "f11=0x10000000000000 f12=0x3fe0000000000000 fflags=0x1", "f10=0x8000000000000 x5=1")


GROUPS = (("fp_arith", arithmetic), ("fp_move", moves), ("fp_compare", to_registers),
          ("fp_convert", conversions), ("fp_zfa", zfa), ("fp_bf16", bf16), ("fp_mem", memory),
          ("fp_mode", modes_and_flags))


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "tests", "insn", "riscv64")
    for name, cases in GROUPS:
        with open(os.path.join(out, name + ".case"), "w", encoding="utf-8") as f:
            f.write("# SPDX-License-Identifier: MIT\n# Made by scripts/gen_insn_rvf_cases.py.\n")
            for word, text, given, result in cases():
                word = word if isinstance(word, str) else "%08x" % word
                f.write(("%s  %s  %s => %s" % (word, text, given, result)).rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
