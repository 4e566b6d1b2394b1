#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check what -stats, -profile, -perfmap, -jitdump and -d in_asm,ir,out_asm report.

usage: run.py [--mimus CMD] [--out DIR] [--only REGEX]

The guest program guest.c does known numbers of things; the reports must say these numbers. Skips
what needs a program that is missing (the cross compiler, perf).
"""
import argparse
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys

CC = "aarch64-linux-gnu-gcc"
COLUMNS = re.compile(r"  (0x[0-9a-f]+)  (\S+).* +(\d+) \| (\S*).*\|")


class Skip(Exception):
    pass


class Run:
    """One run of mimus: status, out, err, pid."""

    def __init__(self, a, options, args, env=None):
        self.p = subprocess.Popen([a.mimus] + options + [a.guest] + args, cwd=a.out,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True,
                                  env={"PATH": os.environ["PATH"], **(env or {})})
        self.pid = self.p.pid
        self.out, self.err = self.p.communicate(timeout=60)
        self.status = self.p.returncode


def expect(what, got, want=True):
    if got != want:
        raise AssertionError("%s: %r, expected %r" % (what, got, want))


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def read_and_remove(path):
    text = read(path)
    os.unlink(path)
    return text


def reports(text):
    return [json.loads(line) for line in text.splitlines()]


# ---- -stats ----

def test_stats_counts(a):
    r = Run(a, ["-stats=json"], ["count"])
    expect("output", r.out, "counted\n")
    s, = reports(r.err)
    expect("pid", s["pid"], r.pid)
    expect("faults", s["faults"]["SIGSEGV"], 5)
    expect("exits by fault", s["exits"]["fault"], 5)
    expect("invalid operations", s["faults"]["invalid_operation"], 7)
    expect("interpreted", s["interpreted"]["fdiv"], 7)
    expect("helper", s["helpers"]["ic_ivau"], 4)
    expect("invalidations", s["code"]["invalidations"], 3)
    expect("indirect calls", 10000 <= s["lookups"]["jump_cache"] < 11000)
    expect("returns", 10000 <= s["lookups"]["returns"] < 12000)
    expect("few misses", s["lookups"]["jump_cache_misses"] < 200)
    t = s["translated"]
    expect("blocks", t["units"] <= t["blocks"] <= t["guest_instructions"])
    # Fused ones count as one.
    expect("guest bytes", 4 <= t["guest_bytes"] / t["guest_instructions"] < 4.1)
    per = s["bytes_per_insn"]["hot"] + s["bytes_per_insn"]["cold"]
    expect("host bytes", abs(per * t["guest_instructions"] / t["host_bytes"] - 1) < 0.05)
    ns = s["ns_per_insn"]
    expect("time", 0 < ns["p50"] <= ns["p99"] and ns["mean"] > 0)
    expect("phases", 0 < sum(ns[k] for k in ("lift", "analyse", "emit", "commit"))
           < 1.05 * ns["mean"])


def test_stats_text(a):
    r = Run(a, ["-stats"], ["count"])
    expect("first line", r.err.splitlines()[0], "mimus: process %d %s" % (r.pid, a.guest))
    for text in ("invalid operation 7", "SIGSEGV 5", "fdiv 7", "ic_ivau 4", "p99 "):
        expect(text, text in r.err)
    expect("width", max(map(len, r.err.splitlines()[1:])) < 110)


def test_stats_family(a):
    r = Run(a, ["-stats=json"], ["family"])
    expect("output", r.out, "family\n")
    s = reports(r.err)
    expect("reports", len(s), 3)
    expect("last", s[-1]["pid"], r.pid)
    forked = s[0]["translated"]["guest_instructions"]
    expect("a child's own work only", 0 < forked < s[1]["translated"]["guest_instructions"] / 2)


def test_stats_closed_output(a):
    expect("report", "units" in Run(a, ["-stats"], ["quiet"]).err)


def test_stats_file(a):
    log = os.path.join(a.out, "stats.log")
    r = Run(a, ["-stats=json", "-D", log], ["replace"])
    expect("stderr", r.err, "")
    s, = reports(read(log))
    expect("what replaced it reports", s["faults"]["SIGSEGV"], 5)


def test_stats_by_variable(a):
    expect("json", reports(Run(a, [], ["small"], {"MIMUS_STATS": "json"}).err)[0]["program"],
           a.guest)
    expect("text", "mimus: process" in Run(a, [], ["small"], {"MIMUS_STATS": "1"}).err)


def test_stats_killed(a):
    for sig in (signal.SIGTERM, signal.SIGABRT, signal.SIGINT):
        r = Run(a, ["-stats"], ["end", str(int(sig))])
        expect("status", r.status, -sig)
        expect("report", r.err.count("mimus: process"), 1)
    r = Run(a, ["-stats"], ["end", "9"])
    expect("SIGKILL", (r.status, r.err), (-9, ""))


def test_stats_off(a):
    r = Run(a, [], ["count"])
    expect("silent", (r.status, r.err), (0, ""))


def test_log_without_reader(a):
    """Nobody reads the log any more, or it may not grow: the guest notices nothing."""
    r, w = os.pipe()
    os.close(r)
    for log, options in ((w, ["-strace"]), (None, ["-strace", "-D", os.path.join(a.out, "full")])):
        with subprocess.Popen(["sh", "-c", "ulimit -f 0; exec \"$@\"", "sh", a.mimus] + options
                              + [a.guest, "count"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=log, restore_signals=True) as p:
            out = p.communicate(timeout=60)[0]
        expect("status and output", (p.returncode, out), (0, b"counted\n"))
    os.close(w)


def test_usage(a):
    r = Run(a, ["-stats=xml"], ["small"])
    expect("form", (r.status, "-stats=xml" in r.err), (1, True))
    r = Run(a, ["-strace=1"], ["small"])
    expect("no value", (r.status, "unknown option '-strace=1'" in r.err), (1, True))
    r = Run(a, ["-profile=/nowhere/x"], ["small"])
    expect("no file", (r.status, "/nowhere/x" in r.err), (1, True))


# ---- -profile ----

def test_profile(a):
    r = Run(a, ["-profile"], ["burn"])
    expect("title", re.match(r"mimus: profile of process %d \S+: \d+ ms" % r.pid, r.err) is not None)
    top = re.search(r"function\n +([\d.]+) +\d+  (\S+)", r.err)
    expect("function", top.group(2), "spin_here")
    expect("share", float(top.group(1)) > 50)
    block = re.search(r"symbol\n +([\d.]+) +[\d.]+ +\d+  (0x\w+) +(\d+) +(\d+) +([\d.]+)  (\S+)",
                      r.err)
    expect("block", block.group(6).startswith("spin_here+0x"))
    expect("ratio", abs(int(block.group(4)) / int(block.group(3)) - float(block.group(5))) < 0.01)
    summary = [float(x) for x in re.findall(r"([\d.]+) %", r.err)]
    expect("summary adds up", abs(sum(summary[:9]) - 100) < 1)


def test_profile_threads(a):
    r = Run(a, ["-profile"], ["threads"])
    expect("threads", "threads 3" in r.err)
    expect("function", re.search(r"function\n.*spin_here\n", r.err) is not None)


def test_profile_file(a):
    path = os.path.join(a.out, "profile.txt")
    r = Run(a, ["-profile=" + path], ["family"])
    expect("stderr", r.err, "")
    expect("reports", read(path).count("mimus: profile of process"), 3)
    Run(a, ["-profile=" + path], ["small"])
    expect("new file", read(path).count("mimus: profile of process"), 1)


def test_profile_unseen(a):
    r = Run(a, ["-profile", "-stats"], ["unseen"])
    expect("output", r.out, "interrupted 0, SIGPROF comes\n")
    expect("report", "mimus: profile" in r.err)


def test_profile_interpreter(a):
    r = Run(a, ["-accel", "interp", "-profile"], ["burn"])
    expect("share", float(re.search(r"interpreter ([\d.]+) %", r.err).group(1)) > 50)


# ---- perf's files ----

def map_names(text):
    names = {}
    for line in text.splitlines():
        start, size, name = line.split(" ", 2)
        expect("size", int(size, 16) > 0)
        names.setdefault(name, (int(start, 16), int(size, 16)))
    return names


def named(names, symbol):
    return any(n.startswith(symbol + "+0x") for n in names)


def test_perfmap(a):
    r = Run(a, ["-perfmap"], ["count"])
    text = read_and_remove("/tmp/perf-%d.map" % r.pid)
    names = map_names(text)
    for symbol in ("indirect", "one", "two", "divide", "main"):
        expect(symbol, named(names, symbol))
    expect("runtime", "mimus_runtime" in names)
    expect("made code", any(n.startswith("guest:0x") for n in names))
    pieces = sorted(tuple(int(x, 16) for x in line.split()[:2]) for line in text.splitlines())
    overlap = [p for p, q in zip(pieces, pieces[1:]) if p[0] + p[1] > q[0]]
    expect("overlaps", overlap, [])


def test_perfmap_killed(a):
    r = Run(a, ["-perfmap"], ["end", "9"])
    expect("status", r.status, -9)
    names = map_names(read_and_remove("/tmp/perf-%d.map" % r.pid))
    expect("name", named(names, "spin_here"))


def test_perfmap_exec(a):
    r = Run(a, ["-perfmap"], ["replace"])
    text = read_and_remove("/tmp/perf-%d.map" % r.pid)
    expect("both programs", text.count(" mimus_runtime\n"), 2)
    expect("second", named(map_names(text), "indirect"))


def test_perfmap_fork(a):
    r = Run(a, ["-perfmap", "-stats=json"], ["family"])
    child, second, _ = (s["pid"] for s in reports(r.err))
    names = map_names(read_and_remove("/tmp/perf-%d.map" % child))
    expect("inherited", named(names, "main") and named(names, "_start"))
    expect("its own", named(names, "spin_here"))
    names = map_names(read_and_remove("/tmp/perf-%d.map" % second))
    expect("executed", named(names, "spin_here"))
    os.unlink("/tmp/perf-%d.map" % r.pid)


def dump_records(path):
    with open(path, "rb") as f:
        data = f.read()
    magic, version, size, mach, _, pid = struct.unpack_from("<6I", data)
    expect("header", (magic, version, size, mach), (0x4a695444, 1, 40, 62))
    at, last = 40, 0
    while at < len(data):
        kind, total, stamp, p, _, vma, addr, n, _ = struct.unpack_from("<IIQIIQQQQ", data, at)
        name, code = data[at + 56:at + total].split(b"\0", 1)
        expect("record", (kind, p, vma, len(code)), (0, pid, addr, n))
        expect("order of time", stamp >= last)
        yield pid, name.decode(), code
        at, last = at + total, stamp
    expect("end", at, len(data))


def test_jitdump(a):
    r = Run(a, ["-jitdump"], ["count"])
    path = os.path.join(a.out, "jit-%d.dump" % r.pid)
    records = list(dump_records(path))
    os.unlink(path)
    expect("pid", records[0][0], r.pid)
    names = {n for _, n, _ in records}
    expect("names", named(names, "indirect") and "mimus_runtime" in names)


def test_jitdump_folder(a):
    folder = os.path.join(a.out, "dumps")
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    r = Run(a, ["-jitdump=" + folder], ["family"])
    dumps = sorted(os.listdir(folder))
    expect("files", len(dumps), 3)
    for d in dumps:
        expect("names in " + d, named({n for _, n, _ in dump_records(os.path.join(folder, d))},
                                      "main"))
    expect("own", "jit-%d.dump" % r.pid in dumps)


def test_perf(a):
    if not shutil.which("perf"):
        raise Skip("no perf")
    folder = os.path.join(a.out, "perf")
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    data, jit = os.path.join(folder, "perf.data"), os.path.join(folder, "jit.data")
    r = subprocess.run(["perf", "record", "-q", "-k", "mono", "-e", "cpu-clock", "-o", data, a.mimus,
                        "-jitdump=" + folder, a.guest, "burn"], cwd=folder, capture_output=True)
    if r.returncode or not os.path.exists(data):
        raise Skip("perf record is not allowed here")
    subprocess.run(["perf", "inject", "--jit", "-i", data, "-o", jit], cwd=folder, check=True,
                   capture_output=True)
    text = subprocess.run(["perf", "report", "--stdio", "--sort", "sym", "-i", jit], cwd=folder,
                          check=True, capture_output=True, text=True).stdout
    shutil.rmtree(folder)
    lines = [x.split() for x in text.splitlines() if x and not x.startswith("#")]
    expect("hottest", lines[0][2].startswith("spin_here+0x"))


# ---- listings ----

def symbol_range(a, name):
    text = subprocess.run(["aarch64-linux-gnu-nm", "-S", a.guest], check=True,
                          capture_output=True, text=True).stdout
    m = re.search(r"^(\w+) (\w+) \w %s$" % name, text, re.M)
    return int(m.group(1), 16), int(m.group(2), 16)


def listing(a, items, name):
    log = os.path.join(a.out, "listing.log")
    start, size = symbol_range(a, name)
    Run(a, ["-d", items, "-D", log, "-dfilter", "0x%x+0x%x" % (start, size)], ["count"])
    return start, size, read(log)


def test_listing(a):
    start, size, text = listing(a, "in_asm,ir,out_asm", "divide")
    text = text.split("\nunit ")[0]      # behind an interpreted instruction code begins anew
    rows = [COLUMNS.match(x) for x in text.splitlines()]
    rows = [m for m in rows if m]
    addresses = sorted({int(m.group(1), 16) for m in rows})
    expect("addresses", addresses, list(range(start, start + size, 4)))
    by_name = {m.group(2): m for m in rows}
    expect("IR", by_name["fdiv"].group(4).split(".")[:2], ["fdiv", "f64"])
    expect("return", by_name["ret"].group(4).split(".")[0], "exit_ret")
    head = re.search(r"block 0x%x: guest (\d+), host (\d+) \(([\d.]+)\)" % start, text)
    expect("guest", int(head.group(1)), size // 4)
    expect("host", sum(int(m.group(3)) for m in rows), int(head.group(2)))
    column = [x.rsplit("|", 1)[1] for x in text.splitlines() if "|" in x]
    code = [c for c in column if re.match(r" +\+[0-9a-f]+ ", c)]
    expect("host lines", len(code), int(head.group(2)))
    expect("division", any("divsd" in c for c in code))


def test_listing_items(a):
    _, _, text = listing(a, "in_asm", "divide")
    expect("guest alone", "fdiv d0, d0, d1" in text and "fdiv.f64" not in text and
           "divsd" not in text)
    _, _, text = listing(a, "ir", "divide")
    expect("IR alone", "fdiv.f64" in text and "fdiv d0" not in text and "divsd" not in text)
    _, _, text = listing(a, "out_asm", "divide")
    expect("host alone", "divsd" in text and "fdiv" not in text)


def test_listing_names(a):
    _, _, text = listing(a, "out_asm", "indirect")
    expect("jump cache", "; jump cache" in text)
    expect("poll", "; poll" in text)
    expect("branch", re.search(r"; to 0x[0-9a-f]+", text) is not None)


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--out", default="build/observe")
    ap.add_argument("--only", default="")
    a = ap.parse_args()
    a.mimus, a.out = os.path.abspath(a.mimus), os.path.abspath(a.out)
    a.guest = os.path.join(a.out, "guest")
    os.makedirs(a.out, exist_ok=True)
    tests = [(n[5:], f) for n, f in sorted(globals().items())
             if n.startswith("test_") and re.search(a.only, n)]
    if not shutil.which(CC):
        print("skipped %d: no %s" % (len(tests), CC))
        print("0 passed, 0 failed, %d skipped" % len(tests))
        return 0
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guest.c")
    subprocess.run([CC, "-O2", "-static", "-D_GNU_SOURCE=", "-pthread", "-o", a.guest, source],
                   check=True)
    passed = failed = skipped = 0
    for name, test in tests:
        try:
            test(a)
            passed += 1
        except Skip as why:
            skipped += 1
            print("skipped %s: %s" % (name, why))
        except Exception as why:    # noqa: a broken report may break anything
            failed += 1
            print("FAIL %s: %s: %s" % (name, type(why).__name__, why))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
