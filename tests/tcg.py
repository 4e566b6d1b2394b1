#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the guest programs of another emulator's test suite.

usage: tcg.py [--mimus CMD] [--suite SUITE] [--source DIR] [--only REGEX] [--engines jit,interp]
              [--jobs N] [--out DIR] [--verbose]

The programs are tests/tcg/multiarch and tests/tcg/aarch64 of QEMU's source, which comes from
Debian's source package of SUITE (scripts/debian-source; kept in the cache by content) and is not part
of this tree. Each C file is built statically with the cross compiler, with the options the suite's
own makefiles give it (TABLE below), and run under each engine; it passes when its exit status is 0
and, where the suite has a .ref file, its output is that file. What cannot pass is named below with the
reason; whatever does not build is skipped with the compiler's first error.
"""
import argparse
import concurrent.futures
import os
import re
import shlex
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CC = "aarch64-linux-gnu-gcc"
CFLAGS = ["-w", "-O0", "-g", "-fno-strict-aliasing", "-static"]
PATTERNS = ["tests/tcg/multiarch/*", "tests/tcg/aarch64/*", "tests/tcg/arm/fcvt.c", "include/*",
            "tests/tcg/minilib/*"]
SECONDS = 120

# Some count on headers of a later libc that bring stdint.h along.
STDINT = "-include stdint.h"

# Program: options of the compiler, and after "--" of the emulator; in the suite's makefiles.
TABLE = {
    r"dcpop": "-march=armv8.2-a " + STDINT,
    r"dcpodp": "-march=armv8.5-a " + STDINT,
    r"pauth-[12]|test-2375": "-march=armv8.3-a -- -cpu max,pauth=on",
    r"pauth-[45]": "-march=armv8.3-a " + STDINT + " -- -cpu neoverse-v1",
    r"bti-[13]": "-fno-stack-protector -mbranch-protection=standard -nostdlib",
    r"test-aes": "-O -march=armv8-a+aes",
    r"sha1-vector|sha512-vector": "-O3",
}

# Sources changed before they are built: their handlers return with PSTATE.M = 1, which is no state of
# EL0; the kernel answers with SIGSEGV (arch/arm64/kernel/ptrace.c, valid_user_regs).
CHANGES = {r"bti-[123]": ("pstate = 1;", "pstate = 0;")}

# Variants: another program of the same source.
VARIANTS = {"sha1-vector": "sha1", "sha512-vector": "sha512"}

LEFT_OUT = {
    r"mte-.*": "MTE is not offered",
    r"sve-.*|sme-.*|test-826": "SVE and SME are not offered",
    r"segfault": "dies by design, for a debugger to look at",
    r"sysregs": "wants SIGILL for MVFR0_EL1 and MVFR1_EL1, which Linux reads for programs "
                "(arch/arm64/kernel/cpufeature.c, is_emulated)",
    r"late-attach": "waits for a debugger",
}


def source_dir(suite):
    command = ["sh", os.path.join(ROOT, "scripts", "debian-source"), suite, "qemu"] + PATTERNS
    r = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    return r.stdout.strip().splitlines()[-1] if r.returncode == 0 and r.stdout.strip() else None


def matching(table, name):
    return next((v for k, v in table.items() if re.fullmatch(k, name)), None)


def programs(tcg):
    """(name, source, reference output or None) of each program."""
    found = {}
    for folder in ("multiarch", "multiarch/linux", "aarch64"):
        where = os.path.join(tcg, folder)
        for f in sorted(os.listdir(where)):
            if f.endswith(".c"):
                found[f[:-2]] = os.path.join(where, f)
    if os.path.exists(os.path.join(tcg, "arm", "fcvt.c")):
        found["fcvt"] = os.path.join(tcg, "arm", "fcvt.c")
    for name, base in VARIANTS.items():
        found[name] = found[base]
    for name, source in sorted(found.items()):
        ref = os.path.join(tcg, "aarch64", name + ".ref")
        yield name, source, ref if os.path.exists(ref) else None


def build(name, source, tcg, out):
    """Path of the program; None, and the compiler's first error, when it does not build."""
    exe = os.path.join(out, name)
    extra = shlex.split((matching(TABLE, name) or "").partition(" -- ")[0]) or []
    if name.startswith("float_"):
        extra.append(os.path.join(tcg, "multiarch", "libs", "float_helpers.c"))
    top = os.path.dirname(os.path.dirname(tcg))
    include = ["-I" + os.path.join(tcg, d) for d in ("multiarch", "multiarch/libs", "aarch64")]
    include += ["-I" + os.path.join(top, "include"), "-I" + top]
    change = matching(CHANGES, name)
    if change:
        with open(source, encoding="utf-8") as f:
            text = f.read()
        source = exe + ".c"
        with open(source, "w", encoding="utf-8") as f:
            f.write(text.replace(*change))
    r = subprocess.run([CC] + CFLAGS + include + ["-o", exe, source] + extra +
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
    name, source, ref, tcg, out, engines, mimus = job
    why = matching(LEFT_OUT, name)
    if why:
        return name, why, []
    exe, error = build(name, source, tcg, out)
    if not exe:
        return name, "does not build: " + error, []
    options = shlex.split((matching(TABLE, name) or "").partition(" -- ")[2])
    results = [(e, run(mimus + options + ([] if e == "jit" else ["-accel", e]), exe, ref))
               for e in engines]
    return name, None, results


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--suite", default="trixie")
    ap.add_argument("--source", help="a source tree instead of Debian's package")
    ap.add_argument("--only", default="")
    ap.add_argument("--engines", default="jit,interp")
    ap.add_argument("--jobs", type=int, default=2)
    ap.add_argument("--out", default="build/tcg")
    ap.add_argument("--verbose", action="store_true")
    a = ap.parse_args()
    top = a.source or (shutil.which(CC) and source_dir(a.suite))
    if not top:
        print("skipped: no %s" % ("source package of the suite" if shutil.which(CC) else CC))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    tcg, out = os.path.join(top, "tests", "tcg"), os.path.abspath(a.out)
    os.makedirs(out, exist_ok=True)
    mimus = shlex.split(a.mimus)
    mimus[0] = os.path.abspath(mimus[0])
    jobs = [(n, s, r, tcg, out, a.engines.split(","), mimus) for n, s, r in programs(tcg)
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
