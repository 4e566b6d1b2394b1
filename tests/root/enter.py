#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""enter.py ROOT COMMAND...: run COMMAND with ROOT as the root of its own mount namespace.

To be started by `unshare -m`, or `unshare -Urm` without root rights. The root is changed by
pivot_root, not chroot, since the kernel lets no process in a chroot make user namespaces.
"""
import ctypes
import os
import signal
import sys

MS_BIND, MS_REC, MNT_DETACH, NR_PIVOT_ROOT = 0x1000, 0x4000, 2, 155
libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result < 0:
        e = ctypes.get_errno()
        sys.exit("enter.py: %s: %s" % (what, os.strerror(e)))


def bind(source, target):
    check(libc.mount(source.encode(), target.encode(), None, MS_BIND | MS_REC, None), target)


def main():
    root = os.path.abspath(sys.argv[1])
    bind(root, root)
    bind("/proc", root + "/proc")
    bind("/dev", root + "/dev")
    os.chdir(root)
    check(libc.syscall(NR_PIVOT_ROOT, b".", b"."), "pivot_root")    # the old root lies over it
    check(libc.umount2(b".", MNT_DETACH), "umount")
    os.chdir("/")
    # Python ignores these, and what it executes would, too.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(sys.argv[2], sys.argv[2:])


main()
