#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Execute every row of the AArch64 decode tables on both engines and on another emulator.

usage: isa.py [--mimus CMD] [--tool isa-words] [--oracle CMD] [--words N] [--states N] [--seed N]
              [--rows REGEX] [--engines jit,interp,sse,min] [--jobs N] [--out DIR]

For each row N words are made (tests/diff/rows.py) and executed by tests/isa/guest.c on N start
states each; registers, flags, memory and signals must be equal everywhere. Which rows are lifted
and have their feature is asked of the translator (words.c), so a row is tested as soon as it is.
exceptions.txt lists what is left out and why.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import re
import shlex
import shutil
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "diff"))
import rows as decode  # noqa: E402
import run as diff     # noqa: E402

NOP, MARK = 0xd503201f, 0x9100075a          # the second: add x26, x26, #1
TRIES = 40                                  # rolls more than words: some are reserved
PART = 2000                                 # records of one process
# As in guest.c.
MEMORY, ALIGNED, WHOLE, MAPPED, KIND_SHIFT = 1, 2, 4, 8, 4
HALF, JUMP, NO_CALL, FP_MASK, CHAIN, APART = 0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000
HALF_KIND = 5 << KIND_SHIFT
HALF_FEATURES = {"fp16", "fhm"}
UNDEFINED = 0xffff                          # isa-words has no row for the word
ALWAYS_UNDEFINED = {"el0_undef"}
# A memory copy or set is always run as a whole: prologue, main part, epilogue.
COPY_PARTS = {"p": 0, "m": 1, "e": 2}
MOPS = re.compile(r"(cpyf?|set)([pme])")
JUMPS = {"br", "blr", "ret"}
SYSTEM = {"svc": NO_CALL, "msr_fpcr": FP_MASK, "msr_fpsr": FP_MASK}


class Exceptions:
    def __init__(self, path, advertised):
        self.rows, self.words, self.faults, self.used = [], [], [], collections.Counter()
        with open(path, encoding="utf-8") as f:
            for line in f:
                if line.startswith("#") or " | " not in line:
                    continue
                what, why = (x.strip() for x in line.split(" | ", 1))
                kind, *args = what.split()
                if kind == "row":
                    self.rows.append((args[0], why))
                elif kind == "fault":
                    self.faults.append((args[0], why))
                elif not (args[2:3] == ["without"] and args[3] in advertised):
                    self.words.append((int(args[0], 16), int(args[1], 16), why))

    def row(self, name):
        return next((why for n, why in self.rows if re.fullmatch(n, name)), None)

    def word(self, w):
        for mask, value, why in self.words:
            if w & mask == value:
                self.used[why] += 1
                return why
        return None

    def fault(self, name):
        return any(re.fullmatch(n, name) for n, _ in self.faults)


def read_tool_rows(tool):
    """({place: (number, whether it is lifted and its features are there)}, these features)."""
    text = subprocess.run([tool, "rows"], stdout=subprocess.PIPE, check=True, text=True).stdout
    out, features = {}, set()
    for n, line in enumerate(text.splitlines()):
        _, _, _, needs, where, todo, met = line.split("\t")
        lifted = todo != "todo" and met == "met"
        out[where] = (n, lifted)
        features |= set(needs.split(",")) if lifted else set()
    return out, features


def row_numbers(tool, words):
    r = subprocess.run([tool, "name"], input=struct.pack("<%dI" % len(words), *words),
                       stdout=subprocess.PIPE, check=True)
    return struct.unpack("<%dH" % len(words), r.stdout)


def random_word(rng, row):
    """A word of the row that follows guest.c's conventions, or None."""
    w = decode.random_word(rng, row, row.memory and rng.random() < 0.3)
    if w is None:
        return None
    if MOPS.fullmatch(row.name):
        # To x28, from x25, x27 bytes; a set's value is any other register.
        w = decode.put(decode.put(w, row, "rd", decode.BASE), row, "rn", decode.INDEX)
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


def flags_of(row, exceptions, half):
    flags = HALF if half else 0
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
    if row.name in decode.MONITOR:
        return word, decode.after_exclusive(rng, word, row)[0], NOP
    if row.name in ("stxr", "stxp") and rng.random() < 0.7:
        used = {word & 31, word >> 10 & 31, word >> 16 & 31}
        to, to2 = rng.sample([r for r in decode.SAFE[:12] if r not in used], 2)
        load = word & ~(31 << 16 | 31 << 10 | 31) | 1 << 22 | 31 << 16 | to
        return load | (to2 if row.name == "stxp" else 31) << 10, word, NOP
    return word, NOP, NOP


class Plan:
    """What is executed: records, and the row of each."""

    def __init__(self, a):
        self.records, self.row_of, self.skipped = [], [], collections.OrderedDict()
        rng = random.Random(a.seed)
        known, features = read_tool_rows(a.tool)
        self.exceptions = exceptions = Exceptions(os.path.join(HERE, "exceptions.txt"), features)
        rows = decode.read_all(os.path.join(ROOT, "translate", "guest", "aarch64"))
        half = "fp16" in features
        self.tested, self.todo, self.left_out = [], [], []
        for row in rows:
            why = exceptions.row(row.name)
            if not known[row.where][1] and row.name not in ALWAYS_UNDEFINED:
                self.todo.append(row)
            elif why:
                self.left_out.append((row, why))
            elif re.search(a.rows, row.name):
                self.tested.append(row)
        rolls = [(row, [w for w in (random_word(rng, row) for _ in range(a.words + TRIES)) if w])
                 for row in self.tested]
        numbers = iter(row_numbers(a.tool, [w for _, ws in rolls for w in ws]))
        for row, ws in rolls:
            mine = []
            for w in ws:
                n = next(numbers)
                if len(mine) == a.words or exceptions.word(w):
                    continue
                if n == (UNDEFINED if row.name in ALWAYS_UNDEFINED else known[row.where][0]):
                    mine.append(w)
            self.add(rng, row, mine, flags_of(row, exceptions, half), a)

    def add(self, rng, row, words, flags, a):
        # Rows with few words run these on more states.
        per = max(a.states, -(-a.words * a.states // max(1, len(words))))
        row.runs = per * len(words)
        for w in words:
            self.records.append((*words_of(rng, row, w), flags, rng.getrandbits(32), per))
            self.row_of.append(row)


class Part:
    """Some records, executed by one process of each emulator."""

    def __init__(self, plan, at, out, guest):
        self.records, self.rows = plan.records[at:at + PART], plan.row_of[at:at + PART]
        self.path, self.guest = os.path.join(out, "records.%d" % at), guest
        with open(self.path, "wb") as f:
            f.write(b"".join(struct.pack("<6I", *r) for r in self.records))

    def run(self, name, command, timeout):
        result = "%s.%s" % (self.path, name)
        if os.path.exists(result):
            os.unlink(result)
        try:
            p = subprocess.run(command + [self.guest, self.path, result], timeout=timeout,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            how = "exit status %d %s" % (p.returncode, p.stdout.decode(errors="replace")[-200:])
        except subprocess.TimeoutExpired:
            how = "timed out"
        data = b""
        if os.path.exists(result):
            with open(result, "rb") as f:
                data = f.read()
            os.unlink(result)
        return struct.unpack("<%dQ" % (len(data) // 8), data[:len(data) // 8 * 8]), how

    def ask(self, command, *args):
        try:
            p = subprocess.run(command + [self.guest, self.path, "-"] + [str(x) for x in args],
                               timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            return ["timed out"]
        lines = p.stdout.decode(errors="replace").splitlines()
        return lines if p.returncode == 0 else lines[-2:] + ["exit status %d" % p.returncode]


def show(part, index, oracle, name, command, out):
    """The first state of a record whose end differs."""
    row, record = part.rows[index], part.records[index]
    a, b = part.ask(oracle, index), part.ask(command, index)
    state = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    print("%s %s differs under %s (%d of %d states):" % (
        row.where, row.name, name, sum(x != y for x, y in zip(a, b)), len(a)))
    for line in diff.disassemble(record[:3 - (record[2] == NOP) - (record[1] == NOP)], out):
        print("    " + line)
    a = diff.fields("\n".join(part.ask(oracle, index, state)))
    b = diff.fields("\n".join(part.ask(command, index, state)))
    used = {record[0] & 31, record[0] >> 5 & 31, record[0] >> 10 & 31, record[0] >> 16 & 31}
    starts = ["in_fpcr", "in_fpsr", "in_nzcv"]
    wide = row.where.startswith(("simd", "fp", "crypto"))
    starts += ["in_%s%d" % (c, r) for c in ("v" if wide else "x") for r in sorted(used)]
    print("    " + " ".join("%s=%s" % (k[3:], a[k]) for k in starts if k in a))
    keys = [k for k in list(a) + [k for k in b if k not in a] if a.get(k) != b.get(k)]
    for k in keys[:4]:
        print("    %-10s oracle %s, mimus %s" % (k, a.get(k, "unchanged"), b.get(k, "unchanged")))
    sys.stdout.flush()


def compare(parts, oracle, engines, a, out):
    """Returns {row: {engine: records that differ}}; the first of each row and engine is shown."""
    bad = collections.defaultdict(collections.Counter)
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        jobs = [(p, {name: pool.submit(p.run, name, c, a.timeout)
                     for name, c in [("oracle", oracle)] + engines}) for p in parts]
        for part, by_name in jobs:
            want, how = by_name["oracle"].result()
            if len(want) != len(part.records):
                print("the oracle stopped after %d of %d: %s" % (len(want), len(part.records), how))
            for name, command in engines:
                got, how = by_name[name].result()
                if len(got) != len(part.records):
                    # Output is written in blocks: the culprit is behind the last hash, near it.
                    print("%s stopped after about %d of %d records, between %s and %s: %s" % (
                        name, len(got), len(part.records), part.rows[len(got)].name,
                        part.rows[min(len(got) + 600, len(part.rows)) - 1].name, how))
                for i, row in enumerate(part.rows):
                    if i < len(got) and i < len(want) and got[i] == want[i]:
                        continue
                    bad[row][name] += 1
                    if bad[row][name] == 1 and i < min(len(got), len(want)):
                        show(part, i, oracle, name, command, out)
    return bad


def report(plan, bad, a):
    """Counts by feature; returns (rows that agree, rows that do not)."""
    table = collections.OrderedDict()
    for what, rows in (("rows", plan.tested), ("todo", plan.todo),
                       ("other", [r for r, _ in plan.left_out])):
        for r in rows:
            line = table.setdefault(",".join(r.needs) or "base", collections.Counter())
            line[what] += 1
            if what == "rows":
                line["runs"] += r.runs
                line["bad"] += r in bad
    print("%-12s %6s %10s %10s %10s %6s" % ("feature", "rows", "differ", "runs", "other kind",
                                            "todo"))
    for name in sorted(table, key=lambda n: (n != "base", n)):
        t = table[name]
        print("%-12s %6d %10d %10d %10d %6d" % (name, t["rows"], t["bad"], t["runs"], t["other"],
                                                t["todo"]))
    few = [r.name for r in plan.tested if r.runs < min(500, a.words * a.states)]
    if few:
        print("rows with fewer runs than asked for: " + " ".join(few))
    return len(plan.tested) - len(bad), len(bad) + len(few)


def own_checks(out, engines):
    """own.c under each engine: (checks that passed, that did not)."""
    exe, passed, failed = build_guest(out, "own"), 0, 0
    for name, command in engines:
        r = subprocess.run(command + [exe], timeout=60, stdout=subprocess.PIPE, text=True)
        lines = r.stdout.splitlines()
        bad = [x for x in lines if not x.startswith("ok ")]
        for line in bad or (["exit status %d" % r.returncode] if r.returncode else []):
            print("%s: %s" % (name, line))
            failed += 1
        passed += len(lines) - len(bad)
        print("%s: checks of another kind: %s" % (
            name, " ".join(x[3:] for x in lines if x not in bad)))
    return passed, failed


def build_guest(out, name="guest", *options, compiler="aarch64-linux-gnu-gcc"):
    cc = shutil.which(compiler)
    if not cc:
        return None
    exe, src = os.path.join(out, name), os.path.join(HERE, name + ".c")
    subprocess.run([cc, "-O2", "-static", "-I", ROOT, *options, "-o", exe, src], check=True)
    return exe


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--tool", default="build/isa-words")
    ap.add_argument("--oracle", help="default: the newest qemu-aarch64 there is, -cpu max")
    ap.add_argument("--words", type=int, default=32, help="words of each row")
    ap.add_argument("--states", type=int, default=16, help="start states of each word")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--rows", default="", help="regular expression of row names")
    ap.add_argument("--engines", default="jit,interp")
    ap.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    ap.add_argument("--timeout", type=int, default=600, help="seconds for a part")
    ap.add_argument("--out", default="build/isa")
    a = ap.parse_args()
    out = os.path.abspath(a.out)
    os.makedirs(out, exist_ok=True)
    guest = build_guest(out)
    oracle = shlex.split(a.oracle) if a.oracle else diff.find_oracle()
    if not guest or not oracle:
        print("skipped: no %s" % ("qemu-aarch64" if guest else "aarch64-linux-gnu-gcc"))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    oracle += [] if a.oracle else ["-cpu", "max"]
    start = time.monotonic()
    plan = Plan(a)
    print("%d rows, %d words, %d runs; oracle: %s" % (
        len(plan.tested), len(plan.records), sum(r.runs for r in plan.tested), " ".join(oracle)),
        flush=True)
    parts = [Part(plan, at, out, guest) for at in range(0, len(plan.records), PART)]
    mimus = shlex.split(a.mimus)
    engines = [(e, diff.engine(mimus, e)) for e in a.engines.split(",") if e]
    bad = compare(parts, oracle, engines, a, out)
    for why in sorted({w for _, w in plan.left_out}):
        names = sorted({r.name for r, w in plan.left_out if w == why})
        print("not compared: %s: %s" % (" ".join(names), why))
    for why, n in sorted(plan.exceptions.used.items()):
        print("not compared: %d words: %s" % (n, why))
    passed, failed = (sum(x) for x in zip(report(plan, bad, a), own_checks(out, engines)))
    print("%.0f s" % (time.monotonic() - start))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
