#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs of 32-bit RISC-V on both engines, against NAME.expected.

usage: run.py [--mimus CMD] [--out DIR] [--oracle CMD] [--update]

There is no 32-bit RISC-V Debian, so the programs bring all they need (rt.h); the compiler for 64 bits
makes them. Each line of output is a check. --oracle runs them under another emulator, too; --update
writes the expected lines from it, or else from the interpreter, for review.
"""
import argparse
import glob
import os
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CC = "riscv64-linux-gnu-gcc"
FLAGS = ("-march=rv32imafdc -mabi=ilp32d -O1 -nostdlib -static -ffreestanding -fno-builtin "
         "-fno-stack-protector -Wl,--no-relax -Wall -Wextra").split()


def lines_of(command, program):
    try:
        r = subprocess.run(command + [program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=60)
    except subprocess.TimeoutExpired:
        return ["timed out"]
    end = [] if r.returncode == 0 else ["exit status %d" % r.returncode]
    return r.stdout.decode(errors="replace").splitlines() + end


def check(source, a):
    name = os.path.splitext(os.path.basename(source))[0]
    program, listed = os.path.join(a.out, name), os.path.join(HERE, name + ".expected")
    subprocess.run([CC, *FLAGS, "-o", program, source], check=True)
    mimus = shlex.split(a.mimus)
    runs = {"jit": mimus, "interp": mimus + ["-accel", "interp"]}
    if a.oracle:
        runs["oracle"] = shlex.split(a.oracle)
    got = {run: lines_of(command, program) for run, command in runs.items()}
    if a.update:
        with open(listed, "w", encoding="utf-8") as f:
            f.write("\n".join(got["oracle" if a.oracle else "interp"]) + "\n")
    with open(listed, encoding="utf-8") as f:
        want = f.read().splitlines()
    passed = failed = 0
    for run, lines in got.items():
        for i in range(max(len(want), len(lines))):
            w = want[i] if i < len(want) else "(nothing)"
            g = lines[i] if i < len(lines) else "(nothing)"
            if w == g:
                passed += 1
            else:
                failed += 1
                print("%s %s, line %d: %s, expected %s" % (name, run, i + 1, g, w))
    return passed, failed


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--out", default="build/narrow")
    ap.add_argument("--oracle")
    ap.add_argument("--update", action="store_true")
    a = ap.parse_args()
    if not shutil.which(CC):
        print("skipped: no " + CC)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    os.makedirs(a.out, exist_ok=True)
    total = [0, 0]
    for source in sorted(glob.glob(os.path.join(HERE, "*.c"))):
        for i, n in enumerate(check(source, a)):
            total[i] += n
    print("%d passed, %d failed" % tuple(total))
    return total[1] != 0


if __name__ == "__main__":
    sys.exit(main())
