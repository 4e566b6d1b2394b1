#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare Mimus with another emulator on random sequences of instructions.

usage: run.py [--arch aarch64|riscv64] [--mimus CMD] [--tool isa-words] [--oracle CMD] [--sequences N] [--seed N] [--rows REGEX]
              [--engines jit,interp,sse,min] [--length N] [--out DIR]

Words are made from the lifted rows of the decode tables (rows.py, ARCH/guest.py), executed by
tests/diff/guest.c under each emulator, and the end states (registers, flags, signals, memory)
compared. For a difference the sequence is cut down to the instructions that matter and shown
disassembled. Rows in ARCH/exclude.txt are left out because the oracle, not Mimus, is wrong
there: each line there is `ROW | REASON`.
"""
import argparse
import collections
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
sys.path.insert(0, HERE)
import rows as decode  # noqa: E402

CHUNK = 10000


class Maker:
    """Makes sequences; each is (seed, words, rows)."""

    def __init__(self, guest, rows, seed, length, half):
        self.rng = random.Random(seed)
        self.guest, self.length, self.half = guest, length, half
        by_class = collections.defaultdict(lambda: collections.defaultdict(list))
        for r in rows:
            by_class[guest.class_of(r)][r.name].append(r)
        known = [(c, w) for c, w in guest.WEIGHTS if c in by_class]
        self.classes = [(c, list(by_class[c].values())) for c, _ in known]
        self.weights = [w for _, w in known]

    def sequence(self):
        rng, insns = self.rng, []
        common = self.guest.Sequence(rng, self.half)
        _, focus = rng.choices(self.classes, self.weights)[0]
        for _ in range(rng.randint(1, self.length)):
            names = focus if rng.random() < 0.6 else rng.choices(self.classes, self.weights)[0][1]
            insns += common.control() or common.instruction(rng.choice(rng.choice(names)))
        insns = common.framed(insns)
        return common.seed(), [w for w, _ in insns], [name for _, name in insns]


def pack(sequences):
    return b"".join(struct.pack("<II%dI" % len(w), seed, len(w), *w) for seed, w, _ in sequences)


class Runner:
    def __init__(self, name, command, guest, out):
        self.name, self.command, self.guest, self.out = name, command, guest, out

    def start(self, path):
        """Start on a file of sequences; finish() gives the list of hashes."""
        self.result = os.path.join(self.out, "hashes." + self.name)
        if os.path.exists(self.result):
            os.unlink(self.result)
        self.p = subprocess.Popen(self.command + [self.guest, path, self.result],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def finish(self, timeout):
        try:
            text = self.p.communicate(timeout=timeout)[0].decode(errors="replace")
        except subprocess.TimeoutExpired:
            self.p.kill()
            text = self.p.communicate()[0].decode(errors="replace") + "timed out"
        data = b""
        if os.path.exists(self.result):
            with open(self.result, "rb") as f:
                data = f.read()
        hashes = list(struct.unpack("<%dQ" % (len(data) // 8), data[:len(data) // 8 * 8]))
        return hashes, (self.p.returncode, text.strip()[-300:])

    def state(self, sequence):
        """The end state of one sequence as text."""
        path = os.path.join(self.out, "one.%s" % self.name)
        with open(path, "wb") as f:
            f.write(pack([sequence]))
        try:
            r = subprocess.run(self.command + [self.guest, path, "-", "0"], timeout=20,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            return "timed out"
        text = r.stdout.decode(errors="replace")
        return text if r.returncode == 0 else text[-200:] + "\nexit status %d" % r.returncode


def shrink(a, b, seq):
    """Leave out instructions as long as the difference stays."""
    seed, words, used = seq
    i = 0
    while i < len(words) and len(words) > 1:
        cut = (seed, words[:i] + words[i + 1:], used[:i] + used[i + 1:])
        if a.state(cut) != b.state(cut):
            words, used = cut[1], cut[2]
        else:
            i += 1
    return seed, words, used


def disassemble(guest, words, out):
    path = os.path.join(out, "words.bin")
    with open(path, "wb") as f:
        f.write(struct.pack("<%dI" % len(words), *words))
    dump = shutil.which(guest.CROSS + "objdump")
    if not dump:
        return ["%08x" % w for w in words]
    r = subprocess.run([dump, "-D", "-b", "binary", *guest.OBJDUMP, path],
                       stdout=subprocess.PIPE, text=True)
    return [m.group(1).expandtabs(8) for m in re.finditer(r"^ +[0-9a-f]+:\t(.*)$", r.stdout, re.M)]


def fields(text):
    return dict(x.split(" ", 1) for x in text.splitlines() if " " in x)


def show(guest, oracle, mimus, seq, out):
    seed, words, used = seq = shrink(oracle, mimus, seq)
    a, b = oracle.state(seq).splitlines(), mimus.state(seq).splitlines()
    print("difference under %s (seed %d, rows %s):" % (mimus.name, seed, " ".join(used)))
    for line in disassemble(guest, words, out):
        print("    " + line)
    ka, kb = fields("\n".join(a)), fields("\n".join(b))
    diff = [k for k in list(ka) + [k for k in kb if k not in ka] if ka.get(k) != kb.get(k)]
    for k in diff[:4]:
        print("    %-10s oracle %s, mimus %s" % (k, ka.get(k, "unchanged"), kb.get(k, "unchanged")))
    if not diff:
        print("    oracle: %s\n    mimus: %s" % (a[-1:] or "", b[-1:] or ""))
    sys.stdout.flush()
    return used[-1] if used else "?"


def read_excludes(arch):
    rules = []
    with open(os.path.join(HERE, arch, "exclude.txt"), encoding="utf-8") as f:
        for line in f:
            if "|" in line and not line.startswith("#"):
                name, why = (x.strip() for x in line.split("|", 1))
                rules.append((name, why))
    return rules


def cross_build(guest, exe, src, *options, kind=("-static",)):
    """Build a static program for the guest; False without a compiler."""
    cc = shutil.which(guest.CROSS + "gcc")
    if cc:
        subprocess.run([cc, "-O2", *kind, "-I", ROOT, *guest.CFLAGS, *options, "-o", exe, src],
                       check=True)
    return bool(cc)


def find_oracle(arch):
    r = subprocess.run([os.path.join(ROOT, "scripts", "newest-qemu"), arch],
                       stdout=subprocess.PIPE, text=True)
    return [r.stdout.strip().splitlines()[-1]] if r.returncode == 0 else None


def missing(arch, guest, built):
    """The line that says what a test was skipped for."""
    return "skipped: no %s\n0 passed, 0 failed, 1 skipped" % (
        "qemu-" + arch if built else guest.CROSS + "gcc")


def engine(mimus, name):
    """The command of an engine; sse, min, avx2 are the JIT without newer host instructions."""
    if "qemu" in mimus[0]:
        return mimus
    if name in ("jit", "interp"):
        return mimus + ["-accel", name]
    return ["env", "MIMUS_CPU_MASK=" + name] + mimus


class Tally:
    """Differences found so far; the first few are shown, about one for each row."""

    def __init__(self, guest, limit):
        self.guest, self.limit, self.shown, self.rows = guest, limit, 0, set()

    def add(self, oracle, mimus, seq, out):
        if self.shown == self.limit or any((mimus.name, r) in self.rows for r in seq[2]):
            return
        self.shown += 1
        self.rows.add((mimus.name, show(self.guest, oracle, mimus, seq, out)))


def compare(oracle, runners, maker, count, out, tally):
    """One chunk; returns how many comparisons agreed and did not."""
    seqs = [maker.sequence() for _ in range(count)]
    path = os.path.join(out, "sequences")
    with open(path, "wb") as f:
        f.write(pack(seqs))
    good = bad = 0
    limit = 60 + count / 50
    for r in [oracle] + runners:
        r.start(path)
    want, how = oracle.finish(limit)
    if len(want) != count:
        print("the oracle stopped after %d of %d: %s" % (len(want), count, how))
    for r in runners:
        got, how = r.finish(limit)
        if len(got) < len(want):
            print("%s stopped after %d of %d sequences: exit status %s %s"
                  % (r.name, len(got), len(want), *how))
            # Output is written in blocks: the culprit is near, not exactly there.
            bad += len(want) - len(got)
        for i, (x, y) in enumerate(zip(want, got)):
            if x == y:
                good += 1
            else:
                bad += 1
                tally.add(oracle, r, seqs[i], out)
    return good, bad


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--arch", default="aarch64")
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--tool", default="build/isa-words")
    ap.add_argument("--oracle", help="default: the newest qemu-ARCH there is")
    ap.add_argument("--sequences", type=int, default=100000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--length", type=int, default=6, help="most instructions of a sequence")
    ap.add_argument("--rows", default="", help="regular expression of row names")
    ap.add_argument("--needs", help="rows of this feature alone")
    ap.add_argument("--engines", default="jit,interp")
    ap.add_argument("--cpu", help="a CPU of the oracle for all rows, in place of the usual")
    ap.add_argument("--show", type=int, default=12, help="differences shown")
    ap.add_argument("--out", default="build/diff")
    a = ap.parse_args()
    out = os.path.abspath(os.path.join(a.out, a.arch))
    os.makedirs(out, exist_ok=True)

    guest, exe = decode.load_guest(a.arch), os.path.join(out, "guest")
    built = cross_build(guest, exe, os.path.join(HERE, "guest.c"))
    oracle = shlex.split(a.oracle) if a.oracle else find_oracle(a.arch)
    if not built or not oracle:
        print(missing(a.arch, guest, built))
        return 0
    excludes = read_excludes(a.arch)
    known, features = decode.read_tool_rows(a.tool, a.arch)
    rows = decode.to_test(guest, a.arch, lambda r: known[r.where][1] and guest.wanted(r))
    rows = [r for r in rows if re.search(a.rows, r.name) and (not a.needs or a.needs in r.needs)
            and not any(re.fullmatch(n, r.name) for n, _ in excludes)]
    for name, why in excludes:
        print("left out: %s: %s" % (name, why))
    mimus = shlex.split(a.mimus)
    engines = [e for e in a.engines.split(",") if e]
    runners = [Runner(e, engine(mimus, e), exe, out) for e in engines]
    print("%d sequences over %d rows; oracle: %s" % (a.sequences, len(rows),
                                                     " ".join(oracle)), flush=True)
    parts = [(a.cpu, rows, True)] if a.cpu else [p for p in guest.plans(rows, features) if p[1]]
    made = {}
    for cpu, part, half in parts:
        if cpu not in made:
            made[cpu] = (Runner("oracle", oracle + ["-cpu", cpu], exe, out),
                         Maker(guest, part, a.seed, a.length, half))
    tally = Tally(guest, a.show)
    passed = failed = 0
    start = time.monotonic()
    for n, at in enumerate(range(0, a.sequences, CHUNK)):
        plan = made[parts[n % len(parts)][0]]
        good, bad = compare(plan[0], runners, plan[1], min(CHUNK, a.sequences - at), out, tally)
        passed, failed = passed + good, failed + bad
    if failed:
        print("%d comparisons differ; %d of them are shown" % (failed, tally.shown))
    print("%.0f s" % (time.monotonic() - start))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
