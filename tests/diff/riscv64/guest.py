# SPDX-License-Identifier: MIT
"""riscv64: which rows are compared, and words that keep to the conventions of machine.h.

A word is one instruction or two compressed ones, the second of which may be C.NOP: so every place
has four bytes, and a branch over the next one needs no knowledge of it.
"""
from rows import get_operand, pick_reg, put_operand

CROSS = "riscv64-linux-gnu-"
CFLAGS = ["-Wl,--no-relax", "-mno-relax"]       # gp holds random numbers, too
OBJDUMP = ["-m", "riscv:rv64"]
NOP, C_NOP = 0x00000013, 0x0001

WEIGHTS = (("integer", 34), ("compressed", 26), ("memory", 20), ("fp", 20))

# Extensions of the oracle's CPU that have a switch, those that need others first.
OPTIONAL = """zicfiss zicfilp zcmop zimop zacas zabha zalasr zawrs zicbom zicboz zicond zcb zfa
    zvfbfa zvfbfwma zvfbfmin zfbfmin zvfh zvfhmin zfh zvksed zvksh zvknhb zvknha zvkned zvkg zvkb zvbc
    zvbb v zve64d zve64f zve64x zve32f zve32x zba zbb zbc zbs zbkb zbkc zbkx zknd zkne zknh zksed
    zksh zkr zihpm""".split()

LEFT_OUT = {
    "ecall": "a system call", "ebreak": "ends the sequence", "reserved": "always undefined",
}
BASE, SP, COUNTER, EXIT = 8, 2, 27, 31      # EXIT is lost on the way out
SAFE = [r for r in [10, 11, 12, 13, 14, 15] + list(range(32)) if r not in (BASE, SP, COUNTER, EXIT)]
SAFE = list(dict.fromkeys(SAFE))
NEAR = [9, 10, 11, 12, 13, 14, 15]          # of x8 to x15, that compressed instructions reach
REALIGN = 0xff047413                        # andi x8, x8, -16
FCSR = (1, 2, 3)                            # fflags, frm, fcsr
FAULT_AT, FAULT_END = 0.15, 0.19            # a random number up to here: a loop, a base that faults
LOADS = {"lb", "lh", "lw", "ld", "lbu", "lhu", "lwu", "flh", "flw", "fld"}
STORES = {"sb", "sh", "sw", "sd", "fsh", "fsw", "fsd"}
BRANCHES = {"beq", "bne", "blt", "bge", "bltu", "bgeu", "jal"}


def is_compressed(row):
    return row.mask & 3 == 3 and row.value & 3 != 3


def describe(row):
    row.ordered = row.name in ("lr", "sc") or row.name.startswith(("amo", "ssamo"))
    row.cache_block = row.name.startswith(("cbo", "prefetch"))
    row.memory = row.ordered or row.name in LOADS | STORES or row.cache_block
    row.branch = row.name in BRANCHES
    row.vector = any(n.startswith(("zv", "v")) for n in row.needs) or row.where.startswith("rvv")
    # Ignored bits may be anything; the upper half of a compressed instruction is what follows.
    keep = ~row.ignored & (0xffff if is_compressed(row) else 0xffffffff)
    row.mask, row.value = row.mask & keep, row.value & keep


def wanted(row):
    """The vector registers are not part of the state here."""
    return not row.vector


def is_rival(row):
    """Whether its words are to be avoided when it is left out; not those of features that nobody has."""
    return row.name in LEFT_OUT


def class_of(row):
    if is_compressed(row):
        return "compressed"
    if row.memory:
        return "memory"
    return "fp" if row.name.startswith("f") and not row.name.startswith("fence") else "integer"


def oracle_cpu(features):
    """The oracle's largest CPU without what Mimus does not advertise."""
    return ",".join(["max"] + [n + "=off" for n in OPTIONAL if n not in features])


def plans(rows, features):
    return [(oracle_cpu(features), rows, True)]


def registers(row, name):
    """Registers that the operand can name."""
    pieces = row.operands[name][1]
    if len(pieces) == 1:
        return [int(pieces[0], 2)] if isinstance(pieces[0], str) else list(range(32))
    return [8 + r for r in range(8)]


def put_target(rng, word, row, safe):
    """rd: one that nothing needs, whether it is an x or an f register."""
    can = registers(row, "rd")
    good = [r for r in safe if r in can]
    if not good:
        return None
    return put_operand(word, row, "rd", pick_reg(rng, good))


def put_offset(rng, word, row, most=2047):
    """Near the base, so that accesses meet."""
    signed, pieces = row.operands["imm"]
    if all(isinstance(p, str) for p in pieces):
        return word
    value = rng.randrange(-64, 64) if rng.random() < 0.7 else rng.randrange(-most - 1, most + 1)
    if row.name[-1] in "dw" and rng.random() < 0.7:
        value &= ~7
    word = put_operand(word, row, "imm", value if signed else abs(value))
    # An immediate that is split may be narrower than the offset wanted.
    return word if -most - 1 <= get_operand(word, row, "imm") <= most else None


def random_word(rng, row, on_sp=False, most=2047):
    """
    A word of the row with the conventions of machine.h, or None when this roll is no use. With
    on_sp memory is also accessed through SP, which nothing may then write.
    """
    if is_compressed(row):
        w = row.value | rng.getrandbits(16) & ~row.mask | C_NOP << 16
    else:
        w = row.value | rng.getrandbits(32) & ~row.mask
    ops = row.operands
    for name in ("rs1", "rs2", "rs3"):
        if name in ops:
            w = put_operand(w, row, name, pick_reg(rng, registers(row, name)))
    if row.memory:
        bases = [r for r in ((BASE, SP) if on_sp and not row.ordered else (BASE,))
                 if r in registers(row, "rs1")]
        if not bases:
            return None
        w = put_operand(w, row, "rs1", rng.choice(bases))
        if "imm" in ops:
            w = put_offset(rng, w, row, most)
            if w is None:
                return None
    if "rd" in ops:
        safe = SAFE if on_sp or row.memory else SAFE + [SP]
        if all(isinstance(p, str) for p in ops["rd"][1]):
            # A fixed one: x0, ra, or sp, which then is no base.
            if get_operand(w, row, "rd") == SP and on_sp:
                return None
        elif row.memory or ops["rd"] != ops.get("rs1"):
            w = put_target(rng, w, row, safe)
            if w is None:
                return None
        elif get_operand(w, row, "rd") not in safe:
            w = put_operand(w, row, "rd", rng.choice(NEAR))
    if row.name == "amocas" and get_operand(w, row, "rd") == 0:
        return None         # the oracle then skips an instruction before it
    if row.name == "amocas_pair":
        w = put_operand(w, row, "rd", rng.choice((10, 12, 14)))    # a pair
    if row.branch:
        w = put_operand(w, row, "offset", 8)
    if "csr" in row.fields:
        w = put_operand(w, row, "csr", rng.choice(FCSR if rng.random() < 0.5 else FCSR[:1]))
    if is_compressed(row) and row.name == "add" and not get_operand(w, row, "rs2"):
        return None         # C.JR, C.JALR
    low = w & 0xffff if is_compressed(row) else w
    if any((low & o.mask) == o.value for o in row.rivals):
        return None
    return w


def jump(rng, word, row):
    """JALR over the next word, by a register that AUIPC and ADDI set."""
    r = rng.choice(NEAR)
    word, imm = put_operand(word, row, "rs1", r), 0
    if not is_compressed(row):
        imm = rng.randrange(-1024, 1024)
        word = put_operand(word, row, "imm", imm)
    # The nop takes the jump of a branch before it.
    return [(NOP, "nop"), (0x17 | r << 7, "auipc"),
            (0x13 | (16 - imm & 0xfff) << 20 | r << 15 | r << 7, "addi"), (word, row.name)]


def after_exclusive(rng, word):
    """SC of the same size and address as the LR: whether any other succeeds is up to the CPU."""
    loaded = word >> 7 & 31
    status, value = rng.sample([r for r in SAFE[:12] if r != loaded], 2)
    return word & ~(31 << 27 | 31 << 20 | 31 << 7) | 3 << 27 | value << 20 | status << 7, "sc"


class Sequence:
    """What one random sequence has in common; instructions are (word, row name)."""

    def __init__(self, rng, _half):
        self.rng = rng
        self.on_sp, self.kind = rng.random() < 0.2, rng.random()

    def seed(self):
        return self.rng.getrandbits(32)

    def control(self):
        """Now and then instead of an instruction: another rounding mode, or clear flags."""
        if self.rng.random() >= 0.02:
            return []
        if self.rng.random() < 0.3:
            return [(0x00101073, "csrrw")]              # csrw fflags, x0
        return [(0x00205073 | self.rng.randrange(5) << 15, "csrrwi")]      # csrwi frm, 0 to 4

    def instruction(self, row):
        """The row's instruction and what must be around it; [] when this roll is no use."""
        rng = self.rng
        word = random_word(rng, row, self.on_sp)
        if word is None or row.name == "fence_i" and rng.random() < 0.9:    # drops all code
            return []
        if (row.cache_block or row.name in ("lr", "sc")) and FAULT_AT <= self.kind < FAULT_END:
            # Up to the CPU: which byte of a block faults, and whether SC without reservation does.
            return []
        if row.name == "jalr":
            return jump(rng, word, row)
        # The nop takes the jump of a branch before it.
        out = [(NOP, "nop"), (REALIGN, "realign")] if row.ordered else []
        out.append((word, row.name))
        if row.name == "lr":
            out.append(after_exclusive(rng, word))
        return out

    def framed(self, insns):
        """Sometimes a loop around the sequence, or a base that faults from some offset on."""
        rng, insns = self.rng, self.paired(insns)
        if self.kind < FAULT_AT or not insns:
            # li x27, n; the nop takes the jump of a branch that is last, so the counter always
            # counts; addi x27, x27, -1; bnez x27, the start
            n, back = rng.randint(1, 3), -4 * (len(insns) + 2)
            branch = 0x000d9063 | (back >> 12 & 1) << 31 | (back >> 5 & 63) << 25 | \
                (back >> 1 & 15) << 8 | (back >> 11 & 1) << 7
            return [(0x13 | n << 20 | COUNTER << 7, "addi")] + insns + \
                [(NOP, "nop"), (0xfffd8d93, "addi"), (branch, "bne")]
        if self.kind < FAULT_END:
            # lui x31, 4; add x8, x8, x31; addi x8, x8, -n
            n = rng.getrandbits(7) + 1
            return [(0x00004fb7, "lui"), (0x01f40433, "add"),
                    (0x00040413 | (-n & 0xfff) << 20, "addi")] + insns
        return insns

    def paired(self, insns):
        """Two compressed instructions in one word, now and then, in place of C.NOP."""
        out = []
        for word, name in insns:
            last = out[-1][0] if out else NOP
            if last & 3 != 3 and last >> 16 == C_NOP and word & 3 != 3 and \
               self.rng.random() < 0.5 and out[-1][1] not in BRANCHES | {"jalr"} and \
               name not in BRANCHES | {"jalr"}:
                out[-1] = (last & 0xffff | (word & 0xffff) << 16, name)
            else:
                out.append((word, name))
        return out
