#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the guest programs of another emulator's test suite.

usage: tcg.py [--arch aarch64|riscv64] [--mimus CMD] [--suite SUITE] [--source DIR]
              [--only REGEX] [--engines jit,interp] [--jobs N] [--out DIR] [--verbose]

The programs are tests/tcg/multiarch and tests/tcg/ARCH of QEMU's source, which comes from
Debian's source package of SUITE (scripts/debian-source; kept in the cache by content) and is not part
of this tree. Each C file is built statically with the cross compiler, with the options the suite's
own makefiles give it (the tables in tests/tcg/ARCH.py), and run under each engine; it passes when its exit status is 0
and, where the suite has a .ref file, its output is that file. What cannot pass is named there with the
reason; whatever does not build is skipped with the compiler's first error.
"""
import argparse
import concurrent.futures
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
CFLAGS = ["-w", "-O0", "-g", "-fno-strict-aliasing", "-static"]
PATTERNS = ["tests/tcg/multiarch/*", "tests/tcg/aarch64/*", "tests/tcg/riscv64/*",
            "tests/tcg/arm/fcvt.c", "include/*", "tests/tcg/minilib/*"]
SECONDS = 120

def load_guest(arch):
    spec = importlib.util.spec_from_file_location("tcg_" + arch, os.path.join(HERE, "tcg",
                                                                              arch + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def source_dir(suite):
    command = ["sh", os.path.join(ROOT, "scripts", "debian-source"), suite, "qemu"] + PATTERNS
    r = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    return r.stdout.strip().splitlines()[-1] if r.returncode == 0 and r.stdout.strip() else None


def matching(table, name):
    return next((v for k, v in table.items() if re.fullmatch(k, name)), None)


def programs(guest, tcg):
    """(name, source, reference output or None) of each program."""
    found = {}
    for folder in ("multiarch", "multiarch/linux", guest.ARCH):
        where = os.path.join(tcg, folder)
        for f in sorted(os.listdir(where)):
            if f.endswith(".c"):
                found[f[:-2]] = os.path.join(where, f)
    for name, base in guest.VARIANTS.items():
        found[name] = found.get(base) or os.path.join(tcg, base)
    for name, source in sorted(found.items()):
        ref = os.path.join(tcg, guest.ARCH, name + ".ref")
        if os.path.exists(source):
            yield name, source, ref if os.path.exists(ref) else None


def build(guest, name, source, tcg, out):
    """Path of the program; None, and the compiler's first error, when it does not build."""
    exe = os.path.join(out, name)
    extra = shlex.split((matching(guest.TABLE, name) or "").partition(" -- ")[0]) or []
    if name.startswith("float_"):
        extra.append(os.path.join(tcg, "multiarch", "libs", "float_helpers.c"))
    top = os.path.dirname(os.path.dirname(tcg))
    include = ["-I" + os.path.join(tcg, d) for d in ("multiarch", "multiarch/libs", guest.ARCH)]
    include += ["-I" + os.path.join(top, "include"), "-I" + top]
    change = matching(guest.CHANGES, name)
    if change:
        with open(source, encoding="utf-8") as f:
            text = f.read()
        source = exe + ".c"
        with open(source, "w", encoding="utf-8") as f:
            f.write(text.replace(*change))
    r = subprocess.run([guest.CC] + CFLAGS + include + ["-o", exe, source] + extra +
                       ([] if "-nostdlib" in extra else ["-lm", "-lrt", "-lpthread"]),
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, text=True)
    if r.returncode == 0:
        return exe, None
    errors = re.findall(r"(?:error|undefined).*", r.stderr) or [r.stderr.strip()[-100:]]
    return None, errors[0]


def run(command, exe, ref):
    """None when it passes, else what is wrong."""
    where = exe + ".d"
    os.makedirs(where, exist_ok=True)
    try:
        # linux-sigrtminmax runs itself again by this name.
        env = dict(os.environ, QEMU=command[0])
        r = subprocess.run(command + [exe], cwd=where, env=env, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "hangs"
    if r.returncode:
        tail = (r.stderr or r.stdout).decode(errors="replace").strip().splitlines()[-1:]
        return "status %d %s" % (r.returncode, " ".join(tail)[:120])
    if ref:
        with open(ref, "rb") as f:
            lines, want = r.stdout.splitlines(), f.read().splitlines()
        for i, (x, y) in enumerate(zip(lines + [b""], want + [b""])):
            if x != y:
                return "line %d: expected '%s', got '%s'" % (i + 1, y.decode(), x.decode())
    return None


def one(job):
    """(name, how it is left out or None, [(engine, what is wrong or None)])"""
    guest, name, source, ref, tcg, out, engines, mimus = job
    why = matching(guest.LEFT_OUT, name)
    if why:
        return name, why, []
    exe, error = build(guest, name, source, tcg, out)
    if not exe:
        return name, "does not build: " + error, []
    options = shlex.split((matching(guest.TABLE, name) or "").partition(" -- ")[2])
    results = [(e, run(mimus + options + ([] if e == "jit" else ["-accel", e]), exe, ref))
               for e in engines]
    return name, None, results


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--arch", default="aarch64")
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--suite", default="trixie")
    ap.add_argument("--source", help="a source tree instead of Debian's package")
    ap.add_argument("--only", default="")
    ap.add_argument("--engines", default="jit,interp")
    ap.add_argument("--jobs", type=int, default=2)
    ap.add_argument("--out", default="build/tcg")
    ap.add_argument("--verbose", action="store_true")
    a = ap.parse_args()
    guest = load_guest(a.arch)
    compiler = shutil.which(guest.CC)
    top = a.source or (compiler and source_dir(a.suite))
    if not top:
        print("skipped: no %s" % ("source package of the suite" if compiler else guest.CC))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    tcg, out = os.path.join(top, "tests", "tcg"), os.path.abspath(os.path.join(a.out, a.arch))
    os.makedirs(out, exist_ok=True)
    mimus = shlex.split(a.mimus)
    mimus[0] = os.path.abspath(mimus[0])
    jobs = [(guest, n, s, r, tcg, out, a.engines.split(","), mimus) for n, s, r in programs(guest, tcg)
            if re.search(a.only, n)]
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for name, why, results in pool.map(one, jobs):
            if why:
                print("%s: left out: %s" % (name, why))
                skipped += 1
            for engine, wrong in results:
                failed += wrong is not None
                passed += wrong is None
                if wrong or a.verbose:
                    print("%s %s: %s" % (name, engine, wrong or "ok"), flush=True)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
