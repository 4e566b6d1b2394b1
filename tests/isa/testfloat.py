#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Berkeley TestFloat's level 1 vectors against a guest's instructions, under both engines.

usage: testfloat.py [--guest aarch64|riscv64] [--mimus CMD] [--tool isa-words] [--source DIR] [--oracle CMD] [--cases N]
                    [--functions REGEX] [--engines jit,interp] [--jobs N] [--out DIR]

TestFloat and SoftFloat are built from Debian's source package of QEMU (scripts/debian-source),
which carries them, or from DIR with the folders berkeley-testfloat-3 and berkeley-softfloat-3.
Of SoftFloat the guest's variant is built, with the guest's NaNs and tininess.
For each function and rounding mode testfloat_gen writes vectors, and testfloat_guest.c executes
the instruction that stands for it. With --cases N of a function's vectors about N are executed,
evenly spread; 0 is all. --oracle checks the guest program itself under another emulator.
"""
import argparse
import concurrent.futures
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import isa   # noqa: E402

# Of each guest: compiler, SoftFloat's variant, option for tininess. Arm's has the default NaN (FPCR.DN).
GUESTS = {
    "aarch64": ("aarch64-linux-gnu-gcc", "ARM-VFPv2-defaultNaN", "-tininessbefore"),
    "riscv64": ("riscv64-linux-gnu-gcc", "RISCV", "-tininessafter"),
}
SUITES = ("trixie", "sid")          # whose QEMU carries both as subprojects
SHOWN = 40
# Vectors of level 1 where they are many; what is not here has fewer than 400,000.
MANY = {"mulAdd": 6133248}


def find_source(given):
    if given:
        return given
    for suite in SUITES:
        r = subprocess.run([os.path.join(ROOT, "scripts", "debian-source"), suite, "qemu",
                            "subprojects/berkeley-*"], stdout=subprocess.PIPE, text=True)
        path = r.stdout.strip()
        if r.returncode == 0 and os.path.isdir(os.path.join(path, "subprojects")):
            return os.path.join(path, "subprojects")
    return None


def build_gen(source, out, variant):
    """testfloat_gen, by the projects' own makefiles, in folders of ours."""
    gen = os.path.join(out, "testfloat", "testfloat_gen")
    if os.path.exists(gen):
        return gen
    soft = os.path.join(source, "berkeley-softfloat-3")
    test = os.path.join(source, "berkeley-testfloat-3")
    host = os.path.join("build", "Linux-x86_64-GCC")
    for name, top, target, options in (
            ("softfloat", soft, "softfloat.a", ["SPECIALIZE_TYPE=" + variant]),
            ("testfloat", test, "testfloat_gen", ["SOFTFLOAT_DIR=" + soft, "SOFTFLOAT_LIB=" +
             os.path.join(out, "softfloat", "softfloat.a")])):
        folder = os.path.join(out, name)
        os.makedirs(folder, exist_ok=True)
        shutil.copy(os.path.join(top, host, "platform.h"), folder)
        # Our own make's variables mean something else there.
        env = {k: v for k, v in os.environ.items()
               if not k.startswith("MAKE") and k not in ("MFLAGS", "O", "CC")}
        r = subprocess.run(["make", "-s", "-j2", "-f", os.path.join(top, host, "Makefile"),
                            "SOURCE_DIR=" + os.path.join(top, "source"), *options, target],
                           cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True)
        if r.returncode:
            print(r.stdout[-2000:])
            return None
    return gen


def gen_command(gen, tininess, function, mode):
    """TestFloat's way to ask for it; conversions tell that they are inexact."""
    exact = "-exact"
    function = function[:-3] if function.endswith("_rm") else function
    if function.endswith("_roundToInt"):
        exact = "-notexact"
    name = function[:-6] if function.endswith("_exact") else function
    return [gen, "-level", "1", tininess, "-r" + mode, exact, name]


def stride_of(function, cases):
    if not cases:
        return 1
    many = next((n for end, n in MANY.items() if re.search(end + "(_rm)?$", function)), 50000)
    return max(1, many // cases)


def make_vectors(gen, tininess, path, function, mode, cases):
    """Evenly spread lines of testfloat_gen's output, in a file."""
    with open(path, "wb") as f:
        g = subprocess.Popen(gen_command(gen, tininess, function, mode), stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        subprocess.run(["awk", "NR %% %d == 0" % stride_of(function, cases)], stdin=g.stdout,
                       stdout=f, check=True)
        g.stdout.close()
        g.wait()


def execute(guest, command, path, function, mode):
    """(cases, errors, what it printed)."""
    try:
        with open(path, "rb") as f:
            r = subprocess.run(command + [guest, function, mode], stdin=f, timeout=900,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        text = r.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        text = "timed out"
    lines = text.splitlines()
    m = re.fullmatch(r"(\d+) (\d+)", lines[-1]) if lines else None
    if not m or m.group(1) == "0":
        return 0, 1, "%s %s: %s" % (function, mode, text[-300:])
    return int(m.group(1)), int(m.group(2)), "\n".join(lines[:-1])


def run_one(gen, tininess, guest, commands, out, function, mode, cases):
    """What execute() returns, for each command."""
    path = os.path.join(out, "vectors.%s.%s" % (function, mode))
    make_vectors(gen, tininess, path, function, mode, cases)
    results = [execute(guest, c, path, function, mode) for _, c in commands]
    os.unlink(path)
    return results


def run_all(commands, gen, tininess, guest, plan, a, out):
    """(functions and modes without an error, with one), over all commands."""
    sums = {name: [0, 0, 0] for name, _ in commands}
    shown = 0
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        jobs = [pool.submit(run_one, gen, tininess, guest, commands, out, f, m, a.cases) for f, m in plan]
        for job in jobs:
            for (name, _), (n, bad, text) in zip(commands, job.result()):
                sums[name] = [x + y for x, y in zip(sums[name], (n, bad, bool(bad)))]
                if bad and shown < SHOWN:
                    shown += 1
                    print("%s: %d errors of %d\n%s" % (name, bad, n, text), flush=True)
    for name, (n, bad, where) in sums.items():
        print("%s: %d functions and modes, %d cases, %d errors in %d" % (
            name, len(plan), n, bad, where))
    failed = sum(s[2] for s in sums.values())
    return len(plan) * len(commands) - failed, failed


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--guest", default="aarch64", choices=sorted(GUESTS))
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--tool", default="build/isa-words")
    ap.add_argument("--source", help="folder with both projects")
    ap.add_argument("--oracle", help="run under this command, too")
    ap.add_argument("--cases", type=int, default=0)
    ap.add_argument("--functions", default="", help="regular expression")
    ap.add_argument("--engines", default="jit,interp")
    ap.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    ap.add_argument("--out", default="build/isa")
    a = ap.parse_args()
    compiler, variant, tininess = GUESTS[a.guest]
    out = os.path.join(os.path.abspath(a.out), "" if a.guest == "aarch64" else a.guest)
    os.makedirs(out, exist_ok=True)
    source = find_source(a.source)
    guest = isa.build_guest(out, "testfloat_guest", a.guest)
    gen = build_gen(source, out, variant) if source and guest else None
    if not gen:
        print("skipped: no %s" % (compiler if not guest else "TestFloat"))
        print("0 passed, %d failed, 1 skipped" % bool(source and guest))
        return bool(source and guest)
    start = time.monotonic()
    mimus = shlex.split(a.mimus)
    listed = subprocess.run(mimus + [guest, "list"], stdout=subprocess.PIPE, text=True).stdout
    plan = [tuple(x.split()) for x in listed.splitlines() if re.search(a.functions, x)]
    # Half precision's own arithmetic; conversions between formats are there without it.
    if a.guest == "aarch64" and "fp16" not in isa.read_tool_rows(a.tool)[1]:
        half = [p for p in plan if "f16" in p[0] and not re.match(r"f\d+_to_f\d+$", p[0])]
        plan = [p for p in plan if p not in half]
        print("left out: %d functions and modes of f16: fp16 is not advertised" % len(half))
    commands = [(e, isa.diff.engine(mimus, e)) for e in a.engines.split(",") if e]
    if a.oracle:
        commands.append(("oracle", shlex.split(a.oracle)))
    passed, failed = run_all(commands, gen, tininess, guest, plan, a, out)
    print("%.0f s" % (time.monotonic() - start))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
