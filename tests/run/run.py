#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mimus-run: a root of foreign programs entered with and without rights.

usage: run.py --mimus-run PROGRAM --out DIR

The root is Debian's static busybox for arm64, with files that show what must hold. Images hold a
static program, show.c. A case is a function below or in image_cases.py; it says what is wrong by
raising. Each runs as root of the machine, if that is who runs the tests, and as an ordinary user.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import time

import image_cases
from bench import Bench, Skipped, Wrong

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
NOBODY = 65534
TABLE = "/proc/sys/fs/binfmt_misc"


def sh(text):
    return ["sh", "-c", text]


# ---- what is run ----

def case_machine(b):
    b.run(["uname", "-m"], output="aarch64")


def case_shell_is_the_default(b):
    b.run("--user", "tester" if b.uid == 0 else "0", [], output="")


def case_script(b):
    b.run(["/script"], output="script of aarch64")


def case_without_a_table(b):
    b.run("--no-table", sh("uname -m; /script; ls %s" % TABLE), says="script of aarch64")
    b.run("--no-table", ["/native"], output="native")


def case_native_program(b):
    b.run(["/native"], output="native")


def case_statuses(b):
    b.run(sh("exit 5"), status=5)
    b.run(sh("kill -9 $$"), status=137)
    b.run(["nonesuch"], status=127, says="nonesuch: No such file")
    b.run(["/etc/passwd"], status=126, says="Permission denied")
    b.run(["true"], root="/nonesuch", status=125, says="/nonesuch: No such file")
    b.run(["true"], root="/etc/passwd", status=125, says="is no folder")
    b.run("--bad", ["true"], status=2)
    b.run("--net", "wifi", ["true"], status=2, says="host or none")
    b.run("--bind", "/nonesuch", ["true"], status=125, says="/nonesuch: No such file")
    b.run("--workdir", "/nonesuch", ["true"], status=125, says="--workdir /nonesuch")
    b.run("--user", "nonesuch", ["true"], status=125, says="no such user")


def case_orphans_are_reaped(b):
    b.run(sh("(sleep 0.1 &); sleep 0.5; cat /proc/[0-9]*/stat | grep -c ') Z '; :"), output="0")


def case_all_ends_with_the_command(b):
    mark = "4321.%d" % (b.uid or 1)
    b.run(sh("sleep %s & exit 0" % mark))
    time.sleep(0.2)
    left = subprocess.run(["ps", "ax"], stdout=subprocess.PIPE, text=True).stdout
    if "sleep " + mark in left:
        raise Wrong("a process of it lives on")


def case_signals_are_passed_on(b):
    p = b.start(sh("trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.1; done"))
    if p.stdout.readline() != "ready\n":
        p.kill()
        raise Wrong("is not ready")
    p.send_signal(signal.SIGTERM)
    out = p.communicate(timeout=30)[0]
    if (out, p.returncode) != ("caught\n", 3):
        raise Wrong("SIGTERM: %r, status %d" % (out, p.returncode))


# ---- what it finds ----

def case_proc_is_its_own(b):
    b.run(sh("echo $$; [ $(ls -d /proc/[0-9]* | wc -l) -lt 8 ] && readlink /proc/self/exe"),
          says="/bin/busybox")


def case_dev(b):
    b.run(sh("echo x >/dev/null && head -c 3 /dev/zero | wc -c && [ -c /dev/urandom ] && "
             "[ -c /dev/pts/ptmx ] && echo y >/dev/shm/y && cat /dev/fd/0 </dev/shm/y"),
          output="3\ny")


def case_binds(b):
    folder = os.path.join(b.out, "bind")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "file"), "w") as f:
        f.write("bound\n")
    os.chmod(folder, 0o777)
    b.run("--bind", folder + ":/mnt/a/b", ["cat", "/mnt/a/b/file"], output="bound")
    b.run("--bind", folder + "/file:/mnt/one", ["cat", "/mnt/one"], output="bound")
    b.run("--bind", folder + ":/mnt/ro:ro", sh("echo x >/mnt/ro/new"), status=1, says="Read-only")
    b.run("--bind", folder + ":ro", ["touch", folder + "/new"], status=1, says="Read-only")
    b.run("--bind", folder + ":relative", ["true"], status=2)


def case_environment(b):
    os.environ["MIMUS_TEST_KEPT"], os.environ["LD_PRELOAD_X"] = "kept", "x"
    b.run("--env", "A=b c", sh("echo $A,$PATH,$HOME,$USER,$MIMUS_TEST_KEPT"),
          output="b c,/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin,/root,root,kept")
    b.run("--workdir", "/etc", ["pwd"], output="/etc")


def case_network(b):
    b.run("--net", "none", sh("ls /sys/class/net; wget -q -O - http://127.0.0.1:1/"), status=1, says="lo\n")
    seen = b.run("--net", "none", ["ls", "/sys/class/net"]).split()
    if "lo" not in seen or any(n.startswith("eth") for n in seen):
        raise Wrong("devices: %s" % seen)


def case_root_of_the_machine(b):
    """The host's own root, with a table in which foreign programs run."""
    hello = os.path.join(b.out, "root/bin/uname")
    b.run(sh("/bin/true && exec %s -m" % hello), root="/", output="aarch64")
    b.run(["ls", TABLE], root="/", says="mimus-aarch64")


def case_hostname(b):
    b.run("--hostname", "box", ["hostname"], output="box")


def case_users(b):
    b.run(sh("id -u; id -g"), output="0\n0")
    if b.uid:
        if not shutil.which("newuidmap"):
            b.run("--user", "tester", ["id"], status=125, says="install uidmap")
        return
    b.run("--user", "tester", sh("id -u; id -g; id -G; echo $HOME"), output="1234\n1235\n1235 1300\n/home/tester")
    b.run("--user", "1234:extra", sh("id -g"), output="1300")
    b.run("--user", "77:78", sh("id -u; id -g; echo $HOME"), output="77\n78\n/")


# ---- what must not happen ----

def case_table_of_the_machine(b):
    b.run(["ls", TABLE], says="mimus-aarch64")
    if os.path.isdir(TABLE) and any(n.startswith("mimus-") for n in os.listdir(TABLE)):
        raise Wrong("the machine's table has our entries")


def case_mounts_stay_inside(b):
    before = open("/proc/self/mounts").read()
    b.run(["true"])
    if open("/proc/self/mounts").read() != before:
        raise Wrong("mounts are left over")


def nothing_in(folder):
    made = [os.path.join(d, f) for d, _, files in os.walk(folder) for f in files]
    if made:
        raise Wrong("files were made outside the root: %s" % made)


def case_links_that_lead_out(b):
    evil, outside = os.path.join(b.out, "evil-%d" % b.uid), os.path.join(b.out, "outside-%d" % b.uid)
    for folder in (evil, outside):
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        os.chmod(folder, 0o777)
    os.symlink(b.root + "/bin", evil + "/nowhere")
    shutil.copytree(b.root + "/bin", evil + "/bin", symlinks=True)
    for name in ("dev", "proc", "sys", "etc", "mnt"):
        os.mkdir(os.path.join(outside, name))
        os.chmod(os.path.join(outside, name), 0o777)
        os.symlink(os.path.join(outside, name), os.path.join(evil, name))
    if b.uid:
        os.chown(evil, b.uid, b.uid)
    b.run(["true"], root=evil, status=125, says="cannot mount /dev")
    nothing_in(outside)
    # The same links are fine when what they name is there inside.
    shutil.copytree(outside, evil + outside)
    b.run("--bind", "/etc/passwd:/mnt/x", sh("ls /dev/null; cat /mnt/x | head -n 1"), says="root:", root=evil)
    nothing_in(outside)


CASES = {k[5:]: v for k, v in sorted({**globals(), **vars(image_cases)}.items()) if k.startswith("case_")}


def make_root(out):
    """The root, or None with the reason printed."""
    root = os.path.join(out, "root")
    if not os.path.exists(root + "/script"):
        shutil.rmtree(root, ignore_errors=True)
        r = subprocess.run([os.path.join(ROOT, "scripts", "guest-root"), "-n", "arm64", root, "busybox-static"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if r.returncode:
            print("skipped: no root: %s" % r.stdout.strip().splitlines()[-1:])
            return None
        busybox = next(p for p in ("/usr/bin/busybox", "/bin/busybox") if os.path.exists(root + p))
        os.makedirs(root + "/bin", exist_ok=True)
        for name in ("sh uname ls cat sleep ps grep kill id echo head wc touch pwd hostname true readlink "
                     "wget env").split():
            if not os.path.lexists(root + "/bin/" + name):
                os.symlink("busybox", root + "/bin/" + name)
        if busybox != "/bin/busybox" and not os.path.exists(root + "/bin/busybox"):
            shutil.copy(root + busybox, root + "/bin/busybox")
        for folder in ("etc", "home/tester", "root", "mnt", "tmp"):
            os.makedirs(os.path.join(root, folder), exist_ok=True)
        with open(root + "/etc/passwd", "w") as f:
            f.write("root:x:0:0::/root:/bin/sh\ntester:x:1234:1235::/home/tester:/bin/sh\n")
        with open(root + "/etc/group", "w") as f:
            f.write("root:x:0:\ntester:x:1235:\nextra:x:1300:other,tester\n")
        with open(root + "/native.c", "w") as f:
            f.write('#include <stdio.h>\nint main(void) { puts("native"); return 0; }\n')
        subprocess.run([os.environ.get("CC", "cc"), "-static", "-o", root + "/native", root + "/native.c"],
                       check=True)
        with open(root + "/script", "w") as f:
            f.write("#!/bin/sh\necho script of $(uname -m)\n")
        os.chmod(root + "/script", 0o755)
    return root


def why_not(tool, root, uid):
    """Why namespaces cannot be had here, or None."""
    b = Bench(tool, root, "/", uid)
    try:
        b.run(["/native"])
    except Wrong as e:
        if "namespaces" in str(e):
            return str(e)
    return None


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--mimus-run", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--only", default="")
    a = ap.parse_args()
    out = os.path.abspath(a.out)
    os.makedirs(out, exist_ok=True)
    tool = os.path.join(out, "mimus-run")
    shutil.copy(a.mimus_run, tool)
    root = make_root(out)
    if not root:
        print("0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = skipped = 0
    for uid in [0, NOBODY] if os.getuid() == 0 else [os.getuid()]:
        why = why_not(tool, root, uid)
        if not why and uid and not os.getuid() and subprocess.run(
                ["setpriv", "--reuid", str(uid), "--clear-groups", "test", "-x", tool]).returncode:
            why = "an ordinary user cannot reach %s" % out
        if why:
            print("skipped as uid %d: %s" % (uid, why))
            skipped += 1
            continue
        for name, case in CASES.items():
            if a.only and a.only != name:
                continue
            try:
                case(Bench(tool, root, out, uid))
                passed += 1
            except Wrong as e:
                print("FAILED %s (uid %d): %s" % (name, uid, e))
                failed += 1
            except Skipped as e:
                print("skipped %s (uid %d): %s" % (name, uid, e))
                skipped += 1
    print("%d passed, %d failed%s" % (passed, failed, ", %d skipped" % skipped if skipped else ""))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
