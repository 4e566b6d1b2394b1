#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make instruction cases for the AArch64 floating point and SIMD rows of the .dec tables.

usage: gen_insn_cases.py [-o DIR] [-n COUNT] [--all] [--seed N] [--needs F]

Every row that is lifted gets encodings that cover its size fields, with operands from lists of
edge values. tests/insn/harness.c runs them under qemu-aarch64; what it reports is written as
tests/insn/aarch64/{fp,simd}_<section>.case, half precision as {fp,simd}_fp16.case (format: tests/insn/README.md).

  -o DIR    where the .case files go; default tests/insn/aarch64
  -n COUNT  cases for each combination of size fields; default 1 (at least 2 for each row)
  --all     keep every combination of a row that has many
  --seed N  another choice of values
  --needs F rows of the feature F alone; files with other rows are left as they are

Exits with 0 and a line saying why when the cross compiler or the emulator is missing.
"""
import argparse
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)
import gen_decode  # noqa: E402

GUEST = os.path.join(ROOT, "translate", "guest", "aarch64")
TABLES = ["fp", "simd_three", "simd_misc", "simd_shift", "simd_perm", "simd_mem", "crypto"]
TOOLS = ["aarch64-linux-gnu-gcc", "aarch64-linux-gnu-objdump", "qemu-aarch64"]

SCRATCH, WINDOW, ENTRY = 0x50000000, 256, 0x50011000
IN = struct.Struct("<I8I3I32Q64Q256s")
OUT = struct.Struct("<4I2Q32Q64Q256s")
SIGILL, SIGTRAP, SIGSEGV = 4, 5, 11
M64 = (1 << 64) - 1

# ---- operand values ----

F16 = [0, 0x8000, 0x3c00, 0xbc00, 0x3555, 1, 0x83ff, 0x400, 0x7bff, 0x7c00, 0xfc00, 0x7e01,
       0xfe10, 0x7d01, 0xfc01]
F32 = [0, 0x80000000, 0x3f800000, 0xbf800000, 0x3fc00000, 0xc0200000, 0x3f000000, 0x3effffff,
       0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
       0x7fc01234, 0x7f812345, 0xffc00001, 0xff800001, 0x4f000000, 0x4effffff, 0xcf000000,
       0x4f800000, 0x5f000000, 0xdf000000, 0x5f800000, 0x33800000, 0x477ff000, 0x387fc000,
       0x40490fdb, 0x7e800000, 0x01000000, 0x4b000001, 0xcb7fffff]
F64 = [0, 1 << 63, 0x3ff0000000000000, 0xbff0000000000000, 0x3ff8000000000000,
       0xc004000000000000, 0x3fe0000000000000, 0x3fdfffffffffffff, 1, 0x800fffffffffffff,
       0x0010000000000000, 0x7fefffffffffffff, 0xffefffffffffffff, 0x7ff0000000000000,
       0xfff0000000000000, 0x7ff8000000001234, 0x7ff4000000005678, 0xfff8000000000001,
       0xfff0000000000001, 0x41dfffffffc00000, 0x41e0000000000000, 0xc1e0000000200000,
       0x41f0000000000000, 0x43e0000000000000, 0xc3e0000000000000, 0x43f0000000000000,
       0x36a0000000000000, 0x380fffffe0000000, 0x47efffffe0000000, 0x47effffff0000000,
       0x400921fb54442d18, 0x3f0fffffffffffff, 0x7fd0000000000000, 0x0020000000000001]
BF16 = [v >> 16 for v in F32] + [1, 0x807f]
FPCR = [0, 0, 0x400000, 0x800000, 0xc00000, 0x1000000, 0x2000000, 0x3000000]
FPCR_HALF = FPCR + [0x80000, 0x2080000]         # with FZ16


def int_edges(width):
    top, ones = 1 << (width - 1), (1 << width) - 1
    return [0, 1, 2, ones, ones - 1, top, top - 1, top + 1, ones // 3, ones // 3 * 2, width,
            width - 1, (1 << width) - width, ones & -(width + 1), width // 2, top >> 1]


def lane_value(rng, kind, width):
    if kind == "b" and rng.random() < 0.75:
        return rng.choice(BF16)
    if kind == "b":
        return random_float(rng, 32) >> 16
    if kind == "f":
        pool = {16: F16, 32: F32, 64: F64}[width]
        if rng.random() < 0.75:
            return rng.choice(pool)
        return random_float(rng, width)
    if rng.random() < 0.6:
        return rng.choice(int_edges(width))
    return rng.getrandbits(width)


def random_float(rng, width):
    """A number of middling size, so that sums and products have something to round."""
    frac, bias = {16: (10, 15), 32: (23, 127), 64: (52, 1023)}[width]
    exponent = bias + rng.randint(-min(bias - 2, 40), min(bias - 2, 40))
    return rng.getrandbits(1) << (width - 1) | exponent << frac | rng.getrandbits(frac)


def vector(rng, kind, width):
    value = 0
    for i in range(128 // width):
        value |= lane_value(rng, kind, width) << (i * width)
    return value


# ---- encodings ----

SIZE_FIELDS = ("q", "size", "sz", "p", "sf", "z", "s")
IMMH = [1, 2, 3, 4, 7, 8, 15]


def field_choices(name, width):
    """Values of a field that every row with it is to be tried with; None for one at random."""
    if name in SIZE_FIELDS:
        return list(range(1 << width))
    if name == "immh":
        return IMMH
    if name == "imml":
        return [0, 7]
    if name == "imm5":
        return ["b", "h", "s", "d"]
    return None


def pick_field(rng, row, name, width):
    if name in ("rd", "rt"):
        return 0 if rng.random() < 0.9 else rng.choice([1, 30, 31])
    if name == "rn":
        return 1
    if name in ("rm", "rm4"):
        return 31 if row.mask >> 23 == 0x7e and rng.random() < 0.5 else rng.choice([2, 2, 2, 1])
    if name == "ra":
        return 3
    if name in ("m", "l") and width == 1:
        return rng.getrandbits(1)
    return rng.getrandbits(width)


def pick_imm5(rng, size):
    low = "bhsd".index(size)
    return (rng.getrandbits(4 - low) << (low + 1) | 1 << low) & 31


def combinations(row):
    """All values of the fields that choose a size."""
    out = [{}]
    for name, (_, width) in row.lsb.items():
        choices = field_choices(name, width)
        if name == "immh" and row.name.endswith("_vec_fix"):
            choices = [h for h in choices if h >> 1 != 1]       # half precision: a row of its own
        if choices:
            out = [dict(c, **{name: v}) for c in out for v in choices]
    return out


def encode(rng, row, fixed):
    word, fields = row.value, {}
    for name, (lsb, width) in row.lsb.items():
        value = fixed.get(name)
        if isinstance(value, str):
            value = pick_imm5(rng, value)
        elif value is None:
            value = pick_field(rng, row, name, width)
        fields[name] = value
        word |= value << lsb
    return word, fields


# ---- what a row works on ----

FP_ROW = re.compile(r"f(?!cvtl)|[su]cvtf")
KEEPS_RD = re.compile(r".*(ml[as]l?_|sqdml|aba|adal|sra$|s[rl]i$|suqadd|usqadd|bsl|bit$|bif|hn$|"
                      r"xtn|shrn|shrun|fcvtn$|fcvtxn|ins_|tbx|sha1|sha2|aes[de]|dot|fml|bfm|bfcvtn|"
                      r"orr_\\d|bic_\\d|top_from)")
# Sources of 16 bits, sums of 32.
MIXED = re.compile(r"fml[as]l|bf(dot|mlal|mmla)")
FROM_X = ("scvtf_scalar", "ucvtf_scalar", "scvtf_fix", "ucvtf_fix", "fmov_from_gen",
          "fmov_top_from_gen", "dup_gen", "ins_gen")


def lane_of(row, f):
    """(kind, width) of the source lanes."""
    name = row.name
    if re.match(r"fml[as]l", name):
        return "f", 16
    if re.match(r"bf(dot|mlal|mmla)", name):
        return "b", 16
    if name.startswith("bfcvt"):
        return "f", 32
    if name.startswith("fcvt_h"):
        return "f", 16
    if name == "fcvtl":
        return "f", 32 if f.get("sz") else 16
    if name == "fcvtn":
        return "f", 64 if f.get("sz") else 32
    if name.startswith(("scvtf_v", "ucvtf_v")) or not FP_ROW.match(name):
        return "i", int_width(row, f)
    return "f", fp_width(row, f)


def operand_const(row, name):
    """The value of an operand such as size = 10, or None."""
    for operand, _, parts in row.operands:
        if operand == name and all(p[0] == "bits" for p in parts):
            return int("".join(p[1] for p in parts), 2)
    return None


def fp_width(row, f):
    if row.name.startswith("fcvt_d") or row.name == "fcvtxn":
        return 64
    if "fp16" in row.needs:
        return 16
    if "immh" in f or "imml" in f:
        return 64 if f.get("immh", 8) >= 8 else 32
    for name in ("sz", "p"):
        value = f.get(name, operand_const(row, name))
        if value is not None:
            return 64 if value else 32
    return 32


def int_width(row, f):
    size = f.get("size", operand_const(row, "size"))
    if "fp16" in row.needs:
        return 16
    if "immh" in f or "imml" in f:
        size = (f.get("immh", 8) or 1).bit_length() - 1
        if row.name.endswith(("hrn", "hrun")):
            size += 1
    elif size is None:
        size = f.get("sz", 0) + 2 if "sz" in f else 2
    elif re.match(r"(sq|uq)?xt(u)?n|r?(add|sub)hn", row.name):
        size += 1
    return 8 << min(size, 3)


def default_state():
    x = [0xd00d000000000000 + i for i in range(31)] + [0x50002000]
    v = [(0xc0ffee0000000000 + i) << 64 | (0xbadcafe000000000 + i) for i in range(32)]
    return {"x": x, "v": v, "nzcv": 0, "fpcr": 0, "fpsr": 0, "mem": bytes(WINDOW)}


class Case:
    """One encoding with its inputs; run() fills in what came out."""

    def __init__(self, rng, row, fixed, base=None):
        self.word, f = encode(rng, row, fixed)
        self.row, self.given, self.faults = row, {}, base is not None
        self.state = default_state()
        if "rt" in f:
            self.give_memory(rng, f, base or SCRATCH + rng.choice([64, 96, 65, 72]))
        else:
            self.give_registers(rng, f)

    def give(self, kind, index, value):
        self.state[kind][index] = value
        self.given[f"{kind}{index}"] = value

    def give_registers(self, rng, f):
        kind, width = lane_of(self.row, f)
        sources = {f.get("rn"), f.get("ra"), f.get("rm")}
        if "rm4" in f:
            sources |= {f["rm4"], f["rm4"] | f.get("m", 0) << 4}
        if KEEPS_RD.match(self.row.name) and "rd" in f:
            sources.add(f["rd"])
        if self.row.name in FROM_X:
            self.give("x", f["rn"], lane_value(rng, "i", 64))
            sources = {f["rd"]} if KEEPS_RD.match(self.row.name) else set()
        for r in sorted(sources - {None}):
            self.give("v", r, vector(rng, kind, width))
        if MIXED.match(self.row.name):
            self.give("v", f["rd"], vector(rng, "f", 32))
        if self.row.name.startswith("tb"):
            self.give("v", 2, vector(rng, "i", 8) & int("3f" * 16, 16))
        if kind in "fb" and self.row.name != "fmov_reg":
            self.give_status("fpcr", rng.choice(FPCR_HALF if "fp16" in self.row.needs else FPCR))
        if "cond" in f:
            self.give_status("nzcv", rng.getrandbits(4))

    def give_status(self, name, value):
        self.state[name] = value
        if value:
            self.given[name] = value

    def give_memory(self, rng, f, base):
        self.give("x", 1, base)
        if "rm" in f and f["rm"] != 31:
            self.give("x", f["rm"], rng.choice([16, 1, M64, 0x100000000]) if f["rm"] != 1 else base)
        if self.faults:
            return
        if self.row.name.startswith("ld"):
            data = rng.randbytes(64)
            at = base - SCRATCH
            self.state["mem"] = bytes(at) + data + bytes(WINDOW - at - len(data))
            self.given[f"[0x{base:x}]"] = data
        else:
            for i in range(4):
                self.give("v", (f["rt"] + i) % 32, rng.getrandbits(128))

    def pack(self):
        s = self.state
        halves = [h for v in s["v"] for h in (v & M64, v >> 64)]
        return IN.pack(1, self.word, *[0] * 7, s["nzcv"], s["fpcr"], s["fpsr"],
                       *s["x"], *halves, s["mem"])

    def results(self, data):
        t = OUT.unpack(data)
        sig, nzcv, fpcr, fpsr, pc, fault = t[:6]
        x, halves, mem = t[6:38], t[38:102], t[102]
        if sig == SIGILL:
            return "undef"
        if sig != SIGTRAP:
            # What a faulting load leaves in its registers is UNKNOWN to the architecture; here
            # nothing changes, which the runner checks of all that a case does not mention.
            assert pc == ENTRY
            return f"fault=0x{fault:x}"
        out = []
        out += [f"x{i}=0x{x[i]:x}" for i in range(31) if x[i] != self.state["x"][i]]
        if x[31] != self.state["x"][31]:
            out.append(f"sp=0x{x[31]:x}")
        for i in range(32):
            v = halves[2 * i] | halves[2 * i + 1] << 64
            if v != self.state["v"][i]:
                out.append(f"v{i}=0x{v:x}")
        for name, new in (("nzcv", nzcv), ("fpcr", fpcr), ("fpsr", fpsr)):
            if new != self.state[name]:
                out.append(f"{name}=0x{new:x}" if name != "nzcv" else f"{name}={new:x}")
        out += changed_memory(self.state["mem"], mem)
        if pc != ENTRY + 4:
            out.append(f"pc=0x{pc:x}")
        return " ".join(out)

    def inputs(self):
        out = []
        for name, value in self.given.items():
            if isinstance(value, bytes):
                out.append(f"{name}={value.hex()}")
            else:
                out.append(f"{name}={value:x}" if name == "nzcv" else f"{name}=0x{value:x}")
        return " ".join(out)


def changed_memory(before, after):
    out, i = [], 0
    while i < WINDOW:
        if before[i] == after[i]:
            i += 1
            continue
        end = i
        while end < WINDOW and before[end] != after[end]:
            end += 1
        out.append(f"[0x{SCRATCH + i:x}]={after[i:end].hex()}")
        i = end
    return out


# ---- running ----

def disassemble(words, tmp):
    path = os.path.join(tmp, "words.bin")
    with open(path, "wb") as f:
        f.write(b"".join(struct.pack("<I", w) for w in words))
    command = ["aarch64-linux-gnu-objdump", "-D", "-b", "binary", "-m", "aarch64", path]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    out = {}
    for line in text.splitlines():
        m = re.match(r"\s*[0-9a-f]+:\s+([0-9a-f]{8})\s+(.*)", line)
        if m:
            asm = m[2].split("//")[0].strip()
            out[int(m[1], 16)] = re.sub(r"\s+", " ", asm)
    return out


def run_cases(cases, tmp):
    """What came out of each case, as text."""
    harness = os.path.join(tmp, "harness")
    source = os.path.join(ROOT, "tests", "insn", "harness.c")
    subprocess.run(["aarch64-linux-gnu-gcc", "-static", "-O1", source, "-o", harness], check=True)
    done = subprocess.run(["qemu-aarch64", "-cpu", "max,sve=off", harness], check=True,
                          input=b"".join(c.pack() for c in cases), stdout=subprocess.PIPE)
    assert len(done.stdout) == OUT.size * len(cases), "the harness stopped early"
    return [c.results(done.stdout[i * OUT.size:(i + 1) * OUT.size]) for i, c in enumerate(cases)]


# ---- files ----

def sections(path):
    """Line number -> section title of a .dec file."""
    title, out = "", {}
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            m = re.match(r'section "(.*)"', line)
            title = m[1] if m else title
            out[number] = title
    return out


def file_name(row, titles):
    title = titles[row.path][row.line].lower()
    table = os.path.basename(row.path)[:-len(".dec")]
    slug = re.sub(r"[^a-z0-9]+", "_", title).strip("_").replace("data_processing_", "")
    slug = slug.replace("conversion_between_floating_point_and_", "convert_")
    if "fp16" in row.needs:
        slug = "fp16"
    return ("fp_" if table == "fp" else "simd_") + slug


def make_cases(rows, options):
    cases = []
    for row in rows:
        rng = random.Random(zlib.crc32(row.name.encode()) + row.value + options.seed)
        combos = combinations(row)
        least = 6 if FP_ROW.match(row.name) else 2
        repeat = max(options.n, -(-least // len(combos)))
        cases += [Case(rng, row, c) for c in combos for _ in range(repeat)]
    return cases


def make_fault_cases(rows, options):
    """Loads and stores outside the scratch pages, loads also half outside."""
    cases = []
    for row in rows:
        if row.path.endswith("simd_mem.dec"):
            rng = random.Random(zlib.crc32(row.name.encode()) + row.value + options.seed)
            end = SCRATCH + 0x4000
            bases = [SCRATCH - 16, end] + [end - 8] * row.name.startswith("ld")
            combos = [c for c in combinations(row) if row.name[2] == "1" or c.get("size") != 3]
            cases += [Case(rng, row, rng.choice(combos), base) for base in bases]
    return cases


def thin(pairs):
    """At most 6 defined and 1 undefined case of a row, spread over its combinations."""
    by_row, out = {}, []
    for case, result in pairs:
        groups = by_row.setdefault((case.row, case.faults), ([], []))
        groups[result == "undef"].append((case, result))
    for good, undefined in by_row.values():
        step = max(1, -(-len(good) // 6))
        out += good[::step] + undefined[:1]
    return out


def write_files(pairs, asm, titles, out_dir):
    files = {}
    for case, result in pairs:
        line = f"{case.word:08x}  {asm[case.word]}"
        name = "simd_memory_faults" if case.faults else file_name(case.row, titles)
        files.setdefault(name, []).append(
            (case.row.name, f"{line}  {case.inputs()} => {result}".replace("   => ", "  => ")))
    for name, lines in files.items():
        with open(os.path.join(out_dir, name + ".case"), "w", encoding="utf-8") as f:
            f.write("# SPDX-License-Identifier: MIT\n# Made by scripts/gen_insn_cases.py.\n")
            last = None
            for row, line in lines:
                if row != last:
                    f.write(f"\n# {row}\n")
                last = row
                f.write(line.rstrip() + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", default=os.path.join(ROOT, "tests", "insn", "aarch64"))
    parser.add_argument("-n", type=int, default=1)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--needs", default="")
    options = parser.parse_args()
    missing = [t for t in TOOLS if not shutil.which(t)]
    if missing:
        print(f"gen_insn_cases: skipped, not installed: {' '.join(missing)}")
        return 0
    paths = [os.path.join(GUEST, t + ".dec") for t in TABLES]
    tables = gen_decode.read_tables(paths)
    if tables.errors:
        print("\n".join(tables.errors), file=sys.stderr)
        return 1
    titles = {p: sections(p) for p in paths}
    rows = [r for r in tables.rows if not r.todo and options.needs in ("", *r.needs)]
    cases = make_cases(rows, options) + make_fault_cases(rows, options)
    with tempfile.TemporaryDirectory() as tmp:
        results = run_cases(cases, tmp)
        asm = disassemble([c.word for c in cases], tmp)
    os.makedirs(options.o, exist_ok=True)
    pairs = list(zip(cases, results))
    pairs = pairs if options.all else thin(pairs)
    write_files(pairs, asm, titles, options.o)
    print(f"{len(pairs)} cases in {options.o}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
