#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare which instruction words Mimus and another emulator define.

usage: check_encodings.py [--arch aarch64|riscv64] [--mimus CMD] [--tool isa-words] [--oracle CMD]
                    [--words N] [--flips N] [--seed N] [--jobs N] [--out DIR]

Random words, all 16-bit ones where there are such, and words of each row of the decode tables with one bit inverted (N for each of the 32
bits, the free bits random), are executed by encodings_guest.c under the other emulator; for Mimus
its lifter is asked (words.c), and the first words of each part are executed, too, which must tell
the same. ARCH/encodings.txt lists where the two may differ and why. Words of rows that are not lifted,
or not advertised, are counted as todo.
"""
import argparse
import collections
import concurrent.futures
import os
import shlex
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import isa  # noqa: E402

PART = 500000           # words of one process
EXECUTED = 50000        # of these by Mimus
SHOWN = 40


class Masks:
    """(mask, value) pairs, looked up by the word's top byte."""

    def __init__(self):
        self.by_top = collections.defaultdict(list)

    def add(self, mask, value, what):
        for top in range(256):
            if not (top << 24 ^ value) & mask & 0xff000000:
                self.by_top[top].append((mask, value, what))

    def find(self, word, fits=lambda what: True):
        for mask, value, what in self.by_top[word >> 24]:
            if word & mask == value and fits(what):
                return what
        return None


def read_exceptions(arch, todo):
    """Masks of (who defines it, reason); what has no row yet goes to todo."""
    masks = Masks()
    with open(os.path.join(HERE, arch, "encodings.txt"), encoding="utf-8") as f:
        for line in f:
            if line.startswith("#") or " | " not in line:
                continue
            what, why = (x.strip() for x in line.split(" | ", 1))
            who, mask, value = what.split()
            if who == "todo":
                todo.add(int(mask, 16), int(value, 16), why)
            else:
                masks.add(int(mask, 16), int(value, 16), (who, why))
    return masks


def read_todo(tool, arch="aarch64"):
    masks = Masks()
    text = subprocess.run([tool, arch, "rows"], stdout=subprocess.PIPE, check=True, text=True).stdout
    for line in text.splitlines():
        name, mask, value, needs, _, todo, met = line.split("\t")
        if todo == "todo" or met != "met":
            masks.add(int(mask, 16), int(value, 16), "%s (%s)" % (name, needs))
    return masks


def ask_tool(tool, *args, data=None):
    return subprocess.run([tool, *args], input=data, stdout=subprocess.PIPE, check=True).stdout


class Part:
    def __init__(self, name, words, a, guest, oracle, mimus):
        self.name, self.words = name, words
        self.a, self.guest, self.oracle, self.mimus = a, guest, oracle, mimus
        self.troubles = []

    def execute(self, who, command, words):
        path = os.path.join(self.a.out, "words.%s.%s" % (self.name, who))
        with open(path, "wb") as f:
            f.write(words)
        try:
            p = subprocess.run(command + [self.guest, path, path + ".out"],
                               timeout=60 + len(words) / 4 / 3000,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            how = p.returncode and "exit status %d: %s" % (
                p.returncode, p.stdout.decode(errors="replace")[-200:])
        except subprocess.TimeoutExpired:
            how = "timed out"
        if how:
            self.troubles.append("%s, %s: %s" % (self.name, who, how))
            return None
        with open(path + ".out", "rb") as f:
            data = f.read()
        os.unlink(path)
        os.unlink(path + ".out")
        return data

    def run(self):
        """[(word, who defines it)] of all differences."""
        words = self.words() if callable(self.words) else self.words
        mine = ask_tool(self.a.tool, self.a.arch, "defined", data=words)
        ran = self.execute("mimus", self.mimus, words[:4 * EXECUTED])
        theirs = self.execute("oracle", self.oracle, words)
        if ran is not None and ran != mine[:len(ran)]:
            n = [i for i, (x, y) in enumerate(zip(ran, mine)) if x != y]
            self.troubles.append("%s: executing 0x%08x tells other than its lifter (%d such)" % (
                self.name, struct.unpack_from("<I", words, 4 * n[0])[0], len(n)))
        self.count, self.defined = len(mine), sum(mine)
        if theirs is None or theirs == mine:
            return []
        return [(struct.unpack_from("<I", words, 4 * i)[0], "mimus" if x else "oracle")
                for i, (x, y) in enumerate(zip(mine, theirs)) if x != y]


class Report:
    def __init__(self, a):
        self.guest = isa.decode.load_guest(a.arch)
        self.todo = read_todo(a.tool, a.arch)
        self.exceptions = read_exceptions(a.arch, self.todo)
        self.excused, self.todo_rows = collections.Counter(), collections.Counter()
        self.bad = []

    def add(self, word, who):
        known = self.exceptions.find(word, lambda what: what[0] == who)
        row = None if known or who == "mimus" else self.todo.find(word)
        if known:
            self.excused[known] += 1
        elif row:
            self.todo_rows[row] += 1
        else:
            self.bad.append((word, who))

    def show(self, out):
        with open(os.path.join(out, "differ.txt"), "w", encoding="utf-8") as f:
            f.writelines("%08x %s\n" % x for x in sorted(self.bad))
        for (who, why), n in sorted(self.excused.items()):
            print("%8d words only defined by %s: %s" % (n, who, why))
        for row, n in sorted(self.todo_rows.items()):
            print("%8d words todo: %s" % (n, row))
        groups = collections.defaultdict(list)
        for word, who in self.bad:
            groups[who, word >> 21 if word & 3 == 3 or self.guest.NOP & 3 != 3 else word & 0xe003].append(word)
        some = sorted(groups.items(), key=lambda g: -len(g[1]))[:SHOWN]
        lines = isa.diff.disassemble(self.guest, [g[1][0] for g in some], out)
        for ((who, _), ws), text in zip(some, lines):
            print("%8d words only defined by %s, such as %s" % (len(ws), who, text))
        if len(groups) > SHOWN:
            print("... and %d groups more" % (len(groups) - SHOWN))


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--arch", default="aarch64")
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--tool", default="build/isa-words")
    ap.add_argument("--oracle", help="default: the newest qemu-ARCH there is")
    ap.add_argument("--words", type=int, default=500000)
    ap.add_argument("--flips", type=int, default=2, help="words for each bit of each row")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    ap.add_argument("--out", default="build/isa")
    a = ap.parse_args()
    a.out = os.path.abspath(os.path.join(a.out, a.arch))
    os.makedirs(a.out, exist_ok=True)
    kind = isa.load_records(a.arch)
    guest = isa.build_guest(a.out, "encodings_guest", a.arch, kind=kind.FAR_AWAY)
    oracle = shlex.split(a.oracle) if a.oracle else isa.diff.find_oracle(a.arch)
    if not guest or not oracle:
        print(isa.diff.missing(a.arch, isa.decode.load_guest(a.arch), guest))
        return 0
    _, features = isa.read_tool_rows(a.tool, a.arch)
    oracle += [] if a.oracle else ["-cpu", kind.encodings_cpu(features)]
    args = (a, guest, oracle, shlex.split(a.mimus))
    start = time.monotonic()
    flipped = ask_tool(a.tool, a.arch, "flips", str(a.seed), str(a.flips))
    flipped += ask_tool(a.tool, a.arch, "short")
    parts = [Part("flips%d" % at, flipped[4 * at:4 * (at + PART)], *args)
             for at in range(0, len(flipped) // 4, PART)]
    for at in range(0, a.words, PART):
        n = min(PART, a.words - at)
        seed = str(a.seed * 1000003 + at // PART)
        parts.append(Part("random%d" % at, lambda s=seed, n=n: ask_tool(
            a.tool, a.arch, "random", s, str(n)), *args))
    report, troubles, count, defined = Report(a), [], 0, 0
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for part, found in zip(parts, pool.map(Part.run, parts)):
            troubles += part.troubles
            count, defined = count + part.count, defined + part.defined
            for word, who in found:
                report.add(word, who)
    report.show(a.out)
    for t in troubles:
        print(t)
    agree = count - len(report.bad) - sum(report.todo_rows.values()) - sum(report.excused.values())
    print("%d words, %d defined; %d agree, %d excused, %d todo, %d differ; %.0f s" % (
        count, defined, agree, sum(report.excused.values()), sum(report.todo_rows.values()),
        len(report.bad), time.monotonic() - start))
    print("%d passed, %d failed" % (agree, len(report.bad) + len(troubles)))
    return bool(report.bad or troubles)


if __name__ == "__main__":
    sys.exit(main())
