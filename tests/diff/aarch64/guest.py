# SPDX-License-Identifier: MIT
"""aarch64: which rows are compared, and words that keep to the conventions of machine.h."""
import re

from rows import pick_reg, put

CROSS = "aarch64-linux-gnu-"
CFLAGS = []
OBJDUMP = ["-m", "aarch64"]
NOP = 0xd503201f

# Features of the guest's default CPU; the rows of all others are left out.
V8_0 = {"crc32", "aes", "pmull", "sha1", "sha2"}
FEATURES = V8_0 | {"lse", "rdm", "dotprod", "i8mm", "fcma", "sha512", "sha3", "sm3", "sm4",
                   "frintts", "jscvt", "cssc", "mops", "fp16", "bf16", "fhm"}

# Two chunks of five run the rows of v8.0 on a v8.0 CPU, the others all rows on one that has
# everything. Rows that leave half precision to the element size are among the latter.
CPU, CPU_NEW = "cortex-a72", "max,pauth=off"
HALF_TOO = r"(fcvtz[su]|[su]cvtf)_vec_fix"

# A class of rows is chosen first, so that few memory rows do not drown in many SIMD ones.
WEIGHTS = (("integer", 30), ("memory", 22), ("fp", 14), ("simd", 30), ("crypto", 4))

# Rows that cannot be compared, with the reason.
LEFT_OUT = {
    "svc": "a system call", "brk": "ends the sequence", "el0_undef": "always undefined",
    "br": "unknown place", "blr": "unknown place", "ret": "unknown place",
    "dc_zva": "block sizes differ between CPUs",
    "mrs_id": "CPUs differ", "mrs_ctr": "CPUs differ", "mrs_dczid": "CPUs differ",
    "mrs_cntfrq": "CPUs differ", "mrs_cntvct": "a clock",
    "mrs_tpidr": "the C library's", "msr_tpidr": "the C library's", "mrs_tpidrro": "CPUs differ",
    "msr_fpcr": "reserved bits differ between CPUs",
    "msr_fpsr": "reserved bits differ between CPUs",
}
# Memory copy and set: rows that begin one; the others only come after them.
PROLOGUES = {"cpyfp", "cpyp", "setp"}
LEFT_OUT.update((name, "comes after its prologue") for name in
                ("cpyfm", "cpyfe", "cpym", "cpye", "setm", "sete"))
BASE, INDEX, COUNTER, SP = 28, 27, 26, 31
REALIGN = 0x927cef9c            # and x28, x28, #-16
MONITOR = {"ldxr", "ldxp"}
CLREX = 0xd5033f5f
SAFE = [r for r in range(32) if r not in (BASE, INDEX, COUNTER)]
KEEPS_SP = [r for r in SAFE if r != SP]
FAULT_AT, FAULT_END = 0.15, 0.19     # a random number up to here: a loop, a base that faults


def describe(row):
    name, low = row.name, row.section.lower()
    row.memory = bool(re.search(r"load|store|atomic memory|compare and swap|literal", low)
                      or re.match(r"(ld|st|cas|swp|prfm)", name))
    row.literal = "literal" in low
    row.ordered = bool(re.search(r"exclusive|ordered|atomic|compare and swap", low))
    row.branch = name in ("b", "bl", "b_cond", "cbz", "cbnz", "tbz", "tbnz")
    row.newer = not set(row.needs) <= V8_0
    row.partial = bool(re.match(r"(ld|st)(n?p|xp|[1-4])|str_\w*fp", name))


def wanted(row):
    """Among the lifted rows, those of a known kind."""
    return set(row.needs) <= FEATURES


def is_rival(_row):
    """Whether its words are to be avoided when it is left out."""
    return True


def class_of(row):
    if row.memory:
        return "memory"
    for prefix, name in (("fp", "fp"), ("simd", "simd"), ("crypto", "crypto")):
        if row.where.startswith(prefix):
            return name
    return "integer"


def plans(rows, _features):
    """(CPU of the oracle, its rows, whether half precision is allowed), for chunks in turn."""
    old = [r for r in rows if not r.newer and not re.fullmatch(HALF_TOO, r.name)]
    a, b = (CPU, old, False), (CPU_NEW, rows, True)
    return [a, a, b, b, b]


def random_word(rng, row, on_sp=False):
    """
    A word of the row with the conventions of machine.h, or None when this roll is no use. With
    on_sp memory is also accessed through SP, which nothing may then write.
    """
    w = row.value | (rng.getrandbits(32) & ~row.mask)
    f = row.fields
    everything = list(range(32))
    safe = KEEPS_SP if on_sp else SAFE
    targets = rng.sample(safe[:8] if rng.random() < 0.7 else safe, 4)
    for i, name in enumerate(("rd", "rt", "rt2", "rs")):
        if name in f:
            w = put(w, row, name, targets[i])
    for name in ("rn", "rm", "ra"):
        if name in f:
            w = put(w, row, name, pick_reg(rng, everything))
    if row.memory:
        if "rn" in f:
            w = put(w, row, "rn", SP if on_sp and not row.ordered and rng.random() < 0.5 else BASE)
        if "rm" in f:
            w = put(w, row, "rm", INDEX if rng.random() < 0.7 or "simd" not in row.where else 31)
        if "imm12" in f:
            w = put(w, row, "imm12", rng.getrandbits(7))
        if row.literal:
            w = put(w, row, "imm19", rng.randrange(0, 3))
        if row.name.startswith("casp"):
            w = put(put(w, row, "rs", rng.choice((0, 2, 4))), row, "rt", rng.choice((6, 8, 10)))
    if row.name in ("dc_clean", "ic_ivau"):
        w = put(w, row, "rt", BASE)
    if row.branch:
        w = put(w, row, [n for n in ("imm26", "imm19", "imm14") if n in f][0], 2)
    if any((w & o.mask) == o.value for o in row.rivals):
        return None
    return w


def memory_sequence(rng, word, row):
    """
    A whole copy or set from its prologue's word: registers that stay inside of scratch memory, and
    the three instructions. Copies of the forward kind go where forward is right.
    """
    d, s, n = rng.sample(SAFE[:12], 3)
    size = rng.choice((rng.randrange(80), rng.randrange(80), rng.randrange(600), 0x1800))
    to, start = rng.randrange(0x1000), rng.randrange(0x1000)
    if row.name == "cpyfp" and start < to < start + size:
        to, start = start, to
    if rng.random() < 0.5 and row.name == "cpyp":
        start = max(0, min(0xfff, to + rng.randrange(-70, 70)))
    word = word & ~(31 << 16 | 31 << 5 | 31) | s << 16 | n << 5 | d
    words = [0x91000000 | to << 10 | BASE << 5 | d, 0xd2800000 | size << 5 | n]
    if row.name == "setp":
        stages = [word, word + (1 << 14), word + (2 << 14)]
    else:
        words.append(0x91000000 | start << 10 | BASE << 5 | s)
        stages = [word, word + (1 << 22), word + (2 << 22)]
    # The nop takes the jump of a branch before it.
    return [(NOP, "nop")] + [(w, "set up") for w in words] + [(w, row.name) for w in stages]


def after_exclusive(rng, word, row):
    """
    The word after a load exclusive: the store exclusive of the same size and address, whose
    success is defined, or CLREX. What a store of another size does is up to the CPU.
    """
    if rng.random() < 0.3:
        return CLREX, "clrex"
    loaded = {word & 31, word >> 10 & 31 if row.name == "ldxp" else 31}
    status, value, value2 = rng.sample([r for r in SAFE[:12] if r not in loaded], 3)
    word = word & ~(1 << 22 | 31 << 16 | 31 << 10 | 31) | status << 16 | value
    word |= (value2 if row.name == "ldxp" else 31) << 10
    return word, "stxr" if row.name == "ldxr" else "stxp"


class Sequence:
    """What one random sequence has in common; instructions are (word, row name)."""

    def __init__(self, rng, half):
        self.rng, self.half = rng, half         # half precision rows and the FZ16 bit are allowed
        self.on_sp, self.kind = rng.random() < 0.2, rng.random()
        self.moved = False

    def seed(self):
        # guest.c takes the top bit as leave to set FZ16.
        return self.rng.getrandbits(31) | self.half << 31

    def control(self):
        """Now and then instead of an instruction: another rounding mode, or clear flags."""
        rng = self.rng
        if self.kind < FAULT_END or rng.random() >= 0.02:
            return []
        if rng.random() < 0.2:
            return [(0xd51b443f, "msr_fpsr")]           # msr fpsr, xzr
        bits = rng.getrandbits(2) << 6 | (rng.getrandbits(2) << 8 if rng.random() < 0.3 else 0)
        bits |= (rng.getrandbits(1) << 3 if self.half and rng.random() < 0.4 else 0)
        # nop (where a branch may go); movz x26, #bits, lsl #16; msr fpcr, x26
        return [(NOP, "nop"), (0xd2a0001a | bits << 5, "movz"), (0xd51b441a, "msr_fpcr")]

    def instruction(self, row):
        """The row's instruction and what must be around it; [] when this roll is no use."""
        rng = self.rng
        word = random_word(rng, row, self.on_sp)
        if word is None or FAULT_AT <= self.kind < FAULT_END and row.partial:
            return []
        if row.name in PROLOGUES:
            # What is done when it faults is up to the CPU: not where a base has moved far.
            return [] if self.kind < FAULT_END or self.moved else memory_sequence(rng, word, row)
        self.moved = self.moved or row.memory
        # The nop takes the jump of a branch before it.
        out = [(NOP, "nop"), (REALIGN, "realign")] if row.ordered and row.memory else []
        out.append((word, row.name))
        if row.name in MONITOR:
            out.append(after_exclusive(rng, word, row))
        return out

    def framed(self, insns):
        """Sometimes a loop around the sequence, or a base that faults from some offset on."""
        rng = self.rng
        if self.kind < FAULT_AT or not insns:
            # movz x26, #n; the nop takes the jump of a branch that is last, so the counter always
            # counts; sub x26, x26, #1; cbnz x26, the start
            back = (-(len(insns) + 2) & 0x7ffff) << 5 | 0xb500001a
            return [(0xd280001a | rng.randint(1, 3) << 5, "movz")] + insns + \
                [(NOP, "nop"), (0xd100075a, "sub_imm"), (back, "cbnz")]
        if self.kind < FAULT_END:
            # add x28, x28, #16K; sub x28, x28, #n
            return [(0x9140139c, "add_imm"), (0xd100039c | rng.getrandbits(7) << 10, "sub_imm")] + \
                insns
        return insns
