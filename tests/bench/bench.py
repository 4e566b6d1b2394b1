#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares user-mode emulators with native runs and with each other.

Every case does a fixed amount of work. Cases of kind "static" are the programs that build.sh
makes; they are started as TEMPLATE PROGRAM. Cases of kind "root" are programs of a distribution
inside a root file system: the runner enters it in a user and mount namespace of its own, where it
registers the emulator with binfmt_misc, so nothing is registered on the machine itself (Linux 6.7
or newer).

  build.sh OUT x86_64 aarch64 riscv64
  bench.py --bin OUT --arch aarch64 --rootfs x86_64=DIR --rootfs aarch64=DIR \\
      --emu 'qemu=qemu-{arch}' --emu 'mine=/path/to/mine' --out RESULTS

BENCH_BIN and BENCH_ROOTFS_<ARCH> give the same paths through the environment. RESULTS gets
result.json, result.md and result.svg. Without measuring anything:

  bench.py --load result.json               the tables again
  bench.py --compare old.json new.json      what changed
  bench.py --readme result.json             the table of the README
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
import time

import cases as table
import chart
import data
import machine
import report
import runner
import stats
from stats import NATIVE

DEBARCH = {
    "x86_64": "amd64", "i386": "i386", "aarch64": "arm64", "arm": "armhf",
    "riscv64": "riscv64", "ppc64le": "ppc64el", "s390x": "s390x",
    "loongarch64": "loong64", "mips64el": "mips64el",
}
PROGRAM_ARCH = {"riscv64v": "riscv64"}  # extra program sets of one machine

ALONE = 3   # how often a round measures the cases that run alone


def say(*words):
    print(*words, file=sys.stderr, flush=True)


# --------------------------------------------------------------------------
# One architecture.

class Session:
    """Runners, paths and results of one architecture.

    A lane is a set of processors with runners of its own. Each case runs in one lane, natively and
    under all emulators one after the other; several lanes work on different cases at a time.
    """

    def __init__(self, a, arch, emus, roots, folder):
        self.a, self.arch, self.roots, self.data = a, arch, roots, folder
        self.real = PROGRAM_ARCH.get(arch, arch)
        self.bin = os.path.abspath(a.bin) if a.bin else None
        self.names = ([] if a.no_native else [NATIVE]) + list(emus)
        self.res, self.omitted, self.scale = {}, [], {}
        self.cpus = sorted(os.sched_getaffinity(0))
        width = max(1, len(self.cpus) // a.lanes)
        self.lanes = [self.cpus[i * width:(i + 1) * width]
                      for i in range(min(a.lanes, len(self.cpus)))]
        self.runners, self.why = {}, {}
        flags = dict(e.split("=", 1) for e in a.binfmt_flags)
        for lane in range(len(self.lanes)):
            for n in self.names:
                self.start(lane, n, emus.get(n), flags.get(n, "F"))

    def bins(self, n):
        d = self.bin and os.path.join(self.bin, "x86_64" if n == NATIVE else self.arch)
        return d if d and os.path.isdir(d) else None

    def root(self, n):
        return self.roots.get("x86_64" if n == NATIVE else self.real)

    def start(self, lane, n, template, flags):
        """A lane's two runners of one name, or why there is none."""
        words, emu, root = [], None, self.root(n)
        if n != NATIVE:
            words = shlex.split(template.format(arch=self.real, debarch=DEBARCH[self.real],
                                                rootfs=root or "/"))
            words[0] = os.path.abspath(shutil.which(words[0]) or words[0])
            emu = words[0]
        self.runners[lane, n, "static"] = runner.Direct(words)
        if not root:
            self.why[n] = "no root file system given"
        elif len(words) > 1 or n in self.a.static_only:
            self.why[n] = "cannot be registered with binfmt_misc"
        else:
            try:
                self.runners[lane, n, "root"] = runner.Worker(
                    root, emu, self.data, self.bins(n), self.real, flags)
            except RuntimeError as e:
                self.why[n] = str(e)

    def command(self, c, n):
        """The argv of a case for a name, or a string: why there is none."""
        if c.of and n != NATIVE:
            return None
        if (0, n, c.kind) not in self.runners:
            return self.why[n]
        if c.kind == "static":
            d = self.bins(n)
            path = d and os.path.join(d, c.argv[0])
            if not path or not os.path.exists(path):
                return "program not built for this architecture"
            extra = [] if c.fixed else [str(self.scale.get(c.name, 100) * self.a.scale // 100)]
            return [path] + c.argv[1:] + extra
        argv = [x.replace("{arch}", "x86_64" if n == NATIVE else self.real) for x in c.argv]
        for path in [argv[0]] + ([c.needs] if c.needs else []):
            if not os.path.lexists(self.outside(path, n)):
                return "no %s in the root" % path
        return argv

    def outside(self, path, n):
        """The host's name of a path inside the root of a name."""
        for inside, host in (("/mnt/data/", self.data), ("/mnt/bin/", self.bins(n) or "/none")):
            if path.startswith(inside):
                return os.path.join(host, path[len(inside):])
        return self.root(n) + path

    def calibrate(self, cases):
        if self.a.no_native or not self.bins(NATIVE):
            return
        self.scale = data.scales(self.data, self.bins(NATIVE), cases,
                                 self.runners[0, NATIVE, "static"])

    def plan(self, cases):
        """[(case, {name: argv})] of what can run; notes what cannot."""
        todo = []
        for c in cases:
            by = {}
            for n in self.names:
                got = self.command(c, n)
                if isinstance(got, list):
                    by[n] = got
                elif got:
                    self.omitted.append((c.name, n, got))
            if by:
                todo.append((c, by))
        return todo

    def one(self, lane, c, n, argv, ref):
        """Measures once, files the result, returns it."""
        cpus = self.cpus if c.alone else self.lanes[lane]
        if c.cpus:    # the last ones: the first has more of the machine's own work
            cpus = cpus[-c.cpus:]
        env = {**dict(e.split("=", 1) for e in self.a.env), **(c.env or {})}
        m = self.runners[lane, n, c.kind].run(argv, c.reps, self.a.timeout, env, cpus)
        run = judge(c, n, m, ref)
        self.res[c.name].setdefault(n, []).append(run)
        return run, m.get("out", "")

    def case(self, lane, c, by, turn):
        """Measures a case once with every name, in turn; returns the progress text."""
        ref, parts = None, []
        for n in turn:
            past = self.res[c.name].get(n, [])
            if n not in by or (past and not past[-1]["ok"]):
                continue  # it failed once: do not wait for it again
            run, out = self.one(lane, c, n, by[n], ref)
            if n == NATIVE and run["ok"]:
                ref = out
            parts.append("%s %s" % (n, "%.3f" % run["t"]["cpu"] if run["ok"]
                                    else "FAIL " + run["why"]))
        return ", ".join(parts)

    def round(self, todo, turn, progress):
        """Every case of todo once."""
        waiting = collections.deque(x for x in todo if not x[0].alone)

        def work(lane):
            while waiting:
                try:
                    c, by = waiting.popleft()
                except IndexError:
                    return
                progress(c, self.case(lane, c, by, turn))

        with concurrent.futures.ThreadPoolExecutor(len(self.lanes)) as pool:
            for f in [pool.submit(work, i) for i in range(len(self.lanes))]:
                f.result()
        # Of these the best wall time counts: one more chance to have the machine for oneself.
        for c, by in todo:
            if c.alone:
                progress(c, "; ".join(self.case(0, c, by, turn) for _ in range(ALONE)))

    def close(self):
        for r in self.runners.values():
            r.close()


def judge(c, n, m, ref):
    """What a measurement is worth: its times, or why it failed."""
    ok, why = m["rc"] == 0, ""
    t = {"wall": m.get("wall", 0), "cpu": m.get("cpu", 0)}
    if not ok:
        tail = m["out"].strip().splitlines()[-1:] or [""]
        why = "exit %s: %s" % (m["rc"], tail[0][:120])
    elif c.rate:
        got = re.search(c.rate[0], m["out"], re.M)
        if got and float(got.group(1)) > 0:
            t = dict.fromkeys(t, c.rate[1] / float(got.group(1)))
        else:
            ok, why = False, "no rate in the output"
    elif n != NATIVE and ref is not None and c.check != "none":
        same = close_enough(m["out"], ref) if c.check == "close" else m["out"] == ref
        if not same:
            ok, why = False, "output %r, native %r" % (m["out"][-60:], ref[-60:])
    return {"t": t, "rss": m.get("rss", 0), "ok": ok, "why": why}


def close_enough(a, b):
    """Equal but for numbers, which may differ by 0.1 %."""
    ta, tb = re.split(r"[\s,]+", a.strip()), re.split(r"[\s,]+", b.strip())
    if len(ta) != len(tb):
        return False
    for x, y in zip(ta, tb):
        if x == y:
            continue
        try:
            u, v = float(x), float(y)
        except ValueError:
            return False
        if not abs(u - v) <= 1e-3 * max(abs(u), abs(v), 1e-9):
            return False
    return True


def run_arch(a, arch, cases, emus, roots, folder, after_round):
    """All rounds of one architecture. Rounds are interleaved: every case once with every name,
    then all again, the emulators in the opposite order."""
    s = Session(a, arch, emus, roots, folder)
    s.calibrate(cases)
    todo = s.plan(cases)
    for (name, why) in sorted({(n, why) for _, n, why in s.omitted}):
        say("bench: %s: %d cases left out: %s"
            % (name, sum((n, w) == (name, why) for _, n, w in s.omitted), why))
    s.res = {c.name: {} for c, _ in todo}
    total, start, done = len(todo) * a.runs, time.monotonic(), 0

    def progress(c, text):
        nonlocal done
        done += 1
        spent = time.monotonic() - start
        left = ", %.0f min left" % (spent / done * (total - done) / 60) if done > len(todo) else ""
        say("[%d/%d%s] %s %s: %s" % (done, total, left, arch, c.name, text))

    # Long cases first, as soon as it is known which: else one lane waits for the other.
    cost = lambda x: -sum(r["t"]["wall"] for by in s.res[x[0].name].values() for r in by)
    for r in range(a.runs):
        turn = s.names if r % 2 == 0 else s.names[:1] + s.names[1:][::-1]
        s.round(sorted(todo, key=cost) if len(s.lanes) > 1 else todo, turn, progress)
        after_round(s)
    s.close()
    return s


# --------------------------------------------------------------------------
# Result documents.
#
# {"info": machine.describe(), "options": text, "bases": [names], "scale": {arch: {case: percent}},
#  "results": {arch: {case: {name: [run, ...]}}}, "omitted": {arch: [[case, name, why]]},
#  "summary": {arch: stats.summarise()}, "gates": {arch: stats.gates()}}

def names_of(doc):
    """Names in the order of their first appearance, native first."""
    names = []
    for res in doc["results"].values():
        for by in res.values():
            names += [n for n in by if n not in names]
    return sorted(names, key=lambda n: n != NATIVE)


def finish(doc, cases, base, gate_emu):
    names = names_of(doc)
    for arch, res in doc["results"].items():
        s = doc.setdefault("summary", {})[arch] = stats.summarise(cases, res, names)
        doc.setdefault("gates", {})[arch] = (stats.gates(s, res, gate_emu, base)
                                             if gate_emu in names else [])
    return names


def write(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.replace(path + ".new", path)


def write_results(a, doc, cases, base):
    names = finish(doc, cases, base, a.gate)
    if a.json:
        write(a.json, json.dumps(doc, indent=1) + "\n")
    if not a.out:
        return
    write(os.path.join(a.out, "result.json"), json.dumps(doc, indent=1) + "\n")
    write(os.path.join(a.out, "result.md"), report.document(doc, cases, names, base, a.gate))
    many = len(doc["results"]) > 1
    for arch in doc["results"]:
        picture = chart.svg(
            doc["summary"][arch], [n for n in (a.gate, base) if n in names] +
            [n for n in names if n not in (NATIVE, base, a.gate)], a.gate,
            "CPU time against native, %s, geometric means" % arch,
            "%s, %s, commit %s" % (doc["info"]["date"][:10], doc["info"]["machine"]["cpu"],
                                   doc["info"]["versions"]["commit"]))
        if picture:
            write(os.path.join(a.out, "result%s.svg" % ("-" + arch if many else "")), picture)


def load(paths, arches):
    """Documents merged: a later one replaces name and case of an earlier one."""
    doc = {"results": {}, "omitted": {}, "options": ""}
    for path in paths:
        with open(path) as f:
            got = json.load(f)
        doc["info"], doc["options"] = got.get("info"), got.get("options", "")
        for arch, res in got["results"].items():
            if arches and arch not in arches:
                continue
            for case, by in res.items():
                doc["results"].setdefault(arch, {}).setdefault(case, {}).update(by)
            doc["omitted"][arch] = got.get("omitted", {}).get(arch, [])
    return doc


def read(path):
    with open(path) as f:
        return json.load(f)


# --------------------------------------------------------------------------

def options():
    ap = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = ap.add_argument
    add("--emu", action="append", default=[], metavar="NAME=TEMPLATE",
        help="an emulator; {arch}, {debarch} and {rootfs} are filled in")
    add("--static-only", action="append", default=[], metavar="NAME",
        help="this emulator runs no root cases")
    add("--binfmt-flags", action="append", default=[], metavar="NAME=FLAGS",
        help="binfmt_misc flags, default F")
    add("--arch", action="append", default=[])
    add("--env", action="append", default=[], metavar="NAME=VALUE",
        help="environment of all that is measured, besides what a case has")
    add("--bin", default=os.environ.get("BENCH_BIN"))
    add("--rootfs", action="append", default=[], metavar="ARCH=DIR")
    add("--data", help="folder for input data and calibration (kept)")
    add("--cases", default="", help="regular expression of names")
    add("--classes", default="", help="comma-separated classes")
    add("--skip", default="", help="regular expression of names")
    add("--runs", type=int, default=5)
    add("--lanes", type=int, default=1,
        help="cases measured at a time, each on its share of the processors")
    add("--scale", type=int, default=100,
        help="work of the static programs, percent of the calibrated")
    add("--timeout", type=float, default=120)
    add("--metric", choices=("cpu", "wall", "both"), default="both")
    add("--base", help="emulator the others are compared with (default: the first)")
    add("--gate", default="mimus", metavar="NAME", help="emulator the limits are for")
    add("--no-native", action="store_true")
    add("--json", help="write every figure there")
    add("--out", metavar="DIR", help="write result.json, result.md and result.svg there")
    add("--load", action="append", default=[], metavar="JSON",
        help="print from these figures, run nothing")
    add("--compare", nargs=2, metavar=("OLD", "NEW"), help="compare two result files")
    add("--readme", metavar="JSON", help="print the README's table of a result file")
    add("--list", action="store_true")
    return ap.parse_args()


def choose(a):
    cases = table.all_cases()
    if a.cases:
        cases = [c for c in cases if re.search(a.cases, c.name)]
    if a.skip:
        cases = [c for c in cases if not re.search(a.skip, c.name)]
    if a.classes:
        cases = [c for c in cases if c.cls in a.classes.split(",")]
    return cases


def measure(a, cases, emus):
    """Runs everything and returns the document; its files are written after every round."""
    roots = {k[len("BENCH_ROOTFS_"):].lower(): v for k, v in os.environ.items()
             if k.startswith("BENCH_ROOTFS_")}
    roots.update(r.split("=", 1) for r in a.rootfs)
    roots = {k: os.path.abspath(v) for k, v in roots.items()}
    arches = a.arch or ["aarch64"]
    folder = os.path.abspath(a.data) if a.data else tempfile.mkdtemp()
    base = a.base or next(iter(emus), None)
    mine = ("runs", "classes", "cases", "skip")
    given = [w for k in mine for w in ("--" + k, str(getattr(a, k)))
             if getattr(a, k) and (k, getattr(a, k)) != ("runs", 5)]
    filled = {n: t.format(arch=arches[0], debarch=DEBARCH.get(arches[0], ""), rootfs="/")
              for n, t in emus.items()}
    doc = {"info": machine.describe(filled, roots), "options": " ".join(map(shlex.quote, given)),
           "scale": {}, "results": {}, "omitted": {}}
    doc["info"]["lanes"] = a.lanes
    if doc["info"]["machine"]["load_at_start"] > 1:
        say("bench: the machine is busy (load %.1f): compare CPU time, and look at the noise"
            % doc["info"]["machine"]["load_at_start"])
    if roots and any("/mnt/data" in " ".join(c.argv) for c in cases):
        data.make(folder, roots, arches)
    start = time.monotonic()

    def keep(s):
        doc["results"][s.arch], doc["omitted"][s.arch] = s.res, s.omitted
        doc["scale"][s.arch] = s.scale
        doc["info"]["seconds"] = round(time.monotonic() - start)
        write_results(a, doc, cases, base)

    for arch in arches:
        run_arch(a, arch, cases, emus, roots, folder, keep)
    if not a.data:
        shutil.rmtree(folder, ignore_errors=True)
    return doc


def main():
    a = options()
    cases = choose(a)
    emus = dict(e.split("=", 1) for e in a.emu)
    base = a.base or next(iter(emus), None) or "qemu"
    if a.list:
        for c in cases:
            print("%-20s %-9s %-7s %s" % (c.name, c.cls, c.kind, " ".join(c.argv)))
        return 0
    if a.compare:
        metric = "cpu" if a.metric == "both" else a.metric
        print(report.comparison(read(a.compare[0]), read(a.compare[1]), a.gate, metric))
        return 0
    if a.readme:
        print(report.readme(read(a.readme), a.gate, base))
        return 0
    if a.load:
        doc = load(a.load, a.arch)
        finish(doc, cases, base, a.gate)
    else:
        runner.LAUNCH[0] = os.path.join(os.path.abspath(a.bin or "."), "launch")
        if not os.path.exists(runner.LAUNCH[0]):
            say("bench: no %s: run build.sh and give its folder with --bin" % runner.LAUNCH[0])
            return 1
        doc = measure(a, cases, emus)
    print(report.document(doc, cases, names_of(doc), base, a.gate,
                          ("cpu", "wall") if a.metric == "both" else (a.metric,)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
