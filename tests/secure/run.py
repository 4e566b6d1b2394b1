#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A start that brings rights along (AT_SECURE) ignores what its caller says of files and logs.

usage: run.py [--mimus FILE]

A set-user-id copy of mimus is started by another user with variables, options and a forged
handover that would make it write files; it must write none and run the program. Then credential.py
does the same, and more, with set-id programs of a chroot that binfmt_misc gives their rights. Needs
root; the second part a table of binfmt_misc in namespaces (Linux 6.7).
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

NOBODY = 65534
SOURCE = r"""
#include <stdio.h>
#include <unistd.h>
#include <sys/auxv.h>
int main(void)
{
    printf("secure %d euid %d\n", (int)getauxval(AT_SECURE), (int)geteuid());
    return 0;
}
"""


def run(argv, env):
    """Start argv as another user; its output."""
    def drop():
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)

    return subprocess.run(argv, env=env, preexec_fn=drop, timeout=60, cwd="/",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()


def handover(folder):
    """A shell that knows its process id, which exec keeps, forges the variable."""
    return ('exec env -i "MIMUS_EXEC=pid=$$;fd=99;self=99;name=x;limits=;D=%s/log4;d=in_asm" '
            '%s/mimus %s/prog' % (folder, folder, folder))


ALL_IDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "all_ids.py")
TABLE = ["mount", "-t", "binfmt_misc", "binfmt_misc", "/proc/sys/fs/binfmt_misc"]


def run_credential(mimus, folder):
    """(passed, failed) of credential.py."""
    why = None
    if subprocess.run([sys.executable, ALL_IDS, *TABLE], stderr=subprocess.DEVNULL).returncode:
        why = "no binfmt_misc in a user namespace here"
    elif not os.path.exists("/usr/aarch64-linux-gnu/lib/libc.so.6"):
        why = "no libraries of arm64 here"
    if why:
        print("secure: skipped: flag C: " + why)
        return 0, 0
    r = subprocess.run([sys.executable, ALL_IDS, sys.executable, os.path.join(os.path.dirname(__file__), "credential.py"),
                        "--mimus", mimus, "--folder", folder], stdout=subprocess.PIPE, text=True, timeout=300)
    lines = r.stdout.splitlines()
    print("\n".join(lines[:-1]), end="\n" if lines[1:] else "")
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed", lines[-1] if lines else "")
    if not counts:
        print("secure: FAIL: credential.py ends with status %d: %s" % (r.returncode, lines[-1:]))
        return 0, 1
    return int(counts[1]), int(counts[2])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mimus", default="build/mimus")
    args = parser.parse_args()
    if os.geteuid() != 0:
        print("secure: skipped: a set-user-id file needs root")
        print("0 passed, 0 failed")
        return 0
    folder = tempfile.mkdtemp(prefix="mimus-secure-")
    if os.statvfs(folder).f_flag & os.ST_NOSUID:
        os.rmdir(folder)
        print("secure: skipped: %s is mounted nosuid" % tempfile.gettempdir())
        print("0 passed, 0 failed")
        return 0
    passed = failed = 0
    try:
        os.chmod(folder, 0o777)
        with open(folder + "/prog.c", "w", encoding="utf-8") as f:
            f.write(SOURCE)
        subprocess.run(["aarch64-linux-gnu-gcc", "-static", "-o", folder + "/prog",
                        folder + "/prog.c"], check=True)
        shutil.copy(args.mimus, folder + "/mimus")
        os.chmod(folder + "/mimus", 0o4755)
        m, p = folder + "/mimus", folder + "/prog"
        cases = {
            "variables": ([m, p], {"MIMUS_LOG": "in_asm", "MIMUS_LOG_FILENAME": folder + "/log1",
                                   "QEMU_STRACE": "1", "MIMUS_PROFILE": folder + "/log2"}),
            "options": ([m, "-strace", "-d", "in_asm", "-D", folder + "/log3", "-L", "/nowhere",
                         "-stats", p], {}),
            "handover": (["/bin/sh", "-c", handover(folder)], {"PATH": "/usr/bin:/bin"}),
        }
        for name, (argv, env) in cases.items():
            out = run(argv, env)
            logs = [x for x in os.listdir(folder) if x.startswith("log")]
            if out == "secure 1 euid 0\n" and not logs:
                passed += 1
            else:
                failed += 1
                print("secure/%s: FAIL: output %r, files %s" % (name, out, logs))
        os.chmod(folder, 0o755)
        os.mkdir(folder + "/credential", 0o755)
        passed, failed = (a + b for a, b in zip((passed, failed), run_credential(args.mimus, folder + "/credential")))
    finally:
        shutil.rmtree(folder)
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
