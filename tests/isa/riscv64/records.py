# SPDX-License-Identifier: MIT
"""riscv64: the records that tests/isa/isa.py executes."""
import rows as decode

guest = decode.load_guest("riscv64")
NOP, MARK = guest.NOP, 0x001d0d13           # the second: addi x26, x26, 1
# As in guest.c and guest.h.
MEMORY, ALIGNED, MAPPED, KIND_SHIFT, JUMP, NO_CALL = 1, 2, 8, 4, 0x200, 0x400
SINGLE_KIND, HALF_KIND = 3 << KIND_SHIFT, 5 << KIND_SHIFT
ALWAYS_UNDEFINED = {"reserved"}
NEAR_IMM = 511                              # offsets stay in the part of memory that is compared

# Links encodings_guest.c where instructions hardly make addresses; start files must be below 2 GiB.
FAR_AWAY = ["-static", "-Wl,-Ttext-segment=0x63a70000"]

oracle_cpu = encodings_cpu = guest.oracle_cpu


def random_word(rng, row):
    """A word of the row that follows guest.c's conventions, or None."""
    w = guest.random_word(rng, row, row.memory and rng.random() < 0.5, NEAR_IMM)
    if w is not None and row.name == "jalr" and decode.get_operand(w, row, "rs1") == guest.EXIT:
        return None         # run_seq() comes by it
    return w


def flags_of(row, exceptions, _features):
    flags = 0
    if row.memory:
        flags |= MEMORY | (ALIGNED if row.ordered else 0)
        flags |= MAPPED if exceptions.fault(row.name) else 0
    if {"zfh", "zfhmin", "zfbfmin"} & set(row.needs):
        flags |= HALF_KIND
    elif "f" in row.needs:
        flags |= SINGLE_KIND
    if row.name == "jalr":
        flags |= JUMP
    return flags | (NO_CALL if row.name == "ecall" else 0)


def words_of(rng, row, word):
    """The record's three words: the row's, and what must be around it."""
    if row.branch or row.name == "jalr":
        return word, MARK, NOP
    if row.name == "lr":
        return word, guest.after_exclusive(rng, word)[0], NOP
    if row.name == "sc" and rng.random() < 0.7:
        to = rng.choice([r for r in guest.SAFE[:12] if r != word >> 20 & 31])
        return word & ~(31 << 27 | 31 << 20 | 31 << 7) | 2 << 27 | to << 7, word, NOP
    return word, NOP, NOP


def inputs(row, word):
    """Names of registers to show of the start state."""
    used = {decode.get_operand(word, row, n) for n in ("rd", "rs1", "rs2", "rs3")
            if n in row.operands}
    kinds = "xf" if guest.class_of(row) == "fp" or row.name.startswith("f") else "x"
    return ["fcsr"] + ["%s%d" % (k, r) for k in kinds for r in sorted(used)]
