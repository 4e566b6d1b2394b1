#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the system call programs check by check, natively and under Mimus, and compare.

usage: check_linux.py [--guest CPU,...] [--mimus CMD] [--out DIR] [--jobs N] [--only REGEX] [--expected FILE]
                      [--need N] [--verbose] FOLDER...

Each program is built for this machine and for the guest with -DNAME_CHECKS, so that every
check prints `ok NAME` or `not ok NAME (errno)` (see tests/syscall/check.h); the native kernel
is the judge: a check is equal when its verdict is the same in both runs, whatever it is.
Names may repeat (loops run as often as buffers have room); then the verdicts seen must be the
same. The program says which
family it belongs to in a comment line `// family: WORD` (FAMILIES below); a check of a program that
does not end in time is missing, so different.

Checks that differ and are known are in FILE, `PROGRAM: NAME  # cause` per line. At the end
comes a table of families, and an exit status of 1 when another check differs, when a listed one is
equal, or when there are fewer than --need checks.
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shlex
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import run_prog  # noqa: E402

FAMILIES = ["calls", "process", "signals", "newer", "conversions", "proc", "memory", "code",
            "security", "hidden"]


def checks(text):
    """Verdicts of each name, which may come in a loop: {name: ["ok"]}."""
    rows = collections.defaultdict(list)
    for line in text.splitlines():
        m = re.match(r"(ok|not ok) (.*)$", line)
        if m:
            bad = m.group(1) != "ok"
            name = re.sub(r" \([^()]*\)$", "", m.group(2)) if bad else m.group(2)
            rows[name].append(m.group(1))
    return {name: sorted(set(v)) for name, v in rows.items()}


class Result:
    def __init__(self, src):
        self.src, self.family = src, src.get("family", "calls")
        self.native, self.guest, self.notes = {}, {}, []

    def different(self):
        """Names whose verdicts differ, each with how."""
        for name in sorted(set(self.native) | set(self.guest)):
            a, b = self.native.get(name, ["missing"]), self.guest.get(name, ["missing"])
            if a != b:
                yield name, "%s natively, %s under mimus" % (
                    " and ".join(a), " and ".join(b))


def one_run(kind, src, a, mimus, guest):
    """Returns (checks, output, note)."""
    exe, why = run_prog.build(src, kind, a.out, guest)
    if why:
        return {}, "", "%s: %s" % (kind, why)
    cwd = os.path.join(a.out, "work.%s.%s.%s" % (src.name, guest, kind))
    os.makedirs(cwd, exist_ok=True)
    status, out, err = run_prog.run(run_prog.command(kind, exe, src, mimus, guest), src, cwd)
    note = "%s: timed out" % kind if status is None else None
    if kind != "native" and re.search(r"^mimus: (?!.*not supported)", err, re.M):
        note = "%s says: %s" % (kind, err.strip().splitlines()[-1][:200])
    if status is not None and status >= 128:
        note = "%s: status %d" % (kind, status)
    return checks(out), out, note


def test(src, a, mimus, guest):
    r = Result(src)
    src.one["cflags"] = src.get("cflags") + " -DNAME_CHECKS"
    r.native, _, note = one_run("native", src, a, mimus, guest)
    r.notes += [note] if note else []
    for _ in range(2):      # timing never decides: what differs does so twice
        r.guest, r.output, note = one_run("static", src, a, mimus, guest)
        if not note and not list(r.different()):
            break
    else:
        r.notes += [note] if note else []
    return r


def read_expected(path):
    if not os.path.exists(path):
        return set()
    lines = (x.split("  #")[0].strip() for x in open(path, encoding="utf-8"))
    return {x for x in lines if x and not x.startswith("#")}


def table(results):
    print("%-12s %8s %8s %8s %10s" % ("family", "programs", "checks", "equal", "different"))
    total = [0, 0, 0, 0]
    for f in FAMILIES:
        rows = [r for r in results if r.family == f]
        n = sum(len(set(r.native) | set(r.guest)) for r in rows)
        bad = sum(len(list(r.different())) for r in rows)
        line = [len(rows), n, n - bad, bad]
        total = [x + y for x, y in zip(total, line)]
        print("%-12s %8d %8d %8d %10d" % (f, *line))
    print("%-12s %8d %8d %8d %10d" % ("all", *total))
    return total


def test_guest(a, mimus, guest):
    """Returns (equal, wrong)."""
    sources = [s for s in run_prog.find_sources(a.path, a.only, guest)
               if not s.get("builds") or "native" in s.words("builds")]
    for s in sources:
        if s.get("family", "calls") not in FAMILIES:
            sys.exit("%s: no family %s" % (s.path, s.get("family")))
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        results = list(pool.map(lambda s: test(s, a, mimus, guest), sources))

    expected, new, seen = read_expected(a.expected), 0, set()
    for r in results:
        for note in r.notes:
            print("%s: %s" % (r.src.name, note))
        new += len(r.notes)
        for name, how in r.different():
            key = "%s: %s" % (r.src.name, name)
            seen.add(key)
            new += key not in expected
            print("%s %s: %s" % ("expected" if key in expected else "DIFFERS", key, how))
        for name, verdicts in r.native.items():
            if "not ok" in verdicts:
                print("natively not ok: %s: %s" % (r.src.name, name))
            if a.verbose:
                print("%-7s %s: %s" % ("/".join(verdicts), r.src.name, name))
    names = {r.src.name for r in results}
    stale = {e for e in expected - seen if e.split(":")[0] in names}
    for key in sorted(stale):
        print("equal but listed: " + key)
    total = table(results)
    few = not a.only and total[1] < a.need
    if few:
        print("fewer than %d checks" % a.need)
    return total[2], new + len(stale) + few


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--guest", default="aarch64")
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--out", default="build/check-linux")
    ap.add_argument("--jobs", type=int, default=max(1, min(4, os.cpu_count() or 2)))
    ap.add_argument("--only", default="")
    ap.add_argument("--expected", default=os.path.join(HERE, "check_linux.expected"))
    ap.add_argument("--need", type=int, default=400)
    ap.add_argument("--verbose", action="store_true", help="a line for each check")
    ap.add_argument("path", nargs="+")
    a = ap.parse_args()
    mimus = shlex.split(a.mimus)
    mimus[0] = os.path.abspath(mimus[0])
    a.out = os.path.abspath(a.out)
    os.makedirs(a.out, exist_ok=True)
    totals = [0, 0]
    for guest in a.guest.split(","):
        if "," in a.guest:
            print("guest %s:" % guest)
        totals = [x + y for x, y in zip(totals, test_guest(a, mimus, guest))]
    print("%d passed, %d failed" % tuple(totals))
    return totals[1] != 0


if __name__ == "__main__":
    sys.exit(main())
