# SPDX-License-Identifier: MIT
"""Read the decode tables of a guest and make words of their rows.

Only what the comparisons need is read: names, fixed bits, where fields and operands are, the
features and whether a row is lifted. scripts/gen_decode.py checks the tables; here they are trusted.
What words a guest wants is in the file guest.py of its folder here, which load_guest() imports.
"""
import glob
import importlib.util
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class Row:
    def __init__(self, where, section, cols, encoding):
        self.where, self.section, self.name = where, section, cols[0]
        self.mask, self.value, self.ignored, self.fields = encoding
        self.todo = cols[2].startswith("todo")
        self.needs = [n for n in (x.strip() for x in cols[3].split(",")) if n != "-"]
        self.manual = cols[4] if len(cols) > 4 else ""
        self.operands = parse_operands(cols[2], self.fields)
        self.rivals = []        # rows left out that may match a word of this one
        # What a guest's describe() says:
        self.memory = False     # accesses memory
        self.ordered = False    # and wants it aligned
        self.branch = False     # to a place that is in the word
        self.literal = False
        self.newer = False      # not in the oracle's older CPU
        self.partial = False    # a fault may leave a part done: which, is up to the CPU


def parse_encoding(text, widths):
    """(mask, value, bits the CPU ignores, {field: (position, width)}) of an encoding column."""
    mask = value = ignored = 0
    pos, fields = 32, {}
    for token in text.split():
        m = re.fullmatch(r"(.+?)\*(\d+)", token)
        if m:
            token = m.group(1) * int(m.group(2))
        if re.fullmatch(r"[01-]+", token):
            for ch in token:
                pos -= 1
                # Ignored bits should be one; what happens otherwise is up to the CPU.
                mask |= 1 << pos
                value |= (ch != "0") << pos
                ignored |= (ch == "-") << pos
        else:
            pos -= widths[token]
            fields[token] = (pos, widths[token])
    return (mask, value, ignored, fields) if pos == 0 else None


def parse_operands(text, fields):
    """
    {operand: (signed, pieces)}, the pieces highest first: (position, width) of a field, or a string
    of constant bits. A field no operand is made of is an operand of its own.
    """
    out, used = {}, set()
    for item in text.split(","):
        m = re.fullmatch(r"\s*(\w+)(?:\s*=\s*(signed)?\(?([^()]*)\)?)?\s*", item)
        if not m or m.group(1) == "todo":
            continue
        pieces = []
        for token in (m.group(3) or m.group(1)).split():
            n = re.fullmatch(r"([01])\*(\d+)", token)
            token = n.group(1) * int(n.group(2)) if n else token
            pieces.append(fields.get(token, token))
            used.add(token)
        out[m.group(1)] = (bool(m.group(2)), pieces)
    out.update({f: (False, [at]) for f, at in fields.items() if f not in used})
    return out


def size_of(piece):
    return len(piece) if isinstance(piece, str) else piece[1]


def put_operand(word, row, name, value):
    """The word with bits of value where the operand's fields are; constant bits stay."""
    at = sum(map(size_of, row.operands[name][1]))
    for piece in row.operands[name][1]:
        at -= size_of(piece)
        if not isinstance(piece, str):
            mask = (1 << piece[1]) - 1
            word = word & ~(mask << piece[0]) | (value >> at & mask) << piece[0]
    return word


def get_operand(word, row, name):
    signed, pieces = row.operands[name]
    value = 0
    for piece in pieces:
        bits = int(piece, 2) if isinstance(piece, str) else \
            word >> piece[0] & ((1 << piece[1]) - 1)
        value = value << size_of(piece) | bits
    n = sum(map(size_of, pieces))
    return value - (1 << n) if signed and value >> (n - 1) else value


def read_all(folder):
    """Every row of the tables, in their order."""
    rows = []
    for path in sorted(glob.glob(os.path.join(folder, "*.dec"))):
        widths, section = {}, ""
        with open(path, encoding="utf-8") as f:
            for n, line in enumerate(f, 1):
                line = line.split("#")[0].strip() if not line.startswith("section") else line
                if line.startswith("fields"):
                    widths.update((k, int(v)) for k, v in
                                  (x.split(":") for x in line.split()[1:]))
                    continue
                m = re.match(r'section\s+"([^"]*)"', line)
                if m:
                    section = m.group(1)
                    continue
                col = [c.strip() for c in line.split("|")]
                if len(col) < 4:
                    continue
                enc = parse_encoding(col[1], widths)
                if enc:
                    rows.append(Row("%s:%d" % (os.path.basename(path), n), section, col, enc))
    return rows


def read_tool_rows(tool, arch):
    """({place: (number, whether it is lifted and its features are there)}, these features)."""
    text = subprocess.run([tool, arch, "rows"], stdout=subprocess.PIPE, check=True,
                          text=True).stdout
    out, features = {}, set()
    for n, line in enumerate(text.splitlines()):
        _, _, _, needs, where, todo, met = line.split("\t")
        lifted = todo != "todo" and met == "met"
        out[where] = (n, lifted)
        features |= set(needs.split(",")) if lifted else set()
    return out, features


def load_guest(arch, folder=HERE, name="guest"):
    """What is peculiar to a guest: the module guest.py of its folder here, or another's."""
    spec = importlib.util.spec_from_file_location(
        "%s_%s" % (name, arch), os.path.join(folder, arch, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def described(guest, arch):
    """Every row of the guest's tables, with what the guest says of it."""
    rows = read_all(os.path.join(ROOT, "translate", "guest", arch))
    for r in rows:
        guest.describe(r)
    return rows


def to_test(guest, arch, lifted):
    """The rows to test: all but the guest's LEFT_OUT; lifted(row) says which can be at all."""
    rows, others = [], []
    for row in described(guest, arch):
        if lifted(row) and row.name not in guest.LEFT_OUT:
            rows.append(row)
        elif guest.is_rival(row):
            others.append(row)
    for r in rows:
        r.rivals = [o for o in others if not (r.value ^ o.value) & r.mask & o.mask]
    return rows


def put(word, row, field, v):
    pos, width = row.fields[field]
    return word & ~(((1 << width) - 1) << pos) | (v & ((1 << width) - 1)) << pos


def pick_reg(rng, regs):
    """Mostly the lowest few, so that results meet later operands."""
    return rng.choice(regs[:6]) if rng.random() < 0.7 else rng.choice(regs)
