#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run stress-ng's stressors with --verify natively and under Mimus and compare the verdicts.

usage: stress_ng.py --native ROOT --guest ROOT [--mimus PROGRAM] [--only REGEX] [--seconds N]
                    [--jobs N] [--expected FILE] [--log FILE] [--need PERCENT]

ROOT is a Debian root with stress-ng in it, of this machine's and of the guest's architecture:

  scripts/guest-root amd64 ROOT stress-ng bash
  scripts/guest-root arm64 ROOT stress-ng bash

Each stressor runs alone, in new user, mount, pid, network, IPC and UTS namespaces whose root user is an
unprivileged user outside (some stressors change what they can reach), entered by chroot with
a /tmp of its own. A stressor that natively passes must pass under Mimus: exit status 0, not
skipped, and no line of Mimus on stderr. What natively fails or is skipped is not judged, and is
counted. FILE (tests/stress_ng.expected) names stressors that differ, `NAME  cause` per
line; they count as differences in the percentage, except those whose cause starts with
`native only` (they test instructions or calls of this machine's architecture), and the exit status is 1 when another one
differs, when a listed one passes (then the line has to go), or when fewer than --need percent pass.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import stat
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DEVICES = {"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9}
OUTSIDE = 65534             # who the namespace's root user is outside
ENTER = """
root=$1 program=$2; shift 2
mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" &&
mount -t tmpfs none "$root/tmp" || exit 99
if [ -c "$root/dev/null" ]; then
    mount -t tmpfs none "$root/dev/shm" || exit 99
    mount -t devpts -o newinstance,ptmxmode=0666 none "$root/dev/pts" || exit 99
else
    mount --rbind /dev "$root/dev" || exit 99
fi
if [ -n "$program" ]; then mount --bind "$program" "$root/mimus" || exit 99; fi
exec chroot "$root" "$@"
"""


def command(root, mimus, args):
    who = []
    if os.geteuid() == 0:
        who = ["setpriv", "--reuid", str(OUTSIDE), "--regid", str(OUTSIDE), "--clear-groups"]
    run = ["/usr/bin/stress-ng"] + args
    if mimus:
        run = ["/mimus"] + run
    return who + ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--net",
                  "--ipc", "--uts", "--kill-child", "sh", "-c", ENTER, "sh",
                  root, mimus or ""] + run


def run(root, mimus, args, timeout):
    """Returns (status, text); status None on a timeout."""
    p = subprocess.Popen(command(root, mimus, args), stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "HOME": "/tmp"},
                         start_new_session=True)
    try:
        text = p.communicate(timeout=timeout)[0]
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        return None, p.communicate()[0].decode(errors="replace")
    return p.returncode, text.decode(errors="replace")


def verdict(name, result):
    """pass, skip, or why it failed."""
    status, text = result
    if status is None:
        return "hang"
    ours = re.search(r"^mimus: .*$", text, re.M)
    if ours:
        return "mimus says: " + ours.group(0)[:150]
    if re.search(r"skipped: [1-9]", text) or status in (3, 4):
        return "skip"
    if status:
        why = re.search(r"(fail|error): +\[\d+\] (.*)", text)
        return "status %d: %s" % (status, why.group(2)[:150] if why else text[-150:].strip())
    if not re.search(r"passed: [1-9]", text):
        return "status 0 without a verdict"
    return "pass"


def stressor_args(name, seconds):
    return ["--verify", "--oomable", "--temp-path", "/tmp", "--timeout", "%ds" % seconds,
            "--" + name, "1"]


def test(name, a):
    args, wait = stressor_args(name, a.seconds), a.seconds + 60
    native = verdict(name, run(a.native, None, args, wait))
    if native != "pass":
        return name, native, None, ""
    result = run(a.guest, a.mimus, args, wait)
    guest = verdict(name, result)
    if guest != "pass" and guest != "skip" and not a.once:
        again = run(a.guest, a.mimus, args, wait)
        if verdict(name, again) == "pass":
            guest, result = "pass now and then: " + guest, result
    return name, native, guest, result[1]


def read_expected(path):
    rows = {}
    if os.path.exists(path):
        for line in open(path, encoding="utf-8"):
            words = line.split("#")[0].split(None, 1)
            if words:
                rows[words[0]] = words[1].strip() if len(words) > 1 else ""
    return rows


def make_devices(root):
    """A /dev of the root's own, where this user may make one: the machine's stays out of reach."""
    for name, minor in DEVICES.items():
        path = os.path.join(root, "dev", name)
        if not os.path.exists(path):
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, minor))
            os.chmod(path, 0o666)
    for name, to in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("ptmx", "pts/ptmx")):
        if not os.path.lexists(os.path.join(root, "dev", name)):
            os.symlink(to, os.path.join(root, "dev", name))
    for name in ("shm", "pts"):
        os.makedirs(os.path.join(root, "dev", name), exist_ok=True)


def prepare(a):
    """The mount point of Mimus in the guest's root; a reason why nothing can run, or None."""
    for tool in ("unshare", "setpriv"):
        if not shutil.which(tool):
            return "no " + tool
    for root in (a.native, a.guest):
        if not os.path.exists(os.path.join(root, "usr/bin/stress-ng")):
            return "no stress-ng in " + root
        if os.geteuid() == 0:
            make_devices(root)
    point = os.path.join(a.guest, "mimus")
    if not os.path.exists(point):
        open(point, "w").close()
        os.chmod(point, 0o755)
    status, text = run(a.native, None, ["--version"], 60)
    return None if status == 0 else "namespaces: " + text.strip()[-200:]


def report(a, results, expected):
    own = [r for r in results if expected.get(r[0], "").startswith("native only")]
    judged = [r for r in results if r[2] is not None and r not in own]
    passed = [r for r in judged if r[2] == "pass"]
    new = [r for r in judged if r[2] != "pass" and r[0] not in expected]
    gone = [r for r in passed if r[0] in expected]
    for name, native, _, _ in results:
        if native not in ("pass", "skip"):
            print("not judged: %-16s natively %s" % (name, native))
    for name, _, guest, _ in judged:
        if guest != "pass":
            print("%s: %-16s %s" % ("expected" if name in expected else "DIFFERS", name, guest))
    for r in gone:
        print("PASSES but is listed: " + r[0])
    skipped = sum(r[1] == "skip" for r in results)
    if own:
        print("native only: " + " ".join(r[0] for r in own))
    share = 100 * len(passed) / max(1, len(judged))
    print("%d stressors: natively %d pass, %d skipped, %d fail, %d are for this architecture only; "
          "%d of the first pass under mimus, %.1f %%"
          % (len(results), len(judged), skipped,
             len(results) - len(judged) - skipped - len(own), len(own), len(passed), share))
    print("%d passed, %d failed" % (len(passed), len(new) + len(gone)))
    return 1 if new or gone or share < a.need or not judged else 0


def main():
    ap = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--native", required=True)
    ap.add_argument("--guest", required=True)
    ap.add_argument("--mimus", default="build/mimus")
    ap.add_argument("--only", default="", help="regular expression of whole names")
    ap.add_argument("--seconds", type=int, default=1)
    ap.add_argument("--jobs", type=int, default=2)
    ap.add_argument("--once", action="store_true", help="do not repeat what fails")
    ap.add_argument("--expected", default=os.path.join(HERE, "stress_ng.expected"))
    ap.add_argument("--log", help="file for the output of what differs")
    ap.add_argument("--need", type=float, default=97)
    a = ap.parse_args()
    for key in ("native", "guest", "mimus"):
        setattr(a, key, os.path.realpath(getattr(a, key)))
    why = prepare(a)
    if why:
        print("skipped: " + why)
        return 0
    names = run(a.native, None, ["--stressors"], 60)[1].split()
    names = [n for n in names if re.fullmatch(a.only or ".*", n)]
    results = []
    log = open(a.log, "w", encoding="utf-8") if a.log else None
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for r in pool.map(lambda n: test(n, a), names):
            results.append(r)
            if log and r[2] != "pass":
                log.write("==== %s: native %s, guest %s\n%s\n" % r)
                log.flush()
    return report(a, results, read_expected(a.expected))


if __name__ == "__main__":
    sys.exit(main())
