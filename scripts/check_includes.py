#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check that #include lines point one way.

usage: check_includes.py ROOT

The tree is layered (lowest first); a file may include its own layer and those below it:

  0 base       translate/base
  1 ir         translate/ir, translate/env.h, guest.h, lift.h (the contract of a guest)
  2 parts      translate/opt, translate/host, translate/cache, translate/guest (but not linux_*)
  3 translate  translate/*.[ch]
  4 system     syscall, signal, elfload, guests' linux_* and freebsd_* files
  5 disks      system/block
  6 programs   linux-user, bsd-user, binfmt, run, the rest of system

Beyond the layers: one guest never includes another, nothing outside a guest's folder includes
its headers, and one host back-end knows nothing of another. Files that may see more are listed
in ALLOWED with the reason. Prints each offending include as a chain, then the closing line.
"""
import os
import re
import sys

LAYER_NAMES = ["base", "ir", "parts", "translate", "system", "disks", "programs"]
# Contract headers lie in translate/ for their readers' sake but belong to a lower layer; the
# value is the layer they may be included from.
CONTRACTS = {
    "translate/env.h": 1, "translate/guest.h": 1, "translate/lift.h": 1,
    "translate/env_layout.h": 1,
    "translate/lift_block.h": 2,    # the interpreter lifts what it steps over
    "translate/stats.h": 2,         # counted where it happens
    "translate/translate.h": 2,     # translate_invalidate, pages: used by helpers of guests
    "syscall/linux_guest.h": 4,
}
ALLOWED = {
    # (includer, included): reason
    ("syscall/", "linux-user/path_prefix.h"): "paths are resolved by the program's -L prefix",
    ("syscall/", "linux-user/proc.h"): "/proc files tell the guest's story",
    ("syscall/", "linux-user/thread.h"): "clone, fork and exec are the program's business",
    ("syscall/", "linux-user/run.h"): "a new thread enters the program's run loop",
    ("syscall/", "linux-user/options.h"): "-E, -U, -s, -strace are read by exec and trace",
    ("signal/", "linux-user/"): "delivery ends in the run loop",
}


def layer(path):
    if path in CONTRACTS:
        return CONTRACTS[path]
    parts = path.split("/")
    top, second = parts[0], parts[1] if len(parts) > 1 else ""
    if top == "gen":
        return 4 if second.startswith("syscalls") else 2
    if top == "translate":
        if len(parts) == 2:
            return 3
        if second == "base":
            return 0
        if second == "ir":
            return 1
        if second == "guest" and re.match(r"(linux|freebsd)_", parts[-1]):
            return 4
        return 2
    if top in ("syscall", "signal", "elfload"):
        return 4
    if top == "system" and second == "block":
        return 5
    if top in ("linux-user", "bsd-user", "binfmt", "run", "system"):
        return 6
    return None


def folder_of(path, kind):
    m = re.match(r"translate/%s/([^/]+)/" % kind, path)
    return m.group(1) if m else None


def allowed(src, inc):
    return any(src.startswith(a) and inc.startswith(b) for a, b in ALLOWED)


def problem(src, inc):
    """Why src may not include inc, or None."""
    a, b = layer(src), layer(inc)
    if a is None or b is None or allowed(src, inc):
        return None
    if b > a:
        return "%s may not include %s" % (LAYER_NAMES[a], LAYER_NAMES[b])
    g, h = folder_of(src, "guest"), folder_of(inc, "guest")
    if h and h != g:
        return "the %s guest's header outside its folder" % h
    s, t = folder_of(src, "host"), folder_of(inc, "host")
    if t and t != "interp" and s != t and src.startswith("translate/host/"):
        return "one back-end includes another's header"
    return None


def sources(root):
    for top in ("translate", "syscall", "signal", "elfload", "linux-user", "bsd-user",
                "binfmt", "run", "system"):
        for d, _, files in os.walk(os.path.join(root, top)):
            for f in sorted(files):
                if f.endswith((".c", ".h", ".S", ".def")):
                    yield os.path.relpath(os.path.join(d, f), root)


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    root = sys.argv[1]
    passed = failed = 0
    for src in sources(root):
        bad = 0
        with open(os.path.join(root, src), encoding="utf-8") as f:
            for n, line in enumerate(f, 1):
                m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not m:
                    continue
                inc = m.group(1)
                why = problem(src, inc)
                if why is None and not inc.startswith("gen/") and \
                        not os.path.exists(os.path.join(root, inc)):
                    why = "no such file from the project root"
                if why:
                    print("%s:%d -> %s: %s" % (src, n, inc, why))
                    bad += 1
        passed += bad == 0
        failed += bad != 0
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
