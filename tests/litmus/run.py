#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the litmus tests: outcomes of small concurrent programs that the architecture forbids.

usage: run.py [--arch aarch64|riscv64] [--mimus CMD] [--out DIR] [--iterations N] [--cpus N]
              [--engines jit,interp] [--seed N] [--only PREFIX,...] [--verbose]

litmus.c and ARCH/tests.h, built with the cross compiler, hold the tests and count outcomes; here it is run on
N CPUs under each engine (the interpreter with a twentieth of the iterations). A forbidden outcome
that is seen even once fails. That an allowed one (NAME-control) is not seen never does, but says
that the run proved little: the threads did not overlap. --mimus may be another emulator's command,
with --engines jit.
"""
import argparse
import os
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CC = "%s-linux-gnu-gcc"         # of the guest
CFLAGS = ["-std=gnu17", "-O2", "-Wall", "-Wextra", "-static", "-pthread"]
INTERP_SHARE = 20


def build(arch, out):
    os.makedirs(out, exist_ok=True)
    exe, source = os.path.join(out, "litmus." + arch), os.path.join(HERE, "litmus.c")
    newest = max(os.path.getmtime(f) for f in (source, os.path.join(HERE, arch, "tests.h")))
    if not os.path.exists(exe) or os.path.getmtime(exe) < newest:
        subprocess.run([CC % arch] + CFLAGS + ["-o", exe, source], check=True)
    return exe


def on_cpus(n):
    """Called in the child: stay on the first n CPUs."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n])


def run(engine, command, a):
    """Returns numbers of tests that passed, failed, were skipped."""
    iterations = a.iterations if engine == "jit" else max(1, a.iterations // INTERP_SHARE)
    command = command + [a.exe, "-n", str(iterations), "-s", str(a.seed)]
    command += [x for x in a.only.split(",") if x]
    counts, controls, skips = {"ok": 0, "FORBIDDEN": 0}, [], {}
    p = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                         preexec_fn=lambda: on_cpus(a.cpus))
    for line in p.stdout:
        name, *rest = line.split()
        if rest and rest[0] == "skipped:":
            skips.setdefault(" ".join(rest[1:]), []).append(name)
        elif rest[2] in counts:
            counts[rest[2]] += 1
        else:
            controls.append("%s %s" % (name, rest[1]))
        if a.verbose or line.endswith("FORBIDDEN\n"):
            print("%s: %s" % (engine, line), end="")
    status = p.wait()
    if status != (counts["FORBIDDEN"] != 0):
        print("%s: ended with status %d" % (engine, status))
        counts["FORBIDDEN"] += 1
    for why, names in skips.items():
        print("%s: skipped, as the guest has %s: %s" % (engine, why, " ".join(names)))
    print("%s: %d iterations each on %d CPUs; allowed outcomes seen: %s"
          % (engine, iterations, min(a.cpus, os.cpu_count() or 1), ", ".join(controls)), flush=True)
    return counts["ok"], counts["FORBIDDEN"], sum(map(len, skips.values()))


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--arch", default="aarch64")
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--out", default="build/litmus")
    ap.add_argument("--iterations", type=int, default=100000)
    ap.add_argument("--cpus", type=int, default=2)
    ap.add_argument("--engines", default="jit,interp")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--only", default="", help="prefixes of names")
    ap.add_argument("--verbose", action="store_true")
    a = ap.parse_args()
    if not shutil.which(CC % a.arch):
        print("skipped: no %s" % (CC % a.arch))
        print("0 passed, 0 failed, 1 skipped")
        return 0
    a.exe = build(a.arch, a.out)
    total = [0, 0, 0]
    for engine in a.engines.split(","):
        command = shlex.split(a.mimus) + ([] if engine == "jit" else ["-accel", engine])
        total = [x + y for x, y in zip(total, run(engine, command, a))]
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return total[1] != 0


if __name__ == "__main__":
    sys.exit(main())
