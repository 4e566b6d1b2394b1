#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare the RISC-V decode tables with the RISC-V unified database.

usage: check_udb.py [--udb FOLDER] [--tool isa-words] [--words N] [--seed N]

FOLDER is a tree of the public repository riscv-software-src/riscv-unified-db, which has a YAML file
for each instruction (spec/std/isa/inst). Both ways, for what Mimus' default CPU has:

  - words of each instruction there (N, free bits random) belong to a row whose manual column names it;
  - words of each row here belong to an instruction there that the row's manual column names.

Of YAML only the lines that are needed are read. Without a folder all is skipped.
"""
import argparse
import glob
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "diff"))
import rows as decode  # noqa: E402

# Extensions whose instructions need no feature of the tables.
BASE = {"i", "zicsr", "zifencei", "zca", "c", "zihintntl", "zihintpause", "zicbop", "b"}
# Where fields of instructions with `format` are.
PLACES = {"opcode": 0, "funct3": 12, "funct7": 25}

LEFT_OUT = {
    "mret": "privileged", "wfi": "privileged", "sret": "privileged",
    "cbo.inval": "Linux does not let programs use it",
}
# Hints that have no row of their own: what they are encodings of; and of an instruction that another
# extension has under another name.
OTHER_NAMES = {r"ntl\..*": "ADD", r"c\.ntl\..*": "C.ADD", r"lpad": "AUIPC", r"packw": "ZEXT.H",
               r"ori": "PREFETCH.I"}
# Words that the database has otherwise: (mask, value): reason.
KNOWN = {(0xf07f, 0x6001): "RVC, \"Integer Constant-Generation\": C.LUI of 0 is reserved",
         (0xef83, 0x6002): "RVC, \"Stack-Pointer-Based Loads and Stores\": C.LDSP to x0 is reserved"}


class Instruction:
    def __init__(self, name, extensions, mask, value, excluded):
        self.name, self.extensions, self.mask, self.value = name, extensions, mask, value
        self.excluded = excluded        # [(bits, highest first), values they must not have]

    def legal(self, word):
        if any(word & mask == value for mask, value in KNOWN):
            return False
        for bits, values in self.excluded:
            v = 0
            for b in bits:
                v = v << 1 | (word >> b & 1)
            if v in values:
                return False
        return True

    def names(self):
        found = {other for name, other in OTHER_NAMES.items() if re.fullmatch(name, self.name)}
        return found | {re.sub(r"\.(aq|rl|aqrl)$", "", self.name).upper()}


def bits_of(location):
    """'31|7|30-25|11-8' as bit numbers."""
    out = []
    for part in location.split("|"):
        high, _, low = part.partition("-")
        out += range(int(high), int(low or high) - 1, -1)
    return out


def from_format(text, folder):
    """(mask, value) of a file with `format`: its opcodes are fields with a value."""
    mask = value = 0
    for name, body in re.findall(r"^    (funct\d|opcode):(.*(?:\n {5,}.*)*)", text, re.M):
        m = re.search(r"inherits: *(inst_opcode/[\w.-]+)", body)
        if m:
            with open(os.path.join(folder, m.group(1)), encoding="utf-8") as f:
                body = f.read()
        bits = re.search(r"value: *0b([01]+)", body).group(1)
        mask |= ((1 << len(bits)) - 1) << PLACES[name]
        value |= int(bits, 2) << PLACES[name]
    return mask, value


def read_instruction(path, folder):
    """The Instruction of a file; None when it is for 32 bits alone."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    name = re.search(r"^name: *(\S+)", text, re.M).group(1)
    defined = re.search(r"^definedBy:(.*(?:\n .*)*)", text, re.M).group(1)
    if "xlen: 32" in defined and "xlen: 64" not in defined or re.search(r"^base: *32", text, re.M):
        return None
    extensions = {x.lower() for x in re.findall(r"name: *(\w+)", defined)}
    m = re.search(r"^encoding:(.*(?:\n .*)*)", text, re.M)
    if not m:
        return Instruction(name, extensions, *from_format(text, folder), [])
    body = m.group(1)
    if "RV64:" in body:
        body = body[body.index("RV64:"):]
    elif "RV32:" in body:
        return None
    pattern = re.search(r'match: *"?([01-]+)', body).group(1)
    mask = int(re.sub("[01]", "1", pattern).replace("-", "0"), 2)
    value = int(pattern.replace("-", "0"), 2)
    excluded = []
    for variable in re.split(r"\n *- name:", body)[1:]:
        m = re.search(r"location: *([\d|-]+)", variable)
        never = re.search(r"not: *(\[.*\]|\d+)", variable)
        if m and never:
            excluded.append((bits_of(m.group(1)), {int(x) for x in
                                                   re.findall(r"\d+", never.group(1))}))
    return Instruction(name, extensions, mask, value, excluded)


def names_of(manual):
    """{'MOP.R.N'} of a manual column; '.R' behind a name is another of its kind: of its parts one differs."""
    out, first = set(), []
    for part in re.sub(r"\(([^)]*)\)", "", manual).split(","):
        part = part.strip().upper()
        if part.startswith("."):
            for i in range(1, len(first)):
                out.add(".".join(first[:i] + [part[1:]] + first[i + 1:]))
        elif part:
            out.add(part)
            first = part.split(".")
    return out


def is_short(x):
    return x.value & 3 != 3


def random_word(rng, x):
    word = x.value | rng.getrandbits(32) & ~x.mask
    return word & 0xffff if is_short(x) else word


def matches(x, word):
    return word & x.mask == x.value


def check(rng, words, rows, instructions):
    """(passed, [what is wrong])"""
    passed, bad = 0, []
    for inst in instructions:
        wrong = None
        for _ in range(words):
            word = random_word(rng, inst)
            if not inst.legal(word):
                continue
            row = next((r for r in rows if matches(r, word)), None)
            if not row or not inst.names() & row.names:
                wrong = "%s: 0x%08x is %s here" % (
                    inst.name, word, "%s (%s, %s)" % (row.name, row.where, row.manual) if row
                    else "nothing")
                break
        bad += [wrong] if wrong else []
        passed += not wrong
    for row in rows:
        wrong = None
        for _ in range(words if row.name != "reserved" else 0):
            word = random_word(rng, row)
            if next(r for r in rows if matches(r, word)) is not row:
                continue
            found = [i for i in instructions if matches(i, word)]
            if not any(i.names() & row.names for i in found):
                wrong = "%s (%s, %s): 0x%08x is %s there" % (
                    row.name, row.where, row.manual, word,
                    " ".join(i.name for i in found) or "nothing")
                break
        bad += [wrong] if wrong else []
        passed += not wrong
    return passed, bad


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--udb", default="")
    ap.add_argument("--tool", default="build/isa-words")
    ap.add_argument("--words", type=int, default=64)
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    folder = os.path.join(a.udb, "spec", "std", "isa")
    if not a.udb or not os.path.isdir(os.path.join(folder, "inst")):
        print("skipped: no unified database (UDB=FOLDER)")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    known, features = decode.read_tool_rows(a.tool, "riscv64")
    guest = decode.load_guest("riscv64")
    rows = [r for r in decode.described(guest, "riscv64")
            if known[r.where][1] or r.name == "reserved" and "rv32" not in r.needs]
    for r in rows:
        r.names = names_of(r.manual)
    features = {f for f in features if f not in ("-", "rv64")} | BASE
    read, skipped = [], 0
    for path in sorted(glob.glob(os.path.join(folder, "inst", "**", "*.yaml"), recursive=True)):
        inst = read_instruction(path, folder)
        # What quad precision has a part in is not there.
        if inst and inst.extensions & features and "q" not in inst.extensions and \
           inst.name not in LEFT_OUT:
            read.append(inst)
        else:
            skipped += 1
    passed, bad = check(random.Random(a.seed), a.words, rows, read)
    print("%d instructions of the database, %d of other extensions; %d rows" % (
        len(read), skipped, len(rows)))
    for line in bad:
        print(line)
    print("%d passed, %d failed" % (passed, len(bad)))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
