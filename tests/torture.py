#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the execute tests of a compiler's torture suite as guest programs.

usage: torture.py [--arch aarch64|riscv64] [--mimus CMD] [--oracle CMD]
                  [--opts="-O0 -O3,-funroll-loops"] [--only REGEX] [--engines jit,interp] [--jobs N] [--out DIR] FOLDER...

A FOLDER is gcc/testsuite/gcc.c-torture/execute of a GCC source tree (Debian: the package
gcc-12-source), or another of that suite: execute/ieee, gcc.target/aarch64/advsimd-intrinsics,
gcc.dg/vect. Each test is one C file that calls abort() when something is wrong. It is built
statically by ARCH-linux-gnu-gcc for every optimisation level and run; its exit status must be
that of the oracle (0 where there is none; tests that fail under the oracle as well are left
out). Programs and the oracle's answers are kept in DIR, so that a second run only runs Mimus.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CC = "%s-linux-gnu-gcc"         # of the guest
# Half of the suite is older than prototypes.
CFLAGS = ["-w", "-std=gnu17", "-static"]
# As Mimus by default: with LSE, for one. 930529-1 at -O3 has an empty main() (GCC takes all of it to
# be unreachable), which falls into a function whose result depends on that.
CPU = "max"
BUILD_SECONDS, RUN_SECONDS = 120, 60


def find_oracle(arch):
    r = subprocess.run([os.path.join(ROOT, "scripts", "newest-qemu"), arch],
                       stdout=subprocess.PIPE, text=True)
    return [r.stdout.strip().splitlines()[-1], "-cpu", CPU] if r.returncode == 0 else None


def dg_options(source):
    """The options a test names for itself, as far as they are for every machine."""
    with open(source, encoding="latin-1") as f:
        found = re.findall(r'dg-(?:additional-)?options "([^"]*)" *}', f.read())
    return [o for line in found for o in line.split() if not o.startswith("-O")]


def build(cc, source, opt, exe):
    """Whether exe is there; that a source does not build is kept as EXE.bad."""
    newest = os.path.getmtime(source)
    for path, answer in ((exe, True), (exe + ".bad", False)):
        if os.path.exists(path) and os.path.getmtime(path) >= newest:
            return answer
    extra = dg_options(source)
    extra += ["-DSIGNAL_SUPPRESS"] if "/ieee/" in source else []
    try:
        r = subprocess.run([cc] + CFLAGS + extra + opt.split(",") +
                           ["-o", exe + ".tmp", source, "-lm"],
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=BUILD_SECONDS)
        good = r.returncode == 0
    except subprocess.TimeoutExpired:
        good = False
    if good:
        os.replace(exe + ".tmp", exe)
    else:
        open(exe + ".bad", "w").close()
    return good


def run(command, exe):
    """Exit status; minus the signal's number, or None when it hangs."""
    where = exe + ".d"
    os.makedirs(where, exist_ok=True)
    try:
        r = subprocess.run(command + [exe], cwd=where, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           timeout=RUN_SECONDS)
        return r.returncode
    except subprocess.TimeoutExpired:
        return None


def wanted(oracle, exe):
    if not oracle:
        return 0
    path = exe + ".oracle"
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(exe):
        status = run(oracle, exe)
        with open(path, "w") as f:
            f.write(str(status))
    with open(path) as f:
        return 0 if f.read() == "0" else None


def one(job):
    """(name, {engine: status}) of one program; None for one that is left out."""
    name, cc, source, opt, exe, oracle, runners = job
    if not build(cc, source, opt, exe) or wanted(oracle, exe) != 0:
        return name, None
    result = {engine: run(command, exe) for engine, command in runners}
    shutil.rmtree(exe + ".d", ignore_errors=True)
    return name, result


def jobs_of(a, oracle, runners):
    for base in a.folder:
        for source in sorted(glob.glob(os.path.join(os.path.abspath(base), "*.c"))):
            name = os.path.basename(source)[:-2]
            if not re.search(a.only, name):
                continue
            for opt in a.opts.split():
                where = os.path.join(os.path.abspath(a.out), a.arch, opt.lstrip("-").replace(",", ""),
                                     os.path.basename(os.path.dirname(source)))
                os.makedirs(where, exist_ok=True)
                yield (name + " " + opt, CC % a.arch, source, opt, os.path.join(where, name), oracle, runners)


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder", nargs="*")
    ap.add_argument("--arch", default="aarch64")
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--oracle", help="default: the newest qemu-ARCH there is; '' for none")
    ap.add_argument("--opts", default="-O0 -O1 -O2 -O3")
    ap.add_argument("--only", default="", help="regular expression of test names")
    ap.add_argument("--engines", default="jit")
    ap.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    ap.add_argument("--out", default="build/torture")
    a = ap.parse_args()
    if not a.folder or not shutil.which(CC % a.arch):
        print("skipped: no %s" % (CC % a.arch if a.folder else
                                  "folder of torture tests (make TORTURE=.../execute)"))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    mimus = shlex.split(a.mimus)
    mimus[0] = os.path.abspath(mimus[0])
    oracle = find_oracle(a.arch) if a.oracle is None else shlex.split(a.oracle)
    runners = [(e, mimus + ([] if e == "jit" else ["-accel", e])) for e in a.engines.split(",")]
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for name, result in pool.map(one, jobs_of(a, oracle, runners)):
            if result is None:
                skipped += 1
                continue
            bad = ["%s: %s" % (e, "hangs" if s is None else "status %d" % s)
                   for e, s in result.items() if s != 0]
            failed += bool(bad)
            passed += not bad
            if bad:
                print("%s: %s" % (name, ", ".join(bad)), flush=True)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
