# SPDX-License-Identifier: MIT
"""aarch64: the records that tests/isa/isa.py executes."""
import re

import rows as decode

guest = decode.load_guest("aarch64")
NOP, MARK = guest.NOP, 0x9100075a           # the second: add x26, x26, #1
# As in guest.c and guest.h.
MEMORY, ALIGNED, WHOLE, MAPPED, KIND_SHIFT = 1, 2, 4, 8, 4
HALF, JUMP, NO_CALL, FP_MASK, CHAIN, APART = 0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000
HALF_KIND = 5 << KIND_SHIFT
HALF_FEATURES = {"fp16", "fhm"}
ALWAYS_UNDEFINED = {"el0_undef"}
# A memory copy or set is always run as a whole: prologue, main part, epilogue.
COPY_PARTS = {"p": 0, "m": 1, "e": 2}
MOPS = re.compile(r"(cpyf?|set)([pme])")
JUMPS = {"br", "blr", "ret"}
SYSTEM = {"svc": NO_CALL, "msr_fpcr": FP_MASK, "msr_fpsr": FP_MASK}


# Links encodings_guest.c, statically, where instructions hardly make addresses.
FAR_AWAY = ["-static", "-Wl,-Ttext-segment=0x4d3100000000"]


def oracle_cpu(_features):
    return "max"


def encodings_cpu(_features):
    """Features that are off in Mimus for good are switched off, where there is a switch."""
    return "max,sve=off,sme=off"


def random_word(rng, row):
    """A word of the row that follows guest.c's conventions, or None."""
    w = guest.random_word(rng, row, row.memory and rng.random() < 0.3)
    if w is None:
        return None
    if MOPS.fullmatch(row.name):
        # To x28, from x25, x27 bytes; a set's value is any other register.
        w = decode.put(decode.put(w, row, "rd", guest.BASE), row, "rn", guest.INDEX)
        w = decode.put(w, row, "rs", rng.randrange(25) if row.name.startswith("set") else 25)
    if row.memory and "imm12" in row.fields:
        w = decode.put(w, row, "imm12", rng.getrandbits(5))
    if is_ordered(row) and "imm9" in row.fields:
        w &= ~(15 << row.fields["imm9"][0])
    if row.name in JUMPS and w >> 5 & 31 >= 30:         # run_seq() comes by x30
        return None
    return w


def is_ordered(row):
    """
    Its accesses must be aligned, or with FEAT_LSE2 be in one 16-byte block, which the oracle has.
    """
    return row.ordered or bool({"lrcpc", "lrcpc2", "lrcpc3"} & set(row.needs))


def flags_of(row, exceptions, features):
    flags = HALF if "fp16" in features else 0
    if row.memory or row.name in ("dc_clean", "ic_ivau"):
        flags |= MEMORY
        flags |= ALIGNED if is_ordered(row) else 0
        flags |= WHOLE if row.partial else 0
        flags |= MAPPED if exceptions.fault(row.name) else 0
    if HALF_FEATURES & set(row.needs) or "half" in row.name or "_h_" in row.name:
        flags |= HALF_KIND
    if row.name in JUMPS:
        flags |= JUMP
    if MOPS.fullmatch(row.name):
        # CPYF of memory that overlaps: what is there afterwards is not defined.
        flags |= MEMORY | MAPPED | CHAIN | (APART if row.name.startswith("cpyf") else 0)
    return flags | SYSTEM.get(row.name, 0)


def words_of(rng, row, word):
    """The record's three words: the row's, and what must be around it."""
    if row.branch or row.name in JUMPS:
        return word, MARK, NOP
    if MOPS.fullmatch(row.name):
        at = 14 if row.name.startswith("set") else 22
        return tuple(word & ~(3 << at) | n << at for n in COPY_PARTS.values())
    if row.name in guest.MONITOR:
        return word, guest.after_exclusive(rng, word, row)[0], NOP
    if row.name in ("stxr", "stxp") and rng.random() < 0.7:
        used = {word & 31, word >> 10 & 31, word >> 16 & 31}
        to, to2 = rng.sample([r for r in guest.SAFE[:12] if r not in used], 2)
        load = word & ~(31 << 16 | 31 << 10 | 31) | 1 << 22 | 31 << 16 | to
        return load | (to2 if row.name == "stxp" else 31) << 10, word, NOP
    return word, NOP, NOP


def inputs(row, word):
    """Names of registers to show of the start state."""
    used = sorted({word & 31, word >> 5 & 31, word >> 10 & 31, word >> 16 & 31})
    wide = row.where.startswith(("simd", "fp", "crypto"))
    return ["fpcr", "fpsr", "nzcv"] + ["%s%d" % ("v" if wide else "x", r) for r in used]
