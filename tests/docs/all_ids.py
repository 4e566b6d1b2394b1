#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a command in user and mount namespaces in which all ids are as outside: root's way to have a
binfmt_misc table of its own and still install packages.

usage: all_ids.py [--ordinary] COMMAND...

With --ordinary the command is a user's who has no rights but this folder, and a range of ids for
namespaces of their own, as /etc/subuid gives them.
"""
import ctypes
import os
import subprocess
import sys

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000

NOBODY = 65534


def become_ordinary():
    with open("subids", "w") as f:
        f.write("%d:100000:65536\n" % NOBODY)
    for name in ("/etc/subuid", "/etc/subgid"):
        subprocess.run(["mount", "--bind", "subids", name], check=True)
    os.chown(".", NOBODY, NOBODY)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    os.environ["HOME"] = os.getcwd()


ordinary = sys.argv[1:2] == ["--ordinary"]
command = sys.argv[1 + ordinary:]
entered, mapped = os.pipe(), os.pipe()
pid = os.fork()
if pid == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS):
        sys.exit("all_ids.py: unshare: " + os.strerror(ctypes.get_errno()))
    os.write(entered[1], b"x")
    os.read(mapped[0], 1)
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    libc.prctl(1, 9)                    # PR_SET_PDEATHSIG, SIGKILL: it ends with us
    os.environ["container"] = "lxc"     # tells debootstrap that nobody makes device files here
    if ordinary:
        become_ordinary()
    os.execvp(command[0], command)
os.close(entered[1])
if os.read(entered[0], 1):
    for name in ("uid_map", "gid_map"):
        with open("/proc/self/" + name) as own, open("/proc/%d/%s" % (pid, name), "w") as f:
            f.write("".join("%s %s %s\n" % (n[0], n[0], n[2]) for n in map(str.split, own)))
    os.write(mapped[1], b"x")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
