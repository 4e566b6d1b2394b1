#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mimus-binfmt against the kernel's binfmt_misc, in a user namespace that has a table of its own.

usage: run.py --mimus PROGRAM --out DIR [--cc COMPILER]

Each case gets fresh user and mount namespaces (Linux 6.7 and later lets them mount binfmt_misc), so
the machine's table is never touched. A case is a function below; it says what is wrong by raising.
"""
import argparse
import ctypes
import json
import os
import shutil
import subprocess
import sys

PTRACE_TRACEME, PTRACE_DETACH = 0, 17
TABLE = "/proc/sys/fs/binfmt_misc"
HELLO = """
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (argc > 1 && *argv[1] == '/') {
        execv(argv[1], argv + 1);
        perror(argv[1]);
    }
    printf("hello %s %d %lu\\n", argv[0], argc, getauxval(AT_SECURE));
    return 7;
}
"""
# An entry for arm64 programs such as other emulators register.
OTHER = (":qemu-aarch64:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02"
         "\\x00\\xb7\\x00:\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
         "\\xff\\xfe\\xff\\xff\\xff:/bin/true:%s")


# What there is to register on an x86-64 host, in the order of `status`.
GUESTS = ["aarch64", "riscv64", "riscv32"]


def names(*guests):
    return sorted("mimus-" + g for g in guests)


class Wrong(Exception):
    pass


class Bench:
    """What a case works with, inside its namespaces."""

    def __init__(self, mimus, out):
        self.mimus, self.out = mimus, out
        self.tool = os.path.join(out, "mimus-binfmt")
        self.hello = os.path.join(out, "hello-arm64")

    def run(self, *args, status=0, says=None, program=None, **more):
        r = subprocess.run([program or self.tool, *args], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=60, **more)
        if r.returncode != status:
            raise Wrong("%s: status %d, not %d: %s" % (" ".join(args), r.returncode, status,
                                                       r.stdout.strip()))
        if says and says not in r.stdout:
            raise Wrong("%s: does not say '%s' but: %s" % (" ".join(args), says, r.stdout.strip()))
        return r.stdout

    def mount(self):
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", TABLE], check=True)

    def entries(self):
        return sorted(set(os.listdir(TABLE)) - {"register", "status"})

    def entry(self, name):
        return open(os.path.join(TABLE, name)).read()

    def write(self, name, text):
        with open(os.path.join(TABLE, name), "w") as f:
            f.write(text)

    def expect(self, what, have, wanted):
        if have != wanted:
            raise Wrong("%s: %r, not %r" % (what, have, wanted))


# ---- registering ----

def case_register_mounts_and_runs(b):
    b.run("register", "aarch64", says="mimus-aarch64: registered")
    b.expect("entries", b.entries(), ["mimus-aarch64"])
    b.expect("flags", sorted(b.entry("mimus-aarch64").split("flags: ")[1].split()[0]), list("FOP"))
    # argv[0] survives (flag P)
    r = subprocess.run(["my-name", "x"], executable=b.hello, stdout=subprocess.PIPE, text=True)
    b.expect("output", (r.stdout, r.returncode), ("hello my-name 2 0\n", 7))


def case_register_all(b):
    b.run("register")
    b.expect("entries", b.entries(), names(*GUESTS))


def case_register_twice(b):
    b.run("register", "arm64")
    before = b.entry("mimus-aarch64")
    b.run("register", "aarch64", says="registered already")
    b.expect("entry", b.entry("mimus-aarch64"), before)


def case_register_renews(b):
    b.run("register", "aarch64")
    b.run("register", "aarch64", "--replace", says="mimus-aarch64: removed")
    b.expect("entries", b.entries(), ["mimus-aarch64"])


def case_register_other_options(b):
    b.run("register", "aarch64")
    b.run("register", "aarch64", "--credential", says="a way to root")
    if "C" not in b.entry("mimus-aarch64").split("flags: ")[1].split()[0]:
        raise Wrong("flag C is not there")


def case_register_works_in_a_chroot(b):
    b.run("register", "aarch64")
    root = os.path.join(b.out, "chroot")
    os.makedirs(root, exist_ok=True)
    shutil.copy(b.hello, root)
    b.run("hello", program=b.hello, status=7)
    r = subprocess.run(["chroot", root, "/hello-arm64"], stdout=subprocess.PIPE, text=True)
    b.expect("output", (r.stdout, r.returncode), ("hello /hello-arm64 1 0\n", 7))


def case_exec_in_a_chroot(b):
    """A guest's own exec, too, where /proc does not say where mimus is."""
    b.run("register", "aarch64")
    root = os.path.join(b.out, "chroot")
    os.makedirs(root, exist_ok=True)
    shutil.copy(b.hello, root)
    with open(root + "/script", "w") as f:
        f.write("#!/hello-arm64 x\n")
    os.chmod(root + "/script", 0o755)
    for args, wanted in ((["/hello-arm64", "y"], "hello /hello-arm64 2 0\n"), (["/script"], "hello /hello-arm64 3 0\n")):
        r = subprocess.run(["chroot", root, "/hello-arm64", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        b.expect("output of %s" % args, (r.stdout, r.returncode), (wanted, 7))
    b.run("unregister", "aarch64")
    r = subprocess.run([b.mimus, b.hello, b.hello, "y"], stdout=subprocess.PIPE, text=True)
    b.expect("without an entry", r.returncode, 7)


def case_unregister(b):
    b.run("register")
    b.run("unregister", "riscv64", says="mimus-riscv64: removed")
    b.expect("entries", b.entries(), names("aarch64", "riscv32"))
    b.run("unregister")
    b.expect("entries", b.entries(), [])
    b.run("unregister", says="is not registered")


def case_unregister_without_a_table(b):
    b.run("unregister", says="nothing is registered")


def case_foreign_entry_is_kept_by_default(b):
    b.mount()
    b.write("register", OTHER % "F")
    b.run("register", "riscv64", "aarch64", status=1, says="run by the entry qemu-aarch64")
    b.expect("entries", b.entries(), ["qemu-aarch64"])


def case_foreign_entry_kept(b):
    b.mount()
    b.write("register", OTHER % "F")
    b.run("register", "--keep", says="left to qemu-aarch64")
    b.expect("entries", b.entries(), names("riscv64", "riscv32") + ["qemu-aarch64"])


def case_foreign_entry_replaced(b):
    b.mount()
    b.write("register", OTHER % "F")
    b.run("register", "--replace", "aarch64", says="qemu-aarch64: removed")
    b.expect("entries", b.entries(), ["mimus-aarch64"])
    b.run(program=b.hello, status=7)


def case_foreign_entry_disabled(b):
    b.mount()
    b.write("register", OTHER % "F")
    b.write("qemu-aarch64", "0")
    b.run("register", "aarch64")
    b.expect("entries", b.entries(), ["mimus-aarch64", "qemu-aarch64"])


def case_failure_changes_nothing(b):
    b.run("register", "aarch64")
    before = b.entry("mimus-aarch64")
    lost = os.path.join(b.out, "lost")
    shutil.copy("/bin/true", lost)
    os.chmod(lost, 0o644)
    b.run("register", "--interpreter", lost, status=1, says="can be executed")
    b.run("register", "--interpreter", b.out + "/nowhere", status=1, says="--interpreter")
    b.expect("entries", (b.entries(), b.entry("mimus-aarch64")), (["mimus-aarch64"], before))


def case_read_only_table(b):
    b.run("register", "aarch64")
    subprocess.run(["mount", "-o", "remount,ro,bind", TABLE], check=True)
    b.run("register", status=1, says="read-only")
    b.run("unregister", status=1, says="read-only")
    b.expect("entries", b.entries(), ["mimus-aarch64"])


def case_table_absent(b):
    b.run("register", "--table", b.out + "/nothing", status=1, says="cannot mount binfmt_misc")
    b.run("status", says="not mounted")


def case_no_rights(b):
    """A user who is not the root of a namespace may not mount the table."""
    b.run("-Um", b.tool, "register", program="unshare", status=1, says="needs root")


def case_wrong_usage(b):
    b.run("register", "vax", status=2, says="there is no guest of that name")
    b.run("frobnicate", status=2, says="there is no command")
    b.run("register", "--replace", "--keep", status=2, says="exclude")
    b.run("register", "amd64", status=2)
    b.run("register", "--interpreter", "mimus", status=2, says="absolute")
    b.run("--help", says="usage:")
    b.run("--version", says="mimus-binfmt ")


def case_odd_path(b):
    odd = os.path.join(b.out, "a:b|c mimus")
    shutil.copy(b.mimus, odd)
    b.run("register", "aarch64", "--interpreter", odd)
    b.run(program=b.hello, status=7)


# ---- what is shown ----

def case_status(b):
    b.run("status", says="not mounted")
    b.run("register", "aarch64")
    b.run("status", says="ready")
    seen = json.loads(b.run("status", "--json"))
    b.expect("states", [(g["arch"], g["state"]) for g in seen["guests"]],
             [("aarch64", "ready")] + [(g, "missing") for g in GUESTS[1:]])
    b.write("mimus-aarch64", "0")
    b.run("status", "aarch64", says="disabled")


def case_install_files(b):
    d = os.path.join(b.out, "dest")
    shutil.rmtree(d, ignore_errors=True)
    b.run("install", "--systemd", "--debian", "--destdir", d, "--interpreter", "/usr/bin/mimus")
    line = open(d + "/etc/binfmt.d/mimus-aarch64.conf").read().splitlines()[-1]
    formats = open(d + "/usr/share/binfmts/mimus-riscv64").read()
    for wanted in ("interpreter /usr/bin/mimus\n", "fix_binary yes\n", "credentials no\n"):
        if wanted not in formats:
            raise Wrong("no '%s' in %s" % (wanted.strip(), formats))
    # What is written for systemd is what the kernel takes.
    b.mount()
    b.write("register", line.replace("/usr/bin/mimus", b.mimus))
    b.run(program=b.hello, status=7)


# ---- the doctor: each thing that can be wrong ----

def doctor(b, says, *args):
    out = b.run("doctor", *args, status=1, says=says)
    if "to mend it:" not in out:
        raise Wrong("doctor names no remedy for '%s'" % says)


def case_doctor_well(b):
    b.run("register")
    b.run("doctor")
    b.run("doctor", "--program", b.hello, says="the kernel starts it")


def case_doctor_not_mounted(b):
    doctor(b, "is not mounted")


def case_doctor_table_disabled(b):
    b.run("register")
    b.write("status", "0")
    doctor(b, "disabled as a whole")


def case_doctor_not_registered(b):
    b.mount()
    doctor(b, "no entry runs aarch64 programs", "aarch64")


def case_doctor_entry_disabled(b):
    b.run("register")
    b.write("mimus-aarch64", "0")
    doctor(b, "mimus-aarch64 is disabled", "aarch64")


def case_doctor_two_entries(b):
    b.run("register")
    b.write("register", OTHER % "F")
    doctor(b, "both take aarch64 programs", "aarch64")


def case_doctor_interpreter_missing(b):
    b.mount()
    b.write("register", (OTHER % "").replace("/bin/true", "/nowhere/mimus"))
    doctor(b, "/nowhere/mimus: No such file", "aarch64")


def case_doctor_interpreter_dynamic(b):
    b.mount()
    b.write("register", OTHER % "F")
    root = make_root(b)
    doctor(b, "needs libraries", "--root", root)


def case_doctor_no_fix_flag(b):
    b.mount()
    b.write("register", (OTHER % "").replace("/bin/true", b.mimus))
    doctor(b, "has no flag F", "--root", make_root(b))


def case_doctor_wide_mask(b):
    """Such an entry takes the doctor, too: it is stopped at its start until the entry is there."""
    libc = ctypes.CDLL(None, use_errno=True)
    b.mount()
    r = subprocess.Popen([b.tool, "doctor"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         preexec_fn=lambda: libc.ptrace(PTRACE_TRACEME, 0, 0, 0))
    os.waitpid(r.pid, 0)
    b.write("register", ":wide:M::\\x7fELF:\\xff\\xff\\xff\\xff:/bin/true:F")
    libc.ptrace(PTRACE_DETACH, r.pid, 0, 0)
    text = r.communicate()[0].decode()
    b.write("wide", "-1")
    if r.returncode != 1 or "takes the host's own programs" not in text or "to mend it" not in text:
        raise Wrong(text)


def make_root(b):
    root = os.path.join(b.out, "root")
    os.makedirs(root + "/bin", exist_ok=True)
    shutil.copy(b.hello, root + "/bin/sh")
    return root


def case_doctor_root_noexec(b):
    b.run("register")
    root = os.path.join(b.out, "noexec")
    os.makedirs(root, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec", "tmpfs", root], check=True)
    os.makedirs(root + "/bin")
    shutil.copy(b.hello, root + "/bin/sh")
    doctor(b, "noexec", "--root", root)


def case_doctor_root_missing(b):
    b.run("register")
    doctor(b, "No such file", "--root", b.out + "/nowhere")


def case_doctor_program_mode(b):
    b.run("register")
    plain = os.path.join(b.out, "plain")
    shutil.copy(b.hello, plain)
    os.chmod(plain, 0o644)
    doctor(b, "may not be executed", "--program", plain)


def case_doctor_wrong_machine(b):
    b.run("register")
    odd = os.path.join(b.out, "odd")
    data = bytearray(open(b.hello, "rb").read())
    data[18:20] = (0x1234).to_bytes(2, "little")
    open(odd, "wb").write(data)
    os.chmod(odd, 0o755)
    doctor(b, "which mimus does not run", "--program", odd)
    doctor(b, "the host's own", "--program", "/bin/true")


def case_doctor_not_elf(b):
    b.run("register")
    odd = os.path.join(b.out, "text")
    open(odd, "w").write("hello\n")
    os.chmod(odd, 0o755)
    doctor(b, "is no ELF program", "--program", odd)
    open(odd, "w").write("#!/bin/sh\n")
    doctor(b, "is a script", "--program", odd)


def case_doctor_no_linker(b):
    b.run("register")
    root = make_root(b)
    shutil.copy(b.hello + "-dynamic", root + "/bin/dynamic")
    doctor(b, "wants the dynamic linker", "--root", root, "--program", "/bin/dynamic")


def case_doctor_page_size(b):
    b.run("register")
    odd = os.path.join(b.out, "small-pages")
    data = bytearray(open(b.hello, "rb").read())
    at = int.from_bytes(data[32:40], "little")
    for i in range(int.from_bytes(data[56:58], "little")):
        head = at + 56 * i
        if int.from_bytes(data[head:head + 4], "little") == 1:
            data[head + 48:head + 56] = (1024).to_bytes(8, "little")
    open(odd, "wb").write(data)
    os.chmod(odd, 0o755)
    doctor(b, "pages of 1024 bytes", "--program", odd)


CASES = {n[5:]: f for n, f in sorted(globals().items()) if n.startswith("case_")}


# ---- the outside ----

def inside(args, name):
    try:
        CASES[name](Bench(args.mimus, args.out))
    except Wrong as e:
        print(e)
        return 1
    return 0


def build(args):
    os.makedirs(args.out, exist_ok=True)
    source = os.path.join(args.out, "hello.c")
    open(source, "w").write(HELLO)
    for extra, name in ((["-static"], "hello-arm64"), ([], "hello-arm64-dynamic")):
        subprocess.run([args.cc, "-O1", *extra, "-o", os.path.join(args.out, name), source],
                       check=True)
    tool = os.path.join(args.out, "mimus-binfmt")
    if os.path.lexists(tool):
        os.unlink(tool)
    os.symlink(args.mimus, tool)


def namespaces():
    """Why there is no table of our own to be had, or None."""
    r = subprocess.run(["unshare", "-Urm", "mount", "-t", "binfmt_misc", "binfmt_misc", TABLE],
                       stderr=subprocess.PIPE, text=True)
    return r.stderr.strip() or None if r.returncode else None


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--mimus", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--cc", default="aarch64-linux-gnu-gcc")
    p.add_argument("--inside", help=argparse.SUPPRESS)
    args = p.parse_args()
    args.mimus, args.out = os.path.abspath(args.mimus), os.path.abspath(args.out)
    if args.inside:
        return inside(args, args.inside)
    why = namespaces()
    if why or not shutil.which(args.cc):
        print("skipped: %s" % ("no binfmt_misc in a user namespace here: " + why if why
                               else args.cc + " is missing"))
        print("0 passed, 0 failed, %d skipped" % len(CASES))
        return 0
    build(args)
    failed = 0
    for name in CASES:
        r = subprocess.run(["unshare", "-Urm", sys.executable, os.path.abspath(__file__), "--mimus",
                            args.mimus, "--out", args.out, "--inside", name],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        if r.returncode:
            failed += 1
            print("FAILED %s: %s" % (name, r.stdout.strip()))
    print("%d passed, %d failed" % (len(CASES) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
