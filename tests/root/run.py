#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run scripts with the programs of a guest's Debian root and compare with the native ones.

usage: run.py [--guest CPU,...] [--brief CPU,...] [--mimus CMD] [--out DIR] [--roots DIR] [--only REGEX] [--slow] [--loops N]
              [--programs] [--repeat N]

tests/root/cases/*.sh are bash scripts. Each runs twice, in a folder of its own with the same
data beside it: under `MIMUS -L ROOT /usr/bin/bash`, and in the amd64 root made of the same
packages, entered in a mount namespace. Output (both streams) and exit status must be
equal, apart from architecture names and addresses. Comment lines at the top of a case:

  # interp: yes      also with -accel interp
  # timeout: N       seconds (default 60)
  # slow: yes        only with --slow
  # arch: yes        architecture names are what it is about: expected in guest output

  # packages: ...    what the root needs beside bash and the likes of grep (programs only)
  # enter: yes       the guest's root is entered too, for what mounts or makes namespaces
  # npm: A=B ...     ../npm/A.tgz is package B of the machine's npm (`npm pack`); CPU in it is npm's name
                     of the side's CPU; skipped where npm has it not

--programs takes tests/root/programs/*.sh instead: large packages and servers, with roots of their
own (gigabytes), made of the packages that the cases name. --repeat N runs the guest's side of each
case N times and counts its failures; times are CPU seconds of one run.

After a line `#--then--` comes a second stage, in which in/ holds what the other side left in
out/. Besides the cases: 300 times a shell loop of 20 processes. Without the means to enter the
native root (no namespaces), only exit statuses of 0 are asked for, and that is said. For the guests of
--brief there are no slow cases, no interpreter, and a tenth of the loops.
"""
import argparse
import concurrent.futures
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
       "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "TERM": "dumb", "USER": "tester",
       "SHELL": "/bin/bash"}
BASE = "bash coreutils diffutils findutils gawk grep sed".split()
LOOP = "for i in $(seq 20); do /bin/true; done | wc -l"
ENTER = os.path.join(HERE, "enter.py")
DEBIAN = {"aarch64": "arm64", "riscv64": "riscv64"}     # names of the guests
NPM_CPU = {None: "x64", **DEBIAN}       # None: the host


class Case:
    def __init__(self, path):
        self.name = os.path.splitext(os.path.basename(path))[0]
        with open(path, encoding="utf-8") as f:
            self.script, _, self.then = f.read().partition("#--then--\n")
        self.one = dict(re.findall(r"^# ([a-z]+): (.*)$", self.script, re.M))
        self.timeout = float(self.one.get("timeout", 60))
        self.packages = self.one.get("packages", "").split()
        self.npm = [p.split("=", 1) for p in self.one.get("npm", "").split()]

    def flag(self, key):
        return self.one.get(key) == "yes"


def make_data(folder):
    """data20m: bytes of no pattern; text20m: lines of words; the same on every machine."""
    os.makedirs(folder, exist_ok=True)
    want = os.path.join(folder, "data20m"), os.path.join(folder, "text20m")
    if all(os.path.exists(p) for p in want):
        return
    import hashlib
    with open(want[0], "wb") as f:
        for i in range(20):
            f.write(hashlib.shake_256(b"mimus %d" % i).digest(1 << 20))
    syllables = "ta na mer so lin ver ing du kar el tan os pre fi".split()
    state, size = 1, 0
    with open(want[1], "w") as f:
        while size < 20 << 20:
            words = []
            for _ in range(8):
                state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
                r = state >> 33
                words.append("".join(syllables[(r >> 4 * k) % 14] for k in range(1 + r % 3)))
            words[1] = str(state >> 50)
            line = " ".join(words) + "\n"
            f.write(line)
            size += len(line)


def npm_packages(case, side, cache):
    """Put the case's npm packages beside its folder; None, or why that cannot be."""
    for name, package in case.npm:
        package = package.replace("CPU", NPM_CPU[side.cpu])
        kept = os.path.join(cache, package.replace("/", "+") + ".tgz")
        if not os.path.exists(kept):
            os.makedirs(cache, exist_ok=True)
            try:
                r = subprocess.run(["npm", "pack", "--silent", package], cwd=cache, text=True,
                                   capture_output=True, timeout=120)
                os.replace(os.path.join(cache, r.stdout.split()[-1]), kept)
            except (OSError, IndexError, subprocess.TimeoutExpired):
                return "npm here does not fetch %s" % package
        os.makedirs(os.path.join(side.work, "npm"), exist_ok=True)
        shutil.copy(kept, os.path.join(side.work, "npm", name + ".tgz"))
    return None


def clean(text, keep_arch):
    text = text.decode(errors="replace")
    text = re.sub(r"0x[0-9a-f]{6,16}\b", "ADDRESS", text)
    if not keep_arch:
        text = re.sub(r"aarch64|arm64|riscv64|x86_64|x86-64|amd64", "ARCH", text)
    text = re.sub(r"/tmp/cc\w{6}\b", "/tmp/ccTEMP", text)
    return re.sub(r"(?m)( line \d+: +)\d+ ([A-Z])", r"\1PID \2", text)


def end_session(sid):
    """End what a script left running; its jobs and `timeout` have process groups of their own."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(pid)) == sid:
                os.kill(int(pid), signal.SIGKILL)
        except OSError:
            pass


def wait_for(p, timeout):
    """Returns (status or None, CPU seconds of it and of the descendants it waited for)."""
    end = time.monotonic() + timeout
    while True:
        pid, status, usage = os.wait4(p.pid, os.WNOHANG)
        if pid:
            p.returncode = os.waitstatus_to_exitcode(status)
            return p.returncode, usage.ru_utime + usage.ru_stime
        if time.monotonic() > end:
            return None, timeout
        time.sleep(0.01)


class Side:
    """One way to run a script: where it works and the command around it."""

    def __init__(self, name, work, command, inside, cpu):
        self.name, self.work, self.command, self.inside = name, work, command, inside
        self.cpu = cpu

    def prepare(self, data):
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        for f in os.listdir(data):
            try:
                os.link(os.path.join(data, f), os.path.join(self.work, f))
            except OSError:
                shutil.copy(os.path.join(data, f), self.work)
        shutil.copytree(os.path.join(HERE, "files"), os.path.join(self.work, "files"))
        extra_ca = os.environ.get("NODE_EXTRA_CA_CERTS")    # what this machine's npm trusts
        if extra_ca and os.path.exists(extra_ca):
            shutil.copy(extra_ca, os.path.join(self.work, "ca.pem"))

    def run(self, name, script, timeout, extra=()):
        """Returns (status, output, CPU seconds)."""
        folder = os.path.join(self.work, name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(self.work, name + ".sh"), "w", encoding="utf-8") as f:
            f.write(script)
        place = os.path.join(self.inside, name)
        env = {**ENV, "HOME": place, "PWD": place}
        cmd = self.command(place, env, list(extra)) + ["/usr/bin/bash", "../%s.sh" % name]
        out = os.path.join(self.work, name + ".log")
        with open(out, "wb") as log:
            p = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=log, cwd=folder,
                                 stderr=subprocess.STDOUT, env=env, start_new_session=True)
            rc, seconds = wait_for(p, timeout)
        end_session(p.pid)
        p.wait()
        with open(out, "rb") as log:
            return rc, log.read(), seconds


def entered_side(name, root, launcher, cpu):
    """A root entered by enter.py; `launcher` is what runs its programs, inside it."""
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]

    def command(place, env, _extra):
        return (unshare + [sys.executable, ENTER, root] + launcher
                + ["/usr/bin/env", "-i", "--chdir=" + place]
                + ["%s=%s" % kv for kv in env.items()])
    return Side(name, os.path.join(root, "tmp", "work"), command, "/tmp/work", cpu)


def native_side(root):
    """The amd64 root entered by chroot, or None with the reason printed."""
    side = entered_side("native", root, [], None)
    os.makedirs(side.work, exist_ok=True)
    rc, out, _ = side.run("probe", "echo in", 20)
    if rc != 0 or out != b"in\n":
        print("native reference left out: cannot enter %s (%s)"
              % (root, out.decode(errors="replace").strip()[-150:]))
        return None
    return side


def first_difference(a, b):
    x, y = a.splitlines(), b.splitlines()
    for i in range(max(len(x), len(y))):
        p, q = x[i] if i < len(x) else "<end>", y[i] if i < len(y) else "<end>"
        if p != q:
            return "line %d: native %r, guest %r" % (i + 1, p[:200], q[:200])
    return None


def exchange(a, b, name):
    for x, y in ((a, b), (b, a)):
        src = os.path.join(x.work, name, "out")
        dst = os.path.join(y.work, name, "in")
        if os.path.isdir(src):
            shutil.copytree(src, dst, dirs_exist_ok=True)


def verdict(case, native, guest, cpu):
    """None, or why two results (status, output, seconds) differ."""
    if guest[0] is None:
        return "timed out after %.0f s; ends %r" % (guest[2], guest[1][-200:])
    g = clean(guest[1], False)
    if native is None:
        return None if guest[0] == 0 else "status %s; ends %r" % (guest[0], guest[1][-300:])
    if case.flag("arch") and not re.search(cpu.encode(), guest[1]):
        return "no %s in %r" % (cpu, guest[1][:100])
    why = first_difference(clean(native[1], False), g)
    if native[0] != guest[0]:
        why = "status %s, natively %s; %s" % (guest[0], native[0], why or "same output")
    return why


def repeat_case(case, native, guest, count):
    """The same case `count` times under Mimus, against one native run."""
    n = native.run(case.name, case.script, case.timeout) if native else None
    bad, seconds = [], 0
    for i in range(count):
        shutil.rmtree(os.path.join(guest.work, case.name), ignore_errors=True)
        g = guest.run(case.name, case.script, case.timeout * 4)
        why = verdict(case, n, g, guest.cpu)
        seconds += g[2]
        if why:
            bad.append("run %d: %s" % (i + 1, why))
            shutil.copy(os.path.join(guest.work, case.name + ".log"),
                        os.path.join(guest.work, "%s.failed%d.log" % (case.name, i + 1)))
    why = bad and "%d of %d failed; %s" % (len(bad), count, bad[0]) or None
    return [("%s x%d" % (case.name, count), why, seconds / count, n[2] if n else 0)]


def run_case(case, native, guest, interp):
    """A list of (label, problem or None, guest's and native CPU seconds)."""
    results = []
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        run = native and beside.submit(native.run, case.name, case.script, case.timeout)
        if run and not case.flag("slow"):
            run.result()        # one after the other, so that the times mean something
        g = guest.run(case.name, case.script, case.timeout * 2)
        n = run.result() if run else None
    results.append((case.name, verdict(case, n, g, guest.cpu), g[2], n[2] if n else 0))
    if case.then and native:
        exchange(native, guest, case.name)
        n2 = native.run(case.name, case.then, case.timeout)
        g2 = guest.run(case.name, case.then, case.timeout * 2)
        results.append((case.name + " exchange", verdict(case, n2, g2, guest.cpu), g2[2], n2[2]))
    if case.flag("interp") and interp:
        i = interp.run(case.name, case.script, case.timeout * 6, ["-accel", "interp"])
        results.append((case.name + " interp", verdict(case, n, i, guest.cpu), i[2], n[2] if n else 0))
    return results


def loops(guest, count):
    """`count` times a shell loop of 20 processes."""
    bad = []
    start = time.monotonic()
    for i in range(count):
        rc, out, _ = guest.run("loop", LOOP, 60)
        if rc != 0 or out.strip() != b"0":
            bad.append("run %d: status %s, %r" % (i + 1, rc, out[-200:]))
            if len(bad) > 3:
                break
    return ("%d shell loops of 20 processes" % count, "; ".join(bad) or None,
            time.monotonic() - start, 0)


def make_roots(roots, cases, programs, debian):
    """Whether ROOTS/<guest> and ROOTS/amd64 are there, of what the cases need."""
    scripts = os.path.join(TOP, "scripts")
    if not programs:
        return subprocess.run([os.path.join(scripts, "test-roots"), roots, debian]).returncode == 0
    packages = sorted(set(BASE).union(*(c.packages for c in cases)))
    return all(subprocess.run([os.path.join(scripts, "guest-root"), arch,
                               os.path.join(roots, arch)] + packages).returncode == 0
               for arch in (debian, "amd64"))


def test_guest(a, cpu):
    """Returns (passed, failed, skipped)."""
    out = os.path.join(os.path.abspath(a.out), cpu)
    brief = cpu in a.brief.split(",")
    slow, count_loops = a.slow and not brief, a.loops // 10 if brief else a.loops
    roots = os.path.abspath(a.roots or os.path.join(a.out, "..", "programs-roots" if a.programs
                                                    else "roots"))
    os.makedirs(out, exist_ok=True)
    debian = DEBIAN[cpu]
    folder = os.path.join(HERE, "programs" if a.programs else "cases")
    cases = [Case(os.path.join(folder, f)) for f in sorted(os.listdir(folder)) if f.endswith(".sh")]
    if not make_roots(roots, cases, a.programs, debian):
        print("skipped %s: the roots cannot be made (no network?)" % cpu)
        return 0, 0, 1
    data = os.path.join(os.path.abspath(a.out), "data")
    make_data(data)
    mimus = shlex.split(a.mimus)
    mimus[0] = os.path.abspath(mimus[0])
    root = os.path.join(roots, debian)

    def emulated(_place, _env, extra):
        return mimus + extra + ["-L", root]
    guest = Side("guest", os.path.join(out, "guest"), emulated, os.path.join(out, "guest"),
                 cpu)
    interp = Side("interp", os.path.join(out, "interp"), emulated, os.path.join(out, "interp"),
                  cpu)
    native = native_side(os.path.join(roots, "amd64"))
    entered = None
    if native and any(c.flag("enter") for c in cases):
        inside = os.path.join(root, "mimus")
        shutil.copy(mimus[0], inside + ".new")
        os.replace(inside + ".new", inside)     # another run may be using the old one
        entered = entered_side("entered", root, ["/mimus"] + mimus[1:], cpu)
    for side in filter(None, (guest, interp, native, entered)):
        side.prepare(data)

    cases = [c for c in cases if re.search(a.only, c.name)]
    skipped = {c.name: "of --brief" if brief else "only with --slow"
               for c in cases if c.flag("slow") and not slow}
    for case, side in ((c, s) for c in cases if c.npm for s in (guest, native, interp, entered) if s):
        why = npm_packages(case, side, os.path.join(os.path.abspath(a.out), "npm"))
        if why:
            skipped.setdefault(case.name, why)
    cases = sorted((c for c in cases if c.name not in skipped), key=lambda c: -c.timeout)
    passed = failed = 0

    def count(results):
        nonlocal passed, failed
        for label, why, seconds, native_seconds in results:
            passed += why is None
            failed += why is not None
            where = cpu + " " if "," in a.guest else ""
            print("%-28s %6.1f s (native %.1f)  %s"
                  % (where + label, seconds, native_seconds, why or "ok"), flush=True)

    def run_one(case):
        side = (entered or guest) if case.flag("enter") else guest
        if a.repeat:
            return repeat_case(case, native, side, a.repeat)
        return run_case(case, native, side, None if brief else interp)
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_one, c) for c in cases]):
            count(done.result())
    if count_loops and not a.programs and re.search(a.only, "loops"):
        count([loops(guest, count_loops)])
    for name, why in skipped.items():
        print("skipped %s: %s" % (name, why))
    return passed, failed, len(skipped)


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--guest", default="aarch64", help=" or ".join(DEBIAN))
    ap.add_argument("--brief", default="")
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--out", default="build/root")
    ap.add_argument("--roots", default=os.environ.get("MIMUS_ROOTS"),
                    help="folder of the guest's root and amd64/ (default: beside OUT)")
    ap.add_argument("--only", default="")
    ap.add_argument("--programs", action="store_true")
    ap.add_argument("--repeat", type=int, default=0)
    ap.add_argument("--slow", action="store_true")
    ap.add_argument("--loops", type=int, default=300)
    ap.add_argument("--jobs", type=int, default=max(1, min(4, (os.cpu_count() or 2))))
    a = ap.parse_args()
    totals = [0, 0, 0]
    for cpu in a.guest.split(","):
        totals = [x + y for x, y in zip(totals, test_guest(a, cpu))]
    print("%d passed, %d failed, %d skipped" % tuple(totals))
    return totals[1] != 0


if __name__ == "__main__":
    sys.exit(main())
