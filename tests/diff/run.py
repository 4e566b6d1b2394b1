#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare Mimus with another emulator on random sequences of AArch64 instructions.

usage: run.py [--mimus CMD] [--oracle CMD] [--sequences N] [--seed N] [--rows REGEX]
              [--engines jit,interp,sse,min] [--length N] [--out DIR]

Words are made from the rows of the decode tables (rows.py), executed by tests/diff/guest.c
under each emulator, and the end states (x, sp, NZCV, FPCR, FPSR, v, signals, memory) compared.
For a difference the sequence is cut down to the instructions that matter and shown
disassembled. Rows in exclude.txt are left out because the oracle, not Mimus, is wrong there:
each line there is `ROW | REASON`.
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
NOP = 0xd503201f
FAULT_AT, FAULT_END = 0.15, 0.19     # a random number up to here: a loop, a base that faults
# Two chunks of five run the rows of v8.0 on a v8.0 CPU, the others all rows on one that has
# everything. Rows that leave half precision to the element size are among the latter.
CPU, CPU_NEW, NEW_EVERY = "cortex-a72", "max,pauth=off", 5
HALF_TOO = r"(fcvtz[su]|[su]cvtf)_vec_fix"
# A class of rows is chosen first, so that few memory rows do not drown in many SIMD ones.
WEIGHTS = (("integer", 30), ("memory", 22), ("fp", 14), ("simd", 30), ("crypto", 4))


def class_of(row):
    if row.memory:
        return "memory"
    for prefix, name in (("fp", "fp"), ("simd", "simd"), ("crypto", "crypto")):
        if row.where.startswith(prefix):
            return name
    return "integer"


class Maker:
    """Makes sequences; each is (seed, words, rows)."""

    def __init__(self, rows, seed, length, half):
        self.rng = random.Random(seed)
        self.half = half        # half precision rows and the FZ16 bit are allowed
        self.length = length
        by_class = collections.defaultdict(lambda: collections.defaultdict(list))
        for r in rows:
            by_class[class_of(r)][r.name].append(r)
        self.classes = [(c, list(by_class[c].values())) for c, _ in WEIGHTS if c in by_class]
        self.weights = [w for c, w in WEIGHTS if c in by_class]

    def sequence(self):
        rng, words, used = self.rng, [], []
        on_sp, frame = rng.random() < 0.2, rng.random()
        moved = False
        _, focus = rng.choices(self.classes, self.weights)[0]
        for _ in range(rng.randint(1, self.length)):
            names = focus if rng.random() < 0.6 else rng.choices(self.classes, self.weights)[0][1]
            if frame >= FAULT_END and rng.random() < 0.02:
                self.fp_control(words, used)
                continue
            row = rng.choice(rng.choice(names))
            word = decode.random_word(rng, row, on_sp)
            if word is None or FAULT_AT <= frame < FAULT_END and row.partial:
                continue
            if row.name in decode.PROLOGUES:
                # What is done when it faults is up to the CPU: not where a base has moved far.
                if frame < FAULT_END or moved:
                    continue
                sequence, setup = decode.memory_sequence(rng, word, row)
                words += sequence
                used += ["nop"] + ["set up"] * setup + [row.name] * 3
                continue
            moved = moved or row.memory
            if row.ordered and row.memory:
                # The nop takes the jump of a branch before it.
                words += [NOP, decode.REALIGN]
                used += ["nop", "realign"]
            words.append(word)
            used.append(row.name)
            if row.name in decode.MONITOR:
                after, name = decode.after_exclusive(rng, word, row)
                words.append(after)
                used.append(name)
        self.frame(words, used, frame)
        # guest.c takes the top bit as leave to set FZ16.
        return rng.getrandbits(31) | self.half << 31, words, used

    def fp_control(self, words, used):
        """Another rounding mode, now and then with flushing and default NaNs; or clear flags."""
        rng = self.rng
        if rng.random() < 0.2:
            words.append(0xd51b443f)                # msr fpsr, xzr
            used.append("msr_fpsr")
            return
        bits = rng.getrandbits(2) << 6 | (rng.getrandbits(2) << 8 if rng.random() < 0.3 else 0)
        bits |= (rng.getrandbits(1) << 3 if self.half and rng.random() < 0.4 else 0)
        # nop (where a branch may go); movz x26, #bits, lsl #16; msr fpcr, x26
        words += [NOP, 0xd2a0001a | bits << 5, 0xd51b441a]
        used += ["nop", "movz", "msr_fpcr"]

    def frame(self, words, used, frame):
        """Sometimes a loop around the sequence, or a base that faults from some offset on."""
        rng = self.rng
        if frame < FAULT_AT or not words:
            words[:0] = [0xd280001a | rng.randint(1, 3) << 5]     # movz x26, #n
            # The nop takes the jump of a branch that is last, so the counter always counts.
            words += [NOP, 0xd100075a, (-(len(words) + 1) & 0x7ffff) << 5 | 0xb500001a]
            used[:0] = ["movz"]
            used += ["nop", "sub_imm", "cbnz"]      # sub x26, x26, #1; cbnz x26, the start
        elif frame < FAULT_END:
            words[:0] = [0x9140139c, 0xd100039c | rng.getrandbits(7) << 10]
            used[:0] = ["add_imm", "sub_imm"]       # add x28, x28, #16K; sub x28, x28, #n


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


def disassemble(words, out):
    path = os.path.join(out, "words.bin")
    with open(path, "wb") as f:
        f.write(struct.pack("<%dI" % len(words), *words))
    dump = shutil.which("aarch64-linux-gnu-objdump")
    if not dump:
        return ["%08x" % w for w in words]
    r = subprocess.run([dump, "-D", "-b", "binary", "-m", "aarch64", path],
                       stdout=subprocess.PIPE, text=True)
    return [m.group(1).expandtabs(8) for m in re.finditer(r"^ +[0-9a-f]+:\t(.*)$", r.stdout, re.M)]


def fields(text):
    return dict(x.split(" ", 1) for x in text.splitlines() if " " in x)


def show(oracle, mimus, seq, out):
    seed, words, used = seq = shrink(oracle, mimus, seq)
    a, b = oracle.state(seq).splitlines(), mimus.state(seq).splitlines()
    print("difference under %s (seed %d, rows %s):" % (mimus.name, seed, " ".join(used)))
    for line in disassemble(words, out):
        print("    " + line)
    ka, kb = fields("\n".join(a)), fields("\n".join(b))
    diff = [k for k in list(ka) + [k for k in kb if k not in ka] if ka.get(k) != kb.get(k)]
    for k in diff[:4]:
        print("    %-10s oracle %s, mimus %s" % (k, ka.get(k, "unchanged"), kb.get(k, "unchanged")))
    if not diff:
        print("    oracle: %s\n    mimus: %s" % (a[-1:] or "", b[-1:] or ""))
    sys.stdout.flush()
    return used[-1] if used else "?"


def read_excludes():
    rules = []
    with open(os.path.join(HERE, "exclude.txt"), encoding="utf-8") as f:
        for line in f:
            if "|" in line and not line.startswith("#"):
                name, why = (x.strip() for x in line.split("|", 1))
                rules.append((name, why))
    return rules


def build_guest(out):
    cc = shutil.which("aarch64-linux-gnu-gcc")
    if not cc:
        return None
    exe, src = os.path.join(out, "guest"), os.path.join(HERE, "guest.c")
    if not os.path.exists(exe) or os.path.getmtime(exe) < os.path.getmtime(src):
        subprocess.run([cc, "-O2", "-static", "-o", exe, src], check=True)
    return exe


def find_oracle():
    r = subprocess.run([os.path.join(ROOT, "scripts", "newest-qemu"), "aarch64"],
                       stdout=subprocess.PIPE, text=True)
    return [r.stdout.strip().splitlines()[-1]] if r.returncode == 0 else None


def engine(mimus, name):
    """The command of an engine; sse, min, avx2 are the JIT without newer host instructions."""
    if "qemu" in mimus[0]:
        return mimus
    if name in ("jit", "interp"):
        return mimus + ["-accel", name]
    return ["env", "MIMUS_CPU_MASK=" + name] + mimus


class Tally:
    """Differences found so far; the first few are shown, about one for each row."""

    def __init__(self, limit):
        self.limit, self.shown, self.rows = limit, 0, set()

    def add(self, oracle, mimus, seq, out):
        if self.shown == self.limit or any((mimus.name, r) in self.rows for r in seq[2]):
            return
        self.shown += 1
        self.rows.add((mimus.name, show(oracle, mimus, seq, out)))


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
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--oracle", help="default: the newest qemu-aarch64 there is")
    ap.add_argument("--sequences", type=int, default=100000)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--length", type=int, default=6, help="most instructions of a sequence")
    ap.add_argument("--rows", default="", help="regular expression of row names")
    ap.add_argument("--needs", help="rows of this feature alone")
    ap.add_argument("--engines", default="jit,interp")
    ap.add_argument("--cpu", help="a CPU of the oracle for all rows, in place of the two")
    ap.add_argument("--show", type=int, default=12, help="differences shown")
    ap.add_argument("--out", default="build/diff")
    a = ap.parse_args()
    out = os.path.abspath(a.out)
    os.makedirs(out, exist_ok=True)

    guest = build_guest(out)
    oracle = shlex.split(a.oracle) if a.oracle else find_oracle()
    if not guest or not oracle:
        print("skipped: no %s" % ("aarch64-linux-gnu-gcc" if not guest else "qemu-aarch64"))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    excludes = read_excludes()
    rows, _ = decode.read_rows(os.path.join(ROOT, "translate", "guest", "aarch64"))
    rows = [r for r in rows if re.search(a.rows, r.name) and (not a.needs or a.needs in r.needs)
            and not any(re.fullmatch(n, r.name) for n, _ in excludes)]
    for name, why in excludes:
        print("left out: %s: %s" % (name, why))
    mimus = shlex.split(a.mimus)
    engines = [e for e in a.engines.split(",") if e]
    runners = [Runner(e, engine(mimus, e), guest, out) for e in engines]
    print("%d sequences over %d rows; oracle: %s" % (a.sequences, len(rows),
                                                     " ".join(oracle)), flush=True)
    parts = ((CPU, [r for r in rows if not r.newer and not re.fullmatch(HALF_TOO, r.name)]),
             (CPU_NEW, rows))
    if a.cpu:
        parts = ((a.cpu, rows),)
    plans = [(Runner("oracle", oracle + ["-cpu", cpu], guest, out),
              Maker(part, a.seed, a.length, cpu != CPU)) for cpu, part in parts if part]
    tally = Tally(a.show)
    passed = failed = 0
    start = time.monotonic()
    for at in range(0, a.sequences, CHUNK):
        plan = plans[-1] if at // CHUNK % NEW_EVERY >= 2 else plans[0]
        good, bad = compare(plan[0], runners, plan[1], min(CHUNK, a.sequences - at), out, tally)
        passed, failed = passed + good, failed + bad
    if failed:
        print("%d comparisons differ; %d of them are shown" % (failed, tally.shown))
    print("%.0f s" % (time.monotonic() - start))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
