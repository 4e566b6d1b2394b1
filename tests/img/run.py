#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disk images: mimus-img and its block layer against qemu-img, qemu-io and a model in Python.

usage: run.py --bin DIR --out DIR [--san DIR] [--mutants N] [--only WORD] [--seed N]

DIR has mimus-img and img-io (io.c), with --san those built with sanitizers. A case is a function
case_* here or in a file *_cases.py; it says what is wrong by raising.
"""
import argparse
import multiprocessing
import os
import shutil
import sys
import time
import traceback

import cli_cases
import kill_cases
import mutant_cases
import random_cases
from kit import Kit, Skipped, Wrong


def run_case(job):
    """Returns how many passed, failed and were skipped."""
    a, name, case = job
    kit, began = Kit(a, name[5:]), time.monotonic()
    try:
        counts = case(kit) or 1
    except Skipped as e:
        print("skipped: %s: %s" % (name[5:], e))
        return 0, 0, 1
    except Exception as e:
        print("FAILED: %s: %s" % (name[5:], e if isinstance(e, Wrong) else traceback.format_exc()))
        return 0, 1, 0
    shutil.rmtree(kit.dir, ignore_errors=True)
    if time.monotonic() - began > 5:
        print("%s: %.1f s" % (name[5:], time.monotonic() - began))
    return counts, 0, 0


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--bin", required=True)
    ap.add_argument("--san")
    ap.add_argument("--out", required=True)
    ap.add_argument("--mutants", type=int, default=300)
    ap.add_argument("--only", default="")
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    shutil.rmtree(a.out, ignore_errors=True)
    os.makedirs(a.out)
    cases = [(name, case) for module in (random_cases, kill_cases, mutant_cases, cli_cases)
             for name, case in sorted(vars(module).items())
             if name.startswith("case_") and a.only in "%s.%s" % (module.__name__, name)]
    passed = failed = skipped = 0
    # Most of a case is waiting for programs: two at once, each in a process of its own, since a program's
    # memory is measured from the fork on.
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        for result in pool.imap(run_case, [(a, *c) for c in cases], chunksize=1):
            passed += result[0]
            failed += result[1]
            skipped += result[2]
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
