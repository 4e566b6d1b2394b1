#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Debian packages that `make deb` builds, in a fresh minimal chroot of Debian bookworm.

usage: run.py --debs DIR --mimus-run PROGRAM --out DIR

The chroot is made by mmdebstrap once, kept as a tar in OUT and unpacked anew each time. Its commands
are run by mimus-run, in namespaces whose binfmt_misc table is their own. Needs root, as dpkg does.
"""
import argparse
import glob
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SHOW = os.path.join(os.path.dirname(HERE), "run", "show.c")
SUITE = "bookworm"
TABLE = "/proc/sys/fs/binfmt_misc"
# All in one start, since the table ends with its namespaces. Each line that begins with "check" is one.
SCRIPT = r"""
fails=0
passes=0
check() {  # WHAT WANTED COMMAND...: is WANTED in what it says?
    what=$1; wanted=$2; shift 2
    out=$("$@" 2>&1) || true
    case $out in
    *"$wanted"*) passes=$((passes + 1)) ;;
    *) fails=$((fails + 1)); echo "FAILED $what: no '$wanted' in: $out" ;;
    esac
}
is_not() { ! "$@" >/dev/null 2>&1 && echo is-not; }
listed() { ls /proc/sys/fs/binfmt_misc; }
left() { find / -xdev -name '*mimus*' -not -path '/debs/*' -not -path '/proc/*' 2>/dev/null; echo end; }
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
cp /debs/show-arm64 /debs/show-riscv64 /tmp

check "nothing runs before" is-not is_not /tmp/show-arm64
dpkg -i /debs/mimus-user_*.deb >/tmp/log 2>&1
check "mimus-user installs" "ii  mimus-user" dpkg -l mimus-user
check "mimus runs" "aarch64 " mimus /tmp/show-arm64
check "mimus-run is there" "usage: mimus-run" mimus-run --help
check "mimus-img is there" "usage: mimus-img" mimus-img --help
check "nothing is registered yet" is-not is_not /tmp/show-arm64

dpkg -i /debs/mimus-binfmt_*.deb >/tmp/log 2>&1
check "mimus-binfmt installs" "ii  mimus-binfmt" dpkg -l mimus-binfmt
check "arm64 is registered" "mimus-aarch64" listed
check "an arm64 program runs" "aarch64 /tmp/show-arm64" /tmp/show-arm64
check "a riscv64 program runs" "riscv64 " /tmp/show-riscv64
check "update-binfmts knows" "mimus-aarch64 (enabled)" update-binfmts --display mimus-aarch64
check "status" "ready" mimus-binfmt status aarch64
check "flags" "flags: PF" cat /proc/sys/fs/binfmt_misc/mimus-aarch64
mkdir -p /tmp/empty && cp /tmp/show-arm64 /tmp/empty
check "also in a chroot" "aarch64 /show-arm64" chroot /tmp/empty /show-arm64

dpkg -i /debs/mimus-user_*.deb /debs/mimus-binfmt_*.deb >/tmp/log 2>&1
check "again, as an upgrade" "aarch64 " /tmp/show-arm64
dpkg-reconfigure mimus-binfmt >/tmp/log 2>&1
check "reconfigured" "aarch64 " /tmp/show-arm64

dpkg --remove mimus-binfmt >/tmp/log 2>&1
check "removal ends it" is-not is_not /tmp/show-arm64
check "no entry is left" is-not is_not sh -c "ls $TABLE | grep mimus"
dpkg -i /debs/mimus-binfmt_*.deb >/tmp/log 2>&1
check "and back" "aarch64 " /tmp/show-arm64
dpkg --purge mimus-binfmt mimus-user >/tmp/log 2>&1
check "purge" is-not is_not dpkg -s mimus-user
check "nothing runs after" is-not is_not /tmp/show-arm64
rm -r /tmp/log /tmp/show-* /tmp/empty
check "no file is left" "end" left
[ "$(left)" = end ] || { fails=$((fails + 1)); echo "FAILED files are left: $(left)"; }

# Where binfmt_misc cannot be had, as in most containers, the packages install and go all the same.
umount /proc/sys/fs/binfmt_misc
mount -t tmpfs -o ro tmpfs /proc/sys/fs/binfmt_misc
dpkg -i /debs/mimus-user_*.deb /debs/mimus-binfmt_*.deb >/tmp/log 2>&1
check "installs without binfmt_misc" "ii  mimus-binfmt" dpkg -l mimus-binfmt
dpkg --purge mimus-binfmt mimus-user >/tmp/log 2>&1
check "purges without binfmt_misc" is-not is_not dpkg -s mimus-binfmt
echo "$passes $fails"
"""


def skip(why):
    print("skipped: " + why)
    print("0 passed, 0 failed, 1 skipped")
    return 0


def make_base(path):
    """The tar of the chroot; why there is none."""
    if os.path.exists(path):
        return None
    r = subprocess.run(["mmdebstrap", "--variant=minbase", "--include=binfmt-support", SUITE, path + ".tmp.tar"],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if r.returncode:
        return "mmdebstrap: " + r.stdout.strip().splitlines()[-1]
    os.rename(path + ".tmp.tar", path)
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--debs", required=True)
    p.add_argument("--mimus-run", required=True)
    p.add_argument("--out", required=True)
    args = p.parse_args()
    out = os.path.abspath(args.out)
    os.makedirs(out, exist_ok=True)
    if os.getuid():
        return skip("dpkg needs root")
    for program in ("mmdebstrap", "aarch64-linux-gnu-gcc", "riscv64-linux-gnu-gcc"):
        if not shutil.which(program):
            return skip("%s is missing" % program)
    why = make_base(out + "/%s.tar" % SUITE)
    if why:
        return skip("no chroot: " + why)
    root = out + "/root"
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root + "/debs")
    subprocess.run(["tar", "-x", "-p", "--exclude=./dev/*", "-C", root, "-f", out + "/%s.tar" % SUITE], check=True)
    debs = glob.glob(args.debs + "/mimus-[ub]*_*.deb")
    if len([d for d in debs if "dbgsym" not in d]) != 2:
        print("there are not two packages in %s: %s" % (args.debs, debs))
        return 1
    for d in debs:
        if "dbgsym" not in d:
            shutil.copy(d, root + "/debs")
    for arch, cc in (("arm64", "aarch64"), ("riscv64", "riscv64")):
        subprocess.run([cc + "-linux-gnu-gcc", "-O1", "-static", "-o", "%s/debs/show-%s" % (root, arch), SHOW], check=True)
    r = subprocess.run([os.path.abspath(args.mimus_run), "--no-table", root, "/bin/sh", "-c", SCRIPT], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    lines = r.stdout.strip().splitlines()
    words = lines[-1].split() if lines else []
    if r.returncode or len(words) != 2:
        print(r.stdout)
        print("FAILED: status %d\n0 passed, 1 failed" % r.returncode)
        return 1
    print("\n".join(lines[:-1]))
    shutil.rmtree(root)
    print("%s passed, %s failed" % tuple(words))
    return words[1] != "0"


if __name__ == "__main__":
    sys.exit(main())
