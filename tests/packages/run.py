#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build Debian packages with their test suites in a chroot of another CPU.

usage: run.py --mimus DIR --out DIR [--guest aarch64] [--only NAME,...] [--peer] [--suite SUITE]
       run.py --out DIR --table

DIR of --mimus holds mimus and mimus-binfmt. packages.tbl says which packages, and what must be in their
logs; `programs` stands for programs.sh. With --peer each is built under another emulator right afterwards
(scripts/newest-qemu) and the times are compared. What was found is kept in --out and shown by --table.

All runs in namespaces with a binfmt_misc table of their own. Needs root, mmdebstrap and Debian's mirror;
the root and what packages need to be built are fetched under Mimus, which is the first test.
"""
import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ALL_IDS = os.path.join(ROOT, "tests", "docs", "all_ids.py")
TABLE = "/proc/sys/fs/binfmt_misc"
DEBIAN = {"aarch64": "arm64", "riscv64": "riscv64"}
BUILDER = 1000
LIMIT_S = 3600
TOOLS = "build-essential fakeroot perl python3 git curl ca-certificates"


class Failed(Exception):
    pass


def read_table():
    """{source: (environment, evidence, scripts)}"""
    with open(os.path.join(HERE, "packages.tbl")) as f:
        rows = [[x.strip() for x in line.split("|", 4)] for line in f if line.strip() and line[0] != "#"]
    rows = [[r[0]] + ["" if x == "-" else x for x in r[1:]] for r in rows]
    return {r[0]: (r[3], re.compile(r[4], re.M), r[2].split()) for r in rows}


class Chroot:
    """A root of the guest and who runs its programs."""

    def __init__(self, path, out):
        self.path, self.out = path, out

    def run(self, log, script, user=0, limit_s=LIMIT_S):
        """Run a script inside; (seconds, CPU seconds). Nothing of it lives on."""
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/build",
               "DEBIAN_FRONTEND": "noninteractive", "DEB_BUILD_OPTIONS": "parallel=%d" % os.cpu_count(), "SHELL": "/bin/sh"}
        argv = ["unshare", "--pid", "--fork", "--mount", "--mount-proc=" + self.path + "/proc",
                "chroot", "--userspec=%d:%d" % (user, user), self.path, "/bin/sh", "-euc", script]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        with open(os.path.join(self.out, log), "w") as f:
            p = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT, cwd="/",
                                 start_new_session=True)
            try:
                status = p.wait(limit_s)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()
                raise Failed("takes more than %d s" % limit_s)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if status:
            raise Failed("status %d" % status)
        return (time.monotonic() - start,
                after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def register(tool, guest, interpreter):
    subprocess.run([tool, "register", guest, "--replace", "--interpreter", interpreter], check=True,
                   stdout=subprocess.DEVNULL)


def make_root(path, arch, suite, out):
    if not os.path.exists(path + "/.complete"):
        shutil.rmtree(path, ignore_errors=True)
        with open(os.path.join(out, "root.log"), "w") as f:
            subprocess.run(["mmdebstrap", "--mode=root", "--architectures=" + arch, "--variant=apt",
                            "--include=" + TOOLS.replace(" ", ","), suite, path], stdout=f, stderr=subprocess.STDOUT,
                           check=True)
        with open(path + "/etc/apt/sources.list") as f:
            lines = f.read()
        with open(path + "/etc/apt/sources.list.d/source.list", "w") as f:
            f.write(re.sub(r"^deb ", "deb-src ", lines, flags=re.M))
            f.write("deb-src %s oldstable main\n" % re.search(r"http\S*", lines)[0])
        with open(path + "/etc/passwd", "a") as f:
            f.write("builder:x:%d:%d::/build:/bin/sh\n" % (BUILDER, BUILDER))
        with open(path + "/etc/group", "a") as f:
            f.write("builder:x:%d:\n" % BUILDER)
        os.makedirs(path + "/build", exist_ok=True)
        os.chown(path + "/build", BUILDER, BUILDER)
        with open(path + "/etc/dpkg/dpkg.cfg.d/unsafe-io", "w") as f:
            f.write("force-unsafe-io\n")
        open(path + "/.complete", "w").close()
    shutil.copy("/etc/resolv.conf", path + "/etc/resolv.conf")
    shutil.copy("/etc/hosts", path + "/etc/hosts")
    for name in ("dev", "sys"):
        subprocess.run(["mount", "--rbind", "/" + name, os.path.join(path, name)], check=True)


# A mirror may lack files of the newest version.
FETCH = """apt-get update -q
rm -rf /build/NAME; mkdir /build/NAME; cd /build/NAME
for v in $(apt-cache showsrc --only-source NAME | sed -n 's/^Version: //p' | sort -urV); do
    if apt-get source -q --download-only NAME=$v; then
        apt-get build-dep -q -y --arch-only --no-install-recommends NAME=$v
        echo $v >version
        chown -R builder: .
        exit
    fi
    rm -f *
done
exit 1
"""


def fetch(c, name):
    """Source and what is needed to build it; the version."""
    version = c.path + "/build/%s/version" % name
    if not os.path.exists(version):
        c.run(name + ".fetch", FETCH.replace("NAME", name))
    with open(version) as f:
        return f.read().strip()


# Scripts of debian/tests, with the packages that were built.
TESTS = """for t in %s; do
    mkdir -p %s/tmp; cd %s/tmp
    AUTOPKGTEST_TMP=$PWD sh -e ../source/debian/tests/$t
done
"""


def build(c, name, who, environment, evidence, scripts):
    """What one emulator does with a package: seconds, CPU seconds."""
    folder, log = "/build/%s/%s" % (name, who), "%s.%s.log" % (name, who)
    c.run(log, "rm -rf %s; mkdir %s; cd %s; dpkg-source -x ../*.dsc source" % (folder, folder, folder), BUILDER)
    times = c.run(log, "cd %s/source; %s dpkg-buildpackage -B -uc -us" % (folder, environment), BUILDER)
    with open(os.path.join(c.out, log), errors="replace") as f:
        if not evidence.search(f.read()):
            raise Failed("built, but the log has no '%s'" % evidence.pattern)
    if scripts:
        c.run(log + ".install", "apt-get install -q -y --reinstall --allow-downgrades %s/*.deb" % folder)
        times = [a + b for a, b in zip(times, c.run(log + ".tests", TESTS % (" ".join(scripts), folder, folder), BUILDER))]
    c.run(log + ".end", "rm -rf " + folder, BUILDER)
    return times


def programs(c, who):
    shutil.copy(HERE + "/programs.sh", c.path + "/build/programs.sh")
    log = "programs.%s.log" % who
    times = c.run(log, "sh /build/programs.sh", BUILDER)
    with open(os.path.join(c.out, log)) as f, open(HERE + "/programs.out") as g:
        if f.read() != g.read():
            raise Failed("another output than native")
    return times


def emulators(args, out):
    """{name: file}"""
    own = os.path.join(out, "bin", "mimus")
    os.makedirs(os.path.dirname(own), exist_ok=True)
    if os.path.exists(own):
        os.unlink(own)          # somebody may still be running it
    shutil.copy(os.path.join(args.mimus, "mimus"), own)
    found = {"mimus": own}
    if args.peer:
        r = subprocess.run([ROOT + "/scripts/newest-qemu", args.guest], stdout=subprocess.PIPE, text=True)
        if r.returncode == 0:
            found["qemu"] = r.stdout.strip()
    return found


def keep(results, path):
    with open(path, "w") as f:
        json.dump(results, f, indent=1)


def inside(args, out):
    """In the namespaces: all of it. Returns how many passed and failed."""
    subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", TABLE], check=True)
    tool, table, kept = os.path.join(args.mimus, "mimus-binfmt"), read_table(), os.path.join(out, "results.json")
    results = json.load(open(kept)) if os.path.exists(kept) else {}
    who = emulators(args, out)
    register(tool, args.guest, who["mimus"])
    c = Chroot(os.path.join(out, "root"), out)
    make_root(c.path, DEBIAN[args.guest], args.suite, out)
    passed = failed = 0
    for name in args.only.split(",") if args.only else ["programs", *table]:
        row = results[name] = {}
        try:
            row["version"] = fetch(c, name) if name in table else ""
            for emulator, path in who.items():
                register(tool, args.guest, path)
                try:
                    row[emulator] = build(c, name, emulator, *table[name]) if name in table else programs(c, emulator)
                except Failed as e:
                    row[emulator] = str(e)
                keep(results, kept)
        except Failed as e:
            row["mimus"] = "cannot be fetched: %s" % e
        finally:
            register(tool, args.guest, who["mimus"])
        bad = isinstance(row["mimus"], str)
        passed, failed = passed + (not bad), failed + bad
        print(line(name, row), flush=True)
        keep(results, kept)
    return passed, failed


# ---- the table ----

HEAD = ("| source package | version | mimus | wall s | CPU s | qemu | wall s | CPU s | faster, wall | CPU |\n"
        "| --- | --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |")


def cells(what):
    if what is None:
        return ["", "", ""]
    return [what, "", ""] if isinstance(what, str) else ["passed", *("%.0f" % x for x in what)]


def line(name, row):
    own, peer = row.get("mimus"), row.get("qemu")
    both = isinstance(own, (list, tuple)) and isinstance(peer, (list, tuple))
    return "| %s |" % " | ".join([name, row.get("version", ""), *cells(own), *cells(peer),
                                  *("%.1f" % (peer[i] / own[i]) if both else "" for i in (0, 1))])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--mimus")
    p.add_argument("--out", required=True)
    p.add_argument("--guest", default="aarch64", choices=DEBIAN)
    p.add_argument("--suite", default="trixie")
    p.add_argument("--only", default="")
    p.add_argument("--peer", action="store_true")
    p.add_argument("--table", action="store_true")
    p.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = p.parse_args()
    out = os.path.join(os.path.abspath(args.out), args.guest)
    os.makedirs(out, exist_ok=True)
    if args.table:
        with open(os.path.join(out, "results.json")) as f:
            print("\n".join([HEAD, *(line(*x) for x in json.load(f).items())]))
        return 0
    if args.inside:
        passed, failed = inside(args, out)
        print("%d passed, %d failed" % (passed, failed))
        return failed != 0
    why = "needs root" if os.getuid() else None if shutil.which("mmdebstrap") else "needs mmdebstrap"
    if not why and subprocess.run([sys.executable, ALL_IDS, "mount", "-t", "binfmt_misc", "binfmt_misc", TABLE],
                                  stderr=subprocess.DEVNULL).returncode:
        why = "no binfmt_misc in a user namespace here"
    if why:
        print("skipped: " + why)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    sys.stdout.flush()
    return os.execv(sys.executable, [sys.executable, ALL_IDS, sys.executable, *sys.argv, "--inside"])


if __name__ == "__main__":
    sys.exit(main())
