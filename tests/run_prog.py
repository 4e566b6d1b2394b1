#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build guest programs from C and C++ sources and compare what they print.

usage: run_prog.py [--guest CPU,...] [--brief CPU,...] [--mimus CMD] [--out DIR] [--fast]
                   [--jobs N] [--only REGEX] FOLDER|FILE...

Each source is built three times, as far as compilers are there, and run so:

  native    for this machine, run directly
  static    with GUEST-linux-gnu-gcc -static, run as MIMUS PROGRAM
  interp    the static program again with -accel interp
  dynamic   with shared libraries, run as MIMUS -L SYSROOT PROGRAM

What a source says of itself stands in comment lines of its first 60 lines:

  // expect: TEXT        next line of standard output; `// expect~ REGEX` matches a whole line;
                         `// expect-aarch64: TEXT` is only said to that guest
  // status: N           exit status (default 0; 128 + n: killed by signal n)
  // args: A B           command line; // env: NAME=VALUE; // stdin: TEXT
  // cflags: -lm         added to every build; // cflags-aarch64: ... to builds for that guest
  // guests: aarch64     the guests it is for (default: all)
  // builds: static ...  which of the four (default all)
  // options: -E A=B     options of mimus
  // timeout: SECONDS    of one run (default 30)
  // repeat: N           runs of the static build (default 1; one with --fast)
  // fast: no            left out by --fast (which runs native and static only)

Without an expect line the native output is what the others must equal. The guest is aarch64 or
another that there is a GUEST-linux-gnu-gcc for, or several, one after the other; those of --brief
only run the static programs. --mimus may be a qemu-GUEST (a stand-in while
working on the tests; interp is then skipped).
"""
import argparse
import concurrent.futures
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

BUILDS = ("native", "static", "interp", "dynamic")


class Source:
    """One source file and its comment directives."""

    def __init__(self, path, guest):
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.expect, self.env = [], {}
        self.one = {}
        with open(path, encoding="utf-8") as f:
            for line in f.read().splitlines()[:60]:
                m = re.match(r"\s*// ?([a-z0-9-]+)([:~])(?: (.*))?$", line)
                if not m:
                    continue
                key, kind, value = m.group(1), m.group(2), m.group(3) or ""
                if key in ("expect", "expect-" + guest):
                    self.expect.append((kind, value))
                elif key == "env":
                    self.env.update([value.split("=", 1)])
                else:
                    self.one[key] = value

    def get(self, key, default=""):
        return self.one.get(key, default)

    def words(self, key):
        return shlex.split(self.get(key))


def compiler(src, native, guest):
    cxx = src.path.endswith((".cc", ".cpp"))
    if native:
        return [os.environ.get("NATIVE_CXX", "g++") if cxx else
                os.environ.get("NATIVE_CC", "gcc")]
    return [guest + "-linux-gnu-" + ("g++" if cxx else "gcc")]


def build(src, kind, out, guest):
    """Returns (program path, None) or (None, reason)."""
    kind = "static" if kind == "interp" else kind
    cc = compiler(src, kind == "native", guest)
    if not shutil.which(cc[0]):
        return None, "no %s" % cc[0]
    exe = os.path.join(out, "%s.%s" % (src.name, kind if kind == "native" else guest + "." + kind))
    folder = os.path.dirname(src.path)
    newest = max(os.path.getmtime(os.path.join(folder, f)) for f in os.listdir(folder)
                 if f.endswith(".h") or f == os.path.basename(src.path))
    if os.path.exists(exe) and os.path.getmtime(exe) > newest:
        return exe, None
    std = "-std=gnu++17" if cc[0].endswith("g++") else "-std=gnu17"
    cmd = cc + ["-O2", std, "-D_GNU_SOURCE=", "-pthread", "-o", exe, src.path]
    cmd += ["-static"] if kind == "static" else []
    cmd += src.words("cflags") + ([] if kind == "native" else src.words("cflags-" + guest))
    r = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if r.returncode:
        return None, "FAIL build: " + r.stdout.strip()[-600:]
    return exe, None


def run(cmd, src, cwd):
    """Returns (status, output, error output); status None on a timeout."""
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/tmp", "TZ": "UTC"}
    for k in ("ASAN_OPTIONS", "MIMUS_CPU_MASK"):
        if k in os.environ:
            env[k] = os.environ[k]
    env.update(src.env)
    p = subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, env=env, cwd=cwd, start_new_session=True)
    try:
        o, e = p.communicate((src.get("stdin") + "\n").encode() if src.get("stdin") else b"",
                             timeout=float(src.get("timeout", "30")))
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, 9)
        o, e = p.communicate()
        return None, o.decode(errors="replace"), e.decode(errors="replace")
    rc = p.returncode
    return 128 - rc if rc < 0 else rc, o.decode(errors="replace"), e.decode(errors="replace")


def mismatch(expect, text):
    """The first line that differs, described, or None."""
    lines = text.splitlines()
    for i in range(max(len(expect), len(lines))):
        want = expect[i] if i < len(expect) else (":", "<end of output>")
        got = lines[i] if i < len(lines) else "<end of output>"
        same = re.fullmatch(want[1], got) if want[0] == "~" else want[1] == got
        if not same or i >= min(len(expect), len(lines)):
            return "line %d: expected %r, got %r" % (i + 1, want[1], got)
    return None


def judge(src, expect, result):
    status, out, err = result
    tail = (": " + err.strip().splitlines()[-1][:300]) if err.strip() else ""
    if status is None:
        return "timed out; last output %r%s" % (out[-80:], tail)
    bad = mismatch(expect, out)
    want = int(src.get("status", "0"))
    if status != want:
        bad = "status %d, expected %d%s" % (status, want, "; " + bad if bad else "")
    return bad + tail if bad else None


def command(kind, exe, src, mimus, guest):
    args = src.words("args")
    if kind == "native":
        return [exe] + args
    cmd = list(mimus) + src.words("options")
    if kind == "interp":
        cmd += ["-accel", "interp"]
    if kind == "dynamic":
        cmd += ["-L", os.environ.get("MIMUS_SYSROOT", "/usr/%s-linux-gnu" % guest)]
    return cmd + [exe] + args


def test_source(src, a, mimus, guest):
    """All builds of one source: a list of (kind, verdict, seconds); None passes."""
    done, expect = [], src.expect
    wanted = src.words("builds") or list(BUILDS)
    if a.fast:
        wanted = [k for k in wanted if k in ("native", "static")]
    elif guest in a.brief.split(","):
        wanted = [k for k in wanted if k == "static" or (k == "native" and not expect)]
    for kind in [k for k in BUILDS if k in wanted]:
        start = time.monotonic()
        if kind == "interp" and "qemu" in os.path.basename(mimus[0]):
            done.append((kind, "skip: the stand-in has no -accel interp", 0))
            continue
        exe, why = build(src, kind, a.out, guest)
        if why:
            done.append((kind, why if why.startswith("FAIL") else "skip: " + why, 0))
            continue
        cwd = os.path.join(a.out, "work.%s.%s.%s" % (src.name, guest, kind))
        shutil.rmtree(cwd, ignore_errors=True)
        os.makedirs(cwd)
        verdict = None
        for i in range(int(src.get("repeat", "1")) if kind == "static" and not a.fast else 1):
            result = run(command(kind, exe, src, mimus, guest), src, cwd)
            if kind == "native" and not src.expect:
                expect = [(":", x) for x in result[1].splitlines()]
            verdict = judge(src, expect, result)
            if verdict:
                verdict = "FAIL " + ("run %d: " % (i + 1) if i else "") + verdict
                break
        done.append((kind, verdict, time.monotonic() - start))
    return done


def find_sources(paths, only, guest):
    for p in paths:
        files = [p] if os.path.isfile(p) else sorted(
            os.path.join(p, f) for f in os.listdir(p) if f.endswith((".c", ".cc")))
        for f in files:
            src = Source(os.path.abspath(f), guest)
            if re.search(only, f) and guest in (src.words("guests") or [guest]):
                yield src


def test_guest(a, mimus, guest):
    """Returns (passed, failed, skipped)."""
    sources = [s for s in find_sources(a.path, a.only, guest)
               if not (a.fast and s.get("fast") == "no")]
    passed = failed = 0
    skips = {}
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        results = pool.map(lambda s: test_source(s, a, mimus, guest), sources)
        for src, done in zip(sources, results):
            for kind, verdict, seconds in done:
                what = " ".join([src.name, kind] + ([guest] if "," in a.guest else []))
                if verdict and verdict.startswith("skip: "):
                    skips.setdefault(verdict[6:], []).append(what)
                    continue
                passed += verdict is None
                failed += verdict is not None
                if verdict or a.verbose:
                    print("%-24s %5.1f s  %s" % (what, seconds, verdict or "ok"), flush=True)
    for why, names in skips.items():
        print("skipped %d (%s): %s" % (len(names), ", ".join(names[:4]), why))
    return passed, failed, sum(len(n) for n in skips.values())


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--guest", default="aarch64")
    ap.add_argument("--brief", default="")
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--out", default="build/prog")
    ap.add_argument("--fast", action="store_true")
    ap.add_argument("--jobs", type=int, default=max(1, min(4, (os.cpu_count() or 2))))
    ap.add_argument("--only", default="", help="regular expression of source paths")
    ap.add_argument("--verbose", action="store_true", help="a line for each run")
    ap.add_argument("path", nargs="+")
    a = ap.parse_args()
    mimus = shlex.split(a.mimus)
    mimus[0] = os.path.abspath(mimus[0])
    a.out = os.path.abspath(a.out)
    os.makedirs(a.out, exist_ok=True)

    totals = [0, 0, 0]
    for guest in a.guest.split(","):
        totals = [x + y for x, y in zip(totals, test_guest(a, mimus, guest))]
    print("%d passed, %d failed, %d skipped" % tuple(totals))
    return totals[1] != 0


if __name__ == "__main__":
    sys.exit(main())
