#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Execute every row of a guest's decode tables on both engines and on another emulator.

usage: isa.py [--arch aarch64|riscv64] [--mimus CMD] [--tool isa-words] [--oracle CMD]
              [--words N] [--states N] [--seed N] [--rows REGEX] [--engines jit,interp,sse,min] [--jobs N] [--out DIR]

For each row N words are made (tests/diff/rows.py, ARCH/records.py) and executed by guest.c on N
start states each; registers, flags, memory and signals must be equal everywhere. Which rows are
lifted and have their feature is asked of the translator (words.c), so a row is tested as soon as
it is. ARCH/exceptions.txt lists what is left out and why.
"""
import argparse
import collections
import concurrent.futures
import os
import random
import re
import shlex
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "diff"))
import rows as decode  # noqa: E402
import run as diff     # noqa: E402

TRIES = 40                                  # rolls more than words: some are reserved
PART = 2000                                 # records of one process
UNDEFINED = 0xffff                          # isa-words has no row for the word


def load_records(arch):
    """What records of a guest's rows are made of: the module records.py of its folder here."""
    return decode.load_guest(arch, HERE, "records")


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


def read_tool_rows(tool, arch="aarch64"):
    return decode.read_tool_rows(tool, arch)


def row_numbers(tool, arch, words):
    r = subprocess.run([tool, arch, "name"], input=struct.pack("<%dI" % len(words), *words),
                       stdout=subprocess.PIPE, check=True)
    return struct.unpack("<%dH" % len(words), r.stdout)


class Plan:
    """What is executed: records, and the row of each."""

    def __init__(self, a):
        self.records, self.row_of, self.skipped = [], [], collections.OrderedDict()
        rng = random.Random(a.seed)
        known, self.features = read_tool_rows(a.tool, a.arch)
        self.guest, self.kind = decode.load_guest(a.arch), load_records(a.arch)
        self.exceptions = exceptions = Exceptions(
            os.path.join(HERE, a.arch, "exceptions.txt"), self.features)
        rows = decode.described(self.guest, a.arch)
        self.tested, self.todo, self.left_out = [], [], []
        for row in rows:
            why = exceptions.row(row.name)
            if not known[row.where][1] and row.name not in self.kind.ALWAYS_UNDEFINED:
                self.todo.append(row)
            elif why:
                self.left_out.append((row, why))
            elif re.search(a.rows, row.name):
                self.tested.append(row)
        rolls = [(row, [w for w in (self.kind.random_word(rng, row) for _ in range(a.words + TRIES)) if w])
                 for row in self.tested]
        numbers = iter(row_numbers(a.tool, a.arch, [w for _, ws in rolls for w in ws]))
        for row, ws in rolls:
            mine = []
            for w in ws:
                n = next(numbers)
                if len(mine) == a.words or exceptions.word(w):
                    continue
                undefined = row.name in self.kind.ALWAYS_UNDEFINED
                if n == (UNDEFINED if undefined else known[row.where][0]):
                    mine.append(w)
            self.add(rng, row, mine, self.kind.flags_of(row, exceptions, self.features), a)

    def add(self, rng, row, words, flags, a):
        # Rows with few words run these on more states.
        per = max(a.states, -(-a.words * a.states // max(1, len(words))))
        row.runs = per * len(words)
        for w in words:
            self.records.append((*self.kind.words_of(rng, row, w), flags, rng.getrandbits(32), per))
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


def show(plan, part, index, oracle, name, command, out):
    """The first state of a record whose end differs."""
    row, record = part.rows[index], part.records[index]
    a, b = part.ask(oracle, index), part.ask(command, index)
    state = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    print("%s %s differs under %s (%d of %d states):" % (
        row.where, row.name, name, sum(x != y for x, y in zip(a, b)), len(a)))
    n = 3 - (record[2] == plan.guest.NOP) - (record[1] == plan.guest.NOP)
    for line in diff.disassemble(plan.guest, record[:n], out):
        print("    " + line)
    a = diff.fields("\n".join(part.ask(oracle, index, state)))
    b = diff.fields("\n".join(part.ask(command, index, state)))
    starts = ["in_" + k for k in plan.kind.inputs(row, record[0])]
    print("    " + " ".join("%s=%s" % (k[3:], a[k]) for k in starts if k in a))
    keys = [k for k in list(a) + [k for k in b if k not in a] if a.get(k) != b.get(k)]
    for k in keys[:4]:
        print("    %-10s oracle %s, mimus %s" % (k, a.get(k, "unchanged"), b.get(k, "unchanged")))
    sys.stdout.flush()


def compare(plan, parts, oracle, engines, a, out):
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
                        show(plan, part, i, oracle, name, command, out)
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


def own_checks(arch, out, engines):
    """ARCH/own.c under each engine: (checks that passed, that did not)."""
    exe, passed, failed = build_guest(out, "own", arch=arch), 0, 0
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


def build_guest(out, name="guest", arch="aarch64", **how):
    """A program from NAME.c here or in the guest's folder, or None."""
    src = os.path.join(HERE, arch, name + ".c")
    src = src if os.path.exists(src) else os.path.join(HERE, name + ".c")
    exe = os.path.join(out, name)
    return exe if diff.cross_build(decode.load_guest(arch), exe, src, **how) else None


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--arch", default="aarch64")
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--tool", default="build/isa-words")
    ap.add_argument("--oracle", help="default: the newest qemu-ARCH there is")
    ap.add_argument("--words", type=int, default=32, help="words of each row")
    ap.add_argument("--states", type=int, default=16, help="start states of each word")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--rows", default="", help="regular expression of row names")
    ap.add_argument("--engines", default="jit,interp")
    ap.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    ap.add_argument("--timeout", type=int, default=600, help="seconds for a part")
    ap.add_argument("--out", default="build/isa")
    a = ap.parse_args()
    out = os.path.abspath(os.path.join(a.out, a.arch))
    os.makedirs(out, exist_ok=True)
    guest = build_guest(out, arch=a.arch)
    oracle = shlex.split(a.oracle) if a.oracle else diff.find_oracle(a.arch)
    if not guest or not oracle:
        print(diff.missing(a.arch, decode.load_guest(a.arch), guest))
        return 0
    start = time.monotonic()
    plan = Plan(a)
    oracle += [] if a.oracle else ["-cpu", plan.kind.oracle_cpu(plan.features)]
    print("%d rows, %d words, %d runs; oracle: %s" % (
        len(plan.tested), len(plan.records), sum(r.runs for r in plan.tested), " ".join(oracle)),
        flush=True)
    parts = [Part(plan, at, out, guest) for at in range(0, len(plan.records), PART)]
    mimus = shlex.split(a.mimus)
    engines = [(e, diff.engine(mimus, e)) for e in a.engines.split(",") if e]
    bad = compare(plan, parts, oracle, engines, a, out)
    for why in sorted({w for _, w in plan.left_out}):
        names = sorted({r.name for r, w in plan.left_out if w == why})
        print("not compared: %s: %s" % (" ".join(names), why))
    for why, n in sorted(plan.exceptions.used.items()):
        print("not compared: %d words: %s" % (n, why))
    passed, failed = (sum(x) for x in zip(report(plan, bad, a), own_checks(a.arch, out, engines)))
    print("%.0f s" % (time.monotonic() - start))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
