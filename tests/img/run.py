#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disk images: mimus-img and its block layer against qemu-img, qemu-io and a model in Python.

usage: run.py --bin DIR --out DIR [--san DIR] [--mutants N] [--only WORD] [--seed N]

DIR has mimus-img and img-io (io.c), with --san those built with sanitizers. A case is a function
case_* here or in a file *_cases.py; it says what is wrong by raising.
"""
import argparse
import os
import shutil
import sys
import time
import traceback

import cli_cases
import kill_cases
import mutant_cases
import random_cases
from kit import Kit, Skipped


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
    passed = failed = skipped = 0
    for module in (cli_cases, random_cases, kill_cases, mutant_cases):
        start = time.monotonic()
        for name, case in sorted(vars(module).items()):
            if not name.startswith("case_") or a.only not in module.__name__ + "." + name:
                continue
            kit, began = Kit(a, name[5:]), time.monotonic()
            try:
                counts = case(kit) or 1
                passed += counts
            except Skipped as e:
                print("skipped: %s: %s" % (name[5:], e))
                skipped += 1
            except Exception as e:
                print("FAILED: %s: %s" % (name[5:], e if str(e) else traceback.format_exc()))
                failed += 1
            else:
                shutil.rmtree(kit.dir, ignore_errors=True)
            if time.monotonic() - began > 5:
                print("%s: %.1f s" % (name[5:], time.monotonic() - began))
        print("%s: %.1f s" % (module.__name__, time.monotonic() - start))
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
