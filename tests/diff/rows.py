# SPDX-License-Identifier: MIT
"""Read the aarch64 decode tables and make random instruction words of their rows.

Only what the comparison needs is read: names, fixed bits, where the fields are, the feature
and whether a row is lifted. scripts/gen_decode.py checks the tables; here they are trusted.
"""
import glob
import os
import re

# Features of the guest's default CPU; the rows of all others are left out.
V8_0 = {"-", "crc32", "aes", "pmull", "sha1", "sha2"}
FEATURES = V8_0 | {"lse", "rdm", "dotprod", "i8mm", "fcma", "sha512", "sha3", "sm3", "sm4",
                   "frintts", "jscvt", "cssc", "mops", "fp16"}

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


class Row:
    def __init__(self, where, section, name, mask, value, fields, todo, needs=()):
        self.where, self.section, self.name = where, section, name
        self.mask, self.value, self.fields, self.todo = mask, value, fields, todo
        self.needs = [n for n in needs if n != "-"]
        low = section.lower()
        self.memory = bool(re.search(r"load|store|atomic memory|compare and swap|literal", low)
                           or re.match(r"(ld|st|cas|swp|prfm)", name))
        self.literal = "literal" in low
        self.ordered = bool(re.search(r"exclusive|ordered|atomic|compare and swap", low))
        self.branch = name in ("b", "bl", "b_cond", "cbz", "cbnz", "tbz", "tbnz")
        self.newer = False      # not in the oracle's v8.0 CPU
        # A fault of these may leave a part done: which, is up to the CPU.
        self.partial = bool(re.match(r"(ld|st)(n?p|xp|[1-4])|str_\w*fp", name))
        self.rivals = []        # rows left out that may match a word of this one


def parse_encoding(text, widths):
    """(mask, value, {field: (position, width)}) of an encoding column."""
    mask = value = 0
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
        else:
            pos -= widths[token]
            fields[token] = (pos, widths[token])
    return (mask, value, fields) if pos == 0 else None


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
                if not enc:
                    continue
                where = "%s:%d" % (os.path.basename(path), n)
                rows.append(Row(where, section, col[0], *enc, col[2].startswith("todo"),
                                [x.strip() for x in col[3].split(",")]))
    return rows


def read_rows(folder):
    """(rows to test, rows that must not be hit)."""
    rows, others = [], []
    for row in read_all(folder):
        row.newer = not set(row.needs) <= V8_0
        ok = not row.todo and set(row.needs) <= FEATURES and row.name not in LEFT_OUT
        (rows if ok else others).append(row)
    for r in rows:
        r.rivals = [o for o in others if not (r.value ^ o.value) & r.mask & o.mask]
    return rows, others


def put(word, row, field, v):
    pos, width = row.fields[field]
    return word & ~(((1 << width) - 1) << pos) | (v & ((1 << width) - 1)) << pos


def pick_reg(rng, regs):
    """Mostly the lowest few, so that results meet later operands."""
    return rng.choice(regs[:6]) if rng.random() < 0.7 else rng.choice(regs)


def random_word(rng, row, on_sp=False):
    """
    A word of the row with the conventions of guest.c, or None when this roll is no use. With
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
    return [0xd503201f] + words + stages, len(words)


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
