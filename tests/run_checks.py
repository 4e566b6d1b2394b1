#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the parts of `make check` one after the other and add them up.

usage: run_checks.py [--make MAKE] PART...

Each part is the make target check-PART; the lines of its output that read
"N passed, N failed[, N skipped]" count for it, one for each guest. A part without one, or whose
exit status says failure although nothing failed, is one failure more. The parts' lines are shown as
they come, their closing lines are not: the only such line is the sum, printed last. Before it the
lines of failed parts that seem to say what failed come again.
"""
import argparse
import os
import re
import shlex
import signal
import subprocess
import sys
import time

SAYS_WHY = re.compile(r"fail|differ|timed out|not ok|error:|exit status|crash|hang", re.I)
FROM_EACH = 12

CLOSING = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")


def run_part(make, part):
    """Returns (passed, failed, skipped, seconds), and lines that say why it failed."""
    start = time.monotonic()
    jobs = [] if "-j" in os.environ.get("MAKEFLAGS", "") else ["-j%d" % len(os.sched_getaffinity(0))]
    p = subprocess.Popen(shlex.split(make) + jobs + ["--no-print-directory", "check-" + part],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         errors="replace", close_fds=False)
    found, why = None, []
    for line in p.stdout:
        m = CLOSING.match(line.strip())
        if m:
            found = [x + int(y or 0) for x, y in zip(found or (0, 0, 0), m.groups())]
        else:
            sys.stdout.write("  " + line)
            sys.stdout.flush()
            if SAYS_WHY.search(line) and len(why) < FROM_EACH:
                why.append(line.rstrip())
    rc = p.wait()
    passed, failed, skipped = found or (0, 0, 0)
    if found is None or (rc and not failed):
        failed += 1
        print("  %s: exit status %d%s" % (part, rc, "" if found else ", no closing line"))
    return (passed, failed, skipped, time.monotonic() - start), why if failed else []


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--make", default="make")
    ap.add_argument("part", nargs="+")
    a = ap.parse_args()
    # A shell's background job ignores these; the tests are about what they do.
    for sig in (signal.SIGHUP, signal.SIGQUIT, signal.SIGINT):
        if signal.getsignal(sig) == signal.SIG_IGN:
            signal.signal(sig, signal.SIG_DFL)
    sums, rows, reasons = [0, 0, 0], [], []
    for part in a.part:
        print("== %s" % part, flush=True)
        row, why = run_part(a.make, part)
        rows.append((part, *row))
        sums = [x + y for x, y in zip(sums, row)]
        reasons += ["%s: %s" % (part, line) for line in why]
    print("\n%-10s %8s %8s %8s %9s" % ("part", "passed", "failed", "skipped", "seconds"))
    for row in rows:
        print("%-10s %8d %8d %8d %9.1f" % row)
    if reasons:
        print("of the failed parts:", *reasons, sep="\n  ")
    if sums[2]:
        print("%d skipped, for the reasons printed above" % sums[2])
    print("%d passed, %d failed" % (sums[0], sums[1]))
    return sums[1] != 0


if __name__ == "__main__":
    sys.exit(main())
