#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the Criterion binary and close with "N passed, N failed".

usage: run_unit.py BINARY [CRITERION OPTION...]
"""
import re
import subprocess
import sys


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    p = subprocess.run([sys.argv[1], "--jobs", "2", "--timeout", "120", *sys.argv[2:]],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                       errors="replace")
    m = re.search(r"Tested: *(\d+) \| Passing: *(\d+) \| Failing: *(\d+) \| Crashing: *(\d+)",
                  re.sub(r"\x1b\[[0-9;]*m", "", p.stdout))
    passed = int(m.group(2)) if m else 0
    failed = int(m.group(3)) + int(m.group(4)) if m else 1
    if failed or p.returncode:
        sys.stdout.write(p.stdout)
    print("%d passed, %d failed" % (passed, failed or int(p.returncode != 0)))
    return p.returncode != 0 or failed != 0


if __name__ == "__main__":
    sys.exit(main())
