#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run all instruction cases on both engines and add up.

usage: run.py BINARY FOLDER [REGEX]

FOLDER has one folder for each guest with *.case files; REGEX limits the files. On a host CPU
with AVX the JIT runs once more restricted to SSE (MIMUS_CPU_MASK=sse). Shows the first failures
of each run and, as information, how many lifted decode rows have a case.
"""
import glob
import os
import re
import subprocess
import sys

SHOW = 25


def run(binary, accel, guest, files, env):
    """Returns (passed, failed)."""
    p = subprocess.run([binary, accel, guest] + files, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, errors="replace",
                       env={**os.environ, **env})
    lines = p.stdout.splitlines()
    m = re.match(r"(\d+) passed, (\d+) failed$", lines[-1] if lines else "")
    passed, failed = (int(m.group(1)), int(m.group(2))) if m else (0, 1)
    if p.returncode and not failed:
        failed = 1
    name = "%s %s%s" % (guest, accel, " sse" if env else "")
    if failed:
        print("\n".join(lines[:2 * SHOW]))
        if len(lines) > 2 * SHOW:
            print("... (%d more lines)" % (len(lines) - 2 * SHOW))
    print("%s: %d ok, %d not" % (name, passed, failed), flush=True)
    return passed, failed


def main():
    if len(sys.argv) < 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    binary, folder = os.path.abspath(sys.argv[1]), sys.argv[2]
    pattern = sys.argv[3] if len(sys.argv) > 3 else ""
    with open("/proc/cpuinfo") as f:
        avx = " avx2 " in f.read()
    runs = [("interp", {}), ("jit", {})] + ([("jit", {"MIMUS_CPU_MASK": "sse"})] if avx else [])
    passed = failed = 0
    for guest in sorted(os.listdir(folder)):
        files = sorted(f for f in glob.glob(os.path.join(folder, guest, "*.case"))
                       if re.search(pattern, f))
        if not files:
            continue
        for accel, env in runs:
            p, f = run(binary, accel, guest, files, env)
            passed, failed = passed + p, failed + f
        if not pattern:
            rows = subprocess.run([binary, "-r", "jit", guest] + files, stdout=subprocess.PIPE,
                                  text=True).stdout.splitlines()
            print("%s: %s" % (guest, rows[-1] if rows else "no list of rows"))
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
